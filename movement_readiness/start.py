"""Install and run, in one command, on a machine that has Python and nothing else.

``python3 -m movement_readiness.start demo`` in a copy of the repository installs the package and runs its
demo; ``tests`` installs what the tests need and runs them. A virtual environment, ``.venv`` in the folder
you are in, is made unless Python already runs in one. Standard library only, and no syntax newer than
Python 3.8, so that an old Python is told what is missing.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
CHECKOUT = Path(__file__).resolve().parent.parent
USAGE = """\
usage: python3 -m movement_readiness.start {demo,tests} [arguments]

  demo    install the package and run its demo: a synthetic study, scored, with reports
  tests   install the package with what its tests need, and run them with pytest

A virtual environment, .venv in the folder you are in, is made unless Python already runs in one.
Further arguments go to the demo or to pytest."""
EXTRAS = {"demo": "[spss]", "tests": "[test]"}


class SetupError(Exception):
    """Something that setting up needs is missing; the text is one sentence."""


def main(arguments):
    """Do one job; return the exit code."""
    job, extra = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if job in ("-h", "--help"):
        print(USAGE)
        return 0
    try:
        if job not in EXTRAS:
            raise SetupError("expected demo or tests; got {!r}. See --help.".format(job))
        check_version(sys.version_info)
        python = environment()
        install(python, job)
        return run(python, job, extra)
    except SetupError as error:
        print("start: {}".format(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("start: stopped.", file=sys.stderr)
        return 130


def check_version(version):
    """Refuse a Python that is too old."""
    if tuple(version[:2]) < OLDEST:
        wanted, got = (".".join(map(str, numbers[:2])) for numbers in (OLDEST, version))
        raise SetupError("expected Python {} or newer; this is Python {}.".format(wanted, got))


def environment():
    """Find or make the virtual environment; return its Python."""
    if sys.prefix != sys.base_prefix:
        return Path(sys.executable)
    folder = Path.cwd() / ".venv"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        print("1. Making a virtual environment in {}".format(folder), flush=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(folder)], capture_output=True, text=True)
        if made.returncode != 0 or not python.exists():
            raise SetupError(
                "a virtual environment could not be made: this Python lacks venv or ensurepip. "
                "On Debian or Ubuntu: apt install python3-venv. It said: {}".format((made.stdout + made.stderr).strip()[-300:])
            )
    return python


def install(python, job):
    """Install the checkout and what the job needs, unless just this was installed before."""
    stamp = Path(subprocess.check_output([str(python), "-c", "import sys; print(sys.prefix)"], text=True).strip())
    stamp = stamp / "movement-readiness-{}.stamp".format(job)
    state = content_hash()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return
    print("2. Installing (the first time takes a few minutes)", flush=True)
    source = [str(CHECKOUT) + EXTRAS[job]]
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--constraint", str(CHECKOUT / "constraints.txt")]
    if subprocess.call(command + (["--editable"] if job == "tests" else []) + source) != 0:
        raise SetupError("pip could not install the package; what it said is above.")
    for other in EXTRAS:  # one job's installation replaces the other's
        stamp.with_name("movement-readiness-{}.stamp".format(other)).unlink(missing_ok=True)
    stamp.write_text(state, encoding="utf-8")


def content_hash():
    """A hash of everything that an installation is made from."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt", "README.md", "movement_readiness", "instrument", "notebooks"):
        place = CHECKOUT / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts:
                digest.update(path.relative_to(CHECKOUT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run(python, job, extra):
    """Run the job with the environment's Python; the tests in the checkout, the demo where you are."""
    print("3. Running the {}".format(job), flush=True)
    if job == "tests":
        return subprocess.call([str(python), "-m", "pytest"] + extra, cwd=str(CHECKOUT))
    # -P: the installed package is meant, not the folder of the same name in the checkout.
    return subprocess.call([str(python), "-P", "-m", "movement_readiness", "demo"] + extra)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
