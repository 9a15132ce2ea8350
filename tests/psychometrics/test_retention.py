"""How many factors: against R, by identities, on known truth, on bad input."""

from __future__ import annotations

import time

import efa_reference as reference
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import movement_readiness.psychometrics as ps
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.retention.random import drawn_codes, drawn_normal, permuted_values
from movement_readiness.psychometrics.retention.rules import eigenvalues, hull_scree, leading

HARMLESS = "ignore::movement_readiness.exceptions.MovementReadinessWarning"


def arguments(basis):
    kind, _, missing = basis.partition(" ")
    return {"correlation": kind, "missing": missing or "pairwise"}


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize(("data", "basis"), reference.cases("retention", "map", "formula"))
def test_map_is_that_of_r(data, basis):
    matrix, _ = reference.correlations(data, basis)
    key = data, basis, "map", "formula"
    found = ps.map_test(matrix)
    expected = reference.table("retention", key, "map").T
    if expected.shape[1] != 2:
        expected = expected.T
    rows = min(len(expected), len(found.table))
    assert found.table.to_numpy()[:rows] == pytest.approx(expected[:rows], abs=1e-8)
    assert found.n_factors == reference.number("retention", key, "n_factors squared")
    assert found.n_factors_fourth == reference.number("retention", key, "n_factors fourth")
    theirs = reference.series("retention", (data, basis, "map", "psych"), "map squared")
    most = min(len(theirs), len(matrix) - 2)  # psych begins with one component, and gives 1 for the last
    assert found.table["squared"].to_numpy()[1 : most + 1] == pytest.approx(theirs[:most], abs=1e-8)


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize(("data", "basis"), reference.cases("retention", "empirical kaiser", "formula"))
def test_empirical_kaiser_is_the_formula_in_r(data, basis):
    matrix, n = reference.correlations(data, basis)
    key = data, basis, "empirical kaiser", "formula"
    found = ps.empirical_kaiser(matrix, n_obs=n)
    assert found.table["reference"].to_numpy() == pytest.approx(
        reference.series("retention", key, "reference"), abs=1e-10
    )
    assert found.n_factors == reference.number("retention", key, "n_factors")
    assert found.table["eigenvalue"].to_numpy() == pytest.approx(
        reference.series("efa", (data, basis, "", "eigen"), "eigenvalue"), abs=1e-10
    )


PARALLEL = [key for key in reference.values("retention") if key[2].startswith("parallel ") and key[3] == "formula"]


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize("key", PARALLEL, ids=" ".join)
def test_parallel_analysis_is_that_of_the_formula_in_r(key):
    data, _, model, _ = key
    _, null, which = model.split()
    found = ps.parallel_analysis(
        reference.items(data).dropna(),
        method={"normal": "normal", "permuted": "permutation"}[null],
        eigenvalues={"components": "pca", "reduced": "reduced"}[which],
        n_iterations=600,
        workers=1,
    )
    expected = reference.table("retention", key, "reference")
    assert found.table["random_mean"].to_numpy() == pytest.approx(expected[0], abs=0.02)
    assert found.table["random_quantile"].to_numpy() == pytest.approx(expected[1], abs=0.06)  # both are simulated
    if reference.number("retention", key, "closest margin q95") > 0.03:
        assert found.n_factors == reference.number("retention", key, "n_factors q95")


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize(("data", "expected"), [("clean", 3), ("mixed", 2), ("binary", 2), ("ten", 2)])
def test_parallel_analysis_of_polychoric_correlations(data, expected):
    for method in ("permutation", "normal"):
        found = ps.parallel_analysis(
            reference.items(data), correlation="polychoric", method=method, n_iterations=100, workers=1
        )
        assert found.n_factors == expected
    key = data, "polychoric", "fa.parallel cor=poly seed=1", "psych"
    if key in reference.values("retention"):
        assert found.n_factors == reference.number("retention", key, "n_components")


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize("data", ["clean", "large36", "ten", "reversed"])
def test_decisions_are_those_of_fa_parallel(data):
    answers = reference.items(data)
    for smc, which in (("", "one_factor"), (" SMC", "reduced")):
        for null, method in (("normal", "normal"), ("resampled", "permutation")):
            votes = [
                reference.values("retention").get((data, "pearson", f"fa.parallel {null}{smc} seed={seed}", "psych"))
                for seed in (1, 2, 3)
            ]
            if not any(votes):
                continue
            factors = {vote["n_factors"][0][2] for vote in votes if vote}
            components = {vote["n_components"][0][2] for vote in votes if vote}
            found = ps.parallel_analysis(answers, method=method, eigenvalues=which, n_iterations=100, workers=1)
            assert found.n_factors in factors
            assert ps.parallel_analysis(answers, method=method, n_iterations=100, workers=1).n_factors in components


