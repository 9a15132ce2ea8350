"""The bootstrap on row numbers: respondents drawn one by one, or whole clusters (numpy, and tqdm for the bar)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from tqdm import tqdm

__all__ = ["bootstrap_values", "drawn_rows"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def drawn_rows(codes: Ints, n_bootstrap: int, seed: int | None) -> Iterator[Ints]:
    """Row numbers of each bootstrap sample: as many clusters as there are, drawn with replacement, whole.

    `codes` numbers the cluster of each row from 0; every row its own cluster is the ordinary bootstrap.
    """
    rng = np.random.default_rng(seed)
    sizes = np.bincount(codes)
    by_cluster, starts = np.argsort(codes, kind="stable"), np.cumsum(sizes) - sizes
    for _ in range(n_bootstrap):
        drawn = rng.integers(0, sizes.size, sizes.size)
        lengths = sizes[drawn]
        ends = np.cumsum(lengths)
        within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
        yield by_cluster[np.repeat(starts[drawn], lengths) + within]


def bootstrap_values(
    statistic: Callable[[Ints], float], codes: Ints, n_bootstrap: int, seed: int | None, progress: bool = False
) -> Floats:
    """`statistic` of the rows of each bootstrap sample, shape (n_bootstrap,); `progress` shows a bar."""
    samples = drawn_rows(codes, n_bootstrap, seed)
    bar = tqdm(samples, total=n_bootstrap, desc="bootstrap", unit="sample", disable=not progress)
    return np.array([statistic(rows) for rows in bar], dtype=np.float64)
