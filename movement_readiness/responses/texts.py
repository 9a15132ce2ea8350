"""Columns of text: read as given, completed, and turned into pandas arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pandas as pd

from movement_readiness._validation import closest, quoted
from movement_readiness.responses.findings import Findings, quoted_cell, shown
from movement_readiness.responses.folding import fold_label, plain_name
from movement_readiness.responses.layout import Wide
from movement_readiness.responses.raw import RawColumn

__all__ = ["MOST_NAMED", "Texts", "as_text", "constant", "text_array"]

MOST_NAMED = 1000  # faults of one kind that are named one by one


def as_text(value: Any) -> str:
    """A cell of a text column: whole numbers as people write them, the rest as it is."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return shown(value)


def text_array(column: RawColumn) -> Any:
    """A pandas array of dtype str, NA where the cell is empty."""
    # position -1, which marks an empty cell, takes the last entry
    return pd.array([*column.values, None], dtype=cast("Any", "str")).take(column.codes)


def constant(value: str, count: int) -> RawColumn:
    """The same text in every row."""
    return RawColumn((value,), np.zeros(count, dtype=np.int32))


class Texts:
    """Reads the own columns of text."""

    def __init__(self, wide: Wide, findings: Findings, na_values: frozenset[str]) -> None:
        self.wide, self.findings, self.na_values = wide, findings, na_values
        self.rows = wide.rows
        self.count = len(wide.rows)

    def given(self, name: str) -> RawColumn:
        """A text column as given; a date in it is a bad cell, because it was not typed as one."""
        column = self.wide.own.get(name)
        if column is None:
            return RawColumn((), np.full(self.count, -1, dtype=np.int32))
        dates = {
            at: f"{shown(value)} is a date; expected a text"
            for at, value in enumerate(column.values)
            if hasattr(value, "isoformat")
        }
        if dates:
            self.findings.bad(column, self.rows, name, dates)
        texts = [None if at in dates else as_text(value) for at, value in enumerate(column.values)]
        if name in ("site", "team"):  # "Ward 3 " is Ward 3: nobody means the spaces around a name
            texts = self._plain_names(name, texts)
        return column.mapped([None if text is None or text.strip() in self.na_values else text for text in texts])

    def _plain_names(self, name: str, texts: list[str | None]) -> list[str | None]:
        spaced = [text for text in texts if text is not None and text != text.strip()]
        if spaced:
            self.findings.notes.append(f"column {name!r}: spaces around a name were left out ({quoted(spaced, 3)})")
        return [None if text is None else plain_name(text) for text in texts]

    def filled(self, name: str, value: str) -> RawColumn:
        """A text column whose empty cells get a value, which is noted."""
        column = self.given(name)
        empty = int((column.codes < 0).sum())
        if empty and name not in self.wide.own:
            self.findings.notes.append(f"no column {name!r}: every response gets {value!r}")
        elif empty:
            self.findings.notes.append(f"column {name!r}: {empty} empty cells get {value!r}")
        return self.completed(column, value)

    @staticmethod
    def completed(column: RawColumn, value: str) -> RawColumn:
        """A column with a value in its empty cells."""
        if not (column.codes < 0).any():
            return column
        codes = np.where(column.codes < 0, np.int32(len(column.values)), column.codes).astype(np.int32)
        longer = replace(column, values=(*column.values, value), codes=codes)
        return longer.mapped(longer.values)

    def known(self, name: str, known: Mapping[str, str], available: tuple[str, ...]) -> RawColumn:
        """A text column that may hold ids only (`known`: folded spelling to id); others are faults."""
        column = self.given(name)
        found = [known.get(fold_label(text)) for text in column.values]
        unknown = [at for at, value in enumerate(found) if value is None]
        for at, places in column.places(unknown[:MOST_NAMED]):
            rows, value = self.rows[places], column.values[at]
            self.findings.fault(
                f"{self.findings.rows(rows)}, column {name!r}: unknown {name} {quoted_cell(value)}; expected one of "
                f"{quoted(available)}.{closest(value, available)}",
                rows[0],
                name,
                value,
            )
        return column.mapped(found)
