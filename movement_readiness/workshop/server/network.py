"""The room's network: this laptop's addresses, and in words what may keep phones from reaching them."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import psutil

from movement_readiness._validation import check_choice

__all__ = ["Address", "Finding", "Network", "diagnose", "laptop_addresses", "usable"]

# Networks that programs on the laptop make for themselves; no phone is in one.
_INNER = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "vethernet", "lxc", "podman", "cni", "flannel")
_TUNNELS = ("tun", "tap", "wg", "utun", "ppp", "tailscale", "zt", "ipsec")
_QUIET_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Address:
    """One address of this laptop, in one network."""

    interface: str
    ip: str

    @property
    def version(self) -> int:
        """4 or 6."""
        return ipaddress.ip_address(self.ip).version

    @property
    def link_local(self) -> bool:
        """Made up by the laptop itself, because no network gave it one."""
        return ipaddress.ip_address(self.ip).is_link_local

    @property
    def inner(self) -> bool:
        """Of a network inside this laptop, or of a tunnel to elsewhere."""
        return self.interface.lower().startswith(_INNER + _TUNNELS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence or two about the network: what is so, and what to do."""

    level: Literal["good", "note", "problem"]
    text: str


def laptop_addresses() -> tuple[Address, ...]:
    """Every address of this laptop that is up, without the loopback ones."""
    up = {name for name, about in psutil.net_if_stats().items() if about.isup}
    found = []
    for name, addresses in psutil.net_if_addrs().items():
        for one in addresses:
            if one.family in (socket.AF_INET, socket.AF_INET6) and name in up:
                plain = one.address.partition("%")[0]
                if not ipaddress.ip_address(plain).is_loopback:
                    found.append(Address(name, plain))
    return tuple(found)


def usable(addresses: Iterable[Address]) -> tuple[Address, ...]:
    """Those a phone may reach, the likeliest first: IPv4 before IPv6, real networks before inner ones."""
    found = [one for one in addresses if not one.link_local]
    return tuple(sorted(found, key=lambda one: (one.inner, one.version, not _private(one.ip))))


def _private(ip: str) -> bool:
    return ipaddress.ip_address(ip).is_private


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


def diagnose(
    addresses: Sequence[Address],
    *,
    shown: str,
    first: str | None = None,
    listening: str | None = None,
    secure: bool = False,
    reached: bool = False,
    seconds: float = 0.0,
) -> tuple[Finding, ...]:
    """The state of the network in words, the gravest first.

    Parameters
    ----------
    addresses : sequence of Address
        This laptop's, without loopback.
    shown : str
        The name or address that participants type.
    first : str, optional
        What it was when the server started, where it has changed.
    listening : str, optional
        The one address the server listens on.
    secure : bool
        TLS is on.
    reached : bool
        Another device has reached the page.
    seconds : float
        Since the address is known.

    Returns
    -------
    tuple of Finding
        Never empty.
    """
    found = [*_reachable(addresses, shown, listening), *_changed(addresses, shown, first, listening)]
    if reached:
        found.append(Finding("good", "Other devices reach this page."))
    elif not any(one.level == "problem" for one in found):
        found.append(_not_yet(seconds))
    if not secure:
        found.append(
            Finding(
                "note",
                "The connection is not encrypted: whoever runs or listens to the room's network can read what is sent. "
                "Use a network of your own, such as the laptop's hotspot, or start the server with a certificate.",
            )
        )
    order = {"problem": 0, "note": 1, "good": 2}
    return tuple(sorted(found, key=lambda one: order[one.level]))


def _reachable(addresses: Sequence[Address], shown: str, listening: str | None) -> list[Finding]:
    if listening and _is_loopback(listening):
        text = "The server listens to this laptop alone, as it was told; no other device can reach it."
        return [Finding("problem", text)]
    good = usable(addresses)
    if not good and any(one.link_local and one.version == 4 for one in addresses):
        text = (
            "The network gave this laptop no address (it made one up that begins with 169.254). "
            "Join the network again, or switch on a hotspot."
        )
        return [Finding("problem", text)]
    if not good:
        text = (
            "This laptop is in no network, so no phone can reach it. Join the room's Wi-Fi, or switch on the laptop's "
            "or a phone's hotspot and let everyone join that; it needs no internet."
        )
        return [Finding("problem", text)]
    return _which(good, shown)


def _which(good: Sequence[Address], shown: str) -> list[Finding]:
    outer = [one for one in good if not one.inner]
    if not outer:
        text = (
            f"The only networks of this laptop are inside it or lead elsewhere ({_names(good)}); "
            "no phone in the room is in them. Join the room's Wi-Fi, or switch on a hotspot."
        )
        return [Finding("problem", text)]
    found = []
    if len({one.interface for one in outer}) > 1:
        others = ", ".join(one.ip for one in outer if one.ip != shown and one.version == outer[0].version)
        text = f"This laptop is in several networks ({_names(outer)}). The page shows {shown}"
        text += f"; if phones cannot open it, they may be in the other one: show {others} instead." if others else "."
        found.append(Finding("note", text))
    if all(one.version == 6 for one in outer):
        text = "This network gives IPv6 addresses only, which are long to type: let people scan the code."
        found.append(Finding("note", text))
    if any(one.inner and one.interface.lower().startswith(_TUNNELS) for one in good):
        text = "A tunnel (VPN) is on; some keep phones from reaching this laptop. Switch it off if nobody gets through."
        found.append(Finding("note", text))
    return found


def _changed(addresses: Sequence[Address], shown: str, first: str | None, listening: str | None) -> list[Finding]:
    found = []
    if first is not None and first != shown:
        text = (
            f"This laptop's address has changed from {first} to {shown}. Codes on paper or photos are out of date: "
            "show people the new one. Phones that have begun keep their answers, and open the new address to send them."
        )
        found.append(Finding("problem", text))
    bound = listening and not ipaddress.ip_address(listening).is_unspecified and not _is_loopback(listening)
    if bound and listening not in [one.ip for one in addresses]:
        text = f"The server listens to {listening}, which this laptop has no more. Stop it and start it again."
        found.append(Finding("problem", text))
    return found


def _not_yet(seconds: float) -> Finding:
    if seconds < _QUIET_SECONDS:
        return Finding("note", "No other device has opened this page yet. Try it with one phone first.")
    return Finding(
        "problem",
        f"No other device has reached this page in {seconds // 60:.0f} minutes. Guest networks often keep devices "
        "apart: use the laptop's or a phone's hotspot. Or a firewall on this laptop refuses them: allow incoming "
        "connections for Python. Phones must be in this Wi-Fi and not on mobile data.",
    )


def _is_loopback(ip: str) -> bool:
    return ipaddress.ip_address(ip).is_loopback


def _names(addresses: Iterable[Address]) -> str:
    return ", ".join(dict.fromkeys(one.interface for one in addresses))
