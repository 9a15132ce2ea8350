"""The frame's own columns: who answered which form of which instrument, where and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movement_readiness._validation import closest, quoted
from movement_readiness.instrument import Instrument
from movement_readiness.responses.dates import read_dates
from movement_readiness.responses.findings import Findings, quoted_cell, shown
from movement_readiness.responses.folding import fold_label
from movement_readiness.responses.layout import Wide
from movement_readiness.responses.raw import RawColumn, RowArray

__all__ = ["Identity", "as_text", "read_identity", "text_array"]

_MOST = 1000  # faults of one kind that are named one by one
_TRUTH = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}


@dataclass(frozen=True)
class Identity:
    """The own columns of every response, as text by position, and what had to be made up."""

    texts: Mapping[str, RawColumn]
    submitted_on: NDArray[np.datetime64]
    synthetic: NDArray[np.bool_]
    ids_made_up: int

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that occur."""
        return tuple(self.texts["form"].values)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that occur, the most frequent first."""
        column = self.texts["language"]
        return tuple(column.values[at] for at in np.argsort(-column.counts(), kind="stable"))


def as_text(value: Any) -> str:
    """A cell of a text column: whole numbers as people write them, the rest as it is."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return shown(value)


def text_array(column: RawColumn) -> Any:
    """A pandas array of dtype str, NA where the cell is empty."""
    # position -1, which marks an empty cell, takes the last entry
    return pd.array([*column.values, None], dtype=cast(Any, "str")).take(column.codes)


def read_identity(
    wide: Wide,
    instrument: Instrument,
    findings: Findings,
    *,
    na_values: frozenset[str],
    form: str | None,
    language: str | None,
    unit: str,
) -> Identity:
    """Check and complete the own columns; what leaves a response without a clear place is a fault."""
    reader = _IdentityReader(wide, instrument, findings, na_values)
    responses, made_up = reader.response_ids(unit)
    texts = {
        "response_id": responses,
        **reader.instrument_columns(),
        "form": reader.forms(form),
        "language": reader.languages(language),
        "aim_id": reader.filled("aim_id", instrument.aim_id),
        "site": reader.text("site"),
        "team": reader.text("team"),
        "role": reader.roles(),
        "wave": reader.waves(),
    }
    reader.check_places(texts["site"], texts["team"])
    return Identity(texts, reader.dates(), reader.synthetic(), made_up)


