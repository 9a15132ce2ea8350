"""The scales of an item analysis: which items with which sign, and what the items of a scale have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._frames import ItemTable, complete_rows, refuse_unanswered
from movement_readiness.psychometrics.correlation._findings import warn_of_lost
from movement_readiness.psychometrics.reliability._coefficients import (
    alpha_of,
    alpha_without,
    correlation_of,
    covariance_matrix,
    item_rest,
    item_rest_common,
)
from movement_readiness.psychometrics.reliability._matrices import correlations_of_values, near_perfect

__all__ = ["KeyedScales", "ScaleStatistics", "keyed_scales", "scale_statistics"]

Floats = npt.NDArray[np.float64]
KeyedScales: TypeAlias = "Mapping[str, tuple[list[int], Floats]]"

ALL_ITEMS = "all items"


@dataclass(frozen=True, slots=True, eq=False)
class ScaleStatistics:
    """What the items of a scale have in common: one value an item, and those of the scale; pairs that repeat."""

    item_rest: Floats
    item_rest_smc: Floats
    alpha_if_dropped: Floats
    alpha: float
    mean_correlation: float
    n_respondents: int
    near_perfect: list[tuple[Any, Any, float]]


def keyed_scales(names: Sequence[Any], scales: Mapping[str, Sequence[str]] | None) -> KeyedScales:
    """Places and signs of each scale's items."""
    if scales is None:
        return {ALL_ITEMS: (list(range(len(names))), np.ones(len(names)))}
    if not isinstance(scales, Mapping) or not scales:
        raise ArgumentError(f"scales: expected a mapping of scale to item names; got {scales!r}.")
    return {str(scale): _places(list(names), scale, wanted) for scale, wanted in scales.items()}


def _places(known: list[Any], scale: object, names: Sequence[str]) -> tuple[list[int], Floats]:
    places, signs = [], []
    if isinstance(names, str) or len(names) < 2:
        raise ArgumentError(f"scales[{scale!r}]: expected two or more item names; got {names!r}.")
    for name in names:
        reverse = name not in known and str(name).startswith("-")
        item = str(name)[1:] if reverse else name
        if item not in known:
            raise ArgumentError(f"scales[{scale!r}]: expected items of the frame; {name!r} is none of {quoted(known)}.")
        places.append(known.index(item))
        signs.append(-1.0 if reverse else 1.0)
    if len(set(places)) < len(places):
        raise ArgumentError(f"scales[{scale!r}]: expected each item once; got {list(names)!r}.")
    return places, np.array(signs)


def scale_statistics(
    table: ItemTable, scale: str, places: list[int], signs: Floats, missing: str, correlation: str
) -> ScaleStatistics:
    values = table.values[:, places] * signs
    kept = complete_rows(values) if missing == "listwise" else ~np.isnan(values).all(axis=1)
    if kept.sum() < 2:
        refuse_unanswered("items", [table.names[place] for place in places], values)
        raise ArgumentError(
            f"items: expected two or more respondents who answered the items of {scale!r}; got {kept.sum()}."
            + (' missing="pairwise" uses incomplete rows too.' if missing == "listwise" else "")
        )
    if missing == "listwise":
        warn_of_lost(int(kept.sum()), int((~np.isnan(values)).any(axis=1).sum()))
    pearson = correlation == "pearson"
    matrix = covariance_matrix(values[kept])[0] if pearson else correlations_of_values(values[kept], correlation)
    correlations = correlation_of(matrix) if pearson else matrix
    return ScaleStatistics(
        item_rest=item_rest(matrix),
        item_rest_smc=item_rest_common(correlations),
        alpha_if_dropped=alpha_without(matrix),
        alpha=alpha_of(matrix),
        mean_correlation=float(correlations[~np.eye(len(matrix), dtype=bool)].mean()),
        n_respondents=int(kept.sum()),
        near_perfect=near_perfect(correlations, [table.names[place] for place in places]),
    )
