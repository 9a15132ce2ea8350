"""Shrunken means and funnel limits on arrays: numbers only, no checks, no labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["funnel_limits", "overdispersion", "shrunken_means"]

Floats = npt.NDArray[np.float64]

_WINSORISED = 0.10
_CUT = stats.norm.ppf(1 - _WINSORISED)
# Mean square of a standard normal variable winsorised at 10 % on each side.
_NORMAL = (1 - 2 * _WINSORISED) - 2 * _CUT * stats.norm.pdf(_CUT) + 2 * _WINSORISED * _CUT**2


def shrunken_means(means: Floats, n: Floats, var_between: float, var_within: float) -> tuple[Floats, Floats]:
    """Empirical-Bayes means of teams and their standard errors."""
    noise = var_within / n
    weights = 1 / (var_between + noise)
    centre = weights @ means / weights.sum()
    kept = var_between * weights
    of_between = 2 / np.square(weights).sum()
    variance = kept * noise + np.square(1 - kept) / weights.sum()
    variance += 2 * np.square(1 - kept) * weights * of_between
    return centre + kept * (means - centre), np.sqrt(variance)


def overdispersion(z: Floats) -> float:
    """Over-dispersion factor of standardised means, 1 or more."""
    low, high = np.quantile(z, [_WINSORISED, 1 - _WINSORISED])
    phi = float(np.square(np.clip(z, low, high)).mean() / _NORMAL)
    return phi if phi > 1 + 2 * np.sqrt(2 / z.size) else 1.0


def funnel_limits(centre: float, errors: Floats, phi: float) -> tuple[Floats, Floats]:
    """Limits that 95 % and 99.8 % of teams are within: teams x 2, low and high."""
    half = stats.norm.ppf([0.975, 0.999]) * np.sqrt(phi) * errors[:, None]
    return centre - half, centre + half
