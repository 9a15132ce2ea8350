"""Correlations of measured variables with the normal variables behind ordered answers, and the matrix of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._coded import CodedItems, coded_items
from movement_readiness.psychometrics._frames import (
    MISSING,
    ItemTable,
    answer_table,
    complete_rows,
    item_table,
    labelled,
)
from movement_readiness.psychometrics._inputs import check_same_rows
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._moments import pearson
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate
from movement_readiness.psychometrics.correlation._polyserial import PolyserialPair, fit_polyserial
from movement_readiness.psychometrics.correlation._smoothing import is_positive_definite, smallest_eigenvalue, smoothed
from movement_readiness.psychometrics.results import Result, counted, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PolyserialResult", "polyserial"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False, eq=False)
class PolyserialResult(Result):
    """Polyserial correlations and the mixed matrix; made by `polyserial`.

    Attributes
    ----------
    polyserial : DataFrame, items x measured variables
    standard_errors : DataFrame, items x measured variables
        Of the polyserial correlations.
    correlations : DataFrame
        Of the measured variables (Pearson), then the items (polychoric), polyserial between them.
    n_pairs : DataFrame
        Respondents behind each of these.
    n_respondents : int
        After listwise deletion; pairwise, all rows with a value.
    smallest_eigenvalue, smoothed, missing
        As in `PolychoricResult`.
    warnings : tuple of str
    """

    polyserial: pd.DataFrame
    standard_errors: pd.DataFrame
    correlations: pd.DataFrame
    n_pairs: pd.DataFrame
    n_respondents: int
    smallest_eigenvalue: float
    smoothed: bool
    missing: str
    warnings: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row an item and measured variable: correlation, standard error, number of respondents."""
        import pandas as pd

        items, measured = list(self.polyserial.index), list(self.polyserial.columns)
        return pd.DataFrame(
            {
                "item": [item for item in items for _ in measured],
                "with": measured * len(items),
                "correlation": self.polyserial.to_numpy().ravel(),
                "standard_error": self.standard_errors.to_numpy().ravel(),
                "n": self.n_pairs.loc[items, measured].to_numpy().ravel(),
            }
        )

    def __repr__(self) -> str:
        items, measured = self.polyserial.shape
        return (
            f"<PolyserialResult: correlations of {counted(items, 'item')} with "
            f"{counted(measured, 'measured variable')}, {self.n_respondents} respondents>"
        )

    def _heading(self) -> str:
        return "Polyserial correlations"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        rows = zip(self.polyserial.index, self.polyserial.to_numpy(), strict=True)
        return ("", *map(str, self.polyserial.columns)), [(str(name), *map(shown, row)) for name, row in rows]

    def _sentences(self) -> Sequence[str]:
        return (
            f"{self.n_respondents} respondents; missing answers {self.missing}.",
            "Means, standard deviations and thresholds from each variable's own distribution, then each correlation "
            "by maximum likelihood (two-step).",
            *self.warnings,
        )


def polyserial(items: Any, measured: Any, *, missing: str = "pairwise", smooth: bool = False) -> PolyserialResult:
    """Polyserial correlations of ordered items with measured variables, and the correlation matrix of all of them.

    With z the standardised measured variable and tau the thresholds of an item, the answer is category j with the
    probability Phi((tau_j - rho z)/s) - Phi((tau_{j-1} - rho z)/s), s = sqrt(1 - rho^2); the estimate maximises
    the sum of its logarithm over the respondents who have both, mean, variance and thresholds held at what the
    margins give (two-step).

    Parameters
    ----------
    items : frame or 2-D array
        Ordered items, as in `polychoric`.
    measured : frame, Series or 2-D array
        Measured variables, one row for each row of items. Those of an array are called measured_1, measured_2, ....
    missing : {"pairwise", "listwise"}
        "pairwise": margins from everyone who has the variable, correlations from everyone who has both. "listwise":
        only respondents who have everything.
    smooth : bool
        Make a mixed matrix that is not positive definite so; see `polychoric`.

    Returns
    -------
    PolyserialResult

    Raises
    ------
    ArgumentError
        Rows that do not belong together, a name in both frames, text.

    Warns
    -----
    As `polychoric` does.

    Notes
    -----
    The variance has the divisor n, as in ``lavaan``; ``polycor::polyserial`` takes n - 1, and its values are larger
    in the third decimal at n = 200. Standard errors include the uncertainty of mean, variance and thresholds.
    Checked against ``lavaan::lavCor`` 0.6-14: correlations 1e-6, standard errors 1e-6 relative.

    References
    ----------
    Olsson U, Drasgow F, Dorans NJ (1982). The polyserial correlation coefficient. Psychometrika 47:337-347.
    doi:10.1007/BF02294164

    Examples
    --------
    R: ``lavaan::lavCor(data, ordered = names(items))``

    >>> import numpy as np
    >>> from movement_readiness.psychometrics.correlation import polyserial
    >>> rng = np.random.default_rng(1)
    >>> z = rng.standard_normal(500)
    >>> answers = np.digitize(0.6 * z[:, None] + 0.8 * rng.standard_normal((500, 2)), [-1, 0, 1])
    >>> polyserial(answers, z).to_frame().round(3)
         item        with  correlation  standard_error    n
    0  item_1  measured_1        0.511           0.036  500
    1  item_2  measured_1        0.615           0.029  500
    """
    check_choice("missing", missing, MISSING)
    ordered, numbers = answer_table("items", items, at_least=1, ordered=True), _measured_table(measured)
    check_same_rows("items", ordered.values, "measured", numbers.values)
    twice = [name for name in numbers.names if name in ordered.names]
    if twice:
        raise ArgumentError(f"measured: expected names that no item has; {quoted(twice)} are in both.")
    before = ordered.n_respondents
    if missing == "listwise":
        ordered, numbers = _complete(ordered, numbers)
    before = before if ordered.n_respondents < before else 0
    coded = coded_items("items", ordered)
    found = estimate(coded.codes, coded.n_categories)
    between = _between(coded, numbers, found)
    return _result(numbers, coded, found, between, _findings.IN_POLYSERIAL.within(missing, before), smooth)


