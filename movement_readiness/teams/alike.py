"""How alike the answers within teams are, over a whole round: what stands beside every comparison of teams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics import average_deviation, rwg_j
from movement_readiness.teams.counting import counted_answers, item_options
from movement_readiness.teams.disclosure import PUBLISHED
from movement_readiness.teams.study import Round

__all__ = ["with_agreement"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_FEWEST_TEAMS = 5  # a median of fewer comes close to being one team's own
_SKEWED_FROM, _SKEWED_TO = 5, 11  # options for which skewed null distributions are tabled
_COLUMNS = ["rwg_j_median_uniform", "rwg_j_median_slight", "ad_median"]


def with_agreement(
    states: pd.DataFrame,
    part: Round,
    instrument: Instrument,
    means: Mapping[str, pd.DataFrame],
    items: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Add the medians of rwg(j) and of the average deviation over teams of which all items of a scale are published.

    Both can be computed from the answer counts of these teams, which everybody sees; so they tell nothing more. Of a
    team with a withheld item they would: that all answered it the same, where the team is the median.

    Parameters
    ----------
    states : DataFrame
        One row a scale of this round, as `states_table` makes it.
    part : Round
    instrument : Instrument
    means : mapping of scale to its table of means
        With who may see each (rows: sites, then teams).
    items : mapping of item to the same of its answers

    Returns
    -------
    DataFrame
        With rwg_j_median_uniform, rwg_j_median_slight (two decimals) and ad_median (points of 0-100, one decimal);
        NaN below five such teams, for scales without items, and for skewed nulls of items that they are not
        tabled for.
    """
    published = {name: _published(table) for name, table in (*means.items(), *items.items())}
    rows = [_medians(part, instrument, scale, published) for scale in states["scale"]]
    return states.assign(**{name: [row.get(name, np.nan) for row in rows] for name in _COLUMNS})


def _published(table: pd.DataFrame) -> Bools:
    flags: Bools = (table.loc[table["level"] == "team", "status"] == PUBLISHED).to_numpy()
    return flags


def _medians(part: Round, instrument: Instrument, scale: str, published: Mapping[str, Bools]) -> dict[str, float]:
    items = [item for item in instrument.item_ids(scale) if item in part.items]
    whole = np.all([published[name] for name in (scale, *items)], axis=0)
    if not items or whole.sum() < _FEWEST_TEAMS:
        return {}
    chosen = (part.team >= 0) & whole[part.team]
    shares, options = _as_shares(_counted(part, items, instrument)[chosen], items, instrument)
    team = part.team[chosen]
    tabled = all(_SKEWED_FROM <= number <= _SKEWED_TO for number in options)
    nulls = ["uniform", "slight"] if tabled else ["uniform"]
    steps = np.round(shares * (np.array(options) - 1), 9)
    agreement = rwg_j(steps, team, n_options=options, null=nulls, missing="available").filter(like="rwg_j")
    deviation = average_deviation(shares * 100, team, missing="available")["average_deviation"]
    found = {f"rwg_j_median_{null}": _median(agreement.iloc[:, place], 2) for place, null in enumerate(nulls)}
    return {**found, "ad_median": _median(deviation, 1)}


def _counted(part: Round, items: list[str], instrument: Instrument) -> Floats:
    """Respondents x items: the answers that are counted where an item is shown."""
    columns = []
    for place in (part.items.index(item) for item in items):
        *_, holders, _ = item_options(part, place, instrument)
        columns.append(np.where(counted_answers(part, place, holders), part.answers[:, place], np.nan))
    return np.column_stack(columns)


def _as_shares(answers: Floats, items: list[str], instrument: Instrument) -> tuple[Floats, list[int]]:
    """Answers from 0 to 1, and how many options each item has."""
    options = [sorted(instrument.response_scale(item).codes) for item in items]
    low, high = (np.array([codes[end] for codes in options], dtype=float) for end in (0, -1))
    return (answers - low) / (high - low), [len(codes) for codes in options]


def _median(values: pd.Series[Any], digits: int) -> float:
    known = values.dropna()
    return round(float(known.median()), digits) if len(known) >= _FEWEST_TEAMS else np.nan
