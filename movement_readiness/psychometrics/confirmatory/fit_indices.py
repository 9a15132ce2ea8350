r"""Measures of fit, by lavaan's names, from test statistics alone (scipy; numbers in, numbers out).

With X and d the chi-square of the model and its degrees of freedom, X_b and d_b those of the baseline model (items
that have nothing to do with each other), q free parameters, N respondents in G groups, and n = N for maximum
likelihood but N - G for least squares:

    cfi = 1 - max(X - d, 0) / max(X - d, X_b - d_b, 0)                    rni the same without the maxima
    tli = nnfi = (X_b/d_b - X/d) / (X_b/d_b - 1)                          rfi = (X_b/d_b - X/d) / (X_b/d_b)
    nfi = (X_b - X) / X_b     pnfi = nfi d/d_b                            ifi = (X_b - X) / (X_b - d)
    rmsea = sqrt(G max(X - d, 0) / (d n)), its interval from the noncentral chi-square
    mfi = exp(-(X - d) / (2 n))     ecvi = (X + 2 q) / n     cn = quantile(d) n / X + 1

The ``.scaled`` ones use scaled statistics, whose RMSEA interval rests, for a statistic that is only divided by a
factor c, on X with c d degrees of freedom. The ``.robust`` ones estimate what X would estimate among normal answers:
with X* and k its expectation under the model (k = c d),

    rmsea = sqrt(G max(X* - k, 0) / (d n))     cfi = 1 - max(X* - k, 0) / max(X* - k, X*_b - k_b, 0).

Bentler (1990); Browne and Cudeck (1993); Brosseau-Liard, Savalei and Li (2012) and Brosseau-Liard and Savalei (2014)
for MLR; Zhang and Savalei (2022) for missing answers; Savalei (2021) for ordered ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import chi2, ncx2

__all__ = ["NAMES", "RobustTest", "Test", "fit_measures", "noncentrality_limit"]

_NAN = float("nan")
_LEVEL, _CLOSE, _NOT_CLOSE = 0.90, 0.05, 0.08


@dataclass(frozen=True, slots=True)
class Test:
    """A chi-square: ``chisq`` on ``df`` degrees of freedom, and its scaled form where there is one.

    ``scaled`` is what is compared with a chi-square on ``df``: (chisq / ``factor``) + ``shift``. ``shifted`` says
    that mean and variance were adjusted (scaled and shifted) and not the mean alone. ``has_pvalue`` is false where
    the plain chi-square follows no known distribution (unweighted least squares).
    """

    __test__ = False  # pytest takes it for one of its own

    chisq: float
    df: int
    scaled: float = _NAN
    factor: float = _NAN
    shift: float = _NAN
    shifted: bool = False
    has_pvalue: bool = True


@dataclass(frozen=True, slots=True)
class RobustTest:
    """What robust indices rest on: X* and its expectation ``trace`` under the model, for model and baseline."""

    __test__ = False

    chisq: float
    trace: float
    baseline_chisq: float
    baseline_trace: float


@dataclass(frozen=True, slots=True)
class _Size:
    n: float
    n_groups: int


def fit_measures(
    test: Test,
    baseline: Test,
    *,
    n: int,
    n_groups: int,
    n_free: int,
    least_squares: bool,
    ordinal: bool = False,
    robust: RobustTest | None = None,
    logl: float = _NAN,
    saturated_logl: float = _NAN,
    others: dict[str, float] | None = None,
) -> dict[str, float]:
    """All measures by lavaan's names, in lavaan's order; NaN where a measure is not defined.

    Parameters
    ----------
    test, baseline : Test
        Of the model and of the baseline model.
    n, n_groups, n_free : int
        Respondents in all groups, groups, free parameters (equal ones counted once).
    least_squares : bool
        Whether N - G takes the place of N in the rmsea (ULS, DWLS, WLSMV).
    ordinal : bool
        Whether items are ordered, for which ecvi is not defined.
    robust : RobustTest, optional
    logl, saturated_logl : float
        Log-likelihoods of the model and of the model without restrictions.
    others : dict, optional
        Measures of residuals by name (see `residual_measures`), put in their places.

    Returns
    -------
    dict
        `NAMES` and their values.

    Examples
    --------
    >>> found = fit_measures(Test(85.306, 24), Test(918.852, 36), n=301, n_groups=1, n_free=21, least_squares=False)
    >>> round(found["cfi"], 3), round(found["rmsea"], 3), round(found["rmsea.ci.upper"], 3)
    (0.931, 0.092, 0.114)
    """
    size = _Size(float(n - n_groups if least_squares else n), n_groups)
    found = dict.fromkeys(NAMES, _NAN)
    found.update({"npar": float(n_free), "fmin": test.chisq / (2 * n)})
    found.update(_statistics(test, ""))
    found.update(_statistics(baseline, "baseline."))
    found.update(_incremental(test.chisq, test.df, baseline.chisq, baseline.df, ""))
    found.update(_incremental(test.scaled, test.df, baseline.scaled, baseline.df, ".scaled"))
    found.update(_likelihood(logl, saturated_logl, n, n_free))
    found.update(_rmsea(test.chisq, test.df, test.df, size, ""))
    found.update(_scaled_rmsea(test, size))
    if robust is not None:
        found.update(_robust(robust, test.df, baseline.df, size))
    found.update(_others(test, size, n_free, ordinal=ordinal))
    found.update(others or {})
    return found


def _statistics(test: Test, prefix: str) -> dict[str, float]:
    return {
        f"{prefix}chisq": test.chisq,
        f"{prefix}df": float(test.df),
        f"{prefix}pvalue": _pvalue(test.chisq, test.df) if test.has_pvalue else _NAN,
        f"{prefix}chisq.scaled": test.scaled,
        f"{prefix}df.scaled": float(test.df) if np.isfinite(test.scaled) else _NAN,
        f"{prefix}pvalue.scaled": _pvalue(test.scaled, test.df),
        f"{prefix}chisq.scaling.factor": test.factor,
        f"{prefix}chisq.shift.parameter": test.shift,
    }


def _pvalue(chisq: float, df: int) -> float:
    """Without degrees of freedom there is nothing to test."""
    return float(chi2.sf(chisq, df)) if df > 0 and np.isfinite(chisq) else _NAN


def _ratio(above: float, below: float) -> float:
    return above / below if below else _NAN


def _incremental(x: float, d: int, x_b: float, d_b: int, suffix: str) -> dict[str, float]:
    """Indices against the baseline model."""
    if not (np.isfinite(x) and np.isfinite(x_b)):
        return {}
    worst = max(x - d, x_b - d_b, 0.0)
    base = _ratio(x_b, d_b)
    tli = 1.0 if d == 0 else _ratio(base - x / d, base - 1)
    found = {
        "cfi": 1.0 if worst == 0 else 1 - max(x - d, 0.0) / worst,
        "tli": tli,
        "nnfi": tli,
        "rfi": 1.0 if d == 0 else _ratio(base - x / d, base),
        "nfi": _ratio(x_b - x, x_b),
        "pnfi": _ratio(x_b - x, x_b) * _ratio(d, d_b),
        "ifi": _ratio(x_b - x, x_b - d),
        "rni": _ratio((x_b - d_b) - (x - d), x_b - d_b),
    }
    return {name + suffix: value for name, value in found.items()}


def _likelihood(logl: float, saturated_logl: float, n: int, q: int) -> dict[str, float]:
    if not np.isfinite(logl):
        return {}
    return {
        "logl": logl,
        "unrestricted.logl": saturated_logl,
        "aic": -2 * logl + 2 * q,
        "bic": -2 * logl + q * float(np.log(n)),
        "ntotal": float(n),
        "bic2": -2 * logl + q * float(np.log((n + 2) / 24)),
    }


def noncentrality_limit(chisq: float, df: float, probability: float) -> float:
    """The noncentrality at which a chi-square has this probability to be at most what it is; 0 if there is none."""
    if chi2.cdf(chisq, df) < probability:
        return 0.0
    high = max(chisq, 1.0)
    while ncx2.cdf(chisq, df, high) > probability:
        high *= 2
    return float(brentq(lambda size: _cdf(chisq, df, size) - probability, 0.0, high, xtol=1e-10, rtol=1e-13))


def _cdf(chisq: float, df: float, noncentrality: float) -> float:
    return float(ncx2.cdf(chisq, df, noncentrality) if noncentrality > 0 else chi2.cdf(chisq, df))


def _rmsea(x: float, of: float, d: float, size: _Size, suffix: str, scale: float = 1.0) -> dict[str, float]:
    """The RMSEA of the statistic x on ``of`` degrees of freedom; squares are scale / d times the noncentrality / n."""
    if not np.isfinite(x):
        return {}
    if d == 0:
        return dict.fromkeys((f"rmsea{suffix}", f"rmsea.ci.lower{suffix}", f"rmsea.ci.upper{suffix}"), 0.0)
    unit = scale * size.n_groups / (d * size.n)
    tail = (1 - _LEVEL) / 2
    return {
        f"rmsea{suffix}": float(np.sqrt(max(x - of, 0.0) * unit)),
        f"rmsea.ci.lower{suffix}": float(np.sqrt(noncentrality_limit(x, of, 1 - tail) * unit)),
        f"rmsea.ci.upper{suffix}": float(np.sqrt(noncentrality_limit(x, of, tail) * unit)),
        f"rmsea.pvalue{suffix}": 1 - _cdf(x, of, _CLOSE**2 / unit),
        f"rmsea.notclose.pvalue{suffix}": _cdf(x, of, _NOT_CLOSE**2 / unit),
    }


def _scaled_rmsea(test: Test, size: _Size) -> dict[str, float]:
    if test.shifted or not np.isfinite(test.factor):
        return _rmsea(test.scaled, test.df, test.df, size, ".scaled")
    trace = test.factor * test.df
    return _rmsea(test.chisq, trace, trace, size, ".scaled")


def _robust(test: RobustTest, d: int, d_b: int, size: _Size) -> dict[str, float]:
    x, k, x_b, k_b = test.chisq, test.trace, test.baseline_chisq, test.baseline_trace
    if not np.isfinite([x, k, x_b, k_b]).all():
        return {}
    worst = max(x - k, x_b - k_b, 0.0)
    tli = 1.0 if d == 0 else 1 - _ratio((x - k) * d_b, (x_b - k_b) * d)
    found = {
        "cfi.robust": 1.0 if worst == 0 else 1 - max(x - k, 0.0) / worst,
        "tli.robust": tli,
        "nnfi.robust": tli,
        "rni.robust": 1 - _ratio(x - k, x_b - k_b),
    }
    if d == 0:
        return found | _rmsea(0.0, 0.0, 0.0, size, ".robust")
    return found | (_rmsea(x * d / k, d, d, size, ".robust", k / d) if k > 0 else {})


def _others(test: Test, size: _Size, q: int, *, ordinal: bool) -> dict[str, float]:
    x, d = test.chisq, test.df
    found = {
        "rmsea.ci.level": _LEVEL,
        "rmsea.close.h0": _CLOSE,
        "rmsea.notclose.h0": _NOT_CLOSE,
        "mfi": float(np.exp(-0.5 * (x - d) / size.n)),
        "ecvi": _NAN if ordinal else (x + 2 * q) / size.n,
    }
    if x > 0:
        found |= {f"cn_{100 - p:02d}": (float(chi2.ppf(p / 100, d)) if d else 0.0) * size.n / x + 1 for p in (95, 99)}
    return found


def _named() -> tuple[str, ...]:
    """Names in lavaan's order: statistics, indices, likelihoods, rmsea, residuals, others."""
    scaled = ("chisq.scaled", "df.scaled", "pvalue.scaled", "chisq.scaling.factor", "chisq.shift.parameter")
    tests = ("chisq", "df", "pvalue", *scaled)
    indices = ("cfi", "tli", "nnfi", "rfi", "nfi", "pnfi", "ifi", "rni")
    rmsea = ("", ".ci.lower", ".ci.upper", ".pvalue", ".notclose.pvalue")
    srmr = ("srmr", "srmr_bentler", "srmr_bentler_nomean", "crmr", "crmr_nomean", "srmr_mplus", "srmr_mplus_nomean")
    return (
        *("npar", "fmin", *tests, *(f"baseline.{name}" for name in tests)),
        *(*indices, *(f"{name}.scaled" for name in indices), "cfi.robust", "tli.robust", "nnfi.robust", "rni.robust"),
        *("logl", "unrestricted.logl", "aic", "bic", "ntotal", "bic2", "scaling.factor.h1", "scaling.factor.h0"),
        *(f"rmsea{part}" for part in rmsea),
        *("rmsea.ci.level", "rmsea.close.h0", "rmsea.notclose.h0"),
        *(f"rmsea{part}{suffix}" for suffix in (".scaled", ".robust") for part in rmsea),
        *("rmr", "rmr_nomean", *srmr, "wrmr", "cn_05", "cn_01", "gfi", "agfi", "pgfi", "mfi", "ecvi"),
    )


NAMES = _named()
