"""What the tables of one round are made from: the groups in their order, sums of scores, counts of answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.instrument import Instrument
from movement_readiness.teams.study import Round, Study

__all__ = ["PLACE", "answer_counts", "counted_answers", "item_options", "places", "score_sums", "site_sums"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PLACE = ["level", "site", "team", "wave", "form"]


def places(study: Study, part: Round) -> pd.DataFrame:
    """The groups of a round in the order used everywhere: sites, then teams."""
    sites, teams = list(study.sites), list(study.teams)
    return pd.DataFrame(
        {
            "level": ["site"] * len(sites) + ["team"] * len(teams),
            "site": sites + [site for site, _ in teams],
            "team": pd.array([None] * len(sites) + [team for _, team in teams], dtype="str"),
            "wave": part.wave,
            "form": part.form,
        }
    )


def site_sums(study: Study, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums over the teams of each site."""
    sums = np.zeros((len(study.sites), *values.shape[1:]), dtype=values.dtype)
    np.add.at(sums, study.team_site, values)
    return sums


def score_sums(study: Study, part: Round, column: int) -> tuple[Ints, Floats, Ints, Floats]:
    """People and sums of scores: of each team, and of people without a team at each site."""
    values = part.scores[:, column]
    known = ~np.isnan(values)
    teamed, apart = known & (part.team >= 0), known & (part.team < 0)
    n_teams, n_sites = len(study.teams), len(study.sites)
    return (
        np.bincount(part.team[teamed], minlength=n_teams).astype(np.int64),
        np.bincount(part.team[teamed], values[teamed], minlength=n_teams).astype(np.float64),
        np.bincount(part.site[apart], minlength=n_sites).astype(np.int64),
        np.bincount(part.site[apart], values[apart], minlength=n_sites).astype(np.float64),
    )


def item_options(part: Round, column: int, instrument: Instrument) -> tuple[Floats, Floats, list[int], bool]:
    """An item's keyed codes in order, their values on 0-100, the scales that hold it, and whether it is turned."""
    item = part.items[column]
    options = np.array(sorted(instrument.response_scale(item).codes), dtype=float)
    turned = instrument.home_scale(item) is not None and instrument.key(item) == -1
    keyed = np.sort(options[0] + options[-1] - options) if turned else options
    values = (keyed - keyed[0]) / (keyed[-1] - keyed[0]) * 100
    holders = [place for place, scale in enumerate(part.scales) if item in instrument.item_ids(scale)]
    return keyed, values, holders, turned


def counted_answers(part: Round, column: int, holders: list[int]) -> Bools:
    """Whose answers to an item count where it is shown.

    Those of people who have a score on every shown scale with the item: otherwise the answers of somebody without
    one would be what the items have more than the scale.
    """
    flags: Bools = ~np.isnan(part.answers[:, column]) & ~np.isnan(part.scores[:, holders]).any(axis=1)
    return flags


def answer_counts(study: Study, part: Round, column: int, keyed: Floats, holders: list[int]) -> tuple[Ints, Ints]:
    """How often each option was chosen: teams x options, and people without a team by site x options."""
    values = part.answers[:, column]
    known = counted_answers(part, column, holders)
    option = np.searchsorted(keyed, values[known])
    width = len(keyed)

    def table(group: Ints, n_groups: int) -> Ints:
        inside = group >= 0
        cells = np.bincount(group[inside] * width + option[inside], minlength=n_groups * width)
        return cells.reshape(n_groups, width)

    teams, sites = part.team[known], part.site[known]
    return table(teams, len(study.teams)), table(np.where(teams < 0, sites, -1), len(study.sites))
