"""The tables of one round: every number of every group, with who may see it (rows: sites, then teams)."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics import EstimationWarning, ICCResult, evidence_state, icc
from movement_readiness.teams.comparison import PLANNING_SD, add_shrunken, benchmark, yardstick
from movement_readiness.teams.disclosure import (
    HIDDEN,
    OWN,
    PUBLISHED,
    DisclosurePolicy,
    Release,
    release_distributions,
    release_means,
)
from movement_readiness.teams.study import Round, Study

__all__ = [
    "PLACE",
    "heads_table",
    "item_tables",
    "mean_releases",
    "scores_table",
    "spread_table",
    "states_table",
    "team_differences",
    "with_sites",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Differences = Mapping[str, ICCResult | None]

PLACE = ["level", "site", "team", "wave", "form"]
# A pooled SD near zero would say that every team agrees wholly, and so what everybody's score is.
_LEAST_SD = 10.0
_MIN_TEAMS_POOLED = 3
# Average deviation from the team's mean, in points. A sixth of the range is the usual upper limit for
# practical agreement (Burke & Dunlap 2002, doi:10.1177/1094428102005002002).
_ALIKE, _WIDE = 10.0, 100.0 / 6


def heads_table(study: Study, part: Round) -> pd.DataFrame:
    """How many people answered in each group, of how many invited."""
    teams = np.bincount(part.team[part.team >= 0], minlength=len(study.teams))
    sites = np.bincount(part.site, minlength=len(study.sites))
    known = np.isfinite(study.invited)
    n_teams = site_sums(study, np.ones(len(study.teams), dtype=np.int64))
    complete = (site_sums(study, known.astype(np.int64)) == n_teams) & (n_teams > 0)
    invited = np.where(complete, site_sums(study, np.where(known, study.invited, 0.0)), np.nan)
    frame = places(study, part)
    frame["n"] = pd.array(np.concatenate([sites, teams]), dtype="Int64")
    frame["invited"] = pd.array(np.concatenate([invited, study.invited]), dtype="Int64")
    return frame


def item_tables(
    study: Study, part: Round, column: int, instrument: Instrument, policy: DisclosurePolicy, barred: Bools
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means (keyed, 0-100) and answer counts (as given) of one item; none for the groups that are barred."""
    item = part.items[column]
    options = np.array(sorted(instrument.response_scale(item).codes), dtype=float)
    turned = instrument.home_scale(item) is not None and instrument.key(item) == -1
    keyed = np.sort(options[0] + options[-1] - options) if turned else options
    values = (keyed - keyed[0]) / (keyed[-1] - keyed[0]) * 100
    holders = [place for place, scale in enumerate(part.scales) if item in instrument.item_ids(scale)]
    teams, loose = _counts(study, part, column, keyed, holders)
    sites_barred, teams_barred = barred[: len(study.sites)], barred[len(study.sites) :]
    releases = _by_site(
        study,
        lambda inside, site: release_distributions(
            teams[inside],
            values,
            policy,
            loose=loose[site],
            barred=teams_barred[inside],
            site_barred=bool(sites_barred[site]),
            revealed=part.earlier.known[inside],
        ),
    )
    frame = places(study, part).assign(item=item)
    _mark(frame, releases, study)
    table = np.concatenate([loose + site_sums(study, teams), teams])
    n = table.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = policy.rounded(table @ values / n)
    means = frame.assign(n=pd.array(n, dtype="Int64"), mean=mean)
    # A reversed item's counts go back to the order of its own options.
    return means, _answer_rows(frame, table[:, ::-1] if turned else table, options)


def places(study: Study, part: Round) -> pd.DataFrame:
    """The groups of a round in the order used everywhere: sites, then teams."""
    sites, teams = list(study.sites), list(study.teams)
    return pd.DataFrame(
        {
            "level": ["site"] * len(sites) + ["team"] * len(teams),
            "site": sites + [site for site, _ in teams],
            "team": pd.array([None] * len(sites) + [team for _, team in teams], dtype="str"),
            "wave": part.wave,
            "form": part.form,
        }
    )


def mean_releases(
    study: Study, part: Round, instrument: Instrument, policy: DisclosurePolicy
) -> dict[str, pd.DataFrame]:
    """Who may see the mean of every group on every scale (columns status and reason beside the place).

    Scales that share items are decided together: what one of them withholds, the others would give away.
    """
    items = {scale: set(instrument.item_ids(scale)) for scale in part.scales}
    linked = {scale: [other for other in part.scales if items[scale] & items[other]] for scale in part.scales}
    frames: dict[str, pd.DataFrame] = {}
    barred = {scale: with_sites(study, part.earlier.scales[:, column]) for column, scale in enumerate(part.scales)}
    most = {scale: np.where(barred[scale], HIDDEN, PUBLISHED) for scale in part.scales}
    changed = True
    while changed:  # audiences only shrink, so this ends
        for column, scale in enumerate(part.scales):
            frames[scale] = _mean_release(study, part, column, policy, most[scale])
        status = {scale: frame["status"].to_numpy() for scale, frame in frames.items()}
        least = {scale: np.min([status[other] for other in linked[scale]], axis=0) for scale in part.scales}
        changed = any((least[scale] < status[scale]).any() for scale in part.scales)
        most = {scale: np.minimum(most[scale], least[scale]) for scale in part.scales}
    return frames


