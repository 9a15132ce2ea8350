"""Columns of numbers and of group labels, from whatever holds them, to arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_same_rows", "group_codes", "group_labels", "number_column"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LARGEST = 1e70  # products of four larger numbers, as in correlations, do not fit
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
    """Code the groups as 0, 1, ... in order of appearance: each row's (-1 where missing), and how many.

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


def group_labels(argument: str, group: Any, codes: Ints) -> pd.DataFrame:
    """Label of each group in the order of its code: a column called group, or the columns of the frame given."""
    import pandas as pd

    labels = _plain(argument, group)
    frame = labels if isinstance(labels, pd.DataFrame) else _one_column(argument, labels).to_frame("group")
    known = np.flatnonzero(codes >= 0)
    _, first = np.unique(codes[known], return_index=True)
    return frame.iloc[known[first]].reset_index(drop=True)


def check_same_rows(first: str, one: Any, second: str, other: Any) -> None:
    """Refuse columns of different length, and pandas columns whose row labels differ."""
    import pandas as pd

    one, other = _plain(first, one), _plain(second, other)
    if len(one) != len(other):
        raise ArgumentError(
            f"{first} and {second}: expected one {second} label for each value; "
            f"got {len(one)} values and {len(other)} labels."
        )
    kinds = (pd.Series, pd.DataFrame)
    if isinstance(one, kinds) and isinstance(other, kinds) and not one.index.equals(other.index):
        raise ArgumentError(
            f"{first} and {second}: expected the same rows in the same order; their row labels (index) "
            "differ. Take both columns from one frame, or pass arrays if they do belong together by position."
        )


def _plain(argument: str, column: Any) -> Any:
    """Make a pandas Series or DataFrame, or keep a numpy array, of whatever was given."""
    import pandas as pd

    if isinstance(column, (pd.Series, pd.DataFrame)) or (isinstance(column, np.ndarray) and column.ndim):
        return column
    if hasattr(column, "to_pandas"):  # polars, pyarrow, narwhals and their like
        return column.to_pandas()
    if isinstance(column, (pd.Index, pd.api.extensions.ExtensionArray)):
        return pd.Series(column)
    if isinstance(column, (list, tuple, range)):
        return pd.Series(list(column), dtype=object)
    raise ArgumentError(f"{argument}: expected one column (an array, a list or a Series); got {type(column).__name__}.")


def _one_column(argument: str, column: Any) -> pd.Series:
    import pandas as pd

    if isinstance(column, pd.DataFrame):
        raise ArgumentError(f"{argument}: expected one column; got a frame with {quoted(list(column.columns))}.")
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise ArgumentError(f"{argument}: expected one column; got an array of shape {column.shape}.")
        return pd.Series(np.ma.filled(column.astype(object), None) if np.ma.isMA(column) else column)
    return pd.Series(column)


def _series(argument: str, column: Any) -> pd.Series:
    return _one_column(argument, _plain(argument, column))


def _numbers(argument: str, column: pd.Series) -> Floats:
    import pandas as pd

    kinds = pd.api.types
    if kinds.is_numeric_dtype(column.dtype) and not kinds.is_complex_dtype(column.dtype):
        return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if kinds.is_object_dtype(column.dtype) and kinds.infer_dtype(column, skipna=True) in _NUMBER_KINDS:
        present = column.notna()
        return np.array([float(x) if there else np.nan for x, there in zip(column, present, strict=True)])
    offending = next(((place, value) for place, value in enumerate(column) if not _is_number(value)), None)
    what, hint = f"a column of type {column.dtype}", ""
    if offending is not None:
        what = f"{offending[1]!r} at position {offending[0]}"
        hint = " Text that holds numbers becomes numbers with .astype(float)." if _holds_number(offending[1]) else ""
    raise ArgumentError(f"{argument}: expected numbers (missing allowed); got {what}.{hint}")


def _holds_number(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(np.isfinite(float(value)))
    except ValueError:
        return False


def _is_number(value: object) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_number(value)) or _is_missing(value)


def _factorized(argument: str, labels: pd.Series) -> tuple[Ints, int]:
    import pandas as pd

    try:
        codes, labelled = pd.factorize(labels)
        count = len(labelled)
    except TypeError:
        place, value = next((i, v) for i, v in enumerate(labels) if not _is_hashable(v))
        raise ArgumentError(
            f"{argument}: expected labels such as text or numbers; got {type(value).__name__} at position {place}."
        ) from None
    parts = ((place, label) for place, label in enumerate(labelled) if isinstance(label, tuple))
    partly = [place for place, label in parts if any(map(_is_missing, label))]
    if partly:  # ("North", None) is no team: a label of several parts needs all of them
        codes = np.where(np.isin(codes, partly), -1, codes)
        codes, count = _renumbered(codes)
    return np.asarray(codes, dtype=np.int64), count


def _renumbered(codes: Ints) -> tuple[Ints, int]:
    kept, found = np.unique(codes[codes >= 0], return_inverse=True)
    numbered = np.full(codes.size, -1, dtype=np.int64)
    numbered[codes >= 0] = found
    return numbered, kept.size


def _is_missing(part: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(part) and pd.isna(part))


def _is_hashable(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
