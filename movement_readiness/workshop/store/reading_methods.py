"""The part of a store that reads what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.response import Response
from movement_readiness.workshop.store import events
from movement_readiness.workshop.store.checking import in_words
from movement_readiness.workshop.store.frame import Version, frame_of, latest_contents, misfits
from movement_readiness.workshop.store.schema import events as events_table
from movement_readiness.workshop.store.session_methods import SessionMethods

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReadingMethods"]


class ReadingMethods(SessionMethods):
    """Responses, versions and whether everything is whole; see `ResponseStore`."""

    def status(self, response_id: str) -> str:
        """``"stored"``, ``"withdrawn"`` or ``"unknown"``."""
        found = self._read(lambda connection: events.first_event(connection, response_id))
        if response_id in self._hidden:
            return "withdrawn"
        return "unknown" if found is None else {"withdraw": "withdrawn"}.get(found.kind, "stored")

    def revision(self, response_id: str) -> int:
        """How often a response was sent: 1, and one more for each correction; 0 where it is not stored."""
        if self.status(response_id) != "stored":
            return 0
        return len(self._read(lambda connection: events.hashes(connection, response_id)))

    def get(self, response_id: str) -> Response | None:
        """A response as it was last sent; None where it is unknown or withdrawn."""
        found = self._read(lambda connection: events.latest(connection, response_id))
        if found is None or found.kind == "withdraw" or response_id in self._hidden:
            return None
        return events.response_from(found.content, found.on_date)

    def versions(self) -> list[Version]:
        """Of which instruments and versions there are answers, and how many; rehearsals not counted."""
        first = events_table.c
        query = sa.select(
            first.instrument_id, first.instrument_version, first.instrument_sha256, sa.func.count()
        ).where(first.kind == "response", first.rehearsal == 0)
        if self._hidden:
            query = query.where(first.response_id.not_in(self._hidden))
        query = query.group_by(first.instrument_id, first.instrument_version, first.instrument_sha256)
        return self._read(lambda connection: [Version(*row) for row in sorted(map(tuple, connection.execute(query)))])

    def to_frame(self, instrument: Instrument, *, session: str | None = None, rehearsal: bool = False) -> pd.DataFrame:
        """Raw answers as given, one row a response, in the order of their random ids.

        Parameters
        ----------
        instrument : Instrument
            Answers to it, in exactly this version, are taken.
        session : str, optional
            Those of one session.
        rehearsal : bool
            Rehearsals instead of real answers; they are marked as synthetic. The two never mix.

        Returns
        -------
        pandas.DataFrame
            The columns and types that `read_responses` gives. A response that was corrected is as it was last
            sent, with the day of that. ``.attrs["other_versions"]`` lists what was left out, ``.attrs["revisions"]``
            how often each corrected response was sent (a release log counts a correction as a change of one person).

        Raises
        ------
        StoreError
            There are answers, but all of them to other instruments or versions; the sentence names those.

        Warns
        -----
        ResponsesWarning
            Some answers are to other instruments or versions, and each is named; or some do not fit the instrument
            (form, items, codes) because the file was changed by something else, and are left out.
        """
        if not isinstance(instrument, Instrument):
            got = type(instrument).__name__
            raise ArgumentError(f"instrument: expected an Instrument, as load_instrument() gives it; got {got}.")
        conditions = [events_table.c.rehearsal == int(rehearsal)]
        if session is not None:
            self.session(session)
            conditions.append(events_table.c.session_id == session)

        def read(connection: sa.Connection) -> list[Any]:
            return latest_contents(events.contents(connection, conditions), self._hidden)

        return frame_of(self._read(read), instrument, rehearsal=rehearsal, location=self.location)

    def check(self, instrument: Instrument | None = None) -> str:
        """Whether everything is whole, in one sentence; `StoreError` (``corrupt``) where it is not.

        Every response is compared with the hash that was stored beside it; with an instrument, a second sentence
        names the answers to it that do not fit its forms, items and codes.
        """
        said = self._read(lambda connection: in_words(connection, self.location))
        if instrument is None:
            return said
        rows = self._read(lambda connection: latest_contents(events.contents(connection), self._hidden))
        return f"{said} {misfits(rows, instrument)}".rstrip()