def _mean_release(study: Study, part: Round, column: int, policy: DisclosurePolicy, most: Ints) -> pd.DataFrame:
    counts, totals, loose_n, loose_total = _sums(study, part, column)
    teams_most = most[len(study.sites) :]
    releases = _by_site(
        study,
        lambda inside, site: release_means(
            counts[inside],
            totals[inside],
            policy,
            loose_count=int(loose_n[site]),
            loose_total=float(loose_total[site]),
            most=teams_most[inside],
            site_most=int(most[site]),
            revealed=part.earlier.known[inside],
        ),
    )
    frame = places(study, part)
    _mark(frame, releases, study)
    return frame


def with_sites(study: Study, teams: Bools) -> Bools:
    """What must not be shown of a team must not be worked out from its site either: sites, then teams."""
    return np.concatenate([site_sums(study, teams.astype(np.int64)) > 0, teams])


def team_differences(study: Study, part: Round, releases: Mapping[str, pd.DataFrame]) -> Differences:
    """ICC of every scale over the teams whose mean somebody sees; None where it cannot be estimated.

    Hidden teams are left out: from the ICC of all teams and the means of the others theirs could be solved.
    """
    found: dict[str, ICCResult | None] = {}
    for column, scale in enumerate(part.scales):
        shown = releases[scale]["status"].to_numpy()[len(study.sites) :] >= OWN
        usable = (part.team >= 0) & ~np.isnan(part.scores[:, column])
        usable[usable] = shown[part.team[usable]]
        found[scale] = _difference(part.scores[usable, column], part.team[usable])
    return found


def _difference(scores: Floats, team: Ints) -> ICCResult | None:
    sizes = np.bincount(team)
    if np.count_nonzero(sizes) < 2 or sizes.max(initial=0) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)  # teams that agree wholly: dealt with here
        found = icc(scores, team, method="reml", interval="exact")
    return found if found.sd_within >= _LEAST_SD else None


