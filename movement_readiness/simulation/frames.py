"""The simulated study as frames: responses as a file of answers would give them, roster, truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.instrument import Instrument
from movement_readiness.simulation.answers import Answers, Factors
from movement_readiness.simulation.design import Design, Layout, site_names, team_names
from movement_readiness.simulation.measurement import Measurement
from movement_readiness.simulation.population import item_moments
from movement_readiness.simulation.teamvariance import Score

__all__ = ["factor_table", "factors_frames", "loading_table", "responses_frame", "roster_frame", "scale_table"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FIRST_DAY = np.datetime64("2024-03-04", "s")  # a Monday
_BETWEEN_WAVES = np.timedelta64(26 * 7, "D")
_ID_DIGITS = 20  # 80 random bits: no two alike among millions


def _chosen(names: Sequence[str], positions: Ints) -> pd.Series[str]:
    return pd.Series(pd.array(list(names), dtype="str").take(positions))


def responses_frame(
    instrument: Instrument,
    form: str,
    language: str,
    design: Design,
    layout: Layout,
    answers: Iterable[Answers],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Give one row a respondent, in the columns that `read_responses` gives."""
    n = len(layout.team)
    waves = [str(wave + 1) for wave in range(design.n_waves)]
    days = _FIRST_DAY + np.arange(design.n_waves) * _BETWEEN_WAVES
    same = {
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
        "form": form,
        "language": language,
        "aim_id": instrument.aim_id,
    }
    every = np.zeros(n, dtype=np.int64)
    columns: dict[str, object] = {"response_id": _response_ids(n, rng)}
    columns.update({name: _chosen([value], every) for name, value in same.items()})
    columns["site"] = _chosen(site_names(design), layout.site_of_team[layout.team])
    columns["team"] = _chosen(team_names(design), layout.team % design.teams_per_site)
    columns["role"] = _roles(instrument, n, rng)
    columns["wave"] = _chosen(waves, layout.wave)
    columns["submitted_on"] = days.astype("datetime64[s]")[layout.wave]
    columns["synthetic"] = np.ones(n, dtype=bool)
    for given in answers:
        columns[given.item] = pd.arrays.IntegerArray(given.codes, given.unknown)
    return pd.DataFrame(columns)


def _response_ids(n: int, rng: np.random.Generator) -> pd.Series[str]:
    digits = rng.bytes(n * _ID_DIGITS // 2).hex()
    return pd.Series(
        [f"sim-{digits[start : start + _ID_DIGITS]}" for start in range(0, n * _ID_DIGITS, _ID_DIGITS)], dtype="str"
    )


def _roles(instrument: Instrument, n: int, rng: np.random.Generator) -> pd.Series[str]:
    """Give everyone a role, each as often as another; nobody where the instrument asks for none."""
    if not instrument.roles:
        return pd.Series([None] * n, dtype="str")
    return _chosen(tuple(instrument.roles), rng.integers(len(instrument.roles), size=n))


def roster_frame(design: Design, layout: Layout) -> pd.DataFrame:
    """Give one row a team: site, team, invited."""
    return pd.DataFrame(
        {
            "site": _chosen(site_names(design), layout.site_of_team),
            "team": _chosen(team_names(design), np.arange(len(layout.site_of_team)) % design.teams_per_site),
            "invited": layout.invited(design.response_rate),
        }
    )


def team_index(roster: pd.DataFrame) -> pd.MultiIndex:
    """Name the teams by site and team."""
    return pd.MultiIndex.from_frame(roster[["site", "team"]])


def loading_table(measurement: Measurement) -> pd.DataFrame:
    """Give the loadings, items x factors; 0 on every factor but the item's own."""
    table = np.zeros((len(measurement.items), len(measurement.factors)))
    loaded = np.flatnonzero(measurement.factor_of >= 0)
    table[loaded, measurement.factor_of[loaded]] = measurement.loadings[loaded]
    return pd.DataFrame(
        table, index=pd.Index(measurement.items, name="item"), columns=pd.Index(measurement.factors, name="factor")
    )


def factor_table(measurement: Measurement, values: Floats, index: pd.Index) -> pd.DataFrame:
    """Give factor values with names; a square table of correlations has the factors as rows too."""
    return pd.DataFrame(values, index=index, columns=pd.Index(measurement.factors, name="factor"))


def scale_table(
    measurement: Measurement, scores: Mapping[str, Score], team_variance: Floats, design: Design
) -> pd.DataFrame:
    """Give the population's mean, SD, ICC(1) and share between sites of every score, per wave."""
    rows: list[tuple[str, str, float, float, float, float]] = []
    correlations = measurement.correlations
    for wave in range(design.n_waves):
        moments = item_moments(measurement, shift=wave * design.wave_change)
        for name, score in scores.items():
            found = moments.score(score.weights, score.constant)
            spread = max(found.variance(correlations, team_variance), 0.0) ** 0.5
            rows.append(
                (
                    name,
                    str(wave + 1),
                    found.mean,
                    spread,
                    found.icc1(correlations, team_variance),
                    found.icc1(correlations, team_variance, share=design.site_share),
                )
            )
    return pd.DataFrame(rows, columns=["scale", "wave", "mean", "sd", "icc1", "icc1_site"]).set_index(["scale", "wave"])


def factors_frames(
    measurement: Measurement, factors: Factors, design: Design, roster: pd.DataFrame, response_ids: pd.Series[str]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Give the factor values of sites, teams and respondents."""
    return (
        factor_table(measurement, factors.sites, pd.Index(site_names(design), name="site")),
        factor_table(measurement, factors.teams, team_index(roster)),
        factor_table(measurement, factors.people, pd.Index(response_ids, name="response_id")),
    )
