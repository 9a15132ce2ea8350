"""The frame's own columns: who answered which form, in which language and role, when, and whether really."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from movement_readiness._validation import quoted
from movement_readiness.instrument import Instrument
from movement_readiness.responses.dates import read_dates
from movement_readiness.responses.findings import quoted_cell, shown
from movement_readiness.responses.folding import fold_label
from movement_readiness.responses.raw import RawColumn
from movement_readiness.responses.texts import MOST_NAMED, Texts, as_text, constant

__all__ = ["Identity", "read_identity"]

_TRUTH = {"true": True, "t": True, "yes": True, "1": True, "false": False, "f": False, "no": False, "0": False}


@dataclass(frozen=True)
class Identity:
    """The own columns of every response, and how many ids had to be made up."""

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


def read_identity(
    texts: Texts, instrument: Instrument, *, form: str | None, language: str | None, unit: str
) -> Identity:
    """Check and complete the own columns; what leaves a response without a clear place is a fault."""
    responses, made_up = _response_ids(texts, unit)
    columns = {
        "response_id": responses,
        "form": _forms(texts, instrument, form),
        "language": _languages(texts, instrument, language),
        "aim_id": texts.filled("aim_id", instrument.aim_id),
        "site": texts.given("site"),
        "team": texts.given("team"),
        "role": _roles(texts, instrument),
        "wave": _waves(texts),
    }
    return Identity(columns, _dates(texts), _synthetic(texts), made_up)


def _response_ids(texts: Texts, unit: str) -> tuple[RawColumn, int]:
    """Ids as given; those that lack are made from row numbers; each may occur once."""
    column = texts.given("response_id")
    if not texts.wide.long:  # else an id is on many rows
        _name_repeated_ids(texts, column)
    empty = np.flatnonzero(column.codes < 0)
    if not len(empty):
        return column, 0
    taken = set(column.values)
    made = [_unused(f"{unit}-{row:04d}", taken) for row in texts.rows[empty].tolist()]
    codes = column.codes.copy()
    codes[empty] = np.arange(len(column.values), len(column.values) + len(made), dtype=np.int32)
    which = "empty cells in 'response_id'" if "response_id" in texts.wide.own else "no column 'response_id'"
    texts.findings.notes.append(f"{which}: {len(made)} ids were made from {unit} numbers, such as {made[0]!r}")
    return RawColumn((*column.values, *made), codes), len(made)


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _name_repeated_ids(texts: Texts, column: RawColumn) -> None:
    repeated = np.flatnonzero(column.counts() > 1)
    for at, places in column.places(repeated[:MOST_NAMED].tolist()):
        rows, value = texts.rows[places], column.values[at]
        where = texts.findings.rows(rows)
        message = f"{where}: the response_id {quoted_cell(value)} is used {len(rows)} times; expected once"
        texts.findings.fault(message, rows[1], "response_id", value)
    if len(repeated) > MOST_NAMED:
        more = len(repeated) - MOST_NAMED
        texts.findings.fault(f"{more} more response ids are used several times", column="response_id")


def _forms(texts: Texts, instrument: Instrument, form: str | None) -> RawColumn:
    """Form ids, also from titles in any language; those that lack are as the caller says, or inferred."""
    known = {
        fold_label(title): form_id
        for language in instrument.languages
        for form_id, title in instrument.translation(language).forms.items()
    }
    known |= {fold_label(form_id): form_id for form_id in instrument.forms}
    column = texts.known("form", known, tuple(instrument.forms))
    others = [at for at, found in enumerate(column.values) if form is not None and found != form]
    for at, places in column.places(others):
        rows, value = texts.rows[places], column.values[at]
        where = texts.findings.rows(rows)
        message = f"{where}: the file says form {value!r}, but form={form!r} was given"
        texts.findings.fault(message, rows[0], "form", value)
    empty = int((texts.given("form").codes < 0).sum())
    if not empty:
        return column
    chosen = form or _inferred_form(texts, instrument, empty)
    return column if chosen is None else texts.completed(column, chosen)


def _inferred_form(texts: Texts, instrument: Instrument, empty: int) -> str | None:
    """The smallest form that has all items of the file; of equal ones the first."""
    forms = instrument.forms
    in_forms = {item for form in forms.values() for item in form.items}
    present = in_forms & set(texts.wide.items)
    fitting = [form.id for form in forms.values() if present and present <= set(form.items)]
    if fitting:
        chosen = min(fitting, key=lambda form_id: len(forms[form_id].items))
        reason = "the smallest form that has all items of the file"
        texts.findings.notes.append(f"form: inferred as {chosen!r} for {empty} responses, {reason}")
        return chosen
    texts.findings.fault(
        f"form: no form of {instrument.id} has all items of the file; say which it is with form= "
        f"({quoted(tuple(forms))}) or in a column 'form'",
        column="form",
    )
    return None


def _languages(texts: Texts, instrument: Instrument, language: str | None) -> RawColumn:
    """Language codes in any case; those that lack are as the caller says, or the instrument's."""
    column = texts.known("language", {fold_label(code): code for code in instrument.languages}, instrument.languages)
    chosen = language or instrument.language
    empty = int((texts.given("language").codes < 0).sum())
    if empty and "language" in texts.wide.own:
        texts.findings.notes.append(f"column 'language': {empty} empty cells get {chosen!r}")
    elif empty:
        texts.findings.notes.append(f"no column 'language': every response gets {chosen!r}")
    return texts.completed(column, chosen)


