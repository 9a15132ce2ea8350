"""From respondents to groups: the only place where groups are formed, so where small ones are withheld."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from movement_readiness._validation import closest, quoted
from movement_readiness.evidence import claim
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics.agreement import ICCResult, evidence_state, icc
from movement_readiness.teams.disclosure import (
    HIDDEN,
    OWN,
    PUBLISHED,
    DisclosurePolicy,
    Release,
    release_distributions,
    release_means,
)
from movement_readiness.teams.results import Audience, TeamResults
from movement_readiness.teams.study import Round, Study, read_study

__all__ = ["aggregate_own_teams", "aggregate_scores"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# With fewer teams the pooled SD comes close to being one team's own, which could pin its answers; this
# one stands in for it. It is on the wide side of what 0-100 scores of a few items show (17 to 22).
_PLANNING_SD = 25.0
_MIN_TEAMS_POOLED = 3
# Average deviation from the team's mean, in points. A sixth of the range is the usual upper limit for
# practical agreement (Burke & Dunlap 2002, doi:10.1177/1094428102005002002).
_ALIKE, _WIDE = 10.0, 100.0 / 6
_PLACE = ["level", "site", "team", "wave", "form"]


def aggregate_scores(
    responses: Any,
    instrument: Instrument,
    *,
    roster: Any = None,
    policy: DisclosurePolicy | None = None,
    audience: Audience = "published",
) -> TeamResults:
    """Aggregate scores by team and site, and withhold what could point to a person.

    Parameters
    ----------
    responses : DataFrame
        A responses frame (pandas, polars or pyarrow), as `read_responses` gives it. Responses without a
        site are left out and counted; those without a team count for their site.
    instrument : Instrument
    roster : DataFrame, optional
        Columns site, team, invited: how many people each team has. Teams on it from which nobody
        answered are listed too.
    policy : DisclosurePolicy, optional
        Which groups may be shown; the default is `DisclosurePolicy()`.
    audience : "published" or ("own_team", site, team)
        Published results may be seen by anybody. A team's own results hold that team and its site, and
        show the team's means from ``policy.min_respondents_own_team`` people up. Which groups are
        withheld is decided once for all audiences together.

    Returns
    -------
    TeamResults
        Scores (points, 0-100), items, answers, spread and head-counts by group, already safe to show.

    Raises
    ------
    ResponsesError
        Columns are missing, there are no rows, or several aims or instrument versions are mixed.
    ArgumentError
        The roster or the audience is not as expected.

    Notes
    -----
    Mean of a group: of its respondents' scale scores, NaN left out; ``n`` counts those with a score.

    Interval of a team's mean (95 %): mean ± t(df_within) s / sqrt(n), where s is the within-team SD pooled
    over all teams of the round (never the team's own, which could pin its answers; fewer than three
    teams: s = 25 points instead). Of a site's mean: mean ± t(teams - 1) sqrt(s²/N + v Σn_t²/N²), v the
    between-team variance, because people sit in teams. Half-widths are rounded up.

    Reliability of a team's mean: n ICC(1) / (1 + (n - 1) ICC(1)) (Bliese 2000). Shrunken mean:
    m + reliability (mean - m), m the n-weighted mean of the published teams' means (so that it tells
    nothing about withheld ones); NA for withheld teams, and when team differences are not supported.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=4, team_size=(4, 14), seed=1)
    >>> teams = mr.aggregate_scores(study.responses, instrument, roster=study.roster)
    >>> teams.scores["withheld"].any()
    np.True_
    """
    rules = policy or DisclosurePolicy()
    build = _Build(responses, instrument, roster, rules)
    return build.results(_checked_audience(audience, build.study))


def aggregate_own_teams(
    responses: Any, instrument: Instrument, *, roster: Any = None, policy: DisclosurePolicy | None = None
) -> Iterator[tuple[tuple[str, str], TeamResults]]:
    """Every team's own results in turn, computed from one aggregation.

    Parameters are those of `aggregate_scores`. Yields ((site, team), TeamResults) in the order of names.
    """
    build = _Build(responses, instrument, roster, policy or DisclosurePolicy())
    for site, team in build.study.teams:
        yield (site, team), build.results(("own_team", site, team))


def _checked_audience(audience: Audience, study: Study) -> Audience:
    if audience == "published":
        return audience
    if not (isinstance(audience, tuple) and len(audience) == 3 and audience[0] == "own_team"):
        raise ArgumentError(f"audience: expected 'published' or ('own_team', site, team); got {audience!r}.")
    _, site, team = audience
    if site not in study.sites:
        raise ArgumentError(
            f"audience: unknown site {site!r}; available: {quoted(study.sites)}.{closest(site, study.sites)}"
        )
    if (site, team) not in study.teams:
        there = [name for place, name in study.teams if place == site]
        raise ArgumentError(f"audience: site {site!r} has no team {team!r}; available: {quoted(there)}.{closest(team, there)}")
    return audience


class _Build:
    """One aggregation: every table with its releases, from which any audience's results are taken."""

    def __init__(self, responses: Any, instrument: Instrument, roster: Any, policy: DisclosurePolicy) -> None:
        self.instrument, self.policy = instrument, policy
        self.claim = claim(instrument)
        indices = [scale.id for scale in instrument.scales.values() if scale.kind == "index"]
        self.study = read_study(responses, instrument, roster, tuple(indices) if self.claim.index_allowed else ())
        self.respondents = pd.concat([self._heads(part) for part in self.study.rounds], ignore_index=True)
        differences = {(part.wave, part.form): _differences(part) for part in self.study.rounds}
        self.team_differences = pd.concat([_state_frame(part, differences[part.wave, part.form]) for part in self.study.rounds])
        scores, agreement, items, answers = [], [], [], []
        for part in self.study.rounds:
            for column, scale in enumerate(part.scales):
                table = _scores_table(self.study, part, column, differences[part.wave, part.form][scale], policy)
                scores.append(table.assign(scale=scale))
                agreement.append(_spread_table(self.study, part, column, table).assign(scale=scale))
            for column, item in enumerate(part.items):
                means, counts = self._item_tables(part, column, item)
                items.append(means)
                answers.append(counts)
        self.scores, self.agreement = _joined(scores, "scale"), _joined(agreement, "scale")
        self.items, self.answers = _joined(items, "item"), _joined(answers, "item")

    def _heads(self, part: Round) -> pd.DataFrame:
        study = self.study
        teams = np.bincount(part.team[part.team >= 0], minlength=len(study.teams))
        sites = np.bincount(part.site, minlength=len(study.sites))
        invited = np.full(len(study.sites), np.nan)
        for site in range(len(study.sites)):
            known = study.invited[study.team_site == site]
            invited[site] = known.sum() if len(known) and not np.isnan(known).any() else np.nan
        frame = _places(study, part)
        frame["n"] = pd.array(np.concatenate([sites, teams]), dtype="Int64")
        frame["invited"] = pd.array(np.concatenate([invited, study.invited]), dtype="Int64")
        return frame

    def _item_tables(self, part: Round, column: int, item: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        options = np.array(sorted(self.instrument.response_scale(item).codes), dtype=float)
        span = options[-1] + options[0]
        reversed_item = self.instrument.home_scale(item) is not None and self.instrument.key(item) == -1
        keyed = np.sort(span - options) if reversed_item else options
        values = (keyed - keyed[0]) / (keyed[-1] - keyed[0]) * 100
        teams, loose = _counts(self.study, part, column, keyed)
        releases = _by_site(
            self.study, lambda inside, site: release_distributions(teams[inside], values, self.policy, loose=loose[site])
        )
        frame = _places(self.study, part).assign(item=item)
        sites = loose + _site_sums(self.study, teams)
        table = np.concatenate([sites, teams])
        _mark(frame, releases, self.study)
        means = frame.copy()
        n = table.sum(axis=1)
        means["n"] = pd.array(n, dtype="Int64")
        with np.errstate(invalid="ignore"):
            means["mean"] = self.policy.rounded(table @ values / n)
        # Shown as given: a reversed item's counts go back to the order of its own options.
        shown = table[:, ::-1] if reversed_item else table
        return means, _answer_rows(frame, shown, options)

    def results(self, audience: Audience) -> TeamResults:
        """What one audience may see."""
        own = audience[1:] if isinstance(audience, tuple) else None
        return TeamResults(
            scores=_visible(self.scores, own, ["n", "mean", "ci_low", "ci_high", "shrunken", "reliability"]),
            items=_visible(self.items, own, ["n", "mean"]),
            answers=_visible(self.answers, own, ["n", "percent"]),
            agreement=_visible(self.agreement, own, ["n", "spread"]),
            respondents=self._visible_heads(own),
            team_differences=self.team_differences.copy(),
            policy=self.policy,
            audience=audience,
            claim=self.claim,
            synthetic=self.study.synthetic,
            instrument_id=self.instrument.id,
            instrument_version=self.instrument.version,
            instrument_sha256=self.instrument.sha256,
            aim_id=self.study.aim_id,
            n_without_site=self.study.n_without_site,
            notes=self._notes(),
        )

    def _visible_heads(self, own: tuple[str, ...] | None) -> pd.DataFrame:
        floor = self.policy.min_respondents_own_team if own else self.policy.min_respondents
        chosen = _rows_of(self.respondents, own)
        withheld = (chosen["level"] == "team") & (chosen["n"] < floor) | (chosen["n"] < self.policy.min_respondents_own_team)
        return chosen.assign(n=chosen["n"].mask(withheld), withheld=withheld.astype(bool)).reset_index(drop=True)

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.study.n_without_site:
            notes.append(f"{self.study.n_without_site} responses name no site and are in no group.")
        if self.study.synthetic:
            notes.append("Synthetic data: simulated answers, nobody's.")
        return tuple(notes)


def _places(study: Study, part: Round) -> pd.DataFrame:
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


def _differences(part: Round) -> Mapping[str, ICCResult | None]:
    """ICC of every scale of a round over its teams; None where it cannot be estimated."""
    found: dict[str, ICCResult | None] = {}
    for column, scale in enumerate(part.scales):
        usable = (part.team >= 0) & ~np.isnan(part.scores[:, column])
        sizes = np.bincount(part.team[usable])
        enough = np.count_nonzero(sizes) >= 2 and sizes.max(initial=0) >= 2
        varied = enough and np.ptp(part.scores[usable, column]) > 0
        found[scale] = icc(part.scores[usable, column], part.team[usable]) if varied else None
    return found


def _state_frame(part: Round, differences: Mapping[str, ICCResult | None]) -> pd.DataFrame:
    rows = []
    for scale, found in differences.items():
        rows.append(
            {
                "wave": part.wave,
                "form": part.form,
                "scale": scale,
                "icc1": found.icc1 if found else np.nan,
                "ci_low": found.icc1_ci_low if found else np.nan,
                "ci_high": found.icc1_ci_high if found else np.nan,
                "state": evidence_state(found) if found else "unknown",
                "n_respondents": found.n_respondents if found else int((~np.isnan(part.scores[:, 0])).sum()),
                "n_teams": found.n_groups if found else len(np.unique(part.team[part.team >= 0])),
            }
        )
    return pd.DataFrame(rows)


def _site_sums(study: Study, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums over the teams of each site."""
    sums = np.zeros((len(study.sites), *values.shape[1:]), dtype=values.dtype)
    np.add.at(sums, study.team_site, values)
    return sums


def _by_site(study: Study, decide: Any) -> list[Release]:
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
        np.bincount(part.team[teamed], minlength=n_teams),
        np.bincount(part.team[teamed], values[teamed], minlength=n_teams),
        np.bincount(part.site[apart], minlength=n_sites),
        np.bincount(part.site[apart], values[apart], minlength=n_sites),
    )


def _scores_table(
    study: Study, part: Round, column: int, found: ICCResult | None, policy: DisclosurePolicy
) -> pd.DataFrame:
    counts, totals, loose_n, loose_total = _sums(study, part, column)
    releases = _by_site(
        study,
        lambda inside, site: release_means(
            counts[inside], totals[inside], policy, loose_count=int(loose_n[site]), loose_total=float(loose_total[site])
        ),
    )
    frame = _places(study, part)
    _mark(frame, releases, study)
    n = np.concatenate([_site_sums(study, counts) + loose_n, counts])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = policy.rounded(np.concatenate([_site_sums(study, totals) + loose_total, totals]) / n)
        half = policy.rounded_up(_half_widths(study, counts, n, found))
    frame["n"] = pd.array(n, dtype="Int64")
    frame["mean"] = mean
    frame["ci_low"], frame["ci_high"] = np.clip(mean - half, 0, 100), np.clip(mean + half, 0, 100)
    _add_reliability(frame, found, policy)
    return frame


def _half_widths(study: Study, counts: Ints, n: Floats, found: ICCResult | None) -> Floats:
    """Half-widths of the 95 % intervals of the sites' and then the teams' means, before rounding."""
    pooled = found is not None and found.n_groups - found.n_singletons >= _MIN_TEAMS_POOLED
    sd = found.sd_within if found is not None and pooled else _PLANNING_SD
    t_within = stats.t.ppf(0.975, found.df_within) if found is not None and pooled else stats.norm.ppf(0.975)
    sites = len(study.sites)
    half = t_within * sd / np.sqrt(n)
    if found is not None and pooled:
        clustered = found.var_between * _site_sums(study, counts.astype(float) ** 2) / n[:sites] ** 2
        half[:sites] = stats.t.ppf(0.975, found.n_groups - 1) * np.sqrt(sd**2 / n[:sites] + clustered)
    return half


def _add_reliability(frame: pd.DataFrame, found: ICCResult | None, policy: DisclosurePolicy) -> None:
    team = (frame["level"] == "team").to_numpy()
    n = frame["n"].to_numpy(dtype=float)
    frame["reliability"] = np.nan
    frame["shrunken"] = np.nan
    if found is None:
        return
    usable = team & (n > 0)
    frame.loc[usable, "reliability"] = np.round(found.reliability(n[usable]), 2)
    shown = team & (frame["status"] == PUBLISHED).to_numpy()
    if not shown.any() or evidence_state(found) == "not supported":
        return
    means = frame["mean"].to_numpy()
    centre = np.average(means[shown], weights=n[shown])
    frame.loc[shown, "shrunken"] = policy.rounded(centre + found.reliability(n[shown]) * (means[shown] - centre))


def _spread_table(study: Study, part: Round, column: int, table: pd.DataFrame) -> pd.DataFrame:
    """In words, how far apart the scores of a team are; only for published teams."""
    values = part.scores[:, column]
    used = ~np.isnan(values) & (part.team >= 0)
    team, score = part.team[used], values[used]
    counts = np.bincount(team, minlength=len(study.teams))
    with np.errstate(invalid="ignore"):
        mean = np.bincount(team, score, minlength=len(study.teams)) / counts
        deviation = np.bincount(team, np.abs(score - mean[team]), minlength=len(study.teams)) / counts
    frame = table.loc[table["level"] == "team", [*_PLACE, "status", "reason", "n"]].reset_index(drop=True)
    words = np.where(deviation < _ALIKE, "alike", np.where(deviation < _WIDE, "mixed", "wide"))
    frame["spread"] = pd.array(words, dtype="str")
    own_only = frame["status"] == OWN
    return frame.assign(
        status=frame["status"].mask(own_only, HIDDEN), reason=frame["reason"].mask(own_only, "too_few")
    )


def _counts(study: Study, part: Round, column: int, keyed: Floats) -> tuple[Ints, Ints]:
    """How often each option was chosen: teams x options, and people without a team by site x options."""
    values = part.answers[:, column]
    known = ~np.isnan(values)
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


def _joined(tables: list[pd.DataFrame], part: str) -> pd.DataFrame:
    """One long frame, its columns in the order that `TeamResults` names."""
    frame = pd.concat(tables, ignore_index=True)
    order = [*_PLACE, part, "option", "n", "mean", "ci_low", "ci_high", "shrunken", "reliability"]
    front = [name for name in order if name in frame.columns]
    return frame[[*front, *(name for name in frame.columns if name not in (*front, "status", "reason")), "status", "reason"]]


def _rows_of(frame: pd.DataFrame, own: tuple[str, ...] | None) -> pd.DataFrame:
    if own is None:
        return frame
    mine = (frame["site"] == own[0]) & ((frame["level"] == "site") | (frame["team"] == own[1]))
    return frame[mine]


def _visible(frame: pd.DataFrame, own: tuple[str, ...] | None, numbers: list[str]) -> pd.DataFrame:
    """The rows of an audience, with the numbers that it may not see blanked and the reason given."""
    chosen = _rows_of(frame, own)
    floor = PUBLISHED if own is None else OWN
    hidden = chosen["status"] < floor
    reason = chosen["reason"].mask(hidden & (chosen["reason"] == ""), "too_few").astype("str")
    blanked = {name: chosen[name].mask(hidden) for name in numbers if name in chosen.columns}
    shown = chosen.drop(columns=["status", "reason"]).assign(**blanked)
    return shown.assign(withheld=hidden.astype(bool), reason=reason.mask(~hidden, "")).reset_index(drop=True)
