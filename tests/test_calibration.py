"""Calibrated scoring: a model fitted once, kept as JSON, and scores that depend on nothing else."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, EmptyCategoryWarning, ResponsesError, TooFewRespondentsWarning
from movement_readiness.instrument.canonical import sha256_of
from movement_readiness.scoring import Calibration, calibrate, compare_scores, factor_scores, score_scales

DOMAINS = ("rational", "emotional", "social", "behavioural", "organisational", "leadership")


def study_of(instrument, seed=1, **options):
    return mr.simulate_responses(
        instrument, **({"n_sites": 4, "teams_per_site": 15, "icc1": 0.03} | options), seed=seed
    )


@pytest.fixture(scope="module")
def study(instrument):
    return study_of(instrument, skipped=0.04, cant_say=0.02)


@pytest.fixture(scope="module")
def calibration(study, instrument):
    return calibrate(study.responses, instrument, description="A trial.")


@pytest.fixture(scope="module")
def scores(study, calibration):
    return factor_scores(study.responses, calibration)


@pytest.fixture(scope="module")
def garden_calibration(garden):
    return calibrate(study_of(garden).responses, garden)


def changed(calibration, **parts):
    """The file with some of its parts replaced, under a checksum that fits."""
    content = json.loads(calibration.to_json()) | parts
    content["sha256"] = sha256_of({name: part for name, part in content.items() if name != "sha256"})
    return json.dumps(content)


def test_the_columns_are_the_identity_then_five_for_each_domain(study, scores, instrument):
    kept = [name for name in study.responses.columns if name not in instrument.items]
    added = [f + s for f in DOMAINS for s in ("", "_se", "_expected", "_simple", "_n_answered")]
    assert list(scores.columns) == [*kept, *added, "claim"]
    assert scores.index.equals(study.responses.index)
    assert "designed, not yet validated" in scores["claim"].iloc[0]
    assert "720 SYNTHETIC respondents" in scores["claim"].iloc[0]


def test_the_simple_scores_are_those_of_score_scales(study, scores, instrument):
    simple = score_scales(study.responses, instrument)
    for name in DOMAINS:
        pd.testing.assert_series_equal(scores[f"{name}_simple"], simple[name], check_names=False)
        assert (scores[f"{name}_n_answered"] == simple[f"{name}_n_answered"]).all()
        for suffix in ("", "_se", "_expected"):
            assert (scores[name + suffix].isna() == simple[name].isna()).all()


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_truth_is_recovered(instrument, seed):
    study = study_of(instrument, seed)
    found = calibrate(study.responses, instrument, separate=True)
    truth = study.truth
    signs = [instrument.key(item) for item in found.items]
    loadings = truth.loadings.loc[list(found.items), list(found.factors)].mul(signs, axis=0)
    off = (found.loadings - loadings).to_numpy()[loadings.to_numpy() != 0]
    assert abs(off).max() < 0.12
    assert abs(off.mean()) < 0.02
    correlations = truth.total_correlations.loc[list(found.factors), list(found.factors)]
    off = (found.factor_correlations - correlations).to_numpy()[np.triu_indices(7, 1)]
    assert abs(off).max() < 0.2  # standard errors are about .05
    assert abs(off.mean()) < 0.05
    scores = factor_scores(study.responses, found)
    for name in found.factors:
        factor = truth.factor_values[name].to_numpy()
        factor = (factor - factor.mean()) / factor.std()  # 50 and 10 are those of the sample's population
        away = (scores[name].to_numpy() - 50) / 10 - factor
        assert abs(away.mean()) < 0.02
        inside = np.abs(away) < 1.96 * scores[f"{name}_se"] / 10
        assert abs(inside.mean() - 0.95) < 0.03


def test_a_calibration_comes_back_from_json(calibration, study, scores, tmp_path):
    text = calibration.to_json(tmp_path / "calibration.json")
    for source in (text, tmp_path / "calibration.json", str(tmp_path / "calibration.json")):
        again = Calibration.from_json(source)
        assert again == calibration
        assert hash(again) == hash(calibration)
        pd.testing.assert_frame_equal(factor_scores(study.responses, again), scores)
    assert again.instrument is mr.load_instrument()
    pd.testing.assert_frame_equal(again.loadings, calibration.loadings)
    pd.testing.assert_series_equal(again.fit, calibration.fit, check_names=False)


def test_a_folder_that_is_not_there_is_a_sentence(calibration, tmp_path):
    with pytest.raises(ArgumentError, match="path: expected a file that can be written, in a folder that exists"):
        calibration.to_json(tmp_path / "nowhere" / "calibration.json")


def test_another_instruments_calibration_carries_its_content(garden, garden_calibration):
    text = garden_calibration.to_json()
    again = Calibration.from_json(text)
    assert again.instrument.sha256 == garden.sha256
    responses = study_of(garden, seed=2, teams_per_site=2).responses
    pd.testing.assert_frame_equal(factor_scores(responses, again), factor_scores(responses, garden_calibration))
    assert Calibration.from_json(text, instrument=garden).instrument is garden
    with pytest.raises(ArgumentError, match=r"instrument: expected shared-garden 2\.3\.1"):
        Calibration.from_json(text, instrument=mr.load_instrument())


def test_scores_do_not_depend_on_who_else_is_there(study, calibration, scores):
    order = np.random.default_rng(5).permutation(len(study.responses))[:50]
    some = factor_scores(study.responses.iloc[order], calibration)
    pd.testing.assert_frame_equal(some, scores.iloc[order], check_exact=True)
    one = factor_scores(study.responses.iloc[[7]], calibration)
    pd.testing.assert_frame_equal(one, scores.iloc[[7]], check_exact=True)


def test_a_domain_with_too_few_answers_has_no_score_however_much_the_others_say(study, calibration):
    answers = study.responses.drop(columns="claim", errors="ignore").head(4).copy()
    answers[["R1", "R2", "R3", "R4", "R5"]] = [5, 5, 5, 5, 5]
    answers.loc[1, "R5"] = -9
    answers.loc[2, ["R4", "R5"]] = [-8, -9]
    answers.loc[3, list(calibration.instrument.item_ids())] = -9
    found = factor_scores(answers, calibration)
    assert found["rational_n_answered"].tolist() == [5, 4, 3, 0]
    assert found["rational"].isna().tolist() == [False, False, True, True]
    assert found["rational_se"].isna().tolist() == [False, False, True, True]
    assert found.loc[0, "rational_se"] != found.loc[1, "rational_se"]
    assert found.loc[3, list(DOMAINS)].isna().all()
    assert not found.loc[2, ["emotional", "leadership"]].isna().all()


def test_a_short_form_carries_no_domain(instrument, calibration):
    short = mr.simulate_responses(instrument, form="short", n_sites=1, seed=3).responses
    found = factor_scores(short, calibration)
    assert found[list(DOMAINS)].isna().all().all()
    assert (found["rational_n_answered"] == 2).all()


def test_answers_to_another_version_are_refused(study, calibration):
    for column, value in (("instrument_version", "0.2.0"), ("instrument_sha256", "0" * 64), ("instrument_id", "other")):
        answers = study.responses.head(3).assign(**{column: value})
        with pytest.raises(ResponsesError, match=r"calibration: it is of movement-readiness 0\.1\.0 \(sha256") as error:
            factor_scores(answers, calibration)
        assert column in str(error.value)
        assert "\n" not in str(error.value)


def test_answers_to_another_instrument_are_refused(garden, calibration):
    with pytest.raises(ResponsesError, match="calibration: it is of movement-readiness"):
        factor_scores(study_of(garden, teams_per_site=1).responses, calibration)


def test_every_kind_of_frame_gives_the_same_numbers(study, calibration, scores):
    few = study.responses.head(30).astype({"submitted_on": str})
    polars = factor_scores(pl.from_pandas(few), calibration)
    lazy = factor_scores(pl.from_pandas(few).lazy(), calibration)
    arrow = factor_scores(pa.Table.from_pandas(few, preserve_index=False), calibration)
    assert isinstance(polars, pl.DataFrame)
    assert isinstance(arrow, pa.Table)
    assert polars.equals(lazy)
    for name in (*DOMAINS, "rational_se", "social_expected"):
        expected = scores[name].head(30).to_numpy()
        assert np.array_equal(polars[name].to_numpy(), expected, equal_nan=True)
        assert np.array_equal(arrow[name].to_pandas().to_numpy(), expected, equal_nan=True)
        assert polars[name].null_count() == np.isnan(expected).sum()


def test_answers_are_left_alone(study, calibration):
    before = study.responses.copy(deep=True)
    factor_scores(study.responses, calibration)
    pd.testing.assert_frame_equal(study.responses, before)


def test_higher_answers_give_higher_scores_and_reversed_items_count_the_other_way(garden, garden_calibration):
    base = {"g_joy": 4, "g_chore": 4, "g_often": 1, "g_share": 1, "n_fence": 4, "n_talk": 1, "n_key": 1, "n_party": 4}
    rows = pd.DataFrame([base, base | {"g_joy": 6}, base | {"g_chore": 6}, base | {"n_fence": 2}])
    found = factor_scores(rows, garden_calibration)
    assert found["gardening"][1] > found["gardening"][0] > found["gardening"][2]
    assert found["neighbours"][3] > found["neighbours"][0]
    assert found["gardening_expected"][1] > found["gardening_expected"][0]
    shared = {"n_fence": -1, "n_talk": 1, "n_key": 1, "n_party": 1, "g_share": 1}
    assert garden.scales["neighbours"].keys == shared
    assert found["neighbours_expected"].between(0, 100).all()


def test_expected_scores_mean_what_simple_scores_do(scores):
    """Over the sample the two kinds have (nearly) the same mean, and go together."""
    for name in DOMAINS:
        assert abs(scores[f"{name}_expected"].mean() - scores[f"{name}_simple"].mean()) < 1
        assert scores[name].corr(scores[f"{name}_simple"]) > 0.9


def test_the_t_metric_is_that_of_the_factor_in_the_population(scores):
    for name in DOMAINS:
        score, error = scores[name].dropna(), scores[f"{name}_se"].dropna()
        assert abs(score.mean() - 50) < 0.5
        assert np.sqrt(score.var() + (error**2).mean()) == pytest.approx(10, abs=0.5)


def test_the_two_kinds_of_scores_are_compared(calibration, scores):
    compared = compare_scores(scores, calibration)
    pd.testing.assert_frame_equal(compared, calibration.comparison)
    assert list(compared.index) == list(DOMAINS)
    assert (compared["n"] == scores[list(DOMAINS)].notna().sum()).all()
    assert compared["reliability"].between(0.7, 0.95).all()
    empty = compare_scores(scores.head(1), calibration)
    assert empty["correlation"].isna().all()
    with pytest.raises(ArgumentError, match="scores: expected the scores of factor_scores"):
        compare_scores(scores[["rational"]], calibration)


def test_structures(study, instrument):
    one = calibrate(study.responses, instrument, structure="one_factor", separate=True)
    assert one.factors == ("readiness", "programme_pull")
    simple = score_scales(study.responses, instrument)
    found = factor_scores(study.responses, one)
    assert (found["readiness"].isna() == simple["readiness"].isna()).all()
    assert found["readiness"].corr(simple["readiness"]) > 0.95
    second = calibrate(study.responses, instrument, structure="second_order")
    assert second.factors == (*DOMAINS, "readiness")
    with pytest.raises(ArgumentError, match="'bifactor' are what is left of domains"):
        calibrate(study.responses, instrument, structure="bifactor")


def test_an_option_that_nobody_chose_is_named_and_still_scored(study, instrument):
    answers = study.responses.copy()
    answers["R1"] = answers["R1"].replace({1: 2})
    with pytest.warns(EmptyCategoryWarning, match=r"nobody chose some response options of 'R1' \(1\)"):
        found = calibrate(answers, instrument)
    assert found.categories["R1"] == (2, 3, 4, 5)
    assert len(found.thresholds["R1"]) == 3
    new = pd.DataFrame([dict.fromkeys(instrument.item_ids(), 3) | {"R1": code} for code in (1, 2, 3)])
    scored = factor_scores(new, Calibration.from_json(found.to_json()))
    assert scored["rational"][0] == scored["rational"][1] < scored["rational"][2]
    assert scored["rational_simple"][0] < scored["rational_simple"][1]


def test_what_the_sample_was_is_kept(calibration, study):
    assert calibration.n_respondents == 720
    assert calibration.provenance == "synthetic"
    assert calibration.sample["n_teams"] == 60
    assert calibration.sample["n_sites"] == 4
    assert calibration.sample["waves"] == ["1"]
    assert calibration.sample["forms"] == ["full"]
    assert calibration.sample["first_day"] == "2024-03-04"
    field = calibrate(study.responses.assign(synthetic=False), calibration.instrument)
    assert (field.provenance, "SYNTHETIC" in field.sentence) == ("field", False)
    unknown = calibrate(study.responses.drop(columns=["synthetic", "site", "team"]), calibration.instrument)
    assert (unknown.provenance, unknown.sample["n_teams"]) == ("not said", None)


def test_it_shows_itself(calibration):
    assert repr(calibration).startswith(
        "<Calibration of movement-readiness 0.1.0, SYNTHETIC: 6 factors of 30 items, 720"
    )
    html = calibration._repr_html_()
    for text in ("SYNTHETIC", "A trial.", "60 teams at 4 sites", "Factor scores beside simple scores", "T metric"):
        assert text in html
    frame = calibration.to_frame()
    assert list(frame.columns) == [*DOMAINS, "t1", "t2", "t3", "t4"]


def test_unequal_numbers_of_options(garden_calibration):
    frame = garden_calibration.to_frame()
    assert frame.loc["n_key", ["t2", "t3"]].isna().all()
    assert frame.loc["g_joy", "t6"] > frame.loc["g_joy", "t5"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is not valid JSON"),
        ("{}", "the text is none"),
        ('{"kind": "movement_readiness calibration", "format": 9}', "has format 9, which a later version"),
        ('{"kind": "movement_readiness calibration", "format": 1}', "was changed or damaged since"),
    ],
)
def test_what_is_no_calibration_gets_a_sentence(text, sentence):
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        Calibration.from_json(text)


def test_files_that_are_not_there_or_not_calibrations(tmp_path):
    with pytest.raises(ArgumentError, match=r"'nothing\.json' does not exist"):
        Calibration.from_json(tmp_path / "nothing.json")
    (tmp_path / "list.json").write_text("[1, 2]")
    with pytest.raises(ArgumentError, match=r"list\.json is none"):
        Calibration.from_json(tmp_path / "list.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArgumentError, match="cannot be read as text"):
        Calibration.from_json(tmp_path / "bytes.json")
    with pytest.raises(ArgumentError, match="source: expected JSON text or a path; got int"):
        Calibration.from_json(3)


def test_a_changed_number_is_noticed(calibration):
    text = calibration.to_json()
    loading = json.loads(text)["items"]["R1"]["loadings"]["rational"]
    with pytest.raises(ArgumentError, match="checksum does not fit"):
        Calibration.from_json(text.replace(repr(loading), "0.99", 1))


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"factors": []}, "factors: "),
        ({"more": 1}, "more: "),
        ({"factor_correlations": [[1.0]]}, "no positive definite matrix of the factors"),
        ({"structure": "bifactor"}, "structure: "),
        ({"items": {"R1": {"categories": [1, 2], "thresholds": [0.0], "loadings": {}}}}, "loadings on other factors"),
    ],
)
def test_parts_that_do_not_fit_get_a_sentence(calibration, parts, sentence):
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        Calibration.from_json(changed(calibration, **parts))


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"thresholds": [0.0, -1.0, 1.0, 2.0]}, "thresholds that do not rise"),
        ({"thresholds": [0.0]}, "categories that do not fit its thresholds"),
        ({"loadings": {"rational": 1.2} | dict.fromkeys(DOMAINS[1:], 0.0)}, "explain more than all of it"),
        ({"loadings": {"rational": 0.5}}, "loadings on other factors"),
    ],
)
def test_an_item_whose_numbers_do_not_fit_gets_a_sentence(calibration, part, sentence):
    items = json.loads(calibration.to_json())["items"]
    items["R1"] |= part
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        Calibration.from_json(changed(calibration, items=items))


def test_samples_that_say_too_little_get_a_sentence(instrument, garden):
    answers = study_of(instrument, icc1=0.1).responses
    with pytest.raises(
        ArgumentError, match=r"more respondents than items, of which the model has 30.*200 or more; got 30 "
    ):
        calibrate(answers.head(30), instrument)
    with pytest.raises(ArgumentError, match="expected factors that can be told apart"):
        calibrate(answers.head(32), instrument)
    few = mr.simulate_responses(garden, n_sites=1, teams_per_site=1, team_size=30, icc1=0, seed=2).responses
    with pytest.raises(ArgumentError, match="more than all of 'g_often'"):
        calibrate(few, garden)


def test_a_small_sample_is_warned_of_and_the_calibration_says_so(garden):
    few = study_of(garden, n_sites=2, seed=4).responses.head(150)
    with pytest.warns(TooFewRespondentsWarning, match="150 respondents are few for a calibration.* gather 200 or more"):
        found = calibrate(few, garden)
    assert any("are few for a calibration" in sentence for sentence in found.warnings)


@pytest.mark.parametrize("structure", ["correlated", "second_order"])
def test_a_first_item_that_goes_against_its_domain_does_not_turn_the_scores(study, instrument, structure):
    answers = study.responses.copy()
    for item in ("R1", "L1"):
        answers[item] = answers[item].where(~answers[item].between(1, 5), 6 - answers[item])
    found = calibrate(answers, instrument, structure=structure)
    right = calibrate(study.responses, instrument, structure=structure)
    np.testing.assert_allclose(found.factor_correlations, right.factor_correlations, atol=1e-4)
    np.testing.assert_allclose(found.loadings.drop(["R1", "L1"]), right.loadings.drop(["R1", "L1"]), atol=1e-4)
    np.testing.assert_allclose(found.loadings.loc[["R1", "L1"]], -right.loadings.loc[["R1", "L1"]], atol=1e-4)
    one, two = factor_scores(answers, found), factor_scores(study.responses, right)
    for factor in (name for name in DOMAINS if name in one and name in two):
        np.testing.assert_allclose(one[factor], two[factor], atol=0.01)


def test_an_instrument_that_is_not_the_one_it_names(calibration):
    part = json.loads(calibration.to_json())["instrument"] | {"version": "9.9.9"}
    with pytest.raises(ArgumentError, match="the instrument is not the one it names"):
        Calibration.from_json(changed(calibration, instrument=part))


def test_bad_arguments_get_a_sentence(study, instrument, calibration):
    with pytest.raises(ArgumentError, match="calibration: expected a Calibration, as calibrate"):
        factor_scores(study.responses, instrument)
    with pytest.raises(ArgumentError, match="responses: expected a data frame"):
        factor_scores([1, 2], calibration)
    with pytest.raises(ArgumentError, match="structure: expected one of 'correlated'"):
        calibrate(study.responses, instrument, structure="three")
    with pytest.raises(ArgumentError, match="instrument: expected an Instrument"):
        calibrate(study.responses, "movement")
    with pytest.raises(ArgumentError, match="responses: expected every item of the model; 'L5' are no columns"):
        calibrate(study.responses.drop(columns="L5"), instrument)
    with pytest.raises(ArgumentError, match="one or none to 'R1'"):
        calibrate(study.responses.assign(R1=3), instrument)
    with pytest.raises(ResponsesError, match="neither a code"):
        factor_scores(study.responses.head(3).assign(R1=7), calibration)
    with pytest.raises(ResponsesError, match="the columns 'rational' are there already"):
        factor_scores(study.responses.head(3).assign(rational=1.0), calibration)


def test_answers_of_nobody_give_an_empty_frame(study, calibration):
    found = factor_scores(study.responses.head(0), calibration)
    assert len(found) == 0
    assert "rational_se" in found.columns


def test_items_that_are_no_columns_are_named_and_may_be_empty_columns(study, calibration):
    fewer = study.responses.drop(columns="R1")
    with pytest.raises(
        ResponsesError, match=r"form 'full' lacks 'R1'.*put items that nobody was asked in as empty"
    ) as no:
        factor_scores(fewer, calibration)
    assert "scales=" not in str(no.value)
    empty = study.responses.drop(columns=["R1", "R2", "R3"]).assign(R1=np.nan, R2=np.nan, R3=np.nan)
    found = factor_scores(empty, calibration)
    assert found["emotional"].notna().any()
    assert (found["rational_n_answered"] <= 3).all()
