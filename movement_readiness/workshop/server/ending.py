"""The end of a session: it is closed, its page is made by another process, and frozen in the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from movement_readiness.exceptions import SessionError
from movement_readiness.workshop.server.problems import RefusedError
from movement_readiness.workshop.server.revealing import Revealed, RevealError

if TYPE_CHECKING:
    from movement_readiness.workshop.server.room import Room

__all__ = ["reveal"]


async def reveal(room: Room, session_id: str) -> None:
    """Close, let the other process make the page, freeze it; one that is there already stays."""
    if room.reveal is None:
        raise RevealError("This server was started without a way to make reports.")
    if session_id in room.revealing:
        raise RevealError("The report is being made already; load this page again in a moment.")
    room.revealing.add(session_id)
    try:
        if (await room.recorder.run(_close, room, session_id)) is None:
            await room.recorder.run(_freeze, room, session_id, await _made(room, session_id))
    finally:
        room.revealing.discard(session_id)


def _close(room: Room, session_id: str) -> str | None:
    if room.store.session(session_id).state == "open":
        room.store.close_session(session_id)
    if room.store.release_shown(session_id) is False:
        return None  # a page without numbers gives way to one that has some
    return room.store.release(session_id)


async def _made(room: Room, session_id: str) -> Revealed:
    task = asyncio.ensure_future(room.reveal(session_id)) if room.reveal else None
    if task is None:
        raise RevealError("This server was started without a way to make reports.")
    room.tasks.add(task)
    try:
        return await task
    except asyncio.CancelledError:
        raise RefusedError(503, "stopping", "The server is being stopped; nothing was revealed.", 5) from None
    finally:
        room.tasks.discard(task)


def _freeze(room: Room, session_id: str, made: Revealed) -> None:
    try:
        room.store.save_release(session_id, made.html, response_ids=made.response_ids, n=made.n, shown=made.shown)
    except SessionError as error:
        if error.reason != "revealed":
            raise
        raise RevealError(
            "A report of this team and wave was shown before, and only a few people answered or withdrew since. "
            "Showing both would tell what those few answered, so this one stays closed. The first report can still be "
            "opened."
        ) from None
