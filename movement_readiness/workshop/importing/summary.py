"""What became of imported files: what was taken, what was not, and why."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    n_added: int = 0
    n_unchanged: int = 0
    n_withdrawn: int = 0
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: ImportSummary) -> ImportSummary:
        return ImportSummary(
            self.n_added + other.n_added,
            self.n_unchanged + other.n_unchanged,
            self.n_withdrawn + other.n_withdrawn,
            self.refused + other.refused,
            self.notes + other.notes,
        )

    def __str__(self) -> str:
        counts = f"{self.n_added} added, {self.n_unchanged} unchanged, {len(self.refused)} refused"
        withdrawn = f", {self.n_withdrawn} withdrawn" if self.n_withdrawn else ""
        return "\n".join([counts + withdrawn, *(f"  {line}" for line in (*self.notes, *self.refused))])


def counted(outcome: str, *notes: str) -> ImportSummary:
    """The summary of one response, from what the store said to it."""
    return ImportSummary(n_added=1, notes=notes) if outcome == "stored" else ImportSummary(n_unchanged=1)
