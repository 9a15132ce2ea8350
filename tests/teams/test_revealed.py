"""Teams that have seen a page of their own before: a site's numbers must not give away the others."""

from __future__ import annotations

import numpy as np
import pytest

import movement_readiness as mr
from movement_readiness.teams.disclosure import HIDDEN, DisclosurePolicy, release_distributions, release_means

PLACES = {("North", "A"): 8, ("North", "B"): 3, ("North", "C"): 0, ("South", "A"): 12, ("South", "B"): 12}


def rows(results, level, site, team=None):
    frame = results.scores
    here = (frame["level"] == level) & (frame["site"] == site)
    return frame[here & (frame["team"] == team)] if team else frame[here]


def test_a_revealed_teams_site_does_not_give_the_other_team_away(instrument, responses_of):
    frame = responses_of(instrument, PLACES, seed=3)
    before = mr.aggregate_scores(frame, instrument)
    assert not rows(before, "site", "North")["withheld"].any(), "the control: without a reveal the site is shown"
    assert rows(before, "team", "North", "A")["withheld"].all()
    after = mr.aggregate_scores(frame, instrument, revealed=[("North", "A", "1", "full")])
    assert rows(after, "site", "North")["withheld"].all()
    assert set(rows(after, "site", "North")["reason"]) == {"protected"}
    assert not rows(after, "site", "South")["withheld"].any()
    north = after.items[(after.items["level"] == "site") & (after.items["site"] == "North")]
    assert north["withheld"].all()
    own = mr.aggregate_scores(
        frame, instrument, revealed=[("North", "A", "1", "full")], audience=("own_team", "North", "A")
    )
    assert not rows(own, "team", "North", "A")["withheld"].all(), "its own numbers are out already"


@pytest.mark.parametrize(
    "other", [("North", "A", "2", "full"), ("North", "A", "1", "short"), ("South", "A", "1", "full")]
)
def test_a_page_of_another_wave_form_or_site_changes_nothing(instrument, responses_of, other):
    frame = responses_of(instrument, PLACES, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[other]).scores)


def test_a_small_teams_page_showed_nothing_so_it_counts_as_hidden(instrument, responses_of):
    frame = responses_of(instrument, PLACES, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[("North", "B", "1", "full")]).scores)


def test_what_is_left_of_a_shown_site_is_nobody_or_enough_people():
    """Whatever was revealed: taking shown and revealed teams from a shown site leaves 0 or at least 5 people."""
    policy, chance = DisclosurePolicy(), np.random.default_rng(5)
    shown = 0
    for _ in range(3000):
        counts = chance.integers(0, 15, chance.integers(1, 6))
        revealed = chance.random(len(counts)) < 0.5
        totals = counts * chance.uniform(30, 70, len(counts))
        found = release_means(counts, totals, policy, revealed=revealed)
        out = (found.teams > HIDDEN) | (revealed & (counts >= 5))
        if found.site > HIDDEN:
            shown += 1
            left = counts[~out].sum()
            assert left == 0 or left >= 5
        table = np.array([chance.multinomial(count, [0.2] * 5) for count in counts])
        found = release_distributions(table, np.arange(5) * 25.0, policy, revealed=revealed)
        if found.site > HIDDEN:
            known = release_distributions(table, np.arange(5) * 25.0, DisclosurePolicy()).teams
            left = counts[~((found.teams > HIDDEN) | (revealed & (known > HIDDEN)))].sum()
            assert left == 0 or left >= 5
    assert shown > 300
