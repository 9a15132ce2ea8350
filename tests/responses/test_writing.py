from __future__ import annotations

import re
import string

import numpy as np
import pandas as pd
import polars as pl
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from responses.answers import frame_of

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesWarning

FORMATS = [".csv", ".xlsx", ".parquet", ".sav"]


def with_extras(frame):
    """Extra columns of every type, with NA and with names that formats find hard."""
    n = len(frame)

    def repeated(values, dtype):
        return pd.Series([values[at % len(values)] for at in range(n)], dtype=dtype)

    texts = [
        "=SUM(A1:A2)",
        'a, "b"; c',
        "two\r\nlines",
        "tab\there",
        None,
        "ünï – 日本",
        "-1x",
        "_x0041_",
        "#REF!",
        " lead",
    ]
    frame = frame.copy()
    frame["comment, long; name"] = repeated(texts, "str")
    frame["größe"] = repeated([1, None, -(10**14)], "Int64")
    frame["ALL"] = repeated([0.1 + 0.2, np.nan, 1e300, 2.0, -0.0], "float64")
    frame["Age"] = repeated([3.0, 4.0], "float64")
    frame["age"] = repeated([30, 40], "Int64")
    frame["1st"] = repeated([True, None, False], "boolean")
    frame["born"] = repeated(["2001-02-03", None, "1999-12-31"], "datetime64[s]")
    frame["seen at"] = repeated(["2026-02-03 10:11:12", None, "2026-03-01 00:00:00"], "datetime64[s]")
    frame["postcode"] = repeated(["01234", "99999"], "str")
    return frame


@pytest.mark.parametrize("suffix", FORMATS)
def test_writing_and_reading_back_gives_the_same_frame(any_instrument, tmp_path, suffix):
    for form in any_instrument.forms:
        frame = with_extras(frame_of(any_instrument, 24, form=form))
        before = frame.copy(deep=True)
        place = mr.write_responses(frame, tmp_path / f"x{suffix}", any_instrument)
        pd.testing.assert_frame_equal(frame, before)
        pd.testing.assert_frame_equal(mr.read_responses(place, any_instrument), frame)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_simulate_responses_gives_comes_back(any_instrument, tmp_path, suffix):
    study = mr.simulate_responses(any_instrument, n_sites=2, teams_per_site=2, team_size=6, seed=3)
    place = mr.write_responses(study.responses, tmp_path / f"x{suffix}", any_instrument)
    pd.testing.assert_frame_equal(mr.read_responses(place, any_instrument), study.responses)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".parquet"])
def test_labels_come_back_as_codes(any_instrument, tmp_path, suffix):
    for form in any_instrument.forms:
        frame = with_extras(frame_of(any_instrument, 40, form=form))
        place = mr.write_responses(frame, tmp_path / f"x{suffix}", any_instrument, labels=True)
        found = mr.read_responses(place, any_instrument)
        pd.testing.assert_frame_equal(found, frame)
        assert {column.read_as for column in found.attrs["summary"].columns} <= {"labels", "codes", "empty"}
        assert any(column.read_as == "labels" for column in found.attrs["summary"].columns)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"])
    | st.sampled_from('=,;"\n\r\t_x'),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("suffix", FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_text_and_number_comes_back(garden, tmp_path, suffix, data):
    n = data.draw(st.integers(1, 6))
    frame = frame_of(garden, n, form="kurz", seed=data.draw(st.integers(0, 99)), holes=False)

    def column(cells, dtype):
        filled = data.draw(cells)
        rest = data.draw(st.lists(st.none() | cells, min_size=n - 1, max_size=n - 1))
        return pd.Series([filled, *rest], dtype=dtype)

    # "x" at both ends: no blanks that formats trim, and nothing that a CSV file would take for a number
    wrapped = TEXT.map(lambda text: f"x{text}x")
    frame["note"] = column(wrapped, "str")
    frame["site"] = "x" + frame["site"]
    frame["team"] = column(wrapped, "str")
    frame["n"] = column(st.integers(-(2**53), 2**53), "Int64")
    frame["f"] = column(st.floats(-1e308, 1e308), "float64")
    frame["on"] = column(
        st.datetimes(pd.Timestamp("1901-01-01"), pd.Timestamp("2099-01-01")).map(lambda d: d.replace(microsecond=0)),
        "datetime64[s]",
    )
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponsesWarning)  # of teams that differ in case alone
        place = mr.write_responses(frame, tmp_path / f"x{suffix}", garden)
        found = mr.read_responses(place, garden)
    pd.testing.assert_frame_equal(found, frame)


@pytest.mark.parametrize(
    ("suffix", "values", "words"),
    [
        (".sav", ["x\0y", "z"], "ends a text at a zero"),
        (".csv", ["12", "13"], "str is read back as Int64"),
        (".csv", ["2026-01-01", "2026-01-02"], "str is read back as datetime64"),
        (".sav", ["x ", "y"], "cuts off spaces"),
    ],
)
def test_what_will_not_come_back_is_said(instrument, tmp_path, suffix, values, words):
    frame = frame_of(instrument, 2, holes=False)
    frame["note"] = pd.Series(values, dtype="str")
    with pytest.warns(ResponsesWarning, match=words):
        mr.write_responses(frame, tmp_path / f"x{suffix}", instrument)


