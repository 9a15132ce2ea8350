"""What goes on a page: rows chosen from `TeamResults` and put into words; nothing is computed here."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd

from movement_readiness.plots import Picture, funnel, heat_map, profile
from movement_readiness.plots.sheet import records
from movement_readiness.reports import words as say
from movement_readiness.reports.choice import Choice, choose
from movement_readiness.reports.sections import (
    change_section,
    comparable,
    extremes,
    gaps,
    hidden_reasons,
    not_comparable,
    profile_rows,
    profile_table,
    spread_section,
    strips,
    talk,
)
from movement_readiness.teams.words import same_people

__all__ = ["Choice", "choose", "site_context", "team_context"]

EVERYONE = "All who answered"
_LONGEST_HEAD = 40  # letters of a name over a column
_ON_A_PAGE = 30  # teams in one heat map: as many as fit on a sheet of A4


def _common(choice: Choice) -> dict[str, Any]:
    teams, instrument = choice.teams, choice.instrument
    return {
        "title": choice.title,
        "choice": choice,
        "synthetic": teams.synthetic,
        "rehearsal": choice.rehearsal,
        "definition": choice.words.wording.definition,
        "ends": say.scale_ends(instrument, choice.words, choice.form),
        "intervals": say.interval_words(teams),
        "differences": say.differences_words(choice.profile_states, choice.words.scales),
        "claim": say.claim_words(teams),
        "not_for": instrument.file.instrument.not_to_be_used_for,
        "sources": instrument.file.instrument.sources[:1],
        "policy": teams.policy,
        "earlier_waves": [wave for wave in teams.waves if wave != choice.wave],
        "wave_order": teams.wave_order.sentence,
        "other_forms": _other_forms(choice),
        "caveats": [instrument.scales[s].caveat for s in choice.scales("profile") if instrument.scales[s].caveat],
        "instrument": instrument,
        "labels": choice.words.scales,
        "definitions": choice.words.definitions,
    }


def _other_forms(choice: Choice) -> list[str]:
    """Titles of the other forms that were answered in this wave."""
    rows = choice.teams.respondents
    forms = dict.fromkeys(rows.loc[rows["wave"] == choice.wave, "form"])
    return [choice.words.forms[form] for form in forms if form != choice.form]


def team_context(choice: Choice) -> dict[str, Any]:
    """Everything that the team page prints."""
    rows, site_rows = profile_rows(choice, "team"), profile_rows(choice, "site")
    if choice.alone:
        site_rows = site_rows.assign(withheld=True)
    heads, site_heads = (choice.rows(choice.teams.respondents, who).iloc[0] for who in ("team", "site"))
    silent = set(rows["reason"]) == {"no_answers"}
    same = not choice.alone and same_people(heads, site_heads)  # the same people are not put beside themselves
    compared = comparable(choice, site_rows.assign(withheld=True) if same else site_rows)
    shown, site_shown = _some(rows), _some(site_rows)
    name = str(choice.team) if shown else choice.site
    level = "team" if shown else "site"
    beside = compared if shown and _some(compared) else None
    strips_beside = "site" if shown and not (choice.alone or same) else None
    picture: Picture | None = None
    if shown or site_shown:
        picture = profile(
            rows if shown else site_rows, choice.words.scales, name=name, reference=beside, reference_name=choice.site
        )
    spread = spread_section(choice) if shown else None
    lines = extremes(choice)
    past = _past(choice)
    drawn = rows if shown else site_rows
    return {
        **_common(choice),
        "shown": shown,
        "site_shown": site_shown,
        "name": name,
        "heads": [_head(name, "this team" if shown else "the site"), _head(choice.site, "the site")],
        "who": "Nobody of this team answered." if silent else say.who_then(heads, "team", past),
        "counts": say.counts_words(silent, past, choice.site, site_shown),
        "past": past,
        "same": same and shown,
        "why_none": say.why_no_team_numbers(set(rows["reason"])),
        # that so few answered is said already where nothing of the site is shown
        "who_site": say.who_then(site_heads, "site", past) if site_shown or not site_heads["withheld"] else "",
        "picture": picture,
        "compared": beside is not None,
        "state": say.state_words(choice.profile_states) if beside is not None else "",
        "no_band": say.no_band_words([choice.words.scales[scale] for scale in not_comparable(choice)]),
        "no_reference": _no_reference(choice, site_rows, same) if shown and beside is None else "",
        "table": profile_table(drawn, beside),
        "hidden": say.hidden_words(hidden_reasons(drawn)),
        "spread": spread,
        "strips": strips(choice, level, name, strips_beside) if picture else [],
        "extremes": lines,
        "gaps": gaps(choice, spread, lines) if shown else "",
        "change": change_section(choice, level, name) if picture else None,
        "questions": talk(choice, drawn, spread),
        "reliability": say.reliability_words(
            rows, choice.profile_states, choice.words.scales, choice.teams.policy.min_respondents
        ),
        "statistics": say.statistics_words(choice.profile_states),
    }


def _head(name: str, instead: str) -> str:
    """What a column is called: a name that would fill the sheet stands above it already."""
    return name if len(name) <= _LONGEST_HEAD else instead


def _no_reference(choice: Choice, site_rows: pd.DataFrame, same: bool) -> str:
    """Why there is nothing of the site beside a team's own numbers, where that is not said otherwise."""
    if choice.alone or same or _some(site_rows):
        return ""
    return say.no_reference_words(choice.site, hidden_reasons(site_rows))


