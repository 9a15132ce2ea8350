"""KMO and Bartlett's test: against R, by identities, on bad input."""

from __future__ import annotations

import efa_reference as reference
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import movement_readiness.psychometrics as ps
from movement_readiness.exceptions import ArgumentError, NotPositiveDefiniteWarning

HARMLESS = "ignore::movement_readiness.exceptions.MovementReadinessWarning"


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize(("data", "basis"), reference.cases("efa", "", "psych"))
def test_the_numbers_are_those_of_psych(data, basis):
    matrix, n = reference.correlations(data, basis)
    key = data, basis, "", "psych"
    found = ps.kmo(matrix)
    assert found.overall == pytest.approx(reference.number("efa", key, "kmo"), abs=1e-8)
    assert found.items.to_numpy() == pytest.approx(reference.series("efa", key, "kmo item"), abs=1e-8)
    test = ps.bartlett_sphericity(matrix, n_obs=n)
    assert test.chisq == pytest.approx(reference.number("efa", key, "bartlett chisq"), rel=1e-8)
    assert test.df == reference.number("efa", key, "bartlett df")
    assert test.pvalue == pytest.approx(reference.number("efa", key, "bartlett pvalue"), rel=1e-6, abs=1e-300)
    kind, _, missing = basis.partition(" ")
    answers, arguments = reference.items(data), {"correlation": kind, "missing": missing or "pairwise"}
    assert ps.kmo(answers, **arguments).overall == pytest.approx(found.overall, abs=1e-5)
    assert ps.bartlett_sphericity(answers, **arguments).chisq == pytest.approx(test.chisq, rel=1e-4)


answers = st.integers(0, 10**6).map(
    lambda seed: pd.DataFrame(
        np.random.default_rng(seed).normal(size=(80, 1)) + np.random.default_rng(seed + 1).normal(size=(80, 5)),
        columns=list("abcde"),
    )
)


@settings(max_examples=50, deadline=None)
@given(answers, st.permutations(list("abcde")), st.floats(0.1, 9))
def test_identities(items, order, scale):
    base = ps.kmo(items)
    assert ps.kmo(items.corr()).overall == pytest.approx(base.overall)
    assert ps.kmo(items.cov()).items.to_numpy() == pytest.approx(base.items.to_numpy())
    assert ps.kmo(items[list(order)] * scale).items[list("abcde")].to_numpy() == pytest.approx(base.items.to_numpy())
    assert ps.kmo(pd.concat([items, items])).overall == pytest.approx(base.overall)
    assert 0 <= base.overall <= 1
    test, twice = ps.bartlett_sphericity(items), ps.bartlett_sphericity(pd.concat([items, items]))
    assert ps.bartlett_sphericity(items.corr(), n_obs=80).chisq == pytest.approx(test.chisq)
    assert twice.chisq / (159 - 15 / 6) == pytest.approx(test.chisq / (79 - 15 / 6))


def test_unrelated_items_are_rejected_five_times_in_a_hundred():
    rng = np.random.default_rng(1)
    share = np.mean([ps.bartlett_sphericity(rng.normal(size=(100, 6))).pvalue < 0.05 for _ in range(1000)])
    print(f"rejected {share:.3f}")  # noqa: T201
    assert abs(share - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 1000)


def test_two_items_have_nothing_but_each_other():
    rng = np.random.default_rng(1)
    with pytest.raises(ArgumentError, match="expected 3 or more items"):
        ps.kmo(rng.normal(size=(30, 2)))


def test_words_and_bad_input():
    rng = np.random.default_rng(2)
    items = pd.DataFrame(rng.normal(size=(100, 1)) + rng.normal(size=(100, 4)), columns=list("abcd"))
    found = ps.kmo(items)
    assert "100 respondents" in found._repr_html_()
    assert "Kaiser and Rice (1974) call" in found._repr_html_()
    assert found.to_frame().shape == (4, 1)
    test = ps.bartlett_sphericity(items)
    assert "&lt; .001" in test._repr_html_()
    assert test.to_frame().loc["bartlett", "df"] == 6
    with pytest.raises(ArgumentError, match="n_obs: expected the number of respondents"):
        ps.bartlett_sphericity(items.corr())
    with pytest.raises(ArgumentError, match="got one or none to 'a'"):
        ps.kmo(items.assign(a=1))
    repeated = items.assign(e=items["a"] + items["b"])
    with pytest.warns(NotPositiveDefiniteWarning, match="smallest eigenvalue"):
        assert np.isnan(ps.kmo(repeated).overall)
    with pytest.warns(NotPositiveDefiniteWarning):
        assert np.isnan(ps.bartlett_sphericity(repeated).chisq)


def test_the_number_behind_a_matrix_is_carried():
    matrix = np.full((4, 4), 0.5) + np.eye(4) / 2
    assert ps.kmo(matrix, n_obs=120).n_respondents == 120
    assert ps.kmo(matrix, n_obs=120).overall == ps.kmo(matrix).overall
    assert ps.map_test(matrix, n_obs=120.0).n_respondents == 120
    for call in (ps.kmo, ps.map_test):
        with pytest.raises(ArgumentError, match="n_obs: expected only with a correlation"):
            call(np.arange(12.0).reshape(4, 3), n_obs=120)
