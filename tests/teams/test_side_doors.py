"""What stands beside means and answers tells nothing either: medians, intervals, numbers of people, masks, two logs."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from teams import attack

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.responses.released import Release
from movement_readiness.teams import ReleaseLog
from movement_readiness.teams.aggregation import Aggregation

SCALE = "rational"
TABLES = ("scores", "items", "answers", "agreement", "funnel", "change", "respondents", "team_differences")
FEWEST = 5


def answered(instrument, responses_of, groups, seed=1, shares=(0.3, 0.15, 0.1, 0.15, 0.3)):
    """Answers that spread over all options in every team, so that nothing is withheld for being alike."""
    frame = responses_of(instrument, groups, seed=seed)
    rng = np.random.default_rng(seed)
    items = list(instrument.form("full").items)
    frame[items] = rng.choice(5, (len(frame), len(items)), p=shares) + 1
    return frame


def team(frame, site, name):
    return (frame["site"] == site) & (frame["team"] == name)


# Medians over teams (team_differences)


def medians_of(answers, items):
    """The median over teams of the average deviation of the scale, from the published answers alone."""
    found = {}
    whole = answers.loc[(answers["level"] == "team") & answers["item"].isin(items)]
    for place, rows in whole.groupby(["site", "team"]):
        spread = []
        for _, item in rows.groupby("item"):
            counts = np.round(item["percent"].astype(float) * item["n"].astype(float) / 100)
            points = (item["option"] - 1) * 25
            centre = np.average(points, weights=counts)
            spread.append(np.average(np.abs(points - centre), weights=counts))
        if not rows["withheld"].any():
            found[place] = float(np.mean(spread))
    return found


def test_how_alike_answers_are_rests_on_teams_whose_answers_everybody_sees(instrument, responses_of):
    """Where the team in the middle has an item withheld, the median would say that all in it answered it the same."""
    items = list(instrument.item_ids(SCALE))
    groups = {("N", name): 20 for name in "ABDE"} | {("S", "C"): 20, ("S", "D"): 20}
    frame = answered(instrument, responses_of, groups)
    frame.loc[frame.index[:6], items[0]] = pd.NA  # no score, or an answer fewer
    alike = frame.copy()
    for place in (("S", "C"), ("S", "D")):
        alike.loc[team(alike, *place), items[0]] = 4
    before, after = mr.aggregate_scores(frame, instrument), mr.aggregate_scores(alike, instrument)
    scores = after.scores.query("level == 'team' and scale == @SCALE")
    assert not scores["withheld"].any()
    shown = medians_of(before.answers, items)
    assert len(shown) == len(groups)
    row = before.team_differences.set_index("scale").loc[SCALE]
    assert row["ad_median"] == round(float(np.median(list(shown.values()))), 1)
    assert len(medians_of(after.answers, items)) < FEWEST
    row = after.team_differences.set_index("scale").loc[SCALE]
    assert row[["ad_median", "rwg_j_median_uniform", "rwg_j_median_slight"]].isna().all()
    assert row["n_teams_published"] == len(groups)


# Intervals


def unequal(instrument, responses_of, seed):
    """A site of one team that is shown and two that are withheld; teams differ a lot, so that sizes matter for intervals."""
    groups = {("N", "A"): 10, ("N", "B"): 5, ("N", "C"): 4, ("S", "A"): 12, ("S", "B"): 14, ("S", "C"): 13}
    frame = answered(instrument, responses_of, groups, seed)
    items = list(instrument.form("full").items)
    for place, shift in ((("S", "A"), -1), (("S", "B"), 1), (("N", "A"), 1)):
        rows = team(frame, *place)
        frame.loc[rows, items] = frame.loc[rows, items].add(shift).clip(1, 5).to_numpy()
    return frame


def test_nothing_that_is_shown_depends_on_the_sizes_of_withheld_teams(instrument, responses_of):
    fine = mr.DisclosurePolicy(round_to=0.5)
    frame = unequal(instrument, responses_of, seed=4)
    results = [mr.aggregate_scores(frame, instrument, policy=fine)]
    moved = frame.copy()
    moved.loc[moved.index[team(moved, "N", "C")][:2], "team"] = "B"
    results.append(mr.aggregate_scores(moved, instrument, policy=fine))
    site = results[0].scores.query("level == 'site' and site == 'N'")
    assert not site["withheld"].any()
    assert results[0].scores.query("site == 'N' and team in ['B', 'C']")["withheld"].all()
    for name in TABLES:
        pd.testing.assert_frame_equal(*(getattr(one, name) for one in results))


def test_who_is_withheld_counts_in_a_sites_interval_like_who_gave_no_team(instrument, responses_of):
    fine = mr.DisclosurePolicy(round_to=0.5)
    frame = unequal(instrument, responses_of, seed=4)
    apart = frame.copy()
    apart.loc[team(apart, "N", "B") | team(apart, "N", "C"), "team"] = pd.NA
    found = [mr.aggregate_scores(one, instrument, policy=fine).scores for one in (frame, apart)]
    sites = [one.query("level == 'site' and site == 'N'").reset_index(drop=True) for one in found]
    pd.testing.assert_frame_equal(*sites)


# Numbers of people


def sizes_seen(results, site):
    """What can be told of a site's other teams: each number of it, less the teams wherever theirs is shown."""
    tables = [
        results.scores,
        results.items.rename(columns={"item": "scale"}),
        results.respondents.assign(scale="heads"),
    ]
    rows = pd.concat([frame[["level", "site", "team", "scale", "n", "reason"]] for frame in tables], ignore_index=True)
    rows = rows[rows["site"] == site]
    teams = rows[rows["level"] == "team"].pivot(index="team", columns="scale")  # noqa: PD010  (no aggregate)
    n = teams["n"].astype(float)
    n = n.mask(teams["reason"] == "no_answers", 0.0)
    known = n.T.fillna(n.max(axis=1)).T.fillna(0.0).sum()
    sites = rows[(rows["level"] == "site") & rows["n"].notna()]
    return {row.scale: row.n - known[row.scale] for row in sites.itertuples()}


