"""The order of waves: given, of categories, of dates, of names; and what pages and explorers make of it."""

from __future__ import annotations

import sys

import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest

import movement_readiness as mr
from movement_readiness import cli
from movement_readiness.exceptions import ArgumentError
from movement_readiness.explorers import SiteExplorer, TeamExplorer
from movement_readiness.reports import site_report, team_report
from movement_readiness.teams.waves import natural, order_of_waves

WAVES = ("before", "after")


@pytest.fixture(scope="module")
def responses(instrument):
    """Two waves whose names stand the other way round in an alphabet, without a day."""
    frame = mr.simulate_responses(
        instrument, n_sites=1, teams_per_site=2, team_size=14, n_waves=2, wave_change=1.5, seed=3
    ).responses
    return frame.assign(wave=frame["wave"].map(dict(zip("12", WAVES, strict=True))))


def ordered(responses, waves=None):
    """The order of the waves of a frame, from the columns that a study reads."""
    frame = nw.from_native(responses, eager_only=True)
    days = frame["submitted_on"] if "submitted_on" in frame.columns else None
    return order_of_waves(pd.Series(frame["wave"].to_list(), dtype="str"), frame["wave"], days, waves)


def test_the_order_is_that_of_the_days(responses):
    found = ordered(responses)
    assert (found.names, found.rule) == (WAVES, "dates")
    assert found.words == "Waves in the order of their dates: before, after."
    as_text = responses.assign(submitted_on=responses["submitted_on"].dt.strftime("%Y-%m-%d"))
    assert ordered(as_text) == found
    assert ordered(pl.from_pandas(responses)) == found


def test_days_that_do_not_tell_leave_the_order_to_the_names(responses):
    late = (responses["wave"] == "before") & (responses.index % 2 == 0)
    mixed = responses.assign(submitted_on=responses["submitted_on"].mask(late, pd.Timestamp("2030-01-01")))
    same = responses.assign(submitted_on=pd.Timestamp("2025-01-01"))
    half = responses.assign(submitted_on=responses["submitted_on"].where(responses["wave"] == "after"))
    for frame in (mixed, same, half, responses.drop(columns="submitted_on")):
        found = ordered(frame)
        assert (found.names, found.rule) == (WAVES[::-1], "names")
        assert found.words == "Waves in the order of their names: after, before."
    straggler = responses["submitted_on"].copy()
    straggler[responses["wave"] == "before"] = [
        pd.Timestamp("2030-01-01"),
        *straggler[responses["wave"] == "before"][1:],
    ]
    assert ordered(responses.assign(submitted_on=straggler)).names == WAVES


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_the_order_is_that_of_the_categories(responses, library):
    bare = responses.drop(columns="submitted_on")
    categories = [*WAVES, "never"]
    frame = bare.assign(wave=pd.Categorical(bare["wave"], categories=categories, ordered=True))
    if library == "polars":
        frame = pl.from_pandas(bare).with_columns(pl.col("wave").cast(pl.Enum(categories)))
    found = ordered(frame)
    assert (found.names, found.rule, found.sentence) == (WAVES, "categories", "")
    if library == "pandas":  # without an order the categories say nothing
        unordered = bare.assign(wave=pd.Categorical(bare["wave"], categories=categories))
        assert ordered(unordered).rule == "names"


def test_the_order_that_is_given_comes_before_all_others(responses):
    for frame in (responses, responses.drop(columns="submitted_on")):
        for given in (WAVES, WAVES[::-1]):
            found = ordered(frame, given)
            assert (found.names, found.rule, found.sentence) == (given, "given", "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("before", "aftr"), "no response is of wave 'aftr'; available: 'after', 'before'. Did you mean 'after'"),
        (("before",), "expected every wave of the responses; 'after' missing"),
        (("before", "after", "after"), "expected each wave once"),
        ("before", "expected the names of the waves in their order"),
        ((), "expected the names of the waves in their order"),
        (3, "expected the names of the waves in their order"),
    ],
)
def test_waves_that_are_not_there_are_named(responses, given, said):
    with pytest.raises(ArgumentError, match=f"waves: {said}"):
        ordered(responses, given)


def test_names_are_sorted_as_people_do():
    names = ["10", "9", "wave 10", "wave 9", "Autumn", "2025-09", "²"]
    assert sorted(names, key=natural) == ["9", "10", "2025-09", "Autumn", "wave 9", "wave 10", "²"]
    one = order_of_waves(pd.Series(["pre", "pre"]), None, nw.from_native(pd.Series(["x", None]), series_only=True))
    assert (one.names, one.words) == (("pre",), "")


def test_pages_and_explorers_show_the_later_wave_and_say_where_its_place_comes_from(responses, instrument):
    bare = responses.drop(columns="submitted_on")
    by_name, told = mr.aggregate_scores(bare, instrument), mr.aggregate_scores(bare, instrument, waves=WAVES)
    place = {"site": told.sites[0], "team": told.teams(told.sites[0])[0]}
    for teams, first, last, said in ((by_name, "after", "before", True), (told, "before", "after", False)):
        change = teams.change[(teams.change["level"] == "site") & (teams.change["scale"] == "rational")].iloc[0]
        assert (change["wave_from"], change["wave_to"]) == (first, last)
        assert change["verdict"] == ("lower" if said else "higher")
        for page in (team_report(teams, instrument, **place), site_report(teams, instrument, site=place["site"])):
            assert f"since wave {first}</h2>" in page.html
            assert f"This page is about wave {last} only" in page.html
            assert ("Waves in the order of their names: after, before." in page.html) == said
            assert ("--waves before,after" in page.html) == said
        for explorer in (TeamExplorer(teams, instrument, **place), SiteExplorer(teams, instrument)):
            assert explorer.controls["wave"].value == last
            view = explorer.views["change" if "change" in explorer.views else "changes"]
            assert any("Waves in the order of their names" in one for one in view.sentences) == said


def test_the_command_takes_the_order(responses, instrument, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOVEMENT_READINESS_STORE", raising=False)
    mr.write_responses(responses.drop(columns="submitted_on"), tmp_path / "answers.csv", instrument)

    def run(*options):
        monkeypatch.setattr(sys, "argv", ["movement-readiness", "report", "answers.csv", "--out", "pages", *options])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return (int(left.value.code or 0), *capsys.readouterr())

    code, out, err = run("--waves", "before, after")
    assert code == 0, err
    assert "Waves in the order" not in out
    page = next((tmp_path / "pages" / "sites").glob("*.html")).read_text(encoding="utf-8")
    assert "since wave before</h2>" in page
    for given, said in (("before,,", "expected the waves in their order"), ("x,after", "no response is of wave 'x'")):
        code, _, err = run("--waves", given)
        assert code == 2
        assert said in err
        assert "Traceback" not in err
