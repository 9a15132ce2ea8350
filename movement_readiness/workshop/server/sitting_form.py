"""The form that opens a session: what it shows, and a session from what was filled in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from movement_readiness.exceptions import ArgumentError, SessionError
from movement_readiness.instrument import Instrument
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.sessions import Session, new_session

__all__ = ["Entered", "FieldError", "consent_labels", "head_count_of", "session_of"]

# The names that the bundled consent text uses; others are shown as they are spelt.
_KNOWN_NAMES = {
    "organisation": ("Who holds the answers", "An organisation or a person, as respondents know it."),
    "kept_until": ("Kept until", "A day or an event, such as “31 December 2027”."),
    "contact": ("Whom to ask", "A name with a telephone number or an e-mail address."),
}
_CHECKS = ("rehearsal", "shared_device", "retest")
_TEXTS = ("site", "team", "wave", "head_count", "form", "withdraw_until")


class FieldError(Exception):
    """A field that has to be filled in otherwise; ``field`` is its name."""

    def __init__(self, message: str, field: str) -> None:
        self.field = field
        super().__init__(message)


@dataclass(frozen=True)
class Entered:
    """What stands in the form.

    Attributes
    ----------
    texts : mapping of field to text
    languages : tuple of str
    checks : frozenset of str
    consent : mapping of name to text
    """

    texts: Mapping[str, str]
    languages: tuple[str, ...]
    checks: frozenset[str]
    consent: Mapping[str, str]

    @classmethod
    def first(cls, instrument: Instrument, last: Session | None) -> Entered:
        """The form as it opens, with what was said for the session before."""
        today = datetime.datetime.now().astimezone().date()
        texts = {
            "site": last.site if last else "",
            "team": "",
            "wave": last.wave if last else "1",
            "head_count": "",
            "form": last.form if last and last.form in instrument.forms else next(iter(instrument.forms)),
            "withdraw_until": (today + datetime.timedelta(days=30)).isoformat(),
        }
        known = tuple(one for one in (last.languages if last else ()) if one in instrument.languages)
        names = consent_names(instrument)
        consent = {name: (last.consent.get(name, "") if last else "") for name in names}
        return cls(texts, known or (instrument.language,), frozenset(), consent)

    @classmethod
    def of(cls, instrument: Instrument, fields: Mapping[str, Sequence[str]]) -> Entered:
        """The form as it was sent."""
        texts = {name: _one(fields, name) for name in _TEXTS}
        consent = {name: _one(fields, f"consent-{name}") for name in consent_names(instrument)}
        checks = frozenset(name for name in _CHECKS if name in fields)
        return cls(texts, tuple(fields.get("languages", ())), checks, consent)


def _one(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return " ".join(fields.get(name, [""])[0].split())


def consent_labels(instrument: Instrument) -> list[tuple[str, str, str]]:
    """Name, label and hint of everything that fills in the consent text."""
    return [
        (name, *_KNOWN_NAMES.get(name, (name.replace("_", " ").capitalize(), "As the consent text needs it.")))
        for name in consent_names(instrument)
    ]


def session_of(instrument: Instrument, entered: Entered) -> Session:
    """The session that was described.

    Raises
    ------
    FieldError
        Which field, and what is expected there.
    """
    for name, label, _ in consent_labels(instrument):
        if not entered.consent[name]:
            raise FieldError(f"{label}: people must be told this before they answer.", f"consent-{name}")
    try:
        return new_session(
            instrument,
            site=_filled(entered, "site", "Give the name of the site."),
            team=_filled(entered, "team", "Give the name of the team."),
            wave=_filled(entered, "wave", "Give the wave, such as 1."),
            head_count=head_count_of(entered.texts["head_count"]),
            form=entered.texts["form"],
            languages=entered.languages,
            consent=entered.consent,
            withdraw_until=_day(entered.texts["withdraw_until"]),
            **{name: name in entered.checks for name in _CHECKS},
        )
    except (ArgumentError, SessionError) as error:
        field = str(error).partition(":")[0].strip()
        raise FieldError(_plain(str(error)), field if field in (*_TEXTS, "languages") else "site") from None


def _filled(entered: Entered, field: str, message: str) -> str:
    if not entered.texts[field]:
        raise FieldError(message, field)
    return entered.texts[field]


def head_count_of(text: str) -> int:
    """A number of people from what was typed."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 1000):
        raise FieldError("People in the room: give a whole number from 1 to 1000.", "head_count")
    return int(text[:6])


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise FieldError("Withdrawal until: give a day, such as 2027-01-31.", "withdraw_until") from None


def _plain(sentence: str) -> str:
    names = {"site": "Site", "team": "Team", "wave": "Wave", "languages": "Languages", "withdraw_until": "Until"}
    field, colon, rest = sentence.partition(":")
    return f"{names.get(field, field)}{colon}{rest}"
