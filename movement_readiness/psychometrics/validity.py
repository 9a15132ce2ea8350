"""Do scales measure one thing each, and different things? HTMT, average variance extracted, composite reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, n_of, quoted
from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics._frames import item_table
from movement_readiness.psychometrics._scales import keyed_scales
from movement_readiness.psychometrics.confirmatory.result import CFAResult
from movement_readiness.psychometrics.reliability._categorical import answer_covariances
from movement_readiness.psychometrics.reliability._matrices import correlations_of_values, look_at_categories
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["average_variance_extracted", "bifactor_indices", "composite_reliability", "htmt"]

Floats = npt.NDArray[np.float64]


def htmt(
    items: Any,
    scales: Mapping[str, Sequence[str]],
    *,
    variant: str = "htmt",
    correlation: str = "pearson",
    missing: str = "listwise",
    absolute: bool = True,
) -> pd.DataFrame:
    """Heterotrait-monotrait ratio of each two scales: how much their items correlate across, compared with within.

    Parameters
    ----------
    items : item frame or 2-D array
    scales : mapping of scale to item names
        Two or more scales of two or more items; "-item" reverses.
    variant : {"htmt", "htmt2"}
        Arithmetic or geometric means of correlations.
    correlation : {"pearson", "polychoric"}
    missing : {"listwise", "pairwise"}
        Respondents who answered every item of these scales, or for each pair of items those who answered both.
    absolute : bool, default True
        Take correlations without their sign, as semTools does; "htmt2" has no value where one is negative otherwise.

    Returns
    -------
    DataFrame, scales x scales
        1 on the diagonal. Values near 1 say that two scales can hardly be told apart; .85 and .90 are cut-offs by
        convention [1]_.

    Raises
    ------
    ArgumentError
        Fewer than two scales, an unknown item, an item with one answer only.

    Warns
    -----
    EstimationWarning
        "htmt2" with negative correlations, of which a geometric mean has none.

    Notes
    -----
    With r the correlations, A and B two scales and M() the mean (htmt2 [2]_: the geometric mean),

        ``HTMT = M(r_ij: i in A, j in B) / sqrt(M(r_ij: i < j in A) M(r_ij: i < j in B))``

    Checked against semTools 0.5-6 ``htmt`` (Pearson 1e-8, polychoric 1e-5): ``tests/reference/confirmatory``.

    References
    ----------
    .. [1] Henseler J, Ringle CM, Sarstedt M (2015). A new criterion for assessing discriminant validity in
       variance-based structural equation modeling. Journal of the Academy of Marketing Science 43:115-135.
       doi:10.1007/s11747-014-0403-8
    .. [2] Roemer E, Schuberth F, Henseler J (2021). HTMT2: an improved criterion for assessing discriminant validity in
       structural equation modeling. Industrial Management & Data Systems 121:2637-2650.
       doi:10.1108/IMDS-02-2021-0082

    Examples
    --------
    R: ``semTools::htmt("rational =~ R1 + R2 + R3 + R4 + R5; social =~ S1 + S2 + S3 + S4 + S5", items)``

    >>> import movement_readiness as mr
    >>> from movement_readiness.psychometrics.validity import htmt
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=2, icc1=0.05, seed=1)
    >>> items = mr.item_matrix(study.responses, instrument)
    >>> htmt(items, {name: instrument.item_ids(name) for name in ("rational", "social")}).round(2)
              rational  social
    rational      1.00    0.56
    social        0.56    1.00
    """
    import pandas as pd

    check_choice("variant", variant, ("htmt", "htmt2"))
    check_choice("correlation", correlation, ("pearson", "polychoric"))
    check_choice("missing", missing, ("listwise", "pairwise"))
    if not isinstance(scales, Mapping) or len(scales) < 2:
        raise ArgumentError(f"scales: expected a mapping of two or more scales to item names; got {scales!r}.")
    table = item_table("items", items)
    places = keyed_scales(table.names, scales)
    used = sorted({place for own, _ in places.values() for place in own})
    table = item_table("items", _subset(table, used), missing=missing)
    if len(table.values) < 3:
        raise ArgumentError(
            f"items: expected three or more respondents with answers to these scales; got {len(table.values)}. "
            'missing="pairwise" uses incomplete rows too.'
        )
    if correlation == "polychoric":
        look_at_categories(table)
    r = correlations_of_values(table.values, correlation)
    _check_correlations(r, [table.names[place] for place in range(len(used))])
    own = [np.searchsorted(used, chosen) for chosen, _ in places.values()]
    signs = [sign for _, sign in places.values()]
    found = np.eye(len(own))
    for one in range(len(own)):
        for other in range(one):
            ratio = _ratio(r, own[one], own[other], signs[one], signs[other], variant == "htmt2", absolute)
            found[one, other] = found[other, one] = ratio
    if np.isnan(found).any():
        give_warning(
            "scales: some items correlate negatively, and a geometric mean of such correlations does not exist: those "
            'ratios are NaN. Reverse items ("-item"), or use absolute=True.',
            EstimationWarning,
        )
    names = pd.Index(list(places))
    return pd.DataFrame(found, index=names, columns=names)


def _subset(table: Any, places: Sequence[int]) -> Any:
    import pandas as pd

    return pd.DataFrame({str(table.names[place]): table.values[:, place] for place in places})


def _check_correlations(r: Floats, names: Sequence[Any]) -> None:
    if np.isfinite(r).all():
        return
    constant = np.flatnonzero(~np.isfinite(np.diag(r)))
    places = constant if constant.size else np.flatnonzero(~np.isfinite(r).all(axis=1))
    bad = [names[int(place)] for place in places]
    raise ArgumentError(
        f"items: expected items whose correlations exist; {quoted(bad)} have one answer only, or share no respondents "
        "with another. Leave them out."
    )


def _ratio(
    r: Floats,
    one: npt.NDArray[np.intp],
    other: npt.NDArray[np.intp],
    sign: Floats,
    sign_other: Floats,
    geometric: bool,
    absolute: bool,
) -> float:
    across = (r[np.ix_(one, other)] * np.outer(sign, sign_other)).ravel()
    within = []
    for own, signs in ((one, sign), (other, sign_other)):
        pairs = np.triu_indices(len(own), 1)
        within.append((r[np.ix_(own, own)] * np.outer(signs, signs))[pairs])
    if absolute:
        across, within = np.abs(across), [np.abs(values) for values in within]

    def mean(values: Floats) -> float:
        if not geometric:
            return float(values.mean())
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.exp(np.log(values).mean()))

    with np.errstate(invalid="ignore"):
        return float(mean(across) / np.sqrt(mean(within[0]) * mean(within[1])))


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
    _check_result(result)
    rows, shared = [], set()
    for part in _parts(result):
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
    return _labelled(rows, result)


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
    _check_result(result)
    rows = []
    for part in _parts(result):
        total = part.observed if total_variance == "observed" else part.implied
        values = []
        for place in range(len(result.factors)):
            loadings = part.effect(place)
            own = np.flatnonzero(loadings)
            common = np.outer(loadings[own], loadings[own]) * part.covariances[place, place]
            values.append(part.share(common, total[np.ix_(own, own)], own, scale))
        rows.append(np.array(values))
    return _labelled(rows, result)


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

    _check_result(result)
    if result.n_groups > 1:
        raise ArgumentError(f"result: expected a model of one group; got {n_of(result.n_groups, 'group')}.")
    part = next(iter(_parts(result)))
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


def _general(result: CFAResult, part: _GroupPart, general: str | None) -> int:
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


class _GroupPart:
    """One group's model and sample, on the scale of the items or of standardised latent responses."""

    def __init__(self, result: CFAResult, group: int) -> None:
        fit = result._fit
        matrices = fit.model.matrices(fit.theta)[group]
        moments, observed = fit.model.implied(fit.theta)[group], fit.observed[group]
        scale = fit.model.scales(matrices) if fit.model.ordinal else np.ones(len(result.items))
        self.loadings: Floats = matrices.loadings * scale[:, np.newaxis]
        self.through: Floats = self.loadings @ matrices.total
        self.covariances = matrices.factor_covariances
        self.observed, self.implied = observed.sigma, moments.sigma
        self.thresholds: Floats | None = None
        if fit.model.ordinal:
            counts = np.asarray(fit.model.table.n_thresholds)
            self.thresholds = np.full((len(counts), counts.max()), np.inf)
            self.thresholds[np.arange(counts.max()) < counts[:, np.newaxis]] = moments.thresholds

    def effect(self, factor: int) -> Floats:
        """Loadings of a factor, through others where it has no items of its own, shape (items,)."""
        direct = self.loadings[:, factor]
        return direct if direct.any() else np.asarray(self.through[:, factor])

    def share(self, common: Floats, total: Floats, own: npt.NDArray[np.intp], scale: str) -> float:
        """What the common part is of the variance of the sum of some items."""
        if self.thresholds is None or scale == "latent":
            return float(common.sum() / total.sum())
        limits = self.thresholds[own]
        steps = np.isfinite(limits).astype(float)
        whole = total.copy()
        np.fill_diagonal(whole, 1.0)
        return float(answer_covariances(limits, steps, common).sum() / answer_covariances(limits, steps, whole).sum())


def _parts(result: CFAResult) -> list[_GroupPart]:
    return [_GroupPart(result, group) for group in range(result.n_groups)]


def _check_result(result: object) -> None:
    if not isinstance(result, CFAResult):
        raise ArgumentError(f"result: expected a CFAResult, as cfa() gives; got {type(result).__name__}.")
    if not result.converged:
        raise ArgumentError("result: expected a model that converged; the search for this one did not.")


def _labelled(rows: Sequence[Floats], result: CFAResult) -> pd.Series | pd.DataFrame:
    import pandas as pd

    factors = pd.Index(list(result.factors))
    if len(rows) == 1:
        return pd.Series(rows[0], index=factors)
    return pd.DataFrame(np.array(rows), index=pd.Index(list(result.groups), name="group"), columns=factors)
