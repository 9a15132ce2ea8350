"""People who left since an earlier release: what they answered is not at hand, and may tell of them or of others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from teams import attack

from movement_readiness.teams import ReleaseLog

ITEMS = [f"R{number}" for number in range(1, 6)]

STAYED = {
    "A": "54455 55542 55434 45534 55555 55254 53535 55444 54544 45554 55555",
    "B": "42432 41143 52554 34225 35215 23224 42352 52432 32253 34114 34334",
    "C": "55555 55555 55555",
    "D": "43135 35441 33152 23341",
    "E": "43255 12344 44534 13333 25442 25343 44332",
}
LEFT = {
    "B": "22512 42321 21444 23242 25243 43423 42221",
    "C": "55555 55555 55555 55555 55555 55555",  # a hidden team: all of it answered the highest
    "E": "41322 23423 53415",
}
CAME = {
    "A": "32513 15343 55145 41143 23553",
    "B": "31311 51313 41422 33532 14331",
    "C": "12424 54125 15325 45412 22153",
    "D": "14413 32254",
    "E": "32324 11551 55244 34443 52344",
}


def people(*parts):
    """Team and answers, with a name for everybody that stays the same."""
    rows = [
        (f"{number}{team}{place}", team, *map(int, answers))
        for number, part in parts
        for team, given in part.items()
        for place, answers in enumerate(given.split())
    ]
    return pd.DataFrame(rows, columns=["response_id", "team", *ITEMS])


def frame_of(instrument, responses_of, who):
    frame = responses_of(instrument, {("N", "T"): len(who)})
    frame[[item for item in instrument.items if item in frame]] = pd.NA
    return frame.assign(**{name: pd.array(who[name], dtype="Int64") for name in ITEMS}).assign(
        response_id=who["response_id"], team=pd.array(who["team"], dtype="str")
    )


def released(instrument, responses_of, *rounds):
    """What is released of these people, one round after the other, and what an attacker knows."""
    log, releases = ReleaseLog(), []
    names = {name: place for place, name in enumerate(dict.fromkeys(pd.concat(rounds)["response_id"]))}
    for who in rounds:
        frame = frame_of(instrument, responses_of, who)
        results = attack.everything(frame, instrument, release_log=log)
        releases.append((frame, np.array([names[name] for name in who["response_id"]]), results))
    (site,) = attack.sites_of(releases, instrument, "rational")
    return site, [results[0][1].scores.query("scale == 'rational'") for _, _, results in releases]


def test_who_stayed_does_not_tell_what_a_hidden_team_answered(instrument, responses_of):
    """Its people who left answered otherwise than others at the site, and the log holds no answers."""
    rounds = [people(("s", STAYED), ("l", LEFT)), people(("s", STAYED), ("c", CAME))]
    site, (first, second) = released(instrument, responses_of, *rounds)
    assert first.loc[first["team"] == "C", "withheld"].item()  # else there is nothing to tell
    assert not second["withheld"].all()
    assert attack.narrowed(site, 5, 20.0) == []


def test_nor_what_a_hidden_team_answered_that_stayed(instrument, responses_of):
    """Those who left answered neither all the lowest nor all the highest, but some this and some that."""
    stayed = {
        "A": "44444 43444 44444 44444 44444 44444",
        "B": " ".join(["55555"] * 15),
        "C": "12312 34134 35314 32343 22423 42325 43444 42333 31223",
    }
    left = {"": "45444 44444 44444 44444", "A": " ".join(["44444"] * 6), "D": "44444 44444 44444"}
    came = {
        "": "22532 34521",
        "A": "42422 21413",
        "B": "52144 44342 13222 14351 54454 11451",
        "C": "43113 14254 22335 55522",
    }
    rounds = [people(("s", stayed), ("l", left)), people(("s", stayed), ("c", came))]
    site, (first, _) = released(instrument, responses_of, *rounds)
    assert first.loc[first["team"] == "B", "withheld"].item()
    assert attack.narrowed(site, 5, 20.0) == []


def test_what_those_who_left_answered_is_not_told(instrument, responses_of):
    stayed = {"": "55555", "A": "55555", "B": "43322"}
    moved = " ".join(["55555"] * 5), "43133 24435 45443 54354 51113"
    left = {"": " ".join(["55555"] * 5), "D": "55444"}
    came = {"": "12433 11351", "A": "41135 34415 22342 33135", "B": "42141 35543 44441 12424 24544"}
    rounds = [
        people(("s", stayed), ("l", left), ("m", {"A": moved[0]}), ("n", {"B": moved[1]})),
        people(("s", stayed), ("c", came), ("m", {"D": moved[0]}), ("n", {"A": moved[1]})),
    ]
    rounds[1]["response_id"] = rounds[1]["response_id"].replace(
        {f"mD{place}": f"mA{place}" for place in range(5)} | {f"nA{place}": f"nB{place}" for place in range(5)}
    )
    site, _ = released(instrument, responses_of, *rounds)
    assert attack.few_people(site, 5, 10) + attack.narrowed(site, 5, 20.0) == []


@pytest.mark.parametrize(
    ("stayed", "left", "came"),
    [
        (
            {"A": "24232 35324", "B": " ".join(["55555"] * 11)},
            {"C": "44344 44444 44444 44444"},
            {"A": "35435 53552", "B": "54413 51412 33515 21443", "C": "14434 55255 13443 32111"},
        ),
        ({"A": "44444 45544 44444 44443 44444 44444 44444 44444 44544 44444"}, {}, {"A": "35414 13551"}),
    ],
)
def test_a_team_is_a_hidden_one_where_nothing_was_shown_before(instrument, responses_of, stayed, left, came):
    rounds = [people(("s", stayed), ("l", left)), people(("s", stayed), ("c", came))]
    site, (first, _) = released(instrument, responses_of, *rounds)
    assert first["withheld"].all()
    assert attack.narrowed(site, 5, 20.0) == []


@pytest.mark.parametrize("team", ["A", "B"])
def test_of_five_who_left_a_mean_is_told_only_where_no_five_people_answered_near_an_end(instrument, responses_of, team):
    """That much the log knows of a team, though not what anybody answered."""
    mixed = ["12345", "23451", "34512", "45123", "51234"]
    near_an_end = ["55555", "55545", "55555", "55554", "55555"]
    first = people(("s", {"A": " ".join(mixed * 3), "B": " ".join(near_an_end + mixed * 2)}))
    gone = [f"s{team}{place}" for place in range(5)]
    second = first[~first["response_id"].isin(gone)].reset_index(drop=True)
    _, shown = released(instrument, responses_of, first, second)
    hidden = [one.loc[one["team"] == team, "withheld"].item() for one in shown]
    assert hidden == [False, team == "B"]


def test_who_left_last_does_not_tell_those_who_left_before(instrument, responses_of):
    """Two groups left one after the other: the first at the lowest end, half of the second at the highest."""
    first, last = " ".join(["11111"] * 5), " ".join(["11111"] * 5 + ["55555"] * 5)
    came, other = "24332 43223 33333 32424 23432", " ".join(["12345", "24332", "43223", "33333"] * 4)
    rounds = [
        people(("f", {"A": first}), ("l", {"A": last}), ("o", {"B": other})),
        people(("l", {"A": last}), ("c", {"A": came}), ("o", {"B": other})),
        people(("c", {"A": came}), ("o", {"B": other})),
    ]
    site, (_, second, _) = released(instrument, responses_of, *rounds)
    assert not second.loc[second["team"] == "A", "withheld"].item()
    assert attack.narrowed(site, 5, 20.0) == []


def test_a_hidden_team_most_of_which_was_shown_beside_people_who_left_since(instrument, responses_of):
    stayed = " ".join(["24332", "43223", "33333", "32424", "23432"] * 4 + ["24442", "43243"])
    rounds = [
        people(("s", {"A": stayed}), ("l", {"A": "55555 55555 55555 55555 54444"})),
        people(
            ("s", {"A": stayed}),
            ("c", {"A": "22222 22222 22222 22222 32111", "Z": "21111 12111 11211 11111 11111 11111"}),
        ),
    ]
    site, (first, _) = released(instrument, responses_of, *rounds)
    assert not first.loc[first["team"] == "A", "withheld"].item()
    assert attack.narrowed(site, 5, 20.0) == []
