"""The participants' page, from memory."""

from __future__ import annotations

from movement_readiness.workshop.server.base import Handler
from movement_readiness.workshop.server.problems import RefusedError

__all__ = ["FileHandler", "PageHandler"]


class PageHandler(Handler):
    """The page that participants see; its module reads the code in the address."""

    def get(self) -> None:
        """Send the page."""
        self.send_kept(self.room.files["page.html"])

    def head(self) -> None:
        """Send its headers."""
        self.get()


class FileHandler(Handler):
    """A module or style of the page."""

    def get(self, name: str) -> None:
        """Send the file."""
        if name not in self.room.files:
            raise RefusedError(404, "unknown", "There is no such file here.")
        self.send_kept(self.room.files[name])

    def head(self, name: str) -> None:
        """Send its headers."""
        self.get(name)
