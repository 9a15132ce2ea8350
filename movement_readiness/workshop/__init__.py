"""The workshop: a form that loses nothing, the store behind it, and the server between them.

The names here load what they need when first used: a form needs no database, a store no widgets.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from movement_readiness.workshop.form import ResponseForm
    from movement_readiness.workshop.sessions import Session, new_session
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["ResponseForm", "ResponseStore", "Session", "new_session"]

_HOMES = {"ResponseForm": "form", "ResponseStore": "store", "Session": "sessions", "new_session": "sessions"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'movement_readiness.workshop' has no attribute {name!r}")
    return getattr(import_module(f"movement_readiness.workshop.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
