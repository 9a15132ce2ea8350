"""Rotation criteria: what a rotation makes small, and its derivative by the loadings (numpy alone).

A criterion takes loadings of many candidate rotations at once, an array (candidates, items, factors), and gives the
values (candidates,) and the derivatives in the shape of the loadings. With l_ir the loading of item i on factor r:

    varimax          - 1/4 sum_r sum_i (l_ir^2 - mean_i l_ir^2)^2                                    Kaiser (1958)
    quartimax        - 1/4 sum_ir l_ir^4
    oblimin(gamma)     1/4 sum_{r != s} [ sum_i l_ir^2 l_is^2 - gamma / p sum_i l_ir^2 sum_i l_is^2 ]
    quartimin          oblimin with gamma 0
    geomin(delta)      sum_i prod_r (l_ir^2 + delta)^(1/k)                                           Yates (1987)
    target             sum over the specified elements of (l_ir - target_ir)^2                       Browne (2001)
    bifactor           sum_{r != s, both > 1} sum_i l_ir^2 l_is^2                Jennrich and Bentler (2011, 2012)

in the scaling of Bernaards and Jennrich (2005) and GPArotation, so that values compare with theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

__all__ = ["Criterion", "bifactor", "geomin", "oblimin", "quartimax", "target_distance", "varimax"]

Floats = npt.NDArray[np.float64]
Criterion = Callable[[Floats], tuple[Floats, Floats]]


def varimax() -> Criterion:
    """Make the squared loadings of each factor unequal."""
    return _varimax


def quartimax() -> Criterion:
    """Make the squared loadings of each item unequal."""
    return _quartimax


def oblimin(gamma: float = 0.0) -> Criterion:
    """Keep items from loading on two factors; gamma 0 is quartimin, negative values give less correlated factors."""
    return partial(_oblimin, gamma=gamma)


def geomin(delta: float = 0.01) -> Criterion:
    """Give each item at least one loading near zero; delta keeps the geometric mean smooth."""
    return partial(_geomin, delta=delta)


def target_distance(target: Floats) -> Criterion:
    """Bring the loadings close to the target's numbers; NaN elements are free."""
    specified = ~np.isnan(target)
    return partial(_target, target=np.where(specified, target, 0.0), specified=specified)


def bifactor() -> Criterion:
    """Leave the first factor alone, quartimin among the others."""
    return _bifactor


def _varimax(loadings: Floats) -> tuple[Floats, Floats]:
    squares = loadings**2
    squares -= squares.mean(axis=-2, keepdims=True)
    return -np.einsum("sir,sir->s", squares, squares) / 4, -loadings * squares


def _quartimax(loadings: Floats) -> tuple[Floats, Floats]:
    squares = loadings**2
    return -np.einsum("sir,sir->s", squares, squares) / 4, -loadings * squares


def _oblimin(loadings: Floats, gamma: float) -> tuple[Floats, Floats]:
    squares = loadings**2
    others = squares.sum(axis=-1, keepdims=True) - squares
    if gamma:
        others = others - gamma * others.mean(axis=-2, keepdims=True)
    return np.einsum("sir,sir->s", squares, others) / 4, loadings * others


def _geomin(loadings: Floats, delta: float) -> tuple[Floats, Floats]:
    squares = loadings**2 + delta
    means = np.exp(np.log(squares).mean(axis=-1, keepdims=True))
    return means.sum(axis=(-2, -1)), (2 / loadings.shape[-1]) * means * loadings / squares


def _target(loadings: Floats, target: Floats, specified: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    apart = np.where(specified, loadings - target, 0.0)
    return np.einsum("sir,sir->s", apart, apart), 2 * apart


def _bifactor(loadings: Floats) -> tuple[Floats, Floats]:
    values, group = _oblimin(loadings[..., 1:], gamma=0.0)
    return 4 * values, np.concatenate([np.zeros_like(loadings[..., :1]), 4 * group], axis=-1)
