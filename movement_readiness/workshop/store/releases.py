"""What was released, and whether one more release could give a few people's answers away."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from movement_readiness.exceptions import SessionError
from movement_readiness.workshop.store.days import today
from movement_readiness.workshop.store.schema import APPLICATION_ID, releases, sessions
from movement_readiness.workshop.store.sittings import session_row

__all__ = ["frozen", "revealed", "save"]

# Two releases whose respondents differ by fewer people than this tell what those few answered.
_FEWEST = 5
_ONE_AT_A_TIME = APPLICATION_ID + 1  # two teams' pages at once would not see each other


def frozen(connection: sa.Connection, session_id: str) -> str | None:
    """The page that was released for a session, None before that."""
    session_row(connection, session_id)
    query = sa.select(releases.c.html).where(releases.c.session_id == session_id)
    found: str | None = connection.execute(query).scalar()
    return found


def save(connection: sa.Connection, session_id: str, html: str, response_ids: Collection[str], n: int) -> str:
    """Freeze the page of a session, or give the first one back; raises where it would tell too much."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
    session = session_row(connection, session_id, lock=True)
    first = frozen(connection, session_id)
    if first is None:
        ids = sorted(set(response_ids))
        _check_difference(connection, session, set(ids))
        connection.execute(sa.insert(releases), _row(session, html, ids, n))
    change = sa.update(sessions).where(sessions.c.session_id == session_id)
    connection.execute(change.values(state="revealed"))
    return html if first is None else first


def revealed(connection: sa.Connection) -> list[tuple[str, str, str, str]]:
    """The places whose pages are out, without those of rehearsals."""
    place = [sessions.c[name] for name in ("site", "team", "wave", "form")]
    query = sa.select(*place).join(releases, releases.c.session_id == sessions.c.session_id)
    found = connection.execute(query.where(releases.c.rehearsal == 0).distinct().order_by(*place))
    return [(row.site, row.team, row.wave, row.form) for row in found]


def _check_difference(connection: sa.Connection, session: Any, ids: set[str]) -> None:
    same = [
        releases.c[name] == getattr(session, name) for name in ("site", "team", "wave", "instrument_id", "rehearsal")
    ]
    for earlier in connection.execute(sa.select(releases.c.response_ids).where(*same)).scalars():
        differ = len(ids ^ set(json.loads(earlier)))
        if 0 < differ < _FEWEST:
            raise SessionError(
                f"release: an earlier page of this team and wave differs from this one by {differ} of the people in "
                f"it; both together could show what they answered. At least {_FEWEST} are needed.",
                "revealed",
            )


def _row(session: Any, html: str, ids: list[str], n: int) -> dict[str, Any]:
    same = ("session_id", "site", "team", "wave", "instrument_id", "rehearsal")
    return {
        **{name: getattr(session, name) for name in same},
        "on_date": today(),
        "n": int(n),
        "response_ids": json.dumps(ids),
        "html": html,
    }
