"""Item analysis, reliability and retest correlations: the numbers of psych, semTools and R's formulas."""

from __future__ import annotations

import csv
import warnings
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from support import ROOT

from movement_readiness.psychometrics.items import item_analysis
from movement_readiness.psychometrics.reliability import (
    cronbach_alpha,
    mcdonald_omega,
    retest_icc,
    smallest_detectable_change,
    standard_error_of_measurement,
)
from movement_readiness.psychometrics.reliability._coefficients import squared_multiple

REFERENCE = ROOT / "tests" / "reference" / "exploratory"
SETS = ["binary", "clean", "missing5", "mixed", "one", "reversed", "skewed", "small", "ten"]

pytestmark = pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.MovementReadinessWarning")


def stored(name):
    """(data, basis, model) -> quantity -> {(row, column): value}, of one program or all."""
    found = defaultdict(lambda: defaultdict(dict))
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = (row["data"], row["basis"], row["model"])
            quantity = f"{row['program']}: {row['quantity']}"
            found[key][quantity][row["row"], row["column"]] = float(row["value"])
    return found


ITEMS, RELIABILITY, RETEST = stored("items"), stored("reliability"), stored("retest")


def answers(label):
    name, _, which = label.partition(" ")
    frame = pd.read_csv(REFERENCE / "data" / f"{name}.csv").drop(columns="team", errors="ignore")
    return frame.iloc[:, :4] if which else frame


def column(quantity):
    return pd.Series({row: value for (row, _), value in quantity.items()})


def only(quantity):
    (value,) = quantity.values()
    return value


# --- items


@pytest.mark.parametrize("name", SETS)
def test_the_descriptives_of_items_are_those_of_psych(name):
    expected, frame = ITEMS[name, "", ""], answers(name)
    for kind in (1, 2, 3):
        found = item_analysis(frame, skewness_type=kind, missing="pairwise").items
        if frame.isna().any(axis=None):  # psych 2.2.9 divides by the number of rows there, missing or not
            break
        for ours, theirs in (("skew", f"psych: skew type {kind}"), ("kurtosis", f"psych: kurtosis type {kind}")):
            assert found[ours].to_dict() == pytest.approx(column(expected[theirs]).to_dict(), abs=1e-8)
    pairs = {
        "n": "psych: n",
        "mean": "psych: mean",
        "sd": "psych: sd",
        "missing": "formula: missing share",
        "floor": "formula: floor share used",
        "ceiling": "formula: ceiling share used",
    }
    for ours, theirs in pairs.items():
        assert found[ours].to_dict() == pytest.approx(column(expected[theirs]).to_dict(), abs=1e-8), ours
    counts = item_analysis(frame, missing="pairwise").distribution.query("n > 0")
    ours = {(row.item, f"{row.category:g}"): row.n for row in counts.itertuples()}
    assert ours == expected["formula: count"]


def test_skewness_of_an_item_with_missing_answers_is_that_of_its_answers():
    frame = answers("missing5")
    for kind in (1, 2, 3):
        found = item_analysis(frame, skewness_type=kind, missing="pairwise").items
        for item in frame:
            alone = item_analysis(frame[[item, item]].dropna().set_axis(["a", "b"], axis=1), skewness_type=kind).items
            assert found.loc[item, "skew"] == pytest.approx(alone.loc["a", "skew"])
            assert found.loc[item, "kurtosis"] == pytest.approx(alone.loc["a", "kurtosis"])


def test_floor_and_ceiling_of_options_nobody_chose():
    found = item_analysis(answers("skewed"), n_options=5).items
    expected = ITEMS["skewed", "", ""]
    for side in ("floor", "ceiling"):
        assert found[side].to_dict() == pytest.approx(column(expected[f"formula: {side} share of set"]).to_dict())


# --- alpha

ALPHAS = [key for key in RELIABILITY if key[1].startswith("covariance") and key[2].startswith("alpha")]


def keyed(label, model):
    frame = answers(label)
    if model.endswith("keyed"):
        frame = frame.copy()
        frame.iloc[:, 1::2] = 6 - frame.iloc[:, 1::2]
    return frame


