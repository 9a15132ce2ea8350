"""Answers that a phone saved as a file because it could not send them."""

from __future__ import annotations

import codecs
import datetime
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movement_readiness._validation import quoted
from movement_readiness.exceptions import SessionError, SubmissionError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response
from movement_readiness.workshop.consent import shown_consent
from movement_readiness.workshop.content import unnamed_consent
from movement_readiness.workshop.importing.summary import ImportSummary, counted
from movement_readiness.workshop.json_reading import json_object
from movement_readiness.workshop.sessions import Session, check_name
from movement_readiness.workshop.submission import response_of, session_response

if TYPE_CHECKING:
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["of_saved"]

_LARGEST = 1_000_000
_SAID = ("format", "response_id", "answers")  # what every saved file says


def of_saved(
    store: ResponseStore, path: Path, instrument: Instrument, *, accept_unknown: bool, rehearsal: bool = False
) -> ImportSummary:
    """Take what a phone saved; its ticket says whether it was answered in the room."""
    saved = _read_saved(path)
    try:
        session = store.session(str(saved.get("session")))
    except SessionError:
        return _of_stranger(store, path, instrument, _marked(saved, rehearsal), None, accept_unknown)
    ticket = str(saved.get("ticket"))
    if not _is_of(store, ticket, session):
        return _of_stranger(store, path, instrument, saved, session, accept_unknown)
    outcome = store.submit(_response(store, saved, session, instrument), ticket, late=True)
    return counted(outcome, rehearsal=session.rehearsal)


def _is_of(store: ResponseStore, ticket: str, session: Session) -> bool:
    try:
        return store.ticket_session(ticket) == session.session_id
    except SessionError:
        return False


def _of_stranger(
    store: ResponseStore,
    path: Path,
    instrument: Instrument,
    saved: Mapping[str, Any],
    session: Session | None,
    accept_unknown: bool,
) -> ImportSummary:
    what = "session" if session is None else "ticket"
    if not accept_unknown:
        raise SessionError(
            f"this store does not know its {what}, so nobody can tell whether it was answered in the room. "
            "Import the store of the laptop that ran the session, or pass --accept-unknown to take it all the same.",
            "unknown" if session is None else "ticket",
        )
    response = _response(store, saved, session, instrument) if session else _unplaced(store, saved, instrument)
    note = f"{path.name}: taken although this store does not know its {what} ({response.site}, {response.team})"
    return counted(store.add(response), note, rehearsal=response.rehearsal)


def _read_saved(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > _LARGEST:
        raise SubmissionError(f"expected answers that a form saved; the file has more than {_LARGEST} bytes.")
    saved = json_object(path.read_bytes().removeprefix(codecs.BOM_UTF8), "answers that a form saved")
    lacking = [name for name in _SAID if name not in saved]
    if lacking:
        raise SubmissionError(
            f"expected answers that a form saved; this is some other JSON, without {quoted(lacking)}."
        )
    return saved


def _marked(saved: Mapping[str, Any], rehearsal: bool) -> Mapping[str, Any]:
    return {**saved, "rehearsal": True} if rehearsal else saved


def _is_rehearsal(saved: Mapping[str, Any]) -> bool:
    """What the file says of itself: a rehearsal never becomes real."""
    said = saved.get("rehearsal", False)
    if not isinstance(said, bool):
        raise SubmissionError("rehearsal: expected true or false.")
    return said


def _response(store: ResponseStore, saved: Mapping[str, Any], session: Session, instrument: Instrument) -> Response:
    if _is_rehearsal(saved) and not session.rehearsal:
        raise SubmissionError("rehearsal: the file says that it was one, but its session was not; it is not taken.")
    return session_response(
        saved,
        instrument,
        session,
        consent_sha256={
            language: shown_consent(
                instrument, language, session.consent or unnamed_consent(instrument, language)
            ).sha256
            for language in session.languages
        },
        hash_retest=store.hash_retest,
        submitted_on=_day(saved),
    )


def _unplaced(store: ResponseStore, saved: Mapping[str, Any], instrument: Instrument) -> Response:
    """A response of a session that this store does not know: its place is what the file says."""
    return response_of(
        saved,
        instrument,
        form=str(saved.get("form")),
        languages=instrument.languages,
        site=check_name("site", saved.get("site")),
        team=check_name("team", saved.get("team")),
        wave=check_name("wave", saved.get("wave", "1")),
        session=_uuid_text(saved.get("session")),
        rehearsal=_is_rehearsal(saved),
        hash_retest=store.hash_retest,
        submitted_on=_day(saved),
    )


def _uuid_text(value: object) -> str | None:
    try:
        return str(uuid.UUID(str(value)))
    except ValueError:
        return None


def _day(saved: Mapping[str, Any]) -> datetime.date | None:
    """The day on which it was answered; today where the file says nothing that can be."""
    try:
        day = datetime.date.fromisoformat(str(saved.get("answered_on"))[:10])
    except ValueError:
        return None
    return day if day <= datetime.datetime.now().astimezone().date() else None
