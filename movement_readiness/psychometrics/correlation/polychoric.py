"""Correlations of the normal variables behind ordered answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._frames import CodedItems, ItemTable, coded_items, item_table
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._asymptotic import (
    Moves,
    asymptotic_covariance,
    moves_of,
    standard_errors,
)
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate, square
from movement_readiness.psychometrics.correlation._smoothing import is_positive_definite, smallest_eigenvalue, smoothed
from movement_readiness.psychometrics.results import Result, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PolychoricResult", "polychoric", "tetrachoric"]

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
    smallest_eigenvalue: float
    smoothed: bool
    missing: str
    correct: float | str
    kind: str
    warnings: tuple[str, ...]

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
        return f"<PolychoricResult: {self.kind} correlations of {n_items} items, {self.n_respondents} respondents>"

    def _heading(self) -> str:
        return f"{self.kind.capitalize()} correlations"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        names = [str(name) for name in self.correlations.columns]
        table = self.correlations.to_numpy()
        return ("", *names), [(name, *map(shown, row)) for name, row in zip(names, table, strict=True)]

    def _sentences(self) -> Sequence[str]:
        fewest = int(self.n_pairs.to_numpy().min(initial=self.n_respondents))
        pairs = f", {fewest} or more a pair" if self.missing == "pairwise" else ""
        repaired = f" Smoothed: the smallest eigenvalue was {shown(self.smallest_eigenvalue, 4)}." * self.smoothed
        return (
            f"{self.n_respondents} respondents{pairs}; missing answers {self.missing}.",
            "Thresholds from each item's own distribution, then each correlation by maximum likelihood (two-step); "
            f"{_correction_in_words(self.correct)}.{repaired}",
            *self.warnings,
        )


def _correction_in_words(correct: float | str) -> str:
    if correct == "lavaan":
        return "a single empty cell of a 2 × 2 table counted as .5, margins kept"
    return f"empty cells of a pair's table counted as {correct:g}" if correct else "no correction of empty cells"


def polychoric(
    items: Any,
    *,
    se: bool = False,
    acov: bool = False,
    missing: str = "pairwise",
    correct: float | str = 0,
    smooth: bool = False,
    categories: Sequence[float] | None = None,
) -> PolychoricResult:
    """Polychoric correlations: of the normal variables that ordered answers are taken to be cut from.

    Behind item a stands x_a, standard normal; the answer is category j where tau_{j-1} < x_a <= tau_j. For items a
    and b, with n_ij respondents in cell (i, j) and p_ij(rho) the bivariate normal probability of the rectangle
    between the thresholds, the estimate is the rho that maximises sum_ij n_ij log p_ij(rho), with the thresholds
    tau_j = Phi^-1(share of answers up to j) held at what each item's own margin gives (two-step).

    Parameters
    ----------
    items : frame or 2-D array
        One column an item, one row a respondent: numbers or ordered categories, 2 to 20 of them, not necessarily
        the same in every item. Only their order counts.
    se : bool, default False
        Standard errors of thresholds and correlations.
    acov : bool, default False
        Also the asymptotic covariance matrix of all of them, which weighted least squares needs.
    missing : {"pairwise", "listwise"}
        "pairwise": thresholds from everyone who answered the item, correlations from everyone who answered both.
        "listwise": only respondents who answered everything.
    correct : float or "lavaan", default 0
        Empty cells. 0 leaves them. A number is put into every empty cell of a pair's table; the thresholds stay
        (psych's correct = .5 also moves thresholds, by dividing the enlarged counts by the old n, so its values
        are not these). "lavaan" puts .5 into a single empty cell of a 2 x 2 table, adding to and taking from the
        others so that the margins stay. Without correction such a table has the correlation 1 or -1.
    smooth : bool, default False
        Make a matrix that is not positive definite so, by raising its negative eigenvalues (see the notes).
        Standard errors and acov stay those of the estimates.
    categories : sequence of numbers, optional
        All response options, when every item has the same, so that those nobody chose are reported.

    Returns
    -------
    PolychoricResult

    Raises
    ------
    ArgumentError
        Fewer than two items, no rows, more than 20 categories, text or unordered categories.

    Warns
    -----
    ConstantItemWarning, EmptyCategoryWarning, NearPerfectCorrelationWarning, NotPositiveDefiniteWarning, \
