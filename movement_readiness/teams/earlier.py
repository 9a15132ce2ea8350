"""What pages that were shown before leave to be shown: almost the same people twice gives the few others away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from numbers import Integral

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


def checked_pages(pages: Iterable[object] | None) -> tuple[RevealedPage, ...]:
    """The pages, if that is what they are; names and ids that are whole numbers as text, as those of responses."""
    found = tuple(pages) if isinstance(pages, Iterable) else () if pages is None else (pages,)
    checked = tuple(_checked(page) for page in found if isinstance(page, RevealedPage))
    if len(checked) < len(found):
        raise ArgumentError("revealed: expected pages as ResponseStore.revealed() gives them.")
    return checked


def _checked(page: RevealedPage) -> RevealedPage:
    ids = page.response_ids
    if isinstance(ids, str) or not isinstance(ids, Iterable):
        raise ArgumentError(f"revealed: expected a collection of response ids on every page; got {ids!r}.")
    site, team, wave, form = (_as_text(*pair) for pair in zip(page._fields[:4], page[:4], strict=True))
    return RevealedPage(site, team, wave, form, tuple(_as_text("response_ids", one) for one in ids), bool(page.shown))


def _as_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    raise ArgumentError(f"revealed: expected text or whole numbers as {name} of every page; got {value!r}.")


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
