"""Every figure, as a matplotlib `Figure` that reads without colour, and as an image with its text alternative.

Figures are made without pyplot, so nothing is kept open and nothing global changes. They take frames of
numbers that may be shown already, or results; they compute nothing.
"""

from movement_readiness.plots.answers import answer_bars
from movement_readiness.plots.funnel import funnel
from movement_readiness.plots.picture import Picture
from movement_readiness.plots.scores import heat_map, profile, pull_strip
from movement_readiness.plots.structure import item_distributions, loadings_heat_map, scree
from movement_readiness.plots.teams import change, spread_strip

__all__ = [
    "Picture",
    "answer_bars",
    "change",
    "funnel",
    "heat_map",
    "item_distributions",
    "loadings_heat_map",
    "profile",
    "pull_strip",
    "scree",
    "spread_strip",
]
