"""Correlation matrices that no variables could have: how far off, and the repair (numpy alone)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["is_positive_definite", "smallest_eigenvalue", "smoothed"]

Floats = npt.NDArray[np.float64]

_SMALLEST = 1e-12  # eigenvalues below this ...
_RAISED = 1e-10  # ... become this


def smallest_eigenvalue(matrix: Floats) -> float:
    """The smallest eigenvalue of a symmetric matrix, NaN where the matrix has one."""
    return float(np.linalg.eigvalsh(matrix)[0]) if np.isfinite(matrix).all() else float("nan")


def is_positive_definite(smallest: float) -> bool:
    """Whether a matrix with this smallest eigenvalue is, by more than rounding; where it is NaN nothing is known."""
    return bool(np.isnan(smallest)) or smallest >= _SMALLEST


def smoothed(matrix: Floats) -> Floats:
    """The matrix with its negative eigenvalues raised to almost nothing, rescaled to a unit diagonal.

    Eigenvalues below 1e-12 become 1e-10, all are rescaled to sum to the number of items, and the product of
    eigenvectors and eigenvalues is divided by its diagonal: principal component smoothing, as ``psych::cor.smooth``
    documents it. A matrix that needs none is returned as it is.

    Examples
    --------
    >>> from numpy import array
    >>> smoothed(array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.9], [0.0, 0.9, 1.0]])).round(3)
    array([[1.   , 0.729, 0.064],
           [0.729, 1.   , 0.729],
           [0.064, 0.729, 1.   ]])
    """
    values, vectors = np.linalg.eigh(matrix)
    if values[0] >= _SMALLEST:
        return matrix
    values = np.where(values < _SMALLEST, _RAISED, values)
    values *= len(values) / values.sum()
    raised = (vectors * values) @ vectors.T
    spread = np.sqrt(np.diag(raised))
    found = raised / np.outer(spread, spread)
    np.fill_diagonal(found, 1.0)
    return np.asarray((found + found.T) / 2)
