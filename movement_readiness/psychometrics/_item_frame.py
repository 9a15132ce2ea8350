"""Whatever holds the items, pandas or not, as a pandas frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness.exceptions import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["item_frame"]


def item_frame(argument: str, items: Any) -> pd.DataFrame:
    """Make a pandas frame of whatever holds the items; its columns are not looked at yet."""
    import pandas as pd

    if isinstance(items, pd.DataFrame):
        return items
    if isinstance(items, (np.ndarray, list, tuple)):
        return _array_frame(argument, items)
    if isinstance(items, Mapping):
        return _mapping_frame(argument, items)
    import narwhals as nw

    try:
        native = nw.from_native(items)
    except TypeError:
        raise ArgumentError(
            f"{argument}: expected an item frame (pandas, polars, pyarrow ...) or a 2-D array; "
            f"got {type(items).__name__}."
        ) from None
    eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    if not isinstance(eager, nw.DataFrame):
        raise ArgumentError(f"{argument}: expected an item frame; got one column ({type(items).__name__}).")
    return eager.to_pandas()


def _array_frame(argument: str, items: Any) -> pd.DataFrame:
    import pandas as pd

    try:
        array = np.ma.filled(items.astype(object), None) if np.ma.isMA(items) else np.asarray(items)
    except ValueError:
        raise ArgumentError(f"{argument}: expected rows of equal length; they differ.") from None
    if array.ndim != 2:
        raise ArgumentError(f"{argument}: expected respondents x items; got an array of shape {array.shape}.")
    return pd.DataFrame(array, columns=[f"item_{place}" for place in range(1, array.shape[1] + 1)])


def _mapping_frame(argument: str, items: Mapping[Any, Any]) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.DataFrame(dict(items))
    except ValueError:
        raise ArgumentError(f"{argument}: expected one column of answers a name, all of the same length.") from None
