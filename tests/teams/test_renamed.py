"""A later release in which a site or a wave is called otherwise, or people stand at another site."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from movement_readiness.teams import ReleaseLog
from movement_readiness.teams.aggregation import Aggregation

SIZES = {("North", "A"): 14, ("North", "B"): 12, ("North", "C"): 4, ("South", "D"): 15, ("South", "E"): 13}


@pytest.fixture
def first(instrument, responses_of):
    return responses_of(instrument, SIZES, form="short", wave="1", seed=3)


def released(instrument, *frames):
    """Which numbers the last of some releases shows, by site and team."""
    log = ReleaseLog()
    for frame in frames:
        found = Aggregation(frame, instrument, release_log=log)
        found.record("all")
    scores = found.scores.assign(team=found.scores["team"].fillna(""))
    return scores.set_index(["site", "team", "scale"])["status"]


def less_one(frame):
    return frame.drop(index=frame.index[frame["team"] == "A"][:1])


@pytest.mark.parametrize(
    ("names", "some"),
    [
        ({"North": "Nord"}, pd.DataFrame.copy),
        ({"North": "Nord", "South": "Sued"}, less_one),
        ({"North": "South", "South": "North"}, less_one),  # they change their names
        ({"North": "South", "South": "West"}, less_one),
    ],
)
def test_a_site_that_is_called_otherwise_is_the_same(instrument, first, names, some):
    later = some(first)
    under = released(instrument, first, later)
    renamed = released(instrument, first, later.replace({"site": names}))
    assert (under > 0).any()
    assert (
        renamed.rename(index={new: old for old, new in names.items()}, level="site")
        .sort_index()
        .equals(under.sort_index())
    )


def test_so_is_a_wave(instrument, first):
    later = less_one(first)
    assert released(instrument, first, later.assign(wave="spring")).equals(released(instrument, first, later))


def test_no_group_with_people_of_a_shown_group_of_another_site(instrument, first):
    """Six of team A, whose mean is out, and all of team D are a new team in the South."""
    log = ReleaseLog()
    Aggregation(first, instrument, release_log=log).record("all")
    later = first.copy()
    moved = [*later.index[later["team"] == "A"][:6], *later.index[later["team"] == "D"]]
    later.loc[moved, ["site", "team"]] = ["South", "New"]
    scores = Aggregation(later, instrument, release_log=log).scores.fillna({"team": ""}).set_index(["site", "team"])
    assert (scores.loc[[("South", "New"), ("South", "")], "status"] == 0).all()
    assert (scores.loc[[("South", "E")], "status"] > 0).any()


@pytest.fixture
def grown(instrument, responses_of):
    """A site with two hidden teams of four, one of them near the upper end; then eight more of that team."""
    frame = responses_of(instrument, {("North", "A"): 12, ("North", "B"): 4, ("North", "C"): 12}, seed=1)
    rng = np.random.default_rng(1)
    high = frame.index[frame["team"] == "C"]
    for item in instrument.form("full").items:
        frame.loc[high, item] = rng.choice([3, 4, 5], len(high), p=[0.02, 0.08, 0.9])
    return frame.drop(index=high[4:]), frame


@pytest.mark.parametrize("name", [{"site": {"North": "Nord"}}, {"wave": {"1": "spring"}}])
def test_nor_does_another_name_narrow_anybody(instrument, grown, name):
    first, later = grown
    under = released(instrument, first, later)
    assert (released(instrument, later) > 0).any()
    assert (under == 0).any()
    renamed = released(instrument, first, later.replace(name))
    assert renamed.to_numpy().tolist() == under.to_numpy().tolist()
