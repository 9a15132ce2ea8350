"""Teams in an item frame: the columns that say who sits where are no items, and are not passed over in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError, ClusteredDataWarning, TooFewClustersWarning
from movement_readiness.psychometrics._inputs import check_same_rows, group_codes
from movement_readiness.psychometrics.results import give_warning

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "GROUP_COLUMNS",
    "few_clusters",
    "split_clusters",
    "warn_of_clusters",
    "warn_of_few_clusters",
    "without_groups",
]

Ints = npt.NDArray[np.int64]

GROUP_COLUMNS = ("site", "team", "site_id", "team_id", "group_id")  # columns that are never items, in any capitals
_FEWEST = (
    10  # clusters; simulated standard errors of alpha were too small by 25 % with 3, 13 with 5 and 6 to 12 with 10
)
_TEAMS = ("team", "team_id", "group_id")


def without_groups(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Any]]:
    """Take the columns that name a site or a team out of an item frame; the items, and those names."""
    groups = [name for name in frame.columns if str(name).casefold() in GROUP_COLUMNS]
    return (frame.drop(columns=groups) if groups else frame), groups


def warn_of_clusters(argument: str, frame: pd.DataFrame, groups: list[Any]) -> None:
    """Give a `ClusteredDataWarning` where the frame has teams: nobody named a cluster."""
    if not any(str(name).casefold() in _TEAMS for name in groups):
        return
    codes, n_teams = group_codes(argument, frame[groups])
    if n_teams < 2 or n_teams == (codes >= 0).sum():
        return
    named = repr(groups[0]) if len(groups) == 1 else repr([str(name) for name in groups])
    give_warning(
        f"{argument}: respondents sit in {n_teams} teams (column {quoted(groups)}) and no cluster was named, so they "
        f"are taken as independent: intervals tend to be too narrow and tests too eager. Where the function has it, "
        f"give cluster={named}; or take the column out to say that teams do not matter.",
        ClusteredDataWarning,
    )


def few_clusters(n_clusters: int | None) -> list[tuple[type[Warning], str]]:
    """The finding that standard errors rest on fewer than ten clusters."""
    if n_clusters is None or n_clusters >= _FEWEST:
        return []
    sentence = (
        f"cluster: {n_clusters} clusters are few for standard errors that allow for them; with fewer than {_FEWEST} "
        "they tend to be too small, the more so the fewer and the more unequal the clusters. Read an interval as the "
        "least there is to doubt, or find more clusters."
    )
    return [(TooFewClustersWarning, sentence)]


def warn_of_few_clusters(n_clusters: int | None) -> None:
    """Give that finding as a warning."""
    for category, sentence in few_clusters(n_clusters):
        give_warning(sentence, category)


def split_clusters(argument: str, frame: pd.DataFrame, cluster: Any) -> tuple[pd.DataFrame, Ints | None]:
    """Separate the items of a frame from the cluster of each row, and warn where there are teams and no cluster.

    Parameters
    ----------
    argument : str
        What the frame is called, for sentences.
    frame : DataFrame
    cluster : None, column name, list of column names, or labels
        One label a row (array, Series or frame with the same row labels), or which columns of `frame` hold them;
        several columns together are one label.

    Returns
    -------
    DataFrame, array or None
        The frame without columns of groups; the cluster of each row from 0, -1 where its label is missing.

    Raises
    ------
    ArgumentError
        No such column, another number of rows, or fewer than two clusters.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"team": ["a", "a", "b"], "q1": [1, 2, 3], "q2": [2, 2, 3]})
    >>> items, codes = split_clusters("items", frame, "team")
    >>> list(items.columns), codes.tolist()
    (['q1', 'q2'], [0, 0, 1])
    """
    items, groups = without_groups(frame)
    if cluster is None:
        warn_of_clusters(argument, frame, groups)
        return items, None
    named = _column_names(argument, frame, cluster)
    if named:
        labels, items = frame[named], items.drop(columns=[name for name in named if name in items.columns])
    else:
        labels = cluster
        check_same_rows(argument, frame, "cluster", labels)
    codes, n_clusters = group_codes("cluster", labels)
    if n_clusters < 2:
        raise ArgumentError(f"cluster: expected two or more clusters; got {n_clusters}.")
    return items, codes


def _column_names(argument: str, frame: pd.DataFrame, cluster: Any) -> list[Any]:
    """Which columns `cluster` names; none where it holds labels itself."""
    if isinstance(cluster, str):
        wanted = [cluster]
    elif isinstance(cluster, (list, tuple)) and cluster and all(isinstance(part, str) for part in cluster):
        wanted = list(cluster)
    else:
        return []
    unknown = [name for name in wanted if name not in frame.columns]
    if not unknown:
        return wanted
    if len(wanted) == len(frame) > 1:  # a list of labels, one a row
        return []
    hint = closest(unknown[0], [str(name) for name in frame.columns])
    raise ArgumentError(
        f"cluster: expected a column of {argument} or one label a row; "
        f"{unknown[0]!r} is none of {quoted(list(frame.columns))}.{hint}"
    )
