"""Which groups may be shown: the disclosure policy, applied in one place, before anything downstream.

A table here is one number (a scale's mean, an item's answers) for one wave and form, over teams within
sites. Everything that is shown to anyone counts as shown to everyone: what can be worked out by taking
shown groups from each other is judged like a shown group. What is promised within one table:

1. a shown (published) group has at least ``min_respondents`` people; a team is shown its own mean from
   ``min_respondents_own_team`` people; what is left of a shown site after taking away every team that is
   shown to anyone holds nobody, or at least ``min_respondents_own_team`` people;
2. from a shown or derivable mean, its number of people and the bounds of the scale, nobody's score and no
   hidden team's mean can be narrowed to an interval shorter than ``min_interval`` points (rounding, which
   only widens what can be known, is left out of the reckoning);
3. a distribution of answers is shown only if at least three people are outside its largest category and
   the categories used span at least ``min_interval`` points, and the same holds for what is left; and only
   where the means of all scales with that item are published, because a scale's items add up to it.
   Scales that share items are shown to the same audience for the same reason.
   Where all its items but one, or all, come that close, the scale's mean is not shown either, and where one does, not
   the spread: beside items that are withheld they would say what everybody answered;
4. the items of a scale are not shown where they would tell, beside its mean (known to half a step of rounding), what
   somebody answered who skipped an item, or the mean of all who did, where they are fewer than
   ``min_respondents_own_team`` (`movement_readiness.teams.skipped`);
5. nothing else that is shown (intervals, reliability, ICC) is estimated from the answers of hidden teams.

A team that has seen a page of its own before (`RevealedPage`, such as at the end of a workshop) is judged by who
was in it. The very same people: the team counts as shown whatever is decided now; where that leaves too few others,
the site is withheld instead of the team. Fewer than ``min_respondents_own_team`` people came or went since, or gave
an answer to an item (have a score) among those who came: the team and its site are withheld in that wave and form,
for the difference would tell what those few answered. More people: judged afresh. A page that showed no number, and
one of other people altogether, changes nothing (see `movement_readiness.teams.earlier`).

Beside other releases: what an earlier release of the same wave and form showed, and what other waves and forms show, is
compared with every table before anybody sees it (`movement_readiness.teams.union`); the release log remembers it
(`movement_readiness.teams.releases`). Head-counts are protected like means (`movement_readiness.teams.heads`).

What is not promised: nothing is said about what a group's being withheld suggests (that its answers are alike, or that
somebody left); rounding helps, but no noise is added; people who were left out of every frame since an earlier release
are compared by their number alone, because nobody has their answers any more. Between waves and forms, people are
taken for the same only where all answers that both have are the same: whoever knows that everybody repeated the answers
to one scale, but not to the others, may learn more of that scale. Two waves or releases together may narrow the mean of
a hidden team below ``min_interval``: of 20 teams at 84 sites made to be awkward, 19 of them teams most of
whose people are shown in the other wave. So may the items of a site beside its means (1 of 60 such sites, 19.7 points).
Withheld answers of a
scale whose other items are shown can be told in sum, to half a step of rounding times the number of the scale's items.
Teams of fewer than ``min_respondents`` see their own mean even where all of them answered the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_integer, check_number

__all__ = [
    "PUBLIC_REASON",
    "REASONS",
    "DisclosurePolicy",
    "Release",
    "pins_parts",
    "pins_sums",
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
_SMALLEST_K = 3
_DEFAULT_OWN = 5
# Scores are sums of thirds, quarters and the like: a width of 19.999... is a width of 20.
_EPSILON = 1e-9


@dataclass(frozen=True, kw_only=True)
class DisclosurePolicy:
    """The rules that decide which groups may be shown.

    Parameters
    ----------
    min_respondents : int, default 10
        Smallest published group, and the smallest group whose items are shown at all.
    min_respondents_own_team : int, default 5
        Smallest team that is shown its own means, and the smallest group that may be derivable.
    min_interval : float, default 20
        Points of the 0-100 scale: no person's score and no hidden team's mean may be narrowed further.
    round_to : float, default 1
        Means and limits are rounded to multiples of this before anybody sees them.

    Raises
    ------
    ArgumentError
        A value is out of range (groups of fewer than 3 cannot be shown whatever the setting).

    Examples
    --------
    >>> import movement_readiness as mr
    >>> mr.DisclosurePolicy()
    DisclosurePolicy(min_respondents=10, min_respondents_own_team=5, min_interval=20.0, round_to=1.0)
    """

    min_respondents: int = 10
    min_respondents_own_team: int = _DEFAULT_OWN
    min_interval: float = 20.0
    round_to: float = 1.0

    def __post_init__(self) -> None:
        published = check_integer("min_respondents", self.min_respondents, _SMALLEST_K)
        if self.min_respondents_own_team == _DEFAULT_OWN > published:
            object.__setattr__(self, "min_respondents_own_team", published)  # a team never sees less than others do
        check_integer("min_respondents_own_team", self.min_respondents_own_team, _SMALLEST_K, published)
        object.__setattr__(self, "min_interval", check_number("min_interval", self.min_interval, 0, 100))
        object.__setattr__(self, "round_to", check_number("round_to", self.round_to, 0.5, 20))

    def rounded(self, values: Floats) -> Floats:
        """Values as they are shown: rounded to multiples of ``round_to``, halves up."""
        return np.floor(np.asarray(values, dtype=float) / self.round_to + 0.5 + _EPSILON) * self.round_to

    def rounded_up(self, values: Floats) -> Floats:
        """Half-widths of intervals as they are shown: rounded up, so that an interval never claims too much."""
        return np.ceil(np.asarray(values, dtype=float) / self.round_to - _EPSILON) * self.round_to


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
    return (n > 0) & (_narrowest_person(n, total) < policy.min_interval - _EPSILON)


def pins_sums(n: Ints, others: Ints, gain: Floats, policy: DisclosurePolicy) -> Bools:
    """Whether one of n people is narrowed by their sum less that of others, both of scores in 0..100."""
    high = np.minimum(100.0, gain + 100.0 * others)
    low = np.maximum(0.0, gain - 100.0 * (n - 1))
    return (n > 0) & (high - low < policy.min_interval - _EPSILON)


def pins_parts(part: Ints, n: Ints, others: Ints, gain: Floats, policy: DisclosurePolicy) -> Bools:
    """Whether the mean of a part of n people is narrowed by their sum less that of others."""
    high = np.minimum(100.0, (gain + 100.0 * others) / part)
    low = np.maximum(0.0, (gain - 100.0 * (n - part)) / part)
    return high - low < policy.min_interval - _EPSILON


def _pins_means(n: Floats, of_n: float, total: float, policy: DisclosurePolicy) -> Bools:
    """Whether the mean of a part of n people is pinned by the sum over the of_n people that hold it."""
    size = np.maximum(n, 1.0)
    high = np.minimum(100.0, total / size)
    low = np.maximum(0.0, (total - 100.0 * (of_n - n)) / size)
    return (n > 0) & (n < of_n) & (high - low < policy.min_interval - _EPSILON)


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
    order = sorted(np.flatnonzero((alone > HIDDEN) & ~known), key=lambda team: (alone[team], counts[team], team))
    for team in [None, *order]:
        if team is not None:
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


def _reasons(counts: Ints, alike: Bools) -> npt.NDArray[np.object_]:
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
    known = _known(revealed, alone > HIDDEN, out)
    large = counts >= policy.min_respondents_own_team  # of a smaller group, not even that its answers are alike
    why = np.where(alone == PUBLISHED, "", _reasons(counts, alike & large)).astype(object)
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


def _known(revealed: Bools | None, shown: Bools, out: Bools | None) -> Bools:
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
    alike: Bools = (outside < _OUTSIDE_LARGEST) | (top - bottom < policy.min_interval - _EPSILON)
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
    alike = too_alike(table, values, policy)
    alone = np.where(~alike & (counts >= policy.min_respondents), PUBLISHED, HIDDEN).astype(np.int64)
    known = _known(revealed, alone > HIDDEN, out)
    why = np.where(alone == PUBLISHED, "", _reasons(counts, alike & (counts >= policy.min_respondents))).astype(object)
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
