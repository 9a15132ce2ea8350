"""From checked arguments and answers to a result, for ordered answers, numbers and covariance matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.confirmatory import diagnostics, tables
from movement_readiness.psychometrics.confirmatory.admissible import Impropriety, improprieties
from movement_readiness.psychometrics.confirmatory.asked import Asked
from movement_readiness.psychometrics.confirmatory.coverage import without_moments
from movement_readiness.psychometrics.confirmatory.few_clusters import too_few_clusters
from movement_readiness.psychometrics.confirmatory.fitting import Fit, fit_continuous, fit_ordinal, fit_unweighted
from movement_readiness.psychometrics.confirmatory.normal_sample import (
    CompleteSample,
    NormalSample,
    complete_sample,
    given_sample,
    incomplete_sample,
)
from movement_readiness.psychometrics.confirmatory.ordinal import OrdinalSample, ordinal_sample
from movement_readiness.psychometrics.confirmatory.reading import Answers, coded_answers
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.confirmatory.specification import (
    parameter_table,
)
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._findings import give
from movement_readiness.psychometrics.correlation.given import checked_matrix

__all__ = ["of_matrix", "of_numbers", "of_ordered"]


def of_ordered(asked: Asked, answers: Answers) -> CFAResult:
    """Thresholds and polychoric correlations of ordered answers."""
    coded = coded_answers(answers)
    thresholds = {name: int(n) - 1 for name, n in zip(asked.items, coded.n_categories, strict=True)}
    n_groups = len(answers.labels)
    table = parameter_table(asked.statements, asked.options(n_groups, thresholds))
    full = asked.estimator == "wlsmv"
    samples: list[OrdinalSample] = []
    findings: list[tuple[type[Warning], str]] = []
    for group in range(n_groups):
        codes = coded.codes if n_groups == 1 else coded.codes[answers.group == group]
        clusters, teams = answers.clusters_of(group), answers.teams_of(group)
        sample = ordinal_sample(codes, coded.n_categories, full=full, clusters=clusters, teams=teams)
        samples.append(sample)
        if group == 0 or n_groups > 1:
            findings += _findings.ordinal(coded, sample.found, _REMEDIES)
    _check_estimable(samples, answers, asked.items)
    return _result(asked, fit_ordinal(table, samples, asked.estimator), answers, findings)


_REMEDIES = _findings.Remedies("give items that differ more", ". Merge categories, or leave one of them out")


def _check_estimable(samples: Sequence[OrdinalSample], answers: Answers, items: Sequence[str]) -> None:
    """Refuse correlations that have no estimate, or no standard error to weight them by."""
    for sample, label in zip(samples, answers.labels, strict=True):
        bad = np.flatnonzero(~(np.isfinite(sample.variances) & (sample.variances > 0) & np.isfinite(sample.moments)))
        bad = bad[bad >= sample.n_thresholds] - sample.n_thresholds
        if not bad.size:
            continue
        pairs = sample.found.pairs
        named = [f"{items[pairs.first[one]]} with {items[pairs.second[one]]}" for one in bad]
        where = f" in group {label!r}" if len(answers.labels) > 1 else ""
        raise ArgumentError(
            f"items: expected polychoric correlations between -1 and 1 that have a standard error; these have none"
            f"{where}: {quoted(named)}. Nobody answered both, or an empty cell of their table makes it perfect: merge "
            "categories, or leave one of the two out."
        )


def of_numbers(asked: Asked, answers: Answers) -> CFAResult:
    """Maximum likelihood, or unweighted least squares, of numbers."""
    n_groups = len(answers.labels)
    table = parameter_table(asked.statements, asked.options(n_groups, {}))
    samples: list[NormalSample] = []
    for group in range(n_groups):
        values, clusters = answers.values_of(group), answers.clusters_of(group)
        make = incomplete_sample if np.isnan(values).any() else complete_sample
        sample = make(values, clusters, answers.teams_of(group))
        samples.append(sample)
    _check_samples(samples, answers, asked.items)
    if asked.estimator == "uls":
        complete = [sample for sample in samples if isinstance(sample, CompleteSample)]
        return _result(asked, fit_unweighted(table, complete), answers, [])
    return _result(asked, fit_continuous(table, samples, asked.estimator), answers, [])


def _check_samples(samples: Sequence[NormalSample], answers: Answers, items: Sequence[str]) -> None:
    """Refuse covariances without an inverse."""
    for sample, label in zip(samples, answers.labels, strict=True):
        covariance = getattr(sample, "covariance", None)
        if covariance is None:
            continue
        spread = np.sqrt(np.diag(covariance))
        values = np.linalg.eigvalsh(covariance / np.outer(spread, spread))
        if values[0] > 1e-10:
            continue
        where = f" of group {label!r}" if len(answers.labels) > 1 else ""
        why = (
            f"{sample.n} respondents answer {len(items)} items"
            if sample.n <= len(items)
            else "some item follows from others"
        )
        raise ArgumentError(
            f"items: expected a covariance matrix{where} with an inverse; its smallest eigenvalue is {values[0]:.2g}: "
            f"{why}. Leave out an item that repeats others, or use fewer items."
        )


def of_matrix(asked: Asked, items: Any, matrix: Any, n_obs: Any, group: Any, cluster: Any) -> CFAResult:
    """Maximum likelihood of a covariance matrix."""
    if items is not None:
        raise ArgumentError("sample_cov: expected a covariance matrix in place of items, not beside them.")
    if asked.estimator != "ml" or asked.missing != "listwise":
        raise ArgumentError("sample_cov: expected estimator='ml'; the others, and missing answers, need the answers.")
    if group is not None or cluster is not None:
        raise ArgumentError("sample_cov: expected no group and no cluster; they need the answers.")
    if n_obs is None:
        raise ArgumentError("n_obs: expected the number of respondents behind sample_cov; got none.")
    count = check_whole("n_obs", n_obs, 3)
    names, correlations, spread = checked_matrix("sample_cov", matrix)
    available = [str(name) for name in names]
    lost = [name for name in asked.items if name not in available]
    if lost:
        raise ArgumentError(
            f"model: expected items that sample_cov has; got {quoted(lost)}; available: {quoted(available)}."
        )
    if asked.options(1, {}).meanstructure:
        raise ArgumentError("model: expected no means (~ 1) with sample_cov, which has none.")
    at = [available.index(name) for name in asked.items]
    covariance = (correlations * np.outer(spread, spread))[np.ix_(at, at)]
    if np.linalg.eigvalsh(correlations[np.ix_(at, at)])[0] < 1e-10:
        raise ArgumentError("sample_cov: expected a positive definite matrix; it has no inverse.")
    table = parameter_table(asked.statements, asked.options(1, {}))
    return _result(asked, fit_continuous(table, [given_sample(covariance, count)], asked.estimator), None, [])


def _result(asked: Asked, fit: Fit, answers: Answers | None, findings: list[tuple[type[Warning], str]]) -> CFAResult:
    import pandas as pd

    found = fit.found
    findings = [*dict.fromkeys(findings), *diagnostics.convergence(found, fit.model)]
    improper: list[Impropriety] = []
    if found.converged:
        improper = improprieties(fit.model, fit.theta, singular=bool(np.isnan(fit.covariance).any()))
        findings += [(one.category, one.sentence) for one in improper]
        findings += without_moments(fit)
        findings += too_few_clusters(fit, answers)
    several = answers is not None and len(answers.labels) > 1
    convergence = {
        "method": found.method,
        "steps": found.n_steps,
        "minimum": found.value,
        "decrement": found.decrement,
    }
    return CFAResult(
        parameters=tables.parameters(fit),
        fit_measures=pd.Series(fit.measures, name="fit"),
        factor_correlations=tables.factor_correlations(fit),
        factor_means=tables.factor_means(fit),
        r_square=tables.r_square(fit),
        thresholds=tables.thresholds(fit),
        converged=found.converged,
        convergence=pd.Series(convergence, dtype=object, name="convergence"),
        model=asked.model,
        estimator=asked.estimator,
        missing=asked.missing,
        parameterization=asked.parameterization,
        n_respondents=sum(fit.n),
        groups=answers.labels if answers is not None and several else (),
        n_clusters=None if answers is None else answers.n_clusters,
        warnings=give(findings),
        improper=tuple(dict.fromkeys(name for one in improper for name in one.names)),
        _fit=fit,
        _answers=answers,
    )
