"""Polychoric, tetrachoric and polyserial correlations against R's programs and against 40-digit arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from psychometrics.correlation_data import data, values_of

from movement_readiness.exceptions import NearPerfectCorrelationWarning
from movement_readiness.psychometrics.correlation import correlation_matrix, polychoric, polyserial, tetrachoric
from movement_readiness.psychometrics.correlation._fit import fit_pairs
from movement_readiness.psychometrics.correlation._tables import thresholds_of

# What these data sets are for is also what they warn of; test_correlation.py looks at the warnings.
pytestmark = pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.MovementReadinessWarning")

VALUES = values_of("polychoric.csv")
ACOV = values_of("polychoric_acov.csv")
MEASURED = {("polyserial", "listwise")}
POLYCHORIC = sorted(
    {
        (name, basis.split()[1])
        for name, basis, model, program, _ in VALUES
        if model == "two-step" and program == "lavaan"
    }
    - MEASURED
)


@pytest.mark.parametrize(("name", "missing"), POLYCHORIC)
def test_correlations_thresholds_and_standard_errors_are_lavaans(name, missing):
    found = polychoric(data(name), se=True, missing=missing, correct="lavaan")
    key = (name, f"polychoric {missing}", "two-step", "lavaan")
    assert found.n_respondents == VALUES[*key, "n"][0][2]
    thresholds = found.thresholds.assign(label=lambda t: t["item"] + "|t" + t["threshold"].astype(str)).set_index(
        "label"
    )
    for label, _, value in VALUES[*key, "threshold"]:
        assert thresholds.loc[label, "estimate"] == pytest.approx(value, abs=1e-12)
    errors = {label: value for label, _, value in VALUES[*key, "se"]}
    n_compared = 0
    for row, column, value in VALUES[*key, "correlation"]:
        estimate = found.correlations.loc[row, column]
        if abs(value) > 0.9985:  # lavaan stops at .999 or 1 where the maximum is at 1
            assert abs(estimate) > 0.9985
            continue
        assert estimate == pytest.approx(value, abs=2e-7), (row, column)
        assert found.standard_errors.loc[row, column] == pytest.approx(errors[f"{row}~~{column}"], rel=1e-6)
        n_compared += 1
    assert n_compared
    for label, value in errors.items():
        if "|" in label:
            assert thresholds.loc[label, "standard_error"] == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "missing"),
    sorted({(name, basis.split()[1]) for name, basis, _, program, _ in VALUES if program == "formula"} - MEASURED),
)
def test_correlations_are_the_exact_maximum(name, missing):
    """R's integrate() and optimize() run tight: the likelihood written out, no other program's tolerance."""
    found = polychoric(data(name), missing=missing)
    key = (name, f"polychoric {missing}", "two-step", "formula")
    for row, column, value in VALUES[*key, "correlation"]:
        assert found.correlations.loc[row, column] == pytest.approx(value, abs=1e-11), (row, column)
    if (*key, "smallest eigenvalue") in VALUES:
        assert found.smallest_eigenvalue == pytest.approx(VALUES[*key, "smallest eigenvalue"][0][2], abs=1e-7)


# the maximum of the two-step likelihood in 45-digit arithmetic (mpmath), margins of these very tables
EXACT = {
    0.9821847355543073: [[200, 20, 0, 0], [30, 200, 25, 0], [1, 20, 210, 22], [0, 0, 15, 200]],
    0.9916543272630622: [[300, 5, 0, 1], [4, 300, 6, 0], [0, 7, 300, 4], [0, 0, 5, 300]],  # one respondent far out
    -0.9958737980104363: [[1, 40], [60, 2]],
    0.7859842068154504: [[12, 9, 4, 1, 0], [2, 7, 11, 10, 9]],
    0.8739669193482278: [[9000, 10, 1], [10, 5, 0], [0, 1, 1]],
    0.1206364324784843: [[10, 12, 9], [8, 15, 11], [9, 10, 14]],
}


@pytest.mark.parametrize("expected", EXACT)
def test_the_maximum_is_that_of_45_digit_arithmetic(expected):
    table = np.array(EXACT[expected], dtype=float)
    widest = max(table.shape)
    padded = np.zeros((1, widest, widest))
    padded[0, : table.shape[0], : table.shape[1]] = table
    limits = [
        np.append(thresholds_of(margin), np.full(widest - len(margin), np.inf))[np.newaxis]
        for margin in (table.sum(axis=1), table.sum(axis=0))
    ]
    found = fit_pairs(padded, *limits)
    assert found.converged.all()
    assert found.rho[0] == pytest.approx(expected, abs=2e-13)


@pytest.mark.parametrize(
    "key", [key for key in ACOV if key[-1] == "gamma" and key[0] != "polyserial"], ids=lambda key: " ".join(key[:3])
)
def test_the_asymptotic_covariance_is_lavaans_gamma(key):
    name, basis, model, *_ = key
    items = data(name)
    items = items.iloc[:, :5] if model == "i1-i5" else items
    found = polychoric(items, acov=True, missing=basis.split()[1], correct="lavaan")
    assert found.n_respondents == ACOV[*key[:4], "n"][0][2]
    rows = ACOV[key]
    assert list(dict.fromkeys(row for row, _, _ in rows)) == list(found.acov.index)
    expected = np.array([value for _, _, value in rows])
    got = np.array([found.acov.at[row, column] for row, column, _ in rows])
    spread = {label: np.sqrt(found.acov.at[label, label]) for label in found.acov.index}
    scale = np.array([spread[row] * spread[column] for row, column, _ in rows])
    assert np.abs((got - expected) / scale).max() < 1e-6
    assert np.allclose(found.acov, found.acov.T, rtol=0, atol=1e-12 * np.abs(found.acov.to_numpy()).max())


def test_standard_errors_are_those_of_gamma_over_n_and_lavcor_prints_n_less_one():
    key = ("skewed", "polychoric listwise", "two-step", "lavaan", "gamma")
    gamma = {row: value for row, column, value in ACOV[key] if row == column}
    frame = polychoric(data("skewed"), se=True, correct="lavaan").to_frame()
    n = ACOV[*key[:4], "n"][0][2]
    diagonal = np.array([gamma[f"{one}~~{other}"] for one, other in zip(frame["item"], frame["with"], strict=True)])
    assert frame["standard_error"].to_numpy() == pytest.approx(np.sqrt(diagonal / n), rel=1e-6)
    printed = np.sqrt(diagonal / (n - 1))  # the column se of lavCor(..., se = "robust.sem", output = "est")
    assert printed / frame["standard_error"].to_numpy() == pytest.approx(np.sqrt(n / (n - 1)), rel=1e-6)


def test_pairwise_counts_are_those_of_r():
    found = polychoric(data("missing5"))
    for row, column, value in VALUES["missing5", "polychoric pairwise", "two-step", "formula", "n_pairs"]:
        assert found.n_pairs.loc[row, column] == value


@pytest.mark.parametrize("name", ["clean", "small", "binary", "reversed"])
def test_psych_without_correction_is_close(name):
    """psych's optimiser stops early (3e-5)."""
    found = polychoric(data(name))
    for row, column, value in VALUES[name, "polychoric listwise", "correct=0", "psych", "correlation"]:
        assert found.correlations.loc[row, column] == pytest.approx(value, abs=2e-4)


