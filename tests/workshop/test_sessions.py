"""What whoever runs a workshop can set, and what a form may send."""

from __future__ import annotations

import datetime
import json
import pickle
import re
import uuid

import pytest

from movement_readiness.exceptions import ArgumentError, SessionError, SubmissionError
from movement_readiness.responses import Response
from movement_readiness.responses.response import check_answers
from movement_readiness.workshop.consent import consent_names, shown_consent
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.receipts import new_receipt, receipt_sha256, spoken_receipt
from movement_readiness.workshop.sessions import CODE_LETTERS, new_session, plain_code
from movement_readiness.workshop.submission import response_of

CONSENT = {"organisation": "The trust", "kept_until": "1 May 2027", "contact": "Ann, room 3"}


def values_for(instrument):
    return {name: CONSENT.get(name, "x") for name in consent_names(instrument)}


def answers_to(instrument, form):
    return {item: instrument.response_scale(item).codes[0] for item in instrument.form(form).items}


def sent(instrument, **changes):
    form = next(iter(instrument.forms))
    return {
        "format": 1,
        "response_id": str(uuid.uuid4()),
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
        "form": form,
        "language": instrument.language,
        "role": None,
        "answers": answers_to(instrument, form),
        "consent_sha256": shown_consent(instrument, instrument.language, values_for(instrument)).sha256,
        "receipt": new_receipt(),
    } | changes


def taken(instrument, submission, **changes):
    settled = {"site": "North", "team": "A3", "wave": "1", "session": "s1"}
    return response_of(
        submission,
        instrument,
        form=next(iter(instrument.forms)),
        languages=instrument.languages,
        **(settled | changes),
    )


# --- sessions


def test_a_session_has_a_code_that_can_be_read_from_a_wall(any_instrument):
    codes = set()
    for _ in range(200):
        session = new_session(any_instrument, site="N", team="A", head_count=4, consent=values_for(any_instrument))
        assert re.fullmatch(f"[{CODE_LETTERS}]{{6}}", session.join_code)
        assert plain_code(f" {session.spoken_code.lower()} ") == session.join_code
        codes.add(session.join_code)
    assert len(codes) == 200
    assert not set("0O1IL5S2ZU") & set(CODE_LETTERS)


def test_a_session_cannot_be_opened_before_people_can_be_told_who_holds_their_answers(instrument):
    with pytest.raises(SessionError, match=r"people must be told 'kept_until', 'contact' before they answer") as caught:
        new_session(instrument, site="N", team="A", head_count=4, consent={"organisation": "The trust", "contact": " "})
    assert caught.value.reason == "consent"


@pytest.mark.parametrize(
    ("argument", "value", "said"),
    [
        ("form", "long", "form: expected one of 'full', 'short', 'study'; got 'long'."),
        ("head_count", 0, "head_count: expected a whole number from 1 to 1000; got 0."),
        ("head_count", True, "head_count: expected a whole number from 1 to 1000; got True."),
        ("languages", ["xx"], "languages: expected one of 'en', 'es'; got 'xx'."),
        ("languages", [], "languages: expected at least one language; got none."),
        ("site", "", "site: expected a name of 1 to 120 letters; got ''."),
        ("team", "A\x00B", "team: expected a name of 1 to 120 letters"),
        ("team", None, "team: expected a name of 1 to 120 letters"),
        ("withdraw_until", datetime.date(2020, 1, 1), "withdraw_until: expected today or a later day; got 2020-01-01."),
        ("consent", {**CONSENT, "who": "x"}, "consent: expected values for 'organisation', 'kept_until', 'contact'"),
    ],
)
def test_what_a_session_cannot_be_is_said_in_one_sentence(instrument, argument, value, said):
    settled = {"site": "N", "team": "A", "head_count": 4, "consent": CONSENT} | {argument: value}
    with pytest.raises(ArgumentError, match=re.escape(said)):
        new_session(instrument, **settled)


# --- consent and what a form shows


def test_no_name_in_braces_is_left_in_any_language(any_instrument):
    for language in any_instrument.languages:
        shown = shown_consent(any_instrument, language, values_for(any_instrument))
        assert not re.search(r"[{}]", " ".join((shown.title, *shown.paragraphs, shown.agree)))


