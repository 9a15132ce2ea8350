"""Matrices that are almost one: every analysis says what is wrong with them, and takes none for eight respondents."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from psychometrics.correlation_data import answers, equal

import movement_readiness.psychometrics as ps
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.correlation import given_matrix
from movement_readiness.psychometrics.correlation.given import is_matrix

pytestmark = pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.MovementReadinessWarning")

ITEMS = answers(equal(0.4, 8), 300, 1)
MATRIX = ITEMS.corr()


def lower(filled: float) -> np.ndarray:
    found = MATRIX.to_numpy().copy()
    found[np.triu_indices(8, 1)] = filled
    return found


def with_cell(value: float) -> pd.DataFrame:
    found = MATRIX.copy()
    found.iloc[0, 1] = found.iloc[1, 0] = value
    return found


ALMOST = {
    "lower triangle": (lower(0.0), "symmetric matrix.*one triangle is zero"),
    "lower triangle, NaN": (lower(np.nan), "number in every cell of the matrix; 28 are missing"),
    "lower triangle, list": (lower(0.0).tolist(), "symmetric matrix"),
    "asymmetric": (MATRIX.to_numpy() + np.triu(np.full((8, 8), 1e-3), 1), "they differ by 0.001"),
    "beyond 1": (with_cell(1.3), "from -1 to 1; got 1.3"),
    "a missing cell": (with_cell(np.nan), "number in every cell of the matrix; 2 are missing"),
    "no diagonal": (MATRIX - np.eye(8), "positive diagonal"),
    "rows reversed": (MATRIX.iloc[::-1], "rows named as the columns, in the same order; they are not: rows 'x7'"),
    "measures": (np.random.default_rng(1).normal(5, 1, size=(8, 8)), "symmetric matrix"),
}
CALLS = {
    "efa": lambda matrix, **n: ps.efa(matrix, n_factors=2, **n),
    "kmo": ps.kmo,
    "bartlett": ps.bartlett_sphericity,
    "map": ps.map_test,
    "kaiser": ps.empirical_kaiser,
    "hull": ps.hull,
    "parallel": lambda matrix, **n: ps.parallel_analysis(matrix, method="normal", n_iterations=20, **n),
}


@pytest.mark.parametrize("known", [{}, {"n_obs": 300}], ids=["", "n_obs"])
@pytest.mark.parametrize("name", ALMOST)
def test_what_is_almost_a_matrix_gets_a_sentence(name, known):
    matrix, words = ALMOST[name]
    for call in CALLS.values():
        with pytest.raises(ArgumentError, match=f"items: expected .*{words}"):
            call(matrix, **known)
    with pytest.raises(ArgumentError, match=f"matrix: expected .*{words}"):
        given_matrix("matrix", matrix, 300)


def test_what_is_a_matrix_but_for_rounding_is_one():
    exact = ps.efa(MATRIX, n_factors=2, n_obs=300)
    rough = MATRIX.to_numpy() + np.random.default_rng(1).normal(size=(8, 8)) * 1e-8
    spread = np.arange(1.0, 9.0)
    for given in (
        MATRIX.to_numpy().tolist(),
        rough,
        MATRIX * np.outer(spread, spread),
        MATRIX.reset_index(drop=True),
        pl.from_pandas(MATRIX.reset_index(drop=True)),
    ):
        found = ps.efa(given, n_factors=2, n_obs=300.0)
        assert found.correlation == "given"
        assert found.loadings.to_numpy() == pytest.approx(exact.loadings.to_numpy(), abs=1e-5)
        correlations = found.correlations.to_numpy()
        assert np.array_equal(correlations, correlations.T)
        assert ps.efa(given, n_factors=2).loadings.equals(found.loadings)


def test_answers_of_as_many_respondents_as_items_are_answers():
    few = ITEMS.head(8)
    assert not is_matrix(few)
    assert ps.efa(few, n_factors=1).n_respondents == 8
    assert not is_matrix(few.astype(float).mask(few == 1))
    assert is_matrix(np.eye(3))
    with pytest.raises(ArgumentError, match=r"n_obs: expected only with .*got items of shape \(300, 8\)"):
        ps.efa(ITEMS, n_factors=1, n_obs=300)


def test_numbers_too_large_for_products_get_a_sentence():
    with pytest.raises(ArgumentError, match=r"items\['x0'\]: expected finite numbers below 1e\+70 in size"):
        ps.kmo(ITEMS * 1e80)
    assert ps.kmo(ITEMS * 1e69).overall == pytest.approx(ps.kmo(ITEMS).overall)