def test_a_two_by_two_table_with_an_empty_cell_is_perfect_without_correction_and_says_so():
    """lavaan (.949) and psych (.974) stop on the way to 1, where the likelihood turns flat."""
    items = data("emptycell")
    key = ("emptycell", "polychoric listwise", "two-step")
    fair = {(row, column) for row, column, _ in VALUES[*key, "formula", "correlation"]}
    empty = {(row, column) for row, column, _ in VALUES[*key, "lavaan", "correlation"]} - fair
    assert len(empty) == 6
    with pytest.warns(NearPerfectCorrelationWarning, match="'i1' with 'i2' \\(1.000\\).*correct="):
        plain = tetrachoric(items, se=True)
    corrected = tetrachoric(items, se=True, correct="lavaan")
    for row, column in empty:
        assert abs(plain.correlations.loc[row, column]) == 1.0
        assert np.isnan(plain.standard_errors.loc[row, column])
        assert abs(corrected.correlations.loc[row, column]) < 0.7
        assert corrected.standard_errors.loc[row, column] > 0


def test_smoothing_is_psychs():
    items = data("nonpd")
    found = polychoric(items, correct="lavaan", smooth=True)
    assert found.smoothed
    assert found.smallest_eigenvalue < 0
    for row, column, value in VALUES["nonpd", "polychoric listwise", "cor.smooth of lavaan", "psych", "correlation"]:
        assert found.correlations.loc[row, column] == pytest.approx(value, abs=2e-3)  # one of lavaan's is .999
    assert np.linalg.eigvalsh(found.correlations.to_numpy())[0] > 0


