"""Model syntax: what it says, and where it goes wrong."""

from __future__ import annotations

import pytest

from movement_readiness.exceptions import ArgumentError
from movement_readiness.psychometrics.confirmatory.syntax import Modifier, parse_model


def keys(text):
    return [statement.key for statement in parse_model(text)]


def test_statements_in_the_order_of_the_text():
    text = """
    # factors
    f =~ x1 + x2 +
         x3            ! goes on after +
      + x4             # and before it
    g =~ f; x1 ~~ x2
    x1 + x2 ~ 1
    x1 | t1 + t2
    x1 ~*~ x1
    `an item` ~~ `an item`
    """
    assert keys(text) == [
        *(("f", "=~", f"x{place}") for place in range(1, 5)),
        ("g", "=~", "f"),
        ("x1", "~~", "x2"),
        ("x1", "~1", ""),
        ("x2", "~1", ""),
        ("x1", "|", "t1"),
        ("x1", "|", "t2"),
        ("x1", "~*~", "x1"),
        ("an item", "~~", "an item"),
    ]


@pytest.mark.parametrize(
    ("term", "modifiers"),
    [
        ("x", ()),
        ("0.5*x", (Modifier("fixed", (0.5,)),)),
        ("-1e-1*x", (Modifier("fixed", (-0.1,)),)),
        ("NA*x", (Modifier("free", (None,)),)),
        ("a*x", (Modifier("label", ("a",)),)),
        ('"a b"*x', (Modifier("label", ("a b",)),)),
        ("c(a, b)*x", (Modifier("label", ("a", "b")),)),
        ("c(1, NA)*x", (Modifier("fixed", (1.0, None)),)),
        ("c(NA, NA)*x", (Modifier("free", (None, None)),)),
        ("start(0.8)*x", (Modifier("start", (0.8,)),)),
        ("start(c(1, 2))*x", (Modifier("start", (1.0, 2.0)),)),
        ("NA*a*x", (Modifier("free", (None,)), Modifier("label", ("a",)))),
        ("NA*x + a*x", (Modifier("free", (None,)), Modifier("label", ("a",)))),
        ("x + y + a*x", (Modifier("label", ("a",)),)),
    ],
)
def test_modifiers(term, modifiers):
    assert parse_model(f"f =~ {term}")[0].modifiers == modifiers


def test_an_intercept_may_be_fixed_in_one_group():
    statement = parse_model("x ~ c(0, NA)*1")[0]
    assert statement.key == ("x", "~1", "")
    assert [statement.modifiers[0].value(group) for group in (0, 1)] == [0.0, None]


@pytest.mark.parametrize(
    ("text", "line", "column", "token", "word"),
    [
        ("f =~ ", 1, 6, "the end of the model", "expected a name after '=~'"),
        ("f =~ x1\nx1 ~~ \n", 2, 7, "the end of the line", "after '~~'"),
        ("f =~ x1 x2", 1, 9, "'x2'", "expected '+'"),
        ("f =~ x1 +\n + x2", 2, 2, "'+'", "expected a name after '+'"),
        ("f ~ x", 1, 5, "'x'", "regression"),
        ("a == b", 1, 3, "'=='", "the same label"),
        ("a := b", 1, 3, "':='", "computed"),
        ("f =~ x1 $ 3", 1, 9, "'$'", "expected a name"),
        ("3 =~ x", 1, 1, "'3'", "beginning of a statement"),
        ("f =~ foo(1)*x", 1, 6, "'foo'", "start"),
        ("f =~ c(1, 2*x", 1, 12, "'*'", "')'"),
        ("f =~ start(a)*x", 1, 6, "'start'", "numbers"),
    ],
)
def test_faults_name_line_column_and_token(text, line, column, token, word):
    with pytest.raises(ArgumentError) as caught:
        parse_model(text)
    sentence = str(caught.value)
    assert f"line {line}, column {column}:" in sentence
    assert word in sentence
    assert f"got {token}." in sentence


@pytest.mark.parametrize("text", ["", "# nothing\n", None, 3])
def test_no_model_is_refused(text):
    with pytest.raises(ArgumentError, match="model: expected"):
        parse_model(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("f =~ 'my x' + x2", r"column 6: expected a name without quotation marks.*between backticks"),
        ('f =~ x1 + "x2"', r"column 11: expected a name without quotation marks.*between backticks"),
        ("'f' =~ x1 + x2", r"column 1: expected a name without quotation marks.*between backticks"),
        ("f =~ my x + x2", r"column 9: expected '\+' or the end of the statement .*between backticks.*; got 'x'"),
        ("f =~ x1 + my-x", r"column 13: expected '\+' or the end of the statement .*between backticks.*; got '-'"),
        ("my f =~ x1 + x2", r"column 4: expected one of '=~'.*between backticks.*; got 'f'"),
        ("f =~ `my x + x2", r"column 6: expected a second backtick on the same line"),
    ],
)
def test_names_in_quotation_marks_or_with_spaces_get_a_sentence_with_the_remedy(text, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        parse_model(text)


def test_a_term_that_stands_twice_and_says_the_same_stays_twice():
    assert keys("f =~ x + x + y") == [("f", "=~", "x"), ("f", "=~", "y"), ("f", "=~", "x")]
    assert len(keys("f =~ a*x + b*x + y")) == 3
