"""Rotations: against R and factor-analyzer, by identities, local optima, targets, derivatives."""

from __future__ import annotations

import efa_reference as reference
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.rotation import ROTATIONS, criteria, rotate

# model of R -> arguments of ours
MODELS = {
    "varimax": {"method": "varimax", "normalize": False},
    "varimax kaiser": {"method": "varimax"},
    "quartimax": {"method": "quartimax"},
    "quartimax kaiser": {"method": "quartimax", "normalize": True},
    "geominT delta=0.01": {"method": "geomin_orthogonal"},
    "oblimin gamma=0": {"method": "oblimin"},
    "oblimin gamma=0 kaiser": {"method": "oblimin", "normalize": True},
    "oblimin gamma=-0.5": {"method": "oblimin", "options": {"gamma": -0.5}},
    "oblimin gamma=-0.5 kaiser": {"method": "oblimin", "normalize": True, "options": {"gamma": -0.5}},
    "quartimin": {"method": "quartimin"},
    "quartimin kaiser": {"method": "quartimin", "normalize": True},
    "geominQ delta=0.01": {"method": "geomin"},
    "geominQ delta=0.01 kaiser": {"method": "geomin", "normalize": True},
    "geominQ delta=0.001": {"method": "geomin", "options": {"delta": 0.001}},
    "promax power=4": {"method": "promax", "normalize": "varimax"},  # stats::promax runs Kaiser's varimax of its own
    "promax power=4 after varimax kaiser": {"method": "promax", "normalize": "varimax"},
    "promax power=4 kaiser": {"method": "promax"},
    "targetT": {"method": "target_orthogonal"},
    "targetQ": {"method": "target"},
    "bifactorT": {"method": "bifactor"},
    "bifactorQ": {"method": "bifactor_oblique"},
}
CASES = [key for key in reference.values("rotation") if key[2] in MODELS and key[3] != "psych"]


def of_r(key):
    loadings = reference.table("rotation", key, "loading")
    names = [f"f{k}" for k in range(1, loadings.shape[1] + 1)]
    if "factor correlation" not in reference.values("rotation")[key]:
        return loadings, np.eye(len(names))
    names = list(dict.fromkeys(row[1] for row in reference.values("rotation")[key]["loading"]))
    return loadings, reference.symmetric("rotation", key, "factor correlation", names)


@pytest.mark.parametrize("key", CASES, ids=" ".join)
def test_rotations_are_those_of_r_at_the_same_criterion_value(key):
    data, basis, model, _ = key
    start = "unrotated bifactor" if model.startswith("bifactor") else "unrotated"
    unrotated = reference.table("rotation", (data, basis, start, "formula"), "loading")
    arguments = dict(MODELS[model])
    if model.startswith("target"):
        like = (data, basis, start, "formula"), "loading"
        target = reference.table_like("rotation", (data, basis, "target", "formula"), "target", like)
        arguments["options"] = {"target": target}
    found = rotate(unrotated, n_starts=60, **arguments)
    expected, between = of_r(key)
    if "criterion" in reference.values("rotation")[key]:
        value = reference.number("rotation", key, "criterion")
        assert found.criterion == pytest.approx(value, rel=1e-6, abs=1e-8)  # R's best of its starts
    loadings, correlations = reference.aligned(found.loadings, found.factor_correlations, expected)
    early = (
        key[3] == "stats::varimax" or model == "promax power=4"
    )  # R's varimax stops early, unless begun at the optimum
    tolerance = 1e-2 if early else 1e-4
    assert np.abs(loadings - expected).max() < tolerance
    assert np.abs(correlations - between).max() < tolerance


PSYCH = {
    "varimax": {"method": "varimax"},
    "oblimin": {"method": "oblimin"},
    "quartimin": {"method": "quartimin"},
    "promax": {"method": "promax"},
    "Promax": {"method": "promax", "normalize": "varimax"},
}


