r"""Maximum likelihood without faith in normality: sandwich standard errors, and the test that goes with them.

With A0 the observed second derivatives of F at the estimates and B0 the mean product of respondents' slopes, the
covariance of the estimates is A0^-1 B0 A0^-1 / N; with A1 and B1 the same without a model, the chi-square is divided
by

    c = (tr(B1 A1^-1) - tr(B0 A0^-1)) / df

(Yuan and Bentler 2000, as Mplus and lavaan's ``yuan.bentler.mplus`` have it; Asparouhov and Muthen 2005). Where
respondents sit in J clusters, slopes are added up within clusters first, and B is enlarged by J / (J - 1). In several
groups J is that of each; where clusters have respondents in several groups, the sums of a cluster, each enlarged by
the root of its group's factor, are added up over groups too (lavaan 0.6-14 takes them for different clusters). Numpy
and scipy alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from movement_readiness.psychometrics.confirmatory import normal
from movement_readiness.psychometrics.confirmatory.normal_fit import NormalProblem
from movement_readiness.psychometrics.confirmatory.normal_sample import CompleteSample, NormalSample
from movement_readiness.psychometrics.confirmatory.saturated import Saturated
from movement_readiness.psychometrics.confirmatory.teams import over_teams

__all__ = ["Sandwich", "crossed_scores", "sandwich", "saturated_trace", "summed_scores"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Sandwich:
    """``covariance`` of the estimates (parameters, parameters), and ``trace`` tr(B0 A0^-1)."""

    covariance: Floats
    trace: float


def crossed_scores(
    sample: NormalSample, mu: Floats | None, sigma: Floats, with_means: bool, by: Floats | None = None
) -> Floats:
    """Mean over respondents of s s', s the slopes by moments, or by parameters where ``by`` is their jacobian.

    With clusters, s s' of the sums of clusters, enlarged by J / (J - 1).
    """
    blocks: Iterator[Floats] = normal.scores(sample, mu, sigma, with_means)
    if by is not None:
        blocks = (block @ by for block in blocks)
    if sample.clusters is None:
        return np.asarray(sum(block.T @ block for block in blocks)) / sample.n
    sums = _summed(blocks, sample.clusters)
    return np.asarray(sums.T @ sums) / sample.n


def summed_scores(
    sample: NormalSample, mu: Floats | None, sigma: Floats, with_means: bool, by: Floats | None = None
) -> Floats:
    """The slopes of each cluster, added up and enlarged by the root of J / (J - 1), shape (clusters, slopes)."""
    if sample.clusters is None:
        raise ValueError("clusters are needed")
    blocks: Iterator[Floats] = normal.scores(sample, mu, sigma, with_means)
    return _summed(blocks if by is None else (block @ by for block in blocks), sample.clusters)


def _summed(blocks: Iterator[Floats], clusters: npt.NDArray[np.int64]) -> Floats:
    codes = np.unique(clusters, return_inverse=True)[1]
    n_clusters, sums, begin = int(codes.max()) + 1, None, 0
    for block in blocks:
        sums = np.zeros((n_clusters, block.shape[1])) if sums is None else sums
        np.add.at(sums, codes[begin : begin + len(block)], block)
        begin += len(block)
    filled = np.zeros((1, 1)) if sums is None else sums
    return np.asarray(filled * np.sqrt(n_clusters / (n_clusters - 1)))


def sandwich(problem: NormalProblem, theta: Floats, observed: Floats) -> Sandwich:
    """Robust covariance of the estimates, with ``observed`` their `NormalProblem.observed_information`."""
    means, teams = problem.model.means, [sample.teams for sample in problem.samples]
    parts = list(
        zip(problem.samples, problem.shares, problem.moments(theta), problem.model.jacobian(theta), strict=True)
    )
    known = [numbers for numbers in teams if numbers is not None]
    if len(known) == len(teams):
        sums = [summed_scores(sample, mu, sigma, means, by) for sample, _, (mu, sigma), by in parts]
        whole = np.asarray(sum(over_teams(sums, known)))
        middle = whole.T @ whole / problem.n
    else:
        found = [share * crossed_scores(sample, mu, sigma, means, by) for sample, share, (mu, sigma), by in parts]
        middle = np.asarray(sum(found))
    inverse = np.linalg.inv(observed)
    return Sandwich(inverse @ middle @ inverse / problem.n, float(np.trace(middle @ inverse)))


def saturated_trace(samples: Sequence[NormalSample], found: Sequence[Saturated], with_means: bool) -> float:
    """tr(B1 A1^-1) of the moments without a model.

    Of p items answered completely by independent respondents, with D_i the distance of respondent i from the mean
    (Mahalanobis), it is (mean(D_i^4) - p) / 2 for the covariances and p for the means.
    """
    total = 0.0
    for sample, moments in zip(samples, found, strict=True):
        if isinstance(sample, CompleteSample) and sample.clusters is None:
            total += _complete_trace(sample, moments, with_means)
            continue
        curved = normal.curvature(sample, moments.mean, moments.covariance, with_means)
        middle = crossed_scores(sample, moments.mean, moments.covariance, with_means)
        total += _trace(curved, middle)
    return total


def _trace(curved: Floats, middle: Floats) -> float:
    try:
        return float(np.trace(np.linalg.solve(curved, middle)))
    except np.linalg.LinAlgError:
        return float("nan")


def _complete_trace(sample: CompleteSample, moments: Saturated, with_means: bool) -> float:
    if sample.values is None:
        raise ValueError("the answers themselves are needed")
    root = np.linalg.cholesky(moments.covariance)
    distances = (solve_triangular(root, (sample.values - moments.mean).T, lower=True) ** 2).sum(axis=0)
    p = sample.n_items
    return (float((distances**2).mean()) - p) / 2 + (p if with_means else 0)
