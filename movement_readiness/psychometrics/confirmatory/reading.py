"""Answers for a model: its items by name, group by group, with the cluster of each respondent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import split_clusters
from movement_readiness.psychometrics._coded import CodedItems, coded_items
from movement_readiness.psychometrics._frames import MOST_CATEGORIES, ItemTable, item_table, look_for_strays
from movement_readiness.psychometrics._inputs import check_same_rows, group_codes
from movement_readiness.psychometrics._item_frame import item_frame
from movement_readiness.psychometrics.correlation._moments import varying
from movement_readiness.psychometrics.correlation.given import refuse_matrix

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Answers", "coded_answers", "read_answers"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers to a model's items.

    ``table`` holds the respondents who count, in the order of the data; ``rows`` (kept,) which rows of the data those
    are; ``group`` (kept,) the group of each, from 0; ``labels`` of the groups; ``clusters`` (kept,) or None;
    ``before``, how many respondents there were, and ``asked``, how many in each group; ``index``, the row labels of the
    data; ``n_unlabelled``, how many were left out because their cluster is not known.
    """

    table: ItemTable
    rows: Ints
    group: Ints
    labels: tuple[Any, ...]
    clusters: Ints | None
    before: int
    index: Any
    n_unlabelled: int = 0
    asked: tuple[int, ...] = ()

    @property
    def n_clusters(self) -> int | None:
        """How many clusters there are, None without them."""
        return None if self.clusters is None else int(np.unique(self.clusters).size)

    def teams_of(self, group: int) -> Ints | None:
        """The numbers in all groups of one group's clusters; None where no cluster has respondents in two groups."""
        if self.clusters is None or len(self.labels) == 1:
            return None
        pairs = np.unique(np.column_stack([self.clusters, self.group]), axis=0)
        if np.unique(pairs[:, 0]).size == len(pairs):
            return None
        everyone = np.unique(self.clusters)
        return np.searchsorted(everyone, np.unique(self.clusters[self.group == group])).astype(np.int64)

    def clusters_of(self, group: int) -> Ints | None:
        """The clusters of one group's respondents, numbered anew."""
        if self.clusters is None:
            return None
        return np.unique(self.clusters[self.group == group], return_inverse=True)[1].astype(np.int64)

    def values_of(self, group: int) -> Floats:
        """The answers of one group."""
        return self.table.values if len(self.labels) == 1 else self.table.values[self.group == group]


def read_answers(items: Any, names: Sequence[str], group: Any, cluster: Any, missing: str) -> Answers:
    """Read the answers to some items.

    Parameters
    ----------
    items : item frame or 2-D array
    names : sequence of str
        The model's items.
    group, cluster : column name or one label a row, optional
    missing : {"listwise", "fiml", "pairwise"}
        "listwise" keeps who answered every item, the others who answered any.

    Raises
    ------
    ArgumentError
        A matrix in place of answers, an item that is not there, nobody left, an item with one answer only, fewer than
        two clusters in a group.

    Warns
    -----
    StrayCodeWarning
        Codes far from the others, such as 99.
    """
    refuse_matrix("items", items)
    frame = item_frame("items", items)
    if not len(frame):
        raise ArgumentError("items: expected one row a respondent; got a frame without rows.")
    frame, groups, labels = _grouped(frame, group)
    _check_columns(frame, names)
    rest, clusters = split_clusters("items", frame, cluster)
    columns = {str(name): name for name in [*frame.columns, *rest.columns]}
    chosen = frame[[columns[name] for name in names]]
    table = item_table("items", chosen.set_axis(list(names), axis=1), at_least=1)
    look_for_strays("items", table)
    there = ~np.isnan(table.values)
    asked = there.any(axis=1) & (groups >= 0)
    known = asked if clusters is None else asked & (clusters >= 0)
    n_unlabelled, asked = int(asked.sum() - known.sum()), known
    kept = asked & there.all(axis=1) if missing == "listwise" else asked
    rows = np.flatnonzero(kept)
    _check_rows(rows.size, int(asked.sum()), missing)
    values = table.values if kept.all() else table.values[rows]
    present, numbered = np.unique(groups[rows], return_inverse=True)
    table = ItemTable(table.names, values, table.options)
    labels = tuple(labels[place] for place in present)
    own = None if clusters is None else clusters[rows]
    counts = tuple(int(asked[groups == place].sum()) for place in present)
    found = Answers(table, rows, numbered, labels, own, int(asked.sum()), frame.index, n_unlabelled, counts)
    _check_clusters(found)
    _check_varying(found, names)
    return found


