"""Exploratory factor analysis: against R, by identities, by recovery of known truth, on bad input."""

from __future__ import annotations

import warnings
from itertools import pairwise

import efa_reference as reference
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import movement_readiness.psychometrics as ps
from movement_readiness.exceptions import (
    ArgumentError,
    EstimationWarning,
    HeywoodWarning,
    NonConvergenceWarning,
    NotPositiveDefiniteWarning,
    TooFewRespondentsWarning,
)
from movement_readiness.psychometrics.exploratory.extraction import extract
from movement_readiness.psychometrics.exploratory.fit import most_factors
from movement_readiness.psychometrics.exploratory.respondents import latent_means

HARMLESS = "ignore::movement_readiness.exceptions.MovementReadinessWarning"
UNROTATED = reference.cases("efa", "minres", "formula")


def of_r(data, basis, model, program, quantity="loading"):
    return reference.table("efa", (data, basis, model, program), quantity)


# ---------------------------------------------------------------------------------------------------- values of R


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize("method", ["minres", "ml"])
@pytest.mark.parametrize(("data", "basis"), UNROTATED)
def test_unrotated_loadings_and_fit_are_those_of_r(data, basis, method):
    matrix, n = reference.correlations(data, basis)
    expected = of_r(data, basis, method, "formula")
    found = ps.efa(matrix, n_factors=expected.shape[1], method=method, rotation="none", n_obs=n)
    assert np.abs(found.loadings.to_numpy() - expected).max() < 1e-7  # the page asks 1e-5
    key = data, basis, method, "formula"
    assert found.communalities.to_numpy() == pytest.approx(reference.series("efa", key, "communality"), abs=1e-7)
    names = {"rmsea_ci_low": "rmsea_ci_low_90", "rmsea_ci_high": "rmsea_ci_high_90"}
    for name, value in found.fit.items():
        theirs = reference.number("efa", key, names.get(name, name))
        tolerance = {"chisq": 1e-6, "null_chisq": 1e-8, "pvalue": 1e-3}.get(name, 1e-5)  # relative; 1e-3, 1e-4 asked
        smallest = 1e-300 if name == "pvalue" else 1e-6  # a p of 1e-40 is compared as one, not as nought
        assert value == pytest.approx(theirs, rel=tolerance, abs=smallest, nan_ok=True), name


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize(("method", "theirs"), [("minres", "minres"), ("ml", "ml"), ("paf", "pa")])
@pytest.mark.parametrize(("data", "basis"), UNROTATED)
def test_what_psych_gives_at_its_own_tolerance(data, basis, method, theirs):
    matrix, n = reference.correlations(data, basis)
    expected = of_r(data, basis, theirs, "psych")
    found = ps.efa(matrix, n_factors=expected.shape[1], method=method, rotation="none", n_obs=n)
    ours = found.loadings.to_numpy()
    # psych's optimiser stops at a slope of 1e-5 or so; its principal axes were iterated to 1e-12
    tolerance = {"minres": 1e-3, "ml": 2e-4, "paf": 1e-5}[method]
    assert np.abs(ours @ ours.T - expected @ expected.T).max() < tolerance
    key = data, basis, theirs, "psych"
    names = {"rmsea_ci_low": "rmsea_ci_low_90", "rmsea_ci_high": "rmsea_ci_high_90"}
    for name in ("chisq", "df", "rmsea", "rmsea_ci_low", "rmsea_ci_high", "tli", "rmsr", "rmsr_corrected", "bic"):
        if names.get(name, name) in reference.values("efa")[key]:
            value = reference.number("efa", key, names.get(name, name))
            assert found.fit[name] == pytest.approx(value, rel=1e-3, abs=1e-4, nan_ok=True), name


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize(("data", "basis"), UNROTATED)
def test_raw_answers_give_what_their_matrix_gives(data, basis):
    matrix, n = reference.correlations(data, basis)
    count = of_r(data, basis, "minres", "formula").shape[1]
    kind, _, missing = basis.partition(" ")
    found = ps.efa(
        reference.items(data), n_factors=count, correlation=kind, missing=missing or "pairwise", rotation="none"
    )
    assert np.abs(found.correlations.to_numpy() - matrix).max() < 1e-5
    assert found.n_respondents == n
    expected = of_r(data, basis, "minres", "formula")
    # a polychoric correlation differs by 1e-9 from R's; near a flat minimum that moves loadings a little more
    assert np.abs(found.loadings.to_numpy() - expected).max() < 1e-5


