"""What a scale's mean and its shown items leave of the items that are not shown: they add up to it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from movement_readiness.instrument import Instrument
from movement_readiness.teams.counting import answer_counts, item_options, site_sums
from movement_readiness.teams.disclosure import OWN, PUBLISHED, DisclosurePolicy, pins_sums
from movement_readiness.teams.study import Round, Study

__all__ = ["told_by_the_others"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def told_by_the_others(
    study: Study,
    part: Round,
    instrument: Instrument,
    policy: DisclosurePolicy,
    scales: Mapping[str, Ints],
    items: Mapping[str, Ints],
) -> dict[str, Bools]:
    """Groups (sites, then teams) in which the items that are not shown would tell what somebody answered, by scale.

    The mean of a scale times its items, less the items that are shown, is the sum of the answers that are not. Where
    these are so near to one end that an answer is narrowed below ``min_interval``, none of the scale's items may be
    shown. The same holds for what is left of a site after taking away the teams whose mean, or any of whose items, is
    shown.

    Parameters
    ----------
    study, part, instrument, policy
    scales, items : mapping of id to status of every group
    """
    sums = {item: _sums(study, part, place, instrument) for place, item in enumerate(part.items)}
    found = {}
    for scale in part.scales:
        mine = [item for item in instrument.item_ids(scale) if item in sums]
        turned = [_turned(instrument, scale, item) for item in mine]
        n = np.stack([sums[item][0] for item in mine])
        total = np.stack([sums[item][1] for item in mine])
        total = np.where(np.array(turned)[:, None], 100 * n - total, total)
        shown = np.stack([items[item] for item in mine]) == PUBLISHED
        groups = (scales[scale] == PUBLISHED) & _pinned(n, total, shown, policy)
        for seen in (scales[scale] >= OWN, shown.any(axis=0)):
            groups = groups | _of_rest(study, scales[scale], seen[len(study.sites) :], n, total, shown, policy)
        found[scale] = groups
    return found


def _pinned(n: Ints, total: Floats, shown: Bools, policy: DisclosurePolicy) -> Bools:
    cells = np.where(shown, 0, n).sum(axis=0)
    left = np.where(shown, 0.0, total).sum(axis=0)
    found: Bools = shown.any(axis=0) & pins_sums(cells, np.zeros_like(cells), left, policy)
    return found


def _of_rest(
    study: Study, status: Ints, seen: Bools, n: Ints, total: Floats, shown: Bools, policy: DisclosurePolicy
) -> Bools:
    """Sites in which what is left after the teams that are seen would tell too much; never teams."""
    sites = len(study.sites)
    rest_n, rest_total = (
        np.stack([row[:sites] - site_sums(study, np.where(seen, row[sites:], 0)) for row in table])
        for table in (n, total)
    )
    missing = np.stack([site_sums(study, (seen & ~row[sites:]).astype(np.int64)) > 0 for row in shown])
    known = shown[:, :sites] & ~missing
    pinned = (status[:sites] == PUBLISHED) & _pinned(rest_n, rest_total, known, policy)
    return np.concatenate([pinned, np.zeros(len(study.teams), dtype=bool)])


def _sums(study: Study, part: Round, place: int, instrument: Instrument) -> tuple[Ints, Floats]:
    keyed, values, holders, _ = item_options(part, place, instrument)
    teams, loose = answer_counts(study, part, place, keyed, holders)
    table = np.concatenate([loose + site_sums(study, teams), teams])
    return table.sum(axis=1), table @ values


def _turned(instrument: Instrument, scale: str, item: str) -> bool:
    """Whether an item counts the other way round in this scale than in its home scale."""
    return instrument.home_scale(item) is not None and instrument.key(item, scale) != instrument.key(item)
