"""What a form sends, checked and made a `Response`: the same for a phone, a notebook and a saved file."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any

from movement_readiness._validation import quoted
from movement_readiness.exceptions import SubmissionError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response, check_response_id
from movement_readiness.workshop.receipts import receipt_sha256
from movement_readiness.workshop.sessions import Session

__all__ = ["FIELDS", "RETEST_ELEMENTS", "response_of", "session_response"]

# What a submission may hold. "session", "site", "team", "wave", "rehearsal" and "ticket" are there in a saved file
# only to say where it belongs; they are never taken from it (`response_of` is told the place by its caller).
FIELDS = (
    "format",
    "response_id",
    "instrument_id",
    "instrument_version",
    "instrument_sha256",
    "form",
    "language",
    "role",
    "answers",
    "consent_sha256",
    "receipt",
    "retest",
    "session",
    "site",
    "team",
    "wave",
    "rehearsal",
    "ticket",
    "answered_on",
)
RETEST_ELEMENTS = 5
_LONGEST_ELEMENT = 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


def response_of(
    submission: object,
    instrument: Instrument,
    *,
    form: str,
    languages: tuple[str, ...],
    site: str | None,
    team: str | None,
    wave: str,
    session: str | None = None,
    rehearsal: bool = False,
    consent_sha256: Mapping[str, str] | None = None,
    hash_retest: Callable[[int, str], str] | None = None,
    submitted_on: datetime.date | None = None,
) -> Response:
    """A checked response from what a form sent.

    Parameters
    ----------
    submission : object
        Parsed JSON of any shape; it is not trusted.
    instrument : Instrument
    form, languages, site, team, wave, session, rehearsal
        What the session (or whoever shows the form) has settled. The submission cannot change them.
    consent_sha256 : mapping of language to hash, optional
        The consent texts that were shown; the submission must name the one of its language.
    hash_retest : callable, optional
        Keyed hash of (element number, text). Without it a self-generated code is refused.
    submitted_on : datetime.date, optional
        Today by default.

    Raises
    ------
    SubmissionError
        One sentence: the field, what was expected, what came.
    """
    fields = _fields(submission)
    _check_instrument(fields, instrument)
    if fields.get("form") != form:
        raise SubmissionError(f"form: expected {form!r}; got {_said(fields.get('form'))}.")
    language = fields.get("language")
    if not isinstance(language, str) or language not in languages:
        raise SubmissionError(f"language: expected one of {quoted(languages)}; got {_said(language)}.")
    consent = fields.get("consent_sha256")
    if consent_sha256 is not None and consent != consent_sha256[language]:
        raise SubmissionError("consent_sha256: expected the hash of the consent text that this session shows.")
    receipt = fields.get("receipt")
    return Response.of(
        instrument,
        fields.get("answers"),
        form=form,
        language=language,
        role=fields.get("role"),
        response_id=check_response_id(fields.get("response_id")),
        site=site,
        team=team,
        wave=wave,
        session=session,
        rehearsal=rehearsal,
        submitted_on=datetime.datetime.now().astimezone().date() if submitted_on is None else submitted_on,
        consent_sha256=_hash_or_none(consent),
        receipt_sha256=None if receipt is None else receipt_sha256(receipt),
        retest=_retest(fields.get("retest"), hash_retest),
    )


def _hash_or_none(value: object) -> str | None:
    if value is None or (isinstance(value, str) and _SHA256.fullmatch(value)):
        return value
    raise SubmissionError(f"consent_sha256: expected 64 hexadecimal digits; got {_said(value)}.")


def session_response(
    submission: object,
    instrument: Instrument,
    session: Session,
    *,
    consent_sha256: Mapping[str, str],
    hash_retest: Callable[[int, str], str],
    submitted_on: datetime.date | None = None,
) -> Response:
    """A checked response to a session, which settles everything about its place; else as `response_of`."""
    return response_of(
        submission,
        instrument,
        form=session.form,
        languages=session.languages,
        site=session.site,
        team=session.team,
        wave=session.wave,
        session=session.session_id,
        rehearsal=session.rehearsal,
        consent_sha256=consent_sha256,
        hash_retest=hash_retest if session.retest else None,
        submitted_on=submitted_on,
    )


def _fields(submission: object) -> Mapping[str, Any]:
    if not isinstance(submission, Mapping):
        raise SubmissionError(f"submission: expected a JSON object; got {type(submission).__name__}.")
    unknown = [name for name in submission if name not in FIELDS]
    if unknown:
        raise SubmissionError(f"submission: expected the fields {quoted(FIELDS, 20)}; got {_said(unknown[0])} too.")
    if submission.get("format") != 1:
        raise SubmissionError(f"format: expected 1; got {_said(submission.get('format'))}.")
    return submission


def _check_instrument(fields: Mapping[str, Any], instrument: Instrument) -> None:
    expected = (instrument.id, instrument.version, instrument.sha256)
    got = tuple(fields.get(name) for name in ("instrument_id", "instrument_version", "instrument_sha256"))
    if got != expected:
        said = " ".join(str(part)[:40] for part in got[:2])
        raise SubmissionError(
            f"instrument: expected answers to {instrument.id} {instrument.version} (sha256 {instrument.sha256[:12]}); "
            f"got answers to {said!r} (sha256 {str(got[2])[:12]!r}). Reload the form."
        )


def _retest(elements: object, hash_retest: Callable[[int, str], str] | None) -> tuple[str | None, ...]:
    if elements is None:
        return ()
    if hash_retest is None:
        raise SubmissionError("retest: expected nothing; this form does not ask for a code of your own.")
    if not isinstance(elements, list) or len(elements) != RETEST_ELEMENTS:
        raise SubmissionError(f"retest: expected a list of {RETEST_ELEMENTS} short texts.")
    return tuple(_element(place, text, hash_retest) for place, text in enumerate(elements))


def _element(place: int, text: object, hash_retest: Callable[[int, str], str]) -> str | None:
    if text is None or text == "":
        return None
    if not isinstance(text, str) or len(text) > _LONGEST_ELEMENT:
        raise SubmissionError(f"retest: expected short texts; got {_said(text)} as number {place + 1}.")
    return hash_retest(place, " ".join(text.split()).casefold())


def _said(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
