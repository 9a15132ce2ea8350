"""Everything that is shown of a study, in all rounds and releases together, as the linear program sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import item_options
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.everybody import Everybody
from movement_readiness.teams.facts import Layer, facts_of, families
from movement_readiness.teams.former import Former
from movement_readiness.teams.narrowing import Leavers, bars_of
from movement_readiness.teams.policy import EPSILON
from movement_readiness.teams.shown import Shown, counted
from movement_readiness.teams.study import Round, Study

__all__ = ["Everything"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
        logged, pages, unsure = (
            _earlier(study, part, found, everybody, policy)
            for found in (everybody.logged, everybody.pages, everybody.unsure)
        )
        sure = [*logged, *pages]
        then = [*sure, *unsure]
        mine = people[part.wave, part.form]
        kept = np.unique(np.concatenate([mine, *(layer.person for layer in before), *(one.person for one in then)]))
        kept = kept[kept >= 0]
        self.n_people, self.person = len(kept), _place(mine, kept)
        away = np.unique(np.concatenate([mine[:0], *(one.person[one.away] for one in then)]))
        left = np.isin(np.arange(self.n_sites), (away >> _SHIFT) - 1)  # sites that somebody left

        def laid_out(layers: Iterable[Layer]) -> list[Layer]:
            return [replace(layer, person=_place(layer.person, kept)) for layer in (*before, *layers)]

        self.cases = [
            case
            for known in ((then, sure) if unsure else (then,))
            for case in _cases(known, laid_out, Leavers(left, np.isin(kept, away)), away, instrument, policy)
        ]

    def bars(self, shown: Mapping[str, Shown]) -> dict[str, Bools]:
        """What must not be shown of the round, by the name of the number: groups (sites, then teams)."""
        now = Layer(self.part, self.person, self._numbers(self.part, shown))
        found: dict[str, Bools] = {}
        for scales in families(self.instrument, [*self.cases[0].before, now], self.part.scales):
            marks = self._marks(now.numbers, scales)
            settled = marks == self._settled.get(scales, np.zeros_like(marks))
            barred: dict[str, Bools] = {}
            done = settled.copy()
            for case in self.cases:
                facts = facts_of(self.instrument, [*case.before, now], scales, self.n_people)
                for name, flags in bars_of(facts, len(case.before), self.policy, done, case.leavers).items():
                    barred[name] = barred.get(name, np.zeros_like(flags)) | flags
                    done |= self._sites(flags)  # judged again when this is withheld
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
class _Case:
    """Layers before the last one, and who is judged beside them."""

    before: Sequence[Layer]
    leavers: Leavers


@dataclass(frozen=True)
class _Then:
    """An earlier release as a layer, but for the answers of people who are not at hand any more (``away``)."""

    part: Round
    former: Former
    person: Ints
    numbers: Mapping[str, Counted]
    off_ends: Mapping[str, Shown]  # by scale
    again: bool

    @cached_property
    def away(self) -> Bools:
        found: Bools = ~np.isin(np.arange(len(self.person)), self.former.pairs.before)
        return found

    def without(self) -> Layer:
        """Of those at hand alone, as if everybody knew what the others answered."""
        return self._layer(self._answers(), np.where(self.away, -1, self.person))

    def answering(self, instrument: Instrument, policy: DisclosurePolicy, share: Floats) -> Layer:
        """As if each of those who are not at hand had chosen one option for all items: 0 is the lowest, 1 the highest.

        Only what they skipped is known of them, and of some groups that no few people answered all near an end.
        """
        part, answers = self.part, self._answers()
        at_end = (share == 0) | (share == 1)
        inward = {scale: self._inward(scale, policy) & at_end for scale in part.scales if at_end[self.away].any()}
        for column, item in enumerate(part.items):
            name = f"item {item}"
            mine = self.away & self.numbers[name].counts if name in self.numbers else self.away
            keyed, values, holders, _ = item_options(part, column, instrument)
            answers[mine, column] = keyed[np.round(share[mine] * (len(keyed) - 1)).astype(np.int64)]
            if holders and inward:
                off_end = mine & np.all([inward[part.scales[place]] for place in holders], axis=0)
                low = keyed[np.argmax(values >= policy.min_interval - EPSILON)]
                high = keyed[::-1][np.argmax(100 - values[::-1] >= policy.min_interval - EPSILON)]
                answers[off_end, column] = np.where(share[off_end] == 0, low, high)
        return self._layer(answers, self.person)

    def _inward(self, scale: str, policy: DisclosurePolicy) -> Bools:
        """One of every few who left a group of which no few people's scores are all near an end."""
        former, least, n_sites = self.former, policy.min_respondents_own_team, len(self.off_ends[scale].sites)
        mine = np.flatnonzero(self.away & self.numbers[f"scale {scale}"].counts)
        site, team, off = former.site[mine], former.team[mine], self.off_ends[scale]
        group = np.where(off.sites[site], site, np.where(np.append(off.teams, False)[team], n_sites + team, -1))
        order = np.lexsort((team, group))
        ordered = group[order]
        nth = np.arange(len(order)) - np.searchsorted(ordered, ordered)
        found = np.zeros(len(self.person), dtype=bool)
        found[mine[order][(ordered >= 0) & (nth % least == least - 1)]] = True
        return found

    def _answers(self) -> Floats:
        answers = np.full((len(self.person), len(self.part.items)), np.nan)
        answers[self.former.pairs.before] = self.part.answers[self.former.pairs.now]
        return answers

    def _layer(self, answers: Floats, person: Ints) -> Layer:
        then = replace(self.part, site=self.former.site, team=self.former.team, answers=answers)
        return Layer(then, person, self.numbers, self.again)


