"""The correlation matrix of one analysis, from values, fast enough to be made for every bootstrap sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ConstantItemWarning, NearPerfectCorrelationWarning
from movement_readiness.psychometrics._coded import coded_items
from movement_readiness.psychometrics._frames import ItemTable
from movement_readiness.psychometrics.correlation._findings import NEAR_PERFECT, Remedies, give, ordinal
from movement_readiness.psychometrics.correlation._moments import pearson
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate
from movement_readiness.psychometrics.results import give_warning, shown

__all__ = [
    "ALL_ROWS",
    "NOUGHT",
    "CodedValues",
    "Rows",
    "coded_values",
    "correlations_of_rows",
    "correlations_of_values",
    "look_at_categories",
    "near_perfect",
    "polychoric_of_codes",
    "warn_of_constant",
    "warn_of_near_perfect",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows: TypeAlias = "Ints | slice"
Pair: TypeAlias = "tuple[Any, Any, float]"

ALL_ROWS = slice(None)
NOUGHT = -0.005  # an item-rest correlation that is nearer to zero prints as 0.00 and accuses nobody
_NAMED = 8
_REMEDIES = Remedies(  # a matrix that is not positive definite is no obstacle here
    smooth="",
    empty=", or their table has too many empty cells to tell: look at pandas.crosstab of the two, then leave one out "
    "or merge categories",
)


@dataclass(frozen=True, slots=True, eq=False)
class CodedValues:
    """Ordered answers by number, so that a bootstrap sample need not sort them again.

    ``codes`` (respondents, items) from 0, -1 where missing; ``levels`` (items, K): the rising values that the codes
    stand for, NaN behind an item's last. Every category is used.
    """

    codes: npt.NDArray[np.int8]
    levels: Floats

    def rows(self, rows: Rows) -> CodedValues:
        """These rows alone, numbered anew where nobody in them chose a category."""
        codes, items = self.codes[rows], np.arange(len(self.levels))
        used = np.zeros((items.size, self.levels.shape[1] + 1), dtype=bool)
        used[items, codes] = True
        used = used[:, :-1]  # the last one was that of missing answers
        if np.array_equal(used, ~np.isnan(self.levels)):
            return CodedValues(codes, self.levels)
        number = np.full((items.size, self.levels.shape[1] + 1), -1, dtype=np.int8)
        number[:, :-1] = np.cumsum(used, axis=1) - 1
        return CodedValues(number[items, codes], np.sort(np.where(used, self.levels, np.nan), axis=1))

    @property
    def sizes(self) -> Ints:
        """Categories of each item."""
        return np.asarray((~np.isnan(self.levels)).sum(axis=1), dtype=np.int64)

    def steps(self, width: int) -> Floats:
        """From each code of an item to the next one, shape (items, width); 0 behind the last."""
        found = np.zeros((len(self.levels), width))
        apart = np.nan_to_num(np.diff(self.levels, axis=1))[:, :width]
        found[:, : apart.shape[1]] = apart
        return found


def coded_values(values: Floats) -> CodedValues:
    """Number the values (respondents, items) of each item from 0; NaN where missing."""
    codes, levels = np.full(values.shape, -1, dtype=np.int8), []
    for item, column in enumerate(values.T):
        there = ~np.isnan(column)
        used, codes[there, item] = np.unique(column[there], return_inverse=True)
        levels.append(used)
    table = np.full((len(levels), max(used.size for used in levels)), np.nan)
    for row, used in zip(table, levels, strict=True):
        row[: used.size] = used
    return CodedValues(codes, table)


def polychoric_of_codes(coded: CodedValues) -> PolychoricEstimates:
    """Two-step polychoric correlations, and what they were made of."""
    return estimate(coded.codes, coded.sizes)


def look_at_categories(table: ItemTable) -> None:
    """Refuse items that are no ordered categories, and say once, for all rows, what their correlations need said."""
    coded = coded_items("items", table)
    give(ordinal(coded, estimate(coded.codes, coded.n_categories), _REMEDIES))


def correlations_of_rows(values: Floats, correlation: str) -> Callable[[Rows], Floats]:
    """Pearson or polychoric correlations of any rows; each pair uses those that have both, their own means and SDs."""
    if correlation == "polychoric":
        coded = coded_values(values)
        return lambda rows: polychoric_of_codes(coded.rows(rows)).correlations
    return lambda rows: _pearson(values[rows])


def correlations_of_values(values: Floats, correlation: str) -> Floats:
    """`correlations_of_rows` of all rows."""
    return correlations_of_rows(values, correlation)(ALL_ROWS)


def _pearson(values: Floats) -> Floats:
    found, _ = pearson(values)
    varies = np.fmax.reduce(values, axis=0) > np.fmin.reduce(values, axis=0)
    found[np.diag_indices(len(found))] = np.where(varies, 1.0, np.nan)
    return found


def near_perfect(correlations: Floats, names: Sequence[Any]) -> list[Pair]:
    """Pairs of items that (almost) repeat each other, with their correlation."""
    first, second = np.triu_indices(len(correlations), 1)
    r = correlations[first, second]
    return [
        (names[first[pair]], names[second[pair]], float(r[pair])) for pair in np.flatnonzero(abs(r) >= NEAR_PERFECT)
    ]


def warn_of_constant(table: ItemTable) -> None:
    """One warning about all items with one answer only; those without any are refused elsewhere."""
    low, high = np.fmin.reduce(table.values, axis=0), np.fmax.reduce(table.values, axis=0)
    constant = [name for name, one, other in zip(table.names, low, high, strict=True) if one == other]
    if constant:
        give_warning(
            f"items: {quoted(constant)} {'has' if len(constant) == 1 else 'have'} one answer only, which alpha counts "
            "among the items (psych::alpha deletes such items). Leave out what says nothing about people.",
            ConstantItemWarning,
        )


def warn_of_near_perfect(pairs: Iterable[Pair]) -> None:
    """One warning about all of them; each pair is named once, in whatever scale it is."""
    found = {frozenset((one, other)): f"{one!r} with {other!r} ({shown(r)})" for one, other, r in pairs}
    if found:
        words = list(found.values())
        more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
        give_warning(
            f"items: correlations of {NEAR_PERFECT} or more in size: {', '.join(words[:_NAMED])}{more}. Items that "
            "repeat each other make a scale look more reliable than it is: leave one out.",
            NearPerfectCorrelationWarning,
        )
