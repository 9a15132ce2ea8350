"""JSON as it may come from anyone: read strictly, refused in one sentence."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from movement_readiness.exceptions import SubmissionError

__all__ = ["json_object"]


def json_object(data: bytes, what: str = "body") -> dict[str, Any]:
    """The JSON object in these bytes; nothing that two readers could understand differently is taken.

    Parameters
    ----------
    data : bytes
    what : str
        How the sentence of an error names them.

    Raises
    ------
    SubmissionError
        Not UTF-8, not JSON, no object, a name twice in one object, NaN or an infinite number, nested too deeply,
        or text that is no Unicode.
    """
    try:
        return _object(data)
    except UnicodeError:
        wrong = "expected text in UTF-8."
    except RecursionError:
        wrong = "expected a JSON object; got one that is nested too deeply."
    except json.JSONDecodeError as error:
        wrong = f"expected JSON; letter {error.pos + 1} is none of it."
    except SubmissionError as error:
        wrong = str(error)
    except ValueError:  # a number of thousands of digits
        wrong = "expected JSON; got a number that is too long."
    raise SubmissionError(f"{what}: {wrong}")


def _object(data: bytes) -> dict[str, Any]:
    found = json.loads(
        data.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_number, parse_float=_finite
    )
    json.dumps(found, ensure_ascii=False).encode("utf-8")  # lone surrogates are escapes that no text can hold
    if not isinstance(found, dict):
        raise SubmissionError(f"expected a JSON object; got {_kind(found)}.")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SubmissionError("expected every name once in a JSON object; got one twice.")
    return found


def _no_number(name: str) -> NoReturn:
    raise SubmissionError(f"expected JSON; {name} is no number there.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise SubmissionError("expected JSON; got a number that is too large.")
    return number


def _kind(value: object) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "nothing")
