"""The form's own module: small, plain, safe, and with the same rules for answers as Python."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from workshop.form_support import Room, running_browser

import movement_readiness
from movement_readiness.exceptions import SubmissionError
from movement_readiness.responses.response import check_answers
from movement_readiness.workshop.client import client_files
from movement_readiness.workshop.content import form_content, interface_words, page_words
from movement_readiness.workshop.submission import RETEST_ELEMENTS

WORKSHOP = Path(movement_readiness.__file__).parent / "workshop"
WORDS = {place.stem: tomllib.loads(place.read_text(encoding="utf-8")) for place in (WORKSHOP / "words").glob("*.toml")}
FORM, PAGE = (
    (WORKSHOP / "form.js").read_text(encoding="utf-8"),
    (WORKSHOP / "client" / "page.js").read_text(encoding="utf-8"),
)


def test_the_module_is_small(capsys):
    size = len((WORKSHOP / "form.js").read_bytes())
    with capsys.disabled():
        sys.stdout.write(f"\nform.js: {size} bytes as written\n")
    assert size < 25_000
    assert len((WORKSHOP / "form.css").read_bytes()) < 10_000


@pytest.mark.parametrize("text", [FORM, PAGE], ids=["form.js", "page.js"])
def test_text_never_becomes_markup_and_nothing_comes_from_elsewhere(text):
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "DOMParser",
        ".style",
    ):
        assert forbidden not in text
    assert "://" not in text
    # No secure context in a room without TLS, and phones of every age.
    for unknown in (
        "crypto.subtle",
        "randomUUID",
        "navigator.clipboard",
        "serviceWorker",
        "?.",
        "??",
        "replaceChildren",
        ".at(",
    ):
        assert unknown not in text
    assert not re.search(r"^await |^\s*#\w+", text, re.M)


def test_every_word_is_in_every_language_and_is_used():
    used = set(re.findall(r"[\"'`](\w+)[\"'`]", FORM)) | {f"retest_{place + 1}" for place in range(RETEST_ELEMENTS)}
    page = set(re.findall(r"[\"'`](\w+)[\"'`]", PAGE))
    paper = set(re.findall(r"[\"'`](\w+)[\"'`]", (WORKSHOP / "paper.py").read_text(encoding="utf-8")))
    elsewhere = {"language_name", "direction"}
    english = WORDS["en"]
    for table, found in (("form", used | elsewhere), ("page", page), ("paper", paper)):
        unused = [key for key in english[table] if key not in found and not key.startswith("consent_")]
        assert not unused, f"[{table}] holds words nobody says: {unused}"
        for language, words in WORDS.items():
            assert set(words[table]) == set(english[table]), (language, table)
            for key, text in words[table].items():
                assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[table][key])), (
                    language,
                    key,
                )
    said = set(re.findall(r"this\.(?:p|tell|button|heading|say)\(\"(\w+)\"", FORM))
    said |= set(re.findall(r"this\.text\(\"\w+\", \"(\w+)\"", FORM))
    assert said <= set(english["form"]), said - set(english["form"])
    told = set(re.findall(r"\b(?:p|tell|button|say|page)\(\"(\w+)\"", PAGE))
    assert told <= set(page_words()["en"]), told - set(page_words()["en"])


def test_words_of_an_unknown_language_stay_english_and_say_so():
    assert interface_words("xx")[0] == "en"
    assert interface_words("es-MX")[0] == "es"


def test_the_content_holds_what_is_shown_and_no_keys(any_instrument):
    for form in any_instrument.forms:
        content = form_content(any_instrument, form, languages=any_instrument.languages)
        assert json.loads(json.dumps(content)) == content
        assert [item for screen in content["screens"] for item in screen] == list(any_instrument.form(form).items)
        assert "keys" not in content
        for words in content["words"].values():
            assert set(words["items"]) == set(content["items"])


def test_the_page_carries_its_words_as_data_that_cannot_end_early():
    page = client_files()["page.html"][0].decode()
    block = page.split('id="words">')[1].split("</script>")[0]
    assert "<" not in block
    assert json.loads(block)["es"]["join"] == WORDS["es"]["page"]["join"]
    assert "<style" not in page
    assert not re.search(r"\son\w+=|style=", page)


# The rules for answers: thousands of random tables, valid and broken, in both languages.


def random_tables(content, n, seed):
    rng = np.random.default_rng(seed)
    items = [item for screen in content["screens"] for item in screen]
    allowed = [code for scale in content["scales"].values() for code in scale["codes"] + scale["missing"]]
    broken = ["true", "null", '"3"', "3.5", "4.0", "-0", "1e0", "[]", "{}", "99", "-7", "1e400", '""']
    odd_keys = ["__proto__", "constructor", "toString", "hasOwnProperty", "", "R1 ", "nobody"]
    for number in range(n):
        some = rng.permutation(items)[: rng.integers(0, len(items) + 1)]
        pairs = []
        for item in some:
            codes = content["scales"][content["items"][item]]
            fitting = codes["codes"] + codes["missing"] + ([] if content["skipped"] is None else [content["skipped"]])
            pairs.append((str(item), str(rng.choice(fitting))))
        kind = number % 4
        if kind == 1 and pairs:
            pairs[rng.integers(len(pairs))] = (pairs[0][0], str(rng.choice(broken)))
        elif kind == 2:
            pairs.append((str(rng.choice(odd_keys)), str(rng.choice(allowed))))
        elif kind == 3 and pairs:
            pairs = [(item, str(rng.choice(allowed))) for item, _ in pairs]
        yield "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"
    yield from ("null", "[]", "[1]", '"x"', "3", "true", "{}", '{"__proto__":null}')


def python_says(instrument, form, answers):
    try:
        return check_answers(instrument, form, answers)
    except SubmissionError:
        return None


ASK = """async ([content, texts]) => {
  const { checkAnswers } = await import("/static/form.js");
  return texts.map((text) => {
    const given = JSON.parse(text);
    return [JSON.stringify(checkAnswers(content, given)), JSON.stringify(given)];
  });
}"""
ODD = """async ([content, item, code]) => {
  const { checkAnswers } = await import("/static/form.js");
  const taken = (value) => checkAnswers(content, { [item]: value }) !== null;
  const inherited = Object.create({ [item]: code });
  return {
    plain: taken(code),
    odd: [NaN, Infinity, -Infinity, "1", true, [code], { code }, code + 0.5, null, undefined, Symbol("x"), String(code)].map(taken),
    tables: [inherited, null, undefined, [], "x", 3, () => 1].map((table) => checkAnswers(content, table) !== null),
  };
}"""


@pytest.mark.browser
def test_javascript_and_python_take_the_same_answers(any_instrument, chromium):
    taken = refused = 0
    with Room(any_instrument) as room, running_browser(chromium) as browser:
        page = browser.new_page()
        page.goto(room.url)
        for form in any_instrument.forms:
            content = form_content(any_instrument, form, languages=any_instrument.languages)
            texts = list(random_tables(content, 2000, 7))
            for text, (checked, sent) in zip(texts, page.evaluate(ASK, [content, texts]), strict=True):
                # 4.0 and 4 are one number in JavaScript: what it takes counts as it would be sent.
                said = python_says(any_instrument, form, json.loads(text if checked == "null" else sent))
                assert (json.loads(checked), text) == (said, text)
                taken, refused = taken + (said is not None), refused + (said is None)
            item = content["screens"][0][0]
            code = content["scales"][content["items"][item]]["codes"][1]
            found = page.evaluate(ODD, [content, item, code])
            assert found["plain"]
            assert not any(found["odd"])
            assert not any(found["tables"])
    assert taken > 500
    assert refused > 500
