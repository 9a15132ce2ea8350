"""The sentences of the reports, in plain language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from movement_readiness.instrument import Instrument, Translation
from movement_readiness.teams import TeamResults
from movement_readiness.teams.words import (
    STATES,
    icc_words,
    listed,
    sentence,
    who_answered,
    why_no_change,
    why_withheld,
)

__all__ = [
    "change_withheld_words",
    "claim_words",
    "counts_words",
    "differences_words",
    "dispersion_words",
    "gaps_words",
    "hidden_words",
    "interval_words",
    "no_band_words",
    "no_funnel_words",
    "no_reference_words",
    "not_compared_words",
    "reliability_words",
    "scale_ends",
    "signed",
    "state_words",
    "statistics_words",
    "who_then",
    "why_change_hidden",
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
    if reasons == {"no_answers"}:
        return ""
    if reasons <= {"too_few", "no_answers"}:
        return "We do this to protect each of you. With so few answers, someone could work out who said what."
    return (
        "Enough of you may have answered. But with your numbers and those of others, somebody could work out one "
        "person's answers or a smaller group's, so they are left out to protect people."
    )


def withheld_words(reason: str) -> str:
    """Why a number is not shown."""
    return f"{sentence(why_withheld(reason))}." if reason == "no_answers" else f"Not shown: {why_withheld(reason)}."


def hidden_words(reasons: Sequence[str]) -> str:
    """Why some cells of a table are not shown: each reason once."""
    known = dict.fromkeys(str(reason) for reason in reasons)
    return f"“Not shown” means: {'; or '.join(why_withheld(reason) for reason in known)}." if known else ""


def counts_words(silent: bool, past: str | None, site: str, site_shown: bool) -> str:
    """What becomes of the answers of a team whose numbers are not shown; ``past``: its wave, if it is not the last."""
    if silent:
        return f"What follows is {site} as a whole." if site_shown else ""
    if site_shown:
        return f"Your answers are not lost: they count in what {site} says as a whole, shown below."
    if past:
        return (
            f"Your answers are kept. In wave {past} so few people of {site} answered the same form that no number is "
            "shown, not even one of all of them together."
        )
    return f"Your answers are kept, and count as soon as enough people at {site} have answered the same form."


def gaps_words(spread: Sequence[str], lines: Sequence[str], least: int) -> str:
    """Why how alike the answers are, or which lines stand out, is not on the page; the reasons of what is missing."""
    both = "How alike our answers are, and which lines stand out,"
    one = "How alike our answers are" if spread else "Which lines stand out"
    if not spread and not lines:
        return ""
    if set(spread) | set(lines) <= {"too_few"}:
        return (
            f"{both if spread and lines else one} is shown to teams in which {least} people or more answered: with "
            "fewer, somebody could work out who said what."
        )
    if spread and lines:
        return f"{both} is left out here, to protect the people who answered."
    return f"{one} is left out here: {_lines_why(lines) if lines else why_withheld(spread[0])}."


def _lines_why(reasons: Sequence[str]) -> str:
    """Of a part of the lines nobody can say which are the highest."""
    if set(reasons) == {"few_changed"}:
        return why_withheld("few_changed")
    return "so many lines are not shown, to protect the people who answered, that nobody could say which do"


def no_reference_words(site: str, reasons: Sequence[str]) -> str:
    """Why a team is not put beside its site at all."""
    known = list(dict.fromkeys(reasons))
    if not known:
        return ""
    if known == ["too_few"]:
        return f"There is no band for all of {site}: too few people there answered to show a number of all of them."
    return f"There is no band for all of {site}: {'; or '.join(why_withheld(reason) for reason in known)}."


def no_funnel_words(site: str) -> str:
    """Why a site's page has no funnels."""
    return (
        f"No team of {site} has published numbers, so teams are not shown by how many answered: all of them would be "
        "teams of other sites."
    )


def who_then(row: Any, noun: str, past: str | None) -> str:
    """Who answered; in a wave that is over without a share of the invited, for the list may be of a later wave."""
    if past is None or row["withheld"] or pd.isna(row["n"]) or pd.isna(row["invited"]):
        return who_answered(row, noun)
    people = "1 person" if row["n"] == 1 else f"{row['n']} people"
    return (
        f"{people} answered in wave {past}. The list of invited people has {row['invited']}, "
        "and may be of another wave."
    )


def change_withheld_words(reason: str) -> str:
    """Why a change is not shown."""
    return f"The change is not shown: {why_no_change(reason)}."


def why_change_hidden(reasons: Sequence[str]) -> str:
    """Why some changes of a table are not shown: each reason once."""
    known = dict.fromkeys(str(reason) for reason in reasons)
    return f"“Not shown” means: {'; or '.join(why_no_change(reason) for reason in known)}." if known else ""


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


