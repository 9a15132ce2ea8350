"""`cfa` of respondents in teams: who counts, teams that sit in several groups, too few teams."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from movement_readiness.exceptions import ArgumentError, TooFewClustersWarning
from movement_readiness.psychometrics import cfa, compare_models
from movement_readiness.psychometrics.confirmatory.robust import Block, information, joined, traces

NAMES = ["a", "b", "c", "d"]
MODEL = "f =~ a + b + c + d"
CUTS = [-0.8, 0.2, 1.0]


def in_teams(seed=1, teams=40, size=10, spread=0.6, ordered=False):
    """Answers of teams whose members are alike in every item; two roles within every team."""
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(teams), size)
    shared = spread * rng.normal(size=(teams, 4))[team]
    values = 0.7 * rng.normal(size=(team.size, 1)) + 0.7 * rng.normal(size=(team.size, 4)) + shared
    values = np.digitize(values, CUTS).astype(float) if ordered else values
    return pd.DataFrame(values, columns=NAMES).assign(crew=team.astype(float), role=np.tile(["a", "b"], team.size // 2))


@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_who_has_no_team_label_is_left_out_and_counted(estimator):
    answers = in_teams(ordered=estimator == "wlsmv")
    answers.loc[answers.index[:25], "crew"] = np.nan
    found = cfa(answers, MODEL, estimator=estimator, cluster="crew")
    known = cfa(answers[25:], MODEL, estimator=estimator, cluster="crew")
    assert (found.n_respondents, found.n_clusters, found.n_unlabelled) == (375, 38, 25)
    np.testing.assert_allclose(found.parameters["se"], known.parameters["se"], rtol=1e-9)
    np.testing.assert_allclose(found.parameters["est"], known.parameters["est"], rtol=1e-9)
    assert "25 respondents without a cluster label were left out." in found._repr_html_()
    assert "without a cluster label" not in known._repr_html_()


def test_a_group_with_one_team_has_no_robust_errors():
    answers = in_teams().assign(site=lambda frame: np.where(frame["crew"] == 3, "small", "large"))
    with pytest.raises(ArgumentError, match="cluster: expected respondents of two or more clusters in group 'small'"):
        cfa(answers, MODEL, estimator="mlr", cluster="crew", group="site")


@pytest.mark.parametrize(
    ("estimator", "word"), [("mlr", "p values are too small"), ("wlsmv", "rejects only models that are far off")]
)
def test_fewer_teams_than_parameters_are_pointed_out(estimator, word):
    answers = in_teams(teams=6, size=50, ordered=estimator == "wlsmv")
    with pytest.warns(
        TooFewClustersWarning, match="6 clusters are fewer than this model has free parameters"
    ) as caught:
        found = cfa(answers, MODEL, estimator=estimator, cluster="crew")
    assert len(caught) == 1
    assert word in found._repr_html_()
    assert cfa(in_teams(ordered=estimator == "wlsmv"), MODEL, estimator=estimator, cluster="crew").warnings == ()


def both_roles_alike(ordered):
    """Everybody's answers twice, once in each role, so that both groups say the same of the same teams."""
    once = in_teams(ordered=ordered)
    return pd.concat([once.assign(role="a"), once.assign(role="b")], ignore_index=True), once


@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_groups_that_share_their_teams_share_their_errors(estimator):
    twice, _ = both_roles_alike(estimator == "wlsmv")
    found = cfa(twice, MODEL, estimator=estimator, cluster="crew", group="role").covariance.to_numpy()
    half = len(found) // 2
    np.testing.assert_allclose(found[:half, half:], found[:half, :half], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("estimator", "missing"), [("mlr", "listwise"), ("mlr", "fiml"), ("wlsmv", "pairwise")])
def test_saying_everything_twice_adds_nothing(estimator, missing):
    twice, once = both_roles_alike(estimator == "wlsmv")
    if missing != "listwise":
        gone = np.random.default_rng(2).uniform(size=(len(once), 4)) < 0.1
        once[NAMES] = once[NAMES].mask(gone)
        twice[NAMES] = twice[NAMES].mask(np.vstack([gone, gone]))
    equal = (
        ("thresholds", "loadings", "lv.variances")
        if estimator == "wlsmv"
        else ("loadings", "intercepts", "residuals", "lv.variances")
    )
    options = {"estimator": estimator, "cluster": "crew", "missing": missing}
    found = cfa(twice, MODEL, group="role", group_equal=equal, **options)
    alone = cfa(once, MODEL, meanstructure=True, **options)
    own = found.parameters["group"] == 1
    both = found.parameters[own].merge(alone.parameters, on=["lhs", "op", "rhs"], suffixes=("", "_alone"))
    loadings = both[both["op"] == "=~"]
    np.testing.assert_allclose(loadings["est"], loadings["est_alone"], rtol=1e-5)
    np.testing.assert_allclose(loadings["se"], loadings["se_alone"], rtol=5e-3)


