"""Rejections and intervals over simulated samples, beside lavaan's on the same ones; the full size is a benchmark."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

TESTS = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow

# Each takes 0.05 s; the benchmark makes 2,000.
REPLICATIONS = 40


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location(
        "confirmatory_monte_carlo", TESTS / "benchmarks" / "confirmatory_monte_carlo.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lavaan(benchmark):
    return pd.read_csv(benchmark.REFERENCE, dtype={"covered": str})


def results_of(benchmark, cell):
    frame = pd.DataFrame(benchmark.chunk(cell, list(range(REPLICATIONS))))
    return frame.astype({"chisq": float, "scaled": float, "pvalue": float})


@pytest.mark.parametrize(
    ("estimator", "situation"),
    [
        ("wlsmv", "people"),
        ("wlsmv", "teams ignored"),
        ("mlr", "people"),
        ("mlr", "teams ignored"),
        ("mlr", "teams named"),
    ],
)
def test_the_same_models_are_rejected_and_the_same_intervals_hold_the_truth(benchmark, lavaan, estimator, situation):
    found = results_of(benchmark, (estimator, 300, situation))
    theirs = lavaan[(lavaan["estimator"] == estimator) & (lavaan["n"] == 300) & (lavaan["situation"] == situation)]
    both = found.merge(theirs, on="replication", suffixes=("", "_r"))
    assert len(both) == REPLICATIONS
    assert (both["converged"] == both["converged_r"]).all()
    both = both[both["converged"] == 1]
    assert len(both) > 0.95 * REPLICATIONS
    assert (both["df"] == both["df_r"]).all()
    for name in ("chisq", "scaled"):
        assert np.allclose(both[name], both[f"{name}_r"], rtol=1e-3, atol=0)
    assert ((both["pvalue"] < 0.05) == (both["pvalue_r"] < 0.05)).all()
    agree = np.mean(
        [one == other for one, other in zip("".join(both["covered"]), "".join(both["covered_r"]), strict=True)]
    )
    assert agree == 1


def test_naming_teams_restores_what_they_break(benchmark):
    ignored, named = (results_of(benchmark, ("wlsmv", 300, what)) for what in ("teams ignored", "teams named"))
    assert (ignored["chisq"] == named["chisq"]).all()  # the same answers and estimates
    assert (ignored["pvalue"] < 0.05).mean() > 2 * (named["pvalue"] < 0.05).mean()
    covered = [np.mean([int(digit) for digit in "".join(one["covered"])]) for one in (ignored, named)]
    assert covered[1] - covered[0] > 0.01
