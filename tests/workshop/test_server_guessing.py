"""Guessing is slow, whoever guesses; and nothing that tells who asked is kept anywhere."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time

import pytest
from workshop.facilitator_support import Facilitator
from workshop.server_support import Client, Device, Server, add_session, submission_for

from movement_readiness.workshop.receipts import new_receipt
from movement_readiness.workshop.sessions import CODE_LETTERS
from movement_readiness.workshop.store import ResponseStore


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "responses.sqlite") as running:
        yield running


@contextlib.contextmanager
def attacked(server, ask, *, hands=4, until=429):
    """Wrong ones without a pause from several devices, until the first are told to wait; gives their statuses."""
    stop, statuses = threading.Event(), []

    def guess():
        client = Client(server.port)
        while not stop.is_set():
            statuses.append(ask(client).status)

    threads = [threading.Thread(target=guess) for _ in range(hands)]
    for one in threads:
        one.start()
    try:
        end = time.monotonic() + 60
        while until not in statuses and time.monotonic() < end:
            time.sleep(0.01)
        yield statuses
    finally:
        stop.set()
        for one in threads:
            one.join()


class Stopwatch:
    """How long right ones take, each; a busy laptop may be late now and then, a limit would be every time."""

    def __init__(self):
        self.seconds = []

    def __call__(self, ask, *arguments, **named):
        began = time.monotonic()
        answer = ask(*arguments, **named)
        self.seconds.append(time.monotonic() - began)
        return answer.status


@pytest.fixture
def at_once():
    """Gives the status of an answer; at the end, most came before a wrong one's would, which takes a second."""
    watch = Stopwatch()
    yield watch
    assert statistics.median(watch.seconds) < 0.9


def test_while_join_codes_are_tried_out_right_ones_pass_at_once(server, instrument, at_once):
    session = add_session(server.store, instrument, head_count=20)
    path = f"/api/sessions/{session.join_code}"
    with attacked(server, lambda client: client.get("/api/sessions/ZZZZZZ")) as statuses:
        for n in range(20):
            client = Client(server.port)
            assert at_once(client.get, path) == 200
            assert at_once(client.post, f"{path}/join", {"device": f"{n:032x}"}) == 200
            device = Device(client, session, instrument, name=f"{n:032x}")
            device.join()
            submission = submission_for(instrument, session)
            assert at_once(device.send, submission) == 201
    assert set(statuses) == {404, 429}


def test_while_receipts_are_tried_out_right_ones_pass_at_once(server, instrument, at_once):
    session = add_session(server.store, instrument, head_count=20)
    sent = [submission_for(instrument, session) for _ in range(10)]
    for submission in sent:
        assert Device(Client(server.port), session, instrument).send(submission).status == 201
    client = Client(server.port)
    with attacked(server, lambda client: client.post("/api/withdraw", {"receipt": new_receipt()})) as statuses:
        for submission in sent:
            body = {"receipt": submission["receipt"], "revision": 1, "submission": submission}
            path = f"/api/responses/{submission['response_id']}/amend"
            assert at_once(client.post, path, body) == 200
            assert client.post(path, {**body, "receipt": new_receipt()}).status in (403, 429)
            assert at_once(client.post, "/api/withdraw", {"receipt": submission["receipt"]}) == 200
    assert set(statuses) == {404, 429}


def test_while_tokens_and_tickets_are_tried_out_right_ones_pass_at_once(server, instrument, at_once):
    session = add_session(server.store, instrument, head_count=20)
    guesser = Facilitator(server.facilitator_port)
    body, wrong = submission_for(instrument, session), "f" * 64
    with (
        attacked(server, lambda _: guesser.log_in("wrong"), hands=2),
        attacked(server, lambda client: client.put(body["response_id"], body, wrong), hands=2, until=401),
    ):
        for _ in range(10):
            assert at_once(Facilitator(server.facilitator_port).log_in, server.token()) == 303
            device = Device(Client(server.port), session, instrument)
            device.join()
            assert at_once(device.send, submission_for(instrument, session)) == 201


def test_who_tries_codes_out_is_slowed(server, instrument):
    """One device gets its first wrong ones answered, and then about one a second."""
    add_session(server.store, instrument)
    client = Client(server.port)
    began = time.monotonic()
    answered, late = 0, []
    while len(late) < 3:
        asked = time.monotonic()
        answer = client.get(f"/api/sessions/{'ABCDEF'[: answered % 6 + 1]}")
        assert answer.status in (404, 429)
        if answer.status == 429:
            assert answered >= 100
            assert time.monotonic() - asked > 0.9
            late.append(answer)
        else:
            answered += 1
            assert answered <= 101 + time.monotonic() - began
    assert {one.reason for one in late} == {"often"}
    assert all(int(one.headers["retry-after"]) >= 1 for one in late)


def test_there_are_too_many_codes_to_find_one():
    """A right one is told at once, so guessing is as fast as the server: it is the number of codes that protects."""
    a_second, hours = 2000, 3600  # more than a laptop answers when it does nothing else
    join_codes, receipts, tokens = len(CODE_LETTERS) ** 6, 2**80, 2**192
    assert a_second * hours / join_codes < 0.025  # an hour of that for one room, which shows its code on a wall
    assert a_second * 24 * hours * 365 * 300 / receipts < 1e-10  # a year of it, 300 people's receipts
    assert a_second * 24 * hours * 365 / tokens < 1e-46


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