@pytest.mark.parametrize(
    "key", [k for k in reference.values("rotation") if k[2] in PSYCH and k[3] == "psych"], ids=" ".join
)
def test_what_psych_gives_in_its_own_order_and_signs(key):
    data, basis, model, _ = key
    unrotated = reference.table("rotation", (data, basis, "unrotated", "formula"), "loading")
    found = rotate(unrotated, **PSYCH[model])
    expected, between = of_r(key)
    assert (np.diff(np.diag(between @ expected.T @ expected)) <= 1e-9).all()  # psych's order is by explained variance
    loadings, correlations = reference.aligned(found.loadings, found.factor_correlations, expected)
    # psych rotates from one start, its minres stops at a slope of 1e-5 or so, its varimax early
    tolerance = 1e-2
    assert np.abs(loadings - expected).max() < tolerance
    assert np.abs(correlations - between).max() < tolerance


@pytest.mark.parametrize("name", ["varimax", "quartimax", "oblimin", "geomin", "target_distance", "bifactor"])
def test_derivatives_are_exact(name):
    rng = np.random.default_rng(1)
    point = rng.normal(size=(2, 7, 3))
    target = np.where(rng.random((7, 3)) < 0.5, np.nan, 0.2)
    arguments = {"oblimin": (-0.3,), "target_distance": (target,)}.get(name, ())
    criterion = getattr(criteria, name)(*arguments)
    gradient = criterion(point)[1]
    for place in [(0, 0), (3, 1), (6, 2)]:
        step = np.zeros((7, 3))
        step[place] = 1e-6
        numeric = (criterion(point + step)[0] - criterion(point - step)[0]) / 2e-6
        assert gradient[(slice(None), *place)] == pytest.approx(numeric, abs=1e-6)


