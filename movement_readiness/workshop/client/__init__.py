"""What the server sends to phones: one page for joining, answering and withdrawing, with its scripts and styles.

All of it is read from the package; nothing is made by a build step and nothing comes from elsewhere.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from movement_readiness.workshop.content import page_words

__all__ = ["client_files"]

_HERE = Path(__file__).parent
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_EMPTY = '<script type="application/json" id="words">{}</script>'


@lru_cache(maxsize=1)
def client_files() -> dict[str, tuple[bytes, str]]:
    """Every file a phone needs: its name, its bytes and its content type.

    ``page.html`` is the page at ``/``, ``/j/CODE`` and ``/withdraw``; the others are at ``/static/<name>``.
    The page holds its words as a block of data, which a policy without inline scripts allows.

    Examples
    --------
    >>> sorted(client_files())
    ['form.css', 'form.js', 'page.css', 'page.html', 'page.js']
    """
    places = [_HERE / name for name in ("page.html", "page.js", "page.css")]
    places += [_HERE.parent / name for name in ("form.js", "form.css")]
    texts = {place.name: place.read_text(encoding="utf-8") for place in places}
    texts["page.html"] = texts["page.html"].replace(_EMPTY, _EMPTY.replace("{}", _words()))
    return {
        name: (text.encode(), f"{_TYPES[Path(name).suffix]}; charset=utf-8") for name, text in sorted(texts.items())
    }


def _words() -> str:
    # "<" is written as an escape, so that no word can end the block.
    return json.dumps(page_words(), ensure_ascii=False).replace("<", "\\u003c")
