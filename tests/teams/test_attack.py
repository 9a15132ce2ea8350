"""What is released, taken together, against an attacker who knows who is who: the four guarantees, as a test.

The attacker is in ``attack.py``, the random studies in ``worlds.py``. The controls show that it does find people where
something is released without the policy, or without the log.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from teams import attack, worlds

import movement_readiness as mr
from movement_readiness.teams import ReleaseLog

SCALE = "rational"


@pytest.fixture(scope="module")
def items(instrument):
    return list(instrument.item_ids(SCALE))


def faults(releases, instrument, policy=None):
    """Everything the attacker finds at any site."""
    policy = policy or mr.DisclosurePolicy()
    least = policy.min_respondents_own_team
    found = []
    for site in attack.sites_of(releases, instrument, SCALE, policy.round_to):
        found += attack.few_people(site, least, policy.min_respondents)
        found += attack.alike(site)
        found += attack.narrowed(site, least, policy.min_interval)
    return found


def one_release(make, instrument, items, seed, sites, policy=None, skipped=0.0):
    who = worlds.people(np.random.default_rng(seed), sites, len(items), skipped=skipped)
    frame = worlds.frame_of(make, instrument, who, items)
    return [(frame, who.person, attack.everything(frame, instrument, policy=policy))]


def two_waves(make, instrument, items, seed, sites, policy=None, *, waves=2, forms=(), skipped=0.0):
    """The same sites twice (or more often), one form or another; hardly anybody's answers change."""
    rng = np.random.default_rng(seed)
    who = [worlds.people(rng, sites, len(items), skipped=skipped)]
    for _ in range(waves - 1):
        who.append(worlds.later(rng, who[-1]))
    frames = [
        worlds.frame_of(make, instrument, one, items, wave=str(wave), form=form)
        for wave, (one, form) in enumerate(zip(who, forms or [None] * waves, strict=True), start=1)
    ]
    frame = pd.concat(frames, ignore_index=True)
    people = np.concatenate([one.person for one in who])
    return [(frame, people, attack.everything(frame, instrument, policy=policy))]


def two_releases(make, instrument, items, seed, sites, log=None, policy=None):
    """The same wave twice; who answered differently the second time corrected the first answer."""
    rng = np.random.default_rng(seed)
    before = worlds.people(rng, sites, len(items))
    after = worlds.later(rng, before)
    given = dict(zip(before.person, map(tuple, before.answers), strict=True))
    changed = [
        person
        for person, answers in zip(after.person, map(tuple, after.answers), strict=True)
        if given.get(person, answers) != answers
    ]
    releases = []
    for who, revisions in ((before, {}), (after, {f"1-{person}": 2 for person in changed})):
        frame = worlds.frame_of(make, instrument, who, items)
        frame.attrs["revisions"] = revisions
        releases.append((frame, who.person, attack.everything(frame, instrument, policy=policy, release_log=log)))
    return releases


@pytest.mark.parametrize("seed", range(2))
def test_one_release_gives_nobody_away(instrument, responses_of, items, seed):
    assert faults(one_release(responses_of, instrument, items, seed, 14), instrument) == []


@pytest.mark.parametrize("seed", [50])
def test_people_who_skipped_items_are_not_given_away(instrument, responses_of, items, seed):
    """They count in the scale's mean with the mean of their other answers, but not in the items they skipped."""
    assert faults(one_release(responses_of, instrument, items, seed, 12, skipped=0.05), instrument) == []


@pytest.mark.parametrize("seed", [10])
def test_two_waves_give_nobody_away(instrument, responses_of, items, seed):
    assert faults(two_waves(responses_of, instrument, items, seed, 10), instrument) == []


@pytest.mark.parametrize("seed", [20])
def test_a_second_release_gives_nobody_away(instrument, responses_of, items, seed):
    assert faults(two_releases(responses_of, instrument, items, seed, 10, ReleaseLog()), instrument) == []


def test_teams_hidden_in_one_of_two_waves_are_not_narrowed(instrument, responses_of, items):
    """Most of their people are in a team that the other wave shows: its mean and the site's would tell theirs."""
    found = [
        fault
        for site in attack.sites_of(two_waves(responses_of, instrument, items, 12, 8), instrument, SCALE)
        for fault in attack.narrowed(site, 5, 20.0, people=False)
    ]
    assert found == []


def test_items_beside_means_do_not_narrow_a_hidden_team(instrument, responses_of, items):
    releases = one_release(responses_of, instrument, items, 2, 20)
    sites = attack.sites_of(releases, instrument, SCALE)
    assert [fault for site in sites for fault in attack.narrowed(site, 5, 20.0, people=False)] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"waves": 3},
        {"forms": ("full", "study")},
        {"skipped": 0.3},
    ],
)
def test_three_waves_two_forms_and_skipped_items_give_nobody_away(instrument, responses_of, items, settings):
    assert faults(two_waves(responses_of, instrument, items, 60, 5, **settings), instrument) == []


