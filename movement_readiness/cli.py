"""The command line: ``movement-readiness demo | score | report | simulate | codebook | lab | notebooks copy``."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, MovementReadinessError, ResponsesError, ResponsesWarning
from movement_readiness.instrument import bundled_directory

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["app", "main"]

app = typer.Typer(
    name="movement-readiness",
    help="Readiness for movement: a questionnaire for health-care teams, scored, protected and reported.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
notebooks = typer.Typer(help="The notebooks that come with the package.", no_args_is_help=True)
app.add_typer(notebooks, name="notebooks")

BAD_INPUT = 2
# The base of all usage errors: click's, or that of the copy of click which newer typer carries.
_USAGE_ERRORS: Any = typer.BadParameter.__mro__[2]


class Invalid(StrEnum):
    """What to do with a cell that holds no valid answer."""

    refuse = "raise"
    set_missing = "set-missing"


class BookFormat(StrEnum):
    """How to write a codebook."""

    markdown = "markdown"
    html = "html"
    csv = "csv"


InstrumentOption = Annotated[
    Path | None,
    typer.Option("--instrument", help="An instrument file; the bundled questionnaire by default."),
]
AnswersArgument = Annotated[Path, typer.Argument(help="A file of answers: .csv, .xlsx, .parquet or .sav.")]
InvalidOption = Annotated[Invalid, typer.Option(help="A bad cell stops the run, or becomes missing and is named.")]
RosterOption = Annotated[Path | None, typer.Option(help="A CSV or XLSX with the columns site, team, invited.")]
RenameOption = Annotated[
    list[str], typer.Option("--rename", help="HEADER=NAME: which header is which column or item; may be repeated.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")]
SeedOption = Annotated[int, typer.Option(help="Start of the random numbers; the same seed gives the same study.")]


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
        _fail(str(error) + (hint if any(problem.column for problem in error.problems) else ""))
    except MovementReadinessError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename or 'file'}: {error.strerror or error}.")
    except (KeyboardInterrupt, typer.Abort):
        _fail("stopped.", code=130)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int = BAD_INPUT) -> None:
    print(f"movement-readiness: {message}", file=sys.stderr)
    sys.exit(code)


def _read(
    answers: Path, instrument: mr.Instrument, invalid: Invalid, rename: list[str], roster: Any = None
) -> pd.DataFrame:
    choice: Literal["raise", "set_missing"] = "raise" if invalid is Invalid.refuse else "set_missing"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponsesWarning)  # the summary says the same
        responses: pd.DataFrame = mr.read_responses(
            answers, instrument, invalid=choice, roster=roster, columns=_renamed(rename)
        )
    print(responses.attrs["summary"])
    return responses


def _renamed(pairs: list[str]) -> dict[str, str] | None:
    found = {}
    for pair in pairs:
        header, separator, name = pair.rpartition("=")
        if not separator or not header or not name:
            raise ArgumentError(f"--rename: expected HEADER=NAME, such as Ward=team; got {pair!r}.")
        found[header] = name
    return found or None


def _read_roster(path: Path | None) -> pd.DataFrame | None:
    from movement_readiness.responses.roster import read_roster

    return None if path is None else read_roster(path, needs_invited=True)


def _new_file(path: Path, force: bool) -> Path:
    if path.exists() and not force:
        raise ArgumentError(f"--out: {str(path)!r} exists already; choose another name, or pass --force to replace it.")
    return path


def _writer(path: Path) -> Callable[[pd.DataFrame, Path], None]:
    """How a table is written to a file of this name."""
    writers: dict[str, Callable[[pd.DataFrame, Path], None]] = {
        ".csv": lambda frame, place: frame.to_csv(place, index=False),
        ".xlsx": lambda frame, place: frame.to_excel(place, index=False),
        ".parquet": lambda frame, place: frame.to_parquet(place, index=False),
    }
    if path.suffix.lower() not in writers:
        raise ArgumentError(f"--out: expected a name that ends in .csv, .xlsx or .parquet; got {path.name!r}.")
    return writers[path.suffix.lower()]


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder to write to.")] = Path("movement-readiness-demo"),
    seed: SeedOption = 2025,  # has teams of every kind: large, five to nine, too small
) -> None:
    """Make a realistic synthetic study, score it, and write reports for its teams and sites."""
    from movement_readiness.reports.batch import write_reports

    instrument = mr.load_instrument()
    study = mr.simulate_responses(
        instrument,
        n_sites=3,
        teams_per_site=6,
        team_size=(3, 22),
        icc1=0.12,
        skipped=0.02,
        cant_say=0.02,
        careless=0.03,
        seed=seed,
    )
    out.mkdir(parents=True, exist_ok=True)
    answers, roster = out / "responses.csv", out / "roster.csv"
    mr.write_responses(study.responses, answers, instrument)
    study.roster.to_csv(roster, index=False)
    print(f"1. A synthetic study: {len(study.responses)} people in {len(study.roster)} teams at 3 sites -> {answers}")
    responses = mr.read_responses(answers, instrument)
    scores = mr.score_scales(responses, instrument)
    scores.to_csv(out / "scores.csv", index=False)
    print(f"2. Scored: 0-100 points a scale, with how many items each person answered -> {out / 'scores.csv'}")
    written = write_reports(responses, instrument, out / "reports", roster=study.roster, progress=sys.stderr.isatty())
    print(f"3. Reports: {len(written.sites)} sites, {len(written.teams)} teams; small groups are protected")
    print(f"\nOpen this in a browser: {written.index.resolve()}")
    program, answers_said, roster_said = shlex.quote(_program()), shlex.quote(str(answers)), shlex.quote(str(roster))
    print(
        f"{written.results.claim.sentence}\n\nWhat next:\n"
        f"  the notebooks, in JupyterLab:    {program} lab\n"
        f"  pages from a file of answers:    {program} report {answers_said} --roster {roster_said} --out my-reports\n"
        f"  what every item and code means:  {program} codebook --format html --out codebook.html\n"
        f"  everything else:                 {program} --help"
    )


def _program() -> str:
    """How this program is called from the folder the user is in."""
    installed = Path(sys.executable).with_name("movement-readiness")
    on_path = shutil.which("movement-readiness")
    if on_path is not None and Path(on_path).with_suffix("") == installed:
        return "movement-readiness"
    try:
        return str(installed.relative_to(Path.cwd()))
    except ValueError:
        return str(installed)


@app.command()
def score(
    answers: AnswersArgument,
    out: Annotated[
        Path | None,
        typer.Option(help="Where to write the scores (.csv, .xlsx or .parquet); <answers>-scores.csv by default."),
    ] = None,
    instrument: InstrumentOption = None,
    invalid: InvalidOption = Invalid.refuse,
    rename: RenameOption = [],  # noqa: B006  (typer copies it)
    force: ForceOption = False,
) -> None:
    """Score a file of answers: 0-100 points a scale, one row a response."""
    loaded = mr.load_instrument(instrument)
    place = _new_file(out or answers.with_name(f"{answers.stem}-scores.csv"), force)
    write = _writer(place)
    scores = mr.score_scales(_read(answers, loaded, invalid, rename), loaded)
    write(scores, place)
    print(f"{len(scores)} responses scored -> {place}")


@app.command()
def report(
    answers: AnswersArgument,
    out: Annotated[Path, typer.Option(help="The folder to write the pages to.")] = Path("reports"),
    roster: RosterOption = None,
    wave: Annotated[str | None, typer.Option(help="Which wave; the latest by default.")] = None,
    language: Annotated[str | None, typer.Option(help="Language of scale titles and items.")] = None,
    instrument: InstrumentOption = None,
    invalid: InvalidOption = Invalid.refuse,
    rename: RenameOption = [],  # noqa: B006  (typer copies it)
    min_respondents: Annotated[int, typer.Option(help="Smallest group that is published.")] = 10,
    min_respondents_own_team: Annotated[int, typer.Option(help="Smallest team that sees its own means.")] = 5,
) -> None:
    """Write a page for every site and every team; groups too small are protected."""
    from movement_readiness.reports.batch import write_reports

    loaded = mr.load_instrument(instrument)
    policy = mr.DisclosurePolicy(min_respondents=min_respondents, min_respondents_own_team=min_respondents_own_team)
    listed = _read_roster(roster)
    responses = _read(answers, loaded, invalid, rename, listed)
    written = write_reports(
        responses,
        loaded,
        out,
        roster=listed,
        policy=policy,
        wave=wave,
        language=language,
        progress=sys.stderr.isatty(),
    )
    print(f"Pages of {len(written.sites)} sites and {len(written.teams)} teams -> {written.index}")


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="The file to write: .csv, .xlsx, .parquet or .sav.")],
    sites: Annotated[int, typer.Option(help="How many sites.")] = 4,
    teams_per_site: Annotated[int, typer.Option(help="How many teams at each site.")] = 5,
    team_size: Annotated[int, typer.Option(help="How many people answer in each team.")] = 12,
    icc1: Annotated[float, typer.Option(help="ICC(1) of the scale scores: how far teams differ.")] = 0.1,
    waves: Annotated[int, typer.Option(help="How many rounds of collection.")] = 1,
    skipped: Annotated[float, typer.Option(help="Share of answers left empty.")] = 0.0,
    careless: Annotated[float, typer.Option(help="Share of people who answer without reading.")] = 0.0,
    form: Annotated[str | None, typer.Option(help="Which form; the instrument's first by default.")] = None,
    roster: Annotated[Path | None, typer.Option(help="Where to write the roster (.csv), if wanted.")] = None,
    instrument: InstrumentOption = None,
    seed: SeedOption = 1,
    force: ForceOption = False,
) -> None:
    """Simulate a study with known truth: synthetic answers, marked so in every row."""
    loaded = mr.load_instrument(instrument)
    place = _new_file(out, force)
    study = mr.simulate_responses(
        loaded,
        form=form,
        n_sites=sites,
        teams_per_site=teams_per_site,
        team_size=team_size,
        icc1=icc1,
        n_waves=waves,
        skipped=skipped,
        careless=careless,
        seed=seed,
    )
    if roster is not None:
        _new_file(roster, force)
        study.roster.to_csv(roster, index=False)
    mr.write_responses(study.responses, place, loaded)
    print(f"{len(study.responses)} synthetic responses -> {place}")


@app.command()
def codebook(
    out: Annotated[Path | None, typer.Option(help="A file; the screen by default.")] = None,
    format: Annotated[BookFormat, typer.Option(help="How to write it.")] = BookFormat.markdown,  # noqa: A002  (the option's name)
    language: Annotated[str | None, typer.Option(help="Language of the wording.")] = None,
    instrument: InstrumentOption = None,
    force: ForceOption = False,
) -> None:
    """Print the codebook: every item, its options, its scale and key, and the scoring rules."""
    text = mr.load_instrument(instrument).codebook(format.value, language=language)
    if out is None:
        print(text, end="")
    else:
        _new_file(out, force).write_text(text, encoding="utf-8")
        print(f"codebook -> {out}")


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


if __name__ == "__main__":
    main()
