"""The checks of the self-test: each takes the bench and gives its figures, or raises `CheckFailedError`."""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from movement_readiness.instrument import Instrument
from movement_readiness.instrument.schema import Scale
from movement_readiness.workshop.selftest.bench import Bench, expect
from movement_readiness.workshop.selftest.network import FaultyNetwork
from movement_readiness.workshop.selftest.phones import Phone, ask

__all__ = ["CHECKS"]

ERASED_WITHIN = 10.0  # seconds; a reader of the file may hold it up
_MOST_MEGABYTES = 150.0
_LONGEST_WAIT = 20.0


def bad_network(bench: Bench) -> str:
    """Devices behind a network that cuts, delays and doubles: every response once."""
    phones = [Phone(number) for number in range(10 if bench.quick else 30)]
    session = bench.session("bad network", len(phones))
    with FaultyNetwork(bench.server.port, seed=1) as network:
        bench.join_all(phones, session, network.port)
        bench.send_all(phones, network.port)
        faults = sum(network.fates.values()) - network.fates["passed on"]
    bench.expect_each_once(phones, session)
    until = time.monotonic() + 20
    again = [phone.put(bench.server.port, until).status for phone in phones]
    expect(set(again) == {200}, f"sent again, some were answered {sorted(set(again))} instead of 200 (unchanged)")
    bench.expect_each_once(phones, session)
    tries = sum(phone.n_tries for phone in phones)
    return (
        f"{len(phones)} sent in {tries} requests, {faults} of them cut, delayed or doubled; "
        f"{len(phones)} acknowledged, {len(phones)} stored; sent again: {len(again)} times unchanged"
    )


def speed(bench: Bench) -> str:
    """How long an acknowledgement takes, and what the server uses."""
    phones = [Phone(1000 + number) for number in range(30 if bench.quick else 100)]
    session = bench.session("speed", len(phones))
    bench.join_all(phones, session, bench.server.port)
    seconds = bench.send_all(phones, bench.server.port)
    bench.expect_each_once(phones, session)
    used = bench.server.megabytes
    expect(used < _MOST_MEGABYTES, f"the server uses {used:.0f} MB")
    each = statistics.median(phone.seconds for phone in phones) * 1000
    return (
        f"{len(phones)} acknowledged in {seconds:.2f} s ({len(phones) / seconds:.0f} a second), "
        f"{each:.0f} ms each (median); the server uses {used:.0f} MB"
    )


def kills(bench: Bench) -> str:
    """The server killed in the middle of its work: what it acknowledged is there when it is back."""
    rounds, of_round = (2, 20) if bench.quick else (6, 40)
    chance = random.Random(2)  # noqa: S311  (moments in the work, no secrets)
    acknowledged = 0
    for number in range(rounds):
        phones = [Phone(10_000 + 100 * number + place) for place in range(of_round)]
        session = bench.session(f"kill {number}", of_round)
        bench.join_all(phones, session, bench.server.port)
        known: list[Phone] = []
        bench.send_all(phones, bench.server.port, _killer(bench, phones, chance.randint(1, of_round * 2 // 3), known))
        acknowledged += len(known)
        bench.expect_each_once(phones, session)
    whole = bench.store.check()
    expect("whole" in whole, whole)
    return (
        f"{rounds} times killed and started again; {acknowledged} were acknowledged before a kill and are there, "
        f"the other {rounds * of_round - acknowledged} got through afterwards, none twice"
    )


def _killer(bench: Bench, phones: list[Phone], after: int, known: list[Phone]) -> Callable[[], None]:
    """Kills the server when so many of the phones have been acknowledged and the others are sending."""

    def kill() -> None:
        until = time.monotonic() + _LONGEST_WAIT
        while sum(phone.status > 0 for phone in phones) < after and time.monotonic() < until:
            time.sleep(0.001)
        bench.server.kill()
        known.extend(phone for phone in phones if phone.status)
        missing = [phone for phone in known if bench.store.get(phone.response_id) is None]
        bench.server.start()
        expect(not missing, f"{len(missing)} acknowledged responses were lost")

    return kill


def integrity(bench: Bench) -> str:
    """The store's own check."""
    said = bench.store.check()
    expect("whole" in said, said)
    return said


def erasure(bench: Bench) -> str:
    """Withdrawn answers: their bytes are in the files before, and in none of them after."""
    phone = Phone(20_000)
    session = bench.session("erasure", 1)
    bench.join_all([phone], session, bench.server.port)
    bench.send_all([phone], bench.server.port)
    answers = json.dumps(phone.answers, separators=(",", ":")).encode()
    before = _files_with(bench, answers)
    expect(bool(before), "the answers were not found in the files before they were withdrawn, so nothing was proven")
    got = ask(bench.server.port, "POST", "/api/withdraw", {"receipt": phone.receipt})
    expect(got.status == 200, f"the withdrawal was answered {got.status}")
    until = time.monotonic() + ERASED_WITHIN
    while (left := _files_with(bench, answers)) and time.monotonic() < until:
        time.sleep(0.1)
    expect(not left, f"the withdrawn answers are still in {', '.join(left)}")
    expect(bench.store.status(phone.response_id) == "withdrawn", "the store does not know that it was withdrawn")
    return f"{len(answers)} bytes of answers found in {' and '.join(before)} before, in no file after"


def _files_with(bench: Bench, content: bytes) -> list[str]:
    files = sorted(bench.path.parent.glob(f"{bench.path.name}*"))
    return [path.name for path in files if path.is_file() and content in path.read_bytes()]


def scoring(bench: Bench) -> str:
    """Scores of what is in the store, against the same computed in plain Python."""
    from movement_readiness.scoring import score_scales

    responses = bench.store.to_frame(bench.instrument)
    scores = score_scales(responses, bench.instrument)
    compared, largest = 0, 0.0
    own = [scale for scale in bench.instrument.scales.values() if scale.keys and not scale.min_answered_per_domain]
    for row, answered in enumerate(responses.to_dict(orient="records")):
        for scale in own:
            plain = _plain_score(bench.instrument, scale, answered)
            found = scores[scale.id].iloc[row]
            same = (plain is None) == math.isnan(found) and (plain is None or abs(plain - found) < 1e-9)
            expect(same, f"{scale.id}: expected {plain}, got {found}")
            if plain is not None:
                compared, largest = compared + 1, max(largest, abs(plain - found))
    expect(compared > 0, "nothing was there to be compared")
    return f"{compared} scores of {len(scores)} responses equal to plain arithmetic (largest difference {largest:.1e})"


def _plain_score(instrument: Instrument, scale: Scale, answered: Mapping[Hashable, Any]) -> float | None:
    """Mean over the answered items of where the code lies between the lowest and the highest, from 0 to 100."""
    points = []
    for item, key in scale.keys.items():
        codes = instrument.response_scale(item).codes
        if answered.get(item) in codes:
            share = (answered[item] - min(codes)) / (max(codes) - min(codes))
            points.append(100 * share if key == 1 else 100 - 100 * share)
    return sum(points) / len(points) if len(points) >= (scale.min_answered or 1) else None


CHECKS: tuple[tuple[str, Callable[[Bench], str]], ...] = (
    ("A bad network", bad_network),
    ("Speed and memory", speed),
    ("kill -9 of the server", kills),
    ("The store", integrity),
    ("Erasure", erasure),
    ("Scoring", scoring),
)
