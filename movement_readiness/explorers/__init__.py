"""Explorers: widgets that show released results by team and site, and see nothing else."""

from movement_readiness.explorers.room import OwnRoom
from movement_readiness.explorers.site import SiteExplorer
from movement_readiness.explorers.team import TeamExplorer

__all__ = ["OwnRoom", "SiteExplorer", "TeamExplorer"]
