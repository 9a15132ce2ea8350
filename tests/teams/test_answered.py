"""Deciding about the answers to an item at all sites at once gives what is decided site by site."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import movement_readiness as mr
from movement_readiness.teams.answered import Answers
from movement_readiness.teams.disclosure import release_distributions
from movement_readiness.teams.shown import Shown

VALUES = np.arange(5) * 25.0


def random_study(rng):
    """Sites of no, few or many teams, some of which (and some whole sites) answer alike."""
    n_sites = int(rng.integers(1, 12))
    team_site = np.sort(rng.integers(0, n_sites, rng.integers(0, 40)))
    study = SimpleNamespace(sites=tuple(range(n_sites)), team_site=team_site)
    sharp = rng.choice([0.2, 1.0, 5.0], n_sites)
    shares = np.stack([rng.dirichlet(np.full(5, one)) for one in sharp])
    sizes = rng.choice([0, 1, 3, 5, 9, 10, 12, 30], len(team_site))
    teams = np.stack(
        [rng.multinomial(n, shares[site]) for n, site in zip(sizes, team_site, strict=True)] or [np.zeros(5)]
    )
    loose = np.stack(
        [rng.multinomial(n, p) for n, p in zip(rng.choice([0, 0, 1, 6, 12], n_sites), shares, strict=True)]
    )
    return study, teams[: len(team_site)].astype(np.int64), loose.astype(np.int64)


@pytest.mark.parametrize("seed", range(120))
def test_at_once_is_site_by_site(seed):
    rng = np.random.default_rng(seed)
    study, teams, loose = random_study(rng)
    n_sites, policy = len(study.sites), mr.DisclosurePolicy()
    rare = rng.choice([0.0, 0.3])
    barred = rng.random(n_sites + len(teams)) < rng.choice([0.0, 0.2])
    revealed = rng.random(len(teams)) < rare
    out = Shown(rng.random(len(teams)) < rare, rng.random(n_sites) < rare)
    answers = Answers(study, teams, loose, VALUES, policy)
    status, reason, unsafe = answers.released(barred, revealed, out)
    for site in range(n_sites):
        inside = np.flatnonzero(study.team_site == site)
        expected = release_distributions(
            teams[inside], VALUES, policy, loose=loose[site], barred=barred[n_sites + inside],
            site_barred=bool(barred[site]), revealed=revealed[inside], out=out.teams[inside], site_out=bool(out.sites[site]),
        )  # fmt: skip
        found = answers.at(inside, site, barred, revealed, out)
        if not unsafe[site]:
            assert (status[site], reason[site]) == (expected.site, expected.site_reason)
            np.testing.assert_array_equal(status[n_sites + inside], expected.teams)
            np.testing.assert_array_equal(reason[n_sites + inside], expected.reasons)
        assert (found.site, found.site_reason) == (expected.site, expected.site_reason)
        np.testing.assert_array_equal(found.teams, expected.teams)
        np.testing.assert_array_equal(found.reasons, expected.reasons)


def test_most_sites_need_no_second_step():
    rng = np.random.default_rng(1)
    studies = [random_study(rng) for _ in range(50)]
    unsafe = []
    for study, teams, loose in studies:
        nobody = Shown(np.zeros(len(teams), dtype=bool), np.zeros(len(loose), dtype=bool))
        answers = Answers(study, teams, loose, VALUES, mr.DisclosurePolicy())
        barred = np.zeros(len(loose) + len(teams), dtype=bool)
        unsafe += [*answers.released(barred, nobody.teams, nobody)[2]]
    assert 0 < np.mean(unsafe) < 0.5
