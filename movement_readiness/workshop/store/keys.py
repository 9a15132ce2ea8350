"""The key under which self-generated codes are hashed: in a file that only its owner can read, never in the store."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store.database import Database
from movement_readiness.workshop.store.events import insert_once
from movement_readiness.workshop.store.files import write_owned
from movement_readiness.workshop.store.schema import meta

__all__ = ["key_of", "keyed_hash"]

_DIGITS = 64  # 256 bits
_RECORD = "retest_key_sha256"


def keyed_hash(key: bytes, element: int, text: str) -> str:
    """HMAC-SHA256 of one element, so that the same text as another element has another hash."""
    return hmac.new(key, f"retest {element} {text}".encode(), hashlib.sha256).hexdigest()


def key_of(database: Database, path: Path) -> bytes:
    """The key in this file; made where store and file are both without one, refused where they do not fit."""
    recorded = database.read(_recorded)
    if recorded is None and not database.read_only and not path.exists():
        _make(path)
    key = _read(path, database.location)
    own = hashlib.sha256(b"movement-readiness key " + key).hexdigest()
    if recorded is None:
        database.write(lambda connection: insert_once(connection, meta, {"name": _RECORD, "value": own}))
        recorded = database.read(_recorded)
    if recorded != own:
        raise StoreError(
            f"{path}: it is not the key that this store began with; codes could not be linked. Put the first one back.",
            "key",
        )
    return key


def _recorded(connection: sa.Connection) -> str | None:
    found: str | None = connection.execute(sa.select(meta.c.value).where(meta.c.name == _RECORD)).scalar()
    return found


def _make(path: Path) -> None:
    try:
        with suppress(FileExistsError):  # another program was faster
            write_owned(path, secrets.token_hex(_DIGITS // 2), flags=os.O_EXCL)
    except OSError as error:
        raise StoreError(f"{path}: the key cannot be written ({error.strerror}).", "key") from None


def _read(path: Path, location: str) -> bytes:
    for _ in range(100):  # whoever makes it may not have written it yet
        try:
            text = path.read_text(encoding="ascii").strip()
            if len(text) == _DIGITS:
                return bytes.fromhex(text)
        except FileNotFoundError:
            raise StoreError(
                f"{location}: the key of its codes is missing; put {path.name!r} back beside it.", "key"
            ) from None
        except (OSError, ValueError):
            break
        time.sleep(0.01)
    raise StoreError(f"{path}: expected a key of {_DIGITS} hexadecimal digits; put the first one back.", "key")
