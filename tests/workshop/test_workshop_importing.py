"""What was answered away from the server comes in whole, once, or is refused with a sentence."""

from __future__ import annotations

import datetime
import json

import pandas as pd
import pytest
from workshop.rooms import filled_phone, opened_session, saved_file

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
        (b"", "not JSON"),
        (b'{"format": 1, "answers": {"R1"', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "other JSON"),
        (b"{}", "does not know its session"),
        (b" " * 1_000_001, "more than 1000000 bytes"),
        (b'{"session": {"a": 1}, "ticket": []}', "does not know its session"),
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
    right = paper(instrument, tmp_path / "right.csv", site="North", team="A3")
    assert imported(store, right, instrument)[0].notes == ()
    wrong = paper(instrument, tmp_path / "wrong.csv", site="North", team="a 3")
    summary, counts = imported(store, wrong, instrument)
    assert counts == (3, 0, 0)
    assert "3 entries are of 'North, a 3', which had no session in this store. Did you mean 'North, A3'?" in str(
        summary
    )


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
    assert "x.sqlite" in summary.refused[0].message
