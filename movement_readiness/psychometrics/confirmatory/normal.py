r"""Normal likelihood of one group at given moments, its slopes and curvature, with or without missing answers.

With d_i the answers of respondent i less the means mu, on the items that i answered, W_i the inverse of their part of
Sigma (zero elsewhere) and r_i = W_i d_i, the mean negative log-likelihood

    f = sum_i (k_i log 2 pi + log|Sigma_i| + d_i' r_i) / (2 n)

has the slopes -mean(r) by mu and mean(W - r r') / 2 by Sigma. With P = inverse(Sigma) and m the missing items of i,
W_i = P - P_.m inverse(P_mm) P_m. and log|Sigma_i| = log|Sigma| + log|P_mm|: a few missing answers cost little, also
when every respondent misses others. Numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import lapack

from movement_readiness.psychometrics.confirmatory.normal_sample import (
    CompleteSample,
    IncompleteSample,
    NormalSample,
    PatternBatch,
)
from movement_readiness.psychometrics.confirmatory.vech import half, places, position, vech

__all__ = [
    "Slopes",
    "curvature",
    "expected_curvature",
    "inverse_root",
    "patterned_curvature",
    "precision_of",
    "scores",
    "slopes",
    "weights",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LOG_2PI = float(np.log(2 * np.pi))
_BLOCK = 1 << 21  # numbers at a time


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """``value`` f; ``mean`` (items,) its slopes by mu; ``covariance`` (items, items) by Sigma, cell by cell."""

    value: float
    mean: Floats
    covariance: Floats

    def row(self, with_means: bool) -> Floats:
        """Slopes by [mu,] vech(Sigma)."""
        by_covariance = 2 * half(self.mean.size) * vech(self.covariance)
        return np.concatenate([self.mean, by_covariance]) if with_means else by_covariance


def precision_of(sigma: Floats) -> tuple[Floats, float] | None:
    """Inverse and log determinant of a covariance matrix; None where it is not positive definite."""
    if not np.isfinite(sigma).all():
        return None
    root, failed = lapack.dpotrf(sigma, lower=1)
    if failed:
        return None
    inverse, failed = lapack.dpotri(root, lower=1)
    if failed:
        return None
    lower = np.tril(inverse, -1)
    return lower + lower.T + np.diag(np.diag(inverse)), 2 * float(np.log(np.diag(root)).sum())


def inverse_root(sigma: Floats) -> Floats | None:
    """L with L Sigma L' = 1, lower triangular; None where Sigma is not positive definite."""
    root, failed = lapack.dpotrf(sigma, lower=1, clean=1)
    if failed:
        return None
    inverse, failed = lapack.dtrtri(root, lower=1)
    return None if failed else np.asarray(inverse)


def slopes(sample: NormalSample, mu: Floats | None, sigma: Floats) -> Slopes | None:
    """Value and slopes; None where Sigma is not positive definite. Means that are None are the sample's own."""
    found = precision_of(sigma)
    if found is None:
        return None
    if isinstance(sample, CompleteSample):
        return _complete_slopes(sample, sample.mean if mu is None else mu, *found)
    if mu is None:
        raise ValueError("means are needed where answers are missing")
    return _incomplete_slopes(sample, mu, sigma, *found)


def _complete_slopes(sample: CompleteSample, mu: Floats, precision: Floats, log_det: float) -> Slopes:
    off = sample.mean - mu
    about = sample.covariance + np.outer(off, off)
    pulled = precision @ about
    value = (mu.size * _LOG_2PI + log_det + float(np.trace(pulled))) / 2
    return Slopes(value, -precision @ off, (precision - pulled @ precision) / 2)


def _incomplete_slopes(
    sample: IncompleteSample, mu: Floats, sigma: Floats, precision: Floats, log_det: float
) -> Slopes | None:
    off = sample.values - mu * sample.there
    by_missing = off @ precision
    pulled = np.zeros_like(off)
    log_dets, few, many, n_few = 0.0, np.zeros_like(sigma), np.zeros_like(sigma), 0
    for batch in sample.batches:
        whole = sigma if batch.answered else precision
        inverse, signs, logs = _inverted(whole, batch.items)
        if not (signs > 0).all():
            return None
        rows = batch.rows
        log_dets += float(batch.n @ logs)
        side = off if batch.answered else by_missing
        solved = _solved(inverse, batch.pattern, side[rows], batch.items)
        if batch.answered:
            pulled[rows] = solved
            many += _collected(inverse, batch, len(sigma))
        else:
            pulled[rows] = (off[rows] - solved) @ precision
            few += _collected(inverse, batch, len(sigma))
            n_few += int(batch.n.sum())
            log_dets += float(batch.n.sum()) * log_det
    fit = float(np.einsum("ij,ij->", off, pulled))
    value = (float(sample.there.sum()) * _LOG_2PI + log_dets + fit) / (2 * sample.n)
    total = n_few * precision - precision @ few @ precision + many
    return Slopes(value, -pulled.mean(axis=0), (total - pulled.T @ pulled) / (2 * sample.n))


