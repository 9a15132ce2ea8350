"""What was answered away from the server, into a store: saved files of phones, paper, other laptops' stores."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import uuid
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movement_readiness._validation import quoted
from movement_readiness.exceptions import (
    ArgumentError,
    MovementReadinessError,
    ResponsesWarning,
    ResponseWithdrawnError,
    SessionError,
    SubmissionError,
)
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response
from movement_readiness.workshop.consent import shown_consent
from movement_readiness.workshop.content import unnamed_consent
from movement_readiness.workshop.sessions import Session, check_name
from movement_readiness.workshop.submission import response_of

if TYPE_CHECKING:
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["ImportSummary", "Refusal", "import_files", "importable_files"]

_SAVED, _STORES, _TABLES = (".json",), (".sqlite", ".db"), (".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".sav")
_LARGEST_SAVED = 1_000_000
_PAPER = "movement-readiness paper"
_MADE_UP = re.compile(r"row-\d+")  # an id that `read_responses` gives to a row without one


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response, or a whole file, that was not taken, and why.

    Attributes
    ----------
    where : str
        Name of the file, with the row where the file has several.
    message : str
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of the files.

    Attributes
    ----------
    n_added : int
        Responses that are new in the store.
    n_unchanged : int
        Responses that were there already with the same content.
    n_withdrawn : int
        Responses that their people have withdrawn: not taken, or deleted because the other store knew it.
    refused : tuple of Refusal
    notes : tuple of str
        What should be looked at although it was taken.
    """

    n_added: int = 0
    n_unchanged: int = 0
    n_withdrawn: int = 0
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: ImportSummary) -> ImportSummary:
        return ImportSummary(
            self.n_added + other.n_added,
            self.n_unchanged + other.n_unchanged,
            self.n_withdrawn + other.n_withdrawn,
            self.refused + other.refused,
            self.notes + other.notes,
        )

    def __str__(self) -> str:
        counts = f"{self.n_added} added, {self.n_unchanged} unchanged, {len(self.refused)} refused"
        withdrawn = f", {self.n_withdrawn} withdrawn" if self.n_withdrawn else ""
        return "\n".join([counts + withdrawn, *(f"  {line}" for line in (*self.notes, *self.refused))])


def importable_files(places: Iterable[str | Path], *, but: str | Path = "") -> list[Path]:
    """The files themselves, with those of every folder in the order of their names.

    Parameters
    ----------
    places : iterable of path
    but : path, optional
        The store that they go to: where it lies in one of the folders it is left out.

    Returns
    -------
    list of pathlib.Path

    Raises
    ------
    ArgumentError
        A place does not exist, or a folder holds nothing that can be imported.
    """
    found: list[Path] = []
    for place in map(Path, places):
        if place.is_dir():
            known = (path for path in place.iterdir() if path.suffix.lower() in (*_SAVED, *_STORES, *_TABLES))
            inside = sorted(path for path in known if path.resolve() != Path(but).resolve())
            if not inside:
                raise ArgumentError(f"files: the folder {str(place)!r} holds no file of answers.")
            found += inside
        elif place.is_file():
            found.append(place)
        else:
            raise ArgumentError(f"files: expected a file or a folder; {str(place)!r} does not exist.")
    return found


def import_files(
    store: ResponseStore,
    files: Iterable[str | Path],
    instrument: Instrument,
    *,
    site: str | None = None,
    team: str | None = None,
    wave: str | None = None,
    accept_unknown: bool = False,
) -> ImportSummary:
    r"""Take files into a store; taking them again changes nothing.

    Parameters
    ----------
    store : ResponseStore
    files : iterable of path
        Answers that a phone saved (``.json``), another store (``.sqlite``, ``.db``), entries from paper
        (``.csv``, ``.xlsx``, ``.parquet``, ``.sav``, read by `read_responses`), or folders of them.
    instrument : Instrument
        What was answered.
    site, team, wave : str, optional
        Of paper entries whose file does not say.
    accept_unknown : bool, default False
        Take saved answers also when this store never gave their device a ticket, for example when another
        laptop did. Nobody can tell then whether they were answered in the room.

    Returns
    -------
    ImportSummary
        A file that cannot be taken is refused with a sentence; the others are taken all the same.

    Raises
    ------
    ArgumentError
        A file does not exist.

    Notes
    -----
    A saved answer keeps its id, so that a phone which gets through after all does not count twice. An entry
    from paper has an id made from its place (site, team, wave, form) and its ``response_id`` in the file, such
    as a number written on the sheet; without that column, from the name of the file and the row. The same
    sheet typed again with other answers is refused, and what was taken first stays.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import movement_readiness as mr
    >>> from movement_readiness.workshop.importing import import_files
    >>> instrument = mr.load_instrument()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paper = Path(folder, "paper.csv")
    ...     _ = paper.write_text(f"{','.join(instrument.forms['short'].items)}\n4,5,3,4,2,4,4,5,3,2,1,3\n")
    ...     with mr.ResponseStore(Path(folder, "responses.sqlite")) as store:
    ...         first = import_files(store, [paper], instrument, site="North", team="A3")
    ...         again = import_files(store, [paper], instrument, site="North", team="A3")
    >>> first.n_added, again.n_added, again.n_unchanged
    (1, 0, 1)
    """
    place = {
        name: check_name(name, value)
        for name, value in (("site", site), ("team", team), ("wave", wave))
        if value is not None
    }
    total = ImportSummary()
    for path in importable_files(files, but=store.location):
        total += _of_file(store, path, instrument, place, accept_unknown)
    return total


