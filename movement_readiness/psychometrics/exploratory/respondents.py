"""Answers of respondents, new ones too, to factor scores by what the calibration knows of the items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError, StrayCodeWarning
from movement_readiness.psychometrics._analysed import Analysed
from movement_readiness.psychometrics._frames import ItemTable, item_frame, item_table
from movement_readiness.psychometrics.correlation import PolychoricResult
from movement_readiness.psychometrics.exploratory.scores import score_weights
from movement_readiness.psychometrics.results import give_warning

__all__ = ["VALUES", "Calibrated", "calibrated", "latent_means", "scored"]

Floats = npt.NDArray[np.float64]
Matrices = tuple[Floats, Floats, Floats]

VALUES = ("auto", "codes", "latent")
_CODES = " values='codes' takes any number."
_MOST_CODES = 20  # whole numbers in a wider range are measurements rather than codes


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """Means and standard deviations (n - 1) of the items' numbers; with thresholds, the latent mean of each category.

    ``options`` holds the categories of categorical columns, None where not known; ``means`` and ``sds`` are None where
    thresholds are all that is known; ``reach`` holds the lowest and the highest number of each item that is no
    surprise, None where no answers are known; ``latent`` maps each item's categories, as written in the data, to their
    latent means, None without thresholds.
    """

    names: tuple[Any, ...]
    options: tuple[tuple[Any, ...] | None, ...] | None
    means: Floats | None
    sds: Floats | None
    latent: tuple[dict[Any, float], ...] | None = None
    reach: tuple[Floats, Floats] | None = None


def calibrated(data: Analysed) -> Calibrated | None:
    """What scoring needs of the analysed answers; None where only a matrix was given."""
    found, options = data.found, None if data.table is None else data.table.options
    if isinstance(found, PolychoricResult):
        return Calibrated(data.names, options, None, None, _latent_means_of(found, data.names))
    if found is None or found.means is None or found.standard_deviations is None:
        return None
    latent = None if found.polychoric is None else _latent_means_of(found.polychoric, data.names)
    means, sds = np.array(found.means, dtype=np.float64), np.array(found.standard_deviations, dtype=np.float64)
    return Calibrated(
        data.names, options, means, sds, latent, None if data.table is None else _reach(data.table.values)
    )


def _reach(values: Floats) -> tuple[Floats, Floats]:
    """The lowest and the highest answer to each item; half of their distance farther out where there are many."""
    low, high = np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
    fine = ((values != np.rint(values)) & ~np.isnan(values)).any(axis=0) | (high - low > _MOST_CODES)
    more = np.where(fine, (high - low) / 2, 0.0)
    return low - more, high + more


def _latent_means_of(found: PolychoricResult, names: tuple[Any, ...]) -> tuple[dict[Any, float], ...]:
    """The latent mean of each category, by item."""
    steps, item = found.thresholds, list(found.thresholds["item"])
    return tuple(_latent_of(steps[[one == name for one in item]]) for name in names)


def _latent_of(steps: Any) -> dict[Any, float]:
    categories = [*steps["below"].tolist(), steps["above"].tolist()[-1]]
    return dict(zip(categories, latent_means(steps["estimate"].to_numpy()).tolist(), strict=True))


def latent_means(thresholds: Floats) -> Floats:
    """Mean of a standard normal between successive thresholds, one for each category.

    Examples
    --------
    >>> latent_means(np.array([0.0])).round(4)
    array([-0.7979,  0.7979])
    """
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    density = np.exp(-(edges**2) / 2) / np.sqrt(2 * np.pi)
    share = np.diff(ndtr(edges))
    return np.asarray((density[:-1] - density[1:]) / np.maximum(share, 1e-300))


def scored(
    known: Calibrated, items: Any, matrices: Matrices, method: str, values: str, missing: str
) -> tuple[Any, Floats]:
    """Row labels, and scores (respondents, factors)."""
    check_choice("values", values, VALUES)
    table = _of_the_analysis(known, items)
    use_latent = values == "latent" or (values == "auto" and known.latent is not None)
    standard = _latent(known, table) if use_latent else _standardised(known, table)
    rows = items.index if hasattr(items, "index") and hasattr(items, "iloc") else range(len(standard))
    if missing == "nan":
        return rows, standard @ score_weights(*matrices, method)
    return rows, _from_available(standard, matrices, method)


def _of_the_analysis(known: Calibrated, items: Any) -> ItemTable:
    """The analysed items of a frame in the analysis's order; an array by position."""
    frame = item_frame("items", items)
    if isinstance(items, (np.ndarray, list, tuple)):
        if frame.shape[1] != len(known.names):
            raise ArgumentError(
                f"items: expected {len(known.names)} columns in the order of the analysis; got {frame.shape[1]}."
            )
        frame.columns = list(known.names)
    absent = [name for name in known.names if name not in frame.columns]
    if absent:
        raise ArgumentError(
            f"items: expected the items of the analysis; {quoted(absent)} not among {quoted(list(frame.columns))}."
        )
    table = item_table("items", frame[list(known.names)], at_least=1)
    for name, ours, theirs in zip(known.names, known.options or table.options, table.options, strict=True):
        if ours != theirs:
            raise ArgumentError(
                f"items[{name!r}]: expected the categories of the analysis, {ours or 'numbers'}; "
                f"got {theirs or 'numbers'}."
            )
    return table


