"""Synthetic studies: what was asked for is what comes out, and the stated truth is the truth."""

from __future__ import annotations

import re
import time

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, multivariate_normal, norm
from support import GARDEN

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.simulation import SimulatedStudy, SimulationTruth, simulate_responses

ID_COLUMNS = [
    "response_id",
    "instrument_id",
    "instrument_version",
    "instrument_sha256",
    "form",
    "language",
    "aim_id",
    "site",
    "team",
    "role",
    "wave",
    "submitted_on",
    "synthetic",
]

# Ten options with gaps and codes that no byte holds, fallen binary codes, nominal options, no roles; a scale of
# which most items are at home elsewhere; a form of nominal options alone.
ODD = """
format = 1
[instrument]
id = "odd"
version = "1.0.0"
title = "Odd"
language = "en"
licence = "CC0-1.0"
[wording]
definition = "d"
aim = "a"
instructions = ["i"]
[aim]
id = "aim"
[consent]
title = "t"
paragraphs = ["p"]
agree = "ok"
[[response_scales]]
id = "ten"
options = [{ code = 0, label = "a" }, { code = 1, label = "b" }, { code = 2, label = "c" },
  { code = 3, label = "d" }, { code = 5, label = "e" }, { code = 8, label = "f" }, { code = 13, label = "g" },
  { code = 21, label = "h" }, { code = 34, label = "i" }, { code = 200, label = "j" }]
[[response_scales]]
id = "two"
options = [{ code = 1, label = "yes" }, { code = 0, label = "no" }]
[[response_scales]]
id = "kinds"
ordered = false
options = [{ code = 2, label = "x" }, { code = 9, label = "y" }, { code = 4, label = "z" }]
MISSING
[[items]]
id = "a1"
text = "a1"
response_scale = "ten"
[[items]]
id = "a2"
text = "a2"
response_scale = "two"
[[items]]
id = "a3"
text = "a3"
response_scale = "ten"
[[items]]
id = "b1"
text = "b1"
response_scale = "ten"
[[items]]
id = "c1"
text = "c1"
response_scale = "kinds"
purpose = "criterion"
[[scales]]
id = "a"
title = "A"
definition = "a"
keys = { a1 = 1, a2 = 1, a3 = 1 }
min_answered = 2
[[scales]]
id = "b"
title = "B"
definition = "b"
keys = { b1 = -1, a1 = 1, a2 = 1 }
min_answered = 2
[[forms]]
id = "all"
title = "All"
screens = [["a1", "a2", "a3", "b1", "c1"]]
[[forms]]
id = "kinds_only"
title = "Kinds"
screens = [["c1"]]
"""


def odd_instrument(tmp_path, missing=""):
    path = tmp_path / "odd.toml"
    path.write_text(ODD.replace("MISSING", missing), encoding="utf-8")
    return mr.load_instrument(path)


@pytest.fixture(scope="module", params=["bundled", "garden"])
def big(request):
    """A study without teams' influence, large enough for population values to show."""
    source = mr.load_instrument() if request.param == "bundled" else mr.load_instrument(GARDEN)
    study = simulate_responses(source, n_sites=10, teams_per_site=40, team_size=100, icc1=0, seed=11)
    return source, study


def percent_scores(study, instrument, scale):
    """0-100 scores of complete answers, straight from the definition."""
    keys = instrument.scales[scale].keys
    columns = []
    for item, key in keys.items():
        codes = instrument.response_scale(item)
        share = (study.responses[item].to_numpy(dtype=float) - codes.low) / (codes.high - codes.low) * 100
        columns.append(share if key == 1 else 100 - share)
    return np.mean(columns, axis=0)


def anova_icc1(values, group):
    """ICC(1) by one-way analysis of variance of groups of one size."""
    frame = pd.DataFrame({"value": values, "group": group})
    by_group = frame.groupby("group")["value"]
    size = by_group.size().iloc[0]
    between = size * by_group.mean().var()
    within = by_group.var().mean()
    return (between - within) / (between + (size - 1) * within)


def team_of(study):
    return study.responses.groupby(["site", "team"], sort=False).ngroup().to_numpy()


# --- what comes out -------------------------------------------------------------------------------


def test_frame_has_the_columns_and_types_of_a_responses_frame(any_instrument):
    frame = simulate_responses(any_instrument, seed=1, skipped=0.1, cant_say=0.1).responses
    form = next(iter(any_instrument.forms))
    shown = set(any_instrument.forms[form].items)
    assert list(frame.columns) == ID_COLUMNS + [item for item in any_instrument.items if item in shown]
    for name in ID_COLUMNS[:-2]:
        assert frame[name].dtype == "str", name
    assert frame["submitted_on"].dtype == "datetime64[s]"
    assert (frame["submitted_on"] == frame["submitted_on"].dt.normalize()).all()
    assert frame["synthetic"].dtype == bool
    assert frame["synthetic"].all()
    assert set(frame["instrument_sha256"]) == {any_instrument.sha256}
    assert set(frame["instrument_version"]) == {any_instrument.version}
    assert set(frame["aim_id"]) == {any_instrument.aim_id}
    assert set(frame["form"]) == {form}
    assert set(frame["language"]) == {any_instrument.language}
    if any_instrument.roles:
        assert set(frame["role"]) == set(any_instrument.roles)
    else:
        assert frame["role"].isna().all()


