"""The facilitator's pages over real sockets: logging in, opening, closing, revealing; and who may not."""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from workshop.facilitator_support import COOKIE, Facilitator
from workshop.server_support import Client, Device, Server, session_for, submission_for

from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.store import ResponseStore

REVEAL = [sys.executable, str(Path(__file__).with_name("reveal_process.py"))]


@pytest.fixture(scope="module")
def served(tmp_path_factory, any_instrument):
    store = tmp_path_factory.mktemp("facilitated") / "responses.sqlite"
    path = {"instrument": str(any_instrument.path)} if any_instrument.path else {}
    with Server(store, reveal_command=[*REVEAL, "page", str(store)], **path) as server:
        yield server
        assert "Traceback" not in server.error_output


@pytest.fixture
def alone(tmp_path):
    """A server for one test alone."""
    with Server(tmp_path / "responses.sqlite") as server:
        yield server


@pytest.fixture
def facilitator(served):
    browser = Facilitator(served.facilitator_port)
    assert browser.log_in(served.token()).status == 303
    return browser


def start(tmp_path, *reveal, **options):
    return Server(tmp_path / "responses.sqlite", reveal_command=[*REVEAL, *reveal], **options)


def logged_in(server):
    browser = Facilitator(server.facilitator_port)
    browser.log_in(server.token())
    return browser


def session_in(server, session_id):
    with ResponseStore(server.store) as store:
        return store.session(session_id)


def fill(server, instrument, session_id, n):
    session = session_in(server, session_id)
    for _ in range(n):
        device = Device(Client(server.port), session, instrument)
        assert device.send(submission_for(instrument, session)).status == 201


def test_the_token_is_its_owners_alone_and_is_never_shown(served):
    place = Path(f"{served.store}.token")
    assert len(served.token()) >= 22
    if os.name == "posix":
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert served.token() not in served.output
    assert str(place) in served.output
    command = Path(f"/proc/{served.process.pid}/cmdline")
    if command.exists():
        assert served.token() not in command.read_text()


def test_without_a_login_every_page_leads_to_the_login(served):
    anyone = Client(served.facilitator_port)
    one = "0" * 8 + "-0000-4000-8000-" + "0" * 12
    for path in (
        "/facilitator/",
        "/facilitator/new",
        f"/facilitator/sessions/{one}",
        f"/facilitator/sessions/{one}/report",
    ):
        answer = anyone.get(path)
        assert (answer.status, answer.headers["location"]) == (303, "/facilitator/login")
        assert not answer.body
    for path in ("/facilitator/new", "/facilitator/logout", f"/facilitator/sessions/{one}/close"):
        assert anyone.post_form(path, {}).status == 403
    stale = anyone.ask("GET", "/facilitator/", headers={"Cookie": f"{COOKIE}_{served.facilitator_port}=invented"})
    assert stale.status == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_ends_with_the_login(served):
    browser = Facilitator(served.facilitator_port)
    answer = browser.log_in(served.token())
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie  # the laptop's own address has no TLS; under TLS it is there
    assert "expires" not in cookie.lower()
    assert browser.get("/facilitator/").status == 200
    kept = dict(browser.cookies)
    assert browser.act("/facilitator/logout").headers["location"] == "/facilitator/login"
    browser.cookies = kept
    assert browser.get("/facilitator/").status == 303


def test_a_wrong_token_is_refused_and_many_of_them_wait_while_the_right_one_passes(alone):
    browser = Facilitator(alone.facilitator_port)
    first = browser.log_in("wrong")
    assert first.status == 403
    assert "not the token" in first.text
    began, wrong = time.monotonic(), 1
    while (answer := browser.log_in(f"wrong {wrong}")).status == 403:
        wrong += 1
        assert wrong <= 11 + (time.monotonic() - began) / 10  # ten, and one more in ten seconds
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert browser.log_in(alone.token()).status == 303


def test_the_login_page_names_the_file_of_the_token_and_not_its_folder(alone):
    page = Client(alone.facilitator_port).get("/facilitator/login").text
    assert "<strong>responses.sqlite.token</strong>" in page
    assert "start it again" in page
    assert str(Path(alone.store).parent) not in page