def _cases(
    then: Sequence[_Then],
    laid_out: Callable[[Iterable[Layer]], list[Layer]],
    leavers: Leavers,
    away: Ints,
    instrument: Instrument,
    policy: DisclosurePolicy,
) -> Iterator[_Case]:
    """Everybody knows what those who left answered; then they have chosen this and that (`_shares`)."""
    yield _Case(laid_out(one.without() for one in then), leavers)
    if len(away):
        options = {
            len(item_options(one.part, column, instrument)[0]) for one in then for column in range(len(one.part.items))
        }
        for share in _shares(then, away, max(options, default=2)):
            # A mean alone is told best where people answered the lowest, or the highest.
            means = bool(np.isin(share, (0, 1)).all())
            layers = [
                one.answering(instrument, policy, np.append(share, 0.0)[_places(one.person, away)]) for one in then
            ]
            yield _Case(laid_out(layers), replace(leavers, known=False, means=means))


def _shares(then: Sequence[_Then], away: Ints, n_options: int) -> Iterator[Floats]:
    """What those who left have chosen: all the same option, each in turn; those of one time this end, others that."""
    for share in np.linspace(0, 1, n_options):
        yield np.full(len(away), share)
    last = np.zeros(len(away), dtype=np.int64)
    for place, one in enumerate(then):
        last[np.searchsorted(away, one.person[one.away])] = place
    times = np.unique(last)
    for time in times[:1] if len(times) == 2 else times if len(times) > 2 else ():
        yield np.where(last == time, 0.0, 1.0)
        yield np.where(last == time, 1.0, 0.0)


def _places(person: Ints, away: Ints) -> Ints:
    """Where people are among those who left, -1 who are not."""
    place = np.minimum(np.searchsorted(away, person), len(away) - 1)
    return np.where(away[place] == person, place, -1)


def _earlier(
    study: Study,
    part: Round,
    found: Mapping[tuple[str, str], Sequence[Former]],
    everybody: Everybody,
    policy: DisclosurePolicy,
) -> list[_Then]:
    """What was released, or shown on pages, of every round before."""
    return [
        then
        for one in study.rounds
        for then in _released(one, found[one.wave, one.form], everybody, len(study.sites), policy, again=one is part)
    ]


def _released(
    part: Round,
    former: Sequence[Former],
    everybody: Everybody,
    n_sites: int,
    policy: DisclosurePolicy,
    *,
    again: bool,
) -> list[_Then]:
    """Earlier releases of a round; those of the same people in the same teams are one."""
    limits = policy.min_respondents_own_team, policy.min_interval
    found: dict[tuple[bytes, bytes], _Then] = {}
    for earlier in former:
        person = _at_hand(earlier, part, everybody.person_of(earlier))
        key = (person.tobytes(), earlier.team.tobytes())
        off_ends = {scale: earlier.off_ends(f"scale {scale}", n_sites, limits) for scale in part.scales}
        if key in found:
            numbers = dict(found[key].numbers)
            off_ends = {scale: one.either(found[key].off_ends[scale]) for scale, one in off_ends.items()}
        else:
            numbers = _hidden(part, earlier, n_sites)
        for name, table in earlier.release.tables.items():
            counts, teams, sites = earlier.shown_in(table, n_sites)
            if name in numbers:
                teams, sites = teams | numbers[name].teams, sites | numbers[name].sites
            numbers[name] = Counted(earlier.site, earlier.team, counts, teams, sites, np.empty(0))
        found[key] = _Then(part, earlier, person, numbers, off_ends, again)
    return list(found.values())


def _hidden(part: Round, former: Former, n_sites: int) -> dict[str, Counted]:
    """The means of a release, of which none was shown: its teams are hidden ones."""
    before, now = former.pairs.before, former.pairs.now
    found = {}
    for column, scale in enumerate(part.scales):
        counts = np.ones(len(former.site), dtype=bool)
        counts[before] = np.isfinite(part.scores[now, column])
        teams, sites = np.zeros(len(former.team_site), dtype=bool), np.zeros(n_sites, dtype=bool)
        found[f"scale {scale}"] = Counted(former.site, former.team, counts, teams, sites, np.empty(0))
    return found