@pytest.mark.parametrize("method", ["Thurstone", "tenBerge", "Bartlett"])
@pytest.mark.parametrize(("data", "basis"), reference.cases("scores", "Thurstone", "psych"))
def test_scores_weights_and_determinacy_are_those_of_r(data, basis, method):
    answers = reference.items(data)
    whole = data, basis, "minres oblimin gamma=0", "formula"
    loadings = reference.table("scores", whole, "loading")
    found = ps.efa(answers, n_factors=loadings.shape[1])
    ours = {"Thurstone": "regression", "tenBerge": "ten_berge", "Bartlett": "bartlett"}[method]
    assert found.loadings.to_numpy() == pytest.approx(loadings, abs=1e-6)
    names = [f"f{k}" for k in range(1, loadings.shape[1] + 1)]
    assert found.factor_correlations.to_numpy() == pytest.approx(
        reference.symmetric("scores", whole, "factor correlation", names), abs=1e-6
    )
    key = data, basis, method
    assert found.score_weights(method=ours).to_numpy() == pytest.approx(
        reference.table("scores", (*key, "formula"), "weight"), abs=1e-6
    )
    expected = reference.table("scores", (*key, "formula"), "score")
    assert found.factor_scores(answers.head(20), method=ours).to_numpy() == pytest.approx(expected, abs=1e-5)
    theirs = reference.table("scores", (*key, "psych"), "score")
    if method != "Bartlett" or data != "small":
        assert found.factor_scores(answers, method=ours).head(20).to_numpy() == pytest.approx(theirs, abs=1e-4)
    assert found.determinacy(method=ours).to_numpy() == pytest.approx(
        reference.series("scores", (*key, "formula"), "validity"), abs=1e-6
    )
    squared = reference.series("scores", whole, "determinacy squared")
    assert found.variance["determinacy"].to_numpy() ** 2 == pytest.approx(squared, abs=1e-6)


# ------------------------------------------------------------------------------------------------------ identities


def simulated(seed=0, n=300, factors=2, per=4, loading=0.7, between=0.3, n_options=5):
    """Five-point answers of a simple structure, with its loadings."""
    rng = np.random.default_rng(seed)
    pattern = np.kron(np.eye(factors), np.linspace(loading + 0.1, loading - 0.1, per)[:, None])
    phi = np.full((factors, factors), between) + np.eye(factors) * (1 - between)
    common = rng.multivariate_normal(np.zeros(factors), phi, size=n) @ pattern.T
    latent = common + rng.normal(size=(n, factors * per)) * np.sqrt(1 - np.diag(pattern @ phi @ pattern.T))
    codes = 1 + np.searchsorted(np.linspace(-1.5, 1.5, n_options - 1), latent)
    return pd.DataFrame(codes, columns=[f"q{k}" for k in range(1, factors * per + 1)]), pattern, phi


rotations = st.sampled_from(["none", "varimax", "quartimax", "oblimin", "promax", "geomin", "geomin_orthogonal"])
methods = st.sampled_from(["minres", "ml", "paf"])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), rotations, methods)
def test_identities_within_one_result(seed, rotation, method):
    answers, _, _ = simulated(seed, factors=2 + seed % 2)
    found = ps.efa(answers, n_factors=2 + seed % 2, rotation=rotation, method=method, n_starts=5)
    pattern, phi = found.loadings.to_numpy(), found.factor_correlations.to_numpy()
    assert found.structure.to_numpy() == pytest.approx(pattern @ phi, abs=1e-12)
    assert found.communalities.to_numpy() == pytest.approx(np.diag(pattern @ phi @ pattern.T), abs=1e-12)
    assert (found.communalities + found.uniquenesses).to_numpy() == pytest.approx(1, abs=1e-12)
    unrotated = found.unrotated.to_numpy()
    assert pattern @ phi @ pattern.T == pytest.approx(unrotated @ unrotated.T, abs=1e-9)  # rotation changes no fit
    assert found.variance["ss_loadings"].sum() == pytest.approx(found.communalities.sum())
    assert np.diag(phi) == pytest.approx(1)
    assert (found.loadings.sum() >= 0).all()
    assert (np.diff(found.variance["ss_loadings"]) <= 1e-12).all()
    reproduced = found.correlations - found.residuals
    assert reproduced.to_numpy() == pytest.approx(pattern @ phi @ pattern.T, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False), rotations)
def test_order_of_items_and_respondents_does_not_matter(seed, random, rotation):
    answers, _, _ = simulated(seed)
    base = ps.efa(answers, n_factors=2, rotation=rotation)
    columns, rows = list(answers.columns), list(answers.index)
    random.shuffle(columns)
    random.shuffle(rows)
    other = ps.efa(answers.loc[rows, columns], n_factors=2, rotation=rotation)
    assert other.loadings.loc[base.loadings.index].to_numpy() == pytest.approx(base.loadings.to_numpy(), abs=1e-6)
    assert other.factor_correlations.to_numpy() == pytest.approx(base.factor_correlations.to_numpy(), abs=1e-6)
    assert other.fit.to_numpy() == pytest.approx(base.fit.to_numpy(), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["pearson", "polychoric"]))
