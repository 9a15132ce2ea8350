"""The participants' API over real sockets: every status that a device may meet."""

from __future__ import annotations

import datetime
import gzip
import json
import sqlite3
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from workshop.server_support import (
    Client,
    Device,
    Server,
    add_session,
    submission_for,
)

from movement_readiness.workshop.client import client_files
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.store import ResponseStore


@pytest.fixture(scope="module")
def server(tmp_path_factory, any_instrument):
    store = tmp_path_factory.mktemp("served") / "responses.sqlite"
    path = {"instrument": str(any_instrument.path)} if any_instrument.path else {}
    with Server(store, **path) as running:
        yield running
        assert running.process.poll() is None, running.error_output
        assert not running.error_output


@pytest.fixture
def client(server):
    return Client(server.port)


@pytest.fixture
def session(server, any_instrument):
    return add_session(server.store, any_instrument)


@pytest.fixture
def device(client, session, any_instrument):
    return Device(client, session, any_instrument)


@pytest.fixture
def submission(session, any_instrument):
    return submission_for(any_instrument, session)


def stored(server, response_id):
    with ResponseStore(server.store) as store:
        return store.get(response_id)


def test_the_page_and_its_modules_come_from_memory_with_an_etag(client):
    page = client.get("/")
    assert page.status == 200
    assert page.body == client_files()["page.html"][0]
    assert client.get("/j/ABC-DEF").body == client.get("/withdraw").body == page.body
    for name in ("form.js", "form.css", "page.js", "page.css"):
        first = client.get(f"/static/{name}")
        assert first.body == client_files()[name][0]
        assert first.headers["cache-control"] == "no-cache"
        again = client.get(f"/static/{name}", {"If-None-Match": first.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
    packed = client.get("/static/form.js", {"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == client_files()["form.js"][0]
    assert client.get("/static/server.py").status == client.get("/static/").status == 404


def test_head_and_ping(client):
    assert client.ask("HEAD", "/").status == 200
    assert client.get("/api/ping").json == {"ok": True}
    assert client.ask("DELETE", "/api/ping", {}).status == 405


def test_a_session_is_told_with_its_form(client, session, any_instrument):
    told = client.get(f"/api/sessions/{session.spoken_code.lower()}")
    assert told.status == 200
    assert told.headers["cache-control"] == "no-store"
    assert told.json["session"] == {
        "id": session.session_id,
        "code": session.join_code,
        "site": "North",
        "team": "A3",
        "wave": "1",
        "rehearsal": False,
        "shared_device": False,
        "state": "open",
        "withdraw_until": session.withdraw_until.isoformat(),
        "insecure": True,
    }
    content = form_content(any_instrument, session.form, languages=session.languages, consent=session.consent)
    assert told.json["content"] == json.loads(json.dumps(content))
    assert "head_count" not in told.text


def test_an_unknown_code_is_404_and_a_closed_session_423_with_its_id(client, server, session):
    assert client.get("/api/sessions/XXXXXX").status == 404
    with ResponseStore(server.store) as store:
        store.close_session(session.session_id)
    closed = client.get(f"/api/sessions/{session.join_code}")
    assert (closed.status, closed.reason) == (423, "closed")
    assert closed.json["session"]["id"] == session.session_id
    assert client.post(f"/api/sessions/{session.join_code}/join", {"device": "a" * 32}).status == 423


def test_the_same_device_gets_the_same_ticket_and_a_full_room_is_full(client, server, any_instrument):
    session = add_session(server.store, any_instrument, head_count=2)
    path = f"/api/sessions/{session.join_code}/join"
    first = client.post(path, {"device": "a" * 32})
    assert first.status == 200
    assert client.post(path, {"device": "a" * 32}).json == first.json
    assert client.post(path, {"device": "b" * 32}).json != first.json
    full = client.post(path, {"device": "c" * 32})
    assert (full.status, full.reason) == (403, "full")
    assert client.post(path, {"device": "a" * 32}).json == first.json


@pytest.mark.parametrize("device", [None, "", "A" * 32, "a" * 31, 5, ["a" * 32], "g" * 32, "a" * 32 + "\n"])
def test_a_device_names_itself_by_32_hexadecimal_digits(client, session, device):
    answer = client.post(f"/api/sessions/{session.join_code}/join", {"device": device})
    assert (answer.status, answer.reason) == (422, "device")
    assert client.post("/api/sessions/XXXXXX/join", {"device": "a" * 32}).status == 404


def test_a_response_is_stored_once_and_as_it_was_sent(server, device, submission, session):
    first, again = device.send(submission), device.send(submission)
    assert (first.status, first.json) == (201, {"status": "stored"})
    assert (again.status, again.json) == (200, {"status": "unchanged"})
    response = stored(server, submission["response_id"])
    assert dict(response.answers) == submission["answers"]
    assert (response.site, response.team, response.session) == ("North", "A3", session.session_id)
    assert response.submitted_on == datetime.datetime.now().astimezone().date()


def test_fifty_at_once_are_one(server, device, submission):
    device.join()
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: device.send(submission), range(50)))
    assert sorted(one.status for one in answers) == [200] * 49 + [201]
    with ResponseStore(server.store) as store:
        assert store.count(device.session.session_id).sent == 1


def test_other_content_is_409_and_what_was_first_stays(server, device, submission, any_instrument, session):
    device.send(submission)
    other = {**submission_for(any_instrument, session, choose=1), "response_id": submission["response_id"]}
    answer = device.send(other)
    assert (answer.status, answer.reason) == (409, "conflict")
    assert dict(stored(server, submission["response_id"]).answers) == submission["answers"]


def test_tickets_no_unknown_used_and_of_elsewhere(server, client, device, submission, any_instrument, session):
    path = f"/api/responses/{submission['response_id']}"
    for headers in ({}, {"Authorization": "Bearer abc"}, {"Authorization": "Ticket "}, {"Authorization": "Ticket xx"}):
        answer = client.ask("PUT", path, submission, headers)
        assert (answer.status, answer.reason) == (401, "ticket")
    device.send(submission)
    second = device.send(submission_for(any_instrument, session))
    assert (second.status, second.reason) == (403, "ticket")
    elsewhere = add_session(server.store, any_instrument, team="B1")
    other = Device(client, elsewhere, any_instrument)
    theirs = {**submission_for(any_instrument, session), "session": session.session_id}
    assert other.send(theirs).status == 403
    assert other.send(submission).status == 409  # somebody else's id
    with ResponseStore(server.store) as store:
        assert store.count(session.session_id).sent == 1
        assert store.count(elsewhere.session_id).sent == 0


def test_the_place_comes_from_the_session_never_from_the_device(server, device, any_instrument, session):
    told = submission_for(any_instrument, session, site="South", team="Z9", wave="7")
    assert device.send(told).status == 201
    response = stored(server, told["response_id"])
    assert (response.site, response.team, response.wave) == ("North", "A3", "1")


def test_status_is_for_the_device_that_sent_it(client, device, submission, any_instrument, session):
    path = f"/api/responses/{submission['response_id']}"
    mine = {"Authorization": f"Ticket {device.join()}"}
    assert client.get(path, mine).json == {"status": "unknown", "revision": 0}
    device.send(submission)
    assert client.get(path, mine).json == {"status": "stored", "revision": 1}
    other = Device(client, session, any_instrument)
    assert client.get(path, {"Authorization": f"Ticket {other.join()}"}).status == 403
    assert client.get(path).status == client.get(path, {"Authorization": "Ticket nonsense"}).status == 401
    client.post("/api/withdraw", {"receipt": submission["receipt"]})
    assert client.get(path, mine).json["status"] == "withdrawn"


def test_a_correction_needs_the_receipt_and_the_revision(server, client, device, submission, any_instrument, session):
    device.send(submission)
    path = f"/api/responses/{submission['response_id']}/amend"
    kept = {name: submission[name] for name in ("response_id", "receipt")}
    better = {**submission_for(any_instrument, session, choose=1), **kept}
    body = {"receipt": submission["receipt"], "revision": 1, "submission": better}
    wrong = client.post(path, {**body, "receipt": "0" * 16})
    assert (wrong.status, wrong.reason) == (403, "receipt")
    assert client.post(path, {**body, "revision": 7}).status == 409
    for bad in ({"revision": "1"}, {"revision": True}, {"revision": 0}, {"receipt": "short"}, {"submission": None}):
        assert client.post(path, {**body, **bad}).status == 422
    done, again = client.post(path, body), client.post(path, body)
    assert (done.status, done.json) == (200, {"status": "amended", "revision": 2})
    assert (again.status, again.json) == (200, {"status": "unchanged", "revision": 2})
    assert dict(stored(server, submission["response_id"]).answers) == better["answers"]
    assert client.post(f"/api/responses/{uuid.uuid4()}/amend", body).status == 404
    with ResponseStore(server.store) as store:
        store.close_session(session.session_id)
    late = {**body, "revision": 2, "submission": {**submission, **kept}}
    assert client.post(path, late).status == 423
    client.post("/api/withdraw", {"receipt": submission["receipt"]})
    assert client.post(path, body).status == 410


def test_withdrawal_also_after_closing_and_a_second_time(server, client, device, submission, session):
    device.send(submission)
    with ResponseStore(server.store) as store:
        store.close_session(session.session_id)
    typed = f" {submission['receipt'][:4].lower()}-{submission['receipt'][4:]} "
    for _ in range(2):
        answer = client.post("/api/withdraw", {"receipt": typed})
        assert (answer.status, answer.json) == (200, {"status": "withdrawn"})
    assert stored(server, submission["response_id"]) is None
    assert device.send(submission).status == 410
    assert client.post("/api/withdraw", {"receipt": "0" * 16}).status == 404
    assert client.post("/api/withdraw", {"receipt": "not a code"}).status == 422
    assert client.post("/api/withdraw", {}).status == 422


def test_withdrawal_after_the_stated_day_is_423(server, client, device, submission, session):
    device.send(submission)
    yesterday = datetime.datetime.now().astimezone().date() - datetime.timedelta(days=2)
    connection = sqlite3.connect(server.store)
    with connection:  # time passes
        connection.execute(
            "UPDATE sessions SET withdraw_until = ? WHERE session_id = ?", (yesterday.isoformat(), session.session_id)
        )
    connection.close()
    answer = client.post("/api/withdraw", {"receipt": submission["receipt"]})
    assert (answer.status, answer.reason) == (423, "closed")
    assert stored(server, submission["response_id"]) is not None


def test_a_closed_session_takes_nothing_new_and_says_so_again_when_reopened(server, device, submission, session):
    device.join()
    with ResponseStore(server.store) as store:
        store.close_session(session.session_id)
    answer = device.send(submission)
    assert (answer.status, answer.reason) == (423, "closed")
    with ResponseStore(server.store) as store:
        store.reopen_session(session.session_id)
    assert device.send(submission).status == 201
    with ResponseStore(server.store) as store:
        store.close_session(session.session_id)
    assert device.send(submission).status == 200  # an acknowledgement that was lost


def test_too_much_from_one_ticket_waits_and_others_do_not(client, session, any_instrument):
    eager, calm = Device(client, session, any_instrument), Device(client, session, any_instrument)
    submission = submission_for(any_instrument, session)
    eager.join()
    began, taken = time.monotonic(), 1
    assert eager.send(submission).status == 201
    while (late := eager.send(submission)).status == 200:
        taken += 1
        assert taken <= 61 + (time.monotonic() - began) / 2  # sixty, and one more in two seconds
    assert taken >= 60
    assert late.status == 429
    assert 1 <= int(late.headers["retry-after"]) <= 4
    assert calm.send(submission_for(any_instrument, session)).status == 201


def test_a_rehearsal_is_marked_and_says_so(server, client, any_instrument):
    session = add_session(server.store, any_instrument, rehearsal=True, shared_device=True)
    told = client.get(f"/api/sessions/{session.join_code}").json["session"]
    assert told["rehearsal"] is True
    assert told["shared_device"] is True
    submission = submission_for(any_instrument, session)
    assert Device(client, session, any_instrument).send(submission).status == 201
    assert stored(server, submission["response_id"]).rehearsal is True


def test_a_code_of_ones_own_is_stored_as_keyed_hashes_alone(server, client, any_instrument):
    session = add_session(server.store, any_instrument, retest=True)
    words = ["Rosenheim", "12", "", None, "Anna"]
    submission = submission_for(any_instrument, session, retest=words)
    assert Device(client, session, any_instrument).send(submission).status == 201
    hashes = stored(server, submission["response_id"]).retest
    assert [one is None for one in hashes] == [False, False, True, True, False]
    assert not {"rosenheim", "12", "anna"} & set(hashes)
    plain = add_session(server.store, any_instrument)
    refused = Device(client, plain, any_instrument).send(submission_for(any_instrument, plain, retest=words))
    assert refused.status == 422


def test_a_session_of_another_questionnaire_is_not_shown(server, client, any_instrument, instrument, garden):
    other = garden if any_instrument.id == instrument.id else instrument
    session = add_session(server.store, other)
    answer = client.get(f"/api/sessions/{session.join_code}")
    assert (answer.status, answer.reason) == (423, "instrument")
    assert other.version in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format"),
        ({"response_id": "1"}, "response_id"),
        ({"response_id": str(uuid.uuid4())}, "response_id"),
        ({"instrument_sha256": "0" * 64}, "instrument"),
        ({"form": "nothing"}, "form"),
        ({"language": "xx"}, "language"),
        ({"role": "king"}, "role"),
        ({"answers": {}}, "answers"),
        ({"answers": []}, "answers"),
        ({"answers": {"__proto__": 1}}, "answers"),
        ({"consent_sha256": None}, "consent_sha256"),
        ({"receipt": "x"}, "receipt"),
        ({"more": 1}, "submission"),
    ],
)
def test_what_is_no_response_is_422_in_one_sentence(client, device, submission, change, said):
    device.join()
    path = f"/api/responses/{submission['response_id']}"
    answer = client.ask("PUT", path, {**submission, **change}, {"Authorization": f"Ticket {device.ticket}"})
    assert answer.status == 422
    assert answer.json["error"]["message"].startswith(said)
    assert "\n" not in answer.json["error"]["message"]
