"""Commands that look after a store of responses: import, backup, withdraw."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import movement_readiness as mr
from movement_readiness.cli.options import InstrumentOption, StoreArgument, existing_store
from movement_readiness.cli.running import BAD_INPUT, app
from movement_readiness.exceptions import ArgumentError

__all__ = ["backup", "import_", "withdraw"]


@app.command("import")
def import_(
    store: StoreArgument,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Answers that phones saved (.json), another store (.sqlite), entries from paper (.csv, .xlsx, "
            ".parquet, .sav), or folders of them."
        ),
    ],
    site: Annotated[str | None, typer.Option(help="Site of the entries from paper, if the file does not say.")] = None,
    team: Annotated[str | None, typer.Option(help="Team of the entries from paper, if the file does not say.")] = None,
    wave: Annotated[str | None, typer.Option(help="Wave of the entries from paper, if the file does not say.")] = None,
    accept_unknown: Annotated[
        bool,
        typer.Option("--accept-unknown", help="Take saved answers although this store never gave out their ticket."),
    ] = False,
    instrument: InstrumentOption = None,
) -> None:
    """Take saved answers, entries from paper or another laptop's store into a store; again changes nothing."""
    from tqdm import tqdm

    from movement_readiness.workshop.importing import ImportSummary, import_files, importable_files

    loaded = mr.load_instrument(instrument)
    total = ImportSummary()
    paths = importable_files(files, but=store)
    with mr.ResponseStore(store) as opened:
        for path in tqdm(paths, desc="files", unit="file", disable=len(paths) < 2 or not sys.stderr.isatty()):
            total += import_files(
                opened, [path], loaded, site=site, team=team, wave=wave, accept_unknown=accept_unknown
            )
    print(f"{store}: {total}")
    if total.refused:
        raise typer.Exit(BAD_INPUT)


@app.command()
def backup(
    store: StoreArgument,
    out: Annotated[Path, typer.Argument(help="The file to write, such as backup.sqlite; it must not be there yet.")],
) -> None:
    """Copy a store, safely while it is in use."""
    if out.exists():
        raise ArgumentError(f"out: {str(out)!r} exists already; a backup never replaces a file.")
    with existing_store(store) as opened:
        opened.backup(out)
    print(
        f"{store} -> {out}\n"
        "The copy holds answers: keep it where only you can read it, and delete it when the answers are to be deleted."
    )


@app.command()
def withdraw(
    store: StoreArgument,
    receipt: Annotated[str | None, typer.Option(help="The person's receipt code; asked for when left out.")] = None,
    response_id: Annotated[str | None, typer.Option(help="The id of the response instead of a receipt code.")] = None,
) -> None:
    """Delete the answers of the person who holds a receipt code."""
    if receipt is not None and response_id is not None:
        raise ArgumentError("--receipt, --response-id: expected one of them; got both.")
    if receipt is None and response_id is None:
        receipt = typer.prompt("Receipt code")
    with existing_store(store) as opened:
        outcome = opened.withdraw(receipt=receipt, response_id=response_id)
    said = "the answers are deleted" if outcome == "withdrawn" else "they were deleted before; nothing changed"
    print(f"{store}: {said}.")
    print("Copies made before (backups, exported files) may still hold them: delete those, or export anew.")
