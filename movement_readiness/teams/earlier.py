"""What pages that were shown before leave to be shown: almost the same people twice gives the few others away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError
from movement_readiness.responses.revealed import RevealedPage

__all__ = ["Earlier", "checked_pages", "compared"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Earlier:
    """The teams of one round beside the pages that they have seen.

    ``known`` says of every team whether a page of exactly these people is out; ``scales`` (teams x scales) and
    ``items`` (teams x items) what must not be shown, because a page of almost the same people is.
    """

    known: Bools
    scales: Bools
    items: Bools


def checked_pages(pages: Iterable[object]) -> tuple[RevealedPage, ...]:
    """The pages, if that is what they are."""
    found = tuple(pages)
    if not all(isinstance(page, RevealedPage) for page in found):
        raise ArgumentError("revealed: expected pages as ResponseStore.revealed() gives them.")
    return tuple(page for page in found if isinstance(page, RevealedPage))


def compared(
    pages: Collection[RevealedPage],
    teams: tuple[tuple[str, str], ...],
    team: Ints,
    ids: npt.NDArray[np.object_],
    scores: Floats,
    answers: Floats,
    least: int,
) -> Earlier:
    """Compare the people of a round with those of each page that showed numbers in it.

    Parameters
    ----------
    pages : collection of RevealedPage
        Of this wave and form.
    teams : tuple of (site, team)
    team, ids : arrays, one entry a respondent
        Place in `teams` (-1: none) and response id.
    scores, answers : respondents x scales, respondents x items
    least : int
        So many people may be worked out together, but not fewer.
    """
    known = np.zeros(len(teams), dtype=bool)
    barred = [np.zeros((len(teams), values.shape[1]), dtype=bool) for values in (scores, answers)]
    for page in pages:
        if not page.shown or (page.site, page.team) not in teams:
            continue
        place = teams.index((page.site, page.team))
        rows = np.flatnonzero(team == place)
        before, now = set(page.response_ids), set(ids[rows])
        if not before & now:
            continue  # other people altogether: nothing can be subtracted
        new = rows[[one not in before for one in ids[rows]]]
        gone = len(before - now)
        known[place] |= not gone and not len(new)
        for found, values in zip(barred, (scores, answers), strict=True):
            came = np.isfinite(values[new]).sum(axis=0)  # of those who came, who has a score here
            found[place] |= _few(came, least) | _few(np.array([gone, len(new)]), least).any()
    return Earlier(known, *barred)


def _few(counts: Ints, least: int) -> Bools:
    few: Bools = (counts > 0) & (counts < least)
    return few
