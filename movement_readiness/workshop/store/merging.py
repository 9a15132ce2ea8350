"""Two stores become one: nothing twice, nothing lost, what was withdrawn in either stays withdrawn."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from movement_readiness.workshop.store.corrections import erase
from movement_readiness.workshop.store.events import first_event, hashes, insert_once
from movement_readiness.workshop.store.schema import FIRST, events, releases, sessions, tickets

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
    conflicts : list of str
        A sentence for every response whose content differs; what was here stays.
    """

    n_added: int = 0
    n_amended: int = 0
    n_unchanged: int = 0
    n_withdrawn: int = 0
    n_sessions: int = 0
    conflicts: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = (
            f"{self.n_added} responses added, {self.n_amended} corrected, {self.n_unchanged} unchanged, "
            f"{self.n_withdrawn} withdrawn, {len(self.conflicts)} in conflict"
        )
        return "\n".join([said, *self.conflicts])


Rows = dict[str, list[dict[str, Any]]]


def everything(connection: sa.Connection) -> Rows:
    """All rows that a merge takes along, by the name of their table."""
    return {
        table.name: [dict(row._mapping) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
        for table in (sessions, tickets, releases, events)
    }


def take_in(connection: sa.Connection, rows: Rows, hidden: frozenset[str] = frozenset()) -> MergeSummary:
    """Take the rows of another store in; `hidden` are ids that its list of withdrawals names and its rows do not."""
    n_sessions = sum(_take_session(connection, row) for row in rows["sessions"])
    outcomes: dict[str, list[str]] = defaultdict(list)
    for response_id, its_events in _by_response(rows["events"]).items():
        if response_id in hidden:
            continue
        outcomes[_take_response(connection, response_id, its_events)].append(response_id)
    outcomes["withdrawn"] += [one for one in hidden if erase(connection, one, even_unknown=True) == "withdrawn"]
    for row in rows["tickets"]:
        _take_ticket(connection, row)
    for row in rows["releases"]:
        insert_once(connection, releases, row)
    conflicts = [
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
    )


def _by_response(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["response_id"]].append(row)
    return found


def _take_session(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """A session that is open elsewhere arrives closed: people join it there, and no head-count is used twice."""
    state = "closed" if row["state"] == "open" else row["state"]
    return insert_once(connection, sessions, {**row, "state": state})


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


def _take_ticket(connection: sa.Connection, row: dict[str, Any]) -> None:
    """A ticket's link to its response comes along, unless the response was withdrawn."""
    linked = row["response_id"]
    if linked is not None:
        found = first_event(connection, linked)
        taken = sa.select(tickets.c.ticket_sha256).where(tickets.c.response_id == linked)
        if found is None or found.kind == "withdraw" or connection.execute(taken).scalar() is not None:
            linked = None
    if insert_once(connection, tickets, {**row, "response_id": linked}) or not row["used"]:
        return
    here = sa.update(tickets).where(tickets.c.ticket_sha256 == row["ticket_sha256"], tickets.c.used == 0)
    connection.execute(here.values(used=1, response_id=linked))
