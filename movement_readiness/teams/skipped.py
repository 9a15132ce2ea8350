"""What a scale's mean and its items tell of people who skipped some: they count in one, and not in the other.

A score is the mean of the answers that somebody gave, so the answers of a person p who gave a_p of a scale's J answers
weigh more in the scale's mean than in its items. With n people, their mean m (known to half a step of rounding) and the
sums S_i of the items that are shown,

    J n m - sum_i S_i = sum_p sum_i c_pi x_pi,    c_pi = J / a_p - (1 where x_pi counts in a shown item, else 0),

which is told, and concerns those alone who skipped an item (and items that are not shown). The x_pi lie between the
lowest and the highest option that was used for an item that is shown, else between 0 and 100.

Judged here is the mean of all who skipped something, where they are few: nearly every team has such people, too many
programs to solve. Single people, answers and hidden teams are judged by the program (`narrowing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import answer_counts, item_options, site_sums
from movement_readiness.teams.disclosure import OWN, PUBLISHED, DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = ["Skipped"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_EPSILON = 1e-9


@dataclass(frozen=True)
class _Scale:
    """One scale of a round: people with a score x items, and the tables of answers (sites, then teams) by item."""

    part: Round
    column: int
    rows: Ints
    weight: Floats  # J / a_p where an answer was given, else 0
    counted: Bools
    tables: list[tuple[Ints, Floats]]
    n: Ints
    mean: Floats


class Skipped:
    """Where skipped items would tell what somebody answered; a scale is judged again where anything has changed.

    Parameters
    ----------
    study, part, instrument, policy
    """

    def __init__(self, study: Study, part: Round, instrument: Instrument, policy: DisclosurePolicy) -> None:
        self.study, self.part, self.instrument, self.policy = study, part, instrument, policy
        self._scales: dict[str, _Scale] = {}
        self._done: dict[str, tuple[tuple[bytes, bytes], Bools]] = {}

    def told(self, scales: Mapping[str, Ints], items: Mapping[str, Ints]) -> dict[str, Bools]:
        """Groups (sites, then teams) in which skipped items would tell what somebody answered, by scale.

        Parameters
        ----------
        scales, items : mapping of id to status of every group
        """
        found = {}
        for column, scale in enumerate(self.part.scales):
            mine = [item for item in self.instrument.item_ids(scale) if item in self.part.items]
            shown = np.stack([items[item] for item in mine], axis=1) == PUBLISHED
            key = (scales[scale].tobytes(), shown.tobytes())
            if scale not in self._done or self._done[scale][0] != key:
                self._done[scale] = (key, self._judged(column, mine, scales[scale], shown))
            found[scale] = self._done[scale][1]
        return found

    def _judged(self, column: int, mine: list[str], status: Ints, shown: Bools) -> Bools:
        scale = self.part.scales[column]
        if scale not in self._scales:
            self._scales[scale] = _read(self.study, self.part, column, mine, self.instrument, self.policy)
        one = self._scales[scale]
        if shown.any() and len(one.rows) and ((one.weight > 1) | ~one.counted).any():
            return _of_groups(self.study, one, self.policy, status, shown)
        return np.zeros(len(status), dtype=bool)


def _read(
    study: Study, part: Round, column: int, mine: list[str], instrument: Instrument, policy: DisclosurePolicy
) -> _Scale:
    rows = np.flatnonzero(~np.isnan(part.scores[:, column]))
    places = [part.items.index(item) for item in mine]
    given = ~np.isnan(part.answers[rows][:, places])
    options = [item_options(part, place, instrument) for place in places]
    scored = np.stack([~np.isnan(part.scores[rows][:, holders]).any(axis=1) for _, _, holders, _ in options], axis=1)
    tables = []
    for place, (keyed, values, holders, turned) in zip(places, options, strict=True):
        teams, loose = answer_counts(study, part, place, keyed, holders)
        opposite = instrument.home_scale(part.items[place]) is not None and instrument.key(
            part.items[place], part.scales[column]
        ) != (-1 if turned else 1)
        tables.append((np.concatenate([loose + site_sums(study, teams), teams]), 100 - values if opposite else values))
    site = np.bincount(part.site[rows], minlength=len(study.sites))
    inside = rows[part.team[rows] >= 0]
    n = np.concatenate([site, np.bincount(part.team[inside], minlength=len(study.teams))])
    sums = np.concatenate(
        [
            np.bincount(part.site[rows], part.scores[rows, column], minlength=len(study.sites)),
            np.bincount(part.team[inside], part.scores[inside, column], minlength=len(study.teams)),
        ]
    )
    weight = given * (len(mine) / np.maximum(given.sum(axis=1, keepdims=True), 1))
    return _Scale(part, column, rows, weight, given & scored, tables, n, policy.rounded(sums / np.maximum(n, 1)))


def _of_groups(study: Study, one: _Scale, policy: DisclosurePolicy, status: Ints, shown: Bools) -> Bools:
    sites, half = len(study.sites), policy.round_to / 2
    low: Floats = (one.n * np.maximum(one.mean - half, 0)).astype(np.float64)
    high: Floats = (one.n * np.minimum(one.mean + half, 100)).astype(np.float64)
    team, site = one.part.team[one.rows], one.part.site[one.rows]
    seen = [table for table, _ in one.tables]
    flags = np.zeros(len(status), dtype=bool)
    flags[:sites] = _narrowed(
        one, site, [table[:sites] for table in seen], shown[:sites], low[:sites], high[:sites], policy
    )
    flags[sites:] = _narrowed(
        one, team, [table[sites:] for table in seen], shown[sites:], low[sites:], high[sites:], policy
    )
    flags &= (status == PUBLISHED) & shown.any(axis=1)
    mean_seen = status[sites:] >= OWN
    item_seen: Bools = np.any(shown[sites:], axis=1)
    for apart in (mean_seen, item_seen):
        rest, known, ends = _rest(study, one, apart, mean_seen, shown, (low, high))
        group = np.where(np.append(apart, False)[team], -1, site)  # the last is nobody's team (-1)
        told = _narrowed(one, group, rest, known, *ends, policy)
        flags[:sites] |= told & (status[:sites] == PUBLISHED) & known.any(axis=1)
    return flags


def _rest(
    study: Study, one: _Scale, apart: Bools, mean_seen: Bools, shown: Bools, ends: tuple[Floats, Floats]
) -> tuple[list[Ints], Bools, tuple[Floats, Floats]]:
    """What is left of each site after the teams `apart`: tables, which items are known of it, and its sum of scores."""
    sites = len(study.sites)
    rest = [table[:sites] - site_sums(study, np.where(apart[:, None], table[sites:], 0)) for table, _ in one.tables]
    hidden = site_sums(study, (apart[:, None] & ~shown[sites:]).astype(np.int64)) > 0
    low, high = ends
    both = apart & mean_seen
    least = low[:sites] - site_sums(study, np.where(both, high[sites:], 0.0))
    most = high[:sites] - site_sums(study, np.where(both, low[sites:], 0.0))
    left = one.n[:sites] - site_sums(study, np.where(mean_seen, one.n[sites:], 0))
    alone = (left == 0) & (site_sums(study, (apart & ~mean_seen).astype(np.int64)) == 0)
    others = ~apart & mean_seen  # nobody else is left: their own means add up
    least = np.where(alone, np.maximum(least, site_sums(study, np.where(others, low[sites:], 0.0))), least)
    most = np.where(alone, np.minimum(most, site_sums(study, np.where(others, high[sites:], 0.0))), most)
    return rest, shown[:sites] & ~hidden, (least, most)


def _narrowed(
    one: _Scale, group: Ints, tables: list[Ints], shown: Bools, low: Floats, high: Floats, policy: DisclosurePolicy
) -> Bools:
    """Groups where the mean of all who skipped something is narrowed, and they are few."""
    n_groups, n_items = shown.shape
    sums, bottom, width = _ranges(one, tables, shown)
    inside = np.flatnonzero(group >= 0)
    place = group[inside]
    share = one.weight[inside] - (one.counted[inside] & shown[place])
    mine = share.sum(axis=1)
    told_low = n_items * low - sums.sum(axis=1) - _added(place, (share * bottom[place]).sum(axis=1), n_groups)
    told_high = told_low + n_items * (high - low)
    whole: Bools = shown.sum(axis=1) == n_items
    few = np.bincount(place[mine > _EPSILON], minlength=n_groups)
    total = _added(place, mine, n_groups)
    theirs = one.counted[inside] & (mine > _EPSILON)[:, None]
    k = np.stack([_added(place, theirs[:, item], n_groups) for item in range(n_items)], axis=1)
    n = np.stack([table.sum(axis=1) for table in tables], axis=1)
    above = sums - bottom * n
    weight = total / np.maximum(k.sum(axis=1), 1)
    least = np.maximum(told_low, weight * np.maximum(0, above - width * (n - k)).sum(axis=1))
    most = np.minimum(told_high, weight * np.minimum(width * k, above).sum(axis=1))
    together = most - np.maximum(least, 0) < total * (policy.min_interval - 1e-6)
    found: Bools = together & (few > 0) & (few < policy.min_respondents_own_team) & whole
    return found


def _ranges(one: _Scale, tables: list[Ints], shown: Bools) -> tuple[Floats, Floats, Floats]:
    """Of every group and item: the sum of the answers where shown, their lowest value and their span."""
    sums, bottom, width = np.zeros(shown.shape), np.zeros(shown.shape), np.full(shown.shape, 100.0)
    for item, (table, (_, values)) in enumerate(zip(tables, one.tables, strict=True)):
        known = shown[:, item] & (table.sum(axis=1) > 0)
        ends = [pick(np.where(table > 0, values, fill), axis=1) for pick, fill in ((np.min, np.inf), (np.max, -np.inf))]
        sums[:, item] = np.where(known, table @ values, 0.0)
        bottom[known, item] = ends[0][known]
        width[known, item] = (ends[1] - ends[0])[known]
    return sums, bottom, width


def _added(group: Ints, values: Floats, n: int) -> Floats:
    return np.bincount(group, values, minlength=n).astype(np.float64)