def test_smallest_groups_of_three(instrument, responses_of, items):
    policy = mr.DisclosurePolicy(min_respondents=3)
    assert faults(one_release(responses_of, instrument, items, 30, 15, policy), instrument, policy) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [40])
@pytest.mark.parametrize("study", [one_release, two_waves])
def test_many_studies_give_nobody_away(instrument, responses_of, items, study, seed):
    assert faults(study(responses_of, instrument, items, seed, 25), instrument) == []


# --- the controls


def test_the_attacker_finds_people_where_no_log_is_kept(instrument, responses_of, items):
    assert any("people" in fault for fault in faults(two_releases(responses_of, instrument, items, 20, 8), instrument))


def test_the_attacker_finds_people_where_waves_are_released_one_by_one(instrument, responses_of, items):
    """Each wave alone is safe; both together are not, if neither knows of the other."""
    rng = np.random.default_rng(10)
    before = worlds.people(rng, 8, len(items))
    releases = []
    for who, wave in ((before, "1"), (worlds.later(rng, before), "2")):
        frame = worlds.frame_of(responses_of, instrument, who, items, wave=wave)
        releases.append((frame, who.person, attack.everything(frame, instrument)))
    assert faults(releases, instrument) != []


def test_the_attacker_narrows_people_where_the_policy_is_off(instrument, responses_of, items):
    """With the laxest policy that there is, small groups are shown and the scores of one to four people narrowed."""
    lax = mr.DisclosurePolicy(min_respondents=3, min_interval=0)
    found = faults(
        one_release(responses_of, instrument, items, 3, 15, lax, skipped=0.1), instrument, mr.DisclosurePolicy()
    )
    assert any("published group" in fault for fault in found)
    assert any(fault.startswith(tuple(f"score of {few}:" for few in range(1, 5))) for fault in found)


# --- by name


def people_of(sizes, items, *, shape="even", seed=0, site="N"):
    rng = np.random.default_rng(seed)
    teams = np.array([team for team, size in sizes.items() for _ in range(size)])
    answers = rng.choice(5, (len(teams), len(items)), p=worlds.SHAPES[shape]) + 1
    return worlds.People(np.arange(len(teams)), np.full(len(teams), site), teams, answers)


def without(who, rows):
    kept = np.setdiff1d(np.arange(len(who.person)), rows)
    return worlds.People(who.person[kept], who.site[kept], who.team[kept], who.answers[kept])


def seen(results, level, team=None, wave="2"):
    rows = results.scores.query("level == @level and wave == @wave and scale == @SCALE")
    row = rows[rows["team"] == team] if team else rows
    return not row["withheld"].iloc[0]


def waves_of(make, instrument, items, before, after):
    frames = [worlds.frame_of(make, instrument, who, items, wave=wave) for who, wave in ((before, "1"), (after, "2"))]
    frame = pd.concat(frames, ignore_index=True)
    people = np.concatenate([before.person, after.person])
    releases = [(frame, people, attack.everything(frame, instrument))]
    return releases, releases[0][2][0][1]


def test_a_team_that_grows_by_one_between_waves(instrument, responses_of, items):
    after = people_of({"A": 11, "B": 12, "C": 14}, items)
    releases, published = waves_of(responses_of, instrument, items, without(after, [0]), after)
    assert faults(releases, instrument) == []
    assert seen(published, "team", "A", "1")
    assert not seen(published, "team", "A")
    assert not seen(published, "site")
    assert seen(published, "team", "B"), "nobody came or went"


def test_a_team_that_grows_by_one_while_people_change_is_shown(instrument, responses_of, items):
    after = people_of({"A": 11, "B": 12, "C": 14}, items, seed=1)
    before = without(people_of({"A": 11, "B": 12, "C": 14}, items, seed=2), [0])
    _, published = waves_of(responses_of, instrument, items, before, after)
    assert all(seen(published, "team", team) for team in "ABC")
    assert seen(published, "site")


def test_a_person_who_moves(instrument, responses_of, items):
    before = people_of({"A": 12, "B": 12, "C": 14}, items)
    team = before.team.copy()
    team[0] = "B"
    after = worlds.People(before.person, before.site, team, before.answers)
    releases, published = waves_of(responses_of, instrument, items, before, after)
    assert faults(releases, instrument) == []
    assert not seen(published, "team", "A")
    assert not seen(published, "team", "B")
    assert seen(published, "site"), "the site's people are the same"


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ({"A": 12, "B": 15, "C": 3}, "even"),  # one hidden team
        ({"A": 12, "B": 4}, "even"),  # a site with two teams
        ({"A": 14, "B": 13, "C": 12}, "bound"),  # all at the bound
        ({"A": 60, "B": 4, "C": 2}, "high"),  # one giant team
        ({"A": 12, "B": 11, "": 3}, "even"),  # people without a team
        ({"A": 12, "B": 9, "C": 6, "D": 4}, "high"),  # own pages beside published ones
    ],
)
def test_hierarchies_by_name(instrument, responses_of, items, sizes, shape):
    for seed in range(3):
        who = people_of(sizes, items, shape=shape, seed=seed)
        frame = worlds.frame_of(responses_of, instrument, who, items)
        assert faults([(frame, who.person, attack.everything(frame, instrument))], instrument) == []


