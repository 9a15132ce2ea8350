"""XLSX workbooks: one sheet, every cell with the type it has there."""

from __future__ import annotations

import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO

import numpy as np

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.responses.findings import Findings, stopped
from movement_readiness.responses.raw import Encoder, RawColumn, RawTable, without_blank_rows

__all__ = ["escaped", "read_workbook"]

_CHUNK = 5_000
_MOST = 1000
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# What openpyxl and zipfile let through when a part of the file is missing or damaged.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    LookupError,
    OSError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    struct.error,
)
_TO_ESCAPE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def escaped(text: str) -> str:
    """Text as a workbook keeps it: characters that its XML cannot hold become _xHHHH_."""
    return _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _unescaped(value: Any) -> Any:
    if isinstance(value, str) and "_x" in value:
        return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value)
    return value


def read_workbook(file: BinaryIO, name: str, sheet: str | int | None) -> tuple[RawTable, Findings]:
    """The table in one sheet: the first one, or the one that is named or counted from 0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validation rules, which hold no answers
        return _read(file, name, sheet)


def _open(file: BinaryIO, name: str, *, formulas: bool = False) -> Any:
    import openpyxl

    file.seek(0)
    try:
        return openpyxl.load_workbook(file, read_only=True, data_only=not formulas)
    except _DAMAGE:
        raise _damaged(name) from None


def _damaged(name: str) -> ResponsesError:
    return stopped(name, "this is not an Excel workbook (.xlsx), or it is damaged; save it again as .xlsx.")


def _read(file: BinaryIO, name: str, sheet: str | int | None) -> tuple[RawTable, Findings]:
    findings = Findings(name, "row")
    book = _open(file, name)
    found = _chosen(book, name, sheet)
    others = [other.title for other in book.worksheets if other.title != found.title]
    if others and sheet is None:
        findings.notes.append(f"the sheet {found.title!r} was read; the workbook also has {quoted(others)} (sheet=)")
    reader = _SheetReader(findings, found.title)
    table = reader.table(_rows(found, name))
    try:
        formulas = _has_formulas(file)
    except _DAMAGE:
        raise _damaged(name) from None
    if formulas:
        _name_uncalculated(file, name, found.title, findings)
    return table, findings


def _chosen(book: Any, name: str, sheet: str | int | None) -> Any:
    sheets = book.worksheets
    titles = [found.title for found in sheets]
    if not sheets:
        raise stopped(name, "the workbook has no sheet with cells.")
    if sheet is None:
        return sheets[0]
    if isinstance(sheet, int) and not isinstance(sheet, bool) and 0 <= sheet < len(sheets):
        return sheets[sheet]
    if sheet in titles:
        return sheets[titles.index(str(sheet))]
    hint = closest(sheet, titles)
    raise ArgumentError(f"sheet: expected one of {quoted(titles)} (or its number from 0); got {sheet!r}.{hint}")


def _rows(sheet: Any, name: str, *, values_only: bool = True) -> Iterator[tuple[Any, ...]]:
    sheet.reset_dimensions()  # some programs write a wrong extent, which would cut cells off
    try:
        yield from sheet.iter_rows(values_only=values_only)
    except _DAMAGE:
        raise _damaged(name) from None


class _SheetReader:
    def __init__(self, findings: Findings, title: str) -> None:
        self._findings = findings
        self._title = title

    def table(self, rows: Iterator[tuple[Any, ...]]) -> RawTable:
        number, header = self._find_header(rows)
        columns, count = self._columns(rows, len(header))
        header += [""] * (len(columns) - len(header))
        table = RawTable(
            self._findings.name,
            f"XLSX, sheet {self._title!r}",
            tuple(header),
            columns,
            np.arange(number + 1, number + 1 + count, dtype=np.int64),
            "row",
        )
        return without_blank_rows(table)

    def _find_header(self, rows: Iterable[tuple[Any, ...]]) -> tuple[int, list[str]]:
        for number, row in enumerate(rows, start=1):
            if any(cell is not None and str(cell).strip() for cell in row):
                return number, ["" if cell is None else str(_unescaped(cell)) for cell in row]
        what = f"the sheet {self._title!r} is empty"
        raise stopped(self._findings.name, f"{what}; expected a header and rows of answers.")

    @staticmethod
    def _columns(rows: Iterator[tuple[Any, ...]], width: int) -> tuple[tuple[RawColumn, ...], int]:
        """All columns, and the number of rows down to the last one that holds anything."""
        encoders = [Encoder() for _ in range(width)]
        count = filled = 0
        while chunk := list(islice(rows, _CHUNK)):
            widest = max(width, max(map(len, chunk)))
            while len(encoders) < widest:  # cells to the right of the header
                encoders.append(Encoder())
                encoders[-1].extend([None] * count)
            even = [(*row, *(None,) * (len(encoders) - len(row))) for row in chunk]
            for encoder, cells in zip(encoders, zip(*even, strict=True), strict=True):
                encoder.extend(cells)
            with_content = (
                count + at for at, row in enumerate(chunk, start=1) if any(cell is not None for cell in row)
            )
            filled = max(with_content, default=filled)
            count += len(chunk)
        found = [encoder.column() for encoder in encoders]
        end = np.arange(filled)
        return tuple(column.mapped([_unescaped(v) for v in column.values]).take(end) for column in found), filled


def _has_formulas(file: BinaryIO) -> bool:
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        for part in archive.namelist():
            if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                with archive.open(part) as sheet:
                    before = b""
                    while chunk := sheet.read(1 << 20):
                        if b"<f>" in before + chunk or b"<f " in before + chunk:
                            return True
                        before = chunk[-4:]
    return False


def _name_uncalculated(file: BinaryIO, name: str, title: str, findings: Findings) -> None:
    """A formula whose result is not in the file would be read as an empty cell: name it instead."""
    values, formulas = _open(file, name)[title], _open(file, name, formulas=True)[title]
    pairs = zip(_rows(values, name), _rows(formulas, name, values_only=False), strict=False)
    for number, (row, cells) in enumerate(pairs, start=1):
        for value, cell in zip(row, cells, strict=False):
            if value is None and cell.data_type == "f" and len(findings.faults) < _MOST:
                where = f"row {number}, column {cell.column_letter}"
                message = "holds a formula without its result; open the file in a spreadsheet program and save it"
                findings.fault(f"{where}: the cell {message}", number, cell.column_letter, str(cell.value))
