"""Everything that is released, as an outsider finds it: frames, files and pages, figures, widgets, the saved notebook.

Two ways of looking. Studies that differ only in what hidden teams answered give the same in every byte. And every
number that is read anywhere is one of the released frames, or a fixed word. What can be worked out from the numbers is
attacked in ``test_attack.py``; here, whether a log can be got round by handing in other parts of the answers.
"""

from __future__ import annotations

import gc
import json
import pickle
import re
import types
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
from explorers.explorer_support import FRAMES, all_settings, files_in, pages_html
from ipywidgets.embed import dependency_state
from teams import attack, worlds

import movement_readiness as mr
from movement_readiness.explorers import SiteExplorer, TeamExplorer
from movement_readiness.reports import batch
from movement_readiness.teams import Aggregation, ReleaseLog

SCALE = "rational"
TEAMS = {
    ("Farm", "A"): 4,  # a team of four, alone
    ("Grow", "A"): 11,  # one person more in the second wave, and all others answer the same again
    ("Grow", "B"): 12,
    ("Hill", "A"): 4,  # a site of fewer than ten
    ("Hill", "B"): 3,
    ("North", "A"): 14,
    ("North", "B"): 12,
    ("North", "C"): 4,
    ("North", "D"): 4,
    ("Same", "A"): 12,  # everybody answers the same
    ("Same", "B"): 13,
    ("Two", "A"): 13,  # two teams, one of them small
    ("Two", "B"): 3,
}
HIDDEN = {"Farm": "A", "Hill": "AB", "North": "CD", "Two": "AB"}
INVITED = {**{place: n + 3 for place, n in TEAMS.items()}, ("Zero", "A"): 9}


# --- studies


@pytest.fixture(scope="module")
def roster():
    return pd.DataFrame([(*place, n) for place, n in INVITED.items()], columns=["site", "team", "invited"])


@pytest.fixture(scope="module")
def awkward(instrument, responses_of):
    """Two waves, and another form in the second."""
    items = list(instrument.form("full").items)
    first, second = (responses_of(instrument, TEAMS, seed=seed, wave=wave) for seed, wave in ((11, "1"), (12, "2")))
    grow = first["site"] == "Grow"
    second.loc[grow, items] = first.loc[grow, items]
    first = first.drop(index=first.index[grow][0])
    for frame in (first, second):
        frame.loc[(frame["site"] == "Same") & (frame["team"] == "A"), items] = 4
    short = responses_of(instrument, {("North", "A"): 14, ("North", "C"): 4}, seed=13, form="short", wave="2")
    frames = enumerate([first, second, short])
    return pd.concat(
        [frame.assign(response_id=f"person-{place}-" + frame["response_id"]) for place, frame in frames],
        ignore_index=True,
    )


def twin(frame, instrument, seed=0):
    """The same study, but people of hidden teams of a site have exchanged their answers, and rows are shuffled."""
    rng = np.random.default_rng(seed)
    items = [item for item in instrument.items if item in frame.columns]
    other = frame.copy()
    for site, hidden in HIDDEN.items():
        for _, rows in frame[(frame["site"] == site) & frame["team"].isin(list(hidden))].groupby(["wave", "form"]):
            other.loc[rows.index, items] = frame.loc[rng.permutation(rows.index), items].to_numpy()
    farm = other["site"] == "Farm"
    other[items] = other[items].mask(farm, 6 - other[items])
    # One person of Hill's A is in B: which of the two has four people is told by nothing.
    for _, rows in other[(other["site"] == "Hill") & (other["team"] == "A")].groupby(["wave", "form"]):
        other.loc[rows.index[0], "team"] = "B"
    return other.sample(frac=1, random_state=seed, ignore_index=True)


class Everything:
    """All results of one aggregation, and all pages, recorded in the log."""

    def __init__(self, frame, instrument, *, roster=None, log=None, policy=None):
        self.whole = Aggregation(frame, instrument, roster, policy, release_log=log)
        self.whole.record("all")
        self.results = {"published": self.whole.results("published"), **dict(self.whole.own_teams())}
        self.published = self.results["published"]

    def pages(self, folder, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(batch, "Aggregation", lambda *given, **named: self.whole)  # not computed once more
            batch.write_reports(None, self.whole.instrument, folder, progress=False)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.html")}


# --- what hidden teams answered changes nothing


def assert_same(one, other):
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), obj=name)
    assert (one.notes, repr(one), one._repr_html_()) == (other.notes, repr(other), other._repr_html_())


