"""Factor scores on arrays: against a general optimiser, a grid, and what must be so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psychometrics.confirmatory_data import data, model
from scipy.optimize import minimize
from scipy.special import ndtr

from movement_readiness.psychometrics import cfa
from movement_readiness.psychometrics.confirmatory.scores import (
    BLOCK,
    OrdinalFactors,
    expected_answers,
    posterior_modes,
    regression_scores,
)


def model_of(seed, n_items=12, n_factors=3, n_options=5):
    rng = np.random.default_rng(seed)
    loadings = np.zeros((n_items, n_factors))
    loadings[np.arange(n_items), np.arange(n_items) % n_factors] = rng.uniform(0.4, 0.9, n_items)
    correlations = np.full((n_factors, n_factors), 0.5) + 0.5 * np.eye(n_factors)
    thresholds = np.sort(rng.normal(size=(n_items, n_options - 1)), axis=1)
    residuals = 1 - np.diag(loadings @ correlations @ loadings.T)
    return OrdinalFactors(loadings, thresholds, residuals, np.zeros(n_factors), correlations)


def answers_of(model, n, seed, missing=0.1):
    rng = np.random.default_rng(seed)
    eta = rng.multivariate_normal(model.means, model.covariances, size=n)
    latent = eta @ model.loadings.T + rng.normal(size=(n, len(model.residuals))) * np.sqrt(model.residuals)
    codes = (latent[:, :, np.newaxis] > model.thresholds).sum(axis=2)
    codes[rng.random(codes.shape) < missing] = -1
    return codes, eta


def minus_log_posterior(eta, codes, model):
    total = (eta - model.means) @ np.linalg.solve(model.covariances, eta - model.means) / 2
    for item, code in enumerate(codes):
        if code >= 0:
            limits = np.concatenate([[-np.inf], model.thresholds[item], [np.inf]])
            below, above = (limits[code : code + 2] - model.loadings[item] @ eta) / np.sqrt(model.residuals[item])
            total -= np.log(max(ndtr(above) - ndtr(below), 1e-300))
    return total


@pytest.mark.parametrize("seed", range(3))
def test_the_mode_is_where_a_general_optimiser_finds_it(seed):
    model = model_of(seed)
    codes, _ = answers_of(model, 5, seed)
    found = posterior_modes(codes, model)
    for row, scores in zip(codes, found.values, strict=True):
        known = minimize(minus_log_posterior, np.zeros(3), (row, model), tol=1e-12).x
        np.testing.assert_allclose(scores, known, atol=1e-5)


def test_standard_errors_are_those_of_the_curvature():
    model = model_of(7)
    codes, _ = answers_of(model, 1, 7)
    found = posterior_modes(codes, model)
    step, centre = 1e-3, found.values[0]
    curvature = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            ends = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            moved = [centre + step * (a * np.eye(3)[i] + b * np.eye(3)[j]) for a, b in ends]
            plus, one, other, minus = (minus_log_posterior(eta, codes[0], model) for eta in moved)
            curvature[i, j] = (plus - one - other + minus) / (4 * step**2)
    np.testing.assert_allclose(found.errors[0], np.sqrt(np.diag(np.linalg.inv(curvature))), rtol=1e-4)


def test_one_factor_against_numerical_integration():
    """The mode is the top of the density; mean and SD are near mode and SE when there are many items."""
    model = model_of(1, n_items=30, n_factors=1)
    codes, _ = answers_of(model, 6, 2)
    found = posterior_modes(codes, model)
    grid = np.linspace(-4, 4, 401)
    for row, score, error in zip(codes, found.values[:, 0], found.errors[:, 0], strict=True):
        log = -np.array([minus_log_posterior(np.array([x]), row, model) for x in grid])
        weights = np.exp(log - log.max())
        mean = (weights * grid).sum() / weights.sum()
        spread = np.sqrt((weights * (grid - mean) ** 2).sum() / weights.sum())
        assert abs(grid[log.argmax()] - score) < 0.0101
        assert abs(mean - score) < 0.05
        assert abs(spread / error - 1) < 0.05


def test_scores_are_the_same_whoever_else_is_there():
    model = model_of(3)
    codes, _ = answers_of(model, BLOCK + 37, 3)
    everybody = posterior_modes(codes, model)
    order = np.random.default_rng(0).permutation(len(codes))
    shuffled = posterior_modes(codes[order], model)
    assert np.array_equal(shuffled.values, everybody.values[order])
    assert np.array_equal(shuffled.errors, everybody.errors[order])
    for place in (0, 5, BLOCK + 1):
        alone = posterior_modes(codes[place : place + 1], model)
        assert np.array_equal(alone.values[0], everybody.values[place])
        assert np.array_equal(alone.errors[0], everybody.errors[place])


def test_without_answers_there_is_what_was_known_before():
    model = model_of(4)
    found = posterior_modes(np.full((1, 12), -1), model)
    assert found.values.tolist() == [[0, 0, 0]]
    np.testing.assert_allclose(found.errors, 1)


def test_extreme_answers_to_items_without_residuals_arrive():
    loadings = np.full((8, 1), 0.9999)
    model = OrdinalFactors(loadings, np.tile([-3.0, 3.0], (8, 1)), 1 - loadings[:, 0] ** 2, np.zeros(1), np.eye(1))
    codes = np.array([[2] * 8, [0] * 8, [0, 2] * 4, [1] * 8])
    found = posterior_modes(codes, model)
    assert found.converged.all()
    assert np.isfinite(found.values).all()
    assert found.values[0, 0] == pytest.approx(-found.values[1, 0], abs=1e-8)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_reversing_an_item_with_its_thresholds_changes_nothing(seed):
    model = model_of(5)
    codes, _ = answers_of(model, 3, seed)
    loadings, thresholds = model.loadings.copy(), model.thresholds.copy()
    loadings[2], thresholds[2] = -loadings[2], -thresholds[2][::-1]
    turned = codes.copy()
    turned[:, 2] = np.where(codes[:, 2] >= 0, 4 - codes[:, 2], -1)
    reverse = OrdinalFactors(loadings, thresholds, model.residuals, model.means, model.covariances)
    np.testing.assert_allclose(posterior_modes(turned, reverse).values, posterior_modes(codes, model).values, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(0, 11))
def test_a_higher_answer_never_lowers_its_own_factor(seed, item):
    model = model_of(6)
    codes, _ = answers_of(model, 1, seed, missing=0)
    higher = codes.copy()
    higher[0, item] = min(codes[0, item] + 1, 4)
    own = item % 3
    before, after = (posterior_modes(one, model).values[0, own] for one in (codes, higher))
    assert after >= before - 1e-12


@pytest.mark.parametrize("seed", range(3))
def test_errors_cover_the_true_factor(seed):
    model = model_of(seed, n_items=30)
    codes, eta = answers_of(model, 2000, seed)
    found = posterior_modes(codes, model)
    inside = np.abs(found.values - eta) < 1.959964 * found.errors
    assert abs(inside.mean() - 0.95) < 0.015
    total = found.values.var(axis=0) + (found.errors**2).mean(axis=0)
    np.testing.assert_allclose(total, eta.var(axis=0), atol=0.08)


def test_expected_answers_are_the_mean_of_answers_at_those_factor_values():
    model = model_of(8)
    values = np.array([[0.3, -0.5, 1.2]])
    found = expected_answers(values, model, np.full(12, 1.0), np.ones((12, 4)))
    rng = np.random.default_rng(8)
    latent = values @ model.loadings.T + rng.normal(size=(200_000, 12)) * np.sqrt(model.residuals)
    drawn = 1 + (latent[:, :, np.newaxis] > model.thresholds).sum(axis=2)
    np.testing.assert_allclose(found[0], drawn.mean(axis=0), atol=0.02)


def test_regression_scores_of_complete_answers_are_thurstones():
    rng = np.random.default_rng(9)
    loadings, residuals = rng.uniform(0.4, 0.9, (6, 1)), np.diag(rng.uniform(0.3, 0.6, 6))
    answers = rng.normal(size=(10, 6))
    sigma = loadings @ loadings.T + residuals
    found = regression_scores(answers, loadings, np.eye(1), residuals, np.zeros(1), np.zeros(6))
    np.testing.assert_allclose(found.values, answers @ np.linalg.solve(sigma, loadings), atol=1e-12)
    answers[0, 1:] = np.nan
    part = regression_scores(answers[:1], loadings, np.eye(1), residuals, np.zeros(1), np.zeros(6))
    assert part.values[0, 0] == pytest.approx(answers[0, 0] * loadings[0, 0] / sigma[0, 0])
    assert part.errors[0, 0] > found.errors[0, 0]


def test_delta_and_theta_and_groups_alone_or_together_give_the_same_scores():
    """lavaan 0.6-14's lavPredict does neither: with theta and from the second group on its modes are others."""
    items = data("groups3_ordinal5")
    text = model("two8")
    together = cfa(items, text, estimator="wlsmv", group="site", std_lv=True).factor_scores(se=True)
    for _, own in items.groupby("site", sort=False):
        answers = own.drop(columns="site")
        for parameterization in ("delta", "theta"):
            alone = cfa(answers, text, estimator="wlsmv", std_lv=True, parameterization=parameterization)
            np.testing.assert_allclose(alone.factor_scores(se=True), together.loc[own.index], atol=2e-5)
