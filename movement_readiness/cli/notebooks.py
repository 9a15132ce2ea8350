"""The notebooks that come with the package: copied to a folder of the user's, and opened there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from movement_readiness.cli.options import ForceOption
from movement_readiness.cli.running import app
from movement_readiness.instrument import bundled_directory

__all__ = ["copy_notebooks", "lab"]

notebooks = typer.Typer(help="The notebooks that come with the package.", no_args_is_help=True)
app.add_typer(notebooks, name="notebooks")


@notebooks.command("copy")
def copy_notebooks(
    to: Annotated[Path, typer.Argument(help="The folder to copy to.")] = Path("movement-readiness-notebooks"),
    force: ForceOption = False,
) -> None:
    """Copy the notebooks to a folder of yours; files that are there already are left alone."""
    copied, kept = _copy_notebooks(to, force)
    print(
        f"{copied} files copied to {to}"
        + (f", {kept} that were there left alone (--force replaces them)" if kept else "")
    )


def _copy_notebooks(to: Path, force: bool) -> tuple[int, int]:
    source = bundled_directory("notebooks")
    copied = kept = 0
    for path in sorted(source.rglob("*")):
        part = path.relative_to(source)
        if not path.is_file() or any(piece.startswith((".", "__")) for piece in part.parts):
            continue
        target = to / part
        if target.exists() and not force:
            kept += 1
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        copied += 1
    return copied, kept


@app.command()
def lab(
    folder: Annotated[Path, typer.Argument(help="The folder for the notebooks.")] = Path(
        "movement-readiness-notebooks"
    ),
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening it.")] = False,
) -> None:
    """Copy the notebooks to a folder (keeping yours) and start JupyterLab there."""
    _copy_notebooks(folder, force=False)
    extra = ["--no-browser"] if no_browser else []
    raise typer.Exit(subprocess.call([sys.executable, "-m", "jupyterlab", *extra, str(folder)]))  # noqa: S603  (our own interpreter)
