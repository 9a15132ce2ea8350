"""`aggregate_scores`: from respondents to what one audience, or every team in turn, may see of teams and sites."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.aggregation import Aggregation
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.releases import checked_log
from movement_readiness.teams.results import Audience, TeamResults
from movement_readiness.teams.study import Study

__all__ = ["aggregate_own_teams", "aggregate_scores"]


def aggregate_scores(
    responses: Any,
    instrument: Instrument,
    *,
    roster: Any = None,
    policy: DisclosurePolicy | None = None,
    audience: Audience = "published",
    revealed: Collection[RevealedPage] | None = (),
    release_log: Any = None,
    invariance: Any = None,
    waves: Sequence[str] | None = None,
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
        Which groups may be shown; the default is `DisclosurePolicy()`, with the ``round_to`` of the release log where
        that has releases of this study.
    audience : "published" or ("own_team", site, team)
        Published results may be seen by anybody. A team's own results hold that team and its site, and
        show the team's means from ``policy.min_respondents_own_team`` people up. Which groups are
        withheld is decided once for all audiences together.
    revealed : collection of RevealedPage or None, optional
        The pages that teams have seen, made of them alone, as at the end of a workshop
        (``ResponseStore.revealed()``). A team of the same people counts as shown, so that a site's numbers
        cannot be compared with its page to work out a smaller team's. Where fewer than
        ``policy.min_respondents_own_team`` people came or went since a page that showed numbers (or so few of
        those who came answered), the team and its site are withheld in that wave and form: the difference
        would tell what those few answered. A page of a wave or form that is not among the responses is told apart by
        its number of people. Needs response_id.
    release_log : ReleaseLog, or ``store.release_log``, optional
        What was released before, to anybody; what is released now is recorded in it. A group is shown only if it, and
        whatever can be worked out with it, differs by nobody or by ``policy.min_respondents_own_team`` people or more
        from every earlier release (late answers, withdrawals, corrections), and is withheld with the reason
        "few_changed" otherwise. Deleting the log resets the protection. Needs response_id.
    invariance : str or result with to_frame(), optional
        What was found of measurement invariance between sites: a sentence, or a table of its steps (step, chisq,
        cfi, rmsea, srmr). It is printed where sites are compared; without it, that none has been shown.
    waves : sequence of str, optional
        The waves in their order, the first one first, such as ``("pre", "post")``. By default the order of the column's
        categories (an ordered categorical); else that of ``submitted_on``, where every wave has dates and they follow
        each other clearly; else that of their names, which pages say in words.

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
        The roster, the audience, the pages or the waves are not as expected.

    Notes
    -----
    Mean of a group: of its respondents' scale scores, NaN left out; ``n`` counts those with a score.

    Interval of a mean (95 %), of a team or a site: mean ± t(df_within) s / sqrt(n), where s is the within-team SD
    pooled over the published teams of the round (never the team's own, which could pin its answers; fewer than three
    teams: s = 25 points instead). The teams of a site are the site, not a sample of more teams: what is uncertain is
    who answers within each of them (stratified sampling, a stratum a team), so that a site of one team has that team's
    interval, and a larger one a narrower. People of a site who are in no team whose n is shown to anybody on the scale
    count with the SD of people of all teams, so that no withheld team's size can be solved from the interval.
    Half-widths are rounded up. s and ICC(1) are estimated from the published teams alone, since what is said of a whole
    round tells nothing of teams that only they themselves see, not even that there are some; where s is below 10 points
    (teams that agree almost wholly) the interval uses 25, and ICC(1) counts as unknown. s is rounded to half a point
    (of fewer than 200 people to a point) before ICC(1) is worked out from it and the means, so that no difference of
    two of them tells how far apart a few people are; `icc` of the answers themselves is slightly different.

    Reliability of a team's mean: n ICC(1) / (1 + (n - 1) ICC(1)) (Bliese 2000), ICC(1) from a one-way random effects
    model by restricted maximum likelihood. Shrunken mean: c + reliability (mean - c), c the mean of the published
    teams' means weighted by their precision (so that it tells nothing about withheld ones); its 95 % interval includes
    that c and the variance between teams are estimated. NA for withheld teams, below three published teams, and when
    team differences are not supported.

    ``funnel``: limits that 95 % and 99.8 % of teams of that size lie within, with over-dispersion (Spiegelhalter 2005,
    doi:10.1002/sim.1970); withheld below five published teams and when team differences are not supported. ``change``:
    difference of two waves' means, with a band that takes them as different people, since nobody is linked to earlier
    answers; where they are the same people it is too wide, never too narrow. A site's band takes the teams as the same
    in both waves where they are, allows for how means of teams move from wave to wave, and for teams that are in one
    wave only (formulas and error rates: `movement_readiness.teams.changes`). A team's own mean and its interval do not
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
    whole = Aggregation(responses, instrument, roster, policy, revealed, invariance, log, waves)
    chosen = _checked_audience(audience, whole.study)
    whole.record(chosen)
    return whole.results(chosen)


def aggregate_own_teams(
    responses: Any,
    instrument: Instrument,
    *,
    roster: Any = None,
    policy: DisclosurePolicy | None = None,
    revealed: Collection[RevealedPage] | None = (),
    release_log: Any = None,
    invariance: Any = None,
    waves: Sequence[str] | None = None,
) -> Iterator[tuple[tuple[str, str], TeamResults]]:
    """Every team's own results in turn, computed from one aggregation.

    Parameters are those of `aggregate_scores`. Yields ((site, team), TeamResults) in the order of names.
    """
    log = checked_log(release_log)
    whole = Aggregation(responses, instrument, roster, policy, revealed, invariance, log, waves)
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