def reliability_words(rows: pd.DataFrame, states: pd.DataFrame, titles: Mapping[str, str], least: int) -> str:
    """What the reliability of a team's means says: their rows of scores, and the evidence (index: scale)."""
    found = []
    for row in rows.dropna(subset=["reliability"]).to_dict("records"):
        state, n = states.loc[row["scale"]], float(row["n"])
        low, high = (_reliability(state[name], n) for name in ("ci_low", "ci_high"))
        found.append((float(row["reliability"]), low, high, titles[row["scale"]]))
    if not found:
        return (
            "How reliably these numbers tell this team from another is not known: that needs three teams or more whose "
            "numbers everybody may see."
        )
    found.sort(key=lambda one: one[0])
    ends = [found[0], found[-1]] if len(found) > 1 else [found[0]]
    told = [f"{value:.2f} ({title}; 95 % interval {low:.2f} to {high:.2f})" for value, low, high, title in ends]
    span = f"from {told[0]} to {told[1]}, by condition" if len(told) > 1 else told[0]
    n_teams = int(states["n_teams"].max())
    return (
        f"How reliably this team's means tell it from other teams (0 is not at all, 1 is perfectly; .70 is a usual "
        f"least): {span}. So they are {_reliable(found)}. This rests on {n_teams} teams, those whose numbers everybody "
        f"may see ({least} people or more)."
    )


def _reliability(icc1: float, n: float) -> float:
    """Reliability of a mean of n people for a released limit of ICC(1)."""
    share = min(max(float(icc1), 0.0), 1.0)
    return n * share / (1 + (n - 1) * share)


_USUAL_LEAST = 0.7


def _reliable(found: Sequence[tuple[float, float, float, str]]) -> str:
    if all(low >= _USUAL_LEAST for _, low, _, _ in found):
        return "reliable enough to tell teams apart"
    if all(value >= _USUAL_LEAST for value, *_ in found):
        return "probably reliable enough to tell teams apart, though the intervals reach below that"
    if all(value < _USUAL_LEAST for value, *_ in found):
        return "not reliable enough to tell teams apart"
    return "for some conditions not reliable enough to tell teams apart"


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
    if "unclear" in states:
        return f"It is not clear from these answers whether teams differ by enough to matter. {_CROSSES}"
    return f"It cannot be told from these answers whether teams differ. {_CROSSES}"


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
    if len(states) == 1:
        (state,) = states
        return f"{sentence(STATES[state])}.{_THEREFORE.get(state, '')}"
    return f"{_states_counted(rows, titles)}. {_what_may_be_compared(states)}"


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


def dispersion_words(factors: Mapping[str, float], states: pd.DataFrame | None = None) -> str:
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
        f"The teams' means lie further apart than chance alone would put them, and the limits are drawn wider to allow "
        f"for that (over-dispersion, 1 where there is none: {listed}).{_although(wider, states)}"
    )


def _although(wider: Mapping[str, float], states: pd.DataFrame | None) -> str:
    """That more than chance may still be little, where that is what the evidence says (index: title)."""
    if states is None or not (states["state"].reindex(list(wider)) == "unclear").any():
        return ""
    return " More than chance may still be too little to matter: where that is unclear stands further up."


def statistics_words(rows: pd.DataFrame) -> str:
    """The numbers behind `differences_words`, for a reader who knows them; nothing where there are none."""
    known = rows.dropna(subset=["icc1"])
    if known.empty or _states(rows) == {"unknown"}:
        return ""
    return (
        "For readers who know statistics: whether teams differ is judged by ICC(1), the share of all differences "
        f"between people that lies between teams (an estimate below 0 is given as 0): {_icc_words(known)}, those with "
        "published numbers. That teams differ is supported where the lower limit is .02 or more, not supported where "
        "the upper one is below .05, and unclear between."
    )


def _icc_words(known: pd.DataFrame) -> str:
    """ICC(1) with its interval: of the one scale, or of those with the lowest and the highest."""
    ordered = known.sort_values("icc1", kind="stable")
    ends = [ordered.iloc[0], ordered.iloc[-1]] if len(ordered) > 1 else [ordered.iloc[0]]
    shown = " to ".join("{} ({})".format(*icc_words(row)) for row in ends)
    return f"with 95 % limits, {shown}; {int(known['n_teams'].max())} teams"


def claim_words(teams: TeamResults) -> str:
    """The ladder-of-claims line."""
    needed = ", ".join(name.replace("_", " ") for name in teams.claim.next_needed)
    tail = f" The next step needs: {needed}." if needed else ""
    return f"{teams.claim.sentence}{tail}"
