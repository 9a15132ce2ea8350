"""What every part of a store shares: it is opened, it runs transactions, it is closed."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import sqlalchemy as sa

from movement_readiness._validation import check_number
from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store.erasing import Sweeper, WithdrawalList, pending
from movement_readiness.workshop.store.opening import opened

__all__ = ["StoreBase"]

T = TypeVar("T")
_LONGEST_WAIT = 3600


class StoreBase:
    """An open store; see `ResponseStore`."""

    def __init__(
        self,
        location: str | os.PathLike[str],
        *,
        read_only: bool = False,
        busy_timeout: float = 30.0,
        key_file: str | os.PathLike[str] | None = None,
    ) -> None:
        wait = check_number("busy_timeout", busy_timeout, 0, _LONGEST_WAIT)
        self._opened = opened(location, read_only=read_only, busy_timeout=wait)
        self._database, self._path = self._opened.database, self._opened.path
        beside = None if self._path is None else self._path.with_name(self._path.name + ".key")
        self._key_file = beside if key_file is None else Path(key_file)
        self._key: bytes | None = None
        self._sweeper, self._hidden = Sweeper(self._database), frozenset[str]()
        self._list = None
        if self._path is not None:
            self._list = WithdrawalList(self._path.with_name(self._path.name + ".withdrawn"))
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Let an old backup forget what was withdrawn since; finish an erasure that was cut short."""
        if self._database.read_only:
            self._hidden = frozenset(self._list.ids()) if self._list else frozenset()
            return
        if self._list is not None:
            self._list.replay(self._database)
        self._sweeper.run()

    @property
    def location(self) -> str:
        """The path or address, without a password."""
        return self._database.location

    @property
    def read_only(self) -> bool:
        """Whether it was opened for reading alone."""
        return self._database.read_only

    @property
    def erasure_pending(self) -> bool:
        """Whether bytes of withdrawn answers may still be in a file, because somebody is reading it.

        They are overwritten with the next write, or when the store is closed or opened.
        """
        return self._read(pending) is not None

    def close(self) -> None:
        """Close every connection and file; on SQLite the last one to close leaves a single file behind."""
        with suppress(StoreError):
            self._sweeper.run(even_now=True)
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.location}{' (read-only)' if self.read_only else ''}>"

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        return self._database.read(work)

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        found = self._database.write(work)
        with suppress(StoreError):  # what was to be done is done
            self._sweeper.run()
        return found

    def _erase(self, work: Callable[[sa.Connection], T]) -> T:
        """Do something that may have deleted answers."""
        self._sweeper.want()
        return self._write(work)
