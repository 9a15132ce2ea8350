"""The result of `mcdonald_omega`: a coefficient with the model it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from movement_readiness.psychometrics.reliability._intervals import ReliabilityResult
from movement_readiness.psychometrics.results import counted, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OmegaResult", "coefficient_name"]


def coefficient_name(kind: str, correlation: str) -> str:
    """What a coefficient is called: of latent responses where it is theirs."""
    if kind == "categorical":
        return "categorical omega"
    return f"omega {kind}{' of latent responses' * (correlation == 'polychoric')}"


@dataclass(frozen=True, repr=False, eq=False)
class OmegaResult(ReliabilityResult):
    """Omega with the model it came from; made by `mcdonald_omega`.

    Attributes
    ----------
    kind : str
    n_factors : int
        Of the model: one common factor, or so many group factors below a general one.
    correlation : str
    total_variance : str
        "observed" or "implied".
    omega_total, omega_hierarchical : float
        Of the same model; the second is NaN with one factor.
    asymptotic : float
        omega_hierarchical / omega_total: what omega_hierarchical would be of many more items like these.
    ecv : float
        Explained common variance, the general factor's share of the common variance; NaN with one factor.
    loadings : DataFrame
        Index item; columns general, group_1, ..., communality, uniqueness (with one factor no group column).
    group_factors : DataFrame
        Index factor ("general", "group_1", ...); of the sum of all items (first row) and of the items that load most
        on each group factor: n_items, omega_total, omega_general, omega_group, and the factor's loading on the
        general one (second_order). No rows with one factor.
    turned : tuple
        Items with a negative general loading, which were reversed.
    warnings : tuple of str
        What was said when the result was made.
    """

    kind: str
    n_factors: int
    correlation: str
    total_variance: str
    omega_total: float
    omega_hierarchical: float
    asymptotic: float
    ecv: float
    loadings: pd.DataFrame
    group_factors: pd.DataFrame
    turned: tuple[Any, ...]
    warnings: tuple[str, ...] = ()

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        headings, rows = super()._rows()
        if self.n_factors == 1:
            return headings, rows
        kind, other = ("hierarchical", self.omega_hierarchical) if self.kind == "total" else ("total", self.omega_total)
        more = (
            (coefficient_name(kind, self.correlation), shown(other), ""),
            ("explained common variance (ECV)", shown(self.ecv), ""),
        )
        return headings, (*rows, *more)

    def _made_of(self) -> str:
        factors = "one factor" if self.n_factors == 1 else counted(self.n_factors, "group factor")
        kind = "Pearson" if self.correlation == "pearson" else self.correlation
        turned = f", {len(self.turned)} reversed" if self.turned else ""
        return f"{super()._made_of()}, {factors} of {kind} correlations{turned}"

    def _sentences(self) -> Sequence[str]:
        turned = f"Reversed: {', '.join(map(str, self.turned))}." if self.turned else ""
        return (*super()._sentences(), turned, *self.warnings)
