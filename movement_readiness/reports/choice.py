"""Which group, wave and form a page is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from movement_readiness._validation import check_choice, closest, nearest, quoted
from movement_readiness.exceptions import NothingToReleaseError
from movement_readiness.instrument import Instrument, Translation
from movement_readiness.teams import TeamResults

__all__ = ["Choice", "choose", "in_order"]


@dataclass(frozen=True)
class Choice:
    """Which group, wave and form a page is about, and the words it is written in.

    ``alone``: a team's page without anything about its site. ``rehearsal``: the answers were tried out only.
    """

    teams: TeamResults
    instrument: Instrument
    words: Translation
    site: str
    team: str | None
    wave: str
    form: str
    alone: bool = False
    rehearsal: bool = False
    _found: dict[tuple[int, str, str], pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def rows(self, frame: pd.DataFrame, level: str, wave: str = "wave") -> pd.DataFrame:
        """The rows of the page's site or team in its wave and form."""
        if frame.empty:  # of results without that table
            return frame
        known = (id(frame), level, wave)
        if known not in self._found:
            here = (frame["site"] == self.site) & (frame[wave] == self.wave) & (frame["form"] == self.form)
            here &= frame["level"] == level
            if level == "team" and self.team is not None:
                here &= frame["team"] == self.team
            self._found[known] = frame[here].reset_index(drop=True)
        return self._found[known]

    def scales(self, kind: str) -> list[str]:
        """The scales of one kind that this form's report shows, in the instrument's order."""
        kinds = ("domain", "total", "index") if kind == "profile" else ("separate",)
        return [scale for scale in self._scored if self.instrument.scales[scale].kind in kinds]

    @cached_property
    def _scored(self) -> list[str]:
        rows = self.teams.scores
        available = set(rows.loc[rows["form"] == self.form, "scale"])
        return [scale for scale in self.instrument.scales if scale in available]

    @cached_property
    def states(self) -> pd.DataFrame:
        """How far it is supported that teams differ, in the page's wave and form: a row a scale."""
        rows = self.teams.team_differences
        return rows[(rows["wave"] == self.wave) & (rows["form"] == self.form)].set_index("scale")

    @cached_property
    def profile_states(self) -> pd.DataFrame:
        """Those of the scales of the page's profile; of all where it has none."""
        wanted = [scale for scale in self.scales("profile") if scale in self.states.index]
        return self.states.loc[wanted] if wanted else self.states

    @property
    def title(self) -> str:
        """The heading of the page."""
        group = f"{self.team}, {self.site}" if self.team is not None else self.site
        return f"{self.words.title}: {group}"


def in_order(rows: pd.DataFrame, scales: list[str]) -> pd.DataFrame:
    """The rows of these scales, in their order; a row a scale."""
    places = {scale: place for place, scale in enumerate(rows["scale"])}
    return rows.take([places[scale] for scale in scales if scale in places]).reset_index(drop=True)


def _near(name: str, names: Sequence[str]) -> str:
    """' Did you mean ...?' where a name, or one word of a longer one, is close."""
    words = {word: known for known in names for word in re.findall(r"\w{3,}", known)}
    word = nearest(name, words)
    return closest(name, names) or ("" if word is None else f" Did you mean {words[word]!r}?")


def choose(
    teams: TeamResults,
    instrument: Instrument,
    site: str,
    team: str | None,
    wave: str | None,
    form: str | None,
    language: str | None,
) -> Choice:
    """Check that the group asked for is there; the latest wave and the form most people answered by default."""
    if (teams.instrument_id, teams.instrument_sha256) != (instrument.id, instrument.sha256):
        raise NothingToReleaseError(
            f"instrument: expected {teams.instrument_id} {teams.instrument_version}, which the results come from; "
            f"got {instrument.id} {instrument.version}."
        )
    if site not in teams.sites:
        raise NothingToReleaseError(
            f"site: unknown site {site!r}; available: {quoted(teams.sites)}.{_near(site, teams.sites)}"
        )
    if team is not None and team not in teams.teams(site):
        available = teams.teams(site)
        raise NothingToReleaseError(
            f"team: site {site!r} has no team {team!r} in these results; available: {quoted(available)}."
            f"{_near(team, available)}"
        )
    heads = teams.respondents[(teams.respondents["site"] == site) & (teams.respondents["level"] == "site")]
    if team is not None:
        own = teams.respondents[(teams.respondents["site"] == site) & (teams.respondents["team"] == team)]
        heads = own if own["n"].notna().any() else heads
    chosen_wave = check_choice("wave", teams.waves[-1] if wave is None else wave, teams.waves)
    heads = heads[heads["wave"] == chosen_wave]
    forms = list(heads.assign(n=heads["n"].fillna(0)).sort_values("n", ascending=False, kind="stable")["form"])
    chosen_form = check_choice("form", forms[0] if form is None else form, forms)
    return Choice(teams, instrument, instrument.translation(language), site, team, chosen_wave, chosen_form)
