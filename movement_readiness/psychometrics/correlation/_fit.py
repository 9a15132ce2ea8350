r"""Maximum-likelihood correlations of pair tables, all pairs at once: numbers only (numpy and scipy alone).

With the thresholds fixed, cell (i, j) of a pair has probability p_ij(rho), the rectangle between the thresholds,
and the estimate maximises sum n_ij log p_ij(rho) (Olsson 1979, two-step). In z = atanh(rho) the first two
derivatives are exact, so Newton steps double the correct digits; a step that leaves the bracket known to hold the
maximum halves the bracket instead. The first guess is one step of scoring from rho = 0, which is in closed form:
the covariance of the items' expected latent scores over the product of their variances.

A table all of whose counts lie where rho = 1 (or -1) puts probability has its maximum there, or inside, whichever
is likelier; both are tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from movement_readiness.psychometrics.correlation._bivariate import (
    cell_differences,
    grid_cdf,
    grid_density,
    normal_density,
    tail_rectangle,
)
from movement_readiness.psychometrics.correlation._tables import far_thresholds

__all__ = ["Cells", "FittedPairs", "cells_of", "fit_pairs"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_STEPS = 100  # Newton needs 3 to 8, the bracket alone at most 60
_FARTHEST = 9.0  # in atanh(rho): 1 - 3e-8
_CLOSE = 1e-8  # the step after which the next would be below rounding
_TINY = 1e-6  # below this, corners have lost too many digits
_NOTHING = 1e-13
_LIKELIER = 1e-9  # difference of log likelihoods, for each respondent, that counts
_CHUNK = 1 << 19  # corners at a time


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cell probabilities of pairs and their first two derivatives with respect to rho, shape (pairs, K, K) each."""

    p: Floats
    first: Floats
    second: Floats


@dataclass(frozen=True, slots=True, eq=False)
class FittedPairs:
    """Estimates of all pairs, shape (pairs,) each: rho (NaN where it cannot be estimated), whether it converged."""

    rho: Floats
    converged: Flags


