"""Alpha, omega and what follows: by identities, by recovery of known truth, by coverage; R in test_reliability_values.py."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

import movement_readiness as mr
from movement_readiness.exceptions import (
    ArgumentError,
    ClusteredDataWarning,
    EmptyCategoryWarning,
    EstimationWarning,
    HeywoodWarning,
    MissingDependencyError,
    NearPerfectCorrelationWarning,
    NotIdentifiedWarning,
    OtherReliabilityWarning,
    ReversedItemWarning,
    TooFewClustersWarning,
    TooFewRespondentsWarning,
)
from movement_readiness.psychometrics import polychoric, schmid_leiman
from movement_readiness.psychometrics.reliability import (
    cronbach_alpha,
    mcdonald_omega,
    retest_icc,
    smallest_detectable_change,
    standard_error_of_measurement,
)
from movement_readiness.psychometrics.reliability._bootstrap import drawn_rows
from movement_readiness.psychometrics.reliability._categorical import answer_covariances, weighted_one_factor
from movement_readiness.psychometrics.reliability._coefficients import feldt_limits
from movement_readiness.psychometrics.reliability._matrices import ALL_ROWS, coded_values
from movement_readiness.psychometrics.reliability.omega import _models

CUTS = np.array([-1.2, -0.4, 0.4, 1.2])


def continuous(rng, n, loadings, team=None, icc=0.0):
    """One factor; with teams, `icc` of the factor's variance lies between them."""
    factor = rng.normal(size=n)
    if team is not None:
        factor = np.sqrt(icc) * rng.normal(size=team.max() + 1)[team] + np.sqrt(1 - icc) * factor
    return factor[:, None] * loadings + rng.normal(size=(n, len(loadings))) * np.sqrt(1 - loadings**2)


def categories(latent):
    return np.digitize(latent, CUTS) + 1


@pytest.fixture
def answers():
    return pd.DataFrame(categories(continuous(np.random.default_rng(8), 300, np.full(6, 0.7))), columns=list("abcdef"))


def bifactor(rng, n):
    """12 items: general loadings .6, three group factors with loadings .5; true omega total and hierarchical."""
    general, groups = np.full(12, 0.6), np.kron(np.eye(3), np.full((4, 1), 0.5))
    unique = 1 - general**2 - (groups**2).sum(axis=1)
    factors = rng.normal(size=(n, 4))
    x = factors[:, :1] * general + factors[:, 1:] @ groups.T + rng.normal(size=(n, 12)) * np.sqrt(unique)
    variance = general.sum() ** 2 + (groups.sum(axis=0) ** 2).sum() + unique.sum()
    return x, 1 - unique.sum() / variance, general.sum() ** 2 / variance


# --- identities

tables = st.integers(0, 10_000)


def table_of(seed):
    rng = np.random.default_rng(seed)
    return categories(continuous(rng, 60, rng.uniform(0.4, 0.9, 5))).astype(float)


@pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.ReversedItemWarning")
@settings(max_examples=40, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_order_units_and_copies_do_not_move_alpha(seed, random):
    table = table_of(seed)
    base = cronbach_alpha(table)
    people, items = list(range(60)), list(range(5))
    random.shuffle(people)
    random.shuffle(items)
    mixed = cronbach_alpha(table[people][:, items])
    assert (mixed.estimate, mixed.ci_low) == pytest.approx((base.estimate, base.ci_low))
    assert cronbach_alpha(3 * table + 5).estimate == pytest.approx(base.estimate)
    assert cronbach_alpha(-table).estimate == pytest.approx(base.estimate)
    assert cronbach_alpha(np.tile(table, (2, 1))).estimate == pytest.approx(base.estimate)
    assert base.ci_low < base.estimate < base.ci_high < 1


@pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.ReversedItemWarning")
@settings(max_examples=40, deadline=None)
@given(tables)
def test_alpha_is_the_mean_of_all_split_halves_and_a_ratio_of_mean_squares(seed):
    table = table_of(seed)[:, :4]
    found = cronbach_alpha(table).estimate
    halves = []
    for one in ([0, 1], [0, 2], [0, 3]):
        other = [item for item in range(4) if item not in one]
        first, second = table[:, one].sum(axis=1), table[:, other].sum(axis=1)
        halves.append(4 * np.cov(first, second)[0, 1] / (first + second).var(ddof=1))
    assert found == pytest.approx(np.mean(halves))  # Cronbach 1951: of Flanagan's and Rulon's coefficient
    assert found == pytest.approx(retest_icc(table, form="ICC3k").estimate)  # Hoyt: people by items


@pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.ReversedItemWarning")
@settings(max_examples=30, deadline=None)
@given(tables)
def test_standardised_alpha_is_spearman_brown_of_the_mean_correlation(seed):
    found = cronbach_alpha(table_of(seed), standardized=True)
    r = found.mean_correlation
    assert found.estimate == pytest.approx(5 * r / (1 + 4 * r))


@settings(max_examples=25, deadline=None)
@given(tables, st.sampled_from([("total", 1), ("total", 2), ("hierarchical", 3), ("categorical", 1)]))
def test_order_and_units_do_not_move_omega(seed, which):
    kind, n_factors = which
    rng = np.random.default_rng(seed)
    latent = bifactor(rng, 250)[0]
    table = categories(latent).astype(float)
    order = rng.permutation(12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"kind": kind, "n_factors": n_factors, "ci": "none", "seed": 1}
        base = mcdonald_omega(table, **options)
        mixed = mcdonald_omega(table[rng.permutation(250)][:, order], **options)
        turned = mcdonald_omega(2 * table - 9, **options)
    assert mixed.estimate == pytest.approx(base.estimate, abs=1e-5)
    assert turned.estimate == pytest.approx(base.estimate, abs=1e-5)
    loadings = base.loadings.drop(columns=["communality", "uniqueness"])
    assert ((loadings**2).sum(axis=1) + base.loadings["uniqueness"]).to_numpy() == pytest.approx(1, abs=1e-6)


def test_an_item_worded_the_other_way_is_turned_by_omega_and_named(answers):
    other = answers.assign(b=6 - answers["b"], e=6 - answers["e"])
    for kind, n_factors in (("total", 1), ("categorical", 1)):
        straight = mcdonald_omega(answers, kind=kind, n_factors=n_factors, ci="none")
        with pytest.warns(ReversedItemWarning, match="negatively"):
            turned = mcdonald_omega(other, kind=kind, n_factors=n_factors, ci="none")
        assert turned.estimate == pytest.approx(straight.estimate, abs=1e-6)
        assert turned.turned == ("b", "e")
        assert "Reversed: b, e" in turned._repr_html_()
    table = bifactor(np.random.default_rng(1), 400)[0]
    straight = mcdonald_omega(table, kind="hierarchical", ci="none", seed=1)
    with pytest.warns(ReversedItemWarning, match="'item_4' loads negatively"):
        turned = mcdonald_omega(table * np.where(np.arange(12) == 3, -1, 1), kind="hierarchical", ci="none", seed=1)
    assert turned.estimate == pytest.approx(straight.estimate, abs=1e-5)
    assert turned.turned == ("item_4",)


def test_omega_equals_alpha_where_loadings_are_equal_and_exceeds_it_where_not():
    r = np.full((6, 6), 0.4) + 0.6 * np.eye(6)
    exact = np.linalg.cholesky(r) @ _whitened(np.random.default_rng(1), 200, 6).T
    alpha, omega = cronbach_alpha(exact.T), mcdonald_omega(exact.T, ci="none")
    assert omega.estimate == pytest.approx(alpha.estimate, abs=1e-8)
    loadings = np.array([0.9, 0.8, 0.7, 0.5, 0.4, 0.3])
    r = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    exact = (np.linalg.cholesky(r) @ _whitened(np.random.default_rng(1), 200, 6).T).T
    true = loadings.sum() ** 2 / r.sum()
    assert mcdonald_omega(exact, ci="none").estimate == pytest.approx(true, abs=1e-8)
    assert mcdonald_omega(exact, ci="none", total_variance="implied").estimate == pytest.approx(true, abs=1e-8)
    assert cronbach_alpha(exact).estimate < true


def _whitened(rng, n, k):
    x = rng.normal(size=(n, k))
    x -= x.mean(axis=0)
    return np.linalg.qr(x)[0] * np.sqrt(n - 1)


def test_the_schmid_leiman_solution_is_that_of_schmid_leiman():
    table = pd.DataFrame(bifactor(np.random.default_rng(3), 500)[0])
    for n_factors in (2, 3, 4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            omega = mcdonald_omega(table, kind="hierarchical", n_factors=n_factors, ci="none", seed=1)
            other = schmid_leiman(table, n_factors=n_factors)
        assert omega.ecv == pytest.approx(other.ecv, abs=1e-5)
        assert omega.loadings["general"].to_numpy() == pytest.approx(other.loadings["general"].to_numpy(), abs=1e-4)


def test_answers_have_the_covariances_that_counting_gives():
    rng = np.random.default_rng(5)
    latent = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], 400_000)
    cuts = np.array([[-0.5, 0.7, np.inf], [-1.0, 0.0, 1.3]])
    steps = np.array([[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]])  # codes 0, 1, 3 and 0, 1, 2, 3
    answers = np.column_stack(
        [np.array([0, 1, 3])[np.digitize(latent[:, 0], cuts[0, :2])], np.digitize(latent[:, 1], cuts[1])]
    )
    found = answer_covariances(cuts, steps, np.array([[1, 0.6], [0.6, 1]]))
    assert found == pytest.approx(np.cov(answers.T), abs=0.01)


# --- recovery and coverage


def test_recovery_of_alpha_and_coverage_of_its_intervals():
    loadings, n, replications = np.full(6, 0.7), 120, 25
    true = 6 * 0.49 / (1 + 5 * 0.49)
    errors, covered, reported = [], {"feldt": [], "adf": [], "bootstrap": []}, {"adf": [], "bootstrap": []}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for _ in range(replications):
            x = continuous(rng, n, loadings)
            for ci in covered:
                found = cronbach_alpha(x, ci=ci, n_bootstrap=60)
                covered[ci].append(found.ci_low <= true <= found.ci_high)
                reported.get(ci, []).append(found.standard_error)
            errors.append(found.estimate - true)
    shares = {ci: float(np.mean(hits)) for ci, hits in covered.items()}
    sizes = {ci: float(np.mean(one) / np.std(errors, ddof=1)) for ci, one in reported.items()}
    print(f"alpha {true:.3f}: bias {np.mean(errors):+.4f}, coverage {shares}, mean SE / SD {sizes}")  # noqa: T201
    assert abs(np.mean(errors)) < 0.005
    assert all(abs(share - 0.945) < 0.025 for share in shares.values())  # 500 samples: .95 moves by .01
    assert all(abs(size - 1) < 0.1 for size in sizes.values())


