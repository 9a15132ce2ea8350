"""Teams and sites: which groups may be shown, and their numbers."""

from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.aggregating import aggregate_own_teams, aggregate_scores
from movement_readiness.teams.aggregation import Aggregation
from movement_readiness.teams.disclosure import REASONS, DisclosurePolicy
from movement_readiness.teams.releases import ReleaseLog
from movement_readiness.teams.results import TeamResults

__all__ = [
    "REASONS",
    "Aggregation",
    "DisclosurePolicy",
    "ReleaseLog",
    "RevealedPage",
    "TeamResults",
    "aggregate_own_teams",
    "aggregate_scores",
]
