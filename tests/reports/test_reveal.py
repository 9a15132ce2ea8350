"""The page that a room sees: the team alone, whatever the numbers of people."""

from __future__ import annotations

import re

import pytest

from movement_readiness.exceptions import NothingToReleaseError
from movement_readiness.reports.reveal import room_page

HERE = {"site": "Nörd & Co", "team": "A1", "wave": "1"}


def page_of(responses_of, instrument, size, **more):
    groups = {("Nörd & Co", "A1"): size, ("Nörd & Co", "B2"): 14, ("South", "A1"): 11}
    frame = responses_of(instrument, {place: n for place, n in groups.items() if n}, seed=size)
    form = next(iter(instrument.forms))
    return frame, room_page(frame, instrument, **HERE, form=form, **more)


@pytest.mark.parametrize("size", [5, 9, 12])
def test_a_team_of_five_sees_its_means_and_nothing_of_its_site(any_instrument, responses_of, size):
    frame, page = page_of(responses_of, any_instrument, size, invited=size + 1)
    html = page.report.html
    assert f"{size} of the {size + 1} people invited answered" in html
    assert "What is in place for us now" in html
    assert "The pale band" not in html
    tables = re.findall(r"<thead>.*?</thead>", html)
    assert not any("Nörd" in table for table in tables)
    assert not any("Nörd" in words or "Site" in words for words in re.findall(r'alt="([^"]*)"', html))
    mine = frame[(frame["site"] == "Nörd & Co") & (frame["team"] == "A1")]
    assert page.response_ids == tuple(sorted(mine["response_id"]))


@pytest.mark.parametrize("size", [1, 4])
def test_a_small_team_reads_kind_words_that_are_true(any_instrument, responses_of, size):
    _, page = page_of(responses_of, any_instrument, size, invited=size)
    html = page.report.html
    assert "This page shows no numbers of your team" in html
    assert "shown below" not in html
    assert "The line through a dot" not in html
    assert "At Nörd" not in html
    assert "<img" not in html
    assert not re.search(r"\d+ people answered", html)
    assert len(page.response_ids) == size


def test_the_page_does_not_change_with_what_other_teams_answered(instrument, responses_of):
    frame, page = page_of(responses_of, instrument, 12)
    alone = frame[(frame["site"] == "Nörd & Co") & (frame["team"] == "A1")]
    assert room_page(alone, instrument, **HERE, form="full").report.html == page.report.html


def test_a_rehearsal_says_so_and_not_that_answers_were_simulated(instrument, responses_of):
    _, page = page_of(responses_of, instrument, 6, rehearsal=True)
    assert "<strong>Rehearsal.</strong>" in page.report.html
    assert "simulated" not in page.report.html


def test_the_language_of_the_session_is_the_language_of_the_items(instrument, responses_of):
    _, page = page_of(responses_of, instrument, 12, languages=("es", "en"))
    assert 'lang="es"' in page.report.html


def test_nobody_has_answered(instrument, responses_of):
    with pytest.raises(NothingToReleaseError, match="Nobody has sent answers yet"):
        page_of(responses_of, instrument, 0)
