"""A session as the facilitator's pages show it: counts, never who; and what is said after something was done."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from movement_readiness.workshop.server.diagnosis import Finding

if TYPE_CHECKING:
    from movement_readiness.workshop.sessions import Session
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["View", "done_words", "list_order", "shared_findings", "spelt_otherwise", "view_of"]

_DONE = {
    "opened": "The session is open. Show people the address and the code.",
    "people": "The number of people has been changed.",
    "closed": "The session is closed. Nothing more is taken.",
    "reopened": "The session is open again. Keep it open for two minutes: phones look every minute.",
    "revealed": "The report is ready. It is frozen: it will not change any more.",
}
_LATE = (
    " The team's report stays as it is: answers that come late count only for the site's report. "
    "Close the session again afterwards."
)
_LAPTOP = "If people use this laptop itself, this does not matter: open {} in its browser. Otherwise: "


@dataclass(frozen=True)
class View:
    """A session and its counts.

    Attributes
    ----------
    session : Session
    joined, sent : int
    frozen : bool or None
        Whether the page that was made of it shows any number; None where there is no page.
    """

    session: Session
    joined: int
    sent: int
    frozen: bool | None = None

    @property
    def unsent(self) -> int:
        """How many have joined and not sent."""
        return max(0, self.joined - self.sent)

    @property
    def wave(self) -> str:
        """The wave with the word before it, once."""
        name = self.session.wave
        return name[:1].upper() + name[1:] if name.casefold().startswith("wave") else f"Wave {name}"


def view_of(store: ResponseStore, session: Session, *, page: bool = False) -> View:
    """The session with its counts; `page` asks for the page that was made of it too."""
    counts = store.count(session.session_id)
    return View(session, counts.joined, counts.sent, store.release_shown(session.session_id) if page else None)


def list_order(views: Iterable[View]) -> list[View]:
    """Open ones first, the newest day first, then by name."""
    named = sorted(views, key=lambda one: (one.session.site, one.session.team, one.session.wave))
    newest = sorted(named, key=lambda one: one.session.opened_on, reverse=True)
    return sorted(newest, key=lambda one: one.session.state != "open")


def done_words(done: str | None, view: View) -> str | None:
    """What to say after something was done; None where nothing was."""
    if done == "closed" and not view.joined:
        return "The session is closed. Nobody joined."
    said = _DONE.get(done or "")
    return f"{said}{_LATE}" if said and done == "reopened" and view.frozen else said


def shared_findings(findings: tuple[Finding, ...], sessions: Iterable[Session], address: str) -> tuple[Finding, ...]:
    """The state of the network for some sessions: where people may be using the laptop itself, it is no problem.

    That is so where every open one of them is on a shared device; `address` is that of the participants' page,
    which the laptop's own browser can open too.
    """
    running = [one for one in sessions if one.state == "open"]
    if not running or not all(one.shared_device for one in running):
        return findings
    said = _LAPTOP.format(f"{address}/j/{running[0].join_code}" if len(running) == 1 else f"{address}/")
    return tuple(Finding("note", said + one.text) if one.level == "problem" else one for one in findings)


def spelt_otherwise(session: Session, others: Iterable[Session]) -> str | None:
    """Ask whether the same site, team or wave is meant where an earlier one differs in capitals or spaces alone."""
    for other in others:
        if other.rehearsal == session.rehearsal and (name := _other_spelling(session, other)):
            here, there = getattr(session, name), getattr(other, name)
            return (
                f"An earlier session calls its {name} “{there}”; this one calls it “{here}”. Is the same {name} meant? "
                f"Reports count them as two. If it is the same, close this session and open it as “{there}”."
            )
    return None


def _other_spelling(session: Session, other: Session) -> str | None:
    """The first of site, team and wave that is the same but for its spelling; None where they are others."""
    for name in ("site", "team", "wave"):
        here, there = getattr(session, name), getattr(other, name)
        if _folded(here) != _folded(there):
            return None
        if here != there:
            return name
    return None


def _folded(name: str) -> str:
    plain = "".join(unicodedata.normalize("NFKC", name).casefold().split())
    return plain.removeprefix("wave") or plain
