"""The parts of an instrument file and of a translation, as pydantic models: shapes and types only.

What the parts must be to one another (a scale names items that exist, a form is not empty) is
checked in `checks`, so that one reading of a file reports every fault of both kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

from movement_readiness.instrument.shapes import (
    CODE_NAMES,
    ITEM_NAMES,
    Direction,
    FrozenMap,
    InstrumentId,
    ItemId,
    Key,
    LanguageCode,
    PartId,
    Text,
    VersionNumber,
    empty,
    frozen,
)

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


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Identity(_Part):
    """Which questionnaire this is."""

    id: InstrumentId = Field(description="Permanent name, in lower case with hyphens; stored with every response.")
    version: VersionNumber = Field(
        description="Version of the content, such as 0.1.0. Raise it whenever the hash changes."
    )
    title: Text = Field(description="Title as respondents read it.")
    language: LanguageCode = Field(description="Language of the wording in this file, such as en or pt-BR.")
    direction: Direction = "ltr"
    licence: Text = Field(description="Licence of the wording, such as CC-BY-4.0.")
    authors: tuple[Text, ...] = Field(default=(), description="Who wrote it.")
    sources: tuple[Text, ...] = Field(default=(), description="The theory it stands on, as full references.")
    not_to_be_used_for: tuple[Text, ...] = Field(default=(), description="Uses of a score that the authors rule out.")


class Wording(_Part):
    """What respondents read around the items; part of the hash."""

    definition: Text = Field(description="What is measured, in one sentence.")
    aim: Text = Field(description="The shared aim that items speak of, in the words of the instructions.")
    instructions: tuple[Text, ...] = Field(
        min_length=1, description="What respondents read before the items, one paragraph each."
    )
    stem: Text | None = Field(default=None, description="The line that is read above the items, if any.")


class Consent(_Part):
    """What respondents are told before they answer; has its own hash."""

    title: Text = Field(description="Heading of the consent page.")
    paragraphs: tuple[Text, ...] = Field(
        min_length=1,
        description="Paragraphs; whoever runs the session fills in the names in braces, such as {contact}.",
    )
    agree: Text = Field(description="The line a respondent ticks to take part.")


class Aim(_Part):
    """The shared aim that items speak of; its id is stored with every response."""

    id: InstrumentId = Field(description="Name of the aim; results are compared only within one aim, never across two.")


class ResponseOption(_Part):
    """One ordered category: the code that is stored and the label that is read."""

    code: Annotated[StrictInt, Field(ge=0)] = Field(
        description="Whole number, 0 or more, that is stored for this option."
    )
    label: Text = Field(description="What the respondent reads.")


class ResponseScale(_Part):
    """The ordered response options that one or more items share.

    ``missing`` names the missing codes offered beside the options (such as "Can't say");
    ``ordered = false`` marks nominal options, which no scored scale may use.
    """

    id: PartId = Field(description="Name that items use to point here.")
    options: tuple[ResponseOption, ...] = Field(
        min_length=2,
        max_length=10,
        description="2 to 10 options in the order in which they are shown; codes rise or fall.",
    )
    missing: tuple[PartId, ...] = Field(
        default=(), description="Ids of the missing codes that are offered beside these options."
    )
    ordered: bool = Field(default=True, description="false for options without an order; such items cannot be scored.")

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

    id: PartId = Field(description="Name that response scales use to point here.")
    code: Annotated[StrictInt, Field(lt=0)] = Field(description="Whole number below 0 that is stored for this reason.")
    label: Text = Field(description="What the respondent or the reader of a codebook reads.")
    offered: bool = Field(default=True, description="false when it is set for an item that was shown and left empty.")


class Item(_Part):
    """One statement to rate; its id is permanent."""

    id: ItemId = Field(description="Permanent name and column of the item; never used for another item.")
    text: Text = Field(description="The statement as respondents read it.")
    response_scale: PartId = Field(description="Id of the response scale of its options.")
    domain: PartId | None = Field(
        default=None,
        description="Id of the scale whose content it belongs to, also when it is not scored there.",
    )
    purpose: Literal["scored", "reserve", "criterion"] = Field(
        default="scored",
        description="scored: some scale has it; reserve: in no form and no scale; "
        "criterion: in a form, never in a scale.",
    )
    note: Text | None = Field(default=None, description="A remark for readers of this file; not hashed.")


class Scale(_Part):
    """A scored set of items, or the mean of other scales, with the rule that scores it.

    ``kind`` says how it is used: a *domain* belongs to the profile, a *separate* scale stands apart
    from it, a *total* is one score of a form, an *index* is a mean of scales, a *sensitivity* score is
    for researchers' checks and never shown in a report.
    """

    id: PartId = Field(description="Permanent name and column of the score.")
    title: Text = Field(description="Title that reports show.")
    kind: Literal["domain", "separate", "total", "index", "sensitivity"] = Field(
        default="domain",
        description="domain: part of the profile; separate: stands apart from it; "
        "total: one score of a form; index: mean of scales; sensitivity: for checks, never in a report.",
    )
    definition: Text = Field(description="What a high score means, in one clause.")
    low_label: Text | None = Field(default=None, description="What the low end means, where it is not 'less'.")
    high_label: Text | None = Field(default=None, description="What the high end means, where it is not 'more'.")
    sources: tuple[Text, ...] = Field(default=(), description="The theory behind this scale; not hashed.")
    caveat: Text | None = Field(default=None, description="The warning that travels with this score; not hashed.")
    keys: Annotated[Mapping[str, Key], AfterValidator(frozen)] = Field(
        default_factory=empty,
        description="Item id = +1 (as worded) or -1 (reversed). Give either keys or scales.",
        json_schema_extra=ITEM_NAMES,
    )
    min_answered: Annotated[StrictInt, Field(ge=1)] | None = Field(
        default=None, description="Fewest answered items for which the score is computed."
    )
    min_answered_per_domain: Annotated[StrictInt, Field(ge=0)] = Field(
        default=0, description="Fewest answered items in each domain that the items belong to."
    )
    scales: tuple[PartId, ...] = Field(default=(), description="For an index: the ids of the scales whose mean it is.")
    min_scales: Annotated[StrictInt, Field(ge=1)] | None = Field(
        default=None, description="For an index: fewest of its scales that must exist."
    )
    report_forms: tuple[PartId, ...] | None = Field(
        default=None,
        description="Ids of the forms whose reports show it; without it, every form that has all its items.",
    )
    referent: Literal["we", "I"] = Field(
        default="we", description="Whom its items speak of; agreement in a team is reported for 'we' only."
    )
    questions: tuple[Text, ...] = Field(
        default=(), description="Openers for the talk about this result in a team; not hashed."
    )


class Form(_Part):
    """An ordered selection of items, screen by screen."""

    id: PartId = Field(description="Name of the form; stored with every response.")
    title: Text = Field(description="Title of the form.")
    minutes: Text | None = Field(default=None, description='How long it takes, such as "6-8"; not hashed.')
    screens: tuple[tuple[ItemId, ...], ...] = Field(
        description="The item ids of each screen, in the order in which they are shown."
    )

    @property
    def items(self) -> tuple[str, ...]:
        """The item ids in the order in which they are shown."""
        return tuple(item for screen in self.screens for item in screen)


class Role(_Part):
    """A role that a respondent may give; always optional."""

    id: PartId = Field(description="Name that is stored.")
    label: Text = Field(description="What the respondent reads.")


class InstrumentFile(_Part):
    """A questionnaire as data: one file that is form, scoring key, codebook and labels."""

    format: Literal[1] = Field(description="Version of this file format: 1.")
    instrument: Identity
    wording: Wording
    aim: Aim
    consent: Consent
    response_scales: tuple[ResponseScale, ...] = Field(min_length=1, description="The sets of response options.")
    missing_codes: tuple[MissingCode, ...] = Field(
        default=(), description="The named reasons why an answer is missing."
    )
    items: tuple[Item, ...] = Field(min_length=1, description="Every item, in the order of result columns.")
    scales: tuple[Scale, ...] = Field(
        min_length=1, description="What is scored; an item's first scale here is its home."
    )
    forms: tuple[Form, ...] = Field(min_length=1, description="What is shown, in which order.")
    roles: tuple[Role, ...] = Field(default=(), description="The roles a respondent may choose from; may be empty.")


class TranslatedScale(_Part):
    """The wording of one scale; what is left out stays in the source language."""

    title: Text = Field(description="Title that reports show.")
    definition: Text | None = Field(default=None, description="What a high score means, in one clause.")
    low_label: Text | None = Field(default=None, description="What the low end means.")
    high_label: Text | None = Field(default=None, description="What the high end means.")


class TranslationFile(_Part):
    """The wording of one instrument version in another language, keyed by the ids of the source."""

    instrument: Text = Field(description="Id of the instrument.")
    source_version: VersionNumber = Field(description="Version of the instrument that this is the wording of.")
    language: LanguageCode = Field(description="Language of this wording, such as es or pt-BR.")
    direction: Direction = "ltr"
    status: Literal["draft", "reviewed"] = Field(
        description="reviewed only when people who speak the language have reviewed it."
    )
    translators: tuple[Text, ...] = Field(default=(), description="Who translated it.")
    reviewers: tuple[Text, ...] = Field(default=(), description="Who reviewed it; empty for a draft.")
    title: Text = Field(description="Title as respondents read it.")
    wording: Wording
    consent: Consent
    items: Annotated[Mapping[str, Text], AfterValidator(frozen)] = Field(
        description="Item id = wording, for every item of the source.", json_schema_extra=ITEM_NAMES
    )
    response_scales: Annotated[Mapping[str, Mapping[str, Text]], AfterValidator(frozen)] = Field(
        description="For each response scale a table: code = label.", json_schema_extra=CODE_NAMES
    )
    missing_codes: Annotated[Mapping[str, Text], AfterValidator(frozen)] = Field(
        default_factory=empty, description="Missing code id = label."
    )
    scales: Annotated[Mapping[str, TranslatedScale], AfterValidator(frozen)] = Field(
        description="For each scale its title and, better, definition and labels."
    )
    forms: Annotated[Mapping[str, Text], AfterValidator(frozen)] = Field(description="Form id = title.")
    roles: Annotated[Mapping[str, Text], AfterValidator(frozen)] = Field(
        default_factory=empty, description="Role id = label."
    )
