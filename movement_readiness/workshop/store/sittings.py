"""Sessions as rows: opened, found again, closed, counted."""

from __future__ import annotations

import datetime
import json
import secrets
from typing import Any, NamedTuple

import sqlalchemy as sa

from movement_readiness.exceptions import SessionError
from movement_readiness.workshop.sessions import Session
from movement_readiness.workshop.store.schema import IS_FIRST, events, releases, sessions, tickets

__all__ = [
    "Counts",
    "by_code",
    "close",
    "count",
    "open_session",
    "session_from",
    "session_row",
    "set_head_count",
    "set_state",
]

_SAME = (
    "session_id",
    "join_code",
    "state",
    "head_count",
    "site",
    "team",
    "wave",
    "instrument_id",
    "instrument_version",
    "instrument_sha256",
    "form",
    "aim_id",
)
_FLAGS = ("rehearsal", "shared_device", "retest")
_DATES = ("opened_on", "withdraw_until")


class Counts(NamedTuple):
    """How far a session is.

    Attributes
    ----------
    joined : int
        Devices that got a ticket.
    sent : int
        Responses that are stored and were not withdrawn.
    """

    joined: int
    sent: int


def _row_from(session: Session) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(session, name) for name in _SAME}
    row |= {name: int(getattr(session, name)) for name in _FLAGS}
    row |= {name: getattr(session, name).isoformat() for name in _DATES}
    consent = json.dumps(dict(session.consent), ensure_ascii=False)
    return {**row, "languages": json.dumps(list(session.languages)), "consent": consent}


def session_from(row: Any) -> Session:
    """The session that a row keeps."""
    parts: dict[str, Any] = {name: getattr(row, name) for name in _SAME}
    parts |= {name: bool(getattr(row, name)) for name in _FLAGS}
    parts |= {name: datetime.date.fromisoformat(getattr(row, name)) for name in _DATES}
    return Session(**parts, languages=tuple(json.loads(row.languages)), consent=json.loads(row.consent))


def session_row(connection: sa.Connection, session_id: str, *, lock: bool = False) -> Any:
    """The row of a session; raises where there is none."""
    query = sa.select(sessions).where(sessions.c.session_id == session_id)
    found = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise SessionError(f"session {session_id!r}: this store does not know it.", "unknown")
    return found


def open_session(connection: sa.Connection, session: Session) -> Session:
    """Keep a new session; the same one again changes nothing."""
    query = sa.select(sessions).where(
        (sessions.c.session_id == session.session_id) | (sessions.c.join_code == session.join_code)
    )
    for row in connection.execute(query):
        if session_from(row) == session:
            return session
        what = "this id" if row.session_id == session.session_id else f"the join code {session.spoken_code}"
        raise SessionError(f"session: another one with {what} is in this store already.", "exists")
    connection.execute(sa.insert(sessions), {**_row_from(session), "ticket_key": secrets.token_hex(32)})
    return session


def by_code(connection: sa.Connection, code: str, *, include_closed: bool) -> Session:
    """The session with a join code, an open one first; raises where there is none."""
    query = sa.select(sessions).where(sessions.c.join_code == code)
    found = sorted(map(session_from, connection.execute(query)), key=lambda one: (one.state != "open", one.session_id))
    if found and (include_closed or found[0].state == "open"):
        return found[0]
    raise SessionError(f"join code {code!r}: no {'' if include_closed else 'open '}session has it.", "unknown")


def close(connection: sa.Connection, session_id: str) -> Session:
    """Close a session that is open; one that was revealed stays so."""
    if session_row(connection, session_id, lock=True).state != "open":
        return session_from(session_row(connection, session_id))
    was_revealed = sa.select(releases.c.session_id).where(releases.c.session_id == session_id)
    revealed = connection.execute(was_revealed).scalar() is not None
    return set_state(connection, session_id, "revealed" if revealed else "closed")


def set_state(connection: sa.Connection, session_id: str, state: str) -> Session:
    """Open, close or reveal a session."""
    session_row(connection, session_id, lock=True)
    connection.execute(sa.update(sessions).where(sessions.c.session_id == session_id).values(state=state))
    return session_from(session_row(connection, session_id))


def set_head_count(connection: sa.Connection, session_id: str, head_count: int) -> Session:
    """Let more people in, or fewer; never fewer than are in."""
    session_row(connection, session_id, lock=True)
    joined = count(connection, session_id).joined
    if head_count < joined:
        raise SessionError(
            f"head_count: expected {joined} or more, for {joined} have joined; got {head_count}.", "full"
        )
    connection.execute(sa.update(sessions).where(sessions.c.session_id == session_id).values(head_count=head_count))
    return session_from(session_row(connection, session_id))


def count(connection: sa.Connection, session_id: str) -> Counts:
    """How many joined and how many sent."""
    joined = sa.select(sa.func.count()).select_from(tickets).where(tickets.c.session_id == session_id)
    sent = sa.select(sa.func.count()).select_from(events)
    sent = sent.where(events.c.session_id == session_id, IS_FIRST, events.c.kind == "response")
    return Counts(connection.execute(joined).scalar_one(), connection.execute(sent).scalar_one())
