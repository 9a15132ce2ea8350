r"""Factor scores on arrays: posterior modes from ordered answers, regression scores from numbers (numpy and scipy).

Ordered answers. With factors eta ~ N(alpha, Phi), loadings l_i, residual variances t_i and thresholds
c_i0 = -inf < c_i1 < ... < c_iK = inf of the latent response, answer k to item i has the probability

    P_ik(eta) = Phi((c_i,k+1 - l_i'eta) / sqrt(t_i)) - Phi((c_ik - l_i'eta) / sqrt(t_i)),

and the score is the eta with the largest sum over the answered items of log P_ik(eta) - (eta - alpha)' Phi^-1
(eta - alpha) / 2, its standard error the root of the diagonal of the inverse of the curvature there. Each term is
concave, so there is one such eta and Newton's method finds it.

Numbers. eta = alpha + Phi L' S^-1 (y - mu), S = L Phi L' + Theta, over the items that were answered; standard errors
are the roots of the diagonal of Phi - Phi L' S^-1 L Phi.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

__all__ = ["OrdinalFactors", "Scores", "expected_answers", "posterior_modes", "regression_scores"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]

BLOCK = 256  # rows at a time, always: so that a row's arithmetic does not depend on how many others there are
_FAR = 30.0  # standard deviations beyond which a probability no longer falls
_SMALLEST = 1e-6  # residual variance of an item that its factors determine
_STEPS, _CLOSE, _SLACK = 100, 1e-7, 1e-12  # a step squares the distance: after one of 1e-7 nothing is left
_ROOT_TWO_PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalFactors:
    """A factor model of ordered items.

    Parameters
    ----------
    loadings : array, shape (items, factors)
    thresholds : array, shape (items, K - 1)
        Rising, +inf behind an item's last.
    residuals : array, shape (items,)
        Residual variances of the latent responses.
    means : array, shape (factors,)
    covariances : array, shape (factors, factors)
    """

    loadings: Floats
    thresholds: Floats
    residuals: Floats
    means: Floats
    covariances: Floats

    @property
    def limits(self) -> Floats:
        """Where the answers begin and end, in residual standard deviations, shape (items, K + 1)."""
        ends = np.full((len(self.thresholds), 1), np.inf)
        return np.concatenate([-ends, self.thresholds, ends], axis=1) / self.spread[:, np.newaxis]

    @property
    def spread(self) -> Floats:
        """Residual standard deviations, shape (items,); never zero."""
        return np.asarray(np.sqrt(np.maximum(self.residuals, _SMALLEST)))

    @property
    def slopes(self) -> Floats:
        """Loadings in residual standard deviations, shape (items, factors)."""
        return np.asarray(self.loadings / self.spread[:, np.newaxis])


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores and standard errors, shape (respondents, factors) each, and which rows reached their maximum."""

    values: Floats
    errors: Floats
    converged: Flags


def posterior_modes(codes: Codes, model: OrdinalFactors) -> Scores:
    """The most probable factor values given ordered answers.

    Parameters
    ----------
    codes : integer array, shape (respondents, items)
        Categories from 0; -1 where missing. A row without answers gets the factor means and standard deviations.
    model : OrdinalFactors

    Returns
    -------
    Scores

    Notes
    -----
    A row's scores depend on nothing but its own answers: rows are worked on in blocks of one size, and a row that has
    arrived stays where it is.

    Examples
    --------
    >>> model = OrdinalFactors(
    ...     np.full((3, 1), 0.8), np.zeros((3, 1)), np.full(3, 0.36), np.zeros(1), np.eye(1)
    ... )
    >>> posterior_modes(np.array([[1, 1, 1], [1, 0, -1], [-1, -1, -1]]), model).values.round(3).ravel().tolist()
    [0.892, 0.0, 0.0]
    """
    n, m = len(codes), len(model.covariances)
    found = Scores(np.empty((n, m)), np.empty((n, m)), np.empty(n, dtype=bool))
    problem = _Problem(model)
    block = np.full((BLOCK, codes.shape[1]), -1, dtype=np.int64)
    for begin in range(0, n, BLOCK):
        size = min(BLOCK, n - begin)
        block[:size] = codes[begin : begin + size]
        block[size:] = -1
        values, errors, converged = problem.solve(block)
        rows = slice(begin, begin + size)
        found.values[rows], found.errors[rows], found.converged[rows] = (
            values[:size],
            errors[:size],
            converged[:size],
        )
    return found


