"""The one door to pingouin: intraclass correlations of a complete table, under our names and at full precision.

pingouin rounds its intervals to two digits and gives them for 95 % alone, so only its estimates pass here; the
intervals are computed from the mean squares (`reliability._twoway`). Tested with pingouin 0.7; another release may name
its rows and columns otherwise, and then the sentence below says what to look at.
"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import MissingDependencyError

__all__ = ["PINGOUIN_NAMES", "intraclass_estimates"]

Floats = npt.NDArray[np.float64]

PINGOUIN_NAMES = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")


def intraclass_estimates(table: Floats) -> dict[str, float]:
    """The six intraclass correlations of a complete table, shape (targets, occasions).

    Raises
    ------
    MissingDependencyError
        pingouin is not there, or its answer has another form than the release this was written for.
    """
    import pandas as pd

    try:
        import pingouin
    except ImportError as error:  # pragma: no cover  (a dependency of the package)
        raise MissingDependencyError("retest_icc needs pingouin: pip install pingouin.") from error
    n, k = table.shape
    long = pd.DataFrame({"target": np.repeat(np.arange(n), k), "occasion": np.tile(np.arange(k), n)})
    long["score"] = table.ravel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own use of pandas, and divisions by zero that we report ourselves
        found = pingouin.intraclass_corr(long, targets="target", raters="occasion", ratings="score")
    if not {"Type", "ICC"} <= set(found.columns) or not set(PINGOUIN_NAMES) <= set(found["Type"]):
        raise MissingDependencyError(
            f"retest_icc was written for pingouin 0.7; release {pingouin.__version__} names its results otherwise. "
            "Install pingouin>=0.7,<0.8."
        )
    by_type = found.set_index("Type")["ICC"]
    return {name: float(by_type[name]) for name in PINGOUIN_NAMES}
