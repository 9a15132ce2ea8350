"""Where the search begins: loadings from the items' own correlations, factor by factor (numpy alone)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.specification import ParameterTable, Row

__all__ = ["cautious_start", "starting_values"]

Floats = npt.NDArray[np.float64]

_STEPS = 25


def starting_values(
    table: ParameterTable,
    covariances: Sequence[Floats],
    means: Sequence[Floats] | None = None,
    thresholds: Sequence[Floats] | None = None,
) -> Floats:
    """Values of the free parameters to begin with, shape (n_free,).

    Parameters
    ----------
    table : ParameterTable
    covariances : one array a group, shape (items, items)
        Correlations for ordered items.
    means, thresholds : one array a group, optional
        Shapes (items,) and (thresholds,).

    Returns
    -------
    array
        Of each factor the principal axis of its items (or of its lower factors'), scaled to what the model fixes and
        turned so that the first fixed loading has its sign, or, without one, the first loading is positive;
        residual variances what the loadings leave, at least a twentieth; covariances of factors from the items
        between them. What the model says with start() stands.
    """
    theta = np.zeros(table.n_free)
    done = np.zeros(table.n_free, dtype=bool)
    for group in range(table.n_groups):
        rows = [row for row in table.rows if row.group == group]
        guess = _Guess(
            table,
            rows,
            np.asarray(covariances[group]),
            None if means is None else means[group],
            None if thresholds is None else thresholds[group],
        )
        for row in rows:
            if row.free >= 0 and not done[row.free]:
                theta[row.free] = guess.value(row) if np.isnan(row.start) else row.start
                done[row.free] = True
    return theta


def cautious_start(table: ParameterTable, start: Floats, share: float = 0.5) -> Floats:
    """Begin elsewhere: factors that explain less and have nothing to do with each other.

    Loadings, or where those are scaled by a fixed one the variances of factors, are a ``share`` of what they were;
    covariances are zero. What the model says with start() stands.
    """
    theta = start.copy()
    for row in table.rows:
        if row.free < 0 or not np.isnan(row.start):
            continue
        scaled = any(
            other.op == "=~" and other.lhs == row.lhs and other.group == row.group and other.free < 0 and other.value
            for other in table.rows
        )
        if row.op == "~~" and row.lhs != row.rhs:
            theta[row.free] = 0.0
        elif (row.op == "=~" and not scaled) or (row.op == "~~" and row.lhs in table.factors and scaled):
            theta[row.free] = start[row.free] * share
    return theta


class _Guess:
    """First values of one group."""

    def __init__(
        self,
        table: ParameterTable,
        rows: Sequence[Row],
        covariance: Floats,
        means: Floats | None,
        thresholds: Floats | None,
    ) -> None:
        self.table, self.rows, self.covariance = table, rows, covariance
        self.means, self.thresholds = means, thresholds
        self.item = {name: place for place, name in enumerate(table.items)}
        self.loads = [row for row in rows if row.op == "=~"]
        self.spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
        self.axes: dict[str, dict[str, float]] = {}
        self.variance: dict[str, float] = {}
        for factor in self._upwards():
            self._measure(factor)
        first = np.cumsum(table.n_thresholds) - np.asarray(table.n_thresholds)
        self.begin = dict(zip(table.items, first.tolist(), strict=True))

    def _upwards(self) -> list[str]:
        """Factors, those of items before those of factors."""
        order: list[str] = []
        waiting = list(self.table.factors)
        while waiting:
            ready = [f for f in waiting if all(r.rhs not in waiting for r in self.loads if r.lhs == f)]
            order += ready
            waiting = [f for f in waiting if f not in ready]
        return order

    def _composite(self, factor: str) -> Floats:
        """Weights of the items in a unit-variance stand-in for a factor."""
        weights = np.zeros(len(self.item))
        for name, loading in self.axes[factor].items():
            if name in self.item:
                weights[self.item[name]] += loading / self.spread[self.item[name]]
            else:
                weights += loading * self._composite(name)
        return weights

    def _measure(self, factor: str) -> None:
        own = [row for row in self.loads if row.lhs == factor]
        names = [row.rhs for row in own]
        between = self._between(names)
        axis = _principal_axis(between) / np.sqrt([self._shares(name) for name in names])
        fixed = next((place for place, row in enumerate(own) if not np.isnan(row.value) and row.value), None)
        towards = 1.0 if fixed is None else own[fixed].value
        axis = axis * (1.0 if axis[fixed or 0] * towards >= 0 else -1.0)
        self.axes[factor] = dict(zip(names, axis.tolist(), strict=True))
        scale = [self._scale_of(name) for name in names]
        variance = next((row.value for row in self.rows if row.key == (factor, "~~", factor)), np.nan)
        size = 1.0
        if fixed is not None:
            size = max(abs(float(axis[fixed])), 0.2) * scale[fixed] / abs(own[fixed].value)
        elif not np.isnan(variance) and variance > 0:
            size = float(np.sqrt(variance))
        self.variance[factor] = size**2

    def _shares(self, name: str) -> int:
        """How many factors an item belongs to."""
        return sum(row.rhs == name for row in self.loads)

    def _scale_of(self, name: str) -> float:
        return float(self.spread[self.item[name]]) if name in self.item else float(np.sqrt(self.variance[name]))

    def _between(self, names: Sequence[str]) -> Floats:
        """Correlations of items and of factors (by their composites, without attenuation)."""
        found = np.eye(len(names))
        for i, first in enumerate(names):
            for j, second in enumerate(names[:i]):
                found[i, j] = found[j, i] = self.correlation(first, second)
        return found

    def correlation(self, first: str, second: str) -> float:
        weights = [self._weights(name) for name in (first, second)]
        off = self.covariance.copy()
        np.fill_diagonal(off, 0.0)  # items in both would count as agreement
        cross = float(weights[0] @ off @ weights[1])
        both = zip((first, second), weights, strict=True)
        norms = [1.0 if name in self.item else self._true_variance(own) for name, own in both]
        return float(np.clip(cross / np.sqrt(norms[0] * norms[1]), -0.9, 0.9))

    def _weights(self, name: str) -> Floats:
        if name not in self.item:
            return self._composite(name)
        weights = np.zeros(len(self.item))
        weights[self.item[name]] = 1 / self.spread[self.item[name]]
        return weights

    def _true_variance(self, weights: Floats) -> float:
        """Of a composite, what its items share: between-item covariances, enlarged to all pairs."""
        own = np.flatnonzero(weights)
        part = self.covariance[np.ix_(own, own)] * np.outer(weights[own], weights[own])
        if own.size < 2:
            return float(part.sum())
        shared = float(part.sum() - np.trace(part))
        return max(shared * own.size / (own.size - 1), 0.05 * float(part.sum()))

    def value(self, row: Row) -> float:
        lhs, op, rhs = row.key
        if op == "=~":
            return self.axes[lhs][rhs] * self._scale_of(rhs) / float(np.sqrt(self.variance[lhs]))
        if op == "~~":
            return self._covariance(lhs, rhs)
        if op == "~1":
            return float(self.means[self.item[lhs]]) if self.means is not None and lhs in self.item else 0.0
        if op == "|" and self.thresholds is not None:
            return float(self.thresholds[self.begin[lhs] + int(rhs[1:]) - 1])
        return 1.0

    def _covariance(self, lhs: str, rhs: str) -> float:
        factors = lhs in self.axes
        if lhs != rhs:
            if not factors:
                return 0.0
            return 0.9 * self.correlation(lhs, rhs) * float(np.sqrt(self.variance[lhs] * self.variance[rhs]))
        total = self.variance[lhs] if factors else float(self.covariance[self.item[lhs], self.item[lhs]])
        explained = sum(self.axes[row.lhs][lhs] ** 2 for row in self.loads if row.rhs == lhs)
        if self.table.options.ordinal and not factors:
            return 1.0
        return total * max(1 - explained, 0.05)


def _principal_axis(correlations: Floats) -> Floats:
    """Loadings of one factor by iterated principal axes, at most .9 in size; the first of a pair positive."""
    size = len(correlations)
    if size == 1:
        return np.array([0.9])
    if size == 2:
        r = float(np.clip(abs(correlations[0, 1]), 0.05, 0.81))
        return np.array([np.sqrt(r), np.copysign(np.sqrt(r), correlations[0, 1])])
    reduced = correlations.copy()
    off = np.abs(reduced - np.eye(size))
    shared = off.max(axis=0)
    axis = np.zeros(size)
    for _ in range(_STEPS):
        np.fill_diagonal(reduced, shared)
        values, vectors = np.linalg.eigh(reduced)
        axis = vectors[:, -1] * np.sqrt(max(values[-1], 0.01))
        shared = np.clip(axis**2, 0.0, 0.81)
    axis = np.clip(axis, -0.9, 0.9)
    return np.asarray(axis if axis.sum() >= 0 else -axis)
