"""The formats that responses are written in, one function each."""

from __future__ import annotations

import csv
import datetime
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.cells import NA_VALUES
from movement_readiness.responses.extras import extra_array
from movement_readiness.responses.findings import Findings
from movement_readiness.responses.raw import RawColumn
from movement_readiness.responses.spss_target import write_spss
from movement_readiness.responses.texts import text_array
from movement_readiness.responses.workbook import escaped

__all__ = ["TARGETS", "Content", "differences"]

_CHUNK = 10_000  # rows turned into text at a time
_LONGEST = 32_767  # characters of a cell of a workbook
_MOST_ROWS = 1_048_575
_EXACT_INTEGERS = 10**15  # openpyxl rounds larger numbers
_FIRST_DAY = datetime.datetime(1900, 3, 1)  # before, workbooks count a day that never was


@dataclass(frozen=True)
class Content:
    """A frame by its distinct cells, and which of its columns are items and extra columns."""

    frame: pd.DataFrame
    columns: Mapping[str, RawColumn]
    items: tuple[str, ...]
    extras: tuple[str, ...]


def _days_only(column: RawColumn) -> bool:
    return all(not isinstance(v, datetime.datetime) or v.time() == datetime.time() for v in column.values)


def _as_text(value: Any, *, days: bool) -> str:
    """A cell of a CSV file."""
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if days else value.isoformat(sep=" ")
    return repr(value) if isinstance(value, float) else str(value)


def _cells(columns: Sequence[RawColumn], convert: Callable[[RawColumn], list[Any]]) -> Iterator[tuple[Any, ...]]:
    """Row after row, each distinct value converted once (and at once, before the first row is asked for)."""
    return _rows(columns, [_objects([*convert(column), None]) for column in columns])


def _rows(columns: Sequence[RawColumn], tables: Sequence[np.ndarray[Any, Any]]) -> Iterator[tuple[Any, ...]]:
    count = len(columns[0].codes)
    for begins in range(0, count, _CHUNK):
        part = slice(begins, begins + _CHUNK)
        yield from zip(*(table[col.codes[part]] for table, col in zip(tables, columns, strict=True)), strict=True)


