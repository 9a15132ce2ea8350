"""Psychometric figures: how items were answered, how many factors they have, and which items belong to which."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from movement_readiness._validation import check_number
from movement_readiness.exceptions import ArgumentError
from movement_readiness.plots.picture import INK, PALE, QUIET, STYLE, WIDTH, Picture, new_axes
from movement_readiness.psychometrics import EFAResult, ParallelAnalysisResult, RetentionSummary, SchmidLeimanResult
from movement_readiness.psychometrics.items import ItemAnalysis
from movement_readiness.psychometrics.reliability import OmegaResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["item_distributions", "loadings_heat_map", "scree"]

Shares: TypeAlias = "npt.NDArray[np.float64]"
Sides: TypeAlias = "tuple[list[str], Shares, float]"
FactorSolution: TypeAlias = "EFAResult | SchmidLeimanResult | OmegaResult | pd.DataFrame"

_BELOW, _ABOVE = np.array([0.80, 0.52, 0.30]), np.array([0.36, 0.58, 0.80])  # full tones; mixed with white
_MIDDLE = "#e4e4e4"
_LABEL = 24  # letters of an item's or a factor's name on one line


def scree(found: ParallelAnalysisResult) -> Picture:
    """Eigenvalues of the items beside those of unrelated items, with the number of factors that stand out.

    Parameters
    ----------
    found : ParallelAnalysisResult
        From `parallel_analysis`.

    Returns
    -------
    Picture
        Filled dots for eigenvalues above the random ones, open dots for the others.

    Examples
    --------
    >>> import numpy as np
    >>> from movement_readiness.psychometrics import parallel_analysis
    >>> rng = np.random.default_rng(1)
    >>> answers = rng.normal(size=(200, 1)) + rng.normal(size=(200, 6))
    >>> picture = scree(parallel_analysis(answers, n_iterations=50, seed=1))
    >>> picture.alternative[:72]
    'Eigenvalues of 6 items beside those of unrelated items: 1 stands out. Co'
    """
    if isinstance(found, RetentionSummary):
        raise ArgumentError(
            "found: expected what parallel_analysis gave; got the summary of all rules. Its parallel analysis is "
            "scree(summary.parallel); with communalities in the diagonal, scree(summary.parallel_reduced)."
        )
    if not isinstance(found, ParallelAnalysisResult):
        raise ArgumentError(f"found: expected what parallel_analysis gave; got {type(found).__name__}.")
    table = found.table
    places = np.arange(1, len(table) + 1)
    kept = places <= found.n_factors
    observed, quantile = table["eigenvalue"].to_numpy(), table["random_quantile"].to_numpy()
    with mpl.rc_context(STYLE):
        figure, axes = new_axes(WIDTH, 3.4)
        axes.spines["left"].set_visible(True)
        name = f"unrelated items, {found.quantile:.0%} of {found.n_iterations} replications"
        axes.plot(places, quantile, linestyle=(0, (5, 2)), color=QUIET, linewidth=1.6, label=name)
        axes.plot(
            places, table["random_mean"], linestyle=":", color=QUIET, linewidth=1.3, label="unrelated items, mean"
        )
        axes.plot(places, observed, color=INK, linewidth=1.2, zorder=3)
        axes.plot(
            places[kept], observed[kept], "o", color=INK, markersize=7, zorder=4, label="items, above the random ones"
        )
        axes.plot(
            places[~kept], observed[~kept], "o", markerfacecolor="white", markeredgecolor=INK, markersize=6, zorder=4,
            label="items, not above",
        )  # fmt: skip
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        axes.set_xlim(0.4, len(table) + 0.6)
        axes.set_xlabel("component" if found.eigenvalues == "pca" else "factor")
        axes.set_ylabel("eigenvalue")
        axes.grid(axis="y", color=PALE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, fontsize=9, loc="upper right")
    return Picture(figure, _scree_words(found, observed, quantile))


def _scree_words(found: ParallelAnalysisResult, observed: Shares, quantile: Shares) -> str:
    n = found.n_factors
    verb = "stands" if n == 1 else "stand"
    shown = min(len(observed), n + 3)
    pairs = "; ".join(f"{place + 1}: {observed[place]:.2f} against {quantile[place]:.2f}" for place in range(shown))
    return (
        f"Eigenvalues of {len(observed)} items beside those of unrelated items: {n} {verb} out. Components, observed "
        f"against the {found.quantile:.0%} quantile of random ones: {pairs}."
    )


def loadings_heat_map(
    solution: FactorSolution,
    *,
    cut: float = 0.3,
    blank: float = 0.0,
    sort: bool = True,
    labels: Mapping[Any, str] | None = None,
) -> Picture:
    """Items x factors with the loading in every cell: darker is larger, bold is above the cut, hatched negative there.

    Parameters
    ----------
    solution : EFAResult, SchmidLeimanResult, OmegaResult or DataFrame
        A frame holds loadings alone, one row an item and one column a factor.
    cut : float, default 0.3
        Loadings smaller in size are printed small and pale; 0 to 1.
    blank : float, default 0
        Loadings smaller in size are not printed at all: .1 makes a large table quiet.
    sort : bool
        Items by the factor they load most on, largest first; False leaves their order.
    labels : mapping of item to text, optional
        Text instead of the items' names.

    Returns
    -------
    Picture

    Examples
    --------
    >>> import pandas as pd
    >>> loadings = pd.DataFrame({"f1": [0.7, 0.1], "f2": [-0.2, 0.6]}, index=["calm", "quick"])
    >>> loadings_heat_map(loadings).alternative
    'Loadings of 2 items on 2 factors; those of 0.3 and more in size. calm: f1 0.70; quick: f2 0.60.'
    """
    limit, least = check_number("cut", cut, 0, 1), check_number("blank", blank, 0, 1)
    loadings = _loadings_of(solution)
    if sort and len(loadings.columns):
        loadings = loadings.iloc[_by_factor(loadings)]
    words = dict(labels or {})
    names = [str(words.get(item, item)) for item in loadings.index]
    wrapped = ["\n".join(textwrap.wrap(name, _LABEL + 8)[:2]) for name in names]
    with mpl.rc_context(STYLE):
        width = 1.1 + 0.072 * max((len(line) for name in wrapped for line in name.split("\n")), default=0)
        figure, axes = new_axes(width + 0.72 * len(loadings.columns), 0.28 * len(loadings) + 0.7)
        axes.spines["bottom"].set_visible(False)
        for (place, factor), value in np.ndenumerate(loadings.to_numpy(dtype=float)):
            if abs(value) >= least:
                _loading_cell(axes, factor, place, value, limit)
        axes.set_xlim(-0.5, len(loadings.columns) - 0.5)
        axes.set_ylim(len(loadings) - 0.5, -0.5)
        axes.xaxis.tick_top()
        heads = ["\n".join(textwrap.wrap(str(name).replace("_", " "), 10)) for name in loadings.columns]
        axes.set_xticks(range(len(heads)), heads, fontsize=9)
        axes.set_yticks(range(len(names)), wrapped, fontsize=9)
    return Picture(figure, _loadings_words(loadings, names, limit))


def _loadings_of(solution: FactorSolution) -> pd.DataFrame:
    if isinstance(solution, OmegaResult):
        return solution.loadings.drop(columns=["communality", "uniqueness"])
    loadings = solution.loadings if isinstance(solution, EFAResult | SchmidLeimanResult) else solution
    if not isinstance(loadings, pd.DataFrame) or not loadings.size:
        raise ArgumentError(
            f"solution: expected what efa, schmid_leiman or mcdonald_omega gave, or a frame of loadings; "
            f"got {type(solution).__name__}."
        )
    return loadings


def _by_factor(loadings: pd.DataFrame) -> list[int]:
    """Rows by their largest loading: factor by factor, larger ones first; a general factor does not decide."""
    size = loadings.abs().to_numpy()
    groups = size[:, 1:] if str(loadings.columns[0]) == "general" and size.shape[1] > 1 else size
    home = groups.argmax(axis=1)
    return sorted(range(len(size)), key=lambda row: (home[row], -groups[row, home[row]]))


def _loading_cell(axes: Axes, column: int, place: int, value: float, cut: float) -> None:
    tone = 1 - (1 - _ABOVE) * min(abs(value), 1) * 0.9
    large = abs(value) >= cut
    hatch = "////" if large and value < 0 else None
    corner = (column - 0.47, place - 0.44)
    cell = Rectangle(corner, 0.94, 0.88, facecolor=tuple(tone), edgecolor="#8c8c8c", linewidth=0, hatch=hatch)
    axes.add_patch(cell).set_clip_on(False)
    text = f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # no minus zero
    style: dict[str, Any] = {"fontweight": "bold", "color": INK} if large else {"color": QUIET, "fontsize": 8}
    if hatch:
        style["bbox"] = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
    axes.text(column, place, text, ha="center", va="center", **style)


def _loadings_words(loadings: pd.DataFrame, names: Sequence[str], cut: float) -> str:
    rows = []
    for name, (_, row) in zip(names, loadings.iterrows(), strict=True):
        large = [f"{factor} {value:.2f}" for factor, value in row.items() if abs(value) >= cut]
        rows.append(f"{name}: {', '.join(large) or 'none'}")
    head = f"Loadings of {len(loadings)} items on {len(loadings.columns)} factor{'s' * (len(loadings.columns) != 1)}"
    return f"{head}; those of {cut:g} and more in size. {'; '.join(rows)}."


def item_distributions(analysis: ItemAnalysis, *, labels: Mapping[Any, str] | None = None) -> Picture:
    """Answers to each item as a bar around the middle of its options: lower ones to the left, higher ones to the right.

    Parameters
    ----------
    analysis : ItemAnalysis
        From `item_analysis`, told the `n_options` where somebody may have left an option unused.
    labels : mapping of item to text, optional
        Text instead of the items' names.

    Returns
    -------
    Picture
        The middle option of an odd number straddles the line. Options farther from the middle are darker; each is
        named in its part of the bar where there is room. Percentages: below, at, and above the middle.

    Examples
    --------
    >>> from movement_readiness.psychometrics.items import item_analysis
    >>> picture = item_distributions(item_analysis([[1, 2], [2, 1], [3, 3], [3, 1]], n_options=3))
    >>> picture.alternative
    'Answers to 2 items around the middle of their options. item_1: 25% below, 25% at, 50% above the middle; item_2:
     50% below, 25% at, 25% above the middle.'
    """
    if not isinstance(analysis, ItemAnalysis):
        raise ArgumentError(f"analysis: expected what item_analysis gave; got {type(analysis).__name__}.")
    words = dict(labels or {})
    items = list(dict.fromkeys(analysis.items.index))
    missing = analysis.items["missing"].groupby(level=0).first()
    parts = [_sides(analysis.distribution, item) for item in items]
    names = [str(words.get(item, item)) for item in items]
    with mpl.rc_context(STYLE):
        figure, axes = new_axes(WIDTH + 0.6, 0.34 * len(items) + 0.9)
        axes.spines["bottom"].set_visible(False)
        for place, (labels_here, shares, left) in enumerate(parts):
            _bar(axes, place, labels_here, shares, left)
        axes.axvline(0, color=INK, linewidth=0.8, zorder=0)
        axes.set_ylim(len(items) - 0.4, -0.6)
        reach = max(max(-left, shares.sum() + left) for _, shares, left in parts) + 0.03
        _percentages(axes, [shares for _, shares, _ in parts], reach)
        axes.set_xlim(-reach - 0.1, reach + 0.1)
        axes.set_xticks([-reach, 0, reach], ["below the middle", "middle", "above the middle"], fontsize=9)
        axes.set_yticks(range(len(items)), ["\n".join(textwrap.wrap(name, _LABEL)[:2]) for name in names], fontsize=9)
    return Picture(figure, _distribution_words(names, parts, [float(missing[item]) for item in items]))


def _sides(distribution: pd.DataFrame, item: Any) -> Sides:
    """Options of an item, their shares, and where its bar begins: minus the share below the middle."""
    rows = distribution[distribution["item"] == item]
    shares = rows["share"].to_numpy(dtype=float)
    below, at, _ = _three(shares)
    return [str(label) for label in rows["category"]], shares, -(below + at / 2)


def _three(shares: Shares) -> tuple[float, float, float]:
    """Shares below, at and above the middle; nothing is at the middle of an even number of options."""
    half = len(shares) // 2
    at = float(shares[half]) if len(shares) % 2 else 0.0
    return float(shares[:half].sum()), at, float(shares[len(shares) - half :].sum())


def _bar(axes: Axes, place: int, labels: Sequence[str], shares: Shares, left: float) -> None:
    middle, start = (len(shares) - 1) / 2, left
    for option, (label, share) in enumerate(zip(labels, shares, strict=True)):
        away = (option - middle) / max(middle, 0.5)
        full = _BELOW if away < 0 else _ABOVE
        colour: Any = _MIDDLE if away == 0 else tuple(1 - (1 - full) * (0.25 + 0.6 * abs(away)))
        axes.add_patch(
            Rectangle((start, place - 0.34), share, 0.68, facecolor=colour, edgecolor="white", linewidth=0.8, zorder=2)
        )
        if share > 0.028 * len(label) + 0.015:
            axes.text(start + share / 2, place, label, ha="center", va="center", fontsize=8, color=INK, zorder=3)
        start += share


def _percentages(axes: Axes, shares: Sequence[Shares], reach: float) -> None:
    """Write the shares below and above the middle at both ends of every row."""
    for place, row in enumerate(shares):
        below, _, above = _three(row)
        axes.text(-reach, place, f"{below:.0%}", ha="right", va="center", fontsize=8, color=INK)
        axes.text(reach, place, f"{above:.0%}", ha="left", va="center", fontsize=8, color=INK)


def _distribution_words(names: Sequence[str], parts: Sequence[Sides], missing: Sequence[float]) -> str:
    rows = []
    for name, (_, shares, _), gone in zip(names, parts, missing, strict=True):
        below, at, above = _three(shares)
        middle = f", {at:.0%} at" if len(shares) % 2 else ""
        lacking = f", {gone:.0%} missing" if gone else ""
        rows.append(f"{name}: {below:.0%} below{middle}, {above:.0%} above the middle{lacking}")
    return f"Answers to {len(names)} items around the middle of their options. {'; '.join(rows)}."
