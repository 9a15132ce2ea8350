"""Item analysis: against R, by identities, on any frame, with bad input."""

from __future__ import annotations

import warnings
from html import escape

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from movement_readiness.exceptions import (
    ArgumentError,
    ClusteredDataWarning,
    ConstantItemWarning,
    EmptyCategoryWarning,
    NearPerfectCorrelationWarning,
    ReversedItemWarning,
)
from movement_readiness.psychometrics.items import item_analysis
from movement_readiness.psychometrics.reliability import cronbach_alpha

NUMBERS = ["mean", "sd", "skew", "kurtosis", "floor", "ceiling", "item_rest", "item_rest_smc", "alpha_if_dropped"]


@pytest.fixture
def answers():
    rng = np.random.default_rng(4)
    latent = rng.normal(size=(200, 1)) + rng.normal(size=(200, 5))
    return pd.DataFrame(np.clip(np.rint(3 + latent), 1, 5), columns=list("abcde"))


def quiet(*args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return item_analysis(*args, **kwargs)


def test_the_numbers_of_an_item_are_those_of_scipy(answers):
    found = item_analysis(answers).items
    assert found["mean"].to_numpy() == pytest.approx(answers.mean().to_numpy())
    assert found["sd"].to_numpy() == pytest.approx(answers.std().to_numpy())
    for kind, options in {1: {"bias": True}, 2: {"bias": False}}.items():
        by_kind = item_analysis(answers, skewness_type=kind).items
        assert by_kind["skew"].to_numpy() == pytest.approx(stats.skew(answers, **options))
        assert by_kind["kurtosis"].to_numpy() == pytest.approx(stats.kurtosis(answers, **options))


def test_the_rest_correlation_is_with_the_sum_of_the_other_items(answers):
    found = item_analysis(answers).items
    for item in answers:
        rest = answers.drop(columns=item)
        assert found.loc[item, "item_rest"] == pytest.approx(answers[item].corr(rest.sum(axis=1)))
        assert found.loc[item, "alpha_if_dropped"] == pytest.approx(cronbach_alpha(rest).estimate)
    assert item_analysis(answers).scales.loc["all items", "alpha"] == pytest.approx(cronbach_alpha(answers).estimate)


def test_floor_and_ceiling_need_the_number_of_options(answers):
    low = answers.clip(upper=4)
    with pytest.warns(EmptyCategoryWarning, match=r"'a' \(5\)"):
        known = item_analysis(low, n_options=5)
    assert (known.items["ceiling"] == 0).all()
    assert (item_analysis(low).items["ceiling"] > 0).all()  # nobody said that there is a fifth option
    shares = known.distribution.groupby("item")["share"].sum()
    assert shares.to_numpy() == pytest.approx(1)
    assert len(known.distribution) == 5 * 5
    some = item_analysis(low, n_options={"a": 4})
    assert some.items.loc["a", "ceiling"] == (low["a"] == 4).mean()


def test_codes_from_zero_ordered_categories_and_unequal_numbers_of_options():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "yes": rng.integers(0, 2, 90),
            "rating": rng.integers(1, 11, 90),
            "words": pd.Categorical(rng.choice(["no", "some", "all"], 90), ["no", "some", "all"], ordered=True),
        }
    )
    found = quiet(frame, n_options={"yes": 2, "rating": 10})
    assert found.distribution["item"].value_counts().to_dict() == {"yes": 2, "rating": 10, "words": 3}
    words = found.distribution.query("item == 'words'")
    assert list(words["category"]) == ["no", "some", "all"]
    assert found.items.loc["words", "floor"] == (frame["words"] == "no").mean()


