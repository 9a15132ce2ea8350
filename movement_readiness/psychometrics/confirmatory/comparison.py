"""Nested models compared: `compare_models`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics.confirmatory.fitting import Fit
from movement_readiness.psychometrics.confirmatory.nested import (
    Difference,
    MomentBlock,
    plain_difference,
    satorra_2000,
    satorra_bentler_2001,
)
from movement_readiness.psychometrics.confirmatory.ordinal import LeastSquares, OrdinalSample, gamma_of_all
from movement_readiness.psychometrics.confirmatory.result import CFAResult, out_of
from movement_readiness.psychometrics.results import Result, give_warning, shown, shown_p

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

__all__ = ["METHODS", "ModelComparison", "compare_models", "difference_method", "difference_test", "measure_cell"]

METHODS = {
    "difference": "the difference of the chi-squares, which takes the answers for normal",
    "satorra_bentler_2001": "the scaled difference of the unscaled chi-squares (Satorra and Bentler 2001)",
    "satorra_2000": "the difference of the unscaled statistics, scaled and shifted (Satorra 2000)",
}


@dataclass(frozen=True, repr=False, eq=False)
class ModelComparison(Result):
    """Nested models side by side; made by `compare_models`.

    Attributes
    ----------
    table : DataFrame
        One row a model, the least restricted first: chisq, df, aic, bic, cfi, rmsea, srmr, and against the row before
        chisq_diff, df_diff, pvalue_diff. ``chisq`` is never scaled; the difference is, where ``method`` says so.
        ``cfi`` and ``rmsea`` are the robust ones where a model has them ("mlr", "wlsmv"), else the scaled ones, else
        the plain ones; all of them are in ``fit_measures`` of each result.
    method : str
    n_respondents : int
    n_omitted : int
        Respondents left out because they answered some items and not every one ("listwise").
    kinds : tuple of str
        Of each row's ``cfi`` and ``rmsea``: "robust", "scaled" or "plain".
    """

    table: pd.DataFrame
    method: str
    n_respondents: int
    n_omitted: int = 0
    kinds: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """The table."""
        return self.table.copy()

    def __repr__(self) -> str:
        last = self.table.iloc[-1]
        return (
            f"<ModelComparison: {len(self.table)} models, n {out_of(self.n_respondents, self.n_omitted)}; last step "
            f"chi-square {shown(last['chisq_diff'])}, df {last['df_diff']:.0f}, {shown_p(last['pvalue_diff'])}>"
        )

    def _heading(self) -> str:
        return f"{len(self.table)} nested models"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        columns = list(self.table.columns)
        rows = [
            [str(name), *(measure_cell(column, row[column]) for column in columns)]
            for name, row in self.table.iterrows()
        ]
        end = f".{self.kinds[0]}" if set(self.kinds) in ({"robust"}, {"scaled"}) else ""
        return ["Model", *(f"{name}{end}" if name in {"cfi", "rmsea"} else name for name in columns)], rows

    def _kind_words(self) -> str:
        """Which cfi and rmsea are shown, where they are not the plain ones."""
        if set(self.kinds) <= {"plain"}:
            return ""
        if set(self.kinds) in ({"robust"}, {"scaled"}):
            return f"cfi and rmsea are the {self.kinds[0]} ones; chisq is not scaled."
        each = (f"{name} {kind}" for name, kind in zip(self.table.index, self.kinds, strict=True))
        return f"cfi and rmsea are not of one kind ({', '.join(each)}): do not compare them across kinds."

    def _sentences(self) -> Sequence[str]:
        return [
            f"{out_of(self.n_respondents, self.n_omitted)} respondents. Each row is tested against the one before it "
            f"by {METHODS[self.method]}.",
            self._kind_words(),
            "A small p says that the restrictions of the row do not hold; with many respondents small departures do "
            "that too, so look at the change in fit beside it.",
        ]


def measure_cell(column: str, value: float) -> str:
    """A number of a table of models as readers see it, by the name of its column."""
    if np.isnan(value):
        return ""
    if column == "pvalue_diff" and value < 0.001:
        return "< .001"
    return f"{value:.0f}" if column in {"df", "df_diff"} else shown(value)


def compare_models(*models: CFAResult, names: Sequence[str] | None = None) -> ModelComparison:
    r"""Chi-square difference tests of nested confirmatory models.

    With T_0, d_0 and T_1, d_1 the unscaled statistics and degrees of freedom of the restricted and the larger model,
    T_0 - T_1 is a chi-square on d_0 - d_1 only if answers are normal ("ml"). For "mlr" it is divided by
    (d_0 c_0 - d_1 c_1) / (d_0 - d_1) with the scaling factors c [1]_; for "wlsmv" it is scaled and shifted by the
    derivatives of both models [2]_ (the choice "delta" of lavaan's ``A.method``, which needs only that the moments of
    one model can be reached by the other). Scaled statistics are never subtracted.

    Parameters
    ----------
    *models : CFAResult
        Two or more, of the same answers and with the same estimator, in any order.
    names : sequence of str, optional
        Of the models, in the order given; "model 1", "model 2" ... without.

    Returns
    -------
    ModelComparison
        ``table``, ordered by degrees of freedom.

    Raises
    ------
    ArgumentError
        Fewer than two models, different answers, items or estimators, the same degrees of freedom, a model that did
        not converge.

    Warns
    -----
    EstimationWarning
        The restricted model fits better than the larger one, or the scaling of a difference is not positive: the
        models are not nested, or a search ended elsewhere.

    Notes
    -----
    Whether the models are nested is for the caller to know: degrees of freedom do not say. Checked against
    ``lavaan::lavTestLRT`` 0.6-14 to 1e-3 relative.

    References
    ----------
    .. [1] Satorra A, Bentler PM (2001). A scaled difference chi-square test statistic for moment structure analysis.
       Psychometrika 66:507-514. doi:10.1007/BF02296192
    .. [2] Satorra A (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment structures. In
       Heijmans, Pollock, Satorra (eds), Innovations in Multivariate Statistical Analysis 233-247.
       doi:10.1007/978-1-4615-4603-0_17

    Examples
    --------
    R: ``lavaan::lavTestLRT(free, equal)``

    >>> import numpy as np, pandas as pd
    >>> from movement_readiness.psychometrics import cfa
    >>> rng = np.random.default_rng(1)
    >>> values = 0.8 * rng.normal(size=(300, 1)) + 0.6 * rng.normal(size=(300, 4))
    >>> answers = pd.DataFrame(values, columns=["x1", "x2", "x3", "x4"])
    >>> free = cfa(answers, "f =~ x1 + x2 + x3 + x4")
    >>> equal = cfa(answers, "f =~ x1 + a*x2 + a*x3 + a*x4")
    >>> compare_models(free, equal).table["df_diff"].tolist()
    [nan, 2.0]
    """
    labels = _names(models, names)
    _check_comparable(models)
    order = sorted(range(len(models)), key=lambda place: models[place].fit_measures["df"])
    rows, differences = [], []
    for place, (before, at) in enumerate(zip([None, *order[:-1]], order, strict=True)):
        found = None if before is None else difference_test(models[at], models[before])
        differences.append(found)
        rows.append(_row(models[at], found))
        if found is not None and place:
            _warn(found, labels[at], labels[order[place - 1]], models[at], models[order[place - 1]])
    import pandas as pd

    table = pd.DataFrame(rows, index=pd.Index([labels[place] for place in order], name="model"))
    first = models[0]
    kinds = tuple(_kind(models[place]) for place in order)
    return ModelComparison(table, difference_method(first.estimator), first.n_respondents, first.n_omitted, kinds)


def _kind(model: CFAResult) -> str:
    """Which cfi and rmsea a row holds, in words."""
    cfi, rmsea = (model._kind(name).removeprefix(".") or "plain" for name in ("cfi", "rmsea"))
    return cfi if cfi == rmsea else f"{cfi} cfi and {rmsea} rmsea"


def _names(models: Sequence[CFAResult], names: Sequence[str] | None) -> list[str]:
    if len(models) < 2:
        raise ArgumentError(f"models: expected two or more results of cfa; got {len(models)}.")
    strange = [type(model).__name__ for model in models if not isinstance(model, CFAResult)]
    if strange:
        raise ArgumentError(f"models: expected results of cfa; got {quoted(strange)}.")
    if names is None:
        return [f"model {place + 1}" for place in range(len(models))]
    given = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(given) != len(models) or len(set(given)) != len(given):
        raise ArgumentError(f"names: expected {len(models)} different names, one for each model; got {quoted(given)}.")
    return given


def _check_comparable(models: Sequence[CFAResult]) -> None:
    first = models[0]
    if any(not model.converged for model in models):
        raise ArgumentError("models: expected models that converged; one of these did not, so its chi-square is none.")
    for model in models[1:]:
        for what, one, other in (
            ("estimator", first.estimator, model.estimator),
            ("number of respondents", first._fit.n, model._fit.n),
            ("items", sorted(first.items), sorted(model.items)),
            ("missing=", first.missing, model.missing),
            ("cluster=", first.n_clusters, model.n_clusters),
        ):
            if one != other:
                raise ArgumentError(f"models: expected the same {what} in all; got {one} and {other}.")
    counts = [int(model.fit_measures["df"]) for model in models]
    if len(set(counts)) < len(counts):
        raise ArgumentError(f"models: expected different degrees of freedom, one model within the other; got {counts}.")


def difference_method(estimator: str) -> str:
    """The difference test that goes with an estimator, as a key of `METHODS`."""
    return {"mlr": "satorra_bentler_2001", "wlsmv": "satorra_2000"}.get(estimator, "difference")


def difference_test(restricted: CFAResult, full: CFAResult) -> Difference:
    """The test of two fits of the same answers, by the method of their estimator."""
    return _fits_difference(restricted._fit, full._fit)


def _fits_difference(restricted: Fit, full: Fit) -> Difference:
    one, other = restricted.test, full.test
    small, large = (one.chisq, one.df), (other.chisq, other.df)
    method = difference_method(full.estimator)
    if method == "satorra_bentler_2001":
        return satorra_bentler_2001((*small, one.factor), (*large, other.factor))
    if method == "satorra_2000":
        return satorra_2000(small, large, *_blocks(restricted, full))
    found = plain_difference(small, large)
    return found if one.has_pvalue else Difference(found.chisq, found.df, float("nan"))


def _blocks(restricted: Fit, full: Fit) -> tuple[list[MomentBlock], Floats | None]:
    """Every group, and the covariance of all their moments where teams have respondents in several groups."""
    objective = full.objective
    if not isinstance(objective, LeastSquares):
        raise TypeError("least squares are needed")
    samples = [sample for sample in objective.samples if isinstance(sample, OrdinalSample)]
    total = sum(full.n)
    jacobians = zip(restricted.model.jacobian(restricted.theta), full.model.jacobian(full.theta), strict=True)
    blocks = [
        MomentBlock(sample.n, small, large, weight * (total / (sample.n - 1)), np.asarray(sample.gamma))
        for sample, weight, (small, large) in zip(samples, objective.weights, jacobians, strict=True)
    ]
    return blocks, gamma_of_all(samples)


def _row(model: CFAResult, found: Difference | None) -> dict[str, Any]:
    fit = model.fit_measures
    row = {name: float(fit[name]) for name in ("chisq", "df", "aic", "bic")}
    row |= {name: model._best(name) for name in ("cfi", "rmsea")}
    row["srmr"] = float(fit["srmr"])
    missing = float("nan")
    row["chisq_diff"] = missing if found is None else found.chisq
    row["df_diff"] = missing if found is None else float(found.df)
    row["pvalue_diff"] = missing if found is None else found.pvalue
    return row


def _warn(found: Difference, name: str, other: str, restricted: CFAResult, full: CFAResult) -> None:
    worse = full.fit_measures["chisq"] - restricted.fit_measures["chisq"]
    if worse > 1e-6 * max(1.0, abs(full.fit_measures["chisq"])):
        give_warning(
            f"models: {name} has more degrees of freedom than {other} and yet fits better (chi-square lower by "
            f"{shown(worse)}): they are not nested, or a search ended elsewhere; the test says nothing.",
            EstimationWarning,
        )
    elif np.isnan(found.chisq):
        give_warning(
            f"models: the scaling of the difference between {name} and {other} is not positive, so it has no test. "
            "The restrictions are probably far from true: compare the measures of fit.",
            EstimationWarning,
        )
