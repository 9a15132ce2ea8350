"""How fast the explorers draw: 100,000 responses in 5,000 teams at 500 sites, two waves, aggregated once.

Promised: the first draw, from the results to all views, under 1 s; each change of a control under 0.5 s. Medians of
several changes of each control; the slowest single one is printed too. Exit code 1 when a median is too slow. Run it
from the folder of the project:

    python -P tests/benchmarks/explorers.py [--sites 500] [--teams 5000] [--people 100000]
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import statistics
import sys
import time

import numpy as np
import pandas as pd

import movement_readiness as mr
from movement_readiness.explorers import SiteExplorer, TeamExplorer

FIRST, EACH = 1.0, 0.5  # seconds
CHANGES = 5


def study(instrument: mr.Instrument, people: int, teams: int, sites: int) -> pd.DataFrame:
    """Responses in two waves; half of the people in each. Teams differ a little, all answers are independent."""
    rng = np.random.default_rng(20)
    team = np.sort(rng.integers(0, teams, people))
    lift = rng.normal(0, 0.5, teams)
    frame = pd.DataFrame(
        {
            "response_id": np.arange(people).astype(str),
            "instrument_id": instrument.id,
            "instrument_version": instrument.version,
            "instrument_sha256": instrument.sha256,
            "form": "full",
            "aim_id": instrument.aim_id,
            "site": [f"Site {place:03}" for place in team * sites // teams],
            "team": [f"Team {place:04}" for place in team],
            "wave": np.where(rng.random(people) < 0.5, "1", "2"),
            "synthetic": True,
        }
    )
    latent = lift[team] + rng.normal(0, 0.8, people)
    answers = {
        item: pd.array(np.clip(np.round(3 + latent + rng.normal(0, 0.8, people)), 1, 5).astype(int), dtype="Int64")
        for item in instrument.form("full").items
    }
    return pd.concat([frame, pd.DataFrame(answers)], axis=1)


def changes(explorer: TeamExplorer | SiteExplorer) -> dict[str, list[float]]:
    """Seconds for each of some changes of every control that has a choice."""
    found: dict[str, list[float]] = {}
    for name, control in explorer.controls.items():
        for turn in range(CHANGES):
            values = [value for _, value in control.options if value != control.value]
            if values:
                began = time.perf_counter()
                control.value = values[(turn * 7919) % len(values)]
                found.setdefault(name, []).append(time.perf_counter() - began)
    return found


def main() -> int:
    """Print the table; 1 when a promise is missed."""
    options = argparse.ArgumentParser(description=__doc__)
    for name, value in (("people", 100_000), ("teams", 5_000), ("sites", 500)):
        options.add_argument(f"--{name}", type=int, default=value)
    asked = options.parse_args()
    instrument = mr.load_instrument()
    responses = study(instrument, asked.people, asked.teams, asked.sites)
    began = time.perf_counter()
    teams = mr.aggregate_scores(responses, instrument)
    print(f"{asked.people:,} responses, {asked.teams:,} teams, {asked.sites:,} sites, 2 waves")
    print(f"aggregated in {time.perf_counter() - began:.1f} s (not counted)\n")
    print(f"{'explorer':14} {'step':12} {'median s':>9} {'slowest s':>10} {'promised':>9}")
    missed = False
    for kind in (TeamExplorer, SiteExplorer):
        firsts = []
        for _ in range(3):
            began = time.perf_counter()
            explorer = kind(teams, instrument)
            firsts.append(time.perf_counter() - began)
        steps = {"first draw": (firsts, FIRST)} | {name: (taken, EACH) for name, taken in changes(explorer).items()}
        for name, (taken, promised) in steps.items():
            median = statistics.median(taken)
            missed |= median > promised
            print(f"{kind.__name__:14} {name:12} {median:9.3f} {max(taken):10.3f} {promised:9.1f}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
