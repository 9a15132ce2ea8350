"""Scores worked by hand, the rules at their edges, and the same numbers from every kind of frame."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.scoring import frames, item_matrix, score_scales

DOMAINS = ("rational", "emotional", "social", "behavioural", "organisational", "leadership")
SHORT = ("R1", "R4", "E1", "E2", "S1", "S4", "B1", "B3", "O1", "O3", "L2", "L3")
NEIGHBOUR = {  # one answer to the whole garden questionnaire
    "g_joy": 7,
    "g_chore": 2,
    "g_often": 3,
    "g_share": 1,
    "n_fence": 2,
    "n_talk": 0,
    "n_key": 1,
    "n_party": 4,
}


def close(got, expected):
    return got == pytest.approx(expected, abs=1e-12, rel=0)


def full(instrument, value=4, **answers):
    """One respondent's full form: the same answer everywhere but where said."""
    return dict.fromkeys(instrument.forms["full"].items, value) | answers


def one(answers, instrument, **options):
    """The scores of one respondent as a dict."""
    return score_scales(pd.DataFrame([answers]), instrument, **options).iloc[0].to_dict()


def as_rows(result):
    """Any eager result as rows of Python values; NaN stays NaN, null is None."""
    if isinstance(result, pd.DataFrame):
        return result.to_dict("records")
    return result.to_pylist() if isinstance(result, pa.Table) else result.rows(named=True)


def is_missing(value):
    return value is None or value != value


def same(one_row, other_row):
    """The same columns, missing in the same places, numbers alike to 1e-12."""
    assert list(one_row) == list(other_row)
    for column, value in one_row.items():
        other = other_row[column]
        if is_missing(value) or is_missing(other):
            assert is_missing(value), column
            assert is_missing(other), column
        elif isinstance(value, float):
            assert close(other, value), column
        else:
            assert other == value, column
    return True


def by_the_rules(answers, instrument):
    """The scores of one respondent in exact fractions, straight from the instrument file."""
    percents, scores = {}, {}
    for item in instrument.item_ids():
        codes, value = instrument.response_scale(item).codes, answers.get(item)
        if value in codes:
            low, high = min(codes), max(codes)
            percents[item] = Fraction(100 * (value - low), high - low)
    simple_first = sorted(instrument.scales.values(), key=lambda scale: bool(scale.scales))
    for scale in simple_first:
        if scale.scales:
            values = [scores[part][0] for part in scale.scales if scores[part][0] is not None]
            n = len({item for part in scale.scales for item in instrument.scales[part].keys if item in percents})
            enough = len(values) >= scale.min_scales
        else:
            values = [p if scale.keys[i] == 1 else 100 - p for i, p in percents.items() if i in scale.keys]
            n = len(values)
            domains = [instrument.items[item].domain for item in scale.keys]
            answered = [instrument.items[item].domain for item in scale.keys if item in percents]
            fewest = min(answered.count(domain) for domain in domains) if any(domains) else n
            enough = n >= scale.min_answered and fewest >= scale.min_answered_per_domain
        scores[scale.id] = (sum(values, Fraction(0)) / len(values) if enough else None, n)
    return scores


# ---------------------------------------------------------------------------------- worked by hand


def test_garden_by_hand(garden):
    scores = one(NEIGHBOUR, garden)
    # joy 7 of 1-7: 100; chore 2 reversed is 6: 83 1/3; often 3 of 0-3: 100; share 1 of 0-3: 33 1/3
    assert close(scores["gardening"], 475 / 6)
    # fence 2 reversed: 83 1/3; talk 0: 0; key 1 of 0-1: 100; party 4: 50; share: 33 1/3
    assert close(scores["neighbours"], 160 / 3)
    # the fence as it is: 16 2/3; the key: 100
    assert close(scores["order"], 175 / 3)
    assert close(scores["garden_index"], 66.25)
    counts = {scale: scores[f"{scale}_n_answered"] for scale in garden.scales}
    # 8 items in both parts of the index: g_share belongs to both and counts once
    assert counts == {"gardening": 4, "neighbours": 5, "order": 2, "garden_index": 8}


