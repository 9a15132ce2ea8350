"""Rejection rates and interval coverage of WLSMV and MLR, with and without teams, beside lavaan on the same data.

    python tests/benchmarks/confirmatory_monte_carlo.py [--replications 2000] [--workers 2] [--keep FILE]
                                                        [--table FILE]
    python tests/benchmarks/confirmatory_monte_carlo.py --export FOLDER --replications 40

Three factors (correlations .5, .3, .4), four items each, a true model. WLSMV: five-point items cut from normal latent
responses. MLR: numbers whose factors and residuals are skewed and heavy-tailed. Teams of eight share a quarter of the
variance of everything, so that what happens within a team makes the squared error of a correlation 1 + 7 x .25^2 = 1.4
times larger. Three analyses at n = 300 and n = 1,000: people without teams; people in teams, ignored; people in teams,
named with ``cluster=``.

For each cell: how often the 5 % test of the (true) model rejects (the scaled and shifted statistic of WLSMV, the
Yuan-Bentler one of MLR), and how often 95 % intervals of loadings and factor correlations hold the truth, over all
of them and for the worst. Results are kept as they come (--keep) and taken up again after a stop. Replication r of a
cell has a seed of its own, so that any of them can be made again; --export writes the answers of the first ones for
tests/reference/confirmatory/monte_carlo.R, whose values are committed. What is checked, with exit code 1:

- every search converges at n = 1,000, and in more than 99 % of the samples at n = 300;
- on the replications that lavaan has been given, statistics agree to 1e-3 and the same models are rejected (where
  lavaan can do it: 0.6-14 takes cluster= for ordered items and ignores it);
- at n = 1,000, coverage is within .0126 of .95 (2.58 binomial standard errors of 2,000 replications; wider for fewer)
  without teams and with teams named, and is not with teams ignored;
- at n = 1,000, teams ignored make the test reject more than twice as often as teams named do.

Rates above 5 % without teams are what the statistics are worth in samples of this size, in lavaan as here; with
``cluster=`` the test of 51 degrees of freedom wants more than the 38 teams of n = 300.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import csv
import os
import sys
import warnings
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "confirmatory" / "monte_carlo.csv.gz"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
MODEL = "\n".join(f"f{k + 1} =~ " + " + ".join(f"x{place}" for place in range(4 * k + 1, 4 * k + 5)) for k in range(3))
LOADINGS = np.tile([0.8, 0.7, 0.6, 0.7], 3)
CORRELATIONS = np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]])
TRUTH = {f"f{i // 4 + 1}=~x{i + 1}": LOADINGS[i] for i in range(12)} | {
    "f1~~f2": 0.5,
    "f1~~f3": 0.3,
    "f2~~f3": 0.4,
}
TEAM, SHARED = 8, 0.25
CUTS = (-1.3, -0.5, 0.3, 1.1)
SIZES = (300, 1000)
SITUATIONS = ("people", "teams ignored", "teams named")
CELLS = [(estimator, n, situation) for estimator in ("wlsmv", "mlr") for n in SIZES for situation in SITUATIONS]
FIELDS = ["estimator", "n", "situation", "replication", "converged", "chisq", "scaled", "df", "pvalue", "covered"]


HEADING = """# How often true models are rejected, and how often intervals hold the truth

Written by `python tests/benchmarks/confirmatory_monte_carlo.py --table tests/reference/confirmatory/monte_carlo.md`,
which says what was simulated and what must hold. `rejected`: share of samples in which the 5 % test rejects the true
model (scaled and shifted for WLSMV, Yuan-Bentler for MLR). `coverage`: share of 95 % intervals of loadings and factor
correlations that hold the truth, over all fifteen, with the `lowest` and `highest` of them. From `with lavaan` on: the
first replications, which lavaan 0.6-14 was given too (`monte_carlo.csv.gz`); how often each rejects, in how many
samples they decide differently, and the largest relative difference of the statistic. With its WLSMV lavaan takes
`cluster=` and ignores it, so that there is nothing to compare.

