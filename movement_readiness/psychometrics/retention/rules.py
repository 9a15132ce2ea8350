"""How many factors: what each rule computes, on a correlation matrix (numpy alone)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.exploratory.extraction import extract, squared_multiple_correlations
from movement_readiness.psychometrics.exploratory.fit import degrees_of_freedom, fit_measures
from movement_readiness.psychometrics.factorability import sampling_adequacy

__all__ = ["EIGENVALUES", "eigenvalues", "hull_points", "hull_scree", "kaiser_reference", "leading", "partial_averages"]

Floats = npt.NDArray[np.float64]

EIGENVALUES = ("pca", "reduced", "one_factor")


def eigenvalues(correlations: Floats, which: str) -> Floats:
    """Eigenvalues, largest first, of the matrix or of the matrix with communalities in its diagonal.

    "pca": units in the diagonal. "reduced": squared multiple correlations. "one_factor": the communalities of one
    minres factor (what ``psych::fa.parallel`` calls factor eigenvalues).
    """
    if which == "pca":
        return np.asarray(np.linalg.eigvalsh(correlations)[::-1])
    reduced = correlations.copy()
    if which == "reduced":
        shared = squared_multiple_correlations(correlations)
    else:
        shared = np.sum(extract(correlations, 1, "minres").loadings ** 2, axis=1)
    np.fill_diagonal(reduced, shared)
    return np.asarray(np.linalg.eigvalsh(reduced)[::-1])


def leading(above: npt.NDArray[np.bool_]) -> int:
    """How many come before the first that is not above its reference."""
    return int(above.size if above.all() else np.argmin(above))


def partial_averages(correlations: Floats) -> tuple[Floats, Floats]:
    """Velicer's averages after 0, 1, ..., p - 1 components: of squared and of fourth-power partial correlations.

    With A the first m components' loadings and C = R - A A', the partial correlations are C scaled to a unit
    diagonal; averages run over pairs i != j. NaN once nothing is left of an item.
    """
    p = correlations.shape[0]
    values, vectors = np.linalg.eigh(correlations)
    loadings = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1]
    squared, fourth = np.full(p, np.nan), np.full(p, np.nan)
    for m in range(p):
        left = correlations - loadings[:, :m] @ loadings[:, :m].T
        diagonal = np.diag(left)
        if diagonal.min() < 1e-10:
            break
        partial = left**2 / np.outer(diagonal, diagonal)
        np.fill_diagonal(partial, 0.0)
        squared[m] = partial.sum() / (p * (p - 1))
        fourth[m] = np.sum(partial**2) / (p * (p - 1))
    return squared, fourth


def kaiser_reference(values: Floats, n_respondents: float) -> Floats:
    """Braeken and van Assen's reference eigenvalues.

    max(((p - sum_{i<j} l_i) / (p - j + 1)) (1 + sqrt(p / n))^2, 1) for the j-th eigenvalue l_j of p.
    """
    p = values.size
    before = np.concatenate([[0.0], np.cumsum(values)[:-1]])
    left = (p - before) / (p - np.arange(p))
    return np.asarray(np.maximum(left * (1 + np.sqrt(p / n_respondents)) ** 2, 1.0))


def hull_points(correlations: Floats, n_respondents: float, most: int, measure: str) -> tuple[Floats, Floats]:
    """Fit and free parameters of 0, 1, ..., most minres factors: the points of the hull.

    ``measure``: "caf", common part accounted for, 1 - KMO of the residual matrix; "cfi" with psych's chi-squares.
    """
    p = correlations.shape[0]
    fits, parameters = np.empty(most + 1), np.empty(most + 1)
    for m in range(most + 1):
        loadings = extract(correlations, m, "minres").loadings if m else np.zeros((p, 1))
        reproduced = loadings @ loadings.T
        parameters[m] = p * (p - 1) / 2 - degrees_of_freedom(p, m)
        if measure == "cfi":
            fits[m] = fit_measures(correlations, reproduced, m, n_respondents)["cfi"]
        else:
            residual = correlations - reproduced
            np.fill_diagonal(residual, 1.0)
            fits[m] = 1 - sampling_adequacy(residual)[0]
    return fits, parameters


def hull_scree(fits: Floats, parameters: Floats) -> Floats:
    """Lorenzo-Seva's scree ratios: how sharply the upper hull of the points bends at each, NaN off the hull.

    st_i = [(f_i - f_h) / (g_i - g_h)] / [(f_j - f_i) / (g_j - g_i)] with h and j the neighbours on the hull.
    """
    hull: list[int] = []
    for point in range(fits.size):
        if hull and fits[point] <= fits[hull].max():
            continue
        while len(hull) > 1 and _slope(fits, parameters, hull[-2], point) >= _slope(fits, parameters, *hull[-2:]):
            hull.pop()
        hull.append(point)
    ratios = np.full(fits.size, np.nan)
    for before, here, after in zip(hull, hull[1:], hull[2:], strict=False):
        ratios[here] = _slope(fits, parameters, before, here) / _slope(fits, parameters, here, after)
    return ratios


def _slope(fits: Floats, parameters: Floats, first: int, second: int) -> float:
    return float((fits[second] - fits[first]) / (parameters[second] - parameters[first]))
