"""What an attacker who knows every head-count can work out from one released table.

The attacker here is independent of the policy's own reckoning: a linear program over people, each with
a score in 0..100, constrained by the exact sums of every group shown to anyone.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

import movement_readiness as mr
from movement_readiness.teams.disclosure import HIDDEN, OWN, PUBLISHED, release_distributions, release_means

POLICY = mr.DisclosurePolicy()


def random_site(rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Team sizes, their people's scores (often extreme) and people without a team."""
    sizes = rng.choice([0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 15, 25], size=rng.integers(1, 6))
    level = rng.choice([1.0, 30.0, 60.0, 90.0, 97.0, 99.5])
    spread = rng.choice([0.5, 5.0, 20.0])
    people = [np.clip(rng.normal(level, spread, size), 0, 100) for size in sizes]
    loose = np.clip(rng.normal(level, spread, rng.choice([0, 0, 1, 4, 7])), 0, 100)
    return sizes, people, loose


def ranges(
    groups: list[np.ndarray], n_people: int, totals: list[float], targets: list[np.ndarray]
) -> list[tuple[float, float]]:
    """Smallest and largest possible mean of each target group, given the sums of the shown groups."""
    rows = np.array([np.isin(np.arange(n_people), group) for group in groups], dtype=float).reshape(
        len(groups), n_people
    )
    found = []
    for target in targets:
        cost = np.isin(np.arange(n_people), target) / len(target)
        ends = []
        for sign in (1, -1):
            solved = linprog(
                sign * cost,
                A_eq=rows if len(groups) else None,
                b_eq=totals if len(groups) else None,
                bounds=(0, 100),
            )
            assert solved.status == 0
            ends.append(sign * solved.fun)
        found.append((ends[0], ends[1]))
    return found


@pytest.mark.parametrize("seed", range(250))
def test_no_attacker_narrows_a_person_or_a_hidden_team(seed):
    rng = np.random.default_rng(seed)
    sizes, people, loose = random_site(rng)
    totals = np.array([scores.sum() for scores in people])
    release = release_means(sizes, totals, POLICY, loose_count=len(loose), loose_total=float(loose.sum()))

    n_people = int(sizes.sum()) + len(loose)
    bounds = np.cumsum([0, *sizes])
    teams = [np.arange(bounds[i], bounds[i + 1]) for i in range(len(sizes))]
    apart = np.arange(bounds[-1], n_people)
    groups = [teams[i] for i in range(len(sizes)) if release.teams[i] != HIDDEN]
    sums = [float(totals[i]) for i in range(len(sizes)) if release.teams[i] != HIDDEN]
    rest = np.concatenate([*(teams[i] for i in range(len(sizes)) if release.teams[i] == HIDDEN), apart]).astype(int)
    if release.site == PUBLISHED:
        assert n_people >= 10
        assert len(rest) == 0 or len(rest) >= 5
        groups.append(np.arange(n_people))
        sums.append(float(totals.sum() + loose.sum()))
    for i, status in enumerate(release.teams):
        assert (status == PUBLISHED) <= (sizes[i] >= 10)
        assert (status == OWN) <= (5 <= sizes[i] < 10)
        assert (release.reasons[i] == "") == (status == PUBLISHED)
    if n_people == 0:
        return
    one_of_each = [team[:1] for team in [*teams, apart] if len(team)]
    hidden_teams = [teams[i] for i in range(len(sizes)) if release.teams[i] == HIDDEN and sizes[i] > 1]
    # A hidden team that is all there is left is itself a derivable group of at least five: its mean may be known.
    hidden_teams = [team for team in hidden_teams if len(team) < len(rest)]
    for low, high in ranges(groups, n_people, sums, one_of_each + hidden_teams):
        assert high - low >= POLICY.min_interval - 1e-5


def test_the_attacker_does_find_what_an_unprotected_table_gives_away():
    """The control: with everything shown, one team of three is known exactly, and so is a person near the top."""
    people = [np.full(12, 60.0), np.array([10.0, 20.0, 30.0])]
    groups = [np.arange(12), np.arange(15)]
    (low, high), (person_low, person_high) = ranges(groups, 15, [720.0, 780.0], [np.arange(12, 15), np.arange(12, 13)])
    assert high - low < 1e-6
    assert abs(low - people[1].mean()) < 1e-6
    assert person_high - person_low > 20
    ((low, high),) = ranges([np.arange(10)], 10, [995.0], [np.arange(1)])
    assert high - low < 20