GROUPS = {("N", "A"): 12, ("N", "B"): 14, ("N", "C"): 4, ("S", "A"): 12}


@pytest.mark.parametrize(("skipped", "by"), [("emotional", "C"), ("emotional", "A"), ("", "")])
def test_the_size_of_a_withheld_team_follows_from_no_two_scales(instrument, responses_of, skipped, by):
    frame = answered(instrument, responses_of, GROUPS, seed=5)
    if skipped:
        frame.loc[team(frame, "N", by), list(instrument.item_ids(skipped))] = pd.NA
    found = mr.aggregate_scores(frame, instrument)
    left = sizes_seen(found, "N")
    assert left
    assert not [name for name, people in left.items() if 0 < people < FEWEST]
    heads = found.respondents.query("site == 'N'").set_index("team")["withheld"]
    assert bool(heads["C"])
    scores = found.scores.query("site == 'N' and scale == @SCALE")
    assert scores["withheld"].sum() == 2, "the smallest team is withheld beside the one of four, not the site"


@pytest.mark.parametrize("seed", [2])
def test_sizes_of_withheld_teams_where_many_skip(instrument, responses_of, seed):
    rng = np.random.default_rng(seed)
    groups = {(site, name): int(rng.integers(1, 16)) for site in ("N", "O", "P", "Q") for name in "ABCDE"}
    frame = answered(instrument, responses_of, groups, seed=seed)
    for scale in instrument.report_scales("full"):
        for place in groups:
            if rng.random() < 0.15:  # a whole team, as where a page was torn out
                frame.loc[team(frame, *place), list(instrument.item_ids(scale))] = pd.NA
    found = mr.aggregate_scores(frame, instrument)
    assert not found.scores.query("level == 'site'")["withheld"].all()
    for site in ("N", "O", "P", "Q"):
        assert not [people for people in sizes_seen(found, site).values() if 0 < people < FEWEST]


# Masks


def under_masks(frame):
    """What stands behind missing values of whole numbers, as pickle, pyarrow and polars see it."""
    copies = [frame, pickle.loads(pickle.dumps(frame))]  # noqa: S301  (made in this line)
    for one in copies:
        for name in one.columns:
            if isinstance(one[name].dtype, pd.Int64Dtype):
                yield from one[name].array._data[one[name].isna()].tolist()
    for table in (pa.Table.from_pandas(frame), pl.from_pandas(frame).to_arrow()):
        for column in table.columns:
            for chunk in column.chunks:
                if pa.types.is_integer(chunk.type) and chunk.null_count:
                    values = np.frombuffer(chunk.buffers()[1], dtype=np.int64)[chunk.offset :][: len(chunk)]
                    yield from values[np.asarray(chunk.is_null())].tolist()


def is_view(frame, column):
    """Whether the array of a column is part of one that holds more than this frame."""
    root = frame[column].to_numpy().base
    same = frame.dtypes == frame[column].dtype
    return isinstance(root, np.ndarray) and root.size > len(frame) * same.sum()


