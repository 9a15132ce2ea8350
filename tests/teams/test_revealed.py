"""Teams that have seen a page of their own before: a site's numbers must not give away the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.teams import RevealedPage
from movement_readiness.teams.disclosure import HIDDEN, DisclosurePolicy, release_distributions, release_means

PLACES = {("North", "A"): 8, ("North", "B"): 3, ("North", "C"): 0, ("South", "A"): 12, ("South", "B"): 12}


def page(frame, site, team, wave="1", form="full", *, without=0, more=(), shown=True):
    """A page that this team saw, made of all its people but the first ones, and of some who are gone."""
    here = frame[(frame["site"] == site) & (frame["team"] == team)]
    return RevealedPage(site, team, wave, form, [*here["response_id"].iloc[without:], *more], shown)


def rows(results, level, site, team=None):
    frame = results.scores
    here = (frame["level"] == level) & (frame["site"] == site)
    return frame[here & (frame["team"] == team)] if team else frame[here]


def test_a_revealed_teams_site_does_not_give_the_other_team_away(instrument, responses_of):
    frame = responses_of(instrument, PLACES, seed=3)
    before = mr.aggregate_scores(frame, instrument)
    assert not rows(before, "site", "North")["withheld"].any(), "the control: without a reveal the site is shown"
    assert rows(before, "team", "North", "A")["withheld"].all()
    after = mr.aggregate_scores(frame, instrument, revealed=[page(frame, "North", "A")])
    assert rows(after, "site", "North")["withheld"].all()
    assert set(rows(after, "site", "North")["reason"]) == {"protected"}
    assert not rows(after, "site", "South")["withheld"].any()
    north = after.items[(after.items["level"] == "site") & (after.items["site"] == "North")]
    assert north["withheld"].all()
    own = mr.aggregate_scores(
        frame, instrument, revealed=[page(frame, "North", "A")], audience=("own_team", "North", "A")
    )
    assert not rows(own, "team", "North", "A")["withheld"].all(), "its own numbers are out already"


@pytest.mark.parametrize(
    "other", [("North", "A", "2", "full"), ("North", "A", "1", "short"), ("South", "A", "1", "full")]
)
def test_a_page_of_another_wave_form_or_site_changes_nothing(instrument, responses_of, other):
    frame = responses_of(instrument, PLACES, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    seen = page(frame, *other)
    if other[0] == "North":  # of another wave or form: other responses
        seen = seen._replace(response_ids=[f"other {one}" for one in seen.response_ids])
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[seen]).scores)


def test_a_small_teams_page_showed_nothing_so_it_counts_as_hidden(instrument, responses_of):
    frame = responses_of(instrument, PLACES, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[page(frame, "North", "B")]).scores)


@pytest.mark.parametrize(
    ("without", "gone", "withheld"),
    [(1, 0, True), (4, 0, True), (5, 0, False), (0, 1, True), (0, 4, True), (0, 5, False), (1, 4, True), (5, 1, True),
     (6, 6, False), (12, 3, False)],
)  # fmt: skip
def test_a_few_latecomers_or_withdrawals_since_the_page_are_not_given_away(
    any_instrument, responses_of, without, gone, withheld
):
    """The team and its site are withheld, its items too, those of no scale as well; other sites are not."""
    form = next(iter(any_instrument.forms))
    frame = responses_of(any_instrument, {("North", "A"): 12, ("North", "B"): 12, ("South", "A"): 12}, seed=3)
    seen = page(frame, "North", "A", form=form, without=without, more=[f"gone {n}" for n in range(gone)])
    for audience in ("published", ("own_team", "North", "A")):
        plain = mr.aggregate_scores(frame, any_instrument, audience=audience)
        found = mr.aggregate_scores(frame, any_instrument, audience=audience, revealed=[seen])
        for before, table in ((plain.scores, found.scores), (plain.items, found.items), (plain.answers, found.answers)):
            here = (table["site"] == "North") & ((table["level"] == "site") | (table["team"] == "A"))
            assert not before[here]["withheld"].all(), "the control: without a page it is shown"
            if withheld:
                assert table[here]["withheld"].all()
                assert set(table[here]["reason"]) == {"protected"}
                assert table[here]["n"].isna().all()
                assert table[~here].equals(before[~here]) or "shrunken" in table.columns
            else:
                assert table["withheld"].equals(before["withheld"])
        numbers = found.scores[found.scores["site"] == "South"]
        assert not numbers["withheld"].any()


def test_a_page_without_numbers_changes_nothing(instrument, responses_of):
    frame = responses_of(instrument, {("North", "A"): 12, ("North", "B"): 12}, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    seen = page(frame, "North", "A", without=9, shown=False)
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[seen]).scores)


def test_five_latecomers_of_whom_few_answered_a_scale_are_not_given_away_on_it(instrument, responses_of):
    frame = responses_of(instrument, {("North", "A"): 12, ("North", "B"): 12}, seed=3)
    scale, other = instrument.report_scales("full")[:2]
    late = frame.index[frame["team"] == "A"][:6]
    frame.loc[late[1:], list(instrument.item_ids(scale))] = pd.NA
    found = mr.aggregate_scores(frame, instrument, revealed=[page(frame, "North", "A", without=6)])
    team = rows(found, "team", "North", "A").set_index("scale")["withheld"]
    site = rows(found, "site", "North").set_index("scale")["withheld"]
    assert team[scale]
    assert site[scale]
    assert not team[other]
    assert not site[other]


def test_how_few_is_few_is_the_policys(instrument, responses_of):
    frame = responses_of(instrument, {("North", "A"): 12, ("North", "B"): 12}, seed=3)
    seen = page(frame, "North", "A", without=5)
    strict = DisclosurePolicy(min_respondents_own_team=6)
    assert not rows(mr.aggregate_scores(frame, instrument, revealed=[seen]), "site", "North")["withheld"].all()
    found = mr.aggregate_scores(frame, instrument, revealed=[seen], policy=strict)
    assert rows(found, "site", "North")["withheld"].all()


def test_what_are_no_pages_is_said(instrument, responses_of):
    frame = responses_of(instrument, {("North", "A"): 12}, seed=3)
    with pytest.raises(ArgumentError, match=r"ResponseStore\.revealed"):
        mr.aggregate_scores(frame, instrument, revealed=[("North", "A", "1", "full")])
    seen = [page(frame, "North", "A")]
    with pytest.raises(ResponsesError, match="response_id"):
        mr.aggregate_scores(frame.drop(columns="response_id"), instrument, revealed=seen)


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