def _of_file(
    store: ResponseStore, path: Path, instrument: Instrument, place: Mapping[str, str], accept_unknown: bool
) -> ImportSummary:
    kind = path.suffix.lower()
    try:
        if kind in _SAVED:
            return _of_saved(store, path, instrument, accept_unknown)
        if kind in _STORES:
            return _of_store(store, path)
        if kind in _TABLES:
            return _of_table(store, path, instrument, place)
        raise ArgumentError(f"expected a name that ends in {quoted((*_SAVED, *_STORES, *_TABLES))}.")
    except ResponseWithdrawnError as error:
        return ImportSummary(n_withdrawn=1, notes=(f"{path.name}: {error}",))
    except MovementReadinessError as error:
        return ImportSummary(refused=(Refusal(path.name, str(error)),))


def _of_store(store: ResponseStore, path: Path) -> ImportSummary:
    merged = store.merge(path)
    refused = tuple(Refusal(path.name, str(conflict)) for conflict in merged.conflicts)
    return ImportSummary(merged.n_added, merged.n_unchanged, merged.n_withdrawn, refused)


# --- answers that a phone saved


def _of_saved(store: ResponseStore, path: Path, instrument: Instrument, accept_unknown: bool) -> ImportSummary:
    saved = _read_saved(path)
    try:
        session = store.session(str(saved.get("session")))
    except SessionError:
        return _of_stranger(store, path, instrument, saved, None, accept_unknown)
    ticket = str(saved.get("ticket"))
    if not _is_of(store, ticket, session):
        return _of_stranger(store, path, instrument, saved, session, accept_unknown)
    return _counted(store.submit(_response(store, saved, session, instrument), ticket, late=True))


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
    return _counted(store.add(response), note)


def _counted(outcome: str, *notes: str) -> ImportSummary:
    return ImportSummary(n_added=1, notes=notes) if outcome == "stored" else ImportSummary(n_unchanged=1)


def _read_saved(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > _LARGEST_SAVED:
        raise SubmissionError(f"expected answers that a form saved; the file has more than {_LARGEST_SAVED} bytes.")
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


# --- entries from paper


def _of_table(store: ResponseStore, path: Path, instrument: Instrument, place: Mapping[str, str]) -> ImportSummary:
    from movement_readiness.responses import read_responses

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResponsesWarning)
        frame = read_responses(path, instrument)
    notes = tuple(f"{path.name}: {warning.message}" for warning in found)
    if "wave" in place and any(note.startswith("no column 'wave'") for note in frame.attrs["summary"].notes):
        frame = frame.assign(wave=None)  # what was filled in gives way to what was asked for
    made_up = frame.attrs["summary"].ids_made_up > 0
    entries, refused = _entries(frame, path.name, instrument, place, made_up)
    total = ImportSummary(refused=tuple(refused), notes=notes)
    for (where, _), outcome in zip(entries, store.add_many([response for _, response in entries]), strict=True):
        total += _of_entry(where, outcome)
    return total


def _of_entry(where: str, outcome: str | Exception) -> ImportSummary:
    if isinstance(outcome, ResponseWithdrawnError):
        return ImportSummary(n_withdrawn=1)
    if isinstance(outcome, Exception):
        return ImportSummary(refused=(Refusal(where, str(outcome)),))
    return _counted(outcome)


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
