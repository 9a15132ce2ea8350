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

from movement_readiness.teams.study import Round

__all__ = ["Across", "Bars", "Counted", "Difference", "Pairs", "Sides", "crossed", "fingerprint", "paired"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Counted:
    """One number of one release: who counts in it, by site and team (-1: none), and of which groups it is known.

    ``values`` are the scores or answers of all people, NaN of those that are not stored any more.
    """

    site: Ints
    team: Ints
    counts: Bools
    teams: Bools
    sites: Bools
    values: Floats


@dataclass(frozen=True)
class Pairs:
    """Which row of the earlier release is which row of the later one."""

    before: Ints
    now: Ints


@dataclass(frozen=True)
class Difference:
    """Of every group: how many people are in both releases, only in the later, only in the earlier one.

    ``came_rows`` says of each row of the later release whether it is among those who came, ``groups_now`` its group;
    the same for those who went.
    """

    both: Ints
    came: Ints
    went: Ints
    groups_before: Ints
    groups_now: Ints
    in_before: Bools
    in_now: Bools
    went_rows: Bools
    came_rows: Bools


@dataclass
class Bars:
    """What must not be shown, and what is out already (``same``): teams and sites."""

    teams: Bools
    sites: Bools
    same_teams: Bools
    same_sites: Bools


Judge = Callable[[Difference], Bools]
Across = Callable[["Sides", Difference], tuple[Bools, Bools]]


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


def fingerprint(part: Round, items: tuple[str, ...]) -> Ints:
    """A number that is the same for the same answers to these items."""
    columns = part.answers[:, [part.items.index(item) for item in items]]
    codes = np.where(np.isnan(columns), -99.0, columns * 2).astype(np.int64)
    factors = np.random.default_rng(len(items)).integers(1, 2**62, len(items), dtype=np.int64) | 1
    found: Ints = (codes * factors).sum(axis=1)
    return found


def _matched(before: Ints, now: Ints) -> tuple[Ints, Ints]:
    ranks = [pd.Series(labels).groupby(labels).cumcount().to_numpy(dtype=np.int64) for labels in (before, now)]
    most = max((int(rank.max(initial=0)) for rank in ranks), default=0) + 1
    _, one, other = np.intersect1d(
        before * most + ranks[0], now * most + ranks[1], assume_unique=True, return_indices=True
    )
    return one, other


def crossed(
    before: Counted,
    now: Counted,
    pairs: Pairs,
    team_site: Ints,
    judge: Judge,
    told_alone: Callable[[Bools], Bools],
    across: Across,
) -> Bars:
    """Which groups of the later release must not be shown beside the earlier one.

    Parameters
    ----------
    before, now : Counted
    pairs : Pairs
    team_site : array, one entry a team
    judge : callable
        Of the differences of all groups, which give a few people away.
    told_alone : callable
        Of some rows of the earlier release, added up by site: at which sites that sum must not be known.
    across : callable
        Which teams of the later release beside the site of the earlier one, and which of the earlier beside the site
        of the later one, tell what a few people answered.
    """
    n_sites = len(before.sites)
    sides = Sides(before, now, pairs, team_site)
    teams, whole = sides.of_teams(), sides.of_blocks(None, None)
    same, site_same = (teams.came == 0) & (teams.went == 0), (whole.came == 0) & (whole.went == 0)
    first, second = sides.known(before, teams.both + teams.went), sides.known(now, teams.both + teams.came)
    # What is known of the very same people in one release is known in the other as well.
    known_before, known_now = first | (second & same), second | (first & same)
    sites_before, sites_now = before.sites | (now.sites & site_same), now.sites | (before.sites & site_same)
    left_before, left_now = ~known_before, ~known_now

    def any_of(flags: Bools) -> Bools:
        found: Bools = np.bincount(sides.team_site[flags], minlength=n_sites) > 0
        return found

    disjoint = ~any_of(left_before & left_now)
    both = sites_before & sites_now

    def told(block: Bools) -> Bools:
        return judge(sides.of_blocks(block, block))

    sites = both & (judge(whole) | told(left_before | left_now))
    sites |= sites_now & (disjoint & told(left_now) | judge(sides.of_blocks(left_now & known_before, left_now)))
    # What was left of a site before, less those of its teams that are known one by one now.
    given_away = sites_before & (
        disjoint & told(left_before) | judge(sides.of_blocks(left_before, left_before & known_now))
    )
    # What was left of a site before, and what is left of it now.
    rests = both & judge(sides.of_blocks(left_before, left_now))
    newly = known_before & ~first
    laid_bare = sites_before & (any_of(newly) | ~before.sites) & told_alone(left_before[sides.before_team])
    shown_now = np.append(now.teams, np.zeros(n_sites, dtype=bool))
    barred = shown_now & known_before & judge(teams)
    barred |= shown_now & given_away[sides.team_site] & left_before
    barred |= shown_now & laid_bare[sides.team_site] & newly
    out_of_rest = shown_now & rests[sides.team_site] & left_before
    barred |= out_of_rest
    sites |= rests & ~any_of(out_of_rest)
    of_part, of_site = across(sides, whole)
    barred |= shown_now & of_part & sites_before[sides.team_site]
    sites |= any_of(of_site & known_before)
    real = slice(0, len(team_site))
    return Bars(
        teams=barred[real],
        sites=now.sites & (sites | (laid_bare & ~before.sites)),
        same_teams=before.teams & (same & (teams.both > 0))[real],
        same_sites=before.sites & site_same & (whole.both > 0),
    )


class Sides:
    """Both releases with the people of a site who gave no team as one more team, which is never shown."""

    def __init__(self, before: Counted, now: Counted, pairs: Pairs, team_site: Ints) -> None:
        self.before, self.now, self.pairs = before, now, pairs
        n_teams, n_sites = len(team_site), len(before.sites)
        self.team_site = np.append(team_site, np.arange(n_sites))
        self.before_team = np.where(before.team < 0, n_teams + before.site, before.team)
        self.now_team = np.where(now.team < 0, n_teams + now.site, now.team)
        self.everyone = (np.ones(len(before.team), dtype=bool), np.ones(len(now.team), dtype=bool))

    def known(self, one: Counted, people: Ints) -> Bools:
        """Teams whose number is shown; of an empty one there is nothing to know."""
        flags: Bools = np.append(one.teams, np.zeros(len(one.sites), dtype=bool)) | (people == 0)
        return flags

    def of_teams(self) -> Difference:
        """The difference of every team."""
        return self._difference((self.before_team, self.now_team), self.everyone, len(self.team_site))

    def of_blocks(self, before: Bools | None, now: Bools | None) -> Difference:
        """The difference of some teams of each site together; None: of the whole site."""
        masks = (
            self.everyone[0] if before is None else before[self.before_team],
            self.everyone[1] if now is None else now[self.now_team],
        )
        return self._difference((self.before.site, self.now.site), masks, len(self.before.sites))

    def _difference(self, groups: tuple[Ints, Ints], masks: tuple[Bools, Bools], n: int) -> Difference:
        first, second = masks[0] & self.before.counts, masks[1] & self.now.counts
        pairs = self.pairs
        same = groups[0][pairs.before] == groups[1][pairs.now]
        kept = same & first[pairs.before] & second[pairs.now]
        went, came = first.copy(), second.copy()
        went[pairs.before[kept]] = came[pairs.now[kept]] = False
        both = np.bincount(groups[1][pairs.now[kept]], minlength=n)
        return Difference(
            both=both,
            came=np.bincount(groups[1][came], minlength=n),
            went=np.bincount(groups[0][went], minlength=n),
            groups_before=groups[0],
            groups_now=groups[1],
            in_before=first,
            in_now=second,
            went_rows=went,
            came_rows=came,
        )