def pattern_of(seed, items=12, factors=3):
    rng = np.random.default_rng(seed)
    simple = np.kron(np.eye(factors), rng.uniform(0.5, 0.8, size=(items // factors, 1)))
    return simple + rng.normal(0, 0.08, simple.shape)


free = [name for name in ROTATIONS if not name.startswith("target") and name != "none"]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(free))
def test_identities(seed, method):
    unrotated = pattern_of(seed)
    found = rotate(unrotated, method=method, n_starts=8)
    loadings, between, turn = found.loadings, found.factor_correlations, found.transformation
    assert loadings @ between @ loadings.T == pytest.approx(unrotated @ unrotated.T, abs=1e-9)
    assert turn.T @ turn == pytest.approx(between, abs=1e-9)
    rebuilt = unrotated @ np.linalg.inv(turn).T
    assert rebuilt == pytest.approx(loadings, abs=1e-8)
    if not found.oblique:
        assert between == pytest.approx(np.eye(3))
    assert (loadings.sum(axis=0) >= 0).all()
    assert sum(count for _, count in found.optima) <= found.n_starts


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["varimax", "oblimin", "geomin", "promax"]))
def test_where_the_axes_stand_before_does_not_matter(seed, method):
    unrotated = pattern_of(seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    one, other = rotate(unrotated, method=method), rotate(unrotated @ turn, method=method)
    assert other.loadings == pytest.approx(one.loadings, abs=1e-5)
    assert other.factor_correlations == pytest.approx(one.factor_correlations, abs=1e-5)


@pytest.mark.parametrize(
    ("method", "ours"),
    [("varimax", {"normalize": True}), ("quartimax", {"normalize": False}), ("oblimin", {"normalize": False})],
)
def test_the_rotator_of_factor_analyzer_agrees(method, ours):
    for seed in range(5):
        unrotated = pattern_of(seed)
        theirs, between = reference.rotated_by_factor_analyzer(unrotated, method)
        found = rotate(unrotated, method=method, **ours)
        loadings, correlations = reference.aligned(theirs, between, found.loadings)
        assert loadings == pytest.approx(found.loadings, abs=2e-3)  # it stops at a slope of 1e-5, varimax at .001
        assert correlations == pytest.approx(found.factor_correlations, abs=2e-3)


def test_local_optima_are_counted_and_the_best_kept():
    items = reference.items("crossloadings")
    from movement_readiness.psychometrics.exploratory.extraction import extract

    unrotated = extract(np.corrcoef(items.T), 4, "minres").loadings
    found = rotate(unrotated, method="geomin_orthogonal", n_starts=100)
    frame = found.optima_frame()
    assert len(frame) > 3
    assert frame["criterion"].is_monotonic_increasing
    assert frame["n_starts"].sum() == 100
    assert found.criterion == pytest.approx(frame["criterion"].iloc[0])
    assert frame["share"].sum() == pytest.approx(1)
    single = rotate(unrotated, method="geomin_orthogonal", n_starts=1)
    assert single.criterion > found.criterion + 0.01  # one start ends in a worse one
    again = rotate(unrotated, method="geomin_orthogonal", n_starts=100)
    assert np.array_equal(again.loadings, found.loadings)
    assert rotate(unrotated, method="geomin_orthogonal", n_starts=100, seed=5).criterion == pytest.approx(
        found.criterion
    )


def test_a_target_keeps_its_order_and_signs():
    simple = pattern_of(3)
    target = np.where(simple > 0.3, np.nan, 0.0)[:, [2, 0, 1]]
    target[0, 1] = -0.7  # the second factor of the target is turned round
    found = rotate(simple, method="target", options={"target": target})
    assert found.loadings[:4, 1].max() < -0.3
    assert np.abs(found.loadings[8:, 0]).min() > 0.3
    orthogonal = rotate(simple, method="target_orthogonal", options={"target": target})
    assert orthogonal.factor_correlations == pytest.approx(np.eye(3))


def test_ideal_structures_come_back():
    ideal = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.6], [0.5]]))
    phi = np.array([[1, 0.3, 0.2], [0.3, 1, 0.4], [0.2, 0.4, 1]])
    unrotated = ideal @ np.linalg.cholesky(phi)
    for method in ("oblimin", "quartimin", "geomin"):
        found = rotate(unrotated, method=method)
        loadings, between = reference.aligned(found.loadings, found.factor_correlations, ideal)
        assert loadings == pytest.approx(ideal, abs=0.02 if method == "geomin" else 1e-6)
        assert between == pytest.approx(phi, abs=0.05 if method == "geomin" else 1e-6)
    bifactor = np.column_stack([np.full(12, 0.6), np.kron(np.eye(3), [[0.5], [0.4], [0.3], [0.2]])])
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    found = rotate(bifactor @ turn, method="bifactor", n_starts=60)
    assert reference.aligned(found.loadings, np.eye(4), bifactor)[0] == pytest.approx(bifactor, abs=1e-5)
    oblique = rotate(pattern_of(2), method="bifactor_oblique", n_starts=60)
    assert oblique.criterion > 1e-6
    assert oblique.factor_correlations[0, 1:] == pytest.approx(0, abs=1e-3)


def test_one_factor_is_left_alone_and_bad_input_gets_a_sentence():
    single = -pattern_of(1)[:, :1]
    assert rotate(single, method="oblimin").loadings == pytest.approx(-single)
    for arguments, words in [
        ({"method": "oblmin"}, "Did you mean 'oblimin'"),
        ({"options": {"power": 3}}, "power: the rotation 'oblimin' takes 'gamma'"),
        ({"normalize": "varimax"}, "normalize: expected True or False"),
        ({"method": "promax", "normalize": 2}, "expected True, False or 'varimax'"),
        ({"method": "geomin", "options": {"delta": 0}}, "delta: expected a number from 1e-08 to 1"),
        ({"method": "target", "options": {"target": np.full((12, 3), np.nan)}}, "got NaN only"),
        ({"method": "target", "options": {"target": "x"}}, "no table of numbers"),
    ]:
        with pytest.raises(ArgumentError, match=words):
            rotate(pattern_of(1), **arguments)
    with pytest.raises(ArgumentError, match="loadings: expected finite numbers"):
        rotate([[1.0, np.nan], [0.0, 1.0]])
