"""The factor model of a form's items: a caller's loadings, thresholds and correlations, or plausible ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument

__all__ = ["MAX_LOADING", "Measurement", "build_measurement"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAX_LOADING = 0.999  # above it the series of `population` would need more terms than it takes
_GOLDEN = 0.6180339887498949  # multiples of it, modulo 1, fill (0, 1) evenly however many there are
_DOMAIN_LOADING = 0.6**0.5  # of a domain on what all factors share: any two domains correlate .6
_SEPARATE_LOADING = -0.3 / _DOMAIN_LOADING  # a separate scale then correlates -.3 with every domain


@dataclass(frozen=True, eq=False)
class Measurement:
    """The ordinal factor model of the items of one form.

    Attributes
    ----------
    form : str
    items : tuple of str
        In the order of the instrument.
    factors : tuple of str
        The home scales of the items, in the order of the instrument.
    factor_of : array, items
        Position of each item's factor; -1 for an item in no scale.
    loadings : array, items
        Signed, of the answer as given (not keyed); 0 for an item in no scale.
    thresholds : tuple of arrays, items
        Where the latent response passes from one option to the next, in rising order of the codes.
    codes : tuple of arrays, items
        The codes in rising order.
    ordered : array of bool, items
        False for nominal options, which are chosen at random, each as often as another.
    correlations : array, factors x factors
    """

    form: str
    items: tuple[str, ...]
    factors: tuple[str, ...]
    factor_of: Ints
    loadings: Floats
    thresholds: tuple[Floats, ...]
    codes: tuple[Ints, ...]
    ordered: npt.NDArray[np.bool_]
    correlations: Floats


def build_measurement(
    instrument: Instrument, form: str, *, loadings: object, thresholds: object, factor_correlations: object
) -> Measurement:
    """Check what a caller chose and fill in the rest."""
    shown = set(instrument.form(form).items)
    items = tuple(item for item in instrument.items if item in shown)
    homes = [instrument.home_scale(item) for item in items]
    factors = tuple(scale for scale in instrument.scales if scale in homes)
    scales = [instrument.response_scale(item) for item in items]
    ordered = {item: scale.ordered for item, scale in zip(items, scales, strict=True)}
    home_of = dict(zip(items, homes, strict=True))
    return Measurement(
        form=form,
        items=items,
        factors=factors,
        factor_of=np.array([-1 if home is None else factors.index(home) for home in homes], dtype=np.int64),
        loadings=_loadings(instrument, home_of, loadings),
        thresholds=_thresholds(instrument, ordered, thresholds),
        codes=tuple(np.sort(np.array(scale.codes, dtype=np.int64)) for scale in scales),
        ordered=np.array([scale.ordered for scale in scales], dtype=bool),
        correlations=_correlations(instrument, factors, factor_correlations),
    )


def _given(argument: str, value: object, of_what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, pd.Series):
        return {str(name): entry for name, entry in value.items()}
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{argument}: expected a mapping of item id to {of_what}; got {value!r}.")
    return dict(value)


def _loadings(instrument: Instrument, homes: Mapping[str, str | None], chosen: object) -> Floats:
    given = _given("loadings", chosen, "loading")
    for item in given:
        check_choice("loadings", item, tuple(homes))
    values = {item: 0.0 if home is None else _default_loading(instrument, item, home) for item, home in homes.items()}
    values.update({item: _loading(item, value, homes[item]) for item, value in given.items()})
    return np.array(list(values.values()), dtype=float)


def _default_loading(instrument: Instrument, item: str, home: str) -> float:
    """Spread over .55 to .85 within the scale; below 0 where the scale reverses the item."""
    place = list(instrument.scales[home].keys).index(item)
    return instrument.key(item) * (0.55 + 0.30 * ((place + 1) * _GOLDEN % 1))


def _loading(item: str, value: object, home: str | None) -> float:
    if home is None:
        if value == 0:
            return 0.0
        raise ArgumentError(f"loadings: expected 0 for item {item!r}, which no scale has; got {value!r}.")
    if isinstance(value, bool) or not isinstance(value, Real) or not abs(float(value)) <= MAX_LOADING:
        raise ArgumentError(
            f"loadings: expected a number from -{MAX_LOADING} to {MAX_LOADING} for item {item!r}; got {value!r}."
        )
    return float(value)


def _thresholds(instrument: Instrument, ordered: Mapping[str, bool], chosen: object) -> tuple[Floats, ...]:
    given = _given("thresholds", chosen, "thresholds in rising order")
    for item in given:
        check_choice("thresholds", item, [name for name, is_ordered in ordered.items() if is_ordered])
    return tuple(
        _checked_thresholds(instrument, item, given[item]) if item in given else _default_thresholds(instrument, item)
        for item in ordered
    )


def _default_thresholds(instrument: Instrument, item: str) -> Floats:
    """Lean the answers towards agreement, as such items do, each item a little differently.

    The thresholds are 1.4 z(k / K) + shift, z the normal quantile and K the number of options, with the
    shift from -.75 to .25 by the item's position in the instrument and mirrored for a reversed item:
    people who hold with the aim agree with one and disagree with the other.
    """
    scale = instrument.response_scale(item)
    n_options = len(scale.codes)
    even = norm.ppf(np.arange(1, n_options) / n_options)
    if not scale.ordered:
        return np.asarray(even, dtype=float)
    home = instrument.home_scale(item)
    shift = 0.25 - (list(instrument.items).index(item) + 1) * _GOLDEN % 1
    return np.asarray(1.4 * even + shift * (instrument.key(item) if home else 1), dtype=float)


def _checked_thresholds(instrument: Instrument, item: str, value: object) -> Floats:
    n_options = len(instrument.response_scale(item).codes)
    try:
        numbers = np.array(value, dtype=float)
    except (TypeError, ValueError):
        numbers = np.array(np.nan)
    good = numbers.shape == (n_options - 1,) and np.isfinite(numbers).all() and (np.diff(numbers) > 0).all()
    if not good:
        wanted = "one number" if n_options == 2 else f"{n_options - 1} numbers in rising order"
        raise ArgumentError(
            f"thresholds: expected {wanted} for item {item!r}, one fewer than its {n_options} response "
            f"options; got {value!r}."
        )
    return numbers


def _correlations(instrument: Instrument, factors: tuple[str, ...], chosen: object) -> Floats:
    default = _default_correlations(instrument, factors)
    matrix = default if chosen is None else _read_correlations(chosen, factors, default)
    if not np.isfinite(matrix).all() or (np.abs(matrix) > 1).any():
        raise ArgumentError(f"factor_correlations: expected numbers from -1 to 1; got {_shown(matrix)}.")
    if not np.allclose(np.diag(matrix), 1, rtol=0, atol=1e-8):
        raise ArgumentError(
            f"factor_correlations: expected 1 in the diagonal; got {_shown(np.diag(matrix))} for {quoted(factors)}."
        )
    if not np.allclose(matrix, matrix.T, rtol=0, atol=1e-8):
        row, column = np.unravel_index(np.abs(matrix - matrix.T).argmax(), matrix.shape)
        raise ArgumentError(
            f"factor_correlations: expected a symmetric matrix; got {matrix[row, column]:g} for "
            f"{factors[row]!r} with {factors[column]!r} and {matrix[column, row]:g} the other way round."
        )
    smallest = np.linalg.eigvalsh(matrix).min(initial=1.0)
    if smallest < 1e-8:
        raise ArgumentError(
            "factor_correlations: expected correlations that can hold together (a positive definite matrix); "
            f"the smallest eigenvalue of this one is {smallest:.3g}."
        )
    symmetric: Floats = (matrix + matrix.T) / 2
    np.fill_diagonal(symmetric, 1.0)
    return symmetric


def _shown(numbers: Floats) -> str:
    return str(np.round(numbers, 3).tolist())


def _default_correlations(instrument: Instrument, factors: tuple[str, ...]) -> Floats:
    """Correlate through one shared factor, which keeps the matrix positive definite at any size."""
    shared = np.array(
        [_SEPARATE_LOADING if instrument.scales[factor].kind == "separate" else _DOMAIN_LOADING for factor in factors],
        dtype=float,
    )
    matrix = np.outer(shared, shared)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def _read_correlations(chosen: object, factors: tuple[str, ...], default: Floats) -> Floats:
    if isinstance(chosen, Real) and not isinstance(chosen, bool):
        matrix = np.full((len(factors), len(factors)), float(chosen))
        np.fill_diagonal(matrix, 1.0)
        return matrix
    if isinstance(chosen, Mapping) and chosen and all(isinstance(pair, tuple) for pair in chosen):
        return _of_pairs(chosen, factors, default)
    if isinstance(chosen, pd.DataFrame | Mapping):
        return _of_table(chosen, factors)
    raise ArgumentError(
        "factor_correlations: expected one number, a DataFrame with the factors as rows and columns, or a "
        f"mapping of pairs to numbers; got {chosen!r}."
    )


def _of_pairs(chosen: Mapping[Any, Any], factors: tuple[str, ...], default: Floats) -> Floats:
    matrix = default.copy()
    for pair, value in chosen.items():
        if len(pair) != 2 or pair[0] == pair[1]:
            raise ArgumentError(f"factor_correlations: expected pairs of two different factors; got {pair!r}.")
        row, column = (factors.index(check_choice("factor_correlations", name, factors)) for name in pair)
        if isinstance(value, bool) or not isinstance(value, Real):
            raise ArgumentError(f"factor_correlations: expected a number for {pair!r}; got {value!r}.")
        matrix[row, column] = matrix[column, row] = float(value)
    return matrix


def _of_table(chosen: pd.DataFrame | Mapping[Any, Any], factors: tuple[str, ...]) -> Floats:
    try:
        table = pd.DataFrame(chosen)
    except (TypeError, ValueError):
        table = pd.DataFrame()
    for names in (list(table.index), list(table.columns)):
        if len(names) != len(factors) or set(names) != set(factors):
            raise ArgumentError(
                f"factor_correlations: expected the factors {quoted(factors)} as rows and columns, each "
                f"once; got {quoted(names) or 'none'}."
            )
    try:
        return table.loc[list(factors), list(factors)].to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"factor_correlations: expected numbers; got {table.dtypes.astype(str).unique().tolist()}."
        ) from None
