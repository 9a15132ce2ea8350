"""The evidence ledger: what has been found about an instrument, and the claim that it supports.

The claim is computed, never written: a step of the ladder is reached when the latest entry of every
requirement up to it, from field data on this version, supports it. Synthetic data never count.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, ValidationError, model_validator

from movement_readiness.exceptions import Fault, InstrumentError
from movement_readiness.instrument import Instrument

__all__ = ["LADDER", "Claim", "Evidence", "Step", "claim", "read_ledger"]

Requirement = Literal[
    "definitions",
    "content_plan",
    "expert_panel",
    "cognitive_interviews",
    "item_statistics",
    "field_calibration",
    "structure_held_out",
    "omega",
    "invariance_sites",
    "invariance_roles",
    "retest",
    "team_reliability",
    "later_behaviour",
    "responsiveness",
    "consequences",
    "omega_hierarchical",
]
_OF_DOCUMENTS = ("definitions", "content_plan")  # the only requirements that no data can meet
_INDEX_FLOOR = 0.80  # instrument/README.md: the index is shown once omega-hierarchical is at least this


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder of claims, and what must be found to stand on it."""

    id: str
    label: str
    requirements: tuple[str, ...]


LADDER = (
    Step("designed", "designed", ("definitions", "content_plan")),
    Step("content_supported", "content-supported", ("expert_panel", "cognitive_interviews")),
    Step("pilot_tested", "pilot-tested", ("item_statistics", "field_calibration")),
    Step(
        "initially_validated",
        "initially validated",
        ("structure_held_out", "omega", "invariance_sites", "invariance_roles", "retest", "team_reliability"),
    ),
    Step("validated_for_use", "validated for {use}", ("later_behaviour", "responsiveness", "consequences")),
)
_VALIDATED = ("initially_validated", "validated_for_use")

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]


