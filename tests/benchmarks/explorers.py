"""How fast the explorers draw: 100,000 responses in 5,000 teams at 500 sites, two waves, aggregated once.

Promised: the first draw, from the results to all views, under 1 s; each change of a control under 0.5 s. Medians of
several changes of each control; the slowest single one is printed too, and the processor's own seconds, which say what
a machine that does nothing else would take. Exit code 1 when a median is too slow. Run it from the folder of the project:

    python -P tests/benchmarks/explorers.py [--sites 500] [--teams 5000] [--people 100000]
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

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


Taken = tuple[float, float]  # seconds on the clock, and of the processor


def taken(step: Callable[[], object]) -> Taken:
    """How long a step takes."""
    clock, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - clock, time.process_time() - processor


def changes(explorer: TeamExplorer | SiteExplorer) -> dict[str, list[Taken]]:
    """How long each of some changes of every control takes, where there is a choice."""
    found: dict[str, list[Taken]] = {}
    for name, control in explorer.controls.items():
        for turn in range(CHANGES):
            values = [value for _, value in control.options if value != control.value]
            if values:
                value = values[(turn * 7919) % len(values)]
                found.setdefault(name, []).append(taken(partial(setattr, control, "value", value)))
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
    print(f"{'explorer':14} {'step':12} {'median s':>9} {'slowest s':>10} {'processor s':>12} {'promised':>9}")
    missed = False
    for kind in (TeamExplorer, SiteExplorer):
        firsts = [taken(partial(kind, teams, instrument)) for _ in range(3)]
        steps = {"first draw": (firsts, FIRST)}
        steps |= {name: (found, EACH) for name, found in changes(kind(teams, instrument)).items()}
        for name, (found, promised) in steps.items():
            clock, processor = zip(*found, strict=True)
            middle = statistics.median(clock)
            missed |= middle > promised
            numbers = f"{middle:9.3f} {max(clock):10.3f} {statistics.median(processor):12.3f} {promised:9.1f}"
            print(f"{kind.__name__:14} {name:12} {numbers}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
