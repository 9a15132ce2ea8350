"""What the coefficients share: their result, the bootstrap around a statistic of rows, and reading the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from movement_readiness._validation import check_choice, check_number
from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics._clusters import split_clusters, warn_of_few_clusters
from movement_readiness.psychometrics._frames import (
    ItemTable,
    answer_table,
    complete_rows,
    item_frame,
    refuse_unanswered,
)
from movement_readiness.psychometrics._options import check_seed, check_whole
from movement_readiness.psychometrics.correlation._findings import warn_of_lost
from movement_readiness.psychometrics.correlation.given import refuse_matrix
from movement_readiness.psychometrics.reliability._bootstrap import bootstrap_values
from movement_readiness.psychometrics.reliability._coefficients import wald_limits
from movement_readiness.psychometrics.results import Result, give_warning, shown, shown_interval, unlabelled_words

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "DELETION",
    "Answers",
    "Interval",
    "ReliabilityResult",
    "Samples",
    "bootstrap_interval",
    "check_interval",
    "read_answers",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DELETION = {
    "listwise": "Respondents with a missing answer were left out.",
    "pairwise": "Each pair of items uses the respondents who answered both.",
}
_MOST_FAILED = 0.05  # share of bootstrap samples without a value that passes without a word


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Items and clusters as they enter a coefficient: rows without any answer, or without a cluster, are gone."""

    table: ItemTable
    codes: Ints | None
    n_unlabelled: int = 0

    @property
    def deletion(self) -> str:
        """How many rows were left out because their cluster is not known, as a sentence with a blank before it."""
        return f" {unlabelled_words(self.n_unlabelled)}" if self.n_unlabelled else ""

    @property
    def rows(self) -> Ints:
        """What the bootstrap draws: the cluster of each row, or each row by itself."""
        return np.arange(len(self.table.values)) if self.codes is None else self.codes

    @property
    def n_clusters(self) -> int | None:
        """How many clusters there are, None without them."""
        return None if self.codes is None else int(self.codes.max(initial=-1)) + 1


@dataclass(frozen=True)
class Interval:
    """Limits with the words that say where they come from."""

    low: float
    high: float
    words: str
    standard_error: float = float("nan")


def read_answers(items: Any, *, missing: str, cluster: Any, at_least: int = 2, ordered: bool = False) -> Answers:
    """Read items and clusters, and leave out rows: incomplete ones (listwise) or empty ones (pairwise)."""
    refuse_matrix("items", items)
    frame, codes = split_clusters("items", item_frame("items", items), cluster)
    table = answer_table("items", frame, at_least=at_least, ordered=ordered)
    values = table.values
    kept = complete_rows(values) if missing == "listwise" else ~np.isnan(values).all(axis=1)
    n_unlabelled = 0
    if codes is not None:
        n_unlabelled = int((kept & (codes < 0)).sum())
        kept &= codes >= 0
    if kept.sum() < 2:
        refuse_unanswered("items", table.names, values)
        words = "complete rows" if missing == "listwise" else "rows with an answer"
        hint = ' missing="pairwise" uses incomplete rows too.' if missing == "listwise" else ""
        raise ArgumentError(f"items: expected two or more {words}; got {kept.sum()} of {len(values)}.{hint}")
    used = replace(table, values=np.ascontiguousarray(values[kept]))
    if missing == "listwise":
        warn_of_lost(int(kept.sum()), table.n_respondents - n_unlabelled)
    if codes is None:
        return Answers(used, None)
    clusters, numbered = np.unique(codes[kept], return_inverse=True)
    if clusters.size < 2:
        raise ArgumentError(f"cluster: expected two or more clusters among the rows used; got {clusters.size}.")
    return Answers(used, numbered.astype(np.int64), n_unlabelled)


@dataclass(frozen=True, slots=True)
class Samples:
    """How to bootstrap; see `cronbach_alpha`."""

    n_bootstrap: int
    seed: int | None
    progress: bool


def check_interval(
    ci: object, available: Sequence[str], confidence: object, n_bootstrap: object, seed: int | None, progress: bool
) -> tuple[float, Samples]:
    """Check what every coefficient asks about its interval."""
    check_choice("ci", ci, tuple(available))
    check_choice("progress", progress, (True, False))
    level = check_number("confidence", confidence, 0.5, 1, open_high=True)
    number = check_whole("n_bootstrap", n_bootstrap, 2)
    return level, Samples(number, check_seed(seed), progress)


