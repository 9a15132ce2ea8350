"""What can go wrong with a store, each on the real thing: one sentence, and the store is whole afterwards."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import openpyxl
import psycopg
import pytest
import sqlalchemy as sa
from support import ROOT
from workshop.postgres import USER
from workshop.store_support import a_response, go, ready, start

from movement_readiness.exceptions import ArgumentError, MissingDependencyError, StoreError
from movement_readiness.workshop.store import ResponseStore
from movement_readiness.workshop.store.migrations import MIGRATIONS
from movement_readiness.workshop.store.schema import migrations


@pytest.fixture
def path(tmp_path, instrument):
    """A store with three responses."""
    with ResponseStore(tmp_path / "responses.sqlite") as store:
        store.add_many([a_response(instrument, number) for number in range(3)])
    return tmp_path / "responses.sqlite"


@contextmanager
def refused(reason, *words):
    with pytest.raises(StoreError) as found:
        yield
    said = str(found.value)
    assert found.value.reason == reason, said
    assert len(said.splitlines()) == 1
    assert all(word in said for word in words), said
    assert "sqlalche" not in said
    assert found.value.__cause__ is None


def is_whole(path, n=3):
    with ResponseStore(path) as store:
        assert f"whole. {n} responses" in store.check()


# --- locked, full


def test_another_program_holds_it(path, instrument):
    process = start("hold", location=str(path))
    ready(process)
    with ResponseStore(path, read_only=True) as store:
        assert len(store.to_frame(instrument)) == 3  # readers need not wait
    with ResponseStore(path, busy_timeout=0.2) as store:
        with refused("locked", str(path), "another program"):
            store.add(a_response(instrument, 7))
        go(process)
        process.communicate(timeout=120)
        assert store.add(a_response(instrument, 7)) == "stored"
    is_whole(path, 4)


def test_another_program_holds_it_alone_while_it_is_opened(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        for read_only in (False, True):
            with refused("locked", "another program"):
                ResponseStore(path, busy_timeout=0.2, read_only=read_only)
        other.execute("ROLLBACK")
    is_whole(path)


def test_postgresql_is_held_by_another(cluster, instrument):
    address = cluster.database()
    with ResponseStore(address, busy_timeout=0.2) as store:
        with psycopg.connect(address.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
            with refused("locked", "another program"):
                store.add(a_response(instrument))
        assert store.add(a_response(instrument)) == "stored"


def test_a_disk_that_is_full(path, instrument):
    with ResponseStore(path) as store:
        with closing(store._database.engine.raw_connection()) as connection:
            pages = connection.driver_connection.execute("PRAGMA page_count").fetchone()[0]
            connection.driver_connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        stored = []
        with refused("full", "no space left"):
            for number in range(10, 200):
                store.add(a_response(instrument, number))
                stored.append(number)
        assert len(store.to_frame(instrument)) == 3 + len(stored)
    is_whole(path, 3 + len(stored))


def test_a_file_that_may_not_grow(path, tmp_path):
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import movement_readiness as mr
from movement_readiness.exceptions import StoreError
from workshop.store_support import a_response
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
instrument = mr.load_instrument()
store = mr.ResponseStore({str(path)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
done = 0
try:
    for number in range(10, 500):
        store.add(a_response(instrument, number))
        done += 1
except StoreError as error:
    print(error.reason)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(len(store.to_frame(instrument)) - 3 == done)
print(store.add(a_response(instrument, 999)))
store.close()
"""  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["full", "True", "stored"], done.stdout + done.stderr
    with ResponseStore(path) as store:
        assert "whole" in store.check()


# --- not to be written


def test_read_only_refuses_every_change(location, instrument):
    with ResponseStore(location) as store:
        store.add(a_response(instrument))
    with ResponseStore(location, read_only=True) as store:
        changes = [
            lambda: store.add(a_response(instrument, 1)),
            lambda: store.withdraw(response_id=a_response(instrument).response_id),
            lambda: store.close_session("any"),
            lambda: store.issue_ticket("any", "0" * 32),
            lambda: store.merge(location),
        ]
        for change in changes:
            with refused("read_only", "opened read-only"):
                change()
        assert len(store.to_frame(instrument)) == 1
        assert "read-only" in repr(store)


