"""What explorers show, and what they never do."""

from __future__ import annotations

import contextlib
import io
import re
from dataclasses import replace
from types import SimpleNamespace

import comm
import numpy as np
import pandas as pd
import pytest
from explorers.explorer_support import (
    ReleasedRows,
    Wire,
    all_settings,
    files_in,
    in_waves,
    pages_html,
    words_of,
)

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, NothingToReleaseError
from movement_readiness.explorers import SiteExplorer, TeamExplorer
from movement_readiness.explorers import words as say
from movement_readiness.explorers.view import View
from movement_readiness.teams import REASONS
from movement_readiness.teams.words import _WHY

BOTH = pytest.mark.parametrize("explorer", [TeamExplorer, SiteExplorer])
GROUPS = {
    ("North", "Ward 1"): 14,
    ("North", "Ward 2"): 12,
    ("North", "Ward 3"): 4,
    ("North", "Ward 4"): 6,
    ("South", "Ward 1"): 11,
    ("South", "Ward 2"): 13,
    ("West", "Ward 1"): 3,
}


@pytest.fixture(scope="module")
def of_waves(responses_of):
    """Results of two waves."""

    def made(instrument, groups=GROUPS, **options):
        waves = [responses_of(instrument, groups, seed=seed) for seed in (1, 2)]
        return mr.aggregate_scores(in_waves(waves), instrument, **options)

    return made


@pytest.fixture(scope="module")
def teams(any_instrument, of_waves):
    return of_waves(any_instrument)


@pytest.fixture(scope="module")
def many(instrument):
    """Enough teams, differing enough, for every comparison."""
    study = mr.simulate_responses(
        instrument, n_sites=3, teams_per_site=17, team_size=(8, 22), n_waves=2, wave_change=0.5, icc1=0.2, seed=4
    )
    return mr.aggregate_scores(study.responses, instrument, roster=study.roster)


