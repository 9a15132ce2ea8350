"""Two-step polychoric correlations of coded answers: numbers only (numpy and scipy alone).

`estimate` is the whole path from codes to correlations; parallel analysis and bootstraps call it directly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.correlation._fit import fit_pairs
from movement_readiness.psychometrics.correlation._tables import PairTables, corrected_2x2, pair_tables, thresholds_of

__all__ = ["PolychoricEstimates", "estimate", "square"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class PolychoricEstimates:
    """What `estimate` found.

    ``rho`` (pairs,) in the order (0, 1), (0, 2), ..., (1, 2), ...; ``thresholds`` (items, K - 1), +inf behind an
    item's last; ``pairs``, the tables as counted; ``corrected`` (pairs,), where an empty cell was filled before
    the correlation was fitted; ``converged`` (pairs,).
    """

    rho: Floats
    thresholds: Floats
    pairs: PairTables
    corrected: Flags
    converged: Flags

    @property
    def correlations(self) -> Floats:
        """The symmetric matrix, shape (items, items)."""
        return square(self.rho, len(self.thresholds), 1.0)


def estimate(
    codes: npt.NDArray[np.integer], n_categories: npt.ArrayLike, correct: float | str = 0.0
) -> PolychoricEstimates:
    """Thresholds from each item's own margin, then every correlation by maximum likelihood.

    Parameters
    ----------
    codes : integer array, shape (respondents, items)
        0 to one below the number of categories, every category used; -1 where missing.
    n_categories : array, shape (items,)
    correct : float or "lavaan"
        Put into the empty cells of every pair's table; "lavaan": .5 for a single empty cell of a 2 x 2 table, its
        margins kept. The thresholds stay those of the items.

    Returns
    -------
    PolychoricEstimates
        rho is NaN for pairs that share no respondents, or only one category of an item.

    Examples
    --------
    >>> codes = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [30, 10, 10, 30], axis=0)
    >>> estimate(codes, [2, 2]).rho.round(6)
    array([0.707107])
    """
    sizes = np.asarray(n_categories, dtype=np.int64)
    pairs = pair_tables(codes, sizes)
    thresholds = thresholds_of(pairs.margins)
    fitted, corrected = pairs.tables, np.zeros(len(pairs.tables), dtype=bool)
    if correct == "lavaan":
        fitted, corrected = corrected_2x2(fitted, (sizes[pairs.first] == 2) & (sizes[pairs.second] == 2))
    elif correct:
        fitted, corrected = _filled(pairs, sizes, float(correct))
    found = fit_pairs(fitted, thresholds[pairs.first], thresholds[pairs.second])
    return PolychoricEstimates(found.rho, thresholds, pairs, corrected, found.converged)


def _filled(pairs: PairTables, sizes: Ints, constant: float) -> tuple[Floats, Flags]:
    """The tables with a constant in their empty cells, where both items vary; which ones had some."""
    inside = np.arange(pairs.tables.shape[1]) < sizes[:, np.newaxis]
    own = inside[pairs.first][:, :, np.newaxis] & inside[pairs.second][:, np.newaxis, :]
    vary = ((pairs.tables.sum(axis=1) > 0).sum(axis=1) > 1) & ((pairs.tables.sum(axis=2) > 0).sum(axis=1) > 1)
    empty = own & (pairs.tables == 0) & vary[:, np.newaxis, np.newaxis]
    return np.where(empty, constant, pairs.tables), empty.any(axis=(1, 2))


def square(values: Floats | Ints, n_items: int, diagonal: float | Ints) -> Floats:
    """A symmetric matrix from one value a pair and its diagonal."""
    matrix = np.zeros((n_items, n_items))
    matrix[np.triu_indices(n_items, 1)] = values
    matrix += matrix.T
    np.fill_diagonal(matrix, diagonal)
    return matrix
