"""`OwnRoom`: a team's own results, worked out and shown only when somebody asks for that team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import ipywidgets  # type: ignore[import-untyped]
import traitlets

from movement_readiness.exceptions import ArgumentError, MovementReadinessError
from movement_readiness.explorers.status import SPOKEN
from movement_readiness.explorers.team import TeamExplorer
from movement_readiness.instrument import Instrument
from movement_readiness.teams import TeamResults

__all__ = ["OwnRoom"]

Team = tuple[str, str]
_STYLE = """<style>
.mr-room .widget-dropdown, .mr-room button { height: auto; max-width: 100%; }
.mr-room .widget-dropdown > select, .mr-room button { min-height: 2.2em; height: auto; max-width: 100%; }
.mr-room :focus-visible { outline: 2px solid #1a5fb4 !important; outline-offset: 1px; }
.mr-room .mr-status { line-height: 1.45; padding: 0.3em 0; }
.mr-room[data-other] .mr-room-shown { display: none !important; }
</style>"""
_NOTHING = "Nothing is shown."
_ASK = "Show this team"


class _Watch(anywidget.AnyWidget):
    """A line that is read out, and an eye on the page: what is shown of a team goes when another one is chosen there.

    It goes in the page itself, because the kernel may be at work and hear of the choice seconds later.
    """

    _esm = f"""{SPOKEN}
    function render({{ model, el }}) {{
      speak(model, el);
      const look = () => {{
        const room = el.closest(".mr-room");
        const choice = room && room.querySelector(".mr-room-choice select");
        if (choice) room.toggleAttribute("data-other", choice.selectedIndex !== model.get("showing"));
      }};
      model.on("change:showing", look);
      within(el, ".mr-room", (room) => {{
        room.addEventListener("input", look);
        room.addEventListener("change", look);
        look();
      }});
    }}
    export default {{ render }};
    """
    text = traitlets.Unicode().tag(sync=True)
    showing = traitlets.Int(0).tag(sync=True)


class OwnRoom(ipywidgets.VBox):  # type: ignore[misc]
    """A choice of teams and a button that shows the chosen one its own results, in a room where nobody else is.

    Parameters
    ----------
    teams : TeamResults
        Published results: which teams there are.
    instrument : Instrument
    show : callable
        ``show(site, team)`` gives the results that the team itself may see: TeamResults of
        ``aggregate_scores(..., audience=("own_team", site, team), release_log=...)``.
    language : str, optional
        As for `TeamExplorer`.

    Attributes
    ----------
    choice : ipywidgets.Dropdown
        The team: a pair of site and team, ``()`` for no team yet.
    button : ipywidgets.Button
        Shows the chosen team.
    explorer : TeamExplorer or None
        What is shown.

    Raises
    ------
    ArgumentError
        `teams` are no TeamResults.

    Notes
    -----
    Choosing a team takes away what was shown before and does nothing else: `show` is called, and so a release kept in
    the log, when the button is pressed and not before. What comes when another team has been chosen meanwhile is not
    shown. A line that is read out says what happens.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.explorers import OwnRoom
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=1, teams_per_site=2, team_size=14, seed=1)
    >>> def own(site, team):
    ...     return mr.aggregate_scores(study.responses, instrument, audience=("own_team", site, team))
    >>> room = OwnRoom(mr.aggregate_scores(study.responses, instrument), instrument, own)
    >>> room.choice.value = ("North", "A1")
    >>> room.explorer is None
    True
    >>> room.button.click()
    >>> room.explorer.selection.team
    'A1'
    """

    def __init__(
        self,
        teams: TeamResults,
        instrument: Instrument,
        show: Callable[[str, str], TeamResults],
        *,
        language: str | None = None,
    ) -> None:
        if not isinstance(teams, TeamResults):
            raise ArgumentError(
                f"teams: expected TeamResults, as aggregate_scores gives them; got {type(teams).__name__}."
            )
        self._instrument, self._show, self._language = instrument, show, language
        names = [(f"{site}: {team}", (site, team)) for site in teams.sites for team in teams.teams(site)]
        self.choice = ipywidgets.Dropdown(
            description="Team in the room",
            options=[("no team yet", ()), *names],
            style={"description_width": "initial"},
            layout={"width": "auto", "margin": "2px 12px 2px 2px"},
        )
        self.choice.add_class("mr-room-choice")
        self.button = ipywidgets.Button(description=_ASK, layout={"width": "auto", "overflow": "visible"})
        self.explorer: TeamExplorer | None = None
        self._watch = _Watch(text=_NOTHING if names else "These answers name no team, so there is no team's own room.")
        self._place = ipywidgets.VBox(layout={"overflow": "visible", "max_width": "100%"})
        self._place.add_class("mr-room-shown")
        flow = {"display": "flex", "flex_flow": "row wrap", "overflow": "visible", "align_items": "center"}
        asked = ipywidgets.Box([self.choice, self.button] if names else [], layout=flow)
        asked.add_class("mr-room-asked")
        parts = [ipywidgets.HTML(_STYLE), asked, self._watch, self._place]
        super().__init__(parts, layout={"overflow": "visible", "max_width": "100%"})
        self.add_class("mr-room")
        self.choice.observe(self._chosen, "value")
        self.button.on_click(self._asked)

    def _chosen(self, _change: Any) -> None:
        self._empty()
        team = self.choice.value
        self._watch.text = f"{_NOTHING} “{_ASK}” shows {_named(team)}." if team else _NOTHING

    def _empty(self) -> None:
        gone, self.explorer = self.explorer, None
        self._watch.showing = 0
        self._place.children = ()
        if gone is not None:
            _close(gone)

    def _asked(self, _button: Any) -> None:
        team = self.choice.value
        if not team:
            self._watch.text = f"{_NOTHING} Choose a team first."
        elif self.explorer is None:  # pressed twice: it is there already
            self._watch.text = f"Working… {_named(team)} is shown in a moment."
            self._work(team)

    def _work(self, team: Team) -> None:
        try:
            explorer = TeamExplorer(_own(self._show, team), self._instrument, language=self._language)
        except MovementReadinessError as error:
            self._say_unless_another(team, f"{_NOTHING} {error}")
            return
        except Exception:
            self._say_unless_another(team, f"{_NOTHING} Something went wrong; the program's log says what.")
            raise
        if self.choice.value != team:
            _close(explorer)
            return
        self.explorer = explorer
        self._place.children = (explorer,)
        self._watch.showing = self.choice.index
        self._watch.text = f"{_named(team)} is shown."

    def _say_unless_another(self, team: Team, words: str) -> None:
        if self.choice.value == team:
            self._watch.text = words

    def __repr__(self) -> str:
        shown = "nothing shown" if self.explorer is None else f"showing {_named(self.choice.value)}"
        return f"<{type(self).__name__}: {len(self.choice.options) - 1} teams; {shown}>"


def _own(show: Callable[[str, str], TeamResults], team: Team) -> TeamResults:
    """What the team may see, and no other audience's results by mistake."""
    found = show(*team)
    if not isinstance(found, TeamResults) or tuple(found.audience) != ("own_team", *team):
        raise ArgumentError(f"show: expected results whose audience is ('own_team', {team[0]!r}, {team[1]!r}).")
    return found


def _named(team: Team) -> str:
    return f"{team[1]} of {team[0]}"


def _close(widget: Any) -> None:
    """Take a widget and all within it from the page, so that nothing of it is kept there."""
    for child in getattr(widget, "children", ()):
        _close(child)
    widget.close()
