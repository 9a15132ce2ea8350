"""`FaultyNetwork`: a bad network between devices and a server, made on purpose and the same for the same seed."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

__all__ = ["FATES", "FaultyNetwork"]

# What may happen to a request, and how often among a hundred.
FATES = {
    "passed on": 40,
    "delayed": 12,
    "cut before it arrived": 10,
    "cut in the middle of it": 8,
    "cut after it arrived": 14,
    "cut in the middle of the answer": 6,
    "sent twice": 10,
}
_LONGEST_HEAD = 64 * 1024
_SECONDS = 20.0


class FaultyNetwork:
    """A proxy on the loopback address that cuts, delays and doubles HTTP requests.

    Parameters
    ----------
    port : int
        Where the server listens on 127.0.0.1; may be changed while it runs.
    seed : int
        The same seed gives the same sequence of fates (which request meets which depends on their order).
    faulty : callable, optional
        Which paths meet a fate; all others are passed on. Every one by default.
    slowest : float, default 0.4
        Seconds that a delayed request waits at most.

    Examples
    --------
    >>> from movement_readiness.workshop.selftest.network import FaultyNetwork
    >>> with FaultyNetwork(9, seed=1) as network:
    ...     network.port > 0
    True
    """

    def __init__(
        self, port: int, *, seed: int, faulty: Callable[[str], bool] | None = None, slowest: float = 0.4
    ) -> None:
        self.server_port = port
        self.fates: Counter[str] = Counter()
        self.port = 0
        self._faulty = faulty
        self._slowest = slowest
        self._fates = random.Random(seed)  # noqa: S311  (a sequence that can be repeated, not a secret)
        self._pauses = random.Random(seed)  # noqa: S311  (apart, so that the fates do not depend on the timing)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="faulty network", daemon=True)

    def __enter__(self) -> FaultyNetwork:
        self._thread.start()
        self._ready.wait(_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._meet, "127.0.0.1", 0, limit=_LONGEST_HEAD, backlog=512)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _meet(self, device: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One request of a connection, which is closed afterwards."""
        try:
            async with asyncio.timeout(_SECONDS):
                path, request = await _request(device)
                await self._happen(self._fate(path), request, back)
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError):
            back.transport.abort()
        finally:
            back.close()
            with suppress(OSError):
                await back.wait_closed()

    def _fate(self, path: str) -> str:
        if self._faulty is not None and not self._faulty(path):
            return "passed on"
        fate = self._fates.choices(list(FATES), list(FATES.values()))[0]
        self.fates[fate] += 1
        return fate

    async def _happen(self, fate: str, request: bytes, back: asyncio.StreamWriter) -> None:
        if fate == "cut before it arrived":
            back.transport.abort()
            return
        if fate == "delayed":
            await asyncio.sleep(self._pauses.uniform(0, self._slowest))
        if fate == "cut in the middle of it":
            await self._forward(request[: max(len(request) // 2, 1)], whole=False)
            back.transport.abort()
            return
        copies = 2 if fate == "sent twice" else 1
        answers = await asyncio.gather(*(self._forward(request) for _ in range(copies)))
        answer = answers[self._pauses.randrange(copies)]
        if fate == "cut after it arrived":
            back.transport.abort()
            return
        back.write(answer[: len(answer) // 2] if fate == "cut in the middle of the answer" else answer)
        await back.drain()

    async def _forward(self, request: bytes, *, whole: bool = True) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server_port)
        try:
            writer.write(request)
            await writer.drain()
            if not whole:
                await asyncio.sleep(0.02)
                writer.transport.abort()
                return b""
            return await reader.read()
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _request(device: asyncio.StreamReader) -> tuple[str, bytes]:
    """The path and the bytes of a request, which asks the server to close the connection after it."""
    head = await device.readuntil(b"\r\n\r\n")
    first, *lines = head[:-4].split(b"\r\n")
    length = 0
    kept = [first]
    for line in lines:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() != b"connection":
            kept.append(line)
    body = await device.readexactly(length)
    path = first.split(b" ")[1].decode("latin-1")
    return path, b"\r\n".join([*kept, b"Connection: close", b"", body])
