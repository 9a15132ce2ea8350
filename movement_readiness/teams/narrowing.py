"""Whom everything that is shown together narrows too far, by a linear program, and what is withheld for it.

Two programs are judged. Of means alone, taken as exact: rounding is no part of the promise there. Of means and items
together, the means known to half a step of rounding: beside its items an exact mean would tell the score of anybody who
skipped one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.facts import ABSENT, Facts, Table
from movement_readiness.teams.fresh import Before, newly_told
from movement_readiness.teams.nearby import far_apart
from movement_readiness.teams.program import Target, width
from movement_readiness.teams.screening import Screen

__all__ = ["Leavers", "bars_of"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SLACK = 1e-6


@dataclass(frozen=True)
class Leavers:
    """People of earlier releases whose answers are not at hand any more: ``people``, and the ``sites`` they left.

    Either everybody is taken to know their answers (``known``): then they are in no table, and those who stayed are
    judged. Or they are taken to have answered this and that: then those who left are judged, and their teams; beside
    the means alone too (``means``), or only beside means and items together.
    """

    sites: Bools
    people: Bools
    known: bool = True
    means: bool = True


def bars_of(facts: Facts, last: int, policy: DisclosurePolicy, settled: Bools, leavers: Leavers) -> Mapping[str, Bools]:
    """What must not be shown of the last layer, by the name of the number: groups (sites, then teams).

    Parameters
    ----------
    facts : Facts
    last : int
    policy : DisclosurePolicy
    settled : array, one entry a site
        Where the same was found safe before.
    leavers : Leavers
    """
    found: dict[str, Bools] = {}
    judge = _Judge(facts, last, policy, leavers)
    done = settled.copy() if leavers.known else settled | ~leavers.sites
    for with_items in (False, True) if leavers.means else (True,):
        for site, targets in judge.narrowed(done, with_items).items():
            done[site] = True  # the items there are judged again when the means are safe
            for name, place in judge.cure(site, targets, with_items):
                size = len(judge.now[0].site_shown) + len(judge.now[0].team_shown)
                found.setdefault(name, np.zeros(size, dtype=bool))[place] = True
    return found


class _Judge:
    def __init__(self, facts: Facts, last: int, policy: DisclosurePolicy, leavers: Leavers) -> None:
        self.facts, self.last, self.policy, self.leavers = facts, last, policy, leavers
        self.now = [table for table in facts.tables if table.layer == last]
        self.order = np.argsort(facts.site, kind="stable")
        n_sites = len(self.now[0].site_shown) if self.now else 0
        self.bounds = np.searchsorted(facts.site[self.order], np.arange(n_sites + 1))
        self.limit = policy.min_interval - _SLACK
        self._reach: dict[tuple[int, int], float] = {}
        self._of_item: dict[int, Facts] = {}

    def at(self, site: int) -> Ints:
        return np.sort(self.order[self.bounds[site] : self.bounds[site + 1]])

    def narrowed(self, settled: Bools, with_items: bool) -> dict[int, list[Target]]:
        """Sites and the targets there that the program finds narrowed, of those that the screening leaves."""
        found: dict[int, list[Target]] = {}
        tables = self._tables(with_items)
        left = list(self._left(tables, settled, with_items))
        far = far_apart(self.facts, tables, left, self.at, self.policy, rounded=with_items)
        for place in np.flatnonzero(~far):
            target = left[place]
            site = int(self.facts.site[target.people[0]])
            if self._is_narrow(site, tables, target, with_items):
                found.setdefault(site, []).append(target)
        return found

    def _left(self, tables: list[Table], settled: Bools, with_items: bool) -> Iterator[Target]:
        """The targets that the screening leaves."""
        screen = Screen(self.facts, self.last, self.policy, settled, with_items=with_items)
        fresh, before = newly_told(tables, self.facts.site, self.last), Before(self.facts, self.last)
        for target in screen.left():
            if not fresh[target.people].any() or self._is_out(target) or not self._is_judged(target):
                continue
            # Of whom a team shown before consisted is not seen where those who left are in no table.
            cut = not (self.leavers.known and self.leavers.sites[self.facts.site[target.people[0]]])
            judged = before.not_out(target, self.limit) if cut else target
            if judged is target or (len(judged.people) and screen.room(judged) < self.limit):
                yield judged

    def _is_judged(self, target: Target) -> bool:
        return self.leavers.known or bool(self.leavers.people[target.people].any())

    def _is_out(self, target: Target) -> bool:
        """Whether the team was hidden in an earlier release of this round, and the very same people are shown now."""
        if target.item >= 0 or not self.facts.tables[target.table].again:
            return False
        name = self.facts.tables[target.table].name
        for table in self.now:
            if table.name == name:
                team = table.group[target.people[0]]
                return bool(team >= 0 and np.array_equal(np.flatnonzero(table.group == team), target.people))
        return False

    def _width(self, site: int, tables: list[Table], target: Target, with_items: bool) -> float:
        people = self._told(site, tables, target.people)
        return width(self.facts, tables, people, target, self.policy, rounded=with_items)

    def _is_narrow(self, site: int, tables: list[Table], target: Target, with_items: bool) -> bool:
        if with_items and len(target.people) == 1 and self._is_wide_alone(site, target):
            return False
        found = self._width(site, tables, target, with_items)
        if found >= self.limit:
            return False
        if self.leavers.known and self.leavers.sites[site]:
            return True  # what the earlier releases tell alone depends on what those who left answered
        earlier = [table for table in tables if table.layer != self.last]
        before = self._width(site, earlier, target, with_items)
        return not found >= before - _SLACK  # also where one of them cannot be solved (NaN)

    def _is_wide_alone(self, site: int, target: Target) -> bool:
        """Whether somebody's answers are told so little that those to the other items may stay as they are."""
        items = [target.item] if target.item >= 0 else np.flatnonzero(target.share(self.facts)[0])
        if len(self.facts.scales) == 1 and np.isnan(self.facts.points[target.people[0]]).any():
            return False  # what somebody answered who skipped something is tied to the rounding of the means
        reach = 0.0
        for item in items:
            reach += self._alone(site, int(target.people[0]), int(item)) * (
                1.0 if target.item >= 0 else abs(target.share(self.facts)[0, item])
            )
            if reach >= self.limit:
                return True
        return False

    def _alone(self, site: int, person: int, item: int) -> float:
        if (person, item) not in self._reach:
            facts = self._of_item.get(item) or self._of_item.setdefault(item, self.facts.of_item(item))
            people = self._told(site, list(facts.tables), np.array([person]))
            self._reach[person, item] = width(
                facts, list(facts.tables), people, Target(np.array([person]), -1, 0), self.policy, rounded=False
            )
        return self._reach[person, item]

    def _told(self, site: int, tables: list[Table], target: Ints) -> Ints:
        """Everybody at a site of whom anything is shown, and the target."""
        people = self.at(site)
        told = np.isin(people, target)
        for table in tables:
            told |= table.group[people] != ABSENT
        return people[told]

    def cure(self, site: int, targets: list[Target], with_items: bool) -> Iterator[tuple[str, Ints]]:
        """What to withhold of the last layer so that the targets are not narrowed: items, else means."""
        n_sites = len(self.now[0].site_shown)
        items = [table for table in self.now if table.item >= 0 and (table.group[self.at(site)] != ABSENT).any()]
        if with_items and items:
            names, groups = self._items_to_withhold(site, targets, items)
            for name in names:
                yield name, np.array([site if group < 0 else n_sites + group for group in sorted(groups)])
            return
        hidden: set[int] = set()
        for target in targets:
            if not hidden or self._is_narrow(site, self._tables(with_items, site, hidden), target, with_items):
                hidden |= self._cured_by(site, hidden, target, with_items)
        for group in sorted(hidden):
            for table in self.now:
                if table.item < 0:
                    yield table.name, np.array([site if group < 0 else n_sites + group])

    def _items_to_withhold(self, site: int, targets: list[Target], shown: list[Table]) -> tuple[set[str], set[int]]:
        """The fewest items and groups that will do, of those that are tried; else every item in every group."""
        every = {table.name for table in shown}
        mine = {table.name for table in shown if any(self._concerns(table, target) for target in targets)}
        people = np.concatenate([target.people for target in targets])
        there = np.any([table.team_shown for table in shown], axis=0)
        # Also the teams that people who left were in before; those that are gone now have places behind the others.
        teams = np.unique(np.concatenate([table.team[people] for table in self.facts.tables]))
        near = {int(team) for team in teams if 0 <= team < len(there) and there[team]}
        for names in (mine, every):
            for groups in ({-1}, near, near | {-1}):
                tables = self._tables(True, site, groups, names)
                if names and groups and not any(self._is_narrow(site, tables, target, True) for target in targets):
                    return names, groups
        return every, {-1, *(int(team) for table in shown for team in table.team[self.at(site)] if team >= 0)}

    def _concerns(self, table: Table, target: Target) -> bool:
        """Whether an item is of the target's scale, or the target's item."""
        if target.item >= 0:
            return table.item == target.item
        return bool(self.facts.tables[target.table].weight[target.people, table.item].any())

    def _cured_by(self, site: int, hidden: set[int], target: Target, with_items: bool) -> set[int]:
        """The group (-1: the site) without whose mean the target is not narrowed; else the first two that there are."""
        candidates = self._candidates(site, hidden, target)
        for group in candidates:
            tables = self._tables(with_items, site, hidden | {group})
            if not self._is_narrow(site, tables, target, with_items):
                return {group}
        return set(candidates[:2])

    def _candidates(self, site: int, hidden: set[int], target: Target) -> list[int]:
        """The site, then its shown teams, those first that share most people with the target."""
        people = self.at(site)
        shared: dict[int, int] = {}
        for table in self.now:
            if table.item < 0:
                if table.site_shown[site]:
                    shared[-1] = len(people) + 1
                for group in np.unique(table.group[people][table.group[people] >= 0]).tolist():
                    both = max(int((one.team[target.people] == group).sum()) for one in self.facts.tables)
                    shared[group] = max(shared.get(group, 0), both)
        return sorted(set(shared) - hidden, key=lambda group: (-shared[group], group))

    def _tables(
        self, with_items: bool, site: int = -1, hidden: Collection[int] = (), items: Collection[str] = ()
    ) -> list[Table]:
        """What is shown; of the last layer without the means (or these items) of some groups of a site."""
        return [
            _hiding(table, site, hidden)
            if hidden and table.layer == self.last and (table.name in items if items else table.item < 0)
            else table
            for table in self.facts.tables
            if with_items or table.item < 0
        ]


def _hiding(table: Table, site: int, hidden: Collection[int]) -> Table:
    """The table without some groups of one site (-1: the site itself); of use for the people of that site alone."""
    site_shown, group = table.site_shown.copy(), table.group.copy()
    site_shown[site] &= -1 not in hidden
    group[np.isin(group, [one for one in hidden if one >= 0])] = -1
    if not site_shown[site]:
        group[group == -1] = ABSENT
    return replace(table, site_shown=site_shown, group=group)
