"""Guessing is slow, whoever guesses; and nothing that tells who asked is kept anywhere."""

from __future__ import annotations

import time

import pytest
from workshop.server_support import Client, Device, Server, add_session, submission_for

from movement_readiness.workshop.receipts import new_receipt
from movement_readiness.workshop.store import ResponseStore


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "responses.sqlite") as running:
        yield running


def until_let_in(ask, *, seconds=30):
    """The first answer that is no 429, as a device waits for it."""
    end = time.monotonic() + seconds
    while (answer := ask()).status == 429 and time.monotonic() < end:
        wait = int(answer.headers["retry-after"])
        assert 1 <= wait <= 10
        time.sleep(min(wait, 1))
    return answer


def test_receipt_codes_cannot_be_tried_out(server, instrument):
    session = add_session(server.store, instrument)
    client = Client(server.port)
    submission = submission_for(instrument, session)
    assert Device(client, session, instrument).send(submission).status == 201
    statuses = [client.post("/api/withdraw", {"receipt": new_receipt()}).status for _ in range(30)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    amend = {"receipt": new_receipt(), "revision": 1, "submission": submission}
    assert client.post(f"/api/responses/{submission['response_id']}/amend", amend).status == 429
    right = until_let_in(lambda: client.post("/api/withdraw", {"receipt": submission["receipt"]}))
    assert (right.status, right.json) == (200, {"status": "withdrawn"})


def test_join_codes_cannot_be_tried_out_and_who_has_joined_still_sends(server, instrument):
    session = add_session(server.store, instrument)
    client = Client(server.port)
    device = Device(client, session, instrument)
    device.join()
    statuses = [client.get(f"/api/sessions/{'ABCDEF'[: n % 6 + 1]}").status for n in range(430)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert device.send(submission_for(instrument, session)).status == 201
    assert until_let_in(lambda: client.get(f"/api/sessions/{session.join_code}")).status == 200


def test_right_codes_are_not_limited(server, instrument):
    session = add_session(server.store, instrument)
    path = f"/api/sessions/{session.join_code}/join"
    client = Client(server.port)
    assert {client.post(path, {"device": "a" * 32}).status for _ in range(420)} == {200}


def test_nothing_tells_who_asked_or_when(server, instrument, tmp_path):
    session = add_session(server.store, instrument)
    agent = {"User-Agent": "Telltale/1.0 (Phone of Anna)", "X-Forwarded-For": "203.0.113.77"}
    client = Client(server.port)
    device = "ab" * 16
    ticket = client.post(f"/api/sessions/{session.join_code}/join", {"device": device}, agent).json["ticket"]
    submission = submission_for(instrument, session)
    assert client.put(submission["response_id"], submission, ticket, agent).status == 201
    client.get("/nothing", agent)
    client.post("/api/withdraw", {"receipt": "x"}, agent)
    client.get("/", {**agent, "Host": "evil.example"})
    with ResponseStore(server.store) as store:
        store.backup(tmp_path / "copy.sqlite")
    kept = b"".join(one.read_bytes() for one in tmp_path.iterdir() if one.name.startswith(("responses", "copy")))
    assert session.join_code.encode() in kept  # what is kept can be found
    assert server.stop() == 0
    said = server.error_output.encode()
    for telling in (
        b"Telltale",
        b"203.0.113.77",
        b"127.0.0.1",
        device.encode(),
        ticket.encode(),
        submission["receipt"].encode(),
    ):
        assert telling not in kept
        assert telling not in said
    assert submission["response_id"].encode() not in said
    import re

    assert not re.search(rb"\d\d:\d\d:\d\d", kept), "a time of day"
