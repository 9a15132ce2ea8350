"""The participants' page and its modules: read once, answered from memory, checked by ETag."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from movement_readiness.workshop.client import client_files

__all__ = ["Kept", "kept", "kept_files", "participant_files"]

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_WORTH_PACKING = 1000


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes as they are sent, plain and packed."""

    content_type: str
    plain: bytes
    packed: bytes | None
    etag: str


def kept(content: bytes, suffix: str) -> Kept:
    """Content ready to be sent; `suffix` says what it is, as a file's name would."""
    packed = gzip.compress(content, 9, mtime=0) if len(content) > _WORTH_PACKING else None
    return Kept(_TYPES[suffix], content, packed, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def kept_files(places: Iterable[Path]) -> dict[str, Kept]:
    """Every file of these that a browser may load, by name."""
    return {
        place.name: kept(place.read_bytes(), place.suffix)
        for place in places
        if place.suffix in _TYPES and place.is_file() and not place.name.startswith(".")
    }


def participant_files() -> dict[str, Kept]:
    """The form and the page that shows it, by name; the page holds its words in every language there is."""
    return {name: kept(content, Path(name).suffix) for name, (content, _) in client_files().items()}
