"""The simulated answers, models and lavaan's values of tests/reference/confirmatory; for tests."""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from movement_readiness.exceptions import MovementReadinessWarning
from movement_readiness.psychometrics.confirmatory.analysis import cfa

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "confirmatory"

CASES = pd.read_csv(FOLDER / "cases.csv", dtype=str, keep_default_na=False).set_index("case")
MESSAGES = pd.read_csv(FOLDER / "messages.csv").groupby("case")["text"].agg(list).to_dict()


@functools.cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / "data" / f"{name}.csv")


@functools.cache
def model(name: str) -> str:
    return (FOLDER / "models" / f"{name}.txt").read_text(encoding="utf-8")


@functools.cache
def table(name: str) -> dict[str, pd.DataFrame]:
    """lavaan's values of one kind, by case."""
    path = next(path for path in (FOLDER / f"{name}.csv.gz", FOLDER / f"{name}.csv") if path.exists())
    frame = pd.read_csv(
        path,
        dtype=dict.fromkeys(("row", "column", "factor", "text") if name != "scores" else ("factor",), str),
        low_memory=False,
    )
    for column in {"rhs", "row", "column"} & set(frame):
        frame[column] = frame[column].fillna("")
    return {case: part.drop(columns="case") for case, part in frame.groupby("case", sort=False)}


def measures(case: str) -> dict[str, float]:
    rows = table("fit")[case]
    return dict(zip(rows["measure"], rows["value"], strict=True))


def options(case: str) -> dict[str, Any]:
    """The keywords of `cfa` for a row of cases.csv."""
    row = CASES.loc[case]
    found: dict[str, Any] = {"estimator": row["estimator"]}
    found |= {name: row[name] for name in ("missing", "parameterization", "group", "cluster") if row[name]}
    found |= {name: True for name in ("std_lv", "orthogonal", "ordered", "meanstructure") if row[name]}
    if row["group_equal"]:
        found["group_equal"] = tuple(row["group_equal"].split())
    return found


def quietly(call: Any, *args: Any, **keywords: Any) -> Any:
    """What a call gives, without our warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MovementReadinessWarning)
        return call(*args, **keywords)


@functools.cache
def fit(case: str) -> Any:
    """The fit of a case, without its warnings."""
    row = CASES.loc[case]
    items = data(row["data"])
    if "team" in items and not row["cluster"]:
        items = items.drop(columns="team")
    if row["input"] == "covariance":
        names = [f"x{place}" for place in range(1, 10)]
        given = {"sample_cov": items[names].cov(), "n_obs": len(items)}
        return quietly(cfa, None, model(row["model"]), **given, **options(case))
    return quietly(cfa, items, model(row["model"]), **options(case))
