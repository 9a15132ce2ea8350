"""Clusters whose respondents sit in several groups: what a group's estimates have in common with another's.

With m_gj what cluster j of group g does to the moments of g (the sum of its respondents' influences, enlarged by the
root of J_g / (J_g - 1), J_g clusters in g), the moments of groups g and h have the covariance sum_j m_gj m_hj'. Numpy
alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["joint_gamma", "over_teams"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def over_teams(sums: Sequence[Floats], teams: Sequence[Ints]) -> list[Floats]:
    """The sums of each group's clusters in rows that are the same cluster in all groups; zero where it is not.

    Parameters
    ----------
    sums : sequence of arrays, shape (clusters of the group, any)
    teams : sequence of arrays, shape (clusters of the group,)
        The number of each cluster in all groups, from 0.
    """
    count = 1 + max(int(numbers.max()) for numbers in teams)
    found = []
    for part, numbers in zip(sums, teams, strict=True):
        rows = np.zeros((count, part.shape[1]))
        rows[numbers] = part
        found.append(rows)
    return found


def joint_gamma(moved: Sequence[Floats], n: Sequence[int]) -> Floats:
    """The covariance of all groups' moments, those of group g multiplied by the root of its ``n``.

    Parameters
    ----------
    moved : sequence of arrays, shape (clusters of all groups, moments)
        What each cluster does to the moments of each group, from `over_teams`.
    n : sequence of int
    """
    whole = np.hstack([np.sqrt(count) * part for part, count in zip(moved, n, strict=True)])
    return np.asarray(whole.T @ whole)