def states_table(part: Round, differences: Differences, means: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How far the data support that teams differ, scale by scale."""
    rows = []
    for scale, found in differences.items():
        n_published, low, high = benchmark(means[scale])
        rows.append(
            {
                "wave": part.wave,
                "form": part.form,
                "scale": scale,
                "icc1": found.icc1 if found else np.nan,
                "ci_low": found.icc1_ci_low if found else np.nan,
                "ci_high": found.icc1_ci_high if found else np.nan,
                "state": evidence_state(found) if found else "unknown",
                "n_respondents": found.n_respondents if found else 0,
                "n_teams": found.n_groups if found else 0,
                "method": "reml",
                "n_teams_published": n_published,
                "benchmark_low": low,
                "benchmark_high": high,
            }
        )
    return pd.DataFrame(rows)


def site_sums(study: Study, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums over the teams of each site."""
    sums = np.zeros((len(study.sites), *values.shape[1:]), dtype=values.dtype)
    np.add.at(sums, study.team_site, values)
    return sums


def _by_site(study: Study, decide: Callable[[Ints, int], Release]) -> list[Release]:
    order = np.argsort(study.team_site, kind="stable")
    bounds = np.searchsorted(study.team_site[order], np.arange(len(study.sites) + 1))
    return [decide(order[bounds[site] : bounds[site + 1]], site) for site in range(len(study.sites))]


def _mark(frame: pd.DataFrame, releases: list[Release], study: Study) -> None:
    """Write who may see each group, and why not, into the frame (rows: sites, then teams)."""
    status = np.array([release.site for release in releases] + [HIDDEN] * len(study.teams))
    reason = np.array([release.site_reason for release in releases] + [""] * len(study.teams), dtype=object)
    for site, release in enumerate(releases):
        rows = len(study.sites) + np.flatnonzero(study.team_site == site)
        status[rows], reason[rows] = release.teams, release.reasons
    frame["status"], frame["reason"] = status, reason


def _sums(study: Study, part: Round, column: int) -> tuple[Ints, Floats, Ints, Floats]:
    """People and sums of scores: of each team, and of people without a team at each site."""
    values = part.scores[:, column]
    known = ~np.isnan(values)
    teamed, apart = known & (part.team >= 0), known & (part.team < 0)
    n_teams, n_sites = len(study.teams), len(study.sites)
    return (
        np.bincount(part.team[teamed], minlength=n_teams).astype(np.int64),
        np.bincount(part.team[teamed], values[teamed], minlength=n_teams).astype(np.float64),
        np.bincount(part.site[apart], minlength=n_sites).astype(np.int64),
        np.bincount(part.site[apart], values[apart], minlength=n_sites).astype(np.float64),
    )


def scores_table(
    study: Study,
    part: Round,
    column: int,
    release: pd.DataFrame,
    found: ICCResult | None,
    policy: DisclosurePolicy,
) -> pd.DataFrame:
    """Means of one scale with intervals, reliability and shrunken means."""
    counts, totals, loose_n, loose_total = _sums(study, part, column)
    frame = release.copy()
    n = np.concatenate([site_sums(study, counts) + loose_n, counts])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = policy.rounded(np.concatenate([site_sums(study, totals) + loose_total, totals]) / n)
        # From the rounded mean, so half a step is added: the interval never claims too much.
        exact = _half_widths(study, counts, loose_n, n, found)
        half = policy.rounded_up(exact + policy.round_to / 2)
    frame["error"] = exact / stats.norm.ppf(0.975)
    frame["n"] = pd.array(n, dtype="Int64")
    frame["mean"] = mean
    frame["ci_low"], frame["ci_high"] = np.clip(mean - half, 0, 100), np.clip(mean + half, 0, 100)
    _add_reliability(frame, found, policy)
    return frame


def _half_widths(study: Study, counts: Ints, loose: Ints, n: Floats, found: ICCResult | None) -> Floats:
    """Half-widths of the 95 % intervals of the sites' and then the teams' means, before rounding."""
    pooled = found is not None and found.n_groups - found.n_singletons >= _MIN_TEAMS_POOLED
    sd = found.sd_within if found is not None and pooled else PLANNING_SD
    t_within = stats.t.ppf(0.975, found.df_within) if found is not None and pooled else stats.norm.ppf(0.975)
    sites = len(study.sites)
    half: Floats = t_within * sd / np.sqrt(n)
    if found is not None and pooled:
        # Somebody without a team is a team of one.
        clustered = found.var_between * (site_sums(study, counts.astype(float) ** 2) + loose) / n[:sites] ** 2
        half[:sites] = stats.t.ppf(0.975, found.n_groups - 1) * np.sqrt(sd**2 / n[:sites] + clustered)
    return half


def _add_reliability(frame: pd.DataFrame, found: ICCResult | None, policy: DisclosurePolicy) -> None:
    n = frame["n"].to_numpy(dtype=float)
    usable = (frame["level"] == "team").to_numpy() & (n > 0)
    frame["reliability"] = np.nan
    if found is not None:
        frame.loc[usable, "reliability"] = np.round(found.reliability(n[usable]), 2)
    add_shrunken(frame, yardstick(found), policy)


def spread_table(study: Study, part: Round, column: int, table: pd.DataFrame) -> pd.DataFrame:
    """In words, how far apart the scores of a team are; only for published teams."""
    values = part.scores[:, column]
    used = ~np.isnan(values) & (part.team >= 0)
    team, score = part.team[used], values[used]
    counts = np.bincount(team, minlength=len(study.teams))
    with np.errstate(invalid="ignore"):
        mean = np.bincount(team, score, minlength=len(study.teams)) / counts
        deviation = np.bincount(team, np.abs(score - mean[team]), minlength=len(study.teams)) / counts
    frame = table.loc[table["level"] == "team", [*PLACE, "status", "reason", "n"]].reset_index(drop=True)
    words = np.where(deviation < _ALIKE, "alike", np.where(deviation < _WIDE, "mixed", "wide"))
    frame["spread"] = pd.array(words, dtype="str")
    own_only = frame["status"] == OWN
    return frame.assign(status=frame["status"].mask(own_only, HIDDEN), reason=frame["reason"].mask(own_only, "too_few"))


def _counts(study: Study, part: Round, column: int, keyed: Floats, holders: list[int]) -> tuple[Ints, Ints]:
    """How often each option was chosen: teams x options, and people without a team by site x options.

    Of people who have a score on every shown scale with the item: otherwise the answers of somebody without
    one would be what the items have more than the scale.
    """
    values = part.answers[:, column]
    known = ~np.isnan(values) & ~np.isnan(part.scores[:, holders]).any(axis=1)
    option = np.searchsorted(keyed, values[known])
    width = len(keyed)

    def table(group: Ints, n_groups: int) -> Ints:
        inside = group >= 0
        cells = np.bincount(group[inside] * width + option[inside], minlength=n_groups * width)
        return cells.reshape(n_groups, width)

    teams, sites = part.team[known], part.site[known]
    return table(teams, len(study.teams)), table(np.where(teams < 0, sites, -1), len(study.sites))


def _answer_rows(frame: pd.DataFrame, table: Ints, options: Floats) -> pd.DataFrame:
    n = table.sum(axis=1)
    with np.errstate(invalid="ignore"):
        percent = np.floor(table / n[:, None] * 100 + 0.5)
    rows = frame.loc[np.repeat(frame.index, len(options))].reset_index(drop=True)
    rows["option"] = np.tile(options.astype(np.int64), len(frame))
    rows["n"] = pd.array(np.repeat(n, len(options)), dtype="Int64")
    rows["percent"] = percent.ravel()
    return rows
