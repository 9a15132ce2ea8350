"""Token buckets: so many at once, so many a minute in the long run. None of them knows an address."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import partial

__all__ = ["Bucket", "Buckets"]


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

    def give_back(self) -> None:
        """Undo a `take`: it was for something that is not limited after all."""
        self._held = min(self._burst, self._held + 1)


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
