"""How much items correlate across two scales, compared with within them: `htmt`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError, EstimationWarning
from movement_readiness.psychometrics._clusters import without_groups
from movement_readiness.psychometrics._frames import ItemTable, item_frame, item_table, look_for_strays
from movement_readiness.psychometrics._scales import KeyedScales, keyed_scales
from movement_readiness.psychometrics.reliability._matrices import correlations_of_values, look_at_categories
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["htmt"]

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
        Columns that no scale names are left aside.
    scales : mapping of scale to item names
        Two or more scales of two or more items; "-item" reverses.
    variant : {"htmt", "htmt2"}
        Arithmetic or geometric means of correlations; semTools' ``htmt`` takes "htmt2" where nothing is said.
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
        Fewer than two scales, an unknown item, an item in two scales, an item with one answer only.

    Warns
    -----
    EstimationWarning
        "htmt2" with negative correlations, of which a geometric mean has none.
    StrayCodeWarning
        Codes far from the others, such as 99.

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
    R: ``semTools::htmt("rational =~ R1 + R2 + R3 + R4 + R5; social =~ S1 + S2 + S3 + S4 + S5", items,
    htmt2 = FALSE)``

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
    table, places = _items_of_scales(items, scales, missing)
    if correlation == "polychoric":
        look_at_categories(table)
    r = correlations_of_values(table.values, correlation)
    _check_correlations(r, table.names)
    own = [np.asarray(chosen) for chosen, _ in places.values()]
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


def _items_of_scales(items: Any, scales: Mapping[str, Sequence[str]], missing: str) -> tuple[ItemTable, KeyedScales]:
    """The items that the scales name, whatever else the frame holds, and where each scale has them."""
    frame, _ = without_groups(item_frame("items", items))
    places = keyed_scales(list(frame.columns), scales)
    everything = [place for own, _ in places.values() for place in own]
    used = sorted(set(everything))
    twice = [frame.columns[place] for place in used if everything.count(place) > 1]
    if twice:
        raise ArgumentError(
            f"scales: expected each item in one scale; {quoted(twice)} {'is' if len(twice) == 1 else 'are'} in two or "
            "more, and an item that is compared with itself makes scales look alike. Take it out of all but one."
        )
    table = item_table("items", frame[[frame.columns[place] for place in used]])
    look_for_strays("items", table)
    table = item_table("items", table, missing=missing)
    if len(table.values) < 3:
        raise ArgumentError(
            f"items: expected three or more respondents with answers to these scales; got {len(table.values)}. "
            'missing="pairwise" uses incomplete rows too.'
        )
    return table, {name: ([used.index(place) for place in own], sign) for name, (own, sign) in places.items()}


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
