"""How a store came to be as it is: numbered steps, each recorded with the day and the hash of its statements.

A released step is never changed; a change of the tables is a new step at the end.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store.days import today
from movement_readiness.workshop.store.schema import APPLICATION, APPLICATION_ID, meta, migrations

__all__ = ["MIGRATIONS", "Migration", "bring_up_to_date", "version_of"]


@dataclass(frozen=True, slots=True)
class Migration:
    """One step; ``{keyed}`` keeps SQLite's rows in the order of their key, which says nothing of their arrival."""

    number: int
    name: str
    statements: tuple[str, ...]

    @property
    def checksum(self) -> str:
        """Hash of the statements."""
        return hashlib.sha256("\n".join(self.statements).encode()).hexdigest()


MIGRATIONS = (
    Migration(
        1,
        "events, sessions and tickets",
        (
            "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT){keyed}",
            "CREATE TABLE migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, "
            "applied_on TEXT NOT NULL, checksum TEXT NOT NULL)",
            "CREATE TABLE events (response_id TEXT NOT NULL, number INTEGER NOT NULL, "
            "kind TEXT NOT NULL CHECK (kind IN ('consent', 'response', 'amend', 'withdraw')), "
            "on_date TEXT NOT NULL, session_id TEXT, rehearsal INTEGER, instrument_id TEXT, instrument_version TEXT, "
            "instrument_sha256 TEXT, receipt_sha256 TEXT, content_sha256 TEXT, content TEXT, "
            "PRIMARY KEY (response_id, number)){keyed}",
            "CREATE INDEX events_of_session ON events (session_id) WHERE number = 1",
            "CREATE INDEX events_of_receipt ON events (receipt_sha256) WHERE number = 1",
            "CREATE TABLE sessions (session_id TEXT NOT NULL PRIMARY KEY, join_code TEXT NOT NULL, "
            "state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'revealed')), head_count INTEGER NOT NULL, "
            "site TEXT NOT NULL, team TEXT NOT NULL, wave TEXT NOT NULL, instrument_id TEXT NOT NULL, "
            "instrument_version TEXT NOT NULL, instrument_sha256 TEXT NOT NULL, form TEXT NOT NULL, "
            "aim_id TEXT NOT NULL, languages TEXT NOT NULL, rehearsal INTEGER NOT NULL, "
            "shared_device INTEGER NOT NULL, retest INTEGER NOT NULL, consent TEXT NOT NULL, opened_on TEXT NOT NULL, "
            "withdraw_until TEXT NOT NULL, ticket_key TEXT NOT NULL){keyed}",
            "CREATE INDEX sessions_by_code ON sessions (join_code)",
            "CREATE TABLE tickets (ticket_sha256 TEXT NOT NULL PRIMARY KEY, "
            "session_id TEXT NOT NULL REFERENCES sessions (session_id), used INTEGER NOT NULL, "
            "response_id TEXT UNIQUE){keyed}",
            "CREATE INDEX tickets_of_session ON tickets (session_id)",
        ),
    ),
    Migration(
        2,
        "log of what was released",
        (
            "CREATE TABLE releases (session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (session_id), "
            "on_date TEXT NOT NULL, site TEXT NOT NULL, team TEXT NOT NULL, wave TEXT NOT NULL, "
            "instrument_id TEXT NOT NULL, rehearsal INTEGER NOT NULL, n INTEGER NOT NULL, "
            "response_ids TEXT NOT NULL, html TEXT NOT NULL){keyed}",
            "CREATE INDEX releases_of_team ON releases (site, team, wave)",
        ),
    ),
    Migration(
        3,
        "whether a page showed numbers, and which sessions came from another store",
        (
            "ALTER TABLE releases ADD COLUMN shown INTEGER NOT NULL DEFAULT 1",
            "ALTER TABLE sessions ADD COLUMN own INTEGER NOT NULL DEFAULT 1",
        ),
    ),
    Migration(
        4,
        "log of what was shown about teams and sites",
        (
            "CREATE TABLE release_log (release_key TEXT NOT NULL PRIMARY KEY, released_on TEXT NOT NULL, "
            "wave TEXT NOT NULL, form TEXT NOT NULL, content TEXT NOT NULL){keyed}",
        ),
    ),
)


def version_of(connection: sa.Connection, location: str) -> int:
    """The number of the last step, 0 for an empty database; raises for one of another program or a newer one."""
    there = set(sa.inspect(connection).get_table_names())
    if connection.dialect.name == "sqlite":
        ours = connection.exec_driver_sql("PRAGMA application_id").scalar_one() == APPLICATION_ID
        empty = not there
    else:  # a database may hold other tables beside these
        ours = {"meta", "migrations"} <= there and _application(connection) == APPLICATION
        empty = not there & {"meta", "migrations", "events", "sessions", "tickets", "releases", "release_log"}
    if not ours and empty:
        return 0
    if not ours or "migrations" not in there:
        raise StoreError(f"{location}: it belongs to another program; choose another place for the store.", "foreign")
    done = {row.number: row.checksum for row in connection.execute(sa.select(migrations))}
    return _checked(done, location)


def _application(connection: sa.Connection) -> str | None:
    columns = {column["name"] for column in sa.inspect(connection).get_columns("meta")}
    if not {"name", "value"} <= columns:
        return None
    found: str | None = connection.execute(sa.select(meta.c.value).where(meta.c.name == "application")).scalar()
    return found


def _checked(done: dict[int, str], location: str) -> int:
    known = {step.number: step.checksum for step in MIGRATIONS}
    last = max(done, default=0)
    if last > len(MIGRATIONS):
        raise StoreError(
            f"{location}: made by a newer version of movement_readiness (its tables have version {last}, this program "
            f"knows {len(MIGRATIONS)}); update the program. Nothing was changed.",
            "newer",
        )
    if done != {number: known[number] for number in range(1, last + 1)}:
        raise StoreError(f"{location}: its record of migrations is not ours; nothing was changed.", "foreign")
    return last


def bring_up_to_date(connection: sa.Connection, location: str, upto: int | None = None) -> None:
    """Do the steps that are missing, in the transaction of the connection; two programs may try at once."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPLICATION_ID})")
    done = version_of(connection, location)
    for step in MIGRATIONS[done:upto]:
        for statement in step.statements:
            keyed = " WITHOUT ROWID" if connection.dialect.name == "sqlite" else ""
            connection.exec_driver_sql(statement.replace("{keyed}", keyed))
        record = {"number": step.number, "name": step.name, "applied_on": today(), "checksum": step.checksum}
        connection.execute(sa.insert(migrations), record)
    if done == 0:
        connection.execute(sa.insert(meta), {"name": "application", "value": APPLICATION})
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
