"""Request bodies as they may come from anyone: read strictly, refused in one sentence."""

from __future__ import annotations

from urllib.parse import parse_qs

from movement_readiness.exceptions import SubmissionError
from movement_readiness.workshop.json_reading import json_object

__all__ = ["MOST_BYTES", "form_fields", "json_object"]

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 200


def form_fields(body: bytes) -> dict[str, list[str]]:
    """The fields of a form that a browser sent, each with its values in order."""
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:  # UnicodeError is one
        raise SubmissionError("body: expected the fields of the form on this page.") from None
