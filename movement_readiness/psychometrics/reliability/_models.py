"""The models behind omega: from values to loadings, coefficients and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import (
    ArgumentError,
    EstimationWarning,
    HeywoodWarning,
    NonConvergenceWarning,
    NotIdentifiedWarning,
    ReversedItemWarning,
    TooFewRespondentsWarning,
)
from movement_readiness.psychometrics._frames import ItemTable, item_index
from movement_readiness.psychometrics.correlation._asymptotic import moves_of, standard_errors
from movement_readiness.psychometrics.correlation._polychoric import square
from movement_readiness.psychometrics.exploratory.extraction import LOWEST_UNIQUENESS
from movement_readiness.psychometrics.reliability._categorical import (
    answer_covariances,
    answer_variances,
    weighted_one_factor,
)
from movement_readiness.psychometrics.reliability._factors import (
    general_and_groups,
    omega_hierarchical,
    omega_total,
    one_factor,
)
from movement_readiness.psychometrics.reliability._matrices import CodedValues, polychoric_of_codes
from movement_readiness.psychometrics.results import give_warning, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OmegaModel", "categorical_model", "factor_model", "look_at_model"]

Floats = npt.NDArray[np.float64]

_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class OmegaModel:
    """One model and what follows from it; arrays as in `GeneralAndGroups`, with no column of `group` for one factor.

    ``rotated``, the loadings before items were turned.
    """

    words: str
    total: float
    hierarchical: float
    ecv: float
    general: Floats
    group: Floats
    uniquenesses: Floats
    second_order: Floats
    signs: Floats
    converged: bool
    correlations: Floats
    rotated: Floats

    @property
    def n_factors(self) -> int:
        """Common factors: the group factors, or one."""
        return max(int(self.group.shape[1]), 1)

    def estimate(self, kind: str) -> float:
        """The coefficient that was asked for."""
        return self.hierarchical if kind == "hierarchical" else self.total

    def loadings_frame(self, names: Sequence[Any]) -> pd.DataFrame:
        """Loadings, communalities and uniquenesses, one row an item."""
        import pandas as pd

        columns = {"general": self.general}
        columns |= {f"group_{f + 1}": self.group[:, f] for f in range(self.group.shape[1])}
        columns |= {"communality": 1 - self.uniquenesses, "uniqueness": self.uniquenesses}
        return pd.DataFrame(columns, index=item_index(names))

    def groups_frame(self) -> pd.DataFrame:
        """Omega of the sum of all items, and of the sum of the items that load most on each group factor."""
        import pandas as pd

        columns = ["n_items", "omega_total", "omega_general", "omega_group", "second_order"]
        rows, names = [], []
        if self.group.shape[1]:
            own = np.argmax(np.abs(self.group), axis=1)
            parts = [self._part(own == f, f) for f in range(self.group.shape[1])]
            of_groups = sum(part[3] * part[-1] for part in parts) / self.correlations.sum()
            rows = [(len(own), self.total, self.hierarchical, of_groups, _NAN), *(part[:5] for part in parts)]
            names = ["general", *(f"group_{f + 1}" for f in range(len(parts)))]
        return pd.DataFrame(rows, columns=columns, index=pd.Index(names, name="factor"))

    def _part(self, those: npt.NDArray[np.bool_], factor: int) -> tuple[float, ...]:
        if not those.any():
            return 0, _NAN, _NAN, _NAN, float(self.second_order[factor]), 0.0
        variance = float(self.correlations[np.ix_(those, those)].sum())
        general = omega_hierarchical(self.general[those], variance)
        group = omega_hierarchical(self.group[those, factor], variance)
        return int(those.sum()), general + group, general, group, float(self.second_order[factor]), variance


def factor_model(
    correlations: Floats,
    n_factors: int,
    total_variance: str,
    *,
    n_starts: int,
    seed: int | None,
    near: OmegaModel | None = None,
) -> OmegaModel:
    """One minres factor, or the Schmid-Leiman solution of several; `near`, the model of almost the same answers."""
    if np.isnan(correlations).any():
        return _nothing(len(correlations), n_factors)
    if n_factors == 1:
        return _one_factor_model(correlations, total_variance)
    found = general_and_groups(
        correlations, n_factors, n_starts=n_starts, seed=seed, near=None if near is None else near.rotated
    )
    turned = correlations * np.outer(found.signs, found.signs)
    common = np.outer(found.general, found.general) + found.group @ found.group.T
    variance = _variance(turned, common, found.uniquenesses, total_variance)
    return OmegaModel(
        words=f"{n_factors} minres factors, oblimin, Schmid-Leiman general factor",
        total=omega_total(found.uniquenesses, variance),
        hierarchical=omega_hierarchical(found.general, variance),
        ecv=found.explained_common_variance,
        general=found.general,
        group=found.group,
        uniquenesses=found.uniquenesses,
        second_order=found.second_order,
        signs=found.signs,
        converged=found.converged,
        correlations=turned,
        rotated=found.rotated,
    )


def _variance(correlations: Floats, common: Floats, uniquenesses: Floats, total_variance: str) -> float:
    return float(correlations.sum() if total_variance == "observed" else common.sum() + uniquenesses.sum())


def _one_factor_model(correlations: Floats, total_variance: str) -> OmegaModel:
    loadings, uniquenesses, converged = one_factor(correlations)
    signs = np.where(loadings < 0, -1.0, 1.0)
    turned, general = correlations * np.outer(signs, signs), loadings * signs
    variance = _variance(turned, np.outer(general, general), uniquenesses, total_variance)
    total = omega_total(uniquenesses, variance)
    return _single("one minres factor", total, general, uniquenesses, signs, converged, turned)


def _single(
    words: str,
    total: float,
    general: Floats,
    uniquenesses: Floats,
    signs: Floats,
    converged: bool,
    correlations: Floats,
) -> OmegaModel:
    none, rotated = np.empty((general.size, 0)), (general * signs)[:, np.newaxis]
    return OmegaModel(
        words, total, _NAN, _NAN, general, none, uniquenesses, np.empty(0), signs, converged, correlations, rotated
    )


def _nothing(n_items: int, n_factors: int) -> OmegaModel:
    unknown = np.full(n_items, np.nan)
    group = np.full((n_items, n_factors if n_factors > 1 else 0), np.nan)
    matrix = np.full((n_items, n_items), np.nan)
    ones = np.ones(n_items)
    return OmegaModel("", _NAN, _NAN, _NAN, unknown, group, unknown, unknown[:n_factors], ones, False, matrix, group)


def categorical_model(coded: CodedValues, total_variance: str, *, near: OmegaModel | None = None) -> OmegaModel:
    """Green and Yang's omega of the sum of answers, from a one-factor DWLS model of their polychoric correlations.

    The loadings of `near`, the model of almost the same answers, are where the search begins.
    """
    found = polychoric_of_codes(coded)
    correlations, n_items = found.correlations, len(coded.levels)
    if np.isnan(correlations).any():
        return _nothing(n_items, 1)
    errors = standard_errors(found, moves_of(found))[1]
    weights = square(1 / errors**2, n_items, 0.0)
    if not np.isfinite(weights).all():
        return _nothing(n_items, 1)
    start = one_factor(correlations)[0] if near is None else near.rotated[:, 0]
    loadings, converged = weighted_one_factor(correlations, weights, start)
    signs = np.where(loadings < 0, -1.0, 1.0)
    turns = np.outer(signs, signs)
    common = np.outer(loadings, loadings)
    steps = coded.steps(found.thresholds.shape[1])
    answers = answer_covariances(found.thresholds, steps, common)
    whole = answers.copy()
    if total_variance == "observed":
        whole = answer_covariances(found.thresholds, steps, correlations)
    else:
        np.fill_diagonal(whole, answer_variances(found.thresholds, steps))
    total = float((answers * turns).sum() / (whole * turns).sum())
    words = "one DWLS factor (answers of ordered categories, Green and Yang 2009)"
    return _single(words, total, loadings * signs, 1 - loadings**2, signs, converged, correlations * turns)


def look_at_model(table: ItemTable, model: OmegaModel) -> None:
    """Say what a reader of the coefficient must know about its model, or why there is none."""
    if np.isnan(model.uniquenesses).any():
        spread = [len(np.unique(column[~np.isnan(column)])) for column in table.values.T]
        constant = [name for name, values in zip(table.names, spread, strict=True) if values < 2]
        if constant:
            raise ArgumentError(f"items: {quoted(constant)} have one answer only; leave them out.")
        give_warning(
            "Omega cannot be estimated: a pair of items has no correlation or no standard error.", EstimationWarning
        )
        return
    _look_at_signs(table, model)
    if len(table.values) <= table.n_items:
        give_warning(
            f"items: {len(table.values)} respondents are too few for {table.n_items} items, so omega says more about "
            "chance than about the items. Ask more people, or use fewer items.",
            TooFewRespondentsWarning,
        )
    if model.group.shape[1] == 2:
        give_warning(
            "n_factors: two factors have one correlation, which cannot tell their loadings on the general factor "
            "apart. They are taken as equal in size, and omega hierarchical and ECV rest on that; three factors "
            "identify them.",
            NotIdentifiedWarning,
        )
    heywood = [name for name, u in zip(table.names, model.uniquenesses, strict=True) if u <= LOWEST_UNIQUENESS + 1e-9]
    if heywood:
        give_warning(
            f"items: the uniqueness of {quoted(heywood)} is at its lower bound or below zero (a Heywood case), so "
            "omega is too high. Use fewer factors, more items a factor, or more respondents.",
            HeywoodWarning,
        )
    _look_at_groups(model)
    if model.total > 1:
        give_warning(
            f"Omega is {shown(model.total)}, above 1, which no reliability is: {model.words} does not reproduce the "
            'correlations. Look at retention_summary(items), and use kind="total" or "hierarchical" with more factors.',
            EstimationWarning,
        )
    if not model.converged:
        give_warning(
            "The factor solution behind omega was not reached; try another number of factors.", NonConvergenceWarning
        )


def _look_at_groups(model: OmegaModel) -> None:
    if model.group.shape[1] < 3:
        return
    beyond = 1 - model.second_order**2 <= LOWEST_UNIQUENESS * 1.01
    whole = [f"group_{place + 1}" for place in np.flatnonzero(beyond)]
    if whole:
        give_warning(
            f"n_factors: the general factor explains all of {quoted(whole)} (a Heywood case), which leaves no group "
            "factor there, and omega hierarchical rests on that. Ask for fewer factors.",
            HeywoodWarning,
        )


def _look_at_signs(table: ItemTable, model: OmegaModel) -> None:
    turned = [name for name, sign in zip(table.names, model.signs, strict=True) if sign < 0]
    if turned and not table.suspects:
        one = len(turned) == 1
        give_warning(
            f"items: {quoted(turned)} {'loads' if one else 'load'} negatively on the (general) factor and "
            f"{'was' if one else 'were'} reversed: omega is that of the sum with {'it' if one else 'them'} reversed. "
            f"Reverse {'it' if one else 'them'} yourself if {'it is' if one else 'they are'} worded the other way, or "
            "leave out what belongs to another scale.",
            ReversedItemWarning,
        )
