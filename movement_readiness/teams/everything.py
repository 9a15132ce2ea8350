"""Everything that is shown of a study, in all rounds and releases together, as the linear program sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import item_options
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.everybody import Everybody
from movement_readiness.teams.facts import Layer, facts_of, families
from movement_readiness.teams.former import Former
from movement_readiness.teams.narrowing import bars_of
from movement_readiness.teams.shown import Shown, counted
from movement_readiness.teams.study import Round, Study

__all__ = ["Everything"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_ASSUMED = ("like others", "lowest", "highest")  # of the answers of people who are not at hand any more
_SHIFT = 40  # numbers from 2 ** 40 on are of people at a site where their answers are not at hand


class Everything:
    """One round beside the rounds decided before it, and beside what was released of any round before.

    Parameters
    ----------
    study, part, instrument, policy
    rounds : sequence of (round, what is shown of it)
    everybody : Everybody
        The people of all rounds, and the earlier releases.
    """

    def __init__(
        self,
        study: Study,
        part: Round,
        instrument: Instrument,
        policy: DisclosurePolicy,
        rounds: Sequence[tuple[Round, Mapping[str, Shown]]],
        everybody: Everybody,
    ) -> None:
        self.part, self.instrument, self.policy = part, instrument, policy
        self.n_sites = len(study.sites)
        self.site_of = np.concatenate([np.arange(self.n_sites), study.team_site])  # of every group: sites, then teams
        self._settled: dict[tuple[str, ...], Ints] = {}
        people = everybody.people
        before = [Layer(one, people[one.wave, one.form], self._numbers(one, seen)) for one, seen in rounds]
        then: list[_Then] = []
        for one in study.rounds:
            former = [*everybody.logged[one.wave, one.form], *everybody.pages[one.wave, one.form]]
            numbers = [_at_hand(it, one, everybody.person_of(it)) for it in former]
            then += _released(one, former, numbers, self.n_sites, again=one is part)
        mine = people[part.wave, part.form]
        kept = np.unique(np.concatenate([mine, *(layer.person for layer in before), *(one.person for one in then)]))
        kept = kept[kept >= 0]
        self.n_people, self.person = len(kept), _place(mine, kept)
        self.away = np.isin(kept, np.concatenate([mine[:0], *(one.person[one.away] for one in then)]))
        self.left = np.isin(np.arange(self.n_sites), (kept[self.away] >> _SHIFT) - 1)  # sites that somebody left
        # What people who are not at hand any more answered is not known: all is judged as if it were this and that.
        self.before = [
            [
                replace(layer, person=_place(layer.person, kept))
                for layer in (*before, *(one.layer(instrument, assumed) for one in then))
            ]
            for assumed in (_ASSUMED if self.away.any() else _ASSUMED[:1])
        ]

    def bars(self, shown: Mapping[str, Shown]) -> dict[str, Bools]:
        """What must not be shown of the round, by the name of the number: groups (sites, then teams)."""
        now = Layer(self.part, self.person, self._numbers(self.part, shown))
        found: dict[str, Bools] = {}
        for scales in families(self.instrument, [*self.before[0], now], self.part.scales):
            marks = self._marks(now.numbers, scales)
            settled = marks == self._settled.get(scales, np.zeros_like(marks))
            barred: dict[str, Bools] = {}
            for assumed, before in zip(_ASSUMED, self.before, strict=False):
                facts = facts_of(self.instrument, [*before, now], scales, self.n_people)
                # At an end nothing is said of the people who are assumed to be there, only of others.
                beside = (settled, None) if assumed == _ASSUMED[0] else (settled | ~self.left, self.away)
                for name, flags in bars_of(facts, len(before), self.policy, *beside).items():
                    barred[name] = barred.get(name, np.zeros_like(flags)) | flags
            sites = np.any([self._sites(flags) for flags in barred.values()], axis=0) if barred else False
            self._settled[scales] = np.where(sites, 0, marks)
            found |= barred
        return found

    def _marks(self, numbers: Mapping[str, Counted], scales: tuple[str, ...]) -> Ints:
        """By site a number that is another one as soon as other numbers of the family are shown there."""
        items = {item for scale in scales for item in self.instrument.item_ids(scale)}
        rng = np.random.default_rng(1)
        marks = np.ones(self.n_sites, dtype=np.int64)
        for name, one in sorted(numbers.items()):
            kind, _, what = name.partition(" ")
            drawn = rng.integers(1, 2**62, len(one.sites) + len(one.teams), dtype=np.int64)
            if (what in scales) if kind == "scale" else (what in items):
                shown = np.concatenate([one.sites, one.teams])
                np.add.at(marks, self.site_of[shown], drawn[shown])
        return marks

    def _sites(self, flags: Bools) -> Bools:
        return np.bincount(self.site_of[flags], minlength=self.n_sites) > 0

    def _numbers(self, part: Round, shown: Mapping[str, Shown]) -> dict[str, Counted]:
        return {
            name: counted(self.instrument, part, name, one)
            for name, one in shown.items()
            if one or name.partition(" ")[2] in part.scales
        }


def _place(person: Ints, kept: Ints) -> Ints:
    """People by their place among those who are in any layer; -1 stays."""
    return np.where(person < 0, -1, np.searchsorted(kept, person))


def _at_hand(former: Former, part: Round, person: Ints) -> Ints:
    """The numbers of a release's people; others for those who are not at hand any more, or stand at another site."""
    before, now = former.pairs.before, former.pairs.now
    same = before[former.site[before] == part.site[now]]
    found = person + (1 + former.site << _SHIFT)
    found[same] = person[same]
    return found