@pytest.fixture(scope="module", params=[TeamExplorer, SiteExplorer])
def sweep(request, any_instrument, teams):
    """Everything that an explorer shows while every control is gone through, step by step."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        shown = request.param(teams, any_instrument)
        steps = [
            SimpleNamespace(place=place, views=shown.views, pages=pages_html(shown), status=shown._status.text)
            for place in all_settings(shown)
        ]
    return SimpleNamespace(explorer=shown, steps=steps, printed=out.getvalue() + err.getvalue())


@pytest.fixture
def wire(monkeypatch):
    monkeypatch.setattr(comm, "create_comm", lambda **keys: Wire(**keys))
    monkeypatch.setattr(Wire, "said", [])
    return Wire.said


# --- what goes in


@BOTH
def test_nothing_but_released_results_is_taken(explorer, instrument, garden, responses_of, many):
    with pytest.raises(ArgumentError, match=r"teams: expected TeamResults.*got DataFrame.*never sees respondents"):
        explorer(responses_of(instrument, GROUPS), instrument)
    with pytest.raises(ArgumentError, match=r"teams: expected TeamResults.*got DataFrame"):
        explorer(many.scores, instrument)
    with pytest.raises(
        ArgumentError, match=r"instrument: expected movement-readiness.*, which the results come from; got shared"
    ):
        explorer(many, garden)
    with pytest.raises(ArgumentError, match=r"instrument: expected an Instrument; got str"):
        explorer(many, "full")


@BOTH
@pytest.mark.parametrize("wrong", [{"site": "Nort"}, {"wave": "9"}, {"form": "ful"}])
def test_what_is_not_there_is_refused_in_a_sentence(explorer, instrument, many, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(ArgumentError, match=f"{name}: expected one of .*; got '{value}'"):
        explorer(many, instrument, **wrong)


def test_a_team_of_another_site_is_refused(any_instrument, teams):
    with pytest.raises(ArgumentError, match=r"team: expected one of 'Ward 1', 'Ward 2'; got 'Ward 4'"):
        TeamExplorer(teams, any_instrument, site="South", team="Ward 4")


def test_results_without_a_group_are_refused(instrument, many):
    with pytest.raises(NothingToReleaseError, match="no group"):
        TeamExplorer(replace(many, respondents=many.respondents.head(0)), instrument)


# --- what comes out


def test_whatever_is_chosen_every_row_is_a_released_one(sweep, teams):
    released = ReleasedRows(teams)
    tables = [
        (step.place, view.name, table)
        for step in sweep.steps
        for view in step.views.values()
        for table in view.tables.values()
    ]
    assert [(place, name) for place, name, table in tables if not released.hold(table)] == []
    assert sum(len(table) > 0 for _, _, table in tables) > 50


@BOTH
def test_with_enough_teams_too(explorer, instrument, many):
    shown, released = explorer(many, instrument), ReleasedRows(many)
    for name, value in all_settings(shown):
        for view in shown.views.values():
            for table in view.tables.values():
                assert released.hold(table), (name, value, view.name)


def _numbers(text):
    return set(re.findall(r"\d+(?:\.\d+)?", text))


def _allowed(teams, instrument):
    """Every number that the page may say: those of the released frames as they are written, and of fixed words."""
    known = set()
    for name in ("scores", "answers", "agreement", "respondents", "team_differences", "funnel", "change"):
        frame = getattr(teams, name)
        for column in frame.select_dtypes("number").columns:
            for value in pd.unique(frame[column].dropna()):
                known |= {f"{abs(value):g}", f"{abs(value):.0f}", f"{abs(value):.2f}"}
        for column in frame.select_dtypes(["str", "object"]).columns:
            for value in pd.unique(frame[column].dropna()):
                known |= _numbers(str(value))
    words = instrument.translation(None)
    for part in (words.items, words.scales, words.low_labels, words.high_labels, *words.options.values()):
        for text in part.values():
            known |= _numbers(text)
    fixed = "0 100 95 99.8 1 80 30 ICC(1)"
    return known | _numbers(f"{say.policy_line(teams)} {say.claim_line(teams)} {fixed} {teams.invariance}")


def test_no_number_is_read_on_the_page_that_is_not_released(sweep, any_instrument, teams):
    allowed = _allowed(teams, any_instrument)
    for step in sweep.steps:
        for words in map(words_of, step.pages):
            if "above the middle" not in words:  # there the sums of the released percentages beside them stand
                assert _numbers(words) <= allowed, (step.place, _numbers(words) - allowed)


@BOTH
def test_the_messages_to_the_page_say_nothing_of_anybody(explorer, any_instrument, teams, wire):
    shown = explorer(teams, any_instrument)
    for _ in all_settings(shown):
        pass
    for panel in shown.children[-1].children:
        panel.children[1].children[0].click()
    assert len(wire) > 50
    everything = "".join(text for _, text, _ in wire)
    assert "person-" not in everything
    assert "OutputModel" not in everything  # nbval cannot compare what such a widget holds
    assert not any(buffers for _, _, buffers in wire)


@BOTH
def test_a_choice_on_the_page_is_a_message_and_changes_the_views(explorer, any_instrument, teams, wire):
    shown = explorer(teams, any_instrument)
    for name, control in shown.controls.items():
        if len(control.options) < 2:
            continue
        before, n_before = pages_html(shown), len(wire)
        other = 1 if control.index == 0 else 0
        _from_the_page(control, index=other)
        assert control.value == control.options[other][1]
        assert pages_html(shown) != before, name
        assert f"{shown._status.text}" in wire[-1][1] or "New:" in shown._status.text
        assert len(wire) - n_before < 80


def _from_the_page(widget, **state):
    widget.comm.handle_msg(
        {"content": {"data": {"method": "update", "state": state, "buffer_paths": []}}, "buffers": []}
    )


@BOTH
def test_a_message_that_asks_for_what_is_not_offered_changes_nothing(explorer, any_instrument, teams, wire, caplog):
    shown = explorer(teams, any_instrument)
    before, selection = pages_html(shown), shown.selection
    caplog.set_level("CRITICAL", logger="traitlets")
    for wrong in (999, "x", -1, None):
        _from_the_page(shown.controls["site"], index=wrong)
        assert pages_html(shown) == before
        assert shown.selection == selection


# --- withheld is visible as withheld


def test_a_team_of_four_reads_why_and_sees_its_site(any_instrument, teams):
    shown = TeamExplorer(teams, any_instrument, site="North", team="Ward 3")
    profile = shown.views["profile"]
    assert profile.title == "Profile of North, because Ward 3's is not shown"
    said = " ".join(profile.sentences)
    assert "So few people answered in this team that their number is not shown." in said
    assert "The answers are not lost: they count in what North says as a whole" in said
    assert "too few people answered to show a number without pointing to someone" in said
    assert profile.tables["numbers"]["level"].eq("site").all()
    assert profile.tables["team"]["withheld"].all()
    for view in shown.views.values():
        for part, table in view.tables.items():
            own = table[table["level"] == "team"] if "level" in table else table.head(0)
            assert own["withheld"].all(), (view.name, part)
            assert own.select_dtypes("number").drop(columns="option", errors="ignore").isna().all(axis=None)
    assert shown.views["answers"].picture is None


def test_a_number_that_would_tell_a_smaller_teams_says_so(any_instrument, teams):
    heads = teams.respondents
    mine = (heads["site"] == "North") & (heads["team"] == "Ward 1")
    hidden = heads.assign(
        n=heads["n"].mask(mine), withheld=heads["withheld"] | mine, reason=heads["reason"].mask(mine, "protected")
    )
    shown = TeamExplorer(replace(teams, respondents=hidden), any_instrument, site="North", team="Ward 1")
    said = " ".join(shown.views["profile"].sentences)
    assert "is not shown: it would tell how many answered in a smaller team." in said
    assert "So few people" not in said


def test_a_team_whose_site_is_not_shown_either_reads_why(any_instrument, teams):
    shown = TeamExplorer(teams, any_instrument, site="West")
    assert all(view.picture is None for view in shown.views.values())
    assert any("count as soon as enough people at West have answered" in text for text in pages_html(shown))


@BOTH
def test_when_nothing_may_be_shown_there_is_no_figure_and_no_number(explorer, any_instrument, responses_of):
    teams = mr.aggregate_scores(responses_of(any_instrument, {("North", "A"): 3, ("South", "B"): 2}), any_instrument)
    shown = explorer(teams, any_instrument)
    for _ in all_settings(shown):
        assert all(view.picture is None for view in shown.views.values())
        assert not any("<img" in markup for markup in pages_html(shown))
        assert any("too few people answered" in markup for markup in pages_html(shown))


@BOTH
def test_one_team_in_one_wave_is_enough(explorer, any_instrument, responses_of):
    teams = mr.aggregate_scores(responses_of(any_instrument, {("North", "A"): 14}), any_instrument)
    shown = explorer(teams, any_instrument)
    for _ in all_settings(shown):
        given = shown.selection.kind == "mean" or explorer is SiteExplorer
        assert (shown.views["profile"].picture is not None) == given
    assert shown.views["change"].sentences == ("There is no wave before this one.",)


@BOTH
def test_a_form_that_nobody_answered_in_a_wave_says_so(explorer, any_instrument, responses_of):
    long, short = list(any_instrument.forms)[:2]
    waves = [responses_of(any_instrument, GROUPS, form=long), responses_of(any_instrument, GROUPS, form=short)]
    shown = explorer(mr.aggregate_scores(in_waves(waves), any_instrument), any_instrument)
    assert shown.selection.wave == "2"
    assert shown.selection.form == short
    shown.controls["form"].value = long
    assert "Nobody answered this form in this wave." in shown.views["profile"].sentences
    for _ in all_settings(shown):
        pass


@BOTH
def test_a_form_without_scored_scales_says_so(explorer, instrument, many):
    shown = explorer(replace(many, team_differences=many.team_differences.head(0)), instrument)
    assert shown.selection.scale == ""
    assert any("This form has no domain that is scored." in view.sentences for view in shown.views.values())
    for _ in all_settings(shown):
        pass


def test_people_without_a_team_make_a_site_without_teams(instrument, responses_of):
    responses = responses_of(instrument, {("North", "A"): 14}).assign(team=pd.array([None] * 14, dtype="str"))
    teams = mr.aggregate_scores(responses, instrument)
    shown = SiteExplorer(teams, instrument)
    assert shown.views["profile"].picture is not None
    assert shown.views["teams"].sentences[0] == "This site has no teams."
    alone = TeamExplorer(teams, instrument)
    assert alone.selection.team == ""
    assert alone.views["profile"].title == "Profile of North"


def test_a_team_sees_its_own_results(any_instrument, of_waves):
    own = of_waves(any_instrument, audience=("own_team", "North", "Ward 4"))
    shown = TeamExplorer(own, any_instrument)
    assert [value for _, value in shown.controls["team"].options] == ["Ward 4"]
    assert not shown.views["profile"].tables["numbers"]["withheld"].any()
    assert "own means from 5" in words_of(shown.children[0].value)


def test_every_reason_has_its_words():
    for reason in REASONS:
        if reason:
            assert reason in _WHY, reason


# --- comparisons stand beside their evidence


def test_a_comparison_with_the_site_says_whether_teams_differ(instrument, many):
    shown = TeamExplorer(many, instrument)
    shown.controls["comparison"].value = "site"
    profile = shown.views["profile"]
    assert any("These answers support that teams differ" in text for text in profile.sentences)
    assert shown.controls["site"].value in profile.picture.alternative.split("Rational")[1]
    assert set(profile.tables) == {"numbers", "comparison", "evidence"}


def test_a_comparison_that_is_not_supported_is_withheld(instrument, responses_of):
    # Twenty teams that do not differ at all.
    groups = {("North", f"Ward {number:02}"): 24 for number in range(1, 21)}
    teams = mr.aggregate_scores(responses_of(instrument, groups, seed=3), instrument)
    refused = teams.team_differences.query("state == 'not supported'")["scale"].tolist()
    assert refused
    shown = TeamExplorer(teams, instrument)
    shown.controls["comparison"].value = "site"
    profile = shown.views["profile"]
    compared = profile.picture.data.set_index("scale")["reference_mean"]
    assert compared[[scale for scale in refused if scale in compared]].isna().all()
    assert profile.picture.data["mean"].notna().all()  # a team's own mean never depends on that
    assert any("do not support that teams differ" in text for text in profile.sentences)
    site = SiteExplorer(teams, instrument)
    assert not site.views["teams"].tables["numbers"]["scale"].isin(refused).any()
    label = instrument.translation(None).scales[refused[0]]
    assert any(label in text and "teams are not compared" in text for text in site.views["teams"].sentences)


def test_a_benchmark_needs_thirty_teams(any_instrument, teams, instrument, many):
    few = TeamExplorer(teams, any_instrument)
    few.controls["comparison"].value = "benchmark"
    assert any("it needs 30 published teams" in text for text in few.views["profile"].sentences)
    enough = TeamExplorer(many, instrument)
    enough.controls["comparison"].value = "benchmark"
    profile = enough.views["profile"]
    assert any(text.startswith("The benchmark is where 80 % of teams' true means") for text in profile.sentences)
    assert many.invariance in profile.sentences
    assert "80 % of true team means (estimate)" in profile.picture.alternative


def test_the_wave_before_and_the_change_since(instrument, many):
    shown = TeamExplorer(many, instrument, site="North")
    shown.controls["comparison"].value = "earlier"
    assert "Wave 1" in shown.views["profile"].picture.alternative
    assert shown.views["change"].title.endswith("since wave 1")
    shown.controls["wave"].value = "1"
    assert "There is no wave before this one." in shown.views["profile"].sentences
    assert shown.views["change"].picture is None


def test_a_site_is_compared_with_its_wave_before_whatever_the_kind_of_score(instrument, many):
    shown = SiteExplorer(many, instrument)
    shown.controls["comparison"].value = "earlier"
    shown.controls["kind"].value = "shrunken"
    assert "Wave 1" in shown.views["profile"].picture.alternative


def test_sites_side_by_side_say_which_evidence_allows_it(instrument, many):
    assert many.invariance in SiteExplorer(many, instrument).views["sites"].sentences


def test_shrunken_means_are_the_released_ones(instrument, many):
    shown = SiteExplorer(many, instrument)
    assert shown.controls["kind"].value == "shrunken"  # teams side by side are a comparison
    view = shown.views["teams"]
    rows = view.tables["numbers"]
    drawn = view.picture.data
    words = instrument.translation(None).scales
    for row in rows[~rows["withheld"]].to_dict("records"):
        assert drawn.loc[row["team"], words[row["scale"]]] == row["shrunken"]


def test_own_means_are_shown_where_nothing_is_shrunken_and_a_choice_of_them_warns(any_instrument, instrument, many):
    study = mr.simulate_responses(any_instrument, n_sites=1, teams_per_site=2, team_size=14, seed=3)
    few = SiteExplorer(mr.aggregate_scores(study.responses, any_instrument), any_instrument)
    assert few.controls["kind"].value == "mean"
    shown = SiteExplorer(many, instrument)
    warning = "Means of small teams swing by chance. To compare teams choose the mean that is drawn towards the middle."
    assert warning not in shown.views["teams"].sentences
    shown.controls["kind"].value = "mean"
    assert warning in shown.views["teams"].sentences


def test_whether_teams_differ_is_said_in_words_and_the_numbers_are_in_a_table(instrument, many):
    shown = SiteExplorer(many, instrument)
    said = " ".join(" ".join(view.sentences) for view in shown.views.values())
    assert "These answers support that teams differ: Rational" in said
    assert "ICC(1)" not in said
    assert "over-dispersion" not in said
    page = pages_html(shown)[1]
    table = page.split("whether teams differ as a table")[1]
    row = many.team_differences.query("wave == '2' and scale == 'rational'").iloc[0]
    assert f"<td>{row['icc1']:.2f}</td>" in table
    assert '<th scope="col">ICC(1)</th>' in table


def test_one_thing_has_one_name(instrument, many):
    """The control's word for it, in headings, tables and files; how alike answers are in the figure's words."""
    site, team = SiteExplorer(many, instrument), TeamExplorer(many, instrument)
    assert site.views["teams"].title.endswith("by domain")
    assert '<th scope="col">Domain</th>' in pages_html(team)[0]
    assert "Scale" not in words_of(" ".join(pages_html(site) + pages_html(team)))
    spread = team.views["spread"]
    drawn = set(spread.picture.data["spread"])
    assert drawn <= {"much alike", "somewhat apart", "far apart"}
    assert set(pd.read_csv(io.BytesIO(spread.csv()))["spread"]) == drawn
    assert all(f"<td>{words}</td>" in pages_html(team)[1] for words in drawn)


@BOTH
def test_no_file_of_another_choice_is_written_over(explorer, instrument, many):
    shown, kept = explorer(many, instrument), {}
    for name in ("scale", "kind", "comparison", *(["page"] if explorer is SiteExplorer else [])):
        for _, value in shown.controls[name].options[:2]:
            shown.controls[name].value = value
            for view, panel in zip(shown.views.values(), shown.children[-1].children, strict=True):
                drawn = view.picture and view.picture.alternative
                assert kept.setdefault(panel._name, drawn) == drawn, (panel._name, name, value)
            for title, content in files_in("".join(pages_html(shown))).items():
                assert kept.setdefault(title, content) == content, (title, name, value)
    assert any("_full_emotional" in title for title in kept)


def test_nobody_is_ranked(instrument, many):
    teams = SiteExplorer(many, instrument).views["teams"].picture.data
    assert list(teams.index) == sorted(teams.index)
    text = " ".join(pages_html(SiteExplorer(many, instrument))).lower()
    assert not re.search(r"\brank|best|worst|league", words_of(text))


def test_a_withheld_team_is_not_compared_with_anything(instrument, many):
    """Under the site's figure nothing says that "none of these" is shown, nor that teams differ."""
    hidden = many.scores.query("level == 'team' and wave == '2' and withheld").iloc[0]
    shown = TeamExplorer(many, instrument, site=hidden["site"], team=hidden["team"])
    shown.controls["comparison"].value = "site"
    text = " ".join(map(words_of, pages_html(shown)))
    assert f"No number of {hidden['team']} is shown: too few people answered" in text
    assert "None of these" not in " ".join(shown.views["profile"].sentences)
    assert "teams differ" not in text


