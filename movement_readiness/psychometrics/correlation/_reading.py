"""Answers for correlations: who listwise deletion leaves, and in which cluster each respondent is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import split_clusters
from movement_readiness.psychometrics._frames import (
    MISSING,
    ItemTable,
    answer_table,
    complete_rows,
    item_frame,
    item_table,
)
from movement_readiness.psychometrics.correlation._squares import refuse_matrix

__all__ = ["Read", "read_items", "read_with_clusters"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """Answers and the cluster of each row.

    ``clusters`` is None without them; ``before`` the number of respondents before listwise deletion (0 where it left
    out nobody); ``n_unlabelled`` how many were left out because their cluster is not known.
    """

    table: ItemTable
    clusters: Ints | None
    before: int
    n_unlabelled: int = 0


def read_items(
    items: Any, missing: str, *, ordered: bool = False, intervals: bool = True, declared: bool = False
) -> tuple[ItemTable, int]:
    """The answers, and how many respondents there were before listwise deletion (0 where it left out nobody).

    ``intervals`` says whether there will be any, which teams would make too narrow; ``declared`` that the response
    options are known, so that no code is a stray one.
    """
    check_choice("missing", missing, MISSING)
    refuse_matrix("items", items)
    return _deleted(answer_table("items", items, ordered=ordered, intervals=intervals, declared=declared), missing)


def _deleted(table: ItemTable, missing: str) -> tuple[ItemTable, int]:
    if missing == "pairwise":
        return table, 0
    before = table.n_respondents
    kept = item_table("items", table, missing=missing)
    if len(kept.values) == before:
        return kept, 0
    if len(kept.values) < 2:
        raise ArgumentError(
            "items: expected two or more respondents who answered every item (missing='listwise'); "
            f"got {len(kept.values)} of {before}. missing='pairwise' uses what there is."
        )
    return kept, before


def read_with_clusters(
    items: Any, missing: str, cluster: Any, *, intervals: bool = True, declared: bool = False
) -> Read:
    """`read_items` with the cluster of each row between: a row without one is left out."""
    if cluster is None:
        table, before = read_items(items, missing, ordered=True, intervals=intervals, declared=declared)
        return Read(table, None, before)
    check_choice("missing", missing, MISSING)
    refuse_matrix("items", items)
    frame, clusters = split_clusters("items", item_frame("items", items), cluster)
    everybody = answer_table("items", frame, ordered=True, declared=declared)
    if clusters is None:  # never, where a cluster is given
        return Read(everybody, None, 0)
    known = np.flatnonzero(clusters >= 0)
    n_unlabelled = int((~np.isnan(everybody.values[clusters < 0]).all(axis=1)).sum())
    labelled = everybody if known.size == clusters.size else everybody.rows(known)
    table, before = _deleted(labelled, missing)
    codes = clusters[known]
    if missing == "listwise":
        codes = codes[complete_rows(labelled.values)]
    found, numbered = np.unique(codes, return_inverse=True)
    if found.size < 2:
        raise ArgumentError(f"cluster: expected two or more clusters among the rows used; got {found.size}.")
    return Read(table, numbered.astype(np.int64), before, n_unlabelled)
