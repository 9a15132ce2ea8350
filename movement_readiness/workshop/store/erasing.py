"""Making deleted answers unfindable: in the file, in the write-ahead log, in a backup that is put back."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import cast

import sqlalchemy as sa
from sqlalchemy import exc

from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store.corrections import PENDING, erase
from movement_readiness.workshop.store.database import Database
from movement_readiness.workshop.store.files import write_owned
from movement_readiness.workshop.store.schema import events, meta

__all__ = ["Sweeper", "WithdrawalList", "pending", "withdrawn_ids"]

_PATIENCE = 500  # milliseconds for readers to finish, the first time
_LONGEST_PAUSE = 60  # seconds between two tries while somebody goes on reading


def pending(connection: sa.Connection) -> str | None:
    """A token while bytes of withdrawn answers may still be in a file; another one after each withdrawal."""
    found: str | None = connection.execute(sa.select(meta.c.value).where(meta.c.name == PENDING)).scalar()
    return found


class Sweeper:
    """Rebuilds the file from what is left in it and empties the log, as soon as nobody reads it any more.

    ``secure_delete`` overwrites what is deleted, but a page that was split before may still have a copy of what
    moved to its neighbour; so the file is rebuilt, which leaves no such copy.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted = True  # an earlier program may have left something to do
        self._rebuilt: str | None = None
        self._pause, self._not_before = 0.0, 0.0

    def want(self) -> None:
        """Something was withdrawn."""
        self._wanted, self._pause, self._not_before = True, 0.0, 0.0

    def run(self, *, even_now: bool = False) -> None:
        """Do what there is to do; after a try in vain, the next ones are further and further apart."""
        if not self._wanted or self._database.read_only or (time.monotonic() < self._not_before and not even_now):
            return
        token = self._database.read(pending)
        self._wanted = token is not None and not self._swept(token)
        if self._wanted:
            self._not_before = time.monotonic() + self._pause
            self._pause = min(max(1.0, 2 * self._pause), _LONGEST_PAUSE)
        elif token is not None:
            done = sa.delete(meta).where(meta.c.name == PENDING, meta.c.value == token)
            self._database.write(lambda connection: connection.execute(done))

    def _swept(self, token: str) -> bool:
        if not self._database.is_sqlite:
            return _vacuumed(self._database)
        try:
            with closing(self._database.engine.raw_connection()) as pooled:
                return self._swept_file(cast("sqlite3.Connection", pooled.driver_connection), token)
        except (sqlite3.Error, exc.SQLAlchemyError):
            return False  # another writer, a full disk

    def _swept_file(self, connection: sqlite3.Connection, token: str) -> bool:
        before = connection.execute("PRAGMA busy_timeout").fetchone()[0]
        connection.execute(f"PRAGMA busy_timeout = {min(before, 0 if self._pause else _PATIENCE)}")
        try:
            if self._rebuilt != token:
                _rebuild(connection)
                self._rebuilt = token
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {before}")


def _rebuild(connection: sqlite3.Connection) -> None:
    connection.execute("VACUUM")


def _vacuumed(database: Database) -> bool:
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
            write_owned(self._path, "".join(f"{one}\n" for one in sorted(ids)), flags=os.O_APPEND)
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
