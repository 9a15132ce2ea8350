"""A correlation or covariance matrix that somebody else computed: how it is told from answers, and its checks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._frames import item_frame, item_table, labelled
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._smoothing import smallest_eigenvalue
from movement_readiness.psychometrics.correlation.matrices import CorrelationResult

__all__ = ["checked_matrix", "given_matrix", "is_matrix", "refuse_matrix"]

Floats = npt.NDArray[np.float64]

_TOLERANCE = 1e-6  # of symmetry and of correlations beyond 1, in units of correlations


def is_matrix(items: Any) -> bool:
    """Whether a square table is meant as a matrix, right or wrong, rather than as answers of as many respondents.

    It is where rows are named as the columns, where it is symmetric with a positive diagonal and nothing beyond it,
    and where some numbers are not whole: answers are whole numbers. `checked_matrix` says what is wrong with it.

    Parameters
    ----------
    items : frame or 2-D array

    Examples
    --------
    >>> is_matrix([[1, 0.3], [0.3, 1]]), is_matrix([[1, 2], [5, 4]]), is_matrix([[1, 0.3], [0.4, 1]])
    (True, False, True)
    """
    if not _square(items):
        return False
    frame = item_frame("items", items)
    if _named(frame) and set(frame.index) == set(frame.columns):
        return True
    try:
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        return False  # text, dates: no numbers to look at
    finite = values[np.isfinite(values)]
    return bool((finite != np.rint(finite)).any()) or _like_correlations(values)


def refuse_matrix(argument: str, items: Any) -> None:
    """Raise where a function that needs answers is given a matrix: its numbers would be taken for people's.

    Narrower than `is_matrix`, for here a square table of answers that are not whole numbers is none.
    """
    if not is_matrix(items):
        return
    frame = item_frame(argument, items)
    named = _named(frame) and set(frame.index) == set(frame.columns)
    try:
        values = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        return  # no numbers: said by whoever reads the answers
    if named or (_like_correlations(values) and bool((values != np.rint(values)).any())):
        raise ArgumentError(
            f"{argument}: expected answers, one row a respondent; got what looks like a correlation or covariance "
            "matrix. Give the answers it was made from."
        )


def _square(items: Any) -> bool:
    if isinstance(items, (list, tuple)):
        return bool(items) and all(isinstance(row, (list, tuple)) and len(row) == len(items) for row in items)
    shape = getattr(items, "shape", ())
    return isinstance(shape, tuple) and len(shape) == 2 and shape[0] == shape[1] > 0


def _named(matrix: Any) -> bool:
    """Whether the rows have names of their own."""
    import pandas as pd

    return isinstance(matrix, pd.DataFrame) and not isinstance(matrix.index, pd.RangeIndex)


def _like_correlations(values: Floats) -> bool:
    diagonal = np.diag(values)
    if not np.isfinite(values).all() or diagonal.min() <= 0:
        return False
    found = values / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.abs(found - found.T).max() <= _TOLERANCE and np.abs(found).max() <= 1 + _TOLERANCE)


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
    if _named(matrix) and list(matrix.index) != list(table.names):
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
        warnings=_findings.give(_findings.about_matrix(smallest, False, _REMEDIES)),
    )


_REMEDIES = _findings.Remedies("smooth it", missing="")
