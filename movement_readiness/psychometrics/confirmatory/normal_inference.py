r"""What a maximum-likelihood fit says: covariance of the estimates, tests, fit measures (numpy and scipy alone).

Robust indices with missing answers (Zhang and Savalei 2022) rest on the complete-data chi-square X* of the moments
found by EM against the moments that the model implies at its estimates. With W the observed second derivatives per
respondent by the saturated moments, C what they would be without missing answers, J the jacobian of the model, and
the acov of the saturated moments Gamma = W^-1 B W^-1 (W^-1 under normality), its expectation is

    k = tr(M' C M Gamma),     M = I - J (J'W J)^-1 J'W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from movement_readiness.psychometrics.confirmatory import normal
from movement_readiness.psychometrics.confirmatory.baseline import independence
from movement_readiness.psychometrics.confirmatory.fit_indices import RobustTest, Test, fit_measures
from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem
from movement_readiness.psychometrics.confirmatory.normal_robust import (
    crossed_scores,
    sandwich,
    saturated_trace,
    summed_scores,
)
from movement_readiness.psychometrics.confirmatory.normal_sample import CompleteSample, NormalSample, pairwise_moments
from movement_readiness.psychometrics.confirmatory.residual_fit import (
    NormalWeight,
    ObservedImplied,
    goodness,
    residual_measures,
)
from movement_readiness.psychometrics.confirmatory.saturated import Saturated, saturated
from movement_readiness.psychometrics.confirmatory.teams import joint_gamma, over_teams
from movement_readiness.psychometrics.confirmatory.vech import vech

__all__ = ["NormalInference", "expected_misfit", "infer_normal"]

Floats = npt.NDArray[np.float64]
_NAN = float("nan")
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class NormalInference:
    """What follows from a fit.

    ``covariance`` of the estimates (parameters, parameters), NaN where ``information`` (second derivatives of F, or
    their expectation) is singular; ``saturated``, each group's moments without a model, None where they cannot be
    had; ``test`` and ``baseline``; ``measures`` by lavaan's names.
    """

    covariance: Floats
    information: Floats
    saturated: tuple[Saturated | None, ...]
    test: Test
    baseline: Test
    measures: dict[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    problem: NormalProblem
    theta: Floats
    value: float

    @property
    def df(self) -> int:
        model, samples = self.problem.model, self.problem.samples
        p = samples[0].n_items
        return len(samples) * (p * (p + 1) // 2 + p * model.means) - model.n_free


def infer_normal(
    problem: NormalProblem,
    theta: Floats,
    *,
    robust: bool = False,
    information: str | None = None,
    free: Sequence[Saturated | None] | None = None,
) -> NormalInference:
    """Covariance of the estimates, tests and fit measures of maximum-likelihood estimates.

    Parameters
    ----------
    problem : NormalProblem
    theta : array, shape (parameters,)
        The estimates.
    robust : bool
        Sandwich covariance and Yuan-Bentler test (MLR), cluster-robust where the samples have clusters.
    information : "expected", "observed" or None
        None is observed for ``robust`` and for missing answers, expected otherwise.
    free : sequence of Saturated, optional
        Each group's `saturated` moments, where they are known already.
    """
    gaps = any(not isinstance(sample, CompleteSample) for sample in problem.samples)
    kind = information or ("observed" if robust or gaps else "expected")
    means = problem.model.means
    fitted = _Fitted(problem, theta, problem.value(theta))
    free = tuple(free) if free is not None else tuple(saturated(sample) for sample in problem.samples)
    known = [found for found in free if found is not None]
    complete = len(known) == len(free)
    best = _saturated_value(known, problem) if complete else _NAN
    base = _Fitted(*(pair := independence(problem.samples, means)), pair[0].value(pair[1]))
    whole = saturated_trace(problem.samples, known, means) if robust and complete else _NAN
    matrix = problem.observed_information(theta) if kind == "observed" else problem.expected_information(theta)
    covariance, trace = _covariance(problem, theta, matrix, robust)
    tests = [
        _test(fitted, best, whole, trace),
        _test(base, best, whole, _base_trace(base) if robust else _NAN),
    ]
    measures = fit_measures(
        *tests,
        n=problem.n,
        n_groups=len(free),
        n_free=theta.size,
        least_squares=False,
        robust=_robust_test(fitted, base, tests, known, robust, gaps) if complete else None,
        logl=-problem.n * fitted.value,
        saturated_logl=-problem.n * best,
        others=_others(fitted, known, whole, trace) if complete else None,
    )
    return NormalInference(covariance, matrix, free, tests[0], tests[1], measures)


def _saturated_value(found: Sequence[Saturated], problem: NormalProblem) -> float:
    return sum(share * moments.value for share, moments in zip(problem.shares, found, strict=True))


def _covariance(problem: NormalProblem, theta: Floats, matrix: Floats, robust: bool) -> tuple[Floats, float]:
    if _is_singular(matrix):
        return np.full(matrix.shape, _NAN), _NAN
    if robust:
        found = sandwich(problem, theta, matrix)
        return found.covariance, found.trace
    return np.linalg.inv(matrix) / problem.n, _NAN


def _is_singular(matrix: Floats) -> bool:
    """Whether some direction of the parameters, each in its own unit, has no curvature, or curves downwards."""
    size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    values = np.linalg.eigvalsh(matrix / np.outer(size, size))
    return bool(values.size and values[0] <= _SINGULAR * values[-1])


def _base_trace(base: _Fitted) -> float:
    return sandwich(base.problem, base.theta, base.problem.observed_information(base.theta)).trace


def _test(fitted: _Fitted, best: float, whole: float, trace: float) -> Test:
    chisq = max(2 * fitted.problem.n * (fitted.value - best), 0.0) if np.isfinite(best) else _NAN
    factor = (whole - trace) / fitted.df if fitted.df > 0 else _NAN
    if fitted.df == 0 and np.isfinite(trace):
        return Test(chisq, 0, scaled=chisq)
    return Test(chisq, fitted.df, scaled=chisq / factor if factor > 0 else _NAN, factor=factor)


def _robust_test(
    fitted: _Fitted, base: _Fitted, tests: Sequence[Test], free: Sequence[Saturated], robust: bool, gaps: bool
) -> RobustTest | None:
    if not gaps:
        if not robust:
            return None
        first, second = tests
        return RobustTest(first.chisq, _trace(first), second.chisq, _trace(second))
    samples, means, shares = fitted.problem.samples, fitted.problem.model.means, fitted.problem.shares
    observed = [normal.curvature(sample, h.mean, h.covariance, means) for sample, h in zip(samples, free, strict=True)]
    expected = [normal.expected_curvature(h.covariance, means) for h in free]
    try:
        gamma = [np.asarray(np.linalg.inv(part)) for part in observed]
    except np.linalg.LinAlgError:
        return None
    whole = _robust_gamma(samples, free, gamma, means) if robust else _joined(gamma, [1 / share for share in shares])
    matrices = (_joined(observed, shares), _joined(expected, shares), whole)
    return RobustTest(
        _complete_chisq(fitted, free),
        expected_misfit(np.vstack(fitted.problem.model.jacobian(fitted.theta)), *matrices),
        _complete_chisq(base, free),
        expected_misfit(np.vstack(base.problem.model.jacobian(base.theta)), *matrices),
    )


def _robust_gamma(
    samples: Sequence[NormalSample], free: Sequence[Saturated], inverses: Sequence[Floats], means: bool
) -> Floats:
    """N times the robust covariance of all groups' moments; of clusters in several groups, across groups too."""
    total = sum(sample.n for sample in samples)
    teams = [sample.teams for sample in samples if sample.teams is not None]
    if len(teams) == len(samples):
        sums = [summed_scores(sample, h.mean, h.covariance, means) for sample, h in zip(samples, free, strict=True)]
        parts = zip(over_teams(sums, teams), inverses, samples, strict=True)
        return total * joint_gamma([part @ inverse / sample.n for part, inverse, sample in parts], [1] * len(samples))
    crossed = [crossed_scores(sample, h.mean, h.covariance, means) for sample, h in zip(samples, free, strict=True)]
    gamma = [np.asarray(inverse @ middle @ inverse) for inverse, middle in zip(inverses, crossed, strict=True)]
    return _joined(gamma, [total / sample.n for sample in samples])