def test_a_site_of_one_team_is_not_compared_with_itself(instrument, responses_of):
    teams = mr.aggregate_scores(responses_of(instrument, {("North", "A"): 14, ("South", "B"): 12}), instrument)
    shown = TeamExplorer(teams, instrument, site="North")
    shown.controls["comparison"].value = "site"
    profile = shown.views["profile"]
    assert "All who answered at North are in A: these are the same people." in profile.sentences
    assert set(profile.tables) == {"numbers"}
    assert "reference_mean" not in profile.picture.data


def test_a_team_that_nobody_answered_of_is_told_so(instrument, responses_of):
    roster = pd.DataFrame({"site": ["North"] * 2, "team": ["A", "B"], "invited": [14, 9]})
    teams = mr.aggregate_scores(responses_of(instrument, {("North", "A"): 14}), instrument, roster=roster)
    shown = TeamExplorer(teams, instrument, site="North", team="B")
    said = " ".join(shown.views["profile"].sentences)
    assert "Nobody of this team answered." in said
    assert "not lost" not in said


def test_each_condition_is_explained_in_a_line(any_instrument, teams):
    head = words_of(TeamExplorer(teams, any_instrument).children[0].value)
    for scale in teams.scores["scale"].unique():
        assert any_instrument.translation(None).definitions[scale] in head


