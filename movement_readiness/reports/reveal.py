"""The page that a room sees when its session is revealed: the team alone, nothing about its site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from movement_readiness.exceptions import NothingToReleaseError
from movement_readiness.instrument import Instrument
from movement_readiness.reports import render
from movement_readiness.reports.content import choose, team_context
from movement_readiness.reports.report import Report
from movement_readiness.responses.released import KeepsReleases, Release
from movement_readiness.teams import DisclosurePolicy, RevealedPage, TeamResults, aggregate_scores

__all__ = ["RoomPage", "room_page"]


class _Unrecorded:
    """A release log that is compared with, and stays as it is."""

    def __init__(self, log: KeepsReleases) -> None:
        self.releases = log.releases

    def record(self, release: Release) -> None:
        """Nothing: the store keeps the page."""


@dataclass(frozen=True)
class RoomPage:
    """A page for a room, with the responses that stand behind it.

    Attributes
    ----------
    report : Report
    response_ids : tuple of str
        In the order of the ids. A store compares them with those of earlier pages.
    shown : bool
        Whether the page says anything about the answers: False where too few people gave any.
    """

    report: Report
    response_ids: tuple[str, ...]
    shown: bool


def room_page(
    responses: pd.DataFrame,
    instrument: Instrument,
    *,
    site: str,
    team: str,
    wave: str,
    form: str,
    invited: int | None = None,
    languages: Sequence[str] = (),
    rehearsal: bool = False,
    policy: DisclosurePolicy | None = None,
    revealed: Collection[RevealedPage] = (),
    release_log: KeepsReleases | None = None,
) -> RoomPage:
    """Make the page that a team sees at the end of its session.

    Parameters
    ----------
    responses : pandas.DataFrame
        A responses frame; only the rows of this site, team, wave and form are used.
    instrument : Instrument
    site, team, wave, form : str
    invited : int, optional
        How many people were in the room; left out where more than that answered (some on paper).
    languages : sequence of str
        The languages of the session; the first one is that of the page's scale titles and items.
    rehearsal : bool, default False
        Whether the answers were given to try things out; the page says so.
    policy : DisclosurePolicy, optional
    revealed : collection of RevealedPage, optional
        The pages that the team has seen; as for `aggregate_scores`.
    release_log : optional
        What was released before, with which the page is compared. The page itself is kept by
        ``ResponseStore.save_release``.

    Returns
    -------
    RoomPage

    Raises
    ------
    NothingToReleaseError
        Nobody of the team has answered.

    Notes
    -----
    The page says nothing about the site. If it did, the pages of two teams that were revealed one after the
    other could be subtracted from each other.
    """
    here = responses
    for column, value in (("site", site), ("team", team), ("wave", wave), ("form", form)):
        here = here[here[column] == value]
    if here.empty:
        raise NothingToReleaseError("Nobody has sent answers yet, so there is nothing to show.")
    roster = (
        None
        if invited is None or invited < len(here)
        else pd.DataFrame({"site": [site], "team": [team], "invited": [invited]})
    )
    log = None if release_log is None else _Unrecorded(release_log)
    teams = aggregate_scores(
        here,
        instrument,
        roster=roster,
        policy=policy,
        audience=("own_team", site, team),
        revealed=revealed,
        release_log=log,
    )
    language = languages[0] if languages else None
    choice = replace(choose(teams, instrument, site, team, wave, form, language), alone=True, rehearsal=rehearsal)
    page = render("team.html.j2", team_context(choice))
    return RoomPage(page, tuple(sorted(map(str, here["response_id"]))), _says_something(teams))


def _says_something(teams: TeamResults) -> bool:
    """Whether any number is shown, or withheld because of what it is: that everybody agrees is a number too."""
    tables = (teams.scores, teams.items, teams.answers, teams.agreement)
    return any((~table["withheld"] | (table["reason"] == "protected")).any() for table in tables)
