"""Every figure, as a matplotlib `Figure` that reads without colour, and as an image with its text alternative.

Figures are made without pyplot, so nothing is kept open and nothing global changes. They take frames of
numbers that may be shown already, or results; they compute nothing.
"""

from movement_readiness.plots.picture import Picture
from movement_readiness.plots.scores import heat_map, profile, pull_strip
from movement_readiness.plots.structure import item_distributions, loadings_heat_map, scree

__all__ = ["Picture", "heat_map", "item_distributions", "loadings_heat_map", "profile", "pull_strip", "scree"]