def test_bundled_by_hand(instrument):
    answers = full(instrument, 4, R1=5, R2=4, R3=3, R4=2, R5=1, O1=1, O2=1, O3=1, O4=1, O5=1)
    answers |= {"R6": 2, "E6": 2, "S6": 2, "B6": 2, "O6": 2, "L6": 5}
    scores = one(answers, instrument)
    assert scores["rational"] == 50
    assert scores["emotional"] == 75
    assert scores["organisational"] == 0
    assert close(scores["readiness"], (50 + 75 * 4 + 0) / 6)
    assert close(scores["programme_pull"], (5 * 25 + 100) / 6)
    # programme pull reversed: 5 x 75 and 0, beside 250 (rational), 20 x 75 and 0
    assert close(scores["readiness_sensitivity"], (250 + 20 * 75 + 0 + 5 * 75 + 0) / 36)
    # R1 100, R4 25, O1 0, O3 0, the other eight 75
    assert close(scores["readiness_short"], (100 + 25 + 0 + 0 + 8 * 75) / 12)
    assert scores["readiness_n_answered"] == 30
    assert scores["readiness_sensitivity_n_answered"] == 36


def test_falling_codes_score_by_code_not_by_position(garden):
    items = {"g_joy": 4, "g_chore": 4, "g_share": 0}
    assert close(one(items | {"g_often": 3}, garden)["gardening"], 50)  # 50, 50, 0 and "immer": 100
    assert close(one(items | {"g_often": 0}, garden)["gardening"], 25)


def test_ends_of_every_scale(any_instrument):
    for scale in any_instrument.scales.values():
        keys = dict(scale.keys) or {i: any_instrument.key(i, scale.id) for i in any_instrument.item_ids(scale.id)}
        for end in (0, 100):
            answers = {
                item: (codes.high if (end == 100) == (key == 1) else codes.low)
                for item, key in keys.items()
                for codes in [any_instrument.response_scale(item)]
            }
            assert one(answers, any_instrument, scales=[scale.id])[scale.id] == end


def test_programme_pull_moves_no_domain_and_no_index(instrument):
    low, high = (
        one(full(instrument, 3, **dict.fromkeys(instrument.item_ids("programme_pull"), code)), instrument)
        for code in (1, 5)
    )
    assert (low["programme_pull"], high["programme_pull"]) == (0, 100)
    for scale in (*DOMAINS, "readiness", "readiness_short"):
        assert low[scale] == high[scale] == 50
    assert low["readiness_sensitivity"] > high["readiness_sensitivity"]


# -------------------------------------------------------------------------------- how many answered


@pytest.mark.parametrize("missing", [-8, -9, None, np.nan])
def test_a_domain_needs_four_of_five(instrument, missing):
    four = one(full(instrument, 5, R1=2, R5=missing), instrument)
    assert (four["rational"], four["rational_n_answered"]) == ((25 + 300) / 4, 4)
    three = one(full(instrument, 5, R4=missing, R5=missing), instrument)
    assert np.isnan(three["rational"])
    assert three["rational_n_answered"] == 3
    assert three["emotional"] == 100


def test_missing_codes_never_count_as_low_answers(any_instrument):
    scale = next(scale for scale in any_instrument.scales.values() if scale.min_answered == len(scale.keys) - 1)
    first, *others = scale.keys
    best = {
        item: any_instrument.response_scale(item).high
        if scale.keys[item] == 1
        else any_instrument.response_scale(item).low
        for item in others
    }
    for code in any_instrument.missing_codes.values():
        scores = one(best | {first: code.code}, any_instrument, scales=[scale.id])
        assert scores[scale.id] == 100
        assert scores[f"{scale.id}_n_answered"] == len(others)


def test_garden_needs_three(garden):
    three = one(NEIGHBOUR | {"g_share": -2}, garden)
    assert close(three["gardening"], (100 + 250 / 3 + 100) / 3)
    two = one(NEIGHBOUR | {"g_share": -2, "g_often": -1}, garden)
    assert np.isnan(two["gardening"])
    assert close(two["garden_index"], two["neighbours"])  # one of its two scales is enough for this index


def test_short_form_needs_ten_and_one_from_each_domain(instrument):
    def short(*missing):
        answers = {item: -9 if item in missing else 4 for item in SHORT}
        return one(answers, instrument)

    assert short()["readiness_short"] == 75
    assert short("R1", "E1")["readiness_short"] == 75
    assert np.isnan(short("R1", "E1", "S1")["readiness_short"])
    no_leadership = short("L2", "L3")
    assert no_leadership["readiness_short_n_answered"] == 10
    assert np.isnan(no_leadership["readiness_short"])


def test_sensitivity_needs_four_from_each_domain(instrument):
    assert one(full(instrument, 3, R1=-8, R2=-8, E1=-8), instrument)["readiness_sensitivity"] == 50
    thin = one(full(instrument, 3, R1=-8, R2=-8, R3=-8), instrument)
    assert thin["readiness_sensitivity_n_answered"] == 33
    assert np.isnan(thin["readiness_sensitivity"])


