"""Means and covariances without a model from answers with gaps, by the EM algorithm (numpy and scipy alone).

A missing answer is expected at its regression on the answered ones; with the r and W of `normal`, the completed
answers of respondent i are mu + Sigma r_i with the covariance Sigma - Sigma W_i Sigma, so a step (Dempster, Laird and
Rubin 1977) is mu + Sigma mean(r) and Sigma + Sigma mean(r r' - W) Sigma less the product of the shift with itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.normal import Slopes, slopes
from movement_readiness.psychometrics.confirmatory.normal_sample import (
    CompleteSample,
    IncompleteSample,
    NormalSample,
    uncovered,
)

__all__ = ["Saturated", "saturated"]

Floats = npt.NDArray[np.float64]
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Saturated:
    """Moments without a model.

    ``mean`` (items,); ``covariance`` (items, items); ``value``, the mean negative log-likelihood; ``converged``;
    ``n_steps``.
    """

    mean: Floats
    covariance: Floats
    value: float
    converged: bool
    n_steps: int


def saturated(sample: NormalSample, tolerance: float = 1e-9, steps: int = 5000) -> Saturated | None:
    """Maximum-likelihood moments; None where they do not exist.

    That is where the covariance is singular, where an item has no answers, or a pair of items nobody who answered both.

    ``tolerance`` bounds the last change of any mean or covariance, in units of standard deviations.
    """
    if isinstance(sample, CompleteSample):
        found = slopes(sample, sample.mean, sample.covariance)
        return None if found is None else Saturated(sample.mean, sample.covariance, found.value, True, 0)
    if uncovered(sample):
        return None
    mean, covariance = _start(sample)
    found = slopes(sample, mean, covariance) if np.isfinite(mean).all() else None
    change, step = np.inf, 0
    while found is not None and change >= tolerance and step < steps:
        shift, grown = _step(covariance, found)
        sd = np.sqrt(np.diag(covariance))
        change = max(float(np.abs(shift / sd).max()), float(np.abs(grown / np.outer(sd, sd)).max()))
        mean, covariance = mean + shift, covariance + grown
        found, step = slopes(sample, mean, covariance), step + 1
    if found is None or _is_singular(covariance):
        return None
    return Saturated(mean, covariance, found.value, change < tolerance, step)


def _is_singular(covariance: Floats) -> bool:
    sd = np.sqrt(np.diag(covariance))
    values = np.linalg.eigvalsh(covariance / np.outer(sd, sd))
    return bool(values[0] < _SINGULAR * values[-1])


def _start(sample: IncompleteSample) -> tuple[Floats, Floats]:
    """Means and variances of the answers there are, and no covariances."""
    n = sample.there.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sample.values.sum(axis=0) / n
        variance = (sample.values**2).sum(axis=0) / n - mean**2
    return mean, np.diag(variance)


def _step(covariance: Floats, found: Slopes) -> tuple[Floats, Floats]:
    shift = -covariance @ found.mean
    grown = -2 * covariance @ found.covariance @ covariance - np.outer(shift, shift)
    return shift, (grown + grown.T) / 2
