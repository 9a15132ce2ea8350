"""Confirmatory factor analysis: `cfa`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.confirmatory import diagnostics, tables
from movement_readiness.psychometrics.confirmatory.coverage import without_moments
from movement_readiness.psychometrics.confirmatory.fitting import Fit, fit_continuous, fit_ordinal, fit_unweighted
from movement_readiness.psychometrics.confirmatory.normal_sample import (
    CompleteSample,
    NormalSample,
    complete_sample,
    given_sample,
    incomplete_sample,
)
from movement_readiness.psychometrics.confirmatory.ordinal import OrdinalSample, ordinal_sample
from movement_readiness.psychometrics.confirmatory.reading import Answers, coded_answers, read_answers
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.confirmatory.specification import (
    ModelOptions,
    parameter_table,
    roles,
)
from movement_readiness.psychometrics.confirmatory.syntax import Statement, parse_model
from movement_readiness.psychometrics.confirmatory.threads import one_thread
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._findings import give
from movement_readiness.psychometrics.correlation.given import checked_matrix

__all__ = ["ESTIMATORS", "cfa"]

Floats = npt.NDArray[np.float64]

ESTIMATORS = ("ml", "mlr", "uls", "dwls", "wlsmv")
_ORDINAL = ("dwls", "wlsmv")


@dataclass(frozen=True, slots=True)
class _Asked:
    """The arguments of `cfa`, checked."""

    model: str
    statements: tuple[Statement, ...]
    items: tuple[str, ...]
    estimator: str
    missing: str
    ordered: bool
    meanstructure: bool | None
    clustered: bool
    std_lv: bool
    orthogonal: bool
    parameterization: str
    group_equal: tuple[str, ...]
    group_partial: tuple[str, ...]

    def options(self, n_groups: int, thresholds: dict[str, int]) -> ModelOptions:
        named = any(statement.op == "~1" for statement in self.statements)
        tied = {"intercepts", "means"} & set(self.group_equal)
        needed = self.missing == "fiml" or named or bool(tied)
        wanted = n_groups > 1 or self.clustered if self.meanstructure is None else bool(self.meanstructure)
        return ModelOptions(
            n_groups=n_groups,
            std_lv=self.std_lv,
            orthogonal=self.orthogonal,
            meanstructure=needed or wanted,
            group_equal=self.group_equal if n_groups > 1 else (),
            partial=self.group_partial if n_groups > 1 else (),
            thresholds=thresholds,
            parameterization=self.parameterization,
        )


def cfa(  # noqa: PLR0913 - the arguments of lavaan's cfa() that people know
    items: Any = None,
    model: str = "",
    *,
    estimator: str = "ml",
    missing: str = "listwise",
    group: Any = None,
    group_equal: str | Sequence[str] = (),
    group_partial: str | Sequence[str] = (),
    cluster: Any = None,
    std_lv: bool = False,
    parameterization: str = "delta",
    sample_cov: Any = None,
    n_obs: int | None = None,
    orthogonal: bool = False,
    ordered: bool | None = None,
    meanstructure: bool | None = None,
) -> CFAResult:
    r"""Confirmatory factor analysis of continuous or ordered items, in lavaan's syntax and to lavaan's numbers.

    With items y, factors eta of covariance Psi and residuals of covariance Theta, y = nu + Lambda eta + e implies the
    means nu + Lambda alpha and the covariances Lambda Psi Lambda' + Theta (loadings of factors on higher factors
    included). Ordered items are cut at thresholds from latent responses of which that is true; what is fitted then
    are thresholds and polychoric correlations.

    Parameters
    ----------
    items : item frame or 2-D array
        One column an item, one row a respondent (pandas, polars, pyarrow ...; the columns of an array are called
        item_1, item_2, ...). Columns that the model does not name are left aside.
    model : str
        lavaan syntax: ``f =~ x1 + x2``; ``x1 ~~ x2``; ``x1 ~ 1``; ``x1 | t1``; ``x1 ~*~ x1``; before a term ``0.5*``
        (fixed), ``NA*`` (free), ``a*`` (label: equal where the same), ``start(0.8)*``, ``c(a, b)*`` (one for each
        group). Defaults are those of lavaan's ``cfa()``.
    estimator : {"ml", "mlr", "uls", "dwls", "wlsmv"}
        "ml" maximum likelihood [1]_; "mlr" the same with sandwich standard errors and the Yuan-Bentler test [2]_;
        "wlsmv", for ordered items, diagonally weighted least squares with robust standard errors and a scaled and
        shifted test [3]_ [4]_; "dwls" the same without robustness; "uls" unweighted.
    missing : {"listwise", "fiml", "pairwise"}
        "listwise": respondents who answered every item. "fiml" (ml, mlr): the likelihood of what each answered.
        "pairwise" (ordered items): each correlation from who answered both.
    group : column name or one label a row, optional
        Fit the model in several groups, in order of appearance; rows without a label are left out.
    group_equal : str or sequence of str
        Of "loadings", "intercepts", "means", "thresholds", "residuals", "residual.covariances", "lv.variances",
        "lv.covariances": the same in all groups.
    group_partial : str or sequence of str
        Parameters that stay free all the same: "f=~x1", "x1~1", "x1|t2", "x1~~x1".
    cluster : column name(s) or one label a row, optional
        Teams in which respondents sit. Estimates stay; standard errors and tests are robust against answers that are
        alike within teams. "ml" becomes "mlr"; the weights of "wlsmv" stay those of independent respondents.
    std_lv : bool, default False
        Factor variances of one in place of first loadings of one.
    parameterization : {"delta", "theta"}
        Of ordered items: scales, or residual variances, as parameters.
    sample_cov : frame or 2-D array, optional
        Covariance matrix (divisor n - 1) in place of items; "ml" alone, with ``n_obs``.
    n_obs : int, optional
        Respondents behind ``sample_cov``.
    orthogonal : bool, default False
        No covariances between factors.
    ordered : bool, optional
        Whether items are ordered; left out, for "dwls" and "wlsmv" alone. "uls" does both.
    meanstructure : bool, optional
        Means of continuous items; left out, with groups, clusters, "fiml" and where the model names means.

    Returns
    -------
    CFAResult

    Raises
    ------
    ArgumentError
        What cannot be read in the model, with line and column; items that are not there or have one answer only; a
        category that nobody in a group chose; more parameters than moments; a model that is not identified, with the
        parameters.

    Warns
    -----
    NonConvergenceWarning, HeywoodWarning, NotPositiveDefiniteWarning, NotIdentifiedWarning, EmptyCategoryWarning, \