@dataclass(frozen=True)
class _Then:
    """An earlier release as a layer, but for the answers of people who are not at hand any more (``away``)."""

    part: Round
    former: Former
    person: Ints
    numbers: Mapping[str, Counted]
    again: bool

    @property
    def away(self) -> Bools:
        found: Bools = ~np.isin(np.arange(len(self.person)), self.former.pairs.before)
        return found

    def layer(self, instrument: Instrument, assumed: str) -> Layer:
        """With the answers that are assumed."""
        former, answers = self.former, self._answers(instrument, assumed)
        then = replace(self.part, site=former.site, team=former.team, answers=answers)
        return Layer(then, self.person, self.numbers, self.again)

    def _answers(self, instrument: Instrument, assumed: str) -> Floats:
        """The answers of everybody in the release.

        Of those that are not at hand, only what they skipped is known. Each of their answers is taken to be that of
        somebody at their site, or the lowest, or the highest: how wide an interval is, is a concave function of what
        is known, so that it is narrowest at such ends.
        """
        part, former, away = self.part, self.former, self.away
        answers = np.full((len(self.person), len(part.items)), np.nan)
        for column, item in enumerate(part.items):
            name = f"item {item}"
            mine = away & self.numbers[name].counts if name in self.numbers else away
            if assumed != "like others":
                keyed, _, _, _ = item_options(part, column, instrument)
                answers[mine, column] = keyed[0 if assumed == "lowest" else -1]
                continue
            for place in np.unique(former.site[mine]):
                given = part.answers[part.site == place, column]
                given = given[~np.isnan(given)]
                some = np.flatnonzero(mine & (former.site == place))
                if len(given):
                    answers[some, column] = given[self.person[some] % len(given)]
        answers[former.pairs.before] = part.answers[former.pairs.now]
        return answers


def _released(
    part: Round, former: Sequence[Former], people: Sequence[Ints], n_sites: int, *, again: bool
) -> list[_Then]:
    """Earlier releases of a round; those of the same people in the same teams are one."""
    found: dict[tuple[bytes, bytes], _Then] = {}
    for earlier, person in zip(former, people, strict=True):
        key = (person.tobytes(), earlier.team.tobytes())
        numbers = dict(found[key].numbers) if key in found else {}
        for name, table in earlier.release.tables.items():
            counts, teams, sites = earlier.shown_in(table, n_sites)
            if name in numbers:
                teams, sites = teams | numbers[name].teams, sites | numbers[name].sites
            numbers[name] = Counted(earlier.site, earlier.team, counts, teams, sites, np.empty(0))
        found[key] = _Then(part, earlier, person, numbers, again)
    return list(found.values())
