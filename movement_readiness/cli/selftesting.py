"""``selftest``: shows on this machine that a workshop loses nothing."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import movement_readiness as mr
from movement_readiness.cli.options import InstrumentOption
from movement_readiness.cli.running import app

__all__ = ["selftest"]


@app.command()
def selftest(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer people, fewer kills of the server.")] = False,
    instrument: InstrumentOption = None,
) -> None:
    """Show on this machine that a workshop loses nothing: bad network, kill -9, erasure, scoring; prints figures."""
    from tqdm import tqdm

    from movement_readiness.workshop.selftest import selftest as run
    from movement_readiness.workshop.selftest.checks import CHECKS

    loaded = mr.load_instrument(instrument)
    print(f"A server with a temporary store, and programs that do what phones do; {loaded.id} {loaded.version}")
    with tqdm(total=len(CHECKS) + 1, unit="check", leave=False, disable=not sys.stderr.isatty()) as bar:

        def say(line: str) -> None:
            bar.write(line, file=sys.stdout)
            sys.stdout.flush()
            bar.update()

        passed = run(loaded, instrument_file=instrument, quick=quick, say=say, before=bar.set_description)
    raise typer.Exit(0 if passed else 1)
