"""Do people of one group answer alike? ICC(1) and ICC(2), and what they allow to be said of groups."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._inputs import check_same_rows, group_codes, number_column
from movement_readiness.psychometrics._oneway import AnovaComponents, anova_components, wald_limits
from movement_readiness.psychometrics._reml import reml_components, reml_limits
from movement_readiness.psychometrics.agreement.icc_result import INTERVAL_WORDS, METHOD_WORDS, ICCResult
from movement_readiness.psychometrics.results import warn_not_estimable

__all__ = ["evidence_state", "icc"]

Floats = npt.NDArray[np.float64]

SUPPORTED_FROM, NOT_SUPPORTED_BELOW = 0.02, 0.05


def icc(
    values: Any, group: Any, *, method: str = "anova", interval: str | None = None, confidence: float = 0.95
) -> ICCResult:
    """ICC(1) and ICC(2), from a one-way analysis of variance or a mixed model, for groups of any sizes.

    Parameters
    ----------
    values : array-like or Series, one number a respondent
        Missing ones (NaN, null) are left out, and groups counted after that.
    group : array-like, Series or frame, one label a respondent
        Any labels; a frame's columns together are the label (such as site and team). Respondents without
        a label are left out.
    method : {"anova", "reml"}
        "anova" takes the variance components from the mean squares; ICC(1) can be negative. "reml" takes those
        of the one-way random effects model by restricted maximum likelihood, as ``lme4::lmer(value ~ 1 + (1 |
        group))``; with unequal sizes it weighs groups better, and ICC(1) is never below 0.
    interval : {"exact", "profile"}, optional
        "exact" inverts an F test, whatever the method (the default of "anova"); "profile" is where the restricted
        likelihood falls by half a chi-squared quantile (the default of "reml", and only there).
    confidence : float, default 0.95
        Of the intervals, between 0.5 and 1.

    Returns
    -------
    ICCResult
        With NaN, and an `EstimationWarning`, where something cannot be estimated: fewer than two groups,
        only groups of one, or no spread at all.

    Raises
    ------
    ArgumentError
        Values are not numbers, lengths or row labels differ, fewer than two respondents are left, or a profile
        is asked of the analysis of variance.

    Notes
    -----
    With J groups of n_j, N = sum n_j, mean squares MSB (between) and MSW (within):

    - ``n0 = (N - sum n_j^2 / N) / (J - 1)`` [1]_
    - ``ICC(1) = (MSB - MSW) / (MSB + (n0 - 1) MSW)``; ``icc1_mean_size`` has N / J in place of n0,
      the convention of ``multilevel::ICC1`` [2]_
    - ``ICC(2) = (MSB - MSW) / MSB`` [2]_

    Intervals: the ratio of the variance components for which the weighted sum of squares of the group
    means equals an F quantile [3]_, exact for unequal sizes; with equal sizes this is the classic F
    interval [4]_. A limit below zero, outside the random effects model, is the F interval with n0.
    The interval of ICC(2) is that of ICC(1) carried over at size n0.

    "reml" [5]_: with v and s the variances between and within that make the restricted likelihood greatest,
    ``ICC(1) = v / (v + s)`` and ``ICC(2) = n0 v / (n0 v + s)``; equal to "anova" where sizes are equal and
    MSB is not below MSW.

    Checked against R 4.2.2: mean squares, n0 and the exact intervals from ``stats::aov`` and ``uniroot``,
    multilevel 2.7 and psych 2.2.9 on 13 data sets (``tests/reference/icc``) to 1e-8; the restricted likelihood,
    its greatest point and the profile limits against lme4 1.1-31 on the same (``tests/reference/agreement``).

    References
    ----------
    .. [1] Swiger LA, Harvey WR, Everson DO, Gregory KE (1964). The variance of intraclass correlation
       involving groups with one observation. Biometrics 20:818-826.
    .. [2] Bliese PD (2000). Within-group agreement, non-independence, and reliability. In: Klein KJ,
       Kozlowski SWJ (eds), Multilevel Theory, Research, and Methods in Organizations, 349-381. Jossey-Bass.
    .. [3] Wald A (1940). A note on the analysis of variance with unequal class frequencies. Annals of
       Mathematical Statistics 11:96-100. See also Harville DA, Fenech AP (1985).
       Confidence intervals for a variance ratio, or for heritability, in an unbalanced mixed linear
       model. Biometrics 41:137-152. doi:10.2307/2530650
    .. [4] McGraw KO, Wong SP (1996). Forming inferences about some intraclass correlation coefficients.
       Psychological Methods 1:30-46. doi:10.1037/1082-989X.1.1.30
    .. [5] Patterson HD, Thompson R (1971). Recovery of inter-block information when block sizes are unequal.
       Biometrika 58:545-554. doi:10.1093/biomet/58.3.545

    Examples
    --------
    R: ``multilevel::ICC1(aov(score ~ team))``

    >>> import movement_readiness as mr
    >>> found = mr.icc([1, 2, 4, 5, 8, 9], ["a", "a", "b", "b", "c", "c"])
    >>> round(found.icc1, 4), round(found.icc2, 4)
    (0.9603, 0.9797)
    """
    level = check_number("confidence", confidence, 0.5, 1, open_high=True)
    kind = _checked_interval(check_choice("method", method, tuple(METHOD_WORDS)), interval)
    check_same_rows("values", values, "group", group)
    numbers = number_column("values", values)
    codes, n_groups = group_codes("group", group)
    usable = int((~np.isnan(numbers) & (codes >= 0)).sum())
    if usable < 2:
        raise ArgumentError(f"values: expected at least two respondents with a value and a group; got {usable}.")
    found = anova_components(numbers, codes, n_groups)
    warn_not_estimable(_why_not(found))
    result = _result(found, level)
    return result if method == "anova" else _by_likelihood(result, found, kind)


def _checked_interval(method: str, interval: str | None) -> str:
    if interval is None:
        return "exact" if method == "anova" else "profile"
    check_choice("interval", interval, tuple(INTERVAL_WORDS))
    if method == "anova" and interval == "profile":
        raise ArgumentError("interval: expected 'exact' with method='anova'; got 'profile', which needs method='reml'.")
    return interval


def _by_likelihood(anova: ICCResult, found: AnovaComponents, interval: str) -> ICCResult:
    """The result of the random effects model, with what both methods share."""
    result = replace(anova, method="reml", interval=interval)
    if np.isnan(anova.icc1) or not anova.ms_within > 0:
        return result
    filled = found.group_n[:, 0] > 0
    fitted = reml_components(
        found.group_n[filled, 0].astype(np.float64), found.group_mean[filled, 0], anova.ms_within * anova.df_within
    )
    result = replace(
        result,
        icc1=_share(fitted.ratio),
        icc2=_share(anova.n0 * fitted.ratio),
        sd_within=float(np.sqrt(fitted.var_within)),
        var_between=fitted.var_between,
        var_within=fitted.var_within,
    )
    if interval == "exact":
        return result
    low, high = reml_limits(fitted, anova.confidence)
    return replace(
        result,
        icc1_ci_low=_share(low),
        icc1_ci_high=_share(high),
        icc2_ci_low=_share(anova.n0 * low),
        icc2_ci_high=_share(anova.n0 * high),
    )


def _share(ratio: float) -> float:
    """A variance ratio as a share of the whole."""
    return 1.0 if np.isinf(ratio) else ratio / (1 + ratio)


def _why_not(found: AnovaComponents) -> str | None:
    """Why ICC(1) cannot be estimated, in a sentence."""
    if found.n_groups[0] < 2:
        return "ICC(1) needs at least two groups; all respondents are in one, so it is NaN."
    if found.df_within[0] == 0:
        return "ICC(1) needs a group of two or more; every group has one respondent, so it is NaN."
    if found.ms_within[0] == 0 and found.ms_between[0] == 0:
        return "All values are the same, so ICC(1) has no meaning and is NaN."
    if found.ms_within[0] == 0:
        return "Within every group all values are the same: ICC(1) is 1, and its interval cannot be estimated."
    return None


def _result(found: AnovaComponents, level: float) -> ICCResult:
    between, within = float(found.ms_between[0]), float(found.ms_within[0])
    n0, size = float(found.n0[0]), float(found.mean_size[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = wald_limits(found, level)[:, 0]
        limits = np.array([low, high])
        icc1_limits, icc2_limits = limits / (1 + limits), n0 * limits / (1 + n0 * limits)
        icc2 = float(np.divide(between - within, between))
        return ICCResult(
            icc1=_icc1(between, within, n0),
            icc1_ci_low=float(icc1_limits[0]),
            icc1_ci_high=float(icc1_limits[1]),
            icc2=icc2,
            icc2_ci_low=float(icc2_limits[0]),
            icc2_ci_high=float(icc2_limits[1]),
            icc1_mean_size=_icc1(between, within, size),
            n0=n0,
            mean_size=size,
            ms_between=between,
            ms_within=within,
            df_between=int(found.df_between[0]),
            df_within=int(found.df_within[0]),
            sd_within=float(np.sqrt(within)),
            var_between=float(np.maximum((between - within) / n0, 0)),
            var_within=within,
            n_respondents=int(found.n_respondents[0]),
            n_groups=int(found.n_groups[0]),
            n_singletons=int(found.n_singletons[0]),
            confidence=level,
        )


def _icc1(between: float, within: float, size: float) -> float:
    return float(np.divide(between - within, between + (size - 1) * within))


def evidence_state(found: ICCResult) -> str:
    """Whether the data support that groups differ at all, from the interval of ICC(1).

    Parameters
    ----------
    found : ICCResult

    Returns
    -------
    str
        "supported" where the lower limit is at least .02, "not supported" where the upper limit is below
        .05, "unclear" between them, "unknown" where there is no interval. Where both hold (a very large
        study of a very small difference) the answer is "not supported": the difference is there, and too
        small to compare groups by.

    Examples
    --------
    >>> evidence_state(icc([1, 2, 4, 5, 8, 9], [0, 0, 1, 1, 2, 2]))
    'supported'
    """
    low, high = found.icc1_ci_low, found.icc1_ci_high
    if np.isnan(low) or np.isnan(high):
        return "unknown"
    if high < NOT_SUPPORTED_BELOW:
        return "not supported"
    return "supported" if low >= SUPPORTED_FROM else "unclear"
