"""The release log: a later release shows a group only where nobody, or five people or more, came or went."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.responses.released import Release
from movement_readiness.teams import ReleaseLog, aggregate_own_teams

GROUPS = {("North", "A"): 20, ("North", "B"): 12, ("North", "C"): 13, ("South", "A"): 12, ("South", "B"): 12}


def withheld(results, site, team=None):
    level = "site" if team is None else "team"
    rows = results.scores[(results.scores["level"] == level) & (results.scores["site"] == site)]
    rows = rows[rows["team"] == team] if team else rows
    return bool(rows["withheld"].all()), set(rows.loc[rows["withheld"], "reason"])


@pytest.mark.parametrize(
    ("gone", "late", "expected"),
    [(0, 0, False), (1, 0, True), (4, 0, True), (0, 1, True), (0, 4, True), (5, 0, False), (0, 5, False), (1, 1, True)],
)
def test_a_few_people_more_or_fewer_are_not_given_away(instrument, responses_of, gone, late, expected):
    frame = responses_of(instrument, GROUPS, seed=5)
    first, second = frame.iloc[late:], frame.drop(index=range(late, late + gone))
    log = ReleaseLog()
    mr.aggregate_scores(first, instrument, release_log=log)
    assert len(log) == 1
    found = mr.aggregate_scores(second, instrument, release_log=log)
    for place in (("North", "A"), ("North",)):
        hidden, reasons = withheld(found, *place)
        assert hidden is expected
        assert reasons <= {"few_changed"}
    assert not withheld(found, "North", "B")[0]
    assert not withheld(found, "South")[0]
    items = found.items[(found.items["site"] == "North") & (found.items["team"] == "A")]
    assert not expected or items["withheld"].all()


def test_the_same_release_again_is_one(instrument, responses_of):
    frame = responses_of(instrument, GROUPS, seed=5)
    log = ReleaseLog()
    results = [mr.aggregate_scores(frame, instrument, release_log=log) for _ in range(2)]
    pd.testing.assert_frame_equal(results[0].scores, results[1].scores)
    assert len(log) == 1
    shuffled = frame.sample(frac=1, random_state=1)
    mr.aggregate_scores(shuffled, instrument, release_log=log)
    assert len(log) == 1


def test_what_was_shown_to_a_team_alone_counts_too(instrument, responses_of):
    """A team of seven saw its own page; with one person more, neither it nor its site is shown again."""
    groups = {("N", "A"): 8, ("N", "B"): 12, ("N", "C"): 7}
    frame = responses_of(instrument, groups, seed=2)
    log = ReleaseLog()
    for _ in aggregate_own_teams(frame.iloc[1:], instrument, release_log=log):
        pass
    found = mr.aggregate_scores(frame, instrument, audience=("own_team", "N", "A"), release_log=log)
    assert withheld(found, "N", "A") == (True, {"few_changed"})
    assert withheld(found, "N")[0]


def test_a_hidden_group_is_not_laid_bare_by_showing_the_others_later(instrument, responses_of):
    """First B is hidden to protect C; five more in C would let B be shown, and C's first people be worked out."""
    frame = responses_of(instrument, {("N", "A"): 20, ("N", "B"): 12, ("N", "C"): 9}, seed=2)
    first = frame.iloc[:-6]
    log = ReleaseLog()
    before = mr.aggregate_scores(first, instrument, release_log=log)
    assert withheld(before, "N", "B")[0]
    assert not withheld(before, "N")[0]
    assert not withheld(mr.aggregate_scores(frame, instrument), "N", "B")[0], "the control: without a log it is shown"
    assert withheld(mr.aggregate_scores(frame, instrument, release_log=log), "N", "B")[0]


@pytest.mark.parametrize(("people", "kept"), [(8, True), (4, False)])
def test_teams_that_enough_people_moved_between_are_shown(garden, responses_of, people, kept):
    frame = responses_of(garden, {("N", "A"): 30, ("N", "B"): 30, ("N", "C"): 30}, seed=1)
    log = ReleaseLog()
    mr.aggregate_scores(frame, garden, release_log=log)
    frame.loc[: people - 1, "team"] = "B"
    scores = mr.aggregate_scores(frame, garden, release_log=log).scores.set_index("team")["withheld"]
    for team in ("A", "B"):
        assert scores[team].any() != kept
    assert not scores["C"].any()


def test_a_laxer_policy_later_does_not_subtract(instrument, responses_of):
    frame = responses_of(instrument, {("N", "A"): 20, ("N", "B"): 9, ("N", "C"): 4}, seed=2)
    log = ReleaseLog()
    mr.aggregate_scores(frame, instrument, release_log=log)
    lax = mr.DisclosurePolicy(min_respondents=7, min_respondents_own_team=5)
    found = mr.aggregate_scores(frame, instrument, policy=lax, release_log=log)
    assert withheld(found, "N", "B")[0], "the site is known: without B it would tell C"


