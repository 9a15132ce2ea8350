"""What is a factor's of the variance of its items: average variance extracted, composite reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import EstimationWarning, ReversedItemWarning
from movement_readiness.psychometrics._factor_parts import check_result, labelled_values, parts_of
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["average_variance_extracted", "composite_reliability"]

Floats = npt.NDArray[np.float64]

_CLEAR = 0.1  # of the largest loading: what is smaller has no sign to speak of


def average_variance_extracted(result: CFAResult, *, total_variance: str = "observed") -> pd.Series | pd.DataFrame:
    """How much of the variance of a factor's items is the factor's.

    Parameters
    ----------
    result : CFAResult
        From `cfa`.
    total_variance : {"observed", "implied"}
        What the items' variances are taken from: the sample, or the model. The same for ordered items, whose latent
        responses have a variance of 1.

    Returns
    -------
    Series or DataFrame
        By factor; with several groups groups x factors. NaN, with a warning, for a factor that shares items with
        another or has no items of its own.

    Raises
    ------
    ArgumentError
        No CFAResult, or one that did not converge.

    Warns
    -----
    EstimationWarning
        A factor without a value.
    ImproperSolutionWarning
        The solution is improper.

    Notes
    -----
    With loadings l_i, factor variance f and item variances v_i, over the factor's items

        ``AVE = sum_i l_i^2 f / sum_i v_i``    [1]_

    which weighs items by their variances; of ordered items it is the mean of the squared standardised loadings.
    Checked against semTools 0.5-6 ``AVE`` to 1e-4, for ordered items in the delta parameterisation: in theta it weighs
    latent responses by variances that nothing but the parameterisation sets; here both give the same.

    References
    ----------
    .. [1] Fornell C, Larcker DF (1981). Evaluating structural equation models with unobservable variables and
       measurement error. Journal of Marketing Research 18:39-50. doi:10.1177/002224378101800104

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from movement_readiness.psychometrics import cfa
    >>> from movement_readiness.psychometrics.validity import average_variance_extracted
    >>> rng = np.random.default_rng(1)
    >>> values = 0.8 * rng.normal(size=(2000, 1)) + 0.6 * rng.normal(size=(2000, 4))
    >>> fit = cfa(pd.DataFrame(values, columns=list("abcd")), "f =~ a + b + c + d")
    >>> average_variance_extracted(fit).round(1).to_dict()
    {'f': 0.6}
    """
    check_choice("total_variance", total_variance, ("observed", "implied"))
    check_result(result)
    rows, shared = [], set()
    for part in parts_of(result):
        values = np.full(len(result.factors), np.nan)
        total = np.diag(part.observed if total_variance == "observed" else part.implied)
        for place in range(len(result.factors)):
            own = np.flatnonzero(part.loadings[:, place])
            alone = own.size and not np.delete(part.loadings[own], place, axis=1).any()
            if not alone:
                shared.add(result.factors[place])
                continue
            common = part.loadings[own, place] ** 2 * part.covariances[place, place]
            values[place] = common.sum() / total[own].sum()
        rows.append(values)
    if shared:
        give_warning(
            f"result: {quoted(sorted(shared))} share items with other factors or have none of their own, so that no "
            "variance is theirs alone: NaN.",
            EstimationWarning,
        )
    return labelled_values(rows, result)


def composite_reliability(
    result: CFAResult, *, total_variance: str = "observed", scale: str = "answers"
) -> pd.Series | pd.DataFrame:
    """The reliability of the sum of a factor's items, as a confirmatory model has it (omega).

    Parameters
    ----------
    result : CFAResult
        From `cfa`.
    total_variance : {"observed", "implied"}
        What the variance of the sum is taken from: the sample, or the model.
    scale : {"answers", "latent"}
        Of ordered items: the sum of answers (categorical omega [2]_), or of latent responses, which nobody observes.

    Returns
    -------
    Series or DataFrame
        By factor; with several groups groups x factors.

    Raises
    ------
    ArgumentError
        No CFAResult, or one that did not converge.

    Warns
    -----
    ReversedItemWarning
        Loadings of a factor have both signs, so that the sum of its items loses what they share; nothing is reversed.
    ImproperSolutionWarning
        The solution is improper.

    Notes
    -----
    Over the items of a factor, with loadings l_i, factor variance f and covariances s_ij of the items [1]_,

        ``omega = (sum_i l_i)^2 f / sum_ij s_ij``

    Of ordered answers, with standardised loadings, correlations r_ij of latent responses and c_ij(r) the covariance
    of two answers whose latent responses correlate r (see `mcdonald_omega`; answers counted 1, 2, ...),

        ``omega = sum_ij c_ij(l_i l_j) / sum_ij c_ij(r_ij),   r_ii = 1``

    Of a factor of factors l_i is what it does through those. In a bifactor model the general factor's is omega
    hierarchical of all items, and a group factor's is its share of the sum of its own items.

    Checked against semTools 0.5-6 ``compRelSEM`` (``obs.var``, ``ord.scale``, ``higher``) to 1e-4; latent responses in
    the delta parameterisation, see `average_variance_extracted`.

    References
    ----------
    .. [1] McDonald RP (1999). Test Theory: A Unified Treatment. Lawrence Erlbaum.
    .. [2] Green SB, Yang Y (2009). Reliability of summed item scores using structural equation modeling: an
       alternative to coefficient alpha. Psychometrika 74:155-167. doi:10.1007/s11336-008-9099-3

    Examples
    --------
    R: ``semTools::compRelSEM(fit)``

    >>> import numpy as np, pandas as pd
    >>> from movement_readiness.psychometrics import cfa
    >>> from movement_readiness.psychometrics.validity import composite_reliability
    >>> rng = np.random.default_rng(1)
    >>> values = 0.8 * rng.normal(size=(2000, 1)) + 0.6 * rng.normal(size=(2000, 4))
    >>> fit = cfa(pd.DataFrame(values, columns=list("abcd")), "f =~ a + b + c + d")
    >>> composite_reliability(fit).round(2).to_dict()
    {'f': 0.88}
    """
    check_choice("total_variance", total_variance, ("observed", "implied"))
    check_choice("scale", scale, ("answers", "latent"))
    check_result(result)
    rows = []
    against: dict[str, dict[str, None]] = {}
    for part in parts_of(result):
        total = part.observed if total_variance == "observed" else part.implied
        values = []
        for place, factor in enumerate(result.factors):
            loadings = part.effect(place)
            own = np.flatnonzero(loadings)
            against.setdefault(factor, {}).update(dict.fromkeys(_against(loadings, result.items)))
            common = np.outer(loadings[own], loadings[own]) * part.covariances[place, place]
            values.append(part.share(common, total[np.ix_(own, own)], own, scale))
        rows.append(np.array(values))
    _warn_of_signs({factor: list(items) for factor, items in against.items() if items})
    return labelled_values(rows, result)


def _against(loadings: Floats, items: Sequence[str]) -> list[str]:
    """The items whose loadings, if not near zero, have the sign of the fewer ones (of as many: the negative ones)."""
    clear = np.abs(loadings) > _CLEAR * np.abs(loadings).max(initial=0.0)
    positive, negative = clear & (loadings > 0), clear & (loadings < 0)
    fewer = positive if positive.sum() < negative.sum() else negative
    return [item for item, there in zip(items, fewer, strict=True) if there] if positive.any() else []


def _warn_of_signs(against: Mapping[str, Sequence[str]]) -> None:
    if against:
        named = "; ".join(f"{factor}: {quoted(items)}" for factor, items in against.items())
        give_warning(
            f"result: some items load against the others of their factor ({named}), so the sum of the items loses what "
            "they share and its reliability is small. Reverse those worded the other way (largest plus smallest code "
            "minus the answer) and fit again, or find out why.",
            ReversedItemWarning,
        )
