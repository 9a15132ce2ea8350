"""Answers of a group to each item, as bars around the middle of the response options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from movement_readiness.plots.picture import INK, QUIET, Picture
from movement_readiness.plots.sheet import LINE, MARGIN, NARROW, Sheet, text_width, wrap

__all__ = ["answer_bars"]

_BELOW, _ABOVE = np.array([0.80, 0.52, 0.30]), np.array([0.36, 0.58, 0.80])  # full tones; mixed with white
_MIDDLE = "#e4e4e4"
_ENDS = 0.42  # inches at both ends of a bar, for the shares below and above the middle
Options = Mapping[int, str]
Shares = npt.NDArray[np.float64]


def answer_bars(rows: pd.DataFrame, labels: Mapping[str, str], options: Mapping[str, Options], *, name: str) -> Picture:
    """Answers to each item as a bar around the middle of its options: lower ones to the left, higher ones to the right.

    Parameters
    ----------
    rows : DataFrame
        Columns item, option (code), percent, withheld, of one group; items are drawn in the order of the rows. A
        withheld item is drawn as a hatched line.
    labels : mapping of item to text
    options : mapping of item to a mapping of code to text
        The response options of each item.
    name : str
        Whose answers they are.

    Returns
    -------
    Picture
        The middle option of an odd number straddles the line; options farther from it are darker, and have their code
        where there is room. The shares at both ends are of the answers below and above the middle.
    """
    items = list(dict.fromkeys(rows["item"]))
    data = rows.assign(label=rows["item"].map(labels), answer=_answers(rows, options))
    kept = ["item", "label", "option", "answer", *(c for c in ("n", "percent", "withheld", "reason") if c in rows)]
    parts = {item: _shares(rows[rows["item"] == item]) for item in items}
    heads = {item: wrap(labels[item], NARROW - 2 * MARGIN, 10, most=3) for item in items}
    legends = {item: _legend(options[item]) for item in items}
    common = len({tuple(legend) for legend in legends.values()}) == 1
    below = {item: legends[item] if not common else [] for item in items}
    height = sum(0.5 + LINE * (len(heads[item]) - 1) + LINE * 0.9 * len(below[item]) for item in items)
    reach = max((_reach(shares) for shares in parts.values() if shares is not None), default=1.0)
    sheet = Sheet(NARROW, height + 0.15 + LINE * 0.9 * (len(legends[items[0]]) if common else 0) + 0.08)
    y = 0.2
    for item in items:
        y = sheet.texts(MARGIN, y, heads[item]) + 0.04
        _row(sheet, y, parts[item], sorted(options[item]), reach)
        y = sheet.texts(MARGIN, y + 0.26, below[item], 9, color=QUIET) + 0.02
    sheet.texts(MARGIN, y + 0.03, legends[items[0]] if common else [], 9, color=QUIET)
    return sheet.picture(_words(parts, labels, name), data[kept].reset_index(drop=True))


def _answers(rows: pd.DataFrame, options: Mapping[str, Options]) -> list[str]:
    return [options[item][int(code)] for item, code in zip(rows["item"], rows["option"], strict=True)]


def _shares(rows: pd.DataFrame) -> Shares | None:
    """Shares of an item's answers from the lowest option to the highest; None where they are not shown."""
    if rows["withheld"].any():
        return None
    return rows.sort_values("option")["percent"].to_numpy(dtype=float) / 100


def _legend(options: Options) -> list[str]:
    words = ", ".join(f"{code} = {options[code]}" for code in sorted(options))
    return wrap(f"{words}. At the ends: answers below and above the middle.", NARROW - 2 * MARGIN, 9, most=5)


def _three(shares: Shares) -> tuple[float, float, float]:
    """Shares below, at and above the middle; nothing is at the middle of an even number of options."""
    half = len(shares) // 2
    at = float(shares[half]) if len(shares) % 2 else 0.0
    return float(shares[:half].sum()), at, float(shares[len(shares) - half :].sum())


def _reach(shares: Shares) -> float:
    below, at, above = _three(shares)
    return max(below, above) + at / 2


def _row(sheet: Sheet, y: float, shares: Shares | None, codes: Sequence[int], reach: float) -> None:
    half = NARROW / 2 - MARGIN - _ENDS
    if shares is None:
        sheet.withheld(NARROW / 2 - half, y - 0.08, 2 * half - 0.3, 0.16)
        sheet.text(NARROW - MARGIN, y + 0.045, "not shown", 9, ha="right", color=QUIET)
        return
    below, at, above = _three(shares)
    start = NARROW / 2 - (below + at / 2) / reach * half
    for place, (code, share) in enumerate(zip(codes, shares, strict=True)):
        width = share / reach * half
        sheet.box(start, y - 0.11, width, 0.22, facecolor=_tone(place, len(shares)), edgecolors="white", linewidths=0.8)
        if width > text_width(str(code), 9) + 0.05:
            sheet.text(start + width / 2, y + 0.045, str(code), 9, ha="center")
        start += width
    x = NARROW / 2
    sheet.lines([[(x, y - 0.16), (x, y - 0.11)], [(x, y + 0.11), (x, y + 0.16)]], 1.0, INK)
    sheet.text(MARGIN, y + 0.045, f"{below:.0%}", 9, color=INK)
    sheet.text(NARROW - MARGIN, y + 0.045, f"{above:.0%}", 9, ha="right", color=INK)


def _tone(place: int, n_options: int) -> Any:
    middle = (n_options - 1) / 2
    away = (place - middle) / max(middle, 0.5)
    full = _BELOW if away < 0 else _ABOVE
    return _MIDDLE if away == 0 else tuple(1 - (1 - full) * (0.25 + 0.6 * abs(away)))


def _words(parts: Mapping[str, Shares | None], labels: Mapping[str, str], name: str) -> str:
    rows = []
    for item, shares in parts.items():
        if shares is None:
            rows.append(f"{labels[item]} not shown")
            continue
        below, at, above = _three(shares)
        middle = f", {at:.0%} at" if len(shares) % 2 else ""
        rows.append(f"{labels[item]} {below:.0%} below{middle}, {above:.0%} above the middle")
    return f"Answers of {name} around the middle of the options. {'; '.join(rows)}."
