"""Groups, their numbers and what is withheld."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, MovementReadinessError, ResponsesError
from movement_readiness.teams import aggregate_own_teams
from movement_readiness.teams.aggregation import Aggregation
from movement_readiness.teams.differences import told

GROUPS = {
    ("North", "A"): 14,
    ("North", "B"): 12,
    ("North", "C"): 7,
    ("North", "D"): 3,
    ("South", "A"): 11,
    ("South", "B"): 4,
    ("South", "C"): 6,
}


def one(frame: pd.DataFrame, **where) -> pd.Series:
    rows = frame
    for name, value in where.items():
        rows = rows[rows[name] == value] if value is not None else rows[rows[name].isna()]
    assert len(rows) == 1
    return rows.iloc[0]


def test_the_long_table_has_the_columns_others_write_against(any_instrument, responses_of):
    teams = mr.aggregate_scores(responses_of(any_instrument, GROUPS), any_instrument)
    assert list(teams.scores.columns) == [
        "level", "site", "team", "wave", "form", "scale", "n", "mean", "ci_low", "ci_high", "shrunken", "shrunken_low", "shrunken_high",
        "reliability", "withheld", "reason",
    ]  # fmt: skip
    form = next(iter(any_instrument.forms))
    assert set(teams.scores["scale"]) == set(any_instrument.report_scales(form))
    assert len(teams.scores) == (2 + 7) * teams.scores["scale"].nunique()
    pd.testing.assert_frame_equal(teams.to_frame(), teams.scores)


def test_means_are_those_of_the_scores(any_instrument, responses_of):
    responses = responses_of(any_instrument, GROUPS)
    scores = mr.score_scales(responses, any_instrument)
    teams = mr.aggregate_scores(responses, any_instrument)
    scale = any_instrument.report_scales(next(iter(any_instrument.forms)))[0]
    mine = scores[(scores["site"] == "North") & (scores["team"] == "A")][scale]
    row = one(teams.scores, level="team", site="North", team="A", scale=scale)
    assert row["n"] == mine.notna().sum()
    assert row["mean"] == np.floor(mine.mean() + 0.5)
    site = one(teams.scores, level="site", site="North", scale=scale)
    assert site["mean"] == np.floor(scores[scores["site"] == "North"][scale].mean() + 0.5)
    rows = teams.scores[
        (teams.scores["level"] == "team") & (teams.scores["scale"] == scale) & ~teams.scores["withheld"]
    ]
    published = set(zip(rows["site"], rows["team"], strict=True))
    chosen = [place in published for place in zip(scores["site"], scores["team"], strict=True)]
    found = mr.icc(scores.loc[chosen, scale], scores.loc[chosen, ["site", "team"]], method="reml")
    from scipy import stats

    half = np.ceil(stats.t.ppf(0.975, found.df_within) * found.sd_within / np.sqrt(row["n"]) + 0.5)
    assert row["ci_low"] == max(row["mean"] - half, 0)
    assert row["ci_high"] == min(row["mean"] + half, 100)
    codes = pd.factorize(scores.loc[chosen, "site"] + scores.loc[chosen, "team"])[0]
    known = told(found, scores.loc[chosen, scale].to_numpy(float), codes)  # of the SD in whole points
    assert row["reliability"] == round(known.reliability(row["n"]), 2)
    # The site: its teams are the site, so only who answered within them is left to chance.
    half = np.ceil(stats.t.ppf(0.975, found.df_within) * found.sd_within / np.sqrt(site["n"]) + 0.5)
    assert site["ci_low"] == max(site["mean"] - half, 0)


def test_published_and_own_audiences_differ_only_in_what_they_may_see(instrument, responses_of):
    responses = responses_of(instrument, {("North", "A"): 14, ("North", "B"): 12, ("North", "C"): 7, ("South", "C"): 7})
    published = mr.aggregate_scores(responses, instrument)
    row = one(published.scores, level="team", site="North", team="C", scale="rational")
    assert row["withheld"]
    assert pd.isna(row["mean"])
    assert pd.isna(row["n"])
    own = mr.aggregate_scores(responses, instrument, audience=("own_team", "North", "C"))
    assert set(own.scores["team"].dropna()) == {"C"}
    assert set(own.scores["site"]) == {"North"}
    row = one(own.scores, level="team", scale="rational")
    assert row["n"] == 7
    assert not row["withheld"]
    assert pd.isna(row["shrunken"])
    assert own.items.loc[own.items["level"] == "team", "withheld"].all()
    assert own.agreement["withheld"].all()


def test_own_results_of_all_teams_are_those_asked_for_one_by_one(instrument, responses_of):
    responses = responses_of(instrument, GROUPS)
    own = dict(aggregate_own_teams(responses, instrument))
    assert list(own) == sorted(GROUPS)
    for site, team in (("North", "A"), ("North", "C"), ("North", "D"), ("South", "C")):  # published, small, hidden
        alone = mr.aggregate_scores(responses, instrument, audience=("own_team", site, team))
        assert_same(own[site, team], alone)


def test_one_aggregation_gives_the_same_to_everybody(instrument, responses_of):
    """Other tests take everybody's results from one aggregation: it is made once, not once for each audience."""
    responses = responses_of(instrument, GROUPS)
    whole = Aggregation(responses, instrument)
    assert_same(whole.results("published"), mr.aggregate_scores(responses, instrument))
    own = dict(aggregate_own_teams(responses, instrument))
    again = dict(whole.own_teams())
    assert list(own) == list(again)
    for place, results in own.items():
        assert_same(again[place], results)


