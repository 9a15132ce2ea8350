"""rwg(j), average deviation and the REML variance components: against R, by identities, by recovery."""

from __future__ import annotations

import csv
from collections import defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize
from support import ROOT

from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics import average_deviation, icc, rwg_j
from movement_readiness.psychometrics._reml import reml_components, reml_limits
from movement_readiness.psychometrics.agreement.nulls import NULLS, null_variance

REFERENCE = ROOT / "tests" / "reference" / "agreement"
OPTIONS = {"two_options": 2, "three_options": 3, "seven_options": 7, "eleven_options": 11}


def stored(name):
    """Rows of a file of values: dataset -> list of them."""
    found = defaultdict(list)
    with (REFERENCE / name).open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found[row["dataset"]].append(row)
    return found


WITHIN, REML = stored("within.csv"), stored("reml.csv")


def read(dataset):
    frame = pd.read_csv(REFERENCE / "data" / f"{dataset}.csv", dtype={"group": "str"})
    return frame.drop(columns="group"), frame["group"]


@pytest.mark.parametrize("dataset", sorted(WITHIN))
def test_agreement_within_groups_is_that_of_multilevel(dataset):
    items, group = read(dataset)
    nulls = sorted({row["quantity"].removeprefix("rwg_j_") for row in WITHIN[dataset] if row["quantity"][0] == "r"})
    found = rwg_j(items, group, n_options=OPTIONS.get(dataset, 5), null=[*nulls, 1.0]).set_index("group")
    for center in ("mean", "median"):
        found[f"ad_{center}"] = average_deviation(items, group, center=center).set_index("group")["average_deviation"]
        by_item = average_deviation(items, group, center=center, by="item", missing="available").set_index("group")
        found[f"ad_first_item_{center}"] = by_item["i1"]
    given_values = defaultdict(set)
    for row in WITHIN[dataset]:
        given_values[row["quantity"]].add(row["group"])
        got = found.loc[row["group"], row["quantity"]]
        assert got == pytest.approx(float(row["value"]), rel=1e-8, abs=1e-8), row
    for quantity, groups in given_values.items():  # where multilevel gives no number, neither do we
        assert set(found.index[found[quantity].notna()]) == groups


@pytest.mark.parametrize("dataset", sorted(REML))
def test_the_mixed_model_is_that_of_lme4(dataset):
    """The restricted likelihood itself to 1e-8; where it is greatest to 1e-7, the limit of derivatives by differences."""
    if dataset.startswith("icc/"):
        frame = pd.read_csv(REFERENCE.parent / "icc" / "data" / f"{dataset[4:]}.csv", dtype={"group": "str"})
        values, group = frame["value"], frame["group"]
    else:
        items, group = read(dataset)
        values = items.mean(axis=1, skipna=False)
    results = {level: icc(values, group, method="reml", confidence=level / 100) for level in (90, 95)}
    fitted = components_of(values, group)
    own = {
        "criterion": fitted.criterion,
        "criterion_at_zero": fitted.at(0),
        "criterion_at_half": fitted.at(0.25),
        "criterion_at_two": fitted.at(4),
    }
    for row in REML[dataset]:
        name, _, level = row["quantity"].rpartition("_")
        if row["quantity"] in own:
            got, tolerance = own[row["quantity"]], 1e-8
        else:
            got = getattr(results[int(level)], name) if level in ("90", "95") else getattr(results[95], row["quantity"])
            tolerance = 1e-7
        if row["program"] == "lmer":  # stops where its optimiser is content
            tolerance = 1e-4
        assert got == pytest.approx(float(row["value"]), rel=tolerance, abs=tolerance), row


def components_of(values, group):
    used = pd.DataFrame({"value": np.asarray(values, dtype=float), "group": np.asarray(group)}).dropna()
    parts = used.groupby("group")["value"]
    within = float(((used["value"] - parts.transform("mean")) ** 2).sum())
    return reml_components(parts.size().to_numpy(float), parts.mean().to_numpy(float), within)