def _inverted(whole: Floats, items: Ints) -> tuple[Floats, Floats, Floats]:
    parts = whole[items[:, :, np.newaxis], items[:, np.newaxis, :]]
    signs, logs = np.linalg.slogdet(parts)
    inverse: Floats = np.asarray(np.linalg.inv(parts)) if (signs > 0).all() else parts
    return inverse, signs, logs


def _solved(inverse: Floats, pattern: Ints, vectors: Floats, items: Ints) -> Floats:
    """Multiply the inverse with the chosen items of each vector, at their places; zero elsewhere."""
    found = np.zeros_like(vectors)
    step = max(_BLOCK // max(items.shape[1] ** 2, 1), 1)
    for begin in range(0, len(vectors), step):
        part = slice(begin, begin + step)
        which = items[pattern[part]]
        chosen = np.take_along_axis(vectors[part], which, axis=1)
        np.put_along_axis(found[part], which, (inverse[pattern[part]] @ chosen[:, :, np.newaxis])[:, :, 0], axis=1)
    return found


def _collected(inverse: Floats, batch: PatternBatch, size: int) -> Floats:
    """Sum over respondents of the inverses, each at the places of its items."""
    cells = batch.items[:, :, np.newaxis] * size + batch.items[:, np.newaxis, :]
    weighted = inverse * batch.n[:, np.newaxis, np.newaxis]
    found = np.bincount(cells.ravel(), weighted.ravel(), minlength=size * size)
    return np.asarray(found, dtype=np.float64).reshape(size, size)


def weights(sample: NormalSample, mu: Floats | None, sigma: Floats) -> Iterator[tuple[Floats, Floats, Ints]]:
    """W of each pattern, r of each respondent and the pattern of each, block by block in the sample's order.

    Yields
    ------
    array (patterns, items, items), array (respondents, items), array (respondents,)
    """
    found = precision_of(sigma)
    if found is None:
        raise ValueError("the covariance matrix is not positive definite")
    precision = found[0]
    step = max(_BLOCK // sigma.size, 1)
    if isinstance(sample, CompleteSample):
        yield from _complete_weights(sample, sample.mean if mu is None else mu, precision, step)
        return
    if mu is None:
        raise ValueError("means are needed where answers are missing")
    for batch in sample.batches:
        inverse = _inverted(sigma if batch.answered else precision, batch.items)[0]
        for begin in range(batch.rows.start, batch.rows.stop, step):
            rows = slice(begin, min(begin + step, batch.rows.stop))
            pattern = batch.pattern[rows.start - batch.rows.start : rows.stop - batch.rows.start]
            those = slice(int(pattern[0]), int(pattern[-1]) + 1)
            wide = _wide(inverse[those], batch.items[those], batch.answered, precision)
            local = pattern - pattern[0]
            off = sample.values[rows] - mu * sample.there[rows]
            yield wide, _pulled(wide, off, local), local


def _pulled(wide: Floats, off: Floats, pattern: Ints) -> Floats:
    if len(wide) == 1:
        return np.asarray(off @ wide[0])
    return np.asarray((wide[pattern] @ off[:, :, np.newaxis])[:, :, 0])


def _complete_weights(
    sample: CompleteSample, mu: Floats, precision: Floats, step: int
) -> Iterator[tuple[Floats, Floats, Ints]]:
    if sample.values is None:
        raise ValueError("the answers themselves are needed")
    for begin in range(0, sample.n, step):
        pulled = (sample.values[begin : begin + step] - mu) @ precision
        yield precision[np.newaxis], pulled, np.zeros(len(pulled), dtype=np.int64)


def _wide(inverse: Floats, items: Ints, answered: bool, precision: Floats) -> Floats:
    """W of each pattern."""
    if answered:
        wide = np.zeros((len(items), *precision.shape))
        row = np.arange(len(items))[:, np.newaxis, np.newaxis]
        wide[row, items[:, :, np.newaxis], items[:, np.newaxis, :]] = inverse
        return wide
    beside = precision[items]  # (patterns, missing, items)
    return np.asarray(precision - beside.transpose(0, 2, 1) @ (inverse @ beside))


def scores(sample: NormalSample, mu: Floats | None, sigma: Floats, with_means: bool) -> Iterator[Floats]:
    """Slopes of each respondent's log-likelihood by [mu,] vech(Sigma), block by block, in the sample's order."""
    rows, columns = places(len(sigma))
    scale = half(len(sigma))
    for wide, pulled, pattern in weights(sample, mu, sigma):
        by_covariance = pulled[:, rows] * pulled[:, columns]
        by_covariance -= vech(wide)[pattern]
        by_covariance *= scale
        yield np.concatenate([pulled, by_covariance], axis=1) if with_means else by_covariance


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Means over respondents of vech(W) vech(W)', vech(r r') vech(W)', vech(W) r' and W."""

    ww: Floats
    rw: Floats
    wr: Floats
    w: Floats


def curvature(sample: NormalSample, mu: Floats | None, sigma: Floats, with_means: bool) -> Floats:
    """Second derivatives of f by [mu,] vech(Sigma)."""
    return _assembled(_sums(sample, mu, sigma), len(sigma), with_means)


def expected_curvature(sigma: Floats, with_means: bool) -> Floats:
    """What `curvature` is on average, for complete answers with the covariance Sigma."""
    found = precision_of(sigma)
    if found is None:
        raise ValueError("the covariance matrix is not positive definite")
    entries = vech(found[0])
    both = np.outer(entries, entries)
    return _assembled(_Sums(both, both, np.zeros((entries.size, len(sigma))), found[0]), len(sigma), with_means)


def patterned_curvature(sample: NormalSample, mu: Floats | None, sigma: Floats, with_means: bool) -> Floats:
    """What `curvature` is on average for answers as many as there are, missing where they are missing."""
    if isinstance(sample, CompleteSample):
        return expected_curvature(sigma, with_means)
    sums = _sums(sample, mu, sigma)
    return _assembled(_Sums(sums.ww, sums.ww, np.zeros_like(sums.wr), sums.w), len(sigma), with_means)


def _sums(sample: NormalSample, mu: Floats | None, sigma: Floats) -> _Sums:
    if isinstance(sample, CompleteSample):
        return _complete_sums(sample, sample.mean if mu is None else mu, sigma)
    size = len(sigma)
    rows, columns = places(size)
    ww, rw = np.zeros((rows.size, rows.size)), np.zeros((rows.size, rows.size))
    wr, w = np.zeros((rows.size, size)), np.zeros((size, size))
    for wide, pulled, pattern in weights(sample, mu, sigma):
        entries = vech(wide)
        begin = np.flatnonzero(np.append(True, pattern[1:] != pattern[:-1]))
        n = np.bincount(pattern)[:, np.newaxis]
        weighted = entries * n
        ww += weighted.T @ entries
        rw += np.add.reduceat(pulled[:, rows] * pulled[:, columns], begin, axis=0).T @ entries
        wr += entries.T @ np.add.reduceat(pulled, begin, axis=0)
        w += np.tensordot(n[:, 0], wide, axes=1)
    return _Sums(ww / sample.n, rw / sample.n, wr / sample.n, w / sample.n)


def _complete_sums(sample: CompleteSample, mu: Floats, sigma: Floats) -> _Sums:
    found = precision_of(sigma)
    if found is None:
        raise ValueError("the covariance matrix is not positive definite")
    precision, off = found[0], sample.mean - mu
    pulled = precision @ (sample.covariance + np.outer(off, off)) @ precision
    entries = vech(precision)
    return _Sums(
        np.outer(entries, entries), np.outer(vech(pulled), entries), np.outer(entries, precision @ off), precision
    )


def _assembled(sums: _Sums, size: int, with_means: bool) -> Floats:
    """Second derivatives from the sums.

    By cells (a, b) and (c, d), with c_ab = 1/2 on the diagonal and 1 off it,

    c_ab c_cd (r_a r_c W_bd + r_a r_d W_bc + r_b r_c W_ad + r_b r_d W_ac - W_ac W_bd - W_ad W_bc).
    """
    a, b = (side[:, np.newaxis] for side in places(size))
    c, d = places(size)
    at, scale = position(size), half(size)
    by_covariance = (
        sums.rw[at[a, c], at[b, d]]
        + sums.rw[at[a, d], at[b, c]]
        + sums.rw[at[b, c], at[a, d]]
        + sums.rw[at[b, d], at[a, c]]
        - sums.ww[at[a, c], at[b, d]]
        - sums.ww[at[a, d], at[b, c]]
    ) * np.outer(scale, scale)
    if not with_means:
        return np.asarray(by_covariance)
    item = np.arange(size)[:, np.newaxis]
    across = (sums.wr[at[item, c], d] + sums.wr[at[item, d], c]) * scale
    return np.block([[sums.w, across], [across.T, by_covariance]])
