"""Dates as files hold them: spreadsheet dates, ISO text, and the day-month-year forms that can be told apart."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

__all__ = ["DateReading", "read_dates"]

_TIME = r"(?:[T ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2}|[AaPp][Mm])?)?"
_ISO = re.compile(rf"(\d{{4}})[-/](\d{{1,2}})[-/](\d{{1,2}}){_TIME}")
_DOTS = re.compile(rf"(\d{{1,2}})\.\s?(\d{{1,2}})\.\s?(\d{{4}}){_TIME}")
_SLASHES = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}}){_TIME}")


class DateReading:
    """The dates of the distinct values of a column.

    ``days`` has a date for each value, None where it has none; ``ambiguous`` are the positions of values that do
    not tell days from months; ``had_times`` is true when a time of day was left out.
    """

    def __init__(self, days: list[datetime.date | None], *, ambiguous: list[int], had_times: bool) -> None:
        self.days = days
        self.ambiguous = ambiguous
        self.had_times = had_times

    @property
    def unreadable(self) -> list[int]:
        """The positions of values that are no dates."""
        return [at for at, day in enumerate(self.days) if day is None and at not in self.ambiguous]


def read_dates(values: Sequence[Any]) -> DateReading:
    """Read every value as a date; whether 3/4/2026 is in March or April is decided by the whole column."""
    days: list[datetime.date | None] = []
    slashes: dict[int, tuple[int, int, int]] = {}
    had_times = False
    for position, value in enumerate(values):
        day, had_time = _unmistakable(value)
        days.append(day)
        had_times |= had_time
        if day is None and isinstance(value, str) and (found := _SLASHES.fullmatch(value.strip())):
            first, second, year = map(int, found.groups())
            slashes[position] = first, second, year
            had_times |= ":" in value
    ambiguous = _settle(slashes, days)
    return DateReading(days, ambiguous=ambiguous, had_times=had_times)


def _unmistakable(value: Any) -> tuple[datetime.date | None, bool]:
    if isinstance(value, datetime.datetime):
        return value.date(), value.time() != datetime.time()
    if isinstance(value, datetime.date):
        return value, False
    text = value.strip() if isinstance(value, str) else ""
    if found := _ISO.fullmatch(text):
        return _day(*map(int, found.groups())), ":" in text
    if found := _DOTS.fullmatch(text):
        day, month, year = map(int, found.groups())
        return _day(year, month, day), ":" in text
    return None, False


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _settle(slashes: dict[int, tuple[int, int, int]], days: list[datetime.date | None]) -> list[int]:
    """Fill in the dates with slashes; the positions of those of which nothing tells how to read them."""
    day_first = {at: _day(year, second, first) for at, (first, second, year) in slashes.items()}
    month_first = {at: _day(year, first, second) for at, (first, second, year) in slashes.items()}
    possible = [at for at in slashes if day_first[at] or month_first[at]]
    by_day = all(day_first[at] for at in possible)
    by_month = all(month_first[at] for at in possible)
    same = all(day_first[at] == month_first[at] for at in possible)
    if possible and by_day == by_month and not same:
        return possible
    chosen = day_first if by_day else month_first
    for at in possible:
        days[at] = chosen[at]
    return []