@pytest.mark.parametrize("domain", DOMAINS)
def test_index_needs_all_six_domains(instrument, domain):
    assert one(full(instrument, 4), instrument)["readiness"] == 75
    gone = dict.fromkeys(instrument.item_ids(domain)[:2], -8)
    scores = one(full(instrument, 4, **gone), instrument)
    assert np.isnan(scores["readiness"])
    assert scores["readiness_n_answered"] == 28


# ------------------------------------------------------------------------------------ forms, scales


def test_every_form_gives_the_same_columns(any_instrument, responses_of):
    columns = set()
    for form in any_instrument.forms:
        scores = score_scales(responses_of(any_instrument, {("N", "a"): 3}, form=form), any_instrument)
        columns.add(tuple(scores.columns))
    (columns,) = columns
    expected = [column for scale in any_instrument.scales for column in (scale, f"{scale}_n_answered")]
    assert list(columns[-len(expected) - 1 :]) == [*expected, "claim"]


def test_short_form_has_a_total_and_no_domains(instrument):
    scores = one(dict.fromkeys(SHORT, 5), instrument)
    assert scores["readiness_short"] == 100
    assert all(np.isnan(scores[scale]) for scale in (*DOMAINS, "readiness", "programme_pull"))
    assert scores["rational_n_answered"] == 2
    assert scores["programme_pull_n_answered"] == 0


def test_two_forms_in_one_frame(instrument):
    frame = pd.DataFrame([full(instrument, 5), dict.fromkeys(SHORT, 1)])
    scores = score_scales(frame, instrument)
    assert scores["readiness_short"].tolist() == [100, 0]
    assert scores["rational"].isna().tolist() == [False, True]


def test_named_scales_in_the_order_asked_for(garden):
    scores = score_scales(pd.DataFrame([NEIGHBOUR]), garden, scales=["order", "garden_index"])
    assert list(scores) == ["order", "order_n_answered", "garden_index", "garden_index_n_answered", "claim"]
    assert close(scores["garden_index"].item(), 66.25)  # its parts are scored, not shown


def test_criterion_and_reserve_items_change_nothing(instrument):
    plain = one(full(instrument, 2), instrument)
    with_others = one(full(instrument, 2, C1=5, C3=0, R7=1, E8="anything"), instrument)
    assert same(plain, with_others)


def test_other_columns_are_kept_in_order_and_first(garden, responses_of):
    frame = responses_of(garden, {("N", "a"): 2}).assign(ward=["x", None], **{"7": 1.5})
    frame.insert(12, 3, [1, 2])
    scores = score_scales(frame, garden)
    kept = [column for column in frame.columns if column not in garden.items]
    pd.testing.assert_frame_equal(scores[kept], frame[kept])
    assert list(scores.columns)[: len(kept)] == kept


def test_claim_comes_from_the_ledger_unless_given(any_instrument, responses_of):
    frame = responses_of(any_instrument, {("N", "a"): 2})
    assert set(score_scales(frame, any_instrument)["claim"]) == {mr.claim(any_instrument).sentence}
    assert set(score_scales(frame, any_instrument, claim="Try-out.")["claim"]) == {"Try-out."}


# ------------------------------------------------------------------------------------- item_matrix


def test_item_matrix_keys_as_in_the_scale(garden):
    frame = pd.DataFrame([NEIGHBOUR, NEIGHBOUR | {"n_fence": -1, "n_key": None}])
    assert item_matrix(frame, garden, scale="neighbours").iloc[0].to_dict() == {
        "n_fence": 6,
        "n_talk": 0,
        "n_key": 1,
        "n_party": 4,
        "g_share": 1,
    }
    order = item_matrix(frame, garden, scale="order")
    assert order.iloc[0].to_dict() == {"n_fence": 2, "n_key": 1}
    assert order.iloc[1].isna().all()


def test_item_ids_select_the_columns_of_a_frame(any_instrument, responses_of):
    frame = responses_of(any_instrument, {("N", "a"): 5}, seed=3)
    for scale in [None, *any_instrument.scales]:
        assert list(frame[any_instrument.item_ids(scale)]) == any_instrument.item_ids(scale)
    any_instrument.item_ids().clear()  # a list of its own each time
    assert any_instrument.item_ids()


