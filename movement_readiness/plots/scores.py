"""Scores of groups: the profile of a team, a strip between two poles, a table of teams and scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from movement_readiness.plots.picture import INK, PALE, QUIET, Picture
from movement_readiness.plots.sheet import LINE, MARGIN, NARROW, Sheet, band, key_height, records, text_width, wrap

__all__ = ["heat_map", "profile", "pull_strip"]

_NUMBERS = ("mean", "ci_low", "ci_high")
_LEFT, _RIGHT = MARGIN + 0.06, NARROW - MARGIN - 0.06  # where 0 and 100 are


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
        The same columns for the group to compare with. A range without a mean (its means NaN), such as
        a benchmark, is a band without a tick, and is named by `reference_name` alone.

    Returns
    -------
    Picture
    """
    data = profile_data(rows, labels, reference)
    heads = [wrap(label, NARROW - 1.75, 10.5, bold=True) for label in data["label"]]
    key = _profile_key(data, name, reference_name if reference is not None else "")
    height = 0.42 + sum(0.5 + LINE * (len(head) - 1) for head in heads)
    height += sum(key_height(words) for _, words in key)
    sheet = Sheet(NARROW, height)
    y = 0.2
    for head, row in zip(heads, records(data), strict=True):
        sheet.text(_RIGHT, y, interval_text(row), 10.5, ha="right", color=QUIET if row["withheld"] else INK)
        y = sheet.texts(MARGIN, y, head, 10.5, fontweight="bold") + 0.02
        _score_line(sheet, y, row)
        y += 0.295
    hundred_labels(sheet, y - 0.06)
    sheet.key(y + 0.2, key)
    return sheet.picture(_profile_words(data, name, reference_name), data)


def profile_data(rows: pd.DataFrame, labels: Mapping[str, str], reference: pd.DataFrame | None) -> pd.DataFrame:
    """The numbers of a profile, one row a scale, with those of the reference beside them."""
    data = pd.DataFrame({"scale": list(rows["scale"]), "label": [labels[scale] for scale in rows["scale"]]})
    for column in ("n", *_NUMBERS, "withheld", "reason"):
        if column in rows:
            data[column] = list(rows[column])
    if reference is not None:
        other = reference[~reference["withheld"].astype(bool)].set_index("scale")
        for column in _NUMBERS:
            data[f"reference_{column}"] = other[column].reindex(data["scale"]).to_numpy(dtype=float)
    return data


def _profile_key(data: pd.DataFrame, name: str, reference_name: str) -> list[tuple[str, str]]:
    entries = [("dot", f"{name}: mean and 95 % interval")] if not data["withheld"].all() else []
    if reference_name and data["reference_mean"].isna().all() and not data["reference_ci_low"].isna().all():
        entries.append(("range", reference_name))
    elif reference_name:
        entries.append(("band", f"{reference_name}: mean and 95 % interval"))
    return entries


def across(score: Any) -> Any:
    """The place of a score of 0-100 on a sheet."""
    return _LEFT + np.asarray(score, dtype=float) / 100 * (_RIGHT - _LEFT)


def _score_line(sheet: Sheet, y: float, row: Mapping[str, Any]) -> None:
    """One scale: the line from 0 to 100, the band of the reference, the dot with its interval."""
    if row["withheld"]:
        sheet.withheld(_LEFT, y - 0.06, _RIGHT - _LEFT, 0.12)
    else:
        ruler(sheet, y)
    if not np.isnan(row.get("reference_ci_low", np.nan)):
        low, high, middle = (float(across(row[f"reference_{end}"])) for end in ("ci_low", "ci_high", "mean"))
        band(sheet, low, high, middle, y, 0.085)
    if not row["withheld"]:
        sheet.lines([[(across(row["ci_low"]), y), (across(row["ci_high"]), y)]], 2.4, zorder=3)
        sheet.dots([across(row["mean"])], [y])


def ruler(sheet: Sheet, y: float) -> None:
    """The line from 0 to 100 with a tick at every quarter."""
    sheet.lines([[(_LEFT, y), (_RIGHT, y)]], 0.8, "#8c8c8c", zorder=0)
    sheet.lines([[(across(at), y - 0.05), (across(at), y + 0.05)] for at in (0, 25, 50, 75, 100)], 0.8, "#8c8c8c")


