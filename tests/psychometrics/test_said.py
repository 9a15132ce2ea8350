"""What the exploratory room says beside its numbers: nobody accused for nothing, nothing left unsaid."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import (
    ArgumentError,
    ClusteredDataWarning,
    ConstantItemWarning,
    EstimationWarning,
    HeywoodWarning,
    IdentifierColumnWarning,
    MovementReadinessWarning,
    NotPositiveDefiniteWarning,
    ReversedItemWarning,
    TooFewRespondentsWarning,
)


def answered(seed: int = 1, n: int = 300, k: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, k))
    return pd.DataFrame(np.rint(3 + latent).clip(1, 5), columns=list("abcdefgh")[:k])


def gaps(share: float, seed: int = 2) -> pd.DataFrame:
    items = answered()
    return items.mask(np.random.default_rng(seed).random(items.shape) < share)


def said(call) -> list[type[Warning]]:
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        call()
    return [one.category for one in given]


def test_acov_is_called_n_times_the_covariance():
    page = mr.polychoric(answered(), acov=True)._repr_html_()
    assert "n times the covariance of thresholds and correlations" in page
    assert "their covariance in .acov" not in page


def test_alpha_warns_of_a_constant_item_and_keeps_its_number():
    items = answered()
    with pytest.warns(ConstantItemWarning, match="'a' has one answer only.*psych::alpha deletes"):
        found = mr.cronbach_alpha(items.assign(a=3), ci="none")
    covariances = items.drop(columns="a").cov().to_numpy()
    assert found.estimate == pytest.approx(6 / 5 * (1 - np.trace(covariances) / covariances.sum()))


def test_clusters_without_standard_errors_change_nothing_and_that_is_said():
    team = np.arange(300) // 10
    page = mr.polychoric(answered(), cluster=team)._repr_html_()
    assert "in 30 clusters, which changes nothing without se=True or acov=True" in page
    assert "which standard errors allow for" in mr.polychoric(answered(), cluster=team, se=True)._repr_html_()


def test_who_has_no_cluster_label_is_left_out_everywhere_and_counted():
    team = np.where(np.arange(300) < 5, np.nan, np.arange(300) // 10)
    alpha = mr.cronbach_alpha(answered(), cluster=team)
    omega = mr.mcdonald_omega(answered(), cluster=team, n_bootstrap=5)
    rho = mr.polychoric(answered(), cluster=team, se=True)
    for found in (alpha, omega, rho):
        assert found.n_respondents == 295
        assert "5 respondents without a cluster label were left out." in found._repr_html_()
    alone = mr.polychoric(answered()[5:])
    np.testing.assert_allclose(rho.correlations, alone.correlations)


def test_omega_and_schmid_leiman_print_what_was_warned_of():
    items = answered()
    with pytest.warns(MovementReadinessWarning) as given:
        found = mr.mcdonald_omega(items, kind="hierarchical", n_factors=2, ci="none")
    assert {HeywoodWarning} <= {one.category for one in given}
    assert found.warnings == tuple(str(one.message) for one in given)
    assert "Heywood case" in found._repr_html_()
    with pytest.warns(MovementReadinessWarning):
        page = mr.schmid_leiman(items, n_factors=2)._repr_html_()
    assert "Heywood case: b" in page
    assert "Two factors do not identify a general factor" in page
    assert "EFAResult" not in page


def test_omega_says_which_items_it_reversed():
    with pytest.warns(ReversedItemWarning, match="'a' loads negatively.*was reversed"):
        found = mr.mcdonald_omega(answered().assign(a=lambda items: 6 - items["a"]), ci="none")
    assert "1 reversed" in repr(found)
    assert found.estimate == pytest.approx(mr.mcdonald_omega(answered(), ci="none").estimate)


@pytest.mark.parametrize("analyse", [mr.cronbach_alpha, mr.item_analysis, mr.kmo])
def test_what_is_no_item_is_named(analyse):
    items, rng = answered(), np.random.default_rng(3)
    with pytest.warns(IdentifierColumnWarning, match=r"'age', 'weight' look like no item: more than 20"):
        analyse(items.assign(age=rng.integers(18, 70, 300), weight=rng.normal(70, 9, 300)))
    for name in ("Respondent", "case", "caseno", "record_id"):
        with pytest.warns(IdentifierColumnWarning, match=name):
            analyse(items.assign(**{name: rng.integers(1, 9, 300)}))


@pytest.mark.parametrize(("what", "total"), [("sum", pd.DataFrame.sum), ("mean", pd.DataFrame.mean)])
def test_a_total_of_the_other_columns_is_named(what, total):
    items = answered()
    with pytest.warns(IdentifierColumnWarning, match=f"'all' is the {what} of the other columns"):
        mr.cronbach_alpha(items.assign(all=total(items, axis=1)))
    few = items[["a", "b", "c"]]
    with pytest.warns(MovementReadinessWarning) as given:
        mr.polychoric(few.assign(all=few.sum(axis=1)))
    assert IdentifierColumnWarning in [one.category for one in given]


def test_scores_and_measured_variables_are_left_in_peace():
    rng = np.random.default_rng(5)
    wide = pd.DataFrame(rng.normal(size=(200, 4)) + rng.normal(size=(200, 1)), columns=list("abcd"))
    assert said(lambda: mr.cronbach_alpha(wide)) == []


@pytest.mark.parametrize("name", ["team_id", "Site_ID", "group_id"])
def test_labels_of_groups_are_no_items(name):
    assert mr.kmo(answered().assign(**{name: np.arange(300) // 10})).items.size == 6


def test_an_identifier_accuses_nobody():
    items = answered().assign(id=np.arange(300)[::-1])
    for analyse in (mr.cronbach_alpha, mr.item_analysis, lambda table: mr.mcdonald_omega(table, ci="none")):
        assert ReversedItemWarning not in said(lambda analyse=analyse: analyse(items))


def test_the_fewest_respondents_of_a_pair_are_stated():
    items = gaps(0.4)
    fewest = int(mr.correlation_matrix(items).n_pairs.to_numpy().min())
    for found in (mr.efa(items, n_factors=1), mr.kmo(items), mr.map_test(items), mr.correlation_matrix(items)):
        assert f"{fewest} or more a pair" in found._repr_html_()
    alpha = mr.cronbach_alpha(items, missing="pairwise")
    assert f"n = {fewest}, the respondents of the pair of items that has the fewest" in alpha._repr_html_()


def test_listwise_deletion_of_more_than_half_is_warned_of():
    items = pd.concat([gaps(0.15, seed) for seed in range(4)], ignore_index=True)
    for analyse in (
        lambda: mr.cronbach_alpha(items),
        lambda: mr.item_analysis(items),
        lambda: mr.efa(items, n_factors=1, missing="listwise"),
        lambda: mr.polychoric(items, missing="listwise"),
    ):
        with pytest.warns(TooFewRespondentsWarning, match="fewer than half"):
            analyse()


def test_a_pair_that_hardly_anybody_answered_is_warned_of():
    items = pd.concat([answered(seed) for seed in range(4)], ignore_index=True)
    items.loc[60:, "a"] = np.nan
    with pytest.warns(TooFewRespondentsWarning, match="5 of 15 correlations come from fewer than 120"):
        mr.correlation_matrix(items)


def test_item_analysis_says_what_it_reversed_and_looks_at_scaled_items_only():
    items = answered().assign(a=lambda table: 6 - table["a"], other=99, comment="text")
    found = mr.item_analysis(items, scales={"s": ["-a", "b", "c"]}, n_options={"a": 5, "b": 5, "other": 5})
    assert list(found.items.index) == ["a", "b", "c"]
    assert "Reversed for item rest and alpha: a." in found._repr_html_()
    with pytest.raises(ArgumentError, match="'nobody' is none of"):
        mr.item_analysis(items, scales={"s": ["a", "nobody"]})
    with pytest.raises(ArgumentError, match="n_options"):
        mr.item_analysis(items, scales={"s": ["a", "b"]}, n_options={"nobody": 5})


def test_declared_codes_are_no_stray_ones():
    items = answered().replace(5, 9)
    assert len(said(lambda: mr.polychoric(items.replace(4, 2)))) > 0
    assert said(lambda: mr.polychoric(items.replace(4, 2), categories=[1, 2, 3, 9])) == []
    assert "StrayCodeWarning" not in {one.__name__ for one in said(lambda: mr.item_analysis(items, n_options=9))}


def test_one_reason_where_nothing_can_be_inverted():
    items = answered().assign(g=lambda table: table["a"])
    with pytest.warns(MovementReadinessWarning) as given:
        pages = [found(items)._repr_html_() for found in (mr.kmo, lambda table: mr.efa(table, n_factors=1))]
    assert any("most of it due to 'a', 'g'" in str(one.message).replace("'g', 'a'", "'a', 'g'") for one in given)
    assert all("not positive definite (smallest eigenvalue" in page for page in pages)
    assert "RMSEA not estimable" not in pages[1]


def test_listwise_is_offered_only_where_answers_are_missing():
    three = answered()[["a", "b", "c"]]
    with pytest.warns(MovementReadinessWarning) as given:
        mr.polychoric(three.assign(total=three.sum(axis=1)).rename(columns={"total": "d"}))
    assert NotPositiveDefiniteWarning in [one.category for one in given]
    assert not any("listwise" in str(one.message) for one in given)


def test_teams_matter_for_tests_and_intervals_alone():
    items = answered().assign(team=np.arange(300) // 10)
    for analyse in (mr.kmo, mr.map_test, mr.correlation_matrix, mr.polychoric):
        assert said(lambda analyse=analyse: analyse(items)) == []
    for analyse in (mr.bartlett_sphericity, mr.cronbach_alpha, lambda table: mr.polychoric(table, se=True)):
        assert said(lambda analyse=analyse: analyse(items)) == [ClusteredDataWarning]


@pytest.mark.parametrize("analyse", [mr.polychoric, mr.correlation_matrix])
def test_a_matrix_is_refused_as_answers(analyse):
    with pytest.raises(ArgumentError, match="looks like a correlation or covariance matrix"):
        analyse(answered().corr())


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_an_item_without_answers_is_named(missing):
    items = answered().assign(a=np.nan)
    with pytest.raises(ArgumentError, match="nobody answered 'a'"):
        mr.cronbach_alpha(items, missing=missing)
    with pytest.warns(ConstantItemWarning), pytest.raises(ArgumentError, match="nobody answered 'a'"):
        mr.item_analysis(items)


def test_planned_missingness_names_the_pair():
    items = answered()
    items.loc[:149, "a"] = np.nan
    items.loc[150:, "b"] = np.nan
    with pytest.warns(EstimationWarning, match="answered both 'a' and 'b'"):
        mr.cronbach_alpha(items, missing="pairwise")


def test_words_of_the_interval():
    team = np.arange(300) // 10
    with pytest.raises(ArgumentError, match='expected "adf", "bootstrap" or "none" with clusters'):
        mr.cronbach_alpha(answered(), cluster=team, ci="feldt")
    found = mr.cronbach_alpha(answered(), ci="bootstrap", n_bootstrap=50)
    assert "bootstrap over respondents (50 samples): the estimate plus and minus z standard errors" in found.interval
    with pytest.warns(ReversedItemWarning, match="^Item 'a' correlates"):
        mr.cronbach_alpha(answered().assign(a=lambda items: 6 - items["a"]))


def test_a_matrix_said_to_be_polychoric_is_called_so():
    matrix = answered().corr()
    found = mr.efa(matrix, n_factors=1, n_obs=300, correlation="polychoric")
    assert "a given correlation matrix (said to be polychoric)" in repr(found)
    assert "Descriptive only" in found._repr_html_()
    assert "Descriptive only" in mr.efa(answered(), n_factors=1, correlation="spearman")._repr_html_()
    assert "Descriptive only" not in mr.efa(matrix, n_factors=1, n_obs=300)._repr_html_()
    assert "Descriptive only" in mr.bartlett_sphericity(answered(), correlation="spearman")._repr_html_()


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ({"correlation": "poly"}, "Did you mean 'polychoric'"),
        ({"fm": "ml"}, "called method"),
        ({"cor": "x"}, "called cor"),
    ],
)
def test_names_from_psych_get_a_hint(given, hint):
    with pytest.raises(ArgumentError, match=hint):
        mr.efa(answered(), n_factors=1, **given)


def test_small_words():
    turned = mr.rotate(answered().corr().to_numpy()[:, :2])
    assert "<table>" in turned._repr_html_()
    assert mr.hull(answered(), most=2).table["parameters"].dtype.kind == "i"
    one = mr.polyserial(answered(), np.random.default_rng(1).normal(size=300))
    assert "6 items with 1 measured variable," in repr(one)
    assert "empty cells corrected (0.5)" in repr(mr.polychoric(answered(), correct=0.5))
