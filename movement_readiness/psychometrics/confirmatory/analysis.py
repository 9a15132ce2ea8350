"""Confirmatory factor analysis: `cfa`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.confirmatory.asked import ESTIMATORS, ORDINAL, Asked, check_together
from movement_readiness.psychometrics.confirmatory.reading import read_answers
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.confirmatory.roles import roles
from movement_readiness.psychometrics.confirmatory.runs import of_matrix, of_numbers, of_ordered
from movement_readiness.psychometrics.confirmatory.syntax import parse_model
from movement_readiness.psychometrics.confirmatory.threads import one_thread

__all__ = ["ESTIMATORS", "cfa", "check_estimator"]


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
    ordered: bool | Sequence[str] | None = None,
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
        shifted test [3]_ [4]_; "dwls" the same without robustness; "uls" unweighted. Capitals do as well. Full
        weighted least squares (lavaan's "WLS") is not here.
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
    ordered : bool or sequence of str, optional
        Whether items are ordered, or the names of all that are, as lavaan has it: all of the model's or none. Left out,
        they are for "dwls" and "wlsmv" alone. "uls" does both. Ordered and continuous items in one model are refused.
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
    NonConvergenceWarning, HeywoodWarning, ImproperSolutionWarning, NotIdentifiedWarning, EmptyCategoryWarning, \
    NearPerfectCorrelationWarning, ClusteredDataWarning, TooFewClustersWarning, StrayCodeWarning
        Each names parameters or items and says what to do; the sentences are also in ``warnings``.

    Notes
    -----
    ml divides by N; chi-square is N times the discrepancy. Least squares count N - 1 (chi-square; N - G of G groups in
    standard errors). The scaled and shifted statistic is a T + df - a tr(UG), a = sqrt(df / tr(UG UG)), with T the
    DWLS statistic. Standard errors of mlr rest on the observed information, with "fiml" those of ml too.

    Checked against lavaan 0.6-14 (estimates 1e-5 for ml and 1e-4 for wlsmv, standard errors and chi-squares 1e-3
    relative, indices 1e-4) on simulated data of two to seven categories, with groups, missing answers, second-order
    and bifactor models; lavaan 0.6-14 has no cluster-robust wlsmv, which is checked by simulation. Robust indices are
    also given where lavaan 0.6-14 has none (equal thresholds), by the same formulas.

    Respondents without a cluster label are left out. Where clusters have respondents in several groups, what they add
    to several groups is added up, within a group and across (with the factor J / (J - 1) of each group, geometric
    mean across), so that comparisons within teams are sharper; lavaan 0.6-14 takes them for different clusters. With
    fewer clusters than degrees of freedom the scaled test is not to be trusted: simulated true models of 36 items in
    60 teams (df 579) are rejected at .05 in a third of 16 samples by mlr and in none by wlsmv, whose statistic then
    varies by 10 in place of 34 and so rejects only what is far off; standard errors do not need that many.

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
    estimator = estimator.lower() if isinstance(estimator, str) else estimator
    asked = Asked(
        model=model,
        statements=(statements := parse_model(model)),
        items=(names := roles(statements)[1]),
        estimator="mlr" if estimator == "ml" and cluster is not None else check_estimator(estimator, ESTIMATORS),
        missing=check_choice("missing", missing, ("listwise", "fiml", "pairwise")),
        ordered=estimator in ORDINAL if ordered is None else _are_ordered(ordered, names),
        meanstructure=meanstructure,
        clustered=cluster is not None,
        std_lv=std_lv,
        orthogonal=orthogonal,
        parameterization=check_choice("parameterization", parameterization, ("delta", "theta")),
        group_equal=(group_equal,) if isinstance(group_equal, str) else tuple(group_equal),
        group_partial=(group_partial,) if isinstance(group_partial, str) else tuple(group_partial),
    )
    check_together(asked, cluster)
    with one_thread():
        return _fitted(asked, items, group, cluster, sample_cov, n_obs)


def _are_ordered(ordered: object, items: Sequence[str]) -> bool:
    """Whether the items of the model are ordered, from a truth value or from the names of all that are."""
    if isinstance(ordered, (bool, np.bool_)):
        return bool(ordered)
    named = [ordered] if isinstance(ordered, str) else ordered
    if not isinstance(named, Collection) or not all(isinstance(name, str) for name in named):
        raise ArgumentError(f"ordered: expected True, False or names of items; got {ordered!r}.")
    there = [item for item in items if item in named]
    if 0 < len(there) < len(items):
        raise ArgumentError(
            f"ordered: expected all items of the model or none, since ordered and continuous items in one model are "
            f"not here; got {len(there)} of {len(items)}. Take all as ordered (ordered=True, as few as two categories "
            "do), or all as numbers with estimator='mlr'."
        )
    return bool(there)


def check_estimator(estimator: Any, available: Collection[str]) -> str:
    """The estimator if it is one of the available ones; of full weighted least squares say that it is not here."""
    if estimator == "wls":
        raise ArgumentError(
            f"estimator: expected one of {quoted(available)}; full weighted least squares ('wls') is not here. Did "
            "you mean 'wlsmv', which takes the whole matrix of weights for standard errors and tests alone?"
        )
    return str(check_choice("estimator", estimator, available))


def _fitted(asked: Asked, items: Any, group: Any, cluster: Any, sample_cov: Any, n_obs: Any) -> CFAResult:
    if sample_cov is not None:
        if isinstance(n_obs, Integral) and n_obs <= len(asked.items):
            raise ArgumentError(
                f"n_obs: expected more respondents than items, of which the model has {len(asked.items)}; got {n_obs}. "
                "A covariance matrix of so few answers has no inverse; use fewer items."
            )
        return of_matrix(asked, items, sample_cov, n_obs, group, cluster)
    if n_obs is not None:
        raise ArgumentError("n_obs: expected only with sample_cov; answers say themselves how many there are.")
    if items is None:
        raise ArgumentError("items: expected answers, one row a respondent (or sample_cov= with n_obs=); got none.")
    answers = read_answers(items, asked.items, group, cluster, asked.missing)
    return of_ordered(asked, answers) if asked.ordered else of_numbers(asked, answers)