def test_no_number_and_no_file_depends_on_what_hidden_teams_answered(
    awkward, instrument, roster, tmp_path, monkeypatch
):
    frame = awkward[awkward["site"].isin(HIDDEN) & (awkward["site"] != "Two")].reset_index(drop=True)
    roster = roster[roster["site"].isin([*frame["site"], "Zero"])]
    one, other = (Everything(answers, instrument, roster=roster) for answers in (frame, twin(frame, instrument)))
    scores = one.published.scores
    hidden = scores["withheld"].groupby([scores["site"], scores["team"]]).all()
    assert all(hidden[site, team] for site, teams in HIDDEN.items() if site != "Two" for team in teams)
    assert not hidden["North", "A"]
    assert list(one.results) == list(other.results)
    for name, results in one.results.items():
        assert_same(results, other.results[name])
    first, second = one.pages(tmp_path / "one", monkeypatch), other.pages(tmp_path / "other", monkeypatch)
    teams = {f"teams/{site}-{team}.html" for site, team in zip(roster["site"], roster["team"], strict=True)}
    assert set(first) == {"index.html", *(f"sites/{site}.html" for site in roster["site"]), *teams}
    assert first == second
    for site, names in (("North", "CD"), ("Hill", "AB")):  # of the same size, too, but for the name
        pages = [first[f"teams/{site}-{team}.html"].decode() for team in names]
        assert pages[0].replace(f": {names[0]}, {site}", f": {names[1]}, {site}") == pages[1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_random_studies_tell_nothing_of_hidden_teams(instrument, responses_of, seed, monkeypatch):
    monkeypatch.setattr(worlds, "SHAPES", dict.fromkeys(worlds.SHAPES, worlds.SHAPES["even"]))
    rng = np.random.default_rng(seed)
    items = list(instrument.form("full").items)
    frame = worlds.frame_of(responses_of, instrument, worlds.people(rng, 10, len(items)), items)
    before = Everything(frame, instrument).results
    seen = pd.concat([one.scores.query("level == 'team' and not withheld") for one in before.values()])
    places = pd.Series(list(zip(frame["site"], frame["team"], strict=True)))
    hidden = ~places.isin(list(zip(seen["site"], seen["team"], strict=True)))
    other = frame.copy()
    for _, rows in frame[hidden].groupby("site"):
        other.loc[rows.index, items] = frame.loc[rng.permutation(rows.index), items].to_numpy()
    assert hidden.sum() > 30
    after = Everything(other, instrument).results
    for name, results in before.items():
        assert_same(results, after[name])


# --- every number that is read is a released one

NUMBER = re.compile(r"(?<![\w.])(?:\d+(?:\.\d+)?|\.\d+)(?!\w|\.\d)")


class Page(HTMLParser):
    """All that a page holds: words, names of parts, texts of the pictures, comments, and every attribute else."""

    def __init__(self, text):
        super().__init__()
        self.words, self.strange, self._style = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._style = tag == "style"
        self.strange += [tag] * (tag in ("script", "iframe", "object", "embed", "link"))
        for name, value in attrs:
            if name == "src" and value.startswith("data:image/svg+xml,"):
                self.words += texts_of(unquote(value.partition(",")[2]))
            elif name in ("alt", "aria-label", "title", "href", "download"):
                self.words.append(value)
            elif name.startswith("data") or name == "src":
                self.strange.append(name)

    def handle_comment(self, data):
        self.strange.append(data)

    def handle_data(self, data):
        if not self._style:
            self.words.append(data)


def texts_of(svg):
    """The words in a picture; the ticks of its axes left out."""
    assert "<!--" not in svg
    texts = [unescape(text) for text in re.findall(r">([^<>]+)<", svg) if text.strip()]
    return [text for text in texts if not re.fullmatch(r"[−-]?\d*[05]", text.strip())]


def numbers(words):
    return {found for text in words for found in NUMBER.findall(text.replace("−", ""))}


def released(results, instrument):
    """Every number of the released frames as it may be written, and of fixed words."""
    known = set()
    for name in FRAMES:
        frame = getattr(results, name)
        for column in frame.columns:
            for value in frame[column].dropna().unique():
                known |= numbers([value]) if isinstance(value, str) else _written(abs(float(value)))
    items = results.items["mean"].dropna()
    known |= {f"{100 - value:.0f}" for value in items}  # as worded, of lines that count the other way round
    heads = results.respondents.dropna(subset=["n", "invited"])
    known |= {f"{100 * n / invited:.0f}" for n, invited in zip(heads["n"], heads["invited"], strict=True)}
    positions = results.funnel.dropna(subset=["position"]).groupby(["wave", "form", "scale"])
    for _, rows in positions:
        known |= {str(int((rows["position"] == words).sum())) for words in ("within", "outside 95 %", "outside 99.8 %")}
        known.add(str(len(rows)))
    for _, rows in results.answers.dropna(subset=["percent"]).groupby(
        ["level", "site", "team", "wave", "form", "item"]
    ):
        shares = rows["percent"].to_numpy()  # and what lies above, or below, some option
        known |= {f"{total:.0f}" for total in (*shares.cumsum(), *shares[::-1].cumsum())}
    evidence = results.scores.dropna(subset=["reliability"]).merge(
        results.team_differences, on=["wave", "form", "scale"], suffixes=("_mean", "")
    )
    for limit in ("ci_low", "ci_high"):  # of ICC(1): with n they give those of the reliability
        icc1, n = evidence[limit].clip(lower=0), evidence["n"].astype(float)
        known |= {f"{value:.2f}" for value in n * icc1 / (1 + (n - 1) * icc1)}
    words = instrument.translation(None)
    for part in (words.items, words.scales, words.definitions, words.low_labels, words.high_labels, words.forms):
        known |= numbers(part.values())
    known |= numbers([*instrument.file.instrument.sources, results.claim.sentence, results.invariance, words.title])
    policy = results.policy
    known |= {str(policy.min_respondents), str(policy.min_respondents_own_team), instrument.sha256[:12]}
    return known | numbers(["0 0.00 100 95 99.8 1 20 500 80 30 .70 .02 .05"])


def _written(value):
    return {f"{value:g}", f"{value:.0f}", f"{value:.1f}", f"{value:.2f}", f"{value:.2f}".removeprefix("0")}


@pytest.mark.parametrize("waves", [("2",), pytest.param(("1", "2"), marks=pytest.mark.slow)])
def test_no_number_on_any_page_is_not_released(awkward, instrument, roster, tmp_path, monkeypatch, waves):
    """Of a second release, too, of which an answer came late."""
    log, frame = ReleaseLog(), awkward[awkward["wave"].isin(waves) & (awkward["site"] != "Two")].reset_index(drop=True)
    late = frame["site"].eq("North").idxmax()
    Everything(frame.drop(index=late), instrument, roster=roster, log=log)
    second = Everything(frame, instrument, roster=roster, log=log)
    assert second.published.scores["reason"].eq("few_changed").any()
    pages = {name: Page(text.decode()) for name, text in second.pages(tmp_path, monkeypatch).items()}
    index = pages.pop("index.html")
    assert numbers(index.words) <= numbers([instrument.version])
    assert [text for text in index.words if text.startswith("teams/")] == [
        f"teams/{site}-{team}.html" for site, team in sorted(INVITED)
    ]
    of_site = released(second.published, instrument) | {"2"}  # how many teams have no numbers of their own
    own = {f"teams/{'-'.join(place)}.html": released(one, instrument) for place, one in second.results.items()}
    for name, page in pages.items():
        left = numbers(page.words) - (of_site if name.startswith("sites/") else own[name])
        lines = [text.strip() for text in page.words if left & numbers([text])]
        assert all("left out here" in line for line in lines), (name, left, lines)
        assert not page.strange, name


@pytest.fixture(scope="module")
def explored(instrument, responses_of):
    """Two waves of a few teams, some of them hidden."""
    groups = {place: n for place, n in TEAMS.items() if place[0] in ("North", "Hill")}
    frames = [responses_of(instrument, groups, seed=seed, wave=str(seed)) for seed in (1, 2)]
    for frame in frames:
        frame["response_id"] = f"person-{frame['wave'].iloc[0]}-" + frame["response_id"]
    return Everything(pd.concat(frames, ignore_index=True), instrument).results


@pytest.mark.parametrize(
    ("explorer", "audience"),
    [
        (TeamExplorer, "published"),
        (SiteExplorer, "published"),
        pytest.param(TeamExplorer, ("North", "A"), marks=pytest.mark.slow),
        pytest.param(TeamExplorer, ("North", "C"), marks=pytest.mark.slow),
    ],
)
def test_no_number_in_any_figure_or_file_of_an_explorer_is_not_released(explored, instrument, explorer, audience):
    known = released(explored[audience], instrument)
    seen = set()
    shown = explorer(explored[audience], instrument)
    for _ in all_settings(shown, most=2):
        for markup in pages_html(shown):
            if markup not in seen:
                seen.add(markup)
                words = words_and_files(markup)
                assert numbers(words) <= known, numbers(words) - known
    assert len(seen) > 10


def words_and_files(markup):
    """Words, texts of pictures, and the tables behind the links; a figure's file is its picture, and no more."""
    tables = [content.decode().replace(",", " ") for content in files_in(markup).values()]
    return Page(re.sub(r'href="data:[^"]*"', "", markup)).words + tables


# --- what a notebook keeps


def reached(root):
    """Every object that something leads to, but not by way of code."""
    found, todo = {}, [root]
    code = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType, types.FrameType)
    while todo:
        one = todo.pop()
        if id(one) not in found and not isinstance(one, code) and "weakref" not in type(one).__module__:
            found[id(one)] = one
            todo += gc.get_referents(one)
    return {type(one).__name__ for one in found.values() if type(one).__module__.startswith("movement_readiness")}


