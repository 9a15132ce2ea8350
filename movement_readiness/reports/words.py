"""The sentences of the reports, in plain language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from movement_readiness.instrument import Instrument, Translation
from movement_readiness.teams import TeamResults

__all__ = [
    "change_withheld_words",
    "claim_words",
    "differences_words",
    "dispersion_words",
    "hundredths",
    "interval_words",
    "no_band_words",
    "not_compared_words",
    "reliability_words",
    "scale_ends",
    "signed",
    "state_words",
    "who_answered",
    "why_no_team_numbers",
    "withheld_words",
]

_FEWEST_TEAMS = 3  # with two, nothing is said about how teams differ
_MANY = 0.6  # share of the invited from which on those who stayed away are not spoken of
_TEAM_WITHHELD = {
    "too_few": "Too few people answered this to show a number without pointing to someone.",
    "protected": "Not shown: with it, one person's answers or a smaller group's could be worked out.",
    "no_answers": "Nobody has answered this yet.",
    "no_differences": "Not shown: these answers do not support that teams differ.",
    "few_teams": "Not shown: too few teams have numbers that may be shown.",
}


def who_answered(row: Any, noun: str) -> str:
    """How many people answered, of how many invited, and what that leaves open."""
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
    return _TEAM_WITHHELD.get(reason, "Not shown, to protect the people who answered.")


def change_withheld_words(reason: str) -> str:
    """Why a change is not shown."""
    if reason == "no_answers":
        return "The change is not shown: nobody answered in one of the two waves."
    if reason == "too_few":
        return "The change is not shown: in one of the two waves too few people answered."
    return "The change is not shown: with it, one person's answers, or a smaller group's, could be worked out."


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
        return "How reliably these numbers tell this team from another is not known: that needs several teams."
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


def hundredths(value: float) -> str:
    """A number with two decimals and a true minus sign."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "\N{MINUS SIGN}")


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


def differences_words(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """Whether teams differ at all, from the evidence of the whole study: a row a scale (index: scale)."""
    states = _states(rows)
    if states == {"unknown"} or rows["icc1"].isna().all():
        few = "there are too few teams" if rows["n_teams"].max() < _FEWEST_TEAMS else "it cannot be estimated"
        return f"Whether teams differ at all is not known: {few}. Do not compare teams."
    numbers = _icc_words(rows.dropna(subset=["icc1"]))
    if states == {"supported"}:
        return f"These answers support that teams differ ({numbers})."
    if states == {"not supported"}:
        return f"These answers do not support that teams differ ({numbers}). Do not compare teams."
    if states == {"unclear"}:
        return f"It is unclear from these answers whether teams differ ({numbers}). Do not read much into a difference."
    return f"{_states_counted(rows, titles)} ({numbers}). {_what_may_be_compared(states)}"


_COUNTED = {
    "supported": "these answers support that teams differ on {}",
    "unclear": "it is unclear whether teams differ on {}",
    "not supported": "these answers do not support that teams differ on {}",
    "unknown": "it cannot be told whether teams differ on {}",
}


def _states_counted(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """How many conditions are in which state, and which they are."""
    parts = []
    for state, words in _COUNTED.items():
        names = [titles[str(scale)] for scale in rows.index[_states_of(rows) == state]]
        if names:
            parts.append(words.format(f"{len(names)} ({', '.join(names)})"))
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
        f"Teams are not shown side by side on {_listed(titles)}, because these answers do not support that teams "
        "differ there: what looks like a difference would be chance. That is not to protect anybody, and each team's "
        "own page has its own means."
    )


def no_band_words(titles: Sequence[str]) -> str:
    """Why a team is not put beside its site on some conditions."""
    if not titles:
        return ""
    return f"There is no band on {_listed(titles)}: these answers do not support that teams differ there."


def _listed(titles: Sequence[str]) -> str:
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


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
    shown = " to ".join(
        f"{hundredths(row['icc1'])} ({hundredths(row['ci_low'])}, {hundredths(row['ci_high'])})" for row in ends
    )
    return f"ICC(1), with 95 % limits: {shown}; {int(known['n_teams'].max())} teams"


def claim_words(teams: TeamResults) -> str:
    """The ladder-of-claims line."""
    needed = ", ".join(name.replace("_", " ") for name in teams.claim.next_needed)
    tail = f" The next step needs: {needed}." if needed else ""
    return f"{teams.claim.sentence}{tail}"
