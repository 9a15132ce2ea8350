"""A crowd, a bad network and a server that is killed: every acknowledged response is there, once."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import GARDEN
from workshop.rooms import a_room

from movement_readiness.workshop.selftest.network import FATES, FaultyNetwork
from movement_readiness.workshop.selftest.phones import Phone, ask

PATIENCE = 90.0


def joined(room, port, seeds):
    phones = [Phone(seed, room.session.join_code) for seed in seeds]
    until = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda phone: phone.join(port, until), phones))
    return phones


def sent(phones, port):
    until = time.monotonic() + PATIENCE
    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(lambda phone: phone.send(port, until), phones))


def assert_each_once(room, instrument, phones):
    frame = room.store.to_frame(instrument).set_index("response_id")
    assert Counter(frame.index) == Counter(phone.response_id for phone in phones)
    for phone in phones:
        given = frame.loc[phone.response_id, list(phone.answers)].to_dict()
        assert given == phone.answers
    assert room.store.count(room.session.session_id) == (len(phones), len(phones))
    assert "whole" in room.store.check()


@pytest.mark.parametrize("size", [8, pytest.param(30, marks=pytest.mark.slow)])
def test_a_bad_network_loses_and_doubles_nothing(location, any_instrument, size):
    file = GARDEN if any_instrument.id != "movement-readiness" else None
    with (
        a_room(any_instrument, location, instrument_file=file, head_count=size) as room,
        FaultyNetwork(room.server.port, seed=size) as network,
    ):
        phones = joined(room, network.port, range(size))
        assert set(sent(phones, network.port)) <= {200, 201}
        assert sum(network.fates.values()) > network.fates["passed on"], "the network was good: nothing was shown"
        assert_each_once(room, any_instrument, phones)
        assert set(sent(phones, room.server.port)) == {200}
        assert_each_once(room, any_instrument, phones)


@pytest.mark.parametrize("rounds", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_a_killed_server_has_everything_it_acknowledged(location, instrument, rounds):
    chance = random.Random(rounds)  # noqa: S311  (nothing secret)
    interrupted = 0
    with a_room(instrument, location, head_count=40 * rounds) as room:
        everyone, known, lost = [], [], []
        for number in range(rounds):
            phones = joined(room, room.server.port, range(100 * number, 100 * number + 40))
            tickets = [phone.ticket for phone in phones]
            after = chance.randint(1, 25)
            killer = threading.Thread(target=kill_and_look, args=[room, phones, after, known, lost])
            killer.start()
            sent(phones, room.server.port)
            killer.join()
            everyone += phones
            interrupted += len(known[-1]) < len(phones)
            assert [ask_ticket(room, phone) for phone in phones] == tickets, "the devices' tickets are good no longer"
        assert not lost
        assert all(known), "nothing had been acknowledged before a kill: nothing was shown"
        assert interrupted > rounds / 2, "the server was hardly ever killed while somebody was sending"
        assert_each_once(room, instrument, everyone)


def kill_and_look(room, phones, after, known, lost):
    """Kill the server when so many were acknowledged, start it again, and look whether those are there."""
    until = time.monotonic() + PATIENCE
    while sum(phone.status > 0 for phone in phones) < after and time.monotonic() < until:
        time.sleep(0.001)
    room.server.kill()
    acknowledged = [phone for phone in phones if phone.status]
    room.server.start()
    known.append(acknowledged)
    lost += [phone.response_id for phone in acknowledged if room.store.status(phone.response_id) != "stored"]


def ask_ticket(room, phone):
    path = f"/api/sessions/{phone.code}/join"
    return ask(room.server.port, "POST", path, {"device": phone.device}).json["ticket"]


def test_a_stopped_server_has_answered_what_it_took_and_leaves_the_store_whole(location, instrument):
    with a_room(instrument, location, head_count=30) as room:
        phones = joined(room, room.server.port, range(30))
        began = threading.Timer(0.03, lambda: codes.append(room.server.stop()))
        codes = []
        began.start()
        with ThreadPoolExecutor(16) as pool:
            tried = list(pool.map(lambda phone: tried_once(phone, room.server.port), phones))
        began.join()
        assert codes == [0]
        assert "Everything that was acknowledged is in the store" in room.server.output
        for phone, status in zip(phones, tried, strict=True):
            if status == 201:
                assert room.store.status(phone.response_id) == "stored"
        room.server.start()
        sent(phones, room.server.port)
        assert_each_once(room, instrument, phones)


def tried_once(phone, port):
    try:
        path, headers = f"/api/responses/{phone.response_id}", {"Authorization": f"Ticket {phone.ticket}"}
        return ask(port, "PUT", path, phone.submission, headers).status
    except Exception:
        return 0


def test_the_proxy_does_to_requests_what_it_says(tmp_path, instrument):
    """The control: without resending, this network loses answers, and the server sees doubled requests."""
    with (
        a_room(instrument, tmp_path / "responses.sqlite", head_count=60) as room,
        FaultyNetwork(room.server.port, seed=3) as network,
    ):
        phones = joined(room, room.server.port, range(60))
        statuses = [tried_once(phone, network.port) for phone in phones]
        assert set(network.fates) == set(FATES)
        stored = [room.store.status(phone.response_id) == "stored" for phone in phones]
        silent = [status == 0 for status in statuses]
        assert any(quiet and not there for quiet, there in zip(silent, stored, strict=True)), "nothing was cut before"
        assert any(quiet and there for quiet, there in zip(silent, stored, strict=True)), "nothing was cut after"
        assert statuses.count(200) > 0, "nothing was sent twice"


def test_memory_of_a_served_room_stays_small(tmp_path, instrument):
    with a_room(instrument, tmp_path / "responses.sqlite", head_count=30) as room:
        sent(joined(room, room.server.port, range(30)), room.server.port)
        assert room.server.megabytes < 80
