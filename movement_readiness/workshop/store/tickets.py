"""Tickets: one for each device, no more than there are people in the room, each good for one response."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any

import sqlalchemy as sa

from movement_readiness.exceptions import ArgumentError, SessionError
from movement_readiness.responses.response import Response
from movement_readiness.workshop.store.events import Added, add, settled
from movement_readiness.workshop.store.schema import sessions, tickets
from movement_readiness.workshop.store.sittings import count, session_row

__all__ = ["issue", "response_of_ticket", "submit", "ticket_row"]

_DEVICE = re.compile(r"[0-9a-f]{32}")


def issue(connection: sa.Connection, session_id: str, device: str) -> str:
    """The ticket of a device: the same one again for the same device, as long as the session is open."""
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        raise ArgumentError("device: expected 32 hexadecimal digits in lower case.")
    session = session_row(connection, session_id, lock=True)
    if session.state != "open":
        raise SessionError("session: it is closed; ask the person who runs it.", "closed")
    ticket = _ticket(session.ticket_key, session_id, device)
    query = sa.select(tickets.c.session_id).where(tickets.c.ticket_sha256 == _hash(ticket))
    if connection.execute(query).one_or_none() is None:
        if count(connection, session_id).joined >= session.head_count:
            raise SessionError(
                f"session: all {session.head_count} places are taken; ask the person who runs it for one more.", "full"
            )
        row = {"ticket_sha256": _hash(ticket), "session_id": session_id, "used": 0, "response_id": None}
        connection.execute(sa.insert(tickets), row)
    return ticket


def _ticket(key: str, session_id: str, device: str) -> str:
    return hmac.new(bytes.fromhex(key), f"ticket {session_id} {device}".encode(), hashlib.sha256).hexdigest()


def _hash(ticket: str) -> str:
    return hashlib.sha256(f"movement-readiness ticket {ticket}".encode()).hexdigest()


def ticket_row(connection: sa.Connection, ticket: object, *, lock: bool = False) -> Any:
    """The row of a ticket; raises for one that was never handed out."""
    hashed = _hash(ticket) if isinstance(ticket, str) and ticket.isascii() else ""
    query = sa.select(tickets).where(tickets.c.ticket_sha256 == hashed)
    found = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise SessionError("ticket: this one was not handed out here; join the session again.", "ticket")
    return found


def response_of_ticket(connection: sa.Connection, ticket: str) -> str | None:
    """The id of the response that used a ticket."""
    found: str | None = ticket_row(connection, ticket).response_id
    return found


def submit(connection: sa.Connection, response: Response, ticket: str, *, late: bool = False) -> Added:
    """Store a response for a ticket, or say why not; whatever is refused has changed nothing."""
    row = ticket_row(connection, ticket, lock=True)
    if row.session_id != response.session:
        raise SessionError("ticket: it belongs to another session; join this one.", "ticket")
    if settled(connection, response):
        return "unchanged"
    if row.used:
        raise SessionError("ticket: it was used for another response already; each is good for one.", "ticket")
    if not late and _state(connection, row.session_id) != "open":
        raise SessionError(
            "session: it is closed; the answers stay on the device and can be saved as a file.", "closed"
        )
    stored = add(connection, response)
    if stored == "stored":
        _use(connection, row.ticket_sha256, response.response_id)
    return stored


def _state(connection: sa.Connection, session_id: str) -> str:
    """The state of a session, which stays as it is until the end of this transaction."""
    query = sa.select(sessions.c.state).where(sessions.c.session_id == session_id).with_for_update(read=True)
    return str(connection.execute(query).scalar_one())


def _use(connection: sa.Connection, ticket_sha256: str, response_id: str) -> None:
    change = sa.update(tickets).where(tickets.c.ticket_sha256 == ticket_sha256)
    connection.execute(change.values(used=1, response_id=response_id))
