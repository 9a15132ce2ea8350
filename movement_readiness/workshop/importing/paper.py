"""Tables that `read_responses` reads: entries from paper, one sheet a row, and exports that come back."""

from __future__ import annotations

import datetime
import hashlib
import re
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from movement_readiness._validation import closest
from movement_readiness.exceptions import ArgumentError, ResponsesWarning, ResponseWithdrawnError, SubmissionError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response, is_response_id
from movement_readiness.workshop.importing.summary import ImportSummary, Refusal, counted
from movement_readiness.workshop.sessions import check_name

if TYPE_CHECKING:
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["of_table"]

_PAPER = "movement-readiness paper"
_MADE_UP = re.compile(r"row-\d+")  # an id that `read_responses` gives to a row without one


class _Table(NamedTuple):
    """A file and what whoever imports it says about it."""

    store: ResponseStore
    path: Path
    instrument: Instrument
    place: Mapping[str, str]
    rehearsal: bool


def of_table(
    store: ResponseStore, path: Path, instrument: Instrument, place: Mapping[str, str], *, rehearsal: bool = False
) -> ImportSummary:
    """Take the entries of a table; `place` holds site, team and wave where the table does not."""
    from movement_readiness.responses import read_responses

    table = _Table(store, path, instrument, place, rehearsal)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResponsesWarning)
        frame = read_responses(path, instrument)
    notes = tuple(f"{path.name}: {warning.message}" for warning in found)
    if "wave" in place and any(note.startswith("no column 'wave'") for note in frame.attrs["summary"].notes):
        frame = frame.assign(wave=None)  # what was filled in gives way to what was asked for
    unnumbered = _unnumbered(path) if frame.attrs["summary"].ids_made_up > 0 else ""
    entries, total = _entries(table, frame, unnumbered)
    total += ImportSummary(notes=(*notes, *_strange_places(store, path.name, entries)))
    outcomes = store.add_many([response for _, response, _ in entries])
    for (where, response, _), outcome in zip(entries, outcomes, strict=True):
        total += _of_entry(where, outcome, rehearsal=response.rehearsal)
    made_up = [outcome for (_, _, numbered), outcome in zip(entries, outcomes, strict=True) if not numbered]
    return total + ImportSummary(notes=tuple(_unnumbered_notes(path.name, made_up)))


def _unnumbered(path: Path) -> str:
    """What tells the rows of this file from those of every other: its name and its bytes."""
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _unnumbered_notes(file: str, outcomes: Sequence[object]) -> Iterator[str]:
    """Without a number on the sheet nobody can tell two sheets from one sheet typed twice; so say what was done."""
    advice = "Write a number on every sheet and give it as the column response_id."
    new, same = (sum(outcome == one for outcome in outcomes) for one in ("stored", "unchanged"))
    if same:
        yield (
            f"{file}: {same} of its rows without a number were taken as ones that are there already, for a file of "
            f"this name and these bytes was imported before. {advice}"
        )
    if new:
        yield (
            f"{file}: {new} of its rows have no number; if this file is changed and imported again they count twice. "
            f"{advice}"
        )


def _strange_places(store: ResponseStore, file: str, entries: Sequence[tuple[str, Response, bool]]) -> Iterator[str]:
    """A misspelt team is a team of its own, and too small to be shown; so say which had no session here."""
    known = {(session.site, session.team) for session in store.sessions()}
    names = sorted(f"{site}, {team}" for site, team in known)
    for (site, team), n in Counter((response.site, response.team) for _, response, _ in entries).items():
        if known and (site, team) not in known:
            name = f"{site}, {team}"
            entries_said = "1 entry is" if n == 1 else f"{n} entries are"
            yield f"{file}: {entries_said} of {name!r}, which had no session in this store.{closest(name, names)}"


def _of_entry(where: str, outcome: str | Exception, *, rehearsal: bool) -> ImportSummary:
    if isinstance(outcome, ResponseWithdrawnError):
        return ImportSummary(n_withdrawn=1)
    if isinstance(outcome, Exception):
        return ImportSummary(refused=(Refusal(where, str(outcome)),))
    return counted(outcome, rehearsal=rehearsal)


def _entries(table: _Table, frame: Any, unnumbered: str) -> tuple[list[tuple[str, Response, bool]], ImportSummary]:
    """What is to be stored (where it stands, what it is, whether it has a number), and what is not."""
    taken: list[tuple[str, Response, bool]] = []
    others = ImportSummary()
    for row in _rows(frame):
        where = f"{table.path.name}, {row['response_id']}"
        made_up = bool(unnumbered and _MADE_UP.fullmatch(row["response_id"]))
        try:
            if is_response_id(row["response_id"].lower()):
                response = _exported(table, row)
            else:
                response = _entry(table, row, unnumbered if made_up else "")
            taken.append((where, response, not made_up))
        except ResponseWithdrawnError:
            others += ImportSummary(n_withdrawn=1)
        except (SubmissionError, ArgumentError) as error:
            others += ImportSummary(refused=(Refusal(where, str(error)),))
    return taken, others


def _exported(table: _Table, row: Mapping[str, Any]) -> Response:
    """A row whose id a form made: the response that the store knows, with what the row says about it."""
    response_id = row["response_id"].lower()
    stored = table.store.get(response_id)
    if stored is None:
        if table.store.status(response_id) == "withdrawn":
            raise ResponseWithdrawnError(f"response {response_id}: it was withdrawn.")
        raise SubmissionError(
            "response_id: it is that of a response from a form, so this is a row of an export, and this store does not "
            "know it. Import the store that it was exported from, or the file that the phone saved."
        )
    read = _entry(table, row, "", place_of=stored)
    said = ("form", "language", "role", "site", "team", "wave", "aim_id", "answers")
    changes: dict[str, Any] = {name: getattr(read, name) for name in said}
    return replace(stored, **changes)


def _rows(frame: Any) -> Iterator[dict[str, Any]]:
    """Rows as plain values, None where a cell is empty."""
    plain = frame.astype(object).where(frame.notna(), None)
    yield from plain.to_dict(orient="records")


def _entry(table: _Table, row: Mapping[str, Any], file: str, *, place_of: Response | None = None) -> Response:
    """The response that a row holds; `place_of` is the one that is stored under its id."""
    if place_of is None:
        where: dict[str, Any] = {name: _placed(row, name, table.place) for name in ("site", "team", "wave")}
        response_id = _paper_id(file, str(row["response_id"]), row["form"], where, table.instrument)
        _check_real(row, table.rehearsal)
    else:
        where = {name: row.get(name) for name in ("site", "team", "wave")}
        response_id = place_of.response_id
    day = row["submitted_on"]
    return Response.of(
        table.instrument,
        {item: row[item] for item in table.instrument.form(row["form"]).items if row.get(item) is not None},
        form=row["form"],
        language=row["language"],
        role=row["role"],
        response_id=response_id,
        aim_id=row["aim_id"],
        rehearsal=table.rehearsal,
        synthetic=bool(row["synthetic"]),
        submitted_on=day.date() if day is not None else datetime.datetime.now().astimezone().date(),
        **where,
    )


def _check_real(row: Mapping[str, Any], rehearsal: bool) -> None:
    if row["synthetic"] and not rehearsal:
        raise SubmissionError(
            "synthetic: expected answers of people; this row is marked as made by a program or given in a rehearsal. "
            "Pass --rehearsal to keep it among the rehearsals."
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
