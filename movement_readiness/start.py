"""Install and run, in one command, on a machine that has Python and nothing else.

``python3 -m movement_readiness.start demo`` in a copy of the repository installs the package and runs its
demo; ``tests`` installs what the tests need and runs them. ``python3 path/to/movement_readiness/start.py``
does the same from any folder. The virtual environment that Python runs in is used; where there is none,
``.venv`` is made in the folder you are in.

The standard library alone, nothing of ours, and no syntax newer than Python 3.8, so that an older Python is
told which one to get. A step says what it does in one line; exit codes are those of the job.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # annotations are never evaluated, so they may be newer than 3.8
    from collections.abc import Iterator, Sequence
    from typing import TextIO

OLDEST = (3, 11)
CHECKOUT = Path(__file__).resolve().parent.parent
JOBS = {
    "demo": "install the package and run its demo: a synthetic study, scored, with reports",
    "tests": "install the package with what its tests need, and run them with pytest",
}
EXTRAS = {"demo": "[spss]", "tests": "[test]"}
MADE_FROM = ("pyproject.toml", "README.md", "LICENSE", "movement_readiness", "instrument", "notebooks")
NOT_CONTENT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
STAMP = "movement-readiness-start.json"
BAD_INPUT, STOPPED = 2, 130
PATIENCE = 10  # seconds that a job has for its last lines after an interrupt


class SetupError(Exception):
    """Setting up cannot go on; the text is one clear sentence."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do one job and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that cannot show a letter must not stop the run
    given = _parser().parse_args(arguments)
    try:
        check_machine()
        python = environment()
        install(python, given.job)
        return run(python, given.job, given.arguments)
    except SetupError as error:
        _say(f"start: {error}", sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        _say("start: stopped.", sys.stderr)
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m movement_readiness.start",
        description="Install movement_readiness from this copy of the repository; run its demo or its tests.",
        epilog="A virtual environment, .venv in the folder you are in, is made unless Python already runs in "
        "one. Nothing is installed outside it.",
    )
    parser.add_argument("job", choices=JOBS, help="; ".join(f"{job}: {what}" for job, what in JOBS.items()))
    parser.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        help="passed on to the demo or to pytest, for example: tests -k scoring",
    )
    return parser


def _say(text: str, stream: TextIO | None = None) -> None:
    place = stream or sys.stdout
    place.write(f"{text}\n")
    place.flush()  # before the lines of a program that we start


def check_machine() -> None:
    """Refuse a Python that is too old, and a place that cannot be installed from."""
    if sys.version_info[:2] < OLDEST:
        raise SetupError(
            f"expected Python {_dotted(OLDEST)} or newer; this is Python {_dotted(sys.version_info[:3])} "
            f"({sys.executable}). Run the command with a newer one."
        )
    if not (CHECKOUT / "pyproject.toml").is_file():
        raise SetupError(
            f"expected a copy of the repository; {str(CHECKOUT)!r} holds no pyproject.toml. Where the "
            "package is installed already, use its own command: movement-readiness demo."
        )


def _dotted(numbers: Sequence[object]) -> str:
    return ".".join(str(number) for number in numbers)


def environment() -> Path:
    """Find or make the virtual environment and return its Python."""
    if sys.prefix != sys.base_prefix:
        folder, python = Path(sys.prefix), Path(sys.executable)
        what = f"Putting pip into the virtual environment {folder}"
    else:
        folder = Path.cwd() / ".venv"
        python = _python_of(folder)
        what = f"Making a virtual environment: {folder}"
    if _ask(python, "import pip") is None:
        # Over a folder that is there, venv mends (a run that was stopped, no pip) and deletes nothing.
        _make(folder, what)
        python = python if python.exists() else _python_of(folder)
    _check_environment(python, folder)
    return python


def _python_of(folder: Path) -> Path:
    places = (folder / "Scripts" / "python.exe", folder / "bin" / "python")
    return next((place for place in places if place.exists()), places[-1])


def _check_environment(python: Path, folder: Path) -> None:
    answer = _ask(python, "import pip, sys; print(*sys.version_info[:2])")
    if answer is None:
        raise SetupError(f"the virtual environment {folder} does not work. Remove that folder and run this again.")
    version = tuple(int(part) for part in answer.split())
    if version < OLDEST:
        raise SetupError(
            f"the virtual environment {folder} holds Python {_dotted(version)}; expected {_dotted(OLDEST)} "
            "or newer. Remove that folder, or run this in another one."
        )