def hundred_labels(sheet: Sheet, y: float) -> None:
    """What the ticks of the rulers above stand for."""
    for at in (0, 25, 50, 75, 100):
        sheet.text(float(across(at)), y, str(at), 9, ha="center", color=QUIET)


def interval_text(row: Mapping[str, Any]) -> str:
    """Mean and interval as they are read, or that they are not shown."""
    if row["withheld"]:
        return "not shown"
    return f"{row['mean']:.0f} ({row['ci_low']:.0f} to {row['ci_high']:.0f})"


def _profile_words(data: pd.DataFrame, name: str, reference_name: str) -> str:
    parts = []
    for row in records(data):
        words = interval_text(row)
        if not np.isnan(row.get("reference_mean", np.nan)):
            other = {end: row[f"reference_{end}"] for end in _NUMBERS} | {"withheld": False}
            words += f", {reference_name} {interval_text(other)}"
        elif not np.isnan(row.get("reference_ci_low", np.nan)):
            words += f", {reference_name} {row['reference_ci_low']:.0f} to {row['reference_ci_high']:.0f}"
        parts.append(f"{row['label']} {words}")
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
    shown = [(name, row)] + ([(reference_name, reference)] if reference is not None else [])
    marks = [("dot", f"{name}: mean and 95 % interval"), ("open D", f"{reference_name}: mean")]
    key = [mark for mark, (_, group) in zip(marks, shown, strict=False) if not group["withheld"]]
    low, high = (wrap(words, NARROW / 2 - MARGIN - 0.1, 9.5, most=3) for words in (low_label, high_label))
    bottom = 0.62 + LINE * 0.95 * (max(len(low), len(high)) + 1) + 0.06
    sheet = Sheet(NARROW, bottom + sum(key_height(words) for _, words in key))
    sheet.box(_LEFT, 0.31, _RIGHT - _LEFT, 0.12, facecolor=PALE)
    if row["withheld"]:
        sheet.withheld(_LEFT, 0.31, _RIGHT - _LEFT, 0.12)
    if reference is not None and not reference["withheld"]:
        sheet.dots([across(reference["mean"])], [0.37], "D", 8, filled=False, color=QUIET)
    if not row["withheld"]:
        sheet.lines([[(across(row["ci_low"]), 0.37), (across(row["ci_high"]), 0.37)]], 2.4, zorder=5)
        sheet.dots([across(row["mean"])], [0.37], zorder=6)
        _above(sheet, float(across(row["mean"])), 0.2, f"{row['mean']:.0f}")
    for ha, x, end, lines in (("left", MARGIN, "0", low), ("right", NARROW - MARGIN, "100", high)):
        sheet.texts(x, 0.62, [end, *lines], 9.5, ha=ha, color=INK)
    sheet.key(bottom, key)
    parts = "; ".join(f"{who}: {interval_text(group)}" for who, group in shown if group is row or not group["withheld"])
    data = pd.DataFrame([{"group": who, **{c: group[c] for c in (*_NUMBERS, "withheld")}} for who, group in shown])
    words = f"A strip from 0, {low_label}, to 100, {high_label}. {parts}."
    return sheet.picture(words, data)


def _above(sheet: Sheet, x: float, y: float, words: str) -> None:
    """Write above a place, but never beyond the sheet."""
    half = text_width(words, 11, bold=True) / 2
    sheet.text(min(max(x, half + 0.02), sheet.width - half - 0.02), y, words, 11, ha="center", fontweight="bold")


