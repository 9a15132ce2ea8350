"""`item_matrix` and `score_scales`: answers in, keyed items or scores out, in the same kind of frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2.typing import IntoFrameT

from movement_readiness import evidence
from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError, ResponsesError
from movement_readiness.instrument import Instrument
from movement_readiness.scoring.checks import (
    check_answers,
    check_identity,
    check_instrument,
    check_items,
    check_scales,
    check_types,
)
from movement_readiness.scoring.expressions import ScorePlan, answer, keyed
from movement_readiness.scoring.frames import AnyFrame, as_numbers, beside, in_batches, open_frame

__all__ = ["item_matrix", "score_scales"]


def score_scales(
    responses: IntoFrameT,
    instrument: Instrument,
    *,
    scales: Sequence[str] | None = None,
    claim: str | None = None,
) -> IntoFrameT:
    """Score the scales of an instrument from 0 to 100 for every respondent.

    Parameters
    ----------
    responses : data frame, n rows
        Codes as given, one column per item: pandas (any kind of number column), polars, pyarrow, or a lazy
        frame (polars ``LazyFrame``, duckdb relation). The item columns must make up one or more whole forms,
        so that a column which got lost is not taken for items that nobody answered.
    instrument : Instrument
        Holds the rules: options, keys, how many items must be answered.
    scales : sequence of str, optional
        Score these scales only, in this order; the frame must then hold all their items and may lack others.
    claim : str, optional
        What may be said of the scores. By default the claim that the evidence ledger of the instrument
        supports today (:func:`movement_readiness.claim`).

    Returns
    -------
    data frame, n rows
        The same kind of frame as `responses`, in the same order: every column that is no item of the
        instrument, then for each scale ``<scale>`` (float, 0 to 100) and ``<scale>_n_answered`` (integer:
        how many of its items were answered, each counted once for a scale made of scales), then ``claim``
        (text). The columns depend on the instrument and `scales` alone, not on the form. A score that does
        not exist is NaN in pandas (plain float64, the index is kept) and null elsewhere, never NaN.

    Raises
    ------
    ArgumentError
        `responses` is no data frame, `instrument` no instrument, or a scale is unknown.
    ResponsesError
        Answers to another instrument or version; item columns missing, twice or of text; answers that are
        neither a code of their item nor a missing code, each named with its item and how often it occurs; a
        column that already has the name of a score.

    See Also
    --------
    item_matrix : the keyed items behind the scores.

    Notes
    -----
    With the codes ``low`` to ``high`` of an item's own response options, an answer x counts

        ``p = 100 (x - low) / (high - low)``    if the item is keyed +1 in the scale, and ``100 - p`` if -1.

    A scale is the mean of p over its answered items. It exists when at least ``min_answered`` items were
    answered and, where the scale says so, ``min_answered_per_domain`` in each domain among its items. A scale
    made of scales is the mean of those that exist, if they are at least ``min_scales``. The rules stand in
    the instrument file. A percentage of the range lets items with different options count alike [1]_; the
    mean of the answered items treats a missing answer as the person's own mean, which is why the rules ask
    for nearly all items [2]_.

    Missing codes (such as -8 "Can't say"), NaN and null are missing answers and never count; so are the
    items of forms that a respondent was not shown. Programme pull stands apart and is part of no index.

    Eager frames are scored in batches of rows, so memory beyond the result stays bounded. Of a lazy frame
    the answers are checked at once, by one query that brings back counts alone; the scores stay lazy, and
    rows that change between the two are not checked again (a number that is no code is then missing).

    Checked against sums done by hand, and at one million respondents against numpy and against pandas
    written out for one instrument, to 1e-12 (``tests/benchmarks/scoring.py``).

    References
    ----------
    .. [1] Cohen P, Cohen J, Aiken LS, West SG (1999). The problem of units and the circumstance for POMP.
       Multivariate Behavioral Research 34:315-346. doi:10.1207/S15327906MBR3403_2
    .. [2] Schafer JL, Graham JW (2002). Missing data: our view of the state of the art. Psychological
       Methods 7:147-177. doi:10.1037/1082-989X.7.2.147

    Examples
    --------
    Five answers to the Rational items; "Can't say" (-8) leaves four, which is enough, two times -8 is not:

    >>> import movement_readiness as mr
    >>> import pandas as pd
    >>> instrument = mr.load_instrument()
    >>> answers = pd.DataFrame(
    ...     {"R1": [5, 5], "R2": [4, 4], "R3": [4, 4], "R4": [3, -8], "R5": [-8, -8]}, index=["Ada", "Ben"]
    ... )
    >>> mr.score_scales(answers, instrument, scales=["rational"])[["rational", "rational_n_answered"]]
         rational  rational_n_answered
    Ada      75.0                    4
    Ben       NaN                    3
    """
    check_instrument(instrument)
    frame = open_frame(responses)
    chosen = check_scales(scales, instrument)
    columns = frame.collect_schema().names()
    kept = [column for column in columns if column not in instrument.items]
    items = check_items(columns, instrument, None if scales is None else chosen)
    plan = ScorePlan.of(instrument, chosen, items, columns)
    _check_free(kept, (*plan.outputs, "claim"))
    sentence = evidence.claim(instrument).sentence if claim is None else _text(claim)
    numbers = _checked(frame, instrument, items)
    scored = _scored(frame, plan, numbers, kept)
    return scored.with_columns(nw.lit(sentence, dtype=nw.String).alias("claim")).to_native()  # type: ignore[no-any-return]  # AnyFrame forgets the kind


def item_matrix(responses: IntoFrameT, instrument: Instrument, *, scale: str | None = None) -> IntoFrameT:
    """Give the answers as a matrix of respondents x items, keyed, with missing codes as missing.

    This is what the statistics take: correlations, reliability and factor models want items that point
    the same way, and must not meet a -9.

    Parameters
    ----------
    responses : data frame, n rows
        Codes as given, one column per item; eager or lazy, as for :func:`score_scales`.
    instrument : Instrument
    scale : str, optional
        The items of this scale, keyed as in it; all of them must be columns. By default every scored item
        that is a column, keyed as in its home scale (the first scale of the instrument that has it).

    Returns
    -------
    data frame, n rows
        The same kind of frame as `responses`: the items alone, in the order of the scale or instrument.
        pandas: plain float64 with NaN, the index is kept, so that numpy and scipy take it as it is. Elsewhere
        Float64 with null, never NaN. Values are codes: x where the key is +1, low + high - x where it is -1.

    Raises
    ------
    ArgumentError
        `responses` is no data frame, `instrument` no instrument, the scale is unknown, or the scale is made
        of scales that key an item differently.
    ResponsesError
        As for :func:`score_scales`; without `scale`, any number of items will do, but not none.

    Notes
    -----
    Reversing within an item's own codes keeps its range, and doing it twice gives back the answers.

    Examples
    --------
    In the sensitivity check the programme pull item R6 is reversed, at home it is not:

    >>> import movement_readiness as mr
    >>> import pandas as pd
    >>> instrument = mr.load_instrument()
    >>> answers = pd.DataFrame({"R6": [5, 2, -9], "R1": [1, 4, 3]})
    >>> mr.item_matrix(answers, instrument)
        R1   R6
    0  1.0  5.0
    1  4.0  2.0
    2  3.0  NaN
    """
    check_instrument(instrument)
    frame = open_frame(responses)
    chosen = None if scale is None else (check_choice("scale", scale, tuple(instrument.scales)),)
    columns = frame.collect_schema().names()
    keys = _keys(instrument, check_items(columns, instrument, chosen, whole_forms=False), scale)
    numbers = _checked(frame, instrument, tuple(keys))
    matrix = [keyed(instrument, item, key, answer(instrument, item)).alias(item) for item, key in keys.items()]
    if isinstance(frame, nw.LazyFrame):
        return as_numbers(frame, numbers).select(*matrix).to_native()  # type: ignore[no-any-return]  # as above
    return in_batches(frame, numbers, lambda part: part.select(*matrix)).to_native()  # type: ignore[no-any-return]  # as above


def _keys(instrument: Instrument, items: Sequence[str], scale: str | None) -> dict[str, int]:
    """Each item's key in the scale, or at home; parts of an index may not disagree on it."""
    parts = () if scale is None else instrument.scales[scale].scales
    for item, key in ((item, key) for part in parts for item, key in instrument.scales[part].keys.items()):
        if key != instrument.key(item, scale):
            raise ArgumentError(
                f"scale: {scale!r} is made of scales that key the item {item!r} differently, so it has no "
                f"one matrix; expected one of its parts, {quoted(parts)}."
            )
    return {item: instrument.key(item, scale) for item in items}


