"""How many people answered in each group, and which of these numbers may be shown."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.teams.counting import places, site_sums
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = ["heads_table"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def heads_table(study: Study, part: Round, policy: DisclosurePolicy, seen: Bools) -> pd.DataFrame:
    """How many people answered in each group, of how many invited, and whether that may be shown (``hidden``).

    A site's number less those of its teams tells how many answered in the others. Where that would be 1 to 4 people,
    more teams' numbers are hidden, the smallest first and only of teams that show nothing else; where that is not
    enough, the site's.

    Parameters
    ----------
    study, part, policy
    seen : array, one entry a team
        Whether any other number of the team is shown to anybody.
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
    hidden_teams, hidden_sites = _hidden(study, policy, sites, teams, seen)
    frame["hidden"] = np.concatenate([hidden_sites, hidden_teams])
    return frame


def _hidden(study: Study, policy: DisclosurePolicy, sites: Ints, teams: Ints, seen: Bools) -> tuple[Bools, Bools]:
    least = policy.min_respondents_own_team
    hidden_teams, hidden_sites = teams < least, sites < policy.min_respondents
    left = sites - site_sums(study, np.where(hidden_teams, 0, teams))
    for site in np.flatnonzero((left > 0) & (left < least) & ~hidden_sites):
        spare = np.flatnonzero((study.team_site == site) & ~hidden_teams & ~seen)
        for team in spare[np.argsort(teams[spare], kind="stable")]:
            if left[site] >= least:
                break
            hidden_teams[team] = True
            left[site] += teams[team]
        hidden_sites[site] = left[site] < least
    return hidden_teams, hidden_sites
