"""The shipped questionnaire is the one that was designed: checked against a listing of its own."""

from __future__ import annotations

import csv
import dataclasses
import itertools
import pickle
import re
import tomllib

import pytest
from support import ROOT

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError

DOMAINS = {
    "rational": "R",
    "emotional": "E",
    "social": "S",
    "behavioural": "B",
    "organisational": "O",
    "leadership": "L",
}
DEFINITIONS = {
    "rational": "staff see a real problem, a better way, and effort that is worth its cost",
    "emotional": "staff feel moved, not pushed, towards the aim",
    "social": "the aim is a “we”, carried by ties and norms, and dissent is welcome",
    "behavioural": "the team already acts: small, self-started, followed through",
    "organisational": "there is time, means, links and routes, and good ideas get built in",
    "leadership": "leading is shared, makes sense of the aim and joins people up",
}
PULL = ("R6", "E6", "S6", "B6", "O6", "L6")
SHORT = {"R1", "R4", "E1", "E2", "S1", "S4", "B1", "B3", "O1", "O3", "L2", "L3"}
_ORDER = """
    R1 E1 S1 B1 O1 L6   R2 E6 S2 B2 O2 L1   R6 E2 S3 B3 O3 L2
    R3 E3 S6 B4 O4 L3   R4 E4 S4 B5 O6 L4   R5 E5 S5 B6 O5 L5
"""
FULL = _ORDER.split()
RESERVE = {letter + number for letter in "RESBOL" for number in "78"}
OPTIONS = {
    "R1": {1: "Not at all", 2: "A little", 3: "Partly", 4: "Mostly", 5: "Completely true"},
    "C1": {
        1: "Not at all likely",
        2: "A little likely",
        3: "Fairly likely",
        4: "Very likely",
        5: "Extremely likely",
    },
    "C2": {1: "Never", 2: "Once", 3: "2-3 times", 4: "About monthly", 5: "Weekly or more"},
    "C3": {0: "0", 1: "1", 2: "2-3", 3: "4-5", 4: "6 or more"},
    "C4": {1: "Yes", 0: "No"},
    "C5": {1: "Yes, fully", 2: "In part", 3: "No", 4: "We have not made one"},
}


def listing() -> list[dict[str, str]]:
    path = ROOT / "tests" / "data" / "content" / "readiness_0_1_0.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_item_has_the_designed_wording_and_domain(instrument):
    got = {item.id: (item.domain or "", item.text) for item in instrument.items.values()}
    assert got == {row["id"]: (row["domain"], row["text"]) for row in listing()}
    assert len(got) == 36 + 12 + 5


def test_the_full_form_has_36_items_in_the_written_order(instrument):
    form = instrument.forms["full"]
    assert list(form.items) == FULL
    assert [len(screen) for screen in form.screens] == [6] * 6


def test_the_short_form_has_12_items_in_the_order_of_the_full_form(instrument):
    items = instrument.forms["short"].items
    assert set(items) == SHORT
    assert list(items) == [item for item in FULL if item in SHORT]


def test_the_study_form_is_the_full_form_and_then_the_criterion_items(instrument):
    assert list(instrument.forms["study"].items) == [*FULL, "C1", "C2", "C3", "C4", "C5"]


@pytest.mark.parametrize("form", ["full", "short", "study"])
def test_no_screen_is_one_domain_and_no_two_programme_items_are_neighbours(instrument, form):
    for screen in instrument.forms[form].screens:
        domains = {instrument.items[item].domain for item in screen}
        assert len(domains) > 1 or domains == {None}
    for one, next_one in itertools.pairwise(instrument.forms[form].items):
        assert not {one, next_one} <= set(PULL)


@pytest.mark.parametrize(("domain", "letter"), DOMAINS.items())
def test_each_domain_scores_its_first_five_items_forwards(instrument, domain, letter):
    scale = instrument.scales[domain]
    assert dict(scale.keys) == {f"{letter}{number}": 1 for number in range(1, 6)}
    assert (scale.kind, scale.min_answered, scale.definition) == ("domain", 4, DEFINITIONS[domain])
    assert scale.referent == ("I" if domain == "emotional" else "we")
    assert scale.sources


