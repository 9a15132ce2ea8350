"""What goes on a page: rows chosen from `TeamResults` and put into words; nothing is computed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from movement_readiness._validation import check_choice, closest, quoted
from movement_readiness.exceptions import NothingToReleaseError
from movement_readiness.instrument import Instrument, Translation
from movement_readiness.plots import Picture, heat_map, profile, pull_strip
from movement_readiness.reports import words as say
from movement_readiness.teams import TeamResults

__all__ = ["Choice", "choose", "site_context", "team_context"]

_EXTREMES = 3  # lines listed as highest, and as lowest
_ENOUGH = 2 / 3  # share of the lines that must be shown before any is called highest


@dataclass(frozen=True)
class Choice:
    """Which group, wave and form a page is about, and the words it is written in.

    ``alone``: a team's page without anything about its site. ``rehearsal``: the answers were tried out only.
    """

    teams: TeamResults
    instrument: Instrument
    words: Translation
    site: str
    team: str | None
    wave: str
    form: str
    alone: bool = False
    rehearsal: bool = False

    def rows(self, frame: pd.DataFrame, level: str) -> pd.DataFrame:
        """The rows of the page's site or team in its wave and form."""
        here = (frame["site"] == self.site) & (frame["wave"] == self.wave) & (frame["form"] == self.form)
        here &= frame["level"] == level
        if level == "team" and self.team is not None:
            here &= frame["team"] == self.team
        return frame[here].reset_index(drop=True)

    def scales(self, kind: str) -> list[str]:
        """The scales of one kind that this form's report shows, in the instrument's order."""
        kinds = ("domain", "total", "index") if kind == "profile" else ("separate",)
        available = set(self.teams.scores.loc[self.teams.scores["form"] == self.form, "scale"])
        return [scale.id for scale in self.instrument.scales.values() if scale.id in available and scale.kind in kinds]

    @property
    def title(self) -> str:
        """The heading of the page."""
        group = f"{self.team}, {self.site}" if self.team is not None else self.site
        return f"{self.words.title}: {group}"


def choose(
    teams: TeamResults,
    instrument: Instrument,
    site: str,
    team: str | None,
    wave: str | None,
    form: str | None,
    language: str | None,
) -> Choice:
    """Check that the group asked for is there; the latest wave and the form most people answered by default."""
    if (teams.instrument_id, teams.instrument_sha256) != (instrument.id, instrument.sha256):
        raise NothingToReleaseError(
            f"instrument: expected {teams.instrument_id} {teams.instrument_version}, which the results come from; "
            f"got {instrument.id} {instrument.version}."
        )
    if site not in teams.sites:
        raise NothingToReleaseError(
            f"site: unknown site {site!r}; available: {quoted(teams.sites)}.{closest(site, teams.sites)}"
        )
    if team is not None and team not in teams.teams(site):
        available = teams.teams(site)
        raise NothingToReleaseError(
            f"team: site {site!r} has no team {team!r} in these results; available: {quoted(available)}."
            f"{closest(team, available)}"
        )
    heads = teams.respondents[(teams.respondents["site"] == site) & (teams.respondents["level"] == "site")]
    if team is not None:
        own = teams.respondents[(teams.respondents["site"] == site) & (teams.respondents["team"] == team)]
        heads = own if own["n"].notna().any() else heads
    chosen_wave = check_choice("wave", teams.waves[-1] if wave is None else wave, teams.waves)
    heads = heads[heads["wave"] == chosen_wave]
    forms = list(heads.assign(n=heads["n"].fillna(0)).sort_values("n", ascending=False, kind="stable")["form"])
    chosen_form = check_choice("form", forms[0] if form is None else form, forms)
    return Choice(teams, instrument, instrument.translation(language), site, team, chosen_wave, chosen_form)


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
        "differences": say.differences_words(teams, choice.wave, choice.form),
        "claim": say.claim_words(teams),
        "not_for": instrument.file.instrument.not_to_be_used_for,
        "sources": instrument.file.instrument.sources[:1],
        "policy": teams.policy,
        "earlier_waves": [wave for wave in teams.waves if wave != choice.wave],
        "instrument": instrument,
        "labels": choice.words.scales,
        "definitions": choice.words.definitions,
    }


