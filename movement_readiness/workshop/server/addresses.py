"""Addresses of this laptop in its networks, and which of them a phone may reach."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

__all__ = ["TUNNELS", "Address", "laptop_addresses", "usable"]

# Networks that programs on the laptop make for themselves; no phone is in one.
_INNER = ("docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "vethernet", "lxc", "podman", "cni", "flannel")
TUNNELS = ("tun", "tap", "wg", "utun", "ppp", "tailscale", "zt", "ipsec")


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
        return self.interface.lower().startswith(_INNER + TUNNELS)


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