def _trace(test: Test) -> float:
    return test.factor * test.df if test.df else 0.0


def _joined(parts: Sequence[Floats], factors: Sequence[float]) -> Floats:
    return np.asarray(block_diag(*(factor * part for part, factor in zip(parts, factors, strict=True))))


def expected_misfit(jacobian: Floats, fitted: Floats, judged: Floats, gamma: Floats) -> float:
    """What N r'Cr is expected to be for the residuals r of a fit with weights W.

    That is k = tr(M' C M Gamma) with M = I - J (J'WJ)^-1 J'W.

    Parameters
    ----------
    jacobian : array, shape (moments, parameters)
    fitted, judged, gamma : arrays, shape (moments, moments)
        The weight W of the fit, the weight C of the judgement, and N times the covariance of the moments.
    """
    pulled = fitted @ jacobian
    left = np.linalg.lstsq(jacobian.T @ pulled, pulled.T, rcond=None)[0]
    rest = np.eye(len(jacobian)) - jacobian @ left
    return float(np.einsum("ij,ij->", rest.T @ judged @ rest, gamma))


def _complete_chisq(fitted: _Fitted, free: Sequence[Saturated]) -> float:
    """The chi-square of the moments found by EM as if they were those of complete answers."""
    total = 0.0
    moments = fitted.problem.moments(fitted.theta)
    for sample, h, (mu, sigma) in zip(fitted.problem.samples, free, moments, strict=True):
        as_complete = CompleteSample(sample.n, h.mean, h.covariance)
        found, best = normal.slopes(as_complete, mu, sigma), normal.slopes(as_complete, h.mean, h.covariance)
        if found is None or best is None:
            return _NAN
        total += 2 * sample.n * (found.value - best.value)
    return total