def test_a_table_is_saved_without_the_noise_of_machine_numbers():
    view = View("x", "X", {"numbers": pd.DataFrame({"change": [15 - 12.9, 3.0], "team": ["A", "=B"]})})
    assert view.csv().decode() == "change,team\n2.1,A\n3.0,'=B\n"


# --- controls, files, and the page


def test_every_control_has_a_label_and_the_status_follows(sweep):
    assert all(control.description for control in sweep.explorer.controls.values())
    assert len({step.status for step in sweep.steps}) > 8
    assert sweep.explorer._status._esm.count("aria-live") == 1


def test_another_site_has_other_teams_and_the_name_is_kept_where_it_is_there(any_instrument, teams):
    shown = TeamExplorer(teams, any_instrument, site="North", team="Ward 2")
    shown.controls["site"].value = "South"
    assert shown.selection.team == "Ward 2"
    shown.controls["site"].value = "West"
    assert shown.selection.team == "Ward 1"
    assert [value for _, value in shown.controls["team"].options] == ["Ward 1"]


def test_a_site_with_many_teams_has_pages(instrument, many):
    shown = SiteExplorer(many, instrument)
    assert [label for label, _ in shown.controls["page"].options] == ["A01 to A15", "A16 to A17"]
    shown.controls["page"].value = 1
    assert list(shown.views["teams"].picture.data.index) == ["A16", "A17"]
    assert [value for _, value in shown.controls["team"].options] == ["", "A16", "A17"]
    shown.controls["site"].value = "West" if "West" in many.sites else many.sites[-1]
    assert shown.selection.page == 1


