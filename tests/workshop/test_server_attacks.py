"""What somebody in the room may try against the server; afterwards the store is whole and nothing has changed."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workshop.server_support import Client, Device, Server, add_session, raw, submission_for

from movement_readiness.workshop.receipts import new_receipt
from movement_readiness.workshop.store import ResponseStore


@pytest.fixture(scope="module")
def server(tmp_path_factory, instrument):
    store = tmp_path_factory.mktemp("attacked") / "responses.sqlite"
    with Server(store) as running:
        running.instrument = instrument
        yield running
        assert running.process.poll() is None
    assert "Traceback" not in running.error_output
    assert "127.0.0.1" not in running.error_output
    assert "internal error" not in running.error_output


@pytest.fixture
def client(server):
    return Client(server.port)


@pytest.fixture
def room(server, instrument):
    """A room of four in which three have answered."""
    session = add_session(server.store, instrument, head_count=4)
    devices = [Device(Client(server.port), session, instrument) for _ in range(4)]
    sent = []
    for device in devices[:3]:
        submission = submission_for(instrument, session)
        assert device.send(submission).status == 201
        sent.append(submission)
    devices[3].join()
    yield session, devices, sent
    with ResponseStore(server.store) as store:
        assert "whole" in store.check() or "ok" in store.check(), store.check()
        assert store.count(session.session_id) == (4, 3)
        for submission in sent:
            assert dict(store.get(submission["response_id"]).answers) == submission["answers"]


def test_replays_and_forgeries(server, client, room, instrument):
    session, devices, sent = room
    changed = {**submission_for(instrument, session, choose=2), "response_id": sent[0]["response_id"]}
    assert devices[0].send(changed).status == 409  # a replay with other answers
    assert devices[3].send(changed).status == 409  # the same with a fresh ticket
    assert devices[0].send(submission_for(instrument, session)).status == 403  # a used ticket
    assert devices[0].send(submission_for(instrument, session), ticket="f" * 64).status == 401  # an invented one
    assert devices[0].send(submission_for(instrument, session), ticket="ü").status == 401
    assert client.post(f"/api/sessions/{session.join_code}/join", {"device": "5" * 32}).status == 403  # a fifth person
    assert devices[0].join() == devices[0].ticket  # the same device again
    for bad in (
        "x",
        "1" * 36,
        str(uuid.uuid1()),
        str(uuid.uuid4()).upper(),
        "a" * 3000,
        "%F0%9F%98%80",
        "..%2F..%2Fetc",
    ):
        answer = client.ask("PUT", f"/api/responses/{bad}", sent[0], {"Authorization": f"Ticket {devices[3].ticket}"})
        assert answer.status == 422


def test_another_sessions_ticket_and_id(server, room, instrument):
    _, devices, sent = room
    elsewhere = add_session(server.store, instrument, team="B1", head_count=2)
    spy = Device(Client(server.port), elsewhere, instrument)
    spy.join()
    assert spy.send({**submission_for(instrument, elsewhere), "session": devices[0].session.session_id}).status == 403
    assert spy.send(sent[0]).status in (403, 409)
    assert (
        Client(server.port)
        .get(f"/api/responses/{sent[0]['response_id']}", {"Authorization": f"Ticket {spy.ticket}"})
        .status
        == 403
    )


def test_a_join_code_that_was_stolen_is_of_no_use_after_closing(server, client, room):
    session, _, _ = room
    with ResponseStore(server.store) as store:
        store.close_session(session.session_id)
    assert client.get(f"/api/sessions/{session.join_code}").status == 423
    assert client.post(f"/api/sessions/{session.join_code}/join", {"device": "6" * 32}).status == 423


BODIES = {
    "empty": b"",
    "no JSON": b"hello",
    "a list": b"[1, 2]",
    "null": b"null",
    "a text": b'"text"',
    "NaN": b'{"format": NaN}',
    "Infinity": b'{"format": -Infinity}',
    "too large a number": b'{"format": 1e999}',
    "a number of 5000 digits": b'{"format": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"format": 1, "format": 1}',
    "a name twice, inside": b'{"answers": {"R1": 1, "R1": 5}}',
    "very deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "deep lists": b"[" * 60_000,
    "not UTF-8": b'{"format": "\xff\xfe"}',
    "UTF-16": '{"format": 1}'.encode("utf-16"),
    "half a letter": b'{"format": "\\ud800"}',
    "cut off": b'{"format": 1, "answers": {"R1"',
    "a comment": b'{"format": 1} // more',
    "a zero byte": b'{"format": "\x00"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_no_submission(client, room, name):
    _, devices, _sent = room
    headers = {"Authorization": f"Ticket {devices[3].ticket}", "Content-Type": "application/json"}
    answer = client.ask("PUT", f"/api/responses/{uuid.uuid4()}", BODIES[name], headers)
    assert (answer.status, answer.reason) == (422, "submission")
    assert "\n" not in answer.json["error"]["message"]
    assert client.ask("POST", "/api/withdraw", BODIES[name], {"Content-Type": "application/json"}).status == 422


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_only_json_is_taken(client, room, kind):
    _, devices, sent = room
    headers = {"Authorization": f"Ticket {devices[3].ticket}", **({"Content-Type": kind} if kind else {})}
    body = json.dumps(sent[0]).encode()
    assert client.ask("PUT", f"/api/responses/{sent[0]['response_id']}", body, headers).status == 415
    assert client.ask("POST", "/api/withdraw", body, {"Content-Type": kind or ""}).status == 415


def test_oversized_bodies_are_refused_before_they_are_read(server, client, room):
    _, devices, _ = room
    path = f"/api/responses/{uuid.uuid4()}"
    headers = {"Authorization": f"Ticket {devices[3].ticket}", "Content-Type": "application/json"}
    answer = client.ask("PUT", path, b'{"a": "' + b"x" * 70_000 + b'"}', headers)
    assert (answer.status, answer.reason) == (413, "size")
    chunks = (b"x" * 10_000 for _ in range(10))
    chunked = client.ask("PUT", path, chunks, headers, encode_chunked=True)
    assert (chunked.status, chunked.reason) == (413, "size")
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    declared = raw(server.port, f"{head}Content-Length: 9999999999\r\n\r\nx".encode())  # never sent
    assert declared.startswith(b"HTTP/1.1 413 ")
    asked = raw(server.port, f"{head}Content-Length: 99999\r\nExpect: 100-continue\r\n\r\n".encode())
    assert asked.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "data",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"PUT /api/withdraw HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"PUT /api/withdraw HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxx",
        b"POST /api/withdraw HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/withdraw HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS to a port without it
    ],
)
def test_malformed_requests_get_nothing_and_others_go_on(server, client, data):
    answer = raw(server.port, data, seconds=5)
    assert not answer or answer.split(b" ")[1][:1] == b"4"
    assert client.get("/api/ping").status == 200


def test_half_sent_requests_block_nobody(server, client, room):
    import socket

    session, devices, _ = room
    head = b"POST /api/withdraw HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    waiting = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    for number, one in enumerate(waiting):
        one.sendall(head if number % 2 else b"GET / HTTP/1.1\r\nHost: 127.")
    assert client.get(f"/api/sessions/{session.join_code}").status == 200
    assert devices[0].join() == devices[0].ticket
    for one in waiting:
        one.close()


PATHS = [
    "/static/../server/security.py",
    "/static/..%2fserver%2fsecurity.py",
    "/static/%2e%2e/content.py",
    "/static/....//content.py",
    "/static//etc/passwd",
    "/static/form.js%00.py",
    "/static/%ff%fe",
    "/api/responses/..%2fwithdraw",
    "/api/sessions/../../etc/passwd",
    "//evil.example/",
    "/j/" + "A" * 5000,
    "/.git/config",
    "/responses.sqlite",
    "/facilitator/",
    "/facilitator/login",
    "/facilitator/enter?key=x",
    "/facilitator/static/facilitator.css",
]


@pytest.mark.parametrize("path", PATHS)
def test_path_tricks_and_the_facilitators_pages_are_not_there(client, path):
    answer = client.get(path)
    assert answer.status in (401, 404, 422)
    assert answer.json["error"]["message"]


def test_a_rebound_host_name_is_refused(server, client, room):
    session, _devices, _sent = room
    for host in (
        "evil.example",
        f"evil.example:{server.port}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "[::2]",
    ):
        for method, path in (("GET", "/"), ("GET", f"/api/sessions/{session.join_code}"), ("POST", "/api/withdraw")):
            answer = client.ask(method, path, {} if method == "POST" else None, {"Host": host})
            assert (answer.status, answer.reason) == (421, "host")
    for host in (f"localhost:{server.port}", "LOCALHOST", "127.0.0.1", f"[::1]:{server.port}", "localhost."):
        assert client.get("/", {"Host": host}).status == 200


def test_another_sites_page_can_change_nothing(server, client, room):
    _, _devices, sent = room
    body = {"receipt": sent[0]["receipt"]}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"http://127.0.0.1:{server.port + 1}"},
        {"Origin": f"https://127.0.0.1:{server.port}"},
    ):
        answer = client.post("/api/withdraw", body, headers)
        assert (answer.status, answer.reason) == (403, "origin")
    own = {"Origin": f"http://127.0.0.1:{server.port}", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/withdraw", {"receipt": new_receipt()}, own).status == 404


def test_a_preflight_is_refused_and_no_answer_is_for_other_origins(client):
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "PUT"}
    answer = client.ask("OPTIONS", f"/api/responses/{uuid.uuid4()}", headers=asked)
    assert answer.status in (403, 405)
    for one in (answer, client.get("/", asked), client.get("/api/ping", asked)):
        assert not [name for name in one.headers if name.startswith("access-control")]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=12,
    ),
    st.sampled_from(["format", "answers", "role", "language", "form", "consent_sha256", "receipt", "retest", "x", ""]),
)
@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_is_never_an_error_of_the_server(server, value, name):
    instrument = server.instrument
    if not hasattr(server, "fuzzed"):
        session = add_session(server.store, instrument, head_count=900)
        server.fuzzed = session
    session = server.fuzzed
    device = Device(Client(server.port), session, instrument)
    device.join()
    submission = submission_for(instrument, session)
    body = {**submission, name: value} if name else value
    sent = json.dumps(body).encode()
    headers = {"Authorization": f"Ticket {device.ticket}", "Content-Type": "application/json"}
    answer = device.client.ask("PUT", f"/api/responses/{submission['response_id']}", sent, headers)
    assert answer.status in (201, 422)
    if answer.status == 422:
        assert answer.json["error"]["message"]


@given(st.binary(max_size=300))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_come_are_never_an_error_of_the_server(server, body):
    client = Client(server.port)
    for path in ("/api/withdraw", "/api/sessions/ABCDEF/join"):
        assert client.ask("POST", path, body, {"Content-Type": "application/json"}).status in (422, 404)
