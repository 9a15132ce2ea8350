"""Does an instrument measure the same in all groups? `measurement_invariance`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness._validation import check_choice, closest, quoted
from movement_readiness.exceptions import (
    ArgumentError,
    EstimationWarning,
    ImproperSolutionWarning,
    MovementReadinessWarning,
    NonConvergenceWarning,
    NotIdentifiedWarning,
)
from movement_readiness.psychometrics._invariance_result import MEASURES, InvarianceResult
from movement_readiness.psychometrics.confirmatory.analysis import cfa, check_estimator
from movement_readiness.psychometrics.confirmatory.comparison import difference_method, difference_test
from movement_readiness.psychometrics.confirmatory.ladder import (
    CONTINUOUS,
    ORDINAL,
    Rung,
    continuous_ladder,
    ordinal_ladder,
)
from movement_readiness.psychometrics.confirmatory.nested import Difference
from movement_readiness.psychometrics.confirmatory.reading import Answers, coded_answers, read_answers
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.confirmatory.specification import roles
from movement_readiness.psychometrics.confirmatory.syntax import Statement, parse_model
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["InvarianceResult", "measurement_invariance"]

_ESTIMATORS = ("ml", "mlr", "wlsmv", "dwls")
_ORDERED = ("wlsmv", "dwls")
_OF_A_STEP = (NonConvergenceWarning, ImproperSolutionWarning, NotIdentifiedWarning, EstimationWarning)


def measurement_invariance(
    items: Any,
    model: str,
    *,
    group: Any,
    estimator: str = "ml",
    missing: str = "listwise",
    cluster: Any = None,
    partial: str | Sequence[str] = (),
    steps: Sequence[str] | None = None,
    parameterization: str = "delta",
) -> InvarianceResult:
    r"""Fit a measurement model to several groups with more and more of it equal, and test every step.

    Continuous items ("ml", "mlr"): *configural* (the same items on the same factors), *metric* (equal loadings),
    *scalar* (equal intercepts too: what comparing means needs), *strict* (equal residual variances too). Ordered items
    ("wlsmv", "dwls") by Wu and Estabrook [1]_: *configural*, *thresholds*, *loadings*, *intercepts* (what comparing
    factor means needs), *residuals* (what comparing observed means needs too). Factor variances are 1 in the first
    group, and its factor means 0.

    Parameters
    ----------
    items : item frame
        One row a respondent; may hold the column of groups.
    model : str
        lavaan syntax, as in `cfa`. For ordered items without thresholds, intercepts or scales: the steps set them.
    group : column name or one label a row
        Groups in order of appearance.
    estimator : {"ml", "mlr", "wlsmv", "dwls"}
    missing : {"listwise", "fiml", "pairwise"}
        As in `cfa`.
    cluster : column name(s) or one label a row, optional
        As in `cfa`.
    partial : str or sequence of str
        Parameters that stay free in all steps: "f=~x1", "x1~1", "x1|t2", "x1~~x1" (see
        `InvarianceResult.suggestions`).
    steps : sequence of str, optional
        Only these, in the order of the ladder; each is tested against the one before it that is there.
    parameterization : {"delta", "theta"}
        Of ordered items; the step residuals is always theta.

    Returns
    -------
    InvarianceResult
        ``to_frame()``, ``fits[step]``, ``suggestions()``.

    Raises
    ------
    ArgumentError
        As `cfa`; a step that does not exist; thresholds, intercepts or scales in a model of ordered items.

    Notes
    -----
    Difference tests are those of `compare_models`: the plain difference for "ml" and "dwls", Satorra and Bentler
    (2001) for "mlr", Satorra (2000) for "wlsmv". Items of three categories have thresholds that are equal for the
    asking, so that *thresholds* is not tested where no item has more; items of two categories have nothing to compare
    before *intercepts*, where thresholds, loadings and intercepts become equal at once. Factors that have higher
    factors keep intercepts of zero when intercepts are equal. Missing answers as in `cfa`. A category that nobody of
    a group chose is refused.

    Changes in fit have cut-offs [2]_ [3]_ [4]_, printed with the table, none of which is a consistent rule; for
    ordered items they do not perform well [5]_. Checked against ``lavaan`` 0.6-14 with ``semTools::measEq.syntax``
    0.5-6 (``ID.cat = "Wu.Estabrook.2016"``) and ``lavTestLRT``: chi-squares and difference tests 1e-3 relative.

    References
    ----------
    .. [1] Wu H, Estabrook R (2016). Identification of confirmatory factor analysis models of different levels of
       invariance for ordered categorical outcomes. Psychometrika 81:1014-1045. doi:10.1007/s11336-016-9506-0
    .. [2] Cheung GW, Rensvold RB (2002). Evaluating goodness-of-fit indexes for testing measurement invariance.
       Structural Equation Modeling 9:233-255. doi:10.1207/S15328007SEM0902_5
    .. [3] Chen FF (2007). Sensitivity of goodness of fit indexes to lack of measurement invariance. Structural Equation
       Modeling 14:464-504. doi:10.1080/10705510701301834
    .. [4] Meade AW, Johnson EC, Braddy PW (2008). Power and sensitivity of alternative fit indices in tests of
       measurement invariance. Journal of Applied Psychology 93:568-592. doi:10.1037/0021-9010.93.3.568
    .. [5] Sass DA, Schmitt TA, Marsh HW (2014). Evaluating model fit with ordered categorical data within a measurement
       invariance framework: a comparison of estimators. Structural Equation Modeling 21:167-180.
       doi:10.1080/10705511.2014.882658

    Examples
    --------
    R: ``lavaan::cfa(model, data, group = "site", group.equal = c("loadings", "intercepts"))`` and so on, then
    ``lavaan::lavTestLRT``

    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(4)
    >>> values = 0.8 * rng.normal(size=(400, 1)) + 0.6 * rng.normal(size=(400, 4))
    >>> answers = pd.DataFrame(values, columns=["x1", "x2", "x3", "x4"]).assign(site=["North", "South"] * 200)
    >>> found = measurement_invariance(answers, "f =~ x1 + x2 + x3 + x4", group="site")
    >>> found.to_frame()[["step", "df", "df_diff"]].values.tolist()
    [['configural', 4.0, nan], ['metric', 7.0, 3.0], ['scalar', 10.0, 3.0], ['strict', 14.0, 4.0]]
    """
    estimator = estimator.lower() if isinstance(estimator, str) else estimator
    check_estimator(estimator, _ESTIMATORS)
    check_choice("parameterization", parameterization, ("delta", "theta"))
    statements = parse_model(model)
    factors, names = roles(statements)
    freed = [one.replace(" ", "") for one in ([partial] if isinstance(partial, str) else list(partial))]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", MovementReadinessWarning)  # the first step gives them
        answers = read_answers(items, names, group, cluster, missing)
    ordered = estimator in _ORDERED
    notes: tuple[str, ...] = ()
    if ordered:
        _check_plain(statements)
        counts = _thresholds(answers, names, said)
        _check_partial(freed, statements, counts)
        ladder = ordinal_ladder(
            statements,
            factors,
            counts,
            n_groups=len(answers.labels),
            partial=freed,
            parameterization=parameterization,
        )
        notes = _notes(counts, [rung.name for rung in ladder])
    else:
        _check_partial(freed, statements, None)
        ladder = continuous_ladder(statements, names, factors, freed)
    ladder = _chosen(ladder, steps, ORDINAL if ordered else CONTINUOUS)
    options = {"estimator": estimator, "missing": missing, "group": group, "cluster": cluster, "std_lv": True}
    fits = _fits(items, model, ladder, options)
    return InvarianceResult(
        table=_table(fits),
        fits=fits,
        estimator=estimator,
        method=difference_method(estimator),
        groups=answers.labels,
        n_respondents=next(iter(fits.values())).n_respondents,
        notes=notes,
    )


def _thresholds(answers: Answers, names: Sequence[str], said: Sequence[warnings.WarningMessage]) -> dict[str, int]:
    """How many thresholds each item has; where that is refused, what was said of the answers comes first."""
    try:
        coded = coded_answers(answers)
    except ArgumentError:
        for one in said:
            give_warning(str(one.message), one.category)
        raise
    return {name: int(n) - 1 for name, n in zip(names, coded.n_categories, strict=True)}


def _check_plain(statements: Sequence[Statement]) -> None:
    """The steps set what identifies ordered items; a model that does so too contradicts them."""
    named = next((one for one in statements if one.op in {"~1", "|", "~*~"}), None)
    if named is not None:
        raise ArgumentError(
            f"model: line {named.line}, column {named.column}: expected no intercepts, thresholds or scales of ordered "
            "items, which the steps of invariance set; take the line out, and name what shall stay free in partial=."
        )


def _check_partial(partial: Sequence[str], statements: Sequence[Statement], counts: Mapping[str, int] | None) -> None:
    items = roles(statements)[1]
    known = [f"{one.lhs}=~{one.rhs}" for one in statements if one.op == "=~"]
    known += [f"{item}~1" for item in items] + [f"{item}~~{item}" for item in items]
    known += [f"{one.lhs}~~{one.rhs}" for one in statements if one.op == "~~" and one.lhs in items]
    if counts is not None:
        known += [f"{item}|t{place + 1}" for item, count in counts.items() for place in range(count)]
    for one in partial:
        if one not in known:
            hint = closest(one, known)
            raise ArgumentError(
                f"partial: expected parameters that a step holds equal, such as {quoted(known[:2])}; got {one!r}.{hint}"
            )


def _notes(counts: Mapping[str, int], names: Sequence[str]) -> tuple[str, ...]:
    found = []
    if "thresholds" not in names:
        few = "two" if max(counts.values()) == 1 else "two or three"
        found.append(f"No step thresholds: with {few} categories equal thresholds are no restriction by themselves.")
    if "loadings" not in names:
        found.append(
            "No step loadings: with two categories thresholds, loadings and intercepts can only be tested together."
        )
    elif min(counts.values()) == 1:
        late = [item for item, count in counts.items() if count == 1]
        found.append(f"Items of two categories ({quoted(late)}) join at intercepts, with all that they have.")
    return tuple(found)


def _chosen(ladder: Sequence[Rung], steps: Sequence[str] | None, known: Sequence[str]) -> list[Rung]:
    if steps is None:
        return list(ladder)
    wanted = [steps] if isinstance(steps, str) else list(steps)
    for name in wanted:
        check_choice("steps", name, known)
    found = [rung for rung in ladder if rung.name in wanted]
    if not found:
        raise ArgumentError(
            f"steps: expected one or more of {quoted([rung.name for rung in ladder])}, which these items have; got "
            f"{quoted(wanted)}."
        )
    return found


def _fits(items: Any, model: str, ladder: Sequence[Rung], options: Mapping[str, Any]) -> dict[str, CFAResult]:
    """Fit every step; a warning that several steps give is given once."""
    found: dict[str, CFAResult] = {}
    said: set[tuple[type[Warning], str]] = set()
    for rung in ladder:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found[rung.name] = cfa(
                items,
                "\n".join([model, *rung.lines]),
                group_equal=rung.group_equal,
                group_partial=rung.group_partial,
                parameterization=rung.parameterization,
                **options,
            )
        for one in caught:
            if (one.category, str(one.message)) not in said:
                said.add((one.category, str(one.message)))
                where = f"{rung.name}: " if issubclass(one.category, _OF_A_STEP) else ""
                give_warning(f"{where}{one.message}", one.category)
    return found


def _table(fits: Mapping[str, CFAResult]) -> pd.DataFrame:
    import pandas as pd

    rows: list[dict[str, Any]] = []
    before: CFAResult | None = None
    for name, fit in fits.items():
        measures = fit.fit_measures
        row: dict[str, Any] = {"step": name}
        row |= {one: float(measures[one]) for one in ("chisq", "df", "pvalue", "chisq.scaled", "pvalue.scaled")}
        row |= {one: float(measures[one]) for one in MEASURES}
        test = None if before is None else _tested(fit, before)
        row["chisq_diff"] = np.nan if test is None else test.chisq
        row["df_diff"] = np.nan if test is None else float(test.df)
        row["pvalue_diff"] = np.nan if test is None else test.pvalue
        row |= {f"{one}_change": row[one] - rows[-1][one] if rows else np.nan for one in MEASURES}
        rows.append(row)
        before = fit
    return pd.DataFrame(rows)


def _tested(restricted: CFAResult, full: CFAResult) -> Difference | None:
    if not (restricted.converged and full.converged):
        return None
    return difference_test(restricted, full)
