"""Which kind of file a source is, by its content and then by its name; a frame is a source too."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.responses.delimited import read_delimited
from movement_readiness.responses.findings import Findings, stopped
from movement_readiness.responses.frames import read_frame, read_parquet
from movement_readiness.responses.raw import RawTable
from movement_readiness.responses.spss import read_spss
from movement_readiness.responses.workbook import read_workbook

__all__ = ["FileOptions", "read_table"]

_TEXT_FILES = (".csv", ".txt", ".tsv", ".tab", ".dat")
_KINDS = {".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".pq": "parquet", ".sav": "sav", ".zsav": "sav"}
_EXPECTED = "expected .csv, .tsv, .txt, .xlsx, .parquet or .sav"


@dataclass(frozen=True)
class FileOptions:
    """What the caller says about the file itself."""

    encoding: str | None
    delimiter: str | None
    sheet: str | int | None
    recognised: Callable[[str], bool]


def read_table(source: Any, options: FileOptions) -> tuple[RawTable, Findings]:
    """The table that a path, an open binary file or a data frame holds."""
    if isinstance(source, str | Path):
        return _read_path(Path(source), options)
    if callable(getattr(source, "read", None)):
        return _read_open_file(source, options)
    return read_frame(source)


def _read_path(path: Path, options: FileOptions) -> tuple[RawTable, Findings]:
    if path.is_dir():
        raise ArgumentError(f"source: expected a file of answers; {str(path)!r} is a folder.")
    try:
        with path.open("rb") as file:
            return _read_binary(file, path.name, options)
    except FileNotFoundError:
        raise ArgumentError(f"source: expected a file of answers; {str(path)!r} does not exist.") from None
    except OSError as error:
        raise ResponsesError(f"source: {str(path)!r} cannot be read ({error.strerror or error}).") from None


def _read_open_file(source: Any, options: FileOptions) -> tuple[RawTable, Findings]:
    content = source.read()
    if not isinstance(content, bytes):
        raise ArgumentError("source: expected a file that is open in binary mode ('rb'); this one gives text.")
    name = getattr(source, "name", None)
    return _read_binary(io.BytesIO(content), Path(name).name if isinstance(name, str) else "the open file", options)


def _read_binary(file: BinaryIO, name: str, options: FileOptions) -> tuple[RawTable, Findings]:
    start = file.read(8)
    file.seek(0)
    if not start:
        raise stopped(name, "the file is empty (0 bytes); expected a header and at least one row of answers.")
    kind = _kind(start, name)
    if kind == "xlsx":
        return read_workbook(file, name, options.sheet)
    if kind == "parquet":
        return read_parquet(file, name)
    if kind == "sav":
        return read_spss(file, name)
    return read_delimited(file, name, options.encoding, options.delimiter, options.recognised)


def _kind(start: bytes, name: str) -> str:
    if start.startswith(b"PK\x03\x04"):
        return "xlsx"
    if start.startswith(b"PAR1"):
        return "parquet"
    if start[:4] in (b"$FL2", b"$FL3"):
        return "sav"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise stopped(name, "this is an old or a password-protected Excel file; save it as .xlsx without a password.")
    suffix = Path(name).suffix.lower()
    if suffix in _KINDS:
        raise stopped(name, f"the name ends in {suffix}, but the content is not of that kind; save the file again.")
    if suffix in _TEXT_FILES or name == "the open file":
        return "text"
    what = f"the extension {suffix!r}" if suffix else "a name without an extension"
    raise stopped(name, f"{what} is not known; {_EXPECTED}.")
