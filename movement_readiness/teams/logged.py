"""What earlier releases and pages showed, laid out by person, also of people whose answers are not at hand any more.

A response id stands for the same person in every release, whatever the wave, site or team is called there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release, hashed
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = ["Out", "all_out", "of_study"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Out:
    """What one release, or page, showed.

    ``person`` is the number of each of its people; ``groups`` holds by the name of a number ("scale rational") the
    smallest shown group of each of them, -1 where there is none.
    """

    person: Ints
    groups: Mapping[str, tuple[Ints, ...]]


def all_out(
    rounds: Sequence[Round],
    people: Sequence[Ints],
    instrument: Instrument,
    policy: DisclosurePolicy,
    releases: Collection[Release],
    pages: Collection[RevealedPage],
) -> list[Out]:
    """What all releases and pages showed; releases of the very same people in the same places are taken together.

    Parameters
    ----------
    rounds, people
        All rounds at hand, and the number of each of their people.
    instrument, policy
    releases, pages
    """
    pages = [page for page in pages if page.shown]
    if not (pages or releases):
        return []
    names = _Names(rounds, people)
    found = [_page(page, names, rounds, people, instrument, policy) for page in pages]
    same: dict[tuple[str, ...], list[Release]] = {}
    for one in releases:
        key = (one.wave, one.form, *one.people, *(str(one.groups[place]) for place in one.places))
        same.setdefault(key, []).append(one)
    return found + [_released(group, names) for group in same.values()]


def of_study(releases: Iterable[Release], study: Study, instrument: Instrument) -> tuple[Release, ...]:
    """The releases of this study: of this instrument and version, and of this aim."""
    mine = (instrument.id, instrument.version, study.aim_id)
    return tuple(one for one in releases if (one.instrument_id, one.instrument_version, one.aim_id) == mine)


class _Names:
    """The number of everybody by response id, or by its salted hash; of an unknown one, a new number."""

    def __init__(self, rounds: Sequence[Round], people: Sequence[Ints]) -> None:
        self.known = {
            name: int(number)
            for part, numbers in zip(rounds, people, strict=True)
            for name, number in zip(part.ids, numbers, strict=True)
            if isinstance(name, str)
        }
        self._total = 1 + max((int(numbers.max(initial=-1)) for numbers in people), default=-1)
        self._hashes: dict[str, dict[str, int]] = {}

    def of_ids(self, ids: Collection[str]) -> Ints:
        """Of ids as they were given; a corrected response has the number of its revision behind its id."""
        given = {name.rpartition(" ")[0]: number for name, number in self.known.items() if _is_revised(name)}
        for name in ids:
            if name not in self.known:
                self.known[name] = given[name] if name in given else self._new()
        return np.array([self.known[name] for name in ids], dtype=np.int64)

    def of_hashes(self, hashes: Collection[str], salt: str) -> Ints:
        """Of the hashes in a release."""
        if salt not in self._hashes:
            self._hashes[salt] = dict(zip(hashed(self.known, salt), self.known.values(), strict=True))
        known = self._hashes[salt]
        for one in hashes:
            if one not in known:
                known[one] = self._new()
        return np.array([known[one] for one in hashes], dtype=np.int64)

    def _new(self) -> int:
        self._total += 1
        return self._total - 1


def _is_revised(name: str) -> bool:
    start, _, revision = name.rpartition(" ")
    return bool(start) and revision.isdecimal()


def _released(releases: Sequence[Release], names: _Names) -> Out:
    first = releases[0]
    person = names.of_hashes(first.people, first.salt)
    codes = {group: code for code, group in enumerate(dict.fromkeys(group for one in releases for group in one.groups))}
    place = np.array([codes[first.groups[one]] for one in first.places], dtype=np.int64)
    site = np.array([codes.get((name, None), -1) for name, _ in codes], dtype=np.int64)[place]
    is_team = np.array([team is not None for _, team in codes], dtype=bool)[place]
    tables: dict[tuple[str, tuple[int, ...]], set[int]] = {}
    for one in releases:
        for name, table in one.tables.items():
            tables.setdefault((name, table.without), set()).update(codes[one.groups[group]] for group in table.groups)
    found: dict[str, tuple[Ints, ...]] = {}
    for (name, without), groups in tables.items():
        shown = np.zeros(len(codes) + 1, dtype=bool)  # the last is of sites of which nothing was shown
        shown[list(groups)] = True
        group = np.where(is_team & shown[place], place, np.where(shown[site], site, -1))
        group[list(without)] = -1
        found[name] = (*found.get(name, ()), group)
    return Out(person, found)


def _page(
    page: RevealedPage,
    names: _Names,
    rounds: Sequence[Round],
    people: Sequence[Ints],
    instrument: Instrument,
    policy: DisclosurePolicy,
) -> Out:
    """A page showed the means of enough people, and the items of more; nobody kept which of them."""
    person = names.of_ids(page.response_ids)
    found: dict[str, tuple[Ints, ...]] = {}
    for name, answered in _answered(page, person, rounds, people, instrument):
        least = policy.min_respondents if name.startswith("item ") else policy.min_respondents_own_team
        if answered.sum() >= least:
            found[name] = (np.where(answered, 0, -1).astype(np.int64),)
    return Out(person, found)


def _answered(
    page: RevealedPage, person: Ints, rounds: Sequence[Round], people: Sequence[Ints], instrument: Instrument
) -> Iterator[tuple[str, Bools]]:
    """By number, who of the people of a page counts in it; those whose answers are not at hand any more do."""
    for part, numbers in zip(rounds, people, strict=True):
        if (part.wave, part.form) != (page.wave, page.form):
            continue
        there = np.flatnonzero(np.isin(numbers, person))
        places = np.searchsorted(person, numbers[there], sorter=(order := np.argsort(person)))
        for name, lacking in _lacking(part, instrument):
            answered = np.ones(len(person), dtype=bool)
            answered[order[places]] = ~lacking[there]
            yield name, answered


def _lacking(part: Round, instrument: Instrument) -> Iterator[tuple[str, Bools]]:
    """Who does not count in each number of a round."""
    no_score, no_answer = np.isnan(part.scores), np.isnan(part.answers)
    for column, scale in enumerate(part.scales):
        yield f"scale {scale}", no_score[:, column]
    for column, item in enumerate(part.items):
        holders = [place for place, scale in enumerate(part.scales) if item in instrument.item_ids(scale)]
        yield f"item {item}", no_answer[:, column] | no_score[:, holders].any(axis=1)
