"""`Release`: what was shown about groups, and who stands behind it; never an answer."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from movement_readiness.exceptions import ArgumentError

__all__ = ["KeepsReleases", "Release", "ReleasedTable", "hashed"]

_TEXTS = ("released_on", "audience", "instrument_id", "instrument_version", "aim_id", "wave", "form", "salt")


@dataclass(frozen=True)
class ReleasedTable:
    """Of which groups one number was shown, as places in `Release.groups`, and who of its people did not count.

    ``off_ends`` are those of these groups of which no few people (`Release.limits`) have scores that are all near the
    same end of the scale, so that their mean would tell the score of each.
    """

    groups: tuple[int, ...]
    without: tuple[int, ...] = ()
    off_ends: tuple[int, ...] = ()


@dataclass(frozen=True)
class Release:
    """What was shown to an audience about one wave of one form.

    Attributes
    ----------
    released_on : str
        The day, as in 2026-01-31.
    audience : str
        "published", "own teams" (those of every team), "all", or the site and team whose own results these are.
    instrument_id, instrument_version, aim_id, wave, form : str
    salt : str
        What the ids were hashed with.
    groups : tuple of (site, team)
        team is None for people of a site who gave no team, and for the site as a group that is shown.
    people, places : tuple of str, tuple of int
        Everybody, or of a team's own results everybody of its site: the salted hash of the response id (with
        the number of the revision, if it was corrected), and the place in ``groups``.
    tables : mapping of str to ReleasedTable
        By "scale <id>" or "item <id>".
    round_to : float, optional
        What means were rounded to multiples of. None where nobody wrote it down, as in the first version of this
        package.
    limits : tuple of (int, float), optional
        The policy's ``min_respondents_own_team`` and ``min_interval``. None where nobody wrote it down.

    Notes
    -----
    A hash does not make an id secret from somebody who knows it; it keeps a file of releases from naming responses.
    """

    released_on: str
    audience: str
    instrument_id: str
    instrument_version: str
    aim_id: str
    wave: str
    form: str
    salt: str
    groups: tuple[tuple[str, str | None], ...] = ()
    people: tuple[str, ...] = ()
    places: tuple[int, ...] = ()
    tables: Mapping[str, ReleasedTable] = field(default_factory=dict)
    round_to: float | None = None
    limits: tuple[int, float] | None = None

    def to_json(self) -> str:
        """One line of text, the same for the same release."""
        return json.dumps(self._parts(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def _parts(self) -> dict[str, Any]:
        parts = asdict(self)
        for name in ("round_to", "limits"):
            if parts[name] is None:
                del parts[name]  # so that a line without it stays as it was written
        for table in parts["tables"].values():
            if not table["off_ends"]:
                del table["off_ends"]
        return parts

    @property
    def key(self) -> str:
        """Hash of all but the day and the audience: the same numbers of the same people, under the same limits."""
        part = self._parts() | {"released_on": "", "audience": ""}
        return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Release:
        """The release in a line of text.

        Raises
        ------
        ArgumentError
            It is not one that `to_json` wrote.
        """
        try:
            found = json.loads(text)
            tables = {
                str(name): ReleasedTable(
                    _numbers(table["groups"]), _numbers(table["without"]), _numbers(table.get("off_ends", ()))
                )
                for name, table in found["tables"].items()
            }
            made = cls(
                **{name: _text(found[name]) for name in _TEXTS},
                groups=tuple((_text(site), None if team is None else _text(team)) for site, team in found["groups"]),
                people=tuple(_text(one) for one in found["people"]),
                places=_numbers(found["places"]),
                tables=tables,
                round_to=_step(found.get("round_to")),
                limits=_limits(found.get("limits")),
            )
            made._check()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ArgumentError(
                f"release: expected a line as Release.to_json() writes it; got {text[:60]!r}."
            ) from None
        return made

    def _check(self) -> None:
        datetime.date.fromisoformat(self.released_on)
        tables = self.tables.values()
        places = [*self.places, *(place for table in tables for place in table.groups)]
        people = [person for table in tables for person in table.without]
        right = len(self.people) == len(self.places) and all(0 <= place < len(self.groups) for place in places)
        if not right or not all(0 <= person < len(self.people) for person in people):
            raise ValueError
        if not all(set(table.off_ends) <= set(table.groups) for table in tables):
            raise ValueError


class KeepsReleases(Protocol):
    """What `aggregate_scores` needs of a release log."""

    def releases(self) -> Iterable[Release]:
        """Every earlier release."""
        ...

    def record(self, release: Release) -> None:
        """Keep one more."""
        ...


def hashed(ids: Iterable[str], salt: str) -> tuple[str, ...]:
    """The salted hash of each id, 16 hexadecimal digits."""
    start = hashlib.blake2b(salt.encode(), digest_size=8)
    found = []
    for one in ids:
        this = start.copy()
        this.update(one.encode())
        found.append(this.hexdigest())
    return tuple(found)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _step(value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0):
        return value
    raise TypeError


def _limits(value: Any) -> tuple[int, float] | None:
    if value is None:
        return None
    least, interval = value
    (whole,) = _numbers([least])
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0 <= interval <= 100 or whole < 1:
        raise TypeError
    return whole, float(interval)


def _numbers(values: Any) -> tuple[int, ...]:
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        raise TypeError
    return tuple(values)
