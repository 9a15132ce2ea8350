"""What every header means: an item, a column of the frame itself, or an extra column to keep."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import RESPONSE_COLUMNS, Instrument
from movement_readiness.responses.findings import Findings
from movement_readiness.responses.folding import fold_name, fold_wording
from movement_readiness.responses.raw import RawTable

__all__ = ["LONG_COLUMNS", "Headers", "Names", "lookalikes", "resolve"]

# The two columns of the long layout, with the headers they go by.
LONG_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "item_id": ("item_id", "item"),
    "answer": ("answer", "value", "response"),
}

# What the column of ids is called in files that were not made by this package.
_RESPONSE_IDS = ("id", "respondent", "respondent_id", "participant", "participant_id")

_AMBIGUOUS = ""
_LONG_TEXT = 15  # characters from which a header is compared with the wording of items


class Names:
    """The names that mean something for one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self.items = {item.casefold(): item for item in instrument.items}
        self.own = {fold_name(name): "response_id" for name in _RESPONSE_IDS}
        self.own |= {fold_name(name): name for name in RESPONSE_COLUMNS}
        self.long = {fold_name(name): meaning for meaning, names in LONG_COLUMNS.items() for name in names}
        self.wordings: dict[str, str] = {}
        for language in instrument.languages:
            for item, text in instrument.translation(language).items.items():
                for spelling in (fold_wording(text), fold_wording(f"{item} {text}")):
                    known = self.wordings.setdefault(spelling, item)
                    if known != item:
                        self.wordings[spelling] = _AMBIGUOUS  # two items say the same: no header can tell

    def item(self, header: str) -> str | None:
        """The item that a header names by its id or by its wording."""
        found = self.items.get(header.strip().casefold())
        return found or self.wordings.get(fold_wording(header)) or None

    def recognised(self, header: str) -> bool:
        """Whether a header means anything here."""
        folded = fold_name(header)
        return self.item(header) is not None or folded in self.own or folded in self.long

    def meaning(self, header: str, *, long: bool) -> str | None:
        """The item id, own column or part of the long layout that a header stands for."""
        folded = fold_name(header)
        if long and folded in self.long:
            return self.long[folded]
        return self.item(header) or self.own.get(folded)

    def contradiction(self, header: str) -> tuple[str, str] | None:
        """For a header with the id of one item and the wording of another: both ids."""
        found = re.match(r"\s*(\w+)[\s.:)\]\-–—]+(.+)", header, flags=re.DOTALL)
        named = self.items.get(found[1].casefold()) if found else None
        worded = self.wordings.get(fold_wording(found[2])) if found else None
        return (named, worded) if named and worded and named != worded else None


