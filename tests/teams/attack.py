"""An attacker who has everything that was released, and knows who is who; independent of the policy's own code.

What is known: who belongs to which team in which wave, who is new, who went, and whose answers stayed the same. What is
released: every frame of the published results and of every team's own results, of every release. From that, for one
site and one scale (who skipped which item is known too), the attacker

- adds and subtracts released groups in every way and looks for what concerns a few people (`few_people`),
- bounds by linear programs (released n, means within half a step of rounding, counts of answers by option, 0 to 100)
  everybody's score, everybody's answers and the means of hidden teams of any size (`narrowed`); what releases before
  the last tell alone cannot be taken back, so it counts only where a later one narrows further,
- looks for groups that can be worked out and agree nearly wholly on an item (`alike`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, product

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import LinearConstraint, milp

import movement_readiness as mr
from movement_readiness.teams import aggregate_own_teams
from movement_readiness.teams.aggregation import Aggregation

ID = "response_id"
SKIPPED = -1.0


@dataclass(frozen=True)
class Fact:
    """One released number: of which people (by version of their answers), of the scale or of an item."""

    people: frozenset[int]
    item: int | None
    low: float
    high: float
    counts: tuple[int, ...] = ()
    published: bool = True
    order: int = field(default=0, compare=False)  # releases, and waves within one, in the order in which they came out


@dataclass
class Site:
    """Everything that is known of one site: facts, and the true answers (people x items, 0 to 100)."""

    facts: list[Fact]
    answers: np.ndarray
    teams: dict[tuple[int, str, str], frozenset[int]]  # by release, wave and team

    def in_order(self) -> Iterator[tuple[int, str, frozenset[int]]]:
        """Every team with the order in which its release came out, the last first."""
        waves = sorted({wave for _, wave, _ in self.teams})
        for (release, wave, team), inside in sorted(self.teams.items(), reverse=True):
            yield 100 * release + waves.index(wave), team, inside


def everything(frame, instrument, **settings) -> list[tuple[str, mr.TeamResults]]:
    """Published results and every team's own; without a log, from one aggregation (`test_aggregation` compares)."""
    if settings.get("release_log") is None:
        whole = Aggregation(frame, instrument, **settings)
        published, own_teams = whole.results("published"), whole.own_teams()
    else:
        own_teams = list(aggregate_own_teams(frame, instrument, **settings))
        published = mr.aggregate_scores(frame, instrument, **settings)
    return [("published", published), *(("own", results) for _, results in own_teams)]


def versions(frames: list[pd.DataFrame], people: list[np.ndarray], items: list[str]) -> tuple[list[np.ndarray], dict]:
    """A number for every person with the same answers to all items; each frame's rows, and the answers by number."""
    numbers: dict[tuple, int] = {}
    rows = []
    for frame, who in zip(frames, people, strict=True):
        answers = np.nan_to_num(frame[items].to_numpy(dtype=float, na_value=np.nan), nan=SKIPPED)
        keys = [(person, *given) for person, given in zip(who, answers, strict=True)]
        rows.append(np.array([numbers.setdefault(key, len(numbers)) for key in keys]))
    return rows, {number: key[1:] for key, number in numbers.items()}


