"""Sites and teams: a team belongs to one site, and both should be written in one way."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from movement_readiness.responses.findings import Findings, quoted_cell
from movement_readiness.responses.folding import fold_label
from movement_readiness.responses.raw import RawColumn, RowArray
from movement_readiness.responses.roster import read_roster
from movement_readiness.responses.texts import MOST_NAMED

__all__ = ["check_places", "places_of"]

Place = tuple[str, str | None]


def places_of(roster: Any) -> set[Place] | None:
    """The (site, team) pairs of a roster."""
    if roster is None:
        return None
    frame = read_roster(roster)
    return set(zip(frame["site"], frame["team"], strict=True))


def check_places(
    site: RawColumn, team: RawColumn, rows: RowArray, findings: Findings, roster: set[Place] | None, *, has_site: bool
) -> None:
    """Name teams without a site, places that the roster does not have, and names that are nearly the same."""
    _check_sites_given(site, team, rows, findings, has_site=has_site)
    pairs = list(_pairs(site, team))
    if roster is not None:
        _check_roster(pairs, rows, findings, roster)
    _warn_of_near_names("sites", {place[0] for place, _ in pairs}, "", findings)
    for name in sorted({place[0] for place, _ in pairs}):
        teams = {place[1] for place, _ in pairs if place[0] == name and place[1] is not None}
        _warn_of_near_names("teams", teams, f" of site {name!r}", findings)


def _check_sites_given(site: RawColumn, team: RawColumn, rows: RowArray, findings: Findings, *, has_site: bool) -> None:
    lost = np.flatnonzero((team.codes >= 0) & (site.codes < 0))
    if not len(lost):
        return
    if not has_site:
        findings.fault("the file has teams but no column 'site', and a team belongs to a site; add it", None, "site")
        return
    name = team.values[int(team.codes[lost[0]])]
    findings.fault(f"{findings.rows(rows[lost])}: a team without a site ({quoted_cell(name)})", rows[lost[0]], "site")


def _pairs(site: RawColumn, team: RawColumn) -> Iterator[tuple[Place, Any]]:
    """Every (site, team) that occurs, with the places of its responses; without a site there is none."""
    placed = np.flatnonzero(site.codes >= 0)
    combined = site.codes[placed].astype(np.int64) * (len(team.values) + 1) + team.codes[placed] + 1
    order = np.argsort(combined, kind="stable")
    _, starts = np.unique(combined[order], return_index=True)
    for group in np.split(placed[order], starts[1:]) if len(placed) else ():
        code = int(team.codes[group[0]])
        yield (site.values[int(site.codes[group[0]])], team.values[code] if code >= 0 else None), group


def _check_roster(pairs: Iterable[tuple[Place, Any]], rows: RowArray, findings: Findings, roster: set[Place]) -> None:
    sites = {site for site, _ in roster}
    unknown = 0
    for (site, team), group in pairs:
        if (site, team) in roster or (team is None and site in sites):
            continue
        unknown += 1
        if unknown > MOST_NAMED:
            continue
        where = findings.rows(rows[group])
        if site not in sites:
            message, column, value = f"the site {site!r} is not in the roster.{_near(site, sites)}", "site", site
        else:
            teams = {name for place, name in roster if place == site and name is not None}
            message = f"site {site!r} has no team {team!r} in the roster.{_near(str(team), teams)}"
            column, value = "team", str(team)
        findings.fault(f"{where}: {message}", rows[group[0]], column, value)
    if unknown > MOST_NAMED:
        findings.fault(f"{unknown - MOST_NAMED} more sites and teams are not in the roster")


def _near(name: str, available: set[str]) -> str:
    folded = {fold_label(known): known for known in sorted(available)}
    close = difflib.get_close_matches(fold_label(name), folded, n=1, cutoff=0.5)
    if close:
        return f" Did you mean {folded[close[0]]!r}?"
    return f" It has {', '.join(map(repr, sorted(available)[:6]))}." if available else ""


def _warn_of_near_names(what: str, names: set[str], where: str, findings: Findings) -> None:
    by_folded: dict[str, list[str]] = {}
    for name in sorted(names):
        by_folded.setdefault(fold_label(name), []).append(name)
    for alike in by_folded.values():
        if len(alike) > 1:
            given = " and ".join(map(repr, alike))
            findings.warnings.append(
                f"the {what} {given}{where} differ only in case or spaces and are counted apart; write them in one way "
                "if they are one"
            )
