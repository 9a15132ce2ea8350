"""What a least-squares fit of ordered items says: covariance of the estimates, tests, fit measures (numpy alone).

The baseline model has the thresholds and no correlations; its statistic needs no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.fit_indices import Test, fit_measures
from movement_readiness.psychometrics.confirmatory.implied import Moments
from movement_readiness.psychometrics.confirmatory.ordinal import (
    LeastSquares,
    MomentSample,
    OrdinalSample,
    gamma_of_all,
)
from movement_readiness.psychometrics.confirmatory.ordinal_measures import ordinal_measures
from movement_readiness.psychometrics.confirmatory.residual_fit import ObservedImplied, goodness, residual_measures
from movement_readiness.psychometrics.confirmatory.robust import (
    Block,
    information,
    joined,
    saturation_traces,
    scaled_shifted,
    traces,
)

__all__ = ["OrdinalInference", "infer_ordinal", "infer_unweighted"]

Floats = npt.NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalInference:
    """What follows from a fit.

    ``covariance`` of the estimates (free, free), NaN where the parameters are not identified; ``test`` and
    ``baseline``; ``measures`` by lavaan's names.
    """

    covariance: Floats
    test: Test
    baseline: Test
    measures: dict[str, float]


def infer_unweighted(objective: LeastSquares, theta: Floats, observed: Sequence[Moments]) -> OrdinalInference:
    """The same for unweighted least squares of covariances (and means): errors as if the weights were right.

    Parameters
    ----------
    objective : LeastSquares
    theta : array, shape (n_free,)
    observed : sequence of Moments
        Of each group, covariances with the divisor n - 1.
    """
    model, samples = objective.model, objective.samples
    parts = zip(samples, model.jacobian(theta), objective.given, strict=True)
    blocks = tuple(Block(sample.n, jacobian, weight, None) for sample, jacobian, weight in parts)
    implied = model.implied(theta)
    first, second = model.pairs
    apart = np.concatenate([np.zeros(model.n_moments - first.size, dtype=bool), first != second])
    test = Test(
        _statistic(samples, objective.residuals(implied), objective.given),
        model.n_moments * len(samples) - model.n_free,
        has_pvalue=False,
    )
    without = [sample.moments * apart for sample in samples]
    base = Test(_statistic(samples, without, objective.given), int(apart.sum()) * len(samples), has_pvalue=False)
    groups = [
        ObservedImplied(s.n, seen.sigma, one.sigma, *((seen.mu, one.mu) if model.means else ()))
        for s, seen, one in zip(samples, observed, implied, strict=True)
    ]
    both = zip(samples, implied, objective.given, strict=True)
    parts_of = [(sample.n, sample.moments, model.vector(one), weight) for sample, one, weight in both]
    measures = fit_measures(
        test,
        base,
        n=sum(sample.n for sample in samples),
        n_groups=len(samples),
        n_free=model.n_free,
        least_squares=True,
        others=residual_measures(groups, ordinal=False) | goodness(parts_of, test.df),
    )
    found = information(blocks)
    covariance = np.full((theta.size, theta.size), _NAN) if found is None else found.covariance
    return OrdinalInference(covariance, test, base, measures)


def infer_ordinal(
    objective: LeastSquares,
    theta: Floats,
    samples: Sequence[OrdinalSample],
    weights: Sequence[Floats],
    *,
    robust: bool,
    weighted: bool,
) -> OrdinalInference:
    """Covariance of the estimates, tests and fit measures of least-squares estimates of ordered items.

    Parameters
    ----------
    objective : LeastSquares
    theta : array, shape (n_free,)
        The estimates.
    samples, weights : sequences of OrdinalSample and of arrays, shape (moments,)
        Of each group.
    robust : bool
        Robust errors, scaled and shifted statistic; needs every sample's gamma.
    weighted : bool
        Whether the plain statistic has a p-value (DWLS, as lavaan has it; ULS has none).
    """
    model = objective.model
    parts = zip(samples, model.jacobian(theta), weights, strict=True)
    blocks = tuple(
        Block(sample.n, jacobian, weight, sample.gamma if robust else None) for sample, jacobian, weight in parts
    )
    n_first = samples[0].n_thresholds
    whole = gamma_of_all(samples) if robust else None
    blocks = blocks if whole is None else (joined(blocks, whole, n_first),)
    off = objective.residuals(model.implied(theta))
    df = sum(sample.moments.size for sample in samples) - model.n_free
    found = information(blocks)
    statistic = _statistic(samples, off, weights)
    pairs = slice(samples[0].n_thresholds, None)
    base_df = sum(sample.moments[pairs].size for sample in samples)
    base = _statistic(samples, [np.append(np.zeros(s.n_thresholds), s.moments[pairs]) for s in samples], weights)
    if robust and found is not None:
        test = _shifted(statistic, df, traces(blocks, found))
        kept = slice(n_first * (len(samples) // len(blocks)), None)
        baseline = _shifted(base, base_df, saturation_traces(blocks, kept))
    else:
        test, baseline = Test(statistic, df, has_pvalue=weighted), Test(base, base_df, has_pvalue=weighted)
    measures = ordinal_measures(model, theta, samples, weights, test, baseline, blocks, found)
    covariance = np.full((theta.size, theta.size), _NAN) if found is None else found.covariance
    return OrdinalInference(covariance, test, baseline, measures)


def _statistic(
    samples: Sequence[MomentSample | OrdinalSample], off: Sequence[Floats], weights: Sequence[Floats]
) -> float:
    parts = zip(samples, off, weights, strict=True)
    return sum((sample.n - 1) * float(weight @ (one * one)) for sample, one, weight in parts)


def _shifted(statistic: float, df: int, both: tuple[float, float]) -> Test:
    found = scaled_shifted(statistic, df, *both)
    return Test(statistic, df, scaled=found.value, factor=found.factor, shift=found.shift, shifted=True)
