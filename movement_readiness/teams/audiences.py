"""What an audience may see of a table: the rows and numbers that are withheld from it, blanked and with the reason."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from movement_readiness.teams.comparison import CHANGE_NUMBERS, FUNNEL_NUMBERS
from movement_readiness.teams.counting import PLACE
from movement_readiness.teams.disclosure import PUBLIC_REASON

__all__ = ["NUMBERS", "ByTeam", "joined", "visible", "visible_heads"]

_SCORE_NUMBERS = ["n", "mean", "ci_low", "ci_high", "shrunken", "shrunken_low", "shrunken_high", "reliability"]
NUMBERS = {  # what is blanked in each table where an audience may not see it
    "scores": _SCORE_NUMBERS,
    "items": ["n", "mean"],
    "answers": ["n", "percent"],
    "agreement": ["n", "spread"],
    "funnel": FUNNEL_NUMBERS,
    "change": CHANGE_NUMBERS,
}


def joined(tables: list[pd.DataFrame], part: str) -> pd.DataFrame:
    """One long frame, its columns in the order that `TeamResults` names."""
    frame = pd.concat(tables, ignore_index=True)
    order = [*PLACE, part, "option", *_SCORE_NUMBERS]
    front = [name for name in order if name in frame.columns]
    return frame[
        [
            *front,
            *(name for name in frame.columns if name not in (*front, "status", "reason")),
            "status",
            "reason",
        ]
    ]


def visible(frame: pd.DataFrame, floor: int, numbers: list[str]) -> pd.DataFrame:
    """The rows with the numbers that an audience may not see blanked and the reason given."""
    hidden = frame["status"] < floor
    reason = frame["reason"].mask(hidden & (frame["reason"] == ""), "too_few").astype("str")
    blanked = {name: _blanked(frame[name], hidden) for name in numbers if name in frame.columns}
    shown = frame.drop(columns=["status", "reason"]).assign(**blanked)
    made = shown.assign(withheld=hidden.astype(bool), reason=reason.replace(PUBLIC_REASON).mask(~hidden, ""))
    return made.reset_index(drop=True).copy()  # whose arrays are no views of those that hold everything


def _blanked(values: pd.Series[Any], hidden: pd.Series[Any]) -> pd.Series[Any]:
    """Values without the hidden ones: whole numbers would stay under their mask, and leave with a pickle or Arrow."""
    if not isinstance(values.dtype, pd.Int64Dtype):
        return values.mask(hidden)
    away = (values.isna() | hidden).to_numpy(dtype=bool)
    kept = np.where(away, 0, values.to_numpy(dtype=np.int64, na_value=0))
    return pd.Series(pd.arrays.IntegerArray(kept, away), index=values.index)


def visible_heads(chosen: pd.DataFrame, floor: int, of_sites: int) -> pd.DataFrame:
    """How many answered in each group, blanked for teams and sites of fewer than so many people."""
    few = (chosen["n"] < floor) | ((chosen["level"] == "site") & (chosen["n"] < of_sites))
    withheld = (few | chosen["hidden"]).astype(bool)
    reason = few.map({True: "too_few", False: "protected"}).where(withheld, "").astype("str")
    return (
        chosen.drop(columns="hidden")
        .assign(
            n=_blanked(chosen["n"], withheld),
            invited=_blanked(chosen["invited"], chosen["invited"].isna()),
            withheld=withheld,
            reason=reason,
        )
        .reset_index(drop=True)
        .copy()
    )


class ByTeam:
    """A table that is handed out team by team: the rows of the team and of its site."""

    def __init__(self, table: pd.DataFrame) -> None:
        self._table = table
        self._places: dict[tuple[str, str | None], list[int]] = {}
        teams = table["team"].astype(object).where(table["level"] == "team", None)
        for place, key in enumerate(zip(table["site"], teams, strict=True)):
            self._places.setdefault(key, []).append(place)

    def of(self, site: str, team: str) -> pd.DataFrame:
        """The rows of one team and its site, in the table's order."""
        places = sorted([*self._places.get((site, None), ()), *self._places.get((site, team), ())])
        return self._table.take(places).reset_index(drop=True)
