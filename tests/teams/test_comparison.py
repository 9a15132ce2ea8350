"""Shrunken means, funnel, change between waves, and what stands beside a comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from support import ROOT

import movement_readiness as mr
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics import average_deviation, icc, rwg_j
from movement_readiness.psychometrics._reml import reml_components
from movement_readiness.teams import REASONS
from movement_readiness.teams._comparing import funnel_limits, overdispersion, shrunken_means
from movement_readiness.teams.changes import change_tables
from movement_readiness.teams.comparison import Yardstick, benchmark, funnel_table
from movement_readiness.teams.disclosure import HIDDEN, OWN, PUBLISHED, DisclosurePolicy
from movement_readiness.teams.invariance import invariance_sentence
from movement_readiness.teams.waves import natural

POLICY = DisclosurePolicy()
FUNNEL = [
    "level",
    "site",
    "team",
    "wave",
    "form",
    "scale",
    "n",
    "mean",
    "centre",
    "low95",
    "high95",
    "low998",
    "high998",
]
CHANGE = [
    "level",
    "site",
    "team",
    "form",
    "scale",
    "wave_from",
    "wave_to",
    "n_from",
    "n_to",
    "change",
    "ci_low",
    "ci_high",
]


def simulated(instrument, waves=("1",), seed=1, **choices):
    """One frame of waves, each of other people."""
    parts = []
    for number, wave in enumerate(waves):
        study = mr.simulate_responses(instrument, seed=number + seed, **choices)
        frame = study.responses.assign(wave=wave)
        parts.append(frame.assign(response_id=[f"{wave}-{one}" for one in frame["response_id"]]))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def two_waves(instrument):
    responses = simulated(instrument, ("9", "10"), n_sites=4, teams_per_site=9, team_size=(4, 22), icc1=0.2)
    return responses, mr.aggregate_scores(responses, instrument)


def test_the_tables_have_the_columns_others_write_against(two_waves):
    _, teams = two_waves
    assert list(teams.funnel.columns) == [*FUNNEL, "dispersion", "position", "withheld", "reason"]
    assert list(teams.change.columns) == [*CHANGE, "verdict", "withheld", "reason"]
    assert list(teams.team_differences.columns) == [
        "wave", "form", "scale", "icc1", "ci_low", "ci_high", "icc2", "icc2_low", "icc2_high", "state", "n_respondents", "n_teams",
        "method", "n_teams_published", "benchmark_low", "benchmark_high", "rwg_j_median_uniform", "rwg_j_median_slight", "ad_median",
    ]  # fmt: skip
    for frame in (teams.funnel, teams.change):
        assert set(frame["reason"]) <= set(REASONS)
        hidden = frame[frame["withheld"]]
        assert len(hidden)
        numbers = frame.columns.intersection([*FUNNEL[6:], "dispersion", "position", *CHANGE[7:], "verdict"])
        assert hidden[numbers].isna().all(axis=None)
        assert (hidden["reason"] != "").all()
        assert frame.loc[~frame["withheld"], numbers].notna().all(axis=None)
    assert set(teams.funnel["level"]) == {"team"}
    assert set(teams.change["level"]) == {"site", "team"}


def test_shrunken_means_come_from_released_numbers_and_lie_between_mean_and_centre(two_waves):
    _, teams = two_waves
    rows = teams.scores[(teams.scores["scale"] == "leadership") & (teams.scores["wave"] == "9")]
    rows = rows[(rows["level"] == "team") & ~rows["withheld"]]
    evidence = teams.team_differences.set_index(["wave", "scale"]).loc[("9", "leadership")]
    assert evidence["state"] == "supported"
    assert len(rows) == evidence["n_teams_published"] >= 5
    # Everything in it can be worked out by the reader, but for the SD within teams, which its intervals show.
    errors = []
    for sd in np.arange(10, 40, 0.5):
        between = sd**2 * evidence["icc1"] / (1 - evidence["icc1"])
        found, error = shrunken_means(rows["mean"].to_numpy(), rows["n"].to_numpy(float), between, sd**2)
        half = np.ceil(stats.norm.ppf(0.975) * error - 1e-9)
        middle = np.floor(found + 0.5)
        errors.append(
            np.abs(rows["shrunken"] - middle).sum()
            + np.abs(rows["shrunken_high"] - np.clip(middle + half, 0, 100)).sum()
        )
    assert min(errors) == 0
    spread = rows["mean"].max() - rows["mean"].min()
    assert rows["shrunken"].max() - rows["shrunken"].min() < spread
    assert ((rows["shrunken_high"] - rows["shrunken_low"]) <= rows["ci_high"] - rows["ci_low"]).all()


def test_no_shrunken_mean_beside_the_mean_of_a_small_team(instrument, two_waves):
    responses, teams = two_waves
    small = teams.respondents[(teams.respondents["level"] == "team") & teams.respondents["withheld"]]
    sizes = responses[responses["wave"] == "9"].groupby(["site", "team"]).size()
    place = next(key for key, n in sizes.items() if 5 <= n < 10 and len(small))
    own = mr.aggregate_scores(responses, instrument, audience=("own_team", *place))
    mine = own.scores[(own.scores["level"] == "team") & (own.scores["wave"] == "9") & ~own.scores["withheld"]]
    assert len(mine)
    assert mine[["shrunken", "shrunken_low", "shrunken_high"]].isna().all(axis=None)
    assert own.funnel.loc[own.funnel["wave"] == "9", "withheld"].all()
    assert set(own.funnel["team"]) == {place[1]}
    seen = own.change[(own.change["level"] == "team") & ~own.change["withheld"]]
    other = teams.change[(teams.change["site"] == place[0]) & (teams.change["team"] == place[1])]
    assert other["withheld"].all()  # for others the team is too small
    assert len(seen) == 0 or seen["n_from"].between(5, 9).all()


def test_the_funnel_is_that_of_the_published_teams(two_waves):
    _, teams = two_waves
    funnel = teams.funnel[(teams.funnel["scale"] == "social") & (teams.funnel["wave"] == "9")]
    scores = teams.scores[(teams.scores["scale"] == "social") & (teams.scores["wave"] == "9")]
    scores = scores[scores["level"] == "team"].set_index(["site", "team"])
    shown = funnel[~funnel["withheld"]].set_index(["site", "team"])
    assert set(shown.index) == set(scores.index[~scores["withheld"]])
    np.testing.assert_array_equal(shown["mean"], scores.loc[shown.index, "mean"])
    assert shown["centre"].iloc[0] == round(np.average(shown["mean"], weights=shown["n"].astype(float)), 1)
    wide, narrow = shown["high95"] - shown["low95"], shown["high998"] - shown["low998"]
    assert (narrow >= wide).all()
    ordered = shown.sort_values("n")
    assert (np.diff(ordered["high95"]) <= 0).all()  # the larger the team, the nearer its limits
    outside = (shown["mean"] < shown["low95"]) | (shown["mean"] > shown["high95"])
    assert (outside == (shown["position"] != "within")).all()
    assert (shown["dispersion"] == shown["dispersion"].iloc[0]).all()
    assert shown["dispersion"].iloc[0] > 1.5  # ICC(1) is .2: teams vary more than chance


def table_of(means, sizes, status=PUBLISHED):
    """One scale's means of teams, as `scores_table` makes them."""
    return pd.DataFrame(
        {
            "level": "team",
            "site": "N",
            "team": [f"T{number}" for number in range(len(means))],
            "wave": "1",
            "form": "full",
            "status": status,
            "reason": "",
            "n": pd.array(sizes, dtype="Int64"),
            "mean": np.asarray(means, dtype=float),
        }
    )


