"""Data sets and values of R for the correlations, and simulated answers."""

from __future__ import annotations

import csv
from collections import defaultdict

import numpy as np
import pandas as pd
from support import ROOT

REFERENCE = ROOT / "tests" / "reference" / "exploratory"


def data(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def values_of(file: str) -> dict[tuple[str, str, str, str, str], list[tuple[str, str, float]]]:
    """(data, basis, model, program, quantity) -> rows of (row, column, value)."""
    found = defaultdict(list)
    with (REFERENCE / file).open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = (row["data"], row["basis"], row["model"], row["program"], row["quantity"])
            found[key].append((row["row"], row["column"], float(row["value"])))
    return dict(found)


def answers(rho: np.ndarray, n: int, seed: int, cuts=(-1.2, -0.4, 0.3, 1.1)) -> pd.DataFrame:
    """n answers to items cut from normal variables with these correlations; categories 1, 2, ...."""
    latent = np.random.default_rng(seed).multivariate_normal(np.zeros(len(rho)), rho, size=n)
    return pd.DataFrame(np.digitize(latent, cuts) + 1, columns=[f"x{i}" for i in range(len(rho))])


def equal(rho: float, n_items: int) -> np.ndarray:
    return np.where(np.eye(n_items) > 0, 1.0, rho)
