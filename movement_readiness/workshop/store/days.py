"""Days as the store writes them: the date alone, for a time of day could point to a person."""

from __future__ import annotations

import datetime

__all__ = ["today"]


def today() -> str:
    """The local date, such as ``"2026-05-31"``."""
    return datetime.datetime.now().astimezone().date().isoformat()
