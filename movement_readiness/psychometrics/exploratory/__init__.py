"""Exploratory factor analysis: extraction, fit, scores, `efa`."""

from movement_readiness.psychometrics.exploratory.analysis import efa
from movement_readiness.psychometrics.exploratory.result import EFAResult

__all__ = ["EFAResult", "efa"]
