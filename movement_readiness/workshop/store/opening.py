"""From a path or an address to a database that is ready: made, migrated, or refused with one sentence."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from movement_readiness.exceptions import ArgumentError, MissingDependencyError, StoreError
from movement_readiness.workshop.store.database import Database
from movement_readiness.workshop.store.errors import translated
from movement_readiness.workshop.store.migrations import MIGRATIONS, bring_up_to_date, version_of
from movement_readiness.workshop.store.sqlite import check_place, sqlite_engine

__all__ = ["Opened", "opened"]


class Opened:
    """A database, the path of its file where it is one, and a copy to delete in the end where one was needed."""

    def __init__(self, database: Database, path: Path | None, copied: tempfile.TemporaryDirectory[str] | None) -> None:
        self.database, self.path, self._copied = database, path, copied

    def close(self) -> None:
        """Close the connections and delete the copy."""
        self.database.close()
        if self._copied is not None:
            self._copied.cleanup()


def opened(location: str | os.PathLike[str], *, read_only: bool, busy_timeout: float) -> Opened:
    """Open, and make or migrate what has to be."""
    place = _place(location)
    if isinstance(place, sa.URL):
        return _postgresql(place, read_only=read_only, busy_timeout=busy_timeout)
    place = place.absolute()  # whoever opened it may change the working folder later
    check_place(place, create=not read_only)
    if read_only:
        return _to_be_read(place, busy_timeout)
    database = Database(
        sqlite_engine(place, mode="rw", busy_timeout=busy_timeout, write_ahead=False), str(place), read_only=False
    )
    _closing_on_error(database, lambda: database.read(lambda connection: version_of(connection, str(place))))
    database.engine.dispose()  # nothing but ours gets a write-ahead log
    database.engine = sqlite_engine(place, mode="rw", busy_timeout=busy_timeout, write_ahead=True)
    _migrate(database)
    return Opened(database, place, None)


def _place(location: object) -> Path | sa.URL:
    """The path of a file, or an address."""
    if isinstance(location, os.PathLike):
        return Path(location)
    if not isinstance(location, str) or not location.strip():
        raise ArgumentError(f"location: expected a path or an address of a database; got {location!r}.")
    if "://" not in location:
        return Path(location)
    return _address(location)


def _address(location: str) -> Path | sa.URL:
    try:
        url = sa.make_url(location)
    except (exc.ArgumentError, ValueError):
        raise ArgumentError("location: expected an address such as postgresql+psycopg://user@host/name.") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ArgumentError("location: expected a file; a store in memory would lose everything.")
        return Path(url.database)
    if url.get_backend_name() != "postgresql":
        known = "a path, sqlite:///path or postgresql+psycopg://user@host/name"
        raise ArgumentError(f"location: expected {known}; got an address of {url.get_backend_name()!r}.")
    return url.set(drivername="postgresql+psycopg")


def _closing_on_error(database: Database, step: Any) -> Any:
    try:
        return step()
    except BaseException:
        database.close()
        raise


def _migrate(database: Database) -> None:
    def look() -> None:
        found = database.read(lambda connection: version_of(connection, database.location))
        if found == len(MIGRATIONS):
            return
        if database.read_only:
            raise StoreError(
                f"{database.location}: it has to be opened for writing once, to bring it up to date.", "missing"
            )
        database.write(lambda connection: bring_up_to_date(connection, database.location))

    _closing_on_error(database, look)


# --- read-only


def _to_be_read(path: Path, busy_timeout: float) -> Opened:
    """As it is; where SQLite cannot, as a file that nobody changes; where that would hide something, as a copy."""
    try:
        found = _readable(path, path, busy_timeout, "")
    except StoreError as error:
        if error.reason not in ("missing", "read_only"):
            raise
        return _unchanging(path, busy_timeout)
    return found if found is not None else _copied(path, busy_timeout)


def _readable(path: Path, named: Path, busy_timeout: float, options: str) -> Opened | None:
    """None for a store of an older program, which has to be migrated before it can be read."""
    engine = sqlite_engine(path, mode="ro", busy_timeout=busy_timeout, options=options)
    database = Database(engine, str(named), read_only=True)
    version = _closing_on_error(database, lambda: database.read(lambda connection: version_of(connection, str(named))))
    if version == len(MIGRATIONS):
        return Opened(database, named, None)
    database.close()
    if version == 0:
        raise StoreError(f"{named}: it is empty; nothing was ever stored there.", "missing")
    return None


def _unchanging(path: Path, busy_timeout: float) -> Opened:
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        return _copied(path, busy_timeout)  # the log holds what the file does not yet
    found = _readable(path, path, busy_timeout, "&immutable=1")
    return found if found is not None else _copied(path, busy_timeout)


def _copied(path: Path, busy_timeout: float) -> Opened:
    folder = tempfile.TemporaryDirectory(prefix="movement-readiness-")  # its owner alone can read it
    try:
        copy = Path(folder.name) / "copy.sqlite"
        for ending in ("", "-wal"):
            source = path.with_name(path.name + ending)
            if source.exists():
                shutil.copyfile(source, copy.with_name(copy.name + ending))
        opened(copy, read_only=False, busy_timeout=busy_timeout).close()
        found = _readable(copy, path, busy_timeout, "")
    except OSError as error:
        folder.cleanup()
        raise StoreError(f"{path}: it cannot be copied to be read ({error.strerror}).", "read_only") from None
    except BaseException:
        folder.cleanup()
        raise
    if found is None:  # pragma: no cover  (it was migrated the line before)
        raise StoreError(f"{path}: it cannot be read.", "corrupt")
    return Opened(found.database, path, folder)


# --- PostgreSQL


def _postgresql(url: sa.URL, *, read_only: bool, busy_timeout: float) -> Opened:
    location = url.render_as_string(hide_password=True).replace(":***@", "@")
    try:
        engine = sa.create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "location: a store on PostgreSQL needs psycopg; install movement-readiness[postgres]."
        ) from None
    except (exc.SQLAlchemyError, ImportError) as error:
        raise translated(error, location) from None

    def set_up(connection: Any, record: object) -> None:  # noqa: ARG001  (SQLAlchemy hands both)
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {max(round(busy_timeout * 1000), 1)}")
        connection.execute("SET synchronous_commit = on")
        if read_only:
            connection.execute("SET default_transaction_read_only = on")
        connection.autocommit = False

    sa.event.listen(engine, "connect", set_up)
    database = Database(engine, location, read_only=read_only)
    _migrate(database)
    return Opened(database, None, None)
