"""Difference tests of nested confirmatory models; lavaan's values are in test_confirmatory_reference.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics import cfa, compare_models
from movement_readiness.psychometrics.confirmatory.nested import (
    MomentBlock,
    plain_difference,
    satorra_2000,
    satorra_bentler_2001,
)


@pytest.fixture(scope="module")
def answers():
    rng = np.random.default_rng(3)
    values = 0.8 * rng.normal(size=(400, 1)) + 0.6 * rng.normal(size=(400, 5))
    return pd.DataFrame(values, columns=[f"x{place}" for place in range(1, 6)])


FREE, EQUAL = "f =~ x1 + x2 + x3 + x4 + x5", "f =~ x1 + a*x2 + a*x3 + a*x4 + a*x5"


def test_rows_go_from_free_to_restricted_whatever_the_order_given(answers):
    free, equal = cfa(answers, FREE), cfa(answers, EQUAL)
    one, other = compare_models(free, equal), compare_models(equal, free, names=["equal", "free"])
    assert list(other.table.index) == ["free", "equal"]
    pd.testing.assert_frame_equal(one.table.reset_index(drop=True), other.table.reset_index(drop=True))
    assert np.isnan(one.table["chisq_diff"].iloc[0])
    assert one.to_frame()["df_diff"].iloc[1] == 3
    assert one.table["chisq_diff"].iloc[1] == pytest.approx(one.table["chisq"].diff().iloc[1])


def test_scaled_statistics_are_not_subtracted(answers):
    free, equal = (cfa(answers, model, estimator="mlr") for model in (FREE, EQUAL))
    table = compare_models(free, equal).table
    subtracted = equal.fit_measures["chisq.scaled"] - free.fit_measures["chisq.scaled"]
    assert table["chisq_diff"].iloc[1] != pytest.approx(subtracted, rel=1e-3)


def test_it_says_what_was_done(answers):
    found = compare_models(*(cfa(answers, model, estimator="mlr") for model in (FREE, EQUAL)))
    html = found._repr_html_()
    assert "Satorra and Bentler 2001" in html
    assert "400 respondents" in html
    assert repr(found).startswith("<ModelComparison: 2 models")
    assert '<th scope="col">cfi.robust</th>' in html
    assert "cfi and rmsea are the robust ones" in html
    assert found.kinds == ("robust", "robust")
    plain = compare_models(*(cfa(answers, model) for model in (FREE, EQUAL)))
    assert '<th scope="col">cfi</th>' in plain._repr_html_()
    assert "robust" not in plain._repr_html_()


def test_a_p_value_is_never_nought(answers):
    uneven = answers * [1, 2, 1, 3, 1]
    found = compare_models(*(cfa(uneven, model) for model in (FREE, EQUAL)))
    assert "p < .001" in repr(found)
    assert "<td>&lt; .001</td>" in found._repr_html_()
    mixed = replace(found, kinds=("robust", "scaled"))
    assert "not of one kind (model 1 robust, model 2 scaled)" in mixed._repr_html_()


def test_models_that_are_not_comparable_are_refused(answers):
    free, equal = cfa(answers, FREE), cfa(answers, EQUAL)
    with pytest.raises(ArgumentError, match="two or more results"):
        compare_models(free)
    with pytest.raises(ArgumentError, match="expected results of cfa"):
        compare_models(free, answers)
    with pytest.raises(ArgumentError, match="same estimator"):
        compare_models(free, cfa(answers, EQUAL, estimator="mlr"))
    with pytest.raises(ArgumentError, match="same number of respondents"):
        compare_models(free, cfa(answers.iloc[:300], EQUAL))
    with pytest.raises(ArgumentError, match="same items"):
        compare_models(free, cfa(answers, "f =~ x1 + x2 + x3 + x4"))
    with pytest.raises(ArgumentError, match="different degrees of freedom"):
        compare_models(free, free)
    with pytest.raises(ArgumentError, match="names: expected 2 different"):
        compare_models(free, equal, names=["a", "a"])


def test_models_that_are_not_nested_are_pointed_out(answers):
    better, worse = cfa(answers, EQUAL), cfa(answers, "f =~ x1 + 0.1*x2 + x3 + x4 + x5")
    with pytest.warns(EstimationWarning, match="not nested"):
        compare_models(better, worse)


def test_scalings_that_are_not_positive_have_no_test():
    assert np.isnan(satorra_bentler_2001((20.0, 10, 1.0), (5.0, 9, 1.5)).chisq)
    assert np.isnan(satorra_2000((1.0, 2), (1.0, 2), []).chisq)


def test_satorra_2000_without_anything_to_scale_is_the_plain_difference():
    """With Gamma the inverse of W the difference needs no scaling."""
    rng = np.random.default_rng(1)
    full = rng.normal(size=(12, 6))
    restricted = full @ rng.normal(size=(6, 4))
    weights = rng.uniform(1, 2, size=12)
    block = MomentBlock(100, restricted, full, weights, np.diag(1 / weights))
    found = satorra_2000((30.0, 8), (10.0, 6), [block])
    assert found.chisq == pytest.approx(20.0)
    assert found == plain_difference((30.0, 8), (10.0, 6)) or found.pvalue == pytest.approx(
        plain_difference((30.0, 8), (10.0, 6)).pvalue
    )