@pytest.mark.parametrize("key", ALPHAS, ids=" ".join)
def test_alpha_and_its_interval_are_those_of_psych(key):
    label, basis, model = key
    missing, frame, expected = basis.split()[1], keyed(label, model), RELIABILITY[key]
    found = cronbach_alpha(frame, missing=missing)
    standardised = cronbach_alpha(frame, missing=missing, standardized=True)
    for program in ("psych", "formula"):
        assert found.estimate == pytest.approx(only(expected[f"{program}: alpha"]), abs=1e-8)
        assert standardised.estimate == pytest.approx(only(expected[f"{program}: standardized_alpha"]), abs=1e-8)
        assert found.mean_correlation == pytest.approx(only(expected[f"{program}: average_r"]), abs=1e-8)
    if missing == "listwise":  # psych counts every row, also when pairs have fewer respondents
        assert found.n_respondents == only(expected["formula: n"])
        assert found.ci_low == pytest.approx(only(expected["psych: feldt_low_95"]), abs=1e-8)
        assert found.ci_high == pytest.approx(only(expected["psych: feldt_high_95"]), abs=1e-8)
        narrow = cronbach_alpha(frame, confidence=0.9)
        assert narrow.ci_low == pytest.approx(only(expected["formula: feldt_low_90"]), abs=1e-8)
        assert narrow.ci_high == pytest.approx(only(expected["formula: feldt_high_90"]), abs=1e-8)


@pytest.mark.parametrize("key", ALPHAS, ids=" ".join)
def test_item_statistics_are_those_of_psych(key):
    label, basis, model = key
    expected = RELIABILITY[key]
    found = item_analysis(keyed(label, model), missing=basis.split()[1]).items
    pairs = {"item_rest": "psych: item r.drop", "alpha_if_dropped": "psych: if dropped raw_alpha"}
    for ours, theirs in pairs.items():
        assert found[ours].to_dict() == pytest.approx(column(expected[theirs]).to_dict(), abs=1e-8), ours
    theirs = column(expected["psych: item r.cor"])  # none where the root of a negative sum would be needed
    assert found["item_rest_smc"].dropna().to_dict() == pytest.approx(theirs.to_dict(), abs=1e-8)


@pytest.mark.parametrize("key", ALPHAS, ids=" ".join)
def test_ordinal_alpha_is_alpha_of_the_polychoric_matrix(key):
    label, basis, model = key
    expected = RELIABILITY.get((label, basis.replace("covariance", "polychoric"), model))
    found = cronbach_alpha(keyed(label, model), correlation="polychoric", missing=basis.split()[1], ci="none")
    assert found.estimate == pytest.approx(only(expected["formula: ordinal_alpha"]), abs=1e-5)


def test_bootstrap_standard_errors_are_those_of_twenty_thousand_resamples_in_r():
    frame = pd.read_csv(REFERENCE / "data" / "teams.csv")
    people = RELIABILITY["teams", "covariance listwise", "bootstrap people"]
    teams = RELIABILITY["teams", "covariance listwise", "bootstrap teams"]
    plain = cronbach_alpha(frame, ci="bootstrap", n_bootstrap=4000, seed=1)
    assert plain.standard_error == pytest.approx(only(people["formula: alpha_sd"]), rel=0.05)
    assert plain.ci_low == pytest.approx(only(people["formula: alpha_low_95"]), abs=0.01)
    assert plain.ci_high == pytest.approx(only(people["formula: alpha_high_95"]), abs=0.01)
    whole = cronbach_alpha(frame, ci="bootstrap", cluster="team", n_bootstrap=4000, seed=1)
    assert whole.standard_error == pytest.approx(only(teams["formula: alpha_sd"]), rel=0.05)
    assert cronbach_alpha(frame, cluster="team").standard_error == pytest.approx(whole.standard_error, rel=0.1)


def test_the_standard_error_of_a_sum():
    for label in ("one", "teams"):
        frame = answers(label)
        expected = RELIABILITY[label, "covariance listwise", "alpha as answered"]
        found = standard_error_of_measurement(frame.sum(axis=1), reliability=cronbach_alpha(frame))
        assert found.estimate == pytest.approx(only(expected["formula: sem"]), rel=1e-8)
        change = smallest_detectable_change(found)
        assert change.individual == pytest.approx(only(expected["formula: sdc_exact_quantile"]), rel=1e-8)
        assert change.individual == pytest.approx(only(expected["formula: sdc"]), rel=2e-5)  # 1.96


# --- omega

OMEGAS = [key for key in RELIABILITY if key[2].startswith("omega") and "oblimin" in key[2]]


@pytest.mark.parametrize("key", OMEGAS, ids=" ".join)
def test_omega_of_several_factors_is_that_of_psych(key):
    label, basis, model = key
    correlation, _, missing = basis.partition(" ")
    options = {"missing": missing or "listwise", "correlation": correlation, "n_factors": int(model.split()[1])}
    found = mcdonald_omega(answers(label), kind="hierarchical", ci="none", seed=1, **options)
    expected = RELIABILITY[key]
    for ours, name in (
        (found.omega_hierarchical, "omega_hierarchical"),
        (found.omega_total, "omega_total"),
        (found.asymptotic, "omega_limit"),
        (found.ecv, "ecv"),
    ):
        assert ours == pytest.approx(only(expected[f"formula: {name}"]), abs=1e-5), name
    general = {row: value for (row, place), value in expected["formula: schmid-leiman"].items() if place == "g"}
    assert found.loadings["general"].to_dict() == pytest.approx({item: abs(g) for item, g in general.items()}, abs=1e-4)


