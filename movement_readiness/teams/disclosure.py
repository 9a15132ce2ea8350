"""Which groups of one site's table may be shown: the policy's rules within one table (`DisclosurePolicy`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness.teams.policy import EPSILON, DisclosurePolicy

__all__ = [
    "PUBLIC_REASON",
    "REASONS",
    "DisclosurePolicy",
    "Release",
    "known_teams",
    "reasons_of",
    "release_distributions",
    "release_means",
    "too_alike",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

HIDDEN, OWN, PUBLISHED = 0, 1, 2  # who sees a group: nobody, its own team, everybody

# What may be said about a withheld group. Whether its answers are alike, or another group needs protection,
# is not told apart: that the answers are alike would itself say what they are.
REASONS = {
    "": "shown",
    "too_few": "too few people answered",
    "protected": "one person's answers, or a smaller group's, could be worked out",
    "no_answers": "nobody answered",
    "few_changed": "a few people's answers came or went since an earlier release, which would show what they answered",
    "few_teams": "too few teams can be shown to compare them",
    "no_differences": "the answers do not support that teams differ",
}
PUBLIC_REASON = {"too_alike": "protected", "protects_others": "protected"}
_OUTSIDE_LARGEST = 3  # with two, one of them knows what everybody else answered


@dataclass(frozen=True)
class Release:
    """Who sees what of one site's table.

    ``site`` is `PUBLISHED` or `HIDDEN`; ``teams`` holds `PUBLISHED`, `OWN` or `HIDDEN` for each team; the
    reasons are keys of `REASONS` or of `PUBLIC_REASON`.
    """

    site: int
    site_reason: str
    teams: Ints
    reasons: npt.NDArray[np.object_]


def _narrowest_person(n: Floats, total: Floats) -> Floats:
    """Length of the interval that holds one person's score, given n scores in 0..100 and their sum."""
    return np.minimum(100.0, total) - np.maximum(0.0, total - 100.0 * (n - 1))


def _pins_people(n: Floats, total: Floats, policy: DisclosurePolicy) -> Bools:
    return (n > 0) & (_narrowest_person(n, total) < policy.min_interval - EPSILON)


def _pins_means(n: Floats, of_n: float, total: float, policy: DisclosurePolicy) -> Bools:
    """Whether the mean of a part of n people is pinned by the sum over the of_n people that hold it."""
    size = np.maximum(n, 1.0)
    high = np.minimum(100.0, total / size)
    low = np.maximum(0.0, (total - 100.0 * (of_n - n)) / size)
    return (n > 0) & (n < of_n) & (high - low < policy.min_interval - EPSILON)


def _choose(
    counts: Ints,
    alone: Ints,
    reasons: npt.NDArray[np.object_],
    rest_is_safe: Callable[[Bools], bool],
    site_reason: str,
    known: Bools,
    site_known: bool = False,
) -> Release:
    """Hide further teams, the smallest first, until what is left of the site is safe; else hide the site.

    Teams that only they themselves would see go before published ones: fewer people lose a number. Teams
    whose numbers are out already stay: hiding them again would protect nobody. The same goes for a site.
    """
    if site_reason and not site_known:
        return Release(HIDDEN, site_reason, alone, reasons)
    teams, why = alone.copy(), reasons.copy()
    if rest_is_safe((teams == HIDDEN) & ~known):
        return Release(HIDDEN if site_reason else PUBLISHED, site_reason, teams, why)
    for team in sorted(np.flatnonzero((alone > HIDDEN) & ~known), key=lambda team: (alone[team], counts[team], team)):
        teams[team], why[team] = HIDDEN, "protects_others"
        if rest_is_safe((teams == HIDDEN) & ~known):
            return Release(HIDDEN if site_reason else PUBLISHED, site_reason, teams, why)
    if site_known:  # whatever is shown now could be taken from it
        return Release(HIDDEN, site_reason or "protects_others", teams, why)
    return Release(HIDDEN, "protects_others", alone, reasons)


def _audience(counts: Ints, policy: DisclosurePolicy) -> Ints:
    return np.where(
        counts >= policy.min_respondents,
        PUBLISHED,
        np.where(counts >= policy.min_respondents_own_team, OWN, HIDDEN),
    ).astype(np.int64)


def reasons_of(counts: Ints, alike: Bools) -> npt.NDArray[np.object_]:
    """Why groups of so many people are withheld."""
    why = np.where(alike, "too_alike", "too_few").astype(object)
    why[counts == 0] = "no_answers"
    return why


