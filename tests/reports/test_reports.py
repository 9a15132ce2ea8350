"""What a team, a site and an attacker with a text editor find on a page."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pypdf
import pytest
from reports.reading import Text, read
from support import ROOT

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError, NothingToReleaseError
from movement_readiness.reports.batch import write_reports
from movement_readiness.reports.choice import _near
from movement_readiness.reports.sections import _standing_out

GROUPS = {
    ("North", "A"): 14,
    ("North", "B"): 12,
    ("North", "C"): 7,
    ("North", "D"): 6,
    ("South", "A"): 3,
    ("West", "A"): 13,
}
ROSTER = pd.DataFrame(
    {"site": [site for site, _ in GROUPS], "team": [team for _, team in GROUPS], "invited": [20, 12, 9, 6, 4, 15]}
)


@pytest.fixture(scope="module")
def published(instrument, responses_of):
    return mr.aggregate_scores(responses_of(instrument, GROUPS), instrument, roster=ROSTER)


def test_a_team_page_has_every_part_that_the_design_names(published, instrument):
    text = read(mr.team_report(published, instrument, site="North", team="A"))
    for part in (
        "14 of the 20 people invited answered (70%)",
        "What is in place for us now",
        "How alike our answers are",
        "Lines that stand out",
        "Programme pull",
        "Questions to talk about",
        "What we will do",
        "How reliably",
        "Evidence for Readiness for movement 0.1.0: designed, not yet validated.",
        "Synthetic data.",
        "ranking teams, judging a leader or engineering compliance",
        "0 (everybody answers “Not at all” on every line)",
    ):
        assert part in text, part
    for scale in instrument.report_scales("full"):
        assert instrument.scales[scale].title in text


def test_the_picture_and_the_table_say_the_same_numbers(published, instrument):
    report = mr.team_report(published, instrument, site="North", team="A")
    row = published.scores.query("level == 'team' and site == 'North' and team == 'A' and scale == 'rational'").iloc[0]
    numbers = f"{row['mean']:.0f} ({row['ci_low']:.0f} to {row['ci_high']:.0f})"
    assert f"Rational {numbers}" in read(report)
    assert f"<strong>{row['mean']:.0f}</strong>" in report.html


def test_a_team_too_small_reads_a_kind_sentence_and_sees_its_site(published, instrument):
    text = read(mr.team_report(published, instrument, site="North", team="C"))
    assert "This page shows no numbers of your team alone." in text
    assert "Your answers are not lost: they count in what North says as a whole" in text
    assert "What is in place at North now" in text
    assert "7" not in re.findall(r"(\d+) of the \d+ people", text)


def test_a_site_too_small_shows_no_numbers_and_says_so(published, instrument):
    text = read(mr.site_report(published, instrument, site="South"))
    assert "This page shows no numbers yet." in text
    assert "What is in place at South now" not in text
    text = read(mr.team_report(published, instrument, site="South", team="A"))
    assert "count as soon as enough people at South have answered the same form" in text
    assert "Questions to talk about" in text


def test_a_team_of_seven_sees_its_means_and_not_its_lines(instrument, responses_of):
    responses = responses_of(instrument, GROUPS)
    own = mr.aggregate_scores(responses, instrument, roster=ROSTER, audience=("own_team", "North", "C"))
    text = read(mr.team_report(own, instrument, site="North", team="C"))
    assert "7 of the 9 people invited answered (78%)" in text
    assert "What is in place for us now" in text
    assert "Lines that stand out" not in text
    assert "How alike our answers are, and which lines stand out, is shown to teams in which 10 people" in text


def test_no_withheld_number_is_anywhere_in_a_published_page(published, instrument, responses_of):
    """The pages of a study change nothing when the answers of a withheld team are swapped among its people."""
    responses = responses_of(instrument, GROUPS)
    items = list(instrument.item_ids())
    small = responses.index[(responses["site"] == "North") & (responses["team"] == "C")]
    swapped = responses.copy()
    swapped.loc[small, items] = swapped.loc[small[::-1], items].to_numpy()
    other = mr.aggregate_scores(swapped, instrument, roster=ROSTER)
    for build in (
        lambda teams: mr.team_report(teams, instrument, site="North", team="C"),
        lambda teams: mr.site_report(teams, instrument, site="North"),
    ):
        assert build(published).html == build(other).html


def test_a_team_that_answered_another_form_is_not_said_to_count_here(instrument, responses_of):
    full = responses_of(instrument, {("North", "A"): 15, ("North", "B"): 12})
    short = responses_of(instrument, {("North", "C"): 9}, form="short")
    short["response_id"] = "s" + short["response_id"]
    teams = mr.aggregate_scores(pd.concat([full, short], ignore_index=True), instrument)
    text = read(mr.site_report(teams, instrument, site="North"))
    assert "27 people answered" in text
    assert "1 team has no published numbers" not in text
    assert "others were answered too (Short form)" in text


def test_a_site_page_lists_its_teams_by_name_without_a_ranking(published, instrument):
    report = mr.site_report(published, instrument, site="North")
    text = read(report)
    assert "no ranking here" in text
    assert "2 teams have no published numbers of their own" in text
    assert report.html.index('<th scope="row">A</th>') < report.html.index('<th scope="row">B</th>')
    assert "not shown" in text


def test_pages_ask_nothing_of_a_network_and_run_no_script(published, instrument):
    for report in (
        mr.team_report(published, instrument, site="North", team="A"),
        mr.site_report(published, instrument, site="North"),
    ):
        page = Text()
        page.feed(report.html)
        assert all(address.startswith("data:") for address in page.addresses)
        assert "<script" not in report.html
        assert "default-src 'none'" in report.html


def test_names_of_sites_and_teams_are_text_whatever_they_hold(instrument, responses_of):
    bad = '<script>alert("x")</script>'
    responses = responses_of(instrument, {(bad, "A & B"): 14, (bad, '"><img src=x onerror=y>'): 14})
    teams = mr.aggregate_scores(responses, instrument)
    for report in (
        mr.site_report(teams, instrument, site=bad),
        mr.team_report(teams, instrument, site=bad, team="A & B"),
    ):
        assert "<script" not in report.html
        assert "<img src=x" not in report.html
        assert "alert(" in read(report)
        assert "<script" not in report._repr_html_()


def test_another_instrument_gives_its_own_pages(garden, responses_of):
    responses = responses_of(garden, {("Ost", "Beet 1"): 16, ("Ost", "Beet 2"): 15}, synthetic=False)
    teams = mr.aggregate_scores(responses, garden)
    text = read(mr.team_report(teams, garden, site="Ost", team="Beet 1"))
    assert "no evidence recorded, not validated" in text
    assert "Gärtnern" in text
    assert "Ordnung" in text
    assert "Synthetic" not in text
    assert "0 (the least that the answers can show)" in text
    english = mr.team_report(teams, garden, site="Ost", team="Beet 1", language="en")
    assert "Gardening" in read(english)
    assert "Shared garden: Beet 1, Ost" in english.title


def test_the_short_form_has_one_total_and_its_caveat_in_the_rules(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 16, ("N", "B"): 15}, form="short")
    teams = mr.aggregate_scores(responses, instrument)
    text = read(mr.team_report(teams, instrument, site="N", team="A"))
    assert "Readiness, short form" in text
    assert "Rational" not in text


def test_lines_that_stand_out_are_read_as_they_are_worded(garden, responses_of):
    """Nearly all say that gardening is a nuisance: the reversed item is agreed with most, whatever its key."""
    responses = responses_of(garden, {("N", "A"): 40, ("N", "B"): 40})
    responses["g_chore"] = pd.array([6, 7, 7, 7, 5] * 16, dtype="Int64")
    text = read(mr.team_report(mr.aggregate_scores(responses, garden), garden, site="N", team="A"))
    assert re.search(
        r"Higher than \w+ other lines(?: shown)? Gärtnern ist mir lästig\. "
        r"\(9\d; agreeing with this line counts against the condition\)",
        text,
    )
    assert "yes to most" not in text
    assert "0 (the least that the answers can show)" in text


@pytest.mark.parametrize(
    ("means", "most"),
    [
        ([80, 70, 66, 55, 50, 45], 3),
        ([80, 70, 60, 55, 50, 45], 2),
        ([80, 61, 60, 59, 58, 45], 1),
        ([61, 60, 60, 59, 58, 52], 0),
    ],
)
def test_lines_stand_out_only_where_they_are_apart(means, most):
    assert _standing_out([float(mean) for mean in means]) == most


def test_lines_that_are_much_alike_are_not_listed(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 40, ("N", "B"): 40})
    items = list(instrument.form("full").items)
    for place, item in enumerate(items):  # everybody's answers are others, and every line's mean the same
        responses[item] = pd.array([1 + (person + place) % 5 for person in range(80)], dtype="Int64")
    text = read(mr.team_report(mr.aggregate_scores(responses, instrument), instrument, site="N", team="A"))
    if "Lines that stand out" in text:
        assert "are much alike (means from 50 to 50)" in text


def test_an_instrument_without_openers_has_general_ones(instrument, responses_of):
    plain = replace_questions(instrument)
    teams = mr.aggregate_scores(responses_of(plain, {("N", "A"): 14, ("N", "B"): 3}), plain)
    for team in ("A", "B"):
        text = read(mr.team_report(teams, plain, site="N", team=team))
        assert "To begin with What do we recognise here" in text
    assert "A talk with the questions below needs no numbers." in text


def replace_questions(instrument):
    scales = tuple(scale.model_copy(update={"questions": ()}) for scale in instrument.file.scales)
    return replace(instrument, file=instrument.file.model_copy(update={"scales": scales}))


def test_a_site_of_one_team_does_not_put_the_same_people_beside_themselves(instrument, responses_of):
    groups = {("Lone", "A"): 14} | {("N", f"T{team}"): 14 for team in range(3)}
    roster = pd.DataFrame({"site": ["Lone"], "team": ["A"], "invited": [7]})
    teams = mr.aggregate_scores(responses_of(instrument, groups), instrument, roster=roster)
    text = read(mr.team_report(teams, instrument, site="Lone", team="A"))
    assert "these are the same people, so there is nothing to compare with" in text
    assert "The pale band" not in text
    assert "all of the site" not in text
    site = read(mr.site_report(teams, instrument, site="Lone"))
    assert "All who answered are in A: the numbers of Lone above are those of the same people" in site
    assert "14 (list: 7)" in site
    assert "14 of 7" not in site


def test_nobody_answered_and_a_wave_that_is_over_are_told_as_they_are(instrument, responses_of):
    roster = pd.DataFrame({"site": ["N"] * 2, "team": ["A", "B"], "invited": [14, 9]})
    waves = [responses_of(instrument, {("N", "A"): size}, wave=wave) for wave, size in (("1", 3), ("2", 14))]
    responses = pd.concat(waves, ignore_index=True).assign(response_id=lambda frame: [f"p{n}" for n in frame.index])
    teams = mr.aggregate_scores(responses, instrument, roster=roster)
    silent = read(mr.team_report(teams, instrument, site="N", team="B"))
    assert "Nobody of this team answered." in silent
    assert "not lost" not in silent
    for past in (
        read(mr.team_report(teams, instrument, site="N", team="A", wave="1", form="full")),
        read(mr.site_report(teams, instrument, site="N", wave="1")),
    ):
        assert "numbers yet" not in past
        assert "answered this yet" not in past
        assert "as soon as" not in past


def test_a_team_withheld_for_others_is_told_so(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 15, ("N", "B"): 16, ("N", "C"): 3})
    own = mr.aggregate_scores(responses, instrument, audience=("own_team", "N", "A"))
    text = read(mr.team_report(own, instrument, site="N", team="A"))
    assert "Enough of you may have answered." in text
    assert "With so few answers" not in text
    assert "Lines that stand out" not in text


def test_a_team_whose_site_is_too_small_reads_why_and_that_its_answers_are_kept(instrument, responses_of):
    parts = [responses_of(instrument, {("Big", f"T{n}"): 14 for n in range(3)} | {("Tiny", "A"): 4}, wave="1")]
    parts.append(responses_of(instrument, {("Big", f"T{n}"): 14 for n in range(3)} | {("Tiny", "A"): 9}, wave="2"))
    both = pd.concat(parts, ignore_index=True).assign(response_id=lambda frame: [f"p{n}" for n in frame.index])
    teams = mr.aggregate_scores(both, instrument, audience=("own_team", "Tiny", "A"))
    past = read(mr.team_report(teams, instrument, site="Tiny", team="A", wave="1"))
    assert "Your answers are kept. In wave 1 so few people of Tiny answered" in past
    assert "At Tiny: So few" not in past
    now = read(mr.team_report(teams, instrument, site="Tiny", team="A"))
    if "What is in place for us now" in now:
        assert "There is no band for all of Tiny: " in now
    site = read(mr.site_report(mr.aggregate_scores(both, instrument), instrument, site="Tiny"))
    assert "Funnel of" not in site
    assert "Teams by how many answered" not in site
    big = read(mr.site_report(mr.aggregate_scores(both, instrument), instrument, site="Big"))
    assert ("No team of Tiny has published numbers, so teams are not shown by how many" in site) == ("Funnel of" in big)


def test_teams_are_not_compared_where_it_is_not_supported(instrument, responses_of):
    responses = responses_of(instrument, {("N", f"T{team}"): 40 for team in range(40)})
    teams = mr.aggregate_scores(responses, instrument)
    assert set(teams.team_differences["state"]) == {"not supported"}
    site = mr.site_report(teams, instrument, site="N")
    assert "Do not compare teams." in read(site)
    assert "Mean scores from 0 to 100 by team" not in read(site)
    assert "Teams are not shown side by side on Rational, Emotional," in read(site)
    assert "That is not to protect anybody" in read(site)
    assert "no published numbers" not in read(site)  # they have, on their own pages
    table = site.html[site.html.index('aria-label="Numbers by team"') :]
    assert "not shown" not in table[: table.index("</table>")]
    assert "n is how many answered" in table
    assert "The pale band" not in read(mr.team_report(teams, instrument, site="N", team="T0"))


def test_conditions_on_which_teams_differ_are_told_from_those_on_which_they_do_not(instrument, responses_of):
    """The sentence in bold counts what the table below it lists; only the conditions compared have a column."""
    study = mr.simulate_responses(instrument, n_sites=2, teams_per_site=8, team_size=18, icc1=0.2, seed=2)
    dealt = study.responses.copy()
    seats = np.argsort(np.arange(len(dealt)) % 18, kind="stable")  # the first of every team, the second of every team
    for scale in ("rational", "social"):  # dealt like cards in the order of their sums, so that all teams are alike
        items = list(instrument.item_ids(scale))
        values = dealt[items].to_numpy()
        dealt.loc[dealt.index[seats], items] = values[np.argsort(values.sum(axis=1), kind="stable")]
    teams = mr.aggregate_scores(dealt, instrument)
    profile = [s for s in instrument.report_scales("full") if instrument.scales[s].kind == "domain"]
    states = teams.team_differences.set_index("scale").loc[profile, "state"]
    refused = [instrument.scales[s].title for s in profile if states[s] == "not supported"]
    assert 0 < len(refused) < len(profile)
    report = mr.site_report(teams, instrument, site="North")
    text = read(report)
    assert f"do not support that teams differ on {len(refused)} ({', '.join(refused)})" in text
    assert f"Of {len(profile)} conditions, " in text
    table = report.html[report.html.index('aria-label="Numbers by team"') :]
    heads = re.findall(r'<th scope="col" lang="en">(.*?)</th>', table[: table.index("</thead>")])
    assert heads == [instrument.scales[s].title for s in profile if states[s] != "not supported"]
    assert f"Teams are not shown side by side on {refused[0]}" in text
    own = read(mr.team_report(teams, instrument, site="North", team="A1"))
    assert f"There is no band on {refused[0]}" in own
    assert "these answers do not support that teams differ there." in own


def test_highest_and_lowest_are_called_so_with_the_doubt_there_is(published, instrument):
    """With intervals that overlap a mean is the highest, "but others may be as high"."""
    rows = published.scores.query("level == 'team' and site == 'North' and team == 'A'")
    rows = rows[rows["scale"] != "programme_pull"].sort_values("mean", kind="stable")
    high, low = rows.iloc[-1], rows.iloc[0]
    text = read(mr.team_report(published, instrument, site="North", team="A"))
    for row, lead, clear in (
        (high, "highest", high["ci_low"] > rows["ci_high"].iloc[:-1].max()),
        (low, "lowest", low["ci_high"] < rows["ci_low"].iloc[1:].min()),
    ):
        title = instrument.scales[row["scale"]].title
        doubt = f", but others may be as {'high' if lead == 'highest' else 'low'}"
        assert f"{title} The {lead} mean above{'' if clear else doubt}." in text


def test_a_page_is_about_the_form_that_the_team_answered(instrument, responses_of):
    full = responses_of(instrument, {("N", "A"): 14, ("N", "B"): 14})
    short = responses_of(instrument, {("N", "C"): 15}, form="short").assign(response_id=[f"s{n}" for n in range(15)])
    teams = mr.aggregate_scores(pd.concat([full, short], ignore_index=True), instrument)
    assert "15 people answered" in read(mr.team_report(teams, instrument, site="N", team="C"))


def test_sites_without_teams_and_without_a_roster_make_a_page(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 30})
    responses["team"] = pd.array([None] * 30, dtype="str")
    responses.loc[responses.index[:4], "R1"] = -9  # a few leave a line empty
    text = read(mr.site_report(mr.aggregate_scores(responses, instrument), instrument, site="N"))
    assert "30 people answered. How many were invited is not known." in text
    assert "Teams by condition" not in text


def test_later_waves_are_the_default_and_earlier_ones_named(instrument, responses_of):
    groups = {("N", "A"): 14, ("N", "B"): 14}
    responses = pd.concat([responses_of(instrument, groups, wave=wave) for wave in ("1", "2", "10")], ignore_index=True)
    responses["response_id"] = [f"x{number}" for number in range(len(responses))]
    teams = mr.aggregate_scores(responses, instrument)
    text = read(mr.team_report(teams, instrument, site="N", team="A"))
    assert "wave 10" in text
    assert "there are also answers from wave 1, 2" in text
    second = read(mr.team_report(teams, instrument, site="N", team="A", wave="2"))
    assert "wave 2 ·" in second
    assert "What was in place for us in wave 2" in second


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        (
            {"site": "Nort", "team": "A"},
            r"site: unknown site 'Nort'; available: 'North', 'South', 'West'. Did you mean 'North'",
        ),
        ({"site": "Soutth", "team": "A"}, r"Did you mean 'South'"),
        ({"site": "North", "team": "Z"}, r"has no team 'Z' in these results; available: 'A', 'B', 'C', 'D'"),
        ({"site": "North", "team": "A", "wave": "9"}, "wave: expected one of '1'; got '9'"),
        ({"site": "North", "team": "A", "form": "short"}, "form: expected one of 'full'; got 'short'"),
    ],
)
def test_an_unknown_group_gets_a_sentence(published, instrument, where, sentence):
    with pytest.raises(mr.MovementReadinessError, match=sentence):
        mr.team_report(published, instrument, **where)


def test_a_site_is_found_by_one_word_of_its_name():
    assert _near("Nrth", ('St Mary\'s / "North"', "Tiny")) == " Did you mean 'St Mary\\'s / \"North\"'?"
    assert _near("zzz", ("North", "Tiny")) == ""


def test_results_of_another_instrument_are_refused(published, garden):
    with pytest.raises(NothingToReleaseError, match=r"expected movement-readiness 0\.1\.0"):
        mr.site_report(published, garden, site="North")


def test_saving_is_whole_or_not_at_all(published, instrument, tmp_path):
    report = mr.site_report(published, instrument, site="North")
    place = report.save(tmp_path / "north.html")
    assert place.read_text(encoding="utf-8") == report.html
    assert [path.name for path in tmp_path.iterdir()] == ["north.html"]
    with pytest.raises(ArgumentError, match="does not exist"):
        report.save(tmp_path / "no" / "north.html")
    assert " at 0x" not in repr(report)


def test_a_batch_has_one_page_a_team_and_an_index_that_leads_to_all(instrument, responses_of, tmp_path):
    groups = {("North", "A/1"): 12, ("North", "a 1"): 12, ("Nörd", "Ä"): 11, ("North", ".."): 2}
    written = write_reports(responses_of(instrument, groups), instrument, tmp_path / "out", progress=False)
    assert len({path.name.casefold() for path in written.teams}) == 4
    assert len(written.sites) == 2
    index = written.index.read_text(encoding="utf-8")
    for link in re.findall(r'href="([^"]+)"', index):
        assert (written.index.parent / link).is_file()
    assert len(re.findall("href=", index)) == 6
    again = write_reports(responses_of(instrument, groups), instrument, tmp_path / "out", progress=False)
    assert again.index.read_text(encoding="utf-8") == index


def test_nobody_calls_the_questionnaire_validated_by_hand():
    """The word stands only where the claim is computed, where its absence is said, or where it is explained."""
    allowed = re.compile(r"not[- ](?:yet )?validated|never .*validated|nothing .*validated", re.I)
    for folder in ("movement_readiness/reports", "movement_readiness/teams", "notebooks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".j2", ".ipynb", ".md"):
                for line in path.read_text(encoding="utf-8").splitlines():
                    assert "validated" not in allowed.sub("", line), f"{path.name}: {line.strip()[:200]}"


@pytest.mark.browser
def test_pages_print_on_few_a4_sheets(published, instrument, tmp_path, chromium):
    for name, report, most in (
        ("team", mr.team_report(published, instrument, site="North", team="A"), 2),
        ("small", mr.team_report(published, instrument, site="North", team="C"), 2),
        ("site", mr.site_report(published, instrument, site="North"), 3),
    ):
        page, pdf = report.save(tmp_path / f"{name}.html"), tmp_path / f"{name}.pdf"
        flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
        flags += " --disable-component-update --disable-sync --no-pdf-header-footer"
        command = [
            chromium,
            *flags.split(),
            f"--user-data-dir={tmp_path / ('profile-' + name)}",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        with pypdf.PdfReader(pdf) as document:
            sheets = document.pages
            assert len(sheets) <= most, name
            width, height = (float(size) / 72 * 25.4 for size in sheets[0].mediabox[2:])
            assert (round(width), round(height)) == (210, 297)
            assert "not yet validated" in " ".join(sheet.extract_text() for sheet in sheets).replace("\n", " ")
