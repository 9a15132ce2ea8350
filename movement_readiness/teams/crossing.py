"""What two releases tell together: the groups that both know, and how few people they differ by.

A release knows the mean of every team that it shows, and where it shows the site too, of all its other people
together. Two releases of almost the same people can be subtracted wherever both know the same group: a team that both
show; what both leave of the site; what one leaves of it, where the other shows those teams one by one; the site.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Bars", "Counted", "Difference", "Pairs", "crossed", "paired"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """One number of one release: who counts in it, by site and team (-1: none), and of which groups it is known.

    ``values`` are the scores or answers of all people, None where nobody knows them any more.
    """

    site: Ints
    team: Ints
    counts: Bools
    teams: Bools
    sites: Bools
    values: Floats | None = None


@dataclass(frozen=True)
class Pairs:
    """Which row of the earlier release is which row of the later one."""

    before: Ints
    now: Ints


@dataclass(frozen=True)
class Difference:
    """Of every group: how many people are in both releases, only in the later, only in the earlier one.

    ``came_rows`` says of each row of the later release whether it is among those who came, ``groups`` its group; the
    same for those who went.
    """

    both: Ints
    came: Ints
    went: Ints
    groups_before: Ints
    groups_now: Ints
    in_before: Bools
    in_now: Bools
    came_rows: Bools


@dataclass
class Bars:
    """What must not be shown, and what is out already (``same``): teams and sites."""

    teams: Bools
    sites: Bools
    same_teams: Bools
    same_sites: Bools


Judge = Callable[[Difference], Bools]


def paired(before: tuple[Ints, Ints, Ints], now: tuple[Ints, Ints, Ints]) -> Pairs:
    """Match rows with the same key: within teams first, then within sites; each row once.

    Parameters
    ----------
    before, now : (site, team, key)
    """
    _, codes = np.unique(np.concatenate([before[2], now[2]]), return_inverse=True)
    size = len(before[2])
    free = [np.ones(size, dtype=bool), np.ones(len(now[2]), dtype=bool)]
    found: list[tuple[Ints, Ints]] = []
    width = int(codes.max(initial=0)) + 1
    for groups in ((before[1], now[1]), (before[0], now[0])):
        rows = [np.flatnonzero(still & (group >= 0)) for still, group in zip(free, groups, strict=True)]
        labels = [
            group[row] * width + code[row]
            for group, row, code in zip(groups, rows, (codes[:size], codes[size:]), strict=True)
        ]
        one, other = _matched(*labels)
        found.append((rows[0][one], rows[1][other]))
        free[0][rows[0][one]] = free[1][rows[1][other]] = False
    return Pairs(np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found]))


def _matched(before: Ints, now: Ints) -> tuple[Ints, Ints]:
    ranks = [pd.Series(labels).groupby(labels).cumcount().to_numpy(dtype=np.int64) for labels in (before, now)]
    most = max((int(rank.max(initial=0)) for rank in ranks), default=0) + 1
    _, one, other = np.intersect1d(
        before * most + ranks[0], now * most + ranks[1], assume_unique=True, return_indices=True
    )
    return one, other


def _difference(
    before: Counted, now: Counted, pairs: Pairs, groups: tuple[Ints, Ints], masks: tuple[Bools, Bools], n: int
) -> Difference:
    first, second = masks[0] & before.counts & (groups[0] >= 0), masks[1] & now.counts & (groups[1] >= 0)
    same = groups[0][pairs.before] == groups[1][pairs.now]
    kept = same & first[pairs.before] & second[pairs.now]
    came = second.copy()
    came[pairs.now[kept]] = False
    both = np.bincount(groups[1][pairs.now[kept]], minlength=n)
    return Difference(
        both=both,
        came=np.bincount(groups[1][second], minlength=n) - both,
        went=np.bincount(groups[0][first], minlength=n) - both,
        groups_before=groups[0],
        groups_now=groups[1],
        in_before=first,
        in_now=second,
        came_rows=came,
    )


def crossed(before: Counted, now: Counted, pairs: Pairs, team_site: Ints, judge: Judge) -> Bars:
    """Which groups of the later release must not be shown beside the earlier one.

    Parameters
    ----------
    before, now : Counted
    pairs : Pairs
    team_site : array, one entry a team
    judge : callable
        Of the differences of all groups, which give a few people away.
    """
    n_teams, n_sites = len(team_site), len(before.sites)
    everyone = (np.ones(len(before.team), dtype=bool), np.ones(len(now.team), dtype=bool))
    shown_twice = before.teams & now.teams
    teams = _difference(before, now, pairs, (before.team, now.team), everyone, n_teams)
    whole = _difference(before, now, pairs, (before.site, now.site), everyone, n_sites)
    bars = Bars(
        teams=shown_twice & judge(teams),
        sites=before.sites & now.sites & judge(whole),
        same_teams=before.teams & (teams.both > 0) & (teams.came == 0) & (teams.went == 0),
        same_sites=before.sites & (whole.both > 0) & (whole.came == 0) & (whole.went == 0),
    )

    def of_blocks(block: Bools, loose: bool) -> Bools:
        inside = np.append(block, loose)  # the last entry, -1, is people without a team
        masks = (inside[before.team], inside[now.team])
        return judge(_difference(before, now, pairs, (before.site, now.site), masks, n_sites))

    def any_of(flags: Bools) -> Bools:
        return np.bincount(team_site[flags], minlength=n_sites) > 0

    apart = (np.bincount(before.site[before.counts & (before.team < 0)], minlength=n_sites) > 0) | (
        np.bincount(now.site[now.counts & (now.team < 0)], minlength=n_sites) > 0
    )
    peopled = (np.bincount(before.team[before.counts & (before.team >= 0)], minlength=n_teams) > 0) | (
        np.bincount(now.team[now.counts & (now.team >= 0)], minlength=n_teams) > 0
    )
    left_before, left_now = peopled & ~before.teams, peopled & ~now.teams
    bars.sites |= before.sites & now.sites & of_blocks(left_before | left_now, loose=True)
    disjoint = ~any_of(left_before & left_now) & ~apart
    bars.sites |= now.sites & disjoint & of_blocks(left_now, loose=False)
    given_away = before.sites & disjoint & of_blocks(left_before, loose=False)
    bars.teams |= given_away[team_site] & left_before & now.teams
    return bars
