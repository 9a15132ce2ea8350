"""What a least-squares fit of ordered items says: covariance of the estimates, tests, fit measures (numpy alone).

The baseline model has the thresholds and no correlations; its statistic needs no search.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.fit_indices import Test
from movement_readiness.psychometrics.confirmatory.ordinal import LeastSquares, OrdinalSample
from movement_readiness.psychometrics.confirmatory.ordinal_measures import ordinal_measures
from movement_readiness.psychometrics.confirmatory.robust import (
    Block,
    information,
    saturation_traces,
    scaled_shifted,
    traces,
)

__all__ = ["OrdinalInference", "infer_ordinal"]

Floats = npt.NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class OrdinalInference:
    """What follows from a fit.

    ``covariance`` of the estimates (free, free), NaN where the parameters are not identified; ``blocks``, what it was
    computed from, group by group; ``test`` and ``baseline``; ``measures`` by lavaan's names.
    """

    covariance: Floats
    blocks: tuple[Block, ...]
    test: Test
    baseline: Test
    measures: dict[str, float]


def infer_ordinal(
    objective: LeastSquares, theta: Floats, weights: Sequence[Floats], *, robust: bool, weighted: bool
) -> OrdinalInference:
    """Covariance of the estimates, tests and fit measures of least-squares estimates of ordered items.

    Parameters
    ----------
    objective : LeastSquares
    theta : array, shape (n_free,)
        The estimates.
    weights : sequence of arrays, shape (moments,)
        Of each group.
    robust : bool
        Robust errors, scaled and shifted statistic; needs every sample's gamma.
    weighted : bool
        Whether the plain statistic has a p-value (DWLS, as lavaan has it; ULS has none).
    """
    model, samples = objective.model, objective.samples
    parts = zip(samples, model.jacobian(theta), weights, strict=True)
    blocks = tuple(
        Block(sample.n, jacobian, weight, sample.gamma if robust else None) for sample, jacobian, weight in parts
    )
    off = objective.residuals(model.implied(theta))
    df = sum(sample.moments.size for sample in samples) - model.n_free
    found = information(blocks)
    statistic = _statistic(samples, off, weights)
    pairs = slice(samples[0].n_thresholds, None)
    base_df = sum(sample.moments[pairs].size for sample in samples)
    base = _statistic(samples, [np.append(np.zeros(s.n_thresholds), s.moments[pairs]) for s in samples], weights)
    if robust and found is not None:
        test = _shifted(statistic, df, traces(blocks, found))
        baseline = _shifted(base, base_df, saturation_traces(blocks, pairs))
    else:
        test, baseline = Test(statistic, df, has_pvalue=weighted), Test(base, base_df, has_pvalue=weighted)
    measures = ordinal_measures(model, theta, samples, weights, test, baseline, blocks, found)
    covariance = np.full((theta.size, theta.size), _NAN) if found is None else found.covariance
    return OrdinalInference(covariance, blocks, test, baseline, measures)


def _statistic(samples: Sequence[OrdinalSample], off: Sequence[Floats], weights: Sequence[Floats]) -> float:
    parts = zip(samples, off, weights, strict=True)
    return sum((sample.n - 1) * float(weight @ (one * one)) for sample, one, weight in parts)


def _shifted(statistic: float, df: int, both: tuple[float, float]) -> Test:
    found = scaled_shifted(statistic, df, *both)
    return Test(statistic, df, scaled=found.value, factor=found.factor, shift=found.shift, shifted=True)
