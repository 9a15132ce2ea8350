"""The one thread that uses the store: what waits there is written together, in order."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from movement_readiness.workshop.server.problems import BUSY_SECONDS, RefusedError

if TYPE_CHECKING:
    from movement_readiness.responses.response import Response
    from movement_readiness.workshop.store import ResponseStore

__all__ = ["Recorder"]

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Job:
    future: asyncio.Future[Any]
    work: Callable[[], Any] | None  # None: a submission, to be written with its neighbours
    submission: tuple[Response, str] | None = None


class Recorder:
    """Runs everything that needs the store in one thread.

    Submissions that wait are one transaction, so that a full room costs one flush of the disk and not thirty;
    what else waits is done after them, so that closing a session cuts off nothing that came before. A future
    is done after the commit, never before.

    Parameters
    ----------
    store : ResponseStore
    most_waiting : int, default 1000
        More than that are told to come again.
    batch : int, default 100
        Jobs taken at once.
    """

    def __init__(self, store: ResponseStore, *, most_waiting: int = 1000, batch: int = 100) -> None:
        self.store = store
        self._batch = batch
        self._waiting: queue.Queue[_Job | None] = queue.Queue(most_waiting)
        self._unfinished = 0
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._thread.start()

    @property
    def unfinished(self) -> int:
        """How many jobs wait or run."""
        return self._unfinished

    async def submit(self, response: Response, ticket: str) -> str:
        """Store a response; returns after the commit."""
        answer: str = await self._put(_Job(self._future(), None, (response, ticket)))
        return answer

    async def run(self, work: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """What a function of the store gives."""
        answer: T = await self._put(_Job(self._future(), lambda: work(*arguments, **named)))
        return answer

    def close(self) -> None:
        """Finish what waits, then end the thread."""
        self._waiting.put(None)
        self._thread.join()

    @staticmethod
    def _future() -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    async def _put(self, job: _Job) -> Any:
        try:
            self._waiting.put_nowait(job)
        except queue.Full:
            message = "More is being sent than can be stored at once; keep your answers and try again."
            raise RefusedError(503, "busy", message, BUSY_SECONDS) from None
        self._unfinished += 1
        try:
            return await asyncio.shield(job.future)  # a device that hangs up does not undo a commit
        finally:
            self._unfinished -= 1

    def _work(self) -> None:
        while not self._ended and (job := self._waiting.get()) is not None:
            jobs = [job]
            while len(jobs) < self._batch and (following := self._next()) is not None:
                jobs.append(following)
            self._run([one for one in jobs if one.work is None])
            for one in jobs:
                if one.work is not None:
                    self._run_one(one)

    def _next(self) -> _Job | None:
        try:
            job = self._waiting.get_nowait()
        except queue.Empty:
            return None
        if job is None:
            self._ended = True
        return job

    def _run(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        outcomes: list[Any]
        try:
            outcomes = self.store.submit_many([job.submission for job in jobs if job.submission is not None])
        except Exception as error:
            outcomes = [error] * len(jobs)
        for job, outcome in zip(jobs, outcomes, strict=True):
            _settle(job.future, outcome)

    def _run_one(self, job: _Job) -> None:
        try:
            outcome: Any = job.work() if job.work is not None else None
        except Exception as error:
            outcome = error
        _settle(job.future, outcome)


def _settle(future: asyncio.Future[Any], outcome: Any) -> None:
    def tell() -> None:
        if future.done():
            return
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)

    loop = future.get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(tell)
