"""Whom the last layer tells something new about: nobody else need be judged again.

The mean of a hidden team most of whose people are a group that was shown before is narrow whatever is shown now: what
is judged is the mean of those who are not in that group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from movement_readiness.teams.facts import ABSENT, Facts, Table
from movement_readiness.teams.program import Target

__all__ = ["Before", "newly_told"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def newly_told(tables: Sequence[Table], site: Ints, last: int) -> Bools:
    """People who are linked, by any groups that are shown, with a group of the last layer that was not shown before.

    The same number of the very same people, shown in an earlier layer, is nothing new.

    Parameters
    ----------
    tables : sequence of Table
    site : array, one entry a person
    last : int
    """
    if all(table.layer == last for table in tables):
        return np.ones(len(site), dtype=bool)
    names = np.random.default_rng(0).integers(0, 2**63, len(site), dtype=np.uint64)
    before: dict[str, list[npt.NDArray[np.uint64]]] = {}
    people, cells, new = [], [], []
    total = 0
    for table in sorted(tables, key=lambda table: table.layer == last):
        person = np.flatnonzero(table.group != ABSENT)
        group = table.group[person]
        _, cell = np.unique(np.where(group >= 0, group, -2 - site[person]), return_inverse=True)
        members = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.uint64)
        np.add.at(members, cell, names[person])
        if table.layer == last:
            out = before.get(table.name, [])
            new.append(total + np.flatnonzero(~np.isin(members, np.concatenate(out) if out else members[:0])))
        else:
            before.setdefault(table.name, []).append(members)
        people.append(person)
        cells.append(total + cell)
        total += len(members)
    size = len(site) + total
    one, other = np.concatenate(people), len(site) + np.concatenate(cells)
    label = connected_components(coo_matrix((np.ones(len(one)), (one, other)), shape=(size, size)), directed=False)[1]
    found: Bools = np.isin(label[: len(site)], label[len(site) + np.concatenate([np.empty(0, dtype=np.int64), *new])])
    return found


class Before:
    """The teams of which a mean was shown before the last layer, with their sizes."""

    def __init__(self, facts: Facts, last: int) -> None:
        self.facts = facts
        self._tables = [
            (table.name, table.group, np.bincount(table.group[table.group >= 0]))
            for table in facts.tables
            if table.layer != last and table.item < 0
        ]

    def not_out(self, target: Target, limit: float) -> Target:
        """The people of a target who are not in a team whose mean alone narrows the target's, below a limit."""
        people = target.people
        if target.item >= 0 or len(people) == 1:
            return target
        wanted = self.facts.tables[target.table].name
        for name, group, sizes in self._tables:
            if name == wanted:
                groups, kept = np.unique(group[people], return_counts=True)
                for one, both in zip(groups[groups >= 0], kept[groups >= 0], strict=True):
                    others = sizes[one] + len(people) - 2 * both  # who came and who went
                    if others * 100 / len(people) < limit:
                        return Target(people[group[people] != one], target.table)
        return target