def test_answers_are_codes_of_their_item_or_missing_codes(any_instrument):
    for form in any_instrument.forms:
        study = simulate_responses(any_instrument, form=form, team_size=40, seed=3, skipped=0.1, cant_say=0.1)
        unoffered = {code.code for code in any_instrument.missing_codes.values() if not code.offered}
        for item in any_instrument.forms[form].items:
            scale = any_instrument.response_scale(item)
            offered = {any_instrument.missing_codes[name].code for name in scale.missing}
            column = study.responses[item]
            assert column.dtype == "Int64"
            assert set(column.dropna().unique()) == set(scale.codes) | unoffered | offered, item


def test_scoring_takes_the_frame_and_finds_the_stated_means(any_instrument):
    study = simulate_responses(any_instrument, n_sites=20, teams_per_site=20, team_size=25, icc1=0, seed=5)
    scores = mr.score_scales(study.responses, any_instrument)
    for scale, expected in study.truth.scale_means["1"].items():
        error = scores[scale].std() / len(scores) ** 0.5
        assert abs(scores[scale].mean() - expected) < 4 * error, scale
    unscored = set(any_instrument.scales) - set(study.truth.scale_means.index)
    assert all(scores[scale].isna().all() for scale in unscored)


def test_short_forms_state_only_the_scales_they_can_be_scored_on(instrument, garden):
    short = simulate_responses(instrument, form="short", seed=1).truth
    assert list(short.scale_icc1.index) == ["readiness_short"]
    assert short.scale_icc1.loc["readiness_short", "1"] == pytest.approx(0.1, abs=1e-10)
    assert short.icc1_latent.nunique() == 1
    kurz = simulate_responses(garden, form="kurz", seed=1).truth
    assert list(kurz.scale_icc1.index) == ["gardening", "garden_index"]


def test_results_say_that_they_are_synthetic(any_instrument):
    study = simulate_responses(any_instrument, seed=1)
    assert isinstance(study, SimulatedStudy)
    assert isinstance(study.truth, SimulationTruth)
    for text in (repr(study), repr(study.truth), study._repr_html_()):
        assert "SYNTHETIC" in text
        assert " at 0x" not in text
    assert "240 responses, 20 teams, 4 sites, 1 wave" in repr(study)
    assert study.to_frame().equals(study.responses)
    assert study.to_frame() is not study.responses
    with pytest.raises(AttributeError):
        study.responses = None
    with pytest.raises(ValueError, match="read-only"):
        next(iter(study.truth.thresholds.values()))[0] = 3


# --- layout ---------------------------------------------------------------------------------------


def test_teams_are_nested_in_sites_and_share_names(any_instrument):
    study = simulate_responses(any_instrument, n_sites=6, teams_per_site=3, team_size=(2, 9), seed=2)
    counts = study.responses.groupby(["site", "team"]).size()
    assert len(counts) == 18
    assert counts.between(2, 9).all()
    assert counts.nunique() > 2
    assert study.responses["site"].unique().tolist() == ["North", "South", "East", "West", "Site 5", "Site 6"]
    assert set(study.responses["team"]) == {"A1", "A2", "A3"}
    assert study.responses["response_id"].is_unique
    assert study.truth.team_values.index.equals(pd.MultiIndex.from_frame(study.roster[["site", "team"]]))


def test_roster_covers_the_largest_wave_at_the_response_rate(any_instrument):
    study = simulate_responses(
        any_instrument, team_size=(5, 14), n_waves=3, response_rate=0.7, n_sites=2, teams_per_site=12, seed=8
    )
    assert list(study.roster.columns) == ["site", "team", "invited"]
    assert study.roster["team"].iloc[0] == "A01"
    largest = study.responses.groupby(["site", "team", "wave"]).size().groupby(["site", "team"]).max()
    invited = study.roster.set_index(["site", "team"])["invited"]
    exact = largest / 0.7
    assert (invited >= exact - 1e-9).all()
    assert (invited < exact + 1).all()


@pytest.mark.parametrize(("size", "rate", "invited"), [(12, 0.8, 15), (12, 1, 12), (7, 0.7, 10), (1, 0.9, 2)])
def test_invited_is_rounded_up_once(instrument, size, rate, invited):
    roster = simulate_responses(instrument, team_size=size, response_rate=rate, seed=1).roster
    assert set(roster["invited"]) == {invited}


