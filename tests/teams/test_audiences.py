"""What everybody may read says nothing of teams that only they themselves see."""

from __future__ import annotations

import numpy as np
import pandas as pd

import movement_readiness as mr

GROUPS = {("A", "t"): 20, ("B", "t"): 24, ("C", "t"): 17, ("D", "t"): 7}


def test_published_numbers_are_the_same_without_a_team_that_only_it_sees(any_instrument, responses_of):
    """Neither evidence nor intervals rest on it: with all means but its own, an ICC of five to nine would tell it."""
    responses = responses_of(any_instrument, GROUPS)
    alone = (responses["site"] == "D").to_numpy()
    items = [item for item in any_instrument.item_ids() if item in responses.columns]
    changed = responses.copy()
    changed.loc[alone, items] = responses.loc[np.roll(alone, -20), items].to_numpy()
    with_it, other, without = (
        mr.aggregate_scores(frame, any_instrument) for frame in (responses, changed, responses[~alone])
    )
    for name in ("scores", "items", "answers", "agreement", "team_differences", "respondents", "funnel"):
        pd.testing.assert_frame_equal(getattr(with_it, name), getattr(other, name))
        frame = getattr(with_it, name)
        kept = frame if name == "team_differences" else frame[frame["site"] != "D"]
        expected = getattr(without, name)
        pd.testing.assert_frame_equal(kept.reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False)
    known = with_it.team_differences[with_it.team_differences["icc1"].notna()]
    assert len(known)
    assert (known["n_teams"] == known["n_teams_published"]).all()
    counted = with_it.scores.query("level == 'team' and not withheld").groupby("scale")["n"].sum()
    assert (known.set_index("scale")["n_respondents"] == counted.reindex(known["scale"])).all()
    own = mr.aggregate_scores(responses, any_instrument, audience=("own_team", "D", "t"))
    mine = own.scores.query("level == 'team' and not withheld")
    assert len(mine)
    assert mine["ci_low"].notna().all()
    pd.testing.assert_frame_equal(own.team_differences, with_it.team_differences)
