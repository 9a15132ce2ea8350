"""Of which groups a number is shown, and who counts in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import counted_answers
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.study import Round

__all__ = ["Shown", "counted", "of_items"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shown:
    """Of which teams and sites one number is shown to anybody."""

    teams: Bools
    sites: Bools

    def __bool__(self) -> bool:
        return bool(self.teams.any() or self.sites.any())

    def either(self, other: Shown) -> Shown:
        """Of which groups it is shown in one or the other."""
        return Shown(self.teams | other.teams, self.sites | other.sites)


def of_items(instrument: Instrument, scale: str, shown: Mapping[str, Shown]) -> Shown | None:
    """Of which groups all items of a scale are shown together; None where the form does not have them all."""
    items = [shown.get(f"item {item}") for item in instrument.item_ids(scale)]
    there = [one for one in items if one is not None]
    if not there or len(there) < len(items):
        return None
    return Shown(np.all([one.teams for one in there], axis=0), np.all([one.sites for one in there], axis=0))


def counted(instrument: Instrument, part: Round, name: str, shown: Shown) -> Counted:
    """Who counts in a number of a round, and their scores or answers."""
    kind, _, what = name.partition(" ")
    if kind == "item":
        column = part.items.index(what)
        holders = [place for place, scale in enumerate(part.scales) if what in instrument.item_ids(scale)]
        counts, values = counted_answers(part, column, holders), part.answers[:, column]
    elif what in part.scales:
        values = part.scores[:, part.scales.index(what)]
        counts = ~np.isnan(values)
    else:
        return _summed(instrument, part, what, shown)
    return Counted(part.site, part.team, counts, shown.teams, shown.sites, values)


def _summed(instrument: Instrument, part: Round, scale: str, shown: Shown) -> Counted:
    """No scale of this form, but all its items are shown: they add up to it where each of them has the same people.

    Elsewhere the items tell sums over different people, none of which is a sum of the scale: nobody counts there.
    """
    items = [counted(instrument, part, f"item {item}", shown).counts for item in instrument.item_ids(scale)]
    some, every = np.any(items, axis=0), np.all(items, axis=0)
    of_team, n_sites = np.append(shown.teams, False)[part.team], len(shown.sites)
    group = np.where(of_team, n_sites + part.team, part.site)  # a shown team; the rest of a site
    uneven = np.bincount(group[some & ~every], minlength=n_sites + len(shown.teams)) > 0
    teams = shown.teams & ~uneven[n_sites:]
    return Counted(
        part.site, part.team, every & ~uneven[group], teams, shown.sites, np.full(len(every), np.nan)
    )  # fmt: skip
