"""`serve`: from the options to a server that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import tornado.httpserver
import tornado.web

from movement_readiness.workshop.server.app import make_app, make_facilitator_app
from movement_readiness.workshop.server.connections import CountedServer
from movement_readiness.workshop.server.listening import check_host, listen
from movement_readiness.workshop.server.network import Network
from movement_readiness.workshop.server.options import BUSY_SECONDS, ServerOptions
from movement_readiness.workshop.server.quiet import quiet_logs
from movement_readiness.workshop.server.recording import Recorder
from movement_readiness.workshop.server.room import Room
from movement_readiness.workshop.server.security import Logins, facilitator_token
from movement_readiness.workshop.server.telling import Invitation, invite
from movement_readiness.workshop.server.tls import tls_context
from movement_readiness.workshop.store import ResponseStore

__all__ = ["Running", "running", "serve"]

_log = logging.getLogger(__name__)
_LOOK_AGAIN_SECONDS = 5.0
_STOP_SECONDS = 15.0
_LIMITS = {
    "max_header_size": 16 * 1024,
    "max_body_size": 1024 * 1024,  # what is too large is read up to here, so that the refusal can be read
    "idle_connection_timeout": 30.0,
    "body_timeout": 20.0,
    "chunk_size": 16 * 1024,
}


@dataclass(frozen=True)
class Running:
    """A server that runs.

    Attributes
    ----------
    room : Room
    address : str
        Of the participants' page, as shown.
    port, facilitator_port : int
    facilitator_address : str
        Of the facilitator's page on this laptop.
    """

    room: Room
    port: int
    facilitator_port: int

    @property
    def address(self) -> str:
        """Of the participants' page, as it is shown now."""
        return self.room.network.address

    @property
    def facilitator_address(self) -> str:
        """Of the facilitator's page on this laptop."""
        return f"http://127.0.0.1:{self.facilitator_port}/facilitator/"


def serve(options: ServerOptions) -> int:
    """Run the server until SIGINT or SIGTERM; then finish what is queued and close the store.

    Parameters
    ----------
    options : ServerOptions

    Returns
    -------
    int
        0, the exit code of a server that was stopped.

    Raises
    ------
    ArgumentError, SessionError, StoreError
        It cannot start; one sentence says why.
    """
    quiet_logs()
    asyncio.run(_serve(options))
    return 0


async def _serve(options: ServerOptions) -> None:
    stop = asyncio.Event()
    with _stopped_by_signals(stop):
        async with running(options) as server:
            with invite(_invitation(options, server), options):
                await _watch(server.room.network, stop, options)


def _invitation(options: ServerOptions, server: Running) -> Invitation:
    return Invitation(
        participants=server.address,
        facilitator=server.facilitator_address,
        link=f"{server.facilitator_address}enter?key={server.room.logins.new_link_key()}",
        sessions=options.sessions,
        findings=server.room.network.findings(),
    )


async def _watch(network: Network, stop: asyncio.Event, options: ServerOptions) -> None:
    """Until the stop: notice when the laptop gets another address."""
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _LOOK_AGAIN_SECONDS)
        if not stop.is_set() and network.refresh():
            options.say(f"This laptop's address has changed. Participants now: {network.address}")


@contextlib.asynccontextmanager
async def running(options: ServerOptions) -> AsyncIterator[Running]:
    """A server as a context: started on the way in, stopped without loss on the way out."""
    secure = None if options.tls is None else tls_context(*options.tls)
    check_host(options.host)
    with contextlib.ExitStack() as opened:
        sockets = _listen(options.port, options.host, opened)
        own = _listen(options.facilitator_port, "127.0.0.1", opened)
        logins = Logins(facilitator_token(options.token_place))
        patience: dict[str, Any] = {"busy_timeout": BUSY_SECONDS, **options.store_options}
        store = opened.enter_context(ResponseStore(options.store, **patience))
        _open_sessions(store, options)
        recorder = Recorder(store)
        opened.callback(recorder.close)
        port = sockets[0].getsockname()[1]
        network = Network(port, secure=secure is not None, host=options.host, names=options.host_names)
        room = Room(
            recorder,
            options.instrument,
            logins=logins,
            network=network,
            secure=secure is not None,
            host_names=options.host_names,
            reveal=options.reveal,
        )
        servers = [_started(make_app(room), sockets, secure), _started(make_facilitator_app(room), own, None)]
        _log.info("The server runs.")
        try:
            yield Running(room, port, own[0].getsockname()[1])
        finally:
            await _stop(room, servers)


def _listen(port: int, host: str | None, opened: contextlib.ExitStack) -> list[socket.socket]:
    found = listen(port, host)
    for one in found:
        opened.callback(one.close)
    return found


def _open_sessions(store: ResponseStore, options: ServerOptions) -> None:
    for session in options.sessions:
        store.open_session(session)


def _started(
    app: tornado.web.Application, sockets: Sequence[socket.socket], secure: ssl.SSLContext | None
) -> tornado.httpserver.HTTPServer:
    server = CountedServer(app, ssl_options=secure, **_LIMITS)
    server.add_sockets(sockets)
    return server


async def _stop(room: Room, servers: Sequence[tornado.httpserver.HTTPServer]) -> None:
    """Take nothing new, finish what waits for the store, hang up."""
    room.stopping = True
    for server in servers:
        server.stop()
    for task in list(room.tasks):
        task.cancel()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            while room.recorder.unfinished:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.02)  # the last answers are written
            for server in servers:
                await server.close_all_connections()
    refused = ", ".join(f"{reason} {n}" for reason, n in sorted(room.refusals.items())) or "none"
    _log.info("The server has stopped; requests refused: %s.", refused)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if (number := getattr(signal, name, None)) is not None:
            before[number] = signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
