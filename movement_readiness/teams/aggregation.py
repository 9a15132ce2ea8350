"""From respondents to groups: the only place where groups are formed, so where small ones are withheld."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from movement_readiness.evidence import claim
from movement_readiness.exceptions import ArgumentError
from movement_readiness.instrument import Instrument
from movement_readiness.responses.released import KeepsReleases
from movement_readiness.responses.revealed import RevealedPage
from movement_readiness.teams.alike import with_agreement
from movement_readiness.teams.audiences import NUMBERS, ByTeam, joined, visible, visible_heads
from movement_readiness.teams.changes import change_tables
from movement_readiness.teams.comparison import funnel_table, invariance_sentence, yardstick
from movement_readiness.teams.deciding import Decision, decide
from movement_readiness.teams.disclosure import OWN, PUBLISHED, DisclosurePolicy
from movement_readiness.teams.earlier import checked_pages
from movement_readiness.teams.everybody import Everybody
from movement_readiness.teams.heads import heads_table
from movement_readiness.teams.logged import of_study, rounded_alike
from movement_readiness.teams.releases import check_ids, made_releases, salt_of
from movement_readiness.teams.renamed import Present
from movement_readiness.teams.results import Audience, TeamResults
from movement_readiness.teams.shown import Shown, counted
from movement_readiness.teams.study import Round, read_study
from movement_readiness.teams.tables import (
    item_tables,
    scores_table,
    spread_table,
    states_table,
    team_differences,
)
from movement_readiness.teams.union import Neighbours

__all__ = ["Aggregation"]


class Aggregation:
    """One aggregation: every table with its releases, from which any audience's results are taken."""

    def __init__(
        self,
        responses: Any,
        instrument: Instrument,
        roster: Any = None,
        policy: DisclosurePolicy | None = None,
        revealed: Collection[RevealedPage] | None = (),
        invariance: Any = None,
        release_log: KeepsReleases | None = None,
        waves: Sequence[str] | None = None,
    ) -> None:
        given = policy is not None
        policy = DisclosurePolicy() if policy is None else policy
        if not isinstance(policy, DisclosurePolicy):
            raise ArgumentError(f"policy: expected a DisclosurePolicy; got {policy!r}.")
        self.instrument, self.policy = instrument, policy
        self.claim = claim(instrument)
        indices = [scale.id for scale in instrument.scales.values() if scale.kind == "index"]
        self.study = read_study(
            responses,
            instrument,
            roster,
            tuple(indices) if self.claim.index_allowed else (),
            checked_pages(revealed),
            policy.min_respondents_own_team,
            waves,
        )
        self.log = release_log
        earlier = of_study(self.log.releases() if self.log is not None else (), self.study, self.instrument)
        self.present = Present(self.study)
        self.policy = policy = rounded_alike(policy, given, earlier)
        if self.log is not None or self.study.pages:
            check_ids(self.study)
        self.earlier = [self.present.named(one) for one in earlier]
        self.decisions = self._decided()
        self.invariance = invariance_sentence(invariance)
        scores, agreement, items, answers, states = [], [], [], [], []
        funnel, means_by_wave = [], []
        heads = []
        for part, found in self.decisions:
            releases = found.scales
            differences = team_differences(self.study, part, releases)
            means = {}
            for column, scale in enumerate(part.scales):
                table = scores_table(self.study, part, column, releases[scale], differences[scale], policy)
                means[scale], by = table, yardstick(differences[scale])
                scores.append(table.assign(scale=scale))
                funnel.append(funnel_table(table, by, policy).assign(scale=scale))
                means_by_wave.append((part.form, scale, part.wave, table, by))
                spread = spread_table(self.study, part, column, table, found.alike[scale].some)
                agreement.append(spread.assign(scale=scale))
            states.append(with_agreement(states_table(part, differences, means), part, instrument, means, found.items))
            for column, item in enumerate(part.items):
                table, counts = item_tables(self.study, part, column, instrument, policy, found.items[item])
                items.append(table)
                answers.append(counts)
            heads.append(heads_table(self.study, part, policy, found.sizes, found.shown(len(self.study.sites))))
        self.respondents = pd.concat(heads, ignore_index=True)
        self.team_differences = pd.concat(states, ignore_index=True)
        self.scores, self.agreement = joined(scores, "scale"), joined(agreement, "scale")
        self.funnel, self.change = joined(funnel, "scale"), change_tables(means_by_wave, policy)
        self.items, self.answers = joined(items, "item"), joined(answers, "item")

    def _decided(self) -> list[tuple[Round, Decision]]:
        """Who sees what in every round, the earlier waves first, each beside those before it."""
        ordered = list(self.study.rounds)
        everybody = Everybody(self.study, ordered, self.instrument, self.policy, self.present, self.earlier)
        before: list[tuple[Round, dict[str, Shown]]] = []
        found = []
        for part in ordered:
            moved = self.present.moved(self.earlier, part)
            beside = Neighbours(self.study, part, self.instrument, self.policy, before, self.earlier, everybody, moved)
            made = decide(self.study, part, self.instrument, self.policy, beside)
            before.append((part, made.shown(len(self.study.sites))))
            found.append((part, made))
        return found

    def record(self, audience: Audience) -> None:
        """Write what an audience is shown ("all": everybody) into the release log, if there is one."""
        if self.log is None:
            return
        shown = []
        for part, made in self.decisions:
            numbers = made.shown_to(audience, self.study)
            everybody = {name: counted(self.instrument, part, name, one) for name, one in numbers.items()}
            shown.append((part, numbers, everybody))
        name = audience if isinstance(audience, str) else " / ".join(audience[1:])
        salt = salt_of(self.log.releases())
        for release in made_releases(self.study, self.instrument, name, shown, salt, self.policy):
            self.log.record(release)

    def own_teams(self) -> Iterator[tuple[tuple[str, str], TeamResults]]:
        """Every team's own results in turn, in the order of names."""
        for site, team in self.study.teams:
            yield (site, team), self.results(("own_team", site, team))

    def results(self, audience: Audience) -> TeamResults:
        """What one audience may see."""
        own = audience[1:] if isinstance(audience, tuple) else None
        if own is None:
            tables = {**self._tables(PUBLISHED), "respondents": self._heads(self.policy.min_respondents)}
        else:
            tables = {name: table.of(own[0], own[1]) for name, table in self._own_tables.items()}
        return TeamResults(
            **tables,
            team_differences=self.team_differences.copy(),
            policy=self.policy,
            audience=audience,
            claim=self.claim,
            synthetic=self.study.synthetic,
            instrument_id=self.instrument.id,
            instrument_version=self.instrument.version,
            instrument_sha256=self.instrument.sha256,
            aim_id=self.study.aim_id,
            n_without_site=self.study.n_without_site,
            notes=self._notes(),
            invariance=self.invariance,
            wave_order=self.study.waves,
        )

    @cached_property
    def _own_tables(self) -> dict[str, ByTeam]:
        """Every table as teams of their own may see it, ready to be handed out team by team."""
        heads = self._heads(self.policy.min_respondents_own_team)
        tables = {**self._tables(OWN), "respondents": heads}
        return {name: ByTeam(table) for name, table in tables.items()}

    def _tables(self, floor: int) -> dict[str, pd.DataFrame]:
        return {name: visible(getattr(self, name), floor, numbers) for name, numbers in NUMBERS.items()}

    def _heads(self, floor: int) -> pd.DataFrame:
        return visible_heads(self.respondents, floor, self.policy.min_respondents)

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self.study.n_without_site:
            notes.append(f"{self.study.n_without_site} responses name no site and are in no group.")
        if self.study.synthetic:
            notes.append("Synthetic data: simulated answers, nobody's.")
        return tuple(notes)
