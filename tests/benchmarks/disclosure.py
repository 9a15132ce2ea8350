"""The price of disclosure control: how many teams and people still see a number, and how long it takes.

    python tests/benchmarks/disclosure.py [--attacked 1000] [--responses 100000]

1. Realistic hierarchies (20 sites of 5-20 wards of 4-25 people, of whom 60-90 % answer): for k = 5, 7, 10, 15, 20, of how
   many teams and people a domain mean is shown to anybody (published), to the team itself (own), at least by the site.
2. The price of comparing waves: the same people drawn anew (as collected), also with 10 % of answers left out, and, as
   an upper bound, half of them answering the same again.
3. The same of the full and the short form and of another instrument, with 60, 80 and 90 % of answers the same again.
4. The price of a second release of a wave beside the first: after late answers, withdrawals and corrections.
5. `aggregate_scores` on many responses in teams of twenty, and in wards of 4-25 with 5 % of answers missing.
6. The attacker of the tests on many random hierarchies (all three kinds of study).

Ends with exit code 1 where the attacker finds anything, where 100,000 responses take more than 20 s of one processor (40 s
in wards with answers missing), or where waves of people drawn anew lose more than 5 % of the means or answers of the
second wave.
"""

# ruff: noqa: T201  (a script: printing is what it is for)

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

import movement_readiness as mr
from movement_readiness.teams import ReleaseLog
from movement_readiness.teams.aggregation import Aggregation

INSTRUMENT = mr.load_instrument()
SCALE = "rational"
MOST_SECONDS, MOST_SECONDS_MISSING, MOST_LOST = 20.0, 40.0, 0.05
STABLE = (0.6, 0.8, 0.9)


def hierarchy(seed: int, n_sites: int = 20, waves: int = 1) -> pd.DataFrame:
    """Answers of wards: some sites with five teams, some with twenty; who answers is drawn anew in each wave."""
    rng = np.random.default_rng(seed)
    study = mr.simulate_responses(
        INSTRUMENT, n_sites=n_sites, teams_per_site=20, team_size=25, n_waves=waves, icc1=0.1, seed=seed
    )
    frame = study.responses
    places = frame[["site", "team"]].drop_duplicates()
    places["size"] = rng.integers(4, 26, len(places))
    kept_teams = {site: rng.integers(5, 21) for site in places["site"].unique()}
    places["place"] = places.groupby("site").cumcount()
    places = places[places["place"] < places["site"].map(kept_teams)]
    frame = frame.merge(places, on=["site", "team"])
    frame["rank"] = frame.groupby(["site", "team", "wave"]).cumcount()
    frame = frame[frame["rank"] < frame["size"]]
    answered = rng.random(len(frame)) < frame["site"].map({site: rng.uniform(0.6, 0.9) for site in kept_teams})
    return frame[answered].drop(columns=["size", "place", "rank"]).reset_index(drop=True)


def shown(frame: pd.DataFrame, policy: mr.DisclosurePolicy) -> dict[str, float]:
    """Shares of teams and people of whom a mean of the scale is shown."""
    whole = Aggregation(frame, INSTRUMENT, policy=policy)
    rows = whole.scores[whole.scores["scale"] == SCALE]
    teams, sites = rows[rows["level"] == "team"], rows[rows["level"] == "site"]
    answered = teams[teams["n"] > 0]
    seen_site = set(sites.loc[sites["status"] == 2, "site"])
    n = answered["n"].to_numpy(dtype=float)

    def of(flags: pd.Series) -> tuple[float, float]:
        return float(flags.mean()), float((n * flags.to_numpy()).sum() / n.sum())

    items = whole.items[(whole.items["level"] == "team") & (whole.items["item"] == INSTRUMENT.item_ids(SCALE)[0])]
    return {
        "teams published": of(answered["status"] == 2)[0],
        "people published": of(answered["status"] == 2)[1],
        "teams own": of(answered["status"] >= 1)[0],
        "people own": of(answered["status"] >= 1)[1],
        "people in a site": of(answered["site"].isin(seen_site))[1],
        "sites": float((sites["status"] == 2).mean()),
        "teams items": float((items.loc[items["n"] > 0, "status"] == 2).mean()),
        "teams": float(len(answered)),
    }


def price() -> None:
    """Table 1."""
    print("Shares of whom a domain mean is shown (20 sites, wards of 4-25, 60-90 % answer; mean of 3 studies)")
    print(f"{'k':>4}{'own k':>7}" + "".join(f"{name:>18}" for name in shown(hierarchy(0, 2), mr.DisclosurePolicy())))
    for k in (5, 7, 10, 15, 20):
        policy = mr.DisclosurePolicy(min_respondents=k)
        found = pd.DataFrame([shown(hierarchy(seed), policy) for seed in range(1, 4)]).mean()
        cells = "".join(f"{value:>18.0f}" if name == "teams" else f"{value:>18.1%}" for name, value in found.items())
        print(f"{k:>4}{policy.min_respondents_own_team:>7}{cells}", flush=True)


