"""The sockets a server listens on; what cannot be listened on is told in one sentence."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack

from movement_readiness.exceptions import ArgumentError
from movement_readiness.workshop.server.addresses import laptop_addresses

__all__ = ["check_host", "listen"]

_WAITING = 512  # connections of a whole hall that presses the button at once
_EVERYWHERE = ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::"))  # noqa: S104  (phones are elsewhere)
_NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)


def check_host(host: str | None) -> None:
    """Refuse what is no address at all; whether it is the laptop's own shows when it is listened on."""
    if host is not None:
        try:
            socket.inet_pton(_family(host), host)
        except (OSError, ValueError):
            own = ", ".join(one.ip for one in laptop_addresses()) or "127.0.0.1"
            raise ArgumentError(f"host: expected an address of this laptop ({own}); got {host!r}.") from None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def listen(port: int, host: str | None) -> list[socket.socket]:
    """Sockets that listen on a port of every address, or of one.

    Raises
    ------
    ArgumentError
        The port is in use or reserved, or the address is none of this laptop's.
    """
    places = _EVERYWHERE if host is None else ((_family(host), host),)
    with ExitStack() as opened:
        found: list[socket.socket] = []
        for family, address in places:
            try:
                one = opened.enter_context(_bound(family, address, found[0].getsockname()[1] if found else port))
            except OSError as error:
                if not (host is None and found and error.errno in _NOT_HERE):  # a laptop without IPv6 will do
                    raise ArgumentError(_said(error, port, host)) from None
            else:
                found.append(one)
        opened.pop_all()
        return found


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    with ExitStack() as opened:
        one = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
        if os.name == "posix":  # elsewhere it would let two programs share a port
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.setblocking(False)
        one.bind((address, port))
        one.listen(_WAITING)
        opened.pop_all()
        return one


def _said(error: OSError, port: int, host: str | None) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port: expected a free one; {port} is in use, perhaps by another server of yours. Give another port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port: expected one that you may use; {port} is reserved. Give one from 1024 to 65535."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"host: expected an address of this laptop; {host} is none."
    return f"port: expected one that can be listened on; {port} cannot be: {error.strerror}."
