"""`ICCResult`: what `icc` finds, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.results import Result, shown, shown_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["INTERVAL_WORDS", "METHOD_WORDS", "ICCResult"]

Floats = npt.NDArray[np.float64]

METHOD_WORDS = {
    "anova": "one-way analysis of variance",
    "reml": "one-way random effects model, restricted maximum likelihood",
}
INTERVAL_WORDS = {
    "exact": "Interval: Wald's, exact for unequal group sizes under normality; Searle's where a limit is below zero.",
    "profile": "Interval: where the profile of the restricted likelihood falls by half a chi-squared quantile.",
}


@dataclass(frozen=True, repr=False)
class ICCResult(Result):
    """ICC(1), ICC(2) and the variance components they come from; made by `icc`.

    Attributes
    ----------
    icc1, icc1_ci_low, icc1_ci_high : float
        Share of the variance that lies between groups; "anova": n0-adjusted, can be negative.
    icc2, icc2_ci_low, icc2_ci_high : float
        Reliability of the group means, at the size n0.
    icc1_mean_size : float
        ICC(1) of the analysis of variance with the mean group size in place of n0, as ``multilevel::ICC1`` gives it.
    n0, mean_size : float
        The group size that stands for unequal sizes in the ANOVA estimator, and the mean size.
    ms_between, ms_within, df_between, df_within
        Mean squares and degrees of freedom.
    sd_within : float
        Pooled within-group standard deviation, sqrt(var_within).
    var_between, var_within : float
        Variance components; var_between is cut at 0, icc1 of the analysis of variance is not.
    n_respondents, n_groups, n_singletons : int
        Counted after deletion; singletons are groups of one.
    confidence : float
        Of the intervals.
    method, interval : str
        As asked for.
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
    confidence: float
    method: str = "anova"
    interval: str = "exact"

    @overload
    def reliability(self, n: float) -> float: ...
    @overload
    def reliability(self, n: Sequence[float] | Floats) -> Floats: ...
    def reliability(self, n: float | Sequence[float] | Floats) -> float | Floats:
        """Reliability of the mean of a group of n, n r / (1 + (n - 1) r), with r = ICC(1) cut at 0.

        Parameters
        ----------
        n : float or array
            Respondents in the group, 1 or more.

        Returns
        -------
        float or array of float
            NaN where ICC(1) could not be estimated.

        Notes
        -----
        Spearman (1910) and Brown (1910); for groups Bliese (2000). Checked against the same formula in R.

        Examples
        --------
        >>> import movement_readiness as mr
        >>> mr.icc([1, 2, 4, 5, 8, 9], [0, 0, 1, 1, 2, 2]).reliability([1, 2]).round(3)
        array([0.96, 0.98])
        """
        try:
            size = np.asarray(n, dtype=float)
        except (TypeError, ValueError):
            raise ArgumentError(f"n: expected group sizes of 1 or more; got {n!r}.") from None
        bad = size[~(np.isfinite(size) & (size >= 1))]
        if bad.size:
            raise ArgumentError(f"n: expected group sizes of 1 or more; got {bad[0]:g}.")
        ratio = float(np.maximum(self.icc1, 0.0))  # NaN stays NaN
        found = size * ratio / (1 + (size - 1) * ratio)
        return float(found) if found.ndim == 0 else np.asarray(found)

    def to_frame(self) -> pd.DataFrame:
        """ICC(1) and ICC(2) with their intervals, one row each, full precision."""
        import pandas as pd

        return pd.DataFrame(
            {
                "estimate": [self.icc1, self.icc2],
                "ci_low": [self.icc1_ci_low, self.icc2_ci_low],
                "ci_high": [self.icc1_ci_high, self.icc2_ci_high],
            },
            index=pd.Index(["icc1", "icc2"], name="statistic"),
        )

    def __repr__(self) -> str:
        interval = shown_interval(self.icc1_ci_low, self.icc1_ci_high)
        return (
            f"<ICCResult: ICC(1) {shown(self.icc1)} ({self.confidence:.0%} interval {interval}), "
            f"ICC(2) {shown(self.icc2)}, {self.n_respondents} respondents in {self.n_groups} groups>"
        )

    def _heading(self) -> str:
        return f"Intraclass correlations, {METHOD_WORDS[self.method]}"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        headings = ("", "estimate", f"{self.confidence:.0%} interval")
        return headings, (
            ("ICC(1)", shown(self.icc1), shown_interval(self.icc1_ci_low, self.icc1_ci_high)),
            ("ICC(2)", shown(self.icc2), shown_interval(self.icc2_ci_low, self.icc2_ci_high)),
        )

    def _sentences(self) -> Sequence[str]:
        singles = f", {self.n_singletons} of them of one" if self.n_singletons else ""
        sizes = (
            f"Size adjusted for unequal groups: n0 = {shown(self.n0, 2)}; with the mean size "
            f"{shown(self.mean_size, 2)} ICC(1) is {shown(self.icc1_mean_size)}."
            if self.method == "anova"
            else f"ICC(2) is at the group size n0 = {shown(self.n0, 2)}."
        )
        return (
            f"{self.n_respondents} respondents in {self.n_groups} groups{singles}; missing values left out.",
            sizes,
            INTERVAL_WORDS[self.interval],
        )
