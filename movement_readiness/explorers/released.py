"""What an explorer reads: the frames of `TeamResults`, found by group without searching them whole each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.exceptions import ArgumentError, NothingToReleaseError
from movement_readiness.instrument import Instrument
from movement_readiness.teams import TeamResults

__all__ = ["COMPARISONS", "KINDS", "Released", "Selection", "scores_of"]

KINDS = {"mean": "Mean of the answers", "shrunken": "Mean drawn towards the middle, to compare teams"}
COMPARISONS = {
    "none": "Nothing",
    "site": "The site",
    "earlier": "The wave before",
    "benchmark": "Other teams (benchmark)",
}
_NUMBERS = {"mean": ("mean", "ci_low", "ci_high"), "shrunken": ("shrunken", "shrunken_low", "shrunken_high")}

Index = dict[tuple[str, str], npt.NDArray[np.intp]]


@dataclass(frozen=True)
class Selection:
    """What is looked at. `page` counts the pages of a site's teams, `sites_page` those of the sites, from 0."""

    site: str
    team: str
    wave: str
    form: str
    scale: str
    kind: str = "mean"
    comparison: str = "none"
    page: int = 0
    sites_page: int = 0


class Released:
    """The released frames, and the words of the instrument they come from."""

    def __init__(self, teams: TeamResults, instrument: Instrument, language: str | None = None) -> None:
        if not isinstance(teams, TeamResults):
            raise ArgumentError(
                f"teams: expected TeamResults, as aggregate_scores gives them; got {type(teams).__name__}. "
                "An explorer never sees respondents."
            )
        if not isinstance(instrument, Instrument):
            raise ArgumentError(f"instrument: expected an Instrument; got {type(instrument).__name__}.")
        if (teams.instrument_id, teams.instrument_sha256) != (instrument.id, instrument.sha256):
            raise ArgumentError(
                f"instrument: expected {teams.instrument_id} {teams.instrument_version}, which the results come from; "
                f"got {instrument.id} {instrument.version}."
            )
        if teams.respondents.empty:
            raise NothingToReleaseError("teams: there is no group in these results.")
        self.results, self.instrument = teams, instrument
        self.words = instrument.translation(language)
        self.sites = teams.sites
        self.waves = teams.waves
        answered = set(teams.respondents["form"].unique())
        self.forms = tuple(form for form in instrument.forms if form in answered)
        self._groups: dict[str, Index] = {}
        self._teams: dict[str, tuple[str, ...]] = {}

    def teams(self, site: str) -> tuple[str, ...]:
        """The teams of a site, in the order of their names."""
        if not self._teams:
            found: dict[str, list[str]] = {name: [] for name in self.sites}
            for place, team in self._index("respondents"):
                if team:
                    found[place].append(team)
            self._teams = {name: tuple(sorted(names)) for name, names in found.items()}
        return self._teams[site]

    def scales(self, form: str, *kinds: str) -> list[str]:
        """The scales of a form that were scored, in the instrument's order; of some kinds only, if given."""
        frame = self.results.team_differences
        scored = set(frame.loc[frame["form"] == form, "scale"])
        return [
            scale.id
            for scale in self.instrument.scales.values()
            if scale.id in scored and (not kinds or scale.kind in kinds)
        ]

    def all_scales(self) -> list[str]:
        """The scales of all forms that were answered."""
        found = {scale for form in self.forms for scale in self.scales(form)}
        return [scale for scale in self.instrument.scales if scale in found]

    def group(self, table: str, choice: Selection, *, team: str | None = None, wave: str | None = None) -> pd.DataFrame:
        """The rows of one group in the wave and form of a choice: a team's, or without a team the site's."""
        places = self._index(table).get((choice.site, team or ""))
        return self._round(table, places, choice, wave)

    def site_groups(self, table: str, choice: Selection, *, teams: tuple[str, ...]) -> pd.DataFrame:
        """The rows of several teams of a site in the wave and form of a choice, in their order."""
        index = self._index(table)
        found = [index[(choice.site, team)] for team in teams if (choice.site, team) in index]
        return self._round(table, np.concatenate(found) if found else None, choice, None)

    def sites_rows(self, table: str, choice: Selection, *, sites: tuple[str, ...]) -> pd.DataFrame:
        """The rows of several sites (not of their teams), in their order."""
        index = self._index(table)
        found = [index[(site, "")] for site in sites if (site, "") in index]
        return self._round(table, np.concatenate(found) if found else None, choice, None)

    def _round(
        self, table: str, places: npt.NDArray[np.intp] | None, choice: Selection, wave: str | None
    ) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(self.results, table)
        rows = frame.take([] if places is None else places)
        when = "wave" if "wave" in rows.columns else "wave_to"
        here = (rows[when] == (wave or choice.wave)) & (rows["form"] == choice.form)
        return rows[here].reset_index(drop=True)

    def _index(self, table: str) -> Index:
        """Where each group's rows are: (site, team), the team "" for the site itself."""
        if table not in self._groups:
            frame: pd.DataFrame = getattr(self.results, table)
            self._groups[table] = _positions(frame["site"], frame["team"])
        return self._groups[table]

    def items(self, form: str) -> frozenset[str]:
        """The items of a form."""
        return frozenset(self.instrument.form(form).items)

    def options(self, item: str) -> dict[int, str]:
        """The response options of an item with their labels, in the order that they are offered in."""
        scale = self.instrument.response_scale(item)
        return {code: self.words.options[scale.id].get(code, str(code)) for code in scale.codes}

    @property
    def invariance(self) -> str:
        """Which evidence allows sites to be compared, or that none has been shown."""
        return self.results.invariance

    def differences(self, choice: Selection) -> pd.DataFrame:
        """The evidence that teams differ, scale by scale (index: scale), for the wave and form of a choice."""
        frame = self.results.team_differences
        rows = frame[(frame["wave"] == choice.wave) & (frame["form"] == choice.form)]
        return rows.set_index("scale", drop=False)

    @property
    def wave_order(self) -> tuple[str, ...]:
        """What is to be said of the order of the waves: a sentence, or nothing."""
        said = self.results.wave_order.sentence
        return (said,) if said and len(self.waves) > 1 else ()

    def earlier(self, wave: str) -> str | None:
        """The wave before this one."""
        place = self.waves.index(wave)
        return self.waves[place - 1] if place else None