def test_without_over_dispersion_the_limits_are_those_of_chance():
    means, sizes = [50.0, 52, 48, 51, 70, 49], [10, 12, 20, 15, 16, 30]
    found = funnel_table(table_of(means, sizes), Yardstick(20.0, 0.01, "unclear"), POLICY)
    centre = np.average(means, weights=sizes)
    errors = np.sqrt(400 / np.array(sizes) + 1 / 12)
    np.testing.assert_allclose(found["high95"], centre + 1.959964 * errors, atol=0.051)
    np.testing.assert_allclose(found["low998"], centre - 3.090232 * errors, atol=0.051)
    assert found["position"].tolist() == ["within"] * 4 + ["outside 99.8 %", "within"]
    assert set(found["dispersion"]) == {1.0}


def test_over_dispersion_by_hand():
    z = np.array([-3.0, -2.5, -1.5, -1, 0, 1, 1.5, 2, 2.5, 9])
    low, high = np.quantile(z, [0.1, 0.9])
    assert overdispersion(z) == pytest.approx(np.mean(np.clip(z, low, high) ** 2) / 0.6786, rel=1e-3)
    assert overdispersion(z / 3) == 1.0
    rng = np.random.default_rng(2)
    many = rng.normal(size=400_000)
    cut = np.clip(many, *np.quantile(many, [0.1, 0.9]))
    assert np.mean(cut**2) == pytest.approx(0.6786, abs=0.005)
    low, high = funnel_limits(50.0, np.array([5.0]), 4.0)
    np.testing.assert_allclose(high - 50, [[19.6, 30.9]], atol=0.01)
    np.testing.assert_allclose(50 - low, high - 50)


