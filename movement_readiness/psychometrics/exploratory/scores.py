"""Weights that turn standardised answers into factor scores, and how determinate these are (numpy alone).

With R the correlations, L the loadings, P the factor correlations, S = L P the structure and U the uniquenesses:

    regression   W = R^-1 S                                                                 Thurstone (1935)
    bartlett     W = U^-1 L (L' U^-1 L)^-1                                                  Bartlett (1937)
    ten_berge    W = R^-1/2 C P^1/2,  C = B (B'B)^-1/2,  B = R^-1/2 L P^1/2     ten Berge and others (1999)

Regression scores are closest to the factors, Bartlett's are unbiased, ten Berge's correlate as the factors do. The
determinacy is each score's correlation with its factor, diag(W'S) / sqrt(diag(W'RW)).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["SCORES", "determinacy", "score_weights"]

Floats = npt.NDArray[np.float64]

SCORES = ("regression", "bartlett", "ten_berge")
_LEAST_UNIQUENESS = 1e-3  # in Bartlett's weights, so that a Heywood item does not take all of the weight


def score_weights(correlations: Floats, loadings: Floats, factor_correlations: Floats, method: str) -> Floats:
    """Weights of standardised items for each factor, shape (items, factors); see the module's head."""
    if method == "bartlett":
        return _bartlett(loadings, factor_correlations)
    structure = loadings @ factor_correlations
    if method == "regression":
        return np.asarray(np.linalg.solve(correlations, structure))
    root = _power(factor_correlations, 0.5)
    inverse_root = _power(correlations, -0.5)
    block = inverse_root @ loadings @ root
    return np.asarray(inverse_root @ block @ _power(block.T @ block, -0.5) @ root)


def determinacy(weights: Floats, correlations: Floats, structure: Floats) -> Floats:
    """Correlation of each factor with its score, shape (factors,)."""
    spread = np.sqrt(np.einsum("ir,ij,jr->r", weights, correlations, weights))
    return np.asarray(np.einsum("ir,ir->r", weights, structure) / spread)


def _bartlett(loadings: Floats, factor_correlations: Floats) -> Floats:
    unique = 1 - np.einsum("ir,rs,is->i", loadings, factor_correlations, loadings)
    scaled = loadings / np.maximum(unique, _LEAST_UNIQUENESS)[:, None]
    return np.asarray(scaled @ np.linalg.pinv(loadings.T @ scaled, hermitian=True))


def _power(matrix: Floats, power: float) -> Floats:
    """A symmetric matrix to a power, by its eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-12) ** power) @ vectors.T)
