from __future__ import annotations

import pytest
from responses.answers import csv_bytes, grid, named

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"]
DELIMITERS = [",", ";", "\t"]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_and_delimiter(any_instrument, encoding, delimiter):
    rows = grid(any_instrument)
    rows[1][1] = rows[2][1] = "Köln – “Süd”, 1; 2"
    rows[0].append("Straße")
    for row in rows[1:]:
        row.append('"quoted"\nand é')
    frame = mr.read_responses(named(csv_bytes(rows, delimiter=delimiter, encoding=encoding), "x.csv"), any_instrument)
    assert frame["site"].tolist() == ["Köln – “Süd”, 1; 2"] * 2 + ["North"] * 2
    assert frame["Straße"].tolist() == ['"quoted"\nand é'] * 4
    first = any_instrument.forms[frame["form"].iloc[0]].items[0]
    assert set(frame[first]) == {any_instrument.response_scale(first).codes[0]}
    assert {",": "comma", ";": "semicolon", "\t": "tab"}[delimiter] in frame.attrs["summary"].how


def test_item_texts_with_commas_and_semicolons_do_not_mislead(garden):
    rows = grid(garden)
    rows[0][3:] = [garden.items[item].text for item in rows[0][3:]]
    for delimiter in DELIMITERS:
        frame = mr.read_responses(named(csv_bytes(rows, delimiter=delimiter), "x.csv"), garden)
        assert frame["n_talk"].tolist() == [3] * 4


def test_the_first_line_of_a_file_may_name_its_delimiter(instrument):
    content = b"sep=;\r\n" + csv_bytes(grid(instrument), delimiter=";")
    frame = mr.read_responses(named(content, "x.csv"), instrument)
    assert len(frame) == 4
    assert frame.attrs["summary"].ids_made_up == 0


def test_chosen_encoding_and_delimiter_are_used(instrument):
    content = csv_bytes(grid(instrument), delimiter="|", encoding="mac_roman")
    assert len(mr.read_responses(named(content, "x.csv"), instrument, delimiter="|", encoding="mac_roman")) == 4
    with pytest.raises(ArgumentError, match=r"encoding: .* got 'utf-99'"):
        mr.read_responses(named(content, "x.csv"), instrument, encoding="utf-99")
    with pytest.raises(ArgumentError, match=r"delimiter: expected one character"):
        mr.read_responses(named(content, "x.csv"), instrument, delimiter=";;")


def test_text_that_is_not_in_the_chosen_encoding_is_one_sentence(instrument):
    rows = grid(instrument)
    rows[1][1] = "Köln"
    with pytest.raises(ResponsesError, match=r"^x.csv: the text cannot be read as UTF-8.*encoding=\.$"):
        mr.read_responses(named(csv_bytes(rows, encoding="latin-1"), "x.csv"), instrument, encoding="utf-8")


def test_rows_are_numbered_as_a_spreadsheet_shows_them(instrument):
    rows = grid(instrument, 6)
    rows[0].append("comment")
    for row in rows[1:]:
        row.append("two\nlines")
    rows[4][3] = "9"
    lines = csv_bytes(rows).split(b"\r\n")
    lines.insert(3, b"")  # row 4 is blank; the row with the fault is row 6
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(named(b"\r\n".join(lines), "x.csv"), instrument)
    assert [(problem.row, problem.value) for problem in caught.value.problems] == [(6, "9")]


def test_blank_and_short_rows_are_counted(instrument):
    rows = grid(instrument)
    content = csv_bytes(rows) + b"\r\n" + b"," * 20 + b"\r\n   ,  \r\np9,North,A,3\r\n\r\n"
    frame = mr.read_responses(named(content, "x.csv"), instrument)
    summary = frame.attrs["summary"]
    assert (summary.rows_in, summary.rows_kept, summary.blank_rows, summary.short_rows) == (9, 5, 4, 1)
    assert frame["response_id"].tolist() == ["p0", "p1", "p2", "p3", "p9"]
    assert frame.iloc[4][list(rows[0][4:])].isna().all()


def test_surplus_cells_are_named_and_surplus_delimiters_are_not(instrument):
    lines = csv_bytes(grid(instrument)).splitlines()
    lines[2] += b",,,"
    lines[3] += b",lost,"
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(named(b"\n".join(lines), "x.csv"), instrument, invalid="set_missing")
    (problem,) = caught.value.problems
    assert (problem.row, problem.value) == (4, "lost")


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b'p5,North,"A,3,3', "never closed"),
        (b'p5,North,"A"B,3,3', "must be doubled"),
    ],
)
def test_a_broken_quotation_mark_is_named_with_its_row(instrument, broken, words):
    content = csv_bytes(grid(instrument)) + broken + b"\r\n" + csv_bytes(grid(instrument)[1:2])
    with pytest.raises(ResponsesError, match=words) as caught:
        mr.read_responses(named(content, "x.csv"), instrument)
    assert caught.value.problems[0].row == 6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty (0 bytes)"),
        (b"\r\n\r\n", "only blank rows"),
        (b"\xef\xbb\xbf", "only blank rows"),
        (b"response_id,R1,R2\r\n", "no row of answers"),
        (b"response_id,R1,R2\r\n,,\r\n\r\n", "2 blank rows"),
        (b"name,age\r\nAnn,40\r\n", "no column holds an item of movement-readiness"),
        (b"\x89PNG\r\n\x1a\n and more\r\n", "no column holds an item"),
    ],
)
def test_files_without_answers_get_one_sentence(instrument, content, words):
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(named(content, "x.csv"), instrument)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(caught.value.problems) == 1


def test_short_cell_forms_of_codes(instrument):
    rows = grid(instrument, 7, form="short")
    for row, text in zip(rows[1:], ["4", "4.0", "4,0", " 4 ", "+4", "4.", "4,00"], strict=True):
        row[3] = text
    frame = mr.read_responses(named(csv_bytes(rows, delimiter=";"), "x.csv"), instrument)
    assert frame["R1"].tolist() == [4] * 7


def test_the_path_is_checked(instrument, tmp_path):
    with pytest.raises(ArgumentError, match="does not exist"):
        mr.read_responses(tmp_path / "none.csv", instrument)
    with pytest.raises(ArgumentError, match="is a folder"):
        mr.read_responses(tmp_path, instrument)
    for name, content, words in [
        ("x.dta", b"R1\n4\n", "'.dta' is not known"),
        ("x", b"R1\n4\n", "without an extension"),
        ("x.xlsx", b"R1\n4\n", "not of that kind"),
        ("x.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or a password-protected"),
        ("x.xlsx", b"PK\x03\x04 damaged", "damaged"),
        ("x.parquet", b"PAR1 damaged", "damaged"),
        ("x.sav", b"$FL2 damaged", "damaged"),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ResponsesError, match=words):
            mr.read_responses(tmp_path / name, instrument)


def test_an_open_text_file_gets_a_sentence(instrument, tmp_path):
    (tmp_path / "x.csv").write_bytes(csv_bytes(grid(instrument)))
    with (tmp_path / "x.csv").open("rb") as file:
        assert len(mr.read_responses(file, instrument)) == 4
    with (tmp_path / "x.csv").open() as file, pytest.raises(ArgumentError, match="binary mode"):
        mr.read_responses(file, instrument)


def test_the_content_decides_before_the_name(instrument, tmp_path):
    frame = mr.read_responses(named(csv_bytes(grid(instrument)), "x.csv"), instrument)
    place = mr.write_responses(frame, tmp_path / "x.parquet", instrument)
    renamed = place.rename(tmp_path / "x.csv")
    assert len(mr.read_responses(renamed, instrument)) == 4
