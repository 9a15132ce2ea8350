"""How many people answered in each group, and which of these numbers may be shown."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.teams.counting import places, site_sums
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.shown import Shown
from movement_readiness.teams.sizes import Sizes, few, left
from movement_readiness.teams.study import Round, Study

__all__ = ["heads_table"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def heads_table(
    study: Study, part: Round, policy: DisclosurePolicy, sizes: Sizes, shown: Mapping[str, Shown]
) -> pd.DataFrame:
    """How many people answered in each group, of how many invited, and whether that may be shown (``hidden``).

    A site's number less those of its teams tells how many answered in the others; its number on a scale or an item
    does so too. Where that would be 1 to 4 people, more teams' numbers are hidden, the smallest first and only of teams
    that show nothing else; where that is not enough, the site's.

    Parameters
    ----------
    study, part, policy
    sizes : Sizes
        How many people there are behind each number.
    shown : mapping of number to Shown
        Of which groups it is shown to anybody.
    """
    teams = np.bincount(part.team[part.team >= 0], minlength=len(study.teams))
    sites = np.bincount(part.site, minlength=len(study.sites))
    known = np.isfinite(study.invited)
    n_teams = site_sums(study, np.ones(len(study.teams), dtype=np.int64))
    complete = (site_sums(study, known.astype(np.int64)) == n_teams) & (n_teams > 0)
    invited = np.where(complete, site_sums(study, np.where(known, study.invited, 0.0)), np.nan)
    frame = places(study, part)
    frame["n"] = pd.array(np.concatenate([sites, teams]), dtype="Int64")
    frame["invited"] = pd.array(np.concatenate([invited, study.invited]), dtype="Int64")
    team_shown, site_shown = sizes.shown(shown)
    seen = team_shown.any(axis=1) | part.earlier.known
    everything = np.column_stack([sizes.teams, teams]), np.column_stack([sizes.sites, sites])
    hidden_teams, hidden_sites = _hidden(study, policy, *everything, seen, site_shown)
    frame["hidden"] = np.concatenate([hidden_sites, hidden_teams])
    return frame


def _hidden(
    study: Study, policy: DisclosurePolicy, teams: Ints, sites: Ints, seen: Bools, site_shown: Bools
) -> tuple[Bools, Bools]:
    """Teams and sites whose head-count (the last column, after those of all numbers) is hidden."""
    hidden_teams, hidden_sites = teams[:, -1] < policy.min_respondents_own_team, sites[:, -1] < policy.min_respondents
    open_sites = np.column_stack([site_shown, ~hidden_sites])
    rest = left(study, teams, sites, seen | ~hidden_teams)
    for site in np.flatnonzero((few(rest, policy) & open_sites).any(axis=1)):
        spare = np.flatnonzero((study.team_site == site) & ~hidden_teams & ~seen)
        for team in spare[np.argsort(teams[spare, -1], kind="stable")]:
            if not (few(rest[site], policy) & open_sites[site]).any():
                break
            hidden_teams[team] = True
            rest[site] += teams[team]
        hidden_sites[site] |= few(rest[site, -1], policy)
    return hidden_teams, hidden_sites
