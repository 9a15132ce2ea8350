"""The sentences of the reports, in plain language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from movement_readiness.instrument import Instrument, Translation
from movement_readiness.teams import TeamResults
from movement_readiness.teams.words import STATES, icc_words, listed, sentence, why_withheld

__all__ = [
    "change_withheld_words",
    "claim_words",
    "differences_words",
    "dispersion_words",
    "interval_words",
    "no_band_words",
    "not_compared_words",
    "reliability_words",
    "scale_ends",
    "signed",
    "state_words",
    "why_no_team_numbers",
    "withheld_words",
]

_FEWEST_TEAMS = 3  # with two, nothing is said about how teams differ


def scale_ends(instrument: Instrument, words: Translation, form: str) -> str:
    """What 0 and 100 mean, in the words of the response options where all items share them."""
    shared = {
        instrument.items[item].response_scale for item in instrument.item_ids() if item in instrument.form(form).items
    }
    reversed_items = any(-1 in instrument.scales[scale].keys.values() for scale in instrument.report_scales(form))
    if len(shared) != 1 or reversed_items:
        return "Scores run from 0 (the least that the answers can show) to 100 (the most)."
    scale = instrument.response_scales[shared.pop()]
    labels = words.options[scale.id]
    return f"Scores run from 0 (everybody answers “{labels[scale.low]}” on every line) to 100 (“{labels[scale.high]}”)."


def why_no_team_numbers(reasons: set[str]) -> str:
    """Why a team's page has no numbers of its own, in words for that team."""
    if reasons <= {"too_few", "no_answers"}:
        return "We do this to protect each of you. With so few answers, someone could work out who said what."
    return (
        "Enough of you may have answered. But with your numbers and those of others, somebody could work out one "
        "person's answers or a smaller group's, so they are left out to protect people."
    )


def withheld_words(reason: str) -> str:
    """Why a number is not shown."""
    return f"{sentence(why_withheld(reason))}." if reason == "no_answers" else f"Not shown: {why_withheld(reason)}."


def change_withheld_words(reason: str) -> str:
    """Why a change is not shown."""
    why = {
        "no_answers": "nobody answered in one of the two waves",
        "too_few": "in one of the two waves too few people answered",
    }
    return f"The change is not shown: {why.get(reason) or why_withheld(reason)}."


def interval_words(teams: TeamResults) -> str:
    """How to read the line through a dot."""
    return (
        "The line through a dot shows how sure we can be: the true value is probably somewhere on it (lines made in "
        "this way hold the true value 95 times in 100). Where two lines overlap a lot, do not read the dots as "
        "different. "
        f"Numbers are rounded to {_steps(teams.policy.round_to)}."
    )


def _steps(width: float) -> str:
    return "whole points" if width == 1 else f"steps of {width:g} points"


def reliability_words(values: list[float]) -> str:
    """What the reliability of the team's means says."""
    known = [value for value in values if not pd.isna(value)]
    if not known:
        return (
            "How reliably these numbers tell this team from another is not known: that needs three teams or more whose "
            "numbers everybody may see."
        )
    low, high = min(known), max(known)
    span = f"{low:.2f}" if low == high else f"{low:.2f} to {high:.2f}"
    verdict = (
        "high enough to tell teams apart by their means"
        if low >= 0.7
        else "too low to tell teams apart by their means"
        if high < 0.7
        else "for some of them too low to tell teams apart by their means"
    )
    return f"The reliability of this team's means is {span} (0 is none, 1 is perfect; .70 is a usual least): {verdict}."


def signed(value: float) -> str:
    """A difference with its sign."""
    return "0" if round(value) == 0 else f"{value:+.0f}".replace("-", "\N{MINUS SIGN}")


_CROSSES = "Where the line through a dot crosses the band, do not read the two as different."


def state_words(rows: pd.DataFrame) -> str:
    """For everybody, what may be made of a difference between a team and the band."""
    states = _states(rows)
    if states == {"supported"}:
        return f"These answers support that teams differ. {_CROSSES}"
    if "supported" in states:
        return f"On some conditions these answers support that teams differ, on others not clearly. {_CROSSES}"
    return f"It is not clear from these answers whether teams differ at all. {_CROSSES}"


