"""Entries from paper: a table that `read_responses` reads, one sheet a row."""

from __future__ import annotations

import datetime
import hashlib
import re
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movement_readiness._validation import closest
from movement_readiness.exceptions import ArgumentError, ResponsesWarning, ResponseWithdrawnError, SubmissionError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response
from movement_readiness.workshop.importing.summary import ImportSummary, Refusal, counted
from movement_readiness.workshop.sessions import check_name

if TYPE_CHECKING:
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["of_table"]

_PAPER = "movement-readiness paper"
_MADE_UP = re.compile(r"row-\d+")  # an id that `read_responses` gives to a row without one


def of_table(store: ResponseStore, path: Path, instrument: Instrument, place: Mapping[str, str]) -> ImportSummary:
    """Take the entries of a table; `place` holds site, team and wave where the table does not."""
    from movement_readiness.responses import read_responses

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResponsesWarning)
        frame = read_responses(path, instrument)
    notes = tuple(f"{path.name}: {warning.message}" for warning in found)
    if "wave" in place and any(note.startswith("no column 'wave'") for note in frame.attrs["summary"].notes):
        frame = frame.assign(wave=None)  # what was filled in gives way to what was asked for
    made_up = frame.attrs["summary"].ids_made_up > 0
    entries, refused = _entries(frame, path.name, instrument, place, made_up)
    total = ImportSummary(refused=tuple(refused), notes=(*notes, *_strange_places(store, path.name, entries)))
    for (where, _), outcome in zip(entries, store.add_many([response for _, response in entries]), strict=True):
        total += _of_entry(where, outcome)
    return total


def _strange_places(store: ResponseStore, file: str, entries: Sequence[tuple[str, Response]]) -> Iterator[str]:
    """A misspelt team is a team of its own, and too small to be shown; so say which had no session here."""
    known = {(session.site, session.team) for session in store.sessions()}
    names = sorted(f"{site}, {team}" for site, team in known)
    for (site, team), n in Counter((response.site, response.team) for _, response in entries).items():
        if known and (site, team) not in known:
            name = f"{site}, {team}"
            entries_said = "1 entry is" if n == 1 else f"{n} entries are"
            yield f"{file}: {entries_said} of {name!r}, which had no session in this store.{closest(name, names)}"


def _of_entry(where: str, outcome: str | Exception) -> ImportSummary:
    if isinstance(outcome, ResponseWithdrawnError):
        return ImportSummary(n_withdrawn=1)
    if isinstance(outcome, Exception):
        return ImportSummary(refused=(Refusal(where, str(outcome)),))
    return counted(outcome)


def _entries(
    frame: Any, file: str, instrument: Instrument, place: Mapping[str, str], made_up: bool
) -> tuple[list[tuple[str, Response]], list[Refusal]]:
    taken: list[tuple[str, Response]] = []
    refused: list[Refusal] = []
    for row in _rows(frame):
        where = f"{file}, {row['response_id']}"
        try:
            row_of = file if made_up and _MADE_UP.fullmatch(row["response_id"]) else ""
            taken.append((where, _entry(row, row_of, instrument, place)))
        except (SubmissionError, ArgumentError) as error:
            refused.append(Refusal(where, str(error)))
    return taken, refused


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    """Rows as plain values, None where a cell is empty."""
    plain = frame.astype(object).where(frame.notna(), None)
    yield from plain.to_dict(orient="records")


def _entry(row: Mapping[str, Any], file: str, instrument: Instrument, place: Mapping[str, str]) -> Response:
    where = {name: _placed(row, name, place) for name in ("site", "team", "wave")}
    day = row["submitted_on"]
    return Response.of(
        instrument,
        {item: row[item] for item in instrument.form(row["form"]).items if row.get(item) is not None},
        form=row["form"],
        language=row["language"],
        role=row["role"],
        response_id=_paper_id(file, str(row["response_id"]), row["form"], where, instrument),
        aim_id=row["aim_id"],
        synthetic=bool(row["synthetic"]),
        submitted_on=day.date() if day is not None else datetime.datetime.now().astimezone().date(),
        **where,
    )


def _placed(row: Mapping[str, Any], name: str, place: Mapping[str, str]) -> str:
    given, asked = row.get(name), place.get(name)
    if given is None and asked is None:
        raise ArgumentError(f"{name}: expected a column {name} in the file, or --{name} for all of it; got neither.")
    if asked is not None and given is not None and check_name(name, given) != asked:
        raise ArgumentError(f"{name}: the file says {given!r}, --{name} says {asked!r}; leave out one of them.")
    return check_name(name, given if asked is None else asked)


def _paper_id(file: str, number: str, form: str, where: Mapping[str, str], instrument: Instrument) -> str:
    """An id that the same sheet gets every time it is imported, in the shape of a random UUID."""
    parts = (_PAPER, instrument.id, form, *where.values(), file, number)
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))
