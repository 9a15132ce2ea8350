"""The measurement model that an instrument's scales say, in lavaan's syntax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError

if TYPE_CHECKING:
    from movement_readiness.instrument.model import Instrument

__all__ = ["STRUCTURES", "general_factor", "measured_scales", "measurement_model"]

STRUCTURES = ("correlated", "one_factor", "second_order", "bifactor")


def measured_scales(instrument: Instrument, *, separate: bool) -> dict[str, tuple[str, ...]]:
    """The factors and their items: domains (and scales that stand apart), each with the items at home in it."""
    kinds = ("domain", "separate") if separate else ("domain",)
    homes: dict[str, list[str]] = {scale.id: [] for scale in instrument.scales.values() if scale.kind in kinds}
    for name in homes:
        for item in instrument.scales[name].keys:
            if instrument.home_scale(item) == name and instrument.response_scale(item).ordered:
                homes[name].append(item)
    return {name: tuple(items) for name, items in homes.items() if items}


def general_factor(instrument: Instrument) -> str:
    """What the factor of all domains is called: the index of the domains where there is one, else "general"."""
    domains = {scale.id for scale in instrument.scales.values() if scale.kind == "domain"}
    indices = [scale.id for scale in instrument.scales.values() if scale.scales and set(scale.scales) == domains]
    taken = {*instrument.scales, *instrument.items}
    name = "general"
    while name in taken:
        name += "_"
    return indices[0] if indices else name


def measurement_model(instrument: Instrument, structure: str, *, separate: bool) -> str:
    """Write the model; see `Instrument.measurement_model`."""
    check_choice("structure", structure, STRUCTURES)
    apart = measured_scales(instrument, separate=separate)
    domains = {name: items for name, items in apart.items() if instrument.scales[name].kind == "domain"}
    apart = {name: items for name, items in apart.items() if name not in domains}
    if not domains:
        raise ArgumentError(f"structure: expected an instrument with a domain; {instrument.id!r} has none.")
    if structure == "correlated":
        lines = _simple(domains)
    else:
        general = general_factor(instrument)
        if structure != "one_factor" and len(domains) < 2:
            raise ArgumentError(
                f"structure: {structure!r} expects two or more domains; {instrument.id!r} has {quoted(list(domains))}. "
                "With one, 'one_factor' says the same."
            )
        lines = {"one_factor": _one, "second_order": _second, "bifactor": _bifactor}[structure](general, domains, apart)
    return "\n".join([*lines, *_simple(apart)]) + "\n"


def _loads(factor: str, items: Sequence[str], *, equal: bool = False) -> list[str]:
    """A factor's line; two loadings that cannot be told apart are equal, and the variance is free."""
    if not equal:
        return [f"{factor} =~ {' + '.join(items)}"]
    return [f"{factor} =~ {' + '.join(f'1*{item}' for item in items)}", f"{factor} ~~ NA*{factor}"]


def _simple(scales: Mapping[str, Sequence[str]]) -> list[str]:
    lines: list[str] = []
    for factor, items in scales.items():
        if len(items) == 1:  # the latent response itself
            lines += [f"{factor} =~ 1*{items[0]}", f"{factor} ~~ 1*{factor}"]
        else:
            lines += _loads(factor, items)
    return lines


def _one(general: str, domains: Mapping[str, Sequence[str]], _: Mapping[str, Sequence[str]]) -> list[str]:
    return _loads(general, [item for items in domains.values() for item in items])


def _second(general: str, domains: Mapping[str, Sequence[str]], _: Mapping[str, Sequence[str]]) -> list[str]:
    several = {name: items for name, items in domains.items() if len(items) > 1}
    parts = [name if name in several else items[0] for name, items in domains.items()]
    above = _loads(general, parts, equal=len(parts) == 2)
    return [*_simple(several), *above]


def _bifactor(general: str, domains: Mapping[str, Sequence[str]], apart: Mapping[str, Sequence[str]]) -> list[str]:
    several = {name: items for name, items in domains.items() if len(items) > 1}
    lines = _loads(general, [item for items in domains.values() for item in items])
    for name, items in several.items():
        lines += _loads(name, items, equal=len(items) == 2)
    factors = list(several)
    for place, name in enumerate(factors):
        others = [general, *factors[place + 1 :], *apart]  # scales that stand apart go with the general factor alone
        lines += [f"{name} ~~ {' + '.join(f'0*{other}' for other in others)}"]
    return lines
