r"""How the slopes by parameters turn while the slopes by moments stay: the model's part of second derivatives (numpy).

With slopes g by the means mu and G by the covariances Sigma (cell by cell) held, and T = (I - Beta)^-1, the function
g'mu + tr(G Sigma) has slopes by the matrices of a model

    Lambda: 2 G Lambda Phi + g eta'      Psi: A'G A      Theta: G      Beta: 2 A'G Lambda Phi + A'g eta'
    nu: g      alpha: A'g                (A = Lambda T, Phi = T Psi T', eta = T alpha)

which cost little; their central differences by theta are the second derivatives, exact for moments cubic in theta.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.implied import Matrices, Model

__all__ = ["bend"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Places = dict[str, tuple[Ints, Ints, Ints]]

_STEP = 1e-4
_KINDS = ("lambda", "psi", "theta", "beta", "nu", "alpha")


def bend(model: Model, theta: Floats, slopes: Sequence[tuple[Floats | None, Floats]]) -> Floats:
    """Second derivatives of sum_g g'mu + tr(G Sigma), shape (n_free, n_free).

    Parameters
    ----------
    model : Model
        Of continuous items.
    theta : array, shape (n_free,)
    slopes : one pair a group
        g, shape (items,), or None without a mean structure; G, shape (items, items).
    """
    places = [_places(model, group) for group in range(model.table.n_groups)]
    touched = _touched(places, theta.size)
    found = np.zeros((theta.size, theta.size))
    for place in range(theta.size):
        step = np.zeros_like(theta)
        step[place] = _STEP * max(1.0, abs(float(theta[place])))
        ahead, behind = model.matrices(theta + step), model.matrices(theta - step)
        for group in touched[place]:
            change = _slopes(ahead[group], *slopes[group], places[group], theta.size)
            change -= _slopes(behind[group], *slopes[group], places[group], theta.size)
            found[place] += change / (2 * step[place])
    return (found + found.T) / 2


def _places(model: Model, group: int) -> Places:
    """Row, column and place in theta of the free entries of each matrix."""
    found: dict[str, list[tuple[int, int, int]]] = {kind: [] for kind in _KINDS}
    for row in model.table.rows:
        if row.group == group and row.free >= 0:
            kind, first, second = model.place(row)
            found[kind].append((first, second, row.free))
    arrays = {kind: np.array(entries, dtype=np.int64).reshape(-1, 3).T for kind, entries in found.items()}
    return {kind: (one[0], one[1], one[2]) for kind, one in arrays.items() if one.size}


def _touched(places: Sequence[Places], n_free: int) -> list[list[int]]:
    """The groups that each parameter is in."""
    found: list[list[int]] = [[] for _ in range(n_free)]
    for group, kinds in enumerate(places):
        for place in sorted({int(one) for *_, free in kinds.values() for one in free}):
            found[place].append(group)
    return found


def _slopes(m: Matrices, g: Floats | None, by_sigma: Floats, places: Places, n_free: int) -> Floats:
    total = m.total
    through, eta = m.loadings @ total, total @ m.alpha
    spread = m.loadings @ (total @ m.psi @ total.T)  # Lambda Phi
    pulled = by_sigma @ spread
    by_mean = np.zeros(len(by_sigma)) if g is None else g
    slopes = {
        "lambda": 2 * pulled + np.outer(by_mean, eta),
        "psi": through.T @ by_sigma @ through,
        "theta": by_sigma,
        "beta": 2 * through.T @ pulled + np.outer(through.T @ by_mean, eta),
        "nu": by_mean[:, np.newaxis],
        "alpha": (through.T @ by_mean)[:, np.newaxis],
    }
    found = np.zeros(n_free)
    for kind, (rows, columns, free) in places.items():
        twice = np.where(rows != columns, 2.0, 1.0) if kind in {"psi", "theta"} else 1.0
        np.add.at(found, free, slopes[kind][rows, columns] * twice)
    return found
