"""``export answers`` and ``export paper``: files for analysis, and the form to print."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Annotated

import typer

import movement_readiness as mr
from movement_readiness.cli.options import ForceOption, InstrumentOption, StoreArgument, named_texts, new_file
from movement_readiness.cli.running import app
from movement_readiness.exceptions import ArgumentError, ResponsesWarning

__all__ = ["answers", "paper"]

export = typer.Typer(help="Answers of a store as a file for analysis; the form on paper.", no_args_is_help=True)
app.add_typer(export, name="export")


@export.command()
def answers(
    store: StoreArgument,
    out: Annotated[Path, typer.Argument(help="The file to write: .csv, .xlsx, .parquet or .sav.")],
    rehearsal: Annotated[bool, typer.Option("--rehearsal", help="The rehearsals' answers instead.")] = False,
    labels: Annotated[bool, typer.Option("--labels", help="Write the words of the options instead of codes.")] = False,
    instrument: InstrumentOption = None,
    force: ForceOption = False,
) -> None:
    """Write the answers of a store to a file, one row a response, in an order that tells nothing."""
    loaded = mr.load_instrument(instrument)
    place = new_file(out, force)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResponsesWarning)
        with mr.ResponseStore(store, read_only=True) as opened:
            frame = opened.to_frame(loaded, rehearsal=rehearsal)
        mr.write_responses(frame, place, loaded, labels=labels)
    print(f"{len(frame)} responses -> {place}")
    for warning in found:
        print(f"  {warning.message}")


@export.command()
def paper(
    out: Annotated[Path, typer.Argument(help="The file to write: .html, to be opened in a browser and printed.")],
    form: Annotated[str | None, typer.Option(help="Which form; the instrument's first by default.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of the form.")] = None,
    site: Annotated[str | None, typer.Option(help="Site, printed on the form.")] = None,
    team: Annotated[str | None, typer.Option(help="Team, printed on the form.")] = None,
    wave: Annotated[str | None, typer.Option(help="Wave, printed on the form.")] = None,
    consent: Annotated[
        list[str], typer.Option("--consent", help="NAME=TEXT: what fills in a name of the consent text; repeatable.")
    ] = [],  # noqa: B006  (typer copies it)
    instrument: InstrumentOption = None,
    force: ForceOption = False,
) -> None:
    """Write the form as a page that prints on A4, for people without a phone."""
    from movement_readiness.workshop.paper import paper_form

    if out.suffix.lower() not in (".html", ".htm"):
        raise ArgumentError(f"out: expected a name that ends in .html; got {out.name!r}.")
    loaded = mr.load_instrument(instrument)
    page = paper_form(
        loaded, form, language, site=site, team=team, wave=wave, consent=named_texts("--consent", consent) or None
    )
    new_file(out, force).write_text(str(page), encoding="utf-8")
    print(f"paper form -> {out}")