def test_waves_keep_their_teams_and_move_their_means(any_instrument):
    study = simulate_responses(
        any_instrument, n_sites=10, teams_per_site=20, team_size=40, n_waves=3, wave_change=0.3, seed=4
    )
    frame, truth = study.responses, study.truth
    assert frame["response_id"].is_unique
    dates = frame.groupby("wave")["submitted_on"].unique()
    assert [date.tolist() for date in dates] == [
        [pd.Timestamp(day)] for day in ("2026-03-02", "2026-08-31", "2027-03-01")
    ]
    wave = frame["wave"].astype(int).to_numpy()
    place = pd.MultiIndex.from_frame(frame[["site", "team"]])
    own = truth.factor_values.to_numpy() - truth.team_values.loc[place].to_numpy() - 0.3 * (wave - 1)[:, None]
    spread = np.sqrt(1 - truth.icc1_latent.to_numpy())
    for one in (1, 2, 3):  # what is left is the person's own part: no trace of team or wave
        rows = wave == one
        assert (np.abs(own[rows].mean(axis=0)) < 4.5 * spread / rows.sum() ** 0.5).all()
    scale = truth.scale_means.index[0]
    scores = pd.Series(percent_scores(study, any_instrument, scale)).groupby(wave)
    changes = np.diff(scores.mean())
    expected = np.diff(truth.scale_means.loc[scale])
    assert (expected > 2).all()
    assert np.abs(changes - expected).max() < 4 * (2 * scores.var().mean() / (wave == 1).sum()) ** 0.5


def test_a_second_wave_leaves_the_first_as_it_was(any_instrument):
    once = simulate_responses(any_instrument, seed=9, team_size=(3, 20))
    twice = simulate_responses(any_instrument, seed=9, team_size=(3, 20), n_waves=2)
    items = [name for name in once.responses if name in any_instrument.items]
    first = twice.responses[twice.responses["wave"] == "1"]
    pd.testing.assert_frame_equal(once.responses[["site", "team", *items]], first[["site", "team", *items]])
    pd.testing.assert_frame_equal(once.truth.team_values, twice.truth.team_values)


# --- seed -----------------------------------------------------------------------------------------


def test_the_seed_alone_decides(any_instrument):
    asked = {"skipped": 0.05, "cant_say": 0.05, "careless": 0.1, "team_size": (4, 12)}
    first, again = (simulate_responses(any_instrument, seed=7, **asked) for _ in range(2))
    other = simulate_responses(any_instrument, seed=8, **asked)
    pd.testing.assert_frame_equal(first.responses, again.responses)
    pd.testing.assert_frame_equal(first.truth.factor_values, again.truth.factor_values)
    assert not first.responses["response_id"].isin(other.responses["response_id"]).any()
    unseeded = simulate_responses(any_instrument, **asked)
    repeated = simulate_responses(any_instrument, seed=unseeded.truth.seed, **asked)
    pd.testing.assert_frame_equal(unseeded.responses, repeated.responses)


def test_population_truth_does_not_depend_on_the_seed_or_the_form(instrument):
    one, two = (simulate_responses(instrument, seed=seed).truth for seed in (1, 2))
    pd.testing.assert_frame_equal(one.loadings, two.loadings)
    pd.testing.assert_frame_equal(one.item_covariances, two.item_covariances)
    short = simulate_responses(instrument, form="short", seed=1).truth
    for item, values in short.thresholds.items():
        np.testing.assert_array_equal(values, one.thresholds[item])
        assert short.loadings.loc[item].sum() == one.loadings.loc[item].sum()


def test_what_goes_wrong_changes_nothing_else(any_instrument):
    plain = simulate_responses(any_instrument, seed=6)
    spoilt = simulate_responses(any_instrument, seed=6, skipped=0.1, careless=0.2)
    items = list(plain.truth.loadings.index)
    attentive = ~spoilt.truth.careless.to_numpy()
    after = spoilt.responses.loc[attentive, items]
    kept = (after >= 0).fillna(False).to_numpy(dtype=bool)
    before = plain.responses.loc[attentive, items]
    assert (after.to_numpy(dtype=float, na_value=-99)[kept] == before.to_numpy(dtype=float)[kept]).all()
    pd.testing.assert_frame_equal(plain.responses[ID_COLUMNS], spoilt.responses[ID_COLUMNS])


# --- the population -------------------------------------------------------------------------------


def integrated_covariance(one, other, correlation):
    """Covariance of two cut normals by numerical integration; each is (thresholds, codes in rising order)."""
    total = 0.0
    for tau, step in zip(one[0], np.diff(one[1]), strict=True):
        for tau2, step2 in zip(other[0], np.diff(other[1]), strict=True):
            both = multivariate_normal([0, 0], [[1, correlation], [correlation, 1]]).cdf([-tau, -tau2])
            total += step * step2 * (both - norm.sf(tau) * norm.sf(tau2))
    return total


def cut(truth, instrument, item):
    return truth.thresholds[item], np.sort(instrument.response_scale(item).codes)


