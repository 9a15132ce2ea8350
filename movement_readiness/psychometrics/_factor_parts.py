"""A confirmatory model taken apart, group by group, for coefficients of its factors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError, ImproperSolutionWarning
from movement_readiness.psychometrics.confirmatory.diagnostics import listed
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.reliability._categorical import answer_covariances
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FactorPart", "check_result", "labelled_values", "parts_of"]

Floats = npt.NDArray[np.float64]


class FactorPart:
    """One group's model and sample, on the scale of the items or of standardised latent responses."""

    def __init__(self, result: CFAResult, group: int) -> None:
        fit = result._fit
        matrices = fit.model.matrices(fit.theta)[group]
        moments, observed = fit.model.implied(fit.theta)[group], fit.observed[group]
        scale = fit.model.scales(matrices) if fit.model.ordinal else np.ones(len(result.items))
        self.loadings: Floats = matrices.loadings * scale[:, np.newaxis]
        self.through: Floats = self.loadings @ matrices.total
        self.covariances = matrices.factor_covariances
        self.observed, self.implied = observed.sigma, moments.sigma
        self.thresholds: Floats | None = None
        if fit.model.ordinal:
            counts = np.asarray(fit.model.table.n_thresholds)
            self.thresholds = np.full((len(counts), counts.max()), np.inf)
            self.thresholds[np.arange(counts.max()) < counts[:, np.newaxis]] = moments.thresholds

    def effect(self, factor: int) -> Floats:
        """Loadings of a factor, through others where it has no items of its own, shape (items,)."""
        direct = self.loadings[:, factor]
        return direct if direct.any() else np.asarray(self.through[:, factor])

    def share(self, common: Floats, total: Floats, own: npt.NDArray[np.intp], scale: str) -> float:
        """What the common part is of the variance of the sum of some items."""
        if self.thresholds is None or scale == "latent":
            return float(common.sum() / total.sum())
        limits = self.thresholds[own]
        steps = np.isfinite(limits).astype(float)
        whole = total.copy()
        np.fill_diagonal(whole, 1.0)
        return float(answer_covariances(limits, steps, common).sum() / answer_covariances(limits, steps, whole).sum())


def parts_of(result: CFAResult) -> list[FactorPart]:
    """Every group's part."""
    return [FactorPart(result, group) for group in range(result.n_groups)]


def check_result(result: object) -> None:
    """Refuse what is no CFAResult, and one that did not converge; warn of one that is improper."""
    if not isinstance(result, CFAResult):
        raise ArgumentError(f"result: expected a CFAResult, as cfa() gives; got {type(result).__name__}.")
    if not result.converged:
        raise ArgumentError("result: expected a model that converged; the search for this one did not.")
    if result.improper:
        give_warning(
            f"result: the solution is improper ({listed(result.improper)}), and coefficients of its factors rest on "
            "it. Mend the model first; its warnings say how.",
            ImproperSolutionWarning,
        )


def labelled_values(rows: Sequence[Floats], result: CFAResult) -> pd.Series | pd.DataFrame:
    """Values by factor; with several groups groups x factors."""
    import pandas as pd

    factors = pd.Index(list(result.factors))
    if len(rows) == 1:
        return pd.Series(rows[0], index=factors)
    return pd.DataFrame(np.array(rows), index=pd.Index(list(result.groups), name="group"), columns=factors)