# Imported while it may still be read: a checkout need not be open to everybody.
_IMPORTS = """
import os, sqlite3, tempfile, encodings.ascii, encodings.idna
import movement_readiness as mr, movement_readiness.workshop.store.store
import sqlalchemy.dialects.sqlite, pandas, movement_readiness.responses.writing
instrument = mr.load_instrument()
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
"""


def as_somebody_else(code):
    """What code prints when it is run by a user who is not root, for whom permissions count."""
    command = [sys.executable, "-c", _IMPORTS + code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")
    return done.stdout.split() or done.stderr


@pytest.fixture
def open_folder():
    """A folder that every user can enter."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for one in folder.rglob("*"):
        one.chmod(0o700)
    shutil.rmtree(folder)


@pytest.mark.parametrize("log", [False, True])
def test_a_folder_and_file_that_cannot_be_written(open_folder, tmp_path, instrument, log):
    folder = open_folder / "archive"
    folder.mkdir()
    path = folder / "responses.sqlite"
    with ResponseStore(path) as store:
        store.add_many([a_response(instrument, number) for number in range(3)])
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", tmp_path / f"cut{ending}")
    if log:  # as a laptop that was switched off leaves it
        for ending in ("", "-wal"):
            shutil.move(tmp_path / f"cut{ending}", f"{path}{ending}")
    for one in folder.iterdir():
        one.chmod(0o444)
    folder.chmod(0o555)
    code = f"""
with mr.ResponseStore({str(path)!r}, read_only=True) as store:
    print(len(store.to_frame(instrument)))
try:
    mr.ResponseStore({str(path)!r})
except mr.MovementReadinessError as error:
    print(error.reason)
"""
    assert as_somebody_else(code) == ["3", "read_only"]
    assert len(list(folder.iterdir())) == 1 + log


def test_what_may_not_be_written_is_named_as_it_was_asked_for(open_folder, instrument):
    path = open_folder / "responses.sqlite"
    with ResponseStore(path) as store:
        store.add(a_response(instrument))
    path.chmod(0o644)
    code = f"""
os.chdir({str(open_folder)!r})
with mr.ResponseStore("responses.sqlite", read_only=True) as store:
    frame = store.to_frame(instrument)
    for work in (
        lambda: mr.write_responses(frame, "a.csv", instrument),
        lambda: store.backup("b.sqlite"),
        lambda: mr.ResponseStore("responses.sqlite"),
    ):
        try:
            work()
        except mr.MovementReadinessError as error:
            print(str(error).replace(" ", "_"))
"""
    assert as_somebody_else(code) == [
        f"path:_'{open_folder}/a.csv'_cannot_be_written_(Permission_denied).",
        "b.sqlite:_the_copy_cannot_be_written_(Permission_denied).",
        f"{path}:_file_or_folder_may_not_be_written_by_this_user;_check_the_permissions_of_both.",
    ]


def test_a_file_of_somebody_else(open_folder, instrument):
    path = open_folder / "responses.sqlite"
    with ResponseStore(path) as store:
        store.add(a_response(instrument))
    path.chmod(0o000)
    code = f"""
for read_only in (True, False):
    try:
        mr.ResponseStore({str(path)!r}, read_only=read_only)
    except mr.MovementReadinessError as error:
        print(error.reason, str(error).count(chr(10)))
"""
    assert as_somebody_else(code) == ["read_only", "0"] * 2
    path.chmod(0o600)
    is_whole(path, 1)


# --- damaged, or something else


def test_bytes_that_were_overwritten(path, instrument):
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xa5" * 3000)
    with refused("corrupt", "damaged", "backup"), ResponseStore(path) as store:
        store.check()
    with refused("corrupt", "damaged"), ResponseStore(path, read_only=True) as store:
        store.check()
        store.to_frame(instrument)


def test_a_header_that_was_overwritten(path):
    with path.open("r+b") as file:
        file.write(b"\0" * 40)
    with refused("foreign", "damaged"):
        ResponseStore(path)


def test_half_a_file(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with refused("corrupt", "damaged"), ResponseStore(path) as store:
        store.check()


def test_content_that_was_changed_by_hand(location, instrument):
    with ResponseStore(location) as store:
        store.add(a_response(instrument))
        with store._database.engine.connect() as connection:
            connection.exec_driver_sql("UPDATE events SET content = replace(content, '\"full\"', '\"short\"')")
            connection.commit()
        with refused("corrupt", a_response(instrument).response_id):
            store.check()


def test_files_that_are_no_store(tmp_path):
    (tmp_path / "notes.txt").write_text("SQLite is nice, but this is a text.")
    openpyxl.Workbook().save(tmp_path / "book.xlsx")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as connection:
        connection.execute("CREATE TABLE events (id INTEGER)")
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    for name, word in (("notes.txt", "text file"), ("book.xlsx", "workbook"), ("picture.png", "other"), ("other.sqlite", "another program")):  # fmt: skip
        for read_only in (False, True):
            with refused("foreign", name, word):
                ResponseStore(tmp_path / name, read_only=read_only)
    with refused("foreign", "folder"):
        ResponseStore(tmp_path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_a_place_that_is_not_there(tmp_path):
    with refused("missing", "folder", "does not exist"):
        ResponseStore(tmp_path / "no" / "responses.sqlite")
    with refused("missing", "no such file"):
        ResponseStore(tmp_path / "responses.sqlite", read_only=True)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "empty.sqlite").touch()
    with refused("missing", "nothing was ever stored"):
        ResponseStore(tmp_path / "empty.sqlite", read_only=True)


def test_a_store_of_a_newer_program(location, instrument):
    with ResponseStore(location) as store:
        store.add(a_response(instrument))
        with store._database.engine.connect() as connection:
            later = {"number": len(MIGRATIONS) + 1, "name": "later", "applied_on": "2030-01-01", "checksum": "x"}
            connection.execute(sa.insert(migrations), later)
            connection.commit()
    for read_only in (False, True):
        with refused("newer", "update the program"):
            ResponseStore(location, read_only=read_only)


def test_a_record_of_migrations_that_is_not_ours(location):
    with ResponseStore(location) as store, store._database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE migrations SET checksum = 'x' WHERE number = 1")
        connection.commit()
    with refused("foreign", "migrations"):
        ResponseStore(location)


# --- addresses


@pytest.mark.parametrize(
    "location",
    ["mysql://user:hidden-word@host/name", "sqlite://", "sqlite:///:memory:", "://", "postgresql+psycopg://u:hidden-word@host:port/x",
     "", None, 5],
)  # fmt: skip
def test_addresses_that_are_none(location):
    with pytest.raises(ArgumentError, match=r"^location: expected") as found:
        ResponseStore(location)
    assert "hidden-word" not in str(found.value)
    assert len(str(found.value).splitlines()) == 1


def test_sqlite_by_an_address(tmp_path, instrument):
    with ResponseStore(f"sqlite:///{tmp_path}/by address.sqlite") as store:
        store.add(a_response(instrument))
    is_whole(tmp_path / "by address.sqlite", 1)


def test_a_database_that_is_not_there(tmp_path, cluster):
    with refused("unreachable", "cannot be reached"):
        ResponseStore(f"postgresql+psycopg://someone:hidden-word@/store?host={tmp_path}")
    with refused("missing", "no database of that name"):
        ResponseStore(cluster.address("nothing_here"))


def test_a_wrong_password_is_never_printed(cluster):
    with pytest.raises(StoreError) as found:
        ResponseStore(cluster.address("postgres", secret="hidden-word"))  # noqa: S106
    assert found.value.reason == "unreachable"
    assert "password" in str(found.value)
    assert "hidden-word" not in f"{found.value} {found.value.__cause__}"


def test_the_password_is_not_part_of_the_location(cluster):
    with ResponseStore(cluster.database()) as store:
        assert cluster.password not in f"{store.location} {store!r} {store.check()}"
        assert USER in store.location


def test_a_database_of_another_program(cluster):
    address = cluster.database()
    cluster.execute("CREATE TABLE events (id INTEGER)", address.split("/")[3].split("?")[0])
    with refused("foreign", "another program"):
        ResponseStore(address)


def test_a_server_that_stops_and_comes_back(instrument):
    from workshop.postgres import Cluster, missing

    if missing():
        pytest.skip(missing())
    own = Cluster(durable=True)
    try:
        with ResponseStore(own.database()) as store:
            store.add(a_response(instrument, 1))
            own.stop()
            with refused("unreachable", "cannot be reached"):
                store.add(a_response(instrument, 2))
            own.start()
            assert store.add(a_response(instrument, 1)) == "unchanged"
            assert store.add(a_response(instrument, 2)) == "stored"
    finally:
        own.delete()


def test_without_psycopg(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingDependencyError, match=r"movement-readiness\[postgres\]"):
        ResponseStore("postgresql+psycopg://someone@localhost/store")
