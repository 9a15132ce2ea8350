"""The server of a workshop: phones, a facilitator's page, one laptop, no internet."""

from movement_readiness.workshop.server.app import make_app, make_facilitator_app
from movement_readiness.workshop.server.options import DEFAULT_PORT, ServerOptions
from movement_readiness.workshop.server.revealing import Revealed, RevealError, command_reveal
from movement_readiness.workshop.server.running import Running, running, serve

__all__ = [
    "DEFAULT_PORT",
    "RevealError",
    "Revealed",
    "Running",
    "ServerOptions",
    "command_reveal",
    "make_app",
    "make_facilitator_app",
    "running",
    "serve",
]
