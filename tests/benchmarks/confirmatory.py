"""Speed and peak memory of confirmatory models, beside lavaan (where Rscript has it) and semopy (where it is there).

    python tests/benchmarks/confirmatory.py [--respondents 500 5000 100000] [--tasks wlsmv ml mlr fiml scores]
                                            [--lavaan-fiml]

The same simulated answers to 36 five-point items (six factors that correlate .4) go to every program; each runs in a
process of its own with one thread, and what is compared is processor time, which other work on the machine does not
change. A time is that of the whole call: ours with all fit measures, lavaan's cfa() alone, without fitMeasures().

    wlsmv    estimates, robust errors, scaled and shifted test; peak memory above what the process held with the answers
    ml, mlr  the same model of the answers as numbers
    fiml     5 % of the answers missing; 500 and 5,000 respondents. lavaan needs long for 500 and is run with
             --lavaan-fiml only (once; never at 5,000)
    scores   factor scores with standard errors of 100,000 answers to the bundled instrument by a calibration of 2,000

What was promised: WLSMV ten times faster than lavaan at 5,000 and 100,000 and under 1.5 GB; ML at least as fast as
lavaan; FIML twenty times faster at 500 and under a minute at 5,000; scores in under ten seconds. Numbers must be the
same: estimates to 1e-4 (ML 1e-5, semopy's 1e-3), errors and chi-squares to 1e-3 relative; scores those of a smaller
file. Ends with exit code 1 when anything is missed.
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
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

FACTORS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
MODEL = "\n".join(
    f"{name} =~ " + " + ".join(f"i{place}" for place in range(6 * k + 1, 6 * k + 7)) for k, name in enumerate(FACTORS)
)
RATIOS = {  # times our time, at least
    ("wlsmv", "lavaan", 5_000): 10,
    ("wlsmv", "lavaan", 100_000): 10,
    ("ml", "lavaan", 500): 1,
    ("ml", "lavaan", 5_000): 1,
    ("ml", "lavaan", 100_000): 1,
    ("fiml", "lavaan", 500): 20,
}
MOST_SECONDS = {("fiml", 5_000): 60, ("scores", 100_000): 10}
MOST_MEGABYTES = {("wlsmv", 100_000): 1500}
CLOSE = {"wlsmv": 1e-4, "ml": 1e-5, "mlr": 1e-5, "fiml": 1e-5}
REPEATS = {500: 3, 5_000: 2}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")

R_SCRIPT = """
arguments <- commandArgs(TRUE)
suppressPackageStartupMessages(library(lavaan))
items <- read.csv(arguments[2])
model <- paste(readLines(arguments[3]), collapse = "\\n")
options <- switch(arguments[1], wlsmv = list(ordered = TRUE), ml = list(), mlr = list(estimator = "MLR"),
                  fiml = list(missing = "fiml"))
taken <- system.time(fit <- do.call("cfa", c(list(model, items, std.lv = TRUE), options)))
found <- parameterEstimates(fit)[, c("lhs", "op", "rhs", "est", "se")]
write.csv(found, arguments[4], row.names = FALSE)
test <- lavInspect(fit, "test")
cat(sum(taken[c("user.self", "sys.self")]), test[[length(test)]]$stat, "\\n")
"""


def answers(n: int) -> pd.DataFrame:
    """n answers to 36 five-point items, six to each of six factors that correlate .4."""
    rng = np.random.default_rng(20262)
    factors = rng.multivariate_normal(np.zeros(6), np.where(np.eye(6) > 0, 1.0, 0.4), size=n)
    loadings = np.tile([0.8, 0.75, 0.7, 0.65, 0.6, 0.5], 6)
    latent = np.repeat(factors, 6, axis=1) * loadings + rng.standard_normal((n, 36)) * np.sqrt(1 - loadings**2)
    cuts = np.array([-1.6, -0.8, 0.1, 1.0])
    codes = sum((latent > cut + shift).astype(np.int64) for cut in cuts for shift in [np.linspace(-0.3, 0.3, 36)])
    return pd.DataFrame(codes + 1, columns=[f"i{place}" for place in range(1, 37)])


def answers_for(task: str, n: int) -> pd.DataFrame:
    items = answers(n)
    return items.mask(np.random.default_rng(20263).random(items.shape) < 0.05) if task == "fiml" else items


# -- in a process of its own --------------------------------------------------------------------------------------------


def ours(task: str):
    from movement_readiness.psychometrics.confirmatory.analysis import cfa

    options = {"fiml": {"estimator": "ml", "missing": "fiml"}}.get(task, {"estimator": task})
    return lambda items: cfa(items, MODEL, std_lv=True, **options)


def numbers_of_ours(found, task: str) -> tuple[pd.DataFrame, float]:
    chisq = "chisq.scaled" if task in ("wlsmv", "mlr") else "chisq"
    return found.parameters[["lhs", "op", "rhs", "est", "se"]], float(found.fit_measures[chisq])


def semopy(task: str):
    from semopy import Model

    def run(items: pd.DataFrame):
        model = Model(MODEL)
        model.fit(items)
        return model.inspect()

    return run


def numbers_of_semopy(found, task: str) -> tuple[pd.DataFrame, float]:
    """Loadings, written there as regressions, and covariances brought to factors of variance one; errors are not."""
    own = found[(found["op"] == "~~") & (found["lval"] == found["rval"]) & found["lval"].isin(FACTORS)]
    spread = dict(zip(own["lval"], np.sqrt(own["Estimate"].astype(float)), strict=True))
    rows = []
    for row in found.itertuples():
        if row.op == "~":
            rows.append((row.rval, "=~", row.lval, row.Estimate * spread[row.rval]))
        else:
            rows.append((row.lval, "~~", row.rval, row.Estimate / (spread.get(row.lval, 1) * spread.get(row.rval, 1))))
    return pd.DataFrame(rows, columns=["lhs", "op", "rhs", "est"]).assign(se=1.0), np.nan


PROGRAMS = {"ours": (ours, numbers_of_ours), "semopy": (semopy, numbers_of_semopy)}


def peak_bytes(*, reset: bool = False) -> int:
    """The most memory this process has held, on Linux since the last reset."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if reset:
        clear.write_text("5")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024


