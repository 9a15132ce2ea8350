"""From an error to what a device is told: a status, one word for programs, one sentence for people."""

from __future__ import annotations

from dataclasses import dataclass

from movement_readiness.exceptions import (
    ArgumentError,
    MovementReadinessError,
    SessionError,
    StoreError,
    SubmissionError,
)

__all__ = ["BUSY_SECONDS", "Problem", "RefusedError", "problem_of"]

BUSY_SECONDS = 5
_SESSION_STATUS = {
    "unknown": 404,
    "closed": 423,
    "revealed": 423,
    "instrument": 423,
    "full": 403,
    "ticket": 403,
    "receipt": 403,
    "consent": 422,
    "exists": 409,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered in place of what was asked for.

    Attributes
    ----------
    status : int
    reason, message : str
    retry_after : int or None
        Seconds.
    """

    status: int
    reason: str
    message: str
    retry_after: int | None = None


class RefusedError(MovementReadinessError):
    """The server refuses a request; ``problem`` is its answer."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        seconds = None if retry_after is None else max(1, round(retry_after + 0.5))
        self.problem = Problem(status, reason, message, seconds)
        super().__init__(message)


def problem_of(error: BaseException | None) -> Problem:
    """The answer to any error; what nobody foresaw is told without its details."""
    if isinstance(error, RefusedError):
        return error.problem
    if isinstance(error, StoreError):
        return _of_store(error)
    if isinstance(error, SessionError):
        return Problem(_SESSION_STATUS.get(error.reason, 422), error.reason, str(error))
    if isinstance(error, SubmissionError | ArgumentError):
        return Problem(422, "submission", str(error))
    return Problem(500, "server", "Something went wrong on the laptop that runs this; please try again in a moment.")


def _of_store(error: StoreError) -> Problem:
    status = {"conflict": 409, "withdrawn": 410, "missing": 404}.get(error.reason)
    if status is not None:
        return Problem(status, "unknown" if status == 404 else error.reason, str(error))
    return Problem(503, error.reason, _STORE_WORDS.get(error.reason, _STORE_UNUSABLE), BUSY_SECONDS)


# A participant needs no file names; the facilitator's terminal has the whole sentence.
_STORE_UNUSABLE = "The store of answers cannot be used at the moment; keep your answers and try again."
_STORE_WORDS = {
    "locked": "The store of answers is busy at the moment; keep your answers and try again.",
    "full": "The disk of the laptop is full; keep your answers and tell the facilitator.",
    "read_only": "The store of answers cannot be written to; keep your answers and tell the facilitator.",
}