def _checked(frame: AnyFrame, instrument: Instrument, items: Sequence[str]) -> dict[str, bool]:
    """For every item whether its column holds numbers, once everything about the answers is in order."""
    check_identity(frame, instrument)
    numbers = check_types(frame, items)
    check_answers(frame, instrument, numbers)
    return numbers


def _scored(frame: AnyFrame, plan: ScorePlan, numbers: Mapping[str, bool], kept: Sequence[Any]) -> AnyFrame:
    def work(part: AnyFrame) -> AnyFrame:
        for step in plan.steps:
            part = part.with_columns(*step)
        return part

    if isinstance(frame, nw.LazyFrame):
        lazily: AnyFrame = work(as_numbers(frame, numbers)).select(*map(nw.col, kept), *plan.outputs)
        return lazily
    return beside(frame, kept, in_batches(frame, numbers, lambda part: work(part).select(*plan.outputs)))


def _check_free(kept: Sequence[object], added: Sequence[str]) -> None:
    if taken := [column for column in added if column in set(kept)]:
        raise ResponsesError(
            f"responses: the columns {quoted(taken)} are there already and would be written over; "
            "expected a frame of answers without scores. Drop or rename them."
        )


def _text(claim: object) -> str:
    if not isinstance(claim, str) or not claim.strip():
        raise ArgumentError(f"claim: expected a text, or None for the claim of the evidence ledger; got {claim!r}.")
    return claim
