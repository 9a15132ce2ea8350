"""The correlation matrix of one analysis, from values, fast enough to be made for every bootstrap sample."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate
from movement_readiness.psychometrics.reliability._coefficients import correlation_of, covariance_matrix

__all__ = ["correlations_of_values", "polychoric_of_values"]

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


def correlations_of_values(values: Floats, correlation: str) -> Floats:
    """Pearson or polychoric correlations; each pair uses the rows that have both."""
    if correlation == "polychoric":
        return polychoric_of_values(values).correlations
    return correlation_of(covariance_matrix(values)[0])