"""


def latent(rng: np.random.Generator, n: int, normal: bool) -> np.ndarray:
    """n responses of the model, with unit variances: normal, or with skewed and heavy-tailed sources."""
    draw = rng.standard_normal((n, 15))
    if not normal:
        # log-normal: skew 1.1, kurtosis 2.3 above the normal
        draw = (np.exp(0.35 * draw) - np.exp(0.06125)) / np.sqrt((np.exp(0.1225) - 1) * np.exp(0.1225))
    factors = draw[:, :3] @ np.linalg.cholesky(CORRELATIONS).T
    return np.repeat(factors, 4, axis=1) * LOADINGS + draw[:, 3:] * np.sqrt(1 - LOADINGS**2)


def answers(estimator: str, n: int, situation: str, replication: int) -> pd.DataFrame:
    """The answers of one replication, with the column team where people have one; both analyses of teams see the same."""
    teams = situation != "people"
    rng = np.random.default_rng([2026, ("wlsmv", "mlr").index(estimator), n, int(teams), replication])
    values = latent(rng, n, estimator == "wlsmv")
    team = np.arange(n) // TEAM
    if teams:
        shared = latent(rng, int(team.max()) + 1, estimator == "wlsmv")[team]
        values = np.sqrt(1 - SHARED) * values + np.sqrt(SHARED) * shared
    if estimator == "wlsmv":
        values = np.digitize(values, CUTS) + 1
    frame = pd.DataFrame(values, columns=[f"x{place}" for place in range(1, 13)])
    return frame.assign(team=team) if teams else frame


def fitted(estimator: str, n: int, situation: str, replication: int) -> dict[str, object]:
    """One row of the results; ``covered`` has a digit for each parameter of TRUTH."""
    from movement_readiness.psychometrics.confirmatory.analysis import cfa

    items = answers(estimator, n, situation, replication)
    if situation == "teams ignored":
        items = items.drop(columns="team")
    cluster = "team" if situation == "teams named" else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = cfa(items, MODEL, estimator=estimator, std_lv=True, cluster=cluster)
    measures = found.fit_measures
    table = found.parameters
    table = table.set_index(table["lhs"] + table["op"] + table["rhs"])
    low, high = (table[name].reindex(TRUTH).to_numpy() for name in ("ci_low", "ci_high"))
    truth = np.array(list(TRUTH.values()))
    covered = "".join(str(int(inside)) for inside in (low <= truth) & (truth <= high))
    return {
        "estimator": estimator,
        "n": n,
        "situation": situation,
        "replication": replication,
        "converged": int(found.converged),
        "chisq": repr(float(measures["chisq"])),
        "scaled": repr(float(measures["chisq.scaled"])),
        "df": int(measures["df"]),
        "pvalue": repr(float(measures["pvalue.scaled"])),
        "covered": covered,
    }


def chunk(cell: tuple[str, int, str], replications: list[int]) -> list[dict[str, object]]:
    return [fitted(*cell, replication) for replication in replications]


def run(replications: int, workers: int, keep: Path | None, cells: list[tuple[str, int, str]]) -> pd.DataFrame:
    """The results of all cells; those in ``keep`` are not made again."""
    rows: list[dict[str, object]] = []
    if keep is not None and keep.exists():
        rows = pd.read_csv(keep, dtype={"covered": str}).to_dict("records")
    there = {(row["estimator"], row["n"], row["situation"], row["replication"]) for row in rows}
    tasks = []
    for first in range(0, replications, 20):
        for cell in cells:
            open_ones = [r for r in range(first, min(first + 20, replications)) if (*cell, r) not in there]
            tasks += [(cell, open_ones)] if open_ones else []
    os.environ.update(ONE_THREAD)  # for the workers, which load numpy anew
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(chunk, *task) for task in tasks]
        for done, future in enumerate(as_completed(waiting), 1):
            _keep(keep, found := future.result())
            rows += found
            if sys.stderr.isatty():
                print(f"\r{done} of {len(tasks)}", end="", file=sys.stderr, flush=True)
    frame = pd.DataFrame(rows, columns=FIELDS)
    return frame[frame["replication"] < replications].astype({"chisq": float, "scaled": float, "pvalue": float})


def _keep(path: Path | None, rows: list[dict[str, object]]) -> None:
    if path is None:
        return
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        if new:
            writer.writeheader()
        writer.writerows(rows)


def summary(results: pd.DataFrame, reference: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row a cell: rejections and coverage, and how often lavaan says the same."""
    rows = []
    for cell in CELLS:
        part = results[(results[["estimator", "n", "situation"]] == list(cell)).all(axis=1)]
        if not len(part):
            continue
        good = part[part["converged"] == 1]
        covered = np.array([[int(digit) for digit in row] for row in good["covered"]])
        row = dict(zip(("estimator", "n", "situation"), cell, strict=True)) | {
            "replications": len(part),
            "converged": len(good),
            "mean chisq": good["scaled"].mean(),
            "df": good["df"].iloc[0],
            "rejected": (good["pvalue"] < 0.05).mean(),
            "coverage": covered.mean(),
            "lowest": covered.mean(axis=0).min(),
            "highest": covered.mean(axis=0).max(),
        }
        rows.append(row | _beside(part, reference, cell))
    return pd.DataFrame(rows)


