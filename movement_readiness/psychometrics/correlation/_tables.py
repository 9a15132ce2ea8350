"""Coded answers to pair tables and thresholds: numbers only (numpy and scipy alone).

All pair tables are blocks of one matrix, Z'Z with Z the indicators of every category of every item, so one pass
over the respondents (a matrix product, exact in whole numbers) gives margins, pair tables and pairwise counts, and
a missing answer is a row of zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from movement_readiness.psychometrics.correlation._bivariate import FAR

__all__ = ["PairTables", "corrected_2x2", "far_thresholds", "pair_tables", "thresholds_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLOCK = 1 << 22  # indicators at a time: 16 MB, and far below 2^24, where 4-byte floats stop being whole numbers


@dataclass(frozen=True, slots=True, eq=False)
class PairTables:
    """Every item's margin and every pair's table; see `pair_tables`."""

    margins: Floats
    first: Ints
    second: Ints
    tables: Floats

    @property
    def n_pairs(self) -> Ints:
        """How many answered both items of each pair, shape (pairs,)."""
        return np.asarray(self.tables.sum(axis=(1, 2)).round(), dtype=np.int64)


def pair_tables(codes: npt.NDArray[np.integer], n_categories: npt.ArrayLike) -> PairTables:
    """Margins and pair tables of coded answers.

    Parameters
    ----------
    codes : integer array, shape (respondents, items)
        0 to one below the item's number of categories; -1 where missing.
    n_categories : array, shape (items,)
        Categories of each item.

    Returns
    -------
    PairTables
        ``margins`` (items, K) with K the largest number of categories, zero beyond an item's own; ``first``
        and ``second``, the two items of each pair, in the order (0, 1), (0, 2), ..., (1, 2), ...;
        ``tables`` (pairs, K, K), rows for the first item.

    Examples
    --------
    >>> found = pair_tables(np.array([[0, 1], [1, 1], [1, -1]]), [2, 2])
    >>> found.margins, found.tables[0]
    (array([[1., 2.],
           [0., 2.]]), array([[0., 1.],
           [0., 1.]]))
    """
    sizes = np.asarray(n_categories, dtype=np.int64)
    counts = _burt(codes, sizes)
    widest = int(sizes.max(initial=1))
    inside = np.arange(widest) < sizes[:, np.newaxis]
    place = np.where(inside, (np.cumsum(sizes) - sizes)[:, np.newaxis] + np.arange(widest), counts.shape[0] - 1)
    first, second = np.triu_indices(sizes.size, 1)
    return PairTables(
        margins=counts[place, place],
        first=first,
        second=second,
        tables=counts[place[first][:, :, np.newaxis], place[second][:, np.newaxis, :]],
    )


def _burt(codes: npt.NDArray[np.integer], sizes: Ints) -> Floats:
    """Z'Z with a last row and column of zeros."""
    width = int(sizes.sum()) + 1
    start = np.append(np.cumsum(sizes) - sizes, 0)[:-1]
    total = np.zeros((width, width))
    rows = max(_BLOCK // width, 1)
    indicators = np.zeros((min(rows, len(codes)), width), dtype=np.float32)
    for begin in range(0, len(codes), rows):
        block = codes[begin : begin + rows]
        at = np.where(block < 0, width - 1, block + start)
        here = indicators[: len(block)]
        here[:] = 0
        here[np.arange(len(block))[:, np.newaxis], at] = 1
        here[:, -1] = 0
        total += here.T @ here
    return total


def thresholds_of(margins: Floats) -> Floats:
    """Thresholds of the latent normal variables from the margins, Phi^-1 of the cumulative shares.

    Parameters
    ----------
    margins : array, shape (..., K)
        Counts; every category of an item's own is used, and zeros fill up behind the last.

    Returns
    -------
    array, shape (..., K - 1)
        +inf behind an item's last threshold; NaN where there are no counts.

    Examples
    --------
    >>> thresholds_of(np.array([[50.0, 50.0, 0.0]]))
    array([[ 0., inf]])
    """
    totals = margins.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(ndtri(np.cumsum(margins, axis=-1)[..., :-1] / totals))


def corrected_2x2(tables: Floats, two_by_two: npt.NDArray[np.bool_]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Put .5 into the one empty cell of 2 x 2 tables and keep their margins; which tables were changed."""
    corner = tables[:, :2, :2]
    changed = two_by_two & ((corner == 0).sum(axis=(1, 2)) == 1)
    on_diagonal = (corner[:, 0, 0] == 0) | (corner[:, 1, 1] == 0)
    sign = np.where(on_diagonal, 0.5, -0.5)[:, np.newaxis, np.newaxis] * np.array([[1, -1], [-1, 1]])
    found = tables.copy()
    found[:, :2, :2] = np.where(changed[:, np.newaxis, np.newaxis], corner + sign, corner)
    return found, changed


def far_thresholds(thresholds: Floats) -> Floats:
    """Limits of the categories with both ends, infinities replaced by a number no probability lies beyond."""
    ends = np.full((*thresholds.shape[:-1], 1), FAR)
    return np.concatenate([-ends, np.clip(thresholds, -FAR, FAR), ends], axis=-1)
