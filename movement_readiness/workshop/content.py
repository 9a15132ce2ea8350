"""What a form shows, as the plain JSON that `form.js` renders in every host."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.instrument.schema import FrozenMap
from movement_readiness.responses.response import skipped_code
from movement_readiness.workshop.consent import consent_names, shown_consent

__all__ = ["form_content", "interface_words", "page_words", "stem_scale", "unnamed_consent"]

_WORDS = Path(__file__).parent / "words"
_FALLBACK = "en"
_SHARED_WITH_PAGE = ("direction", "try_now", "save_file")


@lru_cache(maxsize=64)
def interface_words(language: str, table: str = "form") -> tuple[str, Mapping[str, str]]:
    """The program's own words (buttons, status) in this language, or in the nearest one there is.

    Parameters
    ----------
    language : str
    table : {"form", "page", "paper", "facilitator"}
        What the words are for.

    Returns
    -------
    tuple of str and mapping of name to text
        The language they are really in, and the words.
    """
    for name in (language, language.partition("-")[0], _FALLBACK):
        place = _WORDS / f"{name}.toml"
        found = tomllib.loads(place.read_text(encoding="utf-8")).get(table) if place.is_file() else None
        if found:
            return name, FrozenMap(found)
    raise ArgumentError(f"table: expected a table of {_FALLBACK}.toml; got {table!r}.")


def page_words() -> dict[str, dict[str, str]]:
    """What the page around the form says on a phone, in every language there is."""
    found = {}
    for place in sorted(_WORDS.glob("*.toml")):
        language, form = interface_words(place.stem)
        words = interface_words(place.stem, "page")[1]
        found[language] = {**words, **{name: form[name] for name in _SHARED_WITH_PAGE}}
    return found


def unnamed_consent(instrument: Instrument, language: str) -> dict[str, str]:
    """What fills in the consent text where nobody has: true words that name nobody."""
    words = interface_words(language)[1]
    return {name: words.get(f"consent_{name}", words["consent_unnamed"]) for name in consent_names(instrument)}


def form_content(
    instrument: Instrument,
    form: str,
    *,
    languages: Sequence[str],
    consent: Mapping[str, str] | None = None,
    retest: bool = False,
) -> dict[str, Any]:
    """Everything a form needs to show and to check answers, without what only researchers need.

    Parameters
    ----------
    instrument : Instrument
    form : str
        A form of the instrument.
    languages : sequence of str
        The languages a respondent may choose from; the first one is shown first.
    consent : mapping of name to text, optional
        What fills in the names in braces of the consent text; `unnamed_consent` where it is not given.
    retest : bool, default False
        Ask for a self-generated code as well.

    Returns
    -------
    dict
        Of JSON types alone. Scales, keys and notes are not in it.
    """
    items = {item: instrument.items[item].response_scale for item in instrument.form(form).items}
    return {
        "instrument": {"id": instrument.id, "version": instrument.version, "sha256": instrument.sha256},
        "form": form,
        "aim_id": instrument.aim_id,
        "languages": list(languages),
        "skipped": skipped_code(instrument),
        "screens": [list(screen) for screen in instrument.form(form).screens],
        "items": items,
        "scales": {name: _scale(instrument, name) for name in dict.fromkeys(items.values())},
        "stem_scale": stem_scale(instrument),
        "roles": list(instrument.roles),
        "retest": retest,
        "words": {language: _words(instrument, form, language, consent, items) for language in languages},
    }


def stem_scale(instrument: Instrument) -> str:
    """The response scale that the stem is read with: the one most items share."""
    # "How true is this now?" suits the options that most items share, not those of a few other lines.
    return Counter(item.response_scale for item in instrument.items.values()).most_common(1)[0][0]


def _scale(instrument: Instrument, name: str) -> dict[str, list[int]]:
    scale = instrument.response_scales[name]
    return {
        "codes": list(scale.codes),
        "missing": [instrument.missing_codes[code].code for code in scale.missing],
    }


def _words(
    instrument: Instrument,
    form: str,
    language: str,
    consent: Mapping[str, str] | None,
    items: Mapping[str, str],
) -> dict[str, Any]:
    words = instrument.translation(language)
    shown = shown_consent(instrument, language, consent or unnamed_consent(instrument, language))
    interface_language, interface = interface_words(language)
    return {
        "name": interface["language_name"] if interface_language == language else language,
        "direction": words.direction,
        "status": words.status,
        "title": words.title,
        "instructions": list(words.wording.instructions),
        "stem": words.wording.stem,
        "minutes": instrument.form(form).minutes,
        "consent": {
            "title": shown.title,
            "paragraphs": list(shown.paragraphs),
            "agree": shown.agree,
            "sha256": shown.sha256,
        },
        "items": {item: words.items[item] for item in items},
        "options": {
            scale: {str(code): label for code, label in words.options[scale].items()}
            for scale in dict.fromkeys(items.values())
        },
        "missing": {
            str(code.code): words.missing_codes[code.id] for code in instrument.missing_codes.values() if code.offered
        },
        "roles": dict(words.roles),
        # The form's own words may be in another language than the items, and then say so.
        "interface_language": interface_language,
        "interface_direction": interface["direction"],
        "interface": {name: text for name, text in interface.items() if not name.startswith("consent_")},
    }
