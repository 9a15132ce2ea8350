"""Rules that read the number of factors from the correlation matrix: MAP, empirical Kaiser, Hull."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from movement_readiness._validation import check_choice, check_integer
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._analysed import Analysed, analysed
from movement_readiness.psychometrics.correlation._findings import IN_ANALYSIS
from movement_readiness.psychometrics.exploratory.fit import most_factors
from movement_readiness.psychometrics.results import counted
from movement_readiness.psychometrics.retention.result import RetentionResult
from movement_readiness.psychometrics.retention.rules import (
    eigenvalues,
    hull_points,
    hull_scree,
    kaiser_reference,
    leading,
    partial_averages,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MAPResult", "empirical_kaiser", "hull", "map_test"]

_HULL_FITS = ("caf", "cfi")


@dataclass(frozen=True, repr=False, eq=False)
class MAPResult(RetentionResult):
    """Velicer's averages by number of components; made by `map_test`. ``n_factors`` is the squared version's."""

    n_factors_fourth: int


def map_test(
    items: Any, *, correlation: str = "pearson", missing: str = "pairwise", n_obs: int | None = None
) -> MAPResult:
    """Velicer's minimum average partial: the number of components after which least correlation is left.

    After taking out m components, the partial correlations of the items are averaged: squared (1976), or to the fourth
    power (2000). The number with the smallest average is kept; it can be 0.

    Parameters
    ----------
    items : item frame, array, correlation matrix, or a result of `correlation_matrix` or `polychoric`
    correlation : {"pearson", "spearman", "polychoric"}
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix; not used, but carried into the result.

    Returns
    -------
    MAPResult
        ``n_factors`` (squared), ``n_factors_fourth``, ``table`` with both averages for m = 0, 1, ....

    Notes
    -----
    Checked against psych's MAP (``psych::vss``) and the formulas written out in R (1e-8).

    References
    ----------
    .. [1] Velicer WF (1976). Determining the number of components from the matrix of partial correlations.
       Psychometrika 41:321-327. doi:10.1007/BF02293557
    .. [2] Velicer WF, Eaton CA, Fava JL (2000). Construct explication through factor or component analysis. In
       Goffin RD, Helmes E (eds), Problems and solutions in human assessment, 41-71. Kluwer.
       doi:10.1007/978-1-4615-4397-8_3

    Examples
    --------
    R: ``psych::vss(items)$map``

    >>> import numpy as np, movement_readiness as mr
    >>> pairs = np.kron(np.eye(2), np.full((4, 4), 0.5)) + np.eye(8) / 2
    >>> mr.map_test(pairs).n_factors
    2
    """
    return map_of(analysed(items, correlation=correlation, missing=missing, n_obs=n_obs, intervals=False))


def map_of(data: Analysed) -> MAPResult:
    """`map_test` of a matrix that is there."""
    import pandas as pd

    squared, fourth = partial_averages(data.correlations)
    table = pd.DataFrame(
        {"squared": squared, "fourth_power": fourth}, index=pd.RangeIndex(squared.size, name="components")
    ).dropna()
    return MAPResult(
        rule="Minimum average partial",
        n_factors=int(np.nanargmin(squared)),
        table=table,
        n_respondents=data.n_respondents,
        sentences=(
            f"{data.words()}.",
            f"Squared partial correlations (Velicer 1976): {int(np.nanargmin(squared))}; fourth power (Velicer, Eaton "
            f"& Fava 2000): {int(np.nanargmin(fourth))}.",
        ),
        n_factors_fourth=int(np.nanargmin(fourth)),
    )


def empirical_kaiser(
    items: Any, *, correlation: str = "pearson", missing: str = "pairwise", n_obs: int | None = None
) -> RetentionResult:
    """Empirical Kaiser criterion: eigenvalues above what sampling and the earlier ones leave to expect, and above 1.

    With p items, n respondents and eigenvalues l_1 >= l_2 >= ..., the j-th reference is

        max( (p - l_1 - ... - l_(j-1)) / (p - j + 1) * (1 + sqrt(p / n))^2, 1 ).

    Parameters
    ----------
    items : item frame, array, correlation matrix, or a result of `correlation_matrix` or `polychoric`
    correlation : {"pearson", "spearman", "polychoric"}
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix; needed with one.

    Returns
    -------
    RetentionResult
        ``n_factors`` counts eigenvalues up to the first that is not above; ``table``: eigenvalue, reference, above.

    Notes
    -----
    Checked against the formula written out in R (1e-10).

    References
    ----------
    Braeken J, van Assen MALM (2017). An empirical Kaiser criterion. Psychological Methods 22:450-466.
    doi:10.1037/met0000074

    Examples
    --------
    >>> import numpy as np, movement_readiness as mr
    >>> pairs = np.kron(np.eye(2), np.full((4, 4), 0.5)) + np.eye(8) / 2
    >>> mr.empirical_kaiser(pairs, n_obs=200).n_factors
    2
    """
    return kaiser_of(analysed(items, correlation=correlation, missing=missing, n_obs=n_obs, intervals=False))


def kaiser_of(data: Analysed) -> RetentionResult:
    """`empirical_kaiser` of a matrix that is there."""
    import pandas as pd

    _check_n(data)
    values = eigenvalues(data.correlations, "pca")
    reference = kaiser_reference(values, data.n_respondents)
    table = pd.DataFrame(
        {"eigenvalue": values, "reference": reference, "above": values > reference},
        index=pd.RangeIndex(1, values.size + 1, name="component"),
    )
    count = leading(values > reference)
    words = (f"{data.words()}.", "Reference eigenvalues of Braeken and van Assen (2017).")
    return RetentionResult("Empirical Kaiser criterion", count, table, data.n_respondents, words)


def hull(
    items: Any,
    *,
    correlation: str = "pearson",
    missing: str = "pairwise",
    n_obs: int | None = None,
    fit: str = "caf",
    most: int | None = None,
) -> RetentionResult:
    """Hull method: the number of factors where the fit, drawn over free parameters, bends most sharply.

    Solutions of 0, 1, ... minres factors are points (free parameters, fit). Of those on the upper hull the one with the
    largest ratio of the slope before to the slope after is kept.

    Parameters
    ----------
    items : item frame, array, correlation matrix, or a result of `correlation_matrix` or `polychoric`
    correlation : {"pearson", "spearman", "polychoric"}
    missing : {"pairwise", "listwise"}
    n_obs : int, optional
        Respondents behind a matrix; needed with one.
    fit : {"caf", "cfi"}
        Common part accounted for (1 - KMO of the residual correlations), or CFI by psych's chi-squares.
    most : int, optional
        The largest number of factors tried, itself never chosen; left out, one more than parallel analysis by Horn's
        principle finds (normal, 95 %), as the authors do.

    Returns
    -------
    RetentionResult
        ``table``: factors, parameters, fit, scree (NaN off the hull and at its ends). Where the hull has ends only, so
        that no ratio exists, ``n_factors`` is the best fitting number: more factors fit no better than it.

    References
    ----------
    Lorenzo-Seva U, Timmerman ME, Kiers HAL (2011). The Hull method for selecting the number of common factors.
    Multivariate Behavioral Research 46:340-364. doi:10.1080/00273171.2011.564527

    Examples
    --------
    >>> import numpy as np, movement_readiness as mr
    >>> rng = np.random.default_rng(3)
    >>> factors = rng.normal(size=(300, 2)).repeat(4, axis=1)
    >>> answers = np.rint(3 + factors + rng.normal(size=(300, 8))).clip(1, 5)
    >>> mr.hull(answers).n_factors
    2
    """
    return hull_of(analysed(items, correlation=correlation, missing=missing, n_obs=n_obs, intervals=False), fit, most)


def hull_of(data: Analysed, fit: str = "caf", most: int | None = None) -> RetentionResult:
    """`hull` of a matrix that is there."""
    import pandas as pd

    check_choice("fit", fit, _HULL_FITS)
    _check_n(data)
    if data.singular:
        raise ArgumentError(
            "items: expected a positive definite correlation matrix; its smallest eigenvalue is "
            f"{data.smallest_eigenvalue:.3g}. Leave out items that repeat others, or {IN_ANALYSIS.smooth}."
        )
    highest = most_factors(data.n_items)
    count = _most_by_parallel(data) if most is None else check_integer("most", most, 2, highest)
    fits, parameters = hull_points(data.correlations, data.n_respondents, min(count, highest), fit)
    scree = hull_scree(fits, parameters)
    table = pd.DataFrame(
        {"parameters": parameters.astype(np.int64), "fit": fits, "scree": scree},
        index=pd.RangeIndex(fits.size, name="factors"),
    )
    chosen = int(np.argmax(fits)) if np.isnan(scree).all() else int(np.nanargmax(scree))
    words = (
        f"{data.words()}.",
        f"Fit: {fit.upper()} of minres solutions (Lorenzo-Seva, Timmerman & Kiers 2011).",
        _few_candidates(table, chosen, asked=most is not None),
    )
    return RetentionResult("Hull", chosen, table, data.n_respondents, tuple(word for word in words if word))


def _few_candidates(table: pd.DataFrame, chosen: int, *, asked: bool) -> str:
    """Say so where hardly anything was left to choose from: the ends of a hull are never chosen by their slopes."""
    last, candidates = int(table.index[-1]), int(table["scree"].notna().sum())
    tried = f"0 to {last} factors were tried" + (
        " as most= asks" if asked else ", one more than parallel analysis finds"
    )
    if last == 2:
        return f"1 factor was the only candidate: {tried}, and the ends are none. A larger most= gives a choice."
    if candidates == 0:
        return f"The hull has ends only ({tried}): {counted(chosen, 'factor')} fit best, and more fit no better."
    if candidates == 1:
        return f"{counted(chosen, 'factor')} was the only candidate on the hull: {tried}, and the ends are none."
    return ""


def _check_n(data: Analysed) -> None:
    if np.isnan(data.n_respondents):
        raise ArgumentError("n_obs: expected the number of respondents behind the correlation matrix; got none.")


def _most_by_parallel(data: Analysed) -> int:
    from movement_readiness.psychometrics.retention.parallel import Plan, parallel_analyses

    plan = Plan("normal", n_iterations=200, workers=1)
    bare = Analysed(data.names, data.correlations, "given", "", data.n_respondents)
    return max(parallel_analyses(bare, plan, ("pca",))[0].n_factors, 1) + 1
