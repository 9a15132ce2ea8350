"""Exploratory factor analysis and parallel analysis, beside factor-analyzer and, where there is Rscript, psych.

    python tests/benchmarks/exploratory.py [respondents ...]        (500 5000 100000 by default)

36 five-point items of six correlated factors. `efa` (minres, oblimin, 30 starts, from the answers) beside the parts of
factor-analyzer that work (numpy's correlations, its extraction, one start of its Rotator), ``psych::fa``, and, by
maximum likelihood, statsmodels (numpy's correlations, its Factor, one start of its oblimin). Then parallel analysis:
500 polychoric replications at 1,000 respondents, and 100 of Pearson and 20 of polychoric correlations at the largest
number of respondents, with the peak memory of a process of its own; and 20 Pearson replications at 500 respondents
beside ``psych::fa.parallel``. R is left out where there is no Rscript with psych. Every library gets one BLAS thread,
and seconds are of the processor, which a busy machine leaves alone.

Exit code 1 if, after alignment, loadings or factor correlations differ from factor-analyzer's by more than 1e-4 or from
the others' by more than 1e-3, if `efa` takes over 15 % more than factor-analyzer (less is noise), or if parallel
analysis finds other than six factors, other than psych's, or takes a gigabyte.
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
from efa_reference import aligned, rotated_by_factor_analyzer

import movement_readiness.psychometrics as ps
from movement_readiness.psychometrics import _factor_analyzer

REPEATS = 5
TOLERANCE = {"factor_analyzer": 1e-4, "psych": 1e-3, "statsmodels (ml)": 1e-3}  # all stop before the optimum
NOISE = 1.15  # of efa's seconds over factor-analyzer's

R_SCRIPT = """
suppressMessages(library(psych))
args <- commandArgs(TRUE)
x <- read.csv(args[1])
seconds <- sapply(1:3, function(i) sum(system.time(f <<- fa(x, 6, fm = "minres", rotate = "oblimin"))[1:2]))
write.csv(unclass(f$loadings), args[2], row.names = FALSE)
write.csv(f$Phi, args[3], row.names = FALSE)
cat(min(seconds))
"""
R_PARALLEL = """
suppressMessages(library(psych))
options(mc.cores = 1)
x <- read.csv(commandArgs(TRUE)[1])
taken <- system.time(f <- suppressMessages(fa.parallel(x, fa = "pc", n.iter = 20, quant = .95, plot = FALSE)))
cat("\\n", sum(taken[c("user.self", "sys.self", "user.child", "sys.child")]), f$ncomp)
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


def ours(items: pd.DataFrame, method: str = "minres"):
    found = ps.efa(items, n_factors=6, method=method)
    return found.loadings.to_numpy(), found.factor_correlations.to_numpy()


def theirs(items: pd.DataFrame):
    unrotated = _factor_analyzer.extract(np.corrcoef(items.to_numpy(float).T), 6, "minres")
    return rotated_by_factor_analyzer(unrotated, "oblimin")


def of_statsmodels(items: pd.DataFrame):
    from statsmodels.multivariate.factor import Factor

    found = Factor(corr=np.corrcoef(items.to_numpy(float).T), n_factor=6, method="ml", nobs=len(items)).fit()
    found.rotate("oblimin")
    return found.loadings, found.rotation_matrix.T @ found.rotation_matrix


def with_psych() -> bool:
    if shutil.which("Rscript") is None:
        return False
    return subprocess.run(["Rscript", "-e", "library(psych)"], capture_output=True, check=False).returncode == 0


def psych(items: pd.DataFrame) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("x.csv", "loadings.csv", "phi.csv", "fa.R")]
        items.to_csv(paths[0], index=False)
        Path(paths[3]).write_text(R_SCRIPT, encoding="utf-8")
        done = subprocess.run(["Rscript", paths[3], *paths[:3]], capture_output=True, text=True, check=True)
        return float(done.stdout), (pd.read_csv(paths[1]).to_numpy(), pd.read_csv(paths[2]).to_numpy())


def compare(n: int, with_r: bool) -> bool:
    items = answers(n)
    mine = {"minres": best(lambda: ours(items)), "ml": best(lambda: ours(items, "ml"))}
    print(f"n = {n:,}: efa {mine['minres'][0]:.3f} s, by ml {mine['ml'][0]:.3f} s")
    peers = {"factor_analyzer": ("minres", *best(lambda: theirs(items)))}
    peers["statsmodels (ml)"] = ("ml", *best(lambda: of_statsmodels(items)))
    if with_r:
        peers["psych"] = ("minres", *psych(items))
    fine = [beside(name, mine[method], needed, found) for name, (method, needed, found) in peers.items()]
    return all(fine)


def beside(name: str, mine: tuple, needed: float, found: tuple[np.ndarray, np.ndarray]) -> bool:
    """One line; whether the numbers are the same, and `efa` not slower than factor-analyzer."""
    seconds, reference = mine
    loadings, between = aligned(*found, reference[0])
    apart = max(np.abs(loadings - reference[0]).max(), np.abs(between - reference[1]).max())
    same, slower = apart < TOLERANCE[name], name == "factor_analyzer" and seconds > NOISE * needed
    remark = "" if same else "   NOT THE SAME"
    remark += "   SLOWER" if slower else ""
    print(f"    {name} {needed:.3f} s ({needed / seconds:.1f} x efa's), differs by {apart:.1e}{remark}", flush=True)
    return same and not slower


def parallel_beside_psych() -> bool:
    items = answers(500)
    began = time.process_time()
    found = ps.parallel_analysis(items, n_iterations=20, workers=1)
    seconds = time.process_time() - began
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "x.csv", Path(folder) / "run.R"]
        items.to_csv(paths[0], index=False)
        paths[1].write_text(R_PARALLEL, encoding="utf-8")
        done = subprocess.run(["Rscript", paths[1], paths[0]], capture_output=True, text=True, check=True, cwd=folder)
    needed, n_factors = (float(word) for word in done.stdout.split()[-2:])
    print(
        f"parallel analysis, pearson, n = 500, 20 replications: {seconds:.3f} s, {found.n_factors} factors | psych "
        f"{needed:.3f} s ({needed / seconds:.0f} x), {n_factors:.0f} factors"
    )
    return found.n_factors == n_factors


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
    with_r = with_psych()
    fine = [compare(n, with_r) for n in chosen.respondents]
    most = max(chosen.respondents)
    fine += [measured(1000, "polychoric", 500), measured(most, "pearson", 100), measured(most, "polychoric", 20)]
    if with_r:
        fine.append(parallel_beside_psych())
    print("Same numbers, and none slower." if all(fine) else "NOT KEPT: see above.")
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