def test_polyserial_correlations_are_lavaans_and_the_exact_maximum():
    everything = data("polyserial")
    found = polyserial(everything[["o5", "o3", "o2"]], everything[["c1", "c2", "c3"]], missing="listwise")
    for program, tolerance in (("lavaan", 1e-6), ("formula", 1e-10)):
        rows = VALUES["polyserial", "polychoric listwise", "two-step", program, "correlation"]
        assert len(rows) >= 9
        for row, column, value in rows:
            assert found.correlations.loc[row, column] == pytest.approx(value, abs=tolerance), (row, column)


def test_polyserial_standard_errors_are_lavaans():
    everything = data("polyserial")
    found = polyserial(everything[["o5", "o3", "o2"]], everything[["c1", "c2", "c3"]], missing="listwise")
    rows = ACOV["polyserial", "polychoric listwise", "two-step", "lavaan", "gamma"]
    n = ACOV["polyserial", "polychoric listwise", "two-step", "lavaan", "n"][0][2]
    gamma = {(row, column): value / n for row, column, value in rows} | {
        (column, row): v / n for row, column, v in rows
    }
    variance = everything.dropna().var(ddof=0)
    for item in ("o5", "o3", "o2"):
        for name in ("c1", "c2", "c3"):
            both, own = f"{name}~~{item}", f"{name}~~{name}"
            v, c = variance[name], found.polyserial.loc[item, name] * np.sqrt(variance[name])
            slope = np.array([v**-0.5, -c / 2 * v**-1.5])  # of c / sqrt(v)
            block = np.array([[gamma[both, both], gamma[both, own]], [gamma[own, both], gamma[own, own]]])
            assert found.standard_errors.loc[item, name] == pytest.approx(np.sqrt(slope @ block @ slope), rel=1e-5)


PEARSON = values_of("correlations.csv")


@pytest.mark.parametrize("key", [key for key in PEARSON if key[-1] == "correlation"], ids=lambda key: " ".join(key[:2]))
def test_the_matrix_for_an_analysis_is_that_of_r(key):
    name, kind, *_ = key
    missing = "listwise" if "listwise" in kind else "pairwise"
    kind = kind.split()[0]
    if kind not in ("pearson", "polychoric", "spearman"):
        pytest.fail(f"an unknown kind of correlation in the reference: {kind}")
    found = correlation_matrix(data(name), correlation=kind, missing=missing)
    for row, column, value in PEARSON[key]:
        assert found.correlations.loc[row, column] == pytest.approx(value, abs=1e-8)


def test_every_reference_is_used():
    assert {name for name, _ in POLYCHORIC} >= {
        "clean",
        "missing5",
        "mixed",
        "skewed",
        "small",
        "large36",
        "binary",
        "ten",
    }
