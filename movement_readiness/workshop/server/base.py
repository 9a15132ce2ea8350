"""What every request goes through: headers, host, origin, size; and how an error is answered."""

from __future__ import annotations

import json
import logging
import traceback
from typing import TYPE_CHECKING, Any

import tornado.web

from movement_readiness.workshop.server.bodies import MOST_BYTES, json_object
from movement_readiness.workshop.server.files import Kept
from movement_readiness.workshop.server.problems import Problem, RefusedError, problem_of
from movement_readiness.workshop.server.security import HEADERS, host_name, same_origin

if TYPE_CHECKING:
    from movement_readiness.workshop.server.room import Room

__all__ = ["Handler", "JsonHandler", "MissingHandler"]

_log = logging.getLogger(__name__)
_CHANGES = ("POST", "PUT", "PATCH", "DELETE")


@tornado.web.stream_request_body
class Handler(tornado.web.RequestHandler):
    """A request that came to a name of ours, from a page of ours, and is small enough."""

    room: Room
    local = False  # answers to the laptop's own names alone

    def initialize(self, room: Room) -> None:
        """Take what the application hands to every handler."""
        self.room = room
        self.body = b""

    def set_default_headers(self) -> None:
        """Every answer has them, errors too."""
        self.clear_header("Server")
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse before the body is read."""
        self._check_host()
        self.room.count_visit(self.request.remote_ip)
        if self.room.stopping:
            raise RefusedError(503, "stopping", "The server is being stopped; keep your answers and try again.", 5)
        if self.request.method in _CHANGES:
            if not same_origin(self.request.headers, self.request.protocol):
                raise RefusedError(403, "origin", "This can only be sent from this server's own page.")
            length = self.request.headers.get("Content-Length", "0")
            self._check_length(int(length) if length.isdecimal() else 0)

    def _check_host(self) -> None:
        name = host_name(self.request.headers.get("Host", ""))
        if name not in (self.room.local_hosts if self.local else self.room.hosts):
            raise RefusedError(421, "host", "This server answers to the address it shows in the room, and to no other.")

    def _check_length(self, length: int) -> None:
        if length > MOST_BYTES:
            raise RefusedError(413, "size", f"body: expected {MOST_BYTES // 1024} kB or less.")

    def data_received(self, chunk: bytes) -> None:
        """Gather the body; one that comes in chunks does not say its size before."""
        if len(self.body) <= MOST_BYTES:
            self.body += chunk

    def whole_body(self) -> bytes:
        """The body, if it is small enough."""
        self._check_length(len(self.body))
        return self.body

    def decode_argument(self, value: bytes, name: str | None = None) -> str:  # noqa: ARG002
        """A part of the path as text."""
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise RefusedError(404, "unknown", "There is no such page here.") from None

    def send_kept(self, content: Kept, *, revalidate: bool = True) -> None:
        """Answer with bytes from memory, or with 304 where the device has them."""
        self.set_header("Cache-Control", "no-cache" if revalidate else "no-store")
        self.set_header("ETag", content.etag)
        self.set_header("Vary", "Accept-Encoding")
        if revalidate and content.etag in self.request.headers.get("If-None-Match", ""):
            self.set_status(304)
            self.finish()
            return
        self.set_header("Content-Type", content.content_type)
        if content.packed is not None and "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.finish(content.packed)
        else:
            self.finish(content.plain)

    def compute_etag(self) -> str | None:
        """Only bytes from memory have one."""
        return None

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error by its own status."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        known = isinstance(error, tornado.web.HTTPError)
        problem = _http_problem(status_code) if known else problem_of(error)
        self.set_status(problem.status)
        if problem.retry_after is not None:
            self.set_header("Retry-After", str(problem.retry_after))
        if problem.status in (413, 421) or self.room.stopping:
            self.set_header("Connection", "close")
        self.room.count_problem(problem)
        self.write_problem(problem)

    def write_problem(self, problem: Problem) -> None:
        """Answer in JSON; pages do it otherwise."""
        self.finish_json({"error": {"reason": problem.reason, "message": problem.message}})

    def finish_json(self, answer: dict[str, Any]) -> None:
        """Answer in JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, ensure_ascii=False))

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log what nobody foresaw: the kind of error and the place in the code, never what was sent."""
        if isinstance(value, tornado.web.HTTPError) or problem_of(value).status != 500:
            return
        places = [f"{place.filename}:{place.lineno}" for place in traceback.extract_tb(tb)[-3:]]
        _log.error("A request failed: %s at %s", getattr(typ, "__name__", typ), ", ".join(places))


def _http_problem(status: int) -> Problem:
    if status == 405:
        return Problem(405, "method", "This address takes no such request.")
    if status == 404:
        return Problem(404, "unknown", "There is no such page here.")
    return Problem(status if 400 <= status < 500 else 500, "request", "This request was not understood.")


class JsonHandler(Handler):
    """A request that brings JSON and takes JSON."""

    def prepare(self) -> None:
        """Refuse what is no JSON before it is read."""
        super().prepare()
        if self.request.method in _CHANGES:
            kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise RefusedError(415, "type", "Content-Type: expected application/json.")

    def json_body(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        return json_object(self.whole_body())

    def ticket(self) -> str:
        """The ticket in the Authorization header."""
        scheme, _, ticket = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "ticket" or not ticket.strip():
            raise RefusedError(401, "ticket", "A ticket of the session is needed; join it again with its code.")
        return ticket.strip()


class MissingHandler(Handler):
    """Any address that is none of ours."""

    def prepare(self) -> None:
        """Every method gets the same answer."""
        super().prepare()
        raise RefusedError(404, "unknown", "There is no such page here.")
