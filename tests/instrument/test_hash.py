"""What the hash of an instrument covers, and what may be mended without a new version."""

from __future__ import annotations

import hashlib
import json
import unicodedata

import pytest
from support import GARDEN

import movement_readiness as mr

# what a respondent sees, or how it is scored
COVERED = {
    "id": ('id = "shared-garden"', 'id = "other-garden"'),
    "title": ('title = "Gemeinsamer Garten"', 'title = "Garten"'),
    "definition": ("Wie gern Nachbarn", "Wie oft Nachbarn"),
    "aim": ('aim = "ein Garten für alle"', 'aim = "ein Garten"'),
    "aim id": ('id = "garden-for-all"', 'id = "garden-for-us"'),
    "instructions": ("an den letzten Monat", "an das letzte Jahr"),
    "stem": ("[aim]", 'stem = "Wie sehr?"\n\n[aim]'),
    "item text": ("Gärtnern ist mir lästig.", "Gärtnern ist mir sehr lästig."),
    "reserve item": ("Ersatzzeile.", "Reserve."),
    "item domain": ('id = "x_spare"', 'id = "x_spare"\ndomain = "order"'),
    "response scale of an item": ('Ersatzzeile."\nresponse_scale = "four"', 'Ersatzzeile."\nresponse_scale = "seven"'),
    "option label": ('label = "immer"', 'label = "stets"'),
    "option code": ('{ code = 3, label = "immer" }', '{ code = 4, label = "immer" }'),
    "missing codes offered": ('["unklar", "entfaellt"]', '["entfaellt"]'),
    "missing code": ("code = -3", "code = -4"),
    "missing label": ('label = "entfällt"', 'label = "trifft nicht zu"'),
    "key": ("n_fence = 1, n_key = 1", "n_fence = -1, n_key = 1"),
    "items of a scale": ("n_talk = 1, n_key = 1, n_party = 1, g_share = 1", "n_talk = 1, n_key = 1, n_party = 1"),
    "minimum answered": ("min_answered = 2", "min_answered = 1"),
    "minimum per domain": ("min_answered = 2", "min_answered = 2\nmin_answered_per_domain = 1"),
    "minimum of scales": ("min_scales = 1", "min_scales = 2"),
    "parts of an index": ('scales = ["gardening", "neighbours"]', 'scales = ["gardening", "order"]'),
    "scale title": ('title = "Ordnung"', 'title = "Ordnen"'),
    "scale definition": ('"Zäune und Schlüssel"', '"Zäune"'),
    "scale kind": ('kind = "separate"', 'kind = "domain"'),
    "referent": ('kind = "separate"', 'kind = "separate"\nreferent = "I"'),
    "order of a form": ('[["g_joy", "g_chore"', '[["g_chore", "g_joy"'),
    "screens of a form": ('"g_often", "g_share"]]', '"g_often"], ["g_share"]]'),
    "form title": ('title = "Kurzform"', 'title = "Kurz"'),
    "roles": ("[[forms]]\nid = \"lang\"", "[[roles]]\nid = \"all\"\nlabel = \"Alle\"\n\n[[forms]]\nid = \"lang\""),
}  # fmt: skip

# documentation, and what has a hash of its own
FREE = {
    "comment": ("# n_fence counts", "# To be read: n_fence counts"),
    "layout": ('screens = [["g_joy", "g_chore"', 'screens   =   [\n  ["g_joy", "g_chore"'),
    "version": ('version = "2.3.1"', 'version = "2.3.2"'),
    "licence": ('licence = "CC0-1.0"', 'licence = "CC-BY-4.0"'),
    "authors": ('licence = "CC0-1.0"', 'licence = "CC0-1.0"\nauthors = ["A"]\nsources = ["B"]\nnot_to_be_used_for = ["C"]'),
    "consent": ("Die Teilnahme ist freiwillig.", "Teilnehmen ist freiwillig."),
    "note": ('purpose = "reserve"', 'purpose = "reserve"\nnote = "later"'),
    "sources": ("min_answered = 2", 'min_answered = 2\nsources = ["A book"]'),
    "caveat": ("Nur zum Üben.", "Zum Üben."),
    "openers for the talk": ("min_answered = 2", 'min_answered = 2\nquestions = ["Warum?"]'),
    "labels of the ends": ("min_answered = 2", 'min_answered = 2\nlow_label = "wenig"\nhigh_label = "viel"'),
    "forms of a report": ("min_answered = 2", 'min_answered = 2\nreport_forms = ["lang"]'),
    "minutes": ('title = "Kurzform"', 'title = "Kurzform"\nminutes = "1"'),
    "order within a table": ('id = "leer"\ncode = -3', 'code = -3\nid = "leer"'),
    "default written out": ('id = "gardening"', 'id = "gardening"\nkind = "domain"\nreferent = "we"'),
}  # fmt: skip


@pytest.mark.parametrize("what", COVERED)
def test_the_hash_covers(what, changed, write, garden):
    found = mr.load_instrument(write(changed(COVERED[what])))
    assert found.sha256 != garden.sha256


@pytest.mark.parametrize("what", FREE)
def test_the_hash_does_not_cover(what, changed, write, garden, garden_text):
    text = changed(FREE[what])
    assert text != garden_text
    assert mr.load_instrument(write(text)).sha256 == garden.sha256


def test_no_two_covered_changes_hash_alike(changed, write):
    hashes = [mr.load_instrument(write(changed(change))).sha256 for change in COVERED.values()]
    assert len(set(hashes)) == len(hashes)