def test_covariances_agree_with_numerical_integration(any_instrument):
    truth = simulate_responses(any_instrument, icc1=0.2, seed=1).truth
    items = list(truth.item_covariances.index)
    loadings, total = truth.loadings, truth.total_factor_correlations
    latent = (loadings @ total @ loadings.T).to_numpy()
    rng = np.random.default_rng(0)
    for _ in range(12):
        i, j = rng.choice(len(items), 2, replace=False)
        expected = integrated_covariance(
            cut(truth, any_instrument, items[i]), cut(truth, any_instrument, items[j]), latent[i, j]
        )
        assert truth.item_covariances.iloc[i, j] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("scale", "chosen"), [("rational", 0.1), ("programme_pull", 0.4), ("neighbours", 0.25), ("order", None)]
)
def test_icc1_agrees_with_numerical_integration(instrument, garden, scale, chosen):
    source = instrument if scale in instrument.scales else garden
    truth = simulate_responses(source, icc1=chosen or 0.2, seed=1).truth
    keys = source.scales[scale].keys
    spread = np.sqrt(truth.icc1_latent)
    team = truth.loadings @ (truth.factor_correlations.mul(spread, axis=0) * spread) @ truth.loadings.T
    weight = {
        item: key / (source.response_scale(item).high - source.response_scale(item).low) for item, key in keys.items()
    }
    between = sum(
        weight[one]
        * weight[two]
        * integrated_covariance(cut(truth, source, one), cut(truth, source, two), team.loc[one, two])
        for one in keys
        for two in keys
    )
    vector = pd.Series(weight)
    person = vector @ truth.item_covariances.loc[vector.index, vector.index] @ vector
    assert truth.scale_icc1.loc[scale, "1"] == pytest.approx(between / person, abs=2e-5)
    if chosen:  # every home scale has just what was asked for, though "neighbours" shares an item
        assert truth.scale_icc1.loc[scale, "1"] == pytest.approx(chosen, abs=1e-10)


def test_high_loadings_stay_exact(instrument):
    truth = simulate_responses(
        instrument, loadings={item: 0.99 for item in instrument.items if item in instrument.forms["full"].items}, seed=1
    ).truth
    one, two = (cut(truth, instrument, item) for item in ("R1", "R2"))
    assert truth.item_covariances.loc["R1", "R2"] == pytest.approx(integrated_covariance(one, two, 0.99**2), abs=1e-6)


def test_thresholds_are_recovered(any_instrument):
    """Shares of answers above each threshold, over five seeds: standardised errors as chance has them."""
    errors = []
    for seed in range(5):
        study = simulate_responses(any_instrument, n_sites=10, teams_per_site=10, team_size=50, icc1=0, seed=seed)
        for item, tau in study.truth.thresholds.items():
            codes = np.sort(any_instrument.response_scale(item).codes)
            answers = study.responses[item].to_numpy(dtype=float)
            expected = norm.sf(tau)
            found = (answers[:, None] >= codes[None, 1:]).mean(axis=0)
            errors.extend((found - expected) / np.sqrt(expected * (1 - expected) / len(answers)))
    errors = np.array(errors)
    print(f"\nthresholds: {len(errors)} standardised errors, mean {errors.mean():.3f}, sd {errors.std():.3f}")
    assert abs(errors.mean()) < 0.35  # thresholds of an item err together
    assert 0.75 < errors.std() < 1.25
    assert np.abs(errors).max() < 5


def test_item_means_and_correlations_are_recovered(big):
    source, study = big
    truth = study.truth
    items = list(truth.item_means.index)
    answers = study.responses[items].to_numpy(dtype=float)
    spread = np.sqrt(np.diag(truth.item_covariances))
    n = len(answers)
    means = (answers.mean(axis=0) - truth.item_means) / spread * n**0.5
    found = np.corrcoef(answers.T)
    expected = truth.item_covariances.to_numpy() / np.outer(spread, spread)
    off = ~np.eye(len(items), dtype=bool)
    print(f"\n{source.id}: correlations of {len(items)} items, largest error {np.abs(found - expected)[off].max():.4f}")
    assert np.abs(means).max() < 4.5
    assert np.abs(found - expected)[off].max() < 5 / n**0.5
    assert abs((found - expected)[off].mean()) < 1.5 / n**0.5
    variances = answers.var(axis=0)
    np.testing.assert_allclose(variances, spread**2, rtol=0.04)


def test_reversed_items_load_negatively_and_answers_follow(garden, big):
    truth = simulate_responses(garden, seed=1).truth
    signs = np.sign(truth.loadings.sum(axis=1)).astype(int)
    assert signs.to_dict() == {item: garden.key(item) for item in truth.loadings.index}
    assert truth.item_covariances.loc["g_joy", "g_chore"] < -0.5
    assert truth.loadings.loc["g_share"].to_dict() == {"gardening": pytest.approx(0.69, abs=0.01), "neighbours": 0}


