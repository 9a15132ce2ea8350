"""Who may see which number of one round, beside everything else that is released."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.instrument import Instrument
from movement_readiness.teams.answered import Answers
from movement_readiness.teams.counting import answer_counts, item_options, places, score_sums, site_sums
from movement_readiness.teams.disclosure import (
    HIDDEN,
    OWN,
    PUBLISHED,
    DisclosurePolicy,
    Release,
    release_means,
)
from movement_readiness.teams.shown import Shown
from movement_readiness.teams.sizes import Sizes, add_told_sizes, sizes_of
from movement_readiness.teams.skipped import Skipped
from movement_readiness.teams.study import Round, Study
from movement_readiness.teams.unanimous import Unanimous, unanimous
from movement_readiness.teams.union import Barred, Neighbours

__all__ = ["Decision", "decide"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decision:
    """Who may see the means of every scale and the answers to every item: the groups with status and reason.

    ``alike`` says of every scale in which groups the spread is not told, ``sizes`` how many people there are in each.
    """

    scales: Mapping[str, pd.DataFrame]
    items: Mapping[str, pd.DataFrame]
    alike: Mapping[str, Unanimous]
    sizes: Sizes

    def shown(self, n_sites: int) -> dict[str, Shown]:
        """Of which groups each number is shown to anybody."""
        found = {}
        for kind, frames in (("scale", self.scales), ("item", self.items)):
            for name, frame in frames.items():
                seen = frame["status"].to_numpy() >= OWN
                found[f"{kind} {name}"] = Shown(seen[n_sites:], seen[:n_sites])
        return found

    def shown_to(self, audience: str | tuple[str, str, str], study: Study) -> dict[str, Shown]:
        """Of which groups one audience sees each number: "published", one own team, "own teams" or "all"."""
        found = {}
        n_sites = len(study.sites)
        for kind, frames in (("scale", self.scales), ("item", self.items)):
            for name, frame in frames.items():
                status = frame["status"].to_numpy()
                seen = status >= (PUBLISHED if audience == "published" else OWN)
                if isinstance(audience, tuple):
                    mine = (frame["site"] == audience[1]) & (
                        (frame["level"] == "site") | (frame["team"] == audience[2])
                    )
                    seen &= mine.to_numpy()
                found[f"{kind} {name}"] = Shown(seen[n_sites:], seen[:n_sites])
        return found


def decide(study: Study, part: Round, instrument: Instrument, policy: DisclosurePolicy, beside: Neighbours) -> Decision:
    """Decide who sees what, again and again until nothing tells too much beside the neighbours.

    What is barred once stays so; hiding a group may let another be shown, which is then compared in its turn.
    """
    barred = Barred()
    alike, sizes = unanimous(study, part, instrument, policy), sizes_of(study, part, instrument)
    marks, skipped = _ItemMarks(study, part, instrument, policy), Skipped(study, part, instrument, policy)
    while True:
        scales = _mean_releases(study, part, instrument, policy, barred, alike)
        items = _item_releases(marks, skipped, barred, scales)
        found = Decision(scales, items, alike, sizes)
        shown = found.shown(len(study.sites))
        if not (add_told_sizes(study, part, policy, sizes, shown, barred) or beside.bars(shown, barred)):
            break
    for kind, frames in (("scale", scales), ("item", items)):
        for name, frame in frames.items():
            told = barred.by_release.get(f"{kind} {name}")
            if told is not None:
                other = (frame["status"] == HIDDEN) & frame["reason"].isin(["protects_others", "too_alike"])
                frame["reason"] = frame["reason"].mask(other & told, "few_changed")
    return found


def _item_releases(
    marks: _ItemMarks, skipped: Skipped, barred: Barred, scales: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    study, part, instrument = marks.study, marks.part, marks.instrument
    hidden = {item: _hidden(study, part, instrument, barred, scales, item) for item in part.items}
    found: dict[str, pd.DataFrame] = {}
    todo = list(part.items)
    while todo:  # what is hidden once stays so, so this ends
        for item in todo:
            found[item] = marks.of(item, hidden[item], _out(study, barred, f"item {item}"))
        told = skipped.told(_statuses(scales), _statuses(found))
        todo = []
        for item in part.items:
            flags = [told[scale] for scale in part.scales if item in instrument.item_ids(scale)]
            more = np.any(flags, axis=0) & ~hidden[item] if flags else np.zeros(len(hidden[item]), dtype=bool)
            if more.any():
                hidden[item] |= more
                todo.append(item)
    return found


def _hidden(
    study: Study, part: Round, instrument: Instrument, barred: Barred, scales: Mapping[str, pd.DataFrame], item: str
) -> Bools:
    hidden = with_sites(study, part.earlier.items[:, part.items.index(item)])
    hidden |= barred.of(f"item {item}", len(hidden))
    for scale in part.scales:
        if item in instrument.item_ids(scale):
            hidden |= scales[scale]["status"].to_numpy() != PUBLISHED
    return hidden


def _statuses(frames: Mapping[str, pd.DataFrame]) -> dict[str, Ints]:
    return {name: frame["status"].to_numpy() for name, frame in frames.items()}


def _out(study: Study, barred: Barred, name: str) -> Shown:
    return Shown(
        barred.out.get(name, np.zeros(len(study.teams), dtype=bool)),
        barred.out_sites.get(name, np.zeros(len(study.sites), dtype=bool)),
    )


def _mean_releases(
    study: Study,
    part: Round,
    instrument: Instrument,
    policy: DisclosurePolicy,
    told: Barred,
    alike: Mapping[str, Unanimous],
) -> dict[str, pd.DataFrame]:
    """Who may see the mean of every group on every scale (columns status and reason beside the place).

    Scales that share items are decided together: what one of them withholds, the others would give away.
    """
    items = {scale: set(instrument.item_ids(scale)) for scale in part.scales}
    linked = {scale: [other for other in part.scales if items[scale] & items[other]] for scale in part.scales}
    frames: dict[str, pd.DataFrame] = {}
    barred = {scale: with_sites(study, part.earlier.scales[:, column]) for column, scale in enumerate(part.scales)}
    barred = {scale: flags | told.of(f"scale {scale}", len(flags)) for scale, flags in barred.items()}
    most = {scale: np.where(barred[scale], HIDDEN, PUBLISHED) for scale in part.scales}
    changed = True
    while changed:  # audiences only shrink, so this ends
        for column, scale in enumerate(part.scales):
            out = _out(study, told, f"scale {scale}")
            frames[scale] = _mean_release(study, part, column, policy, most[scale], out, alike[scale])
        status = {scale: frame["status"].to_numpy() for scale, frame in frames.items()}
        least = {scale: np.min([status[other] for other in linked[scale]], axis=0) for scale in part.scales}
        changed = any((least[scale] < status[scale]).any() for scale in part.scales)
        most = {scale: np.minimum(most[scale], least[scale]) for scale in part.scales}
    return frames


def _mean_release(
    study: Study, part: Round, column: int, policy: DisclosurePolicy, most: Ints, out: Shown, alike: Unanimous
) -> pd.DataFrame:
    counts, totals, loose_n, loose_total = score_sums(study, part, column)
    sites = len(study.sites)
    teams_most, teams_alike = most[sites:], alike.nearly_all[sites:]
    return _marked(
        study,
        part,
        lambda inside, site: release_means(
            counts[inside],
            totals[inside],
            policy,
            loose_count=int(loose_n[site]),
            loose_total=float(loose_total[site]),
            most=teams_most[inside],
            site_most=int(most[site]),
            revealed=part.earlier.known[inside],
            out=out.teams[inside],
            site_out=bool(out.sites[site]),
            answered_alike=teams_alike[inside],
            site_answered_alike=bool(alike.nearly_all[site]),
            rest_answered_alike=lambda hidden: alike.of_rest(site, sites + inside[~hidden]),
        ),
    )


@dataclass
class _ItemMarks:
    """Who may see the answers to items in every group; a site is decided again where anything has changed."""

    study: Study
    part: Round
    instrument: Instrument
    policy: DisclosurePolicy
    _done: dict[str, tuple[Bools, pd.DataFrame]] = field(default_factory=dict)
    _answers: dict[str, Answers] = field(default_factory=dict)

    def of(self, item: str, barred: Bools, out: Shown) -> pd.DataFrame:
        """The same of one item; nobody sees it where the group is barred."""
        given = np.stack([barred, np.concatenate([out.sites, out.teams])])
        before, frame = self._done.get(item, (~given, None))
        n_sites = len(self.study.sites)
        site_of = np.concatenate([np.arange(n_sites), self.study.team_site])
        sites = np.unique(site_of[(given != before).any(axis=0)])
        if frame is None or len(sites):
            frame = self._marked(item, barred, out, sites, frame)
        self._done[item] = (given, frame)
        return frame.copy()

    def _marked(self, item: str, barred: Bools, out: Shown, sites: Ints, frame: pd.DataFrame | None) -> pd.DataFrame:
        study, part = self.study, self.part
        if item not in self._answers:
            keyed, values, holders, _ = item_options(part, column := part.items.index(item), self.instrument)
            counts = answer_counts(study, part, column, keyed, holders)
            self._answers[item] = Answers(study, *counts, values, self.policy)
        answers, known = self._answers[item], part.earlier.known
        status, reason, unsafe = answers.released(barred, known, out)
        if frame is not None:
            again = np.isin(np.concatenate([np.arange(len(study.sites)), study.team_site]), sites)
            status = np.where(again, status, frame["status"])
            reason = np.where(again, reason, frame["reason"].to_numpy(dtype=object))
        frame = (places(study, part) if frame is None else frame).assign(status=status, reason=reason)
        left = sites[unsafe[sites]]
        if not len(left):
            return frame
        return _marked(study, part, lambda inside, site: answers.at(inside, site, barred, known, out), left, frame)


def with_sites(study: Study, teams: Bools) -> Bools:
    """What must not be shown of a team must not be worked out from its site either: sites, then teams."""
    return np.concatenate([site_sums(study, teams.astype(np.int64)) > 0, teams])


def _marked(
    study: Study,
    part: Round,
    decide: Callable[[Ints, int], Release],
    sites: Ints | None = None,
    before: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Who may see each group, and why not (rows: sites, then teams), decided site by site, of some as before."""
    order = np.argsort(study.team_site, kind="stable")
    bounds = np.searchsorted(study.team_site[order], np.arange(len(study.sites) + 1))
    frame, n_sites = places(study, part) if before is None else before, len(study.sites)
    status, reason = np.zeros(len(frame), dtype=np.int64), np.full(len(frame), "", dtype=object)
    if before is not None:
        status, reason = before["status"].to_numpy().copy(), before["reason"].to_numpy(dtype=object).copy()
    for site in range(n_sites) if sites is None else sites.tolist():
        inside = order[bounds[site] : bounds[site + 1]]
        release = decide(inside, site)
        status[site], reason[site] = release.site, release.site_reason
        status[n_sites + inside], reason[n_sites + inside] = release.teams, release.reasons
    return frame.assign(status=status, reason=reason)
