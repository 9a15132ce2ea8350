r"""How far each respondent moves thresholds and correlations: standard errors and asymptotic covariance.

The estimates solve two sets of equations: each item's thresholds those of its margin, each correlation
sum_c g_c = 0 with g_c = d log p(answers of c) / d rho at those thresholds. Expanding both (Muthen, du Toit and
Spisic 1997), respondent c moves threshold t of an item answered by n_i by

    (1[answer <= t] - F_t) / (n_i phi(tau_t)),

F_t the cumulative share, and the correlation by

    (g_c - sum_t D_t (move of threshold t)) / sum_c g_c^2,   D_t = sum_c g_c d log p(answers of c) / d tau_t,

the sum over the thresholds of both items. All of it depends on the pair of answers alone, so it is a table a pair;
the covariance of any two estimates is the sum over respondents of the product of their moves. A missing answer moves
nothing. Where respondents sit in clusters, the moves of a cluster are added up first (Liang and Zeger 1986). Sums run
over the respondents, also where an empty cell was filled before the correlation was fitted. Numpy and scipy alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from movement_readiness.psychometrics.correlation._bivariate import edge_slopes, normal_density
from movement_readiness.psychometrics.correlation._fit import cells_of
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates
from movement_readiness.psychometrics.correlation._tables import far_thresholds

__all__ = ["Moves", "asymptotic_covariance", "clustered_moves", "moves_of", "standard_errors"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BLOCK = 1 << 20  # moves at a time: 8 MB, and an index as large


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Tables of moves; the last category stands for a missing answer.

    ``thresholds`` (items, K + 1, K - 1): of threshold t by an answer. ``correlations`` (pairs, K + 1, K + 1): of the
    correlation by a pair of answers; NaN where it was not estimated, or lies at 1 or -1.
    """

    thresholds: Floats
    correlations: Floats


