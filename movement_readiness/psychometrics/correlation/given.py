"""A correlation or covariance matrix that somebody else computed: how it is told from answers, and its checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._frames import item_table, labelled
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._smoothing import smallest_eigenvalue
from movement_readiness.psychometrics.correlation._squares import has_row_names, is_matrix, refuse_matrix
from movement_readiness.psychometrics.correlation.matrices import CorrelationResult

__all__ = ["checked_matrix", "given_matrix", "is_matrix", "refuse_matrix"]

Floats = npt.NDArray[np.float64]

_TOLERANCE = 1e-6  # of symmetry and of correlations beyond 1, in units of correlations


def checked_matrix(argument: str, matrix: Any, at_least: int = 2) -> tuple[tuple[Any, ...], Floats, Floats]:
    """The items' names, the correlations, and the roots of the diagonal of a correlation or covariance matrix.

    Parameters
    ----------
    argument : str
        The argument's name, for sentences.
    matrix : frame or 2-D array, items x items
        Symmetric to 1e-6, and made so exactly; a covariance matrix is standardised.
    at_least : int
        How many items are needed.

    Raises
    ------
    ArgumentError
        Not square, not symmetric, a missing number, a diagonal that is not positive, correlations beyond 1, rows in
        another order than the columns.
    """
    table = item_table(argument, matrix, at_least=at_least)
    values = table.values
    if values.shape[0] != values.shape[1]:
        raise ArgumentError(f"{argument}: expected a square matrix; got shape {values.shape}.")
    if has_row_names(matrix) and list(matrix.index) != list(table.names):
        raise ArgumentError(
            f"{argument}: expected rows named as the columns, in the same order; they are not: rows "
            f"{quoted(list(matrix.index), 4)}, columns {quoted(table.names, 4)}."
        )
    if not np.isfinite(values).all():
        raise ArgumentError(
            f"{argument}: expected a number in every cell of the matrix; {np.isnan(values).sum()} are missing."
        )
    if np.diag(values).min() <= 0:
        raise ArgumentError(f"{argument}: expected a positive diagonal; got {np.diag(values).min():g}.")
    spread = np.sqrt(np.diag(values))
    return table.names, _checked_correlations(argument, values / np.outer(spread, spread)), spread


def _checked_correlations(argument: str, found: Floats) -> Floats:
    off = np.abs(found - found.T).max()
    if off > _TOLERANCE:
        half = not np.triu(found, 1).any() or not np.tril(found, -1).any()
        why = "one triangle is zero: fill it from the other" if half else f"they differ by {off:.3g}"
        raise ArgumentError(
            f"{argument}: expected a symmetric matrix, the same number in both cells across the diagonal; {why}. (What "
            "is square and not of whole numbers, or comes with a number of respondents, is taken for a matrix.)"
        )
    if np.abs(found).max() > 1 + _TOLERANCE:
        raise ArgumentError(f"{argument}: expected correlations from -1 to 1; got {np.abs(found).max():g} in size.")
    found = np.clip((found + found.T) / 2, -1, 1)
    np.fill_diagonal(found, 1.0)
    return np.asarray(found)


def given_matrix(argument: str, matrix: Any, n_respondents: int) -> CorrelationResult:
    """A correlation or covariance matrix that somebody else computed, checked, as correlations.

    Parameters
    ----------
    argument : str
        The argument's name, for sentences.
    matrix : frame or 2-D array, items x items
        Symmetric; a unit diagonal makes it correlations, any other positive one covariances.
    n_respondents : int
        How many it came from.

    Returns
    -------
    CorrelationResult

    Raises
    ------
    ArgumentError
        As `checked_matrix` does.

    Examples
    --------
    >>> given_matrix("matrix", [[4.0, 1.0], [1.0, 1.0]], 100).correlations
            item_1  item_2
    item_1     1.0     0.5
    item_2     0.5     1.0
    """
    import pandas as pd

    count = check_whole("n_respondents", n_respondents, 2)
    names, found, spread = checked_matrix(argument, matrix)
    smallest = smallest_eigenvalue(found)
    return CorrelationResult(
        correlations=labelled(found, names),
        n_respondents=count,
        n_pairs=None,
        correlation="given",
        missing=None,
        means=None,
        standard_deviations=pd.Series(spread, index=list(names)),
        polychoric=None,
        smallest_eigenvalue=smallest,
        smoothed=False,
        warnings=_findings.give(_findings.about_matrix(found, names, False, _REMEDIES)),
    )


_REMEDIES = _findings.Remedies("smooth it", missing="")
