"""How far the mean of some people can lie apart at the least, whatever else is known: what needs no linear program.

The truth is one possibility, and so is every exchange of answers to an item between people nobody can tell apart: those
in the same shown groups of every mean and of the item, in whose scores the answer weighs the same. Further ways:

- of means alone, the sum of scores of people in the same groups may be divided among them in any way;
- somebody who skipped an item exchanges answers with people who did not: answers to two items that outweigh each
  other, or to all as far as the rounding of the means leaves room.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.facts import ABSENT, Facts, Table
from movement_readiness.teams.program import Target, codes_of

__all__ = ["Screen"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class _Item:
    """The answers to one item, and with whom they can be exchanged (``atom``, -1: no answer)."""

    def __init__(self, facts: Facts, item: int, means: list[Table], tables: list[Table], in_means: Ints) -> None:
        self.points = np.nan_to_num(facts.points[:, item])
        self.given = ~np.isnan(facts.points[:, item])
        self.untold = np.all([table.group == ABSENT for table in (*means, *tables)], axis=0)
        self.klass = codes_of([in_means, self.given, *(table.group for table in tables)])
        self.atom = codes_of([self.klass, *(table.weight[:, item] for table in means)])
        self.starts = np.searchsorted(np.sort(self.atom), np.arange(self.atom.max(initial=-1) + 2))
        ordered = self.points[np.lexsort((self.points, self.atom))]
        self.sums = np.concatenate([[0.0], np.cumsum(ordered)])

    def moved(self, people: Ints, k: Ints) -> Floats:
        """How far the sum of the answers of k people of the same atoms as these moves."""
        start, end = self.starts[self.atom[people]], self.starts[self.atom[people] + 1]
        found = (self.sums[end] - self.sums[end - k]) - (self.sums[start + k] - self.sums[start])
        return np.where(self.given[people], np.where(self.untold[people], 100.0 * k, found), 0.0)

    def beside(self, people: Ints, partners: Ints) -> tuple[Floats, Floats]:
        """How far up and down the answers of these people move by an exchange with one of the partners."""
        inside = partners[self.given[partners]]
        size = int(self.klass.max(initial=-1)) + 1
        high, low = np.full(size, -np.inf), np.full(size, np.inf)
        np.maximum.at(high, self.klass[inside], self.points[inside])
        np.minimum.at(low, self.klass[inside], self.points[inside])
        mine, klass = self.points[people], self.klass[people]
        given = self.given[people]
        return np.where(given, np.maximum(high[klass] - mine, 0), 0), np.where(
            given, np.maximum(mine - low[klass], 0), 0
        )


class Screen:
    """The targets of one family of scales that exchanges alone do not show to be safe.

    Parameters
    ----------
    facts : Facts
    last : int
        The layer that is judged.
    policy : DisclosurePolicy
    settled : array, one entry a site
        Where nothing is to be looked at.
    with_items : bool
        Whether the items' tables are known, and the means rounded; else the means alone, exactly.
    """

    def __init__(self, facts: Facts, last: int, policy: DisclosurePolicy, settled: Bools, *, with_items: bool) -> None:
        self.facts, self.policy, self.with_items = facts, policy, with_items
        self.limit = policy.min_interval - 1e-6
        self.means = [(place, table) for place, table in enumerate(facts.tables) if table.item < 0]
        means = [table for _, table in self.means]
        self.tables = [table for table in facts.tables if with_items or table.item < 0]
        self.given = ~np.isnan(facts.points)
        self.untold = np.all([table.group == ABSENT for table in self.tables], axis=0)
        self.checked = self._sites(last) & ~settled
        kept = self.checked[facts.site]
        self.first = np.empty(0, dtype=np.int64)
        self.klass = codes_of([facts.site, *(table.group for table in self.tables)])
        if kept.any():
            atom = codes_of([self.klass, *self.given.T])
            self.first = np.unique(atom, return_index=True)[1]
            self.first = self.first[kept[self.first] & ~self.untold[self.first]]
            in_means = codes_of([facts.site, *(table.group for table in means)])
            self.items = [
                _Item(facts, item, means, [table for table in self.tables if table.item == item], in_means)
                for item in range(len(facts.items))
            ]
        used = {tuple(np.flatnonzero(np.abs(table.weight).sum(axis=0))) for table in means}
        self.single = len(facts.scales) == 1 and len(used) == 1  # somebody's score is the same in every layer

    def left(self) -> Iterator[Target]:
        """People (one of those that nobody can tell apart) and hidden teams that may be narrowed."""
        if len(self.first):
            yield from self._people()
            for place, table in self.means:
                yield from self._teams(place, table)

    def room(self, target: Target) -> float:
        """How far the mean of some people moves at least, by exchanges with others."""
        table, inside = self.facts.tables[target.table], target.people
        moved = 0.0
        alone = inside, np.ones(1, dtype=np.int64)
        for item, one in enumerate(self.items):
            people, k = alone if len(inside) == 1 else _parts(0 * inside, one.atom, inside)
            moved += float((np.abs(table.weight[people, item]) * one.moved(people, k)).sum())
        return moved / len(inside)

    def _sites(self, last: int) -> Bools:
        """Sites where the last layer shows any of these numbers, and with items, any layer an item."""
        n_sites = len(self.facts.tables[0].site_shown) if self.facts.tables else 0

        def any_at(tables: list[Table]) -> Bools:
            flags = np.zeros(n_sites, dtype=bool)
            for table in tables:
                flags[self.facts.site[table.group != ABSENT]] = True
            return flags

        found = any_at([table for table in self.tables if table.layer == last])
        return found & any_at([table for table in self.tables if table.item >= 0]) if self.with_items else found

    def _people(self) -> Iterator[Target]:
        first = self.first
        ones = np.ones(len(first), dtype=np.int64)
        moved = np.stack([item.moved(first, ones) for item in self.items], axis=1)
        scores = [(np.abs(table.weight[first]) * moved).sum(axis=1) for _, table in self.means]
        if self.single:
            answers, score = self._skipped() if self.with_items else (moved, self._divided(first, ones))
            moved, scores = np.maximum(moved, answers), [np.maximum(one, score) for one in scores]
        seen = np.zeros(len(first), dtype=bool)
        for (place, table), score in zip(self.means, scores, strict=True):
            narrow = table.counts[first] & (score < self.limit) & ~(seen & self.single)
            seen |= narrow
            for one in np.flatnonzero(narrow):
                yield Target(first[[one]], place)
        if self.with_items:
            for one, item in zip(*np.nonzero(self.given[first] & (moved < self.limit)), strict=True):
                yield Target(first[[one]], -1, int(item))

    def _skipped(self) -> tuple[Floats, Floats]:
        """The same of answers and scores, by exchanges with people who skipped nothing."""
        first, n_items = self.first, len(self.items)
        partners = np.flatnonzero(self.given.all(axis=1))
        ends = [item.beside(first, partners) for item in self.items]
        up, down = (np.stack([end[side] for end in ends], axis=1) for side in (0, 1))
        a = np.maximum(self.given[first].sum(axis=1), 1)
        above, below = self._room()
        weight = np.maximum(1 - a / n_items, 1e-12)
        rest_down, rest_up = down.sum(axis=1, keepdims=True) - down, up.sum(axis=1, keepdims=True) - up
        answers = np.minimum(up, rest_down + (above * a / weight)[:, None])
        answers += np.minimum(down, rest_up + (below * a / weight)[:, None])
        score = np.minimum(up.sum(axis=1) / a, above / weight) + np.minimum(down.sum(axis=1) / a, below / weight)
        return answers, score

    def _room(self) -> tuple[Floats, Floats]:
        """How far the sums of scores may move up and down until a rounded mean would be another."""
        first = self.first
        above, below = np.full(len(first), np.inf), np.full(len(first), np.inf)
        for place, table in self.means:
            score = self._score(place)
            for groups, shown in (
                (table.group, table.group[first] >= 0),
                (np.where(table.group == ABSENT, -1, self.facts.site), table.site_shown[self.facts.site[first]]),
            ):
                inside = groups >= 0
                n = np.maximum(np.bincount(groups[inside]), 1)
                total = np.bincount(groups[inside], score[inside])
                mean = self.policy.rounded(total / n)
                half = self.policy.round_to / 2
                mine = shown & (groups[first] >= 0)
                of = groups[first[mine]]
                above[mine] = np.minimum(above[mine], ((mean + half) * n - total)[of])
                below[mine] = np.minimum(below[mine], (total - (mean - half) * n)[of])
        return np.maximum(above, 0), np.maximum(below, 0)

    def _score(self, place: int) -> Floats:
        weight = self.facts.tables[place].weight
        score: Floats = (weight * np.nan_to_num(self.facts.points)).sum(axis=1) - 100 * np.minimum(weight, 0).sum(
            axis=1
        )
        return score

    def _divided(self, people: Ints, k: Ints) -> Floats:
        """How far the sum of k scores of each class moves that keeps its sum."""
        score = np.zeros(len(self.klass))
        for place, table in self.means:
            score = np.where(table.counts, self._score(place), score)
        klass = self.klass[people]
        n, total = np.bincount(self.klass)[klass], np.bincount(self.klass, score)[klass]
        moved = np.minimum(100 * k, total) - np.maximum(0, total - 100 * (n - k))
        return np.where(self.untold[people], 100.0 * k, moved)

    def _teams(self, place: int, table: Table) -> Iterator[Target]:
        site = self.facts.site
        inside = np.flatnonzero(table.counts & (table.team >= 0) & self.checked[site])
        inside = inside[~table.team_shown[table.team[inside]]]
        if not len(inside):
            return
        team, n_teams = table.team[inside], len(table.team_shown)
        total = np.zeros(n_teams)
        for item, one in enumerate(self.items):
            people, k = _parts(team, one.atom, inside)
            moved = np.abs(table.weight[people, item]) * one.moved(people, k)
            total += np.bincount(table.team[people], moved, minlength=n_teams)
        if self.single and not self.with_items:
            people, k = _parts(team, self.klass, inside)
            total = np.maximum(total, np.bincount(table.team[people], self._divided(people, k), minlength=n_teams))
        n = np.bincount(team, minlength=n_teams)
        told = np.bincount(team[~self.untold[inside]], minlength=n_teams) > 0
        for one_team in np.flatnonzero(told & (total < n * self.limit)):
            yield Target(np.sort(inside[team == one_team]), place)


def _parts(team: Ints, code: Ints, inside: Ints) -> tuple[Ints, Ints]:
    """One person of every team and code, and how many there are of them."""
    _, index, k = np.unique(team * (int(code.max()) + 1) + code[inside], return_index=True, return_counts=True)
    return inside[index], k.astype(np.int64)
