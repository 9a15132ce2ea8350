"""What the parts of an instrument file are made of: names, texts, versions, and a mapping that stays as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, StrictInt

__all__ = [
    "CODE_NAMES",
    "ITEM_NAMES",
    "Direction",
    "FrozenMap",
    "InstrumentId",
    "ItemId",
    "Key",
    "LanguageCode",
    "PartId",
    "Text",
    "VersionNumber",
    "empty",
    "frozen",
]

K = TypeVar("K")
V = TypeVar("V")


class FrozenMap(Mapping[K, V]):
    """A mapping that cannot be changed, compares like a dict and can be pickled."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[K, V]) -> None:
        self._data = dict(data)

    def __getitem__(self, key: K) -> V:
        return self._data[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr(self._data)

    def __hash__(self) -> int:
        return hash(frozenset(self._data.items()))


def frozen(data: Mapping[K, V]) -> FrozenMap[K, V]:
    """The same mapping, for good."""
    return FrozenMap(data)


def empty() -> FrozenMap[str, Any]:
    """A mapping of nothing."""
    return FrozenMap({})


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
ItemId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
PartId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
InstrumentId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
VersionNumber = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
Key = Annotated[
    StrictInt,
    Field(
        description="+1 as worded, -1 reversed: most agreement scores lowest",
        json_schema_extra={"enum": [1, -1]},
    ),
]
Direction = Annotated[Literal["ltr", "rtl"], Field(description="Writing direction: left to right, or right to left.")]
# What an editor suggests and checks; the same rules with better sentences are in `checks`.
ITEM_NAMES: dict[str, Any] = {"propertyNames": {"pattern": r"^[A-Za-z][A-Za-z0-9_]*$"}}
CODE_NAMES: dict[str, Any] = {
    "additionalProperties": {
        "type": "object",
        "propertyNames": {"pattern": r"^\d+$"},
        "additionalProperties": {"type": "string", "minLength": 1, "pattern": r"\S"},
    }
}
