"""Receipt codes: 80 random bits that a form makes, a person keeps, and a store knows only as a hash."""

from __future__ import annotations

import hashlib
import secrets

from movement_readiness.exceptions import SubmissionError

__all__ = ["new_receipt", "receipt_sha256"]

# Crockford's base 32: 16 characters of 5 bits; letters that look like digits are read as them.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH = 16


def new_receipt() -> str:
    """A new code, without hyphens."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def receipt_sha256(code: object) -> str:
    """The hash under which a store knows a code, however it was typed.

    80 random bits cannot be tried out, so a plain hash is enough.
    """
    plain = code.strip().upper().translate(_READ_AS) if isinstance(code, str) else ""
    if len(plain) != _LENGTH or any(letter not in _LETTERS for letter in plain):
        raise SubmissionError("receipt: expected a code of 16 letters and digits, such as 7K3M-9PQR-2ABC-XY0Z.")
    return hashlib.sha256(f"movement-readiness receipt {plain}".encode()).hexdigest()
