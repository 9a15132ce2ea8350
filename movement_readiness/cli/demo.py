"""The demo: a synthetic study from answers to reports."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

import movement_readiness as mr
from movement_readiness.cli.options import SeedOption
from movement_readiness.cli.running import app, program

__all__ = ["demo"]


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
    print("   Later pages of the same people are compared with these only where a log is kept (report --release-log).")
    print(f"\nOpen this in a browser: {written.index.resolve()}")
    called, answers_said, roster_said = shlex.quote(program()), shlex.quote(str(answers)), shlex.quote(str(roster))
    print(
        f"{written.results.claim.sentence}\n\nWhat next:\n"
        f"  the notebooks, in JupyterLab:    {called} lab\n"
        f"  pages from a file of answers:    {called} report {answers_said} --roster {roster_said} --out my-reports\n"
        f"  what every item and code means:  {called} codebook --format html --out codebook.html\n"
        f"  everything else:                 {called} --help"
    )
