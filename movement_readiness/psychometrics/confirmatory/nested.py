r"""Difference tests of nested models on numbers (numpy and scipy alone); scaled chi-squares are never subtracted.

The restricted model has the chi-square T_0 on d_0 degrees of freedom, the other one T_1 on d_1, both unscaled, and
m = d_0 - d_1. Under normality T_0 - T_1 is a chi-square on m.

Satorra and Bentler (2001): with the scaling factors c of both, (T_0 - T_1) / c_d, c_d = (d_0 c_0 - d_1 c_1) / m.

Satorra (2000): with the jacobians J_1 and J_0 of both at their estimates, W the weights of the fit and Gamma N times
the covariance of the moments, let the columns of H = (J_1'J_1)^-1 J_1'J_0 span what the restrictions leave of the
parameters of the larger model, and A' be orthogonal to them. With P = J_1'W J_1,

    U = W J_1 P^-1 A' (A P^-1 A')^-1 A P^-1 J_1' W,

and T_0 - T_1, scaled by a = sqrt(m / tr((U Gamma)^2)) and shifted by m - a tr(U Gamma), is a chi-square on m in mean
and variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

__all__ = ["Difference", "MomentBlock", "plain_difference", "satorra_2000", "satorra_bentler_2001"]

Floats = npt.NDArray[np.float64]
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference test: ``chisq`` on ``df`` and its ``pvalue``; NaN where the statistic is not defined."""

    chisq: float
    df: int
    pvalue: float


@dataclass(frozen=True, slots=True, eq=False)
class MomentBlock:
    """One group of ``n``.

    ``restricted`` and ``full``, jacobians (moments, parameters); ``weights`` (moments,) of the fit; ``gamma``
    (moments, moments).
    """

    n: int
    restricted: Floats
    full: Floats
    weights: Floats
    gamma: Floats


def _difference(chisq: float, df: int) -> Difference:
    return Difference(chisq, df, float(chi2.sf(chisq, df)) if np.isfinite(chisq) and df > 0 else _NAN)


def plain_difference(restricted: tuple[float, int], full: tuple[float, int]) -> Difference:
    """Chi-squares and degrees of freedom subtracted.

    Examples
    --------
    >>> plain_difference((12.0, 5), (4.0, 3))
    Difference(chisq=8.0, df=2, pvalue=0.018315638888734182)
    """
    return _difference(restricted[0] - full[0], restricted[1] - full[1])


def satorra_bentler_2001(restricted: tuple[float, int, float], full: tuple[float, int, float]) -> Difference:
    """Test from unscaled chi-square, degrees of freedom and scaling factor of both models.

    NaN where the scaling of the difference is not positive, which happens when the restrictions are far from true.
    """
    df = restricted[1] - full[1]
    whole = restricted[1] * restricted[2] - (full[1] * full[2] if full[1] else 0.0)
    factor = whole / df if df > 0 else _NAN
    return _difference((restricted[0] - full[0]) / factor if factor > 0 else _NAN, df)


def satorra_2000(
    restricted: tuple[float, int],
    full: tuple[float, int],
    blocks: Sequence[MomentBlock],
    gamma: Floats | None = None,
) -> Difference:
    """Scaled and shifted difference of least-squares statistics; ``gamma`` of all groups where they depend."""
    df = restricted[1] - full[1]
    if df <= 0:
        return _difference(_NAN, df)
    first, second = _traces(blocks, gamma)
    if not second > 0:
        return _difference(_NAN, df)
    a = float(np.sqrt(df / second))
    return _difference(a * (restricted[0] - full[0]) + df - a * first, df)


def _traces(blocks: Sequence[MomentBlock], gamma: Floats | None) -> tuple[float, float]:
    """tr(U Gamma) and tr((U Gamma)^2), as traces of matrices of the size of the restrictions."""
    total = sum(block.n for block in blocks)
    shares = [block.n / total for block in blocks]
    full, small = (np.vstack([getattr(block, name) for block in blocks]) for name in ("full", "restricted"))
    inside = np.linalg.lstsq(full, small, rcond=None)[0]
    across = _complement(inside)  # A', shape (parameters of the full model, restrictions)
    pulled = [block.full * block.weights[:, np.newaxis] for block in blocks]
    bread = sum(share * block.full.T @ part for share, block, part in zip(shares, blocks, pulled, strict=True))
    if gamma is None:
        parts = zip(shares, blocks, pulled, strict=True)
        middle = np.asarray(sum(share * part.T @ block.gamma @ part for share, block, part in parts))
    else:
        stacked = np.vstack([np.sqrt(share) * part for share, part in zip(shares, pulled, strict=True)])
        middle = stacked.T @ gamma @ stacked
    turned = np.linalg.solve(np.asarray(bread), across)  # P^-1 A'
    product = np.linalg.solve(across.T @ turned, turned.T @ middle @ turned)
    return float(np.trace(product)), float(np.sum(product * product.T))


def _complement(columns: Floats) -> Floats:
    """An orthonormal basis of what is orthogonal to some columns."""
    left, size, _ = np.linalg.svd(columns, full_matrices=True)
    rank = int((size > 1e-9 * max(float(size[0]), 1e-300)).sum()) if size.size else 0
    return np.asarray(left[:, rank:])