def test_the_hash_of_the_consent_text_follows_what_is_shown(instrument):
    first = shown_consent(instrument, "en", CONSENT)
    assert first == shown_consent(instrument, "en", dict(CONSENT))
    assert first.sha256 != shown_consent(instrument, "en", {**CONSENT, "contact": "Bob"}).sha256
    assert first.sha256 != shown_consent(instrument, "es", CONSENT).sha256


def test_a_form_is_shown_all_it_needs_and_nothing_of_the_scoring(any_instrument):
    for form in any_instrument.forms:
        content = form_content(any_instrument, form, languages=any_instrument.languages)
        assert json.loads(json.dumps(content)) == content
        shown = [item for screen in content["screens"] for item in screen]
        assert tuple(shown) == any_instrument.form(form).items
        for words in content["words"].values():
            assert set(words["items"]) == set(shown)
            assert not re.search(r"[{}]", " ".join(words["consent"]["paragraphs"]))
        text = json.dumps(content)
        assert all(scale.definition not in text for scale in any_instrument.scales.values())


# --- receipts


def test_a_receipt_code_is_known_however_it_is_typed():
    code = new_receipt()
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}", spoken_receipt(code))
    typed = [code, code.lower(), spoken_receipt(code), f" {spoken_receipt(code).lower()} ", " ".join(code)]
    typed.append(code.replace("0", "O").replace("1", "l"))
    assert len({receipt_sha256(text) for text in typed}) == 1
    assert code not in receipt_sha256(code)
    assert len({new_receipt() for _ in range(500)}) == 500


@pytest.mark.parametrize("text", ["", "abc", "U" * 16, "7K3M-9PQR-2ABC-XY0ZZ", None, 7, ["7K3M9PQR2ABCXY0Z"]])
def test_what_is_no_receipt_code_gets_a_sentence(text):
    with pytest.raises(SubmissionError, match=r"receipt: expected a code of 16 letters and digits"):
        receipt_sha256(text)


# --- submissions


def test_a_submission_becomes_a_response_of_the_session_it_was_sent_in(any_instrument):
    submission = sent(any_instrument)
    response = taken(any_instrument, submission, rehearsal=True)
    assert (response.site, response.team, response.wave, response.session) == ("North", "A3", "1", "s1")
    assert response.rehearsal
    assert dict(response.answers) == submission["answers"]
    assert response.receipt_sha256 == receipt_sha256(submission["receipt"])
    assert isinstance(response.submitted_on, datetime.date)
    assert not isinstance(response.submitted_on, datetime.datetime)


def test_a_device_cannot_choose_its_team(instrument):
    response = taken(instrument, sent(instrument, site="South", team="Z9", wave="7", session="other"))
    assert (response.site, response.team, response.wave, response.session) == ("North", "A3", "1", "s1")


def test_lines_left_empty_are_skipped_ones(any_instrument):
    form = next(iter(any_instrument.forms))
    first, *rest = any_instrument.form(form).items
    skipped = next(code.code for code in any_instrument.missing_codes.values() if not code.offered)
    code = any_instrument.response_scale(first).codes[0]
    checked = check_answers(any_instrument, form, {first: code})
    assert checked == {first: code} | dict.fromkeys(rest, skipped)
    assert list(checked) == [first, *rest]


