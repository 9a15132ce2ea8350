"""What a server is started with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from movement_readiness.instrument import Instrument
    from movement_readiness.workshop.server.revealing import Reveal
    from movement_readiness.workshop.sessions import Session

__all__ = ["BUSY_SECONDS", "DEFAULT_PORT", "ServerOptions"]

DEFAULT_PORT = 8750
BUSY_SECONDS = 10.0  # less than a phone waits for an answer


def _to_terminal(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """What `serve` needs to know.

    Attributes
    ----------
    store : str or pathlib.Path
        A SQLite file, made where there is none, or a SQLAlchemy URL.
    instrument : Instrument
    port : int, default 8750
        Of the participants' page; 0 takes a free one.
    host : str or None
        The one address to listen on; every address of the laptop by default.
    host_names : tuple of str
        Names under which participants reach it besides its addresses; the first one is shown.
    facilitator_port : int, default 0
        Of the facilitator's page, on this laptop alone; 0 takes a free one.
    tls : (certificate, key) or None
        PEM files. With them the facilitator's page is on the participants' port too.
    token_file : pathlib.Path or None
        Where the facilitator's token is kept; beside the store by default.
    sessions : tuple of Session
        Opened at once.
    reveal : callable or None
        From a session's id to its page, such as `command_reveal` of a command.
    open_browser : bool, default False
        Open the facilitator's page in this laptop's browser.
    say : callable
        Takes a line for the terminal.
    store_options : dict
        Further arguments of `ResponseStore`.
    """

    store: str | Path
    instrument: Instrument
    port: int = DEFAULT_PORT
    host: str | None = None
    host_names: tuple[str, ...] = ()
    facilitator_port: int = 0
    tls: tuple[Path, Path] | None = None
    token_file: Path | None = None
    sessions: tuple[Session, ...] = ()
    reveal: Reveal | None = None
    open_browser: bool = False
    say: Callable[[str], None] = _to_terminal
    store_options: dict[str, object] = field(default_factory=dict)

    @property
    def token_place(self) -> Path:
        """The file of the facilitator's token."""
        if self.token_file is not None:
            return Path(self.token_file)
        text = str(self.store)
        if "://" in text and not text.startswith("sqlite"):
            return Path("movement-readiness.token")
        return Path(f"{text.removeprefix('sqlite:///')}.token")
