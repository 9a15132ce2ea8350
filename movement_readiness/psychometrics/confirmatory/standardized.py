"""The standardised solution: each parameter in units of standard deviations, and how it moves with the parameters.

A loading times the standard deviation of its factor ("std_lv"), divided by that of its item ("std_all"); covariances
of residuals and of factors as correlations (of residuals, where factors have lower ones); variances as shares of the
total; intercepts, means and thresholds divided by the standard deviation of what they belong to. Numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.specification import Row

__all__ = ["changes_standardized", "estimates", "standardized", "standardized_errors"]

Floats = npt.NDArray[np.float64]
Powers = tuple[tuple[int, float], ...]


def estimates(model: Model, theta: Floats) -> Floats:
    """The value of every row of the table, shape (rows,): free, fixed, or following from others."""
    return _rows(model, theta, slopes=False)[0]


def standardized(model: Model, theta: Floats) -> tuple[Floats, Floats]:
    """``std_lv`` and ``std_all`` of every row, shape (rows,) each."""
    values = estimates(model, theta)
    variances = [found for found, _ in model.variances(theta)]
    both = []
    for powers in (_powers_lv, _powers_all):
        found = [
            value * _product(variances[row.group], powers(model, row))
            for row, value in zip(model.table.rows, values, strict=True)
        ]
        both.append(np.array([_unit(row, one) for row, one in zip(model.table.rows, found, strict=True)]))
    lv = np.where([row.op == "~*~" for row in model.table.rows], values, both[0])
    return lv, both[1]


def standardized_errors(model: Model, theta: Floats, covariance: Floats) -> Floats:
    """Standard errors of ``std_all`` by the delta method, shape (rows,).

    Parameters
    ----------
    model : Model
    theta : array, shape (n_free,)
    covariance : array, shape (n_free, n_free)
        Of theta.
    """
    values, slopes = _rows(model, theta, slopes=True)
    found = np.zeros((len(values), model.n_free))
    known = model.variances(theta)
    for place, row in enumerate(model.table.rows):
        if row.op == "~*~":
            continue
        variances, moved = known[row.group]
        powers = _powers_all(model, row)
        scale = _product(variances, powers)
        found[place] = slopes[place] * scale
        for at, power in powers:
            found[place] += values[place] * scale * power * moved[at] / variances[at]
    return np.asarray(np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", found, covariance, found, optimize=True), 0.0)))


def changes_standardized(model: Model, theta: Floats, rows: Sequence[Row], changes: Floats) -> tuple[Floats, Floats]:
    """Changes of parameters, of any rows, in the units of ``std_lv`` and of ``std_all``."""
    variances = [found for found, _ in model.variances(theta)]
    lv, everything = (
        [change * _product(variances[row.group], powers(model, row)) for row, change in zip(rows, changes, strict=True)]
        for powers in (_powers_lv, _powers_all)
    )
    return np.array(lv), np.array(everything)


def _unit(row: Row, value: float) -> float:
    return 1.0 if row.op == "~*~" else value


def _product(variances: Floats, powers: Powers) -> float:
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.prod([variances[at] ** power for at, power in powers]))


def _powers_all(model: Model, row: Row) -> Powers:
    """Which variances, and to which power, a parameter is multiplied with."""
    m, p = model.n_factors, model.n_items
    kind, first, second = model.place(row)
    item, same = 2 * m + first, first == second
    found: dict[str, Powers] = {
        "lambda": ((second, 0.5), (item, -0.5)),
        "beta": ((second, 0.5), (first, -0.5)),
        "psi": ((first, -1.0),) if same else ((m + first, -0.5), (m + second, -0.5)),
        "theta": ((item, -1.0),) if same else ((item + p, -0.5), (2 * m + p + second, -0.5)),
        "alpha": ((first, -0.5),),
        "nu": ((item, -0.5),),
    }
    if kind == "tau":
        return ((2 * m + int(model.threshold_item[first]), -0.5),)
    return found.get(kind, ())


def _powers_lv(model: Model, row: Row) -> Powers:
    kind, _, second = model.place(row)
    if kind == "lambda":
        return ((second, 0.5),)
    return _powers_all(model, row) if kind in {"beta", "psi", "alpha"} else ()


def _rows(model: Model, theta: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
    rows: Sequence[Row] = model.table.rows
    values = np.array([row.value for row in rows])
    free = np.array([row.free for row in rows])
    there = free >= 0
    values[there] = theta[free[there]]
    moved = np.zeros((len(rows), model.n_free)) if slopes else np.empty((0, 0))
    if slopes:
        moved[there, free[there]] = 1.0
    if model.ordinal:
        _derived(model, theta, values, moved if slopes else None)
    return values, moved


def _derived(model: Model, theta: Floats, values: Floats, moved: Floats | None) -> None:
    """Residual variances (delta) or scales (theta) of ordered items, which follow from the rest."""
    known = model.variances(theta)
    m, p = model.n_factors, model.n_items
    for place, row in enumerate(model.table.rows):
        kind, first, second = model.place(row)
        variances, slopes = known[row.group]
        if model.delta and kind == "theta" and first == second:
            values[place] = variances[2 * m + p + first]
            if moved is not None:
                moved[place] = slopes[2 * m + p + first]
        elif not model.delta and kind == "delta":
            values[place] = variances[2 * m + first] ** -0.5
