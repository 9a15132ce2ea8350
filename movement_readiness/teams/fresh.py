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

__all__ = ["newly_told", "not_out"]

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


def not_out(target: Target, facts: Facts, last: int, limit: float) -> Target:
    """The people of a target who are not in a team shown before the last layer that alone narrows the target's mean.

    Parameters
    ----------
    target, facts, last
    limit : float
        How narrow is too narrow.
    """
    people = target.people
    if target.item >= 0 or len(people) == 1:
        return target
    name = facts.tables[target.table].name
    for table in facts.tables:
        if table.layer != last and table.name == name:
            groups, kept = np.unique(table.group[people], return_counts=True)
            for group, both in zip(groups[groups >= 0], kept[groups >= 0], strict=True):
                inside = np.flatnonzero(table.group == group)
                others = len(inside) + len(people) - 2 * both  # who came and who went
                if others * 100 / len(people) < limit:
                    people = np.setdiff1d(people, inside)
                    return Target(people, target.table)
    return target