def _past(choice: Choice) -> str | None:
    """The wave of the page, where there is a later one."""
    return None if choice.wave == choice.teams.waves[-1] else choice.wave


def _some(rows: pd.DataFrame) -> bool:
    return bool((~rows["withheld"].astype(bool)).any())


def site_context(choice: Choice) -> dict[str, Any]:
    """Everything that the site page prints."""
    rows = profile_rows(choice, "site")
    shown = _some(rows)
    refused = not_comparable(choice)
    scales = [scale for scale in choice.scales("profile") if scale not in refused]
    only = _only_team(choice)
    if only:
        scales = []
    means, shrunken = _means_by_team(choice, scales)
    teams = _team_rows(choice, means)
    everyone = rows.set_index("scale")["mean"].mask(rows.set_index("scale")["withheld"].astype(bool)).reindex(scales)
    return {
        **_common(choice),
        "shown": shown,
        "who": say.who_then(choice.rows(choice.teams.respondents, "site").iloc[0], "site", _past(choice)),
        "picture": profile(rows, choice.words.scales, name=choice.site) if shown else None,
        "table": profile_table(rows, None),
        "hidden": say.hidden_words(hidden_reasons(rows)),
        "why": say.withheld_words(rows.iloc[0]["reason"]) if not shown and len(rows) else "",
        "strips": strips(choice, "site", choice.site, None) if shown else [],
        "change": change_section(choice, "site", choice.site) if shown else None,
        "heats": _heat_maps(choice, means, teams, everyone),
        "team_rows": teams,
        "everyone": list(everyone),
        "only_team": only,
        "hidden_cells": _hidden_cells(choice, scales),
        "past": _past(choice),
        "statistics": "",  # they stand in a table
        "everyone_n": _head_words(choice, choice.rows(choice.teams.respondents, "site").iloc[0], nobody=False),
        "scales": scales,
        "not_compared": say.not_compared_words([choice.words.scales[scale] for scale in refused]),
        "shrunken": shrunken,
        "states": _state_rows(choice),
        "invariance": choice.teams.invariance,
        "several_sites": len(choice.teams.sites) > 1,
        "any_invited": _past(choice) is None
        and bool(choice.rows(choice.teams.respondents, "team")["invited"].notna().any()),
        "n_hidden_teams": sum(row["hidden"] for row in teams),
        "questions": talk(choice, rows),
        **_funnels(choice),
    }


def _only_team(choice: Choice) -> str:
    """The team that all who answered at the site are in, if there is one whose number is shown."""
    site = choice.rows(choice.teams.respondents, "site").iloc[0]
    teams = choice.rows(choice.teams.respondents, "team")
    return next((str(team["team"]) for team in records(teams) if same_people(team, site)), "")


def _hidden_cells(choice: Choice, scales: list[str]) -> str:
    """Why some numbers in the table of teams are not shown."""
    rows = choice.rows(choice.teams.scores, "team")
    rows = rows[rows["scale"].isin(scales) & rows["withheld"].astype(bool)]
    return say.hidden_words(list(rows["reason"]))


def _means_by_team(choice: Choice, scales: list[str]) -> tuple[pd.DataFrame, bool]:
    """Means of the site's teams on these scales, and whether they are shrunken."""
    rows = choice.rows(choice.teams.scores, "team")
    rows = rows[rows["scale"].isin(choice.scales("profile"))]
    # Teams are compared by shrunken means; where those are unknown (no ICC), by their own, with a warning.
    rows = rows.assign(mean=rows["shrunken"].fillna(rows["mean"]).mask(rows["withheld"].astype(bool)))
    table = rows.pivot_table(index="team", columns="scale", values="mean", dropna=False)
    return table.reindex(columns=scales).sort_index(), bool(
        rows.loc[rows["scale"].isin(scales), "shrunken"].notna().any()
    )


