"""Responses in a store: kept once, corrected on request, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import datetime
import json
import threading
from dataclasses import replace

import pytest
import sqlalchemy as sa
from workshop.store_support import a_response, a_session, in_session, with_receipt

from movement_readiness.exceptions import (
    ArgumentError,
    ResponseConflictError,
    ResponseWithdrawnError,
    SessionError,
    StoreError,
)
from movement_readiness.workshop.receipts import new_receipt, receipt_sha256
from movement_readiness.workshop.store import ResponseStore, Version


def rows(store, table="events"):
    """What is in a table, as a person with a database tool sees it."""
    with store._database.engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)))]


def changed(response):
    """The same response with one other answer."""
    item = next(item for item, code in reversed(list(response.answers.items())) if code != 1)
    return replace(response, answers={**response.answers, item: 1})


def test_a_response_comes_back_as_it_was(store, any_instrument):
    response = a_response(any_instrument, retest=("a" * 64, None), consent_sha256="c" * 64, receipt_sha256="d" * 64)
    assert store.status(response.response_id) == "unknown"
    assert store.get(response.response_id) is None
    assert store.add(response) == "stored"
    assert store.get(response.response_id) == response
    assert list(store.get(response.response_id).answers) == list(response.answers)
    assert store.status(response.response_id) == "stored"
    assert store.revision(response.response_id) == 1


def test_the_same_again_changes_nothing(store, instrument):
    response = a_response(instrument)
    tomorrow = replace(response, submitted_on=response.submitted_on + datetime.timedelta(days=1))
    assert [store.add(one) for one in (response, response, tomorrow)] == ["stored", "unchanged", "unchanged"]
    assert store.get(response.response_id) == response
    assert len(rows(store)) == 1


def test_other_content_under_the_same_id_is_refused(store, instrument):
    response = a_response(instrument)
    store.add(response)
    with pytest.raises(ResponseConflictError, match="stored with other answers"):
        store.add(changed(response))
    assert store.get(response.response_id) == response


def test_consent_is_an_event_of_its_own(store, instrument):
    response = a_response(instrument, consent_sha256="c" * 64)
    store.add(response)
    store.add(response)
    consent, given = sorted(rows(store), key=lambda row: row["number"])
    assert (consent["kind"], given["kind"]) == ("consent", "response")
    assert json.loads(consent["content"]) == {
        "consent_sha256": "c" * 64,
        "language": response.language,
        "form": response.form,
    }


def test_no_time_of_day_is_kept(store, instrument):
    session = store.open_session(a_session(instrument))
    ticket = store.issue_ticket(session.session_id, "0" * 32)
    store.submit(in_session(instrument, session), ticket)
    stamped = [value for table in ("events", "sessions", "tickets", "migrations") for row in rows(store, table)
               for name, value in row.items() if name.endswith(("_on", "on_date"))]  # fmt: skip
    assert stamped
    assert set(stamped) == {datetime.datetime.now().astimezone().date().isoformat()}


def test_one_bad_response_spoils_no_other(store, instrument):
    first, second, third = (a_response(instrument, number) for number in range(3))
    store.add(first)
    outcomes = store.add_many([second, changed(first), first, third])
    assert [outcomes[0], outcomes[2], outcomes[3]] == ["stored", "unchanged", "stored"]
    assert isinstance(outcomes[1], ResponseConflictError)
    assert store.get(third.response_id) == third
    assert store.get(first.response_id) == first
    assert store.add_many([]) == []


def test_threads_that_race_with_one_id_store_it_once(store, instrument):
    response = a_response(instrument)
    variants = [response] * 4 + [changed(response)] * 4
    outcomes = []

    def add(one):
        try:
            outcomes.append(store.add(one))
        except ResponseConflictError:
            outcomes.append("conflict")

    threads = [threading.Thread(target=add, args=(one,)) for one in variants]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 4 + ["stored"] + ["unchanged"] * 3
    assert store.get(response.response_id) in variants
    assert len(rows(store)) == 1


# --- corrections


def test_a_correction_is_an_event_and_the_last_one_counts(store, instrument):
    response, code = with_receipt(instrument)
    store.add(response)
    corrected = changed(response)
    assert store.amend(corrected, receipt=code, revision=1) == "amended"
    assert store.amend(corrected, receipt=code.lower(), revision=1) == "unchanged"
    again = replace(corrected, role=None if corrected.role else next(iter(instrument.roles)))
    assert store.amend(again, receipt=code, revision=2) == "amended"
    assert store.amend(corrected, receipt=code, revision=1) == "unchanged"  # sent again, late
    assert store.get(response.response_id) == again
    assert store.revision(response.response_id) == 3
    assert store.add(response) == "unchanged"
    assert store.get(response.response_id) == again
    assert [row["kind"] for row in sorted(rows(store), key=lambda row: row["number"])] == ["response", "amend", "amend"]


def test_a_correction_does_not_need_to_name_its_receipt(store, instrument):
    response, code = with_receipt(instrument)
    store.add(response)
    assert store.amend(replace(changed(response), receipt_sha256=None), receipt=code, revision=1) == "amended"
    assert store.get(response.response_id) == changed(response)


@pytest.mark.parametrize(
    ("change", "receipt", "revision", "error", "reason"),
    [
        ({}, "wrong", 1, SessionError, "receipt"),
        ({}, "right", 2, ResponseConflictError, "conflict"),
        ({"team": "elsewhere"}, "right", 1, ResponseConflictError, "conflict"),
        ({"rehearsal": True}, "right", 1, ResponseConflictError, "conflict"),
        ({"response_id": "11111111-1111-4111-8111-111111111111"}, "right", 1, StoreError, "missing"),
    ],
)
def test_a_correction_that_is_refused_changes_nothing(store, instrument, change, receipt, revision, error, reason):
    response, code = with_receipt(instrument)
    store.add(response)
    code = code if receipt == "right" else new_receipt()
    with pytest.raises(error) as found:
        store.amend(replace(changed(response), **change), receipt=code, revision=revision)
    assert found.value.reason == reason
    assert store.get(response.response_id) == response
    assert len(rows(store)) == 1


def test_a_response_without_a_receipt_cannot_be_corrected(store, instrument):
    response = a_response(instrument)
    store.add(response)
    with pytest.raises(SessionError, match="not the code"):
        store.amend(changed(response), receipt=new_receipt(), revision=1)


def test_a_second_device_with_an_old_revision_is_told(store, instrument):
    response, code = with_receipt(instrument)
    store.add(response)
    store.amend(changed(response), receipt=code, revision=1)
    other = replace(response, role=None if response.role else next(iter(instrument.roles)))
    with pytest.raises(ResponseConflictError, match="Load it anew"):
        store.amend(other, receipt=code, revision=1)


def test_after_closing_nothing_is_corrected_but_a_resend_is_known(store, instrument):
    session = store.open_session(a_session(instrument))
    code = new_receipt()
    response = in_session(instrument, session, receipt_sha256=receipt_sha256(code))
    store.add(response)
    store.amend(changed(response), receipt=code, revision=1)
    store.close_session(session.session_id)
    assert store.amend(changed(response), receipt=code, revision=1) == "unchanged"
    with pytest.raises(SessionError) as found:
        store.amend(response, receipt=code, revision=2)
    assert found.value.reason == "closed"


def test_a_withdrawn_response_is_neither_added_nor_corrected(store, instrument):
    response, code = with_receipt(instrument)
    store.add(response)
    store.withdraw(receipt=code)
    for call in (
        lambda: store.add(response),
        lambda: store.add(changed(response)),
        lambda: store.amend(changed(response), receipt=code, revision=1),
    ):
        with pytest.raises(ResponseWithdrawnError):
            call()
    assert isinstance(store.add_many([response])[0], ResponseWithdrawnError)


def test_versions_are_counted(store, instrument, garden):
    store.add_many([a_response(instrument, number) for number in range(3)] + [a_response(garden, 9)])
    store.add(a_response(instrument, 8, rehearsal=True))
    assert store.versions() == sorted(
        [
            Version(instrument.id, instrument.version, instrument.sha256, 3),
            Version(garden.id, garden.version, garden.sha256, 1),
        ]
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.add({"answers": {}}),
        lambda store: store.withdraw(),
        lambda store: store.withdraw(receipt="A", response_id="B"),
        lambda store: store.to_frame("instrument"),
        lambda store: store.open_session("session"),
        lambda store: store.issue_ticket("session", "no device"),
        lambda store: store.set_head_count("session", 0),
    ],
)
def test_arguments_are_checked_in_words(store, call):
    with pytest.raises(ArgumentError, match=": expected"):
        call(store)


def test_a_closed_store_says_so(location, instrument):
    store = ResponseStore(location)
    store.close()
    with pytest.raises(StoreError, match="was closed"):
        store.add(a_response(instrument))


def test_hashes_of_self_generated_codes(location, tmp_path):
    with ResponseStore(location, key_file=tmp_path / "codes.key") as store:
        first = store.hash_retest(0, "anna")
        assert len(first) == 64
        assert first == store.hash_retest(0, "anna")
        assert len({first, store.hash_retest(1, "anna"), store.hash_retest(0, "anne")}) == 3
        assert (tmp_path / "codes.key").stat().st_mode & 0o077 == 0
    with ResponseStore(location, key_file=tmp_path / "codes.key") as store:
        assert store.hash_retest(0, "anna") == first
    (tmp_path / "codes.key").rename(tmp_path / "moved.key")
    with ResponseStore(location, key_file=tmp_path / "codes.key") as store:
        with pytest.raises(StoreError, match="key of its codes is missing"):
            store.hash_retest(0, "anna")
        (tmp_path / "codes.key").write_text("ab" * 32)
        with pytest.raises(StoreError, match="not the key that this store began with"):
            store.hash_retest(0, "anna")
