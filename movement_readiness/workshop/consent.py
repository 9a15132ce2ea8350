"""The consent text as respondents read it: the names in braces filled in, with the hash of the result."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from movement_readiness._validation import quoted
from movement_readiness.exceptions import ArgumentError, SessionError
from movement_readiness.instrument import Instrument
from movement_readiness.instrument.canonical import sha256_of

__all__ = ["ShownConsent", "check_consent_values", "consent_names", "shown_consent"]

_NAME = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class ShownConsent:
    """A consent text with nothing left to fill in.

    Attributes
    ----------
    title, agree : str
    paragraphs : tuple of str
    sha256 : str
        Hash of the text as shown; stored with every response given after it.
    """

    title: str
    paragraphs: tuple[str, ...]
    agree: str
    sha256: str


def consent_names(instrument: Instrument) -> tuple[str, ...]:
    """The names in braces, in any language, that whoever runs a session fills in."""
    texts = (text for words in instrument.translations.values() for text in words.consent.paragraphs)
    return tuple(dict.fromkeys(name for text in texts for name in _NAME.findall(text)))


def check_consent_values(instrument: Instrument, values: Mapping[str, str]) -> dict[str, str]:
    """The values if they fill in every name of the consent text and no other."""
    names = consent_names(instrument)
    unknown = [name for name in values if name not in names]
    if unknown:
        raise ArgumentError(f"consent: expected values for {quoted(names)}; got one for {quoted(unknown)}.")
    missing = [name for name in names if not str(values.get(name, "")).strip()]
    if missing:
        raise SessionError(
            f"consent: people must be told {quoted(missing)} before they answer; give a value for each.", "consent"
        )
    return {name: str(values[name]).strip() for name in names}


def shown_consent(instrument: Instrument, language: str, values: Mapping[str, str]) -> ShownConsent:
    """The consent text in one language with these values in it."""
    text = instrument.translation(language).consent
    paragraphs = tuple(_NAME.sub(lambda found: values[found[1]], paragraph) for paragraph in text.paragraphs)
    content = {"title": text.title, "paragraphs": list(paragraphs), "agree": text.agree}
    return ShownConsent(text.title, paragraphs, text.agree, sha256_of(content))