def test_factor_values_have_the_stated_variances_and_correlations(any_instrument):
    study = simulate_responses(
        any_instrument, n_sites=200, teams_per_site=20, team_size=10, icc1=0.15, site_share=0.5, seed=3
    )
    truth = study.truth
    values, teams = truth.factor_values.to_numpy(), truth.team_values.to_numpy()
    place = truth.team_values.index.get_indexer(pd.MultiIndex.from_frame(study.responses[["site", "team"]]))
    within = np.cov((values - teams[place]).T)
    sites = truth.site_values.to_numpy()
    own_team = teams - np.repeat(sites, 20, axis=0)
    latent, chosen = truth.icc1_latent.to_numpy(), truth.factor_correlations.to_numpy()
    np.testing.assert_allclose(np.diag(within), 1 - latent, rtol=0.04)
    np.testing.assert_allclose(own_team.var(axis=0), latent * 0.5, rtol=0.12)
    np.testing.assert_allclose(sites.var(axis=0), latent * 0.5, rtol=0.45)
    np.testing.assert_allclose(np.corrcoef((values - teams[place]).T), chosen, atol=0.025)
    np.testing.assert_allclose(np.corrcoef(own_team.T), chosen, atol=0.08)
    np.testing.assert_allclose(np.corrcoef(sites.T), chosen, atol=0.35)
    np.testing.assert_allclose(np.diag(truth.total_factor_correlations), 1, atol=1e-12)


def test_default_correlations_are_those_promised(instrument):
    matrix = simulate_responses(instrument, seed=1).truth.factor_correlations
    domains = [name for name in matrix if name != "programme_pull"]
    block = matrix.loc[domains, domains].to_numpy()
    assert block[~np.eye(6, dtype=bool)] == pytest.approx(0.6)
    assert matrix.loc["programme_pull", domains].to_numpy() == pytest.approx(-0.3)
    assert np.linalg.eigvalsh(matrix).min() > 0.1


# --- ICC(1) of scores -----------------------------------------------------------------------------


@pytest.mark.parametrize("icc1", [0, 0.05, 0.1, 0.3])
def test_icc1_of_scores_is_recovered(any_instrument, icc1):
    """Analysis of variance of 2 x 40,000 people in 4,000 teams; errors in units of Smith's standard error."""
    size, n_teams = 10, 4000
    error = (1 - icc1) * (1 + (size - 1) * icc1) * np.sqrt(2 / (size * (size - 1) * n_teams))
    found = {}
    for seed in (1, 2):
        study = simulate_responses(
            any_instrument, n_sites=400, teams_per_site=10, team_size=size, icc1=icc1, site_share=0, seed=seed
        )
        group = team_of(study)
        for scale in study.truth.loadings.columns:
            value = anova_icc1(percent_scores(study, any_instrument, scale), group)
            found.setdefault(scale, []).append(value)
    bias = {scale: round(float(np.mean(values)) - icc1, 5) for scale, values in found.items()}
    print(f"\n{any_instrument.id}, ICC(1) {icc1}: bias {bias}, standard error of one study {error:.5f}")
    every = np.array(list(found.values()))
    assert np.abs(every - icc1).max() < 4.5 * error
    # Scales correlate, so the mean of all is not much better known than one study.
    assert abs(every.mean() - icc1) < 2.5 * error


def test_icc1_of_the_short_forms_total_is_recovered(instrument):
    study = simulate_responses(
        instrument, form="short", n_sites=400, teams_per_site=10, team_size=10, icc1=0.2, site_share=0, seed=1
    )
    found = anova_icc1(percent_scores(study, instrument, "readiness_short"), team_of(study))
    assert found == pytest.approx(0.2, abs=0.025)


def test_sites_hold_their_share_of_the_scores_too(any_instrument):
    """Teams of different sites have nothing in common; teams of a site, about the site's share."""
    study = simulate_responses(
        any_instrument, n_sites=2000, teams_per_site=2, team_size=10, icc1=0.3, site_share=0.6, seed=2
    )
    scale = study.truth.loadings.columns[0]
    means = percent_scores(study, any_instrument, scale).reshape(2000, 2, 10).mean(axis=2)
    variance = percent_scores(study, any_instrument, scale).var()
    same_site = np.mean((means[:, 0] - means.mean()) * (means[:, 1] - means.mean()))
    assert same_site / variance == pytest.approx(0.3 * 0.6, abs=0.03)
    shifted = np.mean((means[:-1, 0] - means.mean()) * (means[1:, 1] - means.mean()))
    assert abs(shifted / variance) < 0.02


def test_an_icc1_that_scores_cannot_have_is_refused_with_the_highest(any_instrument):
    with pytest.raises(ArgumentError, match=r"icc1: expected a number from 0 to 0\.\d+, the highest") as caught:
        simulate_responses(any_instrument, icc1=0.95)
    highest = float(re.search(r"0 to (0\.\d+)", str(caught.value))[1])
    truth = simulate_responses(any_instrument, icc1=highest, seed=1).truth
    assert truth.icc1_latent.max() > 0.99
    assert truth.scale_icc1.loc[list(truth.loadings.columns), "1"].to_numpy() == pytest.approx(highest)
    with pytest.raises(ArgumentError, match="icc1"):
        simulate_responses(any_instrument, icc1=highest + 0.002)


