from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from responses.answers import csv_bytes, frame_of, grid, named

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError, ResponsesWarning


def read(rows, instrument, **options):
    return mr.read_responses(named(csv_bytes(rows), "x.csv"), instrument, **options)


def with_column(instrument, item, cells, *, form=None):
    """A clean grid in which one item has the given cells."""
    rows = grid(instrument, len(cells), form=form)
    place = rows[0].index(item)
    for row, cell in zip(rows[1:], cells, strict=True):
        row[place] = cell
    return rows


# --- headers


@pytest.mark.parametrize(
    "spelling",
    [
        lambda item, text: item.lower(),
        lambda item, text: f" {item.upper()} ",
        lambda item, text: text,
        lambda item, text: text.upper().rstrip(".") + " !",
        lambda item, text: f"{item} {text}",
        lambda item, text: f"{item}. {text}",
        lambda item, text: f"{item}: {text}",
        lambda item, text: text.replace("'", "’").replace("“", '"').replace(" ", "\u00a0"),
    ],
)
def test_headers_are_ids_or_item_texts_in_every_language(any_instrument, spelling):
    plain = grid(any_instrument)
    expected = read(plain, any_instrument)
    for language in any_instrument.languages:
        texts = any_instrument.translation(language).items
        rows = [[*plain[0][:3], *(spelling(item, texts[item]) for item in plain[0][3:])], *plain[1:]]
        pd.testing.assert_frame_equal(read(rows, any_instrument), expected)


@pytest.mark.parametrize("name", ["Response ID", "response-id", "RESPONSE_ID", "ResponseId"])
def test_own_columns_in_any_spelling(instrument, name):
    rows = grid(instrument)
    rows[0][:3] = [name, "SITE", "Team "]
    assert read(rows, instrument)["response_id"].tolist() == ["p0", "p1", "p2", "p3"]


def test_the_caller_maps_headers(instrument):
    rows = grid(instrument)
    rows[0][1:4] = ["Hospital", "Ward", "Q1"]
    item = grid(instrument)[0][3]
    frame = read(rows, instrument, columns={"Hospital": "site", "Ward": "Team", "Q1": item.lower()})
    assert frame["team"].tolist() == ["A"] * 4
    assert frame[item].notna().all()
    assert "Q1" not in frame


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"no such": "R1"}, "'no such' is no header of x.csv"),
        ({"team": "R99"}, "got 'R99'"),
        ({"team": None}, "got None"),
        (["team"], "expected a mapping"),
    ],
)
def test_unknown_headers_and_targets_get_a_sentence(instrument, columns, words):
    with pytest.raises(ArgumentError, match="columns: ") as caught:
        read(grid(instrument), instrument, columns=columns)
    assert words in str(caught.value)


@pytest.mark.parametrize("again", ["R1", "r1", "We agree on what needs to be put right.", "team"])
def test_two_headers_with_one_meaning_are_a_named_problem(instrument, again):
    rows = [[*row, cell] for row, cell in zip(grid(instrument), [again, 1, 1, 1, 1], strict=True)]
    with pytest.raises(ResponsesError, match=f"column {len(rows[0])} .*both stand for"):
        read(rows, instrument)


def test_an_id_with_the_wording_of_another_item_is_a_problem(instrument):
    rows = grid(instrument)
    place = rows[0].index("R1")
    rows[0][place] = "R1: " + instrument.items["R2"].text
    with pytest.raises(ResponsesError, match="the id of R1 and the wording of R2"):
        read(rows, instrument, form="full")


def test_a_misspelt_column_is_kept_and_warned_of(instrument):
    rows = grid(instrument, form="short")
    rows[0][2] = "tema"
    with pytest.warns(ResponsesWarning, match="'tema' was kept .*looks like 'team'"):
        frame = read(rows, instrument)
    assert frame["tema"].tolist() == ["A"] * 4
    assert frame["team"].isna().all()


