"""Responses as an SPSS file: wording as variable labels, missing codes declared as user-missing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.raw import RawColumn
from movement_readiness.responses.spss import FILE_LABEL, TRUTH_LABELS, load_pyreadstat
from movement_readiness.responses.texts import as_text

__all__ = ["write_spss"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_RESERVED = {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
_LABEL_BYTES = 255
_LONGEST = 32_767  # bytes of a text
_EPOCH = np.datetime64("1582-10-14", "us")


def write_spss(columns: Mapping[str, RawColumn], items: Sequence[str], path: Path, instrument: Instrument) -> None:
    """Write all columns; names that SPSS does not allow are carried by the variable label."""
    names = _names(columns)
    texts = instrument.translation().items
    data, formats = {}, {}
    for column, name in names.items():
        data[name], shape = _values(column, columns[column])
        if shape is not None:
            formats[name] = shape
    labels = {name: _label(texts[column]) if column in items else column for column, name in names.items()}
    values: dict[str, Mapping[int, str]] = {names[item]: _value_labels(item, instrument) for item in items}
    values |= {name: TRUTH_LABELS for column, name in names.items() if columns[column].kind == "boolean"}
    load_pyreadstat().write_sav(
        pd.DataFrame(data, copy=False),
        path,
        file_label=FILE_LABEL,
        column_labels=labels,
        variable_value_labels=values,
        missing_ranges={names[item]: _missing(instrument) for item in items} if instrument.missing_codes else None,
        variable_measure={names[item]: _measure(item, instrument) for item in items},
        variable_format=formats,
    )


def _names(columns: Mapping[str, RawColumn]) -> dict[str, str]:
    """The variable name of every column, unique whatever its case."""
    found: dict[str, str] = {}
    taken = {column.casefold() for column in columns}
    seen: set[str] = set()
    for number, column in enumerate(columns, start=1):
        allowed = _NAME.fullmatch(column) and column.upper() not in _RESERVED and column.casefold() not in seen
        name = column if allowed else f"column_{number}"
        while not allowed and name in taken:
            name += "x"
        if not allowed and len(column.encode()) > _LABEL_BYTES:
            raise ArgumentError(f"responses: SPSS holds names of up to {_LABEL_BYTES} bytes; {column!r} is longer.")
        seen.add(name.casefold())
        taken.add(name.casefold())
        found[column] = name
    return found


def _label(text: str) -> str:
    return text.encode()[:_LABEL_BYTES].decode(errors="ignore")


def _value_labels(item: str, instrument: Instrument) -> dict[int, str]:
    words = instrument.translation()
    missing = {code.code: words.missing_codes[code.id] for code in instrument.missing_codes.values()}
    return {**words.options[instrument.response_scale(item).id], **missing}


def _missing(instrument: Instrument) -> list[Any]:
    """SPSS knows three missing values or one range; missing codes are negative and options are not."""
    codes = sorted(code.code for code in instrument.missing_codes.values())
    return list(codes) if len(codes) <= 3 else [{"lo": codes[0], "hi": codes[-1]}]


def _measure(item: str, instrument: Instrument) -> str:
    return "ordinal" if instrument.response_scale(item).ordered else "nominal"


def _values(name: str, column: RawColumn) -> tuple[Any, str | None]:
    """The cells as SPSS holds them, and the format that says what they are."""
    if column.kind in ("integer", "boolean"):
        return _numbers(column), "F1.0" if column.kind == "boolean" else "F20.0"
    if column.kind == "number":
        return _numbers(column), "F20.6"
    if column.kind == "date":
        return _moments(column)
    texts = [as_text(value) for value in column.values]
    longest = max((len(text.encode()) for text in texts), default=0)
    if longest > _LONGEST:
        raise ArgumentError(f"responses: SPSS holds texts of up to {_LONGEST} bytes; {name!r} has one of {longest}.")
    return np.array([*texts, ""], dtype=object)[column.codes], None


def _numbers(column: RawColumn) -> Any:
    return np.array([*map(float, column.values), np.nan])[column.codes]


def _moments(column: RawColumn) -> tuple[Any, str]:
    """Seconds since the epoch of SPSS."""
    plain = [value.replace(tzinfo=None) if isinstance(value, datetime.datetime) else value for value in column.values]
    moments = np.array([*plain, None], dtype="datetime64[us]")
    seconds = (moments - _EPOCH) / np.timedelta64(1, "s")
    days = bool((np.isnan(seconds) | (seconds % 86_400 == 0)).all())
    return seconds[column.codes], "SDATE10" if days else "DATETIME20"
