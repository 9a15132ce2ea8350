"""The teams a respondent may choose from, where the session does not settle the team."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from movement_readiness.exceptions import ArgumentError
from movement_readiness.workshop.sessions import check_name

__all__ = ["places_of"]

_EXPECTED = "roster: expected a list of (site, team), a list of dicts or a frame with the columns site and team"


def places_of(roster: Any, site: str | None = None) -> list[tuple[str | None, str]] | None:
    """Every (site, team) of a roster once, in its order; None where there is no roster.

    Parameters
    ----------
    roster : sequence of (site, team), sequence of dict, or data frame with columns site and team
    site : str, optional
        Only the teams of this site.

    Examples
    --------
    >>> places_of([("North", "A3"), {"site": "South", "team": "B1"}])
    [('North', 'A3'), ('South', 'B1')]
    """
    if roster is None:
        return None
    found = list(dict.fromkeys(_place(row) for row in _rows(roster)))
    chosen = [place for place in found if site is None or place[0] == site]
    if not chosen:
        of_site = "" if site is None else f" of the site {site!r}"
        raise ArgumentError(f"roster: expected at least one team{of_site}; got none.")
    return chosen


def _rows(roster: Any) -> Iterable[Any]:
    columns = getattr(roster, "columns", None)
    if columns is not None and "team" in list(columns):
        teams = list(roster["team"])
        return zip(list(roster["site"]) if "site" in list(columns) else [None] * len(teams), teams, strict=True)
    if isinstance(roster, str | Mapping) or not isinstance(roster, Iterable):
        raise ArgumentError(f"{_EXPECTED}; got {type(roster).__name__}.")
    return roster


def _place(row: Any) -> tuple[str | None, str]:
    if isinstance(row, Mapping) and "team" in row:
        site, team = row.get("site"), row["team"]
    elif isinstance(row, list | tuple) and len(row) == 2:
        site, team = row
    else:
        raise ArgumentError(f"{_EXPECTED}; got the line {str(row)[:60]!r}.")
    return (None if site is None else check_name("roster, site", site)), check_name("roster, team", team)
