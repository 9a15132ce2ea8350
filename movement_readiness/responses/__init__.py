"""Answers as people really have them: take a file in, name every fault in it, write it out again.

The names here load what they need when first used, so that importing this room stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from movement_readiness.responses.reading import read_responses
    from movement_readiness.responses.response import Response
    from movement_readiness.responses.summary import ColumnReading, ResponsesSummary
    from movement_readiness.responses.writing import write_responses

__all__ = ["ColumnReading", "Response", "ResponsesSummary", "read_responses", "write_responses"]

_HOMES = {
    "ColumnReading": "summary",
    "Response": "response",
    "ResponsesSummary": "summary",
    "read_responses": "reading",
    "write_responses": "writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'movement_readiness.responses' has no attribute {name!r}")
    return getattr(import_module(f"movement_readiness.responses.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
