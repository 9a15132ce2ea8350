"""`write_responses`: a frame of answers to a file that reads back as the same frame."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError, ResponsesWarning
from movement_readiness.instrument import RESPONSE_COLUMNS, Instrument
from movement_readiness.responses.cells import NA_VALUES, CellRules, OptionNames, read_item
from movement_readiness.responses.findings import Findings
from movement_readiness.responses.frames import pandas_column, pandas_of
from movement_readiness.responses.raw import RawColumn
from movement_readiness.responses.targets import TARGETS, Content, differences

__all__ = ["write_responses"]


def write_responses(responses: Any, path: str | Path, instrument: Instrument, *, labels: bool = False) -> Path:
    r"""Write answers to a file from which `read_responses` makes the same frame again.

    Parameters
    ----------
    responses : data frame
        As `read_responses` or `simulate_responses` gives it (pandas, or any eager frame that narwhals knows).
        It is not changed.
    path : str or pathlib.Path
        Ends in ``.csv`` (UTF-8, comma), ``.xlsx``, ``.parquet`` or ``.sav`` (SPSS, with the extra ``spss``).
        The file is written beside its place and then moved there, so that a reader never meets half of it;
        one that is there is replaced.
    instrument : Instrument
        The instrument that was answered.
    labels : bool
        Write option labels in the instrument's language instead of codes (CSV, XLSX and Parquet).

    Returns
    -------
    pathlib.Path
        Where the file is.

    Raises
    ------
    ArgumentError
        An argument is not what is expected, or the format cannot hold the content (a date before March 1900
        or a text of more than 32,767 characters in XLSX), or the file cannot be written.
    MissingDependencyError
        A path that ends in ``.sav``, and pyreadstat is not installed.

    Warns
    -----
    ResponsesWarning
        A column will not come back as it is: texts such as ``"NA"`` are read as missing; a CSV file cannot
        tell texts that are all numbers from numbers; SPSS cuts spaces off the end of a text.

    Notes
    -----
    Missing codes are written as they are, NA as an empty cell. In SPSS files, variable labels are the item
    texts, missing codes are declared as user-missing, and columns with names that SPSS does not allow carry
    their name as variable label. In XLSX a text that starts with ``=`` stays a text, and numbers keep all
    their digits.

    Columns come back with the types that `read_responses` gives: ``str``, ``Int64``, ``float64``, ``boolean``,
    ``datetime64``. An extra column without any filled cell comes back from CSV and XLSX as ``str``.

    Examples
    --------
    >>> import io, tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> header = ",".join(instrument.forms["short"].items)
    >>> responses = mr.read_responses(io.BytesIO(f"{header}\n{','.join('444444444444')}\n".encode()), instrument)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = mr.write_responses(responses, Path(folder) / "wave1.sav", instrument)
    ...     again = mr.read_responses(place, instrument)
    >>> pd.testing.assert_frame_equal(again, responses)
    """
    target = _checked_path(path, instrument, labels=labels)
    content = _content(responses, instrument)
    said = differences(content, target.suffix.lower())
    if labels:
        content = _with_labels(content, instrument, said)
    part = target.with_name(f".{secrets.token_hex(4)}.{target.name}")
    try:
        TARGETS[target.suffix.lower()](content, part, instrument)
        part.replace(target)
    except OSError as error:
        raise ArgumentError(f"path: {str(target)!r} cannot be written ({error.strerror or error}).") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    for sentence in said:
        warnings.warn(f"{target.name}: {sentence}", ResponsesWarning, stacklevel=2)
    return target


def _checked_path(path: str | Path, instrument: Instrument, *, labels: bool) -> Path:
    if not isinstance(instrument, Instrument):
        got = type(instrument).__name__
        raise ArgumentError(f"instrument: expected an Instrument, as load_instrument() gives it; got {got}.")
    if not isinstance(path, str | Path):
        raise ArgumentError(f"path: expected a path; got {type(path).__name__}.")
    target = Path(path)
    if target.suffix.lower() not in TARGETS:
        raise ArgumentError(f"path: expected a name that ends in {', '.join(TARGETS)}; got {target.name!r}.")
    if not target.resolve().parent.is_dir():
        raise ArgumentError(f"path: the folder {str(target.parent)!r} does not exist; make it first.")
    if target.is_dir():
        raise ArgumentError(f"path: expected a file; {str(target)!r} is a folder.")
    if labels and target.suffix.lower() == ".sav":
        raise ArgumentError("labels: an SPSS file always has codes with their labels beside them; leave labels=False.")
    return target.resolve()  # a link keeps pointing at the file


def _content(responses: Any, instrument: Instrument) -> Content:
    frame = pandas_of(responses, "responses")
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()  # a named index holds something, such as the response ids
    names = list(map(str, frame.columns))
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ArgumentError(f"responses: expected every column once; {quoted(repeated)} are there several times.")
    items = tuple(name for name in names if name in instrument.items)
    if not items:
        raise ArgumentError(
            f"responses: expected columns with items of {instrument.id}, such as {quoted(tuple(instrument.items), 3)}; "
            f"got {quoted(names)}."
        )
    columns = {name: pandas_column(frame.iloc[:, at]) for at, name in enumerate(names)}
    extras = tuple(name for name in names if name not in items and name not in RESPONSE_COLUMNS)
    return Content(frame, columns, items, extras)


def _with_labels(content: Content, instrument: Instrument, said: list[str]) -> Content:
    columns = dict(content.columns)
    words = instrument.translation()
    missing = {code.code: words.missing_codes[code.id] for code in instrument.missing_codes.values()}
    for item in content.items:
        labels = {**missing, **words.options[instrument.response_scale(item).id]}
        columns[item] = _labelled(item, columns[item], labels)
        if not _reads_back(item, columns[item], content.columns[item], instrument):
            said.append(f"the labels of {item!r} do not tell which codes they are; it is not read back as it was")
    return Content(content.frame, columns, content.items, content.extras)


def _labelled(item: str, column: RawColumn, labels: Mapping[int, str]) -> RawColumn:
    unknown = [value for value in column.values if value not in labels]
    if unknown:
        raise ArgumentError(f"responses: {item!r} holds {quoted(unknown)}, for which there is no label.")
    mapped = column.mapped([labels[int(value)] for value in column.values])
    return RawColumn(mapped.values, mapped.codes, "text")


def _reads_back(item: str, labelled: RawColumn, codes: RawColumn, instrument: Instrument) -> bool:
    rules = CellRules(frozenset(NA_VALUES), {}, (instrument.language,))
    rows = np.arange(len(codes.codes), dtype=np.int64)
    findings = Findings("", "row")
    read = read_item(labelled, OptionNames(instrument, item), rules, findings, rows=rows, header=item, item=item)
    then = np.array([*codes.values, 1], dtype=np.int64)[codes.codes]
    mask = codes.codes < 0
    return not findings.n_bad_cells and bool((read.mask == mask).all() and (read.data == then)[~mask].all())
