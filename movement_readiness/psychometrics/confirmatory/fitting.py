"""From samples and a table of parameters to a fit: numbers only, the same path for every estimator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.diagnostics import check_counts, check_identified
from movement_readiness.psychometrics.confirmatory.fit_indices import NAMES, Test
from movement_readiness.psychometrics.confirmatory.implied import Model, Moments
from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem, fit_normal
from movement_readiness.psychometrics.confirmatory.normal_inference import NormalInference, infer_normal
from movement_readiness.psychometrics.confirmatory.normal_sample import CompleteSample, NormalSample
from movement_readiness.psychometrics.confirmatory.ordinal import LeastSquares, MomentSample, OrdinalSample, fitted
from movement_readiness.psychometrics.confirmatory.ordinal_inference import (
    OrdinalInference,
    infer_ordinal,
    infer_unweighted,
)
from movement_readiness.psychometrics.confirmatory.rescue import rescaled_start, with_unit_variances
from movement_readiness.psychometrics.confirmatory.search import Found, minimise
from movement_readiness.psychometrics.confirmatory.specification import ParameterTable, Row
from movement_readiness.psychometrics.confirmatory.starts import cautious_start, starting_values

__all__ = ["Fit", "fit_continuous", "fit_ordinal", "fit_unweighted"]

Floats = npt.NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted model: what results, nested tests and modification indices are made of.

    ``objective`` is the function that was minimised (`NormalProblem`, `LeastSquares`), ``covariance`` that of the
    estimates, ``inference`` all that follows from them; None, with a covariance of NaN, where the search did not
    converge. ``observed`` holds the sample's moments of each group.
    """

    model: Model
    found: Found
    estimator: str
    objective: NormalProblem | LeastSquares
    observed: tuple[Moments, ...]
    n: tuple[int, ...]
    covariance: Floats
    inference: NormalInference | OrdinalInference | None

    @property
    def theta(self) -> Floats:
        """The estimates, shape (n_free,)."""
        return self.found.theta

    @property
    def test(self) -> Test:
        """The chi-square test; NaN where the search did not converge."""
        return Test(_NAN, self.df) if self.inference is None else self.inference.test

    @property
    def df(self) -> int:
        """Degrees of freedom."""
        return self.model.n_moments * len(self.n) - self.model.n_free

    @property
    def measures(self) -> dict[str, float]:
        """Fit measures by lavaan's names."""
        if self.inference is not None:
            return self.inference.measures
        return dict.fromkeys(NAMES, _NAN) | {"npar": float(self.model.n_free), "df": float(self.df)}


def fit_ordinal(table: ParameterTable, samples: Sequence[OrdinalSample], estimator: str) -> Fit:
    """Least squares for ordered items; ``estimator`` is "uls", "dwls" or "wlsmv"."""
    model = Model(table)
    check_counts(model)
    start = starting_values(table, [s.correlations for s in samples], None, [s.thresholds for s in samples])
    check_identified(model, start)
    weights = [np.ones_like(s.moments) if estimator == "uls" else 1 / s.variances for s in samples]
    objective = LeastSquares(model, samples, weights)

    def run(other: Model, begin: Floats) -> Found:
        return fitted(LeastSquares(other, samples, weights), begin, _others(other.table, begin))

    found = _rescued(model, run, run(model, start), start)
    robust = estimator == "wlsmv"
    inference = None
    if found.converged:
        inference = infer_ordinal(objective, found.theta, samples, weights, robust=robust, weighted=estimator != "uls")
    observed = tuple(Moments(np.zeros(model.n_items), s.correlations, s.thresholds) for s in samples)
    return Fit(
        model,
        found,
        estimator,
        objective,
        observed,
        tuple(s.n for s in samples),
        _covariance(inference, model),
        inference,
    )


