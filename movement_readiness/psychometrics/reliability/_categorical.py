"""Categorical omega on arrays (Green and Yang 2009): the reliability of a sum of ordered answers (numpy and scipy).

The answer to item i is its lowest code plus d_ia for every threshold t_ia that the latent response passes. Two
latent responses that correlate r give answers with the covariance

    c_ij(r) = sum_a sum_b d_ia d_jb (Phi2(t_ia, t_jb, r) - Phi(t_ia) Phi(t_jb)).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from movement_readiness.psychometrics.correlation._bivariate import grid_cdf

__all__ = ["answer_covariances", "answer_variances", "weighted_one_factor"]

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.integer]

_LARGEST = 1 - 1e-12  # a latent correlation of one stands for itself on the diagonal alone
_FAR = 38.0  # a threshold that nobody passes
_STEPS, _SMALL, _ENOUGH = 200, 1e-10, 1e-6


def answer_covariances(thresholds: Floats, steps: Floats, latent: Floats) -> Floats:
    """Covariances of answers from correlations of latent responses.

    Parameters
    ----------
    thresholds : array, shape (items, K - 1)
        Rising, +inf behind an item's last.
    steps : array, shape (items, K - 1)
        From each code to the next one; 0 behind an item's last.
    latent : array, shape (items, items)
        Correlations; 1 on the diagonal gives the answers' own variances, less gives a covariance with a second
        answer to the same item.

    Returns
    -------
    array, shape (items, items)
    """
    limits = np.clip(thresholds, -_FAR, _FAR)
    first, second = np.triu_indices(len(latent), 1)
    found = np.zeros(latent.shape)
    pairs = _products(limits, steps, first, second, latent[first, second])
    found[first, second] = found[second, first] = pairs
    items = np.arange(len(latent))
    own = np.diag(latent)
    with_itself = _products(limits, steps, items, items, np.minimum(own, _LARGEST))
    variances = answer_variances(limits, steps)
    found[items, items] = np.where(own >= 1, variances, with_itself)
    return found


def _products(limits: Floats, steps: Floats, first: Places, second: Places, r: Floats) -> Floats:
    h, k = limits[first], limits[second]
    together = grid_cdf(h, k, np.clip(r, -_LARGEST, _LARGEST)) - ndtr(h)[:, :, np.newaxis] * ndtr(k)[:, np.newaxis, :]
    return np.asarray(np.einsum("pa,pab,pb->p", steps[first], together, steps[second]))


def answer_variances(thresholds: Floats, steps: Floats) -> Floats:
    """Variances of answers, shape (items,): what a latent correlation of 1 gives."""
    below = ndtr(thresholds)
    row, column = below[:, :, np.newaxis], below[:, np.newaxis, :]
    return np.asarray(np.einsum("ia,iab,ib->i", steps, np.minimum(row, column) - row * column, steps))


def weighted_one_factor(correlations: Floats, weights: Floats, start: Floats) -> tuple[Floats, bool]:
    """Loadings l that minimise sum_{i<j} w_ij (r_ij - l_i l_j)^2, and whether the search ended well.

    With weights 1 / var(r_ij) the DWLS estimate of a one-factor model of ordered answers. Gauss-Newton steps, halved
    until the sum falls.
    """
    off = weights.copy()
    np.fill_diagonal(off, 0.0)
    loadings = start.copy()
    value = _misfit(loadings, correlations, off)
    for _ in range(_STEPS):
        pull = (off * (correlations - np.outer(loadings, loadings))) @ loadings
        curvature = off * np.outer(loadings, loadings)  # of the squared residuals: J'J
        np.fill_diagonal(curvature, off @ loadings**2)
        step = np.linalg.lstsq(curvature, pull, rcond=None)[0]
        if np.abs(step).max() < _SMALL:
            return loadings, True
        length = 1.0
        while length > _SMALL and _misfit(loadings + length * step, correlations, off) > value * (1 + 1e-13):
            length /= 2
        loadings = loadings + length * step
        value = _misfit(loadings, correlations, off)
    return loadings, bool(np.abs(step).max() < _ENOUGH)


def _misfit(loadings: Floats, correlations: Floats, off: Floats) -> float:
    return float((off * (correlations - np.outer(loadings, loadings)) ** 2).sum()) / 2
