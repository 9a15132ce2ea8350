"""Two possibilities that are far enough apart, among few people: most targets need no program of a whole site.

Everybody but the target and a few people who are in the same shown groups keeps the answers that they gave; what the
others may have answered instead is a small linear program. The programs of many targets are solved side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from movement_readiness.teams.facts import ABSENT, Facts, Table
from movement_readiness.teams.policy import DisclosurePolicy
from movement_readiness.teams.program import Target, codes_of

__all__ = ["far_apart"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TRIES = ((10, 1), (20, 1), (80, 2))  # people beside a target, and directions: most need the first try alone
_AT_ONCE = 32  # targets in one program


def far_apart(
    facts: Facts,
    tables: Sequence[Table],
    targets: Sequence[Target],
    people_at: Callable[[int], Ints],
    policy: DisclosurePolicy,
    *,
    rounded: bool,
) -> Bools:
    """Targets whose mean can be shown to lie in no shorter interval than it may; of the others nothing is known.

    Parameters
    ----------
    facts : Facts
    tables : sequence of Table
        What is shown.
    targets : sequence of Target
    people_at : callable
        Everybody at a site.
    policy : DisclosurePolicy
    rounded : bool
        Whether means are known to half a step of rounding; else exactly.
    """
    found = np.zeros(len(targets), dtype=bool)
    beside = _Beside(facts, tables, people_at)
    rooms = [_room(table, facts, policy, rounded) if table.item < 0 else None for table in tables]
    for others, ways in _TRIES:
        left = np.flatnonzero(~found)
        for start in range(0, len(left), _AT_ONCE):
            some = left[start : start + _AT_ONCE]
            members = [beside.members(targets[place], others) for place in some]
            programs = _Programs(facts, tables, rooms, [targets[place] for place in some], members)
            found[some] = programs.far(policy.min_interval, ways)
    return found


@dataclass(frozen=True)
class _Room:
    """How far the sum of scores in every group may be lower and higher: of teams, then of sites."""

    low: Floats
    high: Floats


def _room(table: Table, facts: Facts, policy: DisclosurePolicy, rounded: bool) -> _Room:
    size = len(table.team_shown) + len(table.site_shown)
    if not rounded:
        return _Room(np.zeros(size), np.zeros(size))
    low, high = np.zeros(size), np.zeros(size)
    total = (table.weight * np.nan_to_num(facts.points)).sum(axis=1) / 100 - np.minimum(table.weight, 0).sum(axis=1)
    half = policy.round_to / 200
    for site in (False, True):
        inside = np.flatnonzero(table.group != ABSENT if site else table.group >= 0)
        group = len(table.team_shown) + facts.site[inside] if site else table.group[inside]
        n = np.bincount(group, minlength=size)
        there = n > 0
        sums = np.bincount(group, total[inside], minlength=size)[there]
        mean = policy.rounded(100 * sums / n[there]) / 100
        low[there] = (mean - half) * n[there] - sums - 1e-7
        high[there] = (mean + half) * n[there] - sums + 1e-7
    return _Room(low, high)


class _Programs:
    """Programs of some targets, of all of which the truth is one solution."""

    def __init__(
        self,
        facts: Facts,
        tables: Sequence[Table],
        rooms: Sequence[_Room | None],
        targets: Sequence[Target],
        members: Sequence[Ints],
    ) -> None:
        self.facts, self.targets = facts, targets
        block = np.repeat(np.arange(len(targets)), [len(one) for one in members])
        person = np.concatenate(members)
        mine = np.concatenate(
            [np.arange(len(one)) < len(target.people) for one, target in zip(members, targets, strict=True)]
        )
        given = ~np.isnan(facts.points[person])
        groups = [table.group[person] for table in tables]
        weights = [column for table in tables if table.item < 0 for column in table.weight[person].T]
        self.atom = codes_of([block, mine, *groups, *given.T, *weights])
        _, first, self.size = np.unique(self.atom, return_index=True, return_counts=True)
        self.block, self.person = block[first], person[first]  # of every atom: people of a block nobody can tell apart
        self.of_target = self.atom[mine]
        self._lay_out(tables, person)
        self.rows: list[Ints] = []
        self.columns: list[Ints] = []
        self.values: list[Floats] = []
        self.low: list[Floats] = []
        self.high: list[Floats] = []
        self.n_rows = 0
        told = np.flatnonzero(self.of_option)
        self._add(self.cell[told], told, np.ones(len(told)))
        for table, room in zip(tables, rooms, strict=True):
            self._add_table(table, room)

    def _lay_out(self, tables: Sequence[Table], everybody: Ints) -> None:
        """Columns: one an option where an atom's answers are shown, else one for their sum; and the truth."""
        points = self.facts.points[self.person]
        n_items = points.shape[1]
        told = np.zeros(points.shape, dtype=bool)
        for table in tables:
            if table.item >= 0:
                told[:, table.item] |= table.group[self.person] != ABSENT
        n_options = np.array([len(options) for options in self.facts.options])
        size = np.where(np.isnan(points), 0, np.where(told, n_options, 1)).ravel()
        self.cell = cell = np.repeat(np.arange(points.size), size)
        self.option = np.arange(len(cell)) - np.repeat(np.cumsum(size) - size, size)
        self.pair, self.item = cell // n_items, cell % n_items
        self.of_option = told.ravel()[cell]
        options = np.full((n_items, int(n_options.max(initial=1))), np.nan)
        for item, values in enumerate(self.facts.options):
            options[item, : len(values)] = values / 100
        self.value = np.where(self.of_option, options[self.item, self.option], 1.0)
        given = self.facts.points[everybody] / 100
        chosen, sums = np.zeros((*points.shape, options.shape[1])), np.zeros(points.shape)
        np.add.at(chosen, self.atom, np.abs(given[:, :, None] - options) < 1e-9)
        np.add.at(sums, self.atom, np.nan_to_num(given))
        self.truth = np.where(self.of_option, chosen[self.pair, self.item, self.option], sums[self.pair, self.item])

    def _add(self, code: Ints, columns: Ints, values: Floats, room: tuple[Floats, Floats] | None = None) -> None:
        """Rows that are as they are in truth, or as far from it as there is room; one for every code."""
        _, first, row = np.unique(code, return_index=True, return_inverse=True)
        truth = np.bincount(row, values * self.truth[columns], minlength=len(first))
        self.rows.append(self.n_rows + row)
        self.columns.append(columns)
        self.values.append(values)
        low, high = room or (np.zeros(len(code)), np.zeros(len(code)))
        self.low.append(np.asarray(truth + low[first], dtype=np.float64))
        self.high.append(np.asarray(truth + high[first], dtype=np.float64))
        self.n_rows += len(first)

    def _add_table(self, table: Table, room: _Room | None) -> None:
        n_teams = len(table.team_shown)
        group, site = table.group[self.person], self.facts.site[self.person]
        size = n_teams + len(table.site_shown)
        mine = self.of_option & (self.item == table.item) if room is None else self.value != 0
        for there, of in ((group >= 0, group), ((group != ABSENT) & table.site_shown[site], n_teams + site)):
            columns = np.flatnonzero(mine & there[self.pair])
            pair = self.pair[columns]
            code = self.block[pair] * size + of[pair]
            if room is None:
                code = code * (int(self.option.max(initial=0)) + 1) + self.option[columns]
                self._add(code, columns, np.ones(len(columns)))
            else:
                weight = table.weight[self.person[pair], self.item[columns]]
                self._add(code, columns, weight * self.value[columns], (room.low[of[pair]], room.high[of[pair]]))

    def far(self, interval: float, ways: int) -> Bools:
        """Of which targets two solutions are at least this far apart."""
        share = np.zeros((len(self.person), self.facts.points.shape[1]))
        share[self.of_target] = np.concatenate([target.share(self.facts) for target in self.targets])
        cost = share[self.pair, self.item] * self.value
        block = self.block[self.pair]
        reach = np.zeros(len(self.targets))
        up = np.bincount(block, cost * self.truth, minlength=len(reach)) < 0.5
        for sign in (np.where(up, 1, -1), np.where(up, -1, 1))[:ways]:
            signed = np.where(reach < interval, sign, 0)[block] * cost
            solution = self._best(signed)
            if solution is None:
                break
            reach += 100 * np.bincount(block, signed * (solution - self.truth), minlength=len(reach))
            if (reach >= interval).all():
                break
        far: Bools = reach >= interval
        return far

    def _best(self, gain: Floats) -> Floats | None:
        shape = (self.n_rows, len(self.truth))
        places = (np.concatenate(self.rows), np.concatenate(self.columns))
        known = LinearConstraint(
            sparse.csr_array((np.concatenate(self.values), places), shape=shape),
            np.concatenate(self.low),
            np.concatenate(self.high),
        )
        found = milp(-gain, constraints=[known], bounds=Bounds(0, self.size[self.pair]), options={"presolve": False})
        return found.x if found.status == 0 else None


