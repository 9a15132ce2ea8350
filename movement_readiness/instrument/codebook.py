"""The codebook of an instrument as a frame, CSV, HTML or Markdown, and its overview in notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from movement_readiness._validation import check_choice
from movement_readiness.instrument.model import Instrument
from movement_readiness.instrument.translation import Translation

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["codebook", "overview_html"]


def codebook(instrument: Instrument, format: str | None, language: str | None) -> pd.DataFrame | str:  # noqa: A002
    """See `Instrument.codebook`."""
    check_choice("format", format, (None, "csv", "html", "markdown"))
    frame = _frame(instrument, language)
    if format is None:
        return frame
    if format == "csv":
        return frame.to_csv(lineterminator="\n")
    words = instrument.translation(language)
    return _page(instrument, frame, words) if format == "html" else _markdown(instrument, frame, words)


def _frame(instrument: Instrument, language: str | None) -> pd.DataFrame:
    import pandas as pd

    frame = pd.DataFrame([_row(instrument, item, language) for item in instrument.items]).set_index("item_id")
    for form in instrument.forms.values():
        position = {item: place for place, item in enumerate(form.items, start=1)}
        frame[f"form_{form.id}"] = pd.array([position.get(item) for item in frame.index], dtype="Int64")
    return frame


def _row(instrument: Instrument, item_id: str, language: str | None) -> dict[str, Any]:
    item, words = instrument.items[item_id], instrument.translation(language)
    scale, options = instrument.home_scale(item_id), instrument.response_scale(item_id)
    missing = [code for code in instrument.missing_codes.values() if code.id in options.missing or not code.offered]
    return {
        "item_id": item_id,
        "text": words.items[item_id],
        "purpose": item.purpose,
        "domain": item.domain or "",
        "scale": scale or "",
        "key": instrument.key(item_id) if scale else 0,
        "response_scale": options.id,
        "n_options": len(options.options),
        "options": "; ".join(f"{code} = {words.options[options.id][code]}" for code in options.codes),
        "missing_codes": "; ".join(f"{code.code} = {words.missing_codes[code.id]}" for code in missing),
    }


def _rules(instrument: Instrument, words: Translation) -> list[tuple[str, str, str]]:
    """Title, content and rule of every scale, in words."""
    rows = []
    for scale in instrument.scales.values():
        if scale.scales:
            what = "mean of " + ", ".join(scale.scales)
            rule = f"needs {scale.min_scales} of {len(scale.scales)} scales"
        else:
            what = ", ".join(item if key == 1 else f"{item} (reversed)" for item, key in scale.keys.items())
            rule = f"needs {scale.min_answered} of {len(scale.keys)} items"
            if scale.min_answered_per_domain:
                rule += f", at least {scale.min_answered_per_domain} in each domain"
        rows.append((f"{words.scales[scale.id]} ({scale.id}, {scale.kind})", what, rule))
    return rows


def _heading(instrument: Instrument, words: Translation) -> str:
    unreviewed = f", {words.language}: a draft translation that nobody has reviewed"
    draft = unreviewed if words.status == "draft" else ""
    return f"{words.title}, version {instrument.version}{draft} (sha256 {instrument.sha256})"


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in headings)
    body = "".join("<tr>" + "".join(f"<td>{escape(_shown(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(value: Any) -> str:
    return "" if str(value) == "<NA>" else str(value)


def _scrolled(table: str, name: str) -> str:
    return f'<div tabindex="0" role="region" aria-label="{name}">{table}</div>'


_STYLE = (
    "body{font:1rem/1.45 system-ui,sans-serif;margin:1rem auto;max-width:60rem;padding:0 1rem;overflow-wrap:break-word}"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}"
    "td,th{border-bottom:1px solid #767676;padding:.25rem .4rem;text-align:left;vertical-align:top}"
    "td:first-child{white-space:nowrap;font-weight:bold}div{overflow-x:auto}"
    "@page{size:A4;margin:12mm}@media print{body{font-size:9pt;max-width:none}tr{break-inside:avoid}}"
)


def _page(instrument: Instrument, frame: pd.DataFrame, words: Translation) -> str:
    """A page to print: the options once, the items with room for their text, the rules."""
    forms = [name for name in frame.columns if name.startswith("form_")]
    headings = ["Item", "Text", "Scale", "Key", "Options", *(f"Place in {name[5:]}" for name in forms)]
    items = _table(
        headings,
        (
            [item, row["text"], row["scale"] or f"none ({row['purpose']})", row["key"] or "", row["response_scale"]]
            + [row[form] for form in forms]
            for item, row in frame.iterrows()
        ),
    )
    once = frame.drop_duplicates("response_scale")
    columns = zip(once["response_scale"], once["options"], once["missing_codes"], strict=True)
    options = _table(["Options", "Codes and labels", "Missing codes"], columns)
    rules = "".join(
        f"<li><strong>{escape(title)}</strong>: {escape(what)}; {escape(rule)}</li>"
        for title, what, rule in _rules(instrument, words)
    )
    return (
        f'<!doctype html><html lang="{words.language}" dir="{words.direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Codebook: {escape(words.title)}</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>Codebook</h1><p>{escape(_heading(instrument, words))}</p>"
        f"<h2>Response options</h2>{_scrolled(options, 'Response options')}"
        f"<h2>Items</h2>{_scrolled(items, 'Items')}"
        f"<h2>Scales and scoring rules</h2><ul>{rules}</ul></main></body></html>\n"
    )


def _cell(value: object) -> str:
    """Text for Markdown: no pipe, line break or HTML of its own."""
    text = _shown(value).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(text.splitlines())


def _markdown(instrument: Instrument, frame: pd.DataFrame, words: Translation) -> str:
    table = frame.reset_index()
    lines = [f"# Codebook: {_cell(words.title)}", "", _cell(_heading(instrument, words)), "", "## Items", ""]
    lines.append("| " + " | ".join(map(str, table.columns)) + " |")
    lines.append("|" + " --- |" * len(table.columns))
    for row in table.itertuples(index=False):
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    lines += ["", "## Scales and scoring rules", ""]
    lines += [f"- **{_cell(title)}**: {what}; {rule}" for title, what, rule in _rules(instrument, words)]
    return "\n".join(lines) + "\n"


def overview_html(instrument: Instrument) -> str:
    """What a notebook shows for an instrument: its scales, rules and languages."""
    words = instrument.translation()
    rows = "".join(
        f"<tr><th scope='row'>{escape(title)}</th><td>{escape(what)}</td><td>{escape(rule)}</td></tr>"
        for title, what, rule in _rules(instrument, words)
    )
    languages = ", ".join(f"{part.language} ({part.status})" for part in instrument.translations.values())
    forms = ", ".join(f"{form.id} ({len(form.items)} items)" for form in instrument.forms.values())
    return (
        f"<p><strong>{escape(_heading(instrument, words))}</strong>"
        f"<br>forms: {escape(forms)}<br>languages: {escape(languages)}</p>"
        f"<table><thead><tr><th>scale</th><th>items</th><th>rule</th></tr></thead><tbody>{rows}</tbody></table>"
    )