def _others(fitted: _Fitted, free: Sequence[Saturated], whole: float, trace: float) -> dict[str, float]:
    problem = fitted.problem
    groups = [
        ObservedImplied(sample.n, h.covariance, sigma, None if mu is None else h.mean, mu)
        for sample, h, (mu, sigma) in zip(problem.samples, free, problem.moments(fitted.theta), strict=True)
    ]
    found = residual_measures(groups, ordinal=False)
    found |= goodness(
        [
            _seen(sample, mu, sigma, _weight(sample, mu, sigma))
            for sample, (mu, sigma) in zip(problem.samples, problem.moments(fitted.theta), strict=True)
        ],
        fitted.df,
    )
    found["scaling.factor.h1"] = whole / (fitted.df + fitted.theta.size)
    found["scaling.factor.h0"] = trace / _n_named(problem.model, fitted.theta.size)
    return found


def _n_named(model: object, n_free: int) -> int:
    """How many parameters there are if equal ones are counted one by one, as lavaan divides by here."""
    table = getattr(model, "table", None)
    return n_free if table is None else sum(row.free >= 0 for row in table.rows)


def _weight(sample: NormalSample, mu: Floats | None, sigma: Floats) -> Floats | NormalWeight:
    found = normal.precision_of(sigma) if isinstance(sample, CompleteSample) else None
    if found is None:
        return normal.patterned_curvature(sample, mu, sigma, mu is not None)
    return NormalWeight(found[0], mu is not None)


def _seen(
    sample: NormalSample, mu: Floats | None, sigma: Floats, weight: Floats | NormalWeight
) -> tuple[int, Floats, Floats, Floats | NormalWeight]:
    """What `goodness` compares: moments of the answers there are, pair by pair, with those implied."""
    mean, covariance = pairwise_moments(sample)
    if mu is None:
        return sample.n, vech(covariance), vech(sigma), weight
    return sample.n, np.concatenate([mean, vech(covariance)]), np.concatenate([mu, vech(sigma)]), weight
