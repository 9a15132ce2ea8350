"""Pages of one and two waves: their parts and the order of them, comparisons with their evidence, and what is left out."""

from __future__ import annotations

import io
import re

import pandas as pd
import pypdf
import pytest
from reports.reading import read
from workshop.form_support import running_browser, too_wide, violations

import movement_readiness as mr
from movement_readiness.reports import _css_text, words
from movement_readiness.teams import Aggregation
from movement_readiness.teams.words import icc_words, who_answered

SENTENCE = "Items work alike at both sites (a test of 2026)."
WORDS_OF_A_TABLE_OF_WINNERS = re.compile(r"\b(best|worst|top|bottom|league|winner|rank(ed|s)?|red|amber|green)\b", re.I)


@pytest.fixture(scope="module")
def study(any_instrument):
    """Two sites of seven teams, of North one of 4 and one of 6 besides; two waves."""
    sizes = {("North", f"N{n}"): 11 + n for n in range(7)} | {("South", f"S{n}"): 12 for n in range(7)}
    sizes |= {("North", "Four"): 4, ("North", "Six"): 6}
    made = mr.simulate_responses(
        any_instrument, n_sites=1, teams_per_site=16, team_size=20, icc1=0.25, n_waves=2, seed=7
    )
    frame = made.responses
    renamed = dict(zip(sorted(frame["team"].unique()), sizes, strict=True))
    parts = []
    for (old, _), rows in frame.groupby(["team", "wave"], sort=True):
        site, team = renamed[old]
        parts.append(rows.iloc[: sizes[site, team]].assign(site=site, team=team))
    roster = pd.DataFrame([{"site": s, "team": t, "invited": n + 3} for (s, t), n in sizes.items()])
    return Aggregation(pd.concat(parts, ignore_index=True), any_instrument, roster, invariance=SENTENCE)


@pytest.fixture(scope="module")
def published(study):
    return study.results("published")


def own_page(study, team):
    results = study.results(("own_team", "North", team))
    return results, mr.team_report(results, study.instrument, site="North", team=team)


