"""Unrotated factors of a correlation matrix: minimum residuals, maximum likelihood, principal axes (numpy alone).

Each method minimises a function of the p uniquenesses alone, the loadings being known once they are (Joreskog 1967;
Harman and Jones 1966). With u the uniquenesses, m the number of factors, and eigenvalues e_1 >= ... >= e_p with
eigenvectors w_1, ..., w_p

    minres   of R - diag(u):                        f(u) = 1/2 sum_{j > m} e_j^2
    ml       of diag(u)^-1/2 R diag(u)^-1/2:        f(u) = sum_{j > m} (e_j - log e_j - 1)

so that minres gives least squares over the residual correlations (at its minimum the residual diagonal is zero unless
a uniqueness stands at its bound) and ml the likelihood of the normal distribution. First and second derivatives are
exact. With W2 the eigenvectors beyond m, and for a pair (j > m, l <= m) the vector b_jl = w_j * w_l,

    minres, by u:        gradient  - sum_{j>m} e_j w_j^2
                         Hessian   (W2 W2')^2 + 2 sum_jl e_j / (e_j - e_l) b_jl b_jl'
    ml, by x = log u:    gradient  sum_{j>m} (1 - e_j) w_j^2
                         Hessian   (W2 W2') * (W2 E2 W2') - sum_jl (1 - e_j)(e_j + e_l) / (e_j - e_l) b_jl b_jl'

(squares and * of arrays are elementwise). Newton steps with a projection on the bounds reach ten digits in about six
steps. Principal axes are the fixed point of "put the communalities in the diagonal, take m eigenvectors", which is a
stationary point of the minres function without bounds: iterated first, finished by the same Newton steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LOWEST_UNIQUENESS", "Extraction", "extract", "squared_multiple_correlations"]

Floats = npt.NDArray[np.float64]
Derivatives = tuple[float, Floats, Floats]
Objective = Callable[[Floats, Floats, int], Derivatives]

LOWEST_UNIQUENESS = 0.005  # the bound of R's factanal and psych; a solution there is a Heywood case
_STEPS, _HALVINGS = 200, 40
_SMALL = 1e-10  # largest projected gradient of a solution
_AXIS_ITERATIONS = 30  # of the plain principal-axis iteration before Newton's steps


@dataclass(frozen=True, slots=True, eq=False)
class Extraction:
    """Unrotated loadings (items, factors), the uniquenesses that led to them, and how the search ended."""

    loadings: Floats
    uniquenesses: Floats
    converged: bool
    n_steps: int
    gradient: float


def squared_multiple_correlations(correlations: Floats) -> Floats:
    """Of each item with all others, 1 - 1 / diag(R^-1); with a singular matrix from the pseudo-inverse."""
    inverse = np.linalg.pinv(correlations, hermitian=True)
    return np.asarray(np.clip(1 - 1 / np.maximum(np.diag(inverse), 1.0), 0.0, 1.0))


def extract(correlations: Floats, n_factors: int, method: str) -> Extraction:
    """Loadings of `n_factors` factors by "minres", "ml" or "paf", factors in the order of their eigenvalues.

    Parameters
    ----------
    correlations : array, shape (items, items)
        Symmetric with a unit diagonal; positive definite for "ml".
    n_factors : int
        From 1, fewer than items.
    method : {"minres", "ml", "paf"}

    Returns
    -------
    Extraction
        "minres" and "ml" keep uniquenesses from .005 to 1; "paf" has no bounds.
    """
    start = np.clip(1 - squared_multiple_correlations(correlations), 0.02, 0.98)
    if method == "paf":
        return _principal_axes(correlations, n_factors, start)
    if method == "minres":
        solution = _newton(_minres, correlations, n_factors, start, (LOWEST_UNIQUENESS, 1.0))
        return _finished(solution, solution[0], _axis_loadings(correlations, n_factors, solution[0]))
    bounds = (float(np.log(LOWEST_UNIQUENESS)), 0.0)
    solution = _newton(_likelihood, correlations, n_factors, np.log(start), bounds)
    uniquenesses = np.exp(solution[0])
    return _finished(solution, uniquenesses, _likelihood_loadings(correlations, n_factors, uniquenesses))


def _finished(solution: tuple[Floats, int, float], uniquenesses: Floats, loadings: Floats) -> Extraction:
    _, steps, gradient = solution
    return Extraction(loadings, uniquenesses, bool(gradient < 1e4 * _SMALL), steps, gradient)


def _principal_axes(correlations: Floats, n_factors: int, start: Floats) -> Extraction:
    uniquenesses = start
    for _ in range(_AXIS_ITERATIONS):
        loadings = _axis_loadings(correlations, n_factors, uniquenesses)
        uniquenesses = 1 - np.sum(loadings**2, axis=1)
    solution = _newton(_minres, correlations, n_factors, uniquenesses, (-np.inf, np.inf))
    return _finished(solution, solution[0], _axis_loadings(correlations, n_factors, solution[0]))


def _axis_loadings(correlations: Floats, n_factors: int, uniquenesses: Floats) -> Floats:
    values, vectors = np.linalg.eigh(correlations - np.diag(uniquenesses))
    largest = slice(None, -n_factors - 1, -1)
    return np.asarray(vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0)))


def _likelihood_loadings(correlations: Floats, n_factors: int, uniquenesses: Floats) -> Floats:
    root = np.sqrt(uniquenesses)
    values, vectors = np.linalg.eigh(correlations / np.outer(root, root))
    largest = slice(None, -n_factors - 1, -1)
    return np.asarray(root[:, None] * vectors[:, largest] * np.sqrt(np.maximum(values[largest] - 1, 0.0)))


def _pairs(near: Floats, far: Floats, weights: Floats) -> Floats:
    """Add up weights_jl b_jl b_jl' over the eigenvectors beyond m (j) and up to m (l)."""
    products = (near[:, :, None] * far[:, None, :]).reshape(near.shape[0], -1)
    return np.asarray((products * weights.ravel()) @ products.T)


