"""`ReleaseLog`: what was released so far, so that the next release can be compared with it."""

from __future__ import annotations

import datetime
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import KeepsReleases, Release, ReleasedTable, hashed
from movement_readiness.teams.crossing import Counted
from movement_readiness.teams.lines import LockedLines, locked
from movement_readiness.teams.policy import DisclosurePolicy
from movement_readiness.teams.shown import Shown
from movement_readiness.teams.study import Round, Study

__all__ = ["ReleaseLog", "checked_log", "made_releases"]

Bools = npt.NDArray[np.bool_]

_EVERYWHERE = ("published", "own teams", "all")  # audiences of every site; others are one team


class ReleaseLog:
    """A list of what was released, in memory or in a file, for studies that are not kept in a `ResponseStore`.

    Hand the same one to `aggregate_scores` every time, and keep it as long as anybody may have the pages: deleting
    the log resets the protection, for what was shown before is then not known. A store has one inside
    (``store.release_log``).

    Parameters
    ----------
    path : str or path, optional
        A file of lines of JSON, made with the first release, readable by its owner alone. Without it the releases are
        kept as long as the object is.

    Raises
    ------
    ArgumentError
        The file is not a log, ends in the middle of a line, or cannot be read or written.

    Notes
    -----
    A release names wave, form, the numbers and groups that were shown, the salted hashes of the response ids of
    everybody, and of which groups no few people's scores were all near an end; it holds no answers. Who went and came
    between two releases is told by the ids: keep ``response_id`` the same in every export. An answer that was changed
    or blanked under the same id is noticed only in a frame from ``ResponseStore.to_frame``, which counts the
    corrections; in any other frame the two releases can be subtracted: one answer blanked tells that answer, an item
    emptied for everybody tells its mean in teams that only they see.

    Every release of the study, of any wave and form, is beside every later one: no sum or difference of groups may be
    1 to ``min_respondents_own_team`` - 1 people, whatever their sites and teams are called now. A release remembers
    ``policy.round_to``; the same study is not released again with another one, and where no policy is given, with that.

    Several notebooks may use one file: each release is compared with all that the file holds when it is made. Make
    them one after another; two that are worked out in the same moment do not see each other.

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.teams import ReleaseLog
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=1, teams_per_site=3, team_size=12, seed=1)
    >>> log = ReleaseLog()
    >>> late = study.responses.iloc[1:]
    >>> first = mr.aggregate_scores(late, instrument, release_log=log)
    >>> second = mr.aggregate_scores(study.responses, instrument, release_log=log)
    >>> set(second.scores.loc[second.scores["withheld"], "reason"])
    {'few_changed'}
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._path = None if path is None else Path(path)
        self._releases: dict[str, Release] = {}
        self._read: tuple[int, int, int] | None = None
        self.releases()

    def releases(self) -> tuple[Release, ...]:
        """Every release so far, the earliest first; also those that others have recorded in the file since."""
        if self._path is not None:
            try:
                with locked(self._path, write=False) as file:
                    self._take(file)
            except FileNotFoundError:
                pass
            except OSError:
                raise self._no_log() from None
        return tuple(self._releases.values())

    def record(self, release: Release) -> None:
        """Keep a release; the same numbers of the same people a second time are one."""
        key = release.key
        if self._path is not None:
            try:
                with locked(self._path, write=True) as file:
                    self._take(file)
                    if key not in self._releases:
                        file.append(release.to_json())
                    self._read = file.state
            except OSError as error:
                raise ArgumentError(f"path: {str(self._path)!r} cannot be written ({error.strerror}).") from None
        self._releases.setdefault(key, release)

    def _take(self, file: LockedLines) -> None:
        """Read what the file holds, unless nothing was added."""
        if file.state == self._read:
            return
        try:
            text = file.read()
        except UnicodeError:
            raise self._no_log() from None
        lines = text.split("\n")
        for line in lines:
            try:
                release = Release.from_json(line) if line.strip() else None
            except ArgumentError:
                raise (self._torn() if line is lines[-1] and _is_start(line) else self._no_log()) from None
            if release is not None:
                self._releases.setdefault(release.key, release)
        self._read = file.state

    def _no_log(self) -> ArgumentError:
        return ArgumentError(f"path: expected a file that a ReleaseLog wrote; {str(self._path)!r} is none.")

    def _torn(self) -> ArgumentError:
        return ArgumentError(
            f"path: {str(self._path)!r} ends in the middle of a line, as where the computer stopped while a release "
            "was recorded: take the file from a backup, or remove its last line if nobody has that release."
        )

    def __len__(self) -> int:
        return len(self.releases())

    def __repr__(self) -> str:
        place = "" if self._path is None else f" in {self._path.name}"
        return f"<ReleaseLog: {len(self._releases)} releases{place}>"


def _is_start(line: str) -> bool:
    """Whether a line is the beginning of a release and no more."""
    try:
        json.loads(line)
    except ValueError:
        return line.startswith("{")
    return False


def checked_log(log: Any) -> KeepsReleases | None:
    """The log, if that is what it is."""
    if isinstance(log, type):
        got = f"the class {log.__name__} (write {log.__name__}())"
    elif log is None or (callable(getattr(log, "releases", None)) and callable(getattr(log, "record", None))):
        return log  # type: ignore[no-any-return]
    else:
        got = type(log).__name__
    raise ArgumentError(f"release_log: expected a ReleaseLog, or store.release_log; got {got}.")


def made_releases(
    study: Study,
    instrument: Instrument,
    audience: str,
    shown: Iterable[tuple[Round, Mapping[str, Shown], Mapping[str, Counted]]],
    salt: str,
    policy: DisclosurePolicy,
) -> list[Release]:
    """The releases of what is shown: one a round, with the people of every site.

    One of a single team holds its site alone, and is none where nothing is shown.

    Parameters
    ----------
    study, instrument
    audience : str
    shown : iterable of (round, what is shown of each number, who counts in it)
    salt : str
    policy : DisclosurePolicy
    """
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    found = []
    for part, numbers, counts in shown:
        numbers = {name: one for name, one in numbers.items() if one}
        everywhere = audience in _EVERYWHERE
        if not numbers and not everywhere:
            continue
        sites = np.full(len(study.sites), everywhere)  # a team that is hidden now is to stay so, also at other sites
        for one in numbers.values():
            sites |= one.sites
            sites[study.team_site[one.teams]] = True
        rows = np.flatnonzero(sites[part.site])
        groups = [*((site, None) for site in study.sites), *study.teams]
        places = np.where(part.team[rows] < 0, part.site[rows], len(study.sites) + part.team[rows])
        seen = {name: np.flatnonzero(np.concatenate([one.sites, one.teams])) for name, one in numbers.items()}
        used = np.unique(np.concatenate([places, *seen.values()]))
        order = np.argsort(np.array(hashed(part.ids[rows], salt)))  # an order that says nothing
        people = hashed(part.ids[rows][order], salt)
        tables = {
            name: ReleasedTable(
                tuple(np.searchsorted(used, seen[name]).tolist()),
                tuple(np.flatnonzero(~counts[name].counts[rows][order]).tolist()),
                tuple(np.searchsorted(used, seen[name][_off_ends(name, counts[name], policy)[seen[name]]]).tolist()),
            )
            for name in numbers
        }
        found.append(
            Release(
                today,
                audience,
                instrument.id,
                instrument.version,
                study.aim_id,
                part.wave,
                part.form,
                salt,
                tuple(groups[place] for place in used),
                people,
                tuple(np.searchsorted(used, places[order]).tolist()),
                tables,
                policy.round_to,
                (policy.min_respondents_own_team, policy.min_interval),
            )
        )
    return found


def _off_ends(name: str, one: Counted, policy: DisclosurePolicy) -> Bools:
    """Groups (sites, then teams) of which no few people's scores are all near the same end."""
    n_sites, n_groups = len(one.sites), len(one.sites) + len(one.teams)
    found = np.full(n_groups, name.startswith("scale "))
    for place, first, n in ((one.site, 0, n_sites), (one.team, n_sites, len(one.teams))):
        rows = np.flatnonzero(one.counts & (place >= 0)) if found.any() else np.empty(0, dtype=np.int64)
        for values in (one.values, 100 - one.values):
            ordered = rows[np.lexsort((values[rows], place[rows]))]
            start = np.searchsorted(place[ordered], np.arange(n + 1))
            sums = np.concatenate([[0.0], np.cumsum(values[ordered])])
            few = np.minimum(start[:-1] + policy.min_respondents_own_team, start[1:])
            found[first : first + n] &= sums[few] - sums[start[:-1]] >= policy.min_interval
    return found


def salt_of(releases: Iterable[Release]) -> str:
    """The salt of earlier releases, so that the same release is known again; else a new one."""
    return next((one.salt for one in releases), secrets.token_hex(16))


def check_ids(study: Study) -> None:
    """Raise if a response has no id, without which releases cannot be compared."""
    for part in study.rounds:
        if not all(isinstance(one, str) for one in part.ids):
            raise ResponsesError(
                "responses: expected a response_id for every response, with which releases and pages are compared."
            )
