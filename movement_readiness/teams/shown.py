"""Of which groups a number is shown, and who counts in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.study import Round

__all__ = ["Shown", "counted"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """Of which teams and sites one number is shown to anybody."""

    teams: Bools
    sites: Bools

    def __bool__(self) -> bool:
        return bool(self.teams.any() or self.sites.any())


def counted(instrument: Instrument, part: Round, name: str, shown: Shown) -> Counted:
    """Who counts in a number of a round, and their scores or answers."""
    kind, _, what = name.partition(" ")
    if kind == "item":
        column = part.answers[:, part.items.index(what)]
        holders = [place for place, scale in enumerate(part.scales) if what in instrument.item_ids(scale)]
        counts, values = ~np.isnan(column) & ~np.isnan(part.scores[:, holders]).any(axis=1), column
    elif what in part.scales:
        values = part.scores[:, part.scales.index(what)]
        counts = ~np.isnan(values)
    else:  # no scale of this form, but all its items are shown, which add up to it
        columns = [part.items.index(item) for item in instrument.item_ids(what)]
        counts = np.isnan(part.answers[:, columns]).max(axis=1) == 0
        values = np.full(len(counts), np.nan)
    return Counted(part.site, part.team, counts, shown.teams, shown.sites, values)
