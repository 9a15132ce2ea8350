"""`Database`: short transactions on one engine, tried again where that helps, with errors in words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store.errors import is_passing, translated

__all__ = ["Database"]

T = TypeVar("T")
_TRIES = 10


class Database:
    """Runs functions of a connection, each in one transaction of its own.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    location : str
        How errors name it; without a password.
    read_only : bool
    """

    def __init__(self, engine: sa.Engine, location: str, *, read_only: bool) -> None:
        self.engine, self.location, self.read_only = engine, location, read_only
        self._closed = False
        # SQLite lets one writer in; threads of one process wait here, in turn, and not in its busy loop.
        self._one_writer = threading.Lock() if engine.dialect.name == "sqlite" else None

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of SQLite."""
        return self.engine.dialect.name == "sqlite"

    def read(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` finds, all of it at one moment."""
        self._check_open()
        return self._attempt(work, writing=False)

    def write(self, work: Callable[[sa.Connection], T]) -> T:
        """What `work` gives back once everything it did is on the disk; nothing of it is done if it raises."""
        self._check_open()
        if self.read_only:
            raise StoreError(f"{self.location}: it was opened read-only; nothing was changed.", "read_only")
        if self._one_writer is None:
            return self._attempt(work, writing=True)
        with self._one_writer:
            return self._attempt(work, writing=True)

    def _attempt(self, work: Callable[[sa.Connection], T], *, writing: bool) -> T:
        tried = 0
        while True:
            try:
                return self._once(work, writing=writing)
            except exc.SQLAlchemyError as error:
                tried += 1
                if not is_passing(error) or tried == _TRIES:
                    raise translated(error, self.location) from None
                time.sleep(0.01 * 2**tried)

    def _once(self, work: Callable[[sa.Connection], T], *, writing: bool) -> T:
        with self.engine.connect().execution_options(writing=writing) as connection, connection.begin():
            return work(connection)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.location}: the store was closed; open it again.", "closed")

    def close(self) -> None:
        """Close every connection; on SQLite the last one folds the write-ahead log into the file."""
        self._closed = True
        self.engine.dispose()
