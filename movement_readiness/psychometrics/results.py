"""What every result of this room has in common: how it shows itself, and the warning it may come with.

A result is a frozen dataclass of numbers at full precision. It becomes a table of text only here,
where numbers are rounded for reading.
"""

from __future__ import annotations

import os
import sys
import warnings
from abc import ABC, abstractmethod
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from movement_readiness.exceptions import EstimationWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

__all__ = [
    "EstimationWarning",
    "Result",
    "bare_table",
    "counted",
    "give_warning",
    "html_table",
    "noted",
    "shown",
    "shown_interval",
    "shown_p",
    "unlabelled_words",
    "warn_not_estimable",
    "within",
]

_NOTED: ContextVar[tuple[list[str], ...]] = ContextVar("_NOTED", default=())
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep


def shown(number: float, digits: int = 3) -> str:
    """Write a number as readers see it: rounded, with 'not estimable' for NaN and a real minus sign."""
    if np.isnan(number):
        return "not estimable"
    if np.isinf(number):
        return "∞" if number > 0 else "−∞"
    text = f"{number:.{digits}f}" if abs(number) < 1e6 else f"{number:.{digits + 1}g}"
    text = text.lstrip("-") if not float(text) else text  # no minus zero
    return text.replace("-", "−", 1) if text.startswith("-") else text


def shown_interval(low: float, high: float, digits: int = 3) -> str:
    """Both limits as readers see them, 'low to high'."""
    return "not estimable" if np.isnan(low) or np.isnan(high) else f"{shown(low, digits)} to {shown(high, digits)}"


def counted(number: int, thing: str, things: str = "") -> str:
    """'1 factor', '2 factors'."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def within(words: str) -> str:
    """The beginning of a sentence as it is written within one: 'polychoric ...', but 'Pearson ...'."""
    return words if words.startswith(("Pearson", "Spearman")) else words[:1].lower() + words[1:]


def unlabelled_words(number: int) -> str:
    """How many rows had no label of a cluster, as a sentence."""
    return f"{counted(number, 'respondent')} without a cluster label {'was' if number == 1 else 'were'} left out."


def shown_p(p: float) -> str:
    """Write a p value as readers see it, with the letter: 'p < .001', never a p of nought."""
    return "p < .001" if p < 0.001 else f"p {shown(p)}"


class Result(ABC):
    """A frozen result: `to_frame` for work, a table with its method in words for reading."""

    __slots__ = ()

    @abstractmethod
    def to_frame(self) -> pd.DataFrame:
        """Every number at full precision, one column per number."""

    @abstractmethod
    def _heading(self) -> str:
        """Say what this is, in a few words."""

    @abstractmethod
    def _rows(self) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Column headings and rows of text; the first cell of a row names it."""

    @abstractmethod
    def _sentences(self) -> Sequence[str]:
        """How many respondents, the method, and what to know before reading the numbers."""

    def _repr_html_(self) -> str:
        return html_table(self._heading(), *self._rows(), self._sentences())


def html_table(heading: str, headings: Sequence[str], rows: Sequence[Sequence[str]], sentences: Sequence[str]) -> str:
    """A table and sentences below it."""
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences if sentence)
    return f'<div class="movement-readiness-result">{bare_table(heading, headings, rows)}{words}</div>'


def bare_table(caption: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its caption, the first cell of a row its name."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in headings)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in rest) + "</tr>"
        for first, *rest in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def warn_not_estimable(sentence: str | None) -> None:
    """Give the sentence as an `EstimationWarning` at the line that called the public function."""
    if sentence is not None:
        warnings.warn(sentence, EstimationWarning, stacklevel=3)


@contextmanager
def noted() -> Iterator[list[str]]:
    """Keep the sentences of the warnings that are given inside, for the result to print."""
    kept: list[str] = []
    token = _NOTED.set((*_NOTED.get(), kept))
    try:
        yield kept
    finally:
        _NOTED.reset(token)


def give_warning(sentence: str, category: type[Warning]) -> None:
    """Warn at the line outside this package that began it, however deep in the package we are."""
    for kept in _NOTED.get():
        kept.append(sentence)
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, category, stacklevel=level)
