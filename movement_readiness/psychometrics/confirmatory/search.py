"""The search for the parameters: scoring steps (Gauss-Newton, Fisher), damped where they lead upwards.

A curvature that is right near the answer makes a dozen steps enough where quasi-Newton methods take hundreds; where
it is not enough, BFGS takes over and scoring finishes. Numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Expansion", "Found", "Objective", "minimise"]

Floats = npt.NDArray[np.float64]

_STEPS, _HALVINGS, _SHARP, _ENOUGH = 150, 40, 1e-17, 1e-10
_CAREFUL = 0.1  # the longest step of a second search, in units of one and the parameter
_TOO_FAR = 300.0
_ROUNDING = 4 * np.finfo(np.float64).eps
_FLAT = 1e-12  # of the largest eigenvalue of the scaled curvature: a direction without information


@dataclass(frozen=True, slots=True, eq=False)
class Expansion:
    """A function about a point: ``value``, ``gradient`` (n_free,), ``curvature`` (n_free, n_free), never negative."""

    value: float
    gradient: Floats
    curvature: Floats


class Objective(Protocol):
    """What is minimised; the value is infinite where the model implies nothing possible."""

    def value(self, theta: Floats) -> float:
        """The function alone."""

    def expansion(self, theta: Floats) -> Expansion:
        """The function with slope and an approximate curvature."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Where the search ended.

    ``theta`` (n_free,); ``value``; ``decrement``, by how much a further step would lower the function, g'H^-1 g / 2;
    ``converged``; ``n_steps``; ``method``, "scoring" or "scoring and BFGS"; ``furthest``, the place of the parameter
    that went furthest from where the search began (set where it did not end well).
    """

    theta: Floats
    value: float
    decrement: float
    converged: bool
    n_steps: int
    method: str = "scoring"
    furthest: int = 0


def minimise(objective: Objective, start: Floats, others: Sequence[Floats] = ()) -> Found:
    """Find a minimum of a function near a start.

    Parameters
    ----------
    objective : Objective
    start : array, shape (n_free,)
    others : sequence of arrays
        Where to begin anew when the search does not end well.

    Returns
    -------
    Found
        Of the searches that ended well the lowest, or the lowest of all.
    """
    if not start.size:
        value = objective.value(start)
        return Found(start, value, 0.0, bool(np.isfinite(value)), 0)
    tried = [_scored(objective, start)]
    for other in others if not tried[0].converged else ():
        tried.append(_scored(objective, other, _CAREFUL))
        if tried[-1].converged:
            break
    if not any(found.converged or _far(found.theta, start) for found in tried) and np.isfinite(tried[0].value):
        again = _scored(objective, _quasi_newton(objective, tried[0].theta))
        tried.append(replace(again, method="scoring and BFGS"))
    best = min(tried, key=lambda found: (not found.converged, found.value))
    return replace(best, n_steps=sum(found.n_steps for found in tried))


def _scored(objective: Objective, start: Floats, longest: float = np.inf) -> Found:
    theta, here = start, objective.expansion(start)
    damping, decrement, steps = 0.0, np.inf, 0
    while steps < _STEPS and np.isfinite(here.value) and not _far(theta, start):
        steps += 1
        move, decrement = _move(here, damping)
        if decrement <= _SHARP * max(1.0, abs(here.value)):
            break
        move = move * min(1.0, longest / max(float((np.abs(move) / (1 + np.abs(theta))).max()), 1e-300))
        moved = _line(objective, theta, here, move)
        if moved is None:
            if damping > 1e6 or decrement < _ENOUGH:
                break
            damping = max(10 * damping, 1e-3)
            continue
        length, theta = moved
        damping = damping / 10 if length == 1.0 and damping > 1e-6 else damping if length > 0.1 else damping + 1e-2
        damping = 0.0 if damping < 1e-6 else damping
        here = objective.expansion(theta)
    decrement = _move(here, 0.0)[1] if np.isfinite(here.value) else np.inf
    return Found(theta, here.value, float(decrement), bool(decrement < _ENOUGH), steps)


def _far(theta: Floats, start: Floats) -> bool:
    """Whether some parameter has gone where none is found: there is no minimum on this way."""
    return bool((np.abs(theta) > _TOO_FAR * (1 + np.abs(start))).any())


def _move(here: Expansion, damping: float) -> tuple[Floats, float]:
    """The step down and what it promises; along directions without information it stands still."""
    scale = np.sqrt(np.maximum(np.diag(here.curvature), 1e-300))
    scaled = here.curvature / np.outer(scale, scale)
    slope = here.gradient / scale
    try:
        root = np.linalg.cholesky(scaled + damping * np.eye(slope.size))
        if np.diag(root).min() < 1e-5:
            raise np.linalg.LinAlgError  # noqa: TRY301 - both ways to the other solution
        half = np.linalg.solve(root, slope)
        step = np.linalg.solve(root.T, half)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(scaled)
        kept = values > _FLAT * values[-1]
        inside = vectors[:, kept].T @ slope
        step = vectors[:, kept] @ (inside / (values[kept] + damping))
    return -step / scale, float(slope @ step) / 2


def _line(objective: Objective, theta: Floats, here: Expansion, move: Floats) -> tuple[float, Floats] | None:
    """The first of 1, 1/2, 1/4, ... steps that goes down; None where none does."""
    slope = float(here.gradient @ move)
    length = 1.0
    for _ in range(_HALVINGS):
        there = theta + length * move
        value = objective.value(there)
        if value <= here.value + 1e-4 * length * slope + _ROUNDING * abs(here.value):
            return length, there
        length /= 2
    return None


def _quasi_newton(objective: Objective, start: Floats) -> Floats:
    from scipy.optimize import minimize

    def both(theta: Floats) -> tuple[float, Floats]:
        here = objective.expansion(theta)
        return (here.value, here.gradient) if np.isfinite(here.value) else (1e10, np.zeros_like(theta))

    result = minimize(both, start, jac=True, method="BFGS", options={"maxiter": 200, "gtol": 1e-8})
    return np.asarray(result.x, dtype=np.float64)
