"""The addresses of the server: what participants reach, and what the laptop alone does."""

from __future__ import annotations

from typing import Any

import tornado.web

from movement_readiness.workshop.server import api
from movement_readiness.workshop.server.base import MissingHandler
from movement_readiness.workshop.server.pages import FileHandler, PageHandler
from movement_readiness.workshop.server.room import Room
from movement_readiness.workshop.server.sittings import facilitator_routes

__all__ = ["make_app", "make_facilitator_app"]


def make_app(room: Room) -> tornado.web.Application:
    """What participants reach. The facilitator's pages are among it under TLS alone."""
    own = {"room": room}
    routes: list[Any] = [
        (r"/", PageHandler, own),
        (r"/j/[^/]{1,40}", PageHandler, own),
        (r"/withdraw", PageHandler, own),
        (r"/static/([^/]+)", FileHandler, own),
        (r"/api/ping", api.PingHandler, own),
        (r"/api/sessions/([^/]{1,100})", api.SessionHandler, own),
        (r"/api/sessions/([^/]{1,100})/join", api.JoinHandler, own),
        (r"/api/responses/([^/]+)", api.ResponseHandler, own),
        (r"/api/responses/([^/]+)/amend", api.AmendHandler, own),
        (r"/api/withdraw", api.WithdrawHandler, own),
    ]
    if room.secure:
        routes += facilitator_routes(room, local=False)
    return _application(routes, own)


def make_facilitator_app(room: Room) -> tornado.web.Application:
    """What the laptop's own browser reaches, on an address of the laptop alone."""
    return _application(facilitator_routes(room, local=True), {"room": room})


def _application(routes: list[Any], own: dict[str, Any]) -> tornado.web.Application:
    return tornado.web.Application(
        routes,
        default_handler_class=MissingHandler,
        default_handler_args=own,
        log_function=lambda _: None,  # an access log would hold addresses and times
        compress_response=False,
    )
