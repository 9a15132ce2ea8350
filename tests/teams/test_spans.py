"""All that is out and all that is shown together: no sum or difference of groups tells one to four people.

The people behind every number that was ever shown are put together, and no combination of them may be a few people.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.responses.released import Release, ReleasedTable
from movement_readiness.teams import ReleaseLog, RevealedPage
from movement_readiness.teams.logged import packed
from movement_readiness.teams.spans import Known, few_told

SCALE = "gardening"
LEAST = 5


def rows_of(results, scale=SCALE):
    frame = results.scores[(results.scores["scale"] == scale) & ~results.scores["withheld"]]
    return {(row.site, row.team if row.level == "team" else None, row.wave, row.form) for row in frame.itertuples()}


class Shown:
    """Releases one after another with one log, and the people behind each mean of a scale that any of them shows.

    ``who`` says who a row of a frame is (the same name: the same answers).
    """

    def __init__(self, instrument, **options):
        self.instrument, self.log, self.groups, self.options = instrument, ReleaseLog(), set(), options

    def release(self, frame, who=None, **options):
        results = mr.aggregate_scores(frame, self.instrument, release_log=self.log, **(self.options | options))
        who = frame["response_id"] if who is None else who
        found = rows_of(results)
        for site, team, wave, form in found:
            inside = (frame["site"] == site) & (frame["wave"] == wave) & (frame["form"] == form)
            inside &= (frame["team"] == team) if team is not None else True
            self.groups.add(frozenset(who[inside]))
        return found

    @property
    def tells(self):
        """Whether the groups tell a few people, by all combinations with weights -1, 0, 1 (there are few groups)."""
        people = sorted(set().union(*self.groups))
        member = np.array([[one in group for one in people] for group in self.groups], dtype=int)
        return brute_force(member, weights=(-1, 0, 1))


def brute_force(member, weights=(-3, -2, -1, 0, 1, 2, 3)):
    several = np.array(list(product(weights, repeat=len(member)))) @ member
    few = (several != 0).sum(axis=1)
    return bool(((few > 0) & (few < LEAST)).any())


def known_of(member, new=None):
    group, person = np.nonzero(member)
    return Known(person, group, np.ones(len(member), dtype=bool) if new is None else np.asarray(new))


patterns = st.lists(st.tuples(st.integers(0, 31), st.integers(1, 7)), min_size=1, max_size=7)


@settings(max_examples=150, deadline=None)
@given(patterns, st.integers(2, 5))
def test_agrees_with_trying_all_small_combinations(atoms, n_groups):
    member = np.array([[code >> group & 1 for group in range(n_groups)] for code, size in atoms for _ in range(size)]).T
    told = list(few_told(known_of(member), LEAST))
    assert bool(told) == brute_force(member)
    for one in told:
        assert brute_force(member[:, np.unique(known_of(member).person[one.pairs])])


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([range(20), range(1, 20)], True),
        ([range(20), range(5, 20)], False),
        ([range(15), range(15, 30), range(31)], True),
        ([range(31), range(5, 31), [*range(5), *range(10, 31)], range(11, 31)], True),
        ([range(20), range(20, 40), range(0, 40, 2), range(1, 40, 2)], False),
        ([range(9), range(9), range(12, 25)], False),
    ],
)
def test_a_few_people_are_told_by_any_number_of_groups(groups, told):
    member = np.array([[one in group for one in range(40)] for group in groups])
    assert bool(list(few_told(known_of(member), LEAST))) is told
    assert not list(few_told(known_of(member, np.zeros(len(groups))), LEAST)), "what is out already cannot be mended"
    again = np.concatenate([member, member])
    new = np.repeat([False, True], len(groups))
    assert not list(few_told(known_of(again, new), LEAST)), "the very same groups tell nothing more"


PLACES = {("N", "A"): 20, ("N", "B"): 15, ("S", "A"): 12}


@pytest.fixture(scope="module")
def first(garden, responses_of):
    return responses_of(garden, PLACES, seed=8)


@pytest.fixture(scope="module")
def second(first):
    """Everybody answers the same again."""
    return first.assign(wave="2", response_id="2 " + first["response_id"])


def both(one, other):
    frame = pd.concat([one, other], ignore_index=True)
    return frame, frame["response_id"].str.removeprefix("2 ")


def test_a_later_wave_that_is_out_is_beside_the_earlier_ones(garden, first, second):
    shown = Shown(garden)
    assert ("N", "A", "2", "lang") in shown.release(second, both(second, second[:0])[1])
    found = shown.release(*both(first[1:], second))
    assert not shown.tells
    assert ("N", "A", "1", "lang") not in found
    assert {("N", "A", "2", "lang"), ("N", "B", "1", "lang"), ("S", "A", "1", "lang")} <= found


def test_an_early_release_of_a_wave_is_beside_the_later_waves(garden, first, second):
    shown = Shown(garden)
    shown.release(first[1:])
    found = shown.release(*both(first, second))
    assert not shown.tells
    assert {("N", "B", "1", "lang"), ("N", "B", "2", "lang")} <= found


def test_another_form_that_is_out_counts_too(garden, first):
    short = first.drop(columns=[item for item in garden.form("lang").items if item not in garden.form("kurz").items])
    short = short.assign(form="kurz", response_id="2 " + first["response_id"])
    shown = Shown(garden)
    shown.release(short, both(short, short[:0])[1])
    found = shown.release(*both(first[1:], short))
    assert not shown.tells
    assert ("N", "A", None, "lang") not in found


def test_three_releases_that_differ_by_many_do_not_tell_one_person(garden, responses_of):
    frame = responses_of(garden, {("N", "A"): 31, ("N", "B"): 15}, seed=6)
    shown = Shown(garden)
    shown.release(frame.drop(index=range(15, 31)))
    shown.release(frame.drop(index=[*range(15), 30]))
    found = shown.release(frame)
    assert not shown.tells
    assert found == {("N", "B", "1", "lang")}


def test_a_site_with_another_name_holds_the_same_people(garden, first):
    shown = Shown(garden)
    shown.release(first)
    found = shown.release(first[1:].assign(site=first["site"][1:].replace({"N": "North"})))
    assert not shown.tells
    assert {("North", "B", "1", "lang"), ("S", "A", "1", "lang")} <= found


@pytest.mark.parametrize("seen_in", ["1", "2"])
def test_a_page_is_beside_the_other_waves(garden, first, second, seen_in):
    late = first[1:]  # one of A is missing in wave 1, or in its page
    one, other = (late, second) if seen_in == "2" else (first, second)
    ids = (second if seen_in == "2" else late).query("site == 'N' and team == 'A'")["response_id"]
    shown = Shown(garden, revealed=[RevealedPage("N", "A", seen_in, "lang", tuple(ids))])
    shown.groups.add(frozenset(ids.str.removeprefix("2 ")))
    found = shown.release(*both(one, other))
    assert not shown.tells
    assert (("N", "A", "2", "lang") in found) is (seen_in == "2")
    assert ("N", "B", "1", "lang") in found


def test_nothing_is_lost_that_need_not_be(garden, responses_of):
    """The same again, five late answers, three waves drawn anew: as without a log."""
    frame = responses_of(garden, {("N", "A"): 25, ("N", "B"): 12, ("S", "A"): 12}, seed=3)
    waves = [
        responses_of(garden, PLACES, seed=seed).assign(
            wave=str(seed), response_id=lambda one: one["wave"] + one["response_id"]
        )
        for seed in (1, 2, 3)
    ]
    for first, second in ((frame, frame), (frame[5:], frame), (pd.concat(waves[:2]), pd.concat(waves))):
        alone = rows_of(mr.aggregate_scores(second, garden))
        shown = Shown(garden)
        shown.release(first)
        assert shown.release(second) == alone
        assert len(alone) == 5 * second["wave"].nunique()


def test_the_same_means_are_not_rounded_in_two_ways(garden, first):
    log = ReleaseLog()
    coarse = mr.DisclosurePolicy(round_to=2)
    mr.aggregate_scores(first, garden, release_log=log, policy=coarse)
    with pytest.raises(ArgumentError, match=r"policy: expected round_to=2, as in what was released before; got 1, and"):
        mr.aggregate_scores(first, garden, release_log=log, policy=mr.DisclosurePolicy())
    found = mr.aggregate_scores(first, garden, release_log=log)
    assert found.policy == coarse, "where no policy is given, that of the log"
    assert len(log) == 1


def test_a_log_without_rounding_stays_readable_and_the_same():
    old = Release("2026-01-31", "published", "i", "1", "a", "1", "lang", "salt", (("N", "A"),), ("x",), (0,), {})
    assert "round_to" not in old.to_json()
    assert Release.from_json(old.to_json()) == old
    with pytest.raises(ArgumentError, match="as Release"):
        Release.from_json(old.to_json().replace('"salt":', '"round_to":"1","salt":'))


def test_releases_of_many_teams_one_by_one_are_compared_in_one_go():
    def of(site, team, shown):
        groups = ((site, None), (site, "A"), (site, "B"))
        people = tuple(f"{site}{number}" for number in range(4))
        tables = {"scale x": ReleasedTable(shown, (3,))}
        return Release("d", team, "i", "1", "a", "1", "lang", "salt", groups, people, (1, 1, 2, 2), tables)

    (one,) = packed([of("N", "A", (0, 1)), of("N", "B", (0, 2)), of("S", "A", (1,))])
    assert one.tables["scale x"] == ReleasedTable((0, 1, 2, 4), (3, 7))
    assert one.groups[4] == ("S", "A")
    assert one.people[7] == "S3"
    assert one.places == (1, 1, 2, 2, 4, 4, 5, 5)
