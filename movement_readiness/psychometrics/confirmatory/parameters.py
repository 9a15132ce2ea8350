"""What a table of parameters consists of: what was asked, one parameter, all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Key", "ModelOptions", "ParameterTable", "Row"]

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What was asked of the table.

    ``thresholds`` maps each item to its number of thresholds for ordered items, and is empty for continuous ones;
    ``partial`` holds parameters that stay free where `group_equal` would make them equal ("f=~x1", "x1|t2", "x1~1").
    """

    n_groups: int = 1
    std_lv: bool = False
    orthogonal: bool = False
    meanstructure: bool = False
    group_equal: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    thresholds: Mapping[str, int] = field(default_factory=dict)
    parameterization: str = "delta"

    @property
    def ordinal(self) -> bool:
        """Whether the items are ordered."""
        return bool(self.thresholds)


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter in one group (counted from 0).

    ``free`` is its place among the free parameters, -1 where it is fixed at ``value``; equal parameters share a
    place. ``start`` is what the model says, NaN where it says nothing. ``user`` tells what the model names from what
    was added.
    """

    lhs: str
    op: str
    rhs: str
    group: int
    free: int
    value: float
    start: float
    label: str
    user: bool

    @property
    def key(self) -> Key:
        """Left side, operator, right side."""
        return self.lhs, self.op, self.rhs

    @property
    def name(self) -> str:
        """As lavaan's ``coef`` names it."""
        return f"{self.lhs}{self.op}{self.rhs}"


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """All parameters of all groups, with the names in order: see `parameter_table`."""

    rows: tuple[Row, ...]
    items: tuple[str, ...]
    factors: tuple[str, ...]
    options: ModelOptions
    n_free: int

    @property
    def n_groups(self) -> int:
        """How many groups there are."""
        return self.options.n_groups

    @property
    def free_names(self) -> tuple[str, ...]:
        """The name of each free parameter: of the first row that has it, with its group where there are several."""
        names: dict[int, str] = {}
        for row in self.rows:
            if row.free >= 0 and row.free not in names:
                names[row.free] = row.name + (f" (group {row.group + 1})" if self.n_groups > 1 else "")
        return tuple(names[place] for place in range(self.n_free))

    @property
    def n_thresholds(self) -> tuple[int, ...]:
        """Thresholds of each item, in the items' order; zeros for continuous items."""
        return tuple(self.options.thresholds.get(item, 0) for item in self.items)
