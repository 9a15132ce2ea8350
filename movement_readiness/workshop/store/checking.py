"""Is a store whole? In words."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from movement_readiness.exceptions import ArgumentError, StoreError
from movement_readiness.responses.released import Release
from movement_readiness.workshop.store.migrations import MIGRATIONS
from movement_readiness.workshop.store.release_log import row_of
from movement_readiness.workshop.store.schema import events, release_log, sessions
from movement_readiness.workshop.store.trusting import RowError, check_session, fault_of

__all__ = ["in_words"]


def in_words(connection: sa.Connection, location: str) -> str:
    """One sentence about a whole store; raises where something is damaged."""
    faults = [*_database_faults(connection), *_content_faults(connection)]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise StoreError(f"{location}: it is damaged: {'; '.join(faults[:3])}{more}. Keep it; use a backup.", "corrupt")
    kinds = sa.select(events.c.kind, sa.func.count()).group_by(events.c.kind)
    counted = {row[0]: row[1] for row in connection.execute(kinds)}
    rooms = connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()
    return (
        f"{location}: whole. {counted.get('response', 0)} responses, {counted.get('amend', 0)} corrections, "
        f"{counted.get('withdraw', 0)} withdrawn, {rooms} sessions; tables of version {len(MIGRATIONS)}."
    )


def _database_faults(connection: sa.Connection) -> list[str]:
    if connection.dialect.name != "sqlite":
        return []
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
    found += [f"a row of {row[0]} points nowhere" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    return [] if found == ["ok"] else [fault for fault in found if fault != "ok"]


def _content_faults(connection: sa.Connection) -> Iterator[str]:
    query = sa.select(events).where(events.c.kind.in_(("response", "amend")))
    for row in connection.execute(query):
        fault = fault_of(dict(row._mapping))
        if fault is not None:
            yield f"the content of response {row.response_id} is not what was stored ({fault})"
    for row in connection.execute(sa.select(sessions)):
        try:
            check_session(dict(row._mapping))
        except RowError as error:
            yield f"session {row.session_id}: {error}"
    for row in connection.execute(sa.select(release_log)):
        try:
            whole = dict(row._mapping) == row_of(Release.from_json(row.content))
        except ArgumentError:
            whole = False
        if not whole:
            yield f"release {row.release_key[:12]} of the release log is not what was stored"
