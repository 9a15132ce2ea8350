"""The faults of an instrument file as a reader finds them: sentences, each with the place and the line it is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from movement_readiness.exceptions import Fault

__all__ = ["Place", "Report", "Table", "as_list", "shape_faults"]

Table = Mapping[str, Any]
Place = tuple[str | int, ...]


class _Lines:
    """Finds the line of a place such as ("items", 3, "text") in the text of a TOML file."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Place, int] = {}
        table: Place = ()
        seen: Counter[str] = Counter()
        inside: str | None = None  # the quotes of a multi-line string that is open
        for number, line in enumerate(text.split("\n"), start=1):
            if inside is None:
                table = self._read(line, number, table, seen)
            for quotes in ('"""', "'''"):
                if line.count(quotes) % 2 and inside in (None, quotes):
                    inside = None if inside else quotes

    def _read(self, line: str, number: int, table: Place, seen: Counter[str]) -> Place:
        if header := re.match(r"\s*\[\[\s*([\w-]+)\s*\]\]", line):
            name = header[1]
            table = (name, seen[name])
            seen[name] += 1
            self._lines[table] = number
            self._lines.setdefault((name,), number)
        elif header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            table = tuple(header[1].split("."))
            if table[0] in seen:  # [scales.keys] belongs to the last [[scales]]
                table = (table[0], seen[str(table[0])] - 1, *table[1:])
            self._lines[table] = number
        elif key := re.match(r"\s*\"?([\w-]+)\"?\s*=", line):
            self._lines.setdefault((*table, key[1]), number)
        return table

    def of(self, place: Place) -> int | None:
        """The line of the place, or of the closest part of the file that holds it."""
        for length in range(len(place), 0, -1):
            if line := self._lines.get(place[:length]):
                return line
        return None


class Report:
    """Collects faults, naming each place as a reader would: ``items 'R4', text``."""

    def __init__(self, raw: Table, text: str, file: str | None) -> None:
        self._raw = raw
        self._lines = _Lines(text)
        self._file = file
        self.faults: list[Fault] = []

    def add(self, place: Place, message: str) -> None:
        """Keep a fault, with the place as a reader would name it and its line."""
        self.faults.append(Fault(self._name(place), message, self._lines.of(place), self._file))

    def _name(self, place: Place) -> str:
        words: list[str] = []
        here: Any = self._raw
        for step in place:
            here = _step(here, step)
            if isinstance(step, int):
                label = here.get("id", here.get("code")) if isinstance(here, Mapping) else None
                words[-1] += f" {label!r}" if label is not None else f" number {step + 1}"
            else:
                words.append(str(step))
        return ", ".join(words) or "the file"


def _step(here: Any, step: str | int) -> Any:
    try:
        return here[step]
    except (KeyError, IndexError, TypeError):
        return None


_SENTENCES = {
    "missing": "this is missing and must be given",
    "extra_forbidden": "this name is not known here; check its spelling",
    "too_short": "at least {min_length} must be given, got {actual_length}",
    "too_long": "at most {max_length} may be given, got {actual_length}",
    "string_too_short": "this text must not be empty",
    "string_type": "expected a text in quotes",
    "int_type": "expected a whole number without quotes",
    "greater_than_equal": "expected {ge} or more",
    "less_than": "expected a number below {lt}",
    "bool_parsing": "expected true or false",
}
_PATTERNS = {
    r"\S": "this text must not be empty",
    r"^\d+\.\d+\.\d+$": "expected a version such as 0.1.0",
    r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$": "expected a language code such as en or pt-BR",
}


def shape_faults(model: type[BaseModel], raw: Table, report: Report) -> None:
    """Report what pydantic finds wrong with the shapes and types of a file's tables."""
    try:
        model.model_validate(raw)
    except ValidationError as error:
        for found in error.errors():
            if found["type"] == "too_short" and len(as_list(found["input"])) >= found["ctx"]["min_length"]:
                continue  # enough were given, but some have faults, which are reported themselves
            report.add(tuple(found["loc"]), _sentence(dict(found)))


def _sentence(found: Mapping[str, Any]) -> str:
    context = found.get("ctx", {})
    if found["type"] == "string_pattern_mismatch":
        pattern = context.get("pattern", "")
        shape = "letters, digits and _ (or -), starting with a letter; scale and form ids in lower case"
        said = _PATTERNS.get(pattern, f"expected {shape}")
        return f"{said}; got {found['input']!r}"
    if found["type"] == "literal_error":
        return f"expected {context['expected']}; got {found['input']!r}"
    template = _SENTENCES.get(found["type"])
    said = template.format(**context) if template else found["msg"]
    shown = found["input"]
    return f"{said}; got {shown!r}" if isinstance(shown, str | int | float) and shown != "" else said


def as_list(value: Any) -> list[Any]:
    """The parts of a list; none of anything else."""
    return list(value) if isinstance(value, list | tuple) else []
