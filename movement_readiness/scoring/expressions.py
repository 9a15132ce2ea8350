"""The rules of scoring as narwhals expressions: what an answer, an item and a scale are worth.

Nothing here looks at data, so the same steps serve eager and lazy frames. They are steps, one
``with_columns`` each, because many scales share an item and most engines compute a shared part of two
expressions twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import narwhals.stable.v2 as nw

from movement_readiness.instrument import Instrument, Scale

__all__ = ["N_ANSWERED", "ScorePlan", "answer", "keyed", "stray"]

N_ANSWERED = "_n_answered"  # follows a scale's id in the name of the column that counts its answers


def answer(instrument: Instrument, item: str) -> nw.Expr:
    """Give the item's code where there is an answer; missing codes become null.

    The column must be Float64 without NaN (`frames.as_numbers`), as everywhere in this module.
    """
    codes = [float(code) for code in instrument.response_scale(item).codes]
    return nw.when(nw.col(item).is_in(codes)).then(nw.col(item)).alias(item)


def stray(instrument: Instrument, item: str) -> nw.Expr:
    """Whether the column holds a number that is neither a code of the item nor a missing code."""
    codes = instrument.response_scale(item).codes
    missing = [code.code for code in instrument.missing_codes.values()]
    known = nw.col(item).is_in([float(code) for code in (*codes, *missing)])
    return ~(known | nw.col(item).is_null())


def keyed(instrument: Instrument, item: str, key: int, value: nw.Expr) -> nw.Expr:
    """Put an answer under a key: as it is, or low + high - x. No other line of the package does."""
    codes = instrument.response_scale(item)
    return value if key == 1 else (codes.low + codes.high) - value


@dataclass(frozen=True)
class ScorePlan:
    """The steps that score scales of an instrument on the items that a frame holds.

    Attributes
    ----------
    instrument : Instrument
    scales : tuple of str
        The scales to score, in the order of the result.
    items : tuple of str
        The items to read, all Float64 columns. An item of a scale that is not among them counts as
        not answered.
    prefix : str
        Starts the names of helper columns; no column of the frame starts with it.
    """

    instrument: Instrument
    scales: tuple[str, ...]
    items: tuple[str, ...]
    prefix: str = "_"

    @classmethod
    def of(
        cls, instrument: Instrument, scales: Sequence[str], items: Sequence[str], columns: Iterable[object]
    ) -> ScorePlan:
        """Make a plan whose helper columns collide with none of the columns."""
        taken, prefix = [str(column) for column in columns], "_"
        while any(column.startswith(prefix) for column in taken):
            prefix += "_"
        return cls(instrument, tuple(scales), tuple(items), prefix)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns of the result: a score and a count of answers for every scale."""
        return tuple(column for scale in self.scales for column in (scale, scale + N_ANSWERED))

    @cached_property
    def steps(self) -> tuple[tuple[nw.Expr, ...], ...]:
        """Expressions for one ``with_columns`` after the other; the last step makes `outputs`."""
        simple = self._simple_scales()
        counts = [self._flag(item) for item in self.items]
        return (
            tuple(answer(self.instrument, item).alias(self._name("answer", item)) for item in self.items),
            (*counts, *(self._percent(item, key) for item, key in self._places(simple))),
            tuple(self._count(scale) for scale in dict.fromkeys((*simple, *self.scales))),
            tuple(self._mean(self.instrument.scales[scale]) for scale in simple),
            tuple(column for scale in self.scales for column in self._result(self.instrument.scales[scale])),
        )

    def _name(self, *parts: object) -> str:
        return self.prefix + " ".join(map(str, parts))  # ids hold no blanks, so names stay apart

    def _simple_scales(self) -> list[str]:
        """List the scales with items of their own that are asked for, or are part of an index asked for."""
        scales = self.instrument.scales
        return list(dict.fromkeys(part for scale in self.scales for part in scales[scale].scales or (scale,)))

    def _items_of(self, scale: str) -> list[str]:
        """List the items of the scale that are there, each once, though two parts of an index share it."""
        held = set(self.items)
        return [item for item in dict.fromkeys(self.instrument.item_ids(scale)) if item in held]

    def _places(self, simple: Iterable[str]) -> list[tuple[str, int]]:
        scales = self.instrument.scales
        return list(
            dict.fromkeys((item, scales[scale].keys[item]) for scale in simple for item in self._items_of(scale))
        )

    def _flag(self, item: str) -> nw.Expr:
        answered = ~nw.col(self._name("answer", item)).is_null()
        return answered.cast(nw.Int64).alias(self._name("answered", item))

    def _percent(self, item: str, key: int) -> nw.Expr:
        """Rescale the keyed answer to 0-100 on the item's own options."""
        codes = self.instrument.response_scale(item)
        value = keyed(self.instrument, item, key, nw.col(self._name("answer", item)))
        # Multiplied before it is divided: whole numbers are exact, so there is one rounding, not two.
        return ((value - codes.low) * 100 / (codes.high - codes.low)).alias(self._name("percent", item, key))

    def _answered(self, items: Sequence[str]) -> nw.Expr:
        flags = [self._name("answered", item) for item in items]
        return nw.sum_horizontal(*flags) if flags else nw.lit(0, dtype=nw.Int64)

    def _count(self, scale: str) -> nw.Expr:
        return self._answered(self._items_of(scale)).cast(nw.Int64).alias(self._name("n", scale))

    def _mean(self, scale: Scale) -> nw.Expr:
        """Take the mean of the answered items where the scale's rules are met, else null."""
        items, name = self._items_of(scale.id), self._name("mean", scale.id)
        if not items:
            return nw.lit(None, dtype=nw.Float64).alias(name)
        n = nw.col(self._name("n", scale.id))
        total = nw.sum_horizontal(*(self._name("percent", item, scale.keys[item]) for item in items))
        return nw.when(self._enough(scale)).then(total / n).alias(name)

    def _enough(self, scale: Scale) -> nw.Expr:
        rules = [nw.col(self._name("n", scale.id)) >= (scale.min_answered or 1)]
        if scale.min_answered_per_domain:
            rules += [self._answered(items) >= scale.min_answered_per_domain for items in self._by_domain(scale)]
        return nw.all_horizontal(*rules, ignore_nulls=False)

    def _by_domain(self, scale: Scale) -> list[list[str]]:
        """List the items that are there, for every domain among all the items of the scale."""
        held, domains = set(self.items), dict[str, list[str]]()
        for item in scale.keys:
            domain = self.instrument.items[item].domain
            if domain is not None:
                domains.setdefault(domain, []).extend([item] if item in held else [])
        return list(domains.values())

    def _result(self, scale: Scale) -> tuple[nw.Expr, nw.Expr]:
        value = self._mean_of_scales(scale) if scale.scales else nw.col(self._name("mean", scale.id))
        return value.alias(scale.id), nw.col(self._name("n", scale.id)).alias(scale.id + N_ANSWERED)

    def _mean_of_scales(self, scale: Scale) -> nw.Expr:
        parts = [self._name("mean", part) for part in scale.scales]
        n = nw.sum_horizontal(*((~nw.col(part).is_null()).cast(nw.Int64) for part in parts))
        return nw.when(n >= (scale.min_scales or 1)).then(nw.sum_horizontal(*parts) / n)