@pytest.mark.parametrize(
    ("by", "number", "reason"),
    [
        (None, 8, "few_teams"),
        (Yardstick(20.0, 0.1, "supported"), 4, "few_teams"),
        (Yardstick(20.0, 0.01, "not supported"), 8, "no_differences"),
    ],
)
def test_a_funnel_is_withheld_in_words(by, number, reason):
    found = funnel_table(table_of([50.0] * number, [12] * number), by, POLICY)
    assert (found["status"] == HIDDEN).all()
    assert set(found["reason"]) == {reason}
    assert found["centre"].isna().all()


def test_comparisons_are_withheld_when_teams_do_not_differ_and_own_means_are_not(instrument):
    """The same answers, dealt to teams at random: no team differs, and each still sees its own mean."""
    responses = simulated(instrument, n_sites=4, teams_per_site=10, team_size=20, icc1=0.3)
    dealt = responses.copy()
    order = np.random.default_rng(3).permutation(len(dealt))
    items = list(instrument.forms["full"].items)
    dealt[items] = dealt[items].to_numpy()[order]
    teams = mr.aggregate_scores(dealt, instrument)
    states = teams.team_differences.set_index("scale")["state"]
    withheld = set(states.index[states == "not supported"])
    assert withheld
    scores = teams.scores[(teams.scores["level"] == "team") & teams.scores["scale"].isin(withheld)]
    assert scores["shrunken"].isna().all()
    assert set(teams.funnel.loc[teams.funnel["scale"].isin(withheld), "reason"]) >= {"no_differences"}
    assert teams.funnel.loc[teams.funnel["scale"].isin(withheld), "withheld"].all()
    evidence = teams.team_differences.set_index("scale").loc[sorted(withheld)]
    assert evidence[["benchmark_low", "benchmark_high"]].isna().all(axis=None)
    assert scores.loc[~scores["withheld"], ["mean", "ci_low", "ci_high"]].notna().all(axis=None)
    assert (~scores["withheld"]).mean() > 0.9
    # A team's own mean is that of its people, whatever the other teams answered.
    mine = responses[(responses["site"] == "North") & (responses["team"] == responses["team"].iloc[0])]
    assert len(mine) == 20
    own = mr.aggregate_scores(responses, instrument)
    for frame, results in ((responses, own), (dealt, teams)):
        one = frame[(frame["site"] == "North") & (frame["team"] == mine["team"].iloc[0])]
        expected = np.floor(mr.score_scales(one, instrument)["rational"].mean() + 0.5)
        row = results.scores.query("level == 'team' and site == 'North' and scale == 'rational'")
        row = row[row["team"] == mine["team"].iloc[0]].iloc[0]
        assert row["withheld"] or row["mean"] == expected


def test_a_benchmark_needs_thirty_teams(instrument, two_waves):
    _, few = two_waves
    assert few.team_differences[["benchmark_low", "benchmark_high"]].isna().all(axis=None)
    responses = simulated(instrument, n_sites=4, teams_per_site=10, team_size=(12, 16), icc1=0.2)
    teams = mr.aggregate_scores(responses, instrument)
    for _, row in teams.team_differences.iterrows():
        rows = teams.scores[(teams.scores["scale"] == row["scale"]) & (teams.scores["level"] == "team")]
        assert row["n_teams_published"] == (~rows["withheld"]).sum() >= 30
        shown = rows[~rows["withheld"]]
        scored = mr.score_scales(responses, instrument)[row["scale"]]
        found = icc(scored, responses["site"] + responses["team"], method="reml")
        centre = shown["mean"].mean()
        half = 1.2816 * np.sqrt(found.icc1 / (1 - found.icc1)) * found.sd_within
        assert (row["benchmark_low"], row["benchmark_high"]) == pytest.approx((centre - half, centre + half), abs=1.5)