def _grouped(frame: pd.DataFrame, group: Any) -> tuple[pd.DataFrame, Ints, tuple[Any, ...]]:
    """The frame without the column of groups, the group of each row (-1 where missing), and their labels."""
    if group is None:
        return frame, np.zeros(len(frame), dtype=np.int64), ("",)
    if isinstance(group, str):
        if group not in frame.columns:
            hint = closest(group, [str(name) for name in frame.columns])
            raise ArgumentError(
                f"group: expected a column of items or one label a row; {group!r} is none of "
                f"{quoted(list(frame.columns))}.{hint}"
            )
        labels, frame = frame[group], frame.drop(columns=[group])
    else:
        check_same_rows("items", frame, "group", group)
        labels = group
    codes, count = group_codes("group", labels)
    if count < 2:
        raise ArgumentError(f"group: expected two or more groups; got {count}. Leave group out to fit one.")
    first = [int(np.flatnonzero(codes == place)[0]) for place in range(count)]
    listed = list(labels)
    return frame, codes, tuple(listed[place] for place in first)


def _check_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    available = [str(name) for name in frame.columns]
    lost = [name for name in names if name not in available]
    if lost:
        hint = closest(lost[0], available)
        raise ArgumentError(
            f"model: expected names of columns of items; got {quoted(lost)}; available: {quoted(available)}.{hint}"
        )
    twice = [name for name in names if available.count(name) > 1]
    if twice:
        raise ArgumentError(f"items: expected each column once; {quoted(twice)} are there more than once.")


def _check_rows(kept: int, before: int, missing: str) -> None:
    if kept >= 3:
        return
    every = f" who answered every item (missing='listwise', {before} answered some)" if missing == "listwise" else ""
    raise ArgumentError(f"items: expected three or more respondents{every}; got {kept}.")


def _check_clusters(found: Answers) -> None:
    for place, label in enumerate(found.labels):
        codes = found.clusters_of(place)
        count = 2 if codes is None else int(codes.max(initial=-1)) + 1
        if count < 2:
            where = f" in group {label!r}" if len(found.labels) > 1 else ""
            raise ArgumentError(
                f"cluster: expected respondents of two or more clusters{where}; got {count}. Errors that are robust to "
                "clusters come from how those differ: add teams, or leave cluster out."
            )


def _check_varying(found: Answers, names: Sequence[str]) -> None:
    for place, label in enumerate(found.labels):
        constant = [name for name, varies in zip(names, varying(found.values_of(place)), strict=True) if not varies]
        if constant:
            where = f" in group {label!r}" if len(found.labels) > 1 else ""
            raise ArgumentError(
                f"items: expected two or more different answers to each item; got one or none to {quoted(constant)}"
                f"{where}. Leave such items out of the model."
            )


def coded_answers(found: Answers) -> CodedItems:
    """The answers as category numbers.

    Raises
    ------
    ArgumentError
        More than 20 categories; a category that nobody of one group chose.
    """
    try:
        coded = coded_items("items", found.table)
    except ArgumentError:
        _refuse_continuous(found.table)
        raise
    for group, label in enumerate(found.labels if len(found.labels) > 1 else ()):
        own = coded.codes[found.group == group]
        for place, name in enumerate(coded.names):
            used = np.isin(np.arange(coded.n_categories[place]), own[:, place])
            if not used.all():
                lost = [coded.categories[place][at] for at in np.flatnonzero(~used)]
                among, remedy = _among(found, group, len(own))
                raise ArgumentError(
                    f"items[{name!r}]: expected every category in every group; nobody in group {label!r}{among} chose "
                    f"{quoted(lost)}, so that its threshold has no estimate there. {remedy} that category with its "
                    "neighbour in all groups."
                )
    return coded


def _refuse_continuous(table: ItemTable) -> None:
    """Say of items with more values than ordered items have what can be done in a model."""
    for name, column in zip(table.names, table.values.T, strict=True):
        count = np.unique(column[~np.isnan(column)]).size
        if count > MOST_CATEGORIES:
            raise ArgumentError(
                f"items[{name!r}]: expected ordered categories, {MOST_CATEGORIES} at most; got {count} different "
                "values. Ordered and continuous items in one model are not here: put its values into a few classes, "
                "leave it out, or take all items as numbers with estimator='mlr'."
            ) from None


def _among(found: Answers, group: int, kept: int) -> tuple[str, str]:
    """Whom listwise deletion left of a group, and what to try before merging categories."""
    if not found.asked or kept == found.asked[group]:
        return "", "Merge"
    return (
        f" among the {kept} of {found.asked[group]} respondents who answered every item",
        "missing='pairwise' uses the others too; or merge",
    )