def test_everybody_twice_leaves_the_estimates_alone(seed, kind):
    answers, _, _ = simulated(seed)
    once = ps.efa(answers, n_factors=2, correlation=kind)
    twice = ps.efa(pd.concat([answers, answers]), n_factors=2, correlation=kind)
    assert twice.loadings.to_numpy() == pytest.approx(once.loadings.to_numpy(), abs=1e-6)
    assert twice.fit["objective"] == pytest.approx(once.fit["objective"], abs=1e-8)
    assert twice.n_respondents == 2 * once.n_respondents


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 30), st.floats(-100, 100))
def test_units_do_not_matter_and_a_reversed_item_turns_its_loadings(seed, scale, shift):
    answers, _, _ = simulated(seed)
    base = ps.efa(answers, n_factors=2)
    assert ps.efa(answers * scale + shift, n_factors=2).loadings.to_numpy() == pytest.approx(
        base.loadings.to_numpy(), abs=1e-6
    )
    turned = ps.efa(answers.assign(q1=6 - answers["q1"]), n_factors=2)
    expected = base.loadings.copy()
    expected.loc["q1"] *= -1
    assert turned.loadings.to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_monotone_labels_do_not_matter_to_polychoric_analyses(seed):
    answers, _, _ = simulated(seed)
    base = ps.efa(answers, n_factors=2, correlation="polychoric")
    other = ps.efa(answers.replace({1: 0, 2: 3, 3: 4, 4: 10, 5: 29}), n_factors=2, correlation="polychoric")
    assert other.loadings.to_numpy() == pytest.approx(base.loadings.to_numpy(), abs=1e-7)
    assert other.factor_scores(answers.replace({1: 0, 2: 3, 3: 4, 4: 10, 5: 29})).to_numpy() == pytest.approx(
        base.factor_scores(answers).to_numpy(), abs=1e-6
    )


def test_derivatives_are_exact():
    from movement_readiness.psychometrics.exploratory import extraction

    answers, _, _ = simulated(4)
    matrix = np.corrcoef(answers.T)
    point = np.random.default_rng(1).uniform(0.3, 0.8, 8)
    for objective, at in ((extraction._minres, point), (extraction._likelihood, np.log(point))):
        _, gradient, hessian = objective(matrix, at, 2)
        step = 1e-5
        moved = [objective(matrix, at + step * e, 2) for e in np.eye(8)]
        back = [objective(matrix, at - step * e, 2) for e in np.eye(8)]
        numeric = np.array([(one[0] - other[0]) / (2 * step) for one, other in zip(moved, back, strict=True)])
        assert gradient == pytest.approx(numeric, abs=1e-8)
        numeric = np.array([(one[1] - other[1]) / (2 * step) for one, other in zip(moved, back, strict=True)])
        assert hessian == pytest.approx(numeric, abs=1e-7)


def test_ml_reaches_the_stationary_point_and_minres_leaves_no_residual_diagonal():
    answers, _, _ = simulated(5)
    matrix = np.corrcoef(answers.T)
    found = extract(matrix, 2, "ml")
    implied = found.loadings @ found.loadings.T + np.diag(found.uniquenesses)
    inverse = np.linalg.inv(implied)
    assert np.diag(inverse @ (implied - matrix) @ inverse) == pytest.approx(0, abs=1e-9)
    for method in ("minres", "paf"):
        found = extract(matrix, 2, method)
        assert np.diag(matrix - found.loadings @ found.loadings.T) == pytest.approx(found.uniquenesses, abs=1e-9)


def test_statsmodels_agrees():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from statsmodels.multivariate.factor import Factor

        answers, _, _ = simulated(6)
        theirs = Factor(endog=answers.to_numpy(float), n_factor=2, method="ml").fit(tol=1e-12, maxiter=1000)
    found = ps.efa(answers, n_factors=2, method="ml", rotation="none").loadings.to_numpy()
    other = np.asarray(theirs.loadings)
    assert found @ found.T == pytest.approx(other @ other.T, abs=1e-4)


# ---------------------------------------------------------------------------------------------------------- recovery


def test_recovery_of_the_truth_over_twenty_seeds():
    found = {"pearson": [], "polychoric": []}
    between = []
    for seed in range(20):
        answers, pattern, phi = simulated(seed, n=1000, factors=3, per=5, n_options=4)
        for kind, errors in found.items():
            result = ps.efa(answers, n_factors=3, correlation=kind)
            loadings, correlations = reference.aligned(
                result.loadings.to_numpy(), result.factor_correlations.to_numpy(), pattern
            )
            errors.append(loadings - pattern)
            if kind == "polychoric":
                between.append(correlations[np.triu_indices(3, 1)] - phi[np.triu_indices(3, 1)])
    bias = {kind: np.mean(errors, axis=0) for kind, errors in found.items()}
    print(  # noqa: T201  (seen with -s)
        f"bias of loadings of .6 to .8, polychoric {bias['polychoric'][pattern > 0].mean():+.4f}, "
        f"pearson {bias['pearson'][pattern > 0].mean():+.4f}; of factor correlations {np.mean(between):+.4f}"
    )
    assert np.abs(bias["polychoric"][pattern > 0]).max() < 0.03
    assert abs(bias["polychoric"][pattern > 0].mean()) < 0.01
    assert np.abs(bias["polychoric"][pattern == 0]).max() < 0.03
    assert abs(np.mean(between)) < 0.02
    assert bias["pearson"][pattern > 0].mean() < -0.03  # four categories attenuate product moments


