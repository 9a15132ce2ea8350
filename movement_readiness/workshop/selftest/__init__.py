"""The self-test: shows on the user's own machine that a workshop loses nothing, with the figures.

It starts a real server on a temporary store, lets programs do what phones do over a network that cuts,
delays and doubles, kills the server, and looks at what is in the store afterwards.
"""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from movement_readiness.exceptions import MovementReadinessError
from movement_readiness.instrument import Instrument
from movement_readiness.workshop.selftest.bench import Bench, CheckFailedError
from movement_readiness.workshop.selftest.checks import CHECKS
from movement_readiness.workshop.selftest.phones import NotAcknowledgedError
from movement_readiness.workshop.selftest.servers import NotStartedError, ServerProcess
from movement_readiness.workshop.store import ResponseStore

__all__ = ["selftest"]

_FAILURES = (
    CheckFailedError,
    NotAcknowledgedError,
    NotStartedError,
    MovementReadinessError,
    OSError,
    http.client.HTTPException,
)


def selftest(
    instrument: Instrument,
    *,
    instrument_file: Path | None = None,
    quick: bool = False,
    say: Callable[[str], None],
    before: Callable[[str], None] | None = None,
) -> bool:
    """Run every check; whether all of them passed.

    Parameters
    ----------
    instrument : Instrument
    instrument_file : pathlib.Path, optional
        The file it came from, for the server; the bundled instrument without it.
    quick : bool, default False
        Fewer people and fewer kills.
    say : callable
        Takes a line for every check, with its figures, and the last line.
    before : callable, optional
        Takes the name of a check before it is run.

    Returns
    -------
    bool
    """
    failed = []
    options = [] if instrument_file is None else ["--instrument", str(instrument_file.absolute())]
    with tempfile.TemporaryDirectory(prefix="movement-readiness-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "selftest.sqlite"
        with ResponseStore(path) as store, ServerProcess(path, options, folder=Path(folder), start=False) as server:
            bench = Bench(instrument, path, store, server, quick)
            for name, check in (("Start", _start), *CHECKS):
                if before is not None:
                    before(name)
                if not _passes(name, check, bench, say):
                    failed.append(name)
                    if name == "Start":
                        break
    say("all checks passed" if not failed else f"failed: {', '.join(failed)}")
    return not failed


def _start(bench: Bench) -> str:
    began = time.monotonic()
    bench.server.start()
    return f"the server answers after {time.monotonic() - began:.1f} s, with {bench.server.megabytes:.0f} MB"


def _passes(name: str, check: Callable[[Bench], str], bench: Bench, say: Callable[[str], None]) -> bool:
    began = time.monotonic()
    try:
        figures, passed = check(bench), True
    except _FAILURES as error:
        figures, passed = str(error) or type(error).__name__, False
    say(f"{'passed' if passed else 'FAILED'}  {name} ({time.monotonic() - began:.1f} s): {figures}")
    return passed
