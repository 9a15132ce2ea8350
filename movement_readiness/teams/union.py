"""What everything that was released before, and every other wave and form, leave to be shown of one round.

Two kinds of neighbours are compared with a round, number by number, by what both of them know (`crossing`):

*Earlier releases of the same wave and form*, from the log. The same people are known by their response ids; a
corrected response is one person who went and one who came. Where 1 to 4 (``least`` - 1) people came, or went, the
difference would be theirs: the group is withheld in the later release. Groups of the very same people count as shown
already, so that a later release cannot be subtracted from what an earlier one left.

*Other waves and forms* of the same study. Nothing links a person's answers, and people change; but somebody may know
that all others answered the same again. Such knowledge helps only where it is true, and the answers show whether it
can be: people whose answers to all items that both rounds have are the same are taken for the same people (within a
team, then within a site, so that somebody who moved is known again). The items of one scale alone would not do: they
are so few that strangers often give the same answers to them.

- Means: where those who came or went are 1 to ``least`` - 1 altogether, the later mean is withheld (a difference of
  groups of so few people).
- Items, whose counts can be subtracted option by option: neither those who came nor those who went may be 1 to
  ``least`` - 1, and no five or more of them nearly unanimous.
- No sum or difference of groups, of any rounds, releases and pages together, is a few people (`everybody`, `spans`).
- Whatever is left then, all rounds and releases together, is judged by a linear program (`everything`).

In collected data hardly anything is withheld for this: where half a team of ten give one answer differently, more
than four people differ (``tests/benchmarks/disclosure.py`` prints the price). With the answers of a wave not at hand
(a log or a page alone), head-counts decide: 1 to ``least`` - 1 apart is too close. Hand in all waves together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release
from movement_readiness.teams.crossing import Pairs, crossed, fingerprint, paired
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.everybody import Everybody
from movement_readiness.teams.everything import Everything
from movement_readiness.teams.former import Former
from movement_readiness.teams.logged import packed
from movement_readiness.teams.paged import absent
from movement_readiness.teams.shown import Shown, counted, of_items
from movement_readiness.teams.study import Round, Study
from movement_readiness.teams.telling import Telling

__all__ = ["Barred", "Neighbours"]

Bools = npt.NDArray[np.bool_]


@dataclass
class Barred:
    """By the name of a number ("scale rational", "item R1"): groups (sites, then teams) that must not be shown.

    ``by_release`` are those that an earlier release bars, ``by_round`` those that another wave or form does;
    ``out`` (teams) and ``out_sites`` are known already, from an earlier release of the same people.
    """

    by_release: dict[str, Bools] = field(default_factory=dict)
    by_round: dict[str, Bools] = field(default_factory=dict)
    out: dict[str, Bools] = field(default_factory=dict)
    out_sites: dict[str, Bools] = field(default_factory=dict)

    def of(self, name: str, n_groups: int) -> Bools:
        """Everything that is barred of a number."""
        none = np.zeros(n_groups, dtype=bool)
        found: Bools = self.by_release.get(name, none) | self.by_round.get(name, none)
        return found

    def add_known(self, name: str, teams: Bools, sites: Bools) -> bool:
        """Add groups whose number is known already; whether any of them is new."""
        return any([_add(self.out, name, teams), _add(self.out_sites, name, sites)])


class Neighbours:
    """The rounds and releases that one round is compared with."""

    def __init__(
        self,
        study: Study,
        part: Round,
        instrument: Instrument,
        policy: DisclosurePolicy,
        rounds: Iterable[tuple[Round, Mapping[str, Shown]]],
        releases: Sequence[Release],
        everybody: Everybody,
        moved: Bools,
    ) -> None:
        self.study, self.part, self.instrument, self.policy = study, part, instrument, policy
        self.rounds, self.everybody = list(rounds), everybody
        self.releases = everybody.logged[part.wave, part.form]
        there = {(one.wave, one.form) for one in study.rounds}
        away = [one for one in releases if (one.wave, one.form) not in there]
        away += packed(absent(study, instrument, policy))
        laid_out = [Former.of(one, study, part) for one in away]
        self.elsewhere = [one for one in laid_out if one is not None]
        self.moved = np.zeros(len(study.sites) + len(study.teams), dtype=bool)  # groups with people of another site
        self.moved[part.site[moved]] = True
        self.moved[len(study.sites) + part.team[moved & (part.team >= 0)]] = True
        self._pairs: dict[int, Pairs] = {}
        self._telling = Telling(part, instrument, policy)
        self._everything: Everything | None = None

    def bars(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        """Add to `barred` what would tell too much beside the neighbours; whether anything was added."""
        found = [_add(barred.by_release, name, self.moved) for name in shown]
        found += [self._beside_releases(shown, barred), self._beside_rounds(shown, barred)]
        found.append(self._beside_head_counts(shown, barred))
        return any(found) or self._beside_everybody(shown, barred) or self._beside_everything(shown, barred)

    def _beside_releases(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        added = False
        for earlier in self.releases:
            for name, table in earlier.release.tables.items():
                if name not in shown:
                    continue
                bars = earlier.crossed(self._telling, name, table, shown[name])
                teams = slice(0, len(self.study.teams))
                added |= barred.add_known(name, bars.same_teams[teams], bars.same_sites)
                added |= _add(barred.by_release, name, np.concatenate([bars.sites, bars.teams[teams]]))
        return added

    def _beside_rounds(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        added = False
        for place, (before, shown_before) in enumerate(self.rounds):
            for name, targets in _comparable(self.instrument, before, self.part):
                first = _shown_of(name, shown_before, self.instrument)
                second = _shown_of(name, shown, self.instrument)
                if not (first and second):
                    continue
                tables = (
                    counted(self.instrument, before, name, first),
                    counted(self.instrument, self.part, name, second),
                )
                pairs = self._paired(place)
                bars = crossed(
                    *tables,
                    pairs,
                    self.study.team_site,
                    self._telling.judge(name, *tables, strict=False),
                    self._telling.told_alone(name, tables[0], len(self.study.sites)),
                    self._telling.across(name, *tables),
                )
                flags = np.concatenate([bars.sites, bars.teams])
                for target in targets:
                    added |= _add(barred.by_round, target, flags)
                added |= barred.add_known(name, bars.same_teams, bars.same_sites)
        return added

    def _beside_head_counts(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        added = False
        for earlier in self.elsewhere:
            for name, table in earlier.release.tables.items():
                if name in shown:
                    flags = earlier.close_counts(self._telling, name, table, shown[name])
                    added |= _add(barred.by_round, name, flags)
        return added

    def _beside_everybody(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        """What tells a few people together with all other groups of which the same number is known."""
        added = False
        for name, by_release, by_round in self.everybody.bars(self.part, shown, self.rounds):
            added |= _add(barred.by_release, name, by_release)
            added |= _add(barred.by_round, name, by_round)
        return added

    def _beside_everything(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        """What the linear program finds in all of it together."""
        if self._everything is None:
            self._everything = Everything(
                self.study, self.part, self.instrument, self.policy, self.rounds, self.everybody
            )
        store = barred.by_release if self.everybody.out else barred.by_round
        added = False
        for name, flags in self._everything.bars(shown).items():
            added |= _add(store, name, flags & ~barred.of(name, len(flags)))
        return added

    def _paired(self, place: int) -> Pairs:
        """People of two rounds whose answers to all items that both have are the same."""
        if place not in self._pairs:
            before = self.rounds[place][0]
            items = tuple(item for item in self.part.items if item in before.items)
            self._pairs[place] = paired(
                (before.site, before.team, fingerprint(before, items)),
                (self.part.site, self.part.team, fingerprint(self.part, items)),
            )
        return self._pairs[place]


def _comparable(instrument: Instrument, before: Round, now: Round) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every number that both rounds may tell: its name, and what to withhold for it."""
    both = [item for item in now.items if item in before.items]
    for scale in dict.fromkeys((*before.scales, *now.scales)):
        items = tuple(item for item in instrument.item_ids(scale) if item in both)
        whole = len(items) == len(instrument.item_ids(scale))
        if items and (whole or (scale in before.scales and scale in now.scales)):
            yield f"scale {scale}", (f"scale {scale}",) if scale in now.scales else tuple(f"item {i}" for i in items)
    for item in both:
        yield f"item {item}", (f"item {item}",)


def _shown_of(name: str, shown: Mapping[str, Shown], instrument: Instrument) -> Shown | None:
    kind, _, scale = name.partition(" ")
    return shown.get(name) if name in shown or kind == "item" else of_items(instrument, scale, shown)


def _add(store: dict[str, Bools], name: str, flags: Bools) -> bool:
    before = store.get(name, np.zeros_like(flags))
    store[name] = before | flags
    return bool((flags & ~before).any())
