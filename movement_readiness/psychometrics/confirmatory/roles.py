"""Who is a factor and who an item, and what neither can be."""

from __future__ import annotations

from collections.abc import Sequence

from movement_readiness._validation import closest, quoted
from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.confirmatory.syntax import Statement

__all__ = ["fault_at", "roles"]


def roles(statements: Sequence[Statement]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The factors (left of ``=~``) and the items (right of it and no factor), each in order of appearance.

    Raises
    ------
    ArgumentError
        No factor; a name beside ``~~``, ``~1``, ``|`` or ``~*~`` that belongs to no factor; a factor measured by
        itself.
    """
    loads = [statement for statement in statements if statement.op == "=~"]
    if not loads:
        raise ArgumentError("model: expected a factor, as in 'f =~ x1 + x2 + x3'; got a model without '=~'.")
    factors = tuple(dict.fromkeys(statement.lhs for statement in loads))
    items = tuple(dict.fromkeys(statement.rhs for statement in loads if statement.rhs not in factors))
    if len(items) < 2:
        raise ArgumentError(f"model: expected two items or more; got {quoted(items)}.")
    known = {*factors, *items}
    for statement in statements:
        strange = [name for name in (statement.lhs, statement.rhs) if name not in known and name]
        if strange and statement.op != "|":
            hint = closest(strange[0], sorted(known))
            raise fault_at(
                statement, f"expected names that some '=~' mentions; {strange[0]!r} belongs to no factor.{hint}"
            )
        _check_roles(statement, factors, items)
    _check_order(loads, factors)
    return factors, items


def fault_at(statement: Statement, sentence: str) -> ArgumentError:
    """The sentence with where in the model it belongs."""
    return ArgumentError(f"model: line {statement.line}, column {statement.column}: {sentence}")


def _check_roles(statement: Statement, factors: Sequence[str], items: Sequence[str]) -> None:
    lhs, op, rhs = statement.key
    if op == "~~" and (lhs in factors) != (rhs in factors):
        raise fault_at(
            statement,
            f"expected a covariance of two items or of two factors; {lhs!r} and {rhs!r} are one of each. "
            "A factor with this one item can stand for it.",
        )
    if op in {"|", "~*~"} and lhs not in items:
        raise fault_at(statement, f"expected an item before {op!r}; {lhs!r} is none of {quoted(items)}.")
    if op == "~*~" and lhs != rhs:
        raise fault_at(statement, f"expected the scale of one item ({lhs} ~*~ {lhs}); got {rhs!r} after '~*~'.")


def _check_order(loads: Sequence[Statement], factors: Sequence[str]) -> None:
    """No factor is measured by itself, not over others either."""
    below = {name: {one.rhs for one in loads if one.lhs == name and one.rhs in factors} for name in factors}
    for name in factors:
        seen: set[str] = set()
        waiting = set(below[name])
        while waiting:
            one = waiting.pop()
            seen.add(one)
            waiting |= below[one] - seen
        if name in seen:
            at = next(statement for statement in loads if statement.lhs == name)
            raise fault_at(at, f"expected factors that do not measure themselves; {name!r} does.")
