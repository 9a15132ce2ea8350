"""A sheet of paper measured in inches from its upper left corner, on which the figures of teams are laid out by hand.

Laid out by hand because every line of text has a known place then: nothing overlaps whatever the names are, and a page
of four figures is drawn in a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from movement_readiness.plots.picture import INK, QUIET, STYLE, Picture

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LINE", "MARGIN", "NARROW", "Sheet", "band", "key_height", "records", "text_width", "wrap"]

NARROW = 4.4  # inches: the width of a phone's page, on which 10-point letters are still 11 pixels high
MARGIN = 0.12
LINE = 0.185  # from one line of 10-point text to the next
_FAMILY = "DejaVu Sans"
Floats = npt.NDArray[np.float64]
Kind = tuple[tuple[str, Any], ...]


@lru_cache(maxsize=4096)
def _advance(letter: str, bold: bool) -> float:
    """Width of a letter in ems; of one that the font does not have, a full em."""
    font = get_font(findfont(FontProperties(family=_FAMILY, weight="bold" if bold else "normal")))
    if not font.get_char_index(ord(letter)):
        return 1.0
    font.set_size(100, 72)
    return float(font.load_char(ord(letter)).linearHoriAdvance / 65536 / 100)


def text_width(words: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in inches."""
    return sum(_advance(letter, bold) for letter in words) * size / 72


def wrap(words: str, width: float, size: float, *, bold: bool = False, most: int = 2) -> list[str]:
    """Break text into lines of at most that many inches; what does not fit in the last line ends in an ellipsis."""
    lines: list[str] = []
    rest = words.split()
    while rest:
        line = rest.pop(0)
        while rest and text_width(f"{line} {rest[0]}", size, bold=bold) <= width:
            line = f"{line} {rest.pop(0)}"
        if len(lines) == most - 1 or text_width(line, size, bold=bold) > width:
            line, left = _cut(" ".join([line, *rest]), width, size, bold=bold, last=len(lines) == most - 1)
            rest = left.split()
        lines.append(line)
        if len(lines) == most:
            break
    return lines or [""]


def _cut(words: str, width: float, size: float, *, bold: bool, last: bool) -> tuple[str, str]:
    """The start of a text that fits into a line, and what is left of it."""
    if text_width(words, size, bold=bold) <= width:
        return words, ""
    mark = "…" if last else ""
    kept = len(words)
    while kept > 1 and text_width(words[:kept] + mark, size, bold=bold) > width:
        kept -= 1
    return words[:kept].rstrip() + mark, words[kept:]


@lru_cache(maxsize=20)
def _digit(digit: str, size: float) -> tuple[Any, float]:
    prop = FontProperties(family=_FAMILY, weight="bold")
    return TextPath((0, 0), digit, size=size, prop=prop), _advance(digit, True) * size / 72


def _kind(**style: Any) -> Kind:
    """What marks have in common that can be drawn together."""
    return tuple(style.items())


