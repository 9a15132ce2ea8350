"""What reliability means for a single score: its standard error, and the change that is more than error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from movement_readiness._validation import check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._inputs import number_column
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.reliability._intervals import ReliabilityResult
from movement_readiness.psychometrics.reliability.retest import RetestResult
from movement_readiness.psychometrics.results import Result, shown, shown_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MeasurementErrorResult",
    "SmallestChangeResult",
    "smallest_detectable_change",
    "standard_error_of_measurement",
]


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
        Where the reliability came from.
    n_respondents : int or None
        Behind the SD; None where it was given.
    """

    estimate: float
    ci_low: float
    ci_high: float
    sd: float
    reliability: float
    source: str
    n_respondents: int | None

    def to_frame(self) -> pd.DataFrame:
        """One row, full precision."""
        import pandas as pd

        names = ("estimate", "ci_low", "ci_high", "sd", "reliability", "n_respondents")
        return pd.DataFrame({name: [getattr(self, name)] for name in names})

    def __repr__(self) -> str:
        people = "" if self.n_respondents is None else f", {self.n_respondents} respondents"
        return (
            f"<MeasurementErrorResult: {shown(self.estimate)} (SD {shown(self.sd)}, reliability "
            f"{shown(self.reliability)}){people}>"
        )

    def _heading(self) -> str:
        return "Standard error of measurement"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        limits = "none" if np.isnan(self.ci_low) else shown_interval(self.ci_low, self.ci_high)
        return ("", "estimate", "interval"), (("standard error of measurement", shown(self.estimate), limits),)

    def _sentences(self) -> Sequence[str]:
        of = "as given" if self.n_respondents is None else f"of {self.n_respondents} scores"
        return (
            f"SD {shown(self.sd)} {of} times sqrt(1 - {shown(self.reliability)}), the "
            f"reliability ({self.source}). One number for everybody: low and high scores may be less exact.",
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
    value, low, high, source = _reliability(reliability)
    return MeasurementErrorResult(
        estimate=_error(spread, value),
        ci_low=_error(spread, high),
        ci_high=_error(spread, low),
        sd=spread,
        reliability=value,
        source=source,
        n_respondents=n_respondents,
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


def _reliability(given: Any) -> tuple[float, float, float, str]:
    if isinstance(given, ReliabilityResult):
        check_number(f"reliability ({given.coefficient})", given.estimate, 0, 1)
        return given.estimate, given.ci_low, given.ci_high, given.coefficient
    if isinstance(given, RetestResult):
        check_number(f"reliability ({given.form})", given.estimate, 0, 1)
        return given.estimate, given.ci_low, given.ci_high, given.form
    nothing = float("nan")
    return check_number("reliability", given, 0, 1), nothing, nothing, "as given"


@dataclass(frozen=True, repr=False)
class SmallestChangeResult(Result):
    """The smallest detectable change; made by `smallest_detectable_change`.

    Attributes
    ----------
    individual : float
        Of one person, in units of the score.
    group : float
        Of the mean of a group of `n` people.
    estimate : float
        Another name of `individual`.
    n : int
    sem, confidence : float
    """

    individual: float
    group: float
    n: int
    sem: float
    confidence: float

    @property
    def estimate(self) -> float:
        """The change of one person, as in `individual`."""
        return self.individual

    def to_frame(self) -> pd.DataFrame:
        """One row for a person, one for the group, full precision."""
        import pandas as pd

        index = pd.Index(["individual", "group"], name="level")
        return pd.DataFrame({"n": [1, self.n], "smallest_change": [self.individual, self.group]}, index=index)

    def __repr__(self) -> str:
        group = f", mean of {self.n} people {shown(self.group)}" if self.n > 1 else ""
        return f"<SmallestChangeResult: one person {shown(self.individual)}{group} ({self.confidence:.0%})>"

    def _heading(self) -> str:
        return "Smallest detectable change"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = [("one person", "1", shown(self.individual))]
        if self.n > 1:
            rows.append(("mean of a group", str(self.n), shown(self.group)))
        return ("", "people", "smallest change"), rows

    def _sentences(self) -> Sequence[str]:
        return (
            f"From a standard error of measurement of {shown(self.sem)}: a larger change has a probability of "
            f"{1 - self.confidence:.0%} when nothing changed. For a group, the same people are asked again, "
            "and their errors are independent.",
        )


def smallest_detectable_change(sem: Any, *, n: int = 1, confidence: float = 0.95) -> SmallestChangeResult:
    """The change between two occasions that is more than measurement error: 1.96 sqrt(2) SEM at 95 %.

    Parameters
    ----------
    sem : float or result
        The standard error of measurement, 0 or more; or what `standard_error_of_measurement` gave; or what
        `retest_icc` gave, whose ``sem_agreement`` is taken.
    n : int, default 1
        People in a group, the same ones on both occasions.
    confidence : float, default 0.95
        From 0.5, below 1.

    Returns
    -------
    SmallestChangeResult
        ``.individual`` and ``.group``.

    Notes
    -----
    ``individual = z sqrt(2) SEM`` with z the normal quantile (1.96 at 95 %), ``group = individual / sqrt(n)`` [1]_.
    Checked against the same formula in R.

    References
    ----------
    .. [1] de Vet HCW, Terwee CB, Knol DL, Bouter LM (2006). When to use agreement versus reliability measures.
       Journal of Clinical Epidemiology 59:1033-1039. doi:10.1016/j.jclinepi.2005.10.015

    Examples
    --------
    >>> import movement_readiness as mr
    >>> mr.smallest_detectable_change(6.325, n=12)
    <SmallestChangeResult: one person 17.532, mean of 12 people 5.061 (95%)>
    """
    level = check_number("confidence", confidence, 0.5, 1, open_high=True)
    people = check_whole("n", n, 1)
    error = sem.estimate if isinstance(sem, MeasurementErrorResult) else sem
    error = sem.sem_agreement if isinstance(sem, RetestResult) else error
    size = check_number("sem", error, 0, float("inf"), open_high=True)
    individual = float(ndtri((1 + level) / 2) * np.sqrt(2) * size)
    return SmallestChangeResult(
        individual=individual, group=individual / float(np.sqrt(people)), n=people, sem=size, confidence=level
    )