class _Problem:
    """The posterior of a block of rows, with its slope and curvature."""

    def __init__(self, model: OrdinalFactors) -> None:
        self.limits, self.slopes, self.means = model.limits, model.slopes, model.means
        self.precision = np.linalg.inv(model.covariances)
        self.squares = (self.slopes[:, :, np.newaxis] * self.slopes[:, np.newaxis, :]).reshape(len(self.slopes), -1)
        self.items = np.arange(len(self.slopes))

    def solve(self, codes: Codes) -> tuple[Floats, Floats, Flags]:
        """Newton steps from the means, halved where the posterior would fall."""
        there = codes >= 0
        place = np.maximum(codes, 0)
        lower, upper = self.limits[self.items, place], self.limits[self.items, place + 1]
        eta = np.tile(self.means, (len(codes), 1))
        arrived = np.zeros(len(codes), dtype=bool)
        value, slope, curvature = self._expansion(eta, lower, upper, there)
        for _ in range(_STEPS):
            step: Floats = np.asarray(np.linalg.solve(curvature, slope[:, :, np.newaxis])[:, :, 0], dtype=np.float64)
            step[arrived] = 0.0
            eta, value, slope, curvature = self._ascent(eta, step, value, lower, upper, there)
            arrived |= np.abs(step).max(axis=1) < _CLOSE
            if arrived.all():
                break
        spread = np.sqrt(np.diagonal(np.linalg.inv(curvature), axis1=1, axis2=2))
        return eta, spread, arrived

    def _ascent(
        self, eta: Floats, step: Floats, value: Floats, lower: Floats, upper: Floats, there: Flags
    ) -> tuple[Floats, Floats, Floats, Floats]:
        length = np.ones(len(eta))
        new = self._expansion(eta + step, lower, upper, there)
        for _ in range(_STEPS):
            worse = new[0] < value - _SLACK * (1 + np.abs(value))
            if not worse.any():
                break
            length[worse] /= 2
            new = self._expansion(eta + length[:, np.newaxis] * step, lower, upper, there)
        return (eta + length[:, np.newaxis] * step, *new)

    def _expansion(self, eta: Floats, lower: Floats, upper: Floats, there: Flags) -> tuple[Floats, Floats, Floats]:
        """Log posterior, slope and minus second derivatives of every row."""
        centre = eta @ self.slopes.T
        logs, first, second = _interval(lower - centre, upper - centre)
        away = eta - self.means
        pull = away @ self.precision
        value = np.where(there, logs, 0.0).sum(axis=1) - (pull * away).sum(axis=1) / 2
        slope = np.where(there, first, 0.0) @ self.slopes - pull
        weights = np.where(there, second, 0.0) @ self.squares
        return value, slope, weights.reshape(-1, *self.precision.shape) + self.precision


def _interval(low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """Log of Phi(high) - Phi(low), its derivative by a move of both downwards, and minus the second one."""
    low, high = np.clip(low, -_FAR, _FAR), np.clip(high, -_FAR, _FAR)
    flipped = low > 0  # the lower tail has more digits
    below, above = np.where(flipped, -high, low), np.where(flipped, -low, high)
    chance = np.maximum(ndtr(above) - ndtr(below), 1e-300)
    at_low, at_high = np.exp(-(low**2) / 2) / _ROOT_TWO_PI, np.exp(-(high**2) / 2) / _ROOT_TWO_PI
    first = (at_low - at_high) / chance
    second = first**2 + (high * at_high - low * at_low) / chance
    return np.log(chance), first, np.maximum(second, 0.0)


def expected_answers(values: Floats, model: OrdinalFactors, lowest: Floats, steps: Floats) -> Floats:
    """The expected answer to each item at given factor values, shape (respondents, items).

    The lowest answer, and each step to the next one times the probability to pass the threshold between the two.

    Parameters
    ----------
    values : array, shape (respondents, factors)
    model : OrdinalFactors
    lowest : array, shape (items,)
    steps : array, shape (items, K - 1)
        0 behind an item's last.
    """
    centre = values @ model.slopes.T
    limits = model.limits[:, 1:-1]
    found = np.tile(lowest, (len(values), 1))
    for place in range(limits.shape[1]):
        found += steps[:, place] * ndtr(centre - limits[:, place])
    return found


def regression_scores(
    answers: Floats, loadings: Floats, covariances: Floats, residuals: Floats, means: Floats, intercepts: Floats
) -> Scores:
    """Regression (Thurstone) scores of numbers, NaN where missing.

    Parameters
    ----------
    answers : array, shape (respondents, items)
    loadings : array, shape (items, factors)
    covariances : array, shape (factors, factors)
    residuals : array, shape (items, items)
    means : array, shape (factors,)
    intercepts : array, shape (items,)

    Returns
    -------
    Scores
        A row without answers gets the factor means and standard deviations.
    """
    sigma = loadings @ covariances @ loadings.T + residuals
    mu = intercepts + loadings @ means
    there = ~np.isnan(answers)
    n, m = len(answers), len(covariances)
    found = Scores(np.empty((n, m)), np.empty((n, m)), np.ones(n, dtype=bool))
    patterns, which = np.unique(there, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = np.flatnonzero(which.ravel() == number)
        own = loadings[pattern] @ covariances
        weights = np.linalg.solve(sigma[np.ix_(pattern, pattern)], own) if pattern.any() else own
        found.values[rows] = means + (answers[np.ix_(rows, pattern)] - mu[pattern]) @ weights
        rest = np.diag(covariances) - (own * weights).sum(axis=0)
        found.errors[rows] = np.sqrt(np.maximum(rest, 0.0))
    return found
