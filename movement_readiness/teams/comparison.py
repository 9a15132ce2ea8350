"""Comparison of teams: shrunken means, funnel limits, change between waves, and the evidence that allows them.

Everything here is computed from numbers that are released anyway: n and rounded mean of shown groups, and two
numbers of a whole round, the SD within teams and ICC(1), estimated from the teams whose mean somebody sees and
rounded before use (`Yardstick`). So no table of this module tells more about answers than those do.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from movement_readiness.psychometrics import ICCResult, evidence_state
from movement_readiness.teams._comparing import funnel_limits, overdispersion, shrunken_means
from movement_readiness.teams.disclosure import HIDDEN, OWN, PUBLISHED, DisclosurePolicy

__all__ = [
    "CHANGE_NUMBERS",
    "FUNNEL_NUMBERS",
    "PLANNING_SD",
    "Yardstick",
    "add_shrunken",
    "benchmark",
    "change_table",
    "change_tables",
    "funnel_table",
    "invariance_sentence",
    "yardstick",
]

Floats = npt.NDArray[np.float64]

_PLACE = ["level", "site", "team", "wave", "form"]
FUNNEL_NUMBERS = ["n", "mean", "centre", "low95", "high95", "low998", "high998", "dispersion", "position"]
CHANGE_NUMBERS = ["n_from", "n_to", "change", "ci_low", "ci_high", "verdict"]
# With fewer teams the pooled SD comes close to being one team's own, which could pin its answers; this
# one stands in for it. It is on the wide side of what 0-100 scores of a few items show (17 to 22).
PLANNING_SD = 25.0
_FEWEST_IN_FUNNEL = 5
_FEWEST_IN_BENCHMARK = 30
_FEWEST_TEAMS = 3  # as for the pooled SD


@dataclass(frozen=True)
class Yardstick:
    """What teams of one round are compared by on one scale, rounded as it may be known.

    ``sd`` is the SD within teams, ``icc1`` the share of variance between them, both of the teams whose mean somebody
    sees, ``state`` the evidence that teams differ at all.
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


def change_tables(
    waves: list[tuple[str, str, str, pd.DataFrame, Yardstick | None]], policy: DisclosurePolicy
) -> pd.DataFrame:
    """Change between waves that follow each other, of every form and scale.

    Parameters
    ----------
    waves : list of (form, scale, wave, table of means, yardstick)
    policy : DisclosurePolicy
    """
    found = []
    ordered = sorted(waves, key=lambda one: (one[0], natural(one[2])))
    for form, scale in dict.fromkeys((one[0], one[1]) for one in waves):
        mine = [one for one in ordered if one[:2] == (form, scale)]
        found += [
            change_table(before[3], after[3], (before[4], after[4]), policy).assign(scale=scale)
            for before, after in pairwise(mine)
        ]
    columns = ["level", "site", "team", "form", "scale", "wave_from", "wave_to", *CHANGE_NUMBERS, "status", "reason"]
    return pd.concat(found, ignore_index=True)[columns] if found else pd.DataFrame(columns=columns)


def natural(text: str) -> tuple[int, str]:
    """Numbers in numeric order, before other text."""
    return (int(text), "") if text.isdigit() else (10**9, text)


def yardstick(found: ICCResult | None) -> Yardstick | None:
    """Round what was estimated; None where there are too few teams, or they agree too much, to tell."""
    if found is None or found.n_groups - found.n_singletons < _FEWEST_TEAMS or not found.icc1 < 1:
        return None
    return Yardstick(
        sd=round(found.sd_within * 2) / 2, icc1=max(round(found.icc1, 3), 0.0), state=evidence_state(found)
    )


def add_shrunken(frame: pd.DataFrame, by: Yardstick | None, policy: DisclosurePolicy) -> None:
    """Write the shrunken means of published teams and their 95 % limits into a table of one scale's means."""
    for name in ("shrunken", "shrunken_low", "shrunken_high"):
        frame[name] = np.nan
    shown = ((frame["level"] == "team") & (frame["status"] == PUBLISHED)).to_numpy()
    if by is None or by.state == "not supported" or shown.sum() < _FEWEST_TEAMS:
        return
    found, error = shrunken_means(
        frame["mean"].to_numpy(dtype=float)[shown],
        frame["n"].to_numpy(dtype=float)[shown],
        by.var_between,
        by.var_within,
    )
    half = policy.rounded_up(stats.norm.ppf(0.975) * error)
    middle = policy.rounded(found)
    frame.loc[shown, "shrunken"] = middle
    frame.loc[shown, "shrunken_low"] = np.clip(middle - half, 0, 100)
    frame.loc[shown, "shrunken_high"] = np.clip(middle + half, 0, 100)


