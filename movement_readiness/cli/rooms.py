"""How many people were in the rooms, from the sessions that a store knows."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import movement_readiness as mr
from movement_readiness.cli.options import is_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from movement_readiness.workshop.sessions import Session

__all__ = ["invited_to", "rooms_held"]


def rooms_held(store: mr.ResponseStore, **which: object) -> Iterator[Session]:
    """The sessions with these attributes that took place: one that nobody joined was opened by mistake."""
    for session in store.sessions():
        alike = all(getattr(session, name) == value for name, value in which.items())
        if alike and store.count(session.session_id).joined:
            yield session


def invited_to(
    answers: str,
    instrument: mr.Instrument,
    responses: pd.DataFrame,
    wave: str | None,
    waves: tuple[str, ...] | None = None,
) -> pd.DataFrame | None:
    """A roster from the head-counts of the sessions of a wave (the latest by default).

    None where that would be half the truth: the answers are no store's, some team had no session, more people
    answered than were in its rooms (on paper, say), or the wave had more than one form.
    """
    from movement_readiness.teams.waves import latest_wave

    if not is_store(answers) or responses.empty:
        return None
    chosen = latest_wave(responses, waves) if wave is None else wave
    here = responses[responses["wave"] == chosen]
    forms = set(here["form"])
    if len(forms) != 1 or here[["site", "team"]].isna().to_numpy().any():
        return None
    which = {"wave": chosen, "form": forms.pop(), "instrument_sha256": instrument.sha256, "rehearsal": False}
    heads: Counter[Any] = Counter()
    with mr.ResponseStore(answers, read_only=True) as store:
        for session in rooms_held(store, **which):
            heads[session.site, session.team] += session.head_count
    answered = Counter(zip(here["site"], here["team"], strict=True))
    return _roster(heads) if answered <= heads else None


def _roster(heads: Counter[Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([(site, team, n) for (site, team), n in heads.items()], columns=["site", "team", "invited"])
