"""Comparison of teams: shrunken means, funnel and benchmark (`changes` compares waves).

Everything here is computed from numbers that are released anyway: n and rounded mean of shown groups, and two numbers
of a whole round, the SD within teams and ICC(1), estimated from the published teams and rounded before use
(`Yardstick`). So no table of this module tells more about answers than those do, and none ranks.

The formulas are in `movement_readiness.teams._comparing`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from movement_readiness.psychometrics import ICCResult, evidence_state
from movement_readiness.teams._comparing import funnel_limits, overdispersion, shrunken_means
from movement_readiness.teams.disclosure import HIDDEN, OWN, PUBLISHED, DisclosurePolicy
from movement_readiness.teams.invariance import invariance_sentence

__all__ = [
    "CHANGE_NUMBERS",
    "FUNNEL_NUMBERS",
    "PLANNING_SD",
    "add_shrunken",
    "benchmark",
    "funnel_table",
    "invariance_sentence",
    "yardstick",
]

Floats = npt.NDArray[np.float64]

FUNNEL_NUMBERS = ["n", "mean", "centre", "low95", "high95", "low998", "high998", "dispersion", "position"]
CHANGE_NUMBERS = ["n_from", "n_to", "change", "ci_low", "ci_high", "verdict"]
_PLACE = ["level", "site", "team", "wave", "form"]

# With fewer teams the pooled SD comes close to being one team's own, which could pin its answers; this
# one stands in for it. It is on the wide side of what 0-100 scores of a few items show (17 to 22).
PLANNING_SD = 25.0
_FEWEST_TEAMS = 3
_FEWEST_IN_FUNNEL = 5
_FEWEST_IN_BENCHMARK = 30
_Z = float(stats.norm.ppf(0.975))
_Z80 = float(stats.norm.ppf(0.9))


@dataclass(frozen=True)
class Yardstick:
    """What teams of one round are compared by on one scale, rounded as it may be known.

    ``sd`` is the SD within teams and ``icc1`` the share of variance between them (restricted maximum likelihood, over
    the published teams); ``state`` is the evidence that teams differ at all.
    """

    sd: float
    icc1: float
    state: str

    @property
    def var_within(self) -> float:
        """Variance within teams."""
        return self.sd**2

    @property
    def var_between(self) -> float:
        """Variance between teams."""
        return self.sd**2 * self.icc1 / (1 - self.icc1)

    @property
    def allows_comparison(self) -> bool:
        """Whether teams may be compared: not where the data say that they do not differ."""
        return self.state != "not supported"


def yardstick(found: ICCResult | None) -> Yardstick | None:
    """Round what was estimated; None where there are too few teams, or they agree too much, to tell."""
    if found is None or found.n_groups - found.n_singletons < _FEWEST_TEAMS or not found.icc1 < 1:
        return None
    return Yardstick(
        sd=round(found.sd_within * 2) / 2, icc1=min(max(round(found.icc1, 3), 0.0), 0.999), state=evidence_state(found)
    )


def add_shrunken(frame: pd.DataFrame, by: Yardstick | None, policy: DisclosurePolicy) -> None:
    """Write the shrunken means of published teams and their 95 % limits into a table of one scale's means."""
    for name in ("shrunken", "shrunken_low", "shrunken_high"):
        frame[name] = np.nan
    shown = _published(frame)
    if by is None or not by.allows_comparison or shown.sum() < _FEWEST_TEAMS:
        return
    means, n = (frame[name].to_numpy(dtype=float)[shown] for name in ("mean", "n"))
    found, error = shrunken_means(means, n, by.var_between, by.var_within)
    middle, half = policy.rounded(found), policy.rounded_up(_Z * error)
    frame.loc[shown, "shrunken"] = middle
    frame.loc[shown, "shrunken_low"] = np.clip(middle - half, 0, 100)
    frame.loc[shown, "shrunken_high"] = np.clip(middle + half, 0, 100)


def _published(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return ((frame["level"] == "team") & (frame["status"] == PUBLISHED)).to_numpy()


def funnel_table(table: pd.DataFrame, by: Yardstick | None, policy: DisclosurePolicy) -> pd.DataFrame:
    """Each published team's mean beside the limits for a team of its size, for one scale of one round.

    Withheld for everybody where fewer than five teams are published ("few_teams"), or the data do not support that
    teams differ ("no_differences").
    """
    frame = table.loc[table["level"] == "team", [*_PLACE, "n", "mean", "status", "reason"]].reset_index(drop=True)
    own_only = frame["status"] == OWN
    frame = frame.assign(
        status=frame["status"].mask(own_only, HIDDEN), reason=frame["reason"].mask(own_only, "too_few")
    )
    frame[FUNNEL_NUMBERS[2:-1]] = np.nan
    frame["position"] = pd.array([None] * len(frame), dtype="str")
    shown = _published(frame)
    if by is None or not by.allows_comparison or shown.sum() < _FEWEST_IN_FUNNEL:
        frame.loc[shown, "reason"] = "few_teams" if by is None or by.allows_comparison else "no_differences"
        return frame.assign(status=HIDDEN)
    means, n = (frame[name].to_numpy(dtype=float)[shown] for name in ("mean", "n"))
    for name, values in _funnel(means, n, by, policy).items():
        frame.loc[shown, name] = values
    return frame


def _funnel(means: Floats, n: Floats, by: Yardstick, policy: DisclosurePolicy) -> dict[str, npt.NDArray[np.generic]]:
    centre = float(np.average(means, weights=n))
    errors = np.sqrt(by.var_within / n + policy.round_to**2 / 12)  # the mean's own, and that of its rounding
    phi = overdispersion((means - centre) / errors)
    low, high = (np.clip(np.round(limits, 1), 0, 100) for limits in funnel_limits(centre, errors, phi))
    outside = (means[:, None] < low) | (means[:, None] > high)
    position = np.select([outside[:, 1], outside[:, 0]], ["outside 99.8 %", "outside 95 %"], "within")
    return {
        "centre": np.full(means.size, round(centre, 1)),
        "low95": low[:, 0],
        "high95": high[:, 0],
        "low998": low[:, 1],
        "high998": high[:, 1],
        "dispersion": np.full(means.size, round(phi, 2)),
        "position": position.astype(object),
    }


def benchmark(table: pd.DataFrame, by: Yardstick | None) -> tuple[int, float, float]:
    """How many teams are published, and where 80 % of teams' true means are estimated to lie (NaN below 30 teams).

    Notes
    -----
    c -+ 1.28 tau, with c the centre that shrunken means are drawn towards and tau the SD between teams; true means are
    taken as normally distributed. The published means themselves spread wider than this, by chance, and the shrunken
    ones less wide: neither has 80 % within. Not given where tau is estimated as 0.
    """
    shown = _published(table)
    number = int(shown.sum())
    if by is None or not by.allows_comparison or number < _FEWEST_IN_BENCHMARK or by.var_between <= 0:
        return number, np.nan, np.nan
    means, n = (table[name].to_numpy(dtype=float)[shown] for name in ("mean", "n"))
    centre = float(np.average(means, weights=1 / (by.var_between + by.var_within / n)))
    half = _Z80 * float(np.sqrt(by.var_between))
    low, high = np.clip([centre - half, centre + half], 0, 100)
    return number, round(float(low), 1), round(float(high), 1)
