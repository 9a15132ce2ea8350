"""How a synthetic study is laid out: how many sites, teams, people and waves, and what goes wrong in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_integer, check_number
from movement_readiness.exceptions import ArgumentError

__all__ = ["Design", "Layout", "draw_layout", "site_names", "team_names"]

Ints = npt.NDArray[np.int64]

_SITES = ("North", "South", "East", "West")


@dataclass(frozen=True)
class Design:
    """The checked numbers that say how the study is laid out; `team_size` is (low, high)."""

    n_sites: int
    teams_per_site: int
    team_size: tuple[int, int]
    n_waves: int
    site_share: float
    wave_change: float
    skipped: float
    cant_say: float
    careless: float
    response_rate: float

    @classmethod
    def of(
        cls,
        *,
        n_sites: object,
        teams_per_site: object,
        team_size: object,
        n_waves: object,
        site_share: object,
        wave_change: object,
        skipped: object,
        cant_say: object,
        careless: object,
        response_rate: object,
    ) -> Design:
        """Check a caller's arguments; the first that will not do gets one sentence."""
        checked = cls(
            n_sites=check_integer("n_sites", n_sites, 1),
            teams_per_site=check_integer("teams_per_site", teams_per_site, 1),
            team_size=_team_size(team_size),
            n_waves=check_integer("n_waves", n_waves, 1, 100),
            site_share=check_number("site_share", site_share, 0, 1),
            wave_change=check_number("wave_change", wave_change, -3, 3),
            skipped=check_number("skipped", skipped, 0, 1),
            cant_say=check_number("cant_say", cant_say, 0, 1),
            careless=check_number("careless", careless, 0, 1),
            # Below one in a hundred the roster would be larger than any organisation.
            response_rate=check_number("response_rate", response_rate, 0.01, 1),
        )
        if checked.skipped + checked.cant_say > 1:
            raise ArgumentError(
                "skipped and cant_say: expected shares of the answers that add up to 1 at most; "
                f"got {checked.skipped:g} and {checked.cant_say:g}."
            )
        # One site cannot differ from others: all that lies between its teams is then of the teams.
        return checked if checked.n_sites > 1 else replace(checked, site_share=0.0)


def _team_size(value: object) -> tuple[int, int]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return (size := check_integer("team_size", value, 1)), size
    if len(value) != 2:
        raise ArgumentError(f"team_size: expected a whole number or a pair (low, high); got {value!r}.")
    low, high = (check_integer("team_size", size, 1) for size in value)
    if low > high:
        raise ArgumentError(f"team_size: expected (low, high) with low no larger than high; got {value!r}.")
    return low, high


def _numbered(stem: str, number: int, most: int) -> str:
    """Add a number with leading zeros, so that the order of the names is the order of the numbers."""
    return f"{stem}{number:0{len(str(most))}d}"


def site_names(design: Design) -> tuple[str, ...]:
    """Name the sites: the compass first, then "Site 5" and so on."""
    return tuple(
        _SITES[site] if site < len(_SITES) else _numbered("Site ", site + 1, design.n_sites)
        for site in range(design.n_sites)
    )


def team_names(design: Design) -> tuple[str, ...]:
    """Name the teams of a site; every site has the same names, as real studies often have."""
    most = design.teams_per_site
    return tuple(_numbered("A", team + 1, most) for team in range(most))


@dataclass(frozen=True, eq=False)
class Layout:
    """Who answers where and when: wave by wave, in each team by team.

    Attributes
    ----------
    sizes : array, waves x teams
        How many people of each team answer in each wave.
    site_of_team : array, teams
    team, wave : array, respondents
        Positions of each respondent's team and wave.
    """

    sizes: Ints
    site_of_team: Ints
    team: Ints
    wave: Ints

    def invited(self, response_rate: float) -> Ints:
        """Everybody in each team: its largest wave over the response rate, rounded up."""
        # 12 / .8 must give 15 and not 16, whatever the last bit of the division says.
        asked = [math.ceil(round(size / response_rate, 9)) for size in self.sizes.max(axis=0)]
        return np.array(asked, dtype=np.int64)


def draw_layout(design: Design, rng: np.random.Generator) -> Layout:
    """Draw how many people answer in each team and wave, evenly from low to high."""
    low, high = design.team_size
    n_teams = design.n_sites * design.teams_per_site
    sizes = rng.integers(low, high, size=(design.n_waves, n_teams), endpoint=True)
    cells = np.repeat(np.arange(sizes.size), sizes.ravel())
    return Layout(
        sizes=sizes,
        site_of_team=np.repeat(np.arange(design.n_sites), design.teams_per_site),
        team=cells % n_teams,
        wave=cells // n_teams,
    )
