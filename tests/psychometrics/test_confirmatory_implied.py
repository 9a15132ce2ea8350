"""Implied moments and their derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.specification import ModelOptions, parameter_table
from movement_readiness.psychometrics.confirmatory.standardized import estimates, standardized, standardized_errors
from movement_readiness.psychometrics.confirmatory.syntax import parse_model

ITEMS = [f"x{place}" for place in range(1, 8)]


def differences(function, theta, step=1e-5):
    columns = []
    for place in range(theta.size):
        move = np.zeros_like(theta)
        move[place] = step
        columns.append((function(theta + move) - function(theta - move)) / (2 * step))
    return np.column_stack(columns)


@st.composite
def models(draw):
    """Any model of seven items: cross loadings, higher factors, residual covariances, labels, groups."""
    sizes = draw(st.sampled_from([(7,), (3, 4), (2, 2, 3)]))
    begin = np.cumsum((0, *sizes))
    lines = [f"f{k} =~ " + " + ".join(ITEMS[begin[k] : begin[k + 1]]) for k in range(len(sizes))]
    if len(sizes) > 1 and draw(st.booleans()):
        lines[0] += f" + {ITEMS[-1]}"
    if len(sizes) > 1 and draw(st.booleans()):
        lines.append("g =~ " + " + ".join(f"f{k}" for k in range(len(sizes))))
    if draw(st.booleans()):
        lines.append("x1 ~~ x2")
    ordinal = draw(st.booleans())
    n_groups = draw(st.integers(1, 2))
    equal = draw(st.sets(st.sampled_from(["loadings", "thresholds", "intercepts", "lv.variances", "residuals"])))
    options = ModelOptions(
        n_groups=n_groups,
        std_lv=draw(st.booleans()),
        orthogonal=draw(st.booleans()),
        meanstructure=draw(st.booleans()),
        group_equal=tuple(equal) if n_groups > 1 else (),
        thresholds={item: 1 + place % 3 for place, item in enumerate(ITEMS)} if ordinal else {},
        parameterization=draw(st.sampled_from(["delta", "theta"])),
    )
    model = Model(parameter_table(parse_model("\n".join(lines)), options))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return model, rng.uniform(0.3, 0.9, model.n_free)


@settings(max_examples=40, deadline=None)
@given(models())
def test_the_jacobian_is_the_derivative_of_the_moments(drawn):
    model, theta = drawn

    def moments(at):
        return np.concatenate([model.vector(one) for one in model.implied(at)])

    analytic = np.concatenate(model.jacobian(theta))
    assert analytic.shape == (model.n_moments * model.table.n_groups, model.n_free)
    np.testing.assert_allclose(analytic, differences(moments, theta), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(models())
def test_the_derivatives_of_variances_and_of_the_standardised_solution(drawn):
    model, theta = drawn

    def variances(at):
        return np.concatenate([values for values, _ in model.variances(at)])

    analytic = np.concatenate([slopes for _, slopes in model.variances(theta)])
    np.testing.assert_allclose(analytic, differences(variances, theta), atol=1e-6)
    if (variances(theta) <= 0.05).any():
        return  # roots of what is not positive
    moved = differences(lambda at: standardized(model, at)[1], theta)
    errors = standardized_errors(model, theta, np.eye(theta.size))
    np.testing.assert_allclose(errors, np.sqrt((moved**2).sum(axis=1)), atol=1e-5)


def test_delta_and_theta_say_the_same_of_one_group():
    thresholds = dict.fromkeys(ITEMS[:4], 2)
    statements = parse_model("f =~ x1 + x2 + x3 + x4")
    delta, theta = (
        Model(parameter_table(statements, ModelOptions(std_lv=True, thresholds=thresholds, parameterization=name)))
        for name in ("delta", "theta")
    )
    loadings = np.array([0.8, 0.7, 0.6, 0.5])
    tau = np.tile([-0.5, 0.7], 4)
    spread = np.sqrt(1 - loadings**2)
    one = delta.implied(np.concatenate([loadings, tau]))[0]
    other = theta.implied(np.concatenate([loadings / spread, tau / np.repeat(spread, 2)]))[0]
    np.testing.assert_allclose(one.sigma, other.sigma, atol=1e-14)
    np.testing.assert_allclose(one.thresholds, other.thresholds, atol=1e-14)
    np.testing.assert_allclose(np.diag(one.sigma), 1.0)


def test_a_second_order_factor_works_through_the_first():
    model = Model(parameter_table(parse_model("f =~ x1 + x2\ng =~ x3 + x4\nh =~ f + g"), ModelOptions(std_lv=True)))
    theta = np.full(model.n_free, 0.5)
    matrices = model.matrices(theta)[0]
    lower = matrices.beta[:2, 2:]
    expected = lower @ lower.T + np.eye(2)
    np.testing.assert_allclose(matrices.factor_covariances[:2, :2], expected)


def test_residual_variances_of_ordered_items_follow_from_the_loadings():
    options = ModelOptions(std_lv=True, thresholds=dict.fromkeys(ITEMS[:3], 1))
    model = Model(parameter_table(parse_model("f =~ x1 + x2 + x3"), options))
    theta = np.array([0.6, 0.8, 0.5, 0.0, 0.0, 0.0])
    values = dict(zip([row.name for row in model.table.rows], estimates(model, theta), strict=True))
    assert values["x1~~x1"] == pytest.approx(0.64)
    assert values["x2~~x2"] == pytest.approx(0.36)
