"""The answers to one item at all sites at once: who may see them, wherever nobody has to be hidden for others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from movement_readiness.teams.counting import site_sums
from movement_readiness.teams.disclosure import (
    HIDDEN,
    PUBLISHED,
    DisclosurePolicy,
    Release,
    known_teams,
    reasons_of,
    release_distributions,
    too_alike,
)
from movement_readiness.teams.shown import Shown
from movement_readiness.teams.study import Study

__all__ = ["Answers"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Texts = npt.NDArray[np.object_]


class Answers:
    """How often each option of an item was chosen, and what follows whatever else is shown.

    What is decided is what `release_distributions` decides site by site (a test compares them); most sites need no more
    than its first step, which is made here for all of them together.

    Parameters
    ----------
    study : Study
    teams, loose : arrays of counts
        By team and option; of people without a team by site and option.
    values : array, one entry an option
        The option's value on the 0-100 scale.
    policy : DisclosurePolicy
    """

    def __init__(self, study: Study, teams: Ints, loose: Ints, values: Floats, policy: DisclosurePolicy) -> None:
        self.study, self.teams, self.loose, self.values, self.policy = study, teams, loose, values, policy
        n = teams.sum(axis=1)
        enough, alike = n >= policy.min_respondents, too_alike(teams, values, policy)
        self._open = enough & ~alike
        self._why = np.where(self._open, "", reasons_of(n, alike & enough)).astype(object)
        whole = site_sums(study, teams) + loose
        people = whole.sum(axis=1)
        alone = np.where(too_alike(whole, values, policy), "too_alike", "")
        few = np.where(people > 0, "too_few", "no_answers")
        self._site_why = np.where(people >= policy.min_respondents, alone, few).astype(object)

    def released(self, barred: Bools, revealed: Bools, out: Shown) -> tuple[Ints, Texts, Bools]:
        """Status and reason of every group (sites, then teams), and sites where more has to be hidden (`at`).

        Parameters
        ----------
        barred : array of bool
            Groups (sites, then teams) that nobody may see.
        revealed, out
            As for `release_means`.
        """
        sites_barred, teams_barred = barred[: len(self.loose)], barred[len(self.loose) :]
        teams = np.where(self._open & ~teams_barred, PUBLISHED, HIDDEN)
        why = np.where(self._open & teams_barred, "protects_others", self._why)
        site_why = np.where((self._site_why == "") & sites_barred, "protects_others", self._site_why)
        hidden = (teams == HIDDEN) & ~known_teams(revealed, self._open, out.teams)
        unsafe = self._unsafe(site_sums(self.study, np.where(hidden[:, None], self.teams, 0)) + self.loose)
        withheld = site_why != ""
        status = np.concatenate([np.where(withheld, HIDDEN, PUBLISHED), teams]).astype(np.int64)
        return status, np.concatenate([site_why, why]), unsafe & ~(withheld & ~out.sites)

    def at(self, inside: Ints, site: int, barred: Bools, revealed: Bools, out: Shown) -> Release:
        """What is decided at one site (`inside`: its teams), with all its steps."""
        return release_distributions(
            self.teams[inside],
            self.values,
            self.policy,
            loose=self.loose[site],
            barred=barred[len(self.loose) + inside],
            site_barred=bool(barred[site]),
            revealed=revealed[inside],
            out=out.teams[inside],
            site_out=bool(out.sites[site]),
        )

    def _unsafe(self, rest: Ints) -> Bools:
        """Whether what is left of each site (sites x options) is somebody, and must not be known."""
        n = rest.sum(axis=1)
        few: Bools = (n > 0) & (n < self.policy.min_respondents_own_team)
        return few | too_alike(rest, self.values, self.policy)