def test_without_loadings_only_an_icc1_of_nothing_is_possible(garden):
    none = dict.fromkeys(garden.forms["kurz"].items, 0)
    assert simulate_responses(garden, form="kurz", loadings=none, icc1=0, seed=1).truth.icc1_latent.tolist() == [0]
    with pytest.raises(ArgumentError, match="from 0 to 0, the highest"):
        simulate_responses(garden, form="kurz", loadings=none, icc1=0.1)


# --- missing and careless answers -----------------------------------------------------------------


def test_missing_answers_have_the_stated_shares(any_instrument):
    study = simulate_responses(
        any_instrument, n_sites=10, teams_per_site=20, team_size=20, skipped=0.06, cant_say=0.04, seed=1
    )
    codes = any_instrument.missing_codes
    unoffered = next(code.code for code in codes.values() if not code.offered)
    n = len(study.responses)
    for item in study.truth.loadings.index:
        column = study.responses[item]
        offered = [codes[name].code for name in any_instrument.response_scale(item).missing]
        assert abs((column == unoffered).mean() - 0.06) < 4.5 * (0.06 * 0.94 / n) ** 0.5
        for code in offered:  # each of several codes is as likely
            share = 0.04 / len(offered)
            assert abs((column == code).mean() - share) < 4.5 * (share / n) ** 0.5
        if not offered:
            assert not column.isin([code.code for code in codes.values() if code.offered]).any()
    assert study.truth.scale_icc1.equals(simulate_responses(any_instrument, seed=1).truth.scale_icc1)


def test_every_answer_can_be_missing(garden):
    study = simulate_responses(garden, skipped=1, seed=1)
    assert (study.responses[list(study.truth.loadings.index)] == -3).all(axis=None)


def test_careless_people_are_as_many_and_as_stated(any_instrument):
    study = simulate_responses(any_instrument, n_sites=10, teams_per_site=20, team_size=20, careless=0.1, seed=1)
    truth = study.truth
    assert truth.careless.sum() == 400
    assert truth.careless_kind.value_counts().to_dict() == {"straight-line": 200, "random": 200}
    assert truth.careless_kind[~truth.careless].isna().all()
    assert truth.careless.index.tolist() == study.responses["response_id"].tolist()
    answers = study.responses.set_index("response_id")
    straight = answers[truth.careless_kind == "straight-line"]
    places = {
        item: straight[item].map({code: place for place, code in enumerate(any_instrument.response_scale(item).codes)})
        for item in truth.loadings.index
    }
    by_length = {}
    for item, place in places.items():
        by_length.setdefault(len(any_instrument.response_scale(item).codes), []).append(place.to_numpy(dtype=int))
    for n_options, columns in by_length.items():  # the same place on the screen, whatever code stands there
        assert (np.ptp(columns, axis=0) == 0).all()
        assert set(columns[0]) == set(range(n_options))
    guessed = answers[truth.careless_kind == "random"]
    for item in truth.loadings.index:
        codes = any_instrument.response_scale(item).codes
        counts = guessed[item].value_counts().reindex(codes, fill_value=0).to_numpy(dtype=float)
        expected = 200 / len(codes)
        assert ((counts - expected) ** 2 / expected).sum() < chi2.isf(1e-5, len(codes) - 1)


# --- other instruments ----------------------------------------------------------------------------


def test_codes_with_gaps_ten_options_and_no_missing_codes(tmp_path):
    source = odd_instrument(tmp_path)
    study = simulate_responses(
        source, n_sites=100, teams_per_site=20, team_size=10, icc1=0.15, site_share=0, skipped=0, seed=1
    )
    assert set(study.responses["a1"]) == {0, 1, 2, 3, 5, 8, 13, 21, 34, 200}
    kinds = study.responses["c1"].value_counts(normalize=True)
    assert kinds.reindex([2, 9, 4]).to_numpy(dtype=float) == pytest.approx(1 / 3, abs=0.02)
    assert "c1" not in study.truth.thresholds
    assert study.truth.scale_icc1.loc["a", "1"] == pytest.approx(0.15, abs=1e-10)
    group = team_of(study)
    # Most of scale b is at home in a, so its one item at home carries the ICC(1) that was asked for.
    assert anova_icc1(-study.responses["b1"].to_numpy(dtype=float), group) == pytest.approx(0.15, abs=0.035)
    for scale in ("a", "b"):
        found = anova_icc1(percent_scores(study, source, scale), group)
        assert found == pytest.approx(study.truth.scale_icc1.loc[scale, "1"], abs=0.035)


