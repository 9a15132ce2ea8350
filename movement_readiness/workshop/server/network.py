"""The room's network while the server runs: which address is shown, whether it changed, whether phones come through."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Sequence

from movement_readiness._validation import check_choice
from movement_readiness.workshop.server.addresses import Address, laptop_addresses, usable
from movement_readiness.workshop.server.diagnosis import Finding, diagnose

__all__ = ["Network"]


class Network:
    """What is known of the network while the server runs.

    Parameters
    ----------
    port : int
        Of the participants' page.
    secure : bool
    host : str, optional
        The one address the server listens on; all by default.
    names : sequence of str
        Names the server was told; the first one is shown in place of an address.
    look : callable, optional
        Finds the addresses.
    clock : callable, optional

    Attributes
    ----------
    shown_host : str
        The name or address that participants type.
    hosts : tuple of str
        Every address and name that they may have typed.
    addresses : tuple of Address
    reached : bool
        Another device has reached the page.
    """

    def __init__(
        self,
        port: int,
        *,
        secure: bool = False,
        host: str | None = None,
        names: Sequence[str] = (),
        look: Callable[[], tuple[Address, ...]] = laptop_addresses,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.port = port
        self.reached = False
        self._secure = secure
        self._host = host
        self._name = names[0] if names else None
        self._look = look
        self._clock = clock
        self._began = clock()
        self._chosen: str | None = None
        self.addresses = look()
        self._settle()
        self._first = self.shown_host
        self._changed = False

    def choose(self, ip: str) -> None:
        """Show this address of the laptop in place of the likeliest one, as long as the laptop has it."""
        check_choice("address", ip, self.choices)
        before, self._chosen = self.shown_host, ip
        self._settle()
        if ip != before:
            self._renewed()

    @property
    def choices(self) -> tuple[str, ...]:
        """The addresses that may be shown; one or none where there is nothing to choose."""
        if self._name or (self._host and not ipaddress.ip_address(self._host).is_unspecified):
            return ()
        return tuple(one.ip for one in usable(self.addresses))

    def refresh(self) -> bool:
        """Look again; True when the address that participants type is another one now."""
        before = self.shown_host
        self.addresses = self._look()
        self._settle()
        if self.shown_host == before:
            return False
        self._changed = True
        self._renewed()
        return True

    def _renewed(self) -> None:
        self.reached = False
        self._began = self._clock()

    def _settle(self) -> None:
        # Worked out once a change, for every request asks for them.
        self.shown_host = self._best_host()
        self.hosts = (self.shown_host, *(one.ip for one in self.addresses))

    def _best_host(self) -> str:
        if self._name:
            return self._name
        if self._host and not ipaddress.ip_address(self._host).is_unspecified:
            return self._host
        choices = self.choices
        if self._chosen in choices:
            return str(self._chosen)
        return choices[0] if choices else "127.0.0.1"

    @property
    def address(self) -> str:
        """The address of the participants' page, without a slash at its end."""
        host = f"[{self.shown_host}]" if ":" in self.shown_host else self.shown_host
        scheme, usual = ("https", 443) if self._secure else ("http", 80)
        return f"{scheme}://{host}" if self.port == usual else f"{scheme}://{host}:{self.port}"

    def findings(self) -> tuple[Finding, ...]:
        """What to tell the facilitator now."""
        return diagnose(
            self.addresses,
            shown=self.shown_host,
            first=self._first if self._changed else None,
            listening=self._host,
            secure=self._secure,
            reached=self.reached,
            seconds=self._clock() - self._began,
        )
