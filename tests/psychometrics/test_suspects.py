"""Columns and codes that look like no answers: named where they are, silent where answers are answers."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import movement_readiness as mr
from movement_readiness.exceptions import (
    ArgumentError,
    EmptyCategoryWarning,
    IdentifierColumnWarning,
    StrayCodeWarning,
)
from movement_readiness.psychometrics._suspects import stray_codes

REVERSED = "ignore::movement_readiness.exceptions.ReversedItemWarning"  # numbers that are no answers go astray
EMPTY = "ignore::movement_readiness.exceptions.EmptyCategoryWarning"


def answered(seed: int = 1, n: int = 200, k: int = 5, options: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    return pd.DataFrame(
        np.rint((options + 1) / 2 + latent * options / 6).clip(1, options), columns=list("abcdefgh")[:k]
    )


ANALYSES = {
    "item_analysis": mr.item_analysis,
    "alpha": mr.cronbach_alpha,
    "omega": lambda items: mr.mcdonald_omega(items, ci="none"),
    "efa": lambda items: mr.efa(items, n_factors=1),
    "kmo": mr.kmo,
    "correlations": mr.correlation_matrix,
}


@pytest.mark.filterwarnings(REVERSED)
@pytest.mark.parametrize("name", ANALYSES)
def test_a_running_number_is_named(name):
    items = answered()
    numbered = items.assign(nr=np.arange(1, 201))
    with pytest.warns(
        IdentifierColumnWarning, match=r"'nr' looks like a running number.*drop\(columns=\['nr'\]\)"
    ) as all_:
        ANALYSES[name](numbered)
    assert all_[0].filename == __file__
    shuffled = numbered.sample(frac=1, random_state=1)
    with pytest.warns(IdentifierColumnWarning, match="'nr'"):
        ANALYSES[name](shuffled)


@pytest.mark.filterwarnings(REVERSED)
@pytest.mark.parametrize("name", ["Unnamed: 0", "id", "ID", "response_id", "person_id"])
def test_a_column_called_an_identifier_is_named(name):
    items = answered().assign(**{name: np.random.default_rng(3).integers(0, 900, 200)})
    with pytest.warns(IdentifierColumnWarning, match=name):
        mr.cronbach_alpha(items)


def test_an_identifier_is_no_occasion():
    rng = np.random.default_rng(4)
    person = rng.normal(50, 10, 60)
    scores = pd.DataFrame({"first": person + rng.normal(0, 4, 60), "second": person + rng.normal(0, 4, 60)})
    assert mr.retest_icc(scores).n_occasions == 2
    with pytest.warns(IdentifierColumnWarning, match=r"^scores: 'id'"):
        mr.retest_icc(scores.assign(id=np.arange(60)))


def test_polychoric_refuses_a_running_number_and_says_what_it_may_be():
    with pytest.raises(ArgumentError, match="row numbers are no item"):
        mr.polychoric(answered().assign(nr=np.arange(200)))
    with pytest.raises(ArgumentError, match="row numbers are no item"):
        mr.efa(answered().assign(nr=np.arange(200)), n_factors=1, correlation="polychoric")


@pytest.mark.parametrize("code", [99, 9, -9, 999, -999, 9999, 55])
@pytest.mark.parametrize("name", ["item_analysis", "alpha", "efa", "polychoric"])
@pytest.mark.filterwarnings(EMPTY, REVERSED)
def test_a_code_far_from_the_others_is_named_with_its_item(code, name):
    items = answered(n=300)
    items.loc[:9, "b"] = code
    analyse = {**ANALYSES, "polychoric": mr.polychoric}[name]
    with pytest.warns(StrayCodeWarning, match=rf"'b' \({code}\)"):
        analyse(items)
    analyse(items.replace(code, float("nan")))


@pytest.mark.parametrize("code", [8, -1, -2])
@pytest.mark.filterwarnings(EMPTY)
def test_a_code_near_the_others_is_named_where_no_item_uses_what_lies_between(code):
    items = answered(n=300)
    items.loc[7, "b"] = code
    with pytest.warns(StrayCodeWarning, match=rf"'b' \({code}\)"):
        mr.cronbach_alpha(items)
    items.loc[:20, ["a", "c", "d"]] = code  # as it is where it stands for "cannot say" in all
    assert dict(stray_codes(list(items), items.to_numpy())) == {name: [code] for name in "abcd"}


def test_a_wider_scale_beside_narrower_ones_has_no_stray_codes():
    items = answered(n=300)
    wide = items.assign(e=np.random.default_rng(2).integers(1, 8, 300))
    wide.loc[7, "b"] = 8
    assert not stray_codes(list(wide), wide.to_numpy())
    rare = answered(n=300, options=7).replace({"b": {6: 5}})  # a rare 7 above an unused 6
    assert not stray_codes(list(rare), rare.to_numpy())


@pytest.mark.parametrize("options", [2, 3, 5, 7, 10])
def test_skewed_answers_of_few_people_have_no_stray_codes(options):
    rng = np.random.default_rng(options)
    for _ in range(100):
        latent = rng.normal(0, 1) + rng.uniform(0.3, 1) * rng.normal(size=(60, 5))
        items = np.rint((options + 1) / 2 + latent * options / 6).clip(1, options)
        assert not stray_codes(list("abcde"), items)


CONFIRMED = {
    "cfa": lambda items: mr.cfa(items, "f =~ a + b + c + d"),
    "cfa wlsmv": lambda items: mr.cfa(items, "f =~ a + b + c + d", estimator="wlsmv", missing="pairwise"),
    "htmt": lambda items: mr.htmt(items, {"one": ["a", "b"], "two": ["c", "d"]}),
}


@pytest.mark.filterwarnings(EMPTY)
@pytest.mark.parametrize("name", CONFIRMED)
def test_a_missing_code_is_named_where_models_are_confirmed(name):
    items = answered(n=300)
    items.loc[:9, "b"] = 99
    with pytest.warns(StrayCodeWarning, match=r"'b' \(99\)"):
        CONFIRMED[name](items)
    CONFIRMED[name](items.replace(99, float("nan")))


@pytest.mark.parametrize("estimator", ["ml", "wlsmv"])
def test_a_missing_code_is_named_once_in_a_ladder(estimator):
    items = answered(n=600).assign(site=["North", "South"] * 300)
    items.loc[[0, 2, 4], "b"] = 99  # in one group alone, where ordered answers are refused
    with warnings.catch_warnings(record=True) as said, contextlib.suppress(ArgumentError):
        warnings.simplefilter("always")
        mr.measurement_invariance(items, "f =~ a + b + c + d", group="site", estimator=estimator)
    assert [one.category for one in said].count(StrayCodeWarning) == 1


def test_several_missing_codes_in_every_item():
    items = answered(n=400)
    items.iloc[:8], items.iloc[8:16] = 88, 99
    found = dict(stray_codes(list(items), items.to_numpy()))
    assert found == {name: [88.0, 99.0] for name in items}


@pytest.mark.parametrize("options", [2, 3, 4, 5, 7, 10])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_answers_are_no_strays(options, seed):
    items = answered(seed, n=60, options=options)
    assert stray_codes(list(items), items.to_numpy()) == []
    wide = items * 25 - 25  # codes 0, 25, 50 ...
    assert stray_codes(list(wide), wide.to_numpy()) == []


def test_unequal_options_and_rare_ones_are_no_strays():
    items = answered(n=300).assign(wide=answered(5, n=300, k=1, options=10)["a"], rare=1.0)
    items.loc[:99, "rare"] = 2
    items.loc[0, "rare"] = 7  # others use 7 as an ordinary code
    assert stray_codes(list(items), items.to_numpy()) == []


@pytest.mark.filterwarnings(REVERSED)
def test_ordered_categories_are_never_strays():
    labels = [str(number) for number in range(12)]
    codes = np.where(
        np.random.default_rng(2).random((200, 3)) < 0.1, 11, np.random.default_rng(3).integers(0, 3, (200, 3))
    )
    frame = pd.DataFrame({f"q{k}": pd.Categorical.from_codes(codes[:, k], labels, ordered=True) for k in range(3)})
    with pytest.warns(EmptyCategoryWarning) as caught:
        mr.item_analysis(frame)
    assert not [one for one in caught if issubclass(one.category, StrayCodeWarning)]


def test_scoring_names_an_answer_that_the_analysis_never_met():
    items = answered()
    found = mr.efa(items, n_factors=1)
    found.factor_scores(items)
    with pytest.warns(StrayCodeWarning, match=r"'c' \(99, met 1 to 5\)"):
        found.factor_scores([[3, 3, 99, 3, 3]])
    latent = mr.efa(items, n_factors=1, correlation="polychoric")
    with pytest.warns(StrayCodeWarning, match=r"'a' \(0, met 1 to 5\)"):
        latent.factor_scores([[0, 3, 3, 3, 3]], values="codes")
    measured = items + np.random.default_rng(1).normal(size=items.shape)
    continuous = mr.efa(measured, n_factors=1)
    continuous.factor_scores(measured.to_numpy() + 0.5)  # a little outside is no surprise
    with pytest.warns(StrayCodeWarning, match="'e'"):
        continuous.factor_scores([[3, 3, 3, 3, 99]])
