"""The facilitator's pages about sessions: list, new one, one, projector, report."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any

from movement_readiness.exceptions import ArgumentError, MovementReadinessError, SessionError, StoreError
from movement_readiness.workshop.content import interface_words
from movement_readiness.workshop.server import facilitator as ways
from movement_readiness.workshop.server.ending import reveal
from movement_readiness.workshop.server.facilitator import FacilitatorHandler
from movement_readiness.workshop.server.problems import RefusedError, problem_of
from movement_readiness.workshop.server.qr import page_code
from movement_readiness.workshop.server.revealing import RevealError
from movement_readiness.workshop.server.security import REPORT_POLICY
from movement_readiness.workshop.server.sitting_form import (
    LABELS,
    Entered,
    FieldError,
    consent_labels,
    head_count_of,
    session_of,
)
from movement_readiness.workshop.server.starting import check_key
from movement_readiness.workshop.server.views import (
    View,
    done_words,
    list_order,
    shared_findings,
    spelt_otherwise,
    view_of,
)

if TYPE_CHECKING:
    from movement_readiness.workshop.server.room import Room
    from movement_readiness.workshop.sessions import Session

__all__ = ["facilitator_routes"]

_ID = r"([0-9a-f-]{36})"
_ENDS = ("close", "reveal")


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
        (rf"/facilitator/sessions/{_ID}/unsent", UnsentHandler, own),
        (rf"/facilitator/sessions/{_ID}/(people|close|reopen|reveal)", ActionHandler, own),
        (r"/facilitator/.*", ways.NothingHandler, own),
    ]
    return [(r"/", ways.HomeHandler, own), *routes] if local else routes


class ListHandler(FacilitatorHandler):
    """Every session of the store."""

    async def get(self) -> None:
        """Show them, open ones first."""
        views = await self.room.recorder.run(_views, self.room)
        network = self.room.network
        self.render_page(
            "sessions.html.j2",
            views=views,
            findings=shared_findings(network.findings(), [one.session for one in views], network.address),
            address=network.address,
            shown=network.shown_host,
            shared=self.room.on_database,
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
        self._show(Entered.first(self.room.instrument, last), sessions, {})

    async def post(self) -> None:
        """Open the session, or show which field has to be filled in otherwise."""
        entered = Entered.of(self.room.instrument, self.fields())
        try:
            session = session_of(self.room.instrument, entered)
            await self.room.recorder.run(_open, self.room, session)
        except FieldError as error:
            self.set_status(422)
            sessions = await self.room.recorder.run(lambda: list(self.room.store.sessions()))
            self._show(entered, sessions, error.problems)
            return
        self.redirect(f"/facilitator/sessions/{session.session_id}?done=opened", status=303)

    def _show(self, entered: Entered, sessions: list[Session], problems: dict[str, str]) -> None:
        instrument = self.room.instrument
        self.render_page(
            "new.html.j2",
            entered=entered,
            problems=problems,
            labels=LABELS,
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

    def show(self, view: View, *, done: str | None = None, problem: str | None = None, note: str | None = None) -> None:
        network = self.room.network
        self.render_page(
            "session.html.j2",
            view=view,
            session=view.session,
            address=network.address,
            code_picture=page_code(f"{network.address}/j/{view.session.join_code}"),
            findings=shared_findings(network.findings(), [view.session], network.address),
            secure=self.room.secure,
            can_reveal=self.room.reveal is not None,
            done=done_words(done, view),
            problem=problem,
            note=note,
        )


class OneHandler(_SessionPage):
    """One session: its code, its counts, and what can be done."""

    async def get(self, session_id: str) -> None:
        """Show it."""
        view, done = await self.view(session_id), self.get_query_argument("done", None)
        note = await self.room.recorder.run(_spelling, self.room, view.session) if done == "opened" else None
        self.show(view, done=done, note=note)


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


class UnsentHandler(_SessionPage):
    """Before a session is closed that somebody joined and has not sent: close it anyway, or wait."""

    async def get(self, session_id: str) -> None:
        """Say how many they are."""
        view = await self.view(session_id)
        if view.session.state != "open":
            self.redirect(f"/facilitator/sessions/{session_id}", status=303)
            return
        then = self.get_query_argument("then", "")
        self.render_page("unsent.html.j2", view=view, session=view.session, action=then if then in _ENDS else _ENDS[0])


class ActionHandler(_SessionPage):
    """More people, close, reopen, reveal."""

    async def post(self, session_id: str, action: str) -> None:
        """Do it and show the session again; a refusal is told on its page."""
        fields = self.fields()
        if action in _ENDS and "anyway" not in fields and await self._someone_writes(session_id):
            self.redirect(f"/facilitator/sessions/{session_id}/unsent?then={action}", status=303)
            return
        try:
            done = await self._do(session_id, action, fields)
        except MovementReadinessError as error:
            await self._refused(session_id, error)
            return
        self.redirect(f"/facilitator/sessions/{session_id}?done={done}", status=303)

    async def _someone_writes(self, session_id: str) -> bool:
        view = await self.view(session_id)
        return view.session.state == "open" and view.unsent > 0

    async def _do(self, session_id: str, action: str, fields: dict[str, list[str]]) -> str:
        run, store = self.room.recorder.run, self.room.store
        match action:
            case "people":
                await self._let_in(session_id, head_count_of(fields.get("people", [""])[0].strip()))
                return "people"
            case "close":
                await run(store.close_session, session_id)
                return "closed"
            case "reopen":
                await run(store.reopen_session, session_id)
                return "reopened"
        await reveal(self.room, session_id)
        return "revealed"

    async def _let_in(self, session_id: str, people: int) -> None:
        try:
            await self.room.recorder.run(self.room.store.set_head_count, session_id, people)
        except SessionError as error:
            if error.reason != "full":
                raise
            joined = (await self.view(session_id)).joined
            said = f"{LABELS['head_count']}: {joined} have joined already, so it cannot be less."
            raise FieldError({"head_count": said}) from None

    async def _refused(self, session_id: str, error: Exception) -> None:
        problem = problem_of(error)
        if problem.status in (404, 503):
            raise error
        self.set_status(422 if isinstance(error, FieldError | RevealError) else problem.status)
        self.show(await self.view(session_id), problem=str(error))


def _open(room: Room, session: Session) -> None:
    if session.retest:
        try:
            check_key(room.store)
        except (ArgumentError, StoreError) as error:
            raise FieldError({"retest": f"{LABELS['retest']}: this server cannot ask for it. {error}"}) from None
    room.store.open_session(session)


def _views(room: Room) -> list[View]:
    # The list shows no reports, so none is read for it.
    return list_order(view_of(room.store, one) for one in room.store.sessions())


def _view(room: Room, session_id: str) -> View:
    return view_of(room.store, room.store.session(session_id), page=True)


def _spelling(room: Room, session: Session) -> str | None:
    return spelt_otherwise(session, room.store.sessions())
