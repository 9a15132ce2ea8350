"""An instrument's content as plain tables, to be kept inside another file, and back."""

from __future__ import annotations

from typing import Any

from movement_readiness.exceptions import InstrumentError
from movement_readiness.instrument.canonical import dumped
from movement_readiness.instrument.checks import find_faults
from movement_readiness.instrument.model import Instrument
from movement_readiness.instrument.schema import InstrumentFile
from movement_readiness.instrument.translation import Translation

__all__ = ["instrument_content", "instrument_of"]


def instrument_content(instrument: Instrument) -> dict[str, Any]:
    """The instrument file as JSON knows it; wording in the source language alone."""
    return dumped(instrument.file)


def instrument_of(content: dict[str, Any]) -> Instrument:
    """The instrument with this content, checked as a file is.

    Raises
    ------
    InstrumentError
        The content has faults.
    """
    faults = find_faults(content, "")
    if faults:
        raise InstrumentError("the content of the instrument has faults:", faults)
    file = InstrumentFile.model_validate(content)
    return Instrument(file, {file.instrument.language: Translation.of_source(file)})