def test_the_benchmark_holds_four_fifths_of_true_means():
    """Not of published means, which chance spreads wider, nor of shrunken ones, which lie closer together."""
    rng = np.random.default_rng(4)
    inside, raw = [], []
    for _ in range(60):
        n = rng.integers(10, 20, 60)
        true = rng.normal(55, 8, 60)
        means = np.round(rng.normal(true, 22 / np.sqrt(n)))
        by = Yardstick(sd=22.0, icc1=64 / (64 + 22**2), state="supported")
        number, low, high = benchmark(table_of(list(means), list(n)), by)
        assert number == 60
        inside.append(np.mean((true >= low) & (true <= high)))
        raw.append(np.mean((means >= low) & (means <= high)))
    assert np.mean(inside) == pytest.approx(0.80, abs=0.02)
    assert np.mean(raw) < 0.75


@pytest.mark.parametrize("by", [None, Yardstick(22.0, 0.1, "not supported"), Yardstick(22.0, 0.0, "unclear")])
def test_there_is_no_benchmark_without_a_difference(by):
    number, low, high = benchmark(table_of([50.0] * 40, [12] * 40), by)
    assert number == 40
    assert np.isnan([low, high]).all()


def test_agreement_within_published_teams(instrument, two_waves):
    responses, teams = two_waves
    wave = responses[responses["wave"] == "9"].reset_index(drop=True)
    items = mr.item_matrix(wave, instrument, scale="emotional")
    shown = teams.scores.query("level == 'team' and wave == '9' and scale == 'emotional'")
    shown = set(shown.loc[~shown["withheld"], ["site", "team"]].itertuples(index=False, name=None))
    mask = [place in shown for place in zip(wave["site"], wave["team"], strict=True)]
    groups = wave.loc[mask, ["site", "team"]]
    row = teams.team_differences.set_index(["wave", "scale"]).loc[("9", "emotional")]
    found = rwg_j(items[mask], groups, n_options=5, null=["uniform", "slight"], missing="available")
    assert row["rwg_j_median_uniform"] == round(found["rwg_j_uniform"].median(), 2)
    assert row["rwg_j_median_slight"] == round(found["rwg_j_slight"].median(), 2)
    deviation = average_deviation(items[mask], groups, missing="available")["average_deviation"].median()
    assert row["ad_median"] == pytest.approx(deviation * 25, abs=0.051)


def test_change_is_the_difference_of_two_released_means(two_waves):
    _, teams = two_waves
    assert natural("9") < natural("10") < natural("autumn")
    assert set(zip(teams.change["wave_from"], teams.change["wave_to"], strict=True)) == {("9", "10")}
    keys = ["level", "site", "team", "form", "scale"]
    shown = teams.change[~teams.change["withheld"]].set_index(keys)
    by_wave = {
        wave: teams.scores[(teams.scores["wave"] == wave) & ~teams.scores["withheld"]].set_index(keys)
        for wave in ("9", "10")
    }
    assert set(shown.index) == set(by_wave["9"].index) & set(by_wave["10"].index)
    first, second = (by_wave[wave].loc[shown.index] for wave in ("9", "10"))
    np.testing.assert_array_equal(shown["change"], second["mean"] - first["mean"])
    assert (shown["n_to"] == second["n"]).all()
    assert ((shown["verdict"] == "higher") == (shown["ci_low"] > 0)).all()
    assert ((shown["verdict"] == "lower") == (shown["ci_high"] < 0)).all()
    half = (shown["ci_high"] - shown["ci_low"]) / 2
    known = half[shown.index.get_level_values("level") == "team"]
    sizes = shown.loc[known.index]
    sd = known / 1.96 / np.sqrt(1 / sizes["n_from"].astype(float) + 1 / sizes["n_to"].astype(float))
    assert sd.between(15, 30).all()


def test_the_band_of_a_change_by_hand():
    waves = [
        ("full", "s", "1", table_of([50.0, 40], [10, 12], [PUBLISHED, OWN]), Yardstick(20.0, 0.1, "supported")),
        ("full", "s", "2", table_of([60.0, 75], [20, 15], [PUBLISHED, PUBLISHED]).assign(wave="2"), None),
    ]
    found = change_tables(waves, POLICY)
    half = 1.959964 * np.sqrt(400 / 10 + 625 / 20 + 1 / 6)  # without a pooled SD the planning SD of 25
    assert (found["ci_low"][0], found["ci_high"][0]) == (np.floor(10 - half), np.ceil(10 + half))  # as they are shown
    assert found["verdict"].tolist() == ["no clear change", "higher"]
    assert found["status"].tolist() == [PUBLISHED, OWN]
    assert change_tables(waves[:1], POLICY).empty


