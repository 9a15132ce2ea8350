r"""What a model says about means, covariances and thresholds, and how that moves with its parameters.

In each group, with items y, factors eta and residuals e, z of covariance Theta and Psi,

    y = nu + Lambda eta + e,     eta = alpha + Beta eta + z       (Beta: loadings of factors on higher factors)

so that, with G = (I - Beta)^-1,

    mu = nu + Lambda G alpha,    Sigma = Lambda G Psi G' Lambda' + Theta.

Ordered items are cut from latent responses y at tau. What can be seen of those are

    thresholds t_j = d_i (tau_j - mu_i),     correlations r_ik = d_i d_k Sigma_ik,

with scales d that are parameters (delta: ``~*~``), or follow from residual variances (theta: d_i = Sigma_ii^-1/2).
Numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.matrices import (
    KINDS,
    Entries,
    Matrices,
    Moments,
    entries_of,
    of_covariances,
    of_means,
)
from movement_readiness.psychometrics.confirmatory.specification import ParameterTable, Row

__all__ = ["Matrices", "Model", "Moments"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Model:
    """A table of parameters as functions of its free parameters theta, shape (n_free,).

    Parameters
    ----------
    table : ParameterTable

    Examples
    --------
    >>> from movement_readiness.psychometrics.confirmatory.specification import ModelOptions, parameter_table
    >>> from movement_readiness.psychometrics.confirmatory.syntax import parse_model
    >>> model = Model(parameter_table(parse_model("f =~ x1 + x2 + x3"), ModelOptions(std_lv=True)))
    >>> model.implied(np.array([0.8, 0.7, 0.6, 0.36, 0.51, 0.64]))[0].sigma.round(2)
    array([[1.  , 0.56, 0.48],
           [0.56, 1.  , 0.42],
           [0.48, 0.42, 1.  ]])
    """

    def __init__(self, table: ParameterTable) -> None:
        self.table = table
        self.n_free = table.n_free
        self.n_items, self.n_factors = len(table.items), len(table.factors)
        self.ordinal = table.options.ordinal
        self.delta = table.options.parameterization == "delta"
        self.means = table.options.meanstructure
        self.threshold_item = np.repeat(np.arange(self.n_items), table.n_thresholds)
        self._item = {name: place for place, name in enumerate(table.items)}
        self._factor = {name: place for place, name in enumerate(table.factors)}
        self._begin = np.cumsum(table.n_thresholds) - np.asarray(table.n_thresholds)
        self._entries = tuple(
            self._compiled([row for row in table.rows if row.group == group]) for group in range(table.n_groups)
        )

    @cached_property
    def pairs(self) -> tuple[Ints, Ints]:
        """The items of each covariance (with the diagonal) or correlation, in order."""
        return np.triu_indices(self.n_items, 1 if self.ordinal else 0)

    @property
    def n_moments(self) -> int:
        """How many moments each group has."""
        first = self.threshold_item.size if self.ordinal else self.n_items * self.means
        return int(first + self.pairs[0].size)

    def place(self, row: Row) -> tuple[str, int, int]:
        """The matrix, row and column of a parameter."""
        item, factor = self._item, self._factor
        if row.op == "=~":
            if row.rhs in factor:
                return "beta", factor[row.rhs], factor[row.lhs]
            return "lambda", item[row.rhs], factor[row.lhs]
        if row.op == "~~":
            inside = factor if row.lhs in factor else item
            return ("psi" if row.lhs in factor else "theta"), inside[row.lhs], inside[row.rhs]
        if row.op == "~1":
            return ("alpha", factor[row.lhs], 0) if row.lhs in factor else ("nu", item[row.lhs], 0)
        if row.op == "|":
            return "tau", int(self._begin[item[row.lhs]]) + int(row.rhs[1:]) - 1, 0
        return "delta", item[row.lhs], 0

    def _compiled(self, rows: Sequence[Row]) -> dict[str, Entries]:
        found: dict[str, list[tuple[int, int, int, float]]] = {kind: [] for kind in KINDS}
        for row in rows:
            kind, first, second = self.place(row)
            found[kind].append((first, second, row.free, row.value))
        if self.ordinal and self.delta:
            found["theta"] = [entry for entry in found["theta"] if entry[0] != entry[1]]
        return {kind: entries_of(entries) for kind, entries in found.items()}

    def matrices(self, theta: Floats) -> tuple[Matrices, ...]:
        """The matrices of each group."""
        return tuple(self._matrices(entries, theta) for entries in self._entries)

    def _matrices(self, entries: dict[str, Entries], theta: Floats) -> Matrices:
        p, m = self.n_items, self.n_factors
        filled = {
            "lambda": np.zeros((p, m)),
            "beta": np.zeros((m, m)),
            "psi": np.zeros((m, m)),
            "theta": np.zeros((p, p)),
            "nu": np.zeros((p, 1)),
            "alpha": np.zeros((m, 1)),
            "tau": np.zeros((self.threshold_item.size, 1)),
            "delta": np.ones((p, 1)),
        }
        for kind, places in entries.items():
            values = places.filled(theta)
            filled[kind][places.rows, places.columns] = values
            if kind in {"psi", "theta"}:
                filled[kind][places.columns, places.rows] = values
        found = Matrices(
            filled["lambda"],
            filled["beta"],
            filled["psi"],
            filled["theta"],
            *(filled[kind][:, 0] for kind in ("nu", "alpha", "tau", "delta")),
        )
        if self.ordinal and self.delta:
            with np.errstate(divide="ignore"):
                np.fill_diagonal(found.theta, found.delta**-2.0 - np.diag(found.sigma))
        return found

    def implied(self, theta: Floats) -> tuple[Moments, ...]:
        """The implied moments of each group."""
        return tuple(self._moments(matrices) for matrices in self.matrices(theta))

    def scales(self, matrices: Matrices) -> Floats:
        """What a latent response is multiplied with to have a variance of one, shape (items,)."""
        if self.delta:
            return matrices.delta
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.diag(matrices.sigma) ** -0.5)

    def _moments(self, matrices: Matrices) -> Moments:
        mu, sigma = matrices.mu, matrices.sigma
        if not self.ordinal:
            return Moments(mu, sigma, matrices.tau)
        scale = self.scales(matrices)
        thresholds = scale[self.threshold_item] * (matrices.tau - mu[self.threshold_item])
        return Moments(np.zeros_like(mu), sigma * np.outer(scale, scale), thresholds)

    def vector(self, moments: Moments) -> Floats:
        """The moments of a group one behind the other: means and covariances, or thresholds and correlations."""
        second = moments.sigma[self.pairs]
        if self.ordinal:
            return np.concatenate([moments.thresholds, second])
        return np.concatenate([moments.mu, second]) if self.means else second

    def jacobian(self, theta: Floats) -> tuple[Floats, ...]:
        """Derivatives of each group's `vector` with respect to theta, shape (n_moments, n_free) each."""
        return tuple(
            self._jacobian(matrices, entries)
            for matrices, entries in zip(self.matrices(theta), self._entries, strict=True)
        )

    def _jacobian(self, matrices: Matrices, entries: dict[str, Entries]) -> Floats:
        free = {kind: places.only_free() for kind, places in entries.items()}
        order = np.concatenate([free[kind].free for kind in KINDS])
        first, second = self.pairs
        of_sigma = of_covariances(matrices, free, first, second)
        of_mu = of_means(matrices, free)
        if self.ordinal:
            by_entry = self._ordinal(matrices, free, of_sigma, of_mu)
        else:
            by_entry = np.concatenate([of_mu, of_sigma]) if self.means else of_sigma
        return self._by_free(by_entry, order)

    def _by_free(self, by_entry: Floats, order: Ints) -> Floats:
        """Columns of entries to columns of theta; equal parameters move together."""
        found = np.zeros((len(by_entry), self.n_free))
        if np.unique(order).size == order.size:
            found[:, order] = by_entry
            return found
        np.add.at(found.T, order, by_entry.T)
        return found

    def variances(self, theta: Floats) -> tuple[tuple[Floats, Floats], ...]:
        """Variances of each group with their derivatives by theta, shapes (2 (factors + items),) and (those, n_free).

        One behind the other: total variances of the factors, residual variances of the factors (diagonal of Psi),
        total variances of items or latent responses, residual variances of those.
        """
        return tuple(
            self._variances(matrices, entries)
            for matrices, entries in zip(self.matrices(theta), self._entries, strict=True)
        )

    def _variances(self, matrices: Matrices, entries: dict[str, Entries]) -> tuple[Floats, Floats]:
        free = {kind: places.only_free() for kind, places in entries.items()}
        order = np.concatenate([free[kind].free for kind in KINDS])
        items, factors = np.arange(self.n_items), np.arange(self.n_factors)
        bare = replace(matrices, loadings=np.eye(self.n_factors))
        of_factors = of_covariances(bare, free, factors, factors)
        n_loadings, n_theta = free["lambda"].free.size, free["theta"].free.size
        of_factors[:, :n_loadings] = 0.0
        begin = n_loadings + free["beta"].free.size + free["psi"].free.size
        of_factors[:, begin : begin + n_theta] = 0.0
        of_items = of_covariances(matrices, free, items, items)
        of_psi, of_theta = np.zeros_like(of_factors), np.zeros_like(of_items)
        psi, theta = free["psi"], free["theta"]
        of_psi[psi.rows, begin - psi.free.size + np.arange(psi.free.size)] = psi.rows == psi.columns
        if self.ordinal and self.delta:
            delta = free["delta"]
            of_total = np.zeros_like(of_items)
            of_total[delta.rows, of_items.shape[1] - delta.free.size + np.arange(delta.free.size)] = (
                -2 * matrices.delta[delta.rows] ** -3.0
            )
            of_theta, of_items = of_total - of_items, of_total
        else:
            of_theta[theta.rows, begin + np.arange(n_theta)] = theta.rows == theta.columns
        values = [np.diag(matrices.factor_covariances), np.diag(matrices.psi), np.diag(matrices.sigma)]
        slopes = np.concatenate([of_factors, of_psi, of_items, of_theta])
        return np.concatenate([*values, np.diag(matrices.theta)]), self._by_free(slopes, order)

    def _ordinal(self, matrices: Matrices, free: dict[str, Entries], of_sigma: Floats, of_mu: Floats) -> Floats:
        """Derivatives of thresholds and correlations from those of the latent responses' means and covariances."""
        first, second = self.pairs
        at = self.threshold_item
        scale, sigma = self.scales(matrices), matrices.sigma
        of_scale = np.zeros_like(of_mu)
        begin = sum(free[kind].free.size for kind in KINDS[:6])
        n_tau = free["tau"].free.size
        if self.delta:
            of_scale[free["delta"].rows, begin + n_tau + np.arange(free["delta"].free.size)] = 1.0
        else:
            items = np.arange(self.n_items)
            of_scale = -0.5 * scale[:, np.newaxis] ** 3 * of_covariances(matrices, free, items, items)
        of_tau = np.zeros((at.size, of_mu.shape[1]))
        of_tau[free["tau"].rows, begin + np.arange(n_tau)] = 1.0
        above = (matrices.tau - matrices.mu[at])[:, np.newaxis]
        of_thresholds = scale[at][:, np.newaxis] * (of_tau - of_mu[at]) + of_scale[at] * above
        pair = of_scale[first] * scale[second][:, np.newaxis] + of_scale[second] * scale[first][:, np.newaxis]
        of_correlations = (scale[first] * scale[second])[:, np.newaxis] * of_sigma + pair * sigma[first, second][
            :, np.newaxis
        ]
        return np.concatenate([of_thresholds, of_correlations])
