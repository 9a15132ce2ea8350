"""In a sentence: what allows the means of sites to be compared, or that nothing has been shown to."""

from __future__ import annotations

from typing import Any

import pandas as pd

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError

__all__ = ["invariance_sentence"]

# Changes of fit from one step to the next that still count as none: Chen (2007), doi:10.1080/10705510701301834.
_CFI_MAY_FALL, _RMSEA_MAY_RISE = 0.010, 0.015
_NONE_SHOWN = (
    "No evidence has been shown that people at all sites understand the items in the same way (measurement "
    "invariance): a difference between sites may be one of how the items are read."
)
_OF_MEANS = ("scalar", "intercept", "threshold", "strict", "residual")


def invariance_sentence(evidence: Any) -> str:
    """What allows sites to be compared, in a sentence.

    Parameters
    ----------
    evidence : None, str or result with to_frame()
        A sentence is taken as it is. A table has a row for each step of a test of measurement invariance between
        sites, in order, with the columns step, cfi and rmsea.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError
        It is none of these, or the table lacks a column.

    Notes
    -----
    A step holds where CFI falls by at most .010 and RMSEA rises by at most .015 from the step before (Chen 2007,
    doi:10.1080/10705510701301834). Means may be compared from equal intercepts or thresholds on ("scalar").

    Examples
    --------
    >>> invariance_sentence(None)[:30]
    'No evidence has been shown tha'
    """
    if evidence is None:
        return _NONE_SHOWN
    if isinstance(evidence, str) and evidence.strip():
        return evidence.strip()
    if not hasattr(evidence, "to_frame"):
        raise ArgumentError(f"invariance: expected a sentence or a result with to_frame(); got {evidence!r}.")
    steps = _steps(evidence.to_frame())
    held = _held(steps)
    reached = str(steps["step"].iloc[held])
    found = (
        f"Measurement invariance between sites holds up to the step {reached!r} (of {quoted(list(steps['step']))}): "
        f"no step to there makes CFI fall by more than {_CFI_MAY_FALL:.3f} or RMSEA rise by more than "
        f"{_RMSEA_MAY_RISE:.3f}."
    )
    if any(word in reached.casefold() for word in _OF_MEANS):
        return f"{found} Means of sites may be compared."
    return f"{found} That is not enough to compare means: a difference may be one of how the items are read."


def _steps(table: Any) -> pd.DataFrame:
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(table)
    lacking = [name for name in ("step", "cfi", "rmsea") if name not in frame.columns]
    if lacking or not len(frame):
        what = f"{quoted(lacking)} missing" if lacking else "no rows"
        raise ArgumentError(f"invariance: expected a table with a row a step and step, cfi and rmsea; got {what}.")
    return frame


def _held(steps: pd.DataFrame) -> int:
    """Place of the last step to which every one holds."""
    worse = (steps["cfi"].diff() < -_CFI_MAY_FALL - 1e-12) | (steps["rmsea"].diff() > _RMSEA_MAY_RISE + 1e-12)
    unknown = steps[["cfi", "rmsea"]].isna().any(axis=1)
    failed = (worse | unknown).to_numpy()
    return int(failed.argmax()) - 1 if failed[1:].any() else len(steps) - 1
