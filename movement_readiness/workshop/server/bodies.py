"""Request bodies as they may come from anyone: read strictly, refused in one sentence."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn
from urllib.parse import parse_qs

from movement_readiness.exceptions import SubmissionError

__all__ = ["MOST_BYTES", "form_fields", "json_object"]

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 200


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; nothing that two readers could understand differently is taken.

    Raises
    ------
    SubmissionError
        Not UTF-8, not JSON, no object, a name twice in one object, NaN or an infinite number, nested too deeply,
        or text that is no Unicode.
    """
    try:
        found = json.loads(
            body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_number, parse_float=_finite
        )
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # lone surrogates are escapes that no text can hold
    except UnicodeError:
        raise SubmissionError("body: expected text in UTF-8.") from None
    except RecursionError:
        raise SubmissionError("body: expected a JSON object; got one that is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise SubmissionError(f"body: expected JSON; letter {error.pos + 1} is none of it.") from None
    except SubmissionError:
        raise
    except ValueError:  # a number of thousands of digits
        raise SubmissionError("body: expected JSON; got a number that is too long.") from None
    if not isinstance(found, dict):
        raise SubmissionError(f"body: expected a JSON object; got {_kind(found)}.")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SubmissionError("body: expected every name once in a JSON object; got one twice.")
    return found


def _no_number(name: str) -> NoReturn:
    raise SubmissionError(f"body: expected JSON; {name} is no number there.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise SubmissionError("body: expected JSON; got a number that is too large.")
    return number


def _kind(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")


def form_fields(body: bytes) -> dict[str, list[str]]:
    """The fields of a form that a browser sent, each with its values in order."""
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:  # UnicodeError is one
        raise SubmissionError("body: expected the fields of the form on this page.") from None
