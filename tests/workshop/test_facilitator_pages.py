"""The facilitator's pages over real sockets: logging in, opening, closing, revealing; and who may not."""

from __future__ import annotations

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
from workshop.server_support import Client, Device, Server, submission_for

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
    stale = anyone.ask("GET", "/facilitator/", headers={"Cookie": f"{COOKIE}=invented"})
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
    statuses = [browser.log_in(f"wrong {n}").status for n in range(15)]
    assert statuses[-1] == 429
    assert int(browser.log_in("x").headers["retry-after"]) >= 1
    assert browser.log_in(alone.token()).status == 303


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
    assert facilitator.act(f"{path}/close").status == 303
    submission = submission_for(any_instrument, device.session)
    assert device.send(submission).status == 423
    assert "Nobody can join" in facilitator.get(path).text
    assert facilitator.act(f"{path}/reopen").status == 303
    assert device.send(submission).status == 201


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
    assert facilitator.act(f"{path}/reopen").status == 303
    fill(served, any_instrument, session_id, 1)
    assert facilitator.act(f"{path}/reveal").status == 303
    assert facilitator.get(f"{path}/report").body == first.body
    device = Device(Client(served.port), session_in(served, session_id), any_instrument)
    assert device.client.post(f"/api/sessions/{device.session.join_code}/join", {"device": device.name}).status == 423


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
        answer = asked.result(30)
        assert answer.status == 503
        assert "nothing was revealed" in answer.text
        assert children
        assert not psutil.wait_procs(children, 10)[1]


def test_a_command_that_is_not_there_is_told(tmp_path, instrument):
    with Server(tmp_path / "responses.sqlite", reveal_command=[str(tmp_path / "no such program")]) as server:
        browser = logged_in(server)
        _, session_id = browser.open_session(instrument)
        answer = browser.act(f"/facilitator/sessions/{session_id}/reveal")
        assert answer.status == 422
        assert "could not be started" in answer.text


def test_script_in_every_text_is_text(served, facilitator, any_instrument):
    bad = "\"'><script>alert(1)</script>"
    from movement_readiness.workshop.consent import consent_names

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
