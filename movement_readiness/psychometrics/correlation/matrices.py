"""One correlation matrix for one analysis: factorability, retention and factors all start from the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice
from movement_readiness.psychometrics._coded import coded_items
from movement_readiness.psychometrics._frames import ItemTable, labelled
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._moments import pearson, spearman, varying
from movement_readiness.psychometrics.correlation._reading import read_items
from movement_readiness.psychometrics.correlation._smoothing import is_positive_definite, smallest_eigenvalue, smoothed
from movement_readiness.psychometrics.correlation.polychoric import (
    Options,
    PolychoricResult,
    checked_correction,
    polychoric_of,
)
from movement_readiness.psychometrics.results import Result, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CORRELATIONS", "CorrelationResult", "correlated", "correlation_matrix"]

Floats = npt.NDArray[np.float64]

CORRELATIONS = ("pearson", "spearman", "polychoric")


@dataclass(frozen=True, repr=False, eq=False)
class CorrelationResult(Result):
    """A correlation matrix with where it came from; made by `correlation_matrix` and `given_matrix`.

    Attributes
    ----------
    correlations : DataFrame, items x items
    n_respondents : int
        After listwise deletion; pairwise, all rows with an answer.
    n_pairs : DataFrame or None
        Respondents who answered both items; None for a matrix that was given.
    correlation : str
        "pearson", "spearman", "polychoric", or "given".
    missing : str or None
    means, standard_deviations : Series or None
        Of the items (divisor n - 1), each over its own answers; the standard deviations of a covariance matrix.
    polychoric : PolychoricResult or None
        With the thresholds.
    smallest_eigenvalue : float
        As estimated, before any smoothing.
    smoothed : bool
    warnings : tuple of str
    """

    correlations: pd.DataFrame
    n_respondents: int
    n_pairs: pd.DataFrame | None
    correlation: str
    missing: str | None
    means: pd.Series[float] | None
    standard_deviations: pd.Series[float] | None
    polychoric: PolychoricResult | None
    smallest_eigenvalue: float
    smoothed: bool
    warnings: tuple[str, ...]

    @property
    def matrix(self) -> Floats:
        """The correlations as an array of its own."""
        return np.array(self.correlations, dtype=np.float64)

    @property
    def items(self) -> tuple[Any, ...]:
        """The items' names, in order."""
        return tuple(self.correlations.columns)

    def to_frame(self) -> pd.DataFrame:
        """The correlations, items x items."""
        return self.correlations.copy()

    def __repr__(self) -> str:
        return (
            f"<CorrelationResult: {self.correlation} correlations of {len(self.correlations)} items, "
            f"{self.n_respondents} respondents{f', missing answers {self.missing}' if self.missing else ''}>"
        )

    def _heading(self) -> str:
        return f"{self.correlation.capitalize()} correlations"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = [str(name) for name in self.items]
        return ("", *names), [(name, *map(shown, row)) for name, row in zip(names, self.matrix, strict=True)]

    def _sentences(self) -> Sequence[str]:
        missing = f"; missing answers {self.missing}" if self.missing else ""
        repaired = f"Smoothed: the smallest eigenvalue was {shown(self.smallest_eigenvalue, 4)}." * self.smoothed
        pairs = ""
        if self.missing == "pairwise" and self.n_pairs is not None:
            pairs = f", {int(self.n_pairs.to_numpy().min(initial=self.n_respondents))} or more a pair"
        return (f"{self.n_respondents} respondents{pairs}{missing}.", repaired, *self.warnings)