@pytest.mark.parametrize("path", ["/nothing", "/facilitatr/new", "/j/" + "x" * 50, "/static/nothing.js", "/%ff"])
def test_a_mistyped_address_gets_a_page_in_a_browser_and_json_elsewhere(served, path):
    for port, style in ((served.port, "/static/page.css"), (served.facilitator_port, "/facilitator/static/")):
        answer = Client(port).get(path, {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        assert answer.status == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "This page does not exist" in answer.text
        assert '<a href="/">' in answer.text
        assert style in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert Client(port).get(path, {"Accept": "*/*"}).reason == "unknown"
    html = {"Accept": "text/html"}
    assert Client(served.port).get("/api/sessions/NOTONE", html).reason == "unknown"
    other = Client(served.port).get("/", {**html, "Host": "laptop.example"})
    assert other.status == 421
    assert f'<a href="{served.shown}/">' in other.text
    assert "laptop.example" not in other.text


def test_the_link_of_the_terminal_opens_once_on_this_laptop_alone(alone):
    assert Client(alone.port).get(alone.link).status == 404
    browser = Facilitator(alone.facilitator_port)
    first = browser.get(alone.link)
    assert first.status == 200
    assert 'http-equiv="refresh"' in first.text  # a Strict cookie is not sent along a redirect from elsewhere
    assert browser.get("/facilitator/").status == 200
    other = Facilitator(alone.facilitator_port)
    assert other.get(alone.link).status == 403
    assert other.get("/facilitator/").status == 303


def test_forms_of_other_pages_do_nothing(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    path = f"/facilitator/sessions/{session_id}/close"
    right = facilitator.csrf()
    other = logged_in(served).csrf()
    for fields, headers in (
        ({}, {}),
        ({"csrf": "wrong"}, {}),
        ({"csrf": other}, {}),
        ({"csrf": right}, {"Origin": "http://evil.example"}),
        ({"csrf": right}, {"Origin": f"http://127.0.0.1:{served.port}"}),
        ({"csrf": right}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf": right}, {"Sec-Fetch-Site": "same-site"}),
    ):
        assert facilitator.post_form(path, fields, headers).status == 403
    assert facilitator.post_form(path, {"csrf": right}, {"Host": "evil.example"}).status == 421
    assert facilitator.get("/facilitator/", {"Host": "laptop.example"}).status == 421
    assert session_in(served, session_id).state == "open"
    own = {"Origin": f"http://127.0.0.1:{served.facilitator_port}", "Sec-Fetch-Site": "same-origin"}
    assert facilitator.post_form(path, {"csrf": right}, own).status == 303
    assert session_in(served, session_id).state == "closed"


def test_a_session_is_opened_with_everything_the_form_asks(served, facilitator, any_instrument):
    form = list(any_instrument.forms)[-1]
    _, session_id = facilitator.open_session(
        any_instrument,
        site=" Nord  Klinik ",
        team="Station 3 & 4",
        wave="2",
        head_count="12",
        form=form,
        languages=list(any_instrument.languages),
        rehearsal="yes",
        shared_device="yes",
        retest="yes",
    )
    session = session_in(served, session_id)
    assert (session.site, session.team, session.wave) == ("Nord Klinik", "Station 3 & 4", "2")
    assert (session.head_count, session.form, session.languages) == (12, form, any_instrument.languages)
    assert (session.rehearsal, session.shared_device, session.retest) == (True, True, True)
    assert session.withdraw_until.isoformat() == "2099-12-31"
    page = facilitator.get(f"/facilitator/sessions/{session_id}?done=opened").text
    assert session.spoken_code in page
    assert "Rehearsal" in page
    assert "data:image/svg+xml" in page
    assert "room&#39;s network" in page
    assert "Station 3 &amp; 4" in facilitator.get("/facilitator/").text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"site": ""}, "site"),
        ({"team": "x" * 200}, "team"),
        ({"wave": "\x00"}, "wave"),
        ({"head_count": "many"}, "head_count"),
        ({"head_count": "0"}, "head_count"),
        ({"head_count": "٣"}, "head_count"),
        ({"languages": None}, "languages"),
        ({"languages": ["xx"]}, "languages"),
        ({"form": "none"}, "form"),
        ({"withdraw_until": "soon"}, "withdraw_until"),
        ({"withdraw_until": "2020-01-01"}, "withdraw_until"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_the_rest_is_kept(
    served, facilitator, any_instrument, change, field
):
    answer, _ = facilitator.open_session(any_instrument, **{"team": "Kept & safe", **change})
    assert answer.status == 422
    assert f'<a href="#{field}">' in answer.text
    assert f'id="{field}"' in answer.text
    assert f'id="{field}-error"' in answer.text
    assert field == "team" or 'value="Kept &amp; safe"' in answer.text
    with ResponseStore(served.store) as store:
        assert "Kept & safe" not in [one.team for one in store.sessions()]


def test_people_are_told_who_holds_their_answers(alone, instrument):
    browser = logged_in(alone)
    answer, _ = browser.open_session(instrument, **{"consent-contact": " "})
    assert answer.status == 422
    assert 'href="#consent-contact"' in answer.text


def test_everything_that_is_wrong_is_told_at_once_by_the_names_on_the_page(alone, instrument):
    browser = logged_in(alone)
    empty = dict.fromkeys(("site", "team", "wave", "form", "languages"), "")
    consent = {f"consent-{name}": "" for name in consent_names(instrument)}
    wrong = {**empty, **consent, "head_count": "x", "withdraw_until": "soon"}
    page = browser.open_session(instrument, **wrong)[0].text
    said = re.findall(r'<p><a href="#([\w-]+)">([^<:]+):', page)
    assert said == [
        ("site", "Site"),
        ("team", "Team"),
        ("head_count", "People in the room"),
        ("wave", "Wave"),
        ("form", "Form"),
        ("languages", "Languages offered"),
        ("consent-organisation", "Who holds the answers"),
        ("consent-kept_until", "Kept until"),
        ("withdraw_until", "Answers can be deleted until"),
        ("consent-contact", "Whom to ask"),
    ]
    labels = re.findall(r"<(?:label|p)[^>]*>([^<]+)</(?:label|p)>", page)
    assert {label for _, label in said} <= set(labels)
    places = [page.index(f' id="{field}"') for field, _ in said]
    assert places == sorted(places)
    assert len(re.findall(" autofocus", page)) == 1
    assert re.search(r'id="site"[^>]* autofocus', page)
    only = browser.open_session(instrument, head_count="0")[0].text
    assert re.search(r'id="head_count"[^>]* autofocus', only)


def test_fewer_people_than_have_joined_is_told_by_the_name_on_the_page(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    fill(served, any_instrument, session_id, 3)
    page = facilitator.act(f"/facilitator/sessions/{session_id}/people", people="2").text
    assert "People in the room: 3 have joined already, so it cannot be less." in page
    assert "head_count" not in page


@pytest.mark.parametrize("past", ["2020-12-31", "31 December 2020", "31.12.2020"])
def test_answers_are_not_kept_until_a_day_that_is_past(alone, instrument, past):
    answer = logged_in(alone).open_session(instrument, **{"consent-kept_until": past})[0]
    assert answer.status == 422
    assert f"Kept until: {past} is past; give a later day." in answer.text


@pytest.mark.parametrize(
    ("kept", "expected"), [("31 December 2098", "2098-12-31"), ("2098-06-01", "2098-06-01"), ("the study ends", None)]
)
def test_people_can_delete_their_answers_until_these_are_deleted_anyway(alone, instrument, kept, expected):
    browser = logged_in(alone)
    page = browser.get("/facilitator/new").text
    assert "by themselves, with their code; afterwards they ask you" in page
    changes = {"consent-kept_until": kept, "withdraw_until": ""}
    session_id = browser.open_session(instrument, **changes)[1]
    found = session_in(alone, session_id).withdraw_until.isoformat()
    assert found == (expected or (datetime.date.today() + datetime.timedelta(days=30)).isoformat())
    assert f"answers can be deleted until {found}" in browser.get(f"/facilitator/sessions/{session_id}").text


def test_counts_and_more_people(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument, head_count="2")
    fill(served, any_instrument, session_id, 2)
    counts = facilitator.get(f"/facilitator/sessions/{session_id}/counts").json
    assert {name: counts[name] for name in ("joined", "sent", "people", "state")} == {
        "joined": 2,
        "sent": 2,
        "people": 2,
        "state": "open",
    }
    path = f"/facilitator/sessions/{session_id}/people"
    assert facilitator.act(path, people="3").status == 303
    fill(served, any_instrument, session_id, 1)
    fewer = facilitator.act(path, people="1")
    assert fewer.status in (403, 422)
    assert "3" in fewer.text
    assert facilitator.act(path, people="x").status == 422
    assert session_in(served, session_id).head_count == 3


def test_no_page_shows_an_answer_or_who_gave_it(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    session = session_in(served, session_id)
    device = Device(Client(served.port), session, any_instrument)
    submission = submission_for(any_instrument, session)
    device.send(submission)
    for path in ("/facilitator/", f"/facilitator/sessions/{session_id}", f"/facilitator/sessions/{session_id}/counts"):
        text = facilitator.get(path).text
        for secret in (submission["response_id"], device.name, device.ticket, submission["receipt"]):
            assert secret not in text
        assert not [item for item in submission["answers"] if f'"{item}"' in text]


def test_the_projector_shows_how_to_join_and_nothing_else(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    page = facilitator.get(f"/facilitator/sessions/{session_id}/projector").text
    session = session_in(served, session_id)
    assert session.spoken_code in page
    assert served.shown in page
    assert "csrf" not in page
    assert not re.findall(r'<a |<form|href="/facilitator/(?!static)', page)
    assert served.token() not in page
    assert str(served.facilitator_port) not in page


def test_close_and_reopen(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    device = Device(Client(served.port), session_in(served, session_id), any_instrument)
    device.join()
    path = f"/facilitator/sessions/{session_id}"
    assert facilitator.act(f"{path}/close", anyway="yes").status == 303
    submission = submission_for(any_instrument, device.session)
    assert device.send(submission).status == 423
    assert "Nobody can join" in facilitator.get(path).text
    assert facilitator.act(f"{path}/reopen").status == 303
    assert device.send(submission).status == 201


@pytest.mark.parametrize(("action", "button"), [("close", "Close anyway"), ("reveal", "Close and reveal anyway")])
def test_closing_while_somebody_writes_asks_first(served, facilitator, any_instrument, action, button):
    _, session_id = facilitator.open_session(any_instrument, wave="11")
    path = f"/facilitator/sessions/{session_id}"
    devices = [Device(Client(served.port), session_in(served, session_id), any_instrument) for _ in range(3)]
    for device in devices:
        device.join()
    devices[0].send(submission_for(any_instrument, devices[0].session))
    asked = facilitator.act(f"{path}/{action}")
    assert asked.headers["location"] == f"{path}/unsent?then={action}"
    assert session_in(served, session_id).state == "open"
    page = facilitator.get(asked.headers["location"]).text
    assert "2 people have joined and not sent" in page
    assert f">{button}</button>" in page
    assert f'href="{path}">Wait</a>' in page
    for device in devices[1:]:
        device.send(submission_for(any_instrument, device.session))
    assert "Everybody who joined has sent" in facilitator.get(asked.headers["location"]).text
    assert "done=" in facilitator.act(f"{path}/{action}").headers["location"]  # nobody is left to ask about
    assert session_in(served, session_id).state != "open"
    assert facilitator.get(asked.headers["location"]).headers["location"] == path


def test_closing_anyway_closes(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    Device(Client(served.port), session_in(served, session_id), any_instrument).join()
    path = f"/facilitator/sessions/{session_id}"
    assert "1 person has joined" in facilitator.get(f"{path}/unsent?then=nonsense").text
    assert facilitator.act(f"{path}/close", anyway="yes").headers["location"].endswith("done=closed")
    assert session_in(served, session_id).state == "closed"
    page = facilitator.get(path).text
    assert "Closing and revealing ends" not in page
    assert "The session is closed. Revealing makes" in page


def test_a_session_that_nobody_joined_is_closed_and_says_so(alone, instrument):
    browser = logged_in(alone)
    _, session_id = browser.open_session(instrument, wave="wave 1")
    path = f"/facilitator/sessions/{session_id}"
    page = browser.get(path).text
    assert "Wave 1 ·" in page
    assert "Wave wave" not in page
    assert "Nobody joined" not in browser.get("/facilitator/").text
    done = browser.act(f"{path}/close").headers["location"]
    assert "The session is closed. Nobody joined." in browser.get(done).text
    assert "Nobody joined." in browser.get(path).text
    assert "Nobody joined." in browser.get("/facilitator/").text


def test_the_list_has_open_sessions_first_and_then_the_newest(tmp_path, instrument):
    with Server(tmp_path / "responses.sqlite") as server:
        days = {"Old": 9, "New": 1, "Ended": 0}
        with ResponseStore(server.store) as store:
            for team, days_ago in days.items():
                day = datetime.date.today() - datetime.timedelta(days=days_ago)
                session = dataclasses.replace(session_for(instrument, team=team), opened_on=day)
                store.open_session(session)
            store.close_session(session.session_id)
        page = logged_in(server).get("/facilitator/").text
        assert re.findall("North, (Old|New|Ended)", page) == ["New", "Old", "Ended"]


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({"team": "ward 12"}, "Is the same team meant?"),
        ({"team": "WARD  12"}, "Is the same team meant?"),
        ({"site": "NORTH"}, "Is the same site meant?"),
        ({"wave": "wave 1"}, "Is the same wave meant?"),
        ({}, None),
        ({"wave": "2"}, None),
        ({"team": "Ward 1 2 b"}, None),
        ({"site": "South", "team": "ward 12"}, None),
        ({"team": "ward 12", "rehearsal": "yes"}, None),
    ],
)
def test_another_spelling_of_a_name_is_asked_about_after_opening(alone, instrument, change, asked):
    browser = logged_in(alone)
    browser.open_session(instrument, team="Ward 12")
    answer, session_id = browser.open_session(instrument, **{"team": "Ward 12", **change})
    page = browser.get(answer.headers["location"]).text
    assert re.findall(r"Is the same \w+ meant\?", page) == ([asked] if asked else [])
    assert "Is the same" not in browser.get(f"/facilitator/sessions/{session_id}").text


def test_what_the_page_says_of_answers_is_true(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument)
    page = facilitator.get(f"/facilitator/sessions/{session_id}").text
    assert "This page shows no answers" in page
    assert "nobody sees" not in page


def test_a_shared_device_may_be_the_laptop_itself(alone, instrument):
    """No other device has to reach it then; what keeps phones away is said, but it is no problem."""
    from movement_readiness.workshop.server.diagnosis import Finding
    from movement_readiness.workshop.server.views import shared_findings

    browser = logged_in(alone)
    problem = (Finding("problem", "This laptop is in no network."), Finding("good", "Fine."))
    sessions = []
    for shared in (True, False):
        _, session_id = browser.open_session(instrument, **({"shared_device": "yes"} if shared else {}))
        session = session_in(alone, session_id)
        first, second = shared_findings(problem, [session], "http://127.0.0.1:1")
        assert (first.level == "note", f"http://127.0.0.1:1/j/{session.join_code}" in first.text) == (shared, shared)
        assert "in no network" in first.text
        sessions.append(session)
        assert second == problem[1]
        assert ("does not matter" in browser.get(f"/facilitator/sessions/{session_id}").text) <= shared
    assert shared_findings(problem, sessions, "http://127.0.0.1:1") == problem  # one of them is for phones
    assert shared_findings(problem, [], "http://127.0.0.1:1") == problem


def test_reveal_closes_and_the_page_stays_as_it_was(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument, head_count="9", wave="4")
    fill(served, any_instrument, session_id, 6)
    path = f"/facilitator/sessions/{session_id}"
    assert facilitator.get(f"{path}/report").status == 404
    assert facilitator.act(f"{path}/reveal").headers["location"].endswith("done=revealed")
    assert session_in(served, session_id).state == "revealed"
    first = facilitator.get(f"{path}/report")
    assert "Report of 6 für" in first.text
    policy = first.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert first.headers["cache-control"] == "no-store"
    assert "count only for the site" in facilitator.get(path).text
    again = facilitator.act(f"{path}/reopen")
    assert again.status == 303
    told = facilitator.get(again.headers["location"]).text
    assert "report stays as it is: answers that come late count only for the site&#39;s report" in told
    assert "two minutes" in told
    fill(served, any_instrument, session_id, 1)
    assert facilitator.act(f"{path}/reveal").status == 303
    assert facilitator.get(f"{path}/report").body == first.body
    device = Device(Client(served.port), session_in(served, session_id), any_instrument)
    assert device.client.post(f"/api/sessions/{device.session.join_code}/join", {"device": device.name}).status == 423


def test_a_report_without_numbers_can_be_made_again_on_the_page(served, facilitator, any_instrument):
    _, session_id = facilitator.open_session(any_instrument, wave="12")
    fill(served, any_instrument, session_id, 6)
    with ResponseStore(served.store) as store:
        store.close_session(session_id)
        store.save_release(session_id, "<!doctype html>too few", response_ids=(), n=0, shown=False)
    path = f"/facilitator/sessions/{session_id}"
    page = facilitator.get(path).text
    assert "It shows no numbers" in page
    assert ">Reveal again</button>" in page
    assert facilitator.act(f"{path}/reveal").status == 303
    assert "Report of 6" in facilitator.get(f"{path}/report").text
    assert "Reveal again" not in facilitator.get(path).text


def test_a_second_session_of_the_team_with_few_more_people_is_not_revealed(served, facilitator, any_instrument):
    _, first = facilitator.open_session(any_instrument, wave="5")
    fill(served, any_instrument, first, 6)
    facilitator.act(f"/facilitator/sessions/{first}/reveal")
    _, second = facilitator.open_session(any_instrument, wave="5")
    fill(served, any_instrument, second, 8)
    answer = facilitator.act(f"/facilitator/sessions/{second}/reveal")
    assert answer.status == 422
    assert "only a few people" in answer.text
    assert facilitator.get(f"/facilitator/sessions/{second}/report").status == 404


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("refuse", "Fewer than five people answered"),
        ("crash", "could not be made"),
        ("nonsense", "could not be read"),
    ],
)
def test_a_refused_or_broken_report_is_told_and_nothing_is_frozen(tmp_path, instrument, how, said):
    with start(tmp_path, how) as server:
        browser = logged_in(server)
        _, session_id = browser.open_session(instrument)
        answer = browser.act(f"/facilitator/sessions/{session_id}/reveal")
        assert answer.status == 422
        assert said in answer.text
        assert session_in(server, session_id).state == "closed"
        assert browser.get(f"/facilitator/sessions/{session_id}/report").status == 404
        assert browser.act(f"/facilitator/sessions/{session_id}/reopen").status == 303


def test_a_report_that_takes_too_long_is_ended(tmp_path, instrument):
    with start(tmp_path, "slow", str(tmp_path / "begun"), reveal_seconds=1) as server:
        browser = logged_in(server)
        _, session_id = browser.open_session(instrument)
        answer = browser.act(f"/facilitator/sessions/{session_id}/reveal")
        assert answer.status == 422
        assert "after 1 seconds" in answer.text


def test_a_server_that_is_stopped_ends_the_report_that_is_being_made(tmp_path, instrument):
    begun = tmp_path / "begun"
    with start(tmp_path, "slow", str(begun)) as server, ThreadPoolExecutor(1) as pool:
        browser = logged_in(server)
        _, session_id = browser.open_session(instrument)
        csrf = browser.csrf()
        asked = pool.submit(browser.post_form, f"/facilitator/sessions/{session_id}/reveal", {"csrf": csrf})
        while not begun.exists():
            time.sleep(0.02)
        children = psutil.Process(server.process.pid).children()
        assert server.stop() == 0
        answer = asked.result(60)
        assert answer.status == 503
        assert "nothing was revealed" in answer.text
        assert children
        assert not psutil.wait_procs(children, 60)[1]


def test_a_command_that_is_not_there_is_told(tmp_path, instrument):
    with Server(tmp_path / "responses.sqlite", reveal_command=[str(tmp_path / "no such program")]) as server:
        browser = logged_in(server)
        _, session_id = browser.open_session(instrument)
        answer = browser.act(f"/facilitator/sessions/{session_id}/reveal")
        assert answer.status == 422
        assert "could not be started" in answer.text


def test_script_in_every_text_is_text(served, facilitator, any_instrument):
    bad = "\"'><script>alert(1)</script>"
    consent = {f"consent-{name}": bad for name in consent_names(any_instrument)}
    _, session_id = facilitator.open_session(any_instrument, site=bad, team=bad, wave=bad, **consent)
    assert session_in(served, session_id).site == bad
    for path in (
        "/facilitator/",
        "/facilitator/new",
        f"/facilitator/sessions/{session_id}",
        f"/facilitator/sessions/{session_id}/projector",
    ):
        page = facilitator.get(path).text
        assert "<script>" not in page
        assert "&lt;script&gt;" in page
    refused, _ = facilitator.open_session(any_instrument, site=bad, head_count=bad)
    assert "<script>" not in refused.text


def test_pages_say_how_they_are_to_be_treated(served, facilitator):
    for path in ("/facilitator/", "/facilitator/new"):
        headers = facilitator.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"  # so that forms say where they come from
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers
    assert facilitator.get("/facilitator/nothing").status == 404
    assert facilitator.get("/").headers["location"] == "/facilitator/"
    assert Client(served.facilitator_port).get("/api/ping").status == 404


def test_a_server_without_reports_says_so(alone, instrument):
    browser = logged_in(alone)
    _, session_id = browser.open_session(instrument)
    assert "without a way to make reports" in browser.get(f"/facilitator/sessions/{session_id}").text
    assert browser.act(f"/facilitator/sessions/{session_id}/reveal").status == 422