def test_the_chi_square_rejects_a_true_model_as_often_as_it_should():
    rng = np.random.default_rng(11)
    pattern = np.kron(np.eye(2), np.full((4, 1), 0.7))
    rejected = []
    for _ in range(400):
        answers = rng.normal(size=(400, 2)) @ pattern.T + rng.normal(size=(400, 8)) * np.sqrt(0.51)
        rejected.append(ps.efa(answers, n_factors=2, method="ml", rotation="none").fit["pvalue"] < 0.05)
    print(f"rejected {np.mean(rejected):.3f} at 5 %")  # noqa: T201
    assert abs(np.mean(rejected) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 400)


# -------------------------------------------------------------------------------------------------- new respondents


def test_new_respondents_are_scored_by_the_calibration():
    answers, _, _ = simulated(7)
    for kind in ("pearson", "polychoric"):
        found = ps.efa(answers, n_factors=2, correlation=kind)
        whole = found.factor_scores(answers)
        one = found.factor_scores(answers.iloc[[17]])
        assert one.index.tolist() == [17]
        assert one.to_numpy() == pytest.approx(whole.iloc[[17]].to_numpy())
        shuffled = answers[answers.columns[::-1]].assign(name="x").head(3)  # other order, further columns
        assert found.factor_scores(shuffled).to_numpy() == pytest.approx(whole.head(3).to_numpy())
        assert found.factor_scores(answers.to_numpy()[:3]).to_numpy() == pytest.approx(whole.head(3).to_numpy())
        assert found.factor_scores(pl.from_pandas(answers).head(3)).to_numpy() == pytest.approx(
            whole.head(3).to_numpy()
        )


def test_regression_scores_have_the_variance_of_their_determinacy():
    answers, _, _ = simulated(8)
    found = ps.efa(answers, n_factors=2)
    scores = found.factor_scores(answers)
    assert scores.mean().to_numpy() == pytest.approx(0, abs=1e-10)
    assert scores.var().to_numpy() == pytest.approx(found.determinacy().to_numpy() ** 2)
    ten = found.factor_scores(answers, method="ten_berge")
    assert np.cov(ten.T) == pytest.approx(found.factor_correlations.to_numpy())
    weights = found.score_weights(method="bartlett").to_numpy()
    assert weights.T @ found.loadings.to_numpy() == pytest.approx(np.eye(2), abs=1e-10)  # unbiased


def test_missing_answers_give_nan_unless_the_available_ones_are_asked_for():
    answers, _, _ = simulated(9)
    found = ps.efa(answers, n_factors=2)
    gaps = answers.head(5).astype(float)
    gaps.iloc[1, 3] = np.nan
    gaps.iloc[2] = np.nan
    assert found.factor_scores(gaps).isna().all(axis=1).tolist() == [False, True, True, False, False]
    available = found.factor_scores(gaps, missing="available")
    assert available.isna().all(axis=1).tolist() == [False, False, True, False, False]
    assert available.iloc[0].to_numpy() == pytest.approx(found.factor_scores(gaps).iloc[0].to_numpy())
    # the conditional mean of the factors given the answered items, written out
    kept = [k for k in range(8) if k != 3]
    z = ((gaps - answers.mean()) / answers.std()).iloc[1, kept].to_numpy()
    matrix = found.correlations.to_numpy()[np.ix_(kept, kept)]
    expected = found.structure.to_numpy()[kept].T @ np.linalg.solve(matrix, z)
    assert available.iloc[1].to_numpy() == pytest.approx(expected)


def test_latent_means_are_those_of_the_truncated_normal():
    from scipy.stats import truncnorm

    cuts = np.array([-1.0, 0.2, 1.4])
    edges = [-np.inf, *cuts, np.inf]
    expected = [truncnorm(low, high).mean() for low, high in pairwise(edges)]
    assert latent_means(cuts) == pytest.approx(expected)


def test_categorical_answers_and_unknown_categories():
    answers, _, _ = simulated(10)
    words = ["never", "rarely", "sometimes", "often", "always"]
    kind = pd.CategoricalDtype(words, ordered=True)
    labelled = answers.apply(lambda column: column.map(dict(enumerate(words, 1))).astype(kind))
    for correlation in ("pearson", "polychoric"):
        base = ps.efa(answers, n_factors=2, correlation=correlation)
        found = ps.efa(labelled, n_factors=2, correlation=correlation)
        assert found.loadings.to_numpy() == pytest.approx(base.loadings.to_numpy(), abs=1e-8)
        assert found.factor_scores(labelled).to_numpy() == pytest.approx(
            base.factor_scores(answers).to_numpy(), abs=1e-6
        )
    with pytest.raises(ArgumentError, match=r"items\['q2'\]: expected one of the categories .* got 9"):
        ps.efa(answers, n_factors=2, correlation="polychoric").factor_scores(answers.head(2).assign(q2=9))
    with pytest.raises(ArgumentError, match="expected the categories of the analysis"):
        found.factor_scores(answers)


