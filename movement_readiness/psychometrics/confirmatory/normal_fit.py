r"""Maximum likelihood with a model of the moments: value and slopes by parameter, information, estimates.

The function minimised is F = sum_g (n_g / N) f_g, with f_g of `normal` and N respondents in all; the chi-square of
the model is 2 N (F - F_saturated). Numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory import normal
from movement_readiness.psychometrics.confirmatory.bending import bend
from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.normal_sample import NormalSample
from movement_readiness.psychometrics.confirmatory.search import Expansion, Found, minimise
from movement_readiness.psychometrics.confirmatory.vech import symmetric

__all__ = ["MomentModel", "NormalProblem", "fit_normal"]

Floats = npt.NDArray[np.float64]


class MomentModel(Protocol):
    """What is asked of a model: `implied.Model` is one."""

    @property
    def n_free(self) -> int:
        """How many free parameters there are."""

    @property
    def means(self) -> bool:
        """Whether means are part of the model."""

    def implied(self, theta: Floats) -> Sequence[Any]:
        """Moments with ``mu`` and ``sigma`` for each group."""

    def jacobian(self, theta: Floats) -> Sequence[Floats]:
        """Derivatives of [mu,] vech(Sigma) for each group, shape (moments, free parameters)."""


@dataclass(frozen=True, slots=True, eq=False)
class NormalProblem:
    """A model and the samples of its groups."""

    model: MomentModel
    samples: tuple[NormalSample, ...]

    @property
    def n(self) -> int:
        """Respondents in all groups."""
        return sum(sample.n for sample in self.samples)

    @property
    def shares(self) -> tuple[float, ...]:
        """n_g / N."""
        return tuple(sample.n / self.n for sample in self.samples)

    def moments(self, theta: Floats) -> list[tuple[Floats | None, Floats]]:
        """Implied mu (None without a mean structure) and Sigma of each group."""
        return [(group.mu if self.model.means else None, group.sigma) for group in self.model.implied(theta)]

    def value(self, theta: Floats) -> float:
        """F; infinite where a Sigma is not positive definite."""
        slopes = self._slopes(theta)
        return np.inf if slopes is None else self._weighted(slopes)

    def expansion(self, theta: Floats) -> Expansion:
        """F, its slopes by theta, and what its second derivatives would be on average without missing answers."""
        slopes = self._slopes(theta)
        if slopes is None:
            return Expansion(np.inf, np.zeros_like(theta), np.eye(theta.size))
        gradient = np.zeros_like(theta)
        for share, found, jacobian in zip(self.shares, slopes, self.model.jacobian(theta), strict=True):
            gradient += share * (jacobian.T @ found.row(self.model.means))
        return Expansion(self._weighted(slopes), gradient, self.expected_information(theta))

    def _slopes(self, theta: Floats) -> list[normal.Slopes] | None:
        found = []
        for sample, (mu, sigma) in zip(self.samples, self.moments(theta), strict=True):
            part = normal.slopes(sample, mu, sigma)
            if part is None:
                return None
            found.append(part)
        return found

    def _weighted(self, slopes: list[normal.Slopes]) -> float:
        return sum(share * found.value for share, found in zip(self.shares, slopes, strict=True))

    def expected_information(self, theta: Floats) -> Floats:
        """J' E[second derivatives of F by the moments] J, as if every answer were there."""
        found = np.zeros((self.model.n_free, self.model.n_free))
        parts = zip(self.shares, self.moments(theta), self.model.jacobian(theta), strict=True)
        for share, (_, sigma), jacobian in parts:
            root = normal.inverse_root(sigma)
            if root is None:
                raise ValueError("the covariance matrix is not positive definite")
            own = np.flatnonzero(jacobian.any(axis=0))  # parameters of other groups move nothing here
            found[np.ix_(own, own)] += share * _information(root, jacobian[:, own], self.model.means)
        return found

    def patterned_information(self, theta: Floats) -> Floats:
        """The same where the answers are missing that are missing."""
        found = np.zeros((self.model.n_free, self.model.n_free))
        parts = zip(self.samples, self.shares, self.moments(theta), self.model.jacobian(theta), strict=True)
        for sample, share, (mu, sigma), jacobian in parts:
            found += share * jacobian.T @ normal.patterned_curvature(sample, mu, sigma, self.model.means) @ jacobian
        return found

    def observed_information(self, theta: Floats) -> Floats:
        """Second derivatives of F by theta.

        J' H J with the second derivatives H by the moments, and the slopes by the moments times the second
        derivatives of the moments (`bend`; zero for models that are no `Model`, whose moments are their parameters).
        """
        found = np.zeros((self.model.n_free, self.model.n_free))
        held: list[tuple[Floats | None, Floats]] = []
        parts = zip(self.samples, self.shares, self.moments(theta), self.model.jacobian(theta), strict=True)
        for sample, share, (mu, sigma), jacobian in parts:
            curved = normal.curvature(sample, mu, sigma, self.model.means)
            own = np.flatnonzero(jacobian.any(axis=0))
            found[np.ix_(own, own)] += share * jacobian[:, own].T @ curved @ jacobian[:, own]
            slope = normal.slopes(sample, mu, sigma)
            if slope is None:
                raise ValueError("the covariance matrix is not positive definite")
            held.append((share * slope.mean if self.model.means else None, share * slope.covariance))
        if isinstance(self.model, Model):
            found += bend(self.model, theta, held)
        return (found + found.T) / 2


def _information(root: Floats, jacobian: Floats, with_means: bool) -> Floats:
    """J' J_mu' P J_mu + tr(P dSigma_a P dSigma_b) / 2, with P = root' root."""
    size = len(root)
    by_covariance = jacobian[size:] if with_means else jacobian
    turned = root @ symmetric(np.ascontiguousarray(by_covariance.T), size) @ root.T
    flat = turned.reshape(len(turned), -1)
    found = flat @ flat.T / 2
    if with_means:
        by_mean = root @ jacobian[:size]
        found += by_mean.T @ by_mean
    return np.asarray(found)


def fit_normal(problem: NormalProblem, start: Floats, others: Sequence[Floats] = ()) -> Found:
    """Maximum-likelihood estimates from a start; the value is infinite where the start implies nothing possible."""
    return minimise(problem, start, others)
