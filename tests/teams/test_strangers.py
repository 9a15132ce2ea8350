"""Strangers of a second wave are not taken for people who answered the same again: short forms keep their results."""

from __future__ import annotations

import pytest

import movement_readiness as mr


@pytest.mark.parametrize(("name", "form"), [("instrument", "short"), ("garden", None)])
def test_a_second_wave_of_other_people_keeps_its_means_and_items(request, name, form):
    instrument = request.getfixturevalue(name)
    study = mr.simulate_responses(
        instrument, form=form, n_sites=2, teams_per_site=4, team_size=(14, 20), n_waves=2, icc1=0.1, seed=1
    )
    second = study.responses[study.responses["wave"] == "2"]
    alone, beside = mr.aggregate_scores(second, instrument), mr.aggregate_scores(study.responses, instrument)
    for one, both in ((alone.scores, beside.scores), (alone.items, beside.items)):
        assert both.loc[both["wave"] == "2", "withheld"].mean() <= one["withheld"].mean() + 0.05
