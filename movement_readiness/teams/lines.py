"""A file of lines that several processes read and add to, each line whole: the file of a `ReleaseLog`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["LockedLines", "locked"]

_FAR = 2**30  # a byte that no log reaches: Windows keeps others from what is locked


class LockedLines:
    """The file while nobody else writes to it."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @property
    def state(self) -> tuple[int, int, int]:
        """What is another one as soon as anything was added."""
        found = os.fstat(self._handle)
        return found.st_size, found.st_mtime_ns, found.st_ino

    def read(self) -> str:
        """The whole text."""
        os.lseek(self._handle, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self._handle, 2**20):
            parts.append(part)
        return b"".join(parts).decode("utf-8")

    def append(self, line: str) -> None:
        """Add a line and see it on the disk, or leave the file as it was."""
        before = os.lseek(self._handle, 0, os.SEEK_END)
        os.lseek(self._handle, max(before - 1, 0), os.SEEK_SET)
        start = "" if os.read(self._handle, 1) in (b"", b"\n") else "\n"
        rest = f"{start}{line}\n".encode()
        try:
            while rest:
                rest = rest[os.write(self._handle, rest) :]
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, before)
            raise


@contextmanager
def locked(path: Path, *, write: bool) -> Iterator[LockedLines]:
    """Open a file and keep others from writing to it meanwhile (made, for its owner alone, where it is to be written).

    Raises
    ------
    OSError
        It cannot be opened, or not be locked.
    """
    flags = (os.O_RDWR | os.O_CREAT | os.O_APPEND) if write else os.O_RDONLY
    handle = os.open(path, flags | getattr(os, "O_BINARY", 0), 0o600)
    try:
        _lock(handle, alone=write)
        try:
            yield LockedLines(handle)
        finally:
            _unlock(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, *, alone: bool) -> None:  # noqa: ARG001  (there is one kind of lock)
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

    def _unlock(handle: int) -> None:
        os.lseek(handle, _FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(handle: int, *, alone: bool) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