def heat_map(means: pd.DataFrame, counts: Sequence[str], labels: Mapping[str, str]) -> Picture:
    """Teams x scales with the number in every cell; darker is higher; hatched cells are not shown.

    Parameters
    ----------
    means : DataFrame
        One row a team (its name as index), one column a scale; NaN where withheld.
    counts : sequence of str
        How many answered, beside each team's name, such as ``"12 of 14"``.
    labels : mapping of scale to text

    Returns
    -------
    Picture
    """
    scales = [str(scale) for scale in means.columns]
    heads = [wrap(labels[scale], 1.5, 9, most=2) for scale in scales]
    names = _told_apart([str(team) for team in means.index])
    left = MARGIN + max(text_width(line, 9.5) for name in names for line in name) + 0.1
    left += max(text_width(count, 8.5) for count in ("answered", *counts)) + 0.12
    top = 0.14 + max(text_width(line, 9) for head in heads for line in head)
    tall = _ROW + LINE * 0.95 * (max(map(len, names)) - 1)
    sheet = Sheet(max(left + _CELL * len(scales) + 0.3, NARROW), top + tall * len(means) + 0.1)
    for place, head in enumerate(heads):
        x = left + _CELL * (place + 0.5) + 0.06 - 0.07 * (len(head) - 1)
        for line in head:
            sheet.text(x, top - 0.06, line, 9, rotation=90, ha="center", va="bottom", rotation_mode="default")
            x += 0.15
    for place, (name, count) in enumerate(zip(names, counts, strict=True)):
        y = top + tall * (place + 0.5) + 0.05
        sheet.texts(MARGIN, y - LINE * 0.95 / 2 * (len(name) - 1), name, 9.5)
        sheet.text(left - 0.1, y, count, 8.5, ha="right", color=QUIET)
    sheet.text(left - 0.1, top - 0.06, "answered", 8.5, ha="right", color=QUIET)
    _heat_cells(sheet, means.to_numpy(dtype=float), left, top, tall)
    data = means.rename(columns=labels).assign(count=list(counts))
    return sheet.picture(_heat_words(means, counts, labels), data)


_CELL, _ROW = 0.4, 0.27
_NAME = 1.5  # inches that a name may take beside its row
_MOST_LINES = 6


def _told_apart(names: Sequence[str]) -> list[list[str]]:
    """Names in as few lines as keep any two of them apart; what does not fit is left out in the middle."""
    found: list[list[str]] = []
    for most in range(2, _MOST_LINES + 1):
        found = [_shortened(name, most) for name in names]
        if len(set(map(tuple, found))) == len(set(names)):
            break
    return found


def _shortened(name: str, most: int) -> list[str]:
    """A name in a few lines; a longer one by its beginning and its end, as much of both as fits."""
    lines = wrap(name, _NAME, 9.5, most=most)
    kept = len(name)
    while kept > 2 and lines[-1].endswith("…"):
        kept -= 1
        lines = wrap(
            f"{name[: (kept + 1) // 2].rstrip()} … {name[len(name) - kept // 2 :].lstrip()}", _NAME, 9.5, most=most
        )
    return lines


def _heat_cells(sheet: Sheet, values: Any, left: float, top: float, tall: float) -> None:
    for (row, column), value in np.ndenumerate(values):
        x, y = left + _CELL * column + 0.015, top + tall * row + 0.015
        if np.isnan(value):  # withheld
            sheet.box(x, y, _CELL - 0.03, tall - 0.03, facecolor="white", hatch="///", edgecolors="#a6a6a6")
            continue
        shade = 1 - 0.42 * value / 100  # lightness alone carries the order, and stays light enough for dark figures
        sheet.box(x, y, _CELL - 0.03, tall - 0.03, facecolor=(shade * 0.92, shade * 0.97, shade))
    rows, columns = np.nonzero(~np.isnan(values))
    x, y = (left + _CELL * (columns + 0.5)).astype(float), (top + tall * (rows + 0.5)).astype(float)
    sheet.numbers(x, y, values[rows, columns], 9.5)


def _heat_words(means: pd.DataFrame, counts: Sequence[str], labels: Mapping[str, str]) -> str:
    rows = []
    for (team, row), count in zip(means.iterrows(), counts, strict=True):
        cells = [
            f"{labels[str(scale)]} {'not shown' if np.isnan(value) else f'{value:.0f}'}" for scale, value in row.items()
        ]
        rows.append(f"{team} ({count}): " + ", ".join(cells))
    return "Mean scores from 0 to 100 by team. " + "; ".join(rows) + "."
