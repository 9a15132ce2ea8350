"""How well a factor solution reproduces its correlations, in the definitions of R's psych (numpy and scipy alone).

With R the correlations of p items, M the reproduced ones with units in the diagonal, m factors and n respondents:

    objective     F  = tr(M^-1 R) - log det(M^-1 R) - p
    chi-square    X2 = F (n - 1 - (2 p + 5) / 6 - 2 m / 3)                      Bartlett (1950)
    df            ((p - m)^2 - (p + m)) / 2
    null model    F0 = - log det R, X0 = F0 (n - 1 - (2 p + 5) / 6), df0 = p (p - 1) / 2
    RMSEA         sqrt(max(X2 / (df n) - 1 / (n - 1), 0)); its limits sqrt(ncp / ((n - 1) df)), ncp the noncentralities
                  at which X2 is the 95 % and the 5 % point (a 90 % interval)
    TLI           (F0 / df0 - F / df) / (F0 / df0 - 1 / n'), n' the multiplier of F above     Tucker and Lewis (1973)
    CFI           1 - max(X2 - df, 0) / max(X0 - df0, X2 - df, 0)               (psych 2.2.9 gives none)
    RMSR          root of the mean squared residual correlation; corrected: of their sum over 2 df
    BIC           X2 - df log n

With missing answers every pair counts the same in the RMSR, however many answered it, and n is the number of
respondents with any answer. The rms that psych 2.2.9 gives for answers with gaps is another number (.0376 for .0373
in an example with half of an item missing); from the correlation matrix it is the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import chdtr, chdtrc, chndtr

__all__ = ["degrees_of_freedom", "fit_measures", "log_determinant", "most_factors", "rmsea_limits"]

Floats = npt.NDArray[np.float64]

_SMALLEST = 1e-12  # an eigenvalue below this makes a matrix singular
_LEVEL = 0.90  # of the RMSEA interval
_BISECTIONS = 50


def degrees_of_freedom(n_items: int, n_factors: int) -> int:
    """Correlations minus free parameters: ((p - m)^2 - (p + m)) / 2."""
    return ((n_items - n_factors) ** 2 - (n_items + n_factors)) // 2


def most_factors(n_items: int) -> int:
    """The largest number of factors that these many items can identify (df not below zero)."""
    return max((m for m in range(1, n_items) if degrees_of_freedom(n_items, m) >= 0), default=0)


def log_determinant(matrix: Floats) -> float:
    """Logarithm of the determinant; NaN where the matrix is not positive definite."""
    values = np.linalg.eigvalsh(matrix)
    return float(np.log(values).sum()) if values[0] > _SMALLEST else float("nan")


def fit_measures(correlations: Floats, reproduced: Floats, n_factors: int, n_respondents: float) -> dict[str, float]:
    """Every measure of the module's head; those that need n are NaN when n is NaN, those of det R when R is singular.

    Parameters
    ----------
    correlations : array, shape (items, items)
    reproduced : array, shape (items, items)
        Loadings times factor correlations times loadings; the diagonal is not used.
    n_factors : int
    n_respondents : float
    """
    p, n = correlations.shape[0], n_respondents
    df, null_df = degrees_of_freedom(p, n_factors), p * (p - 1) // 2
    residuals = (correlations - reproduced)[np.triu_indices(p, 1)]
    objective = _discrepancy(correlations, reproduced)
    multiplier = n - 1 - (2 * p + 5) / 6 - 2 * n_factors / 3
    chisq = objective * multiplier
    null_chisq = -log_determinant(correlations) * (n - 1 - (2 * p + 5) / 6)
    low, high = rmsea_limits(chisq, df, n, _LEVEL)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "chisq": chisq,
            "df": float(df),
            "pvalue": float(chdtrc(df, max(chisq, 0.0))) if df and np.isfinite(chisq) else float("nan"),
            "rmsea": _rmsea(chisq, df, n),
            "rmsea_ci_low": low,
            "rmsea_ci_high": high,
            "tli": _tli(objective, df, -log_determinant(correlations), null_df, multiplier),
            "cfi": _cfi(chisq, df, null_chisq, null_df),
            "rmsr": float(np.sqrt(np.mean(residuals**2))),
            "rmsr_corrected": float(np.sqrt(np.sum(residuals**2) / df)) if df else float("nan"),
            "bic": float(chisq - df * np.log(n)),
            "objective": objective,
            "null_chisq": null_chisq,
            "null_df": float(null_df),
        }


def _discrepancy(correlations: Floats, reproduced: Floats) -> float:
    model = reproduced.copy()
    np.fill_diagonal(model, np.diag(correlations))
    log_model, log_observed = log_determinant(model), log_determinant(correlations)
    if np.isnan(log_model + log_observed):
        return float("nan")
    trace = float(np.trace(np.linalg.solve(model, correlations)))
    return float(trace - (log_observed - log_model) - correlations.shape[0])


def _rmsea(chisq: float, df: int, n: float) -> float:
    return float(np.sqrt(np.maximum(chisq / (df * n) - 1 / (n - 1), 0.0))) if df else float("nan")


def _tli(objective: float, df: int, null_objective: float, null_df: int, multiplier: float) -> float:
    null, none = null_objective / null_df, 1 / multiplier
    return float((null - objective / df) / (null - none)) if df and null != none else float("nan")


def _cfi(chisq: float, df: int, null_chisq: float, null_df: int) -> float:
    if np.isnan(chisq) or np.isnan(null_chisq):
        return float("nan")
    most = max(null_chisq - null_df, chisq - df, 0.0)
    return float(1 - max(chisq - df, 0.0) / most) if most > 0 else 1.0


def rmsea_limits(chisq: float, df: int, n: float, level: float) -> tuple[float, float]:
    """Limits of the RMSEA from the noncentral chi-square distribution; NaN without degrees of freedom or n."""
    if not df or not np.isfinite(chisq) or not np.isfinite(n):
        return float("nan"), float("nan")
    tail = (1 - level) / 2
    low, high = (_noncentrality(chisq, df, point) for point in (1 - tail, tail))
    return float(np.sqrt(low / ((n - 1) * df))), float(np.sqrt(high / ((n - 1) * df)))


def _noncentrality(chisq: float, df: int, point: float) -> float:
    """The noncentrality at which chisq is the quantile `point`; 0 where even the central one lies beyond."""
    if chdtr(df, max(chisq, 0.0)) <= point:
        return 0.0
    low, high = 0.0, 10.0
    while chndtr(chisq, df, high) > point:
        low, high = high, 2 * high
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if chndtr(chisq, df, middle) > point else (low, middle)
    return (low + high) / 2
