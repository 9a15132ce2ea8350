"""Frames and files for the tests of reading and writing."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from movement_readiness.instrument import RESPONSE_COLUMNS


def frame_of(instrument, n=12, *, form=None, seed=1, holes=True):
    """A responses frame as `read_responses` gives it, with missing codes and NA."""
    rng = np.random.default_rng(seed)
    form = form or next(iter(instrument.forms))
    content = {
        "response_id": [f"r{number:03d}" for number in range(n)],
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
        "form": form,
        "language": instrument.language,
        "aim_id": instrument.aim_id,
        "site": [("North", 'Süd, "East"')[number % 2] for number in range(n)],
        "team": [None if number % 5 == 4 and holes else f"{number % 3}" for number in range(n)],
        "role": [None if holes and number % 4 == 3 else "chair" for number in range(n)],
        "wave": [str(1 + number % 2) for number in range(n)],
    }
    frame = pd.DataFrame(content).astype("str")
    days = np.array(["2026-03-01", "NaT" if holes else "2026-03-02"], dtype="datetime64[s]")
    frame["submitted_on"] = days[np.arange(n) % 2]
    frame["synthetic"] = True
    assert tuple(frame.columns) == RESPONSE_COLUMNS
    for item in instrument.items:
        if item in instrument.forms[form].items:
            frame[item] = _codes(instrument, item, rng, n, holes=holes)
    return frame


def _codes(instrument, item, rng, n, *, holes):
    scale = instrument.response_scale(item)
    missing = [code.code for code in instrument.missing_codes.values() if not code.offered or code.id in scale.missing]
    codes = [*scale.codes, *(missing if holes else ()), *([None] if holes else ())]
    return pd.array([codes[place] for place in rng.integers(0, len(codes), n)], dtype="Int64")


def csv_bytes(rows, *, delimiter=",", encoding="utf-8"):
    """Rows of cells as a file; cells with special characters are quoted."""

    def cell(text):
        text = str(text)
        return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in (delimiter, '"', "\n")) else text

    return "".join(delimiter.join(map(cell, row)) + "\r\n" for row in rows).encode(encoding)


def named(content, name):
    """An open binary file with a name."""
    file = io.BytesIO(content)
    file.name = name
    return file


def grid(instrument, n=4, *, form=None):
    """Header and rows of a clean small file with codes only."""
    form = form or next(iter(instrument.forms))
    items = list(instrument.forms[form].items)
    rows = [
        [f"p{number}", "North", "A", *(instrument.response_scale(item).codes[0] for item in items)]
        for number in range(n)
    ]
    return [["response_id", "site", "team", *items], *rows]
