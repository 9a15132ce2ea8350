"""The roster: which teams there are, and how many people were invited in each."""

from __future__ import annotations

from typing import Any

import pandas as pd

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.responses.folding import fold_name, plain_name
from movement_readiness.responses.formats import FileOptions, read_table
from movement_readiness.responses.raw import RawColumn, RawTable
from movement_readiness.responses.texts import as_text

__all__ = ["read_roster"]

_COLUMNS = ("site", "team", "invited")


def read_roster(roster: Any, *, needs_invited: bool = False) -> pd.DataFrame:
    """Read and check a roster.

    Parameters
    ----------
    roster : path, open binary file or DataFrame
        Columns site, team and invited, in any case and order; files are read as kindly as answers are.
    needs_invited : bool, default False
        Whether a roster without the column invited is refused.

    Returns
    -------
    pandas.DataFrame
        One row a team: site, team (text), invited (float, NaN where not given).

    Raises
    ------
    ArgumentError
        A column is missing, a number of people is none, or a team is listed twice.
    """
    try:
        table, _ = read_table(roster, FileOptions(None, None, None, lambda name: fold_name(name) in _COLUMNS))
    except (ArgumentError, ResponsesError) as error:
        said = str(error).removeprefix("source: ").replace("a file of answers", "a CSV or XLSX file")
        raise ArgumentError(f"roster: {said}") from None
    frame = _frame(table, _COLUMNS if needs_invited else _COLUMNS[:2])
    twice = frame[frame.duplicated(["site", "team"])]
    if len(twice) and needs_invited:
        row = twice.iloc[0]
        raise ArgumentError(f"roster: team {row['team']!r} at site {row['site']!r} is listed more than once.")
    return frame


def _frame(table: RawTable, needed: tuple[str, ...]) -> pd.DataFrame:
    positions = {fold_name(header): at for at, header in reversed(list(enumerate(table.headers)))}
    lacking = [name for name in needed if name not in positions]
    if lacking:
        raise ArgumentError(
            f"roster: expected the columns {quoted(_COLUMNS)}; {quoted(lacking)} missing; "
            f"available: {quoted(table.headers)}."
        )
    cells = {name: _texts(table.columns[positions[name]]) for name in _COLUMNS if name in positions}
    frame = pd.DataFrame(
        {name: pd.array(cells.get(name, [None] * len(table.rows)), dtype="object") for name in _COLUMNS}
    )
    named = frame["site"].notna() & frame["team"].notna()
    frame["invited"] = [_people(*row) for row in zip(frame["invited"], frame["team"], frame["site"], strict=True)]
    return frame[named].astype({"site": "str", "team": "str", "invited": "float64"}).reset_index(drop=True)


def _texts(column: RawColumn) -> list[str | None]:
    texts = [plain_name(as_text(value)) or None for value in column.values]
    return [texts[code] if code >= 0 else None for code in column.codes]


def _people(text: str | None, team: str | None, site: str | None) -> float:
    """A whole number of people, NaN where none is given."""
    if text is None or text.casefold() in ("na", "nan", "<na>", "none"):
        return float("nan")
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        number = -1
    if number < 0 or number % 1:
        raise ArgumentError(
            f"roster: expected whole numbers of people in 'invited'; team {team!r} at {site!r} has {text!r}."
        )
    return number
