"""Scores of groups: the profile of a team, a strip between two poles, a table of teams and scales."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.patches import Rectangle

from movement_readiness.plots.picture import INK, PALE, QUIET, STYLE, WIDTH, Picture, new_axes

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["heat_map", "profile", "pull_strip"]


def profile(
    rows: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    name: str,
    reference: pd.DataFrame | None = None,
    reference_name: str = "",
) -> Picture:
    """Scales as dots with intervals on 0-100; the reference as a pale band with a tick.

    Parameters
    ----------
    rows : DataFrame
        Columns scale, mean, ci_low, ci_high, withheld; drawn from top to bottom. A withheld row is drawn
        as a hatched line.
    labels : mapping of scale to text
    name, reference_name : str
        Who the dots and the band stand for.
    reference : DataFrame, optional
        The same columns for the group to compare with.

    Returns
    -------
    Picture
    """
    with mpl.rc_context(STYLE):
        figure, axes = new_axes(WIDTH, 0.5 * len(rows) + 1.0)
        places = range(len(rows))
        if reference is not None:
            _reference_bands(axes, list(rows["scale"]), reference, reference_name)
        shown = rows[~rows["withheld"]]
        heights = [place for place, hidden in zip(places, rows["withheld"], strict=True) if not hidden]
        axes.hlines(heights, shown["ci_low"], shown["ci_high"], color=INK, linewidth=2)
        axes.plot(shown["mean"], heights, "o", color=INK, markersize=9, label=f"{name}: mean and 95 % interval")
        for place, mean in zip(heights, shown["mean"], strict=True):
            axes.annotate(
                f"{mean:.0f}",
                (mean, place),
                (0, 8),
                textcoords="offset points",
                ha="center",
                fontweight="bold",
            )
        for place in sorted(set(places) - set(heights)):
            _withheld_bar(axes, place)
        axes.set_yticks(list(places), ["\n".join(textwrap.wrap(labels[scale], 14)) for scale in rows["scale"]])
        axes.set_ylim(len(rows) - 0.4, -0.75)
        _hundred(axes)
        figure.legend(loc="outside lower left", frameon=False, ncols=1, fontsize=9)
    return Picture(figure, _profile_words(rows, labels, name, reference, reference_name))


def _hundred(axes: Axes) -> None:
    axes.set_xlim(0, 100)
    axes.set_xticks([0, 25, 50, 75, 100])
    axes.grid(axis="x", color=PALE, linewidth=0.8)
    axes.set_axisbelow(True)


def _withheld_bar(axes: Axes, place: float) -> None:
    axes.add_patch(Rectangle((0, place - 0.12), 100, 0.24, fill=False, hatch="////", edgecolor=QUIET, linewidth=0))
    axes.text(50, place, " not shown ", ha="center", va="center", color=QUIET, backgroundcolor="white", fontsize=9)


def _reference_bands(axes: Axes, scales: Sequence[str], reference: pd.DataFrame, name: str) -> None:
    by_scale = {str(row["scale"]): row for _, row in reference.iterrows()}
    label: str | None = f"{name}: mean and 95 % interval"
    for place, scale in enumerate(scales):
        if scale not in by_scale or by_scale[scale]["withheld"]:
            continue
        row = by_scale[scale]
        low, high = float(row["ci_low"]), float(row["ci_high"])
        axes.add_patch(Rectangle((low, place - 0.3), high - low, 0.6, color=PALE, linewidth=0, label=label))
        axes.vlines(float(row["mean"]), place - 0.3, place + 0.3, color=QUIET, linewidth=1.5)
        label = None


def _interval(row: Any) -> str:
    return f"{row['mean']:.0f} ({row['ci_low']:.0f} to {row['ci_high']:.0f})"


def _profile_words(
    rows: pd.DataFrame,
    labels: Mapping[str, str],
    name: str,
    reference: pd.DataFrame | None,
    reference_name: str,
) -> str:
    known = {} if reference is None else {row["scale"]: row for _, row in reference.iterrows() if not row["withheld"]}
    parts = []
    for _, row in rows.iterrows():
        words = "not shown" if row["withheld"] else _interval(row)
        if row["scale"] in known:
            words += f", {reference_name} {_interval(known[row['scale']])}"
        parts.append(f"{labels[row['scale']]} {words}")
    return f"Mean scores from 0 to 100 with 95 % intervals for {name}: " + "; ".join(parts) + "."


def pull_strip(
    row: Mapping[str, Any],
    *,
    name: str,
    low_label: str,
    high_label: str,
    reference: Mapping[str, Any] | None = None,
    reference_name: str = "",
) -> Picture:
    """One scale as a strip between two poles, neither of them good or bad.

    Parameters
    ----------
    row : mapping
        mean, ci_low, ci_high, withheld of the group.
    name, reference_name : str
    low_label, high_label : str
        What the ends of the strip stand for.
    reference : mapping, optional
        The same for the group to compare with; drawn as an open diamond.

    Returns
    -------
    Picture
    """
    with mpl.rc_context(STYLE):
        figure, axes = new_axes(WIDTH, 1.3)
        axes.spines["bottom"].set_visible(False)
        axes.plot([0, 100], [0, 0], color=PALE, linewidth=10, solid_capstyle="butt", zorder=1)
        parts = []
        if row["withheld"]:
            _withheld_bar(axes, 0)
            parts.append(f"{name}: not shown")
        else:
            axes.hlines(0, row["ci_low"], row["ci_high"], color=INK, linewidth=2, zorder=3)
            axes.plot([row["mean"]], [0], "o", color=INK, markersize=9, zorder=4)
            axes.annotate(
                f"{name} {row['mean']:.0f}",
                (row["mean"], 0),
                (0, 10),
                textcoords="offset points",
                ha="center",
                fontweight="bold",
            )
            parts.append(f"{name}: {_interval(row)}")
        if reference is not None and not reference["withheld"]:
            axes.plot(
                [reference["mean"]],
                [0],
                "D",
                markerfacecolor="white",
                markeredgecolor=QUIET,
                markersize=8,
                zorder=2,
            )
            axes.annotate(
                f"{reference_name} {reference['mean']:.0f}",
                (reference["mean"], 0),
                (0, -18),
                textcoords="offset points",
                ha="center",
                color=QUIET,
            )
            parts.append(f"{reference_name}: {_interval(reference)}")
        axes.set_xlim(-1, 101)
        axes.set_ylim(-1, 1)
        axes.set_xticks([0, 100], [f"0\n{textwrap.fill(low_label, 36)}", f"100\n{textwrap.fill(high_label, 36)}"])
        low, high = axes.get_xticklabels()
        low.set_horizontalalignment("left")
        high.set_horizontalalignment("right")
        axes.set_yticks([])
    words = f"A strip from 0, {low_label}, to 100, {high_label}. " + "; ".join(parts) + "."
    return Picture(figure, words)


def heat_map(means: pd.DataFrame, counts: Sequence[str], labels: Mapping[str, str]) -> Picture:
    """Teams x scales with the number in every cell; darker is higher; hatched cells are not shown.

    Parameters
    ----------
    means : DataFrame
        One row a team (its name as index), one column a scale; NaN where withheld.
    counts : sequence of str
        What stands beside each team's name, such as ``"n 12 of 14"``.
    labels : mapping of scale to text

    Returns
    -------
    Picture
    """
    scales = list(means.columns)
    with mpl.rc_context(STYLE):
        figure, axes = new_axes(1.9 + 0.78 * len(scales), 0.36 * len(means) + 0.8)
        axes.spines["bottom"].set_visible(False)
        for place, (_, row) in enumerate(means.iterrows()):
            for column, value in enumerate(row):
                _heat_cell(axes, column, place, float(value))
        axes.set_xlim(-0.5, len(scales) - 0.5)
        axes.set_ylim(len(means) - 0.5, -0.5)
        axes.xaxis.tick_top()
        axes.set_xticks(
            range(len(scales)), ["\n".join(textwrap.wrap(labels[scale], 14)) for scale in scales], fontsize=8
        )
        names = [
            f"{textwrap.shorten(str(team), 26, placeholder='…')}  ({count})"
            for team, count in zip(means.index, counts, strict=True)
        ]
        axes.set_yticks(range(len(means)), names)
    return Picture(figure, _heat_words(means, labels))


def _heat_cell(axes: Axes, column: int, place: int, value: float) -> None:
    corner = (column - 0.47, place - 0.45)
    if np.isnan(value):  # withheld
        axes.add_patch(Rectangle(corner, 0.94, 0.9, facecolor="white", hatch="///", edgecolor="#a6a6a6", linewidth=0))
        return
    shade = 1 - 0.42 * value / 100  # lightness alone carries the order, and stays light enough for dark figures
    axes.add_patch(Rectangle(corner, 0.94, 0.9, facecolor=(shade * 0.92, shade * 0.97, shade), linewidth=0))
    axes.text(column, place, f"{value:.0f}", ha="center", va="center", color=INK, fontweight="bold")


def _heat_words(means: pd.DataFrame, labels: Mapping[str, str]) -> str:
    rows = []
    for team, row in means.iterrows():
        cells = [
            f"{labels[str(scale)]} {'not shown' if np.isnan(value) else f'{value:.0f}'}" for scale, value in row.items()
        ]
        rows.append(f"{team}: " + ", ".join(cells))
    return "Mean scores from 0 to 100 by team. " + "; ".join(rows) + "."