BAD = [
    (None, "submission: expected a JSON object; got NoneType."),
    ([], "submission: expected a JSON object; got list."),
    ({"format": 2}, "format: expected 1; got 2."),
    ({"admin": True}, "got 'admin' too."),
    ({"response_id": "1"}, "response_id: expected a random UUID (version 4) in lower case; got '1'."),
    ({"response_id": "0b7d9c1e-c9a1-11f0-8de9-0242ac120002"}, "response_id: expected a random UUID"),
    ({"response_id": None}, "response_id: expected a random UUID"),
    ({"instrument_version": "9.9.9"}, "instrument: expected answers to movement-readiness 0.1.0"),
    ({"instrument_sha256": "0" * 64}, "instrument: expected answers to movement-readiness 0.1.0"),
    ({"form": "short"}, "form: expected 'full'; got 'short'."),
    ({"language": "xx"}, "language: expected one of 'en', 'es'; got 'xx'."),
    ({"language": ["en"]}, "language: expected one of"),
    ({"role": "king"}, "role: expected one of"),
    ({"role": {}}, "role: expected one of"),
    ({"answers": None}, "answers: expected a table of item id and code; got NoneType."),
    ({"answers": {}}, "answers: expected at least one answer; got none."),
    ({"answers": {"R1": -9, "R2": -9}}, "answers: expected at least one answer; got none."),
    ({"answers": {"R1": 6}}, "answers, R1: expected one of 1, 2, 3, 4, 5, -8, -9; got 6."),
    ({"answers": {"R1": True}}, "answers, R1: expected one of 1, 2, 3, 4, 5, -8, -9; got True."),
    ({"answers": {"R1": 4.0}}, "answers, R1: expected one of"),
    ({"answers": {"R1": "4"}}, "answers, R1: expected one of"),
    ({"answers": {"R1": [4]}}, "answers, R1: expected one of"),
    ({"answers": {"R7": 4}}, "answers: expected items of the form 'full'; got 'R7'."),
    ({"answers": {"__proto__": 4}}, "answers: expected items of the form 'full'; got '__proto__'."),
    ({"receipt": "abc"}, "receipt: expected a code"),
    ({"retest": ["a"] * 5}, "retest: expected nothing"),
]


@pytest.mark.parametrize(("change", "said"), BAD, ids=[str(change)[:30] for change, _ in BAD])
def test_a_submission_that_is_none_gets_one_sentence(instrument, change, said):
    submission = sent(instrument, **change) if isinstance(change, dict) else change
    with pytest.raises(SubmissionError) as caught:
        taken(instrument, submission)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 420


def test_a_huge_wrong_value_is_not_read_back_whole(instrument):
    for change in ({"role": "x" * 100_000}, {"answers": {"y" * 100_000: 1}}, {"z" * 100_000: 1}):
        with pytest.raises(SubmissionError) as caught:
            taken(instrument, sent(instrument, **change))
        assert len(str(caught.value)) < 500


def test_answers_given_after_another_consent_text_are_refused(instrument):
    shown = {language: shown_consent(instrument, language, CONSENT).sha256 for language in instrument.languages}
    assert taken(instrument, sent(instrument), consent_sha256=shown).consent_sha256 == shown["en"]
    for wrong in (None, "", shown["es"], 3):
        with pytest.raises(SubmissionError, match="consent_sha256: expected the hash of the consent text"):
            taken(instrument, sent(instrument, consent_sha256=wrong), consent_sha256=shown)


def test_a_code_of_ones_own_is_kept_only_as_hashes(instrument):
    submission = sent(instrument, retest=["  a ", "12", None, "", "Z"])
    response = taken(instrument, submission, hash_retest=lambda place, text: f"<{place}:{text}>")
    assert response.retest == ("<0:a>", "<1:12>", None, None, "<4:z>")
    for wrong in ("abc", ["a"], ["a"] * 4 + [5], ["a"] * 4 + ["b" * 21]):
        with pytest.raises(SubmissionError, match="retest: expected"):
            taken(instrument, sent(instrument, retest=wrong), hash_retest=lambda place, text: text)


# --- the response itself


def test_the_same_content_has_the_same_hash_whatever_the_day(instrument):
    first = Response.of(instrument, {"R1": 4}, form="full", response_id=str(uuid.UUID(int=5, version=4)))
    again = Response.of(
        instrument,
        {"R1": 4},
        form="full",
        response_id=first.response_id,
        submitted_on=datetime.date(2026, 1, 2),
    )
    other = Response.of(instrument, {"R1": 5}, form="full", response_id=first.response_id)
    assert first.content_sha256 == again.content_sha256 != other.content_sha256
    assert json.loads(json.dumps(first.content)) == first.content


def test_a_response_is_frozen_and_travels_between_processes(instrument):
    response = Response.of(instrument, {"R1": 4}, form="full", site="North")
    assert pickle.loads(pickle.dumps(response)) == response  # noqa: S301
    with pytest.raises(TypeError):
        response.answers["R1"] = 5
    with pytest.raises(AttributeError):
        response.site = "South"