def headings(report):
    return [re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<h2.*?</h2>", report.html)]


def test_the_parts_of_a_team_page_stand_in_the_order_of_a_talk(study, any_instrument):
    results, report = own_page(study, "N3")
    found = headings(report)
    apart = [
        s.title for s in any_instrument.scales.values() if s.kind == "separate" and s.id in set(results.scores["scale"])
    ]
    expected = ["Who answered", "What is in place for us now", "How alike our answers are", "Lines that stand out"]
    expected += [*apart, "What has changed since wave 1", "Questions to talk about", "What we will do"]
    expected += ["What these numbers can and cannot say"]
    present = [part for part in expected if part in found]
    assert found == present
    needed = set(expected) - {"Lines that stand out"}  # of six items and more
    assert needed <= set(found)


def test_the_page_says_the_numbers_of_the_results(study, any_instrument):
    results, report = own_page(study, "N3")
    text = read(report)
    rows = results.change[(results.change["team"] == "N3") & ~results.change["withheld"]]
    assert len(rows)
    for row in rows.itertuples():
        title = any_instrument.scales[row.scale].title
        interval = f"{words.signed(row.ci_low)} to {words.signed(row.ci_high)}"
        assert f"{title} {row.verdict}, {words.signed(row.change)} points ({interval})" in text
        number = words.signed(row.change)
        bold = number if row.verdict == "no clear change" else f"<strong>{number}</strong>"
        assert re.search(rf"<td>{re.escape(bold)} <span[^>]*>[^<]*</span></td><td>{row.verdict}</td>", report.html)
    for row in rows.iloc[:1].itertuples():
        assert f"{row.n_from} people answered in wave 1, {row.n_to} now" in text
    told = {"alike": "much alike", "mixed": "somewhat apart", "wide": "far apart"}
    spread = results.agreement[(results.agreement["wave"] == results.waves[-1]) & ~results.agreement["withheld"]]
    shown = {any_instrument.scales[row.scale].title: told[row.spread] for row in spread.itertuples()}
    alternative = re.search(r"How alike the answers of N3 are: (.*?)\.", text).group(1)
    for part in alternative.split("; "):
        assert any(part == f"{title} {word}" for title, word in shown.items()) or part.endswith("not shown")


def test_a_team_of_four_reads_what_its_site_says(study, any_instrument):
    results, report = own_page(study, "Four")
    text = read(report)
    assert "This page shows no numbers of your team alone." in text
    assert results.scores.loc[results.scores["team"] == "Four", "mean"].isna().all()
    site = results.scores[(results.scores["level"] == "site") & (results.scores["wave"] == results.waves[-1])]
    if not site["withheld"].all():
        assert "What is in place at North now" in text
        assert "for us now" not in text
        assert "What has changed at North since wave 1" in text
    assert "How alike our answers are" not in text
    assert "How reliably" not in text
    assert "What we will do" in text


def test_a_team_of_six_sees_means_and_neither_spread_nor_lines(study, any_instrument):
    results, report = own_page(study, "Six")
    found = headings(report)
    mine = results.scores[(results.scores["team"] == "Six") & (results.scores["wave"] == results.waves[-1])]
    assert ("What is in place for us now" in found) == bool((~mine["withheld"]).any())
    assert "How alike our answers are" not in found
    assert "Lines that stand out" not in found
    told = "How alike our answers are, and which lines stand out, is shown to teams in which 10 people or more answered"
    assert (told in read(report)) == ("What is in place for us now" in found)


@pytest.mark.parametrize(
    ("spread", "lines", "told"),
    [
        ([], [], ""),
        (
            ["too_few"],
            ["too_few"],
            "How alike our answers are, and which lines stand out, is shown to teams in which 10",
        ),
        ([], ["too_few"], "Which lines stand out is shown to teams in which 10 people or more answered"),
        ([], ["protected"], "Which lines stand out is left out here: so many lines are not shown, to protect"),
        (["protected"], [], "How alike our answers are is left out here: with it, one person's answers"),
        (["protected"], ["protected", "too_few"], "stand out, is left out here, to protect the people who answered."),
    ],
)
def test_a_part_that_is_left_out_has_its_reason(spread, lines, told):
    found = words.gaps_words(spread, lines, 10)
    assert (told in found) if told else found == ""


def test_a_site_page_puts_the_evidence_before_the_comparison(published, any_instrument):
    report = mr.site_report(published, any_instrument, site="North")
    found, text = headings(report), read(report)
    assert (
        found.index("May teams be compared?")
        < found.index("Teams by condition")
        < found.index("Teams by how many answered")
    )
    states = published.team_differences[published.team_differences["wave"] == published.waves[-1]].set_index("scale")
    for scale, row in states.iterrows():
        if any_instrument.scales[scale].kind == "domain":
            assert f"{any_instrument.scales[scale].title} {row['state']}" in text
    assert published.invariance in text
    assert "All who answered" in text
    assert "over-dispersion" in text
    assert (
        text.count("Funnel of")
        == published.funnel.query(f"wave == '{published.waves[-1]}' and not withheld")["scale"]
        .isin([s.id for s in any_instrument.scales.values() if s.kind == "domain"])
        .groupby(published.funnel["scale"])
        .any()
        .sum()
    )
    assert not WORDS_OF_A_TABLE_OF_WINNERS.search(re.sub(r"for ranking teams.*?\.", "", text))


def test_evidence_that_sites_may_be_compared_is_printed_or_its_absence(published, any_instrument):
    assert f"Comparing sites: {SENTENCE}" in read(mr.site_report(published, any_instrument, site="South"))
    bare = mr.simulate_responses(any_instrument, n_sites=2, teams_per_site=3, team_size=12, icc1=0.3, seed=1).responses
    results = mr.aggregate_scores(bare, any_instrument)
    assert results.invariance != SENTENCE
    assert f"Comparing sites: {results.invariance}" in read(mr.site_report(results, any_instrument, site="North"))


def test_numbers_of_other_sites_teams_are_not_named_on_a_site_page(published, any_instrument):
    text = read(mr.site_report(published, any_instrument, site="North"))
    assert not re.search(r"\bS[0-6]\b", text)


def test_a_site_of_two_teams_compares_nothing(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 14, ("N", "B"): 15})
    text = read(mr.site_report(mr.aggregate_scores(responses, instrument), instrument, site="N"))
    assert (
        "Whether teams differ at all is not known: too few teams have numbers that may be shown. Do not compare teams."
        in text
    )
    assert "These are the teams' own means" in text
    assert "Teams by how many answered" not in text
    assert "ICC(1)" not in text


