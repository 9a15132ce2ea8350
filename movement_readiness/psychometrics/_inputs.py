"""Columns of numbers and of group labels, from whatever holds them, to arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_same_rows", "group_codes", "number_column"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LARGEST = 1e150  # squares of larger numbers do not fit
_NUMBER_KINDS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean", "empty")


def number_column(argument: str, values: Any) -> Floats:
    """One column of finite numbers, NaN where missing, as a float array that may share memory."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub" and values.ndim == 1:
        column = np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan)
    else:
        column = _numbers(argument, _series(argument, values))
    size = np.abs(column)
    bad = np.flatnonzero(size > _LARGEST)  # False for NaN
    if bad.size:
        raise ArgumentError(
            f"{argument}: expected finite numbers below {_LARGEST:g} in size; "
            f"got {column[bad[0]]:g} at position {bad[0]} ({bad.size} such)."
        )
    return column


def group_codes(argument: str, group: Any) -> tuple[Ints, int]:
    """The group of each row as 0, 1, ... in order of appearance, -1 where missing, and how many there are.

    A frame gives its columns together as the label (site and team); a label is missing when any part is.
    """
    import pandas as pd

    labels = _plain(argument, group)
    if not isinstance(labels, pd.DataFrame):
        return _factorized(argument, _one_column(argument, labels))
    if not labels.shape[1]:
        raise ArgumentError(f"{argument}: expected a column of labels; got a frame without columns.")
    codes, count = _factorized(argument, labels.iloc[:, 0])
    for place in range(1, labels.shape[1]):
        more, n_more = _factorized(argument, labels.iloc[:, place])
        both = np.where((codes < 0) | (more < 0), -1, codes * max(n_more, 1) + more)
        found, labelled = pd.factorize(both[both >= 0])
        codes, count = np.full(both.size, -1, dtype=np.int64), len(labelled)
        codes[both >= 0] = found
    return codes, count


def check_same_rows(values: Any, group: Any, n_values: int, n_labels: int) -> None:
    """Refuse values and labels of different length, and pandas columns whose row labels differ."""
    import pandas as pd

    if n_values != n_labels:
        raise ArgumentError(
            f"group: expected one label for each value; got {n_values} values and {n_labels} labels."
        )
    kinds = (pd.Series, pd.DataFrame)
    if isinstance(values, kinds) and isinstance(group, kinds) and not values.index.equals(group.index):
        raise ArgumentError(
            "values and group: expected the same rows in the same order; got different row labels (index). "
            "Take both from one frame, or pass arrays if they do belong together by position."
        )


def _plain(argument: str, column: Any) -> Any:
    """A pandas Series or DataFrame, or a numpy array, of whatever was given."""
    import pandas as pd

    if isinstance(column, (pd.Series, pd.DataFrame, np.ndarray)):
        return column
    if hasattr(column, "to_pandas"):  # polars, pyarrow, narwhals and their like
        return column.to_pandas()
    if isinstance(column, (pd.Index, pd.api.extensions.ExtensionArray)):
        return pd.Series(column)
    if isinstance(column, (list, tuple, range)):
        return pd.Series(list(column), dtype=object)
    raise ArgumentError(
        f"{argument}: expected one column (an array, a list or a Series); got {type(column).__name__}."
    )


def _one_column(argument: str, column: Any) -> pd.Series:
    import pandas as pd

    if isinstance(column, pd.DataFrame):
        raise ArgumentError(
            f"{argument}: expected one column; got a frame with {quoted(list(column.columns))}."
        )
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise ArgumentError(f"{argument}: expected one column; got an array of shape {column.shape}.")
        return (
            pd.Series(np.ma.filled(column.astype(object), None)) if np.ma.isMA(column) else pd.Series(column)
        )
    return column


def _series(argument: str, column: Any) -> pd.Series:
    return _one_column(argument, _plain(argument, column))


def _numbers(argument: str, column: pd.Series) -> Floats:
    import pandas as pd

    kinds = pd.api.types
    if kinds.is_numeric_dtype(column.dtype) and not kinds.is_complex_dtype(column.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if kinds.is_object_dtype(column.dtype) and kinds.infer_dtype(column, skipna=True) in _NUMBER_KINDS:
        return np.array(
            [
                np.nan if missing else float(value)
                for value, missing in zip(column, column.isna(), strict=True)
            ]
        )
    offending = next(
        (
            (place, value)
            for place, value in enumerate(column)
            if isinstance(value, str) or not _is_number(value)
        ),
        None,
    )
    what = (
        f"a column of type {column.dtype}"
        if offending is None
        else f"{offending[1]!r} at position {offending[0]}"
    )
    raise ArgumentError(f"{argument}: expected numbers (missing allowed); got {what}.")


def _is_number(value: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_number(value)) or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _factorized(argument: str, labels: pd.Series) -> tuple[Ints, int]:
    import pandas as pd

    try:
        codes, labelled = pd.factorize(labels)
    except TypeError:
        place, value = next((i, v) for i, v in enumerate(labels) if not _is_hashable(v))
        raise ArgumentError(
            f"{argument}: expected labels such as text or numbers; got {type(value).__name__} at position {place}."
        ) from None
    partly = [
        i for i, label in enumerate(labelled) if isinstance(label, tuple) and any(map(_is_missing, label))
    ]
    if partly:  # ("North", None) is no team: a label of several parts needs all of them
        codes = np.where(np.isin(codes, partly), -1, codes)
        codes, labelled = _renumbered(codes)
    return np.asarray(codes, dtype=np.int64), len(labelled)


def _renumbered(codes: Ints) -> tuple[Ints, Ints]:
    kept, found = np.unique(codes[codes >= 0], return_inverse=True)
    numbered = np.full(codes.size, -1, dtype=np.int64)
    numbered[codes >= 0] = found
    return numbered, kept


def _is_missing(part: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(part) and pd.isna(part))


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
