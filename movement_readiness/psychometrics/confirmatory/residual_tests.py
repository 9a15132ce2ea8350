r"""Residuals in units of their standard errors (numpy alone).

With s the moments of a group, J_g the derivatives of its implied moments, W_g the weights of the fit (its second
derivatives by the moments, as if they were parameters), Gamma_g n_g times the covariance of s, shares c_g = n_g / N and
B = (sum_g c_g J_g'W_g J_g)^-1, estimates move by B sum_g c_g J_g'W_g (s_g - sigma_g), so that the residual
e_g = s_g - sigma_g has N times the covariance

    Gamma_g / c_g - P_g - P_g' + J_g B M B J_g',   P_g = Gamma_g W_g J_g B J_g',   M = sum_g c_g J_g'W_g Gamma_g W_g J_g

(Maydeu-Olivares 2017). Normal likelihood of complete answers: W as expected at the implied, Gamma at the observed
covariances. "mlr", and answers with gaps: W is the second derivative that these answers give, and Gamma its inverse
without a model, or the sandwich of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.confirmatory import normal
from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem
from movement_readiness.psychometrics.confirmatory.normal_robust import crossed_scores
from movement_readiness.psychometrics.confirmatory.normal_sample import CompleteSample, NormalSample
from movement_readiness.psychometrics.confirmatory.ordinal import LeastSquares, OrdinalSample
from movement_readiness.psychometrics.confirmatory.vech import symmetric

if TYPE_CHECKING:
    from movement_readiness.psychometrics.confirmatory.fitting import Fit

__all__ = ["standardized_residuals"]

Floats = npt.NDArray[np.float64]

_NOUGHT = 1e-9  # of a moment's own variance: a residual that cannot vary


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """``share`` of the respondents, ``jacobian``, ``weights`` and ``gamma`` of the moments."""

    share: float
    jacobian: Floats
    weights: Floats
    gamma: Floats

    @property
    def pulled(self) -> Floats:
        return np.asarray(self.weights @ self.jacobian)


def standardized_residuals(fit: Fit) -> list[Floats]:
    """Residual covariances (correlations of ordered items) over their standard errors, items x items of each group."""
    _check(fit)
    groups = _groups(fit)
    count = sum(group.jacobian.shape[0] for group in groups)
    if np.isnan(fit.covariance).any() or not count:
        return [np.full(one.sigma.shape, np.nan) for one in fit.observed]
    errors = _errors(groups, sum(fit.n))
    found = []
    for observed, implied, error in zip(fit.observed, fit.model.implied(fit.theta), errors, strict=True):
        off = fit.model.vector(observed) - fit.model.vector(implied)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(np.isnan(error), np.where(np.abs(off) < 1e-4, 0.0, np.nan), off / error)
        found.append(_matrix(ratio, len(observed.sigma), ordinal=fit.model.ordinal))
    return found


def _check(fit: Fit) -> None:
    if not fit.found.converged:
        raise ArgumentError("residuals: expected a model that converged for kind='standardized'; this one did not.")
    samples = fit.objective.samples
    if fit.model.ordinal and any(not isinstance(one, OrdinalSample) or one.gamma is None for one in samples):
        raise ArgumentError(
            "residuals: expected estimator='wlsmv' for kind='standardized' of ordered items, which alone has the "
            f"covariance of all their moments; got {fit.estimator!r}. Its estimates are those of 'dwls'."
        )
    if any(getattr(one, "teams", None) is not None for one in samples):
        raise ArgumentError(
            "residuals: expected clusters that lie within groups for kind='standardized'; some have respondents in "
            "several groups."
        )


def _groups(fit: Fit) -> list[_Group]:
    total = sum(fit.n)
    jacobians = fit.model.jacobian(fit.theta)
    both = [
        _least_squares(fit, place) if isinstance(fit.objective, LeastSquares) else _likelihood(fit, place)
        for place in range(len(jacobians))
    ]
    return [
        _Group(n / total, jacobian, weights, gamma)
        for n, jacobian, (weights, gamma) in zip(fit.n, jacobians, both, strict=True)
    ]


def _least_squares(fit: Fit, place: int) -> tuple[Floats, Floats]:
    if not isinstance(fit.objective, LeastSquares):
        raise TypeError("least squares are needed")
    sample, weights = fit.objective.samples[place], np.diag(fit.objective.given[place])
    if isinstance(sample, OrdinalSample):
        return weights, np.asarray(sample.gamma)
    return weights, _inverse(normal.expected_curvature(fit.observed[place].sigma, fit.model.means))


def _likelihood(fit: Fit, place: int) -> tuple[Floats, Floats]:
    if not isinstance(fit.objective, NormalProblem):
        raise TypeError("a likelihood is needed")
    sample, means = fit.objective.samples[place], fit.model.means
    mu, sigma = fit.objective.moments(fit.theta)[place]
    seen = fit.observed[place]
    if fit.estimator == "ml" and isinstance(sample, CompleteSample):
        of_data = normal.expected_curvature(seen.sigma, means)
        return normal.expected_curvature(sigma, means), _inverse(of_data)
    return normal.curvature(sample, mu, sigma, means), _gamma(sample, seen.mu, seen.sigma, means, fit.estimator)


def _gamma(sample: NormalSample, mean: Floats, covariance: Floats, means: bool, estimator: str) -> Floats:
    inverse = _inverse(normal.curvature(sample, mean, covariance, means))
    if estimator == "ml":
        return inverse
    return np.asarray(inverse @ crossed_scores(sample, mean, covariance, means) @ inverse)


def _inverse(matrix: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(matrix.shape, np.nan)


def _errors(groups: list[_Group], total: int) -> list[Floats]:
    """Standard errors of every residual, shape (moments,) of each group; NaN where it cannot vary."""
    bread = np.linalg.inv(sum(group.share * group.jacobian.T @ group.pulled for group in groups))
    middle = sum(group.share * group.pulled.T @ group.gamma @ group.pulled for group in groups)
    spread = bread @ middle @ bread
    found = []
    for group in groups:
        own = np.diag(group.gamma) / group.share
        crossed = np.einsum("ij,ij->i", group.gamma @ group.pulled @ bread, group.jacobian)
        variance = own - 2 * crossed + np.einsum("ij,ij->i", group.jacobian @ spread, group.jacobian)
        found.append(np.where(variance > _NOUGHT * own, np.sqrt(np.maximum(variance, 0.0) / total), np.nan))
    return found


def _matrix(ratio: Floats, size: int, *, ordinal: bool) -> Floats:
    """The covariance part of the moments as a matrix; correlations have a diagonal of zeros."""
    if not ordinal:
        return symmetric(ratio[-(size * (size + 1) // 2) :], size)
    whole = np.zeros((size, size))
    rows, columns = np.triu_indices(size, 1)
    pairs = ratio[-rows.size :]
    whole[rows, columns] = whole[columns, rows] = pairs
    return whole
