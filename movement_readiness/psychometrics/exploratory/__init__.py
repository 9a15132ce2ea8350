"""Exploratory factor analysis: extraction, fit, scores, `efa`, `schmid_leiman`."""

from movement_readiness.psychometrics.exploratory.analysis import efa
from movement_readiness.psychometrics.exploratory.hierarchical import SchmidLeimanResult, schmid_leiman
from movement_readiness.psychometrics.exploratory.result import EFAResult

__all__ = ["EFAResult", "SchmidLeimanResult", "efa", "schmid_leiman"]