def test_a_change_is_called_higher_only_where_the_limits_shown_keep_clear_of_zero():
    by = Yardstick(20.0, 0.1, "supported")
    half = 1.959964 * np.sqrt(2 * 400 / 15 + 1 / 6)  # 14.3
    before, after = table_of([50.0] * 3, [15] * 3), table_of([64.0, 65, 66], [15] * 3).assign(wave="2")
    found = change_tables([("full", "s", "1", before, by), ("full", "s", "2", after, by)], POLICY)
    assert 14 < half < 15
    assert found["ci_low"].tolist() == [-1, 0, 1]
    assert found["verdict"].tolist() == ["no clear change", "no clear change", "higher"]


def sites_of(rng, means, sizes, wave, sd=20.0):
    """Tables of sites x teams: one wave of one scale, from true means of teams and how many answered in each."""
    shown = np.floor(rng.normal(means, sd / np.sqrt(sizes)) + 0.5)
    names = [(f"S{site}", f"T{team}") for site, team in np.ndindex(*means.shape)]
    place = pd.DataFrame(names, columns=["site", "team"])
    teams = place.assign(level="team", n=sizes.ravel(), mean=shown.ravel())
    whole = np.floor((shown * sizes).sum(axis=1) / sizes.sum(axis=1) + 0.5)
    sites = pd.DataFrame(
        {"site": place["site"].unique(), "team": None, "level": "site", "n": sizes.sum(axis=1), "mean": whole}
    )
    table = pd.concat([sites, teams], ignore_index=True)
    status = np.where(table["n"] >= 10, PUBLISHED, np.where(table["n"] >= 5, OWN, HIDDEN))
    return table.assign(wave=wave, form="full", status=status, reason=np.where(status == HIDDEN, "too_few", ""))


def told_of_sites(rng, n_sites, n_teams, moves=0.0, same=False, rise=0.0, replications=60):
    """Shares of sites told higher or lower, and the mean half-width; people vary by 400 points within teams."""
    verdicts, halves = [], []
    for _ in range(replications):
        full = rng.integers(8, 24, (n_sites, n_teams))
        sizes = [full, full] if same else [np.maximum(rng.binomial(full, 0.8), 5) for _ in "12"]
        lasting = rng.normal(50, 7, full.shape)
        sd = 20.0
        if same:  # what they bring to both waves
            lasting = lasting + rng.normal(0, 20 * np.sqrt(0.6 / full))
            sd = 20 * np.sqrt(0.4)
        waves = []
        for number, one in enumerate(sizes):
            truth = lasting + number * rise + rng.normal(0, np.sqrt(moves * 450), full.shape)
            waves.append(
                (
                    "full",
                    "s",
                    f"{number}",
                    sites_of(rng, truth, one, f"{number}", sd),
                    Yardstick(20.0, 0.11, "supported"),
                )
            )
        found = change_tables(waves, POLICY)
        found = found[found["level"] == "site"]
        verdicts += list(found["verdict"])
        halves += list((found["ci_high"] - found["ci_low"]) / 2)
    return float(np.mean(np.array(verdicts) != "no clear change")), float(np.mean(halves))


@pytest.mark.parametrize(("n_sites", "n_teams"), [(1, 3), (4, 2), (4, 8)])
def test_a_site_without_a_change_is_told_of_one_in_at_most_five_of_a_hundred_studies(n_sites, n_teams):
    rng = np.random.default_rng(21)
    many = 200 // n_sites
    for choices, most in (({"same": True}, 0.01), ({}, 0.04), ({"moves": 0.05}, 0.08)):  # by hazard, of 200 sites
        wrong, half = told_of_sites(rng, n_sites, n_teams, replications=many, **choices)
        print(f"{n_sites} sites of {n_teams} teams, {choices}: {wrong:.3f}, half-width {half:.1f}")  # noqa: T201
        assert wrong <= most


def test_a_true_rise_of_sites_with_the_same_teams_is_mostly_told():
    told, half = told_of_sites(np.random.default_rng(22), 4, 12, rise=6.4, replications=20)
    print(f"told of a rise of .3 SD: {told:.2f}, half-width {half:.1f}")  # noqa: T201
    assert told > 0.4  # the band for teams as a sample of more tells one in ten
    assert half < 6


