"""`smallest_detectable_change`: the change of a score, or of a mean, that is more than measurement error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from movement_readiness._validation import check_number
from movement_readiness.exceptions import OtherReliabilityWarning
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.reliability.error import GIVEN, MeasurementErrorResult
from movement_readiness.psychometrics.reliability.retest import RetestResult
from movement_readiness.psychometrics.results import Result, give_warning, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SmallestChangeResult", "smallest_detectable_change"]


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
    source : str
        Which standard error of measurement it is.
    """

    individual: float
    group: float
    n: int
    sem: float
    confidence: float
    source: str = GIVEN

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
            f"From a standard error of measurement of {shown(self.sem)} ({self.source}): a larger change has a "
            f"probability of {1 - self.confidence:.0%} when nothing changed. For a group, the same people are asked "
            "again, and their errors are independent.",
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

    Warns
    -----
    OtherReliabilityWarning
        A retest in a form of consistency: its ``sem_agreement`` counts a shift of everybody as error.

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
    error, source = _error_of_one_occasion(sem)
    size = check_number("sem", error, 0, float("inf"), open_high=True)
    individual = float(ndtri((1 + level) / 2) * np.sqrt(2) * size)
    return SmallestChangeResult(
        individual=individual,
        group=individual / float(np.sqrt(people)),
        n=people,
        sem=size,
        confidence=level,
        source=source,
    )


def _error_of_one_occasion(sem: Any) -> tuple[Any, str]:
    """The standard error and which one it is."""
    if isinstance(sem, MeasurementErrorResult):
        return sem.estimate, f"reliability {shown(sem.reliability)}, {sem.source}"
    if not isinstance(sem, RetestResult):
        return sem, GIVEN
    if sem.form.startswith("ICC(C"):
        give_warning(
            f"sem: of {sem.form} the agreement standard error is taken ({shown(sem.sem_agreement)}), which counts a "
            f"shift of everybody between the occasions as error. For consistency give .sem_consistency "
            f"({shown(sem.sem_consistency)}).",
            OtherReliabilityWarning,
        )
    return sem.sem_agreement, "retest, agreement, one occasion"
