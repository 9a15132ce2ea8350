"""Readiness for movement: a questionnaire for health-care teams, scored, protected and reported.

The public names are flat (``import movement_readiness as mr``) and load what they need when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "AlphaResult": "psychometrics",
    "BartlettResult": "psychometrics",
    "Claim": "evidence",
    "CorrelationResult": "psychometrics",
    "DisclosurePolicy": "teams",
    "EFAResult": "psychometrics",
    "ICCResult": "psychometrics",
    "Instrument": "instrument",
    "ItemAnalysis": "psychometrics",
    "KMOResult": "psychometrics",
    "MAPResult": "psychometrics",
    "MeasurementErrorResult": "psychometrics",
    "MovementReadinessError": "exceptions",
    "MovementReadinessWarning": "exceptions",
    "OmegaResult": "psychometrics",
    "ParallelAnalysisResult": "psychometrics",
    "PolychoricResult": "psychometrics",
    "PolyserialResult": "psychometrics",
    "Report": "reports",
    "Response": "responses",
    "ResponseForm": "workshop",
    "ResponseStore": "workshop",
    "ResponsesSummary": "responses",
    "RetentionResult": "psychometrics",
    "RetentionSummary": "psychometrics",
    "RetestResult": "psychometrics",
    "Rotation": "psychometrics",
    "SchmidLeimanResult": "psychometrics",
    "SimulatedStudy": "simulation",
    "SmallestChangeResult": "psychometrics",
    "TeamResults": "teams",
    "aggregate_scores": "teams",
    "bartlett_sphericity": "psychometrics",
    "claim": "evidence",
    "correlation_matrix": "psychometrics",
    "cronbach_alpha": "psychometrics",
    "efa": "psychometrics",
    "empirical_kaiser": "psychometrics",
    "hull": "psychometrics",
    "icc": "psychometrics",
    "item_analysis": "psychometrics",
    "item_matrix": "scoring",
    "kmo": "psychometrics",
    "load_instrument": "instrument",
    "map_test": "psychometrics",
    "mcdonald_omega": "psychometrics",
    "parallel_analysis": "psychometrics",
    "polychoric": "psychometrics",
    "polyserial": "psychometrics",
    "read_responses": "responses",
    "retention_summary": "psychometrics",
    "retest_icc": "psychometrics",
    "rotate": "psychometrics",
    "schmid_leiman": "psychometrics",
    "score_scales": "scoring",
    "simulate_responses": "simulation",
    "site_report": "reports",
    "smallest_detectable_change": "psychometrics",
    "standard_error_of_measurement": "psychometrics",
    "team_report": "reports",
    "tetrachoric": "psychometrics",
    "write_responses": "responses",
}

__all__ = [
    "AlphaResult",
    "BartlettResult",
    "Claim",
    "CorrelationResult",
    "DisclosurePolicy",
    "EFAResult",
    "ICCResult",
    "Instrument",
    "ItemAnalysis",
    "KMOResult",
    "MAPResult",
    "MeasurementErrorResult",
    "MovementReadinessError",
    "MovementReadinessWarning",
    "OmegaResult",
    "ParallelAnalysisResult",
    "PolychoricResult",
    "PolyserialResult",
    "Report",
    "Response",
    "ResponseForm",
    "ResponseStore",
    "ResponsesSummary",
    "RetentionResult",
    "RetentionSummary",
    "RetestResult",
    "Rotation",
    "SchmidLeimanResult",
    "SimulatedStudy",
    "SmallestChangeResult",
    "TeamResults",
    "__version__",
    "aggregate_scores",
    "bartlett_sphericity",
    "claim",
    "correlation_matrix",
    "cronbach_alpha",
    "efa",
    "empirical_kaiser",
    "hull",
    "icc",
    "item_analysis",
    "item_matrix",
    "kmo",
    "load_instrument",
    "map_test",
    "mcdonald_omega",
    "parallel_analysis",
    "polychoric",
    "polyserial",
    "read_responses",
    "retention_summary",
    "retest_icc",
    "rotate",
    "schmid_leiman",
    "score_scales",
    "simulate_responses",
    "site_report",
    "smallest_detectable_change",
    "standard_error_of_measurement",
    "team_report",
    "tetrachoric",
    "write_responses",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'movement_readiness' has no attribute {name!r}")
    return getattr(import_module(f"movement_readiness.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))


if TYPE_CHECKING:
    from movement_readiness.evidence import Claim, claim
    from movement_readiness.exceptions import MovementReadinessError, MovementReadinessWarning
    from movement_readiness.instrument import Instrument, load_instrument
    from movement_readiness.psychometrics import (
        AlphaResult,
        BartlettResult,
        CorrelationResult,
        EFAResult,
        ICCResult,
        ItemAnalysis,
        KMOResult,
        MAPResult,
        MeasurementErrorResult,
        OmegaResult,
        ParallelAnalysisResult,
        PolychoricResult,
        PolyserialResult,
        RetentionResult,
        RetentionSummary,
        RetestResult,
        Rotation,
        SchmidLeimanResult,
        SmallestChangeResult,
        bartlett_sphericity,
        correlation_matrix,
        cronbach_alpha,
        efa,
        empirical_kaiser,
        hull,
        icc,
        item_analysis,
        kmo,
        map_test,
        mcdonald_omega,
        parallel_analysis,
        polychoric,
        polyserial,
        retention_summary,
        retest_icc,
        rotate,
        schmid_leiman,
        smallest_detectable_change,
        standard_error_of_measurement,
        tetrachoric,
    )
    from movement_readiness.reports import Report, site_report, team_report
    from movement_readiness.responses import Response, ResponsesSummary, read_responses, write_responses
    from movement_readiness.scoring import item_matrix, score_scales
    from movement_readiness.simulation import SimulatedStudy, simulate_responses
    from movement_readiness.teams import DisclosurePolicy, TeamResults, aggregate_scores
    from movement_readiness.workshop import ResponseForm, ResponseStore
