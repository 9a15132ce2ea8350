"""``serve``: the workshop's server, with a session opened at once where that is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import movement_readiness as mr
from movement_readiness.cli.options import STORE_VARIABLE, InstrumentOption, named_texts
from movement_readiness.cli.running import app
from movement_readiness.exceptions import ArgumentError

if TYPE_CHECKING:
    from movement_readiness.workshop.sessions import Session

__all__ = ["serve"]

_ADDRESS = "Address and security"
_SESSION = "A session to open at once (others are opened on the facilitator's page)"
_DEFAULT_PORT = 8750


@app.command()
def serve(  # noqa: PLR0913, PLR0917  (the options of a command)
    store: Annotated[
        str | None, typer.Argument(help="Where answers are kept: a file such as responses.sqlite, made if need be.")
    ] = None,
    store_url: Annotated[
        str | None,
        typer.Option(
            "--store",
            envvar=STORE_VARIABLE,
            help="The same, or a database for many rooms at once: postgresql+psycopg://... With a password in it, "
            "give it in the variable, not here.",
        ),
    ] = None,
    instrument: InstrumentOption = None,
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Of the participants' page; 0 takes a free one.", rich_help_panel=_ADDRESS),
    ] = _DEFAULT_PORT,
    host: Annotated[
        str | None,
        typer.Option(help="The one address to listen on; every address by default.", rich_help_panel=_ADDRESS),
    ] = None,
    host_name: Annotated[
        list[str],
        typer.Option("--host-name", help="A name that participants reach it by; repeatable.", rich_help_panel=_ADDRESS),
    ] = [],  # noqa: B006  (typer copies it)
    facilitator_port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, help="Of the facilitator's page, on this laptop alone.", rich_help_panel=_ADDRESS
        ),
    ] = 0,
    tls: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="A certificate and its key (PEM): nobody in the network can read.", rich_help_panel=_ADDRESS),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Where the facilitator's token is; beside the store by default.", rich_help_panel=_ADDRESS),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="Where the key of people's own codes is (--retest); beside a file by default, to be named for a "
            "database.",
            rich_help_panel=_ADDRESS,
        ),
    ] = None,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Do not open the facilitator's page.", rich_help_panel=_ADDRESS)
    ] = False,
    site: Annotated[str | None, typer.Option(help="Site of the team.", rich_help_panel=_SESSION)] = None,
    team: Annotated[str | None, typer.Option(help="Team in the room.", rich_help_panel=_SESSION)] = None,
    people: Annotated[
        int | None, typer.Option(help="How many people are in the room.", rich_help_panel=_SESSION)
    ] = None,
    wave: Annotated[
        str | None, typer.Option(help="Round of collection; 1 by default.", rich_help_panel=_SESSION)
    ] = None,
    form: Annotated[
        str | None, typer.Option(help="Which form; the first by default.", rich_help_panel=_SESSION)
    ] = None,
    language: Annotated[
        list[str],
        typer.Option("--language", help="Offered, the first one first; repeatable.", rich_help_panel=_SESSION),
    ] = [],  # noqa: B006
    consent: Annotated[
        list[str],
        typer.Option(
            "--consent", help="NAME=TEXT: fills in a name of the consent text; repeatable.", rich_help_panel=_SESSION
        ),
    ] = [],  # noqa: B006
    withdraw_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Last day on which answers are deleted on request.", rich_help_panel=_SESSION
        ),
    ] = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="Answers to try things out, kept apart.", rich_help_panel=_SESSION)
    ] = False,
    shared_device: Annotated[
        bool, typer.Option("--shared-device", help="Several people use one device.", rich_help_panel=_SESSION)
    ] = False,
    retest: Annotated[
        bool, typer.Option("--retest", help="Ask for a code of one's own as well.", rich_help_panel=_SESSION)
    ] = False,
) -> None:
    """Run the workshop's server: phones answer, one laptop keeps; stop it with Ctrl+C."""
    from movement_readiness.workshop.server import ServerOptions, command_reveal
    from movement_readiness.workshop.server import serve as run

    location = _location(store, store_url)
    loaded = mr.load_instrument(instrument)
    asked = {
        "wave": wave,
        "form": form,
        "languages": language or None,
        "consent": named_texts("--consent", consent) or None,
        "withdraw_until": withdraw_until.date() if withdraw_until else None,
        "rehearsal": rehearsal or None,
        "shared_device": shared_device or None,
        "retest": retest or None,
    }
    code = run(
        ServerOptions(
            store=location,
            instrument=loaded,
            port=port,
            host=host,
            host_names=tuple(host_name),
            facilitator_port=facilitator_port,
            tls=tls,
            token_file=token_file,
            sessions=_sessions(loaded, site, team, people, asked),
            reveal=command_reveal(_reveal_command(location, instrument)),
            open_browser=not no_browser and sys.stdout.isatty(),
            store_options={} if key_file is None else {"key_file": key_file},
        )
    )
    raise typer.Exit(code)


def _location(store: str | None, store_url: str | None) -> str:
    if store is not None:  # the variable is there for other commands too; what is written here goes first
        given = sys.argv.count("--store") + sum(word.startswith("--store=") for word in sys.argv)
        if given and store_url not in (None, store):
            raise ArgumentError("--store: expected one store; got two.")
        return store
    if store_url is None:
        raise ArgumentError("store: expected a file such as responses.sqlite, or --store with an address; got neither.")
    return store_url


def _sessions(
    instrument: mr.Instrument, site: str | None, team: str | None, people: int | None, asked: Mapping[str, object]
) -> tuple[Session, ...]:
    """The session to open at once, if one was described."""
    from movement_readiness.workshop.sessions import new_session

    given = {name: value for name, value in asked.items() if value is not None}
    if site is None and team is None and people is None:
        if given:
            raise ArgumentError("--site, --team, --people: expected all three to open a session; got none of them.")
        return ()
    if site is None or team is None or people is None:
        raise ArgumentError("--site, --team, --people: expected all three to open a session; one is missing.")
    return (new_session(instrument, site=site, team=team, head_count=people, **given),)  # type: ignore[arg-type]


def _reveal_command(location: str, instrument: Path | None) -> list[str]:
    """What makes a team's page in another process; the store travels in a variable, which others cannot list."""
    os.environ[STORE_VARIABLE] = location if "://" in location else str(Path(location).absolute())
    which = [] if instrument is None else ["--instrument", str(instrument.absolute())]
    return [sys.executable, "-m", "movement_readiness", "reveal-session", *which]
