"""`TeamExplorer`: one team at a time."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from movement_readiness.explorers.explorer import Explorer, Part
from movement_readiness.explorers.released import Released, Selection
from movement_readiness.explorers.team_views import answers_view, change_view, profile_view, pull_view, spread_view
from movement_readiness.explorers.view import View
from movement_readiness.instrument import Instrument
from movement_readiness.teams import TeamResults

__all__ = ["TeamExplorer"]

_GROUP = ("site", "team", "wave", "form")


class TeamExplorer(Explorer):
    """Widgets that show one team: its profile, how alike its answers are, its answers, programme pull, change.

    Parameters
    ----------
    teams : TeamResults
        From `aggregate_scores`. Nothing else is taken: an explorer sees what may be shown and never respondents.
    instrument : Instrument
        The instrument the results come from.
    site, team, wave, form : str, optional
        What is shown first; by default the first site and team, the latest wave, and the form that most people
        answered.
    language : str, optional
        Language of scale titles, items and response options; the explorer itself is in English.

    Attributes
    ----------
    controls : dict of str to ipywidgets.Dropdown
        "site", "team", "wave", "form", "scale", "kind" ("mean" or "shrunken") and "comparison" ("none", "site",
        "earlier" or "benchmark"); ``explorer.controls["wave"].value = "2"`` does what a click does.
    views : dict of str to View
        What is shown: ``.tables`` (released rows), ``.picture`` and ``.sentences`` of "profile", "spread",
        "answers", "change" and each scale that stands apart.

    Raises
    ------
    ArgumentError
        `teams` are no TeamResults, the instrument is another one, or there is no such site, team, wave or form.
    NothingToReleaseError
        There is no group in the results.

    Notes
    -----
    Every number in the widgets is a number of the released frames, and so is every one that the saved notebook may
    hold; nothing is computed. What is withheld is said to be withheld, with the reason; for a team whose numbers are
    not shown its site's are. A comparison stands beside the evidence that allows it, and is left out where it is not
    supported that teams differ. Figures and tables can be saved from the page (the links hold the files) or with
    ``save(folder)``. Everything works without a network, in JupyterLab and in Voila.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.explorers import TeamExplorer
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=3, team_size=12, seed=1)
    >>> teams = mr.aggregate_scores(study.responses, instrument, roster=study.roster)
    >>> explorer = TeamExplorer(teams, instrument, site="North", team="A2")
    >>> explorer.controls["comparison"].value = "site"
    >>> explorer.views["profile"].tables["comparison"]["n"].max()
    np.int64(36)
    """

    _region: ClassVar[str] = "One team"
    _labels: ClassVar[dict[str, str]] = {
        "site": "Site",
        "team": "Team",
        "wave": "Wave",
        "form": "Form",
        "scale": "Domain",
        "kind": "Score",
        "comparison": "Compare with",
    }
    _comparisons: ClassVar[tuple[str, ...]] = ("none", "site", "earlier", "benchmark")

    def __init__(
        self,
        teams: TeamResults,
        instrument: Instrument,
        *,
        site: str | None = None,
        team: str | None = None,
        wave: str | None = None,
        form: str | None = None,
        language: str | None = None,
    ) -> None:
        wanted = {"site": site, "team": team, "wave": wave, "form": form}
        super().__init__(teams, instrument, language, wanted)

    def _make_parts(self) -> tuple[Part, ...]:
        released = self._released
        apart = dict.fromkeys(scale for form in released.forms for scale in released.scales(form, "separate"))
        strips = [
            Part(f"strip-{scale}", partial(pull_view, scale=scale), (*_GROUP, "kind", "comparison")) for scale in apart
        ]
        return (
            Part("profile", _profile, (*_GROUP, "kind", "comparison")),
            Part("spread", spread_view, _GROUP),
            Part("answers", answers_view, (*_GROUP, "scale")),
            *strips,
            Part("change", _change, _GROUP),
        )


def _profile(released: Released, selection: Selection) -> View:
    return profile_view(released, selection, selection.team)


def _change(released: Released, selection: Selection) -> View:
    return change_view(released, selection, selection.team)
