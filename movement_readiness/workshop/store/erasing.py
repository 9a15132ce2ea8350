"""Making deleted answers unfindable: in the file, in the write-ahead log, in a backup that is put back."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store.corrections import PENDING, erase
from movement_readiness.workshop.store.database import Database
from movement_readiness.workshop.store.schema import events, meta

__all__ = ["WithdrawalList", "is_pending", "sweep", "withdrawn_ids"]

_PATIENCE = 500  # milliseconds for readers to finish; after that the next write tries again


def is_pending(connection: sa.Connection) -> bool:
    """Whether bytes of withdrawn answers may still be in a file."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.name == PENDING["name"])).scalar() is not None


def sweep(database: Database) -> bool:
    """Rebuild the file from what is left in it and empty the log; whether nothing is pending afterwards.

    ``secure_delete`` overwrites what is deleted, but a page that was split before may still have a copy of what
    moved to its neighbour; so the file is rebuilt, which leaves no such copy.
    """
    if not database.read(is_pending):
        return True
    done = _sweep_sqlite(database) if database.is_sqlite else _sweep_postgresql(database)
    if done:
        database.write(lambda connection: connection.execute(sa.delete(meta).where(meta.c.name == PENDING["name"])))
    return done


def _sweep_sqlite(database: Database) -> bool:
    try:
        with closing(database.engine.raw_connection()) as pooled:
            connection = pooled.driver_connection
            return isinstance(connection, sqlite3.Connection) and _rebuild(connection)
    except (sqlite3.Error, exc.SQLAlchemyError):
        return False  # a reader, another writer, a full disk: the next write tries again


def _rebuild(connection: sqlite3.Connection) -> bool:
    before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute(f"PRAGMA busy_timeout = {min(before, _PATIENCE)}")
    try:
        connection.execute("VACUUM")
        return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {before}")


def _sweep_postgresql(database: Database) -> bool:
    try:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in ("events", "tickets"):
                connection.exec_driver_sql(f"VACUUM {table}")
    except exc.SQLAlchemyError:
        return False
    return True


def withdrawn_ids(connection: sa.Connection) -> set[str]:
    """The ids of every withdrawn response."""
    return set(connection.execute(sa.select(events.c.response_id).where(events.c.kind == "withdraw")).scalars())


class WithdrawalList:
    """A file beside a store with the ids of withdrawn responses, so that an old backup does not bring them back."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def ids(self) -> set[str]:
        """The ids in the file."""
        try:
            return set(self._path.read_text(encoding="ascii").split())
        except FileNotFoundError:
            return set()
        except (OSError, ValueError):
            raise StoreError(f"{self._path}: the list of withdrawn responses cannot be read.", "corrupt") from None

    def append(self, ids: set[str]) -> None:
        """Add ids, in an order that says nothing; on the disk when this returns."""
        if not ids:
            return
        try:
            handle = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write("".join(f"{one}\n" for one in sorted(ids)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"{self._path}: the list of withdrawn responses cannot be written ({error.strerror}).", "read_only"
            ) from None

    def replay(self, database: Database) -> None:
        """Make store and list agree: whatever either of them knows as withdrawn is."""
        listed, known = self.ids(), database.read(withdrawn_ids)
        if listed - known:
            database.write(lambda connection: [erase(connection, one, even_unknown=True) for one in listed - known])
        with suppress(StoreError):  # a list that cannot be written now is caught up at the next opening
            self.append(known - listed)
