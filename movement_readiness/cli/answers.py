"""Commands that work on files of answers: score, report, simulate, codebook."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import movement_readiness as mr
from movement_readiness._validation import n_of
from movement_readiness.cli.options import (
    AnswersArgument,
    ForceOption,
    InstrumentOption,
    Invalid,
    InvalidOption,
    ReleaseLogOption,
    RenameOption,
    RosterOption,
    SeedOption,
    WavesOption,
    new_file,
    read_answers,
    read_listed,
    release_log,
    revealed_pages,
    wave_names,
    writer,
)
from movement_readiness.cli.rooms import invited_to
from movement_readiness.cli.running import app

__all__ = ["BookFormat", "codebook", "report", "score", "simulate"]


class BookFormat(StrEnum):
    """How to write a codebook."""

    markdown = "markdown"
    html = "html"
    csv = "csv"


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
    path = Path("store" if "://" in answers else answers)
    place = new_file(out or path.with_name(f"{path.stem}-scores.csv"), force)
    write = writer(place)
    scores = mr.score_scales(read_answers(answers, loaded, invalid, rename), loaded)
    write(scores, place)
    print(f"{n_of(len(scores), 'response')} scored -> {place}\nOne row a person: keep it as you keep the answers.")


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
    waves: WavesOption = None,
    log_file: ReleaseLogOption = None,
) -> None:
    """Write a page for every site and every team; groups too small are protected."""
    from movement_readiness.reports.batch import write_reports

    loaded = mr.load_instrument(instrument)
    policy = mr.DisclosurePolicy(min_respondents=min_respondents, min_respondents_own_team=min_respondents_own_team)
    listed = read_listed(roster)
    responses = read_answers(answers, loaded, invalid, rename, listed)
    order = wave_names(waves)
    with release_log(answers, log_file) as log:
        written = write_reports(
            responses,
            loaded,
            out,
            roster=invited_to(answers, loaded, responses, wave, order) if listed is None else listed,
            policy=policy,
            wave=wave,
            language=language,
            progress=sys.stderr.isatty(),
            revealed=revealed_pages(answers),
            release_log=log,
            waves=order,
        )
    if written.results.wave_order.words:
        print(written.results.wave_order.sentence)
    print(f"Pages of {n_of(len(written.sites), 'site')} and {n_of(len(written.teams), 'team')} -> {written.index}")


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
    place = new_file(out, force)
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
        new_file(roster, force)
        study.roster.to_csv(roster, index=False)
    mr.write_responses(study.responses, place, loaded)
    print(f"{n_of(len(study.responses), 'synthetic response')} -> {place}")


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
        new_file(out, force).write_text(text, encoding="utf-8")
        print(f"codebook -> {out}")