def test_results_lead_to_no_answers_and_neither_does_their_file(explored):
    for results in list(explored.values())[:3]:
        assert reached(results) == {"Claim", "DisclosurePolicy", "Evidence", "TeamResults", "WaveOrder"}
        assert b"person-" not in pickle.dumps(results)
        for frame in (getattr(results, name) for name in FRAMES):
            for column in frame.select_dtypes("Int64").columns:
                under = frame[column].array._data[
                    frame[column].isna().to_numpy()
                ]  # what a file of the frame would keep
                assert len(set(under.tolist())) <= 1, column


@pytest.mark.parametrize("explorer", [TeamExplorer, SiteExplorer])
def test_a_saved_notebook_holds_what_is_shown_and_nothing_else(explored, instrument, explorer):
    shown = explorer(explored["published"], instrument)
    assert not reached(shown._released) & {"Aggregation", "Decision", "Round", "Study"}
    state = dependency_state([shown])
    values = {one["state"].get("value") for one in state.values() if one["model_name"] == "HTMLModel"} - {None, ""}
    assert values == {*pages_html(shown), shown.children[0].value}
    saved, _ = shown._repr_mimebundle_()
    known = released(explored["published"], instrument) | numbers([saved["text/plain"]])
    assert numbers(words_and_files(saved["text/html"])) <= known
    assert "person-" not in json.dumps([state, saved], default=str)


