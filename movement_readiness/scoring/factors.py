"""`factor_scores`: scores and standard errors from a calibration, beside the simple scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
from narwhals.stable.v2.typing import IntoFrameT

from movement_readiness import evidence
from movement_readiness._validation import n_of, quoted
from movement_readiness.exceptions import ArgumentError, NonConvergenceWarning, ResponsesError
from movement_readiness.instrument import Instrument
from movement_readiness.psychometrics.confirmatory.scores import expected_answers, posterior_modes
from movement_readiness.psychometrics.confirmatory.threads import one_thread
from movement_readiness.psychometrics.results import give_warning
from movement_readiness.scoring.calibration import Calibration
from movement_readiness.scoring.checks import check_answers, check_identity, check_items, check_types
from movement_readiness.scoring.expressions import N_ANSWERED, ScorePlan, answer, keyed
from movement_readiness.scoring.frames import AnyFrame, beside, floats, in_batches, is_pandas, open_frame

if TYPE_CHECKING:
    pass

__all__ = ["SUFFIXES", "factor_scores"]

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]

SUFFIXES = ("", "_se", "_expected", "_simple", N_ANSWERED)
_MEAN, _SD = 50.0, 10.0
_REMEDY = (
    "Factor scores rest on all answers of a form: put items that nobody was asked in as empty columns; factors whose "
    "scale has too few answers stay empty."
)


def factor_scores(responses: IntoFrameT, calibration: Calibration) -> IntoFrameT:
    r"""Score each respondent on the factors of a calibration, with a standard error.

    Parameters
    ----------
    responses : data frame, n rows
        Codes as given, as for `score_scales`: the item columns must make up one or more whole forms. A lazy frame is
        read at once.
    calibration : Calibration
        From `calibrate`, or ``Calibration.from_json``.

    Returns
    -------
    data frame, n rows
        The same kind of frame as `responses`, in the same order: every column that is no item, then for each factor

        ``<factor>``             score on a T metric: mean 50 and standard deviation 10 in the calibration's population
        ``<factor>_se``          its standard error, on the same metric
        ``<factor>_expected``    the score of the scale from 0 to 100 that the model expects at the factor scores
        ``<factor>_simple``      the same score as `score_scales` gives it: the mean of the answered items
        ``<factor>_n_answered``  how many of its items were answered

        then ``claim``: what the evidence ledger lets say of the scores today, and who the calibration is of. What does
        not exist is NaN in pandas and null elsewhere.

    Raises
    ------
    ArgumentError
        `responses` is no data frame, `calibration` no calibration.
    ResponsesError
        Answers to another instrument or version than the one calibrated; otherwise as for `score_scales`.

    Warns
    -----
    NonConvergenceWarning
        The search for a respondent's scores did not end; they are missing.

    See Also
    --------
    score_scales : the simple scores.
    compare_scores : both kinds side by side.

    Notes
    -----
    The score is the posterior mode [1]_ [2]_: with standardised loadings l_i, thresholds t_ik and factor correlations R
    of the calibration, u_i = 1 - l_i' R l_i, the eta with the largest

        ``sum_i log[Phi((t_i,k+1 - l_i'eta) / sqrt(u_i)) - Phi((t_ik - l_i'eta) / sqrt(u_i))] - eta' R^-1 eta / 2``

    over the items that were answered, k being the answer; T = 50 + 10 eta. The standard error is the root of the
    diagonal of the inverse of the curvature there: the posterior standard deviation in its normal approximation.
    Missing answers are left out of the sum, and factors that correlate inform each other. A factor's columns are empty
    all the same where its own scale has fewer answers than the instrument asks for (``min_answered``), however much
    the other scales say; so a short form that carries no domain gives no domain scores.

    Scores are drawn towards the mean, the more so the less was answered; over the calibration's people they vary less
    than the factor does, by the reliability. The scores of a response depend on it and the calibration alone, not on
    who else is in the frame. The expected score is that of every item of the scale, keyed as in the scale.

    Checked against lavaan 0.6-14 ``lavPredict(method = "EBM")`` (its search ends within 1e-3), and, on small
    models, against numerical integration and a general optimiser to 1e-6.

    References
    ----------
    .. [1] Samejima F (1969). Estimation of latent ability using a response pattern of graded scores. Psychometrika
       Monograph 17. doi:10.1007/BF03372160
    .. [2] Segall DO (1996). Multidimensional adaptive testing. Psychometrika 61:331-354. doi:10.1007/BF02294343

    Examples
    --------
    >>> import movement_readiness as mr
    >>> from movement_readiness.scoring import calibrate, factor_scores
    >>> instrument = mr.load_instrument()
    >>> study = mr.simulate_responses(instrument, n_sites=4, seed=1)
    >>> calibration = calibrate(study.responses, instrument)
    >>> scores = factor_scores(study.responses, calibration)
    >>> columns = ["rational", "rational_se", "rational_expected", "rational_simple", "rational_n_answered"]
    >>> scores[columns].shape[1], bool((scores["rational_se"] < 10).all())
    (5, True)
    """
    if not isinstance(calibration, Calibration):
        raise ArgumentError(
            "calibration: expected a Calibration, as calibrate() or Calibration.from_json() give; got "
            f"{type(calibration).__name__}."
        )
    opened = open_frame(responses)
    frame: nw.DataFrame[Any] = opened.collect() if isinstance(opened, nw.LazyFrame) else opened
    instrument = calibration.instrument
    _check_version(frame, calibration)
    items = check_items(frame.columns, instrument, None, remedy=_REMEDY)
    numbers = check_types(frame, items)
    check_answers(frame, instrument, numbers)
    kept = [column for column in frame.columns if column not in instrument.items]
    _check_free(kept, calibration)
    simple = _simple(frame, calibration, items, numbers)
    columns = _columns(simple, *_scored(_codes(frame, calibration, numbers), calibration))
    sentence = f"{evidence.claim(instrument).sentence} {calibration.sentence}"
    found = beside(frame, kept, _like(frame, columns))
    return found.with_columns(nw.lit(sentence, dtype=nw.String).alias("claim")).to_native()  # type: ignore[no-any-return]


def _check_version(frame: AnyFrame, calibration: Calibration) -> None:
    instrument = calibration.instrument
    try:
        check_identity(frame, instrument)
    except ResponsesError as error:
        said = str(error).removeprefix("responses: ").replace(", that of the instrument given,", "")
        raise ResponsesError(
            f"calibration: it is of {instrument.id} {instrument.version} (sha256 {instrument.sha256[:12]}), and the "
            f"answers are not: {said.split('. ')[0].rstrip('.')}. Use the calibration of the version that was "
            "answered, or calibrate it."
        ) from None


def _check_free(kept: Sequence[str], calibration: Calibration) -> None:
    added = [factor + suffix for factor in calibration.factors for suffix in SUFFIXES]
    if taken := [column for column in (*added, "claim") if column in set(kept)]:
        raise ResponsesError(
            f"responses: the columns {quoted(taken)} are there already and would be written over; "
            "expected a frame of answers without scores. Drop or rename them."
        )


def _columns(
    simple: dict[str, tuple[Floats, npt.NDArray[np.int64]]], modes: Floats, errors: Floats, expected: dict[str, Floats]
) -> dict[str, npt.NDArray[Any]]:
    """The columns of the result; empty where the scale has too few answers."""
    found: dict[str, npt.NDArray[Any]] = {}
    for place, (factor, (score, count)) in enumerate(simple.items()):
        values = (_MEAN + _SD * modes[:, place], _SD * errors[:, place], expected[factor], score)
        for suffix, column in zip(SUFFIXES[:4], values, strict=True):
            found[factor + suffix] = np.where(np.isnan(score), np.nan, column)
        found[factor + N_ANSWERED] = count
    return found


def scales_of(factor: str, instrument: Instrument) -> tuple[str, ...]:
    """The scale that is a factor, or, for a factor of all domains without one, the domains."""
    if factor in instrument.scales:
        return (factor,)
    return tuple(scale.id for scale in instrument.scales.values() if scale.kind == "domain")


def _simple(
    frame: nw.DataFrame[Any],
    calibration: Calibration,
    items: Sequence[str],
    numbers: dict[str, bool],
) -> dict[str, tuple[Floats, npt.NDArray[np.int64]]]:
    """The simple score of each factor, NaN by the instrument's rules, and how many answers it has."""
    instrument = calibration.instrument
    scales = list(dict.fromkeys(name for factor in calibration.factors for name in scales_of(factor, instrument)))
    plan = ScorePlan.of(instrument, scales, items, frame.columns)

    def work(part: AnyFrame) -> AnyFrame:
        for step in plan.steps:
            part = part.with_columns(*step)
        return part.select(*plan.outputs)

    table = in_batches(frame, numbers, work)
    found = {}
    for factor in calibration.factors:
        names = scales_of(factor, instrument)
        scores = np.column_stack([floats(table, name) for name in names])
        counts = np.column_stack([floats(table, name + N_ANSWERED) for name in names])
        found[factor] = scores.mean(axis=1), counts.sum(axis=1).astype(np.int64)
    return found