def test_teams_need_the_cluster_bootstrap():
    """Teams that differ a lot: intervals that ignore them miss the truth too often, those that resample them less."""
    loadings, true = np.full(5, 0.7), 5 * 0.49 / (1 + 4 * 0.49)
    team = np.repeat(np.arange(40), 12)
    covered = {"feldt": [], "adf": [], "cluster adf": [], "cluster bootstrap": []}
    estimates, reported = [], {name: [] for name in covered}
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for _ in range(8):
            x = continuous(rng, team.size, loadings, team, icc=0.6)
            found = {
                "feldt": cronbach_alpha(x),
                "adf": cronbach_alpha(x, ci="adf"),
                "cluster adf": cronbach_alpha(x, ci="adf", cluster=team),
                "cluster bootstrap": cronbach_alpha(x, ci="bootstrap", cluster=team, n_bootstrap=150, seed=seed),
            }
            for name, one in found.items():
                covered[name].append(one.ci_low <= true <= one.ci_high)
                reported[name].append(one.standard_error)
            estimates.append(one.estimate)
    shares = {name: float(np.mean(hits)) for name, hits in covered.items()}
    sizes = {name: float(np.mean(one) / np.std(estimates, ddof=1)) for name, one in reported.items()}
    print(f"40 teams of 12, ICC .6: coverage {shares}, mean SE / SD {sizes}")  # noqa: T201  (seen with -s)
    assert shares["feldt"] < 0.85
    assert sizes["adf"] < 0.8
    for name in ("cluster adf", "cluster bootstrap"):
        assert abs(shares[name] - 0.94) < 0.045  # 160 samples: .95 moves by .017
        assert abs(sizes[name] - 1) < 0.1


def test_recovery_of_omega():
    errors, covered, reported = {"total": [], "hierarchical": []}, [], []
    for seed in range(20):
        x, total, hierarchical = bifactor(np.random.default_rng(seed), 800)
        found = mcdonald_omega(x, kind="hierarchical", n_bootstrap=50, n_starts=5, seed=seed)
        errors["total"].append(found.omega_total - total)
        errors["hierarchical"].append(found.estimate - hierarchical)
        covered.append(found.ci_low <= hierarchical <= found.ci_high)
        reported.append(found.standard_error)
    bias = {kind: float(np.mean(values)) for kind, values in errors.items()}
    print(f"omega total: bias {bias['total']:+.4f}; hierarchical: {bias['hierarchical']:+.4f}", end=", ")  # noqa: T201
    size = np.mean(reported) / np.std(errors["hierarchical"], ddof=1)
    print(f"its interval held the truth in {np.mean(covered):.0%} of 20; mean SE / SD {size:.2f}")  # noqa: T201
    assert abs(bias["total"]) < 0.005
    assert abs(bias["hierarchical"]) < 0.02  # Schmid-Leiman solutions of an EFA are a little low
    assert np.mean(covered) >= 0.85
    assert 0.6 < size < 1.6  # the SD of 20 estimates itself moves by 16 %


@pytest.mark.parametrize(("kind", "n_factors"), [("total", 1), ("categorical", 1), ("hierarchical", 3)])
def test_the_bootstrap_of_omega_has_the_size_of_its_sampling_error(kind, n_factors):
    estimates, reported = [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        latent = continuous(rng, 300, np.full(6, 0.7)) if n_factors == 1 else bifactor(rng, 600)[0]
        samples = {"n_bootstrap": 60} if seed % 10 == 0 else {"ci": "none"}
        found = mcdonald_omega(categories(latent), kind=kind, n_factors=n_factors, n_starts=2, **samples)
        estimates.append(found.estimate)
        reported += [] if seed % 10 else [found.standard_error]
    size = np.mean(reported) / np.std(estimates, ddof=1)
    print(f"omega {kind}: mean bootstrap SE / SD of {len(estimates)} estimates {size:.3f}")  # noqa: T201
    assert abs(size - 1) < 0.2  # the SD moves by 6.5 %, the mean SE by 4 %


def test_recovery_of_categorical_omega():
    """The reliability of the sum of answers is its correlation with a parallel sum: same factor, new errors."""
    loadings = np.array([0.8, 0.75, 0.7, 0.6, 0.5])
    rng = np.random.default_rng(77)
    factor = rng.normal(size=(400_000, 1))
    one, other = (
        categories(factor * loadings + rng.normal(size=(400_000, 5)) * np.sqrt(1 - loadings**2)).sum(axis=1)
        for _ in range(2)
    )
    true = np.corrcoef(one, other)[0, 1]
    errors = []
    for seed in range(20):
        x = categories(continuous(np.random.default_rng(seed), 600, loadings))
        errors.append(mcdonald_omega(x, kind="categorical", ci="none").estimate - true)
    print(f"categorical omega {true:.4f}: bias {np.mean(errors):+.4f}")  # noqa: T201  (seen with -s)
    assert abs(np.mean(errors)) < 0.006


# --- intervals


def test_the_bootstrap_draws_whole_clusters_and_repeats_with_its_seed(answers):
    codes = np.array([0, 0, 1, 2, 2, 2])
    for rows in drawn_rows(codes, 50, 1):
        counts = np.bincount(rows, minlength=6)
        assert (counts[[0, 3]] == counts[[1, 5]]).all()
        assert counts[0] + counts[2] + counts[3] == 3
    one, again = (cronbach_alpha(answers, ci="bootstrap", n_bootstrap=50, seed=5) for _ in range(2))
    other = cronbach_alpha(answers, ci="bootstrap", n_bootstrap=50, seed=6)
    assert (one.ci_low, one.ci_high) == (again.ci_low, again.ci_high) != (other.ci_low, other.ci_high)
    assert cronbach_alpha(answers, ci="none").ci_low != one.ci_low


@pytest.mark.parametrize(
    "call",
    [
        lambda x, team: cronbach_alpha(x, cluster=team),
        lambda x, team: cronbach_alpha(x, cluster=team, ci="bootstrap", n_bootstrap=5),
        lambda x, team: mcdonald_omega(x, cluster=team, n_bootstrap=5),
        lambda x, team: polychoric(x, cluster=team, se=True),
    ],
)
def test_errors_from_few_clusters_are_warned_of(answers, call):
    few, enough = np.arange(len(answers)) % 9, np.arange(len(answers)) % 10
    with pytest.warns(TooFewClustersWarning, match="9 clusters are few"):
        call(answers, few)
    call(answers, enough)  # warnings are errors


def test_a_general_factor_that_explains_all_of_a_group_is_warned_of():
    """Factor correlations .6, .5 and .1 ask for a loading of sqrt(.6 x .5 / .1) on the general factor."""
    between = np.array([[1, 0.6, 0.5], [0.6, 1, 0.1], [0.5, 0.1, 1]])
    factors = np.random.default_rng(4).multivariate_normal(np.zeros(3), between, 800)
    values = factors.repeat(4, axis=1) + 0.7 * np.random.default_rng(5).normal(size=(800, 12))
    with pytest.warns(HeywoodWarning, match="general factor explains all of 'group_"):
        found = mcdonald_omega(values, kind="hierarchical", ci="none")
    assert "Heywood" in found._repr_html_()


def test_without_an_interval_few_clusters_do_not_matter(answers):
    cronbach_alpha(answers, cluster=np.arange(len(answers)) % 3, ci="none")
    polychoric(answers, cluster=np.arange(len(answers)) % 3)


@pytest.mark.parametrize("coefficient", [cronbach_alpha, mcdonald_omega])
def test_the_same_call_gives_the_same_interval_unless_the_seed_is_none(answers, coefficient, capsys):
    def interval(**options):
        return coefficient(answers, ci="bootstrap", n_bootstrap=20, **options).ci_low

    assert interval() == interval() == interval(seed=0) == interval(seed=np.int64(0))
    assert interval(seed=None) != interval(seed=None)
    assert capsys.readouterr().err == ""
    interval(progress=True)
    assert "20/20" in capsys.readouterr().err
    for seed in (-1, "x", 0.5):
        with pytest.raises(ArgumentError, match="seed: expected"):
            interval(seed=seed)
    with pytest.raises(ArgumentError, match="progress"):
        interval(progress="yes")


@settings(max_examples=40, deadline=None)
@given(tables)
def test_coding_once_is_coding_every_bootstrap_sample(seed):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((25, 4)) < 0.1, np.nan, 2 * table_of(seed)[:25, :4] - 7)
    coded, rows = coded_values(values), rng.integers(0, 25, 8)  # so few that categories drop out
    found, expected = coded.rows(rows), coded_values(values[rows])
    assert found.codes.tolist() == expected.codes.tolist()
    assert found.sizes.tolist() == expected.sizes.tolist()
    width = expected.levels.shape[1]
    assert np.array_equal(found.levels[:, :width], expected.levels, equal_nan=True)
    assert found.steps(6).tolist() == expected.steps(6).tolist()


