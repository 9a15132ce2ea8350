"""The facilitator's pages about sessions: list, new one, one, projector, report."""

from __future__ import annotations

import asyncio
import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from movement_readiness.exceptions import MovementReadinessError, SessionError
from movement_readiness.workshop.content import interface_words
from movement_readiness.workshop.server import facilitator as ways
from movement_readiness.workshop.server.facilitator import FacilitatorHandler
from movement_readiness.workshop.server.problems import RefusedError, problem_of
from movement_readiness.workshop.server.qr import page_code
from movement_readiness.workshop.server.revealing import Revealed, RevealError
from movement_readiness.workshop.server.security import REPORT_POLICY
from movement_readiness.workshop.server.sitting_form import (
    Entered,
    FieldError,
    consent_labels,
    head_count_of,
    session_of,
)

if TYPE_CHECKING:
    from movement_readiness.workshop.server.room import Room
    from movement_readiness.workshop.sessions import Session

__all__ = ["facilitator_routes"]

_ID = r"([0-9a-f-]{36})"
_STATES = {"open": "Open", "closed": "Closed", "revealed": "Revealed"}
_DONE = {
    "opened": "The session is open. Show people the address and the code.",
    "people": "The number of people has been changed.",
    "closed": "The session is closed. Nothing more is taken.",
    "reopened": "The session is open again.",
    "revealed": "The report is ready. It is frozen: it will not change any more.",
}


def facilitator_routes(room: Room, *, local: bool) -> list[Any]:
    """The addresses of the facilitator's pages."""
    own = {"room": room, "local": local}
    routes: list[Any] = [
        (r"/facilitator/?", ListHandler, own),
        (r"/facilitator/login", ways.LoginHandler, own),
        (r"/facilitator/enter", ways.EnterHandler, own),
        (r"/facilitator/logout", ways.LogoutHandler, own),
        (r"/facilitator/static/([^/]+)", ways.StaticHandler, own),
        (r"/facilitator/new", NewHandler, own),
        (r"/facilitator/address", AddressHandler, own),
        (rf"/facilitator/sessions/{_ID}", OneHandler, own),
        (rf"/facilitator/sessions/{_ID}/counts", CountsHandler, own),
        (rf"/facilitator/sessions/{_ID}/projector", ProjectorHandler, own),
        (rf"/facilitator/sessions/{_ID}/report", ReportHandler, own),
        (rf"/facilitator/sessions/{_ID}/(people|close|reopen|reveal)", ActionHandler, own),
        (r"/facilitator/.*", ways.NothingHandler, own),
    ]
    return [(r"/", ways.HomeHandler, own), *routes] if local else routes


@dataclass(frozen=True)
class View:
    """A session as its page shows it."""

    session: Session
    joined: int
    sent: int
    released: bool

    @property
    def state(self) -> str:
        """In words."""
        return _STATES[self.session.state]


class ListHandler(FacilitatorHandler):
    """Every session of the store."""

    async def get(self) -> None:
        """Show them, open ones first."""
        views = await self.room.recorder.run(_views, self.room)
        network = self.room.network
        self.render_page(
            "sessions.html.j2",
            views=views,
            findings=network.findings(),
            address=network.address,
            shown=network.shown_host,
            choices=network.choices,
        )


class AddressHandler(FacilitatorHandler):
    """Another of the laptop's addresses to show."""

    def post(self) -> None:
        """Show it from now on."""
        self.room.network.choose(self.fields().get("address", [""])[0])
        self.redirect("/facilitator/", status=303)


class NewHandler(FacilitatorHandler):
    """The form that opens a session."""

    async def get(self) -> None:
        """Show it."""
        sessions = await self.room.recorder.run(lambda: list(self.room.store.sessions()))
        last = max(sessions, key=lambda one: one.opened_on, default=None)
        self._show(Entered.first(self.room.instrument, last), sessions, None)

    async def post(self) -> None:
        """Open the session, or show which field has to be filled in otherwise."""
        entered = Entered.of(self.room.instrument, self.fields())
        try:
            session = session_of(self.room.instrument, entered)
            await self.room.recorder.run(self.room.store.open_session, session)
        except FieldError as problem:
            self.set_status(422)
            self._show(entered, await self.room.recorder.run(lambda: list(self.room.store.sessions())), problem)
            return
        self.redirect(f"/facilitator/sessions/{session.session_id}?done=opened", status=303)

    def _show(self, entered: Entered, sessions: list[Session], problem: FieldError | None) -> None:
        instrument = self.room.instrument
        self.render_page(
            "new.html.j2",
            entered=entered,
            problem=problem,
            instrument=instrument,
            consent=consent_labels(instrument),
            languages=[(code, _language(instrument, code)) for code in instrument.languages],
            sites=sorted({one.site for one in sessions}),
            teams=sorted({one.team for one in sessions}),
            today=datetime.datetime.now().astimezone().date().isoformat(),
        )


