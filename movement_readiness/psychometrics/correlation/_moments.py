"""Product-moment correlations with missing values, all pairs at once (numpy and scipy alone)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["pearson", "spearman", "varying"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUNDING = 64 * np.finfo(np.float64).eps


def pearson(values: Floats) -> tuple[Floats, Ints]:
    """Correlations over the rows that have both values, and how many those are.

    Parameters
    ----------
    values : array, shape (rows, columns)
        NaN where missing.

    Returns
    -------
    correlations, n : array, shape (columns, columns)
        NaN, with 1 on the diagonal, where a column is constant over the shared rows or fewer than two are shared.

    Examples
    --------
    >>> correlations, n = pearson(np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0], [4.0, np.nan]]))
    >>> correlations[0, 1], n[0]
    (np.float64(0.5), array([4, 3]))
    """
    if values.size and not np.isnan(values.sum()):
        return _complete(values)
    there = ~np.isnan(values)
    mask = there.astype(np.float64)
    count = mask.sum(axis=0)
    filled = np.where(there, values, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centred = np.where(there, values - filled.sum(axis=0) / count, 0.0)
    n = mask.T @ mask
    sums = centred.T @ mask
    squares = (centred * centred).T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        cross = centred.T @ centred - sums * sums.T / n
        spread = squares - sums * sums / n
        spread = np.where(spread > _ROUNDING * n * np.abs(filled).max(initial=0) ** 2, spread, 0.0)
        found = np.where(n > 1, cross / np.sqrt(spread * spread.T), np.nan)
    found = np.where(np.isfinite(found), np.clip(found, -1, 1), np.nan)
    np.fill_diagonal(found, 1.0)
    return (found + found.T) / 2, n.round().astype(np.int64)


def _complete(values: Floats) -> tuple[Floats, Ints]:
    """`pearson` of values of which none is missing: the same numbers, without masks."""
    rows = len(values)
    centred = values - values.mean(axis=0)
    cross = centred.T @ centred
    spread = np.diag(cross)
    largest = max(float(values.max()), -float(values.min()))
    spread = np.where(spread > _ROUNDING * rows * largest**2, spread, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(rows > 1, cross / np.sqrt(np.outer(spread, spread)), np.nan)
    found = np.where(np.isfinite(found), np.clip(found, -1, 1), np.nan)
    np.fill_diagonal(found, 1.0)
    return (found + found.T) / 2, np.full(cross.shape, rows, dtype=np.int64)


def varying(values: Floats) -> npt.NDArray[np.bool_]:
    """Which columns have two or more different values, shape (columns,); NaN is none.

    Examples
    --------
    >>> varying(np.array([[1.0, 2.0, np.nan], [1.0, 3.0, np.nan], [np.nan, 3.0, np.nan]]))
    array([False,  True, False])
    """
    low, high = values.min(axis=0), values.max(axis=0)  # NaN where any is missing
    some = np.flatnonzero(np.isnan(low))
    if some.size:
        low[some], high[some] = (take.reduce(values[:, some], axis=0) for take in (np.fmin, np.fmax))
    return np.asarray(low < high)


def spearman(values: Floats) -> tuple[Floats, Ints]:
    """Rank correlations (mid-ranks) over the rows that have both values, ranked anew for every pair.

    Parameters and return values are those of `pearson`.
    """
    from scipy.stats import rankdata

    complete = not np.isnan(values).any()
    if complete:
        return pearson(rankdata(values, axis=0))
    found, n = pearson(values)
    for first, second in zip(*np.triu_indices(values.shape[1], 1), strict=True):
        both = values[:, [first, second]]
        both = both[~np.isnan(both).any(axis=1)]
        found[first, second] = found[second, first] = (
            pearson(rankdata(both, axis=0))[0][0, 1] if len(both) > 1 else np.nan
        )
    return found, n