def moves_of(found: PolychoricEstimates) -> Moves:
    """The tables of moves of all estimates."""
    by_threshold = _threshold_moves(found.pairs.margins, found.thresholds)
    widest = found.pairs.margins.shape[1]
    by_pair = np.full((found.rho.size, widest + 1, widest + 1), np.nan)
    those = np.flatnonzero(np.abs(found.rho) < 1)
    size = max((1 << 19) // (widest + 1) ** 2, 1)
    for begin in range(0, those.size, size):
        part = those[begin : begin + size]
        by_pair[part] = _correlation_moves(found, part, by_threshold)
    return Moves(by_threshold, by_pair)


def _threshold_moves(margins: Floats, thresholds: Floats) -> Floats:
    n_items, widest = margins.shape
    total = margins.sum(axis=1)[:, np.newaxis, np.newaxis]
    share = ndtr(thresholds)[:, np.newaxis, :]
    below = np.arange(widest)[:, np.newaxis] <= np.arange(widest - 1)
    moves = np.zeros((n_items, widest + 1, widest - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        moves[:, :-1, :] = (below - share) / (total * normal_density(thresholds)[:, np.newaxis, :])
    return np.where(np.isfinite(thresholds)[:, np.newaxis, :], moves, 0.0)


def _correlation_moves(found: PolychoricEstimates, part: Ints, by_threshold: Floats) -> Floats:
    first, second = found.pairs.first[part], found.pairs.second[part]
    rho, tables = found.rho[part], found.pairs.tables[part]
    h, k = far_thresholds(found.thresholds[first]), far_thresholds(found.thresholds[second])
    cells = cells_of(h, k, rho, tables)
    with np.errstate(divide="ignore", invalid="ignore"):
        g = np.where(tables > 0, cells.first / cells.p, 0.0)
        pull = np.where(tables > 0, tables * g / cells.p, 0.0)
    information = (tables * g * g).sum(axis=(1, 2))[:, np.newaxis, np.newaxis]
    to_rows = _pull_on_thresholds(pull, edge_slopes(h[:, 1:-1], k, rho))
    to_columns = _pull_on_thresholds(pull.transpose(0, 2, 1), edge_slopes(k[:, 1:-1], h, rho))
    by_rows = np.einsum("pct,pt->pc", by_threshold[first], to_rows)
    by_columns = np.einsum("pct,pt->pc", by_threshold[second], to_columns)
    moves = -by_rows[:, :, np.newaxis] - by_columns[:, np.newaxis, :]
    moves[:, :-1, :-1] += g
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(moves / information)


def _pull_on_thresholds(pull: Floats, slopes: Floats) -> Floats:
    """D_t: the threshold t adds to the cells below it what it takes from those above."""
    return np.asarray((slopes * (pull[:, :-1, :] - pull[:, 1:, :])).sum(axis=2))


def standard_errors(found: PolychoricEstimates, moves: Moves) -> tuple[Floats, Floats]:
    """Standard errors of thresholds (items, K - 1) and of correlations (pairs,), from the tables alone."""
    margins, tables = found.pairs.margins, found.pairs.tables
    by_threshold = (margins[:, :, np.newaxis] * moves.thresholds[:, :-1, :] ** 2).sum(axis=1)
    counts = np.zeros_like(moves.correlations)  # with those who answered one of the two
    counts[:, :-1, :-1] = tables
    counts[:, :-1, -1] = margins[found.pairs.first] - tables.sum(axis=2)
    counts[:, -1, :-1] = margins[found.pairs.second] - tables.sum(axis=1)
    by_pair = (counts * moves.correlations**2).sum(axis=(1, 2))
    return np.sqrt(np.where(np.isfinite(found.thresholds), by_threshold, np.nan)), np.sqrt(by_pair)


def asymptotic_covariance(
    codes: npt.NDArray[np.integer],
    n_categories: npt.ArrayLike,
    moves: Moves,
    pairs: tuple[Ints, Ints],
    clusters: Ints | None = None,
) -> Floats:
    """Covariance of all thresholds (item by item), then all correlations (pair by pair), in blocks of respondents.

    Parameters
    ----------
    codes : integer array, shape (respondents, items)
    n_categories : array, shape (items,)
    moves : Moves
    pairs : two arrays, shape (pairs,)
        First and second item of each pair.
    clusters : integer array, shape (respondents,), optional
        From 0. The moves of a cluster are added up before they are multiplied, and the sum over the J clusters
        is enlarged by J / (J - 1).

    Returns
    -------
    array, shape (thresholds + pairs, thresholds + pairs)
        Not multiplied by the number of respondents.
    """
    if clusters is None:
        blocks = _moved(codes, np.asarray(n_categories, dtype=np.int64), moves, pairs)
        return np.asarray(sum(moved.T @ moved for _, moved in blocks))
    sums = clustered_moves(codes, n_categories, moves, pairs, clusters)
    return np.asarray(sums.T @ sums)


def clustered_moves(
    codes: npt.NDArray[np.integer],
    n_categories: npt.ArrayLike,
    moves: Moves,
    pairs: tuple[Ints, Ints],
    clusters: Ints,
) -> Floats:
    """The moves of each cluster, added up and enlarged by the root of J / (J - 1).

    Parameters as in `asymptotic_covariance`; shape (clusters, thresholds + pairs).
    """
    blocks = _moved(codes, np.asarray(n_categories, dtype=np.int64), moves, pairs)
    n_clusters = int(clusters.max()) + 1
    sums: Floats | None = None
    for rows, moved in blocks:
        sums = np.zeros((n_clusters, moved.shape[1])) if sums is None else sums
        order = np.argsort(clusters[rows], kind="stable")
        found, begin = np.unique(clusters[rows][order], return_index=True)
        sums[found] += np.add.reduceat(moved[order], begin, axis=0)
    filled = np.zeros((n_clusters, 0)) if sums is None else sums
    return np.asarray(filled * np.sqrt(n_clusters / (n_clusters - 1)))


def _moved(
    codes: npt.NDArray[np.integer], sizes: Ints, moves: Moves, pairs: tuple[Ints, Ints]
) -> Iterator[tuple[slice, Floats]]:
    """The moves of every estimate by every respondent, shape (block, thresholds + pairs), block by block."""
    widest = moves.thresholds.shape[1] - 1
    item = np.repeat(np.arange(sizes.size), np.maximum(sizes - 1, 0))
    threshold = np.concatenate([np.arange(max(size - 1, 0)) for size in sizes])
    first, second = pairs
    width = item.size + first.size
    start = np.arange(first.size) * (widest + 1) ** 2
    table = moves.correlations.reshape(-1)
    step = max(_BLOCK // width, 1)
    for begin in range(0, len(codes), step):
        block = codes[begin : begin + step].astype(np.intp)
        block[block < 0] = widest
        moved = np.empty((len(block), width))
        moved[:, : item.size] = moves.thresholds[item, block[:, item], threshold]
        np.take(table, block[:, first] * (widest + 1) + block[:, second] + start, out=moved[:, item.size :])
        yield slice(begin, begin + len(block)), moved
