"""`Room`: everything the handlers of one server share."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, OrderedDict
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from movement_readiness.exceptions import SessionError
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.server.files import Kept, kept, participant_files
from movement_readiness.workshop.server.limits import Bucket, Buckets
from movement_readiness.workshop.server.network import Network
from movement_readiness.workshop.server.problems import Problem, RefusedError
from movement_readiness.workshop.server.security import Logins, allowed_hosts

if TYPE_CHECKING:
    from movement_readiness.instrument import Instrument
    from movement_readiness.workshop.server.recording import Recorder
    from movement_readiness.workshop.server.revealing import Reveal
    from movement_readiness.workshop.sessions import Session

__all__ = ["Room"]

_MOST_TICKETS = 20_000
_LOOPBACK = ("127.", "::1", "::ffff:127.")


class Room:
    """One server's instrument, store, network, limits and logins.

    Parameters
    ----------
    recorder : Recorder
    instrument : Instrument
    logins : Logins
    network : Network
        What is known of this laptop's addresses.
    secure : bool
        Participants reach it over TLS.
    host_names : collection of str
        Further names it answers to.
    reveal : callable, optional
        From a session's id to its page; without it nothing is revealed here.
    """

    def __init__(
        self,
        recorder: Recorder,
        instrument: Instrument,
        *,
        logins: Logins,
        network: Network,
        secure: bool = False,
        host_names: Collection[str] = (),
        reveal: Reveal | None = None,
    ) -> None:
        self.recorder = recorder
        self.store = recorder.store
        self.instrument = instrument
        self.logins = logins
        self.network = network
        self.secure = secure
        self.reveal = reveal
        self.files = participant_files()
        self.stopping = False
        self.refusals: Counter[str] = Counter()
        # Right codes give back what they took, so only wrong ones are counted; a whole hall may join at once.
        self.join_limit = Bucket(burst=400, per_minute=60)
        self.receipt_limit = Bucket(burst=20, per_minute=20)
        self.login_limit = Bucket(burst=10, per_minute=6)
        self.ticket_limits = Buckets(burst=60, per_minute=30)
        self.revealing: set[str] = set()
        self.tasks: set[asyncio.Task[Any]] = set()
        self.local_hosts = allowed_hosts((), ())  # the laptop itself, for its own browser
        self._host_names = tuple(host_names)
        self._hosts: tuple[tuple[str, ...], frozenset[str]] | None = None
        self._contents: dict[str, tuple[object, dict[str, Any]]] = {}
        self._answers: dict[str, tuple[Session, Kept]] = {}
        self._sessions: OrderedDict[str, Session] = OrderedDict()  # by ticket; all but its state never changes

    @property
    def hosts(self) -> frozenset[str]:
        """Every name under which participants may reach this server now."""
        known = self.network.hosts
        if self._hosts is None or self._hosts[0] is not known:
            self._hosts = (known, allowed_hosts(known, self._host_names))
        return self._hosts[1]

    def count_visit(self, remote: str | None) -> None:
        """Remember that another device got through; not which."""
        if remote and not remote.startswith(_LOOPBACK) and remote not in self.network.hosts:
            self.network.reached = True

    def count_problem(self, problem: Problem) -> None:
        """Remember how often what was refused; not to whom."""
        self.refusals[problem.reason] += 1

    async def session_by_code(self, code: str) -> Session:
        """The session that a join code belongs to; wrong codes are few a minute."""
        _pass(self.join_limit.take(), "Too many codes that do not exist were tried; please wait a moment.")
        session = await self.recorder.run(self.store.session_by_code, code)
        self.join_limit.give_back()
        return session

    async def session_of_ticket(self, ticket: str) -> Session:
        """The session that a ticket was issued for; its state may be another one by now."""
        session = self._sessions.get(ticket)
        if session is None:
            try:
                session = await self.recorder.run(self._issued_for, ticket)
            except SessionError:
                raise RefusedError(401, "ticket", "This ticket is unknown here; join the session again.") from None
            self._sessions[ticket] = session
            while len(self._sessions) > _MOST_TICKETS:
                self._sessions.popitem(last=False)
        _pass(self.ticket_limits.take(ticket), "This device sends too often; it will try again in a moment.")
        return session

    def _issued_for(self, ticket: str) -> Session:
        return self.store.session(self.store.ticket_session(ticket))

    def content(self, session: Session) -> dict[str, Any]:
        """What the form of a session shows."""
        self.check_instrument(session)
        made_from = (session.form, session.languages, session.consent, session.retest)
        if (known := self._contents.get(session.session_id)) is not None and known[0] == made_from:
            return known[1]
        content = form_content(
            self.instrument,
            session.form,
            languages=session.languages,
            consent=session.consent or None,
            retest=session.retest,
        )
        self._contents[session.session_id] = (made_from, content)
        return content

    def answer(self, session: Session) -> Kept:
        """A session and its form as a device gets them; made once for everyone in the room."""
        known = self._answers.get(session.session_id)
        if known is None or known[0] != session:
            known = self._answers[session.session_id] = (session, _answer(self, session))
        return known[1]

    def consent_hashes(self, session: Session) -> dict[str, str]:
        """The hash of the consent text that a session shows, by language."""
        return {language: words["consent"]["sha256"] for language, words in self.content(session)["words"].items()}

    def check_instrument(self, session: Session) -> None:
        """Refuse a session of another questionnaire than this server's."""
        own = (self.instrument.id, self.instrument.version, self.instrument.sha256)
        its = (session.instrument_id, session.instrument_version, session.instrument_sha256)
        if its != own:
            raise RefusedError(
                423,
                "instrument",
                f"This session was opened with {its[0]} {its[1]}, and the server runs {own[0]} {own[1]} now.",
            )


def _pass(seconds: float, message: str) -> None:
    if seconds:
        raise RefusedError(429, "often", message, seconds)


def _answer(room: Room, session: Session) -> Kept:
    about = {
        "id": session.session_id,
        "code": session.join_code,
        "site": session.site,
        "team": session.team,
        "wave": session.wave,
        "rehearsal": session.rehearsal,
        "shared_device": session.shared_device,
        "state": session.state,
        "withdraw_until": session.withdraw_until.isoformat(),
        "insecure": not room.secure,
    }
    answer = {"session": about, "content": room.content(session)}
    return kept(json.dumps(answer, ensure_ascii=False).encode("utf-8"), ".json")
