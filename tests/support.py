"""Where things are; for tests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GARDEN = ROOT / "tests" / "data" / "garden" / "garden.toml"
