"""Three rounds of one study: nobody is taken for somebody who answered otherwise, and nothing is lost for nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import movement_readiness as mr
from movement_readiness.teams.aggregation import Aggregation
from movement_readiness.teams.facts import numbered
from movement_readiness.teams.study import read_study

CODES = {"n_fence": range(1, 8), "n_talk": range(4), "n_key": range(2), "n_party": range(1, 8)}
RARE = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.3)


def statuses(results, wave):
    names = ["level", "site", "team", "scale", "item"]
    found = pd.concat([results.scores, results.items]).fillna({"team": "-", "scale": "-", "item": "-"})
    return found[found["wave"] == wave].set_index(names)["status"]


def long_short_long(third, other):
    """Wave 3; before it a short form with the same answers, and a long one whose other items were answered otherwise."""
    first = third.assign(wave="1", response_id="a" + third["response_id"], **other)
    second = third.drop(columns=list(other)).assign(wave="2", form="kurz", response_id="b" + third["response_id"])
    return pd.concat([first, second, third], ignore_index=True)


@pytest.fixture
def skewed(garden, responses_of):
    """Two teams, mostly of the same mind on the long form's own items, some of which a few people skipped."""
    rng = np.random.default_rng(148)
    sizes = {("N", team): int(rng.integers(10, 14)) for team in "AB"}
    third = responses_of(garden, sizes, seed=148, wave="3", form="lang")

    def drawn(item, chances):
        return pd.array(rng.choice(list(CODES[item]), len(third), p=np.array(chances) / sum(chances)), dtype="Int64")

    for item, codes in CODES.items():
        third[item] = drawn(item, RARE[::-1] if item == "n_fence" else RARE[-len(codes) :])
    for row in rng.choice(len(third), int(rng.integers(2, 6)), replace=False):
        third.loc[row, rng.choice(list(CODES), 1)] = pd.NA
    other = {
        item: pd.Series(pd.array(rng.choice(list(codes), len(third)), dtype="Int64")).mask(third[item].isna())
        for item, codes in CODES.items()
    }
    return long_short_long(third, other)


def test_a_short_form_between_two_long_ones_makes_nobody_the_same(garden, skewed):
    alone = statuses(Aggregation(skewed[skewed["wave"] == "3"], garden), "3")
    beside = statuses(Aggregation(skewed, garden), "3")
    assert (alone < 2).sum() > 3
    assert (beside[alone.index] <= alone).all()


def test_no_two_rounds_of_one_person_contradict_each_other(garden, responses_of):
    items = garden.forms["kurz"].items
    rng = np.random.default_rng(0)
    third = responses_of(garden, {("N", "A"): 12, ("N", "B"): 12}, seed=1, wave="3", form="lang")
    third[list(items)] = third.loc[rng.integers(0, 24, 24), list(items)].to_numpy()  # many answer the short form alike
    other = {item: pd.array(rng.choice(list(codes), 24), dtype="Int64") for item, codes in CODES.items()}
    rounds = read_study(long_short_long(third, other), garden, None, ()).rounds
    people = numbered(rounds)
    answers = {}
    for part, mine in zip(rounds, people, strict=True):
        assert len(set(mine.tolist())) == len(mine)
        for row, person in enumerate(mine.tolist()):
            for item, answer in zip(part.items, part.answers[row].tolist(), strict=True):
                assert answers.setdefault((person, item), answer) == answer
    assert len(np.intersect1d(people[0], people[1])) == 24
    assert len(np.intersect1d(people[0], people[2])) < 12
    same = read_study(
        pd.concat([third.assign(wave=wave, response_id=wave + third["response_id"]) for wave in "123"]),
        garden,
        None,
        (),
    ).rounds
    for mine in numbered(same):
        assert set(mine.tolist()) == set(range(24))


def test_items_left_out_cost_other_waves_nothing(instrument):
    frame = mr.simulate_responses(
        instrument, n_sites=1, teams_per_site=3, team_size=(12, 25), n_waves=3, icc1=0.1, seed=1
    ).responses
    items = list(instrument.item_ids())
    frame[items] = frame[items].mask(np.random.default_rng(1).random((len(frame), len(items))) < 0.1)
    beside = statuses(Aggregation(frame, instrument), "3")
    alone = statuses(Aggregation(frame[frame["wave"].astype(str) == "3"], instrument), "3")
    assert (alone == 2).sum() > 36
    assert (beside[alone.index] == alone).all()