def test_a_misspelt_item_and_absent_items_are_warned_of(instrument):
    rows = grid(instrument, form="short")
    place = rows[0].index("L3")
    rows[0][place] = "L_3"
    with pytest.warns(ResponsesWarning) as caught:
        frame = read(rows, instrument)
    said = [str(warning.message) for warning in caught]
    assert any("'L_3'" in text and "'L3'" in text for text in said)
    assert any("lacks" in text and "L3" in text and "form 'short'" in text for text in said)
    assert frame["L3"].isna().all()
    assert frame["L3"].dtype == "Int64"
    assert frame.attrs["summary"].absent_items == ("L3",)


def test_columns_without_a_header(instrument):
    rows = [[*row, "", more] for row, more in zip(grid(instrument), ["", "x", "y", "", ""], strict=True)]
    frame = read(rows, instrument)
    name = f"column_{len(rows[0])}"
    assert frame.columns[-1] == name
    assert any(name in note for note in frame.attrs["summary"].notes)
    assert any("1 columns without a header" in note for note in frame.attrs["summary"].notes)


# --- cells


def test_labels_in_every_language_and_spelling(any_instrument):
    item = {"movement-readiness": "R1", "shared-garden": "g_joy"}[any_instrument.id]
    scale = any_instrument.response_scale(item)
    for language in any_instrument.languages:
        words = any_instrument.translation(language)
        labels = [words.options[scale.id][code] for code in scale.codes]
        missing = [words.missing_codes[name] for name in scale.missing]
        cells = [f"  {label.upper()} ".replace("'", "’") for label in [*labels, *missing]]
        frame = read(with_column(any_instrument, item, cells), any_instrument)
        expected = [*scale.codes, *(any_instrument.missing_codes[name].code for name in scale.missing)]
        assert frame[item].tolist() == expected
        (how,) = [column for column in frame.attrs["summary"].columns if column.item == item]
        assert (how.read_as, how.languages) == ("labels", (language,))


def test_labels_of_several_languages_in_one_column(garden):
    frame = read(with_column(garden, "g_often", ["immer", "always", "nie", "rarely"]), garden)
    assert frame["g_often"].tolist() == [3, 3, 0, 1]
    (how,) = [column for column in frame.attrs["summary"].columns if column.item == "g_often"]
    assert set(how.languages) == {"de", "en"}


def test_missing_codes_stand_beside_codes_and_labels(instrument):
    for cells in (["4", "-8", "-9", "Can't say", "−8"], ["Mostly", "-8", "-9", "cant say", "-8.0"]):
        frame = read(with_column(instrument, "R1", cells), instrument)
        assert frame["R1"].tolist() == [4, -8, -9, -8, -8]


def test_a_missing_code_that_an_item_does_not_offer_is_kept_and_said(garden):
    frame = read(with_column(garden, "n_key", ["0", "1", "-2"]), garden)
    assert frame["n_key"].tolist() == [0, 1, -2]
    assert any("'n_key'" in note and "does not offer" in note for note in frame.attrs["summary"].notes)


def test_mixed_columns_are_one_sentence_each(instrument):
    rows = with_column(instrument, "R1", ["4", "Mostly", "3", "Partly", "2"])
    place = rows[0].index("E1")
    for row, cell in zip(rows[1:], ["Mostly", "Mostly", "5", "Partly", "Partly"], strict=True):
        row[place] = cell
    with pytest.raises(ResponsesError) as caught:
        read(rows, instrument)
    first, second = caught.value.problems
    assert (first.column, first.row, first.value) == ("R1", 3, "Mostly")
    assert "rows 3 and 5" in first.message
    assert (second.column, second.row, second.value) == ("E1", 4, "5")
    with pytest.warns(ResponsesWarning, match="3 cells"):
        frame = read(rows, instrument, invalid="set_missing")
    assert frame["R1"].tolist() == [4, pd.NA, 3, pd.NA, 2]
    assert frame["E1"].tolist() == [4, 4, pd.NA, 3, 3]


