"""In which order the waves of a study come: said here once, and handed on with the results.

The first of these that applies:

- the order that was given (``waves=("pre", "post")``);
- the order of the categories, where the column ``wave`` is an ordered categorical (pandas) or an Enum (polars);
- the order of ``submitted_on``, where at least half of the responses of every wave have a date, and the waves follow
  each other clearly: the upper quartile of each one's dates lies before the lower quartile of the next one's;
- the natural order of their names (numbers by value: 9 before 10), which of "post" and "pre" takes "post" for the
  first. Pages say so in words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError

__all__ = ["WaveOrder", "latest_wave", "natural", "order_of_waves"]

_DATED = 0.5  # share of a wave's responses that must have a date
_RULES = {"dates": "of their dates", "names": "of their names"}


@dataclass(frozen=True)
class WaveOrder:
    """Waves from the first to the last, and what that order comes from.

    ``rule`` is "given", "categories", "dates" or "names".
    """

    names: tuple[str, ...] = ()
    rule: str = "names"

    @property
    def words(self) -> str:
        """The order in words, where a reader may take another one for right; else nothing."""
        expected = self.names == tuple(sorted(self.names, key=natural))
        if len(self.names) < 2 or self.rule not in _RULES or (self.rule == "dates" and expected):
            return ""
        return f"Waves in the order {_RULES[self.rule]}: {', '.join(self.names)}."

    @property
    def sentence(self) -> str:
        """The same, and how another order is said."""
        other = ", ".join(repr(name) for name in self.names[::-1])
        return self.words and (
            f"{self.words} If they came in another order, whoever makes this can say so: waves=({other}) in Python, "
            f"--waves {_typed(self.names[::-1])} on the command line."
        )


def _typed(names: tuple[str, ...]) -> str:
    """Names in a list with commas, as it is typed after an option."""
    text = ",".join(f'"{name}"' if "," in name else name for name in names)
    return f"'{text}'" if re.search(r"[^\w.,-]", text) else text


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Key that sorts names as people do: the numbers in them by value, and before other text."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text.casefold())
    return (*((0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts), (-1, 0, text))


def order_of_waves(
    wave: pd.Series[str], column: nw.Series[Any] | None, days: nw.Series[Any] | None, waves: Sequence[Any] | None = None
) -> WaveOrder:
    """Order of the waves of a study: their names a response, the columns ``wave`` and ``submitted_on``, what was given.

    Raises
    ------
    ArgumentError
        ``waves`` names a wave that no response has, or one twice, or leaves one out.
    """
    there = sorted(wave.dropna().unique(), key=natural)
    if waves is not None:
        return WaveOrder(_checked(waves, there), "given")
    listed = _categories(column)
    if listed and set(there) <= set(listed):
        return WaveOrder(tuple(name for name in listed if name in there), "categories")
    return WaveOrder(*(_by_date(wave, days, there) if days is not None and len(there) > 1 else (tuple(there), "names")))


def latest_wave(responses: pd.DataFrame, waves: Sequence[str] | None = None) -> str:
    """The last wave of responses as they are read from a store; "" where none of them has one."""
    frame = nw.from_native(responses, eager_only=True)
    names = pd.Series([None if pd.isna(name) else str(name) for name in responses["wave"]], dtype="str")
    return (order_of_waves(names, frame["wave"], frame["submitted_on"], waves).names or ("",))[-1]


def _checked(waves: Any, there: list[str]) -> tuple[str, ...]:
    if isinstance(waves, str) or not isinstance(waves, Sequence) or not waves:
        raise ArgumentError(
            f"waves: expected the names of the waves in their order, such as ('before', 'after'); got {waves!r}."
        )
    given = [str(name).strip() for name in waves]
    unknown = [name for name in given if name not in there]
    if unknown:
        raise ArgumentError(
            f"waves: no response is of wave {unknown[0]!r}; available: {quoted(there)}.{closest(unknown[0], there)}"
        )
    if len(set(given)) < len(given):
        raise ArgumentError(f"waves: expected each wave once; got {quoted(given)}.")
    missing = [name for name in there if name not in given]
    if missing:
        raise ArgumentError(f"waves: expected every wave of the responses; {quoted(missing)} missing.")
    return tuple(given)


def _categories(column: nw.Series[Any] | None) -> tuple[str, ...]:
    """The categories of an ordered column, in their order; none of any other column."""
    kind = None if column is None else column.dtype
    return tuple(str(name).strip() for name in kind.categories) if isinstance(kind, nw.Enum) else ()


def _by_date(wave: pd.Series[str], days: nw.Series[Any], there: list[str]) -> tuple[tuple[str, ...], str]:
    text = pd.Series([None if day is None else str(day) for day in days.to_list()], dtype="object")
    when = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
    found = {name: when[(wave == name).to_numpy()] for name in there}
    if all(len(one) and one.notna().mean() >= _DATED for one in found.values()):
        ends = {name: tuple(np.quantile(one.dropna().astype("int64"), [0.25, 0.75])) for name, one in found.items()}
        ordered = sorted(there, key=lambda name: ends[name])
        if all(ends[first][1] < ends[second][0] for first, second in pairwise(ordered)):
            return tuple(ordered), "dates"
    return tuple(there), "names"