def test_an_instrument_without_missing_codes_stores_na(tmp_path):
    study = simulate_responses(odd_instrument(tmp_path), team_size=100, skipped=0.1, cant_say=0.2, seed=1)
    answers = study.responses[["a1", "a2", "a3", "b1", "c1"]]
    assert (answers.dropna() >= 0).all(axis=None)
    assert answers.isna().to_numpy().mean() == pytest.approx(0.3, abs=0.02)
    only = odd_instrument(tmp_path, '[[missing_codes]]\nid = "left"\ncode = -999\nlabel = "left"\noffered = false\n')
    answers = simulate_responses(only, team_size=100, skipped=0.1, seed=1).responses[["a1", "b1"]]
    assert (answers == -999).to_numpy(dtype=float).mean() == pytest.approx(0.1, abs=0.02)


def test_a_form_without_scales_has_no_factors(tmp_path):
    study = simulate_responses(odd_instrument(tmp_path), form="kinds_only", icc1=0.2, seed=1)
    assert study.truth.factor_values.shape == (240, 0)
    assert study.truth.scale_icc1.empty
    assert set(study.responses["c1"]) == {2, 4, 9}


def test_criterion_items_have_nothing_to_do_with_the_factors(instrument):
    study = simulate_responses(instrument, form="study", n_sites=20, teams_per_site=20, team_size=20, seed=1)
    assert (study.truth.loadings.loc[["C1", "C2", "C3", "C4", "C5"]] == 0).all(axis=None)
    assert "C5" not in study.truth.thresholds
    assert "C5" not in study.truth.item_covariances
    answers = study.responses["C1"].to_numpy(dtype=float)
    assert abs(np.corrcoef(answers, study.truth.factor_values["rational"])[0, 1]) < 0.05


# --- a caller's own parameters --------------------------------------------------------------------


def test_parameters_are_taken_as_given_and_round_trip(any_instrument):
    first = simulate_responses(any_instrument, seed=1)
    truth = first.truth
    again = simulate_responses(
        any_instrument,
        loadings=truth.loadings.sum(axis=1),
        thresholds=truth.thresholds,
        factor_correlations=truth.factor_correlations.iloc[::-1, ::-1],
        seed=1,
    )
    pd.testing.assert_frame_equal(first.responses, again.responses)


def test_chosen_parameters_show_in_the_truth(garden):
    chosen = {"n_key": [0.4], "g_often": (-1, 0, 2)}
    table = pd.DataFrame([[1, 0.2], [0.2, 1]], index=["gardening", "neighbours"], columns=["gardening", "neighbours"])
    loadings = {"g_joy": -0.3}
    for correlations in (0.2, table, table.to_dict(), {("neighbours", "gardening"): 0.2}):
        truth = simulate_responses(
            garden, loadings=loadings, thresholds=chosen, factor_correlations=correlations, seed=1
        ).truth
        pd.testing.assert_frame_equal(truth.factor_correlations, table.astype(float))
    assert truth.thresholds["n_key"].tolist() == [0.4]
    assert truth.thresholds["g_often"].tolist() == [-1, 0, 2]
    assert truth.loadings.loc["g_joy"].tolist() == [-0.3, 0]
    assert (loadings, chosen) == ({"g_joy": -0.3}, {"n_key": [0.4], "g_often": (-1, 0, 2)})
    assert table.iloc[0, 1] == 0.2


