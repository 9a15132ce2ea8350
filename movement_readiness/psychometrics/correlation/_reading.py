"""Answers for correlations: who listwise deletion leaves, and in which cluster each respondent is."""

from __future__ import annotations

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

__all__ = ["read_items", "read_with_clusters"]

Ints = npt.NDArray[np.int64]


def read_items(items: Any, missing: str, *, ordered: bool = False) -> tuple[ItemTable, int]:
    """The answers, and how many respondents there were before listwise deletion (0 where it left out nobody)."""
    check_choice("missing", missing, MISSING)
    return _deleted(answer_table("items", items, ordered=ordered), missing)


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


def read_with_clusters(items: Any, missing: str, cluster: Any) -> tuple[ItemTable, Ints | None, int]:
    """`read_items` with the cluster of each row between: a row without one is a cluster of its own."""
    if cluster is None:
        table, before = read_items(items, missing, ordered=True)
        return table, None, before
    check_choice("missing", missing, MISSING)
    frame, clusters = split_clusters("items", item_frame("items", items), cluster)
    if clusters is None:
        table, before = read_items(frame, missing, ordered=True)
        return table, None, before
    everybody = answer_table("items", frame, ordered=True)
    unknown = clusters < 0
    clusters = np.where(unknown, clusters.max() + np.cumsum(unknown), clusters)
    table, before = _deleted(everybody, missing)
    if missing == "listwise":
        clusters = clusters[complete_rows(everybody.values)]
    return table, np.unique(clusters, return_inverse=True)[1].astype(np.int64), before
