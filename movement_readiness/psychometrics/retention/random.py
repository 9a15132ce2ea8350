"""Eigenvalues of items that have nothing to do with each other (numpy alone).

Every replication has a random generator of its own, spawned from one seed, so that results do not depend on who
computes which. Answers are permuted within each item, missing ones too, which keeps margins and missing shares; or
drawn: product-moment correlations of n normal respondents have the distribution that a Wishart matrix of n - 1 degrees
of freedom has (drawn as a triangle after Bartlett 1933, whatever n), and categories are drawn with the item's shares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.correlation._moments import pearson, spearman
from movement_readiness.psychometrics.correlation._polychoric import estimate

__all__ = ["Draw", "drawn_codes", "drawn_normal", "permuted_codes", "permuted_values"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]
Rows = TypeVar("Rows", Floats, Codes)
Draw = Callable[[np.random.Generator], Floats]


def permuted_values(values: Floats, ranks: bool = False) -> Draw:
    """Correlations (Pearson, or of ranks) of the values after permuting every column."""
    correlate = spearman if ranks else pearson
    if np.isnan(values).any():
        return lambda generator: correlate(_permuted(values.T, generator).T)[0]
    if ranks:
        from scipy.stats import rankdata

        values = rankdata(values, axis=0)
    centred = values - values.mean(axis=0)
    standard = np.ascontiguousarray((centred / np.sqrt(np.sum(centred**2, axis=0))).T)

    def draw(generator: np.random.Generator) -> Floats:
        rows = _permuted(standard, generator)
        found = rows @ rows.T
        np.fill_diagonal(found, 1.0)
        return np.asarray(found)

    return draw


def drawn_normal(n_respondents: int, n_items: int) -> Draw:
    """Correlations of uncorrelated normal items."""

    def draw(generator: np.random.Generator) -> Floats:
        if n_respondents <= n_items:
            return np.asarray(np.corrcoef(generator.standard_normal((n_items, n_respondents))))
        triangle = np.tril(generator.standard_normal((n_items, n_items)), -1)
        triangle += np.diag(np.sqrt(generator.chisquare(n_respondents - 1.0 - np.arange(n_items))))
        triangle /= np.sqrt(np.sum(triangle**2, axis=1, keepdims=True))
        return np.asarray(triangle @ triangle.T)

    return draw


def permuted_codes(codes: Codes, n_categories: npt.ArrayLike) -> Draw:
    """Polychoric correlations of the coded answers after permuting every column."""
    rows = np.ascontiguousarray(codes.T)
    return lambda generator: estimate(_permuted(rows, generator).T, n_categories).correlations


def drawn_codes(codes: Codes) -> Draw:
    """Polychoric correlations of answers drawn with each item's shares of categories, where answers are there."""
    rows = np.ascontiguousarray(codes.T)
    shares = [np.cumsum(np.bincount(row[row >= 0])) / max(int((row >= 0).sum()), 1) for row in rows]

    def draw(generator: np.random.Generator) -> Floats:
        found = np.empty_like(rows)
        for place, (row, share) in enumerate(zip(rows, shares, strict=True)):
            new = np.searchsorted(share[:-1], generator.random(row.size), side="right")
            used = np.zeros(share.size, dtype=bool)
            used[new[row >= 0]] = True
            found[place] = np.where(row >= 0, (np.cumsum(used) - 1)[new], -1)
        return estimate(found.T, found.max(axis=1) + 1).correlations

    return draw


def _permuted(rows: Rows, generator: np.random.Generator) -> Rows:
    return generator.permuted(rows, axis=1)
