"""Least squares for ordered items: thresholds and polychoric correlations against what a model implies.

With s the observed thresholds and correlations of a group, sigma the implied ones and w a weight for each,

    F = sum over groups of (n_g - 1) sum_k w_k (s_k - sigma_k)^2 / (2 N),

w = 1 for ULS and 1 / Gamma_kk for DWLS, Gamma being n times the asymptotic covariance of s, and N = sum n_g. Numpy and
scipy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.gamma import covariance_of_many
from movement_readiness.psychometrics.confirmatory.implied import Model, Moments
from movement_readiness.psychometrics.confirmatory.search import Expansion, Found, minimise
from movement_readiness.psychometrics.confirmatory.teams import joint_gamma, over_teams
from movement_readiness.psychometrics.correlation._asymptotic import (
    Moves,
    asymptotic_covariance,
    clustered_moves,
    moves_of,
    standard_errors,
)
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate

__all__ = ["LeastSquares", "MomentSample", "OrdinalSample", "fitted", "gamma_of_all", "ordinal_sample"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MANY = 2_000  # respondents whose products are worth single precision


@dataclass(frozen=True, slots=True, eq=False)
class MomentSample:
    """Moments of ``n`` respondents in one group, shape (moments,), in the model's order."""

    n: int
    moments: Floats


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalSample:
    """What the answers of one group say.

    ``n`` respondents; ``moments`` (moments,), thresholds item by item, then correlations pair by pair; ``variances``
    (moments,), n times the asymptotic variance of each, respondents taken as independent; ``gamma``
    (moments, moments), n times the asymptotic covariance of all, cluster-robust where clusters were given, or None;
    ``n_thresholds``; ``found``, the estimates themselves; ``moved`` (clusters, moments), what each cluster does to the
    moments, and ``teams`` (clusters,), the number that each has in all groups, where some have respondents in several.
    """

    n: int
    moments: Floats
    variances: Floats
    gamma: Floats | None
    n_thresholds: int
    found: PolychoricEstimates
    moved: Floats | None = None
    teams: Ints | None = None

    @property
    def thresholds(self) -> Floats:
        """Shape (thresholds,)."""
        return self.moments[: self.n_thresholds]

    @property
    def correlations(self) -> Floats:
        """The polychoric matrix, shape (items, items)."""
        return self.found.correlations


def ordinal_sample(
    codes: npt.NDArray[np.integer],
    sizes: Ints,
    *,
    full: bool,
    clusters: Ints | None = None,
    teams: Ints | None = None,
    correct: float | str = "lavaan",
) -> OrdinalSample:
    """Thresholds, polychoric correlations and their precision.

    Parameters
    ----------
    codes : integer array, shape (respondents, items)
        From 0; -1 where missing.
    sizes : array, shape (items,)
        Categories of each item, each used by somebody.
    full : bool
        Whether the whole of gamma is needed.
    clusters : array, shape (respondents,), optional
        From 0.
    teams : array, shape (clusters,), optional
        The number of each cluster in all groups, where some have respondents in several.
    correct : float or "lavaan"
        Of empty cells, as in `polychoric`; by default .5 in the one empty cell of a 2 x 2 table.

    Returns
    -------
    OrdinalSample
    """
    found = estimate(codes, sizes, correct)
    n = int((codes >= 0).any(axis=1).sum())
    moves = moves_of(found)
    finite = np.isfinite(found.thresholds)
    by_threshold, by_pair = standard_errors(found, moves)
    variances = n * np.concatenate([by_threshold[finite], by_pair]) ** 2
    moments = np.concatenate([found.thresholds[finite], found.rho])
    n_thresholds = int(finite.sum())
    if full and clusters is not None and teams is not None:
        moved = clustered_moves(codes, sizes, moves, (found.pairs.first, found.pairs.second), clusters)
        return OrdinalSample(n, moments, variances, n * moved.T @ moved, n_thresholds, found, moved, teams)
    gamma = _gamma(codes, sizes, found, moves, n, clusters) if full else None
    return OrdinalSample(n, moments, variances, gamma, n_thresholds, found)


def gamma_of_all(samples: Sequence[OrdinalSample]) -> Floats | None:
    """`joint_gamma` of samples whose clusters have respondents in several groups; None where they have not."""
    known = [(one.moved, one.teams) for one in samples if one.moved is not None and one.teams is not None]
    if not known or len(known) < len(samples):
        return None
    moved, teams = zip(*known, strict=True)
    return joint_gamma(over_teams(moved, teams), [sample.n for sample in samples])


def _gamma(
    codes: npt.NDArray[np.integer], sizes: Ints, found: PolychoricEstimates, moves: Moves, n: int, clusters: Ints | None
) -> Floats:
    if n > _MANY and clusters is None:
        return covariance_of_many(codes, sizes, moves, n)
    pairs = (found.pairs.first, found.pairs.second)
    return n * asymptotic_covariance(codes, sizes, moves, pairs, clusters)


