"""`rwg_j` and `average_deviation`: how alike the answers within each group are."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_integer, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._clusters import without_groups
from movement_readiness.psychometrics._frames import ItemTable, complete_rows, item_frame, item_table
from movement_readiness.psychometrics._inputs import check_same_rows, group_codes, group_labels
from movement_readiness.psychometrics.agreement._spread import agreement_of, mean_deviations, variances
from movement_readiness.psychometrics.agreement.nulls import null_name, null_variance
from movement_readiness.psychometrics.correlation.given import refuse_matrix

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["average_deviation", "rwg_j"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MISSING = ("listwise", "available")
_CENTERS = ("mean", "median")
_BY = ("scale", "item")


def rwg_j(
    items: Any,
    group: Any,
    *,
    n_options: int | Mapping[str, int] | Sequence[int],
    null: str | float | Sequence[str | float] = "uniform",
    missing: str = "listwise",
) -> pd.DataFrame:
    """Within-group agreement rwg(j) of every group on a scale; rwg where there is one item.

    Parameters
    ----------
    items : frame, 2-D array or mapping of columns
        Respondents x items of one scale, all keyed the same way, missing answers allowed.
    group : array-like, Series or frame, one label a respondent
        Any labels; a frame's columns together are the label (such as site and team). Respondents without a label
        are left out.
    n_options : int, mapping of item to int, or one int an item
        How many response options the items have; nothing is assumed.
    null : str, float or several of them, default "uniform"
        What answers would vary without agreement: "uniform", "slight", "moderate" or "heavy" skew, "triangular",
        "normal", or a variance. Several give a column each.
    missing : {"listwise", "available"}
        "listwise" uses the respondents who answered every item, as multilevel does; "available" takes the variance
        of each item over those who answered it, and n counts those who answered any.

    Returns
    -------
    pandas.DataFrame
        One row a group, in the order of their labels: the label (column ``group``, or the frame's own columns),
        ``n``, and ``rwg_j``; with several nulls ``rwg_j_uniform``, ``rwg_j_slight`` and so on. NaN for groups where
        an item has fewer than two answers.

    Raises
    ------
    ArgumentError
        An answer is outside the options, or a null is not tabled for so many options.

    Notes
    -----
    With J items, s_j^2 the variance of item j within the group (n - 1) and sigma_j^2 the variance of the null
    distribution over its options, r = mean_j(s_j^2 / sigma_j^2):

        ``rwg(j) = J (1 - r) / (J (1 - r) + r)``, and 0 where r is above 1 [1]_

    Uniform: (A^2 - 1) / 12 for A options. The others are tabled for 5 to 11 options [2]_: skewed ones stand for
    answers that lean one way, as where everybody is polite, and set a harder standard.

    A high value proves little, because answers in general do not spread over all options alike. In groups of ten
    dealt at random, without any group effect, five items of five options pass .70 against the uniform null in 97 % of
    groups where answers have an SD of 0.92, and in 32 % where it is 1.24 (``tests/benchmarks/comparison.py``). Read it
    beside `icc`, and with a skewed null.

    Checked against multilevel 2.7 (``rwg``, ``rwg.j``) on 10 data sets (``tests/reference/agreement``), to 1e-8.

    References
    ----------
    .. [1] James LR, Demaree RG, Wolf G (1984). Estimating within-group interrater reliability with and without
       response bias. Journal of Applied Psychology 69:85-98. doi:10.1037/0021-9010.69.1.85
    .. [2] LeBreton JM, Senter JL (2008). Answers to 20 questions about interrater reliability and interrater
       agreement. Organizational Research Methods 11:815-852. doi:10.1177/1094428106296642

    Examples
    --------
    R: ``multilevel::rwg.j(items, team, ranvar = 2)``

    >>> import movement_readiness as mr
    >>> from movement_readiness.psychometrics import rwg_j
    >>> answers = {"q1": [4, 4, 5, 1, 3, 5], "q2": [4, 5, 5, 2, 4, 5]}
    >>> rwg_j(answers, list("aaabbb"), n_options=5, null=["uniform", "heavy"]).round(2)
      group  n  rwg_j_uniform  rwg_j_heavy
    0     a  3           0.91         0.39
    1     b  3           0.00         0.00
    """
    nulls = list(null) if isinstance(null, Sequence) and not isinstance(null, str) else [null]
    if not nulls:
        raise ArgumentError("null: expected one null distribution or more; got none.")
    names = [null_name(one) for one in nulls]
    table, codes, labels = _grouped(items, group, missing)
    options = _options(table, n_options)
    _check_range(table, options)
    spread = variances(table.values, codes, len(labels))
    found = {}
    for name, one in zip(names, nulls, strict=True):
        expected = np.array([null_variance(one, number) for number in options])
        column = "rwg_j" if len(nulls) == 1 else f"rwg_j_{name}"
        found[column] = agreement_of((spread / expected).mean(axis=1), table.n_items)
    return _table(labels, _respondents(table, codes, len(labels)), found)


def average_deviation(
    items: Any, group: Any, *, center: str = "mean", by: str = "scale", missing: str = "listwise"
) -> pd.DataFrame:
    """Average deviation of the answers within every group: how far apart they are, in steps of the scale.

    Parameters
    ----------
    items : frame, 2-D array or mapping of columns
        Respondents x items of one scale, missing answers allowed.
    group : array-like, Series or frame, one label a respondent
        As for `rwg_j`.
    center : {"mean", "median"}
        Deviations from the group's mean of each item, or from its median.
    by : {"scale", "item"}
        One number a group, the mean over its items, or one a group and item.
    missing : {"listwise", "available"}
        "listwise" uses the respondents who answered every item, as multilevel does; "available" everybody who
        answered the item, and n counts those who answered any.

    Returns
    -------
    pandas.DataFrame
        One row a group, in the order of their labels: the label, ``n``, and ``average_deviation``, or a column named
        as each item. NaN where fewer than two answered.

    Notes
    -----
    Of item j in a group of n: ``AD_j = sum_i |x_ij - c_j| / n``, c_j the mean or the median of the group's answers
    [1]_; of a scale the mean of its items' AD_j. No null distribution is needed. A sixth of the number of options is
    the usual upper limit for agreement [2]_: 0.8 for five options, 1.2 for seven.

    Checked against multilevel 2.7 (``ad.m``, about mean and median) on 10 data sets (``tests/reference/agreement``),
    to 1e-8.

    References
    ----------
    .. [1] Burke MJ, Finkelstein LM, Dusig MS (1999). On average deviation indices for estimating interrater
       agreement. Organizational Research Methods 2:49-68.
    .. [2] Burke MJ, Dunlap WP (2002). Estimating interrater agreement with the average deviation index: a user's
       guide. Organizational Research Methods 5:159-172. doi:10.1177/1094428102005002002

    Examples
    --------
    R: ``multilevel::ad.m(items, team)``

    >>> from movement_readiness.psychometrics import average_deviation
    >>> answers = {"q1": [4, 4, 5, 1, 3, 5], "q2": [4, 5, 5, 2, 4, 5]}
    >>> average_deviation(answers, list("aaabbb")).round(3)
      group  n  average_deviation
    0     a  3              0.444
    1     b  3              1.222
    """
    check_choice("center", center, _CENTERS)
    check_choice("by", by, _BY)
    table, codes, labels = _grouped(items, group, missing)
    spread = mean_deviations(table.values, codes, len(labels), center)
    if by == "item":
        found = {name: spread[:, place] for place, name in enumerate(table.names)}
    else:
        found = {"average_deviation": spread.mean(axis=1)}
    return _table(labels, _respondents(table, codes, len(labels)), found)


def _grouped(items: Any, group: Any, missing: str) -> tuple[ItemTable, Ints, pd.DataFrame]:
    """Items, the group of each respondent and the groups' labels, after deletion."""
    check_choice("missing", missing, _MISSING)
    refuse_matrix("items", items)
    frame, _ = without_groups(item_frame("items", items))
    check_same_rows("items", frame, "group", group)
    table = item_table("items", frame, at_least=1)
    codes, _ = group_codes("group", group)
    labels = group_labels("group", group, codes)
    if not len(labels):
        raise ArgumentError("group: expected a label for one respondent or more; none has one.")
    if missing == "listwise":
        codes = np.where(complete_rows(table.values), codes, -1)
    return table, codes, labels


def _respondents(table: ItemTable, codes: Ints, n_groups: int) -> Ints:
    """How many members of each group are used."""
    used = (codes >= 0) & ~np.isnan(table.values).all(axis=1)
    return np.bincount(codes[used], minlength=n_groups).astype(np.int64)


def _options(table: ItemTable, n_options: int | Mapping[str, int] | Sequence[int]) -> list[int]:
    """How many response options each item has."""
    if isinstance(n_options, Mapping):
        lacking = [name for name in table.names if name not in n_options]
        unknown = [name for name in n_options if name not in table.names]
        if lacking or unknown:
            what = f"{quoted(lacking)} missing" if lacking else f"{quoted(unknown)} not among the items"
            raise ArgumentError(f"n_options: expected a number for each item; {what}.")
        given = [n_options[name] for name in table.names]
    elif isinstance(n_options, (Sequence, np.ndarray)) and not isinstance(n_options, str):
        given = list(n_options)
        if len(given) != table.n_items:
            raise ArgumentError(f"n_options: expected one number for each of {table.n_items} items; got {len(given)}.")
    else:
        given = [n_options] * table.n_items
    return [check_integer("n_options", number, 2) for number in given]


def _check_range(table: ItemTable, options: list[int]) -> None:
    """Answers that are further apart than the options allow mean that the number of options is wrong."""
    for place, number in enumerate(options):
        known = table.values[~np.isnan(table.values[:, place]), place]
        if known.size and known.max() - known.min() > number - 1:
            raise ArgumentError(
                f"n_options: expected answers at most {number - 1} apart in {table.names[place]!r}, which has {number} "
                f"options; got {known.min():g} to {known.max():g}."
            )


def _table(labels: pd.DataFrame, n: Ints, numbers: Mapping[Any, Floats]) -> pd.DataFrame:
    """One row a group, in the order of their labels where they have one."""
    frame = labels.assign(n=n)
    for name, column in numbers.items():
        frame[name] = column
    with contextlib.suppress(TypeError):  # labels of several kinds stay in the order of appearance
        frame = frame.sort_values(list(labels.columns), kind="stable")
    return frame.reset_index(drop=True)
