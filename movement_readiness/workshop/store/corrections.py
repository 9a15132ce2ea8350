"""What a person can still do after sending: correct the answers, or have them deleted."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any, Literal

import sqlalchemy as sa

from movement_readiness.exceptions import ArgumentError, ResponseConflictError, SessionError, StoreError
from movement_readiness.responses.response import Response
from movement_readiness.workshop.receipts import receipt_sha256
from movement_readiness.workshop.store.days import today
from movement_readiness.workshop.store.events import first_event, hashes, insert_once, refuse_withdrawn, row_of
from movement_readiness.workshop.store.schema import FIRST, IS_FIRST, events, meta, sessions, tickets

__all__ = ["PENDING", "Amended", "Withdrawn", "amend", "erase", "ids_to_withdraw"]

Amended = Literal["amended", "unchanged"]
Withdrawn = Literal["withdrawn", "unchanged"]
PENDING = "erasure_pending"  # the name of a token that is another one after each withdrawal
_SETTLED = ("session", "site", "team", "wave", "form", "rehearsal", "instrument_id", "instrument_sha256")


def amend(connection: sa.Connection, response: Response, receipt: str, revision: int) -> Amended:
    """Add a correction after the `revision` events that the device knows of."""
    found = first_event(connection, response.response_id, lock=True)
    if found is None:
        raise StoreError(f"response {response.response_id}: this store does not know it.", "missing")
    refuse_withdrawn(found)
    if found.receipt_sha256 is None or found.receipt_sha256 != receipt_sha256(receipt):
        raise SessionError("receipt: it is not the code of this response.", "receipt")
    corrected = replace(response, receipt_sha256=found.receipt_sha256)
    sent = hashes(connection, response.response_id)
    if revision < len(sent) and revision >= 1 and sent[revision] == corrected.content_sha256:
        return "unchanged"
    if found.session_id is not None:
        _check_open(connection, found.session_id)
    if revision != len(sent):
        raise ResponseConflictError(
            f"revision: expected {len(sent)}, the number of times it was sent; got {revision}. Load it anew."
        )
    _check_settled(found, corrected)
    row = row_of(corrected, FIRST + len(sent), "amend")
    connection.execute(sa.insert(events), row)
    return "amended"


def _check_open(connection: sa.Connection, session_id: str) -> None:
    query = sa.select(sessions.c.state).where(sessions.c.session_id == session_id).with_for_update(read=True)
    if connection.execute(query).scalar() not in ("open", None):  # None: a saved file of a session elsewhere
        raise SessionError("session: it is closed; answers can no longer be corrected, only deleted.", "closed")


def _check_settled(found: Any, corrected: Response) -> None:
    before = json.loads(found.content)
    changed = [name for name in _SETTLED if before[name] != getattr(corrected, name)]
    if changed:
        raise ResponseConflictError(f"{changed[0]}: a correction cannot change it; only answers, role and language.")


def ids_to_withdraw(connection: sa.Connection, receipt: str | None) -> list[str]:
    """The responses with this receipt code, withdrawn ones too; raises where there is none, or it is too late."""
    query = sa.select(events).where(events.c.receipt_sha256 == receipt_sha256(receipt), IS_FIRST)
    found = connection.execute(query.order_by(events.c.response_id)).all()
    if not found:
        raise StoreError("receipt: no response in this store has this code; check each letter.", "missing")
    for row in found:
        if row.kind == "response" and row.session_id is not None:
            _check_last_day(connection, row.session_id)
    return [row.response_id for row in found]


def _check_last_day(connection: sa.Connection, session_id: str) -> None:
    """Raise if the day up to which participants were told they can withdraw is over."""
    until = connection.execute(
        sa.select(sessions.c.withdraw_until).where(sessions.c.session_id == session_id)
    ).scalar()  # None: a session of another store
    if until is not None and until < today():
        raise SessionError(f"receipt: answers could be deleted until {until}; ask whoever holds the data.", "closed")


def erase(connection: sa.Connection, response_id: str, *, even_unknown: bool = False) -> Withdrawn:
    """Delete everything that was stored of a response but its id (and the hash of its receipt code)."""
    if not isinstance(response_id, str) or not response_id:
        raise ArgumentError(f"response_id: expected the id of a response; got {response_id!r}.")
    found = first_event(connection, response_id, lock=True)
    if found is not None and found.kind == "withdraw":
        return "unchanged"
    if found is None:
        if not even_unknown:
            raise StoreError(f"response {response_id}: this store does not know it.", "missing")
        if insert_once(connection, events, _tombstone(response_id, None)):
            return "withdrawn"
        return erase(connection, response_id)  # it came in this moment
    connection.execute(sa.delete(events).where(events.c.response_id == response_id, events.c.number != FIRST))
    left = sa.update(events).where(events.c.response_id == response_id, IS_FIRST)
    connection.execute(left.values(_tombstone(response_id, found.receipt_sha256)))
    connection.execute(sa.update(tickets).where(tickets.c.response_id == response_id).values(response_id=None))
    connection.execute(sa.delete(meta).where(meta.c.name == PENDING))
    insert_once(connection, meta, {"name": PENDING, "value": secrets.token_hex(8)})
    return "withdrawn"


def _tombstone(response_id: str, receipt: str | None) -> dict[str, Any]:
    empty = {column.name: None for column in events.columns}
    return {
        **empty,
        "response_id": response_id,
        "number": FIRST,
        "kind": "withdraw",
        "on_date": today(),
        "receipt_sha256": receipt,
    }
