"""Item frames, from whatever holds them, to named arrays of values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import warn_of_clusters, without_groups
from movement_readiness.psychometrics._inputs import number_column
from movement_readiness.psychometrics._item_frame import item_frame
from movement_readiness.psychometrics._suspects import look_for_identifiers, look_for_stray_codes

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MISSING",
    "MOST_CATEGORIES",
    "ItemTable",
    "answer_table",
    "complete_rows",
    "item_frame",
    "item_index",
    "item_table",
    "labelled",
    "look_for_strays",
    "refuse_unanswered",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_CATEGORIES = 20
MISSING = ("pairwise", "listwise")


@dataclass(frozen=True, slots=True, eq=False)
class ItemTable:
    """Answers as numbers; see `item_table`. ``suspects``: the items that were warned of as no items."""

    names: tuple[Any, ...]
    values: Floats
    options: tuple[tuple[Any, ...] | None, ...]
    suspects: tuple[Any, ...] = ()

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return len(self.names)

    @property
    def n_respondents(self) -> int:
        """How many rows have at least one answer."""
        if self.values.size and not np.isnan(self.values.sum()):
            return len(self.values)
        return int((~np.isnan(self.values)).any(axis=1).sum())

    def index(self, places: Sequence[int] | None = None) -> pd.Index[Any]:
        """Labels of the items, or of some; a name of several parts (MultiIndex columns) stays one label."""
        return item_index(self.names if places is None else [self.names[place] for place in places])

    def listwise(self) -> ItemTable:
        """The rows that answered every item."""
        return self.rows(complete_rows(self.values))

    def rows(self, kept: npt.NDArray[Any]) -> ItemTable:
        """These rows alone."""
        return replace(self, values=self.values[kept])


def item_table(
    argument: str, items: Any, *, at_least: int = 2, missing: str = "pairwise", intervals: bool = True
) -> ItemTable:
    """Read an item frame: its column names and one float array, NaN where an answer is missing.

    Parameters
    ----------
    argument : str
        The argument's name, for sentences.
    items : frame, array or ItemTable
        pandas, or any frame narwhals reads (polars, pyarrow, duckdb ...), or a 2-D array, or a mapping of name to
        column; one column an item, one
        row a respondent. Numbers, or ordered categorical columns, whose categories count 0, 1, .... Columns called
        site or team (`GROUP_COLUMNS`) are no items: they are left out, and teams are warned of.
    at_least : int
        How many items are needed.
    missing : {"pairwise", "listwise"}
        "listwise" keeps the rows that answered every item.
    intervals : bool
        Whether there will be intervals or tests, for which teams that nobody named are warned of.

    Returns
    -------
    ItemTable
        ``options`` holds the categories of categorical columns, None for numbers. The columns of an array are
        called item_1, item_2, ....

    Examples
    --------
    >>> item_table("items", [[1, 2], [3, None]]).values
    array([[ 1.,  2.],
           [ 3., nan]])
    """
    check_choice("missing", missing, MISSING)
    table = items if isinstance(items, ItemTable) else _read(argument, items, at_least, intervals)
    if missing == "pairwise":
        return table
    kept = table.listwise()
    if not len(kept.values):
        raise ArgumentError(
            f"{argument}: expected respondents who answered every item (missing='listwise'); none of "
            f"{len(table.values)} did. missing='pairwise' uses what there is."
        )
    return kept


def answer_table(
    argument: str,
    items: Any,
    *,
    at_least: int = 2,
    ordered: bool = False,
    intervals: bool = True,
    declared: Collection[Any] | bool = False,
) -> ItemTable:
    """Read an item frame as `item_table` does, and warn of columns and codes that look like no answers.

    Parameters
    ----------
    argument, items, at_least, intervals : str, frame, int, bool
        As in `item_table`. An ItemTable was looked at when it was read.
    ordered : bool
        Whether `coded_items` comes next, which refuses what has too many different values.
    declared : names of items, or bool
        Items whose response options are declared (True: all), none of which is a stray code.
    """
    if isinstance(items, ItemTable):
        return items
    table = item_table(argument, items, at_least=at_least, intervals=intervals)
    suspects = look_for_identifiers(argument, table.names, table.values, MOST_CATEGORIES if ordered else None)
    if declared is not True:
        look_for_strays(argument, table, declared or ())
    return replace(table, suspects=tuple(suspects))


def look_for_strays(argument: str, table: ItemTable, declared: Collection[Any] = ()) -> None:
    """Warn of codes far from the others of items whose response options nothing declares."""
    numbers = [place for place, name in enumerate(table.names) if not table.options[place] and name not in declared]
    look_for_stray_codes(argument, [table.names[place] for place in numbers], table.values[:, numbers])


def _read(argument: str, items: Any, at_least: int, intervals: bool) -> ItemTable:
    given = item_frame(argument, items)
    frame, groups = without_groups(given)
    if intervals:
        warn_of_clusters(argument, given, groups)
    names = tuple(frame.columns)
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ArgumentError(f"{argument}: expected each column once; {quoted(repeated)} are there more than once.")
    if len(names) < at_least:
        raise ArgumentError(f"{argument}: expected {at_least} or more items (columns); got {len(names)}.")
    if not len(frame):
        raise ArgumentError(f"{argument}: expected one row a respondent; got a frame without rows.")
    values = np.empty((len(frame), len(names)), order="F")
    options = []
    for place, name in enumerate(names):
        values[:, place], found = _column(argument, name, frame[name])
        options.append(found)
    return ItemTable(names, values, tuple(options))


def item_index(names: Sequence[Any]) -> pd.Index[Any]:
    """An index called item; a name of several parts is one label."""
    import pandas as pd

    return pd.Index(
        list(names),
        dtype=object if any(isinstance(name, tuple) for name in names) else None,
        name="item",
        tupleize_cols=False,
    )


def complete_rows(values: Floats) -> npt.NDArray[np.bool_]:
    """Which rows have no missing value."""
    return np.asarray(~np.isnan(values).any(axis=1))


def refuse_unanswered(argument: str, names: Sequence[Any], values: Floats) -> None:
    """Refuse, by name, items that nobody answered."""
    empty = [name for name, column in zip(names, values.T, strict=True) if np.isnan(column).all()]
    if empty:
        raise ArgumentError(f"{argument}: expected answers to every item; nobody answered {quoted(empty)}.")


def _column(argument: str, name: Any, column: pd.Series) -> tuple[Floats, tuple[Any, ...] | None]:
    import pandas as pd

    if not isinstance(column.dtype, pd.CategoricalDtype):
        given = column.to_numpy() if column.dtype.kind in "fiub" and isinstance(column.dtype, np.dtype) else column
        return number_column(f"{argument}[{name!r}]", given), None
    if not column.cat.ordered:
        raise ArgumentError(
            f"{argument}[{name!r}]: expected ordered categories; these have no order. "
            "Use .cat.as_ordered() or .cat.reorder_categories(..., ordered=True)."
        )
    codes = column.cat.codes.to_numpy().astype(np.float64)
    return np.where(codes < 0, np.nan, codes), tuple(column.cat.categories)


def labelled(matrix: Any, rows: Sequence[Any], columns: Sequence[Any] | None = None) -> pd.DataFrame:
    """An array as a frame; columns are named like the rows unless they have names of their own."""
    import pandas as pd

    return pd.DataFrame(matrix, index=list(rows), columns=list(rows if columns is None else columns))
