"""`Translation`: everything that respondents and reports read, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from movement_readiness.instrument.canonical import dumped, plain, sha256_of
from movement_readiness.instrument.schema import Consent, FrozenMap, InstrumentFile, TranslationFile, Wording

__all__ = ["Translation"]


@dataclass(frozen=True)
class Translation:
    """The wording of an instrument in one language.

    Attributes
    ----------
    language, direction : str
        Language code, and "ltr" or "rtl".
    status : str
        "source", "draft" or "reviewed".
    title : str
    wording : Wording
        Definition of what is measured, aim, instructions and stem.
    consent : Consent
    items, scales, definitions, forms, roles, missing_codes : mapping of id to text
    low_labels, high_labels : mapping of scale id to text, for scales that have them
    options : mapping of response scale id to a mapping of code to label
    sha256, consent_sha256 : str
        Hashes of this wording and of the consent text alone.
    """

    language: str
    direction: str
    status: str
    title: str
    wording: Wording
    consent: Consent
    items: Mapping[str, str]
    scales: Mapping[str, str]
    definitions: Mapping[str, str]
    low_labels: Mapping[str, str]
    high_labels: Mapping[str, str]
    forms: Mapping[str, str]
    roles: Mapping[str, str]
    missing_codes: Mapping[str, str]
    options: Mapping[str, Mapping[int, str]]

    def __post_init__(self) -> None:
        for part in fields(self):  # the bundled instrument is shared, so nothing of it may be changed
            value = getattr(self, part.name)
            if part.name == "options":
                value = {scale: FrozenMap(labels) for scale, labels in value.items()}
            if isinstance(value, Mapping):
                object.__setattr__(self, part.name, FrozenMap(value))

    @cached_property
    def sha256(self) -> str:
        """Hash of everything here but the consent text and the review status."""
        covered = [part.name for part in fields(self) if part.name not in ("consent", "status")]
        return sha256_of({name: _stringly(plain(getattr(self, name))) for name in covered})

    @cached_property
    def consent_sha256(self) -> str:
        """Hash of the consent text in this language."""
        return sha256_of(dumped(self.consent))

    @classmethod
    def of_source(cls, file: InstrumentFile) -> Translation:
        """The wording in the instrument file itself."""
        return cls(
            language=file.instrument.language,
            direction=file.instrument.direction,
            status="source",
            title=file.instrument.title,
            wording=file.wording,
            consent=file.consent,
            items={item.id: item.text for item in file.items},
            scales={scale.id: scale.title for scale in file.scales},
            definitions={scale.id: scale.definition for scale in file.scales},
            low_labels={scale.id: scale.low_label for scale in file.scales if scale.low_label},
            high_labels={scale.id: scale.high_label for scale in file.scales if scale.high_label},
            forms={form.id: form.title for form in file.forms},
            roles={role.id: role.label for role in file.roles},
            missing_codes={code.id: code.label for code in file.missing_codes},
            options={
                scale.id: {option.code: option.label for option in scale.options} for scale in file.response_scales
            },
        )

    @classmethod
    def of_file(cls, file: TranslationFile, source: InstrumentFile) -> Translation:
        """The wording of a checked translation; optional parts it lacks stay in the source language."""
        base = cls.of_source(source)
        scales = file.scales.items()
        return cls(
            language=file.language,
            direction=file.direction,
            status=file.status,
            title=file.title,
            wording=file.wording,
            consent=file.consent,
            items=file.items,
            scales={scale: words.title for scale, words in scales},
            definitions={**base.definitions, **{s: w.definition for s, w in scales if w.definition}},
            low_labels={**base.low_labels, **{s: w.low_label for s, w in scales if w.low_label}},
            high_labels={**base.high_labels, **{s: w.high_label for s, w in scales if w.high_label}},
            forms=file.forms,
            roles=file.roles,
            missing_codes=file.missing_codes,
            options={
                scale: {int(code): label for code, label in labels.items()}
                for scale, labels in file.response_scales.items()
            },
        )


def _stringly(value: Any) -> Any:
    """JSON has text keys only."""
    if isinstance(value, Mapping):
        return {str(key): _stringly(entry) for key, entry in value.items()}
    return value
