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
  groups of so few people); where their sum would narrow one of them, or a team among them, below ``min_interval``, too.
- What is left of a site is withheld, with the site, where half of it or more is the same and the rest is not.
- Items, whose counts can be subtracted option by option: neither those who came nor those who went may be 1 to
  ``least`` - 1, and no five or more of them nearly unanimous.

In collected data hardly anything is withheld for this: where half a team of ten give one answer differently, more
than four people differ (``tests/benchmarks/disclosure.py`` prints the price). With the answers of a wave not at hand
(a log alone), head-counts decide: 1 to ``least`` - 1 apart is too close. Hand in all waves together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release, ReleasedTable, hashed
from movement_readiness.teams.counting import item_options
from movement_readiness.teams.crossing import (
    Across,
    Bars,
    Counted,
    Difference,
    Judge,
    Pairs,
    Sides,
    crossed,
    fingerprint,
    paired,
)
from movement_readiness.teams.disclosure import DisclosurePolicy, pins_parts, pins_sums, too_alike
from movement_readiness.teams.facts import Layer, facts_of, families, numbered
from movement_readiness.teams.narrowing import bars_of
from movement_readiness.teams.study import Round, Study

__all__ = ["Barred", "Neighbours", "Shown"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """Of which teams and sites one number is shown to anybody."""

    teams: Bools
    sites: Bools

    def __bool__(self) -> bool:
        return bool(self.teams.any() or self.sites.any())


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
        releases: Iterable[Release],
    ) -> None:
        self.study, self.part, self.instrument, self.policy = study, part, instrument, policy
        self.rounds = list(rounds)
        same_study = [one for one in releases if _same_study(one, study, instrument)]
        self.releases = [
            found for one in same_study if (one.wave, one.form) == (part.wave, part.form)
            for found in [_Earlier.of(one, study, part)] if found is not None
        ]  # fmt: skip
        there = {(one.wave, one.form) for one in study.rounds}
        self.elsewhere = [one for one in same_study if (one.wave, one.form) not in there]
        self._pairs: dict[int, Pairs] = {}
        self._people: list[Ints] = []
        self._before: list[Layer] = []

    def bars(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        """Add to `barred` what would tell too much beside the neighbours; whether anything was added."""
        found = [self._beside_releases(shown, barred), self._beside_rounds(shown, barred)]
        return any([*found, self._beside_head_counts(shown, barred)]) or self._beside_everything(shown, barred)

    def _beside_releases(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        added = False
        for earlier in self.releases:
            for name, table in earlier.release.tables.items():
                if name not in shown:
                    continue
                bars = earlier.crossed(self, name, table, shown[name])
                teams = slice(0, len(self.study.teams))
                added |= barred.add_known(name, bars.same_teams[teams], bars.same_sites)
                added |= _add(barred.by_release, name, np.concatenate([bars.sites, bars.teams[teams]]))
        return added

    def _beside_rounds(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        added = False
        for place, (before, shown_before) in enumerate(self.rounds):
            for name, targets in _comparable(self.instrument, before, self.part):
                first = _shown_of(name, shown_before, self.instrument, before)
                second = _shown_of(name, shown, self.instrument, self.part)
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
                    self.judge(name, *tables, strict=False),
                    self.told_alone(name, tables[0], len(self.study.sites)),
                    self.across(name, *tables),
                    _mostly_same,
                )
                flags = np.concatenate([bars.sites, bars.teams])
                for target in targets:
                    added |= _add(barred.by_round, target, flags)
                added |= barred.add_known(name, bars.same_teams, bars.same_sites)
        return added

    def _beside_head_counts(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        added = False
        for release in self.elsewhere:
            earlier = _Earlier.of(release, self.study, self.part)
            if earlier is None:
                continue
            for name, table in release.tables.items():
                if name in shown:
                    flags = earlier.close_counts(self, name, table, shown[name])
                    added |= _add(barred.by_round, name, flags)
        return added

    def _beside_everything(self, shown: Mapping[str, Shown], barred: Barred) -> bool:
        """What the program finds in all of it together."""
        if not self._people:
            self._people = numbered([*(before for before, _ in self.rounds), self.part])
            self._before = [
                Layer(before, people, self._numbers(before, seen))
                for (before, seen), people in zip(self.rounds, self._people, strict=False)
            ] + self._released()
        layers = [*self._before, Layer(self.part, self._people[-1], self._numbers(self.part, shown))]
        n_people = 1 + max((int(people.max(initial=-1)) for people in self._people), default=-1)
        store = barred.by_release if self.releases else barred.by_round
        added = False
        for scales in families(self.instrument, layers, self.part.scales):
            facts = facts_of(self.instrument, layers, scales, n_people)
            for name, flags in bars_of(facts, len(layers) - 1, self.policy).items():
                added |= _add(store, name, flags & ~barred.of(name, len(flags)))
        return added

    def _numbers(self, part: Round, shown: Mapping[str, Shown]) -> dict[str, Counted]:
        return {
            name: counted(self.instrument, part, name, one)
            for name, one in shown.items()
            if one or name.partition(" ")[2] in part.scales
        }

    def _released(self) -> list[Layer]:
        """Earlier releases of this round, of those of their people who are still there; the others count as known."""
        found: dict[tuple[bytes, bytes], Layer] = {}
        for earlier in self.releases:
            before, now = earlier.pairs.before, earlier.pairs.now
            same = earlier.site[before] == self.part.site[now]
            before, now = before[same], now[same]
            person = np.full(len(self.part.site), -1, dtype=np.int64)
            person[now] = self._people[-1][now]
            team = np.full(len(person), -1, dtype=np.int64)
            team[now] = earlier.team[before]
            numbers = dict(found[key].numbers) if (key := (person.tobytes(), team.tobytes())) in found else {}
            for name, table in earlier.release.tables.items():
                counts, teams, sites = earlier.shown_in(table, len(self.study.sites))
                everybody = np.zeros(len(person), dtype=bool)
                everybody[now] = counts[before]
                if name in numbers:
                    teams, sites = teams | numbers[name].teams, sites | numbers[name].sites
                numbers[name] = Counted(self.part.site, team, everybody, teams, sites, np.empty(0))
            found[key] = Layer(self.part, person, numbers)
        return list(found.values())

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

    def judge(self, name: str, before: Counted, now: Counted, *, strict: bool) -> Judge:
        """What gives a few people away, for the mean of a scale or the answers to an item.

        ``strict``: neither those who came nor those who went may be few; else not both together.
        """
        least = self.policy.min_respondents_own_team
        is_item = name.startswith("item ")

        def few(found: Difference) -> Bools:
            sides = [found.came, found.went] if strict or is_item else [found.came + found.went]
            told: Bools = np.stack([(side > 0) & (side < least) for side in sides]).max(axis=0)
            if is_item:
                told |= _alike(found, before, now, self._options(name), self.policy)
            else:
                told |= _pinned(found, before, now, self.policy)
            flags: Bools = told & (found.both > 0)  # other people altogether: nothing can be subtracted
            return flags

        return few

    def told_alone(self, name: str, before: Counted, n_sites: int) -> Callable[[Bools], Bools]:
        """At which sites the sum over some people of an earlier release must not be known."""
        least = self.policy.min_respondents_own_team

        def told(rows: Bools) -> Bools:
            rows = rows & before.counts
            n = np.bincount(before.site[rows], minlength=n_sites)
            flags: Bools = (n > 0) & (n < least)
            unknown = rows & np.isnan(before.values)
            flags |= np.bincount(before.site[unknown], minlength=n_sites) > 0  # nobody can say any more
            if name.startswith("item "):
                options, points = self._options(name)
                return flags | too_alike(
                    _table(rows, before.site, before.values, options, n_sites), points, self.policy
                )
            sums = np.bincount(before.site[rows], before.values[rows], minlength=n_sites)
            with np.errstate(invalid="ignore"):
                return flags | pins_sums(n, np.zeros(n_sites, dtype=np.int64), sums.astype(np.float64), self.policy)

        return told

    def across(self, name: str, before: Counted, now: Counted) -> Across:
        """Which teams give a few people away beside their whole site in the other release.

        The first array is of teams of the later release beside the site of the earlier one, the second of those of
        the earlier beside the site of the later one.
        """

        def of(sides: Sides, whole: Difference) -> tuple[Bools, Bools]:
            return (
                self._beside_site(name, now, before, sides, sides.now_team, now.counts & ~whole.came_rows),
                self._beside_site(name, before, now, sides, sides.before_team, before.counts & ~whole.went_rows),
            )

        return of

    def _beside_site(self, name: str, one: Counted, site: Counted, sides: Sides, team: Ints, same: Bools) -> Bools:
        n_teams, n_sites, least = len(sides.team_site), len(site.sites), self.policy.min_respondents_own_team
        kept = np.bincount(team[same], minlength=n_teams)
        went = np.bincount(team[one.counts], minlength=n_teams) - kept
        came = np.bincount(site.site[site.counts], minlength=n_sites)[sides.team_site] - kept
        if name.startswith("item "):
            options, points = self._options(name)
            of_site = _table(site.counts, site.site, site.values, options, n_sites)[sides.team_site]
            gain = of_site - _table(one.counts, team, one.values, options, n_teams)
            told = np.zeros(n_teams, dtype=bool)
            for part, people in ((np.maximum(gain, 0), came), (np.maximum(-gain, 0), went)):
                few = (people > 0) & (people < least)
                told |= (part.sum(axis=1) == people) & (few | too_alike(part, points, self.policy))
        else:
            told = (came + went > 0) & (came + went < least)
            of_site = np.bincount(site.site[site.counts], site.values[site.counts], minlength=n_sites)
            own = np.bincount(team[one.counts], one.values[one.counts], minlength=n_teams)
            gains: Floats = (of_site[sides.team_site] - own).astype(np.float64)
            with np.errstate(invalid="ignore"):
                told |= pins_sums(came, went, gains, self.policy) | pins_sums(went, came, -gains, self.policy)
        flags: Bools = told & (kept > 0)
        return flags

    def _options(self, name: str) -> tuple[Floats, Floats]:
        options, points, _, _ = item_options(self.part, self.part.items.index(name.partition(" ")[2]), self.instrument)
        return options, points


def counted(instrument: Instrument, part: Round, name: str, shown: Shown) -> Counted:
    """Who counts in a number of a round, and their scores or answers."""
    kind, _, what = name.partition(" ")
    if kind == "item":
        column = part.answers[:, part.items.index(what)]
        holders = [place for place, scale in enumerate(part.scales) if what in instrument.item_ids(scale)]
        counts, values = ~np.isnan(column) & ~np.isnan(part.scores[:, holders]).any(axis=1), column
    elif what in part.scales:
        values = part.scores[:, part.scales.index(what)]
        counts = ~np.isnan(values)
    else:  # no scale of this form, but all its items are shown, which add up to it
        columns = [part.items.index(item) for item in instrument.item_ids(what)]
        counts = np.isnan(part.answers[:, columns]).max(axis=1) == 0
        values = np.full(len(counts), np.nan)
    return Counted(part.site, part.team, counts, shown.teams, shown.sites, values)


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


def _shown_of(name: str, shown: Mapping[str, Shown], instrument: Instrument, part: Round) -> Shown | None:
    kind, _, scale = name.partition(" ")
    if name in shown or kind == "item":
        return shown.get(name)
    items = [shown[f"item {item}"] for item in instrument.item_ids(scale) if item in part.items]
    if len(items) < len(instrument.item_ids(scale)):
        return None
    return Shown(np.all([one.teams for one in items], axis=0), np.all([one.sites for one in items], axis=0))


def _add(store: dict[str, Bools], name: str, flags: Bools) -> bool:
    before = store.get(name, np.zeros_like(flags))
    store[name] = before | flags
    return bool((flags & ~before).any())


def _mostly_same(found: Difference) -> Bools:
    """Half of the people or more are the same, and some are not: what is left of a site narrows a team among them."""
    people = found.both + np.minimum(found.came, found.went)
    flags: Bools = (found.both > 0) & (found.came + found.went > 0) & (2 * found.both >= people)
    return flags


def _pinned(found: Difference, before: Counted, now: Counted, policy: DisclosurePolicy) -> Bools:
    """Whether the sum of those who came, less those who went, narrows one of them; unknown (NaN) sums do not."""

    def sums(rows: Bools, groups: Ints, values: Floats) -> Floats:
        return np.bincount(groups[rows], values[rows], minlength=len(found.both)).astype(np.float64)

    gain = sums(found.in_now, found.groups_now, now.values) - sums(found.in_before, found.groups_before, before.values)
    with np.errstate(invalid="ignore"):
        told = pins_sums(found.came, found.went, gain, policy) | pins_sums(found.went, found.came, -gain, policy)
        for rows, groups, teams, n, others, sign in (
            (found.came_rows, found.groups_now, found.teams_now, found.came, found.went, 1),
            (found.went_rows, found.groups_before, found.teams_before, found.went, found.came, -1),
        ):
            size = np.bincount(teams[rows])
            group = np.zeros(len(size), dtype=np.int64)
            group[teams[rows]] = groups[rows]
            parts = np.flatnonzero((size > 0) & (size < n[group]))
            of = group[parts]
            pinned = pins_parts(size[parts], n[of], others[of], sign * gain[of], policy)
            told[of[pinned]] = True
    return told


def _alike(
    found: Difference, before: Counted, now: Counted, options: tuple[Floats, Floats], policy: DisclosurePolicy
) -> Bools:
    """Whether the answers of those who came (or went) are told, and are nearly the same."""
    n = len(found.both)
    gain = _table(found.in_now, found.groups_now, now.values, options[0], n) - _table(
        found.in_before, found.groups_before, before.values, options[0], n
    )
    told = np.zeros(n, dtype=bool)
    for part, people in ((np.maximum(gain, 0), found.came), (np.maximum(-gain, 0), found.went)):
        told |= (part.sum(axis=1) == people) & too_alike(part, options[1], policy)
    unknown = found.went_rows & np.isnan(before.values)  # whether those who went agreed, nobody can say any more
    told |= (found.came == 0) & (np.bincount(found.groups_before[unknown], minlength=n) > 0)
    return told


def _table(rows: Bools, groups: Ints, values: Floats, options: Floats, n: int) -> Ints:
    """How often each option was chosen in each group; answers that are not known any more are left out."""
    kept = rows & ~np.isnan(values)
    cells = groups[kept] * len(options) + np.searchsorted(options, values[kept])
    found: Ints = np.bincount(cells, minlength=n * len(options)).reshape(n, len(options))
    return found


def _same_study(release: Release, study: Study, instrument: Instrument) -> bool:
    same = (instrument.id, instrument.version, study.aim_id)
    return (release.instrument_id, release.instrument_version, release.aim_id) == same


@dataclass(frozen=True)
class _Earlier:
    """An earlier release, laid out like the round that it is compared with; teams that are gone come last."""

    release: Release
    site: Ints
    team: Ints
    team_site: Ints
    groups: tuple[tuple[str, int], ...]  # "site" or "team" and its place; ("gone", -1) where the site is not there
    rows: Ints
    pairs: Pairs

    @classmethod
    def of(cls, release: Release, study: Study, part: Round) -> _Earlier | None:
        sites = {site: place for place, site in enumerate(study.sites)}
        teams = {team: place for place, team in enumerate(study.teams)}
        team_site = list(study.team_site)
        groups: list[tuple[str, int]] = []
        for site, team in release.groups:
            if site not in sites:
                groups.append(("gone", -1))
            elif team is None:
                groups.append(("site", sites[site]))
            else:
                if (site, team) not in teams:
                    teams[site, team] = len(team_site)
                    team_site.append(sites[site])
                groups.append(("team", teams[site, team]))
        places = np.array(release.places, dtype=np.int64)
        if not any(kind != "gone" for kind, _ in groups) or not len(places):
            return None
        of_site = np.array([-1 if k == "gone" else team_site[n] if k == "team" else n for k, n in groups])
        of_team = np.array([n if k == "team" else -1 for k, n in groups])
        there = of_site[places] >= 0
        ids = np.array(release.people, dtype=object)[there]
        now = np.array(hashed(part.ids, release.salt), dtype=object)
        _, one, other = np.intersect1d(ids.astype(str), now.astype(str), return_indices=True)
        return cls(
            release,
            of_site[places][there].astype(np.int64),
            of_team[places][there].astype(np.int64),
            np.array(team_site, dtype=np.int64),
            tuple(groups),
            np.flatnonzero(there),
            Pairs(one, other),
        )

    def shown_in(self, table: ReleasedTable, n_sites: int) -> tuple[Bools, Bools, Bools]:
        """Who counted in a number of this release, and of which teams and sites it was shown."""
        teams, sites = np.zeros(len(self.team_site), dtype=bool), np.zeros(n_sites, dtype=bool)
        for kind, place in (self.groups[group] for group in table.groups):
            if kind != "gone":
                (sites if kind == "site" else teams)[place] = True
        counts = np.ones(len(self.release.people), dtype=bool)
        counts[list(table.without)] = False
        return counts[self.rows], teams, sites

    def _tables(self, of: Neighbours, name: str, table: ReleasedTable, shown: Shown) -> tuple[Counted, Counted]:
        n_teams = len(self.team_site)
        counts, teams, sites = self.shown_in(table, len(of.study.sites))
        before = Shown(teams, sites)
        wider = np.append(shown.teams, np.zeros(n_teams - len(shown.teams), dtype=bool))
        now = counted(of.instrument, of.part, name, Shown(wider, shown.sites))
        values = np.full(len(self.site), np.nan)
        values[self.pairs.before] = now.values[self.pairs.now]
        return Counted(self.site, self.team, counts, before.teams, before.sites, values), now

    def crossed(self, of: Neighbours, name: str, table: ReleasedTable, shown: Shown) -> Bars:
        """What this release leaves to be shown of one number."""
        tables = self._tables(of, name, table, shown)
        return crossed(
            *tables,
            self.pairs,
            self.team_site,
            of.judge(name, *tables, strict=True),
            of.told_alone(name, tables[0], len(of.study.sites)),
            of.across(name, *tables),
            lambda found: np.zeros(len(found.both), dtype=bool),
        )

    def close_counts(self, of: Neighbours, name: str, table: ReleasedTable, shown: Shown) -> Bools:
        """Groups (sites, then teams) shown in both with head-counts 1 to ``least`` - 1 apart."""
        before, now = self._tables(of, name, table, shown)
        n_teams, n_sites = len(of.study.teams), len(of.study.sites)

        def apart(one: Ints, other: Ints, n: int) -> Bools:
            counts = [
                np.bincount(group[found.counts & (group >= 0)], minlength=n)[:n]
                for group, found in ((one, before), (other, now))
            ]
            gap = np.abs(counts[0] - counts[1])
            close: Bools = (gap > 0) & (gap < of.policy.min_respondents_own_team)
            return close

        teams = apart(before.team, now.team, n_teams) & before.teams[:n_teams] & now.teams[:n_teams]
        sites = apart(before.site, now.site, n_sites) & before.sites & now.sites
        return np.concatenate([sites, teams])
