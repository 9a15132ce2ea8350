"""What earlier releases showed, laid out by person, also of people whose answers are not at hand any more.

A response id stands for the same person in every release, whatever the wave, site or team is called there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release, ReleasedTable, hashed
from movement_readiness.teams.policy import DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = ["all_out", "of_study", "packed", "rounded_alike"]

Ints = npt.NDArray[np.int64]


def of_study(releases: Iterable[Release], study: Study, instrument: Instrument) -> tuple[Release, ...]:
    """The releases of this study: of this instrument and version, and of this aim."""
    mine = (instrument.id, instrument.version, study.aim_id)
    return tuple(one for one in releases if (one.instrument_id, one.instrument_version, one.aim_id) == mine)


def rounded_alike(policy: DisclosurePolicy, given: bool, releases: Iterable[Release]) -> DisclosurePolicy:
    """The policy, with the rounding of earlier releases where it was not ``given``.

    The same mean rounded in two ways would be narrowed by both. Taking the coarser of the two would not do: multiples
    of 2 halve some intervals that multiples of 1 leave.

    Raises
    ------
    ArgumentError
        It was given, and rounds otherwise.
    """
    steps = sorted({one.round_to for one in releases if one.round_to is not None and one.tables})
    if not steps or policy.round_to in steps:
        return policy
    if not given:
        return replace(policy, round_to=steps[-1])
    raise ArgumentError(
        f"policy: expected round_to={steps[-1]:g}, as in what was released before; got {policy.round_to:g}, and the "
        "same means rounded in two ways would tell more than either."
    )


def packed(releases: Iterable[Release]) -> list[Release]:
    """The same in fewer releases, so that those of a thousand teams, one by one, are compared in one go.

    Releases of the same people in the same places become one, and so do those that have no people or groups in common.
    """
    same: dict[tuple[object, ...], Release] = {}
    for one in releases:
        without = tuple(sorted((name, table.without) for name, table in one.tables.items()))
        key = (one.wave, one.form, one.salt, one.limits, one.groups, one.people, one.places, without)
        same[key] = _both(same[key], one) if key in same else one
    layers: list[tuple[set[object], list[Release]]] = []
    for one in same.values():
        mine: set[object] = {*one.people, *one.groups}
        for taken, members in layers:
            if _kind(one) == _kind(members[0]) and taken.isdisjoint(mine):
                taken |= mine
                members.append(one)
                break
        else:
            layers.append((mine, [one]))
    return [_side_by_side(members) for _, members in layers]


def _kind(release: Release) -> tuple[object, ...]:
    return release.wave, release.form, release.salt, release.limits


def _both(first: Release, second: Release) -> Release:
    tables = {}
    for name, table in first.tables.items():
        other = second.tables[name]
        tables[name] = replace(
            table,
            groups=tuple(sorted({*table.groups, *other.groups})),
            off_ends=tuple(sorted({*table.off_ends, *other.off_ends})),
        )
    return replace(first, tables=tables)


def _side_by_side(releases: Sequence[Release]) -> Release:
    if len(releases) == 1:
        return releases[0]
    groups: list[tuple[str, str | None]] = []
    people: list[str] = []
    places: list[int] = []
    tables: dict[str, tuple[list[int], list[int], list[int]]] = {}
    for one in releases:
        for name, table in one.tables.items():
            shown, without, off_ends = tables.setdefault(name, ([], [], []))
            shown += [len(groups) + group for group in table.groups]
            without += [len(people) + person for person in table.without]
            off_ends += [len(groups) + group for group in table.off_ends]
        places += [len(groups) + place for place in one.places]
        groups += one.groups
        people += one.people
    return replace(
        releases[0],
        groups=tuple(groups),
        people=tuple(people),
        places=tuple(places),
        tables={name: ReleasedTable(*map(tuple, parts)) for name, parts in tables.items()},
    )


@dataclass(frozen=True)
class Out:
    """What one release showed.

    ``person`` is the number of each of its people; ``groups`` holds by the name of a number ("scale rational") the
    smallest shown group of each of them, -1 where there is none.
    """

    person: Ints
    groups: Mapping[str, Ints]


def all_out(rounds: Sequence[Round], people: Sequence[Ints], releases: Collection[Release]) -> list[Out]:
    """What all releases showed.

    Parameters
    ----------
    rounds, people
        All rounds at hand, and the number of each of their people.
    releases
    """
    names = _Names(rounds, people)
    return [_laid_out(one, names.of(one.people, one.salt)) for one in releases]


class _Names:
    """The number of everybody by the salted hash of the response id; of an unknown one, a new number."""

    def __init__(self, rounds: Sequence[Round], people: Sequence[Ints]) -> None:
        self._rounds, self._people = rounds, people
        self._total = 1 + max((int(numbers.max(initial=-1)) for numbers in people), default=-1)
        self._hashes: dict[str, dict[str, int]] = {}

    def of(self, hashes: Collection[str], salt: str) -> Ints:
        """The numbers of the people of a release."""
        if salt not in self._hashes:
            self._hashes[salt] = {
                one: int(number)
                for part, numbers in zip(self._rounds, self._people, strict=True)
                for one, number in zip(hashed(part.ids, salt), numbers, strict=True)
            }
        known = self._hashes[salt]
        for one in hashes:
            if one not in known:
                known[one] = self._total
                self._total += 1
        return np.array([known[one] for one in hashes], dtype=np.int64)


def _laid_out(release: Release, person: Ints) -> Out:
    place = np.array(release.places, dtype=np.int64)
    codes = {group: code for code, group in enumerate(release.groups)}
    site = np.array([codes.get((name, None), -1) for name, _ in release.groups], dtype=np.int64)[place]
    is_team = np.array([team is not None for _, team in release.groups], dtype=bool)[place]
    found = {}
    for name, table in release.tables.items():
        shown = np.zeros(len(codes) + 1, dtype=bool)  # the last is of sites of which nothing was shown
        shown[list(table.groups)] = True
        group = np.where(is_team & shown[place], place, np.where(shown[site], site, -1))
        group[list(table.without)] = -1
        found[name] = group
    return Out(person, found)
