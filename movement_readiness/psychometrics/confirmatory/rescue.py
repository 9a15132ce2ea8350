"""A second way to a minimum: factor variances of one in place of first loadings of one, and back.

An item whose loading is near zero makes a bad first item: its factor's variance is near zero too, and the other
loadings, in its units, are far away or change their sign. With variances of one such a model is an ordinary one; what
is found there is where the search of the model as it was written begins. Numpy alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.specification import ParameterTable, Row

__all__ = ["rescaled_start", "with_unit_variances"]

Floats = npt.NDArray[np.float64]


def with_unit_variances(table: ParameterTable) -> ParameterTable | None:
    """The same model with free first loadings and factor variances of one; None where nothing can be changed.

    Changed are factors with one fixed loading, of 1, and a free variance, in models without equal parameters.
    """
    counts = Counter(row.free for row in table.rows if row.free >= 0)
    if max(counts.values(), default=0) > 1:
        return None
    rows, changed = list(table.rows), False
    for group in range(table.n_groups):
        for factor in table.factors:
            places = _places(table, group, factor)
            if places is None:
                continue
            first, variance = places
            rows[first] = replace(rows[first], free=table.n_free, value=np.nan)
            rows[variance] = replace(rows[variance], free=-1, value=1.0)
            changed = True
    if not changed:
        return None
    free, place = [], 0
    for row in rows:
        free.append(replace(row, free=place) if row.free >= 0 else row)
        place += row.free >= 0
    return replace(table, rows=tuple(free), n_free=place)


def _places(table: ParameterTable, group: int, factor: str) -> tuple[int, int] | None:
    """Where the fixed loading and the free variance of a factor are."""
    own = [(at, row) for at, row in enumerate(table.rows) if row.group == group and row.lhs == factor]
    fixed = [at for at, row in own if row.op == "=~" and row.free < 0 and row.value != 0]
    variance = [at for at, row in own if row.op == "~~" and row.rhs == factor and row.free >= 0]
    if len(fixed) != 1 or len(variance) != 1 or table.rows[fixed[0]].value != 1:
        return None
    return fixed[0], variance[0]


def rescaled_start(table: ParameterTable, other: ParameterTable, theta: Floats) -> Floats:
    """Estimates of the changed model in the units of the model as it was, shape (table.n_free,)."""
    values = [theta[row.free] if row.free >= 0 else row.value for row in other.rows]
    scale: dict[tuple[int, str], float] = {}
    for before, after, value in zip(table.rows, other.rows, values, strict=True):
        if before.op == "=~" and before.free < 0 <= after.free:
            scale[before.group, before.lhs] = float(value) if abs(value) > 1e-4 else float(np.copysign(1e-4, value))
    start = np.zeros(table.n_free)
    for row, value in zip(table.rows, values, strict=True):
        if row.free >= 0:
            start[row.free] = value * _factor(row, scale)
    return start


def _factor(row: Row, scale: dict[tuple[int, str], float]) -> float:
    left, right = scale.get((row.group, row.lhs), 1.0), scale.get((row.group, row.rhs), 1.0)
    if row.op == "=~":
        return right / left
    return left * right if row.op == "~~" else left
