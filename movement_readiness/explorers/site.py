"""`SiteExplorer`: a site and its teams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from movement_readiness.explorers.explorer import Explorer, Options, Part
from movement_readiness.explorers.released import Released, Selection
from movement_readiness.explorers.site_views import PAGE, funnel_view, pages, sites_view, team_changes_view, teams_view
from movement_readiness.explorers.team_views import change_view, profile_view
from movement_readiness.explorers.view import View
from movement_readiness.instrument import Instrument
from movement_readiness.teams import TeamResults

__all__ = ["SiteExplorer"]

_ROUND = ("site", "wave", "form")


class SiteExplorer(Explorer):
    """Widgets that show a site: its profile, its teams by domain, funnel, change, and the sites by domain.

    Parameters
    ----------
    teams, instrument
        As for `TeamExplorer`.
    site, wave, form : str, optional
        What is shown first; by default the first site, the latest wave, and the form that most people answered.
    language : str, optional
        Language of scale titles; the explorer itself is in English.

    Attributes
    ----------
    controls : dict of str to ipywidgets.Dropdown
        "site", "page" (of the site's teams, from 0), "team" (marked in the funnel; "" for none), "wave", "form",
        "scale", "kind" ("shrunken", or "mean" where there is none) and "comparison" ("none", "earlier" or "benchmark").
    views : dict of str to View
        What is shown: ``.tables`` (released rows), ``.picture`` and ``.sentences`` of "profile", "teams", "funnel",
        "change" (of the site), "changes" (of its teams) and "sites".

    Raises
    ------
    ArgumentError
        `teams` are no TeamResults, the instrument is another one, or there is no such site, wave or form.
    NothingToReleaseError
        There is no group in the results.

    Notes
    -----
    As for `TeamExplorer`. Teams and sites stand in the order of their names; there are no ranks. Teams side by side
    are a comparison: scales for which it is not supported that teams differ are left out of it.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.explorers import SiteExplorer
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=6, team_size=(4, 20), seed=1)
    >>> teams = mr.aggregate_scores(study.responses, instrument, roster=study.roster)
    >>> explorer = SiteExplorer(teams, instrument, site="South")
    >>> explorer.views["teams"].title
    'Teams of South by domain'
    """

    _region: ClassVar[str] = "A site and its teams"
    _labels: ClassVar[dict[str, str]] = {
        "site": "Site",
        "page": "Teams",
        "team": "Mark team",
        "wave": "Wave",
        "form": "Form",
        "scale": "Domain",
        "kind": "Score",
        "comparison": "Compare with",
    }
    _comparisons: ClassVar[tuple[str, ...]] = ("none", "earlier", "benchmark")

    def __init__(
        self,
        teams: TeamResults,
        instrument: Instrument,
        *,
        site: str | None = None,
        wave: str | None = None,
        form: str | None = None,
        language: str | None = None,
    ) -> None:
        super().__init__(teams, instrument, language, {"site": site, "wave": wave, "form": form})

    @property
    def selection(self) -> Selection:
        """What is looked at."""
        chosen = super().selection
        return replace(chosen, sites_page=self._released.sites.index(chosen.site) // PAGE)

    def _default(self, name: str, values: list[Any]) -> Any:
        """Teams side by side are compared: by shrunken means, where there are any."""
        if name != "kind":
            return super()._default(name, values)
        rows = self._released.results.scores
        here = (rows["wave"] == self._value("wave")) & (rows["form"] == self._value("form"))
        return "shrunken" if rows.loc[here, "shrunken"].notna().any() else "mean"

    def _options(self, name: str) -> Options:
        if name not in ("page", "team"):
            return super()._options(name)
        found = pages(self._released.teams(self._value("site")))
        if name == "page":
            return [(_page_words(page), place) for place, page in enumerate(found)]
        return [("none", ""), *((team, team) for team in found[self._value("page")])]

    def _make_parts(self) -> tuple[Part, ...]:
        return (
            Part("profile", _profile, (*_ROUND, "comparison")),
            Part("teams", teams_view, (*_ROUND, "page", "kind")),
            Part("funnel", funnel_view, (*_ROUND, "page", "team", "scale")),
            Part("change", _change, _ROUND),
            Part("changes", team_changes_view, (*_ROUND, "page", "scale")),
            Part("sites", sites_view, ("sites_page", "wave", "form")),
        )


def _profile(released: Released, selection: Selection) -> View:
    return profile_view(released, selection, None)


def _change(released: Released, selection: Selection) -> View:
    return change_view(released, selection, None)


def _page_words(page: tuple[Any, ...]) -> str:
    if not page:
        return "none"
    return page[0] if len(page) == 1 else f"{page[0]} to {page[-1]}"
