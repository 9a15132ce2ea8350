"""Everything that is shown of scales that share items, in all rounds and releases together, laid out by person.

A person is one column of unknowns, however often they answered: in other rounds people with the same answers to all
items that both rounds have are taken for the same (`crossing.paired`), in other releases those with the same id. No
two rounds of one person contradict each other, also where a third (a shorter form) agrees with both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import item_options
from movement_readiness.teams.crossing import Counted, fingerprint, paired
from movement_readiness.teams.study import Round

__all__ = ["ABSENT", "Facts", "Layer", "Table", "facts_of", "families", "numbered"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ABSENT = -2  # of somebody who is in no group of which a number is shown


@dataclass(frozen=True)
class Layer:
    """One round, or one earlier release: the people in it (a number for each row of ``part``, -1: left out).

    ``numbers`` holds by name ("scale rational", "item R1") who counts, by site and team, and what is shown; ``again``:
    the last layer is the same round once more, so what was hidden may be shown now.
    """

    part: Round
    person: Ints
    numbers: Mapping[str, Counted]
    again: bool = False


@dataclass(frozen=True)
class Table:
    """One number of one layer, by person: the team (-1: none) and site they count in, and whether these are shown.

    ``weight`` (people x items; of a scale only) is what each answer adds to somebody's score. ``group`` is the smallest
    shown group that somebody is in: a team, -1: the site alone, or `ABSENT`.
    """

    layer: int
    name: str
    item: int  # -1: the mean of a scale
    counts: Bools
    team: Ints
    team_shown: Bools
    site_shown: Bools
    weight: Floats
    group: Ints
    again: bool = False


@dataclass(frozen=True)
class Facts:
    """People x items of a family of scales: their site, their answers in points, and every table."""

    items: tuple[str, ...]
    scales: tuple[str, ...]
    site: Ints
    points: Floats
    options: tuple[Floats, ...]  # the points of every item's options
    tables: tuple[Table, ...]

    def of_item(self, item: int) -> Facts:
        """The same of one item: what the others add to the means is left out."""
        tables = tuple(
            replace(table, item=min(table.item, 0), weight=table.weight[:, [item]])
            for table in self.tables
            if table.item in (-1, item)
        )
        return replace(
            self, items=(self.items[item],), points=self.points[:, [item]], options=(self.options[item],), tables=tables
        )


def numbered(rounds: Sequence[Round]) -> list[Ints]:
    """A number for every row of every round, the same for people who are taken for the same.

    Whoever was taken for the same in several rounds already must have given the same answers in all of them.
    """
    everybody = _Numbered(rounds)
    people: list[Ints] = []
    for part in rounds:
        mine = np.full(len(part.site), -1, dtype=np.int64)
        for before, theirs in reversed(list(zip(rounds, people, strict=False))):
            everybody.match(before, theirs, part, mine)
        everybody.add(part, mine)
        people.append(mine)
    return people


class _Numbered:
    """Everybody of some rounds: which items they were asked in any round, and what they answered."""

    def __init__(self, rounds: Sequence[Round]) -> None:
        self.items = tuple(dict.fromkeys(item for part in rounds for item in part.items))
        self.answers = np.empty((0, len(self.items)))
        self.asked = np.zeros((0, len(self.items)), dtype=bool)

    def match(self, before: Round, theirs: Ints, part: Round, mine: Ints) -> None:
        """Give people of a round without a number that of somebody of an earlier one."""
        both = self.asked[theirs] & np.isin(self.items, part.items)
        codes = both @ np.random.default_rng(0).integers(1, 2**50, len(self.items))
        whole = replace(before, items=self.items, answers=self.answers[theirs])
        for code in np.unique(codes[codes > 0]):
            first, second = np.flatnonzero((codes == code) & ~np.isin(theirs, mine)), np.flatnonzero(mine < 0)
            if not (len(first) and len(second)):
                continue
            items = tuple(item for item, asked in zip(self.items, both[first[0]], strict=True) if asked)
            pairs = paired(
                (before.site[first], before.team[first], fingerprint(whole, items)[first]),
                (part.site[second], part.team[second], fingerprint(part, items)[second]),
            )
            mine[second[pairs.now]] = theirs[first[pairs.before]]

    def add(self, part: Round, mine: Ints) -> None:
        """Number those of a round who have no number yet, and note what everybody in it answered."""
        new, total = mine < 0, len(self.asked)
        mine[new] = total + np.arange(new.sum())
        more = np.zeros((int(new.sum()), len(self.items)))
        self.answers, self.asked = np.concatenate([self.answers, more]), np.concatenate([self.asked, more > 0])
        for column, item in enumerate(part.items):
            place = self.items.index(item)
            self.answers[mine, place] = part.answers[:, column]
            self.asked[mine, place] = True


def families(instrument: Instrument, layers: Sequence[Layer], scales: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The scales of the last layer with all scales of any layer that share items with them, directly or not."""
    every = tuple(dict.fromkeys((*scales, *(scale for layer in layers for scale in layer.part.scales))))
    items = {scale: set(instrument.item_ids(scale)) for scale in every}
    left = dict.fromkeys(every)
    while left:
        family, todo = [], [next(iter(left))]
        while todo:
            one = todo.pop()
            if one in left:
                del left[one]
                family.append(one)
                todo += [other for other in left if items[one] & items[other]]
        if set(family) & set(scales):
            yield tuple(scale for scale in every if scale in family)


