"""The manual's examples run as printed, and what it says of rules and today's claim is so."""

from __future__ import annotations

import contextlib
import io
import re

import pytest
from support import ROOT

import movement_readiness as mr
from movement_readiness.exceptions import InstrumentError

MANUAL = (ROOT / "instrument" / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", MANUAL, re.DOTALL)


@pytest.fixture
def tea(write):
    source, german, _ = blocks("toml")
    write(german, "translations/de.toml")
    return write(source, "my_questionnaire.toml")


def test_the_example_of_another_questionnaire_loads(tea):
    found = mr.load_instrument(tea)
    assert (found.id, found.languages) == ("tea-round", ("en", "de"))
    assert found.item_ids("tea") == ["T1", "T2", "T3"]
    assert found.key("T2") == -1
    assert found.translation("de").options["how_often"][3] == "Jeden Tag"


def test_the_two_lines_that_check_a_file_run(tea, monkeypatch):
    monkeypatch.chdir(tea.parent)
    (lines,) = blocks("python")
    assert len(lines.strip().split("\n")) == 2
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(lines, {})  # noqa: S102  (the manual's own two lines)
    assert printed.getvalue().startswith("<Instrument tea-round 1.0.0")


def test_the_faults_shown_are_those_one_gets(tea):
    text = tea.read_text(encoding="utf-8")
    broken = text.replace("T2 = -1", "T2 = -2").replace(
        'chore."\nresponse_scale = "agree"', 'chore."\nresponse_scale = "agre"'
    )
    tea.write_text(broken, encoding="utf-8")
    with pytest.raises(InstrumentError) as caught:
        mr.load_instrument(tea)
    (shown,) = blocks("text")
    assert str(caught.value) == shown.strip()


def test_each_command_runs_and_the_claim_is_today_s(instrument, monkeypatch):
    monkeypatch.chdir(ROOT)
    for command in blocks("sh"):
        code = re.fullmatch(r'python -c "(.*)"\n', command)[1]
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code, {})  # noqa: S102  (the manual's own commands)
        assert printed.getvalue().strip() in (instrument.sha256, f"{mr.claim(instrument)}")
    assert f"> {mr.claim(instrument)}\n" in MANUAL


def test_the_manual_does_not_repeat_the_hash(instrument):
    assert instrument.sha256[:8] not in MANUAL


def test_the_tables_follow_the_questionnaire(instrument):
    for scale in instrument.scales.values():
        if scale.kind == "domain":
            assert re.search(
                rf"\| {scale.title} \| {re.escape(scale.definition)} \| \w1-\w5 \| {scale.referent} \|",
                MANUAL,
            )
    for form in instrument.forms.values():
        assert re.search(rf"\| `{form.id}` \| [^|]+ \| {form.minutes} \|", MANUAL)
    for code in instrument.missing_codes.values():
        assert f"| {code.code} |" in MANUAL
    for use in instrument.file.instrument.not_to_be_used_for:
        assert f"- **{use.capitalize()}.**" in MANUAL
    for line in (*instrument.translation().wording.instructions, instrument.translation().wording.stem):
        assert line in " ".join(MANUAL.replace("\n> ", " ").split())


def test_the_worked_example_is_right(instrument):
    answers = {"R1": 4, "R2": 5, "R4": 3, "R5": 4}
    scale = instrument.response_scale("R1")
    rescaled = [(answer - scale.low) / (scale.high - scale.low) * 100 for answer in answers.values()]
    assert rescaled == [75, 100, 50, 75]
    assert sum(rescaled) / 4 == 75
    assert len(answers) == instrument.scales["rational"].min_answered


def test_every_link_within_the_manual_leads_somewhere():
    headings = re.findall(r"^#+ (.+)$", MANUAL, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", MANUAL)) <= anchors


def test_every_file_the_manual_names_is_there():
    for name in re.findall(r"^\| `([^`]+)`(?:, `([^`]+)`)? \| ", MANUAL, re.MULTILINE):
        for path in filter(None, name):
            assert path in ("full", "short", "study") or (ROOT / "instrument" / path).exists(), path


def test_words_the_project_does_not_use():
    assert not re.search(r"\b(survey|dimension)s?\b", MANUAL, re.IGNORECASE)
    for use in re.finditer(r"[^.\n]*\bvalidated\b[^.\n]*", MANUAL, re.IGNORECASE):
        assert re.search("not yet validated|^\\| (Initially v|V)alidated", use[0]), use[0]


def syllables(word: str) -> int:
    """Groups of vowels, less a final e that is not heard: close enough for a grade."""
    groups = len(re.findall("[aeiouy]+", word))
    silent = re.search("([^l]e|[^td]ed|[^sxzhgc]es)$", word) is not None
    return max(1, groups - silent)


def grade(texts: list[str]) -> float:
    """Flesch-Kincaid (Kincaid et al. 1975): .39 words per sentence + 11.8 syllables per word - 15.59."""
    words = [word for text in texts for word in re.findall("[a-z']+", text.lower())]
    return 0.39 * len(words) / len(texts) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_the_items_read_as_easily_as_the_manual_says(instrument):
    texts = [instrument.items[item].text for item in instrument.forms["full"].items]
    assert 2.5 < grade(texts) < 3.5
    assert 5.5 < max(grade([text]) for text in texts) < 6.5
