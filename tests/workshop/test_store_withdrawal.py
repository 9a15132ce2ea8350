"""Withdrawal: what was deleted is in no file afterwards; a control finds it there before."""

from __future__ import annotations

import datetime
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from workshop.store_support import a_response, a_session, device, in_session, until, with_receipt
from workshop.test_store_responses import rows

from movement_readiness.exceptions import ResponseWithdrawnError, SessionError, StoreError, SubmissionError
from movement_readiness.workshop.receipts import new_receipt, receipt_sha256
from movement_readiness.workshop.store import ResponseStore, erasing

HASHES = tuple(f"{letter * 8}-retest-of-one-person-{letter * 8}" for letter in "xyz")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "responses.sqlite"


def files(path):
    """Everything that lies beside a store, in one piece."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()) if one.is_file())


def marks(response):
    """What would tell of a response that was withdrawn."""
    answers = ",".join(f'"{item}":{code}' for item, code in response.answers.items())
    return [answers[:60].encode(), answers[-60:].encode(), response.content_sha256.encode(), *map(str.encode, HASHES)]


def test_withdrawing_twice_by_code_or_id(store, instrument):
    first, code = with_receipt(instrument, 1)
    second = a_response(instrument, 2)
    store.add_many([first, second])
    assert store.withdraw(receipt=code.lower()) == "withdrawn"
    assert store.withdraw(receipt=code) == "unchanged"
    assert store.withdraw(response_id=second.response_id) == "withdrawn"
    assert store.withdraw(response_id=second.response_id) == "unchanged"
    assert [store.status(one.response_id) for one in (first, second)] == ["withdrawn"] * 2
    assert [store.get(one.response_id) for one in (first, second)] == [None] * 2
    assert store.revision(first.response_id) == 0
    assert len(store.to_frame(instrument)) == 0
    assert not store.erasure_pending


def test_a_tombstone_has_no_content(store, instrument):
    session = store.open_session(a_session(instrument))
    code = new_receipt()
    response = in_session(instrument, session, consent_sha256="c" * 64, receipt_sha256=receipt_sha256(code))
    ticket = store.issue_ticket(session.session_id, device(1))
    store.submit(response, ticket)
    store.amend(replace(response, language="es"), receipt=code, revision=1)
    assert len(rows(store)) == 3
    store.withdraw(receipt=code)
    (left,) = rows(store)
    kept = {name for name, value in left.items() if value is not None}
    assert kept == {"response_id", "number", "kind", "on_date", "receipt_sha256"}
    assert response.response_id not in str(rows(store, "tickets"))


def test_an_unknown_code_or_id(store):
    for call in ({"receipt": new_receipt()}, {"response_id": "11111111-1111-4111-8111-111111111111"}):
        with pytest.raises(StoreError) as found:
            store.withdraw(**call)
        assert found.value.reason == "missing"
    with pytest.raises(SubmissionError):
        store.withdraw(receipt="ABC")


def test_after_the_stated_day_only_whoever_holds_the_data_can(store, instrument):
    session = a_session(instrument)
    session = store.open_session(replace(session, withdraw_until=session.opened_on - datetime.timedelta(days=1)))
    code = new_receipt()
    response = in_session(instrument, session, receipt_sha256=receipt_sha256(code))
    store.add(response)
    with pytest.raises(SessionError, match="could be deleted until") as found:
        store.withdraw(receipt=code)
    assert found.value.reason == "closed"
    assert store.status(response.response_id) == "stored"
    assert store.withdraw(response_id=response.response_id) == "withdrawn"
    assert store.withdraw(receipt=code) == "unchanged"


def test_after_closing_a_code_still_withdraws(store, instrument):
    session = store.open_session(a_session(instrument))
    code = new_receipt()
    store.add(in_session(instrument, session, receipt_sha256=receipt_sha256(code)))
    store.close_session(session.session_id)
    assert store.withdraw(receipt=code) == "withdrawn"


# --- on the bytes of SQLite's files


def test_the_bytes_are_gone(path, instrument):
    code = new_receipt()
    response = a_response(instrument, 1, retest=HASHES, consent_sha256="c" * 64, receipt_sha256=receipt_sha256(code))
    with ResponseStore(path) as store:
        store.add_many([a_response(instrument, number, seed=5) for number in range(200)])
        store.add(response)
        store.amend(replace(response, language="es"), receipt=code, revision=1)
        assert all(mark in files(path) for mark in [*marks(response), b"c" * 64])  # the control
        store.withdraw(receipt=code)
        assert [mark for mark in [*marks(response), b"c" * 64] if mark in files(path)] == []
        assert response.response_id.encode() in files(path)  # the tombstone
        assert len(store.to_frame(instrument)) == 200
        assert "whole" in store.check()
    assert [mark for mark in marks(response) if mark in files(path)] == []


@pytest.mark.parametrize("rebuilt", [True, False])
def test_no_copy_is_left_where_pages_were_split(path, instrument, monkeypatch, rebuilt):
    """Rows move between pages as others come in, and secure_delete alone leaves some of those copies."""
    forms = list(instrument.forms)
    responses = [a_response(instrument, number, form=forms[number % 3], retest=HASHES[: number % 4]) for number in range(3000)]  # fmt: skip
    gone = {one.response_id for one in responses[::3]}
    with ResponseStore(path) as store:
        for begin in range(0, 3000, 20):
            store.add_many(responses[begin : begin + 20])
    if not rebuilt:  # the control: deleted, checkpointed, but not rebuilt
        monkeypatch.setattr(erasing, "_rebuild", lambda connection: None)
    path.with_name("responses.sqlite.withdrawn").write_text("".join(f"{one}\n" for one in gone))
    with ResponseStore(path) as store:
        assert len(store.to_frame(instrument)) == 2000
    content = path.read_bytes()
    left = [one for one in responses if one.response_id in gone and one.content_sha256.encode() in content]
    assert (left == []) is rebuilt
    assert all(one.content_sha256.encode() in content for one in responses if one.response_id not in gone)


def test_a_reader_delays_the_erasure_and_the_next_write_finishes_it(path, instrument):
    response = a_response(instrument, 1, retest=HASHES)
    with ResponseStore(path) as store:
        store.add(response)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            assert store.withdraw(response_id=response.response_id) == "withdrawn"
            assert store.status(response.response_id) == "withdrawn"
            assert store.erasure_pending
            assert any(mark in files(path) for mark in marks(response))
        store.add(a_response(instrument, 2))
        assert not store.erasure_pending
        assert not any(mark in files(path) for mark in marks(response))


def test_a_reader_that_goes_on_does_not_slow_everybody_down(path, instrument):
    response = a_response(instrument, 1, retest=HASHES)
    with ResponseStore(path) as store:
        store.add(response)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            store.withdraw(response_id=response.response_id)
            store.add(a_response(instrument, 2))
            size = path.with_name("responses.sqlite-wal").stat().st_size
            store.add_many([a_response(instrument, 3)])
            store.add(a_response(instrument, 4))
            assert path.with_name("responses.sqlite-wal").stat().st_size < size + 100_000  # rebuilt once, not thrice
    assert not any(mark in files(path) for mark in marks(response))  # closing tried again


def test_what_somebody_else_withdrew_meanwhile_stays_pending(path, instrument):
    first, second = a_response(instrument, 1), a_response(instrument, 2, retest=HASHES)
    with ResponseStore(path) as one, ResponseStore(path) as other:
        one.add_many([first, second])
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            one.withdraw(response_id=first.response_id)
            other.withdraw(response_id=second.response_id)
        one.add(a_response(instrument, 3))
        assert not one.erasure_pending
        assert not any(mark in files(path) for mark in marks(second))


def test_an_erasure_that_was_cut_short_is_finished_at_the_next_opening(path, instrument, monkeypatch):
    response = a_response(instrument, 1, retest=HASHES)
    with ResponseStore(path) as store:
        store.add(response)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM events").fetchone()
            store.withdraw(response_id=response.response_id)
            for ending in ("", "-wal"):  # what a disk holds when the machine stops here
                shutil.copy(f"{path}{ending}", path.parent / f"cut.sqlite{ending}")
    cut = path.parent / "cut.sqlite"
    for one in path.parent.glob("responses*"):
        one.unlink()
    assert any(mark in files(cut) for mark in marks(response))
    with ResponseStore(cut) as store:
        assert not store.erasure_pending
        assert store.status(response.response_id) == "withdrawn"
    until(lambda: not any(mark in files(cut) for mark in marks(response)))


# --- old backups


def test_a_backup_that_is_put_back_forgets_what_was_withdrawn_since(path, instrument):
    first, second = a_response(instrument, 1, retest=HASHES), a_response(instrument, 2)
    with ResponseStore(path) as store:
        store.add_many([first, second])
        store.backup(path.parent / "copy.sqlite")
        store.withdraw(response_id=first.response_id)
    (path.parent / "copy.sqlite").replace(path)
    with ResponseStore(path, read_only=True) as store:  # even before anybody opened it for writing
        assert store.to_frame(instrument)["response_id"].tolist() == [second.response_id]
        assert store.status(first.response_id) == "withdrawn"
        assert store.get(first.response_id) is None
        assert store.versions()[0].n == 1
    assert any(mark in files(path) for mark in marks(first))
    with ResponseStore(path) as store:
        assert store.status(first.response_id) == "withdrawn"
        with pytest.raises(ResponseWithdrawnError):
            store.add(first)
    assert not any(mark in files(path) for mark in marks(first))


def test_the_list_holds_ids_alone_and_is_the_owners(path, instrument):
    response = a_response(instrument, 1)
    with ResponseStore(path) as store:
        store.add(response)
        store.withdraw(response_id=response.response_id)
    listed = path.with_name("responses.sqlite.withdrawn")
    assert listed.read_text() == f"{response.response_id}\n"
    assert listed.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0


def test_a_lost_list_is_written_again(path, instrument):
    response = a_response(instrument, 1)
    with ResponseStore(path) as store:
        store.add(response)
        store.withdraw(response_id=response.response_id)
    listed = path.with_name("responses.sqlite.withdrawn")
    listed.unlink()
    with ResponseStore(path):
        assert listed.read_text() == f"{response.response_id}\n"


def test_a_torn_or_foreign_list_names_nobody_and_is_mended(path, instrument):
    first, second = a_response(instrument, 1), a_response(instrument, 2)
    listed = path.with_name("responses.sqlite.withdrawn")
    with ResponseStore(path) as store:
        store.add_many([first, second])
    listed.write_bytes(b"\xff\xfe\x00\nno id\n" + second.response_id[:20].encode())
    for read_only in (True, False):
        with ResponseStore(path, read_only=read_only) as store:
            assert len(store.to_frame(instrument)) == 2
            assert "whole. 2 responses, 0 corrections, 0 withdrawn" in store.check()
    with ResponseStore(path) as store:
        store.withdraw(response_id=first.response_id)
    assert f"\n{first.response_id}\n" in listed.read_text("latin-1")
    listed.write_bytes(second.response_id.encode())  # cut before the end of the line: it may be half of something
    with ResponseStore(path) as store:
        assert store.status(second.response_id) == "stored"
        assert store.status(first.response_id) == "withdrawn"


def test_a_withdrawal_that_failed_is_not_carried_out_later(path, instrument):
    response = a_response(instrument, 1)
    with ResponseStore(path, busy_timeout=0.1) as store:
        store.add(response)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.executescript(
                "CREATE TABLE x (s TEXT REFERENCES sessions (session_id) DEFERRABLE INITIALLY DEFERRED);"
                "CREATE TRIGGER at_commit AFTER UPDATE ON events BEGIN INSERT INTO x VALUES ('nothing'); END;"
            )
            with pytest.raises(StoreError):
                store.withdraw(response_id=response.response_id)
            other.execute("DROP TRIGGER at_commit")
    with ResponseStore(path) as store:
        assert store.get(response.response_id) == response


def test_a_list_that_cannot_be_written_is_said_and_the_answers_are_deleted(path, instrument):
    response, code = with_receipt(instrument)
    listed = path.with_name("responses.sqlite.withdrawn")
    with ResponseStore(path) as store:
        store.add(response)
        listed.mkdir()
        with pytest.raises(StoreError, match="cannot be read"):
            store.withdraw(receipt=code)
        assert store.status(response.response_id) == "withdrawn"
        listed.rmdir()
        assert store.withdraw(receipt=code) == "unchanged"
    assert listed.read_text() == f"{response.response_id}\n"


def test_whoever_holds_the_data_can_take_a_receipt_code_after_the_last_day(store, instrument):
    day = datetime.date.today()
    session = store.open_session(replace(a_session(instrument), withdraw_until=day - datetime.timedelta(days=1)))
    response, code = with_receipt(instrument, session=session.session_id)
    store.add(response)
    with pytest.raises(SessionError, match="could be deleted until"):
        store.withdraw(receipt=code)
    assert store.withdraw(receipt=code, late=True) == "withdrawn"
