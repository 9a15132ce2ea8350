"""An instrument file that a test may break."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import GARDEN


@pytest.fixture
def garden_text():
    return GARDEN.read_text(encoding="utf-8")


@pytest.fixture
def write(tmp_path):
    """Write a file beside the others of this test and return its path."""

    def written(text: str, name: str = "garden.toml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    return written


@pytest.fixture
def changed(garden_text):
    """The garden's file with some of its text replaced; what is replaced must be there once."""

    def changed(*pairs: tuple[str, str]) -> str:
        text = garden_text
        for old, new in pairs:
            assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
            text = text.replace(old, new)
        return text

    return changed
