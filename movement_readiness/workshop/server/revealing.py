"""Closing and revealing: another process makes the page, and the first one made stays."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from movement_readiness.exceptions import MovementReadinessError

__all__ = ["Reveal", "RevealError", "Revealed", "command_reveal"]

_log = logging.getLogger(__name__)
_REFUSED = 2
_LONGEST_SENTENCE = 1000


class RevealError(MovementReadinessError):
    """Nothing is revealed, and the sentence says why."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """A page for a team, and what it was made of.

    Attributes
    ----------
    html : str
        A whole page with its styles in it and no script.
    response_ids : tuple of str
        The responses counted in it.
    n : int
    """

    html: str
    response_ids: tuple[str, ...]
    n: int


Reveal = Callable[[str], Awaitable[Revealed]]


def command_reveal(command: Sequence[str], *, seconds: float = 180.0) -> Reveal:
    """A `Reveal` that runs a command with the session's id as its last argument.

    The command prints one JSON object on standard output, in UTF-8: ``{"html": "<!doctype html>...",
    "response_ids": ["..."], "n": 12}``. It refuses with exit code 2 and one sentence on standard error,
    which the facilitator reads. Any other exit code, or no answer within `seconds`, reveals nothing.
    """

    async def reveal(session_id: str) -> Revealed:
        process = await _started([*command, session_id])
        try:
            out, err = await asyncio.wait_for(process.communicate(), seconds)
        except TimeoutError:
            raise RevealError(
                f"The report was not ready after {seconds:.0f} seconds; nothing is revealed. Please try again."
            ) from None
        finally:
            await _end(process)
        return _revealed(process.returncode, out, err)

    return reveal


async def _started(command: Sequence[str]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        _log.error("The process that makes the report did not start: %s.", error.strerror)
        raise RevealError("The report could not be started; nothing is revealed. The answers are safe.") from None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _revealed(code: int | None, out: bytes, err: bytes) -> Revealed:
    if code == _REFUSED:
        raise RevealError(_sentence(err) or "The rules that protect small groups do not allow it.")
    if code != 0:
        _log.error("The process that makes the report ended with code %s.", code)
        raise RevealError("The report could not be made; nothing is revealed. The answers are safe; please try again.")
    try:
        found: dict[str, Any] = json.loads(out.decode("utf-8"))
        return Revealed(str(found["html"]), tuple(map(str, found["response_ids"])), int(found["n"]))
    except (ValueError, KeyError, TypeError):
        raise RevealError("The report could not be read; nothing is revealed. The answers are safe.") from None


def _sentence(err: bytes) -> str:
    lines = err.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip()[:_LONGEST_SENTENCE] if lines else ""