@pytest.mark.parametrize("seed", range(200))
def test_no_distribution_shown_or_left_over_is_near_unanimous(seed):
    rng = np.random.default_rng(1000 + seed)
    options = rng.integers(2, 8)
    values = np.linspace(0, 100, options)
    shares = rng.dirichlet(np.full(options, rng.choice([0.05, 0.3, 2.0])))
    table = np.array(
        [rng.multinomial(size, shares) for size in rng.choice([0, 2, 4, 6, 9, 10, 11, 14, 30], size=rng.integers(1, 6))]
    )
    loose = rng.multinomial(rng.choice([0, 0, 2, 6]), shares)
    release = release_distributions(table, values, POLICY, loose=loose)
    derivable = [row for row, status in zip(table, release.teams, strict=True) if status == PUBLISHED]
    assert all(row.sum() >= 10 for row in derivable)
    assert OWN not in release.teams
    if release.site == PUBLISHED:
        site = table.sum(axis=0) + loose
        derivable += [site, site - sum(derivable, np.zeros(options, dtype=int))]
    for row in derivable:
        if row.sum() == 0:
            continue
        assert row.sum() >= 5
        assert row.sum() - row.max() >= 3
        used = values[row > 0]
        assert used.max() - used.min() >= 20 - 1e-9


def test_the_smallest_group_goes_first_and_own_team_pages_before_published_ones():
    sizes, middle = np.array([12, 11, 9, 3]), 55.0
    release = release_means(sizes, sizes * middle, POLICY)
    assert release.site == PUBLISHED
    assert release.teams.tolist() == [PUBLISHED, PUBLISHED, HIDDEN, HIDDEN]
    assert release.reasons.tolist() == ["", "", "protects_others", "too_few"]


def test_a_single_small_remainder_hides_one_more_team_or_the_site():
    release = release_means(np.array([10, 4]), np.array([500.0, 200.0]), POLICY)
    assert release.teams.tolist() == [HIDDEN, HIDDEN]
    assert release.site == PUBLISHED
    release = release_means(np.array([12, 4]), np.array([1180.0, 390.0]), POLICY)
    assert release.site == HIDDEN  # a site mean of 98 would pin the team of four


def test_everybody_is_shown_where_nothing_is_small():
    release = release_means(np.array([12, 15, 20]), np.array([700.0, 800.0, 900.0]), POLICY)
    assert release.teams.tolist() == [PUBLISHED] * 3
    assert release.site == PUBLISHED


def test_people_without_a_team_count_as_a_group_that_is_left_over():
    release = release_means(np.array([12, 15]), np.array([700.0, 800.0]), POLICY, loose_count=4, loose_total=200.0)
    assert release.teams.tolist() == [HIDDEN, PUBLISHED]


def test_a_team_hidden_to_protect_two_people_is_not_narrowed_either():
    """Site less the other team gives 14 people; with two of them loose, the team's mean would be known to 17 points."""
    release = release_means(np.array([12, 15]), np.array([700.0, 800.0]), POLICY, loose_count=2, loose_total=100.0)
    assert release.teams.tolist() == [HIDDEN, HIDDEN]
    assert release.site == PUBLISHED


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ({"min_respondents": 2}, "min_respondents: expected a whole number, 3 or more; got 2"),
        ({"min_respondents": 10.5}, "min_respondents: expected a whole number"),
        (
            {"min_respondents": 6, "min_respondents_own_team": 7},
            "min_respondents_own_team: expected a whole number from 3 to 6",
        ),
        ({"min_interval": 120}, "min_interval: expected a number from 0 to 100; got 120"),
        ({"round_to": 0}, "round_to: expected a number from 0.5 to 20; got 0"),
    ],
)
def test_settings_out_of_range_get_a_sentence(setting, sentence):
    with pytest.raises(mr.MovementReadinessError, match=sentence):
        mr.DisclosurePolicy(**setting)


def test_rounding_is_to_multiples_with_halves_up_and_half_widths_up():
    policy = mr.DisclosurePolicy(round_to=5)
    assert policy.rounded(np.array([52.4, 52.5, 57.49])).tolist() == [50.0, 55.0, 55.0]
    assert policy.rounded_up(np.array([5.0, 5.1])).tolist() == [5.0, 10.0]
