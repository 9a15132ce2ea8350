"""Stores of several laptops become one; copies are made while others write."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from workshop.store_support import (
    a_response,
    a_session,
    device,
    finished,
    go,
    in_session,
    ready,
    start,
    until,
    with_receipt,
)

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponseWithdrawnError, SessionError, StoreError
from movement_readiness.workshop.store import Counts, ResponseStore


@pytest.fixture
def other(tmp_path):
    with ResponseStore(tmp_path / "other laptop.sqlite") as found:
        yield found


def test_two_laptops(store, other, instrument, garden):
    shared = [a_response(instrument, number) for number in range(5)]
    store.add_many([*shared, *(a_response(instrument, number, seed=1) for number in range(10))])
    other.add_many([*shared, *(a_response(instrument, number, seed=2, consent_sha256="c" * 64) for number in range(7))])
    other.add(a_response(garden, 1))
    summary = store.merge(other)
    assert (summary.n_added, summary.n_unchanged, summary.n_withdrawn, summary.conflicts) == (8, 5, 0, [])
    assert "8 responses added" in str(summary)
    again = store.merge(other)
    assert (again.n_added, again.n_amended, again.n_unchanged, again.n_withdrawn) == (0, 0, 13, 0)
    assert sum(version.n for version in store.versions()) == 23
    with pytest.warns(mr.MovementReadinessWarning):
        assert len(store.to_frame(instrument)) == 22
    assert "whole" in store.check()


def test_by_its_path(store, other, instrument):
    other.add(a_response(instrument))
    assert store.merge(other.location).n_added == 1
    with pytest.raises(StoreError, match="no such file"):
        store.merge("nowhere.sqlite")


def test_a_conflict_is_named_and_what_was_here_stays(store, other, instrument):
    here = a_response(instrument, 1)
    there = replace(here, team="another")
    store.add(here)
    other.add_many([there, a_response(instrument, 2)])
    summary = store.merge(other)
    assert (summary.n_added, summary.n_unchanged) == (1, 0)
    (said,) = summary.conflicts
    assert here.response_id in said
    assert store.get(here.response_id) == here


def test_corrections_come_along_once(store, other, instrument):
    response, code = with_receipt(instrument)
    corrected = replace(response, language="es")
    store.add(response)
    other.add(response)
    other.amend(corrected, receipt=code, revision=1)
    assert store.merge(other).n_amended == 1
    assert store.get(response.response_id) == corrected
    assert store.merge(other).n_unchanged == 1
    store.amend(response, receipt=code, revision=2)
    assert store.merge(other).n_unchanged == 1  # here it is further on
    assert store.get(response.response_id) == response


def test_withdrawn_in_either_is_withdrawn(store, other, instrument):
    first, second, third = (a_response(instrument, number) for number in range(3))
    store.add_many([first, second])
    other.add_many([first, second, third])
    store.withdraw(response_id=first.response_id)
    other.withdraw(response_id=second.response_id)
    other.withdraw(response_id=third.response_id)
    summary = store.merge(other)
    assert (summary.n_added, summary.n_unchanged, summary.n_withdrawn) == (0, 1, 2)
    assert [store.status(one.response_id) for one in (first, second, third)] == ["withdrawn"] * 3
    with pytest.raises(ResponseWithdrawnError):
        store.add(third)
    assert store.merge(other).n_unchanged == 3
    assert not store.erasure_pending


def test_a_list_of_withdrawals_beside_an_old_copy_counts(store, other, instrument, tmp_path):
    response = a_response(instrument)
    other.add(response)
    other.backup(tmp_path / "old.sqlite")
    (tmp_path / "old.sqlite.withdrawn").write_text(f"{response.response_id}\n")
    assert store.merge(tmp_path / "old.sqlite").n_withdrawn == 1
    assert store.status(response.response_id) == "withdrawn"


def test_sessions_tickets_and_releases_come_along(store, other, instrument):
    session = other.open_session(a_session(instrument))
    revealed = other.open_session(a_session(instrument, team="B1"))
    ticket = other.issue_ticket(session.session_id, device(1))
    response = in_session(instrument, session)
    other.submit(response, ticket)
    other.save_release(revealed.session_id, "page", response_ids=[response.response_id], n=1)
    assert store.merge(other).n_sessions == 2
    assert store.session(session.session_id) == replace(session, state="closed")  # people join it there
    assert store.session(revealed.session_id).state == "revealed"
    assert store.release(revealed.session_id) == "page"
    assert store.ticket_response(ticket) == response.response_id
    assert store.count(session.session_id) == Counts(1, 1)
    store.reopen_session(session.session_id)
    assert store.issue_ticket(session.session_id, device(1)) == ticket
    assert store.merge(other).n_sessions == 0
    assert store.session(session.session_id).state == "open"
    later = store.open_session(a_session(instrument, team="B1"))
    with pytest.raises(SessionError):  # the release log counts here too
        store.save_release(later.session_id, "page 2", response_ids=[], n=0)


def test_a_ticket_that_was_used_there_is_used_here(store, other, instrument, tmp_path):
    session = other.open_session(a_session(instrument))
    ticket = other.issue_ticket(session.session_id, device(1))
    store.merge(other)
    response = in_session(instrument, session)
    other.submit(response, ticket)
    store.merge(other)
    store.reopen_session(session.session_id)
    assert store.submit(response, ticket) == "unchanged"
    with pytest.raises(SessionError):
        store.submit(in_session(instrument, session, 5), ticket)


# --- copies


def test_a_copy_holds_everything(store, instrument, tmp_path):
    session = store.open_session(a_session(instrument))
    ticket = store.issue_ticket(session.session_id, device(1))
    response = in_session(instrument, session)
    store.submit(response, ticket)
    withdrawn = a_response(instrument, 2)
    store.add(withdrawn)
    store.withdraw(response_id=withdrawn.response_id)
    target = tmp_path / "copy of it.sqlite"
    store.backup(target)
    assert target.stat().st_mode & 0o077 == 0
    with ResponseStore(target) as copy:
        assert "whole" in copy.check()
        assert copy.get(response.response_id) == response
        assert copy.status(withdrawn.response_id) == "withdrawn"
        assert copy.ticket_response(ticket) == response.response_id
        assert copy.session(session.session_id).team == session.team


def test_a_copy_is_one_file_that_can_be_read_by_hand(store, instrument, tmp_path):
    store.add_many([a_response(instrument, number) for number in range(3)])
    store.backup(tmp_path / "copy.sqlite")
    assert sorted(one.name for one in tmp_path.glob("copy*") if not one.name.endswith(".withdrawn")) == ["copy.sqlite"]
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (3,)


def test_nothing_is_ever_overwritten(store, tmp_path):
    (tmp_path / "there.sqlite").write_text("mine")
    for target in ("there.sqlite", ".", "no folder/copy.sqlite"):
        with pytest.raises(ArgumentError, match="path: "):
            store.backup(tmp_path / target)
    assert (tmp_path / "there.sqlite").read_text() == "mine"


def test_a_copy_made_while_another_program_writes_is_whole(location, instrument, tmp_path):
    with ResponseStore(location) as store:
        session = store.open_session(a_session(instrument)).session_id
        acknowledged = tmp_path / "acknowledged"
        acknowledged.touch()
        writer = start("writer", location=location, instrument=None, session=session, acknowledged=str(acknowledged))
        ready(writer)
        go(writer)
        for number in range(3):
            until(lambda least=20 * number + 10: len(acknowledged.read_text().split("\n")) > least)
            before = set(acknowledged.read_text().split("\n")[:-1])
            store.backup(tmp_path / f"copy{number}.sqlite")
            with ResponseStore(tmp_path / f"copy{number}.sqlite", read_only=True) as copy:
                assert "whole" in copy.check()
                assert before <= set(copy.to_frame(instrument)["response_id"])
        (tmp_path / "acknowledged.stop").touch()
        finished(writer)
        assert set(store.to_frame(instrument)["response_id"]) == set(acknowledged.read_text().split())


def test_a_copy_does_not_bring_deleted_bytes_along(tmp_path, instrument):
    path = tmp_path / "responses.sqlite"
    response = a_response(instrument, 1, retest=("one-hash-of-a-code-that-was-given",))
    with ResponseStore(path) as store:
        store.add(response)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            store.withdraw(response_id=response.response_id)  # the file itself cannot be swept now
            store.backup(tmp_path / "copy.sqlite")
    assert b"one-hash-of-a-code" not in (tmp_path / "copy.sqlite").read_bytes()


def test_laptops_merge_into_postgresql_and_back(cluster, instrument, tmp_path):
    with ResponseStore(tmp_path / "a.sqlite") as laptop, ResponseStore(cluster.database()) as central:
        laptop.add_many([a_response(instrument, number) for number in range(20)])
        assert central.merge(laptop).n_added == 20
        central.backup(tmp_path / "b.sqlite")
        shutil.copy(tmp_path / "b.sqlite", tmp_path / "c.sqlite")
        assert laptop.merge(tmp_path / "c.sqlite").n_unchanged == 20