def bootstrap_interval(
    answers: Answers,
    statistic: Callable[[Ints], float],
    estimate: float,
    *,
    confidence: float,
    samples: Samples,
) -> Interval:
    """Estimate plus and minus z standard errors: the standard deviation of `statistic` over bootstrap samples' rows.

    Respondents are drawn one by one, or whole clusters, of J then with a t quantile of J - 1 degrees of freedom.
    Percentiles would carry the bias of the estimate twice.
    """
    n_bootstrap = samples.n_bootstrap
    warn_of_few_clusters(answers.n_clusters)
    with threadpool_limits(limits=1, user_api="blas"):  # matrices this small only wait for a second thread
        found = bootstrap_values(statistic, answers.rows, n_bootstrap, samples.seed, samples.progress)
    usable = int(np.isfinite(found).sum())
    if usable < (1 - _MOST_FAILED) * n_bootstrap:
        give_warning(
            f"Only {usable} of {n_bootstrap} bootstrap samples gave a value; the interval leaves the others out and "
            "may be too narrow. Look for items that nearly everyone answers alike, or use more respondents.",
            EstimationWarning,
        )
    error = float(np.std(found[np.isfinite(found)], ddof=1)) if usable > 1 else float("nan")
    df = None if answers.n_clusters is None else answers.n_clusters - 1
    drawn = "respondents" if df is None else f"{answers.n_clusters} clusters, drawn whole"
    times = "z" if df is None else f"t({df})"
    words = f"bootstrap over {drawn} ({usable} samples): the estimate plus and minus {times} standard errors"
    return Interval(*wald_limits(estimate, error, confidence, df), words, error)


@dataclass(frozen=True, repr=False)
class ReliabilityResult(Result):
    """A reliability coefficient with its interval, made by `cronbach_alpha` and its like.

    Attributes
    ----------
    coefficient : str
        Which one, such as "alpha" or "omega total".
    estimate, ci_low, ci_high, confidence : float
        NaN where there is none.
    standard_error : float
        Of the interval's method; NaN where the method has none.
    n_respondents, n_items : int
        Counted after deletion.
    n_clusters : int or None
        Clusters that the interval allowed for.
    method, interval : str
        How the estimate and its interval were made, in words.
    missing : str
        "listwise" or "pairwise".
    """

    coefficient: str
    estimate: float
    ci_low: float
    ci_high: float
    confidence: float
    standard_error: float
    n_respondents: int
    n_items: int
    n_clusters: int | None
    method: str
    interval: str
    missing: str

    def to_frame(self) -> pd.DataFrame:
        """One row, named by the coefficient, full precision."""
        import pandas as pd

        names = ("estimate", "ci_low", "ci_high", "confidence", "standard_error", "n_respondents", "n_items")
        index = pd.Index([self.coefficient], name="coefficient")
        return pd.DataFrame({name: [getattr(self, name)] for name in names}, index=index)

    def __repr__(self) -> str:
        limits = shown_interval(self.ci_low, self.ci_high)
        around = "" if np.isnan(self.ci_low) else f" ({self.confidence:.0%} interval {limits})"
        return (
            f"<{type(self).__name__}: {self.coefficient} {shown(self.estimate)}{around}, "
            f"{self.n_items} items, {self.n_respondents} respondents{self._made_of()}>"
        )

    def _made_of(self) -> str:
        """The method in a few words, for the one line."""
        clusters = "" if self.n_clusters is None else f" in {self.n_clusters} clusters"
        return f"{clusters}, {self.missing}"

    def _heading(self) -> str:
        return f"Reliability: {self.coefficient}"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        limits = "none" if np.isnan(self.ci_low) else shown_interval(self.ci_low, self.ci_high)
        return ("", "estimate", f"{self.confidence:.0%} interval"), ((self.coefficient, shown(self.estimate), limits),)

    def _sentences(self) -> Sequence[str]:
        clusters = "" if self.n_clusters is None else f" in {self.n_clusters} clusters"
        return (
            f"{self.n_respondents} respondents{clusters}, {self.n_items} items. {self.method}",
            f"Interval: {self.interval}.",
        )