def measured(call, repeats: int) -> tuple[object, dict[str, float]]:
    gc.collect()
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)
    before, seconds, after = peak_bytes(reset=True), [], 0
    for _ in range(repeats):
        start = time.process_time()
        found = call()
        seconds.append(time.process_time() - start)
        after = after or peak_bytes()
    return found, {"seconds": min(seconds), "megabytes": (after - before) / 1e6}


def run_one(task: str, program: str, n: int, folder: Path) -> None:
    """Estimates into the folder, figures as JSON to standard output."""
    warnings.simplefilter("ignore")
    if task == "scores":
        _run_scores(n)
        return
    make, numbers = PROGRAMS[program]
    run, items = make(task), answers_for(task, n)
    if program == "ours":
        run(items.head(300))  # libraries loaded
    found, figures = measured(lambda: run(items), REPEATS.get(n, 1))
    frame, chisq = numbers(found, task)
    frame.to_csv(folder / f"{program}.csv", index=False)
    print(json.dumps(figures | {"chisq": chisq}))


def _run_scores(n: int) -> None:
    import movement_readiness as mr
    from movement_readiness.scoring import calibrate, factor_scores

    instrument = mr.load_instrument()
    study = mr.simulate_responses(instrument, n_sites=10, teams_per_site=20, team_size=10, seed=3)
    calibration = calibrate(study.responses, instrument)
    many = pd.concat([study.responses] * -(-n // len(study.responses)), ignore_index=True).head(n)
    few = factor_scores(many.head(300), calibration)
    found, figures = measured(lambda: factor_scores(many, calibration), 1)
    numbers = [name for name in few if str(few[name].dtype).lower().startswith("float")]
    difference = np.nanmax(np.abs(few[numbers].to_numpy(float) - found[numbers].head(300).to_numpy(float)))
    print(json.dumps(figures | {"difference": float(difference), "rows": len(found)}))


# -- side by side -------------------------------------------------------------------------------------------------------


def figures_of(task: str, program: str, n: int, folder: Path) -> dict[str, float] | None:
    if program == "lavaan":
        return _figures_of_lavaan(task, n, folder)
    if program == "semopy" and importlib.util.find_spec("semopy") is None:
        return None
    command = [sys.executable, *(["-P"] * sys.flags.safe_path), __file__, "--one", task, program]
    command += ["--folder", str(folder), "--respondents", str(n)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise SystemExit(1)
    return json.loads(done.stdout.splitlines()[-1])


def _figures_of_lavaan(task: str, n: int, folder: Path) -> dict[str, float] | None:
    if shutil.which("Rscript") is None:
        return None
    script, items, model = folder / "run.R", folder / f"{task}{n}.csv", folder / "model.txt"
    script.write_text(R_SCRIPT)
    model.write_text(MODEL + "\n")
    answers_for(task, n).to_csv(items, index=False)
    command = ["Rscript", str(script), task, str(items), str(model), str(folder / "lavaan.csv")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=os.environ | ONE_THREAD)
    if done.returncode != 0:
        return None
    seconds, chisq = map(float, done.stdout.split()[-2:])
    return {"seconds": seconds, "megabytes": np.nan, "chisq": chisq}


def differences(folder: Path, program: str) -> tuple[float, float]:
    """Largest difference of an estimate, and of a standard error as a share of it, among parameters of both."""
    key = ["lhs", "op", "rhs"]
    one, other = (
        pd.read_csv(folder / f"{name}.csv", keep_default_na=False).drop_duplicates(key) for name in ("ours", program)
    )
    swapped = other.rename(columns={"lhs": "rhs", "rhs": "lhs"})
    other = pd.concat([other, swapped[swapped["op"] == "~~"]]).drop_duplicates(key)
    both = one.merge(other, on=key, suffixes=("", "_other"))
    free = both[(both["se"].astype(float) > 0) & (both["se_other"].astype(float) > 0)]
    if len(free) < 80:
        raise SystemExit(f"{program}: only {len(free)} parameters in common")
    return (
        float((free["est"] - free["est_other"]).abs().max()),
        float((free["se_other"] / free["se"] - 1).abs().max()),
    )


def compare(task: str, n: int, programs: list[str], folder: Path) -> list[str]:
    """One table; what was promised and not kept."""
    print(
        f"\n{task}, {n:,} respondents\n{'':10} {'seconds':>9} {'x ours':>8} {'peak MB':>8}  estimates  errors   chi-square"
    )
    broken: list[str] = []
    mine: dict[str, float] = {}
    for program in programs:
        figures = figures_of(task, program, n, folder)
        if figures is None:
            print(f"{program:10}   not here")
            continue
        mine = mine or figures
        size = "" if np.isnan(figures["megabytes"]) else f"{figures['megabytes']:,.0f}"
        ratio = figures["seconds"] / mine["seconds"]
        print(f"{program:10} {figures['seconds']:9.3f} {ratio:8.1f} {size:>8}", end="", flush=True)
        print(f"  difference from 300 alone {figures['difference']:.1e}" if task == "scores" else "", end="")
        broken += _promises(task, n, program, figures, ratio)
        broken += _numbers(task, n, program, figures, mine, folder) if program != "ours" else []
        print()
    return broken


def _promises(task: str, n: int, program: str, figures: dict[str, float], ratio: float) -> list[str]:
    broken = []
    if ratio < RATIOS.get((task, program, n), 0):
        broken.append(
            f"{task} at {n:,}: {program} takes {ratio:.1f} times our time, {RATIOS[task, program, n]} promised"
        )
    if program != "ours":
        return broken
    if figures["seconds"] > MOST_SECONDS.get((task, n), np.inf):
        broken.append(f"{task} at {n:,}: {figures['seconds']:.1f} s, {MOST_SECONDS[task, n]} promised")
    if figures["megabytes"] > MOST_MEGABYTES.get((task, n), np.inf):
        broken.append(f"{task} at {n:,}: {figures['megabytes']:,.0f} MB, {MOST_MEGABYTES[task, n]:,} promised")
    if figures.get("difference", 0.0) > 1e-6:
        broken.append(f"{task} at {n:,}: scores depend on who else is in the file, by {figures['difference']:.1e}")
    return broken


def _numbers(
    task: str, n: int, program: str, figures: dict[str, float], mine: dict[str, float], folder: Path
) -> list[str]:
    estimates, errors = differences(folder, program)
    chisq = abs(figures["chisq"] / mine["chisq"] - 1)
    loose = program == "semopy"
    print(f"  {estimates:9.1e}" + ("" if loose else f" {errors:8.1e} {chisq:10.1e}"), end="")
    wrong = estimates > (1e-3 if loose else CLOSE[task]) or (not loose and (errors > 1e-3 or not chisq < 1e-3))
    return [f"{task} at {n:,}: numbers differ from {program}'s"] if wrong else []


def programs_for(task: str, n: int, with_lavaan_fiml: bool) -> list[str]:
    if task == "fiml":
        return ["ours"] + ["lavaan"] * (with_lavaan_fiml and n == 500)
    return {"scores": ["ours"], "ml": ["ours", "lavaan", "semopy"]}.get(task, ["ours", "lavaan"])


def sizes_for(task: str, chosen: list[int]) -> list[int]:
    if task == "scores":
        return [100_000]
    return [n for n in chosen if task != "fiml" or n <= 5_000]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--respondents", type=int, nargs="+", default=[500, 5_000, 100_000])
    parser.add_argument("--tasks", nargs="+", default=["wlsmv", "ml", "mlr", "fiml", "scores"])
    parser.add_argument("--lavaan-fiml", action="store_true", help="lavaan's FIML at 500 too: 20 s and more")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        run_one(*chosen.one, chosen.respondents[0], chosen.folder)
        return 0
    broken = []
    with tempfile.TemporaryDirectory() as folder:
        for task in chosen.tasks:
            for n in sizes_for(task, chosen.respondents):
                broken += compare(task, n, programs_for(task, n, chosen.lavaan_fiml), Path(folder))
    print("\n" + ("\n".join(broken) if broken else "Same numbers, and every promise kept."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
