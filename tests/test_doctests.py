"""The examples in the package's docstrings run, and print what they say; a warning is an error there too."""

from __future__ import annotations

import doctest
import importlib

import matplotlib as mpl
import pytest
from support import ROOT

PACKAGE = ROOT / "movement_readiness"
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def module_names():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] != "__main__":  # running it is the command line
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def examples_of(name):
    found = doctest.DocTestFinder().find(importlib.import_module(name))
    return [test for test in found if test.examples]


@pytest.mark.parametrize("name", [*module_names()])
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # an example may write files
    report = []
    with mpl.rc_context({"backend": "agg"}):
        for test in examples_of(name):
            doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append)
    assert not report, "".join(report)


@pytest.mark.parametrize("name", [*module_names()])
def test_no_example_is_skipped(name):
    skipped = [
        f"{test.name}: {example.source.strip()}"
        for test in examples_of(name)
        for example in test.examples
        if example.options.get(doctest.SKIP)
    ]
    assert not skipped
