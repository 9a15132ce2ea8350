"""The funnel: teams by how many answered and by their mean, within the limits that chance draws."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.ticker import MaxNLocator

from movement_readiness.plots.picture import INK, PALE, QUIET, Picture
from movement_readiness.plots.sheet import MARGIN, NARROW, Sheet, key_height, records, text_width, wrap

__all__ = ["funnel"]

_MARKS = {"within": "o", "outside 95 %": "D", "outside 99.8 %": "s"}
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.5, NARROW - MARGIN, 0.32, 2.75
_PUSH = 0.3  # inches that a name may stand below its team
_MOST_NAMES = 8  # names written into the figure; the others are in the table
Floats = npt.NDArray[np.float64]


class _Scales:
    """From numbers of people and scores to places on the sheet."""

    def __init__(self, rows: pd.DataFrame) -> None:
        n = rows["n"].to_numpy(dtype=float)
        values = rows[["mean", "low998", "high998"]].to_numpy(dtype=float)
        pad = max(0.06 * (n.max() - n.min()), 1.2 - (n.max() - n.min()) / 2)
        self.n = (n.min() - pad, n.max() + pad)
        self.score = (max(0.0, np.floor(values.min() / 5) * 5 - 1), min(100.0, np.ceil(values.max() / 5) * 5 + 1))

    def x(self, n: Floats | float) -> Floats:
        low, high = self.n
        return np.asarray(_LEFT + (np.asarray(n, dtype=float) - low) / (high - low) * (_RIGHT - _LEFT))

    def y(self, score: Floats | float) -> Floats:
        low, high = self.score
        return np.asarray(_BOTTOM - (np.asarray(score, dtype=float) - low) / (high - low) * (_BOTTOM - _TOP))


def funnel(
    rows: pd.DataFrame, *, label: str, site: str | None = None, team: str | None = None, key: bool = True
) -> Picture | None:
    """Means of teams by how many answered, with the 95 % and 99.8 % limits around the mean of all.

    Parameters
    ----------
    rows : DataFrame
        Columns site, team, n, mean, centre, low95, high95, low998, high998, dispersion, position and withheld, of one
        wave, form and scale, as in ``TeamResults.funnel``.
    label : str
        The title of the scale.
    site, team : str, optional
        Whose teams, or which team, are filled and named; the others are open. All are filled by default.
    key : bool, default True
        Whether the figure says what its marks stand for; not needed in each of several beside each other.

    Returns
    -------
    Picture or None
        Circles lie within the limits, diamonds outside those of 95 %, squares outside those of 99.8 %. Teams stand by
        their number of people, so nothing is ranked. None where no team is shown.
    """
    shown = rows[~rows["withheld"].astype(bool)].reset_index(drop=True)
    if shown.empty:
        return None
    own = pd.Series(True, index=shown.index) if site is None else shown["site"] == site
    own = own if team is None else own & (shown["team"] == team)
    scales = _Scales(shown)
    phi = float(shown["dispersion"].iloc[0])
    entries = _key(shown, own, site, team) if key else []
    sheet = Sheet(NARROW, _BOTTOM + (0.55 if key else 0.45) + sum(key_height(words) for _, words in entries))
    sheet.texts(MARGIN, 0.17, wrap(label, NARROW - 2 * MARGIN, 10.5, bold=True, most=1), 10.5, fontweight="bold")
    _axes(sheet, scales)
    _limits(sheet, shown, scales)
    _teams(sheet, shown, own, scales)
    _names(sheet, shown[own], scales, always=team is not None)
    sheet.key(_BOTTOM + 0.6, entries)
    kept = ["site", "team", "n", "mean", "centre", "low95", "high95", "low998", "high998", "dispersion", "position"]
    return sheet.picture(_words(shown, own, label, phi, site, team), shown[kept])


def _axes(sheet: Sheet, scales: _Scales) -> None:
    for at in _ticks(scales.score):
        y = float(scales.y(at))
        sheet.lines([[(_LEFT, y), (_RIGHT, y)]], 0.6, PALE, zorder=0)
        sheet.text(_LEFT - 0.07, y + 0.045, f"{at:.0f}", 9, ha="right", color=QUIET)
    sheet.lines([[(_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)]], 0.8, QUIET)
    for at in _ticks(scales.n):
        x = float(scales.x(at))
        sheet.lines([[(x, _BOTTOM), (x, _BOTTOM + 0.05)]], 0.8, QUIET)
        sheet.text(x, _BOTTOM + 0.19, f"{at:.0f}", 9, ha="center", color=QUIET)
    sheet.text((_LEFT + _RIGHT) / 2, _BOTTOM + 0.37, "people who answered", 9, ha="center", color=QUIET)
    sheet.text(0.14, (_TOP + _BOTTOM) / 2, "mean", 9, rotation=90, ha="center", va="center", color=QUIET)


def _ticks(ends: tuple[float, float]) -> list[float]:
    found = MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]).tick_values(*ends)
    return [float(at) for at in found if ends[0] <= at <= ends[1] and at == round(at)]


def _limits(sheet: Sheet, shown: pd.DataFrame, scales: _Scales) -> None:
    by_n = shown.drop_duplicates("n").sort_values("n")
    x = scales.x(by_n["n"].to_numpy(dtype=float))
    if len(by_n) == 1:
        x, by_n = np.array([_LEFT, _RIGHT]), pd.concat([by_n, by_n])
    for column, width, kind in (
        ("low95", 1.2, "dashed"),
        ("high95", 1.2, "dashed"),
        ("low998", 1.2, "solid"),
        ("high998", 1.2, "solid"),
        ("centre", 1.0, "dotted"),
    ):
        y = scales.y(by_n[column].to_numpy(dtype=float))
        sheet.lines([list(zip(x, y, strict=True))], width, QUIET, linestyles=kind)


def _teams(sheet: Sheet, shown: pd.DataFrame, own: pd.Series[bool], scales: _Scales) -> None:
    for position, marker in _MARKS.items():
        for chosen, size, filled in ((~own, 5, False), (own, 7, True)):
            rows = shown[chosen & (shown["position"] == position)]
            if len(rows):
                x, y = scales.x(rows["n"].to_numpy(dtype=float)), scales.y(rows["mean"].to_numpy(dtype=float))
                colour = INK if filled else "#767676"
                sheet.dots(x, y, marker, size, filled=filled, color=colour, zorder=5 if filled else 4)


def _names(sheet: Sheet, own: pd.DataFrame, scales: _Scales, *, always: bool) -> None:
    """Names of the teams outside the limits, pushed apart where they would overlap."""
    named = own if always else own[own["position"] != "within"]
    named = named.sort_values("mean", ascending=False).iloc[:_MOST_NAMES]
    last = {"left": -1.0, "right": -1.0}
    for row in records(named):
        x, y = float(scales.x(float(row["n"]))), float(scales.y(float(row["mean"])))
        ha = "left" if x < (_LEFT + _RIGHT) / 2 else "right"
        if last[ha] + 0.16 - y > _PUSH:
            continue
        y = max(y, last[ha] + 0.16)
        last[ha] = y
        words = wrap(str(row["team"]), 1.7, 9, most=1)[0]
        sheet.box(
            x + 0.07 if ha == "left" else x - 0.09 - text_width(words, 9),
            y - 0.08,
            text_width(words, 9) + 0.02,
            0.16,
            facecolor="white",
            alpha=0.75,
            zorder=5.5,
        )
        sheet.text(x + (0.08 if ha == "left" else -0.08), y + 0.045, words, 9, ha=ha, zorder=6)


def _key(shown: pd.DataFrame, own: pd.Series[bool], site: str | None, team: str | None) -> list[tuple[str, str]]:
    whose = team or (f"teams of {site}" if site else "teams")
    others = [] if own.all() else [("open o", "other teams")]
    outside = [
        (_MARKS[position], f"{position.replace('outside', 'outside the')} limits (filled or open as above)")
        for position in ("outside 95 %", "outside 99.8 %")
        if (shown["position"] == position).any()
    ]
    return [
        ("o", whose),
        *others,
        *outside,
        ("dotted", "mean of all teams"),
        ("dashed", "95 % limits: about 1 team in 20 is outside by chance"),
        ("solid", "99.8 % limits: about 1 team in 500 is outside by chance"),
    ]


def _words(
    shown: pd.DataFrame, own: pd.Series[bool], label: str, phi: float, site: str | None, team: str | None
) -> str:
    mine = shown[own]
    whose = team or (f"teams of {site}" if site else "teams")
    counts = [f"{(shown['position'] == position).sum()} {position}" for position in _MARKS]
    outside = mine[mine["position"] != "within"]
    names = "; ".join(
        f"{row['team']} mean {row['mean']:.0f}, n {row['n']}, {row['position']}" for row in records(outside)
    )
    told = f" Of {whose}: {names}." if names else f" Of {whose}, none lies outside."
    return (
        f"Funnel of {label}: means of {len(shown)} teams by how many answered, around {shown['centre'].iloc[0]:.0f}. "
        f"Limits of 95 % and 99.8 %; over-dispersion {phi:.2f}. {', '.join(counts)}.{told}"
    )
