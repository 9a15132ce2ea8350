"""Who may ask, and with what headers everything is answered."""

from __future__ import annotations

import hmac
import os
import secrets
import stat
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from movement_readiness.exceptions import ArgumentError

__all__ = ["HEADERS", "REPORT_POLICY", "Login", "Logins", "facilitator_token", "host_name", "same_origin"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A report is one file with its styles in it. It runs nothing and reaches nothing.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TOKEN_BYTES = 24
_SHORTEST_TOKEN = 22  # 128 bits in base 64
_LOGIN_SECONDS = 12 * 3600
_LINK_SECONDS = 10 * 60
_MOST_LOGINS = 50


def host_name(header: str) -> str:
    """The name or address in a Host header, without its port; '' where it is none."""
    text = header.strip().lower()
    if text.startswith("["):
        return text.partition("]")[0][1:]
    name, colon, port = text.partition(":")
    return name.rstrip(".") if not colon or port.isdigit() else ""


def same_origin(headers: Mapping[str, str], scheme: str) -> bool:
    """True unless a browser says that another page sent this.

    Browsers send Sec-Fetch-Site to trustworthy addresses only, Origin with everything that changes something.
    Programs that are no browsers send neither; they carry nobody's cookies either.
    """
    if headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("Origin")
    return origin is None or origin.lower() == f"{scheme}://{headers.get('Host', '').strip().lower()}"


def facilitator_token(path: Path) -> str:
    """The facilitator's token from its file, which is made where there is none.

    The file is readable by its owner alone. Windows knows no such mode: there the file is as private as
    the folder that it is in.

    Raises
    ------
    ArgumentError
        The file cannot be made or read, others may read it, or what it holds is too short for a token.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept_token(path)
    except OSError as error:
        raise ArgumentError(f"token_file: expected a file that can be made; {path}: {error.strerror}.") from None
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token


def _kept_token(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, encoding="utf-8") as file:
            about, token = os.fstat(file.fileno()), file.read(1000).strip()
    except (OSError, UnicodeError):
        raise ArgumentError(f"token_file: expected a file with a token; {path} cannot be read.") from None
    if os.name == "posix" and (stat.S_IMODE(about.st_mode) & 0o077 or about.st_uid != os.geteuid()):
        raise ArgumentError(
            f"token_file: expected a file that only its owner can read (chmod 600); others can: {path}."
        )
    if len(token) < _SHORTEST_TOKEN:
        raise ArgumentError(
            f"token_file: expected {_SHORTEST_TOKEN} letters or more; {path} holds {len(token)}. "
            "Delete it, and a new one is made."
        )
    return token


@dataclass(frozen=True, slots=True)
class Login:
    """A facilitator's browser that showed the token: what its cookie and its forms have to hold."""

    cookie: str
    csrf: str
    until: float


class Logins:
    """The browsers that are logged in, and the links that log one in once.

    Nothing of it is stored: after a restart the token is asked for again.

    Parameters
    ----------
    token : str
    clock : callable, optional
    """

    def __init__(self, token: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._clock = clock
        self._open: dict[str, Login] = {}
        self._links: dict[str, float] = {}

    def right(self, token: str) -> bool:
        """Whether this is the token, without telling by the time taken how much of it is right."""
        return hmac.compare_digest(token.strip().encode(), self._token.encode())

    def open(self) -> Login:
        """A new login; of too many, the oldest ends."""
        while len(self._open) >= _MOST_LOGINS:
            del self._open[next(iter(self._open))]
        login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(32), self._clock() + _LOGIN_SECONDS)
        self._open[login.cookie] = login
        return login

    def find(self, cookie: str | None) -> Login | None:
        """The login of a cookie, None where there is none or its time is over."""
        login = self._open.get(cookie or "")
        if login is not None and login.until < self._clock():
            self.close(login)
            return None
        return login

    def close(self, login: Login) -> None:
        """Log out."""
        self._open.pop(login.cookie, None)

    def new_link_key(self) -> str:
        """A key that logs one browser in, once, within ten minutes."""
        key = secrets.token_urlsafe(32)
        self._links[key] = self._clock() + _LINK_SECONDS
        return key

    def use_link_key(self, key: str) -> bool:
        """Whether the key is good; afterwards it is not."""
        until = self._links.pop(key, None)
        return until is not None and until >= self._clock()


def allowed_hosts(addresses: Collection[str], names: Collection[str]) -> frozenset[str]:
    """The names under which this server answers: what it printed, what it was told, and the laptop itself."""
    return frozenset(
        name.lower().strip("[]").rstrip(".") for name in ("localhost", "127.0.0.1", "::1", *addresses, *names)
    )
