"""`cfa` of respondents in teams: who counts, teams that sit in several groups, too few teams."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics import cfa

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


@pytest.mark.parametrize(("estimator", "word"), [("mlr", "p values too small"), ("wlsmv", "hardly rejects")])
def test_fewer_teams_than_parameters_are_pointed_out(estimator, word):
    answers = in_teams(teams=6, size=50, ordered=estimator == "wlsmv")
    with pytest.warns(EstimationWarning, match="6 clusters are fewer than this model has free parameters") as caught:
        found = cfa(answers, MODEL, estimator=estimator, cluster="crew")
    assert len(caught) == 1
    assert word in found._repr_html_()
    assert cfa(in_teams(ordered=estimator == "wlsmv"), MODEL, estimator=estimator, cluster="crew").warnings == ()
