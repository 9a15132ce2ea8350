r"""The steps of a ladder of invariance as models: what each holds equal, and what identifies it.

Continuous items: nothing (configural), loadings (metric), intercepts too (scalar), residual variances too (strict).
Equal loadings free the factors' variances after the first group, equal intercepts their means.

Ordered items (Wu and Estabrook 2016). Thresholds come first: equal thresholds of an item with two or more identify
origin and unit of its latent response, so its intercept and its scale are free after the first group. Then loadings
(the factors' variances become free), then intercepts (their means become free), then residual variances, which need
the theta parameterisation. An item with three categories has thresholds that are equal for the asking, and one with
two has nothing to compare before intercepts: such steps are left out, and an item of two categories joins at the
intercepts with all it has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from movement_readiness.psychometrics.confirmatory.syntax import Statement

__all__ = ["CONTINUOUS", "ORDINAL", "Rung", "continuous_ladder", "ordinal_ladder"]

CONTINUOUS = ("configural", "metric", "scalar", "strict")
ORDINAL = ("configural", "thresholds", "loadings", "intercepts", "residuals")
_HELD = ("loadings", "intercepts", "residuals")
_ENOUGH = 2  # equal thresholds that identify the latent response of an item


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: its ``name``, the ``lines`` added to the model, and the arguments of `cfa`."""

    name: str
    lines: tuple[str, ...] = ()
    group_equal: tuple[str, ...] = ()
    group_partial: tuple[str, ...] = ()
    parameterization: str = "delta"


@dataclass(frozen=True, slots=True)
class _Parts:
    """Loadings (factor, indicator), items, factors, factors that others measure and the rest."""

    loadings: tuple[tuple[str, str], ...]
    items: tuple[str, ...]
    factors: tuple[str, ...]

    @property
    def lower(self) -> tuple[str, ...]:
        return tuple(factor for factor in self.factors if any(one == factor for _, one in self.loadings))


def _parts(statements: Sequence[Statement], items: Sequence[str], factors: Sequence[str]) -> _Parts:
    loadings = tuple((one.lhs, one.rhs) for one in statements if one.op == "=~")
    return _Parts(loadings, tuple(items), tuple(factors))


def continuous_ladder(
    statements: Sequence[Statement], items: Sequence[str], factors: Sequence[str], partial: Sequence[str]
) -> list[Rung]:
    """The four steps for continuous items; ``partial`` holds parameters that stay free."""
    lower = tuple(f"{_name(factor)} ~ 0*1" for factor in _parts(statements, items, factors).lower)
    return [
        Rung(name, lower if place > 1 else (), _HELD[:place], tuple(partial) if place else ())
        for place, name in enumerate(CONTINUOUS)
    ]


def ordinal_ladder(
    statements: Sequence[Statement],
    factors: Sequence[str],
    n_thresholds: Mapping[str, int],
    *,
    n_groups: int,
    partial: Sequence[str] = (),
    parameterization: str = "delta",
) -> list[Rung]:
    """The steps that can be told apart, for ordered items with so many thresholds each."""
    parts = _parts(statements, tuple(n_thresholds), factors)
    freed = set(partial)
    equal = {
        item: sum(f"{item}|t{place + 1}" not in freed for place in range(count)) for item, count in n_thresholds.items()
    }
    late = {item for item, count in equal.items() if count < _ENOUGH}
    rungs = [Rung("configural", parameterization=parameterization)]
    if any(count > _ENOUGH for count in equal.values()):
        rungs.append(_before_intercepts("thresholds", parts, late, freed, n_thresholds, n_groups, parameterization))
    if len(late) < len(equal):
        rungs.append(_before_intercepts("loadings", parts, late, freed, n_thresholds, n_groups, parameterization))
    rungs.append(_with_intercepts("intercepts", parts, late, freed, n_groups, parameterization))
    rungs.append(_with_intercepts("residuals", parts, late, freed, n_groups, "theta"))
    return rungs


def _before_intercepts(
    name: str,
    parts: _Parts,
    late: set[str],
    freed: set[str],
    n_thresholds: Mapping[str, int],
    n_groups: int,
    parameterization: str,
) -> Rung:
    after_first = _after_first("0", "NA", n_groups)
    lines = [f"{_name(factor)} ~ 0*1" for factor in parts.factors]
    lines += [f"{_name(item)} ~ {after_first}*1" for item in parts.items if item not in late]
    lines += [_unit(item, parameterization) for item in parts.items if item in late]
    kept = {f"{item}|t{place + 1}" for item in late for place in range(n_thresholds[item])}
    kept |= {one for one in freed if "|" in one}
    held: tuple[str, ...] = ("thresholds",)
    if name == "loadings":
        held = ("thresholds", "loadings")
        kept |= {f"{factor}=~{item}" for factor, item in parts.loadings if item in late}
        kept |= {one for one in freed if "=~" in one}
        alone = [f for f in parts.factors if all(item in late for factor, item in parts.loadings if factor == f)]
        lines += [f"{_name(factor)} ~~ 1*{_name(factor)}" for factor in alone]
    return Rung(name, tuple(lines), held, tuple(sorted(kept)), parameterization)


def _with_intercepts(
    name: str, parts: _Parts, late: set[str], freed: set[str], n_groups: int, parameterization: str
) -> Rung:
    lines = [f"{_name(factor)} ~ 0*1" for factor in parts.lower]
    lines += [f"{_name(item)} ~ {_after_first('0', 'NA', n_groups)}*1" for item in parts.items if f"{item}~1" in freed]
    if name == "residuals":
        for item in parts.items:
            free = f"{item}~~{item}" in freed
            first = _after_first("1", "NA", n_groups) if free else "1"
            lines.append(f"{_name(item)} ~~ {first}*{_name(item)}")
    else:
        loose = {item for factor, item in parts.loadings if f"{factor}=~{item}" in freed}
        lines += [_unit(item, parameterization) for item in parts.items if item in late & loose]
    kept = tuple(sorted(one for one in freed if "|" in one or "=~" in one))
    return Rung(name, tuple(lines), ("thresholds", "loadings"), kept, parameterization)


def _after_first(first: str, later: str, n_groups: int) -> str:
    return f"c({', '.join([first, *[later] * (n_groups - 1)])})"


def _unit(item: str, parameterization: str) -> str:
    """A latent response in units of its own."""
    name = _name(item)
    return f"{name} ~*~ 1*{name}" if parameterization == "delta" else f"{name} ~~ 1*{name}"


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", name) and name not in {"NA", "c", "start"} else f"`{name}`"
