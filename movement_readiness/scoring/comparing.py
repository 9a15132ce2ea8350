"""`compare_scores`: what the model says of people, beside the mean of their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.scoring.calibration import Calibration
from movement_readiness.scoring.factors import SUFFIXES
from movement_readiness.scoring.frames import floats, open_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare_scores"]

Floats = npt.NDArray[np.float64]


def compare_scores(scores: Any, calibration: Calibration) -> pd.DataFrame:
    """Put the two kinds of scores side by side: what the model says, and the mean of the answered items.

    Parameters
    ----------
    scores : data frame
        From `factor_scores`.
    calibration : Calibration
        The one they were made with.

    Returns
    -------
    DataFrame
        One row a factor: ``n`` respondents with scores; ``reliability`` of the factor score, var(T) / (var(T) +
        mean(SE^2)); ``correlation`` of T with the simple score; ``mean_difference`` and ``largest_difference`` (in
        size) of expected minus simple score, in points of 0 to 100. NaN where nobody or everybody alike has scores.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.scoring import calibrate, compare_scores, factor_scores
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=4, seed=1)
    >>> calibration = calibrate(study.responses, instrument)
    >>> compared = compare_scores(factor_scores(study.responses, calibration), calibration)
    >>> bool((compared["correlation"] > 0.9).all())
    True
    """
    import pandas as pd

    frame = open_frame(scores)
    table: nw.DataFrame[Any] = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    needed = [factor + suffix for factor in calibration.factors for suffix in SUFFIXES[:4]]
    if lost := [name for name in needed if name not in table.columns]:
        raise ArgumentError(f"scores: expected the scores of factor_scores(); {quoted(lost)} are no columns.")
    rows = [_compared(*(floats(table, factor + suffix) for suffix in SUFFIXES[:4])) for factor in calibration.factors]
    names = ["n", "reliability", "correlation", "mean_difference", "largest_difference"]
    return pd.DataFrame(rows, index=pd.Index(calibration.factors), columns=names)


def _compared(score: Floats, error: Floats, expected: Floats, simple: Floats) -> list[float]:
    there = ~np.isnan(score)
    n = int(there.sum())
    if n < 2:
        return [float(n), *[float("nan")] * 4]
    score, error, expected, simple = (values[there] for values in (score, error, expected, simple))
    variance = score.var(ddof=1)
    varies = min(variance, simple.var()) > 0
    away = expected - simple
    return [
        float(n),
        float(variance / (variance + (error**2).mean())),
        float(np.corrcoef(score, simple)[0, 1]) if varies else float("nan"),
        float(away.mean()),
        float(np.abs(away).max()),
    ]
