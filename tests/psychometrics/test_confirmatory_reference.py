"""Confirmatory models against lavaan 0.6-14 and semTools 0.5-6, number by number (tests/reference/confirmatory)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from psychometrics import confirmatory_data as reference
from psychometrics.confirmatory_data import CASES, MESSAGES, fit, measures, table

KEY = ["lhs", "op", "rhs", "group"]
WORKED = [case for case in CASES.index if case in table("parameters")]

# The answers to the left and right items correlate more than perfectly, or a residual variance is negative: estimates
# agree, but the curvature there is next to singular and what rests on its inverse is anyone's.
INADMISSIBLE = {"ordinal2 two8 wlsmv std_lv", "groups3 two6_groups ml", "groups3 two6_groups mlr"}

# lavaan 0.6-14 takes cluster= for ordered items, says so in its output, and gives the errors of independent people.
IGNORES_CLUSTERS = {"teams three wlsmv cluster"}
# With cluster=, "ml" becomes "mlr" here; lavaan's combination of the two has no name.
NEITHER_NOR = {"teams three ml cluster"}

# lavaan divides by the number of parameters before equal ones are counted once; Mplus and we count them once.
SCALING_OF_LIKELIHOODS = {"scaling.factor.h0"}


def compared(case, name):
    """Rows that lavaan and we both have, lavaan's columns with the suffix ``_r``."""
    mine = fit(case).parameters if name == "parameters" else fit(case).modification_indices()
    return table(name)[case].merge(mine, on=KEY, how="left", suffixes=("_r", ""), indicator=True)


def test_every_case_but_those_that_lavaan_refuses_has_values():
    refused = {case for case in CASES.index if any(text.startswith("error") for text in MESSAGES.get(case, []))}
    assert set(CASES.index) == set(WORKED) | refused
    assert len(WORKED) > 100


@pytest.mark.parametrize("case", WORKED)
def test_estimates_and_errors_are_lavaans(case):
    both = compared(case, "parameters")
    assert (both["_merge"] == "both").all(), both[both["_merge"] != "both"][KEY]
    ordered = CASES.loc[case, "ordered"] == "true"
    close = 1e-4 if ordered else 1e-5
    assert np.abs(both["est"] - both["est_r"]).max() < close
    assert np.abs(both["std_all"] - both["std_all_r"]).max() < (1e-4 if case in INADMISSIBLE else close)
    assert np.abs(both["std_lv"] - both["std_lv_r"]).max() < (1e-4 if case in INADMISSIBLE else close)
    free = both["se_r"] > 0
    assert ((both["se"] > 0) == free).all()
    if case in IGNORES_CLUSTERS:
        return
    assert np.abs(both["se"] / both["se_r"] - 1)[free].max() < 1e-4
    assert np.abs(both["pvalue"] - both["pvalue_r"])[free].max() < 1e-4
    moves = both["std_se_r"] > 1e-8
    assert np.abs(both["std_se"] / both["std_se_r"] - 1)[moves].max() < 1e-4
    assert (both["std_se"][~moves & both["std_se_r"].notna()] < 1e-6).all()


@pytest.mark.parametrize("case", WORKED)
def test_fit_measures_are_lavaans(case):
    found, tied = fit(case).fit_measures, CASES.loc[case, "group_equal"] or "label" in case or "groups " in case
    assert fit(case).converged == bool(measures(case)["converged"])
    assert fit(case).n_respondents == measures(case)["n_total"]
    wrong = {}
    for name, value in measures(case).items():
        if name in {"converged", "n_groups", "n_total"} or not np.isfinite(value):
            continue
        if (name in SCALING_OF_LIKELIHOODS and tied) or (case in NEITHER_NOR and ("scal" in name or "robust" in name)):
            continue
        if case in IGNORES_CLUSTERS and ("scal" in name or "robust" in name):
            continue
        if not _agrees(name, found.get(name, np.nan), value):
            wrong[name] = (found.get(name, np.nan), value)
    assert not wrong


def _agrees(name, got, expected):
    """Chi-squares and sizes to 1e-4 relative, indices and p-values to 1e-4."""
    scale = max(1.0, abs(expected))
    return abs(got - expected) < 1e-4 * scale


@pytest.mark.parametrize("case", [case for case in table("modification") if case not in INADMISSIBLE])
def test_modification_indices_are_lavaans(case):
    both = compared(case, "modification")
    scales = both["op"] == "~*~"
    # the scale of an item whose residual variance is a parameter cannot be freed as well: lavaan lists it
    assert (both["_merge"] == "both")[~scales].all(), both[both["_merge"] != "both"][KEY]
    there = both[both["_merge"] == "both"]
    assert (np.abs(there["mi"] - there["mi_r"]) < 1e-3 * np.maximum(there["mi_r"], 1)).all()
    assert (np.abs(there["epc"] - there["epc_r"]) < 1e-3 * np.maximum(np.abs(there["epc_r"]), 1)).all()
    there = there[there["op"] != "~*~"]  # of a scale lavaan prints the sign alone
    assert (np.abs(there["sepc.all"] - there["sepc.all_r"]) < 1e-3 * np.maximum(np.abs(there["sepc.all_r"]), 1)).all()


def values_of(name, case, quantity, column=True):
    """lavaan's values of a kind, and where they belong: (group, row, column) or (group, row)."""
    rows = table(name)[case]
    rows = rows[(rows["quantity"] == quantity) & ((rows["column"] != "") == column)]
    keys = ["group", "row", "column"] if column else ["group", "row"]
    return list(rows[keys].itertuples(index=False, name=None)), rows["value"].to_numpy()


def stacked(frame, several):
    """The cells of a frame (or a series) by group, row and column."""
    cells = frame.stack() if frame.ndim > 1 else frame
    return dict(cells.items()) if several else {(1, *np.atleast_1d(key)): value for key, value in cells.items()}


@pytest.mark.parametrize("case", WORKED)
def test_residuals_r_square_and_factor_correlations_are_lavaans(case):
    found = fit(case)
    several, ordered = found.n_groups > 1, CASES.loc[case, "ordered"] == "true"
    close = 1e-4 if ordered or case in INADMISSIBLE else 1e-5
    wanted = [
        (found.residuals(), "residuals", "bollen", True),
        (found.residuals(kind="bentler"), "residuals", "bentler", True),
        (found.r_square, "derived", "r2", False),
        (found.implied(), "derived", "implied cov", True),
    ]
    if len(found.factors) > 1:  # of one factor lavaan prints the variance
        wanted.append((found.factor_correlations, "derived", "cor.lv", True))
    for frame, name, quantity, column in wanted:
        if frame is None:
            continue
        places, expected = values_of(name, case, quantity, column)
        cells = stacked(frame, several)
        got = np.array([cells[tuple(map(_plain, place))] for place in places])
        assert len(expected)
        assert (np.abs(got - expected) < close * np.maximum(1, np.abs(expected))).all(), quantity


def _plain(key):
    return key if isinstance(key, str) else int(key)


@pytest.mark.parametrize("case", [case for case in WORKED if CASES.loc[case, "ordered"]])
def test_thresholds_are_lavaans(case):
    found = fit(case).thresholds
    cells = found.set_index(found["item"] + "|t" + found["threshold"].astype(str)).set_index("group", append=True)
    for column, quantity, close in (("observed", "sample th", 1e-8), ("implied", "implied th", 1e-4)):
        places, expected = values_of("derived", case, quantity, column=False)
        got = np.array([cells.at[(row, group), column] for group, row in places])
        assert len(expected) == len(found)
        assert np.abs(got - expected).max() < close
