"""No more connections than this process may hold: a flood of them must not stop it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import tornado.httpserver
from tornado.iostream import IOStream

__all__ = ["CountedServer", "most_connections"]

_ENOUGH = 4096  # a hall of 300 people, each browser with several connections, twice over
_OTHERS = 40  # files of the store, the process that makes reports, sockets that listen


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


class CountedServer(tornado.httpserver.HTTPServer):
    """A server that hangs up at once when it holds too many connections already."""

    _held = 0

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Serve a connection, or close it."""
        if CountedServer._held >= most_connections():
            stream.close()
            return
        CountedServer._held += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        """One connection fewer."""
        CountedServer._held -= 1
        super().on_close(server_conn)
