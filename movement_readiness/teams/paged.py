"""Pages that teams have seen, as releases: so that all that is out is compared in one way."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import Release, ReleasedTable, hashed
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.counting import counted_answers
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.study import Round, Study

__all__ = ["absent", "as_releases"]

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
    found: list[Release] = []
    for page in study.pages:
        there = _round_of(page, rounds) if page.shown else None
        if there is not None:
            ids = tuple(dict.fromkeys(page.response_ids))
            tables = {
                name: ReleasedTable((0,), tuple(np.flatnonzero(lacking).tolist()))
                for name, lacking in there.lacking_of(ids)
                if _is_enough(name, int((~lacking).sum()), policy)
            }
            names = [there.names.get(one, one) for one in ids]
            found.append(_release(study, instrument, page, (there.part.wave, there.part.form), names, salt, tables))
    return found


def absent(study: Study, instrument: Instrument, policy: DisclosurePolicy) -> list[Release]:
    """The pages of a study of rounds that are not at hand, nor anybody of them: told apart by head-counts.

    Each counts as having shown every number of its form, of all its people.

    Parameters
    ----------
    study, instrument, policy
    """
    there = {(part.wave, part.form) for part in study.rounds}
    away = [page for page in study.pages if page.shown and (page.wave, page.form) not in there]
    known = {name for part in study.rounds for name in _names(part)} if away else set()
    found: list[Release] = []
    for page in away:
        ids = tuple(dict.fromkeys(page.response_ids))
        if known.isdisjoint(ids):
            tables = {name: ReleasedTable((0,)) for name in _numbers(instrument, page.form)}
            tables = {name: table for name, table in tables.items() if _is_enough(name, len(ids), policy)}
            found.append(_release(study, instrument, page, (page.wave, page.form), ids, "", tables))
    return found


def _numbers(instrument: Instrument, form: str) -> Iterator[str]:
    """Every number of a form; of one that the instrument does not have, of all forms."""
    forms = [form] if form in instrument.forms else list(instrument.forms)
    for one in forms:
        yield from (f"scale {scale}" for scale in instrument.report_scales(one))
        yield from (f"item {item}" for item in instrument.form(one).items)


def _release(
    study: Study,
    instrument: Instrument,
    page: RevealedPage,
    where: tuple[str, str],
    ids: Sequence[str],
    salt: str,
    tables: Mapping[str, ReleasedTable],
) -> Release:
    """A page of these people, as a release of a wave and form (``where``)."""
    return Release(
        "",
        "page",
        instrument.id,
        instrument.version,
        study.aim_id,
        *where,
        salt,
        ((page.site, page.team),),
        hashed(ids, salt),
        (0,) * len(ids),
        tables,
    )


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
        self.names = _names(part)
        self._rows = {name: row for row, name in enumerate(part.ids)}
        self._lacking = dict(_lacking(part, instrument))

    def lacking_of(self, ids: Collection[str]) -> Iterator[tuple[str, Bools]]:
        """By number, who of these people does not count in it."""
        rows = np.array([self._rows.get(self.names.get(one, ""), -1) for one in ids], dtype=np.int64)
        for name, lacking in self._lacking.items():
            yield name, np.append(lacking, False)[rows]


def _names(part: Round) -> Mapping[str, str]:
    """The ids of a round by the ids as they were given."""
    revised = {name.rpartition(" ")[0]: name for name in part.ids if _is_revised(name)}
    return revised | {name: name for name in part.ids}


def _is_revised(name: object) -> bool:
    start, _, revision = str(name).rpartition(" ")
    return bool(start) and revision.isdecimal()


def _lacking(part: Round, instrument: Instrument) -> Iterator[tuple[str, Bools]]:
    """Who does not count in each number of a round."""
    for column, scale in enumerate(part.scales):
        yield f"scale {scale}", np.isnan(part.scores[:, column])
    for column, item in enumerate(part.items):
        holders = [place for place, scale in enumerate(part.scales) if item in instrument.item_ids(scale)]
        yield f"item {item}", ~counted_answers(part, column, holders)