def test_item_matrix_of_everything_keys_as_at_home(any_instrument, responses_of):
    frame = responses_of(any_instrument, {("N", "a"): 20}, seed=3)
    matrix = item_matrix(frame, any_instrument)
    assert list(matrix.columns) == any_instrument.item_ids()
    for item in matrix:
        codes = any_instrument.response_scale(item)
        raw = frame[item].astype(float)
        expected = raw if any_instrument.key(item) == 1 else codes.low + codes.high - raw
        assert matrix[item].tolist() == expected.tolist()


def test_item_matrix_holds_the_items_that_are_there(instrument):
    matrix = item_matrix(pd.DataFrame({"L6": [5, -9], "R2": [1, 2], "C1": [1, 1]}), instrument)
    assert list(matrix) == ["R2", "L6"]
    assert matrix["L6"].iloc[0] == 5
    assert np.isnan(matrix["L6"].iloc[1])


def test_item_matrix_of_an_index_names_a_shared_item_once(garden):
    matrix = item_matrix(pd.DataFrame([NEIGHBOUR]), garden, scale="garden_index")
    assert list(matrix) == ["g_joy", "g_chore", "g_often", "g_share", "n_fence", "n_talk", "n_key", "n_party"]
    assert matrix["n_fence"].item() == 6


def test_item_matrix_refuses_an_index_that_keys_an_item_both_ways(garden, tmp_path):
    text = garden.path.read_text(encoding="utf-8")
    text = text.replace('scales = ["gardening", "neighbours"]', 'scales = ["neighbours", "order"]')
    place = tmp_path / "both_ways.toml"
    place.write_text(text, encoding="utf-8")
    instrument = mr.load_instrument(place)
    with pytest.raises(ArgumentError, match=r"'n_fence' differently.*'neighbours', 'order'"):
        item_matrix(pd.DataFrame([NEIGHBOUR]), instrument, scale="garden_index")
    scores = one(NEIGHBOUR, instrument)  # scoring it is another matter: each part has its own key
    assert close(scores["garden_index"], (160 / 3 + 175 / 3) / 2)


def test_reversing_twice_is_the_identity(garden, responses_of):
    frame = responses_of(garden, {("N", "a"): 30}, seed=1)
    once = item_matrix(frame, garden, scale="gardening")
    assert once["g_chore"].tolist() != frame["g_chore"].tolist()
    twice = item_matrix(once, garden, scale="gardening")
    assert twice["g_chore"].tolist() == frame["g_chore"].tolist()


def test_item_matrix_and_scores_agree(any_instrument, responses_of):
    frame = responses_of(any_instrument, {("N", "a"): 25}, seed=5)
    scores = score_scales(frame, any_instrument)
    for scale in any_instrument.scales.values():
        if scale.scales:
            continue
        matrix = item_matrix(frame, any_instrument, scale=scale.id)
        codes = [any_instrument.response_scale(item) for item in matrix]
        low, high = np.array([c.low for c in codes]), np.array([c.high for c in codes])
        expected = ((matrix.to_numpy() - low) / (high - low) * 100).mean(axis=1)
        np.testing.assert_allclose(scores[scale.id], expected, rtol=0, atol=1e-12)


# ----------------------------------------------------------------------------- every kind of frame


def tables(any_instrument, max_size=6):
    """Lists of answers to a whole form, with missing codes and gaps."""
    missing = [code.code for code in any_instrument.missing_codes.values()]
    form = next(iter(any_instrument.forms.values()))
    answers = {item: [*any_instrument.response_scale(item).codes] * 2 + [*missing, None] for item in form.items}
    row = st.fixed_dictionaries({item: st.sampled_from(values) for item, values in answers.items()})
    return st.lists(row, min_size=1, max_size=max_size)


def in_four_kinds(rows):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    floats = {n: [float("nan") if v is None else float(v) for v in values] for n, values in columns.items()}
    yield "pandas nullable", pd.DataFrame(columns, dtype="Int64")
    yield "polars", pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int16))
    yield "polars with NaN", pl.DataFrame(floats)
    yield "pyarrow", pa.table({name: pa.array(values, pa.int32()) for name, values in columns.items()})


def in_more_kinds(rows):
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    nullable = pd.DataFrame(columns, dtype="Int64")
    yield "pandas float", nullable.astype("float64")
    yield "pandas float32", nullable.astype("float32")
    yield "pandas pyarrow", nullable.astype("int64[pyarrow]")
    yield "pandas object with None", pd.DataFrame(columns, dtype=object)
    yield "pandas object with NA", nullable.astype(object)
    yield "polars decimal", pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Decimal(6, 2)))
    arrays = {name: pa.array(np.array(values, float), pa.float64()) for name, values in columns.items()}
    yield "pyarrow with NaN", pa.table(arrays)


