"""Psychometrics: arrays and frames in, results out; knows no instrument, no store and no plots."""

from movement_readiness.psychometrics.agreement import ICCResult, evidence_state, icc
from movement_readiness.psychometrics.results import EstimationWarning

__all__ = ["EstimationWarning", "ICCResult", "evidence_state", "icc"]