def test_a_site_without_numbers_is_one_kind_page(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 4})
    report = mr.site_report(mr.aggregate_scores(responses, instrument), instrument, site="N")
    assert headings(report) == [
        "Who answered",
        "Teams by condition",
        "Questions to talk about",
        "What these numbers can and cannot say",
    ]
    assert "<img" not in report.html


def test_seventy_teams_are_pictured_in_parts_that_fit_on_a_sheet(garden):
    study = mr.simulate_responses(garden, n_sites=1, teams_per_site=70, team_size=12, icc1=0.3, seed=2)
    report = mr.site_report(mr.aggregate_scores(study.responses, garden), garden, site="North")
    pictures = re.findall(r'alt="Mean scores from 0 to 100 by team\. (.*?)"', report.html)
    named = [re.findall(r"(\w+) \(\d+ of|(\w+) \(\d+\)", alternative) for alternative in pictures]
    assert len(pictures) == 3
    assert [a or b for part in named for a, b in part if a or b][:70] == sorted(study.responses["team"].unique())


def test_questions_are_chosen_from_the_profile(study, any_instrument):
    results, report = own_page(study, "N3")
    text = read(report)
    rows = results.scores[
        (results.scores["team"] == "N3") & (results.scores["wave"] == results.waves[-1]) & ~results.scores["withheld"]
    ]
    domains = [any_instrument.scales[scale].kind == "domain" for scale in rows["scale"]]
    rows = rows[domains].sort_values("mean", kind="stable")
    low, high = any_instrument.scales[rows["scale"].iloc[0]], any_instrument.scales[rows["scale"].iloc[-1]]
    assert ("To begin with What do we recognise here" in text) == (not (low.questions or high.questions))
    assert (f"Build on: {high.title}" in text) == bool(high.questions)
    assert (f"Look at: {low.title}" in text) == bool(low.questions)
    assert all(question in text for question in (*low.questions, *high.questions))


@pytest.mark.parametrize(
    ("states", "n_teams", "told"),
    [
        (["supported"] * 2, 12, "These answers support that teams differ"),
        (
            ["supported", "unclear"],
            12,
            "Of 2 conditions, these answers support that teams differ on 1 (Rational); it is unclear from these "
            "answers whether teams differ by enough to matter on 1 (Social)",
        ),
        (
            ["not supported", "unclear"],
            12,
            "it is unclear from these answers whether teams differ by enough to matter on 1 (Social); these answers do not "
            "support that teams differ on 1 (Rational)",
        ),
        (["not supported", "unclear"], 12, "where it is unclear. Do not compare teams on the others."),
        (["unclear", "unclear"], 12, "It is unclear"),
        (["not supported"] * 2, 12, "Do not compare teams."),
        (["supported"] * 2, 2, "too few teams have numbers that may be shown. Do not compare"),
        (["unknown"] * 2, 12, "it cannot be estimated. Do not compare"),
    ],
)
def test_the_state_of_the_evidence_in_words(states, n_teams, told):
    rows = pd.DataFrame({"state": states, "icc1": [0.1, 0.2], "ci_low": -0.004, "ci_high": 0.3, "n_teams": n_teams})
    rows.index = ["rational", "social"]
    found = words.differences_words(rows, {"rational": "Rational", "social": "Social"})
    assert told in found
    assert "−0.00" not in found
    assert words.state_words(rows).endswith("do not read the two as different.")


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ((0.034, -0.004, 0.086), ("0.03", "0.00 to 0.09")),
        ((-0.02, -0.06, 0.04), ("0.00", "0.00 to 0.04")),
        ((0.0, -0.05, -0.01), ("0.00", "0.00 or less")),
    ],
)
def test_no_share_of_variance_is_told_as_less_than_nothing(numbers, told):
    row = dict(zip(("icc1", "ci_low", "ci_high"), numbers, strict=True))
    assert icc_words(row) == told
    rows = pd.DataFrame([{**row, "state": "unclear", "n_teams": 12}], index=["rational"])
    assert f"95 % limits, {told[0]} ({told[1]}); 12 teams" in words.statistics_words(rows)
    assert "ICC" not in words.differences_words(rows, {"rational": "Rational"})  # plain words first


def test_over_dispersion_in_words():
    assert "drawn wider" in words.dispersion_words({"Rational": 1.84, "Social": 1.0})
    assert "Rational 1.8)" in words.dispersion_words({"Rational": 1.84, "Social": 1.0})
    assert "those of chance" in words.dispersion_words({"Rational": 1.0})
    assert words.dispersion_words({}) == ""
    assert [words.signed(value) for value in (-0.4, 3, -12)] == ["0", "+3", "−12"]


