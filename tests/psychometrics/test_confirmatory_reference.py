"""Confirmatory models against lavaan 0.6-14 and semTools 0.5-6, number by number (tests/reference/confirmatory)."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from psychometrics.confirmatory_data import CASES, FOLDER, MESSAGES, data, fit, measures, model, quietly, table
from scipy.optimize import minimize
from scipy.stats import norm

from movement_readiness.psychometrics.confirmatory.comparison import compare_models
from movement_readiness.psychometrics.invariance import measurement_invariance

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


def test_every_case_but_those_that_lavaan_refuses_or_does_not_solve_has_values():
    refused = {
        case
        for case in CASES.index
        if any(text.startswith("error") or "solution has NOT been found" in text for text in MESSAGES.get(case, []))
    }
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
    rows = [key if isinstance(key, tuple) else (key,) for key in frame.index]
    if frame.ndim == 1:
        cells = dict(zip(rows, frame, strict=True))
    else:
        columns, values = list(frame.columns), frame.to_numpy()
        cells = {(*row, column): values[i, j] for i, row in enumerate(rows) for j, column in enumerate(columns)}
    return cells if several else {(1, *key): value for key, value in cells.items()}


@pytest.mark.parametrize("case", table("residual_tests"))
def test_standardised_residuals_are_lavaans(case):
    rows = table("residual_tests")[case]
    cells = stacked(fit(case).residuals(kind="standardized"), fit(case).n_groups > 1)
    got = np.array([cells[key] for key in rows[["group", "row", "column"]].itertuples(index=False, name=None)])
    # a residual that cannot vary is nought over nought
    varies = (np.abs(got) > 1e-6) & (rows["row"] != rows["column"]).to_numpy()
    assert varies.any()
    np.testing.assert_allclose(got[varies], rows["value"].to_numpy()[varies], rtol=1e-3, atol=1e-3)


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
        got = np.array([cells[place] for place in places])
        assert len(expected)
        assert (np.abs(got - expected) < close * np.maximum(1, np.abs(expected))).all(), quantity


@pytest.mark.parametrize("case", [case for case in WORKED if CASES.loc[case, "ordered"]])
def test_thresholds_are_lavaans(case):
    found = fit(case).thresholds
    labels = found["item"] + "|t" + found["threshold"].astype(str)
    for column, quantity, close in (("observed", "sample th", 1e-8), ("implied", "implied th", 1e-4)):
        places, expected = values_of("derived", case, quantity, column=False)
        cells = dict(zip(zip(found["group"], labels, strict=True), found[column], strict=True))
        got = np.array([cells[place] for place in places])
        assert len(expected) == len(found)
        assert np.abs(got - expected).max() < close


# lavPredict of ordered items is wrong in lavaan 0.6-14 for groups after the first and with theta: see the README
SCORED = [case for case in table("scores") if case not in INADMISSIBLE]
LAVAAN_IS_OFF = [
    case for case in SCORED if CASES.loc[case, "ordered"] and ("theta" in case or CASES.loc[case, "group"])
]


def scored(case, method):
    rows = table("scores")[case]
    rows = rows[rows["method"].isin(method) & rows["score"].notna()]
    cells = stacked(fit(case).factor_scores(se=True), several=True)
    return rows, cells


@pytest.mark.parametrize("case", [case for case in SCORED if case not in LAVAAN_IS_OFF])
def test_factor_scores_are_lavaans(case):
    rows, cells = scored(case, ["regression", "EBM"])
    assert len(rows)
    got = np.array([cells[int(row.row) - 1, row.factor] for row in rows.itertuples()])
    close = 1e-3 if CASES.loc[case, "ordered"] else 1e-4  # the mode that lavaan's optimiser finds
    assert np.abs(got - rows["score"]).max() < close
    known = rows[rows["se"].notna()]
    got = np.array([cells[int(row.row) - 1, f"{row.factor}_se"] for row in known.itertuples()])
    assert (np.abs(got - known["se"]) < 1e-4).all()


# no higher factors, no residual correlations: what `posterior` writes out
WRITTEN_OUT = [case for case in LAVAAN_IS_OFF if "second_order" not in case and "residual " not in case]


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_factor_scores_of_ordered_items_are_the_posterior_mode_written_out(case):
    """From the table of parameters alone, with an optimiser of scipy."""
    rows, cells = scored(case, ["EBM"])
    for group, part in rows.groupby("group"):
        for place in part["row"].astype(int).unique()[:2]:
            answers = data(CASES.loc[case, "data"]).iloc[place - 1]
            factors, mode, spread = posterior(fit(case).parameters, answers, group)
            for factor, expected, se in zip(factors, mode, spread, strict=True):
                assert cells[place - 1, factor] == pytest.approx(expected, abs=2e-5)
                assert cells[place - 1, f"{factor}_se"] == pytest.approx(se, rel=1e-3)


def posterior(parameters, answers, group):
    """Factors, their mode for one respondent, and the root of the inverse curvature there."""
    part = parameters[parameters["group"] == group]
    value = {(row.lhs, row.op, row.rhs): row.est for row in part.itertuples()}
    factors, items = (list(dict.fromkeys(part.loc[part["op"] == "=~", side])) for side in ("lhs", "rhs"))
    loadings = np.array([[value.get((factor, "=~", item), 0.0) for factor in factors] for item in items])
    psi = np.array([[value.get((a, "~~", b), value.get((b, "~~", a), 0.0)) for b in factors] for a in factors])
    mean = np.array([value.get((name, "~1", ""), 0.0) for name in factors])
    start = np.array([value.get((item, "~1", ""), 0.0) for item in items])
    spread = np.sqrt([value[item, "~~", item] for item in items])
    limits = []
    for item in items:
        own = part[(part["op"] == "|") & (part["lhs"] == item)].sort_values("rhs")["est"]
        padded = np.array([-np.inf, *own, np.inf])
        limits.append(padded[int(answers[item]) - 1 : int(answers[item]) + 1])
    low, high = np.array(limits).T

    def lost(eta):
        centre = start + loadings @ eta
        inside = norm.cdf((high - centre) / spread) - norm.cdf((low - centre) / spread)
        return -np.log(inside).sum() + 0.5 * (eta - mean) @ np.linalg.solve(psi, eta - mean)

    mode = minimize(lost, mean, method="BFGS", options={"gtol": 1e-8}).x
    step = 1e-3 * np.eye(len(mode))
    curvature = [
        [(lost(mode + a + b) - lost(mode + a - b) - lost(mode - a + b) + lost(mode - a - b)) / 4e-6 for b in step]
        for a in step
    ]
    return factors, mode, np.sqrt(np.diag(np.linalg.inv(curvature)))


NESTED = pd.read_csv(FOLDER / "nested.csv", dtype={"scaled_shifted": str, "a_method": str}, keep_default_na=False)
# what goes with the estimator: the plain difference, Satorra-Bentler 2001, Satorra 2000 scaled and shifted
OURS = NESTED[
    (NESTED["method"] != "satorra.2000")
    | (NESTED["restricted"].str.contains("wlsmv") & (NESTED["scaled_shifted"] == "true"))
]
OURS = OURS[OURS["df_diff"].astype(float) > 0]


@pytest.mark.parametrize("row", OURS.to_dict("records"), ids=lambda row: f"{row['restricted']} in {row['free']}")
def test_difference_tests_are_lavaans(row):
    found = quietly(compare_models, fit(row["restricted"]), fit(row["free"])).table.iloc[-1]
    assert found["df_diff"] == float(row["df_diff"])
    assert found["chisq_diff"] == pytest.approx(float(row["chisq_diff"]), rel=1e-3, abs=1e-3)
    assert found["pvalue_diff"] == pytest.approx(float(row["pvalue"]), abs=1e-4)


LADDERS = pd.read_csv(FOLDER / "invariance.csv", keep_default_na=False)
LADDER_KEY = ["data", "model", "estimator", "parameterization", "missing"]


@functools.cache
def ladder(name, models, estimator, parameterization, missing):
    options = {"parameterization": parameterization} if parameterization else {}
    items = data(name)
    return quietly(
        measurement_invariance, items, model(models), group="site", estimator=estimator, missing=missing, **options
    )


@pytest.mark.parametrize(
    ("key", "expected"),
    [(key, part) for key, part in LADDERS.groupby(LADDER_KEY, sort=False)],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_the_ladder_of_invariance_is_that_of_semtools(key, expected):
    frame = ladder(*key).to_frame().set_index("step")
    steps = [step for step in dict.fromkeys(expected["step"]) if step != "means"]
    # three categories: equal thresholds are no restriction, so that there is no such step
    assert set(steps) - set(frame.index) <= ({"thresholds"} if "ordinal3" in key[0] else set())
    for step in (step for step in steps if step in frame.index):
        part = expected[expected["step"] == step]
        values = dict(zip(part["measure"], part["value"].astype(float), strict=True))
        measured = ladder(*key).fits[step].fit_measures
        for name, value in values.items():
            if name.endswith("_diff"):
                got = frame.loc[step, name]
                if name == "df_diff" or values["df_diff"] == 0:
                    assert (np.nan_to_num(got) if values["df_diff"] == 0 else got) == value
                    continue
            elif name.endswith("unshifted"):
                continue
            else:
                got = measured[name]
            assert got == pytest.approx(value, rel=1e-3 if "chisq" in name else 1e-4, abs=1e-4), (step, name)