def _states(rows: pd.DataFrame) -> set[str]:
    return set(_states_of(rows))


def _states_of(rows: pd.DataFrame) -> pd.Series[str]:
    """The state of the evidence, scale by scale; of two teams nothing is said."""
    return rows["state"].mask(rows["n_teams"] < _FEWEST_TEAMS, "unknown")


_THEREFORE = {
    "not supported": " Do not compare teams.",
    "unclear": " Do not read much into a difference.",
}


def differences_words(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Whether teams differ at all, from the evidence of the whole study: a row a scale (index: scale)."""
    states = _states(rows)
    if states == {"unknown"} or rows["icc1"].isna().all():
        few = rows["n_teams"].max() < _FEWEST_TEAMS
        why = "too few teams have numbers that may be shown" if few else "it cannot be estimated"
        return f"Whether teams differ at all is not known: {why}. Do not compare teams."
    numbers = _icc_words(rows.dropna(subset=["icc1"]))
    if len(states) == 1:
        (state,) = states
        return f"{sentence(STATES[state])} ({numbers}).{_THEREFORE.get(state, '')}"
    return f"{_states_counted(rows, titles)} ({numbers}). {_what_may_be_compared(states)}"


def _states_counted(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """How many conditions are in which state, and which they are."""
    parts = []
    for state, words in STATES.items():
        names = [titles[str(scale)] for scale in rows.index[_states_of(rows) == state]]
        if names:
            parts.append(f"{words} on {len(names)} ({', '.join(names)})")
    return f"Of {len(rows)} conditions, {'; '.join(parts)}"


def _what_may_be_compared(states: set[str]) -> str:
    if "supported" not in states and "unclear" not in states:
        return "Do not compare teams."
    never = " Do not compare teams on the others." if states & {"not supported", "unknown"} else ""
    if "supported" not in states:
        return f"Do not read much into a difference where it is unclear.{never}"
    if "unclear" not in states:
        return f"Compare with care where it is supported.{never}"
    return f"Compare with care where it is supported; do not read much into a difference where it is unclear.{never}"


def not_compared_words(titles: Sequence[str]) -> str:
    """Why teams are not put side by side on some conditions."""
    if not titles:
        return ""
    return (
        f"Teams are not shown side by side on {listed(titles)}, because these answers do not support that teams "
        "differ there: what looks like a difference would be chance. That is not to protect anybody, and each team's "
        "own page has its own means."
    )


def no_band_words(titles: Sequence[str]) -> str:
    """Why a team is not put beside its site on some conditions."""
    if not titles:
        return ""
    return f"There is no band on {listed(titles)}: these answers do not support that teams differ there."


def dispersion_words(factors: Mapping[str, float]) -> str:
    """What the limits of the funnels allow for: factors of over-dispersion by title of scale."""
    wider = {title: factor for title, factor in factors.items() if factor > 1}
    if not factors:
        return ""
    if not wider:
        return (
            "The teams do not vary more than chance makes them (over-dispersion 1), so the limits are those of chance."
        )
    listed = ", ".join(f"{title} {factor:.1f}" for title, factor in wider.items())
    return (
        f"Teams vary more than chance alone would make them, and the limits are drawn wider to allow for that "
        f"(over-dispersion, 1 where there is none: {listed})."
    )


def _icc_words(known: pd.DataFrame) -> str:
    """ICC(1) with its interval: of the one scale, or of those with the lowest and the highest."""
    ordered = known.sort_values("icc1", kind="stable")
    ends = [ordered.iloc[0], ordered.iloc[-1]] if len(ordered) > 1 else [ordered.iloc[0]]
    shown = " to ".join("{} ({})".format(*icc_words(row)) for row in ends)
    return f"ICC(1), with 95 % limits: {shown}; {int(known['n_teams'].max())} teams"


def claim_words(teams: TeamResults) -> str:
    """The ladder-of-claims line."""
    needed = ", ".join(name.replace("_", " ") for name in teams.claim.next_needed)
    tail = f" The next step needs: {needed}." if needed else ""
    return f"{teams.claim.sentence}{tail}"