# ------------------------------------------------------------------------------------------------- matrices, frames


def test_matrices_and_results_stand_in_for_answers():
    answers, _, _ = simulated(12)
    base = ps.efa(answers, n_factors=2)
    for given_ in (answers.corr(), answers.cov(), answers.corr().to_numpy()):
        found = ps.efa(given_, n_factors=2, n_obs=300)
        assert found.loadings.to_numpy() == pytest.approx(base.loadings.to_numpy(), abs=1e-8)
        assert found.fit.to_numpy() == pytest.approx(base.fit.to_numpy(), abs=1e-8)
    assert list(ps.efa(answers.cov(), n_factors=2).loadings.index) == list(answers.columns)
    result = ps.efa(ps.correlation_matrix(answers), n_factors=2)
    assert result.fit.to_numpy() == pytest.approx(base.fit.to_numpy())
    assert result.factor_scores(answers).to_numpy() == pytest.approx(base.factor_scores(answers).to_numpy())
    poly = ps.efa(ps.polychoric(answers), n_factors=2)
    assert poly.loadings.to_numpy() == pytest.approx(
        ps.efa(answers, n_factors=2, correlation="polychoric").loadings.to_numpy()
    )


def test_without_n_what_needs_n_is_nan():
    answers, _, _ = simulated(12)
    found = ps.efa(answers.corr(), n_factors=2)
    assert found.fit[["chisq", "pvalue", "rmsea", "tli", "bic"]].isna().all()
    assert found.fit[["rmsr", "objective"]].notna().all()
    assert "unknown" in repr(found)
    with pytest.raises(ArgumentError, match="began with a correlation matrix"):
        found.factor_scores(answers)


def test_any_frame_and_missing_answers():
    answers, _, _ = simulated(13)
    base = ps.efa(answers, n_factors=2).loadings.to_numpy()
    assert ps.efa(pl.from_pandas(answers), n_factors=2).loadings.to_numpy() == pytest.approx(base)
    assert ps.efa(answers.to_numpy(), n_factors=2).loadings.to_numpy() == pytest.approx(base)
    nullable = answers.astype("Int64").mask(np.random.default_rng(1).random(answers.shape) < 0.05)
    before = nullable.copy()
    pairwise, listwise = (ps.efa(nullable, n_factors=2, missing=how) for how in ("pairwise", "listwise"))
    pd.testing.assert_frame_equal(nullable, before)
    assert pairwise.n_respondents == 300
    assert listwise.n_respondents == len(nullable.dropna())
    complete = ps.efa(nullable.dropna().astype(int), n_factors=2)
    assert listwise.loadings.to_numpy() == pytest.approx(complete.loadings.to_numpy(), abs=1e-8)


@pytest.mark.parametrize("n_options", [2, 3, 7, 10])
def test_any_number_of_categories(n_options):
    answers, _, _ = simulated(14, n=400, n_options=n_options)
    for kind in ("pearson", "polychoric"):
        found = ps.efa(answers, n_factors=2, correlation=kind)
        assert found.converged
        assert found.factor_scores(answers).notna().all(axis=None)


# ------------------------------------------------------------------------------------------------------- bad input


