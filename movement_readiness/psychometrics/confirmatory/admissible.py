"""Whether a solution that was reached can be right: one look at it, whatever the estimator.

Estimates that minimise a discrepancy may be no variances and no correlations at all, and then say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import HeywoodWarning, ImproperSolutionWarning, NotIdentifiedWarning
from movement_readiness.psychometrics.confirmatory.diagnostics import flat_parameters, listed
from movement_readiness.psychometrics.confirmatory.implied import Matrices, Model
from movement_readiness.psychometrics.confirmatory.specification import ParameterTable
from movement_readiness.psychometrics.confirmatory.standardized import standardized
from movement_readiness.psychometrics.results import shown

__all__ = ["Impropriety", "improprieties"]

Floats = npt.NDArray[np.float64]

_BELOW_ZERO = -1e-6
_BEYOND = 1 + 1e-6


@dataclass(frozen=True, slots=True)
class Impropriety:
    """What cannot be right: the parameters (``f1~~f2``, with ``.g2`` in group 2), and a sentence with the remedy."""

    names: tuple[str, ...]
    sentence: str
    category: type[Warning] = ImproperSolutionWarning


def improprieties(model: Model, theta: Floats, *, singular: bool) -> list[Impropriety]:
    """Everything at these estimates that no variables could have; ``singular`` where the information has no inverse."""
    found: list[Impropriety] = []
    loadings = standardized(model, theta)[1]
    for group, matrices in enumerate(model.matrices(theta)):
        several = model.table.n_groups > 1
        place = _Place(f" in group {group + 1}" if several else "", f".g{group + 1}" if several else "")
        found += _covariances(model, matrices, place)
        known = {name for one in found for name in one.names}
        found += _loadings(model.table, loadings, group, place, known)
        found += _thresholds(model.table, theta, group, place)
    return [*found, _not_identified(model, theta)] if singular else found


@dataclass(frozen=True, slots=True)
class _Place:
    """A group in sentences and at the end of names; both empty for one group."""

    words: str
    end: str

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(f"{name}{self.end}" for name in names)


def _covariances(model: Model, m: Matrices, place: _Place) -> Iterator[Impropriety]:
    """Variances below zero, or else covariance matrices of factors and of residuals that no variables could have."""
    items, factors = model.table.items, model.table.factors
    negative = {f"{x}~~{x}": v for x, v in zip(items, np.diag(m.theta), strict=True) if v < _BELOW_ZERO}
    negative |= {f"{f}~~{f}": v for f, v in zip(factors, np.diag(m.psi), strict=True) if v < _BELOW_ZERO}
    if negative:
        sentence = (
            f"Variances below zero{place.words}: {_with_values(negative)}. A Heywood case: too few respondents or "
            "items, or a wrong model; do not interpret it. Leave the item out, join factors, or give the model more "
            "items or respondents."
        )
        yield Impropriety(place.names(list(negative)), sentence, HeywoodWarning)
        return
    yield from _factors(factors, m.factor_covariances, place)
    off = np.triu(m.theta, 1)
    if off.any() and np.linalg.eigvalsh(m.theta)[0] < _BELOW_ZERO:
        pairs = [f"{items[i]}~~{items[j]}" for i, j in np.argwhere(off).tolist()]
        sentence = (
            f"The covariance matrix of the residuals is not positive definite{place.words}; look at {listed(pairs)}. "
            "A residual covariance is larger than the residual variances allow: leave it, or one of its items, out."
        )
        yield Impropriety(place.names(pairs), sentence)


def _factors(factors: Sequence[str], spread: Floats, place: _Place) -> Iterator[Impropriety]:
    beyond = _correlations_beyond_one(factors, spread)
    if beyond:
        sentence = (
            f"Correlations of factors beyond one in size{place.words}: {_with_values(beyond)}. They are one factor to "
            "these answers, or the model lacks something; join them, or look at the modification indices."
        )
        yield Impropriety(place.names(list(beyond)), sentence)
    elif factors and (least := np.linalg.eigvalsh(spread)[0]) < _BELOW_ZERO:
        sentence = (
            f"The covariance matrix of the factors ({', '.join(factors)}) is not positive definite{place.words}: its "
            f"smallest eigenvalue is {least:.2g}. No factors could have it; leave one out, or join two."
        )
        names = [f"{one}~~{other}" for one, other in combinations(factors, 2)]
        yield Impropriety(place.names(names), sentence)


def _correlations_beyond_one(factors: Sequence[str], spread: Floats) -> dict[str, float]:
    size = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    correlations = spread / np.outer(size, size)
    return {
        f"{factors[i]}~~{factors[j]}": correlations[i, j]
        for i, j in combinations(range(len(factors)), 2)
        if abs(correlations[i, j]) > _BEYOND
    }


def _loadings(
    table: ParameterTable, values: Floats, group: int, place: _Place, known: set[str]
) -> Iterator[Impropriety]:
    """Standardised loadings beyond one; of what has a negative residual variance that is said already."""
    found = {
        f"{row.lhs}=~{row.rhs}": value
        for row, value in zip(table.rows, values, strict=True)
        if row.op == "=~" and row.group == group and abs(value) > _BEYOND
        if f"{row.rhs}~~{row.rhs}{place.end}" not in known
    }
    if found:
        sentence = (
            f"Standardised loadings beyond one in size{place.words}: {_with_values(found)}. Several correlated factors "
            "compete for these items, and their loadings cannot be read one by one; keep each item on one factor, or "
            "join the factors."
        )
        yield Impropriety(place.names(list(found)), sentence)


def _thresholds(table: ParameterTable, theta: Floats, group: int, place: _Place) -> Iterator[Impropriety]:
    """Thresholds of an item that do not rise."""
    rows = sorted((row for row in table.rows if row.op == "|" and row.group == group), key=lambda row: int(row.rhs[1:]))
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row.lhs, []).append(float(theta[row.free]) if row.free >= 0 else row.value)
    fallen = {item: at for item, at in values.items() if (np.diff(at) <= 0).any()}
    if fallen:
        named = [f"{item} ({', '.join(map(shown, at))})" for item, at in fallen.items()]
        sentence = (
            f"Thresholds that do not rise{place.words}: {listed(named)}. No answers could have them; do not interpret "
            "this solution, and look at what the model fixes or makes equal there."
        )
        yield Impropriety(
            place.names([f"{item}|t{k + 1}" for item, at in fallen.items() for k in _falls(at)]), sentence
        )


def _falls(at: Sequence[float]) -> list[int]:
    return [int(k) + 1 for k in np.flatnonzero(np.diff(at) <= 0)]


def _not_identified(model: Model, theta: Floats) -> Impropriety:
    """The information has no inverse: at these estimates parameters cannot be told apart."""
    names = flat_parameters(model, theta)
    what = f"these parameters cannot be told apart: {listed(names)}" if names else "the information is singular"
    sentence = (
        f"At the estimates {what}; there are no standard errors. Fix one of them, or leave out what has loadings "
        "near zero."
    )
    return Impropriety(tuple(names) or ("information",), sentence, NotIdentifiedWarning)


def _with_values(found: dict[str, float]) -> str:
    return listed([f"{name} ({shown(value)})" for name, value in found.items()])
