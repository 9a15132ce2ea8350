"""The table and the words of a confirmatory factor analysis for reading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness.psychometrics.results import shown, shown_interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["METHODS", "correlation_words", "out_of", "parameter_rows"]

METHODS = {
    "ml": "Maximum likelihood",
    "mlr": "Maximum likelihood with robust standard errors and test (Yuan-Bentler)",
    "uls": "Unweighted least squares",
    "dwls": "Diagonally weighted least squares",
    "wlsmv": "Diagonally weighted least squares with robust standard errors, scaled and shifted test (WLSMV)",
}


def out_of(number: int, omitted: int) -> str:
    """How many respondents count, of how many where some were left out."""
    return f"{number} of {number + omitted}" if omitted else str(number)


def parameter_rows(parameters: pd.DataFrame, groups: Sequence[Any]) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Headings and rows of loadings, (co)variances and intercepts; with ``groups`` the label of each row's."""
    several = bool(groups)
    headings = [
        "Parameter",
        *(["Group"] if several else []),
        "Estimate",
        "SE",
        "95% interval",
        "Standardised",
        "SE",
    ]
    kept = parameters[parameters["op"].isin(["=~", "~~", "~1"])]
    kept = kept[(kept["se"] > 0) | (kept["op"] == "=~")]
    rows = []
    for row in kept.to_dict("records"):
        name = f"{row['lhs']} {row['op']} {row['rhs']}".replace("~1 ", "~ 1")
        rows.append(
            [
                name,
                *([str(groups[row["group"] - 1])] if several else []),
                shown(row["est"]),
                "fixed" if row["se"] == 0 else shown(row["se"]),
                "" if row["se"] == 0 else shown_interval(row["ci_low"], row["ci_high"]),
                shown(row["std_all"]),
                shown(row["std_se"]),
            ]
        )
    return headings, rows


def correlation_words(names: Sequence[str], correlations: pd.DataFrame) -> str:
    """Factor correlations in a line."""
    table = correlations.to_numpy()
    pairs = zip(*np.triu_indices(len(names), 1), strict=True)
    return ", ".join(f"{names[int(i)]}–{names[int(j)]} {shown(table[i, j], 2)}" for i, j in pairs)
