"""Shared fixtures; and on CI, where everything is installed, a skipped test is a failed one."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pandas as pd
import pytest
from support import GARDEN

import movement_readiness as mr

ON_CI = os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


def _refuse(report):
    """A skip on CI fails, and says what is missing; an expected failure is no skip."""
    if ON_CI and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped on CI, where nothing may be skipped. {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _refuse((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _refuse((yield))  # a whole module can be skipped too


@pytest.fixture(scope="session")
def instrument():
    return mr.load_instrument()


@pytest.fixture(scope="session")
def garden():
    return mr.load_instrument(GARDEN)


@pytest.fixture(scope="session", params=["bundled", "garden"])
def any_instrument(request):
    """Everything must work on the bundled instrument and on an invented one."""
    return mr.load_instrument() if request.param == "bundled" else mr.load_instrument(GARDEN)


@pytest.fixture(scope="session")
def chromium():
    """The path of a real browser."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("needs Chromium: install Debian's chromium, or set CHROMIUM to its path")
    return found


def make_responses(instrument, groups, *, form=None, seed=0, **columns):
    """A responses frame: groups maps (site, team) to a number of people; answers are random codes."""
    rng = np.random.default_rng(seed)
    form = form or next(iter(instrument.forms))
    people = [place for place, size in groups.items() for _ in range(size)]
    frame = pd.DataFrame(
        {
            "response_id": [f"r{number}" for number in range(len(people))],
            "instrument_id": instrument.id,
            "instrument_version": instrument.version,
            "instrument_sha256": instrument.sha256,
            "form": form,
            "aim_id": instrument.aim_id,
            "site": pd.array([site for site, _ in people], dtype="str"),
            "team": pd.array([team for _, team in people], dtype="str"),
            "wave": "1",
            "synthetic": True,
        }
    ).assign(**columns)
    for item in instrument.forms[form].items:
        codes = instrument.response_scale(item).codes
        frame[item] = pd.array(rng.choice(codes, len(people)), dtype="Int64")
    return frame


@pytest.fixture(scope="session")
def responses_of():
    return make_responses
