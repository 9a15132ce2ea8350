"""The response options of each item, whether anybody chose them; and options of functions that several share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_integer, quoted
from movement_readiness.exceptions import ArgumentError, ConstantItemWarning, EmptyCategoryWarning
from movement_readiness.psychometrics._frames import ItemTable
from movement_readiness.psychometrics.results import give_warning

__all__ = ["check_items_of_options", "check_seed", "check_whole", "look_at_answers", "response_options"]

_MOST_OPTIONS = 20  # of an item whose options are counted from whole numbers


def response_options(table: ItemTable, place: int, n_options: int | Mapping[str, int] | None) -> list[float]:
    """The codes of an item's response options, as far as they are known."""
    check_items_of_options(table.names, n_options)
    name, categories = table.names[place], table.options[place]
    if categories is not None:
        return [float(code) for code in range(len(categories))]
    column = table.values[:, place]
    used = [float(code) for code in np.unique(column[~np.isnan(column)])]
    number = n_options.get(name) if isinstance(n_options, Mapping) else n_options
    if number is None:
        return _between(used)
    number = check_integer(f"n_options of {name!r}", number, 2)
    first = 0 if used and used[0] == 0 else 1
    expected = [float(code) for code in range(first, first + number)]
    strange = [code for code in used if code not in expected]
    if strange:
        raise ArgumentError(
            f"n_options: expected the codes {first} to {first + number - 1} in {name!r}, which has {number} options; "
            f"got {strange[0]:g}."
        )
    return expected


def check_items_of_options(names: Sequence[object], n_options: object) -> None:
    """Refuse numbers of options of what is no item."""
    if isinstance(n_options, Mapping):
        unknown = [name for name in n_options if name not in names]
        if unknown:
            raise ArgumentError(f"n_options: expected items of the frame; {quoted(unknown)} not among them.")


def _between(used: list[float]) -> list[float]:
    """The codes that occur, and whole numbers between them that nobody chose."""
    if used and all(code.is_integer() for code in used) and used[-1] - used[0] < _MOST_OPTIONS:
        return [float(code) for code in range(int(used[0]), int(used[-1]) + 1)]
    return used


def look_at_answers(table: ItemTable, options: Sequence[list[float]], counts: Sequence[npt.NDArray[np.int64]]) -> None:
    """Warn of items with one answer only, and of options that nobody chose."""
    constant = [name for name, n in zip(table.names, counts, strict=True) if (n > 0).sum() < 2]
    if constant:
        give_warning(
            f"items: {quoted(constant)} have one answer only, or none: they say nothing about differences between "
            "people. Leave them out of scales.",
            ConstantItemWarning,
        )
    empty = {
        name: [f"{code:g}" for code, count in zip(codes, n, strict=True) if not count]
        for name, codes, n in zip(table.names, options, counts, strict=True)
        if name not in constant
    }
    named = [f"{name!r} ({', '.join(codes)})" for name, codes in empty.items() if codes]
    if named:
        give_warning(
            f"items: nobody chose some response options: {'; '.join(named[:12])}. Ordinal models leave an unused "
            "option out; ask whether it is worded too strongly, or whether too few people answered.",
            EmptyCategoryWarning,
        )


def check_whole(argument: str, value: object, low: int, high: int | None = None) -> int:
    """`value` as an int if it is a whole number from low to high; 300.0 is one."""
    if isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer():
        value = int(float(value))
    return check_integer(argument, value, low, high)


def check_seed(seed: object) -> int | None:
    """A seed as a whole number, or None for a new one each time; a numpy Generator gives its next number."""
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    return None if seed is None else check_integer("seed", seed, 0)
