"""Pages that teams have seen, as releases: so that all that is out is compared in one way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release, ReleasedTable, hashed
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = ["as_releases"]

Bools = npt.NDArray[np.bool_]


def as_releases(study: Study, instrument: Instrument, policy: DisclosurePolicy, salt: str) -> list[Release]:
    """The pages of a study that showed numbers, each as a release of its team alone.

    Which numbers a page showed is not kept: it counts as having shown every mean that enough people have, and every
    item that enough people answered. People whose answers are not at hand any more count in all of them.

    Parameters
    ----------
    study, instrument, policy
    salt : str
        What the ids are hashed with.
    """
    rounds = [_Answered(part, instrument) for part in study.rounds]
    found = []
    for page in study.pages:
        there = _round_of(page, rounds) if page.shown else None
        if there is not None:
            ids = tuple(dict.fromkeys(page.response_ids))
            tables = {
                name: ReleasedTable((0,), tuple(np.flatnonzero(lacking).tolist()))
                for name, lacking in there.lacking_of(ids)
                if _is_enough(name, int((~lacking).sum()), policy)
            }
            found.append(
                Release(
                    "",
                    "page",
                    instrument.id,
                    instrument.version,
                    study.aim_id,
                    there.part.wave,
                    there.part.form,
                    salt,
                    ((page.site, page.team),),
                    hashed([there.names.get(one, one) for one in ids], salt),
                    (0,) * len(ids),
                    tables,
                )
            )
    return found


def _is_enough(name: str, people: int, policy: DisclosurePolicy) -> bool:
    return people >= (policy.min_respondents if name.startswith("item ") else policy.min_respondents_own_team)


def _round_of(page: RevealedPage, rounds: Sequence[_Answered]) -> _Answered | None:
    """The round of a page; where there is none, one that has its people."""
    same = (one for one in rounds if (one.part.wave, one.part.form) == (page.wave, page.form))
    others = (one for one in rounds if any(name in one.names for name in page.response_ids))
    return next(same, next(others, None))


class _Answered:
    """Who counts in every number of a round, by the ids as they were given.

    A corrected response has the number of its revision behind its id; its page is taken to have shown it.
    """

    def __init__(self, part: Round, instrument: Instrument) -> None:
        self.part = part
        revised = {name.rpartition(" ")[0]: name for name in part.ids if _is_revised(name)}
        self.names: Mapping[str, str] = revised | {name: name for name in part.ids}
        self._rows = {name: row for row, name in enumerate(part.ids)}
        self._lacking = dict(_lacking(part, instrument))

    def lacking_of(self, ids: Collection[str]) -> Iterator[tuple[str, Bools]]:
        """By number, who of these people does not count in it."""
        rows = np.array([self._rows.get(self.names.get(one, ""), -1) for one in ids], dtype=np.int64)
        for name, lacking in self._lacking.items():
            yield name, np.append(lacking, False)[rows]


def _is_revised(name: object) -> bool:
    start, _, revision = str(name).rpartition(" ")
    return bool(start) and revision.isdecimal()


def _lacking(part: Round, instrument: Instrument) -> Iterator[tuple[str, Bools]]:
    """Who does not count in each number of a round."""
    no_score, no_answer = np.isnan(part.scores), np.isnan(part.answers)
    for column, scale in enumerate(part.scales):
        yield f"scale {scale}", no_score[:, column]
    for column, item in enumerate(part.items):
        holders = [place for place, scale in enumerate(part.scales) if item in instrument.item_ids(scale)]
        yield f"item {item}", no_answer[:, column] | no_score[:, holders].any(axis=1)
