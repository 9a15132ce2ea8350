"""ICC(1) and ICC(2): against R, by identities, by recovery of known truth."""

from __future__ import annotations

import csv
import time
from collections import defaultdict

import numpy as np
import pandas as pd
import pingouin
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support import ROOT

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics import EstimationWarning, evidence_state
from movement_readiness.psychometrics._oneway import anova_components, searle_limits, wald_limits

REFERENCE = ROOT / "tests" / "reference" / "icc"


def reference_values() -> dict[str, list[tuple[str, str, float]]]:
    found = defaultdict(list)
    with (REFERENCE / "values.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found[row["dataset"]].append((row["program"], row["quantity"], float(row["value"])))
    return found


REFERENCES = reference_values()


@pytest.mark.parametrize("dataset", sorted(REFERENCES))
def test_the_numbers_are_those_of_r(dataset):
    data = pd.read_csv(REFERENCE / "data" / f"{dataset}.csv", dtype={"group": "str"})
    results = {level: mr.icc(data["value"], data["group"], confidence=level / 100) for level in (90, 95)}
    for program, quantity, expected in REFERENCES[dataset]:
        name, _, level = quantity.rpartition("_")
        if program == "searle":
            got = searle(data, quantity)
        elif quantity == "reliability_10":
            got = results[95].reliability(10)
        elif level in ("90", "95"):
            got = getattr(results[int(level)], name)
        else:
            got = getattr(results[95], quantity)
        # REML stops when its optimiser is content; the rest are formulas.
        tolerance = 1e-6 if program == "lme4" else 1e-8
        assert got == pytest.approx(expected, rel=tolerance, abs=tolerance), (program, quantity)


def searle(data: pd.DataFrame, quantity: str) -> float:
    used = data.dropna()
    codes, labels = pd.factorize(used["group"])
    components = anova_components(used["value"], codes, len(labels))
    side = 0 if "_low_" in quantity else 1
    ratio = searle_limits(components, int(quantity[-2:]) / 100)[side, 0]
    n0 = components.n0[0]
    return ratio / (1 + ratio) if quantity.startswith("icc1") else n0 * ratio / (1 + n0 * ratio)


def test_the_reference_has_awkward_data_and_every_program():
    assert len(REFERENCES) >= 6
    assert {program for rows in REFERENCES.values() for program, _, _ in rows} >= {
        "multilevel",
        "psych",
        "lme4",
        "aov",
        "wald",
    }


@pytest.mark.filterwarnings("ignore:The inplace keyword:pandas.errors.Pandas4Warning")  # pingouin's own use of pandas
@pytest.mark.parametrize("seed", range(5))
def test_pingouin_agrees_on_balanced_data(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(20, 1)) + rng.normal(size=(20, 6))
    long = pd.DataFrame(
        {"team": np.repeat(np.arange(20), 6), "rater": np.tile(np.arange(6), 20), "score": table.ravel()}
    )
    theirs = pingouin.intraclass_corr(long, targets="team", raters="rater", ratings="score")
    theirs = theirs.set_index(theirs.columns[0])["ICC"].to_numpy()
    ours = mr.icc(long["score"], long["team"])
    assert ours.icc1 == pytest.approx(theirs[0], abs=1e-8)
    assert ours.icc2 == pytest.approx(theirs[3], abs=1e-8)


samples = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20)), min_size=6, max_size=40)


def numbers(result: mr.ICCResult) -> list[float]:
    return [
        result.icc1,
        result.icc1_ci_low,
        result.icc1_ci_high,
        result.icc2,
        result.icc1_mean_size,
        result.n0,
    ]


def usable(rows) -> tuple[np.ndarray, np.ndarray]:
    group, values = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], dtype=float)
    sizes = np.bincount(group)
    spread = sum(np.ptp(values[group == g]) for g in np.unique(group))
    assume(np.count_nonzero(sizes) > 1 and sizes.max() > 1 and spread > 0)
    return values, group


