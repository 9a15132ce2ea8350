"""Opening a store: any path, any age, any number of programs at once; light to load and to hold."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace

import psutil
import pytest
import sqlalchemy as sa
from support import ROOT
from workshop.store_support import a_response, a_session, device, finished, go, ready, start

from movement_readiness.exceptions import StoreError
from movement_readiness.workshop.store import Counts, ResponseStore
from movement_readiness.workshop.store.migrations import MIGRATIONS
from movement_readiness.workshop.store.schema import metadata

VERSION_1 = ROOT / "tests" / "data" / "store" / "version1.sql"


@pytest.mark.parametrize("name", ["with a space.sqlite", "Ωmega ü.sqlite", "50%.sqlite", "a#b?c=d&e.sqlite", "%20.sqlite", "'quoted\".db"])  # fmt: skip
def test_any_name(tmp_path, instrument, name):
    folder = tmp_path / f"in {name}"
    folder.mkdir()
    path = folder / name
    with ResponseStore(path) as store:
        store.add(a_response(instrument))
        store.backup(folder / f"copy of {name}")
    assert sorted(one.name for one in folder.iterdir()) == sorted([name, f"copy of {name}"])
    with ResponseStore(str(path), read_only=True) as store:
        assert len(store.to_frame(instrument)) == 1


def test_a_relative_path_stays_what_it_was(tmp_path, instrument, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with ResponseStore("responses.sqlite") as store:
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        response = a_response(instrument)
        store.add(response)
        store.withdraw(response_id=response.response_id)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["elsewhere", "responses.sqlite", "responses.sqlite.withdrawn"]  # fmt: skip
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_closing_leaves_one_file_and_no_handle(tmp_path, instrument):
    path = tmp_path / "responses.sqlite"
    store = ResponseStore(path)
    store.add(a_response(instrument))
    assert (tmp_path / "responses.sqlite-wal").exists()
    store.close()
    store.close()
    assert [one.name for one in tmp_path.iterdir()] == ["responses.sqlite"]
    assert not [one.path for one in psutil.Process().open_files() if str(tmp_path) in one.path]


def test_how_sqlite_is_set(tmp_path):
    with ResponseStore(tmp_path / "responses.sqlite") as store, store._database.engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "secure_delete", "page_size", "application_id")  # fmt: skip
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
        "secure_delete": 1,
        "page_size": 8192,
        "application_id": int.from_bytes(b"MOVE", "big"),
    }


def test_by_hand_it_can_be_read_and_rows_stand_in_the_order_of_their_ids(tmp_path, instrument):
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        for number in range(20):
            store.add(a_response(instrument, number))
        with closing(sqlite3.connect(tmp_path / "responses.sqlite")) as connection:
            found = connection.execute("SELECT response_id, kind, json_extract(content, '$.answers.R1') FROM events")
            rows = found.fetchall()
            with pytest.raises(sqlite3.OperationalError, match="rowid"):
                connection.execute("SELECT rowid FROM events")
    assert rows == sorted(rows)
    assert {(row[0], row[2]) for row in rows} == {
        (one.response_id, one.answers["R1"]) for one in (a_response(instrument, number) for number in range(20))
    }


def test_tables_are_what_the_program_thinks(store):
    inspector = sa.inspect(store._database.engine)
    for table in metadata.tables.values():
        there = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert there == {column.name: bool(column.nullable) for column in table.columns}, table.name
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == [one.name for one in table.primary_key]


def test_migrations_are_recorded(store):
    with store._database.engine.connect() as connection:
        done = [tuple(row) for row in connection.exec_driver_sql("SELECT number, name, checksum FROM migrations ORDER BY number")]  # fmt: skip
    assert done == [(step.number, step.name, step.checksum) for step in MIGRATIONS]
    assert len(done) >= 3


def version_1(path):
    """A store as the first version of the tables left it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))


def test_a_store_of_version_1_is_brought_up_to_date(tmp_path, instrument):
    path = tmp_path / "old.sqlite"
    version_1(path)
    with ResponseStore(path) as store:
        assert "whole. 2 responses, 1 corrections, 1 withdrawn, 1 sessions; tables of version 4" in store.check()
        (session,) = store.sessions()
        assert store.count(session.session_id) == Counts(1, 1)
        assert store.release(session.session_id) is None
        assert store.save_release(session.session_id, "page", response_ids=[], n=0) == "page"
    with ResponseStore(path) as store:
        assert store.release(session.session_id) == "page"


def test_a_store_of_version_1_can_be_read_and_merged_without_being_changed(tmp_path, instrument):
    path = tmp_path / "old.sqlite"
    version_1(path)
    before = path.read_bytes()
    with ResponseStore(path, read_only=True) as store:
        assert sum(one.n for one in store.versions()) == 2
        assert store.location == str(path)
    with ResponseStore(tmp_path / "new.sqlite") as store:
        assert store.merge(path).n_added == 2
    assert path.read_bytes() == before