def one_site(n, mean, wave, statuses=None, loose=0, reasons=None):
    """A site of teams T0, T1 ... of n people each."""
    n, mean = np.asarray(n), np.asarray(mean, dtype=float)
    whole = {
        "level": "site",
        "team": None,
        "n": n.sum() + loose,
        "mean": np.average(mean, weights=n),
        "status": PUBLISHED,
    }
    rows = [{"level": "team", "team": f"T{j}", "n": n[j], "mean": mean[j], "status": PUBLISHED} for j in range(len(n))]
    table = pd.DataFrame([whole, *rows]).assign(site="N", wave=wave, form="full", reason="")
    if statuses is not None:
        table["status"] = [PUBLISHED, *statuses]
        table["reason"] = ["", *(reasons or ["protects_others" if one == HIDDEN else "" for one in statuses])]
    return table


def band(first, second, by=None):
    by = by or Yardstick(20.0, 0.2, "supported")
    found = change_tables([("full", "s", "1", first, by), ("full", "s", "2", second, by)], POLICY)
    return found["ci_low"].tolist(), found["ci_high"].tolist(), found["change"].tolist(), found["verdict"].tolist()


def test_a_site_of_one_team_has_the_change_of_that_team():
    low, high, change, verdict = band(one_site([20], [29.0], "1"), one_site([18], [58.0], "2"))
    assert low[0] == low[1]
    assert high[0] == high[1]
    assert change == [29, 29]
    assert verdict == ["higher", "higher"]


def test_the_band_of_a_site_by_hand():
    """Two teams that keep their shares: who answers, and 4 % of all variance by which teams move."""
    low, high, change, _ = band(one_site([20, 20], [50.0, 50], "1"), one_site([20, 20], [58.0, 58], "2"))
    total, between = 400 / 0.8, 100
    moves = (10 * 0.04 * total + 1 * ((0 - 1) / (1 / (400 / 10 + 1 / 6)) / 2)) / 11  # one degree of freedom, no spread
    half = 1.959964 * np.sqrt(2 * 400 / 40 + 1 / 6 + moves * (4 * 0.25))
    assert (low[0], high[0], change[0]) == (np.floor(8 - half), np.ceil(8 + half), 8)
    assert between > moves > 0


def test_other_teams_than_before_make_the_band_of_a_site_wider():
    def width(first, second):
        low, high, *_ = band(first, second)
        return high[0] - low[0]

    stays = width(one_site([20, 20], [50.0, 50], "1"), one_site([20, 20], [50.0, 50], "2"))
    shifts = width(one_site([20, 20], [50.0, 50], "1"), one_site([32, 8], [50.0, 50], "2"))
    left = width(
        one_site([20, 20], [50.0, 50], "1"),
        one_site([20, 0], [50.0, 50], "2", [PUBLISHED, HIDDEN], reasons=["", "no_answers"]),
    )
    swapped = width(
        one_site([20, 0], [50.0, 50], "1", [PUBLISHED, HIDDEN], reasons=["", "no_answers"]),
        one_site([0, 20], [50.0, 50], "2", [HIDDEN, PUBLISHED], reasons=["no_answers", ""]),
    )
    assert stays < shifts < left < swapped


def test_the_band_of_a_site_tells_no_size_that_is_hidden():
    """However the people of two withheld teams are split between them, the band is the same."""
    found = []
    for split in ([12, 3], [8, 7], [14, 1]):
        tables = [one_site([20, *split], [50.0] * 3, wave, [PUBLISHED, HIDDEN, HIDDEN]) for wave in "12"]
        low, high, *_ = band(*tables)
        found.append((low[0], high[0]))
    assert len(set(found)) == 1


def test_the_same_people_twice_are_told_a_change_too_seldom_rather_than_too_often():
    """Nobody is linked to earlier answers, so the band takes the waves as different people."""
    rng = np.random.default_rng(12)
    sizes, by = np.full(3000, 15), Yardstick(20.0, 0.1, "supported")
    lasting = rng.normal(50, 20 * np.sqrt(0.6 / 15), 3000)  # what the same people bring to both waves
    waves = [
        ("full", "s", w, table_of(lasting + rng.normal(0, 20 * np.sqrt(0.4 / 15), 3000), sizes).assign(wave=w), by)
        for w in "12"
    ]
    assert (change_tables(waves, POLICY)["verdict"] != "no clear change").mean() < 0.02