def test_only_what_changed_is_drawn_again(any_instrument, teams):
    shown = TeamExplorer(teams, any_instrument)
    before = shown.views
    shown.controls["scale"].value = shown.controls["scale"].options[1][1]
    after = shown.views
    assert {name for name in before if before[name] is not after[name]} == {"answers"}


@BOTH
def test_tables_open_with_one_checkbox(explorer, any_instrument, teams):
    shown = explorer(teams, any_instrument)
    assert not any("<details open>" in markup for markup in pages_html(shown))
    shown._tables.value = True
    assert all("<details open>" in markup for markup in pages_html(shown) if "<details" in markup)


@BOTH
def test_the_links_hold_the_released_rows_and_the_figure(explorer, any_instrument, teams):
    shown = explorer(teams, any_instrument)
    for view, panel in zip(shown.views.values(), shown.children[-1].children, strict=True):
        tables = files_in(panel.children[0].value)
        assert len(tables) == sum(len(table) > 0 for table in view.tables.values())
        for name, content in tables.items():
            assert name.startswith("synthetic_")
            assert name.endswith(".csv")
            assert pd.read_csv(io.BytesIO(content)).shape in [table.shape for table in view.tables.values()]
        button, files = panel.children[1].children
        button.click()
        if view.picture is None:
            assert button.layout.display == "none"
            continue
        svg, png = files_in(files.value).values()
        assert svg.lstrip().startswith(b"<?xml")
        assert png.startswith(b"\x89PNG")
    shown.controls["site"].value = "South"
    assert not any(panel.children[1].children[1].value for panel in shown.children[-1].children[:1])


