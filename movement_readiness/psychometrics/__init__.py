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
from movement_readiness.psychometrics.exploratory import EFAResult, SchmidLeimanResult, efa, schmid_leiman
from movement_readiness.psychometrics.factorability import BartlettResult, KMOResult, bartlett_sphericity, kmo
from movement_readiness.psychometrics.results import EstimationWarning
from movement_readiness.psychometrics.retention import (
    MAPResult,
    ParallelAnalysisResult,
    RetentionResult,
    RetentionSummary,
    empirical_kaiser,
    hull,
    map_test,
    parallel_analysis,
    retention_summary,
)
from movement_readiness.psychometrics.rotation import Rotation, rotate

__all__ = [
    "BartlettResult",
    "CorrelationResult",
    "EFAResult",
    "EstimationWarning",
    "ICCResult",
    "KMOResult",
    "MAPResult",
    "ParallelAnalysisResult",
    "PolychoricResult",
    "PolyserialResult",
    "RetentionResult",
    "RetentionSummary",
    "Rotation",
    "SchmidLeimanResult",
    "bartlett_sphericity",
    "correlation_matrix",
    "efa",
    "empirical_kaiser",
    "evidence_state",
    "hull",
    "icc",
    "kmo",
    "map_test",
    "parallel_analysis",
    "polychoric",
    "polyserial",
    "retention_summary",
    "rotate",
    "schmid_leiman",
    "tetrachoric",
]