def test_forms_are_never_compared_over_waves(instrument, responses_of):
    groups = {("N", "A"): 12, ("N", "B"): 14, ("N", "C"): 11}
    full = responses_of(instrument, groups, wave="1")
    short = responses_of(instrument, groups, wave="2", form="short", seed=1)
    short["response_id"] = [f"s{number}" for number in range(len(short))]
    teams = mr.aggregate_scores(pd.concat([full, short], ignore_index=True), instrument)
    assert teams.change.empty
    assert list(teams.change.columns) == [*CHANGE, "verdict", "withheld", "reason"]


class Steps:
    """A result with a table of steps, as a test of measurement invariance gives it."""

    def __init__(self, cfi, rmsea):
        steps = ["configural", "metric", "scalar", "strict"][: len(cfi)]
        self.table = pd.DataFrame({"step": steps, "chisq": 1.0, "cfi": cfi, "rmsea": rmsea, "srmr": 0.03})

    def to_frame(self):
        return self.table


@pytest.mark.parametrize(
    ("cfi", "rmsea", "step", "allowed"),
    [
        ([0.96, 0.958, 0.955], [0.05, 0.05, 0.05], "scalar", True),
        ([0.96, 0.958, 0.955, 0.90], [0.05, 0.05, 0.05, 0.07], "scalar", True),
        ([0.96, 0.958, 0.93], [0.05, 0.05, 0.05], "metric", False),
        ([0.96, 0.955, 0.95], [0.05, 0.07, 0.07], "configural", False),
        ([0.96, 0.958, np.nan], [0.05, 0.05, np.nan], "metric", False),
    ],
)
def test_steps_of_invariance_become_a_sentence(cfi, rmsea, step, allowed):
    said = invariance_sentence(Steps(cfi, rmsea))
    assert f"up to the step {step!r}" in said
    assert ("may be compared" in said) == allowed
    assert ("not enough to compare means" in said) != allowed


def test_the_evidence_for_comparing_sites_is_stated_or_missing(instrument, responses_of):
    responses = responses_of(instrument, {("N", "A"): 12, ("N", "B"): 14})
    assert "No evidence has been shown" in mr.aggregate_scores(responses, instrument).invariance
    told = mr.aggregate_scores(responses, instrument, invariance="Scalar invariance held in 2026.")
    assert told.invariance == "Scalar invariance held in 2026."
    for bad in (3, ""):
        with pytest.raises(ArgumentError, match="invariance: expected a sentence or a result"):
            mr.aggregate_scores(responses, instrument, invariance=bad)
    with pytest.raises(ArgumentError, match="'step', 'cfi', 'rmsea' missing"):
        invariance_sentence(pd.Series({"x": 1}))


@pytest.mark.parametrize("icc1", [0.05, 0.3])
def test_shrunken_intervals_cover_the_truth(icc1):
    rng = np.random.default_rng(8)
    sizes = rng.integers(10, 30, 30).astype(float)
    between = 400 * icc1 / (1 - icc1)
    covered = []
    for _ in range(300):
        truth = rng.normal(50, np.sqrt(between), 30)
        means = truth + rng.normal(0, 20 / np.sqrt(sizes))
        within = 400 * rng.chisquare((sizes - 1).sum())
        fitted = reml_components(sizes, means, within)
        found, error = shrunken_means(means, sizes, fitted.var_between, fitted.var_within)
        covered.append(np.mean(np.abs(found - truth) < 1.96 * error))
    print(f"coverage {np.mean(covered):.3f}")  # noqa: T201
    assert 0.92 < np.mean(covered) < 0.97


def test_without_change_few_teams_are_told_higher_or_lower():
    rng = np.random.default_rng(9)
    sizes = rng.integers(10, 30, 4000)
    by = Yardstick(20.0, 0.1, "supported")
    truth = rng.normal(55, 7, 4000)
    tables = [table_of(np.floor(truth + rng.normal(0, 20 / np.sqrt(sizes)) + 0.5), sizes).assign(wave=w) for w in "12"]
    found = change_tables([("full", "s", wave, table, by) for wave, table in zip("12", tables, strict=True)], POLICY)
    wrong = (found["verdict"] != "no clear change").mean()
    print(f"told a change without one: {wrong:.3f}")  # noqa: T201
    assert 0.02 < wrong < 0.06  # outward rounding makes it fewer than the nominal .05


