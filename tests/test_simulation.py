"""A simulated study must give back what was put into it, on any instrument."""

from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, multivariate_normal, norm
from support import GARDEN

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.simulation import SimulatedStudy, SimulationTruth, simulate_responses
from movement_readiness.simulation.measurement import build_measurement
from movement_readiness.simulation.population import item_moments, total_covariance

OWN = [
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


def items_of(study):
    return [name for name in study.responses.columns if name not in OWN]


def rising(instrument, item):
    return np.sort(instrument.response_scale(item).codes)


def codes(study):
    """The answers as plain numbers, respondents x items; nobody may have left anything out."""
    return study.responses[items_of(study)].to_numpy(dtype=float)


def home_items(instrument, study, scale):
    return [item for item in items_of(study) if item in instrument.scales[scale].keys]


def score(instrument, study, scale):
    """The 0-100 score of complete answers, written out."""
    parts = []
    for item in home_items(instrument, study, scale):
        low, high = rising(instrument, item)[[0, -1]]
        share = (study.responses[item].to_numpy(dtype=float) - low) / (high - low)
        parts.append(share if instrument.scales[scale].keys[item] == 1 else 1 - share)
    return 100 * np.mean(parts, axis=0)


def same_answer(frame):
    values = frame.to_numpy(dtype=int)
    return (values == values[:, :1]).all(axis=1)


def teams_of(study):
    return study.responses.groupby(["wave", "site", "team"], sort=False).ngroup().to_numpy()


def anova_icc1(values, group):
    n = np.bincount(group)
    means = np.bincount(group, values) / n
    between = n @ (means - values.mean()) ** 2 / (len(n) - 1)
    within = ((values - means[group]) ** 2).sum() / (len(values) - len(n))
    size = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    return (between - within) / (between + (size - 1) * within)


def normal_covariance(first, second, r):
    """Covariance of two answers by bivariate normal integrals, with no series."""
    total = 0.0
    for tau, step in zip(*first, strict=True):
        for other, other_step in zip(*second, strict=True):
            both = multivariate_normal.cdf([-tau, -other], cov=[[1, r], [r, 1]])
            total += step * other_step * (both - norm.sf(tau) * norm.sf(other))
    return total


def steps_of(instrument, study, item):
    return study.truth.thresholds[item], np.diff(rising(instrument, item))


def integrated_icc1(instrument, study, scale):
    """ICC(1) of a score of complete answers from the truth alone, by bivariate normal integrals."""
    truth, held = study.truth, home_items(instrument, study, scale)
    factor = {item: instrument.home_scale(item) for item in held}
    spread = np.sqrt(truth.icc1_latent)
    within = variance = 0.0
    for one in held:
        for two in held:
            weight = 1.0
            for item in (one, two):
                weight *= instrument.scales[scale].keys[item] / np.ptp(rising(instrument, item))
            f, g = factor[one], factor[two]
            r = truth.loadings.loc[one, f] * truth.loadings.loc[two, g]
            team = truth.factor_correlations.loc[f, g] * spread[f] * spread[g]
            person = truth.total_correlations.loc[f, g]
            steps = steps_of(instrument, study, one), steps_of(instrument, study, two)
            within += weight * normal_covariance(*steps, r * team)
            if one == two:
                chances = np.diff(norm.cdf(steps[0][0]), prepend=0, append=1)
                values = rising(instrument, one)
                variance += weight * (chances @ values**2 - (chances @ values) ** 2)
            else:
                variance += weight * normal_covariance(*steps, r * person)
    return within / variance


def minimal_instrument(tmp_path, n_scales, *, separate=0, extra=""):
    """An instrument of three items a scale, with a nominal criterion item and no missing codes."""
    parts = [
        'format = 1\n[instrument]\nid = "plain"\nversion = "1.0.0"\ntitle = "Plain"\nlanguage = "en"\nlicence = "CC0-1.0"',
        '[wording]\ndefinition = "x"\naim = "x"\ninstructions = ["x"]\n[aim]\nid = "x"',
        '[consent]\ntitle = "x"\nparagraphs = ["x"]\nagree = "x"',
        '[[response_scales]]\nid = "ten"\noptions = ['
        + ", ".join(f'{{ code = {5 * k}, label = "l{k}" }}' for k in range(10))
        + "]",
        '[[response_scales]]\nid = "colour"\nordered = false\n'
        'options = [{ code = 4, label = "red" }, { code = 1, label = "blue" }, { code = 9, label = "green" }]',
    ]
    names = [f"i{scale}_{item}" for scale in range(n_scales) for item in range(3)]
    parts += [f'[[items]]\nid = "{name}"\ntext = "{name}"\nresponse_scale = "ten"' for name in names]
    parts += ['[[items]]\nid = "hue"\ntext = "hue"\nresponse_scale = "colour"\npurpose = "criterion"']
    for scale in range(n_scales):
        kind = "separate" if scale < separate else "domain"
        keys = ", ".join(f"i{scale}_{item} = {-1 if item == 2 else 1}" for item in range(3))
        parts.append(
            f'[[scales]]\nid = "s{scale}"\ntitle = "s{scale}"\nkind = "{kind}"\ndefinition = "x"\n'
            f"keys = {{ {keys} }}\nmin_answered = 2"
        )
    shown = ", ".join(f'"{name}"' for name in [*names, "hue"])
    parts += [f'[[forms]]\nid = "all"\ntitle = "All"\nscreens = [[{shown}]]', extra]
    path = tmp_path / "plain.toml"
    path.write_text("\n\n".join(parts), encoding="utf-8")
    return mr.load_instrument(path)


# The frames


def test_public_names():
    assert mr.simulate_responses is simulate_responses
    assert mr.SimulatedStudy is SimulatedStudy
    study = simulate_responses(mr.load_instrument(), seed=1)
    assert isinstance(study.truth, SimulationTruth)


def test_responses_frame_has_the_columns_and_types_of_the_brief(any_instrument):
    for form in any_instrument.forms:
        study = simulate_responses(any_instrument, form=form, n_sites=5, teams_per_site=2, team_size=3, seed=1)
        frame = study.responses
        shown = any_instrument.forms[form].items
        assert list(frame.columns) == OWN + [item for item in any_instrument.items if item in shown]
        assert len(frame) == 30
        assert frame["synthetic"].dtype == bool
        assert frame["synthetic"].all()
        assert frame["submitted_on"].dtype == np.dtype("datetime64[s]")
        text = [name for name in OWN if name not in ("submitted_on", "synthetic")]
        assert set(frame[text].dtypes.astype(str)) == {"str"}
        assert set(frame[items_of(study)].dtypes.astype(str)) == {"Int64"}
        assert frame["response_id"].is_unique
        assert frame["form"].unique().tolist() == [form]
        assert frame["instrument_sha256"].unique().tolist() == [any_instrument.sha256]
        assert list(frame["site"].unique()) == ["North", "South", "East", "West", "Site 5"]
        assert list(frame["team"].unique()) == ["A1", "A2"]
        assert pd.api.types.is_integer_dtype(frame.index)


def test_every_answer_is_one_of_the_items_codes_and_all_of_them_occur(any_instrument):
    study = simulate_responses(any_instrument, form=list(any_instrument.forms)[-1], team_size=200, seed=2)
    for item in items_of(study):
        assert set(study.responses[item]) == set(any_instrument.response_scale(item).codes)


def test_roles_come_from_the_instrument_or_are_unknown(instrument, garden):
    assert set(simulate_responses(instrument, team_size=30, seed=1).responses["role"]) == set(instrument.roles)
    assert simulate_responses(garden, seed=1).responses["role"].isna().all()


def test_language_is_one_of_the_instruments(garden):
    assert set(simulate_responses(garden, seed=1).responses["language"]) == {"de"}
    assert set(simulate_responses(garden, language="en", seed=1).responses["language"]) == {"en"}


def test_scoring_takes_the_frame_and_gives_the_scores_written_out(any_instrument):
    study = simulate_responses(any_instrument, seed=3)
    scored = mr.score_scales(study.responses, any_instrument)
    for scale, part in any_instrument.scales.items():
        if part.keys and set(part.keys) <= set(items_of(study)):
            np.testing.assert_allclose(scored[scale], score(any_instrument, study, scale), atol=1e-10)


def test_study_is_written_and_read_again_unchanged(any_instrument, tmp_path):
    study = simulate_responses(any_instrument, skipped=0.1, cant_say=0.1, n_waves=2, seed=4)
    mr.write_responses(study.responses, tmp_path / "study.csv", any_instrument)
    read = mr.read_responses(tmp_path / "study.csv", any_instrument)
    pd.testing.assert_frame_equal(read, study.responses)


def test_roster_invites_enough_people_for_the_largest_wave(garden):
    study = simulate_responses(garden, team_size=(2, 9), n_waves=3, response_rate=0.7, seed=5)
    assert list(study.roster.columns) == ["site", "team", "invited"]
    sizes = study.responses.groupby(["site", "team", "wave"]).size()
    assert sizes.min() >= 2
    assert sizes.max() <= 9
    assert sizes.nunique() > 3
    largest = sizes.groupby(level=["site", "team"]).max()
    invited = study.roster.set_index(["site", "team"])["invited"]
    assert (invited == np.ceil(largest / 0.7)[invited.index]).all()


def test_invited_is_exact_where_the_division_is(garden):
    assert set(simulate_responses(garden, team_size=12, response_rate=0.8, seed=1).roster["invited"]) == {15}
    assert set(simulate_responses(garden, team_size=7, response_rate=0.7, seed=1).roster["invited"]) == {10}


def test_names_sort_in_their_order_however_many(garden):
    study = simulate_responses(garden, n_sites=12, teams_per_site=11, team_size=1, seed=1)
    for name in ("team", "site"):
        names = study.roster[name].unique().tolist()
        numbered = [text for text in names if text[-1].isdigit()]
        assert numbered == sorted(numbered)
        assert len(names) == {"team": 11, "site": 12}[name]


def test_representations_say_synthetic_and_hold_no_address(any_instrument):
    study = simulate_responses(any_instrument, n_waves=2, seed=6)
    assert "SYNTHETIC" in repr(study)
    assert "SYNTHETIC" in study._repr_html_()
    assert " at 0x" not in repr(study) + repr(study.truth) + study._repr_html_()
    assert repr(study) == repr(simulate_responses(any_instrument, n_waves=2, seed=6))
    for scale in study.truth.scales.index.get_level_values("scale").unique():
        assert study._repr_html_().count(f'<th scope="row">{scale}</th>') == 2


def test_study_is_frozen_and_can_be_pickled(garden):
    study = simulate_responses(garden, seed=7)
    with pytest.raises(AttributeError):
        study.responses = None
    with pytest.raises(AttributeError):
        study.truth.icc1 = 0.5
    again = pickle.loads(pickle.dumps(study))  # noqa: S301  (our own bytes)
    pd.testing.assert_frame_equal(again.responses, study.responses)


# Seeds


def test_same_seed_same_study_another_seed_another(any_instrument):
    asked = {"team_size": (3, 20), "n_waves": 2, "skipped": 0.1, "cant_say": 0.1, "careless": 0.2}
    one = simulate_responses(any_instrument, **asked, seed=8)
    two = simulate_responses(any_instrument, **asked, seed=8)
    pd.testing.assert_frame_equal(one.responses, two.responses)
    pd.testing.assert_frame_equal(one.roster, two.roster)
    pd.testing.assert_frame_equal(one.truth.factor_values, two.truth.factor_values)
    other = simulate_responses(any_instrument, **asked, seed=9)
    assert not set(one.responses["response_id"]) & set(other.responses["response_id"])
    pd.testing.assert_frame_equal(one.truth.loadings, other.truth.loadings)
    pd.testing.assert_frame_equal(one.truth.scales, other.truth.scales)


def test_a_study_without_a_seed_can_be_had_again_by_the_seed_in_its_truth(garden):
    one, other = simulate_responses(garden), simulate_responses(garden)
    assert one.truth.seed != other.truth.seed
    again = simulate_responses(garden, seed=one.truth.seed)
    pd.testing.assert_frame_equal(one.responses, again.responses)


def test_what_goes_wrong_leaves_all_other_answers_as_they_were(any_instrument):
    clean = simulate_responses(any_instrument, seed=10)
    messy = simulate_responses(any_instrument, seed=10, skipped=0.2, cant_say=0.2, careless=0.3)
    care = (messy.truth.careless == "attentive").to_numpy()
    before, after = codes(clean)[care], codes(messy)[care]
    answered = after >= 0
    assert 0.55 < answered.mean() < 0.85
    np.testing.assert_array_equal(before[answered], after[answered])


def test_arguments_are_not_changed(garden):
    thresholds, loadings = {"g_joy": [-1, 0, 1, 1.5, 2, 3]}, pd.Series({"g_joy": 0.5})
    table = pd.DataFrame([[1, 0.4], [0.4, 1]], index=["neighbours", "gardening"], columns=["neighbours", "gardening"])
    kept = pickle.dumps((thresholds, loadings, table))
    study = simulate_responses(garden, thresholds=thresholds, loadings=loadings, factor_correlations=table, seed=1)
    study.truth.thresholds["g_joy"][:] = 0
    study.truth.factor_correlations.iloc[:] = 0
    assert pickle.dumps((thresholds, loadings, table)) == kept


# The measurement model


def test_default_loadings_follow_the_keys_and_lie_where_they_should(any_instrument):
    study = simulate_responses(any_instrument, form=list(any_instrument.forms)[-1], seed=1)
    for item, row in study.truth.loadings.iterrows():
        home = any_instrument.home_scale(item)
        if home is None:
            assert (row == 0).all()
            continue
        assert (row.drop(home) == 0).all()
        assert 0.55 <= row[home] * any_instrument.key(item) <= 0.85


def test_default_thresholds_rise_and_differ_between_items(any_instrument):
    study = simulate_responses(any_instrument, seed=1)
    taus = study.truth.thresholds
    assert all(len(taus[item]) == len(rising(any_instrument, item)) - 1 for item in taus)
    assert all((np.diff(tau) > 0).all() for tau in taus.values())
    assert len({tuple(tau) for tau in taus.values()}) == len(taus)


def test_default_correlations(instrument):
    table = simulate_responses(instrument, seed=1).truth.factor_correlations
    domains = table.drop(index="programme_pull", columns="programme_pull").to_numpy()
    np.testing.assert_allclose(domains[np.triu_indices(6, 1)], 0.6)
    np.testing.assert_allclose(table["programme_pull"].drop("programme_pull"), -0.3)
    np.testing.assert_array_equal(np.diag(table), 1)


@pytest.mark.parametrize("separate", [0, 1, 7, 20])
def test_default_correlations_hold_together_for_many_factors(tmp_path, separate):
    study = simulate_responses(minimal_instrument(tmp_path, 20, separate=separate), seed=1)
    assert np.linalg.eigvalsh(study.truth.factor_correlations).min() > 0.1


def test_ten_options_no_missing_codes_and_nominal_items(tmp_path):
    study = simulate_responses(minimal_instrument(tmp_path, 2), team_size=500, skipped=0.25, cant_say=0.25, seed=1)
    hue = study.responses["hue"]
    assert abs(hue.isna().mean() - 0.25) < 0.02  # nothing is offered, and what is skipped has no code
    counts = hue.value_counts()
    assert set(counts.index) == {1, 4, 9}
    assert chi2.sf(((counts - counts.mean()) ** 2 / counts.mean()).sum(), 2) > 1e-4
    assert set(study.responses["i0_0"].dropna()) == set(range(0, 50, 5))
    assert "hue" not in study.truth.thresholds


def test_a_form_of_criterion_items_alone_needs_no_factor(tmp_path):
    extra = '[[forms]]\nid = "hues"\ntitle = "Hues"\nscreens = [["hue"]]'
    study = simulate_responses(minimal_instrument(tmp_path, 1, extra=extra), form="hues", careless=0.5, seed=1)
    assert items_of(study) == ["hue"]
    assert study.truth.loadings.shape == (1, 0)
    assert study.truth.scales.empty


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_answers_fall_between_the_thresholds(any_instrument, seed):
    study = simulate_responses(any_instrument, icc1=0, n_sites=1, teams_per_site=1, team_size=20_000, seed=seed)
    for item, tau in study.truth.thresholds.items():
        chances = np.diff(norm.cdf(tau), prepend=0, append=1)
        seen = (study.responses[item].to_numpy(dtype=int)[:, None] == rising(any_instrument, item)).sum(axis=0)
        statistic = ((seen - 20_000 * chances) ** 2 / (20_000 * chances)).sum()
        assert chi2.sf(statistic, len(tau)) > 1e-5, item


def test_chosen_loadings_and_thresholds_are_used(garden):
    taus = {"g_joy": [-2, -1, -0.5, 0, 0.5, 1], "n_key": (0.3,)}
    study = simulate_responses(
        garden,
        loadings={"g_joy": -0.9, "n_talk": 0},
        thresholds=taus,
        icc1=0,
        n_sites=1,
        teams_per_site=1,
        team_size=20_000,
        seed=1,
    )
    assert study.truth.loadings.loc["g_joy", "gardening"] == -0.9
    np.testing.assert_array_equal(study.truth.thresholds["n_key"], [0.3])
    assert abs((study.responses["n_key"] == 0).mean() - norm.cdf(0.3)) < 4.5 * np.sqrt(0.25 / 20_000)
    correlations = pd.DataFrame(codes(study), columns=items_of(study)).corr()
    assert correlations.loc["g_joy", "g_often"] < -0.3  # chosen to run against its scale
    assert correlations["n_talk"].drop("n_talk").abs().max() < 4.5 / np.sqrt(20_000)


# The population


def series_covariances(instrument, study, wave=0):
    form = study.truth.form
    chosen = {item: float(row.sum()) for item, row in study.truth.loadings.iterrows()}
    measurement = build_measurement(
        instrument,
        form,
        loadings=chosen,
        thresholds=dict(study.truth.thresholds),
        factor_correlations=study.truth.factor_correlations,
    )
    moments = item_moments(measurement, wave * study.truth.wave_change)
    covariance = total_covariance(measurement.correlations, study.truth.icc1_latent.to_numpy())
    return moments, moments.covariances(covariance)


def test_series_agrees_with_bivariate_normal_integrals(any_instrument):
    study = simulate_responses(any_instrument, form=next(iter(any_instrument.forms)), seed=1)
    _, found = series_covariances(any_instrument, study)
    names = items_of(study)
    rng = np.random.default_rng(1)
    for one, two in rng.integers(len(names), size=(25, 2)):
        if one == two:
            continue
        f, g = any_instrument.home_scale(names[one]), any_instrument.home_scale(names[two])
        r = study.truth.loadings.loc[names[one], f] * study.truth.loadings.loc[names[two], g]
        r *= study.truth.total_correlations.loc[f, g]
        steps = steps_of(any_instrument, study, names[one]), steps_of(any_instrument, study, names[two])
        assert found[one, two] == pytest.approx(normal_covariance(*steps, r), abs=1e-7)


@pytest.mark.parametrize("loading", [0.05, 0.7, 0.99, 0.999])
def test_series_of_the_mean_of_two_halves_is_exact_by_sheppard(tmp_path, loading):
    """Two yes-or-no answers cut in the middle covary asin(r) / (2 pi) (Sheppard 1899)."""
    garden = mr.load_instrument(GARDEN)
    study = simulate_responses(
        garden, loadings={"n_key": loading, "n_talk": loading}, thresholds={"n_key": [0.0]}, icc1=0, seed=1
    )
    measurement = build_measurement(
        garden,
        "lang",
        loadings={"n_key": loading},
        thresholds=dict(study.truth.thresholds),
        factor_correlations=None,
    )
    moments = item_moments(measurement)
    weights = (np.array(measurement.items) == "n_key").astype(float)
    shared = moments.score(weights, 0.0).shared(np.eye(2))  # two answers to this item by people alike in the factor
    assert shared == pytest.approx(np.arcsin(loading**2) / (2 * np.pi), rel=1e-6)


def test_answers_covary_as_the_series_says(any_instrument):
    n, seeds = 20_000, range(8)
    z = []
    for seed in seeds:
        study = simulate_responses(any_instrument, icc1=0, n_sites=1, teams_per_site=1, team_size=n, seed=seed)
        moments, expected = series_covariances(any_instrument, study)
        centred = codes(study) - moments.mean
        error = np.sqrt(((centred**2).T @ (centred**2) / n - expected**2) / n)
        z.append((centred.T @ centred / n - expected) / error)
        assert np.abs(np.sqrt(n) * centred.mean(axis=0) / centred.std(axis=0)).max() < 4.5
    assert np.abs(z).max() < 5
    assert np.abs(np.mean(z, axis=0) * np.sqrt(len(seeds))).max() < 4.5
    assert np.std(z) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("icc1", [0.05, 0.3])
def test_population_icc1_by_integration_is_the_one_asked_for(garden, icc1):
    for form, scale in (("lang", "gardening"), ("lang", "neighbours"), ("kurz", "gardening")):
        study = simulate_responses(garden, form=form, icc1=icc1, seed=1)
        assert integrated_icc1(garden, study, scale) == pytest.approx(icc1, abs=2e-6)


def test_population_icc1_of_the_bundled_scales_by_integration(instrument):
    study = simulate_responses(instrument, icc1=0.2, seed=1)
    for scale in ("social", "programme_pull"):
        assert integrated_icc1(instrument, study, scale) == pytest.approx(0.2, abs=2e-6)


def test_a_short_form_has_the_icc1_in_its_total(instrument):
    study = simulate_responses(instrument, form="short", icc1=0.1, seed=1)
    assert study.truth.scales.loc[("readiness_short", "1"), "icc1"] == pytest.approx(0.1, abs=1e-9)
    assert len(set(study.truth.icc1_latent)) == 1


def test_icc1_of_zero_has_no_team_differences(any_instrument):
    study = simulate_responses(any_instrument, icc1=0, seed=1)
    assert (study.truth.icc1_latent == 0).all()
    assert (study.truth.team_values == 0).all(axis=None)


def test_latent_icc1_is_larger_and_rises_with_icc1(any_instrument):
    latent = [simulate_responses(any_instrument, icc1=icc1, seed=1).truth.icc1_latent for icc1 in (0.02, 0.1, 0.4)]
    assert (latent[0] > 0.02).all()
    assert all((low < high).all() for low, high in pairwise(latent))


@pytest.mark.parametrize("icc1", [0.0, 0.05, 0.1, 0.3])
def test_anova_recovers_icc1_of_scores(any_instrument, icc1):
    """Mean of seeds within four standard errors (Swiger et al. 1964) of the truth, on every scale."""
    seeds, n_sites, per_site, size = range(4), 300, 2, 8
    n_teams = n_sites * per_site
    scales = list(simulate_responses(any_instrument, seed=1).truth.icc1_latent.index)
    found = np.empty((len(seeds), len(scales)))
    for row, seed in enumerate(seeds):
        study = simulate_responses(
            any_instrument,
            n_sites=n_sites,
            teams_per_site=per_site,
            team_size=size,
            icc1=icc1,
            site_share=0.2,
            seed=100 + seed,
        )
        group = teams_of(study)
        found[row] = [anova_icc1(score(any_instrument, study, scale), group) for scale in scales]
    bias = found.mean(axis=0) - icc1
    spread = np.sqrt(2 * (1 - icc1) ** 2 * (1 + (size - 1) * icc1) ** 2 / (size * (size - 1) * (n_teams - 1)))
    print(f"ICC(1) {icc1}: bias {np.round(bias, 4)}, standard error {spread / len(seeds) ** 0.5:.4f}")  # noqa: T201  (read with -s)
    assert np.abs(bias).max() < 4 * spread / np.sqrt(len(seeds))
    assert 0.3 * spread < found.std(axis=0, ddof=1).mean() < 2 * spread


def test_unequal_team_sizes_leave_icc1_as_it_is(any_instrument):
    study = simulate_responses(any_instrument, n_sites=600, teams_per_site=2, team_size=(2, 14), icc1=0.2, seed=14)
    group = teams_of(study)
    for scale in study.truth.icc1_latent.index:
        assert anova_icc1(score(any_instrument, study, scale), group) == pytest.approx(0.2, abs=0.045)


def test_factor_correlations_at_every_level(any_instrument):
    names = list(simulate_responses(any_instrument, seed=1).truth.icc1_latent.index)
    asked = {(names[0], names[1]): 0.35}
    study = simulate_responses(
        any_instrument,
        n_sites=2500,
        teams_per_site=2,
        team_size=4,
        icc1=0.3,
        site_share=0.4,
        factor_correlations=asked,
        seed=15,
    )
    truth = study.truth
    assert truth.factor_correlations.loc[names[1], names[0]] == 0.35
    person = truth.factor_values - truth.team_values.to_numpy()[np.repeat(np.arange(5000), 4)]
    levels = {2500: truth.site_values, 5000: truth.team_values, 20_000: person}
    for n, values in levels.items():
        np.testing.assert_allclose(values.corr(), truth.factor_correlations, atol=5 / np.sqrt(min(n, 4500)))
    np.testing.assert_allclose(truth.factor_values.corr(), truth.total_correlations, atol=5 / np.sqrt(5000))
    np.testing.assert_allclose(truth.factor_values.var(), 1, atol=0.06)
    np.testing.assert_allclose(truth.team_values.var(), truth.icc1_latent, rtol=0.12)
    np.testing.assert_allclose(truth.site_values.var(), 0.4 * truth.icc1_latent, rtol=0.15)


def test_one_number_correlates_all_factors(instrument):
    table = simulate_responses(instrument, factor_correlations=0.25, seed=1).truth.factor_correlations.to_numpy()
    assert (table[~np.eye(7, dtype=bool)] == 0.25).all()


def test_total_correlations_stay_valid_with_unequal_team_shares(garden):
    """A scale of weak items needs a larger team share, and correlates a little less over all people."""
    weak = {"n_fence": -0.4, "n_talk": 0.4, "n_key": 0.4, "n_party": 0.4, "g_share": 0.4}
    truth = simulate_responses(garden, loadings=weak, icc1=0.3, seed=1).truth
    assert truth.icc1_latent["neighbours"] > 1.3 * truth.icc1_latent["gardening"]
    total = truth.total_correlations
    v, w = truth.icc1_latent[["gardening", "neighbours"]]
    expected = 0.6 * (np.sqrt(v * w) + np.sqrt((1 - v) * (1 - w)))
    assert 0.5 < expected < 0.599
    assert total.loc["gardening", "neighbours"] == pytest.approx(expected)
    assert np.linalg.eigvalsh(total).min() > 0
    assert truth.scales["icc1"].xs("neighbours").iloc[0] == pytest.approx(0.3, abs=1e-9)
    assert truth.scales["icc1"].xs("gardening").iloc[0] == pytest.approx(0.3, abs=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_site_share_of_scores(any_instrument, share):
    study = simulate_responses(
        any_instrument, n_sites=1200, teams_per_site=3, team_size=4, icc1=0.3, site_share=share, seed=16
    )
    scale = study.truth.icc1_latent.index[0]
    expected = study.truth.scales.loc[(scale, "1"), "icc1_site"]
    assert expected == pytest.approx(share * 0.3, rel=0.03, abs=1e-12)
    values = score(any_instrument, study, scale).reshape(1200, 3, 4)
    means = values.mean(axis=2)
    between = np.mean([np.cov(means[:, one], means[:, two])[0, 1] for one, two in ((0, 1), (0, 2), (1, 2))])
    assert between / values.var() == pytest.approx(expected, abs=0.05)


def test_one_site_has_all_of_the_icc1_between_its_teams(any_instrument):
    study = simulate_responses(any_instrument, n_sites=1, teams_per_site=1500, team_size=6, icc1=0.2, seed=17)
    assert study.truth.site_share == 0
    for scale in study.truth.icc1_latent.index:
        assert anova_icc1(score(any_instrument, study, scale), teams_of(study)) == pytest.approx(0.2, abs=0.045)


def test_scales_in_the_truth_are_those_of_a_large_study(any_instrument):
    study = simulate_responses(
        any_instrument, n_sites=500, teams_per_site=1, team_size=40, n_waves=2, wave_change=0.5, seed=18
    )
    for (scale, wave), row in study.truth.scales.iterrows():
        if not any_instrument.scales[scale].keys:
            continue
        values = score(any_instrument, study, scale)[(study.responses["wave"] == wave).to_numpy()]
        error = row["sd"] * np.sqrt((1 + 39 * row["icc1"]) / 20_000)
        assert values.mean() == pytest.approx(row["mean"], abs=4.5 * error)
        assert values.std() == pytest.approx(row["sd"], rel=0.04)


# Waves


def test_waves_keep_teams_and_draw_other_people(any_instrument):
    study = simulate_responses(any_instrument, n_waves=3, team_size=(5, 9), seed=19)
    frame = study.responses
    assert frame["wave"].unique().tolist() == ["1", "2", "3"]
    assert frame["response_id"].is_unique
    assert frame.groupby("wave")["submitted_on"].nunique().eq(1).all()
    days = frame.groupby("wave")["submitted_on"].first()
    assert days.is_monotonic_increasing
    assert (days == days.dt.normalize()).all()
    assert set(days) == set(simulate_responses(any_instrument, n_waves=3, seed=1).responses["submitted_on"])
    assert len(study.roster) == len(study.truth.team_values) == 20
    assert study.truth.factor_values.index.equals(pd.Index(frame["response_id"]))


def test_teams_stay_what_they_are_over_waves(instrument):
    study = simulate_responses(instrument, n_waves=2, n_sites=300, teams_per_site=1, team_size=20, icc1=0.3, seed=20)
    first, second = score(instrument, study, "social").reshape(2, 300, 20).mean(axis=2)  # wave by wave, team by team
    expected = 20 * 0.3 / (1 + 19 * 0.3)  # reliability of a team mean
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("change", [-0.4, 0.0, 0.7])
def test_factor_means_move_by_the_wave_change(any_instrument, change):
    study = simulate_responses(any_instrument, n_waves=3, team_size=400, icc1=0, wave_change=change, seed=21)
    means = study.truth.factor_values.groupby(study.responses["wave"].to_numpy()).mean()
    np.testing.assert_allclose(means, change * np.arange(3)[:, None] * np.ones(means.shape[1]), atol=0.055)


# What goes wrong


def test_skipped_and_cant_say_rates(any_instrument):
    form = list(any_instrument.forms)[-1] if "study" in any_instrument.forms else next(iter(any_instrument.forms))
    n = 20 * 1000
    study = simulate_responses(any_instrument, form=form, team_size=1000, skipped=0.07, cant_say=0.11, seed=22)
    unanswered = next(code.code for code in any_instrument.missing_codes.values() if not code.offered)
    for item in items_of(study):
        offered = any_instrument.response_scale(item).missing
        shares = study.responses[item].value_counts(normalize=True)
        assert shares[unanswered] == pytest.approx(0.07, abs=4.5 * np.sqrt(0.07 * 0.93 / n))
        chosen = [shares.get(any_instrument.missing_codes[name].code, 0) for name in offered]
        assert sum(chosen) == pytest.approx(0.11 if offered else 0, abs=4.5 * np.sqrt(0.11 * 0.89 / n))
        if len(chosen) == 2:
            assert chosen[0] == pytest.approx(chosen[1], abs=0.02)
        allowed = {unanswered, *(any_instrument.missing_codes[name].code for name in offered)}
        assert {code for code in shares.index if code < 0} <= allowed
        assert not study.responses[item].isna().any()


def test_everything_can_be_skipped(garden):
    study = simulate_responses(garden, skipped=1.0, seed=1)
    assert (codes(study) == -3).all()


@pytest.mark.parametrize("share", [0.0, 0.05, 1.0])
def test_careless_share_is_met_to_the_person_half_of_each_kind(any_instrument, share):
    study = simulate_responses(any_instrument, careless=share, seed=23)
    counts = study.truth.careless.value_counts()
    n = round(share * len(study.responses))
    assert len(study.responses) - counts.get("attentive", 0) == n
    assert counts.get("straight_line", 0) == (n + 1) // 2
    assert counts.get("random", 0) == n // 2


def test_straight_liners_stay_at_one_place_and_others_do_not(any_instrument):
    study = simulate_responses(any_instrument, careless=0.5, team_size=50, seed=24)
    frame = study.responses[study.truth.careless.to_numpy() == "straight_line"]
    by_scale: dict[str, list[str]] = {}
    for item in items_of(study):
        by_scale.setdefault(any_instrument.items[item].response_scale, []).append(item)
    for name, items in by_scale.items():
        assert same_answer(frame[items]).all()
        shares = frame[items[0]].value_counts(normalize=True)
        assert len(shares) == len(any_instrument.response_scales[name].codes)
        assert shares.to_numpy() == pytest.approx(1 / len(shares), abs=0.12)
    largest = max(by_scale.values(), key=len)
    rest = study.responses[study.truth.careless.to_numpy() != "straight_line"]
    assert same_answer(rest[largest]).mean() < 0.25


def test_a_straight_line_is_where_it_is_on_the_screen(garden):
    """The options of "four" are shown from high to low: first on the line is 3 there and 1 in "seven"."""
    study = simulate_responses(garden, careless=1.0, team_size=100, seed=25)
    frame = study.responses[study.truth.careless.to_numpy() == "straight_line"]
    correlations = frame[["g_joy", "g_often", "n_key"]].astype(float).corr(method="spearman")
    assert correlations.loc["g_joy", "g_often"] < -0.95
    assert correlations.loc["g_joy", "n_key"] > 0.8


def test_random_answers_are_even_and_unrelated(any_instrument):
    study = simulate_responses(any_instrument, careless=1.0, team_size=600, seed=26)
    frame = study.responses[study.truth.careless.to_numpy() == "random"][items_of(study)].astype(float)
    off = frame.corr().to_numpy()[~np.eye(frame.shape[1], dtype=bool)]
    assert np.abs(off).max() < 5 / np.sqrt(len(frame))
    for item in items_of(study):
        counts = frame[item].value_counts()
        assert chi2.sf(((counts - counts.mean()) ** 2 / counts.mean()).sum(), len(counts) - 1) > 1e-5


# Bad input

CASES = [
    ({"form": "fulll"}, "form: expected one of"),
    ({"language": "xx"}, "language: expected one of"),
    ({"n_sites": 0}, "n_sites: expected a whole number, 1 or more; got 0."),
    ({"teams_per_site": 2.5}, "teams_per_site: expected a whole number"),
    ({"team_size": 0}, "team_size: expected a whole number"),
    ({"team_size": "12"}, "team_size: expected"),
    ({"team_size": (3,)}, r"team_size: expected a whole number or a pair \(low, high\)"),
    ({"team_size": (9, 3)}, r"team_size: expected \(low, high\) with low no larger than high"),
    ({"icc1": -0.1}, "icc1: expected a number from 0"),
    ({"icc1": 1}, "icc1: expected a number from 0"),
    ({"icc1": float("nan")}, "icc1: expected a number from 0"),
    ({"site_share": 1.5}, "site_share: expected a number from 0 to 1"),
    ({"n_waves": 0}, "n_waves: expected a whole number from 1 to 100"),
    ({"wave_change": "up"}, "wave_change: expected a number"),
    ({"skipped": -0.1}, "skipped: expected a number from 0 to 1"),
    ({"cant_say": 2}, "cant_say: expected a number from 0 to 1"),
    ({"skipped": 0.6, "cant_say": 0.6}, "skipped and cant_say: expected shares of the answers that add up to 1"),
    ({"careless": 1.01}, "careless: expected a number from 0 to 1"),
    ({"response_rate": 0}, "response_rate: expected a number from 0.01 to 1"),
    ({"seed": -1}, "seed: expected a whole number, 0 or more"),
    ({"seed": "one"}, "seed: expected a whole number, 0 or more"),
    ({"loadings": 0.7}, "loadings: expected a mapping of item id to loading; got 0.7"),
    ({"loadings": {"nobody": 0.7}}, "loadings: expected one of"),
    ({"thresholds": {"nobody": [0]}}, "thresholds: expected one of"),
    ({"thresholds": [0, 1]}, "thresholds: expected a mapping"),
    ({"factor_correlations": 1.0}, "factor_correlations: expected correlations that can hold together"),
    ({"factor_correlations": 1.5}, "factor_correlations: expected numbers from -1 to 1"),
    ({"factor_correlations": "high"}, "factor_correlations: expected one number, a DataFrame"),
    ({"factor_correlations": pd.DataFrame([[1.0]])}, "factor_correlations: expected the factors"),
    ({"factor_correlations": {("a", "b"): 0.1}}, "factor_correlations: expected one of"),
]


@pytest.mark.parametrize(("wrong", "sentence"), CASES)
def test_bad_arguments_get_one_sentence(any_instrument, wrong, sentence):
    with pytest.raises(ArgumentError, match=f"^{sentence}") as error:
        simulate_responses(any_instrument, **wrong)
    assert "\n" not in str(error.value)


def test_what_is_no_instrument_is_refused():
    with pytest.raises(ArgumentError, match=r"^instrument: expected an instrument"):
        simulate_responses("movement_readiness.toml")


@pytest.mark.parametrize("value", [1, -1.2, "high", None, True, float("nan")])
def test_loadings_out_of_range_name_the_item(any_instrument, value):
    item = any_instrument.item_ids()[0]
    with pytest.raises(ArgumentError, match=f"^loadings: expected a number .* for item '{item}'"):
        simulate_responses(any_instrument, loadings={item: value})


def test_criterion_items_take_no_loading(instrument):
    with pytest.raises(ArgumentError, match=r"^loadings: expected 0 for item 'C1', which no scale has; got 0.5"):
        simulate_responses(instrument, form="study", loadings={"C1": 0.5})


@pytest.mark.parametrize("value", [[0, 1], [0, 1, 2, 2], [3, 2, 1, 0], [0, 1, 2, np.inf], "abcd", 0.5])
def test_thresholds_that_will_not_do_name_the_item(instrument, value):
    with pytest.raises(ArgumentError, match=r"^thresholds: expected 4 numbers in rising order for item 'R1'"):
        simulate_responses(instrument, thresholds={"R1": value})


def test_nominal_items_take_no_thresholds(instrument):
    with pytest.raises(ArgumentError, match=r"^thresholds: expected one of"):
        simulate_responses(instrument, form="study", thresholds={"C5": [0, 1, 2]})


def table_of(matrix, names=("gardening", "neighbours")):
    return pd.DataFrame(matrix, index=list(names), columns=list(names), dtype=float)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (table_of([[1, 0.5], [0.4, 1]]), "expected a symmetric matrix; got 0.5 for 'gardening' with 'neighbours'"),
        (table_of([[1, 0.5], [0.5, 0.9]]), "expected 1 in the diagonal"),
        (table_of([[1, np.nan], [np.nan, 1]]), "expected numbers from -1 to 1"),
        (table_of([[1, -1], [-1, 1]]), "expected correlations that can hold together"),
        (table_of([[1, 0.5], [0.5, 1]], ("gardening", "gardening")), "expected the factors 'gardening', 'neighbours'"),
        (table_of([[1, 0.5], [0.5, 1]]).astype(str).replace("0.5", "half"), "expected numbers"),
        ({("gardening", "gardening"): 1.0}, "expected pairs of two different factors"),
        ({("gardening", "neighbours"): "half"}, "expected a number for"),
    ],
)
def test_correlations_that_will_not_do(garden, table, sentence):
    with pytest.raises(ArgumentError, match=f"^factor_correlations: {sentence}"):
        simulate_responses(garden, factor_correlations=table)


def test_icc1_above_the_reliability_says_the_highest_possible(any_instrument):
    with pytest.raises(ArgumentError, match=r"^icc1: expected a number from 0 to 0") as error:
        simulate_responses(any_instrument, icc1=0.95)
    highest = float(str(error.value).split("from 0 to ")[1].split(",")[0])
    assert 0.6 < highest < 0.9
    study = simulate_responses(any_instrument, icc1=highest, seed=1)
    assert study.truth.icc1_latent.max() == pytest.approx(1, abs=0.01)
    with pytest.raises(ArgumentError):
        simulate_responses(any_instrument, icc1=highest + 0.0011)
