"""Every page of a study at once: one a site, and one a team for that team's own eyes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import Any

from tqdm import tqdm

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.reports import site_report, team_report
from movement_readiness.reports.report import Report
from movement_readiness.teams import Aggregation, DisclosurePolicy, RevealedPage, TeamResults
from movement_readiness.teams.releases import checked_log

__all__ = ["WrittenReports", "write_reports"]

_OURS = '<meta name="generator" content="movement_readiness">'


@dataclass(frozen=True)
class WrittenReports:
    """Where the pages are.

    Attributes
    ----------
    index : pathlib.Path
        A page with links to all others, for whoever hands them out.
    sites, teams : tuple of pathlib.Path
    results : TeamResults
        The published results the site pages were made from.
    """

    index: Path
    sites: tuple[Path, ...]
    teams: tuple[Path, ...]
    results: TeamResults


def write_reports(
    responses: Any,
    instrument: Instrument,
    folder: str | Path,
    *,
    roster: Any = None,
    policy: DisclosurePolicy | None = None,
    wave: str | None = None,
    language: str | None = None,
    progress: bool = True,
    revealed: Collection[RevealedPage] = (),
    release_log: Any = None,
    invariance: Any = None,
    waves: Sequence[str] | None = None,
) -> WrittenReports:
    """Write the site pages, every team's own page and an index.

    Parameters
    ----------
    responses, instrument, roster, policy, revealed, release_log, invariance, waves
        As for `aggregate_scores`.
    folder : str or pathlib.Path
        Made if it is not there. Pages that an earlier run left in it are replaced or removed.
    wave, language : str, optional
        As for `team_report`.
    progress : bool, default True
        Show a progress bar.

    Returns
    -------
    WrittenReports

    Raises
    ------
    ArgumentError
        The folder cannot be made, or is a file.
    """
    place = Path(folder)
    log = checked_log(release_log)
    whole = Aggregation(responses, instrument, roster, policy, revealed, invariance, log, waves)
    whole.record("all")  # first: a page that was not recorded must not exist
    published = whole.results("published")
    chosen = {"wave": wave, "language": language}
    site_pages = {site: site_report(published, instrument, site=site, **chosen) for site in published.sites}
    earlier = _pages_of_earlier_run(place)  # nothing has been written so far
    _make_folders(place)
    names = _Names()
    sites = {site: page.save(place / "sites" / f"{names(site)}.html") for site, page in site_pages.items()}
    teams: dict[tuple[str, str], Path] = {}
    bar = tqdm(whole.own_teams(), total=len(whole.study.teams), desc="team pages", unit="page", disable=not progress)
    for (site, team), results in bar:
        page = team_report(results, instrument, site=site, team=team, **chosen)
        teams[site, team] = page.save(place / "teams" / f"{names(f'{site} {team}')}.html")
    written = {path.relative_to(place).as_posix() for path in (*sites.values(), *teams.values())}
    for stale in earlier - written:  # an old page beside the new ones would be taken for one of them
        (place / stale).unlink(missing_ok=True)
    index = Report("Reports", _index(sites, teams, published, place)).save(place / "index.html")
    return WrittenReports(index, tuple(sites.values()), tuple(teams.values()), published)


def _pages_of_earlier_run(place: Path) -> set[str]:
    """The pages that the index of an earlier run in this folder leads to; nobody else's files."""
    index = place / "index.html"
    if not index.is_file():
        return set()
    text = index.read_text(encoding="utf-8", errors="replace")
    if _OURS not in text:
        raise ArgumentError(f"folder: {str(place)!r} holds an index.html that is not ours; choose another folder.")
    links = re.findall(r'href="((?:sites|teams)/[^"/]+\.html)"', text)
    return {unescape(link) for link in links}


def _make_folders(place: Path) -> None:
    for part in (place / "sites", place / "teams"):
        try:
            part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArgumentError(f"folder: {str(part)!r} cannot be made ({error.strerror}).") from None


class _Names:
    """File names made from the names of sites and teams, no two alike whatever the file system folds."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def __call__(self, name: str) -> str:
        base = re.sub(r"[^\w-]+", "-", name).strip("-")[:80] or "unnamed"
        candidate, number = base, 1
        while candidate.casefold() in self._taken:
            number += 1
            candidate = f"{base}-{number}"
        self._taken.add(candidate.casefold())
        return candidate


def _index(sites: dict[str, Path], teams: dict[tuple[str, str], Path], published: TeamResults, place: Path) -> str:
    def link(path: Path, text: str) -> str:
        return f'<a href="{escape(path.relative_to(place).as_posix(), quote=True)}">{escape(text)}</a>'

    blocks = []
    for site, path in sites.items():
        of_site = "".join(f"<li>{link(page, team)}</li>" for (where, team), page in teams.items() if where == site)
        blocks.append(f"<h2>{link(path, site)}</h2><ul>{of_site}</ul>")
    mark = "<p><strong>Synthetic data.</strong> These answers were simulated.</p>" if published.synthetic else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'{_OURS}<meta name="viewport" content="width=device-width, initial-scale=1"><title>Reports</title>'
        "<style>body{font:1rem/1.6 system-ui,sans-serif;max-width:48rem;margin:0 auto;padding:1rem}"
        "ul{columns:12rem}a{display:inline-block;min-height:1.5rem}</style></head><body><main><h1>Reports</h1>"
        f"{mark}<p>{escape(published.claim.sentence)}</p>"
        "<p>The page of a site may be shown to anybody. The page of a team is for that team: give it to them, "
        f"and to nobody else without their agreement.</p>{''.join(blocks)}</main></body></html>\n"
    )
