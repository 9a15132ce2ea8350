"""The server's parts by themselves: limits, tokens, logins, the thread that stores, what starts and what refuses to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import stat
import threading

import pytest
from workshop.server_support import session_for, submission_for

from movement_readiness.exceptions import ArgumentError, SessionError, StoreError
from movement_readiness.responses.response import Response
from movement_readiness.workshop.server import ServerOptions, running
from movement_readiness.workshop.server.limits import Bucket, Buckets
from movement_readiness.workshop.server.problems import RefusedError, problem_of
from movement_readiness.workshop.server.recording import Recorder
from movement_readiness.workshop.server.security import Logins, facilitator_token, host_name, host_port
from movement_readiness.workshop.server.telling import _way_in
from movement_readiness.workshop.server.tls import tls_context
from movement_readiness.workshop.store import ResponseStore


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_bucket_lets_a_burst_through_and_then_a_steady_few():
    clock = Clock()
    bucket = Bucket(3, 60, clock)
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]
    clock.now = 0.5
    assert bucket.take() == pytest.approx(0.5)
    clock.now = 1.0
    assert bucket.take() == 0.0
    clock.now = 1000.0
    assert [bool(bucket.take()) for _ in range(4)] == [False, False, False, True]


def test_every_key_has_its_own_bucket_and_the_oldest_are_forgotten():
    buckets = Buckets(1, 1, most=2, clock=Clock())
    assert [buckets.take(key) == 0 for key in "aabb"] == [True, False, True, False]
    assert buckets.take("c") == 0
    assert buckets.take("a") == 0


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Laptop.Local:8750", "laptop.local"),
        ("[2001:db8::5]:80", "2001:db8::5"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost.", "localhost"),
        ("a:b:c", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_host_header(header, name):
    assert host_name(header) == name


def test_a_token_is_made_once_kept_and_checked(tmp_path):
    place = tmp_path / "a token"
    token = facilitator_token(place)
    assert facilitator_token(place) == token
    assert len(token) == 32
    place.write_text("short")
    with pytest.raises(ArgumentError, match="holds 5"):
        facilitator_token(place)
    with pytest.raises(ArgumentError, match="token_file: expected"):
        facilitator_token(tmp_path / "nowhere" / "token")
    with pytest.raises(ArgumentError, match="token_file: expected"):
        facilitator_token(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="needs file modes: Windows has none")
def test_a_token_that_others_may_read_is_refused(tmp_path):
    place = tmp_path / "token"
    facilitator_token(place)
    place.chmod(0o644)
    with pytest.raises(ArgumentError, match="chmod 600"):
        facilitator_token(place)
    place.chmod(0o600)
    link = tmp_path / "link"
    link.symlink_to(place)
    with pytest.raises(ArgumentError, match="cannot be read"):
        facilitator_token(link)


def test_logins_and_links_end():
    clock = Clock()
    logins = Logins("right token of the test", clock)
    assert logins.right(" right token of the test\n")
    assert not logins.right("right token of the tesT")
    assert not logins.right("ü")
    login, key = logins.open(), logins.new_link_key()
    assert logins.find(login.cookie) == login
    assert logins.find(None) is logins.find("x") is None
    assert logins.use_link_key(key)
    assert not logins.use_link_key(key)
    late = logins.new_link_key()
    clock.now = 601.0
    assert not logins.use_link_key(late)
    clock.now = 12 * 3600 + 1.0
    assert logins.find(login.cookie) is None


class Slow:
    """A store whose disk is slow, and which counts its flushes."""

    def __init__(self):
        self.gate = threading.Event()
        self.batches = []
        self.fails = None

    def submit_many(self, pairs):
        self.gate.wait(60)
        if self.fails:
            raise self.fails
        self.batches.append(len(pairs))
        return ["stored"] * len(pairs)


def recorded(work, **limits):
    store = Slow()
    recorder = Recorder(store, **limits)

    async def run():
        return await work(recorder, store)

    try:
        return asyncio.run(run())
    finally:
        store.gate.set()
        recorder.close()


def some_response():
    return Response(
        response_id="x",
        instrument_id="i",
        instrument_version="1",
        instrument_sha256="s",
        form="f",
        language="en",
        aim_id="a",
    )


def test_what_waits_is_written_together():
    async def work(recorder, store):
        tasks = [asyncio.ensure_future(recorder.submit(some_response(), str(n))) for n in range(40)]
        await asyncio.sleep(0)
        counted = asyncio.ensure_future(recorder.run(lambda: sum(store.batches)))
        await asyncio.sleep(0)
        assert not any(task.done() for task in tasks)
        store.gate.set()
        assert await asyncio.gather(*tasks) == ["stored"] * 40
        assert await counted == 40  # what came later is done later
        assert recorder.unfinished == 0
        return store.batches

    batches = recorded(work)
    assert sum(batches) == 40
    assert len(batches) <= 3


def test_too_much_waiting_is_told_to_come_again():
    async def work(recorder, store):
        tasks = [asyncio.ensure_future(recorder.submit(some_response(), str(n))) for n in range(30)]
        await asyncio.sleep(0.05)
        store.gate.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = recorded(work, most_waiting=10, batch=1)
    refused = [one for one in outcomes if isinstance(one, RefusedError)]
    assert len(refused) >= 19
    assert (refused[0].problem.status, refused[0].problem.reason) == (503, "busy")
    assert refused[0].problem.retry_after >= 1
    assert outcomes.count("stored") == 30 - len(refused)


def test_a_store_that_fails_is_told_to_everyone_who_waits():
    async def work(recorder, store):
        store.fails = StoreError("database is locked", "locked")
        store.gate.set()
        return await asyncio.gather(*(recorder.submit(some_response(), "t") for _ in range(3)), return_exceptions=True)

    for outcome in recorded(work):
        problem = problem_of(outcome)
        assert (problem.status, problem.reason, problem.retry_after) == (503, "locked", 5)


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (StoreError("C:/Anna/x.sqlite: full", "full"), 503, "full"),
        (StoreError("x", "corrupt"), 503, "corrupt"),
        (SessionError("x", "revealed"), 423, "revealed"),
        (SessionError("x", "something new"), 422, "something new"),
        (ValueError("secret"), 500, "server"),
        (None, 500, "server"),
    ],
)
def test_errors_are_told_without_details_of_the_laptop(error, status, reason):
    problem = problem_of(error)
    assert (problem.status, problem.reason) == (status, reason)
    assert "Anna" not in problem.message
    assert "secret" not in problem.message


def options_for(tmp_path, instrument, **changes):
    given = {"store": tmp_path / "responses.sqlite", "port": 0, "say": lambda _: None}
    return ServerOptions(instrument=instrument, **{**given, **changes})


def started(options):
    async def run():
        async with running(options) as server:
            return server.port, server.facilitator_port

    return asyncio.run(run())


def test_a_server_starts_and_stops_in_a_program_and_frees_its_ports(tmp_path, instrument):
    port, facilitator_port = started(options_for(tmp_path, instrument, sessions=(session_for(instrument),)))
    assert port != facilitator_port
    assert started(options_for(tmp_path, instrument, port=port, facilitator_port=facilitator_port)) == (
        port,
        facilitator_port,
    )


def test_the_facilitators_port_is_the_next_one_at_every_start_unless_it_is_taken(tmp_path, instrument):
    with contextlib.ExitStack() as opened:
        port = next_to_each_other(opened)
    asked = options_for(tmp_path, instrument, port=port)
    assert started(asked) == started(asked) == (port, port + 1)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port + 1))
        other.listen()
        assert started(asked)[1] not in (port, port + 1)
        with pytest.raises(ArgumentError, match="is in use"):
            started(options_for(tmp_path, instrument, port=port, facilitator_port=port + 1))


def next_to_each_other(opened):
    """A port that is free, with the one after it."""
    for _ in range(50):
        first, second = opened.enter_context(socket.socket()), opened.enter_context(socket.socket())
        first.bind(("127.0.0.1", 0))
        port = first.getsockname()[1]
        with contextlib.suppress(OSError, OverflowError):
            second.bind(("127.0.0.1", port + 1))
            return port
    raise AssertionError("no two free ports beside each other")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"host": "203.0.113.9"}, "host: expected an address of this laptop"),
        ({"host": "not an address"}, "host: expected an address of this laptop"),
        ({"token_file": "nowhere/at/all"}, "token_file: expected a file that can be made"),
        ({"tls": ("missing.pem", "missing.key")}, "tls: expected a PEM file"),
    ],
)
def test_what_cannot_start_is_one_sentence(tmp_path, instrument, change, sentence, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ArgumentError, match=sentence) as caught:
        started(options_for(tmp_path, instrument, **change))
    assert "\n" not in str(caught.value)


def test_a_port_that_is_taken_is_one_sentence(tmp_path, instrument):
    async def twice():
        async with running(options_for(tmp_path, instrument)) as first:
            again = options_for(tmp_path, instrument, port=first.port, store=tmp_path / "other.sqlite")
            async with running(again):
                pass

    with pytest.raises(ArgumentError, match=r"port: expected a free one; \d+ is in use"):
        asyncio.run(twice())


def test_a_session_that_is_there_already_is_told(tmp_path, instrument):
    first = session_for(instrument)
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        store.open_session(first)
        store.close_session(first.session_id)
    with pytest.raises(SessionError, match="already"):
        started(options_for(tmp_path, instrument, sessions=(first,)))


trustme = pytest.importorskip("trustme", reason="needs trustme: pip install trustme")


@pytest.fixture
def pem(tmp_path):
    """Certificates and keys as files, by name."""
    from datetime import UTC, datetime, timedelta

    authority = trustme.CA()
    found = {}
    for name, days in (("good", (-1, 5)), ("other", (-1, 5)), ("ended", (-9, -1)), ("early", (2, 9))):
        begins, ends = (datetime.now(UTC) + timedelta(days=day) for day in days)
        issued = authority.issue_cert("127.0.0.1", not_before=begins, not_after=ends)
        found[name] = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        found[name][0].write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        found[name][1].write_bytes(issued.private_key_pem.bytes())
    return found


def test_a_good_certificate_is_taken(pem):
    context = tls_context(*pem["good"])
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (("good", "other"), "is not the key of"),
        (("ended", "ended"), "valid today.* ended"),
        (("early", "early"), "valid today.* begins"),
        (("text", "good"), "both in PEM"),
        (("good", "missing"), "cannot be read"),
    ],
)
def test_a_certificate_that_will_not_do_is_one_sentence(pem, tmp_path, files, sentence):
    text = tmp_path / "text.pem"
    text.write_text("not a certificate")
    places = {**pem, "text": (text, text), "missing": (tmp_path / "none", tmp_path / "none")}
    with pytest.raises(ArgumentError, match=f"tls: .*{sentence}") as caught:
        tls_context(places[files[0]][0], places[files[1]][1])
    assert "\n" not in str(caught.value)


def test_a_key_with_a_password_is_not_asked_for(tmp_path, pem):
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(pem["good"][1].read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
        )
    )
    with pytest.raises(ArgumentError, match="without a password"):
        tls_context(pem["good"][0], locked)


def test_the_names_a_server_answers_to_follow_the_laptop(tmp_path, instrument):
    from movement_readiness.workshop.server.addresses import Address
    from movement_readiness.workshop.server.network import Network
    from movement_readiness.workshop.server.room import Room

    here = [Address("wlan0", "192.168.1.20")]
    network = Network(8750, look=lambda: tuple(here))
    with ResponseStore(tmp_path / "r.sqlite") as store:
        recorder = Recorder(store)
        room = Room(recorder, instrument, logins=Logins("x" * 30), network=network, host_names=("Room.Example",))
        assert {"192.168.1.20", "room.example", "localhost"} <= room.hosts
        room.count_visit("192.168.1.20")
        room.count_visit("127.0.0.1")
        assert not network.reached  # the laptop itself is no other device
        room.count_visit("192.168.1.77")
        assert network.reached
        here[0] = Address("wlan0", "10.9.9.9")
        network.refresh()
        assert "10.9.9.9" in room.hosts
        assert "192.168.1.20" not in room.hosts
        assert "10.9.9.9" not in room.local_hosts
        recorder.close()


def test_the_browser_is_opened_by_a_file_of_its_owner_alone(tmp_path, instrument, monkeypatch):
    from movement_readiness.workshop.server import telling

    opened = []
    monkeypatch.setattr(telling.webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(telling.tempfile, "tempdir", str(tmp_path))
    invitation = telling.Invitation(
        "http://192.168.1.20:8750", "http://127.0.0.1:1/facilitator/", "http://127.0.0.1:1/k", (), ()
    )
    said = []
    with telling.invite(invitation, options_for(tmp_path, instrument, open_browser=True, say=said.append)):
        (place,) = tmp_path.glob("facilitator-*.html")
        assert opened == [place.as_uri()]
        assert "http://127.0.0.1:1/k" in place.read_text()
        if os.name == "posix":
            assert place.stat().st_mode & 0o077 == 0
    assert not place.exists()
    assert said[-1].startswith("Stopped")


def test_the_terminal_shows_the_code_of_a_session_opened_at_once(tmp_path, instrument):
    from movement_readiness.workshop.server import telling

    session = session_for(instrument)
    invitation = telling.Invitation("http://192.168.1.20:8750", "http://x/", "http://x/k", (session,), ())
    text = "\n".join(telling.lines(invitation, options_for(tmp_path, instrument)))
    assert session.spoken_code in text
    assert "█" in text
    assert "token is in" in text


def test_the_helpers_of_these_tests_make_valid_submissions(any_instrument):
    session = session_for(any_instrument)
    assert submission_for(any_instrument, session)["answers"]


@pytest.mark.parametrize(
    ("header", "port"),
    [("127.0.0.1:8750", "8750"), ("[::1]:80", "80"), ("[::1]", ""), ("laptop.local", ""), ("a:1; x=2", ""), ("", "")],
)
def test_the_port_in_a_host_header(header, port):
    assert host_port(header) == port


def test_the_way_into_the_facilitators_page_is_beside_the_token_and_its_owners_alone(tmp_path):
    """Not in the folder for temporary files, which some browsers cannot read."""
    link = "http://127.0.0.1:1/facilitator/enter?key=a&b"
    with _way_in(link, tmp_path / "responses.sqlite.token") as place:
        assert place.parent == tmp_path
        assert "key=a&amp;b" in place.read_text("utf-8")
        if os.name == "posix":
            assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert not place.exists()
    with _way_in(link, tmp_path / "no such folder" / "token") as place:
        assert place.exists()


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("x/r.sqlite", "x/r.sqlite.token"),
        ("sqlite:///x/r.sqlite", "x/r.sqlite.token"),
        ("sqlite+pysqlite:////x/r.sqlite?timeout=3", "/x/r.sqlite.token"),
        ("postgresql+psycopg://u@h/n", "movement-readiness.token"),
    ],
)
def test_the_token_lies_beside_the_store(instrument, store, expected):
    assert str(ServerOptions(store=store, instrument=instrument).token_place) == expected
