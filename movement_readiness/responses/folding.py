"""What two spellings have in common: folded forms of column names, wording and labels."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["fold_label", "fold_name", "fold_wording", "listed", "plain_name"]

_APOSTROPHES = re.compile("['’‘‛´`ʼʹ′]")
_DASHES = re.compile("[‐‑‒–—−]")
_SPACES = re.compile(r"\s+")


def fold_name(name: str) -> str:
    """A column name without case, spaces, underscores, hyphens and dots."""
    return re.sub(r"[\s_.\-]+", "", unicodedata.normalize("NFKC", name).casefold())


def fold_wording(text: str) -> str:
    """The letters, marks and digits of a text, without case, punctuation and spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if unicodedata.category(letter)[0] in "LMN")


def fold_label(label: str) -> str:
    """A label without case, spaces and apostrophes, with one kind of dash."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return _SPACES.sub("", _APOSTROPHES.sub("", _DASHES.sub("-", folded)))


def listed(parts: list[str], last: str = "and") -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def plain_name(text: str) -> str:
    """The name of a site or team as it is kept: composed characters, no spaces around it."""
    return unicodedata.normalize("NFC", text.strip())
