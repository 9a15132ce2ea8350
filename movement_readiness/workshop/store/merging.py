"""Two stores become one: nothing twice, nothing lost, what was withdrawn in either stays withdrawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from movement_readiness._validation import n_of
from movement_readiness.workshop.store import trusting
from movement_readiness.workshop.store.corrections import erase
from movement_readiness.workshop.store.events import first_event, hashes, insert_once
from movement_readiness.workshop.store.release_log import take_shown
from movement_readiness.workshop.store.schema import FIRST, events, release_log, releases, sessions, tickets

__all__ = ["MergeSummary", "everything", "take_in"]


@dataclass(frozen=True, slots=True)
class MergeSummary:
    """What a merge did.

    Attributes
    ----------
    n_added : int
        Responses that were new here.
    n_amended : int
        Responses that were here and got later corrections.
    n_unchanged : int
        Responses that were here already, or withdrawn here.
    n_withdrawn : int
        Responses that are withdrawn here now because they were withdrawn there.
    n_sessions : int
        Sessions that were new here.
    n_rehearsal : int
        How many of the added ones are rehearsals.
    conflicts : list of str
        A sentence for every response whose content differs (what was here stays), and for every response, session,
        ticket or page that is not as a store writes it (it is not taken).
    """

    n_added: int = 0
    n_amended: int = 0
    n_unchanged: int = 0
    n_withdrawn: int = 0
    n_sessions: int = 0
    conflicts: list[str] = field(default_factory=list)
    n_rehearsal: int = 0

    def __str__(self) -> str:
        said = (
            f"{n_of(self.n_added, 'response')} added, {self.n_amended} corrected, {self.n_unchanged} unchanged, "
            f"{self.n_withdrawn} withdrawn, {len(self.conflicts)} in conflict"
        )
        return "\n".join([said, *self.conflicts])


Rows = dict[str, list[dict[str, Any]]]


def everything(connection: sa.Connection) -> Rows:
    """All rows that a merge takes along, by the name of their table."""
    return {
        table.name: [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
        for table in (sessions, tickets, releases, release_log, events)
    }


def take_in(connection: sa.Connection, rows: Rows, hidden: frozenset[str] = frozenset()) -> MergeSummary:
    """Take the rows of another store in; `hidden` are ids that its list of withdrawals names and its rows do not."""
    conflicts: list[str] = []
    n_sessions = sum(_each(_take_session, connection, rows["sessions"], "session_id", conflicts))
    outcomes: dict[str, list[str]] = defaultdict(list)
    for response_id, its_events in _by_response(rows["events"]).items():
        if response_id in hidden:
            continue
        try:
            trusting.check_response(response_id, its_events)
        except trusting.RowError as error:
            conflicts.append(f"response {str(response_id)[:40]!r}: {error}; it was not taken.")
            continue
        outcomes[_take_response(connection, response_id, its_events)].append(response_id)
    rehearsed = {row["response_id"]: row["rehearsal"] for row in rows["events"] if row["number"] == FIRST}
    outcomes["withdrawn"] += [one for one in hidden if erase(connection, one, even_unknown=True) == "withdrawn"]
    _each(_take_ticket, connection, rows["tickets"], "session_id", conflicts)
    _each(_take_release, connection, rows["releases"], "session_id", conflicts)
    _each(_take_shown, connection, rows["release_log"], "release_key", conflicts)
    conflicts += [
        f"response {response_id}: the two stores hold different answers; those that were here stay."
        for response_id in outcomes["conflict"]
    ]
    return MergeSummary(
        len(outcomes["added"]),
        len(outcomes["amended"]),
        len(outcomes["unchanged"]),
        len(outcomes["withdrawn"]),
        n_sessions,
        conflicts,
        sum(rehearsed[response_id] for response_id in outcomes["added"]),
    )


def _by_response(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["response_id"]].append(row)
    return found


Take = Callable[[sa.Connection, dict[str, Any]], bool]


def _each(
    take: Take, connection: sa.Connection, rows: list[dict[str, Any]], key: str, conflicts: list[str]
) -> list[bool]:
    """Take row after row; one that is not as a store writes it is named and left out."""
    taken = []
    for row in rows:
        try:
            taken.append(take(connection, row))
        except trusting.RowError as error:
            what = take.__name__.removeprefix("_take_")
            of = {"session": "", "shown": " in the release log"}.get(what, " of session")
            conflicts.append(f"{what}{of} {str(row[key])[:40]!r}: {error}; it was not taken.")
    return taken


def _take_session(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """A session that is open elsewhere arrives closed: people join it there, and no head-count is used twice."""
    trusting.check_session(row)
    state = "closed" if row["state"] == "open" else row["state"]
    return insert_once(connection, sessions, {**row, "state": state, "own": 0})


def _session_of(connection: sa.Connection, row: dict[str, Any]) -> Any:
    session_id = row["session_id"] if isinstance(row["session_id"], str) else ""
    found = connection.execute(sa.select(sessions).where(sessions.c.session_id == session_id)).one_or_none()
    if found is None:
        raise trusting.RowError("its session is not there")
    return found


def _take_release(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """The page of a session that was held elsewhere; what this store's own sessions are shown is made here."""
    session = _session_of(connection, row)
    trusting.check_release(row, session)
    here = sa.select(releases.c.html).where(releases.c.session_id == row["session_id"])
    if connection.execute(here).scalar() == row["html"]:
        return False
    if session.own:
        raise trusting.RowError("the session was held with this store, whose own pages stay as they are")
    return insert_once(connection, releases, row)


def _take_shown(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """What was shown elsewhere counts here as well."""
    return take_shown(connection, row)


def _take_response(connection: sa.Connection, response_id: str, rows: list[dict[str, Any]]) -> str:
    answers = [row for row in rows if row["number"] >= FIRST]
    here = first_event(connection, response_id, lock=True)
    if answers[0]["kind"] == "withdraw":
        return _take_withdrawal(connection, answers[0], here)
    if here is None:
        for row in [*answers, *(row for row in rows if row["number"] < FIRST)]:
            connection.execute(sa.insert(events), row)
        return "added"
    if here.kind == "withdraw":
        return "unchanged"
    ours, theirs = hashes(connection, response_id), [row["content_sha256"] for row in answers]
    shared = min(len(ours), len(theirs))
    if ours[:shared] != theirs[:shared]:
        return "conflict"
    for row in answers[shared:]:
        connection.execute(sa.insert(events), row)
    return "amended" if answers[shared:] else "unchanged"


def _take_withdrawal(connection: sa.Connection, row: dict[str, Any], here: Any) -> str:
    if here is None:
        connection.execute(sa.insert(events), row)
        return "withdrawn"
    return erase(connection, row["response_id"])


def _take_ticket(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """A ticket's link to its response comes along, unless the response was withdrawn."""
    trusting.check_ticket(row)
    _session_of(connection, row)
    linked = row["response_id"]
    if linked is not None:
        found = first_event(connection, linked)
        taken = sa.select(tickets.c.ticket_sha256).where(tickets.c.response_id == linked)
        if found is None or found.kind == "withdraw" or connection.execute(taken).scalar() is not None:
            linked = None
    if insert_once(connection, tickets, {**row, "response_id": linked}):
        return True
    if not row["used"]:
        return False
    here = sa.update(tickets).where(tickets.c.ticket_sha256 == row["ticket_sha256"], tickets.c.used == 0)
    connection.execute(here.values(used=1, response_id=linked))
    return False
