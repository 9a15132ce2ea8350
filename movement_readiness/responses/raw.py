"""A table as its file holds it: every column as its distinct cells and, for each row, which of them.

Cells are checked once per distinct value and answers are looked up by position, so that the time it
takes to read a file hardly depends on its number of cells, and a cell costs four bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["CodeArray", "Encoder", "Kind", "RawColumn", "RawTable", "RowArray", "without_blank_rows"]

CodeArray: TypeAlias = NDArray[np.int32]
RowArray: TypeAlias = NDArray[np.int64]
Kind: TypeAlias = Literal["text", "integer", "number", "boolean", "date"]


def _is_empty(value: Any) -> bool:
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    return value is pd.NaT or (isinstance(value, float | Decimal) and math.isnan(value))


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column.

    Attributes
    ----------
    values : tuple
        The distinct filled cells, as text where the file knows only text.
    codes : array of int32
        For every row the position of its cell in `values`; -1 is an empty cell.
    kind : str, optional
        What the file itself says the column holds.
    rows : array of int64, optional
        Where each cell stands, if that is not the row of the table.
    """

    values: tuple[Any, ...]
    codes: CodeArray
    kind: Kind | None = None
    rows: RowArray | None = None

    @classmethod
    def of_arrow(cls, cells: pa.ChunkedArray, kind: Kind | None = None) -> RawColumn:
        """From a column of an Arrow table; nested values become their text."""
        if pa.types.is_dictionary(cells.type):
            cells = cells.cast(cells.type.value_type)
        try:
            encoded = pa.chunked_array([cells.combine_chunks()]).combine_chunks().dictionary_encode()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            encoder = Encoder()
            encoder.extend([None if cell is None else str(cell) for cell in cells.to_pylist()])
            return encoder.column("text")
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        return cls(tuple(encoded.dictionary.to_pylist()), codes, kind)._cleaned()

    def _cleaned(self) -> RawColumn:
        """Without blank text, NaN and None among the values."""
        if not any(_is_empty(value) for value in self.values):
            return self
        return self.mapped([None if _is_empty(value) else value for value in self.values])

    def mapped(self, values: Sequence[Any]) -> RawColumn:
        """With each distinct value replaced; equal ones are merged, None is an empty cell."""
        positions: dict[tuple[type, Any], int] = {}
        table = np.full(len(values) + 1, -1, dtype=np.int32)
        for old, value in enumerate(values):
            if value is not None:
                table[old] = positions.setdefault((type(value), value), len(positions))
        return replace(self, values=tuple(value for _, value in positions), codes=table[self.codes])

    def untyped(self) -> RawColumn:
        """The same cells, from a file that does not know types."""
        return replace(self, kind=None)

    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each of the values."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))

    def take(self, positions: NDArray[Any]) -> RawColumn:
        """The cells at some rows."""
        rows = None if self.rows is None else self.rows[positions]
        return replace(self, codes=self.codes[positions], rows=rows)

    def places(self, wanted: Iterable[int]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """For each of the wanted values, which rows hold it."""
        chosen = np.zeros(len(self.values) + 1, dtype=bool)
        chosen[list(wanted)] = True
        at = np.flatnonzero(chosen[self.codes])
        at = at[np.argsort(self.codes[at], kind="stable")]
        values, starts = np.unique(self.codes[at], return_index=True)
        yield from zip(values.tolist(), np.split(at, starts[1:]), strict=True) if len(at) else ()


class Encoder:
    """Collects the cells of a column whose types are not known beforehand (1, 1.0, True and "1" differ)."""

    def __init__(self) -> None:
        self._positions: dict[tuple[type, Any], int] = {}
        self._parts: list[CodeArray] = []

    def extend(self, cells: Iterable[Any]) -> None:
        """Add the next cells."""
        seen = self._positions
        codes = [seen.setdefault((type(cell), cell), len(seen)) for cell in cells]
        self._parts.append(np.array(codes, dtype=np.int32))

    def column(self, kind: Kind | None = None) -> RawColumn:
        """All cells so far."""
        codes = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.int32)
        return RawColumn(tuple(value for _, value in self._positions), codes, kind)._cleaned()


@dataclass(frozen=True)
class RawTable:
    """One file, before anything in it is understood.

    Attributes
    ----------
    name : str
        How messages call the file.
    how : str
        What kind of file it is, in words for the summary.
    headers, columns
        Of equal length; a header may be empty or given twice.
    rows : array of int64
        The number of every row as its program shows it.
    unit : str
        "row", or "case" where the format has no row numbers that people see.
    labels : mapping of column position to str
        Variable labels.
    value_labels : mapping of column position to a mapping of value to label
    decimal_comma : bool
        Whether the delimiter makes clear that a comma in a number is a decimal comma.
    named_by_label : bool
        Whether columns that are not recognised go by their variable label (files that we wrote).
    blank_rows, short_rows : int
    """

    name: str
    how: str
    headers: tuple[str, ...]
    columns: tuple[RawColumn, ...]
    rows: RowArray
    unit: Literal["row", "case"]
    labels: Mapping[int, str] = field(default_factory=dict)
    value_labels: Mapping[int, Mapping[Any, str]] = field(default_factory=dict)
    decimal_comma: bool = False
    named_by_label: bool = False
    blank_rows: int = 0
    short_rows: int = 0


def without_blank_rows(table: RawTable, short: RowArray | None = None) -> RawTable:
    """Leave out rows without any filled cell, and count them; `short` are rows with too few cells."""
    filled = np.zeros(len(table.rows), dtype=bool)
    for column in table.columns:
        filled |= column.codes >= 0
    n_short = 0 if short is None else int(np.isin(short, table.rows[filled]).sum())
    kept = np.flatnonzero(filled)
    blank = len(filled) - len(kept)
    columns = tuple(column.take(kept) for column in table.columns) if blank else table.columns
    return replace(table, columns=columns, rows=table.rows[kept], blank_rows=blank, short_rows=n_short)
