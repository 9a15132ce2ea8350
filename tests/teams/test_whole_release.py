"""Everything that is released about one round, taken together: published results and every team's own page.

The attacker knows who is in which team and solves a linear program over people x items of one scale
(complete answers), constrained by every mean of the scale and of its items that anybody is shown.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import linprog

import movement_readiness as mr
from movement_readiness.teams import aggregate_own_teams

SCALE = "rational"
LEAST = 20.0


def study(instrument, responses_of, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 2, 3, 4, 5, 7, 9, 10, 12, 15], size=(2, rng.integers(2, 5)))
    groups = {
        (site, f"T{team}"): int(sizes[row, team]) for row, site in enumerate("NS") for team in range(sizes.shape[1])
    }
    responses = responses_of(instrument, groups, seed=seed)
    high = rng.random() < 0.4  # often near the upper end, where little is needed to pin somebody
    for item in instrument.item_ids(SCALE):
        shares = [0.02, 0.03, 0.1, 0.25, 0.6] if high else [0.1, 0.2, 0.3, 0.25, 0.15]
        responses[item] = pd.array(rng.choice([1, 2, 3, 4, 5], len(responses), p=shares), dtype="Int64")
    return responses


def released(instrument, responses: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Every mean that anybody sees: who is in it, which items, its value."""
    items = list(instrument.item_ids(SCALE))
    published = mr.aggregate_scores(responses, instrument)
    own = [results.scores for _, results in aggregate_own_teams(responses, instrument)]
    scores = (
        pd.concat([published.scores, *own]).query("scale == @SCALE and not withheld").drop_duplicates(["site", "team"])
    )
    known = published.items[published.items["item"].isin(items) & ~published.items["withheld"]]
    rows = [(_members(responses, row), np.arange(len(items)), row["mean"]) for _, row in scores.iterrows()]
    return rows + [
        (_members(responses, row), np.array([items.index(row["item"])]), row["mean"]) for _, row in known.iterrows()
    ]


def _members(responses: pd.DataFrame, row: pd.Series) -> np.ndarray:
    inside = responses["site"] == row["site"]
    return np.flatnonzero(inside & (responses["team"] == row["team"]) if row["level"] == "team" else inside)


def _row(people: np.ndarray, items: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    cells = np.zeros(shape)
    cells[np.ix_(people, items)] = 1 / (len(people) * len(items))
    return cells.ravel()


def width(known, target: np.ndarray, shape: tuple[int, int]) -> float:
    """How wide the interval is in which the target's mean must lie; rounded means are known to half a point."""
    rows = sparse.csr_matrix(
        np.array([_row(people, items, shape) for people, items, _ in known]).reshape(len(known), -1)
    )
    values = np.array([value for _, _, value in known])
    cost = _row(target, np.arange(shape[1]), shape)
    both = (
        {"A_ub": sparse.vstack([rows, -rows]), "b_ub": np.concatenate([values + 0.5, 0.5 - values])}
        if len(known)
        else {}
    )
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * cost, bounds=(0, 100), method="highs", **both)
        assert solved.status == 0
        ends.append(sign * solved.fun)
    return ends[1] - ends[0]


@pytest.mark.parametrize("seed", range(30))
def test_no_person_and_no_small_team_is_narrowed_by_all_that_is_shown(instrument, responses_of, seed):
    responses = study(instrument, responses_of, seed)
    known = released(instrument, responses)
    shape = (len(responses), len(instrument.item_ids(SCALE)))
    for _, rows in responses.groupby(["site", "team"]):
        people = rows.index.to_numpy()
        assert width(known, people[:1], shape) >= LEAST - 1e-4
        if 1 < len(people) < 5:
            assert width(known, people, shape) >= LEAST - 1e-4


def test_the_attacker_finds_a_person_where_the_items_of_a_hidden_team_are_shown(instrument, responses_of):
    """The control: a site and its larger team shown item by item leave one person behind."""
    responses = responses_of(instrument, {("N", "A"): 8, ("N", "B"): 1})
    shape = (9, 5)
    answers = (responses[list(instrument.item_ids(SCALE))].to_numpy(dtype=float) - 1) * 25
    known = [(np.arange(n), np.array([item]), answers[:n, item].mean()) for n in (8, 9) for item in range(5)]
    assert width(known, np.array([8]), shape) < LEAST
