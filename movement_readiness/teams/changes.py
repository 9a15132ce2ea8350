"""Change between waves that follow each other, from released numbers alone.

A team's change is that of its people. A site's is what its teams have in common: with m_jw the mean and p_jw the share
of the site's people of team j in wave w, N_w all its people and s_w the SD within teams,

    change    d = sum_j p_j2 m_j2 - sum_j p_j1 m_j1, the difference of the two means that are shown
    variance  s_1^2 / N_1 + s_2^2 / N_2  +  t sum_j (p_j1^2 + p_j2^2)  +  v sum_j (p_j2 - p_j1)^2  +  r^2 / 6

The first two terms are what other people of the same teams would change: the teams are the site, not a sample of more.
t is the variance by which means of teams move from wave to wave on their own. v is what lasts of the variance between
teams (ICC(1) of both waves, less t): it counts only as far as the site is made up of other teams than before, so not at
all where each team has its old share, and fully for a team that is in one wave only. r is the step of rounding. A site
of which one team answered, the same in both waves, has the change of that team, and its band.

This is the variance of the difference of two cross-sections of the same groups (Feldman & McKinlay 1994, Statistics in
Medicine 13, 61-78), without what the same people's answers share, since nobody is linked to earlier answers.

t comes from the published teams of the whole study: d_j their changes, u_j = 1 / (s_1^2 / n_j1 + s_2^2 / n_j2 + r^2 /
6), Q = sum_j u_j (d_j - d_site)^2 around the mean change of each site, with f = teams - sites degrees of freedom and c
= sum_sites (sum u_j - sum u_j^2 / sum u_j); 2 t = (Q - f) / c (DerSimonian & Laird 1986,
doi:10.1016/0197-2456(86)90046-2). As a few teams tell little of it, it is averaged, weighted by f, with 4 % of all
variance, weighted by 10, and not taken below 0.

Only sizes that are shown are used. Everybody else of a site is one team, whose share changes as a whole where the same
teams are hidden in both waves, and two different teams otherwise; where all of them are hidden as too few, the shares
of teams that small; where none is hidden (people who gave no team), the shares of one person each.

How often a site without a change was told of one (nominal 5 %; 1,500 studies of 1 to 10 sites with 2 to 12 teams, sizes
varying between waves): the same people twice, 0 %; other people, 0.8 to 1.5 %; other people and means of teams that
move by 5 % of all variance, 2.6 to 5.0 %. Without t the last are 6.6 to 10.9 %. `tests/teams/test_comparison.py`
has a small version.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from movement_readiness.teams._comparing import moved_variance
from movement_readiness.teams.comparison import CHANGE_NUMBERS, PLANNING_SD, Yardstick
from movement_readiness.teams.disclosure import OWN, PUBLISHED, DisclosurePolicy

__all__ = ["MeansOfWave", "change_tables"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
MeansOfWave = tuple[str, str, str, pd.DataFrame, Yardstick | None]  # form, scale, wave, means, yardstick

_COLUMNS = ["level", "site", "team", "form", "scale", "wave_from", "wave_to", *CHANGE_NUMBERS]
_UNKNOWN = Yardstick(PLANNING_SD, 0.1, "unknown")
_MOVES, _AS_MANY = 0.04, 10  # share of all variance that means of teams move by, and how many teams that counts for
_DECIMALS, _NOISE = 6, 1e-6  # what of a number is more than the noise of machine arithmetic
_Z = float(stats.norm.ppf(0.975))


def change_tables(waves: Sequence[MeansOfWave], policy: DisclosurePolicy) -> pd.DataFrame:
    """Change between waves that follow each other (handed in in their order), of every group, form and scale.

    Notes
    -----
    change = later mean - earlier mean, its 95 % band +- 1.96 sqrt(v). Of a team v = s_1^2 / n_1 + s_2^2 / n_2 + r^2 /
    6, with s the SD within teams of a wave and r the step of rounding; of a site see above. The limits are rounded
    outwards to whole points, as they are shown. The two waves are taken as different people, because nobody is linked
    to their earlier answers: where they are the same people, who tend to answer as before, the band is too wide, never
    too narrow. Where the limits hold zero the verdict is "no clear change".
    """
    found = []
    ordered = sorted(waves, key=lambda one: one[:2])  # stable: the waves stay in their order
    for (_, scale), mine in groupby(ordered, key=lambda one: one[:2]):
        found += [_change(before, after, policy).assign(scale=scale) for before, after in pairwise(mine)]
    columns = [*_COLUMNS, "status", "reason"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def _change(first: MeansOfWave, second: MeansOfWave, policy: DisclosurePolicy) -> pd.DataFrame:
    before, after = first[3], second[3]
    frame = before[["level", "site", "team", "form"]].reset_index(drop=True)
    frame = frame.assign(wave_from=first[2], wave_to=second[2], n_from=before["n"].array, n_to=after["n"].array)
    change = after["mean"].to_numpy(dtype=float) - before["mean"].to_numpy(dtype=float)
    half = _Z * np.sqrt(_variances(first, second, change, policy))
    # The limits are shown as whole points, so they are rounded outwards to these, and the verdict is that of the limits
    # that are shown.
    low, high = np.floor(change - half + _NOISE), np.ceil(change + half - _NOISE)
    frame["change"] = np.round(change, _DECIMALS)
    frame["ci_low"], frame["ci_high"] = np.clip(low, -100, 100) + 0.0, np.clip(high, -100, 100) + 0.0
    frame["verdict"] = np.select([low > 0, high < 0], ["higher", "lower"], "no clear change")
    return _seen_in_both(frame, before, after)


def _seen_in_both(frame: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Who may see a change: who may see both means; the reason is that of the one that fewer may see."""
    status = before["status"].to_numpy(), after["status"].to_numpy()
    reasons = before["reason"].to_numpy(), after["reason"].to_numpy()
    return frame.assign(status=np.minimum(*status), reason=np.where(status[0] <= status[1], *reasons).astype(object))


