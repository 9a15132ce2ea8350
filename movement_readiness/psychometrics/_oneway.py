"""One-way analysis of variance on arrays: numbers only, no checks, no labels (numpy and scipy alone).

`anova_components` gives the mean squares of every column at once, `searle_limits` and `wald_limits`
interval limits for the ratio of the two variance components, ``ratio = var_between / var_within``;
ICC(1) is ``ratio / (1 + ratio)``.

Wald's interval. Under the random effects model with groups of n_j respondents the group means are
independent, with variance var_within * (ratio + 1 / n_j). So with w_j = 1 / (ratio + 1 / n_j)

    form(ratio) = sum_j w_j (mean_j - weighted mean)^2 / ((J - 1) ms_within)

has the F distribution with J - 1 and N - J degrees of freedom at the true ratio, whatever the sizes,
and falls as the ratio grows. A limit is the ratio at which it equals an F quantile. With z_i the
group means in the eigenbasis of their contrasts the sum is sum_i z_i^2 / (ratio + lambda_i), a
parallel sum, so its inverse rises and is concave: Newton steps on the inverse, begun below the root,
climb to it without a step too far. With equal sizes the inverse is a straight line and the first
step ends there, at Searle's closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri

__all__ = ["AnovaComponents", "anova_components", "searle_limits", "wald_limits"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ROUNDING = 8 * np.finfo(np.float64).eps  # differences this small, relative to the largest value, are none
_STEPS = 100  # Newton needs 3 to 8


@dataclass(frozen=True, slots=True, eq=False)
class AnovaComponents:
    """What a one-way analysis of variance takes from each column; see `anova_components`."""

    n_respondents: Ints
    n_groups: Ints
    n_singletons: Ints
    mean_size: Floats
    n0: Floats
    ms_between: Floats
    ms_within: Floats
    df_between: Ints
    df_within: Ints
    group_n: Ints
    group_mean: Floats


def anova_components(values: npt.ArrayLike, codes: npt.ArrayLike, n_groups: int) -> AnovaComponents:
    """Mean squares, group sizes and group means of many columns over one grouping.

    Parameters
    ----------
    values : array, shape (respondents, columns) or (respondents,)
        Finite numbers; NaN where a respondent has none. Each column uses the respondents who have a
        value there.
    codes : integer array, shape (respondents,)
        The group of each respondent, 0 to ``n_groups - 1``; -1 where it is not known (left out).
    n_groups : int
        How many groups the codes number; groups may be empty.

    Returns
    -------
    AnovaComponents
        Arrays of shape (columns,): ``n_respondents``, ``n_groups`` and ``n_singletons`` after
        deletion; ``mean_size`` = N/J; ``n0`` = (N - sum n_j^2 / N) / (J - 1), NaN under two groups;
        ``ms_between``, ``ms_within`` with ``df_between`` = J - 1 (0 when there is no group),
        ``df_within`` = N - J, NaN where the degrees of freedom are 0. Arrays of shape
        (n_groups, columns): ``group_n`` and ``group_mean`` (NaN where empty).

    Notes
    -----
    Deviations are taken from one member of the group before they are squared, so a mean far from zero
    costs no digits and a group that agrees has exactly no spread; sums of squares no larger than the
    rounding of the values themselves are set to 0.

    Examples
    --------
    >>> found = anova_components([[1.0, 2.0], [3.0, 4.0], [6.0, float("nan")]], [0, 0, 1], 2)
    >>> found.n_respondents, found.group_mean[:, 0], found.ms_within
    (array([3, 2]), array([2., 6.]), array([2., 2.]))
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[:, np.newaxis] if table.ndim == 1 else table
    groups = np.asarray(codes, dtype=np.intp)
    found = [_column(table[:, place], groups, n_groups) for place in range(table.shape[1])]
    sums = np.array([(within, between) for _, _, within, between in found]).reshape(-1, 2)
    group_n = np.array([n for n, _, _, _ in found], dtype=np.int64).reshape(-1, n_groups).T
    group_mean = np.array([mean for _, mean, _, _ in found]).reshape(-1, n_groups).T

    respondents, present = group_n.sum(axis=0), (group_n > 0).sum(axis=0)
    df_between, df_within = np.maximum(present - 1, 0), respondents - present
    with np.errstate(divide="ignore", invalid="ignore"):  # 0/0 is the NaN that is promised
        squares = (group_n.astype(np.float64) ** 2).sum(axis=0) / respondents
        return AnovaComponents(
            n_respondents=respondents,
            n_groups=present,
            n_singletons=(group_n == 1).sum(axis=0),
            mean_size=respondents / present,
            n0=np.where(df_between > 0, (respondents - squares) / df_between, np.nan),
            ms_between=np.where(df_between > 0, sums[:, 1] / df_between, np.nan),
            ms_within=np.where(df_within > 0, sums[:, 0] / df_within, np.nan),
            df_between=df_between,
            df_within=df_within,
            group_n=group_n,
            group_mean=group_mean,
        )


