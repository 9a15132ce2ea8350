"""From a store to the frame that the rest of the package reads."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pandas as pd
import pytest
from workshop.store_support import a_response, a_session, in_session, with_receipt

import movement_readiness as mr
from movement_readiness.exceptions import ResponsesWarning, SessionError, StoreError
from movement_readiness.workshop.store import ResponseStore


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet", ".sav"])
def test_it_is_the_frame_that_a_file_gives(store, any_instrument, tmp_path, ending):
    forms = list(any_instrument.forms)
    store.add_many(
        a_response(any_instrument, number, form=forms[number % len(forms)], team=None if number == 3 else "A1")
        for number in range(40)
    )
    frame = store.to_frame(any_instrument)
    path = mr.write_responses(frame, tmp_path / f"answers{ending}", any_instrument)
    pd.testing.assert_frame_equal(frame, mr.read_responses(path, any_instrument))


def test_one_form_has_its_items_alone(store, any_instrument, tmp_path):
    form = list(any_instrument.forms)[-1]
    store.add_many(
        a_response(any_instrument, number, form=form, role=None, site=None, team=None) for number in range(5)
    )
    frame = store.to_frame(any_instrument)
    path = mr.write_responses(frame, tmp_path / "answers.csv", any_instrument)
    pd.testing.assert_frame_equal(frame, mr.read_responses(path, any_instrument))
    items = any_instrument.forms[form].items
    assert [name for name in frame if name in any_instrument.items] == [
        item for item in any_instrument.items if item in items
    ]


def test_an_empty_store_gives_an_empty_frame(store, any_instrument):
    frame = store.to_frame(any_instrument)
    assert len(frame) == 0
    assert set(any_instrument.forms[next(iter(any_instrument.forms))].items) <= set(frame)
    store.add(a_response(any_instrument))
    filled = store.to_frame(any_instrument).dtypes
    pd.testing.assert_series_equal(frame.dtypes[filled.index], filled)


def test_answers_are_as_given_and_rows_tell_nothing_of_arrival(store, any_instrument):
    responses = [a_response(any_instrument, number) for number in range(30)]
    for response in responses:
        store.add(response)
    frame = store.to_frame(any_instrument)
    assert frame["response_id"].tolist() == sorted(one.response_id for one in responses)
    by_id = frame.set_index("response_id")
    for response in responses:
        row = by_id.loc[response.response_id, list(response.answers)]
        assert row.tolist() == list(response.answers.values())
    scores = mr.score_scales(frame, any_instrument)
    assert len(scores) == 30


def test_a_corrected_response_is_as_it_was_last_sent(store, instrument):
    response, code = with_receipt(instrument)
    store.add(response)
    later = replace(response, language="es", submitted_on=response.submitted_on + datetime.timedelta(days=2))
    store.amend(later, receipt=code, revision=1)
    (row,) = store.to_frame(instrument).to_dict("records")
    assert row["language"] == "es"
    assert row["submitted_on"].date() == later.submitted_on


def test_rehearsals_never_mix_with_real_answers(store, instrument):
    real, rehearsal = a_response(instrument, 1), a_response(instrument, 2, rehearsal=True)
    simulated = a_response(instrument, 3, synthetic=True)
    store.add_many([real, rehearsal, simulated])
    frame = store.to_frame(instrument).set_index("response_id")
    assert set(frame.index) == {real.response_id, simulated.response_id}
    assert frame["synthetic"].to_dict() == {real.response_id: False, simulated.response_id: True}
    (row,) = store.to_frame(instrument, rehearsal=True).to_dict("records")
    assert (row["response_id"], row["synthetic"]) == (rehearsal.response_id, True)


def test_one_session(store, instrument):
    session = store.open_session(a_session(instrument))
    response = in_session(instrument, session, 1)
    store.add_many([response, a_response(instrument, 2)])
    assert store.to_frame(instrument, session=session.session_id)["response_id"].tolist() == [response.response_id]
    with pytest.raises(SessionError, match="does not know it"):
        store.to_frame(instrument, session="another")


def test_other_versions_are_kept_and_named(store, instrument, garden):
    store.add_many([a_response(instrument, number) for number in range(3)])
    older = replace(a_response(instrument, 7), instrument_version="0.0.9", instrument_sha256="e" * 64)
    store.add_many([older, a_response(garden, 1), a_response(garden, 2)])
    with pytest.warns(ResponsesWarning) as found:
        frame = store.to_frame(instrument)
    (warning,) = found
    assert warning.filename == __file__
    assert f"{instrument.id} 0.0.9 (sha256 {'e' * 12}): 1 response" in str(warning.message)
    assert f"{garden.id} {garden.version} (sha256 {garden.sha256[:12]}): 2 responses" in str(warning.message)
    assert len(frame) == 3
    assert sorted((one.version, one.n) for one in frame.attrs["other_versions"]) == sorted(
        [("0.0.9", 1), (garden.version, 2)]
    )
    with pytest.warns(ResponsesWarning):
        assert len(store.to_frame(garden)) == 2


def test_a_store_with_other_versions_alone_says_what_it_holds(store, instrument, garden):
    store.add(a_response(garden))
    with pytest.raises(StoreError, match=f"holds no answers to .* only to {garden.id} {garden.version}"):
        store.to_frame(instrument)


def test_reading_while_another_writes(location, instrument):
    with ResponseStore(location) as store, ResponseStore(location, read_only=True) as reader:
        for number in range(5):
            store.add(a_response(instrument, number))
            assert len(reader.to_frame(instrument)) == number + 1
