"""What the terminal shows when a server has started, and the facilitator's way in."""

from __future__ import annotations

import contextlib
import html
import os
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from movement_readiness.workshop.server.diagnosis import Finding
from movement_readiness.workshop.server.options import ServerOptions
from movement_readiness.workshop.server.qr import terminal_code
from movement_readiness.workshop.sessions import Session

__all__ = ["Invitation", "invite"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """The addresses of a server that has started.

    Attributes
    ----------
    participants, facilitator : str
    link : str
        Opens the facilitator's page once, within ten minutes, on this laptop.
    sessions : tuple of Session
        Opened at the start.
    findings : tuple of Finding
    """

    participants: str
    facilitator: str
    link: str
    sessions: tuple[Session, ...]
    findings: tuple[Finding, ...]


@contextlib.contextmanager
def invite(invitation: Invitation, options: ServerOptions) -> Iterator[None]:
    """Show the addresses; open the browser if that is wanted; clean up at the end.

    The token is not shown: its file is named. The link works once, on this laptop, for ten minutes.
    """
    for line in lines(invitation, options):
        options.say(line)
    with contextlib.ExitStack() as opened:
        if options.open_browser and _has_screen():
            webbrowser.open(opened.enter_context(_way_in(invitation.link, options.token_place)).as_uri())
        yield
    options.say("Stopped. Everything that was acknowledged is in the store.")


def lines(invitation: Invitation, options: ServerOptions) -> list[str]:
    """What the terminal shows, line by line."""
    shown = [f"Participants  {invitation.participants}/"]
    for session in invitation.sessions:
        shown += [
            f"Session       {session.site}, {session.team}: code {session.spoken_code}",
            terminal_code(f"{invitation.participants}/j/{session.join_code}").rstrip("\n"),
        ]
    shown += [f"! {one.text}" for one in invitation.findings if one.level != "good"]
    shown += [
        f"Facilitator   {invitation.facilitator} (on this laptop; its token is in {options.token_place})",
        f"Open it once, within ten minutes, without the token: {invitation.link}",
        "Stop with Ctrl+C; phones keep what they could not send.",
    ]
    return shown


def _has_screen() -> bool:
    """A browser of the terminal would take the terminal over."""
    return sys.platform in ("win32", "darwin") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


@contextlib.contextmanager
def _way_in(link: str, token_place: Path) -> Iterator[Path]:
    """A file that leads to a link. A command line, which every user of a laptop can list, never holds the link.

    It is beside the token: some browsers cannot read what is in the folder for temporary files.
    """
    folder = token_place.absolute().parent
    place = folder if os.access(folder, os.W_OK) else None
    handle, name = tempfile.mkstemp(prefix="facilitator-", suffix=".html", dir=place)  # readable by its owner alone
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'<!doctype html><meta http-equiv="refresh" content="0;url={html.escape(link)}"><title>…</title>')
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
