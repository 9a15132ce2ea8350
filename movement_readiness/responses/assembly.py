"""From a table to a frame: every part is looked at before any fault is raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from movement_readiness._validation import quoted
from movement_readiness.evidence import claim
from movement_readiness.instrument import RESPONSE_COLUMNS, Instrument
from movement_readiness.responses.cells import CellRules, ItemAnswers, OptionNames, read_item
from movement_readiness.responses.extras import extra_array
from movement_readiness.responses.findings import Findings, stopped
from movement_readiness.responses.folding import fold_label
from movement_readiness.responses.headers import Headers, Names, lookalikes, resolve
from movement_readiness.responses.identity import Identity, read_identity
from movement_readiness.responses.layout import Wide, of_long, of_wide
from movement_readiness.responses.places import Place, check_places
from movement_readiness.responses.provenance import instrument_columns
from movement_readiness.responses.raw import RawTable
from movement_readiness.responses.summary import ColumnReading, ResponsesSummary
from movement_readiness.responses.texts import Texts, text_array

__all__ = ["Assembly", "Options"]


@dataclass(frozen=True)
class Options:
    """The checked arguments."""

    layout: str
    form: str | None
    language: str | None
    invalid: str
    roster: set[Place] | None
    columns: Mapping[str, str] | None
    rules: CellRules


class Assembly:
    """Understands one table, step by step; faults are collected until everything has been looked at."""

    def __init__(
        self, table: RawTable, findings: Findings, instrument: Instrument, names: Names, options: Options
    ) -> None:
        self._table, self._findings, self._instrument = table, findings, instrument
        self._names, self._options = names, options

    def frame(self) -> pd.DataFrame:
        """The checked frame, with its summary in ``attrs``."""
        headers, wide = self._layout()
        texts = Texts(wide, self._findings, self._options.rules.na_values)
        provenance = instrument_columns(texts, self._instrument)
        self._check_items(wide)
        identity = read_identity(
            texts, self._instrument, form=self._options.form, language=self._options.language, unit=self._table.unit
        )
        site, team = identity.texts["site"], identity.texts["team"]
        check_places(site, team, wide.rows, self._findings, self._options.roster, has_site="site" in wide.own)
        answers = self._answers(wide, identity)
        extras = self._extras(wide)
        absent = self._absent(wide, identity, headers)
        self._findings.raise_problems(bad_cells=self._options.invalid == "raise")
        content = self._own(identity, {name: text_array(column) for name, column in provenance.items()})
        content |= self._items(answers, identity, len(wide.rows))
        frame = pd.DataFrame({**content, **extras}, copy=False)
        frame.attrs["summary"] = self._summary(wide, identity, answers, tuple(extras), absent)
        return frame

    def _layout(self) -> tuple[Headers, Wide]:
        name = self._table.name
        if not len(self._table.rows):
            self._findings.raise_problems(bad_cells=True)
            blank = f" (and {self._table.blank_rows} blank rows)" if self._table.blank_rows else ""
            raise stopped(name, f"the file has a header{blank} but no row of answers.")
        headers, long = resolve(self._table, self._names, self._findings, self._options.columns, self._options.layout)
        if long:
            return headers, of_long(self._table, headers, self._names, self._findings)
        return headers, of_wide(self._table, headers)

    def _check_items(self, wide: Wide) -> None:
        if wide.items:
            return
        if wide.long and self._findings.faults:
            self._findings.raise_problems(bad_cells=True)
        raise stopped(
            self._table.name,
            f"no column holds an item of {self._instrument.id}; expected headers such as "
            f"{quoted(tuple(self._instrument.items), 3)} or item texts; got {quoted(self._table.headers, 8)}.",
        )

    def _answers(self, wide: Wide, identity: Identity) -> dict[str, tuple[ItemAnswers, str]]:
        first = [self._options.language] if self._options.language else []
        rules = replace(self._options.rules, languages=tuple(dict.fromkeys([*first, *identity.languages])))
        if not first and "language" not in wide.own:
            rules = self._options.rules  # the instrument's own language is a guess, no evidence
        found = {}
        for item in self._instrument.items:
            if item in wide.items:
                column = self._by_value_labels(wide, item)
                title = wide.titles[item]
                read = read_item(
                    column, self._options_of(item), rules, self._findings, rows=wide.rows, header=title, item=item
                )
                found[item] = (read, title)
        return found

    def _options_of(self, item: str) -> OptionNames:
        return OptionNames(self._instrument, item)

    def _by_value_labels(self, wide: Wide, item: str) -> Any:
        """A column of SPSS whose value labels give its numbers another meaning is read by those labels."""
        column = wide.items[item]
        position = next((at for at, given in enumerate(self._table.columns) if given is column), None)
        labels = {} if position is None else self._table.value_labels.get(position, {})
        known = list(self._options_of(item).labels.values())
        means = {code: {words.get(fold_label(label)) for words in known} - {None} for code, label in labels.items()}
        if all(not meant or code in meant for code, meant in means.items()):
            return column
        header = wide.titles[item]
        self._findings.notes.append(
            f"column {header!r}: its value labels give the numbers other meanings than the instrument's codes; it was "
            "read by its value labels"
        )
        return column.mapped([labels.get(value, value) for value in column.values])

    def _extras(self, wide: Wide) -> dict[str, Any]:
        return {
            name: extra_array(
                name,
                column,
                self._findings,
                na_values=self._options.rules.na_values,
                decimal_comma=self._table.decimal_comma,
            )
            for name, column in wide.extra.items()
        }

    def _absent(self, wide: Wide, identity: Identity, headers: Headers) -> tuple[str, ...]:
        """Items of the forms that the file lacks; looked for among the extra columns too."""
        expected = {item for form in identity.forms for item in self._instrument.forms[form].items}
        absent = tuple(item for item in self._instrument.items if item in expected and item not in wide.items)
        candidates = absent or [item for form in self._instrument.forms.values() for item in form.items]
        missing = [item for item in candidates if item not in wide.items]
        self._findings.warnings += lookalikes(headers, self._names, self._instrument, missing)
        if absent:
            forms = " and ".join(map(repr, identity.forms))
            said = f"items of form {forms} that the file lacks (they are NA): {', '.join(absent)}"
            self._findings.warnings.append(said)
        return absent

    def _own(self, identity: Identity, provenance: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = dict(provenance)
        found |= {name: text_array(column) for name, column in identity.texts.items()}
        found["submitted_on"] = identity.submitted_on
        found["synthetic"] = identity.synthetic
        return {name: found[name] for name in RESPONSE_COLUMNS}

    def _items(self, answers: Mapping[str, tuple[ItemAnswers, str]], identity: Identity, count: int) -> dict[str, Any]:
        shown = {item for form in identity.forms for item in self._instrument.forms[form].items}
        found: dict[str, Any] = {}
        for item in self._instrument.items:
            if item in answers:
                read = answers[item][0]
                found[item] = pd.arrays.IntegerArray(read.data, read.mask)
            elif item in shown:
                found[item] = pd.arrays.IntegerArray(np.ones(count, dtype=np.int64), np.ones(count, dtype=bool))
        return found

    def _summary(
        self,
        wide: Wide,
        identity: Identity,
        answers: Mapping[str, tuple[ItemAnswers, str]],
        extras: Iterable[str],
        absent: tuple[str, ...],
    ) -> ResponsesSummary:
        table, findings = self._table, self._findings
        return ResponsesSummary(
            source=table.name,
            how=table.how,
            instrument=f"{self._instrument.id} {self._instrument.version}",
            layout="long" if wide.long else "wide",
            rows_in=len(table.rows) + table.blank_rows,
            rows_kept=len(table.rows),
            responses=len(wide.rows),
            blank_rows=table.blank_rows,
            short_rows=table.short_rows,
            cells_set_missing=findings.n_bad_cells,
            ids_made_up=identity.ids_made_up,
            without_team=int((identity.texts["team"].codes < 0).sum()),
            without_site=int((identity.texts["site"].codes < 0).sum()),
            columns=tuple(
                ColumnReading(item, title, read.read_as, read.languages) for item, (read, title) in answers.items()
            ),
            extra_columns=tuple(extras),
            absent_items=absent,
            forms=identity.forms,
            notes=tuple(findings.notes),
            warnings=tuple(findings.warnings),
            problems=tuple(findings.bad_cells),
            synthetic=int(identity.synthetic.sum()),
            claim=claim(self._instrument).sentence,
        )