FEW = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
BOTH = pytest.mark.parametrize("name", ["instrument", "garden"])


def assert_scores(frame, instrument, expected, kind):
    scores = score_scales(frame, instrument)
    assert type(scores) is type(frame)
    for got, wanted in zip(as_rows(scores), expected, strict=True):
        for scale, (score, n) in wanted.items():
            assert got[f"{scale}_n_answered"] == n, (kind, scale)
            if score is None:
                assert is_missing(got[scale]), (kind, scale)
            else:
                assert close(got[scale], float(score)), (kind, scale)


def some_rows(instrument, n=40):
    """Answers with a missing code or nothing in a tenth of the places, the first row in all of them."""
    rng = np.random.default_rng(11)
    none = [*(code.code for code in instrument.missing_codes.values()), None]

    def draw(item, row):
        given = instrument.response_scale(item).codes
        return rng.choice(np.array(none if row == 0 or rng.random() < 0.1 else given, dtype=object))

    return [{item: draw(item, row) for item in instrument.item_ids()} for row in range(n)]


def test_more_kinds_of_number_columns_score_by_the_rules(any_instrument):
    rows = some_rows(any_instrument)
    expected = [by_the_rules(row, any_instrument) for row in rows]
    assert {score is None for row in expected for score, _ in row.values()} == {True, False}
    for kind, frame in in_more_kinds(rows):
        assert_scores(frame, any_instrument, expected, kind)
    _, first = next(in_four_kinds(rows))
    matrix = as_rows(item_matrix(first, any_instrument))
    for _kind, frame in in_more_kinds(rows):
        assert all(same(a, b) for a, b in zip(matrix, as_rows(item_matrix(frame, any_instrument)), strict=True))


def test_plain_integers_score_by_the_rules(any_instrument):
    missing = next(iter(any_instrument.missing_codes.values())).code
    rows = [{i: missing if v is None else v for i, v in row.items()} for row in some_rows(any_instrument)]
    frame = pd.DataFrame(rows).astype("int16")
    assert_scores(frame, any_instrument, [by_the_rules(row, any_instrument) for row in rows], "pandas int16")


@BOTH
@FEW
@given(data=st.data())
def test_every_kind_of_frame_scores_by_the_rules(name, request, data):
    instrument = request.getfixturevalue(name)
    rows = data.draw(tables(instrument))
    expected = [by_the_rules(row, instrument) for row in rows]
    for kind, frame in in_four_kinds(rows):
        assert_scores(frame, instrument, expected, kind)


@BOTH
@FEW
@given(data=st.data())
def test_item_matrices_agree_across_kinds(name, request, data):
    instrument = request.getfixturevalue(name)
    rows = data.draw(tables(instrument))
    _, first = next(in_four_kinds(rows))
    for scale in (None, next(iter(instrument.scales))):
        expected = as_rows(item_matrix(first, instrument, scale=scale))
        for _kind, frame in in_four_kinds(rows):
            matrix = item_matrix(frame, instrument, scale=scale)
            assert type(matrix) is type(frame)
            assert all(same(a, b) for a, b in zip(expected, as_rows(matrix), strict=True))


@BOTH
@FEW
@given(data=st.data())
def test_order_of_rows_and_columns_does_not_matter(name, request, data):
    instrument = request.getfixturevalue(name)
    rows = data.draw(tables(instrument))
    frame = pd.DataFrame(rows, dtype="Int64")
    scores = score_scales(frame, instrument)
    order = data.draw(st.permutations(range(len(rows))))
    pd.testing.assert_frame_equal(score_scales(frame.iloc[order], instrument), scores.iloc[order])
    columns = data.draw(st.permutations(list(frame.columns)))
    pd.testing.assert_frame_equal(score_scales(frame[columns], instrument), scores)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_batches_change_nothing(any_instrument, responses_of, monkeypatch, kind):
    frame = responses_of(any_instrument, {("N", "a"): 7, ("N", "b"): 6}, seed=2).drop(columns="synthetic")
    frame = {"pandas": lambda f: f.set_index("response_id"), "polars": pl.from_pandas, "pyarrow": pa.Table.from_pandas}[
        kind
    ](frame)
    whole, matrix = score_scales(frame, any_instrument), item_matrix(frame, any_instrument)
    for size in (4, 13):
        monkeypatch.setattr(frames, "BATCH_ROWS", size)
        for before, after in (
            (whole, score_scales(frame, any_instrument)),
            (matrix, item_matrix(frame, any_instrument)),
        ):
            assert after.shape == before.shape  # polars adds in another order: alike to 1e-12, not equal
            assert all(same(a, b) for a, b in zip(as_rows(before), as_rows(after), strict=True))
            if kind == "pandas":
                pd.testing.assert_index_equal(before.index, after.index)
    monkeypatch.setattr(frames, "BATCH_ROWS", 4)
    first = any_instrument.item_ids()[0]
    bad = pd.DataFrame(as_rows(frame)).astype({first: "float64"})
    bad.loc[[0, 12], first] = 77
    with pytest.raises(ResponsesError, match="77 in 2 rows"):
        score_scales(bad, any_instrument)


