"""SQLite as a store needs it: one writer at a time, on the disk before it is acknowledged, overwritten when deleted."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from movement_readiness.exceptions import StoreError

__all__ = ["check_place", "sqlite_engine"]

_HEADER = b"SQLite format 3\0"
# Rows of about 1.5 kB fit whole into pages of 8 kB.
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


def check_place(path: Path, *, create: bool) -> None:
    """Raise one sentence if a store cannot be at this path; make an empty file that only its owner can read."""
    try:
        _check_place(path, create=create)
    except PermissionError:
        raise StoreError(
            f"{path}: it may not be read or made by this user; check the permissions.", "read_only"
        ) from None
    except OSError as error:
        raise StoreError(f"{path}: it cannot be opened ({error.strerror}).", "missing") from None


def _check_place(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise StoreError(f"{path}: expected a file; this is a folder.", "foreign")
    if not path.exists():
        if not create:
            raise StoreError(f"{path}: there is no such file.", "missing")
        if not path.parent.is_dir():
            raise StoreError(f"{path}: the folder {str(path.parent)!r} does not exist; make it first.", "missing")
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return
    with path.open("rb") as file:
        begins = file.read(len(_HEADER))
    half_made = path.with_name(path.name + "-journal").exists()  # SQLite puts that right when it opens the file
    if begins and begins != _HEADER and not half_made:
        raise StoreError(f"{path}: expected a store of responses; {_guess(begins)}.", "foreign")
    if create and not (os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)):
        raise StoreError(f"{path}: file or folder may not be written by this user; open it read-only.", "read_only")


def _guess(begins: bytes) -> str:
    if begins.startswith(b"PK"):
        return "this is a workbook or another zipped file"
    if begins.isascii() and b"\0" not in begins:
        return "this is a text file"
    return "this is some other file, or a damaged one"


def sqlite_engine(
    path: Path, *, mode: str, busy_timeout: float, options: str = "", write_ahead: bool = False
) -> sa.Engine:
    """An engine on one file.

    Parameters
    ----------
    path : pathlib.Path
    mode : {"ro", "rw"}
    busy_timeout : float
        Seconds to wait for another writer.
    options : str
        More of SQLite's URI parameters, such as ``"&immutable=1"``.
    write_ahead : bool
        Turn the write-ahead log on where it is not.
    """
    address = f"{path.absolute().as_uri()}?mode={mode}{options}"  # quotes '#', '?' and '%'

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            address, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            _set_up(connection, busy_timeout, write_ahead=write_ahead)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = sa.create_engine("sqlite://", creator=_as_creator(connect), poolclass=QueuePool, pool_size=5)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _as_creator(connect: Callable[[], sqlite3.Connection]) -> Callable[[], Any]:
    return connect


def _begin(connection: sa.Connection) -> None:
    """A writer takes its lock at once: one that reads first and then wants to write can be refused at any time."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _set_up(connection: sqlite3.Connection, busy_timeout: float, *, write_ahead: bool) -> None:
    connection.execute(f"PRAGMA busy_timeout = {round(busy_timeout * 1000)}")
    if write_ahead:
        connection.execute("PRAGMA page_size = 8192")  # of a file that is still empty; no other one changes
        _turn_write_ahead_on(connection, busy_timeout)
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _turn_write_ahead_on(connection: sqlite3.Connection, busy_timeout: float) -> None:
    """SQLite does not wait by itself when several programs turn it on in the same moment."""
    until = time.monotonic() + busy_timeout
    while not _is_write_ahead(connection, final=time.monotonic() > until):
        time.sleep(0.02)


def _is_write_ahead(connection: sqlite3.Connection, *, final: bool) -> bool:
    try:
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if final or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise
        return False
    return True
