"""`ResponsesSummary`: what was read, how, and what was left out or changed, in words and in numbers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from html import escape
from typing import Any, NamedTuple

from movement_readiness.exceptions import Problem
from movement_readiness.responses.folding import listed

__all__ = ["ColumnReading", "ResponsesSummary"]

_SHOWN = 10  # problems that the text names; all of them are in `problems`


class ColumnReading(NamedTuple):
    """How the column of one item was read.

    ``read_as`` is "codes", "labels" or "empty"; ``languages`` are those of the labels.
    """

    item: str
    header: str
    read_as: str
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False, eq=False)
class ResponsesSummary(str):
    """What `read_responses` took in, as text (``print`` it) and as numbers.

    It is a text so that a frame which carries it in ``attrs`` can still be written by pandas itself, and
    it copies as itself, so that carrying it costs nothing.

    Attributes
    ----------
    source, how : str
        The name of the file and what kind of file it is (format, encoding, delimiter, sheet).
    instrument : str
        Id and version of the instrument that the answers were read with.
    layout : str
        "wide" (a row per response) or "long" (a row per answer).
    rows_in : int
        Rows of the file below its header, blank ones included.
    rows_kept : int
        Rows whose content is in the frame: ``rows_in - blank_rows``.
    responses : int
        Rows of the frame; differs from `rows_kept` in the long layout only.
    blank_rows, short_rows : int
        Rows without any content (left out); rows with fewer cells than the header (read as empty cells).
    cells_set_missing : int
        Cells that could not be read and are NA now (with ``invalid="set_missing"``).
    ids_made_up : int
        Responses that got an id from their row number.
    without_team, without_site : int
        Responses whose team or site is not known.
    columns : tuple of ColumnReading
        How each item column was read.
    extra_columns, absent_items : tuple of str
        Columns that are no part of the instrument (kept); items of the forms that the file lacks (NA).
    forms : tuple of str
        The forms of the responses.
    notes, warnings : tuple of str
        What was filled in or left out; what should be looked at.
    problems : tuple of Problem
        The cells that were set missing, by row, column and value.
    synthetic : int
        Responses that are simulated, not given by people.
    claim : str
        What the evidence lets anyone say of the instrument today; the last line of the text.
    """

    source: str = ""
    how: str = ""
    instrument: str = ""
    layout: str = "wide"
    rows_in: int = 0
    rows_kept: int = 0
    responses: int = 0
    blank_rows: int = 0
    short_rows: int = 0
    cells_set_missing: int = 0
    ids_made_up: int = 0
    without_team: int = 0
    without_site: int = 0
    columns: tuple[ColumnReading, ...] = ()
    extra_columns: tuple[str, ...] = ()
    absent_items: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    synthetic: int = 0
    claim: str = ""

    def __new__(cls, **parts: Any) -> ResponsesSummary:
        """Put the text together, which is what the object is."""
        defaults = {part.name: part.default for part in fields(cls)}
        return super().__new__(cls, "\n".join(_lines({**defaults, **parts})))

    def __repr__(self) -> str:
        return (
            f"<ResponsesSummary {self.source}: {self.rows_in} rows in, {self.rows_kept} kept, "
            f"{self.cells_set_missing} cells set missing>"
        )

    def _repr_html_(self) -> str:
        first, *rest = self.splitlines()
        lines = "".join(f"<li>{escape(line.strip())}</li>" for line in rest)
        return f"<p><strong>{escape(first)}</strong></p><ul>{lines}</ul>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ResponsesSummary):
            return self is other or vars(self) == vars(other)
        return NotImplemented

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __copy__(self) -> ResponsesSummary:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> ResponsesSummary:
        return self  # frozen all through: pandas copies attrs with every operation

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (vars(self),)


def _restored(parts: dict[str, Any]) -> ResponsesSummary:
    return ResponsesSummary(**parts)


def _lines(parts: dict[str, Any]) -> list[str]:
    """The text of a summary: the one place where it is put together."""
    lines = [_first(parts), *_rows(parts), *_columns(parts)]
    if parts["forms"]:
        lines.append(f"forms: {listed(list(parts['forms']))}")
    lines += [f"note: {note}" for note in parts["notes"]]
    lines += [f"look at: {warning}" for warning in parts["warnings"]]
    problems = parts["problems"]
    lines += [f"set missing: {problem}" for problem in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"set missing: ... and {len(problems) - _SHOWN} more; all of them are in .problems")
    if parts["synthetic"]:
        lines.append(
            f"SYNTHETIC: {parts['synthetic']} of {parts['responses']} responses are simulated, not given by people"
        )
    return [*lines, parts["claim"]] if parts["claim"] else lines


def _first(parts: dict[str, Any]) -> str:
    return f"{parts['source']} ({parts['how']}), read with {parts['instrument']}"


def _rows(parts: dict[str, Any]) -> list[str]:
    line = f"rows: {parts['rows_in']} in, {parts['rows_kept']} kept, {parts['blank_rows']} blank"
    if parts["short_rows"]:
        line += f", {parts['short_rows']} with fewer cells than the header (read as empty)"
    if parts["layout"] == "long":
        line += f"; one row per answer, {parts['responses']} responses"
    lines = [line, f"cells set missing: {parts['cells_set_missing']}"]
    if parts["without_site"] or parts["without_team"]:
        lines.append(f"without a site: {parts['without_site']}, without a team: {parts['without_team']} responses")
    return lines


def _columns(parts: dict[str, Any]) -> list[str]:
    ways: dict[str, list[str]] = {}
    for column in parts["columns"]:
        way = column.read_as + (f" in {listed(list(column.languages))}" if column.languages else "")
        ways.setdefault(way, []).append(column.item)
    lines = [f"items read as {way}: {len(items)} ({', '.join(items)})" for way, items in ways.items()]
    if parts["absent_items"]:
        lines.append(f"items of the form that the file lacks (NA): {', '.join(parts['absent_items'])}")
    if parts["extra_columns"]:
        lines.append(f"extra columns kept: {', '.join(parts['extra_columns'])}")
    return lines
