"""Rows of a store that anybody may have made: built anew through typed parts, or refused with a sentence."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from movement_readiness.exceptions import MovementReadinessError, SubmissionError
from movement_readiness.responses.response import Response, is_response_id
from movement_readiness.workshop.json_reading import json_object
from movement_readiness.workshop.sessions import CODE_LETTERS, check_name
from movement_readiness.workshop.store.schema import CONSENT, FIRST

__all__ = ["RowError", "check_release", "check_response", "check_session", "check_ticket", "fault_of"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_TEXT = 1000
_MOST_PEOPLE = 1000
_PLACE = ("site", "team", "wave", "instrument_id", "rehearsal")
_STATES = ("open", "closed", "revealed")
Row = Mapping[str, Any]


class RowError(MovementReadinessError):
    """A row that no store of ours has; the sentence says what is wrong with it."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_TEXT


def _is_text_or_none(value: object) -> bool:
    return value is None or _is_text(value)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _is_hash_or_none(value: object) -> bool:
    return value is None or _is_hash(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, int) and value in (0, 1)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_answers(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(item) and _is_number(code) for item, code in value.items())


def _is_retest(value: object) -> bool:
    return isinstance(value, list) and len(value) <= _LONGEST_TEXT and all(map(_is_text_or_none, value))


_OF_CONTENT: dict[str, Callable[[object], bool]] = {
    **{part.name: _is_text for part in fields(Response) if part.name != "submitted_on"},
    **dict.fromkeys(("site", "team", "role", "session"), _is_text_or_none),
    **dict.fromkeys(("rehearsal", "synthetic"), lambda value: isinstance(value, bool)),
    **dict.fromkeys(("consent_sha256", "receipt_sha256"), _is_text_or_none),
    "response_id": is_response_id,
    "instrument_sha256": _is_text,
    "answers": _is_answers,
    "retest": _is_retest,
}
# Columns that repeat what is in the content.
_REPEATED = {"session_id": "session"} | {
    name: name
    for name in (
        "response_id",
        "rehearsal",
        "instrument_id",
        "instrument_version",
        "instrument_sha256",
        "receipt_sha256",
    )
}


def _checked(row: Row, checks: Mapping[str, Callable[[object], bool]], what: str) -> None:
    wrong = [name for name, check in checks.items() if name not in row or not check(row[name])]
    if wrong:
        raise RowError(f"its {what} is not as a store writes it ({wrong[0]})")


def _content(text: object) -> dict[str, Any]:
    try:
        return json_object(text.encode("utf-8"), "its content") if isinstance(text, str) else {}
    except (SubmissionError, UnicodeError):
        raise RowError("its content cannot be read") from None


def fault_of(row: Row) -> str | None:
    """What is wrong with a row that is to hold answers, None where it is whole."""
    try:
        _response(row)
    except RowError as error:
        return str(error)
    return None


def _response(row: Row) -> Response:
    content = _content(row["content"])
    _checked(content, _OF_CONTENT, "content")
    if len(content) != len(_OF_CONTENT) or not _is_day(row["on_date"]):
        raise RowError("its content or its day is not as a store writes it")
    response = Response(**content, submitted_on=datetime.date.fromisoformat(row["on_date"]))
    if response.content_sha256 != row["content_sha256"]:
        raise RowError("its content is not what was stored (its hash differs)")
    differ = [column for column, name in _REPEATED.items() if row[column] != getattr(response, name)]
    if differ:
        raise RowError(f"its content contradicts its column {differ[0]}")
    return response


def check_response(response_id: object, rows: list[dict[str, Any]]) -> None:
    """Raise if these are not the events of one response as a store writes them, in order."""
    if not is_response_id(response_id):
        raise RowError("its id is not the random UUID that a form makes")
    answers = [row for row in rows if row["number"] != CONSENT]
    if [row["number"] for row in answers] != list(range(FIRST, FIRST + len(answers))) or not answers:
        raise RowError("its events are not numbered as a store does it")
    if answers[0]["kind"] == "withdraw":
        _check_tombstone(rows)
        return
    if [row["kind"] for row in answers] != ["response"] + ["amend"] * (len(answers) - 1):
        raise RowError("its events are not of the kinds that a store writes")
    for row in rows:
        _check_consent(row) if row["number"] == CONSENT else _response(row)


