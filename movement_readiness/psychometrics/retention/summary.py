"""Every retention rule side by side: `retention_summary`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness.psychometrics._analysed import Analysed, analysed
from movement_readiness.psychometrics._options import check_seed
from movement_readiness.psychometrics.results import Result, counted, within
from movement_readiness.psychometrics.retention.parallel import ParallelAnalysisResult, Plan, parallel_analyses
from movement_readiness.psychometrics.retention.result import RetentionResult
from movement_readiness.psychometrics.retention.single import MAPResult, hull_of, kaiser_of, map_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RetentionSummary", "retention_summary"]

_ONE_CANDIDATE = 3  # numbers of factors tried, 0, 1 and 2, of which the ends cannot be chosen
_NO_VOTE = " It is not counted below."


@dataclass(frozen=True, repr=False, eq=False)
class RetentionSummary(Result):
    """The rules and their numbers of factors; made by `retention_summary`. It has no single answer, on purpose.

    Attributes
    ----------
    table : DataFrame
        One row a rule: n_factors (NA where the rule cannot be computed), source, tends (to too few or too many
        factors, where known), not_computed (why, or empty).
    parallel : ParallelAnalysisResult
    parallel_reduced : ParallelAnalysisResult
        With squared multiple correlations in the diagonal.
    map_test : MAPResult
    empirical_kaiser : RetentionResult
    hull : RetentionResult or None
        None for a matrix without an inverse.
    n_respondents : float
    """

    table: pd.DataFrame
    parallel: ParallelAnalysisResult
    parallel_reduced: ParallelAnalysisResult
    map_test: MAPResult
    empirical_kaiser: RetentionResult
    hull: RetentionResult | None
    n_respondents: float

    def to_frame(self) -> pd.DataFrame:
        """The rules side by side."""
        return self.table.copy()

    def __repr__(self) -> str:
        found = ", ".join(f"{rule} {count}" for rule, count in self.table["n_factors"].dropna().items())
        return f"<RetentionSummary: {found}; {within(self.parallel.sentences[0].rstrip('.'))}>"

    def _heading(self) -> str:
        return "How many factors: the rules side by side"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        table = self.table.drop(columns="not_computed").astype(object).fillna("not computed")
        rows = [[str(rule), *map(str, row)] for rule, row in zip(table.index, table.to_numpy(), strict=True)]
        return ["Rule", "Factors", "Source", "Known to"], rows

    def _sentences(self) -> Sequence[str]:
        alone = self.hull is not None and len(self.hull.table) <= _ONE_CANDIDATE
        voting = self.table.drop(index="Hull") if alone else self.table
        counts = Counter(int(count) for count in voting["n_factors"].dropna())
        votes = "; ".join(
            f"{counted(count, 'factor')}: {times} of {counts.total()} rules" for count, times in sorted(counts.items())
        )
        lost = self.table["not_computed"]
        return [
            self.parallel.sentences[0],
            " ".join(f"{rule} is not computed: {why}." for rule, why in lost[lost != ""].items()),
            ""
            if self.hull is None or len(self.hull.sentences) < 3
            else f"Hull: {self.hull.sentences[2]}{_NO_VOTE * alone}",
            f"{votes}. Rules do not decide: fit and compare the solutions between, and keep the one whose factors have "
            "three or more items each and a meaning.",
        ]


def retention_summary(
    items: Any,
    *,
    correlation: str = "pearson",
    missing: str = "pairwise",
    method: str = "permutation",
    n_iterations: int = 500,
    quantile: float = 0.95,
    seed: int | np.random.Generator | None = 0,
    n_obs: int | None = None,
    progress: bool = False,
) -> RetentionSummary:
    """Lay every rule for the number of factors side by side, on one correlation matrix.

    Parameters
    ----------
    items : item frame, array, or correlation matrix
        A matrix (with ``n_obs``) allows method="normal" only.
    correlation : {"pearson", "spearman", "polychoric"}
    missing : {"pairwise", "listwise"}
    method, n_iterations, quantile, seed, progress : str, int, float, int, bool
        Of both parallel analyses; see `parallel_analysis`.
    n_obs : int, optional
        Respondents behind a matrix.

    Returns
    -------
    RetentionSummary
        ``to_frame()`` has one row a rule; the rules' own results are its attributes.

    Examples
    --------
    >>> import numpy as np, movement_readiness as mr
    >>> rng = np.random.default_rng(3)
    >>> factors = rng.normal(size=(300, 2)).repeat(4, axis=1)
    >>> answers = np.rint(3 + factors + rng.normal(size=(300, 8))).clip(1, 5)
    >>> mr.retention_summary(answers, n_iterations=100).to_frame()["n_factors"].tolist()
    [2, 2, 2, 2, 2, 2]
    """
    data = analysed(items, correlation=correlation, missing=missing, n_obs=n_obs, intervals=False)
    plan = Plan(method, n_iterations, quantile, check_seed(seed), progress=progress)
    parallel, reduced = parallel_analyses(data, plan, ("pca", "reduced"))
    partial, kaiser = map_of(data), kaiser_of(data)
    bend, without = _hull_or_reason(data)
    table = _table(parallel, reduced, partial, kaiser, bend, without)
    return RetentionSummary(table, parallel, reduced, partial, kaiser, bend, parallel.n_respondents)


def _hull_or_reason(data: Analysed) -> tuple[RetentionResult | None, str]:
    """The Hull method needs an inverse; without one the other rules still stand."""
    if data.singular:
        return None, f"the correlation matrix has no inverse (smallest eigenvalue {data.smallest_eigenvalue:.3g})"
    return hull_of(data), ""


def _table(
    parallel: RetentionResult,
    reduced: RetentionResult,
    partial: MAPResult,
    kaiser: RetentionResult,
    bend: RetentionResult | None,
    without: str,
) -> pd.DataFrame:
    import pandas as pd

    rows = [
        ("Parallel analysis", parallel.n_factors, "Horn 1965", "miss factors that correlate highly"),
        ("Parallel analysis, reduced", reduced.n_factors, "Humphreys & Montanelli 1975", "keep too many"),
        ("Minimum average partial", partial.n_factors, "Velicer 1976", "miss factors of few items"),
        (
            "Minimum average partial, 4th power",
            partial.n_factors_fourth,
            "Velicer and others 2000",
            "miss small factors",
        ),
        ("Empirical Kaiser criterion", kaiser.n_factors, "Braeken & van Assen 2017", "need short scales, large n"),
        (
            "Hull",
            pd.NA if bend is None else bend.n_factors,
            "Lorenzo-Seva and others 2011",
            "need three or more items a factor",
        ),
    ]
    table = pd.DataFrame(rows, columns=["rule", "n_factors", "source", "tends"]).set_index("rule")
    table["not_computed"] = ["" if name != "Hull" else without for name in table.index]
    return table.astype({"n_factors": "Int64"})
