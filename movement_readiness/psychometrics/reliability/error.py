"""`standard_error_of_measurement`: what reliability means for a single score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness._validation import check_number
from movement_readiness.exceptions import ArgumentError, OtherReliabilityWarning
from movement_readiness.psychometrics._inputs import number_column
from movement_readiness.psychometrics.reliability._intervals import ReliabilityResult
from movement_readiness.psychometrics.reliability.retest import RetestResult
from movement_readiness.psychometrics.results import Result, give_warning, shown, shown_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GIVEN", "MeasurementErrorResult", "standard_error_of_measurement"]

GIVEN = "as given"


@dataclass(frozen=True, repr=False)
class MeasurementErrorResult(Result):
    """The standard error of measurement; made by `standard_error_of_measurement`.

    Attributes
    ----------
    estimate, ci_low, ci_high : float
        In units of the score; limits from those of the reliability, NaN where it has none.
    sd : float
        Of the scores (divisor n - 1).
    reliability : float
    source : str
        Where the reliability came from: its name, or "as given".
    n_respondents : int or None
        Behind the SD; None where it was given.
    confidence : float
        Of the limits; NaN where there are none.
    """

    estimate: float
    ci_low: float
    ci_high: float
    sd: float
    reliability: float
    source: str
    n_respondents: int | None
    confidence: float = float("nan")

    def to_frame(self) -> pd.DataFrame:
        """One row, full precision."""
        import pandas as pd

        names = ("estimate", "ci_low", "ci_high", "sd", "reliability", "n_respondents")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})

    def __repr__(self) -> str:
        people = "" if self.n_respondents is None else f", {self.n_respondents} respondents"
        named = "" if self.source == GIVEN else f" by {self.source}"
        return (
            f"<MeasurementErrorResult: {shown(self.estimate)} (SD {shown(self.sd)}, reliability "
            f"{shown(self.reliability)}{named}){people}>"
        )

    def _heading(self) -> str:
        return "Standard error of measurement"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        limits = "none" if np.isnan(self.ci_low) else shown_interval(self.ci_low, self.ci_high)
        level = "interval" if np.isnan(self.confidence) else f"{self.confidence:.0%} interval"
        return ("", "estimate", level), (("standard error of measurement", shown(self.estimate), limits),)

    def _sentences(self) -> Sequence[str]:
        of = "as given" if self.n_respondents is None else f"of {self.n_respondents} scores"
        return (
            f"SD {shown(self.sd)} {of} times sqrt(1 - {shown(self.reliability)}), the "
            f"reliability ({self.source}). One number for everybody: low and high scores may be less exact.",
            "" if np.isnan(self.ci_low) else "Interval: from that of the reliability, the SD taken as known.",
        )


def standard_error_of_measurement(
    scores: Any = None, *, reliability: Any, sd: float | None = None
) -> MeasurementErrorResult:
    """How far a person's score lies from what it would be on average: SD sqrt(1 - reliability).

    Parameters
    ----------
    scores : column of numbers, optional
        The scores the reliability is of, in their own units; missing ones are left out.
    reliability : float or result
        A number from 0 to 1; or what `cronbach_alpha`, `mcdonald_omega` or `retest_icc` gave, of the same score.
    sd : float, optional
        The standard deviation of the scores (divisor n - 1) in their place, such as that of a norm group.

    Returns
    -------
    MeasurementErrorResult
        ``.estimate`` with limits that follow from those of the reliability, the SD taken as known.

    Raises
    ------
    ArgumentError
        Fewer than two scores; both scores and sd, or neither; a reliability that is no number from 0 to 1.

    Warns
    -----
    OtherReliabilityWarning
        The reliability is of the mean of several occasions (a retest form with k), or of latent responses (ordinal
        alpha, omega of polychoric correlations): scores of one occasion, or sums of answers, have another.

    Notes
    -----
    ``SEM = s sqrt(1 - r)`` with s the standard deviation of the scores (divisor n - 1) and r the reliability [1]_. A
    reliability from answers of one day knows nothing of how people change from day to day; for comparing occasions use
    that of a retest, or ``retest_icc(...).sem_agreement`` itself. Checked against the same formula in R to 1e-8.

    References
    ----------
    .. [1] Lord FM, Novick MR (1968). Statistical Theories of Mental Test Scores. Addison-Wesley.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> mr.standard_error_of_measurement([40, 50, 60, 70, 80], reliability=0.84)
    <MeasurementErrorResult: 6.325 (SD 15.811, reliability 0.840), 5 respondents>
    """
    if (scores is None) == (sd is None):
        raise ArgumentError(f"scores and sd: expected one of the two; got {'neither' if sd is None else 'both'}.")
    spread, n_respondents = (
        _spread(scores) if sd is None else (check_number("sd", sd, 0, float("inf"), open_high=True), None)
    )
    value, low, high, source, level = _reliability(reliability)
    return MeasurementErrorResult(
        estimate=_error(spread, value),
        ci_low=_error(spread, high),
        ci_high=_error(spread, low),
        sd=spread,
        reliability=value,
        source=source,
        n_respondents=n_respondents,
        confidence=level,
    )


def _spread(scores: Any) -> tuple[float, int]:
    """Standard deviation of the scores, and how many there are."""
    numbers = number_column("scores", scores)
    present = numbers[~np.isnan(numbers)]
    if present.size < 2:
        raise ArgumentError(f"scores: expected two or more numbers; got {present.size}.")
    return float(np.std(present, ddof=1)), int(present.size)


def _error(sd: float, reliability: float) -> float:
    return float(sd * np.sqrt(np.clip(1 - reliability, 0, 1)))


def _reliability(given: Any) -> tuple[float, float, float, str, float]:
    """The number, its limits, its name, and the level of the limits (NaN without)."""
    nothing = float("nan")
    if not isinstance(given, (ReliabilityResult, RetestResult)):
        return check_number("reliability", given, 0, 1), nothing, nothing, GIVEN, nothing
    name = given.form if isinstance(given, RetestResult) else given.coefficient
    check_number(f"reliability ({name})", given.estimate, 0, 1)
    _look_at_what_it_is_of(given)
    level = nothing if np.isnan(given.ci_low) else given.confidence
    return given.estimate, given.ci_low, given.ci_high, name, level


def _look_at_what_it_is_of(given: ReliabilityResult | RetestResult) -> None:
    """Warn where a reliability is hardly that of the scores: of several occasions, or of no observed sum."""
    if isinstance(given, RetestResult):
        if given.form.endswith(",k)"):
            single = given.form.replace(",k)", ",1)")
            give_warning(
                f"reliability: {given.form} is that of the mean of {given.n_occasions} occasions. If the scores are of "
                f"one occasion, take {single}, here {shown(float(given.forms['estimate'][single]))}: "
                f"retest_icc(..., form={single!r}).",
                OtherReliabilityWarning,
            )
    elif "ordinal" in given.coefficient or "latent" in given.coefficient:
        take = "cronbach_alpha(items)" if "alpha" in given.coefficient else "mcdonald_omega(items, kind='categorical')"
        give_warning(
            f"reliability: {given.coefficient} is that of latent responses, which nobody observes; sums or means of "
            f"answers are less reliable. Take {take}.",
            OtherReliabilityWarning,
        )
