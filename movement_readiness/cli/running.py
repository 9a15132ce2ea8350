"""The program around the commands: a user's mistake is one line on standard error and exit code 2."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import typer

from movement_readiness.exceptions import MovementReadinessError, Problem, ResponsesError

__all__ = ["BAD_INPUT", "app", "main", "program"]

app = typer.Typer(
    name="movement-readiness",
    help="Readiness for movement: a questionnaire for health-care teams, answered, scored, protected and reported.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

BAD_INPUT = 2
# The base of all usage errors: click's, or that of the copy of click which newer typer carries.
_USAGE_ERRORS: Any = typer.BadParameter.__mro__[2]


def main() -> None:
    """Run the command line; a user's mistake is one line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that cannot show a letter must not stop the run
    try:
        code = app(standalone_mode=False)
    except _USAGE_ERRORS as error:
        message = error.format_message()
        if not message:  # no command given: the help has been shown
            sys.exit(BAD_INPUT)
        _fail(message)
    except ResponsesError as error:
        hint = "\n--invalid set-missing goes on without the cells that cannot be read, and names them."
        cells = bool(error.problems) and all(_in_a_cell(problem) for problem in error.problems)
        _fail(str(error) + (hint if cells else ""))
    except MovementReadinessError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'file'}: {error.strerror or error}.")
    except (KeyboardInterrupt, typer.Abort):
        _fail("stopped.", code=130)
    sys.exit(code if isinstance(code, int) else 0)


_NEEDED = ("site", "team", "form", "response_id", "instrument_version", "synthetic")  # never set missing


def _in_a_cell(problem: Problem) -> bool:
    """Whether a fault is one of a cell of answers, without which the file can be read."""
    return problem.row is not None and problem.column is not None and problem.column.casefold() not in _NEEDED


def _fail(message: str, code: int = BAD_INPUT) -> None:
    print(f"movement-readiness: {message}", file=sys.stderr)
    sys.exit(code)


def program() -> str:
    """How this program is called from the folder the user is in."""
    installed = Path(sys.executable).with_name("movement-readiness")
    on_path = shutil.which("movement-readiness")
    if on_path is not None and Path(on_path).with_suffix("") == installed:
        return "movement-readiness"
    try:
        return str(installed.relative_to(Path.cwd()))
    except ValueError:
        return str(installed)
