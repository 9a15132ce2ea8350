"""What participants' devices ask: the session, a ticket, to store, to correct, to withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from movement_readiness.exceptions import ArgumentError, SessionError, StoreError
from movement_readiness.responses.response import Response, check_response_id
from movement_readiness.workshop.receipts import receipt_sha256
from movement_readiness.workshop.server.base import JsonHandler
from movement_readiness.workshop.server.problems import Problem, RefusedError
from movement_readiness.workshop.sessions import plain_code
from movement_readiness.workshop.submission import session_response

if TYPE_CHECKING:
    from movement_readiness.workshop.server.room import Room
    from movement_readiness.workshop.sessions import Session

__all__ = ["AmendHandler", "JoinHandler", "PingHandler", "ResponseHandler", "SessionHandler", "WithdrawHandler"]

_MOST_REVISIONS = 1_000_000


class PingHandler(JsonHandler):
    """Whether the server can be reached."""

    def get(self) -> None:
        """Yes."""
        self.finish_json({"ok": True})


class SessionHandler(JsonHandler):
    """The session behind a join code, with everything its form shows."""

    session: Session | None = None

    async def get(self, code: str) -> None:
        """Answer 404 for an unknown code and 423 for a closed session."""
        self.session = await self.room.session_by_code(plain_code(code))
        _check_open(self.session)
        self.send_kept(self.room.answer(self.session), revalidate=False)

    def write_problem(self, problem: Problem) -> None:
        """Tell a device whose session is closed which one it was, so that it can keep its draft."""
        told: dict[str, Any] = {"error": {"reason": problem.reason, "message": problem.message}}
        if self.session is not None:
            told["session"] = {"id": self.session.session_id, "state": self.session.state}
        self.finish_json(told)


class JoinHandler(JsonHandler):
    """A ticket for a device."""

    async def post(self, code: str) -> None:
        """The same device gets the same ticket; no more are handed out than people are in the room."""
        device = self.json_body().get("device")
        session = await self.room.session_by_code(plain_code(code))
        _check_open(session)
        self.room.check_instrument(session)
        try:
            ticket = await self.room.recorder.run(self.room.store.issue_ticket, session.session_id, device)
        except ArgumentError as error:  # of the device, for the session is known
            raise RefusedError(422, "device", str(error)) from None
        self.finish_json({"ticket": ticket})


class ResponseHandler(JsonHandler):
    """One response: sent, or asked after."""

    async def put(self, response_id: str) -> None:
        """Store it; answered only after the commit."""
        check_response_id(response_id)
        ticket = self.ticket()
        submission = self.json_body()
        session = await self.room.session_of_ticket(ticket)
        _check_place(submission, session)
        response = await _response(self.room, submission, session, response_id)
        status = await self.room.recorder.submit(response, ticket)
        self.set_status(201 if status == "stored" else 200)
        self.finish_json({"status": status})

    async def get(self, response_id: str) -> None:
        """Whether it is stored; to the device that sent it, and never the answers."""
        check_response_id(response_id)
        ticket = self.ticket()
        await self.room.session_of_ticket(ticket)
        self.finish_json(await self.room.recorder.run(_status, self.room, response_id, ticket))


class AmendHandler(JsonHandler):
    """A correction by the person who holds the receipt code."""

    async def post(self, response_id: str) -> None:
        """Correct a stored response."""
        check_response_id(response_id)
        body = self.json_body()
        receipt, revision = body.get("receipt"), body.get("revision")
        receipt_sha256(receipt)
        if isinstance(revision, bool) or not isinstance(revision, int) or not 1 <= revision <= _MOST_REVISIONS:
            raise RefusedError(422, "revision", "revision: expected the number that the server gave last.")
        stored = await self._looked_up(response_id)
        session = await self.room.recorder.run(self.room.store.session, stored.session)
        if stored.receipt_sha256 != receipt_sha256(receipt):
            await self.room.wrong_receipts.count()
            raise RefusedError(403, "receipt", "This receipt code belongs to no answers with this id.")
        response = await _response(self.room, body.get("submission"), session, response_id)
        status, number = await self.room.recorder.run(_amend, self.room, response, receipt, revision)
        self.finish_json({"status": status, "revision": number})

    async def _looked_up(self, response_id: str) -> Response:
        try:
            return await self.room.look_up(_stored, self.room, response_id)
        except RefusedError:
            await self.room.wrong_receipts.count()
            raise


class WithdrawHandler(JsonHandler):
    """Deletion by the person who holds the receipt code."""

    async def post(self) -> None:
        """Delete what belongs to a receipt code."""
        receipt = self.json_body().get("receipt")
        receipt_sha256(receipt)
        try:
            await self.room.look_up(self.room.store.withdraw, receipt=receipt)
        except StoreError as error:
            if error.reason != "missing":
                raise
            await self.room.wrong_receipts.count()
            raise RefusedError(404, "unknown", "No answers here belong to this receipt code.") from None
        self.finish_json({"status": "withdrawn"})


def _check_open(session: Session) -> None:
    if session.state != "open":
        message = "This session is closed. Keep your answers and tell the facilitator."
        raise SessionError(message, "closed")


def _check_place(submission: dict[str, Any], session: Session) -> None:
    if submission.get("session") not in (None, session.session_id):
        raise SessionError("session: this ticket belongs to another session than these answers.", "ticket")


async def _response(room: Room, submission: object, session: Session, response_id: str) -> Response:
    room.check_instrument(session)
    if session.retest:
        await room.need_key()
    response = session_response(
        submission,
        room.instrument,
        session,
        consent_sha256=room.consent_hashes(session),
        hash_retest=room.store.hash_retest,
    )
    if response.response_id != response_id:
        raise RefusedError(422, "submission", "response_id: expected the id in the address of this request.")
    return response


# Run where the store is.


def _status(room: Room, response_id: str, ticket: str) -> dict[str, Any]:
    sent = room.store.ticket_response(ticket)
    status = room.store.status(response_id)
    if status == "stored" and sent != response_id:
        raise SessionError("This ticket belongs to other answers.", "ticket")
    revision = room.store.revision(response_id) if status == "stored" else 0
    return {"status": status, "revision": revision}


def _stored(room: Room, response_id: str) -> Response:
    status = room.store.status(response_id)
    if status == "withdrawn":
        raise RefusedError(410, "withdrawn", "These answers were withdrawn; they are not taken again.")
    stored = room.store.get(response_id)
    if stored is None or stored.session is None:
        raise RefusedError(404, "unknown", "No answers with this id are stored here.")
    return stored


def _amend(room: Room, response: Response, receipt: str, revision: int) -> tuple[str, int]:
    status = room.store.amend(response, receipt=receipt, revision=revision)
    return status, room.store.revision(response.response_id)
