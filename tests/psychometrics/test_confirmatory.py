"""`cfa`: identities, recovery, awkward answers in sentences."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from movement_readiness.exceptions import (
    ArgumentError,
    ClusteredDataWarning,
    HeywoodWarning,
    ImproperSolutionWarning,
    NonConvergenceWarning,
)
from movement_readiness.psychometrics import cfa, compare_models, measurement_invariance
from movement_readiness.psychometrics.confirmatory.gamma import covariance_of_many
from movement_readiness.psychometrics.correlation._asymptotic import asymptotic_covariance, moves_of
from movement_readiness.psychometrics.correlation._polychoric import estimate

NAMES = [f"x{place}" for place in range(1, 9)]
MODEL = "f =~ x1 + x2 + x3 + x4\ng =~ x5 + x6 + x7 + x8"
LOADINGS = np.array([0.8, 0.7, 0.75, 0.6, 0.7, 0.8, 0.65, 0.7])
CUTS = [-0.9, 0.1, 0.9]


def numbers(n=400, seed=1, correlation=0.5, shift=0.0):
    rng = np.random.default_rng(seed)
    factors = rng.multivariate_normal([shift, shift], [[1, correlation], [correlation, 1]], n)
    values = LOADINGS * factors[:, [0] * 4 + [1] * 4] + np.sqrt(1 - LOADINGS**2) * rng.normal(size=(n, 8))
    return pd.DataFrame(values, columns=NAMES)


def ordered(n=400, seed=1, **options):
    return numbers(n, seed, **options).apply(lambda column: np.digitize(column, CUTS) + 1)


def two_groups(make, n=(250, 350)):
    parts = [make(n[0], 2).assign(site="South"), make(n[1], 3, shift=0.4).assign(site="North")]
    return pd.concat(parts, ignore_index=True)


def standard(found):
    return found.parameters.set_index(["lhs", "op", "rhs", "group"])["std_all"]


# ------------------------------------------------------------------ identities


@pytest.mark.parametrize(("estimator", "make"), [("ml", numbers), ("mlr", numbers), ("wlsmv", ordered)])
def test_the_standardised_solution_does_not_know_the_marker(estimator, make):
    answers = make()
    one = cfa(answers, MODEL, estimator=estimator)
    unit = cfa(answers, MODEL, estimator=estimator, std_lv=True)
    other = cfa(answers, "f =~ NA*x1 + x2 + 1*x3 + x4\ng =~ NA*x5 + 1*x6 + x7 + x8", estimator=estimator)
    for found in (unit, other):
        assert found.fit_measures["chisq"] == pytest.approx(one.fit_measures["chisq"], rel=1e-6)
        np.testing.assert_allclose(standard(found)[standard(one).index], standard(one), atol=1e-5)
        np.testing.assert_allclose(found.parameters["std_se"].sum(), one.parameters["std_se"].sum(), rtol=1e-4)


@pytest.mark.parametrize("group", [None, "site"])
def test_delta_and_theta_agree_where_nothing_is_equal_across_items(group):
    answers = two_groups(ordered) if group else ordered()
    delta, theta = (
        cfa(answers, MODEL, estimator="wlsmv", group=group, parameterization=name) for name in ("delta", "theta")
    )
    for name in ("chisq", "chisq.scaled", "cfi.scaled", "rmsea.scaled"):
        assert theta.fit_measures[name] == pytest.approx(delta.fit_measures[name], rel=1e-5, abs=1e-7)
    np.testing.assert_allclose(standard(theta)[standard(delta).index], standard(delta), atol=1e-5)
    assert delta.modification_indices()["mi"].iloc[0] == pytest.approx(
        theta.modification_indices()["mi"].iloc[0], rel=1e-3
    )


@pytest.mark.parametrize(
    ("estimator", "make", "equal"),
    [("mlr", numbers, ("loadings", "intercepts")), ("wlsmv", ordered, ("loadings", "thresholds"))],
)
def test_the_order_of_groups_does_not_matter(estimator, make, equal):
    answers = two_groups(make)
    one = cfa(answers, MODEL, estimator=estimator, group="site", group_equal=equal, std_lv=True)
    other = cfa(answers[::-1], MODEL, estimator=estimator, group="site", group_equal=equal, std_lv=True)
    assert one.groups == other.groups[::-1] == ("South", "North")
    for name in ("chisq", "chisq.scaled", "rmsea", "srmr"):
        assert one.fit_measures[name] == pytest.approx(other.fit_measures[name], rel=1e-4, abs=1e-7)


@pytest.mark.parametrize(("estimator", "make"), [("ml", numbers), ("uls", numbers), ("wlsmv", ordered)])
def test_a_saturated_model_fits(estimator, make):
    found = cfa(make(), "f =~ x1 + x2 + x3", estimator=estimator)
    assert found.fit_measures["df"] == 0
    assert found.fit_measures["chisq"] == pytest.approx(0, abs=1e-6)
    assert np.abs(found.residuals()).to_numpy().max() < 1e-5


def test_unscaled_chisquares_of_nested_models_are_ordered():
    answers = two_groups(numbers)
    steps = [(), ("loadings",), ("loadings", "intercepts"), ("loadings", "intercepts", "residuals")]
    chisq = [cfa(answers, MODEL, group="site", group_equal=equal).fit_measures["chisq"] for equal in steps]
    assert chisq == sorted(chisq)


def test_groups_without_equalities_are_separate_fits():
    answers = two_groups(ordered)
    together = cfa(answers, MODEL, estimator="wlsmv", group="site")
    apart = [
        cfa(part.drop(columns="site"), MODEL, estimator="wlsmv") for _, part in answers.groupby("site", sort=False)
    ]
    assert together.fit_measures["chisq"] == pytest.approx(sum(one.fit_measures["chisq"] for one in apart), rel=1e-6)
    for number, one in enumerate(apart, start=1):
        own = together.parameters[together.parameters["group"] == number]
        np.testing.assert_allclose(own["est"], one.parameters["est"], atol=1e-5)


def test_items_may_come_in_any_frame_and_in_any_order():
    polars = pytest.importorskip("polars")
    answers = ordered()
    expected = cfa(answers, MODEL, estimator="wlsmv").parameters["est"]
    shuffled = answers[NAMES[::-1]].assign(comment="text that no model names")
    for frame in (
        shuffled,
        polars.from_pandas(answers),
        answers.to_dict("list"),
        answers.astype("category").apply(lambda column: column.cat.as_ordered()),
    ):
        np.testing.assert_allclose(cfa(frame, MODEL, estimator="wlsmv").parameters["est"], expected, atol=1e-9)
    array = cfa(answers.to_numpy(), MODEL.replace("x", "item_"), estimator="wlsmv")
    np.testing.assert_allclose(array.parameters["est"], expected, atol=1e-9)


@pytest.mark.parametrize("options", [{}, {"std_lv": True}, {"estimator": "mlr"}, {"missing": "fiml"}])
def test_units_and_directions_of_numbers_do_not_matter(options):
    answers = numbers()
    answers = answers.mask(np.random.default_rng(1).random(answers.shape) < 0.1 * ("missing" in options))
    other = answers * [1, -100, 0.01, 10, 1e4, 1, 1e-3, 5]
    one, same = cfa(answers, MODEL, **options), cfa(other, MODEL, **options)
    assert same.fit_measures["chisq"] == pytest.approx(one.fit_measures["chisq"], rel=1e-6)
    np.testing.assert_allclose(same.r_square, one.r_square, atol=1e-6)


def test_reversing_an_item_turns_its_loading():
    one, other = (
        cfa(frame, MODEL, estimator="wlsmv") for frame in (ordered(), ordered().assign(x1=5 - ordered()["x1"]))
    )
    assert other.fit_measures["chisq.scaled"] == pytest.approx(one.fit_measures["chisq.scaled"], rel=1e-6)
    np.testing.assert_allclose(other.r_square, one.r_square, atol=1e-6)


def test_a_covariance_matrix_gives_what_the_answers_give():
    answers = numbers()
    whole = cfa(answers, MODEL)
    moments = cfa(None, MODEL, sample_cov=answers.cov(), n_obs=len(answers))
    np.testing.assert_allclose(moments.parameters["est"], whole.parameters["est"], atol=1e-7)
    np.testing.assert_allclose(moments.parameters["se"], whole.parameters["se"], rtol=1e-6)
    assert moments.fit_measures["chisq"] == pytest.approx(whole.fit_measures["chisq"], rel=1e-6)
    with pytest.raises(ArgumentError, match="began with a covariance matrix"):
        moments.factor_scores()


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_nothing_missing_is_nothing_to_deal_with(missing):
    expected = cfa(ordered(), MODEL, estimator="wlsmv").fit_measures
    found = cfa(ordered(), MODEL, estimator="wlsmv", missing=missing).fit_measures
    pd.testing.assert_series_equal(found, expected)


def test_single_precision_sums_are_the_double_ones():
    codes = ordered(3000).to_numpy() - 1
    codes[np.random.default_rng(0).random(codes.shape) < 0.05] = -1
    sizes = np.full(8, 4)
    found = estimate(codes, sizes)
    moves = moves_of(found)
    exact = 3000 * asymptotic_covariance(codes, sizes, moves, (found.pairs.first, found.pairs.second))
    spread = np.sqrt(np.diag(exact))
    np.testing.assert_allclose(
        covariance_of_many(codes, sizes, moves, 3000.0) / np.outer(spread, spread),
        exact / np.outer(spread, spread),
        atol=2e-5,
    )


def test_a_modification_index_foretells_what_a_freed_parameter_does():
    answers = numbers(1500, 4)
    answers["x2"] += 0.35 * answers["x5"]
    before = cfa(answers, MODEL)
    first = before.modification_indices().iloc[0]
    after = cfa(answers, f"{MODEL}\n{first['lhs']} {first['op']} {first['rhs']}")
    gain = before.fit_measures["chisq"] - after.fit_measures["chisq"]
    assert first["mi"] == pytest.approx(gain, rel=0.15)
    rows = before.modification_indices(minimum=10)
    assert (rows["mi"] >= 10).all()
    assert rows["mi"].is_monotonic_decreasing


# ------------------------------------------------------------------ recovery


@pytest.mark.parametrize(("estimator", "make"), [("ml", numbers), ("uls", numbers), ("wlsmv", ordered)])
def test_the_truth_is_found_again(estimator, make):
    estimates = []
    for seed in range(6):
        found = cfa(make(1500, seed), MODEL, estimator=estimator, std_lv=True)
        assert found.converged
        estimates.append(
            [*found.parameters.loc[found.parameters["op"] == "=~", "std_all"], found.factor_correlations.loc["f", "g"]]
        )
    np.testing.assert_allclose(np.mean(estimates, axis=0), [*LOADINGS, 0.5], atol=0.025)


def test_the_difference_of_means_between_groups_is_found_again():
    answers = two_groups(ordered, n=(2500, 2500))
    found = cfa(answers, MODEL, estimator="wlsmv", group="site", group_equal=("thresholds", "loadings"), std_lv=True)
    np.testing.assert_allclose(found.factor_means.loc[2], 0.4, atol=0.08)
    assert found.fit_measures["pvalue.scaled"] > 1e-3


def test_teams_widen_the_standard_errors_and_leave_the_estimates():
    rng = np.random.default_rng(8)
    team = np.repeat(np.arange(60), 8)
    latent = numbers(480, 8) + 0.7 * rng.normal(size=(60, 1))[team]
    answers = latent.apply(lambda column: np.digitize(column, CUTS)).assign(team=team)
    for estimator in ("mlr", "wlsmv"):
        robust = cfa(answers, MODEL, estimator=estimator, cluster="team")
        with pytest.warns(ClusteredDataWarning, match="60 teams"):
            naive = cfa(answers, MODEL, estimator=estimator)
        assert robust.n_clusters == 60
        rows = ["lhs", "op", "rhs"]
        both = robust.parameters.merge(naive.parameters, on=rows, suffixes=("", "_naive"))
        np.testing.assert_allclose(both["est"], both["est_naive"], atol=1e-6)
        variances = both[(both["lhs"] == both["rhs"]) & both["lhs"].isin(["f", "g"])]
        assert (variances["se"] > variances["se_naive"]).all()


# ------------------------------------------------------------------ what it shows


def test_it_says_of_how_many_respondents_it_is():
    answers = two_groups(ordered).astype(dict.fromkeys(NAMES, float))
    answers.loc[:49, "x1"] = np.nan
    answers.loc[[60, 61], NAMES] = np.nan  # answered nothing: not there
    found = cfa(answers, MODEL, estimator="wlsmv")
    assert (found.n_respondents, found.n_omitted) == (548, 50)
    assert "n 548 of 598," in repr(found)
    assert "548 of 598 respondents" in found._repr_html_()
    ladder = measurement_invariance(answers, MODEL, group="site", estimator="ml", steps=["configural", "metric"])
    assert ladder.n_omitted == 50
    assert "n 548 of 598;" in repr(ladder)
    assert "548 of 598 respondents" in ladder._repr_html_()
    compared = compare_models(*ladder.fits.values())
    assert "n 548 of 598;" in repr(compared)
    pairwise = cfa(answers, MODEL, estimator="wlsmv", missing="pairwise")
    assert pairwise.n_omitted == 0
    assert "n 598," in repr(pairwise)
    assert cfa(sample_cov=numbers().cov(), n_obs=400, model=MODEL).n_omitted == 0


def test_measures_are_called_what_they_are():
    robust, plain = cfa(ordered(), MODEL, estimator="wlsmv"), cfa(numbers(), MODEL)
    shown = f"{robust.fit_measures['rmsea.robust']:.3f}"
    assert f"robust RMSEA {shown}" in repr(robust)
    assert f"robust RMSEA {shown}" in robust._repr_html_()
    assert "robust TLI" in robust._repr_html_()
    assert ".thresholds" in robust._repr_html_()
    for text in (repr(plain), plain._repr_html_()):
        assert "robust" not in text
        assert "scaled" not in text
        assert ".thresholds" not in text


def test_a_p_value_is_never_nought():
    one = cfa(numbers(), "f =~ " + " + ".join(NAMES))
    assert "p &lt; .001" in one._repr_html_()
    assert "p 0.000" not in one._repr_html_()


def test_a_result_shows_itself():
    found = cfa(two_groups(ordered), MODEL, estimator="wlsmv", group="site")
    text = found._repr_html_()
    assert "2 factors of 8 items, 2 groups" in text
    assert "South" in text
    assert "600 respondents" in text
    assert "0x" not in repr(found)
    assert found.to_frame().equals(found.parameters)
    assert list(found.factor_correlations.columns) == ["f", "g"]
    assert found.thresholds is not None
    assert len(found.thresholds) == 48
    assert found.r_square.between(0, 1).all()
    scores = found.factor_scores(se=True)
    assert list(scores.columns) == ["f", "f_se", "g", "g_se"]
    assert len(scores) == 600


def test_scores_of_the_same_answers_are_the_same_in_both_parameterisations():
    delta, theta = (
        cfa(ordered(), MODEL, estimator="wlsmv", std_lv=True, parameterization=name).factor_scores()
        for name in ("delta", "theta")
    )
    np.testing.assert_allclose(delta, theta, atol=1e-5)


# ------------------------------------------------------------------ awkward


@pytest.mark.parametrize(
    ("change", "options", "word"),
    [
        ({}, {"model": "f =~ x1 + x2"}, "Factor 'f' has 2 indicators"),
        ({}, {"model": "f =~ x1 + x2 + x3\ng =~ x4 + x5", "orthogonal": True}, "not identified.*g=~x5"),
        ({}, {"model": MODEL + "\nh =~ f + g"}, "not identified.*h=~g"),
        ({}, {"model": "f =~ x1 + x2 + x3\nx1 ~~ x2\nx1 ~~ x3"}, "at most as many free parameters"),
        ({}, {"model": "f =~ x1 + x2 + y9"}, "got 'y9'.*available: 'x1'"),
        ({}, {"estimator": "wls"}, "Did you mean"),
        ({}, {"missing": "fiml", "estimator": "wlsmv"}, "'fiml' needs ml or mlr"),
        ({}, {"missing": "pairwise"}, "'pairwise' is for ordered items"),
        ({}, {"estimator": "wlsmv"}, "20 at most; got 400"),
        ({}, {"ordered": True}, "estimator='wlsmv'"),
        ({}, {"estimator": "dwls", "cluster": np.arange(400) // 4}, "whose errors can be robust"),
        ({}, {"group": "site"}, "'site' is none of"),
        ({}, {"group": ["a"] * 400}, "two or more groups; got 1"),
        ({}, {"n_obs": 400}, "n_obs: expected only with sample_cov"),
        ({}, {"sample_cov": np.eye(8)}, "in place of items"),
        ({"x1": 3}, {}, "got one or none to 'x1'"),
        ({"x1": np.nan}, {"missing": "fiml"}, "got one or none to 'x1'"),
        ({"x1": np.nan}, {}, "every item"),
        ({"x1": "text"}, {}, "expected numbers"),
        ({"x2": lambda frame: frame["x1"]}, {}, "follows from others"),
    ],
)
def test_awkward_input_is_a_sentence(change, options, word):
    with pytest.raises(ArgumentError, match=word):
        cfa(numbers().assign(**change), **{"model": MODEL, **options})


@pytest.mark.parametrize("name", ["WLS", "wls"])
def test_full_weighted_least_squares_is_said_not_to_be_here(name):
    with pytest.raises(ArgumentError, match=r"full weighted least squares .* is not here"):
        cfa(ordered(), MODEL, estimator=name)
    with pytest.raises(ArgumentError, match=r"full weighted least squares .* is not here"):
        measurement_invariance(two_groups(ordered), MODEL, estimator=name, group="site")


def test_fewer_respondents_than_items():
    with pytest.raises(ArgumentError, match="5 respondents answer 8 items"):
        cfa(numbers(5), MODEL)


def test_a_category_that_one_group_lacks():
    answers = two_groups(ordered)
    answers.loc[(answers["site"] == "North") & (answers["x3"] == 4), "x3"] = 3
    with pytest.raises(ArgumentError, match=r"'x3'.*nobody in group 'North' chose 4.*Merge"):
        cfa(answers, MODEL, estimator="wlsmv", group="site")


def test_a_category_that_listwise_deletion_took_from_a_group_is_said_to_be_so():
    answers = two_groups(ordered).astype({f"x{place}": float for place in range(1, 9)})
    answers.loc[(answers["site"] == "North") & (answers["x3"] == 4), "x1"] = np.nan
    asked = int((answers["site"] == "North").sum())
    kept = int(answers.loc[answers["site"] == "North", "x1"].notna().sum())
    words = rf"nobody in group 'North' among the {kept} of {asked} .* chose 4.*missing='pairwise' uses the others"
    with pytest.raises(ArgumentError, match=words):
        cfa(answers, MODEL, estimator="wlsmv", group="site")
    with pytest.raises(ArgumentError, match=words):
        measurement_invariance(answers, MODEL, estimator="wlsmv", group="site")


def test_items_that_repeat_each_other():
    answers = ordered().assign(x2=lambda frame: frame["x1"])
    with pytest.raises(ArgumentError, match="x1 with x2"):
        cfa(answers, MODEL, estimator="wlsmv")


def test_items_that_nobody_answered_both():
    answers = ordered().astype(float)
    answers.loc[:199, "x1"] = np.nan
    answers.loc[200:, "x2"] = np.nan
    with pytest.raises(ArgumentError, match="x1 with x2"):
        cfa(answers, MODEL, estimator="wlsmv", missing="pairwise")


@pytest.mark.parametrize(
    "options",
    [
        {"model": MODEL + " +"},
        {"sample_cov": numbers().cov()},
        {"sample_cov": numbers().cov(), "n_obs": 400, "group": "g"},
    ],
)
def test_matrices_and_models_need_what_they_need(options):
    with pytest.raises(ArgumentError):
        cfa(None, **{"model": MODEL, **options})


def test_a_heywood_case_is_named():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        rng.multivariate_normal(np.zeros(3), [[1, 0.7, 0.7], [0.7, 1, 0.3], [0.7, 0.3, 1]], 300), columns=list("abc")
    )
    with pytest.warns(HeywoodWarning, match="a~~a"):
        found = cfa(frame, "f =~ a + b + c")
    assert "a~~a" in found.warnings[0]
    assert "a~~a" in found._repr_html_()
    assert found.improper == ("a~~a",)
    assert "IMPROPER" in repr(found)


@pytest.mark.parametrize("estimator", ["ml", "mlr", "uls", "dwls", "wlsmv"])
def test_every_estimator_flags_an_improper_solution(estimator):
    """Three items whose correlations .7, .7, .3 no factor explains; the residual variance of a is below zero."""
    covariance = [[1, 0.7, 0.7], [0.7, 1, 0.3], [0.7, 0.3, 1]]
    values = np.random.default_rng(1).multivariate_normal(np.zeros(3), covariance, 600)
    frame = pd.DataFrame(values, columns=list("abc"))
    if estimator in ("dwls", "wlsmv"):
        frame = pd.DataFrame(np.digitize(values, [-1, 0, 1]), columns=list("abc"))
    with pytest.warns(ImproperSolutionWarning, match="a~~a"):
        found = cfa(frame, "f =~ a + b + c", estimator=estimator)
    assert found.improper == ("a~~a",)
    assert found.parameters.set_index(["lhs", "op", "rhs"]).loc[("f", "=~", "a"), "std_all"] > 1
    assert "improper solution" in found._repr_html_()


def test_a_standardised_loading_beyond_one_is_flagged_without_a_negative_variance():
    """x3 loads on two factors that correlate .95, with opposite signs: possible, and not to be read."""
    loadings = np.array([[0.9, 0], [0.9, 0], [1.3, -0.6], [0, 0.9], [0, 0.9]])
    factors = np.array([[1, 0.95], [0.95, 1]])
    common = loadings @ factors @ loadings.T
    covariance = pd.DataFrame(common - np.diag(np.diag(common)) + np.eye(5), NAMES[:5], NAMES[:5])
    with pytest.warns(ImproperSolutionWarning, match="Standardised loadings beyond one"):
        found = cfa(sample_cov=covariance, n_obs=500, model="f =~ x1 + x2 + x3\ng =~ x4 + x5 + x3", std_lv=True)
    assert found.improper == ("f=~x3",)
    assert (found.r_square < 1).all()


@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_standardised_residuals_of_a_group_are_those_of_the_group_by_itself(estimator):
    items = ordered() if estimator == "wlsmv" else numbers()
    site = np.where(np.arange(len(items)) % 3 == 0, "a", "b")
    whole = cfa(items[NAMES].assign(site=site), MODEL, group="site", estimator=estimator).residuals(kind="standardized")
    alone = cfa(items.loc[site == "b", NAMES], MODEL, estimator=estimator, meanstructure=True)
    np.testing.assert_allclose(whole.loc[2], alone.residuals(kind="standardized"), atol=1e-4)


def test_ordered_may_name_the_items_but_all_of_them():
    items = ordered()
    by_name, plain = (cfa(items, MODEL, estimator="uls", ordered=one) for one in (NAMES, True))
    pd.testing.assert_frame_equal(by_name.parameters, plain.parameters)
    none = cfa(numbers(), MODEL, ordered=["other"])
    pd.testing.assert_frame_equal(none.parameters, cfa(numbers(), MODEL).parameters)
    with pytest.raises(ArgumentError, match=r"all items of the model or none.*got 2 of 8.*mlr"):
        cfa(items, MODEL, estimator="wlsmv", ordered=["x1", "x2"])
    with pytest.raises(ArgumentError, match="expected True, False or names"):
        cfa(items, MODEL, estimator="wlsmv", ordered=3)
    with pytest.raises(ArgumentError, match=r"items\['x1'\].*one model are not here.*mlr"):
        cfa(items.assign(x1=numbers()["x1"]), MODEL, estimator="wlsmv")


def test_kinds_of_residuals_have_lavaans_names_too():
    found = cfa(numbers(), MODEL)
    for name, other in (("cor", "correlation"), ("cor.bollen", "correlation"), ("cor.bentler", "bentler")):
        pd.testing.assert_frame_equal(found.residuals(kind=name), found.residuals(kind=other))
    assert np.abs(found.residuals(kind="standardized")).to_numpy().max() < 6
    with pytest.raises(ArgumentError, match="kind: expected one of 'correlation'"):
        found.residuals(kind="studentised")
    with pytest.raises(ArgumentError, match="expected estimator='wlsmv'"):
        cfa(ordered(), MODEL, estimator="dwls").residuals(kind="standardized")


def test_factors_that_are_one_are_named():
    rng = np.random.default_rng(3)
    values = 0.8 * rng.normal(size=(80, 1)) + 0.6 * rng.normal(size=(80, 8))
    for seed in range(20):
        shuffled = np.random.default_rng(seed).permutation(8)
        frame = pd.DataFrame(values[:, shuffled], columns=NAMES)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            found = cfa(frame, MODEL)
        if abs(found.factor_correlations.loc["f", "g"]) > 1:
            assert [one.category for one in heard] == [ImproperSolutionWarning]
            assert found.improper == ("f~~g",)
            assert "f~~g" in str(heard[0].message)
            return
    pytest.fail("no permutation had a correlation beyond one")


@pytest.mark.parametrize(("extra", "word"), [("", "stopped after"), ("\nf ~~ -1*f", "implies no possible")])
def test_no_minimum_gives_no_table_of_tests(extra, word):
    for seed in range(40):
        frame = pd.DataFrame(np.random.default_rng(seed).normal(size=(40, 6)), columns=NAMES[:6])
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            found = cfa(frame, "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6" + extra)
        if not found.converged:
            break
    assert not found.converged
    assert [one.category for one in heard] == [NonConvergenceWarning]
    assert word in str(heard[0].message)
    assert found.parameters.loc[found.parameters["se"] != 0, "se"].isna().all()
    assert np.isnan(found.fit_measures["chisq"])
    assert found.modification_indices().empty
    assert "NOT CONVERGED" in repr(found)
    assert word in found._repr_html_()


# ------------------------------------------------------------------ reverse-keyed items as they were answered

SECOND = f"{MODEL}\nh =~ x9 + x10 + x11\nup =~ f + g + h"
EQUALITIES = {
    "loadings": (MODEL, {"group": "site", "group_equal": "loadings"}),
    "labels": ("f =~ x1 + a*x2 + a*x3 + x4\ng =~ x5 + b*x6 + x7 + b*x8", {}),
    "second order": (SECOND, {}),
    "thresholds": (MODEL, {"group": "site", "group_equal": "thresholds"}),
    "thresholds and loadings": (MODEL, {"group": "site", "group_equal": ("thresholds", "loadings")}),
    "equal thresholds": (f"{MODEL}\nx1 | u*t1\nx5 | u*t1", {}),
}


def as_answered(estimator, fiml=False, keyed=False):
    """Integers from 1 to 4 (numbers for ml); x1 and x5, the first items of f and g, go against the rest."""
    rng = np.random.default_rng(5)
    high = rng.normal(size=(900, 1))
    factors = 0.8 * high + 0.6 * rng.normal(size=(900, 3))
    loadings = np.append(LOADINGS, [0.7, 0.8, 0.6]) * np.where(
        np.isin(np.arange(11), [0, 4]), -1 if not keyed else 1, 1
    )
    noise = np.sqrt(1 - loadings**2) * rng.normal(size=(900, 11))
    values = loadings * factors[:, [0] * 4 + [1] * 4 + [2] * 3] + noise
    names = [*NAMES, "x9", "x10", "x11"]
    cut = values if estimator in {"ml", "mlr", "uls"} else np.digitize(values, CUTS) + 1
    frame = pd.DataFrame(cut, columns=names, dtype=float)
    if fiml:
        frame = frame.mask(rng.random(frame.shape) < 0.05)
    return frame.assign(site=np.where(np.arange(900) % 2, "South", "North"))


@pytest.mark.parametrize(
    ("estimator", "what"),
    [(one, what) for one in ("ml", "mlr", "fiml", "uls") for what in EQUALITIES if "thresholds" not in what]
    + [("wlsmv", what) for what in EQUALITIES],
)
def test_a_reverse_keyed_first_item_may_stand_in_a_model_with_equal_parameters(estimator, what):
    model, options = EQUALITIES[what]
    options = options | ({"estimator": "ml", "missing": "fiml"} if estimator == "fiml" else {"estimator": estimator})
    found = cfa(as_answered(estimator, estimator == "fiml"), model, **options)
    assert found.converged
    assert found.parameters["se"].notna().all()
    assert found.fit_measures["srmr"] < 0.06
    std = found.parameters.query("op == '=~'").set_index("rhs")["std_all"]
    assert (std[["x2", "x3", "x4", "x6", "x7", "x8"]] < 0).all()
    assert (std[["x1", "x5"]] > 0).all()


@pytest.mark.parametrize(("estimator", "make"), [("ml", numbers), ("wlsmv", ordered)])
def test_with_variances_of_one_the_first_loading_is_positive(estimator, make):
    answers = make()
    answers["x1"] = -answers["x1"] if estimator == "ml" else 5 - answers["x1"]
    found = cfa(answers, MODEL, estimator=estimator, std_lv=True).parameters.query("op == '=~'").set_index("rhs")["est"]
    assert found["x1"] > 0 > found["x2"]
    assert found["x5"] > 0


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1e3, 1e6])
def test_units_of_some_items_change_nothing_but_their_units(size):
    answers = two_groups(numbers)
    other = answers.copy()
    other[NAMES[::2]] *= size
    for options in ({}, {"group": "site", "group_equal": "loadings"}):
        one, two = cfa(answers, MODEL, **options), cfa(other, MODEL, **options)
        assert two.converged
        assert two.fit_measures["chisq"] == pytest.approx(one.fit_measures["chisq"], rel=1e-6)
        np.testing.assert_allclose(standard(two), standard(one), atol=1e-5)


def test_a_search_without_end_names_the_parameter_that_ran_away():
    rng = np.random.default_rng(3)
    with pytest.warns(NonConvergenceWarning) as caught:
        found = cfa(pd.DataFrame(rng.normal(size=(60, 8)), columns=NAMES), MODEL)
    sentence = next(str(one.message) for one in caught if one.category is NonConvergenceWarning)
    assert not found.converged
    name = sentence.split("(")[1].split(",")[0]
    far = found.parameters.assign(name=lambda p: p["lhs"] + p["op"] + p["rhs"]).set_index("name")["est"]
    assert abs(far[name]) > 10
    assert "which went furthest" in sentence


def test_estimates_of_thresholds_that_fall_are_warned_of():
    answers = ordered()
    with pytest.warns(ImproperSolutionWarning, match=r"Thresholds that do not rise: x1 \("):
        found = cfa(answers, f"{MODEL}\nx1 | 2*t1", estimator="wlsmv")
    assert found.improper == ("x1|t2",)


def test_capitals_of_estimators_do():
    assert cfa(numbers(), MODEL, estimator="MLR").estimator == "mlr"
    assert cfa(ordered(), MODEL, estimator="WLSMV").estimator == "wlsmv"
    with pytest.raises(ArgumentError, match="estimator: expected one of 'ml'"):
        cfa(numbers(), MODEL, estimator="GLS")


def test_a_matrix_of_fewer_answers_than_items_is_refused():
    with pytest.raises(ArgumentError, match=r"n_obs: expected more respondents than items.* has 8; got 8"):
        cfa(sample_cov=numbers()[NAMES].cov(), n_obs=8, model=MODEL)
