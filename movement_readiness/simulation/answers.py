"""Drawing: factors of teams and people, then answers, then what goes wrong with answers.

Every kind of draw has a stream of random numbers of its own, so that asking for skipped answers or
careless respondents leaves everybody else's answers as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.simulation.design import Design, Layout
from movement_readiness.simulation.measurement import Measurement

__all__ = ["CARELESS", "Answers", "Factors", "Streams", "draw_answers", "draw_careless", "draw_factors"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

CARELESS = ("attentive", "straight_line", "random")  # the position is the number `draw_careless` gives


@dataclass(frozen=True, eq=False)
class Streams:
    """One generator for each kind of draw, all from one seed."""

    seed: int
    layout: np.random.Generator
    teams: np.random.Generator
    people: np.random.Generator
    answers: np.random.Generator
    careless: np.random.Generator
    missing: np.random.Generator
    identity: np.random.Generator

    @classmethod
    def of(cls, seed: int | None) -> Streams:
        """From a seed; without one, from the operating system's, which is kept so that it can be used again."""
        source = np.random.SeedSequence(seed)
        return cls(int(source.entropy), *(np.random.default_rng(part) for part in source.spawn(7)))  # type: ignore[arg-type]  # one whole number went in or was made


@dataclass(frozen=True, eq=False)
class Factors:
    """Factor values: sites' and teams' parts (a team's with its site's), and of every respondent."""

    sites: Floats
    teams: Floats
    people: Floats


def draw_factors(
    measurement: Measurement, team_variance: Floats, layout: Layout, design: Design, streams: Streams
) -> Factors:
    """Draw site, team and person parts, each with the factor correlations, and add them up.

    A wave moves everyone by the same amount; a team keeps its part over the waves.
    """
    root = np.linalg.cholesky(measurement.correlations)

    def parts(rng: np.random.Generator, n: int, variance: Floats) -> Floats:
        drawn: Floats = rng.standard_normal((n, len(root))) @ root.T
        return drawn * np.sqrt(variance)

    sites = parts(streams.teams, design.n_sites, design.site_share * team_variance)
    n_teams = len(layout.site_of_team)
    teams = parts(streams.teams, n_teams, (1 - design.site_share) * team_variance)
    teams += sites[layout.site_of_team]
    people = parts(streams.people, len(layout.team), 1 - team_variance)
    people += teams[layout.team]
    people += (design.wave_change * layout.wave)[:, np.newaxis]
    return Factors(sites, teams, people)


def draw_careless(share: float, n_respondents: int, rng: np.random.Generator) -> Small:
    """Give each respondent's kind of care; the share is met to the nearest person, half of each kind."""
    kinds = np.zeros(n_respondents, dtype=np.int8)
    chosen = rng.permutation(n_respondents)[: round(share * n_respondents)]
    kinds[chosen] = 1
    kinds[chosen[1::2]] = 2
    return kinds


@dataclass(frozen=True, eq=False)
class Answers:
    """The answers to one item: codes, and which of them are unknown (NA)."""

    item: str
    codes: Ints
    unknown: Flags


def draw_answers(
    instrument: Instrument,
    measurement: Measurement,
    people: Floats,
    careless: Small,
    design: Design,
    streams: Streams,
) -> Iterator[Answers]:
    """Draw the answers item by item, so that memory grows with people and not with people x items."""
    place = streams.careless.random(len(people))  # where on the line of options a straight-liner stays
    for position, item in enumerate(measurement.items):
        options = _attentive(measurement, position, people, streams.answers)
        _make_careless(options, instrument, measurement, position, place, careless, streams.careless)
        codes = measurement.codes[position][options]
        unknown = _make_missing(codes, instrument, item, design, streams.missing)
        yield Answers(item, codes, unknown)


def _attentive(measurement: Measurement, position: int, people: Floats, rng: np.random.Generator) -> Small:
    """Give each respondent's option, counted from 0 in rising order of the codes."""
    loading, factor = measurement.loadings[position], measurement.factor_of[position]
    latent = rng.standard_normal(len(people)) * np.sqrt(1 - loading**2)
    if factor >= 0:
        latent += loading * people[:, factor]
    options: Small = np.searchsorted(measurement.thresholds[position], latent).astype(np.int8)
    return options


def _make_careless(
    options: Small,
    instrument: Instrument,
    measurement: Measurement,
    position: int,
    place: Floats,
    careless: Small,
    rng: np.random.Generator,
) -> None:
    """Write over careless respondents' options, in place."""
    n_options = len(measurement.codes[position])
    by_code = np.argsort(instrument.response_scale(measurement.items[position]).codes, kind="stable")
    shown_to_rising = np.argsort(by_code, kind="stable").astype(np.int8)
    straight, random = careless == 1, careless == 2
    options[straight] = shown_to_rising[(place[straight] * n_options).astype(np.int64)]
    options[random] = rng.integers(n_options, size=np.count_nonzero(random))


def _make_missing(codes: Ints, instrument: Instrument, item: str, design: Design, rng: np.random.Generator) -> Flags:
    """Write missing codes over answers, in place; give which answers are unknown for want of such a code."""
    if design.skipped == design.cant_say == 0:
        return np.zeros(len(codes), dtype=bool)
    chance, which = rng.random(len(codes)), rng.random(len(codes))
    skipped = chance < design.skipped
    empty = [code.code for code in instrument.missing_codes.values() if not code.offered]
    if empty:
        codes[skipped] = empty[0]
    named = [instrument.missing_codes[name] for name in instrument.response_scale(item).missing]
    offered = np.array([code.code for code in named if code.offered], dtype=np.int64)
    if len(offered):
        chose = ~skipped & (chance < design.skipped + design.cant_say)
        codes[chose] = offered[(which[chose] * len(offered)).astype(np.int64)]
    return skipped if not empty else np.zeros(len(codes), dtype=bool)