def structure(seed, n=400, factors=2, per=4, loading=0.7):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, factors)).repeat(per, axis=1) * loading
    latent += rng.normal(size=latent.shape) * np.sqrt(1 - loading**2)
    return pd.DataFrame(1 + np.digitize(latent, [-1.2, -0.4, 0.4, 1.2])).add_prefix("q")


def test_the_same_seed_gives_the_same_numbers_whoever_computes_them():
    answers = structure(1)
    gaps = answers.astype(float).mask(np.random.default_rng(2).random(answers.shape) < 0.05)
    for items in (answers, gaps):
        for kind in ("pearson", "polychoric"):
            one, two, three = (
                ps.parallel_analysis(items, correlation=kind, n_iterations=30, workers=w).table for w in (1, 2, 5)
            )
            pd.testing.assert_frame_equal(one, two)
            pd.testing.assert_frame_equal(one, three)
    other = ps.parallel_analysis(answers, n_iterations=30, seed=1).table
    assert not other["random_mean"].equals(ps.parallel_analysis(answers, n_iterations=30, seed=2).table["random_mean"])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_order_does_not_matter_to_the_rules(seed, random):
    answers = structure(seed)
    columns = list(answers.columns)
    random.shuffle(columns)
    other = answers[columns].iloc[::-1]
    for rule in (ps.map_test, ps.empirical_kaiser, ps.hull):
        one, two = rule(answers), rule(other)
        assert one.n_factors == two.n_factors
        assert one.table.to_numpy(float) == pytest.approx(two.table.to_numpy(float), abs=1e-6, nan_ok=True)
        matrix = {} if rule is ps.map_test else {"n_obs": len(answers)}
        assert rule(answers.corr(), **matrix).n_factors == one.n_factors


def test_random_matrices_have_the_right_distribution():
    n, p, draws = 60, 5, 3000
    generator = np.random.default_rng(1)
    short, plain = drawn_normal(n, p), [np.corrcoef(generator.normal(size=(p, n))) for _ in range(draws)]
    ours = [short(generator) for _ in range(draws)]
    first = [np.sort([eigenvalues(one, "pca")[0] for one in many]) for many in (ours, plain)]
    assert np.mean(first[0]) == pytest.approx(np.mean(first[1]), abs=4 * np.std(first[1]) / np.sqrt(draws) * 1.5)
    assert np.quantile(first[0], 0.95) == pytest.approx(np.quantile(first[1], 0.95), abs=0.03)
    assert np.var([one[0, 1] for one in ours]) == pytest.approx(1 / (n - 1), rel=0.12)
    values = structure(1).to_numpy(float)
    permuted = permuted_values(values)(generator)
    assert np.diag(permuted) == pytest.approx(1)
    codes = np.asfortranarray(structure(2).to_numpy().astype(np.int8) - 1)
    assert np.abs(drawn_codes(codes)(generator) - np.eye(8)).max() < 0.3