def draw(rng, sizes, icc1):
    group = np.repeat(np.arange(len(sizes)), sizes)
    return rng.normal(0, np.sqrt(icc1), len(sizes))[group] + rng.normal(0, np.sqrt(1 - icc1), len(group)), group


@pytest.mark.parametrize("seed", range(8))
def test_the_likelihood_is_greatest_there_over_all_ratios(seed):
    rng = np.random.default_rng(seed)
    values, group = draw(rng, rng.integers(1, 30, 12), rng.choice([0.0, 0.05, 0.3, 0.9]))
    found = components_of(values, group)
    trial = np.concatenate([[0.0], np.geomspace(1e-6, 1e4, 4000)])
    assert found.criterion <= min(found.at(ratio) for ratio in trial) + 1e-9
    best = optimize.minimize_scalar(
        lambda ratio: found.at(ratio), bounds=(0, max(4 * found.ratio, 1)), method="bounded", options={"xatol": 1e-10}
    )
    assert found.ratio == pytest.approx(best.x, abs=1e-5)
    low, high = reml_limits(found, 0.95)
    for limit in (low, high):
        if limit > 0:
            assert found.at(limit) - found.criterion == pytest.approx(3.841458820694124, abs=1e-8)


def test_both_methods_agree_where_sizes_are_equal():
    values, group = draw(np.random.default_rng(3), np.full(25, 8), 0.2)
    anova, reml = icc(values, group), icc(values, group, method="reml")
    assert reml.icc1 == pytest.approx(anova.icc1, abs=1e-10)
    assert reml.icc2 == pytest.approx(anova.icc2, abs=1e-10)
    assert reml.sd_within == pytest.approx(anova.sd_within, abs=1e-10)
    exact = icc(values, group, method="reml", interval="exact")
    assert (exact.icc1_ci_low, exact.icc1_ci_high) == (anova.icc1_ci_low, anova.icc1_ci_high)
    assert "restricted maximum likelihood" in reml._repr_html_()
    assert "profile" in reml._repr_html_()


def test_a_profile_needs_the_likelihood():
    with pytest.raises(ArgumentError, match="'profile', which needs method='reml'"):
        icc([1, 2, 3, 4], list("aabb"), interval="profile")
    with pytest.raises(ArgumentError, match="method: expected one of 'anova', 'reml'"):
        icc([1, 2, 3, 4], list("aabb"), method="remlx")
    with pytest.warns(EstimationWarning, match="interval cannot be estimated"):
        assert icc([1, 1, 2, 2], list("aabb"), method="reml").icc1 == 1
    with pytest.warns(EstimationWarning, match="at least two groups"):
        assert np.isnan(icc([1, 1, 2, 2], list("aaaa"), method="reml").icc1)


@pytest.mark.slow
@pytest.mark.parametrize("icc1", [0.05, 0.2])
def test_reml_recovers_the_truth_with_unequal_sizes(icc1):
    sizes, replications = np.array([3, 5, 8, 12, 30] * 8), 400
    rng = np.random.default_rng(20261126)
    found = [icc(*draw(rng, sizes, icc1), method="reml") for _ in range(replications)]
    bias = np.mean([one.icc1 for one in found]) - icc1
    covered = np.mean([one.icc1_ci_low <= icc1 <= one.icc1_ci_high for one in found])
    print(f"icc1 {icc1}: bias {bias:+.4f}, profile coverage {covered:.3f}")  # noqa: T201
    assert abs(bias) < 4 * np.std([one.icc1 for one in found]) / np.sqrt(replications) + 0.003
    assert covered > 0.92


rows = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)), min_size=4, max_size=30
)


def numbers(frame):
    return frame.set_index("group").drop(columns="n")


