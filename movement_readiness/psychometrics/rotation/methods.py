"""Rotation of unrotated loadings by name: random starts, the best kept, local optima counted, one order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import check_choice, check_integer, check_number, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics._options import check_seed
from movement_readiness.psychometrics.rotation import criteria
from movement_readiness.psychometrics.rotation.projection import Projected, project, random_starts, rotated
from movement_readiness.psychometrics.rotation.result import Rotation

if TYPE_CHECKING:
    pass

__all__ = ["OPTIONS", "ROTATIONS", "rotate"]

Floats = npt.NDArray[np.float64]

_TOLERANCE, _STEPS = 1e-9, 5000
_NEAR = 1e-4  # a projected gradient below this, where no step goes lower, is an optimum to six digits
_SAME_OPTIMUM = 1e-6  # values closer than this, relative, are one optimum


@dataclass(frozen=True, slots=True)
class _Kind:
    oblique: bool
    criterion: Callable[..., criteria.Criterion]
    options: tuple[str, ...] = ()
    normalized: bool = False


_KINDS: dict[str, _Kind] = {
    "varimax": _Kind(False, criteria.varimax, normalized=True),
    "quartimax": _Kind(False, criteria.quartimax),
    "oblimin": _Kind(True, criteria.oblimin, ("gamma",)),
    "quartimin": _Kind(True, criteria.oblimin),
    "promax": _Kind(True, criteria.varimax, ("power",), normalized=True),
    "geomin": _Kind(True, criteria.geomin, ("delta",)),
    "geomin_orthogonal": _Kind(False, criteria.geomin, ("delta",)),
    "target": _Kind(True, criteria.target_distance, ("target",)),
    "target_orthogonal": _Kind(False, criteria.target_distance, ("target",)),
    "bifactor": _Kind(False, criteria.bifactor),
    "bifactor_oblique": _Kind(True, criteria.bifactor),
}
_DEFAULTS = {"gamma": 0.0, "power": 4.0, "delta": 0.01}  # as in `criteria`
ROTATIONS = ("none", *_KINDS)
OPTIONS = tuple(dict.fromkeys(name for kind in _KINDS.values() for name in kind.options))


def rotate(
    loadings: npt.ArrayLike,
    *,
    method: str = "oblimin",
    normalize: bool | str | None = None,
    n_starts: int = 30,
    seed: int | np.random.Generator | None = 0,
    options: Mapping[str, Any] | None = None,
) -> Rotation:
    """Rotate loadings towards a criterion, from several random starts.

    Parameters
    ----------
    loadings : array, shape (items, factors)
        Unrotated (orthogonal) loadings.
    method : str
        "none", "varimax", "quartimax", "oblimin", "quartimin", "promax", "geomin", "geomin_orthogonal", "target",
        "target_orthogonal", "bifactor" or "bifactor_oblique". `criteria` has the formulas; geomin and target are
        oblique unless their name says otherwise, bifactor is orthogonal.
    normalize : bool or "varimax", optional
        Kaiser's normalisation: rows are divided by the roots of their communalities before, and multiplied after.
        Left out, the custom of psych and SPSS for the method: True for varimax and promax, False for all others
        (SPSS normalises oblimin too, which moves loadings by up to .1). For promax "varimax" normalises the varimax
        step alone, which is R's ``stats::promax`` after ``varimax``.
    n_starts : int
        The unrotated position and n_starts - 1 random orthogonal ones.
    seed : int or numpy Generator, optional
        Of the random starts, 0 or more; None takes a new one each time.
    options : mapping, optional
        ``gamma`` of oblimin (0; at most 0.8), ``power`` of promax (4), ``delta`` of geomin (0.01), ``target`` (items x
        factors, NaN where free).

    Returns
    -------
    Rotation
        In canonical order and signs; see `Rotation.canonical`.

    Notes
    -----
    Gradient projection [1]_ [2]_ with the criteria in the scaling of [3]_. Promax [4]_: varimax loadings v are
    regressed on sign(v) |v|^power, and the coefficients scaled to factors of variance one. The oblique bifactor
    rotation [6]_ lets group factors correlate with each other; at an optimum above zero the general factor correlates
    with none of them (a perfect fit leaves that open). The orthogonal one is [5]_.
    Checked against GPArotation 2022.10 and psych 2.2.9 (loadings and factor correlations within 1e-4 at the same
    criterion value), and the ``Rotator`` of factor-analyzer.

    References
    ----------
    .. [1] Jennrich RI (2001). A simple general procedure for orthogonal rotation. Psychometrika 66:289-306.
       doi:10.1007/BF02294840
    .. [2] Jennrich RI (2002). A simple general method for oblique rotation. Psychometrika 67:7-19.
       doi:10.1007/BF02294706
    .. [3] Bernaards CA, Jennrich RI (2005). Gradient projection algorithms and software for arbitrary rotation criteria
       in factor analysis. Educational and Psychological Measurement 65:676-696. doi:10.1177/0013164404272507
    .. [4] Hendrickson AE, White PO (1964). Promax: a quick method for rotation to oblique simple structure. British
       Journal of Statistical Psychology 17:65-70. doi:10.1111/j.2044-8317.1964.tb00244.x
    .. [5] Jennrich RI, Bentler PM (2011). Exploratory bi-factor analysis. Psychometrika 76:537-549.
       doi:10.1007/s11336-011-9218-4
    .. [6] Jennrich RI, Bentler PM (2012). Exploratory bi-factor analysis: the oblique case. Psychometrika 77:442-454.
       doi:10.1007/s11336-012-9269-1

    Examples
    --------
    R: ``GPArotation::quartimin(A)``

    >>> import numpy as np
    >>> simple = np.array([[0.8, 0], [0.7, 0], [0, 0.6], [0, 0.5]])
    >>> turned = simple @ np.array([[0.8, -0.6], [0.6, 0.8]])
    >>> np.abs(rotate(turned, method="quartimin").loadings - simple).max() < 1e-6
    np.True_
    """
    unrotated = np.asarray(loadings, dtype=np.float64)
    if unrotated.ndim != 2 or not np.isfinite(unrotated).all():
        raise ArgumentError("loadings: expected finite numbers, items x factors; got something else.")
    check_choice("rotation", method, ROTATIONS)
    check_integer("n_starts", n_starts, 1)
    start = check_seed(seed)
    chosen = _checked_options(method, dict(options or {}), unrotated.shape)
    n_factors = unrotated.shape[1]
    if method == "none" or (n_factors == 1 and not method.startswith("target")):
        return Rotation("none", False, False, unrotated, np.eye(n_factors), np.eye(n_factors)).canonical()
    if method.startswith("bifactor") and n_factors < 3:
        raise ArgumentError(f"n_factors: expected 3 or more for a bifactor rotation (one is general); got {n_factors}.")
    normalized = _KINDS[method].normalized if normalize is None else normalize
    if normalized not in (True, False) and not (method == "promax" and normalized == "varimax"):
        allowed = "True, False or 'varimax'" if method == "promax" else "True or False"
        raise ArgumentError(f"normalize: expected {allowed}; got {normalized!r}.")
    starts = random_starts(n_starts, n_factors, start)
    found = _rotated(unrotated, method, normalized, starts, chosen).canonical()
    used = tuple(
        (name, float(chosen.get(name, _DEFAULTS[name]))) for name in _KINDS[method].options if name in _DEFAULTS
    )
    return replace(found, options=used)


def _checked_options(method: str, options: dict[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    known = _KINDS[method].options if method in _KINDS else ()
    strange = [name for name in options if name not in known]
    if strange:
        takes = f"takes {quoted(known)}" if known else "takes no option"
        raise ArgumentError(f"{strange[0]}: the rotation {method!r} {takes}; got {strange[0]!r}.")
    if "gamma" in options:
        options["gamma"] = check_number("gamma", options["gamma"], -1000, 0.8)
    if "power" in options:
        options["power"] = check_number("power", options["power"], 1, 20)
    if "delta" in options:
        options["delta"] = check_number("delta", options["delta"], 1e-8, 1)
    if method.startswith("target"):
        options["target"] = _checked_target(options.get("target"), shape)
    return options


def _checked_target(target: Any, shape: tuple[int, ...]) -> Floats:
    expected = f"numbers for {shape[0]} items x {shape[1]} factors, NaN where a loading is free"
    if target is None:
        raise ArgumentError(f"target: expected {expected}; got none.")
    try:
        numbers = np.asarray(target, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"target: expected {expected}; got something that is no table of numbers.") from None
    if numbers.shape != shape:
        raise ArgumentError(f"target: expected {expected}; got an array of shape {numbers.shape}.")
    if np.isinf(numbers).any() or np.isnan(numbers).all():
        raise ArgumentError(
            f"target: expected {expected}; got {'infinity' if np.isinf(numbers).any() else 'NaN only'}."
        )
    return numbers


def _rotated(
    unrotated: Floats, method: str, normalized: bool | str, starts: Floats, options: dict[str, Any]
) -> Rotation:
    kind = _KINDS[method]
    lengths = np.sqrt(np.sum(unrotated**2, axis=1, keepdims=True))
    lengths = np.where(lengths > 0, lengths, 1.0) if normalized else np.ones_like(lengths)
    if method == "promax":
        return _promax(unrotated, lengths, normalized, starts, options.get("power", _DEFAULTS["power"]))
    if "target" in options:
        options = {"target": options["target"] / lengths}
    found = project(unrotated / lengths, kind.criterion(**options), starts, kind.oblique, _TOLERANCE, _STEPS)
    best, optima = _optima(found)
    turn = found.transformations[best]
    return Rotation(
        method=method,
        oblique=kind.oblique,
        normalized=normalized,
        loadings=rotated(unrotated, turn, kind.oblique),
        factor_correlations=_correlations(turn) if kind.oblique else np.eye(turn.shape[0]),
        transformation=turn,
        criterion=float(found.values[best]),
        converged=bool(found.norms[best] <= _NEAR),
        n_starts=len(starts),
        optima=optima,
    )


def _correlations(turn: Floats) -> Floats:
    found = turn.T @ turn
    np.fill_diagonal(found, 1.0)
    return found


def _optima(found: Projected) -> tuple[int, tuple[tuple[float, int], ...]]:
    """Which start ended lowest, and the distinct values of those that reached an optimum with their counts."""
    reached = np.flatnonzero(found.norms <= _NEAR)
    among = reached if reached.size else np.arange(found.values.size)
    among = among[np.argsort(found.values[among], kind="stable")]
    values = found.values[among]
    apart = np.diff(values, prepend=-np.inf) > _SAME_OPTIMUM * np.maximum(np.abs(values), 1e-2)
    heads = np.flatnonzero(apart)
    counts = np.diff(np.append(heads, values.size))
    lowest = among[: counts[0]]  # of starts in one optimum take the one that is sharpest there
    best = int(lowest[np.argmin(found.norms[lowest])])
    return best, tuple((float(values[head]), int(count)) for head, count in zip(heads, counts, strict=True))


def _promax(unrotated: Floats, lengths: Floats, normalized: bool | str, starts: Floats, power: float) -> Rotation:
    found = project(unrotated / lengths, criteria.varimax(), starts, False, _TOLERANCE, _STEPS)
    best, optima = _optima(found)
    scale = lengths if normalized is True else 1.0
    simple = (unrotated / scale) @ found.transformations[best]
    wanted = np.sign(simple) * np.abs(simple) ** power
    map_ = np.linalg.lstsq(simple, wanted, rcond=None)[0]
    inverse = np.linalg.inv(map_)
    map_ = map_ * np.sqrt(np.sum(inverse**2, axis=1))
    turn = np.linalg.inv(found.transformations[best] @ map_).T
    return Rotation(
        method="promax",
        oblique=True,
        normalized=normalized,
        loadings=rotated(unrotated, turn, True),
        factor_correlations=_correlations(turn),
        transformation=turn,
        converged=bool(found.norms[best] <= _NEAR),
        n_starts=len(starts),
        optima=optima,
    )