# --- other parts of the answers, with a log

PLACES = {"A": 20, "B": 15, "C": 14}


def _put(frame, column, value):
    other = frame.copy()
    other.loc[other.index[0], column] = value
    return other


def _halved(frame):
    return frame.assign(team=frame["team"].mask(np.arange(len(frame)) < 10, "A1")).iloc[1:]


# By the name of the site whose answers are handed in once more in this way.
WAYS = {
    "one person left out": lambda site: site.iloc[1:],
    "four people left out, by their role": lambda site: site.iloc[4:],
    "one team alone, less one person": lambda site: site[site["team"] == "A"].iloc[1:],
    "a small part of a team left out with the rest": lambda site: site[site["team"] != "B"].iloc[3:],
    "one person in another team": lambda site: _put(site, "team", "B"),
    "one person in a new team": lambda site: _put(site, "team", "Z"),
    "one person without a team": lambda site: _put(site, "team", None),
    "one person at another site": lambda site: _put(site, "site", "one person left out"),
    "one person without a site": lambda site: _put(site, "site", None),
    "one person without a score": lambda site: _put(site, ITEMS, pd.NA),
    "a renamed team, less one person": lambda site: site.replace({"team": {"A": "Alpha"}}).iloc[1:],
    "a team in two, less one person": _halved,
    "two teams in one, less one person": lambda site: site.replace({"team": {"B": "A"}}).iloc[1:],
    "nothing changed": lambda site: site,
}
ITEMS = [f"R{number}" for number in range(1, 6)]


