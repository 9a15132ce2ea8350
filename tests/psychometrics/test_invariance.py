"""Ladders of measurement invariance: steps, tests, suggestions, and lavaan's values."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from psychometrics import confirmatory_data as reference

from movement_readiness.exceptions import (
    ArgumentError,
    ClusteredDataWarning,
    EmptyCategoryWarning,
    MovementReadinessWarning,
)
from movement_readiness.psychometrics import compare_models, measurement_invariance
from movement_readiness.psychometrics.confirmatory.release import release_tests
from movement_readiness.psychometrics.confirmatory.tables import expansion

MODEL = "f =~ x1 + x2 + x3 + x4 + x5 + x6"
ITEMS = [f"x{place}" for place in range(1, 7)]


def latent(seed, n=800, shift=0.0, weaker=0.0, groups=("North", "South")):
    """Responses of two groups that differ in factor mean and variance, and in item 2 as asked."""
    rng = np.random.default_rng(seed)
    site = np.repeat(groups, n // len(groups))
    later = site != groups[0]
    factor = rng.normal(size=n) * np.where(later, 1.2, 1.0) + 0.3 * later
    loadings = np.full((n, 6), 0.8)
    loadings[later, 1] -= weaker
    values = factor[:, np.newaxis] * loadings + 0.6 * rng.normal(size=(n, 6))
    values[later, 1] += shift
    return pd.DataFrame(values, columns=ITEMS).assign(site=site)


def cut(frame, points):
    """Ordered answers; items differ in how hard they are, without which two categories identify no factor mean."""
    coded = frame.copy()
    for name, harder in zip(ITEMS, (-0.4, 0.3, -0.2, 0.0, 0.4, 0.1), strict=True):
        coded[name] = np.digitize(frame[name], np.array(points) + harder) + 1
    return coded


FOUR, THREE, TWO = (-0.9, 0.0, 0.9), (-0.5, 0.6), (0.1,)


def test_continuous_steps_and_their_degrees_of_freedom():
    table = measurement_invariance(latent(1), MODEL, group="site").to_frame()
    assert list(table["step"]) == ["configural", "metric", "scalar", "strict"]
    assert table["df"].tolist() == [18, 23, 28, 34]
    assert table["df_diff"].tolist()[1:] == [5, 5, 6]
    assert table["pvalue_diff"].isna().tolist() == [True, False, False, False]
    np.testing.assert_allclose(table["cfi_change"][1:], table["cfi"].diff()[1:])
    assert (table["chisq_diff"][1:] >= 0).all()  # unscaled nested chi-squares are ordered


@pytest.mark.parametrize(
    ("points", "steps", "df"),
    [
        (FOUR, ["configural", "thresholds", "loadings", "intercepts", "residuals"], [18, 24, 29, 34, 40]),
        (THREE, ["configural", "loadings", "intercepts", "residuals"], [18, 23, 28, 34]),
        (TWO, ["configural", "intercepts", "residuals"], [18, 22, 28]),
    ],
)
@pytest.mark.parametrize("parameterization", ["delta", "theta"])
def test_ordered_items_have_the_steps_their_categories_allow(points, steps, df, parameterization):
    items = cut(latent(2), points)
    found = measurement_invariance(items, MODEL, group="site", estimator="wlsmv", parameterization=parameterization)
    assert list(found.steps) == steps
    assert found.to_frame()["df"].tolist() == df
    assert bool(found.notes) == (points != FOUR)
    for note in found.notes:
        assert note in found._repr_html_()


def test_parameterizations_agree_where_no_equality_crosses_items():
    items = cut(latent(3), FOUR)
    one, other = (
        measurement_invariance(items, MODEL, group="site", estimator="wlsmv", parameterization=name).to_frame()
        for name in ("delta", "theta")
    )
    for column in ("chisq", "chisq.scaled", "cfi", "srmr", "chisq_diff"):
        np.testing.assert_allclose(one[column], other[column], rtol=1e-4, atol=1e-5)


def test_items_of_two_categories_join_at_intercepts():
    items = cut(latent(4), FOUR)
    items["x6"] = (items["x6"] > 2).astype(int)
    found = measurement_invariance(items, MODEL, group="site", estimator="wlsmv")
    assert list(found.steps) == ["configural", "thresholds", "loadings", "intercepts", "residuals"]
    assert any("'x6'" in note for note in found.notes)
    loadings = found.fits["loadings"].parameters.query("op == '=~' and rhs == 'x6'")["est"]
    assert loadings.iloc[0] != loadings.iloc[1]
    assert found.to_frame()["df"].tolist() == [18, 23, 27, 32, 38]


@pytest.mark.parametrize("seed", range(3))
def test_an_item_that_differs_is_found_and_named(seed):
    found = measurement_invariance(latent(seed, shift=0.5), MODEL, group="site", estimator="mlr")
    table = found.to_frame().set_index("step")
    assert table.loc["metric", "pvalue_diff"] > 0.001
    assert table.loc["scalar", "pvalue_diff"] < 0.001
    first = found.suggestions().iloc[0]
    assert (first["step"], first["parameter"], first["item"], first["group"]) == ("scalar", "x2~1", "x2", "South")
    assert first["change"] == pytest.approx(0.5, abs=0.2)
    assert "x2~1 in South" in found._repr_html_()
    freed = measurement_invariance(latent(seed, shift=0.5), MODEL, group="site", partial="x2~1")
    assert freed.to_frame().set_index("step").loc["scalar", "pvalue_diff"] > 0.001


def test_weaker_loadings_are_found_among_loadings():
    found = measurement_invariance(latent(5, n=2000, weaker=0.4), MODEL, group="site")
    assert found.suggestions().iloc[0]["parameter"] == "f=~x2"
    assert found.suggestions()["step"].unique().tolist() == ["metric"]


@pytest.mark.parametrize("points", [FOUR, THREE, TWO])
def test_ordered_items_that_are_harder_in_one_group_are_found(points):
    items = cut(latent(6, n=2000, shift=0.6), points)
    found = measurement_invariance(items, MODEL, group="site", estimator="wlsmv")
    assert found.to_frame().set_index("step").loc["intercepts", "pvalue_diff"] < 0.001
    assert found.suggestions("intercepts", most=3)["item"].iloc[0] == "x2"
    freed = measurement_invariance(items, MODEL, group="site", estimator="wlsmv", partial=["x2~1"])
    assert freed.to_frame().set_index("step").loc["intercepts", "pvalue_diff"] > 0.001


def test_partial_thresholds_and_residuals_stay_free():
    items = cut(latent(7), FOUR)
    partial = ["x1|t2", "f=~x3", "x4~~x4"]
    found = measurement_invariance(items, MODEL, group="site", estimator="wlsmv", partial=partial)
    whole = measurement_invariance(items, MODEL, group="site", estimator="wlsmv").to_frame()
    assert (whole["df"] - found.to_frame()["df"]).tolist() == [0, 1, 2, 2, 3]


def test_order_of_groups_does_not_matter():
    items = latent(8)
    one = measurement_invariance(items, MODEL, group="site").to_frame()
    other = measurement_invariance(items.iloc[::-1], MODEL, group="site").to_frame()
    np.testing.assert_allclose(one["chisq"], other["chisq"], rtol=1e-6)


def test_true_invariance_is_rejected_about_as_often_as_it_should_be():
    small = [
        measurement_invariance(latent(100 + seed, n=500), MODEL, group="site").to_frame()["pvalue_diff"][1:]
        for seed in range(12)
    ]
    assert (np.concatenate(small) < 0.05).mean() < 0.2  # 36 tests; 5 % of them are two


def test_second_order_models_have_a_ladder():
    rng = np.random.default_rng(9)
    top = rng.normal(size=(900, 1))
    factors = 0.7 * top + 0.7 * rng.normal(size=(900, 3))
    values = np.repeat(factors, 3, axis=1) * 0.8 + 0.6 * rng.normal(size=(900, 9))
    items = pd.DataFrame(values, columns=[f"y{place}" for place in range(1, 10)]).assign(site=["a", "b"] * 450)
    model = "a =~ y1 + y2 + y3\nb =~ y4 + y5 + y6\nc =~ y7 + y8 + y9\ng =~ a + b + c"
    table = measurement_invariance(items, model, group="site").to_frame()
    assert table["df"].tolist() == [48, 56, 64, 73]


def test_only_the_steps_asked_for_are_fitted():
    found = measurement_invariance(latent(1), MODEL, group="site", steps=["configural", "scalar"])
    assert found.steps == ("configural", "scalar")
    assert found.to_frame()["df_diff"].iloc[1] == 10
    assert set(found.suggestions("scalar", most=None)["parameter"].str.contains("~1")) == {True, False}
    comparison = compare_models(found.fits["configural"], found.fits["scalar"]).table
    assert comparison["chisq_diff"].iloc[1] == pytest.approx(found.to_frame()["chisq_diff"].iloc[1])


def test_mistakes_get_a_sentence():
    items = latent(1)
    with pytest.raises(ArgumentError, match="estimator"):
        measurement_invariance(items, MODEL, group="site", estimator="uls")
    with pytest.raises(ArgumentError, match="group: expected a column"):
        measurement_invariance(items, MODEL, group="sites")
    with pytest.raises(ArgumentError, match=r"partial: expected parameters.*x9~1"):
        measurement_invariance(items, MODEL, group="site", partial="x9~1")
    with pytest.raises(ArgumentError, match="steps"):
        measurement_invariance(items, MODEL, group="site", steps=["weak"])
    coded = cut(items, TWO)
    with pytest.raises(ArgumentError, match="steps: expected one or more of"):
        measurement_invariance(coded, MODEL, group="site", estimator="wlsmv", steps=["thresholds"])
    with pytest.raises(ArgumentError, match="line 2, column 6: expected no intercepts"):
        measurement_invariance(coded, MODEL + "\nx1 ~ 1", group="site", estimator="wlsmv")
    rare = cut(items, FOUR)
    rare.loc[(rare["site"] == "South") & (rare["x1"] == 4), "x1"] = 3
    with pytest.raises(ArgumentError, match="every category in every group"):
        measurement_invariance(rare, MODEL, group="site", estimator="wlsmv")
    with pytest.raises(ArgumentError, match="step: expected one of"):
        measurement_invariance(items, MODEL, group="site").suggestions("loadings")


def test_a_warning_of_all_steps_is_given_once():
    items = cut(latent(1), FOUR)
    items["x1"] = items["x1"].replace({3: 5, 4: 6})  # nobody chose 3 or 4
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        measurement_invariance(items, MODEL, group="site", estimator="wlsmv")
    empty = [str(one.message) for one in caught if issubclass(one.category, EmptyCategoryWarning)]
    assert len(empty) == len(set(empty))
    assert all(issubclass(one.category, MovementReadinessWarning) for one in caught)


def test_teams_without_a_cluster_are_pointed_out_once_and_a_cluster_is_taken():
    items = latent(1).assign(team=np.arange(800) // 10)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plain = measurement_invariance(items, MODEL, group="site", estimator="mlr", steps=["configural", "metric"])
    assert [one.category for one in caught] == [ClusteredDataWarning]
    found = measurement_invariance(items, MODEL, group="site", estimator="mlr", cluster="team", steps=["configural"])
    one, other = (one.fits["configural"].fit_measures for one in (plain, found))
    assert one["chisq"] == pytest.approx(other["chisq"], rel=1e-6)
    assert one["chisq.scaled"] != pytest.approx(other["chisq.scaled"], rel=1e-6)


def test_it_says_what_was_done_and_that_no_cut_off_is_consistent():
    found = measurement_invariance(latent(1), MODEL, group="site", estimator="mlr")
    html = found._repr_html_()
    for words in ("Satorra and Bentler 2001", "Chen (2007)", "None of these is a consistent rule", "North, South"):
        assert words in html
    assert repr(found).startswith("<InvarianceResult: 2 groups, n 800; metric p")


@pytest.mark.parametrize("case", sorted(reference.table("score_tests"))[::2])
def test_releases_are_lavaans_score_tests(case):
    fit = reference.fit(case)._fit
    rows, chisq, _ = release_tests(fit.model, fit.theta, expansion(fit))
    found = {(f"{row.lhs}{row.op}{row.rhs}", row.group + 1): value for row, value in zip(rows, chisq, strict=True)}
    for row in reference.table("score_tests")[case].itertuples():
        name, group = row.rhs.rsplit(" g", 1)
        assert found[name.replace(" ", ""), int(group)] == pytest.approx(row.x2, rel=1e-3, abs=1e-4), row
