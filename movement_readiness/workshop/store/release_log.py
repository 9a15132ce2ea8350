"""The log of what was shown about teams and sites, inside a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from movement_readiness.exceptions import ArgumentError
from movement_readiness.responses.released import Release
from movement_readiness.workshop.store.events import insert_once
from movement_readiness.workshop.store.schema import release_log
from movement_readiness.workshop.store.trusting import RowError

__all__ = ["StoredReleases", "row_of", "take_shown"]

Run = Callable[[Callable[[sa.Connection], Any]], Any]


class StoredReleases:
    """What was released of a store's answers, for ``aggregate_scores(release_log=store.release_log)``.

    Kept with the answers, merged and backed up with them. It names wave, form, the groups and numbers that were shown
    and the salted hashes of the response ids behind them, never an answer; so a withdrawn response leaves nothing in
    it but its hash. Deleting it resets the protection: what was shown before is then not known.
    """

    def __init__(self, read: Run, write: Run) -> None:
        self._read, self._write = read, write

    def releases(self) -> list[Release]:
        """Every release so far, by day."""
        query = sa.select(release_log.c.content).order_by(release_log.c.released_on, release_log.c.release_key)
        lines = self._read(lambda connection: list(connection.execute(query).scalars()))
        return [Release.from_json(line) for line in lines]

    def record(self, release: Release) -> None:
        """Keep a release; the same numbers of the same people a second time are one.

        Raises
        ------
        StoreError
            It cannot be written (``read_only`` for a store that was opened for reading): then nothing may be shown.
        """
        if not isinstance(release, Release):
            raise ArgumentError(f"release: expected a Release; got {type(release).__name__}.")
        self._write(lambda connection: insert_once(connection, release_log, row_of(release)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.releases())} releases>"


def row_of(release: Release) -> dict[str, Any]:
    """A release as a row."""
    return {
        "release_key": release.key,
        "released_on": release.released_on,
        "wave": release.wave,
        "form": release.form,
        "content": release.to_json(),
    }


def take_shown(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """Take the row of another store in, if it is one that a store writes."""
    try:
        whole = row == row_of(Release.from_json(row["content"]))
    except (ArgumentError, TypeError, KeyError):
        whole = False
    if not whole:
        raise RowError("its row is not as a store writes it")
    return insert_once(connection, release_log, row)
