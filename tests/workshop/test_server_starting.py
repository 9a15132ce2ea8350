"""`serve` started, started again and started elsewhere: sessions go on, keys are had before anyone needs them."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from workshop.facilitator_support import Facilitator
from workshop.server_support import Client, Device, Server, add_session, consent_values, submission_for

from movement_readiness.workshop.selftest.servers import ServerProcess
from movement_readiness.workshop.server import DEFAULT_PORT
from movement_readiness.workshop.store import ResponseStore

VARIABLE = "MOVEMENT_READINESS_STORE"
CODE = ["an", "07", None, None, None]  # elements of a code of one's own


def described(instrument, people, *more):
    consent = [word for name, text in consent_values(instrument).items() for word in ("--consent", f"{name}={text}")]
    return ["--site", "North", "--team", "A3", "--people", str(people), *consent, *more]


def code_in(output):
    return re.search(r"code (\w{3}-\w{3})", output)[1]


# --- the same session again


def test_started_again_after_a_crash_it_goes_on_with_the_same_session(tmp_path, instrument):
    store = tmp_path / "responses.sqlite"
    with ServerProcess([str(store)], described(instrument, 4)) as server:
        before = code_in(server.output)
        with ResponseStore(store) as opened:
            session = opened.session_by_code(before)
        device = Device(Client(server.port), session, instrument)
        ticket = device.join()
        server.kill()
    with ServerProcess([str(store)], described(instrument, 6, "--retest")) as server:
        assert code_in(server.output) == before
        assert "North, A3 is open already: it goes on with the same code." in server.output
        assert "There is room for 6 people now." in server.output
        assert "These stay as they were when it was opened: code of one's own." in server.output
        device.client = Client(server.port)
        assert device.join() == ticket
        assert device.send(submission_for(instrument, session)).status == 201
    with ServerProcess([str(store)], described(instrument, 2)) as server:  # fewer than are in stay allowed in
        assert code_in(server.output) == before
    with ResponseStore(store) as opened:
        (only,) = opened.sessions()
        assert (only.session_id, only.head_count) == (session.session_id, 6)


@pytest.mark.parametrize("other", [["--wave", "2"], ["--rehearsal"], ["--form", "short"]])
def test_another_wave_form_or_a_rehearsal_is_another_session(tmp_path, instrument, other):
    store = tmp_path / "responses.sqlite"
    add_session(store, instrument)
    with ServerProcess([str(store)], described(instrument, 4, *other)) as server:
        assert "open already" not in server.output
    with ResponseStore(store) as opened:
        assert len(opened.sessions()) == 2


def test_a_closed_session_is_not_gone_on_with(tmp_path, instrument):
    store = tmp_path / "responses.sqlite"
    session = add_session(store, instrument)
    with ResponseStore(store) as opened:
        opened.close_session(session.session_id)
    with ServerProcess([str(store)], described(instrument, 4)) as server:
        assert "open already" not in server.output
        assert code_in(server.output).replace("-", "") != session.join_code


# --- the key of people's own codes


def test_the_key_is_there_before_anybody_sends(tmp_path, instrument):
    store = tmp_path / "responses.sqlite"
    with ServerProcess([str(store)], described(instrument, 4, "--retest")):
        assert (tmp_path / "responses.sqlite.key").exists()


def test_opening_on_the_page_makes_the_key_and_a_busy_store_does_not_hold_others_up(tmp_path, instrument):
    with Server(tmp_path / "responses.sqlite") as server:
        facilitator = Facilitator(server.facilitator_port)
        facilitator.log_in(server.token())
        _, session_id = facilitator.open_session(instrument, retest="yes")
        assert (tmp_path / "responses.sqlite.key").exists()
        with ResponseStore(server.store) as store:
            session = store.session(session_id)
        device = Device(Client(server.port), session, instrument)
        device.join()
        assert device.send(submission_for(instrument, session, retest=CODE)).status == 201


def test_a_session_opened_elsewhere_waits_for_its_key_without_stopping_the_server(tmp_path, instrument):
    """Its key is read and recorded by the store's thread: the server answers meanwhile."""
    path = tmp_path / "responses.sqlite"
    with Server(path, store_options={"busy_timeout": 50}) as server:
        session = add_session(path, instrument, retest=True)
        device = Device(Client(server.port), session, instrument)
        device.join()
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        statuses = []
        sending = threading.Thread(
            target=lambda: statuses.append(device.send(submission_for(instrument, session, retest=CODE)).status)
        )
        sending.start()
        end = time.monotonic() + 30
        while not path.with_name("responses.sqlite.key").exists() and time.monotonic() < end:
            time.sleep(0.01)
        began = time.monotonic()
        assert Client(server.port).get("/api/ping").status == 200
        assert statuses == []  # the store is waited for, and was not given up
        assert time.monotonic() - began < 20  # a server that waits would have waited for 50
        holder.execute("ROLLBACK")
        holder.close()
        sending.join(60)
        assert statuses == [201]


