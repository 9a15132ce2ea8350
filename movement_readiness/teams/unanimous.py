"""Scales whose items are answered alike: what their mean, their spread and withheld items would say together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import answer_counts, item_options, site_sums
from movement_readiness.teams.disclosure import DisclosurePolicy, too_alike
from movement_readiness.teams.study import Round, Study

__all__ = ["Unanimous", "unanimous"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Unanimous:
    """One scale, and the answers to its items by group (sites, then teams).

    ``some``: any item is answered too much alike, so the spread is not told. ``nearly_all``: all items are, or all but
    one, so the mean is not told either: beside items that are withheld it would say what everybody answered.
    """

    some: Bools
    nearly_all: Bools
    tables: tuple[tuple[Ints, Floats], ...]
    policy: DisclosurePolicy

    def of_rest(self, site: int, rows: Ints) -> bool:
        """Whether the people of a site who are not in some of its teams (rows of the tables) answered alike."""
        left = [(table[site] - table[rows].sum(axis=0), values) for table, values in self.tables]
        if max((int(table.sum()) for table, _ in left), default=0) < self.policy.min_respondents:
            return False
        alike = sum(bool(too_alike(table[None, :], values, self.policy)[0]) for table, values in left)
        return bool(_nearly_all(np.array([alike]), len(left))[0])


def unanimous(study: Study, part: Round, instrument: Instrument, policy: DisclosurePolicy) -> Mapping[str, Unanimous]:
    """Which groups answered the items of each scale too much alike."""
    tables = []
    for place in range(len(part.items)):
        keyed, values, holders, _ = item_options(part, place, instrument)
        teams, loose = answer_counts(study, part, place, keyed, holders)
        tables.append((np.concatenate([loose + site_sums(study, teams), teams]), values))
    alike = [too_alike(table, values, policy) for table, values in tables]
    enough = [table.sum(axis=1) >= policy.min_respondents for table, _ in tables]
    found = {}
    for scale in part.scales:
        mine = [part.items.index(item) for item in instrument.item_ids(scale) if item in part.items]
        flags = np.stack([alike[place] & enough[place] for place in mine])
        found[scale] = Unanimous(
            flags.sum(axis=0) > 0,
            _nearly_all(flags.sum(axis=0), len(mine)),
            tuple(tables[place] for place in mine),
            policy,
        )
    return found


def _nearly_all(alike: Ints, n_items: int) -> Bools:
    flags: Bools = alike >= max(1, n_items - 1)
    return flags
