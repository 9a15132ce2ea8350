"""Sessions, tickets and releases in a store."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from workshop.store_support import a_response, a_session, device, in_session

from movement_readiness.exceptions import ResponseConflictError, ResponseWithdrawnError, SessionError
from movement_readiness.workshop.store import Counts


@pytest.fixture
def session(store, instrument):
    return store.open_session(a_session(instrument))


def refused(reason, call, *arguments, **named):
    with pytest.raises(SessionError) as found:
        call(*arguments, **named)
    assert found.value.reason == reason
    assert len(str(found.value).splitlines()) == 1


def test_a_session_comes_back_as_it_was(store, any_instrument):
    languages = any_instrument.languages
    session = a_session(any_instrument, languages=languages, rehearsal=True, shared_device=True, retest=True, wave="2")
    assert store.open_session(session) == session
    assert store.open_session(session) == session
    assert store.session(session.session_id) == session
    assert store.sessions() == [session]
    assert store.session_by_code(f" {session.spoken_code.lower()} ") == session


def test_an_unknown_session_is_one_sentence(store):
    refused("unknown", store.session, "no such id")
    refused("unknown", store.session_by_code, "ABC-DEF")
    refused("unknown", store.count, "no such id")
    refused("unknown", store.close_session, "no such id")
    refused("unknown", store.reopen_session, "no such id")
    refused("unknown", store.set_head_count, "no such id", 3)
    refused("unknown", store.issue_ticket, "no such id", device(1))
    refused("unknown", store.release, "no such id")
    refused("unknown", store.save_release, "no such id", "", response_ids=[], n=0)


def test_two_sessions_never_share_id_or_code(store, instrument, session):
    refused("exists", store.open_session, replace(session, team="B1"))
    refused("exists", store.open_session, replace(a_session(instrument), join_code=session.join_code))
    assert store.sessions() == [session]


def test_closing_and_opening_again(store, session):
    assert store.close_session(session.session_id).state == "closed"
    assert store.session(session.session_id).state == "closed"
    refused("unknown", store.session_by_code, session.join_code, include_closed=False)
    assert store.session_by_code(session.join_code).state == "closed"
    assert store.reopen_session(session.session_id).state == "open"


def test_a_device_gets_its_own_ticket_again_and_the_room_has_so_many_places(store, session):
    tickets = [store.issue_ticket(session.session_id, device(number)) for number in range(4)]
    assert len(set(tickets)) == 4
    assert store.issue_ticket(session.session_id, device(2)) == tickets[2]
    refused("full", store.issue_ticket, session.session_id, device(5))
    assert store.count(session.session_id) == Counts(joined=4, sent=0)
    refused("full", store.set_head_count, session.session_id, 3)
    assert store.set_head_count(session.session_id, 5).head_count == 5
    assert store.issue_ticket(session.session_id, device(5)) not in tickets
    assert all(store.ticket_session(ticket) == session.session_id for ticket in tickets)


def test_a_closed_session_hands_out_nothing(store, session):
    ticket = store.issue_ticket(session.session_id, device(1))
    store.close_session(session.session_id)
    refused("closed", store.issue_ticket, session.session_id, device(1))
    refused("closed", store.issue_ticket, session.session_id, device(2))
    assert store.ticket_response(ticket) is None


def test_tickets_and_devices_are_not_in_the_database(store, session):
    from workshop.test_store_responses import rows

    ticket = store.issue_ticket(session.session_id, device(12345))
    assert ticket not in str(rows(store, "tickets"))
    assert device(12345) not in str(rows(store, "tickets"))


def test_devices_that_ask_at_once_do_not_overrun_the_head_count(store, session):
    outcomes = []

    def ask(number):
        try:
            outcomes.append(store.issue_ticket(session.session_id, device(number)))
        except SessionError as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=ask, args=(number // 2,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(outcomes) - {"full"}) == 4
    assert store.count(session.session_id).joined == 4


def test_a_ticket_is_good_for_one_response(store, instrument, session):
    ticket = store.issue_ticket(session.session_id, device(1))
    response = in_session(instrument, session, 1)
    assert store.submit(response, ticket) == "stored"
    assert store.submit(response, ticket) == "unchanged"
    assert store.ticket_response(ticket) == response.response_id
    assert store.count(session.session_id) == Counts(joined=1, sent=1)
    refused("ticket", store.submit, in_session(instrument, session, 2), ticket)
    assert store.count(session.session_id).sent == 1


def test_what_a_ticket_cannot_do(store, instrument, session):
    other = store.open_session(a_session(instrument, team="B1"))
    ticket, foreign = (store.issue_ticket(one.session_id, device(1)) for one in (session, other))
    response = in_session(instrument, session, 1)
    for bad in ("", "0" * 64, "ä", foreign, None):
        refused("ticket", store.submit, response, bad)
    assert store.status(response.response_id) == "unknown"
    refused("ticket", store.ticket_response, "0" * 64)
    refused("ticket", store.ticket_session, "0" * 64)
    store.submit(response, ticket)
    with pytest.raises(ResponseConflictError):
        store.submit(replace(response, role="clinical" if response.role != "clinical" else None), ticket)
    store.withdraw(response_id=response.response_id)
    with pytest.raises(ResponseWithdrawnError):
        store.submit(response, ticket)
    refused("ticket", store.submit, in_session(instrument, session, 3), ticket)  # it stays used
    assert store.ticket_response(ticket) is None  # without a link to what was withdrawn
    assert store.count(session.session_id) == Counts(joined=1, sent=0)


def test_after_closing_a_resend_is_known_and_anything_new_refused(store, instrument, session):
    tickets = [store.issue_ticket(session.session_id, device(number)) for number in range(2)]
    first, second = (in_session(instrument, session, number) for number in range(2))
    store.submit(first, tickets[0])
    store.close_session(session.session_id)
    assert store.submit(first, tickets[0]) == "unchanged"
    refused("closed", store.submit, second, tickets[1])
    assert store.submit(second, tickets[1], late=True) == "stored"  # a saved file, brought in
    refused("ticket", store.submit, in_session(instrument, session, 5), tickets[1], late=True)


def test_submissions_in_one_go(store, instrument, session):
    tickets = [store.issue_ticket(session.session_id, device(number)) for number in range(3)]
    responses = [in_session(instrument, session, number) for number in range(4)]
    pairs = [
        (responses[0], tickets[0]),
        (responses[1], "invented"),
        (responses[0], tickets[0]),
        (responses[2], tickets[0]),
        (responses[3], tickets[1]),
        (responses[3], tickets[2]),
    ]
    outcomes = store.submit_many(pairs)
    assert [one if isinstance(one, str) else one.reason for one in outcomes].count("stored") == 2
    assert outcomes[0] == "stored"
    assert outcomes[1].reason == "ticket"
    assert outcomes[2] == "unchanged"
    assert outcomes[3].reason == "ticket"
    assert outcomes[4:] == ["stored", "unchanged"]
    assert store.ticket_response(tickets[2]) is None


# --- releases


def ids(instrument, numbers):
    return [a_response(instrument, number).response_id for number in numbers]


def test_a_released_page_is_frozen(store, instrument, session):
    one = session.session_id
    assert store.release(one) is None
    assert store.save_release(one, "<p>first</p>", response_ids=ids(instrument, range(6)), n=6) == "<p>first</p>"
    assert store.session(one).state == "revealed"
    assert store.save_release(one, "<p>second</p>", response_ids=ids(instrument, range(7)), n=7) == "<p>first</p>"
    assert store.release(one) == "<p>first</p>"
    assert store.close_session(one).state == "revealed"
    ticket_refused = pytest.raises(SessionError)
    with ticket_refused:
        store.issue_ticket(one, device(1))
    assert store.reopen_session(one).state == "open"
    assert store.release(one) == "<p>first</p>"
    assert store.close_session(one).state == "revealed"


@pytest.mark.parametrize(
    ("later", "allowed"),
    [(range(6), True), (range(7), False), (range(1, 7), False), (range(2, 5), False), (range(11), True), (range(3, 11), True),
     (range(20, 30), True)],
)  # fmt: skip
def test_two_pages_that_differ_by_a_few_people_are_not_both_released(store, instrument, session, later, allowed):
    store.save_release(session.session_id, "first", response_ids=ids(instrument, range(6)), n=6)
    again = store.open_session(a_session(instrument))
    if allowed:
        assert store.save_release(again.session_id, "second", response_ids=ids(instrument, later), n=9) == "second"
    else:
        refused("revealed", store.save_release, again.session_id, "second", response_ids=ids(instrument, later), n=9)
        assert store.release(again.session_id) is None
        assert store.session(again.session_id).state == "open"


@pytest.mark.parametrize("place", [{"team": "B1"}, {"site": "South"}, {"wave": "2"}, {"rehearsal": True}])
def test_pages_of_other_teams_waves_and_rehearsals_are_not_compared(store, instrument, session, place):
    store.save_release(session.session_id, "first", response_ids=ids(instrument, range(6)), n=6)
    other = store.open_session(a_session(instrument, **place))
    assert store.save_release(other.session_id, "other", response_ids=ids(instrument, range(7)), n=7) == "other"
