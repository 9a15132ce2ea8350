"""Teams that have seen a page of their own before: a site's numbers must not give away the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.reports.reveal import room_page
from movement_readiness.teams import ReleaseLog, RevealedPage, aggregate_own_teams
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
    "other", [("South", "B", "2", "full"), ("North", "A", "1", "short"), ("South", "A", "1", "full")]
)
def test_a_page_of_another_wave_form_or_site_changes_nothing(instrument, responses_of, other):
    frame = responses_of(instrument, PLACES, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    seen = page(frame, *other)
    if other[2:] != ("1", "full"):  # of another wave or form: other responses
        seen = seen._replace(response_ids=[f"other {one}" for one in seen.response_ids])
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[seen]).scores)


def test_a_small_teams_page_showed_nothing_so_it_counts_as_hidden(instrument, responses_of):
    frame = responses_of(instrument, PLACES, seed=3)
    plain = mr.aggregate_scores(frame, instrument)
    assert plain.scores.equals(mr.aggregate_scores(frame, instrument, revealed=[page(frame, "North", "B")]).scores)


@pytest.fixture(scope="module")
def without_a_page(any_instrument, responses_of):
    """Three teams of twelve, and what is shown of them to everybody and to one team."""
    form = next(iter(any_instrument.forms))
    frame = responses_of(any_instrument, {("North", "A"): 12, ("North", "B"): 12, ("South", "A"): 12}, seed=3)
    audiences = ("published", ("own_team", "North", "A"))
    return frame, form, {one: mr.aggregate_scores(frame, any_instrument, audience=one) for one in audiences}


@pytest.mark.parametrize(
    ("without", "gone", "withheld"),
    [(1, 0, True), (4, 0, True), (5, 0, False), (0, 1, True), (0, 4, True), (0, 5, True), (1, 4, True), (5, 1, True),
     (12, 3, False)],
)  # fmt: skip
def test_a_few_latecomers_or_withdrawals_since_the_page_are_not_given_away(
    any_instrument, without_a_page, without, gone, withheld
):
    """The team and its site are withheld, its items too, those of no scale as well; other sites are not."""
    frame, form, plain_of = without_a_page
    seen = page(frame, "North", "A", form=form, without=without, more=[f"gone {n}" for n in range(gone)])
    for audience, plain in plain_of.items():
        found = mr.aggregate_scores(frame, any_instrument, audience=audience, revealed=[seen])
        for before, table in ((plain.scores, found.scores), (plain.items, found.items), (plain.answers, found.answers)):
            here = (table["site"] == "North") & ((table["level"] == "site") | (table["team"] == "A"))
            assert not before[here]["withheld"].all(), "the control: without a page it is shown"
            if withheld:
                assert table[here]["withheld"].all()
                assert set(table[here]["reason"]) in (
                    [{"protected"}, {"few_changed"}] if gone == 5 else [{"protected"}]
                )
                assert table[here]["n"].isna().all()
                assert table[~here].equals(before[~here]) or "shrunken" in table.columns
            else:
                assert table["withheld"].equals(before["withheld"])
        numbers = found.scores[found.scores["site"] == "South"]
        assert not numbers["withheld"].any()


@pytest.mark.parametrize("site", ["North", "Northern"])
def test_whoever_left_since_the_page_is_not_told_by_items_that_those_who_came_do_not_cover(
    instrument, responses_of, site
):
    """What those who left answered is not known any more: of six, all may have chosen what nobody who came did."""
    places = {("North", "A"): 12, ("North", "B"): 12, ("South", "A"): 12}
    frame = responses_of(instrument, places, seed=3)
    seen = page(frame, "North", "A", without=6, more=[f"gone {n}" for n in range(6)])
    frame["site"] = frame["site"].replace({"North": site})  # called otherwise since, perhaps
    plain, found = mr.aggregate_scores(frame, instrument), mr.aggregate_scores(frame, instrument, revealed=[seen])
    assert plain.scores["withheld"].equals(found.scores["withheld"])
    came = frame[(frame["site"] == site) & (frame["team"] == "A")].iloc[:6]
    items = found.items[(found.items["team"] == "A") & (found.items["site"] == site)].set_index("item")
    for item in items.index[items["withheld"]]:
        assert came[item].nunique() < 5
    others = found.items[found.items["team"] == "B"]
    assert items["withheld"].any()
    assert not others["withheld"].any()


@pytest.mark.parametrize("called", [{"A": "A"}, {"A": "A2"}, {"A": "A2", "B": "A"}])
def test_what_a_page_withheld_is_not_shown_later_under_another_name(instrument, responses_of, called):
    """The page showed a scale that the newcomer skipped, and withheld the others: which ones, nobody kept."""
    frame = responses_of(instrument, {("N", "A"): 13, ("N", "B"): 14}, seed=1)
    frame.loc[0, [*instrument.item_ids("social")]] = pd.NA
    log = ReleaseLog()
    aggregate_own_teams(frame.iloc[1:], instrument, release_log=log)
    mr.aggregate_scores(frame.iloc[1:], instrument, release_log=log)
    here = frame[frame["team"] == "A"]
    seen = room_page(here, instrument, site="N", team="A", wave="1", form="full", release_log=log)
    assert seen.shown, "else there is nothing to compare with"
    later = frame.assign(team=frame["team"].map({"B": "B"} | called))
    pages = [RevealedPage("N", "A", "1", "full", seen.response_ids, seen.shown)]
    found = mr.aggregate_scores(later, instrument, release_log=log, revealed=pages).scores
    rational = found[found["scale"] == "rational"].set_index("team")["withheld"]
    assert rational[called["A"]]
    assert not rational[called.get("B", "B")]


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


@pytest.mark.parametrize("audience", ["published", ("own_team", "N", "A")])
@pytest.mark.parametrize(("now", "withheld"), [(12, False), (11, True), (8, True), (7, False)])
def test_a_page_of_a_wave_that_is_not_at_hand_is_told_apart_by_head_counts(
    garden, responses_of, now, withheld, audience
):
    """Somebody may know that eleven answered the same again: the page of twelve less those is one person."""
    frame = responses_of(garden, {("N", "A"): 12, ("N", "B"): 12, ("S", "A"): 12}, seed=1)
    seen = page(frame, "N", "A", form="lang")
    later = frame.assign(wave="2", response_id="w" + frame["response_id"]).iloc[12 - now :]
    scores = mr.aggregate_scores(later, garden, revealed=[seen], audience=audience).scores
    plain = mr.aggregate_scores(later, garden, audience=audience).scores
    its_own = (scores["site"] == "N") & (scores["team"].fillna("A") == "A")
    if withheld:
        assert scores.loc[its_own, "withheld"].all(), "nor is it what is left of the site"
        assert scores[~its_own]["withheld"].equals(plain[~its_own]["withheld"])
    else:
        assert scores.equals(plain)


def test_a_page_of_a_wave_that_is_not_at_hand_does_not_give_the_other_team_away(garden, responses_of):
    """Nine who are not shown less the six of the page, should they have answered the same again, are the other three."""
    frame = responses_of(garden, {("N", "A"): 6, ("N", "B"): 3, ("N", "C"): 12, ("S", "A"): 12}, seed=3)
    assert not rows(mr.aggregate_scores(frame, garden), "site", "N")["withheld"].any()
    seen = page(frame, "N", "A", "0", "lang")
    seen = seen._replace(response_ids=[f"other {one}" for one in seen.response_ids])
    found = mr.aggregate_scores(frame, garden, revealed=[seen])
    assert rows(found, "site", "N")["withheld"].all()
    assert not rows(found, "team", "N", "C")["withheld"].any()
    assert not rows(found, "site", "S")["withheld"].any()


def test_pages_of_waves_that_are_at_hand_are_compared_person_by_person(garden, responses_of):
    """A store's pages of two waves, all other people each time: eleven and twelve people are no reason to withhold."""
    first = responses_of(garden, {("N", "A"): 12, ("N", "B"): 12}, seed=1)
    second = responses_of(garden, {("N", "A"): 11, ("N", "B"): 12}, seed=2).assign(wave="2")
    second["response_id"] = "w" + second["response_id"]
    seen = [page(first, "N", "A", "1", "lang"), page(second, "N", "A", "2", "lang")]
    found = mr.aggregate_scores(pd.concat([first, second], ignore_index=True), garden, revealed=seen)
    assert not rows(found, "team", "N", "A")["withheld"].any()