@pytest.mark.parametrize(("kind", "n_factors"), [("categorical", 1), ("hierarchical", 3), ("total", 3)])
def test_a_bootstrap_sample_that_begins_at_the_estimate_ends_where_it_would_anyway(kind, n_factors):
    values = categories(bifactor(np.random.default_rng(4), 500)[0]).astype(float)
    models = _models(values, kind, n_factors, "pearson", "observed", 0)
    whole = models(ALL_ROWS, 10, None)
    for rows in drawn_rows(np.arange(500), 5, 1):
        near, cold = models(rows, 1, whole), models(rows, 10, None)
        assert near.estimate(kind) == pytest.approx(cold.estimate(kind), abs=1e-6)


def test_a_loading_matrix_of_weighted_least_squares_is_that_of_a_general_search():
    rng = np.random.default_rng(5)
    r = np.corrcoef(continuous(rng, 200, np.array([0.9, 0.7, 0.5, 0.4, 0.6])), rowvar=False)
    weights = rng.uniform(0.5, 3, (5, 5))
    weights = weights + weights.T
    first, second = np.triu_indices(5, 1)

    def residuals(loadings):
        pairs = r[first, second] - loadings[first] * loadings[second]
        return np.sqrt(weights[first, second]) * pairs

    found, converged = weighted_one_factor(r, weights, np.full(5, 0.5))
    assert converged
    assert found == pytest.approx(least_squares(residuals, np.full(5, 0.5), xtol=1e-14, ftol=1e-14).x, abs=1e-7)


def test_items_that_repeat_each_other_get_one_warning_that_names_them(answers):
    twice = answers.assign(g=answers["a"])
    for options in ({}, {"standardized": True}, {"correlation": "polychoric", "ci": "none"}):
        with pytest.warns(NearPerfectCorrelationWarning, match=r"'a' with 'g' \(1\.000\)") as caught:
            cronbach_alpha(twice, **options)
        assert [warning.category for warning in caught].count(NearPerfectCorrelationWarning) == 1
        assert {warning.filename for warning in caught} == {__file__}
    with pytest.warns(NearPerfectCorrelationWarning) as caught:
        cronbach_alpha(twice)
    assert len(caught) == 1


def test_omega_above_one_is_said_and_its_interval_holds_the_estimate():
    rng = np.random.default_rng(1)
    groups = np.repeat(rng.normal(size=(400, 2)), 6, axis=1)
    x = categories(0.3 * rng.normal(size=(400, 1)) + 0.85 * groups + 0.4 * rng.normal(size=(400, 12)))
    with pytest.warns(EstimationWarning, match=r"above 1.*one DWLS factor.*more factors"):
        found = mcdonald_omega(x, kind="categorical", n_bootstrap=20)
    assert found.ci_low < found.estimate <= found.ci_high


