"""Events of responses: written once, read back as the response they add up to."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa

from movement_readiness.exceptions import ResponseConflictError, ResponseWithdrawnError
from movement_readiness.responses.response import Response
from movement_readiness.workshop.store.schema import CONSENT, FIRST, IS_FIRST, events

__all__ = ["Added", "add", "first_event", "insert_once", "latest", "refuse_withdrawn", "response_from", "row_of"]

Added = Literal["stored", "unchanged"]
_OF_CONTENTS = (
    events.c.response_id,
    events.c.number,
    events.c.on_date,
    events.c.instrument_id,
    events.c.instrument_version,
    events.c.instrument_sha256,
    events.c.content,
)


def insert_once(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted."""
    statement = _insert_once(connection.dialect.name, table)
    return bool(connection.execute(statement, row, execution_options={"preserve_rowcount": True}).rowcount == 1)


@cache
def _insert_once(dialect: str, table: sa.Table) -> sa.Insert:
    insert: Any
    if dialect == "sqlite":  # a dialect is loaded only where it is used
        from sqlalchemy.dialects.sqlite import insert
    else:
        from sqlalchemy.dialects.postgresql import insert
    statement: sa.Insert = insert(table).on_conflict_do_nothing()
    return statement


def row_of(response: Response, number: int, kind: str) -> dict[str, Any]:
    """The event that keeps a response."""
    return {
        "response_id": response.response_id,
        "number": number,
        "kind": kind,
        "on_date": response.submitted_on.isoformat(),
        "session_id": response.session,
        "rehearsal": int(response.rehearsal),
        "instrument_id": response.instrument_id,
        "instrument_version": response.instrument_version,
        "instrument_sha256": response.instrument_sha256,
        "receipt_sha256": response.receipt_sha256,
        "content_sha256": response.content_sha256,
        "content": _json(response.content),
    }


def _consent_row(response: Response) -> dict[str, Any]:
    content = {"consent_sha256": response.consent_sha256, "language": response.language, "form": response.form}
    return {
        "response_id": response.response_id,
        "number": CONSENT,
        "kind": "consent",
        "on_date": response.submitted_on.isoformat(),
        "content": _json(content),
    }


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def response_from(content: str, on_date: str) -> Response:
    """The response that an event keeps."""
    return Response(**json.loads(content), submitted_on=datetime.date.fromisoformat(on_date))


def first_event(connection: sa.Connection, response_id: str, *, lock: bool = False) -> Any:
    """The first event of a response, None where there is none."""
    query = sa.select(events).where(events.c.response_id == response_id, IS_FIRST)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def latest(connection: sa.Connection, response_id: str) -> Any:
    """The last event of a response, None where there is none."""
    query = sa.select(events).where(events.c.response_id == response_id, events.c.number >= FIRST)
    return connection.execute(query.order_by(events.c.number.desc()).limit(1)).one_or_none()


def hashes(connection: sa.Connection, response_id: str) -> list[str | None]:
    """The hashes of what was ever sent under this id, in order."""
    query = sa.select(events.c.content_sha256).where(events.c.response_id == response_id, events.c.number >= FIRST)
    return list(connection.execute(query.order_by(events.c.number)).scalars())


def refuse_withdrawn(found: Any) -> None:
    """Raise if the first event of a response says that it was withdrawn."""
    if found is not None and found.kind == "withdraw":
        raise ResponseWithdrawnError(f"response {found.response_id}: it was withdrawn; it is not taken again.")


def settled(connection: sa.Connection, response: Response) -> bool:
    """Whether the same content is there already; raises if other content is, or the response was withdrawn."""
    found = first_event(connection, response.response_id)
    if found is None:
        return False
    refuse_withdrawn(found)
    sent = response.content_sha256
    if sent == found.content_sha256 or sent in hashes(connection, response.response_id):
        return True
    raise ResponseConflictError(
        f"response {response.response_id}: it is stored with other answers already; those were kept."
    )


def add(connection: sa.Connection, response: Response) -> Added:
    """Store a response and the consent that came before it; two that race are told apart by the key."""
    if not insert_once(connection, events, row_of(response, FIRST, "response")):
        settled(connection, response)
        return "unchanged"
    if response.consent_sha256 is not None:
        connection.execute(sa.insert(events), _consent_row(response))
    return "stored"


def contents(connection: sa.Connection, conditions: Iterable[Any] = ()) -> Iterable[Any]:
    """Every event that holds answers, the later ones of a response after its earlier ones."""
    query = sa.select(*_OF_CONTENTS).where(events.c.kind.in_(("response", "amend")), *conditions)
    return connection.execute(query.order_by(events.c.number))
