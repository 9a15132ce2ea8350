"""Readiness for movement: a questionnaire for health-care teams, scored, protected and reported.

The public names are flat (``import movement_readiness as mr``) and load what they need when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Claim": "evidence",
    "DisclosurePolicy": "teams",
    "ICCResult": "psychometrics",
    "Instrument": "instrument",
    "MovementReadinessError": "exceptions",
    "MovementReadinessWarning": "exceptions",
    "Report": "reports",
    "Response": "responses",
    "ResponseForm": "workshop",
    "ResponseStore": "workshop",
    "ResponsesSummary": "responses",
    "SimulatedStudy": "simulation",
    "TeamResults": "teams",
    "aggregate_scores": "teams",
    "claim": "evidence",
    "icc": "psychometrics",
    "item_matrix": "scoring",
    "load_instrument": "instrument",
    "read_responses": "responses",
    "score_scales": "scoring",
    "simulate_responses": "simulation",
    "site_report": "reports",
    "team_report": "reports",
    "write_responses": "responses",
}

__all__ = [
    "Claim",
    "DisclosurePolicy",
    "ICCResult",
    "Instrument",
    "MovementReadinessError",
    "MovementReadinessWarning",
    "Report",
    "Response",
    "ResponseForm",
    "ResponseStore",
    "ResponsesSummary",
    "SimulatedStudy",
    "TeamResults",
    "__version__",
    "aggregate_scores",
    "claim",
    "icc",
    "item_matrix",
    "load_instrument",
    "read_responses",
    "score_scales",
    "simulate_responses",
    "site_report",
    "team_report",
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
    from movement_readiness.psychometrics import ICCResult, icc
    from movement_readiness.reports import Report, site_report, team_report
    from movement_readiness.responses import Response, ResponsesSummary, read_responses, write_responses
    from movement_readiness.scoring import item_matrix, score_scales
    from movement_readiness.simulation import SimulatedStudy, simulate_responses
    from movement_readiness.teams import DisclosurePolicy, TeamResults, aggregate_scores
    from movement_readiness.workshop import ResponseForm, ResponseStore
