"""Answers as category numbers: for statistics of ordered categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._frames import MOST_CATEGORIES, ItemTable

__all__ = ["CodedItems", "coded_items"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_WIDEST_RANGE = 1000  # of whole-number codes that are counted rather than sorted


@dataclass(frozen=True, slots=True, eq=False)
class CodedItems:
    """Answers as category numbers; see `coded_items`.

    ``codes`` (respondents, items), from 0, -1 where missing; ``n_categories`` (items,), the categories somebody
    chose; ``categories``, each item's categories as they are written in the data; ``unused``, the response options
    of each item that nobody chose.
    """

    names: tuple[Any, ...]
    codes: npt.NDArray[np.int8]
    n_categories: Ints
    categories: tuple[tuple[Any, ...], ...]
    unused: tuple[tuple[Any, ...], ...]


def coded_items(argument: str, table: ItemTable, categories: Sequence[Any] | None = None) -> CodedItems:
    """Number the categories of every item 0, 1, ..., those that somebody chose.

    Parameters
    ----------
    argument : str
    table : ItemTable
    categories : sequence of numbers, optional
        All response options, the same for every item, so that options nobody chose are known; without it they are
        known for categorical columns, and for whole numbers where one between others is missing.

    Returns
    -------
    CodedItems

    Examples
    --------
    >>> from movement_readiness.psychometrics._frames import item_table
    >>> found = coded_items("items", item_table("items", [[1, 2], [4, None], [2, 2]]))
    >>> found.codes.tolist(), found.categories, found.unused
    ([[0, 0], [2, -1], [1, 0]], ((1, 2, 4), (2,)), ((3,), ()))
    """
    codes = np.empty(table.values.shape, dtype=np.int8, order="F")
    values = []
    for place, name in enumerate(table.names):
        codes[:, place], found = _coded(f"{argument}[{name!r}]", table.values[:, place])
        values.append(found)
    step = _common_step(values)
    used, unused = [], []
    for name, found, options in zip(table.names, values, table.options, strict=True):
        known = _known_options(f"{argument}[{name!r}]", found, options, categories, step)
        used.append(tuple(_written(number, options) for number in found))
        unused.append(tuple(_written(number, options) for number in known if number not in found))
    sizes = np.array([len(found) for found in used], dtype=np.int64)
    return CodedItems(table.names, codes, sizes, tuple(used), tuple(unused))


def _common_step(values: Sequence[Sequence[float]]) -> int:
    """The largest step that leads from any whole number in use to any other of the same item; 0 where none does."""
    steps = [later - before for found in values for before, later in pairwise(found)]
    return math.gcd(*map(int, steps)) if all(step.is_integer() for step in steps) else 0


def _coded(argument: str, column: Floats) -> tuple[npt.NDArray[np.int8], list[float]]:
    missing = np.isnan(column)
    some = bool(missing.any())
    present = column[~missing] if some else column
    low, high = (float(present.min()), float(present.max())) if present.size else (0.0, 0.0)
    if high - low <= _WIDEST_RANGE and np.array_equal(present, np.rint(present)):
        shifted = (present - low).astype(np.int16)
        counts = np.bincount(shifted) if present.size else np.zeros(1)
        found = np.flatnonzero(counts)
        _check_number_of_categories(argument, found.size)
        numbered = np.cumsum(counts > 0, dtype=np.int16).astype(np.int8)[shifted] - np.int8(1)
        values = (found + low).tolist()
    else:
        unique, place = np.unique(present, return_inverse=True)
        _check_number_of_categories(argument, unique.size)
        numbered, values = place.astype(np.int8), unique.tolist()
    if not some:
        return numbered, values
    codes = np.full(column.size, -1, dtype=np.int8)
    codes[~missing] = numbered
    return codes, values


def _check_number_of_categories(argument: str, found: int) -> None:
    if found > MOST_CATEGORIES:
        raise ArgumentError(
            f"{argument}: expected ordered categories, {MOST_CATEGORIES} at most; got {found} different values. "
            "A continuous variable goes into polyserial, or into Pearson correlations; row numbers are no item."
        )


def _known_options(
    argument: str, found: list[float], options: tuple[Any, ...] | None, categories: Sequence[Any] | None, step: int
) -> Sequence[float]:
    if options is not None:
        return range(len(options))
    if categories is not None:
        strange = [value for value in found if value not in categories]
        if strange:
            raise ArgumentError(f"{argument}: expected one of the categories {quoted(categories)}; got {strange[0]:g}.")
        return sorted(categories)
    if step and found and (found[-1] - found[0]) / step < MOST_CATEGORIES:
        return np.arange(found[0], found[-1] + 1, step).tolist()
    return found


def _written(number: float, options: tuple[Any, ...] | None) -> Any:
    if options is not None:
        return options[int(number)]
    return int(number) if float(number).is_integer() else number
