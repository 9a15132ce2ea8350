"""The self-test says the truth: it passes on a sound program, and fails where something is wrong."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from support import GARDEN
from workshop.rooms import filled_phone, opened_session

import movement_readiness as mr
from movement_readiness.workshop.selftest import selftest
from movement_readiness.workshop.selftest.bench import Bench, CheckFailedError
from movement_readiness.workshop.selftest.checks import erasure, integrity, scoring


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "movement_readiness", "selftest", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("--quick",),
        pytest.param((), marks=pytest.mark.slow),
        pytest.param(("--quick", "--instrument", GARDEN), marks=pytest.mark.slow),
    ],
    ids=["quick", "whole", "garden"],
)
def test_the_self_test_passes_and_prints_figures(arguments):
    done = run(*arguments)
    lines = done.stdout.splitlines()
    assert lines[-1] == "all checks passed", done.stdout + done.stderr
    assert done.returncode == 0
    assert done.stderr == ""
    assert [line.split("  ")[1].split(" (")[0] for line in lines[1:-1]] == [
        "Start", "A bad network", "Speed and memory", "kill -9 of the server", "The store", "Erasure", "Scoring",
    ]  # fmt: skip
    for figure in (r"\d+ sent in \d+ requests", r"\d+ acknowledged, \d+ stored", r"\d+ ms each", r"uses \d+ MB",
                   r"\d+ times killed", r"\d+ scores of \d+ responses"):  # fmt: skip
        assert re.search(figure, done.stdout), figure


def test_a_server_with_another_questionnaire_fails_without_a_traceback(instrument):
    said = []
    assert not selftest(instrument, instrument_file=GARDEN, quick=True, say=said.append)
    assert said[0].startswith("passed  Start")
    assert said[1].startswith("FAILED  A bad network")
    assert said[-1].startswith("failed: A bad network, ")


def test_a_server_that_does_not_start_fails(instrument, tmp_path):
    said = []
    assert not selftest(instrument, instrument_file=tmp_path / "none.toml", quick=True, say=said.append)
    assert len(said) == 2
    assert said[0].startswith("FAILED  Start")
    assert said[1] == "failed: Start"


@pytest.fixture
def bench(instrument, tmp_path):
    """A bench without a server, for checks that have to fail."""
    path = tmp_path / "r.sqlite"
    with mr.ResponseStore(path) as store:
        yield Bench(instrument, path, store, None, True)


def test_a_response_that_is_not_there_or_not_the_same_is_found(bench, instrument):
    session = opened_session(bench.store, instrument)
    phone = filled_phone(bench.store, instrument, session, 1)
    with pytest.raises(CheckFailedError, match="1 of 1 acknowledged responses are not in the store"):
        bench.expect_each_once([phone], session)
    answers = dict(phone.answers)
    first = next(item for item, code in answers.items() if code != 1)
    response = mr.Response.of(
        instrument, {**answers, first: 1}, form=session.form, response_id=phone.response_id, session=session.session_id
    )
    bench.store.add(response)
    with pytest.raises(CheckFailedError, match="1 of 1 responses differ from what was sent"):
        bench.expect_each_once([phone], session)


def test_a_wrong_score_is_found(bench, instrument, monkeypatch):
    for number in range(5):
        answers = dict.fromkeys(instrument.forms["full"].items, 2 + number % 3)
        bench.store.add(mr.Response.of(instrument, answers, form="full", site="N", team="A"))
    assert "equal to plain arithmetic" in scoring(bench)
    right = mr.score_scales

    def wrong(responses, instrument):
        scores = right(responses, instrument)
        scores.loc[3, "emotional"] += 0.01
        return scores

    monkeypatch.setattr("movement_readiness.scoring.score_scales", wrong)
    with pytest.raises(CheckFailedError, match="emotional: expected"):
        scoring(bench)


def test_a_damaged_store_is_found(bench, monkeypatch):
    assert "whole" in integrity(bench)
    monkeypatch.setattr(type(bench.store), "check", lambda self: "damaged: page 7")
    with pytest.raises(CheckFailedError, match="page 7"):
        integrity(bench)


def test_answers_left_in_a_file_are_found(instrument, tmp_path, monkeypatch):
    """A copy beside the store, such as an editor's, holds what was withdrawn."""
    from movement_readiness.workshop.selftest import checks
    from movement_readiness.workshop.selftest.servers import ServerProcess

    path = tmp_path / "r.sqlite"
    real = checks.ask

    def keeping(port, method, address, *rest):
        (tmp_path / "r.sqlite-copy").write_bytes(b"".join(file.read_bytes() for file in tmp_path.glob("r.sqlite*")))
        return real(port, method, address, *rest)

    monkeypatch.setattr(checks, "ask", keeping)
    monkeypatch.setattr(checks, "ERASED_WITHIN", 0.5)
    with (
        mr.ResponseStore(path) as store,
        ServerProcess(path) as server,
        pytest.raises(CheckFailedError, match=r"still in r\.sqlite-copy"),
    ):
        erasure(Bench(instrument, path, store, server, True))
