"""Errors and warnings: one base error, few children, each a clear sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "ArgumentError",
    "ClusteredDataWarning",
    "ConstantItemWarning",
    "EmptyCategoryWarning",
    "EstimationWarning",
    "Fault",
    "HeywoodWarning",
    "IdentifierColumnWarning",
    "ImproperSolutionWarning",
    "InstrumentError",
    "MissingDependencyError",
    "MovementReadinessError",
    "MovementReadinessWarning",
    "NearPerfectCorrelationWarning",
    "NonConvergenceWarning",
    "NotIdentifiedWarning",
    "NotPositiveDefiniteWarning",
    "NothingToReleaseError",
    "OtherReliabilityWarning",
    "Problem",
    "ResponseConflictError",
    "ResponseWithdrawnError",
    "ResponsesError",
    "ResponsesWarning",
    "ReversedItemWarning",
    "SessionError",
    "StoreError",
    "StrayCodeWarning",
    "SubmissionError",
    "TooFewClustersWarning",
    "TooFewRespondentsWarning",
]

_SHOWN = 50  # sentences of one error that are printed; all of them are in its attribute


class MovementReadinessError(Exception):
    """Any error this package raises on purpose; its text is one clear sentence, or one a line."""


class ArgumentError(MovementReadinessError, ValueError):
    """An argument is not what was expected; the sentence says which, what was expected and what came."""


class MissingDependencyError(MovementReadinessError, ImportError):
    """An optional library is needed; the sentence names the extra that brings it."""


class NothingToReleaseError(MovementReadinessError, LookupError):
    """The group asked for is not among the groups that may be shown."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an instrument file: where it is, and what was expected there."""

    place: str
    message: str
    line: int | None = None
    file: str | None = None

    def __str__(self) -> str:
        where = self.place if self.line is None else f"line {self.line}, {self.place}"
        return f"{where}: {self.message}" if self.file is None else f"{self.file}, {where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a file of answers: its row, column and value, where it has them."""

    message: str
    row: int | None = None
    column: str | None = None
    value: str | None = None

    def __str__(self) -> str:
        return self.message


def _listed(first: str, lines: Sequence[object]) -> str:
    shown = [f"  {line}" for line in lines[:_SHOWN]]
    if len(lines) > _SHOWN:
        shown.append(f"  ... and {len(lines) - _SHOWN} more")
    return "\n".join([first, *shown])


class InstrumentError(MovementReadinessError, ValueError):
    """An instrument file has faults; ``faults`` holds every one of them."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        self.faults = tuple(faults)
        super().__init__(_listed(message, self.faults) if self.faults else message)


class ResponsesError(MovementReadinessError, ValueError):
    """A file or frame of answers has problems; ``problems`` holds every one of them."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        self.problems = tuple(problems)
        super().__init__(_listed(message, self.problems) if self.problems else message)


class SubmissionError(MovementReadinessError, ValueError):
    """What a form sent is not a response to the instrument it names; nothing of it was stored."""


class SessionError(MovementReadinessError):
    """A session of a workshop does not allow this; ``reason`` is one word for programs.

    The reasons: unknown, closed, full, exists, ticket, receipt, consent, revealed.
    """

    def __init__(self, message: str, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


class StoreError(MovementReadinessError):
    """A store of responses cannot do what was asked; nothing was lost, and ``reason`` is one word for programs.

    The reasons: missing, locked, read_only, full, corrupt, foreign, newer, unreachable, key, closed,
    conflict, withdrawn.
    """

    def __init__(self, message: str, reason: str) -> None:
        self.reason = reason
        super().__init__(message)


class ResponseConflictError(StoreError):
    """The same response id came again with other content; what was stored first stays."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "conflict")


class ResponseWithdrawnError(StoreError):
    """The response was withdrawn by the person who gave it; it is not taken again."""

    def __init__(self, message: str) -> None:
        super().__init__(message, "withdrawn")


class MovementReadinessWarning(UserWarning):
    """Any warning this package gives on purpose."""


class ResponsesWarning(MovementReadinessWarning):
    """Answers were taken in, but something about them should be looked at."""


class EstimationWarning(MovementReadinessWarning):
    """A quantity could not be estimated from these data; it is NaN, and the sentence says why."""


class ConstantItemWarning(MovementReadinessWarning):
    """An item has one answer only (or none), so nothing goes together with it; leave it out."""


class EmptyCategoryWarning(MovementReadinessWarning):
    """Nobody chose one of an item's response options; its neighbours now share a threshold."""


class NearPerfectCorrelationWarning(MovementReadinessWarning):
    """Two items correlate (almost) perfectly: the same question twice, or a table too sparse to tell."""


class NotPositiveDefiniteWarning(MovementReadinessWarning):
    """A correlation matrix has a negative or zero eigenvalue, so no set of variables could have produced it."""


class TooFewRespondentsWarning(MovementReadinessWarning):
    """There are too few respondents for what was asked; the numbers are there, and should not be relied on."""


class ImproperSolutionWarning(MovementReadinessWarning):
    """A solution was reached and cannot be right, such as a correlation beyond one; do not interpret it."""


class HeywoodWarning(ImproperSolutionWarning):
    """A factor solution has a communality of one or more (a uniqueness of zero or less)."""


class NonConvergenceWarning(MovementReadinessWarning):
    """An iterative method stopped before it met its criterion; the numbers are where it stopped."""


class ClusteredDataWarning(MovementReadinessWarning):
    """Respondents sit in teams and no cluster was named, so intervals and tests take them as independent."""


class TooFewClustersWarning(MovementReadinessWarning):
    """There are fewer clusters than cluster-robust errors and tests need."""


class ReversedItemWarning(MovementReadinessWarning):
    """An item goes against the others of its scale: reverse it, or find out why."""


class NotIdentifiedWarning(MovementReadinessWarning):
    """The data cannot tell apart what was asked for; something was assumed, and the sentence says what."""


class IdentifierColumnWarning(MovementReadinessWarning):
    """A column looks like no item (a running number, an identifier, a total), and was taken as one; leave it out."""


class StrayCodeWarning(MovementReadinessWarning):
    """A code lies far from, or outside, the others of its item: a code for a missing answer, or a slip."""


class OtherReliabilityWarning(MovementReadinessWarning):
    """A reliability is of another score than the one it is used for; the sentence names the one to take."""
