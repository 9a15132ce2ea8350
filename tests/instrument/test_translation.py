"""Wording in other languages: complete, of this version, and marked as a draft while it is one."""

from __future__ import annotations

import re

import pytest
from support import GARDEN, ROOT

import movement_readiness as mr
from movement_readiness.exceptions import InstrumentError

ENGLISH = (GARDEN.parent / "translations" / "en.toml").read_text(encoding="utf-8")

# text of the garden's English wording, what stands there instead, place, part of the sentence
FAULTS = {
    "item missing": ('n_key = "I have a key to the shed."\n', "", "items, n_key", "wording of this is missing"),
    "item extra": ("[response_scales.seven]", 'g_jot = "Jot."\n[response_scales.seven]', "items, g_jot", "no such id. Did you mean 'g_joy'?"),
    "item empty": ('"I have a key to the shed."', '""', "items, n_key", "must not be empty"),
    "item blank": ('"I have a key to the shed."', '"  "', "items, n_key", "must not be empty"),
    "option missing": ('2 = "often"\n', "", "response_scales, four, 2", "wording of this is missing"),
    "option extra": ('2 = "often"\n', '2 = "often"\n4 = "all the time"\n', "response_scales, four, 4", "no such id"),
    "option empty": ('2 = "often"\n', '2 = ""\n', "response_scales, four, 2", "must not be empty"),
    "options alike": ('2 = "often"\n', '2 = "Always"\n', "response_scales, four", "the label 'always' is given 2 times"),
    "options without labels": ('[response_scales.ja_nein]\n0 = "no"\n1 = "yes"\n', "[response_scales.ja_nein]\n", "response_scales, ja_nein, 0", "wording of this is missing"),
    "response scale missing": ('[response_scales.ja_nein]\n0 = "no"\n1 = "yes"\n', "", "response_scales, ja_nein", "wording of this is missing"),
    "missing code missing": ('leer = "left empty"\n', "", "missing_codes, leer", "wording of this is missing"),
    "scale missing": ('order = { title = "Order" }\n', "", "scales, order", "wording of this is missing"),
    "scale extra": ('order = { title = "Order" }\n', 'order = { title = "Order" }\nordr = { title = "Ordr" }\n', "scales, ordr", "Did you mean 'order'?"),
    "scale without title": ('order = { title = "Order" }\n', "order = {}\n", "scales, order, title", "is missing"),
    "form missing": ('kurz = "Short form"', "", "forms, kurz", "wording of this is missing"),
    "role extra": ('kurz = "Short form"', 'kurz = "Short form"\n[roles]\nboss = "Boss"', "roles, boss", "no such id"),
    "other version": ('source_version = "2.3.1"', 'source_version = "2.3.0"', "source_version", "this wording is of version 2.3.0, the instrument is version 2.3.1"),
    "unknown status": ('status = "reviewed"', 'status = "final"', "status", "got 'final'"),
    "no instrument": ('instrument = "shared-garden"\n', "", "instrument", "is missing"),
    "no aim": ('aim = "a garden for all"\n', "", "wording, aim", "is missing"),
    "unknown name": ('status = "reviewed"', 'status = "reviewed"\nkeys = 1', "keys", "not known here"),
}  # fmt: skip


@pytest.fixture
def load(write, garden_text):
    def load(english=ENGLISH, source=garden_text, **more):
        write(english, "translations/en.toml")
        for name, text in more.items():
            write(text, f"translations/{name}.toml")
        return mr.load_instrument(write(source))

    return load


def replaced(old: str, new: str) -> str:
    assert ENGLISH.count(old) == 1
    return ENGLISH.replace(old, new)


@pytest.mark.parametrize("name", FAULTS)
def test_each_kind_of_fault_names_the_file_the_line_and_the_place(name, load):
    old, new, place, said = FAULTS[name]
    with pytest.raises(InstrumentError) as caught:
        load(replaced(old, new))
    matching = [fault for fault in caught.value.faults if fault.place == place and said in fault.message]
    assert matching, [str(fault) for fault in caught.value.faults]
    assert {fault.file for fault in caught.value.faults} == {"translations/en.toml"}


def test_faults_of_all_translations_come_together(load):
    broken = replaced('n_key = "I have a key to the shed."\n', "")
    with pytest.raises(InstrumentError) as caught:
        load(broken, fr=broken.replace('language = "en"', 'language = "fr"').replace('2 = "often"', '2 = ""'))
    assert [fault.file for fault in caught.value.faults] == ["translations/en.toml"] + ["translations/fr.toml"] * 2


