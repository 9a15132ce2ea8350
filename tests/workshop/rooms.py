"""A room for the tests of the whole: a store, a session in it, a server on it, and what phones do by program."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import movement_readiness as mr
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.selftest.phones import Phone
from movement_readiness.workshop.selftest.servers import ServerProcess
from movement_readiness.workshop.sessions import new_session


def opened_session(store, instrument, head_count=4, **options):
    """A session of North, A3 in this store, unless told otherwise."""
    words = {name: f"the {name}" for name in consent_names(instrument)}
    options = {"site": "North", "team": "A3", "consent": words, **options}
    return store.open_session(new_session(instrument, head_count=head_count, **options))


@dataclass
class Room:
    store: mr.ResponseStore
    session: object
    server: ServerProcess
    location: str


@contextmanager
def a_room(instrument, location, *, instrument_file=None, options=(), **session):
    """A store at this place, an open session in it and a running server."""
    options = [*options, *([] if instrument_file is None else ["--instrument", str(instrument_file)])]
    with mr.ResponseStore(location) as store:
        opened = opened_session(store, instrument, **session)
        if "://" in str(location):  # a password is no argument that others can list
            first, variables = [], {"MOVEMENT_READINESS_STORE": str(location)}
        else:
            first, variables = [str(location)], {}
        with (
            tempfile.TemporaryDirectory() as folder,  # the facilitator's token of a database goes there
            ServerProcess(first, options, variables=variables, folder=Path(folder)) as server,
        ):
            yield Room(store, opened, server, str(location))


def saved_file(folder, phone, session, **changes):
    """What a phone saves when it cannot send, as a file."""
    place = {"session": session.session_id, "site": session.site, "team": session.team, "wave": session.wave}
    saved = {**phone.submission, **place, "ticket": phone.ticket, "answered_on": "2026-01-31", **changes}
    path = Path(folder) / f"answers-{phone.response_id[:8]}.json"
    path.write_text(json.dumps(saved), encoding="utf-8")
    return path


def filled_phone(store, instrument, session, seed):
    """A device that has joined and answered but sent nothing, without a server."""
    from movement_readiness.workshop.content import form_content

    phone = Phone(seed, session.join_code)
    phone.ticket = store.issue_ticket(session.session_id, phone.device)
    phone.fill_in(
        form_content(
            instrument,
            session.form,
            languages=session.languages,
            consent=session.consent or None,
            retest=session.retest,
        )
    )
    return phone
