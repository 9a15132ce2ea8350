"""Of which instrument the answers are: its id, version and hash must be those of the one that is loaded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from movement_readiness.instrument import Instrument
from movement_readiness.responses.findings import stopped
from movement_readiness.responses.raw import RawColumn
from movement_readiness.responses.texts import Texts, constant

__all__ = ["instrument_columns"]


def instrument_columns(texts: Texts, instrument: Instrument) -> dict[str, RawColumn]:
    """The three columns; answers to another instrument or version are one fault."""
    loaded = {
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
    }
    columns = {name: texts.given(name) for name in loaded}
    wrong = np.zeros(texts.count, dtype=bool)
    for name, column in columns.items():
        differs = [text.strip().casefold() != loaded[name].casefold() for text in column.values]
        wrong |= np.array([*differs, False])[column.codes]
    if wrong.any():
        _name_others(texts, instrument, columns, wrong)
    elif not any(column.values for column in columns.values()):
        what = f"{instrument.id} {instrument.version}"
        texts.findings.notes.append(f"the file does not say of which instrument its answers are; taken as {what}")
    else:
        for name, value in loaded.items():
            texts.filled(name, value)
    return {name: constant(value, texts.count) for name, value in loaded.items()}


def _name_others(
    texts: Texts, instrument: Instrument, columns: Mapping[str, RawColumn], wrong: NDArray[np.bool_]
) -> None:
    combined = np.stack([column.codes for column in columns.values()], axis=1)
    kinds, first = np.unique(combined[wrong], axis=0, return_index=True)
    parts, said = [], [""] * 3
    for kind in kinds[np.argsort(first)][:5]:
        of_kind = texts.rows[wrong & (combined == kind).all(axis=1)]
        said = [column.values[at] if at >= 0 else "" for column, at in zip(columns.values(), kind, strict=True)]
        parts.append(f"{_spoken(*said)} in {texts.findings.rows(of_kind, 3)}")
    rows, others = texts.rows[wrong], int((~wrong).sum())
    message = (
        f"expected answers to {_spoken(instrument.id, instrument.version, instrument.sha256)}, which is loaded; "
        f"got answers to {', '.join(parts)}{f' and to the one loaded in {others} others' if others else ''}; "
        "load the instrument that was answered"
    )
    ids = columns["instrument_id"]
    if ids.values and instrument.id not in ids.values and not (ids.codes < 0).any():
        raise stopped(texts.findings.name, message + ".")  # nothing else in the file can be judged
    texts.findings.fault(message, rows[0], "instrument_version", said[1] or said[0] or said[2])


def _spoken(name: str, version: str, sha256: str) -> str:
    what = f"{name} {version}".strip() or "an instrument"
    return f"{what} (sha256 {sha256[:12]})" if sha256 else what
