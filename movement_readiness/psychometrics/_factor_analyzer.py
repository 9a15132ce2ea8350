"""factor-analyzer 0.5.1 behind one door: extraction from a correlation matrix.

Only what was found right is called. ``FactorAnalyzer.fit`` and ``transform`` fail with scikit-learn 1.8 and later (an
argument that was removed), ``phi_`` is not reordered with the loadings, communalities after an oblique rotation are
wrong, `calculate_kmo` is wrong for correlation matrices, and missing answers are imputed in silence: none of it is
used. The extraction step alone needs no data check, so it is called directly; its name begins with an underscore, which
is why the release is pinned and ``tests/psychometrics/test_factor_analyzer_guard.py`` says what to do with another.
"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

__all__ = ["extract"]

Floats = npt.NDArray[np.float64]


def extract(correlations: Floats, n_factors: int, method: str) -> Floats:
    """Unrotated loadings (items, factors) by "minres" or "ml"; within about 1e-5 of the minimum."""
    from factor_analyzer import FactorAnalyzer

    engine = FactorAnalyzer(n_factors=n_factors, rotation=None, method=method, is_corr_matrix=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(engine._fit_factor_analysis(correlations.copy()), dtype=np.float64)  # it overwrites its input
