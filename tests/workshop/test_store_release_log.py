"""The release log inside a store: kept, merged, backed up, and without anything of withdrawn answers."""

from __future__ import annotations

import pandas as pd
import pytest
from workshop.store_support import a_response

import movement_readiness as mr
from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store import ResponseStore


def filled(store, instrument, n=14, seed=0):
    responses = [
        a_response(instrument, number, seed=seed, site="North", team="A" if number % 2 else "B") for number in range(n)
    ]
    store.add_many(responses)
    return responses


def hidden(store, instrument, log=None):
    found = mr.aggregate_scores(
        store.to_frame(instrument),
        instrument,
        audience=("own_team", "North", "A"),
        release_log=log or store.release_log,
    ).scores
    return set(found.loc[found["level"] == "team", "reason"])


def test_a_late_answer_is_not_given_away(store, instrument):
    filled(store, instrument, 28)
    assert "few_changed" not in hidden(store, instrument)
    assert len(store.release_log.releases()) == 1
    hidden(store, instrument)
    assert len(store.release_log.releases()) == 1
    store.add(a_response(instrument, 101, site="North", team="A"))
    assert "few_changed" in hidden(store, instrument)
    assert "whole" in store.check()


def test_a_withdrawal_is_not_given_away_and_leaves_nothing_in_the_log(store, instrument):
    responses = filled(store, instrument, 28)
    hidden(store, instrument)
    withdrawn = next(one for one in responses if one.team == "A")
    store.withdraw(response_id=withdrawn.response_id)
    assert "few_changed" in hidden(store, instrument)
    lines = "".join(one.to_json() for one in store.release_log.releases())
    assert withdrawn.response_id not in lines


def test_merged_and_backed_up(store, instrument, tmp_path):
    filled(store, instrument, 28)
    hidden(store, instrument)
    store.backup(tmp_path / "copy.sqlite")
    with ResponseStore(tmp_path / "copy.sqlite") as copy, ResponseStore(tmp_path / "other.sqlite") as other:
        assert copy.release_log.releases() == store.release_log.releases()
        other.merge(copy)
        assert other.merge(copy).conflicts == []
        other.add(a_response(instrument, 101, site="North", team="A"))
        assert "few_changed" in hidden(other, instrument)


def test_a_store_to_read_shows_nothing_that_it_cannot_record(tmp_path, instrument):
    with ResponseStore(tmp_path / "one.sqlite") as store:
        filled(store, instrument, 28)
    with ResponseStore(tmp_path / "one.sqlite", read_only=True) as store, pytest.raises(StoreError) as caught:
        hidden(store, instrument)
    assert caught.value.reason == "read_only"


def test_corrections_are_counted_in_the_frame(store, instrument):
    frame = store.to_frame(instrument) if filled(store, instrument, 4) else pd.DataFrame()
    assert frame.attrs["revisions"] == {}
