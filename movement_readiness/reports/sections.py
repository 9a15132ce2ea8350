"""The parts that pages of teams and of sites share, each from rows of `TeamResults`."""

from __future__ import annotations

from typing import Any

import pandas as pd

from movement_readiness.plots import change, pull_strip, spread_strip
from movement_readiness.plots.sheet import records
from movement_readiness.plots.teams import SPREAD
from movement_readiness.reports import words as say
from movement_readiness.reports.choice import Choice, in_order
from movement_readiness.teams.words import OPENERS

__all__ = [
    "change_section",
    "comparable",
    "extremes",
    "gaps",
    "hidden_reasons",
    "not_comparable",
    "profile_rows",
    "profile_table",
    "spread_section",
    "strips",
    "talk",
]

_EXTREMES = 3  # lines listed as highest, and as lowest
_APART = 10.0  # points between the last of the highest and the last of the lowest lines, at least
_ENOUGH = 2 / 3  # share of the lines that must be shown before any is called highest


def profile_rows(choice: Choice, level: str) -> pd.DataFrame:
    """The scores of the page's domains, in the instrument's order."""
    return in_order(choice.rows(choice.teams.scores, level), choice.scales("profile"))


def comparable(choice: Choice, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of scores, without those of scales for which it is not supported that teams differ."""
    refused = rows["scale"].isin(_refused(choice))
    return rows.assign(withheld=rows["withheld"].astype(bool) | refused)


def not_comparable(choice: Choice) -> list[str]:
    """The scales of the profile on which teams are not compared, because it is not supported that they differ."""
    refused = _refused(choice)
    return [scale for scale in choice.scales("profile") if scale in refused]


def _refused(choice: Choice) -> set[str]:
    states = choice.states
    return set(states.index[states["state"] == "not supported"])


def profile_table(rows: pd.DataFrame, reference: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The numbers of a profile, a line a scale."""
    others = {} if reference is None else _by_scale(reference)
    return [
        {
            "scale": row["scale"],
            "row": row,
            "reference": others.get(row["scale"]),
        }
        for row in records(rows)
    ]


def spread_section(choice: Choice) -> dict[str, Any] | None:
    """How alike the answers of the team are; None where that is not shown for any scale."""
    rows = in_order(choice.rows(choice.teams.agreement, "team"), choice.scales("profile"))
    if rows["withheld"].all():
        return None
    lines = [
        {
            "scale": row["scale"],
            "words": "not shown" if row["withheld"] else SPREAD[row["spread"]],
        }
        for row in records(rows)
    ]
    why = say.hidden_words(hidden_reasons(rows))
    return {
        "picture": spread_strip(rows, choice.words.scales, name=str(choice.team)),
        "rows": rows,
        "lines": lines,
        "why": why,
    }


def strips(choice: Choice, level: str, name: str, reference_level: str | None) -> list[dict[str, Any]]:
    """The scales that stand apart, each as a strip between its two poles."""
    found = _by_scale(choice.rows(choice.teams.scores, level))
    reference = None
    if reference_level:
        reference = _by_scale(comparable(choice, choice.rows(choice.teams.scores, reference_level)))
    return [
        {
            "scale": scale,
            "picture": pull_strip(
                found[scale],
                name=name,
                low_label=choice.words.low_labels.get(scale, "lowest"),
                high_label=choice.words.high_labels.get(scale, "highest"),
                reference=None if reference is None else reference[scale],
                reference_name=choice.site,
            ),
            "row": found[scale],
            "reference": None if reference is None or reference[scale]["withheld"] else reference[scale],
            "why": say.withheld_words(found[scale]["reason"]) if found[scale]["withheld"] else "",
        }
        for scale in choice.scales("separate")
    ]


def _by_scale(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["scale"]): row for row in records(rows)}


def change_section(choice: Choice, level: str, name: str) -> dict[str, Any] | None:
    """Change since the wave before; None where there is none. ``picture`` is None where nothing of it is shown."""
    rows = choice.rows(choice.teams.change, level, "wave_to")
    if rows.empty:
        return None
    rows = in_order(rows, [*choice.scales("profile"), *choice.scales("separate")])
    if rows.empty:
        return None
    shown = bool((~rows["withheld"].astype(bool)).any())
    return {
        "wave_from": rows["wave_from"].iloc[0],
        "order": choice.teams.wave_order.words,
        "picture": change(rows, choice.words.scales, name=name) if shown else None,
        "rows": records(rows),
        "hidden": say.why_change_hidden(hidden_reasons(rows)),
        "same_n": len(rows[["n_from", "n_to"]].dropna().drop_duplicates()) == 1,
        "why": "" if shown else say.change_withheld_words(str(rows["reason"].iloc[0])),
    }


