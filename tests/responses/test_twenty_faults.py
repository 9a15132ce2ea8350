"""One file with more than twenty different faults: every one is named, all at once, without a traceback."""

from __future__ import annotations

import pandas as pd
import pytest
from responses.answers import named

import movement_readiness as mr
from movement_readiness.exceptions import ResponsesError, ResponsesWarning

ROSTER = pd.DataFrame({"site": ["North", "North", "South"], "team": ["A", "B", "A"], "invited": [9, 9, 9]})


def cells(instrument):
    """The header, and rows 2 to 25 without a fault."""
    items = list(instrument.forms["full"].items)
    own = ["response_id", "form", "language", "site", "team", "submitted_on", "synthetic", "instrument_version"]
    header = [*own, *items, "comment", "comment"]
    rows = []
    for number in range(24):
        mine = [f"p{number}", "full", "en", "North", "A", "2026-03-01", "no", "0.1.0", *["4"] * len(items), "fine", ""]
        rows.append(mine)
    return header, rows


@pytest.fixture(scope="module")
def faulty(instrument):
    header, rows = cells(instrument)

    def put(row, column, value):
        rows[row - 2][header.index(column)] = value

    put(3, "response_id", "p0")
    put(4, "form", "fuull")
    put(5, "language", "xx")
    put(6, "site", "")
    put(7, "site", "Noth")
    put(8, "team", "C")
    put(9, "submitted_on", "soon")
    put(10, "submitted_on", "2026-02-30")
    put(11, "synthetic", "maybe")
    put(12, "instrument_version", "0.0.9")
    put(13, "R1", "6")
    put(14, "R2", "0")
    put(15, "R3", "3.5")
    put(16, "R4", "2,5")
    put(17, "R5", "good")
    put(18, "E1", "-7")
    put(19, "E2", "4 5")
    put(20, "E3", "Mostly")  # a label among codes
    put(21, "E4", "2026-03-02")
    put(22, "E5", "#REF!")
    put(23, "S1", "1e3")
    rows[24 - 2].append("and another")
    put(25, "S2", "44")
    return header, rows


@pytest.fixture(scope="module")
def problems(instrument, faulty):
    header, rows = faulty
    content = "\n".join(";".join(row) for row in [header, *rows]).encode()
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(named(content, "wave1.csv"), instrument, roster=ROSTER)
    return caught.value


EXPECTED = [
    (3, "response_id", "p0", "rows 2 and 3"),
    (4, "form", "fuull", "Did you mean 'full'?"),
    (5, "language", "xx", "'en'"),
    (6, "site", None, "a team without a site"),
    (7, "site", "Noth", "Did you mean 'North'?"),
    (8, "team", "C", "site 'North' has no team 'C'"),
    (9, "submitted_on", "soon", "is no date"),
    (10, "submitted_on", "2026-02-30", "is no date"),
    (11, "synthetic", "maybe", "neither true nor false"),
    (12, "instrument_version", "0.0.9", "another"),
    (13, "R1", "6", "out of range"),
    (14, "R2", "0", "out of range"),
    (15, "R3", "3.5", "not a whole number"),
    (16, "R4", "2,5", "not a whole number"),
    (17, "R5", "good", "no code and no label"),
    (18, "E1", "-7", "out of range"),
    (19, "E2", "4 5", "no code and no label"),
    (20, "E3", "Mostly", "mixes codes and labels"),
    (21, "E4", "2026-03-02", "no code and no label"),
    (22, "E5", "#REF!", "no code and no label"),
    (23, "S1", "1e3", "not a whole number"),
    (24, None, "and another", "more than fit"),
    (25, "S2", "44", "out of range"),
]


@pytest.mark.parametrize(("row", "column", "value", "words"), EXPECTED)
def test_every_fault_is_named_by_row_column_and_value(problems, row, column, value, words):
    found = [problem for problem in problems.problems if problem.row == row]
    assert len(found) == 1, found
    if row != 12:
        assert words in found[0].message
    assert (found[0].column, found[0].value) == (column, value)
    assert str(row) in found[0].message


def test_all_are_told_at_once_and_in_the_order_of_the_rows(problems):
    assert len(problems.problems) == len(EXPECTED) + 1  # and the repeated header
    rows = [problem.row or 0 for problem in problems.problems]
    assert rows == sorted(rows)
    repeated = problems.problems[0]
    assert repeated.column == "comment"
    assert "'comment'" in repeated.message
    text = str(problems)
    assert text.startswith(f"wave1.csv has {len(problems.problems)} problems:")
    assert all(problem.message in text for problem in problems.problems)


def test_set_missing_still_raises_what_leaves_the_file_ambiguous(instrument, faulty):
    header, rows = faulty
    content = "\n".join(";".join(row) for row in [header, *rows]).encode()
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(named(content, "wave1.csv"), instrument, roster=ROSTER, invalid="set_missing")
    assert {problem.row for problem in caught.value.problems} == {None, 3, 4, 5, 6, 7, 8, 11, 12, 24}


def test_set_missing_names_and_counts_bad_cells_and_warns_once(instrument):
    header, rows = cells(instrument)
    header[-1] = "note"
    rows[0][header.index("R1")] = "9"
    rows[1][header.index("R1")] = "often"
    rows[2][header.index("submitted_on")] = "soon"
    rows[3][header.index("E3")] = "Mostly"
    content = "\n".join(";".join(row) for row in [header, *rows]).encode()
    with pytest.warns(ResponsesWarning, match="4 cells could not be read") as caught:
        frame = mr.read_responses(named(content, "wave1.csv"), instrument, invalid="set_missing")
    assert len(caught) == 1
    summary = frame.attrs["summary"]
    assert summary.cells_set_missing == 4
    assert {(problem.row, problem.column, problem.value) for problem in summary.problems} == {
        (2, "R1", "9"),
        (3, "R1", "often"),
        (4, "submitted_on", "soon"),
        (5, "E3", "Mostly"),
    }
    assert frame["R1"].isna().tolist() == [True, True] + [False] * 22
    assert frame["E3"].isna().tolist()[3]
    assert frame["submitted_on"].isna().tolist()[2]
    assert "set missing: row 2, column 'R1'" in str(summary)