def test_programme_pull_stands_apart_and_reverses_nothing(instrument):
    scale = instrument.scales["programme_pull"]
    assert dict(scale.keys) == dict.fromkeys(PULL, 1)
    assert (scale.kind, scale.min_answered) == ("separate", 5)
    assert scale.low_label
    assert scale.high_label


def test_the_index_is_the_mean_of_six_domains_and_needs_all_of_them(instrument):
    scale = instrument.scales["readiness"]
    assert (scale.kind, scale.scales, scale.min_scales) == ("index", tuple(DOMAINS), 6)
    assert "unknown until field evidence" in scale.caveat
    assert ".80" in scale.caveat


def test_the_short_total_needs_ten_answers_and_one_of_each_domain(instrument):
    scale = instrument.scales["readiness_short"]
    assert dict(scale.keys) == dict.fromkeys(SHORT, 1)
    assert (scale.kind, scale.min_answered, scale.min_answered_per_domain) == ("total", 10, 1)
    for letter in DOMAINS.values():
        assert sum(item[0] == letter for item in scale.keys) == 2


def test_the_sensitivity_score_reverses_the_programme_items_only(instrument):
    scale = instrument.scales["readiness_sensitivity"]
    assert dict(scale.keys) == {item: -1 if item in PULL else 1 for item in FULL}
    assert scale.kind == "sensitivity"


def test_reserve_items_are_in_no_form_and_criterion_items_in_no_score(instrument):
    purposes = {item.id: item.purpose for item in instrument.items.values()}
    assert {item for item, purpose in purposes.items() if purpose == "reserve"} == RESERVE
    criterion = {item for item, purpose in purposes.items() if purpose == "criterion"}
    assert criterion == {"C1", "C2", "C3", "C4", "C5"}
    shown = {item for form in instrument.forms.values() for item in form.items}
    scored = {item for scale in instrument.scales.values() for item in scale.keys}
    assert not shown & RESERVE
    assert not scored & (RESERVE | criterion)
    assert set(instrument.item_ids()) == set(FULL)


@pytest.mark.parametrize("item", OPTIONS)
def test_response_options_and_their_codes(instrument, item):
    scale = instrument.response_scale(item)
    assert {option.code: option.label for option in scale.options} == OPTIONS[item]
    assert scale.codes == tuple(OPTIONS[item])  # in the order in which they are shown


def test_every_rated_item_has_the_five_options_and_cant_say_beside_them(instrument):
    for item in instrument.items.values():
        if item.purpose != "criterion":
            assert instrument.response_scale(item.id).id == "truth"
    offered = {item: instrument.response_scale(item).missing for item in OPTIONS}
    assert [item for item, missing in offered.items() if missing == ("cant_say",)] == ["R1", "C4", "C5"]
    assert not instrument.response_scale("C5").ordered


def test_missing_codes(instrument):
    codes = {code.code: (code.label, code.offered) for code in instrument.missing_codes.values()}
    assert codes == {-8: ("Can't say", True), -9: ("Skipped", False)}


def test_what_is_read_around_the_items(instrument):
    wording = instrument.translation().wording
    assert wording.stem == "How true is this now?"
    assert wording.definition.endswith(
        "how far the conditions that move people to act together, of their own accord, "
        "for a shared aim are present in a team now."
    )
    read = " ".join(wording.instructions)
    assert read.startswith(
        "“Our aim” means: making care better for the people we look after. “Our team” means the people you work "
        "with most days. “Leaders” means anyone people here look to, with or without a title. Think about how things are now."
    )
    assert wording.aim in read


def test_roles_are_optional_to_give(instrument):
    assert list(instrument.roles)[-1] == "not_said"
    assert instrument.roles["not_said"].label == "I prefer not to say"


def test_the_consent_text_names_what_must_be_filled_in_and_promises_no_anonymity(instrument):
    for words in instrument.translations.values():
        consent = " ".join(words.consent.paragraphs)
        assert set(re.findall(r"{(\w+)}", consent)) == {"organisation", "kept_until", "contact"}
        assert not re.search("anonym|anónim", consent, re.IGNORECASE)


def test_nothing_in_the_content_says_validated():
    for path in (ROOT / "instrument").rglob("*.toml"):
        loaded = str(tomllib.loads(path.read_text(encoding="utf-8")))
        assert "validated" not in loaded.lower()