def sites_of(
    releases: list[tuple[pd.DataFrame, np.ndarray, list[tuple[str, mr.TeamResults]]]],
    instrument,
    scale: str,
    round_to: float = 1.0,
) -> Iterator[Site]:
    """Each site's facts, from every release: (frame, who each row is, results)."""
    items = list(instrument.item_ids(scale))
    rows, answers = versions([one[0] for one in releases], [one[1] for one in releases], items)
    by_site: dict[str, list[Fact]] = {}
    teams: dict[str, dict] = {}
    for release, (frame, _, results) in enumerate(releases):
        given = frame[items].notna().sum(axis=1) >= (instrument.scales[scale].min_answered or 1)
        members = _members(frame[given], rows[release][given.to_numpy()])
        for (site, team, wave), inside in members.items():
            if team:
                teams.setdefault(site, {})[release, wave, team] = inside
        for kind, one in results:
            for fact, site, wave in _facts(one, items, scale, members, answers, kind == "published", round_to):
                by_site.setdefault(site, []).append(replace(fact, order=100 * release + wave))
    for site in teams:
        known = list(dict.fromkeys(by_site.get(site, [])))
        used = sorted({number for inside in teams[site].values() for number in inside} | _all_of(known))
        place = {number: index for index, number in enumerate(used)}

        def placed(inside: Iterable[int], place=place) -> frozenset[int]:
            return frozenset(place[number] for number in inside)

        yield Site(
            [replace(fact, people=placed(fact.people)) for fact in known],
            _points(np.array([answers[number] for number in used])),
            {key: placed(inside) for key, inside in teams[site].items()},
        )


def _points(codes: np.ndarray) -> np.ndarray:
    """Points from 0 to 100, NaN where an item was skipped."""
    return np.where(codes == SKIPPED, np.nan, (codes - 1) * 25)


def _all_of(facts: list[Fact]) -> set[int]:
    return set().union(*(fact.people for fact in facts)) if facts else set()


def _members(frame: pd.DataFrame, numbers: np.ndarray) -> dict[tuple[str, str, str], frozenset[int]]:
    found: dict[tuple[str, str, str], frozenset[int]] = {}
    places = frame.assign(team=frame["team"].fillna(""), number=numbers)
    for (site, wave), group in places.groupby(["site", "wave"]):
        found[site, "", wave] = frozenset(group["number"])
        for team, inside in group[group["team"] != ""].groupby("team"):
            found[site, team, wave] = frozenset(inside["number"])
    return found


def _facts(results, items, scale, members, answers, published, round_to) -> Iterator[tuple[Fact, str, int]]:
    waves = sorted({wave for _, _, wave in members})

    def inside(row) -> frozenset[int]:
        return members[row.site, "" if row.level == "site" else row.team, row.wave]

    scores = results.scores
    for row in scores[(scores["scale"] == scale) & ~scores["withheld"]].itertuples():
        people = inside(row)
        assert row.n == len(people)
        low, high = row.mean - round_to / 2, row.mean + round_to / 2
        yield Fact(people, None, low, high, (), published), row.site, waves.index(row.wave)
    shown = results.answers[results.answers["item"].isin(items) & ~results.answers["withheld"]]
    for (_, site, _, wave, item), group in shown.groupby(["level", "site", "team", "wave", "item"], dropna=False):
        place = items.index(item)
        people = frozenset(number for number in inside(group.iloc[0]) if answers[number][place] != SKIPPED)
        counts = np.round(group["percent"].to_numpy(dtype=float) * len(people) / 100).astype(int)
        total = (counts * (group["option"].to_numpy() - 1) * 25).sum() / len(people)
        assert counts.sum() == len(people)
        yield Fact(people, place, total, total, tuple(counts), True), site, waves.index(wave)


def _matrix(site: Site, facts: list[Fact]) -> np.ndarray:
    rows = np.zeros((len(facts), len(site.answers)), dtype=np.int8)
    for place, fact in enumerate(facts):
        rows[place, list(fact.people)] = 1
    return rows


def _combined(rows: np.ndarray, most: int = 7) -> Iterator[np.ndarray]:
    """Sums and differences of groups: all of them, or, where there are many, those of up to three."""
    if len(rows) <= most:
        signs = np.array(list(product((-1, 0, 1), repeat=len(rows))), dtype=np.int8)
        yield from np.unique(signs @ rows, axis=0)
        return
    for size in (1, 2, 3):
        for chosen in combinations(range(len(rows)), size):
            for signs in product((-1, 1), repeat=size):
                yield np.array(signs, dtype=np.int8) @ rows[list(chosen)]
    whole = int(rows.sum(axis=1).argmax())  # a site less any of its teams
    yield rows[whole] - sum(row for place, row in enumerate(rows) if place != whole and (row <= rows[whole]).all())


