"""HTMT, average variance extracted, composite reliability, bifactor indices; against semTools and by hand."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from psychometrics.confirmatory_data import data, fit, model, quietly, table

from movement_readiness.exceptions import (
    ArgumentError,
    EstimationWarning,
    ImproperSolutionWarning,
    ReversedItemWarning,
)
from movement_readiness.psychometrics import cfa
from movement_readiness.psychometrics.confirmatory.syntax import parse_model
from movement_readiness.psychometrics.validity import (
    average_variance_extracted,
    bifactor_indices,
    composite_reliability,
    htmt,
)

VALUES = table("validity")
HTMT = [case for case, part in VALUES.items() if part["quantity"].str.startswith("htmt").any()]
RELIABILITY = [case for case, part in VALUES.items() if part["quantity"].str.startswith("omega observed").any()]
BIFACTOR = [case for case, part in VALUES.items() if (part["quantity"] == "ecv").any()]
HIGHER = [case for case, part in VALUES.items() if part["quantity"].str.startswith("omega higher").any()]


def of(case, quantity, program="semTools"):
    part = VALUES[case]
    rows = part[(part["quantity"] == quantity) & (part["program"] == program)]
    return rows.set_index("row")["value"]


def scales_of(name):
    found: dict[str, list[str]] = {}
    for statement in parse_model(model(name)):
        if statement.op == "=~":
            found.setdefault(statement.lhs, []).append(statement.rhs)
    return found


@pytest.mark.parametrize("case", HTMT)
@pytest.mark.parametrize("variant", ["htmt", "htmt2"])
@pytest.mark.parametrize("correlation", ["pearson", "polychoric"])
def test_htmt_is_that_of_semtools(case, variant, correlation):
    rows = VALUES[case]
    rows = rows[rows["quantity"] == f"{variant} {correlation}"]
    if rows.empty:
        return
    name, structure = case.split()
    found = htmt(data(name), scales_of(structure), variant=variant, correlation=correlation)
    tolerance = 1e-8 if correlation == "pearson" else 2e-5
    for row in rows.to_dict("records"):
        assert found.loc[row["row"], row["column"]] == pytest.approx(row["value"], abs=tolerance)
    assert (np.diag(found) == 1).all()
    assert found.equals(found.T)


@pytest.mark.parametrize("case", RELIABILITY)
@pytest.mark.parametrize("total", ["observed", "implied"])
def test_composite_reliability_is_semtools(case, total):
    expected = of(case, f"omega {total}")
    found = quietly(composite_reliability, fit(case), total_variance=total)  # of some x5 loads against the others
    np.testing.assert_allclose(found[expected.index], expected, atol=1e-4)


@pytest.mark.parametrize("case", [case for case in RELIABILITY if "wlsmv" in case and "theta" not in case])
def test_composite_reliability_of_latent_responses(case):
    expected = of(case, "omega latent responses")
    found = quietly(composite_reliability, fit(case), scale="latent")
    np.testing.assert_allclose(found[expected.index], expected, atol=1e-4)


@pytest.mark.parametrize("case", [case for case in RELIABILITY if case not in BIFACTOR and "theta" not in case])
@pytest.mark.parametrize("total", ["observed", "implied"])
def test_average_variance_extracted_is_semtools(case, total):
    expected = of(case, f"ave {total}")
    found = average_variance_extracted(fit(case), total_variance=total)
    np.testing.assert_allclose(found[expected.index], expected, atol=1e-4)


def test_the_parameterisation_of_latent_responses_does_not_matter():
    """semTools weighs latent responses by their variances, which delta fixes at 1 and theta does not."""
    delta, theta = fit("ordinal3 three wlsmv"), fit("ordinal3 three wlsmv theta std_lv")
    np.testing.assert_allclose(average_variance_extracted(delta), average_variance_extracted(theta), atol=1e-6)
    latent = [composite_reliability(one, scale="latent") for one in (delta, theta)]
    np.testing.assert_allclose(latent[0], latent[1], atol=1e-6)


@pytest.mark.parametrize("case", BIFACTOR)
def test_bifactor_indices_are_the_formulas_on_lavaans_solution(case):
    found = bifactor_indices(fit(case))
    for name, column in (
        ("omega_total standardized", "omega_total"),
        ("omega_hierarchical standardized", "omega_hierarchical"),
        ("ecv", "ecv"),
    ):
        expected = of(case, name, "formula")
        np.testing.assert_allclose(found.loc[expected.index, column], expected, atol=2e-4, err_msg=column)
    if "wlsmv" in case:
        expected = of(case, "omega implied")
        np.testing.assert_allclose(found.loc[expected.index, "omega_hierarchical_answers"], expected, atol=1e-4)


@pytest.mark.parametrize("case", HIGHER)
@pytest.mark.parametrize("total", ["observed", "implied"])
def test_the_omega_of_a_second_order_factor(case, total):
    expected = of(case, f"omega higher {total}")
    found = quietly(composite_reliability, fit(case), total_variance=total)  # of some x5 loads against the others
    np.testing.assert_allclose(found[expected.index], expected, atol=1e-4)


def test_htmt_does_not_know_which_way_an_item_runs():
    rng = np.random.default_rng(3)
    common = rng.normal(size=(400, 1))
    x = pd.DataFrame(common + rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    reversed_c = x.assign(c=-x["c"])
    plain = htmt(x.assign(d=x["a"]), {"one": ["a", "b"], "two": ["c", "d"]})
    turned = htmt(reversed_c.assign(d=x["a"]), {"one": ["a", "b"], "two": ["-c", "d"]}, absolute=False)
    pd.testing.assert_frame_equal(plain, turned)


def test_an_item_in_two_scales_is_refused():
    x = pd.DataFrame(np.random.default_rng(3).normal(size=(50, 4)), columns=list("abcd"))
    with pytest.raises(ArgumentError, match="each item in one scale; 'b' is in two"):
        htmt(x, {"one": ["a", "b"], "two": ["-b", "c", "d"]})


def test_geometric_means_of_negative_correlations_are_not_made_up():
    rng = np.random.default_rng(4)
    x = pd.DataFrame(rng.normal(size=(200, 1)) + rng.normal(size=(200, 4)), columns=list("abcd"))
    x["d"] = -x["d"]
    with pytest.warns(EstimationWarning, match="geometric mean"):
        found = htmt(x, {"one": ["a", "b"], "two": ["c", "d"]}, variant="htmt2", absolute=False)
    assert np.isnan(found.loc["one", "two"])


def test_cross_loadings_leave_no_variance_to_one_factor():
    rng = np.random.default_rng(5)
    factors = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=600)
    values = factors @ np.repeat([[0.8, 0.0], [0.0, 0.8]], 4, axis=0).T + 0.6 * rng.normal(size=(600, 8))
    values[:, 0] += 0.4 * factors[:, 1]
    x = pd.DataFrame(values, columns=[f"x{place}" for place in range(1, 9)])
    found = cfa(x, "f =~ x1 + x2 + x3 + x4\ng =~ x5 + x6 + x7 + x8 + x1")
    with pytest.warns(EstimationWarning, match="share items"):
        assert average_variance_extracted(found).isna().all()
    assert composite_reliability(found).between(0, 1).all()


def one_factor(signs, seed=3):
    values = np.random.default_rng(seed).normal(size=(300, 1)) * 0.8 + np.random.default_rng(seed + 1).normal(
        size=(300, len(signs))
    )
    return cfa(pd.DataFrame(values * signs, columns=[f"x{place}" for place in range(1, len(signs) + 1)]), ONE)


ONE = "f =~ x1 + x2 + x3 + x4 + x5"


def test_items_that_load_against_the_others_are_named():
    with pytest.warns(ReversedItemWarning, match=r"\(f: 'x2', 'x5'\).*Reverse those"):
        mixed = composite_reliability(one_factor([1, -1, 1, 1, -1]))
    assert mixed["f"] < 0.3
    turned, alike = composite_reliability(one_factor([-1] * 5)), composite_reliability(one_factor([1] * 5))
    assert turned["f"] == pytest.approx(alike["f"])
    assert alike["f"] > 0.6


def test_coefficients_of_an_improper_solution_are_warned_of():
    covariance = [[1, 0.7, 0.7], [0.7, 1, 0.3], [0.7, 0.3, 1]]
    frame = pd.DataFrame(covariance, list("abc"), list("abc"))
    with pytest.warns(ImproperSolutionWarning, match="a~~a"):
        fit = cfa(sample_cov=frame, n_obs=300, model="f =~ a + b + c")
    for coefficient in (composite_reliability, average_variance_extracted):
        with pytest.warns(ImproperSolutionWarning, match=r"improper \(a~~a\)"):
            coefficient(fit)


def test_several_groups_have_a_row_each():
    case = "groups3 two6 ml configural"
    found = composite_reliability(fit(case))
    assert found.shape == (3, 2)
    assert list(found.index) == list(fit(case).groups)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"scales": {"one": ["x1", "x2"]}}, "scales: expected a mapping of two or more scales"),
        ({"scales": {"one": ["x1", "x2"], "two": ["x3", "z"]}}, "scales['two']: expected items of the frame"),
        ({"variant": "htmt3"}, "variant: expected one of"),
        ({"correlation": "spearman"}, "correlation: expected one of"),
    ],
)
def test_bad_arguments_get_a_sentence(arguments, sentence):
    given = {"scales": {"one": ["x1", "x2"], "two": ["x3", "x4"]}} | arguments
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        htmt(data("continuous"), **given)


def test_a_constant_item_has_no_correlations():
    x = data("continuous").assign(x2=1.0)
    with pytest.raises(ArgumentError, match="'x2'"):
        htmt(x, {"one": ["x1", "x2"], "two": ["x3", "x4"]})


def test_what_is_no_bifactor_model_is_refused():
    with pytest.raises(ArgumentError, match="bifactor model, whose general factor has every item"):
        bifactor_indices(fit("continuous three ml"))
    with pytest.raises(ArgumentError, match="expected a CFAResult"):
        composite_reliability(0.8)


def test_htmt_reads_the_columns_of_its_scales_alone():
    rng = np.random.default_rng(3)
    answers = pd.DataFrame(rng.normal(size=(80, 1)) + rng.normal(size=(80, 4)), columns=list("abcd"))
    scales = {"one": ["a", "-b"], "two": ["c", "d"]}
    around = answers.assign(
        name=["somebody"] * 80, when=pd.Timestamp("2026-01-01"), team=np.arange(80) // 8, late=np.nan
    )
    pd.testing.assert_frame_equal(
        htmt(around[[*"dbac", "name", "when", "team", "late"]], scales), htmt(answers, scales)
    )
    with pytest.raises(ArgumentError, match="'team' is none of"):
        htmt(around, {"one": ["a", "b"], "two": ["c", "team"]})