def test_nothing_is_left_under_the_mask_of_withheld_numbers(instrument, responses_of):
    groups = {("N", "A"): 14, ("N", "B"): 12, ("N", "C"): 4, ("U", "A"): 3, ("S", "A"): 7}
    first = answered(instrument, responses_of, groups, seed=5)
    second = answered(instrument, responses_of, groups, seed=6).assign(wave="2")
    second["response_id"] = "w" + second["response_id"]
    both = pd.concat([first, second], ignore_index=True)
    whole = Aggregation(both, instrument)
    for audience in ("published", ("own_team", "N", "C")):
        found = whole.results(audience)
        for name in TABLES:
            frame = getattr(found, name)
            assert set(under_masks(frame)) <= {0}, (name, audience)
            assert not [column for column in frame.select_dtypes("number") if is_view(frame, column)]


# Two logs on one file


def test_two_logs_on_one_file_see_each_other(instrument, responses_of, tmp_path):
    frame = answered(instrument, responses_of, {("N", "A"): 20, ("N", "B"): 15})
    place = tmp_path / "releases.jsonl"
    one, other = ReleaseLog(place), ReleaseLog(place)
    mr.aggregate_scores(frame, instrument, release_log=one)
    found = mr.aggregate_scores(frame.iloc[1:], instrument, release_log=other)
    row = found.scores.query("team == 'A' and scale == @SCALE").iloc[0]
    assert (bool(row["withheld"]), row["reason"]) == (True, "few_changed")
    assert len(one) == len(other) == len(place.read_text("utf-8").splitlines())
    mr.aggregate_scores(frame, instrument, release_log=other)
    assert len(one) == len(other), "the same release again is one, whoever made it"
    place.unlink()
    assert len(other), "who still has the object still compares"


def release(number, n_people=2000):
    people = tuple(f"{number:04x}{person:012x}" for person in range(n_people))
    return Release(
        "2026-01-31", "published", "i", "1", "a", str(number), "f", "s", (("N", None),), people, (0,) * n_people
    )


def test_lines_of_several_writers_stay_whole(tmp_path):
    place = tmp_path / "releases.jsonl"

    def record(first):
        log = ReleaseLog(place)
        for number in range(first, first + 5):
            log.record(release(number))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(record, (0, 5, 3)))
    assert sorted(int(found.wave) for found in ReleaseLog(place).releases()) == list(range(10))
    assert len(place.read_text("utf-8").splitlines()) == 10


def test_a_torn_line_is_said(tmp_path):
    place = tmp_path / "releases.jsonl"
    log = ReleaseLog(place)
    log.record(release(1, 3))
    log.record(release(2, 3))
    whole = place.read_text("utf-8")
    place.write_text(whole[:-40], encoding="utf-8")
    with pytest.raises(ArgumentError, match=r"releases\.jsonl' ends in the middle of a line"):
        ReleaseLog(place)
    with pytest.raises(ArgumentError, match=r"releases\.jsonl' ends in the middle of a line"):
        log.record(release(3, 3))
    place.write_text(whole[:-1], encoding="utf-8")  # an editor took the last end of line
    log.record(release(3, 3))
    assert [one.wave for one in ReleaseLog(place).releases()] == ["1", "2", "3"]
    place.write_text(whole.replace("released_on", "x", 1), encoding="utf-8")
    with pytest.raises(ArgumentError, match="a file that a ReleaseLog wrote"):
        ReleaseLog(place)


# What is left of a site in two waves


def test_five_people_who_answer_alike_are_not_what_is_left_of_two_waves(instrument, responses_of):
    """Team A's five of wave 1: the site then, less B, whose answers are the same again and left beside A's eleven."""
    frame = responses_of(instrument, {("N", "A"): 11, ("N", "B"): 12}, seed=3)
    items = list(instrument.item_ids("rational"))
    five = frame.index[frame["team"] == "A"][:5]
    frame.loc[five, items[2]] = [4, 3, 4, 4, 3]
    first = frame.drop(index=frame.index[frame["team"] == "A"][5:])
    waves = [first.assign(wave="1"), frame.assign(wave="2", response_id="w" + frame["response_id"])]
    both = pd.concat(waves, ignore_index=True)
    people = both["response_id"].str.removeprefix("w").astype("category").cat.codes.to_numpy()
    results = attack.everything(both, instrument)
    (site,) = attack.sites_of([(both, people, results)], instrument, "rational")
    assert any(fact.item is not None for fact in site.facts)
    assert attack.alike(site) == []