class LeastSquares:
    """The discrepancy of a model from the samples of its groups.

    Parameters
    ----------
    model : Model
    samples : sequence of OrdinalSample or MomentSample
    weights : sequence of arrays, shape (moments,) each
    """

    def __init__(
        self, model: Model, samples: Sequence[OrdinalSample | MomentSample], weights: Sequence[Floats]
    ) -> None:
        self.model, self.samples = model, samples
        total = sum(sample.n for sample in samples)
        self.given = tuple(weights)
        self.weights = [weight * ((sample.n - 1) / total) for sample, weight in zip(samples, weights, strict=True)]

    def residuals(self, implied: Sequence[Moments]) -> list[Floats]:
        """Observed minus implied, for each group."""
        return [
            sample.moments - self.model.vector(moments) for sample, moments in zip(self.samples, implied, strict=True)
        ]

    def value(self, theta: Floats) -> float:
        """F at theta; infinite where a latent response has no positive variance."""
        off = self.residuals(self.model.implied(theta))
        value = sum(float(weight @ (one * one)) for weight, one in zip(self.weights, off, strict=True)) / 2
        return value if np.isfinite(value) else np.inf

    def expansion(self, theta: Floats) -> Expansion:
        """F with its slope and J'WJ, the Gauss-Newton curvature."""
        off = self.residuals(self.model.implied(theta))
        value, gradient = 0.0, np.zeros(theta.size)
        curvature = np.zeros((theta.size, theta.size))
        for weight, one, jacobian in zip(self.weights, off, self.model.jacobian(theta), strict=True):
            weighted = jacobian * weight[:, np.newaxis]
            value += float(weight @ (one * one)) / 2
            gradient -= one @ weighted
            curvature += weighted.T @ jacobian
        return Expansion(value if np.isfinite(value) else np.inf, gradient, curvature)

    def information(self, theta: Floats) -> Floats:
        """J'WJ with n_g in place of n_g - 1, as lavaan's modification indices have it."""
        total = sum(sample.n for sample in self.samples)
        parts = zip(self.samples, self.given, self.model.jacobian(theta), strict=True)
        return np.asarray(sum((j * (w * s.n / total)[:, np.newaxis]).T @ j for s, w, j in parts))


class _WithoutThresholds:
    """`LeastSquares` where every threshold is free and alone: they fit exactly, whatever the rest is."""

    def __init__(self, whole: LeastSquares, rest: Ints) -> None:
        self.whole, self.rest = whole, rest
        self.begin = whole.model.threshold_item.size
        self.base = np.zeros(whole.model.n_free)

    def _full(self, part: Floats) -> Floats:
        theta = self.base.copy()
        theta[self.rest] = part
        return theta

    def value(self, part: Floats) -> float:
        implied = self.whole.model.implied(self._full(part))
        off = [one[self.begin :] for one in self.whole.residuals(implied)]
        value = sum(float(w[self.begin :] @ (one * one)) for w, one in zip(self.whole.weights, off, strict=True)) / 2
        return value if np.isfinite(value) else np.inf

    def expansion(self, part: Floats) -> Expansion:
        theta = self._full(part)
        off = self.whole.residuals(self.whole.model.implied(theta))
        value, gradient = 0.0, np.zeros(part.size)
        curvature = np.zeros((part.size, part.size))
        jacobians = self.whole.model.jacobian(theta)
        for weight, one, jacobian in zip(self.whole.weights, off, jacobians, strict=True):
            w, r = weight[self.begin :], one[self.begin :]
            own = jacobian[self.begin :, self.rest]
            weighted = own * w[:, np.newaxis]
            value += float(w @ (r * r)) / 2
            gradient -= r @ weighted
            curvature += weighted.T @ own
        return Expansion(value if np.isfinite(value) else np.inf, gradient, curvature)


def fitted(objective: LeastSquares, start: Floats, others: Sequence[Floats] = ()) -> Found:
    """The parameters with the smallest F."""
    model = objective.model
    places = _own_thresholds(model)
    if places is None:
        return minimise(objective, start, others)
    rest = np.setdiff1d(np.arange(model.n_free), np.concatenate(places))
    found = minimise(_WithoutThresholds(objective, rest), start[rest], [other[rest] for other in others])
    theta = np.zeros(model.n_free)
    theta[rest] = found.theta
    at = model.threshold_item
    for place, sample, matrices in zip(places, objective.samples, model.matrices(theta), strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            theta[place] = sample.moments[: at.size] / model.scales(matrices)[at] + matrices.mu[at]
    return Found(theta, found.value, found.decrement, found.converged, found.n_steps, found.method)


def _own_thresholds(model: Model) -> list[Ints] | None:
    """Where each group's thresholds are in theta, if each is free and equal to no other."""
    rows = [row for row in model.table.rows if row.op == "|"]
    free = [row.free for row in rows]
    if not rows or min(free) < 0 or len(set(free)) < len(free):
        return None
    moved = any(row.op == "~1" and row.free >= 0 for row in model.table.rows)
    scaled = any(row.op == "~*~" and row.free >= 0 for row in model.table.rows)
    if moved or scaled:
        return None
    places = []
    for group in range(model.table.n_groups):
        own = {model.place(row)[1]: row.free for row in rows if row.group == group}
        places.append(np.array([own[place] for place in range(len(own))], dtype=np.int64))
    return places
