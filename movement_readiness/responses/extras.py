"""Columns that are no part of the instrument: kept, with the type that all of their cells share."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from movement_readiness.responses.findings import Findings
from movement_readiness.responses.raw import Kind, RawColumn
from movement_readiness.responses.texts import as_text, text_array

__all__ = ["extra_array"]

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,18})")
_NUMBER = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:[.,]\d+)?(?:[eE][+\-]?\d+)?|inf)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)?")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}")
_LARGEST = 2**63


def extra_array(
    name: str, column: RawColumn, findings: Findings, *, na_values: frozenset[str], decimal_comma: bool
) -> Any:
    """A pandas array: Int64, float64, boolean, datetime64 or str.

    A column whose file does not know types (CSV) is of numbers if every filled cell is a plain number without
    leading zeros, of dates if every one is an ISO date, of True and False if every one is; else it is text.
    `na_values` are empty cells in the first three, and text among text.
    """
    kind = column.kind
    if kind is None:
        # 'NA' among numbers is an empty cell; among texts it may be what somebody wrote
        without = column.mapped([None if _is_na(value, na_values) else value for value in column.values])
        kind, found = _kind_of_objects(without.values), without
        if kind is None:
            kind, found = _of_text(name, without, findings, decimal_comma=decimal_comma)
        column = column if kind == "text" else found
    return _BUILDERS[kind](column)


def _is_na(value: Any, na_values: frozenset[str]) -> bool:
    return isinstance(value, str) and value.strip() in na_values


def _kind_of_objects(values: Sequence[Any]) -> Kind | None:
    """What typed cells share; None where all are text or there is none."""
    kinds = {_kind_of(value) for value in values}
    if kinds == {"integer", "number"}:
        return "number"
    if len(kinds) > 1:
        return "text"
    return None if kinds <= {"plain text"} else cast("Kind", kinds.pop())


def _kind_of(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer" if -_LARGEST <= value < _LARGEST else "text"
    if isinstance(value, float):
        return "number"
    if isinstance(value, datetime.datetime | datetime.date):
        return "date"
    return "plain text" if isinstance(value, str) else "text"


def _of_text(name: str, column: RawColumn, findings: Findings, *, decimal_comma: bool) -> tuple[Kind, RawColumn]:
    texts = [value.strip() for value in column.values]
    if not texts:
        return "text", column
    if all(text.casefold() in ("true", "false") for text in texts):
        return "boolean", column.mapped([text.casefold() == "true" for text in texts])
    if all(_INTEGER.fullmatch(text) and -_LARGEST <= int(text) < _LARGEST for text in texts):
        return "integer", column.mapped([int(text) for text in texts])
    if all(_NUMBER.fullmatch(text) for text in texts) and _one_mark(name, texts, findings, decimal_comma=decimal_comma):
        return "number", column.mapped([float(text.replace(",", ".")) for text in texts])
    if all(_DATE.fullmatch(text) for text in texts):
        dates = _parsed_dates(texts)
        return ("date", column.mapped(dates)) if dates else ("text", column)
    return "text", column


def _one_mark(name: str, texts: Sequence[str], findings: Findings, *, decimal_comma: bool) -> bool:
    """Whether the decimal mark is clear; 1,234 may be a number above a thousand."""
    commas = [text for text in texts if "," in text]
    if not commas:
        return True
    if any("." in text for text in texts):
        return False
    if decimal_comma or not all(_THOUSANDS.fullmatch(text) for text in commas):
        return True
    findings.notes.append(f"column {name!r}: a number such as {commas[0]!r} may mean two things; it is kept as text")
    return False


def _parsed_dates(texts: Sequence[str]) -> list[datetime.datetime] | None:
    try:
        return [datetime.datetime.fromisoformat(text) for text in texts]
    except ValueError:
        return None


def _text(column: RawColumn) -> Any:
    return text_array(column.mapped([as_text(value) for value in column.values]))


def _integer(column: RawColumn) -> Any:
    if any(not -_LARGEST <= value < _LARGEST for value in column.values):
        return _number(column)
    data = np.array([*column.values, 1], dtype=np.int64)[column.codes]
    return pd.arrays.IntegerArray(data, column.codes < 0)


def _number(column: RawColumn) -> Any:
    return np.array([*map(float, column.values), math.nan])[column.codes]


def _boolean(column: RawColumn) -> Any:
    data = np.array([*column.values, False], dtype=bool)[column.codes]
    return pd.arrays.BooleanArray(data, column.codes < 0)


def _date(column: RawColumn) -> Any:
    """Whole seconds as datetime64[s], finer ones as datetime64[us]; a time zone is kept."""
    if any(getattr(value, "tzinfo", None) is not None for value in column.values):
        zoned = pd.DatetimeIndex([*column.values, pd.NaT])
        return zoned.take(np.where(column.codes < 0, len(column.values), column.codes))
    fine = np.array([*column.values, None], dtype="datetime64[us]")
    whole = fine.astype("datetime64[s]")
    chosen = whole if bool(((whole == fine) | np.isnat(fine)).all()) else fine
    return chosen[column.codes]


_BUILDERS: dict[Kind, Callable[[RawColumn], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
}
