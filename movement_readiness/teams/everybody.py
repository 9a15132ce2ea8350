"""Every round, earlier release and page of a study together: no few people may be worked out from all of it.

A response id stands for the same person in every release (`logged`); in other rounds people with the same answers to
all items that both have are taken for the same (`facts.numbered`). So a release of any wave or form is beside every
round, whichever is decided first. What tells a few people (`spans`) is withheld: of a round, as little as is enough.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.facts import numbered
from movement_readiness.teams.former import Former
from movement_readiness.teams.logged import all_out, packed
from movement_readiness.teams.paged import as_releases
from movement_readiness.teams.renamed import Present
from movement_readiness.teams.shown import Shown, counted, of_items
from movement_readiness.teams.spans import Known, few_told
from movement_readiness.teams.study import Round, Study

__all__ = ["Everybody"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Everybody:
    """Everybody of a study and of its earlier releases, and what is out already.

    Parameters
    ----------
    study, instrument, policy
    rounds : sequence of Round
        All rounds, in the order in which they are decided.
    present : Present
        What sites and waves are called now.
    releases : collection of Release
        Of this study.
    """

    def __init__(
        self,
        study: Study,
        rounds: Sequence[Round],
        instrument: Instrument,
        policy: DisclosurePolicy,
        present: Present,
        releases: Collection[Release] = (),
    ) -> None:
        self.instrument, self.least = instrument, policy.min_respondents_own_team
        people = numbered(rounds)
        self.people = {(part.wave, part.form): mine for part, mine in zip(rounds, people, strict=True)}
        salt = next((one.salt for one in releases), "")
        pages = as_releases(study, instrument, policy, salt)
        known = [present.called_so(one) for one in pages]
        pages = [present.named(one) for one in pages]
        # Which numbers a page showed is not kept. Where its team is called otherwise now, it may have shown none.
        sure, unsure = (
            packed(one for one, there in zip(pages, known, strict=True) if there is flag) for flag in (True, False)
        )
        logged = packed(releases)
        every, self._n_sure = [*logged, *sure, *unsure], len(logged) + len(sure)
        self.out = all_out(rounds, people, every)
        self._persons = {id(one): out.person for one, out in zip(every, self.out, strict=True)}
        self.logged, self.pages, self.unsure = (
            {(part.wave, part.form): list(_former(found, study, part)) for part in rounds}
            for found in (logged, sure, unsure)
        )
        self._done: dict[int, tuple[Bools, Bools]] = {}

    def bars(
        self, part: Round, shown: Mapping[str, Shown], before: Sequence[tuple[Round, Mapping[str, Shown]]]
    ) -> Iterator[tuple[str, Bools, Bools]]:
        """By number: groups (sites, then teams) that tell a few people beside what is out, or only beside other rounds.

        Parameters
        ----------
        part, shown
            The round, and what would be shown of it.
        before : sequence of (round, what is shown of it)
        """
        if not before and not self.out:
            return
        rounds = [(self._person(one), self._numbers(one, seen)) for one, seen in before]
        person, now = self._person(part), self._numbers(part, shown)
        for name, mine in now.items():
            others = [(one, _group(numbers[name])) for one, numbers in rounds if name in numbers]
            for known in (self.out, self.out[: self._n_sure]) if self._n_sure < len(self.out) else (self.out,):
                out = [(one.person, one.groups[name]) for one in known if name in one.groups]
                if not others and not out:
                    continue
                barred = self._barred(_pairs(person, mine, others, out), mine)
                for target in _targets(name, shown, self.instrument):
                    yield target, *barred

    def _barred(self, pairs: _Pairs, mine: Counted) -> tuple[Bools, Bools]:
        key = hash(tuple(values.tobytes() for values in (pairs.person, pairs.group, pairs.site, pairs.kind)))
        if key not in self._done:
            self._done[key] = _barred(pairs, len(mine.sites), len(mine.teams), self.least)
        return self._done[key]

    def person_of(self, former: Former) -> Ints:
        """The number of everybody in a release that `logged`, `pages` or `unsure` hold."""
        return self._persons[id(former.release)][former.rows]

    def _person(self, part: Round) -> Ints:
        return self.people[part.wave, part.form]

    def _numbers(self, part: Round, shown: Mapping[str, Shown]) -> dict[str, Counted]:
        """Every number of a round, also of the scales that are none of its own, but all of whose items are shown."""
        found = {name: counted(self.instrument, part, name, one) for name, one in shown.items() if one}
        for scale in self.instrument.scales:
            both = None if scale in part.scales else of_items(self.instrument, scale, shown)
            if both:
                found[f"scale {scale}"] = counted(self.instrument, part, f"scale {scale}", both)
        return found


def _former(releases: Sequence[Release], study: Study, part: Round) -> Iterator[Former]:
    """The releases of a round, laid out like it."""
    for one in releases:
        found = Former.of(one, study, part) if (one.wave, one.form) == (part.wave, part.form) else None
        if found is not None:
            yield found


def _targets(name: str, now: Mapping[str, Shown], instrument: Instrument) -> list[str]:
    """What to withhold for a number: a sum of items is withheld with all of them."""
    return [name] if name in now else [f"item {item}" for item in instrument.item_ids(name.partition(" ")[2])]


_LOGGED, _ROUND, _NOW = 0, 1, 2


@dataclass(frozen=True)
class _Pairs:
    """Pairs of a person and a group that the person is in: of a release, another round, or of now.

    Of now, ``group`` is a team's place (-1: no team that is shown), ``site`` that of a shown site (-1: not shown).
    """

    person: Ints
    group: Ints
    site: Ints
    kind: Ints

    def at(self, places: Ints | Bools) -> _Pairs:
        return _Pairs(self.person[places], self.group[places], self.site[places], self.kind[places])

    def hiding(self, hidden: Bools, n_sites: int) -> _Pairs:
        """With some groups (sites, then teams) of now hidden; people of a hidden team are left of their site."""
        now = self.kind == _NOW
        no_team = now & np.append(hidden[n_sites:], False)[np.where(now, self.group, -1)]
        no_site = now & np.append(hidden[:n_sites], False)[self.site]
        return _Pairs(
            self.person, np.where(no_team, -1, self.group), np.where(no_site, -1, self.site), self.kind
        )  # fmt: skip

    def known(self, n_sites: int) -> tuple[Known, Ints]:
        """As `Known`, and the group (sites, then teams) of now that each of its groups is, -1 of others."""
        group = np.where(self.group >= 0, self.group + n_sites, self.site)
        code = np.where(self.kind == _NOW, group, -2 - self.group)
        kept = (self.kind != _NOW) | (group >= 0)
        codes, place = np.unique(code[kept], return_inverse=True)
        return Known(self.person[kept], place, codes >= 0), codes


def _group(counted: Counted) -> Ints:
    """The smallest shown group of everybody, -1 where there is none."""
    team = np.append(counted.teams, False)[counted.team]
    site = np.append(counted.sites, False)[counted.site]
    group = np.where(team, len(counted.sites) + counted.team, np.where(site, counted.site, -1))
    return np.where(counted.counts, group, -1)


def _pairs(
    person: Ints, now: Counted, others: Sequence[tuple[Ints, Ints]], logged: Sequence[tuple[Ints, Ints]]
) -> _Pairs:
    team = np.where(now.counts & np.append(now.teams, False)[now.team], now.team, -1)
    site = np.where(now.counts & np.append(now.sites, False)[now.site], now.site, -1)
    kept = (team >= 0) | (site >= 0)
    parts = [_Pairs(person[kept], team[kept], site[kept], np.full(int(kept.sum()), _NOW))]
    total = 0
    for kind, layers in ((_ROUND, others), (_LOGGED, logged)):
        for one, group in layers:
            there = group >= 0
            size = int(there.sum())
            parts.append(_Pairs(one[there], total + group[there], np.full(size, -1), np.full(size, kind)))
            total += 1 + int(group.max(initial=0))
    return _Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in _Pairs.__annotations__))


def _barred(pairs: _Pairs, n_sites: int, n_teams: int, least: int) -> tuple[Bools, Bools]:
    """What earlier releases bar, and what other rounds alone do."""
    found = np.zeros((2, n_sites + n_teams), dtype=bool)
    known, codes = pairs.known(n_sites)
    for told in few_told(known, least):
        linked = pairs.at(told.pairs)
        among_rounds = linked.at(linked.kind != _LOGGED)
        by_round = any(few_told(among_rounds.known(n_sites)[0], least))
        found[int(by_round)] |= _cured(linked, codes[told.groups], n_sites, n_teams, least)
    return found[0], found[1]


def _cured(pairs: _Pairs, groups: Ints, n_sites: int, n_teams: int, least: int) -> Bools:
    """The fewest groups without which nobody is told, of those that tell a few people now."""
    hidden = np.zeros(n_sites + n_teams, dtype=bool)
    for choice in _choices(pairs, groups, n_sites):
        hidden[:] = False
        hidden[list(choice)] = True
        if not any(few_told(pairs.hiding(hidden, n_sites).known(n_sites)[0], least)):
            break
    return hidden


def _choices(pairs: _Pairs, groups: Ints, n_sites: int) -> Iterator[tuple[int, ...]]:
    """One group, the smallest first; a team and its site; more and more teams with their sites; everything."""
    now = pairs.at(pairs.kind == _NOW)
    sizes = np.bincount(now.group[now.group >= 0] + n_sites, minlength=int(groups.max(initial=0)) + 1)
    teams = sorted((int(one) for one in groups if one >= n_sites), key=lambda one: (sizes[one], one))
    site = {one: int(now.site[now.group == one - n_sites].max()) for one in teams}
    sites = sorted({*site.values(), *(int(one) for one in groups if one < n_sites)} - {-1})
    yield from ((team,) for team in teams)
    yield from ((one,) for one in sites)
    yield from ((team, site[team]) for team in teams if site[team] >= 0)
    for last in range(2, len(teams)):
        yield tuple(teams[:last])
        yield (*teams[:last], *({site[team] for team in teams[:last]} - {-1}))
    yield (*teams, *sites)
    everything = {*(now.group[now.group >= 0] + n_sites).tolist(), *now.site[now.site >= 0].tolist()}
    yield tuple(everything)
