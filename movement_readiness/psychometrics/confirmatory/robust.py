r"""Standard errors and tests of least-squares fits, from the asymptotic covariance of the moments.

With J the derivatives of the moments by the parameters, W the weights (a diagonal) and Gamma n times the asymptotic
covariance of the moments, block by block for the G groups, and as lavaan counts c_g = n_g (N - G) / N,

    A = sum_g c_g J'WJ,     M = sum_g c_g J'W Gamma W J,     T = sum_g (n_g - 1) r'W r.

The parameters have the covariance A^-1 M A^-1 (robust) or A^-1 (as if Gamma were 1 / W). With U = W - W J A^-1 J'W the
statistic T, no chi-square under the model, becomes one in mean and variance (Asparouhov and Muthen 2010):

    a T + df - a tr(U Gamma),     a = sqrt(df / tr((U Gamma)^2)).

Where clusters have respondents in several groups, Gamma has blocks across groups too and M becomes sum_gh sqrt(c_g c_h)
J_g'W_g Gamma_gh W_h J_h: all groups are then one `joined` block.

Numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "Block",
    "Information",
    "Shifted",
    "information",
    "joined",
    "judged_trace",
    "saturation_traces",
    "scaled_shifted",
    "traces",
]

Floats = npt.NDArray[np.float64]

_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One group: ``n``, ``jacobian`` (moments, free), ``weights`` (moments,), ``gamma`` (moments, moments) or None."""

    n: int
    jacobian: Floats
    weights: Floats
    gamma: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Information:
    """``inverse`` of A and ``middle`` M, shape (free, free); the latter None without gamma."""

    inverse: Floats
    middle: Floats | None

    @property
    def covariance(self) -> Floats:
        """Of the parameters: robust where gamma is known."""
        if self.middle is None:
            return self.inverse
        return np.asarray(self.inverse @ self.middle @ self.inverse)


@dataclass(frozen=True, slots=True)
class Shifted:
    """The statistic in mean and variance a chi-square: ``value``, ``factor`` 1 / a (as lavaan prints it), ``shift``."""

    value: float
    factor: float
    shift: float


def information(blocks: Sequence[Block]) -> Information | None:
    """A^-1 and M; None where the parameters are not identified."""
    counts = _counts(blocks)
    total = sum(count * _times(block) for count, block in zip(counts, blocks, strict=True))
    inverse = _inverted(np.asarray(total))
    if inverse is None:
        return None
    if any(block.gamma is None for block in blocks):
        return Information(inverse, None)
    middle = sum(
        count * _pulled(block).T @ np.asarray(block.gamma) @ _pulled(block)
        for count, block in zip(counts, blocks, strict=True)
    )
    return Information(inverse, np.asarray(middle))


def joined(blocks: Sequence[Block], gamma: Floats, n_first: int) -> Block:
    """Groups whose moments depend on each other as one block.

    Parameters
    ----------
    blocks : sequence of Block
    gamma : array, shape (moments of all, moments of all)
        Moments of group g multiplied by the root of its n.
    n_first : int
        The first so many moments of each group come first, then the others of all groups.
    """
    total = sum(block.n for block in blocks)
    sizes = [block.weights.size for block in blocks]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    order = np.concatenate(
        [start + np.arange(n_first) for start in starts]
        + [np.arange(start + n_first, start + size) for start, size in zip(starts, sizes, strict=True)]
    )
    shares = [np.sqrt(count / (total - 1)) for count in _counts(blocks)]
    jacobian = np.vstack([share * block.jacobian for share, block in zip(shares, blocks, strict=True)])
    weights = np.concatenate([block.weights for block in blocks])
    return Block(total, jacobian[order], weights[order], gamma[np.ix_(order, order)])


def _counts(blocks: Sequence[Block]) -> list[float]:
    total = sum(block.n for block in blocks)
    return [block.n * (total - len(blocks)) / total for block in blocks]


def _pulled(block: Block) -> Floats:
    return np.asarray(block.jacobian * block.weights[:, np.newaxis])


def _times(block: Block) -> Floats:
    return np.asarray(_pulled(block).T @ block.jacobian)


def _inverted(matrix: Floats) -> Floats | None:
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    if values.size and values[0] <= _SINGULAR * values[-1]:
        return None
    return np.asarray((vectors / values) @ vectors.T / np.outer(scale, scale))


def traces(blocks: Sequence[Block], found: Information) -> tuple[float, float]:
    """tr(U Gamma) and tr((U Gamma)^2)."""
    if found.middle is None:
        raise ValueError("gamma is needed")
    first = second = 0.0
    crossed = np.zeros_like(found.middle)
    for count, block in zip(_counts(blocks), blocks, strict=True):
        gamma = np.asarray(block.gamma)
        first += float(block.weights @ np.diag(gamma))
        second += _weighted_square(gamma, block.weights)
        moved = gamma @ _pulled(block)
        crossed += count * (moved * block.weights[:, np.newaxis]).T @ moved
    inside = found.inverse @ found.middle
    return (
        first - float(np.trace(inside)),
        second - 2 * float(np.sum(found.inverse * crossed)) + float(np.sum(inside * inside.T)),
    )


def judged_trace(blocks: Sequence[Block], found: Information, curvatures: Sequence[Floats], kept: slice) -> float:
    """tr(M'C M Gamma), M = I - J A^-1 J'W: the expectation of n r'C r for the residuals r of the fit.

    Parameters
    ----------
    blocks : sequence of Block
    found : Information
        Of the blocks.
    curvatures : sequence of arrays, shape (kept, kept)
        C of each group for some moments, those in ``kept``; zero for the others.
    kept : slice
    """
    if found.middle is None:
        raise ValueError("gamma is needed")
    total = 0.0
    crossed, own = np.zeros_like(found.middle), np.zeros_like(found.middle)
    for count, block, curvature in zip(_counts(blocks), blocks, curvatures, strict=True):
        gamma, jacobian = np.asarray(block.gamma), block.jacobian[kept]
        total += float(np.sum(curvature * gamma[kept, kept]))
        turned = curvature @ jacobian
        crossed += count * _pulled(block).T @ (gamma[:, kept] @ turned)
        own += count * jacobian.T @ turned
    inner = found.inverse @ found.middle @ found.inverse
    return total - 2 * float(np.sum(found.inverse * crossed)) + float(np.sum(own * inner))


def _weighted_square(gamma: Floats, weights: Floats) -> float:
    """tr(W Gamma W Gamma)."""
    return float(weights @ (gamma * gamma) @ weights)


def saturation_traces(blocks: Sequence[Block], kept: slice) -> tuple[float, float]:
    """`traces` of the model that fixes the moments in ``kept`` at zero and leaves all others free."""
    parts = [(np.asarray(block.gamma)[kept, kept], block.weights[kept]) for block in blocks]
    first = sum(float(weights @ np.diag(gamma)) for gamma, weights in parts)
    return first, sum(_weighted_square(gamma, weights) for gamma, weights in parts)


def scaled_shifted(statistic: float, df: int, first: float, second: float) -> Shifted:
    """Scale and shift a statistic by the two traces."""
    if df < 1 or second <= 0:
        return Shifted(statistic if df < 1 else np.nan, np.nan, np.nan)
    a = float(np.sqrt(df / second))
    shift = df - a * first
    return Shifted(a * statistic + shift, 1 / a, shift)
