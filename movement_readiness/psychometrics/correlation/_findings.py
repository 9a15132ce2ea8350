"""What a reader has to know before using correlations of ordered items, in sentences that name the items."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from movement_readiness.exceptions import (
    ConstantItemWarning,
    EmptyCategoryWarning,
    EstimationWarning,
    NearPerfectCorrelationWarning,
    NonConvergenceWarning,
    NotPositiveDefiniteWarning,
    TooFewRespondentsWarning,
)
from movement_readiness.psychometrics._coded import CodedItems
from movement_readiness.psychometrics.correlation._polychoric import PolychoricEstimates
from movement_readiness.psychometrics.correlation._smoothing import is_positive_definite, smallest_eigenvalue
from movement_readiness.psychometrics.results import give_warning, shown

__all__ = [
    "FEWEST",
    "IN_ANALYSIS",
    "IN_MATRIX",
    "IN_POLYCHORIC",
    "IN_POLYSERIAL",
    "NEAR_PERFECT",
    "Finding",
    "Remedies",
    "about_matrix",
    "about_pairs",
    "about_respondents",
    "constant_items",
    "give",
    "heaviest",
    "not_converged",
    "ordinal",
    "warn_of_lost",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Finding = tuple[type[Warning], str]

NEAR_PERFECT = 0.99
FEWEST = 50
_TENTH = 10  # a pair that fewer than one in ten of the largest one answered is spoken of
_NAMED = 8
_SINGULAR = 1e-10  # in size; a smallest eigenvalue this near zero comes from an item that repeats others


@dataclass(frozen=True, slots=True)
class Remedies:
    """What the reader can do in the function that was called, as ends of sentences; empty where there is nothing.

    ``before`` is the number of respondents before listwise deletion, 0 where nobody was left out; ``few_known`` that
    the reader is told otherwise how few respondents there are.
    """

    smooth: str
    empty: str = ""
    errors: str = ""
    missing: str = "pairwise"
    before: int = 0
    few_known: bool = False

    def of_numbers(self) -> Remedies:
        """Without what only ordered items have."""
        return replace(self, empty="", errors="")

    def within(self, missing: str, before: int, few_known: bool = False) -> Remedies:
        """With how missing answers were dealt with."""
        return replace(self, missing=missing, before=before, few_known=few_known)


_TABLES = ", or their table has too many empty cells to tell: look at pandas.crosstab of the two, then leave one out or"
IN_POLYCHORIC = Remedies(
    "smooth it with smooth=True", f"{_TABLES} merge categories; correct= fills empty cells", " (se=True shows them)"
)
IN_MATRIX = replace(IN_POLYCHORIC, errors=" (polychoric(items, se=True) shows them)")
IN_POLYSERIAL = Remedies("smooth it with smooth=True", f"{_TABLES} merge categories", " (standard_errors has them)")
IN_ANALYSIS = Remedies(
    "give correlation_matrix(items, correlation=..., smooth=True) in place of the items",
    f"{_TABLES} merge categories, or give correlation_matrix(items, correlation='polychoric', correct=...), which "
    "fills empty cells, in place of the items",
    " (polychoric(items, se=True) shows them)",
)


def give(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Give each as a warning; the sentences come back, for the result."""
    sentences = []
    for category, sentence in findings:
        give_warning(sentence, category)
        sentences.append(sentence)
    return tuple(sentences)


def ordinal(coded: CodedItems, found: PolychoricEstimates, remedies: Remedies) -> list[Finding]:
    """Everything about ordered items and their polychoric correlations but the matrix as a whole."""
    pairs = (found.pairs.first, found.pairs.second)
    return [
        *constant_items(_without_choice(coded)),
        *_empty_categories(coded),
        *about_pairs(coded.names, pairs, found.rho, found.pairs.n_pairs, _varying(coded), remedies),
        *not_converged(coded.names, pairs, found.converged),
    ]


def constant_items(items: Sequence[str]) -> list[Finding]:
    """The finding about items with one answer or none, each already in words."""
    if not items:
        return []
    sentence = f"Items with one answer only, or none: {_listed(items)}. They correlate with nothing; leave them out."
    return [(ConstantItemWarning, sentence)]


def about_pairs(
    names: Sequence[Any],
    pairs: tuple[Ints, Ints],
    rho: Floats,
    n_pairs: Ints,
    varying: npt.NDArray[np.bool_],
    remedies: Remedies,
) -> list[Finding]:
    """What single correlations need said: not estimable, almost perfect, from too few respondents."""
    meant = varying[pairs[0]] & varying[pairs[1]]
    words = _Words(names, pairs)
    found: list[Finding] = []
    lost = np.flatnonzero(meant & np.isnan(rho))
    if lost.size:
        sentence = (
            f"Correlations that cannot be estimated and are NaN: {words(lost)}. Nobody answered both items, or those "
            "who did gave one answer only to one of them; leave an item out, or collect more answers."
        )
        found.append((EstimationWarning, sentence))
    near = np.flatnonzero(meant & (np.abs(rho) >= NEAR_PERFECT))
    if near.size:
        sentence = (
            f"Correlations of {NEAR_PERFECT} or more in size: {words(near, rho)}. The items ask the same"
            f"{remedies.empty or ': leave one of them out'}."
        )
        found.append((NearPerfectCorrelationWarning, sentence))
    few = np.flatnonzero(meant & ~np.isnan(rho) & (n_pairs < max(FEWEST, n_pairs.max(initial=0) / _TENTH)))
    return found + _too_few(few, n_pairs, words, remedies)


