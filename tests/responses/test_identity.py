from __future__ import annotations

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from responses.answers import csv_bytes, frame_of, grid, named

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError, ResponsesWarning


def read(rows, instrument, **options):
    return mr.read_responses(named(csv_bytes(rows), "x.csv"), instrument, **options)


def added(instrument, name, cells, **options):
    rows = grid(instrument, len(cells), **options)
    return [[*row, cell] for row, cell in zip(rows, [name, *cells], strict=True)]


def test_what_a_file_lacks_is_filled_in_and_said(any_instrument):
    rows = [row[3:] for row in grid(any_instrument)]
    frame = read(rows, any_instrument)
    assert frame["response_id"].tolist() == ["row-0002", "row-0003", "row-0004", "row-0005"]
    assert set(frame["instrument_id"]) == {any_instrument.id}
    assert set(frame["instrument_version"]) == {any_instrument.version}
    assert set(frame["instrument_sha256"]) == {any_instrument.sha256}
    assert set(frame["language"]) == {any_instrument.language}
    assert set(frame["aim_id"]) == {any_instrument.aim_id}
    assert set(frame["wave"]) == {"1"}
    assert not frame["synthetic"].any()
    assert frame[["site", "team", "role", "submitted_on"]].isna().all().all()
    summary = frame.attrs["summary"]
    assert (summary.ids_made_up, summary.without_site, summary.without_team) == (4, 4, 4)
    for words in ("does not say of which instrument", "no column 'aim_id'", "no column 'wave'", "4 ids were made"):
        assert words in str(summary)


def test_made_up_ids_do_not_meet_given_ones(instrument):
    rows = grid(instrument, 3)
    rows[1][0], rows[2][0] = "row-0003", ""
    assert read(rows, instrument)["response_id"].tolist() == ["row-0003", "row-0003_", "p2"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("instrument_version", "9.9.9"), ("instrument_sha256", "f" * 64), ("instrument_id", "other-one")],
)
def test_answers_to_another_instrument_get_one_sentence(any_instrument, column, value):
    frame = frame_of(any_instrument)
    frame[column] = value
    with pytest.raises(ResponsesError) as caught:
        mr.read_responses(frame, any_instrument)
    (problem,) = caught.value.problems
    for words in (any_instrument.id, any_instrument.version, value[:12], "load"):
        assert words in problem.message
    mixed = frame_of(any_instrument)
    mixed.loc[[2, 4], column] = value
    with pytest.raises(ResponsesError, match="10 others") as caught:
        mr.read_responses(mixed, any_instrument)
    (problem,) = caught.value.problems
    assert problem.row == 3
    assert "cases 3 and 5" in problem.message


def test_a_file_of_the_other_instrument_gets_one_sentence(instrument, garden):
    for mine, other in ((instrument, garden), (garden, instrument)):
        with pytest.raises(ResponsesError) as caught:
            mr.read_responses(frame_of(other), mine)
        assert len(caught.value.problems) == 1
        assert mine.id in str(caught.value)
        assert other.id in str(caught.value)


def test_roles_become_ids_in_every_language(instrument):
    for language in instrument.languages:
        labels = instrument.translation(language).roles
        rows = added(instrument, "Role", [label.upper() for label in labels.values()])
        assert read(rows, instrument)["role"].tolist() == list(labels)
    rows = added(instrument, "role", ["Nursing", "chaplain", "", "not_said"])
    assert read(rows, instrument)["role"].tolist()[:2] == ["nursing", "chaplain"]


def test_titles_of_forms_and_languages_in_any_case(garden):
    rows = added(garden, "form", ["LANG", "Langform", "long form", ""])
    rows = [[*row, cell] for row, cell in zip(rows, ["Language", "EN", "de", "De", ""], strict=True)]
    frame = read(rows, garden)
    assert frame["form"].tolist() == ["lang"] * 4
    assert frame["language"].tolist() == ["en", "de", "de", "de"]


def test_a_form_that_contradicts_the_argument_is_a_problem(garden):
    rows = added(garden, "form", ["lang", "kurz", "lang"])
    with pytest.raises(ResponsesError, match="row 3: the file says form 'kurz'"):
        read(rows, garden, form="lang")


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (["2026-03-04", "2026-03-05T10:11:12", "2026/3/6"], ["2026-03-04", "2026-03-05", "2026-03-06"]),
        (["4.3.2026", "05.03.2026", "06.03.2026 10:00"], ["2026-03-04", "2026-03-05", "2026-03-06"]),
        (["04/03/2026", "25/03/2026", "1/3/2026"], ["2026-03-04", "2026-03-25", "2026-03-01"]),
        (["03/04/2026", "03/25/2026", "3/1/2026"], ["2026-03-04", "2026-03-25", "2026-03-01"]),
        (["03/03/2026", "04/04/2026", ""], ["2026-03-03", "2026-04-04", None]),
    ],
)
def test_dates(instrument, cells, days):
    found = read(added(instrument, "submitted_on", cells), instrument)["submitted_on"]
    pd.testing.assert_series_equal(found, pd.Series(days, dtype="datetime64[s]", name="submitted_on"))


