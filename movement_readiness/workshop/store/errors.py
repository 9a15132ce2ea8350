"""What a database driver says, as one sentence for a person and one word for a program."""

from __future__ import annotations

from sqlalchemy import exc

from movement_readiness.exceptions import StoreError

__all__ = ["is_passing", "translated"]

_READ_ONLY = "it cannot be written here; check the permissions of the file and its folder, or open it read-only."
_FULL = "there is no space left; what was stored before is safe. Free some space, then send again."
_LOCKED = "another program is holding it; close that program or wait, then try again. Nothing was changed."
_CORRUPT = "the file is damaged; keep it, and put the last backup in its place."
_FOREIGN = "it is not a store of responses."
_MISSING = "it cannot be opened; check that the folder is there and may be read."
_DISK = "the disk could not be read or written; what was acknowledged before is safe."

# By the beginning of SQLite's name for an error; the first that fits.
_SQLITE = (
    ("SQLITE_BUSY", "locked", _LOCKED),
    ("SQLITE_LOCKED", "locked", _LOCKED),
    ("SQLITE_PROTOCOL", "locked", _LOCKED),
    ("SQLITE_READONLY", "read_only", _READ_ONLY),
    ("SQLITE_PERM", "read_only", _READ_ONLY),
    ("SQLITE_FULL", "full", _FULL),
    ("SQLITE_TOOBIG", "full", _FULL),
    ("SQLITE_IOERR_WRITE", "full", _FULL),
    ("SQLITE_CORRUPT", "corrupt", _CORRUPT),
    ("SQLITE_IOERR_SHORT_READ", "corrupt", _CORRUPT),
    ("SQLITE_NOTADB", "foreign", _FOREIGN),
    ("SQLITE_CANTOPEN", "missing", _MISSING),
    ("SQLITE_IOERR", "unreachable", _DISK),
)
# By the beginning of PostgreSQL's SQLSTATE.
_POSTGRESQL = (
    ("28", "unreachable", "the database refused the user or the password."),
    ("3D", "missing", "there is no database of that name; make it first (createdb)."),
    ("53100", "full", _FULL),
    ("53", "unreachable", "the database has no connection or memory to spare; try again."),
    ("25006", "read_only", "this database may only be read."),
    ("42501", "read_only", "this user may not write there."),
    ("55P03", "locked", _LOCKED),
    ("40", "locked", _LOCKED),
    ("57014", "locked", _LOCKED),
    ("XX", "corrupt", "the database says that it is damaged; ask whoever looks after it."),
    ("42", "foreign", "it holds tables of another program, or not all of ours."),
)
_TWO_AT_ONCE = ("40001", "40P01")


def is_passing(error: exc.SQLAlchemyError) -> bool:
    """Two transactions of PostgreSQL were in each other's way: doing the same again will do."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _TWO_AT_ONCE


def translated(error: Exception, location: str) -> StoreError:
    """The error to raise instead; a password is never part of it."""
    cause = getattr(error, "orig", None) or error
    name = getattr(cause, "sqlite_errorname", None)
    state = getattr(cause, "sqlstate", None)
    for begins, reason, sentence in _SQLITE if name else _POSTGRESQL:
        if str(name or state or "").startswith(begins):
            return StoreError(f"{location}: {sentence}", reason)
    if name is None:
        return _without_state(cause, location)
    return StoreError(f"{location}: the database refused ({name}); nothing was changed.", "unreachable")


def _without_state(cause: BaseException, location: str) -> StoreError:
    """What a driver says before it talks to a database has no state, only words."""
    words = " ".join(str(cause).split())
    if "authentication" in words or "password" in words:
        return StoreError(f"{location}: the database refused the user or the password.", "unreachable")
    if "database" in words and "does not exist" in words:
        return StoreError(f"{location}: there is no database of that name; make it first (createdb).", "missing")
    sentence = "the database cannot be reached; check that it runs, its address and the network."
    return StoreError(f"{location}: {sentence} Answers stay where they were sent from.", "unreachable")