class _IdentityReader:
    def __init__(self, wide: Wide, instrument: Instrument, findings: Findings, na_values: frozenset[str]) -> None:
        self._wide, self._instrument, self._findings, self._na_values = wide, instrument, findings, na_values
        self._rows: RowArray = wide.rows
        self._count = len(wide.rows)

    def _constant(self, value: str) -> RawColumn:
        return RawColumn((value,), np.zeros(self._count, dtype=np.int32))

    def text(self, name: str) -> RawColumn:
        """A text column as given; a date in it is a bad cell, because it was not typed as one."""
        column = self._wide.own.get(name)
        if column is None:
            return RawColumn((), np.full(self._count, -1, dtype=np.int32))
        dates = {
            at: f"{shown(value)} is a date; expected a text"
            for at, value in enumerate(column.values)
            if hasattr(value, "year")
        }
        if dates:
            self._findings.bad(column, self._rows, name, dates)
        texts = [None if at in dates else as_text(value) for at, value in enumerate(column.values)]
        return column.mapped([None if text is None or text.strip() in self._na_values else text for text in texts])

    def filled(self, name: str, value: str) -> RawColumn:
        """A text column whose empty cells get a value, which is noted."""
        column = self.text(name)
        empty = int((column.codes < 0).sum())
        if not empty:
            return column
        if name not in self._wide.own:
            self._findings.notes.append(f"no column {name!r}: every response gets {value!r}")
            return self._constant(value)
        self._findings.notes.append(f"column {name!r}: {empty} empty cells get {value!r}")
        return _filled(column, value)

    def response_ids(self, unit: str) -> tuple[RawColumn, int]:
        """Ids as given; those that lack are made from row numbers; each may occur once."""
        column = self.text("response_id")
        self._name_repeated_ids(column)
        empty = np.flatnonzero(column.codes < 0)
        if not len(empty):
            return column, 0
        taken = set(column.values)
        made = [_unused(f"{unit}-{row:04d}", taken) for row in self._rows[empty].tolist()]
        codes = column.codes.copy()
        codes[empty] = np.arange(len(column.values), len(column.values) + len(made), dtype=np.int32)
        which = "no column 'response_id'" if "response_id" not in self._wide.own else "empty cells in 'response_id'"
        self._findings.notes.append(f"{which}: {len(made)} ids were made from {unit} numbers, such as {made[0]!r}")
        return RawColumn((*column.values, *made), codes), len(made)

    def _name_repeated_ids(self, column: RawColumn) -> None:
        repeated = np.flatnonzero(column.counts() > 1)
        if self._wide.long:
            return  # one row per answer: an id is on many rows
        for at, places in column.places(repeated[:_MOST].tolist()):
            rows = self._rows[places]
            where = self._findings.rows(rows)
            message = f"{where}: the response_id {quoted_cell(column.values[at])} is used {len(rows)} times; expected once"
            self._findings.fault(message, rows[1], "response_id", column.values[at])
        if len(repeated) > _MOST:
            self._findings.fault(f"{len(repeated) - _MOST} more response ids are used several times", column="response_id")

    def instrument_columns(self) -> dict[str, RawColumn]:
        """Id, version and hash: all of them must be those of the instrument that is loaded."""
        loaded = {
            "instrument_id": self._instrument.id,
            "instrument_version": self._instrument.version,
            "instrument_sha256": self._instrument.sha256,
        }
        columns = {name: self.text(name) for name in loaded}
        wrong = np.zeros(self._count, dtype=bool)
        for name, column in columns.items():
            differs = [text.strip().casefold() != loaded[name].casefold() for text in column.values]
            wrong |= np.array([*differs, False])[column.codes]
        if wrong.any():
            self._name_other_instruments(columns, wrong)
        if not any(name in self._wide.own for name in loaded):
            self._findings.notes.append(
                f"the file does not say of which instrument its answers are; taken as {self._instrument.id} "
                f"{self._instrument.version}"
            )
            return {name: self._constant(value) for name, value in loaded.items()}
        return {
            name: self.filled(name, value).mapped([value] * len(set(columns[name].values) | {value}))
            if not wrong.any() and columns[name].values
            else self.filled(name, value)
            for name, value in loaded.items()
        }

    def _name_other_instruments(self, columns: Mapping[str, RawColumn], wrong: NDArray[np.bool_]) -> None:
        combined = np.stack([column.codes for column in columns.values()], axis=1)
        kinds, first = np.unique(combined[wrong], axis=0, return_index=True)
        rows = self._rows[wrong]
        parts = []
        for kind in kinds[np.argsort(first)][:5]:
            of_kind = self._rows[wrong & (combined == kind).all(axis=1)]
            said = [column.values[at] if at >= 0 else "?" for column, at in zip(columns.values(), kind, strict=True)]
            parts.append(f"{said[0]} {said[1]} (sha256 {said[2][:12]}) in {self._findings.rows(of_kind, 3)}")
        loaded = f"{self._instrument.id} {self._instrument.version} (sha256 {self._instrument.sha256[:12]})"
        rest = f", and of it in {self._count - len(rows)} others" if len(rows) < self._count else ""
        self._findings.fault(
            f"these are answers to another instrument or version than the one loaded, {loaded}: "
            f"{', '.join(parts)}{rest}; load the one that was answered",
            rows[0],
            "instrument_version",
            said[1],
        )

    def forms(self, form: str | None) -> RawColumn:
        """Form ids, also from titles in any language; those that lack are as the caller says, or inferred."""
        known = {fold_label(form_id): form_id for form_id in self._instrument.forms}
        for language in self._instrument.languages:
            titles = self._instrument.translation(language).forms
            known = {**{fold_label(title): form_id for form_id, title in titles.items()}, **known}
        column = self._known("form", known, tuple(self._instrument.forms))
        others = [at for at, found in enumerate(column.values) if form is not None and found != form]
        for at, places in column.places(others):
            rows = self._rows[places]
            message = f"{self._findings.rows(rows)}: the file says form {column.values[at]!r}, but form={form!r} was given"
            self._findings.fault(message, rows[0], "form", column.values[at])
        if not (column.codes < 0).any():
            return column
        inferred = form or self._inferred_form()
        if inferred is None:
            return column
        if form is None:
            empty = int((column.codes < 0).sum())
            self._findings.notes.append(
                f"form: inferred as {inferred!r} for {empty} responses, the smallest form with all of the file's items"
            )
        return _filled(column, inferred)

    def _inferred_form(self) -> str | None:
        forms = self._instrument.forms
        in_forms = {item for form in forms.values() for item in form.items}
        present = [item for item in self._wide.items if item in in_forms]
        fitting = [form.id for form in forms.values() if present and set(present) <= set(form.items)]
        if fitting:
            return min(fitting, key=lambda form_id: len(forms[form_id].items))
        self._findings.fault(
            f"form: no form of {self._instrument.id} has all items of the file; say which it is with form= "
            f"({quoted(tuple(forms))}) or in a column 'form'"
        )
        return None

    def languages(self, language: str | None) -> RawColumn:
        """Language codes in any case."""
        known = {fold_label(code): code for code in self._instrument.languages}
        column = self._known("language", known, self._instrument.languages)
        if (column.codes < 0).all():
            return self._constant(language or self._instrument.language)
        empty = int((column.codes < 0).sum())
        if not empty:
            return column
        chosen = language or self._instrument.language
        self._findings.notes.append(f"column 'language': {empty} empty cells get {chosen!r}")
        return _filled(column, chosen)

    def _known(self, name: str, known: Mapping[str, str], available: tuple[str, ...]) -> RawColumn:
        """A text column that may hold ids only; others are faults."""
        column = self.text(name)
        found = [known.get(fold_label(text)) for text in column.values]
        unknown = [at for at, value in enumerate(found) if value is None]
        for at, places in column.places(unknown[:_MOST]):
            rows, value = self._rows[places], column.values[at]
            self._findings.fault(
                f"{self._findings.rows(rows)}, column {name!r}: unknown {name} {quoted_cell(value)}; expected one of "
                f"{quoted(available)}.{closest(value, available)}",
                rows[0],
                name,
                value,
            )
        return column.mapped(found)

    def roles(self) -> RawColumn:
        """Role ids; labels in any language become ids, anything else stays as given."""
        column = self.text("role")
        known: dict[str, str] = {}
        for language in self._instrument.languages:
            labels = self._instrument.translation(language).roles
            known = {**{fold_label(label): role for role, label in labels.items()}, **known}
        known |= {fold_label(role): role for role in self._instrument.roles}
        return column.mapped([known.get(fold_label(text), text) for text in column.values])

    def waves(self) -> RawColumn:
        """Waves as text; without a column, every response is of wave 1."""
        column = self.text("wave")
        if "wave" not in self._wide.own:
            return self._constant("1")
        column = column.mapped([text[:-2] if text.endswith((".0", ",0")) else text for text in column.values])
        if empty := int((column.codes < 0).sum()):
            self._findings.notes.append(f"column 'wave': {empty} responses have none")
        return column

    def dates(self) -> NDArray[np.datetime64]:
        """Days of submission; times of day are left out on purpose."""
        column = self._wide.own.get("submitted_on")
        if column is None:
            return np.full(self._count, "NaT", dtype="datetime64[s]")
        column = column.mapped([None if shown(v).strip() in self._na_values else v for v in column.values])
        found = read_dates(column.values)
        days = found.days
        if found.ambiguous:
            self._name_ambiguous_dates(column, [at for at, day in enumerate(days) if day is None])
        elif found.unreadable:
            expected = "is no date; expected one such as 2026-03-31"
            reasons = {at: f"{quoted_cell(column.values[at])} {expected}" for at in found.unreadable}
            self._findings.bad(column, self._rows, "submitted_on", reasons)
        if found.had_times:
            self._findings.notes.append("column 'submitted_on': the times of day were left out")
        table = np.array([*days, None], dtype="datetime64[D]").astype("datetime64[s]")
        return cast("NDArray[np.datetime64]", table[column.codes])

    def _name_ambiguous_dates(self, column: RawColumn, unsettled: list[int]) -> None:
        chosen = np.array([*(at in unsettled for at in range(len(column.values))), False])
        places = np.flatnonzero(chosen[column.codes])
        value = column.values[unsettled[0]]
        self._findings.bad_column(
            f"column 'submitted_on': in {len(places)} cells such as {quoted_cell(value)} the day cannot be told from the "
            "month; write dates as 2026-03-31",
            len(places),
            self._rows[places[0]],
            "submitted_on",
            value,
        )

    def synthetic(self) -> NDArray[np.bool_]:
        """Whether answers are simulated; a cell that says neither is a fault, as there is no safe guess."""
        column = self._wide.own.get("synthetic")
        if column is None:
            return np.zeros(self._count, dtype=bool)
        column = column.mapped([None if as_text(value).strip() in self._na_values else value for value in column.values])
        found = [_TRUTH.get(as_text(value).strip().casefold()) for value in column.values]
        for at, places in column.places([at for at, truth in enumerate(found) if truth is None][:_MOST]):
            rows, value = self._rows[places], column.values[at]
            message = f"{quoted_cell(value)} is neither true nor false"
            where = f"{self._findings.rows(rows)}, column 'synthetic'"
            self._findings.fault(f"{where}: {message}", rows[0], "synthetic", value)
        if empty := int((column.codes < 0).sum()):
            self._findings.notes.append(f"column 'synthetic': {empty} empty cells are read as False")
        return np.array([*(bool(truth) for truth in found), False])[column.codes]

    def check_places(self, site: RawColumn, team: RawColumn) -> None:
        """A team belongs to a site, so a team without one is nowhere."""
        lost = np.flatnonzero((team.codes >= 0) & (site.codes < 0))
        if not len(lost):
            return
        rows = self._rows[lost]
        if "site" not in self._wide.own:
            message = "the file has teams but no column 'site', and a team belongs to a site; add the column"
        else:
            message = f"{self._findings.rows(rows)}: a team without a site ({quoted_cell(team.values[team.codes[lost[0]]])})"
        self._findings.fault(message, rows[0], "site")


def _filled(column: RawColumn, value: str) -> RawColumn:
    codes = np.where(column.codes < 0, np.int32(len(column.values)), column.codes).astype(np.int32)
    longer = replace(column, values=(*column.values, value), codes=codes)
    return longer.mapped(list(longer.values))


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name
