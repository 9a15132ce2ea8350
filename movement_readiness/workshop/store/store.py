"""`ResponseStore`: where responses are kept, on SQLite or PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from movement_readiness._validation import check_integer
from movement_readiness.exceptions import ArgumentError, MovementReadinessError
from movement_readiness.responses.response import Response
from movement_readiness.workshop.store import corrections, erasing, events, keys, merging, tickets
from movement_readiness.workshop.store.backup import checked_target, copy_file
from movement_readiness.workshop.store.corrections import Amended, Withdrawn
from movement_readiness.workshop.store.events import Added
from movement_readiness.workshop.store.merging import MergeSummary
from movement_readiness.workshop.store.reading_methods import ReadingMethods

if TYPE_CHECKING:
    pass

__all__ = ["ResponseStore"]

_LARGEST_REVISION = 1_000_000


class ResponseStore(ReadingMethods):
    """An append-only store of responses that loses nothing, doubles nothing and forgets what it is asked to.

    Parameters
    ----------
    location : str or path
        A file, made when absent, readable by its owner alone; or an address, such as
        ``"postgresql+psycopg://user@host/name"``.
    read_only : bool
        For analysis: every change is refused. Works while a server writes, and on a file or folder that
        cannot be written. Withdrawn responses are left out even of a backup that is older than the withdrawal.
    busy_timeout : float
        Seconds to wait for another program that is writing.
    key_file : path, optional
        Where the key of self-generated codes is; beside a file by default (``<file>.key``), to be named for
        PostgreSQL. It is made when first needed. Without it codes of two waves cannot be linked, and with it
        and the store they could be guessed: keep it, and keep it apart.

    Attributes
    ----------
    location : str
        Without a password.
    read_only : bool
    erasure_pending : bool

    Raises
    ------
    StoreError
        It cannot be opened: ``missing``, ``locked``, ``read_only``, ``full``, ``corrupt``, ``foreign``, ``newer``
        or ``unreachable`` in ``reason``. Every method may raise it for the same reasons, ``closed`` after `close`;
        then nothing of what it was to do was done. `hash_retest` raises it with ``key`` where the key is lost.
    ArgumentError
        An argument is not what is expected.
    MissingDependencyError
        An address of PostgreSQL, and psycopg is not installed.

    Notes
    -----
    On SQLite: write-ahead log, one writer at a time, ``synchronous=FULL``: when a method returns, what it did is on
    the disk (as far as the disk tells the truth). It can be used by several threads and several programs at once.
    Only the day of a response is kept, and rows stand in the order of their random ids (on PostgreSQL in the order in
    which they came, which whoever may read its files can see; no method shows it).

    A withdrawal deletes the answers, the consent event, the hash of a self-generated code and the link to the
    ticket. The id, the day and the hash of the receipt code stay, so that the response does not come back and a
    second withdrawal finds it. On SQLite the file is then rebuilt and the log emptied, so that the deleted bytes are
    in neither; if somebody is reading at that moment, that happens with the next write (`erasure_pending`). On
    PostgreSQL the tables are vacuumed. The promise does not cover PostgreSQL's own log and replicas, copies and
    backups made elsewhere, and what a file system or a disk keeps of blocks that were freed. The ids are kept in
    ``<file>.withdrawn`` as well: a backup put in the place of the file forgets what that list names. The list is
    written once the deletion is on the disk, so that a withdrawal which failed is never carried out later; where the
    power goes between the two, the next opening adds what is missing (unless a backup was put in place before it).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import movement_readiness as mr
    >>> instrument = mr.load_instrument()
    >>> answers = dict.fromkeys(instrument.forms["short"].items, 4)
    >>> response = mr.Response.of(instrument, answers, form="short", site="North", team="A3")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with mr.ResponseStore(Path(folder) / "responses.sqlite") as store:
    ...         print(store.add(response), store.add(response))
    ...         frame = store.to_frame(instrument)
    stored unchanged
    >>> frame[["site", "team", "R1"]].values.tolist()
    [['North', 'A3', 4]]
    """

    def add(self, response: Response) -> Added:
        """Store a response; on the disk when this returns.

        Returns
        -------
        {"stored", "unchanged"}
            "unchanged" when the same one is there already.

        Raises
        ------
        ResponseConflictError
            Its id is there with other content, which stays.
        ResponseWithdrawnError
            It was withdrawn.
        """
        return self._write(lambda connection: events.add(connection, _checked(response)))

    def add_many(self, responses: Iterable[Response]) -> list[Added | MovementReadinessError]:
        """Store several responses in one transaction; the error of one stands in its place and spoils no other."""
        return self._each([partial(events.add, response=_checked(response)) for response in responses])

    def submit(self, response: Response, ticket: str, *, late: bool = False) -> Added:
        """Store a response that somebody sent with a ticket, as `add` does, while its session is open.

        Ticket, session and response are checked and changed in one transaction. The same response again is
        "unchanged", also after the session was closed. ``late`` takes a new one then too: answers that a device
        saved as a file because it could not send them.

        Raises
        ------
        SessionError
            ``ticket``: unknown, of another session, or used for another response; ``closed``.
        ResponseConflictError, ResponseWithdrawnError
            As `add`.
        """
        return self._write(lambda connection: tickets.submit(connection, _checked(response), ticket, late=late))

    def submit_many(self, pairs: Iterable[tuple[Response, str]]) -> list[Added | MovementReadinessError]:
        """Do several `submit` in one transaction; the error of one stands in its place and spoils no other."""
        return self._each([partial(tickets.submit, response=_checked(one), ticket=ticket) for one, ticket in pairs])

    def _each(self, steps: list[Callable[..., Added]]) -> list[Added | MovementReadinessError]:
        # Always in the order of the ids, so that two transactions never wait for each other.
        order = sorted(range(len(steps)), key=lambda at: steps[at].keywords["response"].response_id)  # type: ignore[attr-defined]

        def work(connection: sa.Connection) -> list[Added | MovementReadinessError]:
            found: dict[int, Added | MovementReadinessError] = {}
            for at in order:
                try:
                    found[at] = steps[at](connection)
                except MovementReadinessError as error:
                    found[at] = error
            return [found[at] for at in range(len(steps))]

        return self._write(work) if steps else []

    def amend(self, response: Response, *, receipt: str, revision: int) -> Amended:
        """Add a correction to a response while its session is open (or if it has none).

        Parameters
        ----------
        response : Response
            The corrected one, under the same id.
        receipt : str
            The code itself, as the person has it.
        revision : int
            How often it was sent before, as the device knows: 1 for the first correction.

        Returns
        -------
        {"amended", "unchanged"}

        Raises
        ------
        SessionError
            ``receipt``: another code; ``closed``.
        ResponseConflictError
            Another device corrected it meanwhile, or more than answers, role and language differ.
        ResponseWithdrawnError
            It was withdrawn.
        StoreError
            ``missing``: it is not here.
        """
        known = check_integer("revision", revision, 1, _LARGEST_REVISION)
        return self._write(lambda connection: corrections.amend(connection, _checked(response), receipt, known))

    def withdraw(self, *, receipt: str | None = None, response_id: str | None = None, late: bool = False) -> Withdrawn:
        """Delete a response for good; see the notes of the class for what that means.

        Parameters
        ----------
        receipt : str, optional
            The code that the person has; until the day that the session names.
        response_id : str, optional
            For whoever holds the data; at any time.
        late : bool, default False
            Take a receipt code after that day too: for whoever holds the data and is asked by the person.

        Returns
        -------
        {"withdrawn", "unchanged"}
            "unchanged" when it was withdrawn before.

        Raises
        ------
        StoreError
            ``missing``: no response here has that code or id. ``read_only`` with a sentence that says so: the
            answers are deleted, but ``<file>.withdrawn`` cannot be written; ask again, or open the store again.
        SessionError
            ``closed``: the last day for it has passed.
        SubmissionError
            Not a receipt code at all.
        """
        if (receipt is None) == (response_id is None):
            raise ArgumentError("receipt: expected either a receipt code or a response_id.")

        def work(connection: sa.Connection) -> tuple[Withdrawn, set[str]]:
            if response_id is not None:
                ids = [response_id]
            else:
                ids = corrections.ids_to_withdraw(connection, receipt, late=late)
            done = [corrections.erase(connection, one) for one in ids]
            return "withdrawn" if "withdrawn" in done else "unchanged", set(ids)

        outcome, ids = self._erase(work)
        self._list_withdrawn(ids)
        return outcome

    def hash_retest(self, element_number: int, text: str) -> str:
        """The keyed hash of one element of a self-generated code; see `key_file`."""
        if self._key is None:
            if self._key_file is None:
                raise ArgumentError("key_file: expected the path of a key, which a store on PostgreSQL has to be told.")
            self._key = keys.key_of(self._database, self._key_file)
        return keys.keyed_hash(self._key, element_number, text)

    def merge(self, other: str | os.PathLike[str] | ResponseStore) -> MergeSummary:
        """Take everything of another store in; a second time changes nothing.

        Parameters
        ----------
        other : path, address or ResponseStore
            Only read.

        Returns
        -------
        MergeSummary
            Counts, and a sentence for every response that differs; what is here stays.

        Notes
        -----
        What was withdrawn in either is withdrawn here, and erased. Sessions and releases come along, a session
        that is open there as a closed one. Stores on two laptops have two keys of self-generated codes: a code
        given on both is not linked.
        """
        if not isinstance(other, ResponseStore):
            with ResponseStore(other, read_only=True) as found:
                return self.merge(found)
        rows = other._read(merging.everything)
        hidden = other._hidden

        def work(connection: sa.Connection) -> MergeSummary:
            return merging.take_in(connection, rows, hidden)

        summary = self._erase(work)
        self._list_withdrawn(self._read(erasing.withdrawn_ids))
        return summary

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Copy the whole store to a new file, while others write; nothing is ever overwritten.

        The copy holds everything that was acknowledged before the call. It is a SQLite file, also of a store on
        PostgreSQL; there it is made as by `merge`, so that sessions which are open are closed in it. The key of
        self-generated codes is not in it: keep a copy of that file somewhere else.
        """
        target = checked_target(path)
        if self._database.is_sqlite:
            copy_file(self._database, target)
            return
        with ResponseStore(target) as copy:
            copy.merge(self)


def _checked(response: object) -> Response:
    if isinstance(response, Response):
        return response
    raise ArgumentError(f"response: expected a Response, as Response.of() gives it; got {type(response).__name__}.")
