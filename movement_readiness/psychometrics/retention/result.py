"""What the retention rules have in common: a number of factors, a table that shows why, words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from movement_readiness.psychometrics.results import Result, counted, shown, within

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RetentionResult"]


@dataclass(frozen=True, repr=False, eq=False)
class RetentionResult(Result):
    """One rule's number of factors and the table it was read from.

    Attributes
    ----------
    rule : str
    n_factors : int
    table : DataFrame
        One row a component or number of factors; columns depend on the rule.
    n_respondents : float
        NaN for a matrix without.
    sentences : tuple of str
        Method and convention in words.
    """

    rule: str
    n_factors: int
    table: pd.DataFrame
    n_respondents: float
    sentences: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """The table, full precision."""
        return self.table.copy()

    def __repr__(self) -> str:
        of = within(self.sentences[0].rstrip(".")) if self.sentences else ""
        return f"<{type(self).__name__}: {self.rule}, {counted(self.n_factors, 'factor')}{self._how()}; {of}>"

    def _how(self) -> str:
        """What else the one line says of the method."""
        return ""

    def _heading(self) -> str:
        return f"{self.rule}: {counted(self.n_factors, 'factor')}"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        headings = [str(self.table.index.name), *(str(name).replace("_", " ") for name in self.table.columns)]
        return headings, [
            [str(label), *(_cell(value) for value in row)]
            for label, row in zip(self.table.index, self.table.itertuples(index=False), strict=True)
        ]

    def _sentences(self) -> Sequence[str]:
        return self.sentences


def _cell(value: object) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, (int, np.integer)):
        return str(value)
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else shown(float(value), 4)
    return str(value)
