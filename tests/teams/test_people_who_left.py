"""People who left since an earlier release: what they answered is not at hand, and tells of those who stayed."""

from __future__ import annotations

import numpy as np
import pandas as pd
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


def test_who_stayed_does_not_tell_what_a_hidden_team_answered(instrument, responses_of):
    """Its people who left answered otherwise than others at the site, and the log holds no answers."""
    log, releases = ReleaseLog(), []
    rounds = [people(("s", STAYED), ("l", LEFT)), people(("s", STAYED), ("c", CAME))]
    names = {name: place for place, name in enumerate(dict.fromkeys(pd.concat(rounds)["response_id"]))}
    for who in rounds:
        frame = frame_of(instrument, responses_of, who)
        results = attack.everything(frame, instrument, release_log=log)
        releases.append((frame, np.array([names[name] for name in who["response_id"]]), results))
    (site,) = attack.sites_of(releases, instrument, "rational")
    first, second = (results[0][1].scores.query("scale == 'rational'") for _, _, results in releases)
    assert first.loc[first["team"] == "C", "withheld"].item()  # else there is nothing to tell
    assert not second["withheld"].all()
    assert attack.narrowed(site, 5, 20.0) == []