def assert_same(found, expected):
    for table in ("scores", "items", "answers", "agreement", "respondents", "team_differences", "funnel", "change"):
        pd.testing.assert_frame_equal(getattr(found, table), getattr(expected, table))
    assert found.audience == expected.audience


def test_withheld_rows_hold_no_number_and_say_why(any_instrument, responses_of):
    teams = mr.aggregate_scores(responses_of(any_instrument, GROUPS), any_instrument)
    for frame, numbers in (
        (teams.scores, ["n", "mean", "ci_low", "ci_high", "shrunken", "reliability"]),
        (teams.items, ["n", "mean"]),
        (teams.answers, ["n", "percent"]),
        (teams.agreement, ["n", "spread"]),
    ):
        hidden = frame[frame["withheld"]]
        assert len(hidden)
        assert hidden[numbers].isna().all(axis=None)
        assert (hidden["reason"] != "").all()
        assert (frame.loc[~frame["withheld"], "reason"] == "").all()
        assert frame.loc[~frame["withheld"], numbers[:2]].notna().all(axis=None)


def test_teams_of_the_same_name_at_two_sites_are_two_teams(instrument, responses_of):
    teams = mr.aggregate_scores(responses_of(instrument, GROUPS), instrument)
    assert len(teams.respondents[(teams.respondents["level"] == "team") & (teams.respondents["team"] == "A")]) == 2


