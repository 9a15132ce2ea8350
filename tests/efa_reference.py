"""Values of R for exploratory factor analysis: tests/reference/exploratory/*.csv as tables."""

from __future__ import annotations

import csv
from collections import defaultdict
from functools import cache

import numpy as np
import pandas as pd
from support import ROOT

FOLDER = ROOT / "tests" / "reference" / "exploratory"


@cache
def values(file: str) -> dict[tuple[str, str, str, str], dict[str, list[tuple[str, str, float]]]]:
    """(data, basis, model, program) -> quantity -> rows of (row, column, value)."""
    found = defaultdict(lambda: defaultdict(list))
    with (FOLDER / f"{file}.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = row["data"], row["basis"], row["model"], row["program"]
            value = float("nan") if row["value"] in ("NA", "") else float(row["value"])
            found[key][row["quantity"]].append((row["row"], row["column"], value))
    return {key: dict(quantities) for key, quantities in found.items()}


def cases(file: str, model: str, program: str) -> list[tuple[str, str]]:
    return [key[:2] for key in values(file) if key[2:] == (model, program)]


def items(data: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / f"{data}.csv")


def number(file: str, key: tuple[str, str, str, str], quantity: str) -> float:
    return values(file)[key][quantity][0][2]


def series(file: str, key: tuple[str, str, str, str], quantity: str) -> np.ndarray:
    return np.array([row[2] for row in values(file)[key][quantity]])


def table(file: str, key: tuple[str, str, str, str], quantity: str) -> np.ndarray:
    """Rows x columns in the order of the file."""
    rows = values(file)[key][quantity]
    names, columns = list(dict.fromkeys(row[0] for row in rows)), list(dict.fromkeys(row[1] for row in rows))
    found = np.full((len(names), len(columns)), np.nan)
    for row, column, value in rows:
        found[names.index(row), columns.index(column)] = value
    return found


def table_like(
    file: str, key: tuple[str, str, str, str], quantity: str, like: tuple[tuple[str, ...], str]
) -> np.ndarray:
    """As `table`, with the rows and columns of another stored table; NaN where nothing is stored."""
    rows, columns = (list(dict.fromkeys(row[side] for row in values(file)[like[0]][like[1]])) for side in (0, 1))
    found = np.full((len(rows), len(columns)), np.nan)
    for row, column, value in values(file)[key][quantity]:
        found[rows.index(row), columns.index(column)] = value
    return found


def symmetric(file: str, key: tuple[str, str, str, str], quantity: str, names: list[str]) -> np.ndarray:
    """A unit diagonal and the stored upper triangle."""
    found = np.eye(len(names))
    for row, column, value in values(file)[key][quantity]:
        found[names.index(row), names.index(column)] = found[names.index(column), names.index(row)] = value
    return found


@cache
def correlations(data: str, basis: str) -> tuple[np.ndarray, int]:
    """The matrix that R analysed, and its n."""
    key = data, basis, "", "formula"
    names = list(items(data).columns)
    return symmetric("correlations", key, "correlation", names), int(number("correlations", key, "n"))


def aligned(loadings: np.ndarray, between: np.ndarray, to: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns put in the order and signs closest to another solution, loadings and correlations together."""
    left = loadings.T @ to
    order, signs = [], []
    for column in range(to.shape[1]):
        free = [place for place in range(to.shape[1]) if place not in order]
        place = max(free, key=lambda k: abs(left[k, column]))
        order.append(place)
        signs.append(np.sign(left[place, column]) or 1.0)
    sign = np.array(signs)
    return loadings[:, order] * sign, between[np.ix_(order, order)] * np.outer(sign, sign)


def rotated_by_factor_analyzer(loadings, method):
    """Loadings and factor correlations of the ``Rotator`` of factor-analyzer: one start, in its own order."""
    from factor_analyzer import Rotator

    engine = Rotator(method=method)
    found = np.asarray(engine.fit_transform(loadings.copy()), dtype=float)
    return found, np.eye(found.shape[1]) if engine.phi_ is None else np.asarray(engine.phi_, dtype=float)