def fit_pairs(tables: Floats, limits_a: Floats, limits_b: Floats) -> FittedPairs:
    """Maximum-likelihood correlation of each table, its thresholds given.

    Parameters
    ----------
    tables : array, shape (pairs, K, K)
        Counts; not necessarily whole.
    limits_a, limits_b : array, shape (pairs, K - 1)
        Thresholds of the row and the column item, +inf behind the last.

    Returns
    -------
    FittedPairs
        rho is NaN where a table uses only one row or one column, and exactly 1 or -1 where the likelihood is
        largest there.

    Notes
    -----
    Checked against direct maximisation in 40-digit arithmetic: within 1e-12.

    Examples
    --------
    >>> zero = np.zeros((1, 1))
    >>> fit_pairs(np.array([[[30.0, 10.0], [10.0, 30.0]]]), zero, zero).rho.round(6)  # sin(pi / 4), for a median split
    array([0.707107])
    """
    rho, converged = np.full(len(tables), np.nan), np.ones(len(tables), dtype=bool)
    usable = ((tables.sum(axis=1) > 0).sum(axis=1) > 1) & ((tables.sum(axis=2) > 0).sum(axis=1) > 1)
    usable &= ~np.isnan(limits_a).any(axis=1) & ~np.isnan(limits_b).any(axis=1)
    those = np.flatnonzero(usable)
    size = max(_CHUNK // (tables.shape[1] + 1) ** 2, 1)
    for begin in range(0, those.size, size):
        part = those[begin : begin + size]
        rho[part], converged[part] = _fit(tables[part], far_thresholds(limits_a[part]), far_thresholds(limits_b[part]))
    return FittedPairs(rho=rho, converged=converged)


def _fit(tables: Floats, h: Floats, k: Floats) -> tuple[Floats, Flags]:
    at_end, end = _perfect(tables, h, k)
    z = np.arctanh(_first_guess(tables, h, k))
    low, high = np.full(z.shape, -_FARTHEST), np.full(z.shape, _FARTHEST)
    total = tables.sum(axis=(1, 2))
    share = tables / total[:, np.newaxis, np.newaxis]
    settled = at_end >= _log_likelihood(tables, share) - _LIKELIER * total  # no likelihood is above that of the shares
    going = np.flatnonzero(~settled)
    for _ in range(_STEPS if going.size else 0):
        step, score = _newton_step(tables[going], h[going], k[going], z[going])
        low[going] = np.where(score > 0, z[going], low[going])
        high[going] = np.where(score < 0, z[going], high[going])
        proposal = z[going] + step
        outside = ~((proposal > low[going]) & (proposal < high[going])) & ~(np.abs(step) <= _CLOSE)
        z[going] = np.where(outside, (low[going] + high[going]) / 2, proposal)
        going = going[np.where(outside, high[going] - low[going], np.abs(step)) > _CLOSE]
        if not going.size:
            break
    converged = np.ones(z.size, dtype=bool)
    converged[going] = False
    rho = _at_the_ends(tables, h, k, np.where(settled, end, np.tanh(z)), at_end, end)
    return rho, converged | (np.abs(rho) == 1)


def _newton_step(tables: Floats, h: Floats, k: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Step in z and the score; a scoring step where the likelihood is not concave."""
    rho = np.tanh(z)
    cells = cells_of(h, k, rho, tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(tables > 0, cells.first / cells.p, 0.0)
        bend = np.where(tables > 0, cells.second / cells.p, 0.0) - ratio * ratio
    score = (tables * ratio).sum(axis=(1, 2))
    u = (1 - rho) * (1 + rho)
    curved = (tables * bend).sum(axis=(1, 2)) * u * u - 2 * rho * u * score
    scoring = (tables * ratio * ratio).sum(axis=(1, 2)) * u * u
    score = score * u
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(curved < 0, -score / curved, score / scoring)
    return np.where(score == 0, 0.0, step), score


def cells_of(h: Floats, k: Floats, rho: Floats, tables: Floats) -> Cells:
    """Probabilities of all cells and their derivatives, those of used cells to a relative precision.

    Parameters
    ----------
    h, k : array, shape (pairs, K + 1)
        Finite limits of the categories of either item.
    rho : array, shape (pairs,)
    tables : array, shape (pairs, K, K)
        Counts; only which cells are used matters.
    """
    inner_h, inner_k = h[:, 1:-1], k[:, 1:-1]
    p = cell_differences(_bordered(grid_cdf(inner_h, inner_k, rho), ndtr(h), ndtr(k)))
    first, second = (cell_differences(np.pad(x, ((0, 0), (1, 1), (1, 1)))) for x in grid_density(inner_h, inner_k, rho))
    lost = np.nonzero((tables > 0) & (p < _TINY))
    if lost[0].size:
        pair, row, column = lost
        p[lost] = tail_rectangle((h[pair, row], h[pair, row + 1]), (k[pair, column], k[pair, column + 1]), rho[pair])
    return Cells(p=p, first=first, second=second)


def _bordered(inner: Floats, rows: Floats, columns: Floats) -> Floats:
    """The cumulative grid with its borders: 0 at minus infinity, the margins at plus infinity."""
    grid = np.zeros((inner.shape[0], inner.shape[1] + 2, inner.shape[2] + 2))
    grid[:, 1:-1, 1:-1] = inner
    grid[:, :, -1], grid[:, -1, :] = rows, columns
    grid[:, 0, :], grid[:, :, 0] = 0, 0
    return grid


def _first_guess(tables: Floats, h: Floats, k: Floats) -> Floats:
    rows, columns = _expected_scores(h), _expected_scores(k)
    total = tables.sum(axis=(1, 2))
    row_mean = (tables.sum(axis=2) * rows).sum(axis=1) / total
    column_mean = (tables.sum(axis=1) * columns).sum(axis=1) / total
    rows, columns = rows - row_mean[:, np.newaxis], columns - column_mean[:, np.newaxis]
    product = np.einsum("pij,pi,pj->p", tables, rows, columns)
    spread = (tables.sum(axis=2) * rows**2).sum(axis=1) * (tables.sum(axis=1) * columns**2).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        guess = product * total / spread
    return np.asarray(np.clip(np.nan_to_num(guess), -0.9, 0.9))


def _expected_scores(limits: Floats) -> Floats:
    """Mean of the latent variable within each category, shape (pairs, K); 0 for categories without width."""
    share, density = np.diff(ndtr(limits), axis=1), normal_density(limits)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(share > 0, -np.diff(density, axis=1) / share, 0.0)


def _perfect(tables: Floats, h: Floats, k: Floats) -> tuple[Floats, Floats]:
    """Log likelihood at the end it is finite at (-inf where at neither), and which end, 1 or -1."""
    rows, columns = ndtr(h), ndtr(k)
    up = cell_differences(np.minimum(rows[:, :, np.newaxis], columns[:, np.newaxis, :]))
    down = cell_differences(np.maximum(rows[:, :, np.newaxis] + columns[:, np.newaxis, :] - 1, 0))
    likely_up, likely_down = _log_likelihood(tables, up), _log_likelihood(tables, down)
    return np.maximum(likely_up, likely_down), np.where(likely_up >= likely_down, 1.0, -1.0)


def _log_likelihood(tables: Floats, p: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(tables > 0, tables * np.log(np.where(p > _NOTHING, p, 0)), 0.0).sum(axis=(1, 2)))


def _at_the_ends(tables: Floats, h: Floats, k: Floats, rho: Floats, at_end: Floats, end: Floats) -> Floats:
    those = np.flatnonzero(np.isfinite(at_end) & (np.abs(rho) < 1))
    if not those.size:
        return rho
    cells = cells_of(h[those], k[those], rho[those], tables[those])
    inside = _log_likelihood(tables[those], cells.p)
    better = at_end[those] >= inside - _LIKELIER * tables[those].sum(axis=(1, 2))
    rho[those] = np.where(better, end[those], rho[those])
    return rho