def funnel_table(table: pd.DataFrame, by: Yardstick | None, policy: DisclosurePolicy) -> pd.DataFrame:
    """Each published team's mean beside the limits for a team of its size, for one scale of one round."""
    frame = table.loc[table["level"] == "team", [*_PLACE, "n", "mean", "status", "reason"]].reset_index(drop=True)
    own_only = frame["status"] == OWN
    frame["status"], frame["reason"] = frame["status"].mask(own_only, HIDDEN), frame["reason"].mask(own_only, "too_few")
    for name in FUNNEL_NUMBERS[2:-1]:
        frame[name] = np.nan
    frame["position"] = pd.array([None] * len(frame), dtype="str")
    shown = (frame["status"] == PUBLISHED).to_numpy()
    if by is None or by.state == "not supported" or shown.sum() < _FEWEST_IN_FUNNEL:
        why = "no_differences" if by is not None and by.state == "not supported" else "few_teams"
        frame.loc[shown, "reason"] = why
        return frame.assign(status=HIDDEN)
    means, n = frame["mean"].to_numpy(dtype=float)[shown], frame["n"].to_numpy(dtype=float)[shown]
    centre = float(np.average(means, weights=n))
    errors = np.sqrt(by.var_within / n + policy.round_to**2 / 12)
    phi = overdispersion((means - centre) / errors)
    frame.loc[shown, "centre"], frame.loc[shown, "dispersion"] = round(centre, 1), round(phi, 2)
    low, high = (np.clip(np.round(limits, 1), 0, 100) for limits in funnel_limits(centre, errors, phi))
    for place, name in enumerate(("95", "998")):
        frame.loc[shown, f"low{name}"], frame.loc[shown, f"high{name}"] = low[:, place], high[:, place]
    outside = (means[:, None] < low) | (means[:, None] > high)
    words = np.select([outside[:, 1], outside[:, 0]], ["outside 99.8 %", "outside 95 %"], "within")
    frame.loc[shown, "position"] = words
    return frame


def change_table(
    before: pd.DataFrame,
    after: pd.DataFrame,
    by: tuple[Yardstick | None, Yardstick | None],
    policy: DisclosurePolicy,
) -> pd.DataFrame:
    """Change of one scale's means between two waves: the same groups, row by row, in both tables."""
    frame = before[["level", "site", "team", "form"]].copy()
    frame["wave_from"], frame["wave_to"] = before["wave"].to_numpy(), after["wave"].to_numpy()
    frame["n_from"], frame["n_to"] = before["n"].array, after["n"].array
    first, second = before["mean"].to_numpy(dtype=float), after["mean"].to_numpy(dtype=float)
    frame["change"] = second - first
    half = stats.norm.ppf(0.975) * np.sqrt(_variances(before, by[0], policy) + _variances(after, by[1], policy))
    # Of a site, the sizes of its teams come in: rounded further, so that those of hidden teams cannot be solved.
    half = np.where(frame["level"] == "site", policy.rounded_up(half), np.round(half, 1))
    frame["ci_low"] = np.clip(frame["change"] - half, -100, 100)
    frame["ci_high"] = np.clip(frame["change"] + half, -100, 100)
    frame["verdict"] = np.select([frame["ci_low"] > 0, frame["ci_high"] < 0], ["higher", "lower"], "no clear change")
    frame["status"] = np.minimum(before["status"].to_numpy(), after["status"].to_numpy())
    why = before["reason"].where((before["status"] < after["status"]).to_numpy() | (after["reason"] == "").to_numpy())
    frame["reason"] = why.fillna(pd.Series(after["reason"].to_numpy(), index=why.index))
    return frame


def _variances(table: pd.DataFrame, by: Yardstick | None, policy: DisclosurePolicy) -> Floats:
    """Squared standard errors of the means of groups, with what rounding adds."""
    error = table["error"].to_numpy(dtype=float)
    n = table["n"].to_numpy(dtype=float)
    with np.errstate(divide="ignore"):
        of_teams = (PLANNING_SD if by is None else by.sd) / np.sqrt(n)
    return np.square(np.where(table["level"] == "site", error, of_teams)) + policy.round_to**2 / 12


def benchmark(table: pd.DataFrame) -> tuple[int, float, float]:
    """How many teams are published, and the range of the middle 80 % of their shrunken means (30 teams and more)."""
    shown = table[(table["level"] == "team") & (table["status"] == PUBLISHED)]
    found = shown["shrunken"].dropna().to_numpy(dtype=float)
    if found.size < _FEWEST_IN_BENCHMARK:
        return len(shown), np.nan, np.nan
    low, high = np.percentile(found, [10, 90])
    return len(shown), float(np.floor(low)), float(np.ceil(high))


def invariance_sentence(evidence: Any) -> str:
    """What allows sites to be compared, in a sentence."""
    if isinstance(evidence, str) and evidence.strip():
        return evidence.strip()
    return (
        "No evidence has been shown that the items mean the same at every site (measurement invariance): a difference "
        "between sites may be one of how the items were read."
    )