def correlation_matrix(
    items: Any,
    *,
    correlation: str = "pearson",
    missing: str = "pairwise",
    correct: float | str = 0,
    smooth: bool = False,
) -> CorrelationResult:
    """The correlations of an item frame, of the kind and with the treatment of missing answers asked for.

    Parameters
    ----------
    items : frame or 2-D array
        One column an item, one row a respondent.
    correlation : {"pearson", "spearman", "polychoric"}
    missing : {"pairwise", "listwise"}
        "pairwise": each correlation over everyone who answered both items. "listwise": only respondents who
        answered everything.
    correct : float or "lavaan"
        Empty cells; polychoric only, see `polychoric`.
    smooth : bool
        Make a matrix that is not positive definite so; see `polychoric`.

    Returns
    -------
    CorrelationResult

    Warns
    -----
    ConstantItemWarning, NearPerfectCorrelationWarning, NotPositiveDefiniteWarning, TooFewRespondentsWarning, \
EstimationWarning
        As `polychoric` does; each names the items and what to do.
    IdentifierColumnWarning, StrayCodeWarning
        A column of row numbers or identifiers, taken as an item; a code far from the others, such as 99 or -9.

    Notes
    -----
    Pearson: r_ab = s_ab / (s_a s_b) over the shared rows, means and standard deviations those of the shared rows
    (R's ``cor(use = "pairwise.complete.obs")``). Checked against pandas (1e-12).

    Examples
    --------
    R: ``cor(items, use = "pairwise.complete.obs")``

    >>> import numpy as np
    >>> from movement_readiness.psychometrics.correlation import correlation_matrix
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.integers(1, 6, (200, 1)) + rng.integers(0, 3, (200, 3))
    >>> correlation_matrix(answers).correlations.round(3)
            item_1  item_2  item_3
    item_1   1.000   0.778   0.751
    item_2   0.778   1.000   0.772
    item_3   0.751   0.772   1.000
    """
    check_choice("correlation", correlation, CORRELATIONS)
    checked_correction(correct)
    table, before = read_items(items, missing, ordered=correlation == "polychoric", intervals=False)
    remedies = _findings.IN_MATRIX.within(missing, before)
    return correlated(table, correlation, remedies, correct=correct, smooth=smooth)


def correlated(
    table: ItemTable, correlation: str, remedies: _findings.Remedies, *, correct: float | str = 0, smooth: bool = False
) -> CorrelationResult:
    """`correlation_matrix` of answers that are read; its warnings name the remedies of who asks."""
    if correlation == "polychoric":
        options = Options(missing=remedies.missing, correct=correct, smooth=smooth, remedies=remedies)
        return _from_polychoric(table, polychoric_of(table, coded_items("items", table), options))
    remedies = remedies.of_numbers()
    found, n = (pearson if correlation == "pearson" else spearman)(table.values)
    smallest = smallest_eigenvalue(found)
    repair = smooth and not is_positive_definite(smallest)
    return CorrelationResult(
        correlations=labelled(smoothed(found) if repair else found, table.names),
        n_respondents=table.n_respondents,
        n_pairs=labelled(n, table.names),
        correlation=correlation,
        missing=remedies.missing,
        polychoric=None,
        smallest_eigenvalue=smallest,
        smoothed=repair,
        warnings=_findings.give(
            [
                *_findings.about_respondents(table.n_respondents, remedies),
                *_about(table, found, n, remedies),
                *_findings.about_matrix(found, table.names, repair, remedies, n),
            ]
        ),
        **_moments(table),
    )


def _from_polychoric(table: ItemTable, found: PolychoricResult) -> CorrelationResult:
    return CorrelationResult(
        correlations=found.correlations,
        n_respondents=found.n_respondents,
        n_pairs=found.n_pairs,
        correlation="polychoric",
        missing=found.missing,
        polychoric=found,
        smallest_eigenvalue=found.smallest_eigenvalue,
        smoothed=found.smoothed,
        warnings=found.warnings,
        **_moments(table),
    )


def _about(
    table: ItemTable, found: Floats, n: npt.NDArray[np.int64], remedies: _findings.Remedies
) -> list[_findings.Finding]:
    meant = varying(table.values)
    constant = [repr(table.names[place]) for place in np.flatnonzero(~meant)]
    pairs = np.triu_indices(table.n_items, 1)
    return [
        *_findings.constant_items(constant),
        *_findings.about_pairs(table.names, pairs, found[pairs], n[pairs], meant, remedies),
    ]


def _moments(table: ItemTable) -> dict[str, Any]:
    import pandas as pd

    some_missing = bool(np.isnan(table.values.sum()))
    present = [column[~np.isnan(column)] if some_missing else column for column in table.values.T]
    mean = [column.mean() if column.size else np.nan for column in present]
    spread = [_standard_deviation(column) if column.size > 1 else np.nan for column in present]
    names = list(table.names)
    return {"means": pd.Series(mean, index=names), "standard_deviations": pd.Series(spread, index=names)}


def _standard_deviation(column: Floats) -> float:
    apart = column - column.mean()
    return float(np.sqrt(apart @ apart / (column.size - 1)))
