"""What a simulation gives back: the study as it would be collected, and the truth behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics.results import shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SimulatedStudy", "SimulationTruth"]


@dataclass(frozen=True, eq=False, repr=False)
class SimulationTruth:
    """The population and the draws behind a simulated study; made by `simulate_responses`.

    Attributes
    ----------
    form : str
    loadings : DataFrame, items x factors
        Of the latent responses of the answers as given; below 0 for an item that its scale reverses.
    thresholds : mapping of item id to array
        One fewer than the item's options, on the latent response; nominal items have none.
    factor_correlations : DataFrame, factors x factors
        At each level: between sites, between teams of a site, between people of a team.
    total_correlations : DataFrame, factors x factors
        Over all people of a wave. They are smaller where factors differ in their team variance (see Notes
        of `simulate_responses`), else the same.
    icc1 : float
        The ICC(1) of 0-100 scale scores that was asked for.
    icc1_latent : Series, one number per factor
        The share of the factor's variance that lies between teams, sites included.
    site_share : float
        How much of that lies between sites; 0 where there is one site.
    wave_change : float
        By how many latent standard deviations all factor means move from wave to wave.
    scales : DataFrame, one row per scale and wave (the index)
        The population's ``mean``, ``sd``, ``icc1`` and ``icc1_site`` (the share of the variance that lies
        between sites) of every 0-100 score that the form allows, of complete and careful answers.
    site_values : DataFrame, sites x factors
    team_values : DataFrame, teams (site, team) x factors
        A team's part with its site's, in latent standard deviations, without the change of waves.
    factor_values : DataFrame, respondents x factors
        Indexed by response_id; the factors' own, for careless respondents too.
    careless : Series of str, respondents
        "attentive", "straight_line" or "random"; indexed by response_id.
    skipped, cant_say : float
        The shares that were asked for.
    seed : int
        Gives the same study again, also when none was chosen.
    """

    form: str
    loadings: pd.DataFrame
    thresholds: Mapping[str, npt.NDArray[np.float64]]
    factor_correlations: pd.DataFrame
    total_correlations: pd.DataFrame
    icc1: float
    icc1_latent: pd.Series[float]
    site_share: float
    wave_change: float
    scales: pd.DataFrame
    site_values: pd.DataFrame
    team_values: pd.DataFrame
    factor_values: pd.DataFrame
    careless: pd.Series[str]
    skipped: float
    cant_say: float
    seed: int

    def __repr__(self) -> str:
        n_items, n_factors = self.loadings.shape
        return (
            f"<SimulationTruth: {n_items} items of form {self.form!r}, {n_factors} factors, "
            f"ICC(1) of scores {self.icc1:g}, seed {self.seed}>"
        )


@dataclass(frozen=True, eq=False, repr=False)
class SimulatedStudy:
    """A synthetic study: the frames that collecting would give, and the truth; made by `simulate_responses`.

    Attributes
    ----------
    responses : DataFrame, one row per respondent
        The columns of `read_responses`; ``synthetic`` is True in every row.
    roster : DataFrame, one row per team
        site, team, invited.
    truth : SimulationTruth
    """

    responses: pd.DataFrame
    roster: pd.DataFrame
    truth: SimulationTruth

    def _counts(self) -> str:
        n_waves = self.responses["wave"].nunique()
        n_sites = self.roster["site"].nunique()
        return ", ".join(
            [
                _counted(len(self.responses), "respondent"),
                _counted(len(self.roster), "team") + f" at {_counted(n_sites, 'site')}",
                _counted(n_waves, "wave"),
                f"form {self.truth.form!r}",
                _counted(len(self.truth.loadings), "item"),
            ]
        )

    def __repr__(self) -> str:
        return f"<SimulatedStudy, SYNTHETIC: {self._counts()}, ICC(1) {self.truth.icc1:g}, seed {self.truth.seed}>"

    def _repr_html_(self) -> str:
        headings = ("Scale", "Wave", "Mean", "SD", "ICC(1)", "of it between sites")
        head = "".join(f'<th scope="col">{text}</th>' for text in headings)
        rows = zip(self.truth.scales.index, self.truth.scales.to_numpy(dtype=float), strict=True)
        body = "".join(
            f'<tr><th scope="row">{escape(str(scale))}</th><td>{escape(str(wave))}</td>'
            f"<td>{shown(mean, 1)}</td><td>{shown(sd, 1)}</td><td>{shown(icc1)}</td><td>{shown(icc1_site)}</td></tr>"
            for (scale, wave), (mean, sd, icc1, icc1_site) in rows
        )
        return (
            '<div class="movement-readiness-result"><table>'
            f"<caption><strong>SYNTHETIC</strong> study: {escape(self._counts())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            "<p>The table is the truth: the population's 0-100 scores, of complete and careful answers. "
            f"Nobody gave these answers. Seed {self.truth.seed}.</p></div>"
        )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
