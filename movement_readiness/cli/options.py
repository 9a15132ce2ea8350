"""Options and arguments that several commands share, and the checks that go with them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import movement_readiness as mr
from movement_readiness._validation import n_of
from movement_readiness.exceptions import ArgumentError, ResponsesWarning

if TYPE_CHECKING:
    import pandas as pd

    from movement_readiness.responses.released import KeepsReleases
    from movement_readiness.teams import RevealedPage

__all__ = [
    "STORE_VARIABLE",
    "AnswersArgument",
    "ForceOption",
    "InstrumentOption",
    "Invalid",
    "InvalidOption",
    "ReleaseLogOption",
    "RenameOption",
    "RosterOption",
    "SeedOption",
    "StoreArgument",
    "WavesOption",
    "existing_store",
    "is_store",
    "named_texts",
    "new_file",
    "read_answers",
    "read_listed",
    "release_log",
    "renamed",
    "revealed_pages",
    "wave_names",
    "writer",
]

STORE_VARIABLE = "MOVEMENT_READINESS_STORE"  # the environment variable that may name a store
_SQLITE = b"SQLite format 3\x00"
_STORES = (".sqlite", ".db")


class Invalid(StrEnum):
    """What to do with a cell that holds no valid answer."""

    refuse = "raise"
    set_missing = "set-missing"


InstrumentOption = Annotated[
    Path | None,
    typer.Option("--instrument", help="An instrument file; the bundled questionnaire by default."),
]
AnswersArgument = Annotated[
    str,
    typer.Argument(
        envvar="MOVEMENT_READINESS_STORE",
        help="A file of answers: .csv, .xlsx, .parquet, .sav, or the store of a workshop: a file (.sqlite) or "
        "postgresql+psycopg://...",
    ),
]
StoreArgument = Annotated[
    str, typer.Argument(help="The store of responses: a file such as responses.sqlite, or postgresql+psycopg://...")
]
InvalidOption = Annotated[Invalid, typer.Option(help="A bad cell stops the run, or becomes missing and is named.")]
RosterOption = Annotated[Path | None, typer.Option(help="A CSV or XLSX with the columns site, team, invited.")]
RenameOption = Annotated[
    list[str], typer.Option("--rename", help="HEADER=NAME: which header is which column or item; may be repeated.")
]
ReleaseLogOption = Annotated[
    Path | None,
    typer.Option(
        "--release-log",
        help="A file that remembers what was shown, with which later pages are compared; give the same one each time, "
        "and keep response_id the same in every file of answers. A store has one inside.",
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")]
WavesOption = Annotated[
    str | None,
    typer.Option(
        "--waves",
        help="The waves in their order, with commas: --waves pre,post. By the days of the answers, or else by "
        "their names, by default.",
    ),
]
SeedOption = Annotated[int, typer.Option(help="Start of the random numbers; the same seed gives the same study.")]


def read_answers(
    answers: str, instrument: mr.Instrument, invalid: Invalid, rename: list[str], roster: Any = None
) -> pd.DataFrame:
    """The answers of a file or of a store; prints what was read."""
    if is_store(answers):
        return _read_store(answers, instrument)
    choice: Literal["raise", "set_missing"] = "raise" if invalid is Invalid.refuse else "set_missing"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponsesWarning)  # the summary says the same
        responses: pd.DataFrame = mr.read_responses(
            answers, instrument, invalid=choice, roster=roster, columns=renamed(rename)
        )
    print(responses.attrs["summary"])
    return responses


def is_store(answers: str) -> bool:
    """Whether this is the place of a store, by its ending, its address or its first bytes."""
    if "://" in answers or Path(answers).suffix.lower() in _STORES:
        return True  # what is wrong with it is said as by every other command
    try:
        with Path(answers).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False  # whoever reads it as a file of answers says what is wrong with it


def _read_store(answers: str, instrument: mr.Instrument) -> pd.DataFrame:
    with mr.ResponseStore(answers, read_only=True) as store, warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResponsesWarning)
        responses: pd.DataFrame = store.to_frame(instrument)
        name = Path(store.location).name  # without a password
    print(f"{name}: {n_of(len(responses), 'response')} to {instrument.id} {instrument.version}")
    for warning in found:
        print(f"  {warning.message}")
    return responses


def revealed_pages(answers: str) -> Sequence[RevealedPage]:
    """The pages that teams have seen already, where the answers come from a store that knows them."""
    if not is_store(answers):
        return []
    with mr.ResponseStore(answers, read_only=True) as store:
        return store.revealed()


@contextmanager
def release_log(answers: str, path: Path | None = None) -> Iterator[KeepsReleases | None]:
    """The log of what was released: a store's own, or for a file of answers the one in `path`; says so if none is."""
    if not is_store(answers):
        if path is None:
            print(
                "No log is kept of what these pages show. If you write pages of these people again, after answers came "
                "or went, pass --release-log FILE both times: without it, one person's answers may show in the "
                "difference."
            )
            yield None
            return
        with _said_of_the_option(path):
            yield mr.ReleaseLog(path)
        return
    if path is not None:
        raise ArgumentError("--release-log: expected only with a file of answers; a store keeps a log of its own.")
    with mr.ResponseStore(answers) as store:
        yield store.release_log


