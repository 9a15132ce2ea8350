"""`Response`: one person's one sitting, checked and frozen, on its way from a form to a store."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from movement_readiness._validation import quoted
from movement_readiness.exceptions import SubmissionError
from movement_readiness.instrument import Instrument
from movement_readiness.instrument.canonical import sha256_of
from movement_readiness.instrument.schema import FrozenMap

__all__ = ["Response", "check_answers", "check_response_id", "skipped_code"]

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NOT_CONTENT = {"submitted_on"}  # a response sent again the next day is the same response


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One person's one sitting.

    Made by `Response.of`, which checks it against the instrument, or read back from a store, which
    also holds answers to versions that are no longer at hand.

    Attributes
    ----------
    response_id : str
        A random UUID (version 4) in lower case, made by the form before anything is sent.
    instrument_id, instrument_version, instrument_sha256, form, language, aim_id : str
        What was answered, and in which wording.
    site, team, role : str or None
    wave : str
    session : str or None
        Id of the workshop session.
    submitted_on : datetime.date
        The day; no time of day is kept, which could point to a person.
    rehearsal, synthetic : bool
        Answers given to try things out, and answers that a program made. Neither is evidence.
    answers : mapping of item id to int
        Codes as given (never reversed), missing codes too, in the order of the form.
    consent_sha256 : str or None
        Hash of the consent text as it was shown.
    receipt_sha256 : str or None
        Hash of the receipt code with which the person can have the answers corrected or deleted.
    retest : tuple of (str or None)
        One keyed hash for each element of a self-generated code, None for one left empty; usually none.
    """

    response_id: str
    instrument_id: str
    instrument_version: str
    instrument_sha256: str
    form: str
    language: str
    aim_id: str
    site: str | None = None
    team: str | None = None
    role: str | None = None
    wave: str = "1"
    session: str | None = None
    submitted_on: datetime.date = field(default_factory=datetime.date.today)
    rehearsal: bool = False
    synthetic: bool = False
    answers: Mapping[str, int] = field(default_factory=dict)
    consent_sha256: str | None = None
    receipt_sha256: str | None = None
    retest: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "answers", FrozenMap(self.answers))
        object.__setattr__(self, "retest", tuple(self.retest))

    @classmethod
    def of(
        cls,
        instrument: Instrument,
        answers: object,
        *,
        form: str,
        language: str | None = None,
        role: str | None = None,
        response_id: str | None = None,
        **context: Any,
    ) -> Response:
        """A response to this instrument, checked; an id is made where none is given.

        Raises
        ------
        SubmissionError
            The sentence names the answer, what was expected and what came.
        """
        _one_of("form", form, tuple(instrument.forms))
        chosen = instrument.language if language is None else language
        _one_of("language", chosen, instrument.languages)
        _one_of("role", role, (None, *instrument.roles))
        return cls(
            response_id=str(uuid.uuid4()) if response_id is None else check_response_id(response_id),
            instrument_id=instrument.id,
            instrument_version=instrument.version,
            instrument_sha256=instrument.sha256,
            form=form,
            language=chosen,
            aim_id=context.pop("aim_id", instrument.aim_id),
            role=role,
            answers=check_answers(instrument, form, answers),
            **context,
        )

    @property
    def content(self) -> dict[str, Any]:
        """Everything that makes it the response it is, as JSON knows it: all but the day it came."""
        found: dict[str, Any] = {
            part.name: getattr(self, part.name) for part in fields(self) if part.name not in _NOT_CONTENT
        }
        return {**found, "answers": dict(self.answers), "retest": list(self.retest)}

    @property
    def content_sha256(self) -> str:
        """Hash of the content; two responses with one id and two hashes contradict each other."""
        return sha256_of(self.content)

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, ({part.name: getattr(self, part.name) for part in fields(self)},)


def _remade(parts: dict[str, Any]) -> Response:
    return Response(**parts)


def _one_of(argument: str, value: Any, available: tuple[Any, ...]) -> None:
    if not isinstance(value, str | None) or value not in available:
        raise SubmissionError(f"{argument}: expected one of {quoted(available)}; got {_shown(value)}.")


def check_response_id(value: object) -> str:
    """A response id if it is a random UUID in its usual spelling."""
    if isinstance(value, str) and _UUID4.fullmatch(value):
        return value
    raise SubmissionError(f"response_id: expected a random UUID (version 4) in lower case; got {_shown(value)}.")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def skipped_code(instrument: Instrument) -> int | None:
    """The code of an item that was shown and left empty, None where the instrument has no such code."""
    return next((code.code for code in instrument.missing_codes.values() if not code.offered), None)


def check_answers(instrument: Instrument, form: str, answers: object) -> dict[str, int]:
    """The answers to a form in its order, each of them checked; items left out are skipped ones.

    The form's own module checks the same (``checkAnswers`` in ``workshop/form.js``); a test holds them together.

    Raises
    ------
    SubmissionError
        An item is not in the form, a code is not one of its options (or of the missing codes offered
        beside them), or nothing at all was answered.
    """
    if not isinstance(answers, Mapping):
        raise SubmissionError(f"answers: expected a table of item id and code; got {type(answers).__name__}.")
    items = instrument.form(form).items
    unknown = [item for item in answers if item not in items]
    if unknown:
        listed = quoted([name if len(str(name)) <= 30 else f"{str(name)[:27]}..." for name in unknown], 3)
        raise SubmissionError(f"answers: expected items of the form {form!r}; got {listed}.")
    skipped = skipped_code(instrument)
    checked: dict[str, int] = {}
    for item in items:
        code = answers.get(item, skipped)
        if code is None:
            continue
        checked[item] = _checked_code(instrument, item, code, skipped)
    if all(code == skipped for code in checked.values()):
        raise SubmissionError("answers: expected at least one answer; got none.")
    return checked


def _checked_code(instrument: Instrument, item: str, code: object, skipped: int | None) -> int:
    scale = instrument.response_scale(item)
    offered = tuple(instrument.missing_codes[name].code for name in scale.missing)
    allowed = (*scale.codes, *offered, *(() if skipped is None else (skipped,)))
    if isinstance(code, bool) or not isinstance(code, int) or code not in allowed:
        expected = ", ".join(map(str, allowed))
        raise SubmissionError(f"answers, {item}: expected one of {expected}; got {_shown(code)}.")
    return code
