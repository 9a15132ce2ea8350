"""The facilitator's pages in a real browser: for everyone, at the widths of a phone and a laptop."""

from __future__ import annotations

import http.server
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from workshop.facilitator_support import Facilitator
from workshop.form_support import AXE, SOON, TAGS, at_rest, running_browser, too_wide
from workshop.server_support import Client, Device, Server, consent_values, submission_for

from movement_readiness.workshop.store import ResponseStore

pytestmark = pytest.mark.browser
REVEAL = [sys.executable, str(Path(__file__).with_name("reveal_process.py")), "page"]
BAD = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(scope="module")
def browser(chromium):
    with running_browser(chromium) as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    store = tmp_path_factory.mktemp("seen") / "responses.sqlite"
    with Server(store, reveal_command=[*REVEAL, str(store)]) as running:
        yield running


@pytest.fixture(scope="module")
def sittings(server, instrument):
    """One session in each state."""
    facilitator = Facilitator(server.facilitator_port)
    facilitator.log_in(server.token())
    open_id = facilitator.open_session(instrument, team="Night shift of the emergency department", rehearsal="yes")[1]
    closed_id = facilitator.open_session(instrument, team=BAD[:100], site=BAD[:100])[1]
    facilitator.act(f"/facilitator/sessions/{closed_id}/close")
    revealed_id = facilitator.open_session(instrument, team="Ward 7")[1]
    facilitator.act(f"/facilitator/sessions/{revealed_id}/reveal")
    return {"open": open_id, "closed": closed_id, "revealed": revealed_id}


@pytest.fixture
def elsewhere():
    """A page of another site."""
    pages = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(pages[0].encode())

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as site:
        thread = threading.Thread(target=site.serve_forever, args=(0.05,))
        thread.start()

        def show(page):
            pages.append(page)
            return f"http://localhost:{site.server_port}/"

        yield show
        site.shutdown()
        thread.join()