def waves_lost() -> float:
    """Table 2; the largest share of the second wave's means or answers that is lost where people are drawn anew."""
    print("\nTeam means and item answers of wave 2 that are shown beside wave 1, of those shown alone")
    lost = 0.0
    for name, again, missing in (
        ("people drawn anew", 0.0, 0.0),
        ("the same, 10 % left out", 0.0, 0.1),
        ("half answer the same again", 0.5, 0.0),
    ):
        frame = _blanked(hierarchy(5, 10, waves=2), missing)
        second = frame["wave"].astype(str) == "2"
        if again:
            frame = _again(frame, second, again)
        alone, beside = Aggregation(frame[second], INSTRUMENT), Aggregation(frame, INSTRUMENT)
        shares = []
        for table in ("scores", "items"):
            one, both = getattr(alone, table), getattr(beside, table)
            both = both[both["wave"] == "2"]
            for level in ("team", "site"):
                before = (one.loc[one["level"] == level, "status"] >= 1).sum()
                shares.append((both.loc[both["level"] == level, "status"] >= 1).sum() / max(before, 1))
        print(
            f"  {name:<28} means of teams {shares[0]:.1%}, of sites {shares[1]:.1%}; "
            f"answers of teams {shares[2]:.1%}, of sites {shares[3]:.1%}",
            flush=True,
        )
        lost = lost if again else max(lost, 1 - min(shares))
    return lost