@pytest.mark.parametrize("icc1", [0.0, 0.1])
def test_five_in_a_hundred_teams_lie_outside_the_limits(icc1):
    rng = np.random.default_rng(10)
    share = []
    for _ in range(120):
        sizes = rng.integers(10, 30, 40)
        truth = rng.normal(50, 20 * np.sqrt(icc1 / (1 - icc1)), 40)
        means = np.floor(truth + rng.normal(0, 20 / np.sqrt(sizes)) + 0.5)
        found = funnel_table(table_of(means, sizes), Yardstick(20.0, icc1, "supported"), POLICY)
        share.append([(found["position"] != "within").mean(), (found["position"] == "outside 99.8 %").mean()])
    outside, far = np.mean(share, axis=0)
    print(f"icc1 {icc1}: outside 95 % {outside:.3f}, outside 99.8 % {far:.4f}")  # noqa: T201
    assert 0.03 < outside < 0.07
    assert far < 0.01


def lmer_values():
    frame = pd.read_csv(ROOT / "tests" / "reference" / "agreement" / "shrunken.csv", dtype={"group": "str"})
    return dict(list(frame.groupby("dataset")))


@pytest.mark.parametrize("dataset", sorted(lmer_values()))
def test_shrunken_means_are_those_of_lme4(dataset):
    frame = lmer_values()[dataset]
    one = {name: rows["value"].iloc[0] for name, rows in frame.groupby("quantity")}
    of_group = frame.dropna(subset="group").pivot_table(index="group", columns="quantity", values="value")
    n = of_group["n"].to_numpy()
    found, error = shrunken_means(of_group["mean"].to_numpy(), n, one["var_between"], one["var_within"])
    np.testing.assert_allclose(found, of_group["shrunken"], rtol=1e-9)
    # Their variance is that of the model, and what not knowing centre and variance adds.
    weights = 1 / (one["var_between"] + one["var_within"] / n)
    assert 1 / weights.sum() == pytest.approx(one["centre_variance"], rel=1e-9)
    kept = one["var_between"] * weights
    known = kept * one["var_within"] / n + (1 - kept) ** 2 * one["centre_variance"]
    assert (error**2 > known).all()


teams_drawn = st.lists(st.tuples(st.floats(0, 100), st.integers(5, 60)), min_size=3, max_size=25)


@settings(max_examples=80, deadline=None)
@given(teams_drawn, st.floats(0, 200), st.floats(50, 900))
def test_shrinking_keeps_order_of_equal_teams_and_units(drawn, between, within):
    means, n = (np.array(column, dtype=float) for column in zip(*drawn, strict=True))
    found, error = shrunken_means(means, n, between, within)
    assert found.min() >= means.min() - 1e-9
    assert found.max() <= means.max() + 1e-9
    assert (error > 0).all()
    np.testing.assert_allclose(shrunken_means(means[::-1], n[::-1], between, within)[0], found[::-1])
    moved, wider = shrunken_means(10 + 2 * means, n, 4 * between, 4 * within)
    np.testing.assert_allclose(moved, 10 + 2 * found, atol=1e-8)
    np.testing.assert_allclose(wider, 2 * error)
    same = shrunken_means(means, np.full(len(n), 12.0), between, within)[0]
    assert (np.diff(same[np.argsort(means, kind="stable")]) >= -1e-9).all()


def test_no_comparison_is_estimated_from_hidden_teams(instrument):
    """Whatever the people of teams that nobody sees answer, funnel, evidence and shrunken means stay as they are."""
    responses = simulated(instrument, ("1", "2"), n_sites=3, teams_per_site=4, team_size=14, icc1=0.2)
    extra = simulated(instrument, ("1", "2"), seed=50, n_sites=1, teams_per_site=1, team_size=4)
    extra["site"] = "Alone"
    extra["response_id"] = [f"x{one}" for one in extra["response_id"]]
    changed = extra.copy()
    changed[list(instrument.forms["full"].items)] = 5
    base, other = (
        mr.aggregate_scores(pd.concat([responses, more], ignore_index=True), instrument) for more in (extra, changed)
    )
    assert (base.scores.loc[base.scores["site"] == "Alone", "withheld"]).all()
    for name in ("scores", "funnel", "change", "team_differences"):
        pd.testing.assert_frame_equal(getattr(base, name), getattr(other, name))