def test_uses_that_are_ruled_out(instrument):
    assert set(instrument.file.instrument.not_to_be_used_for) == {
        "ranking teams",
        "judging a leader",
        "engineering compliance",
    }


# -- the object, on both instruments -----------------------------------------------------------------------


def test_an_instrument_is_frozen_hashable_and_survives_pickling(any_instrument):
    with pytest.raises(dataclasses.FrozenInstanceError):
        any_instrument.file = None
    copied = pickle.loads(pickle.dumps(any_instrument))  # noqa: S301  (our own bytes)
    assert copied == any_instrument
    assert hash(copied) == hash(any_instrument)
    assert copied.sha256 == any_instrument.sha256
    assert copied.path == any_instrument.path
    assert {any_instrument: 1}[copied] == 1


def test_no_part_of_an_instrument_can_be_changed(any_instrument):
    item = next(iter(any_instrument.items))
    words = any_instrument.translation()
    for mapping in (
        any_instrument.items,
        any_instrument.scales,
        any_instrument.translations,
        words.items,
        words.scales,
        words.options,
        next(iter(words.options.values())),
        next(iter(any_instrument.scales.values())).keys,
    ):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping[item] = "changed"
    with pytest.raises(ValueError, match="frozen"):
        any_instrument.items[item].text = "changed"


def test_the_bundled_instrument_is_read_once():
    assert mr.load_instrument() is mr.load_instrument()


def test_keys_belong_to_an_item_s_place_in_a_scale(instrument, garden):
    assert instrument.home_scale("R6") == "programme_pull"
    assert (instrument.key("R6"), instrument.key("R6", "readiness_sensitivity")) == (1, -1)
    assert garden.home_scale("n_fence") == "neighbours"
    assert [garden.key("n_fence", scale) for scale in (None, "neighbours", "order", "garden_index")] == [
        -1,
        -1,
        1,
        -1,
    ]


def test_items_of_an_index_are_those_of_its_parts(instrument, garden):
    assert instrument.item_ids("readiness") == [f"{letter}{n}" for letter in "RESBOL" for n in range(1, 6)]
    assert garden.item_ids("garden_index").count("g_share") == 2  # it is in both parts
    assert garden.item_ids() == [item for item in garden.items if item != "x_spare"]


def test_a_report_shows_domains_and_programme_pull_but_no_index(instrument, garden):
    assert instrument.report_scales("full") == (*DOMAINS, "programme_pull")
    assert instrument.report_scales("study") == (*DOMAINS, "programme_pull")
    assert instrument.report_scales("short") == ("readiness_short",)
    assert garden.report_scales("lang") == ("gardening", "neighbours", "order")
    assert garden.report_scales("kurz") == ("gardening",)


def test_response_scales_of_the_garden(garden):
    four = garden.response_scale("g_often")
    assert (four.codes, four.low, four.high) == ((3, 2, 1, 0), 0, 3)


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda i: i.scale("rationall"), "scale: expected one of 'rational', .*Did you mean 'rational'"),
        (lambda i: i.form("ful"), "form: expected one of 'full'.*Did you mean 'full'"),
        (lambda i: i.response_scale("R99"), "item: expected one of 'R1'"),
        (lambda i: i.home_scale("X"), "item: expected one of 'R1'"),
        (lambda i: i.key("E1", "rational"), "item: expected one of 'R1', 'R2', 'R3', 'R4', 'R5'; got 'E1'"),
        (lambda i: i.key("C1"), "got 'C1', which is in none"),
        (lambda i: i.item_ids("nothing"), "scale: expected one of"),
        (lambda i: i.translation("fr"), "language: expected one of 'en', 'es'; got 'fr'"),
        (lambda i: i.codebook("pdf"), "format: expected one of .*'csv'.*; got 'pdf'"),
    ],
)
def test_a_wrong_name_gets_one_sentence_that_lists_the_right_ones(instrument, ask, said):
    with pytest.raises(ArgumentError, match=said):
        ask(instrument)


def test_its_text_names_it_and_holds_no_address(any_instrument):
    shown = repr(any_instrument)
    assert any_instrument.id in shown
    assert any_instrument.version in shown
    assert any_instrument.sha256[:12] in shown
    assert " at 0x" not in shown
    html = any_instrument._repr_html_()
    assert all(scale in html for scale in any_instrument.scales)
