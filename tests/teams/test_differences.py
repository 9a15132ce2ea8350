"""What everybody may know of how far teams differ."""

from __future__ import annotations

import numpy as np
import pytest

import movement_readiness as mr
from movement_readiness.teams.differences import told


def study(seed, sizes, between=6.0, within=20.0):
    rng = np.random.default_rng(seed)
    team = np.repeat(np.arange(len(sizes)), sizes)
    return np.clip(rng.normal(50 + rng.normal(0, between, len(sizes))[team], within), 0, 100), team


def known(scores, team):
    return told(mr.icc(scores, team, method="reml", interval="exact"), scores, team)


@pytest.mark.parametrize(("sizes", "step"), [((12, 14, 16, 11), 1.0), ((12,) * 20, 0.5)])
def test_it_is_close_to_what_was_estimated(sizes, step):
    for seed in range(8):
        scores, team = study(seed, sizes)
        found, released = mr.icc(scores, team, method="reml", interval="exact"), known(scores, team)
        assert abs(np.sqrt(released.ms_within) / step % 1 - 0.5) == pytest.approx(0.5)
        for name, most in (("icc1", 0.015), ("icc1_ci_low", 0.015), ("icc1_ci_high", 0.015)):
            assert getattr(released, name) == pytest.approx(getattr(found, name), abs=most * step)
        assert (released.ms_between, released.n_respondents) == (pytest.approx(found.ms_between), len(scores))


@pytest.mark.parametrize("between", [0.0, 6.0, 16.0])
def test_it_does_not_tell_how_far_apart_five_people_are(between):
    """Sums of squares within teams that are as far apart as five people's can be are told alike, with the same means."""
    for seed in range(4):
        scores, team = study(seed, (12, 12, 12), between, within=12.0)
        means = (np.bincount(team, scores) / 12)[team]
        apart = scores - means
        now = known(scores, team)
        alike = []
        for times in np.linspace(0.9, 1.1, 31):
            other = known(means + times * apart, team)
            if other.icc1 == pytest.approx(now.icc1) and other.icc1_ci_high == pytest.approx(now.icc1_ci_high):
                alike.append(times**2 * (apart**2).sum())
        assert max(alike) - min(alike) > 500  # five people, each ten points from their mean: as wide as is promised
