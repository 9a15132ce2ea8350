"""What was answered away from the server comes in whole, once, or is refused with a sentence."""

from __future__ import annotations

import datetime
import json

import pandas as pd
import pytest
from workshop.rooms import filled_phone, opened_session, saved_file
from workshop.store_support import a_response

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.workshop.importing import import_files


@pytest.fixture
def store(tmp_path):
    with mr.ResponseStore(tmp_path / "responses.sqlite") as found:
        yield found


def imported(store, files, instrument, **options):
    summary = import_files(store, files if isinstance(files, list) else [files], instrument, **options)
    return summary, (summary.n_added, summary.n_unchanged, len(summary.refused))


# --- what phones saved


def test_a_saved_file_is_taken_once_also_after_the_session_was_closed(store, any_instrument, tmp_path):
    session = opened_session(store, any_instrument)
    phone = filled_phone(store, any_instrument, session, 1)
    path = saved_file(tmp_path, phone, session)
    store.close_session(session.session_id)
    assert imported(store, path, any_instrument)[1] == (1, 0, 0)
    assert imported(store, path, any_instrument)[1] == (0, 1, 0)
    kept = store.get(phone.response_id)
    assert dict(kept.answers) == phone.answers
    assert (kept.site, kept.team, kept.wave, kept.session) == ("North", "A3", "1", session.session_id)
    assert kept.submitted_on == datetime.date(2026, 1, 31)
    assert store.count(session.session_id).sent == 1
    assert store.withdraw(receipt=phone.receipt) == "withdrawn"
    summary, counts = imported(store, path, any_instrument)
    assert counts == (0, 0, 0)
    assert summary.n_withdrawn == 1
    assert store.get(phone.response_id) is None


def test_what_got_through_after_all_and_was_saved_too_counts_once(store, instrument, tmp_path):
    session = opened_session(store, instrument)
    phone = filled_phone(store, instrument, session, 2)
    path = saved_file(tmp_path, phone, session)
    assert imported(store, path, instrument)[1] == (1, 0, 0)
    changed = dict(phone.answers, R1=1 if phone.answers["R1"] != 1 else 2)
    path.write_text(json.dumps({**json.loads(path.read_text()), "answers": changed}))
    summary, counts = imported(store, path, instrument)
    assert counts == (0, 0, 1)
    assert "other answers" in str(summary)
    assert dict(store.get(phone.response_id).answers) == phone.answers


def test_one_ticket_is_good_for_one_response_in_files_too(store, instrument, tmp_path):
    session = opened_session(store, instrument)
    first, second = (filled_phone(store, instrument, session, seed) for seed in (3, 4))
    second.ticket = first.ticket
    files = [saved_file(tmp_path, first, session), saved_file(tmp_path, second, session)]
    summary, counts = imported(store, files, instrument)
    assert counts == (1, 0, 1)
    assert "ticket" in summary.refused[0].message


@pytest.mark.parametrize("forged", ["invented", "of another session", "none"])
def test_a_file_without_a_ticket_of_its_session_counts_only_when_asked_for(store, instrument, tmp_path, forged):
    session, other = opened_session(store, instrument), opened_session(store, instrument, team="B2")
    phone = filled_phone(store, instrument, session, 5)
    elsewhere = filled_phone(store, instrument, other, 6)
    ticket = {"invented": "0" * 64, "of another session": elsewhere.ticket, "none": None}[forged]
    path = saved_file(tmp_path, phone, session, ticket=ticket)
    summary, counts = imported(store, path, instrument)
    assert counts == (0, 0, 1)
    assert "does not know its ticket" in str(summary)
    assert store.get(phone.response_id) is None
    summary, counts = imported(store, path, instrument, accept_unknown=True)
    assert counts == (1, 0, 0)
    assert "although this store does not know its ticket" in str(summary)
    assert imported(store, path, instrument, accept_unknown=True)[1] == (0, 1, 0)


