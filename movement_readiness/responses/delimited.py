"""CSV and its relatives: find out encoding and delimiter, lose no cell and no line.

The csv module of Python is the parser, because it tells records from lines, hands over rows of any
length and reports a broken quotation mark instead of repairing it silently.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from movement_readiness.exceptions import ArgumentError, Problem
from movement_readiness.responses.findings import Findings, stopped
from movement_readiness.responses.raw import RawColumn, RawTable, RowArray, without_blank_rows

__all__ = ["read_delimited"]

_CANDIDATES = (",", ";", "\t")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 20_000  # rows held as Python text at a time
_MOST = 1000  # rows with surplus cells that are named one by one


def read_delimited(
    file: BinaryIO, name: str, encoding: str | None, delimiter: str | None, recognised: Callable[[str], bool]
) -> tuple[RawTable, Findings]:
    """The table in a text file; `recognised` says of a header whether it means something here."""
    findings = Findings(name, "row")
    chosen = _checked_encoding(encoding) if encoding else _find_encoding(file)
    text = io.TextIOWrapper(file, chosen, newline="")
    try:
        start, begins = _start(text)
        separator = _checked_delimiter(delimiter) or start or _find_delimiter(begins, recognised)
        text.seek(0)
        text.readline() if start else None
        how = f"CSV, {_spoken(chosen)}, {_NAMES.get(separator, repr(separator))}"
        return _Reader(text, separator, findings).table(how), findings
    except UnicodeError as error:
        what = f"the text cannot be read as {_spoken(chosen)} ({error})"
        raise stopped(name, f"{what}; say which encoding it has with encoding=.") from None
    finally:
        text.detach()


def _spoken(encoding: str) -> str:
    return {"utf-8-sig": "UTF-8 with BOM", "cp1252": "Windows-1252"}.get(encoding, encoding.upper())


def _checked_encoding(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding).name
    except LookupError:
        raise ArgumentError(
            f"encoding: expected the name of a text encoding such as 'utf-8', 'utf-16' or 'cp1252'; got {encoding!r}."
        ) from None
    return "utf-8-sig" if found == "utf-8" else found


def _checked_delimiter(delimiter: str | None) -> str | None:
    if delimiter is None or (isinstance(delimiter, str) and len(delimiter) == 1 and delimiter not in '\r\n"'):
        return delimiter
    raise ArgumentError(f"delimiter: expected one character such as ',' or ';'; got {delimiter!r}.")


def _find_encoding(file: BinaryIO) -> str:
    """By its mark; else UTF-16 by where its zero bytes are; else UTF-8 if all of it is; else Windows-1252."""
    sample = file.read(65_536)
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            file.seek(0)
            return encoding
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) > 0.2 * len(sample) / 2:
        file.seek(0)
        return "utf-16-le" if odd > even else "utf-16-be"
    found = "utf-8" if _is_utf8(sample, file) else "cp1252"
    file.seek(0)
    return found


def _is_utf8(sample: bytes, file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while sample:
            decoder.decode(sample)
            sample = file.read(1 << 20)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _start(text: io.TextIOWrapper) -> tuple[str | None, str]:
    """The delimiter that a first line 'sep=;' names, and the first stretch of the text."""
    begins = text.read(200_000).removeprefix("\ufeff")
    text.seek(0)
    named = re.match(r'"?sep=([^\r\n"])"?\r?\n', begins)
    return (named[1], begins[named.end() :]) if named else (None, begins)


def _find_delimiter(begins: str, recognised: Callable[[str], bool]) -> str:
    """The one that splits the header into most known names, then into most cells."""

    def worth(candidate: str) -> tuple[int, int]:
        header = _header(begins, candidate)
        return sum(map(recognised, header)), len(header)

    return max(_CANDIDATES, key=worth)


def _header(begins: str, delimiter: str) -> list[str]:
    try:
        for record in csv.reader(io.StringIO(begins, newline=""), delimiter=delimiter, strict=True):
            if any(cell.strip() for cell in record):
                return record
    except csv.Error:
        pass  # the header itself is broken for this delimiter: it recognises nothing
    return []


class _Reader:
    """Reads the records of one file, chunk by chunk, into columns."""

    def __init__(self, text: io.TextIOWrapper, delimiter: str, findings: Findings) -> None:
        self._records = csv.reader(text, delimiter=delimiter, strict=True)
        self._delimiter = delimiter
        self._findings = findings
        self._row = 0  # the number of the last record read
        self._short: list[int] = []
        self._surplus = 0
        self._stream = self._each()

    def table(self, how: str) -> RawTable:
        header = self._find_header()
        parts: list[list[pa.Array]] = [[] for _ in header]
        first = self._row + 1
        while chunk := list(islice(self._stream, _CHUNK)):
            begins = self._row - len(chunk) + 1
            self._even_out(chunk, len(header), begins)
            for part, cells in zip(parts, zip(*chunk, strict=True), strict=True):
                part.append(pa.array(cells, pa.string()))
        if self._surplus > _MOST:
            self._findings.fault(f"{self._surplus - _MOST} more rows have more cells than the header")
        rows: RowArray = np.arange(first, self._row + 1, dtype=np.int64)
        columns = tuple(RawColumn.of_arrow(pa.chunked_array(part, pa.string())) for part in parts)
        table = RawTable(
            self._findings.name, how, tuple(header), columns, rows, "row", decimal_comma=self._delimiter == ";"
        )
        return without_blank_rows(table, np.array(self._short, dtype=np.int64))

    def _each(self) -> Iterator[list[str]]:
        """The records; a broken one is a fault, and those after it are read to find the other faults."""
        broken = 0
        while True:
            try:
                record = next(self._records)
            except StopIteration:
                return
            except csv.Error as error:
                broken += 1
                record = []
                if broken <= _MOST:
                    self._findings.fault(f"row {self._row + 1}: {_broken(str(error))}", self._row + 1)
            self._row += 1
            yield record

    def _find_header(self) -> list[str]:
        for record in self._stream:
            if any(cell.strip() for cell in record):
                record[0] = record[0].removeprefix("\ufeff")
                return record
        if self._findings.faults:
            self._findings.raise_problems(bad_cells=True)
        raise stopped(self._findings.name, "the file has only blank rows; expected a header and rows of answers.")

    def _even_out(self, chunk: list[list[str]], width: int, begins: int) -> None:
        """Give every row as many cells as the header has, and take note where it had others."""
        widths = np.fromiter(map(len, chunk), dtype=np.int64, count=len(chunk))
        for place in np.flatnonzero(widths != width).tolist():
            row = chunk[place]
            if len(row) < width:
                self._short.append(begins + place)
                row.extend([""] * (width - len(row)))
            else:
                self._name_surplus(row[width:], len(row), width, begins + place)
                del row[width:]

    def _name_surplus(self, surplus: list[str], cells: int, width: int, row: int) -> None:
        filled = [cell for cell in surplus if cell.strip()]
        if not filled:
            return  # delimiters at the end of a line hold nothing
        self._surplus += 1
        if self._surplus <= _MOST:
            what = ", ".join(map(repr, filled[:3]))
            message = f"row {row}: it has {cells} cells, the header has {width}; more than fit: {what}"
            self._findings.faults.append(Problem(message, row, None, filled[0]))


def _broken(error: str) -> str:
    if "unexpected end" in error:
        return "a quotation mark is opened in this row and never closed, so no row after it could be read"
    if "expected after" in error:
        return "text follows a closing quotation mark; a quotation mark inside a cell must be doubled"
    return "a cell is longer than 131072 characters" if "field limit" in error else error