def _minres(correlations: Floats, uniquenesses: Floats, n_factors: int) -> Derivatives:
    values, vectors = np.linalg.eigh(correlations - np.diag(uniquenesses))
    rest, kept = values[:-n_factors], values[-n_factors:]
    near, far = vectors[:, :-n_factors], vectors[:, -n_factors:]
    weights = 2 * rest[:, None] / _apart(rest, kept)
    hessian = (near @ near.T) ** 2 + _pairs(near, far, weights)
    return float(rest @ rest) / 2, np.asarray(-(near**2) @ rest), hessian


def _likelihood(correlations: Floats, logs: Floats, n_factors: int) -> Derivatives:
    scale = np.exp(-logs / 2)
    values, vectors = np.linalg.eigh(correlations * np.outer(scale, scale))
    values = np.maximum(values, np.finfo(float).tiny)
    rest, kept = values[:-n_factors], values[-n_factors:]
    near, far = vectors[:, :-n_factors], vectors[:, -n_factors:]
    weights = -(1 - rest)[:, None] * (rest[:, None] + kept) / _apart(rest, kept)
    hessian = (near @ near.T) * ((near * rest) @ near.T) + _pairs(near, far, weights)
    return float(np.sum(rest - np.log(rest) - 1)), np.asarray((near**2) @ (1 - rest)), hessian


def _apart(rest: Floats, kept: Floats) -> Floats:
    """Differences of eigenvalues beyond m and up to m, kept from zero."""
    return np.asarray(np.minimum(rest[:, None] - kept, -1e-12))


def _newton(
    objective: Objective, correlations: Floats, n_factors: int, start: Floats, bounds: tuple[float, float]
) -> tuple[Floats, int, float]:
    """Minimise within the bounds: the solution, the steps taken, and its largest projected gradient."""
    point = start
    value, gradient, hessian = objective(correlations, point, n_factors)
    left = np.inf
    for step in range(_STEPS):
        free = ~(((point <= bounds[0]) & (gradient > 0)) | ((point >= bounds[1]) & (gradient < 0)))
        left = float(np.max(np.abs(gradient[free]), initial=0.0))
        if left < _SMALL:
            return point, step, left
        direction = np.zeros_like(point)
        direction[free] = _descent(hessian[np.ix_(free, free)], gradient[free])
        found = _search(objective, correlations, n_factors, (point, value, gradient), direction, bounds)
        if found is None:
            break
        point, (value, gradient, hessian) = found
    return point, _STEPS, left


def _descent(hessian: Floats, gradient: Floats) -> Floats:
    """Newton's direction, with the curvatures made positive where they are not."""
    values, vectors = np.linalg.eigh(hessian)
    curvature = np.maximum(np.abs(values), 1e-7 * max(float(np.abs(values).max()), 1e-300))
    return np.asarray(-vectors @ ((vectors.T @ gradient) / curvature))


def _search(
    objective: Objective,
    correlations: Floats,
    n_factors: int,
    at: tuple[Floats, float, Floats],
    direction: Floats,
    bounds: tuple[float, float],
) -> tuple[Floats, Derivatives] | None:
    """Take the first of the steps 1, 1/2, 1/4, ... that lowers the objective enough; None when none does."""
    point, value, gradient = at
    length = 1.0
    for _ in range(_HALVINGS):
        trial = np.clip(point + length * direction, *bounds)
        found = objective(correlations, trial, n_factors)
        promised = float(gradient @ (trial - point))
        if found[0] <= value + 1e-4 * promised + 1e-15 * max(abs(value), 1e-2):
            return trial, found
        length /= 2
    return None
