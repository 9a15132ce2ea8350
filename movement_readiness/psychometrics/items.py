"""`item_analysis`: how each item was answered, and how it goes together with the other items of its scale."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice
from movement_readiness.exceptions import ConstantItemWarning, EmptyCategoryWarning, ReversedItemWarning
from movement_readiness.psychometrics._clusters import without_groups
from movement_readiness.psychometrics._frames import MISSING, ItemTable, answer_table, item_frame
from movement_readiness.psychometrics._item_result import ItemAnalysis
from movement_readiness.psychometrics._moments import category_counts, moments
from movement_readiness.psychometrics._options import (
    check_items_of_options,
    look_at_answers,
    response_options,
)
from movement_readiness.psychometrics._scales import KeyedScales, ScaleStatistics, keyed_scales, scale_statistics
from movement_readiness.psychometrics.correlation.given import refuse_matrix
from movement_readiness.psychometrics.reliability._matrices import (
    NOUGHT,
    look_at_categories,
    warn_of_near_perfect,
)
from movement_readiness.psychometrics.results import give_warning, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ItemAnalysis", "item_analysis"]

Floats = npt.NDArray[np.float64]

_TYPES = (1, 2, 3)
_CORRELATIONS = ("pearson", "polychoric")


def item_analysis(
    items: Any,
    *,
    scales: Mapping[str, Sequence[str]] | None = None,
    n_options: int | Mapping[str, int] | None = None,
    missing: str = "listwise",
    correlation: str = "pearson",
    skewness_type: int = 3,
) -> ItemAnalysis:
    """Look at every item: its answers, its share of missing ones, and how it goes with the rest of its scale.

    Parameters
    ----------
    items : frame or 2-D array, shape (respondents, items)
        Any questionnaire: columns of numbers or ordered categories, NA where an answer is missing; columns called
        site or team are left out.
    scales : mapping of scale to item names, optional
        A name with a minus before it ("-A1") is reversed for item-rest and alpha, as in psych's keys; its mean and
        its distribution stay as answered. One scale of all items by default.
    n_options : int or mapping of item to int, optional
        How many response options an item has, numbered from 1 (from 0 where a 0 was answered): without it floor and
        ceiling are at the lowest and highest code that occurs, and an unused option at an end goes unseen.
    missing : {"listwise", "pairwise"}
        For item-rest and alpha: respondents who answered every item of the scale, or for each pair those who
        answered both. Everything else uses all answers of the item. psych uses pairs; "pairwise"
        gives its number where answers are missing.
    correlation : {"pearson", "polychoric"}
        "polychoric" makes item-rest and alpha those of the latent responses (ordinal alpha).
    skewness_type : {3, 1, 2}
        3 is psych's default, 2 that of SAS and SPSS, 1 divides by n [2]_.

    Returns
    -------
    ItemAnalysis
        ``.items`` with the columns scale, key, n, missing, mean, sd, skew, kurtosis, floor, ceiling, item_rest,
        item_rest_smc, alpha_if_dropped; ``.distribution``; ``.scales``.

    Raises
    ------
    ArgumentError
        An unknown item, a scale of one item, answers outside the options.

    Warns
    -----
    ConstantItemWarning, EmptyCategoryWarning, ReversedItemWarning, NearPerfectCorrelationWarning
        An item with one answer only; an option nobody chose; an item that goes against its scale; two items that
        (almost) repeat each other.
    IdentifierColumnWarning, StrayCodeWarning
        A column of row numbers or identifiers, taken as an item; a code far from the others, such as 99 or -9.

    Notes
    -----
    With s_ij the covariances of a scale and T_i = sum_j s_ij, the item-rest correlation [1]_ is

        ``(T_i - s_ii) / sqrt(s_ii (sum_j T_j - 2 T_i + s_ii))``

    (psych's ``r.drop``). ``item_rest_smc`` leaves the item in the sum, with its variance replaced by its squared
    multiple correlation c_i, ``(sum_{j != i} r_ij + c_i) / sqrt(sum_{j != l} r_jl + sum_j c_j)`` (``r.cor``).

    Checked against psych 2.2.9 (``psych::alpha``, ``psych::describe``) to 1e-8 (``tests/reference/exploratory``).

    References
    ----------
    .. [1] Cureton EE (1966). Corrected item-test correlations. Psychometrika 31:93-96. doi:10.1007/BF02289461
    .. [2] Joanes DN, Gill CA (1998). Comparing measures of sample skewness and kurtosis. Journal of the Royal
       Statistical Society D 47:183-189. doi:10.1111/1467-9884.00122

    Examples
    --------
    R: ``psych::alpha(items)$item.stats``

    >>> import movement_readiness as mr
    >>> found = mr.item_analysis([[1, 2, 1], [2, 2, 3], [3, 4, 3], [4, 3, 5], [5, 5, 4], [2, 3, 2]])
    >>> found.items[["mean", "sd", "item_rest", "alpha_if_dropped"]].round(3)
             mean     sd  item_rest  alpha_if_dropped
    item
    item_1  2.833  1.472      0.986             0.644
    item_2  3.167  1.169      0.685             0.927
    item_3  3.000  1.414      0.727             0.896
    """
    check_choice("missing", missing, MISSING)
    check_choice("correlation", correlation, _CORRELATIONS)
    check_choice("skewness_type", skewness_type, _TYPES)
    refuse_matrix("items", items)
    frame, _ = without_groups(item_frame("items", items))
    frame, n_options = _of_scales(frame, scales, n_options)
    declared = tuple(n_options) if isinstance(n_options, Mapping) else n_options is not None
    table = answer_table("items", frame, ordered=correlation == "polychoric", declared=declared)
    keyed = keyed_scales(table.names, scales)
    if correlation == "polychoric":
        with warnings.catch_warnings():  # what these two say is said below, of all response options
            warnings.simplefilter("ignore", EmptyCategoryWarning)
            warnings.simplefilter("ignore", ConstantItemWarning)
            look_at_categories(table)
    options = [response_options(table, place, n_options) for place in range(table.n_items)]
    counts = [category_counts(table.values[:, place], found) for place, found in enumerate(options)]
    look_at_answers(table, options, counts)
    parts = [
        scale_statistics(table, scale, places, signs, missing, correlation) for scale, (places, signs) in keyed.items()
    ]
    if correlation == "pearson":  # of polychoric ones it was said above
        warn_of_near_perfect(pair for part in parts for pair in part.near_perfect)
    _look_at_keys(table, keyed, parts)
    return ItemAnalysis(
        items=_items_frame(table, keyed, parts, counts, skewness_type),
        distribution=_distribution(table, options, counts),
        scales=_scales_frame(keyed, parts),
        n_respondents=table.n_respondents,
        missing=missing,
        correlation=correlation,
        skewness_type=skewness_type,
    )


def _of_scales(
    frame: pd.DataFrame, scales: Mapping[str, Sequence[str]] | None, n_options: int | Mapping[str, int] | None
) -> tuple[pd.DataFrame, int | Mapping[str, int] | None]:
    """The items of the scales alone, and their numbers of options; what is in no scale is not looked at."""
    if scales is None:
        return frame, n_options
    names = list(frame.columns)
    wanted = {place for places, _ in keyed_scales(names, scales).values() for place in places}
    scaled = frame.iloc[:, sorted(wanted)]
    if isinstance(n_options, Mapping):
        check_items_of_options(names, n_options)
        n_options = {name: number for name, number in n_options.items() if name in scaled.columns}
    return scaled, n_options


def _look_at_keys(table: ItemTable, keyed: KeyedScales, parts: Sequence[ScaleStatistics]) -> None:
    against = [
        f"{table.names[place]!r} ({scale}, {shown(r, 2)})"
        for (scale, (places, _)), part in zip(keyed.items(), parts, strict=True)
        for place, r in zip(places, part.item_rest, strict=True)
        if r < NOUGHT and not any(table.names[one] in table.suspects for one in places)
    ]
    if against:
        one = len(against) == 1
        give_warning(
            f"items: {', '.join(against[:12])} {'correlates' if one else 'correlate'} negatively with the rest of "
            f"{'its' if one else 'their'} scale: reverse {'it' if one else 'them'} ('-' before the name in scales) if "
            f"{'it is' if one else 'they are'} worded the other way, or find out why.",
            ReversedItemWarning,
        )


def _items_frame(
    table: ItemTable,
    keyed: KeyedScales,
    parts: Sequence[ScaleStatistics],
    counts: Sequence[npt.NDArray[np.int64]],
    kind: int,
) -> pd.DataFrame:
    import pandas as pd

    answered = np.array([int(n.sum()) for n in counts])
    mean, sd, skew, kurtosis = moments(table.values, kind)
    with np.errstate(invalid="ignore"):
        floor, ceiling = (np.array([n[end] if n.size else np.nan for n in counts]) / answered for end in (0, -1))
    frames = []
    for (scale, (places, signs)), part in zip(keyed.items(), parts, strict=True):
        columns = {
            "scale": scale,
            "key": signs.astype(int),
            "n": answered[places],
            "missing": 1 - answered[places] / len(table.values),
            "mean": mean[places],
            "sd": sd[places],
            "skew": skew[places],
            "kurtosis": kurtosis[places],
            "floor": floor[places],
            "ceiling": ceiling[places],
            "item_rest": part.item_rest,
            "item_rest_smc": part.item_rest_smc,
            "alpha_if_dropped": part.alpha_if_dropped,
        }
        frames.append(pd.DataFrame(columns, index=table.index(places)))
    return pd.concat(frames) if len(frames) > 1 else frames[0]


def _distribution(
    table: ItemTable, options: Sequence[list[float]], counts: Sequence[npt.NDArray[np.int64]]
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for place, (codes, n) in enumerate(zip(options, counts, strict=True)):
        labels = table.options[place] or [int(code) if code.is_integer() else code for code in codes]
        total = max(int(n.sum()), 1)
        rows += [(table.names[place], label, int(count), count / total) for label, count in zip(labels, n, strict=True)]
    return pd.DataFrame(rows, columns=["item", "category", "n", "share"])


def _scales_frame(keyed: KeyedScales, parts: Sequence[ScaleStatistics]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {
            "n_items": [len(places) for places, _ in keyed.values()],
            "n_respondents": [part.n_respondents for part in parts],
            "alpha": [part.alpha for part in parts],
            "mean_correlation": [part.mean_correlation for part in parts],
        },
        index=pd.Index(list(keyed), name="scale"),
    )
