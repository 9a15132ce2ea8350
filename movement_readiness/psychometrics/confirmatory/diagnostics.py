"""What is wrong with a model or a search, in sentences that name the parameters.

A model that no data could identify is refused before the search; what is wrong with a solution says `admissible`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import n_of
from movement_readiness.exceptions import (
    ArgumentError,
    NonConvergenceWarning,
)
from movement_readiness.psychometrics.confirmatory.implied import Model
from movement_readiness.psychometrics.confirmatory.search import Found
from movement_readiness.psychometrics.results import shown

__all__ = ["check_counts", "check_identified", "convergence", "flat_parameters", "free_directions", "listed"]

Floats = npt.NDArray[np.float64]
Finding = tuple[type[Warning], str]

_FLAT = 1e-9
_INVOLVED = 0.05
_NAMED = 8
_BELOW_ZERO = -1e-6


def check_counts(model: Model) -> None:
    """Refuse a model with more parameters than there are moments to estimate them from."""
    moments = model.n_moments * model.table.n_groups
    if model.n_free <= moments:
        return
    what = "thresholds and correlations" if model.ordinal else "variances and covariances"
    what = f"means, {what}" if model.means and not model.ordinal else what
    raise ArgumentError(
        f"model: expected at most as many free parameters as there are {what}, {moments}; got {model.n_free}. "
        f"{_small_factor(model)}Fix parameters (0*x, 1*x), make some equal (a*x1 + a*x2), or add items."
    )


def _small_factor(model: Model) -> str:
    table = model.table
    for factor in table.factors:
        own = {row.rhs for row in table.rows if row.op == "=~" and row.lhs == factor}
        if len(own) < 3:
            return f"Factor {factor!r} has {n_of(len(own), 'indicator')}; alone it needs three. "
    return ""


def check_identified(model: Model, start: Floats) -> None:
    """Refuse a model whose parameters no data could tell apart: J has not full rank near the start."""
    rng = np.random.default_rng(1)
    for _ in range(2):
        theta = start * (1 + 0.1 * rng.uniform(-1, 1, start.size)) + _unit(model, start) * rng.uniform(
            -1, 1, start.size
        )
        names = free_directions(_in_units(model, theta), model.table.free_names)
        if not names:
            return
    raise ArgumentError(
        f"model: not identified; no data can tell these parameters apart: {listed(names)}. {_small_factor(model)}"
        "Fix one of them (a loading or a variance at 1, a covariance at 0), or make some equal."
    )


def _unit(model: Model, start: Floats) -> Floats:
    """A fiftieth of what is usual for each parameter: covariances that begin at zero are not left there."""
    sizes = {
        (row.group, row.lhs): np.sqrt(abs(start[row.free] if row.free >= 0 else row.value))
        for row in model.table.rows
        if row.op == "~~" and row.lhs == row.rhs
    }
    unit = 0.02 * np.abs(start)
    for row in model.table.rows:
        if row.free >= 0 and row.op == "~~" and row.lhs != row.rhs:
            unit[row.free] = 0.02 * sizes[row.group, row.lhs] * sizes[row.group, row.rhs]
    return unit


def _in_units(model: Model, theta: Floats) -> Floats:
    """The derivatives of all moments, those of means and covariances in implied standard deviations."""
    parts = []
    first, second = model.pairs
    for jacobian, moments in zip(model.jacobian(theta), model.implied(theta), strict=True):
        spread = np.sqrt(np.maximum(np.abs(np.diag(moments.sigma)), 1e-300))
        products = spread[first] * spread[second]
        before = model.n_moments - products.size
        sizes = np.concatenate([spread if before == spread.size and not model.ordinal else np.ones(before), products])
        parts.append(jacobian / sizes[:, np.newaxis])
    return np.concatenate(parts)


def free_directions(jacobian: Floats, names: Sequence[str]) -> list[str]:
    """The parameters that can move together without a trace in the moments; none where all is identified."""
    if not names:
        return []
    if not np.isfinite(jacobian).all():
        return []
    size = np.sqrt((jacobian**2).sum(axis=0))
    scaled = jacobian / np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(scaled.T @ scaled)
    lost = vectors[:, values < _FLAT * values[-1]]
    if not lost.size:
        return []
    weight = np.abs(lost).max(axis=1)
    return [name for name, one in zip(names, weight, strict=True) if one > _INVOLVED * weight.max()]


def convergence(found: Found, model: Model) -> list[Finding]:
    """The finding that the search did not end well."""
    if found.converged:
        return []
    if not np.isfinite(found.value):
        sentence = (
            "What the model fixes implies no possible covariance matrix where the search begins; look at fixed "
            "variances and covariances, or begin elsewhere with start()."
        )
        return [(NonConvergenceWarning, sentence)]
    name, value = model.table.free_names[found.furthest], float(found.theta[found.furthest])
    sentence = (
        f"The search for the parameters stopped after {found.n_steps} steps at no minimum ({name}, which went "
        f"furthest, is at {shown(value)}); the estimates are where it stopped, without standard errors and tests. "
        "Look at that parameter: an item or a factor with loadings near zero, two factors that are one to these "
        "answers and parameters made equal that differ do this. Leave it out, or begin elsewhere with start()."
    )
    return [(NonConvergenceWarning, sentence)]


def flat_parameters(model: Model, theta: Floats) -> list[str]:
    """The parameters that cannot be told apart at these estimates."""
    return free_directions(_in_units(model, theta), model.table.free_names)


def listed(words: Sequence[str]) -> str:
    """The first few names of a sentence, and how many more there are."""
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