@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_equalities_that_hold_by_construction_are_not_rejected(estimator):
    twice, _ = both_roles_alike(estimator == "wlsmv")
    options = {"estimator": estimator, "cluster": "crew", "group": "role"}
    equal = ("thresholds", "loadings") if estimator == "wlsmv" else ("loadings",)
    free, tied = cfa(twice, MODEL, **options), cfa(twice, MODEL, group_equal=equal, **options)
    assert free.fit_measures["chisq"] == pytest.approx(tied.fit_measures["chisq"], abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_the_error_of_a_difference_between_groups_in_the_same_teams(estimator):
    """What members of a team have in common cancels in a comparison of roles within teams."""
    differences, errors = [], []
    for seed in range(40):
        answers = in_teams(seed, spread=0.8, ordered=estimator == "wlsmv")
        found = cfa(answers, MODEL, estimator=estimator, cluster="crew", group="role", std_lv=True)
        kept = found.parameters
        name, op = ("b", "~1") if estimator == "mlr" else ("b", "|")
        rows = kept[(kept["lhs"] == name) & (kept["op"] == op) & (kept["rhs"].isin(["", "t2"]))]
        places = [place for place, one in enumerate(found.covariance.index) if one.startswith(f"{name}{op}")]
        places = places if estimator == "mlr" else [place for place in places if "t2" in found.covariance.index[place]]
        own = found.covariance.to_numpy()[np.ix_(places, places)]
        differences.append(float(np.diff(rows["est"])[0]))
        errors.append(np.sqrt(own[0, 0] + own[1, 1] - 2 * own[0, 1]))
    assert np.mean(errors) == pytest.approx(np.std(differences), rel=0.25)
    assert np.mean(errors) < 0.8 * np.sqrt(2) * np.sqrt(own[0, 0])


def test_traces_of_groups_that_depend_are_those_of_the_whole_matrix():
    rng = np.random.default_rng(5)
    n, sizes, free = (40, 70), 6, 4
    root = rng.normal(size=(2 * sizes, 30))
    gamma = root @ root.T
    blocks = [Block(count, rng.normal(size=(sizes, free)), rng.uniform(0.5, 2, sizes), None) for count in n]
    found = [joined(blocks, gamma, 2)]
    known = information(found)
    share = np.sqrt(np.repeat(np.array(n) * (sum(n) - 2) / sum(n), sizes))[:, np.newaxis]
    jacobian = share * np.vstack([block.jacobian for block in blocks])
    weights = np.diag(np.concatenate([block.weights for block in blocks]))
    inverse = np.linalg.inv(jacobian.T @ weights @ jacobian)
    u = weights - weights @ jacobian @ inverse @ jacobian.T @ weights
    np.testing.assert_allclose(traces(found, known), [np.trace(u @ gamma), np.trace(u @ gamma @ u @ gamma)])
    expected = inverse @ jacobian.T @ weights @ gamma @ weights @ jacobian @ inverse
    np.testing.assert_allclose(known.covariance, expected)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["mlr", "wlsmv"])
def test_equal_loadings_of_groups_in_the_same_teams_have_a_test_of_the_right_size(estimator):
    equal = ("thresholds", "loadings") if estimator == "wlsmv" else ("loadings",)
    found = []
    for seed in range(40):
        answers = in_teams(seed, spread=0.8, ordered=estimator == "wlsmv")
        options = {"estimator": estimator, "cluster": "crew", "group": "role"}
        before = cfa(answers, MODEL, group_equal=equal[:-1], **options)
        table = compare_models(before, cfa(answers, MODEL, group_equal=equal, **options)).table
        found.append(table["chisq_diff"].iloc[1] / table["df_diff"].iloc[1])
    assert np.mean(found) == pytest.approx(1.0, abs=0.4)
