"""A copy of a store that is in use, whole, made in one moment, and free of what was deleted."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import exc

from movement_readiness.exceptions import ArgumentError, StoreError
from movement_readiness.workshop.store.database import Database
from movement_readiness.workshop.store.errors import translated
from movement_readiness.workshop.store.files import sync_folder

__all__ = ["checked_target", "copy_file", "put_in_place"]


def checked_target(path: str | os.PathLike[str]) -> Path:
    """The path of a file that is not there yet, in a folder that is."""
    target = Path(path)
    if target.exists():
        raise ArgumentError(f"path: expected a new file; {str(target)!r} is there already and was left as it is.")
    if not target.absolute().parent.is_dir():
        raise ArgumentError(f"path: the folder {str(target.parent)!r} does not exist; make it first.")
    return target


def copy_file(database: Database, target: Path) -> None:
    """Copy what is committed now; writers go on. ``VACUUM INTO`` reads rows, so deleted bytes are not copied."""
    part = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(database.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("VACUUM INTO ?", (str(part.absolute()),))
        put_in_place(part, target)
    except OSError as error:
        raise StoreError(f"{target}: the copy cannot be written ({error.strerror}).", "read_only") from None
    except (sqlite3.Error, exc.SQLAlchemyError) as error:
        raise translated(error, str(target)) from None
    finally:
        part.unlink(missing_ok=True)


def put_in_place(part: Path, target: Path) -> None:
    """Give a finished file its name once its bytes are on the disk; one that came meanwhile is not replaced."""
    handle = os.open(part, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    checked_target(target)
    part.replace(target)
    sync_folder(target.absolute().parent)
