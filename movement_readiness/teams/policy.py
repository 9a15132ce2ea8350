"""The disclosure policy, and what it promises.

A table here is one number (a scale's mean, an item's answers) for one wave and form, over teams within
sites. Everything that is shown to anyone counts as shown to everyone: what can be worked out by taking
shown groups from each other is judged like a shown group. What is promised:

1. a shown (published) group has at least ``min_respondents`` people; a team is shown its own mean from
   ``min_respondents_own_team`` people; what is left of a shown site after taking away every team that is
   shown to anyone holds nobody, or at least ``min_respondents_own_team`` people;
2. from everything that is shown together - the means and answers of all sites, teams, waves, forms and releases, with
   the numbers of people and the bounds of the scale - nobody's score, nobody's answer to an item and no hidden team's
   mean can be narrowed to an interval shorter than ``min_interval`` points. A linear program proves it of every scale
   before anybody sees it (`movement_readiness.teams.narrowing`); where it finds somebody narrowed, items are
   withheld, else means, and all is decided again. Means count as exact beside means; beside items they count as what
   they are, known to half a step of rounding;
3. a distribution of answers is shown only if at least three people are outside its largest category and
   the categories used span at least ``min_interval`` points, and the same holds for what is left; and only
   where the means of all scales with that item are published, because a scale's items add up to it.
   Scales that share items are shown to the same audience for the same reason.
   Where all its items but one, or all, come that close, the scale's mean is not shown either, and where one does, not
   the spread: beside items that are withheld they would say what everybody answered;
4. the items of a scale are not shown where they would tell, beside its mean, the mean of all who skipped an item, where
   they are fewer than ``min_respondents_own_team`` (`movement_readiness.teams.skipped`);
5. nothing else that is shown (intervals, reliability, ICC) is estimated from the answers of hidden teams.

A team that has seen a page of its own before (`RevealedPage`, such as at the end of a workshop) is judged by who was
in it. The very same people: the team counts as shown whatever is decided now; where that leaves too few others, the
site is withheld instead of the team. Fewer than ``min_respondents_own_team`` people came or went since, or gave an
answer to an item (have a score) among those who came: the team and its site are withheld in that wave and form, for
the difference would tell what those few answered. More people: judged afresh, like a release (below) that showed all
its numbers, and where the team is called otherwise now, once more as if it had shown none, because which they were is
not kept. A page that showed no number, and one of other people altogether, changes nothing (see
`movement_readiness.teams.earlier`). A page of a wave or form of which no answers are handed in is told apart by
head-counts: where it has 1 to ``min_respondents_own_team`` - 1 people more or fewer than the team has now, the team
is withheld, and so is the site where so few are left of it beside the page, as though everybody had answered the same
again.

Beside other releases: what an earlier release of the same wave and form showed, and what other waves and forms show, is
compared with every table before anybody sees it (`movement_readiness.teams.union`); the release log remembers it
(`movement_readiness.teams.releases`). The answers of people who left since are not at hand any more (the log holds
none), so everybody is taken to know them where those who stayed are judged; those who left are judged as if all of them
had chosen the same option, each option in turn, and as if those who left at one time had chosen one end and the
others the other end. Of the means of a release the log knows whether any ``min_respondents_own_team`` people of a
group have scores that are all near the same end; where they do not, nor do those who left. Head-counts are protected
like means (`movement_readiness.teams.heads`).

What is not promised:

- Nothing is said about what a group's being withheld suggests (that its answers are alike, or that somebody left);
  rounding helps, but no noise is added.
- What an earlier release tells alone cannot be taken back. A team that is withheld now, of which nearly everybody was
  in a team shown before, is narrowed by that; a later release may narrow it further, for only the mean of its other
  people is judged then (in a case made to be awkward, the mean of such a team from 16.7 points to 11.1, where no
  interval shorter than 20 is promised).
- Between waves and forms, people are taken for the same only where all answers that both have are the same (who left
  one out is somebody else) and the site has the same name: whoever knows that everybody repeated the answers to one
  scale but not to the others, or that a site is called otherwise in the other wave, may learn more. Between releases,
  where response ids tell who is who, sites and waves may change their names (`movement_readiness.teams.renamed`).
- Whoever left since an earlier release and answers a later wave is not known again in it. A hidden team of which some
  left and some stayed may be narrowed further where those who left other teams answered some near one end and some near
  the other (in a case made to be awkward, to 16.4 points).
- A wave that is in the log but not handed in is compared by head-counts alone: hand in all waves together. An answer
  changed under the same id is not noticed outside a store, and a log that was deleted protects nobody.
- How far teams differ (ICC) follows from the SD within them, known to half a point, in studies of fewer than 200 people
  to a point: not an interval that is proven, but a wide one (`movement_readiness.teams.differences`).
- The program takes answers for numbers that can be divided; that they are whole options, it does not use: whoever tries
  all combinations of whole answers may learn more.
- A withheld item's mean may follow from a scale's mean and its other items, to half a step of rounding times the number
  of items: where five items make a scale and four of them are shown, what the group answered to the fifth is known to
  2.5 points, while nobody's single answer is narrowed.
- Teams of fewer than ``min_respondents`` see their own mean even where all of them answered the same: as no items of
  theirs are shown to anybody, the mean says nothing of who answered what.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_integer, check_number

__all__ = ["EPSILON", "DisclosurePolicy"]

Floats = npt.NDArray[np.float64]

_SMALLEST_K = 3
_DEFAULT_OWN = 5
# Scores are sums of thirds, quarters and the like: a width of 19.999... is a width of 20.
EPSILON = 1e-9


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
        Points of the 0-100 scale: no person's score and no hidden team's mean may be narrowed further. With 0 no
        interval is too short; groups that are too small, and those whose people answered alike, are withheld still.
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
        return np.floor(np.asarray(values, dtype=float) / self.round_to + 0.5 + EPSILON) * self.round_to

    def rounded_up(self, values: Floats) -> Floats:
        """Half-widths of intervals as they are shown: rounded up, so that an interval never claims too much."""
        return np.ceil(np.asarray(values, dtype=float) / self.round_to - EPSILON) * self.round_to