def test_more_than_chance_may_be_too_little_to_matter():
    states = pd.DataFrame({"state": ["unclear", "supported"]}, index=["Rational", "Social"])
    assert "too little to matter" in words.dispersion_words({"Rational": 1.8, "Social": 1.0}, states)
    assert "too little to matter" not in words.dispersion_words({"Rational": 1.0, "Social": 1.8}, states)


def test_reliability_is_told_by_condition_with_its_intervals():
    rows = pd.DataFrame({"scale": ["r", "s"], "reliability": [0.8, 0.0], "n": [10, 10]})
    states = pd.DataFrame(
        {"icc1": [0.29, 0.0], "ci_low": [0.05, -0.01], "ci_high": [0.6, 0.1], "n_teams": 12}, index=["r", "s"]
    )
    titles = {"r": "Rational", "s": "Social"}
    told = words.reliability_words(rows, states, titles, 10)
    assert "from 0.00 (Social; 95 % interval 0.00 to 0.53) to 0.80 (Rational; 95 % interval 0.34 to 0.94), by" in told
    assert "for some conditions not reliable enough" in told
    assert "This rests on 12 teams, those whose numbers everybody may see (10 people or more)." in told
    assert "though the intervals reach below" in words.reliability_words(rows.iloc[:1], states, titles, 10)
    assert "is not known" in words.reliability_words(rows.iloc[:0], states, titles, 10)


def test_the_funnels_and_the_spread_are_tables_too(study, published, any_instrument):
    page = mr.site_report(published, any_instrument, site="North").html
    rows = published.funnel.query(f"wave == '{published.waves[-1]}' and site == 'North' and not withheld")
    table = page[page.index('aria-label="Teams and their limits, by condition"') :]
    row = rows[rows["scale"].isin([s.id for s in any_instrument.scales.values() if s.kind == "domain"])].iloc[0]
    assert f'{row["mean"]:.0f} <span class="interval">({row["low95"]:.0f} to {row["high95"]:.0f})' in table
    team = own_page(study, "N3")[1].html
    assert re.search(
        r"<details class=\"again\">.*Our answers are.*?(much alike|somewhat apart|far apart)", team, re.DOTALL
    )


def test_the_list_of_invited_people_is_not_held_against_an_earlier_wave(published, study, any_instrument):
    old = read(mr.site_report(published, any_instrument, site="North", wave="1"))
    assert re.search(r"\d+ people answered in wave 1\. The list of invited people has \d+, and may be of another", old)
    assert "people invited answered" not in old
    assert "of those invited" not in old
    assert "people invited answered" in read(mr.site_report(published, any_instrument, site="North"))


def test_every_sheet_of_a_printed_page_names_the_team(study):
    own = own_page(study, "N3")[1]
    assert re.search(r'@bottom-left { content: "[^"<>\n]*N3, North, wave 2"', own.html)
    assert _css_text('a"</style>\\') == '"a\\22 \\3c \\2f style\\3e \\5c "'


@pytest.mark.parametrize(("invited", "told"), [(25, True), (20, False), (None, False), (11, False)])
def test_few_of_those_invited_do_not_speak_for_the_others(invited, told):
    row = {"n": 12, "invited": invited, "withheld": False, "reason": ""}
    assert ("Those who did not answer may see things differently." in who_answered(row, "team")) == told


@pytest.mark.browser
def test_pages_are_read_at_every_width_and_by_everyone(chromium, published, study, any_instrument, tmp_path):
    pages = {"site": mr.site_report(published, any_instrument, site="North")}
    for team in ("N3", "Six", "Four"):
        pages[team] = own_page(study, team)[1]
    with running_browser(chromium) as browser:
        for name, report in pages.items():
            place = report.save(tmp_path / f"{name}.html")
            for width in (375, 1280):
                # The page forbids scripts; what looks at it is let in by the browser.
                page = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True).new_page()
                page.goto(place.as_uri())
                assert violations(page) == [], (name, width)
                assert too_wide(page) <= 0, (name, width)
                broken = page.evaluate("Array.from(document.images).filter((i) => !i.naturalWidth).length")
                assert broken == 0
                page.close()
            page = browser.new_page()
            page.goto(place.as_uri())
            with pypdf.PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))) as document:
                assert len(document.pages) <= (5 if name == "site" else 2), name  # a team's is one sheet, both sides
            page.close()
