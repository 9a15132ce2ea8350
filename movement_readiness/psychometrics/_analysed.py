"""The one correlation matrix of an analysis: from an item frame, or given with the number of respondents."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError, NotPositiveDefiniteWarning, TooFewRespondentsWarning
from movement_readiness.psychometrics._frames import ItemTable, answer_table, item_frame
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.correlation import CorrelationResult, PolychoricResult
from movement_readiness.psychometrics.correlation._findings import IN_ANALYSIS, heaviest
from movement_readiness.psychometrics.correlation._moments import varying
from movement_readiness.psychometrics.correlation._reading import read_items
from movement_readiness.psychometrics.correlation._smoothing import is_positive_definite
from movement_readiness.psychometrics.correlation.given import checked_matrix, is_matrix
from movement_readiness.psychometrics.correlation.matrices import CORRELATIONS, correlated
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DESCRIPTIVE", "SINGULAR", "Analysed", "analysed", "frame_of", "not_invertible"]

Floats = npt.NDArray[np.float64]

DESCRIPTIVE = (
    "Descriptive only: chi-square, and what is computed from it, has its distribution for Pearson correlations of "
    "normal answers, not for polychoric or rank correlations."
)
SINGULAR = 1e-11  # a smallest eigenvalue below this: no inverse, no determinant


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """A correlation matrix with what is known of the answers behind it.

    ``kind`` is "pearson", "spearman", "polychoric" or "given"; ``n_respondents`` is NaN where a matrix came without;
    ``said`` is the kind that was named beside a matrix, which cannot show it; ``found`` is the result that the matrix
    is from, None for a bare one; ``table`` the answers, None for a matrix.
    """

    names: tuple[Any, ...]
    correlations: Floats
    kind: str
    missing: str
    n_respondents: float
    found: CorrelationResult | PolychoricResult | None = None
    table: ItemTable | None = None
    said: str = ""

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return len(self.names)

    @property
    def smallest_eigenvalue(self) -> float:
        """Negative where no set of variables could have these correlations."""
        return float(np.linalg.eigvalsh(self.correlations)[0])

    @property
    def singular(self) -> bool:
        """Whether the matrix has no inverse to speak of."""
        return self.smallest_eigenvalue < SINGULAR

    def pairs(self) -> str:
        """The fewest respondents of a pair where that is fewer than all, to be put behind their number."""
        counts = getattr(self.found, "n_pairs", None)
        if counts is None or self.missing != "pairwise":
            return ""
        fewest = int(counts.to_numpy().min(initial=int(self.n_respondents)))
        return f", {fewest} or more a pair" if fewest < self.n_respondents else ""

    def said_words(self) -> str:
        """What was said of a matrix that was given, to be put behind it."""
        return f" (said to be {self.said})" if self.said else ""

    def words(self) -> str:
        """What kind of correlations, of how many respondents, as the beginning of a sentence."""
        count = "an unstated number of" if np.isnan(self.n_respondents) else f"{self.n_respondents:.0f}"
        kind = (
            f"A given correlation matrix{self.said_words()}"
            if self.kind == "given"
            else f"{self.kind.capitalize()} correlations"
        )
        dealt = f", missing answers {self.missing}" if self.missing else ""
        return f"{kind} of {self.n_items} items, {count} respondents{self.pairs()}{dealt}"

    def frame(self, values: Floats) -> pd.DataFrame:
        """A matrix of items by items, labelled."""
        return frame_of(values, self.names, self.names)


def not_invertible(correlations: Floats) -> str:
    """Why what needs an inverse is not estimable, as one sentence."""
    smallest = float(np.linalg.eigvalsh(correlations)[0])
    return (
        "Chi-square and other measures that need the inverse or determinant of the matrix are not estimable: it is not "
        f"positive definite (smallest eigenvalue {smallest:.2g})."
    )


def frame_of(values: Floats, rows: Any, columns: Any) -> pd.DataFrame:
    """A labelled table."""
    import pandas as pd

    return pd.DataFrame(values, index=pd.Index(list(rows)), columns=pd.Index(list(columns)))


def analysed(
    items: Any,
    *,
    correlation: str = "pearson",
    missing: str = "pairwise",
    n_obs: int | None = None,
    at_least: int = 3,
    intervals: bool = True,
) -> Analysed:
    """Correlate an item frame, or take a correlation or covariance matrix as it is.

    Parameters
    ----------
    items : item frame, square matrix, or a result of `correlation_matrix` or `polychoric`
        With ``n_obs`` a matrix; without, a square table that `is_matrix`. A covariance matrix is standardised.
    correlation : {"pearson", "spearman", "polychoric"}
        Beside a matrix, which is taken as it is, what the result says of it.
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix; only with a matrix.
    at_least : int
        How many items are needed.
    intervals : bool
        Whether there will be intervals or tests, which teams would make too narrow.
    """
    check_choice("correlation", correlation, CORRELATIONS)
    if hasattr(items, "correlations") and hasattr(items, "n_respondents"):
        return _warned(_from_result(items, n_obs, at_least))
    if n_obs is not None or is_matrix(items):
        said = "" if correlation == "pearson" else correlation
        return _warned(replace(_given(items, n_obs, at_least), said=said))
    read = answer_table("items", items, at_least=at_least, ordered=correlation == "polychoric", intervals=intervals)
    table, before = _answers(read, missing)
    result = correlated(table, correlation, IN_ANALYSIS.within(missing, before, table.n_respondents <= table.n_items))
    found = Analysed(
        names=table.names,
        correlations=result.matrix,
        kind=correlation,
        missing=missing,
        n_respondents=float(result.n_respondents),
        found=result,
        table=table,
    )
    return _warned(_known(found))


def _answers(read: ItemTable, missing: str) -> tuple[ItemTable, int]:
    """The answers of an analysis; refuse, by name, items with fewer than two different ones."""
    table, before = read_items(read, missing)
    if table.n_respondents < 3:
        every = " who answered every item" if missing == "listwise" else " with answers"
        raise ArgumentError(f"items: expected three or more respondents{every}; got {table.n_respondents}.")
    constant = [name for name, varies in zip(table.names, varying(table.values), strict=True) if not varies]
    if constant:
        raise ArgumentError(
            f"items: expected two or more different answers to each item; got one or none to {quoted(constant)}. "
            "Leave such items out: nothing can go together with them."
        )
    return table, before


def _given(matrix: Any, n_obs: Any, at_least: int) -> Analysed:
    if n_obs is not None:
        _refuse_answers(matrix)
    names, correlations, _ = checked_matrix("items", matrix, at_least)
    count = float("nan") if n_obs is None else float(check_whole("n_obs", n_obs, 3))
    return Analysed(names, correlations, "given", "", count)


def _refuse_answers(items: Any) -> None:
    shape = item_frame("items", items).shape
    if shape[0] != shape[1]:
        raise ArgumentError(
            "n_obs: expected only with a correlation or covariance matrix (square, symmetric); got items of shape "
            f"{shape}."
        )


def _from_result(result: Any, n_obs: Any, at_least: int) -> Analysed:
    if n_obs is not None:
        raise ArgumentError(
            f"n_obs: expected only with a bare matrix; the {type(result).__name__} says how many itself."
        )
    values = np.array(result.correlations, dtype=np.float64)
    names = tuple(result.correlations.columns)
    if len(names) < at_least:
        raise ArgumentError(f"items: expected {at_least} or more items (columns); got {len(names)}.")
    kind = getattr(result, "correlation", getattr(result, "kind", "given"))
    kept = result if isinstance(result, (CorrelationResult, PolychoricResult)) else None
    return _known(Analysed(names, values, str(kind), result.missing or "", float(result.n_respondents), kept))


def _known(found: Analysed) -> Analysed:
    first, second = np.nonzero(np.triu(np.isnan(found.correlations)))
    if first.size:
        one, other = found.names[first[0]], found.names[second[0]]
        raise ArgumentError(
            "items: expected respondents with different answers to both items of every pair; got too few for "
            f"{one!r} with {other!r} ({first.size} such pairs). Leave one of them out."
        )
    return found


def _warned(found: Analysed) -> Analysed:
    if found.n_respondents <= found.n_items:
        give_warning(
            f"{found.n_respondents:.0f} respondents answer {found.n_items} items; a correlation matrix needs more "
            "respondents than items to have an inverse. Use fewer items.",
            TooFewRespondentsWarning,
        )
    smallest = found.smallest_eigenvalue
    told = found.table is not None and not is_positive_definite(smallest)
    if smallest < SINGULAR and not told:
        give_warning(
            f"The correlation matrix is not positive definite: its smallest eigenvalue is {smallest:.3g}, most of it "
            f"due to {heaviest(found.correlations, found.names)}, so what needs its inverse or determinant is not "
            "estimable. Leave one of them out, or "
            f"{IN_ANALYSIS.smooth}.",
            NotPositiveDefiniteWarning,
        )
    return found