def extremes(choice: Choice) -> dict[str, Any] | None:
    """The lines with the highest and the lowest means; None where a team may not see its items.

    As many as stand apart from each other, up to three; none ("alike") where not even the first ones do.
    """
    profile_items = _profile_items(choice)
    rows = choice.rows(choice.teams.items, "team")
    rows = rows[~rows["withheld"] & rows["item"].isin(profile_items)]
    # Of a remnant nobody can say which lines are the highest.
    if len(rows) < 2 * _EXTREMES or len(rows) < _ENOUGH * len(profile_items):
        return None
    turned = rows["item"].map(choice.instrument.key) == -1
    rows = rows.assign(mean=rows["mean"].mask(turned, 100 - rows["mean"]), against=turned)  # as worded, as it is read
    ordered = rows.sort_values(["mean", "item"], ascending=[False, True], kind="stable")
    listed = [
        {"text": choice.words.items[str(row["item"])], "mean": row["mean"], "against": row["against"]}
        for row in records(ordered)
    ]
    most = _standing_out([line["mean"] for line in listed])
    return {
        "highest": listed[:most],
        "lowest": listed[len(listed) - most :][::-1],
        "alike": most == 0,
        "ends": (listed[-1]["mean"], listed[0]["mean"]),
        "n_hidden": len(profile_items) - len(rows),
    }


def _profile_items(choice: Choice) -> set[str]:
    return {item for scale in choice.scales("profile") for item in choice.instrument.item_ids(scale)}


def gaps(choice: Choice, spread: object, lines: object) -> str:
    """Why the page of a team with means has no word on how alike its answers are, or on lines that stand out."""
    agreement = in_order(choice.rows(choice.teams.agreement, "team"), choice.scales("profile"))
    wanted = _profile_items(choice)
    items = choice.rows(choice.teams.items, "team")
    items = items[items["item"].isin(wanted)]
    few = len(wanted) < 2 * _EXTREMES  # so short a form has no lines that stand out, whoever answers it
    return say.gaps_words(
        [] if spread else hidden_reasons(agreement),
        [] if lines or few else hidden_reasons(items),
        choice.teams.policy.min_respondents,
    )


def hidden_reasons(rows: pd.DataFrame) -> list[str]:
    """Why rows are not shown, each reason once."""
    return list(dict.fromkeys(str(reason) for reason in rows.loc[rows["withheld"].astype(bool), "reason"]))


def _standing_out(means: list[float]) -> int:
    """How many of the highest and of the lowest (means in falling order) lie apart from each other."""
    for most in range(_EXTREMES, 0, -1):
        if means[most - 1] - means[-most] >= _APART:
            return most
    return 0


def talk(choice: Choice, rows: pd.DataFrame, spread: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Questions of the strongest and the weakest shown scale, and of one on which answers lie far apart.

    Of all scales, one each, when there is no profile. Where the instrument brings none, three that suit any.
    """
    found = [group for group in _of_scales(choice, rows, spread) if group["questions"]]
    for group in found:
        group["lang"] = choice.instrument.language
    return found or [{"lead": "To begin with", "note": "", "questions": OPENERS, "lang": "en"}]


def _of_scales(choice: Choice, rows: pd.DataFrame, spread: dict[str, Any] | None) -> list[dict[str, Any]]:
    scales, titles = choice.instrument.scales, choice.words.scales
    shown = rows[~rows["withheld"].astype(bool)].sort_values("mean", kind="stable")
    if len(shown) == 0:
        return [
            {"lead": titles[scale], "note": "", "questions": scales[scale].questions[:1]} for scale in rows["scale"]
        ]
    low, high = shown.iloc[0]["scale"], shown.iloc[-1]["scale"]
    if low == high:
        return [{"lead": titles[low], "note": "", "questions": scales[low].questions}]
    first, last = _clearly(shown)
    groups = [
        {"lead": f"Build on: {titles[high]}", "note": last, "questions": scales[high].questions},
        {"lead": f"Look at: {titles[low]}", "note": first, "questions": scales[low].questions},
    ]
    apart = [] if spread is None else list(spread["rows"].loc[spread["rows"]["spread"] == "wide", "scale"])
    apart = [scale for scale in apart if scale not in (low, high)][:1]
    return groups + [
        {
            "lead": f"Hear each other: {titles[scale]}",
            "note": "Our answers are far apart.",
            "questions": scales[scale].questions[:1],
        }
        for scale in apart
    ]


def _clearly(ordered: pd.DataFrame) -> tuple[str, str]:
    """What to say of the lowest and of the highest, with the doubt there is: an interval may reach into another's."""
    low, high = ordered.iloc[0], ordered.iloc[-1]
    lowest = low["ci_high"] < ordered["ci_low"].iloc[1:].min()
    highest = high["ci_low"] > ordered["ci_high"].iloc[:-1].max()
    return (
        "The lowest mean above." if lowest else "The lowest mean above, but others may be as low.",
        "The highest mean above." if highest else "The highest mean above, but others may be as high.",
    )