class Evidence(BaseModel):
    """One dated finding, with where its data came from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    requirement: Requirement
    provenance: Literal["field", "synthetic", "document"]
    outcome: Literal["supported", "unclear", "not supported"]
    versions: tuple[Text, ...] = Field(min_length=1)
    summary: Text
    reference: Text | None = None
    use: Text | None = None
    n_respondents: Annotated[StrictInt, Field(ge=1)] | None = None
    n_teams: Annotated[StrictInt, Field(ge=1)] | None = None
    estimate: StrictFloat | None = None
    ci_low: StrictFloat | None = None
    ci_high: StrictFloat | None = None

    @model_validator(mode="after")
    def _complete(self) -> Evidence:
        if self.provenance == "document" and self.requirement not in _OF_DOCUMENTS:
            raise ValueError(f"{self.requirement} needs data: provenance must be 'field' or 'synthetic'")
        if self.provenance == "field" and (self.n_respondents is None or self.reference is None):
            raise ValueError("a field finding must give n_respondents and a reference")
        needs_use = self.requirement in LADDER[-1].requirements
        if needs_use != (self.use is not None):
            raise ValueError("use must be given for, and only for, " + ", ".join(LADDER[-1].requirements))
        if self.requirement == "omega_hierarchical":
            self._check_coefficient()
        if self.date > date.today():
            raise ValueError(f"the date {self.date} lies in the future")
        return self

    def _check_coefficient(self) -> None:
        if self.estimate is None or self.ci_low is None or self.ci_high is None:
            raise ValueError("omega_hierarchical must give estimate, ci_low and ci_high")
        if not 0 <= self.ci_low <= self.estimate <= self.ci_high <= 1:
            raise ValueError("expected 0 <= ci_low <= estimate <= ci_high <= 1")


class _Ledger(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    instrument: Text
    evidence: tuple[Evidence, ...] = ()


def read_ledger(path: str | Path, instrument_id: str | None = None) -> tuple[Evidence, ...]:
    """Read and check an evidence ledger.

    Parameters
    ----------
    path : str or pathlib.Path
        A TOML file such as ``instrument/evidence.toml``.
    instrument_id : str, optional
        When given, a ledger of another instrument counts as empty.

    Returns
    -------
    tuple of Evidence
        In the order of the file.

    Raises
    ------
    InstrumentError
        The file cannot be read or has faults; all of them are listed with their place.
    """
    place = Path(path)
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8-sig"))
        ledger = _Ledger.model_validate(raw)
    except OSError as error:
        raise InstrumentError(f"path: the evidence ledger {place.name} cannot be read ({error.strerror}).") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InstrumentError(f"{place.name}: this is not valid TOML: {error}.") from None
    except ValidationError as error:
        faults = [_fault(found) for found in error.errors()]
        raise InstrumentError(f"{place.name} has faults:", faults) from None
    if instrument_id is not None and ledger.instrument != instrument_id:
        return ()
    return ledger.evidence


def _fault(found: Any) -> Fault:
    place = " ".join(str(step + 1) if isinstance(step, int) else step for step in found["loc"])
    return Fault(place or "the file", found["msg"].removeprefix("Value error, "))


@dataclass(frozen=True)
class Claim:
    """What may be said of an instrument today, and why.

    Attributes
    ----------
    instrument, version : str
    step : str or None
        Id of the step of the ladder reached; None when not even the first one is recorded.
    label : str
        The claim in words, such as ``"designed, not yet validated"``.
    index_allowed : bool
        Whether field evidence lets reports show the index (omega-hierarchical of at least .80,
        lower limit of its interval).
    next_needed : tuple of str
        The requirements of the next step that are not met.
    entries : tuple of Evidence
        The entries of the ledger for this version, of every provenance.
    """

    instrument: str
    version: str
    step: str | None
    label: str
    index_allowed: bool
    next_needed: tuple[str, ...]
    entries: tuple[Evidence, ...] = field(default=(), repr=False)

    @property
    def validated(self) -> bool:
        """Whether the ladder allows that word at all."""
        return self.step in _VALIDATED

    @property
    def sentence(self) -> str:
        """The line that every report, summary and notebook prints."""
        return f"Evidence for {self.instrument} {self.version}: {self.label}."

    def __str__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        needed = ", ".join(name.replace("_", " ") for name in self.next_needed)
        tail = f" Still needed for the next step: {escape(needed)}." if needed else ""
        return f"<p><strong>{escape(self.sentence)}</strong>{tail}</p>"


def claim(instrument: Instrument, *, ledger: str | Path | Iterable[Evidence] | None = None) -> Claim:
    """Compute what the evidence ledger lets anyone say of an instrument.

    Parameters
    ----------
    instrument : Instrument
    ledger : path or iterable of Evidence, optional
        The ledger; by default ``evidence.toml`` beside the instrument's file. Without one, nothing is
        claimed.

    Returns
    -------
    Claim

    Notes
    -----
    For each requirement the latest entry on this version decides; on one date the worst outcome does.
    Entries from synthetic data are kept for reading and never counted. Documents count only for the
    two requirements of the first step.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> print(mr.claim(mr.load_instrument()))
    Evidence for Readiness for movement 0.1.0: designed, not yet validated.
    """
    entries = tuple(entry for entry in _entries(instrument, ledger) if instrument.version in entry.versions)
    counted = [entry for entry in entries if entry.provenance != "synthetic"]
    step, needed, use = _climb(counted)
    if step is None:
        label = "no evidence recorded, not validated"
    elif step.id in _VALIDATED:
        label = step.label.format(use=use)
    else:
        label = f"{step.label}, not yet validated"
    return Claim(
        instrument.title,
        instrument.version,
        step.id if step else None,
        label,
        _index_allowed(counted),
        needed,
        entries,
    )


def _entries(instrument: Instrument, ledger: str | Path | Iterable[Evidence] | None) -> Iterable[Evidence]:
    if ledger is None:
        beside = instrument.path.parent / "evidence.toml" if instrument.path else None
        return read_ledger(beside, instrument.id) if beside and beside.is_file() else ()
    return read_ledger(ledger, instrument.id) if isinstance(ledger, str | Path) else ledger


def _decided(entries: Iterable[Evidence], requirement: str, use: str | None = None) -> str | None:
    """The outcome of the latest entries on a requirement; the worst one where they share a date."""
    found = [entry for entry in entries if entry.requirement == requirement and entry.use == use]
    latest = max((entry.date for entry in found), default=None)
    outcomes = {entry.outcome for entry in found if entry.date == latest}
    return next((outcome for outcome in ("not supported", "unclear", "supported") if outcome in outcomes), None)


def _climb(entries: list[Evidence]) -> tuple[Step | None, tuple[str, ...], str | None]:
    reached: Step | None = None
    for step in LADDER[:-1]:
        unmet = tuple(name for name in step.requirements if _decided(entries, name) != "supported")
        if unmet:
            return reached, unmet, None
        reached = step
    last = LADDER[-1]
    uses = sorted({entry.use for entry in entries if entry.use is not None})
    for use in uses:
        if all(_decided(entries, name, use) == "supported" for name in last.requirements):
            return last, (), use
    return reached, last.requirements, None


def _index_allowed(entries: list[Evidence]) -> bool:
    found = [entry for entry in entries if entry.requirement == "omega_hierarchical"]
    latest = max((entry.date for entry in found), default=None)
    decisive = [entry for entry in found if entry.date == latest]
    return bool(decisive) and all(
        entry.outcome == "supported" and entry.ci_low is not None and entry.ci_low >= _INDEX_FLOOR for entry in decisive
    )
