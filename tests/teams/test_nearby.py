"""Most people are shown to be safe by a few others near them; people who left an earlier release still count."""

import numpy as np
import pytest
from teams import attack, worlds
from teams.test_attack import SCALE, two_waves

import movement_readiness as mr
from movement_readiness.teams import ReleaseLog, narrowing
from movement_readiness.teams.program import width


@pytest.fixture
def judged(monkeypatch):
    """Every target that was found safe, with the length of the interval that a program of the whole site finds."""
    found = []
    real = narrowing.far_apart

    def far_apart(facts, tables, targets, people_at, policy, *, rounded):
        far = real(facts, tables, targets, people_at, policy, rounded=rounded)
        for place in np.flatnonzero(far)[:6]:
            people = people_at(int(facts.site[targets[place].people[0]]))
            found.append(width(facts, list(tables), people, targets[place], policy, rounded=rounded))
        return far

    monkeypatch.setattr(narrowing, "far_apart", far_apart)
    return found


def test_what_few_people_show_to_be_safe_a_whole_site_does_too(instrument, judged):
    frame = mr.simulate_responses(instrument, n_sites=2, teams_per_site=8, team_size=(4, 14), seed=3).responses
    items = list(instrument.item_ids())
    frame[items] = frame[items].mask(np.random.default_rng(0).random((len(frame), len(items))) < 0.05)
    mr.aggregate_scores(frame, instrument)
    assert len(judged) > 5
    assert min(judged) >= 20 - 1e-4


def test_so_it_is_beside_another_wave(instrument, responses_of, judged):
    two_waves(responses_of, instrument, list(instrument.item_ids(SCALE)), 12, 1, skipped=0.1)
    assert len(judged) > 5
    assert min(judged) >= 20 - 1e-4


def test_a_hidden_team_most_of_whose_people_left_is_not_narrowed(instrument, responses_of):
    """A second release that tells more of the few who stayed would narrow what the first left of their team."""
    items = list(instrument.item_ids(SCALE))
    rng = np.random.default_rng(1000)
    before = worlds.people(rng, 50, len(items))
    after = worlds.later(rng, before)
    given = dict(zip(before.person, map(tuple, before.answers), strict=True))
    changed = {
        person
        for person, answers in zip(after.person, map(tuple, after.answers), strict=True)
        if given.get(person, answers) != answers
    }
    log, releases = ReleaseLog(), []
    for who, revised in ((before, set()), (after, changed)):
        frame = worlds.frame_of(responses_of, instrument, who, items)
        kept = (frame["site"] == "S38").to_numpy()
        frame = frame[kept].reset_index(drop=True)
        frame.attrs["revisions"] = {f"1-{person}": 2 for person in revised}
        releases.append((frame, who.person[kept], attack.everything(frame, instrument, release_log=log)))
    assert [f for site in attack.sites_of(releases, instrument, SCALE) for f in attack.narrowed(site, 5, 20.0)] == []