@settings(max_examples=80, deadline=None)
@given(samples, st.randoms(use_true_random=False), st.floats(0.01, 50), st.floats(-200, 200))
def test_order_labels_and_units_do_not_matter(rows, random, scale, shift):
    values, group = usable(rows)
    base = numbers(mr.icc(values, group))
    order = list(range(len(values)))
    random.shuffle(order)
    assert numbers(mr.icc(values[order], group[order])) == pytest.approx(base, abs=1e-7)
    assert numbers(mr.icc(values, [f"team {g}" for g in group])) == pytest.approx(base, abs=1e-9)
    assert numbers(mr.icc(values * scale + shift, group)) == pytest.approx(base, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_identities_within_one_result(rows):
    values, group = usable(rows)
    found = mr.icc(values, group)
    total = np.sum((values - values.mean()) ** 2)
    assert found.ms_between * found.df_between + found.ms_within * found.df_within == pytest.approx(total)
    assert found.icc1_ci_low <= found.icc1 + 1e-9
    assert found.icc1 <= found.icc1_ci_high + 1e-9
    if found.icc1 > 0:
        assert found.icc2 == pytest.approx(found.reliability(found.n0))
    with_missing = mr.icc([*values, np.nan, 3.0], [*group, 0, None])
    assert numbers(with_missing) == pytest.approx(numbers(found), nan_ok=True)


def draw(rng: np.random.Generator, sizes: np.ndarray, icc1: float) -> tuple[np.ndarray, np.ndarray]:
    group = np.repeat(np.arange(len(sizes)), sizes)
    values = rng.normal(0, np.sqrt(icc1), len(sizes))[group] + rng.normal(0, np.sqrt(1 - icc1), len(group))
    return values, group


@pytest.mark.parametrize("icc1", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("sizes", [np.full(40, 10), np.array([2, 3, 5, 8, 30] * 8)], ids=["balanced", "unbalanced"])
def test_recovery_and_interval_coverage(icc1, sizes):
    replications = 600
    rng = np.random.default_rng(20260101)
    found = [mr.icc(*draw(rng, sizes, icc1)) for _ in range(replications)]
    bias = np.mean([one.icc1 for one in found]) - icc1
    covered = np.mean([one.icc1_ci_low <= icc1 <= one.icc1_ci_high for one in found])
    print(f"icc1 {icc1}: bias {bias:+.4f}, coverage {covered:.3f}")  # noqa: T201  (seen with -s)
    assert abs(bias) < 4 * np.std([one.icc1 for one in found]) / np.sqrt(replications)
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / replications)


@pytest.mark.parametrize("sizes", [np.full(30, 8), np.array([1, 2, 3, 40] * 6)], ids=["balanced", "unbalanced"])
def test_coverage_holds_over_many_seeds(sizes):
    replications, icc1, covered = 200, 0.15, []
    group = np.repeat(np.arange(len(sizes)), sizes)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        between = rng.normal(0, np.sqrt(icc1), (len(sizes), replications))[group]
        values = between + rng.normal(0, np.sqrt(1 - icc1), between.shape)  # a column is a replication
        ratio = wald_limits(anova_components(values, group, len(sizes)), 0.95)
        low, high = ratio / (1 + ratio)
        covered.append(np.mean((low <= icc1) & (icc1 <= high)))
        first = mr.icc(values[:, 0], group)
        assert (first.icc1_ci_low, first.icc1_ci_high) == pytest.approx((low[0], high[0]))
    print(f"coverage {np.mean(covered):.4f}, by seed {min(covered):.3f} to {max(covered):.3f}")  # noqa: T201
    assert abs(np.mean(covered) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / (25 * replications))


@settings(max_examples=60, deadline=None)
@given(samples)
def test_groups_copied_under_new_names_keep_the_mean_square_within(rows):
    values, group = usable(rows)
    once, twice = mr.icc(values, group), mr.icc(np.tile(values, 2), np.concatenate([group, group + 100]))
    assert twice.ms_within == pytest.approx(once.ms_within)
    between = 2 * once.ms_between * once.df_between / (2 * once.n_groups - 1)
    assert twice.ms_between == pytest.approx(between, abs=1e-9)
    assert (twice.n_groups, twice.mean_size) == (2 * once.n_groups, once.mean_size)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_every_respondent_twice_doubles_the_sums_of_squares(rows):
    values, group = usable(rows)
    once, twice = mr.icc(values, group), mr.icc(np.tile(values, 2), np.tile(group, 2))
    assert twice.ms_between == pytest.approx(2 * once.ms_between, abs=1e-9)
    assert twice.ms_within * twice.df_within == pytest.approx(2 * once.ms_within * once.df_within)
    assert twice.n0 == pytest.approx(2 * once.n0)


@settings(max_examples=60, deadline=None)
@given(samples)
def test_more_confidence_gives_an_interval_around_the_one_with_less(rows):
    values, group = usable(rows)
    narrow, wide = (mr.icc(values, group, confidence=level) for level in (0.8, 0.99))
    assert wide.icc1_ci_low <= narrow.icc1_ci_low + 1e-12
    assert narrow.icc1_ci_high <= wide.icc1_ci_high + 1e-12


@pytest.mark.parametrize("path", [None, ROOT / "tests" / "data" / "garden" / "garden.toml"], ids=["ours", "garden"])
def test_items_of_any_instrument_in_teams_of_sites(path):
    instrument = mr.load_instrument(path)
    rng = np.random.default_rng(3)
    for item in instrument.item_ids():
        codes = instrument.response_scale(item).codes
        frame = pd.DataFrame({"site": np.repeat(["N", "S"], 40), "team": np.tile(np.repeat(["a", "b"], 20), 2)})
        frame[item] = pd.array(rng.choice(codes, 80), dtype="Int64")
        frame.loc[::9, item] = pd.NA
        before = frame.copy()
        found = mr.icc(frame[item], frame[["site", "team"]])
        pd.testing.assert_frame_equal(frame, before)  # the input is left as it was
        known = frame.dropna()
        means = known.groupby(["site", "team"])[item].transform("mean").astype(float)
        within = ((known[item].astype(float) - means) ** 2).sum() / (len(known) - 4)
        assert (found.n_groups, found.n_respondents) == (4, len(known))
        assert found.ms_within == pytest.approx(within)


def test_part_of_a_label_missing_is_a_missing_label():
    values, labels = [1.0, 2.0, 4.0, 5.0, 9.0], [("N", "a"), ("N", "a"), ("N", "b"), ("N", "b"), ("N", None)]
    frame = pd.DataFrame(labels, columns=["site", "team"])
    assert mr.icc(values, labels).n_respondents == 4
    assert mr.icc(values, frame).n_respondents == 4


def test_a_million_values_in_a_hundred_thousand_groups_take_under_a_second():
    rng = np.random.default_rng(1)
    group = rng.integers(0, 100_000, 1_000_000)
    values = rng.normal(size=group.size)
    mr.icc(values[:100], group[:100] % 5)  # what is loaded on first use is not counted
    began = time.process_time()
    mr.icc(values, group)
    assert time.process_time() - began < 1


def test_any_column_will_do():
    values, group = [1.0, 2.0, None, 4.0, 5.0, 8.0, 9.0], ["a", "a", "a", "b", "b", "c", "c"]
    base = numbers(mr.icc(values, group))
    assert numbers(mr.icc(pl.Series(values), pl.Series(group))) == base
    assert numbers(mr.icc(pa.array(values), pa.chunked_array([group]))) == base
    assert numbers(mr.icc(pd.Series(values, dtype="Int64"), pd.Series(group, dtype="category"))) == base
    sites = pd.DataFrame({"site": ["N", "N", "N", "N", "N", "S", "S"], "team": ["a", "a", "a", "b", "b", "a", "a"]})
    assert numbers(mr.icc(values, sites)) == base


@pytest.mark.parametrize(
    ("values", "group", "sentence"),
    [
        ([1, 2, 3], ["a", "b"], "3 values and 2 labels"),
        (["x", "y"], ["a", "b"], "values: expected numbers"),
        ([1.0], ["a"], "at least two respondents"),
        ([np.nan, 2.0], ["a", "b"], "at least two respondents .* got 1"),
        ([1.0, np.inf], ["a", "b"], "finite numbers"),
        (3, ["a"], "values"),
    ],
)
def test_bad_input_gets_a_sentence(values, group, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        mr.icc(values, group)


def test_columns_of_frames_in_different_order_are_refused():
    frame = pd.DataFrame({"score": [1.0, 2.0, 3.0], "team": ["a", "a", "b"]})
    with pytest.raises(ArgumentError, match="row labels"):
        mr.icc(frame["score"], frame["team"].sort_values(ascending=False))


@pytest.mark.parametrize(
    ("values", "group", "sentence"),
    [
        ([1, 2, 3], ["a", "a", "a"], "at least two groups"),
        ([1, 2, 3], ["a", "b", "c"], "group of two or more"),
        ([2, 2, 2, 2], ["a", "a", "b", "b"], "All values are the same"),
    ],
)
def test_what_cannot_be_estimated_is_nan_with_a_warning_that_says_why(values, group, sentence):
    with pytest.warns(EstimationWarning, match=sentence):
        found = mr.icc(values, group)
    assert np.isnan(found.icc1)
    assert evidence_state(found) == "unknown"
    assert "not estimable" in found._repr_html_()


def test_groups_that_agree_perfectly_have_icc_one_and_no_interval():
    with pytest.warns(EstimationWarning, match="interval cannot be estimated"):
        found = mr.icc([1, 1, 2, 2], ["a", "a", "b", "b"])
    assert found.icc1 == 1
    assert np.isnan(found.icc1_ci_low)


def test_the_state_of_the_evidence():
    rng = np.random.default_rng(7)
    assert evidence_state(mr.icc(*draw(rng, np.full(60, 12), 0.25))) == "supported"
    assert evidence_state(mr.icc(*draw(rng, np.full(200, 20), 0.0))) == "not supported"
    assert evidence_state(mr.icc(*draw(rng, np.full(8, 8), 0.08))) == "unclear"


def test_results_show_themselves():
    found = mr.icc([1, 2, 4, 5, 8, 9], list("aabbcc"))
    assert "6 respondents in 3 groups" in repr(found)
    assert " at 0x" not in repr(found)
    assert "ICC(1)" in found._repr_html_()
    assert found.to_frame().loc["icc1", "estimate"] == found.icc1
    with pytest.raises(ArgumentError, match="sizes of 1 or more"):
        found.reliability(0)
    for bad in ("many", [3, float("nan")]):
        with pytest.raises(ArgumentError, match="sizes of 1 or more"):
            found.reliability(bad)