def test_a_new_version_makes_every_translation_stale(load, changed):
    with pytest.raises(InstrumentError, match=r"is of version 2\.3\.1, the instrument is version 2\.4\.0: review it"):
        load(source=changed(('version = "2.3.1"', 'version = "2.4.0"')))


def test_one_language_once(load):
    with pytest.raises(InstrumentError, match=r"'en' is already the language of translations/en\.toml"):
        load(en2=ENGLISH)


def test_the_source_language_is_taken(load):
    with pytest.raises(InstrumentError, match=r"'de' is already the language of garden\.toml"):
        load(de=ENGLISH.replace('language = "en"', 'language = "de"'))


def test_a_stem_must_be_worded_too(load, changed):
    source = changed(("[aim]", 'stem = "Wie sehr stimmt das?"\n\n[aim]'))
    with pytest.raises(InstrumentError, match="wording, stem: the wording of this is missing"):
        load(source=source)
    worded = replaced('aim = "a garden for all"\n', 'aim = "a garden for all"\nstem = "How true is it?"\n')
    assert load(worded, source).translation("en").wording.stem == "How true is it?"


def test_wording_of_another_instrument_in_the_folder_is_left_alone(load):
    other = ENGLISH.replace('"shared-garden"', '"other"').replace('"en"', '"fr"')
    assert load(fr=other).languages == ("de", "en")


def test_a_draft_is_marked(load):
    found = load(replaced('status = "reviewed"', 'status = "draft"'))
    assert [words.status for words in found.translations.values()] == ["source", "draft"]
    assert "en (draft)" in found._repr_html_()
    assert "a draft translation that nobody has reviewed" in found.codebook("html", language="en")
    assert "a draft translation that nobody has reviewed" in found.codebook("markdown", language="en")
    assert "draft" not in found.codebook("html", language="de")


def test_wording_that_may_be_left_out_stays_in_the_source_language(garden):
    words = garden.translation("en")
    assert words.definitions["neighbours"] == "Togetherness"
    assert words.definitions["gardening"] == "Freude und Tun"


def test_a_language_written_from_right_to_left(load):
    found = load(ENGLISH.replace('language = "en"', 'language = "ar"\ndirection = "rtl"'))
    assert found.translation("ar").direction == "rtl"
    assert '<html lang="ar" dir="rtl">' in found.codebook("html", language="ar")


# -- the Spanish draft -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spanish(instrument):
    return instrument.translation("es")


def test_the_spanish_draft_is_complete_and_says_that_it_is_one(instrument, spanish):
    assert spanish.status == "draft"
    source = instrument.translation("en")
    for part in (
        "items",
        "scales",
        "definitions",
        "low_labels",
        "high_labels",
        "forms",
        "roles",
        "missing_codes",
    ):
        assert set(getattr(spanish, part)) == set(getattr(source, part)), part
    assert {scale: tuple(sorted(labels)) for scale, labels in spanish.options.items()} == {
        scale: tuple(sorted(labels)) for scale, labels in source.options.items()
    }
    text = (ROOT / "instrument" / "translations" / "es.toml").read_text(encoding="utf-8")
    comment = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    assert "DRAFT" in comment
    assert "no speaker has reviewed" in comment
    assert "cognitive interviews" in comment
    assert 'translators = ["machine-assisted first draft"]' in text
    assert "reviewers = []" in text


def test_no_english_is_left_in_the_spanish_draft(instrument, spanish):
    source = instrument.translation("en")
    for part in (
        "items",
        "scales",
        "definitions",
        "low_labels",
        "high_labels",
        "forms",
        "roles",
        "missing_codes",
    ):
        same = {key for key, text in getattr(spanish, part).items() if text == getattr(source, part)[key]}
        assert not same, part
    same = {label for scale, labels in spanish.options.items() for code, label in labels.items() if label == source.options[scale][code]}  # fmt: skip
    assert same <= {"0", "1", "2-3", "4-5", "No"}


def test_the_spanish_draft_addresses_nobody_as_tu_or_usted(spanish):
    read = " ".join([*spanish.items.values(), *spanish.wording.instructions, *spanish.consent.paragraphs])
    assert not re.search(r"\b(tú|tu|tus|te|ti|usted|ustedes|vosotros)\b", read, re.IGNORECASE)


def test_the_spanish_consent_keeps_what_must_be_filled_in(instrument, spanish):
    for one, other in zip(instrument.translation().consent.paragraphs, spanish.consent.paragraphs, strict=True):
        assert re.findall(r"{\w+}", one) == re.findall(r"{\w+}", other)