def _profile_rows(choice: Choice, level: str) -> pd.DataFrame:
    rows = choice.rows(choice.teams.scores, level)
    wanted = choice.scales("profile")
    rows = rows[rows["scale"].isin(wanted)]
    return rows.set_index("scale").reindex(wanted).reset_index()


def _profile_table(choice: Choice, rows: pd.DataFrame, reference: pd.DataFrame | None) -> list[dict[str, Any]]:
    spread = choice.rows(choice.teams.agreement, "team")
    words = {row["scale"]: row["spread"] for _, row in spread.iterrows() if not row["withheld"]}
    others = {} if reference is None else {row["scale"]: row for _, row in reference.iterrows()}
    return [
        {
            "scale": row["scale"],
            "row": row,
            "reference": others.get(row["scale"]),
            "spread": words.get(row["scale"], "") if choice.team is not None else "",
            "why": say.withheld_words(row["reason"]) if row["withheld"] else "",
        }
        for _, row in rows.iterrows()
    ]


def _by_scale(rows: pd.DataFrame) -> dict[str, dict[str, Any]]:
    return {str(row["scale"]): dict(row) for _, row in rows.iterrows()}


def _strips(choice: Choice, level: str, name: str, reference_level: str | None) -> list[dict[str, Any]]:
    found = _by_scale(choice.rows(choice.teams.scores, level))
    reference = None
    if reference_level:
        reference = _by_scale(_comparable(choice, choice.rows(choice.teams.scores, reference_level)))
    strips = []
    for scale in choice.scales("separate"):
        row = found[scale]
        words = choice.words
        picture = pull_strip(
            row,
            name=name,
            low_label=words.low_labels.get(scale, "lowest"),
            high_label=words.high_labels.get(scale, "highest"),
            reference=None if reference is None else reference[scale],
            reference_name="Site",
        )
        strips.append(
            {
                "scale": scale,
                "picture": picture,
                "row": row,
                "why": say.withheld_words(row["reason"]) if row["withheld"] else "",
            }
        )
    return strips


def _extremes(choice: Choice) -> dict[str, Any] | None:
    """The lines with the highest and the lowest means; None where a team may not see its items."""
    rows = choice.rows(choice.teams.items, "team")
    profile_items = {item for scale in choice.scales("profile") for item in choice.instrument.item_ids(scale)}
    rows = rows[~rows["withheld"] & rows["item"].isin(profile_items)]
    # Of a remnant nobody can say which lines are the highest.
    if len(rows) < 2 * _EXTREMES or len(rows) < _ENOUGH * len(profile_items):
        return None
    turned = rows["item"].map(choice.instrument.key) == -1
    rows = rows.assign(mean=rows["mean"].mask(turned, 100 - rows["mean"]))  # as worded, as it is read here
    ordered = rows.sort_values(["mean", "item"], ascending=[False, True], kind="stable")
    listed = [{"text": choice.words.items[row["item"]], "mean": row["mean"]} for _, row in ordered.iterrows()]
    return {
        "highest": listed[:_EXTREMES],
        "lowest": listed[-_EXTREMES:][::-1],
        "n_hidden": len(profile_items) - len(rows),
    }


