"""Small files beside a store, on the disk before anything relies on them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["sync_folder", "write_owned"]


def write_owned(path: Path, text: str, *, flags: int) -> None:
    """Write to a file that its owner alone can read; `flags` say whether it has to be new or is added to."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | flags, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.absolute().parent)


def sync_folder(folder: Path) -> None:
    """Make the names of new files last through a power cut, where the system lets a folder be synced."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
