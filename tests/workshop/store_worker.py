"""Another program that uses a store: run by the tests, one task a process."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workshop.store_support import a_response, device, in_session

import movement_readiness as mr
from movement_readiness.exceptions import MovementReadinessError
from movement_readiness.workshop.store import ResponseStore


def wait_for_start():
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()


def told(outcome):
    return outcome if isinstance(outcome, str) else f"{type(outcome).__name__}: {outcome}"


def twice(location, instrument, seed, count):
    """Add `count` responses, each of them two times; what every call said."""
    loaded = mr.load_instrument(instrument)
    responses = [a_response(loaded, number, seed=seed) for number in range(count)]
    wait_for_start()
    said = []
    with ResponseStore(location) as store:
        for response in responses:
            for _ in range(2):
                try:
                    said.append(store.add(response))
                except MovementReadinessError as error:
                    said.append(told(error))
    return said


def same_ids(location, instrument, seed, count):
    """Add responses whose ids every process shares; `seed` changes the answers."""
    loaded = mr.load_instrument(instrument)
    ids = [a_response(loaded, number, seed=0).response_id for number in range(count)]
    responses = [a_response(loaded, number, seed=seed, response_id=one) for number, one in enumerate(ids)]
    wait_for_start()
    with ResponseStore(location) as store:
        return [told(outcome) for outcome in map(tried(store.add), responses)]


def tried(call):
    def outcome(*arguments):
        try:
            return call(*arguments)
        except MovementReadinessError as error:
            return error

    return outcome


def tickets(location, session, numbers):
    """Ask for a ticket for each device."""
    wait_for_start()
    with ResponseStore(location) as store:
        outcomes = [tried(store.issue_ticket)(session, device(number)) for number in numbers]
    return [outcome if isinstance(outcome, str) else outcome.reason for outcome in outcomes]


def writer(location, instrument, session, acknowledged):
    """Store response after response until told to stop; each acknowledged id goes to a file at once."""
    loaded = mr.load_instrument(instrument)
    with ResponseStore(location) as store, Path(acknowledged).open("a", encoding="ascii") as file:
        found = store.session(session)
        responses = [in_session(loaded, found, number, seed=7) for number in range(2000)]
        wait_for_start()
        for response in responses:
            store.add(response)
            file.write(f"{response.response_id}\n")
            file.flush()
            if Path(f"{acknowledged}.stop").exists():
                break
    return len(responses)


def hold(location):
    """Hold SQLite's one lock until the input ends."""
    import sqlite3

    connection = sqlite3.connect(location, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    wait_for_start()
    connection.close()
    return []


def a_day(location, instrument, acknowledged, count):
    """Open, store, correct, withdraw, close, and again; what was acknowledged goes to a file as it happens."""
    loaded = mr.load_instrument(instrument)
    wait_for_start()
    number = 0
    with Path(acknowledged).open("a", encoding="ascii", buffering=1) as file:
        for _ in range(3):
            with ResponseStore(location) as store:
                _checkpoint_often(store)
                for _ in range(count // 3):
                    responses = [a_response(loaded, number + more) for more in range(1 + number % 3)]
                    number += len(responses)
                    store.add_many(responses)
                    file.write("".join(f"stored {one.response_id}\n" for one in responses))
                gone = a_response(loaded, number - 1).response_id
                file.write(f"withdrawing {gone}\n")
                store.withdraw(response_id=gone)
                file.write(f"withdrawn {gone}\n")
    return number


def _checkpoint_often(store):
    with store._database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 12")


def light(location, instrument):
    """Which libraries a store brings along, and how much memory it takes in bytes."""
    import os

    import psutil

    loaded = mr.load_instrument(instrument)
    with ResponseStore(location) as store:
        for number in range(50):
            store.add(a_response(loaded, number))
        memory = psutil.Process(os.getpid()).memory_info().rss
    heavy = [name for name in ("pandas", "numpy", "scipy", "matplotlib", "tornado", "anywidget") if name in sys.modules]
    return {"heavy": heavy, "memory": memory}


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))  # noqa: T201
