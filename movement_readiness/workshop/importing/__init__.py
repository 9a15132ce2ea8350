"""What was answered away from the server, into a store: saved files of phones, paper, other laptops' stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError, MovementReadinessError, ResponseWithdrawnError
from movement_readiness.instrument import Instrument
from movement_readiness.workshop.importing.paper import of_table
from movement_readiness.workshop.importing.saved import of_saved
from movement_readiness.workshop.importing.summary import ImportSummary, Refusal
from movement_readiness.workshop.sessions import check_name

if TYPE_CHECKING:
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["ImportSummary", "Refusal", "import_files", "importable_files"]

_SAVED, _STORES, _TABLES = (".json",), (".sqlite", ".db"), (".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".sav")


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
            return of_saved(store, path, instrument, accept_unknown)
        if kind in _STORES:
            return _of_store(store, path)
        if kind in _TABLES:
            return of_table(store, path, instrument, place)
        raise ArgumentError(f"expected a name that ends in {quoted((*_SAVED, *_STORES, *_TABLES))}.")
    except ResponseWithdrawnError as error:
        return ImportSummary(n_withdrawn=1, notes=(f"{path.name}: {error}",))
    except MovementReadinessError as error:
        return ImportSummary(refused=(Refusal(path.name, str(error)),))


def _of_store(store: ResponseStore, path: Path) -> ImportSummary:
    merged = store.merge(path)
    refused = tuple(Refusal(path.name, str(conflict)) for conflict in merged.conflicts)
    return ImportSummary(merged.n_added, merged.n_unchanged, merged.n_withdrawn, refused)