def test_eigenvalues_sum_to_the_items():
    found = ps.parallel_analysis(structure(3), n_iterations=50).table
    assert found["eigenvalue"].sum() == pytest.approx(8)
    assert found["random_mean"].sum() == pytest.approx(8)
    assert leading(np.array([True, True, False, True])) == 2
    assert leading(np.array([True, True])) == 2


def test_hull_takes_the_sharpest_bend_of_the_upper_hull():
    fits, parameters = np.array([0.0, 0.5, 0.9, 0.91, 0.92]), np.array([0.0, 8.0, 15.0, 21.0, 26.0])
    scree = hull_scree(fits, parameters)
    assert np.nanargmax(scree) == 2
    assert scree[2] == pytest.approx((0.4 / 7) / (0.01 / 5 if np.isnan(scree[3]) else 0.01 / 6), rel=0.2)
    assert np.isnan(hull_scree(np.array([0.0, 0.5]), np.array([0.0, 3.0]))).all()


def test_every_rule_finds_a_clear_structure_over_twenty_seeds():
    hits = dict.fromkeys(["parallel", "reduced", "map", "fourth", "kaiser", "hull"], 0)
    for seed in range(20):
        found = ps.retention_summary(structure(seed, factors=3, per=5), n_iterations=40, seed=seed)
        counts = found.table["n_factors"].tolist()
        for name, count in zip(hits, counts, strict=True):
            hits[name] += count == 3
    print({name: f"{count}/20" for name, count in hits.items()})  # noqa: T201
    assert all(hits[name] >= 18 for name in ("parallel", "map", "fourth", "kaiser", "hull"))
    assert hits["reduced"] >= 10  # known to keep more


def test_unrelated_items_have_no_factor():
    rng = np.random.default_rng(4)
    counts = [ps.parallel_analysis(rng.normal(size=(200, 8)), n_iterations=60).n_factors for _ in range(40)]
    assert np.mean(np.array(counts) > 0) < 0.25
    assert ps.map_test(rng.normal(size=(500, 8))).n_factors == 0


def test_the_summary_shows_every_rule_and_no_answer():
    found = ps.retention_summary(structure(5), n_iterations=40)
    text = found._repr_html_()
    for words in ("Horn 1965", "Velicer 1976", "Braeken", "Lorenzo-Seva", "Rules do not decide"):
        assert words in text
    assert not hasattr(found, "n_factors")
    assert len(found.to_frame()) == 6
    assert "Parallel analysis 2" in repr(found)
    assert "component" in found.parallel._repr_html_()


def test_progress_goes_to_standard_error(capsys):
    ps.parallel_analysis(structure(6), n_iterations=20, progress=True)
    assert "parallel analysis" in capsys.readouterr().err
    ps.parallel_analysis(structure(6), n_iterations=20)
    assert not capsys.readouterr().err


def test_bad_input_gets_a_sentence():
    answers = structure(7)
    for call, words in [
        (lambda: ps.parallel_analysis(answers, method="bootstrap"), "method: expected one of"),
        (lambda: ps.parallel_analysis(answers, eigenvalues="fa"), "eigenvalues: expected one of"),
        (lambda: ps.parallel_analysis(answers, n_iterations=5), "n_iterations: expected a whole number, 20 or more"),
        (lambda: ps.parallel_analysis(answers, quantile=95), "quantile: expected a number from 0.5"),
        (lambda: ps.parallel_analysis(answers, workers=0), "workers: expected a whole number"),
        (lambda: ps.parallel_analysis(answers, seed=-1), "seed: expected a whole number, 0 or more; got -1"),
        (lambda: ps.parallel_analysis(answers, seed="a"), "seed: expected a whole number, 0 or more; got 'a'"),
        (lambda: ps.retention_summary(answers, seed=1.5), "seed: expected a whole number, 0 or more; got 1.5"),
        (lambda: ps.parallel_analysis(answers.corr(), n_obs=100), "need the answers"),
        (lambda: ps.parallel_analysis(answers.corr(), method="normal"), "n_obs: expected the number of respondents"),
        (lambda: ps.empirical_kaiser(answers.corr()), "n_obs: expected the number of respondents"),
        (lambda: ps.hull(answers, fit="rmsea"), "fit: expected one of"),
        (lambda: ps.hull(answers, most=1), "most: expected a whole number from 2"),
        (lambda: ps.map_test(answers.assign(q0=1)), "got one or none to 'q0'"),
    ]:
        with pytest.raises(ArgumentError, match=words):
            call()
    assert ps.parallel_analysis(answers.corr(), n_obs=400, method="normal").n_factors == 2


