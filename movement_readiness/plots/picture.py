"""What every figure shares: ink, a style that is the same on every machine, and the picture with its words."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import matplotlib as mpl
from matplotlib.figure import Figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["INK", "PALE", "QUIET", "STYLE", "WIDTH", "Picture", "new_axes"]

INK, QUIET, PALE = "#1a1a1a", "#595959", "#d9d9d9"
_PIXELS = 115  # an inch of a figure, in pixels of a page
WIDTH = 5.6  # inches: on a phone the 10-point letters are still read without zooming
STYLE: Any = {  # rcParams; matplotlib types its keys one by one
    "font.family": "DejaVu Sans",  # matplotlib carries it, so every machine draws the same picture
    "font.size": 10,
    "text.parse_math": False,  # a name with two dollar signs is a name
    "svg.hashsalt": "movement-readiness",
    "svg.fonttype": "path",
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.8,
    "hatch.linewidth": 0.6,
}


@dataclass(frozen=True)
class Picture:
    """A figure with the text that stands for it.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
    alternative : str
        What the figure shows, in words.
    data : pandas.DataFrame, optional
        The released numbers that were drawn, for a table beside the figure and for export; of figures of teams.
    letters : "outlines" or "text"
        How letters are kept in an SVG file: drawn, the same on every machine; or as text that whoever shows the file
        sets, five times smaller, and right in every script (figures of teams, whose names can be anything).
    """

    figure: Figure = field(repr=False)
    alternative: str
    data: pd.DataFrame | None = field(default=None, repr=False, compare=False)
    letters: Literal["outlines", "text"] = field(default="outlines", repr=False)

    def svg(self) -> bytes:
        """The figure as an SVG file."""
        kept = self._saved("svg", metadata={"Date": None, "Creator": None})
        return _lean(kept) if self.letters == "outlines" else _bare(kept)

    def png(self, dpi: int = 200) -> bytes:
        """The figure as a PNG file of that many pixels an inch."""
        return self._saved("png", dpi=dpi, metadata={"Software": None, "Description": self.alternative})

    def _saved(self, kind: str, **options: Any) -> bytes:
        style = {**STYLE, "svg.fonttype": "path" if self.letters == "outlines" else "none"}
        buffer = io.BytesIO()
        with mpl.rc_context(style), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)  # a name with an emoji: its box will do
            self.figure.savefig(buffer, format=kind, **options)
        return buffer.getvalue()

    def html(self) -> str:
        """An ``<img>`` that holds the picture itself, so that a page needs no other file."""
        data = quote(self.svg(), safe=" /:;=,.()-_'")  # a fifth shorter than base64
        width = round(self.figure.get_figwidth() * _PIXELS)
        words = escape(self.alternative, quote=True)
        return f'<img src="data:image/svg+xml,{data}" width="{width}" alt="{words}">'

    def _repr_html_(self) -> str:
        return self.html()


def _bare(svg: bytes) -> bytes:
    """Drop comments and indents, and name fonts of the same widths for machines without ours."""
    bare = re.sub(rb"<!--.*?-->", b"", svg, flags=re.DOTALL)
    return re.sub(rb"\s*\n\s*", b"\n", bare).replace(b"'DejaVu Sans'", b"'DejaVu Sans',Verdana,sans-serif")


def _lean(svg: bytes) -> bytes:
    """Drop comments, indents, names of groups, and digits beyond a hundredth of a point: it looks the same."""
    bare = re.sub(rb"<!--.*?-->", b"", svg, flags=re.DOTALL)
    bare = re.sub(rb'<g id="[\w.]+"', b"<g", bare)  # nothing refers to a group
    rounded = re.sub(rb"([1-9]\d*\.\d\d)\d+", rb"\1", bare)  # not 0.0156, the scale of letters
    return re.sub(rb"\s*\n\s*", b"\n", rounded)


def new_axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure of that many inches with one bare axes; to be called within the style."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(length=0, colors=INK)
    return figure, axes
