"""One view of an explorer: a figure with its sentences and rows; as HTML, and as files."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from movement_readiness.explorers.released import Released
from movement_readiness.plots import Picture
from movement_readiness.plots.teams import SPREAD
from movement_readiness.teams.words import why_withheld

__all__ = ["View", "file_name", "links", "view_html"]

_HEADINGS = {
    "level": "Group",
    "site": "Site",
    "team": "Team",
    "wave": "Wave",
    "wave_from": "From wave",
    "wave_to": "To wave",
    "form": "Form",
    "scale": "Domain",
    "item": "Line",
    "option": "Answer",
    "n": "People",
    "n_from": "People before",
    "n_to": "People now",
    "invited": "Invited",
    "mean": "Mean",
    "ci_low": "95 % from",
    "ci_high": "95 % to",
    "shrunken": "Mean drawn towards the middle",
    "shrunken_low": "Drawn mean, 95 % from",
    "shrunken_high": "Drawn mean, 95 % to",
    "reliability": "Reliability",
    "percent": "Per cent",
    "spread": "How alike",
    "centre": "Centre",
    "low95": "95 % limit, low",
    "high95": "95 % limit, high",
    "low998": "99.8 % limit, low",
    "high998": "99.8 % limit, high",
    "dispersion": "Over-dispersion",
    "position": "Position",
    "change": "Change",
    "verdict": "Reading",
    "icc1": "ICC(1)",
    "state": "That teams differ is",
    "n_respondents": "People",
    "n_teams": "Teams",
    "n_teams_published": "Published teams",
    "method": "Estimated by",
    "icc2": "ICC(2)",
    "icc2_low": "ICC(2), 95 % from",
    "icc2_high": "ICC(2), 95 % to",
    "rwg_j_median_uniform": "Median rwg(j), uniform null",
    "rwg_j_median_slight": "Median rwg(j), slightly skewed null",
    "ad_median": "Median average deviation",
    "benchmark_low": "80 % of true means from",
    "benchmark_high": "80 % of true means to",
}
_DECIMALS = 6
_FIT = 4  # columns of a table that a phone shows beside each other
_PARTS = {"evidence": "whether teams differ"}
_KEYS = ("level", "site", "team", "wave", "form", "wave_from", "wave_to", "scale")


@dataclass(frozen=True)
class View:
    """A figure, what is to be said about it, and the released rows behind it.

    Attributes
    ----------
    name : str
        Part of a file's name.
    title : str
    tables : dict of str to DataFrame
        Rows of the released frames, all their columns: what is exported. "numbers" are those of the group itself.
    picture : Picture, optional
        None where nothing may be shown; the sentences say why.
    sentences : tuple of str
    """

    name: str
    title: str
    tables: dict[str, pd.DataFrame] = field(repr=False)
    picture: Picture | None = field(default=None, repr=False)
    sentences: tuple[str, ...] = ()

    def csv(self, table: str = "numbers") -> bytes:
        """A table as a CSV file, numbers to six decimals.

        A name that a spreadsheet would take for a formula is marked as text. How alike answers are is said in the
        words of the figure.
        """
        rows = self.tables[table].round(_DECIMALS)
        if "spread" in rows:
            rows = rows.assign(spread=rows["spread"].map(SPREAD))
        texts = rows.select_dtypes(include=["str", "object"]).columns
        safe = {name: rows[name].map(_no_formula, na_action="ignore") for name in texts}
        return rows.assign(**safe).to_csv(index=False, lineterminator="\n").encode("utf-8")

    def figure_files(self) -> dict[str, bytes]:
        """The figure as files, by suffix; none where nothing may be shown."""
        return {} if self.picture is None else {"svg": self.picture.svg(), "png": self.picture.png()}


def _no_formula(text: Any) -> Any:
    return f"'{text}" if str(text)[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def file_name(view: View, released: Released, where: Iterable[str]) -> str:
    """A name for files of a view, without their suffix: it says that data are synthetic, and whose they are."""
    parts = ["synthetic"] if released.results.synthetic else []
    parts += [released.instrument.id, view.name, *where]
    return "_".join(re.sub(r"[^\w.-]+", "-", part).strip("-.") or "x" for part in parts)


_TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv;charset=utf-8"}
_WORDS = {"svg": "Figure as SVG", "png": "Figure as PNG", "csv": "Numbers as CSV"}


def links(files: dict[str, bytes], name: str) -> str:
    """Links that hold the files themselves, so that saving them asks nobody for anything."""
    parts = [
        f'<a download="{escape(name, quote=True)}.{suffix}" href="data:{_TYPES[suffix]};base64,'
        f'{base64.b64encode(content).decode("ascii")}">{_WORDS[suffix]}</a>'
        for suffix, content in files.items()
    ]
    return f'<p class="mr-links">{" · ".join(parts)}</p>'


def view_html(view: View, released: Released, name: str, *, opened: bool = False) -> str:
    """A view as HTML: heading, figure with its text alternative, sentences, and its numbers as a table."""
    figure = "" if view.picture is None else f"<figure>{view.picture.html()}</figure>"
    said = "".join(f"<p>{escape(sentence)}</p>" for sentence in view.sentences)
    tables = "".join(
        f"<details{' open' if opened else ''}><summary>{escape(_table_name(view, part))} as a table</summary>"
        f"{table_html(_table_name(view, part), rows, released)}"
        f"{links({'csv': view.csv(part)}, name if part == 'numbers' else f'{name}_{part}')}</details>"
        for part, rows in view.tables.items()
        if len(rows)
    )
    return f"<section><h3>{escape(view.title)}</h3>{figure}{said}{tables}</section>"


def _table_name(view: View, part: str) -> str:
    return f"{view.title}: {_PARTS.get(part, part)}"


def table_html(title: str, rows: pd.DataFrame, released: Released) -> str:
    """Rows as a table; what is the same in every row is said above it."""
    same = [name for name in _KEYS if name in rows and len(rows[name].unique()) == 1]
    hidden = bool(rows["withheld"].all()) if "withheld" in rows else False
    given = rows.columns if hidden else rows.columns[rows.notna().any()]  # a site has no reliability, and so on
    columns = [name for name in given if name not in (*same, "withheld", "reason")]
    first = rows.iloc[0]
    where = [_cell(first, name, released) for name in same if name != "level" and not pd.isna(first[name])]
    some = bool(rows["withheld"].any()) if "withheld" in rows else False
    head = [*(_HEADINGS.get(name, name) for name in columns), *(["Why not shown"] if some else [])]
    body = "".join(_row(row, columns, released, some) for row in rows.to_dict("records"))
    heads = "".join(f'<th scope="col">{escape(word)}</th>' for word in head)
    cue = '<p class="mr-cue">Slide the table sideways to see all of it.</p>' if len(head) > _FIT else ""
    return (
        f'{cue}<div class="mr-scroll" tabindex="0" role="region" aria-label="{escape(title, quote=True)}">'
        f"<table><caption><span>{escape(title)} ({', '.join(where)})</span></caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: dict[Any, Any], columns: list[str], released: Released, some: bool) -> str:
    hidden = bool(row.get("withheld", False))
    cells = []
    for place, name in enumerate(columns):
        words = _cell(row, name, released)
        if hidden and name not in (*_KEYS, "item", "option"):
            words = words or "not shown"
        cells.append(f'<th scope="row">{words}</th>' if place == 0 else f"<td>{words}</td>")
    why = why_withheld(str(row.get("reason", ""))) if hidden else ""
    last = f'<td class="mr-why">{escape(why)}</td>' if some else ""
    return f"<tr>{''.join(cells)}{last}</tr>"


def _cell(row: Any, name: str, released: Released) -> str:
    """A cell's words, escaped."""
    value = row[name]
    if pd.isna(value):
        return ""
    if name == "option":
        return escape(released.options(str(row["item"])).get(int(value), str(value)))
    if isinstance(value, float) and "icc1" in row:
        return f"{value + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")
    if isinstance(value, float):
        return f"{value + 0.0:g}".replace("-", "\N{MINUS SIGN}")
    known = {"scale": released.words.scales, "item": released.words.items, "spread": SPREAD}.get(name, {})
    lead = "wave " if name in ("wave", "wave_from", "wave_to") else ""
    return escape(lead + known.get(value, str(value)))