@pytest.mark.parametrize(("label", "n_factors"), [("bifactor", 3), ("clean", 3)])
def test_omega_of_the_groups_is_that_of_psych(label, n_factors):
    expected = RELIABILITY[label, "pearson", f"omega {n_factors} factors minres oblimin"]
    found = mcdonald_omega(answers(label), kind="hierarchical", n_factors=n_factors, ci="none", seed=1)
    assert found.omega_hierarchical == pytest.approx(only(expected["psych: omega_hierarchical"]), abs=1e-4)
    theirs = pd.Series(expected["psych: omega of group"]).unstack()  # noqa: PD010
    ours = found.group_factors
    whole = theirs.loc["g", ["total", "general", "group"]].to_numpy(dtype=float)
    columns = ["omega_total", "omega_general", "omega_group"]
    assert ours.loc["general", columns].to_numpy(dtype=float) == pytest.approx(whole, abs=2e-4)
    for name in columns:  # groups in any order
        place = {"omega_total": "total", "omega_general": "general", "omega_group": "group"}[name]
        assert sorted(ours[name][1:]) == pytest.approx(sorted(theirs[place].drop("g")), abs=2e-4)


@pytest.mark.parametrize("label", ["one", "teams", "clean i1-i4"])
def test_omega_of_one_factor(label):
    frame = answers(label)
    expected = RELIABILITY[label, "pearson", "omega 1 factor minres"]
    observed = mcdonald_omega(frame, ci="none")
    implied = mcdonald_omega(frame, total_variance="implied", ci="none")
    assert observed.estimate == pytest.approx(only(expected["formula: omega_total_observed"]), abs=1e-6)
    assert observed.estimate == pytest.approx(only(expected["psych: omega_total_observed"]), abs=1e-4)
    assert implied.estimate == pytest.approx(only(expected["formula: omega_total_implied"]), abs=1e-6)
    loadings = column(expected["formula: loading"]).abs().to_dict()
    assert observed.loadings["general"].to_dict() == pytest.approx(loadings, abs=1e-5)


@pytest.mark.parametrize("label", ["one", "teams", "clean i1-i4"])
def test_categorical_omega_is_that_of_semtools(label):
    expected = RELIABILITY[label, "polychoric listwise", "omega cfa wlsmv"]
    found = mcdonald_omega(answers(label), kind="categorical", ci="none")
    assert found.estimate == pytest.approx(only(expected["semTools: omega_categorical"]), abs=1e-4)


# --- retest


@pytest.mark.parametrize("name", ["retest", "retest3", "retest_missing"])
def test_retest_correlations_are_those_of_psych(name):
    basis = "listwise" if name == "retest_missing" else ""
    results = {level: retest_icc(answers(name), confidence=level / 100) for level in (90, 95)}
    assert results[95].n_respondents == only(RETEST[name, basis, ""]["formula: n"])
    for form, row in results[95].forms.iterrows():
        expected = RETEST[name, basis, row["name"]]
        assert row["estimate"] == pytest.approx(only(expected["psych: icc"]), abs=1e-8)
        for level, result in results.items():
            for side in ("ci_low", "ci_high"):
                got = result.forms.loc[form, side]
                assert got == pytest.approx(only(expected[f"psych: {side}_{level}"]), abs=1e-8)
    errors = RETEST[name, basis, "anova"]
    assert results[95].sem_agreement == pytest.approx(only(errors["formula: sem_agreement"]), rel=1e-8)
    assert results[95].sem_consistency == pytest.approx(only(errors["formula: sem_consistency"]), rel=1e-8)
    change = smallest_detectable_change(results[95], n=results[95].n_respondents)
    assert change.individual == pytest.approx(only(errors["formula: sdc_agreement"]), rel=2e-5)  # 1.96 there
    assert change.group == pytest.approx(only(errors["formula: sdc_group_agreement"]), rel=2e-5)


def test_guttman_lambda_six_has_the_same_squared_multiple_correlations():
    frame = answers("one")
    r = frame.corr().to_numpy()
    expected = only(RELIABILITY["one", "covariance listwise", "alpha as answered"]["psych: guttman_lambda_6"])
    assert 1 - np.sum(1 - squared_multiple(r)) / r.sum() == pytest.approx(expected, abs=1e-8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(squared_multiple(np.ones((3, 3)))).all()
