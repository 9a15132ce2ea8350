"""What chi-square would lose, about, if one equality across groups were given up (score tests; numpy alone).

A parameter that is the same in several groups is theta in all but one, and theta + delta in that one. The score test
of delta = 0 is that of `modification`, with the derivatives of the moments by delta those of the one place alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.modification import Expand
from movement_readiness.psychometrics.confirmatory.specification import Row

__all__ = ["release_tests"]

Floats = npt.NDArray[np.float64]
_SINGULAR = 1e-8


def release_tests(
    model: Model, theta: Floats, expand: Expand, fixed: Callable[[Row], bool] | None = None
) -> tuple[list[Row], Floats, Floats]:
    """Rows of later groups that equal one of an earlier group, with chi-square and expected change of their release.

    Parameters
    ----------
    model : Model
    theta : array, shape (n_free,)
        The estimates.
    expand : function of a model and its theta
        Gives slope and curvature of chi-square / 2.
    fixed : function of a row, optional
        Which rows that are fixed are tested too.

    Returns
    -------
    list of Row, array, array
        Without rows whose release could not be told from the other parameters.
    """
    table, n = model.table, model.table.n_free
    places = _released(table.rows, fixed)
    if not places:
        return [], np.zeros(0), np.zeros(0)
    rows = [table.rows[place] for place in places]
    wider = tuple(
        replace(row, free=n + places[place]) if place in places else row for place, row in enumerate(table.rows)
    )
    start = [theta[row.free] if row.free >= 0 else row.value for row in rows]
    slope, curvature = expand(
        Model(replace(table, rows=wider, n_free=n + len(rows))), np.concatenate([theta, np.array(start)])
    )
    turn = np.eye(n + len(rows))  # from (theta, delta) to (theta, theta + delta)
    for place, row in enumerate(rows):
        if row.free >= 0:
            turn[n + place, row.free] = 1.0
    return _tests(rows, slope @ turn, turn.T @ curvature @ turn, n)


def _released(rows: Sequence[Row], fixed: Callable[[Row], bool] | None) -> dict[int, int]:
    """The places of the rows to release, each with its number among them."""
    earlier: set[int] = set()
    places: dict[int, int] = {}
    for place, row in enumerate(rows):
        tied = row.free >= 0 and row.free in earlier and row.group > 0
        if tied or (row.free < 0 and fixed is not None and fixed(row)):
            places[place] = len(places)
        earlier.add(row.free)
    return places


def _tests(rows: list[Row], slope: Floats, curvature: Floats, n: int) -> tuple[list[Row], Floats, Floats]:
    solved = np.linalg.solve(curvature[:n, :n], curvature[:n, n:])
    own = np.diag(curvature)[n:]
    left = own - np.einsum("fk,fk->k", curvature[:n, n:], solved)
    pull = slope[n:] - slope[:n] @ solved
    fine = left > _SINGULAR * np.maximum(own, 1e-300)
    chosen = [row for row, good in zip(rows, fine, strict=True) if good]
    return chosen, pull[fine] ** 2 / left[fine], -pull[fine] / left[fine]
