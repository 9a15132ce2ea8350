"""From respondents to groups: the only place where groups are formed, so where small ones are withheld."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any

import pandas as pd

from movement_readiness._validation import closest, quoted
from movement_readiness.evidence import claim
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import KeepsReleases
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.alike import with_agreement
from movement_readiness.teams.comparison import (
    CHANGE_NUMBERS,
    FUNNEL_NUMBERS,
    change_tables,
    funnel_table,
    invariance_sentence,
    natural,
    yardstick,
)
from movement_readiness.teams.counting import PLACE
from movement_readiness.teams.deciding import Decision, decide
from movement_readiness.teams.disclosure import OWN, PUBLIC_REASON, PUBLISHED, DisclosurePolicy
from movement_readiness.teams.earlier import checked_pages
from movement_readiness.teams.heads import heads_table
from movement_readiness.teams.releases import check_ids, checked_log, made_releases, salt_of
from movement_readiness.teams.results import Audience, TeamResults
from movement_readiness.teams.study import Round, Study, read_study
from movement_readiness.teams.tables import (
    item_tables,
    scores_table,
    spread_table,
    states_table,
    team_differences,
)
from movement_readiness.teams.union import Neighbours, Shown, counted

__all__ = ["Aggregation", "aggregate_own_teams", "aggregate_scores"]

_SCORE_NUMBERS = ["n", "mean", "ci_low", "ci_high", "shrunken", "shrunken_low", "shrunken_high", "reliability"]
_NUMBERS = {  # what is blanked in each table where an audience may not see it
    "scores": _SCORE_NUMBERS,
    "items": ["n", "mean"],
    "answers": ["n", "percent"],
    "agreement": ["n", "spread"],
    "funnel": FUNNEL_NUMBERS,
    "change": CHANGE_NUMBERS,
}


def aggregate_scores(
    responses: Any,
    instrument: Instrument,
    *,
    roster: Any = None,
    policy: DisclosurePolicy | None = None,
    audience: Audience = "published",
    revealed: Collection[RevealedPage] = (),
    release_log: Any = None,
    invariance: Any = None,
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
    revealed : collection of RevealedPage, optional
        The pages that teams have seen, made of them alone, as at the end of a workshop
        (``ResponseStore.revealed()``). A team of the same people counts as shown, so that a site's numbers
        cannot be compared with its page to work out a smaller team's. Where fewer than
        ``policy.min_respondents_own_team`` people came or went since a page that showed numbers (or so few of
        those who came answered), the team and its site are withheld in that wave and form: the difference
        would tell what those few answered.
    release_log : ReleaseLog, or ``store.release_log``, optional
        What was released before, to anybody; what is released now is recorded in it. A group is shown only if it, and
        whatever can be worked out with it, differs by nobody or by ``policy.min_respondents_own_team`` people or more
        from every earlier release (late answers, withdrawals, corrections), and is withheld with the reason
        "few_changed" otherwise. Deleting the log resets the protection. Needs response_id.
    invariance : str or result with to_frame(), optional
        What was found of measurement invariance between sites: a sentence, or a table of its steps (step, chisq,
        cfi, rmsea, srmr). It is printed where sites are compared; without it, that none has been shown.

    Returns
    -------
    TeamResults
        Scores (points, 0-100), items, answers, spread and head-counts by group, already safe to show.

    Raises
    ------
    ResponsesError
        Columns are missing (response_id too, where pages were revealed), there are no rows, or several aims or
        instrument versions are mixed.
    ArgumentError
        The roster, the audience or the pages are not as expected.

    Notes
    -----
    Mean of a group: of its respondents' scale scores, NaN left out; ``n`` counts those with a score.

    Interval of a team's mean (95 %): mean ± t(df_within) s / sqrt(n), where s is the within-team SD pooled
    over all teams of the round (never the team's own, which could pin its answers; fewer than three
    teams: s = 25 points instead). Of a site's mean: mean ± t(teams - 1) sqrt(s²/N + v Σn_t²/N²), v the
    between-team variance, because people sit in teams (somebody without a team is a team of one). Half-widths
    are rounded up. s, v and ICC(1) are estimated from the teams whose mean somebody sees; where s is below 10
    points (teams that agree almost wholly) the interval uses 25, and ICC(1) counts as unknown.

    Reliability of a team's mean: n ICC(1) / (1 + (n - 1) ICC(1)) (Bliese 2000), ICC(1) from a one-way random effects
    model by restricted maximum likelihood. Shrunken mean: c + reliability (mean - c), c the mean of the published
    teams' means weighted by their precision (so that it tells nothing about withheld ones); its 95 % interval includes
    that c and the variance between teams are estimated. NA for withheld teams, below three published teams, and when
    team differences are not supported.

    ``funnel``: limits that 95 % and 99.8 % of teams of that size lie within, with over-dispersion (Spiegelhalter 2005,
    doi:10.1002/sim.1970); withheld below five published teams and when team differences are not supported. ``change``:
    difference of two waves' means, with a band that takes them as different people, since nobody is linked to earlier
    answers; where they are the same people it is too wide, never too narrow. A team's own mean and its interval do not
    depend on whether teams differ.

    Whether teams differ at all (``team_differences``): "supported" where the lower 95 % limit of ICC(1) is at
    least .02, "not supported" where the upper limit is below .05, "unclear" between, "unknown" where it cannot
    be estimated. ``spread`` of a team: its mean absolute deviation from its own mean is below 10 points
    ("alike"), below 16.7 ("mixed") or more ("wide"); a sixth of the range is the usual upper limit for
    agreement (Burke & Dunlap 2002, doi:10.1177/1094428102005002002).

    Examples
    --------
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=4, team_size=(4, 14), seed=1)
    >>> teams = mr.aggregate_scores(study.responses, instrument, roster=study.roster)
    >>> teams.scores["withheld"].any()
    np.True_
    """
    log = checked_log(release_log)
    whole = Aggregation(responses, instrument, roster, policy, revealed, invariance, release_log=log)
    chosen = _checked_audience(audience, whole.study)
    whole.record(chosen)
    return whole.results(chosen)


