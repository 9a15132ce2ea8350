"""Recurring checks of arguments, all in one sentence shape: argument, expected, got, what is available."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from numbers import Integral, Real
from typing import TypeVar

from movement_readiness.exceptions import ArgumentError

__all__ = ["check_choice", "check_integer", "check_number", "closest", "n_of", "nearest", "quoted"]

T = TypeVar("T")


def quoted(names: Collection[object], most: int = 12) -> str:
    """Names in quotes, with commas; a long list is cut, and says so."""
    shown = ", ".join(repr(name) for name in list(names)[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def n_of(number: int, one: str, several: str = "") -> str:
    """A number with what it counts: '1 site', '2 sites'."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def closest(value: object, available: Collection[str]) -> str:
    """' Did you mean ...?' where one of the available names is close, else nothing."""
    near = nearest(value, available)
    return "" if near is None else f" Did you mean {near!r}?"


def nearest(value: object, available: Collection[str]) -> str | None:
    """The one of the available names that is close, if any is."""
    by_folded = {name.casefold(): name for name in available}
    short = str(value).casefold()
    longer = [name for name in by_folded if len(short) > 1 and name.startswith(short)]
    near = longer if len(longer) == 1 else difflib.get_close_matches(str(value).casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else None


def check_choice(argument: str, value: T, available: Collection[T]) -> T:
    """`value` if it is one of the available ones."""
    if value in available:
        return value
    hint = closest(value, [name for name in available if isinstance(name, str)])
    raise ArgumentError(f"{argument}: expected one of {quoted(available)}; got {value!r}.{hint}")


def check_integer(argument: str, value: object, low: int, high: int | None = None) -> int:
    """`value` as an int if it is a whole number from low to high (no upper limit when high is None)."""
    upper = "" if high is None else f" to {high}"
    expected = f"a whole number from {low}{upper}" if high is not None else f"a whole number, {low} or more"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise ArgumentError(f"{argument}: expected {expected}; got {value!r}.")
    number = int(value)
    if number < low or (high is not None and number > high):
        raise ArgumentError(f"{argument}: expected {expected}; got {number}.")
    return number


def check_number(argument: str, value: object, low: float, high: float, *, open_high: bool = False) -> float:
    """`value` as a float if it lies from low to high (below high when open_high)."""
    upper = f"below {high:g}" if open_high else f"{high:g}"
    expected = f"a number from {low:g} to {upper}" if not open_high else f"a number from {low:g}, {upper}"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentError(f"{argument}: expected {expected}; got {value!r}.")
    number = float(value)
    inside = low <= number < high if open_high else low <= number <= high
    if not inside:
        raise ArgumentError(f"{argument}: expected {expected}; got {number:g}.")
    return number
