"""Parquet files and data frames: columns that know their types."""

from __future__ import annotations

from typing import Any, BinaryIO

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from movement_readiness.exceptions import ArgumentError
from movement_readiness.responses.findings import Findings, stopped
from movement_readiness.responses.raw import Encoder, Kind, RawColumn, RawTable, without_blank_rows

__all__ = ["pandas_column", "pandas_of", "read_frame", "read_parquet"]

_UNNAMED_INDEX = "__index_level_"  # how pandas stores an index without a name in Parquet


def read_parquet(file: BinaryIO, name: str) -> tuple[RawTable, Findings]:
    """The table in a Parquet file."""
    try:
        table = pq.read_table(file)
    except (pa.ArrowInvalid, OSError):
        raise stopped(name, "this Parquet file is damaged; save it again.") from None
    findings = Findings(name, "case")
    kept = [column for column in table.column_names if not column.startswith(_UNNAMED_INDEX)]
    if len(kept) < len(table.column_names):
        findings.notes.append("an index of pandas without a name was left out")
        table = table.select(kept)
    return _of_arrow(table, name, "Parquet"), findings


def read_frame(source: Any) -> tuple[RawTable, Findings]:
    """The table in an eager data frame of any library that narwhals knows."""
    findings = Findings("the data frame", "case")
    if isinstance(source, pd.DataFrame):
        return _of_pandas(source), findings
    try:
        frame = nw.from_native(source, eager_only=True)
    except TypeError:
        raise ArgumentError(
            "source: expected a path, an open binary file or an eager data frame (pandas, polars, pyarrow ...; "
            f"collect a lazy one first); got {type(source).__name__}."
        ) from None
    return _of_arrow(frame.to_arrow(), "the data frame", f"{frame.implementation.value} data frame"), findings


def pandas_of(source: Any, argument: str) -> pd.DataFrame:
    """A frame of any library as a pandas frame (the same object if it is one)."""
    if isinstance(source, pd.DataFrame):
        return source
    try:
        table = nw.from_native(source, eager_only=True).to_arrow()
    except TypeError:
        raise ArgumentError(
            f"{argument}: expected an eager data frame (pandas, polars, pyarrow ...); got {type(source).__name__}."
        ) from None
    # whole numbers with gaps stay whole numbers; without this, pandas makes floats of them
    found: pd.DataFrame = table.to_pandas(types_mapper=_nullable)
    return found


def _nullable(kind: pa.DataType) -> Any:
    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    return pd.BooleanDtype() if pa.types.is_boolean(kind) else None


def _of_arrow(table: pa.Table, name: str, how: str) -> RawTable:
    columns = tuple(RawColumn.of_arrow(column, _arrow_kind(column.type)) for column in table.columns)
    headers = tuple(map(str, table.column_names))
    return without_blank_rows(RawTable(name, how, headers, columns, _cases(table.num_rows), "case"))


def _cases(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.arange(1, count + 1, dtype=np.int64)


def _arrow_kind(kind: pa.DataType) -> Kind | None:  # noqa: PLR0911  (one line per kind reads best)
    if pa.types.is_dictionary(kind):
        return _arrow_kind(kind.value_type)
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_floating(kind):
        return "number"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "date"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    return None


def _of_pandas(frame: pd.DataFrame) -> RawTable:
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()  # a named index holds something, such as the response ids
    columns = tuple(pandas_column(frame.iloc[:, place]) for place in range(frame.shape[1]))
    headers = tuple(map(str, frame.columns))
    rows = _cases(len(frame))
    return without_blank_rows(RawTable("the data frame", "pandas data frame", headers, columns, rows, "case"))


def pandas_column(series: pd.Series[Any]) -> RawColumn:
    """One column of a pandas frame; columns of mixed types keep each cell's own."""
    if series.dtype == object:
        inferred = pd.api.types.infer_dtype(series, skipna=True)
        if inferred not in ("string", "date", "empty"):
            encoder = Encoder()
            encoder.extend(map(_hashable, series.tolist()))
            return encoder.column()
    try:
        cells = pa.chunked_array([pa.Array.from_pandas(series)])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        cells = pa.chunked_array([pa.array([None if pd.isna(cell) else str(cell) for cell in series], pa.string())])
    return RawColumn.of_arrow(cells, _arrow_kind(cells.type))


def _hashable(cell: Any) -> Any:
    if cell is pd.NA or cell is pd.NaT:
        return None
    try:
        hash(cell)
    except TypeError:
        return str(cell)
    return cell.item() if isinstance(cell, np.generic) else cell