def _check_tombstone(rows: list[dict[str, Any]]) -> None:
    kept = {"response_id", "number", "kind", "on_date", "receipt_sha256"}
    (row, *others) = rows
    more = [name for name, value in row.items() if name not in kept and value is not None]
    if others or more or not _is_day(row["on_date"]) or not _is_hash_or_none(row["receipt_sha256"]):
        raise RowError("it is withdrawn, and more is left of it than a store leaves")


def _check_consent(row: Row) -> None:
    names = {"response_id", "number", "kind", "on_date", "content"}
    content = _content(row["content"])
    expected = {"consent_sha256": _is_text, "language": _is_text, "form": _is_text}
    _checked(content, expected, "consent event")
    empty = all(value is None for name, value in row.items() if name not in names)
    if row["kind"] != "consent" or len(content) != len(expected) or not empty or not _is_day(row["on_date"]):
        raise RowError("its consent event is not as a store writes it")


def _is_name(value: object) -> bool:
    try:
        return isinstance(value, str) and check_name("name", value) == value
    except MovementReadinessError:
        return False


_OF_SESSION: dict[str, Callable[[object], bool]] = {
    "session_id": is_response_id,
    "join_code": lambda value: isinstance(value, str) and len(value) == 6 and set(value) <= set(CODE_LETTERS),
    "state": lambda value: value in _STATES,
    "head_count": lambda value: isinstance(value, int) and 1 <= value <= _MOST_PEOPLE,
    **dict.fromkeys(("site", "team", "wave"), _is_name),
    **dict.fromkeys(("instrument_id", "instrument_version", "instrument_sha256", "form", "aim_id"), _is_text),
    **dict.fromkeys(("rehearsal", "shared_device", "retest"), _is_flag),
    **dict.fromkeys(("opened_on", "withdraw_until"), _is_day),
    "ticket_key": _is_hash,
    "languages": lambda value: isinstance(value, str),
    "consent": lambda value: isinstance(value, str),
}


def check_session(row: Row) -> None:
    """Raise if this is not the row of a session as a store writes it."""
    _checked(row, _OF_SESSION, "row")
    parts = _content(f'{{"languages": {row["languages"]}, "consent": {row["consent"]}}}')
    languages, consent = parts.get("languages"), parts.get("consent")
    if len(parts) != 2 or not isinstance(languages, list) or not languages or not all(map(_is_text, languages)):
        raise RowError("its row is not as a store writes it (languages)")
    if not isinstance(consent, dict) or not all(isinstance(one, str) for one in consent.values()):
        raise RowError("its row is not as a store writes it (consent)")


def check_ticket(row: Row) -> None:
    """Raise if this is not the row of a ticket as a store writes it."""
    of_response = row["response_id"] is None or is_response_id(row["response_id"])
    if not _is_hash(row["ticket_sha256"]) or not _is_flag(row["used"]) or not of_response:
        raise RowError("its row is not as a store writes it")


def check_release(row: Row, session: Any) -> None:
    """Raise if this is not the row of a page of this session as a store writes it."""
    checks = {"on_date": _is_day, "n": _is_number, "html": lambda value: isinstance(value, str)}
    _checked(row, {**checks, "shown": _is_flag}, "row")
    ids = _content(f'{{"ids": {row["response_ids"]}}}').get("ids")
    if not isinstance(ids, list) or not all(map(is_response_id, ids)):
        raise RowError("its row is not as a store writes it (response_ids)")
    if any(row[name] != getattr(session, name) for name in _PLACE):
        raise RowError("it names another place than its session")
