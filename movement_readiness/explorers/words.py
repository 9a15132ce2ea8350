"""The sentences of an explorer, in plain language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import pandas as pd

from movement_readiness.instrument import Translation
from movement_readiness.teams import TeamResults
from movement_readiness.teams.words import STATES, listed, sentence, why_no_change, why_withheld

__all__ = ["DRAWN", "change_withheld", "claim_line", "definitions_html", "differences", "policy_line", "withheld_all"]

_THEREFORE = {"not supported": ", so teams are not compared"}
_TERMS = {
    "95 % interval": "from where to where the true value probably lies; the line through a dot",
    "Drawn towards the middle": "a mean moved towards that of all published teams, the more the fewer people answered",
    "ICC(1)": "the share of all differences between people that lies between teams; 0 is none of them",
    "Over-dispersion": "how much further apart the means of teams lie than chance alone puts them; 1 is no further",
}
DRAWN = (
    "Each team's mean is drawn towards the middle, the mean of all published teams, the more the fewer people answered "
    "(a shrunken, or empirical-Bayes, mean). Use it to compare teams."
)


def withheld_all(
    rows: pd.DataFrame,
    labels: Mapping[str, str],
    part: str = "scale",
    nothing: str = "None of these is shown",
    why: Callable[[str], str] = why_withheld,
) -> list[str]:
    """One sentence for each reason, naming what is not shown because of it; ``nothing`` where all of it is."""
    hidden = rows[rows["withheld"]]
    sentences = []
    for reason, group in hidden.groupby("reason", sort=False):
        names = list(dict.fromkeys(labels.get(str(name), str(name)) for name in group[part]))
        lead = f"{listed(names)} {'is' if len(names) == 1 else 'are'} not shown"
        if len(names) > 1 and len(group) == len(rows):
            lead = nothing
        sentences.append(f"{lead}: {why(str(reason))}.")
    return sentences


def change_withheld(rows: pd.DataFrame, labels: Mapping[str, str], part: str = "scale") -> list[str]:
    """The same for changes between two waves, in either of which the reason may lie."""
    return withheld_all(rows, labels, part, why=why_no_change)


def differences(rows: pd.DataFrame, labels: Mapping[str, str]) -> list[str]:
    """Whether teams differ at all, one sentence for each state of the evidence; its numbers are in a table."""
    sentences = []
    for state, words in STATES.items():
        group = rows[rows["state"] == state]
        if len(group):
            names = listed([labels[scale] for scale in group["scale"]])
            sentences.append(f"{sentence(words)}{_THEREFORE.get(state, '')}: {names}.")
    return sentences


def definitions_html(scales: list[str], words: Translation) -> str:
    """What each scale means, in a line, and the words of statistics that are used; to be opened."""
    lines = "".join(
        f"<li><strong>{escape(words.scales[scale])}:</strong> {escape(words.definitions[scale])}</li>"
        for scale in scales
        if words.definitions.get(scale)
    )
    lang = escape(words.language, quote=True)
    terms = "".join(f"<li><strong>{term}:</strong> {meaning}</li>" for term, meaning in _TERMS.items())
    return (
        f'<details><summary>What each of these means</summary><ul lang="{lang}">{lines}</ul><ul>{terms}</ul></details>'
    )


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
