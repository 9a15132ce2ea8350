from __future__ import annotations

import contextlib
import datetime
import io

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyreadstat
import pytest
from responses.answers import csv_bytes, frame_of, grid, named

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, MissingDependencyError, ResponsesError, ResponsesWarning

# --- long


def long_rows(instrument, n=3):
    wide = grid(instrument, n)
    items = wide[0][3:]
    rows = [["response_id", "site", "team", "item_id", "answer"]]
    for row in wide[1:]:
        rows += [[*row[:3], item, code] for item, code in zip(items, row[3:], strict=True)]
    return rows


def read(rows, instrument, **options):
    return mr.read_responses(named(csv_bytes(rows), "x.csv"), instrument, **options)


@pytest.mark.parametrize("headers", [("item_id", "answer"), ("Item", "Value"), ("ITEM ID", "response")])
@pytest.mark.parametrize("layout", ["auto", "long"])
def test_one_row_per_answer(any_instrument, headers, layout):
    rows = long_rows(any_instrument)
    rows[0][3:] = headers
    frame = read(rows, any_instrument, layout=layout)
    pd.testing.assert_frame_equal(frame, read(grid(any_instrument, 3), any_instrument))
    summary = frame.attrs["summary"]
    assert (summary.layout, summary.rows_in, summary.responses) == ("long", len(rows) - 1, 3)


def test_long_rows_in_any_order_with_labels_and_gaps(garden):
    rows = long_rows(garden, 2)
    rows = [rows[0], *[row for row in rows[1:] if row[3] != "n_key"][::-1]]
    for row in rows[1:]:
        row[3] = garden.items[row[3]].text
        if row[3] == garden.items["g_often"].text:
            row[4] = "always"
    with pytest.warns(ResponsesWarning, match="lacks.*n_key"):
        frame = read(rows, garden, form="lang")
    assert frame["response_id"].tolist() == ["p1", "p0"]
    assert frame["g_often"].tolist() == [3, 3]
    assert frame["n_key"].isna().all()


def test_faults_of_long_files_are_named_by_row(any_instrument):
    rows = long_rows(any_instrument, 2)
    item = rows[1][3]
    rows[2][3] = item  # row 3 answers it again
    rows[3][3] = "Q99"
    rows[4][1] = "South"
    rows[5][4] = "77"
    rows[6][0] = ""
    with pytest.raises(ResponsesError) as caught:
        read(rows, any_instrument)
    found = {problem.row: problem for problem in caught.value.problems}
    assert set(found) == {3, 4, 5, 6, 7}
    assert "rows 2 and 3" in found[3].message
    assert found[4].value == "Q99"
    assert "'South'" in found[5].message
    assert (found[6].column, found[6].value) == ("answer", "77")
    assert rows[5][3] in found[6].message
    assert "response_id is empty" in found[7].message


def test_long_columns_that_lack_get_a_sentence(instrument):
    rows = [row[1:] for row in long_rows(instrument)]
    with pytest.raises(ResponsesError, match=r"needs the columns .*missing: response_id"):
        read(rows, instrument)
    with pytest.raises(ResponsesError, match="missing: item_id, answer"):
        read(grid(instrument), instrument, layout="long")


def test_a_column_that_differs_from_answer_to_answer_is_left_out_with_a_warning(instrument):
    rows = long_rows(instrument, 2)
    rows = [[*row, "seconds" if at == 0 else at, "age" if at == 0 else 40] for at, row in enumerate(rows)]
    with pytest.warns(ResponsesWarning, match="'seconds' was left out"):
        frame = read(rows, instrument)
    assert frame["age"].tolist() == [40, 40]
    assert "seconds" not in frame


def test_the_layout_can_be_named(instrument):
    rows = [[*row, *more] for row, more in zip(grid(instrument, 1), [["item", "value"], ["x", "y"]], strict=True)]
    frame = read(rows, instrument, layout="wide")
    assert frame[["item", "value"]].values.tolist() == [["x", "y"]]


# --- workbooks


def workbook(rows, *, others=()):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for title, content in others:
        more = book.create_sheet(title)
        for row in content:
            more.append(row)
    file = io.BytesIO()
    book.save(file)
    return named(file.getvalue(), "x.xlsx")