def test_a_unanimous_team_is_withheld_and_its_site_does_not_tell(instrument, responses_of, items):
    who = people_of({"A": 12, "B": 14, "C": 13}, items)
    who.answers[:12] = 4
    frame = worlds.frame_of(responses_of, instrument, who, items)
    results = attack.everything(frame, instrument)
    assert faults([(frame, who.person, results)], instrument) == []
    rows = results[0][1].answers.query("team == 'A' and item in @items")
    assert rows["withheld"].all()
    assert rows["n"].isna().all()


def test_unanimous_answers_are_not_announced(instrument, responses_of, items):
    """A mean beside items that are withheld, and a spread that is alike, would say what all of them answered."""
    who = people_of({"A": 12, "B": 14, "C": 13}, items)
    who.answers[:12] = 3
    frame = worlds.frame_of(responses_of, instrument, who, items)
    for _, one in attack.everything(frame, instrument):
        scores = one.scores.query("scale == @SCALE").set_index(["level", "team"])["withheld"]
        if ("team", "A") in scores:
            assert scores["team", "A"]
            assert one.agreement.query("scale == @SCALE and team == 'A'")["withheld"].all()
        known = [not scores.get(key, True) for key in (("team", "B"), ("team", "C"))]
        assert scores.xs("site").iloc[0] or not all(known), "the site less the others is the team"


def test_the_spread_is_withheld_where_one_item_is_answered_alike(instrument, responses_of, items):
    who = people_of({"A": 12, "B": 14, "C": 13}, items)
    who.answers[:12, 0] = 3
    published = mr.aggregate_scores(worlds.frame_of(responses_of, instrument, who, items), instrument)
    rows = published.agreement.query("scale == @SCALE").set_index("team")["withheld"]
    assert rows["A"]
    assert not rows["B"]
    assert not published.scores.query("scale == @SCALE and team == 'A'")["withheld"].iloc[0]


def test_a_site_of_fewer_than_ten_people_publishes_no_head_count(instrument, responses_of):
    frame = responses_of(instrument, {("N", "A"): 7, ("S", "A"): 12})
    for _, results in attack.everything(frame, instrument):
        sites = results.respondents.query("level == 'site'").set_index("site")["withheld"]
        assert sites.get("N", True)
        assert not sites.get("S", False)


def test_teams_of_the_same_name_at_two_sites_are_not_compared(instrument, responses_of, items):
    north, south = people_of({"A": 12, "B": 12}, items), people_of({"A": 11, "B": 12}, items, seed=3, site="S")
    who = worlds.People(
        np.arange(47), *(np.concatenate([getattr(north, n), getattr(south, n)]) for n in ("site", "team", "answers"))
    )
    frame = worlds.frame_of(responses_of, instrument, who, items)
    results = attack.everything(frame, instrument)
    assert faults([(frame, who.person, results)], instrument) == []
    assert not results[0][1].scores.query("level == 'team' and scale == @SCALE")["withheld"].any()


def test_head_counts_do_not_tell_how_many_answered_in_a_hidden_team(instrument, responses_of):
    frame = responses_of(instrument, {("N", "A"): 20, ("N", "B"): 14, ("N", "C"): 3, ("S", "A"): 12, ("S", "B"): 12})
    for _, results in attack.everything(frame, instrument):
        heads = results.respondents
        for _, here in heads.groupby(["site", "wave", "form"]):
            site, teams = here[here["level"] == "site"].iloc[0], here[here["level"] == "team"]
            if not site["withheld"]:
                left = site["n"] - teams["n"].sum()
                assert left == 0 or left >= 5 or len(teams) == 1
        assert heads.loc[heads["withheld"], "n"].isna().all()
        assert (heads["reason"] == "").eq(~heads["withheld"]).all()


def test_the_same_people_in_two_forms(instrument, responses_of):
    """Ten people of a team answer both forms, an eleventh the short one alone: its total is not given away."""
    groups = {("N", "A"): 11, ("N", "B"): 12}
    short = responses_of(instrument, groups, form="short", seed=1)
    full = responses_of(instrument, groups, seed=2)
    shared = [item for item in instrument.form("short").items if item in full.columns]
    full[shared] = short[shared]
    both = pd.concat([full.iloc[1:], short.assign(response_id="s" + short["response_id"])], ignore_index=True)
    teams = mr.aggregate_scores(both, instrument)
    items = teams.items[(teams.items["form"] == "short") & (teams.items["team"] == "A")]
    assert items["withheld"].all()
    whole = pd.concat([full, short.assign(response_id="s" + short["response_id"])], ignore_index=True)
    teams = mr.aggregate_scores(whole, instrument)
    items = teams.items[(teams.items["form"] == "short") & (teams.items["team"] == "A")]
    assert not items["withheld"].all(), "the same people in both: nothing to subtract"
