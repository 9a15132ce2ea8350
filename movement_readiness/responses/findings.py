"""What was found in a file: faults, cells that cannot be read, notes and warnings, all collected."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from movement_readiness.exceptions import Problem, ResponsesError
from movement_readiness.responses.folding import listed
from movement_readiness.responses.raw import RawColumn, RowArray

__all__ = ["Findings", "shown", "stopped"]

_MOST = 1000  # problems of one kind and column that are named one by one; the rest is counted


def shown(value: Any) -> str:
    """A cell as a reader knows it: dates without a midnight, whole numbers without '.0'."""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return str(value)
    return str(value)


def quoted_cell(value: Any) -> str:
    """A cell in quotes for a sentence; long text is cut."""
    text = shown(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def stopped(name: str, message: str) -> ResponsesError:
    """The error for a file that cannot be taken in at all: one sentence."""
    error = ResponsesError(f"{name}: {message}")
    error.problems = (Problem(message),)
    return error


class Findings:
    """Collects what is found while a file is read, so that all of it can be told at once."""

    def __init__(self, name: str, unit: str) -> None:
        self.name = name
        self.unit = unit
        self.faults: list[Problem] = []
        self.bad_cells: list[Problem] = []
        self.n_bad_cells = 0
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def fault(self, message: str, row: Any = None, column: str | None = None, value: Any = None) -> None:
        """Something that leaves the file ambiguous; raised whatever the caller chose for bad cells."""
        self.faults.append(_problem(message, row, column, value))

    def bad_column(self, message: str, n_cells: int, row: Any, column: str, value: Any) -> None:
        """One sentence for many cells of a column that cannot be read together."""
        self.n_bad_cells += n_cells
        self.bad_cells.append(_problem(message, row, column, value))

    def bad(self, column: RawColumn, rows: RowArray, header: str, reasons: Mapping[int, str], item: str = "") -> None:
        """Name every cell whose value has a reason why it cannot be read."""
        wrong = np.zeros(len(column.values) + 1, dtype=bool)
        wrong[list(reasons)] = True
        places = np.flatnonzero(wrong[column.codes])
        numbers = (rows if column.rows is None else column.rows)[places]
        self.n_bad_cells += len(places)
        for place, row in zip(places[:_MOST].tolist(), numbers[:_MOST].tolist(), strict=True):
            position = int(column.codes[place])
            where = f"{self.unit} {row}, column {header!r}{item}"
            self.bad_cells.append(_problem(f"{where}: {reasons[position]}", row, header, column.values[position]))
        if len(places) > _MOST:
            rest = f"column {header!r}{item}: {len(places) - _MOST} more cells cannot be read"
            self.bad_cells.append(
                _problem(f"{rest} ({self.unit}s {numbers[_MOST]} to {numbers[-1]})", numbers[_MOST], header, None)
            )

    def rows(self, rows: Sequence[int] | RowArray, most: int = 8) -> str:
        """'row 5', 'rows 5 and 9', 'rows 5, 9, 12 and 40 more'."""
        numbers = [str(row) for row in rows[:most]]
        if len(rows) > most:
            numbers.append(f"{len(rows) - most} more")
        return f"{self.unit if len(rows) == 1 else self.unit + 's'} {listed(numbers)}"

    def raise_problems(self, *, bad_cells: bool) -> None:
        """Raise all that was found, in the order of the rows; what concerns the whole file comes first."""
        problems = [*self.faults, *(self.bad_cells if bad_cells else ())]
        problems.sort(key=lambda problem: problem.row or 0)
        if len(problems) == 1:
            error = ResponsesError(f"{self.name}: {problems[0]}")
            error.problems = tuple(problems)
            raise error
        if problems:
            raise ResponsesError(f"{self.name} has {len(problems)} problems:", problems)


def _problem(message: str, row: Any, column: str | None, value: Any) -> Problem:
    return Problem(message, None if row is None else int(row), column, None if value is None else shown(value))