def _blanked(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    """With this share of the answers left out."""
    items = list(INSTRUMENT.item_ids())
    blank = np.random.default_rng(0).random((len(frame), len(items))) < share
    return frame.assign(**frame[items].mask(blank))


def releases_lost() -> None:
    """Table 4: what a second release of the same wave still shows, and how long it takes."""
    print("\nTeam means and item answers of a second release that are shown beside the first, of those shown alone")
    items = list(INSTRUMENT.item_ids())
    for name, late, gone, changed in (
        ("10 % came late", 0.1, 0.0, 0.0),
        ("5 % withdrew", 0.0, 0.05, 0.0),
        ("10 % came late, 1 % withdrew", 0.1, 0.01, 0.0),
        ("10 % came late, 5 % corrected", 0.1, 0.0, 0.05),
    ):
        frame, rng = hierarchy(5, 10), np.random.default_rng(1)
        first = frame[rng.random(len(frame)) >= late].reset_index(drop=True)
        before = frame["response_id"].isin(first["response_id"])
        second = frame[~(before & (rng.random(len(frame)) < gone))].reset_index(drop=True)
        revised = second["response_id"].isin(first["response_id"]) & (rng.random(len(second)) < changed)
        second.loc[revised, items] = second.loc[revised, items].sample(frac=1, random_state=0).to_numpy()
        second.attrs["revisions"] = dict.fromkeys(second.loc[revised, "response_id"], 2)
        log = ReleaseLog()
        Aggregation(first, INSTRUMENT, release_log=log).record("all")
        start = time.process_time()
        beside, alone = Aggregation(second, INSTRUMENT, release_log=log), Aggregation(second, INSTRUMENT)
        taken = time.process_time() - start
        shares = [
            (getattr(beside, table)["status"] >= 1).sum() / (getattr(alone, table)["status"] >= 1).sum()
            for table in ("scores", "items")
        ]
        print(f"  {name:<30} means {shares[0]:.1%}, answers {shares[1]:.1%} ({taken:.1f} s)", flush=True)


def short_forms_lost() -> float:
    """Table 3; the largest share of item answers of the second wave that are lost where people are drawn anew."""
    print(
        "\nThe same of other instruments: share of the second wave's means and answers of teams lost beside the first"
    )
    garden = mr.load_instrument(Path(__file__).parents[1] / "data" / "garden" / "garden.toml")
    most = 0.0
    for name, instrument, form in (
        ("full", INSTRUMENT, "full"),
        ("short", INSTRUMENT, "short"),
        ("garden", garden, None),
    ):
        frame = mr.simulate_responses(
            instrument, form=form, n_sites=5, teams_per_site=8, team_size=(6, 25), n_waves=2, icc1=0.1, seed=1
        ).responses
        kinds = [("drawn anew", frame)] + [
            (f"{same:.0%} of answers the same", _stable(frame, instrument, same)) for same in STABLE
        ]
        for kind, both in kinds:
            lost = _lost(both, instrument)
            print(f"  {name:<8}{kind:<26} means {lost[0]:.1%}, answers {lost[1]:.1%}", flush=True)
            most = max(most, *lost) if kind == "drawn anew" else most
    return most


def _lost(frame: pd.DataFrame, instrument: mr.Instrument) -> list[float]:
    alone = Aggregation(frame[frame["wave"].astype(str) == "2"], instrument)
    beside = Aggregation(frame, instrument)
    shares = []
    for table in ("scores", "items"):
        one, both = getattr(alone, table), getattr(beside, table)
        both = both[both["wave"] == "2"]
        seen = [(found.loc[found["level"] == "team", "status"] >= 1).sum() for found in (both, one)]
        shares.append(1 - seen[0] / max(seen[1], 1))
    return shares


def _stable(frame: pd.DataFrame, instrument: mr.Instrument, same: float) -> pd.DataFrame:
    """The people of wave 1 again in wave 2, with this share of their answers the same and the others somebody else's."""
    rng = np.random.default_rng(2)
    first = frame[frame["wave"].astype(str) == "1"]
    items = [name for name in first.columns if name in instrument.items]
    second = first.assign(wave="2", response_id="2-" + first["response_id"].astype(str))
    for item in items:
        keep = rng.random(len(first)) < same
        second[item] = first[item].where(keep, pd.Series(rng.permutation(first[item].to_numpy()), index=first.index))
    return pd.concat([first, second], ignore_index=True)


def _again(frame: pd.DataFrame, second: pd.Series, share: float) -> pd.DataFrame:
    """Give some people of wave 2 the answers of somebody of their team in wave 1."""
    rng = np.random.default_rng(1)
    items = list(INSTRUMENT.item_ids())
    found = frame.copy()
    for _, rows in frame.groupby(["site", "team"]).groups.items():
        ours = pd.Index(rows)
        before, after = ours[~second[ours]], ours[second[ours]]
        n = int(min(len(before), len(after)) * share)
        one, other = rng.permutation(before)[:n], rng.permutation(after)[:n]
        found.loc[other, items] = frame.loc[one, items].to_numpy()
    return found


def speed(n: int) -> float:
    """Seconds for n responses in teams of twenty."""
    study = mr.simulate_responses(INSTRUMENT, n_sites=n // 400, teams_per_site=20, team_size=20, seed=1)
    start = time.process_time()
    mr.aggregate_scores(study.responses, INSTRUMENT, roster=study.roster)
    taken = time.process_time() - start
    print(
        f"\naggregate_scores: {len(study.responses)} responses in {len(study.roster)} teams: {taken:.1f} s of one processor",
        flush=True,
    )
    return taken


def speed_with_missing(n: int, missing: float = 0.05) -> float:
    """Seconds for about n responses in wards of 4-25 people who left out some of the items."""
    frame = _blanked(hierarchy(1, max(n // 137, 1)), missing)
    n_teams = len(frame[["site", "team"]].drop_duplicates())
    start = time.process_time()
    mr.aggregate_scores(frame, INSTRUMENT)
    taken = time.process_time() - start
    print(
        f"with {missing:.0%} of answers missing: {len(frame)} responses in {n_teams} wards of 4-25: "
        f"{taken:.1f} s of one processor",
        flush=True,
    )
    return taken


def attacked(n: int) -> int:
    """What the attacker finds in n random hierarchies of each kind."""
    from conftest import make_responses
    from teams import test_attack as attack

    items = list(INSTRUMENT.item_ids(attack.SCALE))
    total = 0
    for name, study, settings in (
        ("one release", attack.one_release, {}),
        ("two waves", attack.two_waves, {}),
        ("a second release", attack.two_releases, {"log": ReleaseLog}),
    ):
        found: list[str] = []
        for seed in range(1000, 1000 + -(-n // 50)):
            made = {key: make() for key, make in settings.items()}
            found += attack.faults(study(make_responses, INSTRUMENT, items, seed, 50, **made), INSTRUMENT)
        print(f"attacked, {name}: {-(-n // 50) * 50} hierarchies, {len(found)} faults {found[:3]}", flush=True)
        total += len(found)
    return total


def main() -> int:
    """Print the tables; 1 where a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attacked", type=int, default=1000)
    parser.add_argument("--responses", type=int, default=100_000)
    asked = parser.parse_args()
    price()
    lost = max(waves_lost(), short_forms_lost())
    releases_lost()
    taken = speed(asked.responses) if asked.responses else 0.0
    taken_missing = speed_with_missing(asked.responses) if asked.responses else 0.0
    faults = attacked(asked.attacked) if asked.attacked else 0
    slow = taken > MOST_SECONDS or taken_missing > MOST_SECONDS_MISSING
    return int(lost > MOST_LOST or slow or faults > 0)


if __name__ == "__main__":
    raise SystemExit(main())
