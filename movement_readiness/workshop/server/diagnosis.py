"""What may keep phones from reaching this laptop, in words."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from movement_readiness.workshop.server.addresses import TUNNELS, Address, usable

__all__ = ["Finding", "diagnose"]

_QUIET_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence or two about the network: what is so, and what to do."""

    level: Literal["good", "note", "problem"]
    text: str


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
    alone = listening is not None and _is_loopback(listening)
    if reached:
        found.append(Finding("good", "Other devices reach this page."))
    elif not alone and not any(one.level == "problem" for one in found):
        found.append(_not_yet(seconds))
    if not (secure or alone):
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
        return [Finding("note", text)]
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
    if any(one.inner and one.interface.lower().startswith(TUNNELS) for one in good):
        text = "A tunnel (VPN) is on; some keep phones from reaching this laptop. Switch it off if nobody gets through."
        found.append(Finding("note", text))
    return found


def _changed(addresses: Sequence[Address], shown: str, first: str | None, listening: str | None) -> list[Finding]:
    found = []
    if first is not None and first != shown and not _is_loopback(first):
        text = (
            f"This laptop's address has changed from {first} to {shown}. Codes on paper or photos are out of date: "
            "whoever has not begun opens the new address. What people have entered stays in the page they have open: "
            f"leave it open, and it sends by itself once this laptop is back at {first} (join that network again). "
            "Otherwise let them save their answers as a file there, and take the files with movement-readiness import."
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