GARDEN_FAULTS = [
    ({"form": "long"}, "form: expected one of 'lang', 'kurz'; got 'long'"),
    ({"language": "fr"}, "language: expected one of 'de', 'en'; got 'fr'"),
    ({"n_sites": 0}, "n_sites: expected a whole number, 1 or more; got 0"),
    ({"teams_per_site": 2.5}, "teams_per_site: expected a whole number, 1 or more; got 2.5"),
    ({"team_size": (5, 2)}, "team_size: expected (low, high) with low no larger than high; got (5, 2)"),
    ({"team_size": (5, 6, 7)}, "team_size: expected a whole number or a pair (low, high)"),
    ({"team_size": "12"}, "team_size: expected a whole number, 1 or more; got '12'"),
    ({"n_waves": 0}, "n_waves: expected a whole number from 1 to 100; got 0"),
    ({"icc1": 1}, "icc1: expected a number from 0, below 1; got 1"),
    ({"icc1": float("nan")}, "icc1: expected a number from 0, below 1; got nan"),
    ({"site_share": 1.1}, "site_share: expected a number from 0 to 1; got 1.1"),
    ({"wave_change": 9}, "wave_change: expected a number from -3 to 3; got 9"),
    ({"skipped": -0.1}, "skipped: expected a number from 0 to 1; got -0.1"),
    ({"cant_say": "some"}, "cant_say: expected a number from 0 to 1; got 'some'"),
    ({"skipped": 0.7, "cant_say": 0.7}, "add up to 1 at most; got 0.7 and 0.7"),
    ({"careless": 2}, "careless: expected a number from 0 to 1; got 2"),
    ({"response_rate": 0}, "response_rate: expected a number from 0.01 to 1; got 0"),
    ({"seed": -1}, "seed: expected a whole number, 0 or more; got -1"),
    ({"seed": "x"}, "seed: expected a whole number, 0 or more; got 'x'"),
    ({"loadings": [0.5]}, "loadings: expected a mapping of item id to loading; got [0.5]"),
    ({"loadings": {"g_jo": 0.5}}, "Did you mean 'g_joy'?"),
    ({"loadings": {"x_spare": 0.5}}, "loadings: expected one of 'g_joy'"),
    ({"loadings": {"g_joy": 1.0}}, "loadings: expected a number from -0.999 to 0.999 for item 'g_joy'; got 1.0"),
    ({"loadings": {"g_joy": float("nan")}}, "for item 'g_joy'; got nan"),
    ({"loadings": {"g_joy": "high"}}, "for item 'g_joy'; got 'high'"),
    ({"thresholds": 3}, "thresholds: expected a mapping of item id to thresholds in rising order; got 3"),
    (
        {"thresholds": {"n_key": [0, 1]}},
        "thresholds: expected one number for item 'n_key', one fewer than its 2 response options",
    ),
    ({"thresholds": {"g_often": [0, 0, 1]}}, "thresholds: expected 3 numbers in rising order for item 'g_often'"),
    ({"thresholds": {"g_often": [0, 1, np.inf]}}, "for item 'g_often'"),
    ({"thresholds": {"g_often": "abc"}}, "for item 'g_often'"),
    ({"thresholds": {"nope": [0]}}, "thresholds: expected one of 'g_joy'"),
    ({"factor_correlations": "high"}, "factor_correlations: expected one number, a DataFrame"),
    ({"factor_correlations": 1.0}, "positive definite"),
    ({"factor_correlations": 1.5}, "factor_correlations: expected numbers from -1 to 1"),
    ({"factor_correlations": float("nan")}, "factor_correlations: expected numbers from -1 to 1"),
    (
        {"factor_correlations": pd.DataFrame([[1, 0.5], [0.5, 1]])},
        "expected the factors 'gardening', 'neighbours' as rows and columns",
    ),
    ({"factor_correlations": {"gardening": 1}}, "expected the factors 'gardening', 'neighbours' as rows and columns"),
    (
        {"factor_correlations": {("gardening", "order"): 0.5}},
        "factor_correlations: expected one of 'gardening', 'neighbours'; got 'order'",
    ),
    ({"factor_correlations": {("gardening", "gardening"): 0.5}}, "expected pairs of two different factors"),
    (
        {"factor_correlations": {("gardening", "neighbours"): "x"}},
        "expected a number for ('gardening', 'neighbours'); got 'x'",
    ),
]


def two_by_two(a, b, c, d):
    names = ["gardening", "neighbours"]
    return pd.DataFrame([[a, b], [c, d]], index=names, columns=names)


MATRIX_FAULTS = [
    (two_by_two(1, 0.5, 0.4, 1), "expected a symmetric matrix; got 0.5 for 'gardening' with 'neighbours' and 0.4"),
    (two_by_two(0.9, 0.5, 0.5, 1), "expected 1 in the diagonal; got [0.9, 1.0]"),
    (two_by_two(1, 1, 1, 1), "positive definite"),
    (two_by_two(1, "x", "x", 1), "expected numbers"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [*GARDEN_FAULTS, *(({"factor_correlations": table}, said) for table, said in MATRIX_FAULTS)],
)
def test_bad_arguments_get_one_sentence(garden, arguments, sentence):
    with pytest.raises(ArgumentError) as caught:
        simulate_responses(garden, **arguments)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_more_bad_arguments(instrument):
    with pytest.raises(ArgumentError, match="instrument: expected an Instrument"):
        simulate_responses("garden.toml")
    with pytest.raises(ArgumentError, match="loadings: expected 0 for item 'C1', which no scale has; got 0.5"):
        simulate_responses(instrument, form="study", loadings={"C1": 0.5})
    with pytest.raises(ArgumentError, match="thresholds: expected one of"):
        simulate_responses(instrument, form="study", thresholds={"C5": [0, 1, 2]})
    with pytest.raises(ArgumentError, match="smallest eigenvalue"):
        simulate_responses(instrument, factor_correlations=-0.5)


def test_a_hundred_thousand_respondents_in_seconds(instrument):
    started = time.perf_counter()
    study = simulate_responses(
        instrument, n_sites=50, teams_per_site=100, team_size=20, skipped=0.02, cant_say=0.02, careless=0.05, seed=1
    )
    took = time.perf_counter() - started
    print(f"\n{len(study.responses):,} respondents x 36 items in {took:.2f} s")
    assert len(study.responses) == 100_000
    assert study.responses["response_id"].is_unique
    assert took < 20  # about 1 s on an idle machine; a hundred times that would be a loop over people
