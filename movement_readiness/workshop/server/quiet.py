"""Logs that hold neither what was sent nor who sent it."""

from __future__ import annotations

import logging

__all__ = ["quiet_logs"]

# These write addresses, paths and headers of requests into their messages.
_TALKATIVE = ("tornado.access", "tornado.general", "tornado.application", "asyncio")


class _WithoutDetails(logging.Filter):
    """Keeps what went wrong and drops everything that came from a request."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        if record.levelno < logging.ERROR or kind is None:
            return False
        record.msg, record.args, record.exc_info, record.exc_text = f"An internal error: {kind}", (), None, None
        return True


def quiet_logs() -> None:
    """Let the libraries of this process log no request."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not any(isinstance(one, _WithoutDetails) for one in logger.filters):
            logger.addFilter(_WithoutDetails())