def test_bad_input_gets_a_sentence():
    answers, _, _ = simulated(15)

    def says(pattern, items=answers, **arguments):
        with pytest.raises(ArgumentError, match=pattern):
            ps.efa(items, **{"n_factors": 2, **arguments})

    says(r"items: expected two or more different answers to each item; got one or none to 'q3'", answers.assign(q3=4))
    says(r"got one or none to 'q8'", answers.astype(float).assign(q8=np.nan))
    says(r"expected three or more respondents with answers; got 0", answers.astype(float) * np.nan)
    says(r"n_factors: expected 4 at most, all that 8 items can identify; got 5", n_factors=5)
    says(r"n_factors: expected a whole number", n_factors=2.5)
    says(r"n_factors: expected a whole number", n_factors=0)
    says(r"items: expected 3 or more items", answers[["q1", "q2"]], n_factors=1)
    says(r"method: expected one of .* Did you mean 'minres'", method="minresx")
    says(r"rotation: expected one of .* Did you mean 'oblimin'", rotation="oblimn")
    says(r"gamma: the rotation 'varimax' takes no option", rotation="varimax", gamma=1)
    says(r"gamma: expected a number from -1000 to 0.8; got 3", gamma=3)
    says(r"correlation: expected one of", correlation="kendall")
    says(r"missing: expected one of", missing="mean")
    says(r"n_obs: expected only with a correlation", n_obs=100)
    says(r"engine: 'factor_analyzer' extracts by minres and ml", engine="factor_analyzer", method="paf")
    says(r"normalize: expected True or False", normalize="kaiser")
    says(r"n_starts: expected a whole number", n_starts=0)
    says(r"target: expected numbers for 8 items x 2 factors.* got none", rotation="target")
    says(r"target: expected .* got an array of shape \(2, 2\)", rotation="target", target=np.eye(2))
    says(r"bifactor rotation .* got 2", rotation="bifactor")
    says(r"items\['q1'\]: expected numbers", answers.assign(q1="a"))
    says(
        r"smooth: efa takes no argument 'smooth'. Give correlation_matrix\(items, correlation=..., smooth=", smooth=True
    )
    says(r"rotatoin: efa takes no argument 'rotatoin'. Did you mean 'rotation'", rotatoin="none")
    says(r"delta: the rotation 'oblimin' takes 'gamma'; got 'delta'", delta=0.1)
    for seed in (-1, "x", 1.5, True):
        says(r"seed: expected a whole number, 0 or more; got", seed=seed)
    apart = answers.astype(float)
    apart.loc[:150, "q1"] = np.nan
    apart.loc[150:, "q2"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        warnings.simplefilter("ignore", TooFewRespondentsWarning)
        says(r"got too few for 'q1' with 'q2' \(1 such pairs\)", apart)


def test_singular_matrices_get_a_warning_or_a_sentence():
    answers, _, _ = simulated(16)
    twice = answers.assign(q9=answers["q1"])
    with pytest.warns(Warning, match=r"positive definite|Heywood|0.99") as caught:
        found = ps.efa(twice, n_factors=2)
    assert NotPositiveDefiniteWarning in {one.category for one in caught}
    assert found.fit[["chisq", "tli"]].isna().all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ArgumentError, match="'ml' needs a positive definite"):
            ps.efa(twice, n_factors=2, method="ml")
        with pytest.raises(ArgumentError, match="regression scores need a positive definite"):
            found.factor_scores(twice)
        few = answers.head(7)
        with pytest.warns(TooFewRespondentsWarning, match="7 respondents answer 8 items"):
            ps.efa(few, n_factors=1)


