"""Draw people: their factors in teams and sites, their answers, and what goes wrong with them.

Answers are held as the rank of the option, 0 for the lowest code (int8), and drawn a block of rows at a
time, so that memory is that of the result. Missing answers are negative: -1 for an item left empty, -2 - j
for the j-th missing code that the item's response scale offers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.simulation.design import Design, Layout
from movement_readiness.simulation.measurement import Measurement

__all__ = [
    "UNANSWERED",
    "FactorValues",
    "draw_answers",
    "draw_careless",
    "draw_factor_values",
    "draw_missing",
    "draw_response_ids",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Ranks = npt.NDArray[np.int8]

UNANSWERED = -1
ATTENTIVE, STRAIGHT_LINE, RANDOM = 0, 1, 2
_BLOCK = 16_384


@dataclass(frozen=True, eq=False)
class FactorValues:
    """Values of the factors: sites x factors, teams x factors (with their site), respondents x factors."""

    sites: Floats
    teams: Floats
    respondents: Floats


def draw_factor_values(
    design: Design,
    layout: Layout,
    correlations: Floats,
    team_variance: Floats,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> FactorValues:
    """Draw site, team and person parts, each with the factor correlations; add the waves' change."""
    groups, people = rngs
    mix = np.linalg.cholesky(correlations).T
    n_factors = len(correlations)
    share = design.site_share
    sites = groups.standard_normal((design.n_sites, n_factors)) @ mix * np.sqrt(team_variance * share)
    own = groups.standard_normal((len(layout.site_of_team), n_factors)) @ mix
    teams = sites[layout.site_of_team] + own * np.sqrt(team_variance * (1 - share))
    respondents = people.standard_normal((len(layout.team), n_factors)) @ mix
    respondents *= np.sqrt(1 - team_variance)
    respondents += teams[layout.team]
    respondents += (design.wave_change * layout.wave)[:, None]
    return FactorValues(sites, teams, respondents)


def _blocks(n_rows: int) -> Iterator[slice]:
    for start in range(0, n_rows, _BLOCK):
        yield slice(start, min(start + _BLOCK, n_rows))


def draw_answers(measurement: Measurement, respondents: Floats, rng: np.random.Generator) -> Ranks:
    """Draw what attentive people answer: the latent response, cut at the item's thresholds."""
    shape = (len(respondents), len(measurement.items))
    ranks = np.empty(shape, dtype=np.int8, order="F")
    spread = np.sqrt(1 - measurement.loadings**2)
    for rows in _blocks(len(respondents)):
        latent = rng.standard_normal((rows.stop - rows.start, shape[1])) * spread
        for item, factor in enumerate(measurement.factor_of):
            y = latent[:, item]
            if factor >= 0:
                y = y + measurement.loadings[item] * respondents[rows, factor]
            ranks[rows, item] = np.searchsorted(measurement.thresholds[item], y)
    return ranks


def draw_careless(
    ranks: Ranks, share: float, positions: Sequence[Ints], rng: np.random.Generator
) -> npt.NDArray[np.int8]:
    """Overwrite the answers of careless people in place, and say who they are and of which kind.

    Half of them (one more if the number is odd) choose the same place on the screen for every item: of
    items with other numbers of options, the place that is as far along. The others choose at random.
    `positions` gives for every item the rank of the option at each place of the screen.
    """
    kind = np.full(len(ranks), ATTENTIVE, dtype=np.int8)
    chosen = rng.permutation(len(ranks))[: round(share * len(ranks))]
    straight, at_random = np.array_split(chosen, 2)
    kind[straight], kind[at_random] = STRAIGHT_LINE, RANDOM
    along = rng.random(len(straight))
    for item, by_place in enumerate(positions):
        n_options = len(by_place)
        ranks[straight, item] = by_place[(along * n_options).astype(np.int64)]
        ranks[at_random, item] = rng.integers(n_options, size=len(at_random))
    return kind


def draw_missing(ranks: Ranks, design: Design, n_offered: Sequence[int], rng: np.random.Generator) -> None:
    """Overwrite answers in place by missing ones, each answer apart from every other.

    `n_offered` gives for every item the number of missing codes that people can choose; each is as likely.
    """
    skipped, cant_say = design.skipped, design.cant_say
    if skipped + cant_say == 0:
        return
    for rows in _blocks(len(ranks)):
        chance = rng.random((rows.stop - rows.start, len(n_offered)))
        for item, offered in enumerate(n_offered):
            column, u = ranks[rows, item], chance[:, item]
            column[u < skipped] = UNANSWERED
            if offered and cant_say:
                hit = (u >= skipped) & (u < skipped + cant_say)
                which = ((u[hit] - skipped) / cant_say * offered).astype(np.int8)
                column[hit] = -2 - np.minimum(which, offered - 1)


def draw_response_ids(n: int, rng: np.random.Generator) -> list[str]:
    """Draw ids that look random and cannot repeat: outputs of SplitMix64 at n neighbouring states.

    The generator (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195) maps 64-bit states one to one.
    The letter in front keeps spreadsheets from reading an id such as 12e34567 as a number.
    """
    start = rng.integers(2**64, dtype=np.uint64)
    z = start + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    digits = (z ^ (z >> np.uint64(31))).astype(">u8").tobytes().hex()
    return [f"s{digits[place : place + 16]}" for place in range(0, 16 * n, 16)]
