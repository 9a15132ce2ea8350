"""How long the pages of a large study take.

    python tests/benchmarks/reports.py [teams] [folder]        (1,000 teams by default)

Simulates a study of two waves, 50 teams a site and 4 to 20 people a team, and writes every page of it: answers to
files, in one process. Prints where the time goes and how large the pages are. Ends with exit code 1 when 1,000 teams
take 180 seconds or more of processor time (two cores are promised; one is used), or a single figure 0.3 seconds.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import movement_readiness as mr
from movement_readiness import plots
from movement_readiness.reports.batch import write_reports

PROMISED = 180.0  # seconds for 1,000 teams
FIGURE = 0.3
INSTRUMENT = mr.load_instrument()
LABELS = {scale.id: scale.title for scale in INSTRUMENT.scales.values()}


def figures(published) -> pd.Series:
    """Seconds that each kind of figure takes, the second time."""
    scales = [scale for scale in INSTRUMENT.report_scales("full") if INSTRUMENT.scales[scale].kind == "domain"]
    site = published.sites[0]
    rows = published.scores[(published.scores["site"] == site) & (published.scores["wave"] == "2")]
    own = rows[(rows["level"] == "site") & rows["scale"].isin(scales)]
    table = rows[(rows["level"] == "team") & rows["scale"].isin(scales)].pivot_table(
        index="team", columns="scale", values="mean", dropna=False
    )
    change = published.change[(published.change["level"] == "site") & (published.change["site"] == site)]
    funnel = published.funnel[(published.funnel["wave"] == "2") & (published.funnel["scale"] == scales[0])]
    answers = published.answers[(published.answers["level"] == "site") & (published.answers["site"] == site)]
    answers = answers[(answers["wave"] == "2") & answers["item"].isin(INSTRUMENT.item_ids(scales[0]))]
    options = {
        item: {o.code: o.label for o in INSTRUMENT.response_scale(item).options} for item in INSTRUMENT.item_ids()
    }
    texts = {item: INSTRUMENT.items[item].text for item in INSTRUMENT.item_ids()}
    kinds = {
        "profile": lambda: plots.profile(own, LABELS, name=site, reference=own, reference_name=site),
        "heat map": lambda: plots.heat_map(table, ["12 of 14"] * len(table), LABELS),
        "change": lambda: plots.change(change, LABELS, name=site),
        f"funnel of {len(funnel)} teams": lambda: plots.funnel(funnel, label="Rational", site=site),
        "answers": lambda: plots.answer_bars(answers, texts, options, name=site),
    }
    taken = {}
    for kind, draw in kinds.items():
        draw().svg()
        started = time.process_time()
        draw().svg()
        taken[kind] = time.process_time() - started
    return pd.Series(taken)


def main() -> int:
    """Write the pages, print the table, and compare with what is promised."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("teams", nargs="?", type=int, default=1000)
    parser.add_argument("folder", nargs="?", type=Path)
    asked = parser.parse_args()
    study = mr.simulate_responses(
        INSTRUMENT,
        n_sites=max(asked.teams // 50, 1),
        teams_per_site=min(asked.teams, 50),
        team_size=(4, 20),
        icc1=0.12,
        n_waves=2,
        seed=3,
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.folder or Path(scratch)
        wall, used = time.perf_counter(), time.process_time()
        written = write_reports(study.responses, INSTRUMENT, folder, roster=study.roster, progress=sys.stderr.isatty())
        wall, used = time.perf_counter() - wall, time.process_time() - used
        sizes = pd.Series([page.stat().st_size / 1024 for page in (*written.teams, *written.sites)])
    taken = figures(written.results)
    print(f"{len(study.responses)} responses, {len(written.teams)} teams, {len(written.sites)} sites, two waves")
    print(
        f"all pages: {wall:.0f} s by the clock, {used:.0f} s of one processor; {1000 * used / len(written.teams):.0f} ms a team"
    )
    print(f"size of a page: median {sizes.median():.0f} kB, largest {sizes.max():.0f} kB")
    print("\n".join(f"{kind}: {1000 * seconds:.0f} ms" for kind, seconds in taken.items()))
    share = len(written.teams) / 1000
    missed = used >= PROMISED * share or bool((taken >= FIGURE).any())
    print(
        "MISSED" if missed else "kept",
        f"(promised: under {PROMISED * share:.0f} s, each figure under {1000 * FIGURE:.0f} ms)",
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