def said(call):
    """The warnings of a call, by class."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [(one.category, str(one.message)) for one in caught]


def test_one_warning_a_fact_with_a_remedy_that_there_is():
    answers, _, _ = simulated(16)
    summed, few = answers.assign(q9=answers["q1"] + answers["q2"]), answers.head(7)
    cases = (
        ("pearson", lambda: ps.kmo(summed), NotPositiveDefiniteWarning),
        ("pearson", lambda: ps.efa(summed, n_factors=2, rotation="none"), NotPositiveDefiniteWarning),
        ("polychoric", lambda: ps.kmo(answers.assign(q9=answers["q1"]), correlation="polychoric"), None),
        ("pearson", lambda: ps.efa(few, n_factors=1), None),
    )
    for kind, call, only in cases:
        found = said(call)
        classes = [category for category, _ in found]
        assert len(classes) == len(set(classes)), (kind, found)
        assert only is None or only in classes
        for category, words in found:
            if category is NotPositiveDefiniteWarning:
                assert "give correlation_matrix(items, correlation=..., smooth=True) in place of the items" in words
                assert "listwise" not in words
    near = [words for _, words in said(cases[2][1]) if "0.99 or more" in words]
    assert len(near) == 1
    assert "correlation_matrix(items, correlation='polychoric', correct=...)" in near[0]


def test_whole_floats_are_whole_numbers_and_a_generator_is_a_seed():
    answers, _, _ = simulated(3)
    found = ps.efa(answers.corr(), n_factors=2.0, n_obs=np.float64(300))
    assert found.n_factors == 2
    assert found.fit["chisq"] == ps.efa(answers.corr(), n_factors=2, n_obs=300).fit["chisq"]
    one, other = (ps.efa(answers, n_factors=2, seed=np.random.default_rng(5)) for _ in range(2))
    assert one.loadings.equals(other.loadings)


def test_scores_of_an_analysis_of_a_polychoric_result():
    answers, _, _ = simulated(3)
    direct = ps.efa(answers, n_factors=2, correlation="polychoric")
    found = ps.efa(ps.polychoric(answers), n_factors=2)
    for method in ("regression", "bartlett", "ten_berge"):
        expected = direct.factor_scores(answers, method=method)
        assert found.factor_scores(answers, method=method).to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-9)
    with pytest.raises(ArgumentError, match=r"values: 'codes' needs means and standard deviations"):
        found.factor_scores(answers, values="codes")
    with pytest.raises(ArgumentError, match=r"that the analysis met, 1, 2, 3, 4, 5; got 9\.$"):
        found.factor_scores(answers.assign(q1=9))
    kinds = pd.CategoricalDtype(sorted(pd.unique(answers.to_numpy().ravel())), ordered=True)
    ordered = answers.astype(kinds)
    again = ps.efa(ps.polychoric(ordered), n_factors=2).factor_scores(ordered)
    assert again.to_numpy() == pytest.approx(direct.factor_scores(answers).to_numpy(), abs=1e-9)


def test_minres_says_truly_where_a_heywood_item_ends():
    matrix = reference.correlations(*next(case for case in UNROTATED if case[0] == "heywood"))[0]
    with pytest.warns(HeywoodWarning):
        found = ps.efa(matrix, n_factors=2, rotation="none")
    assert found.heywood
    assert found.uniquenesses.to_numpy() == pytest.approx(1 - found.communalities.to_numpy())
    assert found.uniquenesses.min() <= 0.005


def test_rmsr_counts_every_pair_the_same():
    answers, _, _ = simulated(3)
    holes = answers.mask(np.random.default_rng(1).random(answers.shape) < np.linspace(0, 0.6, answers.shape[1]))
    found = ps.efa(holes, n_factors=2)
    off = found.residuals.to_numpy()[np.triu_indices(answers.shape[1], 1)]
    assert found.fit["rmsr"] == pytest.approx(np.sqrt(np.mean(off**2)), abs=1e-14)


def test_what_does_not_converge_is_said():
    answers, _, _ = simulated(0, factors=3)
    with pytest.warns(NonConvergenceWarning, match=r"rotation \(oblimin\) reached no optimum from 4 starts"):
        found = ps.efa(
            answers, n_factors=3, gamma=0.8, n_starts=4
        )  # factors that correlate ever more make it ever smaller
    assert not found.converged
    few, _, _ = simulated(0, n=60)
    with pytest.warns(Warning) as caught:  # noqa: PT030
        found = ps.efa(few, n_factors=4, method="paf")
    assert not found.converged
    assert {NonConvergenceWarning, HeywoodWarning} <= {one.category for one in caught}


def test_heywood_cases_are_named():
    answers = reference.items("heywood")
    with pytest.warns(HeywoodWarning, match="explain all of 'i5'"):
        found = ps.efa(answers, n_factors=2)
    assert found.heywood == ("i5",)
    assert "Heywood case: i5" in found._repr_html_()


@pytest.mark.filterwarnings(HARMLESS)
def test_a_table_that_is_square_but_no_matrix_is_answers():
    rng = np.random.default_rng(1)
    assert ps.efa(rng.integers(1, 6, (8, 8)), n_factors=1).n_respondents == 8


# ------------------------------------------------------------------------------------------------------------ result


def test_a_target_frame_is_matched_by_item_and_names_the_factors():
    answers, pattern, _ = simulated(20)
    target = pd.DataFrame(np.where(pattern > 0, np.nan, 0.0), index=answers.columns, columns=["warm", "cold"])
    found = ps.efa(answers, n_factors=2, rotation="target", target=target[::-1])
    assert list(found.loadings.columns) == ["warm", "cold"]
    assert (found.loadings.abs().idxmax(axis=1) == ["warm"] * 4 + ["cold"] * 4).all()
    same = ps.efa(answers, n_factors=2, rotation="target", target=target.to_numpy())
    assert same.loadings.to_numpy() == pytest.approx(found.loadings.to_numpy())
    with pytest.raises(ArgumentError, match="target: expected a row for each item; 'q1' not among"):
        ps.efa(answers, n_factors=2, rotation="target", target=target.iloc[1:])


def test_the_result_shows_itself_in_words_and_is_frozen():
    answers, _, _ = simulated(17)
    found = ps.efa(answers, n_factors=2, correlation="polychoric")
    text = found._repr_html_()
    for words in (
        "Minimum residuals from polychoric correlations",
        "300 respondents",
        "oblimin (gamma 0), without Kaiser",
        "RMSEA",
    ):
        assert words in text
    assert "0x" not in repr(found)
    assert list(found.to_frame().columns) == ["F1", "F2", "communality", "uniqueness", "complexity"]
    with pytest.raises(AttributeError):
        found.method = "ml"
    assert most_factors(3) == 1
    assert most_factors(6) == 3


def test_factor_analyzer_extracts_the_same():
    answers, _, _ = simulated(18)
    for method in ("minres", "ml"):
        own, theirs = (ps.efa(answers, n_factors=2, method=method, engine=e) for e in ("own", "factor_analyzer"))
        assert theirs.loadings.to_numpy() == pytest.approx(own.loadings.to_numpy(), abs=2e-5)


# --------------------------------------------------------------------------------------------------- Schmid-Leiman


SCHMID_LEIMAN = [
    key for key in reference.values("reliability") if "schmid-leiman" in reference.values("reliability")[key]
]


@pytest.mark.filterwarnings(HARMLESS)
@pytest.mark.parametrize("key", SCHMID_LEIMAN, ids=" ".join)
def test_schmid_leiman_is_that_of_r(key):
    data, basis, model, program = key
    stored = reference.values("reliability")[key]
    names = list(dict.fromkeys(row[0] for row in stored["schmid-leiman"]))
    kind, _, missing = basis.partition(" ")
    items = reference.items(data)[[name.removesuffix("-") for name in names]]
    if data == "reversed":  # psych::omega turns items round that load negatively on the general factor
        items.iloc[:, 1::2] = 6 - items.iloc[:, 1::2]
    found = ps.schmid_leiman(items, n_factors=int(model.split()[1]), correlation=kind, missing=missing or "pairwise")
    factors = found.loadings.shape[1] - 1
    expected = reference.table("reliability", key, "schmid-leiman")[:, : factors + 1]
    groups, _ = reference.aligned(found.loadings.to_numpy()[:, 1:], np.eye(factors), expected[:, 1:])
    # the formula starts from the exact optimum, psych from where its optimiser stopped
    tolerance = 1e-4 if program == "formula" else 2e-3
    assert np.abs(found.loadings["general"].to_numpy() - expected[:, 0]).max() < tolerance
    assert np.abs(groups - expected[:, 1:]).max() < tolerance
    if program == "formula" and "ecv" in stored:
        assert found.ecv == pytest.approx(reference.number("reliability", key, "ecv"), abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 4))
def test_schmid_leiman_keeps_the_communalities(seed, factors):
    answers, _, _ = simulated(seed, n=600, factors=factors, between=0.4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HeywoodWarning)
        found = ps.schmid_leiman(answers, n_factors=factors)
    loadings = found.loadings.to_numpy()
    if factors == 3 and (found.second_order < 0.99).all():  # three loadings reproduce three correlations
        assert np.sum(loadings**2, axis=1) == pytest.approx(found.communalities.to_numpy(), abs=1e-6)
        fitted = np.outer(found.second_order, found.second_order)[np.triu_indices(3, 1)]
        assert fitted == pytest.approx(found.efa.factor_correlations.to_numpy()[np.triu_indices(3, 1)], abs=1e-6)
    assert loadings[:, 0] == pytest.approx(found.efa.loadings.to_numpy() @ found.second_order.to_numpy())
    assert 0 < found.ecv < 1


def test_two_factors_do_not_identify_a_general_one():
    answers, _, _ = simulated(19)
    with pytest.warns(EstimationWarning, match="Two factors do not identify"):
        equal = ps.schmid_leiman(answers, n_factors=2)
    r = equal.efa.factor_correlations.iloc[0, 1]
    assert not equal.identified
    assert equal.second_order.to_numpy() == pytest.approx(np.sqrt(r))
    with pytest.warns(EstimationWarning):
        first = ps.schmid_leiman(equal.efa, two_factors="first")
    assert first.second_order.tolist() == pytest.approx([1, r])
    three, _, _ = simulated(19, factors=3)
    with pytest.raises(ArgumentError, match="expected an oblique one"):
        ps.schmid_leiman(three, n_factors=3, rotation="varimax")
    assert "ECV" in equal._repr_html_()


def test_schmid_leiman_recovers_a_hierarchy():
    rng = np.random.default_rng(5)
    shares = []
    for _ in range(20):
        general = rng.normal(size=(1500, 1)) * 0.6
        groups = (rng.normal(size=(1500, 3)) * 0.5).repeat(4, axis=1)
        found = ps.schmid_leiman(general + groups + rng.normal(size=(1500, 12)) * np.sqrt(0.39))
        shares.append(found.ecv)
    print(f"ECV {np.mean(shares):.4f}, true {0.36 / 0.61:.4f}")  # noqa: T201
    assert abs(np.mean(shares) - 0.36 / 0.61) < 0.02


def test_the_words_of_a_solution_carry_what_a_reader_needs():
    answers, _, _ = simulated(17)
    latent = ps.efa(answers, n_factors=2, correlation="polychoric")
    assert "polychoric correlations" in repr(latent)
    assert "Descriptive only" in latent._repr_html_()
    assert "Descriptive only" in ps.efa(ps.polychoric(answers), n_factors=2)._repr_html_()
    assert "Descriptive only" in ps.bartlett_sphericity(answers, correlation="polychoric")._repr_html_()
    plain = ps.efa(answers, n_factors=1)
    html = plain._repr_html_()
    assert "Descriptive only" not in html
    assert "from Pearson correlations" in html
    assert "p &lt; .001" in html
    assert "1 factor of" in html
    assert "1 factor of" in repr(plain)
    bare = ps.efa(answers.corr(), n_factors=2)._repr_html_()
    assert "n_obs=" in bare
    for rotation, words in (
        ("oblimin", "oblimin (gamma 0)"),
        ("promax", "promax (power 4)"),
        ("geomin", "geomin (delta 0.01)"),
        ("varimax", "varimax,"),
    ):
        assert words in ps.efa(answers, n_factors=2, rotation=rotation)._repr_html_()
    assert "(gamma -0.5)" in ps.efa(answers, n_factors=2, rotation="oblimin", gamma=-0.5)._repr_html_()


def test_one_line_carries_respondents_and_correlation():
    answers, _, _ = simulated(17)
    for found in (ps.kmo(answers), ps.bartlett_sphericity(answers)):
        assert "Pearson correlations of 8 items, 300 respondents" in repr(found)
    assert "p < .001" in repr(ps.bartlett_sphericity(answers))
    with pytest.warns(EstimationWarning):
        assert "Pearson correlations, minres, oblimin, n 300" in repr(ps.schmid_leiman(answers, n_factors=2))