def _questions(choice: Choice, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Questions of the strongest and the weakest shown scale; of all of them when there is no profile."""
    shown = rows[~rows["withheld"]].sort_values("mean", kind="stable")
    scales = choice.instrument.scales
    if len(shown) == 0:
        return [
            {"lead": choice.words.scales[scale], "questions": scales[scale].questions[:1]}
            for scale in rows["scale"]
            if scales[scale].questions
        ]
    if len(shown) == 1:
        only = shown.iloc[0]["scale"]
        return [{"lead": choice.words.scales[only], "questions": scales[only].questions}]
    low, high = shown.iloc[0]["scale"], shown.iloc[-1]["scale"]
    return [
        {
            "lead": f"Build on: {choice.words.scales[high]} (the highest above)",
            "questions": scales[high].questions,
        },
        {
            "lead": f"Look at: {choice.words.scales[low]} (the lowest above)",
            "questions": scales[low].questions,
        },
    ]


def team_context(choice: Choice) -> dict[str, Any]:
    """Everything that the team page prints."""
    rows, site_rows = _profile_rows(choice, "team"), _profile_rows(choice, "site")
    if choice.alone:
        site_rows = site_rows.assign(withheld=True)
    compared = _comparable(choice, site_rows)
    heads, site_heads = (
        choice.rows(choice.teams.respondents, "team"),
        choice.rows(choice.teams.respondents, "site"),
    )
    shown = bool((~rows["withheld"]).any())
    name = str(choice.team)
    site_shown = bool((~site_rows["withheld"]).any())
    picture: Picture | None = None
    if shown:
        reference = compared if bool((~compared["withheld"]).any()) else None
        picture = profile(rows, choice.words.scales, name=name, reference=reference, reference_name=choice.site)
    elif site_shown:
        picture = profile(site_rows, choice.words.scales, name=choice.site)
    return {
        **_common(choice),
        "shown": shown,
        "site_shown": site_shown,
        "who": say.who_answered(heads.iloc[0], "team"),
        "why_none": say.why_no_team_numbers(set(rows["reason"])),
        "who_site": say.who_answered(site_heads.iloc[0], "site"),
        "picture": picture,
        "compared": shown and bool((~compared["withheld"]).any()),
        "table": _profile_table(choice, rows if shown else site_rows, compared if shown else None),
        "strips": _strips(
            choice,
            "team" if shown else "site",
            name if shown else choice.site,
            "site" if shown and not choice.alone else None,
        ),
        "extremes": _extremes(choice),
        "questions": _questions(choice, rows if shown else site_rows),
        "reliability": say.reliability_words(list(rows["reliability"])),
    }


def _comparable(choice: Choice, site_rows: pd.DataFrame) -> pd.DataFrame:
    """The site's rows, without those of scales for which it is not supported that teams differ."""
    rows = choice.teams.team_differences
    rows = rows[(rows["wave"] == choice.wave) & (rows["form"] == choice.form) & (rows["state"] == "not supported")]
    refused = site_rows["scale"].isin(rows["scale"])
    return site_rows.assign(withheld=site_rows["withheld"] | refused)


def _means_by_team(choice: Choice, scales: list[str]) -> pd.DataFrame:
    rows = _comparable(choice, choice.rows(choice.teams.scores, "team"))
    # Teams are compared by shrunken means; where those are unknown (no ICC), by their own, with a warning.
    best = rows["shrunken"].fillna(rows["mean"]).mask(rows["withheld"])
    rows = rows.assign(mean=best)
    table = rows[rows["scale"].isin(scales)].pivot_table(index="team", columns="scale", values="mean", dropna=False)
    return table.reindex(columns=scales).sort_index()


def _team_rows(choice: Choice, means: pd.DataFrame) -> list[dict[str, Any]]:
    heads = choice.rows(choice.teams.respondents, "team").set_index("team")
    rows = []
    for team, values in means.iterrows():
        head = heads.loc[str(team)]
        invited: str = "" if pd.isna(head["invited"]) else f" of {head['invited']}"
        rows.append(
            {
                "team": team,
                "n": f"not shown{invited}" if head["withheld"] else f"{head['n']}{invited}",
                "label": "n not shown" if head["withheld"] else f"n {head['n']}",
                "values": list(values),
                "hidden": bool(values.isna().all()),
            }
        )
    return rows


def site_context(choice: Choice) -> dict[str, Any]:
    """Everything that the site page prints."""
    rows = _profile_rows(choice, "site")
    shown = bool((~rows["withheld"]).any())
    means = _means_by_team(choice, choice.scales("profile"))
    teams = _team_rows(choice, means)
    some = bool(means.notna().any(axis=None))
    return {
        **_common(choice),
        "shown": shown,
        "who": say.who_answered(choice.rows(choice.teams.respondents, "site").iloc[0], "site"),
        "picture": profile(rows, choice.words.scales, name=choice.site) if shown else None,
        "table": _profile_table(choice, rows, None),
        "why": say.withheld_words(rows.iloc[0]["reason"]) if not shown and len(rows) else "",
        "strips": _strips(choice, "site", choice.site, None),
        "heat": heat_map(means, [row["label"] for row in teams], choice.words.scales) if some else None,
        "team_rows": teams,
        "scales": choice.scales("profile"),
        "any_invited": bool(choice.rows(choice.teams.respondents, "team")["invited"].notna().any()),
        "n_hidden_teams": sum(row["hidden"] for row in teams),
        "questions": _questions(choice, rows),
    }
