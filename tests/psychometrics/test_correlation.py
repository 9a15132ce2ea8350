"""Polychoric correlations: identities, recovery of a known truth, awkward data, bad input, the matrix for an analysis."""

from __future__ import annotations

import itertools
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psychometrics.correlation_data import answers, data, equal
from scipy.stats import multivariate_normal

from movement_readiness.exceptions import (
    ArgumentError,
    ClusteredDataWarning,
    ConstantItemWarning,
    EmptyCategoryWarning,
    EstimationWarning,
    NearPerfectCorrelationWarning,
    NotPositiveDefiniteWarning,
    TooFewRespondentsWarning,
)
from movement_readiness.psychometrics.correlation import (
    correlation_matrix,
    given_matrix,
    polychoric,
    polyserial,
    tetrachoric,
)
from movement_readiness.psychometrics.correlation._bivariate import FAR, grid_cdf, tail_rectangle
from movement_readiness.psychometrics.correlation._fit import cells_of, fit_pairs
from movement_readiness.psychometrics.correlation._smoothing import smoothed
from movement_readiness.psychometrics.correlation._tables import far_thresholds, thresholds_of

SEEDS = st.integers(0, 2**32 - 1)


def quietly(call, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*args, **options)


def random_items(seed: int, missing: float = 0.1) -> pd.DataFrame:
    """Four items of two to six categories, some unused, some answers missing."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 200))
    latent = rng.standard_normal((n, 1)) * rng.uniform(-1, 1, 4) + rng.standard_normal((n, 4))
    cuts = [np.sort(rng.normal(0, 1.2, rng.integers(1, 6))) for _ in range(4)]
    items = pd.DataFrame({f"q{i}": np.digitize(latent[:, i], cuts[i]) for i in range(4)}).astype(float)
    return items.mask(rng.random(items.shape) < missing)


# -- the bivariate normal -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rho", [0.0, 0.2, -0.299, 0.3, 0.6, -0.7499, 0.75, 0.9249, -0.925, 0.99, -0.9999])
def test_bivariate_normal_probabilities_are_scipys(rho):
    limits = np.array([[-2.5, -1.0, 0.0, 0.3, 1.7]])
    found = grid_cdf(limits, limits + 0.1, np.array([rho]))[0]
    for i, j in itertools.product(range(5), repeat=2):
        expected = multivariate_normal.cdf(
            [limits[0, i], limits[0, j] + 0.1], cov=[[1, rho], [rho, 1]], abseps=1e-14, releps=1e-14
        )
        assert found[i, j] == pytest.approx(expected, abs=1e-13)


# P(X < -.8, Y > .8) and two more, in 25-digit arithmetic (mpmath)
@pytest.mark.parametrize(
    ("h", "k", "rho", "expected"),
    [(-0.8, 0.8, 0.9, 7.8152942102232e-06), (-1, 0.2, 0.99, 6.4455643132697e-20), (-3, 2.5, 0.5, 1.4265589886966e-09)],
)
def test_rare_cells_keep_their_digits(h, k, rho, expected):
    far = np.array([FAR])
    found = tail_rectangle((-far, np.array([h])), (np.array([k]), far), np.array([rho]))
    assert found[0] == pytest.approx(expected, rel=1e-11)


# -- identities ---------------------------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_order_of_respondents_and_items_changes_nothing(seed):
    items = random_items(seed)
    rng = np.random.default_rng(seed)
    columns = list(rng.permutation(items.columns))
    shuffled = items.sample(frac=1, random_state=seed % 1000)[columns]
    one, other = (quietly(polychoric, frame, se=True) for frame in (items, shuffled))
    pd.testing.assert_frame_equal(
        one.correlations, other.correlations.loc[items.columns, items.columns], rtol=0, atol=1e-11
    )
    pd.testing.assert_frame_equal(
        one.standard_errors, other.standard_errors.loc[items.columns, items.columns], rtol=1e-7, atol=1e-9
    )


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_matrix_is_symmetric_with_a_unit_diagonal_and_nothing_beyond_one(seed):
    found = quietly(polychoric, random_items(seed), se=True)
    table = found.correlations.to_numpy()
    assert np.array_equal(table, table.T, equal_nan=True)
    assert (np.diag(table) == 1).all()
    assert not (np.abs(table) > 1).any()


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_only_the_order_of_categories_counts(seed):
    items = random_items(seed)
    found = quietly(polychoric, items, se=True)
    relabelled = quietly(polychoric, np.exp(items) + 0.5, se=True)
    pd.testing.assert_frame_equal(found.correlations, relabelled.correlations)
    reverse = items.assign(q1=-items["q1"])
    reversed_ = quietly(polychoric, reverse, se=True)
    sign = np.where(items.columns == "q1", -1.0, 1.0)
    expected = found.correlations * np.outer(sign, sign)
    pd.testing.assert_frame_equal(reversed_.correlations, expected, rtol=0, atol=1e-11)
    pd.testing.assert_frame_equal(reversed_.standard_errors, found.standard_errors, rtol=1e-7, atol=1e-9)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_doubling_the_data_keeps_estimates_and_halves_variances(seed):
    items = random_items(seed)
    one, two = (quietly(polychoric, frame, acov=True) for frame in (items, pd.concat([items, items])))
    pd.testing.assert_frame_equal(one.correlations, two.correlations, rtol=0, atol=1e-12)
    pd.testing.assert_frame_equal(one.standard_errors, two.standard_errors * np.sqrt(2), rtol=1e-8, atol=1e-10)
    pd.testing.assert_frame_equal(one.acov, two.acov, rtol=1e-7, atol=1e-8)  # n times the covariance


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_standard_errors_are_the_diagonal_of_the_asymptotic_covariance(seed):
    found = quietly(polychoric, random_items(seed), acov=True)
    spread = np.sqrt(np.diag(found.acov) / found.n_respondents)
    n_thresholds = len(found.thresholds)
    np.testing.assert_allclose(spread[:n_thresholds], found.thresholds["standard_error"], rtol=1e-10)
    np.testing.assert_allclose(spread[n_thresholds:], found.to_frame()["standard_error"], rtol=1e-7)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_each_pair_alone_gives_the_same(seed):
    """All pairs at once, tables of unequal size side by side, is the same as one after the other."""
    items = random_items(seed)
    found = quietly(polychoric, items)
    for one, other in itertools.combinations(items.columns, 2):
        alone = quietly(polychoric, items[[one, other]]).correlations.iloc[0, 1]
        assert alone == pytest.approx(found.correlations.loc[one, other], abs=1e-11, nan_ok=True)


def test_complete_data_need_no_choice_of_missing():
    items = answers(equal(0.4, 4), 300, 1)
    one, other = (polychoric(items, acov=True, missing=missing) for missing in ("pairwise", "listwise"))
    pd.testing.assert_frame_equal(one.correlations, other.correlations)
    pd.testing.assert_frame_equal(one.acov, other.acov)


def test_tetrachoric_is_polychoric_of_two_categories_and_of_a_median_split_has_a_formula():
    items = answers(equal(0.5, 3), 400, 2, cuts=(0.2,))
    pd.testing.assert_frame_equal(tetrachoric(items, se=True).correlations, polychoric(items, se=True).correlations)
    split = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [70, 30, 30, 70], axis=0)
    assert tetrachoric(split).correlations.iloc[0, 1] == pytest.approx(np.sin(np.pi / 2 * (0.7 - 0.3)), abs=1e-14)


def test_thresholds_are_named_by_the_categories_beside_them():
    items = pd.DataFrame({"a": [1, 2, 4, 4] * 20, "b": [0, 1, 1, 0] * 20})
    with pytest.warns(EmptyCategoryWarning, match=re.escape("'a' (3)")):
        found = polychoric(items)
    assert found.thresholds[["item", "threshold", "below", "above"]].to_numpy().tolist() == [
        ["a", 1, 1, 2],
        ["a", 2, 2, 4],
        ["b", 1, 0, 1],
    ]
    assert found.thresholds["estimate"].to_numpy() == pytest.approx([-0.6744897501960817, 0, 0], abs=1e-12)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_no_other_correlation_is_likelier(seed):
    """Sparse tables of any shape, with thresholds from their own margins or (as with missing answers) from others."""
    rng = np.random.default_rng(seed)
    n, sparse = rng.choice([8, 40, 300, 20_000]), rng.choice([0.05, 0.3, 2.0])
    rows, columns = rng.integers(2, 6, 2)
    table = rng.multinomial(n, rng.dirichlet(np.full(rows * columns, sparse))).reshape(rows, columns).astype(float)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(table.shape) < 2:
        return
    margins = table + rng.choice([0, 3]) * rng.random(table.shape)
    widest = max(table.shape)
    padded = np.zeros((1, widest, widest))
    padded[0, : table.shape[0], : table.shape[1]] = table
    limits = [
        np.append(thresholds_of(margins.sum(axis=axis)), np.full(widest - table.shape[1 - axis], np.inf))[np.newaxis]
        for axis in (1, 0)
    ]
    found = fit_pairs(padded, *limits)
    assert found.converged[0]
    rho = np.append(np.tanh(np.linspace(-7, 7, 57)), np.clip(found.rho, -1 + 1e-9, 1 - 1e-9))
    h, k = (far_thresholds(np.repeat(limit, rho.size, axis=0)) for limit in limits)
    tables = np.repeat(padded, rho.size, axis=0)
    p = np.where(tables > 0, cells_of(h, k, rho, tables).p, 1.0)
    likely = (tables * np.log(p)).sum(axis=(1, 2))
    assert likely[-1] >= likely[:-1].max() - 1e-6 * max(n, 1)


# -- recovery -----------------------------------------------------------------------------------------------------------


def test_the_true_correlations_come_back_and_intervals_cover_them():
    rho = np.array([[1, 0.6, -0.3, 0.2], [0.6, 1, -0.2, 0.5], [-0.3, -0.2, 1, 0.0], [0.2, 0.5, 0.0, 1]])
    pairs = np.triu_indices(4, 1)
    error, covered = [], []
    for seed in range(100):
        items = answers(rho, 800, seed)
        items = items.mask(np.random.default_rng(1000 + seed).random(items.shape) < 0.05)
        found = polychoric(items, se=True)
        off = found.correlations.to_numpy()[pairs] - rho[pairs]
        error.append(off)
        covered.append(np.abs(off) < 1.96 * found.standard_errors.to_numpy()[pairs])
    bias, coverage = np.mean(error), np.mean(covered)
    print(f"polychoric: bias {bias:+.4f}, 95 % intervals cover {coverage:.1%}")  # noqa: T201  (seen with -s)
    assert abs(bias) < 0.008
    assert np.abs(np.mean(error, axis=0)).max() < 0.025
    assert 0.92 <= coverage <= 0.98


def test_standard_errors_are_the_spread_of_the_estimates():
    rho, n = equal(0.5, 3), 400
    found = [polychoric(answers(rho, n, seed), se=True).to_frame() for seed in range(200)]
    spread = np.std([frame["correlation"] for frame in found], axis=0)
    claimed = np.mean([frame["standard_error"] for frame in found], axis=0)
    assert claimed == pytest.approx(spread, rel=0.15)


def test_polyserial_recovers_the_truth_and_intervals_cover_it():
    error, covered = [], []
    for seed in range(200):
        latent = np.random.default_rng(seed).multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], size=600)
        found = polyserial(np.digitize(latent[:, :1], [-0.5, 0.8]), 10 + 3 * latent[:, 1]).to_frame().iloc[0]
        error.append(found["correlation"] - 0.6)
        covered.append(abs(error[-1]) < 1.96 * found["standard_error"])
    print(f"polyserial: bias {np.mean(error):+.4f}, 95 % intervals cover {np.mean(covered):.0%}")  # noqa: T201
    assert abs(np.mean(error)) < 0.02
    assert 0.91 <= np.mean(covered) <= 0.985


# -- people in teams ----------------------------------------------------------------------------------------------------


def test_clusters_of_one_change_only_the_factor_and_copies_of_a_person_add_nothing():
    items = random_items(21)
    n = len(items)
    alone = quietly(polychoric, items, acov=True)
    each = quietly(polychoric, items, acov=True, cluster=np.arange(n))
    factor = n / (n - 1)
    pd.testing.assert_frame_equal(each.correlations, alone.correlations)
    np.testing.assert_allclose(each.acov, alone.acov * factor, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(each.standard_errors, alone.standard_errors * np.sqrt(factor), rtol=1e-7)
    np.testing.assert_allclose(
        each.thresholds["standard_error"], alone.thresholds["standard_error"] * np.sqrt(factor), rtol=1e-9
    )
    three = quietly(polychoric, pd.concat([items] * 3), se=True, cluster=np.tile(np.arange(n), 3))
    pd.testing.assert_frame_equal(three.standard_errors, each.standard_errors, rtol=1e-7)
    assert three.n_clusters == n
    assert f"{n} clusters" in three._repr_html_()


def test_team_columns_are_no_items_and_who_has_no_label_is_left_out():
    items = answers(equal(0.4, 3), 240, 22).assign(team=np.repeat(np.arange(24), 10).astype(float))
    with pytest.warns(ClusteredDataWarning, match="24 teams"):
        plain = polychoric(items, se=True)
    found = polychoric(items, se=True, cluster="team")
    assert list(found.correlations) == ["x0", "x1", "x2"]
    pd.testing.assert_frame_equal(found.correlations, plain.correlations)
    assert found.n_clusters == 24
    items.loc[:2, "team"] = np.nan
    fewer = polychoric(items, se=True, cluster="team")
    assert (fewer.n_clusters, fewer.n_respondents, fewer.n_unlabelled) == (24, 237, 3)
    assert "3 respondents without a cluster label were left out." in fewer._repr_html_()
    assert "in 24 clusters" in repr(fewer)
    gaps = items.astype(float)
    gaps.loc[gaps["team"] == 5, "x0"] = np.nan
    assert quietly(polychoric, gaps, se=True, cluster="team", missing="listwise").n_clusters == 23


def test_standard_errors_that_allow_for_teams_are_the_spread_of_the_estimates():
    """Teams of 20 that share half of the common variance: plain standard errors are far too small."""
    plain, robust, estimates = [], [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        team = np.repeat(np.arange(40), 20)
        common = rng.standard_normal(40)[team] * 0.6 + rng.standard_normal(800) * 0.5
        latent = common[:, np.newaxis] + rng.standard_normal((800, 2)) * 0.6
        items = np.digitize(latent, [-1, 0, 1])
        found = polychoric(items, se=True, cluster=team)
        estimates.append(found.correlations.iloc[0, 1])
        robust.append(found.standard_errors.iloc[0, 1])
        plain.append(polychoric(items, se=True).standard_errors.iloc[0, 1])
    spread = np.std(estimates)
    print(f"spread {spread:.4f}, allowing for teams {np.mean(robust):.4f}, plain {np.mean(plain):.4f}")  # noqa: T201
    assert np.mean(robust) == pytest.approx(spread, rel=0.2)
    assert np.mean(plain) < 0.75 * spread


# -- awkward data -------------------------------------------------------------------------------------------------------


def test_a_constant_item_is_named_and_its_correlations_are_missing():
    items = answers(equal(0.4, 3), 200, 3).assign(same=3, nothing=np.nan)
    with pytest.warns(ConstantItemWarning, match=re.escape("'same' (3), 'nothing'")):
        found = polychoric(items, acov=True)
    assert found.correlations.loc["x0", ["same", "nothing"]].isna().all()
    assert found.correlations.loc["x0", "x1"] == pytest.approx(
        polychoric(items[["x0", "x1"]]).correlations.iloc[0, 1], abs=1e-12
    )
    assert "same" not in set(found.thresholds["item"])
    assert np.isnan(found.smallest_eigenvalue)
    assert any("'same'" in sentence for sentence in found.warnings)
    assert "'same'" in found._repr_html_().replace("&#x27;", "'")


def test_options_nobody_chose_are_named_where_they_can_be_known():
    items = answers(equal(0.4, 3), 300, 4)
    top = items.replace({"x0": {5: 4}})
    with pytest.warns(EmptyCategoryWarning, match=re.escape("'x0' (5)")):
        polychoric(top, categories=range(1, 6))
    ordered = top.astype(pd.CategoricalDtype([1, 2, 3, 4, 5], ordered=True))
    with pytest.warns(EmptyCategoryWarning, match=re.escape("'x0' (5)")):
        found = polychoric(ordered)
    pd.testing.assert_frame_equal(found.correlations, polychoric(top).correlations)
    tens = items * 10  # 10, 20, ...: nothing is missing between them
    pd.testing.assert_frame_equal(polychoric(tens).correlations, polychoric(items).correlations)


def test_the_same_question_twice_is_reported_not_hidden():
    items = answers(equal(0.4, 3), 300, 5)
    items["twice"] = items["x0"]
    items["turned"] = 6 - items["x0"]
    with (
        pytest.warns(
            NearPerfectCorrelationWarning, match=r"'x0' with 'twice' \(1\.000\), 'x0' with 'turned' \(−1\.000\)"
        ),
        pytest.warns(NotPositiveDefiniteWarning, match="smallest eigenvalue"),
    ):
        found = polychoric(items, acov=True)
    assert found.correlations.loc["x0", "twice"] == 1
    assert found.correlations.loc["x0", "turned"] == -1
    assert np.isnan(found.standard_errors.loc["x0", "twice"])
    assert found.acov.loc["x0~~twice"].isna().all()
    assert found.acov.loc["x0~~x1", "x0~~x2"] > 0
    assert found.correlations.loc["x1", "twice"] == pytest.approx(found.correlations.loc["x0", "x1"], abs=1e-12)


def test_an_almost_perfect_table_stays_inside():
    table = np.repeat([[0, 0], [1, 1], [2, 2], [0, 2]], [100, 100, 100, 1], axis=0)
    found = quietly(polychoric, table, se=True)
    assert 0.9 < found.correlations.iloc[0, 1] < 1
    assert found.standard_errors.iloc[0, 1] > 0


def test_nobody_answered_both():
    items = answers(equal(0.4, 3), 300, 6).astype(float)
    items.loc[:149, "x0"] = np.nan
    items.loc[150:, "x1"] = np.nan
    with pytest.warns(EstimationWarning, match="'x0' with 'x1'"):
        found = polychoric(items, acov=True)
    assert np.isnan(found.correlations.loc["x0", "x1"])
    assert found.n_pairs.loc["x0", "x1"] == 0
    assert found.correlations.loc["x0", "x2"] > 0
    with pytest.raises(ArgumentError, match="answered every item"):
        polychoric(items, missing="listwise")


def test_a_pair_in_which_an_item_has_one_answer_only():
    items = answers(equal(0.4, 3), 300, 7).astype(float)
    items.loc[items["x1"] != 2, "x0"] = np.nan
    with pytest.warns(EstimationWarning, match="'x0' with 'x1'"):
        assert np.isnan(polychoric(items).correlations.loc["x0", "x1"])


def test_few_respondents_are_counted_out_loud():
    items = answers(equal(0.5, 3), 40, 8)
    with pytest.warns(TooFewRespondentsWarning, match="3 of 3 correlations come from fewer than 50 respondents"):
        polychoric(items)


def test_smoothing_only_when_asked():
    items = data("nonpd")
    with pytest.warns(NotPositiveDefiniteWarning, match="smooth=True"):
        plain = quietly_but(NotPositiveDefiniteWarning, polychoric, items, correct="lavaan")
    repaired = quietly(polychoric, items, correct="lavaan", smooth=True)
    assert plain.smallest_eigenvalue == repaired.smallest_eigenvalue < 0
    assert np.linalg.eigvalsh(plain.correlations)[0] < 0
    assert np.linalg.eigvalsh(repaired.correlations)[0] > 0
    assert not plain.smoothed
    assert repaired.smoothed
    fine = equal(0.5, 4)
    assert smoothed(fine) is fine


def quietly_but(category, call, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", category)
        return call(*args, **options)


def test_a_constant_in_empty_cells_pulls_towards_zero():
    items = answers(equal(0.8, 2), 60, 9)
    plain, half = (polychoric(items, correct=correct).correlations.iloc[0, 1] for correct in (0, 0.5))
    assert 0 < half < plain
    assert plain == pytest.approx(polychoric(items, correct="lavaan").correlations.iloc[0, 1])  # for 2 x 2 tables alone


def test_more_items_than_respondents_and_two_respondents():
    assert quietly(polychoric, answers(equal(0.3, 30), 20, 10)).correlations.shape == (30, 30)
    assert quietly(polychoric, [[1, 1], [2, 2]]).correlations.iloc[0, 1] == 1


# -- input --------------------------------------------------------------------------------------------------------------


def test_any_frame_will_do():
    items = answers(equal(0.4, 3), 200, 11)
    with_gaps = items.mask(np.random.default_rng(1).random(items.shape) < 0.1)
    expected = polychoric(with_gaps).correlations
    nullable = with_gaps.astype("Int64")
    for frame in (nullable, pl.from_pandas(nullable), pl.from_pandas(nullable).lazy(), pa.Table.from_pandas(nullable)):
        pd.testing.assert_frame_equal(polychoric(frame).correlations, expected)
    np.testing.assert_array_equal(polychoric(with_gaps.to_numpy()).correlations, expected)
    assert list(polychoric(with_gaps.to_numpy()).correlations) == ["item_1", "item_2", "item_3"]
    before = with_gaps.copy()
    polychoric(with_gaps, acov=True)
    pd.testing.assert_frame_equal(with_gaps, before)


@pytest.mark.parametrize(
    ("items", "options", "sentence"),
    [
        (pd.DataFrame({"a": [1, 2]}), {}, "items: expected 2 or more items"),
        (pd.DataFrame({"a": [], "b": []}), {}, "items: expected one row a respondent"),
        (pd.DataFrame({"a": ["yes", "no"], "b": [1, 2]}), {}, r"items\['a'\]: expected numbers .*'yes'"),
        (pd.DataFrame({"a": [1, np.inf], "b": [1, 2]}), {}, r"items\['a'\]: expected finite numbers"),
        (pd.DataFrame({"a": np.arange(30), "b": 1}), {}, r"items\['a'\]: .* 20 at most; got 30 .*polyserial"),
        (
            pd.DataFrame({"a": pd.Categorical(["x", "y"]), "b": [1, 2]}),
            {},
            r"items\['a'\]: expected ordered categories",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), {}, "items: expected each column once; 'a'"),
        (np.zeros(3), {}, r"respondents x items; got an array of shape \(3,\)"),
        ([[1, 2], [3]], {}, "rows of equal length"),
        (7, {}, "items: expected an item frame .* got int"),
        (pd.Series([1, 2]), {}, "items: expected an item frame"),
        ([[1, 2], [2, 1]], {"missing": "pairs"}, "missing: expected one of 'pairwise', 'listwise'; got 'pairs'"),
        ([[1, 2], [2, 1]], {"correct": "psych"}, "correct: expected one of 'lavaan'"),
        ([[1, 2], [2, 1]], {"correct": -1}, "correct: expected a number from 0 to 1; got -1"),
        ([[1, 2], [2, 1]], {"categories": [0, 1]}, r"items\['item_1'\]: expected one of the categories 0, 1; got 2"),
    ],
)
def test_bad_input_gets_a_sentence(items, options, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        polychoric(items, **options)


def test_tetrachoric_wants_two_categories():
    with pytest.raises(ArgumentError, match=r"items\['item_2'\]: expected two categories; got 3. Use polychoric."):
        tetrachoric([[0, 1], [1, 2], [0, 3]])


# -- results ------------------------------------------------------------------------------------------------------------


def test_the_result_shows_itself():
    found = polychoric(answers(equal(0.4, 3), 200, 12), se=True)
    assert repr(found) == (
        "<PolychoricResult: polychoric correlations of 3 items, 200 respondents, missing answers pairwise, "
        "with standard errors>"
    )
    html = found._repr_html_()
    for words in ("Polychoric correlations", "200 respondents", "pairwise", "two-step", "no correction of empty cells"):
        assert words in html
    for words in ("thresholds in .thresholds", "standard errors in .standard_errors", ".n_pairs"):
        assert words in html
    frame = found.to_frame()
    assert list(frame.columns) == ["item", "with", "correlation", "standard_error", "n"]
    assert frame["correlation"].iloc[0] == found.correlations.iloc[0, 1]
    with pytest.raises(AttributeError):
        found.correlations = None


def test_warnings_point_at_the_line_that_called():
    with pytest.warns(ConstantItemWarning) as caught:
        polychoric([[1, 1], [1, 2], [1, 3]])
    assert caught[0].filename == __file__


# -- one matrix for an analysis -----------------------------------------------------------------------------------------


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_pearson_and_spearman_are_those_of_pandas(seed):
    items = random_items(seed)
    for kind in ("pearson", "spearman"):
        found = quietly(correlation_matrix, items, correlation=kind)
        expected = items.corr(method=kind).to_numpy(copy=True)
        np.fill_diagonal(expected, 1.0)
        np.testing.assert_allclose(found.matrix, expected, rtol=0, atol=1e-12)
        complete = items.dropna()
        if len(complete) > 2:
            found = quietly(correlation_matrix, items, correlation=kind, missing="listwise")
            assert found.n_respondents == len(complete)


def test_pearson_does_not_lose_digits_far_from_zero():
    items = answers(equal(0.4, 3), 200, 13)
    np.testing.assert_allclose(correlation_matrix(items + 1e7).matrix, correlation_matrix(items).matrix, atol=1e-8)


def test_the_polychoric_matrix_is_that_of_polychoric_and_brings_its_thresholds():
    items = answers(equal(0.4, 3), 200, 14)
    found = correlation_matrix(items, correlation="polychoric")
    pd.testing.assert_frame_equal(found.correlations, polychoric(items).correlations)
    assert found.polychoric.thresholds.shape == (12, 5)
    np.testing.assert_allclose(found.means, items.mean())
    np.testing.assert_allclose(found.standard_deviations, items.std())
    assert (
        repr(found)
        == "<CorrelationResult: polychoric correlations of 3 items, 200 respondents, missing answers pairwise>"
    )


def test_pearson_warns_too():
    items = answers(equal(0.4, 3), 200, 15).assign(same=2)
    with pytest.warns(ConstantItemWarning, match="'same'"):
        found = correlation_matrix(items)
    assert found.correlations["same"].isna().sum() == 3
    with pytest.warns(NearPerfectCorrelationWarning), pytest.warns(NotPositiveDefiniteWarning):
        correlation_matrix(items[["x0", "x1"]].assign(again=items["x0"] * 2))


def test_listwise_deletion_that_leaves_few_is_said_once_with_the_count():
    items = answers(equal(0.5, 4), 400, 5)
    items = items.mask(np.random.default_rng(2).random(items.shape) < 0.45)
    left = len(items.dropna())
    assert 2 <= left < 50
    words = f"missing='listwise' leaves {left} of {items.notna().any(axis=1).sum()} respondents.*missing='pairwise'"
    ordinal = {
        "polychoric": polychoric,
        "cluster": lambda x, missing: polychoric(x, missing=missing, cluster=range(400)),
    }
    others = {
        "matrix": correlation_matrix,
        "polyserial": lambda x, missing: polyserial(x, items["x0"].rename("z"), missing=missing),
    }
    for name, call in (ordinal | others).items():
        with pytest.warns(TooFewRespondentsWarning, match=words) as caught:
            found = quietly_but(TooFewRespondentsWarning, call, items, missing="listwise")
        assert found.n_respondents == left, name
        assert sum(issubclass(one.category, TooFewRespondentsWarning) for one in caught) == 1, name
    with warnings.catch_warnings():
        warnings.simplefilter("error", TooFewRespondentsWarning)
        quietly_but(TooFewRespondentsWarning, polychoric, answers(equal(0.5, 4), 60, 5), missing="listwise")
    one = items.dropna().head(1)
    holes = pd.concat([one, items[items.isna().any(axis=1)]])
    for call in (polychoric, correlation_matrix, others["polyserial"]):
        rows = holes if call is not others["polyserial"] else holes.reindex(range(400)).combine_first(items * np.nan)
        with pytest.raises(ArgumentError, match=r"expected two or more respondents .*got 1.*missing='pairwise'"):
            quietly(call, rows, missing="listwise")


def test_the_remedies_of_a_warning_are_those_of_the_function_that_gave_it():
    items = answers(equal(0.5, 4), 300, 3)
    numbers = items.assign(sum=items.sum(axis=1))
    for kind, call, words in (
        ("smooth", lambda: correlation_matrix(numbers), "or smooth it with smooth=True"),
        ("near", lambda: correlation_matrix(items.assign(again=items["x0"])), "ask the same: leave one of them out"),
        ("near", lambda: polychoric(items.assign(again=items["x0"])), "correct= fills empty cells"),
        ("few", lambda: polychoric(items.head(40)), r"\(se=True shows them\)"),
        ("few", lambda: correlation_matrix(items.head(40)), "errors are large\\."),
        ("few", lambda: correlation_matrix(items.head(40), correlation="polychoric"), r"polychoric\(items, se=True\)"),
    ):
        category = {
            "smooth": NotPositiveDefiniteWarning,
            "near": NearPerfectCorrelationWarning,
            "few": TooFewRespondentsWarning,
        }[kind]
        with pytest.warns(category, match=words):
            quietly_but(category, call)


def test_a_matrix_that_was_given_is_checked():
    covariance = pd.DataFrame([[4.0, 1.0], [1.0, 1.0]], index=["a", "b"], columns=["a", "b"])
    found = given_matrix("matrix", covariance, 100)
    assert found.correlations.loc["a", "b"] == 0.5
    assert list(found.standard_deviations) == [2, 1]
    for matrix, sentence in (
        (np.ones((2, 3)), "square"),
        ([[1, 0.5], [0.4, 1]], "symmetric"),
        ([[1, np.nan], [np.nan, 1]], "number in every cell"),
        ([[0.0, 0], [0, 1]], "positive diagonal"),
        ([[1, 1.5], [1.5, 1]], "from -1 to 1"),
    ):
        with pytest.raises(ArgumentError, match=f"matrix: .*{sentence}"):
            given_matrix("matrix", matrix, 100)
    with pytest.raises(ArgumentError, match="rows named as the columns"):
        given_matrix("matrix", covariance.set_axis(["b", "a"]), 100)
    with pytest.raises(ArgumentError, match="n_respondents: expected a whole number, 2 or more"):
        given_matrix("matrix", covariance, 1)


# -- polyserial ---------------------------------------------------------------------------------------------------------


def test_polyserial_input_and_matrix():
    items = answers(equal(0.4, 3), 200, 16)
    y = pd.Series(np.random.default_rng(1).normal(5, 2, 200) + items["x0"], name="hours")
    found = polyserial(items, y)
    assert list(found.correlations.columns) == ["hours", "x0", "x1", "x2"]
    pd.testing.assert_frame_equal(found.correlations.iloc[1:, 1:], polychoric(items).correlations)
    assert found.n_pairs.loc["hours", "x0"] == 200
    shifted = polyserial(items, 3 * y - 100)
    np.testing.assert_allclose(shifted.polyserial, found.polyserial, atol=1e-10)
    np.testing.assert_allclose(polyserial(6 - items, y).polyserial, -found.polyserial, atol=1e-10)
    assert "200 respondents" in found._repr_html_()
    gaps = y.mask(y > 8)
    assert quietly(polyserial, items, gaps).n_pairs.loc["hours", "x0"] == gaps.notna().sum()
    assert quietly(polyserial, items, gaps, missing="listwise").n_respondents == gaps.notna().sum()
    with pytest.raises(ArgumentError, match="'x0' are in both"):
        polyserial(items, y.rename("x0"))
    with pytest.raises(ArgumentError, match="200 values and 3 labels"):
        polyserial(items, [1.0, 2.0, 3.0])
    with pytest.warns(ConstantItemWarning, match="'hours'"):
        assert polyserial(items, y * 0).polyserial.isna().all().all()


def test_an_item_that_is_cut_from_the_measured_variable_itself():
    z = np.random.default_rng(3).standard_normal(300)
    with pytest.warns(NearPerfectCorrelationWarning):
        found = quietly_but(NearPerfectCorrelationWarning, polyserial, np.digitize(z, [-1, 0, 1])[:, None], z)
    assert found.polyserial.iloc[0, 0] > 0.99