@pytest.mark.parametrize("lazily", [pl.DataFrame.lazy, lambda frame: duckdb.from_arrow(frame.to_arrow())])
def test_lazy_frames_give_lazy_scores(any_instrument, responses_of, lazily):
    eager = pl.from_pandas(responses_of(any_instrument, {("N", "a"): 9}, seed=8))
    holes = [
        pl.when(pl.col("response_id") == "r3").then(None).otherwise(pl.col(i)).alias(i)
        for i in any_instrument.items
        if i in eager.columns
    ]
    eager = eager.with_columns(holes)
    frame = lazily(eager)
    for lazy, expected in (
        (score_scales(frame, any_instrument), score_scales(eager, any_instrument)),
        (item_matrix(frame, any_instrument), item_matrix(eager, any_instrument)),
    ):
        assert type(lazy) is type(frame)
        got = lazy.collect() if isinstance(lazy, pl.LazyFrame) else lazy.pl()
        assert got.schema == expected.schema
        assert all(same(a, b) for a, b in zip(as_rows(expected), as_rows(got), strict=True))


@pytest.mark.parametrize("lazily", [pl.DataFrame.lazy, lambda frame: duckdb.from_arrow(frame.to_arrow())])
def test_lazy_answers_are_checked_at_once(garden, lazily):
    bad = pl.DataFrame([NEIGHBOUR | {"n_key": 9}, NEIGHBOUR])
    with pytest.raises(ResponsesError, match="'n_key': the value 9 in 1 row"):
        score_scales(lazily(bad), garden)


def test_missing_scores_are_nan_in_pandas_and_null_elsewhere(garden):
    rows = [NEIGHBOUR, dict.fromkeys(NEIGHBOUR)]
    table = pl.DataFrame(rows)
    scores = score_scales(table, garden)
    assert scores["gardening"].dtype == pl.Float64
    assert scores["gardening"].to_list()[1] is None
    assert scores["gardening"].is_nan().sum() == 0
    assert item_matrix(table, garden)["g_joy"].to_list() == [7.0, None]
    arrow = score_scales(table.to_arrow(), garden)
    assert arrow.schema.field("gardening").type == pa.float64()
    assert arrow["gardening"].null_count == 1
    for dtype in ("Int64", "int64[pyarrow]", "float64", object):
        frame = pd.DataFrame(rows).astype(dtype)
        scores, matrix = score_scales(frame, garden), item_matrix(frame, garden)
        assert scores["gardening"].dtype == np.dtype("float64")
        assert scores["gardening_n_answered"].dtype == np.dtype("int64")
        assert scores["gardening_n_answered"].tolist() == [4, 0]
        assert set(matrix.dtypes) == {np.dtype("float64")}
        assert np.isnan(np.corrcoef(matrix.to_numpy().T)).all()  # numpy takes it as it is


@pytest.mark.parametrize("name", ["empty object", "empty text", "null type"])
def test_a_column_that_holds_nothing_may_be_of_any_type(garden, name):
    table = pl.DataFrame([NEIGHBOUR])
    empty = {
        "empty object": table.to_pandas().assign(n_talk=pd.Series([None], dtype=object)),
        "empty text": table.with_columns(n_talk=pl.lit(None, dtype=pl.String)),
        "null type": table.with_columns(n_talk=pl.lit(None)).to_arrow(),
    }[name]
    (scores,) = as_rows(score_scales(empty, garden))
    assert scores["neighbours_n_answered"] == 4
    (items,) = as_rows(item_matrix(empty, garden))
    assert is_missing(items["n_talk"])


