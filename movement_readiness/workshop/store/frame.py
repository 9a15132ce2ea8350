"""From events to a frame of raw answers, with the columns and types that `read_responses` gives."""

from __future__ import annotations

import datetime
import json
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ResponsesWarning, StoreError
from movement_readiness.instrument import RESPONSE_COLUMNS, Instrument
from movement_readiness.responses.response import skipped_code
from movement_readiness.workshop.store.schema import FIRST

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Version", "frame_of", "latest_contents", "misfits"]


class Version(NamedTuple):
    """Answers to one version of an instrument.

    Attributes
    ----------
    instrument_id, version, sha256 : str
    n : int
        Responses that are stored and were not withdrawn.
    """

    instrument_id: str
    version: str
    sha256: str
    n: int

    def __str__(self) -> str:
        count = "1 response" if self.n == 1 else f"{self.n} responses"
        return f"{self.instrument_id} {self.version} (sha256 {self.sha256[:12]}): {count}"


def latest_contents(rows: Iterable[Any], hidden: frozenset[str]) -> list[Any]:
    """The last event of every response in the order of their ids; `rows` come with earlier events first."""
    last = {row.response_id: row for row in rows}
    return [last[response_id] for response_id in sorted(last.keys() - hidden)]


def frame_of(rows: list[Any], instrument: Instrument, *, rehearsal: bool, location: str) -> pd.DataFrame:
    """The frame; answers to other versions are named in one warning and left out."""
    wanted = (instrument.id, instrument.version, instrument.sha256)
    counted = Counter(map(_version_key, rows))
    left_out = [Version(*key, n) for key, n in sorted(counted.items()) if key != wanted]
    kept = [row for row in rows if _version_key(row) == wanted] if left_out else rows
    if left_out:
        _name(left_out, instrument, location, any_kept=bool(kept))
    frame = _frame(_fitting(kept, instrument, location), instrument, rehearsal=rehearsal)
    frame.attrs["other_versions"] = left_out
    frame.attrs["revisions"] = {row.response_id: row.number - FIRST + 1 for row in kept if row.number > FIRST}
    return frame


def _version_key(row: Any) -> tuple[str, str, str]:
    return row.instrument_id, row.instrument_version, row.instrument_sha256


def _name(left_out: list[Version], instrument: Instrument, location: str, *, any_kept: bool) -> None:
    asked = f"{instrument.id} {instrument.version} (sha256 {instrument.sha256[:12]})"
    listed = "; ".join(map(str, left_out))
    if not any_kept:
        raise StoreError(f"{location}: it holds no answers to {asked}, only to {listed}. Load that one.", "missing")
    warnings.warn(
        f"{location}: answers to other versions than {asked} were left out: {listed}.", ResponsesWarning, stacklevel=4
    )


def _fitting(rows: list[Any], instrument: Instrument, location: str) -> list[tuple[str, dict[str, Any]]]:
    """Day and content of every row that the instrument could have given; the others are named in one warning."""
    fitting, odd = _parted(rows, instrument)
    if odd:
        warnings.warn(f"{location}: {_odd_said(odd, instrument)}; left out.", ResponsesWarning, stacklevel=5)
    return fitting


def misfits(rows: list[Any], instrument: Instrument) -> str:
    """A sentence on the answers to this version that it could not have given, empty where there are none."""
    wanted = (instrument.id, instrument.version, instrument.sha256)
    _, odd = _parted([row for row in rows if _version_key(row) == wanted], instrument)
    return f"{_odd_said(odd, instrument)}." if odd else ""


def _odd_said(odd: list[str], instrument: Instrument) -> str:
    count = "1 response has" if len(odd) == 1 else f"{len(odd)} responses have"
    return f"{count} a form, items or codes that {instrument.id} {instrument.version} does not have ({quoted(odd, 3)})"


def _parted(rows: list[Any], instrument: Instrument) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    allowed = {item: _allowed(instrument, item) for item in instrument.items}
    fitting, odd = [], []
    for row in rows:
        content = _content(row)
        if content is not None and _fits(content, instrument, allowed):
            fitting.append((row.on_date, content))
        else:
            odd.append(str(row.response_id))
    return fitting, odd


def _content(row: Any) -> dict[str, Any] | None:
    """What a row holds, None where that is no response of its day and id."""
    try:
        datetime.date.fromisoformat(row.on_date)
        found = json.loads(row.content)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("response_id") == row.response_id else None


def _allowed(instrument: Instrument, item: str) -> frozenset[int]:
    scale, skipped = instrument.response_scale(item), skipped_code(instrument)
    offered = {instrument.missing_codes[name].code for name in scale.missing}
    return frozenset({*scale.codes, *offered, *(() if skipped is None else (skipped,))})


def _fits(content: dict[str, Any], instrument: Instrument, allowed: Mapping[str, frozenset[int]]) -> bool:
    texts = [content.get(name, 0) for name in RESPONSE_COLUMNS if name not in ("submitted_on", "synthetic")]
    form, answers = content.get("form"), content.get("answers")
    if not all(isinstance(text, str | None) for text in texts) or form not in instrument.forms:
        return False
    if not isinstance(answers, dict) or not isinstance(content.get("synthetic"), bool):
        return False
    items = set(instrument.forms[str(form)].items)
    return all(
        item in items and isinstance(code, int) and not isinstance(code, bool) and code in allowed[item]
        for item, code in answers.items()
    )


def _frame(rows: list[tuple[str, dict[str, Any]]], instrument: Instrument, *, rehearsal: bool) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    contents = [content for _, content in rows]
    columns: dict[str, Any] = {
        name: pd.array([content[name] for content in contents], dtype="str")
        for name in RESPONSE_COLUMNS
        if name not in ("submitted_on", "synthetic")
    }
    columns["submitted_on"] = np.array([day for day, _ in rows], dtype="datetime64[s]")
    columns["synthetic"] = np.array([rehearsal or content["synthetic"] for content in contents], dtype=bool)
    answers = [content["answers"] for content in contents]
    for item in _shown(contents, instrument):
        given = [answer.get(item) for answer in answers]
        mask = np.array([code is None for code in given], dtype=bool)
        data = np.array([1 if code is None else code for code in given], dtype=np.int64)
        columns[item] = pd.arrays.IntegerArray(data, mask)
    own = {name: columns.pop(name) for name in RESPONSE_COLUMNS}
    return pd.DataFrame({**own, **columns}, copy=False)


def _shown(contents: list[dict[str, Any]], instrument: Instrument) -> list[str]:
    """Every item of the forms that occur, in the order of the instrument; of all forms where none does."""
    forms = {content["form"] for content in contents} or set(instrument.forms)
    shown = {item for form in forms for item in instrument.forms[form].items}
    return [item for item in instrument.items if item in shown]
