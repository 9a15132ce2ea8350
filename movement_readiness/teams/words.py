"""What pages and explorers both say of results, in plain language: why a number is missing, who answered, ICC(1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from movement_readiness.teams.disclosure import REASONS

__all__ = [
    "OPENERS",
    "STATES",
    "icc_words",
    "listed",
    "same_people",
    "sentence",
    "who_answered",
    "why_no_change",
    "why_withheld",
]

_MANY = 0.6  # share of the invited from which on those who stayed away are not spoken of
_WHY = {
    "too_few": "too few people answered to show a number without pointing to someone",
    "protected": "with it, one person's answers or a smaller group's could be worked out",
    "no_answers": "nobody answered this",
    "few_changed": "a few people's answers came or went since numbers were shown before, and the difference would tell "
    "what they answered",
    "few_teams": "too few teams have numbers that may be shown",
    "no_differences": "these answers do not support that teams differ, so teams are not compared",
    "no_estimate": "it cannot be estimated from these answers (the mean of the answers needs no estimate)",
}
_WHY_NO_CHANGE = {
    "no_answers": "nobody answered in one of the two waves",
    "too_few": "in one of the two waves too few people answered",
}
STATES = {  # of the evidence that teams differ
    "supported": "these answers support that teams differ",
    "unclear": "it is unclear from these answers whether teams differ by enough to matter",
    "not supported": "these answers do not support that teams differ",
    "unknown": "it cannot be told from these answers whether teams differ",
}
OPENERS = (  # for a talk where the instrument brings none of its own; about nothing that it asks
    "What do we recognise here, and what surprises us?",
    "What does a good day look like for us, and what makes it one?",
    "What is one small thing that we could try before we meet again?",
)


def why_withheld(reason: str) -> str:
    """Why a number is not shown, as the tail of a sentence."""
    return _WHY.get(reason) or REASONS.get(reason) or "to protect the people who answered"


def why_no_change(reason: str) -> str:
    """Why a change between two waves is not shown, as the tail of a sentence."""
    return _WHY_NO_CHANGE.get(reason) or why_withheld(reason)


def who_answered(row: Any, noun: str) -> str:
    """How many people answered, of how many invited, and what that leaves open; ``noun`` is "team" or "site"."""
    n, invited = row["n"], row["invited"]
    if row["withheld"] and row.get("reason") == "protected":
        return "How many people answered is not shown: it would tell how many answered in a smaller team."
    if row["withheld"] or pd.isna(n):
        return f"So few people answered in this {noun} that their number is not shown."
    people = "1 person" if n == 1 else f"{n} people"
    if pd.isna(invited):
        return f"{people} answered. How many were invited is not known."
    if invited < n:
        return f"{people} answered; the list of invited people has only {invited}, so it may be out of date."
    open_ = " Those who did not answer may see things differently." if n / invited < _MANY else ""
    return f"{n} of the {invited} people invited answered ({n / invited:.0%}).{open_}"


def icc_words(row: Any) -> tuple[str, str]:
    """ICC(1), and from where to where its interval goes, with two decimals.

    It is a share of variance, so what was estimated below 0 is given as 0; where even the upper limit was (people of
    one team are less alike than chance makes them), as "0.00 or less".
    """
    value, low, high = (f"{max(0.0, row[name]):.2f}" for name in ("icc1", "ci_low", "ci_high"))
    return value, "0.00 or less" if row["ci_high"] < 0 else f"{low} to {high}"


def same_people(team: Any, site: Any) -> bool:
    """Whether those who answered in a team are all who answered at its site, from the two rows of who answered."""
    shown = not (team["withheld"] or site["withheld"] or pd.isna(team["n"]) or pd.isna(site["n"]))
    return shown and bool(team["n"] == site["n"])


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence: 'A, B and C'."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def sentence(words: str) -> str:
    """The same words with a capital at the beginning."""
    return words[:1].upper() + words[1:]
