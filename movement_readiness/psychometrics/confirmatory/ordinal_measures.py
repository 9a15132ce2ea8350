r"""Fit measures of least-squares fits to thresholds and polychoric correlations (numpy and scipy alone).

The robust ones (Savalei 2021) ask what maximum likelihood would say of the same estimates: X* = sum_g n_g F_ML(R,
Rho) with R the polychoric and Rho the implied correlations, whose expectation is k = tr(M' C M Gamma) of
`normal_inference`, with W the weights of the fit and C the normal-theory curvature of correlations at Rho. Of the
baseline model k is the trace of Gamma over correlations; in several groups lavaan 0.6-14 adds up tr(Gamma_g) N / n_g
where the expectation is the sum of tr(Gamma_g), which makes ``cfi.robust`` and ``tli.robust`` a little smaller: its
convention is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from movement_readiness.psychometrics.confirmatory import normal
from movement_readiness.psychometrics.confirmatory.fit_indices import RobustTest, Test, fit_measures
from movement_readiness.psychometrics.confirmatory.implied import Model, Moments
from movement_readiness.psychometrics.confirmatory.ordinal import OrdinalSample
from movement_readiness.psychometrics.confirmatory.residual_fit import ObservedImplied, goodness, residual_measures
from movement_readiness.psychometrics.confirmatory.robust import Block, Information, judged_trace

__all__ = ["ordinal_measures"]

Floats = npt.NDArray[np.float64]
_NAN = float("nan")


def ordinal_measures(
    model: Model,
    theta: Floats,
    samples: Sequence[OrdinalSample],
    weights: Sequence[Floats],
    test: Test,
    baseline: Test,
    blocks: Sequence[Block] = (),
    information: Information | None = None,
) -> dict[str, float]:
    """All measures by lavaan's names.

    Parameters
    ----------
    model, theta : Model, array of its parameters
    samples : sequence of OrdinalSample
    weights : sequence of arrays, shape (moments,)
        As in the fit: 1 for ULS, 1 / variance for DWLS.
    test, baseline : Test
    blocks, information : sequence of Block, Information or None
        What the covariance of the estimates was computed from; robust measures need them.

    Returns
    -------
    dict
        See `fit_measures`. Robust measures are NaN without gamma, and where a polychoric matrix is not positive
        definite.
    """
    implied = model.implied(theta)
    groups = [_group(sample, moments) for sample, moments in zip(samples, implied, strict=True)]
    others = residual_measures(groups, ordinal=True)
    parts = [
        (sample.n, sample.moments, model.vector(moments), weight)
        for sample, moments, weight in zip(samples, implied, weights, strict=True)
    ]
    others |= goodness(parts, test.df)
    others["wrmr"] = float(np.sqrt(test.chisq / samples[0].moments.size))
    return fit_measures(
        test,
        baseline,
        n=sum(sample.n for sample in samples),
        n_groups=len(samples),
        n_free=theta.size,
        least_squares=True,
        ordinal=True,
        robust=_robust(samples, implied, blocks, information),
        others=others,
    )


def _group(sample: OrdinalSample, moments: Moments) -> ObservedImplied:
    return ObservedImplied(sample.n, sample.correlations, moments.sigma, sample.thresholds, moments.thresholds)


def _robust(
    samples: Sequence[OrdinalSample],
    implied: Sequence[Moments],
    blocks: Sequence[Block],
    information: Information | None,
) -> RobustTest | None:
    if information is None or information.middle is None:
        return None
    found = [_likelihood_ratio(sample, moments) for sample, moments in zip(samples, implied, strict=True)]
    alone = [_likelihood_ratio(sample, None) for sample in samples]
    if not np.isfinite([*found, *alone]).all():
        return None
    judged = [_curvature(moments.sigma) for moments in implied]
    if len(blocks) < len(samples):  # all groups in one
        judged = [np.asarray(block_diag(*judged))]
    n_first = samples[0].n_thresholds * (len(samples) // len(blocks))
    trace = judged_trace(blocks, information, judged, slice(n_first, None))
    gammas = [np.asarray(sample.gamma) for sample in samples]
    total = sum(sample.n for sample in samples)
    shares = [sample.n / total for sample in samples]
    base = sum(
        float(np.diag(gamma)[sample.n_thresholds :].sum()) / share
        for sample, gamma, share in zip(samples, gammas, shares, strict=True)
    )
    return RobustTest(sum(found), trace, sum(alone), base)


def _likelihood_ratio(sample: OrdinalSample, moments: Moments | None) -> float:
    """Give n F_ML of the correlations against the implied ones, or against none at all; NaN where it is not defined."""
    own = normal.precision_of(sample.correlations)
    if own is None:
        return _NAN
    if moments is None:
        return -sample.n * own[1]
    other = normal.precision_of(moments.sigma)
    if other is None:
        return _NAN
    return sample.n * (other[1] - own[1] + float(np.sum(other[0] * sample.correlations)) - len(moments.sigma))


def _curvature(sigma: Floats) -> Floats:
    """Normal-theory curvature by correlations: P_ik P_jl + P_il P_jk for (i, j) and (k, l), P the inverse of Sigma."""
    first, second = np.triu_indices(len(sigma), 1)
    found = normal.precision_of(sigma)
    if found is None:
        return np.full((first.size, first.size), _NAN)
    by_first, by_second = found[0][first], found[0][second]
    return np.asarray(by_first[:, first] * by_second[:, second] + by_first[:, second] * by_second[:, first])