def _measured_table(measured: Any) -> ItemTable:
    import pandas as pd

    if isinstance(measured, pd.Series):
        measured = measured.to_frame("measured_1" if measured.name is None else measured.name)
    elif np.ndim(measured) == 1 and isinstance(measured, (np.ndarray, list, tuple)):
        measured = np.asarray(measured)[:, np.newaxis]
    table = item_table("measured", measured, at_least=1)
    if isinstance(measured, (np.ndarray, list, tuple)):
        names = tuple(f"measured_{place}" for place in range(1, table.n_items + 1))
        return ItemTable(names, table.values, table.options)
    return table


def _complete(ordered: ItemTable, numbers: ItemTable) -> tuple[ItemTable, ItemTable]:
    keep = complete_rows(np.hstack([ordered.values, numbers.values]))
    if keep.sum() < 2:
        raise ArgumentError(
            "items and measured: expected two or more respondents who have everything (missing='listwise'); "
            f"got {keep.sum()}. missing='pairwise' uses what there is."
        )
    return (
        ItemTable(ordered.names, ordered.values[keep], ordered.options),
        ItemTable(numbers.names, numbers.values[keep], numbers.options),
    )


def _between(coded: CodedItems, numbers: ItemTable, found: PolychoricEstimates) -> list[list[PolyserialPair]]:
    """One list an item, one pair a measured variable."""
    return [
        [
            fit_polyserial(numbers.values[:, column], coded.codes[:, item], found.thresholds[item, : max(size - 1, 0)])
            for column in range(numbers.n_items)
        ]
        for item, size in enumerate(coded.n_categories)
    ]


def _result(
    numbers: ItemTable,
    coded: CodedItems,
    found: PolychoricEstimates,
    between: list[list[PolyserialPair]],
    remedies: _findings.Remedies,
    smooth: bool,
) -> PolyserialResult:
    rho = np.array([[pair.rho for pair in row] for row in between])
    n = np.array([[pair.n for pair in row] for row in between])
    matrix, count = pearson(numbers.values)
    own = np.diag(found.pairs.margins.sum(axis=1))
    own[found.pairs.first, found.pairs.second] = own[found.pairs.second, found.pairs.first] = found.pairs.n_pairs
    names = [*numbers.names, *coded.names]
    mixed = np.block([[matrix, rho.T], [rho, found.correlations]])
    counts = np.block([[count, n.T], [n, own]]).astype(np.int64)
    smallest = smallest_eigenvalue(mixed)
    repair = smooth and not is_positive_definite(smallest)
    has = ~np.isnan(numbers.values).all(axis=1) | (coded.codes >= 0).any(axis=1)
    return PolyserialResult(
        polyserial=labelled(rho, coded.names, numbers.names),
        standard_errors=labelled(
            [[pair.standard_error for pair in row] for row in between], coded.names, numbers.names
        ),
        correlations=labelled(smoothed(mixed) if repair else mixed, names, names),
        n_pairs=labelled(counts, names, names),
        n_respondents=int(has.sum()),
        smallest_eigenvalue=smallest,
        smoothed=repair,
        missing=remedies.missing,
        warnings=_findings.give(
            [
                *_findings.about_respondents(int(has.sum()), remedies),
                *_findings.ordinal(coded, found, remedies),
                *_about_between(coded, numbers, between, remedies),
                *_findings.about_matrix(mixed, names, repair, remedies, counts),
            ]
        ),
    )


def _about_between(
    coded: CodedItems, numbers: ItemTable, between: list[list[PolyserialPair]], remedies: _findings.Remedies
) -> list[_findings.Finding]:
    """What the polyserial correlations and the measured variables need said."""
    spread = [np.unique(column[~np.isnan(column)]).size > 1 for column in numbers.values.T]
    constant = [repr(name) for name, varies in zip(numbers.names, spread, strict=True) if not varies]
    names = [*numbers.names, *coded.names]
    places = [(column, len(numbers.names) + item) for item in range(len(between)) for column in range(len(spread))]
    pairs = (np.array([one for one, _ in places]), np.array([other for _, other in places]))
    flat = [pair for row in between for pair in row]
    varying = np.array([*spread, *(coded.n_categories > 1)])
    rho, n = np.array([pair.rho for pair in flat]), np.array([pair.n for pair in flat])
    return [
        *_findings.constant_items(constant),
        *_findings.about_pairs(names, pairs, rho, n, varying, remedies),
        *_findings.not_converged(names, pairs, np.array([pair.converged for pair in flat])),
    ]
