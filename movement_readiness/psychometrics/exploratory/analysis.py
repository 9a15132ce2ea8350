"""Exploratory factor analysis: `efa`."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, closest, quoted
from movement_readiness.exceptions import ArgumentError, HeywoodWarning, NonConvergenceWarning
from movement_readiness.psychometrics import _factor_analyzer
from movement_readiness.psychometrics._analysed import SINGULAR, Analysed, analysed, frame_of
from movement_readiness.psychometrics._options import check_whole
from movement_readiness.psychometrics.correlation._findings import IN_ANALYSIS
from movement_readiness.psychometrics.exploratory.extraction import LOWEST_UNIQUENESS, Extraction, extract
from movement_readiness.psychometrics.exploratory.fit import fit_measures, most_factors
from movement_readiness.psychometrics.exploratory.respondents import calibrated
from movement_readiness.psychometrics.exploratory.result import EFAResult
from movement_readiness.psychometrics.exploratory.scores import determinacy, score_weights
from movement_readiness.psychometrics.results import give_warning
from movement_readiness.psychometrics.rotation import OPTIONS, Rotation, rotate

__all__ = ["ENGINES", "METHODS", "efa"]

Floats = npt.NDArray[np.float64]

METHODS = ("minres", "ml", "paf")
ENGINES = ("own", "factor_analyzer")


def efa(
    items: Any,
    *,
    n_factors: int,
    correlation: str = "pearson",
    method: str = "minres",
    rotation: str = "oblimin",
    normalize: bool | str | None = None,
    n_starts: int = 30,
    seed: int | np.random.Generator | None = 0,
    missing: str = "pairwise",
    n_obs: int | None = None,
    engine: str = "own",
    **rotation_options: Any,
) -> EFAResult:
    """Exploratory factor analysis of any ordinal or continuous items.

    The model is R = L P L' + U: correlations R of p items, pattern loadings L on m factors, factor correlations P,
    and a diagonal of uniquenesses U.

    Parameters
    ----------
    items : item frame, array, or matrix
        Respondents x items (pandas, polars, pyarrow ..., or a 2-D array), 2 or more categories each; or a correlation
        or covariance matrix (square, symmetric; a covariance matrix is standardised), with ``n_obs``; or the result
        of `correlation_matrix` (smoothed, say) or `polychoric`.
    n_factors : int
        At most as many as have df = ((p - m)^2 - (p + m)) / 2 of zero or more.
    correlation : {"pearson", "spearman", "polychoric"}
        Of what; not used with a matrix.
    method : {"minres", "ml", "paf"}
        Minimum residuals [1]_, maximum likelihood [2]_, or principal axes iterated to their fixed point. minres and ml
        search uniquenesses of .005 or more, as psych and R's factanal do; paf has no bound. At that bound (a Heywood
        case, warned of) the loadings of minres explain more than the bound leaves, so that its uniquenesses, 1 minus
        the communality, can be below .005 and even negative, as psych's are.
    rotation : str
        "none", "varimax", "quartimax", "oblimin" (``gamma``), "quartimin", "promax" (``power``), "geomin",
        "geomin_orthogonal" (``delta``), "target", "target_orthogonal" (``target``: items x factors, NaN where free; a
        DataFrame is matched by item and names the factors),
        "bifactor", "bifactor_oblique" (first of n_factors is general); see `rotate`.
    normalize : bool or "varimax", optional
        Kaiser normalisation; left out, True for varimax and promax, False otherwise (psych's customs).
    n_starts : int
        Random starts of the rotation; the best criterion value is kept, distinct optima are counted in ``.rotation``.
    seed : int or numpy Generator, optional
        Of the starts, 0 or more; None takes new ones each time.
    missing : {"pairwise", "listwise"}
        pairwise: each correlation from who answered both; listwise: from who answered all.
    n_obs : int, optional
        Respondents behind a matrix; without it chi-square and what follows from it is NaN.
    engine : {"own", "factor_analyzer"}
        Who extracts: this package, or factor-analyzer (minres and ml; the same to about 1e-5). The package's own is the
        default because factor-analyzer stops before the minimum, gives no sign of whether it got there, has no exact
        principal axes, and its public fit fails with scikit-learn 1.8 and later and fills in missing answers; only
        its extraction step is called here. Rotation, fit and scores are the package's own with either.
    **rotation_options : float or array
        gamma, power, delta or target, as above.

    Returns
    -------
    EFAResult

    Warns
    -----
    HeywoodWarning, NonConvergenceWarning, NotPositiveDefiniteWarning, TooFewRespondentsWarning
        Each names the items and what to do.
    IdentifierColumnWarning, StrayCodeWarning
        A column of row numbers or identifiers, taken as an item; a code far from the others, such as 99 or -9.

    Raises
    ------
    ArgumentError
        A constant item; a pair nobody answered; more factors than can be identified; ml of a matrix without inverse.

    Notes
    -----
    Factors come by falling explained variance (as psych), each turned so that its loadings sum to more than zero;
    loadings, factor correlations and transformation are put in order together, whatever the order of items and
    respondents.
    Fit is as psych defines it (`fit`): chi-square with Bartlett's factor [3]_. Checked against the same formulas in R,
    their minimum searched to the end, on the same matrix: unrotated loadings 1e-7 (from answers 1e-5), chi-square 1e-6
    relative, other fit 1e-5; against GPArotation 2022.10, rotated loadings 1e-4 at the same criterion value; against
    psych 2.2.9, which stops earlier, loadings 1e-3 (minres), 2e-4 (ml) and 1e-5 (paf).

    References
    ----------
    .. [1] Harman HH, Jones WH (1966). Factor analysis by minimizing residuals (minres). Psychometrika 31:351-368.
       doi:10.1007/BF02289468
    .. [2] Joreskog KG (1967). Some contributions to maximum likelihood factor analysis. Psychometrika 32:443-482.
       doi:10.1007/BF02289658
    .. [3] Bartlett MS (1950). Tests of significance in factor analysis. British Journal of Statistical Psychology
       3:77-85. doi:10.1111/j.2044-8317.1950.tb00285.x

    Examples
    --------
    R: ``psych::fa(items, nfactors = 2, fm = "minres", rotate = "oblimin")``

    >>> import numpy as np, movement_readiness as mr
    >>> rng = np.random.default_rng(1)
    >>> factors = rng.normal(size=(300, 2)).repeat(4, axis=1)
    >>> answers = np.rint(3 + factors + rng.normal(size=(300, 8))).clip(1, 5)
    >>> found = mr.efa(answers, n_factors=2)
    >>> found.loadings.shape, found.rotation.n_local_optima, bool(found.fit["rmsea"] < 0.06)
    ((8, 2), 1, True)
    """
    check_choice("method", method, METHODS)
    check_choice("engine", engine, ENGINES)
    _check_names_of_options(rotation_options)
    data = analysed(items, correlation=correlation, missing=missing, n_obs=n_obs)
    count = _checked_number(n_factors, data.n_items)
    names = getattr(rotation_options.get("target"), "columns", None)
    if names is not None:
        rotation_options["target"] = _rows_of(rotation_options["target"], data)
    extraction = _extracted(data, count, method, engine)
    turned = rotate(
        extraction.loadings,
        method=rotation,
        normalize=normalize,
        n_starts=n_starts,
        seed=seed,
        options=rotation_options,
    )
    result = _result(data, extraction, turned, method, _names(turned, names))
    _warn(result, extraction)
    return result


def _check_names_of_options(given: dict[str, Any]) -> None:
    """Refuse what is an option of no rotation; `rotate` refuses those of another rotation."""
    strange = [name for name in given if name not in OPTIONS]
    if not strange:
        return
    hint = _hint_of_psych(strange[0]) or closest(strange[0], [*inspect.signature(efa).parameters, *OPTIONS])
    if strange[0] in ("smooth", "correct"):
        hint = f" Give correlation_matrix(items, correlation=..., {strange[0]}=...) in place of the items."
    raise ArgumentError(f"{strange[0]}: efa takes no argument {strange[0]!r}.{hint}")


def _hint_of_psych(name: str) -> str:
    """What a name of an argument of psych::fa is called here."""
    here = {"fm": "method", "cor": "correlation", "nfactors": "n_factors", "rotate": "rotation", "use": "missing"}
    return f" psych::fa's {name} is called {here[name]} here." if name in here else ""


def _checked_number(n_factors: Any, n_items: int) -> int:
    most = most_factors(n_items)
    if most == 0:
        raise ArgumentError(f"items: expected three or more items; got {n_items}.")
    count = check_whole("n_factors", n_factors, 1)
    if count > most:
        raise ArgumentError(f"n_factors: expected {most} at most, all that {n_items} items can identify; got {count}.")
    return count


def _extracted(data: Analysed, n_factors: int, method: str, engine: str) -> Extraction:
    smallest = data.smallest_eigenvalue
    if method == "ml" and smallest < SINGULAR:
        raise ArgumentError(
            f"method: 'ml' needs a positive definite correlation matrix; its smallest eigenvalue is {smallest:.3g}. "
            f"Use method='minres' or fewer items, or {IN_ANALYSIS.smooth}."
        )
    if engine == "own":
        return extract(data.correlations, n_factors, method)
    if method == "paf":
        raise ArgumentError("engine: 'factor_analyzer' extracts by minres and ml; got method='paf'. Use engine='own'.")
    loadings = _factor_analyzer.extract(data.correlations, n_factors, method)
    return Extraction(loadings, 1 - np.sum(loadings**2, axis=1), True, 0, np.nan)


def _rows_of(target: Any, data: Analysed) -> Any:
    """A target frame's rows in the order of the items, by name."""
    absent = [name for name in data.names if name not in target.index]
    if absent:
        raise ArgumentError(
            f"target: expected a row for each item; {quoted(absent)} not among {quoted(list(target.index))}."
        )
    return target.loc[list(data.names)].to_numpy()


def _names(turned: Rotation, given: Any) -> list[str]:
    if given is not None:
        return [str(name) for name in given]
    count = turned.loadings.shape[1]
    if turned.method.startswith("bifactor"):
        return ["general", *(f"F{number}" for number in range(1, count))]
    return [f"F{number}" for number in range(1, count + 1)]


def _result(data: Analysed, extraction: Extraction, turned: Rotation, method: str, names: list[str]) -> EFAResult:
    import pandas as pd

    loadings, between = turned.loadings, turned.factor_correlations
    structure = loadings @ between
    reproduced = structure @ loadings.T
    communalities = np.diag(reproduced)
    unrotated = rotate(extraction.loadings, method="none").loadings
    heywood = np.minimum(1 - communalities, extraction.uniquenesses) <= LOWEST_UNIQUENESS * (1 + 1e-6)
    index = pd.Index(list(data.names))
    return EFAResult(
        loadings=frame_of(loadings, data.names, names),
        factor_correlations=frame_of(between, names, names),
        structure=frame_of(structure, data.names, names),
        communalities=pd.Series(communalities, index=index, name="communality"),
        uniquenesses=pd.Series(1 - communalities, index=index, name="uniqueness"),
        variance=_variance(data, loadings, structure, between, names),
        fit=pd.Series(fit_measures(data.correlations, reproduced, loadings.shape[1], data.n_respondents), name="fit"),
        residuals=data.frame(data.correlations - reproduced),
        correlations=data.frame(data.correlations),
        rotation=turned,
        unrotated=frame_of(unrotated, data.names, [f"F{k}" for k in range(1, len(names) + 1)]),
        heywood=tuple(name for name, flag in zip(data.names, heywood, strict=True) if flag),
        converged=extraction.converged and turned.converged,
        method=method,
        correlation=data.kind,
        missing=data.missing,
        n_respondents=data.n_respondents,
        _calibrated=calibrated(data),
        _pairs=data.pairs(),
        _said=data.said_words(),
    )


def _variance(data: Analysed, loadings: Floats, structure: Floats, between: Floats, names: list[str]) -> Any:
    import pandas as pd

    explained = np.sum(loadings * structure, axis=0)
    if data.smallest_eigenvalue < SINGULAR:
        certain = np.full(len(names), np.nan)
    else:
        weights = score_weights(data.correlations, loadings, between, "regression")
        certain = determinacy(weights, data.correlations, structure)
    share = explained / data.n_items
    return pd.DataFrame(
        {
            "ss_loadings": explained,
            "proportion": share,
            "cumulative": np.cumsum(share),
            "proportion_explained": explained / explained.sum(),
            "determinacy": certain,
        },
        index=pd.Index(names),
    )


def _warn(result: EFAResult, extraction: Extraction) -> None:
    if result.heywood:
        give_warning(
            f"Heywood case: the factors explain all of {quoted(result.heywood)} (uniqueness of .005 or less), which no "
            "item with error can be. Ask for fewer factors, leave the item out, or look for two items that repeat each "
            "other: result.correlations.",
            HeywoodWarning,
        )
    if not extraction.converged:
        give_warning(
            f"The extraction ({result.method}) stopped at a gradient of {extraction.gradient:.2g} before reaching a "
            "minimum; the loadings are where it stopped. Ask for fewer factors, or use method='minres'.",
            NonConvergenceWarning,
        )
    if not result.rotation.converged:
        give_warning(
            f"The rotation ({result.rotation.method}) reached no optimum from {result.rotation.n_starts} starts; the "
            "loadings are where the best stopped. Try a larger n_starts, or another gamma or delta.",
            NonConvergenceWarning,
        )
