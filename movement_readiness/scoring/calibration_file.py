"""A calibration as a file: JSON with a format number and a checksum."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from movement_readiness.exceptions import ArgumentError, InstrumentError
from movement_readiness.instrument import Instrument, load_instrument
from movement_readiness.instrument.canonical import sha256_of
from movement_readiness.instrument.content import instrument_content, instrument_of

if TYPE_CHECKING:
    from movement_readiness.scoring.calibration import Calibration

__all__ = ["FORMAT", "read", "written"]

KIND = "movement_readiness calibration"
FORMAT = 1

Text = Annotated[str, Field(min_length=1)]
Number = FiniteFloat | None


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _ItemPart(_Part):
    categories: list[int] = Field(min_length=2)
    thresholds: list[FiniteFloat] = Field(min_length=1)
    loadings: dict[str, FiniteFloat]


class _InstrumentPart(_Part):
    id: Text
    version: Text
    sha256: Text
    content: dict[str, Any]


class _File(_Part):
    kind: Literal["movement_readiness calibration"]
    format: int
    created_on: Text
    software: Text
    description: str
    provenance: Literal["field", "synthetic", "mixed", "not said"]
    sample: dict[str, Any]
    structure: Literal["correlated", "one_factor", "second_order"]
    model: Text
    estimator: Text
    missing: Text
    factors: list[Text] = Field(min_length=1)
    items: dict[str, _ItemPart]
    factor_correlations: list[list[FiniteFloat]]
    fit: dict[str, Number]
    comparison: dict[str, dict[str, Number]]
    warnings: list[str]
    instrument: _InstrumentPart
    sha256: Text


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(float(value)) else None


def written(calibration: Calibration) -> str:
    """The text of the file."""
    loadings = calibration.loadings.to_numpy(dtype=float).tolist()
    items = {
        item: {
            "categories": list(calibration.categories[item]),
            "thresholds": list(calibration.thresholds[item]),
            "loadings": dict(zip(calibration.factors, row, strict=True)),
        }
        for item, row in zip(calibration.items, loadings, strict=True)
    }
    instrument = calibration.instrument
    comparison = calibration.comparison
    content: dict[str, Any] = {
        "kind": KIND,
        "format": FORMAT,
        "created_on": calibration.created_on,
        "software": calibration.software,
        "description": calibration.description,
        "provenance": calibration.provenance,
        "sample": dict(calibration.sample),
        "structure": calibration.structure,
        "model": calibration.model,
        "estimator": calibration.estimator,
        "missing": calibration.missing,
        "factors": list(calibration.factors),
        "items": items,
        "factor_correlations": calibration.factor_correlations.to_numpy(dtype=float).tolist(),
        "fit": {str(name): _number(value) for name, value in calibration.fit.items()},
        "comparison": {
            str(factor): {str(name): _number(value) for name, value in row.items()}
            for factor, row in comparison.iterrows()
        },
        "warnings": list(calibration.warnings),
        "instrument": {
            "id": instrument.id,
            "version": instrument.version,
            "sha256": instrument.sha256,
            "content": instrument_content(instrument),
        },
    }
    content["sha256"] = sha256_of(content)
    return json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def read(text: str, name: str, instrument: Instrument | None) -> Calibration:
    """The calibration in a text; `name` says in sentences where it came from."""
    raw = _object(text, name)
    if raw.get("kind") != KIND:
        raise ArgumentError(f"source: expected a calibration, as Calibration.to_json writes; {name} is none.")
    number = raw.get("format")
    if isinstance(number, int) and number > FORMAT:
        raise ArgumentError(
            f"source: expected a calibration of format {FORMAT}; {name} has format {number}, which a later version of "
            "this package wrote."
        )
    said = raw.get("sha256")
    if said != sha256_of({key: value for key, value in raw.items() if key != "sha256"}):
        raise ArgumentError(
            f"source: expected a calibration as it was written; {name} was changed or damaged since (its checksum "
            "does not fit). Calibrate anew, or take an untouched copy."
        )
    try:
        file = _File.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ArgumentError(f"source: expected a calibration; in {name}, {place}: {first['msg'].lower()}.") from None
    _check_shapes(file, name)
    return _calibration(file, _instrument(file, name, instrument))


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        raw = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise ArgumentError(f"source: expected a calibration in JSON; {name} is not valid JSON.") from None
    if not isinstance(raw, dict):
        raise ArgumentError(f"source: expected a calibration, as Calibration.to_json writes; {name} is none.")
    return raw


def _check_shapes(file: _File, name: str) -> None:
    """Refuse numbers that do not belong together."""
    m = len(file.factors)
    matrix = file.factor_correlations
    wrong = ""
    if [len(row) for row in matrix] != [m] * m or np.linalg.eigvalsh(np.array(matrix)).min() <= 0:
        wrong = "factor_correlations are no positive definite matrix of the factors"
    for item, part in file.items.items():
        wrong = wrong or _wrong_with(item, part, file)
    if wrong:
        raise ArgumentError(f"source: expected a calibration; in {name}, {wrong}.")


def _wrong_with(item: str, part: _ItemPart, file: _File) -> str:
    if list(part.loadings) != file.factors:
        return f"item {item!r} has loadings on other factors"
    if len(part.thresholds) != len(part.categories) - 1 or sorted(set(part.categories)) != part.categories:
        return f"item {item!r} has categories that do not fit its thresholds"
    if sorted(set(part.thresholds)) != part.thresholds:
        return f"item {item!r} has thresholds that do not rise"
    loadings = np.array(list(part.loadings.values()))
    if loadings @ np.array(file.factor_correlations) @ loadings > 1 + 1e-8:
        return f"item {item!r} has loadings that explain more than all of it"
    return ""


def _instrument(file: _File, name: str, given: Instrument | None) -> Instrument:
    try:
        kept = instrument_of(file.instrument.content)
    except InstrumentError as error:
        raise ArgumentError(f"source: expected a calibration; in {name}, {error}") from None
    if (kept.id, kept.version, kept.sha256) != (file.instrument.id, file.instrument.version, file.instrument.sha256):
        raise ArgumentError(f"source: expected a calibration; in {name}, the instrument is not the one it names.")
    if absent := [item for item in file.items if item not in kept.item_ids()]:
        raise ArgumentError(f"source: expected a calibration; in {name}, {absent[0]!r} is no item of the instrument.")
    if given is not None and (given.id, given.version, given.sha256) != (kept.id, kept.version, kept.sha256):
        raise ArgumentError(
            f"instrument: expected {kept.id} {kept.version} (sha256 {kept.sha256[:12]}), which {name} was made for; "
            f"got {given.id} {given.version} (sha256 {given.sha256[:12]})."
        )
    bundled = load_instrument()
    same = (bundled.version, bundled.sha256) == (kept.version, kept.sha256)
    return given if given is not None else bundled if same else kept


def _calibration(file: _File, instrument: Instrument) -> Calibration:
    import pandas as pd

    from movement_readiness.scoring.calibration import Calibration

    items = list(file.items)
    loadings = [[file.items[item].loadings[name] for name in file.factors] for item in items]
    comparison = pd.DataFrame.from_dict(file.comparison, orient="index", dtype=float)
    return Calibration(
        instrument=instrument,
        structure=file.structure,
        model=file.model,
        estimator=file.estimator,
        missing=file.missing,
        factors=tuple(file.factors),
        loadings=pd.DataFrame(loadings, index=pd.Index(items), columns=pd.Index(file.factors)),
        thresholds={item: tuple(file.items[item].thresholds) for item in items},
        categories={item: tuple(file.items[item].categories) for item in items},
        factor_correlations=pd.DataFrame(
            file.factor_correlations, index=pd.Index(file.factors), columns=pd.Index(file.factors)
        ),
        fit=pd.Series(file.fit, dtype=float, name="fit"),
        sample=file.sample,
        provenance=file.provenance,
        comparison=comparison,
        description=file.description,
        created_on=file.created_on,
        software=file.software,
        warnings=tuple(file.warnings),
    )
