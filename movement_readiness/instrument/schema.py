"""The parts of an instrument file and of a translation, as pydantic models: shapes and types only.

What the parts must be to one another (a scale names items that exist, a form is not empty) is
checked in `checks`, so that one reading of a file reports every fault of both kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

__all__ = [
    "Aim",
    "Consent",
    "Form",
    "FrozenMap",
    "Identity",
    "InstrumentFile",
    "Item",
    "MissingCode",
    "ResponseOption",
    "ResponseScale",
    "Role",
    "Scale",
    "TranslationFile",
    "Wording",
]

V = TypeVar("V")


class FrozenMap(Mapping[str, V]):
    """A mapping that cannot be changed, compares like a dict and can be pickled."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[str, V]) -> None:
        self._data = dict(data)

    def __getitem__(self, key: str) -> V:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return repr(self._data)

    def __hash__(self) -> int:
        return hash(frozenset(self._data.items()))


def _frozen(data: Any) -> Any:
    return FrozenMap(data)


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
ItemId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
PartId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
VersionNumber = Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
Key = Annotated[StrictInt, Field(description="+1 as worded, -1 reversed: most agreement scores lowest")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Identity(_Part):
    """Which questionnaire this is."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    version: VersionNumber
    title: Text
    language: LanguageCode
    direction: Literal["ltr", "rtl"] = "ltr"
    licence: Text
    authors: tuple[Text, ...] = ()
    sources: tuple[Text, ...] = ()
    not_to_be_used_for: tuple[Text, ...] = ()


class Wording(_Part):
    """What respondents read around the items; part of the hash."""

    definition: Text
    aim: Text
    instructions: tuple[Text, ...] = Field(min_length=1)
    stem: Text | None = None


class Consent(_Part):
    """What respondents are told before they answer; has its own hash."""

    title: Text
    paragraphs: tuple[Text, ...] = Field(min_length=1)
    agree: Text


class Aim(_Part):
    """The shared aim that items speak of; its id is stored with every response."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]


class ResponseOption(_Part):
    """One ordered category: the code that is stored and the label that is read."""

    code: Annotated[StrictInt, Field(ge=0)]
    label: Text


class ResponseScale(_Part):
    """The ordered response options that one or more items share.

    ``missing`` names the missing codes offered beside the options (such as "Can't say");
    ``ordered = false`` marks nominal options, which no scored scale may use.
    """

    id: PartId
    options: tuple[ResponseOption, ...] = Field(min_length=2, max_length=10)
    missing: tuple[PartId, ...] = ()
    ordered: bool = True

    @property
    def codes(self) -> tuple[int, ...]:
        """The codes in the order in which the options are shown."""
        return tuple(option.code for option in self.options)

    @property
    def low(self) -> int:
        """The lowest code."""
        return min(self.codes)

    @property
    def high(self) -> int:
        """The highest code."""
        return max(self.codes)


class MissingCode(_Part):
    """A named reason why an answer is missing; never scored.

    An ``offered`` code is an option that a respondent can choose; another one is set when an item was
    shown and left empty.
    """

    id: PartId
    code: Annotated[StrictInt, Field(lt=0)]
    label: Text
    offered: bool = True


class Item(_Part):
    """One statement to rate; its id is permanent."""

    id: ItemId
    text: Text
    response_scale: PartId
    domain: PartId | None = None
    purpose: Literal["scored", "reserve", "criterion"] = "scored"
    note: Text | None = None


class Scale(_Part):
    """A scored set of items, or the mean of other scales, with the rule that scores it.

    ``kind`` says how it is used: a *domain* belongs to the profile, a *separate* scale stands apart
    from it, a *total* is one score of a form, an *index* is a mean of scales, a *sensitivity* score is
    for researchers' checks and never shown in a report.
    """

    id: PartId
    title: Text
    kind: Literal["domain", "separate", "total", "index", "sensitivity"] = "domain"
    definition: Text
    low_label: Text | None = None
    high_label: Text | None = None
    sources: tuple[Text, ...] = ()
    caveat: Text | None = None
    keys: Annotated[Mapping[str, Key], AfterValidator(_frozen)] = FrozenMap({})
    min_answered: Annotated[StrictInt, Field(ge=1)] | None = None
    min_answered_per_domain: Annotated[StrictInt, Field(ge=0)] = 0
    scales: tuple[PartId, ...] = ()
    min_scales: Annotated[StrictInt, Field(ge=1)] | None = None
    report_forms: tuple[PartId, ...] | None = None
    referent: Literal["we", "I"] = "we"
    questions: tuple[Text, ...] = ()


class Form(_Part):
    """An ordered selection of items, screen by screen."""

    id: PartId
    title: Text
    minutes: Text | None = None
    screens: tuple[tuple[ItemId, ...], ...]

    @property
    def items(self) -> tuple[str, ...]:
        """The item ids in the order in which they are shown."""
        return tuple(item for screen in self.screens for item in screen)


class Role(_Part):
    """A role that a respondent may give; always optional."""

    id: PartId
    label: Text


class InstrumentFile(_Part):
    """A questionnaire as data: one file that is form, scoring key, codebook and labels."""

    format: Literal[1]
    instrument: Identity
    wording: Wording
    aim: Aim
    consent: Consent
    response_scales: tuple[ResponseScale, ...] = Field(min_length=1)
    missing_codes: tuple[MissingCode, ...] = ()
    items: tuple[Item, ...] = Field(min_length=1)
    scales: tuple[Scale, ...] = Field(min_length=1)
    forms: tuple[Form, ...] = Field(min_length=1)
    roles: tuple[Role, ...] = ()


class _TranslatedScale(_Part):
    title: Text
    definition: Text | None = None
    low_label: Text | None = None
    high_label: Text | None = None


class TranslationFile(_Part):
    """The wording of one instrument version in another language, keyed by the ids of the source."""

    instrument: Text
    source_version: VersionNumber
    language: LanguageCode
    direction: Literal["ltr", "rtl"] = "ltr"
    status: Literal["draft", "reviewed"]
    translators: tuple[Text, ...] = ()
    reviewers: tuple[Text, ...] = ()
    title: Text
    wording: Wording
    consent: Consent
    items: Annotated[Mapping[str, Text], AfterValidator(_frozen)]
    response_scales: Annotated[Mapping[str, Mapping[str, Text]], AfterValidator(_frozen)]
    missing_codes: Annotated[Mapping[str, Text], AfterValidator(_frozen)] = FrozenMap({})
    scales: Annotated[Mapping[str, _TranslatedScale], AfterValidator(_frozen)]
    forms: Annotated[Mapping[str, Text], AfterValidator(_frozen)]
    roles: Annotated[Mapping[str, Text], AfterValidator(_frozen)] = FrozenMap({})
