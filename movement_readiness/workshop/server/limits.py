"""So many at once, so many a minute in the long run. Nothing here knows an address."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial

from movement_readiness.workshop.server.problems import RefusedError

__all__ = ["Bucket", "Buckets", "WrongOnes"]


class Bucket:
    """Lets `burst` through at once and `per_minute` in the long run.

    Parameters
    ----------
    burst : int
    per_minute : float
    clock : callable, optional
        Seconds that only go up.
    """

    __slots__ = ("_at", "_burst", "_clock", "_held", "_rate")

    def __init__(self, burst: int, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = float(burst)
        self._rate = per_minute / 60
        self._clock = clock
        self._held = self._burst
        self._at = clock()

    def wait(self) -> float:
        """Seconds until the next one may pass; 0.0 when it may now. Takes nothing."""
        now = self._clock()
        self._held = min(self._burst, self._held + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._held >= 1 else (1 - self._held) / self._rate

    def take(self) -> float:
        """As `wait`, and takes one when it is 0.0."""
        seconds = self.wait()
        if not seconds:
            self._held -= 1
        return seconds


class WrongOnes:
    """Slows down whoever sends codes that do not exist; a right one never meets it.

    A code is looked up first, so that nobody's wrong ones stop anybody's right one. That tells a guesser at once
    which is which: what makes guessing hopeless is how many codes there are, and this saves the laptop the work.

    Parameters
    ----------
    bucket : Bucket
        Wrong ones that are answered as what they are.
    sentence : str
        What the others are told.
    seconds : float
        How long the others wait for it.
    most_waiting : int, default 8
        So many wait at once; each holds a connection, and further ones are told without a wait.
    """

    def __init__(self, bucket: Bucket, sentence: str, *, seconds: float = 1.0, most_waiting: int = 8) -> None:
        self._bucket = bucket
        self._sentence = sentence
        self._seconds = seconds
        self._most = most_waiting
        self._waiting = 0

    async def count(self) -> None:
        """Count one; too many are answered late, by a `RefusedError` of 429."""
        if not (seconds := self._bucket.take()):
            return
        if self._waiting < self._most:
            self._waiting += 1
            try:
                await asyncio.sleep(self._seconds)
            finally:
                self._waiting -= 1
        raise RefusedError(429, "often", self._sentence, seconds)


class Buckets:
    """One bucket a key, the longest unused forgotten first.

    Parameters
    ----------
    burst : int
    per_minute : float
    most : int, default 4096
        Keys remembered.
    clock : callable, optional
    """

    def __init__(
        self, burst: int, per_minute: float, most: int = 4096, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._make = partial(Bucket, burst, per_minute, clock)
        self._most = most
        self._held: OrderedDict[Hashable, Bucket] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Seconds this key has to wait; 0.0 when it may pass now, which is then counted."""
        bucket = self._held.get(key) or self._held.setdefault(key, self._make())
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return bucket.take()
