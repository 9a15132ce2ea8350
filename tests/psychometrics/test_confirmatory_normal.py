"""Normal likelihood with and without missing answers: slopes, curvature, EM, sandwich, fit measures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ncx2

from movement_readiness.exceptions import EstimationWarning, MovementReadinessWarning
from movement_readiness.psychometrics.confirmatory import cfa, normal
from movement_readiness.psychometrics.confirmatory.fit_indices import NAMES, RobustTest, Test, fit_measures
from movement_readiness.psychometrics.confirmatory.fit_indices import noncentrality_limit as limit
from movement_readiness.psychometrics.confirmatory.normal_robust import crossed_scores, saturated_trace
from movement_readiness.psychometrics.confirmatory.normal_sample import (
    complete_sample,
    given_sample,
    incomplete_sample,
    pairwise_moments,
)
from movement_readiness.psychometrics.confirmatory.residual_fit import ObservedImplied, residual_measures
from movement_readiness.psychometrics.confirmatory.saturated import saturated
from movement_readiness.psychometrics.confirmatory.vech import symmetric, vech

P = 5


def answers(seed, n=60, share=0.0, p=P):
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(p, p)) / 2 + np.eye(p)
    values = rng.normal(size=(n, p)) @ root.T + rng.normal(size=p)
    values[rng.random(values.shape) < share] = np.nan
    return values


def sampled(values, clusters=None):
    return incomplete_sample(values, clusters) if np.isnan(values).any() else complete_sample(values, clusters)


def by_hand(values, point):
    """Mean negative log-likelihood, respondent by respondent."""
    p = values.shape[1]
    mu, sigma, total, n = point[:p], symmetric(point[p:], p), 0.0, 0
    for row in values:
        seen = ~np.isnan(row)
        if not seen.any():
            continue
        off, part = (row - mu)[seen], sigma[np.ix_(seen, seen)]
        n += 1
        total += (seen.sum() * np.log(2 * np.pi) + np.linalg.slogdet(part)[1] + off @ np.linalg.solve(part, off)) / 2
    return total / n


def a_point(seed, p=P):
    rng = np.random.default_rng(seed + 100)
    root = rng.normal(size=(p, p)) / 3 + np.eye(p)
    return np.concatenate([rng.normal(size=p), vech(root @ root.T + np.eye(p))])


def central(function, point, step=1e-5):
    return np.array(
        [(function(point + step * e) - function(point - step * e)) / (2 * step) for e in np.eye(point.size)]
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("seed", range(3))
def test_value_slopes_curvature_and_scores_are_the_definition(seed, share):
    values, point = answers(seed, share=share), a_point(seed)
    sample = sampled(values)
    mu, sigma = point[:P], symmetric(point[P:], P)
    found = normal.slopes(sample, mu, sigma)
    assert found.value == pytest.approx(by_hand(values, point), rel=1e-12)
    np.testing.assert_allclose(found.row(True), central(lambda at: by_hand(values, at), point), atol=1e-8)

    def slope(at):
        return normal.slopes(sample, at[:P], symmetric(at[P:], P)).row(True)

    np.testing.assert_allclose(normal.curvature(sample, mu, sigma, True), central(slope, point), atol=1e-8)
    np.testing.assert_allclose(normal.curvature(sample, mu, sigma, False), central(slope, point)[P:, P:], atol=1e-8)
    each = np.concatenate(list(normal.scores(sample, mu, sigma, True)))
    np.testing.assert_allclose(each.mean(axis=0), -found.row(True), atol=1e-13)
    np.testing.assert_allclose(crossed_scores(sample, mu, sigma, True), each.T @ each / len(each), atol=1e-12)


def test_a_matrix_that_is_not_positive_definite_has_no_likelihood():
    sample = sampled(answers(0, share=0.1))
    sigma = np.eye(P)
    sigma[0, 1] = sigma[1, 0] = 2.0
    assert normal.slopes(sample, np.zeros(P), sigma) is None
    assert normal.precision_of(np.full((2, 2), np.nan)) is None


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.permutations(range(P)))
def test_order_of_respondents_and_items_changes_nothing(seed, order):
    values, point = answers(seed, share=0.3), a_point(seed)
    order, shuffled = list(order), np.random.default_rng(seed).permutation(len(values))
    mu, sigma = point[:P], symmetric(point[P:], P)
    one = normal.slopes(incomplete_sample(values), mu, sigma)
    other = normal.slopes(incomplete_sample(values[shuffled][:, order]), mu[order], sigma[np.ix_(order, order)])
    assert other.value == pytest.approx(one.value, rel=1e-12)
    np.testing.assert_allclose(other.mean, one.mean[order], atol=1e-12)
    np.testing.assert_allclose(other.covariance, one.covariance[np.ix_(order, order)], atol=1e-12)


def test_answers_without_gaps_are_the_same_by_patterns_and_by_moments():
    values, point = answers(3), a_point(3)
    mu, sigma = point[:P], symmetric(point[P:], P)
    one, other = (normal.slopes(sample, mu, sigma) for sample in (complete_sample(values), incomplete_sample(values)))
    assert one.value == pytest.approx(other.value, rel=1e-12)
    np.testing.assert_allclose(one.row(True), other.row(True), atol=1e-12)
    np.testing.assert_allclose(saturated(incomplete_sample(values)).covariance, np.cov(values.T, bias=True), atol=1e-9)


def test_moments_found_by_em_have_no_slope_and_are_andersons_where_answers_end():
    values = answers(5, n=200)
    values[:80, 1] = np.nan  # item 2 ends early: the likelihood has a closed form (Anderson 1957)
    found = saturated(incomplete_sample(values[:, :2]))
    assert found.converged
    seen = values[80:, :2]
    slope = np.cov(seen.T, bias=True)[0, 1] / np.var(seen[:, 0])
    mean = seen[:, 1].mean() + slope * (values[:, 0].mean() - seen[:, 0].mean())
    left = np.var(seen[:, 1]) - slope**2 * np.var(seen[:, 0])
    assert found.mean[1] == pytest.approx(mean, abs=1e-8)
    assert found.covariance[1, 1] == pytest.approx(left + slope**2 * np.var(values[:, 0]), abs=1e-7)
    whole = incomplete_sample(answers(5, n=200, share=0.2))
    at = saturated(whole)
    assert np.abs(normal.slopes(whole, at.mean, at.covariance).row(True)).max() < 1e-8


def test_respondents_without_an_answer_do_not_count():
    values = answers(6, share=0.2)
    with_empty = np.vstack([values, np.full((7, P), np.nan)])
    one, other = incomplete_sample(values), incomplete_sample(with_empty)
    assert one.n == other.n
    assert saturated(one).value == pytest.approx(saturated(other).value, rel=1e-12)


def test_moments_that_cannot_be_had_are_none():
    assert saturated(complete_sample(answers(1, n=4))) is None  # more items than people
    empty = answers(1)
    empty[:, 2] = np.nan
    assert saturated(incomplete_sample(empty)) is None


def test_a_given_covariance_is_brought_to_the_divisor_n():
    values = answers(2)
    np.testing.assert_allclose(
        given_sample(np.cov(values.T), len(values)).covariance, complete_sample(values).covariance
    )


def test_pairwise_moments_are_those_of_pandas():
    values = answers(4, share=0.3)
    sample = incomplete_sample(values)
    mean, covariance = pairwise_moments(sample)
    frame = pd.DataFrame(values)
    np.testing.assert_allclose(mean, frame.mean())
    np.testing.assert_allclose(covariance, frame.cov() * (sample.n - 1) / sample.n)


def test_clusters_of_one_change_scores_by_their_number_alone():
    values, point = answers(7, share=0.2), a_point(7)
    mu, sigma = point[:P], symmetric(point[P:], P)
    n = incomplete_sample(values).n
    one = crossed_scores(incomplete_sample(values), mu, sigma, True)
    other = crossed_scores(incomplete_sample(values, np.arange(len(values))), mu, sigma, True)
    np.testing.assert_allclose(other, one * n / (n - 1), rtol=1e-12)


def test_trace_of_complete_answers_is_the_closed_form():
    values = answers(8)
    whole, parts = complete_sample(values), incomplete_sample(values)
    for means in (True, False):
        found = [saturated_trace([sample], [saturated(sample)], means) for sample in (whole, parts)]
        assert found[0] == pytest.approx(found[1], rel=1e-6)


def a_frame(seed, n=300, share=0.0):
    rng = np.random.default_rng(seed)
    values = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, 6))
    values[rng.random(values.shape) < share] = np.nan
    return pd.DataFrame(values, columns=[f"x{place}" for place in range(1, 7)])


MODEL = "f =~ x1 + x2 + x3 + x4 + x5 + x6"


def test_fiml_of_complete_answers_is_ml_with_observed_information():
    items = a_frame(1)
    one, other = cfa(items, MODEL, meanstructure=True), cfa(items, MODEL, missing="fiml")
    np.testing.assert_allclose(one.parameters["est"], other.parameters["est"], atol=1e-7)
    assert one.fit_measures["chisq"] == pytest.approx(other.fit_measures["chisq"], abs=1e-6)


def test_normal_answers_have_a_scaling_near_one_and_the_same_errors():
    found = cfa(a_frame(2, n=20_000), MODEL, estimator="mlr")
    plain = cfa(a_frame(2, n=20_000), MODEL)
    assert found.fit_measures["chisq.scaling.factor"] == pytest.approx(1.0, abs=0.03)
    free = plain.parameters["se"] > 0
    np.testing.assert_allclose(found.parameters["se"][free], plain.parameters["se"][free], rtol=0.04)


def test_missing_at_random_is_recovered_by_fiml_and_not_by_listwise():
    means = {"fiml": [], "listwise": []}
    for seed in range(5):
        items = a_frame(seed, n=2000)
        items.loc[items["x1"] > 0.5, ["x2", "x3"]] = np.nan  # who scores high on x1 skips two items
        for missing, found in means.items():
            table = cfa(items, MODEL, missing=missing, meanstructure=True).parameters
            found.append(table.loc[(table["op"] == "~1") & (table["lhs"] == "x2"), "est"].item())
    assert abs(np.mean(means["fiml"])) < 0.05
    assert np.mean(means["listwise"]) < -0.15


def test_measures_of_the_classic_example():
    """Holzinger and Swineford's nine tests, three factors, as printed in lavaan's tutorial."""
    found = fit_measures(
        Test(85.306, 24),
        Test(918.852, 36),
        n=301,
        n_groups=1,
        n_free=21,
        least_squares=False,
        logl=-3737.745,
        saturated_logl=-3695.092,
    )
    printed = {"cfi": 0.931, "tli": 0.896, "rmsea": 0.092, "rmsea.ci.lower": 0.071, "rmsea.ci.upper": 0.114}
    printed |= {"rmsea.pvalue": 0.001, "aic": 7517.490, "bic": 7595.339, "bic2": 7528.739}
    for name, value in printed.items():
        assert round(found[name], 3) == pytest.approx(value, abs=0.0011), name


def test_every_measure_is_there_and_undefined_ones_are_nan():
    found = fit_measures(Test(10.0, 5), Test(100.0, 10), n=200, n_groups=1, n_free=10, least_squares=False)
    assert tuple(found) == NAMES
    assert np.isnan([found["chisq.scaled"], found["cfi.robust"], found["logl"], found["srmr"]]).all()


def test_a_saturated_model_fits_perfectly():
    found = fit_measures(Test(0.0, 0), Test(100.0, 10), n=200, n_groups=1, n_free=15, least_squares=False)
    assert [found[name] for name in ("cfi", "tli", "rmsea", "rmsea.ci.upper")] == [1.0, 1.0, 0.0, 0.0]
    assert np.isnan(found["pvalue"])


def test_robust_measures_without_anything_to_correct_are_the_plain_ones():
    found = fit_measures(
        Test(60.0, 24),
        Test(900.0, 36),
        n=300,
        n_groups=1,
        n_free=21,
        least_squares=False,
        robust=RobustTest(60.0, 24.0, 900.0, 36.0),
    )
    for name in ("cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "rmsea.pvalue", "rmsea.notclose.pvalue"):
        assert found[f"{name}.robust"] == pytest.approx(found[name], rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.floats(0.1, 2000), st.integers(1, 600), st.sampled_from([0.05, 0.95]))
def test_the_limit_of_noncentrality_is_where_it_should_be(chisq, df, probability):
    found = limit(chisq, df, probability)
    if found > 0:
        assert ncx2.cdf(chisq, df, found) == pytest.approx(probability, abs=1e-6)


def test_residual_measures_vanish_for_perfect_fit_and_know_their_definition():
    sigma = np.array([[2.0, 0.5], [0.5, 1.0]])
    perfect = residual_measures([ObservedImplied(100, sigma, sigma)], ordinal=False)
    assert max(abs(value) for value in perfect.values()) < 1e-15
    off = sigma.copy()
    off[0, 1] = off[1, 0] = 0.3
    found = residual_measures([ObservedImplied(100, sigma, off)], ordinal=False)
    assert found["rmr"] == pytest.approx(0.2 / np.sqrt(3))
    assert found["srmr"] == pytest.approx(0.2 / np.sqrt(2) / np.sqrt(3))
    assert found["crmr"] == pytest.approx(0.2 / np.sqrt(2))


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_items_that_nobody_answered_together_have_no_test_and_say_so(estimator):
    items = a_frame(3)
    items.loc[:149, "x1"] = np.nan
    items.loc[150:, "x2"] = np.nan
    with pytest.warns(EstimationWarning, match="nobody answered both of 'x1 with x2'"):
        found = cfa(items, MODEL, estimator=estimator, missing="fiml")
    assert found.converged
    assert found.parameters["est"].notna().all()
    assert np.isnan(found.fit_measures[["chisq", "cfi", "rmsea", "srmr"]]).all()


def test_too_few_respondents_for_the_saturated_model_are_pointed_out():
    items = a_frame(5, n=7)
    items.iloc[0, 0] = np.nan
    with pytest.warns(MovementReadinessWarning):
        found = cfa(items, MODEL, missing="fiml")
    assert np.isnan(found.fit_measures["chisq"])


def test_second_derivatives_by_parameter_are_those_of_the_function():
    """Higher factors, means and equal parameters included."""
    rng = np.random.default_rng(4)
    values = np.repeat(rng.normal(size=(200, 1)) + rng.normal(size=(200, 3)), 3, axis=1) + rng.normal(size=(200, 9))
    values[rng.random(values.shape) < 0.1] = np.nan
    items = pd.DataFrame(values, columns=[f"x{place}" for place in range(1, 10)]).assign(g=["a", "b"] * 100)
    model = "a =~ x1 + x2 + x3\nb =~ x4 + x5 + x6\nc =~ x7 + x8 + x9\ntop =~ a + b + c\nx1 ~~ x4\nx1 ~ 1"
    fit = cfa(items, model, group="g", missing="fiml", group_equal="loadings")._fit
    theta = fit.theta + 0.05 * rng.normal(size=fit.theta.size)
    problem = fit.objective
    by_hand = central(lambda at: problem.expansion(at).gradient, theta)
    np.testing.assert_allclose(problem.observed_information(theta), by_hand, atol=1e-6)
    np.testing.assert_allclose(problem.expansion(theta).gradient, central(problem.value, theta), atol=1e-8)