def test_a_page_released_by_version_2_counts_as_one_with_numbers(tmp_path, instrument, monkeypatch):
    from movement_readiness.workshop.store import migrations, opening

    path = tmp_path / "old.sqlite"
    version_1(path)
    with monkeypatch.context() as older:
        for module in (migrations, opening):
            older.setattr(module, "MIGRATIONS", MIGRATIONS[:2])
        opening.opened(path, read_only=False, busy_timeout=1).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO releases (session_id, on_date, site, team, wave, instrument_id, rehearsal, n, response_ids, html) "
            "SELECT session_id, '2026-05-01', site, team, wave, instrument_id, 0, 2, '[\"a\", \"b\"]', 'page' FROM sessions"
        )
        connection.commit()
    for read_only in (True, False):
        with ResponseStore(path, read_only=read_only) as store:
            (page,) = store.revealed()
            assert (page.response_ids, page.shown) == ({"a", "b"}, True)
            assert store.release_shown(store.sessions()[0].session_id) is True


def test_a_migration_that_fails_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    from movement_readiness.workshop.store import migrations, opening

    path = tmp_path / "old.sqlite"
    version_1(path)
    broken = replace(MIGRATIONS[1], statements=(*MIGRATIONS[1].statements, "CREATE TABLE releases (x TEXT)"))
    monkeypatch.setattr(migrations, "MIGRATIONS", (MIGRATIONS[0], broken, *MIGRATIONS[2:]))
    with pytest.raises(StoreError):
        opening.opened(path, read_only=False, busy_timeout=1)
    monkeypatch.undo()
    with ResponseStore(path) as store:
        assert "tables of version 4" in store.check()


def test_postgresql_of_version_1(cluster, instrument):
    from movement_readiness.workshop.store.migrations import bring_up_to_date

    address = cluster.database()
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        bring_up_to_date(connection, "old", upto=1)
    engine.dispose()
    with pytest.raises(StoreError, match="bring it up to date"):
        ResponseStore(address, read_only=True)
    with ResponseStore(address) as store:
        assert "tables of version 4" in store.check()


def test_many_open_a_new_store_at_once(location, instrument):
    responses = [a_response(instrument, number) for number in range(6)]
    outcomes = []

    def use(response):
        with ResponseStore(location) as store:
            outcomes.append(store.add(response))

    threads = [threading.Thread(target=use, args=(one,)) for one in responses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["stored"] * 6
    with ResponseStore(location) as store:
        assert len(store.to_frame(instrument)) == 6


def test_a_store_is_light(location):
    process = start("light", location=location, instrument=None)
    ready_or_done = finished(process)
    assert ready_or_done["heavy"] == []
    assert ready_or_done["memory"] < 75_000_000, ready_or_done


def test_importing_it_is_light():
    code = "import sys, movement_readiness.workshop.store; print([n for n in ('pandas', 'numpy', 'tornado', 'psycopg') if n in sys.modules])"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=180, check=True)
    assert done.stdout.strip() == "[]"


# --- many programs at once


def hammer(location, instrument, n_processes, n_responses):
    processes = [
        start("twice", location=location, instrument=None, seed=number, count=n_responses) for number in range(n_processes)
    ]  # fmt: skip
    for process in processes:
        ready(process)
    go(*processes)
    said = [finished(process) for process in processes]
    assert said == [["stored", "unchanged"] * n_responses] * n_processes
    with ResponseStore(location) as store:
        frame = store.to_frame(instrument)
        assert "whole" in store.check()
        expected = {
            a_response(instrument, number, seed=seed).response_id: a_response(instrument, number, seed=seed)
            for seed in range(n_processes)
            for number in range(n_responses)
        }
        assert frame["response_id"].tolist() == sorted(expected)
        assert all(store.get(one) == expected[one] for one in list(expected)[::7])


def test_eight_programs_send_everything_twice(location, instrument):
    hammer(location, instrument, 8, 10)


@pytest.mark.slow
def test_thirty_programs_send_forty_responses_twice(location, instrument):
    hammer(location, instrument, 30, 40)


def test_programs_that_race_with_the_same_ids(location, instrument):
    with ResponseStore(location):
        pass
    processes = [start("same_ids", location=location, instrument=None, seed=seed, count=25) for seed in range(4)]
    for process in processes:
        ready(process)
    go(*processes)
    said = [finished(process) for process in processes]
    for at in range(25):
        outcomes = sorted(one[at].split(":")[0] for one in said)
        assert outcomes == ["ResponseConflictError"] * 3 + ["stored"]
    with ResponseStore(location) as store:
        assert len(store.to_frame(instrument)) == 25


def ask_for_tickets(location, instrument, n_processes, head_count):
    with ResponseStore(location) as store:
        session = store.open_session(a_session(instrument, head_count=head_count)).session_id
        processes = [
            start("tickets", location=location, session=session, numbers=[number]) for number in range(n_processes)
        ]
        for process in processes:
            ready(process)
        go(*processes)
        said = [outcome for process in processes for outcome in finished(process)]
        assert said.count("full") == n_processes - head_count
        assert len(set(said)) == head_count + 1
        assert store.count(session).joined == head_count
        kept = [number for number, outcome in enumerate(said) if outcome != "full"]
        assert [store.issue_ticket(session, device(number)) for number in kept] == [said[number] for number in kept]


def test_six_programs_ask_for_four_tickets(location, instrument):
    ask_for_tickets(location, instrument, 6, 4)


@pytest.mark.slow
def test_thirty_programs_ask_for_twenty_tickets(location, instrument):
    ask_for_tickets(location, instrument, 30, 20)
