"""``reveal-session``: makes the page of a room for the server, in a process of its own."""

from __future__ import annotations

import json
import sys
import warnings
from typing import TYPE_CHECKING, Annotated, Any

import typer

import movement_readiness as mr
from movement_readiness.cli.options import STORE_VARIABLE, InstrumentOption
from movement_readiness.cli.rooms import rooms_held
from movement_readiness.cli.running import BAD_INPUT, app
from movement_readiness.exceptions import MovementReadinessError, NothingToReleaseError, StoreError

if TYPE_CHECKING:
    from movement_readiness.workshop.sessions import Session

__all__ = ["reveal", "reveal_session"]


@app.command("reveal-session", hidden=True)
def reveal_session(
    session: Annotated[str, typer.Argument(help="Id of the session.")],
    store: Annotated[str, typer.Option(envvar=STORE_VARIABLE, help="The store of responses.")],
    instrument: InstrumentOption = None,
) -> None:
    """Print the page of a session's team as JSON; a refusal is one sentence on standard error and exit code 2."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # standard error belongs to the sentence
            with mr.ResponseStore(store, read_only=True) as opened:
                found = reveal(opened, mr.load_instrument(instrument), session)
    except MovementReadinessError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise typer.Exit(BAD_INPUT) from None
    sys.stdout.buffer.write(json.dumps(found, ensure_ascii=False).encode("utf-8"))
    sys.stdout.flush()


def reveal(store: mr.ResponseStore, instrument: mr.Instrument, session_id: str) -> dict[str, Any]:
    """The page of a session's team in its wave and form, with the responses that stand behind it.

    Every response of the team in that wave and form counts: those of its other sessions and those from paper too.
    For a rehearsal, every rehearsed one.

    Parameters
    ----------
    store : ResponseStore
    instrument : Instrument
    session_id : str

    Returns
    -------
    dict
        ``html`` (str), ``response_ids`` (sorted list of str), ``n`` (int) and ``shown`` (bool: whether the page says
        anything about the answers), as the server reads it.

    Raises
    ------
    NothingToReleaseError
        Nobody has answered, or the session asks about another version of the instrument.
    SessionError
        There is no such session.
    """
    from movement_readiness.reports.reveal import room_page

    session = store.session(session_id)
    if session.instrument_sha256 != instrument.sha256:
        raise NothingToReleaseError(
            f"This session was held with {session.instrument_id} {session.instrument_version}; "
            "start the server with that instrument to reveal it."
        )
    try:
        responses = store.to_frame(instrument, rehearsal=session.rehearsal)
    except StoreError as error:
        if error.reason != "missing":
            raise
        raise NothingToReleaseError("Nobody has sent answers yet, so there is nothing to show.") from None
    page = room_page(
        responses,
        instrument,
        site=session.site,
        team=session.team,
        wave=session.wave,
        form=session.form,
        invited=_invited(store, session),
        languages=session.languages,
        rehearsal=session.rehearsal,
        revealed=() if session.rehearsal else store.revealed(),
        release_log=None if session.rehearsal else store.release_log,
    )
    ids = list(page.response_ids)
    return {"html": page.report.html, "response_ids": ids, "n": len(ids), "shown": page.shown}


def _invited(store: mr.ResponseStore, session: Session) -> int | None:
    """How many people were in the rooms of this team in this wave and form."""
    same = ("site", "team", "wave", "form", "instrument_sha256", "rehearsal")
    rooms = rooms_held(store, **{name: getattr(session, name) for name in same})
    return sum(room.head_count for room in rooms) or None
