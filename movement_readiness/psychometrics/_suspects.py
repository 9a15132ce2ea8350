"""What is in an item frame and looks like no answer: a column of row numbers, a code far from all others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import IdentifierColumnWarning, StrayCodeWarning
from movement_readiness.psychometrics.results import give_warning

__all__ = ["look_for_identifiers", "look_for_stray_codes", "stray_codes"]

Floats = npt.NDArray[np.float64]

_NAMES = re.compile(
    r"(id|index|row|row_?names?|unnamed: \d+|respondent|participant|subject|case|"
    r"(response|respondent|person|participant|subject|case|row|record|user|questionnaire)_?(id|no|nr|number))"
)
_MOST_OPTIONS = 10  # as many different answers in the first rows, and one more, are no response options
_NEAR = 4  # steps: a code no farther than this from the next is an option that few chose
_FARTHER = 3  # times as far as the others reach, for a code that does not often mean missing
_USUAL = {float(digit) * repeated for digit in (6, 7, 8, 9) for repeated in (1, 11, 111, 1111)} | {96.0, 97.0, 98.0}
_USUAL |= {996.0, 997.0, 998.0}  # so do negative codes beside others that are not
_MOST_DISTINCT = 20
_SKIPPED, _ITEMS, _FEWEST_CODES = 3, 3, 3  # steps to a code beyond all; items of the frame, codes of the item for that
_AT_THE_END = 0.75  # of items end at the same code where they have the same response options
_FEW_ROWS, _MANY = 20, 1000
_COUNTED = 4096  # whole-number codes in such a range are counted rather than sorted


def look_for_identifiers(argument: str, names: Sequence[Any], values: Floats, at_most: int | None = None) -> list[Any]:
    """Warn of columns that number the rows, or are named as an identifier; their names.

    Parameters
    ----------
    argument : str
        What the frame is called, for sentences.
    names : sequence, one a column
    values : array, shape (rows, columns)
    at_most : int, optional
        Columns with more different values are refused anyway, and not warned of.
    """
    found = [
        name
        for place, name in enumerate(names)
        if (_NAMES.fullmatch(str(name).strip().casefold()) or _numbers_rows(values[:, place]))
        and (at_most is None or np.unique(values[:, place]).size <= at_most)
    ]
    wide = [] if at_most is not None else _wide(names, values, found)
    totals = _totals([*found, *wide], names, values)
    wide = [name for name in wide if name not in totals]
    for name, what in totals.items():
        give_warning(
            f"{argument}: {name!r} is the {what} of the other columns, so it repeats them and was taken as one more "
            f"item. Leave it out (pandas: {argument}.drop(columns=[{name!r}])).",
            IdentifierColumnWarning,
        )
    if wide:
        one = len(wide) == 1
        give_warning(
            f"{argument}: {quoted(wide)} {'looks' if one else 'look'} like no item: more than {_MOST_DISTINCT} "
            f"different values, where the other columns have {_MOST_OPTIONS} or fewer. Leave {'it' if one else 'them'} "
            f"out (pandas: {argument}.drop(columns={wide!r})).",
            IdentifierColumnWarning,
        )
    if found:
        give_warning(
            f"{argument}: {quoted(found)} looks like a running number or an identifier of the rows, and was taken as "
            f"answers. Leave it out (pandas: {argument}.drop(columns={found!r})).",
            IdentifierColumnWarning,
        )
    return [*found, *wide, *totals]


def _wide(names: Sequence[Any], values: Floats, known: Sequence[Any]) -> list[Any]:
    """Columns with more different values than response options have, where the others look like items."""
    sizes = {name: _n_different(values[:, place]) for place, name in enumerate(names) if name not in known}
    found = [name for name, size in sizes.items() if size > _MOST_DISTINCT]
    others = [size for size in sizes.values() if size <= _MOST_DISTINCT]
    return found if len(others) >= max(2, len(found)) and max(others) <= _MOST_OPTIONS else []


def _n_different(column: Floats) -> int:
    """How many different values there are; of whole numbers in a short range at most as many as it has."""
    low, high = float(np.fmin.reduce(column)), float(np.fmax.reduce(column))
    head = column[:_MANY]
    if high - low < _MOST_OPTIONS and bool(((head == np.rint(head)) | np.isnan(head)).all()):
        return int(high - low) + 1
    return int(np.unique(column[~np.isnan(column)]).size)


def _totals(suspects: Sequence[Any], names: Sequence[Any], values: Floats) -> dict[Any, str]:
    """The one column that is the sum or the mean of the others, suspects but itself left aside; and which."""
    base = [place for place, name in enumerate(names) if name not in suspects]
    found = {}
    for place, name in enumerate(names):
        others = [one for one in base if one != place]
        what = "" if len(others) < 2 else _combination(values[:, place], values, others)
        if what:
            found[name] = what
    return found if len(found) == 1 else {}


def _combination(column: Floats, values: Floats, others: list[int]) -> str:
    for rows in (slice(0, _FEW_ROWS), slice(None)):  # the first few rows rule nearly everything out
        total = values[rows][:, others].sum(axis=1)
        there = np.isfinite(total) & np.isfinite(column[rows])
        one, total = column[rows][there], total[there]
        if one.size and not np.allclose(one, total) and not np.allclose(one, total / len(others)):
            return ""
    if one.size < _FEW_ROWS or np.ptp(one) == 0:
        return ""
    return "sum" if np.allclose(one, total) else "mean"


def _numbers_rows(column: Floats) -> bool:
    """Whether every row has a whole number of its own, and they run from one to the next, in whatever order."""
    head = column[: _MOST_OPTIONS + 1]
    if head.size <= _MOST_OPTIONS or np.unique(head).size < head.size or np.isnan(column).any():
        return False
    ordered = np.sort(column)
    whole = bool((np.rint(column) == column).all())
    return whole and bool((np.diff(ordered) == 1).all())


def look_for_stray_codes(argument: str, names: Sequence[Any], values: Floats) -> None:
    """Warn of codes far from all others, such as 99 or -9 for a missing answer; see `stray_codes`."""
    found = [f"{name!r} ({', '.join(f'{code:g}' for code in codes)})" for name, codes in stray_codes(names, values)]
    if found:
        more = f" and {len(found) - 8} more" if len(found) > 8 else ""
        give_warning(
            f"{argument}: codes far from the others, taken as answers: {'; '.join(found[:8])}{more}. If they stand for "
            f"a missing answer, make them missing first (pandas: {argument}.replace(code, float('nan'))).",
            StrayCodeWarning,
        )


def stray_codes(names: Sequence[Any], values: Floats) -> list[tuple[Any, list[float]]]:
    """Items with codes far from their other codes, and those codes.

    A code at an end is far when it lies 4 or more steps of the others from the next one, and three times as far as
    they reach; for codes that often mean missing (negative, 8, 9, 88, 99, 999 and so on) once as far. In three items or
    more it is far too when two codes or more that no item uses part it from those of every item (an 8 where all others
    end at 5; a -1 where all begin at 1), and the item uses three or more others without a gap. What another item uses
    among its ordinary codes is far nowhere. Only whole numbers are looked at, 20 different ones at most, each given by
    two people on average.

    Examples
    --------
    >>> stray_codes(["a", "b"], np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 1.0], [99.0, 2.0]] * 2))
    [('a', [99.0])]
    """
    used = [_codes(column) for column in values.T]
    beyond = _beyond_all(used)
    far = [_far(codes) | (beyond & set(codes)) for codes in used]
    ordinary = {code for codes, away in zip(used, far, strict=True) for code in codes if code not in away}
    stray = {code for away in far for code in away} - ordinary
    found = [(name, [code for code in codes if code in stray]) for name, codes in zip(names, used, strict=True)]
    return [(name, codes) for name, codes in found if codes]


def _codes(column: Floats) -> list[float]:
    """The codes of an item, rising (all in its range where that is too short for one to be far); none if not whole."""
    low, high = float(np.fmin.reduce(column)), float(np.fmax.reduce(column))
    if np.isnan(low) or not low.is_integer():
        return []
    if high - low <= _NEAR:
        return [low + step for step in range(int(high - low) + 1)]
    present = column[~np.isnan(column)] if np.isnan(column.sum()) else column
    whole = present.astype(np.int64) if high - low < _COUNTED else np.rint(present)
    if not np.array_equal(present, whole):
        return []
    counted = whole.dtype.kind == "i"
    codes = np.flatnonzero(np.bincount(whole - int(low))) + low if counted else np.unique(present)
    few = codes.size <= min(_MOST_DISTINCT, present.size / 2)
    return [float(code) for code in codes] if few else []


def _far(codes: list[float]) -> set[float]:
    """The codes at either end that lie far from the others: three at most at each end."""
    found: set[float] = set()
    for sign in (1.0, -1.0):
        kept = sorted(sign * code for code in codes if code not in found)
        cut = next((many for many in (3, 2, 1) if len(kept) - many >= 2 and _apart(kept, many, sign)), 0)
        found |= {sign * code for code in kept[len(kept) - cut :]}
    return found


def _beyond_all(used: list[list[float]]) -> set[float]:
    """Codes at an end of an item that codes which nobody gives to any item part from all others."""
    whole = [codes for codes in used if codes]
    if len(whole) < _ITEMS:
        return set()
    above = {codes[-1] for codes in whole if _even(codes[:-1]) and codes[-1] - codes[-2] >= _SKIPPED}
    below = {codes[0] for codes in whole if _even(codes[1:]) and codes[0] < 0 < codes[1]}
    tops = [max((code for code in codes if code not in above), default=-np.inf) for codes in whole]
    lowest = min(min((code for code in codes if code not in below), default=np.inf) for codes in whole)
    highest = max(tops)
    if tops.count(highest) < _AT_THE_END * len(tops):
        above = set()
    found = {code for code in above if code - highest >= _SKIPPED}
    return found | (below if lowest > 0 else set())


def _even(codes: list[float]) -> bool:
    """Whether an item uses several codes, each the next whole number."""
    return len(codes) >= _FEWEST_CODES and codes[-1] - codes[0] == len(codes) - 1


def _apart(kept: list[float], many: int, sign: float) -> bool:
    """Whether the last `many` codes are far from the rest: less far suffices for those that often mean missing."""
    rest, away = kept[: len(kept) - many], kept[len(kept) - many :]
    gap, step = away[0] - rest[-1], min(later - one for one, later in pairwise(rest))
    usual = all(code > 0 if sign < 0 else code in _USUAL for code in away) and (sign > 0 or rest[-1] <= 0)
    return gap >= (1 if usual else _FARTHER) * (rest[-1] - rest[0]) and gap >= _NEAR * step