def fit_continuous(table: ParameterTable, samples: Sequence[NormalSample], estimator: str) -> Fit:
    """Maximum likelihood; ``estimator`` is "ml" or "mlr"."""
    model = Model(table)
    check_counts(model)
    first = [_first_moments(sample) for sample in samples]
    start = starting_values(table, [covariance for _, covariance in first], [mean for mean, _ in first])
    check_identified(model, start)
    problem = NormalProblem(model, tuple(samples))
    begin = _possible(problem, table, start)

    def run(other: Model, at: Floats) -> Found:
        return fit_normal(NormalProblem(other, tuple(samples)), at, _others(other.table, at))

    found = _rescued(model, run, run(model, begin), begin)
    inference = infer_normal(problem, found.theta, robust=estimator == "mlr") if found.converged else None
    free = [None for _ in samples] if inference is None else list(inference.saturated)
    observed = tuple(
        Moments(*(one if known is None else (known.mean, known.covariance)), np.zeros(0))
        for one, known in zip(first, free, strict=True)
    )
    n = tuple(sample.n for sample in samples)
    return Fit(model, found, estimator, problem, observed, n, _covariance(inference, model), inference)


def fit_unweighted(table: ParameterTable, samples: Sequence[CompleteSample]) -> Fit:
    """Unweighted least squares of covariances with the divisor n - 1 (and of means)."""
    model = Model(table)
    check_counts(model)
    observed = tuple(Moments(s.mean, s.covariance * (s.n / (s.n - 1)), np.zeros(0)) for s in samples)
    start = starting_values(table, [one.sigma for one in observed], [one.mu for one in observed])
    check_identified(model, start)
    known = [MomentSample(s.n, model.vector(one)) for s, one in zip(samples, observed, strict=True)]
    objective = LeastSquares(model, known, [np.ones_like(one.moments) for one in known])

    def run(other: Model, begin: Floats) -> Found:
        return minimise(LeastSquares(other, known, objective.given), begin, _others(other.table, begin))

    found = _rescued(model, run, run(model, start), start)
    inference = infer_unweighted(objective, found.theta, observed) if found.converged else None
    n = tuple(sample.n for sample in samples)
    return Fit(model, found, "uls", objective, observed, n, _covariance(inference, model), inference)


def _others(table: ParameterTable, start: Floats) -> list[Floats]:
    return [cautious_start(table, start, share) for share in (0.5, 0.1)]


def _rescued(model: Model, run: Callable[[Model, Floats], Found], found: Found, start: Floats) -> Found:
    """What was found, or, where the search did not end well, what is found by way of factor variances of one."""
    if found.converged:
        return found
    found = replace(found, furthest=int((np.abs(found.theta - start) / (1 + np.abs(start))).argmax()))
    other = with_unit_variances(model.table)
    if other is None:
        return found
    begin = np.array([_standard(model.table, row, start) for row in other.rows if row.free >= 0])
    first = run(Model(other), begin)
    if not first.converged:
        return found
    again = run(model, rescaled_start(model.table, other, first.theta))
    return replace(again, n_steps=found.n_steps + first.n_steps + again.n_steps) if again.converged else found


def _standard(table: ParameterTable, row: Row, start: Floats) -> float:
    """A start in units of factors with a variance of one."""
    before = next(old for old in table.rows if old.key == row.key and old.group == row.group)
    value = before.value if before.free < 0 else start[before.free]
    size = {
        old.lhs: np.sqrt(abs(start[old.free])) if old.free >= 0 else 1.0
        for old in table.rows
        if old.op == "~~" and old.lhs == old.rhs and old.group == row.group and old.lhs in table.factors
    }
    left, right = size.get(row.lhs, 1.0), size.get(row.rhs, 1.0)
    if row.op == "=~":
        return float(value * left / right)
    return float(value / (left * right)) if row.op == "~~" else float(value / left)


def _possible(problem: NormalProblem, table: ParameterTable, start: Floats) -> Floats:
    """A start that implies positive definite covariances: factors that explain less where it is needed."""
    theta = start
    for share in (0.7, 0.4, 0.1):
        if np.isfinite(problem.value(theta)):
            return theta
        theta = cautious_start(table, start, share)
    return theta


def _first_moments(sample: NormalSample) -> tuple[Floats, Floats]:
    """Means and covariances of the answers there are, pair by pair."""
    if isinstance(sample, CompleteSample):
        return sample.mean, sample.covariance
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sample.values.sum(axis=0) / sample.there.sum(axis=0)
        centred = (sample.values - mean) * sample.there
        covariance = centred.T @ centred / (sample.there.T @ sample.there)
    return mean, np.where(np.isfinite(covariance), covariance, 0.0)


def _covariance(inference: NormalInference | OrdinalInference | None, model: Model) -> Floats:
    return np.full((model.n_free, model.n_free), _NAN) if inference is None else inference.covariance
