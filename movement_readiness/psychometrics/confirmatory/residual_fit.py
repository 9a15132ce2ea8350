r"""Measures of what a model leaves unexplained: root mean square residuals and goodness of fit (numpy alone).

With S, m and Sigma, mu the observed and implied covariances and means of a group, p items, and squares summed over
the p (p + 1) / 2 distinct covariances and, with a mean structure, the p means:

    rmr    (s_ij - sigma_ij)                              and m_i - mu_i
    srmr   (s_ij - sigma_ij) / sqrt(s_ii s_jj)            and (m_i - mu_i) / sqrt(s_ii)           (Bentler 1995)
    crmr   s_ij / sqrt(s_ii s_jj) - sigma_ij / sqrt(sigma_ii sigma_jj), off the diagonal, and as srmr (Bollen 1989)
    srmr_mplus   as crmr, (s_ii - sigma_ii) / s_ii, and m_i / sqrt(s_ii) - mu_i / sqrt(sigma_ii)

each the square root of the mean square, ``_nomean`` over covariances alone. Ordered items have thresholds in place of
means, and ``srmr`` and ``rmr_nomean`` are then over correlations with the diagonal counted, as lavaan has it. Several
groups are averaged with weights n_g / N. gfi is 1 - e'We / s'Ws with s all observed moments, e their residuals and W
the weight of the estimator (Tanaka and Huba 1985), averaged in the same way; where answers are missing S is pairwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.confirmatory.vech import half, places, symmetric, vech

__all__ = ["NormalWeight", "ObservedImplied", "goodness", "residual_measures"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ObservedImplied:
    """Observed and implied moments of one group of ``n``.

    ``s`` and ``sigma`` (items, items); ``m`` and ``mu`` means, or thresholds of ordered items, or None without a
    mean structure.
    """

    n: int
    s: Floats
    sigma: Floats
    m: Floats | None = None
    mu: Floats | None = None


def residual_measures(groups: Sequence[ObservedImplied], *, ordinal: bool) -> dict[str, float]:
    """Root mean square residuals by lavaan's names."""
    total = sum(group.n for group in groups)
    found: dict[str, float] = {}
    for group in groups:
        for name, value in (_ordinal(group) if ordinal else _continuous(group)).items():
            found[name] = found.get(name, 0.0) + value * group.n / total
    return found


def _root_mean(*parts: tuple[Floats, int]) -> float:
    """Root of the sum of squares over the number of places, which may count more than there are residuals."""
    return float(np.sqrt(sum(float((values**2).sum()) for values, _ in parts) / sum(count for _, count in parts)))


def _continuous(group: ObservedImplied) -> dict[str, float]:
    p = len(group.s)
    rows, columns = places(p)
    off = rows != columns
    with np.errstate(divide="ignore", invalid="ignore"):
        sd, implied_sd = np.sqrt(np.diag(group.s)), np.sqrt(np.diag(group.sigma))
        raw = vech(group.s - group.sigma)
        bentler = raw / (sd[rows] * sd[columns])
        implied = vech(group.sigma) / (implied_sd[rows] * implied_sd[columns])
        correlation = (vech(group.s) / (sd[rows] * sd[columns]) - implied)[off]
        means, means_bentler, means_bollen = (np.zeros(0),) * 3
        if group.m is not None and group.mu is not None:
            means = group.m - group.mu
            means_bentler, means_bollen = means / sd, group.m / sd - group.mu / implied_sd
    count = means.size
    mplus = np.concatenate([correlation, bentler[~off]])
    all_, pairs = rows.size, int(off.sum())
    srmr = _root_mean((bentler, all_), (means_bentler, count))
    return {
        "rmr": _root_mean((raw, all_), (means, count)),
        "rmr_nomean": _root_mean((raw, all_)),
        "srmr": srmr,
        "srmr_bentler": srmr,
        "srmr_bentler_nomean": _root_mean((bentler, all_)),
        "crmr": _root_mean((correlation, pairs), (means_bentler, count)),
        "crmr_nomean": _root_mean((correlation, pairs)),
        "srmr_mplus": _root_mean((mplus, all_), (means_bollen, count)),
        "srmr_mplus_nomean": _root_mean((mplus, all_)),
    }


def _ordinal(group: ObservedImplied) -> dict[str, float]:
    rows, columns = places(len(group.s))
    raw = vech(group.s - group.sigma)[rows != columns]
    thresholds = np.zeros(0) if group.m is None or group.mu is None else group.m - group.mu
    count, all_, pairs = thresholds.size, rows.size, raw.size
    with_thresholds, without = _root_mean((raw, all_), (thresholds, count)), _root_mean((raw, all_))
    return {
        "rmr": with_thresholds,
        "rmr_nomean": without,
        "srmr": without,
        "srmr_bentler": with_thresholds,
        "srmr_bentler_nomean": without,
        "crmr": _root_mean((raw, pairs), (thresholds, count)),
        "crmr_nomean": _root_mean((raw, pairs)),
    }


@dataclass(frozen=True, slots=True, eq=False)
class NormalWeight:
    """The normal-theory weight of [means,] vech(covariances), with ``precision`` the inverse of Sigma."""

    precision: Floats
    with_means: bool

    def times(self, moments: Floats) -> Floats:
        """The product with a vector."""
        size = len(self.precision)
        second = moments[size:] if self.with_means else moments
        turned = half(size) * vech(self.precision @ symmetric(second, size) @ self.precision)
        return np.concatenate([self.precision @ moments[:size], turned]) if self.with_means else turned


def goodness(parts: Sequence[tuple[int, Floats, Floats, Floats | NormalWeight]], df: int) -> dict[str, float]:
    """Measures gfi, agfi and pgfi from n, observed and implied moments and weight (a vector for a diagonal one)."""
    total = sum(n for n, _, _, _ in parts)
    gfi = 0.0
    for n, observed, implied, weight in parts:
        off = observed - implied
        gfi += n / total * (1 - float(off @ _times(weight, off)) / float(observed @ _times(weight, observed)))
    count = sum(observed.size for _, observed, _, _ in parts)
    return {
        "gfi": gfi,
        "agfi": 1 - count / df * (1 - gfi) if df else 1.0,
        "pgfi": df / count * gfi,
    }


def _times(weight: Floats | NormalWeight, moments: Floats) -> Floats:
    if isinstance(weight, NormalWeight):
        return weight.times(moments)
    return np.asarray(weight * moments if weight.ndim == 1 else weight @ moments)
