"""Random studies for the attacker: many sites, each a small hierarchy of its own, in two releases or waves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SIZES = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 15, 22]
SHAPES = {
    "even": [0.1, 0.2, 0.3, 0.25, 0.15],
    "high": [0.01, 0.02, 0.07, 0.25, 0.65],
    "split": [0.45, 0.05, 0.0, 0.05, 0.45],
    "alike": [0.0, 0.0, 0.03, 0.94, 0.03],
    "bound": [0.0, 0.0, 0.0, 0.0, 1.0],
}


@dataclass
class People:
    """Who sits where, and what they answer: one row a person."""

    person: np.ndarray
    site: np.ndarray
    team: np.ndarray
    answers: np.ndarray


def people(rng: np.random.Generator, sites: int, n_items: int, sizes=SIZES, skipped: float = 0.0) -> People:
    """People at many sites, one to five teams each and some without a team; a share of the answers is skipped."""
    site, team, answers = [], [], []
    for place in range(sites):
        counts = {f"T{number}": int(rng.choice(sizes)) for number in range(rng.integers(1, 6))}
        if rng.random() < 0.3:
            counts[""] = int(rng.choice([1, 2, 4, 6]))
        for name, count in counts.items():
            shape = SHAPES[str(rng.choice(list(SHAPES), p=[0.5, 0.2, 0.1, 0.1, 0.1]))]
            site += [f"S{place}"] * count
            team += [name] * count
            answers += list(rng.choice(5, (count, n_items), p=shape) + 1)
    given = np.array(answers, dtype=float).reshape(len(site), n_items)
    if skipped:
        given[rng.random(given.shape) < skipped] = np.nan
    return People(np.arange(len(site)), np.array(site), np.array(team), given)


def later(rng: np.random.Generator, before: People, most: int = 6, same: float = 0.8) -> People:
    """The same sites later: in each team some went, some came, some moved; the others answer the same again or not.

    ``same`` is the share of teams of which everybody who stayed answers the same again.
    """
    kept = np.ones(len(before.person), dtype=bool)
    team, answers = before.team.copy(), before.answers.copy()
    new: list[tuple[str, str, np.ndarray]] = []
    groups = list(zip(before.site, before.team, strict=True))
    for site, name in sorted(set(groups)):
        rows = np.array([place for place, group in enumerate(groups) if group == (site, name)])
        gone = rng.permutation(rows)[: rng.choice([0, 0, 0, 1, 2, 5, most])]
        others = sorted({other for place, other in groups if place == site} - {name, ""})
        if others and rng.random() < 0.4:
            team[gone] = rng.choice(others)  # they moved
        else:
            kept[gone] = False
        if rng.random() > same:
            changed = rows[rng.random(len(rows)) < rng.choice([0.1, 0.5, 0.9])]
            answers[changed] = rng.permuted(answers[changed], axis=1)
        for _ in range(rng.choice([0, 0, 0, 1, 2, 4, 5, most])):
            new.append((site, name, rng.integers(1, 6, answers.shape[1])))
    return People(
        np.concatenate([before.person[kept], before.person.max(initial=0) + 1 + np.arange(len(new))]),
        np.concatenate([before.site[kept], np.array([one[0] for one in new], dtype=before.site.dtype)]),
        np.concatenate([team[kept], np.array([one[1] for one in new], dtype=team.dtype)]),
        np.concatenate([answers[kept], np.array([one[2] for one in new]).reshape(len(new), answers.shape[1])]),
    )


def frame_of(make, instrument, who: People, items: list[str], *, wave: str = "1", form=None, ids=None) -> pd.DataFrame:
    """A responses frame of these people; to all other items everybody gives the same random answers every time."""
    frame = make(instrument, {("S", "T"): len(who.person)}, form=form, seed=len(who.person), wave=wave)
    others = [item for item in instrument.items if item not in items]
    given = np.random.default_rng(1).integers(1, 6, (int(who.person.max(initial=0)) + 1, len(others)))
    same = pd.DataFrame(given[who.person], columns=others, index=frame.index).astype("Int64")
    others = [item for item in others if item in frame.columns]
    frame[others] = same[others]
    frame["site"] = pd.array(who.site, dtype="str")
    frame["team"] = pd.array([name or None for name in who.team], dtype="str")
    frame["response_id"] = [f"{wave}-{person}" if ids is None else ids(person) for person in who.person]
    for column, item in enumerate(items):
        if item in frame.columns:
            frame[item] = pd.array(who.answers[:, column], dtype="Int64")
    return frame