def test_typed_cells_of_a_workbook(instrument):
    rows = grid(instrument, 6)
    rows[0] += ["submitted_on", "age", "height", "code", "when", "mixed"]
    days = datetime.datetime(2026, 3, 1)
    for number, row in enumerate(rows[1:]):
        row[0] = number  # numbers as ids
        row += [days, 40 + number, 1.5 + number, "007", datetime.datetime(2026, 1, 2, 3, 4, 5), [7, "x"][number % 2]]
    cells = [4, 4.0, "4", " 4,0 ", None, "Can't say"]
    for row, cell in zip(rows[1:], cells, strict=True):
        row[3] = cell
    frame = mr.read_responses(workbook(rows), instrument)
    assert frame["response_id"].tolist() == ["0", "1", "2", "3", "4", "5"]
    assert frame[rows[0][3]].tolist() == [4, 4, 4, 4, pd.NA, -8]
    assert frame["submitted_on"].tolist() == [pd.Timestamp("2026-03-01")] * 6
    assert frame[["age", "height", "code", "when", "mixed"]].dtypes.astype(str).tolist() == [
        "Int64",
        "float64",
        "str",
        "datetime64[s]",
        "str",
    ]
    assert frame["mixed"].tolist() == ["7", "x"] * 3


def test_bad_cells_of_a_workbook(instrument):
    rows = grid(instrument, 5, form="study")
    column = rows[0].index("C3")
    rows[1][column] = datetime.datetime(2026, 3, 2)  # was '2-3' once
    rows[2][column], rows[3][column], rows[4][column] = 2.5, True, datetime.time(1, 2)
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(workbook(rows), instrument)
    found = {problem.row: problem for problem in caught.value.problems}
    assert set(found) == {2, 3, 4, 5}
    assert found[2].value == "2026-03-02"
    assert "'2-3'" in found[2].message
    assert "2.5 is not a whole number" in found[3].message


def test_a_formula_without_its_result_is_named(instrument):
    rows = grid(instrument, 3)
    rows[2][3] = "=1+3"
    with pytest.raises(ResponsesError, match="row 3, column D: the cell holds a formula without its result"):
        mr.read_responses(workbook(rows), instrument)


def test_sheets(instrument):
    others = [("second", grid(instrument, 2)), ("third", [["nothing"]])]
    frame = mr.read_responses(workbook(grid(instrument, 3), others=others), instrument)
    assert len(frame) == 3
    assert any("second" in note for note in frame.attrs["summary"].notes)
    for sheet in ("second", 1):
        assert len(mr.read_responses(workbook(grid(instrument, 3), others=others), instrument, sheet=sheet)) == 2
    with pytest.raises(ArgumentError, match=r"sheet: expected one of .* Did you mean 'second'\?"):
        mr.read_responses(workbook(grid(instrument, 3), others=others), instrument, sheet="secnd")


def test_blank_rows_of_a_workbook(instrument):
    rows = grid(instrument, 3)
    rows.insert(2, [])
    rows[4][3] = "9"
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(workbook(rows), instrument)
    assert caught.value.problems[0].row == 5
    rows[4][3] = "3"
    summary = mr.read_responses(workbook([*rows, [], [None, None]]), instrument).attrs["summary"]
    assert (summary.rows_in, summary.blank_rows) == (4, 1)
    with pytest.raises(ResponsesError, match="is empty"):
        mr.read_responses(workbook([]), instrument)


# --- SPSS, Parquet, frames


def test_spss_files_by_variable_label_and_user_missing(any_instrument, tmp_path):
    frame = frame_of(any_instrument, 6)
    items = [name for name in frame.columns if name in any_instrument.items]
    data = frame[["response_id", *items]].rename(columns={item: f"v{at}" for at, item in enumerate(items)})
    data = data.astype({f"v{at}": "float64" for at in range(len(items))})
    labels = ["id", *(any_instrument.items[item].text for item in items)]
    codes = sorted(code.code for code in any_instrument.missing_codes.values())
    ranges = {f"v{at}": list(codes) for at in range(len(items))}
    pyreadstat.write_sav(data, tmp_path / "x.sav", column_labels=labels, missing_ranges=ranges)
    found = mr.read_responses(tmp_path / "x.sav", any_instrument)
    pd.testing.assert_frame_equal(found[items], frame[items])