def _variances(first: MeansOfWave, second: MeansOfWave, change: Floats, policy: DisclosurePolicy) -> Floats:
    """Squared standard errors of the changes of all groups."""
    tables, by = (first[3], second[3]), [one[4] or _UNKNOWN for one in (first, second)]
    n = [table["n"].to_numpy(dtype=float) for table in tables]
    with np.errstate(divide="ignore"):
        found: Floats = by[0].var_within / n[0] + by[1].var_within / n[1] + policy.round_to**2 / 6
    team = (tables[0]["level"] == "team").to_numpy()
    place = pd.factorize(tables[0]["site"])[0]
    published = team & np.logical_and(*((table["status"] == PUBLISHED).to_numpy() for table in tables))
    estimated = first[4] is not None and second[4] is not None
    excess, free = moved_variance(change[published], found[published], place[published]) if estimated else (0.0, 0)
    both = float(np.mean([one.var_within + one.var_between for one in by]))
    moves = max(0.0, (free * excess + _AS_MANY * _MOVES * both) / (free + _AS_MANY))
    lasts = max(0.0, float(np.mean([one.var_between for one in by])) - moves)
    of_waves, of_change = _shares(tables, n, team, place, policy)
    found[~team] += (moves * of_waves + lasts * of_change)[place[~team]]
    return found


def _shares(
    tables: tuple[pd.DataFrame, pd.DataFrame], n: list[Floats], team: Bools, place: Ints, policy: DisclosurePolicy
) -> tuple[Floats, Floats]:
    """Of each site, the sum over teams of the squared shares in both waves, and of the squared changes of shares."""
    number = place.max(initial=-1) + 1
    whole: list[Floats] = [np.bincount(place[~team], one[~team], number).astype(float) for one in n]
    mine = place[team]

    def total(values: npt.NDArray[np.generic]) -> Floats:
        found: Floats = np.bincount(mine, values.astype(float), number).astype(float)
        return found

    seen = [(table["status"] >= OWN).to_numpy()[team] for table in tables]
    hidden = [
        ~one & (table["reason"] != "no_answers").to_numpy()[team] for one, table in zip(seen, tables, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = [
            np.where(s & (of[mine] > 0), one[team] / of[mine], 0.0) for s, one, of in zip(seen, n, whole, strict=True)
        ]
    rest = [np.clip(1 - total(one), 0, None) for one in share]
    squares = [
        _of_rest(part, of, total(h), total(h & (table["reason"] != "too_few").to_numpy()[team]), policy)
        for part, of, h, table in zip(rest, whole, hidden, tables, strict=True)
    ]
    same = total(hidden[0] != hidden[1]) == 0
    somebody = total(hidden[0]) > 0
    of_change = total(np.square(share[1] - share[0]))
    of_change += np.where(same & somebody, np.square(rest[1] - rest[0]), squares[0] + squares[1])
    of_waves = total(np.square(share[0])) + total(np.square(share[1])) + squares[0] + squares[1]
    one_team = (
        (total(np.logical_and(*(one > 0 for one in share))) == 1) & (of_waves > 2 - _NOISE) & (of_change < _NOISE)
    )
    return np.where(one_team, 0.0, of_waves), of_change


def _of_rest(rest: Floats, whole: Floats, hidden: Floats, large: Floats, policy: DisclosurePolicy) -> Floats:
    """Sum of the squared shares of people whose team is not shown: at most, as far as is known."""
    most = np.where(hidden == 0, 1, np.where(large == 0, policy.min_respondents_own_team - 1, np.inf))
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = rest * np.fmin(rest, most / whole)
    return found
