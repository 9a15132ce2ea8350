"""Parallel analysis: as many factors as have eigenvalues above those of unrelated items."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from tqdm import tqdm

from movement_readiness._validation import check_choice, check_integer, check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._analysed import Analysed, analysed
from movement_readiness.psychometrics._coded import coded_items
from movement_readiness.psychometrics._options import check_seed
from movement_readiness.psychometrics.retention.random import (
    Draw,
    drawn_codes,
    drawn_normal,
    permuted_codes,
    permuted_values,
)
from movement_readiness.psychometrics.retention.result import RetentionResult
from movement_readiness.psychometrics.retention.rules import EIGENVALUES, eigenvalues, leading

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ParallelAnalysisResult", "Plan", "parallel_analyses", "parallel_analysis"]

Floats = npt.NDArray[np.float64]

_METHODS = ("permutation", "normal")
_WORDS = {
    "pca": "of the correlation matrix",
    "reduced": "of the matrix with squared multiple correlations in its diagonal",
    "one_factor": "of the matrix with the communalities of one minres factor in its diagonal",
}


@dataclass(frozen=True, repr=False, eq=False)
class ParallelAnalysisResult(RetentionResult):
    """Observed and random eigenvalues side by side; made by `parallel_analysis`.

    ``table`` has one row a component: eigenvalue, random_mean, random_quantile, above (the quantile). Further
    attributes: ``correlation``, ``method``, ``eigenvalues``, ``n_iterations``, ``quantile``, ``seed``.
    """

    correlation: str
    method: str
    eigenvalues: str
    n_iterations: int
    quantile: float
    seed: int | None

    def _how(self) -> str:
        kind = {"pca": "", "reduced": " reduced", "one_factor": " one-factor"}[self.eigenvalues]
        return f" by{kind} eigenvalues above the {self.quantile:.0%} quantile of {self.n_iterations} ({self.method})"

    @property
    def observed(self) -> pd.Series[float]:
        """The eigenvalues of the items."""
        return self.table["eigenvalue"]


def parallel_analysis(
    items: Any,
    *,
    correlation: str = "pearson",
    method: str = "permutation",
    eigenvalues: str = "pca",
    n_iterations: int = 500,
    quantile: float = 0.95,
    seed: int | np.random.Generator | None = 0,
    missing: str = "pairwise",
    n_obs: int | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> ParallelAnalysisResult:
    """Count the leading eigenvalues that exceed a quantile of those of unrelated items.

    Parameters
    ----------
    items : item frame, array, or correlation matrix
        A matrix (with ``n_obs``) allows method="normal" only.
    correlation : {"pearson", "spearman", "polychoric"}
        Of the items and of every random replication alike.
    method : {"permutation", "normal"}
        permutation: each item's answers, missing ones too, are shuffled among respondents, which keeps its
        distribution. normal: uncorrelated normal items of as many respondents; for polychoric, categories drawn
        with the item's shares.
    eigenvalues : {"pca", "reduced", "one_factor"}
        Of the correlation matrix (Horn's own); with squared multiple correlations in the diagonal (Humphreys &
        Montanelli; ``psych::fa.parallel(SMC = TRUE)``); or with the communalities of one minres factor
        (``psych::fa.parallel``, fa = "fa"). The last two keep more factors.
    n_iterations : int
        Random replications.
    quantile : float
        Of the random eigenvalues; .95 is stricter than Horn's mean, which is in the table too.
    seed : int or numpy Generator, optional
        0 or more. Every replication has its own stream: numbers do not depend on ``workers``. None takes a new seed
        each time.
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix.
    workers : int, optional
        Threads; left out, as many as processors.
    progress : bool
        Show a bar on standard error.

    Returns
    -------
    ParallelAnalysisResult
        ``n_factors`` counts eigenvalues up to the first that is not above.

    Notes
    -----
    Decisions checked against ``psych::fa.parallel``; a simulated quantile agrees in the decision, not the digit.

    References
    ----------
    .. [1] Horn JL (1965). A rationale and test for the number of factors in factor analysis. Psychometrika 30:179-185.
       doi:10.1007/BF02289447
    .. [2] Humphreys LG, Montanelli RG (1975). An investigation of the parallel analysis criterion for determining the
       number of common factors. Multivariate Behavioral Research 10:193-205.

    Examples
    --------
    R: ``psych::fa.parallel(items, fa = "pc", n.iter = 500, quant = .95)``

    >>> import numpy as np, movement_readiness as mr
    >>> rng = np.random.default_rng(3)
    >>> factors = rng.normal(size=(300, 2)).repeat(4, axis=1)
    >>> answers = np.rint(3 + factors + rng.normal(size=(300, 8))).clip(1, 5)
    >>> mr.parallel_analysis(answers, n_iterations=100).n_factors
    2
    """
    data = analysed(items, correlation=correlation, missing=missing, n_obs=n_obs, intervals=False)
    plan = Plan(method, n_iterations, quantile, check_seed(seed), workers, progress)
    return parallel_analyses(data, plan, (eigenvalues,))[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """How to replicate; see `parallel_analysis`."""

    method: str = "permutation"
    n_iterations: int = 500
    quantile: float = 0.95
    seed: int | None = 0
    workers: int | None = None
    progress: bool = False


def parallel_analyses(data: Analysed, plan: Plan, which: Sequence[str]) -> list[ParallelAnalysisResult]:
    """One result for each kind of eigenvalues, all from the same random matrices."""
    check_choice("method", plan.method, _METHODS)
    for kind in which:
        check_choice("eigenvalues", kind, EIGENVALUES)
    check_integer("n_iterations", plan.n_iterations, 20)
    check_number("quantile", plan.quantile, 0.5, 1, open_high=True)
    if plan.workers is not None:
        check_integer("workers", plan.workers, 1)
    random = _random(_draw(data, plan.method), which, plan)
    return [_result(data, found, plan, kind) for kind, found in zip(which, random, strict=True)]


def _draw(data: Analysed, method: str) -> Draw:
    """Choose how a random correlation matrix comes about."""
    table = data.table
    if table is None:
        if data.kind in ("polychoric", "tetrachoric"):
            raise ArgumentError(
                "items: expected the answers, because random replications of polychoric correlations are made of them; "
                "got their correlations. Give the items, with correlation='polychoric'."
            )
        if method == "permutation":
            raise ArgumentError(
                "method: permutations need the answers; got a correlation matrix. Use "
                "method='normal', or give the items."
            )
        if np.isnan(data.n_respondents):
            raise ArgumentError("n_obs: expected the number of respondents behind the correlation matrix; got none.")
        return drawn_normal(int(data.n_respondents), data.n_items)
    if data.kind == "polychoric":
        coded = coded_items("items", table)
        return permuted_codes(coded.codes, coded.n_categories) if method == "permutation" else drawn_codes(coded.codes)
    if method == "permutation":
        return permuted_values(table.values, ranks=data.kind == "spearman")
    return drawn_normal(int(data.n_respondents), data.n_items)


def _random(draw: Draw, which: Sequence[str], plan: Plan) -> Floats:
    """Eigenvalues of every replication, shape (kinds, replications, items)."""

    def one(sequence: np.random.SeedSequence) -> Floats:
        found = np.nan_to_num(draw(np.random.default_rng(sequence)))  # a pair without overlap is unrelated as well
        return np.stack([eigenvalues(found, kind) for kind in which])

    streams = np.random.SeedSequence(plan.seed).spawn(plan.n_iterations)
    with threadpool_limits(limits=1):  # small matrices: threads inside each would only wait for each other
        bar = tqdm(total=len(streams), desc="parallel analysis", unit="replication", disable=not plan.progress)
        with bar, ThreadPoolExecutor(plan.workers or os.cpu_count()) as pool:
            return np.stack(list(_counted(pool.map(one, streams), bar)), axis=1)


def _counted(found: Iterator[Floats], bar: Any) -> Iterator[Floats]:
    for one in found:
        bar.update()
        yield one


def _result(data: Analysed, random: Floats, plan: Plan, which: str) -> ParallelAnalysisResult:
    import pandas as pd

    observed, limit = eigenvalues(data.correlations, which), np.quantile(random, plan.quantile, axis=0)
    table = pd.DataFrame(
        {
            "eigenvalue": observed,
            "random_mean": random.mean(axis=0),
            "random_quantile": limit,
            "above": observed > limit,
        },
        index=pd.RangeIndex(1, observed.size + 1, name="component"),
    )
    how = "answers permuted within items" if plan.method == "permutation" else "unrelated items drawn"
    return ParallelAnalysisResult(
        rule="Parallel analysis",
        n_factors=leading(observed > limit),
        table=table,
        n_respondents=data.n_respondents,
        sentences=(
            f"{data.words()}.",
            f"Eigenvalues {_WORDS[which]}; {len(random)} replications, {how}; compared with the {plan.quantile:.0%} "
            "quantile (Horn 1965).",
        ),
        correlation=data.kind,
        method=plan.method,
        eigenvalues=which,
        n_iterations=len(random),
        quantile=plan.quantile,
        seed=plan.seed,
    )