def _heat_maps(
    choice: Choice, means: pd.DataFrame, teams: list[dict[str, Any]], everyone: pd.Series[Any]
) -> list[Picture]:
    """The table of teams and conditions as pictures, as many teams in each as fit on a sheet."""
    if not means.notna().any(axis=None):
        return []
    head = _head_words(choice, choice.rows(choice.teams.respondents, "site").iloc[0], nobody=False)
    means = pd.concat([means, everyone.to_frame(EVERYONE).T.astype(float)])[means.columns]
    labels = [*(row["label"] for row in teams), head["label"]]
    n_pictures = -(-len(means) // _ON_A_PAGE)
    ends = [len(means) * part // n_pictures for part in range(n_pictures + 1)]
    return [heat_map(means.iloc[start:end], labels[start:end], choice.words.scales) for start, end in pairwise(ends)]


def _silent_teams(choice: Choice) -> set[str]:
    """Teams of which nobody answered this form in this wave."""
    rows = choice.rows(choice.teams.scores, "team")
    silent = (rows["reason"] == "no_answers").groupby(rows["team"]).all()
    return set(silent.index[silent])


def _hidden_teams(choice: Choice) -> set[str]:
    """Teams of which no number is published, whether or not teams are compared."""
    rows = choice.rows(choice.teams.scores, "team")
    rows = rows[rows["scale"].isin(choice.scales("profile"))]
    hidden = rows["withheld"].astype(bool).groupby(rows["team"]).all()
    return set(hidden.index[hidden])


def _team_rows(choice: Choice, means: pd.DataFrame) -> list[dict[str, Any]]:
    heads = {str(head["team"]): head for _, head in choice.rows(choice.teams.respondents, "team").iterrows()}
    silent, hidden = _silent_teams(choice), _hidden_teams(choice)
    return [
        {
            "team": team,
            **_head_words(choice, heads[str(team)], nobody=team in silent),
            "values": list(values),
            "hidden": team in hidden and team not in silent,
        }
        for team, values in means.iterrows()
    ]


def _head_words(choice: Choice, head: pd.Series[Any], *, nobody: bool) -> dict[str, str]:
    """How many of a group answered, for a table (`n`) and for a picture (`label`)."""
    if nobody:
        return {"n": "none", "label": "none"}
    if head["withheld"]:
        return {"n": "not shown", "label": "not shown"}
    n, invited = head["n"], pd.NA if _past(choice) else head["invited"]  # the list may be of a later wave
    words = str(n) if pd.isna(invited) else f"{n} of {invited}" if n <= invited else f"{n} (list: {invited})"
    return {"n": words, "label": words}


def _state_rows(choice: Choice) -> list[dict[str, Any]]:
    """Per scale, how far these answers support that teams differ."""
    states = choice.states
    wanted = [scale for scale in choice.scales("profile") if scale in states.index]
    return [{"scale": scale, **{str(name): value for name, value in states.loc[scale].items()}} for scale in wanted]


def _funnels(choice: Choice) -> dict[str, Any]:
    """A funnel of every scale for which there is one, with this site's teams filled, and what its limits allow for."""
    rows = choice.teams.funnel
    if rows.empty:
        return {"funnels": [], "no_funnel": "", "dispersion": "", "funnel_scales": [], "funnel_rows": []}
    rows = rows[(rows["wave"] == choice.wave) & (rows["form"] == choice.form)]
    found, factors, mine_of = [], {}, {}
    here = rows["site"] == choice.site
    shown = rows[~rows["withheld"].astype(bool) & rows["scale"].isin(choice.scales("profile"))]
    scales_here = set(shown.loc[here, "scale"])  # other sites' teams alone are no page of this site
    for scale in [scale for scale in choice.scales("profile") if scale in scales_here]:
        mine = rows[rows["scale"] == scale]
        picture = funnel(mine, label=choice.words.scales[scale], site=choice.site, key=False)
        if picture is not None:
            found.append(picture)
            mine_of[scale] = mine[mine["site"] == choice.site]
            factors[choice.words.scales[scale]] = float(mine["dispersion"].dropna().iloc[0])
    titles = choice.words.scales
    return {
        "funnels": found,
        "no_funnel": say.no_funnel_words(choice.site) if len(shown) and not scales_here else "",
        "dispersion": say.dispersion_words(factors, choice.states.rename(index=titles)),
        "funnel_scales": list(mine_of),
        "funnel_rows": _funnel_rows(mine_of),
    }


def _funnel_rows(found: dict[str, pd.DataFrame]) -> list[dict[str, Any]]:
    """The site's teams in the order of their names, each with its row of every funnel."""
    cells: dict[str, dict[str, Any]] = {}
    for scale, rows in found.items():
        for row in records(rows):
            cells.setdefault(str(row["team"]), {})[scale] = None if row["withheld"] else row
    return [{"team": team, "cells": cells[team]} for team in sorted(cells) if any(cells[team].values())]