def _roles(texts: Texts, instrument: Instrument) -> RawColumn:
    """Role ids; labels in any language become ids, anything else stays as given."""
    known = {
        fold_label(label): role
        for language in instrument.languages
        for role, label in instrument.translation(language).roles.items()
    }
    known |= {fold_label(role): role for role in instrument.roles}
    column = texts.given("role")
    return column.mapped([known.get(fold_label(text), text) for text in column.values])


def _waves(texts: Texts) -> RawColumn:
    """Waves as text; without a column, every response is of wave 1."""
    if "wave" not in texts.wide.own:
        texts.findings.notes.append("no column 'wave': every response gets '1'")
        return constant("1", texts.count)
    column = texts.given("wave")
    column = column.mapped([text[:-2] if text.endswith((".0", ",0")) else text for text in column.values])
    if empty := int((column.codes < 0).sum()):
        texts.findings.notes.append(f"column 'wave': {empty} responses have none")
    return column


def _without_na(texts: Texts, column: RawColumn) -> RawColumn:
    return column.mapped([None if shown(value).strip() in texts.na_values else value for value in column.values])


def _dates(texts: Texts) -> NDArray[np.datetime64]:
    """Days of submission; times of day are left out on purpose."""
    if "submitted_on" not in texts.wide.own:
        return np.full(texts.count, "NaT", dtype="datetime64[s]")
    column = _without_na(texts, texts.wide.own["submitted_on"])
    found = read_dates(column.values)
    if found.ambiguous:
        _name_ambiguous_dates(texts, column, found.ambiguous)
    if found.unreadable:
        expected = "is no date; expected one such as 2026-03-31"
        reasons = {at: f"{quoted_cell(column.values[at])} {expected}" for at in found.unreadable}
        texts.findings.bad(column, texts.rows, "submitted_on", reasons)
    if found.had_times:
        texts.findings.notes.append("column 'submitted_on': the times of day were left out")
    days = np.array([*found.days, None], dtype="datetime64[D]").astype("datetime64[s]")
    return cast("NDArray[np.datetime64]", days[column.codes])


def _name_ambiguous_dates(texts: Texts, column: RawColumn, unsettled: list[int]) -> None:
    chosen = np.zeros(len(column.values) + 1, dtype=bool)
    chosen[unsettled] = True
    places = np.flatnonzero(chosen[column.codes])
    value = column.values[int(column.codes[places[0]])]
    texts.findings.bad_column(
        f"column 'submitted_on': in {len(places)} cells such as {quoted_cell(value)} the day cannot be told from the "
        "month; write dates as 2026-03-31",
        len(places),
        texts.rows[places[0]],
        "submitted_on",
        value,
    )


def _synthetic(texts: Texts) -> NDArray[np.bool_]:
    """Whether answers are simulated; a cell that says neither is a fault, as there is no safe guess."""
    if "synthetic" not in texts.wide.own:
        texts.findings.notes.append("no column 'synthetic': taken as answers that people gave")
        return np.zeros(texts.count, dtype=bool)
    column = _without_na(texts, texts.wide.own["synthetic"])
    found = [_TRUTH.get(as_text(value).strip().casefold()) for value in column.values]
    unknown = [at for at, truth in enumerate(found) if truth is None]
    for at, places in column.places(unknown[:MOST_NAMED]):
        rows, value = texts.rows[places], column.values[at]
        where = f"{texts.findings.rows(rows)}, column 'synthetic'"
        message = f"{where}: {quoted_cell(value)} is neither true nor false"
        texts.findings.fault(message, rows[0], "synthetic", value)
    if empty := int((column.codes < 0).sum()):
        texts.findings.notes.append(f"column 'synthetic': {empty} empty cells are read as False")
    return np.array([*(bool(truth) for truth in found), False])[column.codes]
