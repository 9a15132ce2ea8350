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
    here, change, step = _point(sample, *_start(sample)), np.inf, 0
    while here is not None and change >= tolerance and step < steps:
        first, _ = _stepped(sample, here)
        second, change = (None, np.inf) if first is None else _stepped(sample, first)
        step += 2
        if first is None or second is None:
            return None
        here = second if change < tolerance else _further(sample, here, first, second)
    if here is None or _is_singular(here.covariance):
        return None
    return Saturated(here.mean, here.covariance, here.found.value, change < tolerance, step)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    mean: Floats
    covariance: Floats
    found: Slopes


def _point(sample: IncompleteSample, mean: Floats, covariance: Floats) -> _Point | None:
    found = slopes(sample, mean, covariance) if np.isfinite(mean).all() else None
    return None if found is None else _Point(mean, covariance, found)


def _stepped(sample: IncompleteSample, here: _Point) -> tuple[_Point | None, float]:
    """A step of EM, and how far it went, in units of standard deviations."""
    shift, grown = _step(here.covariance, here.found)
    sd = np.sqrt(np.diag(here.covariance))
    change = max(float(np.abs(shift / sd).max()), float(np.abs(grown / np.outer(sd, sd)).max()))
    return _point(sample, here.mean + shift, here.covariance + grown), change


def _further(sample: IncompleteSample, here: _Point, first: _Point, second: _Point) -> _Point:
    """Where two steps point to (Varadhan and Roland 2008), if the likelihood is higher there than after them."""
    sd = np.sqrt(np.diag(here.covariance))
    unit = np.outer(sd, sd)
    r = np.concatenate([(first.mean - here.mean) / sd, ((first.covariance - here.covariance) / unit).ravel()])
    v = np.concatenate([(second.mean - first.mean) / sd, ((second.covariance - first.covariance) / unit).ravel()]) - r
    size = float(np.linalg.norm(v))
    length = float(np.linalg.norm(r)) / size if size > 0 else 1.0
    if length <= 1:
        return second
    moved = 2 * length * r + length**2 * v
    p = sd.size
    there = _point(sample, here.mean + moved[:p] * sd, here.covariance + moved[p:].reshape(p, p) * unit)
    return there if there is not None and there.found.value <= second.found.value else second


def _is_singular(covariance: Floats) -> bool:
    sd = np.sqrt(np.diag(covariance))
    values = np.linalg.eigvalsh(covariance / np.outer(sd, sd))
    return bool(values[0] < _SINGULAR * values[-1])


def _start(sample: IncompleteSample) -> tuple[Floats, Floats]:
    """Means and variances of the answers there are, and no covariances."""
    n = sample.there.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sample.values.sum(axis=0) / n
        variance = (((sample.values - mean) * sample.there) ** 2).sum(axis=0) / n
    return mean, np.diag(variance)


def _step(covariance: Floats, found: Slopes) -> tuple[Floats, Floats]:
    shift = -covariance @ found.mean
    grown = -2 * covariance @ found.covariance @ covariance - np.outer(shift, shift)
    return shift, (grown + grown.T) / 2
