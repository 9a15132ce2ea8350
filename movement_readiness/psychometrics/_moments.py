"""Moments of single items and counts of their answers, on arrays: numbers only (numpy alone)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["category_counts", "moments"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def moments(values: Floats, kind: int = 3) -> Floats:
    """Mean, standard deviation, skewness and excess kurtosis of every column; shape (4, columns).

    With m_r the r-th central moment (divisor n), g1 = m3 / m2^1.5 and g2 = m4 / m2^2 - 3, kind 1 is (g1, g2); kind 2
    (g1 sqrt(n (n-1)) / (n-2), ((n+1) g2 + 6)(n-1) / ((n-2)(n-3))), unbiased for normal answers; kind 3
    (g1 ((n-1)/n)^1.5, (g2 + 3)(1 - 1/n)^2 - 3). NaN marks missing answers, and what cannot be computed.
    """
    there = ~np.isnan(values)
    n = there.sum(axis=0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(there, values, 0).sum(axis=0) / np.where(n, n, np.nan)
        centred = np.where(there, values - mean, 0.0)
        m2, m3, m4 = ((centred**power).sum(axis=0) / n for power in (2, 3, 4))
        sd = np.sqrt(m2 * n / np.where(n > 1, n - 1, np.nan))
        spread = np.where(m2 > 0, m2, np.nan)
        skew, kurtosis = _of_kind(m3 / spread**1.5, m4 / spread**2 - 3, n, kind)
    return np.array([mean, sd, skew, kurtosis])


def _of_kind(g1: Floats, g2: Floats, n: Floats, kind: int) -> tuple[Floats, Floats]:
    if kind == 1:
        return g1, g2
    if kind == 2:
        three, four = np.where(n > 2, n, np.nan), np.where(n > 3, n, np.nan)
        skew = g1 * np.sqrt(three * (three - 1)) / (three - 2)
        return skew, ((four + 1) * g2 + 6) * (four - 1) / ((four - 2) * (four - 3))
    return g1 * ((n - 1) / n) ** 1.5, (g2 + 3) * (1 - 1 / n) ** 2 - 3


def category_counts(column: Floats, categories: npt.ArrayLike) -> Ints:
    """How often each category was answered; shape (categories,)."""
    return np.array([(column == category).sum() for category in np.asarray(categories, dtype=float)], dtype=np.int64)
