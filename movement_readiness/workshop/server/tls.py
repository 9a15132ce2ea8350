"""A certificate and its key, checked before anything is listened to."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

from movement_readiness.exceptions import ArgumentError

__all__ = ["tls_context"]


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """What a server needs for TLS 1.2 and newer.

    Raises
    ------
    ArgumentError
        A file is missing or unreadable, is no PEM, the key does not fit the certificate or has a password,
        or the certificate's days are over or have not begun.
    """
    for place in (certificate, key):
        _check_readable(place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
    except _PasswordError:
        raise ArgumentError(f"tls: expected a key without a password; {key} has one.") from None
    except ssl.SSLError as error:
        raise ArgumentError(_said(error, certificate, key)) from None
    _check_days(certificate)
    return context


class _PasswordError(Exception):
    pass


def _no_password() -> str:
    raise _PasswordError


def _check_readable(place: Path) -> None:
    try:
        Path(place).read_bytes()
    except OSError as error:
        raise ArgumentError(f"tls: expected a PEM file; {place} cannot be read: {error.strerror}.") from None


def _said(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"tls: expected the key of the certificate; {key} is not the key of {certificate}."
    return f"tls: expected a certificate and its key, both in PEM; {certificate} and {key} are not."


def _check_days(certificate: Path) -> None:
    try:
        about = ssl._ssl._test_decode_cert(str(certificate))  # type: ignore[attr-defined]
    except (AttributeError, OSError, ValueError):
        return  # another Python: browsers say it then
    now = datetime.datetime.now(datetime.UTC).timestamp()
    if ssl.cert_time_to_seconds(about["notAfter"]) < now:
        raise ArgumentError(
            f"tls: expected a certificate that is valid today; {certificate} ended {about['notAfter']}."
        )
    if ssl.cert_time_to_seconds(about["notBefore"]) > now:
        raise ArgumentError(
            f"tls: expected a certificate that is valid today; {certificate} begins {about['notBefore']}."
        )