@pytest.mark.parametrize(("name", "words"), [("NA", "read back as missing"), (" Ward 3", "spaces around a name")])
def test_names_of_teams_that_will_not_come_back_are_said(any_instrument, tmp_path, name, words):
    frame = frame_of(any_instrument, 2, holes=False)
    frame["team"] = pd.Series([name, "B"], dtype="str")
    for suffix in FORMATS:
        with pytest.warns(ResponsesWarning, match=f"column 'team': .*{words}"):
            mr.write_responses(frame, tmp_path / f"x{suffix}", any_instrument)


@pytest.mark.parametrize("suffix", FORMATS)
def test_what_somebody_wrote_is_kept_even_if_it_is_na(any_instrument, tmp_path, suffix):
    frame = frame_of(any_instrument, 3, holes=False)
    frame["country"] = pd.Series(["NA", "DE", None], dtype="str")
    place = mr.write_responses(frame, tmp_path / f"x{suffix}", any_instrument)
    pd.testing.assert_frame_equal(mr.read_responses(place, any_instrument), frame)


def test_spss_files_are_ready_to_use(any_instrument, tmp_path):
    frame = with_extras(frame_of(any_instrument))
    place = mr.write_responses(frame, tmp_path / "x.sav", any_instrument)
    item = next(name for name in frame.columns if name in any_instrument.items)
    usual, meta = pyreadstat.read_sav(place)
    assert usual[item].dropna().min() >= any_instrument.response_scale(item).low  # missing codes are user-missing
    assert meta.column_names_to_labels[item] == any_instrument.items[item].text
    for option in any_instrument.response_scale(item).options:
        assert meta.variable_value_labels[item][option.code] == option.label
    for code in any_instrument.missing_codes.values():
        assert meta.variable_value_labels[item][code.code] == code.label
    assert "größe" in meta.column_names_to_labels.values()


def test_a_workbook_holds_texts_not_formulas(instrument, tmp_path):
    import openpyxl

    place = mr.write_responses(with_extras(frame_of(instrument)), tmp_path / "x.xlsx", instrument)
    sheet = openpyxl.load_workbook(place).worksheets[0]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert kinds <= {"n", "s", "d", "b"}


def test_other_libraries_frames_are_written(any_instrument, tmp_path):
    frame = frame_of(any_instrument)
    place = mr.write_responses(pl.from_pandas(frame), tmp_path / "x.csv", any_instrument)
    pd.testing.assert_frame_equal(mr.read_responses(place, any_instrument), frame)


@pytest.mark.parametrize(
    ("name", "labels", "words"),
    [
        ("x.dta", False, r"ends in \.csv, \.xlsx, \.parquet, \.sav; got 'x\.dta'"),
        ("no/x.csv", False, "does not exist; make it first"),
        ("x.sav", True, "always has codes with their labels"),
    ],
)
def test_paths_are_checked(instrument, tmp_path, name, labels, words):
    with pytest.raises(ArgumentError, match=words):
        mr.write_responses(frame_of(instrument), tmp_path / name, instrument, labels=labels)


def test_frames_are_checked(instrument, tmp_path):
    frame = frame_of(instrument)
    with pytest.raises(ArgumentError, match="responses: expected columns with items"):
        mr.write_responses(frame.iloc[:, :13], tmp_path / "x.csv", instrument)
    with pytest.raises(ArgumentError, match="responses: expected every column once; 'R1'"):
        mr.write_responses(pd.concat([frame, frame[["R1"]]], axis=1), tmp_path / "x.csv", instrument)
    with pytest.raises(ArgumentError, match="responses: expected an eager data frame"):
        mr.write_responses([1, 2], tmp_path / "x.csv", instrument)
    frame["R1"] = pd.array([77] * len(frame), dtype="Int64")
    with pytest.raises(ArgumentError, match="'R1' holds 77, for which there is no label"):
        mr.write_responses(frame, tmp_path / "x.csv", instrument, labels=True)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_write_that_fails_leaves_what_was_there(instrument, tmp_path, suffix, monkeypatch):
    from movement_readiness.responses import targets

    place = tmp_path / f"x{suffix}"
    place.write_bytes(b"before")

    def fails(content, path, of):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setitem(targets.TARGETS, suffix, fails)
    with pytest.raises(ArgumentError, match=re.escape(f"{str(place)!r} cannot be written (disk full)")):
        mr.write_responses(frame_of(instrument), place, instrument)
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]


def test_dates_that_a_workbook_cannot_hold(instrument, tmp_path):
    frame = frame_of(instrument, 2)
    frame["born"] = pd.Series(["1850-01-01", None], dtype="datetime64[s]")
    with pytest.raises(ArgumentError, match=r"1900-03-01 on; got 1850-01-01"):
        mr.write_responses(frame, tmp_path / "x.xlsx", instrument)
    for suffix in (".csv", ".parquet", ".sav"):
        place = mr.write_responses(frame, tmp_path / f"x{suffix}", instrument)
        pd.testing.assert_frame_equal(mr.read_responses(place, instrument), frame)


def test_letters_of_the_alphabet_as_names_of_columns(instrument, tmp_path):
    frame = frame_of(instrument, 2)
    for letter in string.ascii_lowercase[:5]:
        frame[letter] = pd.Series(["u", "v"], dtype="str")
    place = mr.write_responses(frame, tmp_path / "x.sav", instrument)
    pd.testing.assert_frame_equal(mr.read_responses(place, instrument), frame)