class Sheet:
    """A figure with places in inches: x to the right and y downwards from the upper left corner.

    Lines, boxes and markers of one kind are gathered, and drawn together when the picture is taken: a figure of two
    hundred marks costs little more than one of two.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._figure = Figure(figsize=(width, height))
        self._down = Affine2D().scale(1, -1).translate(0, height) + self._figure.dpi_scale_trans
        self._lines: dict[Kind, list[Any]] = {}
        self._boxes: dict[Kind, tuple[list[Any], list[Any]]] = {}
        self._dots: dict[Kind, tuple[list[float], list[float]]] = {}

    def text(self, x: float, y: float, words: str, size: float = 10, **style: Any) -> None:
        """Write a line; ``y`` is its baseline."""
        style = {"color": INK, "va": "baseline", "family": _FAMILY, **style}
        self._figure.text(x, y, words, fontsize=size, transform=self._down, parse_math=False, **style)

    def texts(self, x: float, y: float, lines: Sequence[str], size: float = 10, **style: Any) -> float:
        """Write lines below each other and return the baseline after the last."""
        for line in lines:
            self.text(x, y, line, size, **style)
            y += LINE * size / 10
        return y

    def lines(self, segments: Sequence[Any], width: float = 0.8, colour: str = INK, **style: Any) -> None:
        """Draw lines, each a sequence of points."""
        kind = _kind(linewidths=width, colors=colour, **{"capstyle": "butt", "zorder": 2, **style})
        self._lines.setdefault(kind, []).extend(segments)

    def box(self, x: float, y: float, width: float, height: float, facecolor: Any = "none", **style: Any) -> None:
        """Draw a rectangle from its upper left corner."""
        kind = _kind(**{"linewidths": 0, "edgecolors": "none", "hatch": None, "zorder": 1, **style})
        corners, colours = self._boxes.setdefault(kind, ([], []))
        corners.append([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
        colours.append(facecolor)

    def dots(self, x: Any, y: Any, marker: str = "o", size: float = 9, *, filled: bool = True, **style: Any) -> None:
        """Draw markers, filled with ink or open."""
        style = {"color": INK, "zorder": 4, "markeredgewidth": 1.4, **style}
        face = style["color"] if filled else "white"
        kind = _kind(marker=marker, markersize=size, **{"markerfacecolor": face, **style})
        across, down = self._dots.setdefault(kind, ([], []))
        across.extend(np.ravel(x).tolist())
        down.extend(np.ravel(y).tolist())

    def picture(self, alternative: str, data: pd.DataFrame) -> Picture:
        """Draw everything, and give the figure its words and its numbers."""
        with mpl.rc_context(STYLE):
            for kind, (corners, colours) in self._boxes.items():
                self._figure.add_artist(PolyCollection(corners, facecolors=colours, transform=self._down, **dict(kind)))
            for kind, segments in self._lines.items():
                self._figure.add_artist(LineCollection(segments, transform=self._down, **dict(kind)))
            for kind, (across, down) in self._dots.items():
                self._figure.add_artist(Line2D(across, down, linestyle="", transform=self._down, **dict(kind)))
        return Picture(self._figure, alternative, data, "text")

    def withheld(self, x: float, y: float, width: float, height: float) -> None:
        """Draw the stripes that stand for what is not shown."""
        self.box(x, y, width, height, hatch="////", edgecolors="#8c8c8c")

    def numbers(self, x: Floats, y: Floats, values: Floats, size: float = 10) -> None:
        """Write whole numbers around places; hundreds of them cost no more than a few."""
        words = [f"{value:.0f}".replace("-", "") for value in values]
        places: dict[str, list[tuple[float, float]]] = {}
        for across, down, number in zip(x, y, words, strict=True):
            left = across - text_width(number, size, bold=True) / 2
            for digit in number:
                places.setdefault(digit, []).append((left, down + 0.36 * size / 72))
                left += _digit(digit, size)[1]
        scaled = Affine2D().scale(1 / 72) + self._figure.dpi_scale_trans
        for digit, at in sorted(places.items()):
            drawn = PathCollection([_digit(digit, size)[0]], offsets=at, offset_transform=self._down, facecolors=INK)
            drawn.set_transform(scaled)
            drawn.set(linewidths=0, zorder=3)
            self._figure.add_artist(drawn)

    def key(self, y: float, entries: Sequence[tuple[str, str]]) -> float:
        """Say what the marks stand for, one a line from the baseline ``y`` down; returns where the next would be."""
        for mark, words in entries:
            self._sample(mark, MARGIN, y - 0.05)
            y = self.texts(MARGIN + 0.42, y, wrap(words, self.width - 2 * MARGIN - 0.42, 9), 9, color=QUIET)
        return y

    def _sample(self, mark: str, x: float, y: float) -> None:
        if mark == "dot":
            self.lines([[(x, y), (x + 0.32, y)]], 2)
            self.dots([x + 0.16], [y], size=7)
        elif mark == "open dot":
            self.lines([[(x, y), (x + 0.32, y)]], 2)
            self.dots([x + 0.16], [y], size=7, filled=False)
        elif mark == "band":
            band(self, x, x + 0.32, x + 0.16, y, 0.06)
        elif mark == "range":
            band(self, x, x + 0.32, np.nan, y, 0.06)
        elif mark == "stripes":
            self.withheld(x, y - 0.06, 0.32, 0.12)
        elif mark in ("solid", "dashed", "dotted"):
            self.lines([[(x, y), (x + 0.32, y)]], 1.4, QUIET, linestyles=mark)
        else:
            self.dots([x + 0.16], [y], marker=mark.removeprefix("open "), size=6, filled=not mark.startswith("open "))


def key_height(words: str) -> float:
    """Inches that an entry of a key takes."""
    return LINE * 0.9 * len(wrap(words, NARROW - 2 * MARGIN - 0.42, 9))


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame, each a mapping of column to value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def band(sheet: Sheet, low: float, high: float, middle: float, y: float, half: float) -> None:
    """A pale band with an edge and a tick (none without a middle): what something is compared with."""
    sheet.box(low, y - half, high - low, 2 * half, facecolor="#e3e3e3", edgecolors=QUIET, linewidths=0.6)
    if not np.isnan(middle):
        sheet.lines([[(middle, y - half), (middle, y + half)]], 1.6, QUIET)
