"""`Instrument`: the questionnaire as a frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument.canonical import measured_content, sha256_of
from movement_readiness.instrument.schema import (
    Form,
    FrozenMap,
    InstrumentFile,
    Item,
    MissingCode,
    ResponseScale,
    Role,
    Scale,
)
from movement_readiness.instrument.translation import Translation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Instrument"]


@dataclass(frozen=True, repr=False)
class Instrument:
    """A questionnaire as data: items, response options, scales with keys, forms, rules, wording.

    Made by :func:`load_instrument`. Frozen; two instruments with the same content are equal.

    Parameters
    ----------
    file : InstrumentFile
        The checked content of the instrument file.
    translations : mapping of language code to Translation
        Wording in every shipped language, the source language first.
    path : pathlib.Path, optional
        Where the file was read; the evidence ledger is looked for beside it.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> instrument.item_ids("rational")
    ['R1', 'R2', 'R3', 'R4', 'R5']
    >>> instrument.scales["rational"].min_answered
    4
    """

    file: InstrumentFile
    translations: Mapping[str, Translation]
    path: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "translations", FrozenMap(self.translations))

    @property
    def id(self) -> str:
        """The permanent name of the questionnaire."""
        return self.file.instrument.id

    @property
    def version(self) -> str:
        """The version of the content, such as ``"0.1.0"``."""
        return self.file.instrument.version

    @property
    def title(self) -> str:
        """The title in the source language."""
        return self.file.instrument.title

    @property
    def language(self) -> str:
        """The source language."""
        return self.file.instrument.language

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of all wording shipped, the source language first."""
        return tuple(self.translations)

    @property
    def aim_id(self) -> str:
        """The id of the aim in the wording."""
        return self.file.aim.id

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """Every item by id, in the order of the file."""
        return FrozenMap({item.id: item for item in self.file.items})

    @cached_property
    def scales(self) -> Mapping[str, Scale]:
        """Every scale by id, in the order of the file."""
        return FrozenMap({scale.id: scale for scale in self.file.scales})

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        """Every form by id."""
        return FrozenMap({form.id: form for form in self.file.forms})

    @cached_property
    def response_scales(self) -> Mapping[str, ResponseScale]:
        """Every response scale by id."""
        return FrozenMap({scale.id: scale for scale in self.file.response_scales})

    @cached_property
    def missing_codes(self) -> Mapping[str, MissingCode]:
        """Every missing code by id."""
        return FrozenMap({code.id: code for code in self.file.missing_codes})

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """Every role a respondent may give, by id."""
        return FrozenMap({role.id: role for role in self.file.roles})

    @cached_property
    def sha256(self) -> str:
        """Hash of what respondents see and how it is scored.

        Covers the id and title, source wording (definition, aim, instructions, stem, item texts, option
        labels, role labels), items with their domain and home scale, response scales, missing codes, scales
        with keys and rules, and forms. Not covered: version, consent text and translations (each has a
        hash of its own), and what only documents or reports read (sources, notes, an unscored item's
        purpose, caveats, questions for discussion, pole labels, report_forms, minutes).
        """
        return sha256_of(measured_content(self.file))

    @property
    def consent_sha256(self) -> str:
        """Hash of the consent text in the source language."""
        return self.translation(self.language).consent_sha256

    def translation(self, language: str | None = None) -> Translation:
        """The wording in one language (the source language when none is named)."""
        chosen = self.language if language is None else language
        return self.translations[check_choice("language", chosen, self.languages)]

    def scale(self, scale: str) -> Scale:
        """One scale; an unknown id gets a sentence that lists those there are."""
        return self.scales[check_choice("scale", scale, tuple(self.scales))]

    def form(self, form: str) -> Form:
        """One form; an unknown id gets a sentence that lists those there are."""
        return self.forms[check_choice("form", form, tuple(self.forms))]

    def response_scale(self, item: str) -> ResponseScale:
        """The response scale of one item."""
        found = self.items[check_choice("item", item, tuple(self.items))]
        return self.response_scales[found.response_scale]

    def item_ids(self, scale: str | None = None) -> list[str]:
        """The scored items of a scale in order, or every item that any scale scores.

        For a scale made of other scales (an index), the items of all its parts. A new list each time, which selects
        the columns of a data frame: ``responses[instrument.item_ids("rational")]``.
        """
        if scale is None:
            scored = {item for part in self.scales.values() for item in part.keys}
            return [item for item in self.items if item in scored]
        found = self.scale(scale)
        if found.scales:
            return [item for part in found.scales for item in self.scales[part].keys]
        return list(found.keys)

    def home_scale(self, item: str) -> str | None:
        """The first scale of the file that scores the item; its key there is the item's usual key."""
        check_choice("item", item, tuple(self.items))
        return next((scale.id for scale in self.scales.values() if item in scale.keys), None)

    def key(self, item: str, scale: str | None = None) -> int:
        """+1 or -1: the item's key in a scale, or in its home scale."""
        chosen = self.home_scale(item) if scale is None else scale
        keys: dict[str, int] = {}
        for part in self._item_scales(chosen):
            keys.update(part.keys)
        if not keys:
            raise ArgumentError(f"item: expected an item of some scale; got {item!r}, which is in none.")
        return keys[check_choice("item", item, tuple(keys))]

    def _item_scales(self, scale: str | None) -> tuple[Scale, ...]:
        if scale is None:
            return ()
        found = self.scale(scale)
        return tuple(self.scales[part] for part in found.scales) if found.scales else (found,)

    def report_scales(self, form: str) -> tuple[str, ...]:
        """The scales that a report on answers to this form shows: never an index, never a check.

        A scale may name its forms (``report_forms``); otherwise it is shown for every form that holds
        all its items.
        """
        shown = set(self.form(form).items)
        return tuple(
            scale.id
            for scale in self.scales.values()
            if scale.kind in ("domain", "separate", "total")
            and (form in scale.report_forms if scale.report_forms is not None else set(scale.keys) <= shown)
        )

    def measurement_model(self, structure: str = "correlated", *, separate: bool = False) -> str:
        """The factor model that the scales say, in lavaan's syntax, for `cfa` or lavaan's ``cfa()``.

        Parameters
        ----------
        structure : {"correlated", "one_factor", "second_order", "bifactor"}
            "correlated": a factor for each domain. "one_factor": one for the items of all domains. "second_order":
            domains, and a factor of the domains. "bifactor": a factor of all items and, uncorrelated with it and with
            each other, one for what the items of a domain share besides.
        separate : bool, default False
            Also a factor for each scale that stands apart from the domains (kind "separate"; of ours, programme
            pull), correlated with the others. In "bifactor" it correlates with the factor of all items alone.

        Returns
        -------
        str
            One line a factor, then what is fixed.

        Raises
        ------
        ArgumentError
            An unknown structure; "second_order" or "bifactor" of an instrument with one domain.

        Notes
        -----
        For items that :func:`item_matrix` has keyed (without `scale`): an item of several scales belongs to the first
        that has it, its home scale, and is keyed as there. Items without an order are left out. The factor of all
        domains is called as the index that they make up, or "general". Two loadings that cannot be told apart
        (domains under a second-order factor, items of a bifactor domain) are equal; a domain of one item is that
        item's latent response.

        Examples
        --------
        >>> import movement_readiness as mr
        >>> print(mr.load_instrument().measurement_model("second_order"))
        rational =~ R1 + R2 + R3 + R4 + R5
        emotional =~ E1 + E2 + E3 + E4 + E5
        social =~ S1 + S2 + S3 + S4 + S5
        behavioural =~ B1 + B2 + B3 + B4 + B5
        organisational =~ O1 + O2 + O3 + O4 + O5
        leadership =~ L1 + L2 + L3 + L4 + L5
        readiness =~ rational + emotional + social + behavioural + organisational + leadership
        <BLANKLINE>
        """
        from movement_readiness.instrument.measurement import measurement_model

        return measurement_model(self, structure, separate=separate)

    @overload
    def codebook(self, format: None = None, *, language: str | None = None) -> pd.DataFrame: ...
    @overload
    def codebook(self, format: Literal["csv", "html", "markdown"], *, language: str | None = None) -> str: ...
    def codebook(self, format: str | None = None, *, language: str | None = None) -> pd.DataFrame | str:  # noqa: A002
        """Every column of a responses frame and what its values mean.

        Parameters
        ----------
        format : {None, "csv", "html", "markdown"}
            None gives a frame, one row an item; the others give text.
        language : str, optional
            The language of item texts and labels; the source language by default.

        Returns
        -------
        pandas.DataFrame or str
            Columns: item_id, text, purpose, domain, scale, key, response_scale, n_options, options,
            missing_codes, and the position in each form (``form_<id>``, empty where it is not shown).

        Examples
        --------
        >>> import movement_readiness as mr
        >>> mr.load_instrument().codebook().loc["R6", "options"]
        '1 = Not at all; 2 = A little; 3 = Partly; 4 = Mostly; 5 = Completely true'
        """
        from movement_readiness.instrument.codebook import codebook

        return codebook(self, format, language)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Instrument, (self.file, dict(self.translations), self.path))

    def __hash__(self) -> int:
        return hash((self.id, self.version, self.sha256))

    def __repr__(self) -> str:
        scored = len(self.item_ids())
        return (
            f"<Instrument {self.id} {self.version}: {scored} scored items, {len(self.scales)} scales, "
            f"forms {', '.join(self.forms)}, languages {', '.join(self.languages)}, sha256 {self.sha256[:12]}>"
        )

    def _repr_html_(self) -> str:
        from movement_readiness.instrument.codebook import overview_html

        return overview_html(self)
