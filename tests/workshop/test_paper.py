"""The form on paper: few sheets, nothing filled in, everything there."""

from __future__ import annotations

import html
import re
import subprocess

import pypdf
import pytest
from support import ROOT
from workshop.form_support import FLAGS, running_browser, violations

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.workshop.paper import paper_form, paper_fragment

BOX = "&#9744;"
FORMS = [
    ("full", "en", 2),
    ("full", "es", 2),
    ("short", "en", 2),
    ("short", "es", 2),
    ("study", "en", 3),
    ("study", "es", 3),
]


@pytest.fixture(scope="module")
def balcony():
    return mr.load_instrument(ROOT / "tests" / "data" / "balcony" / "balcony.toml")


def test_every_line_has_a_box_for_every_option(any_instrument):
    for form in any_instrument.forms:
        for language in any_instrument.languages:
            page = paper_form(any_instrument, form, language)
            words = any_instrument.translation(language)
            for item in any_instrument.form(form).items:
                scale = any_instrument.response_scale(item)
                row = re.search(rf'<td class="id">{item}</td>(.*?)</tr>', page)[1]
                assert html.escape(words.items[item]) in row
                assert row.count(BOX) == len(scale.codes) + len(scale.missing)
            assert all(html.escape(label) in page for label in words.roles.values())
            assert html.escape(words.consent.agree) in page
            assert "checked" not in page
            assert "<script" not in page


def test_place_and_consent_are_printed_or_left_to_be_written(instrument):
    filled = {"organisation": "The trust <b>", "kept_until": "1 May 2030", "contact": "A. Person, 123"}
    page = paper_form(instrument, "short", site="North", team="A&E", consent=filled)
    assert "Site: North" in page
    assert "Team: A&amp;E" in page
    assert "The trust &lt;b&gt;" in page
    assert page.count('class="blank"') == 2
    assert not re.search(r"\{\w+\}", page.split("</style>")[1])
    assert not re.search(r"\{\w+\}", paper_form(instrument, "short").split("</style>")[1])


def test_wrong_names_get_a_sentence(instrument):
    with pytest.raises(ArgumentError, match="form: expected one of"):
        paper_form(instrument, "long")
    with pytest.raises(ArgumentError, match="language: expected one of"):
        paper_form(instrument, "short", "fr")
    with pytest.raises(ArgumentError, match="consent: expected values"):
        paper_form(instrument, "short", consent={"nobody": "x"})


def test_right_to_left_with_words_of_another_language(balcony):
    page = paper_form(balcony)
    assert '<html lang="ar" dir="rtl">' in page
    assert '<span lang="en" dir="ltr">Team</span>' in page


def test_it_is_one_file_and_small_enough_for_a_notebook(any_instrument):
    for form in any_instrument.forms:
        page = paper_form(any_instrument, form)
        assert not re.search(r"(src|href)=|url\(|://", page)
        assert len(paper_fragment(any_instrument, form).encode()) < 25_000


def printed(chromium, page, tmp_path):
    source, pdf = tmp_path / "form.html", tmp_path / "form.pdf"
    source.write_text(page, encoding="utf-8")
    command = [chromium, "--headless", *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer"]
    subprocess.run([*command, f"--print-to-pdf={pdf}", source.as_uri()], check=True, capture_output=True, timeout=120)
    with pypdf.PdfReader(pdf) as document:
        return [page.extract_text() for page in document.pages], [page.mediabox for page in document.pages]


@pytest.mark.browser
@pytest.mark.parametrize(("form", "language", "most"), FORMS)
def test_sheets_of_a4(chromium, instrument, tmp_path, form, language, most):
    consent = {
        "organisation": "The North Valley University Hospitals quality group",
        "kept_until": "31 December 2027",
        "contact": "quality@hospital.example, extension 12345, or your own data protection officer",
    }
    page = paper_form(instrument, form, language, site="North Valley Hospital", consent=consent)
    texts, boxes = printed(chromium, page, tmp_path)
    assert len(texts) <= most
    assert all(abs(float(box.width) - 595) < 2 and abs(float(box.height) - 842) < 2 for box in boxes)
    if form == "short":
        return
    # The options are printed again on top of every sheet that goes on with the lines.
    heads = instrument.translation(language).options["truth"][1].split()[0]
    assert all(heads in text for text in texts[:2])


@pytest.mark.browser
def test_letters_are_large_enough_and_axe_finds_nothing(chromium, any_instrument, balcony):
    with running_browser(chromium) as browser:
        page = browser.new_page()
        for instrument in (any_instrument, balcony):
            page.set_content(paper_form(instrument))
            sizes = page.evaluate(
                "Array.from(document.querySelectorAll('.mr-paper *')).filter((n) => n.textContent.trim())"
                ".map((n) => parseFloat(getComputedStyle(n).fontSize))"
            )
            assert min(sizes) >= 12 - 0.01  # 9 pt
            assert violations(page) == []