def test_spss_files_whose_value_labels_use_other_codes_are_read_by_label(instrument, tmp_path):
    """0 to 4 for what are 1 to 5 here: reading the numbers would shift every answer."""
    items = list(instrument.forms["short"].items)
    data = pd.DataFrame({item: [0.0, 3.0, 4.0] for item in items})
    labels = {at: option.label for at, option in enumerate(instrument.response_scales["truth"].options)}
    pyreadstat.write_sav(data, tmp_path / "x.sav", variable_value_labels=dict.fromkeys(items, labels))
    frame = mr.read_responses(tmp_path / "x.sav", instrument)
    assert frame["R1"].tolist() == [1, 4, 5]
    assert any("value labels" in note for note in frame.attrs["summary"].notes)


def test_cases_are_counted_where_there_are_no_rows(any_instrument, tmp_path):
    frame = frame_of(any_instrument, 5, holes=False)
    item = frame.columns[-1]
    frame.loc[2, item] = 77
    for source in (frame, mr.write_responses(frame, tmp_path / "x.sav", any_instrument)):
        with pytest.raises(ResponsesError, match="case 3, column") as caught:
            mr.read_responses(source, any_instrument)
        assert caught.value.problems[0].row == 3


@pytest.mark.parametrize(
    "convert", [lambda f: f, pl.from_pandas, pa.Table.from_pandas], ids=["pandas", "polars", "arrow"]
)
def test_frames_of_every_library(any_instrument, convert):
    frame = frame_of(any_instrument)
    before = frame.copy(deep=True)
    found = mr.read_responses(convert(frame), any_instrument)
    pd.testing.assert_frame_equal(found, before)
    pd.testing.assert_frame_equal(frame, before)


def test_frames_as_people_have_them(instrument):
    items = list(instrument.forms["short"].items)
    data = pd.DataFrame(dict.fromkeys(items, pd.Series([4.0, np.nan, 2.0])))
    data["R1"] = pd.Categorical(["Mostly", None, "Partly"])
    data["E1"] = pd.Series([4, "3", None], dtype=object)
    data.index = pd.Index(["a", "b", "c"], name="response_id")
    frame = mr.read_responses(data, instrument)
    assert frame["response_id"].tolist() == ["a", "b", "c"]
    assert frame[["R1", "E1", "E2"]].values.tolist() == [[4, 4, 4], [pd.NA, 3, pd.NA], [3, pd.NA, 2]]


def test_lazy_frames_and_other_things_get_a_sentence(instrument):
    for source in (pl.LazyFrame({"R1": [4]}), 42, None, {"R1": [4]}):
        with pytest.raises(ArgumentError, match="source: expected a path, an open binary file or an eager data frame"):
            mr.read_responses(source, instrument)


def test_without_pyreadstat_the_extra_is_named(instrument, tmp_path, monkeypatch):
    import sys

    place = mr.write_responses(frame_of(instrument), tmp_path / "x.sav", instrument)
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    for call in (
        lambda: mr.read_responses(place, instrument),
        lambda: mr.write_responses(frame_of(instrument), place, instrument),
    ):
        with pytest.raises(MissingDependencyError, match=r"movement-readiness\[spss\]"):
            call()


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".sav"])
def test_a_file_that_was_cut_off_gets_one_sentence(any_instrument, tmp_path, suffix):
    """As after a download that broke off; every length is refused, none is read in part."""
    content = mr.write_responses(frame_of(any_instrument), tmp_path / f"x{suffix}", any_instrument).read_bytes()
    for length in range(8, len(content), max(1, len(content) // 40)):
        with pytest.raises(ResponsesError, match=r"damaged|empty") as caught:
            mr.read_responses(named(content[:length], f"x{suffix}"), any_instrument)
        assert "\n" not in str(caught.value)


def test_damage_inside_a_workbook_is_no_traceback(instrument, tmp_path):
    content = mr.write_responses(frame_of(instrument), tmp_path / "x.xlsx", instrument).read_bytes()
    for place in range(30, len(content), max(1, len(content) // 40)):
        harmed = bytearray(content)
        harmed[place : place + 4] = b"\xff\x00\xff\x00"
        with contextlib.suppress(ResponsesError):  # no error where the part holds no answers; never another one
            mr.read_responses(named(bytes(harmed), "x.xlsx"), instrument)
