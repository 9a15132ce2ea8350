"""Spread of answers within groups, on arrays: numbers only, no checks, no labels (numpy alone)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["agreement_of", "mean_deviations", "variances"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def variances(values: Floats, codes: Ints, n_groups: int) -> Floats:
    """Variance (n - 1) of the answers of each group to each item: groups x items, NaN below two answers.

    Parameters
    ----------
    values : array, respondents x items
        NaN where missing.
    codes : array, one entry a respondent
        Groups from 0, -1 where not known.
    n_groups : int
    """
    n, deviations, _ = _centred(values, codes, n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _sums(np.square(deviations), codes, n_groups) / (n - 1)
    return np.where(n > 1, found, np.nan)


def mean_deviations(values: Floats, codes: Ints, n_groups: int, center: str) -> Floats:
    """Mean distance of the answers of each group to each item from their mean or median, NaN below two answers."""
    n, deviations, inside = _centred(values, codes, n_groups)
    if center == "median":
        deviations = values - _medians(values, codes, n_groups)[np.where(inside, codes, 0)]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = _sums(np.abs(deviations), codes, n_groups) / n
    return np.where(n > 1, found, np.nan)


def agreement_of(ratio: Floats, n_items: int) -> Floats:
    """rwg(j) of groups whose mean variance is so large a part of the null's: 0 from one on."""
    left = n_items * np.maximum(1 - ratio, 0.0)
    found: Floats = left / (left + ratio)
    return found


def _centred(values: Floats, codes: Ints, n_groups: int) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    """Number of answers, groups x items; each answer less the mean of its group."""
    inside = codes >= 0
    n = _sums((~np.isnan(values)).astype(np.float64), codes, n_groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = _sums(values, codes, n_groups) / n
    return n.astype(np.int64), values - means[np.where(inside, codes, 0)], inside


def _sums(values: Floats, codes: Ints, n_groups: int) -> Floats:
    """Sums over the members of each group, missing ones left out: groups x items."""
    inside = codes >= 0
    filled = np.where(np.isnan(values[inside]), 0.0, values[inside])
    columns = [np.bincount(codes[inside], filled[:, place], minlength=n_groups) for place in range(values.shape[1])]
    return np.column_stack(columns)


def _medians(values: Floats, codes: Ints, n_groups: int) -> Floats:
    """Median of each group on each item, NaN where nobody answered."""
    found = np.full((n_groups, values.shape[1]), np.nan)
    order = np.argsort(codes, kind="stable")
    order = order[codes[order] >= 0]
    starts = np.searchsorted(codes[order], np.arange(n_groups + 1))
    for place in range(values.shape[1]):
        column = values[order, place]
        ranked = np.lexsort((column, codes[order]))  # NaN last within a group
        column = column[ranked]
        n = np.add.reduceat(np.append(~np.isnan(column), False), starts[:-1]) if n_groups else np.empty(0, dtype=int)
        n = np.where(np.diff(starts) > 0, n, 0)
        some = n > 0
        low, high = starts[:-1][some] + (n[some] - 1) // 2, starts[:-1][some] + n[some] // 2
        found[some, place] = (column[low] + column[high]) / 2
    return found
