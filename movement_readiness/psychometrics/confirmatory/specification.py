"""The table of parameters: what a model names, what lavaan's ``cfa()`` adds to it, and which parameters are equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from movement_readiness._validation import check_choice, n_of, quoted
from movement_readiness.psychometrics.confirmatory.labels import fixed_values, shared_labels
from movement_readiness.psychometrics.confirmatory.parameters import Key, ModelOptions, ParameterTable, Row
from movement_readiness.psychometrics.confirmatory.roles import fault_at, roles
from movement_readiness.psychometrics.confirmatory.syntax import Statement

__all__ = ["GROUP_EQUAL", "ModelOptions", "ParameterTable", "Row", "parameter_table", "roles"]

GROUP_EQUAL = (
    "loadings",
    "intercepts",
    "means",
    "thresholds",
    "residuals",
    "residual.covariances",
    "lv.variances",
    "lv.covariances",
)


def parameter_table(statements: Sequence[Statement], options: ModelOptions) -> ParameterTable:
    """The parameters of a model with lavaan's defaults for ``cfa()``.

    Parameters
    ----------
    statements : sequence of Statement
        What `parse_model` read.
    options : ModelOptions

    Returns
    -------
    ParameterTable

    Raises
    ------
    ArgumentError
        Names in the wrong role, a parameter named twice, modifiers for another number of groups, thresholds that the
        answers do not have or that are fixed out of order, labels on parameters that cannot be equal or that are
        fixed at different values.

    Notes
    -----
    Added, where the model does not name them: residual variances; variances of factors (1 with ``std_lv``, else
    free with the first loading of each factor fixed at 1); covariances of the factors that are no indicators (0 with
    ``orthogonal``); with means, intercepts of items (free) and means of factors (0). Of ordered items: all
    thresholds, intercepts of 0, scales ``~*~`` of 1 (delta) or residual variances of 1 (theta).

    To name a first loading, or with ``std_lv`` a factor's variance, with a label or a start leaves it at 1; ``NA*``
    frees it. (lavaan 0.6-14 would fix it at the start.)

    Parameters of one label are equal; where one of them is fixed (a first loading is), all take its value.

    Groups: equal loadings free the factors' variances after the first group under ``std_lv``; equal intercepts
    (thresholds, of ordered items) free their means, equal thresholds the scales (delta) or residual variances (theta).

    Examples
    --------
    >>> from movement_readiness.psychometrics.confirmatory.syntax import parse_model
    >>> table = parameter_table(parse_model("f =~ x1 + x2 + x3"), ModelOptions())
    >>> table.free_names
    ('f=~x2', 'f=~x3', 'x1~~x1', 'x2~~x2', 'x3~~x3', 'f~~f')
    """
    for name in options.group_equal:
        check_choice("group_equal", name, GROUP_EQUAL)
    factors, items = roles(statements)
    rows: list[Row] = []
    for group in range(options.n_groups):
        rows.extend(_group_rows(statements, factors, items, options, group))
    rows = _with_equalities(rows, factors, options)
    _check_thresholds(rows, statements)
    numbered, n_free = _numbered(rows)
    return ParameterTable(numbered, items, factors, options, n_free)


def _group_rows(
    statements: Sequence[Statement],
    factors: Sequence[str],
    items: Sequence[str],
    options: ModelOptions,
    group: int,
) -> list[Row]:
    defaults = _defaults(statements, factors, items, options, group)
    rows: dict[Key, Row] = {}
    for statement in statements:
        key = _ordered(statement.key)
        if key in rows or (key[0], key[1]) == (key[2], "=~"):
            raise fault_at(
                statement,
                f"expected each parameter once; {statement.lhs} {statement.op} {statement.rhs} is there before.",
            )
        _check_allowed(statement, options)
        value = _fixed_by_default(statement, statements, factors, options)
        base = Row(*statement.key, group, 0, value, np.nan, "", True)
        rows[key] = _modified(base, statement, options.n_groups)
    for key, value in defaults:
        if _ordered(key) not in rows:
            rows[_ordered(key)] = Row(*key, group, 0, value, np.nan, "", False)
    return list(rows.values())


def _ordered(key: Key) -> Key:
    lhs, op, rhs = key
    return (min(lhs, rhs), op, max(lhs, rhs)) if op == "~~" else key


def _check_allowed(statement: Statement, options: ModelOptions) -> None:
    lhs, op, rhs = statement.key
    if op in {"|", "~*~"} and not options.ordinal:
        raise fault_at(
            statement, f"expected no {op!r}: thresholds and scales belong to ordered items (estimator='wlsmv')."
        )
    if op == "|":
        known = [f"t{place + 1}" for place in range(options.thresholds[lhs])]
        if rhs not in known:
            raise fault_at(statement, f"expected one of the thresholds {quoted(known)} of {lhs!r}; got {rhs!r}.")
    if not options.ordinal:
        return
    if op == "~*~" and options.parameterization == "theta":
        raise fault_at(statement, "expected no '~*~': with parameterization='theta' scales follow from the variances.")
    if op == "~~" and lhs == rhs and lhs in options.thresholds and options.parameterization == "delta":
        raise fault_at(
            statement,
            f"expected no residual variance of {lhs!r}: with parameterization='delta' it follows from the rest. Use "
            "parameterization='theta', or '~*~' for the scale.",
        )


def _fixed_by_default(
    statement: Statement, statements: Sequence[Statement], factors: Sequence[str], options: ModelOptions
) -> float:
    """1 for the first loading of each factor or, with unit variances, for the variances of the factors; NaN: free."""
    lhs, op, rhs = statement.key
    if options.std_lv:
        return 1.0 if op == "~~" and lhs == rhs and lhs in factors else np.nan
    if op != "=~":
        return np.nan
    first = next(one for one in statements if one.op == "=~" and one.lhs == lhs)
    return 1.0 if first.rhs == rhs else np.nan


def _modified(row: Row, statement: Statement, n_groups: int) -> Row:
    for modifier in statement.modifiers:
        if len(modifier.values) not in {1, n_groups}:
            raise fault_at(
                statement,
                f"expected one modifier, or one for each of {n_of(n_groups, 'group')}; got {len(modifier.values)}.",
            )
        value = modifier.value(row.group)
        if modifier.kind == "label":
            row = replace(row, label=str(value or ""))
        elif modifier.kind == "start":
            row = row if value is None else replace(row, start=float(value))
        else:
            row = replace(row, value=np.nan if value is None else float(value))
    return row


def _defaults(
    statements: Sequence[Statement],
    factors: Sequence[str],
    items: Sequence[str],
    options: ModelOptions,
    group: int,
) -> Iterator[tuple[Key, float]]:
    """What is added to a model in one group: key and fixed value, NaN where free."""
    free = np.nan
    later, equal = group > 0, options.group_equal
    delta = options.parameterization == "delta"
    loose = later and "thresholds" in equal  # what the equal thresholds identify
    yield from (((item, "|", f"t{t + 1}"), free) for item in items for t in range(options.thresholds.get(item, 0)))
    residual = (free if loose and not delta and "residuals" not in equal else 1.0) if options.ordinal else free
    single = _single_indicators(statements, factors)
    yield from (((x, "~~", x), 0.0 if x in single and not options.ordinal else residual) for x in items)
    freed = later and "loadings" in equal and "lv.variances" not in equal
    yield from (((f, "~~", f), 1.0 if options.std_lv and not freed else free) for f in factors)
    top = [f for f in factors if all(one.rhs != f for one in statements if one.op == "=~")]
    pairs = [(f, g) for place, f in enumerate(top) for g in top[place + 1 :]]
    yield from (((f, "~~", g), 0.0 if options.orthogonal else free) for f, g in pairs)
    if options.ordinal:
        yield from (((x, "~*~", x), free if loose and delta else 1.0) for x in items)
    if options.ordinal or options.meanstructure:
        yield from (((x, "~1", ""), 0.0 if options.ordinal else free) for x in items)
        tied = "thresholds" if options.ordinal else "intercepts"
        moved = later and tied in equal and "means" not in equal
        yield from (((f, "~1", ""), free if moved else 0.0) for f in factors)


def _single_indicators(statements: Sequence[Statement], factors: Iterable[str]) -> set[str]:
    loads = [one for one in statements if one.op == "=~"]
    alone = [[one.rhs for one in loads if one.lhs == factor] for factor in factors]
    return {found[0] for found in alone if len(found) == 1}


def _with_equalities(rows: Sequence[Row], factors: Sequence[str], options: ModelOptions) -> list[Row]:
    """Rows whose ``free`` is the place of the row they are equal to, -1 where fixed."""
    labels = shared_labels(rows)
    values = fixed_values(rows, labels)
    first_of_label: dict[str, int] = {}
    first_of_key = {row.key: place for place, row in enumerate(rows) if row.group == 0}
    known = {row.name for row in rows}
    for name in options.partial:
        check_choice("group_partial", name.replace(" ", ""), sorted(known))
    partial = {name.replace(" ", "") for name in options.partial}
    found: list[Row] = []
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        value = values.get(label, row.value)
        if not np.isnan(value):
            found.append(replace(row, free=-1, value=value))
            continue
        equal = place
        if label:
            equal = first_of_label.setdefault(label, place)
        elif row.group > 0 and row.name not in partial and _class_of(row, factors) in options.group_equal:
            other = first_of_key.get(row.key, place)
            equal = found[other].free if found[other].free >= 0 else place
        found.append(replace(row, free=equal))
    return found


def _class_of(row: Row, factors: Sequence[str]) -> str:
    if row.op == "=~":
        return "loadings"
    if row.op == "|":
        return "thresholds"
    if row.op == "~1":
        return "means" if row.lhs in factors else "intercepts"
    if row.op == "~~":
        kind = "lv.variances" if row.lhs == row.rhs else "lv.covariances"
        own = "residuals" if row.lhs == row.rhs else "residual.covariances"
        return kind if row.lhs in factors else own
    return ""


def _check_thresholds(rows: Sequence[Row], statements: Sequence[Statement]) -> None:
    """Refuse thresholds of an item that are fixed out of order, or made equal to each other."""
    last: dict[tuple[str, int], Row] = {}
    seen: set[tuple[str, int, int]] = set()
    for row in sorted((row for row in rows if row.op == "|"), key=lambda row: int(row.rhs[1:])):
        if row.free >= 0:
            again = (row.lhs, row.group, row.free)
            if again in seen:
                raise fault_at(
                    _said(statements, row),
                    f"expected thresholds of {row.lhs!r} that differ; {row.rhs} is made equal to another.",
                )
            seen.add(again)
            continue
        before = last.get((row.lhs, row.group))
        if before is not None and row.value <= before.value:
            raise fault_at(
                _said(statements, row),
                f"expected thresholds of {row.lhs!r} that rise; {before.rhs} is fixed at {before.value:g} and "
                f"{row.rhs} at {row.value:g}.",
            )
        last[row.lhs, row.group] = row


def _said(statements: Sequence[Statement], row: Row) -> Statement:
    item = next(statement for statement in statements if statement.op == row.op and statement.lhs == row.lhs)
    return next((statement for statement in statements if statement.key == row.key), item)


def _numbered(rows: Sequence[Row]) -> tuple[tuple[Row, ...], int]:
    places = {free: place for place, free in enumerate(dict.fromkeys(row.free for row in rows if row.free >= 0))}
    return tuple(replace(row, free=places.get(row.free, -1)) for row in rows), len(places)
