"""Teams beside each other and over time: spread, answers, funnel and change, from numbers that may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from movement_readiness.plots.picture import INK, QUIET, Picture
from movement_readiness.plots.sheet import LINE, MARGIN, NARROW, Sheet, key_height, records, wrap

__all__ = ["SPREAD", "change", "spread_strip"]

SPREAD = {"alike": "much alike", "mixed": "somewhat apart", "wide": "far apart"}


def spread_strip(rows: pd.DataFrame, labels: Mapping[str, str], *, name: str) -> Picture:
    """How alike the answers of a team are, scale by scale: one of three words, none of them good or bad.

    Parameters
    ----------
    rows : DataFrame
        Columns scale, spread ("alike", "mixed" or "wide") and withheld of one team; drawn from top to bottom.
    labels : mapping of scale to text
    name : str
        Whose answers they are.

    Returns
    -------
    Picture
    """
    data = pd.DataFrame({"scale": list(rows["scale"]), "label": [labels[scale] for scale in rows["scale"]]})
    data["spread"] = [
        None if hidden else SPREAD[word] for word, hidden in zip(rows["spread"], rows["withheld"], strict=True)
    ]
    data["withheld"] = list(rows["withheld"])
    stations = np.array([2.05, 3.0, 3.92])
    heads = [wrap(label, 1.5, 10) for label in data["label"]]
    sheet = Sheet(NARROW, 0.55 + sum(_spread_height(head) for head in heads))
    for x, words in zip(stations, SPREAD.values(), strict=True):
        sheet.texts(float(x), 0.17, words.split(), 9, ha="center", color=QUIET)
    y = 0.45
    for head, row in zip(heads, records(data), strict=True):
        middle = y + _spread_height(head) / 2
        sheet.texts(MARGIN, middle + 0.05 - LINE / 2 * (len(head) - 1), head)
        if row["withheld"]:
            sheet.withheld(1.8, middle - 0.06, 1.5, 0.12)
            sheet.text(NARROW - MARGIN, middle + 0.05, "not shown", 9.5, ha="right", color=QUIET)
        else:
            sheet.lines([[(stations[0], middle), (stations[-1], middle)]], 0.8, "#8c8c8c")
            sheet.dots(stations, [middle] * 3, size=6, filled=False, color="#767676")
            sheet.dots([stations[list(SPREAD.values()).index(row["spread"])]], [middle], size=11)
        y += _spread_height(head)
    parts = "; ".join(f"{row['label']} {'not shown' if row['withheld'] else row['spread']}" for row in records(data))
    return sheet.picture(f"How alike the answers of {name} are: {parts}.", data)


def _spread_height(head: Sequence[str]) -> float:
    return 0.12 + LINE * max(len(head), 1)


def change(rows: pd.DataFrame, labels: Mapping[str, str], *, name: str) -> Picture:
    """Change between two waves with its 95 % interval around the line of no change.

    Parameters
    ----------
    rows : DataFrame
        Columns scale, wave_from, wave_to, change, ci_low, ci_high, verdict ("higher", "lower" or "no clear change"),
        withheld, of one group and one pair of waves; drawn from top to bottom.
    labels : mapping of scale to text
    name : str
        Whose change it is.

    Returns
    -------
    Picture
        A filled dot where the interval keeps clear of zero, an open one where it does not; the verdict in words.
    """
    columns = ["change", "ci_low", "ci_high", "verdict", "withheld"]
    data = rows[["scale", "wave_from", "wave_to", *columns]].reset_index(drop=True)
    data.insert(1, "label", [labels[scale] for scale in data["scale"]])
    shown = data[~data["withheld"].astype(bool)]
    reach = _reach(shown[["ci_low", "ci_high"]].to_numpy(dtype=float))
    heads = [wrap(label, 2.2, 10.5, bold=True) for label in data["label"]]
    key = _change_key(set(shown["verdict"]))
    sheet = Sheet(
        NARROW,
        0.4 + sum(key_height(words) for _, words in key) + sum(0.5 + LINE * (len(head) - 1) for head in heads),
    )
    y = 0.2
    for head, row in zip(heads, records(data), strict=True):
        words = "not shown" if row["withheld"] else row["verdict"]
        sheet.text(NARROW - MARGIN, y, words, 10.5, ha="right", color=QUIET if row["withheld"] else INK)
        y = sheet.texts(MARGIN, y, head, 10.5, fontweight="bold") + 0.02
        _change_line(sheet, y, row, reach)
        y += 0.295
    for at in (-reach, 0.0, reach):
        sheet.text(_place(at, reach), y - 0.06, _signed(at), 9, ha="center", color=QUIET)
    sheet.key(y + 0.18, key)
    return sheet.picture(_change_words(data, name), data)


def _change_key(verdicts: set[str]) -> list[tuple[str, str]]:
    clear = [("dot", "change in points and 95 % interval")] if verdicts - {"no clear change"} else []
    unclear = [("open dot", "no clear change: the line reaches zero")] if "no clear change" in verdicts else []
    return clear + unclear


def _reach(values: Any) -> float:
    """The end of the axis: beyond every interval, and at least 20 points."""
    largest = np.nanmax(np.abs(values), initial=0) if values.size else 0
    return float(max(20, np.ceil(largest / 10) * 10))


def _place(value: float, reach: float) -> float:
    half = NARROW / 2 - MARGIN - 0.1
    return NARROW / 2 + value / reach * half


def _signed(value: float) -> str:
    return "0" if round(value) == 0 else f"{value:+.0f}".replace("-", "\N{MINUS SIGN}")


def _change_line(sheet: Sheet, y: float, row: Mapping[str, Any], reach: float) -> None:
    left, right = _place(-reach, reach), _place(reach, reach)
    sheet.lines([[(NARROW / 2, y - 0.1), (NARROW / 2, y + 0.1)]], 1.2, INK)
    if row["withheld"]:
        sheet.withheld(left, y - 0.06, right - left, 0.12)
        return
    sheet.lines([[(left, y), (right, y)]], 0.8, "#8c8c8c", zorder=0)
    sheet.lines([[(_place(row["ci_low"], reach), y), (_place(row["ci_high"], reach), y)]], 2.4, zorder=3)
    sheet.dots([_place(row["change"], reach)], [y], filled=row["verdict"] != "no clear change")


def _change_words(data: pd.DataFrame, name: str) -> str:
    parts = []
    for row in records(data):
        words = "not shown"
        if not row["withheld"]:
            interval = f"{_signed(row['ci_low'])} to {_signed(row['ci_high'])}"
            words = f"{row['verdict']}, {_signed(row['change'])} points ({interval})"
        parts.append(f"{row['label']} {words}")
    waves = f" from wave {data['wave_from'].iloc[0]} to wave {data['wave_to'].iloc[0]}" if len(data) else ""
    return f"Change for {name}{waves}, with 95 % intervals: " + "; ".join(parts) + "."
