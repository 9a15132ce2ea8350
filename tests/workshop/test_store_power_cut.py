"""The power goes at any moment: what a store acknowledged is there, nothing is half there.

Every write, change of length, sync, creation and deletion that SQLite does for a store is logged by a small library
that is loaded before the C library; `disk_model` then builds the files that a disk could hold.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from workshop.disk_model import Disk, read_log
from workshop.store_support import a_response, finished, go, ready, start

from movement_readiness.exceptions import MovementReadinessError, ResponseWithdrawnError
from movement_readiness.workshop.store import ResponseStore

SOURCE = Path(__file__).with_name("disk_log.c")
_FILES = ("responses.sqlite", "responses.sqlite-wal", "responses.sqlite.withdrawn", "responses.sqlite-journal")


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """The log of a program that used a store for a day."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler: install Debian's gcc and libc6-dev")
    work = tmp_path_factory.mktemp("power-cut")  # LD_PRELOAD takes no space
    library = work / "disk_log.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
    (work / "disk").mkdir()
    process = start(
        "a_day",
        environment={"LD_PRELOAD": str(library), "DISK_LOG": str(work / "log"), "DISK_LOG_FOLDER": str(work / "disk")},
        location=str(work / "disk" / "responses.sqlite"),
        instrument=None,
        acknowledged=str(work / "disk" / "acknowledged"),
        count=30,
    )
    ready(process)
    go(process)
    n_responses = finished(process)
    operations = read_log(work / "log")
    kinds = [(one.kind, one.name) for one in operations]
    for expected in [
        ("S", _FILES[0]),
        ("S", _FILES[1]),
        ("U", _FILES[1]),
        ("T", _FILES[1]),
        ("D", ""),
        ("S", _FILES[2]),
    ]:
        assert expected in kinds  # the log sees what it has to see
    return operations, n_responses


class Acknowledged:
    """What the program had been told when the power went."""

    def __init__(self):
        self.text = ""

    @property
    def lines(self):
        return [line.split() for line in self.text.split("\n")[:-1]]

    def ids(self, what):
        return {one for word, one in self.lines if word == what}


def losses(operations, responses, folder, *, seed, every, ignore_syncs=False):
    """Cut at many points; a sentence for everything that is not as it was promised."""
    draw = random.Random(seed)  # noqa: S311
    disk, told, found, n_cuts = Disk(ignore_syncs=ignore_syncs), Acknowledged(), [], 0
    for number, operation in enumerate(operations):
        if operation.name == "acknowledged":
            told.text += operation.data.decode()
            continue
        if draw.random() < 1 / every:
            n_cuts += 1
            place = folder / f"cut {number}"
            place.mkdir()
            files = disk.cut(draw)
            for name in _FILES:
                if name in files:
                    (place / name).write_bytes(files[name])
            found += [f"operation {number}: {sentence}" for sentence in look(place, told, responses)]
            shutil.rmtree(place)
        disk.do(operation)
    return found, n_cuts


def look(place, told, responses):
    """Open what is left, and compare it with what was acknowledged."""
    stored, withdrawing, withdrawn = (told.ids(what) for what in ("stored", "withdrawing", "withdrawn"))
    try:
        with ResponseStore(place / _FILES[0]) as store:
            store.check()
            for one in stored - withdrawing:
                if store.get(one) != responses[one]:
                    yield f"{one} was acknowledged and is {store.status(one)}"
            for one in withdrawn:
                if store.status(one) != "withdrawn":
                    yield f"{one} was withdrawn and is {store.status(one)}"
            for one in responses.keys() - stored:
                if store.get(one) not in (None, responses[one]):
                    yield f"{one} is half there"
            if store.add(next(iter(responses.values()))) not in ("stored", "unchanged"):
                yield "nothing can be added"
    except ResponseWithdrawnError:  # the one that was to be added once more
        pass
    except MovementReadinessError as error:
        yield str(error)


def prepared(log, instrument):
    operations, n_responses = log
    return operations, {
        one.response_id: one for one in (a_response(instrument, number) for number in range(n_responses))
    }


def test_nothing_that_was_acknowledged_is_lost(log, instrument, tmp_path):
    operations, responses = prepared(log, instrument)
    first = next(at for at, one in enumerate(operations) if one.name == "acknowledged")
    for seed in range(3):  # while it is being made, every point
        assert losses(operations[:first], responses, tmp_path, seed=seed, every=1)[0] == []
    found, n_cuts = losses(operations, responses, tmp_path, seed=1, every=8)
    assert n_cuts > 60
    assert found == []


def test_a_disk_that_ignores_syncs_would_be_found_out(log, instrument, tmp_path):
    """The control: were nothing synced, the same cuts would show losses."""
    operations, responses = prepared(log, instrument)
    found, _ = losses(operations, responses, tmp_path, seed=1, every=40, ignore_syncs=True)
    assert found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 4))
def test_nothing_is_lost_at_any_point(log, instrument, tmp_path, seed):
    operations, responses = prepared(log, instrument)
    found, _ = losses(operations, responses, tmp_path, seed=seed, every=2)
    assert found == []