def test_labels_that_look_like_numbers(instrument):
    """C3 is labelled 0, 1, 2-3 ...; where a label is a number it is that code."""
    frame = read(with_column(instrument, "C3", ["0", "1", "2-3", "6 OR MORE"], form="study"), instrument)
    assert frame["C3"].tolist() == [0, 1, 2, 4]
    frame = read(with_column(instrument, "C3", ["0", "1", "2", "4"], form="study"), instrument)
    assert frame["C3"].tolist() == [0, 1, 2, 4]
    with pytest.raises(ResponsesError, match="mixes codes and labels"):
        read(with_column(instrument, "C3", ["0", "2", "2-3", "1"], form="study"), instrument)


def test_empty_cells_and_na_values(instrument):
    cells = ["4", "", "  ", "NA", "#N/A", "."]
    frame = read(with_column(instrument, "R1", cells), instrument)
    assert frame["R1"].isna().tolist() == [False] + [True] * 5
    with pytest.raises(ResponsesError, match="'NA' is no code and no label"):
        read(with_column(instrument, "R1", cells[:4]), instrument, na_values=())
    assert read(with_column(instrument, "R1", ["4", "none"]), instrument, na_values=("none",))["R1"].isna()[1]


def test_values_of_the_file_that_mean_missing(any_instrument):
    item, code = next(iter(any_instrument.forms.values())).items[0], next(iter(any_instrument.missing_codes))
    number = any_instrument.missing_codes[code].code
    rows = with_column(any_instrument, item, ["999", "999.0", "9,0", "k. A.", "77"])
    frame = read(rows, any_instrument, missing_values={"999": code, 9: None, "K.A.": code, 77.0: code})
    assert frame[item].tolist() == [number, number, pd.NA, number, number]
    with pytest.raises(ArgumentError, match="missing_values: expected one of"):
        read(rows, any_instrument, missing_values={"999": "nothing"})


def test_what_was_expected_is_said(any_instrument):
    for item in next(iter(any_instrument.forms.values())).items:
        codes = any_instrument.response_scale(item).codes
        with pytest.raises(ResponsesError) as caught:
            read(with_column(any_instrument, item, [str(codes[0]), "88"]), any_instrument)
        (problem,) = caught.value.problems
        assert (problem.row, problem.column, problem.value) == (3, item, "88")
        assert str(min(codes)) in problem.message
        assert str(max(codes)) in problem.message


def test_very_many_bad_cells_are_counted_and_bounded(instrument):
    rows = with_column(instrument, "R1", [f"x{number}" for number in range(2500)])
    with pytest.warns(ResponsesWarning, match="2500 cells"):
        summary = read(rows, instrument, invalid="set_missing").attrs["summary"]
    assert summary.cells_set_missing == 2500
    assert len(summary.problems) == 1001
    assert "1500 more cells" in summary.problems[-1].message


# --- extra columns


@pytest.mark.parametrize(
    ("cells", "dtype", "values"),
    [
        (["1", "2", ""], "Int64", [1, 2, pd.NA]),
        (["1.5", "2", "-3e2"], "float64", [1.5, 2.0, -300.0]),
        (["1,5", "2", "7,25"], "float64", [1.5, 2.0, 7.25]),
        (["007", "1", "2"], "str", ["007", "1", "2"]),
        (["+49", "1", "2"], "str", ["+49", "1", "2"]),
        (["1,234", "5,678", "2"], "str", ["1,234", "5,678", "2"]),
        (["1.234,5", "2", "3"], "str", ["1.234,5", "2", "3"]),
        (["2026-03-01", "", "2026-03-02"], "datetime64[s]", ["2026-03-01", None, "2026-03-02"]),
        (["True", "FALSE", ""], "boolean", [True, False, pd.NA]),
        (["99999999999999999999", "1", "2"], "float64", [1e20, 1.0, 2.0]),
        (["one", "2", "3"], "str", ["one", "2", "3"]),
        (["", "", ""], "str", [np.nan] * 3),
    ],
)
def test_types_of_extra_columns(instrument, cells, dtype, values):
    rows = [[*row, cell] for row, cell in zip(grid(instrument, 3), ["extra", *cells], strict=True)]
    found = read(rows, instrument)["extra"]
    assert found.dtype == dtype
    pd.testing.assert_series_equal(found, pd.Series(values, name="extra", dtype=dtype))


