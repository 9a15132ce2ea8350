"""The codebook: a frame, CSV, HTML and Markdown, in every language, with nothing broken by odd characters."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pandas as pd
import pytest

import movement_readiness as mr

COLUMNS = [
    "text",
    "purpose",
    "domain",
    "scale",
    "key",
    "response_scale",
    "n_options",
    "options",
    "missing_codes",
]


class Cells(HTMLParser):
    """The texts of a page's table cells, and every tag that it opens."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        self._inside = tag in ("td", "th")
        if self._inside:
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self._inside:
            self.rows[-1][-1] += data


@pytest.fixture
def odd(changed, write):
    """The garden with texts that would break a page, a table or a list."""
    return mr.load_instrument(
        write(
            changed(
                ("Ersatzzeile.", "<script>alert('x')</script> a | b & c; \\\"d\\\",\\ne"),
                ('title = "Ordnung"', 'title = "<b>Ordnung</b> & mehr"'),
                ('label = "ja"', 'label = "ja | <i>doch</i>"'),
                ('title = "Gemeinsamer Garten"', 'title = "Garten </title><script>"'),
            )
        )
    )


TEXT = "<script>alert('x')</script> a | b & c; \"d\",\ne"


def test_the_frame_has_a_row_for_each_item(any_instrument):
    frame = any_instrument.codebook()
    assert isinstance(frame, pd.DataFrame)
    assert frame.index.name == "item_id"
    assert list(frame.index) == list(any_instrument.items)
    assert list(frame.columns) == COLUMNS + [f"form_{form}" for form in any_instrument.forms]


def test_what_the_frame_says_of_an_item(instrument, garden):
    row = instrument.codebook().loc["R6"]
    assert row["text"] == "People here back a change only if they gain from it."
    assert (row["domain"], row["scale"], row["key"], row["n_options"]) == ("rational", "programme_pull", 1, 5)
    assert row["options"] == "1 = Not at all; 2 = A little; 3 = Partly; 4 = Mostly; 5 = Completely true"
    assert row["missing_codes"] == "-8 = Can't say; -9 = Skipped"
    assert (row["form_full"], row["form_study"]) == (13, 13)
    assert pd.isna(row["form_short"])
    row = garden.codebook().loc["n_fence"]
    assert (row["scale"], row["key"], row["n_options"]) == ("neighbours", -1, 7)
    assert garden.codebook().loc["g_often", "options"] == "3 = immer; 2 = oft; 1 = selten; 0 = nie"
    assert garden.codebook().loc["g_often", "missing_codes"] == "-1 = weiß nicht; -2 = entfällt; -3 = leer gelassen"
    assert garden.codebook().loc["n_key", "missing_codes"] == "-3 = leer gelassen"


def test_positions_in_a_form_count_from_one_without_gaps(any_instrument):
    frame = any_instrument.codebook()
    for form in any_instrument.forms.values():
        places = frame[f"form_{form.id}"].dropna().sort_values()
        assert list(places.index) == list(form.items)
        assert list(places) == list(range(1, len(form.items) + 1))


def test_the_csv_reads_back_to_the_same_table(any_instrument):
    frame = any_instrument.codebook()
    rows = list(csv.DictReader(io.StringIO(any_instrument.codebook("csv"))))
    assert [row["item_id"] for row in rows] == list(frame.index)
    for column in frame.columns:
        assert [row[column] for row in rows] == ["" if pd.isna(value) else str(value) for value in frame[column]]


@pytest.mark.parametrize("kind", ["html", "markdown"])
def test_a_page_names_version_hash_every_item_and_every_rule(any_instrument, kind):
    page = any_instrument.codebook(kind)
    assert any_instrument.sha256 in page
    assert f"version {any_instrument.version}" in page
    assert all(item in page for item in any_instrument.items)
    assert all(f"({scale.id}, {scale.kind})" in page for scale in any_instrument.scales.values())


def test_rules_are_in_words(instrument, garden):
    page = instrument.codebook("markdown")
    assert "- **Rational (rational, domain)**: R1, R2, R3, R4, R5; needs 4 of 5 items\n" in page
    assert "needs 10 of 12 items, at least 1 in each domain" in page
    assert "leadership; needs 6 of 6 scales" in page
    assert "n_fence (reversed), n_talk" in garden.codebook("markdown")
    assert "mean of gardening, neighbours; needs 1 of 2 scales" in garden.codebook("html")


def test_the_page_gives_the_options_once_and_every_item_a_row(any_instrument):
    cells = Cells(any_instrument.codebook("html"))
    frame = any_instrument.codebook()
    n_options = frame["response_scale"].nunique()
    options, items = cells.rows[1 : 1 + n_options], cells.rows[2 + n_options :]
    assert {row[0]: (row[1], row[2]) for row in options} == {
        row["response_scale"]: (row["options"], row["missing_codes"]) for _, row in frame.iterrows()
    }
    assert [(row[0], row[1], row[4]) for row in items] == list(
        zip(frame.index, frame["text"], frame["response_scale"], strict=True)
    )
    assert {len(row) for row in items} == {5 + len(any_instrument.forms)}
    assert not {"script", "link", "img"} & set(cells.tags)  # self-contained


def test_nothing_in_a_text_becomes_markup(odd):
    for page in (odd.codebook("html"), odd._repr_html_()):
        cells = Cells(page)
        assert not {"script", "i"} & set(cells.tags)
        assert "<b>Ordnung" not in page
    cells = Cells(odd.codebook("html"))
    assert cells.rows[-1][1] == TEXT
    assert cells.tags.count("title") == 1


def test_markdown_keeps_its_columns(odd):
    lines = [line for line in odd.codebook("markdown").split("\n") if line.startswith("| ")]
    columns = len(odd.codebook().columns) + 1
    assert len(lines) == 2 + len(odd.items)  # names, rule, items
    assert {line.replace("\\|", "").count("|") for line in lines} == {columns + 1}
    assert "<script" not in odd.codebook("markdown")
    assert "<b>" not in odd.codebook("markdown")


def test_csv_keeps_odd_characters(odd):
    rows = list(csv.reader(io.StringIO(odd.codebook("csv"))))
    assert rows[-1][1] == TEXT
    assert {len(row) for row in rows} == {len(rows[0])}


def test_the_codebook_in_spanish(instrument):
    frame = instrument.codebook(language="es")
    assert frame.loc["R3", "text"] == instrument.translation("es").items["R3"] != instrument.items["R3"].text
    assert frame.loc["R3", "options"].endswith("5 = Completamente cierto")
    assert frame.loc["R3", "missing_codes"].startswith("-8 = ")
    assert "Can't say" not in instrument.codebook("csv", language="es")
    page = instrument.codebook("html", language="es")
    assert '<html lang="es" dir="ltr">' in page
    assert "Liderazgo (leadership, domain)" in page
    assert "es: a draft translation that nobody has reviewed" in page
    assert frame.drop(columns=["text", "options", "missing_codes"]).equals(
        instrument.codebook().drop(columns=["text", "options", "missing_codes"])
    )


def test_the_garden_in_its_second_language(garden):
    assert garden.codebook(language="en").loc["n_key", "options"] == "0 = no; 1 = yes"
    assert "Shared garden, version 2.3.1 (sha256" in garden.codebook("markdown", language="en")
