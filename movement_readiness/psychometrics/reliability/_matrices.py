"""The correlation matrix of one analysis, from values, fast enough to be made for every bootstrap sample."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics._frames import ItemTable
from movement_readiness.psychometrics.correlation import polychoric
from movement_readiness.psychometrics.correlation._moments import pearson
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate

__all__ = ["correlations_of_values", "look_at_categories", "polychoric_of_values"]

Floats = npt.NDArray[np.float64]


def polychoric_of_values(values: Floats) -> PolychoricEstimates:
    """Two-step polychoric correlations of values (respondents, items), NaN where missing."""
    codes = np.full(values.shape, -1, dtype=np.int8)
    sizes = np.empty(values.shape[1], dtype=np.int64)
    for item, column in enumerate(values.T):
        there = ~np.isnan(column)
        used, place = np.unique(column[there], return_inverse=True)
        codes[there, item], sizes[item] = place, used.size
    return estimate(codes, sizes)


def look_at_categories(table: ItemTable) -> None:
    """Refuse items that are no ordered categories, and give the warnings of `polychoric` once, for all rows."""
    import pandas as pd

    polychoric(pd.DataFrame(table.values, columns=pd.Index(table.names, dtype=object)), missing="pairwise")


def correlations_of_values(values: Floats, correlation: str) -> Floats:
    """Pearson or polychoric correlations; each pair uses the rows that have both, and their own means and SDs."""
    if correlation == "polychoric":
        return polychoric_of_values(values).correlations
    found, _ = pearson(values)
    constant = np.array([len(np.unique(column[~np.isnan(column)])) < 2 for column in values.T])
    found[np.diag_indices(len(found))] = np.where(constant, np.nan, 1.0)
    return found
