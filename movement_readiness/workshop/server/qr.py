"""QR codes of addresses: for a page, and for a terminal."""

from __future__ import annotations

import io
from functools import lru_cache

import segno

__all__ = ["page_code", "terminal_code"]


@lru_cache(maxsize=64)
def page_code(address: str) -> str:
    """A code as the address of a picture, for an ``img`` element; dark on white with its quiet zone."""
    code: str = segno.make(address, error="m", micro=False).svg_data_uri(
        scale=8, border=4, dark="#10241f", light="#ffffff"
    )
    return code


def terminal_code(address: str) -> str:
    """A code in letters that a terminal can show."""
    out = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()
