"""An earlier release from the log, laid out like the round that it is compared with."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.responses.released import Release, ReleasedTable, hashed
from movement_readiness.teams.crossing import Bars, Counted, Pairs, Sides, crossed
from movement_readiness.teams.shown import Shown, counted
from movement_readiness.teams.study import Round, Study
from movement_readiness.teams.telling import Telling

__all__ = ["Former"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Former:
    """An earlier release, laid out like the round that it is compared with; teams that are gone come last."""

    release: Release
    site: Ints
    team: Ints
    team_site: Ints
    groups: tuple[tuple[str, int], ...]  # "site" or "team" and its place; ("gone", -1) where the site is not there
    rows: Ints
    pairs: Pairs

    @classmethod
    def of(cls, release: Release, study: Study, part: Round) -> Former | None:
        """The release beside a round; None where nobody of it is at a site of the study."""
        sites = {site: place for place, site in enumerate(study.sites)}
        teams = {team: place for place, team in enumerate(study.teams)}
        team_site = list(study.team_site)
        groups: list[tuple[str, int]] = []
        for site, team in release.groups:
            if site not in sites:
                groups.append(("gone", -1))
            elif team is None:
                groups.append(("site", sites[site]))
            else:
                if (site, team) not in teams:
                    teams[site, team] = len(team_site)
                    team_site.append(sites[site])
                groups.append(("team", teams[site, team]))
        places = np.array(release.places, dtype=np.int64)
        if not any(kind != "gone" for kind, _ in groups) or not len(places):
            return None
        of_site = np.array([-1 if k == "gone" else team_site[n] if k == "team" else n for k, n in groups])
        of_team = np.array([n if k == "team" else -1 for k, n in groups])
        there = of_site[places] >= 0
        ids = np.array(release.people, dtype=object)[there]
        now = np.array(hashed(part.ids, release.salt), dtype=object)
        _, one, other = np.intersect1d(ids.astype(str), now.astype(str), return_indices=True)
        return cls(
            release,
            of_site[places][there].astype(np.int64),
            of_team[places][there].astype(np.int64),
            np.array(team_site, dtype=np.int64),
            tuple(groups),
            np.flatnonzero(there),
            Pairs(one, other),
        )

    def shown_in(self, table: ReleasedTable, n_sites: int) -> tuple[Bools, Bools, Bools]:
        """Who counted in a number of this release, and of which teams and sites it was shown."""
        shown = self._groups(table.groups, n_sites)
        counts = np.ones(len(self.release.people), dtype=bool)
        counts[list(table.without)] = False
        return counts[self.rows], shown.teams, shown.sites

    def off_ends(self, name: str, n_sites: int, limits: tuple[int, float]) -> Shown:
        """The groups of which no few people have scores all near the same end (under the same limits)."""
        table = self.release.tables.get(name)
        return self._groups(table.off_ends if table and self.release.limits == limits else (), n_sites)

    def _groups(self, places: Collection[int], n_sites: int) -> Shown:
        found = Shown(np.zeros(len(self.team_site), dtype=bool), np.zeros(n_sites, dtype=bool))
        for kind, place in (self.groups[group] for group in places):
            if kind != "gone":
                (found.sites if kind == "site" else found.teams)[place] = True
        return found

    def _tables(self, telling: Telling, name: str, table: ReleasedTable, shown: Shown) -> tuple[Counted, Counted]:
        n_teams = len(self.team_site)
        counts, teams, sites = self.shown_in(table, len(shown.sites))
        before = Shown(teams, sites)
        wider = np.append(shown.teams, np.zeros(n_teams - len(shown.teams), dtype=bool))
        now = counted(telling.instrument, telling.part, name, Shown(wider, shown.sites))
        values = np.full(len(self.site), np.nan)
        values[self.pairs.before] = now.values[self.pairs.now]
        return Counted(self.site, self.team, counts, before.teams, before.sites, values), now

    def crossed(self, telling: Telling, name: str, table: ReleasedTable, shown: Shown) -> Bars:
        """What this release leaves to be shown of one number."""
        tables = self._tables(telling, name, table, shown)
        return crossed(
            *tables,
            self.pairs,
            self.team_site,
            telling.judge(name, *tables, strict=True),
            telling.told_alone(name, tables[0], len(shown.sites)),
            telling.across(name, *tables),
        )

    def close_counts(self, telling: Telling, name: str, table: ReleasedTable, shown: Shown) -> Bools:
        """Groups (sites, then teams) shown in both with head-counts 1 to ``least`` - 1 apart.

        Beside a page also sites of which, less the page, so few are left.
        """
        before, now = self._tables(telling, name, table, shown)
        sides = Sides(before, now, self.pairs, self.team_site)
        n_sites, n_all, least = len(shown.sites), len(sides.team_site), telling.policy.min_respondents_own_team
        people = np.bincount(sides.before_team[before.counts], minlength=n_all)
        people_now = np.bincount(sides.now_team[now.counts], minlength=n_all)

        def few(gaps: Ints) -> Bools:
            close: Bools = (gaps != 0) & (np.abs(gaps) < least)
            return close

        def few_of_site(gaps: Ints) -> Bools:
            return few(np.bincount(sides.team_site, gaps, minlength=n_sites).astype(np.int64))

        known, left_now = sides.known(before, people), ~sides.known(now, people_now)
        sites = before.sites & few_of_site(people_now - people)
        if self.release.audience == "page":
            sites |= few_of_site(people_now * left_now - people * (left_now & known))
        teams = before.teams & few(people_now - people)[: len(before.teams)]
        return np.concatenate([now.sites & sites, now.teams[: len(shown.teams)] & teams[: len(shown.teams)]])