def test_a_corrected_answer_is_a_change_of_one_person(instrument, responses_of):
    frame = responses_of(instrument, GROUPS, seed=5)
    log = ReleaseLog()
    mr.aggregate_scores(frame, instrument, release_log=log)
    again = frame.copy()
    again.attrs["revisions"] = {"r0": 2}
    assert withheld(mr.aggregate_scores(again, instrument, release_log=log), "North", "A") == (True, {"few_changed"})


def test_a_wave_that_is_not_at_hand_is_compared_by_head_count(instrument, responses_of):
    frame = responses_of(instrument, GROUPS, seed=5)
    log = ReleaseLog()
    mr.aggregate_scores(frame.iloc[1:], instrument, release_log=log)
    later = responses_of(instrument, GROUPS, seed=6, wave="2")
    later["response_id"] = "w" + later["response_id"]
    found = mr.aggregate_scores(later, instrument, release_log=log)
    assert withheld(found, "North", "A")[0]
    assert not withheld(found, "North", "B")[0]
    both = pd.concat([frame.iloc[1:], later], ignore_index=True)
    found = mr.aggregate_scores(both, instrument, release_log=log).scores.query("wave == '2' and team == 'A'")
    assert not found["withheld"].any(), "with the answers at hand: other people"


def test_a_log_holds_no_answers_and_no_ids(instrument, responses_of, tmp_path):
    frame = responses_of(instrument, GROUPS, seed=5)
    place = tmp_path / "releases.jsonl"
    mr.aggregate_scores(frame, instrument, release_log=ReleaseLog(place))
    assert oct(place.stat().st_mode)[-3:] == "600"
    (line,) = place.read_text("utf-8").splitlines()
    found = json.loads(line)
    assert set(found) == {
        "released_on", "audience", "instrument_id", "instrument_version", "aim_id", "wave", "form", "salt", "groups",
        "people", "places", "tables", "round_to", "limits",
    }  # fmt: skip
    assert not set(found["people"]) & set(frame["response_id"])
    assert all(
        {"groups", "without"} <= set(table) <= {"groups", "without", "off_ends"} for table in found["tables"].values()
    )
    again = ReleaseLog(place)
    assert again.releases() == (Release.from_json(line),)
    assert "1 releases in releases.jsonl" in repr(again)
    found = mr.aggregate_scores(frame.iloc[1:], instrument, release_log=again)
    assert withheld(found, "North", "A")[0]


def test_a_line_of_an_earlier_version_stays_as_it_was(instrument, responses_of, tmp_path):
    place = tmp_path / "releases.jsonl"
    mr.aggregate_scores(responses_of(instrument, GROUPS, seed=5), instrument, release_log=ReleaseLog(place))
    found = json.loads(place.read_text("utf-8"))
    assert any(table.pop("off_ends", None) for table in found["tables"].values())
    del found["limits"]
    line = json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert Release.from_json(line).to_json() == line


@pytest.mark.parametrize("limits", ["[5]", "[5, 101]", "[0, 20]", "[5, NaN]", '[5, "20"]', "[5, 1" + "0" * 400 + "]"])
def test_limits_that_are_none_are_said(instrument, responses_of, tmp_path, limits):
    place = tmp_path / "releases.jsonl"
    mr.aggregate_scores(responses_of(instrument, GROUPS, seed=5), instrument, release_log=ReleaseLog(place))
    text = place.read_text("utf-8")
    assert '"limits":[5,20.0]' in text
    place.write_text(text.replace('"limits":[5,20.0]', f'"limits":{limits}'), "utf-8")
    with pytest.raises(ArgumentError, match="ReleaseLog"):
        ReleaseLog(place)


@pytest.mark.parametrize("text", ["no log", "{}", '{"released_on": 1}'])
def test_what_is_no_log_is_said(instrument, responses_of, tmp_path, text):
    place = tmp_path / "releases.jsonl"
    place.write_text(text, encoding="utf-8")
    with pytest.raises(ArgumentError, match="a file that a ReleaseLog wrote"):
        ReleaseLog(place)
    frame = responses_of(instrument, GROUPS)
    with pytest.raises(ArgumentError, match=r"release_log: expected a ReleaseLog, or store\.release_log; got str"):
        mr.aggregate_scores(frame, instrument, release_log=text)
    with pytest.raises(ResponsesError, match="a response_id for every response"):
        mr.aggregate_scores(frame.drop(columns="response_id"), instrument, release_log=ReleaseLog())
    with pytest.raises(ArgumentError, match="cannot be written"):
        mr.aggregate_scores(frame, instrument, release_log=ReleaseLog(tmp_path / "nowhere" / "log"))