@pytest.mark.parametrize("kind", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_any_frame_gives_the_same_results(instrument, responses_of, kind):
    responses = responses_of(instrument, GROUPS)
    base = mr.aggregate_scores(responses, instrument)
    other = mr.aggregate_scores(kind(responses), instrument)
    pd.testing.assert_frame_equal(base.scores, other.scores)
    pd.testing.assert_frame_equal(base.answers, other.answers)


def test_answers_are_counted_as_given_also_for_reversed_items(garden, responses_of):
    responses = responses_of(garden, {("N", "A"): 30, ("N", "B"): 30})
    teams = mr.aggregate_scores(responses, garden)
    for item in ("g_chore", "n_fence", "g_often"):
        rows = teams.answers[(teams.answers["team"] == "A") & (teams.answers["item"] == item)]
        raw = responses.loc[responses["team"] == "A", item].value_counts()
        expected = [np.floor(raw.get(code, 0) / 30 * 100 + 0.5) for code in rows["option"]]
        assert rows["percent"].tolist() == expected
    keyed = mr.item_matrix(responses, garden).loc[responses["team"] == "A", "g_chore"]
    row = one(teams.items, level="team", team="A", item="g_chore")
    assert row["mean"] == np.floor((keyed.mean() - 1) / 6 * 100 + 0.5)


def test_a_roster_gives_invited_numbers_and_lists_teams_nobody_answered_in(instrument, responses_of):
    roster = pd.DataFrame({"site": ["North", "North", "West"], "team": ["A", "B", "Z"], "invited": [20, 15, 8]})
    teams = mr.aggregate_scores(responses_of(instrument, GROUPS), instrument, roster=roster)
    assert one(teams.respondents, level="team", site="North", team="A")["invited"] == 20
    assert pd.isna(one(teams.respondents, level="team", site="South", team="A")["invited"])
    assert one(teams.respondents, level="team", site="West", team="Z")["withheld"]
    assert one(teams.scores, level="team", site="West", team="Z", scale="rational")["reason"] == "no_answers"
    assert one(teams.scores, level="site", site="West", scale="rational")["withheld"]


def test_waves_and_forms_are_never_put_together(instrument, responses_of):
    groups = {("North", "A"): 12, ("North", "B"): 12}
    frame = pd.concat([responses_of(instrument, groups, wave="1"), responses_of(instrument, groups, wave="2", seed=1)])
    frame["response_id"] = [f"x{number}" for number in range(len(frame))]
    short = responses_of(instrument, groups, form="short", seed=2)
    teams = mr.aggregate_scores(pd.concat([frame, short], ignore_index=True), instrument)
    assert teams.waves == ("1", "2")
    assert set(teams.scores.loc[teams.scores["form"] == "short", "scale"]) == {"readiness_short"}
    assert one(teams.scores, level="team", team="A", wave="2", scale="rational")["n"] == 12
    assert "readiness" not in set(teams.scores["scale"])


def test_responses_without_a_team_count_for_their_site_and_those_without_a_site_nowhere(instrument, responses_of):
    responses = responses_of(instrument, {("North", "A"): 15, ("North", "B"): 15})
    responses.loc[:4, "team"] = None
    responses.loc[29, "site"] = None
    teams = mr.aggregate_scores(responses, instrument)
    assert teams.n_without_site == 1
    assert one(teams.respondents, level="site", site="North")["n"] == 29
    assert one(teams.respondents, level="team", site="North", team="A")["n"] == 10
    assert "1 responses name no site" in teams._repr_html_()


def test_one_team_alone_gets_a_wide_interval_from_no_ones_answers(instrument, responses_of):
    responses = responses_of(instrument, {("North", "A"): 16})
    teams = mr.aggregate_scores(responses, instrument)
    row = one(teams.scores, level="team", scale="rational")
    assert row["ci_high"] - row["ci_low"] == 2 * np.ceil(1.959964 * 25 / 4 + 0.5)
    assert pd.isna(row["reliability"])
    assert set(teams.team_differences["state"]) == {"unknown"}


def test_teams_that_agree_wholly_do_not_show_it_in_a_narrow_interval(instrument, responses_of):
    """Everybody's items differ, their scores do not: a pooled SD of zero would say what everybody's score is."""
    responses = responses_of(instrument, {("N", "A"): 12, ("N", "B"): 12, ("N", "C"): 12})
    for place, item in enumerate(instrument.item_ids("rational")):
        responses[item] = (np.arange(36) + place) % 5 + 1
    rows = mr.aggregate_scores(responses, instrument).scores.query("level == 'team' and scale == 'rational'")
    assert (rows["ci_high"] - rows["ci_low"] >= 2 * np.ceil(1.96 * 25 / np.sqrt(12))).all()
    assert rows["reliability"].isna().all()


def test_nothing_is_estimated_from_hidden_teams(instrument, responses_of):
    """The ICC of all teams, with the means of the others, would give the mean of a hidden one."""
    groups = {("A", "t"): 20, ("B", "t"): 24, ("C", "t"): 17, ("D", "t"): 4}
    responses = responses_of(instrument, groups)
    base = mr.aggregate_scores(responses, instrument)
    changed = responses.copy()
    changed.loc[changed["site"] == "D", list(instrument.item_ids())] = 5
    other = mr.aggregate_scores(changed, instrument)
    for name in ("scores", "items", "answers", "agreement", "team_differences", "respondents"):
        pd.testing.assert_frame_equal(getattr(base, name), getattr(other, name))


def test_items_do_not_tell_what_somebody_without_a_score_answered(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 11, ("N", "B"): 20})
    responses.loc[0, ["R4", "R5"]] = -9
    teams = mr.aggregate_scores(responses, instrument)
    assert one(teams.scores, level="team", team="A", scale="rational")["n"] == 10
    rows = teams.items[(teams.items["team"] == "A") & teams.items["item"].isin(instrument.item_ids("rational"))]
    assert set(rows["n"].dropna()) <= {10}
    again = responses.copy()
    again.loc[0, ["R1", "R2", "R3"]] = 5
    pd.testing.assert_frame_equal(teams.answers, mr.aggregate_scores(again, instrument).answers)


def test_scales_that_share_items_are_shown_together(garden, responses_of):
    """In the garden all three item scales are linked through shared items."""
    responses = responses_of(garden, {("N", "A"): 20, ("N", "B"): 20, ("N", "C"): 20})
    alike = responses["team"] == "A"
    responses.loc[alike, "n_fence"] = 1
    responses.loc[alike, "n_key"] = 0
    teams = mr.aggregate_scores(responses, garden)
    rows = teams.scores[(teams.scores["level"] == "team")].pivot_table(
        index="team", columns="scale", values="withheld", aggfunc="max"
    )
    assert rows.loc["A", "order"]
    assert all(len(set(row)) == 1 for row in rows.itertuples(index=False))


