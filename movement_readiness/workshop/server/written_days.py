"""A day as people write it: ``2027-12-31``, ``31 December 2027``, ``31.12.2027``, ``31 de diciembre de 2027``."""

from __future__ import annotations

import datetime
import re

__all__ = ["written_day"]

_MONTHS = (
    "january enero",
    "february febrero",
    "march marzo",
    "april abril",
    "may mayo",
    "june junio",
    "july julio",
    "august agosto",
    "september septiembre",
    "october octubre",
    "november noviembre",
    "december diciembre",
)
_SHORTEST = 3  # letters of a month's name
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTS = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)? (?:of |de )?([^\W\d_]+)\.?,? (?:de )?(\d{4})")
_MONTH_FIRST = re.compile(r"([^\W\d_]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")


def written_day(text: str) -> datetime.date | None:
    """The day that a text is, and nothing but; None for an event, a month or what can be read in two ways.

    Examples
    --------
    >>> written_day("31 December 2027")
    datetime.date(2027, 12, 31)
    >>> written_day("the end of the study") is None
    True
    """
    plain = " ".join(text.casefold().split()).rstrip(".")
    if found := _ISO.fullmatch(plain):
        return _day(found[1], int(found[2]), found[3])
    if found := _DOTS.fullmatch(plain):
        return _day(found[3], int(found[2]), found[1])
    if found := _DAY_FIRST.fullmatch(plain):
        return _day(found[3], _month(found[2]), found[1])
    if found := _MONTH_FIRST.fullmatch(plain):
        return _day(found[3], _month(found[1]), found[2])
    return None


def _month(name: str) -> int:
    """1 to 12; 0 for what is no month."""
    if len(name) < _SHORTEST:
        return 0
    return next((n for n, names in enumerate(_MONTHS, 1) if any(one.startswith(name) for one in names.split())), 0)


def _day(year: str, month: int, day: str) -> datetime.date | None:
    try:
        return datetime.date(int(year), month, int(day))
    except ValueError:
        return None