def facts_of(instrument: Instrument, layers: Sequence[Layer], scales: tuple[str, ...], n_people: int) -> Facts:
    """What all layers show of a family of scales."""
    wanted = dict.fromkeys(item for scale in scales for item in instrument.item_ids(scale))
    items = tuple(item for item in wanted if any(item in layer.part.items for layer in layers))
    site = np.full(n_people, -1, dtype=np.int64)
    points = np.full((n_people, len(items)), np.nan)
    options: dict[str, Floats] = {}
    for layer in layers:
        rows = np.flatnonzero(layer.person >= 0)
        site[layer.person[rows]] = layer.part.site[rows]
        for place, item in enumerate(items):
            if item in layer.part.items:
                column = layer.part.items.index(item)
                keyed, values, _, _ = item_options(layer.part, column, instrument)
                given = layer.part.answers[rows, column]
                points[layer.person[rows], place] = (given - keyed[0]) / (keyed[-1] - keyed[0]) * 100
                options[item] = values
    tables = []
    for number, layer in enumerate(layers):
        for name, counted in layer.numbers.items():
            kind, _, what = name.partition(" ")
            if (what in scales) if kind == "scale" else (what in items):
                tables.append(_table(instrument, number, layer, name, counted, items, points))
    return Facts(items, scales, site, points, tuple(options[item] for item in items), tuple(tables))


def _table(
    instrument: Instrument,
    number: int,
    layer: Layer,
    name: str,
    counted: Counted,
    items: tuple[str, ...],
    points: Floats,
) -> Table:
    n = len(points)
    rows = np.flatnonzero((layer.person >= 0) & counted.counts)
    people = layer.person[rows]
    counts = np.zeros(n, dtype=bool)
    counts[people] = True
    team, group = np.full(n, -1, dtype=np.int64), np.full(n, ABSENT, dtype=np.int64)
    team[people] = counted.team[rows]
    shown = np.append(counted.teams, False)[counted.team[rows]]
    group[people] = np.where(shown, counted.team[rows], np.where(counted.sites[counted.site[rows]], -1, ABSENT))
    kind, _, what = name.partition(" ")
    weight = np.zeros((n if kind == "scale" else 0, len(items)))
    if kind == "scale":
        weight[people] = _weights(instrument, layer.part, what, items, points[people])
    item = items.index(what) if kind == "item" else -1
    return Table(number, name, item, counts, team, counted.teams, counted.sites, weight, group, layer.again)


def _weights(instrument: Instrument, part: Round, scale: str, items: tuple[str, ...], points: Floats) -> Floats:
    """What each answer adds to the score of a scale: 1 / (number of answers), less where it counts the other way."""
    parts = instrument.scales[scale].scales or (scale,)
    weight = np.zeros(points.shape)
    for one in parts:
        mine = [item for item in instrument.item_ids(one) if item in part.items]
        places = [items.index(item) for item in mine]
        sign = np.array([_sign(instrument, one, item) for item in mine])
        given = ~np.isnan(points[:, places])
        share = given / np.maximum(given.sum(axis=1, keepdims=True), 1)
        weight[:, places] += sign * share / len(parts)
    return weight


def _sign(instrument: Instrument, scale: str, item: str) -> int:
    """-1 where an item counts the other way round in this scale than in its home scale."""
    return 1 if instrument.home_scale(item) is None else instrument.key(item, scale) * instrument.key(item)
