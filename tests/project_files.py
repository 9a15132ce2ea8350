"""The files that belong to the project, and copies of it as a fresh clone would be; for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support import ROOT

_NOT_OURS = {".git", ".venv", "build", "dist", "__pycache__", ".ipynb_checkpoints", "movement-readiness-demo"}


def project_files() -> list[Path]:
    """What a clone of the next commit would hold: tracked files and new ones that git does not ignore."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        found = [ROOT / name for name in names if name]
    else:  # an unpacked source archive
        found = [path for path in ROOT.rglob("*") if not _NOT_OURS & set(path.relative_to(ROOT).parts)]
        found = [path for path in found if not any(part.endswith("_cache") for part in path.parts)]
    return sorted(path for path in found if path.is_file())


def copy_project(target: Path) -> Path:
    """The project, as a fresh clone would be."""
    for path in project_files():
        place = target / path.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    return target


def base_python() -> str:
    """The Python that the virtual environment of these tests was made from."""
    return getattr(sys, "_base_executable", None) or sys.executable


def outside_variables() -> dict[str, str]:
    """The process's variables, without those of this test run and its virtual environment."""
    ours = ("PYTEST_", "PYTHON", "VIRTUAL_ENV", "COV_", "_PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