@dataclass
class Headers:
    """Where everything stands: positions of columns in the table."""

    items: dict[str, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    long: dict[str, int] = field(default_factory=dict)
    extra: dict[str, int] = field(default_factory=dict)


def resolve(
    table: RawTable, names: Names, findings: Findings, columns: Mapping[str, str] | None, layout: str
) -> tuple[Headers, bool]:
    """The meaning of every column, and whether the layout is the long one."""
    mapped = _mapped(columns, table, names)
    long = layout == "long" or (layout == "auto" and _looks_long(table, names, mapped))
    found = Headers()
    holders: dict[str, list[int]] = {}
    unnamed = 0
    for position in range(len(table.headers)):
        meaning = mapped.get(position) or _meaning(table, names, position, long=long)
        if meaning is None:
            name, made_up = _extra_name(table, position)
            if made_up and not table.columns[position].values:
                unnamed += 1
                continue
            if made_up:
                findings.notes.append(f"column {position + 1} has no header; it is kept as {name!r}")
            _check_contradiction(table.headers[position], names, findings)
            meaning = name
            holders.setdefault(f"extra {name}", []).append(position)
        else:
            holders.setdefault(meaning, []).append(position)
        _place(found, meaning, position, names, extra=f"extra {meaning}" in holders)
    if unnamed:
        findings.notes.append(f"{unnamed} columns without a header and without content were left out")
    _check_duplicates(holders, table, findings)
    return found, long


def _place(found: Headers, meaning: str, position: int, names: Names, *, extra: bool) -> None:
    if extra:
        found.extra.setdefault(meaning, position)
    elif meaning in names.items.values():
        found.items.setdefault(meaning, position)
    elif meaning in RESPONSE_COLUMNS:
        found.own.setdefault(meaning, position)
    else:
        found.long.setdefault(meaning, position)


def _meaning(table: RawTable, names: Names, position: int, *, long: bool) -> str | None:
    meaning = names.meaning(table.headers[position], long=long)
    label = table.labels.get(position)
    return meaning if meaning is not None or label is None else names.meaning(label, long=long)


def _extra_name(table: RawTable, position: int) -> tuple[str, bool]:
    """The name of a column that is kept as it is, and whether it had to be made up."""
    header = table.headers[position]
    if table.named_by_label:
        header = table.labels.get(position, header)
    if header.strip():
        return header, False
    name = f"column_{position + 1}"
    while name in table.headers:
        name += "_"
    return name, True


def _looks_long(table: RawTable, names: Names, mapped: Mapping[int, str]) -> bool:
    meanings = {mapped.get(at) or names.meaning(header, long=True) for at, header in enumerate(table.headers)}
    return set(LONG_COLUMNS) <= meanings and not meanings & set(names.items.values())


def _mapped(columns: Mapping[str, str] | None, table: RawTable, names: Names) -> dict[int, str]:
    """Positions of the columns that the caller names, each with its checked meaning."""
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        got = type(columns).__name__
        raise ArgumentError(f"columns: expected a mapping of header to item id or column; got {got}.")
    found: dict[int, str] = {}
    for header, target in columns.items():
        positions = [at for at, given in enumerate(table.headers) if given == header]
        if not positions:
            positions = [at for at, given in enumerate(table.headers) if given.strip() == str(header).strip()]
        if not positions:
            hint = closest(header, table.headers)
            raise ArgumentError(
                f"columns: {header!r} is no header of {table.name}; its headers are {quoted(table.headers)}.{hint}"
            )
        meaning = _target(target, names)
        found.update(dict.fromkeys(positions, meaning))
    return found


def _target(target: object, names: Names) -> str:
    available = [*names.items.values(), *RESPONSE_COLUMNS, *LONG_COLUMNS]
    if isinstance(target, str):
        found = names.items.get(target.strip().casefold()) or names.own.get(fold_name(target))
        if found or target in LONG_COLUMNS:
            return found or target
    raise ArgumentError(
        f"columns: expected an item id or one of the columns {quoted(RESPONSE_COLUMNS, 20)} as target; got {target!r}."
        + closest(target, available)
    )


def _check_duplicates(holders: Mapping[str, list[int]], table: RawTable, findings: Findings) -> None:
    for meaning, positions in holders.items():
        if len(positions) > 1:
            headers = [table.headers[at] for at in positions]
            places = " and ".join(f"column {at + 1} ({table.headers[at]!r})" for at in positions)
            what = meaning.removeprefix("extra ")
            findings.fault(f"{places} both stand for {what!r}; keep one of them", column=headers[-1])


def _check_contradiction(header: str, names: Names, findings: Findings) -> None:
    if both := names.contradiction(header):
        message = f"column {header!r}: it has the id of {both[0]} and the wording of {both[1]}; mend one of them"
        findings.fault(message, column=header)


def lookalikes(headers: Headers, names: Names, instrument: Instrument, absent: Iterable[str]) -> list[str]:
    """A sentence for every extra column that looks like a misspelt item or own column which the file lacks."""
    items = list(absent)
    candidates = {fold_name(name): name for name in (*items, *(set(RESPONSE_COLUMNS) - set(headers.own)))}
    texts = {
        fold_wording(text): item
        for language in instrument.languages
        for item, text in instrument.translation(language).items.items()
        if item in items
    }
    sentences = []
    for extra in headers.extra:
        near = _near(extra, candidates, texts, names)
        if near:
            sentences.append(
                f"the column {extra!r} was kept as an extra column, but it looks like {near!r}, which the file lacks; "
                f"if it is, rename it or say columns={{{extra!r}: {near!r}}}"
            )
    return sentences


def _near(header: str, candidates: Mapping[str, str], texts: Mapping[str, str], names: Names) -> str | None:
    first = re.match(r"\s*(\w+)", header)
    named = names.items.get(first[1].casefold()) if first else None
    if named in candidates.values():
        return named
    close = difflib.get_close_matches(fold_name(header), candidates, n=1, cutoff=0.75)
    if close:
        return candidates[close[0]]
    if len(header) > _LONG_TEXT:
        close = difflib.get_close_matches(fold_wording(header), texts, n=1, cutoff=0.8)
        return texts[close[0]] if close else None
    return None
