"""Somebody holds every connection that the server has: people in the room and the facilitator get through meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from pathlib import Path

import pytest
import tornado.web
from workshop.facilitator_support import Facilitator
from workshop.server_support import Client, Device, Server, add_session, submission_for

from movement_readiness.workshop.server import connections
from movement_readiness.workshop.server.connections import CountedServer

FEW = Path(__file__).with_name("few_files_process.py")
HOST = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
SENT = {  # to participants, to the facilitator
    "nothing": ("", ""),
    "half a head": ("GET / HTTP/1.1\r\nHost: 127.", "GET / HTTP/1.1\r\nHost: 127."),
    "half a body": (f"POST /api/withdraw {HOST}{BODY}", f"POST /facilitator/login {HOST}{BODY}"),
    "whole requests": (f"GET /api/ping {HOST}\r\n", f"GET /facilitator/login {HOST}\r\n"),
}


@contextlib.contextmanager
def flood(ports, data=("", "")):
    """Connections opened again as fast as they are closed, more than there are places; gives what is held."""
    stop, held = threading.Event(), [set(), set()]

    def hold(own, port, first):
        while not stop.is_set():
            with contextlib.suppress(OSError):
                one = socket.create_connection(("127.0.0.1", port), timeout=10)
                own.add(one)
                one.sendall(first.encode())
                one.setblocking(False)
            for one in list(own):
                if was_closed(one):
                    one.close()
                    own.discard(one)
            time.sleep(0.01)

    threads = [threading.Thread(target=hold, args=each) for each in zip(held, ports, data, strict=True)]
    for one in threads:
        one.start()
    try:
        yield held
    finally:
        stop.set()
        for one in threads:
            one.join()
        for one in set().union(*held):
            one.close()


def was_closed(connection):
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files: Windows has none")
@pytest.mark.parametrize("sent", SENT)
def test_during_a_flood_people_join_and_send_and_the_facilitator_opens_and_closes(tmp_path, instrument, sent):
    store = tmp_path / "responses.sqlite"
    session = add_session(store, instrument, head_count=30)
    with Server(store, script=FEW) as server:
        with flood([server.port, server.facilitator_port], SENT[sent]) as held:
            end = time.monotonic() + 60
            while min(map(len, held)) < 14 and time.monotonic() < end:
                time.sleep(0.01)
            assert min(map(len, held)) >= 14, "every place is taken"
            for _ in range(15):
                device = Device(Client(server.port), session, instrument)
                assert device.client.get("/").status == 200
                assert device.client.get("/static/form.js").status == 200
                assert device.send(submission_for(instrument, session)).status == 201
            facilitator = Facilitator(server.facilitator_port)
            assert facilitator.log_in(server.token()).status == 303
            _, session_id = facilitator.open_session(instrument, team="B2")
            assert facilitator.act(f"/facilitator/sessions/{session_id}/close").status == 303
        assert server.stop() == 0
        assert server.error_output == ""


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files: Windows has none")
def test_a_flood_of_the_participants_port_leaves_the_facilitators_connections_alone(tmp_path):
    with Server(tmp_path / "responses.sqlite", script=FEW) as server:
        kept = socket.create_connection(("127.0.0.1", server.facilitator_port), timeout=60)
        with contextlib.closing(kept), flood([server.port, server.port]) as held:
            end = time.monotonic() + 60
            while len(held[0]) + len(held[1]) < 40 and time.monotonic() < end:
                time.sleep(0.01)
            kept.sendall(b"GET /facilitator/login HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert kept.recv(100).startswith(b"HTTP/1.1 200")


def test_who_is_quiet_longest_makes_room_and_who_waits_for_an_answer_does_not(monkeypatch):
    asyncio.run(places(lambda seconds: monkeypatch.setattr(connections, "_LONGEST_WAIT", seconds)))


async def places(longest_wait):
    came, go = [], asyncio.Event()

    class Slow(tornado.web.RequestHandler):
        async def get(self):
            came.append(self)
            await go.wait()
            self.finish("done")

    server = CountedServer(tornado.web.Application([("/", Slow)], log_function=lambda _: None), places=3)
    server.listen(0, "127.0.0.1")
    port = next(iter(server._sockets.values())).getsockname()[1]
    opened = []

    async def connect(data=b""):
        opened.append(await asyncio.open_connection("127.0.0.1", port))
        opened[-1][1].write(data)
        return opened[-1][0]

    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    first, quiet, half = await connect(whole), await connect(), await connect(b"GET /")
    longest_wait(3600)
    async with asyncio.timeout(60):
        while not came:
            await asyncio.sleep(0.01)
        second = await connect(whole)
        assert await quiet.read() == b""  # the quiet one went first, then the half one
        third = await connect(whole)
        assert await half.read() == b""
        while len(came) < 3:
            await asyncio.sleep(0.01)
        assert await (await connect(whole)).read() == b""  # three are owed an answer: no place
        longest_wait(0)
        fourth = await connect(whole)
        assert await first.read() == b""  # nobody waits that long
        while len(came) < 4:
            await asyncio.sleep(0.01)
        go.set()
        for one in (second, third, fourth):
            assert (await one.readline()).startswith(b"HTTP/1.1 200")
    server.stop()
    for _, writer in opened:
        writer.close()
    await server.close_all_connections()