@settings(max_examples=60, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_order_of_people_and_items_and_reversal_change_nothing(answers, random):
    table = np.array([row[1:] for row in answers], dtype=float)
    group = np.array([row[0] for row in answers])
    order, columns = list(range(len(group))), [0, 1, 2]
    random.shuffle(order)
    random.shuffle(columns)
    for function in (lambda x, g: rwg_j(x, g, n_options=5, null=["uniform", "heavy"]), average_deviation):
        base = numbers(function(table, group))
        other = numbers(function(table[order][:, columns], group[order]))
        np.testing.assert_allclose(base, other.loc[base.index], atol=1e-9)
        np.testing.assert_allclose(base, numbers(function(6 - table, group)), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_identities(answers):
    table = pd.DataFrame([row[1:] for row in answers], columns=["x", "y", "z"], dtype=float)
    group = [row[0] for row in answers]
    found = rwg_j(table, group, n_options=5)
    assert found["n"].sum() == len(group)
    several = found.loc[found["n"] > 1, "rwg_j"]
    assert several.between(0, 1).all()
    assert found.loc[found["n"] == 1, "rwg_j"].isna().all()
    assume(len(several))
    # Spearman and Brown: rwg(j) steps up the agreement of one item of average variance.
    one = rwg_j(table[["x"]], group, n_options=5)["rwg_j"]
    same = rwg_j(pd.DataFrame({"a": table["x"], "b": table["x"]}), group, n_options=5)["rwg_j"]
    np.testing.assert_allclose(same, 2 * one / (1 + one), atol=1e-9)
    mean, median = (average_deviation(table, group, center=c)["average_deviation"] for c in ("mean", "median"))
    assert (median.dropna() <= mean.dropna() + 1e-9).all()  # the median is what makes it least


def test_no_spread_and_two_camps():
    frame = rwg_j({"q": [3, 3, 3, 1, 1, 5, 5]}, list("aaabbbb"), n_options=5)
    assert frame["rwg_j"].tolist() == [1.0, 0.0]
    assert average_deviation({"q": [3, 3, 3, 1, 1, 5, 5]}, list("aaabbbb"))["average_deviation"].tolist() == [0.0, 2.0]


def test_items_with_different_numbers_of_options_are_each_held_against_their_own():
    items = {"five": [1, 3, 5, 4], "two": [0, 1, 1, 0]}
    found = rwg_j(items, list("aaaa"), n_options={"five": 5, "two": 2})["rwg_j"][0]
    ratio = np.mean([np.var([1, 3, 5, 4], ddof=1) / 2, np.var([0, 1, 1, 0], ddof=1) / 0.25])
    assert found == pytest.approx(2 * max(1 - ratio, 0) / (2 * max(1 - ratio, 0) + ratio))
    assert rwg_j(items, list("aaaa"), n_options=[5, 2])["rwg_j"][0] == found


def test_available_answers_count_where_they_are_asked_for():
    items = pd.DataFrame({"a": [1, 2, 3, np.nan, 5], "b": [2, np.nan, 3, np.nan, 4]})
    listwise = rwg_j(items, list("xxxyy"), n_options=5)
    assert listwise["n"].tolist() == [2, 1]
    available = rwg_j(items, list("xxxyy"), n_options=5, missing="available")
    assert available["n"].tolist() == [3, 1]
    ratio = np.mean([1.0, 0.5]) / 2
    assert available["rwg_j"][0] == pytest.approx(2 * (1 - ratio) / (2 * (1 - ratio) + ratio))


def test_any_frame_and_teams_of_sites():
    frame = pd.DataFrame(
        {"site": list("NNNSSS"), "team": list("aabbba"), "q1": [1, 2, 3, 4, 5, 5], "q2": [1, 3, 3, 4, 4, 5]}
    )
    groups = frame[["site", "team"]]
    base = rwg_j(frame, groups, n_options=5)  # the columns that name teams are no items
    assert list(base.columns) == ["site", "team", "n", "rwg_j"]
    assert list(zip(base["site"], base["team"], strict=True)) == [("N", "a"), ("N", "b"), ("S", "a"), ("S", "b")]
    for kind in (pl.from_pandas, pa.Table.from_pandas):
        other = rwg_j(kind(frame[["q1", "q2"]]), kind(groups), n_options=5)
        np.testing.assert_allclose(other["rwg_j"], base["rwg_j"])
    by_item = average_deviation(frame[["q1", "q2"]], groups, by="item")
    assert list(by_item.columns) == ["site", "team", "n", "q1", "q2"]
    assert rwg_j(frame["q1"].to_frame(), [1, "x", 1, "x", None, 1], n_options=5)["group"].tolist() == [1, "x"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"n_options": 4}, "answers at most 3 apart in 'q', which has 4 options; got 1 to 5"),
        ({"n_options": 1}, "n_options: expected a whole number, 2 or more"),
        ({"n_options": [5, 5]}, "one number for each of 1 items; got 2"),
        ({"n_options": {"p": 5}}, "n_options: expected a number for each item; 'q' missing"),
        ({"n_options": {"q": 5, "p": 5}}, "'p' not among the items"),
        ({"null": "heavily"}, "null: expected one of 'uniform', 'slight'.*Did you mean 'heavy'"),
        ({"null": -1.0}, "or a variance above 0; got -1"),
        ({"null": []}, "one null distribution or more"),
        (
            {"n_options": 12, "null": "slight"},
            "items of 12 response options; got 'slight', which is tabled for 5 to 11",
        ),
        ({"missing": "pairwise"}, "missing: expected one of 'listwise', 'available'"),
        ({"group": ["a", "b"]}, "4 values and 2 labels"),
        ({"group": [None] * 4}, "group: expected a label"),
        ({"items": {"q": ["x", "y", "z", "x"]}}, "expected numbers"),
    ],
)
def test_bad_input_gets_a_sentence(change, sentence):
    arguments = {"items": {"q": [1, 5, 3, 2]}, "group": list("aabb"), "n_options": 5, **change}
    items, group = arguments.pop("items"), arguments.pop("group")
    with pytest.raises(ArgumentError, match=sentence):
        rwg_j(items, group, **arguments)


