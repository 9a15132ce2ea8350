"""Psychometrics: arrays and frames in, results out; knows no instrument, no store and no plots.

The names here load what they need when first used: whoever wants an ICC loads no factor analysis.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from movement_readiness.psychometrics.agreement import ICCResult, average_deviation, evidence_state, icc, rwg_j
    from movement_readiness.psychometrics.confirmatory import CFAResult, ModelComparison, cfa, compare_models
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
    from movement_readiness.psychometrics.invariance import InvarianceResult, measurement_invariance
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
    from movement_readiness.psychometrics.validity import (
        average_variance_extracted,
        bifactor_indices,
        composite_reliability,
        htmt,
    )

__all__ = [
    "AlphaResult",
    "BartlettResult",
    "CFAResult",
    "CorrelationResult",
    "EFAResult",
    "EstimationWarning",
    "ICCResult",
    "InvarianceResult",
    "ItemAnalysis",
    "KMOResult",
    "MAPResult",
    "MeasurementErrorResult",
    "ModelComparison",
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
    "average_deviation",
    "average_variance_extracted",
    "bartlett_sphericity",
    "bifactor_indices",
    "cfa",
    "compare_models",
    "composite_reliability",
    "correlation_matrix",
    "cronbach_alpha",
    "efa",
    "empirical_kaiser",
    "evidence_state",
    "htmt",
    "hull",
    "icc",
    "item_analysis",
    "kmo",
    "map_test",
    "mcdonald_omega",
    "measurement_invariance",
    "parallel_analysis",
    "polychoric",
    "polyserial",
    "retention_summary",
    "retest_icc",
    "rotate",
    "rwg_j",
    "schmid_leiman",
    "smallest_detectable_change",
    "standard_error_of_measurement",
    "tetrachoric",
]

_HOMES = {
    "AlphaResult": "reliability",
    "BartlettResult": "factorability",
    "CFAResult": "confirmatory",
    "CorrelationResult": "correlation",
    "EFAResult": "exploratory",
    "EstimationWarning": "results",
    "ICCResult": "agreement",
    "InvarianceResult": "invariance",
    "ItemAnalysis": "items",
    "KMOResult": "factorability",
    "MAPResult": "retention",
    "MeasurementErrorResult": "reliability",
    "ModelComparison": "confirmatory",
    "OmegaResult": "reliability",
    "ParallelAnalysisResult": "retention",
    "PolychoricResult": "correlation",
    "PolyserialResult": "correlation",
    "RetentionResult": "retention",
    "RetentionSummary": "retention",
    "RetestResult": "reliability",
    "Rotation": "rotation",
    "SchmidLeimanResult": "exploratory",
    "SmallestChangeResult": "reliability",
    "average_deviation": "agreement",
    "average_variance_extracted": "validity",
    "bartlett_sphericity": "factorability",
    "bifactor_indices": "validity",
    "cfa": "confirmatory",
    "compare_models": "confirmatory",
    "composite_reliability": "validity",
    "correlation_matrix": "correlation",
    "cronbach_alpha": "reliability",
    "efa": "exploratory",
    "empirical_kaiser": "retention",
    "evidence_state": "agreement",
    "htmt": "validity",
    "hull": "retention",
    "icc": "agreement",
    "item_analysis": "items",
    "kmo": "factorability",
    "map_test": "retention",
    "mcdonald_omega": "reliability",
    "measurement_invariance": "invariance",
    "parallel_analysis": "retention",
    "polychoric": "correlation",
    "polyserial": "correlation",
    "retention_summary": "retention",
    "retest_icc": "reliability",
    "rotate": "rotation",
    "rwg_j": "agreement",
    "schmid_leiman": "exploratory",
    "smallest_detectable_change": "reliability",
    "standard_error_of_measurement": "reliability",
    "tetrachoric": "correlation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'movement_readiness.psychometrics' has no attribute {name!r}")
    return getattr(import_module(f"movement_readiness.psychometrics.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
