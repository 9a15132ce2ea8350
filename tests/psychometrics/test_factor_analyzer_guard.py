"""What of factor-analyzer is used, what is broken in it, and what to do when a new release appears."""

from __future__ import annotations

import warnings
from importlib.metadata import version

import numpy as np
import pytest

from movement_readiness.psychometrics import _factor_analyzer
from movement_readiness.psychometrics.exploratory.extraction import extract

CHECKED = "0.5.1"
ADVICE = (
    f"factor-analyzer is no longer {CHECKED}. Look again at what _factor_analyzer.py calls and avoids: does the private "
    "_fit_factor_analysis still extract from a matrix (test_extraction...), has FactorAnalyzer.fit been repaired for "
    "scikit-learn 1.8 and later, is phi_ reordered with the loadings (test_what_is_avoided...)? Then use fit() in place "
    "of the private method where it is right, change CHECKED and the pin in pyproject.toml, and correct the docstring."
)


def test_the_release_is_the_one_that_was_checked():
    assert version("factor-analyzer") == CHECKED, ADVICE


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_extraction_is_right_to_1e5_and_leaves_its_input_alone(method):
    rng = np.random.default_rng(1)
    items = rng.normal(size=(400, 2)).repeat(4, axis=1) + rng.normal(size=(400, 8))
    matrix = np.corrcoef(items.T)
    before = matrix.copy()
    theirs = _factor_analyzer.extract(matrix, 2, method)
    assert np.array_equal(matrix, before)
    ours = extract(matrix, 2, method).loadings
    assert np.abs(theirs @ theirs.T - ours @ ours.T).max() < 2e-5, ADVICE


def test_what_is_avoided_is_still_broken():
    """If this fails, factor-analyzer or scikit-learn was repaired: see ADVICE."""
    from factor_analyzer import FactorAnalyzer

    items = np.random.default_rng(1).normal(size=(100, 6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if tuple(map(int, version("scikit-learn").split(".")[:2])) >= (1, 8):
            with pytest.raises(TypeError, match="force_all_finite"):
                FactorAnalyzer(n_factors=2, rotation=None).fit(items)