def aggregate_own_teams(
    responses: Any,
    instrument: Instrument,
    *,
    roster: Any = None,
    policy: DisclosurePolicy | None = None,
    revealed: Collection[RevealedPage] = (),
    release_log: Any = None,
    invariance: Any = None,
) -> Iterator[tuple[tuple[str, str], TeamResults]]:
    """Every team's own results in turn, computed from one aggregation.

    Parameters are those of `aggregate_scores`. Yields ((site, team), TeamResults) in the order of names.
    """
    log = checked_log(release_log)
    whole = Aggregation(responses, instrument, roster, policy, revealed, invariance, release_log=log)
    whole.record("own teams")
    return whole.own_teams()


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
        raise ArgumentError(
            f"audience: site {site!r} has no team {team!r}; available: {quoted(there)}.{closest(team, there)}"
        )
    return audience


class Aggregation:
    """One aggregation: every table with its releases, from which any audience's results are taken."""

    def __init__(
        self,
        responses: Any,
        instrument: Instrument,
        roster: Any = None,
        policy: DisclosurePolicy | None = None,
        revealed: Collection[RevealedPage] = (),
        invariance: Any = None,
        release_log: KeepsReleases | None = None,
    ) -> None:
        policy = DisclosurePolicy() if policy is None else policy
        if not isinstance(policy, DisclosurePolicy):
            raise ArgumentError(f"policy: expected a DisclosurePolicy; got {policy!r}.")
        self.instrument, self.policy = instrument, policy
        self.claim = claim(instrument)
        indices = [scale.id for scale in instrument.scales.values() if scale.kind == "index"]
        self.study = read_study(
            responses,
            instrument,
            roster,
            tuple(indices) if self.claim.index_allowed else (),
            checked_pages(revealed),
            policy.min_respondents_own_team,
        )
        self.log = release_log
        if self.log is not None:
            check_ids(self.study)
        self.decisions = self._decided()
        self.invariance = invariance_sentence(invariance)
        scores, agreement, items, answers, states = [], [], [], [], []
        funnel, waves = [], []
        heads = []
        for part, found in self.decisions:
            releases = found.scales
            differences = team_differences(self.study, part, releases)
            means = {}
            for column, scale in enumerate(part.scales):
                table = scores_table(self.study, part, column, releases[scale], differences[scale], policy)
                means[scale], by = table, yardstick(differences[scale])
                scores.append(table.drop(columns="error").assign(scale=scale))
                funnel.append(funnel_table(table, by, policy).assign(scale=scale))
                waves.append((part.form, scale, part.wave, table, by))
                spread = spread_table(self.study, part, column, table, found.alike[scale].some)
                agreement.append(spread.assign(scale=scale))
            states.append(with_agreement(states_table(part, differences, means), part, instrument, means))
            for column, item in enumerate(part.items):
                table, counts = item_tables(self.study, part, column, instrument, policy, found.items[item])
                items.append(table)
                answers.append(counts)
            heads.append(heads_table(self.study, part, policy, found.any_team(len(self.study.sites))))
        self.respondents = pd.concat(heads, ignore_index=True)
        self.team_differences = pd.concat(states, ignore_index=True)
        self.scores, self.agreement = _joined(scores, "scale"), _joined(agreement, "scale")
        self.funnel, self.change = _joined(funnel, "scale"), change_tables(waves, policy)
        self.items, self.answers = _joined(items, "item"), _joined(answers, "item")

    def _decided(self) -> list[tuple[Round, Decision]]:
        """Who sees what in every round, the earlier waves first, each beside those before it."""
        forms = list(self.instrument.forms)
        ordered = sorted(self.study.rounds, key=lambda part: (natural(part.wave), forms.index(part.form)))
        earlier = tuple(self.log.releases()) if self.log is not None else ()
        before: list[tuple[Round, dict[str, Shown]]] = []
        found = {}
        for part in ordered:
            beside = Neighbours(self.study, part, self.instrument, self.policy, before, earlier)
            made = decide(self.study, part, self.instrument, self.policy, beside)
            before.append((part, made.shown(len(self.study.sites))))
            found[part.wave, part.form] = made
        return [(part, found[part.wave, part.form]) for part in self.study.rounds]

    def record(self, audience: Audience) -> None:
        """Write what an audience is shown ("all": everybody) into the release log, if there is one."""
        if self.log is None:
            return
        shown = []
        for part, made in self.decisions:
            numbers = made.shown_to(audience, self.study)
            everybody = {name: counted(self.instrument, part, name, one).counts for name, one in numbers.items()}
            shown.append((part, numbers, everybody))
        name = audience if isinstance(audience, str) else " / ".join(audience[1:])
        for release in made_releases(self.study, self.instrument, name, shown, salt_of(self.log.releases())):
            self.log.record(release)

    def own_teams(self) -> Iterator[tuple[tuple[str, str], TeamResults]]:
        """Every team's own results in turn, in the order of names."""
        for site, team in self.study.teams:
            yield (site, team), self.results(("own_team", site, team))

    def results(self, audience: Audience) -> TeamResults:
        """What one audience may see."""
        own = audience[1:] if isinstance(audience, tuple) else None
        if own is None:
            tables = {**self._tables(PUBLISHED), "respondents": self._visible_heads(self.policy.min_respondents)}
        else:
            tables = {name: table.of(own[0], own[1]) for name, table in self._own_tables.items()}
        return TeamResults(
            **tables,
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
            invariance=self.invariance,
        )

    @cached_property
    def _own_tables(self) -> dict[str, _ByTeam]:
        """Every table as teams of their own may see it, ready to be handed out team by team."""
        heads = self._visible_heads(self.policy.min_respondents_own_team)
        tables = {**self._tables(OWN), "respondents": heads}
        return {name: _ByTeam(table) for name, table in tables.items()}

    def _tables(self, floor: int) -> dict[str, pd.DataFrame]:
        return {name: _visible(getattr(self, name), floor, numbers) for name, numbers in _NUMBERS.items()}

    def _visible_heads(self, floor: int) -> pd.DataFrame:
        chosen = self.respondents
        few = (chosen["n"] < floor) | ((chosen["level"] == "site") & (chosen["n"] < self.policy.min_respondents))
        withheld = (few | chosen["hidden"]).astype(bool)
        reason = few.map({True: "too_few", False: "protected"}).where(withheld, "").astype("str")
        return (
            chosen.drop(columns="hidden")
            .assign(n=chosen["n"].mask(withheld), withheld=withheld, reason=reason)
            .reset_index(drop=True)
        )

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.study.n_without_site:
            notes.append(f"{self.study.n_without_site} responses name no site and are in no group.")
        if self.study.synthetic:
            notes.append("Synthetic data: simulated answers, nobody's.")
        return tuple(notes)


