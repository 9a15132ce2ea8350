"""Speed and peak memory of the polychoric matrix, beside ordinalcorr and, where Rscript has them, lavaan and psych.

    python tests/benchmarks/correlation.py [--respondents 500 5000 100000] [--slow]

The same simulated answers to 36 five-point items (six correlated factors) go to every program; each runs in a process
of its own with one thread, and what is compared is processor time, which other work on the machine does not change.
Correlations are compared without standard errors, like for like; two more rows show what standard errors and the
asymptotic covariance (774 x 774) take. Peak memory is above what the process held with the answers in hand.
ordinalcorr (pip install ordinalcorr) and R's packages are left out where they are missing; with --slow, psych too, and
lavaan at every size. Ends with exit code 1 if correlations differ by more than 1e-5 (psych: 2e-4), if a ratio that was
promised is missed, or if 100,000 respondents take a gigabyte.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

PROMISED = {("ordinalcorr", 5_000): 10, ("lavaan", 5_000): 10, ("ordinalcorr", 100_000): 30}
TOLERANCES = {"psych": 2e-4}
MOST_MEGABYTES = 1000
REPEATS = {"ours": 5, "with se": 3, "with acov": 1, "ordinalcorr": 1}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

R_SCRIPT = """
arguments <- commandArgs(TRUE)
items <- read.csv(arguments[2])
if (arguments[1] == "lavaan") {
  suppressPackageStartupMessages(library(lavaan))
  run <- function() lavCor(items, ordered = names(items))
} else {
  suppressPackageStartupMessages(library(psych))
  options(mc.cores = 1)
  run <- function() polychoric(items, correct = 0, smooth = FALSE)$rho
}
taken <- system.time(found <- run())
write.table(unclass(found), arguments[3], row.names = FALSE, col.names = FALSE)
cat(sum(taken[c("user.self", "sys.self", "user.child", "sys.child")]), "\\n")
"""


def answers(n: int) -> pd.DataFrame:
    """n answers to 36 five-point items, six to each of six factors that correlate .4."""
    rng = np.random.default_rng(20261)
    factors = rng.multivariate_normal(np.zeros(6), np.where(np.eye(6) > 0, 1.0, 0.4), size=n)
    loadings = np.tile([0.8, 0.75, 0.7, 0.65, 0.6, 0.5], 6)
    latent = np.repeat(factors, 6, axis=1) * loadings + rng.standard_normal((n, 36)) * np.sqrt(1 - loadings**2)
    cuts = np.array([-1.6, -0.8, 0.1, 1.0])
    codes = sum((latent > cut + shift).astype(np.int64) for cut in cuts for shift in [np.linspace(-0.3, 0.3, 36)])
    return pd.DataFrame(codes + 1, columns=[f"i{place}" for place in range(1, 37)])


def runner(kind: str):
    if kind == "ordinalcorr":
        from ordinalcorr import hetcor

        return lambda items: np.asarray(hetcor(items))
    from movement_readiness.psychometrics import polychoric

    options = {"ours": {}, "with se": {"se": True}, "with acov": {"acov": True}}[kind]
    return lambda items: polychoric(items, **options).correlations.to_numpy()


def peak_bytes(*, reset: bool = False) -> int:
    """The most memory this process has held, on Linux since the last reset."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if reset:
        clear.write_text("5")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024


def measure(kind: str, n: int, folder: Path) -> None:
    """In a process of its own: the correlations into the folder, figures as JSON to standard output."""
    run, items = runner(kind), answers(n)
    run(items.head(200).iloc[:, :4])  # libraries loaded
    gc.collect()
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)
    before, seconds, after = peak_bytes(reset=True), [], 0
    for _ in range(REPEATS[kind]):
        start = time.process_time()
        found = run(items)
        seconds.append(time.process_time() - start)
        after = after or peak_bytes()
    np.savetxt(folder / f"{kind}.txt", found, fmt="%.17g")
    print(json.dumps({"seconds": min(seconds), "megabytes": (after - before) / 1e6}))


def figures_of(kind: str, n: int, folder: Path) -> dict[str, float] | None:
    if kind in ("lavaan", "psych"):
        return _figures_of_r(kind, n, folder)
    if kind == "ordinalcorr" and importlib.util.find_spec("ordinalcorr") is None:
        return None
    command = [sys.executable, *(["-P"] * sys.flags.safe_path), __file__, "--kind", kind, "--folder", str(folder)]
    command += ["--respondents", str(n)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    return json.loads(done.stdout)


def _figures_of_r(kind: str, n: int, folder: Path) -> dict[str, float] | None:
    if shutil.which("Rscript") is None:
        return None
    script, items = folder / "run.R", folder / f"{n}.csv"
    script.write_text(R_SCRIPT)
    if not items.exists():
        answers(n).to_csv(items, index=False)
    command = ["Rscript", str(script), kind, str(items), str(folder / f"{kind}.txt")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    return {"seconds": float(done.stdout.split()[-1]), "megabytes": np.nan} if done.returncode == 0 else None


def compare(n: int, kinds: list[str], folder: Path) -> list[str]:
    """One table; what was promised and not kept."""
    print(f"\n{n:,} respondents x 36 items\n{'':12} {'seconds':>9} {'x ours':>8} {'peak MB':>8}  difference")
    broken, ours = [], None
    for kind in kinds:
        figures = figures_of(kind, n, folder)
        if figures is None:
            print(f"{kind:12}   not here")
            continue
        seconds, megabytes = figures["seconds"], figures["megabytes"]
        found = np.loadtxt(folder / f"{kind}.txt")
        ours = (seconds, found) if ours is None else ours
        ratio, difference = seconds / ours[0], np.abs(found - ours[1]).max()
        size = "" if np.isnan(megabytes) else f"{megabytes:,.0f}"
        print(f"{kind:12} {seconds:9.3f} {ratio:8.1f} {size:>8}  {difference:.1e}", flush=True)
        if difference > TOLERANCES.get(kind, 1e-5):
            broken.append(f"{kind} at {n:,}: correlations differ by {difference:.1e}")
        if ratio < PROMISED.get((kind, n), 0):
            broken.append(f"{kind} at {n:,}: {ratio:.1f} times our time, {PROMISED[kind, n]} promised")
        if kind in ("ours", "with se", "with acov") and megabytes > MOST_MEGABYTES:
            broken.append(f"{kind} at {n:,}: {megabytes:,.0f} MB")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--respondents", type=int, nargs="+", default=[500, 5_000, 100_000])
    parser.add_argument("--slow", action="store_true", help="psych too, and lavaan at every size")
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.kind:
        measure(chosen.kind, chosen.respondents[0], chosen.folder)
        return 0
    broken = []
    with tempfile.TemporaryDirectory() as folder:
        for n in chosen.respondents:
            kinds = ["ours", "with se", "with acov", "ordinalcorr"]
            kinds += ["lavaan"] * (chosen.slow or n <= 5_000) + ["psych"] * chosen.slow
            broken += compare(n, kinds, Path(folder))
    print("\n" + ("\n".join(broken) if broken else "Same numbers, and every promise kept."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
