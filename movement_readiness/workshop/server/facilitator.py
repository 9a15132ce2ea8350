"""The facilitator's way in, and what all of the facilitator's pages share."""

from __future__ import annotations

import hmac
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from movement_readiness.exceptions import SubmissionError
from movement_readiness.workshop.server.base import Handler
from movement_readiness.workshop.server.bodies import form_fields
from movement_readiness.workshop.server.files import Kept, kept_files
from movement_readiness.workshop.server.problems import Problem, RefusedError
from movement_readiness.workshop.server.room import Room
from movement_readiness.workshop.server.security import Login

__all__ = [
    "EnterHandler",
    "FacilitatorHandler",
    "HomeHandler",
    "LoginHandler",
    "LogoutHandler",
    "NothingHandler",
    "StaticHandler",
]

_HERE = Path(__file__).parent
_COOKIE = "movement_readiness_facilitator"
_HOME = "/facilitator/"


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@lru_cache(maxsize=1)
def _static() -> dict[str, Kept]:
    return kept_files(sorted((_HERE / "static").glob("*")))


class FacilitatorHandler(Handler):
    """A page for a browser that is logged in."""

    public = False

    def initialize(self, room: Room, local: bool = True) -> None:
        """Take whether this is the laptop's own address."""
        super().initialize(room)
        self.local = local

    def set_default_headers(self) -> None:
        """As everywhere; but forms have to say where they come from, to this server alone."""
        super().set_default_headers()
        self.set_header("Referrer-Policy", "same-origin")

    def prepare(self) -> None:
        """Send a browser that is not logged in to the page where it can."""
        super().prepare()
        self.login: Login | None = self.room.logins.find(self.get_cookie(_COOKIE))
        if self.login is None and not self.public:
            if self.request.method != "GET":
                raise RefusedError(403, "login", "You are not logged in any more. Log in again, then repeat this.")
            self.redirect(f"{_HOME}login", status=303)

    def fields(self, *, csrf: bool = True) -> dict[str, list[str]]:
        """The fields of a form that came from a page of this login."""
        found = form_fields(self.whole_body())
        if csrf:
            given = found.pop("csrf", [""])[0]
            if self.login is None or not hmac.compare_digest(given.encode(), self.login.csrf.encode()):
                raise RefusedError(403, "csrf", "This form is out of date; nothing was changed. Load the page again.")
        return found

    def render_page(self, template: str, **context: Any) -> None:
        """Send a page."""
        shared = {"csrf": self.login.csrf if self.login else "", "logged_in": self.login is not None}
        page = _templates().get_template(template).render({**shared, **context})
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(page)

    def write_problem(self, problem: Problem) -> None:
        """Tell an error as a page."""
        self.login = getattr(self, "login", None)
        self.set_header("Referrer-Policy", "same-origin")
        self.render_page("problem.html.j2", problem=problem)

    def log_in(self) -> None:
        """Give this browser a cookie."""
        self.login = self.room.logins.open()
        self.set_cookie(
            _COOKIE,
            self.login.cookie,
            path=_HOME,
            httponly=True,
            samesite="Strict",
            secure=self.request.protocol == "https",
            expires_days=None,
        )


class LoginHandler(FacilitatorHandler):
    """The page where the token is typed."""

    public = True

    def get(self) -> None:
        """Show it."""
        if self.login is not None:
            self.redirect(_HOME, status=303)
            return
        self.render_page("login.html.j2", problem=None)

    def post(self) -> None:
        """Log in with the right token; wrong ones are few a minute."""
        try:
            token = self.fields(csrf=False).get("token", [""])[0]
        except SubmissionError:
            token = ""
        if self.room.logins.right(token):
            self.log_in()
            self.redirect(_HOME, status=303)
            return
        if seconds := self.room.login_limit.take():
            raise RefusedError(429, "often", "Too many wrong tokens; please wait a moment and try again.", seconds)
        self.room.refusals["token"] += 1
        self.set_status(403)
        self.render_page("login.html.j2", problem="This is not the token. Copy it from its file; it is one line.")


class EnterHandler(FacilitatorHandler):
    """The link from the terminal: good once, on this laptop alone."""

    public = True

    def get(self) -> None:
        """Log in and go on; by a page, for a cookie of this site alone is not sent on a way from elsewhere."""
        if not self.local or not self.room.logins.use_link_key(self.get_query_argument("key", "")):
            if seconds := self.room.login_limit.take():
                raise RefusedError(429, "often", "Too many wrong links; please wait a moment and try again.", seconds)
            self.set_status(403)
            self.render_page(
                "login.html.j2", problem="This link was used already or is too old. Log in with the token."
            )
            return
        self.log_in()
        self.render_page("enter.html.j2")


class LogoutHandler(FacilitatorHandler):
    """The end of a login."""

    def post(self) -> None:
        """Log out."""
        self.fields()
        if self.login is not None:
            self.room.logins.close(self.login)
        self.clear_cookie(_COOKIE, path=_HOME)
        self.redirect(f"{_HOME}login", status=303)


class StaticHandler(FacilitatorHandler):
    """Styles and the small script that counts."""

    public = True

    def get(self, name: str) -> None:
        """Send the file."""
        if name not in _static():
            raise RefusedError(404, "unknown", "There is no such file here.")
        self.send_kept(_static()[name])


class HomeHandler(FacilitatorHandler):
    """The bare address of the laptop's own listener."""

    public = True

    def get(self) -> None:
        """Lead to the pages."""
        self.redirect(_HOME, status=303)


class NothingHandler(FacilitatorHandler):
    """Any other address among the facilitator's."""

    def get(self) -> None:
        """Say that there is no such page."""
        raise RefusedError(404, "unknown", "There is no such page here.")

    post = get