def test_a_file_of_a_session_of_another_laptop(store, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / "other.sqlite") as other:
        session = opened_session(other, instrument, team="  C   4 ")
        phone = filled_phone(other, instrument, session, 7)
        path = saved_file(tmp_path, phone, session)
    summary, counts = imported(store, path, instrument)
    assert counts == (0, 0, 1)
    assert "does not know its session" in str(summary)
    assert imported(store, path, instrument, accept_unknown=True)[1] == (1, 0, 0)
    assert store.get(phone.response_id).team == "C 4"
    both = [tmp_path / "other.sqlite", path]  # the other laptop turns up after all
    assert imported(store, both, instrument)[1] == (0, 1, 0)


def test_another_laptops_store_comes_first_then_its_phones_files(store, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / "other.sqlite") as other:
        session = opened_session(other, instrument)
        sent, saved = (filled_phone(other, instrument, session, seed) for seed in (8, 9))
        imported(other, saved_file(tmp_path, sent, session), instrument)
        other.close_session(session.session_id)
    path = saved_file(tmp_path, saved, session)
    files = [tmp_path / "other.sqlite", path]
    assert imported(store, files, instrument)[1] == (2, 0, 0)
    assert imported(store, files, instrument)[1] == (0, 2, 0)
    frame = store.to_frame(instrument)
    assert set(frame["response_id"]) == {sent.response_id, saved.response_id}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "expected JSON"),
        (b'{"format": 1, "answers": {"R1"', "expected JSON"),
        (b"\xff\xfe\x00", "expected text in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "expected a JSON object"),
        (b'{"session": "\\ud800"}', "expected text in UTF-8"),
        (b'{"format": 1, "format": 1}', "every name once"),
        (b'{"format": NaN}', "NaN is no number"),
        (b"{}", "some other JSON, without 'format', 'response_id', 'answers'"),
        (b'{"type": "FeatureCollection", "format": 1}', "some other JSON"),
        (b" " * 1_000_001, "more than 1000000 bytes"),
        (
            b'{"format": 1, "response_id": 1, "answers": 1, "session": {"a": 1}, "ticket": []}',
            "does not know its session",
        ),
    ],
)
def test_what_is_no_saved_answer_is_refused_and_the_others_are_taken(store, instrument, tmp_path, content, sentence):
    session = opened_session(store, instrument)
    good = saved_file(tmp_path, filled_phone(store, instrument, session, 10), session)
    bad = tmp_path / "answers-bad.json"
    bad.write_bytes(content)
    summary, counts = imported(store, [bad, good], instrument)
    assert counts == (1, 0, 1)
    assert summary.refused[0].where == "answers-bad.json"
    assert sentence in summary.refused[0].message
    assert summary.refused[0].message.count("\n") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"answers": {"R1": 9}},
        {"answers": {"X9": 1}},
        {"response_id": "mine"},
        {"consent_sha256": "0" * 64},
        {"format": 2},
        {"instrument_version": "9.9.9"},
        {"language": "xx"},
        {"extra": 1},
        {"receipt": "short"},
        {"role": "king"},
        {"retest": ["a", "b", "c", "d", "e"]},
        {"rehearsal": True},
        {"rehearsal": "no"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_file_is_refused_by_the_rules_of_the_form(store, instrument, tmp_path, change):
    session = opened_session(store, instrument)
    phone = filled_phone(store, instrument, session, 11)
    assert imported(store, saved_file(tmp_path, phone, session, **change), instrument)[1] == (0, 0, 1)
    assert store.to_frame(instrument).empty


def test_place_and_day_come_from_the_session_not_from_the_file(store, instrument, tmp_path):
    session = opened_session(store, instrument, rehearsal=True)
    phone = filled_phone(store, instrument, session, 12)
    path = saved_file(tmp_path, phone, session, site="Elsewhere", team="Z", wave="7", answered_on="2999-01-01")
    assert imported(store, path, instrument)[1] == (1, 0, 0)
    kept = store.get(phone.response_id)
    assert (kept.site, kept.team, kept.wave, kept.rehearsal) == ("North", "A3", "1", True)
    assert kept.submitted_on <= datetime.date.today()


# --- paper


def paper(instrument, path, rows=3, **columns):
    form = instrument.forms["short"] if "short" in instrument.forms else next(iter(instrument.forms.values()))
    table = {item: [instrument.response_scale(item).codes[row % 2] for row in range(rows)] for item in form.items}
    pd.DataFrame({**columns, **table}).to_csv(path, index=False)
    return path


def test_paper_is_taken_once(store, any_instrument, tmp_path):
    path = paper(any_instrument, tmp_path / "paper.csv")
    where = {"site": "North", "team": "A3", "wave": "2"}
    assert imported(store, path, any_instrument, **where)[1] == (3, 0, 0)
    assert imported(store, path, any_instrument, **where)[1] == (0, 3, 0)
    frame = store.to_frame(any_instrument)
    assert frame[["site", "team", "wave"]].drop_duplicates().to_numpy().tolist() == [["North", "A3", "2"]]
    codes = frame[list(any_instrument.form(frame["form"][0]).items)]
    written = pd.read_csv(path)
    assert sorted(codes.to_numpy().tolist()) == sorted(written[codes.columns].to_numpy().tolist())


def test_sheets_with_numbers_are_known_again_whatever_the_file_is_called(store, instrument, tmp_path):
    numbers = {"response_id": ["7", "8", "9"], "site": "North", "team": "A3"}
    assert imported(store, paper(instrument, tmp_path / "a.csv", **numbers), instrument)[1] == (3, 0, 0)
    assert imported(store, paper(instrument, tmp_path / "b.csv", **numbers), instrument)[1] == (0, 3, 0)
    frame = pd.read_csv(tmp_path / "a.csv")
    frame.loc[1, "R1"] = 5
    frame.to_csv(tmp_path / "a.csv", index=False)
    summary, counts = imported(store, tmp_path / "a.csv", instrument)
    assert counts == (0, 2, 1)
    assert summary.refused[0].where == "a.csv, 8"
    other_team = paper(instrument, tmp_path / "c.csv", response_id=["7", "8", "9"], site="North", team="B2")
    assert imported(store, other_team, instrument)[1] == (3, 0, 0)


def test_two_files_of_sheets_without_numbers_are_two(store, instrument, tmp_path):
    where = {"site": "North", "team": "A3"}
    files = [paper(instrument, tmp_path / "monday.csv"), paper(instrument, tmp_path / "tuesday.csv")]
    assert imported(store, files, instrument, **where)[1] == (6, 0, 0)


@pytest.mark.parametrize(
    ("columns", "options", "sentence"),
    [
        ({}, {}, "site: expected a column site in the file, or --site"),
        ({"site": "North"}, {}, "team: expected a column team"),
        ({"site": "North", "team": "A3"}, {"team": "B2"}, "the file says 'A3', --team says 'B2'"),
        ({"site": "North", "team": "A3", "role": "king"}, {}, "role"),
    ],
)
def test_paper_that_says_too_little_or_too_much(store, instrument, tmp_path, columns, options, sentence):
    summary, counts = imported(store, paper(instrument, tmp_path / "p.csv", **columns), instrument, **options)
    assert counts == (0, 0, 3)
    assert sentence in summary.refused[0].message


def test_a_bad_cell_refuses_its_file_with_row_and_column(store, instrument, tmp_path):
    path = paper(instrument, tmp_path / "p.csv", site="North", team="A3")
    frame = pd.read_csv(path)
    frame.loc[1, "R1"] = 77
    frame.to_csv(path, index=False)
    summary, counts = imported(store, path, instrument)
    assert counts == (0, 0, 1)
    assert "row 3, column 'R1'" in str(summary)


def test_a_team_that_had_no_session_is_named(store, instrument, tmp_path):
    opened_session(store, instrument)
    numbers = {"response_id": ["1", "2", "3"]}
    right = paper(instrument, tmp_path / "right.csv", site="North", team="A3", **numbers)
    assert imported(store, right, instrument)[0].notes == ()
    wrong = paper(instrument, tmp_path / "wrong.csv", site="North", team="a 3")
    summary, counts = imported(store, wrong, instrument)
    assert counts == (3, 0, 0)
    assert "3 entries are of 'North, a 3', which had no session in this store. Did you mean 'North, A3'?" in str(
        summary
    )


def test_sheets_without_numbers_of_two_files_with_one_name_are_two(store, instrument, tmp_path):
    where = {"site": "North", "team": "A3"}
    for folder in "xy":
        (tmp_path / folder).mkdir()
    first, second = paper(instrument, tmp_path / "x" / "p.csv", 2), paper(instrument, tmp_path / "y" / "p.csv", 3)
    summary, counts = imported(store, [first, second], instrument, **where)
    assert counts == (5, 0, 0)
    assert "2 of its rows have no number" in str(summary)
    summary, counts = imported(store, first, instrument, **where)
    assert counts == (0, 2, 0)
    assert "2 of its rows without a number were taken as ones that are there already" in str(summary)
    numbered = paper(instrument, tmp_path / "n.csv", response_id=["1", "2", "3"])
    assert "number" not in str(imported(store, numbered, instrument, **where)[0])


# --- exports that come back


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("labels", [False, True])
def test_an_export_that_comes_back_adds_nobody(store, any_instrument, tmp_path, ending, labels):
    session = opened_session(store, any_instrument)
    phone = filled_phone(store, any_instrument, session, 20)
    imported(store, [saved_file(tmp_path, phone, session)], any_instrument)
    form = next(iter(any_instrument.forms))
    others = [a_response(any_instrument, number, form=form, wave="1") for number in range(4)]
    store.add_many(others)
    out = tmp_path / f"out.{ending}"
    mr.write_responses(store.to_frame(any_instrument), out, any_instrument, labels=labels)
    assert imported(store, out, any_instrument)[1] == (0, 5, 0)
    assert len(store.to_frame(any_instrument)) == 5
    store.withdraw(response_id=others[0].response_id)
    summary, counts = imported(store, out, any_instrument)
    assert (counts, summary.n_withdrawn) == ((0, 4, 0), 1)
    with mr.ResponseStore(tmp_path / "another laptop.sqlite") as another:
        summary, counts = imported(another, out, any_instrument)
        assert counts == (0, 0, 5)
        assert "a row of an export" in str(summary)
        assert another.versions() == []


def test_an_export_whose_answers_were_changed_is_refused_row_by_row(store, instrument, tmp_path):
    responses = [a_response(instrument, number, form="short") for number in range(3)]
    store.add_many(responses)
    out = tmp_path / "out.csv"
    mr.write_responses(store.to_frame(instrument), out, instrument)
    frame = pd.read_csv(out)
    frame.loc[1, "team"] = "elsewhere"
    frame.to_csv(out, index=False)
    summary, counts = imported(store, out, instrument)
    assert counts == (0, 2, 1)
    assert "stored with other answers already" in str(summary)
    assert {store.get(one.response_id) for one in responses} == set(responses)


# --- rehearsals stay rehearsals


def test_an_exported_rehearsal_never_becomes_real(store, instrument, tmp_path):
    store.add_many([a_response(instrument, number, form="short", rehearsal=True) for number in range(3)])
    out = tmp_path / "rehearsal.csv"
    mr.write_responses(store.to_frame(instrument, rehearsal=True), out, instrument)
    assert imported(store, out, instrument)[1] == (0, 3, 0)
    assert store.versions() == []
    frame = pd.read_csv(out)
    frame["response_id"] = ["1", "2", "3"]
    frame.to_csv(out, index=False)
    summary, counts = imported(store, out, instrument)
    assert counts == (0, 0, 3)
    assert "--rehearsal" in str(summary)
    assert imported(store, out, instrument, rehearsal=True)[1] == (3, 0, 0)
    assert store.versions() == []
    assert len(store.to_frame(instrument, rehearsal=True)) == 6


def test_paper_of_a_rehearsal_is_kept_as_one(store, instrument, tmp_path):
    sheets = paper(instrument, tmp_path / "p.csv", response_id=["1", "2", "3"], site="North", team="A3")
    assert imported(store, sheets, instrument, rehearsal=True)[1] == (3, 0, 0)
    assert store.versions() == []
    assert len(store.to_frame(instrument, rehearsal=True)) == 3


def test_a_saved_rehearsal_of_another_laptop_is_kept_as_one(store, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / "other.sqlite") as other:
        session = opened_session(other, instrument, rehearsal=True)
        phones = [filled_phone(other, instrument, session, seed) for seed in (30, 31)]
    marked = saved_file(tmp_path, phones[0], session, rehearsal=True)
    assert imported(store, marked, instrument, accept_unknown=True)[1] == (1, 0, 0)
    told = saved_file(tmp_path, phones[1], session)  # one that an older page saved does not say
    assert imported(store, told, instrument, accept_unknown=True, rehearsal=True)[1] == (1, 0, 0)
    assert [store.get(phone.response_id).rehearsal for phone in phones] == [True, True]
    assert store.versions() == []


# --- files and folders


def test_folders_are_looked_into_and_what_is_not_there_is_said(store, instrument, tmp_path):
    folder = tmp_path / "from phones"
    folder.mkdir()
    with pytest.raises(ArgumentError, match="holds no file of answers"):
        import_files(store, [folder], instrument)
    session = opened_session(store, instrument)
    for seed in (1, 2, 3):
        saved_file(folder, filled_phone(store, instrument, session, seed), session)
    (folder / "notes.md").write_text("not ours")
    assert imported(store, folder, instrument)[1] == (3, 0, 0)
    with pytest.raises(ArgumentError, match=r"'.*nothing\.json' does not exist"):
        import_files(store, [tmp_path / "nothing.json"], instrument)
    summary, counts = imported(store, folder / "notes.md", instrument)
    assert counts == (0, 0, 1)
    assert "expected a name that ends in" in str(summary)


def test_a_store_that_is_none(store, instrument, tmp_path):
    (tmp_path / "x.sqlite").write_text("no database")
    summary, counts = imported(store, tmp_path / "x.sqlite", instrument)
    assert counts == (0, 0, 1)
    assert str(summary.refused[0]) == "x.sqlite: expected a store of responses; this is a text file."


def test_how_many_of_the_added_are_rehearsals_is_said(store, instrument, tmp_path):
    with mr.ResponseStore(tmp_path / "other.sqlite") as other:
        for number, tried in enumerate((True, True, False)):
            session = opened_session(other, instrument, rehearsal=tried, team=f"T{number}")
            phone = filled_phone(other, instrument, session, 90 + number)
            assert import_files(other, [saved_file(tmp_path, phone, session)], instrument).n_rehearsal == int(tried)
    summary, counts = imported(store, tmp_path / "other.sqlite", instrument)
    assert counts == (3, 0, 0)
    assert str(summary).startswith("3 added (2 rehearsals), 0 unchanged, 0 refused, 3 sessions")
    sheet = paper(instrument, tmp_path / "p.csv", rows=1, site="North", team="T1")
    assert str(imported(store, sheet, instrument, rehearsal=True)[0]).startswith("1 added (1 rehearsal), ")
    assert str(imported(store, tmp_path / "other.sqlite", instrument)[0]).startswith("0 added, 3 unchanged")


@pytest.mark.parametrize("name", ["text.sqlite", "text.csv"])
def test_a_refused_file_is_named_once(store, instrument, tmp_path, name):
    (tmp_path / name).write_text("hello\n")
    summary, counts = imported(store, tmp_path / name, instrument)
    assert counts == (0, 0, 1)
    assert str(summary).count(name) == 1
    assert str(tmp_path) not in str(summary)
