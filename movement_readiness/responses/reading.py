"""`read_responses`: a file of answers as people really have them, in; a frame of raw answers, out."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pandas as pd

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import ArgumentError, ResponsesWarning
from movement_readiness.instrument import Instrument
from movement_readiness.responses.assembly import Assembly, Options
from movement_readiness.responses.cells import NA_VALUES, CellRules
from movement_readiness.responses.findings import Findings
from movement_readiness.responses.folding import fold_label
from movement_readiness.responses.formats import FileOptions, read_table
from movement_readiness.responses.headers import Names
from movement_readiness.responses.places import places_of

__all__ = ["read_responses"]


def read_responses(
    source: str | Path | BinaryIO | Any,
    instrument: Instrument,
    *,
    layout: Literal["auto", "wide", "long"] = "auto",
    form: str | None = None,
    columns: Mapping[str, str] | None = None,
    language: str | None = None,
    invalid: Literal["raise", "set_missing"] = "raise",
    roster: Any = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | int | None = None,
    na_values: Collection[str] = NA_VALUES,
    missing_values: Mapping[Any, str | None] | None = None,
) -> pd.DataFrame:
    r"""Read answers from a file or a data frame, check every cell, and say what was done.

    Parameters
    ----------
    source : path, open binary file or data frame
        CSV (comma, semicolon or tab; UTF-8, UTF-16 or Windows-1252), XLSX, Parquet or SPSS (.sav, with the
        extra ``spss``), known by content and extension; or an eager data frame of any library that narwhals
        knows. The first row of a text file or sheet that holds anything is its header.
    instrument : Instrument
        The instrument that was answered.
    layout : {"auto", "wide", "long"}
        One row per response, or one row per answer with the columns ``response_id``, ``item_id`` (or
        ``item``) and ``answer`` (or ``value``, ``response``).
    form : str, optional
        The form that was answered, where the file has no column for it. Otherwise it is the smallest form
        with all form items that the file has (of equal ones the first), and the summary says so.
    columns : mapping of header to item id or column name, optional
        What headers mean. Without it, a header is known as an item id in any case, as an item text in any
        language of the instrument (also ``"R1 text"``, ``"R1. text"``, ``"R1: text"``), or as one of the
        frame's own columns; any other column is kept under its own name.
    language : str, optional
        The language of the answers where the file has no column for it (default: the instrument's); it also
        decides between labels that several languages share.
    invalid : {"raise", "set_missing"}
        What happens to cells that cannot be read: an error that names all of them, or NA, counted and named
        in the summary, with one warning. What leaves the file ambiguous is an error either way: repeated ids,
        unknown teams, rows with too many cells, another instrument, an unknown form or language.
    roster : data frame, optional
        With columns ``site`` and ``team``: responses of any other team are faults.
    encoding, delimiter : str, optional
        Of a text file; found out when not given.
    sheet : str or int, optional
        The name of the sheet of a workbook, or its number from 0; the first one when not given.
    na_values : collection of str
        Texts that mean that a cell is empty, besides cells that are. A label goes before them.
    missing_values : mapping, optional
        Values of the file's own that mean a missing code of the instrument, or NA:
        ``{"999": "cant_say", "-1": None}``. They hold for all items.

    Returns
    -------
    pandas.DataFrame
        One row per response: ``response_id, instrument_id, instrument_version, instrument_sha256, form,
        language, aim_id, site, team, role, wave`` (text), ``submitted_on`` (datetime64[s], midnight),
        ``synthetic`` (bool), then one ``Int64`` column per item (codes as given, missing codes too; NA where
        the item was not shown or its cell is empty), in the order of the instrument: every item of the forms
        that occur, and any other item of the file. Then the extra columns: ``str``, ``Int64``, ``float64``,
        ``boolean`` or ``datetime64``.
        ``.attrs["summary"]`` is a `ResponsesSummary`: rows in and kept, cells set missing, how each column
        was read, what was filled in.

    Raises
    ------
    ResponsesError
        The file cannot be taken as it is. ``.problems`` has every fault of every kind, each with its row
        (as a spreadsheet shows it, the header being row 1; "case" counts from 1 in SPSS, Parquet and
        frames), column and value. More than 1,000 of one kind in a column are counted together.
    ArgumentError
        An argument is not what is expected.
    MissingDependencyError
        An SPSS file, and pyreadstat is not installed.

    Warns
    -----
    ResponsesWarning
        Cells were set missing; a column looks like a misspelt one; items of the form are absent; names of
        teams differ only in case or spaces.

    Notes
    -----
    A column of an item is read by codes (``4``, ``4.0``, ``4,0``) or by labels, in any language and whatever
    their case, spaces and apostrophes, never by both; missing codes and their labels may stand in either. Where a
    label is also a number (``"1"``) and means another code than that number, the column is read as codes
    unless other cells of it are labels, and a warning says so. Nothing is dropped silently: blank rows and
    short rows are counted, rows with surplus cells are faults. A column `aim_id` is kept as given.

    Checked against the standard library's csv module for parsing, and by writing and reading back.

    Examples
    --------
    >>> import io
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> header = "Site;Team;" + ";".join(instrument.forms["short"].items)
    >>> file = io.BytesIO(f"{header}\nNorth;A3;4;5;3;9;2;4;4;5;3;2;1;can’t say\n".encode())
    >>> mr.read_responses(file, instrument)
    Traceback (most recent call last):
        ...
    movement_readiness.exceptions.ResponsesError: the open file: row 2, column 'B1': 9 is out of range; expected ...

    >>> file = io.BytesIO(f"{header}\nNorth;A3;4;5;3;4;2;4;4;5;3;2;1;can’t say\n".encode())
    >>> responses = mr.read_responses(file, instrument)
    >>> responses[["response_id", "form", "site", "team", "R1", "S4"]].values.tolist()
    [['row-0002', 'short', 'North', 'A3', 4, -8]]
    >>> responses.attrs["summary"].rows_kept
    1
    """
    options = _checked(instrument, layout, form, language, invalid, roster, columns, na_values, missing_values)
    names = Names(instrument)
    table, findings = read_table(source, FileOptions(encoding, delimiter, sheet, names.recognised))
    frame = Assembly(table, findings, instrument, names, options).frame()
    if findings.n_bad_cells:
        warnings.warn(_set_missing(findings), ResponsesWarning, stacklevel=2)
    for warning in findings.warnings:
        warnings.warn(f"{table.name}: {warning}", ResponsesWarning, stacklevel=2)
    return frame


def _set_missing(findings: Findings) -> str:
    cells = "1 cell" if findings.n_bad_cells == 1 else f"{findings.n_bad_cells} cells"
    return (
        f"{findings.name}: {cells} could not be read and are missing now, the first: {findings.bad_cells[0]}. "
        'All of them: responses.attrs["summary"].problems'
    )


def _checked(
    instrument: Instrument,
    layout: str,
    form: str | None,
    language: str | None,
    invalid: str,
    roster: Any,
    columns: Mapping[str, str] | None,
    na_values: Collection[str],
    missing_values: Mapping[Any, str | None] | None,
) -> Options:
    if not isinstance(instrument, Instrument):
        raise ArgumentError(
            f"instrument: expected an Instrument, as load_instrument() gives it; got {type(instrument).__name__}."
        )
    check_choice("layout", layout, ("auto", "wide", "long"))
    check_choice("invalid", invalid, ("raise", "set_missing"))
    check_choice("form", form, (None, *instrument.forms))
    check_choice("language", language, (None, *instrument.languages))
    if (
        isinstance(na_values, str)
        or not isinstance(na_values, Collection)
        or not all(isinstance(value, str) for value in na_values)
    ):
        raise ArgumentError(f"na_values: expected a collection of texts such as ('NA', '.'); got {na_values!r}.")
    rules = CellRules(frozenset(map(str.strip, na_values)), _missing_values(missing_values, instrument))
    return Options(layout, form, language, invalid, places_of(roster), columns, rules)


def _missing_values(given: Mapping[Any, str | None] | None, instrument: Instrument) -> dict[int | str, int | None]:
    found: dict[int | str, int | None] = {}
    if given is not None and not isinstance(given, Mapping):
        raise ArgumentError(
            "missing_values: expected a mapping of the file's values to missing codes or None, such as "
            f"{{'999': None}}; got {type(given).__name__}."
        )
    for value, meaning in (given or {}).items():
        check_choice("missing_values", meaning, (None, *instrument.missing_codes))
        code = None if meaning is None else instrument.missing_codes[meaning].code
        text = str(value).strip()
        try:
            number = float(text.replace(",", "."))
            found[int(number) if number.is_integer() else fold_label(text)] = code
        except (ValueError, OverflowError):
            found[fold_label(text)] = code
    return found