def test_a_response_that_stands_twice_is_not_two_people(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 5, ("N", "B"): 12})
    with pytest.raises(ResponsesError, match="'r0' stands 2 times"):
        mr.aggregate_scores(pd.concat([responses, responses], ignore_index=True), instrument)


@pytest.mark.parametrize(("value", "mark"), [("True", True), ("1", True), (1, True), ("false", False), (None, False)])
def test_the_synthetic_mark_survives_other_types(instrument, responses_of, value, mark):
    responses = responses_of(instrument, {("N", "A"): 12}).assign(synthetic=value)
    assert mr.aggregate_scores(responses, instrument).synthetic is mark
    with pytest.raises(ResponsesError, match="expected True or False"):
        mr.aggregate_scores(responses.assign(synthetic="perhaps"), instrument)


def test_waves_and_teams_that_are_numbers_are_named_as_people_write_them(instrument, responses_of):
    responses = responses_of(instrument, {("N", "1"): 12}).assign(team=[1.0] * 11 + [np.nan], wave=1.0)
    roster = pd.DataFrame({"site": ["N"], "team": [1], "invited": [14]})
    teams = mr.aggregate_scores(responses, instrument, roster=roster)
    assert teams.waves == ("1",)
    assert one(teams.respondents, level="team")["n"] == 11
    with pytest.raises(ResponsesError, match="expected a wave for every response"):
        mr.aggregate_scores(responses.assign(wave=[1.0] * 11 + [np.nan]), instrument)


def test_no_half_width_tells_a_teams_own_spread(instrument, responses_of):
    """Two teams of the same size get the same width, however alike one of them is."""
    responses = responses_of(instrument, {("North", "A"): 12, ("North", "B"): 12, ("North", "C"): 12})
    alike = responses["team"] == "B"
    for item in instrument.item_ids("rational"):
        responses.loc[alike, item] = pd.array(([2, 3, 4] * 4), dtype="Int64")
    teams = mr.aggregate_scores(responses, instrument)
    rows = teams.scores[(teams.scores["level"] == "team") & (teams.scores["scale"] == "rational")]
    assert len(set(rows["ci_high"] - rows["ci_low"])) == 1


def test_unanimous_items_and_scales_are_withheld(instrument, responses_of):
    responses = responses_of(instrument, {("North", "A"): 20, ("North", "B"): 20, ("North", "C"): 20})
    for item in instrument.item_ids("rational"):
        responses.loc[responses["team"] == "A", item] = 5
    teams = mr.aggregate_scores(responses, instrument)
    row = one(teams.scores, level="team", team="A", scale="rational")
    assert row["reason"] == "protected"
    assert one(teams.items, level="team", team="A", item="R1")["reason"] == "protected"
    # The site less the two other teams would give it away, so one more is hidden.
    others = teams.scores[(teams.scores["team"].isin(["B", "C"])) & (teams.scores["scale"] == "rational")]
    assert sorted(others["reason"]) == ["", "protected"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda frame: frame.drop(columns="team"), "expected the columns 'site' and 'team'; 'team' missing"),
        (lambda frame: frame.head(0), "at least one response"),
        (lambda frame: frame.assign(aim_id=["a"] * 10 + ["b"] * (len(frame) - 10)), "expected one aim_id"),
        (
            lambda frame: frame.assign(instrument_version=["0.1.0"] * 10 + ["0.2.0"] * (len(frame) - 10)),
            "version",
        ),
    ],
)
def test_what_may_not_be_aggregated_gets_a_sentence(instrument, responses_of, change, sentence):
    with pytest.raises(ResponsesError, match=sentence):
        mr.aggregate_scores(change(responses_of(instrument, GROUPS)), instrument)


