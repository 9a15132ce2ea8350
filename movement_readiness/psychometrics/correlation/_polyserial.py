"""Correlations of a measured variable with ordered answers, by maximum likelihood: numbers only (numpy and scipy).

With z the standardised measured variable and tau the thresholds of the item, both held at what their own margins
give, answer j at z has the probability Phi(u_j) - Phi(u_{j-1}), u_j = (tau_j - rho z) / sqrt(1 - rho^2), and the
estimate maximises the sum of its logarithm over those who have both (Olsson, Drasgow and Dorans 1982, two-step).
Standard errors take in the thresholds, the mean and the variance, all by products of casewise scores.
Ratios of densities to probabilities are taken in logarithms, so that nobody is too far out to count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr, ndtr

from movement_readiness.psychometrics.correlation._bivariate import FAR, normal_density

__all__ = ["PolyserialPair", "fit_polyserial"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STEPS = 100
_FARTHEST = 9.0
_CLOSE = 1e-8
_AT_THE_END = 1 - 1e-6
_LOG_SQRT_2PI = float(np.log(2 * np.pi) / 2)


@dataclass(frozen=True, slots=True)
class PolyserialPair:
    """One estimate: rho, its standard error, respondents who have both, whether it converged."""

    rho: float
    standard_error: float
    n: int
    converged: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Slopes:
    """Casewise derivatives of log P: with respect to rho (two of them), to z, and to the limits above and below."""

    rho: Floats
    bend: Floats
    z: Floats
    above: Floats
    below: Floats


def fit_polyserial(measured: Floats, codes: npt.NDArray[np.integer], thresholds: Floats) -> PolyserialPair:
    """Polyserial correlation of one measured variable and one item.

    Parameters
    ----------
    measured : array, shape (respondents,)
        NaN where missing.
    codes : integer array, shape (respondents,)
        From 0; -1 where missing.
    thresholds : array, shape (K - 1,)
        Of the item, from all who answered it.

    Returns
    -------
    PolyserialPair
        NaN where fewer than two respondents have both, or one of the two does not vary among them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> z = rng.standard_normal(2000)
    >>> answers = (0.6 * z + 0.8 * rng.standard_normal(2000) > 0).astype(int)
    >>> round(fit_polyserial(z, answers, np.array([0.0])).rho, 2)
    0.59
    """
    has, answered = ~np.isnan(measured), codes >= 0
    both = has & answered
    values = measured[has]
    if both.sum() < 2 or np.ptp(measured[both]) == 0 or np.ptp(codes[both]) == 0:
        return PolyserialPair(np.nan, np.nan, int(both.sum()), True)
    mean, deviation = values.mean(), values.std()
    z, limits = (measured[both] - mean) / deviation, np.concatenate([[-np.inf], thresholds, [np.inf]])
    above, below = limits[codes[both] + 1], limits[codes[both]]
    rho, converged = _maximum(z, above, below)
    error = np.nan
    if abs(rho) < _AT_THE_END:
        moves = _moves(measured, codes, (mean, deviation), thresholds, rho)
        error = float(np.sqrt(moves @ moves))
    return PolyserialPair(rho, error, int(both.sum()), converged)


def _maximum(z: Floats, above: Floats, below: Floats) -> tuple[float, bool]:
    at, low, high = 0.0, -_FARTHEST, _FARTHEST
    for _ in range(_STEPS):
        rho = np.tanh(at)
        slopes, u = _slopes(z, above, below, rho), (1 - rho) * (1 + rho)
        score = slopes.rho.sum()
        low, high = (at, high) if score > 0 else (low, at)
        curved = slopes.bend.sum() * u * u - 2 * rho * u * score
        step = -score * u / curved if curved < 0 else score * u / ((slopes.rho**2).sum() * u * u)
        if not low < at + step < high and not abs(step) < _CLOSE:
            step = (low + high) / 2 - at
        at += step
        if abs(step) < _CLOSE:
            return float(np.tanh(at)), True
    return float(np.tanh(at)), False


def _slopes(z: Floats, above: Floats, below: Floats, rho: float) -> _Slopes:
    square = (1 - rho) * (1 + rho)
    s = np.sqrt(square)
    up, down = (np.clip((limit - rho * z) / s, -1e6, 1e6) for limit in (above, below))
    log_p = _log_interval(down, up)
    ratios = []
    for u, limit in ((up, above), (down, below)):
        finite = np.isfinite(limit)
        edge = np.where(finite, limit, 0.0)
        density = np.where(finite, np.exp(np.where(finite, -0.5 * u * u - _LOG_SQRT_2PI, -np.inf) - log_p), 0.0)
        turn = (edge * rho - z) / (square * s)  # du / drho
        bend = edge / (square * s) + 3 * rho * (edge * rho - z) / (square * square * s)
        ratios.append((density, density * turn, density * (bend - u * turn * turn)))
    (dense_up, first_up, second_up), (dense_down, first_down, second_down) = ratios
    g = first_up - first_down
    return _Slopes(
        g, second_up - second_down - g * g, -rho / s * (dense_up - dense_down), dense_up / s, -dense_down / s
    )


def _log_interval(down: Floats, up: Floats) -> Floats:
    """Log of Phi(up) - Phi(down), upper tails from their own side."""
    turn = down > 0
    down, up = np.where(turn, -up, down), np.where(turn, -down, up)
    outer = log_ndtr(up)
    return np.asarray(outer + np.log(-np.expm1(np.minimum(log_ndtr(down) - outer, -1e-300))))


def _moves(
    measured: Floats, codes: npt.NDArray[np.integer], moments: tuple[float, float], thresholds: Floats, rho: float
) -> Floats:
    """How far each respondent moves rho, the uncertainty of mean, variance and thresholds included."""
    mean, deviation = moments
    has, answered = ~np.isnan(measured), codes >= 0
    both = has & answered
    limits = np.concatenate([[-np.inf], thresholds, [np.inf]])
    z = (measured - mean) / deviation
    slopes = _slopes(z[both], limits[codes[both] + 1], limits[codes[both]], rho)
    g = slopes.rho
    scores = np.column_stack([z / deviation, (z * z - 1) / (2 * deviation**2)])  # of mean and variance, normal
    by_z = np.column_stack([np.full(g.size, 1 / deviation), z[both] / (2 * deviation**2)])
    pull_of_moments = g @ (scores[both] - slopes.z[:, np.newaxis] * by_z)
    moves = np.zeros(measured.size)
    moves[both] += g
    moves[has] -= scores[has] @ np.linalg.solve(scores[has].T @ scores[has], pull_of_moments)
    for place, threshold in enumerate(thresholds):
        answers = codes[both]
        pull = g @ np.where(answers == place, slopes.above, np.where(answers == place + 1, slopes.below, 0.0))
        at = np.clip(threshold, -FAR, FAR)
        moves[answered] -= (
            pull * ((codes[answered] <= place) - ndtr(at)) / (answered.sum() * normal_density(np.array(at)))
        )
    return np.asarray(moves / (g * g).sum())