@pytest.mark.parametrize(
    "index",
    [
        pd.Index(["c", "a", "a"], name="person"),
        pd.MultiIndex.from_tuples([("N", 2), ("N", 1), ("S", 1)]),
        pd.RangeIndex(5, 8),
    ],
)
def test_pandas_index_is_kept(garden, index):
    frame = pd.DataFrame([NEIGHBOUR] * 3, index=index).assign(team=["x", "y", "z"])
    scores = score_scales(frame, garden)
    pd.testing.assert_index_equal(scores.index, index)
    assert scores["team"].tolist() == ["x", "y", "z"]
    pd.testing.assert_index_equal(item_matrix(frame, garden).index, index)
    pd.testing.assert_index_equal(score_scales(frame.drop(columns="team"), garden).index, index)


def test_input_is_not_changed(any_instrument, responses_of):
    frame = responses_of(any_instrument, {("N", "a"): 4})
    frame.attrs["summary"] = pd.DataFrame({"rows": [4, 4]})  # pandas cannot compare attrs like these
    before = frame.copy(deep=True)
    scores = score_scales(frame, any_instrument)
    matrix = item_matrix(frame, any_instrument)
    scores.loc[:, "team"] = "elsewhere"
    matrix.iloc[:, :] = -1.0
    pd.testing.assert_frame_equal(frame, before)
    assert list(frame.attrs) == ["summary"]


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas, lambda f: pa.Table.from_pandas(f, preserve_index=False)])
def test_no_rows_give_no_rows(any_instrument, responses_of, kind):
    frame = responses_of(any_instrument, {("N", "a"): 2})
    empty, whole = score_scales(kind(frame.iloc[:0]), any_instrument), score_scales(kind(frame), any_instrument)
    assert len(empty) == 0
    assert len(item_matrix(kind(frame.iloc[:0]), any_instrument)) == 0
    if isinstance(empty, pd.DataFrame):
        pd.testing.assert_series_equal(empty.dtypes, whole.dtypes)
    else:
        assert empty.schema == whole.schema


def test_columns_that_look_like_helpers_do_no_harm(garden):
    lazy = pl.DataFrame([NEIGHBOUR | {"_answer g_joy": 1, "__n order": 2}]).lazy()
    scores = score_scales(lazy, garden).collect()
    assert scores["_answer g_joy"].to_list() == [1]
    assert close(scores["gardening"].item(), 475 / 6)


# ------------------------------------------------------------------------------------ what is refused


def refused(frame, instrument, error=ResponsesError, run=score_scales, **options):
    with pytest.raises(error) as caught:
        run(frame, instrument, **options)
    return caught


@pytest.mark.parametrize("run", [score_scales, item_matrix])
@pytest.mark.parametrize(("value", "shown"), [(0, "0"), (99, "99"), (3.5, "3.5"), (-7, "-7"), (float("inf"), "inf")])
@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame, lambda rows: pa.Table.from_pylist(rows)])
def test_answers_that_are_no_codes_are_named(garden, run, value, shown, kind):
    rows = [NEIGHBOUR | {"g_joy": 7.0}, NEIGHBOUR | {"g_joy": value}, NEIGHBOUR | {"g_joy": value}]
    error = refused(kind(rows), garden, run=run).value
    (problem,) = error.problems
    assert (problem.column, problem.value) == ("g_joy", shown)
    assert f"item 'g_joy': the value {shown} in 2 rows; expected 1, 2, 3, 4, 5, 6, 7" in str(error)


def test_every_stray_value_is_named(instrument):
    rows = [full(instrument, 0), full(instrument, 4, R2=6), full(instrument, 4, R2=-3)]
    error = refused(pd.DataFrame(rows), instrument).value
    assert len(error.problems) == 38
    assert {(p.column, p.value) for p in error.problems} >= {("R2", "0"), ("R2", "6"), ("R2", "-3"), ("L6", "0")}
    assert "38 answers are neither" in str(error)


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (pd.DataFrame([NEIGHBOUR]).assign(n_talk="oft"), "'n_talk'.*'oft'"),
        (pd.DataFrame([NEIGHBOUR] * 2).assign(n_talk=pd.Series([1, "oft"], dtype=object)), "'n_talk'.*'oft'"),
        (pd.DataFrame([NEIGHBOUR]).assign(n_key=True), "'n_key'.*Boolean.*True"),
        (pd.DataFrame([NEIGHBOUR]).assign(n_talk=pd.Categorical(["oft"])), "'n_talk'.*Categorical.*'oft'"),
        (pl.DataFrame([NEIGHBOUR | {"n_talk": "2"}]), "'n_talk'.*String.*'2'"),
        (pl.DataFrame([NEIGHBOUR | {"n_talk": "2"}]).lazy(), "'n_talk'.*String.*'2'"),
    ],
)
def test_text_in_item_columns_is_refused(garden, frame, shown):
    error = refused(frame, garden)
    assert "codes as numbers" in str(error.value)
    assert len(error.value.problems) == 1
    error.match(shown)


