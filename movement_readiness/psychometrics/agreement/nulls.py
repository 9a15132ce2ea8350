"""What answers would vary if people of a group did not agree: the null distributions of rwg.

The uniform distribution over A response options has the variance (A^2 - 1) / 12. For others LeBreton and Senter
(2008, Table 2, doi:10.1177/1094428106296642) give variances, for 5 to 11 options.
"""

from __future__ import annotations

from numbers import Real

import numpy as np

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError

__all__ = ["NULLS", "null_name", "null_variance"]

_FEWEST, _MOST = 5, 11
_TABLED = {
    "slight": (1.34, 1.85, 2.90, 3.47, 5.66, 6.30, 7.31),
    "moderate": (0.90, 1.26, 2.14, 2.79, 4.73, 5.09, 6.32),
    "heavy": (0.44, 0.69, 1.39, 2.35, 3.16, 3.46, 4.02),
    "triangular": (1.32, 1.45, 2.10, 2.81, 3.00, 2.89, 3.32),
    "normal": (1.04, 1.25, 1.40, 1.73, 1.58, 1.45, 1.40),
}
NULLS = ("uniform", *_TABLED)


def null_name(null: object) -> str:
    """A null as part of a column's name; its variance where it is given as a number."""
    if isinstance(null, str):
        return check_choice("null", null, NULLS)
    if isinstance(null, Real) and not isinstance(null, bool) and 0 < float(null) < np.inf:
        return f"{float(null):g}"
    raise ArgumentError(f"null: expected one of {quoted(NULLS)}, or a variance above 0; got {null!r}.")


def null_variance(null: str | float, n_options: int) -> float:
    """Variance of the null distribution over so many response options.

    Parameters
    ----------
    null : str or float
        A name in `NULLS`, or the variance itself.
    n_options : int

    Returns
    -------
    float

    Raises
    ------
    ArgumentError
        The distribution is not tabled for so many options; the sentence names what is.

    Examples
    --------
    >>> null_variance("uniform", 5), null_variance("heavy", 5)
    (2.0, 0.44)
    """
    if not isinstance(null, str):
        return float(null)
    if null == "uniform":
        return (n_options**2 - 1) / 12
    if not _FEWEST <= n_options <= _MOST:
        raise ArgumentError(
            f"null: expected 'uniform' or a variance for items of {n_options} response options; got {null!r}, "
            f"which is tabled for {_FEWEST} to {_MOST} options."
        )
    return _TABLED[null][n_options - _FEWEST]
