"""Days as people write them."""

from __future__ import annotations

import datetime

import pytest

from movement_readiness.workshop.server.written_days import written_day


@pytest.mark.parametrize(
    "text",
    [
        "2027-12-01",
        "1 December 2027",
        " 1st  of December 2027. ",
        "1 Dec. 2027",
        "December 1, 2027",
        "1.12.2027",
        "01. 12. 2027",
        "1 de diciembre de 2027",
    ],
)
def test_a_day_is_read(text):
    assert written_day(text) == datetime.date(2027, 12, 1)


@pytest.mark.parametrize(
    "text",
    ["", "2027", "December 2027", "01/12/2027", "30 February 2027", "1 x 2027", "1 ma 2027", "2027-13-01", "the end"],
)
def test_what_is_no_day_or_could_be_two_is_not(text):
    assert written_day(text) is None