def test_a_lost_item_column_is_named(instrument):
    answers = full(instrument)
    del answers["L5"], answers["R2"]
    error = refused(pd.DataFrame([answers]), instrument)
    error.match(r"form 'full' lacks 'R2', 'L5'.*scales=\[\.\.\.\].*enough for 'emotional', 'social'")
    assert one(answers, instrument, scales=["emotional", "social"])["emotional"] == 75
    refused(pd.DataFrame([answers]), instrument, scales=["rational"]).match(r"'rational' needs.*missing: 'R2'")
    refused(pd.DataFrame([answers]), instrument, scales=["readiness"]).match(r"missing: 'R2', 'L5'")


def test_an_item_too_many_for_the_short_form_is_named(instrument):
    refused(pd.DataFrame([dict.fromkeys((*SHORT, "B2"), 3)]), instrument).match(r"form 'full' lacks 'L6', 'R2', 'E6'")


def test_no_items_at_all(any_instrument):
    for run in (score_scales, item_matrix):
        refused(pd.DataFrame({"team": ["a"]}), any_instrument, run=run).match("no scored item.*got 'team'")
    renamed = pd.DataFrame([full(mr.load_instrument())]).rename(columns=str.lower)
    refused(renamed, mr.load_instrument()).match("Ids are spelled exactly; read_responses also takes 'r1'")


def test_a_missing_scale_item_is_named_by_item_matrix(garden):
    refused(pd.DataFrame({"n_key": [1]}), garden, run=item_matrix, scale="order").match("missing: 'n_fence'")


@pytest.mark.parametrize("column", ["instrument_id", "instrument_version", "instrument_sha256"])
@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas, lambda f: pl.from_pandas(f).lazy()])
def test_answers_to_another_version_are_refused(any_instrument, responses_of, column, kind):
    frame = responses_of(any_instrument, {("N", "a"): 4})
    frame.loc[1:2, column] = "0.0.1"
    frame.loc[3, column] = None  # unknown is not another
    for run in (score_scales, item_matrix):
        error = str(refused(kind(frame), any_instrument, run=run).value)
        assert f"{column} is not" in error
        assert "in 2 rows (such as '0.0.1')" in error


def test_unknown_scales_and_wrong_arguments(garden):
    frame = pd.DataFrame([NEIGHBOUR])
    refused(frame, garden, ArgumentError, scales=["ordr"]).match("Did you mean 'order'")
    refused(frame, garden, ArgumentError, scales="order").match(r"Write scales=\['order'\]")
    refused(frame, garden, ArgumentError, scales=[]).match("got none")
    refused(frame, garden, ArgumentError, scales=["order", "order"]).match("each once")
    refused(frame, garden, ArgumentError, scales=5).match("list of scale ids")
    refused(frame, garden, ArgumentError, run=item_matrix, scale="ordr").match("Did you mean 'order'")
    refused(frame, garden, ArgumentError, claim=" ").match("claim: expected a text")
    refused(frame, "garden.toml", ArgumentError).match("expected an Instrument.*got str")
    refused(frame.to_dict(), garden, ArgumentError).match("expected a data frame.*got dict")
    refused(frame["g_joy"], garden, ArgumentError).match("expected a data frame.*got Series")


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.concat([pd.DataFrame([NEIGHBOUR]), pd.DataFrame({"g_joy": [1]})], axis=1),
        lambda: pa.table([[1], [2]], names=["g_joy", "g_joy"]),
        lambda: duckdb.sql("select 1 as g_joy, 2 as g_joy"),
    ],
)
def test_a_column_name_given_twice_is_refused(garden, make):
    refused(make(), garden).match("every column name once; got 'g_joy' 2 times")


def test_scores_are_not_written_over(garden):
    frame = pd.DataFrame([NEIGHBOUR]).assign(order_n_answered=1, claim="mine")
    refused(frame, garden).match("'order_n_answered', 'claim' are there already")
    frame = frame.drop(columns="claim")
    assert "order_n_answered" in score_scales(frame, garden, scales=["gardening"])


# ----------------------------------------------------------------------------------------- benchmark


@pytest.mark.slow
def test_benchmark_runs_and_its_peers_agree(request):
    script = request.config.rootpath / "tests" / "benchmarks" / "scoring.py"
    done = subprocess.run([sys.executable, str(script), "2000"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All scores agree to 1e-12." in done.stdout
