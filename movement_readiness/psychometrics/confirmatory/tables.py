"""From a fit to labelled tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.modification import score_tests
from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem
from movement_readiness.psychometrics.confirmatory.normal_sample import CompleteSample
from movement_readiness.psychometrics.confirmatory.ordinal import LeastSquares
from movement_readiness.psychometrics.confirmatory.residual_tests import standardized_residuals
from movement_readiness.psychometrics.confirmatory.standardized import (
    changes_standardized,
    estimates,
    standardized,
    standardized_errors,
)

if TYPE_CHECKING:
    import pandas as pd

    from movement_readiness.psychometrics.confirmatory.fitting import Fit

__all__ = [
    "expansion",
    "factor_correlations",
    "factor_means",
    "frame",
    "implied",
    "modification",
    "parameters",
    "r_square",
    "residuals",
    "thresholds",
]

Floats = npt.NDArray[np.float64]
_WIDTH = 1.959963984540054


def frame(values: Floats, rows: Sequence[Any], columns: Sequence[Any]) -> pd.DataFrame:
    """A labelled table."""
    import pandas as pd

    return pd.DataFrame(values, index=pd.Index(list(rows)), columns=pd.Index(list(columns)))


def parameters(fit: Fit) -> pd.DataFrame:
    """Estimates, errors, tests and the standardised solution, one row a parameter and group."""
    import pandas as pd

    rows = fit.model.table.rows
    free = np.array([row.free for row in rows])
    est = estimates(fit.model, fit.theta)
    with np.errstate(invalid="ignore"):
        spread = np.sqrt(np.diag(fit.covariance))
    se = np.where(free >= 0, spread[np.maximum(free, 0)] if spread.size else 0.0, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(se > 0, est / se, np.nan)
    lv, everything = standardized(fit.model, fit.theta)
    return pd.DataFrame(
        {
            "lhs": [row.lhs for row in rows],
            "op": [row.op for row in rows],
            "rhs": [row.rhs for row in rows],
            "group": [row.group + 1 for row in rows],
            "label": [row.label for row in rows],
            "est": est,
            "se": se,
            "z": z,
            "pvalue": 2 * ndtr(-np.abs(z)),
            "ci_low": est - _WIDTH * se,
            "ci_high": est + _WIDTH * se,
            "std_lv": lv,
            "std_all": everything,
            "std_se": standardized_errors(fit.model, fit.theta, fit.covariance),
        }
    )


def _stacked(parts: Sequence[Floats], rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """One matrix, or those of several groups one below the other."""
    import pandas as pd

    if len(parts) == 1:
        return frame(parts[0], rows, columns)
    index = pd.MultiIndex.from_product([range(1, len(parts) + 1), rows], names=["group", None])
    return pd.DataFrame(np.concatenate(parts), index=index, columns=list(columns))


def _as_correlations(covariance: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.diag(covariance))
        return np.asarray(covariance / np.outer(spread, spread))


def factor_correlations(fit: Fit) -> pd.DataFrame:
    """Correlations of the factors."""
    names = fit.model.table.factors
    parts = [_as_correlations(matrices.factor_covariances) for matrices in fit.model.matrices(fit.theta)]
    return _stacked(parts, names, names)


def factor_means(fit: Fit) -> pd.DataFrame:
    """Means of the factors, groups x factors."""
    means = np.array([matrices.factor_means for matrices in fit.model.matrices(fit.theta)])
    return frame(means, range(1, len(means) + 1), fit.model.table.factors).rename_axis("group")


def r_square(fit: Fit) -> pd.Series:
    """One minus the share of the residual variance, of items and of factors with higher factors."""
    import pandas as pd

    model, table = fit.model, fit.model.table
    m, p = model.n_factors, model.n_items
    lower = [place for place, f in enumerate(table.factors) if any(r.op == "=~" and r.rhs == f for r in table.rows)]
    names = [*table.items, *(table.factors[place] for place in lower)]
    parts = []
    for values, _ in model.variances(fit.theta):
        with np.errstate(invalid="ignore", divide="ignore"):
            of_items = 1 - values[2 * m + p :] / values[2 * m : 2 * m + p]
            of_factors = 1 - values[m : 2 * m][lower] / values[:m][lower]
        parts.append(np.concatenate([of_items, of_factors]))
    if len(parts) == 1:
        return pd.Series(parts[0], index=names, name="r_square")
    index = pd.MultiIndex.from_product([range(1, len(parts) + 1), names], names=["group", None])
    return pd.Series(np.concatenate(parts), index=index, name="r_square")


def thresholds(fit: Fit) -> pd.DataFrame | None:
    """Observed and implied thresholds of ordered items."""
    import pandas as pd

    if not fit.model.ordinal:
        return None
    table = fit.model.table
    names = [(item, place + 1) for item, n in zip(table.items, table.n_thresholds, strict=True) for place in range(n)]
    parts = []
    for group, (seen, model) in enumerate(zip(fit.observed, fit.model.implied(fit.theta), strict=True)):
        part = pd.DataFrame(names, columns=["item", "threshold"])
        parts.append(part.assign(group=group + 1, observed=seen.thresholds, implied=model.thresholds))
    return pd.concat(parts, ignore_index=True)


def implied(fit: Fit) -> pd.DataFrame:
    """Implied covariances or correlations."""
    names = fit.model.table.items
    return _stacked([moments.sigma for moments in fit.model.implied(fit.theta)], names, names)


def residuals(fit: Fit, kind: str) -> pd.DataFrame:
    """Observed minus implied."""
    names = fit.model.table.items
    if kind == "standardized":
        return _stacked(standardized_residuals(fit), names, names)
    parts = []
    for seen, model in zip(fit.observed, fit.model.implied(fit.theta), strict=True):
        if kind == "correlation" and not fit.model.ordinal:
            parts.append(_as_correlations(seen.sigma) - _as_correlations(model.sigma))
            continue
        off = seen.sigma - model.sigma
        if fit.model.ordinal:
            np.fill_diagonal(off, 0.0)
        spread = np.sqrt(np.diag(seen.sigma)) if kind == "bentler" else np.ones(len(names))
        parts.append(off / np.outer(spread, spread))
    return _stacked(parts, names, names)


def modification(fit: Fit, minimum: float, sort: bool) -> pd.DataFrame:
    """Modification indices."""
    import pandas as pd

    columns = ["lhs", "op", "rhs", "group", "mi", "epc", "sepc.lv", "sepc.all"]
    if fit.inference is None:
        return pd.DataFrame(columns=columns)
    rows, mi, epc = score_tests(fit.model, fit.theta, expansion(fit))
    lv, everything = changes_standardized(fit.model, fit.theta, rows, epc)
    found = pd.DataFrame(
        {
            "lhs": [row.lhs for row in rows],
            "op": [row.op for row in rows],
            "rhs": [row.rhs for row in rows],
            "group": [row.group + 1 for row in rows],
            "mi": mi,
            "epc": epc,
            "sepc.lv": lv,
            "sepc.all": everything,
        }
    )
    found = found[found["mi"] >= minimum]
    found = found.sort_values("mi", ascending=False, kind="stable") if sort else found
    return found.reset_index(drop=True)


def expansion(fit: Fit) -> Any:
    """Slope and curvature of half the chi-square for a model with more parameters."""
    total = sum(fit.n)
    objective = fit.objective

    def of_least_squares(model: Model, theta: Floats) -> tuple[Floats, Floats]:
        whole = LeastSquares(model, objective.samples, objective.given)  # type: ignore[arg-type, union-attr]
        return whole.expansion(theta).gradient * total, whole.information(theta) * total

    def of_likelihood(model: Model, theta: Floats) -> tuple[Floats, Floats]:
        problem = NormalProblem(model, objective.samples)  # type: ignore[arg-type]
        whole = all(isinstance(sample, CompleteSample) for sample in problem.samples)
        curvature = problem.expected_information(theta) if whole else problem.patterned_information(theta)
        return problem.expansion(theta).gradient * total, curvature * total

    return of_likelihood if isinstance(objective, NormalProblem) else of_least_squares
