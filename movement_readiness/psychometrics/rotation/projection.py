"""Gradient projection over many starts at once (numpy alone).

An orthogonal rotation of loadings A is A T with T'T = I; an oblique one is A (T')^-1 with unit columns of T and
factor correlations T'T. A step goes down the gradient by T, G, freed of the part that leaves the set, and is brought
back to the set (Jennrich 2001, 2002):

    orthogonal   G = A' dQ              step  - (G - T (T'G + G'T) / 2)       back: nearest orthogonal matrix (SVD)
    oblique      G = - (L' dQ T^-1)'    step  - (G - T diag(T'G))             back: columns to length one

with L the rotated loadings and dQ the criterion's derivative by them. Step lengths follow Barzilai and Borwein
(1988) and are halved until the value falls below the largest of the last few (Grippo, Lampariello and Lucidi 1986),
which takes a tenth of the steps of plain descent. Every start is one layer of an array; those that have ended leave it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.rotation.criteria import Criterion

__all__ = ["Projected", "project", "random_starts", "rotated"]

Floats = npt.NDArray[np.float64]

_MEMORY, _HALVINGS, _ENOUGH = 5, 12, 1e-4
_SHORTEST, _LONGEST = 1e-6, 1e4


@dataclass(slots=True, eq=False)
class Projected:
    """Where each start ended: transformations (starts, factors, factors), values, gradient norms, steps."""

    transformations: Floats
    values: Floats
    norms: Floats
    n_steps: int


def random_starts(n_starts: int, n_factors: int, seed: int | None) -> Floats:
    """Identity first, then random orthogonal matrices, uniform over all of them: (starts, factors, factors)."""
    generator = np.random.default_rng(seed)
    normal = generator.normal(size=(max(n_starts - 1, 0), n_factors, n_factors))
    factors, triangles = np.linalg.qr(normal)
    factors *= np.sign(np.diagonal(triangles, axis1=1, axis2=2))[:, None, :]
    return np.concatenate([np.eye(n_factors)[None], factors])


def rotated(loadings: Floats, transformations: Floats, oblique: bool) -> Floats:
    """Rotate by A T, or by A (T')^-1 when oblique."""
    if not oblique:
        return np.asarray(loadings @ transformations)
    return np.asarray(loadings @ np.swapaxes(np.linalg.inv(transformations), -1, -2))


def project(
    loadings: Floats, criterion: Criterion, starts: Floats, oblique: bool, tolerance: float, max_steps: int
) -> Projected:
    """Descend from every start until the projected gradient is shorter than `tolerance`.

    Parameters
    ----------
    loadings : array, shape (items, factors)
    criterion : function of loadings (starts, items, factors); see `criteria`
    starts : array, shape (starts, factors, factors)
        Orthogonal matrices.
    oblique : bool
    tolerance : float
        Of the Frobenius norm of the projected gradient.
    max_steps : int

    Returns
    -------
    Projected
    """
    points = starts.copy()
    values, slopes = _slopes(loadings, criterion, points, oblique)
    norms = np.sqrt(np.einsum("sij,sij->s", slopes, slopes))
    end = Projected(points, values, norms, 0)
    active = np.flatnonzero(norms > tolerance)
    state = points[active], values[active], slopes[active]
    lengths = np.ones(active.size)
    history = np.repeat(values[active][:, None], _MEMORY, axis=1)
    while active.size and end.n_steps < max_steps:
        end.n_steps += 1
        state, lengths, moved = _step(loadings, criterion, state, lengths, history.max(axis=1), oblique)
        history[:, end.n_steps % _MEMORY] = state[1]
        norms = np.sqrt(np.einsum("sij,sij->s", state[2], state[2]))
        end.transformations[active], end.values[active], end.norms[active] = state[0], state[1], norms
        go = (norms > tolerance) & moved
        if not go.all():
            active, lengths, history = active[go], lengths[go], history[go]
            state = state[0][go], state[1][go], state[2][go]
    return end


State = tuple[Floats, Floats, Floats]


def _step(
    loadings: Floats, criterion: Criterion, state: State, lengths: Floats, ceiling: Floats, oblique: bool
) -> tuple[State, Floats, npt.NDArray[np.bool_]]:
    """One accepted step of every start, the next lengths, and whether it moved at all."""
    points, values, slopes = state
    squares = np.einsum("sij,sij->s", slopes, slopes)
    lengths = np.minimum(lengths, 1.0 / np.sqrt(squares))  # no step longer than a radian
    fresh = _moved(points, slopes, lengths, oblique)
    found, downhill = _slopes(loadings, criterion, fresh, oblique)
    slack = 1e-14 * (1 + np.abs(ceiling))
    for _ in range(_HALVINGS):
        worse = np.flatnonzero(~(found <= ceiling - _ENOUGH * lengths * squares + slack))
        if not worse.size:
            break
        lengths[worse] /= 3
        fresh[worse] = _moved(points[worse], slopes[worse], lengths[worse], oblique)
        found[worse], downhill[worse] = _slopes(loadings, criterion, fresh[worse], oblique)
    moved = found <= ceiling + slack
    fresh = np.where(moved[:, None, None], fresh, points)
    found, downhill = np.where(moved, found, values), np.where(moved[:, None, None], downhill, slopes)
    return (fresh, found, downhill), _next_lengths(fresh - points, downhill - slopes, lengths), moved


def _next_lengths(step: Floats, change: Floats, lengths: Floats) -> Floats:
    """Barzilai and Borwein: <step, step> / <step, change of slope>; longer where the slope does not rise."""
    length = np.einsum("sij,sij->s", step, step)
    rise = np.einsum("sij,sij->s", step, change)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(rise > 0, length / rise, 2 * lengths)
    return np.asarray(np.clip(np.nan_to_num(ratio, nan=1.0), _SHORTEST, _LONGEST))


def _moved(points: Floats, slopes: Floats, lengths: Floats, oblique: bool) -> Floats:
    away = points - lengths[:, None, None] * slopes
    if oblique:
        return np.asarray(away / np.sqrt(np.einsum("sij,sij->sj", away, away))[:, None, :])
    left, _, right = np.linalg.svd(away)
    return np.asarray(left @ right)


def _slopes(loadings: Floats, criterion: Criterion, points: Floats, oblique: bool) -> tuple[Floats, Floats]:
    """Criterion values and projected gradients at the points."""
    if not oblique:
        values, by_loadings = criterion(loadings @ points)
        gradient = loadings.T @ by_loadings
        inner = np.swapaxes(points, -1, -2) @ gradient
        return values, gradient - points @ ((inner + np.swapaxes(inner, -1, -2)) / 2)
    inverse = np.linalg.inv(points)
    turned = loadings @ np.swapaxes(inverse, -1, -2)
    values, by_loadings = criterion(turned)
    gradient = -np.swapaxes(np.swapaxes(turned, -1, -2) @ by_loadings @ inverse, -1, -2)
    radial = np.einsum("sij,sij->sj", points, gradient)
    return values, np.asarray(gradient - points * radial[:, None, :])
