"""The distinct entries of a symmetric matrix in a row: (1,1), (1,2), ..., (1,p), (2,2), ... (numpy alone)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["half", "places", "position", "symmetric", "vech"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@lru_cache(maxsize=32)
def places(size: int) -> tuple[Ints, Ints]:
    """Row and column of each entry, row not behind column: the lower triangle column by column."""
    rows, columns = np.triu_indices(size)
    return rows.astype(np.int64), columns.astype(np.int64)


@lru_cache(maxsize=32)
def position(size: int) -> Ints:
    """Where entry (i, j), in either order, sits in the row; shape (size, size)."""
    rows, columns = places(size)
    where = np.empty((size, size), dtype=np.int64)
    where[rows, columns] = where[columns, rows] = np.arange(rows.size)
    return where


def vech(matrices: Floats) -> Floats:
    """Entries of one or of many symmetric matrices; the last two axes become one."""
    rows, columns = places(matrices.shape[-1])
    return np.asarray(matrices[..., rows, columns])


def symmetric(entries: Floats, size: int) -> Floats:
    """Turn rows of entries back into matrices; the last axis becomes two."""
    return np.asarray(entries[..., position(size)])


def half(size: int) -> Floats:
    """1/2 for entries on the diagonal and 1 off it: an off-diagonal entry stands for two cells."""
    rows, columns = places(size)
    return np.where(rows == columns, 0.5, 1.0)
