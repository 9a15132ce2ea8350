"""`simulate_responses`: a study as it would be collected, from a population that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness._validation import check_choice, check_integer, check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.instrument.schema import FrozenMap
from movement_readiness.simulation.answers import CARELESS, Streams, draw_answers, draw_careless, draw_factors
from movement_readiness.simulation.design import Design, draw_layout
from movement_readiness.simulation.frames import (
    factor_table,
    factors_frames,
    loading_table,
    responses_frame,
    roster_frame,
    scale_table,
)
from movement_readiness.simulation.measurement import Measurement, build_measurement
from movement_readiness.simulation.population import item_moments, total_covariance
from movement_readiness.simulation.results import SimulatedStudy, SimulationTruth
from movement_readiness.simulation.teamvariance import scored_scales, solve_team_variance

__all__ = ["simulate_responses"]

Floats = npt.NDArray[np.float64]


def simulate_responses(  # noqa: PLR0913  (a study has this many properties; each can be left out)
    instrument: Instrument,
    *,
    form: str | None = None,
    n_sites: int = 4,
    teams_per_site: int = 5,
    team_size: int | tuple[int, int] = 12,
    icc1: float = 0.1,
    site_share: float = 0.2,
    n_waves: int = 1,
    wave_change: float = 0.0,
    loadings: Mapping[str, float] | pd.Series[float] | None = None,
    thresholds: Mapping[str, Sequence[float]] | None = None,
    factor_correlations: float | pd.DataFrame | Mapping[Any, Any] | None = None,
    skipped: float = 0.0,
    cant_say: float = 0.0,
    careless: float = 0.0,
    language: str | None = None,
    response_rate: float = 0.8,
    seed: int | None = None,
) -> SimulatedStudy:
    """Simulate the answers of teams at several sites from a population that is known.

    For planning a study (how many teams, how large), for teaching, and for checking that a method gives
    back what was put in. Works for any instrument. The answers are nobody's and say nothing about the
    questionnaire; every row is marked ``synthetic``.

    Parameters
    ----------
    instrument : Instrument
    form : str, optional
        Which form everyone answers; the instrument's first by default.
    n_sites, teams_per_site : int
        Sites are North, South, East, West, then "Site 5" and so on; the teams of every site are A1, A2 and
        so on (with leading zeros from ten on): a team is known by its site and name.
    team_size : int or (low, high)
        How many people answer in each team and wave; of a pair, each number from low to high is as likely.
    icc1 : float, 0 up to below 1
        ICC(1) of the 0-100 scale scores in the population of teams: the share of their variance that lies
        between teams, for complete and careful answers of wave 1.
    site_share : float, 0 to 1
        How much of the factors' variance between teams lies between sites. Taken as 0 with one site.
    n_waves : int, 1 to 100
        Rounds of collection, half a year apart. Teams stay what they are; people are drawn anew, and no
        id links a person's answers.
    wave_change : float, -3 to 3
        By how many latent standard deviations every factor's mean moves from each wave to the next.
    loadings : mapping of item id to float, optional
        Of the answer as given, so usually below 0 for a reversed item; from -0.999 to 0.999. Items left out
        have the default: .55 to .85 in size, with the sign of the item's key in its home scale.
    thresholds : mapping of item id to rising numbers, optional
        Where the latent response (standard normal) passes to the next higher code; one fewer than the
        item's options. Items left out have the default: 1.4 z(k/K) + shift for K options, z the normal
        quantile, the shift between -.75 and .25 by the item's place in the instrument (towards agreement;
        mirrored for reversed items).
    factor_correlations : float, DataFrame, or mapping, optional
        One number for all pairs; a table or mapping of mappings with every factor; or a mapping of pairs
        ``{("rational", "social"): .7}`` that changes the default: .6 between domains, -.3 between a domain
        and a scale that stands apart, .15 between two of those.
    skipped : float, 0 to 1
        Share of answers that are left empty: the missing code that is not offered, NA where there is none.
    cant_say : float, 0 to 1
        Share of answers to items that offer a missing code which are that code (one of several at random).
        Items that offer none are left alone.
    careless : float, 0 to 1
        Share of respondents, to the nearest person, who do not read: half stay at one place on the line of
        options, half choose at random.
    language : str, optional
        What the language column says; the source language by default.
    response_rate : float, .01 to 1
        Invited in a team: its largest wave divided by this, rounded up.
    seed : int, optional
        The same seed gives the same study. The truth depends on it in nothing but draws, and each kind of draw
        has its own stream: with `skipped`, `cant_say` or `careless`, all other answers stay as they were.

    Returns
    -------
    SimulatedStudy
        ``.responses`` (pandas, as from `read_responses`; items of the form in the order of the instrument),
        ``.roster`` (site, team, invited) and ``.truth`` (`SimulationTruth`).

    Raises
    ------
    ArgumentError
        An argument is not what is expected; or no team differences could give this `icc1`, because scores
        are less reliable than that (the sentence says the highest possible).

    Notes
    -----
    *Answers.* The ordinal factor model [1]_. Each item i that a scale scores loads on one factor f, its
    home scale (the first that has it):

        ``y*_ij = lambda_i eta_fj + sqrt(1 - lambda_i^2) e_ij,   x_ij = k-th code  if  tau_i,k-1 < y*_ij <= tau_ik``

    with codes in rising order. Items in no scale have loading 0; options without an order are equally likely.

    *Teams.* Person j of team t at site s in wave w has

        ``eta_j = (w - 1) change + sqrt(v_f c) a_s + sqrt(v_f (1 - c)) b_t + sqrt(1 - v_f) p_j``

    with c = `site_share` and a, b, p normal with unit variances and the factor correlations R. So every
    level has the correlations R; over all people they are R_fg (sqrt(v_f v_g) + sqrt((1 - v_f)(1 - v_g))),
    which is R_fg where the two factors have equal team variance and slightly less where not.

    *ICC(1)* [2]_ of a score is the covariance of two people of one team over the variance of a person.
    Answers are coarser than factors, so the factors' own share v_f, ``truth.icc1_latent``, must be larger.
    It is solved for. Two answers whose latent responses correlate r have, by the tetrachoric series [3]_,

        ``Cov(x_i, x_j) = sum_{n>=1} r^n h_in h_jn,  h_in = sum_k d_ik phi(tau_ik) He_{n-1}(tau_ik) / sqrt(n!)``

    with d_ik the step from one code to the next and He_n the Hermite polynomials; r is lambda_i lambda_j
    times v_f within a team (R_fg sqrt(v_f v_g) across factors) and times 1 within a person. Sums over the
    items of a scale give the ICC(1) of its score for any v, and Brent's method the v that gives `icc1`.
    The score is the home scale's; where the form has too few of its items to score it, that of the first
    reported scale that uses them (a short form's total: its factors then share one v). Where most items of
    the scale are at home in other scales, it is the mean of those at home. ``truth.scales`` has what follows
    for every score and wave, such as an index, whose ICC(1) is another.

    An ICC(1) from one study scatters, and with few sites is below `icc1` on average, because the few sites
    differ less than all sites do: (S T - T) / (S T - 1) of the variance between sites shows in S sites of T teams.

    *Careless respondents* are of the two kinds that detection looks for [4]_. They and missing answers come
    after the model, so that they disturb what is recovered.

    Checked: answers against thresholds, their covariances against the series and against numerical
    integration, ICC(1), factor correlations and shares against the truth over seeds
    (``tests/test_simulation.py``).

    References
    ----------
    .. [1] Muthén B (1984). A general structural equation model with dichotomous, ordered categorical, and
       continuous latent variable indicators. Psychometrika 49:115-132. doi:10.1007/BF02294210
    .. [2] Bliese PD (2000). Within-group agreement, non-independence, and reliability. In: Klein KJ, Kozlowski
       SWJ (eds), Multilevel Theory, Research, and Methods in Organizations, 349-381. Jossey-Bass.
    .. [3] Pearson K (1900). Mathematical contributions to the theory of evolution VII: on the correlation of
       characters not quantitatively measurable. Phil. Trans. R. Soc. A 195:1-47. doi:10.1098/rsta.1900.0022
    .. [4] Meade AW, Craig SB (2012). Identifying careless responses in survey data. Psychological Methods
       17:437-455. doi:10.1037/a0028085

    Examples
    --------
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=3, team_size=8, icc1=0.15, seed=1)
    >>> study
    <SimulatedStudy, SYNTHETIC: 48 respondents, 6 teams at 2 sites, 1 wave, form 'full', 36 items, ICC(1) 0.15, seed 1>
    >>> study.roster.head(2)
        site team  invited
    0  North   A1       10
    1  North   A2       10

    The factors of teams differ more than their scores show:

    >>> study.truth.scales.loc[("rational", "1"), "icc1"].round(6)
    np.float64(0.15)
    >>> study.truth.icc1_latent["rational"].round(3)
    np.float64(0.192)
    """
    form_id, chosen_language = _check_instrument(instrument, form, language)
    design = Design.of(
        n_sites=n_sites,
        teams_per_site=teams_per_site,
        team_size=team_size,
        n_waves=n_waves,
        site_share=site_share,
        wave_change=wave_change,
        skipped=skipped,
        cant_say=cant_say,
        careless=careless,
        response_rate=response_rate,
    )
    target = check_number("icc1", icc1, 0, 1, open_high=True)
    streams = Streams.of(None if seed is None else check_integer("seed", seed, 0))
    measurement = build_measurement(
        instrument, form_id, loadings=loadings, thresholds=thresholds, factor_correlations=factor_correlations
    )
    return _simulated(instrument, measurement, design, target, chosen_language, streams)


def _check_instrument(instrument: Any, form: Any, language: Any) -> tuple[str, str]:
    if not isinstance(instrument, Instrument):
        raise ArgumentError(f"instrument: expected an instrument, from load_instrument; got {instrument!r}.")
    form_id = next(iter(instrument.forms)) if form is None else check_choice("form", form, tuple(instrument.forms))
    chosen = instrument.language if language is None else check_choice("language", language, instrument.languages)
    return form_id, chosen


def _simulated(
    instrument: Instrument,
    measurement: Measurement,
    design: Design,
    icc1: float,
    language: str,
    streams: Streams,
) -> SimulatedStudy:
    scores = scored_scales(instrument, measurement)
    team_variance = solve_team_variance(instrument, measurement, scores, item_moments(measurement), icc1)
    layout = draw_layout(design, streams.layout)
    factors = draw_factors(measurement, team_variance, layout, design, streams)
    kinds = draw_careless(design.careless, len(layout.team), streams.careless)
    answers = draw_answers(instrument, measurement, factors.people, kinds, design, streams)
    responses = responses_frame(instrument, measurement.form, language, design, layout, answers, streams.identity)
    roster = roster_frame(design, layout)
    sites, teams, people = factors_frames(measurement, factors, design, roster, responses["response_id"])
    truth = SimulationTruth(
        loadings=loading_table(measurement),
        icc1=icc1,
        icc1_latent=pd.Series(team_variance, index=teams.columns, name="icc1_latent"),
        scales=scale_table(measurement, scores, team_variance, design),
        site_values=sites,
        team_values=teams,
        factor_values=people,
        careless=pd.Series(pd.array(CARELESS, dtype="str").take(kinds), index=people.index, name="careless"),
        seed=streams.seed,
        **_of_measurement(measurement, team_variance),
        **_of_design(design),
    )
    return SimulatedStudy(responses, roster, truth)


def _of_measurement(measurement: Measurement, team_variance: Floats) -> dict[str, Any]:
    names = pd.Index(measurement.factors, name="factor")
    total = total_covariance(measurement.correlations, team_variance)
    ordered = zip(measurement.items, measurement.thresholds, measurement.ordered, strict=True)
    return {
        "form": measurement.form,
        "thresholds": FrozenMap({item: tau for item, tau, has_order in ordered if has_order}),
        "factor_correlations": factor_table(measurement, measurement.correlations, names),
        "total_correlations": factor_table(measurement, total, names),
    }


def _of_design(design: Design) -> dict[str, Any]:
    return {
        "site_share": design.site_share,
        "wave_change": design.wave_change,
        "skipped": design.skipped,
        "cant_say": design.cant_say,
    }
