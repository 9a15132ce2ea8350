"""The table of parameters: defaults, groups, equalities, and what cannot be."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics import cfa
from movement_readiness.psychometrics.confirmatory.specification import ModelOptions, parameter_table
from movement_readiness.psychometrics.confirmatory.syntax import parse_model

TWO = "f =~ x1 + x2 + x3\ng =~ x4 + x5 + x6"
THRESHOLDS = {f"x{place}": 3 for place in range(1, 7)}


def table(text=TWO, **options):
    return parameter_table(parse_model(text), ModelOptions(**options))


def row(found, lhs, op, rhs="", group=0):
    return next(one for one in found.rows if one.key == (lhs, op, rhs) and one.group == group)


def test_first_loadings_or_variances_are_one():
    marker, unit = table(), table(std_lv=True)
    assert row(marker, "f", "=~", "x1").value == 1
    assert row(marker, "f", "~~", "f").free >= 0
    assert row(unit, "f", "=~", "x1").free >= 0
    assert row(unit, "f", "~~", "f").value == 1
    assert marker.n_free == unit.n_free == 13


def test_what_the_model_says_goes_before_the_defaults():
    found = table("f =~ NA*x1 + x2 + 0.5*x3\nf ~~ 1*f")
    assert row(found, "f", "=~", "x1").free >= 0
    assert row(found, "f", "=~", "x3").value == 0.5
    assert row(found, "f", "~~", "f").value == 1


def test_factors_are_correlated_unless_they_are_orthogonal_or_lower():
    assert row(table(), "f", "~~", "g").free >= 0
    assert row(table(orthogonal=True), "f", "~~", "g").value == 0
    higher = table(TWO + "\nh =~ f + g")
    assert ("f", "~~", "g") not in {one.key for one in higher.rows}


def test_equal_labels_share_a_place():
    found = table("f =~ x1 + a*x2 + a*x3 + x4")
    assert row(found, "f", "=~", "x2").free == row(found, "f", "=~", "x3").free
    assert found.n_free == 4 + 1 + 2


def test_ordered_items_have_thresholds_and_scales():
    found = table(thresholds=THRESHOLDS)
    assert found.n_thresholds == (3,) * 6
    assert row(found, "x1", "~*~", "x1").value == 1
    assert row(found, "x1", "~1").value == 0
    assert found.n_free == 18 + 7


def test_equal_thresholds_free_scales_and_means_of_later_groups():
    delta = table(thresholds=THRESHOLDS, n_groups=2, group_equal=("thresholds", "loadings"))
    theta = table(thresholds=THRESHOLDS, n_groups=2, group_equal=("thresholds",), parameterization="theta")
    assert row(delta, "x1", "~*~", "x1").free < 0 <= row(delta, "x1", "~*~", "x1", 1).free
    assert row(delta, "f", "~1").free < 0 <= row(delta, "f", "~1", "", 1).free
    assert row(theta, "x1", "~~", "x1").free < 0 <= row(theta, "x1", "~~", "x1", 1).free
    assert row(delta, "x1", "|", "t1").free == row(delta, "x1", "|", "t1", 1).free


def test_equal_intercepts_free_means_and_equal_loadings_free_unit_variances():
    found = table(n_groups=2, std_lv=True, meanstructure=True, group_equal=("loadings", "intercepts"))
    assert row(found, "f", "~~", "f").free < 0 <= row(found, "f", "~~", "f", 1).free
    assert row(found, "f", "~1", "", 1).free >= 0
    held = table(n_groups=2, meanstructure=True, group_equal=("loadings", "intercepts", "means"))
    assert row(held, "f", "~1", "", 1).value == 0


def test_a_partial_parameter_stays_free():
    found = table(n_groups=2, group_equal=("loadings",), partial=("f =~ x2",))
    assert row(found, "f", "=~", "x2").free != row(found, "f", "=~", "x2", 1).free
    assert row(found, "f", "=~", "x3").free == row(found, "f", "=~", "x3", 1).free


@pytest.mark.parametrize(
    ("text", "options", "word"),
    [
        ("x1 ~~ x2", {}, "without '=~'"),
        ("f =~ x1", {}, "two items"),
        ("f =~ x1 + x2 + f", {}, "do not measure themselves"),
        ("f =~ x1 + g\ng =~ x2 + f", {}, "do not measure themselves"),
        ("f =~ x1 + x2 + x1", {}, "once"),
        (TWO + "\nx1 ~~ x9", {}, "'x9' belongs to no factor"),
        (TWO + "\nx1 ~~ g", {}, "one of each"),
        (TWO + "\nx1 | t1", {}, "ordered items"),
        (TWO + "\nx1 | t4", {"thresholds": THRESHOLDS}, "'t1', 't2', 't3'"),
        (TWO + "\nx1 ~~ x1", {"thresholds": THRESHOLDS}, "parameterization='theta'"),
        (TWO + "\nx1 ~*~ x1", {"thresholds": THRESHOLDS, "parameterization": "theta"}, "follow from the variances"),
        ("f =~ x1 + c(a, b, d)*x2", {"n_groups": 2}, "one for each of 2 groups; got 3"),
        ("f =~ x1 + a*x2\nx1 ~~ a*x1", {}, "one kind"),
        (TWO, {"n_groups": 2, "group_equal": ("loading",)}, "Did you mean 'loadings'"),
        (TWO, {"n_groups": 2, "partial": ("f=~x9",)}, "group_partial"),
    ],
)
def test_what_cannot_be_is_a_sentence(text, options, word):
    with pytest.raises(ArgumentError, match=word.replace("(", r"\(")):
        table(text, **options)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            "x1 | 1*t1 + 0.5*t2",
            "line 3, column 17: expected thresholds of 'x1' that rise; t1 is fixed at 1 and t2 at 0.5",
        ),
        (
            "x1 | 0*t2\nx1 | 0*t3",
            "line 4, column 8: expected thresholds of 'x1' that rise; t2 is fixed at 0 and t3 at 0",
        ),
        ("x1 | 0.5*t3 + t2 + 1*t1", "expected thresholds of 'x1' that rise; t1 is fixed at 1 and t3 at 0.5"),
        ("x1 | u*t1 + u*t2", "expected thresholds of 'x1' that differ; t2 is made equal to another"),
    ],
)
def test_thresholds_that_cannot_rise_are_refused(lines, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        table(f"{TWO}\n{lines}", thresholds=THRESHOLDS)


def test_thresholds_fixed_in_order_stand():
    found = table(f"{TWO}\nx1 | 0.5*t3 + t2 + -1*t1", thresholds=THRESHOLDS)
    assert [row(found, "x1", "|", f"t{place}").value for place in (1, 3)] == [-1, 0.5]


def test_a_double_modifier_frees_and_labels():
    found = table("f =~ NA*x1 + a*x1 + a*x2 + x3\nf ~~ 1*f")
    assert row(found, "f", "=~", "x1").free == row(found, "f", "=~", "x2").free >= 0


@pytest.mark.parametrize(
    ("text", "options", "fixed"),
    [
        ("f =~ a*x1 + a*x2 + x3", {}, {("x1", 0), ("x2", 0)}),
        ("f =~ x1 + a*x2 + x3\ng =~ a*x4 + x5", {}, {("x1", 0), ("x2", 0), ("x4", 0)}),
        ("f =~ c(a, b)*x1 + c(a, b)*x2 + x3", {"n_groups": 2}, {("x1", 0), ("x2", 0), ("x1", 1), ("x2", 1)}),
        ("f =~ x1 + equal('f=~x1')*x2 + x3", {}, {("x1", 0), ("x2", 0)}),
        ("f =~ x1 + equal('f =~ x1.g2')*x2 + x3", {"n_groups": 2}, {("x1", 0), ("x2", 0), ("x1", 1), ("x2", 1)}),
        ("f =~ x1 + x2 + x3\ng =~ x4 + x5\nh =~ a*f + a*g", {}, {("x1", 0), ("x4", 0), ("f", 0), ("g", 0)}),
    ],
)
def test_a_label_shared_with_a_first_loading_fixes_all(text, options, fixed):
    loadings = [one for one in table(text, **options).rows if one.op == "=~"]
    assert {(one.rhs, one.group) for one in loadings if one.free < 0} == fixed
    assert all(one.value == 1 for one in loadings if one.free < 0)


def test_a_label_takes_the_value_that_one_of_its_parameters_is_fixed_at():
    found = table("f =~ x1 + a*x2 + 0.5*x3 + a*x3 + x4")
    assert [row(found, "f", "=~", item).value for item in ("x2", "x3")] == [0.5, 0.5]


def test_equal_names_a_parameter_that_the_model_names_or_adds():
    found = table("f =~ x1 + x2 + equal('f=~x2')*x3 + x4 + equal('f=~x3')*x5\nx4 ~~ equal('x3~~x3')*x4")
    assert len({row(found, "f", "=~", item).free for item in ("x2", "x3", "x5")}) == 1
    assert row(found, "x4", "~~", "x4").free == row(found, "x3", "~~", "x3").free
    labelled = table("f =~ x1 + equal('f=~x3')*x2 + a*x3 + a*x4")
    assert len({row(labelled, "f", "=~", item).free for item in ("x2", "x3", "x4")}) == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("f =~ x1 + equal('f=~x9')*x2 + x3", "a parameter of the model in equal(...); got 'f=~x9'"),
        ("f =~ x1 + equal('x1~~x1')*x2 + x3", "parameters of one kind"),
        ("f =~ a*x1 + 0.5*x2 + a*x2 + x3", "f=~x1 is fixed at 1 and f=~x2 at 0.5"),
    ],
)
def test_labels_that_contradict_are_a_sentence(text, sentence):
    with pytest.raises(ArgumentError, match=re.escape(sentence)):
        table(text)


def test_a_threshold_made_equal_to_a_later_one_is_refused():
    with pytest.raises(ArgumentError, match="thresholds of 'x1' that differ"):
        table(f"{TWO}\nx1 | equal('x1|t2')*t1", thresholds=THRESHOLDS)


@pytest.mark.parametrize("before", ["", "v*", "start(0.8)*", "c(v, w)*"])
def test_to_name_what_is_fixed_does_not_free_it(before):
    marker = table(f"f =~ {before}x1 + x2 + x3", n_groups=2)
    unit = table(f"f =~ x1 + x2 + x3\nf ~~ {before}f", n_groups=2, std_lv=True, group_equal=("loadings",))
    for group in (0, 1):
        assert (row(marker, "f", "=~", "x1", group).free, row(marker, "f", "=~", "x1", group).value) == (-1, 1)
        assert (row(unit, "f", "~~", "f", group).free, row(unit, "f", "~~", "f", group).value) == (-1, 1)


def test_na_frees_what_is_fixed():
    found = table("f =~ NA*x1 + start(0.8)*x1 + x2 + x3\nf ~~ NA*f", std_lv=True)
    assert row(found, "f", "=~", "x1").free >= 0
    assert row(found, "f", "~~", "f").free >= 0
    freed = table("f =~ NA*x1 + start(0.8)*x1 + x2 + x3\nf ~~ f")
    assert (row(freed, "f", "=~", "x1").free, row(freed, "f", "=~", "x1").start) == (0, 0.8)
    assert row(freed, "f", "~~", "f").free > 0


@pytest.mark.parametrize("argument", [{"group_equal": "loadings"}, {"group_equal": (), "group_partial": "f=~b"}])
def test_equalities_across_groups_need_groups(argument):
    rng = np.random.default_rng(1)
    answers = pd.DataFrame(rng.normal(size=(100, 1)) + rng.normal(size=(100, 4)), columns=list("abcd"))
    name = list(argument)[-1]
    with pytest.raises(ArgumentError, match=f"{name}: expected only with group= .*; got .* and one group"):
        cfa(answers, "f =~ a + b + c + d", **argument)
    with pytest.raises(ArgumentError, match=f"{name}: expected only with group= "):
        cfa(None, "f =~ a + b + c + d", sample_cov=answers.cov(), n_obs=100, **argument)
