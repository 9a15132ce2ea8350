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
from movement_readiness.psychometrics.items import ItemAnalysis, item_analysis
from movement_readiness.psychometrics.reliability import (
    AlphaResult,
    MeasurementErrorResult,
    OmegaResult,
    RetestResult,
    SmallestChangeResult,
    cronbach_alpha,
    mcdonald_omega,
    retest_icc,
    smallest_detectable_change,
    standard_error_of_measurement,
)
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
    "AlphaResult",
    "BartlettResult",
    "CorrelationResult",
    "EFAResult",
    "EstimationWarning",
    "ICCResult",
    "ItemAnalysis",
    "KMOResult",
    "MAPResult",
    "MeasurementErrorResult",
    "OmegaResult",
    "ParallelAnalysisResult",
    "PolychoricResult",
    "PolyserialResult",
    "RetentionResult",
    "RetentionSummary",
    "RetestResult",
    "Rotation",
    "SchmidLeimanResult",
    "SmallestChangeResult",
    "bartlett_sphericity",
    "correlation_matrix",
    "cronbach_alpha",
    "efa",
    "empirical_kaiser",
    "evidence_state",
    "hull",
    "icc",
    "item_analysis",
    "kmo",
    "map_test",
    "mcdonald_omega",
    "parallel_analysis",
    "polychoric",
    "polyserial",
    "retention_summary",
    "retest_icc",
    "rotate",
    "schmid_leiman",
    "smallest_detectable_change",
    "standard_error_of_measurement",
    "tetrachoric",
]