def few_people(site: Site, least: int, published: int) -> list[str]:
    """Groups of fewer than `least` people that can be worked out, and published cells that are too small."""
    found = [
        f"a published group of {len(fact.people)}"
        for fact in site.facts
        if fact.published and len(fact.people) < published
    ]
    for item in {fact.item for fact in site.facts}:
        rows = np.unique(_matrix(site, [fact for fact in site.facts if fact.item == item]), axis=0)
        sizes = {int((row != 0).sum()) for row in _combined(rows)}
        found += [f"item {item}: {size} people" for size in sizes if 0 < size < least]
        if item is not None:
            found += [
                f"item {item}: {told}"
                for one, other in combinations(rows, 2)
                for told in _few(site, item, one, other, least)
            ]
    return found


def _few(site: Site, item: int, one: np.ndarray, other: np.ndarray, least: int) -> Iterator[str]:
    """The answers of a few who came, or went, between two distributions, where there is only one possibility."""
    if not (one & other).any():
        return
    counts = [np.bincount(site.answers[rows > 0, item].astype(int) // 25, minlength=5) for rows in (one, other)]
    gain = counts[0] - counts[1]
    for part, people in ((gain, int((one > other).sum())), (-gain, int((other > one).sum()))):
        if 0 < people < least and np.maximum(part, 0).sum() == people:
            yield f"{people} came or went, and answered {np.maximum(part, 0).tolist()}"


def alike(site: Site, least_outside: int = 3) -> list[str]:
    """Groups whose answers to an item can be worked out and agree nearly wholly."""
    found = []
    for item in {fact.item for fact in site.facts} - {None}:
        rows = np.unique(_matrix(site, [fact for fact in site.facts if fact.item == item]), axis=0)
        for row in _combined(rows):
            people = np.flatnonzero(row)
            if not len(people) or (row < 0).any() or (row > 1).any():
                continue
            _, counts = np.unique(site.answers[people, item], return_counts=True)
            if len(people) - counts.max() < least_outside:
                found.append(f"item {item}: {len(people)} people answered {counts.tolist()}")
    return found


def narrowed(site: Site, least: int, interval: float, *, people: bool = True) -> list[str]:
    """People whose score or answer, and hidden teams whose mean, lie in a shorter interval than they may."""
    rows = np.unique(_matrix(site, site.facts), axis=0)
    if not len(rows):
        return []
    skipped = np.isnan(site.answers)
    _, classes = np.unique(np.concatenate([rows, skipped.T]), axis=1, return_inverse=True)
    found = []
    targets = [(np.flatnonzero(classes == one)[:1], 0) for one in range(classes.max() + 1)] if people else []
    shown = {fact.people for fact in site.facts if fact.item is None}
    hidden = {inside: order for order, _, inside in site.in_order() if len(inside) > 1 and inside not in shown}
    targets += [(np.array(sorted(inside)), order) for inside, order in hidden.items()]
    few = [np.array([person for person in sorted(fact) if skipped[person].any()]) for fact in shown if people]
    few = [some for some in few if 1 < len(some) < least and not _anybody(site, classes, some, interval)]
    told = {fact.item for fact in site.facts} - {None}
    for target, since in [*targets, *((some, 0) for some in few)]:
        groups = 2 * classes + np.isin(np.arange(len(classes)), target)
        program = _Program(site, groups)
        # Where no item is shown an answer lies in a wider interval than the score.
        for item in [None, *(np.flatnonzero(~skipped[target[0]]) if len(target) == 1 and told else [])]:
            low, high = program.bounds(target, item)
            truth = np.nanmean(site.answers[target], axis=1).mean() if item is None else site.answers[target[0], item]
            assert low - 1e-4 <= truth <= high + 1e-4, "the attacker's own program is wrong"
            if high - low < interval - 1e-6 and _narrows(site, groups, target, item, interval, since):
                what = "score" if item is None else f"answer to {item}"
                found.append(f"{what} of {len(target)}: {low:.1f} to {high:.1f}")
    return found


def _narrows(site: Site, groups: np.ndarray, target: np.ndarray, item: int | None, interval: float, since: int) -> bool:
    """Whether any release (or wave) since this one narrows the target too far, and further than those before it."""
    before = np.inf
    for order in sorted({fact.order for fact in site.facts}):
        facts = [fact for fact in site.facts if fact.order <= order]
        low, high = _Program(Site(facts, site.answers, site.teams), groups).bounds(target, item)
        # A team most of whose people were shown before: policy.py, "What is not promised".
        out = len(target) > 1 and before < interval - 1e-6
        if order >= since and not out and high - low < min(interval - 1e-6, before - 1e-3):
            return True
        before = high - low
    return False


def _anybody(site: Site, classes: np.ndarray, target: np.ndarray, interval: float) -> bool:
    """Whether a few who skipped something are known no better than any few of a group near an end are."""
    groups = 2 * classes + np.isin(np.arange(len(classes)), target)
    for of_items in (True, False):
        facts = [fact for fact in site.facts if (fact.item is not None) == of_items]
        if facts:
            low, high = _Program(Site(facts, site.answers, site.teams), groups).bounds(target, None)
            if high - low < interval + 5:
                return True
    return False


class _Program:
    """A linear program over groups of people nobody can tell apart: how many of them chose each option of each item."""

    def __init__(self, site: Site, groups: np.ndarray) -> None:
        self.names, self.groups, sizes = np.unique(groups, return_inverse=True, return_counts=True)
        n_groups, n_items = len(self.names), site.answers.shape[1]
        first = [np.argmax(self.groups == one) for one in range(n_groups)]
        given = ~np.isnan(site.answers[first])
        self.weights = given / np.maximum(given.sum(axis=1, keepdims=True), 1)
        told = {fact.item for fact in site.facts}
        options = [np.arange(0, 101, 25) if item in told else np.array([0, 100]) for item in range(n_items)]
        # One variable a group, item and option; of items that are not shown any sum is possible, so two options will do.
        self.item = np.concatenate([np.full(n_groups * len(of), item) for item, of in enumerate(options)])
        self.value = np.concatenate([np.tile(of, n_groups) for of in options])
        self.group = np.concatenate([np.repeat(np.arange(n_groups), len(of)) for of in options])
        self.weight = self.weights[self.group, self.item] * self.value
        cell = self.group * n_items + self.item
        everybody = sparse.csr_array((np.ones(len(cell)), (cell, np.arange(len(cell)))))
        rows, low, high = [], [], []
        for fact in dict.fromkeys(site.facts):
            inside = np.isin(self.group, np.unique(self.groups[list(fact.people)]))
            if fact.item is None:
                rows.append(inside * self.weight / len(fact.people))
                low.append(fact.low)
                high.append(fact.high)
                continue
            for option, n in enumerate(fact.counts):
                rows.append((inside & (self.item == fact.item) & (self.value == 25 * option)).astype(float))
                low.append(n)
                high.append(n)
        self.known = sparse.vstack([everybody, sparse.csr_array(np.array(rows).reshape(len(rows), len(cell)))])
        size = (sizes[:, None] * given).ravel()
        self.low, self.high = np.concatenate([size, low]), np.concatenate([size, high])

    def bounds(self, target: np.ndarray, item: int | None) -> tuple[float, float]:
        inside = np.isin(self.group, np.unique(self.groups[target]))
        cost = inside * (self.weight if item is None else self.value * (self.item == item)) / len(target)
        ends = []
        for sign in (1, -1):
            solved = milp(sign * cost, constraints=LinearConstraint(self.known, self.low, self.high))
            assert solved.status == 0, solved.message
            ends.append(sign * solved.fun)
        return ends[0], ends[1]
