"""What a normal-theory fit needs to know of one group of respondents: moments, or answers by pattern of missing ones.

`CompleteSample` is mean and covariance (divisor n), with the answers where somebody needs them; `IncompleteSample`
keeps the answers sorted by pattern. Numpy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

__all__ = [
    "CompleteSample",
    "IncompleteSample",
    "NormalSample",
    "PatternBatch",
    "complete_sample",
    "given_sample",
    "incomplete_sample",
    "pairwise_moments",
    "uncovered",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CompleteSample:
    """Respondents who answered every item.

    ``n``; ``mean`` (items,); ``covariance`` (items, items), divisor n; ``values`` (n, items) or None when only the
    moments are known; ``clusters`` (n,), from 0, or None; ``teams`` (clusters,), the number that each has in all
    groups, where some have respondents in several, or None.
    """

    n: int
    mean: Floats
    covariance: Floats
    values: Floats | None = None
    clusters: Ints | None = None
    teams: Ints | None = None

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return int(self.mean.size)


@dataclass(frozen=True, slots=True, eq=False)
class PatternBatch:
    """Patterns with the same number of answered items.

    ``items`` (patterns, k): the missing items of each pattern, or the answered ones where ``answered`` is true (the
    fewer of the two); ``n`` (patterns,): respondents; ``rows``: which rows of the sample; ``pattern`` (rows,): the
    pattern of each.
    """

    items: Ints
    answered: bool
    n: Ints
    rows: slice
    pattern: Ints


@dataclass(frozen=True, slots=True, eq=False)
class IncompleteSample:
    """Respondents with at least one answer.

    ``values`` (n, items), sorted by pattern, 0 where missing; ``there`` (n, items), 1.0 where answered and 0.0
    where not; ``batches``; ``clusters`` (n,) in the same order, or None; ``teams`` as in `CompleteSample`.
    """

    values: Floats
    there: Floats
    batches: tuple[PatternBatch, ...]
    clusters: Ints | None = None
    teams: Ints | None = None

    @property
    def n(self) -> int:
        """How many respondents there are."""
        return len(self.values)

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return int(self.values.shape[1])


NormalSample = CompleteSample | IncompleteSample


def complete_sample(values: Floats, clusters: Ints | None = None, teams: Ints | None = None) -> CompleteSample:
    """Moments of answers without gaps, shape (respondents, items); the covariance has the divisor n."""
    mean = values.mean(axis=0)
    centred = values - mean
    return CompleteSample(len(values), mean, centred.T @ centred / len(values), values, clusters, teams)


def given_sample(covariance: Floats, n: int, mean: Floats | None = None) -> CompleteSample:
    """Take a covariance matrix as programs print it, divisor n - 1, and bring it to the divisor n."""
    known = np.zeros(len(covariance)) if mean is None else np.asarray(mean, dtype=np.float64)
    return CompleteSample(n, known, np.asarray(covariance, dtype=np.float64) * ((n - 1) / n))


def incomplete_sample(values: Floats, clusters: Ints | None = None, teams: Ints | None = None) -> IncompleteSample:
    """Sort answers, NaN where missing, by their pattern; rows without an answer are left out."""
    there = ~np.isnan(values)
    kept = there.any(axis=1)
    values, there = values[kept], there[kept]
    packed = np.packbits(there, axis=1)
    count = there.sum(axis=1)
    order = np.lexsort((*packed.T[::-1], -count))
    values, there = values[order], there[order]
    return IncompleteSample(
        np.where(there, values, 0.0),
        there.astype(np.float64),
        _batches(there, packed[order]),
        None if clusters is None else clusters[kept][order],
        teams,
    )


def _batches(there: npt.NDArray[np.bool_], packed: npt.NDArray[np.uint8]) -> tuple[PatternBatch, ...]:
    """Cut sorted rows where the number of answered items changes, and number the patterns in each part."""
    count = there.sum(axis=1)
    fresh = np.append(True, (packed[1:] != packed[:-1]).any(axis=1))
    edges = np.append(np.flatnonzero(np.append(True, count[1:] != count[:-1])), len(there))
    found = []
    for begin, end in pairwise(edges):
        first = fresh[begin:end]
        pattern = np.cumsum(first) - 1
        shapes = there[begin:end][first]
        answered = int(count[begin]) * 2 < there.shape[1]
        wanted = shapes if answered else ~shapes
        items = np.nonzero(wanted)[1].reshape(len(shapes), -1)
        found.append(PatternBatch(items, answered, np.bincount(pattern), slice(int(begin), int(end)), pattern))
    return tuple(found)


def pairwise_moments(sample: NormalSample) -> tuple[Floats, Floats]:
    """Means of the answers to each item, and covariances of those to both of two items.

    The divisor of the covariances is n_ij - 1, and they are multiplied by (n - 1) / n. With no answer missing, what
    the sample itself holds.
    """
    if isinstance(sample, CompleteSample):
        return sample.mean, sample.covariance
    both = sample.there.T @ sample.there
    n = np.diag(both)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sample.values.sum(axis=0) / n
        off = (sample.values - mean) * sample.there
        own = off.T @ sample.there / both  # mean of i, of those who answered j too, less the mean of i
        covariance = (off.T @ off - both * own * own.T) / (both - 1) * ((sample.n - 1) / sample.n)
    return mean, covariance


def uncovered(sample: NormalSample) -> list[tuple[int, int]]:
    """Pairs of items that nobody answered both of: without a model their covariance is anyone's guess."""
    if isinstance(sample, CompleteSample):
        return []
    first, second = np.nonzero(np.triu(sample.there.T @ sample.there == 0))
    return list(zip(first.tolist(), second.tolist(), strict=True))
