"""`TeamResults`: everything that may be shown about teams and sites, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from movement_readiness.evidence import Claim
from movement_readiness.teams.disclosure import DisclosurePolicy
from movement_readiness.teams.waves import WaveOrder, natural

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Audience", "TeamResults"]

Audience = str | tuple[str, str, str]


def _none() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


@dataclass(frozen=True, repr=False, eq=False)
class TeamResults:
    """Aggregates of teams and sites after disclosure control; safe to show to its audience.

    Attributes
    ----------
    scores : pandas.DataFrame
        One row a group and scale: level ("site" or "team"), site, team, wave, form, scale, n, mean,
        ci_low, ci_high (0-100 points, rounded as the policy says), shrunken (empirical-Bayes mean) with its limits
        shrunken_low and shrunken_high, reliability (of the team's mean), withheld, reason. Withheld rows stay, with
        their numbers NA.
    items : pandas.DataFrame
        One row a group and item: level, site, team, wave, form, item, n, mean (0-100, keyed as in the
        item's home scale), withheld, reason.
    answers : pandas.DataFrame
        One row a group, item and response option: ..., item, option (code as given), n, percent,
        withheld, reason.
    agreement : pandas.DataFrame
        One row a published team and scale: ..., n, spread ("alike", "mixed" or "wide"), withheld.
    respondents : pandas.DataFrame
        One row a group: level, site, team, wave, form, n (who answered), invited (from the roster),
        withheld.
    team_differences : pandas.DataFrame
        The evidence that teams differ at all, per wave, form and scale, from published teams alone: icc1, ci_low,
        ci_high, state ("supported", "unclear", "not supported", "unknown"), n_respondents and n_teams (that it is
        estimated from; 0 where it is unknown), method ("reml"), icc2, icc2_low, icc2_high, n_teams_published,
        benchmark_low, benchmark_high (where 80 % of the teams' true means are estimated to lie; NA below 30 published
        teams), and how alike answers within teams are, as medians over five teams or more all of whose items of the
        scale are published (so that they follow from ``answers``): rwg_j_median_uniform, rwg_j_median_slight,
        ad_median (points).
    funnel : pandas.DataFrame
        One row a team and scale: level, site, team, wave, form, scale, n, mean, centre, low95, high95, low998,
        high998, dispersion (factor by which teams vary more than chance), position ("within", "outside 95 %",
        "outside 99.8 %"), withheld, reason. Limits are for a team of that size.
    change : pandas.DataFrame
        One row a group, scale and two waves that follow each other: level, site, team, form, scale, wave_from,
        wave_to, n_from, n_to, change, ci_low, ci_high, verdict ("higher", "lower", "no clear change"), withheld,
        reason.
    invariance : str
        What allows sites to be compared, or that nothing has been shown.
    claim : Claim
        What the evidence ledger lets anyone say of the instrument.
    synthetic : bool
        Whether any of the answers was simulated.
    wave_order : WaveOrder
        The waves in their order, and what that order comes from (``rule``: "given", "categories", "dates" or "names");
        ``waves`` are those that these results hold.
    """

    scores: pd.DataFrame
    items: pd.DataFrame
    answers: pd.DataFrame
    agreement: pd.DataFrame
    respondents: pd.DataFrame
    team_differences: pd.DataFrame
    policy: DisclosurePolicy
    audience: Audience
    claim: Claim
    synthetic: bool
    instrument_id: str
    instrument_version: str
    instrument_sha256: str
    aim_id: str
    n_without_site: int = 0
    notes: tuple[str, ...] = field(default=())
    funnel: pd.DataFrame = field(default_factory=_none)
    change: pd.DataFrame = field(default_factory=_none)
    invariance: str = ""
    wave_order: WaveOrder = field(default_factory=WaveOrder)

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites, in the order of their names."""
        return tuple(sorted(self.respondents["site"].unique()))

    def teams(self, site: str) -> tuple[str, ...]:
        """The teams of a site, in the order of their names."""
        rows = self.respondents[(self.respondents["site"] == site) & (self.respondents["level"] == "team")]
        return tuple(sorted(rows["team"].unique()))

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves, in their order."""
        there = set(self.respondents["wave"].unique())
        known = tuple(name for name in self.wave_order.names if name in there)
        return known or tuple(sorted(there, key=natural))

    def to_frame(self) -> pd.DataFrame:
        """A copy of ``scores``."""
        return self.scores.copy()

    def _summary(self) -> str:
        teams = self.respondents[self.respondents["level"] == "team"]
        shown = self.scores[(self.scores["level"] == "team") & ~self.scores["withheld"]]
        n_shown = len(shown[["site", "team", "wave", "form"]].drop_duplicates())
        audience = self.audience if isinstance(self.audience, str) else " ".join(self.audience)
        return (
            f"{len(self.sites)} sites, {len(teams)} teams by wave and form, {n_shown} of them with numbers shown "
            f"(audience: {audience})"
        )

    def __repr__(self) -> str:
        mark = "SYNTHETIC DATA, " if self.synthetic else ""
        return f"<TeamResults: {mark}{self._summary()}. {self.claim.sentence}>"

    def _repr_html_(self) -> str:
        mark = "<strong>Synthetic data.</strong> " if self.synthetic else ""
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f"<p>{mark}{escape(self._summary())}. {escape(self.claim.sentence)}</p><ul>{notes}</ul>"
            + self.scores.head(20).to_html(index=False, na_rep="")
        )