def test_csv_gives_back_the_numbers_exactly(instrument, many):
    view = TeamExplorer(many, instrument).views["profile"]
    back = pd.read_csv(io.BytesIO(view.csv()), dtype={"wave": str}, keep_default_na=True)
    rows = view.tables["numbers"]
    for column in ("n", "mean", "ci_low", "ci_high", "shrunken", "reliability"):
        np.testing.assert_array_equal(back[column].to_numpy(float), rows[column].to_numpy(float, na_value=np.nan))


@BOTH
def test_save_writes_what_is_shown(explorer, any_instrument, teams, tmp_path):
    shown = explorer(teams, any_instrument)
    written = shown.save(tmp_path)
    assert sorted(written) == sorted(tmp_path.iterdir())
    assert {path.suffix for path in written} == {".svg", ".png", ".csv"}
    assert all(path.name.startswith("synthetic_") for path in written)
    assert len(written) == len(set(written))
    with pytest.raises(ArgumentError, match="folder: expected an existing folder"):
        shown.save(tmp_path / "not there")


@BOTH
def test_names_of_teams_are_text_and_nothing_else(explorer, instrument, responses_of, tmp_path):
    nasty = ['<script>alert("1")</script>', "=1+1", 'a & b\'s "team" $x^2$', "../../up", "ward 🏥"]
    groups = {("<b>North</b>", name): 12 for name in nasty}
    teams = mr.aggregate_scores(responses_of(instrument, groups), instrument)
    shown = explorer(teams, instrument)
    for value in nasty if explorer is TeamExplorer else [""]:
        shown.controls["team"].value = value
        for markup in pages_html(shown):
            assert "<script" not in markup
            assert "<b>" not in markup
    if explorer is TeamExplorer:
        shown.controls["team"].value = "=1+1"
        assert "'=1+1" in shown.views["profile"].csv().decode()
        shown.controls["team"].value = "../../up"
    assert {path.parent for path in shown.save(tmp_path)} == {tmp_path}


@BOTH
def test_what_a_notebook_keeps_is_the_first_view_and_the_claim(explorer, any_instrument, teams):
    shown = explorer(teams, any_instrument)
    data, _ = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert repr(shown) == data["text/plain"]
    assert "0x" not in repr(shown)
    assert "SYNTHETIC DATA" in data["text/html"]
    assert teams.claim.label in data["text/html"]
    assert len(data["text/html"]) < 40_000
    assert data["text/html"] == explorer(teams, any_instrument)._repr_mimebundle_()[0]["text/html"]


def test_nothing_is_printed(sweep):
    assert sweep.printed == ""


def test_another_language_is_that_of_the_instrument(instrument, many):
    shown = TeamExplorer(many, instrument, language="es")
    words = instrument.translation("es").scales
    assert shown.controls["scale"].options[0][0] == words["rational"]
    assert words["rational"] in shown.views["profile"].picture.alternative
