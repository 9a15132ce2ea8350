"""A server as a process: what it says, how it stops and starts again, TLS, other databases, what it costs."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import sqlite3
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import trustme
from workshop.facilitator_support import Facilitator
from workshop.server_support import Client, Device, Server, add_session, submission_for

from movement_readiness.workshop.server.security import HEADERS
from movement_readiness.workshop.store import ResponseStore


@pytest.fixture
def store(tmp_path):
    return tmp_path / "responses.sqlite"


def test_the_terminal_says_where_everything_is_and_stops_with_zero(store):
    with Server(store) as server:
        assert f"Participants  {server.shown}/" in server.output
        assert f"http://127.0.0.1:{server.facilitator_port}/facilitator/" in server.output
        assert f"{store}.token" in server.output
        assert "not encrypted" in server.output
        assert server.stop() == 0
        assert "Everything that was acknowledged is in the store" in server.output
        assert server.error_output == ""


@pytest.mark.skipif(os.name != "posix", reason="needs signals of POSIX")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_stop_it_without_loss(store, instrument, sign):
    session = add_session(store, instrument, head_count=200)
    with Server(store) as server:
        acknowledged, stop = [], threading.Event()

        def person(_):
            while not stop.is_set():
                device = Device(Client(server.port), session, instrument)
                try:
                    submission = submission_for(instrument, session)
                    answer = device.send(submission)
                except (OSError, RuntimeError, http.client.HTTPException):
                    return
                if answer.status == 201:
                    acknowledged.append(submission["response_id"])

        with ThreadPoolExecutor(8) as pool:
            people = [pool.submit(person, n) for n in range(8)]
            while len(acknowledged) < 20:
                time.sleep(0.01)
            assert server.stop(sign) == 0
            stop.set()
            for one in people:
                one.result()
        assert "Traceback" not in server.error_output
    with ResponseStore(store) as opened:
        assert {opened.status(one) for one in acknowledged} == {"stored"}
        assert len(acknowledged) == len(set(acknowledged)) >= 20
    assert not list(store.parent.glob("*-wal"))  # closed, not abandoned


def test_after_a_restart_tickets_and_sessions_are_good_and_logins_are_asked_for_again(store, instrument):
    session = add_session(store, instrument)
    device = Device(None, session, instrument)
    with Server(store) as first:
        device.client = Client(first.port)
        ticket = device.join()
        facilitator = Facilitator(first.facilitator_port)
        facilitator.log_in(first.token())
        token = first.token()
        assert first.stop() == 0
    with Server(store) as second:
        device.client = Client(second.port)
        assert device.join() == ticket
        assert device.send(submission_for(instrument, session), ticket=ticket).status == 201
        assert second.token() == token
        facilitator.port = second.facilitator_port
        assert facilitator.get("/facilitator/").status == 303
        assert facilitator.log_in(token).status == 303


def test_two_servers_may_share_a_store(store, instrument):
    session = add_session(store, instrument, head_count=2)
    with Server(store) as one, Server(store) as other:
        here, there = Device(Client(one.port), session, instrument), Device(Client(other.port), session, instrument)
        submission = submission_for(instrument, session)
        assert here.send(submission).status == 201
        here.client = Client(other.port)
        assert here.send(submission).status == 200
        assert there.send(submission_for(instrument, session)).status == 201
        full = Client(one.port).post(f"/api/sessions/{session.join_code}/join", {"device": "0" * 32})
        assert full.status == 403


def test_a_locked_store_is_503_and_nothing_is_lost_when_it_is_free_again(store, instrument):
    session = add_session(store, instrument)
    with Server(store, store_options={"busy_timeout": 0.2}) as server:
        device = Device(Client(server.port), session, instrument)
        device.join()
        submission = submission_for(instrument, session)
        holder = sqlite3.connect(store, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        locked = device.send(submission)
        assert (locked.status, locked.reason) == (503, "locked")
        assert int(locked.headers["retry-after"]) >= 1
        assert str(store) not in locked.text
        holder.execute("ROLLBACK")
        holder.close()
        assert device.send(submission).status == 201


def test_a_full_disk_is_503_and_loses_nothing(store, instrument):
    session = add_session(store, instrument, head_count=300)
    limited = Path(__file__).with_name("full_store_process.py")
    with Server(store, script=limited) as server:
        client, kept = Client(server.port), []
        for _ in range(300):
            answer = client.post(f"/api/sessions/{session.join_code}/join", {"device": f"{len(kept):032x}"})
            submission = submission_for(instrument, session)
            if answer.status == 200:
                answer = client.put(submission["response_id"], submission, answer.json["ticket"])
            if answer.status == 503:
                break
            kept.append(submission["response_id"])
        assert (answer.status, answer.reason) == (503, "full")
        assert int(answer.headers["retry-after"]) >= 1
        assert client.get("/api/ping").status == 200
    with Server(store) as server:  # there is room again
        late = Device(Client(server.port), session, instrument)
        assert late.send(submission).status == 201
    with ResponseStore(store) as opened:
        assert {opened.status(one) for one in kept} == {"stored"}
        assert opened.count(session.session_id).sent == len(kept) + 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"port": "taken"}, "port: expected a free one"),
        ({"host": "203.0.113.9"}, "host: expected an address of this laptop"),
        ({"store": "folder"}, ""),
        ({"store": "text"}, ""),
    ],
)
def test_what_cannot_start_is_one_sentence_and_no_traceback(tmp_path, options, sentence):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = dict(options)
        if given.get("port") == "taken":
            given |= {"port": taken.getsockname()[1], "host": "127.0.0.1"}
        store = tmp_path / "responses.sqlite"
        if (kind := given.pop("store", None)) == "folder":
            store.mkdir()
        elif kind == "text":
            store.write_text("not a database, but a text of some length, " * 50)
        with pytest.raises(RuntimeError) as caught:
            Server(store, **given)
    said = str(caught.value)
    assert said.startswith("exit code 2: ")
    assert sentence in said
    assert "Traceback" not in said
    assert said.count("\n") == 1


def test_every_answer_has_the_headers_that_protect(store, instrument):
    session = add_session(store, instrument)
    with Server(store) as server:
        client = Client(server.port)
        for answer in (
            client.get("/"),
            client.get("/static/form.js"),
            client.get(f"/api/sessions/{session.join_code}"),
            client.get("/nothing"),
            client.post("/api/withdraw", {"receipt": "x"}),
            client.ask("PATCH", "/api/ping", {}),
            client.get("/", {"Host": "evil.example"}),
        ):
            assert "server" not in answer.headers
            for name, value in HEADERS.items():
                expected = ("no-store", "no-cache") if name == "Cache-Control" else (value,)
                assert answer.headers[name.lower()] in expected


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def certificate(authority, tmp_path):
    issued = authority.issue_cert("127.0.0.1", "localhost")
    places = tmp_path / "cert.pem", tmp_path / "key.pem"
    places[0].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    places[1].write_bytes(issued.private_key_pem.bytes())
    return [str(place) for place in places]


def test_with_tls_people_are_told_nothing_can_be_read_and_the_facilitator_may_be_elsewhere(
    store, instrument, authority, certificate
):
    session = add_session(store, instrument)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with Server(store, tls=certificate) as server:
        assert server.shown.startswith("https://")
        assert "not encrypted" not in server.output
        client = Client(server.port, context=trusting)
        assert client.get(f"/api/sessions/{session.join_code}").json["session"]["insecure"] is False
        assert Device(client, session, instrument).send(submission_for(instrument, session)).status == 201
        facilitator = Facilitator(server.port, context=trusting)
        assert facilitator.get("/facilitator/").headers["location"] == "/facilitator/login"
        assert facilitator.get(server.link).status == 403  # the terminal's link is for this laptop alone
        answer = facilitator.log_in(server.token())
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"__Host-movement_readiness_facilitator_{server.port}=")
        assert {"Secure", "Path=/", "HttpOnly", "SameSite=Strict"} <= set(cookie.split("; "))
        assert facilitator.get("/facilitator/").status == 200
        kept = dict(facilitator.cookies)
        assert facilitator.act("/facilitator/logout").status == 303
        facilitator.cookies = kept
        assert facilitator.get("/facilitator/").status == 303
        facilitator.log_in(server.token())
        _, session_id = facilitator.open_session(instrument, team="B2")
        assert "not encrypted" not in facilitator.get(f"/facilitator/sessions/{session_id}").text
        plain = socket.create_connection(("127.0.0.1", server.port), timeout=60)
        plain.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        with contextlib.closing(plain), contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in plain.recv(100)
        with pytest.raises(ssl.SSLError):
            Client(server.port, context=ssl.create_default_context()).get("/")
        assert server.stop() == 0
        assert "127.0.0.1" not in server.error_output


def test_many_rooms_on_one_postgresql(cluster, instrument, tmp_path):
    location = cluster.database()
    with ResponseStore(location, key_file=tmp_path / "key") as opened:
        from workshop.server_support import session_for

        rooms = [session_for(instrument, team=f"Team {n}", head_count=6) for n in range(2)]
        for session in rooms:
            opened.open_session(session)
    more = {"store_options": {"key_file": str(tmp_path / "key")}}
    tokens = [str(tmp_path / f"token {n}") for n in range(2)]
    servers = [Server(location, token_file=token, **more) for token in tokens]
    try:
        devices = [
            Device(Client(s.port), room, instrument) for s, room in zip(servers, rooms, strict=True) for _ in range(6)
        ]
        with ThreadPoolExecutor(12) as pool:
            sent = list(pool.map(lambda one: one.send(submission_for(instrument, one.session)).status, devices))
        assert sent == [201] * 12
        assert "password" not in servers[0].output
    finally:
        for server in servers:
            assert server.stop() == 0
    with ResponseStore(location, key_file=tmp_path / "key") as opened:
        assert [opened.count(room.session_id) for room in rooms] == [(6, 6), (6, 6)]


def test_thirty_people_cost_less_than_80_megabytes_and_no_pandas(store, instrument):
    session = add_session(store, instrument, head_count=30)
    with Server(store) as server:

        def person(_):
            client = Client(server.port)
            for path in (
                "/",
                "/static/form.js",
                "/static/page.js",
                "/static/form.css",
                f"/api/sessions/{session.join_code}",
            ):
                assert client.get(path).status == 200
            return Device(client, session, instrument).send(submission_for(instrument, session)).status

        with ThreadPoolExecutor(10) as pool:
            assert list(pool.map(person, range(30))) == [201] * 30
        process = psutil.Process(server.process.pid)
        assert process.memory_info().rss < 80e6
        if hasattr(process, "memory_maps"):
            loaded = " ".join(one.path for one in process.memory_maps())
            assert "pandas" not in loaded
            assert "scipy" not in loaded
            assert "numpy" not in loaded


def test_idle_connections_hold_nobody_up_at_the_end(store):
    with Server(store) as server:
        idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10
        for one in idle:
            one.close()


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files: Windows has none")
def test_a_flood_of_connections_does_not_stop_it(store):
    few = Path(__file__).with_name("few_files_process.py")
    with Server(store, script=few) as server:
        flood = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(150)]
        process = psutil.Process(server.process.pid)
        busy = process.cpu_percent(0.5)
        assert busy < 60, "it must not spin"
        for one in flood:
            one.close()
        end = time.monotonic() + 60
        while True:
            try:
                assert Client(server.port).get("/api/ping").status == 200
                break
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < end
                time.sleep(0.05)
        assert server.stop() == 0
        assert server.error_output == ""
