"""Psychometrics: arrays and frames in, results out; knows no instrument, no store and no plots."""

from movement_readiness.psychometrics.agreement import ICCResult, evidence_state, icc
from movement_readiness.psychometrics.correlation import (
    CorrelationResult,
    PolychoricResult,
    PolyserialResult,
    correlation_matrix,
    polychoric,
    polyserial,
    tetrachoric,
)
from movement_readiness.psychometrics.exploratory import EFAResult, efa
from movement_readiness.psychometrics.results import EstimationWarning
from movement_readiness.psychometrics.rotation import Rotation, rotate

__all__ = [
    "CorrelationResult",
    "EFAResult",
    "EstimationWarning",
    "ICCResult",
    "PolychoricResult",
    "PolyserialResult",
    "Rotation",
    "correlation_matrix",
    "efa",
    "evidence_state",
    "icc",
    "polychoric",
    "polyserial",
    "rotate",
    "tetrachoric",
]
