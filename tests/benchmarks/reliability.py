"""Omega and ordinal alpha with their bootstrap intervals.

    python tests/benchmarks/reliability.py [respondents ...]        (1000 by default)

36 five-point items, of one factor and of six correlated ones, 200 bootstrap samples (the default), one BLAS thread.
Seconds are of the processor. The exit code is 1 where the numbers of two calls differ, or where categorical omega of
1,000 respondents takes more than the 30 seconds that were promised.
"""

# ruff: noqa: T201, E402  (a script: printing is what it is for; threads are limited before numpy loads)

from __future__ import annotations

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import argparse
import sys
import time
import warnings

import numpy as np

import movement_readiness as mr

PROMISED = 30.0


def answers(n: int, n_factors: int) -> np.ndarray:
    rng = np.random.default_rng(20261)
    general = rng.normal(size=(n, 1))
    groups = rng.normal(size=(n, n_factors)).repeat(36 // n_factors, axis=1)
    latent = 0.55 * general + (0.45 * groups if n_factors > 1 else 0) + 0.7 * rng.normal(size=(n, 36))
    return np.digitize(latent, [-1.2, -0.4, 0.4, 1.2]) + 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("respondents", nargs="*", type=int, default=[1000])
    kept = True
    for n in parser.parse_args().respondents:
        calls = {
            "omega total, 1 factor": lambda n=n: mr.mcdonald_omega(answers(n, 1)),
            "omega categorical, 1 factor": lambda n=n: mr.mcdonald_omega(answers(n, 1), kind="categorical"),
            "omega hierarchical, 6 factors": lambda n=n: mr.mcdonald_omega(
                answers(n, 6), kind="hierarchical", n_factors=6
            ),
            "ordinal alpha": lambda n=n: mr.cronbach_alpha(answers(n, 1), correlation="polychoric"),
        }
        for label, call in calls.items():
            begun = time.process_time()
            found = call()
            seconds = time.process_time() - begun
            same = (found.ci_low, found.ci_high) == ((again := call()).ci_low, again.ci_high)
            kept &= same and not (label.startswith("omega categorical") and n <= 1000 and seconds > PROMISED)
            print(f"n = {n:,}: {label}: {seconds:.1f} s, {found!r}{'' if same else ', ANOTHER THE SECOND TIME'}")
    return 0 if kept else 1


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