TooFewRespondentsWarning (fewer than 50 for a pair), NonConvergenceWarning, EstimationWarning
        Each names the items and what to do; the sentences are also in ``warnings``. Nothing is ever replaced by a
        Pearson correlation.

    Notes
    -----
    Standard errors are those of the two-step estimator (the thresholds' uncertainty is in them), from casewise
    scores [3]_, with n, not n - 1; for estimates of exactly 1 or -1 they are NaN. Smoothing raises eigenvalues
    below 1e-12 to 1e-10 and rescales to a unit diagonal, as ``psych::cor.smooth`` documents it.

    Checked against ``lavaan::lavCor`` 0.6-14 (correlations 1e-7, thresholds 1e-8, acov 1e-6 relative; complete,
    listwise and pairwise data) and against maximisation in 40-digit arithmetic (1e-10).

    References
    ----------
    .. [1] Olsson U (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
       Psychometrika 44:443-460. doi:10.1007/BF02296207
    .. [2] Muthen B (1984). A general structural equation model with dichotomous, ordered categorical, and
       continuous latent variable indicators. Psychometrika 49:115-132. doi:10.1007/BF02294210
    .. [3] Muthen B, du Toit SHC, Spisic D (1997). Robust inference using weighted least squares and quadratic
       estimating equations in latent variable modeling with categorical and continuous outcomes. Unpublished
       technical report.

    Examples
    --------
    R: ``lavaan::lavCor(items, ordered = names(items), missing = "pairwise")`` or
    ``psych::polychoric(items, correct = 0)``

    >>> import numpy as np
    >>> from movement_readiness.psychometrics.correlation import polychoric
    >>> answers = np.repeat([[1, 1], [1, 2], [2, 1], [2, 2], [3, 2], [3, 1]], [30, 10, 20, 20, 30, 10], axis=0)
    >>> found = polychoric(answers, se=True)
    >>> found.to_frame().round(4)
         item    with  correlation  standard_error    n
    0  item_1  item_2       0.5492          0.0984  120
    >>> found.thresholds.round(4)
         item  threshold  below  above  estimate  standard_error
    0  item_1          1      1      2   -0.4307          0.1184
    1  item_1          2      2      3    0.4307          0.1184
    2  item_2          1      1      2    0.0000          0.1144
    """
    correct = _checked_correction(correct)
    table = item_table("items", items, missing=missing)
    return _polychoric(table, se, acov, missing, correct, smooth, coded_items("items", table, categories), "polychoric")


def tetrachoric(
    items: Any,
    *,
    se: bool = False,
    acov: bool = False,
    missing: str = "pairwise",
    correct: float | str = 0,
    smooth: bool = False,
) -> PolychoricResult:
    """Tetrachoric correlations: `polychoric` for items with two categories each.

    Parameters
    ----------
    items, se, acov, missing, correct, smooth
        As in `polychoric`.

    Returns
    -------
    PolychoricResult

    Raises
    ------
    ArgumentError
        An item has more than two categories.

    References
    ----------
    Pearson K (1900). Mathematical contributions to the theory of evolution, VII: On the correlation of characters
    not quantitatively measurable. Philosophical Transactions of the Royal Society A 195:1-47.
    doi:10.1098/rsta.1900.0022

    Examples
    --------
    R: ``psych::tetrachoric(items, correct = 0)``; ``lavaan::lavCor(items, ordered = names(items))``

    >>> import numpy as np
    >>> from movement_readiness.psychometrics.correlation import tetrachoric
    >>> tetrachoric(np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], [30, 10, 10, 30], axis=0)).correlations.round(4)
            item_1  item_2
    item_1  1.0000  0.7071
    item_2  0.7071  1.0000
    """
    correct = _checked_correction(correct)
    table = item_table("items", items, missing=missing)
    coded = coded_items("items", table)
    wide = [place for place, found in enumerate(coded.categories) if len(found) > 2]
    if wide:
        name, found = coded.names[wide[0]], coded.categories[wide[0]]
        raise ArgumentError(f"items[{name!r}]: expected two categories; got {len(found)}. Use polychoric.")
    return _polychoric(table, se, acov, missing, correct, smooth, coded, "tetrachoric")


def _checked_correction(correct: float | str) -> float | str:
    if isinstance(correct, str):
        return check_choice("correct", correct, ("lavaan",))
    return check_number("correct", correct, 0, 1)


def _polychoric(
    table: ItemTable,
    se: bool,
    acov: bool,
    missing: str,
    correct: float | str,
    smooth: bool,
    coded: CodedItems,
    kind: str,
) -> PolychoricResult:
    found = estimate(coded.codes, coded.n_categories, correct)
    matrix = found.correlations
    smallest = smallest_eigenvalue(matrix)
    repair = smooth and not is_positive_definite(smallest)
    findings = [*_findings.ordinal(coded, found), *_findings.about_matrix(smallest, repair)]
    moves = moves_of(found) if se or acov else None
    errors = standard_errors(found, moves) if moves is not None else None
    return PolychoricResult(
        correlations=_labelled(smoothed(matrix) if repair else matrix, coded.names),
        thresholds=_threshold_frame(coded, found, None if errors is None else errors[0]),
        standard_errors=None if errors is None else _labelled(_square(errors[1], coded, np.nan), coded.names),
        n_pairs=_labelled(
            _square(found.pairs.n_pairs, coded, found.pairs.margins.sum(axis=1)).astype(np.int64), coded.names
        ),
        acov=_acov(coded, found, moves, table.n_respondents) if acov and moves is not None else None,
        n_respondents=table.n_respondents,
        smallest_eigenvalue=smallest,
        smoothed=repair,
        missing=missing,
        correct=correct,
        kind=kind,
        warnings=_findings.give(findings),
    )


def _square(values: Any, coded: CodedItems, diagonal: Any) -> Floats:
    return square(values, len(coded.names), diagonal)


def _labelled(matrix: Any, names: Sequence[Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(matrix, index=list(names), columns=list(names))


def _threshold_frame(coded: CodedItems, found: PolychoricEstimates, errors: Floats | None) -> pd.DataFrame:
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


def _acov(coded: CodedItems, found: PolychoricEstimates, moves: Moves, n_respondents: int) -> pd.DataFrame:
    pairs = (found.pairs.first, found.pairs.second)
    covariance = asymptotic_covariance(coded.codes, coded.n_categories, moves, pairs)
    sizes = coded.n_categories
    labels = [f"{name}|t{step + 1}" for name, size in zip(coded.names, sizes, strict=True) for step in range(size - 1)]
    labels += [f"{coded.names[one]}~~{coded.names[other]}" for one, other in zip(*pairs, strict=True)]
    return _labelled(n_respondents * covariance, labels)
