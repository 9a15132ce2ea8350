"""The result of polychoric and tetrachoric correlations, and how estimates become its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness.psychometrics._coded import CodedItems
from movement_readiness.psychometrics._frames import labelled
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, square
from movement_readiness.psychometrics.results import Result, shown, unlabelled_words

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PolychoricResult", "acov_frame", "pair_frame", "threshold_frame"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False, eq=False)
class PolychoricResult(Result):
    """Polychoric correlations, thresholds and what they are worth; made by `polychoric` and `tetrachoric`.

    Attributes
    ----------
    correlations : DataFrame, items x items
        NaN where a correlation cannot be estimated; smoothed where that was asked for and needed.
    thresholds : DataFrame, one row a threshold
        ``item``, ``threshold`` (1, 2, ...), ``below`` and ``above`` (the categories on either side of it),
        ``estimate`` and, with se, ``standard_error``.
    standard_errors : DataFrame or None
        Of the correlations (items x items, NaN on the diagonal), with se.
    n_pairs : DataFrame, items x items
        Respondents who answered both items; on the diagonal, the item.
    acov : DataFrame or None
        With acov: ``n_respondents`` times the covariance matrix of the estimates (lavaan's gamma, NACOV). Rows
        and columns are the thresholds, item by item (``item|t1`` ...), then the correlations in the order (1, 2),
        (1, 3), ..., (2, 3), ... (``item~~item``). Divide by ``n_respondents`` for the covariance itself.
    n_respondents : int
        After listwise deletion; pairwise, all rows with an answer.
    n_clusters : int or None
        With cluster: how many, for standard errors and acov.
    n_unlabelled : int
        Respondents left out because the label of their cluster is missing.
    smallest_eigenvalue : float
        Of the matrix as estimated, before any smoothing.
    smoothed : bool
        Whether the correlations were changed to be positive definite.
    missing, correct, kind
        As asked for; kind is "polychoric" or "tetrachoric".
    warnings : tuple of str
        What was said when the result was made.
    """

    correlations: pd.DataFrame
    thresholds: pd.DataFrame
    standard_errors: pd.DataFrame | None
    n_pairs: pd.DataFrame
    acov: pd.DataFrame | None
    n_respondents: int
    n_clusters: int | None
    smallest_eigenvalue: float
    smoothed: bool
    missing: str
    correct: float | str
    kind: str
    warnings: tuple[str, ...]
    n_unlabelled: int = 0

    def to_frame(self) -> pd.DataFrame:
        """One row a pair: its items, correlation, standard error (with se) and number of respondents."""
        import pandas as pd

        names = self.correlations.columns
        first, second = np.triu_indices(len(names), 1)
        found = {
            "item": names[first],
            "with": names[second],
            "correlation": self.correlations.to_numpy()[first, second],
        }
        if self.standard_errors is not None:
            found["standard_error"] = self.standard_errors.to_numpy()[first, second]
        return pd.DataFrame({**found, "n": self.n_pairs.to_numpy()[first, second]})

    def __repr__(self) -> str:
        n_items = len(self.correlations)
        errors = "" if self.standard_errors is None else ", with standard errors"
        teams = f" in {self.n_clusters} clusters" if self.n_clusters else ""
        corrected = f", empty cells corrected ({self.correct})" if self.correct else ""
        repaired = ", smoothed" * self.smoothed
        return (
            f"<PolychoricResult: {self.kind} correlations of {n_items} items, {self.n_respondents} respondents{teams}, "
            f"missing answers {self.missing}{corrected}{repaired}{errors}>"
        )

    def _heading(self) -> str:
        return f"{self.kind.capitalize()} correlations"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = [str(name) for name in self.correlations.columns]
        table = self.correlations.to_numpy()
        return ("", *names), [(name, *map(shown, row)) for name, row in zip(names, table, strict=True)]

    def _sentences(self) -> Sequence[str]:
        fewest = int(self.n_pairs.to_numpy().min(initial=self.n_respondents))
        pairs = f", {fewest} or more a pair" if self.missing == "pairwise" else ""
        teams = f" in {self.n_clusters} clusters, {self._allowed()}" if self.n_clusters else ""
        unlabelled = f" {unlabelled_words(self.n_unlabelled)}" if self.n_unlabelled else ""
        repaired = f" Smoothed: the smallest eigenvalue was {shown(self.smallest_eigenvalue, 4)}." * self.smoothed
        return (
            f"{self.n_respondents} respondents{teams}{pairs}; missing answers {self.missing}.{unlabelled}",
            "Thresholds from each item's own distribution, then each correlation by maximum likelihood (two-step); "
            f"{_correction_in_words(self.correct)}.{repaired}",
            f"Further tables: {self._tables()}.",
            *self.warnings,
        )

    def _allowed(self) -> str:
        if self.standard_errors is None:
            return "which changes nothing without se=True or acov=True"
        return "which standard errors allow for"

    def _tables(self) -> str:
        named = {
            "standard errors in .standard_errors": self.standard_errors,
            "n times the covariance of thresholds and correlations (lavaan's gamma) in .acov": self.acov,
        }
        there = [words for words, table in named.items() if table is not None]
        more = [] if there else ["standard errors with se=True"]
        return ", ".join(["thresholds in .thresholds", *there, "respondents of each pair in .n_pairs", *more])


def _correction_in_words(correct: float | str) -> str:
    if correct == "lavaan":
        return "a single empty cell of a 2 × 2 table counted as .5, margins kept"
    return f"empty cells of a pair's table counted as {correct:g}" if correct else "no correction of empty cells"


def pair_frame(values: Any, coded: CodedItems, diagonal: Any) -> pd.DataFrame:
    """One value a pair, items x items."""
    return labelled(square(values, len(coded.names), diagonal), coded.names)


def threshold_frame(coded: CodedItems, found: PolychoricEstimates, errors: Floats | None) -> pd.DataFrame:
    """One row a threshold, named by the categories beside it."""
    import pandas as pd

    places = [(item, step) for item, size in enumerate(coded.n_categories) for step in range(int(size) - 1)]
    columns: dict[str, Any] = {
        "item": [coded.names[item] for item, _ in places],
        "threshold": [step + 1 for _, step in places],
        "below": [coded.categories[item][step] for item, step in places],
        "above": [coded.categories[item][step + 1] for item, step in places],
        "estimate": [float(found.thresholds[place]) for place in places],
    }
    if errors is not None:
        columns["standard_error"] = [float(errors[place]) for place in places]
    return pd.DataFrame(columns)


def acov_frame(coded: CodedItems, found: PolychoricEstimates, covariance: Floats) -> pd.DataFrame:
    """The asymptotic covariance with lavaan's names, thresholds first."""
    names, pairs = coded.names, zip(found.pairs.first, found.pairs.second, strict=True)
    thresholds = [(name, step) for name, size in zip(names, coded.n_categories, strict=True) for step in range(1, size)]
    labels = [f"{name}|t{step}" for name, step in thresholds]
    return labelled(covariance, [*labels, *(f"{names[one]}~~{names[other]}" for one, other in pairs)])
