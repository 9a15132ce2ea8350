"""The part of a store that looks after sessions, tickets and releases."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from movement_readiness._validation import check_integer
from movement_readiness.exceptions import ArgumentError
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.workshop.sessions import Session, plain_code
from movement_readiness.workshop.store import releases, sittings, tickets
from movement_readiness.workshop.store.base import StoreBase
from movement_readiness.workshop.store.release_log import StoredReleases
from movement_readiness.workshop.store.schema import sessions as sessions_table
from movement_readiness.workshop.store.sittings import Counts

__all__ = ["SessionMethods"]

_MOST_PEOPLE = 1000


class SessionMethods(StoreBase):
    """Sessions, tickets and releases; see `ResponseStore`."""

    def open_session(self, session: Session) -> Session:
        """Keep a new session and give it back; the same one again changes nothing.

        Raises
        ------
        SessionError
            Another session with this id or join code is there (reason ``exists``).
        """
        if not isinstance(session, Session):
            raise ArgumentError(
                f"session: expected a Session, as new_session() gives it; got {type(session).__name__}."
            )
        return self._write(lambda connection: sittings.open_session(connection, session))

    def session(self, session_id: str) -> Session:
        """The session with this id; `SessionError` (``unknown``) where there is none."""
        return self._read(lambda connection: sittings.session_from(sittings.session_row(connection, session_id)))

    def session_by_code(self, code: str, *, include_closed: bool = True) -> Session:
        """The session with this join code, however it was typed; `SessionError` (``unknown``) where there is none."""
        plain = plain_code(code)
        return self._read(lambda connection: sittings.by_code(connection, plain, include_closed=include_closed))

    def sessions(self) -> list[Session]:
        """Every session, by day, site, team and id."""
        columns = sessions_table.c
        query = sa.select(sessions_table).order_by(columns.opened_on, columns.site, columns.team, columns.session_id)
        return self._read(lambda connection: [sittings.session_from(row) for row in connection.execute(query)])

    def set_head_count(self, session_id: str, n: int) -> Session:
        """Change how many tickets may be handed out; never below those that were."""
        number = check_integer("n", n, 1, _MOST_PEOPLE)
        return self._write(lambda connection: sittings.set_head_count(connection, session_id, number))

    def close_session(self, session_id: str) -> Session:
        """Take no more answers; a session that was revealed stays so."""
        return self._write(lambda connection: sittings.close(connection, session_id))

    def reopen_session(self, session_id: str) -> Session:
        """Take answers again; a page that was released stays as it is, and `save_release` gives it back."""
        return self._write(lambda connection: sittings.set_state(connection, session_id, "open"))

    def count(self, session_id: str) -> Counts:
        """How many devices joined, and how many responses are stored (withdrawn ones are not)."""

        def found(connection: sa.Connection) -> Counts:
            sittings.session_row(connection, session_id)
            return sittings.count(connection, session_id)

        return self._read(found)

    def issue_ticket(self, session_id: str, device: str) -> str:
        """The single-use ticket of a device, the same one again for the same device.

        Parameters
        ----------
        session_id : str
        device : str
            32 hexadecimal digits that the device made and keeps. They are not stored, nor is the ticket: only
            its hash is.

        Raises
        ------
        SessionError
            ``unknown``, ``closed``, or ``full``: as many tickets as the head-count were handed out.
        """
        return self._write(lambda connection: tickets.issue(connection, session_id, device))

    def ticket_response(self, ticket: str) -> str | None:
        """The id of the response that used a ticket, None before that; `SessionError` (``ticket``) if unknown."""
        return self._read(lambda connection: tickets.response_of_ticket(connection, ticket))

    def ticket_session(self, ticket: str) -> str:
        """The id of the session that a ticket was handed out for; `SessionError` (``ticket``) if unknown."""
        return self._read(lambda connection: str(tickets.ticket_row(connection, ticket).session_id))

    def save_release(
        self, session_id: str, html: str, *, response_ids: Collection[str], n: int, shown: bool = True
    ) -> str:
        """Freeze the page that a session's people are shown, and give back the one that counts: the first.

        Parameters
        ----------
        session_id : str
        html : str
        response_ids : collection of str
            The responses that its numbers were made from.
        n : int
            How many people answered, as the page says.
        shown : bool, default True
            Whether the page shows any number. One without is compared with no other page, and gives way to a
            later one with numbers.

        Raises
        ------
        SessionError
            ``revealed``: since an earlier page of this site, team, wave and instrument fewer than 5 people came, or
            fewer than 5 went, and the difference would show what they answered.
        """
        page = releases.Page(html, list(response_ids), n, bool(shown))
        return self._write(lambda connection: releases.save(connection, session_id, page))

    def revealed(self) -> list[RevealedPage]:
        """Every page that a team has seen, for `aggregate_scores`; those of rehearsals are left out."""
        return self._read(releases.revealed)

    @property
    def release_log(self) -> StoredReleases:
        """What was released of these answers so far, for ``aggregate_scores(release_log=...)``, which records in it.

        Deleting the log resets the protection: what was shown before is then not known.
        """
        return StoredReleases(self._read, self._write)

    def release_shown(self, session_id: str) -> bool | None:
        """Whether the page that was frozen for a session shows any number, None before that."""
        return self._read(lambda connection: releases.shown(connection, session_id))

    def release(self, session_id: str) -> str | None:
        """The page that was frozen for a session, None before that."""
        return self._read(lambda connection: releases.frozen(connection, session_id))
