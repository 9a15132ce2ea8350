"""Readiness for movement: a questionnaire for health-care teams, scored, protected and reported.

The public names are flat (``import movement_readiness as mr``) and load what they need when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Instrument": "instrument",
    "load_instrument": "instrument",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'movement_readiness' has no attribute {name!r}")
    return getattr(import_module(f"movement_readiness.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))


if TYPE_CHECKING:
    from movement_readiness.instrument import Instrument, load_instrument