def _joined(tables: list[pd.DataFrame], part: str) -> pd.DataFrame:
    """One long frame, its columns in the order that `TeamResults` names."""
    frame = pd.concat(tables, ignore_index=True)
    order = [*PLACE, part, "option", *_SCORE_NUMBERS]
    front = [name for name in order if name in frame.columns]
    return frame[
        [
            *front,
            *(name for name in frame.columns if name not in (*front, "status", "reason")),
            "status",
            "reason",
        ]
    ]


class _ByTeam:
    """A table that is handed out team by team: the rows of the team and of its site."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self._places: dict[tuple[str, str | None], list[int]] = {}
        teams = table["team"].astype(object).where(table["level"] == "team", None)
        for place, key in enumerate(zip(table["site"], teams, strict=True)):
            self._places.setdefault(key, []).append(place)

    def of(self, site: str, team: str) -> pd.DataFrame:
        """The rows of one team and its site, in the table's order."""
        places = sorted([*self._places.get((site, None), ()), *self._places.get((site, team), ())])
        return self._table.take(places).reset_index(drop=True)


def _visible(frame: pd.DataFrame, floor: int, numbers: list[str]) -> pd.DataFrame:
    """The rows with the numbers that an audience may not see blanked and the reason given."""
    hidden = frame["status"] < floor
    reason = frame["reason"].mask(hidden & (frame["reason"] == ""), "too_few").astype("str")
    blanked = {name: frame[name].mask(hidden) for name in numbers if name in frame.columns}
    shown = frame.drop(columns=["status", "reason"]).assign(**blanked)
    return shown.assign(
        withheld=hidden.astype(bool), reason=reason.replace(PUBLIC_REASON).mask(~hidden, "")
    ).reset_index(drop=True)
