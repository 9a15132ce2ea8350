"""How far sums of items are a general factor's: `bifactor_indices`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from movement_readiness._validation import check_choice, n_of
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._factor_parts import FactorPart, check_result, parts_of
from movement_readiness.psychometrics.confirmatory.result import CFAResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bifactor_indices"]


def bifactor_indices(result: CFAResult, *, general: str | None = None) -> pd.DataFrame:
    """How far the sum of all items, and of each group of them, is the general factor's.

    Parameters
    ----------
    result : CFAResult
        A bifactor model of one group: a general factor with every item, uncorrelated with its group factors.
    general : str, optional
        The general factor; by default the one that has the items of all others.

    Returns
    -------
    DataFrame, one row a factor, the general one first
        ``n_items``; ``omega_total``: the share of the variance of the sum of the factor's items that common factors
        have; ``omega_hierarchical``: the share that the factor itself has; ``ecv``: the factor's share of all common
        variance; ``omega_hierarchical_answers``: of ordered items, omega hierarchical of the sum of answers.

    Raises
    ------
    ArgumentError
        No CFAResult of one group, no general factor, or factors that correlate.

    Notes
    -----
    With standardised loadings l_if (of latent responses, where items are ordered), over the items i of factor g [1]_

        ``omega hierarchical = (sum_i l_ig)^2 / sum_ij r_ij,   omega total = sum_f (sum_i l_if)^2 / sum_ij r_ij,``
        ``ECV = sum_i l_ig^2 / sum_if l_if^2``

    with r_ij the implied correlations. Checked against these formulas on lavaan's standardised solutions, and, for
    answers, semTools' ``compRelSEM``, to 1e-4.

    References
    ----------
    .. [1] Reise SP (2012). The rediscovery of bifactor measurement models. Multivariate Behavioral Research
       47:667-696. doi:10.1080/00273171.2012.715555

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.psychometrics import cfa
    >>> from movement_readiness.psychometrics.validity import bifactor_indices
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, icc1=0.05, seed=1)
    >>> items = mr.item_matrix(study.responses, instrument)
    >>> fit = cfa(items, instrument.measurement_model("bifactor"), estimator="wlsmv")
    >>> bifactor_indices(fit).loc["readiness", ["omega_total", "omega_hierarchical", "ecv"]].round(1).to_dict()
    {'omega_total': 0.9, 'omega_hierarchical': 0.8, 'ecv': 0.6}
    """
    import pandas as pd

    check_result(result)
    if result.n_groups > 1:
        raise ArgumentError(f"result: expected a model of one group; got {n_of(result.n_groups, 'group')}.")
    part = next(iter(parts_of(result)))
    first = _general(result, part, general)
    spread = np.sqrt(np.diag(part.implied))
    loadings = part.loadings * np.sqrt(np.diag(part.covariances)) / spread[:, np.newaxis]
    total = part.implied / np.outer(spread, spread)
    order = [first, *(place for place in range(len(result.factors)) if place != first)]
    rows = []
    for place in order:
        own = np.flatnonzero(loadings[:, place])
        variance = total[np.ix_(own, own)].sum()
        sums = loadings[own].sum(axis=0) ** 2
        common = np.outer(loadings[own, place], loadings[own, place])
        answers = part.share(common, total[np.ix_(own, own)], own, "answers") if part.thresholds is not None else np.nan
        share = (loadings[:, place] ** 2).sum() / (loadings**2).sum()
        rows.append([float(own.size), sums.sum() / variance, sums[place] / variance, share, answers])
    names = ["n_items", "omega_total", "omega_hierarchical", "ecv", "omega_hierarchical_answers"]
    found = pd.DataFrame(rows, index=pd.Index([result.factors[place] for place in order]), columns=names)
    return found.astype({"n_items": int})


def _general(result: CFAResult, part: FactorPart, general: str | None) -> int:
    loads = part.loadings != 0
    if general is not None:
        first = result.factors.index(check_choice("general", general, result.factors))
    else:
        first = int(loads.sum(axis=0).argmax())
    off = part.covariances - np.diag(np.diag(part.covariances))
    if not loads[:, first].all() or len(result.factors) < 2:
        raise ArgumentError(
            f"result: expected a bifactor model, whose general factor has every item; {result.factors[first]!r} has "
            f"{int(loads[:, first].sum())} of {len(loads)}."
        )
    if np.abs(off).max() > 1e-8:
        raise ArgumentError("result: expected a bifactor model, whose factors are uncorrelated; these correlate.")
    return first