def _codes(frame: nw.DataFrame[Any], calibration: Calibration, numbers: dict[str, bool]) -> Codes:
    """The category of each answer from 0, -1 where missing."""
    instrument = calibration.instrument
    held = [item for item in calibration.items if item in numbers]
    codes = np.full((len(frame), len(calibration.items)), -1, dtype=np.int8)
    if not held:
        return codes
    matrix = [keyed(instrument, i, instrument.key(i), answer(instrument, i)).alias(i) for i in held]
    table = in_batches(frame, {item: numbers[item] for item in held}, lambda part: part.select(*matrix))
    for item in held:
        place = calibration.items.index(item)
        codes[:, place] = _categories(floats(table, item), calibration, item)
    return codes


def _categories(values: Floats, calibration: Calibration, item: str) -> Codes:
    """A category of the sample; an option that nobody in it chose is the next one towards the middle."""
    scale = calibration.instrument.response_scale(item)
    used = np.asarray(calibration.categories[item], dtype=float)
    upper = np.minimum(np.searchsorted(used, values), used.size - 1)  # the first that is not below
    lower = np.maximum(np.searchsorted(used, values, side="right") - 1, 0)
    place = np.where(values < (scale.low + scale.high) / 2, upper, lower)
    return np.where(np.isnan(values), -1, place).astype(np.int8)


