"""No more connections than this process may hold, and a place for whoever comes: a flood must stop nobody."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable
from functools import lru_cache
from typing import Any

import tornado.httpserver
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream

__all__ = ["CountedServer", "facilitators_share", "most_connections"]

_ENOUGH = 4096  # a hall of 300 people, each browser with several connections, twice over
_OTHERS = 40  # files of the store, the process that makes reports, sockets that listen
_FACILITATORS = 64
_LONGEST_WAIT = 20.0  # seconds; a phone gives up before


@lru_cache(maxsize=1)
def most_connections() -> int:
    """How many connections this process can hold, after asking the system for as many as it needs."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return _ENOUGH
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH + _OTHERS if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH + _OTHERS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            wanted = soft
    return max(8, wanted - _OTHERS)


def facilitators_share() -> int:
    """How many of them are the facilitator's alone, whatever participants' devices do."""
    return min(_FACILITATORS, most_connections() // 4)


class CountedServer(tornado.httpserver.HTTPServer):
    """A server with so many places; when all are taken, the connection that was quiet longest makes room.

    Quiet is a connection from which no whole request has come: one that sent nothing, half of a request, or nothing
    since its last answer. A browser whose quiet connection is closed opens another one when it needs it. Where every
    connection waits for an answer, one that has waited longer than any device does (or reads nothing) makes room;
    only where there is none of those is a newcomer turned away.
    """

    places = _ENOUGH

    def initialize(self, *arguments: Any, places: int = _ENOUGH, **named: Any) -> None:
        """Take the number of places; the rest is tornado's."""
        super().initialize(*arguments, **named)
        self.places = places
        self._quiet: OrderedDict[IOStream, None] = OrderedDict()  # the one that was quiet longest is first
        self._answering: OrderedDict[IOStream, float] = OrderedDict()  # and since when

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve a connection, in the place of another one if need be."""
        if len(self._quiet) + len(self._answering) >= self.places and not self._make_room():
            stream.close()
            return
        self._quiet[stream] = None
        super().handle_stream(stream, address)

    def _make_room(self) -> bool:
        if self._quiet:
            oldest, _ = self._quiet.popitem(last=False)
        elif self._answering and time.monotonic() - next(iter(self._answering.values())) > _LONGEST_WAIT:
            oldest, _ = self._answering.popitem(last=False)
        else:
            return False
        oldest.close()
        return True

    def start_request(self, server_conn: Any, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Wait for a request on a connection: it is quiet from now on."""
        stream: IOStream = server_conn.stream
        if not stream.closed():
            self._answering.pop(stream, None)
            self._quiet[stream] = None
            self._quiet.move_to_end(stream)
        return _Watched(super().start_request(server_conn, request_conn), self, stream)

    def came(self, stream: IOStream) -> None:
        """A whole request has come: an answer is owed."""
        if stream in self._quiet:
            del self._quiet[stream]
            self._answering[stream] = time.monotonic()

    def on_close(self, server_conn: Any) -> None:
        """One connection fewer."""
        self._quiet.pop(server_conn.stream, None)
        self._answering.pop(server_conn.stream, None)
        super().on_close(server_conn)


class _Watched(HTTPMessageDelegate):
    """Tells a server when the whole of a request has come."""

    def __init__(self, inner: HTTPMessageDelegate, server: CountedServer, stream: IOStream) -> None:
        self._inner = inner
        self._server = server
        self._stream = stream

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        return self._inner.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._inner.data_received(chunk)

    def finish(self) -> None:
        self._server.came(self._stream)
        self._inner.finish()

    def on_connection_close(self) -> None:
        self._inner.on_connection_close()
