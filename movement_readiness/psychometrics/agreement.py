"""How alike the members of a group answer: ICC(1) and ICC(2), and whether groups may be compared."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._inputs import check_same_rows, group_codes, number_column
from movement_readiness.psychometrics._oneway import (
    AnovaComponents,
    anova_components,
    searle_limits,
    wald_limits,
)
from movement_readiness.psychometrics.results import EstimationWarning, Result, shown, shown_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["AnovaComponents", "ICCResult", "anova_components", "evidence_state", "icc"]

Floats = npt.NDArray[np.float64]
Interval = Literal["exact", "searle"]
EvidenceState = Literal["supported", "unclear", "not supported", "unknown"]

SUPPORTED_FROM = 0.02  # lower limit of ICC(1) at or above it: groups do differ
NOT_SUPPORTED_BELOW = 0.05  # upper limit of ICC(1) below it: too little to compare means of small groups

_METHODS = {
    "exact": "exact for any group sizes under normality (Wald 1940), limits below zero by Searle's form",
    "searle": "Searle's F interval with n0 for the group size, approximate where sizes differ",
}


@dataclass(frozen=True, slots=True, repr=False)
class ICCResult(Result):
    """ICC(1), ICC(2) and what they were made from; see `icc` for the formulas.

    Every number is at full precision and NaN where it cannot be estimated; ``note`` says why.

    Attributes
    ----------
    icc1, icc1_ci_low, icc1_ci_high : float
        Intraclass correlation of two respondents of one group, adjusted by ``n0``; may be negative.
    icc2, icc2_ci_low, icc2_ci_high : float
        Reliability of the mean of a group of ``n0`` respondents; may be negative, and is minus
        infinity when all group means are equal.
    icc1_mean_size : float
        ICC(1) with the mean group size in place of ``n0``, as R's multilevel gives it.
    n0, mean_size : float
        The adjusted and the plain mean number of respondents per group.
    ms_between, ms_within, df_between, df_within : float, float, int, int
        Mean squares and degrees of freedom of the analysis of variance.
    sd_within : float
        Pooled standard deviation within groups, in units of the values.
    var_between, var_within : float
        Variance components; ``var_between`` is set to 0 where the estimate is negative.
    n_respondents, n_groups, n_singletons : int
        Counted after deletion; singletons are groups of one.
    n_missing_values, n_missing_groups, n_empty_groups : int
        Respondents left out because the value is missing; because only the group is missing; and
        groups left without any value.
    confidence : float
    interval : str
    note : str
        Why something is NaN, or an empty text.
    """

    icc1: float
    icc1_ci_low: float
    icc1_ci_high: float
    icc2: float
    icc2_ci_low: float
    icc2_ci_high: float
    icc1_mean_size: float
    n0: float
    mean_size: float
    ms_between: float
    ms_within: float
    df_between: int
    df_within: int
    sd_within: float
    var_between: float
    var_within: float
    n_respondents: int
    n_groups: int
    n_singletons: int
    n_missing_values: int
    n_missing_groups: int
    n_empty_groups: int
    confidence: float
    interval: Interval
    note: str

    @overload
    def reliability(self, n: float, *, at: Literal["estimate", "ci_low", "ci_high"] = ...) -> float: ...
    @overload
    def reliability(self, n: npt.ArrayLike, *, at: Literal["estimate", "ci_low", "ci_high"] = ...) -> Any: ...
    def reliability(self, n: Any, *, at: Literal["estimate", "ci_low", "ci_high"] = "estimate") -> Any:
        """Reliability of the mean of n respondents of one group (Spearman-Brown).

        Parameters
        ----------
        n : number or array-like
            How many respondents a group has; 0 or more (0 gives 0: nobody answered).
        at : {"estimate", "ci_low", "ci_high"}
            Whether to take ICC(1) or one of its limits.

        Returns
        -------
        float, or array of the shape of n
            ``n * icc1 / (1 + (n - 1) * icc1)``, from 0 to 1, with a negative ICC(1) taken as 0; NaN
            where ICC(1) or its limit is NaN.

        Raises
        ------
        ArgumentError
            When n is not numbers of 0 or more, or `at` is none of the three.

        Examples
        --------
        >>> found = icc([2, 4, 3, 6, 7, 9, 1, 2, 1], list("aaabbbccc"))
        >>> round(found.reliability(3), 3) == round(found.icc2, 3)  # groups of three: n0 is 3
        True
        >>> found.reliability([1, 10]).round(2)
        array([0.84, 0.98])
        """
        check_choice("at", at, ("estimate", "ci_low", "ci_high"))
        sizes = _sizes(n)
        correlation = max(0.0, getattr(self, "icc1" if at == "estimate" else f"icc1_{at}"))
        if np.isnan(self.icc1 if at == "estimate" else correlation):
            correlation = np.nan
        found = np.where(sizes > 0, sizes * correlation / (1 + np.maximum(sizes - 1, 0) * correlation), 0.0)
        return float(found) if found.ndim == 0 else found

    def to_frame(self) -> pd.DataFrame:
        """One row, one column per attribute, at full precision; rows of several scales stack.

        Examples
        --------
        >>> icc([2, 4, 3, 6, 7, 9], list("aaabbb")).to_frame()[["icc1", "n_respondents"]].round(3)
            icc1  n_respondents
        0  0.822              6
        """
        import pandas as pd

        return pd.DataFrame([{field.name: getattr(self, field.name) for field in fields(self)}])

    def __repr__(self) -> str:
        return (
            f"ICCResult(icc1={self.icc1:.3f} [{self.icc1_ci_low:.3f}, {self.icc1_ci_high:.3f}], "
            f"icc2={self.icc2:.3f} [{self.icc2_ci_low:.3f}, {self.icc2_ci_high:.3f}], "
            f"confidence={self.confidence:g}, n_respondents={self.n_respondents}, n_groups={self.n_groups})"
        )

    def _heading(self) -> str:
        return "How alike members of a group answer"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = [
            ("ICC(1), one respondent", self.icc1, self.icc1_ci_low, self.icc1_ci_high),
            (f"ICC(2), mean of {shown(self.n0, 1)}", self.icc2, self.icc2_ci_low, self.icc2_ci_high),
        ]
        texts = [(name, shown(value), shown_interval(low, high)) for name, value, low, high in rows]
        return ("", "Estimate", f"{self.confidence:.4g} interval"), texts

    def _sentences(self) -> Sequence[str]:
        left_out = (
            f" Left out: {self.n_missing_values} without a value, {self.n_missing_groups} without a group; "
            f"{self.n_empty_groups} groups have no value."
        )
        return (
            f"{self.n_respondents} respondents in {self.n_groups} groups, {self.n_singletons} of them of one."
            + (left_out if self.n_missing_values or self.n_missing_groups else ""),
            f"One-way analysis of variance with unequal group sizes, n0 = {shown(self.n0, 2)}; "
            f"interval {_METHODS[self.interval]}. Standard deviation within groups {shown(self.sd_within)}.",
            self.note,
        )


def icc(
    values: Any,
    group: Any,
    *,
    confidence: float = 0.95,
    missing: Literal["listwise", "raise"] = "listwise",
    interval: Interval = "exact",
) -> ICCResult:
    """Intraclass correlations ICC(1) and ICC(2) of values in groups of any sizes.

    ICC(1) is the share of the variance that lies between groups, or the correlation of two respondents
    of one group; ICC(2) is the reliability of group means.

    Parameters
    ----------
    values : 1-D array-like, or a pandas, polars or pyarrow column
        One number per respondent, in any unit. Codes that mean "missing" are not known here: turn
        them into NA first (`item_matrix` and `score_scales` do).
    group : 1-D array-like or column of labels, or a frame of label columns
        The group of each respondent; any hashable labels. Give ``frame[["site", "team"]]`` where the
        same team name occurs at several sites: the columns together are the label.
    confidence : float, default 0.95
        Of the two-sided intervals; 0.5 or more, below 1.
    missing : {"listwise", "raise"}
        "listwise" leaves out respondents whose value is missing, or whose group is (or any part of its
        label), and counts both; "raise" refuses them. Groups are counted after deletion.
    interval : {"exact", "searle"}
        See Notes. The two are the same where groups have the same size.

    Returns
    -------
    ICCResult
        Frozen, with ``to_frame()`` and ``reliability(n)``.

    Raises
    ------
    ArgumentError
        When values are not one column of finite numbers, lengths or pandas row labels differ, labels
        cannot be compared, or a named choice is not available.

    Warns
    -----
    EstimationWarning
        When the data do not allow an estimate; what cannot be estimated is NaN and ``note`` says why:
        fewer than two values, one group, only groups of one, or no differences at all. When values
        inside every group are equal, ICC(1) and ICC(2) are 1 and the intervals NaN.

    Notes
    -----
    With J groups of n_j respondents, N in all, and the mean squares of a one-way analysis of variance::

        n0   = (N - sum n_j^2 / N) / (J - 1)
        icc1 = (MSB - MSW) / (MSB + (n0 - 1) MSW)
        icc2 = (MSB - MSW) / MSB = n0 icc1 / (1 + (n0 - 1) icc1)

    ``icc1`` is var_between / (var_between + var_within) with var_between = (MSB - MSW) / n0 before
    negative values are cut. ``icc1_mean_size`` has N / J in place of n0 (R's ``multilevel::ICC1``); the
    two agree where sizes do. Both are analysis-of-variance estimates; with unequal sizes REML (lme4)
    weights groups differently and gives another number.

    *Intervals* are limits for r = var_between / var_within, shown as r / (1 + r) and n0 r / (1 + n0 r).
    "exact" (Wald 1940; Harville & Fenech 1985) finds the r at which the weighted sum of squares of the
    group means, sum w_j (mean_j - weighted mean)^2 with w_j = 1 / (r + 1 / n_j), divided by
    (J - 1) MSW, equals the F quantile with J - 1 and N - J degrees of freedom. Its coverage is exact
    for any group sizes when group effects and deviations are normal. "searle" is the closed form
    (F / F quantile - 1) / n0 with F = MSB / MSW (McGraw & Wong 1996, case 1, with n0 for their k): exact
    for equal sizes, approximate else, and the interval most programs print. Both cross zero together, so a
    limit below zero, which no variance ratio can be, is Searle's in both. The interval of Thomas &
    Hultquist (1978) is another approximation, and wide where groups of one or two occur (Donner &
    Wells 1986); it is not offered since an exact one costs no more. All of them rest on normal group
    effects: with heavy-tailed ones and few groups they are too short.

    Checked against aov, multilevel 2.7 (ICC1, ICC2), psych 2.2.9 (ICC1, ICC1k with limits) and, for
    "exact", an eigenvalue form of the same equation in R 4.2.2, on 13 data sets to 1e-8; lme4 1.1-31 on
    balanced ones.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In K. J. Klein &
    S. W. J. Kozlowski (Eds.), Multilevel theory, research, and methods in organizations (pp. 349-381).
    Jossey-Bass.

    Donner, A., & Wells, G. (1986). A comparison of confidence interval methods for the intraclass
    correlation coefficient. Biometrics, 42, 401-412.

    Harville, D. A., & Fenech, A. P. (1985). Confidence intervals for a variance ratio, or for
    heritability, in an unbalanced mixed linear model. Biometrics, 41, 137-152. doi:10.2307/2530650

    McGraw, K. O., & Wong, S. P. (1996). Forming inferences about some intraclass correlation
    coefficients. Psychological Methods, 1, 30-46. doi:10.1037/1082-989X.1.1.30

    Shrout, P. E., & Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability.
    Psychological Bulletin, 86, 420-428. doi:10.1037/0033-2909.86.2.420

    Thomas, J. D., & Hultquist, R. A. (1978). Interval estimation for the unbalanced case of the one-way
    random effects model. Annals of Statistics, 6, 582-587. doi:10.1214/aos/1176344202

    Wald, A. (1940). A note on the analysis of variance with unequal class frequencies. Annals of
    Mathematical Statistics, 11, 96-100.

    Examples
    --------
    >>> scores = [62, 70, 55, 48, 51, 80, 77, 85, 90, 60, 64, None]
    >>> teams = ["a", "a", "a", "b", "b", "c", "c", "c", "c", "d", "d", "d"]
    >>> found = icc(scores, teams)  # R: multilevel::ICC1(aov(scores ~ teams)) is icc1_mean_size
    >>> found
    ICCResult(icc1=0.878 [0.535, 0.990], icc2=0.950 [0.753, 0.996], confidence=0.95, n_respondents=11, n_groups=4)
    >>> found.n_missing_values, round(found.n0, 3), round(found.icc1_mean_size, 3)
    (1, 2.667, 0.875)
    """
    check_number("confidence", confidence, 0.5, 1, open_high=True)
    check_choice("missing", missing, ("listwise", "raise"))
    check_choice("interval", interval, tuple(_METHODS))
    column = number_column("values", values)
    codes, n_labels = group_codes("group", group)
    check_same_rows(values, group, column.size, codes.size)

    absent = np.isnan(column)
    n_values, n_groups = int(absent.sum()), int((~absent & (codes < 0)).sum())
    if missing == "raise" and (n_values or n_groups):
        raise ArgumentError(
            f'missing="raise": expected a value and a group for each respondent; '
            f"got {n_values} without a value and {n_groups} more without a group."
        )
    found = anova_components(column, codes, n_labels)
    limits = (wald_limits if interval == "exact" else searle_limits)(found, confidence)[:, 0]
    note = _note(found)
    if note:
        warnings.warn(f"icc: {note}", EstimationWarning, stacklevel=2)
    return ICCResult(
        **_estimates(found, limits),
        n_missing_values=n_values,
        n_missing_groups=n_groups,
        n_empty_groups=n_labels - int(found.n_groups[0]),
        confidence=float(confidence),
        interval=interval,
        note=note,
    )


def evidence_state(icc: ICCResult) -> EvidenceState:
    """What a study says about comparing its groups, in one of four states.

    Parameters
    ----------
    icc : ICCResult
        From all groups of a study. The two borders are meant for 95 % intervals.

    Returns
    -------
    {"unknown", "not supported", "supported", "unclear"}
        The first that holds: "unknown", ICC(1) or its interval cannot be estimated (one group, groups
        of one, no differences); "not supported", the upper limit is below .05; "supported", the lower
        limit is .02 or more; "unclear" otherwise.

    Raises
    ------
    ArgumentError
        When it is given something else than an `ICCResult`.

    Notes
    -----
    In a very large study both borders can be met (.02 <= low, high < .05). "Not supported" goes first:
    such a study has shown that groups differ, and also that they differ too little to compare: at an
    ICC(1) of .05 the mean of ten respondents has a reliability of .34, and no number of groups adds to
    that. A comparison is withheld for its size, not for its p-value.

    Examples
    --------
    >>> evidence_state(icc([2, 4, 3, 6, 7, 9, 1, 2, 1], list("aaabbbccc")))
    'supported'
    >>> evidence_state(icc([2, 4, 3, 6, 2, 4, 3, 2, 5], list("aaabbbccc")))
    'unclear'
    """
    if not isinstance(icc, ICCResult):
        raise ArgumentError(f"icc: expected an ICCResult, as icc() returns it; got {type(icc).__name__}.")
    if np.isnan([icc.icc1, icc.icc1_ci_low, icc.icc1_ci_high]).any():
        return "unknown"
    if icc.icc1_ci_high < NOT_SUPPORTED_BELOW:
        return "not supported"
    return "supported" if icc.icc1_ci_low >= SUPPORTED_FROM else "unclear"


def _estimates(found: AnovaComponents, limits: Floats) -> dict[str, Any]:
    """The numbers of an `ICCResult`, from the components of one column and limits of the variance ratio."""
    between, within = found.ms_between[0], found.ms_within[0]
    n0, mean_size = found.n0[0], found.mean_size[0]
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # 0/0 is the NaN, -x/0 the infinity, that is promised
        low1, high1 = limits / (1 + limits)
        low2, high2 = n0 * limits / (1 + n0 * limits)
        numbers = {
            "icc1": (between - within) / (between + (n0 - 1) * within),
            "icc1_ci_low": low1,
            "icc1_ci_high": high1,
            "icc2": (between - within) / between,
            "icc2_ci_low": low2,
            "icc2_ci_high": high2,
            "icc1_mean_size": (between - within) / (between + (mean_size - 1) * within),
            "n0": n0,
            "mean_size": mean_size,
            "ms_between": between,
            "ms_within": within,
            "sd_within": np.sqrt(within),
            "var_between": np.maximum(0.0, (between - within) / n0),
            "var_within": within,
        }
    counts = {name: getattr(found, name)[0] for name in _COUNTS}
    return {name: float(x) for name, x in numbers.items()} | {name: int(x) for name, x in counts.items()}


_COUNTS = ("df_between", "df_within", "n_respondents", "n_groups", "n_singletons")


def _note(found: AnovaComponents) -> str:
    """Why something cannot be estimated, in a sentence; empty when everything can."""
    n, groups = int(found.n_respondents[0]), int(found.n_groups[0])
    if n < 2:
        return f"expected at least two values with a group; got {n}, so nothing can be estimated."
    if groups == 1:
        return (
            f"expected at least two groups; all {n} values are in one, so nothing can be said between groups."
        )
    if found.df_within[0] == 0:
        return f"expected groups of two or more; all {groups} groups have one value, so none shows agreement."
    if found.ms_within[0] > 0:
        return ""
    if found.ms_between[0] > 0:
        return (
            "values inside every group are equal: ICC(1) and ICC(2) are 1, and their intervals do not exist."
        )
    return f"all {n} values are equal, so there is no variance to divide between and within groups."


def _sizes(n: Any) -> Floats:
    """Numbers of respondents as floats, 0 or more."""
    try:
        sizes = np.asarray(n, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"n: expected numbers of respondents, 0 or more; got {type(n).__name__}."
        ) from None
    if not (np.isfinite(sizes) & (sizes >= 0)).all():
        raise ArgumentError(
            "n: expected numbers of respondents, 0 or more; got a negative, missing or infinite one."
        )
    return sizes
