"""What must hold before answers are scored; every fault gets a sentence that says what was expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from numbers import Number
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2.dtypes import DType

from movement_readiness._validation import check_choice, quoted
from movement_readiness.exceptions import ArgumentError, Problem, ResponsesError
from movement_readiness.instrument import Instrument
from movement_readiness.scoring.expressions import stray
from movement_readiness.scoring.frames import AnyFrame, collected, is_pandas

__all__ = [
    "check_answers",
    "check_identity",
    "check_instrument",
    "check_items",
    "check_scales",
    "check_types",
]

_OBJECTS_OF_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "empty")


def check_instrument(instrument: object) -> None:
    """Refuse anything but an instrument."""
    if not isinstance(instrument, Instrument):
        raise ArgumentError(
            f"instrument: expected an Instrument, as load_instrument() gives; got {type(instrument).__name__}."
        )


def check_scales(scales: Sequence[str] | None, instrument: Instrument) -> tuple[str, ...]:
    """Give the scales to score: all of them, or those named."""
    if scales is None:
        return tuple(instrument.scales)
    if isinstance(scales, str) or not isinstance(scales, Iterable):
        hint = f" Write scales=[{scales!r}]." if isinstance(scales, str) else ""
        raise ArgumentError(f"scales: expected a list of scale ids; got {scales!r}.{hint}")
    chosen = tuple(check_choice("scales", scale, tuple(instrument.scales)) for scale in scales)
    if not chosen or len(set(chosen)) < len(chosen):
        got = "none" if not chosen else quoted(chosen)
        raise ArgumentError(f"scales: expected one or more scale ids, each once; got {got}.")
    return chosen


def check_identity(frame: AnyFrame, instrument: Instrument) -> None:
    """Refuse answers to another instrument, or to another version of it, where the frame says so."""
    expected = {
        "instrument_id": instrument.id,
        "instrument_version": instrument.version,
        "instrument_sha256": instrument.sha256,
    }
    columns = frame.collect_schema().names()
    others = {
        name: (nw.col(name).cast(nw.String) != value) & ~nw.col(name).is_null()
        for name, value in expected.items()
        if name in columns
    }
    if not others:
        return
    counts = _totals(frame.select(*(other.cast(nw.Int64).sum().alias(name) for name, other in others.items())))
    for name, count in counts.items():
        if count:
            found = _rows(frame.filter(others[name]).select(name).head(1))[0][name]
            raise ResponsesError(
                f"responses: {name} is not {expected[name]!r}, that of the instrument given, in "
                f"{_n_rows(count)} (such as {str(found)!r}). "
                "Score answers with the instrument file that was in use."
            )


def check_items(
    columns: Sequence[object],
    instrument: Instrument,
    scales: Sequence[str] | None,
    *,
    whole_forms: bool = True,
    remedy: str = "",
) -> tuple[str, ...]:
    """Give the items to read: those of the scales named, or all there are, if they make up whole forms.

    ``remedy`` is what to do where they do not; without, to name scales.
    """
    present = set(columns)
    if scales is None:
        held = tuple(item for item in instrument.item_ids() if item in present)
        if whole_forms or not held:
            _check_forms(columns, held, instrument, remedy)
        return held
    for scale in scales:
        items = dict.fromkeys(instrument.item_ids(scale))
        if absent := [item for item in items if item not in present]:
            raise ResponsesError(
                f"responses: scale {scale!r} needs the items {quoted(items, 40)}; "
                f"missing: {quoted(absent, 40)}." + _spelling(absent, columns)
            )
    return tuple(dict.fromkeys(item for scale in scales for item in instrument.item_ids(scale)))


def _check_forms(columns: Sequence[object], held: Sequence[str], instrument: Instrument, remedy: str) -> None:
    scored = set(instrument.item_ids())
    forms = {form.id: [item for item in form.items if item in scored] for form in instrument.forms.values()}
    whole = {item for items in forms.values() if set(items) <= set(held) for item in items}
    left = [item for item in held if item not in whole]
    if held and not left:
        return
    if not held:
        first = next(iter(forms.values()))
        raise ResponsesError(
            f"responses: no scored item of {instrument.id} {instrument.version} is a column; expected item ids, "
            f"such as {quoted(first, 3)}; got {quoted(columns) or 'no columns'}.{_spelling(first, columns)}"
        )
    missing = _missing_from_forms(left, held, forms)
    raise ResponsesError(
        f"responses: {missing}; expected every item of at least one form ({quoted(forms)}). "
        f"{remedy or _part_of_scales(held, instrument)}{_spelling([i for i in scored if i not in held], columns)}"
    )


def _missing_from_forms(left: Sequence[str], held: Sequence[str], forms: Mapping[str, Sequence[str]]) -> str:
    """Say what the form that explains most of the items left over would need to be whole."""
    gaps = {name: [item for item in items if item not in held] for name, items in forms.items()}
    nearest = min(forms, key=lambda name: (-len(set(left) & set(forms[name])), len(gaps[name])))
    if not set(left) & set(forms[nearest]):
        return f"{quoted(left)} belong to no form"
    return f"form {nearest!r} lacks {quoted(gaps[nearest], 40)}"


def _part_of_scales(held: Sequence[str], instrument: Instrument) -> str:
    whole = [scale for scale in instrument.scales if set(instrument.item_ids(scale)) <= set(held)]
    enough = quoted(whole) if whole else "none"
    return f"To score part of the scales, name them in scales=[...]: the items given are enough for {enough}."


def _spelling(items: Sequence[str], columns: Sequence[object]) -> str:
    """Give a hint where an item is missing and a column is called almost the same."""
    wanted = {item.casefold() for item in items}
    near = [
        name for name in columns if isinstance(name, str) and name.strip().casefold() in wanted and name not in items
    ]
    if not near:
        return ""
    return f" Ids are spelled exactly; read_responses also takes {quoted(near)} as items."


def check_types(frame: AnyFrame, items: Sequence[str]) -> dict[str, bool]:
    """For every item, whether its column holds numbers; a column of another type must hold nothing."""
    schema = frame.collect_schema()
    numbers = {item: schema[item].is_numeric() or _holds_numbers(frame, item, schema[item]) for item in items}
    unfit = [item for item, number in numbers.items() if not number]
    if not unfit:
        return numbers
    counts = _totals(frame.select(*((~nw.col(item).is_null()).cast(nw.Int64).sum() for item in unfit)))
    problems = [_unfit(frame, item, count, schema[item]) for item, count in counts.items() if count]
    if problems:
        raise ResponsesError(
            "responses: item columns must hold codes as numbers (read_responses turns labels into codes):",
            problems,
        )
    return numbers


def _holds_numbers(frame: AnyFrame, item: str, dtype: DType) -> bool:
    """Whether a pandas column of Python objects is made of numbers and missing values alone."""
    if dtype != nw.Object or isinstance(frame, nw.LazyFrame) or not is_pandas(frame):
        return False
    pandas = nw.get_native_namespace(frame)
    return pandas.api.types.infer_dtype(frame[item].to_native(), skipna=True) in _OBJECTS_OF_NUMBERS


def _unfit(frame: AnyFrame, item: str, count: int, dtype: DType) -> Problem:
    given = frame.filter(~nw.col(item).is_null()).select(item)
    values = [row[item] for row in _rows(given if dtype == nw.Object else given.head(1))]
    value = next((value for value in values if not isinstance(value, Number)), values[0])
    message = f"item {item!r}: the column is of type {dtype}, with values such as {value!r} ({count} in all)."
    return Problem(message, column=item, value=str(value))


def check_answers(frame: AnyFrame, instrument: Instrument, items: Mapping[str, bool]) -> None:
    """Refuse numbers that are neither a code of their item nor a missing code."""
    counts: Counter[str] = Counter()
    for row in collected(
        frame,
        items,
        lambda part: part.select(*(stray(instrument, i).cast(nw.Int64).sum().alias(i) for i in items)),
    ):
        counts.update({item: int(count or 0) for item, count in row.items()})
    found = {item: count for item, count in counts.items() if count}
    if found:
        problems = [problem for item in found for problem in _strays(frame, instrument, item, items[item])]
        total = sum(found.values())
        raise ResponsesError(
            f"responses: {total} {'answer is' if total == 1 else 'answers are'} neither a code of the item nor "
            "a missing code (read_responses can set them missing):",
            problems,
        )


def _strays(frame: AnyFrame, instrument: Instrument, item: str, number: bool) -> list[Problem]:
    values: Counter[float] = Counter()
    for row in collected(
        frame,
        {item: number},
        lambda part: part.filter(stray(instrument, item)).group_by(item).agg(nw.len().alias("n rows")),
    ):
        values[row[item]] += row["n rows"]
    codes = ", ".join(map(str, sorted(instrument.response_scale(item).codes)))
    missing = ", ".join(str(code.code) for code in instrument.missing_codes.values())
    expected = f"expected {codes}" + (f", or missing: {missing}" if missing else "")
    return [
        Problem(
            f"item {item!r}: the value {_plain(value)} in {_n_rows(count)}; {expected}.",
            None,
            item,
            _plain(value),
        )
        for value, count in sorted(values.items())
    ]


def _plain(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _n_rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _rows(frame: AnyFrame) -> list[dict[str, Any]]:
    whole = frame.collect() if isinstance(frame, nw.LazyFrame) else frame
    return whole.rows(named=True)


def _totals(frame: AnyFrame) -> dict[str, int]:
    """Read the one row of sums; the sum of no rows is null in some engines."""
    return {name: int(total or 0) for name, total in _rows(frame)[0].items()}
