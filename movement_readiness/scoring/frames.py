"""Any data frame in, the same kind out: opening frames, item columns as numbers, work in row batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.exceptions import DuplicateError

from movement_readiness.exceptions import ArgumentError, ResponsesError

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

__all__ = [
    "BATCH_ROWS",
    "AnyFrame",
    "as_numbers",
    "beside",
    "collected",
    "floats",
    "in_batches",
    "is_pandas",
    "open_frame",
]

AnyFrame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"
Work: TypeAlias = Callable[[Any], Any]

# Helper columns of this many rows fit in memory whatever the length of the frame (100 columns are
# 105 MB); twice as many gain a fifth in pandas, nothing elsewhere (tests/benchmarks/scoring.py).
BATCH_ROWS = 131_072


def open_frame(responses: object) -> AnyFrame:
    """Put the frame behind narwhals' interface; one sentence if it is no frame or names a column twice."""
    try:
        frame: AnyFrame = nw.from_native(responses)
        frame.collect_schema()
    except DuplicateError as error:
        raise _named_twice([line.removeprefix("- ") for line in str(error).splitlines()[1:]]) from None
    except TypeError:
        raise ArgumentError(
            "responses: expected a data frame (pandas, polars, pyarrow, or a lazy one that narwhals knows); "
            f"got {type(responses).__name__}."
        ) from None
    if frame.implementation.is_duckdb():  # whose schema keeps one of the columns of a name, in silence
        counts = Counter(frame.to_native().columns)
        if twice := [f"{name!r} {count} times" for name, count in counts.items() if count > 1]:
            raise _named_twice(twice)
    return _without_attrs(frame) if is_pandas(frame) else frame


def _named_twice(names: Sequence[str]) -> ResponsesError:
    return ResponsesError(f"responses: expected every column name once; got {', '.join(names)}.")


def _without_attrs(frame: AnyFrame) -> AnyFrame:
    # pandas compares attrs whenever it joins columns, which fails if they hold a frame or an array.
    bare: pd.DataFrame = frame.to_native().copy(deep=False)
    bare.attrs = {}
    return nw.from_native(bare, eager_only=True)


def is_pandas(frame: AnyFrame) -> bool:
    """Whether the frame is an eager pandas one."""
    return frame.implementation.is_pandas()


def as_numbers(frame: AnyFrame, items: Mapping[str, bool]) -> AnyFrame:
    """Give the frame with Float64 item columns and no NaN but pandas' own; of an eager frame, these alone.

    `items` says of each whether it holds numbers; one that does not is known to hold nothing. In
    pandas every kind of number (numpy, nullable, pyarrow, objects) becomes plain float64, so that a
    missing answer is NaN and nothing else.
    """
    if isinstance(frame, nw.LazyFrame):
        return frame.with_columns(*_casts(items))
    if is_pandas(frame):
        columns = {item: _float_array(frame[item].to_native(), number) for item, number in items.items()}
        return nw.from_dict(columns, backend="pandas")
    return frame.select(*_casts(items))


def _casts(items: Mapping[str, bool]) -> list[nw.Expr]:
    # NaN is a number outside pandas. Not every type can be cast, even where the column holds nothing.
    return [
        nw.col(item).cast(nw.Float64).fill_nan(None) if number else _nothing(item).alias(item)
        for item, number in items.items()
    ]


def _nothing(item: str) -> nw.Expr:
    return nw.when(~nw.col(item).is_null()).then(nw.lit(0.0)).cast(nw.Float64)


def _float_array(series: pd.Series[Any], number: bool) -> npt.NDArray[np.float64]:
    if not number:
        return np.full(len(series), np.nan)
    return series.to_numpy(dtype="float64", na_value=np.nan)


def _pieces(frame: AnyFrame, items: Mapping[str, bool], work: Work) -> Iterator[Any]:
    if isinstance(frame, nw.LazyFrame):
        yield work(as_numbers(frame, items)).collect()
        return
    for start in range(0, max(len(frame), 1), BATCH_ROWS):
        yield work(as_numbers(frame[start : start + BATCH_ROWS], items))


def collected(frame: AnyFrame, items: Mapping[str, bool], work: Work) -> list[dict[str, Any]]:
    """Collect the rows that `work` makes of the item columns, of every batch or of the whole lazy query."""
    return [row for piece in _pieces(frame, items, work) for row in piece.rows(named=True)]


def in_batches(frame: nw.DataFrame[Any], items: Mapping[str, bool], work: Work) -> nw.DataFrame[Any]:
    """Do the work on the item columns, batch by batch; one frame, with the index of the given one."""
    pieces = _pieces(frame, items, work)
    if is_pandas(frame):
        return _filled(frame, pieces)
    parts = list(pieces)
    whole: nw.DataFrame[Any] = nw.concat(parts, how="vertical") if len(parts) > 1 else parts[0]
    return whole


def _filled(frame: nw.DataFrame[Any], pieces: Iterator[Any]) -> nw.DataFrame[Any]:
    """Put the pieces into columns made once: joining pandas frames holds everything twice."""
    columns: dict[str, npt.NDArray[Any]] = {}
    start = 0
    for piece in pieces:
        stop = start + len(piece)
        for name in piece.columns:
            values = piece[name].to_numpy()
            columns.setdefault(name, np.empty(len(frame), values.dtype))[start:stop] = values
        start = stop
    pandas, index = nw.get_native_namespace(frame), frame.to_native().index
    return nw.from_native(pandas.DataFrame(columns, index=index, copy=False), eager_only=True)


def beside(frame: nw.DataFrame[Any], kept: Sequence[Any], added: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Put together the columns `kept` of the frame, then those of `added`, which has the same rows."""
    if not kept:
        return added
    return frame.select(*map(nw.col, kept)).with_columns(*(added[column] for column in added.columns))


def floats(table: nw.DataFrame[Any], name: str) -> npt.NDArray[np.float64]:
    """A column as numbers."""
    column = table[name].cast(nw.Float64)
    return np.asarray(column.to_numpy(), dtype=np.float64)
