"""The form that opens a session: what it shows, and a session from what was filled in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from movement_readiness.exceptions import ArgumentError, MovementReadinessError
from movement_readiness.instrument import Instrument
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.server.written_days import written_day
from movement_readiness.workshop.sessions import Session, check_name, new_session

__all__ = ["LABELS", "Entered", "FieldError", "consent_labels", "head_count_of", "session_of"]

LABELS = {
    "site": "Site",
    "team": "Team",
    "head_count": "People in the room",
    "wave": "Wave",
    "form": "Form",
    "languages": "Languages offered",
    "retest": "Ask for a code of their own",
    "withdraw_until": "Answers can be deleted until",
}

# The names that the bundled consent text uses; others are shown as they are spelt.
_KNOWN_NAMES = {
    "organisation": ("Who holds the answers", "An organisation or a person, as respondents know it."),
    "kept_until": ("Kept until", "When you delete the answers: a day such as “31 December 2027”, or an event."),
    "contact": ("Whom to ask", "A name with a telephone number or an e-mail address."),
}
_CHECKS = ("rehearsal", "shared_device", "retest")
_KEPT = "kept_until"
_USUAL_DAYS = 30
_TEXTS = ("site", "team", "wave", "head_count", "form", "withdraw_until")


class FieldError(MovementReadinessError):
    """Fields that have to be filled in otherwise; ``problems`` has a sentence for each, in the order of the page."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(" ".join(self.problems.values()))


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
        texts = {
            "site": last.site if last else "",
            "team": "",
            "wave": last.wave if last else "1",
            "head_count": "",
            "form": last.form if last and last.form in instrument.forms else next(iter(instrument.forms)),
            "withdraw_until": "",
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
        Which fields, and what is expected there.
    """
    if problems := _problems(instrument, entered):
        raise FieldError(problems)
    try:
        return new_session(
            instrument,
            site=entered.texts["site"],
            team=entered.texts["team"],
            wave=entered.texts["wave"],
            form=entered.texts["form"],
            head_count=head_count_of(entered.texts["head_count"]),
            languages=entered.languages,
            consent=entered.consent,
            withdraw_until=_withdraw_until(entered),
            rehearsal="rehearsal" in entered.checks,
            shared_device="shared_device" in entered.checks,
            retest="retest" in entered.checks,
        )
    except ArgumentError as error:
        raise FieldError({"site": str(error)}) from None


def _problems(instrument: Instrument, entered: Entered) -> dict[str, str]:
    """What is wrong, by field, in the order of the page."""
    found = {
        "site": _name_problem("site", entered),
        "team": _name_problem("team", entered),
        "head_count": _head_count_problem(entered.texts["head_count"]),
        "wave": _name_problem("wave", entered),
        "form": "" if entered.texts["form"] in instrument.forms else "choose one of the list.",
        "languages": _language_problem(instrument, entered.languages),
    }
    problems = {name: f"{LABELS[name]}: {said}" for name, said in found.items() if said}
    said = _until_problem(entered)
    until = {"withdraw_until": f"{LABELS['withdraw_until']}: {said}"} if said else {}
    for name, label, _ in consent_labels(instrument):
        if said := _consent_problem(name, entered.consent[name]):
            problems[f"consent-{name}"] = f"{label}: {said}"
        problems |= until if name == _KEPT else {}  # the page has it beside
    return problems | until


def _name_problem(name: str, entered: Entered) -> str:
    text = entered.texts[name]
    if not text:
        return "give its number or name, such as 1." if name == "wave" else "give its name."
    try:
        check_name(name, text)
    except ArgumentError:
        return "give a shorter name, of letters that can be printed."
    return ""


def _language_problem(instrument: Instrument, languages: Sequence[str]) -> str:
    if not languages:
        return "choose at least one."
    return "" if set(languages) <= set(instrument.languages) else "choose from the list."


def _consent_problem(name: str, text: str) -> str:
    if not text:
        return "people must be told this before they answer."
    day = written_day(text) if name == _KEPT else None
    return f"{text} is past; give a later day." if day and day < _today() else ""


def _until_problem(entered: Entered) -> str:
    if not entered.texts["withdraw_until"]:
        return ""
    try:
        day = datetime.date.fromisoformat(entered.texts["withdraw_until"])
    except ValueError:
        return "give a day, such as 2027-01-31, or leave it empty."
    return "" if day >= _today() else "this day is past; give today or a later one."


def _withdraw_until(entered: Entered) -> datetime.date:
    """The day that was given; else that on which the answers are deleted anyway; else the usual one."""
    if text := entered.texts["withdraw_until"]:
        return datetime.date.fromisoformat(text)
    return written_day(entered.consent.get(_KEPT, "")) or _today() + datetime.timedelta(days=_USUAL_DAYS)


def _today() -> datetime.date:
    return datetime.datetime.now().astimezone().date()


def head_count_of(text: str) -> int:
    """A number of people from what was typed."""
    if said := _head_count_problem(text):
        raise FieldError({"head_count": f"{LABELS['head_count']}: {said}"})
    return int(text[:6])


def _head_count_problem(text: str) -> str:
    good = text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= 1000
    return "" if good else "give a whole number from 1 to 1000."
