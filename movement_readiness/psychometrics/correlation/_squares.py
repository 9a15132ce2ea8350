"""A square table: whether it is a matrix that somebody computed, or answers of as many respondents as items."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._item_frame import item_frame

__all__ = ["has_row_names", "is_matrix", "refuse_matrix"]

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
    if has_row_names(frame) and set(frame.index) == set(frame.columns):
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
    named = has_row_names(frame) and set(frame.index) == set(frame.columns)
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


def has_row_names(matrix: Any) -> bool:
    """Whether the rows have names of their own."""
    import pandas as pd

    return isinstance(matrix, pd.DataFrame) and not isinstance(matrix.index, pd.RangeIndex)


def _like_correlations(values: Floats) -> bool:
    diagonal = np.diag(values)
    if not np.isfinite(values).all() or diagonal.min() <= 0:
        return False
    found = values / np.sqrt(np.outer(diagonal, diagonal))
    return bool(np.abs(found - found.T).max() <= _TOLERANCE and np.abs(found).max() <= 1 + _TOLERANCE)