def test_scales_share_items_and_keys_turn_them(answers):
    turned = answers.assign(a=6 - answers["a"])
    found = item_analysis(turned, scales={"whole": ["-a", "b", "c", "d", "e"], "part": ["b", "c", "d"]})
    straight = item_analysis(answers)
    whole = found.items.query("scale == 'whole'")
    assert whole["item_rest"].to_numpy() == pytest.approx(straight.items["item_rest"].to_numpy())
    assert list(whole["key"]) == [-1, 1, 1, 1, 1]
    assert whole.loc["a", "mean"] == pytest.approx(turned["a"].mean())  # as answered
    assert list(found.scales["n_items"]) == [5, 3]
    assert "scale" in found._repr_html_()
    with pytest.warns(ReversedItemWarning, match="'a'"):
        item_analysis(turned)


def test_missing_answers_listwise_and_pairwise(answers):
    holes = answers.mask(np.random.default_rng(3).random(answers.shape) < 0.1)
    holes.iloc[0] = np.nan
    listwise, pairwise = item_analysis(holes), item_analysis(holes, missing="pairwise")
    complete = item_analysis(holes.dropna())
    assert listwise.items["item_rest"].to_numpy() == pytest.approx(complete.items["item_rest"].to_numpy())
    assert listwise.scales.loc["all items", "n_respondents"] == len(holes.dropna())
    assert pairwise.scales.loc["all items", "n_respondents"] == len(holes) - 1
    assert listwise.n_respondents == len(holes) - 1
    assert listwise.items["missing"].to_numpy() == pytest.approx(holes.isna().mean().to_numpy())
    assert listwise.items["mean"].to_numpy() == pytest.approx(holes.mean().to_numpy())
    covariance = holes.cov()
    rest = covariance.sum(axis=1) - np.diag(covariance)
    spread = covariance.to_numpy().sum() - 2 * covariance.sum(axis=1) + np.diag(covariance)
    expected = rest / np.sqrt(np.diag(covariance) * spread)
    assert pairwise.items["item_rest"].to_numpy() == pytest.approx(expected.to_numpy())


def test_any_frame_and_a_plain_array(answers):
    base = item_analysis(answers).items[NUMBERS].to_numpy()
    for frame in (pl.from_pandas(answers), pa.Table.from_pandas(answers), answers.astype("Int64"), answers.to_numpy()):
        assert item_analysis(frame).items[NUMBERS].to_numpy() == pytest.approx(base)
    before = answers.copy()
    item_analysis(answers)
    pd.testing.assert_frame_equal(answers, before)


def test_team_columns_are_no_items_and_need_no_word_here(answers):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ClusteredDataWarning)
        found = item_analysis(answers.assign(site="North", team=["A", "B"] * 100))
    assert list(found.items.index) == list("abcde")


def test_polychoric_correlations_are_larger(answers):
    ordinal, pearson = item_analysis(answers, correlation="polychoric"), item_analysis(answers)
    assert (ordinal.items["item_rest"] > pearson.items["item_rest"]).all()
    assert "polychoric" in ordinal._repr_html_()


