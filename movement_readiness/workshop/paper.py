"""The form on paper: a page of HTML that prints on A4, and what stands in place of the widget where none can run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from movement_readiness._validation import check_choice
from movement_readiness.instrument import Instrument, Translation
from movement_readiness.workshop.consent import check_consent_values, shown_consent
from movement_readiness.workshop.content import interface_words, stem_scale, unnamed_consent

__all__ = ["paper_form", "paper_fragment"]

_BOX = "&#9744;"
_CSS = Path(__file__).with_name("paper.css")


def paper_form(
    instrument: Instrument,
    form: str | None = None,
    language: str | None = None,
    *,
    site: str | None = None,
    team: str | None = None,
    wave: str | None = None,
    consent: Mapping[str, str] | None = None,
) -> str:
    """The form as one self-contained page of HTML, to be printed on A4 and ticked with a pen.

    Parameters
    ----------
    instrument : Instrument
    form : str, optional
        The instrument's first form by default.
    language : str, optional
        The instrument's own by default.
    site, team, wave : str, optional
        Printed at the top; a line to write on where they are not given.
    consent : mapping of name to text, optional
        What fills in the names in braces of the consent text.

    Returns
    -------
    str
        HTML. The small letters before each line are the item ids, for typing the answers in.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.workshop.paper import paper_form
    >>> paper_form(mr.load_instrument(), "short", team="A3").startswith("<!doctype html>")
    True
    """
    words = instrument.translation(language)
    fragment = paper_fragment(instrument, form, language, site=site, team=team, wave=wave, consent=consent)
    return (
        f'<!doctype html>\n<html lang="{escape(words.language)}" dir="{words.direction}">\n<head>\n'
        '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(words.title)}</title>\n</head>\n<body>\n<main>\n{fragment}\n</main>\n</body>\n</html>\n"
    )


def paper_fragment(
    instrument: Instrument,
    form: str | None = None,
    language: str | None = None,
    *,
    site: str | None = None,
    team: str | None = None,
    wave: str | None = None,
    consent: Mapping[str, str] | None = None,
) -> str:
    """The same form as a part of a page, as notebooks show it where no widget can run."""
    chosen = check_choice("form", next(iter(instrument.forms)) if form is None else form, tuple(instrument.forms))
    words = instrument.translation(language)
    filled = check_consent_values(instrument, consent) if consent else unnamed_consent(instrument, words.language)
    own = _own_words(words.language)
    parts = [
        f"<style>{_CSS.read_text(encoding='utf-8')}</style>",
        _top(words, own, {"site": site, "team": team, "wave": wave}),
        _consent(instrument, words, own, filled),
        _instructions(words, own),
        *_tables(instrument, chosen, words),
        _roles(words, own),
        f'<p class="small">{own["end"]} {_version(instrument, chosen, own)}</p>',
    ]
    attributes = f'class="mr-paper" lang="{escape(words.language)}" dir="{words.direction}"'
    return f"<div {attributes}>\n" + "\n".join(part for part in parts if part) + "\n</div>"


def _own_words(language: str) -> dict[str, str]:
    """The program's own words as HTML; where they are in another language than the items, they say so."""
    really, words = interface_words(language, "paper")
    if really == language:
        return {name: escape(text) for name, text in words.items()}
    direction = interface_words(really)[1]["direction"]
    span = f'<span lang="{really}" dir="{direction}">{{}}</span>'
    return {name: span.format(escape(text)) for name, text in words.items()}


def _top(words: Translation, own: Mapping[str, str], given: Mapping[str, str | None]) -> str:
    blank = '<span class="blank">&nbsp;</span>'
    fields = [f"{own[name]}: {escape(str(value)) if value else blank}" for name, value in given.items()]
    fields.append(f"{own['date']}: {blank}")
    draft = f'<p class="small">{own["draft"]}</p>' if words.status == "draft" else ""
    line = "".join(f"<span>{field}</span>" for field in fields)
    return f'<h1>{escape(words.title)}</h1>{draft}<div class="place">{line}</div>'


def _consent(instrument: Instrument, words: Translation, own: Mapping[str, str], values: Mapping[str, str]) -> str:
    shown = shown_consent(instrument, words.language, values)
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in shown.paragraphs)
    box = f'<p><span class="box">{_BOX}</span> <strong>{escape(shown.agree)}</strong></p>'
    return f'<div class="keep"><h2>{escape(shown.title)}</h2>{paragraphs}<p>{own["no_code"]}</p>{box}</div>'


def _instructions(words: Translation, own: Mapping[str, str]) -> str:
    lines = "".join(f"<p>{escape(text)}</p>" for text in words.wording.instructions)
    return f'<div class="keep"><h2>{own["how_title"]}</h2>{lines}<p>{own["how"]}</p></div>'


def _tables(instrument: Instrument, form: str, words: Translation) -> list[str]:
    """One table for every run of lines with the same options, so that their heads stand above the boxes."""
    runs = groupby(instrument.form(form).items, key=lambda item: instrument.items[item].response_scale)
    return [_table(instrument, words, scale, list(items)) for scale, items in runs]


def _table(instrument: Instrument, words: Translation, scale: str, items: Sequence[str]) -> str:
    options = instrument.response_scales[scale]
    labels = [("o", words.options[scale][code]) for code in options.codes]
    labels += [("o m", words.missing_codes[code]) for code in options.missing]
    heads = "".join(f'<th scope="col" class="{kind}">{escape(label)}</th>' for kind, label in labels)
    stem = words.wording.stem if scale == stem_scale(instrument) else None
    boxes = "".join(f'<td class="{kind}">{_BOX}</td>' for kind, _ in labels)
    rows = "".join(
        f'<tr><td class="id">{escape(item)}</td><th scope="row">{escape(words.items[item])}</th>{boxes}</tr>\n'
        for item in items
    )
    above = f'<th scope="col">{escape(stem)}</th>' if stem else "<td></td>"
    head = f"<tr><td></td>{above}{heads}</tr>"
    return f"<table><thead>{head}</thead><tbody>\n{rows}</tbody></table>"


def _roles(words: Translation, own: Mapping[str, str]) -> str:
    if not words.roles:
        return ""
    boxes = " ".join(f'<span><span class="box">{_BOX}</span> {escape(label)}</span>' for label in words.roles.values())
    return f'<div class="keep roles"><h2>{own["role"]}</h2><p>{boxes}</p></div>'


def _version(instrument: Instrument, form: str, own: Mapping[str, str]) -> str:
    version = f"{instrument.id} {instrument.version} ({instrument.sha256[:12]})"
    return own["version"].format(version=escape(version), form=escape(form))