def _make(folder: Path, what: str) -> None:
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        raise SetupError(
            "this Python cannot make a virtual environment: its venv or ensurepip is missing. On Debian or "
            f"Ubuntu, install them with: sudo apt install python{_dotted(sys.version_info[:2])}-venv"
        )
    base = getattr(sys, "_base_executable", None) or sys.executable
    command = [base, "-I", "-m", "venv", str(folder)]
    _step(what, command, f"the virtual environment {folder} could not be made.")


def _variables() -> dict[str, str]:
    """Copy the process's variables, without those that put other packages before the environment's own."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def _ask(python: Path, code: str) -> str | None:
    """Return what a Python prints, or None where it fails."""
    try:
        answer = subprocess.run(  # noqa: S603  (our own code, in the environment's Python)
            [str(python), "-I", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.decode(errors="replace").strip()


def _step(what: str, command: Sequence[str], failed: str) -> None:
    """Run a program that is quiet unless it fails; then show all that it said."""
    _say(f"{what} ...")
    done = subprocess.run(  # noqa: S603  (Python's own modules and pip, without a shell)
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_variables(), check=False
    )
    if done.returncode != 0:
        _say(done.stdout.decode(errors="replace").rstrip(), sys.stderr)
        raise SetupError(f"{failed} What was said is above (exit code {done.returncode}).")


def install(python: Path, job: str) -> None:
    """Install the checkout and what the job needs, unless the environment holds just that."""
    prefix = Path(_ask(python, "import sys; print(sys.prefix)") or sys.prefix)
    stamp, made_from = prefix / STAMP, fingerprint(job)
    if _read(stamp) == {"made_from": made_from, "installed": _installed(prefix)}:
        _say(f"Installed already: {prefix}")
        return
    if stamp.exists():
        stamp.unlink()  # an installation that was stopped must not look like a finished one
    source = f"{CHECKOUT}{EXTRAS[job]}"
    _step(
        "Installing the package and all it needs (the first time: a few minutes, with a network)",
        [
            *(str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-input", "--constraint", str(CHECKOUT / "constraints.txt")),
            *(["--editable", source] if job == "tests" else [source]),
        ],
        "pip could not install the package.",
    )
    stamp.write_text(json.dumps({"made_from": made_from, "installed": _installed(prefix)}), encoding="utf-8")


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _installed(prefix: Path) -> int | None:
    """Tell when pip last wrote our command: an installation by hand changes it too."""
    places = (prefix / "Scripts" / "movement-readiness.exe", prefix / "bin" / "movement-readiness")
    return next((place.stat().st_mtime_ns for place in places if place.exists()), None)


def fingerprint(job: str) -> str:
    """Hash what an installation is made from.

    The demo runs a built copy, so every file that goes into it counts. The tests run the checkout itself:
    where it is, what it requires and which version it says.
    """
    names = MADE_FROM if job == "demo" else ("pyproject.toml", "movement_readiness/__init__.py")
    digest = hashlib.sha256(job.encode() if job == "demo" else os.fsencode(CHECKOUT))
    for path in _files(("constraints.txt", *names)):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(CHECKOUT).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _files(names: Sequence[str]) -> Iterator[Path]:
    for place in (CHECKOUT / name for name in names):
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and not NOT_CONTENT.intersection(path.relative_to(CHECKOUT).parts):
                yield path


def run(python: Path, job: str, arguments: Sequence[str]) -> int:
    """Run the job with the environment's Python: tests in the checkout, the demo in the folder you are in."""
    what, where = (["pytest"], CHECKOUT) if job == "tests" else (["movement_readiness", "demo"], Path.cwd())
    # -P: the installed package is meant, not a folder of the same name where we are.
    command = [str(python), "-P", "-m", *what, *arguments]
    _say("Running: " + " ".join(command))
    with subprocess.Popen(command, cwd=str(where), env=_variables()) as child:  # noqa: S603  (no shell)
        try:
            code = child.wait()
        except KeyboardInterrupt:
            code = _end(child)
    return code if code >= 0 else 128 - code  # ended by a signal: the number that a shell gives


def _end(child: subprocess.Popen[bytes]) -> int:
    """Let a job that was interrupted with us print its last lines; end one that was not."""
    try:
        return child.wait(timeout=PATIENCE)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        child.terminate()
        return child.wait()


if __name__ == "__main__":
    sys.exit(main())
