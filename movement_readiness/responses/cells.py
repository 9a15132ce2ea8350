"""The cells of one item: codes or labels, checked once per distinct value."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from movement_readiness._validation import quoted
from movement_readiness.instrument import Instrument
from movement_readiness.responses.findings import Findings, quoted_cell, shown
from movement_readiness.responses.folding import fold_label, listed
from movement_readiness.responses.raw import RawColumn, RowArray

__all__ = ["NA_VALUES", "CellRules", "ItemAnswers", "OptionNames", "read_item"]

NA_VALUES = ("NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "<NA>", ".")  # texts that mean no content

_WHOLE = re.compile(r"[+\-−]?\d{1,100}(?:[.,]0*)?")
_NUMBER = re.compile(r"[+\-−]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+\-]?\d+)?")


@dataclass(frozen=True)
class CellRules:
    """What the caller says about cells.

    ``missing_values`` maps what a file holds (a number, or folded text) to a missing code, or to None for NA;
    ``languages`` are those in which the file is known to be, which decide between labels of several.
    """

    na_values: frozenset[str]
    missing_values: Mapping[int | str, int | None]
    languages: tuple[str, ...] = ()


class OptionNames:
    """The codes and labels that the cells of an item may hold."""

    def __init__(self, instrument: Instrument, item: str) -> None:
        scale = instrument.response_scale(item)
        self.options = frozenset(scale.codes)
        self.missing = {code.code: code.id for code in instrument.missing_codes.values()}
        usual = [code for code in instrument.missing_codes.values() if not code.offered or code.id in scale.missing]
        self.not_offered = frozenset(self.missing) - {code.code for code in usual}
        self._codes = sorted(scale.codes)
        self._texts = {language: instrument.translation(language) for language in instrument.languages}
        self._scale = scale.id
        self._offered = usual

    @cached_property
    def labels(self) -> dict[str, dict[str, int]]:
        """For every language the code of each folded label; an option goes before a missing code."""
        found = {}
        for language, words in self._texts.items():
            missing = {fold_label(label): self._code_of(name) for name, label in words.missing_codes.items()}
            options = {fold_label(label): int(code) for code, label in words.options[self._scale].items()}
            found[language] = {**missing, **options}
        return found

    def _code_of(self, missing_id: str) -> int:
        return next(code for code, name in self.missing.items() if name == missing_id)

    def expected(self, language: str | None = None) -> str:
        """What a cell may hold, in words: codes, or the labels of a language."""
        if language is not None:
            words = self._texts[language]
            labels = [*words.options[self._scale].values(), *(words.missing_codes[code.id] for code in self._offered)]
            return f"one of {quoted(labels)}"
        low, high = self._codes[0], self._codes[-1]
        whole = list(range(low, high + 1)) == self._codes and len(self._codes) > 2
        codes = f"a whole number from {low} to {high}" if whole else listed(list(map(str, self._codes)), "or")
        missing = [f"{code.code} ({code.label})" for code in self._offered]
        return f"{codes}{', or ' if missing else ''}{listed(missing, 'or')}"


class _Cell(NamedTuple):
    """One distinct value: the number that it is, and the code of the label that it is in each language."""

    position: int
    n_cells: int
    code: int | None
    labels: dict[str, int]


@dataclass
class ItemAnswers:
    """The codes of one item, and how they were read."""

    data: NDArray[np.int64]
    mask: NDArray[np.bool_]
    read_as: str
    languages: tuple[str, ...] = ()


@dataclass
class _Sorted:
    """The distinct values of a column, sorted by what they are."""

    codes: list[_Cell] = field(default_factory=list)  # numbers alone
    labels: list[_Cell] = field(default_factory=list)  # labels alone
    either: list[_Cell] = field(default_factory=list)  # labels that look like numbers
    fixed: dict[int, int | None] = field(default_factory=dict)  # missing codes and NA, whatever the column is
    bad: dict[int, str] = field(default_factory=dict)


def read_item(
    column: RawColumn,
    options: OptionNames,
    rules: CellRules,
    findings: Findings,
    *,
    rows: RowArray,
    header: str,
    item: str,
) -> ItemAnswers:
    """The answers to one item; cells that cannot be read are named and become NA."""
    title = "" if header.strip().casefold() == item.casefold() else f" ({item})"
    sorted_cells = _sort(column, options, rules)
    if sorted_cells.codes and sorted_cells.labels:
        _name_mixture(column, sorted_cells, findings, rows, header, title)
    as_labels = bool(sorted_cells.labels)
    table: dict[int, int | None] = dict(sorted_cells.fixed)
    languages: tuple[str, ...] = ()
    if as_labels:
        languages = _read_labels(sorted_cells, rules, table, header + title, findings)
    else:
        table.update({cell.position: cell.code for cell in (*sorted_cells.codes, *sorted_cells.either)})
        _warn_of_numeric_labels(sorted_cells, header + title, findings)
    if sorted_cells.bad:
        expected = options.expected(languages[0] if languages else None)
        reasons = {position: f"{why}; expected {expected}" for position, why in sorted_cells.bad.items()}
        findings.bad(column, rows, header, reasons, title)
    _note_not_offered(column, table, options, header + title, findings)
    data, mask = _looked_up(column, table)
    read_as = "labels" if as_labels else "codes" if column.values and not mask.all() else "empty"
    return ItemAnswers(data, mask, read_as, languages)


def _looked_up(column: RawColumn, table: Mapping[int, int | None]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    codes = np.ones(len(column.values) + 1, dtype=np.int64)  # the last one is for empty cells
    missing = np.ones(len(column.values) + 1, dtype=bool)
    for position, code in table.items():
        if code is not None:
            codes[position], missing[position] = code, False
    return codes[column.codes], missing[column.codes]


def _sort(column: RawColumn, options: OptionNames, rules: CellRules) -> _Sorted:
    found = _Sorted()
    counts = column.counts()
    for position in np.flatnonzero(counts).tolist():
        value = column.values[position]
        if isinstance(value, str):
            _sort_text(position, int(counts[position]), value, options, rules, found)
        elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            found.bad[position] = _not_a_code(value)
        elif float(value).is_integer():
            _sort_text(position, int(counts[position]), str(int(value)), options, rules, found)
        else:
            found.bad[position] = f"{shown(value)} is not a whole number"
    return found


def _not_a_code(value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return f"{shown(value)} is a date; a spreadsheet program may have made it of another text, such as '2-3'"
    return f"{quoted_cell(value)} is no code and no label"


def _sort_text(position: int, count: int, text: str, options: OptionNames, rules: CellRules, found: _Sorted) -> None:
    text = text.strip()
    folded = fold_label(text)
    number = int(re.split("[.,]", text.replace("−", "-"))[0]) if _WHOLE.fullmatch(text) else None
    for key in (folded, number):
        if key is not None and key in rules.missing_values:
            found.fixed[position] = rules.missing_values[key]
            return
    labels = {language: known[folded] for language, known in options.labels.items() if folded in known}
    meant = set(labels.values())
    if text in rules.na_values and not labels:
        found.fixed[position] = None
    elif number in options.missing or (len(meant) == 1 and meant <= set(options.missing)):
        found.fixed[position] = number if number in options.missing else meant.pop()
    elif number is None and not labels:
        what = "not a whole number" if _NUMBER.fullmatch(text) else "no code and no label"
        found.bad[position] = f"{quoted_cell(text)} is {what}"
    else:
        _sort_answer(_Cell(position, count, number if number in options.options else None, labels), text, found)


def _sort_answer(cell: _Cell, text: str, found: _Sorted) -> None:
    if cell.code is None and not cell.labels:
        found.bad[cell.position] = f"{text} is out of range"
    elif cell.code is None:
        found.labels.append(cell)
    else:
        (found.either if cell.labels else found.codes).append(cell)


def _name_mixture(
    column: RawColumn, cells: _Sorted, findings: Findings, rows: RowArray, header: str, title: str
) -> None:
    """One sentence for a column of codes and labels; the kind that fewer cells have is set aside."""
    n_codes, n_labels = (sum(cell.n_cells for cell in group) for group in (cells.codes, cells.labels))
    fewer, what, rest = (cells.labels, "labels", "codes") if n_labels <= n_codes else (cells.codes, "codes", "labels")
    numbers = rows if column.rows is None else column.rows
    chosen = np.zeros(len(column.values) + 1, dtype=bool)
    chosen[[cell.position for cell in fewer]] = True
    places = np.flatnonzero(chosen[column.codes])
    values = quoted(sorted({shown(column.values[cell.position]) for cell in fewer}), 3)
    findings.bad_column(
        f"column {header!r}{title} mixes codes and labels: {what} ({values}) in {findings.rows(numbers[places])}, "
        f"{rest} in {n_codes + n_labels - len(places)} others; use one kind in a column",
        len(places),
        numbers[places[0]],
        header,
        column.values[int(column.codes[places[0]])],
    )
    fewer.clear()


def _read_labels(
    cells: _Sorted, rules: CellRules, table: dict[int, int | None], header: str, findings: Findings
) -> tuple[str, ...]:
    """Fill in the codes of labels; returns the languages that they are read in."""
    group = [*cells.labels, *cells.either]
    known = list(dict.fromkeys(language for cell in group for language in cell.labels))
    whole = [language for language in known if all(language in cell.labels for cell in group)]
    preferred = [language for language in rules.languages if language in whole]
    if whole and (preferred or _agree(group, whole)):
        language = (preferred or whole)[0]
        table.update({cell.position: cell.labels[language] for cell in group})
        return (language,)
    if whole:
        findings.fault(
            f"column {header!r}: its labels mean other codes in {' than in '.join(map(repr, whole))}; say which "
            "language it is with language=",
            column=header,
        )
        return tuple(whole)
    return _read_several_languages(group, known, table, cells)


def _agree(group: Sequence[_Cell], languages: Sequence[str]) -> bool:
    return all(len({cell.labels[language] for language in languages}) == 1 for cell in group)


def _read_several_languages(
    group: Sequence[_Cell], known: Sequence[str], table: dict[int, int | None], cells: _Sorted
) -> tuple[str, ...]:
    for cell in group:
        meant = set(cell.labels.values())
        if len(meant) == 1:
            table[cell.position] = meant.pop()
        else:
            each = ", ".join(f"{code} in {language!r}" for language, code in cell.labels.items())
            cells.bad[cell.position] = f"this label means {each}, and the column has labels of several languages"
    by_use = sorted(known, key=lambda language: -sum(cell.n_cells for cell in group if language in cell.labels))
    needed, left = [], list(group)
    for language in by_use:
        if any(language in cell.labels for cell in left):
            needed.append(language)
            left = [cell for cell in left if language not in cell.labels]
    return tuple(needed)


def _warn_of_numeric_labels(cells: _Sorted, header: str, findings: Findings) -> None:
    if any(set(cell.labels.values()) != {cell.code} for cell in cells.either):
        findings.warnings.append(
            f"the column {header!r} was read as codes, but its numbers are also labels of other codes; if it holds "
            "labels, write them in words"
        )


def _note_not_offered(
    column: RawColumn, table: Mapping[int, int | None], options: OptionNames, header: str, findings: Findings
) -> None:
    counts = column.counts()
    for position, code in table.items():
        if code in options.not_offered:
            findings.notes.append(
                f"column {header!r}: {counts[position]} cells hold {code} ({options.missing[code]}), which this item "
                "does not offer; they are kept"
            )