def _objects(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    table = np.empty(len(values), dtype=object)  # np.array would take tuples apart
    for at, value in enumerate(values):
        table[at] = value
    return table


def _csv_texts(column: RawColumn) -> list[str]:
    days = _days_only(column)
    return [_as_text(value, days=days) for value in column.values]


def _write_csv(content: Content, path: Path, instrument: Instrument) -> None:  # noqa: ARG001  (all targets are called alike)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(content.columns)
        rows = _cells(list(content.columns.values()), _csv_texts)
        while chunk := list(islice(rows, _CHUNK)):
            writer.writerows(chunk)


def _write_parquet(content: Content, path: Path, instrument: Instrument) -> None:  # noqa: ARG001  (all targets are called alike)
    frame = pd.DataFrame(
        {
            name: content.frame.iloc[:, at] if column.kind != "text" else text_array(column)
            for at, (name, column) in enumerate(content.columns.items())
        },
        copy=False,
    )
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


def _write_workbook(content: Content, path: Path, instrument: Instrument) -> None:  # noqa: ARG001  (all targets are called alike)
    import openpyxl

    if len(content.frame) > _MOST_ROWS:
        raise ArgumentError(
            f"path: a workbook holds {_MOST_ROWS} rows, there are {len(content.frame)}; use .csv or .parquet."
        )
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("responses")
    sheet.freeze_panes = "A2"
    # all is turned into cells, and checked, before openpyxl opens its file
    header, rows = [_text(name) for name in content.columns], _cells(list(content.columns.values()), _workbook_cells)
    sheet.append([_cell(sheet, *part) for part in header])
    for row in rows:
        # openpyxl changes a cell once it is written, so every one is made anew
        sheet.append([_cell(sheet, *part) if isinstance(part, tuple) else part for part in row])
    book.save(path)


def _workbook_cells(column: RawColumn) -> list[Any]:
    """Plain values, or the arguments of `_cell` where openpyxl would guess wrong."""
    shape = "yyyy-mm-dd" if _days_only(column) else "yyyy-mm-dd hh:mm:ss"
    return [_workbook_cell(value, shape) for value in column.values]


def _workbook_cell(value: Any, shape: str) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return (repr(value), "n")  # openpyxl itself writes 16 digits
    if isinstance(value, int):
        return value if abs(value) < _EXACT_INTEGERS else (str(value), "n")
    if isinstance(value, datetime.date) and getattr(value, "tzinfo", None) is None:
        return _date(value, shape)
    return _text(str(value))


def _cell(sheet: Any, value: Any, kind: str, shape: str | None = None) -> Any:
    """A cell whose type is not guessed from its value."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell._value, cell.data_type = value, kind  # set the public way, '=1' would be a formula
    if shape is not None:
        cell.number_format = shape
    return cell


def _text(text: str) -> tuple[str, str]:
    kept = escaped(text)
    if len(kept) > _LONGEST:
        raise ArgumentError(f"responses: a cell of a workbook holds {_LONGEST} characters; got {len(kept)}; use .csv.")
    return kept, "s"


def _date(value: datetime.date, shape: str) -> tuple[datetime.datetime, str, str]:
    moment = value if isinstance(value, datetime.datetime) else datetime.datetime.combine(value, datetime.time())
    if moment < _FIRST_DAY:
        raise ArgumentError(f"responses: a workbook holds dates from 1900-03-01 on; got {value}; use .csv.")
    return moment, "d", shape


def _write_sav(content: Content, path: Path, instrument: Instrument) -> None:
    write_spss(content.columns, content.items, path, instrument)


TARGETS: dict[str, Callable[[Content, Path, Instrument], None]] = {
    ".csv": _write_csv,
    ".xlsx": _write_workbook,
    ".parquet": _write_parquet,
    ".sav": _write_sav,
}


def differences(content: Content, suffix: str) -> list[str]:
    """A sentence for every column that this format will not give back as it is."""
    said = []
    for name, column in content.columns.items():
        if name in content.items or not column.values:
            continue
        said += _lost_texts(name, column, suffix, extra=name in content.extras)
        if suffix == ".csv" and name in content.extras:
            said += _changed_type(name, column)
        if suffix == ".sav" and any(isinstance(v, int) and abs(v) > 2**53 for v in column.values):
            said.append(f"column {name!r}: SPSS rounds whole numbers above 2**53")
        if suffix == ".sav" and any(isinstance(v, float) and abs(v) == sys.float_info.max for v in column.values):
            said.append(f"column {name!r}: SPSS keeps the largest number there is for missing values")
        if suffix in (".xlsx", ".sav") and any(getattr(v, "microsecond", 0) for v in column.values):
            said.append(f"column {name!r}: parts of a second may be rounded")
    return said


def _lost_texts(name: str, column: RawColumn, suffix: str, *, extra: bool) -> list[str]:
    texts = [value for value in column.values if isinstance(value, str)]
    said = []
    read_as_missing = [] if extra else sorted({text for text in texts if text.strip() in NA_VALUES})
    if read_as_missing:
        shown = ", ".join(map(repr, read_as_missing[:5]))
        said.append(f"column {name!r}: texts such as {shown} are read back as missing (na_values=)")
    if suffix == ".sav" and any(text.endswith(" ") for text in texts):
        said.append(f"column {name!r}: SPSS cuts off spaces at the end of a text")
    if suffix == ".sav" and any("\0" in text for text in texts):
        said.append(f"column {name!r}: SPSS ends a text at a zero character")
    if name in ("site", "team") and any(text != text.strip() for text in texts):
        said.append(f"column {name!r}: spaces around a name are left out when it is read")
    return said


def _changed_type(name: str, column: RawColumn) -> list[str]:
    def kind(of: RawColumn) -> str:
        found = extra_array(name, of, Findings("", "row"), na_values=frozenset(NA_VALUES), decimal_comma=False)
        return str(found.dtype)

    before, after = kind(column), kind(column.mapped(_csv_texts(column)).untyped())
    if before == after:
        return []
    return [f"column {name!r}: a CSV file does not keep its type; {before} is read back as {after}"]
