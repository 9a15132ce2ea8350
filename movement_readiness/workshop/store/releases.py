"""What was released, and whether one more release could give a few people's answers away."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from movement_readiness.exceptions import SessionError
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.workshop.store.days import today
from movement_readiness.workshop.store.schema import APPLICATION_ID, releases, sessions
from movement_readiness.workshop.store.sittings import session_row

__all__ = ["Page", "frozen", "revealed", "save", "shown"]

# Two releases whose respondents differ by fewer people than this tell what those few answered.
_FEWEST = 5
_ONE_AT_A_TIME = APPLICATION_ID + 1  # two teams' pages at once would not see each other


class Page(NamedTuple):
    """A page, how many people it speaks of, the responses it was made from, and whether it shows any number."""

    html: str
    response_ids: Collection[str]
    n: int
    shown: bool


def frozen(connection: sa.Connection, session_id: str) -> str | None:
    """The page that was released for a session, None before that."""
    session_row(connection, session_id)
    query = sa.select(releases.c.html).where(releases.c.session_id == session_id)
    found: str | None = connection.execute(query).scalar()
    return found


def shown(connection: sa.Connection, session_id: str) -> bool | None:
    """Whether the page that was released for a session showed any number, None before that."""
    query = sa.select(releases.c.shown).where(releases.c.session_id == session_id)
    found = connection.execute(query).scalar()
    return None if found is None else bool(found)


def save(connection: sa.Connection, session_id: str, page: Page) -> str:
    """Freeze the page of a session, or give the first one back; raises where it would tell too much."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
    session = session_row(connection, session_id, lock=True)
    first, first_shown = frozen(connection, session_id), shown(connection, session_id)
    is_new = first is None or (page.shown and not first_shown)
    if is_new:
        if page.shown:
            _check_difference(connection, session, set(page.response_ids))
        connection.execute(sa.delete(releases).where(releases.c.session_id == session_id))
        connection.execute(sa.insert(releases), _row(session, page))
    change = sa.update(sessions).where(sessions.c.session_id == session_id)
    connection.execute(change.values(state="revealed"))
    return page.html if first is None or is_new else first


def revealed(connection: sa.Connection) -> list[RevealedPage]:
    """The pages that are out, without those of rehearsals."""
    place = [sessions.c[name] for name in ("site", "team", "wave", "form")]
    query = sa.select(*place, releases.c.response_ids, releases.c.shown)
    query = query.join(releases, releases.c.session_id == sessions.c.session_id).where(releases.c.rehearsal == 0)
    found = connection.execute(query.order_by(*place, releases.c.session_id))
    return [RevealedPage(*row[:4], frozenset(json.loads(row.response_ids)), bool(row.shown)) for row in found]


def _check_difference(connection: sa.Connection, session: Any, ids: set[str]) -> None:
    same = [
        releases.c[name] == getattr(session, name) for name in ("site", "team", "wave", "instrument_id", "rehearsal")
    ]
    query = sa.select(releases.c.response_ids).where(*same, releases.c.shown == 1)
    for earlier in connection.execute(query).scalars():
        before = set(json.loads(earlier))
        came, went = len(ids - before), len(before - ids)
        if ids & before and (0 < came < _FEWEST or 0 < went < _FEWEST):
            raise SessionError(
                f"release: since an earlier page of this team and wave {came} people came to it and {went} went; both "
                f"pages together could show what those few answered. Either number has to be 0, or {_FEWEST} or more.",
                "revealed",
            )


def _row(session: Any, page: Page) -> dict[str, Any]:
    same = ("session_id", "site", "team", "wave", "instrument_id", "rehearsal")
    return {
        **{name: getattr(session, name) for name in same},
        "on_date": today(),
        "n": int(page.n),
        "response_ids": json.dumps(sorted(set(page.response_ids))),
        "html": page.html,
        "shown": int(page.shown),
    }