def test_a_database_without_a_key_is_told_at_the_start_and_on_the_page(cluster, instrument, tmp_path):
    location = cluster.database()
    command = [
        sys.executable,
        "-m",
        "movement_readiness",
        "serve",
        "--port",
        "0",
        *described(instrument, 4, "--retest"),
    ]
    variables = {VARIABLE: location}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=180, env={**os.environ, **variables}, cwd=tmp_path
    )
    assert done.returncode == 2
    assert "key_file: people's own codes need a key" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    with ResponseStore(location) as store:
        assert store.sessions() == []
    with Server(location, token_file=str(tmp_path / "token")) as server:
        facilitator = Facilitator(server.facilitator_port)
        facilitator.log_in(server.token(tmp_path / "token"))
        answer, _ = facilitator.open_session(instrument, retest="yes")
        assert answer.status == 422
        assert "this server cannot ask for it" in answer.text
        assert "--key-file" in answer.text
        answer, _ = facilitator.open_session(instrument)
        assert answer.status == 303


def test_a_rooms_session_whose_key_is_elsewhere_is_told_here_and_its_phones_keep_trying(cluster, instrument, tmp_path):
    location = cluster.database()
    session = add_session(location, instrument, retest=True)
    with Server(location, token_file=str(tmp_path / "token")) as server:
        assert "! A session here asks for people's own codes, and their key cannot be had" in server.output
        device = Device(Client(server.port), session, instrument)
        device.join()
        answer = device.send(submission_for(instrument, session, retest=CODE))
        assert (answer.status, answer.reason) == (503, "key")
        assert "tell the facilitator" in answer.json["error"]["message"]
        assert int(answer.headers["retry-after"]) >= 1


# --- many servers on one database


def test_a_shared_database_says_that_every_room_is_listed(cluster, instrument, tmp_path):
    location = cluster.database()
    add_session(location, instrument)
    told = "Every room of this database is listed"
    with Server(location, token_file=str(tmp_path / "token")) as server:
        facilitator = Facilitator(server.facilitator_port)
        facilitator.log_in(server.token(tmp_path / "token"))
        assert told in facilitator.get("/facilitator/").text
    with Server(tmp_path / "responses.sqlite") as server:
        facilitator = Facilitator(server.facilitator_port)
        facilitator.log_in(server.token())
        assert told not in facilitator.get("/facilitator/").text


def test_serve_says_who_sees_what_and_which_port_it_takes():
    done = subprocess.run(
        [sys.executable, "-m", "movement_readiness", "serve", "--help"],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "COLUMNS": "200"},
    )
    text = " ".join(done.stdout.replace("│", " ").split())
    assert "Every facilitator of a database sees and runs every room in it" in text
    assert f"default: {DEFAULT_PORT}" in text


def test_two_servers_of_one_laptop_keep_both_logins(tmp_path):
    """A browser has one set of cookies for every port of a laptop."""
    with Server(tmp_path / "one.sqlite") as one, Server(tmp_path / "other.sqlite") as other:
        here, there = Facilitator(one.facilitator_port), Facilitator(other.facilitator_port)
        there.cookies = here.cookies
        assert here.log_in(one.token()).status == 303
        assert there.log_in(other.token()).status == 303
        assert here.get("/facilitator/").status == 200
        assert there.get("/facilitator/").status == 200
        assert there.act("/facilitator/logout").status == 303
        assert here.get("/facilitator/").status == 200
        assert json.dumps(here.cookies).count("movement_readiness_facilitator_") == 2
