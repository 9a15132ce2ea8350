r"""The matrices of a factor model in one group, and how implied means and covariances move with their entries.

With G = (I - Beta)^-1, A = Lambda G, V = G Psi G' and C = V Lambda' the covariances of factors and items, the
covariance of items i and j moves by

    Lambda_ab: [i = a] C_bj + [j = a] C_bi      Beta_kl: A_ik C_lj + A_jk C_li      Psi_kl: A_ik A_jl + A_il A_jk,

the last without its second term on the diagonal. Numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["KINDS", "Entries", "Matrices", "Moments", "entries_of", "of_covariances", "of_means"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KINDS = ("lambda", "beta", "psi", "theta", "nu", "alpha", "tau", "delta")


@dataclass(frozen=True, slots=True, eq=False)
class Matrices:
    """The matrices of one group.

    ``loadings`` (items, factors), ``beta`` (factors, factors), ``psi`` (factors, factors), ``theta`` (items, items),
    ``nu`` (items,), ``alpha`` (factors,), ``tau`` (thresholds,), ``delta`` (items,). With the delta parameterisation
    the diagonal of ``theta`` is what the scales leave.
    """

    loadings: Floats
    beta: Floats
    psi: Floats
    theta: Floats
    nu: Floats
    alpha: Floats
    tau: Floats
    delta: Floats

    @property
    def total(self) -> Floats:
        """(I - Beta)^-1: of factors on factors, through all others."""
        if not self.beta.any():
            return np.eye(len(self.beta))
        return np.asarray(np.linalg.inv(np.eye(len(self.beta)) - self.beta))

    @property
    def factor_covariances(self) -> Floats:
        """Covariance of the factors, shape (factors, factors)."""
        total = self.total
        return np.asarray(total @ self.psi @ total.T)

    @property
    def factor_means(self) -> Floats:
        """Means of the factors, shape (factors,)."""
        return np.asarray(self.total @ self.alpha)

    @property
    def mu(self) -> Floats:
        """Means of items or latent responses, shape (items,)."""
        return np.asarray(self.nu + self.loadings @ self.factor_means)

    @property
    def sigma(self) -> Floats:
        """Covariance of items or latent responses, shape (items, items)."""
        return np.asarray(self.loadings @ self.factor_covariances @ self.loadings.T + self.theta)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Implied moments of one group: ``mu`` (items,), ``sigma`` (items, items), ``thresholds`` (thresholds,).

    Of ordered items ``sigma`` holds the correlations, ``thresholds`` those of the standardised latent responses, and
    ``mu`` zeros.
    """

    mu: Floats
    sigma: Floats
    thresholds: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """Where the parameters of one group stand in one of its matrices.

    ``rows`` and ``columns``; ``free``, the place in theta or -1; ``values`` of those that are fixed.
    """

    rows: Ints
    columns: Ints
    free: Ints
    values: Floats

    def filled(self, theta: Floats) -> Floats:
        """Their values where the free parameters are theta."""
        if not theta.size:
            return self.values
        return np.where(self.free >= 0, theta[np.maximum(self.free, 0)], self.values)

    def only_free(self) -> Entries:
        """Those that are free."""
        kept = self.free >= 0
        return Entries(self.rows[kept], self.columns[kept], self.free[kept], self.values[kept])


def entries_of(found: Sequence[tuple[int, int, int, float]]) -> Entries:
    """Entries from (row, column, free, value) each."""
    rows, columns, free, values = zip(*found, strict=True) if found else ((), (), (), ())
    return Entries(
        np.array(rows, dtype=np.int64),
        np.array(columns, dtype=np.int64),
        np.array(free, dtype=np.int64),
        np.array(values, dtype=np.float64),
    )


def of_covariances(m: Matrices, free: Mapping[str, Entries], first: Ints, second: Ints) -> Floats:
    """Derivatives of Sigma at (first, second) by the free entries of all matrices, shape (pairs, entries)."""
    through = m.loadings @ m.total
    crossed = m.factor_covariances @ m.loadings.T
    one, other = first[:, np.newaxis], second[:, np.newaxis]
    lam, beta, psi, theta = (free[kind] for kind in KINDS[:4])
    by_loading = (one == lam.rows) * crossed.T[second][:, lam.columns]
    by_loading += (other == lam.rows) * crossed.T[first][:, lam.columns]
    by_beta = through[first][:, beta.rows] * crossed.T[second][:, beta.columns]
    by_beta += through[second][:, beta.rows] * crossed.T[first][:, beta.columns]
    by_psi = through[first][:, psi.rows] * through[second][:, psi.columns]
    by_psi += (psi.rows != psi.columns) * through[first][:, psi.columns] * through[second][:, psi.rows]
    by_theta = ((one == theta.rows) & (other == theta.columns)) | ((one == theta.columns) & (other == theta.rows))
    rest = np.zeros((first.size, sum(free[kind].free.size for kind in KINDS[4:])))
    return np.concatenate([by_loading, by_beta, by_psi, by_theta, rest], axis=1)


def of_means(m: Matrices, free: Mapping[str, Entries]) -> Floats:
    """Derivatives of mu by the free entries of all matrices, shape (items, entries)."""
    through, means = m.loadings @ m.total, m.factor_means
    items = np.arange(len(m.nu))[:, np.newaxis]
    blocks = [
        (items == free["lambda"].rows) * means[free["lambda"].columns],
        through[:, free["beta"].rows] * means[free["beta"].columns],
        np.zeros((len(m.nu), free["psi"].free.size + free["theta"].free.size)),
        items == free["nu"].rows,
        through[:, free["alpha"].rows],
        np.zeros((len(m.nu), free["tau"].free.size + free["delta"].free.size)),
    ]
    return np.concatenate(blocks, axis=1)