def test_a_constant_item_is_named_and_its_correlations_are_nan(answers):
    with pytest.warns(ConstantItemWarning, match="'c'"):
        found = item_analysis(answers.assign(c=3))
    assert np.isnan(found.items.loc["c", "item_rest"])
    assert np.isnan(found.items.loc["c", "skew"])
    assert found.items.drop(index="c")["item_rest"].notna().all()
    with pytest.warns(ConstantItemWarning):
        nothing = item_analysis(answers.assign(c=np.nan), missing="pairwise")
    assert nothing.items.loc["c", "n"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"scales": {"s": ["a", "z"]}}, "'z' is none of"),
        ({"scales": {"s": ["a"]}}, "two or more item names"),
        ({"scales": {"s": "ab"}}, "two or more item names"),
        ({"scales": ["a", "b"]}, "mapping of scale"),
        ({"n_options": 1}, "2 or more"),
        ({"n_options": 3}, "codes 1 to 3"),
        ({"n_options": {"z": 5}}, "'z' not among them"),
        ({"n_options": 5.5}, "n_options of 'a'"),
        ({"scales": {"s": ["a", "b", "-a"]}}, "each item once"),
        ({"missing": "drop"}, "missing: expected one of"),
        ({"correlation": "kendall"}, "correlation: expected one of"),
        ({"skewness_type": 4}, "skewness_type"),
    ],
)
def test_bad_arguments_get_a_sentence(answers, arguments, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        item_analysis(answers, **arguments)


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        (pd.DataFrame({"a": ["x", "y"], "b": [1, 2]}), "expected numbers"),
        (pd.DataFrame({"a": [1.0, 2.0]}), "2 or more items"),
        (pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 1.0]}), "two or more respondents"),
        (3, "expected an item frame"),
        (pd.DataFrame({"a": ["3", "4"], "b": [1, 2]}), r"got '3' at position 0.*astype\(float\)"),
        ({"a": [1, 2, 3], "b": [1, 2]}, "all of the same length"),
        (pd.DataFrame({"a": [1e80, 2e80], "b": [1, 2]}), "finite numbers below"),
    ],
)
def test_bad_items_get_a_sentence(items, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        quiet(items)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_order_of_people_and_items_and_units_do_not_matter(seed, random):
    rng = np.random.default_rng(seed)
    table = np.clip(np.rint(3 + rng.normal(size=(30, 1)) + rng.normal(size=(30, 4))), 1, 5)
    frame = pd.DataFrame(table, columns=list("wxyz"))
    base = quiet(frame).items
    people, items = list(range(30)), list("wxyz")
    random.shuffle(people)
    random.shuffle(items)
    mixed = quiet(frame.iloc[people][items]).items.loc[list("wxyz")]
    assert mixed[NUMBERS].to_numpy() == pytest.approx(base[NUMBERS].to_numpy(), nan_ok=True, abs=1e-9)
    relative = ["item_rest", "item_rest_smc", "alpha_if_dropped", "skew", "kurtosis"]
    scaled = quiet(10 * frame - 7).items
    assert scaled[relative].to_numpy() == pytest.approx(base[relative].to_numpy(), nan_ok=True, abs=1e-9)


def test_items_that_repeat_each_other_are_named_once_in_whatever_scale(answers):
    twice = answers.assign(z=answers["a"], y=6 - answers["b"])
    names = list(twice.columns)
    scales = {"one": names[:-1], "two": [*names[:-1]], "three": ["b", "-y"]}
    with pytest.warns(NearPerfectCorrelationWarning) as caught:
        item_analysis(twice, scales=scales)
    assert len(caught) == 1
    (said,) = [str(warning.message) for warning in caught]
    assert said.count("'a' with 'z' (1.000)") == 1
    assert "'b' with 'y' (1.000)" in said
    with pytest.warns(NearPerfectCorrelationWarning, match="'a' with 'z'") as caught:
        item_analysis(twice.drop(columns="y"), correlation="polychoric")
    assert [warning.category for warning in caught].count(NearPerfectCorrelationWarning) == 1


def test_names_of_several_parts_and_a_mapping_of_columns(answers):
    plain = item_analysis(answers)
    pairs = [("x", name) for name in answers.columns]
    several = answers.set_axis(pd.MultiIndex.from_tuples(pairs), axis=1)
    for frame in (several, answers.set_axis(pd.Index(pairs, tupleize_cols=False), axis=1)):
        found = item_analysis(frame)
        assert found.items.index.tolist() == pairs
        assert found.items[NUMBERS].to_numpy() == pytest.approx(plain.items[NUMBERS].to_numpy(), nan_ok=True)
        assert escape("('x', 'a')") in found._repr_html_()
        two = item_analysis(frame, scales={"s": pairs[:3], "t": pairs[1:]})
        assert two.items.index.tolist() == pairs[:3] + pairs[1:]
    assert item_analysis({name: answers[name].tolist() for name in answers}).items.equals(plain.items)


def test_results_show_themselves(answers):
    found = item_analysis(answers)
    assert "5 items in 1 scale, 200 respondents" in repr(found)
    assert " at 0x" not in repr(found)
    html = found._repr_html_()
    assert "type 3" in html
    assert "alpha" in html
    assert found.to_frame().equals(found.items)