NearPerfectCorrelationWarning, ClusteredDataWarning
        Each names parameters or items and says what to do; the sentences are also in ``warnings``.

    Notes
    -----
    ml divides by N; chi-square is N times the discrepancy. Least squares count N - 1 (chi-square; N - G of G groups in
    standard errors). The scaled and shifted statistic is a T + df - a tr(UG), a = sqrt(df / tr(UG UG)), with T the
    DWLS statistic. Standard errors of mlr rest on the observed information, with "fiml" those of ml too.

    Checked against lavaan 0.6-14 (estimates 1e-5 for ml and 1e-4 for wlsmv, standard errors and chi-squares 1e-3
    relative, indices 1e-4) on simulated data of two to seven categories, with groups, missing answers, second-order
    and bifactor models; lavaan 0.6-14 has no cluster-robust wlsmv, which is checked by simulation.

    References
    ----------
    .. [1] Joreskog KG (1969). A general approach to confirmatory maximum likelihood factor analysis. Psychometrika
       34:183-202. doi:10.1007/BF02289343
    .. [2] Yuan KH, Bentler PM (2000). Three likelihood-based methods for mean and covariance structure analysis with
       nonnormal missing data. Sociological Methodology 30:165-200. doi:10.1111/0081-1750.00078
    .. [3] Muthen B, du Toit SHC, Spisic D (1997). Robust inference using weighted least squares and quadratic
       estimating equations in latent variable modeling with categorical and continuous outcomes. Unpublished
       technical report.
    .. [4] Asparouhov T, Muthen B (2010). Simple second order chi-square correction. Mplus technical note.
    .. [5] Rosseel Y (2012). lavaan: An R package for structural equation modeling. Journal of Statistical Software
       48(2):1-36. doi:10.18637/jss.v048.i02

    Examples
    --------
    R: ``lavaan::cfa("f =~ x1 + x2 + x3 + x4", items, std.lv = TRUE)``

    >>> import numpy as np, pandas as pd
    >>> from movement_readiness.psychometrics import cfa
    >>> rng = np.random.default_rng(1)
    >>> values = 0.8 * rng.normal(size=(300, 1)) + 0.6 * rng.normal(size=(300, 4))
    >>> found = cfa(pd.DataFrame(values, columns=["x1", "x2", "x3", "x4"]), "f =~ x1 + x2 + x3 + x4", std_lv=True)
    >>> found.parameters.loc[0, ["lhs", "op", "rhs"]].tolist(), found.fit_measures["df"]
    (['f', '=~', 'x1'], np.float64(2.0))
    """
    asked = _Asked(
        model=model,
        statements=(statements := parse_model(model)),
        items=roles(statements)[1],
        estimator="mlr"
        if estimator == "ml" and cluster is not None
        else check_choice("estimator", estimator, ESTIMATORS),
        missing=check_choice("missing", missing, ("listwise", "fiml", "pairwise")),
        ordered=estimator in _ORDINAL if ordered is None else bool(ordered),
        meanstructure=meanstructure,
        clustered=cluster is not None,
        std_lv=std_lv,
        orthogonal=orthogonal,
        parameterization=check_choice("parameterization", parameterization, ("delta", "theta")),
        group_equal=(group_equal,) if isinstance(group_equal, str) else tuple(group_equal),
        group_partial=(group_partial,) if isinstance(group_partial, str) else tuple(group_partial),
    )
    _check_together(asked, cluster)
    with one_thread():
        return _fitted(asked, items, group, cluster, sample_cov, n_obs)


def _fitted(asked: _Asked, items: Any, group: Any, cluster: Any, sample_cov: Any, n_obs: Any) -> CFAResult:
    if sample_cov is not None:
        return _of_matrix(asked, items, sample_cov, n_obs, group, cluster)
    if n_obs is not None:
        raise ArgumentError("n_obs: expected only with sample_cov; answers say themselves how many there are.")
    if items is None:
        raise ArgumentError("items: expected answers, one row a respondent (or sample_cov= with n_obs=); got none.")
    answers = read_answers(items, asked.items, group, cluster, asked.missing)
    return _of_ordered(asked, answers) if asked.ordered else _of_numbers(asked, answers)


def _check_together(asked: _Asked, cluster: Any) -> None:
    """Refuse arguments that do not go together."""
    if asked.ordered and asked.estimator in {"ml", "mlr"}:
        raise ArgumentError(
            f"ordered: expected estimator='wlsmv' (or 'dwls', 'uls') for ordered items; got {asked.estimator!r}."
        )
    if not asked.ordered and asked.estimator in _ORDINAL:
        raise ArgumentError(f"ordered: expected True with estimator={asked.estimator!r}, which is for ordered items.")
    if asked.ordered and asked.missing == "fiml":
        raise ArgumentError("missing: expected 'listwise' or 'pairwise' for ordered items; 'fiml' needs ml or mlr.")
    if asked.missing == "pairwise" and not asked.ordered:
        raise ArgumentError("missing: expected 'listwise' or 'fiml'; 'pairwise' is for ordered items.")
    if asked.missing == "fiml" and asked.estimator == "uls":
        raise ArgumentError("missing: expected 'listwise' with estimator='uls'; 'fiml' needs ml or mlr.")
    if cluster is not None and asked.estimator not in {"mlr", "wlsmv"}:
        raise ArgumentError(
            f"cluster: expected estimator='mlr' or 'wlsmv', whose errors can be robust; got {asked.estimator!r}."
        )


def _of_ordered(asked: _Asked, answers: Answers) -> CFAResult:
    coded = coded_answers(answers)
    thresholds = {name: int(n) - 1 for name, n in zip(asked.items, coded.n_categories, strict=True)}
    n_groups = len(answers.labels)
    table = parameter_table(asked.statements, asked.options(n_groups, thresholds))
    full = asked.estimator == "wlsmv"
    samples: list[OrdinalSample] = []
    findings: list[tuple[type[Warning], str]] = []
    for group in range(n_groups):
        codes = coded.codes if n_groups == 1 else coded.codes[answers.group == group]
        sample = ordinal_sample(codes, coded.n_categories, full=full, clusters=answers.clusters_of(group))
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


def _of_numbers(asked: _Asked, answers: Answers) -> CFAResult:
    n_groups = len(answers.labels)
    table = parameter_table(asked.statements, asked.options(n_groups, {}))
    samples: list[NormalSample] = []
    for group in range(n_groups):
        values, clusters = answers.values_of(group), answers.clusters_of(group)
        gaps = bool(np.isnan(values).any())
        sample = incomplete_sample(values, clusters) if gaps else complete_sample(values, clusters)
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


def _of_matrix(asked: _Asked, items: Any, matrix: Any, n_obs: Any, group: Any, cluster: Any) -> CFAResult:
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


def _result(asked: _Asked, fit: Fit, answers: Answers | None, findings: list[tuple[type[Warning], str]]) -> CFAResult:
    import pandas as pd

    found = fit.found
    findings = [*findings, *diagnostics.convergence(found, fit.model)]
    if found.converged:
        findings += diagnostics.admissibility(fit.model, fit.theta)
        if np.isnan(fit.covariance).any():
            findings += diagnostics.not_identified(fit.model, fit.theta)
        findings += without_moments(fit)
    several = answers is not None and len(answers.labels) > 1
    clusters = None if answers is None or answers.clusters is None else int(np.unique(answers.clusters).size)
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
        n_clusters=clusters,
        warnings=give(findings),
        _fit=fit,
        _answers=answers,
    )