class _Beside:
    """Those who are with a target in most shown groups; where some are with it in none, also those most with these."""

    def __init__(self, facts: Facts, tables: Sequence[Table], people_at: Callable[[int], Ints]) -> None:
        self.site, self.tables, self.people_at = facts.site, tables, people_at
        self._groups: dict[int, tuple[Ints, Ints]] = {}
        self._found: dict[tuple[bytes, int], Ints] = {}

    def members(self, target: Target, others: int) -> Ints:
        """The target first, then at most as many others, and of those in none of its groups at most as many again."""
        key = (target.people.tobytes(), others)
        if key not in self._found:
            self._found[key] = self._members(target.people, others)
        return self._found[key]

    def _members(self, mine: Ints, others: int) -> Ints:
        people, groups = self._at(int(self.site[mine[0]]))
        is_mine = np.isin(people, mine)
        shared = _shared(groups, groups[is_mine])
        chosen = _most(np.where(is_mine, 0, shared), others)
        far = (shared == 0) & ~is_mine
        further = chosen[:0]
        if far.any() and len(chosen):
            further = _most(np.where(far, _shared(groups, groups[chosen]), 0), others)
        return np.concatenate([mine, people[chosen], people[further]])

    def _at(self, site: int) -> tuple[Ints, Ints]:
        """Everybody at a site, and people x tables: the shown group that they are in."""
        if site not in self._groups:
            people = self.people_at(site)
            self._groups[site] = people, np.stack([table.group[people] for table in self.tables], axis=1)
        return self._groups[site]


def _shared(groups: Ints, others: Ints) -> Ints:
    """In how many shown groups people are together with any of the others."""
    found = np.zeros(len(groups), dtype=np.int64)
    for column in range(groups.shape[1]):
        theirs = np.unique(others[:, column])
        found += np.isin(groups[:, column], theirs[theirs != ABSENT])
    return found


def _most(shared: Ints, n: int) -> Ints:
    """The places of the n largest, of those that are not zero."""
    first = np.argsort(-shared, kind="stable")[:n]
    return first[shared[first] > 0]
