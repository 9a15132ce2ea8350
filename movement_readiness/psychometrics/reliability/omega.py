"""`mcdonald_omega`: total, hierarchical and categorical, each saying which model it came from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._frames import MISSING
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.exploratory.fit import degrees_of_freedom, most_factors
from movement_readiness.psychometrics.reliability._intervals import (
    DELETION,
    Answers,
    Interval,
    bootstrap_interval,
    check_interval,
    read_answers,
)
from movement_readiness.psychometrics.reliability._matrices import (
    ALL_ROWS,
    Rows,
    coded_values,
    correlations_of_rows,
    look_at_categories,
)
from movement_readiness.psychometrics.reliability._models import (
    OmegaModel,
    categorical_model,
    factor_model,
    look_at_model,
)
from movement_readiness.psychometrics.reliability._omega_result import OmegaResult, coefficient_name
from movement_readiness.psychometrics.results import counted, noted

__all__ = ["OmegaResult", "mcdonald_omega"]

Floats = npt.NDArray[np.float64]
Model: TypeAlias = "Callable[[Rows, int, OmegaModel | None], OmegaModel]"

KINDS = ("total", "hierarchical", "categorical")
CORRELATIONS = ("pearson", "polychoric")
VARIANCES = ("observed", "implied")
_WRITTEN = {"pearson": "Pearson", "polychoric": "polychoric"}
_N_FACTORS = {"total": 1, "hierarchical": 3, "categorical": 1}


def mcdonald_omega(
    items: Any,
    *,
    kind: str = "total",
    n_factors: int | None = None,
    correlation: str | None = None,
    missing: str = "listwise",
    total_variance: str = "observed",
    ci: str = "bootstrap",
    confidence: float = 0.95,
    cluster: Any = None,
    n_bootstrap: int = 200,
    n_starts: int = 30,
    seed: int | None = 0,
    progress: bool = False,
) -> OmegaResult:
    """Omega: how much of the variance of a sum of items common factors account for.

    Parameters
    ----------
    items : frame or 2-D array, shape (respondents, items)
        Three or more; keyed in one direction or not (see Notes). A column called team or site is no item.
    kind : {"total", "hierarchical", "categorical"}
        "total": all common factors. "hierarchical": the general factor alone. "categorical": of the sum of ordered
        answers from a one-factor model of their latent responses.
    n_factors : int, optional
        Of the model: 1 for total and categorical, 3 (group factors below a general one) for hierarchical. Total with
        2 or more is psych's omega_t.
    correlation : {"pearson", "polychoric"}, optional
        Pearson by default; "polychoric" makes total and hierarchical omega those of a sum of latent responses, which
        nobody observes: "categorical" is that of the sum of the answers.
    missing : {"listwise", "pairwise"}
        Respondents with every item answered, or for each pair of items those who answered both.
        psych uses pairs; "pairwise" gives its number where answers are missing.
    total_variance : {"observed", "implied"}
        What the sum's variance is taken from: the correlations, or those the model implies.
    ci : {"bootstrap", "none"}
        Bootstrap of the whole procedure, drawing respondents or, when they are given, whole clusters: the estimate
        plus and minus z (with J clusters t, J - 1 degrees of freedom) bootstrap standard errors. Percentiles would
        carry the downward bias of omega hierarchical twice: over 60 samples of 300 people, 95 % intervals held the
        truth in 92 % (standard errors) and 77 % (percentiles).
    confidence : float, default 0.95
    cluster : column name(s) or labels, optional
        Who sits in which team: the interval allows for it. Rows without a label are left out.
    n_bootstrap : int, default 200
        Bootstrap samples. They give a standard error, not percentiles, so 200 are enough: over seeds the standard error
        moved by 5 % (1,000: 2 %).
    n_starts : int
        Random starts of the rotation; a bootstrap sample begins at the solution of all respondents alone.
    seed : int, default 0
        The same seed gives the same starts and bootstrap; None takes new ones each time.
    progress : bool
        Show a bar of bootstrap samples on standard error.

    Returns
    -------
    OmegaResult
        ``.estimate .ci_low .ci_high .n_respondents .omega_total .omega_hierarchical .ecv .loadings .group_factors``.

    Raises
    ------
    ArgumentError
        Fewer than three items, more factors than the items identify, or hierarchical omega of one factor.

    Warns
    -----
    NotIdentifiedWarning
        Two group factors: their loadings on the general factor cannot be told apart, and are taken as equal.
    ReversedItemWarning
        Items with a negative (general) loading were reversed; the coefficient is that of the sum so made.
    HeywoodWarning, NonConvergenceWarning
        The factor solution is improper, or was not reached.
    ClusteredDataWarning
        The frame has a team column and no cluster was named.
    TooFewClustersWarning
        The interval rests on fewer than ten clusters.
    IdentifierColumnWarning, StrayCodeWarning
        A column of row numbers or identifiers, taken as an item; a code far from the others, such as 99 or -9.

    Notes
    -----
    All of it works on correlations, as ``psych::omega`` does: it is about the sum of standardised items. With one
    factor, loadings l_i and uniquenesses u_i = 1 - l_i^2 (minres), and V = sum_ij r_ij, or the same sum of the
    reproduced correlations (``total_variance="implied"``), [1]_

        ``omega total = 1 - sum_i u_i / V``    (implied: (sum l_i)^2 / ((sum l_i)^2 + sum u_i))

    With m group factors: minres, oblimin (gamma 0, no Kaiser weights), a general factor of the factor correlations
    (c_f), and Schmid and Leiman's [2]_ orthogonal solution, g_i = sum_f l_if c_f and f_if = l_if sqrt(1 - c_f^2);

        ``omega hierarchical = (sum_i g_i)^2 / V,   ECV = sum g_i^2 / (sum g_i^2 + sum f_if^2)``

    [3]_. Items with g_i < 0 are reversed before summing (psych's ``flip``), warned of and named in ``turned``;
    semTools' ``compRelSEM`` reverses none, so give it the items reversed to compare categorical omega. A Schmid-Leiman
    solution holds the proportions of general and group loadings equal within a factor, so a bifactor model fitted
    directly gives another omega hierarchical.

    *Categorical* [4]_: with loadings of a one-factor model of the polychoric correlations (weights 1 / squared
    standard error: DWLS), thresholds t_ia and steps d_ia from each code to the next,

        ``omega = sum_ij c_ij(l_i l_j) / sum_ij c_ij(r_ij),
        c_ij(r) = sum_ab d_ia d_jb (Phi2(t_ia, t_jb, r) - Phi(t_ia) Phi(t_jb))``

    with r_ij the polychoric correlations (observed) or l_i l_j (implied), and r_ii = 1.

    Checked against psych 2.2.9 (omega total, hierarchical, ECV, groups; 1e-4) and semTools 0.5-6 (categorical,
    ``compRelSEM`` with and without ``obs.var``; 1e-4): ``tests/reference/exploratory``; by recovery of known truth.

    References
    ----------
    .. [1] McDonald RP (1999). Test Theory: A Unified Treatment. Lawrence Erlbaum.
    .. [2] Schmid J, Leiman JM (1957). The development of hierarchical factor solutions. Psychometrika 22:53-61.
       doi:10.1007/BF02289209
    .. [3] Zinbarg RE, Revelle W, Yovel I, Li W (2005). Cronbach's alpha, Revelle's beta, and McDonald's omega_H: their
       relations with each other and two alternative conceptualizations of reliability.
       Psychometrika 70:123-133. doi:10.1007/s11336-003-0974-7
    .. [4] Green SB, Yang Y (2009). Reliability of summed item scores using structural equation modeling: an
       alternative to coefficient alpha. Psychometrika 74:155-167. doi:10.1007/s11336-008-9099-3

    Examples
    --------
    R: ``psych::omega(items, nfactors = 1)$omega.tot``

    >>> import movement_readiness as mr
    >>> items = [[5, 4, 5, 5], [1, 1, 1, 1], [3, 4, 3, 4], [2, 2, 4, 3], [2, 2, 3, 4], [3, 3, 4, 2], [1, 2, 1, 1]]
    >>> found = mr.mcdonald_omega(items, ci="none")
    >>> found
    <OmegaResult: omega total 0.935, 4 items, 7 respondents, listwise, one factor of Pearson correlations>
    >>> found.loadings["general"].round(2).tolist()
    [0.99, 0.84, 0.86, 0.84]
    """
    check_choice("kind", kind, KINDS)
    check_choice("missing", missing, MISSING)
    check_choice("total_variance", total_variance, VARIANCES)
    chosen = _chosen_correlation(kind, correlation)
    level, samples = check_interval(ci, ("bootstrap", "none"), confidence, n_bootstrap, seed, progress)
    check_whole("n_starts", n_starts, 1)
    answers = read_answers(items, missing=missing, cluster=cluster, at_least=3, ordered=chosen == "polychoric")
    factors = _chosen_factors(kind, n_factors, answers.table.n_items)
    models = _models(answers.table.values, kind, factors, chosen, total_variance, samples.seed)
    model = models(ALL_ROWS, n_starts, None)
    with noted() as said:
        if chosen == "polychoric":
            look_at_categories(answers.table)
        look_at_model(answers.table, model)
    interval = Interval(float("nan"), float("nan"), "none asked for")
    if ci == "bootstrap" and np.isfinite(model.estimate(kind)):

        def statistic(rows: Rows) -> float:
            return models(rows, 1, model).estimate(kind)

        interval = bootstrap_interval(answers, statistic, model.estimate(kind), confidence=level, samples=samples)
    found = _result(answers, model, kind, chosen, missing, total_variance, interval, level)
    return replace(found, warnings=tuple(said))


def _chosen_correlation(kind: str, correlation: str | None) -> str:
    if correlation is None:
        return "polychoric" if kind == "categorical" else "pearson"
    check_choice("correlation", correlation, CORRELATIONS)
    if kind == "categorical" and correlation != "polychoric":
        raise ArgumentError(f'correlation: expected "polychoric" with kind="categorical"; got {correlation!r}.')
    return correlation


def _chosen_factors(kind: str, n_factors: int | None, n_items: int) -> int:
    factors = _N_FACTORS[kind] if n_factors is None else check_whole("n_factors", n_factors, 1)
    if kind == "categorical" and factors != 1:
        raise ArgumentError(
            f"n_factors: categorical omega is that of a one-factor model; expected 1, got {factors}. "
            "Of a model with several factors it needs a confirmatory factor analysis."
        )
    if kind == "hierarchical" and factors == 1:
        raise ArgumentError(
            'n_factors: with one factor there is no general factor apart from it; expected 2 or more, or kind="total".'
        )
    if degrees_of_freedom(n_items, factors) < 0:
        default = f", which kind={kind!r} takes where none is given" if n_factors is None else ""
        most = most_factors(n_items)
        remedy = 'more items, or kind="total"' if kind == "hierarchical" and most < 2 else f"{most} at most"
        raise ArgumentError(
            f"n_factors: {n_items} items do not identify {counted(factors, 'factor')}{default}; expected {remedy}."
        )
    return factors


def _models(
    values: Floats, kind: str, n_factors: int, correlation: str, total_variance: str, seed: int | None
) -> Model:
    """From rows, number of starts and the model of almost the same answers (or None) to the model of these rows."""
    if kind == "categorical":
        coded = coded_values(values)
        return lambda rows, _, near: categorical_model(coded.rows(rows), total_variance, near=near)
    matrices = correlations_of_rows(values, correlation)
    return lambda rows, n_starts, near: factor_model(
        matrices(rows), n_factors, total_variance, n_starts=n_starts, seed=seed, near=near
    )


def _result(
    answers: Answers,
    model: OmegaModel,
    kind: str,
    correlation: str,
    missing: str,
    total_variance: str,
    interval: Interval,
    level: float,
) -> OmegaResult:
    return OmegaResult(
        coefficient=coefficient_name(kind, correlation),
        estimate=model.estimate(kind),
        ci_low=interval.low,
        ci_high=interval.high,
        confidence=level,
        standard_error=interval.standard_error,
        n_respondents=len(answers.table.values),
        n_items=answers.table.n_items,
        n_clusters=answers.n_clusters,
        method=f"Model: {model.words} of {_WRITTEN[correlation]} correlations; variance of the sum as "
        f"{total_variance}. {DELETION[missing]}{answers.deletion}",
        interval=interval.words,
        missing=missing,
        kind=kind,
        n_factors=model.n_factors,
        correlation=correlation,
        total_variance=total_variance,
        omega_total=model.total,
        omega_hierarchical=model.hierarchical,
        asymptotic=model.hierarchical / model.total,
        ecv=model.ecv,
        loadings=model.loadings_frame(answers.table.names),
        group_factors=model.groups_frame(),
        turned=tuple(name for name, sign in zip(answers.table.names, model.signs, strict=True) if sign < 0),
    )
