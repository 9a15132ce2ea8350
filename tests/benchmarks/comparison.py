"""What comparisons of teams promise, by simulation at full size: intervals, limits, verdicts.

    python tests/benchmarks/comparison.py [replications]        (2000 by default)

Four tables: coverage of the 95 % intervals of shrunken means (promised: .92 or more, and .94 to .96 from an ICC(1) of
.10 with 15 teams up); teams outside the 95 % limits of the funnel (promised: at most 8 %) and outside the 99.8 % ones
(at most 1.2 %, because the limits are estimated from the same teams); teams told "higher" or "lower" without a change
(promised: 3.5 to 6 %); and how often groups of ten without any group effect pass rwg(j) >= .70. Exit code 1 when a
promise is missed.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from movement_readiness.psychometrics import icc, rwg_j
from movement_readiness.psychometrics._reml import reml_components
from movement_readiness.teams._comparing import funnel_limits, overdispersion, shrunken_means
from movement_readiness.teams.changes import change_tables
from movement_readiness.teams.comparison import Yardstick
from movement_readiness.teams.disclosure import PUBLISHED, DisclosurePolicy

SD = 20.0
TEAMS, ICCS = (3, 5, 8, 15, 40, 150), (0.0, 0.02, 0.05, 0.1, 0.3)


def drawn(rng, teams, icc1):
    """Sizes, true means and observed means of teams."""
    sizes = rng.integers(10, 30, teams).astype(float)
    truth = rng.normal(50, SD * np.sqrt(icc1 / (1 - icc1)), teams)
    return sizes, truth, truth + rng.normal(0, SD / np.sqrt(sizes))


def coverage(rng, teams, icc1, replications):
    covered = []
    for _ in range(replications):
        sizes, truth, means = drawn(rng, teams, icc1)
        fitted = reml_components(sizes, means, SD**2 * rng.chisquare((sizes - 1).sum()))
        found, error = shrunken_means(means, sizes, fitted.var_between, fitted.var_within)
        covered.append(np.mean(np.abs(found - truth) < 1.959964 * error))
    return float(np.mean(covered))


def outside(rng, teams, icc1, replications):
    share = []
    for _ in range(replications):
        sizes, _, means = drawn(rng, teams, icc1)
        means = np.floor(means + 0.5)
        free = (sizes - 1).sum()
        sd = np.round(2 * SD * np.sqrt(rng.chisquare(free) / free)) / 2
        centre, errors = np.average(means, weights=sizes), np.sqrt(sd**2 / sizes + 1 / 12)
        low, high = funnel_limits(centre, errors, overdispersion((means - centre) / errors))
        share.append(((means[:, None] < low) | (means[:, None] > high)).mean(axis=0))
    return np.mean(share, axis=0)


def wrong_verdicts(rng, size, replications):
    teams = 20 * replications
    truth, sizes = rng.normal(55, 7, teams), np.full(teams, size)
    waves = []
    for wave in ("1", "2"):
        means = np.floor(truth + rng.normal(0, SD / np.sqrt(sizes)) + 0.5)
        place = {
            "level": "team",
            "site": "N",
            "team": "T",
            "wave": wave,
            "form": "full",
            "status": PUBLISHED,
            "reason": "",
        }
        table = pd.DataFrame({"n": sizes, "mean": means}).assign(**place)
        waves.append(("full", "s", wave, table, Yardstick(SD, 0.1, "supported")))
    return float((change_tables(waves, DisclosurePolicy())["verdict"] != "no clear change").mean())


def passing(rng, cuts):
    """Groups of ten dealt at random: SD of the answers, and the share that passes .70 against three nulls."""
    people = rng.normal(size=20_000)
    latent = np.sqrt(0.5) * people[:, None] + rng.normal(0, np.sqrt(0.5), (20_000, 5))
    answers, team = np.digitize(latent, cuts) + 1, np.repeat(np.arange(2000), 10)
    nulls = ["uniform", "slight", "heavy"]
    found = rwg_j(answers, team, n_options=5, null=nulls)
    return (
        answers.std(),
        [(found[f"rwg_j_{null}"] >= 0.7).mean() for null in nulls],
        icc(answers.mean(axis=1), team).icc1,
    )


def main() -> int:
    replications = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rng = np.random.default_rng(20261126)
    missed = []
    print(f"95 % intervals of shrunken means, {replications} replications; teams x ICC(1)")
    print("teams " + "".join(f"{icc1:>8}" for icc1 in ICCS))
    for teams in TEAMS:
        found = [coverage(rng, teams, icc1, max(replications * 15 // max(teams, 15), 100)) for icc1 in ICCS]
        print(f"{teams:>5} " + "".join(f"{one:8.3f}" for one in found))
        missed += [f"coverage {teams} {icc1}" for icc1, one in zip(ICCS, found, strict=True) if one < 0.915]
        missed += [f"coverage {teams} {one:.3f}" for one in found[3:] if teams >= 15 and not 0.935 < one < 0.965]
    print("\nshare of teams outside 95 % / 99.8 % limits; teams x ICC(1)")
    for teams in TEAMS[1:]:
        found = [outside(rng, teams, icc1, max(replications * 15 // max(teams, 15), 100)) for icc1 in ICCS]
        print(f"{teams:>5} " + "".join(f"  {near:.3f}/{far:.4f}" for near, far in found))
        missed += [f"funnel {teams}" for near, far in found if near > 0.08 or far > 0.012]
    print("\ntold higher or lower without a change; people in a team")
    for size in (5, 10, 20, 60):
        found = wrong_verdicts(rng, size, replications)
        print(f"{size:>5} {found:8.4f}")
        missed += [] if 0.035 < found < 0.06 else [f"verdicts {size}"]
    print("\ngroups of ten without a group effect that pass rwg(j) .70, five items of five options")
    for cuts in ([-2.1, -1.2, -0.3, 1.0], [-1.3, -0.5, 0.2, 0.9]):
        sd, shares, between = passing(rng, cuts)
        print(
            f"SD {sd:.2f}: uniform {shares[0]:.3f}, slight {shares[1]:.3f}, heavy {shares[2]:.3f}; ICC(1) {between:.3f}"
        )
    print("\n" + (f"missed: {missed}" if missed else "every promise kept"))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