def _beside(part: pd.DataFrame, reference: pd.DataFrame | None, cell: tuple[str, int, str]) -> dict[str, float]:
    """On the replications of both: rejections of each, decisions that differ, largest difference of the statistic."""
    if reference is None or (cell[0] == "wlsmv" and cell[2] == "teams named"):
        return {}
    other = reference[(reference[["estimator", "n", "situation"]] == list(cell)).all(axis=1)]
    both = part.merge(other, on="replication", suffixes=("", "_r"))
    both = both[(both["converged"] == 1) & (both["converged_r"] == 1)]
    if not len(both):
        return {}
    return {
        "with lavaan": len(both),
        "rejected by us": (both["pvalue"] < 0.05).mean(),
        "by lavaan": (both["pvalue_r"] < 0.05).mean(),
        "decisions differ": int(((both["pvalue"] < 0.05) != (both["pvalue_r"] < 0.05)).sum()),
        "difference": (both["scaled"] / both["scaled_r"] - 1).abs().max(),
    }


def broken_promises(table: pd.DataFrame) -> list[str]:
    broken = []
    rates = {(row["estimator"], row["n"], row["situation"]): row["rejected"] for row in table.to_dict("records")}
    for row in table.to_dict("records"):
        name = f"{row['estimator']}, n {row['n']}, {row['situation']}"
        wide = 2.58 * np.sqrt(0.95 * 0.05 / row["replications"])
        if row["converged"] < (0.99 if row["n"] == 300 else 1) * row["replications"]:
            broken.append(f"{name}: {row['converged']} of {row['replications']} converged")
        if row.get("decisions differ", 0) > 0 or row.get("difference", 0) > 1e-3:
            broken.append(f"{name}: not lavaan's statistics")
        if row["n"] < 1000:
            continue
        off, ignored = abs(row["coverage"] - 0.95) > wide, row["situation"] == "teams ignored"
        if off != ignored:
            broken.append(f"{name}: coverage {row['coverage']:.3f}")
        named = rates.get((row["estimator"], row["n"], "teams named"), 0)
        if ignored and row["rejected"] < 2 * named:
            broken.append(f"{name}: rejects {row['rejected']:.3f}, with teams named {named:.3f}")
    return broken


def as_markdown(table: pd.DataFrame) -> str:
    """The table as it stands in tests/reference/confirmatory/monte_carlo.md."""
    shown = table.copy()
    places = defaultdict(lambda: "{:.3f}", {"mean chisq": "{:.1f}", "difference": "{:.0e}"})
    counts = {"n", "replications", "converged", "df", "with lavaan", "decisions differ"}
    for name in shown.columns.difference(["estimator", "situation"]):
        style = "{:.0f}" if name in counts else places[name]
        shown[name] = ["" if pd.isna(value) else style.format(value) for value in shown[name]]
    lines = ["| " + " | ".join(shown.columns) + " |", "|" + "---|" * len(shown.columns)]
    return "\n".join([*lines, *("| " + " | ".join(map(str, row)) + " |" for row in shown.itertuples(index=False))])


def export(folder: Path, replications: int) -> None:
    """The answers of the first replications, one file a cell and replication."""
    folder.mkdir(parents=True, exist_ok=True)
    for estimator, n, situation in CELLS:
        if situation == "teams named":
            continue
        for replication in range(replications):
            name = f"{estimator}_{n}_{'teams' if situation != 'people' else 'people'}_{replication}.csv"
            answers(estimator, n, situation, replication).to_csv(folder / name, index=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="a CSV file that grows, and from which a stopped run goes on")
    parser.add_argument("--table", type=Path, help="a Markdown file to write the table to")
    parser.add_argument("--export", type=Path, help="write answers for monte_carlo.R to this folder, and stop")
    chosen = parser.parse_args()
    if chosen.export:
        export(chosen.export, chosen.replications)
        return 0
    results = run(chosen.replications, chosen.workers, chosen.keep, CELLS)
    reference = pd.read_csv(REFERENCE) if REFERENCE.exists() else None
    table = summary(results, reference)
    print(as_markdown(table))
    if chosen.table:
        chosen.table.write_text(HEADING + as_markdown(table) + "\n", encoding="utf-8")
    broken = broken_promises(table)
    print("\n" + ("\n".join(broken) if broken else "Every promise kept."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