def handed_in(responses_of, instrument, names):
    groups = {(name, team): size for name in names for team, size in PLACES.items()}
    frame = responses_of(instrument, groups, seed=5)
    parts = [WAYS[name](frame[frame["site"] == name]) for name in names]
    return frame, pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("turned", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_no_way_round_the_log(instrument, responses_of, turned):
    frames = handed_in(responses_of, instrument, list(WAYS))
    assert few_people(frames[::-1] if turned else frames, instrument, ReleaseLog()) == {}


def test_without_a_log_the_attacker_finds_them(instrument, responses_of):
    names = ["nothing changed", "one person in another team", "one person left out"]
    assert list(few_people(handed_in(responses_of, instrument, names), instrument)) == names[1:]


def test_neither_another_policy_nor_another_audience_nor_one_site_alone(instrument, responses_of):
    frame = responses_of(instrument, {**{("N", team): size for team, size in PLACES.items()}, ("S", "A"): 12}, seed=5)
    log, lax = ReleaseLog(), mr.DisclosurePolicy(min_respondents=3, min_interval=0)
    mr.aggregate_scores(frame, instrument, release_log=log)
    less = frame[frame["site"] == "N"].iloc[1:]
    for policy, audience in ((lax, "published"), (None, ("own_team", "N", "A"))):
        scores = mr.aggregate_scores(less, instrument, policy=policy, audience=audience, release_log=log).scores
        assert scores.loc[scores["team"].fillna("A") == "A", "withheld"].all()


@pytest.mark.parametrize("order", [pytest.param((0, 1), marks=pytest.mark.slow), (1, 0)])
def test_nor_waves_in_turn_that_are_one_person_apart(instrument, responses_of, order):
    """The other wave is not at hand: told apart by head-counts."""
    first = responses_of(instrument, {("N", team): size for team, size in PLACES.items()}, seed=5)
    waves = [first, first.assign(wave="2", response_id="w" + first["response_id"]).iloc[1:]]
    assert few_people([waves[place] for place in order], instrument, ReleaseLog()) == {}


@pytest.mark.parametrize(
    "left_out",
    [
        [range(15, 31), [*range(15), 30], []],  # one half, the other, and all with one person more
        [[], range(5), range(5, 10), range(11)],  # what is left out adds up to one person less
    ],
)
def test_nor_several_releases_that_differ_by_five_people_or_more_two_by_two(instrument, responses_of, left_out):
    frame = responses_of(instrument, {("N", "A"): 31, ("N", "B"): 15, ("S", "A"): 12}, form="short", seed=6)
    log = ReleaseLog()
    shown = []
    for rows in left_out:
        found = mr.aggregate_scores(frame.drop(index=list(rows)), instrument, release_log=log).scores
        shown.append(not found.loc[(found["site"] == "N") & (found["team"].fillna("A") == "A"), "withheld"].all())
    assert shown == [True] * (len(left_out) - 1) + [False]


def few_people(frames, instrument, log=None):
    """Groups of one to four people, by site, that releases one after the other give to an attacker who knows everybody."""
    releases = []
    places: dict[str, int] = {}
    for frame in frames:
        results = Everything(frame, instrument, log=log).results
        placed = frame.dropna(subset=["site"]).reset_index(drop=True)
        people = [places.setdefault(one.removeprefix("w"), len(places)) for one in placed["response_id"]]
        kinds = [("published" if name == "published" else "own", one) for name, one in results.items()]
        releases.append((placed, np.array(people), kinds))
    names = dict.fromkeys(site for frame, _, _ in releases for site in sorted(frame["site"].unique()))
    told = zip(names, attack.sites_of(releases, instrument, SCALE), strict=True)
    return {name: found for name, site in told if (found := attack.few_people(site, 5, 10))}
