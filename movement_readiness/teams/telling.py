"""What gives a few people away where two releases are compared: too few of them, or answers that are too much alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import item_options
from movement_readiness.teams.crossing import Across, Counted, Difference, Judge, Sides
from movement_readiness.teams.disclosure import DisclosurePolicy, too_alike
from movement_readiness.teams.study import Round

__all__ = ["Telling"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Telling:
    """The rules by which the numbers of one round are compared with those of another round or release."""

    part: Round
    instrument: Instrument
    policy: DisclosurePolicy

    def judge(self, name: str, before: Counted, now: Counted, *, strict: bool) -> Judge:
        """What gives a few people away, for the mean of a scale or the answers to an item.

        ``strict``: neither those who came nor those who went may be few; else not both together.
        """
        least = self.policy.min_respondents_own_team
        is_item = name.startswith("item ")

        def few(found: Difference) -> Bools:
            sides = [found.came, found.went] if strict or is_item else [found.came + found.went]
            told: Bools = np.stack([(side > 0) & (side < least) for side in sides]).max(axis=0)
            if is_item:
                told |= _alike(found, before, now, self._options(name), self.policy)
            flags: Bools = told & (found.both > 0)  # other people altogether: nothing can be subtracted
            return flags

        return few

    def told_alone(self, name: str, before: Counted, n_sites: int) -> Callable[[Bools], Bools]:
        """At which sites the sum over some people of an earlier release must not be known."""
        least = self.policy.min_respondents_own_team

        def told(rows: Bools) -> Bools:
            rows = rows & before.counts
            n = np.bincount(before.site[rows], minlength=n_sites)
            flags: Bools = (n > 0) & (n < least)
            unknown = rows & np.isnan(before.values)
            flags |= np.bincount(before.site[unknown], minlength=n_sites) > 0  # nobody can say any more
            if name.startswith("item "):
                options, points = self._options(name)
                return flags | too_alike(
                    _table(rows, before.site, before.values, options, n_sites), points, self.policy
                )
            return flags

        return told

    def across(self, name: str, before: Counted, now: Counted) -> Across:
        """Which teams give a few people away beside their whole site in the other release.

        The first array is of teams of the later release beside the site of the earlier one, the second of those of
        the earlier beside the site of the later one.
        """

        def of(sides: Sides, whole: Difference) -> tuple[Bools, Bools]:
            return (
                self._beside_site(name, now, before, sides, sides.now_team, now.counts & ~whole.came_rows),
                self._beside_site(name, before, now, sides, sides.before_team, before.counts & ~whole.went_rows),
            )

        return of

    def _beside_site(self, name: str, one: Counted, site: Counted, sides: Sides, team: Ints, same: Bools) -> Bools:
        n_teams, n_sites, least = len(sides.team_site), len(site.sites), self.policy.min_respondents_own_team
        kept = np.bincount(team[same], minlength=n_teams)
        went = np.bincount(team[one.counts], minlength=n_teams) - kept
        came = np.bincount(site.site[site.counts], minlength=n_sites)[sides.team_site] - kept
        if name.startswith("item "):
            options, points = self._options(name)
            of_site = _table(site.counts, site.site, site.values, options, n_sites)[sides.team_site]
            gain = of_site - _table(one.counts, team, one.values, options, n_teams)
            told = np.zeros(n_teams, dtype=bool)
            for part, people in ((np.maximum(gain, 0), came), (np.maximum(-gain, 0), went)):
                few = (people > 0) & (people < least)
                told |= (part.sum(axis=1) == people) & (few | too_alike(part, points, self.policy))
        else:
            told = (came + went > 0) & (came + went < least)
        flags: Bools = told & (kept > 0)
        return flags

    def _options(self, name: str) -> tuple[Floats, Floats]:
        options, points, _, _ = item_options(self.part, self.part.items.index(name.partition(" ")[2]), self.instrument)
        return options, points


def _alike(
    found: Difference, before: Counted, now: Counted, options: tuple[Floats, Floats], policy: DisclosurePolicy
) -> Bools:
    """Whether the answers of those who came (or went) are told, and are nearly the same."""
    n = len(found.both)
    gain = _table(found.in_now, found.groups_now, now.values, options[0], n) - _table(
        found.in_before, found.groups_before, before.values, options[0], n
    )
    told = np.zeros(n, dtype=bool)
    for part, people in ((np.maximum(gain, 0), found.came), (np.maximum(-gain, 0), found.went)):
        told |= (part.sum(axis=1) == people) & too_alike(part, options[1], policy)
    unknown = found.went_rows & np.isnan(before.values)  # whether those who went agreed, nobody can say any more
    told |= (found.came == 0) & (np.bincount(found.groups_before[unknown], minlength=n) > 0)
    return told


def _table(rows: Bools, groups: Ints, values: Floats, options: Floats, n: int) -> Ints:
    """How often each option was chosen in each group; answers that are not known any more are left out."""
    kept = rows & ~np.isnan(values)
    cells = groups[kept] * len(options) + np.searchsorted(options, values[kept])
    found: Ints = np.bincount(cells, minlength=n * len(options)).reshape(n, len(options))
    return found
