"""Variance components of groups by restricted maximum likelihood: numbers only (numpy and scipy alone).

Model: value = mean + group effect + rest, with variances var_between and var_within. With
ratio = var_between / var_within, group sizes n_j and means m_j, w_j = n_j / (1 + n_j ratio), m the mean of
the m_j weighted by w_j, Q = sum_j w_j (m_j - m)^2, S the sum of squares within groups and N respondents,
var_within and the mean profile out, and minus twice the restricted log likelihood is

    (N - 1) (1 + log(2 pi (S + Q) / (N - 1))) + sum_j log(1 + n_j ratio) + log(sum_j w_j)

(Patterson & Thompson 1971, doi:10.1093/biomet/58.3.545), a function of the ratio alone, with slope

    sum_j w_j - sum_j w_j^2 / sum_j w_j - (N - 1) sum_j w_j^2 (m_j - m)^2 / (S + Q).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import chdtri

__all__ = ["RemlComponents", "reml_components", "reml_limits"]

Floats = npt.NDArray[np.float64]

# The criterion is smooth in the logarithm of the ratio: its least point lies beside one of these.
_GRID = np.concatenate([[0.0], np.geomspace(1e-9, 1e9, 145)])


@dataclass(frozen=True, slots=True, eq=False)
class RemlComponents:
    """What `reml_components` finds; ``criterion`` is minus twice the restricted log likelihood at its least."""

    sizes: Floats
    means: Floats
    ss_within: float
    ratio: float
    var_within: float
    var_between: float
    mean: float
    criterion: float

    def at(self, ratio: float) -> float:
        """The criterion at another ratio."""
        return float(_criterion(self, np.array([ratio]))[0])


def reml_components(sizes: Floats, means: Floats, ss_within: float) -> RemlComponents:
    """Variance components of groups from their sizes, their means and the sum of squares within them.

    Parameters
    ----------
    sizes, means : arrays, one entry a group
        At least two groups.
    ss_within : float
        Sum of squared deviations from the group means, above 0; some group has two members or more.

    Returns
    -------
    RemlComponents
    """
    origin = means[0]
    start = RemlComponents(sizes.astype(np.float64), means - origin, ss_within, 0.0, np.nan, np.nan, np.nan, np.nan)
    values = _criterion(start, _GRID)
    least = int(np.argmin(values))
    ratio = _least_between(start, _GRID[max(least - 1, 0)], _GRID[min(least + 1, _GRID.size - 1)])
    _, centre, form, _ = _parts(start, ratio)
    var_within = (ss_within + form) / (start.sizes.sum() - 1)
    return RemlComponents(
        sizes=start.sizes,
        means=start.means,
        ss_within=ss_within,
        ratio=ratio,
        var_within=var_within,
        var_between=ratio * var_within,
        mean=float(centre + origin),
        criterion=start.at(ratio),
    )


def reml_limits(found: RemlComponents, confidence: float) -> tuple[float, float]:
    """Profile likelihood limits of the ratio: where the criterion is a chi-squared quantile above its least.

    The lower limit is 0 where the criterion stays below that, the upper one infinity.
    """
    level = found.criterion + float(chdtri(1, 1 - confidence))

    def above(ratio: float) -> float:
        return found.at(ratio) - level

    low = 0.0 if above(0.0) <= 0 else _root(above, 0.0, found.ratio)
    top = max(found.ratio, 1e-9)
    while above(top) < 0:
        top *= 4
        if top > 1e12:
            return low, np.inf
    return low, _root(above, found.ratio, top)


def _root(function: object, low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-300, rtol=8 * np.finfo(float).eps, maxiter=500))


def _parts(found: RemlComponents, ratio: float) -> tuple[Floats, float, float, float]:
    """Weights, weighted mean, Q and minus its slope at a ratio."""
    weights = found.sizes / (1 + found.sizes * ratio)
    centre = weights @ found.means / weights.sum()
    squares = np.square(found.means - centre)
    return weights, float(centre), float(weights @ squares), float(np.square(weights) @ squares)


def _slope(found: RemlComponents, ratio: float) -> float:
    weights, _, form, fall = _parts(found, ratio)
    total = float(weights.sum())
    free = float(found.sizes.sum()) - 1
    return total - float(weights @ weights) / total - free * fall / (found.ss_within + form)


def _criterion(found: RemlComponents, ratios: Floats) -> Floats:
    """Minus twice the restricted log likelihood at each ratio."""
    free = found.sizes.sum() - 1
    values = np.empty(ratios.size)
    for place, ratio in enumerate(ratios):
        weights, _, form, _ = _parts(found, float(ratio))
        spread = 1 + np.log(2 * np.pi * (found.ss_within + form) / free)
        values[place] = free * spread + np.log1p(found.sizes * ratio).sum() + np.log(weights.sum())
    return values


def _least_between(found: RemlComponents, low: float, high: float) -> float:
    """Where the slope crosses zero upwards between two ratios; 0 where it already rises there."""
    if _slope(found, low) >= 0:
        return float(low)
    if _slope(found, high) <= 0:
        return float(high)
    return _root(lambda ratio: _slope(found, ratio), low, high)
