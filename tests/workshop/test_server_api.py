"""The participants' API over real sockets: every status a device may meet."""

from __future__ import annotations

import pytest
from workshop.server_support import Client, Device, Server, add_session, submission_for


@pytest.fixture
def served(tmp_path, any_instrument):
    """A server with one open session; made anew for every test."""
    store = tmp_path / "responses.sqlite"
    session = add_session(store, any_instrument)
    path = {} if any_instrument.path is None else {"instrument": str(any_instrument.path)}
    with Server(store, **path) as server:
        yield server, Client(server.port), session


def test_a_response_is_stored_once_and_the_same_again_is_acknowledged(served, any_instrument):
    _, client, session = served
    device = Device(client, session, any_instrument)
    submission = submission_for(any_instrument, session)
    first, again = device.send(submission), device.send(submission)
    assert (first.status, first.json) == (201, {"status": "stored"})
    assert (again.status, again.json) == (200, {"status": "unchanged"})