def _scored(codes: Codes, calibration: Calibration) -> tuple[Floats, Floats, dict[str, Floats]]:
    model = calibration.ordinal_factors
    with one_thread():  # products of small matrices
        found = posterior_modes(codes, model)
    if lost := int((~found.converged).sum()):
        found.values[~found.converged] = found.errors[~found.converged] = np.nan
        give_warning(
            f"responses: the scores of {n_of(lost, 'respondent')} were not reached, and are missing. Look at their "
            "answers, and at the calibration's loadings: one near 1 says almost everything.",
            NonConvergenceWarning,
        )
    percents = _expected_percents(found.values, calibration)
    instrument = calibration.instrument

    def of_scale(name: str) -> Floats:
        scale = instrument.scales[name]
        if scale.scales:
            return np.asarray(np.column_stack([of_scale(part) for part in scale.scales]).mean(axis=1))
        keys = {item: key for item, key in scale.keys.items() if item in calibration.items}
        total = np.zeros(len(codes))
        for item, key in keys.items():
            own = percents[:, calibration.items.index(item)]
            total += own if key == instrument.key(item) else 100 - own
        return total / len(keys)

    expected = {
        factor: np.column_stack([of_scale(name) for name in scales_of(factor, instrument)]).mean(axis=1)
        for factor in calibration.factors
    }
    return found.values, found.errors, expected


def _expected_percents(values: Floats, calibration: Calibration) -> Floats:
    """The expected answer of each item as a percentage of its range, shape (respondents, items)."""
    model = calibration.ordinal_factors
    steps = np.zeros_like(model.thresholds)
    lowest = np.empty(len(steps))
    for place, item in enumerate(calibration.items):
        scale = calibration.instrument.response_scale(item)
        percents = (np.asarray(calibration.categories[item], dtype=float) - scale.low) * 100 / (scale.high - scale.low)
        lowest[place] = percents[0]
        steps[place, : percents.size - 1] = np.diff(percents)
    return expected_answers(values, model, lowest, steps)


def _like(frame: nw.DataFrame[Any], columns: dict[str, npt.NDArray[Any]]) -> nw.DataFrame[Any]:
    """The columns as a frame of the same kind."""
    if is_pandas(frame):
        pandas, index = nw.get_native_namespace(frame), frame.to_native().index
        return nw.from_native(pandas.DataFrame(columns, index=index, copy=False), eager_only=True)
    table = nw.from_dict(columns, backend=nw.get_native_namespace(frame))
    floats = [name for name, values in columns.items() if values.dtype.kind == "f"]
    return table.with_columns(*(nw.col(name).fill_nan(None) for name in floats))
