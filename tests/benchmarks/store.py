"""How many submissions a second a store acknowledges, how fast a large one is read, and how it forgets.

    python tests/benchmarks/store.py [responses]        (100,000 by default, for the large store)

Submissions go the way of the server: ticket, session and response are checked and written in one transaction,
on the disk before the call returns. Beside it in the same run, on the same disk, a peer that checks nothing: plain
sqlite3 that inserts the same content with the same settings. PostgreSQL is measured where it is installed.
Target: 200 a second, sustained, on SQLite, in batches, as the server sends them.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
import time
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)  # not this folder, which has a workshop.py of its own

from workshop.postgres import Cluster, missing  # noqa: E402
from workshop.store_support import a_response, a_session, device, in_session  # noqa: E402

import movement_readiness as mr  # noqa: E402
from movement_readiness.workshop.store import ResponseStore  # noqa: E402

INSTRUMENT = mr.load_instrument()
PEOPLE = 500
TARGET = 200
BATCH = 20


def timed(what, count, call):
    began, used = time.perf_counter(), time.process_time()
    call()
    seconds, busy = time.perf_counter() - began, time.process_time() - used
    print(f"  {what:<52} {count / seconds:>8,.0f} a second, {busy / count * 1e6:>6,.0f} us of processor each")
    return count / seconds


def joined(store, name):
    """A session that everybody has joined, with a response and a ticket for each."""
    session = store.open_session(a_session(INSTRUMENT, head_count=PEOPLE))
    tickets = []
    devices = range(PEOPLE)
    timed(
        f"{name}: tickets",
        PEOPLE,
        lambda: tickets.extend(store.issue_ticket(session.session_id, device(n)) for n in devices),
    )
    return [
        (in_session(INSTRUMENT, session, number, response_id=str(uuid.uuid4())), tickets[number]) for number in devices
    ]


def submissions(location, name):
    with ResponseStore(location) as store:
        pairs = joined(store, name)
        single = timed(f"{name}: submissions one by one", PEOPLE, lambda: [store.submit(*pair) for pair in pairs])
        pairs = joined(store, name)
        groups = [pairs[at : at + BATCH] for at in range(0, PEOPLE, BATCH)]
        batched = timed(
            f"{name}: submissions, {BATCH} at a time", PEOPLE, lambda: [store.submit_many(group) for group in groups]
        )
        return single, batched


def plain_sqlite(folder):
    rows = [
        (one.response_id, 1, str(one.content)) for one in (a_response(INSTRUMENT, number) for number in range(PEOPLE))
    ]
    with closing(sqlite3.connect(folder / "peer.sqlite", isolation_level=None)) as connection:
        for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(
            "CREATE TABLE events (id TEXT, number INTEGER, content TEXT, PRIMARY KEY (id, number)) WITHOUT ROWID"
        )

        def insert():
            for row in rows:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO events VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
                connection.execute("COMMIT")

        timed("peer, plain sqlite3 without any check: one by one", PEOPLE, insert)


def large(folder, n):
    base = [a_response(INSTRUMENT, number) for number in range(1000)]
    with ResponseStore(folder / "large.sqlite") as store:
        began = time.perf_counter()
        for begin in range(0, n, 5000):
            ids = (a_response_id(number) for number in range(begin, min(begin + 5000, n)))
            store.add_many(replace(base[at % 1000], response_id=one) for at, one in enumerate(ids))
        print(f"  {n:,} responses added in {time.perf_counter() - began:.1f} s")
        megabytes = sum(one.stat().st_size for one in folder.glob("large*")) / 1e6
        for call in ("first", "again"):
            began, used = time.perf_counter(), time.process_time()
            frame = store.to_frame(INSTRUMENT)
            seconds, busy = time.perf_counter() - began, time.process_time() - used
            size = f"{len(frame):,} x {len(frame.columns)}"
            print(f"  to_frame, {call}: {size} in {seconds:.1f} s, {busy:.1f} s of processor")
        began = time.perf_counter()
        store.withdraw(response_id=a_response_id(5))
        print(
            f"  a withdrawal from a file of {megabytes:.0f} MB, with its erasure: {time.perf_counter() - began:.1f} s"
        )
        began = time.perf_counter()
        store.backup(folder / "copy.sqlite")
        print(f"  a copy of it: {time.perf_counter() - began:.1f} s")


def a_response_id(number):
    return f"{number * 2654435761 % 2**32:08x}-0000-4000-8000-{number:012x}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("responses", nargs="?", type=int, default=100_000)
    n = parser.parse_args().responses
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"Acknowledged submissions, {PEOPLE} people with {len(INSTRUMENT.forms['full'].items)} items each")
        single, batched = submissions(folder / "responses.sqlite", "SQLite")
        plain_sqlite(folder)
        if missing():
            print(f"  PostgreSQL: not measured, {missing()}")
        else:
            cluster = Cluster(durable=True)
            try:
                submissions(cluster.database(), "PostgreSQL")
            finally:
                cluster.delete()
        print("A large store on SQLite")
        large(folder, n)
    print(f"target of {TARGET} a second on SQLite: {'met' if batched >= TARGET else 'MISSED'}")
    print(
        f"  {batched:,.0f} in batches, {single:,.0f} one by one; a machine that does other things meanwhile gives less"
    )
    return 0 if batched >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