def test_columns_of_several_levels_and_names_that_are_tuples(answers):
    several = answers.set_axis(pd.MultiIndex.from_product([["x"], list("abcdef")]), axis=1)
    pairs = [("x", name) for name in "abcdef"]
    for frame in (several, answers.set_axis(pd.Index(pairs, tupleize_cols=False), axis=1)):
        for kind in ("total", "hierarchical", "categorical"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found, plain = (mcdonald_omega(one, kind=kind, n_factors=None, ci="none") for one in (frame, answers))
            assert found.loadings.index.tolist() == pairs
            assert found.loadings.to_numpy() == pytest.approx(plain.loadings.to_numpy(), nan_ok=True)
            assert "respondents" in found._repr_html_()
        assert cronbach_alpha(frame).estimate == cronbach_alpha(answers).estimate
        retest = retest_icc(frame)
        assert retest.occasion_means.index.tolist() == pairs
        assert "Means" in retest._repr_html_()


def test_more_confidence_gives_a_wider_interval(answers):
    for ci in ("feldt", "adf", "bootstrap"):
        narrow, wide = (
            cronbach_alpha(answers, ci=ci, confidence=level, n_bootstrap=200, seed=1) for level in (0.8, 0.99)
        )
        assert wide.ci_low < narrow.ci_low < narrow.ci_high < wide.ci_high


def test_pingouin_agrees_on_complete_data(answers):
    value, (low, high) = pingouin.cronbach_alpha(answers)
    found = cronbach_alpha(answers)
    assert found.estimate == pytest.approx(value, abs=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=6e-4)  # it rounds to three digits


def test_missing_answers_and_who_is_counted(answers):
    holes = answers.astype(float).mask(np.random.default_rng(3).random(answers.shape) < 0.08)
    holes.iloc[:3] = np.nan
    listwise, pairwise = cronbach_alpha(holes), cronbach_alpha(holes, missing="pairwise")
    assert listwise.n_respondents == len(holes.dropna())
    assert listwise.estimate == pytest.approx(cronbach_alpha(holes.dropna()).estimate)
    assert pairwise.n_respondents == len(holes) - 3
    covariance = holes.cov().to_numpy()
    assert pairwise.estimate == pytest.approx(6 / 5 * (1 - np.trace(covariance) / covariance.sum()))
    there = holes.notna().to_numpy().astype(int)
    smallest = int((there.T @ there).min())
    assert f"n = {smallest}" in pairwise.interval
    assert pairwise.ci_low == pytest.approx(feldt_limits(pairwise.estimate, smallest, 6, 0.95)[0])
    omega = mcdonald_omega(holes, missing="pairwise", ci="none")
    assert omega.n_respondents == len(holes) - 3


# --- teams


def test_a_team_column_is_no_item_and_is_warned_of_once(answers):
    frame = answers.assign(site="North", team=np.repeat([f"T{n}" for n in range(30)], 10))
    with pytest.warns(ClusteredDataWarning, match=r"30 teams .*cluster=\['site', 'team'\]") as caught:
        plain = cronbach_alpha(frame)
    assert len(caught) == 1
    assert plain.estimate == cronbach_alpha(answers).estimate
    assert plain.n_items == 6
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = cronbach_alpha(frame, cluster=["site", "team"])
        labels = cronbach_alpha(answers, cluster=frame["team"])
        same = cronbach_alpha(pl.from_pandas(frame), cluster="team")
        cronbach_alpha(frame.assign(team=range(300)))  # everybody alone is no team
    assert (named.ci_low, named.n_clusters) == (labels.ci_low, 30) == (same.ci_low, 30)
    assert "robust to 30 clusters" in named._repr_html_()
    with pytest.warns(ClusteredDataWarning):
        mcdonald_omega(frame, ci="none")


def test_rows_without_a_label_are_left_out(answers):
    team = np.repeat([f"T{n}" for n in range(30)], 10).astype(object)
    team[:15] = None
    found = cronbach_alpha(answers, cluster=team, ci="bootstrap", n_bootstrap=20, seed=1)
    assert (found.n_respondents, found.n_clusters) == (285, 29)
    assert found.estimate == pytest.approx(cronbach_alpha(answers.iloc[15:]).estimate)


@pytest.mark.parametrize(
    ("cluster", "sentence"),
    [
        ("teem", "none of .* Did you mean 'team'"),
        (["team", "ward"], "'ward' is none of"),
        ([1, 2, 3], "labels"),
        ("one", "two or more clusters; got 1"),
    ],
)
def test_bad_clusters_get_a_sentence(answers, cluster, sentence):
    frame = answers.assign(team=np.repeat(np.arange(30), 10), one=1)
    with pytest.raises(ArgumentError, match=sentence):
        cronbach_alpha(frame, cluster=cluster)


# --- what cannot be


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"missing": "fiml"}, "missing: expected one of"),
        ({"correlation": "kendall"}, "correlation: expected one of"),
        ({"ci": "exact"}, "ci: expected one of"),
        ({"ci": "feldt", "correlation": "polychoric"}, "bootstrap"),
        ({"ci": "feldt", "cluster": np.repeat(np.arange(30), 10)}, "bootstrap"),
        ({"ci": "adf", "standardized": True}, "bootstrap"),
        ({"confidence": 1.0}, "confidence"),
        ({"n_bootstrap": 0}, "n_bootstrap"),
        ({"ci": "bootstrap", "seed": -1}, "seed"),
    ],
)
def test_bad_options_of_alpha_get_a_sentence(answers, options, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        cronbach_alpha(answers, **options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"kind": "asymptotic"}, "kind: expected one of"),
        ({"kind": "hierarchical", "n_factors": 1}, "2 or more"),
        ({"kind": "categorical", "n_factors": 2}, "confirmatory"),
        ({"kind": "categorical", "correlation": "pearson"}, "polychoric"),
        ({"n_factors": 4}, "do not identify 4 factors"),
        ({"total_variance": "true"}, "total_variance"),
        ({"ci": "feldt"}, "ci: expected one of"),
    ],
)
def test_bad_options_of_omega_get_a_sentence(answers, options, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        mcdonald_omega(answers, **options)


def test_items_that_say_nothing(answers):
    with pytest.warns(TooFewRespondentsWarning, match="8 respondents are too few for 12 items"):
        mcdonald_omega(bifactor(np.random.default_rng(2), 8)[0], ci="none")
    with pytest.warns(EstimationWarning, match="no variance") as caught:
        assert np.isnan(cronbach_alpha(np.ones((10, 3)), ci="bootstrap").estimate)
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.raises(ArgumentError, match="'c' have one answer only"):
        mcdonald_omega(answers.assign(c=3))
    with pytest.raises(ArgumentError, match="3 or more items"):
        mcdonald_omega(answers[["a", "b"]])
    with pytest.raises(ArgumentError, match="nobody answered 'c'"):
        cronbach_alpha(answers.assign(c=np.nan))
    with pytest.warns(ReversedItemWarning, match="'b'"):
        cronbach_alpha(answers.assign(b=6 - answers["b"]))


def test_continuous_variables_are_no_ordered_categories():
    x = continuous(np.random.default_rng(1), 60, np.full(4, 0.7))
    for call in (
        lambda: cronbach_alpha(x, correlation="polychoric"),
        lambda: mcdonald_omega(x, kind="categorical"),
        lambda: mcdonald_omega(x, correlation="polychoric"),
    ):
        with pytest.raises(ArgumentError, match="expected ordered categories"):
            call()


def test_unused_options_are_named_once_and_not_for_every_bootstrap_sample(answers):
    with pytest.warns(EmptyCategoryWarning) as caught:
        cronbach_alpha(answers.replace({"a": {4: 5}}), correlation="polychoric", n_bootstrap=30, seed=1)
    assert len(caught) == 1


def test_two_group_factors_and_heywood_cases_are_named(answers):
    with pytest.warns(NotIdentifiedWarning, match="two factors"):
        mcdonald_omega(bifactor(np.random.default_rng(2), 300)[0], kind="hierarchical", n_factors=2, ci="none")
    rng = np.random.default_rng(1)
    x = continuous(rng, 80, np.array([0.5, 0.5, 0.5, 0.5]))
    x[:, 1] = x[:, 0] + 0.05 * rng.normal(size=80)
    with pytest.warns(HeywoodWarning, match="item_"):
        mcdonald_omega(x, ci="none")


def test_results_show_themselves(answers):
    alpha = cronbach_alpha(answers)
    assert "6 items, 300 respondents" in repr(alpha)
    assert " at 0x" not in repr(alpha)
    assert "Feldt" in alpha._repr_html_()
    assert alpha.to_frame().loc["alpha", "estimate"] == alpha.estimate
    assert "ordinal alpha" in repr(cronbach_alpha(answers, correlation="polychoric", ci="none"))
    omega = mcdonald_omega(bifactor(np.random.default_rng(2), 300)[0], kind="hierarchical", ci="none")
    assert "Schmid-Leiman" in omega._repr_html_()
    assert "none" in omega._repr_html_()
    assert list(omega.group_factors.index) == ["general", "group_1", "group_2", "group_3"]
    assert omega.group_factors["n_items"].tolist() == [12, 4, 4, 4]
    assert mcdonald_omega(answers, ci="none").group_factors.empty


# --- retest and measurement error


def test_two_columns_a_table_and_a_long_frame_are_the_same(answers):
    rng = np.random.default_rng(2)
    first = rng.normal(50, 10, 40)
    second = first + rng.normal(1, 4, 40)
    second[3] = np.nan
    wide = pd.DataFrame({"t1": first, "t2": second, "site": "x"})
    long = wide.drop(columns="site").reset_index().melt("index", var_name="wave", value_name="score")
    base = retest_icc(first, second)
    table = retest_icc(wide)
    stacked = retest_icc(long.sample(frac=1, random_state=1), person="index", occasion="wave", score="score")
    assert (base.n_respondents, base.n_left_out) == (39, 1)
    for other in (table, stacked):
        assert other.forms["estimate"].to_numpy() == pytest.approx(base.forms["estimate"].to_numpy())
        assert other.forms["ci_low"].to_numpy() == pytest.approx(base.forms["ci_low"].to_numpy())
    assert table.occasion_means.index.tolist() == ["t1", "t2"]
    assert retest_icc(first, second, form="ICC3").form == "ICC(C,1)"


@settings(max_examples=30, deadline=None)
@given(tables, st.floats(-30, 30))
def test_a_shift_of_everybody_lowers_agreement_and_leaves_consistency(seed, shift):
    table = table_of(seed)[:, :3]
    moved = table + np.array([0.0, 0.0, shift])
    base, other = retest_icc(table), retest_icc(moved)
    assert other.forms.loc["ICC(C,1)", "estimate"] == pytest.approx(base.forms.loc["ICC(C,1)", "estimate"], abs=1e-7)
    assert other.sem_consistency == pytest.approx(base.sem_consistency, abs=1e-7)
    assert other.sem_agreement >= other.sem_consistency
    if abs(shift) > 5:  # the numerator MSR - MSE stays, the denominator grows: nearer to zero, on the same side
        assert np.sign(other.estimate) == np.sign(base.estimate)
        assert abs(other.estimate) < abs(base.estimate)
    for single, mean in (("ICC(A,1)", "ICC(A,k)"), ("ICC(C,1)", "ICC(C,k)"), ("ICC(1,1)", "ICC(1,k)")):
        r = base.forms.loc[single, "estimate"]
        assert base.forms.loc[mean, "estimate"] == pytest.approx(3 * r / (1 + 2 * r))


def test_coverage_of_the_retest_interval():
    hits, truth, rng = [], 0.8, np.random.default_rng(11)
    for _ in range(200):
        person = rng.normal(size=(50, 1)) * np.sqrt(truth)
        found = retest_icc(person + rng.normal(size=(50, 2)) * np.sqrt(1 - truth))
        hits.append(found.ci_low <= truth <= found.ci_high)
    print(f"ICC(A,1) .8, 50 people: coverage {np.mean(hits):.3f}")  # noqa: T201  (seen with -s)
    assert abs(np.mean(hits) - 0.95) < 0.04  # 200 samples: .95 moves by .015


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        (([1, 2, 3], [1, 2]), {}, "3 values and 2 labels|rows"),
        (([1, 2, 3], [1, 2, 3]), {"form": "ICC4"}, "form: expected one of"),
        (([1, np.nan], [np.nan, 2]), {}, "two or more people"),
        ((pd.DataFrame({"a": [1, 2]}),), {}, "2 or more items|two or more"),
        ((pd.DataFrame({"p": [1, 1], "o": [1, 1], "s": [2, 3]}),), {"person": "p"}, "all three"),
        (
            (pd.DataFrame({"p": [1, 1], "o": [1, 2], "s": [2, 3]}),),
            {"person": "p", "occasion": "o", "score": "x"},
            "'x'",
        ),
        (
            (pd.DataFrame({"p": [1, 1, 1], "o": [1, 2, 2], "s": [2, 3, 4]}),),
            {"person": "p", "occasion": "o", "score": "s"},
            "some have more",
        ),
        (([1, 2, 3], [1, 2, 4]), {"missing": "pairwise"}, "missing: expected"),
    ],
)
def test_bad_retests_get_a_sentence(arguments, options, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        retest_icc(*arguments, **options)


def test_scores_that_do_not_vary():
    with pytest.warns(EstimationWarning, match="All scores are the same"):
        assert np.isnan(retest_icc([3, 3, 3], [3, 3, 3]).estimate)
    with pytest.warns(EstimationWarning, match="no interval"):
        found = retest_icc([1, 2, 3], [2, 3, 4])
    assert found.forms.loc["ICC(C,1)", "estimate"] == pytest.approx(1)
    assert "not estimable" in found._repr_html_()


def test_another_pingouin_is_told_apart(monkeypatch):
    monkeypatch.setattr(pingouin, "intraclass_corr", lambda *_, **__: pd.DataFrame({"form": ["ICC1"]}))
    with pytest.raises(MissingDependencyError, match=r"pingouin>=0\.7,<0\.8"):
        retest_icc([1, 2, 4], [2, 2, 5])


def test_the_error_of_a_score_and_the_change_beyond_it(answers):
    scores = answers.mean(axis=1)
    alpha = cronbach_alpha(answers)
    found = standard_error_of_measurement(scores, reliability=alpha)
    assert found.estimate == pytest.approx(scores.std() * np.sqrt(1 - alpha.estimate))
    assert found.ci_low == pytest.approx(scores.std() * np.sqrt(1 - alpha.ci_high))
    assert found.source == "alpha"
    assert standard_error_of_measurement(scores, reliability=1).estimate == 0
    change = smallest_detectable_change(found, n=25)
    assert change.individual == pytest.approx(1.96 * np.sqrt(2) * found.estimate, rel=2e-5)
    assert change.group == pytest.approx(change.individual / 5)
    assert smallest_detectable_change(2.0).to_frame().loc["individual", "smallest_change"] > 5.5
    assert change.estimate == change.individual
    given_sd = standard_error_of_measurement(sd=scores.std(), reliability=alpha)
    assert (given_sd.estimate, given_sd.ci_low) == pytest.approx((found.estimate, found.ci_low))
    assert given_sd.n_respondents is None
    assert "as given" in given_sd._repr_html_()
    assert "respondents" not in repr(given_sd)
    retest = retest_icc([1, 2, 4, 6], [2, 2, 5, 6])
    assert smallest_detectable_change(retest).sem == retest.sem_agreement
    for result in (found, change):
        assert " at 0x" not in repr(result)
        assert "<table>" in result._repr_html_()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: standard_error_of_measurement([1, 2, 3], reliability=1.2), "reliability"),
        (lambda: standard_error_of_measurement([1], reliability=0.8), "two or more numbers"),
        (lambda: standard_error_of_measurement([1, 2], reliability="high"), "reliability"),
        (lambda: standard_error_of_measurement(reliability=0.8), "one of the two; got neither"),
        (lambda: standard_error_of_measurement([1, 2], sd=1, reliability=0.8), "one of the two; got both"),
        (lambda: standard_error_of_measurement(sd=-1, reliability=0.8), "sd: expected"),
        (lambda: standard_error_of_measurement(["3", "4"], reliability=0.8), r"got '3' at position 0.*astype\(float\)"),
        (lambda: standard_error_of_measurement([1e80, 2e80], reliability=0.8), "finite numbers below"),
        (lambda: smallest_detectable_change(-1), "sem"),
        (lambda: smallest_detectable_change(1, n=0), "n: expected"),
        (lambda: smallest_detectable_change(1, confidence=2), "confidence"),
    ],
)
def test_bad_errors_get_a_sentence(call, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        call()


# --- a matrix is no answers


@pytest.mark.parametrize("of", [mr.cronbach_alpha, mr.mcdonald_omega, mr.item_analysis])
@pytest.mark.parametrize("kind", ["corr", "cov", "array", "values of a covariance"])
def test_a_matrix_is_refused_where_answers_are_needed(of, kind):
    rng = np.random.default_rng(3)
    answers = pd.DataFrame(rng.normal(size=(200, 1)) + rng.normal(size=(200, 5)), columns=list("abcde"))
    matrix = {
        "corr": answers.corr(),
        "cov": answers.cov(),
        "array": answers.corr().to_numpy(),
        "values of a covariance": answers.cov().to_numpy(),
    }[kind]
    with pytest.raises(ArgumentError, match=r"items: expected answers, one row a respondent; got what looks like"):
        of(matrix)


def test_as_many_respondents_as_items_are_no_matrix():
    rng = np.random.default_rng(8)
    fractions = pd.DataFrame(3 * rng.normal(size=(6, 1)) + rng.normal(size=(6, 6)))
    assert mr.cronbach_alpha(fractions, ci="none").n_respondents == 6
    assert mr.cronbach_alpha(fractions.round(), ci="none").n_respondents == 6


@pytest.mark.parametrize(("number", "kind"), [("2", "A"), ("3", "C")])
@pytest.mark.parametrize("k", ["1", "k"])
def test_the_numbers_of_shrout_and_fleiss_are_known(number, kind, k):
    rng = np.random.default_rng(5)
    first = rng.normal(size=80)
    second = first + rng.normal(size=80) + 0.8
    found = mr.retest_icc(first, second, form=f"ICC({number},{k})")
    assert found.form == f"ICC({kind},{k})"
    assert found.estimate == mr.retest_icc(first, second, form=f"ICC({kind},{k})").estimate


def test_a_standard_error_says_which_reliability_it_has_and_how_sure_it_is(answers):
    alpha = cronbach_alpha(answers)
    found = standard_error_of_measurement(answers.sum(axis=1), reliability=alpha)
    assert found.confidence == 0.95
    html = found._repr_html_()
    assert "95% interval" in html
    assert "the SD taken as known" in html
    assert "by alpha" in repr(found)
    plain = standard_error_of_measurement(answers.sum(axis=1), reliability=0.8)
    assert np.isnan(plain.confidence)
    assert "taken as known" not in plain._repr_html_()
    assert "reliability 0.800)" in repr(plain)
    assert "reliability" in smallest_detectable_change(found)._repr_html_()
    assert "as given" in smallest_detectable_change(3.0)._repr_html_()


def test_a_reliability_of_another_score_is_warned_of(answers):
    rng = np.random.default_rng(5)
    person = rng.normal(50, 10, 80)
    first, second = person + rng.normal(0, 5, 80), person + rng.normal(2, 5, 80)
    single, mean = (retest_icc(first, second, form=form) for form in ("ICC(A,1)", "ICC(A,k)"))
    standard_error_of_measurement(first, reliability=single)
    with pytest.warns(OtherReliabilityWarning, match=rf"ICC\(A,k\).*2 occasions.*here {single.estimate:.3f}"):
        found = standard_error_of_measurement(first, reliability=mean)
    assert found.reliability == mean.estimate  # said, not changed
    ordinal = cronbach_alpha(answers, correlation="polychoric", ci="none")
    with pytest.warns(OtherReliabilityWarning, match=r"latent responses.*cronbach_alpha\(items\)"):
        standard_error_of_measurement(answers.sum(axis=1), reliability=ordinal)
    latent = mcdonald_omega(answers, correlation="polychoric", ci="none")
    with pytest.warns(OtherReliabilityWarning, match="categorical"):
        standard_error_of_measurement(answers.sum(axis=1), reliability=latent)
    standard_error_of_measurement(
        answers.sum(axis=1), reliability=mcdonald_omega(answers, kind="categorical", ci="none")
    )


def test_the_smallest_change_of_a_consistency_form_says_that_it_is_of_agreement():
    rng = np.random.default_rng(6)
    person = rng.normal(50, 10, 80)
    first, second = person + rng.normal(0, 5, 80), person + rng.normal(4, 5, 80)
    agreement, consistency = (retest_icc(first, second, form=form) for form in ("ICC(A,1)", "ICC(C,1)"))
    usual = smallest_detectable_change(agreement)
    assert "retest, agreement, one occasion" in usual._repr_html_()
    with pytest.warns(OtherReliabilityWarning, match=r"ICC\(C,1\).*\.sem_consistency"):
        assert smallest_detectable_change(consistency).individual == usual.individual
    assert smallest_detectable_change(consistency.sem_consistency).individual < usual.individual


def test_one_line_says_which_respondents_and_what_model(answers):
    assert repr(cronbach_alpha(answers, missing="pairwise")).endswith("300 respondents, pairwise>")
    team = np.repeat(np.arange(30), 10)
    assert "in 30 clusters, listwise" in repr(cronbach_alpha(answers, cluster=team))
    with pytest.warns((NotIdentifiedWarning, HeywoodWarning)):
        both = mcdonald_omega(answers, kind="hierarchical", n_factors=2, correlation="polychoric", ci="none")
    assert "2 group factors of polychoric correlations" in repr(both)
    assert "omega total of latent responses" in both._repr_html_()


def test_too_few_items_for_the_default_number_of_factors_is_said_to_be_the_default(answers):
    with pytest.raises(ArgumentError, match=r"5 items do not identify 3 factors, which kind='hierarchical' takes"):
        mcdonald_omega(answers[list("abcde")], kind="hierarchical")
    with pytest.raises(ArgumentError, match=r"do not identify 3 factors; expected 2 at most"):
        mcdonald_omega(answers[list("abcde")], kind="hierarchical", n_factors=3)
