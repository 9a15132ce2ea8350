"""Modification indices: what chi-square would lose, about, if one more parameter were free (score tests; numpy alone).

With g the slope of chi-square / 2 by all parameters, the new one (k) and the free ones (f), and A its curvature,

    mi = g_k^2 / v,   epc = -g_k / v,   v = A_kk - A_kf A_ff^-1 A_fk   (g_f is zero at the estimates).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.specification import ParameterTable, Row
from movement_readiness.psychometrics.confirmatory.standardized import estimates

__all__ = ["Expand", "candidates", "score_tests"]

Floats = npt.NDArray[np.float64]
Expand = Callable[[Model, Floats], tuple[Floats, Floats]]
_SINGULAR = 1e-8


def candidates(table: ParameterTable) -> list[Row]:
    """What could be free and is not: fixed rows, loadings on other factors, covariances of residuals and of factors."""
    present = {(row.group, row.key) for row in table.rows}
    present |= {(row.group, (row.rhs, row.op, row.lhs)) for row in table.rows if row.op == "~~"}
    found = [row for row in table.rows if row.free < 0 and _may_be_free(table, row)]
    higher = {row.rhs for row in table.rows if row.op == "=~" and row.rhs in table.factors}
    top = [factor for factor in table.factors if factor not in higher]
    for group in range(table.n_groups):
        keys = [(factor, "=~", item) for factor in table.factors for item in table.items]
        keys += [(x, "~~", y) for place, x in enumerate(table.items) for y in table.items[place + 1 :]]
        keys += [(f, "~~", g) for place, f in enumerate(top) for g in top[place + 1 :]]
        lower = [factor for factor in table.factors if factor in higher]
        keys += [(f, "~~", g) for place, f in enumerate(lower) for g in lower[place + 1 :]]
        found += [Row(*key, group, -1, 0.0, np.nan, "", False) for key in keys if (group, key) not in present]
    return found


def _may_be_free(table: ParameterTable, row: Row) -> bool:
    if not table.options.ordinal:
        return True
    derived = row.op == "~~" and row.lhs == row.rhs and row.lhs in table.items
    return row.op != "~*~" if table.options.parameterization == "theta" else not derived


def score_tests(model: Model, theta: Floats, expand: Expand) -> tuple[list[Row], Floats, Floats]:
    """Rows with their modification index and expected change.

    Parameters
    ----------
    model : Model
    theta : array, shape (n_free,)
        The estimates.
    expand : function of a model and its theta
        Gives slope and curvature of chi-square / 2.

    Returns
    -------
    list of Row, array, array
        Without the rows that could not be told from the free parameters.
    """
    table = model.table
    rows = candidates(table)
    extra = {id(row): table.n_free + place for place, row in enumerate(rows)}
    kept = [replace(row, free=extra.get(id(row), row.free)) for row in table.rows]
    added = [replace(row, free=extra[id(row)]) for row in rows if all(row is not old for old in table.rows)]
    wider = Model(replace(table, rows=(*kept, *added), n_free=table.n_free + len(rows)))
    values = estimates(model, theta)
    start = {id(row): float(value) for row, value in zip(table.rows, values, strict=True)}
    slope, curvature = expand(wider, np.concatenate([theta, [start.get(id(row), 0.0) for row in rows]]))
    n = table.n_free
    solved = np.linalg.solve(curvature[:n, :n], curvature[:n, n:]) if n else np.zeros((0, len(rows)))
    own = np.diag(curvature)[n:]
    left = own - np.einsum("fk,fk->k", curvature[:n, n:], solved)
    pull = slope[n:] - slope[:n] @ solved
    fine = left > _SINGULAR * np.maximum(own, 1e-300)
    chosen = [row for row, good in zip(rows, fine, strict=True) if good]
    return chosen, pull[fine] ** 2 / left[fine], -pull[fine] / left[fine]
