"""Model syntax as lavaan writes it, read into statements; whatever cannot be read is named with its line and column.

A model is a list of statements, one a line or parted by semicolons::

    rational =~ q1 + q2 + q3          # a factor and its items (or lower factors)
    q1 ~~ q2                          # a residual covariance; f ~~ g of factors; x ~~ x a variance
    q1 ~ 1                            # an intercept; of a factor, its mean
    q1 | t1 + t2                      # thresholds
    q1 ~*~ q1                         # the scale of a latent response

Before a term stands what is known of its parameter: ``0.5*x`` (fixed), ``NA*x`` (free), ``a*x`` (a label; parameters
of one label are equal), ``start(0.8)*x`` (where the search begins), ``c(1, NA)*x`` or ``c(a, b)*x`` (one for each
group). ``#`` and ``!`` begin a comment. A name that is no word stands between backticks. A term may stand twice in a
statement to say two things of it: ``NA*x + a*x`` is ``NA*a*x``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from movement_readiness.exceptions import ArgumentError

__all__ = ["OPERATORS", "Modifier", "Statement", "parse_model"]

OPERATORS = ("=~", "~~", "~*~", "~1", "|")

_TOKEN = re.compile(
    r"""(?P<comment>[#!][^\n]*)
      | (?P<space>[ \t\r]+)
      | (?P<end>\n|;)
      | (?P<name>`[^`\n]+`|(?!\d)[^\W]\w*(?:\.\w+)*\.?|\.[^\W\d]\w*(?:\.\w+)*)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
      | (?P<text>"[^"\n]*"|'[^'\n]*')
      | (?P<operator>=~|~\*~|~~|==|:=|<~|~|\||<|>)
      | (?P<mark>[+*(),-])
      | (?P<strange>.)""",
    re.VERBOSE,
)
_BACKTICKS = "(a name that is no single word stands between backticks: `my item`)"
_NOT_HERE = {
    "~": "expected '~ 1' (an intercept or a mean); a regression is no part of a measurement model",
    "==": "expected no constraint; give the parameters that shall be equal the same label (a*x1 + a*x2)",
    ":=": "expected no computed parameter; compute it from the table of parameters",
    "<~": "expected '=~'; formative factors are no part of a measurement model",
    "<": "expected no inequality; parameters are not bounded here",
    ">": "expected no inequality; parameters are not bounded here",
}


@dataclass(frozen=True, slots=True)
class Modifier:
    """What stands before a term: kind "fixed", "free", "label" or "start", and one value for all groups or one each.

    The values of "fixed" and "start" are numbers, those of "label" names; None where a group has none (NA).
    """

    kind: str
    values: tuple[float | str | None, ...]

    def value(self, group: int) -> float | str | None:
        """The value in a group, counted from 0."""
        return self.values[0] if len(self.values) == 1 else self.values[group]


@dataclass(frozen=True, slots=True)
class Statement:
    """One parameter that the model names; ``rhs`` is empty for an intercept (``~1``)."""

    lhs: str
    op: str
    rhs: str
    modifiers: tuple[Modifier, ...]
    line: int
    column: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Left side, operator, right side."""
        return self.lhs, self.op, self.rhs


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int
    column: int


def parse_model(text: str) -> tuple[Statement, ...]:
    """Read a model in lavaan's syntax.

    Parameters
    ----------
    text : str
        The model; see the module for what can be said.

    Returns
    -------
    tuple of Statement
        One for each parameter that is named, in the order of the text.

    Raises
    ------
    ArgumentError
        With line, column and token of what cannot be read.

    Examples
    --------
    >>> [statement.key for statement in parse_model("f =~ x1 + 0.5*x2; x1 ~~ x2")]
    [('f', '=~', 'x1'), ('f', '=~', 'x2'), ('x1', '~~', 'x2')]
    >>> parse_model("f =~ x1 + ")
    Traceback (most recent call last):
    movement_readiness.exceptions.ArgumentError: model: line 1, column 11: expected a name after '+'; got the end of \
the model.
    """
    if not isinstance(text, str):
        raise ArgumentError(f"model: expected text in lavaan's syntax; got {type(text).__name__}.")
    tokens = list(_tokens(text))
    statements: list[Statement] = []
    for part in _parts(tokens):
        statements.extend(_joined(_Reader(part).statements()))
    if not statements:
        raise ArgumentError("model: expected statements such as 'f =~ x1 + x2 + x3'; got none.")
    return tuple(statements)


def _joined(statements: Iterator[Statement]) -> list[Statement]:
    """One statement for what stands twice and says something else the second time, as in ``NA*x + a*x``."""
    found: dict[tuple[str, str, str], Statement] = {}
    rest: list[Statement] = []
    for statement in statements:
        before = found.setdefault(statement.key, statement)
        if before is statement:
            continue
        known = {modifier.kind for modifier in before.modifiers}
        if statement.modifiers and known.isdisjoint(modifier.kind for modifier in statement.modifiers):
            found[statement.key] = replace(before, modifiers=(*before.modifiers, *statement.modifiers))
        else:
            rest.append(statement)
    return [*found.values(), *rest]


def _tokens(text: str) -> Iterator[_Token]:
    line, begin = 1, 0
    for match in _TOKEN.finditer(text):
        kind, word = str(match.lastgroup), match.group()
        token = _Token(kind, word, line, match.start() - begin + 1)
        if kind == "strange":
            what = "a second backtick on the same line" if word == "`" else "a name, a number or an operator"
            raise _fault(token, f"expected {what}")
        if kind not in {"comment", "space"}:
            yield token
        if word == "\n":
            line, begin = line + 1, match.end()
    yield _Token("end", "", line, len(text) - begin + 1)


def _fault(token: _Token, expected: str) -> ArgumentError:
    got = (
        "the end of the model" if not token.text else "the end of the line" if token.text == "\n" else repr(token.text)
    )
    return ArgumentError(f"model: line {token.line}, column {token.column}: {expected}; got {got}.")


def _parts(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """Statements: lines, where a line that ends in an operator, or is followed by one that begins so, goes on."""
    part: list[_Token] = []
    depth = 0
    for place, token in enumerate(tokens):
        if token.kind != "end":
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            part.append(token)
            continue
        if not part or (token.text == "\n" and (depth > 0 or _goes_on(part[-1], tokens[place + 1 :]))):
            continue
        yield [*part, token]
        part, depth = [], 0


def _goes_on(last: _Token, rest: Sequence[_Token]) -> bool:
    following = next((token for token in rest if token.text != "\n"), None)
    if following is None or not following.text:
        return False
    open_end = last.text in {"+", "*", ","} or last.kind == "operator"
    return open_end or following.text in {"+", "*"} or following.kind == "operator"


class _Reader:
    """One statement, token by token."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self.tokens, self.place = tokens, 0

    @property
    def here(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        token = self.here
        self.place = min(self.place + 1, len(self.tokens) - 1)
        return token

    def name(self, expected: str) -> _Token:
        self.check_unquoted()
        if self.here.kind != "name":
            raise _fault(self.here, expected)
        return self.take()

    def check_unquoted(self) -> None:
        """Refuse a text that stands where a name belongs."""
        if self.here.kind == "text" and self.ahead != "*":
            raise _fault(self.here, f"expected a name without quotation marks, which are for labels {_BACKTICKS}")

    @property
    def ahead(self) -> str:
        return self.tokens[min(self.place + 1, len(self.tokens) - 1)].text

    def mark(self, text: str, expected: str) -> None:
        if self.take().text != text:
            raise _fault(self.tokens[self.place - 1], expected)

    def statements(self) -> Iterator[Statement]:
        left = [self.name("expected the name of a factor or an item at the beginning of a statement")]
        while self.here.text == "+":
            self.take()
            left.append(self.name("expected a name after '+'"))
        sign = self.take()
        if sign.kind != "operator":
            known = ", ".join(repr(op) for op in ("=~", "~~", "~ 1", "|", "~*~"))
            more = f" {_BACKTICKS}" if sign.kind in {"name", "number"} or sign.text == "-" else ""
            raise _fault(sign, f"expected one of {known} after {left[-1].text!r}{more}")
        if sign.text in _NOT_HERE and sign.text != "~":
            raise _fault(sign, _NOT_HERE[sign.text])
        for modifiers, term in self.terms(sign):
            for one in left:
                op = "~1" if sign.text == "~" else sign.text
                right = "" if op == "~1" else _plain(term)
                yield Statement(_plain(one), op, right, modifiers, term.line, term.column)

    def terms(self, sign: _Token) -> list[tuple[tuple[Modifier, ...], _Token]]:
        found = [self.term(sign, sign)]
        while self.here.text == "+":
            found.append(self.term(sign, self.take()))
        if self.here.kind != "end":
            more = f" {_BACKTICKS}" if self.here.kind in {"name", "number"} or self.here.text == "-" else ""
            raise _fault(self.here, f"expected '+' or the end of the statement{more}")
        return found

    def term(self, sign: _Token, after: _Token) -> tuple[tuple[Modifier, ...], _Token]:
        modifiers: list[Modifier] = []
        while True:
            token = self.here
            ahead = self.ahead
            self.check_unquoted()
            if sign.text == "~" and token.text == "1" and ahead != "*":
                return tuple(modifiers), self.take()
            if token.kind == "name" and ahead not in {"*", "("}:
                if sign.text == "~":
                    raise _fault(token, _NOT_HERE["~"])
                return tuple(modifiers), self.take()
            modifiers.append(self.modifier(after))
            self.mark("*", "expected '*' between a modifier and its term")

    def modifier(self, after: _Token) -> Modifier:
        if self.here.kind == "name" and self.ahead == "(":
            return self.call()
        value = self.value(f"expected a name after {after.text!r}")
        return _modifier([value])

    def call(self) -> Modifier:
        function = self.take()
        if function.text not in {"c", "start", "equal", "label"}:
            raise _fault(function, "expected one of 'c(...)', 'start(...)', 'label(...)', 'equal(...)'")
        self.take()
        nested = function.text != "c" and self.here.text == "c" and self.tokens[self.place + 1].text == "("
        if nested:
            self.place += 2
        values = [self.value("expected a number, a label or NA")]
        while self.here.text == ",":
            self.take()
            values.append(self.value("expected a number, a label or NA"))
        for _ in range(1 + nested):
            self.mark(")", "expected ',' or ')'")
        if function.text == "start":
            if any(isinstance(value, str) for value in values):
                raise _fault(function, "expected numbers in start(...)")
            return Modifier("start", tuple(values))
        return _modifier(values)

    def value(self, expected: str) -> float | str | None:
        token = self.take()
        sign = 1.0
        if token.text in {"-", "+"} and self.here.kind == "number":
            sign, token = (-1.0 if token.text == "-" else 1.0), self.take()
        if token.kind == "number":
            return sign * float(token.text)
        if token.text == "NA":
            return None
        if token.kind == "name":
            return _plain(token)
        if token.kind == "text" and len(token.text) > 2:
            return token.text[1:-1]
        raise _fault(token, expected)


def _modifier(values: Sequence[float | str | None]) -> Modifier:
    if all(value is None for value in values):
        return Modifier("free", tuple(values))
    if any(isinstance(value, str) for value in values):
        return Modifier("label", tuple(None if value is None else str(value) for value in values))
    return Modifier("fixed", tuple(values))


def _plain(token: _Token) -> str:
    return token.text.strip("`")
