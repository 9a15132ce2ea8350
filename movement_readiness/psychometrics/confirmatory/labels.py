"""Which parameters of a model are equal by what it says: a shared label, or ``equal("f=~x1")``, which names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from movement_readiness.exceptions import ArgumentError

if TYPE_CHECKING:
    from movement_readiness.psychometrics.confirmatory.parameters import Row

__all__ = ["fixed_values", "shared_labels"]


def shared_labels(rows: Sequence[Row]) -> list[str]:
    """The label that each row shares with the rows it is equal to, "" where it has none.

    A label that is the name of a parameter is shared with that parameter. As in lavaan, "f=~x1" is the parameter of
    the first group and "f=~x1.g2" that of the second; a parameter that has a label of its own shares that.

    Raises
    ------
    ArgumentError
        A name of no parameter; one label for parameters of several kinds.
    """
    names = {name: place for place, row in enumerate(rows) for name in _names(row)}
    found = [row.label for row in rows]
    for label in dict.fromkeys(row.label for row in rows if row.label):
        place = names.get(label.replace(" ", ""))
        if place is not None:
            found = _joined(found, label, place)
        elif any(operator in label for operator in ("=~", "~~", "~*~")):
            raise ArgumentError(f"model: expected a parameter of the model in equal(...); got {label!r}.")
    _check_kinds(rows, found)
    return found


def _names(row: Row) -> Iterator[str]:
    tail = f".g{row.group + 1}" if row.group else ""
    yield row.name.replace(" ", "") + tail
    if row.op == "~~":
        yield f"{row.rhs}~~{row.lhs}".replace(" ", "") + tail


def _joined(labels: Sequence[str], label: str, place: int) -> list[str]:
    there = labels[place] or label
    joined = [there if one == label else one for one in labels]
    joined[place] = there
    return joined


def _check_kinds(rows: Sequence[Row], labels: Sequence[str]) -> None:
    kinds: dict[str, str] = {}
    for row, label in zip(rows, labels, strict=True):
        if label and kinds.setdefault(label, row.op) != row.op:
            raise ArgumentError(
                f"model: expected parameters of one kind under the label {label!r}; it stands at "
                f"'{kinds[label]}' and at '{row.op}'."
            )


def fixed_values(rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, float]:
    """The value of each label that stands at a fixed parameter, such as the first loading of a factor.

    Raises
    ------
    ArgumentError
        Parameters of one label are fixed at different values.
    """
    first: dict[str, Row] = {}
    for row, label in zip(rows, labels, strict=True):
        if not label or np.isnan(row.value):
            continue
        if first.setdefault(label, row).value != row.value:
            raise ArgumentError(
                f"model: expected one value for the parameters of the label {label!r}; {first[label].name} is fixed "
                f"at {first[label].value:g} and {row.name} at {row.value:g}. A first loading is free with NA* before "
                "it (NA*x1)."
            )
    return {label: row.value for label, row in first.items()}
