"""A team's own room: nothing is worked out, recorded or shown before it is asked for."""

from __future__ import annotations

import pandas as pd
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, NothingToReleaseError
from movement_readiness.explorers import OwnRoom
from movement_readiness.teams import ReleaseLog

ONE, TWO = ("North", "A"), ("North", "B")


class Owners:
    """What gives a team its own results: which it was asked for, and something to happen while it works."""

    def __init__(self, responses, instrument):
        self.responses, self.instrument = responses, instrument
        self.log, self.asked, self.meanwhile = ReleaseLog(), [], None

    def __call__(self, site, team):
        self.asked.append((site, team))
        if self.meanwhile:
            self.meanwhile()
        return mr.aggregate_scores(
            self.responses, self.instrument, audience=("own_team", site, team), release_log=self.log
        )


@pytest.fixture
def owners(garden, responses_of):
    return Owners(responses_of(garden, {ONE: 11, TWO: 6, ("South", "C"): 12}), garden)


@pytest.fixture
def room(owners):
    return OwnRoom(mr.aggregate_scores(owners.responses, owners.instrument), owners.instrument, owners)


def shown(room):
    """What stands in the room: the page shows it where its number is that of the chosen team."""
    return [part.selection.team for part in room._place.children if room._watch.showing == room.choice.index]


def test_passing_through_the_list_shows_and_records_nothing(room, owners):
    for place in range(len(room.choice.options)):
        room.choice.index = place
        assert shown(room) == []
    assert owners.asked == []
    assert len(owners.log.releases()) == 0


def test_the_button_shows_the_chosen_team_and_another_choice_takes_it_away_at_once(room, owners):
    room.choice.value = TWO
    assert room._watch.text == "Nothing is shown. “Show this team” shows B of North."
    room.button.click()
    assert shown(room) == ["B"]
    assert room._watch.text == "B of North is shown."
    content = room.explorer.children[-1].children[0].children[0]
    assert "<img" in content.value
    room.choice.value = ONE
    assert shown(room) == []
    assert room._place.children == ()
    assert room.explorer is None
    assert content.comm is None  # the page keeps nothing of it
    assert owners.asked == [TWO]
    room.button.click()
    assert shown(room) == ["A"]


def test_it_says_that_it_works_and_a_second_press_does_nothing(room, owners):
    said = []
    owners.meanwhile = lambda: said.append(room._watch.text)
    room.choice.value = ONE
    room.button.click()
    room.button.click()
    assert said == ["Working… A of North is shown in a moment."]
    assert owners.asked == [ONE]
    assert room._watch._esm.count('"aria-live", "polite"') == 1


@pytest.mark.parametrize("other", [TWO, ()])
def test_what_comes_too_late_is_not_shown(room, owners, other):
    def choose():
        room.choice.value = other

    owners.meanwhile = choose
    room.choice.value = ONE
    room.button.click()
    assert shown(room) == []
    assert room.explorer is None
    assert "A of North" not in room._watch.text


def test_without_a_choice_the_button_says_so(room, owners):
    room.button.click()
    assert room._watch.text == "Nothing is shown. Choose a team first."
    assert owners.asked == []


def test_what_cannot_be_shown_is_said_in_a_sentence(room, owners):
    def refuse():
        raise NothingToReleaseError("responses: nobody answered.")

    owners.meanwhile = refuse
    room.choice.value = ONE
    room.button.click()
    assert room._watch.text == "Nothing is shown. responses: nobody answered."
    owners.meanwhile = None
    room.button.click()
    assert shown(room) == ["A"]


def test_results_for_another_audience_are_not_shown(owners):
    published = mr.aggregate_scores(owners.responses, owners.instrument)
    room = OwnRoom(published, owners.instrument, lambda _site, _team: published)
    room.choice.value = ONE
    room.button.click()
    assert shown(room) == []
    assert "expected results whose audience is ('own_team', 'North', 'A')" in room._watch.text


def test_answers_without_a_team_have_no_room(garden, responses_of):
    responses = responses_of(garden, {ONE: 12}).assign(team=pd.array([None] * 12, dtype="str"))
    room = OwnRoom(mr.aggregate_scores(responses, garden), garden, None)
    assert room._watch.text == "These answers name no team, so there is no team's own room."
    assert not any(room.button in getattr(part, "children", ()) for part in room.children)


def test_respondents_are_not_taken(owners):
    with pytest.raises(ArgumentError, match=r"teams: expected TeamResults.*got DataFrame"):
        OwnRoom(owners.responses, owners.instrument, owners)


def test_it_says_what_it_is(room):
    assert repr(room) == "<OwnRoom: 3 teams; nothing shown>"
