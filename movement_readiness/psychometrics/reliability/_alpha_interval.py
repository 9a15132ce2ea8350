"""Intervals of alpha: which one holds, and its limits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import warn_of_few_clusters
from movement_readiness.psychometrics.reliability._coefficients import (
    alpha_influence,
    alpha_of,
    covariance_matrix,
    feldt_limits,
    wald_limits,
)
from movement_readiness.psychometrics.reliability._intervals import Answers, Interval, Samples, bootstrap_interval
from movement_readiness.psychometrics.reliability._matrices import Rows

__all__ = ["chosen_interval", "interval_of"]

Floats = npt.NDArray[np.float64]


def chosen_interval(ci: str, kind: str, missing: str, answers: Answers) -> str:
    """Which interval is meant, or why the one that was asked for does not hold."""
    deleted = missing == "listwise" or not np.isnan(answers.table.values).any()
    if ci == "auto":
        if answers.codes is None:
            return "bootstrap" if kind == "ordinal" else "feldt"
        return "adf" if kind == "raw" and deleted else "bootstrap"
    if ci == "feldt" and (answers.codes is not None or kind == "ordinal"):
        what = "clusters" if answers.codes is not None else "polychoric correlations"
        allowed = '"adf", "bootstrap" or "none"' if kind == "raw" and deleted else '"bootstrap" or "none"'
        raise ArgumentError(f"ci: expected {allowed} with {what}; Feldt's interval does not hold for them.")
    if ci == "adf" and not (kind == "raw" and deleted):
        raise ArgumentError(
            'ci: "adf" is for alpha of the covariances of complete rows; expected "bootstrap" with standardised or '
            "ordinal alpha, or with pairwise deletion."
        )
    return ci


def interval_of(
    answers: Answers,
    ci: str,
    matrices: Callable[[Rows], Floats],
    estimate: float,
    level: float,
    samples: Samples,
) -> Interval:
    """The interval of alpha that was chosen."""
    if np.isnan(estimate):
        return Interval(estimate, estimate, "not estimable")
    if ci == "feldt":
        n = int(covariance_matrix(answers.table.values)[1].min())
        return Interval(
            *feldt_limits(estimate, n, answers.table.n_items, level), f"Feldt (1965), n = {n}{_fewest(n, answers)}"
        )
    if ci == "adf":
        warn_of_few_clusters(answers.n_clusters)
        error = _adf_error(answers)
        df = None if answers.n_clusters is None else answers.n_clusters - 1
        words = "distribution-free (Maydeu-Olivares et al. 2007)"
        words += "" if df is None else f", robust to {answers.n_clusters} clusters: t({df}) standard errors"
        return Interval(*wald_limits(estimate, error, level, df), words, error)
    if ci == "bootstrap":

        def statistic(rows: Rows) -> float:
            return alpha_of(matrices(rows))

        return bootstrap_interval(answers, statistic, estimate, confidence=level, samples=samples)
    return Interval(float("nan"), float("nan"), "none asked for")


def _fewest(n: int, answers: Answers) -> str:
    return "" if n == len(answers.table.values) else ", the respondents of the pair of items that has the fewest"


def _adf_error(answers: Answers) -> float:
    influence = alpha_influence(answers.table.values)
    n = len(influence)
    if answers.codes is None:
        return float(np.sqrt((influence**2).sum()) / n)
    sums = np.bincount(answers.codes, weights=influence)
    return float(np.sqrt(sums.size / (sums.size - 1) * (sums**2).sum()) / n)