def test_a_generator_is_a_seed():
    answers = structure(7)
    one, other = (ps.parallel_analysis(answers, n_iterations=20, seed=np.random.default_rng(4)).table for _ in range(2))
    assert one.equals(other)


@pytest.mark.filterwarnings("ignore::movement_readiness.exceptions.MovementReadinessWarning")
def test_a_rule_that_cannot_be_computed_leaves_the_others_standing():
    answers = structure(7)
    twice = answers.assign(again=answers.iloc[:, 0])
    found = ps.retention_summary(twice, n_iterations=20)
    frame = found.to_frame()
    assert found.hull is None
    assert frame["n_factors"].isna().tolist() == [False] * 5 + [True]
    assert frame["not_computed"].ne("").tolist() == [False] * 5 + [True]
    assert "Hull is not computed: the correlation matrix has no inverse" in found._repr_html_()
    assert "Hull" not in repr(found)
    assert ps.retention_summary(answers, n_iterations=20).to_frame()["not_computed"].eq("").all()


@pytest.mark.slow
def test_five_hundred_polychoric_replications_take_under_thirty_seconds():
    answers = structure(8, n=1000, factors=6, per=6)
    began = time.process_time()
    found = ps.parallel_analysis(answers, correlation="polychoric", n_iterations=500)
    assert time.process_time() - began < 60  # seconds of two processors
    assert found.n_factors == 6


def one_factor(seed=3, n=300, k=5):
    rng = np.random.default_rng(seed)
    return np.rint(3 + rng.normal(size=(n, 1)) + rng.normal(size=(n, k))).clip(1, 5)


def test_a_single_candidate_of_hull_is_said_and_is_no_vote():
    found = ps.retention_summary(one_factor(), n_iterations=40)
    assert found.hull.table.index.tolist() == [0, 1, 2]
    html = found._repr_html_()
    assert "1 factor was the only candidate: 0 to 2 factors were tried, one more than parallel analysis finds" in html
    assert "not counted" in html
    assert "of 5 rules" in html
    assert "1 factors" not in html
    asked = ps.hull(one_factor(), most=2)
    assert "as most= asks" in asked._repr_html_()
    assert "Hull: 1 factor<" in asked._repr_html_()
    assert "1 factor;" in repr(asked)


def test_one_line_of_every_rule_says_of_what_and_of_how_many():
    items = one_factor()
    for found in (ps.parallel_analysis(items, n_iterations=20), ps.map_test(items), ps.empirical_kaiser(items)):
        assert "Pearson correlations of 5 items, 300 respondents" in repr(found)
    assert "95% quantile of 20" in repr(ps.parallel_analysis(items, n_iterations=20))
    assert "300 respondents" in repr(ps.retention_summary(items, n_iterations=20))


def test_polychoric_correlations_alone_are_refused_with_the_way_out():
    with pytest.raises(ArgumentError, match=r"expected the answers.*correlation='polychoric'"):
        ps.retention_summary(ps.polychoric(one_factor()), method="normal")


def test_one_line_writes_polychoric_small():
    assert "; polychoric correlations of 5 items" in repr(ps.map_test(one_factor(), correlation="polychoric"))
    assert "; polychoric correlations of 5 items" in repr(ps.kmo(one_factor(), correlation="polychoric"))
    assert "one optimum in" in repr(ps.efa(np.hstack([one_factor(1), one_factor(2)]), n_factors=2).rotation)
