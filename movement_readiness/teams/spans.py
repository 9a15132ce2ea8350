"""Whether adding and subtracting released groups tells a group of a few people, exactly.

Every group of which a number is known is a row over people, 1 for everybody in it. What can be worked out from them are
the sums of multiples of these rows; a group (or a weighted sum) of few people is one that is 0 for all others. People
who are in the same groups can be taken as one (an atom, with its size), and a row that is the only one with some large
atom is in no such sum, so it is left out together with it: in collected data nothing is left then. The rest is row
reduced modulo a prime, which is exact: a result could differ from that over the rationals only where the prime divides
a determinant of zeros and ones, which up to 22 rows is smaller than the prime, and beyond would be a coincidence of one
in two thousand million.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["Known", "few_told"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_PRIME = 2**31 - 1
_MOST_STEPS = 5000  # a search that takes longer counts as successful: better one number too few


@dataclass(frozen=True)
class Known:
    """Groups whose number is known: pairs of person and group, and which groups are new (not out already)."""

    person: Ints
    group: Ints
    new: Bools


@dataclass(frozen=True)
class Told:
    """New groups that tell a few people, with others; and all pairs of `Known` that are linked with them."""

    groups: Ints
    pairs: Ints


@dataclass(frozen=True)
class _Atoms:
    """People in the same groups taken together: pairs of atom and row, and the atom of every pair of `Known`."""

    atom: Ints
    row: Ints
    sizes: Ints
    row_of: Ints  # the row of every group; groups of the same people are one
    atom_of: Ints  # the atom of every pair of person and group


def few_told(known: Known, least: int) -> Iterator[Told]:
    """Where fewer than ``least`` people are told by groups of which some are new, and not by the others alone.

    Parameters
    ----------
    known : Known
    least : int
    """
    if not len(known.person) or not known.new.any():
        return
    found = _atoms(known)
    if not (found.sizes < least).any():
        return
    new = np.zeros(int(found.row_of.max()) + 1, dtype=bool)
    new[found.row_of[known.new]] = True
    new[found.row_of[~known.new]] = False  # the very same people are out already
    alive = _left(found, least)
    kept = alive[found.row]
    part = _parts(found.atom[kept], found.row[kept], len(found.sizes), len(alive))
    whole = _parts(found.atom, found.row, len(found.sizes), len(alive))
    for label in np.unique(part[1][new & alive]):
        rows = np.flatnonzero((part[1] == label) & alive)
        atoms = np.flatnonzero(part[0] == label)
        if (found.sizes[atoms] < least).any() and _tells(found, rows, atoms, new[rows], least):
            groups = np.flatnonzero(np.isin(found.row_of, rows[new[rows]]) & known.new)
            yield Told(groups, np.flatnonzero(whole[0][found.atom_of] == whole[0][atoms[0]]))


def _atoms(known: Known) -> _Atoms:
    random = np.random.default_rng(0)
    people, person = np.unique(known.person, return_inverse=True)
    names = random.integers(0, 2**63, len(people), dtype=np.uint64)
    members = np.zeros(len(known.new), dtype=np.uint64)
    np.add.at(members, known.group, names[person])
    rows, row_of = np.unique(members, return_inverse=True)
    names = random.integers(0, 2**63, len(rows), dtype=np.uint64)
    patterns = np.zeros(len(people), dtype=np.uint64)
    np.add.at(patterns, person, names[row_of[known.group]])
    _, first, atom, sizes = np.unique(patterns, return_index=True, return_inverse=True, return_counts=True)
    chosen = np.zeros(len(people), dtype=bool)
    chosen[first] = True
    pairs = chosen[person]
    cells = np.unique(atom[person[pairs]] * len(rows) + row_of[known.group[pairs]])
    return _Atoms(cells // len(rows), cells % len(rows), sizes, row_of, atom[person])


def _left(found: _Atoms, least: int) -> Bools:
    """Rows that are left when those with a large atom of their own are taken away, again and again."""
    alive = np.ones(int(found.row.max()) + 1, dtype=bool)
    large = found.sizes >= least
    while True:
        kept = alive[found.row]
        own = large & (np.bincount(found.atom[kept], minlength=len(large)) == 1)
        gone = found.row[kept & own[found.atom]]
        if not len(gone):
            return alive
        alive[gone] = False


def _parts(atom: Ints, row: Ints, n_atoms: int, n_rows: int) -> tuple[Ints, Ints]:
    """Which atoms and rows hang together."""
    links = coo_matrix((np.ones(len(atom)), (atom, n_atoms + row)), shape=(n_atoms + n_rows,) * 2)
    labels = connected_components(links, directed=False)[1]
    return labels[:n_atoms], labels[n_atoms:]


def _tells(found: _Atoms, rows: Ints, atoms: Ints, new: Bools, least: int) -> bool:
    inside = np.isin(found.row, rows) & np.isin(found.atom, atoms)
    matrix = np.zeros((len(rows), len(atoms)), dtype=np.int64)
    matrix[np.searchsorted(rows, found.row[inside]), np.searchsorted(atoms, found.atom[inside])] = 1
    sizes = found.sizes[atoms]
    order = np.argsort(sizes < least, kind="stable")
    few = int((sizes >= least).sum())  # the first column of a small atom
    every, out = (_on_few(matrix[:, order][chosen], few) for chosen in (np.ones(len(rows), dtype=bool), ~new))
    search = _Search(sizes[order][few:], out)
    return search.finds(every, np.zeros(len(atoms) - few, dtype=bool), least - 1)


def _on_few(matrix: Ints, few: int) -> Ints:
    """A basis of the sums of rows that are zero before a column."""
    reduced = _reduced(matrix)
    mine: Ints = reduced[~(reduced[:, :few] != 0).any(axis=1), few:]
    return mine


def _reduced(matrix: Ints) -> Ints:
    """The reduced row echelon form modulo the prime, without rows of zeros."""
    rows, done = matrix % _PRIME, 0
    for column in range(rows.shape[1]):
        places = np.flatnonzero(rows[done:, column])
        if not len(places):
            continue
        rows[[done, done + places[0]]] = rows[[done + places[0], done]]
        rows = _eliminated(rows, done, column)
        done += 1
        if done == len(rows):
            break
    return rows[:done]


def _eliminated(rows: Ints, pivot: int, column: int) -> Ints:
    """The rows with a column that is 1 in the pivot row and 0 in all others."""
    rows = rows.copy()
    rows[pivot] = rows[pivot] * pow(int(rows[pivot, column]), -1, _PRIME) % _PRIME
    factors = rows[:, column].copy()
    factors[pivot] = 0
    found: Ints = (rows - factors[:, None] * rows[pivot] % _PRIME) % _PRIME
    return found


class _Search:
    """Looks for a sum of rows that is not zero for fewer people than allowed, and is not known already."""

    def __init__(self, sizes: Ints, out: Ints) -> None:
        self.sizes, self.out, self.steps = sizes, out, 0

    def finds(self, rows: Ints, inside: Bools, people: int) -> bool:
        """Whether there is one on the columns ``inside`` and on others of at most so many people together.

        Either it is zero in a column, or the column is inside as well: there are few of the second kind, and each of
        the first takes a row away.
        """
        self.steps += 1
        if self.steps > _MOST_STEPS:
            return True
        if len(rows) == 0 or self._is_out(rows):
            return False
        open_columns = np.flatnonzero((rows != 0).any(axis=0) & ~inside)
        if not len(open_columns):
            return True
        column = open_columns[np.argmax(self.sizes[open_columns])]
        pivot = int(np.flatnonzero(rows[:, column])[0])
        if self.finds(np.delete(_eliminated(rows, pivot, column), pivot, axis=0), inside, people):
            return True
        if self.sizes[column] > people:
            return False
        wider = inside.copy()
        wider[column] = True
        return self.finds(rows, wider, people - int(self.sizes[column]))

    def _is_out(self, rows: Ints) -> bool:
        return len(self.out) >= len(rows) and len(_reduced(np.concatenate([self.out, rows]))) == len(self.out)
