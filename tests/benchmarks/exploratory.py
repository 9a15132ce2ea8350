"""Exploratory factor analysis and parallel analysis, beside factor-analyzer and, where there is Rscript, psych.

    python tests/benchmarks/exploratory.py [respondents ...]        (500 5000 100000 by default)

36 five-point items of six correlated factors. `efa` (minres, oblimin, 30 starts, from the answers) beside the parts of
factor-analyzer that work (numpy's correlations, its extraction, one start of its Rotator) and ``psych::fa``; loadings
and factor correlations must be the same after alignment, else the exit code is 1. Then parallel analysis: 500
polychoric replications at 1,000 respondents, and 100 of Pearson and 20 of polychoric correlations at the largest
number of respondents, with the peak memory of a process of its own. Every library gets one BLAS thread,
and seconds are of the processor, which a busy machine leaves alone.
"""

# ruff: noqa: T201, E402  (a script: printing is what it is for; threads are limited before numpy loads)

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from efa_reference import aligned

import movement_readiness.psychometrics as ps
from movement_readiness.psychometrics import _factor_analyzer

REPEATS = 5
TOLERANCE = {"factor_analyzer": 1e-4, "psych": 1e-3}  # both stop before the optimum

R_SCRIPT = """
suppressMessages(library(psych))
args <- commandArgs(TRUE)
x <- read.csv(args[1])
seconds <- sapply(1:3, function(i) sum(system.time(f <<- fa(x, 6, fm = "minres", rotate = "oblimin"))[1:2]))
write.csv(unclass(f$loadings), args[2], row.names = FALSE)
write.csv(f$Phi, args[3], row.names = FALSE)
cat(min(seconds))
"""


def answers(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(20261)
    phi = np.full((6, 6), 0.35) + 0.65 * np.eye(6)
    factors = rng.multivariate_normal(np.zeros(6), phi, size=n).repeat(6, axis=1)
    loading = np.tile([0.8, 0.75, 0.7, 0.65, 0.6, 0.55], 6)
    latent = factors * loading + rng.normal(size=(n, 36)) * np.sqrt(1 - loading**2)
    return pd.DataFrame(1 + np.digitize(latent, [-1.5, -0.5, 0.5, 1.5])).add_prefix("q")


def best(work) -> tuple[float, object]:
    seconds, result = [], None
    for _ in range(REPEATS):
        began = time.process_time()  # each uses one thread, so processor seconds are fair on a busy machine
        result = work()
        seconds.append(time.process_time() - began)
    return min(seconds), result


def ours(items: pd.DataFrame):
    found = ps.efa(items, n_factors=6)
    return found.loadings.to_numpy(), found.factor_correlations.to_numpy()


def theirs(items: pd.DataFrame):
    unrotated = _factor_analyzer.extract(np.corrcoef(items.to_numpy(float).T), 6, "minres")
    return _factor_analyzer.rotate(unrotated, "oblimin")


def psych(items: pd.DataFrame) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("x.csv", "loadings.csv", "phi.csv", "fa.R")]
        items.to_csv(paths[0], index=False)
        Path(paths[3]).write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(["Rscript", paths[3], *paths[:3]], capture_output=True, text=True, check=True)
        return float(done.stdout), (pd.read_csv(paths[1]).to_numpy(), pd.read_csv(paths[2]).to_numpy())


def compare(n: int) -> bool:
    items = answers(n)
    seconds, reference = best(lambda: ours(items))
    print(f"n = {n:,}: efa {seconds:.3f} s", end="")
    peers = {"factor_analyzer": best(lambda: theirs(items))}
    if shutil.which("Rscript"):
        peers["psych"] = psych(items)
    same = True
    for name, (needed, found) in peers.items():
        loadings, between = aligned(*found, reference[0])
        apart = max(np.abs(loadings - reference[0]).max(), np.abs(between - reference[1]).max())
        print(f" | {name} {needed:.3f} s ({needed / seconds:.1f} x), differs by {apart:.1e}", end="")
        same = same and apart < TOLERANCE[name]
    print("" if same else "   NOT THE SAME")
    return same


def parallel(n: int, correlation: str, replications: int) -> dict[str, float]:
    items = answers(n)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, used = time.perf_counter(), time.process_time()
    found = ps.parallel_analysis(items, correlation=correlation, n_iterations=replications)
    return {
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - used,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "above_mb": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024,
        "n_factors": found.n_factors,
    }


def measured(n: int, correlation: str, replications: int) -> bool:
    command = [sys.executable, "-P", __file__, "--parallel", str(n), correlation, str(replications)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    print(
        f"parallel analysis, {correlation}, n = {n:,}, {replications} replications: {found['seconds']:.1f} s "
        f"({found['cpu']:.1f} s of processor), peak {found['peak_mb']:.0f} MB in all, {found['n_factors']} factors"
    )
    return found["n_factors"] == 6 and found["peak_mb"] < 1024


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("respondents", nargs="*", type=int, default=[500, 5000, 100_000])
    parser.add_argument("--parallel", nargs=3)
    chosen = parser.parse_args()
    if chosen.parallel:
        n, correlation, replications = chosen.parallel
        print(json.dumps(parallel(int(n), correlation, int(replications))))
        return 0
    fine = [compare(n) for n in chosen.respondents]
    most = max(chosen.respondents)
    fine += [measured(1000, "polychoric", 500), measured(most, "pearson", 100), measured(most, "polychoric", 20)]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