def test_dates_that_may_mean_two_things_are_one_sentence(instrument):
    rows = added(instrument, "submitted_on", ["03/04/2026", "05/06/2026", "2026-01-01"])
    with pytest.raises(ResponsesError, match="day cannot be told from the month"):
        read(rows, instrument)
    with pytest.warns(ResponsesWarning, match="2 cells"):
        frame = read(rows, instrument, invalid="set_missing")
    assert frame["submitted_on"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(("cell", "value"), [("TRUE", True), ("yes", True), ("1", True), ("0", False), ("F", False)])
def test_synthetic(instrument, cell, value):
    assert read(added(instrument, "Synthetic", [cell] * 3), instrument)["synthetic"].tolist() == [value] * 3


def test_duplicate_ids_are_named_with_all_rows(any_instrument):
    rows = grid(any_instrument, 5)
    rows[1][0] = rows[3][0] = rows[5][0] = "twice"
    with pytest.raises(ResponsesError, match=r"rows 2, 4 and 6: the response_id 'twice' is used 3 times"):
        read(rows, any_instrument, invalid="set_missing")


def rosters():
    frame = pd.DataFrame({"site": ["North", "North", "South"], "team": ["A", "B", "C"], "invited": [1, 2, 3]})
    return [frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)]


@pytest.mark.parametrize("roster", rosters(), ids=["pandas", "polars", "pyarrow"])
def test_the_roster_decides_which_teams_there_are(any_instrument, roster):
    rows = grid(any_instrument, 5)
    assert len(read(rows, any_instrument, roster=roster)) == 5
    rows[2][2], rows[3][2], rows[4][1], rows[5][2] = "a ", "C", "Sauth", ""
    with pytest.raises(ResponsesError) as caught:
        read(rows, any_instrument, roster=roster)
    found = {(problem.row, problem.column, problem.value): problem.message for problem in caught.value.problems}
    assert set(found) == {(3, "team", "a"), (4, "team", "C"), (5, "site", "Sauth")}
    assert "Did you mean 'A'?" in found[3, "team", "a"]
    assert "'South'" in found[5, "site", "Sauth"]


def test_the_roster_is_checked(instrument):
    with pytest.raises(ArgumentError, match="roster: expected the columns 'site', 'team', 'invited'; 'team' missing"):
        read(grid(instrument), instrument, roster=pd.DataFrame({"site": ["North"]}))
    with pytest.raises(ArgumentError, match=r"roster: expected .*data frame.*got list"):
        read(grid(instrument), instrument, roster=[("North", "A")])


def test_numbers_as_names_of_teams(instrument):
    rows = grid(instrument, 3)
    for row, team in zip(rows[1:], ["7", "7", "8"], strict=True):
        row[2] = team
    roster = pd.DataFrame({"site": ["North"] * 2, "team": [7, 8]})
    assert read(rows, instrument, roster=roster)["team"].tolist() == ["7", "7", "8"]


def test_names_that_differ_in_case_or_spaces_are_warned_of(any_instrument):
    rows = grid(any_instrument, 4)
    rows[1][2], rows[2][2] = "Ward 3", "ward3"
    rows[3][1] = "NORTH"
    with pytest.warns(ResponsesWarning) as caught:
        read(rows, any_instrument)
    said = " ".join(str(warning.message) for warning in caught)
    assert "'Ward 3' and 'ward3' of site 'North'" in said
    assert "sites 'NORTH' and 'North'" in said


def test_teams_without_any_site(instrument):
    rows = [[row[0], *row[2:]] for row in grid(instrument)]
    with pytest.raises(ResponsesError, match="no column 'site'"):
        read(rows, instrument, invalid="set_missing")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"layout": "tall"}, "layout: expected one of"),
        ({"invalid": "ignore"}, "invalid: expected one of"),
        ({"language": "xx"}, "language: expected one of"),
        ({"na_values": "NA"}, "na_values: expected a collection"),
    ],
)
def test_arguments_are_checked(instrument, options, words):
    with pytest.raises(ArgumentError, match=words):
        read(grid(instrument), instrument, **options)


def test_the_instrument_is_checked(instrument):
    with pytest.raises(ArgumentError, match="instrument: expected an Instrument"):
        read(grid(instrument), "movement_readiness.toml")