def release_means(
    counts: Ints,
    totals: Floats,
    policy: DisclosurePolicy,
    *,
    loose_count: int = 0,
    loose_total: float = 0.0,
    most: Ints | None = None,
    site_most: int = PUBLISHED,
    revealed: Bools | None = None,
    out: Bools | None = None,
    site_out: bool = False,
    answered_alike: Bools | None = None,
    site_answered_alike: bool = False,
    rest_answered_alike: Callable[[Bools], bool] | None = None,
) -> Release:
    """Decide which means of one site's teams, and whether the site's own mean, may be shown.

    Parameters
    ----------
    counts, totals : arrays, one entry a team
        People with a score, and the sum of their 0-100 scores.
    policy : DisclosurePolicy
    loose_count, loose_total : int, float
        The same for people of the site who gave no team.
    most : array, one entry a team, optional
        The widest audience a team's mean may have: that of the scales which share items with this one.
    site_most : int, optional
        The same for the site.
    revealed : array of bool, one entry a team, optional
        Teams that have seen a page of their own before, made of exactly these people.
    out : array of bool, one entry a team, optional
        Teams whose number is out, from an earlier release of exactly these people.
    site_out : bool, default False
        The same of the site.
    answered_alike, site_answered_alike : array of bool, bool, optional
        Teams, and whether the site, that answered nearly all items alike: the mean would say what.
    rest_answered_alike : callable, optional
        The same of what is left of the site with some teams hidden.

    Returns
    -------
    Release
    """
    n = counts.astype(float)
    site_n, site_total = float(n.sum() + loose_count), float(totals.sum() + loose_total)
    alike = _pins_people(n, totals, policy)
    if answered_alike is not None:
        alike |= answered_alike
    alone = np.where(alike, HIDDEN, _audience(counts, policy))
    known = known_teams(revealed, alone > HIDDEN, out)
    large = counts >= policy.min_respondents_own_team  # of a smaller group, not even that its answers are alike
    why = np.where(alone == PUBLISHED, "", reasons_of(counts, alike & large)).astype(object)
    if most is not None:
        why[(alone > most) & large] = "protects_others"
        alone = np.minimum(alone, most)

    def rest_is_safe(hidden: Bools) -> bool:
        rest_n = float(n[hidden].sum() + loose_count)
        rest_total = float(totals[hidden].sum() + loose_total)
        if rest_n == 0:
            return True
        if rest_n < policy.min_respondents_own_team:
            return False
        if rest_answered_alike is not None and rest_answered_alike(hidden):
            return False
        pinned = _pins_people(np.array([rest_n]), np.array([rest_total]), policy)
        parts = np.append(n[hidden], float(loose_count))
        return not (pinned.any() or _pins_means(parts, rest_n, rest_total, policy).any())

    site_alike = _pins_people(np.array([site_n]), np.array([site_total]), policy)[0] or site_answered_alike
    site_reason = "" if site_n >= policy.min_respondents else ("too_few" if site_n else "no_answers")
    if not site_reason and (site_alike or site_most == HIDDEN):
        site_reason = "too_alike" if site_alike else "protects_others"
    return _choose(counts, alone, why, rest_is_safe, site_reason, known, site_out)


def known_teams(revealed: Bools | None, shown: Bools, out: Bools | None) -> Bools:
    """Teams whose number is out, or whose own page was revealed and, by these rules, showed the number."""
    none = np.zeros(len(shown), dtype=bool)
    known: Bools = (none if revealed is None else revealed & shown) | (none if out is None else out)
    return known


def too_alike(table: Ints, values: Floats, policy: DisclosurePolicy) -> Bools:
    """Rows of answer counts (groups x options) that come close to saying what everybody answered."""
    n = table.sum(axis=1)
    used = table > 0
    top = np.where(used, values, -np.inf).max(axis=1, initial=-np.inf)
    bottom = np.where(used, values, np.inf).min(axis=1, initial=np.inf)
    outside = n - table.max(axis=1, initial=0)
    alike: Bools = (outside < _OUTSIDE_LARGEST) | (top - bottom < policy.min_interval - EPSILON)
    found: Bools = (n > 0) & alike
    return found


def release_distributions(
    table: Ints,
    values: Floats,
    policy: DisclosurePolicy,
    *,
    loose: Ints | None = None,
    barred: Bools | None = None,
    site_barred: bool = False,
    revealed: Bools | None = None,
    out: Bools | None = None,
    site_out: bool = False,
) -> Release:
    """Decide which teams' distributions of answers to one item, and the site's, may be shown.

    Parameters
    ----------
    table : array, teams x options
        How many people gave each answer.
    values : array, one entry an option
        The option's value on the 0-100 scale.
    policy : DisclosurePolicy
        Items are shown for published groups only: a team of 5 to 9 sees its means, not its answers.
    loose : array, one entry an option, optional
        The same counts for people of the site who gave no team.
    barred : array of bool, one entry a team, optional
        Teams whose mean on a scale with this item is not published: the items of a scale add up to it, so
        they would give it away.
    site_barred : bool, default False
        The same for the site.
    revealed, out, site_out : optional
        As for `release_means`.

    Returns
    -------
    Release
    """
    apart = np.zeros(table.shape[1], dtype=np.int64) if loose is None else loose
    counts = table.sum(axis=1)
    alike, enough = too_alike(table, values, policy), counts >= policy.min_respondents
    alone = np.where(enough & ~alike, PUBLISHED, HIDDEN).astype(np.int64)
    known = known_teams(revealed, alone > HIDDEN, out)
    why = np.where(alone == PUBLISHED, "", reasons_of(counts, alike & enough)).astype(object)
    if barred is not None:
        why[barred & (alone == PUBLISHED)] = "protects_others"
        alone[barred] = HIDDEN

    def rest_is_safe(hidden: Bools) -> bool:
        rest = table[hidden].sum(axis=0) + apart
        if rest.sum() == 0:
            return True
        enough = bool(rest.sum() >= policy.min_respondents_own_team)
        return enough and not too_alike(rest[None, :], values, policy)[0]

    site = table.sum(axis=0) + apart
    site_reason = "" if site.sum() >= policy.min_respondents else ("too_few" if site.sum() else "no_answers")
    if not site_reason and too_alike(site[None, :], values, policy)[0]:
        site_reason = "too_alike"
    if not site_reason and site_barred:
        site_reason = "protects_others"
    return _choose(counts, alone, why, rest_is_safe, site_reason, known, site_out)
