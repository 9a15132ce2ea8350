"""Stores of both kinds: a test that takes `location` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest
from workshop.postgres import Cluster, missing

from movement_readiness.workshop.store import ResponseStore


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL server of this test process alone."""
    lacking = missing()
    if lacking:
        pytest.skip(lacking)
    found = Cluster()
    yield found
    found.delete()


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request, tmp_path):
    """Where a store can be made."""
    if request.param == "sqlite":
        return str(tmp_path / "responses.sqlite")
    return request.getfixturevalue("cluster").database()


@pytest.fixture
def store(location, tmp_path):
    """An empty store."""
    with ResponseStore(location, key_file=tmp_path / "codes.key") as found:
        yield found
