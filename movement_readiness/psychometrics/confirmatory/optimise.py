r"""Minimisation by scoring steps that learn: for functions whose curvature is roughly known (numpy alone).

A step is -H g with g the slopes and H the inverse of the known curvature (Fisher's information, or J'WJ of a
least-squares problem), renewed while the steps are long and then corrected by what the slopes show (BFGS); it is
halved until the function falls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Minimum", "minimise"]

Floats = npt.NDArray[np.float64]

_FALL = 1e-4  # of what the slope promises
_SHORTEST = 1e-10
_RENEWED = 1e-4  # curvature is renewed while the promised fall is larger
_FLOOR = 1e-10  # of the largest eigenvalue of the curvature
_GOOD = 1e-6  # slopes below this where a search that cannot fall any further has ended well


@dataclass(frozen=True, slots=True, eq=False)
class Minimum:
    """Where a search ended.

    ``theta`` (parameters,), ``value``, ``slopes`` (parameters,), ``converged``, ``n_steps``; ``promised`` is half of
    g'Hg at the end, what a further step would be expected to gain.
    """

    theta: Floats
    value: float
    slopes: Floats
    converged: bool
    n_steps: int
    promised: float


def minimise(
    function: Callable[[Floats], tuple[float, Floats] | None],
    curvature: Callable[[Floats], Floats],
    start: Floats,
    *,
    tolerance: float = 1e-13,
    steps: int = 500,
) -> Minimum | None:
    """Search for a minimum.

    Parameters
    ----------
    function : callable
        Value and slopes at theta, or None where it is not defined.
    curvature : callable
        A matrix near the second derivatives, positive definite or nearly so.
    start : array, shape (parameters,)
    tolerance : float
        The search ends when the fall that a step promises is below this, as a share of max(|value|, 1).
    steps : int
        At most so many.

    Returns
    -------
    Minimum or None
        None where the function is not defined at the start.

    Examples
    --------
    >>> found = minimise(lambda t: (float(t @ t), 2 * t), lambda t: np.eye(2), np.array([1.0, -2.0]))
    >>> found.converged, bool(abs(found.theta).max() < 1e-6)
    (True, True)
    """
    here = function(start)
    if here is None or not np.isfinite(here[0]):
        return None
    theta, (value, slope) = np.array(start, dtype=np.float64), here
    inverse, renewed = _inverse(curvature(theta)), True
    promised = _promise(inverse, slope)
    for count in range(1, steps + 1):
        if promised <= tolerance * max(abs(value), 1.0):
            return Minimum(theta, value, slope, True, count - 1, promised)
        found = _shorter(function, theta, value, -inverse @ slope, -2 * promised)
        if found is None:
            if renewed:
                return Minimum(theta, value, slope, bool(np.abs(slope).max() < _GOOD), count, promised)
            inverse, renewed = _inverse(curvature(theta)), True
        else:
            moved, changed = found[0] - theta, found[2] - slope
            theta, value, slope = found
            renewed = promised > _RENEWED
            inverse = _inverse(curvature(theta)) if renewed else _corrected(inverse, moved, changed)
        promised = _promise(inverse, slope)
    return Minimum(theta, value, slope, False, steps, promised)


def _promise(inverse: Floats, slope: Floats) -> float:
    return float(slope @ inverse @ slope) / 2


def _inverse(curvature: Floats) -> Floats:
    """Inverse of a curvature scaled to a unit diagonal, with eigenvalues that are small or negative raised."""
    size = np.sqrt(np.maximum(np.abs(np.diag(curvature)), 1e-300))
    values, vectors = np.linalg.eigh(curvature / np.outer(size, size))
    raised = np.maximum(values, _FLOOR * max(float(values[-1]), 1e-300))
    return np.asarray((vectors / raised) @ vectors.T / np.outer(size, size))


def _shorter(
    function: Callable[[Floats], tuple[float, Floats] | None], theta: Floats, value: float, step: Floats, slope: float
) -> tuple[Floats, float, Floats] | None:
    """The longest of the step, its half, its quarter ... that makes the function fall enough."""
    length = 1.0
    while length > _SHORTEST:
        tried = theta + length * step
        found = function(tried)
        if found is not None and found[0] <= value + _FALL * length * slope:
            return tried, found[0], found[1]
        length /= 2
    return None


def _corrected(inverse: Floats, moved: Floats, changed: Floats) -> Floats:
    """Broyden, Fletcher, Goldfarb and Shanno's correction of an inverse curvature."""
    along = float(moved @ changed)
    if along <= 1e-10 * float(np.linalg.norm(moved) * np.linalg.norm(changed)):
        return inverse
    left = np.eye(moved.size) - np.outer(moved, changed) / along
    return np.asarray(left @ inverse @ left.T + np.outer(moved, moved) / along)
