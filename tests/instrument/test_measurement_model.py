"""The measurement model that an instrument's scales say."""

from __future__ import annotations

import re

import pytest

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.confirmatory.specification import ModelOptions, parameter_table, roles
from movement_readiness.psychometrics.confirmatory.syntax import parse_model

DOMAINS = ("rational", "emotional", "social", "behavioural", "organisational", "leadership")
STRUCTURES = ("correlated", "one_factor", "second_order", "bifactor")


def table(text, items, **options):
    return parameter_table(parse_model(text), ModelOptions(thresholds=dict.fromkeys(items, 2), **options))


def test_six_correlated_domains_of_their_items(instrument):
    text = instrument.measurement_model()
    factors, items = roles(parse_model(text))
    assert factors == DOMAINS
    assert list(items) == instrument.item_ids("readiness")
    assert text == instrument.measurement_model(structure="correlated")


def test_programme_pull_is_there_on_demand_alone(instrument):
    for structure in STRUCTURES:
        assert "programme_pull" not in instrument.measurement_model(structure)
        with_pull = instrument.measurement_model(structure, separate=True)
        assert "programme_pull =~ R6 + E6 + S6 + B6 + O6 + L6" in with_pull
        names = set(roles(parse_model(with_pull))[1])
        assert names == set(instrument.item_ids("readiness")) | set(instrument.item_ids("programme_pull"))


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("std_lv", [False, True])
def test_the_structures_have_the_parameters_they_should(instrument, separate, std_lv):
    pulls, pairs = (6 * separate, 6 * separate)
    rows = 30 * 2 + pulls * 2  # thresholds
    expected = {
        "correlated": rows + 30 + pulls + 15 + pairs,
        "one_factor": rows + 30 + pulls + separate,
        "second_order": rows + 30 + pulls + 6 + separate,
        "bifactor": rows + 60 + pulls + separate,
    }
    for structure, n_free in expected.items():
        text = instrument.measurement_model(structure, separate=separate)
        found = table(text, roles(parse_model(text))[1], std_lv=std_lv)
        assert found.n_free == n_free, structure


def test_another_instrument(garden):
    text = garden.measurement_model()
    assert "gardening =~ g_joy + g_chore + g_often + g_share\n" in text
    assert "neighbours =~ n_fence + n_talk + n_key + n_party\n" in text  # g_share is at home in gardening
    assert garden.measurement_model(separate=True) == text  # 'order' has no item of its own
    assert "garden_index =~ g_joy" in garden.measurement_model("one_factor")
    assert "x_spare" not in garden.measurement_model("bifactor")


@pytest.mark.parametrize("std_lv", [False, True])
def test_two_domains_under_one_factor_load_alike(garden, std_lv):
    """One covariance cannot say two loadings: as many parameters as with two correlated domains."""
    counts = []
    for structure in ("correlated", "second_order"):
        text = garden.measurement_model(structure)
        counts.append(table(text, roles(parse_model(text))[1], std_lv=std_lv).n_free)
    assert counts[0] == counts[1]


def test_an_unknown_structure_gets_a_sentence(instrument):
    with pytest.raises(ArgumentError, match=re.escape("structure: expected one of 'correlated'")):
        instrument.measurement_model("hierarchical")
