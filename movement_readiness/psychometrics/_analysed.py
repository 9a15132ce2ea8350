"""The one correlation matrix of an analysis: from an item frame, or given with the number of respondents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_integer, quoted
from movement_readiness.exceptions import ArgumentError, NotPositiveDefiniteWarning, TooFewRespondentsWarning
from movement_readiness.psychometrics._frames import ItemTable, item_table
from movement_readiness.psychometrics.correlation import CorrelationResult, correlation_matrix
from movement_readiness.psychometrics.correlation.matrices import CORRELATIONS
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SINGULAR", "Analysed", "analysed", "answers", "frame_of", "is_matrix"]

Floats = npt.NDArray[np.float64]

SINGULAR = 1e-11  # a smallest eigenvalue below this: no inverse, no determinant
_SYMMETRIC = 1e-8


@dataclass(frozen=True, slots=True, eq=False)
class Analysed:
    """A correlation matrix with what is known of the answers behind it.

    ``kind`` is "pearson", "spearman", "polychoric" or "given"; ``n_respondents`` is NaN where a matrix came without;
    ``found`` is the result of `correlation_matrix`, None for a bare matrix; ``options`` the categories of
    categorical columns, None where not known.
    """

    names: tuple[Any, ...]
    correlations: Floats
    kind: str
    missing: str
    n_respondents: float
    found: CorrelationResult | None = None
    options: tuple[tuple[Any, ...] | None, ...] | None = None

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

    def words(self) -> str:
        """What kind of correlations, of how many respondents, as the beginning of a sentence."""
        count = "an unstated number of" if np.isnan(self.n_respondents) else f"{self.n_respondents:.0f}"
        kind = "A given correlation matrix" if self.kind == "given" else f"{self.kind.capitalize()} correlations"
        dealt = f", missing answers {self.missing}" if self.missing else ""
        return f"{kind} of {self.n_items} items, {count} respondents{dealt}"

    def frame(self, values: Floats) -> pd.DataFrame:
        """A matrix of items by items, labelled."""
        return frame_of(values, self.names, self.names)


def frame_of(values: Floats, rows: Any, columns: Any) -> pd.DataFrame:
    """A labelled table."""
    import pandas as pd

    return pd.DataFrame(values, index=pd.Index(list(rows)), columns=pd.Index(list(columns)))


def analysed(
    items: Any, *, correlation: str = "pearson", missing: str = "pairwise", n_obs: int | None = None, at_least: int = 3
) -> Analysed:
    """Correlate an item frame, or take a correlation or covariance matrix as it is.

    Parameters
    ----------
    items : item frame, square matrix, or a result of `correlation_matrix` or `polychoric`
        A symmetric square table with a positive diagonal is a matrix; a covariance matrix is standardised.
    correlation : {"pearson", "spearman", "polychoric"}
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix; only with a matrix.
    at_least : int
        How many items are needed.
    """
    check_choice("correlation", correlation, CORRELATIONS)
    if hasattr(items, "correlations") and hasattr(items, "n_respondents"):
        return _warned(_from_result(items, n_obs, at_least))
    if is_matrix(items):
        return _warned(_given(items, n_obs, at_least))
    if n_obs is not None:
        raise ArgumentError(
            "n_obs: expected only with a correlation or covariance matrix (square, symmetric); got items."
        )
    table = answers(items, missing, at_least)
    result = correlation_matrix(table, correlation=correlation, missing=missing)
    found = Analysed(
        names=table.names,
        correlations=result.matrix,
        kind=correlation,
        missing=missing,
        n_respondents=float(result.n_respondents),
        found=result,
        options=table.options,
    )
    return _warned(_known(found))


def answers(items: Any, missing: str, at_least: int) -> ItemTable:
    """Read items for an analysis; refuse, by name, those with fewer than two different answers."""
    table = item_table("items", items, at_least=at_least, missing=missing)
    if table.n_respondents < 3:
        every = " who answered every item" if missing == "listwise" else " with answers"
        raise ArgumentError(f"items: expected three or more respondents{every}; got {table.n_respondents}.")
    low, high = np.fmin.reduce(table.values, axis=0), np.fmax.reduce(table.values, axis=0)
    constant = [name for name, varies in zip(table.names, low < high, strict=True) if not varies]
    if constant:
        raise ArgumentError(
            f"items: expected two or more different answers to each item; got one or none to {quoted(constant)}. "
            "Leave such items out: nothing can go together with them."
        )
    return table


def is_matrix(items: Any) -> bool:
    """Whether it is square and symmetric with a positive diagonal, as a correlation or covariance matrix is."""
    shape = getattr(items, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or not hasattr(items, "__array__"):
        return False
    try:
        values = np.asarray(items, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    diagonal = np.diag(values)
    if not np.isfinite(values).all() or not (diagonal > 0).all():
        return False
    standard = values / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.abs(standard - standard.T).max() < _SYMMETRIC and np.abs(standard).max() < 1 + _SYMMETRIC)


def _given(matrix: Any, n_obs: Any, at_least: int) -> Analysed:
    values = np.asarray(matrix, dtype=np.float64)
    names = tuple(getattr(matrix, "columns", [f"item_{place}" for place in range(1, len(values) + 1)]))
    if len(names) < at_least:
        raise ArgumentError(f"items: expected {at_least} or more items (columns); got {len(names)}.")
    count = float("nan") if n_obs is None else float(check_integer("n_obs", n_obs, 3))
    root = np.sqrt(np.diag(values))
    found = np.clip(values / np.outer(root, root), -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return Analysed(names, (found + found.T) / 2, "given", "", count)


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
    count, missing = float(result.n_respondents), result.missing or ""
    kept = result if isinstance(result, CorrelationResult) and result.means is not None else None
    return _known(Analysed(names, values, str(kind), missing, count, kept))


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
    told = found.kind != "given" and smallest <= 0
    if smallest < SINGULAR and not told:
        give_warning(
            f"The correlation matrix is not positive definite: its smallest eigenvalue is {smallest:.3g}, so what "
            "needs its inverse or determinant is not estimable. Leave out an item that repeats others, or give "
            "correlation_matrix(items, smooth=True) in place of the items.",
            NotPositiveDefiniteWarning,
        )
    return found
