"""Items that have nothing to do with each other: the model that others are compared with (numpy alone)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem
from movement_readiness.psychometrics.confirmatory.normal_sample import CompleteSample, NormalSample
from movement_readiness.psychometrics.confirmatory.vech import places

__all__ = ["Independence", "independence"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    mu: Floats
    sigma: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Independence:
    """A model whose parameters are, group by group, the means (with a mean structure) and the variances."""

    n_items: int
    n_groups: int
    means: bool

    @property
    def n_free(self) -> int:
        """How many parameters there are."""
        return self.n_groups * self.n_items * (1 + self.means)

    def implied(self, theta: Floats) -> list[_Moments]:
        """Means and a diagonal covariance matrix of each group."""
        parts = theta.reshape(self.n_groups, 1 + self.means, self.n_items)
        return [_Moments(part[0] if self.means else np.zeros(self.n_items), np.diag(part[-1])) for part in parts]

    def jacobian(self, theta: Floats) -> list[Floats]:
        """Zeros, and ones where a moment is a parameter."""
        rows, columns = places(self.n_items)
        places_ = np.flatnonzero(rows == columns) + self.n_items * self.means
        if self.means:
            places_ = np.concatenate([np.arange(self.n_items), places_])
        found = np.zeros((self.n_groups, rows.size + self.n_items * self.means, theta.size))
        for group in range(self.n_groups):
            found[group, places_, group * places_.size + np.arange(places_.size)] = 1.0
        return list(found)


def independence(samples: Sequence[NormalSample], means: bool) -> tuple[NormalProblem, Floats]:
    """The model of independent items for these samples, and its estimates."""
    model = Independence(samples[0].n_items, len(samples), means)
    parts = []
    for sample in samples:
        if isinstance(sample, CompleteSample):
            mean, variance = sample.mean, np.diag(sample.covariance)
        else:
            n = sample.there.sum(axis=0)
            with np.errstate(divide="ignore", invalid="ignore"):
                mean = sample.values.sum(axis=0) / n
                variance = (((sample.values - mean) * sample.there) ** 2).sum(axis=0) / n
        parts += [mean, variance] if means else [variance]
    return NormalProblem(model, tuple(samples)), np.concatenate(parts)
