"""`Session`: one sitting of one team, with the rules its participants answer under."""

from __future__ import annotations

import datetime
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from movement_readiness._validation import check_choice, check_integer
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.instrument.schema import FrozenMap
from movement_readiness.workshop.consent import check_consent_values

__all__ = ["Session", "check_name", "new_session", "plain_code"]

# No 0 and O, 1 and I and L, U and V, 5 and S, 2 and Z: a code is read from a wall and typed on a phone.
CODE_LETTERS = "ABCDEFGHJKMNPQRTVWXY346789"
_CODE_LENGTH = 6
_MOST_PEOPLE = 1000
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sitting of one team.

    Attributes
    ----------
    session_id : str
        A random UUID.
    join_code : str
        Six letters and digits that participants type or scan.
    instrument_id, instrument_version, instrument_sha256, form, aim_id : str
    languages : tuple of str
        The languages offered, the first one shown first.
    site, team, wave : str
    head_count : int
        How many people are in the room: no more tickets are handed out.
    rehearsal : bool
        Answers to try things out; they never mix with real ones.
    shared_device : bool
        Several people use one device in turn: no drafts are kept on it.
    retest : bool
        Respondents are asked for a self-generated code.
    consent : mapping of name to text
        What fills in the names in braces of the consent text.
    withdraw_until : datetime.date
        The last day on which a receipt code deletes or corrects answers.
    state : {"open", "closed", "revealed"}
    opened_on : datetime.date
    """

    session_id: str
    join_code: str
    instrument_id: str
    instrument_version: str
    instrument_sha256: str
    form: str
    aim_id: str
    languages: tuple[str, ...]
    site: str
    team: str
    wave: str
    head_count: int
    rehearsal: bool
    shared_device: bool
    retest: bool
    withdraw_until: datetime.date
    consent: Mapping[str, str] = field(default_factory=dict)
    state: Literal["open", "closed", "revealed"] = "open"
    opened_on: datetime.date = field(default_factory=datetime.date.today)

    def __post_init__(self) -> None:
        object.__setattr__(self, "languages", tuple(self.languages))
        object.__setattr__(self, "consent", FrozenMap(self.consent))

    @property
    def spoken_code(self) -> str:
        """The join code as people read it: two groups of three."""
        return f"{self.join_code[:3]}-{self.join_code[3:]}"


def new_session(
    instrument: Instrument,
    *,
    site: str,
    team: str,
    head_count: int,
    wave: str = "1",
    form: str | None = None,
    languages: Sequence[str] | None = None,
    consent: Mapping[str, str] | None = None,
    withdraw_until: datetime.date | None = None,
    rehearsal: bool = False,
    shared_device: bool = False,
    retest: bool = False,
) -> Session:
    """A session that is ready to be opened, with a new id and join code; every argument is checked."""
    chosen = next(iter(instrument.forms)) if form is None else form
    check_choice("form", chosen, tuple(instrument.forms))
    offered = (instrument.language,) if languages is None else tuple(languages)
    if not offered:
        raise ArgumentError("languages: expected at least one language; got none.")
    for language in offered:
        check_choice("languages", language, instrument.languages)
    today = datetime.datetime.now().astimezone().date()
    until = today + datetime.timedelta(days=30) if withdraw_until is None else withdraw_until
    if until < today:
        raise ArgumentError(f"withdraw_until: expected today or a later day; got {until}.")
    return Session(
        session_id=str(uuid.uuid4()),
        join_code="".join(secrets.choice(CODE_LETTERS) for _ in range(_CODE_LENGTH)),
        instrument_id=instrument.id,
        instrument_version=instrument.version,
        instrument_sha256=instrument.sha256,
        form=chosen,
        aim_id=instrument.aim_id,
        languages=tuple(dict.fromkeys(offered)),
        site=check_name("site", site),
        team=check_name("team", team),
        wave=check_name("wave", wave),
        head_count=check_integer("head_count", head_count, 1, _MOST_PEOPLE),
        rehearsal=bool(rehearsal),
        shared_device=bool(shared_device),
        retest=bool(retest),
        consent=check_consent_values(instrument, consent or {}),
        withdraw_until=until,
        opened_on=today,
    )


def check_name(argument: str, value: object) -> str:
    """A name of a site, team or wave as it is stored: spaces folded, nothing that does not print."""
    text = " ".join(str(value).split()) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or len(text) > _LONGEST_NAME or not text.isprintable():
        raise ArgumentError(f"{argument}: expected a name of 1 to {_LONGEST_NAME} letters; got {str(value)[:40]!r}.")
    return text


def plain_code(text: str) -> str:
    """A join code as somebody typed it, without spaces, hyphens and small letters."""
    return "".join(letter for letter in text.upper() if letter.isalnum())[: _CODE_LENGTH + 1]
