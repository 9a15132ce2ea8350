"""What is wrong with a model or its solution, in sentences that name the parameters.

A model that no data could identify is refused before the search; a solution that cannot be right is warned of.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import n_of
from movement_readiness.exceptions import (
    ArgumentError,
    EstimationWarning,
    HeywoodWarning,
    NonConvergenceWarning,
    NotIdentifiedWarning,
    NotPositiveDefiniteWarning,
)
from movement_readiness.psychometrics.confirmatory.implied import Matrices, Model
from movement_readiness.psychometrics.confirmatory.search import Found
from movement_readiness.psychometrics.confirmatory.specification import ParameterTable
from movement_readiness.psychometrics.results import shown

__all__ = ["admissibility", "check_counts", "check_identified", "convergence", "free_directions", "not_identified"]

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
        f"model: not identified; no data can tell these parameters apart: {_listed(names)}. {_small_factor(model)}"
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


def not_identified(model: Model, theta: Floats) -> list[Finding]:
    """The finding that at these estimates parameters cannot be told apart."""
    names = free_directions(_in_units(model, theta), model.table.free_names)
    what = f"these parameters cannot be told apart: {_listed(names)}" if names else "the information is singular"
    sentence = (
        f"At the estimates {what}; there are no standard errors. Fix one of them, or leave out what has loadings "
        "near zero."
    )
    return [(NotIdentifiedWarning, sentence)]


def admissibility(model: Model, theta: Floats) -> list[Finding]:
    """Variances below zero, correlations beyond one, falling thresholds, matrices that no variables could have."""
    found: list[Finding] = []
    for group, matrices in enumerate(model.matrices(theta)):
        where = f" in group {group + 1}" if model.table.n_groups > 1 else ""
        found += _group(model, matrices, where)
        found += _thresholds(model.table, theta, group, where)
    return found


def _thresholds(table: ParameterTable, theta: Floats, group: int, where: str) -> list[Finding]:
    """The finding that thresholds of an item do not rise."""
    rows = sorted((row for row in table.rows if row.op == "|" and row.group == group), key=lambda row: int(row.rhs[1:]))
    values: dict[str, list[float]] = {}
    for row in rows:
        values.setdefault(row.lhs, []).append(float(theta[row.free]) if row.free >= 0 else row.value)
    fallen = [f"{item} ({', '.join(map(shown, at))})" for item, at in values.items() if (np.diff(at) <= 0).any()]
    if not fallen:
        return []
    sentence = (
        f"Thresholds that do not rise{where}: {_listed(fallen)}. No answers could have them; do not interpret this "
        "solution, and look at what the model fixes or makes equal there."
    )
    return [(EstimationWarning, sentence)]


def _group(model: Model, m: Matrices, where: str) -> list[Finding]:
    items, factors = model.table.items, model.table.factors
    negative = [f"{x}~~{x} ({shown(v)})" for x, v in zip(items, np.diag(m.theta), strict=True) if v < _BELOW_ZERO]
    negative += [f"{f}~~{f} ({shown(v)})" for f, v in zip(factors, np.diag(m.psi), strict=True) if v < _BELOW_ZERO]
    found: list[Finding] = []
    if negative:
        sentence = (
            f"Variances below zero{where}: {_listed(negative)}. A Heywood case: too few respondents or items, or a "
            "wrong model; do not interpret it."
        )
        found.append((HeywoodWarning, sentence))
    spread = m.factor_covariances
    beyond = [] if negative else _beyond(factors, spread)
    if beyond:
        sentence = (
            f"Correlations of factors beyond one in size{where}: {_listed(beyond)}. They are one factor to these "
            "answers, or the model lacks something; join them, or look at the modification indices."
        )
        found.append((NotPositiveDefiniteWarning, sentence))
    elif not negative and len(factors) and np.linalg.eigvalsh(spread)[0] < _BELOW_ZERO:
        sentence = (
            f"The covariance matrix of the factors ({', '.join(factors)}) is not positive definite{where}: its "
            f"smallest eigenvalue is {np.linalg.eigvalsh(spread)[0]:.2g}. No factors could have it; leave one out, or "
            "join two."
        )
        found.append((NotPositiveDefiniteWarning, sentence))
    off = m.theta - np.diag(np.diag(m.theta))
    if not negative and off.any() and np.linalg.eigvalsh(m.theta)[0] < _BELOW_ZERO:
        places = np.argwhere(np.triu(off)).tolist()
        pairs = [f"{items[i]}~~{items[j]}" for i, j in places]
        sentence = (
            f"The covariance matrix of the residuals is not positive definite{where}; look at {_listed(pairs)}. "
            "A residual covariance is larger than the residual variances allow."
        )
        found.append((NotPositiveDefiniteWarning, sentence))
    return found


def _beyond(factors: Sequence[str], spread: Floats) -> list[str]:
    size = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    correlations = spread / np.outer(size, size)
    return [
        f"{factors[i]}~~{factors[j]} ({shown(correlations[i, j])})"
        for i, j in combinations(range(len(factors)), 2)
        if abs(correlations[i, j]) > 1 + 1e-6
    ]


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