def _column(values: Floats, codes: Ints, n_groups: int) -> tuple[Ints, Floats, float, float]:
    """Group sizes, group means, sum of squares within, sum of squares between, of one column."""
    usable = ~np.isnan(values) & (codes >= 0)
    if not usable.all():
        values, codes = values[usable], codes[usable]
    sizes = np.bincount(codes, minlength=n_groups)
    if not values.size:
        return sizes, np.full(n_groups, np.nan), 0.0, 0.0
    origin = values[0]
    moved = values - origin
    member = np.full(n_groups, np.nan)
    member[codes] = moved  # any one member of each group serves
    away = moved - member[codes]
    with np.errstate(invalid="ignore"):  # empty groups
        mean_away = np.bincount(codes, weights=away, minlength=n_groups) / sizes
    means = member + mean_away
    rounding = values.size * (_ROUNDING * np.abs(values).max()) ** 2
    within = float(np.square(away - mean_away[codes]).sum())
    filled = sizes > 0
    grand = sizes[filled] @ means[filled] / values.size
    between = float(sizes[filled] @ np.square(means[filled] - grand))
    return sizes, means + origin, within if within > rounding else 0.0, between if between > rounding else 0.0


def _quantiles(components: AnovaComponents, confidence: float) -> Floats:
    """F quantiles of the lower and the upper limit, shape (2, columns); NaN without degrees of freedom."""
    tails = np.array([[(1 + confidence) / 2], [(1 - confidence) / 2]])
    usable = (components.df_between > 0) & (components.df_within > 0) & (components.ms_within > 0)
    found = np.full((2, usable.size), np.nan)
    found[:, usable] = fdtri(components.df_between[usable], components.df_within[usable], tails)
    return found


def searle_limits(components: AnovaComponents, confidence: float) -> Floats:
    """Limits of the variance ratio, (F / quantile - 1) / n0, shape (2, columns); exact for equal sizes."""
    with np.errstate(divide="ignore", invalid="ignore"):  # no spread within gives no interval
        share = components.ms_between / components.ms_within / _quantiles(components, confidence)
        return np.asarray((share - 1) / components.n0)


def wald_limits(components: AnovaComponents, confidence: float) -> Floats:
    """Limits of the variance ratio, exact for any sizes where above zero, shape (2, columns).

    A limit is above zero exactly where Searle's is, because both invert the same F test of no
    difference. A limit below zero lies outside the random effects model; there it is Searle's.
    """
    limits, quantiles = searle_limits(components, confidence), _quantiles(components, confidence)
    for side, column in np.argwhere(limits > 0):
        filled = components.group_n[:, column] > 0
        target = quantiles[side, column] * components.df_between[column] * components.ms_within[column]
        limits[side, column] = _wald_ratio(
            components.group_mean[filled, column], 1 / components.group_n[filled, column], float(target)
        )
    return limits


def _wald_ratio(means: Floats, inverse_sizes: Floats, target: float) -> float:
    """Find the ratio above zero at which the weighted sum of squares of the group means equals the target."""
    means, smallest = means - means.mean(), float(inverse_sizes.min())
    ratio = max(0.0, float(means @ means) / target - float(inverse_sizes.max()))  # never above the root
    for _ in range(_STEPS):
        weights = 1 / (ratio + inverse_sizes)
        squares = np.square(means - weights @ means / weights.sum())
        form, slope = float(weights @ squares), float(np.square(weights) @ squares)
        step = (form / target - 1) * form / slope  # Newton on 1 / form, whose slope is slope / form^2
        ratio += step
        if step <= 1e-15 * (ratio + smallest):  # the climb has ended; a step back is rounding
            break
    return ratio
