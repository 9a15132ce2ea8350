"""Answers that a phone saved as a file because it could not send them."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movement_readiness.exceptions import SessionError, SubmissionError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response
from movement_readiness.workshop.consent import shown_consent
from movement_readiness.workshop.content import unnamed_consent
from movement_readiness.workshop.importing.summary import ImportSummary, counted
from movement_readiness.workshop.sessions import Session, check_name
from movement_readiness.workshop.submission import response_of

if TYPE_CHECKING:
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["of_saved"]

_LARGEST = 1_000_000


def of_saved(store: ResponseStore, path: Path, instrument: Instrument, accept_unknown: bool) -> ImportSummary:
    """Take what a phone saved; its ticket says whether it was answered in the room."""
    saved = _read_saved(path)
    try:
        session = store.session(str(saved.get("session")))
    except SessionError:
        return _of_stranger(store, path, instrument, saved, None, accept_unknown)
    ticket = str(saved.get("ticket"))
    if not _is_of(store, ticket, session):
        return _of_stranger(store, path, instrument, saved, session, accept_unknown)
    return counted(store.submit(_response(store, saved, session, instrument), ticket, late=True))


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
    return counted(store.add(response), note)


def _read_saved(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > _LARGEST:
        raise SubmissionError(f"expected answers that a form saved; the file has more than {_LARGEST} bytes.")
    try:
        saved = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError):
        raise SubmissionError("expected answers that a form saved; the file is not JSON, or only half of it.") from None
    if not isinstance(saved, dict):
        raise SubmissionError("expected answers that a form saved; the file holds other JSON.")
    return saved


def _response(store: ResponseStore, saved: Mapping[str, Any], session: Session, instrument: Instrument) -> Response:
    return response_of(
        saved,
        instrument,
        form=session.form,
        languages=session.languages,
        site=session.site,
        team=session.team,
        wave=session.wave,
        session=session.session_id,
        rehearsal=session.rehearsal,
        consent_sha256={
            language: shown_consent(
                instrument, language, session.consent or unnamed_consent(instrument, language)
            ).sha256
            for language in session.languages
        },
        hash_retest=store.hash_retest if session.retest else None,
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
