"""Earlier releases in today's names of waves and sites, and people who stand at another site now.

A wave or a site that is called otherwise in a later release is the same one if most of its responses are. Whoever was
in a group that was shown at one site and stands at another one now would link the two: as everything is judged site by
site, no group with them is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from movement_readiness.responses.released import Release, hashed
from movement_readiness.teams.study import Round, Study

__all__ = ["Present"]

Bools = npt.NDArray[np.bool_]

_GONE = "\0"  # behind the name of a site whose responses are not at hand, where another site has that name now


class Present:
    """Where the responses of a study are now, by the hash of their id.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self._places: dict[str, Mapping[str, tuple[Round, int]]] = {}

    def named(self, release: Release) -> Release:
        """The release with the names that its wave and sites have now."""
        waves = Counter(part.wave for part, _, _ in self._there(release) if part.form == release.form)
        wave, names = _most(waves, release.wave), self._sites(release)
        groups = tuple((names[site], team) for site, team in release.groups)
        return replace(release, wave=wave, groups=groups)

    def called_so(self, page: Release) -> bool:
        """Whether most people of a page who are at hand are in the team of its name."""
        (group,) = page.groups
        study, there = self._study, list(self._there(page))
        same = 0
        for part, row, _ in there:
            team = part.team[row]
            same += bool(team >= 0 and study.teams[team] == group)
        return 2 * same >= len(there)

    def moved(self, releases: Iterable[Release], part: Round) -> Bools:
        """Which people of a round were in a shown group of another site in one of these (named) releases."""
        found = np.zeros(len(part.ids), dtype=bool)
        for release in releases:
            shown = {group for table in release.tables.values() for group in table.groups}
            sites = {release.groups[group][0] for group in shown if release.groups[group][1] is None}
            for there, row, place in self._there(release):
                site, _ = release.groups[place]
                if there is part and (place in shown or site in sites):
                    found[row] |= self._study.sites[part.site[row]] != site
        return found

    def _sites(self, release: Release) -> dict[str, str]:
        """Today's names of a release's sites, each given once: those with most responses in common first."""
        both: Counter[tuple[str, str]] = Counter()
        for part, row, place in self._there(release):
            both[release.groups[place][0], self._study.sites[part.site[row]]] += 1
        names: dict[str, str] = {}
        taken: set[str] = set()
        for before, now in sorted(both, key=lambda one: (-both[one], one[0] != one[1], one)):
            if before not in names and now not in taken:
                names[before] = now
                taken.add(now)
        rest = {site for site, _ in release.groups} - set(names)
        return names | {site: f"{site}{_GONE}" if site in taken else site for site in rest}

    def _there(self, release: Release) -> Iterator[tuple[Round, int, int]]:
        """The people of a release who are at hand: their round and row, and their place in the release."""
        known = self._of(release.salt)
        for person, place in zip(release.people, release.places, strict=True):
            if person in known:
                yield *known[person], place

    def _of(self, salt: str) -> Mapping[str, tuple[Round, int]]:
        if salt not in self._places:
            self._places[salt] = {
                one: (part, row) for part in self._study.rounds for row, one in enumerate(hashed(part.ids, salt))
            }
        return self._places[salt]


def _most(counts: Counter[str], name: str) -> str:
    """The most frequent name; the one that it had, unless another is more frequent."""
    best = max(counts.values(), default=0)
    return name if counts[name] == best else min(one for one, n in counts.items() if n == best)