def _positions(sites: pd.Series[Any], teams: pd.Series[Any]) -> Index:
    if sites.empty:
        return {}
    site_codes, site_names = pd.factorize(sites)
    team_codes, team_names = pd.factorize(teams)  # -1 where there is none
    width = len(team_names) + 1
    codes = site_codes.astype(np.int64) * width + team_codes + 1
    order = np.argsort(codes, kind="stable")
    found, starts = np.unique(codes[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    places, names = site_names.tolist(), ["", *team_names.tolist()]
    return {
        (places[code // width], names[code % width]): order[start:end]
        for code, start, end in zip(found.tolist(), starts.tolist(), ends.tolist(), strict=True)
    }


def scores_of(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Columns scale, mean, ci_low, ci_high, withheld, reason of one kind of score; withheld where it is not given."""
    mean, low, high = _NUMBERS[kind]
    values = rows[[mean, low, high]].to_numpy(dtype=float, na_value=np.nan)
    frame = rows[["scale", "reason"]].assign(mean=values[:, 0], ci_low=values[:, 1], ci_high=values[:, 2])
    hidden = rows["withheld"].to_numpy(dtype=bool) | np.isnan(values[:, 0])
    reason = frame["reason"].mask(hidden & (frame["reason"] == ""), "no_estimate")
    return frame.assign(withheld=hidden, reason=reason)
