"""What a simulated score is worth in the population, without drawing anyone: means, covariances, ICC(1).

An answer is a step function of its latent response y, a standard normal: x = c_0 + sum_k d_k 1{y > tau_k},
with d_k the step between neighbouring codes. For two latent responses that correlate r, Mehler's expansion
of the bivariate normal density gives the tetrachoric series (Pearson 1900)

    Cov(x_i, x_j) = sum_{n >= 1} r^n h_in h_jn,
    h_in = sum_k d_ik phi(tau_ik) He_{n-1}(tau_ik) / sqrt(n!),

with He_n the Hermite polynomials of probability. In the factor model r = lambda_i lambda_j C_fg, where C is
the covariance of the two people's factors, so that the covariance of two scores is a sum over factors and
terms alone: sum_n sum_fg C_fg^n G_fn G_gn, G_fn = sum_{i in f} w_i lambda_i^n h_in. No pair of items is
ever integrated, and the ICC(1) of a score can be solved for in microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from movement_readiness.simulation.measurement import Measurement

__all__ = ["ItemMoments", "ScoreMoments", "between_team_covariance", "item_moments", "total_covariance"]

Floats = npt.NDArray[np.float64]

_NEGLIGIBLE = 1e-17  # terms are dropped once r^n falls below it


@dataclass(frozen=True, eq=False)
class ItemMoments:
    """Of each item's answer, in codes: mean, variance, and the terms lambda^n h_n of its series."""

    mean: Floats
    variance: Floats
    series: Floats
    factor_of: npt.NDArray[np.int64]

    def covariances(self, factor_covariance: Floats) -> Floats:
        """Give the covariances of one person's answers, items x items."""
        n_items = len(self.mean)
        orders = np.arange(1, self.series.shape[1] + 1)
        result = np.zeros((n_items, n_items))
        for f, row in enumerate(factor_covariance):
            for g, value in enumerate(row):
                left, right = np.flatnonzero(self.factor_of == f), np.flatnonzero(self.factor_of == g)
                result[np.ix_(left, right)] = (self.series[left] * value**orders) @ self.series[right].T
        np.fill_diagonal(result, self.variance)
        return result

    def score(self, weights: Floats, constant: float) -> ScoreMoments:
        """Give the moments of the score constant + sum_i w_i x_i."""
        weighted = weights[:, None] * self.series
        factors = np.unique(self.factor_of[(weights != 0) & (self.factor_of >= 0)])
        inside = np.isin(self.factor_of, factors)
        return ScoreMoments(
            mean=float(constant + weights @ self.mean),
            factors=factors,
            series=np.array([weighted[self.factor_of == factor].sum(axis=0) for factor in factors]).reshape(
                len(factors), self.series.shape[1]
            ),
            own=float(weights**2 @ self.variance - (weighted[inside] ** 2).sum()),
        )


@dataclass(frozen=True, eq=False)
class ScoreMoments:
    """Of one score: mean, the terms G of its factors, and the variance that is each item's own."""

    mean: float
    factors: npt.NDArray[np.int64]
    series: Floats
    own: float

    def shared(self, factor_covariance: Floats) -> float:
        """Give the covariance of two people's scores whose factors have these covariances."""
        orders = np.arange(1, self.series.shape[1] + 1)
        powers = factor_covariance[np.ix_(self.factors, self.factors)][..., None] ** orders
        return float(np.einsum("fgn,fn,gn->", powers, self.series, self.series, optimize=False))

    def variance(self, correlations: Floats, team_variance: Floats) -> float:
        """Give the variance of the score over all people."""
        return self.shared(total_covariance(correlations, team_variance)) + self.own

    def icc1(self, correlations: Floats, team_variance: Floats, share: float = 1.0) -> float:
        """Give the ICC(1): covariance of two people of a team over the variance of a person.

        With the site's share of the team variance as `share`, the same for two people of one site.
        """
        variance = self.variance(correlations, team_variance)
        if variance <= 0:  # thresholds so far out that everyone gives one answer
            return 0.0
        return self.shared(share * between_team_covariance(correlations, team_variance)) / variance


def between_team_covariance(correlations: Floats, team_variance: Floats) -> Floats:
    """Give the factors' covariances between two people of one team: what team and site bring."""
    spread = np.sqrt(team_variance)
    covariances: Floats = correlations * np.outer(spread, spread)
    return covariances


def total_covariance(correlations: Floats, team_variance: Floats) -> Floats:
    """Give the factors' covariances of one person, with unit variances."""
    return between_team_covariance(correlations, team_variance) + between_team_covariance(
        correlations, 1 - team_variance
    )


def item_moments(measurement: Measurement, shift: float = 0.0) -> ItemMoments:
    """Give the moments of the answers when every factor's mean is moved by `shift`."""
    loadings = measurement.loadings
    moved = [tau - loading * shift for tau, loading in zip(measurement.thresholds, loadings, strict=True)]
    n_terms = _n_terms(float(np.abs(loadings).max(initial=0.0)))
    steps = [np.diff(codes).astype(float) for codes in measurement.codes]
    chances = [np.diff(norm.cdf(tau), prepend=0.0, append=1.0) for tau in moved]
    means = np.array([p @ codes for p, codes in zip(chances, measurement.codes, strict=True)])
    variances = [p @ (codes - mean) ** 2 for p, codes, mean in zip(chances, measurement.codes, means, strict=True)]
    powers = loadings[:, None] ** np.arange(1, n_terms + 1)
    return ItemMoments(means, np.array(variances), powers * _hermite(moved, steps, n_terms), measurement.factor_of)


def _n_terms(largest_loading: float) -> int:
    """Give the number of terms after which the series of two such items has nothing left to add."""
    if largest_loading == 0:
        return 1
    return int(np.ceil(np.log(_NEGLIGIBLE) / (2 * np.log(largest_loading))))


def _hermite(thresholds: list[Floats], steps: list[Floats], n_terms: int) -> Floats:
    """Give h_in, items x n_terms, by the three-term recurrence of phi(t) He_n(t) / sqrt(n!)."""
    tau, step = np.concatenate(thresholds), np.concatenate(steps)
    starts = np.cumsum([0, *(len(part) for part in thresholds[:-1])])
    before, now = np.zeros_like(tau), norm.pdf(tau)
    result = np.empty((len(thresholds), n_terms))
    for n in range(n_terms):
        result[:, n] = np.add.reduceat(step * now, starts) / np.sqrt(n + 1)
        before, now = now, (tau * now - np.sqrt(n) * before) / np.sqrt(n + 1)
    return result