@contextmanager
def _said_of_the_option(path: Path) -> Iterator[None]:
    """What is wrong with the file of a log, said of the option that named it."""
    try:
        yield
    except ArgumentError as error:
        if not str(error).startswith("path:") or repr(str(path)) not in str(error):
            raise
        raise ArgumentError(str(error).replace("path:", "--release-log:", 1)) from None


def existing_store(location: str, advice: str = "") -> mr.ResponseStore:
    """A store that is there already; a misspelt name must not make an empty one."""
    path = location.removeprefix("sqlite:///")
    if "://" not in path and not Path(path).exists():
        raise ArgumentError(f"store: expected a store of responses; {location!r} does not exist{advice}.")
    return mr.ResponseStore(location)


def renamed(pairs: list[str]) -> dict[str, str] | None:
    """What headers mean, from HEADER=NAME pairs."""
    found = {}
    for pair in pairs:
        header, separator, name = pair.rpartition("=")
        if not separator or not header or not name:
            raise ArgumentError(f"--rename: expected HEADER=NAME, such as Ward=team; got {pair!r}.")
        found[header] = name
    return found or None


def named_texts(option: str, pairs: list[str]) -> dict[str, str]:
    """Texts by name, from NAME=TEXT pairs."""
    found = {}
    for pair in pairs:
        name, separator, text = pair.partition("=")
        if not separator or not name.strip() or not text.strip():
            raise ArgumentError(f"{option}: expected NAME=TEXT, such as contact='Ann, room 12'; got {pair!r}.")
        found[name.strip()] = text.strip()
    return found


def wave_names(text: str | None) -> tuple[str, ...] | None:
    """The names in a list with commas; a name that has a comma itself stands in quotes."""
    import csv

    if text is None:
        return None
    names = next(csv.reader([text], skipinitialspace=True), [])
    if not all(name.strip() for name in names) or not names:
        raise ArgumentError(f"--waves: expected the waves in their order, such as --waves pre,post; got {text!r}.")
    return tuple(name.strip() for name in names)


def read_listed(path: Path | None) -> pd.DataFrame | None:
    """The roster in a file, if one is given."""
    from movement_readiness.responses.roster import read_roster

    return None if path is None else read_roster(path, needs_invited=True)


def new_file(path: Path, force: bool) -> Path:
    """The path, if nothing stands there or it may be replaced."""
    if path.exists() and not force:
        raise ArgumentError(f"--out: {str(path)!r} exists already; choose another name, or pass --force to replace it.")
    return path


def writer(path: Path) -> Callable[[pd.DataFrame, Path], None]:
    """How a table is written to a file of this name."""
    writers: dict[str, Callable[[pd.DataFrame, Path], None]] = {
        ".csv": lambda frame, place: frame.to_csv(place, index=False),
        ".xlsx": lambda frame, place: frame.to_excel(place, index=False),
        ".parquet": lambda frame, place: frame.to_parquet(place, index=False),
    }
    if path.suffix.lower() not in writers:
        raise ArgumentError(f"--out: expected a name that ends in .csv, .xlsx or .parquet; got {path.name!r}.")
    return writers[path.suffix.lower()]
