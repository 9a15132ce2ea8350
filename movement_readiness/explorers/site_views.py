"""The views of a site: teams x scales, funnel, change of its teams, and sites x scales."""

from __future__ import annotations

import pandas as pd

from movement_readiness.explorers import words as say
from movement_readiness.explorers.released import Released, Selection, scores_of
from movement_readiness.explorers.team_views import NO_SCALE, PROFILE, evidence_table
from movement_readiness.explorers.view import View
from movement_readiness.plots import Picture, change, funnel, heat_map

__all__ = ["PAGE", "funnel_view", "pages", "sites_view", "team_changes_view", "teams_view"]

PAGE = 15  # teams that fit on a screen with their numbers readable
CLOUD = 300  # published teams, of which more are not drawn around those of a page


def pages(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Names by the page; one page at least."""
    return [names[start : start + PAGE] for start in range(0, len(names), PAGE)] or [()]


_SWING = "Means of small teams swing by chance. To compare teams choose the mean that is drawn towards the middle."


def teams_view(released: Released, choice: Selection) -> View:
    """The teams of a site, those of one page, by scale; without an order but that of their names."""
    teams = pages(released.teams(choice.site))[choice.page]
    scales = released.scales(choice.form, *PROFILE)
    rows = released.site_groups("scores", choice, teams=teams)
    rows = rows[rows["scale"].isin(scales)].reset_index(drop=True)
    states = released.differences(choice)
    refused = states.index[(states["state"] == "not supported") & states.index.isin(scales)]
    numbers = scores_of(rows, choice.kind).assign(team=rows["team"])
    # Teams side by side are a comparison.
    out = numbers["scale"].isin(refused)
    numbers = numbers.assign(withheld=numbers["withheld"] | out, reason=numbers["reason"].mask(out, "no_differences"))
    kept = rows[~rows["scale"].isin(refused)].reset_index(drop=True)
    heads = released.site_groups("respondents", choice, teams=teams)
    picture = _heat(released, numbers, "team", teams, scales, heads)
    compared = picture is not None and len(teams) > 1
    said = [*_none(teams, rows), *_hidden_groups(numbers, "team"), *_evidence(released, choice, scales, compared)]
    if picture is not None:
        said.append(say.DRAWN if choice.kind == "shrunken" else _SWING)
    tables = {"numbers": kept, "people": heads, **evidence_table(released, choice, scales)}
    return View("teams", f"Teams of {choice.site} by domain", tables, picture, tuple(said))


def sites_view(released: Released, choice: Selection) -> View:
    """The sites, those around the chosen one, by scale."""
    sites = pages(released.sites)[choice.sites_page]
    scales = released.scales(choice.form, *PROFILE)
    rows = released.sites_rows("scores", choice, sites=sites)
    rows = rows[rows["scale"].isin(scales)].reset_index(drop=True)
    numbers = scores_of(rows, "mean").assign(site=rows["site"])
    heads = released.sites_rows("respondents", choice, sites=sites)
    picture = _heat(released, numbers, "site", sites, scales, heads)
    said = [*_none(sites, rows), *_hidden_groups(numbers, "site"), released.invariance]
    if len(sites) < len(released.sites):
        said.insert(0, f"Sites {sites[0]} to {sites[-1]} of {len(released.sites)}; choose another site for others.")
    return View("sites", "Sites by domain", {"numbers": rows, "people": heads}, picture, tuple(said))


def _heat(
    released: Released,
    numbers: pd.DataFrame,
    level: str,
    names: tuple[str, ...],
    scales: list[str],
    heads: pd.DataFrame,
) -> Picture | None:
    if numbers.empty or numbers["withheld"].all():
        return None
    values = numbers.assign(mean=numbers["mean"].mask(numbers["withheld"]))
    table = values.pivot_table(index=level, columns="scale", values="mean", dropna=False, aggfunc="first")
    known = dict(zip(heads[level], heads["n"], strict=True))
    counts = [f"n {known[name]}" if not pd.isna(known.get(name, pd.NA)) else "n not shown" for name in names]
    return heat_map(table.reindex(index=list(names), columns=scales), counts, released.words.scales)


def _none(names: tuple[str, ...], rows: pd.DataFrame) -> list[str]:
    if not names:
        return ["This site has no teams."]
    return ["Nobody answered this form in this wave."] if rows.empty else []


def _hidden_groups(numbers: pd.DataFrame, level: str) -> list[str]:
    """Which groups have no number at all, and why."""
    if numbers.empty:
        return []
    whole = numbers.groupby(level, sort=False)["withheld"].transform("all")
    firsts = numbers.assign(withheld=whole).drop_duplicates(level)
    return say.withheld_all(firsts, {}, level)


def _evidence(released: Released, choice: Selection, scales: list[str], compared: bool) -> list[str]:
    """Whether teams differ; where nothing is compared, only that this is why."""
    states = released.differences(choice).reindex(scales).dropna(subset=["state"])
    if not compared:
        states = states[states["state"] == "not supported"]
    return say.differences(states, released.words.scales)


def funnel_view(released: Released, choice: Selection) -> View:
    """The teams of a site, or one of them, among the limits within which teams of their size usually lie."""
    if not choice.scale:
        return View("funnel", f"Teams of {choice.site} by size", {}, None, NO_SCALE)
    label = released.words.scales[choice.scale]
    teams = pages(released.teams(choice.site))[choice.page]
    rows = released.site_groups("funnel", choice, teams=teams)
    rows = rows[rows["scale"] == choice.scale].reset_index(drop=True)
    said = [*_none(teams, rows), *say.withheld_all(rows, {}, "team")]
    picture = None
    if len(rows) and not rows["withheld"].all():
        others = _other_teams(released, choice, rows)
        drawn = pd.concat([rows, others], ignore_index=True)
        picture = funnel(drawn, label=label, site=choice.site, team=choice.team or None)
        said.append(_dispersion(rows))
    title = f"Teams of {choice.site} by size: {label}"
    evidence = _evidence(released, choice, [choice.scale], picture is not None)
    tables = {"numbers": rows, **evidence_table(released, choice, [choice.scale])}
    return View("funnel", title, tables, picture, (*said, *evidence))


def _other_teams(released: Released, choice: Selection, own: pd.DataFrame) -> pd.DataFrame:
    """The other published teams, to stand around those of the page; none where they would be a cloud."""
    frame = released.results.funnel
    if released.differences(choice)["n_teams_published"].get(choice.scale, 0) > CLOUD:
        return frame.head(0)
    here = (frame["scale"] == choice.scale) & (frame["wave"] == choice.wave) & (frame["form"] == choice.form)
    rows = frame[here & ~frame["withheld"]]
    return rows[~((rows["site"] == choice.site) & rows["team"].isin(own["team"]))]


def _dispersion(rows: pd.DataFrame) -> str:
    phi = float(rows["dispersion"].dropna().iloc[0])
    if phi <= 1:
        return "The limits are those of chance alone: teams do not vary by more than that."
    return (
        "The means of teams lie further apart than chance alone makes them, and the limits are widened by that much. "
        "Whether that is enough to matter, the next sentence says."
    )


def team_changes_view(released: Released, choice: Selection) -> View:
    """Change of the teams of a page on one scale since the wave before."""
    if not choice.scale:
        return View("changes", f"Change of the teams of {choice.site}", {}, None, NO_SCALE)
    label = released.words.scales[choice.scale]
    title = f"Change of the teams of {choice.site}: {label}"
    before = released.earlier(choice.wave)
    if before is None:
        return View("changes", title, {}, None, ("There is no wave before this one.", *released.wave_order))
    teams = pages(released.teams(choice.site))[choice.page]
    rows = released.site_groups("change", choice, teams=teams)
    rows = rows[(rows["scale"] == choice.scale) & (rows["wave_from"] == before)].reset_index(drop=True)
    picture = None
    if len(rows) and not rows["withheld"].all():
        # One line a team: the figure takes what its lines are called from the column it names them by.
        picture = change(rows.assign(scale=rows["team"]), {team: team for team in teams}, name=choice.site)
    said = [*_none(teams, rows), *say.change_withheld(rows, {}, "team"), *released.wave_order]
    return View("changes", title, {"numbers": rows}, picture, tuple(said))
