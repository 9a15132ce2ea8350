"""Factor scores of the respondents that a model was fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError, ImproperSolutionWarning
from movement_readiness.psychometrics.confirmatory.diagnostics import listed
from movement_readiness.psychometrics.confirmatory.implied import Matrices
from movement_readiness.psychometrics.confirmatory.reading import Answers, coded_answers
from movement_readiness.psychometrics.confirmatory.scores import (
    OrdinalFactors,
    Scores,
    posterior_modes,
    regression_scores,
)
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

    from movement_readiness.psychometrics.confirmatory.fitting import Fit

__all__ = ["factor_scores", "ordinal_factors"]

Floats = npt.NDArray[np.float64]


def ordinal_factors(matrices: Matrices, n_thresholds: Sequence[int]) -> OrdinalFactors:
    """What scores of ordered answers need to know of one group."""
    thresholds = np.full((len(n_thresholds), max(n_thresholds)), np.inf)
    thresholds[np.arange(thresholds.shape[1]) < np.asarray(n_thresholds)[:, np.newaxis]] = matrices.tau
    return OrdinalFactors(
        matrices.loadings,
        thresholds - matrices.nu[:, np.newaxis],
        np.diag(matrices.theta).copy(),
        matrices.factor_means,
        matrices.factor_covariances,
    )


def factor_scores(fit: Fit, answers: Answers | None, with_errors: bool, improper: Sequence[str]) -> pd.DataFrame:
    """Scores of every respondent who counted, by the row labels of the data."""
    if answers is None:
        raise ArgumentError("factor_scores: expected an analysis of answers; this one began with a covariance matrix.")
    _look_at(fit, improper)
    table = fit.model.table
    values = np.empty((len(answers.rows), len(table.factors)))
    errors = np.empty_like(values)
    codes = coded_answers(answers).codes if fit.model.ordinal else None
    for group, matrices in enumerate(fit.model.matrices(fit.theta)):
        rows = answers.group == group
        if codes is None:
            found = _of_numbers(answers.table.values[rows], matrices, fit.observed[group].mu, fit.model.means)
        else:
            found = posterior_modes(codes[rows], ordinal_factors(matrices, table.n_thresholds))
        values[rows], errors[rows] = found.values, found.errors
        if not _possible(matrices):
            errors[rows] = np.nan
            values[rows] = found.values if codes is None else np.nan
    return _labelled(values, errors if with_errors else None, table.factors, answers)


def _look_at(fit: Fit, improper: Sequence[str]) -> None:
    if not fit.found.converged:
        raise ArgumentError(
            "factor_scores: expected a model that converged; the search for this one did not, so it has no scores. "
            "Its warnings say where to look."
        )
    if improper:
        give_warning(
            f"factor_scores: the solution is improper ({listed(improper)}), and scores would rest on it. Mend the "
            "model first; its warnings say how.",
            ImproperSolutionWarning,
        )


def _possible(matrices: Matrices) -> bool:
    """Whether factors and residuals have variances at all, which the probability of ordered answers needs."""
    return all(np.linalg.eigvalsh(one)[0] >= 0 for one in (matrices.theta, matrices.factor_covariances) if one.size)


def _of_numbers(values: Floats, matrices: Matrices, observed: Floats, with_means: bool) -> Scores:
    """Without a mean structure scores are about the means of the sample."""
    intercepts = matrices.nu if with_means else observed
    return regression_scores(
        values,
        matrices.loadings,
        matrices.factor_covariances,
        matrices.theta,
        matrices.factor_means,
        intercepts,
    )


def _labelled(values: Floats, errors: Floats | None, factors: Sequence[str], answers: Answers) -> pd.DataFrame:
    import pandas as pd

    columns = list(factors)
    if errors is not None:
        values = np.stack([values, errors], axis=2).reshape(len(values), -1)
        columns = [name for factor in factors for name in (factor, f"{factor}_se")]
    return pd.DataFrame(values, index=answers.index[answers.rows], columns=columns)
