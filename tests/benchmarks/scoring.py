"""Scoring throughput and peak memory, beside numpy and pandas written out by hand for one instrument.

    python tests/benchmarks/scoring.py [respondents]        (1,000,000 by default)

Scores the same made-up answers to all items of the bundled instrument as pandas, polars and pyarrow
frames, and with two peers that check nothing: `numpy` (nanmean over columns of one float matrix) and
`pandas` (one ``.mean(axis=1)`` a scale). Each runs in a process of its own, whose peak memory is read
above what it was with the answers in hand. Ends with exit code 1 if any two disagree by more than 1e-12.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

import movement_readiness as mr
from movement_readiness.scoring import item_matrix, score_scales

INSTRUMENT = mr.load_instrument()
ITEMS = INSTRUMENT.item_ids()
SCALES = tuple(INSTRUMENT.scales)
TOLERANCE = 1e-12
REPEATS = 2  # the first run also loads libraries; the faster one is printed


def answers(n: int) -> pd.DataFrame:
    """n respondents x 36 items: codes 1-5, with 4 % "Can't say", 3 % skipped and 3 % not shown."""
    rng = np.random.default_rng(20260)
    frame = {"response_id": np.arange(n), "team": pd.array(rng.integers(0, 500, n).astype(str), dtype="str")}
    for item in ITEMS:
        codes = rng.integers(1, 6, n, dtype=np.int64)
        draw = rng.random(n, dtype=np.float32)
        codes[draw < 0.07] = -9
        codes[draw < 0.04] = -8
        frame[item] = pd.arrays.IntegerArray(codes, draw > 0.97)
    return pd.DataFrame(frame)


def of_kind(kind: str, frame: pd.DataFrame):
    """The answers as that kind of frame; the peers get floats, for which they are written."""
    if kind == "polars":
        return pl.from_pandas(frame)
    if kind == "pyarrow":
        return pa.Table.from_pandas(frame, preserve_index=False)
    if kind.startswith("peer"):
        return frame.astype(dict.fromkeys(ITEMS, "float64"))
    return frame


def peer_numpy(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    values = frame[list(ITEMS)].to_numpy()
    values = np.where(values < 0, np.nan, values)
    column = {item: position for position, item in enumerate(ITEMS)}
    domain = np.array([INSTRUMENT.items[item].domain for item in ITEMS])
    scores = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the mean of nothing
        for scale in INSTRUMENT.scales.values():
            if scale.scales:
                scores[scale.id] = np.mean([scores[part] for part in scale.scales], axis=0)
                continue
            places = [column[item] for item in scale.keys]
            part = values[:, places]
            reverse = [key == -1 for key in scale.keys.values()]
            part[:, reverse] = 6 - part[:, reverse]
            enough = np.isfinite(part).sum(axis=1) >= scale.min_answered
            for name in set(domain[places]) if scale.min_answered_per_domain else ():
                enough &= np.isfinite(part[:, domain[places] == name]).sum(axis=1) >= scale.min_answered_per_domain
            scores[scale.id] = np.where(enough, (np.nanmean(part, axis=1) - 1) * 25, np.nan)
    return scores


def peer_pandas(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    items = frame[list(ITEMS)]
    items = items.where(items > 0)
    scores = pd.DataFrame(index=frame.index)
    for scale in INSTRUMENT.scales.values():
        if scale.scales:
            scores[scale.id] = scores[list(scale.scales)].mean(axis=1, skipna=False)
            continue
        part = items[list(scale.keys)].copy()
        reverse = [item for item, key in scale.keys.items() if key == -1]
        part[reverse] = 6 - part[reverse]
        enough = part.notna().sum(axis=1) >= scale.min_answered
        domains = {INSTRUMENT.items[item].domain for item in scale.keys} if scale.min_answered_per_domain else ()
        for domain in domains:
            those = [item for item in scale.keys if INSTRUMENT.items[item].domain == domain]
            enough &= part[those].notna().sum(axis=1) >= scale.min_answered_per_domain
        scores[scale.id] = ((part.mean(axis=1) - 1) * 25).where(enough)
    return {scale: scores[scale].to_numpy() for scale in SCALES}


def ours(frame):
    return score_scales(frame, INSTRUMENT)


def peak_bytes(*, reset: bool = False) -> int:
    """The most memory this process has held, on Linux since the last reset."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():  # elsewhere the peak of making the answers hides part of the peak of scoring
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    if reset:
        clear.write_text("5")
    return int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024


def give_back() -> None:
    """Return what making the answers left behind, which would hide memory that scoring takes."""
    gc.collect()
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def as_arrays(result) -> dict[str, np.ndarray]:
    if isinstance(result, dict):
        return result
    if isinstance(result, pa.Table):
        result = pl.from_arrow(result)
    return {scale: np.asarray(result[scale].to_numpy(), dtype=float) for scale in SCALES}


def measure(kind: str, n: int, folder: Path) -> None:
    """In a process of its own: score, print figures as JSON, leave the scores in the folder."""
    run = {"peer numpy": peer_numpy, "peer pandas": peer_pandas, "item_matrix": matrix}.get(kind, ours)
    run(of_kind(kind, answers(1000)))  # libraries loaded, caches warm
    frame = of_kind(kind, answers(n))
    give_back()
    before, seconds = peak_bytes(reset=True), []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = run(frame)
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:  # later runs start with memory that this one gave back
            after = peak_bytes()
        if kind != "item_matrix":
            np.savez(folder / f"{kind}.npz", **as_arrays(result))
        del result
    print(json.dumps({"seconds": min(seconds), "megabytes": (after - before) / 1e6}))


def matrix(frame):
    return item_matrix(frame, INSTRUMENT)


def largest_difference(one: Path, other: Path) -> float:
    """The largest difference of any score; infinite where one has a score and the other none."""
    with np.load(one) as left, np.load(other) as right:
        largest = 0.0
        for scale in SCALES:
            if (np.isnan(left[scale]) != np.isnan(right[scale])).any():
                return float("inf")
            largest = max(largest, float(np.nanmax(np.abs(left[scale] - right[scale]), initial=0.0)))
        return largest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("respondents", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--kind", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.kind:
        measure(chosen.kind, chosen.respondents, chosen.folder)
        return 0
    n, worst, peer = chosen.respondents, 0.0, None
    print(f"{n:,} respondents x {len(ITEMS)} items, {len(SCALES)} scales")
    print(f"{'':12} {'seconds':>8} {'respondents/s':>14} {'peak MB':>8} {'x numpy':>8}  difference")
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("peer numpy", "peer pandas", "pandas", "polars", "pyarrow", "item_matrix"):
            command = [sys.executable, __file__, str(n), "--kind", kind, "--folder", folder]
            figures = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            peer = figures["seconds"] if peer is None else peer
            line = f"{kind:12} {figures['seconds']:8.2f} {n / figures['seconds']:14,.0f} {figures['megabytes']:8,.0f} "
            line += f"{figures['seconds'] / peer:8.2f}"
            if kind not in ("peer numpy", "item_matrix"):
                difference = largest_difference(Path(folder, "peer numpy.npz"), Path(folder, f"{kind}.npz"))
                worst = max(worst, difference)
                line += f"  {difference:.1e}"
            print(line, flush=True)
    print("Peak MB is above the answers in hand and includes the result; `x numpy` is time beside numpy's.")
    print(f"All scores agree to {TOLERANCE:g}." if worst <= TOLERANCE else f"SCORES DIFFER, by up to {worst:g}.")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
