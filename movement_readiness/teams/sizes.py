"""How many people withheld groups have: told by no scale, item or head-count, nor by several of them together.

Few people skip a scale or an item, so a team has nearly the same number of people on all of them. A site's number on
one of them, less those of its teams wherever they are shown, would tell how many people its other teams have, even
where each table alone does not: a team that is withheld on one scale to protect a smaller one, but is shown on another.
So a team counts as known on all of them once its number is shown on any; what is then left of a site, wherever its own
number is shown, holds nobody or at least ``min_respondents_own_team`` people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import counted_answers, item_options, site_sums
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.shown import Shown
from movement_readiness.teams.study import Round, Study
from movement_readiness.teams.union import Barred

__all__ = ["Sizes", "add_told_sizes", "few", "left", "sizes_of"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """How many people count in each number ("scale rational", "item R1"): teams x numbers, sites x numbers."""

    names: tuple[str, ...]
    teams: Ints
    sites: Ints

    def shown(self, numbers: Mapping[str, Shown]) -> tuple[Bools, Bools]:
        """Of which teams, and of which sites, each number is shown."""
        found = [numbers[name] for name in self.names]
        return np.column_stack([one.teams for one in found]), np.column_stack([one.sites for one in found])


def sizes_of(study: Study, part: Round, instrument: Instrument) -> Sizes:
    """The numbers of people behind everything that can be shown of a round."""
    counts = [~np.isnan(part.scores[:, column]) for column in range(len(part.scales))]
    for column in range(len(part.items)):
        *_, holders, _ = item_options(part, column, instrument)
        counts.append(counted_answers(part, column, holders))
    teams = [np.bincount(part.team[rows & (part.team >= 0)], minlength=len(study.teams)) for rows in counts]
    sites = [np.bincount(part.site[rows], minlength=len(study.sites)) for rows in counts]
    names = (*(f"scale {scale}" for scale in part.scales), *(f"item {item}" for item in part.items))
    return Sizes(names, np.column_stack(teams), np.column_stack(sites))


def left(study: Study, teams: Ints, sites: Ints, known: Bools) -> Ints:
    """What is left of each site after taking away the teams that are known: sites x numbers."""
    found: Ints = sites - site_sums(study, np.where(known[:, None], teams, 0))
    return found


def few(people: Ints, policy: DisclosurePolicy) -> Bools:
    """Whether so many people are a group whose number must not be known."""
    flags: Bools = (people > 0) & (people < policy.min_respondents_own_team)
    return flags


def add_told_sizes(
    study: Study, part: Round, policy: DisclosurePolicy, sizes: Sizes, shown: Mapping[str, Shown], barred: Barred
) -> bool:
    """Add to `barred` what would tell how many people a withheld group has; whether anything was added.

    Either the teams that protect it, on everything, or the site on what they are withheld on: whatever fewer people
    lose. A site where nothing can be barred any more, because its numbers are out, stays.
    """
    team_shown, site_shown = sizes.shown(shown)
    team_out = np.column_stack([barred.out.get(name, np.zeros(len(study.teams), dtype=bool)) for name in sizes.names])
    site_out = np.column_stack(
        [barred.out_sites.get(name, np.zeros(len(study.sites), dtype=bool)) for name in sizes.names]
    )
    out = team_out.any(axis=1) | part.earlier.known
    known = team_shown.any(axis=1) | out
    rest = left(study, sizes.teams, sizes.sites, known)
    told = few(rest, policy) & (site_shown | site_out)
    n_groups, added = len(study.sites) + len(study.teams), False
    for site in np.flatnonzero(told.any(axis=1)):
        inside = np.flatnonzero((study.team_site == site) & known & ~out)
        protecting = inside[(told[site] & ~team_shown[inside] & (sizes.teams[inside] > 0)).any(axis=1)]
        chosen = _enough(sizes.teams, protecting, rest[site], site_shown[site] | site_out[site], policy)
        lost_by_teams = (sizes.teams * team_shown)[chosen].sum()
        if len(chosen) and lost_by_teams <= sizes.sites[site, told[site]].sum():
            added |= _add(barred, sizes.names, len(study.sites) + chosen, n_groups)
        else:
            names = [name for name, flag in zip(sizes.names, told[site] & site_shown[site], strict=True) if flag]
            added |= _add(barred, names, np.array([site]), n_groups)
    return added


def _enough(teams: Ints, protecting: Ints, rest: Ints, shown: Bools, policy: DisclosurePolicy) -> Ints:
    """The smallest teams that, withheld on everything, leave enough people; none where all of them do not."""
    order = protecting[np.argsort(teams[protecting].max(axis=1, initial=0), kind="stable")]
    for number in range(1, len(order) + 1):
        if not (few(rest + teams[order[:number]].sum(axis=0), policy) & shown).any():
            return order[:number]
    return order[:0]


def _add(barred: Barred, names: tuple[str, ...] | list[str], groups: Ints, n_groups: int) -> bool:
    added = False
    for name in names:
        flags = barred.by_round.setdefault(name, np.zeros(n_groups, dtype=bool))
        added |= not flags[groups].all()
        flags[groups] = True
    return added