def test_the_delimiter_settles_what_a_comma_is(instrument):
    rows = [[*row, cell] for row, cell in zip(grid(instrument, 2), ["extra", "1,234", "2,500"], strict=True)]
    content = csv_bytes(rows, delimiter=";")
    assert mr.read_responses(named(content, "x.csv"), instrument)["extra"].tolist() == [1.234, 2.5]


# --- what comes out, and its summary


def test_the_frame_has_the_agreed_columns_types_and_order(any_instrument):
    rows = grid(any_instrument)
    rows[0][1:1] = ["zebra"]
    for row in rows[1:]:
        row[1:1] = ["1.5"]
    frame = read(rows, any_instrument)
    form = any_instrument.forms[frame["form"].iloc[0]]
    items = [item for item in any_instrument.items if item in form.items]
    plain = frame_of(any_instrument, 4, form=form.id, holes=False)
    assert frame.columns.tolist() == [*plain.columns, "zebra"]
    assert frame.dtypes[plain.columns].tolist() == plain.dtypes.tolist()
    assert frame.columns[13:-1].tolist() == items


def test_other_items_of_the_file_are_kept_in_the_order_of_the_instrument(instrument):
    rows = [
        ["C1", "R7", *row] if at == 0 else ["5", "2", *row] for at, row in enumerate(grid(instrument, form="short"))
    ]
    frame = read(rows, instrument, form="short")
    kept = [name for name in frame.columns if name in instrument.items]
    assert kept == [item for item in instrument.items if item in {*instrument.forms["short"].items, "C1", "R7"}]


def test_the_smallest_form_with_all_items_is_inferred_and_said(any_instrument):
    for form in any_instrument.forms.values():
        frame = read(grid(any_instrument, form=form.id), any_instrument)
        assert set(frame["form"]) == {form.id}
        assert any(f"inferred as {form.id!r}" in note for note in frame.attrs["summary"].notes)


def test_no_form_with_all_items_is_a_sentence(garden):
    rows = grid(garden, form="kurz")
    rows[0][3] = "x_spare"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponsesWarning)
        assert set(read(rows, garden)["form"]) == {"kurz"}
    with pytest.raises(ResponsesError, match="say which it is with form="):
        read([row[:4] for row in rows], garden)
    with pytest.raises(ArgumentError, match="form: expected one of"):
        read(rows, garden, form="middle")


def test_the_summary_travels_with_the_frame(any_instrument, tmp_path):
    import copy
    import json
    import pickle

    frame = read(grid(any_instrument), any_instrument)
    summary = frame.attrs["summary"]
    assert summary.rows_in == summary.rows_kept == summary.responses == 4
    assert frame.iloc[:2].attrs["summary"] is summary
    assert copy.deepcopy(summary) is summary
    assert pickle.loads(pickle.dumps(summary)) == summary  # noqa: S301
    assert len(pd.concat([frame, frame])) == 8
    json.dumps(frame.attrs)
    frame.to_parquet(tmp_path / "x.parquet")
    assert str(summary).splitlines()[0].startswith("x.csv (CSV, UTF-8, comma)")
    assert "0x" not in repr(summary)
    assert summary._repr_html_().count("<li>") == len(str(summary).splitlines()) - 1
    with pytest.raises(AttributeError):
        summary.rows_in = 5


def test_importing_the_room_is_light():
    import subprocess
    import sys

    code = "import sys, movement_readiness.responses; print(*sorted({'pandas', 'numpy', 'pyarrow'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