def test_the_order_of_tables_is_free_but_for_home_scales(garden, garden_text, write):
    parts = garden_text.split("\n[[")
    tables = {name: [part for part in parts[1:] if part.startswith(name + "]]")] for name in ("items", "forms", "missing_codes", "response_scales", "scales")}  # fmt: skip
    assert sum(map(len, tables.values())) == len(parts) - 1
    turned = [part for name in ("forms", "items", "missing_codes", "response_scales") for part in tables[name][::-1]]  # fmt: skip
    found = mr.load_instrument(write("\n[[".join([parts[0], *turned, *tables["scales"]]) + "\n"))
    assert tuple(found.items) == tuple(garden.items)[::-1]
    assert found.sha256 == garden.sha256
    # The first scale that has n_fence sets its usual key: with the scales turned round that is another one.
    turned_scales = mr.load_instrument(write("\n[[".join([parts[0], *turned, *tables["scales"][::-1]]) + "\n"))
    assert turned_scales.key("n_fence") != garden.key("n_fence")
    assert turned_scales.sha256 != garden.sha256


def test_translations_are_not_covered(garden, garden_text, write):
    assert len(garden.languages) == 2
    alone = mr.load_instrument(write(garden_text))
    assert alone.languages == ("de",)
    assert alone.sha256 == garden.sha256


def test_composed_and_decomposed_letters_hash_alike(garden, garden_text, write):
    apart = unicodedata.normalize("NFD", garden_text)
    assert apart != garden_text
    found = mr.load_instrument(write(apart))
    assert found.sha256 == garden.sha256
    assert found.consent_sha256 == garden.consent_sha256
    assert found.translation("de").sha256 == garden.translation("de").sha256


def test_the_hash_is_that_of_canonical_json(write):
    """Worked out by hand for the smallest instrument, so that another program can do the same."""
    text = """format = 1
[instrument]
id = "x"
version = "1.0.0"
title = "T"
language = "en"
licence = "L"
[wording]
definition = "é"
aim = "A"
instructions = ["I"]
[aim]
id = "a"
[consent]
title = "C"
paragraphs = ["P"]
agree = "Y"
[[response_scales]]
id = "yn"
options = [{ code = 0, label = "n" }, { code = 1, label = "y" }]
[[items]]
id = "Q"
text = "q"
response_scale = "yn"
[[scales]]
id = "s"
title = "S"
definition = "D"
keys = { Q = 1 }
min_answered = 1
[[forms]]
id = "f"
title = "F"
screens = [["Q"]]
"""
    content = {
        "id": "x",
        "title": "T",
        "wording": {"definition": "é", "aim": "A", "instructions": ["I"]},
        "aim": "a",
        "items": {"Q": {"id": "Q", "text": "q", "response_scale": "yn"}},
        "response_scales": {
            "yn": {
                "id": "yn",
                "options": [{"code": 0, "label": "n"}, {"code": 1, "label": "y"}],
                "missing": [],
                "ordered": True,
            }
        },
        "missing_codes": {},
        "scales": {
            "s": {
                "id": "s",
                "title": "S",
                "kind": "domain",
                "definition": "D",
                "keys": {"Q": 1},
                "min_answered": 1,
                "min_answered_per_domain": 0,
                "scales": [],
                "referent": "we",
            }
        },
        "forms": {"f": {"id": "f", "title": "F", "screens": [["Q"]]}},
        "roles": {},
        "home_scales": {"Q": "s"},
    }
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert mr.load_instrument(write(text, "x.toml")).sha256 == hashlib.sha256(canonical.encode()).hexdigest()


# -- the hashes of wording ----------------------------------------------------------------------------------

ENGLISH = GARDEN.parent / "translations" / "en.toml"


def english(write, garden_text, *change: str):
    words = ENGLISH.read_text(encoding="utf-8")
    if change:
        assert words.count(change[0]) == 1
        words = words.replace(*change)
    write(words, "translations/en.toml")
    return mr.load_instrument(write(garden_text)).translation("en")


@pytest.mark.parametrize(
    ("change", "wording_changes", "consent_changes"),
    [
        (("Gardening gives me joy.", "Gardening is a joy."), True, False),
        (('3 = "always"', '3 = "every time"'), True, False),
        (('leer = "left empty"', 'leer = "empty"'), True, False),
        (('title = "Shared garden"', 'title = "Garden"'), True, False),
        (("Taking part is your choice.", "You choose."), False, True),
        (('status = "reviewed"', 'status = "draft"'), False, False),
        (('reviewers = ["the test suite"]', 'reviewers = ["someone"]'), False, False),
    ],
)
def test_wording_and_consent_have_hashes_of_their_own(
    change, wording_changes, consent_changes, write, garden_text, garden
):
    before, after = garden.translation("en"), english(write, garden_text, *change)
    assert (after.sha256 != before.sha256) == wording_changes
    assert (after.consent_sha256 != before.consent_sha256) == consent_changes


def test_the_hash_of_wording_does_not_depend_on_what_was_asked_first(write, garden_text):
    one, other = english(write, garden_text), english(write, garden_text)
    assert one.consent_sha256 == other.consent_sha256
    first = one.sha256  # asked after the consent's
    fresh = english(write, garden_text)
    assert fresh.sha256 == first
    assert (fresh.sha256, fresh.consent_sha256) == (first, one.consent_sha256)


def test_equal_content_is_equal_and_other_content_is_not(garden, garden_text, changed, write):
    alone = mr.load_instrument(write(garden_text))
    again = mr.load_instrument(write(garden_text, "again/garden.toml"))
    assert alone == again
    assert hash(alone) == hash(again)
    assert alone != garden  # it has one language more
    assert mr.load_instrument(write(changed(COVERED["key"]))) != again
