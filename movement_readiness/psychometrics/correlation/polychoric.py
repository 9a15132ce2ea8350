"""Correlations of the normal variables behind ordered answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import few_clusters
from movement_readiness.psychometrics._coded import CodedItems, coded_items
from movement_readiness.psychometrics._frames import ItemTable, labelled
from movement_readiness.psychometrics.correlation import _findings
from movement_readiness.psychometrics.correlation._asymptotic import (
    asymptotic_covariance,
    moves_of,
    standard_errors,
)
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates, estimate
from movement_readiness.psychometrics.correlation._reading import Read, read_with_clusters
from movement_readiness.psychometrics.correlation._smoothing import is_positive_definite, smallest_eigenvalue, smoothed
from movement_readiness.psychometrics.correlation.result import (
    PolychoricResult,
    acov_frame,
    pair_frame,
    threshold_frame,
)

__all__ = [
    "Options",
    "PolychoricResult",
    "checked_correction",
    "polychoric",
    "polychoric_of",
    "tetrachoric",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def polychoric(
    items: Any,
    *,
    se: bool = False,
    acov: bool = False,
    missing: str = "pairwise",
    correct: float | str = 0,
    smooth: bool = False,
    cluster: Any = None,
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
        Also n times the covariance matrix of all of them (lavaan's gamma), which weighted least squares needs.
    missing : {"pairwise", "listwise"}
        "pairwise": thresholds from everyone who answered the item, correlations from everyone who answered both.
        "listwise": only respondents who answered everything; two at least, and few are warned of.
    correct : float or "lavaan", default 0
        Empty cells. 0 leaves them. A number is put into every empty cell of a pair's table; the thresholds stay
        (psych's correct = .5 also moves thresholds, by dividing the enlarged counts by the old n, so its values
        are not these). "lavaan" puts .5 into a single empty cell of a 2 x 2 table, adding to and taking from the
        others so that the margins stay. Without correction such a table has the correlation 1 or -1.
    smooth : bool, default False
        Make a matrix that is not positive definite so, by raising its negative eigenvalues (see the notes).
        Standard errors and acov stay those of the estimates.
    cluster : column name(s) of items, or one label a respondent, optional
        The team of each respondent, for standard errors and acov that hold where people of one team answer alike.
        It does nothing without one of the two. A respondent without a label is left out, as everywhere.
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
TooFewRespondentsWarning (fewer than 50 for a pair), NonConvergenceWarning, ClusteredDataWarning, \
TooFewClustersWarning (standard errors from fewer than ten), EstimationWarning
        Each names the items and what to do; the sentences are also in ``warnings``. Nothing is ever replaced by a
        Pearson correlation.
    IdentifierColumnWarning, StrayCodeWarning
        A column of row numbers or identifiers, taken as an item; a code far from the others, such as 99 or -9.

    Notes
    -----
    Standard errors are those of the two-step estimator (the thresholds' uncertainty is in them), from casewise
    scores [3]_, with n, not n - 1: compare them with sqrt(diag(gamma) / n) of lavaan; the standard errors that
    ``lavCor`` prints are larger by sqrt(n / (n - 1)). For estimates of exactly 1 or -1 they are NaN. With J clusters
    the scores of each are summed first and the covariance is multiplied by J / (J - 1) [4]_. Smoothing raises
    eigenvalues below 1e-12 to 1e-10 and rescales to a unit diagonal, as ``psych::cor.smooth`` documents it.

    Checked against ``lavaan::lavCor`` 0.6-14 (correlations 2e-7, thresholds 1e-12, standard errors and acov 1e-6
    relative; complete, listwise and pairwise data) and against the maximum in 45-digit arithmetic (1e-13). At an
    empty cell of a 2 x 2 table without correction lavaan and psych stop where their likelihood turns flat (at .95,
    say); here it is 1, which is the maximum.

    References
    ----------
    .. [1] Olsson U (1979). Maximum likelihood estimation of the polychoric correlation coefficient.
       Psychometrika 44:443-460. doi:10.1007/BF02296207
    .. [2] Muthen B (1984). A general structural equation model with dichotomous, ordered categorical, and
       continuous latent variable indicators. Psychometrika 49:115-132. doi:10.1007/BF02294210
    .. [3] Muthen B, du Toit SHC, Spisic D (1997). Robust inference using weighted least squares and quadratic
       estimating equations in latent variable modeling with categorical and continuous outcomes. Unpublished
       technical report.
    .. [4] Liang KY, Zeger SL (1986). Longitudinal data analysis using generalized linear models. Biometrika
       73:13-22. doi:10.1093/biomet/73.1.13

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
    options = Options(se, acov, missing, checked_correction(correct), smooth)
    read = read_with_clusters(items, missing, cluster, intervals=se or acov, declared=categories is not None)
    options = replace(options, remedies=options.remedies.within(missing, read.before))
    return polychoric_of(read.table, coded_items("items", read.table, categories), options, read)


def tetrachoric(
    items: Any,
    *,
    se: bool = False,
    acov: bool = False,
    missing: str = "pairwise",
    correct: float | str = 0,
    smooth: bool = False,
    cluster: Any = None,
) -> PolychoricResult:
    """Tetrachoric correlations: `polychoric` for items with two categories each.

    Parameters
    ----------
    items, se, acov, missing, correct, smooth, cluster : item frame, bool, bool, str, float or str, bool, column
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
    options = Options(se, acov, missing, checked_correction(correct), smooth, "tetrachoric")
    read = read_with_clusters(items, missing, cluster, intervals=se or acov)
    options = replace(options, remedies=options.remedies.within(missing, read.before))
    coded = coded_items("items", read.table)
    wide = [place for place, found in enumerate(coded.categories) if len(found) > 2]
    if wide:
        name, found = coded.names[wide[0]], coded.categories[wide[0]]
        raise ArgumentError(f"items[{name!r}]: expected two categories; got {len(found)}. Use polychoric.")
    return polychoric_of(read.table, coded, options, read)


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked of `polychoric`."""

    se: bool = False
    acov: bool = False
    missing: str = "pairwise"
    correct: float | str = 0.0
    smooth: bool = False
    kind: str = "polychoric"
    remedies: _findings.Remedies = _findings.IN_POLYCHORIC


def checked_correction(correct: float | str) -> float | str:
    """`correct` if it is one."""
    if isinstance(correct, str):
        return check_choice("correct", correct, ("lavaan",))
    return check_number("correct", correct, 0, 1)


def polychoric_of(table: ItemTable, coded: CodedItems, options: Options, read: Read | None = None) -> PolychoricResult:
    """The result for answers that are read and coded already."""
    clusters = None if read is None else read.clusters
    found = estimate(coded.codes, coded.n_categories, options.correct)
    matrix = found.correlations
    smallest = smallest_eigenvalue(matrix)
    repair = options.smooth and not is_positive_definite(smallest)
    findings = [
        *_findings.about_respondents(table.n_respondents, options.remedies),
        *_findings.ordinal(coded, found, options.remedies),
        *_findings.about_matrix(matrix, coded.names, repair, options.remedies, found.pairs.n_pairs),
        *(few_clusters(None if clusters is None else int(clusters.max()) + 1) if options.se or options.acov else []),
    ]
    errors, covariance = _uncertainty(coded, found, options, clusters)
    return PolychoricResult(
        correlations=labelled(smoothed(matrix) if repair else matrix, coded.names),
        thresholds=threshold_frame(coded, found, None if errors is None else errors[0]),
        standard_errors=None if errors is None else pair_frame(errors[1], coded, np.nan),
        n_pairs=pair_frame(found.pairs.n_pairs, coded, found.pairs.margins.sum(axis=1)).astype(np.int64),
        acov=None if covariance is None else acov_frame(coded, found, table.n_respondents * covariance),
        n_respondents=table.n_respondents,
        n_clusters=None if clusters is None else int(clusters.max()) + 1,
        smallest_eigenvalue=smallest,
        smoothed=repair,
        missing=options.missing,
        correct=options.correct,
        kind=options.kind,
        warnings=_findings.give(findings),
        n_unlabelled=0 if read is None else read.n_unlabelled,
    )


def _uncertainty(
    coded: CodedItems, found: PolychoricEstimates, options: Options, clusters: Ints | None
) -> tuple[tuple[Floats, Floats] | None, Floats | None]:
    """Standard errors of thresholds and correlations, and the covariance of all where it was asked for."""
    if not (options.se or options.acov):
        return None, None
    moves = moves_of(found)
    if clusters is None and not options.acov:
        return standard_errors(found, moves), None
    pairs = (found.pairs.first, found.pairs.second)
    covariance = asymptotic_covariance(coded.codes, coded.n_categories, moves, pairs, clusters)
    if clusters is None:
        return standard_errors(found, moves), covariance
    spread, finite = np.sqrt(np.diag(covariance)), np.isfinite(found.thresholds)
    of_thresholds = np.full(finite.shape, np.nan)
    of_thresholds[finite] = spread[: finite.sum()]
    return (of_thresholds, spread[finite.sum() :]), covariance if options.acov else None
