"""The long layout (one row per answer), turned into the wide one with every cell's own row number."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from movement_readiness._validation import closest
from movement_readiness.responses.findings import Findings, quoted_cell, shown, stopped
from movement_readiness.responses.headers import Headers, Names
from movement_readiness.responses.raw import RawColumn, RawTable, RowArray

__all__ = ["Wide", "of_long", "of_wide"]

_MOST = 1000  # faults of one kind that are named one by one


@dataclass(frozen=True)
class Wide:
    """One row per response: columns by what they mean.

    ``titles`` says how a message calls the column of an item; ``rows`` has a row number for each response.
    """

    items: dict[str, RawColumn]
    titles: dict[str, str]
    own: dict[str, RawColumn]
    extra: dict[str, RawColumn]
    rows: RowArray
    long: bool = False


def of_wide(table: RawTable, headers: Headers) -> Wide:
    """A table that already has one row per response."""
    columns = table.columns
    return Wide(
        {item: columns[at] for item, at in headers.items.items()},
        {item: table.headers[at] for item, at in headers.items.items()},
        {name: columns[at] for name, at in headers.own.items()},
        {name: columns[at] for name, at in headers.extra.items()},
        table.rows,
    )


def of_long(table: RawTable, headers: Headers, names: Names, findings: Findings) -> Wide:
    """Gather the answers of each response; what does not fit together is a fault, by row."""
    lacking = [name for name in ("item_id", "answer") if name not in headers.long]
    if "response_id" not in headers.own:
        lacking.insert(0, "response_id")
    if lacking:
        needed = "the long layout needs the columns response_id, item_id (or item) and answer (or value)"
        raise stopped(table.name, f"{needed}; missing: {', '.join(lacking)}.")
    if headers.items:
        given = ", ".join(table.headers[at] for at in headers.items.values())
        findings.fault(f"the long layout has its answers in one column, but there are item columns too: {given}")
    return _Pivot(table, headers, names, findings).wide()


class _Pivot:
    def __init__(self, table: RawTable, headers: Headers, names: Names, findings: Findings) -> None:
        self._table, self._headers, self._names, self._findings = table, headers, names, findings
        ids = table.columns[headers.own["response_id"]]
        ids = ids.mapped([shown(value) for value in ids.values])
        self._name_without_id(ids)
        self._kept = np.flatnonzero(ids.codes >= 0)
        found, first, of_row = np.unique(ids.codes[self._kept], return_index=True, return_inverse=True)
        order = np.argsort(first, kind="stable")  # responses in the order in which they begin
        self._responses: NDArray[np.int64] = np.argsort(order)[of_row].astype(np.int64)
        self._first: NDArray[np.int64] = first[order].astype(np.int64)
        self._ids = [ids.values[code] for code in found[order].tolist()]
        self._rows: RowArray = table.rows[self._kept]

    def wide(self) -> Wide:
        own = {name: self._own_column(name, at) for name, at in self._headers.own.items()}
        extra = {}
        for name, at in self._headers.extra.items():
            column, disagreeing = self._gathered(self._table.columns[at])
            if len(disagreeing):
                self._findings.warnings.append(
                    f"the column {name!r} was left out: it differs from answer to answer within a response "
                    f"(first in {self._findings.rows(self._rows[disagreeing[:1]])})"
                )
            else:
                extra[name] = column
        items = self._item_columns()
        title = self._table.headers[self._headers.long["answer"]]
        return Wide(items, dict.fromkeys(items, title), own, extra, self._rows[self._first], long=True)

    def _name_without_id(self, ids: RawColumn) -> None:
        rows = self._table.rows[ids.codes < 0]
        if len(rows):
            self._findings.fault(
                f"{self._findings.rows(rows)}: the response_id is empty, so it is not known whose answer this is",
                rows[0],
                "response_id",
            )

    def _gathered(self, column: RawColumn) -> tuple[RawColumn, NDArray[np.int64]]:
        """The first filled cell of each response, and the places of cells that differ from it."""
        codes = column.codes[self._kept]
        filled = np.flatnonzero(codes >= 0)
        gathered = np.full(len(self._first), -1, dtype=np.int32)
        owners, first = np.unique(self._responses[filled], return_index=True)
        gathered[owners] = codes[filled[first]]
        differing = filled[codes[filled] != gathered[self._responses[filled]]]
        return replace(column, codes=gathered, rows=None), differing

    def _own_column(self, name: str, at: int) -> RawColumn:
        column, differing = self._gathered(self._table.columns[at])
        if name == "response_id":
            return column  # grouped by its text: 1 and 1.0 are one id
        codes = self._table.columns[at].codes[self._kept]
        seen: set[int] = set()
        for place in differing.tolist():
            response = int(self._responses[place])
            if response in seen or len(seen) == _MOST:
                continue
            seen.add(response)
            self._name_disagreement(name, column, response, place, int(codes[place]))
        return column

    def _name_disagreement(self, name: str, column: RawColumn, response: int, place: int, code: int) -> None:
        mine = np.flatnonzero(self._responses == response)
        known = column.values[int(column.codes[response])]
        first = self._rows[mine[0]]
        row = self._rows[place]
        self._findings.fault(
            f"{self._findings.unit} {row}, column {name!r}: {quoted_cell(column.values[code])}, but response "
            f"{self._ids[response]!r} has {quoted_cell(known)} from {self._findings.unit} {first} on; "
            f"one response has one {name}",
            row,
            name,
            column.values[code],
        )

    def _item_columns(self) -> dict[str, RawColumn]:
        named = self._table.columns[self._headers.long["item_id"]]
        found = [self._names.item(shown(value)) for value in named.values]
        self._name_unknown(named, found)
        merged = named.mapped(found)
        codes = merged.codes[self._kept]
        answers = self._table.columns[self._headers.long["answer"]]
        columns = {}
        for code, item in enumerate(merged.values):
            columns[item] = self._answers_to(item, np.flatnonzero(codes == code), answers)
        return columns

    def _name_unknown(self, named: RawColumn, found: list[str | None]) -> None:
        header = self._table.headers[self._headers.long["item_id"]]
        empty = self._table.rows[named.codes < 0]
        if len(empty):
            self._findings.fault(f"{self._findings.rows(empty)}: the item is empty", empty[0], header)
        unknown = [at for at, item in enumerate(found) if item is None]
        for at, places in named.places(unknown):
            rows = self._table.rows[places]
            value = named.values[at]
            self._findings.fault(
                f"{self._findings.rows(rows)}, column {header!r}: unknown item {quoted_cell(value)}."
                + closest(value, list(self._names.items.values())),
                rows[0],
                header,
                value,
            )

    def _answers_to(self, item: str, places: NDArray[np.int64], answers: RawColumn) -> RawColumn:
        codes = np.full(len(self._first), -1, dtype=np.int32)
        rows = self._rows[self._first].copy()
        owners = self._responses[places]
        codes[owners] = answers.codes[self._kept][places]
        rows[owners] = self._rows[places]
        for response in np.flatnonzero(np.bincount(owners, minlength=1) > 1)[:_MOST].tolist():
            twice = self._rows[places[owners == response]]
            self._findings.fault(
                f"{self._findings.rows(twice)}: response {self._ids[response]!r} answers {item} {len(twice)} times; "
                "expected once",
                twice[-1],
                self._table.headers[self._headers.long["item_id"]],
                item,
            )
        return RawColumn(answers.values, codes, answers.kind, rows)
