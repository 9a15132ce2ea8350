"""Every fault of an instrument file at once, each with its place and what was expected there.

Shapes and types come from `schema`; what parts must be to one another is checked here on the raw
tables, tolerantly, so that a fault of one kind does not hide those of the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import Fault
from movement_readiness.instrument.faults import Place, Report, Table, as_list, shape_faults
from movement_readiness.instrument.schema import InstrumentFile, TranslationFile

__all__ = ["RESERVED_COLUMNS", "RESPONSE_COLUMNS", "find_faults", "find_translation_faults"]

# The columns of a responses frame before its items, in their order.
RESPONSE_COLUMNS = (
    "response_id",
    "instrument_id",
    "instrument_version",
    "instrument_sha256",
    "form",
    "language",
    "aim_id",
    "site",
    "team",
    "role",
    "wave",
    "submitted_on",
    "synthetic",
)
RESERVED_COLUMNS = (*RESPONSE_COLUMNS, "claim")


def _tables(raw: Table, name: str) -> Iterator[tuple[int, Table]]:
    found = raw.get(name)
    for position, part in enumerate(found if isinstance(found, list | tuple) else ()):
        if isinstance(part, Mapping):
            yield position, part


def _mapping(value: Any) -> Table:
    return value if isinstance(value, Mapping) else {}


def _ids(raw: Table, name: str) -> list[str]:
    return [part["id"] for _, part in _tables(raw, name) if isinstance(part.get("id"), str)]


def _check_duplicate_ids(raw: Table, report: Report) -> None:
    for name in ("items", "scales", "forms", "response_scales", "missing_codes", "roles"):
        fold: Callable[[str], str] = str.casefold if name == "items" else str
        first: dict[str, int] = {}
        for position, part in _tables(raw, name):
            part_id = part.get("id")
            if not isinstance(part_id, str):
                continue
            before = first.setdefault(fold(part_id), position)
            if before != position:
                report.add(
                    (name, position, "id"),
                    f"the id {part_id!r} is used twice (also {name} number {before + 1}); ids must be unique"
                    + (", whatever their case" if name == "items" else ""),
                )


def _check_column_names(raw: Table, report: Report) -> None:
    items = {item.casefold() for item in _ids(raw, "items")}
    for name in ("items", "scales"):
        for position, part in _tables(raw, name):
            part_id = part.get("id")
            if not isinstance(part_id, str):
                continue
            if part_id.casefold() in RESERVED_COLUMNS or part_id.endswith("_n_answered"):
                report.add(
                    (name, position, "id"), f"{part_id!r} is a column of every responses frame; choose another id"
                )
            elif name == "scales" and part_id.casefold() in items:
                report.add((name, position, "id"), f"{part_id!r} is also the id of an item; choose another id")


def _check_response_scales(raw: Table, report: Report) -> None:
    missing_ids = _ids(raw, "missing_codes")
    for position, scale in _tables(raw, "response_scales"):
        place = ("response_scales", position)
        options = [option for option in as_list(scale.get("options")) if isinstance(option, Mapping)]
        codes = [option["code"] for option in options if isinstance(option.get("code"), int)]
        _check_repeats((*place, "options"), "code", codes, report)
        labels = [option["label"].casefold() for option in options if isinstance(option.get("label"), str)]
        _check_repeats((*place, "options"), "label", labels, report)
        if (
            scale.get("ordered", True)
            and len(set(codes)) == len(codes)
            and codes not in (sorted(codes), sorted(codes)[::-1])
        ):
            report.add((*place, "options"), f"the codes of ordered options must rise or fall; got {codes}")
        for offered in as_list(scale.get("missing")):
            if offered not in missing_ids:
                report.add((*place, "missing"), _unknown("missing code", offered, missing_ids))
    codes = [part["code"] for _, part in _tables(raw, "missing_codes") if isinstance(part.get("code"), int)]
    _check_repeats(("missing_codes",), "code", codes, report)


def _check_repeats(place: Place, what: str, values: Iterable[Any], report: Report) -> None:
    for value, count in Counter(values).items():
        if count > 1:
            report.add(place, f"the {what} {value!r} is given {count} times; each must be given once")


def _unknown(what: str, name: object, available: list[str]) -> str:
    return f"unknown {what} {name!r}; expected one of {quoted(available)}.{closest(name, available)}"


def _check_items(raw: Table, report: Report) -> None:
    response_scales, scales = _ids(raw, "response_scales"), _ids(raw, "scales")
    scored = {item for _, scale in _tables(raw, "scales") for item in _mapping(scale.get("keys"))}
    for position, item in _tables(raw, "items"):
        place = ("items", position)
        if isinstance(item.get("response_scale"), str) and item["response_scale"] not in response_scales:
            report.add((*place, "response_scale"), _unknown("response scale", item["response_scale"], response_scales))
        if isinstance(item.get("domain"), str) and item["domain"] not in scales:
            report.add((*place, "domain"), _unknown("scale", item["domain"], scales))
        purpose = item.get("purpose", "scored")
        is_scored = isinstance(item.get("id"), str) and item["id"] in scored
        if purpose == "scored" and not is_scored:
            report.add(
                place, 'no scale has this item; expected a scale with its key, or purpose = "reserve" or "criterion"'
            )
        if purpose in ("reserve", "criterion") and is_scored:
            report.add((*place, "purpose"), f"a {purpose} item must not be scored, but a scale has it")


def _check_scales(raw: Table, report: Report) -> None:
    for position, scale in _tables(raw, "scales"):
        place = ("scales", position)
        keys, parts = _mapping(scale.get("keys")), as_list(scale.get("scales"))
        if bool(keys) == bool(parts):
            both = "both" if keys else "neither"
            report.add(place, f"expected either keys (items) or scales (other scales); got {both}")
        if (scale.get("kind", "domain") == "index") != bool(parts) and bool(keys) != bool(parts):
            what = "other scales" if parts else "items of its own"
            report.add((*place, "kind"), f'kind "index" is for, and only for, means of other scales; this has {what}')
        if keys:
            _check_keys((*place, "keys"), keys, raw, report)
            _check_count((*place, "min_answered"), scale.get("min_answered"), len(keys), "items", report)
            _check_per_domain((*place, "min_answered_per_domain"), scale, raw, report)
            _check_reachable((*place, "min_answered"), scale, raw, report)
        if parts:
            _check_parts((*place, "scales"), parts, raw, report)
            _check_count((*place, "min_scales"), scale.get("min_scales"), len(parts), "scales", report)
        forms = _ids(raw, "forms")
        for form in as_list(scale.get("report_forms")):
            if form not in forms:
                report.add((*place, "report_forms"), _unknown("form", form, forms))


def _check_reachable(place: Place, scale: Table, raw: Table, report: Report) -> None:
    """A scale that no form can score would be missing for everybody, without a word."""
    keys, needed = _mapping(scale.get("keys")), scale.get("min_answered")
    shown = [
        sum(str(item) in keys for screen in as_list(form.get("screens")) for item in as_list(screen))
        for _, form in _tables(raw, "forms")
    ]
    most = max(shown, default=0)
    if isinstance(needed, int) and most and most < needed <= len(keys):
        report.add(place, f"no form shows {needed} of its items (at most {most}), so it could never be scored")


def _check_keys(place: Place, keys: Table, raw: Table, report: Report) -> None:
    items = {item["id"]: item for _, item in _tables(raw, "items") if isinstance(item.get("id"), str)}
    nominal = [scale.get("id") for _, scale in _tables(raw, "response_scales") if scale.get("ordered") is False]
    for item_id, key in keys.items():
        if isinstance(key, bool) or key not in (1, -1):
            report.add((*place, item_id), f"the key of an item must be +1 or -1; got {key!r}")
        if item_id not in items:
            report.add((*place, item_id), _unknown("item", item_id, list(items)))
        elif items[item_id].get("response_scale") in nominal:
            report.add((*place, item_id), "its response options are not ordered, so it cannot be scored")


def _check_parts(place: Place, parts: list[Any], raw: Table, report: Report) -> None:
    simple = [
        scale["id"] for _, scale in _tables(raw, "scales") if scale.get("keys") and isinstance(scale.get("id"), str)
    ]
    _check_repeats(place, "scale", map(str, parts), report)
    for part in parts:
        if part not in simple:
            report.add(place, _unknown("scale with items of its own", part, simple))


def _check_count(place: Place, count: object, available: int, what: str, report: Report) -> None:
    if count is None:
        report.add(place, f"this is missing; expected a whole number from 1 to {available}")
    elif isinstance(count, int) and count > available:
        report.add(place, f"expected at most {available}, the number of its {what}; got {count}")


def _check_per_domain(place: Place, scale: Table, raw: Table, report: Report) -> None:
    wanted = scale.get("min_answered_per_domain", 0)
    scored = [item for _, item in _tables(raw, "items") if str(item.get("id")) in _mapping(scale.get("keys"))]
    fewest = min(Counter(str(item.get("domain")) for item in scored).values(), default=0)
    if scored and isinstance(wanted, int) and wanted > fewest:
        report.add(place, f"expected at most {fewest}, its number of items in the smallest domain; got {wanted}")


def _check_forms(raw: Table, report: Report) -> None:
    items = {item["id"]: item for _, item in _tables(raw, "items") if isinstance(item.get("id"), str)}
    for position, form in _tables(raw, "forms"):
        place = ("forms", position, "screens")
        shown = [item for screen in as_list(form.get("screens")) for item in as_list(screen)]
        if not shown and "screens" in form:
            report.add(place, "a form must have at least one item; this one has none")
        for item, count in Counter(map(str, shown)).items():
            if count > 1:
                report.add(place, f"the item {item!r} is shown {count} times; a form shows an item once")
            if item not in items:
                report.add(place, _unknown("item", item, list(items)))
            elif items[item].get("purpose") == "reserve":
                report.add(place, f"the reserve item {item!r} belongs in no form")


def find_faults(raw: Table, text: str = "", file: str | None = None) -> list[Fault]:
    """Every fault of the tables of an instrument file, in the order of the file."""
    report = Report(raw, text, file)
    shape_faults(InstrumentFile, raw, report)
    for check in (
        _check_duplicate_ids,
        _check_column_names,
        _check_response_scales,
        _check_items,
        _check_scales,
        _check_forms,
    ):
        check(raw, report)
    return sorted(set(report.faults), key=lambda fault: (fault.line or 0, fault.place, fault.message))


def _compare_ids(place: Place, got: Iterable[str], expected: Iterable[str], report: Report) -> None:
    got, expected = list(got), list(expected)
    for name in expected:
        if name not in got:
            report.add((*place, name), "the wording of this is missing")
    for name in got:
        if name not in expected:
            report.add((*place, name), f"the source has no such id.{closest(name, expected)}")


def find_translation_faults(raw: Table, source: InstrumentFile, text: str = "", file: str | None = None) -> list[Fault]:
    """Every fault of a translation: its shape, and what it lacks or adds against its source."""
    report = Report(raw, text, file)
    shape_faults(TranslationFile, raw, report)
    version = raw.get("source_version")
    if version != source.instrument.version:
        report.add(
            ("source_version",),
            f"this wording is of version {version}, the instrument is version {source.instrument.version}: "
            "review it, then change this",
        )
    for name in ("items", "scales", "forms", "roles", "response_scales", "missing_codes"):
        _compare_ids((name,), _mapping(raw.get(name)), (part.id for part in getattr(source, name)), report)
    if source.wording.stem and "stem" not in _mapping(raw.get("wording", {"stem": None})):
        report.add(("wording", "stem"), "the wording of this is missing")
    for scale in source.response_scales:
        labels = _mapping(raw.get("response_scales")).get(scale.id)
        if isinstance(labels, Mapping):
            _compare_ids(("response_scales", scale.id), labels, map(str, scale.codes), report)
            _check_repeats(("response_scales", scale.id), "label", map(str.casefold, map(str, labels.values())), report)
    return sorted(set(report.faults), key=lambda fault: (fault.line or 0, fault.place, fault.message))
