"""What became of imported files: what was taken, what was not, and why."""

from __future__ import annotations

from dataclasses import dataclass

from movement_readiness._validation import n_of

__all__ = ["ImportSummary", "Refusal", "counted"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response, or a whole file, that was not taken, and why.

    Attributes
    ----------
    where : str
        Name of the file, with the row where the file has several.
    message : str
    """

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of the files.

    Attributes
    ----------
    n_added : int
        Responses that are new in the store.
    n_unchanged : int
        Responses that were there already with the same content.
    n_withdrawn : int
        Responses that their people have withdrawn: not taken, or deleted because the other store knew it.
    refused : tuple of Refusal
    notes : tuple of str
        What should be looked at although it was taken.
    n_amended : int
        Responses that were there and got later corrections from another store.
    n_sessions : int
        Sessions of another store that are new here.
    n_rehearsal : int
        How many of the added ones are rehearsals.
    """

    n_added: int = 0
    n_unchanged: int = 0
    n_withdrawn: int = 0
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    n_amended: int = 0
    n_sessions: int = 0
    n_rehearsal: int = 0

    def __add__(self, other: ImportSummary) -> ImportSummary:
        return ImportSummary(
            self.n_added + other.n_added,
            self.n_unchanged + other.n_unchanged,
            self.n_withdrawn + other.n_withdrawn,
            self.refused + other.refused,
            self.notes + other.notes,
            self.n_amended + other.n_amended,
            self.n_sessions + other.n_sessions,
            self.n_rehearsal + other.n_rehearsal,
        )

    def __str__(self) -> str:
        tried = f" ({n_of(self.n_rehearsal, 'rehearsal')})" if self.n_rehearsal else ""
        counts = f"{self.n_added} added{tried}, {self.n_unchanged} unchanged, {len(self.refused)} refused"
        sessions = "session" if self.n_sessions == 1 else "sessions"
        more = (("corrected", self.n_amended), ("withdrawn", self.n_withdrawn), (sessions, self.n_sessions))
        counts += "".join(f", {n} {what}" for what, n in more if n)
        return "\n".join([counts, *(f"  {line}" for line in (*self.notes, *self.refused))])


def counted(outcome: str, *notes: str, rehearsal: bool) -> ImportSummary:
    """The summary of one response, from what the store said to it."""
    if outcome != "stored":
        return ImportSummary(n_unchanged=1)
    return ImportSummary(n_added=1, notes=notes, n_rehearsal=int(rehearsal))
