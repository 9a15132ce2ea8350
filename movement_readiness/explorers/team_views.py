"""The views of one team: profile, spread, answers, programme pull, change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from movement_readiness.explorers import words as say
from movement_readiness.explorers.released import Released, Selection, scores_of
from movement_readiness.explorers.view import View
from movement_readiness.plots import Picture, answer_bars, change, profile, pull_strip, spread_strip
from movement_readiness.teams.words import same_people, who_answered

__all__ = [
    "NO_SCALE",
    "PROFILE",
    "Reference",
    "answers_view",
    "change_view",
    "evidence_table",
    "profile_view",
    "pull_view",
    "reference",
    "spread_view",
]

NO_SCALE = ("This form has no domain that is scored.",)
PROFILE = ("domain", "total", "index")


@dataclass(frozen=True)
class Reference:
    """What a group is compared with: its numbers by scale, its name, and what is to be said about it."""

    numbers: pd.DataFrame | None = None
    rows: pd.DataFrame | None = None
    name: str = ""
    sentences: tuple[str, ...] = ()
    evidence: dict[str, pd.DataFrame] = field(default_factory=dict)

    def tables(self, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """The rows of the group, those of what it is compared with, and of the evidence that allows it."""
        compared = {} if self.rows is None else {"comparison": self.rows}
        return {"numbers": rows, **compared, **self.evidence}


def reference(released: Released, choice: Selection, scales: list[str], team: str | None) -> Reference:
    """What the comparison of a choice asks for, with the evidence that allows it."""
    if choice.comparison == "none":
        return Reference()
    if choice.comparison == "earlier":
        return _earlier(released, choice, scales, team)
    states = released.differences(choice).reindex(scales).dropna(subset=["state"])
    evidence = (*say.differences(states, released.words.scales), released.invariance)
    refused = set(states.index[states["state"] == "not supported"])
    if choice.comparison == "site":
        found = _site(released, choice, scales, refused, evidence[:-1])
        table = {} if found.rows is None else evidence_table(released, choice, scales)
        return replace(found, evidence=table)
    found = _benchmark(states[~states.index.isin(refused)], evidence)
    # Its own rows are those of the evidence; without them it has a table of what is missing.
    return found if found.rows is not None else replace(found, evidence=evidence_table(released, choice, scales))


def evidence_table(released: Released, choice: Selection, scales: list[str]) -> dict[str, pd.DataFrame]:
    """The numbers behind the words about whether teams differ, as a table of a view."""
    states = released.differences(choice).reindex(scales).dropna(subset=["state"])
    return {"evidence": states.reset_index(drop=True)} if len(states) else {}


def _site(
    released: Released, choice: Selection, scales: list[str], refused: set[str], evidence: tuple[str, ...]
) -> Reference:
    heads = [released.group("respondents", choice, team=team).to_dict("records") for team in (choice.team, None)]
    if all(heads) and same_people(heads[0][0], heads[1][0]):
        return Reference(
            sentences=(f"All who answered at {choice.site} are in {choice.team}: these are the same people.",)
        )
    rows = _of(released.group("scores", choice), scales)
    numbers = scores_of(rows, "mean")
    if numbers["withheld"].all():
        nothing = f"Nothing of {choice.site} is shown to compare with"
        return Reference(sentences=tuple(say.withheld_all(numbers, released.words.scales, nothing=nothing)))
    numbers["withheld"] |= numbers["scale"].isin(refused)
    return Reference(numbers, rows, choice.site, evidence)


def _earlier(released: Released, choice: Selection, scales: list[str], team: str | None) -> Reference:
    wave = released.earlier(choice.wave)
    if wave is None:
        return Reference(sentences=("There is no wave before this one.",))
    rows = _of(released.group("scores", choice, team=team, wave=wave), scales)
    numbers = scores_of(rows, choice.kind if team else "mean")
    if numbers["withheld"].all():
        return Reference(rows=rows, sentences=(f"Nothing of wave {wave} is shown for this group.",))
    return Reference(numbers, rows, f"Wave {wave}", (f"Whether wave {wave} differs stands under “Change”.",))


def _benchmark(states: pd.DataFrame, evidence: tuple[str, ...]) -> Reference:
    known = states.dropna(subset=["benchmark_low", "benchmark_high"]).reset_index(drop=True)
    if known.empty:
        return Reference(
            sentences=("There is no benchmark: it needs 30 published teams and evidence that teams differ.", *evidence)
        )
    low, high = known["benchmark_low"].to_numpy(dtype=float), known["benchmark_high"].to_numpy(dtype=float)
    numbers = pd.DataFrame({"scale": known["scale"].to_numpy(), "mean": float("nan"), "ci_low": low, "ci_high": high})
    n_teams = int(known["n_teams_published"].max())
    lead = (
        f"The benchmark is where 80 % of teams' true means are estimated to lie (from {n_teams} published teams). "
        "Means of few answers swing around the true ones, so more than 20 % of them lie outside: read the interval."
    )
    return Reference(numbers.assign(withheld=False), known, "80 % of true team means (estimate)", (lead, *evidence))


def _of(rows: pd.DataFrame, scales: list[str]) -> pd.DataFrame:
    """The rows of these scales, in this order."""
    order = {scale: place for place, scale in enumerate(scales)}
    return rows[rows["scale"].isin(order)].sort_values(
        "scale", key=lambda names: names.map(order), kind="stable", ignore_index=True
    )


def _nobody(rows: pd.DataFrame) -> tuple[str, ...]:
    return ("Nobody answered this form in this wave.",) if rows.empty else ()


def profile_view(released: Released, choice: Selection, team: str | None) -> View:
    """The profile of a team (None: of the site) with the comparison; the site's where the team's is not shown."""
    scales = released.scales(choice.form, *PROFILE)
    rows = _of(released.group("scores", choice, team=team), scales)
    name = team or choice.site
    title = f"Profile of {name}"
    # A site has no shrunken mean: it is its teams that are shrunken towards it.
    numbers = scores_of(rows, choice.kind if team else "mean")
    said = [*_nobody(rows), *_who(released, choice, team)]
    if team and len(rows) and rows["withheld"].all():
        return _roll_up(released, choice, rows, said)
    if choice.kind == "shrunken" and team:
        name = f"{team}, drawn towards the middle"
        said.append(say.DRAWN)
    said += say.withheld_all(numbers, released.words.scales)
    if numbers["withheld"].all():
        return View("profile", title, {"numbers": rows}, None, (*said, *_nothing_compared(choice, name)))
    other = reference(released, choice, scales, team)
    picture = None
    if len(numbers):
        picture = profile(numbers, released.words.scales, name=name, reference=other.numbers, reference_name=other.name)
    return View("profile", title, other.tables(rows), picture, (*said, *other.sentences))


def _who(released: Released, choice: Selection, team: str | None) -> list[str]:
    reasons = set(released.group("scores", choice, team=team)["reason"])
    if team and reasons == {"no_answers"}:
        return ["Nobody of this team answered."]
    rows = released.group("respondents", choice, team=team)
    return [who_answered(row, "team" if team else "site") for row in rows.to_dict("records")]


def _roll_up(released: Released, choice: Selection, rows: pd.DataFrame, said: list[str]) -> View:
    """Instead of silence: why a team's numbers are not shown, and the site's, in which its answers count."""
    scales = list(rows["scale"])
    site = _of(released.group("scores", choice), scales)
    numbers = scores_of(site, "mean")
    said = [*said, *say.withheld_all(rows, released.words.scales, nothing=f"No number of {choice.team} is shown")]
    said += _nothing_compared(choice, choice.team)
    silent = bool((rows["reason"] == "no_answers").all())
    picture = None
    if numbers["withheld"].all():
        if not silent:
            said.append(_kept(released, choice))
    else:
        said.append(
            f"What is shown here is {choice.site} as a whole."
            if silent
            else f"The answers are not lost: they count in what {choice.site} says as a whole, which is shown here."
        )
        said.append("A talk about the conditions for movement needs no numbers.")
        picture = profile(numbers, released.words.scales, name=choice.site)
    title = f"Profile of {choice.site}, because {choice.team}'s is not shown"
    return View("profile", title, {"numbers": site, "team": rows}, picture, tuple(said))


def _nothing_compared(choice: Selection, name: str) -> list[str]:
    return [] if choice.comparison == "none" else [f"So there is nothing of {name} to compare."]


def _kept(released: Released, choice: Selection) -> str:
    if choice.wave != released.waves[-1]:
        return f"At {choice.site} too, too few people answered in wave {choice.wave} to show a number."
    return f"The answers are kept, and count as soon as enough people at {choice.site} have answered."


def spread_view(released: Released, choice: Selection) -> View:
    """How alike the answers of a team are."""
    if not choice.team:
        none = f"These answers name no team of {choice.site}. How alike answers are is told of teams alone."
        return View("spread", "How alike the answers of a team are", {}, None, (none,))
    rows = _of(released.group("agreement", choice, team=choice.team), released.scales(choice.form, *PROFILE))
    picture = None
    if len(rows) and not rows["withheld"].all():
        picture = spread_strip(rows, released.words.scales, name=choice.team)
    said = (*_nobody(rows), *say.withheld_all(rows, released.words.scales))
    return View("spread", f"How alike the answers of {choice.team} are", {"numbers": rows}, picture, said)


def answers_view(released: Released, choice: Selection) -> View:
    """How the lines of one domain were answered, in a team or, where a site has none, at the site."""
    name = choice.team or choice.site
    if not choice.scale:
        return View("answers", f"Answers of {name}", {}, None, NO_SCALE)
    items = [item for item in released.instrument.item_ids(choice.scale) if item in released.items(choice.form)]
    rows = released.group("answers", choice, team=choice.team)
    order = {item: place for place, item in enumerate(items)}
    rows = rows[rows["item"].isin(order)]
    rows = rows.sort_values("item", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    texts = released.words.items
    picture = None
    if len(rows) and not rows["withheld"].all():
        picture = answers_picture(released, rows, name)
    said = (*_nobody(rows), *say.withheld_all(rows.drop_duplicates("item"), texts, "item"))
    return View(
        "answers", f"Answers of {name}: {released.words.scales[choice.scale]}", {"numbers": rows}, picture, said
    )


def answers_picture(released: Released, rows: pd.DataFrame, name: str) -> Picture:
    """Diverging bars of the answers to some items."""
    options = {item: released.options(item) for item in dict.fromkeys(rows["item"])}
    return answer_bars(rows, released.words.items, options, name=name)


def pull_view(released: Released, choice: Selection, scale: str) -> View:
    """A scale that stands apart, as a strip between its two poles."""
    words = released.words
    rows = _of(released.group("scores", choice, team=choice.team), [scale])
    if rows.empty:
        return View(f"strip-{scale}", words.scales[scale], {}, None, ("There are no answers to it here.",))
    numbers = scores_of(rows, choice.kind)
    shown = not numbers["withheld"].all()
    other = reference(released, choice, [scale], choice.team) if shown else Reference()
    against = None if other.numbers is None or _is_range(other) else _first(other.numbers)
    picture = None
    if shown:
        picture = pull_strip(
            _first(numbers),
            name=choice.team or choice.site,
            low_label=words.low_labels.get(scale, "lowest"),
            high_label=words.high_labels.get(scale, "highest"),
            reference=against,
            reference_name=other.name,
        )
    range_only = ("The range is in the table; the strip shows means alone.",) if _is_range(other) else ()
    said = (*say.withheld_all(numbers, words.scales), *other.sentences, *range_only)
    return View(f"strip-{scale}", words.scales[scale], other.tables(rows), picture, said)


def _is_range(other: Reference) -> bool:
    """A benchmark: from here to there, without a mean."""
    return other.numbers is not None and bool(other.numbers["mean"].isna().all())


def _first(rows: pd.DataFrame) -> dict[str, Any]:
    return {str(name): value for name, value in rows.iloc[0].items()}


def change_view(released: Released, choice: Selection, team: str | None) -> View:
    """Change since the wave before, with its interval."""
    name = team or choice.site
    title = f"Change of {name}"
    rows = released.group("change", choice, team=team)
    before = released.earlier(choice.wave)
    if before is None:
        return View("change", title, {}, None, ("There is no wave before this one.", *released.wave_order))
    rows = _of(rows[rows["wave_from"] == before], released.scales(choice.form, *PROFILE))
    picture = None
    said = say.change_withheld(rows, released.words.scales)
    if len(rows) and not rows["withheld"].all():
        picture = change(rows, released.words.scales, name=name)
        said.append("“No clear change” means that the interval holds zero: chance alone could make such a difference.")
    if rows.empty:
        said.append(f"Waves {before} and {choice.wave} cannot be compared: this form was not answered in both.")
    return View("change", f"{title} since wave {before}", {"numbers": rows}, picture, (*said, *released.wave_order))
