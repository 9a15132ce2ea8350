"""Two-way analysis of variance of a complete table and the intervals of its intraclass correlations (numpy, scipy).

Mean squares of n targets on k occasions: MSR between targets, MSC between occasions, MSE the rest, MSW within targets
(occasions and the rest together). Intervals as McGraw and Wong (1996), table 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri

__all__ = ["MeanSquares", "absolute_limits", "mean_squares", "ratio_limits"]

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-14  # of the total mean square: differences this small are none


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Mean squares of a complete table."""

    n: int
    k: int
    between: float
    within: float
    occasions: float
    residual: float

    @property
    def var_occasions(self) -> float:
        """Variance between occasions, (MSC - MSE) / n, cut at 0."""
        return max((self.occasions - self.residual) / self.n, 0.0)


def mean_squares(table: Floats) -> MeanSquares:
    """Of a complete table, shape (targets, occasions)."""
    n, k = table.shape
    centred = table - table.mean()
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - rows[:, np.newaxis] - columns
    within = centred - rows[:, np.newaxis]
    floor = _ROUNDING * max(float((centred**2).mean()), 1e-300)
    found = (
        k * (rows**2).sum() / (n - 1),
        (within**2).sum() / (n * (k - 1)),
        n * (columns**2).sum() / (k - 1),
        (rest**2).sum() / ((n - 1) * (k - 1)),
    )
    return MeanSquares(n, k, *(float(value) if value > floor else 0.0 for value in found))


def ratio_limits(between: float, error: float, df: tuple[int, int], k: int, confidence: float) -> tuple[float, float]:
    """Limits of (MSR - error) / (MSR + (k - 1) error) from the F distribution of MSR / error: one-way, consistency."""
    if not error > 0:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low = between / error / fdtri(*df, 1 - tail)
    high = between / error * fdtri(*df[::-1], 1 - tail)
    return float((low - 1) / (low + k - 1)), float((high - 1) / (high + k - 1))


def absolute_limits(found: MeanSquares, estimate: float, confidence: float) -> tuple[float, float]:
    """Limits of the two-way absolute agreement of one occasion, with Satterthwaite's degrees of freedom."""
    n, k, r, tail = found.n, found.k, estimate, (1 - confidence) / 2
    if not found.residual > 0 or r >= 1:
        return float("nan"), float("nan")
    a, b = k * r / (n * (1 - r)), 1 + k * r * (n - 1) / (n * (1 - r))
    mixed = a * found.occasions + b * found.residual
    freedom = mixed**2 / ((a * found.occasions) ** 2 / (k - 1) + (b * found.residual) ** 2 / ((n - 1) * (k - 1)))
    lower, upper = fdtri(n - 1, freedom, 1 - tail), fdtri(freedom, n - 1, 1 - tail)
    within = k * found.occasions + (k * n - k - n) * found.residual
    return (
        float(n * (found.between - lower * found.residual) / (lower * within + n * found.between)),
        float(n * (upper * found.between - found.residual) / (within + n * upper * found.between)),
    )
