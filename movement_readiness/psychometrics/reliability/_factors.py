"""Omega on arrays: factor solutions of a correlation matrix and what they say of a sum of items (numpy alone)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.exploratory.extraction import extract
from movement_readiness.psychometrics.rotation.methods import rotate

__all__ = ["GeneralAndGroups", "general_and_groups", "omega_hierarchical", "omega_total", "one_factor", "second_order"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GeneralAndGroups:
    """A Schmid-Leiman solution of k items, m group factors; `signs` says which items were turned.

    ``general`` (k,), ``group`` (k, m), ``uniquenesses`` (k,), ``second_order`` (m,): loadings of the factors on the
    general one; ``signs`` (k,): -1 for an item that loads negatively on it. Loadings are those of the
    turned items, but for ``rotated`` (k, m), the oblique solution.
    """

    general: Floats
    group: Floats
    uniquenesses: Floats
    second_order: Floats
    signs: Floats
    converged: bool
    rotated: Floats

    @property
    def explained_common_variance(self) -> float:
        """Share of the common variance that is the general factor's, sum g^2 / (sum g^2 + sum f^2)."""
        general = (self.general**2).sum()
        return float(general / (general + (self.group**2).sum()))


def one_factor(correlations: Floats) -> tuple[Floats, Floats, bool]:
    """Loadings and uniquenesses of one minres factor, its sum positive, and whether the search ended well."""
    found = extract(correlations, 1, "minres")
    loadings = found.loadings[:, 0]
    sign = -1.0 if loadings.sum() < 0 else 1.0
    return sign * loadings, 1 - loadings**2, found.converged


def second_order(factor_correlations: Floats) -> Floats:
    """Loadings of factors on a general one: minres of one factor; with two factors the root of their correlation.

    One correlation r cannot tell two loadings apart: both are sqrt(|r|), the second with the sign of r.
    """
    if len(factor_correlations) == 2:
        r = float(factor_correlations[0, 1])
        return np.asarray(np.array([1.0, -1.0 if r < 0 else 1.0]) * np.sqrt(abs(r)))
    return one_factor(factor_correlations)[0]


def general_and_groups(
    correlations: Floats, n_factors: int, *, n_starts: int, seed: int | None, near: Floats | None = None
) -> GeneralAndGroups:
    """Schmid-Leiman solution of `n_factors` minres factors rotated by oblimin (gamma 0, no Kaiser weights).

    `near`, rotated loadings of almost the same items' answers: the rotation starts where the unrotated loadings, turned
    by the orthogonal matrix that brings them closest, are; that start is then the first one.

    With pattern loadings L and second-order loadings c, general = L c and group = L diag(sqrt(1 - c^2)).
    """
    found = extract(correlations, n_factors, "minres")
    unrotated = found.loadings if near is None else found.loadings @ _towards(found.loadings, near)
    rotated = rotate(unrotated, method="oblimin", n_starts=n_starts, seed=seed)
    upper = second_order(rotated.factor_correlations)
    general = rotated.loadings @ upper
    group = rotated.loadings * np.sqrt(np.maximum(1 - upper**2, 0.0))
    signs = np.where(general < 0, -1.0, 1.0)
    communalities = np.einsum("ir,rs,is->i", rotated.loadings, rotated.factor_correlations, rotated.loadings)
    return GeneralAndGroups(
        general=general * signs,
        group=group * signs[:, np.newaxis],
        uniquenesses=1 - communalities,
        second_order=upper,
        signs=signs,
        converged=found.converged,
        rotated=rotated.loadings,
    )


def _towards(loadings: Floats, target: Floats) -> Floats:
    """The orthogonal matrix T that makes loadings @ T closest to the target (Procrustes)."""
    left, _, right = np.linalg.svd(loadings.T @ target)
    return np.asarray(left @ right)


def omega_total(uniquenesses: Floats, variance: float) -> float:
    """1 - sum of the uniquenesses / variance of the sum."""
    return float(1 - uniquenesses.sum() / variance)


def omega_hierarchical(general: Floats, variance: float) -> float:
    """(sum of the general loadings)^2 / variance of the sum."""
    return float(general.sum() ** 2 / variance)