@pytest.mark.parametrize(
    ("audience", "sentence"),
    [
        ("everybody", "audience: expected 'published'"),
        (("own_team", "Nort", "A"), "unknown site 'Nort'.*Did you mean 'North'"),
        (("own_team", "North", "Z"), "site 'North' has no team 'Z'; available: 'A', 'B'"),
    ],
)
def test_an_unknown_audience_gets_a_sentence(instrument, responses_of, audience, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        mr.aggregate_scores(responses_of(instrument, GROUPS), instrument, audience=audience)


@pytest.mark.parametrize(
    ("roster", "sentence"),
    [
        (
            {"site": ["N"], "team": ["A"]},
            "roster: expected the columns 'site', 'team', 'invited'; 'invited' missing",
        ),
        ({"site": ["N"], "team": ["A"], "invited": ["many"]}, "whole numbers of people.*'many'"),
        ({"site": ["N", "N"], "team": ["A", "A"], "invited": [1, 2]}, "listed more than once"),
    ],
)
def test_a_faulty_roster_gets_a_sentence(instrument, responses_of, roster, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        mr.aggregate_scores(responses_of(instrument, GROUPS), instrument, roster=pd.DataFrame(roster))


def test_what_is_no_frame_or_has_no_site_gets_a_sentence(instrument, responses_of):
    with pytest.raises(ArgumentError, match="responses: expected an eager data frame"):
        mr.aggregate_scores([1, 2], instrument)
    responses = responses_of(instrument, GROUPS).assign(site=None, Ward="x")
    with pytest.raises(ResponsesError, match=r"expected a site for each response.*its other columns are: 'Ward'"):
        mr.aggregate_scores(responses, instrument)


def test_input_is_not_changed_and_results_show_themselves(instrument, responses_of):
    responses = responses_of(instrument, GROUPS)
    before = responses.copy()
    teams = mr.aggregate_scores(responses, instrument)
    pd.testing.assert_frame_equal(responses, before)
    assert "SYNTHETIC" in repr(teams)
    assert "designed, not yet validated" in repr(teams)
    assert " at 0x" not in repr(teams)
    assert "Synthetic data" in teams._repr_html_()
    assert issubclass(ResponsesError, MovementReadinessError)


@pytest.mark.parametrize("seed", range(15))
def test_whatever_is_published_over_random_studies_keeps_the_promises(instrument, responses_of, seed):
    """All audiences together: every group that can be derived for a scale has none or at least five people."""
    rng = np.random.default_rng(seed)
    groups = {(site, f"T{team}"): int(rng.integers(0, 16)) for site in ("N", "S") for team in range(rng.integers(1, 6))}
    if not sum(groups.values()):
        return
    responses = responses_of(instrument, groups, seed=seed)
    lost = rng.random(len(responses)) < 0.1
    responses.loc[lost, list(instrument.item_ids("rational"))] = -9
    n = mr.score_scales(responses, instrument).groupby(["site", "team"])["rational"].count()
    shown = set()
    whole = Aggregation(responses, instrument)
    for place, results in whole.own_teams():
        row = one(results.scores, level="team", scale="rational")
        if not row["withheld"]:
            shown.add(place)
            assert n[place] >= 5
    published = whole.results("published").scores
    for site in ("N", "S"):
        site_rows = published[
            (published["level"] == "site") & (published["site"] == site) & (published["scale"] == "rational")
        ]
        if site_rows.empty or site_rows.iloc[0]["withheld"]:
            continue
        left = sum(count for place, count in n.items() if place[0] == site and place not in shown)
        assert left == 0 or left >= 5


def test_items_are_shown_only_where_the_scales_that_they_add_up_to_are(any_instrument, responses_of):
    rng = np.random.default_rng(3)
    for seed in range(6):
        groups = {(site, f"T{team}"): int(rng.integers(3, 16)) for site in ("N", "S") for team in range(4)}
        responses = responses_of(any_instrument, groups, seed=seed)
        for item in any_instrument.item_ids():
            responses.loc[rng.random(len(responses)) < 0.08, item] = pd.NA
        teams = mr.aggregate_scores(responses, any_instrument)
        place = ["level", "site", "team", "wave", "form"]
        means, items = (
            {name: rows.set_index(place)["withheld"] for name, rows in table.groupby(kind)}
            for kind, table in (("scale", teams.scores), ("item", teams.items))
        )
        for scale in any_instrument.report_scales(next(iter(any_instrument.forms))):
            hidden = means[scale].index[means[scale]]
            assert all(items[item][hidden].all() for item in any_instrument.item_ids(scale))


@pytest.mark.parametrize("aggregate", [mr.aggregate_scores, aggregate_own_teams])
def test_a_policy_of_another_kind_gets_a_sentence(instrument, responses_of, aggregate):
    with pytest.raises(ArgumentError, match="policy: expected a DisclosurePolicy"):
        aggregate(responses_of(instrument, GROUPS), instrument, policy={"min_respondents": 3})
