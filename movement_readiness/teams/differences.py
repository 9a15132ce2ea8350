"""How far teams differ, as everybody may know it: from the SD within teams, rounded before anything is worked out.

The means and sizes of published teams are known, so that an exact ICC(1) tells the sum of squares within all of them;
taken from that of a later release, or of a round without one of the teams, it would tell how far apart a few people
are, or one team. So the answers count as if the SD within teams were a multiple of half a point (of a point in studies
of fewer than 200 people): every ICC, limit, reliability, interval, shrunken mean and benchmark follows from that one
number with the means and sizes, and no two of them tell more than one. In a study of 36 people with an SD of 20 the sum
of squares within teams is known to 1,320 points squared; five people who all have the same score differ by 0, five who
are ten points from their mean by 500.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics import ICCResult, icc

__all__ = ["told"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MANY = 200
_STEP, _STEP_OF_FEW = 0.5, 1.0


def told(found: ICCResult, scores: Floats, team: Ints) -> ICCResult:
    """What would be found if the SD within teams were a round number, with the same means.

    Parameters
    ----------
    found : ICCResult
        What was estimated.
    scores, team : array, one entry a respondent
        From these.
    """
    step = _STEP if found.n_respondents >= _MANY else _STEP_OF_FEW
    sd = np.sqrt(found.ms_within)
    mean = (np.bincount(team, scores) / np.maximum(np.bincount(team), 1))[team]
    return icc(
        mean + (scores - mean) * (round(sd / step) * step / sd), team, method=found.method, interval=found.interval
    )
