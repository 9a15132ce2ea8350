"""`Bench`: the temporary workshop that every check works on, and the sentence a failed check ends with."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from movement_readiness.instrument import Instrument
from movement_readiness.workshop.consent import consent_names
from movement_readiness.workshop.selftest.phones import Phone
from movement_readiness.workshop.selftest.servers import ServerProcess
from movement_readiness.workshop.sessions import Session, new_session
from movement_readiness.workshop.store import ResponseStore

__all__ = ["Bench", "CheckFailedError", "expect"]

_SECONDS = 40.0
_AT_ONCE = 16  # devices that send in the same moment


class CheckFailedError(Exception):
    """What was expected is not so; the text says what."""


def expect(holds: bool, otherwise: str) -> None:
    """Raise unless something holds."""
    if not holds:
        raise CheckFailedError(otherwise)


@dataclass(frozen=True)
class Bench:
    """A store in a folder, a server on it, and how much is to be done.

    Attributes
    ----------
    instrument : Instrument
    path : pathlib.Path
        The store's file.
    store : ResponseStore
        Opened a second time, by this process.
    server : ServerProcess
    quick : bool
    """

    instrument: Instrument
    path: Path
    store: ResponseStore
    server: ServerProcess
    quick: bool

    def session(self, team: str, head_count: int) -> Session:
        """A new open session of some team."""
        words = dict.fromkeys(consent_names(self.instrument), "self-test")
        made = new_session(self.instrument, site="Self-test", team=team, head_count=head_count, consent=words)
        return self.store.open_session(made)

    def send_all(self, phones: Sequence[Phone], port: int, then: Callable[[], None] | None = None) -> float:
        """Let every phone send until it is acknowledged, many at once; the seconds it took.

        `then` is run meanwhile, beside them.
        """
        began = time.monotonic()
        until = began + _SECONDS
        with ThreadPoolExecutor(_AT_ONCE + 1) as pool:
            beside = pool.submit(then) if then else None
            for sending in [pool.submit(phone.send, port, until) for phone in phones]:
                sending.result()
            if beside:
                beside.result()
        return time.monotonic() - began

    def join_all(self, phones: Sequence[Phone], session: Session, port: int) -> None:
        """Let every phone join a session, many at once."""
        for phone in phones:
            phone.code = session.join_code
        until = time.monotonic() + _SECONDS
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda phone: phone.join(port, until), phones))

    def expect_each_once(self, phones: Sequence[Phone], session: Session) -> None:
        """Raise unless the store holds every phone's answers, once, and nothing else in the session."""
        missing = wrong = 0
        for phone in phones:
            found = self.store.get(phone.response_id)
            missing += found is None
            wrong += found is not None and dict(found.answers) != phone.answers
        sent = self.store.count(session.session_id).sent
        expect(not missing, f"{missing} of {len(phones)} acknowledged responses are not in the store")
        expect(not wrong, f"{wrong} of {len(phones)} responses differ from what was sent")
        expect(sent == len(phones), f"{len(phones)} responses were sent, the store counts {sent}")