class Tab:
    """One tab that notes everything that should not happen."""

    def __init__(self, browser, server, width=1280, height=800, **options):
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.base = server.facilitator_address
        self.problems = []
        self.page = self.context.new_page()
        self.page.on("dialog", lambda dialog: (self.problems.append(dialog.message), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._told)
        self.elsewhere = []
        self.page.on("request", self._asked)

    def _told(self, message):
        if "Content Security" in message.text:
            self.problems.append(message.text)

    def _asked(self, request):
        if request.url.startswith("http") and urlsplit(request.url).hostname != "127.0.0.1":
            self.elsewhere.append(request.url)

    def goto(self, path):
        return self.page.goto(self.base + path)

    def log_in(self, server):
        self.goto("/facilitator/login")
        self.page.get_by_label("Token").fill(server.token())
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/facilitator/")
        return self


def violations(page, where):
    at_rest(page)
    page.evaluate(AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    passed = {rule["id"] for rule in found["passes"]}
    assert {"document-title", "color-contrast"} <= passed, (where, passed)  # it did look
    return [(rule["id"], node["html"][:150]) for rule in found["violations"] for node in rule["nodes"]]


def focus_on(page, name):
    """Wait until the browser has put the focus there: it does so when it next draws the page."""
    page.wait_for_function("name => document.activeElement.id === name", arg=name, timeout=SOON)


def check(tab, where):
    tab.page.evaluate("document.fonts.ready")
    assert violations(tab.page, where) == [], where
    assert too_wide(tab.page) <= 0, where
    small = tab.page.evaluate(
        """() => Array.from(document.querySelectorAll('button, .button, input:not([type=hidden]):not([type=checkbox]), select'))
          .filter((node) => node.offsetParent && node.getBoundingClientRect().height < 43.5).map((node) => node.outerHTML)"""
    )
    assert small == [], where


@pytest.mark.parametrize(("width", "height", "text"), [(375, 740, 1), (1280, 800, 1), (1280, 800, 2)])
def test_every_page_is_for_everyone(browser, server, sittings, width, height, text):
    tab = Tab(browser, server, width, height)
    if text != 1:  # what a browser's text size does: every length follows the root's
        tab.page.add_init_script(
            f"addEventListener('DOMContentLoaded', () => document.documentElement.style.fontSize = '{text}00%')"
        )
    tab.goto("/facilitator/login")
    check(tab, "login")
    tab.page.get_by_label("Token").fill("wrong")
    tab.page.get_by_role("button", name="Log in").click()
    tab.page.get_by_role("alert").wait_for()
    check(tab, "wrong token")
    tab.log_in(server)
    check(tab, "sessions")
    tab.goto("/facilitator/new")
    check(tab, "new session")
    tab.page.get_by_role("button", name="Open the session").click()
    tab.page.get_by_role("alert").wait_for()
    check(tab, "new session, refused")
    focus_on(tab.page, "team")  # the site is filled in
    for state, session_id in sittings.items():
        for page in ("", "?done=opened", "/projector"):
            tab.goto(f"/facilitator/sessions/{session_id}{page}")
            check(tab, f"{state} {page}")
    tab.goto("/facilitator/nothing")
    check(tab, "missing")
    tab.goto("/nothing")
    check(tab, "missing elsewhere")
    tab.page.goto(f"{server.address}/nothing")
    check(tab, "missing for participants")
    assert tab.problems == []
    assert tab.elsewhere == []
    tab.context.close()


def test_a_session_from_beginning_to_end_with_the_keyboard_alone(browser, server, instrument):
    tab = Tab(browser, server)
    page = tab.page
    tab.goto("/facilitator/login")
    page.get_by_label("Token").focus()
    page.keyboard.type(server.token())
    page.keyboard.press("Enter")
    page.wait_for_url("**/facilitator/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    focus_on(page, "content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "New session"
    page.keyboard.press("Enter")
    page.wait_for_url("**/new")
    fill_by_keyboard(page, instrument)
    page.wait_for_url("**/sessions/*done=opened")
    page.get_by_role("heading", level=1, name="Nord, Station 3").wait_for()
    press(page, "Close and reveal")
    page.wait_for_url("**done=revealed")
    with page.expect_popup() as opened:
        press(page, "Open the report", role="link")
    report = opened.value
    report.wait_for_load_state()
    report.get_by_text("Report of 0").wait_for()
    assert report.title() == "Report"  # its script did not run
    press(page, "Log out")
    page.wait_for_url("**/login")
    assert tab.problems == []
    tab.context.close()


@pytest.mark.parametrize("width", [375, 1280])
def test_closing_while_somebody_writes_by_keyboard_without_script(browser, server, instrument, width):
    facilitator = Facilitator(server.facilitator_port)
    facilitator.log_in(server.token())
    facilitator.open_session(instrument, team="Written to")
    answer, session_id = facilitator.open_session(instrument, team="written to")
    with ResponseStore(server.store) as store:
        session = store.session(session_id)
    Device(Client(server.port), session, instrument).join()
    scripted = Tab(browser, server, width).log_in(server)
    scripted.goto(answer.headers["location"])
    scripted.page.get_by_text("Is the same team meant?").wait_for()
    check(scripted, "another spelling")
    scripted.goto(f"/facilitator/sessions/{session_id}/unsent?then=reveal")
    check(scripted, "not sent")
    scripted.context.close()
    tab = Tab(browser, server, width, java_script_enabled=False).log_in(server)
    page = tab.page
    tab.goto(f"/facilitator/sessions/{session_id}")
    page.get_by_role("button", name="Close the session").press("Enter")
    page.wait_for_url("**/unsent?then=close")
    page.get_by_role("heading", level=1, name="1 person has joined and not sent", exact=True).wait_for()
    page.get_by_role("link", name="Wait").press("Enter")
    page.wait_for_url(f"**/sessions/{session_id}")
    page.get_by_role("button", name="Close and reveal").press("Enter")
    page.get_by_role("button", name="Close and reveal anyway").press("Enter")
    page.wait_for_url("**done=revealed")
    tab.context.close()


def fill_by_keyboard(page, instrument):
    typed = {"site": "Nord", "team": "Station 3", "head_count": "8"}
    typed |= {f"consent-{name}": value for name, value in consent_values(instrument).items()}
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || document.activeElement.textContent")
        if name in typed:
            page.keyboard.press("Control+A")
            page.keyboard.type(typed.pop(name))
        if name == "Open the session":
            assert not typed
            page.keyboard.press("Enter")
            return
    raise AssertionError("the button was not reached")


def press(page, name, role="button"):
    target = page.get_by_role(role, name=name)
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            outline = target.evaluate("node => getComputedStyle(node).outlineStyle")
            assert outline != "none"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} was not reached")


def test_counts_follow_without_a_reload_and_a_closed_session_shows_itself(browser, server, instrument):
    facilitator = Facilitator(server.facilitator_port)
    facilitator.log_in(server.token())
    _, session_id = facilitator.open_session(instrument, team="Followed")
    tab = Tab(browser, server).log_in(server)
    tab.goto(f"/facilitator/sessions/{session_id}")
    with ResponseStore(server.store) as store:
        session = store.session(session_id)
    device = Device(Client(server.port), session, instrument)
    device.send(submission_for(instrument, session))
    page = tab.page
    page.locator("[data-count=sent]", has_text="1").wait_for()
    assert page.locator("[data-count=joined]").inner_text() == "1"
    facilitator.act(f"/facilitator/sessions/{session_id}/close")
    page.get_by_text("Nobody can join or send any more").wait_for()
    tab.context.close()


def test_without_script_everything_works_but_the_counting(browser, server, sittings):
    tab = Tab(browser, server, java_script_enabled=False).log_in(server)
    tab.goto(f"/facilitator/sessions/{sittings['open']}")
    with tab.page.expect_navigation():
        tab.page.get_by_role("link", name="Count again").click()
    tab.page.get_by_label("People in the room").fill("11")
    tab.page.get_by_role("button", name="Change").click()
    tab.page.get_by_role("status").filter(has_text="has been changed").wait_for()
    tab.context.close()


def test_the_link_of_the_terminal_opened_from_a_file_logs_in(browser, tmp_path):
    with Server(tmp_path / "responses.sqlite") as server:
        way_in = tmp_path / "way in.html"
        way_in.write_text(
            f'<!doctype html><meta http-equiv="refresh" content="0;url={server.facilitator_address}{server.link}">'
        )
        tab = Tab(browser, server)
        tab.page.goto(way_in.as_uri())
        tab.page.wait_for_url("**/facilitator/")
        tab.page.get_by_role("heading", name="Sessions").wait_for()
        tab.context.close()


def test_another_sites_page_can_neither_post_nor_read_nor_frame(browser, server, instrument, elsewhere):
    facilitator = Facilitator(server.facilitator_port)
    facilitator.log_in(server.token())
    _, session_id = facilitator.open_session(instrument, team="Not closed")
    with ResponseStore(server.store) as store:
        session = store.session(session_id)
    tab = Tab(browser, server).log_in(server)
    close = f"{server.facilitator_address}/facilitator/sessions/{session_id}/close"
    withdraw = f"{server.address}/api/withdraw"
    hostile = f"""<!doctype html><title>hostile</title>
    <form id="f" method="post" action="{close}" target="frame"><input name="csrf" value="guess"></form>
    <form id="g" method="post" enctype="text/plain" action="{withdraw}" target="second"><input name='{{"receipt":"' value='"}}'></form>
    <iframe name="frame"></iframe><iframe name="second"></iframe><iframe id="framed" src="{server.facilitator_address}/facilitator/"></iframe>"""
    page = tab.page
    page.goto(elsewhere(hostile))
    statuses = []
    page.on("response", lambda answer: statuses.append(answer.status) if answer.request.method == "POST" else None)
    for name in "fg":
        with page.expect_response(lambda answer: answer.request.method == "POST") as came:
            page.evaluate(f"document.getElementById('{name}').submit()")
        assert came.value.status in (403, 415)
    asks = f"""async () => {{
      const out = [];
      for (const [path, options] of [
        ["{server.address}/api/sessions/{session.join_code}", {{}}],
        ["{server.facilitator_address}/facilitator/", {{ credentials: "include" }}],
        ["{withdraw}", {{ method: "POST", headers: {{ "Content-Type": "application/json" }}, body: "{{}}" }}],
      ]) {{
        try {{ const answer = await fetch(path, options); out.push((await answer.text()).slice(0, 40)); }}
        catch (error) {{ out.push("refused"); }}
      }}
      return out;
    }}"""
    assert page.evaluate(asks) == ["refused"] * 3
    framed = page.frame(url=lambda url: "/facilitator/" in url)
    assert framed is None or "Sessions" not in framed.content()
    with ResponseStore(server.store) as store:
        assert store.session(session_id).state == "open"
    tab.context.close()


def test_script_in_the_texts_of_a_session_runs_nowhere(browser, server, instrument):
    facilitator = Facilitator(server.facilitator_port)
    facilitator.log_in(server.token())
    consent = {f"consent-{name}": BAD for name in consent_values(instrument)}
    _, session_id = facilitator.open_session(instrument, site=BAD, team=BAD, wave=BAD, **consent)
    with ResponseStore(server.store) as store:
        session = store.session(session_id)
    tab = Tab(browser, server).log_in(server)
    for path in ("/facilitator/", "/facilitator/new", f"/facilitator/sessions/{session_id}"):
        tab.goto(path)
        assert tab.page.locator("img[src=x]").count() == 0
    tab.goto(f"/facilitator/sessions/{session_id}/projector")
    tab.page.goto(f"{server.address}/j/{session.join_code}")
    tab.page.get_by_text("onerror=alert(2)").first.wait_for()
    assert tab.page.locator("img[src=x]").count() == 0
    assert tab.problems == []
    tab.context.close()
