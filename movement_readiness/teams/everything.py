"""Everything that is shown of a study, in all rounds and releases together, as the linear program sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.facts import Layer, facts_of, families, numbered
from movement_readiness.teams.former import Former
from movement_readiness.teams.narrowing import bars_of
from movement_readiness.teams.shown import Shown, counted
from movement_readiness.teams.study import Round

__all__ = ["Everything"]

Bools = npt.NDArray[np.bool_]


class Everything:
    """One round beside the rounds decided before it, and beside what was released of it before.

    Parameters
    ----------
    part, instrument, policy
    rounds : sequence of (round, what is shown of it)
    former : sequence of Former
        Earlier releases of this round.
    n_sites : int
    """

    def __init__(
        self,
        part: Round,
        instrument: Instrument,
        policy: DisclosurePolicy,
        rounds: Sequence[tuple[Round, Mapping[str, Shown]]],
        former: Sequence[Former],
        n_sites: int,
    ) -> None:
        self.part, self.instrument, self.policy, self.n_sites = part, instrument, policy, n_sites
        self.people = numbered([*(before for before, _ in rounds), part])
        self.before = [
            Layer(before, people, self._numbers(before, seen))
            for (before, seen), people in zip(rounds, self.people, strict=False)
        ] + self._released(former)

    def bars(self, shown: Mapping[str, Shown]) -> dict[str, Bools]:
        """What must not be shown of the round, by the name of the number: groups (sites, then teams)."""
        layers = [*self.before, Layer(self.part, self.people[-1], self._numbers(self.part, shown))]
        n_people = 1 + max(int(people.max(initial=-1)) for people in self.people)
        found: dict[str, Bools] = {}
        for scales in families(self.instrument, layers, self.part.scales):
            found |= bars_of(facts_of(self.instrument, layers, scales, n_people), len(layers) - 1, self.policy)
        return found

    def _numbers(self, part: Round, shown: Mapping[str, Shown]) -> dict[str, Counted]:
        return {
            name: counted(self.instrument, part, name, one)
            for name, one in shown.items()
            if one or name.partition(" ")[2] in part.scales
        }

    def _released(self, former: Sequence[Former]) -> list[Layer]:
        """Earlier releases of this round, of those of their people who are still there; the others count as known."""
        found: dict[tuple[bytes, bytes], Layer] = {}
        for earlier in former:
            before, now = earlier.pairs.before, earlier.pairs.now
            same = earlier.site[before] == self.part.site[now]
            before, now = before[same], now[same]
            person = np.full(len(self.part.site), -1, dtype=np.int64)
            person[now] = self.people[-1][now]
            team = np.full(len(person), -1, dtype=np.int64)
            team[now] = earlier.team[before]
            numbers = dict(found[key].numbers) if (key := (person.tobytes(), team.tobytes())) in found else {}
            for name, table in earlier.release.tables.items():
                counts, teams, sites = earlier.shown_in(table, self.n_sites)
                everybody = np.zeros(len(person), dtype=bool)
                everybody[now] = counts[before]
                if name in numbers:
                    teams, sites = teams | numbers[name].teams, sites | numbers[name].sites
                numbers[name] = Counted(self.part.site, team, everybody, teams, sites, np.empty(0))
            found[key] = Layer(self.part, person, numbers)
        return list(found.values())
