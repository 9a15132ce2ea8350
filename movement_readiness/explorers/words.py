"""The sentences of an explorer, in plain language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from movement_readiness.teams import REASONS, TeamResults

__all__ = ["claim_line", "differences", "heads", "joined", "policy_line", "withheld", "withheld_all"]

_WHY = {
    "too_few": "too few people answered to show a number without pointing to someone",
    "protected": "with it, one person's answers or a smaller group's could be worked out",
    "no_answers": "nobody has answered this yet",
    "no_differences": "the answers do not support that teams differ here, so teams are not compared",
    "few_changed": "a few people's answers came or went since numbers were shown before, and the difference would tell "
    "what they answered",
    "few_teams": "too few teams are published to tell how teams differ",
    "no_estimate": "it cannot be estimated from these answers (the mean of the answers needs no estimate)",
}
_STATES = {
    "supported": "These answers support that teams differ",
    "unclear": "It is unclear from these answers whether teams differ",
    "not supported": "These answers do not support that teams differ, so teams are not compared",
    "unknown": "Whether teams differ cannot be told from these answers",
}


def withheld(reason: str) -> str:
    """Why a number is not shown, as the tail of a sentence."""
    return _WHY.get(reason) or REASONS.get(reason) or "to protect the people who answered"


def joined(names: list[str]) -> str:
    """Names as a list in a sentence: 'A, B and C'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def withheld_all(rows: pd.DataFrame, labels: Mapping[str, str], part: str = "scale") -> list[str]:
    """One sentence for each reason, naming what is not shown because of it."""
    hidden = rows[rows["withheld"]]
    sentences = []
    for reason, group in hidden.groupby("reason", sort=False):
        names = list(dict.fromkeys(labels.get(str(name), str(name)) for name in group[part]))
        which = "None of these" if len(names) > 1 and len(group) == len(rows) else joined(names)
        verb = "is" if len(names) == 1 or which == "None of these" else "are"
        shown = "shown" if which == "None of these" else "not shown"
        sentences.append(f"{which} {verb} {shown}: {withheld(str(reason))}.")
    return sentences


def heads(row: Any, noun: str) -> str:
    """How many people answered, of how many invited."""
    if row["withheld"] or pd.isna(row["n"]):
        return f"So few people answered in this {noun} that their number is not shown."
    people = "1 person" if row["n"] == 1 else f"{row['n']} people"
    if pd.isna(row["invited"]) or row["invited"] < row["n"]:
        return f"{people} answered."
    return f"{row['n']} of the {row['invited']} people invited answered."


def differences(rows: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Whether teams differ at all, one sentence for each state of the evidence."""
    sentences = []
    for state, lead in _STATES.items():
        group = rows[rows["state"] == state]
        if len(group):
            names = joined([_with_icc(row, labels) for _, row in group.iterrows()])
            sentences.append(f"{lead}: {names}.")
    return sentences


def _with_icc(row: Any, labels: Mapping[str, str]) -> str:
    name = labels[row["scale"]]
    if pd.isna(row["icc1"]):
        return name
    icc1, low, high = (_hundredths(row[part]) for part in ("icc1", "ci_low", "ci_high"))
    numbers = f"{icc1}, {low} to {high}"
    return f"{name} (ICC(1) {numbers})"


def _hundredths(value: float) -> str:
    shown = f"{value:.2f}"
    return "0.00" if shown == "-0.00" else shown.replace("-", "\N{MINUS SIGN}")


def claim_line(teams: TeamResults) -> str:
    """The ladder-of-claims line, and that the data are synthetic where they are."""
    mark = "SYNTHETIC DATA: simulated answers, nobody's. " if teams.synthetic else ""
    return f"{mark}{teams.claim.sentence}"


def policy_line(teams: TeamResults) -> str:
    """Who may be shown what."""
    policy = teams.policy
    own = "" if teams.audience == "published" else f" A team sees its own means from {policy.min_respondents_own_team}."
    return (
        f"Numbers of groups of fewer than {policy.min_respondents} people are not shown, nor those from which such a "
        f"group's could be worked out.{own}"
    )