def _standardised(known: Calibrated, table: ItemTable) -> Floats:
    if known.means is None or known.sds is None:
        raise ArgumentError(
            "values: 'codes' needs means and standard deviations, which a PolychoricResult has not; got an analysis of "
            "one. Use values='latent', or begin with correlation_matrix(items, correlation='polychoric')."
        )
    _look_at_reach(known, table)
    return np.asarray((table.values - known.means) / known.sds)


def _look_at_reach(known: Calibrated, table: ItemTable) -> None:
    """Warn of answers that nobody in the analysis gave, nor could have: they move scores as far as they are off."""
    if known.reach is None:
        return
    low, high = known.reach
    outside = (table.values < low) | (table.values > high)  # False for NaN
    places = np.flatnonzero(outside.any(axis=0))
    if not places.size:
        return
    words = [
        f"{known.names[place]!r} ({table.values[outside[:, place], place][0]:g}, met {low[place]:g} to {high[place]:g})"
        for place in places[:8]
    ]
    give_warning(
        f"items: answers outside those of the analysis: {', '.join(words)}{' and more' * (places.size > 8)}. They were "
        "scored as the numbers they are. If they stand for a missing answer, make them missing first.",
        StrayCodeWarning,
    )


def _latent(known: Calibrated, table: ItemTable) -> Floats:
    if known.latent is None:
        raise ArgumentError(
            "values: 'latent' needs thresholds, so an analysis with correlation='polychoric'; got one without."
        )
    found = np.full(table.values.shape, np.nan)
    for place, means in enumerate(known.latent):
        column, options = table.values[:, place], table.options[place]
        there = ~np.isnan(column)
        for value in np.unique(column[there]):
            category = _number(value) if options is None else options[int(value)]
            if category not in means:
                raise ArgumentError(
                    f"items[{known.names[place]!r}]: expected one of the categories that the analysis met, "
                    f"{quoted(list(means))}; got {category!r}.{_CODES * (known.means is not None)}"
                )
            found[column == value, place] = means[category]
    return found


def _number(value: Any) -> float | int:
    """As it is written in the data: 4, not 4.0."""
    return int(value) if float(value).is_integer() else float(value)


def _from_available(standard: Floats, matrices: Matrices, method: str) -> Floats:
    """Each pattern of missing answers with weights of its own."""
    correlations, loadings, factor_correlations = matrices
    present = ~np.isnan(standard)
    found = np.full((len(standard), loadings.shape[1]), np.nan)
    patterns, which = np.unique(present, axis=0, return_inverse=True)
    fewest = 1 if method == "regression" else loadings.shape[1]
    for number, pattern in enumerate(patterns):
        if pattern.sum() < fewest:
            continue
        rows = np.flatnonzero(which.ravel() == number)
        weights = score_weights(correlations[np.ix_(pattern, pattern)], loadings[pattern], factor_correlations, method)
        found[rows] = standard[np.ix_(rows, pattern)] @ weights
    return found
