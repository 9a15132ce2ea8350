"""The tables of one round: every number of every group, with who may see it (rows: sites, then teams)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics import EstimationWarning, ICCResult, evidence_state, icc
from movement_readiness.teams.comparison import PLANNING_SD, add_shrunken, benchmark, yardstick
from movement_readiness.teams.counting import PLACE, answer_counts, item_options, score_sums, site_sums
from movement_readiness.teams.differences import told
from movement_readiness.teams.disclosure import HIDDEN, OWN, PUBLISHED, DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = [
    "PLACE",
    "item_tables",
    "scores_table",
    "spread_table",
    "states_table",
    "team_differences",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Differences = Mapping[str, ICCResult | None]

# A pooled SD near zero would say that every team agrees wholly, and so what everybody's score is.
_LEAST_SD = 10.0
_MIN_TEAMS_POOLED = 3
# Average deviation from the team's mean, in points. A sixth of the range is the usual upper limit for
# practical agreement (Burke & Dunlap 2002, doi:10.1177/1094428102005002002).
_ALIKE, _WIDE = 10.0, 100.0 / 6


def item_tables(
    study: Study, part: Round, column: int, instrument: Instrument, policy: DisclosurePolicy, marks: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means (keyed, 0-100) and answer counts (as given) of one item, with who may see them."""
    keyed, values, holders, turned = item_options(part, column, instrument)
    teams, loose = answer_counts(study, part, column, keyed, holders)
    frame = marks.assign(item=part.items[column])
    table = np.concatenate([loose + site_sums(study, teams), teams])
    n = table.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = policy.rounded(table @ values / n)
    means = frame.assign(n=pd.array(n, dtype="Int64"), mean=mean)
    # A reversed item's counts go back to the order of its own options.
    return means, _answer_rows(frame, table[:, ::-1] if turned else table, np.sort(keyed))


def team_differences(study: Study, part: Round, releases: Mapping[str, pd.DataFrame]) -> Differences:
    """ICC of every scale over its published teams; None where it cannot be estimated.

    Hidden teams are left out, and those that only they themselves see: what is said of a whole round everybody may
    read. The sum of squares behind an ICC is small only where every team's mean lies near the others', so that beside
    the published means it would narrow the mean of each team in it, however many there are; and its numbers of teams
    and people less those of the published ones would count people in teams that nobody else sees. Published teams only
    are also those that are compared by it.
    """
    found: dict[str, ICCResult | None] = {}
    for column, scale in enumerate(part.scales):
        shown = releases[scale]["status"].to_numpy()[len(study.sites) :] == PUBLISHED
        usable = (part.team >= 0) & ~np.isnan(part.scores[:, column])
        usable[usable] = shown[part.team[usable]]
        found[scale] = _difference(part.scores[usable, column], part.team[usable])
    return found


def _difference(scores: Floats, team: Ints) -> ICCResult | None:
    sizes = np.bincount(team)
    if np.count_nonzero(sizes) < _MIN_TEAMS_POOLED or sizes.max(initial=0) < 2:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)  # teams that agree wholly: dealt with here
        found = icc(scores, team, method="reml", interval="exact")
    return told(found, scores, team) if found.sd_within >= _LEAST_SD else None


def _rounded(found: ICCResult | None) -> dict[str, float]:
    """ICC(1) and ICC(2) with their limits, with as many decimals as say anything."""
    values = {
        "icc1": (found.icc1, 3) if found else (np.nan, 3),
        "ci_low": (found.icc1_ci_low, 3) if found else (np.nan, 3),
        "ci_high": (found.icc1_ci_high, 3) if found else (np.nan, 3),
        "icc2": (found.icc2, 2) if found else (np.nan, 2),
        "icc2_low": (found.icc2_ci_low, 2) if found else (np.nan, 2),
        "icc2_high": (found.icc2_ci_high, 2) if found else (np.nan, 2),
    }
    return {name: round(float(value), digits) for name, (value, digits) in values.items()}


