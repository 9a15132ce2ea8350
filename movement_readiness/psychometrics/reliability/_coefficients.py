"""Reliability coefficients on arrays: numbers only, no checks, no labels (numpy and scipy alone).

Every function takes a covariance or correlation matrix of k items, shape (k, k), or answers, shape
(respondents, k), with NaN where one is missing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri, ndtri, stdtrit

__all__ = [
    "alpha_influence",
    "alpha_of",
    "alpha_without",
    "correlation_of",
    "covariance_matrix",
    "feldt_limits",
    "item_rest",
    "item_rest_common",
    "squared_multiple",
    "wald_limits",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def covariance_matrix(x: Floats) -> tuple[Floats, Ints]:
    """Covariances from the respondents who have both answers of a pair, and how many there are.

    Divisor n_ij - 1, means of the pair's own respondents (R: ``cov(use = "pairwise")``); with complete rows the
    ordinary covariance matrix. NaN for a pair with fewer than two respondents.
    """
    there = ~np.isnan(x)
    if there.all():
        centred = x - x.mean(axis=0)
        return centred.T @ centred / max(len(x) - 1, 1), np.full((x.shape[1],) * 2, len(x), dtype=np.int64)
    with np.errstate(invalid="ignore"):
        middle = np.nanmean(np.where(there.any(axis=0), x, 0.0), axis=0)  # for precision alone
    filled, known = np.where(there, x - middle, 0.0), there.astype(np.float64)
    n = known.T @ known
    sums = filled.T @ known  # sums[i, j]: of item i over the respondents who have both
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (filled.T @ filled - sums * sums.T / n) / np.where(n > 1, n - 1, np.nan)
    return found, n.astype(np.int64)


def correlation_of(covariance: Floats) -> Floats:
    """Correlations of a covariance matrix; NaN for an item without variance."""
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = covariance / np.outer(np.where(sd > 0, sd, np.nan), sd)
    np.fill_diagonal(found, np.where(sd > 0, 1.0, np.nan))
    return np.asarray(found)


def alpha_of(covariance: Floats) -> float:
    """K / (k - 1) (1 - sum of the variances / variance of the sum)."""
    k, total = len(covariance), covariance.sum()
    if not total > 0 or k < 2:
        return float("nan")
    return float(k / (k - 1) * (1 - np.trace(covariance) / total))


def alpha_without(covariance: Floats) -> Floats:
    """Alpha of the other items, for each item left out; shape (k,)."""
    places = np.arange(len(covariance))
    rests = (places[places != item] for item in places)
    return np.array([alpha_of(covariance[np.ix_(rest, rest)]) for rest in rests])


def item_rest(covariance: Floats) -> Floats:
    """Correlation of each item with the sum of the others; shape (k,)."""
    variance, with_total = np.diag(covariance), covariance.sum(axis=1)
    rest_variance = covariance.sum() - 2 * with_total + variance
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((with_total - variance) / np.sqrt(variance * rest_variance))


def squared_multiple(correlations: Floats) -> Floats:
    """Squared multiple correlation of each item with the others, 1 - 1 / r^ii; NaN where there is no inverse."""
    if np.isnan(correlations).any() or np.linalg.matrix_rank(correlations) < len(correlations):
        return np.full(len(correlations), np.nan)
    return np.asarray(1 - 1 / np.diag(np.linalg.inv(correlations)))


def item_rest_common(correlations: Floats, common: Floats | None = None) -> Floats:
    """Item-whole correlation with the item's own part replaced by what it shares with the others.

    With c_i the squared multiple correlation of item i, ``(sum_{j != i} r_ij + c_i) / sqrt(sum_{j != l} r_jl +
    sum_j c_j)``: psych's ``r.cor``.
    """
    shared = squared_multiple(correlations) if common is None else common
    reduced = correlations - np.diag(np.diag(correlations)) + np.diag(shared)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(reduced.sum(axis=1) / np.sqrt(reduced.sum()))


def feldt_limits(alpha: float, n: int, k: int, confidence: float) -> tuple[float, float]:
    """Limits from (1 - alpha) / (1 - estimate) ~ F(n - 1, (n - 1)(k - 1))."""
    if n < 2 or k < 2 or np.isnan(alpha):
        return float("nan"), float("nan")
    tail, df = (1 - confidence) / 2, (n - 1, (n - 1) * (k - 1))
    return (
        float(1 - (1 - alpha) * fdtri(*df, 1 - tail)),
        float(1 - (1 - alpha) * fdtri(*df, tail)),
    )


def alpha_influence(x: Floats) -> Floats:
    """How much each respondent moves alpha: k / (k - 1) ((t_i^2 - B) A / B^2 - (q_i - A) / B); shape (n,).

    x holds complete rows; with x_i centred, t_i its sum, q_i its sum of squares, A and B their means (of q and t^2).
    """
    k, centred = x.shape[1], x - x.mean(axis=0)
    squares, totals = (centred**2).sum(axis=1), centred.sum(axis=1) ** 2
    a, b = squares.mean(), totals.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(k / (k - 1) * ((totals - b) * a / b**2 - (squares - a) / b))


def wald_limits(
    estimate: float, standard_error: float, confidence: float, df: int | None = None
) -> tuple[float, float]:
    """Estimate plus and minus z standard errors, or t standard errors with `df` degrees of freedom; up to 1.

    An estimate above 1 is its own upper limit.
    """
    point = (1 + confidence) / 2
    reach = (ndtri(point) if df is None else stdtrit(df, point)) * standard_error
    return float(estimate - reach), float(min(estimate + reach, max(estimate, 1.0)))
