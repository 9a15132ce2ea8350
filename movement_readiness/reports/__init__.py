"""Reports: one page for a team or a site, from results that may be shown."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pandas import isna

from movement_readiness.instrument import Instrument
from movement_readiness.reports.content import choose, site_context, team_context
from movement_readiness.reports.report import Report
from movement_readiness.reports.words import signed
from movement_readiness.teams import TeamResults
from movement_readiness.teams.words import icc_words

__all__ = ["Report", "render", "site_report", "team_report"]


@lru_cache(maxsize=1)
def _templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(signed=signed, icc=icc_words, css_text=_css_text, short=_short)
    found.tests["known"] = lambda value: not isna(value)
    return found


def _css_text(words: str) -> str:
    """A text as a string of CSS, every letter that could end it, or the style it stands in, as its number."""
    safe = "".join(letter if letter.isalnum() or letter in " ,.:" else f"\\{ord(letter):x} " for letter in str(words))
    return f'"{safe}"'


_FOOT = 110  # letters of a title that fit into a line at the foot of a sheet


def _short(words: str) -> str:
    """A text that fits into a line; a longer one without its middle, for its end tells it from others."""
    half = (_FOOT - 3) // 2
    return words if len(words) <= _FOOT else f"{words[:half].rstrip()} … {words[-half:].lstrip()}"


def render(template: str, context: dict[str, Any]) -> Report:
    """A page from its template and what `content` found for it."""
    return Report(title=context["title"], html=_templates().get_template(template).render(context))


def team_report(
    teams: TeamResults,
    instrument: Instrument,
    *,
    site: str,
    team: str,
    wave: str | None = None,
    form: str | None = None,
    language: str | None = None,
) -> Report:
    """The page that a team talks about.

    Parameters
    ----------
    teams : TeamResults
        From `aggregate_scores`; with ``audience=("own_team", site, team)`` a team of 5 to 9 sees its means.
    instrument : Instrument
        The instrument the results come from.
    site, team : str
    wave, form : str, optional
        The latest wave, and the form that most people of the site answered, by default.
    language : str, optional
        Language of the scale titles and items; the page around them is in English.

    Returns
    -------
    Report
        ``.html``, ``.save(path)``; shows itself in a notebook.

    Raises
    ------
    NothingToReleaseError
        There is no such site, team, wave or form in the results.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=3, team_size=12, seed=1)
    >>> teams = mr.aggregate_scores(study.responses, instrument, roster=study.roster)
    >>> site = teams.sites[0]
    >>> report = mr.team_report(teams, instrument, site=site, team=teams.teams(site)[0])
    >>> "designed, not yet validated" in report.html
    True
    """
    return render("team.html.j2", team_context(choose(teams, instrument, site, team, wave, form, language)))


def site_report(
    teams: TeamResults,
    instrument: Instrument,
    *,
    site: str,
    wave: str | None = None,
    form: str | None = None,
    language: str | None = None,
) -> Report:
    """The page for a site: its profile, and its teams by domain without a ranking.

    Parameters
    ----------
    teams : TeamResults
        From `aggregate_scores`, for the published audience.
    instrument : Instrument
        The instrument the results come from.
    site : str
    wave, form, language : str, optional
        As for `team_report`.

    Returns
    -------
    Report

    Raises
    ------
    NothingToReleaseError
        There is no such site, wave or form in the results.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=3, team_size=12, seed=1)
    >>> teams = mr.aggregate_scores(study.responses, instrument, roster=study.roster)
    >>> mr.site_report(teams, instrument, site="North").title
    'Readiness for movement: North'
    """
    return render("site.html.j2", site_context(choose(teams, instrument, site, None, wave, form, language)))