def states_table(part: Round, differences: Differences, means: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """How far the data support that teams differ, scale by scale."""
    rows = []
    for scale, found in differences.items():
        n_published, low, high = benchmark(means[scale], yardstick(found))
        rows.append(
            {
                "wave": part.wave,
                "form": part.form,
                "scale": scale,
                **_rounded(found),
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


def scores_table(
    study: Study,
    part: Round,
    column: int,
    release: pd.DataFrame,
    found: ICCResult | None,
    policy: DisclosurePolicy,
) -> pd.DataFrame:
    """Means of one scale with intervals, reliability and shrunken means."""
    counts, totals, loose_n, loose_total = score_sums(study, part, column)
    frame = release.copy()
    n = np.concatenate([site_sums(study, counts) + loose_n, counts])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = policy.rounded(np.concatenate([site_sums(study, totals) + loose_total, totals]) / n)
        # From the rounded mean, so half a step is added: the interval never claims too much.
        exact = _half_widths(n, _unplaced(study, release, counts, n), found)
        half = policy.rounded_up(exact + policy.round_to / 2)
    frame["n"] = pd.array(n, dtype="Int64")
    frame["mean"] = mean
    frame["ci_low"], frame["ci_high"] = np.clip(mean - half, 0, 100), np.clip(mean + half, 0, 100)
    _add_reliability(frame, found, policy)
    return frame


def _half_widths(n: Floats, unplaced: Floats, found: ICCResult | None) -> Floats:
    """Half-widths of the 95 % intervals of the sites' and then the teams' means, before rounding.

    The teams of a site are the site, so what makes its mean uncertain is who answers within them; people of a site
    whose team is not shown (``unplaced``) may as well have none, and vary as people of all teams do.
    """
    pooled = found is not None and found.n_groups - found.n_singletons >= _MIN_TEAMS_POOLED
    sd = found.sd_within if found is not None and pooled else PLANNING_SD
    t_within = stats.t.ppf(0.975, found.df_within) if found is not None and pooled else stats.norm.ppf(0.975)
    half: Floats = t_within * sd / np.sqrt(n)
    if found is not None and pooled:
        half[: len(unplaced)] *= np.sqrt(1 + found.var_between / sd**2 * unplaced / n[: len(unplaced)])
    return half


def _unplaced(study: Study, release: pd.DataFrame, counts: Ints, n: Floats) -> Floats:
    """How many people of each site are in no team whose n is shown: an interval must tell no other sizes."""
    sites = len(study.sites)
    shown = (release["status"].to_numpy() >= OWN)[sites:]
    found: Floats = n[:sites] - site_sums(study, np.where(shown, counts, 0).astype(float))
    return found


def _add_reliability(frame: pd.DataFrame, found: ICCResult | None, policy: DisclosurePolicy) -> None:
    n = frame["n"].to_numpy(dtype=float)
    usable = (frame["level"] == "team").to_numpy() & (n > 0)
    frame["reliability"] = np.nan
    if found is not None:
        frame.loc[usable, "reliability"] = np.round(found.reliability(n[usable]), 2)
    add_shrunken(frame, yardstick(found), policy)


def spread_table(study: Study, part: Round, column: int, table: pd.DataFrame, alike: Bools) -> pd.DataFrame:
    """In words, how far apart the scores of a team are; only for published teams that do not answer an item alike."""
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
    told = alike[len(study.sites) :] & (frame["status"] > OWN).to_numpy()
    frame = frame.assign(status=frame["status"].mask(told, HIDDEN), reason=frame["reason"].mask(told, "too_alike"))
    own_only = frame["status"] == OWN
    return frame.assign(status=frame["status"].mask(own_only, HIDDEN), reason=frame["reason"].mask(own_only, "too_few"))


def _answer_rows(frame: pd.DataFrame, table: Ints, options: Floats) -> pd.DataFrame:
    n = table.sum(axis=1)
    with np.errstate(invalid="ignore"):
        percent = np.floor(table / n[:, None] * 100 + 0.5)
    rows = frame.loc[np.repeat(frame.index, len(options))].reset_index(drop=True)
    rows["option"] = np.tile(options.astype(np.int64), len(frame))
    rows["n"] = pd.array(np.repeat(n, len(options)), dtype="Int64")
    rows["percent"] = percent.ravel()
    return rows