def test_average_deviation_names_its_choices():
    for name in ("center", "by", "missing"):
        with pytest.raises(ArgumentError, match=f"{name}: expected one of"):
            average_deviation({"q": [1, 2]}, ["a", "a"], **{name: "other"})


def test_skewed_nulls_ask_for_more_agreement_than_the_uniform_one():
    for options in range(5, 12):
        uniform, slight, moderate, heavy, *_ = (null_variance(null, options) for null in NULLS)
        assert uniform > slight > moderate > heavy > 0
    assert null_variance(1.5, 3) == 1.5


def test_without_any_team_effect_teams_of_ten_pass_the_usual_cut_off():
    """The uniform null alone proves nothing: these people sit in teams drawn at random."""
    rng = np.random.default_rng(5)
    people = rng.normal(size=2000)
    latent = np.sqrt(0.5) * people[:, None] + rng.normal(0, np.sqrt(0.5), (2000, 5))
    answers = np.digitize(latent, [-2.1, -1.2, -0.3, 1.0]) + 1  # as five-point answers usually fall
    team = np.repeat(np.arange(200), 10)
    found = rwg_j(answers, team, n_options=5, null=["uniform", "slight", "heavy"])
    passed = {name: (found[f"rwg_j_{name}"] >= 0.7).mean() for name in ("uniform", "slight", "heavy")}
    print(passed, f"SD {answers.std():.2f}", icc(answers.mean(axis=1), team))  # noqa: T201  (seen with -s)
    assert answers.std() == pytest.approx(0.92, abs=0.03)
    assert passed["uniform"] > 0.9
    assert passed["heavy"] < 0.05
    assert icc(answers.mean(axis=1), team).icc1 < 0.03


def test_a_hundred_thousand_people_in_five_thousand_teams():
    rng = np.random.default_rng(1)
    answers = rng.integers(1, 6, (100_000, 6)).astype(float)
    answers[rng.random(answers.shape) < 0.05] = np.nan
    team = rng.integers(0, 5000, 100_000)
    found = rwg_j(answers, team, n_options=5, missing="available")
    assert len(found) == 5000
    deviation = average_deviation(answers, team, center="median", missing="available")
    chosen = pd.DataFrame(answers[team == 17])
    assert deviation["average_deviation"][17] == pytest.approx((chosen - chosen.median()).abs().mean().mean())