def _too_few(few: Ints, n_pairs: Ints, words: _Words, remedies: Remedies) -> list[Finding]:
    if not few.size or remedies.few_known or remedies.before:  # listwise: `about_respondents` says it once
        return []
    least, most = few[np.argmin(n_pairs[few])], max(FEWEST, math.ceil(n_pairs.max() / _TENTH))
    sentence = (
        f"{few.size} of {n_pairs.size} correlations come from fewer than {most:g} respondents; the fewest, "
        f"{n_pairs[least]}, answered {words([least])}. Their standard errors are large{remedies.errors}."
    )
    return [(TooFewRespondentsWarning, sentence)]


def about_respondents(n_respondents: int, remedies: Remedies) -> list[Finding]:
    """What listwise deletion left, where it left few."""
    if not remedies.before or remedies.few_known:
        return []
    if n_respondents >= FEWEST:
        lost = n_respondents < remedies.before / 2
        return [(TooFewRespondentsWarning, _lost(n_respondents, remedies.before))] if lost else []
    sentence = (
        f"missing='listwise' leaves {n_respondents} of {remedies.before} respondents, fewer than {FEWEST}; standard "
        f"errors are large{remedies.errors}. missing='pairwise' uses what there is."
    )
    return [(TooFewRespondentsWarning, sentence)]


def about_matrix(
    matrix: Floats, names: Sequence[Any], smooth: bool, remedies: Remedies, n_pairs: Ints | None = None
) -> list[Finding]:
    """What the smallest eigenvalue of the matrix, as estimated, needs said; ``n_pairs``, respondents of pairs."""
    smallest = smallest_eigenvalue(matrix)
    if is_positive_definite(smallest):
        return []
    some_missing = remedies.missing == "pairwise" and n_pairs is not None and int(np.ptp(n_pairs)) > 0
    indefinite = smallest < -_SINGULAR and some_missing  # what pairs of other respondents can do
    listwise = " use missing='listwise'," if indefinite else ""
    involved = heaviest(matrix, names)
    done = "It was smoothed." if smooth else f"Leave one of them out,{listwise} or {remedies.smooth}."
    sentence = (
        f"The correlation matrix is not positive definite: its smallest eigenvalue is {smallest:.2g}, most of it due "
        f"to {involved}. {done}"
    )
    return [(NotPositiveDefiniteWarning, sentence)]


def heaviest(matrix: Floats, names: Sequence[Any]) -> str:
    """The items with the largest weights in the eigenvector of the smallest eigenvalue, in words."""
    weights = np.abs(np.linalg.eigh(matrix)[1][:, 0])
    order = [place for place in np.argsort(-weights, kind="stable") if weights[place] >= weights.max() / 2]
    return _listed([repr(names[place]) for place in order[:_NAMED]])


def warn_of_lost(left: int, before: int) -> None:
    """Say where listwise deletion leaves fewer than half."""
    if left < before / 2:
        give_warning(_lost(left, before), TooFewRespondentsWarning)


def _lost(left: int, before: int) -> str:
    return (
        f"missing='listwise' leaves {left} of {before} respondents, fewer than half: those who answer everything may "
        "differ from the others. missing='pairwise' uses what there is."
    )


def _without_choice(coded: CodedItems) -> list[str]:
    places = np.flatnonzero(coded.n_categories < 2)
    return [
        f"{coded.names[place]!r} ({coded.categories[place][0]})"
        if coded.categories[place]
        else f"{coded.names[place]!r}"
        for place in places
    ]


def _varying(coded: CodedItems) -> npt.NDArray[np.bool_]:
    return np.asarray(coded.n_categories > 1)


def _empty_categories(coded: CodedItems) -> list[Finding]:
    empty = [
        f"{name!r} ({', '.join(str(option) for option in options)})"
        for name, options in zip(coded.names, coded.unused, strict=True)
        if options
    ]
    if not empty:
        return []
    sentence = (
        f"Response options that nobody chose: {_listed(empty)}. They have no threshold of their own; the options "
        "beside them are neighbours here. Where a model is compared between groups, merge categories first."
    )
    return [(EmptyCategoryWarning, sentence)]


def not_converged(names: Sequence[Any], pairs: tuple[Ints, Ints], converged: npt.NDArray[np.bool_]) -> list[Finding]:
    """The finding about pairs whose iterations did not end."""
    those = np.flatnonzero(~converged)
    if not those.size:
        return []
    sentence = f"Correlations whose iterations did not end: {_Words(names, pairs)(those)}. Look at their tables."
    return [(NonConvergenceWarning, sentence)]


class _Words:
    """Pairs by name."""

    def __init__(self, names: Sequence[Any], pairs: tuple[Ints, Ints]) -> None:
        self.names, self.pairs = names, pairs

    def __call__(self, places: Iterable[int], values: Floats | None = None) -> str:
        first, second = self.pairs
        return _listed(
            [
                f"{self.names[first[place]]!r} with {self.names[second[place]]!r}"
                + ("" if values is None else f" ({shown(values[place])})")
                for place in places
            ]
        )


def _listed(words: Sequence[str]) -> str:
    more = f" and {len(words) - _NAMED} more" if len(words) > _NAMED else ""
    return ", ".join(words[:_NAMED]) + more
