"""How much the teams' factors must vary for scale scores to have a chosen ICC(1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument, Scale
from movement_readiness.simulation.measurement import Measurement
from movement_readiness.simulation.population import ItemMoments, ScoreMoments

__all__ = ["Score", "scored_scales", "solve_team_variance"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Score:
    """A 0-100 score of answers as given: constant + sum of weights x codes."""

    name: str
    weights: Floats
    constant: float

    @classmethod
    def of_keys(cls, name: str, keys: Mapping[str, int], measurement: Measurement) -> Score:
        """Give the mean of the items that the form has, each rescaled on its own options and keyed."""
        weights, constant = np.zeros(len(measurement.items)), 0.0
        held = [item for item in keys if item in measurement.items]
        for item in held:
            place = measurement.items.index(item)
            low, high = measurement.codes[place][[0, -1]]
            weights[place] = keys[item] * 100 / (high - low) / len(held)
            constant -= weights[place] * (low if keys[item] == 1 else high)
        return cls(name, weights, float(constant))

    @classmethod
    def mean_of(cls, name: str, parts: list[Score]) -> Score:
        """Give the mean of other scores."""
        return cls(
            name,
            np.mean([part.weights for part in parts], axis=0),
            float(np.mean([part.constant for part in parts])),
        )


def scored_scales(instrument: Instrument, measurement: Measurement) -> dict[str, Score]:
    """Give every scale that a completed form can be scored on, in the order of the instrument."""
    simple = {
        scale.id: Score.of_keys(scale.id, scale.keys, measurement)
        for scale in instrument.scales.values()
        if scale.keys and _scorable(instrument, scale, set(measurement.items))
    }
    result = {}
    for scale in instrument.scales.values():
        parts = [simple[part] for part in scale.scales if part in simple]
        if scale.id in simple:
            result[scale.id] = simple[scale.id]
        elif parts and len(parts) >= (scale.min_scales or 1):
            result[scale.id] = Score.mean_of(scale.id, parts)
    return result


def _scorable(instrument: Instrument, scale: Scale, shown: set[str]) -> bool:
    held = [item for item in scale.keys if item in shown]
    domains = {instrument.items[item].domain for item in scale.keys} - {None}
    fewest = min((sum(instrument.items[item].domain == name for item in held) for name in domains), default=0)
    enough_per_domain = not scale.min_answered_per_domain or fewest >= scale.min_answered_per_domain
    return len(held) >= max(scale.min_answered or 1, 1) and enough_per_domain


@dataclass(frozen=True, eq=False)
class _Target:
    """A score, and the factors whose common team variance gives it the chosen ICC(1)."""

    name: str
    members: npt.NDArray[np.int64]
    moments: ScoreMoments


def _targets(
    instrument: Instrument, measurement: Measurement, scores: Mapping[str, Score], moments: ItemMoments
) -> list[_Target]:
    chosen: dict[str, Score] = {}
    members: dict[str, list[int]] = {}
    for factor in range(len(measurement.factors)):
        score = _score_of(instrument, measurement, scores, factor)
        chosen[score.name] = score
        members.setdefault(score.name, []).append(factor)
    return [
        _Target(name, np.array(members[name]), moments.score(score.weights, score.constant))
        for name, score in chosen.items()
    ]


def _score_of(instrument: Instrument, measurement: Measurement, scores: Mapping[str, Score], factor: int) -> Score:
    """Give the score that people will compute an ICC on: the home scale's where the form has it.

    A short form may score a total only; its factors then share one team variance. A scale made up mostly
    of other scales' items says little about its own factor, whose home items count alone.
    """
    name, home = measurement.factors[factor], measurement.factor_of == factor
    if name in scores:
        used = scores[name].weights != 0
        if 2 * (used & home).sum() > used.sum():
            return scores[name]
    else:
        for scale in instrument.report_scales(measurement.form):
            if scale in scores and (scores[scale].weights[home] != 0).any():
                return scores[scale]
    keys = {item: instrument.key(item) for item, at_home in zip(measurement.items, home, strict=True) if at_home}
    return Score.of_keys(name, keys, measurement)


def solve_team_variance(
    instrument: Instrument,
    measurement: Measurement,
    scores: Mapping[str, Score],
    moments: ItemMoments,
    icc1: float,
) -> Floats:
    """Give the share of each factor's variance that lies between teams, sites included.

    Scales of their own items are solved one by one; where scales share items, one after the other until
    none moves (Gauss-Seidel). The ICC(1) of a score rises with the team variance of its factors, from 0
    to the reliability that the score has when all of a team feel alike.
    """
    targets = _targets(instrument, measurement, scores, moments)
    found, failed = _solve(targets, measurement.correlations, icc1)
    if failed is None:
        return found
    highest = _highest(targets, measurement.correlations, icc1)
    raise ArgumentError(
        f"icc1: expected a number from 0 to {math.floor(highest * 1000) / 1000:g}, the highest ICC(1) that "
        f"scores of {failed!r} can have with these loadings and thresholds (their reliability); got {icc1:g}."
    )


def _solve(targets: list[_Target], correlations: Floats, icc1: float) -> tuple[Floats, str | None]:
    found = np.full(len(correlations), icc1)
    for _ in range(200):
        before = found.copy()
        for target in targets:

            def gap(value: float, target: _Target = target) -> float:
                trial = found.copy()
                trial[target.members] = value
                return target.moments.icc1(correlations, trial) - icc1

            if gap(1.0) < 0 or gap(0.0) > 0:
                return found, target.name
            found[target.members] = brentq(gap, 0.0, 1.0, xtol=1e-15, rtol=1e-14)
        if np.abs(found - before).max(initial=0.0) < 1e-13:
            return found, None
    return found, targets[-1].name


def _highest(targets: list[_Target], correlations: Floats, refused: float) -> float:
    low, high = 0.0, refused
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if _solve(targets, correlations, middle)[1] is None else (low, middle)
    return low
