"""`ItemAnalysis`: what `item_analysis` finds, and how it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from movement_readiness.psychometrics.results import Result, shown

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ItemAnalysis"]


@dataclass(frozen=True, repr=False)
class ItemAnalysis(Result):
    """How items were answered and how they go together; made by `item_analysis`.

    Attributes
    ----------
    items : DataFrame
        One row for each item of each scale, in order; what `to_frame` gives.
    distribution : DataFrame
        Columns item, category, n, share (of the answers): one row for each response option of each item, also those
        nobody chose, as far as they are known.
    scales : DataFrame
        Index scale; columns n_items, n_respondents, alpha, mean_correlation.
    n_respondents : int
        Rows with an answer.
    missing, correlation : str
    skewness_type : int
    """

    items: pd.DataFrame
    distribution: pd.DataFrame
    scales: pd.DataFrame
    n_respondents: int
    missing: str
    correlation: str
    skewness_type: int

    def to_frame(self) -> pd.DataFrame:
        """The table of items, full precision."""
        return self.items.copy()

    def __repr__(self) -> str:
        worst = self.items["item_rest"].idxmin() if self.items["item_rest"].notna().any() else None
        least = "" if worst is None else f", least item-rest r {shown(self.items['item_rest'].min())} ({worst})"
        return (
            f"<ItemAnalysis: {self.items.index.nunique()} items in {len(self.scales)} scale"
            f"{'s' * (len(self.scales) != 1)}, {self.n_respondents} respondents{least}>"
        )

    def _heading(self) -> str:
        return "Item analysis"

    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        columns = [
            "n",
            "missing",
            "mean",
            "sd",
            "skew",
            "kurtosis",
            "floor",
            "ceiling",
            "item_rest",
            "alpha_if_dropped",
        ]
        several = len(self.scales) > 1
        headings = ["item", *(["scale"] if several else []), *(name.replace("_", " ") for name in columns)]
        rows = []
        for item, row in self.items.iterrows():
            numbers = [str(row["n"]), *(shown(row[name], 2) for name in columns[1:])]
            rows.append([str(item), *([str(row["scale"])] if several else []), *numbers])
        return headings, rows

    def _sentences(self) -> Sequence[str]:
        deletion = {
            "listwise": "respondents who answered every item of the scale",
            "pairwise": "for each pair of items the respondents who answered both",
        }[self.missing]
        alphas = "; ".join(
            f"{scale}: alpha {shown(row['alpha'])} ({row['n_items']:.0f} items, {row['n_respondents']:.0f} respondents)"
            for scale, row in self.scales.iterrows()
        )
        reversed_ = [str(item) for item in self.items.index[self.items["key"] < 0]]
        turned = (
            f"Reversed for item rest and alpha: {', '.join(dict.fromkeys(reversed_))}. Their mean, sd, skew, floor and "
            "ceiling are of the answers as given."
            if reversed_
            else ""
        )
        return (
            f"{self.n_respondents} respondents with an answer. {alphas}.",
            turned,
            "missing, floor and ceiling are shares: of respondents; of answers at the lowest and the highest option.",
            f"item rest: correlation with the sum of the other items, itself left out ({self.correlation}), over "
            f"{deletion}. Skew and kurtosis are of type {self.skewness_type}; kurtosis of a normal variable is 0.",
        )
