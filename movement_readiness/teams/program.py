"""A linear program of one site: how far the mean of some people can be told from everything that is shown.

Unknown are the answers of people nobody can tell apart (in the same shown groups of every table, with the same items
skipped and the same weights), added up: of an item whose answers are shown how many of them chose each option, of any
other the sum. What is known is every shown mean and every shown count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.facts import ABSENT, Facts, Table

__all__ = ["Target", "codes_of", "width"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_EPSILON = 1e-9


@dataclass(frozen=True)
class Target:
    """The mean of some people on a scale (by its table), or of their answers to one item."""

    people: Ints
    table: int
    item: int = -1

    def share(self, facts: Facts) -> Floats:
        """People x items: what each answer adds to the mean."""
        if self.item < 0:
            return facts.tables[self.table].weight[self.people] / len(self.people)
        share = np.zeros((len(self.people), len(facts.items)))
        share[:, self.item] = 1 / len(self.people)
        return share


def codes_of(columns: Iterable[npt.NDArray[Any]]) -> Ints:
    """The same number for rows that are the same in every column."""
    found: Ints | None = None
    for column in columns:
        code = pd.factorize(column)[0].astype(np.int64)
        if found is not None:
            code = pd.factorize(found * (int(code.max(initial=0)) + 1) + code)[0].astype(np.int64)
        found = code
    return np.empty(0, dtype=np.int64) if found is None else found


def width(
    facts: Facts, tables: list[Table], people: Ints, target: Target, policy: DisclosurePolicy, *, rounded: bool
) -> float:
    """The length of the interval that the target's mean lies in; NaN where the program cannot be solved.

    Parameters
    ----------
    facts : Facts
    tables : list of Table
        What is shown, all or a part of it.
    people : array
        Everybody who counts at the site.
    target : Target
    policy : DisclosurePolicy
    rounded : bool
        Whether means are known to half a step of rounding; else exactly.
    """
    return _Program(facts, tables, people, target, policy, rounded).width()


class _Program:
    def __init__(
        self,
        facts: Facts,
        tables: list[Table],
        people: Ints,
        target: Target,
        policy: DisclosurePolicy,
        rounded: bool,
    ) -> None:
        self.facts, self.policy, self.rounded, self.people = facts, policy, rounded, people
        self.given = ~np.isnan(facts.points[people])
        self.points = np.where(self.given, facts.points[people], 0.0) / 100
        mine = np.isin(people, target.people)
        groups = [table.group[people] for table in tables]
        weights = [column for table in tables if table.item < 0 for column in table.weight[people].T]
        self.atom = codes_of([mine, *groups, *self.given.T, *weights])
        _, self.first, self.size = np.unique(self.atom, return_index=True, return_counts=True)
        self._lay_out(tables)
        self.rows: list[Floats] = []
        self.columns: list[Ints] = []
        self.number: list[Ints] = []
        self.low: list[float] = []
        self.high: list[float] = []
        for atom, item in zip(*np.nonzero(self.told), strict=True):
            size = float(self.size[atom])
            self._known(self.of_option[item][atom], np.ones(len(facts.options[item])), size, size)
        for table in tables:
            self._add(table)
        share = np.zeros((len(self.size), len(facts.items)))
        np.add.at(share, self.atom[np.searchsorted(people, target.people)], target.share(facts))
        count = np.bincount(self.atom[mine], minlength=len(self.size))
        self.cost = self._coefficients(share / np.maximum(count, 1)[:, None])

    def _lay_out(self, tables: list[Table]) -> None:
        """Give every unknown a place: one an option where the answers are shown, else one an item."""
        given = self.given[self.first]
        self.told = np.zeros(given.shape, dtype=bool)
        for table in tables:
            if table.item >= 0:
                self.told[:, table.item] |= table.group[self.people[self.first]] != ABSENT
        self.told &= given
        self.of_option: list[Ints] = []
        self.of_sum = np.full(given.shape, -1, dtype=np.int64)
        n = 0
        most: list[Floats] = []
        for item, options in enumerate(self.facts.options):
            told, free = np.flatnonzero(self.told[:, item]), np.flatnonzero(given[:, item] & ~self.told[:, item])
            places = np.full((len(self.size), len(options)), -1, dtype=np.int64)
            places[told] = n + np.arange(len(told) * len(options)).reshape(len(told), len(options))
            self.of_option.append(places)
            most.append(np.repeat(self.size[told], len(options)).astype(float))
            n += len(told) * len(options)
            self.of_sum[free, item] = n + np.arange(len(free))
            most.append(self.size[free].astype(float))
            n += len(free)
        self.most = np.concatenate(most)

    def _coefficients(self, weight: Floats) -> Floats:
        """What every unknown adds to a mean in which an answer of each atom to each item has this weight."""
        row = np.zeros(len(self.most))
        free = self.of_sum >= 0
        row[self.of_sum[free]] = weight[free]
        for item, options in enumerate(self.facts.options):
            told = self.told[:, item]
            row[self.of_option[item][told]] = weight[told, item][:, None] * options / 100
        return row

    def _known(self, places: Ints, values: Floats, low: float, high: float) -> None:
        self.columns.append(places)
        self.rows.append(values)
        self.number.append(np.full(len(places), len(self.low)))
        self.low.append(low)
        self.high.append(high)

    def _add(self, table: Table) -> None:
        group = table.group[self.people]
        of_atom = group[self.first]
        groups = [one for one in np.unique(of_atom) if one >= 0]
        chosen = [of_atom == one for one in groups]
        if table.site_shown[self.facts.site[self.people[0]]]:
            chosen.append(of_atom != ABSENT)
        for atoms in chosen:
            if table.item >= 0:
                self._add_counts(table.item, atoms)
            elif atoms.any():
                self._add_mean(table, atoms)

    def _add_counts(self, item: int, atoms: Bools) -> None:
        inside = np.flatnonzero(atoms & self.told[:, item])
        people = np.isin(self.atom, inside)
        for place, option in enumerate(self.facts.options[item]):
            n = float((np.abs(100 * self.points[people, item] - option) < _EPSILON).sum())
            self._known(self.of_option[item][inside, place], np.ones(len(inside)), n, n)

    def _add_mean(self, table: Table, atoms: Bools) -> None:
        people = atoms[self.atom]
        weight = table.weight[self.people]
        total = float((weight[people] * self.points[people]).sum())
        low = high = total
        if self.rounded:
            n, half = int(people.sum()), self.policy.round_to / 200
            offset = -float(np.minimum(weight[people], 0).sum())
            mean = float(self.policy.rounded(np.array(100 * (total + offset) / n))) / 100
            low, high = (mean - half) * n - offset - 1e-7, (mean + half) * n - offset + 1e-7
        row = self._coefficients(np.where(atoms[:, None], weight[self.first], 0.0))
        places = np.flatnonzero(row)
        self._known(places, row[places], low, high)

    def width(self) -> float:
        shape = (len(self.low), len(self.most))
        constraints = []
        if self.low:
            matrix = sparse.csr_array(
                (np.concatenate(self.rows), (np.concatenate(self.number), np.concatenate(self.columns))), shape=shape
            )
            constraints = [LinearConstraint(matrix, np.array(self.low), np.array(self.high))]
        ends = []
        for sign in (1, -1):
            ends.append(sign * self._least(sign * self.cost, constraints))
        return 100 * (ends[1] - ends[0])

    def _least(self, cost: Floats, constraints: list[LinearConstraint]) -> float:
        """The smallest value of the cost; NaN where the solver finds none, although the truth is a solution."""
        for presolve in (True, False):  # presolving takes a few programs for impossible that are not
            options = {"presolve": presolve}
            found = milp(cost, constraints=constraints, bounds=Bounds(0, self.most), options=options)
            if found.status == 0:
                return float(found.fun)
        return np.nan
