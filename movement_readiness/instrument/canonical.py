"""The canonical form of an instrument's content, and its hash."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from movement_readiness.instrument.schema import InstrumentFile

__all__ = ["dumped", "measured_content", "plain", "sha256_of"]

# Documentation and what a report says about a scale may be mended without changing the measure.
_NOT_MEASURED = {
    "items": {"note", "purpose"},
    "scales": {"sources", "caveat", "questions", "report_forms", "low_label", "high_label"},
    "forms": {"minutes"},
}


def _normalised(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {_normalised(key): _normalised(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_normalised(entry) for entry in value]
    return value


def sha256_of(content: Any) -> str:
    """The hash of JSON with sorted keys, no spaces and composed characters (NFC), in UTF-8."""
    text = json.dumps(_normalised(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def measured_content(file: InstrumentFile) -> dict[str, Any]:
    """What `Instrument.sha256` covers; parts are keyed by id, so their order in the file is free."""
    content: dict[str, Any] = {
        "id": file.instrument.id,
        "title": file.instrument.title,
        "wording": dumped(file.wording),
        "aim": file.aim.id,
    }
    for name in ("items", "response_scales", "missing_codes", "scales", "forms", "roles"):
        skipped = _NOT_MEASURED.get(name, set())
        content[name] = {part.id: dumped(part, skipped) for part in getattr(file, name)}
    # The order of scales is free but for this: the first one with an item sets the item's usual key.
    homes: dict[str, str] = {}
    for scale in file.scales:
        for item in scale.keys:
            homes.setdefault(item, scale.id)
    content["home_scales"] = homes
    return content


def dumped(part: Any, skipped: Collection[str] = ()) -> dict[str, Any]:
    """A part of the file as plain tables; fields without a value are left out."""
    return {
        name: plain(getattr(part, name))
        for name in type(part).model_fields
        if name not in skipped and getattr(part, name) is not None
    }


def plain(value: Any) -> Any:
    """A value of a part as JSON knows it."""
    if isinstance(value, tuple):
        return [plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return dumped(value) if hasattr(type(value), "model_fields") else value
