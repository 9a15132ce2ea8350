"""A small room for the form: a server in memory that can be told to fail, and a real browser."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import deque
from datetime import datetime
from pathlib import Path

import axe_playwright_python
import tornado.httpserver
import tornado.netutil
import tornado.web
from playwright.sync_api import sync_playwright

from movement_readiness.exceptions import SubmissionError
from movement_readiness.workshop.client import client_files
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.content import form_content
from movement_readiness.workshop.receipts import receipt_sha256
from movement_readiness.workshop.sessions import new_session, plain_code
from movement_readiness.workshop.submission import session_response

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
SOON = 60_000  # milliseconds: long enough for a machine that does other things too; nobody waits that long for nothing
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextlib.contextmanager
def running_browser(chromium):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


def at_rest(page):
    """Wait until colours that change slowly have changed: half-way they are nobody's choice."""
    page.wait_for_function(
        "() => !document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === 'running')",
        timeout=SOON,
    )


def violations(page, within="html"):
    """What axe-core finds, in one line each."""
    at_rest(page)
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate("([tags, within]) => axe.run(within, {runOnly: {type: 'tag', values: tags}})", [TAGS, within])
    assert len(found["passes"]) > 5, "axe-core looked at nothing"
    return [
        f"{rule['id']}: {node['html'][:150]} {node['failureSummary'][:200]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def too_wide(page):
    """Whether anything has to be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def consent_values(instrument):
    return {name: f"the {name}" for name in consent_names(instrument)}


class Room:
    """One session of one instrument, served from this process."""

    def __init__(self, instrument, **options):
        self.instrument = instrument
        options = {"site": "North", "team": "A3", "head_count": 30, "consent": consent_values(instrument), **options}
        self.insecure = options.pop("insecure", False)
        self.session = new_session(instrument, **options)
        session = self.session
        self.content = form_content(
            instrument,
            session.form,
            languages=session.languages,
            consent=dict(session.consent),
            retest=session.retest,
        )
        self.state = "open"
        self.tickets, self.used, self.stored, self.withdrawn = {}, {}, {}, set()
        self.revisions = {}
        self.refusals = deque()  # (status, reason, headers) for the next requests that store
        self.lost = 0  # acknowledgements that do not arrive
        self.down = False
        self.asked = []
        self.told_more = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def join(self):
        return f"{self.url}/j/{self.session.join_code}"

    def told(self):
        names = ("site", "team", "wave", "rehearsal", "shared_device")
        return {
            "id": self.session.session_id,
            "code": self.session.join_code,
            **{name: getattr(self.session, name) for name in names},
            "state": self.state,
            "withdraw_until": self.session.withdraw_until.isoformat(),
            "insecure": self.insecure,
            **self.told_more,
        }

    def response(self, submission):
        return session_response(
            submission,
            self.instrument,
            self.session,
            consent_sha256={name: words["consent"]["sha256"] for name, words in self.content["words"].items()},
            hash_retest=lambda number, text: f"{number}:{text}",
        )

    def __enter__(self):
        ready = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self.thread.start()
        assert ready.wait(60)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(20)

    async def _run(self, ready):
        self.loop, self.stop = asyncio.get_running_loop(), asyncio.Event()
        routes = [
            (r"/(?:j/[^/]*|withdraw)?", Page),
            (r"/static/(.+)", Static),
            (r"/api/sessions/([^/]+)", Sessions),
            (r"/api/sessions/([^/]+)/join", Join),
            (r"/api/responses/([^/]+)", Responses),
            (r"/api/responses/([^/]+)/amend", Amend),
            (r"/api/withdraw", Withdraw),
        ]
        sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
        self.port = sockets[0].getsockname()[1]
        app = tornado.web.Application([(route, handler, {"room": self}) for route, handler in routes])
        app.settings["log_function"] = lambda handler: None
        server = tornado.httpserver.HTTPServer(app)
        server.add_sockets(sockets)
        ready.set()
        await self.stop.wait()
        server.stop()
        await server.close_all_connections()


class Handler(tornado.web.RequestHandler):
    def initialize(self, room):
        self.room = room

    def set_default_headers(self):
        self.set_header("Content-Security-Policy", CSP)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    def prepare(self):
        self.room.asked.append(f"{self.request.method} {self.request.path}")
        if self.room.down and self.request.path.startswith("/api/"):
            self.hang_up()

    def hang_up(self):
        self.request.connection.stream.close()
        raise tornado.web.Finish

    def refuse(self, status, reason, message="no", **more):
        self.set_status(status)
        self.finish({"error": {"reason": reason, "message": message}, **more})
        raise tornado.web.Finish

    @property
    def body(self):
        return json.loads(self.request.body)

    @property
    def ticket(self):
        found = self.request.headers.get("Authorization", "").removeprefix("Ticket ")
        if found not in self.room.tickets.values():
            self.refuse(401, "ticket")
        return found


class Page(Handler):
    def get(self):
        body, kind = client_files()["page.html"]
        self.set_header("Content-Type", kind)
        self.finish(body)


class Static(Handler):
    def get(self, name):
        body, kind = client_files()[name]
        self.set_header("Content-Type", kind)
        self.finish(body)


class Sessions(Handler):
    def get(self, code):
        if plain_code(code) != self.room.session.join_code:
            self.refuse(404, "unknown")
        if self.room.state != "open":
            self.refuse(423, "closed", session={"id": self.room.session.session_id})
        self.finish({"session": self.room.told(), "content": self.room.content})


class Join(Handler):
    def post(self, code):
        room, device = self.room, self.body["device"]
        if device not in room.tickets and len(room.tickets) >= room.session.head_count:
            self.refuse(403, "full")
        self.finish({"ticket": room.tickets.setdefault(device, f"ticket-{len(room.tickets)}")})


class Responses(Handler):
    def put(self, response_id):
        room, ticket = self.room, self.ticket
        if room.refusals:
            status, reason, headers = room.refusals.popleft()
            for name, value in headers.items():
                self.set_header(name, value)
            self.refuse(status, reason, "A sentence that says why.")
        if room.state != "open":
            self.refuse(423, "closed")
        try:
            response = room.response(self.body)
        except SubmissionError as error:
            self.refuse(422, "submission", str(error))
        if room.used.setdefault(ticket, response_id) != response_id:
            self.refuse(403, "ticket")
        known = room.stored.get(response_id)
        if known is not None and known.content_sha256 != response.content_sha256:
            self.refuse(409, "conflict")
        room.stored[response_id] = response
        if room.lost:
            room.lost -= 1
            self.hang_up()
        self.set_status(200 if known else 201)
        self.finish({"status": "unchanged" if known else "stored"})

    def get(self, response_id):
        self.ticket  # noqa: B018  (refuses)
        known = response_id in self.room.stored
        self.finish({"status": "stored" if known else "unknown", "revision": self.room.revisions.get(response_id, 1)})


class Amend(Handler):
    def post(self, response_id):
        room = self.room
        if room.state != "open":
            self.refuse(423, "closed")
        response = room.response(self.body["submission"])
        if receipt_sha256(self.body["receipt"]) != room.stored[response_id].receipt_sha256:
            self.refuse(403, "receipt")
        if self.body["revision"] != room.revisions.get(response_id, 1):
            self.refuse(409, "revision")
        room.stored[response_id] = response
        room.revisions[response_id] = self.body["revision"] + 1
        self.finish({"status": "amended", "revision": self.body["revision"] + 1})


class Withdraw(Handler):
    def post(self):
        try:
            code = receipt_sha256(self.body["receipt"])
        except SubmissionError as error:
            self.refuse(422, "submission", str(error))
        found = [name for name, response in self.room.stored.items() if response.receipt_sha256 == code]
        if not found and code not in self.room.withdrawn:
            self.refuse(404, "unknown")
        for name in found:
            del self.room.stored[name]
        self.room.withdrawn.add(code)
        self.finish({"status": "withdrawn"})


# What a person does


def own_clock(page):
    """Give a page a clock of its own; it runs as ours does until `stands_still`, or jumps by `Person.lives`."""
    page.clock.install(time=datetime(2026, 5, 4, 9))


def stands_still(page):
    """Stop the page's own clock: nothing happens by waiting any more. What was due has happened once."""
    page.clock.pause_at(datetime(2026, 5, 4, 12))


class Person:
    """Somebody at a page that shows the form."""

    def __init__(self, page, content):
        self.page, self.content = page, content

    def press(self, key, **values):
        self.page.get_by_role("button", name=self.says(key, **values), exact=True).first.click()

    def says(self, key, language=None, **values):
        words = self.content["words"][language or self.content["languages"][0]]["interface"]
        return words[key].format(**values)

    def begin(self):
        self.page.get_by_role("checkbox").check()
        self.press("start")

    def choose(self, item, code):
        self.page.locator(f"[data-item='{item}'] input[value='{code}']").check()

    def answer_all(self, answers):
        for screen in self.content["screens"]:
            for item in screen:
                if item in answers:
                    self.choose(item, answers[item])
            self.press("next")

    def sees(self, key, **values):
        self.page.get_by_text(self.says(key, **values)).first.wait_for(timeout=SOON)

    def hears(self):
        """Wait until the page has heard what became of what it sent; the status line says so when it has."""
        sending = self.page.get_by_role("status").filter(has_text=self.says("sending"))
        sending.wait_for(state="detached", timeout=SOON)

    def lives(self, seconds, step=5):
        """Let time pass on the page's own clock; the network's answers are awaited, which come in real time."""
        for passed in range(0, seconds, step):
            self.page.clock.run_for(1000 * min(step, seconds - passed))
            self.hears()


def some_answers(content, step=0):
    """One answer for every item, different ones for different items."""
    items = [item for screen in content["screens"] for item in screen]
    scales = {name: scale["codes"] + scale["missing"] for name, scale in content["scales"].items()}
    return {
        item: scales[content["items"][item]][(place + step) % len(scales[content["items"][item]])]
        for place, item in enumerate(items)
    }