def test_ids_that_are_whole_numbers_are_the_same_as_text(garden, responses_of):
    frame = responses_of(garden, {("N", "A"): 12, ("N", "B"): 12}, seed=1)
    frame["response_id"] = np.arange(len(frame))
    late = [page(frame, "N", "A", form="lang", without=1)]
    as_text = [late[0]._replace(response_ids=[str(one) for one in late[0].response_ids])]
    found = mr.aggregate_scores(frame, garden, revealed=late).scores
    assert rows_withheld(found) == {"N", "A"}
    assert found.equals(mr.aggregate_scores(frame, garden, revealed=as_text, release_log=mr.teams.ReleaseLog()).scores)
    plain = mr.aggregate_scores(frame, garden)
    assert mr.aggregate_scores(frame, garden, revealed=None).scores.equals(plain.scores)


def rows_withheld(scores):
    hidden = scores[scores["withheld"]]
    return {*hidden["team"].dropna(), *hidden.loc[hidden["level"] == "site", "site"]}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"response_ids": (1.5, 2)}, "revealed: expected text or whole numbers as response_ids of every page; got 1.5"),
        ({"response_ids": "abc"}, "revealed: expected a collection of response ids"),
        ({"response_ids": None}, "revealed: expected a collection of response ids"),
        ({"team": None}, "revealed: expected text or whole numbers as team"),
    ],
)
def test_what_is_wrong_with_a_page_is_said(garden, responses_of, change, words):
    frame = responses_of(garden, {("N", "A"): 12}, seed=1)
    with pytest.raises(ArgumentError, match=words):
        mr.aggregate_scores(frame, garden, revealed=[page(frame, "N", "A", form="lang")._replace(**change)])


def test_what_is_wrong_with_ids_logs_and_lists_of_pages_is_said(garden, responses_of):
    frame = responses_of(garden, {("N", "A"): 12}, seed=1)
    seen = page(frame, "N", "A", form="lang")
    for no_list in (seen, 5, "x"):
        with pytest.raises(ArgumentError, match=r"ResponseStore\.revealed"):
            mr.aggregate_scores(frame, garden, revealed=no_list)
    with pytest.raises(ArgumentError, match=r"the class ReleaseLog \(write ReleaseLog\(\)\)"):
        mr.aggregate_scores(frame, garden, release_log=mr.teams.ReleaseLog)
    frame.loc[3, "response_id"] = None
    with pytest.raises(ResponsesError, match="expected a response_id for every response"):
        mr.aggregate_scores(frame, garden, revealed=[seen])


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
