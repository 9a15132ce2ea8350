"""SPSS files (SAV) through pyreadstat, which the extra ``spss`` installs."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from movement_readiness.exceptions import MissingDependencyError
from movement_readiness.responses.findings import Findings, stopped
from movement_readiness.responses.frames import pandas_column
from movement_readiness.responses.raw import RawColumn, RawTable, without_blank_rows

__all__ = ["FILE_LABEL", "TRUTH_LABELS", "load_pyreadstat", "read_spss"]

FILE_LABEL = "Responses written by movement_readiness"
TRUTH_LABELS = {0: "False", 1: "True"}  # how a column of True and False is told from one of 0 and 1


def load_pyreadstat() -> Any:
    """The library, or the sentence that says how to get it."""
    try:
        import pyreadstat
    except ImportError:
        raise MissingDependencyError(
            "SPSS files (.sav) need pyreadstat; install it with: pip install 'movement-readiness[spss]'"
        ) from None
    return pyreadstat


def read_spss(file: BinaryIO, name: str) -> tuple[RawTable, Findings]:
    """The table in a SAV file; user-missing codes stay codes, variable labels stay at hand."""
    frame, meta = _load(file, name)
    columns = tuple(_column(frame[column], column, meta) for column in frame.columns)
    table = RawTable(
        name,
        "SPSS",
        tuple(map(str, frame.columns)),
        columns,
        np.arange(1, len(frame) + 1, dtype=np.int64),
        "case",
        labels={at: label for at, label in enumerate(meta.column_labels) if label},
        value_labels={
            at: meta.variable_value_labels[column]
            for at, column in enumerate(frame.columns)
            if column in meta.variable_value_labels
        },
        named_by_label=meta.file_label == FILE_LABEL,
    )
    return without_blank_rows(table), Findings(name, "case")


def _load(file: BinaryIO, name: str) -> tuple[pd.DataFrame, Any]:
    pyreadstat = load_pyreadstat()
    with tempfile.TemporaryDirectory() as folder:
        # not every release of pyreadstat reads from memory
        copy = Path(folder) / "copy.sav"
        with copy.open("wb") as target:
            while chunk := file.read(1 << 20):
                target.write(chunk)
        try:
            frame, meta = pyreadstat.read_sav(copy, user_missing=True)
        except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError):
            raise stopped(name, "this SPSS file is damaged or of a kind that cannot be read.") from None
    return frame, meta


def _column(series: pd.Series[Any], name: str, meta: Any) -> RawColumn:
    """SPSS knows one kind of number: whole ones are told by their format, truth values by their labels."""
    column = pandas_column(series)
    if meta.readstat_variable_types[name] == "string":
        return RawColumn(column.values, column.codes, "text")
    if column.kind != "number":
        return column
    whole = all(math.isfinite(value) and value == int(value) for value in column.values)
    if not whole or not _without_decimals(meta.original_variable_types[name]):
        return column
    labels = meta.variable_value_labels.get(name, {})
    truth = {int(code): label for code, label in labels.items()} == TRUTH_LABELS if labels else False
    mapped = column.mapped([bool(value) if truth else int(value) for value in column.values])
    return RawColumn(mapped.values, mapped.codes, "boolean" if truth else "integer")


def _without_decimals(shape: str) -> bool:
    """Whether a format such as F8.0 shows no decimals; F8.2 shows two."""
    return shape.startswith("F") and shape.endswith(".0")