def _language(instrument: Any, code: str) -> str:
    language, words = interface_words(code)
    name = f"{words['language_name']} ({code})" if language == code else code
    return f"{name}, draft translation" if instrument.translation(code).status == "draft" else name


class _SessionPage(FacilitatorHandler):
    async def view(self, session_id: str) -> View:
        return await self.room.recorder.run(_view, self.room, session_id)

    def show(self, view: View, *, done: str | None = None, problem: str | None = None) -> None:
        network = self.room.network
        self.render_page(
            "session.html.j2",
            view=view,
            session=view.session,
            address=network.address,
            code_picture=page_code(f"{network.address}/j/{view.session.join_code}"),
            findings=network.findings(),
            secure=self.room.secure,
            can_reveal=self.room.reveal is not None,
            done=_DONE.get(done or ""),
            problem=problem,
        )


class OneHandler(_SessionPage):
    """One session: its code, its counts, and what can be done."""

    async def get(self, session_id: str) -> None:
        """Show it."""
        self.show(await self.view(session_id), done=self.get_query_argument("done", None))


class CountsHandler(_SessionPage):
    """The counts alone, for the page's small script."""

    async def get(self, session_id: str) -> None:
        """How many joined and sent, of how many; never who."""
        view = await self.view(session_id)
        self.finish_json(
            {
                "joined": view.joined,
                "sent": view.sent,
                "people": view.session.head_count,
                "state": view.session.state,
                "address": self.room.network.address,
            }
        )


class ProjectorHandler(_SessionPage):
    """The address, the code and the picture, large; nothing else, for everybody sees it."""

    async def get(self, session_id: str) -> None:
        """Show it."""
        view = await self.view(session_id)
        address = self.room.network.address
        self.render_page(
            "projector.html.j2",
            session=view.session,
            address=address,
            code_picture=page_code(f"{address}/j/{view.session.join_code}"),
            secure=self.room.secure,
        )


class ReportHandler(FacilitatorHandler):
    """The page that was revealed, as it was then."""

    async def get(self, session_id: str) -> None:
        """Send it; it can run nothing and load nothing."""
        html = await self.room.recorder.run(self.room.store.release, session_id)
        if html is None:
            raise RefusedError(404, "unknown", "Nothing has been revealed of this session yet.")
        self.set_header("Content-Security-Policy", REPORT_POLICY)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(html)


class ActionHandler(_SessionPage):
    """More people, close, reopen, reveal."""

    async def post(self, session_id: str, action: str) -> None:
        """Do it and show the session again; a refusal is told on its page."""
        fields = self.fields()
        try:
            done = await self._do(session_id, action, fields)
        except (FieldError, MovementReadinessError) as error:
            await self._refused(session_id, error)
            return
        self.redirect(f"/facilitator/sessions/{session_id}?done={done}", status=303)

    async def _do(self, session_id: str, action: str, fields: dict[str, list[str]]) -> str:
        run, store = self.room.recorder.run, self.room.store
        match action:
            case "people":
                await run(store.set_head_count, session_id, head_count_of(fields.get("people", [""])[0].strip()))
                return "people"
            case "close":
                await run(store.close_session, session_id)
                return "closed"
            case "reopen":
                await run(store.reopen_session, session_id)
                return "reopened"
        await _reveal(self.room, session_id)
        return "revealed"

    async def _refused(self, session_id: str, error: Exception) -> None:
        problem = problem_of(error)
        if problem.status in (404, 503):
            raise error
        self.set_status(422 if isinstance(error, FieldError | RevealError) else problem.status)
        self.show(await self.view(session_id), problem=str(error))


def _views(room: Room) -> list[View]:
    found = [_view(room, one.session_id) for one in room.store.sessions()]
    found.sort(key=lambda one: (one.session.opened_on, one.session.site, one.session.team), reverse=True)
    return sorted(found, key=lambda one: one.session.state != "open")


def _view(room: Room, session_id: str) -> View:
    session, counts = room.store.session(session_id), room.store.count(session_id)
    return View(session, counts.joined, counts.sent, room.store.release(session_id) is not None)


async def _reveal(room: Room, session_id: str) -> None:
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
        room.store.save_release(session_id, made.html, response_ids=made.response_ids, n=made.n)
    except SessionError as error:
        if error.reason != "revealed":
            raise
        raise RevealError(
            "A report of this team and wave was shown before, and only a few people answered since. Showing both would "
            "tell what those few answered, so this one stays closed. The first report can still be opened."
        ) from None
